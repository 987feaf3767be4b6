//! Documents that come again: what becomes of a request never depends on what was asked before.

use fieldgate_core::gate::Gate;

use crate::world::{all_but, body, gate, post, token};

/// What becomes of a request at a gate: what is done, and the record.
fn asked(gate: &Gate, body: &[u8]) -> (String, String) {
    let (effect, record) = post(gate, &token(&["g0"], ""), body);
    (format!("{effect:?}"), record.to_json(None).to_string())
}

fn cases() -> Vec<Vec<u8>> {
    let two = "query A{version}query B{me{id}}";
    let named =
        "query A($on:Boolean!=true,$l:Any){me{id name @include(if:$on) boss(level:$l){ssn}}}";
    let unused = "{version}fragment F on Query{me{ssn}}";
    [
        ("{version}", ""),
        ("{version}", r#","operationName":"A""#),
        ("query A{version}", ""),
        ("query A{version}", r#","operationName":"A""#),
        ("query A{version}", r#","operationName":"B""#),
        (two, ""),
        (two, r#","operationName":"A""#),
        (two, r#","operationName":"B""#),
        (two, r#","operationName":"C""#),
        (named, ""),
        (named, r#","variables":{"on":false}"#),
        (named, r#","variables":{"on":null}"#),
        (named, r#","variables":{"on":true,"l":[1]}"#),
        (unused, ""),
        ("{me{ssn @skip(if:true) id}}", ""),
        ("{me{ssn}}", ""),
        ("{me{nothing}}", ""),
        ("{me", ""),
        ("{...F}", ""),
        ("{version} ", ""),
    ]
    .map(|(query, more)| body(query, more))
    .to_vec()
}

#[test]
fn what_was_asked_before_changes_nothing() {
    let policy = all_but(&["User.ssn"]);
    let gate = |room: u32| gate(&policy, &format!(r#","limits":{{"known_documents":{room}}}"#));
    let expected: Vec<_> = cases().iter().map(|body| asked(&gate(0), body)).collect();
    for reason in ["operation_unknown", "operation_ambiguous", "field_denied", "document_syntax"] {
        assert!(expected.iter().any(|(_, record)| record.contains(reason)), "{reason}");
    }
    let allowed = expected.iter().filter(|(effect, _)| effect.starts_with("Forward"));
    assert!(allowed.count() > 5, "{expected:#?}");
    // There and back and there again, with room for all of them, for few and for none.
    for room in [1_000, 4, 2, 1] {
        let gate = gate(room);
        let all = || cases().into_iter().zip(&expected);
        for (body, expected) in all().chain(all().rev()).chain(all()) {
            let text = String::from_utf8(body.clone()).unwrap();
            assert_eq!(&asked(&gate, &body), expected, "{room} {text}");
        }
    }
}
