//! What is refused when it is read: code, message, place and help.

use std::collections::BTreeMap;

use fieldgate_policy::condition::{Scope, Shape};
use fieldgate_policy::diagnostic::{Diagnostic, Severity};

use crate::support::{compile, scope};

fn typed() -> Scope {
    let args = BTreeMap::from([
        ("env".to_owned(), Shape::String),
        ("note".to_owned(), Shape::Nullable(Box::new(Shape::String))),
        ("count".to_owned(), Shape::Int),
        ("tags".to_owned(), Shape::List(Box::new(Shape::String))),
        ("input".to_owned(), Shape::Map(BTreeMap::from([("name".to_owned(), Shape::String)]))),
    ]);
    Scope::rule(args).with_tables(["tiers"])
}

fn show(text: &str, finding: &Diagnostic) -> String {
    let place = finding.place.as_ref().unwrap();
    let at = &place.file().text()[place.start()..place.start() + place.length()];
    let whole = format!("\"{text}\"");
    let at = if at == whole { String::new() } else { format!(" at `{at}`") };
    let help = finding.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{}: {}{at}{help}", finding.code, finding.message)
}

#[track_caller]
fn check(scope: &Scope, text: &str, expected: &[&str]) {
    let (expression, findings) = compile(text, scope);
    let shown: Vec<String> = findings.iter().map(|finding| show(text, finding)).collect();
    assert_eq!(shown, expected, "{text}");
    let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(expression.is_none(), refused, "{text}");
}

#[test]
fn what_is_right_has_no_finding() {
    for text in [
        "subject.actor != null",
        "subject.actor == 'bot' || subject.client == null",
        "owner(args.env) in subject.groups",
        "args.note == null || args.note.startsWith('x')",
        "has(args.note) && size(args.tags) > 0",
        "args.tags.exists(tag, tag in subject.groups)",
        "args.count > 1.5 && args.count != 2u",
        "claims.level >= 2 && claims.email.endsWith('@example.com')",
        "data('tiers', args.input.name) == 'gold'",
        "(args.count > 1 ? args.env : null) == null",
        "claims.admin",
    ] {
        check(&typed(), text, &[]);
    }
}

#[test]
fn unknown_names_are_told_with_what_is_near() {
    let scope = typed();
    let cases = [
        (
            "subjct.id == 'a'",
            "condition-unknown: unknown variable `subjct` at `subjct`; did you mean `subject`?",
        ),
        (
            "object.id == 'a'",
            "condition-unknown: unknown variable `object` at `object`; only `where` looks at the response",
        ),
        (
            "header.id == 'a'",
            "condition-unknown: unknown variable `header` at `header`; there is `claims`, `subject`, `args`, `operation`, `request`",
        ),
        (
            "'a' in subject.group",
            "condition-unknown: unknown member `group` at `group`; did you mean `groups`?",
        ),
        (
            "args.environment == 'a'",
            "condition-unknown: unknown member `environment` at `environment`; there is `count`, `env`, `input`, `note`, `tags`",
        ),
        (
            "args['evn'] == 'a'",
            "condition-unknown: unknown member `evn` at `'evn'`; did you mean `env`?",
        ),
        (
            "has(args.cuont)",
            "condition-unknown: unknown member `cuont` at `cuont`; did you mean `count`?",
        ),
        (
            "args.input.nam == 'a'",
            "condition-unknown: unknown member `nam` at `nam`; did you mean `name`?",
        ),
        (
            "ownr('a') == null",
            "condition-unknown: unknown function `ownr` at `ownr`; did you mean `owner`?",
        ),
        (
            "args.env.startWith('a')",
            "condition-unknown: unknown function `startWith` at `startWith`; did you mean `startsWith`?",
        ),
        (
            "data('tier', 'a') == 1",
            "condition-unknown: unknown data table `tier` at `'tier'`; did you mean `tiers`?",
        ),
        (
            "args.tags.exists(tag, tga == 'a')",
            "condition-unknown: unknown variable `tga` at `tga`; did you mean `tag`?",
        ),
        (
            "request.header == 'a'",
            "condition-unknown: unknown member `header` at `header`; there is `host`, `method`, `mtls_peer`, `path`",
        ),
    ];
    for (text, expected) in cases {
        check(&scope, text, &[expected]);
    }
    let role = Scope::role();
    check(
        &role,
        "args.env == 'a'",
        &["condition-unknown: unknown variable `args` at `args`; there is `claims`, `subject`"],
    );
    check(
        &role,
        "'a' in subject.roles",
        &[
            "condition-unknown: unknown member `roles` at `roles`; there is `actor`, `client`, `groups`, `id`, `issuer`, `scopes`",
        ],
    );
}

