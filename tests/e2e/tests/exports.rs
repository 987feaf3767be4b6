//! What the filter offers its host: callbacks that have a use, as Envoy enters the VM for each that
//! it finds; and no callback for what is not there that ends the VM or lets a request through.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::envoy::Template;
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::repository;
use fieldgate_e2e::stage::BUNDLE;
use fieldgate_e2e::token::TokenRecipe;
use serde_json::{Value, json};

const EXPORTED: [&str; 17] = [
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_done",
    "proxy_on_downstream_data",
    "proxy_on_http_call_response",
    "proxy_on_log",
    "proxy_on_memory_allocate",
    "proxy_on_new_connection",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_tick",
    "proxy_on_vm_start",
];

#[test]
fn only_callbacks_that_have_a_use() {
    let module = fs::read(Build::Plain.file().unwrap()).unwrap();
    assert_eq!(exports(&module), BTreeSet::from(EXPORTED.map(str::to_owned)));
}

/// Envoy does none of this. With each callback: what it returns, and how often the client is answered.
#[test]
fn callbacks_that_cannot_be() {
    const PAUSE: u32 = 1;
    let (done, nothing) = (json!([1, 0]), json!([null, 0]));
    let (refused, stands) = (json!([PAUSE, 1]), json!([PAUSE, 0]));
    let is = |call: Value, taken: &Value| (json!({ "call": call }), taken.clone());
    let cases = [
        is(json!(["_initialize"]), &nothing),
        // A context that was never created.
        is(json!(["proxy_on_request_headers", 7, 0, 0]), &refused),
        is(json!(["proxy_on_request_body", 7, 0, 1]), &refused),
        is(json!(["proxy_on_request_trailers", 7, 0]), &refused),
        is(json!(["proxy_on_vm_start", 7, 0]), &done),
        // A worker that says no is left without the filter.
        is(json!(["proxy_on_configure", 7, 0]), &done),
        is(json!(["proxy_on_tick", 7]), &nothing),
        is(json!(["proxy_on_http_call_response", 7, 1, 1, 0, 0]), &nothing),
        is(json!(["proxy_on_log", 7]), &nothing),
        is(json!(["proxy_on_done", 7]), &done),
        is(json!(["proxy_on_delete", 7]), &nothing),
        // A request of a root context that was never created.
        is(json!(["proxy_on_context_create", 9, 8]), &nothing),
        is(json!(["proxy_on_request_headers", 9, 0, 0]), &refused),
        is(json!(["proxy_on_request_body", 9, 0, 1]), &stands),
        is(json!(["proxy_on_log", 9]), &nothing),
        is(json!(["proxy_on_done", 9]), &done),
        is(json!(["proxy_on_delete", 9]), &nothing),
        is(json!(["proxy_on_request_headers", 9, 0, 1]), &refused),
        // It is no network filter: nothing may pass.
        is(json!(["proxy_on_new_connection", 7]), &stands),
        is(json!(["proxy_on_downstream_data", 7, 1, 0]), &stands),
        // Twice, and for a context of the other kind.
        is(json!(["proxy_on_context_create", 1, 0]), &nothing),
        is(json!(["proxy_on_context_create", 1, 0]), &nothing),
        is(json!(["proxy_on_context_create", 2, 1]), &nothing),
        is(json!(["proxy_on_context_create", 2, 1]), &nothing),
        is(json!(["proxy_on_request_headers", 1, 0, 1]), &refused),
        is(json!(["proxy_on_tick", 2]), &nothing),
        is(json!(["proxy_on_http_call_response", 1, 5, 1, 0, 0]), &nothing),
    ];
    let nested = [
        is(json!(["proxy_on_request_headers", 2, 0, 1]), &refused),
        is(json!(["proxy_on_log", 2]), &nothing),
        is(json!(["proxy_on_done", 2]), &done),
        is(json!(["proxy_on_context_create", 3, 1]), &nothing),
        is(json!(["proxy_on_request_headers", 3, 0, 1]), &refused),
        is(json!(["proxy_on_tick", 1]), &nothing),
        is(json!(["proxy_on_delete", 2]), &nothing),
    ];
    let (mut steps, mut expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let (within, during): (Vec<_>, Vec<_>) = nested.into_iter().unzip();
    // All of it while the headers of the request are judged, which is refused too.
    let call = json!(["proxy_on_request_headers", 2, 0, 1]);
    steps.push(json!({ "call": call, "during": "proxy_get_header_map_pairs", "within": within }));
    expected.extend(during);
    expected.push(json!([PAUSE, 3]));

    assert_taken(&steps, &expected);
}

/// While the host verifies a signature, it calls the root context, which takes keys, asks for another
/// request, and ends the configuration. Each request is refused for its token's time, which is 1970.
#[test]
fn callbacks_while_a_signature_is_verified() {
    let bundle = Guarded::load(BUNDLE).unwrap();
    let configuration = bundle.configuration(Template::Hold).to_string();
    let token = TokenRecipe::claims(json!({ "sub": "alice" })).mint(&bundle.audience);
    let authorization = format!("Bearer {token}");
    let headers = pairs(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/graphql"),
        ("content-type", "application/json"),
        ("authorization", &authorization),
    ]);
    let gives = json!({
        "proxy_get_buffer_bytes": STANDARD.encode(&configuration),
        "proxy_get_header_map_pairs": STANDARD.encode(headers),
    });
    let (done, nothing, refused) = (json!([1, 0]), json!([null, 0]), json!([1, 1]));
    let first = [
        json!({ "call": ["proxy_on_context_create", 1, 0] }),
        json!({ "call": ["proxy_on_configure", 1, configuration.len()], "gives": gives }),
        json!({ "call": ["proxy_on_context_create", 2, 1] }),
    ];
    let within = [
        json!({ "call": ["proxy_on_tick", 1] }),
        json!({ "call": ["proxy_on_context_create", 3, 1] }),
        json!({ "call": ["proxy_on_request_headers", 3, 0, 0] }),
        json!({ "call": ["proxy_on_log", 3] }),
        json!({ "call": ["proxy_on_done", 1] }),
    ];
    let asked = json!({
        "call": ["proxy_on_request_headers", 2, 0, 0],
        "during": "proxy_call_foreign_function",
        "within": within,
    });
    let last = json!({ "call": ["proxy_on_log", 2] });
    let steps: Vec<_> = first.into_iter().chain([asked, last]).collect();
    let before = [nothing.clone(), done.clone(), nothing.clone()];
    let during = [nothing.clone(), nothing.clone(), refused, nothing.clone(), done];
    let after = [json!([1, 2]), nothing];
    let expected: Vec<_> = before.into_iter().chain(during).chain(after).collect();
    assert_taken(&steps, &expected);
}

