//! The dearest requests that each limit lets through or stops: bounded time and a bounded record.
//!
//! The bounds are for builds without optimization on a busy machine, far above what is measured,
//! and far below what work that grows with the square of the input would take.

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use fieldgate_core::gate::Gate;
use fieldgate_core::policy::Policy;
use fieldgate_core::policy::condition::{Expression, Node, Variable};
use fieldgate_core::policy::rules::ConditionId;
use fieldgate_core::policy::schema::{FieldId, TypeKind};

use crate::world::{
    FieldRow, Rule, TypeRow, all_but, body, code, gate, policy, post, schema_of, token,
};

/// Runs bodies, prints what each of them cost, and fails for those that end otherwise than
/// expected, take longer than `bound` or leave a long record.
#[track_caller]
fn check(gate: &Gate, cases: Vec<(&str, Vec<u8>, &str)>, bound: Duration) {
    let token = token(&["g0"], "");
    let mut failures = Vec::new();
    for (name, body, expected) in cases {
        // One run may be unlucky; three are not.
        let mut took = Duration::MAX;
        let mut end = ("", String::new());
        for _ in 0..3 {
            let start = clock();
            let (_, record) = post(gate, &token, &body);
            end = (code(&record), record.to_json(None).to_string());
            took = took.min(clock().saturating_sub(start));
            if took <= bound {
                break;
            }
        }
        let (code, bytes) = (end.0, end.1.len());
        println!("{name:<40} {:>7} bytes {took:>10.1?} record {bytes:>8} {code}", body.len());
        if code != expected || took > bound || bytes > RECORD_BYTES {
            failures.push(format!("{name}: {code}, expected {expected}, {took:?}, {bytes} bytes"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The time that this thread has spent on a processor, so that what else runs on the machine does
/// not count; where the system does not tell, the time of day.
fn clock() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let spent = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split(' ').next()?.parse().ok());
    spent.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// Each request is read and planned.
const COLD: &str = r#","limits":{"known_documents":0}"#;

/// The longest record that anything here may leave.
const RECORD_BYTES: usize = 128 << 10;

/// `part` again and again, each with the number of the time in place of `%`.
fn many(part: &str, times: usize) -> String {
    (0..times).map(|at| part.replace('%', &at.to_string())).collect()
}

/// The bodies of queries.
fn bodies<'n>(queries: Vec<(&'n str, String, &'n str)>) -> Vec<(&'n str, Vec<u8>, &'n str)> {
    queries.into_iter().map(|(name, query, expected)| (name, body(&query, ""), expected)).collect()
}

/// Fills a body with this JSON in `variables`.
fn with_variables(query: &str, variables: &str) -> Vec<u8> {
    body(query, &format!(",\"variables\":{variables}"))
}

#[test]
fn documents_at_their_limits() {
    let gate = gate(&all_but(&["User.ssn"]), COLD);
    let fan_out = many("fragment F% on User{...F%x ...F%x}", 25);
    let fan_out: String =
        (0..25).fold(fan_out, |text, at| text.replace(&format!("F{at}x"), &format!("F{}", at + 1)));
    let long = "n".repeat(400_000);
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "fan-out of 2^25",
            format!("{{me{{...F0}}}}{fan_out}fragment F25 on User{{id}}"),
            "limit_expanded_fields",
        ),
        (
            "a cycle",
            "{...A}fragment A on Query{version ...B}fragment B on Query{...A}".into(),
            "fragment_cycle",
        ),
        (
            "a chain of fragments",
            format!(
                "{{...F0}}{}fragment F999 on Query{{version}}",
                (0..999)
                    .map(|at| format!("fragment F{at} on Query{{...F{}}}", at + 1))
                    .collect::<String>()
            ),
            "limit_nesting",
        ),
        ("a million commas", format!("{{version{}}}", ",".repeat(1_000_000)), "allow"),
        ("a million of comment", format!("{{version#{}\n}}", "x".repeat(1_000_000)), "allow"),
        ("300,000 byte order marks", format!("{{version{}}}", "\u{feff}".repeat(300_000)), "allow"),
        (
            "a long string",
            format!("{{hit(q:\"{}\"){{__typename}}}}", "\\\\".repeat(250_000)),
            "allow",
        ),
        (
            "a long block string",
            format!("{{hit(q:\"\"\"{}\"\"\"){{__typename}}}}", "\\\"\"\"".repeat(120_000)),
            "allow",
        ),
        (
            "a long escape",
            format!("{{hit(q:\"\\u{{{}41}}\"){{__typename}}}}", "0".repeat(1_000_000)),
            "allow",
        ),
        ("50,000 aliases", format!("{{{}}}", many("a%:version ", 50_000)), "limit_tokens"),
        ("4,000 aliases", format!("{{me{{{}}}}}", many("a%:id ", 4_000)), "limit_aliases"),
        ("14,000 fields", format!("{{me{{{}}}}}", "id ".repeat(14_000)), "limit_expanded_fields"),
        ("9,900 fields", format!("{{me{{{}}}}}", "id ".repeat(9_900)), "allow"),
        ("9,900 unknown fields", format!("{{me{{{}}}}}", many("u% ", 9_900)), "unknown_field"),
        ("deep selections", format!("{}id{}", "{me".repeat(300), "}".repeat(300)), "limit_nesting"),
        (
            "deep lists",
            format!("{{hit(q:{}{}){{__typename}}}}", "[".repeat(150), "]".repeat(150)),
            "allow",
        ),
        ("deeper lists", format!("{{hit(q:{}", "[".repeat(900_000)), "limit_nesting"),
        (
            "deep objects",
            format!("{{hit(q:{}1{}){{__typename}}}}", "{a:".repeat(150), "}".repeat(150)),
            "allow",
        ),
        (
            "a wide object",
            format!("{{hit(q:{{{}}}){{__typename}}}}", many("k%:1 ", 4_900)),
            "allow",
        ),
        (
            "a wide object with long names",
            format!(
                "{{hit(q:{{{}}}){{__typename}}}}",
                many(&format!("{}%:1 ", "k".repeat(190)), 4_900)
            ),
            "allow",
        ),
        (
            "many arguments",
            format!("{{hit({}){{__typename}}}}", many("k%:1 ", 4_900)),
            "unknown_argument",
        ),
        (
            "a dear fragment, often",
            format!(
                "{{{}}}fragment F on Query{{hit(q:{{{}}}){{__typename}}}}",
                "... on Query{...F}".repeat(30),
                many("k%:1 ", 4_700)
            ),
            "allow",
        ),
        (
            "a spread, often",
            format!("{{me{{{}}}}}fragment F on User{{id}}", "...F ".repeat(4_990)),
            "allow",
        ),
        (
            "1,800 fragments",
            format!(
                "{{me{{{}}}}}{}",
                many("...F% ", 1_600),
                many("fragment F% on User{id}", 1_600)
            ),
            "allow",
        ),
        (
            "1,600 fragments with long names",
            format!(
                "query A{{me{{{}}}}}{}query B{{version}}",
                many(&format!("...{}% ", "f".repeat(290)), 1_600),
                many(&format!("fragment {}% on User{{id}}", "f".repeat(290)), 1_600)
            ),
            "operation_ambiguous",
        ),
        ("2,000 operations", many("query A%{version}", 2_900), "operation_ambiguous"),
        (
            "many directives",
            format!("{{version{}}}", "@skip(if:false)".repeat(2_000)),
            "limit_directives",
        ),
        (
            "many conditional selections",
            format!("{{me{{{}}}}}", "id@skip(if:false)".repeat(1_800)),
            "limit_directives",
        ),
        ("a long unknown name", format!("{{{}x}}", "n".repeat(1_000_000)), "unknown_field"),
        (
            "a long unknown name, often",
            format!("{{me{{{}}}}}fragment F on User{{{long}}}", "...F ".repeat(4_990)),
            "unknown_field",
        ),
        (
            "a long unknown type, often",
            format!("{{me{{{}}}}}fragment F on {long}{{x}}", "...F ".repeat(4_990)),
            "unknown_type",
        ),
        (
            "a long key above unknown fields",
            format!("{{{long}:me{{{}}}}}", "x ".repeat(9_990)),
            "unknown_field",
        ),
        (
            "long keys above denied fields",
            format!(
                "{{me{{{}ssn{}}}}}",
                many(&format!("{}%:boss{{", "n".repeat(30_000)), 30),
                "}".repeat(30)
            ),
            "field_denied",
        ),
        ("unclosed", "{me".repeat(300_000), "limit_nesting"),
        ("spread dots", format!("{{{}", "...".repeat(300_000)), "document_syntax"),
    ];
    check(&gate, bodies(cases), Duration::from_millis(800));
}

#[test]
fn variables_at_their_limits() {
    let gate = gate(&all_but(&["User.ssn"]), COLD);
    let conditions: String = many("version @skip(if:$v%)", 31);
    let conditions = format!("{conditions} me{{{}}}", many("id @skip(if:$w%)", 33));
    let definitions = many("$v%:Boolean=false ", 31) + &many("$w%:Boolean=false ", 33);
    let conditional = format!("query({definitions}{}){{{conditions}}}", many("$x%:Int ", 3_000));
    let members = many("\"%\":1,", 95_000);
    let flat = format!("{{{}\"z\":1}}", members);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("95,000 variables", with_variables("{version}", &flat), "limit_variables"),
        ("95,000 variables, 64 conditions", with_variables(&conditional, &flat), "limit_variables"),
        (
            "a list of 500,000",
            with_variables("{version}", &format!("{{\"a\":[{}0]}}", "0,".repeat(500_000))),
            "allow",
        ),
        (
            "empty objects",
            with_variables("{version}", &format!("{{\"a\":[{}0]}}", "{},".repeat(330_000))),
            "allow",
        ),
        (
            "deep",
            with_variables("{version}", &format!("{{\"a\":{}", "[".repeat(900_000))),
            "body_malformed",
        ),
        (
            "deep and closed",
            with_variables(
                "{version}",
                &format!("{{\"a\":{}{}}}", "[".repeat(400_000), "]".repeat(400_000)),
            ),
            "limit_variables_depth",
        ),
        (
            "equal long names",
            with_variables(
                "{version}",
                &format!("{{{}\"z\":1}}", many(&format!("\"{}%\":1,", "k".repeat(1_000)), 950)),
            ),
            "allow",
        ),
        (
            "escaped names",
            with_variables("{version}", &format!("{{{}\"z\":1}}", many("\"\\u0061%\":1,", 60_000))),
            "limit_variables",
        ),
        (
            "a long number",
            with_variables("{version}", &format!("{{\"a\":{}}}", "1".repeat(300))),
            "allow",
        ),
        (
            "a very long number",
            with_variables("{version}", &format!("{{\"a\":0.{}}}", "1".repeat(1_000_000))),
            "allow",
        ),
        (
            "a huge number",
            with_variables("{version}", &format!("{{\"a\":{}}}", "1".repeat(1_000_000))),
            "body_malformed",
        ),
        ("a huge extension", body("{version}", &format!(",\"extensions\":{flat}")), "allow"),
        (
            "many members",
            format!("{{{}\"query\":\"{{version}}\"}}", members).into_bytes(),
            "unknown_member",
        ),
        ("above the limit", vec![b' '; (1 << 20) + 1], "body_too_large"),
        ("blanks", [vec![b' '; 1 << 20]].concat(), "body_malformed"),
    ];
    check(&gate, cases, Duration::from_millis(1000));
}