#[test]
fn what_cannot_be_right_for_any_request() {
    let scope = typed();
    let cases = [
        ("subject.groups == 'ops'", "condition-type: `==` is not for a list and a string at `==`"),
        (
            "'ops' in subject.id",
            "condition-type: `in` is not for a string and a string or null at `in`",
        ),
        ("1 in subject.groups", "condition-type: `in` is not for an integer and a list at `in`"),
        ("args.count < 'a'", "condition-type: `<` is not for an integer and a string at `<`"),
        ("args.count == null", "condition-type: `==` is not for an integer and null at `==`"),
        ("args.env + 1 == 'a'", "condition-type: `+` is not for a string and an integer at `+`"),
        ("args.count + 1.0 > 2.0", "condition-type: `+` is not for an integer and a double at `+`"),
        ("args.env", "condition-type: a condition is true or false, and this is a string at `env`"),
        (
            "args.count && true",
            "condition-type: this has to be true or false, and is an integer at `count`",
        ),
        ("!args.env", "condition-type: this has to be true or false, and is a string at `env`"),
        ("-args.env == 'a'", "condition-type: `-` is not for a string at `-`"),
        (
            "args.env ? true : false",
            "condition-type: this has to be true or false, and is a string at `env`",
        ),
        ("args.env.name == 'a'", "condition-type: a string has no member `name` at `name`"),
        ("args.tags['a'] == 'b'", "condition-type: a list has no index that is a string at `[`"),
        (
            "args.count.startsWith('a')",
            "condition-type: `startsWith` is not for an integer at `startsWith`",
        ),
        ("size(args.count) == 1", "condition-type: `size` is not for an integer at `size`"),
        ("owner(args.count) == null", "condition-type: `owner` is not for an integer at `owner`"),
        (
            "owner('a', 'b') == null",
            "condition-type: `owner` has 1 arguments, and not 2 at `owner`",
        ),
        (
            "startsWith(args.env, 'a')",
            "condition-type: `startsWith` is not called like this at `startsWith`; write `a.startsWith(..)`",
        ),
        (
            "args.env.owner() == null",
            "condition-type: `owner` is not called like this at `owner`; write `owner(a)`",
        ),
        ("args.count.exists(x, true)", "condition-type: `exists` is not for an integer at `count`"),
        (
            "args.tags.exists(x, x)",
            "condition-type: this has to be true or false, and is a string at `x`",
        ),
        (
            "args.tags.exists(1, true)",
            "condition-type: the first argument of `exists` is a name at `1`",
        ),
        ("args.tags.map(x, size(x)) == ['a']", ""),
        ("has(args)", "condition-type: `has` asks for a member at `args`; write `has(a.b)`"),
        (
            "data(args.env, 'a') == 1",
            "condition-type: the name of a data table has to stand there, in quotes at `env`",
        ),
        (
            "data('tiers', 1) == 1",
            "condition-type: this has to be a string, and is an integer at `1`",
        ),
        ("{1.5: args.env} == {}", "condition-type: a double cannot be a key at `1.5`"),
    ];
    for (text, expected) in cases {
        check(
            &scope,
            text,
            if expected.is_empty() { &[] } else { std::slice::from_ref(&expected) },
        );
    }
    let both = "argz.x == 1 && subject.groups == 'a'";
    check(
        &scope,
        both,
        &[
            "condition-unknown: unknown variable `argz` at `argz`; did you mean `args`?",
            "condition-type: `==` is not for a list and a string at `==`",
        ],
    );
}

#[test]
fn what_conditions_do_not_have() {
    let scope = typed();
    let cases = [
        (
            "timestamp(args.env) == null",
            "condition-unsupported: conditions do not have CEL's `timestamp` at `timestamp`",
        ),
        (
            "args.env.getFullYear() == 1",
            "condition-unsupported: conditions do not have CEL's `getFullYear` at `getFullYear`",
        ),
        (
            "type(args.env) == 'a'",
            "condition-unsupported: conditions do not have CEL's `type` at `type`",
        ),
        ("b'a' == b'a'", "condition-unsupported: a condition cannot have bytes at `b'a'`"),
        ("Message{a: 1} == 1", "condition-unsupported: a condition cannot make a message at `{`"),
    ];
    for (text, expected) in cases {
        let (_, findings) = compile(text, &scope);
        assert_eq!(show(text, &findings[0]), expected, "{text}");
    }
}

