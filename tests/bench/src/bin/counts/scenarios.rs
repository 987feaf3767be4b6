//! What is counted: by name, under which bundle, and how many operations of it in one count.

use std::hint::black_box;
use std::path::Path;

use fieldgate_bench::asking::{Asking, PAGE, Records};
use fieldgate_bench::bundles::{self, Written};
use fieldgate_core::document::{Bounds, Document, Source};
use fieldgate_core::gate::{Case, Effect, Gate};
use fieldgate_core::http::{GraphqlBody, GraphqlRequest, Headers};
use fieldgate_core::limits::{Limits, NESTING, OPERATION_STEPS};
use fieldgate_core::plan::{Choice, Chosen, Plan};
use fieldgate_core::settings::Configuration;
use serde_json::json;

use crate::callgrind::measured;

/// Something that is counted.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) bundle: Bundle,
    pub(crate) operations: u64,
}

/// Under which configuration.
#[derive(Clone, Copy)]
pub(crate) enum Bundle {
    Shipped(&'static str),
    Written(&'static str, Written),
}

const BACKSTAGE: Bundle = Bundle::Shipped("backstage");
const GITHUB: Bundle = Bundle::Shipped("github");
const RULES: Bundle = Bundle::written("rules-10000", 10_000, "", 0);
const CONDITION: Bundle = Bundle::written("condition", 100, "'users' in subject.groups", 0);
const OWNERS: Bundle = Bundle::written("owners", 100, "owner(args.ref) in subject.groups", 1_000);

/// In the order in which they are shown: whole requests, then their parts, then configurations.
pub(crate) const ALL: &[Scenario] = &[
    Scenario::new("warm request", BACKSTAGE, 100),
    Scenario::new("warm request, nested record", BACKSTAGE, 100),
    Scenario::new("new token", BACKSTAGE, 50),
    Scenario::new("new document", BACKSTAGE, 50),
    Scenario::new("new token and document", BACKSTAGE, 50),
    Scenario::new("denied field", BACKSTAGE, 50),
    Scenario::new("malformed body", BACKSTAGE, 50),
    Scenario::new("warm, 10,000 rules", RULES, 100),
    Scenario::new("warm, one condition", CONDITION, 100),
    Scenario::new("warm, ten owner lookups", OWNERS, 100),
    Scenario::new("begin, known token", BACKSTAGE, 100),
    Scenario::new("finish, known document", BACKSTAGE, 100),
    Scenario::new("read body", BACKSTAGE, 100),
    Scenario::new("read document", BACKSTAGE, 100),
    Scenario::new("plan", BACKSTAGE, 100),
    Scenario::new("decide", BACKSTAGE, 100),
    Scenario::new("write canonical body", BACKSTAGE, 100),
    Scenario::new("write record as text", BACKSTAGE, 100),
    Scenario::new("write record as struct", BACKSTAGE, 100),
    Scenario::new("configure backstage", BACKSTAGE, 3),
    Scenario::new("configure github", GITHUB, 1),
    Scenario::new("configure 10,000 rules", RULES, 1),
];

impl Scenario {
    const fn new(name: &'static str, bundle: Bundle, operations: u64) -> Self {
        Self { name, bundle, operations }
    }
}

impl Bundle {
    const fn written(
        name: &'static str,
        rules: usize,
        condition: &'static str,
        entities: usize,
    ) -> Self {
        Self::Written(name, Written { rules, condition, entities })
    }

    /// Its configuration in the folder, if it can be had: the file's name.
    pub(crate) fn configuration(self, folder: &Path) -> Result<Option<String>, String> {
        let (name, bundle) = match self {
            Self::Shipped(name) => (name, bundles::shipped(name)),
            Self::Written(name, written) => {
                let bundle = folder.join(name);
                written.write(&bundle).map_err(|error| format!("{}: {error}", bundle.display()))?;
                (name, Some(bundle))
            }
        };
        let Some(bundle) = bundle else { return Ok(None) };
        let file = format!("{name}.json");
        bundles::build(&bundle, &folder.join(&file))?;
        Ok(Some(file))
    }
}

/// What a request has that the gate has not seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unseen {
    Token,
    Document,
}

/// What a scenario starts with.
struct Start {
    asking: Asking,
    head: Headers,
    body: Vec<u8>,
    times: u64,
}

/// Groups of whom the page's query is granted to, and of who is granted what bundles written here
/// have.
const GRANTED: [&str; 5] = ["employees", "sre", "platform", "users", "group:default/team-7"];
/// Of whom it is not.
const OTHER: [&str; 2] = ["contractors", "engineering"];

fn page(query: &str) -> Vec<u8> {
    let variables = json!({ "ref": "component:default/checkout" });
    json!({ "query": query, "variables": variables }).to_string().into_bytes()
}

/// Runs a scenario, and lets what it is about be counted.
pub(crate) fn run(name: &str, configuration: &Path) -> Result<(), String> {
    let scenario = ALL.iter().find(|scenario| scenario.name == name);
    let times = scenario.ok_or_else(|| format!("no scenario `{name}`"))?.operations;
    let configuration = std::fs::read(configuration).map_err(|error| error.to_string())?;
    let asking = Asking::new(&configuration);
    let body = match name.starts_with("warm, ") {
        true => json!({ "query": Written::query() }).to_string().into_bytes(),
        false => page(PAGE),
    };
    let head = Asking::head(&asking.token(0, &GRANTED), &body);
    let start = Start { asking, head, body, times };
    match name {
        "warm request, nested record" => start.warm(Records::TextAndStruct),
        "new token" => start.unseen(&[Unseen::Token]),
        "new document" => start.unseen(&[Unseen::Document]),
        "new token and document" => start.unseen(&[Unseen::Token, Unseen::Document]),
        "denied field" => start.refused(&OTHER, start.body.clone()),
        "malformed body" => {
            start.refused(&GRANTED, start.body[..start.body.len() - 1].to_vec());
        }
        "begin, known token" => start.begin(),
        "finish, known document" => start.finish(),
        "read body" => start.read_body(),
        "read document" => start.read_document(),
        "plan" => start.plan(&configuration),
        "decide" => start.decide(&configuration),
        "write canonical body" => start.write_body(),
        "write record as text" | "write record as struct" => start.write_record(name),
        name if name.starts_with("configure ") => {
            times_measured(times, || drop(black_box(Gate::configure(black_box(&configuration)))));
        }
        _ => start.warm(Records::Text),
    }
    Ok(())
}

/// Counts so many of something.
fn times_measured<T>(times: u64, mut one: impl FnMut() -> T) {
    measured(&mut || {
        for _ in 0..times {
            black_box(one());
        }
    });
}

/// The same of something that takes another input each time, which it does not let go of.
fn each_measured<I, T>(inputs: &mut [I], mut one: impl FnMut(&mut I) -> T) {
    measured(&mut || {
        for input in inputs.iter_mut() {
            black_box(one(input));
        }
    });
}

impl Start {
    fn expect_forwarded(&self, head: &Headers, body: &[u8]) {
        let (effect, record) = self.asking.ask(head, body, Records::TextAndStruct);
        assert!(matches!(effect, Effect::Forward(_)), "{record}");
    }

