//! Every case of the corpus: through the gate in this process, and through Envoy over HTTP/1.1 and
//! HTTP/2 in both modes.
//! What each engine forwards, answers and records has to be the same, byte for byte.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fieldgate_e2e::backend::Backend;
use fieldgate_e2e::bundle::Guarded;
use fieldgate_e2e::corpus::{self, Case, CaseFile, Engine, Observed, native, through_envoy};
use fieldgate_e2e::envoy::{Envoy, Listener, Template};
use fieldgate_e2e::filter::Build;
use fieldgate_e2e::repository;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Cases under way at one time.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_by_every_engine() {
    let root =
        std::env::var_os("CORPUS").map_or_else(|| repository().join("tests/corpus"), Into::into);
    let files = corpus::load(&root).unwrap();
    let bundles = corpus::bundles(&files).unwrap();
    let mut backends = BTreeMap::new();
    let mut listeners = Vec::new();
    let wasm = Build::Plain.file().unwrap();
    for (name, bundle) in &bundles {
        let backend = Backend::start(&bundle.folder).await.unwrap();
        for template in Template::ALL {
            listeners.push(Listener {
                name: listener(name, template),
                template,
                configuration: Some(bundle.configuration(template).to_string()),
                upstream: backend.address,
                wasm: wasm.clone(),
                clusters: Vec::new(),
                grpc: Vec::new(),
                change: None,
                tls: None,
            });
        }
        backends.insert(name.clone(), backend);
    }
    let shared = Arc::new(Shared {
        envoy: Envoy::start(&listeners).await.unwrap(),
        bundles,
        backends,
        turns: Semaphore::new(AT_ONCE),
    });
    let mut running = JoinSet::new();
    let mut sizes: BTreeMap<String, Size> = BTreeMap::new();
    for file in files {
        let file = Arc::new(file);
        let folder = file.name.split('/').next().unwrap_or_default();
        let size = sizes.entry(folder.to_owned()).or_default();
        for at in 0..file.cases.len() {
            size.add(&file.cases[at]);
            running.spawn(run(Arc::clone(&shared), Arc::clone(&file), at));
        }
    }
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut failures = Vec::new();
    while let Some(done) = running.join_next().await {
        let (file, failed) = done.unwrap();
        let [passed, all] = counts.entry(file).or_default();
        *all += 1;
        *passed += usize::from(failed.is_empty());
        failures.extend(failed);
    }
    for (file, [passed, all]) in &counts {
        println!("{passed:>4} of {all:>4}  {file}");
    }
    for (folder, size) in &sizes {
        println!("{folder}: {size}");
    }
    failures.sort();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(!counts.is_empty(), "the corpus has no cases");
}

/// How many cases a folder has, and how many of them each engine runs.
#[derive(Default)]
struct Size {
    cases: usize,
    native: usize,
    http1: usize,
    http2: usize,
}

impl Size {
    fn add(&mut self, case: &Case) {
        self.cases += 1;
        self.native += usize::from(case.is_for(Engine::Native));
        self.http1 += usize::from(case.is_for(Engine::Http1));
        self.http2 += usize::from(case.is_for(Engine::Http2));
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cases, native, http1, http2 } = self;
        let modes = Template::ALL.map(Template::name).join(", ");
        write!(out, "{cases} cases x native ({native}), HTTP/1.1 ({http1}), HTTP/2 ({http2})")?;
        write!(out, " x {modes}")
    }
}

struct Shared {
    envoy: Envoy,
    bundles: BTreeMap<String, Guarded>,
    backends: BTreeMap<String, Backend>,
    turns: Semaphore,
}

fn listener(bundle: &str, template: Template) -> String {
    format!("{bundle} {}", template.name())
}

/// Runs a case by every engine; what failed is told with all there is to know.
async fn run(shared: Arc<Shared>, file: Arc<CaseFile>, at: usize) -> (String, Vec<String>) {
    let _turn = shared.turns.acquire().await.unwrap();
    let case = &file.cases[at];
    let bundle = &shared.bundles[&file.bundle];
    let request = file.request(case, &bundle.audience).unwrap();
    let mut failures = Vec::new();
    let mut judge = |engine: &str, observed: &anyhow::Result<Observed>, more: Vec<String>| {
        let mut differences = more;
        match observed {
            Ok(observed) => differences.extend(observed.differences(case)),
            Err(error) => differences.push(format!("{error:#}")),
        }
        if !differences.is_empty() {
            failures.push(tell(&file, case, engine, &request, observed, &differences));
        }
    };
    let hold = bundle.configuration(Template::Hold).to_string();
    let expected = native::run(&hold, &request);
    let is_native = case.is_for(Engine::Native);
    if is_native {
        judge("native", &expected, Vec::new());
    }
    for mode in Template::ALL {
        let client = shared.envoy.client(&listener(&file.bundle, mode));
        for (engine, client) in [(Engine::Http1, client), (Engine::Http2, client.http2())] {
            if !case.is_for(engine) {
                continue;
            }
            let name = format!("{} {}", client.protocol(), mode.name());
            let tag = format!("{}#{at}-{name}", file.name);
            let backend = &shared.backends[&file.bundle];
            let observed =
                through_envoy::run(&shared.envoy, client, backend, mode, &tag, &request).await;
            let more = match (&expected, &observed) {
                (Ok(expected), Ok(observed)) if is_native => disagreements(expected, observed),
                _ => Vec::new(),
            };
            judge(&name, &observed, more);
        }
    }
    (file.name.clone(), failures)
}

/// Where Envoy does not do as the gate says.
fn disagreements(native: &Observed, envoy: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    if native.comparable_record() != envoy.comparable_record() {
        found.push(format!("the native record is another: {}", native.record));
    }
    if native.forwarded != envoy.forwarded {
        found.push("the native engine forwards another body".to_owned());
    }
    if native.forwarded.is_none() && native.answer != envoy.answer {
        found.push(format!("the native answer is another: {}", native.answer));
    }
    if native.challenges != envoy.challenges {
        found.push(format!("the native challenges are others: {:?}", native.challenges));
    }
    if native.status.is_some_and(|status| envoy.status != Some(status)) {
        found.push(format!("the native status is another: {:?}", native.status));
    }
    found
}

fn tell(
    file: &CaseFile,
    case: &Case,
    engine: &str,
    request: &corpus::WireRequest,
    observed: &anyhow::Result<Observed>,
    differences: &[String],
) -> String {
    let corpus::WireRequest { method, path, headers, body, .. } = request;
    let header = |(name, value): &(String, String)| format!("  {name}: {value:.60}");
    let headers: Vec<_> = headers.iter().map(header).collect();
    let (status, answer, record) = match observed {
        Ok(Observed { status, answer, record, .. }) => {
            (format!("{status:?}"), answer.to_string(), record.to_string())
        }
        Err(_) => Default::default(),
    };
    format!(
        "---- {}: {} ({engine})\n{}\n  {method} {path}\n{}\n  {}\n  answer {status} {answer}\n  record {record}\n",
        file.name,
        case.name,
        differences.join("\n"),
        headers.join("\n"),
        String::from_utf8_lossy(body),
    )
}
