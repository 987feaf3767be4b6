//! What tokens and documents that are kept take of memory, beside the bounds that the gate holds
//! them to: `make memory`. MEMORY.md says what the figures are.

mod allocator;
mod cases;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use allocator::{in_use, made};
use cases::{Case, Kept};
use fieldgate_bench::asking::{Asking, PAGE, Records};
use fieldgate_bench::bundles::{self, Written};
use fieldgate_core::gate::Effect;
use fieldgate_core::limits::{DOCUMENTS_BYTES, KNOWN_BYTES, Limits};
use serde_json::{Value, json};

/// What all of a kind take at most, for what the gate counts of them: MEMORY.md states it.
const TIMES: f64 = 2.0;

/// How often the core asks for memory in a warm request of the page's query: its two values that are
/// handed over, the canonical body, lists of what the request has, and what its cost is counted in.
const ALLOCATIONS: usize = 16;

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).map_or_else(build, |folder| Ok(folder.into()));
    let done = folder.and_then(|folder| measure(&folder));
    done.unwrap_or_else(|error| {
        eprintln!("memory: {error}");
        ExitCode::FAILURE
    })
}

/// A folder with the configurations.
fn build() -> Result<PathBuf, String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/memory"));
    let condition = "claims.name != '' && args.ref != '' && 'users' in subject.groups";
    let written = Written { rules: 10, condition, entities: 0 };
    let claims = folder.join(cases::CLAIMS);
    written.write(&claims).map_err(|error| format!("{}: {error}", claims.display()))?;
    let shipped = ["backstage", "github"].map(|name| Some((name, bundles::shipped(name)?)));
    for (name, bundle) in shipped.into_iter().flatten().chain([(cases::CLAIMS, claims)]) {
        bundles::build(&bundle, &folder.join(format!("{name}.json")))?;
    }
    Ok(folder)
}

fn measure(folder: &Path) -> Result<ExitCode, String> {
    let mut passed = true;
    println!("{:<32} {:>10} {:>14} {:>8}", "bytes in use", "for one", "of all, most", "x bound");
    for case in cases::ALL {
        let file = folder.join(format!("{}.json", case.bundle));
        let Ok(configuration) = fs::read(&file) else {
            println!("{:<32} skipped: the schema is not installed (`make node`)", case.name);
            continue;
        };
        let one = of_one(case, &configuration);
        let (most, bound) = (of_all(case, &configuration), case.kept.bound());
        let times = most as f64 / bound as f64;
        let note = if times > TIMES { "  TOO MUCH" } else { "" };
        passed &= times <= TIMES;
        println!("{:<32} {one:>10} {most:>14} {times:>8.2}{note}", case.name);
    }
    let page = fs::read(folder.join("backstage.json")).map_err(|error| error.to_string())?;
    let warm = of_warm(&page);
    let note = if warm > ALLOCATIONS { "  TOO MANY" } else { "" };
    passed &= warm <= ALLOCATIONS;
    println!("{:<32} {warm:>10}, at most {ALLOCATIONS}{note}", "allocations, warm request");
    println!("memory: {}", if passed { "passed" } else { "FAILED" });
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Kept {
    fn bound(self) -> usize {
        match self {
            Self::Token => KNOWN_BYTES,
            Self::Document => DOCUMENTS_BYTES,
        }
    }
}

/// The gate with room for so many, and bounds on requests as wide as they can be.
fn gate(configuration: &[u8], kept: u32) -> Asking {
    let mut configuration: Value = serde_json::from_slice(configuration).expect("JSON");
    configuration["limits"] = json!({
        "known_tokens": kept, "known_documents": kept, "token_bytes": Limits::CAP.token_bytes,
        "tokens": Limits::CAP.tokens, "expanded_fields": Limits::CAP.expanded_fields,
        "directives": Limits::CAP.directives,
    });
    Asking::new(configuration.to_string().as_bytes())
}

/// One request, of what was planned at least.
fn ask(asking: &Asking, case: &Case, number: usize) {
    let (head, body) = case.request(asking, number);
    let (_, record) = asking.ask(&head, &body, Records::TextAndStruct);
    assert!(record.contains("\"requested\":["), "{} is not kept: {record}", case.name);
}

/// How often a request asks for memory of which all is known that can be.
fn of_warm(configuration: &[u8]) -> usize {
    let asking = Asking::new(configuration);
    let variables = json!({ "ref": "component:default/payments", "n": 5 });
    let body = json!({ "query": PAGE, "operationName": "Q", "variables": variables }).to_string();
    let head = Asking::head(&asking.token(0, &["employees", "platform"]), body.as_bytes());
    let mut room = String::new();
    let mut ask = || {
        let before = made();
        let (effect, record) = Asking::finish(asking.begin(&head), body.as_bytes()).into_parts();
        room = record.to_text_in(std::mem::take(&mut room), None);
        assert!(matches!(effect, Effect::Forward(_)), "{room}");
        made() - before
    };
    for _ in 0..3 {
        ask();
    }
    ask()
}

/// What one takes in the mean.
fn of_one(case: &Case, configuration: &[u8]) -> usize {
    let asking = gate(configuration, 1_000);
    (0..2).for_each(|number| ask(&asking, case, number));
    let before = in_use();
    let (mut many, mut all) = (0, 0);
    // None of them is dropped: bytes are counted in halves.
    for number in 2..62 {
        ask(&asking, case, number);
        let now = in_use().saturating_sub(before);
        if now < all {
            break;
        }
        (many, all) = (many + 1, now);
    }
    all / many
}

/// The most that all take that are kept, where as many are kept as can be.
fn of_all(case: &Case, configuration: &[u8]) -> usize {
    let kept = Limits::CAP.known_tokens;
    let asking = gate(configuration, kept);
    let before = in_use();
    let mut most = 0;
    // Until the older half is dropped for the first time.
    for number in 0..usize::try_from(kept).expect("a number") + 1 {
        ask(&asking, case, number);
        let now = in_use().saturating_sub(before);
        if now < most - most / 4 && number > 20 {
            break;
        }
        most = most.max(now);
    }
    most
}