#[test]
fn patterns_are_compiled_when_they_are_read() {
    let scope = typed();
    check(&scope, "args.env.matches('^(dev|prod)$')", &[]);
    check(
        &scope,
        "args.env.matches(args.note)",
        &["condition-pattern: a pattern has to stand there, in quotes at `note`"],
    );
    check(
        &scope,
        "args.count.matches('a')",
        &["condition-type: `matches` is not for an integer at `matches`"],
    );
    for pattern in [
        "(",
        "a{1000}{1000}",
        "(?=a)",
        "[z-a]",
        "(((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}){9})",
    ] {
        let (expression, findings) = compile(&format!("args.env.matches('{pattern}')"), &scope);
        assert!(expression.is_none(), "{pattern}");
        assert_eq!(findings[0].code.name(), "condition-pattern", "{pattern}");
    }
    check(&scope, "args.env.matches('(?i)^[a-z]+$')", &[]);
    check(
        &scope,
        "args.env.matches('(?si)é')",
        &["condition-pattern: without regard to case are ASCII letters alone at `'(?si)é'`"],
    );
    let (_, findings) = compile(&format!("args.env.matches('{}')", "a".repeat(1025)), &scope);
    assert_eq!(findings[0].message, "this is no pattern: it has more than 1024 bytes");
}

#[test]
fn what_is_no_cel_is_told_where() {
    let scope = scope();
    for (text, at) in [
        ("subject.id = 'a'", "="),
        ("subject.id == 'a", "'"),
        ("(true", ""),
        ("a &&", ""),
        ("é == 1", "é"),
        ("1 == 99999999999999999999", "9"),
        ("a.?b == 1", "."),
        ("true; false", ";"),
    ] {
        let (expression, findings) = compile(text, &scope);
        assert!(expression.is_none(), "{text}");
        let finding = &findings[0];
        assert_eq!(finding.code.name(), "condition-syntax", "{text}");
        let place = finding.place.as_ref().unwrap();
        assert!(place.file().text()[place.start()..].starts_with(at), "{text}: {place}");
    }
    for text in ["", " ", "\n", "// nothing"] {
        let (_, findings) = compile(text, &scope);
        assert_eq!(findings[0].code.name(), "condition-syntax", "{text:?}");
    }
}

#[test]
fn what_says_the_same_of_every_request_is_a_warning() {
    let scope = typed();
    let help = "let it look at who asks, or at what for";
    for (text, says) in [
        ("true", "is always true"),
        ("false", "is always false"),
        ("1 + 1 == 2", "is always true"),
        ("['a'].exists(x, x == 'b')", "is always false"),
        ("1 / 0 == 1", "always fails: division by zero"),
    ] {
        check(&scope, text, &[&format!("condition-constant: this condition {says}; {help}")]);
    }
    check(&scope, "owner('a') == null", &[]);
}

/// Neither time nor stack nor memory runs away, whatever the text.
#[test]
fn hostile_texts_are_findings() {
    let scope = scope();
    let repeat = |part: &str| part.repeat(4096 / part.len());
    let mut texts: Vec<String> = [
        "!",
        "-",
        "- ",
        "(",
        "[",
        "{",
        "a+",
        "a.",
        "a&&",
        "a||",
        "a?b:",
        "a?",
        "f(",
        "a[",
        "a in ",
        "a<",
        "\"",
        "@#",
        "`",
        "\0",
        "é",
        "a.exists(x,",
        "has(",
        "1 ",
        "'''",
        "\\",
        "[1].all(x,",
        "{1:",
        "9",
        ".a",
        ",",
        "r'",
    ]
    .map(repeat)
    .to_vec();
    texts.extend(["a+", "a.", "a&&", "1+", "a<"].map(|part| {
        let mut text = "a".repeat(4095 % part.len());
        text.push_str(&part.repeat(4094 / part.len()));
        text + "a"
    }));
    texts.push(format!("{}1{}", "(".repeat(2000), ")".repeat(2000)));
    texts.push(format!("[{}1]", "1,".repeat(2040)));
    texts.push("a".repeat(4097));
    let start = std::time::Instant::now();
    for text in &texts {
        let (expression, findings) = compile(text, &scope);
        assert!(expression.is_none(), "{}", &text[..4]);
        assert!(!findings.is_empty());
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let (expression, findings) = compile(&format!("[{}1] == args.tags", "1,".repeat(990)), &scope);
    assert!(expression.is_some(), "{findings:?}");
    let (expression, findings) = compile(&format!("[{}1] == args.tags", "1,".repeat(1000)), &scope);
    assert!(expression.is_none());
    assert_eq!(findings[0].code.name(), "condition-size");
}
