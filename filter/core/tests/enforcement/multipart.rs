//! Uploads that some server reads in another way, or that are a lot of work.

use fieldgate_core::gate::Effect;

use crate::world::{all_but, code, gate, pairs, request, token};

/// The code for an operation, a map and the content of a file, with `b0` between them.
fn upload(operations: &str, map: &str, file_name: &str, content: &str) -> &'static str {
    let gate = gate(&all_but(&["User.ssn"]), r#","endpoint":{"multipart":true}"#);
    let token = token(&["g0"], "");
    let headers = [
        (":method", "POST"),
        (":path", "/graphql"),
        ("authorization", token.as_str()),
        ("content-type", "multipart/form-data; boundary=b0"),
    ];
    let part = |name: &str, text: &str| {
        format!("--b0\r\ncontent-disposition: form-data; name=\"{name}\r\n\r\n{text}\r\n")
    };
    let file = part(&format!("0\"; filename=\"{file_name}\""), content);
    let body = part("operations\"", operations) + &part("map\"", map) + &file + "--b0--\r\n";
    let (effect, record) = request(&gate, &pairs(&headers), body.as_bytes());
    if let Effect::Forward(body) = effect {
        let body = String::from_utf8(body).unwrap();
        assert_eq!(body.matches("--b0").count(), body.matches("content-disposition").count() + 1);
    }
    code(&record)
}

const NODE: &str = r#"{"query":"query($f:Any){node(id:$f){__typename}}","variables":{"f":null}}"#;
const MAP: &str = r#"{"0":["variables.f"]}"#;

#[test]
fn a_boundary_is_nowhere_in_a_part() {
    assert_eq!(upload(NODE, MAP, "a", "x"), "allow");
    assert_eq!(upload(NODE, MAP, "b0", "-b0 --b --\r\nb0"), "allow");
    // Django takes it for one wherever it is, Werkzeug behind half a line end.
    let second = "--b0\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{}";
    for before in ["", "x", "x\n", "x\r", "-"] {
        assert_eq!(upload(NODE, MAP, "a", &format!("{before}{second}")), "multipart_malformed");
    }
    assert_eq!(upload(NODE, MAP, "--b0", "x"), "multipart_malformed");
    // Also where it comes out of an escape.
    let operations = NODE.replace("query(", "#\\u002d-b0\\nquery(");
    assert_eq!(upload(&operations, MAP, "a", "x"), "multipart_malformed");
}

#[test]
fn a_path_has_one_reading() {
    let operations = NODE.replace(":null", ":{\"a[0]\":null,\"a\":[null]}");
    for (place, expected) in
        [("a.0", "allow"), ("a[0]", "multipart_map"), ("a.00", "multipart_map")]
    {
        let map = MAP.replace("f\"", &format!("f.{place}\""));
        assert_eq!(upload(&operations, &map, "a", "x"), expected, "{place}");
    }
}

#[test]
fn places_are_bounded() {
    let places = |count: usize| {
        let nulls: Vec<String> = (0..count).map(|at| format!("\"k{at}\":null")).collect();
        let paths: Vec<String> = (0..count).map(|at| format!("\"variables.f.k{at}\"")).collect();
        let operations = NODE.replace(":null", &format!(":{{{}}}", nulls.join(",")));
        upload(&operations, &format!("{{\"0\":[{}]}}", paths.join(",")), "a", "x")
    };
    assert_eq!(places(100), "allow");
    assert_eq!(places(101), "limit_uploads");
    assert_eq!(places(20_000), "limit_uploads");
}