/// An interface of many objects, each of which has all of its fields.
#[test]
fn wide_interfaces() {
    const FIELDS: &[FieldRow] = &[("id", &[], "ID"), ("next", &[], "Wide")];
    let objects: Vec<&str> = (100..700).map(|at| &*format!("O{at}").leak()).collect();
    let mut rows: Vec<TypeRow> = vec![("ID", TypeKind::Scalar, &[], &[])];
    rows.extend(objects.iter().map(|name| (*name, TypeKind::Object, &[][..], FIELDS)));
    rows.push(("Other", TypeKind::Interface, objects.clone().leak(), FIELDS));
    rows.push(("Query", TypeKind::Object, &[], &[("wide", &[], "Wide")]));
    rows.push(("Wide", TypeKind::Interface, objects.leak(), FIELDS));
    let policy = policy(schema_of(&rows), |_| Rule { grants: vec![1], denies: vec![] });
    let gate = gate(&policy, COLD);
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "wide: a field often",
            format!("{{wide{{{}}}}}", "id ".repeat(9_900)),
            "limit_concrete_types",
        ),
        (
            "wide: a composite field often",
            format!("{{wide{{{}}}}}", "next{__typename}".repeat(3_700)),
            "limit_concrete_types",
        ),
        (
            "wide: a composite field oftener",
            format!(
                "{{wide{{{}}}}}fragment F on Wide{{{}}}",
                "...F ".repeat(90),
                "next{id}".repeat(54)
            ),
            "limit_concrete_types",
        ),
        (
            "wide: narrowing often",
            format!(
                "{{wide{{{}}}}}fragment F on Wide{{{}}}",
                "...F ".repeat(90),
                "...on Other{id}".repeat(54)
            ),
            "limit_concrete_types",
        ),
        (
            "wide: narrowing only",
            format!(
                "{{wide{{{}}}}}fragment F on Wide{{{}}}",
                "...F ".repeat(90),
                "...on Other{__typename}".repeat(54)
            ),
            "limit_concrete_types",
        ),
        (
            "wide: nested narrowing",
            format!(
                "{{wide{{{}}}}}fragment F on Wide{{{}__typename{}}}",
                "...F ".repeat(60),
                "...on Other{".repeat(160),
                "}".repeat(160)
            ),
            "limit_concrete_types",
        ),
        (
            "wide: sixty-four conditions",
            format!(
                "{{wide{{{}}}}}",
                format!("...@include(if:true){{{}}}", "next{id}".repeat(9)).repeat(64)
            ),
            "limit_concrete_types",
        ),
        (
            "wide: one object each",
            format!(
                "{{wide{{{}}}}}",
                (100..700).map(|at| format!("...on O{at}{{next{{id}}}}")).collect::<String>()
            ),
            "limit_concrete_types",
        ),
    ];
    check(&gate, bodies(cases), Duration::from_millis(400));
}