/// That the steps come to these, where there is a Node that is their host.
fn assert_taken(steps: &[Value], expected: &[Value]) {
    let Some(taken) = host(steps) else {
        println!("skipped: there is no Node here");
        return;
    };
    let seen: Vec<_> = taken.iter().map(|step| json!(step[step.len() - 2..])).collect();
    assert_eq!(seen, expected, "{taken:#?}");
}

/// Headers as the ABI has them: a count, the sizes, then names and values, each with a NUL behind it.
fn pairs(headers: &[(&str, &str)]) -> Vec<u8> {
    let size = |text: &str| u32::try_from(text.len()).unwrap().to_le_bytes();
    let count = u32::try_from(headers.len()).unwrap().to_le_bytes();
    let sizes = headers.iter().flat_map(|(name, value)| [size(name), size(value)]);
    let texts = headers.iter().map(|(name, value)| format!("{name}\0{value}\0"));
    [
        count.as_slice(),
        sizes.collect::<Vec<_>>().as_flattened(),
        texts.collect::<String>().as_bytes(),
    ]
    .concat()
}

/// What a host in Node sees that takes these steps: each callback with its arguments, what it
/// returned, and how often the client was answered; none without Node.
fn host(steps: &[Value]) -> Option<Vec<Vec<Value>>> {
    let mut node = Command::new("node");
    node.arg(repository().join("tests/interop/host.mjs"));
    let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let input = json!({ "module": Build::Plain.file().unwrap(), "steps": steps });
    node.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the host did not run");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The names in a module's export section.
fn exports(module: &[u8]) -> BTreeSet<String> {
    const EXPORTS: u8 = 7;
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0").expect("a module");
    let mut section = loop {
        let id = take(&mut rest, 1)[0];
        let size = number(&mut rest);
        let section = take(&mut rest, size);
        if id == EXPORTS {
            break section;
        }
    };
    let count = number(&mut section);
    let names = (0..count).map(|_| {
        let size = number(&mut section);
        let name = String::from_utf8(take(&mut section, size).to_vec()).unwrap();
        let _kind = take(&mut section, 1);
        let _index = number(&mut section);
        name
    });
    names.collect()
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> &'a [u8] {
    rest.split_off(..size).expect("a whole module")
}

/// LEB128, unsigned.
fn number(rest: &mut &[u8]) -> usize {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let byte = take(rest, 1)[0];
        number |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}