    /// A few requests, so that all is known that can be.
    fn warmed(&self) -> &Self {
        (0..3).for_each(|_| self.expect_forwarded(&self.head, &self.body));
        self
    }

    fn warm(&self, records: Records) {
        let Self { asking, head, body, times } = self.warmed();
        times_measured(*times, || asking.ask(black_box(head), black_box(body), records));
    }

    /// Requests that were never made before, each of which has a new token or document.
    fn unseen(&self, of: &[Unseen]) {
        let (token, document) = (of.contains(&Unseen::Token), of.contains(&Unseen::Document));
        let Self { asking, times, .. } = self.warmed();
        let request = |number: u64| {
            let body = match document {
                true => page(&PAGE.replacen('Q', &format!("Q{number:08}"), 1)),
                false => self.body.clone(),
            };
            let token = asking.token(if token { number } else { 0 }, &GRANTED);
            (Asking::head(&token, &body), body)
        };
        let mut requests: Vec<_> = (1..=*times).map(request).collect();
        let (head, body) = request(times + 1);
        self.expect_forwarded(&head, &body);
        each_measured(&mut requests, |(head, body)| {
            asking.ask(black_box(head), black_box(body), Records::Text)
        });
    }

    fn refused(&self, groups: &[&str], body: Vec<u8>) {
        let Self { asking, times, .. } = self;
        let head = Asking::head(&asking.token(1, groups), &body);
        for _ in 0..3 {
            let (effect, record) = asking.ask(&head, &body, Records::Text);
            assert!(matches!(effect, Effect::Reply(_)), "{record}");
        }
        times_measured(*times, || asking.ask(black_box(&head), black_box(&body), Records::Text));
    }

