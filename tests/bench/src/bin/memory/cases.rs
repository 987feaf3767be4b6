//! Tokens and documents that are kept: usual ones, and those of which most memory is taken for what
//! the gate counts of them.

use fieldgate_bench::asking::{Asking, PAGE};
use fieldgate_core::http::Headers;
use serde_json::{Value, json};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Token,
    Document,
}

/// Something that is kept, as often as it is asked with another number.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) bundle: &'static str,
    pub(crate) kept: Kept,
    make: fn(usize) -> Value,
}

const BACKSTAGE: &str = "backstage";
const GITHUB: &str = "github";
/// One whose conditions look at claims, so that they are kept as values too.
pub(crate) const CLAIMS: &str = "claims";

pub(crate) const ALL: &[Case] = &[
    Case::token("token, 5 groups", BACKSTAGE, |_| groups(5)),
    Case::token("token, 1,000 groups", BACKSTAGE, |_| groups(1_000)),
    Case::token("token and its values", CLAIMS, |_| groups(5)),
    Case::token("token and values, 1,000 groups", CLAIMS, |_| groups(1_000)),
    Case::token(
        "token and values, empty lists",
        CLAIMS,
        |_| json!({ "x": vec![json!([]); 5_000] }),
    ),
    Case::token("token and values, short texts", CLAIMS, |_| json!({ "x": vec!["a"; 5_000] })),
    Case::token("token and values, many claims", CLAIMS, |_| {
        let name = |at: usize| (format!("{at:x}"), json!([0]));
        Value::Object((0..2_000).map(name).collect())
    }),
    Case::document(
        "page's query",
        BACKSTAGE,
        |at| json!({ "query": PAGE.replacen('Q', &format!("Q{at:06}"), 1) }),
    ),
    Case::document(
        "smallest document",
        BACKSTAGE,
        |at| json!({ "query": format!("{{a{at:06}:viewer{{name}}}}") }),
    ),
    Case::document(
        "one of 64 KiB of white space",
        BACKSTAGE,
        |at| json!({ "query": format!("{{a{at:06}:viewer{{name}}}}{}", " ".repeat(65_000)) }),
    ),
    // Each is six characters where it is quoted.
    Case::document(
        "one of 64 KiB of control characters",
        BACKSTAGE,
        |at| json!({ "query": format!("#{}\n{{a{at:06}:viewer{{name}}}}", "\u{1}".repeat(65_000)) }),
    ),
    Case::document("one of 20,000 places", GITHUB, |at| {
        let fields = "login ".repeat(20_000);
        json!({ "query": format!("{{a{at:06}:viewer{{{fields}}}}}") })
    }),
    Case::document(
        "one of an interface, twice",
        GITHUB,
        |at| json!({ "query": format!("{{a{at:06}:node(id:\"\"){{id __typename}} nodes(ids:[]){{id}}}}") }),
    ),
    Case::document("one of 1,000 variables", BACKSTAGE, |at| {
        let variables = (0..1_000).map(|at| format!("$v{at}:ID!=0 ")).collect::<String>();
        let ids = (0..1_000).map(|at| format!("$v{at} ")).collect::<String>();
        json!({ "query": format!("query Q{at:06}({variables}){{nodes(ids:[{ids}]){{id}}}}") })
    }),
    Case::document("one of a long default value", BACKSTAGE, |at| {
        let values = "0 ".repeat(5_000);
        json!({ "query": format!("query Q{at:06}($v:[ID!]!=[{values}]){{nodes(ids:$v){{id}}}}") })
    }),
    Case::document("one of 30 arguments", CLAIMS, |at| {
        let fields = (0..30).map(|of| format!("f{of}:root0(ref:0){{a}}")).collect::<String>();
        json!({ "query": format!("query Q{at:06}{{{fields}}}") })
    }),
    Case::document("one of 64 conditions", BACKSTAGE, |at| {
        let fields = "name@skip(if:$v) ".repeat(64);
        json!({ "query": format!("query Q{at:06}($v:Boolean=true){{viewer{{{fields}}}}}") })
    }),
    Case::document("one of 1,000 fragments", BACKSTAGE, |at| {
        let spreads = (0..1_000).map(|at| format!("...F{at} ")).collect::<String>();
        let fragments = (0..1_000).map(|at| format!("fragment F{at} on User{{name}} "));
        let fragments = fragments.collect::<String>();
        json!({ "query": format!("query Q{at:06}{{viewer{{{spreads}}}}} {fragments}") })
    }),
    Case::document("one of 20 operations", BACKSTAGE, |at| {
        let all = (0..20).map(|of| format!("query Q{:06}x{of}{{viewer{{name}}}} ", at / 20));
        let name = format!("Q{:06}x{}", at / 20, at % 20);
        json!({ "query": all.collect::<String>(), "operationName": name })
    }),
];

/// Groups of five characters.
fn groups(count: usize) -> Value {
    json!({ "groups": (0..count).map(|at| format!("g{at:04}")).collect::<Vec<_>>() })
}

impl Case {
    const fn token(name: &'static str, bundle: &'static str, make: fn(usize) -> Value) -> Self {
        Self { name, bundle, kept: Kept::Token, make }
    }

    const fn document(name: &'static str, bundle: &'static str, make: fn(usize) -> Value) -> Self {
        Self { name, bundle, kept: Kept::Document, make }
    }

    /// The request with such a number.
    pub(crate) fn request(&self, asking: &Asking, number: usize) -> (Headers, Vec<u8>) {
        let (claims, body) = match self.kept {
            Kept::Token => ((self.make)(number), json!({ "query": "{viewer{name}}" })),
            Kept::Document => (json!({ "groups": ["employees"] }), (self.make)(number)),
        };
        let token = match self.kept {
            Kept::Token => u64::try_from(number).expect("a number"),
            Kept::Document => 0,
        };
        let (token, body) = (asking.token_saying(token, &claims), body.to_string().into_bytes());
        (Asking::head(&token, &body), body)
    }
}
