//! Nothing goes upstream without a grant, whatever bytes come.

use fieldgate_core::gate::{Effect, Gate};
use proptest::prelude::*;
use serde_json::Value;

use crate::random::case::{Case, seeds};
use crate::random::choices::Choices;
use crate::rewrite::{forwarded, reads_anew};
use crate::world::{all_but, code, gate, post, token};

/// Changes bytes here and there: other bytes, pieces left out, and pieces put in again elsewhere.
fn mutate(body: &mut Vec<u8>, choices: &mut Choices<'_>) {
    const BYTES: &[u8] = b"{}[]()\"\\:,.@$!#\x00\x80\xff\nux0 ";
    for _ in 0..choices.below(6) {
        let at = choices.below(body.len() + 1);
        let end = (at + choices.below(12)).min(body.len());
        match choices.below(4) {
            0 => body.insert(at, BYTES[choices.below(BYTES.len())]),
            1 => drop(body.drain(at..end)),
            2 => {
                let piece = body[at..end].to_vec();
                let to = choices.below(body.len() + 1);
                body.splice(to..to, piece);
            }
            _ => {
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= 1 << choices.below(8);
                }
            }
        }
    }
}

const RESERVED: [&str; 4] = ["User.ssn", "Query.node", "Post.title", "Admin.perms"];

thread_local! {
    static GATE: Gate = gate(&all_but(&RESERVED), "");
}

/// What every end of a request has to be.
fn is_sound(body: &[u8]) -> Result<(), TestCaseError> {
    let gate = GATE.with(Clone::clone);
    for groups in [&["g0"][..], &[]] {
        let token = token(groups, "");
        let (effect, record) = post(&gate, &token, body);
        if let Effect::Reply(reply) = &effect {
            prop_assert!(code(&record) != "allow" && reply.status >= 400);
            let reply: Value = serde_json::from_slice(&reply.body).expect("JSON");
            prop_assert!(reply["errors"][0]["message"].is_string() && reply.get("data").is_none());
            prop_assert!(code(&record) != "internal_error");
        }
        let Some(sent) = forwarded(effect) else { continue };
        prop_assert_eq!(code(&record), "allow");
        let query = sent["query"].as_str().expect("a query");
        reads_anew(query);
        // Of all coordinates only `__typename` is free.
        let requested = record.facts().asked.requested.as_ref().expect("what was requested");
        prop_assert!(
            requested.iter().next().is_none() || !groups.is_empty(),
            "{query}: {requested:?}"
        );
        for reserved in RESERVED {
            prop_assert!(!requested.iter().any(|one| one == reserved), "{query}");
        }
        for member in sent.as_object().expect("an object") {
            match member {
                (name, Value::String(_)) if name == "query" || name == "operationName" => {}
                (name, Value::Object(_)) if name == "variables" => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
        let again = post(&gate, &token, sent.to_string().as_bytes()).0;
        prop_assert_eq!(forwarded(again), Some(sent));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_requests_end_soundly(seeds in seeds()) {
        let mut body = Case::fixed(&seeds).body();
        mutate(&mut body, &mut Choices(&seeds.0[1]));
        is_sound(&body)?;
    }

    #[test]
    fn any_bytes_end_soundly(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        is_sound(&body)?;
    }

    #[test]
    fn any_queries_end_soundly(query in r#"[{}()\[\]:@$!.#"\\ ,a-z\u{80}]{0,60}|(\{|\}|\.\.\.|on |User|me|id|ssn|version|@skip|\(if:|true|\)|query |A|F|fragment | |"){0,30}"#) {
        is_sound(&crate::world::body(&query, ""))?;
    }
}