/// Whether a field exists cannot be told by what looking below it, switched off, leaves for the
/// rest: what is cut out of the operation has a budget of its own.
#[test]
fn what_is_switched_off_is_not_felt_outside() {
    const FIELDS: &[FieldRow] = &[("id", &[], "ID"), ("next", &[], "Wide")];
    let objects: Vec<&str> = (100..700).map(|at| &*format!("O{at}").leak()).collect();
    let mut rows: Vec<TypeRow> = vec![("ID", TypeKind::Scalar, &[], &[])];
    rows.extend(objects.iter().map(|name| (*name, TypeKind::Object, &[][..], FIELDS)));
    let roots: &[FieldRow] = &[("hidden", &[], "Wide"), ("open", &[], "Wide")];
    rows.push(("Query", TypeKind::Object, &[], roots));
    rows.push(("Wide", TypeKind::Interface, objects.leak(), FIELDS));
    let policy = policy(schema_of(&rows), |coordinate| match coordinate {
        "Query.hidden" => Rule { grants: vec![], denies: vec![] },
        _ => Rule { grants: vec![1], denies: vec![] },
    });
    let gate = gate(&policy, COLD);
    let below = format!("{{{}}}", "next{id}".repeat(400));
    let asking = |name: &str| format!("{{{name}@include(if:false){below}open{{next{{id}}}}}}");
    let cases = vec![
        ("switched off: hidden", asking("hidden"), "allow"),
        ("switched off: absent", asking("absent"), "allow"),
        ("switched on: more than is looked at", format!("{{open{below}}}"), "limit_concrete_types"),
    ];
    check(&gate, bodies(cases), Duration::from_millis(400));
}