    fn begin(&self) {
        let Self { asking, head, times, .. } = self.warmed();
        times_measured(*times, || asking.begin(black_box(head)));
    }

    fn finish(&self) {
        let Self { asking, head, body, times } = self.warmed();
        let mut begun: Vec<_> = (0..*times).map(|_| Some(asking.begin(head))).collect();
        each_measured(&mut begun, |pending| {
            pending.take().map(|pending| Asking::finish(pending, black_box(body)))
        });
    }

    fn read_body(&self) {
        times_measured(self.times, || GraphqlBody::read(black_box(&self.body), &Limits::DEFAULT));
    }

    fn read_document(&self) {
        times_measured(self.times, || read(black_box(PAGE)));
    }

    fn plan(&self, configuration: &[u8]) {
        let Configuration { policy, .. } = Configuration::read(configuration).expect("as before");
        let (document, choice) =
            (read(PAGE), Choice::new(&read(PAGE), None).expect("an operation"));
        times_measured(self.times, || {
            Plan::new(black_box(&document), choice, &policy, &Limits::DEFAULT).expect("a plan")
        });
    }

    fn decide(&self, configuration: &[u8]) {
        let Configuration { policy, .. } = Configuration::read(configuration).expect("as before");
        let (document, choice) =
            (read(PAGE), Choice::new(&read(PAGE), None).expect("an operation"));
        let plan = Plan::new(&document, choice, &policy, &Limits::DEFAULT).expect("a plan");
        let operation = choice.of(&document).expect("an operation");
        let chosen = Chosen { source: PAGE, name: Some("Q"), kind: operation.kind };
        let pending = self.asking.begin(&self.head);
        let request = GraphqlRequest::read(&self.body, 64).expect("a request");
        let (principal, request, steps) = (&**pending.principal(), &request, OPERATION_STEPS);
        let case = Case { policy: &policy, principal, head: None, request, chosen, steps };
        times_measured(self.times, || {
            let decision = case.ask(black_box(&plan), |question| question.decide());
            assert!(decision.is_ok_and(|decision| decision.reason().is_none()));
        });
    }

    fn write_body(&self) {
        let request = GraphqlRequest::read(&self.body, 64).expect("a request");
        // One that is known, as it comes from the documents that are kept.
        let source = Source::from(PAGE);
        assert!(source.quoted().is_ok());
        times_measured(self.times, || {
            request.forward(black_box(&source), Some("Q"), ["ref", "n"].into_iter(), &[])
        });
    }

    fn write_record(&self, name: &str) {
        let record = self.warmed().asking.record(&self.head, &self.body);
        match name {
            "write record as text" => times_measured(self.times, || record.to_text(None)),
            _ => times_measured(self.times, || record.to_struct(None)),
        }
    }
}

fn read(text: &str) -> Document<'_> {
    Document::read(text, &Bounds { tokens: Limits::DEFAULT.tokens, nesting: NESTING })
        .expect("a document")
}