/// What is made of arguments for conditions is paid for, and made only of those that they look at.
#[test]
fn arguments_of_conditions() {
    let gate = |looked_at: &str| {
        let mut parts = all_but(&[]).parts().clone();
        let of = Box::new(Node::Variable(Variable::Args));
        parts.conditions = vec![Expression::new(Node::Has { of, name: looked_at.into() }).unwrap()];
        let field = (0_u32..).find(|at| parts.schema.coordinate(FieldId(*at)) == "User.posts");
        let access = &mut parts.accesses[usize::try_from(field.unwrap()).unwrap()];
        access.grants[0].any[0].condition = Some(ConditionId(0));
        gate(&Policy::new(parts).unwrap(), COLD)
    };
    let large = format!("{{\"v\":[{}1],\"w\":1}}", "1,".repeat(300_000));
    let query = |times| {
        let posts = "posts(after:$v first:$w){id} ".repeat(times);
        with_variables(&format!("query($v:Any $w:Any){{me{{{posts}}}}}"), &large)
    };
    let bound = Duration::from_secs(5);
    check(&gate("after"), vec![("a large argument", query(1), "allow")], bound);
    check(&gate("after"), vec![("again and again", query(1_000), "condition_error")], bound);
    check(&gate("first"), vec![("beside another", query(1_000), "allow")], bound);
}
