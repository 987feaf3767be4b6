//! `fieldgate status` over recorded answers: each folder of `status/` has in `admin.json` what an
//! Envoy 1.40 answered, cut to what matters, and beside it transcripts of commands that ask it.
//! `UPDATE_EXPECT=1 cargo test` rewrites what follows each command.
//!
//! In place of plugin configurations there are tokens, see [`tokens`]. A case may be like another
//! one but for some stats (`null`: without it) and some values. An answer with a `status` is text.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails stops by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/status")
}

fn fieldgate(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldgate"));
    let bundles = folder().join("../../../policy/tests/bundles");
    // A proxy of the environment has no say: this one would not answer.
    command.args(words).env_clear().env("http_proxy", "http://127.0.0.1:1").current_dir(bundles);
    command.output().unwrap()
}

/// What stands for plugin configurations and digests in the recorded answers.
fn tokens() -> BTreeMap<&'static str, String> {
    let build = |revision: &[&str]| {
        let words = [&["build", "minimal", "--message-format", "json"], revision].concat();
        let Output { stdout, stderr, .. } = fieldgate(&words);
        let summary: Value = serde_json::from_slice(&stderr).unwrap();
        let digest: String = summary["digest"].as_str().unwrap().chars().take(12).collect();
        (serde_json::from_slice::<Value>(&stdout).unwrap(), digest)
    };
    let (stream, digest) = build(&[]);
    let (mut second, second_digest) = build(&["--revision", "2"]);
    let with = |key: &str, value: Value| {
        let mut changed = stream.clone();
        changed[key] = value;
        changed
    };
    let hold = with("request_headers", json!("hold"));
    second["request_headers"] = json!("hold");
    let mut corrupt = hold.clone();
    let mut policy = hold["policy"].as_str().unwrap().to_owned();
    policy.replace_range(40..44, "AAAA");
    corrupt["policy"] = json!(policy);
    BTreeMap::from([
        ("@STREAM@", stream.to_string()),
        ("@HOLD@", hold.to_string()),
        ("@REVISION_2@", second.to_string()),
        ("@CORRUPT@", corrupt.to_string()),
        // Of a filter of another version.
        ("@NEWER@", with("version", json!(2)).to_string()),
        ("@DIGEST@", digest),
        ("@DIGEST_2@", second_digest),
    ])
}

/// The answers of a case, by path.
fn answers(case: &Path, tokens: &BTreeMap<&str, String>) -> Map<String, Value> {
    let text = fs::read_to_string(case.join("admin.json")).unwrap();
    let mut all: Map<String, Value> = serde_json::from_str(&text).unwrap();
    if let Some(like) = all.remove("like") {
        let (changed, stats) = (all.remove("set"), all.remove("stats"));
        assert!(all.is_empty(), "{}: {all:?}", case.display());
        all = answers(&case.with_file_name(like.as_str().unwrap()), tokens);
        for (path, values) in changed.iter().flat_map(|all| all.as_object().unwrap()) {
            for (pointer, value) in values.as_object().unwrap() {
                let answer = all.get_mut(path).unwrap();
                *answer.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
            }
        }
        let answered = all.get_mut("/stats").unwrap()["stats"].as_array_mut().unwrap();
        for (name, value) in stats.iter().flat_map(|all| all.as_object().unwrap()) {
            answered.retain(|one| !is_named(&one["name"], name, tokens));
            if !value.is_null() {
                answered.push(json!({ "name": name, "value": value }));
            }
        }
    }
    // What Envoy answers where no routes come by discovery.
    all.entry("/config_dump?resource=dynamic_route_configs").or_insert_with(|| json!({}));
    for answer in all.values_mut() {
        fill(answer, tokens);
    }
    all
}

fn is_named(found: &Value, name: &str, tokens: &BTreeMap<&str, String>) -> bool {
    let mut name = json!(name);
    fill(&mut name, tokens);
    *found == name
}

fn fill(value: &mut Value, tokens: &BTreeMap<&str, String>) {
    match value {
        Value::String(text) => {
            for (token, content) in tokens {
                *text = text.replace(token, content);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| fill(one, tokens)),
        Value::Object(all) => all.values_mut().for_each(|one| fill(one, tokens)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Serves answers until the test ends.
fn serve(answers: Map<String, Value>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(answers);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answers = Arc::clone(&answers);
            // A client that leaves is no failure of the server.
            thread::spawn(move || stream.and_then(|stream| answer(&stream, &answers)));
        }
    });
    address
}

fn answer(mut stream: &TcpStream, answers: &Map<String, Value>) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let line = lines.next().unwrap()?;
    while !lines.next().unwrap()?.is_empty() {}
    let path = line.split(' ').nth(1).unwrap();
    let known = answers.get(path).or_else(|| {
        let (path, query) = path.split_once('?')?;
        query.starts_with("format=json&filter=").then(|| answers.get(path))?
    });
    let (status, text) = match known {
        None => (404, "invalid path".to_owned()),
        Some(known) => match known["status"].as_u64() {
            Some(status) => (status, known["text"].as_str().unwrap().to_owned()),
            None => (200, known.to_string()),
        },
    };
    let length = text.len();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n");
    stream.write_all(format!("{head}\r\n{text}").as_bytes())
}

fn transcript(line: &str, address: SocketAddr) -> String {
    let line_here = line.replace("ADMIN", &address.to_string());
    let words: Vec<&str> =
        line_here.strip_prefix("$ fieldgate").unwrap().split_whitespace().collect();
    let Output { status, stdout, stderr } = fieldgate(&words);
    let mut text = format!("{line}\nexit {}\n", status.code().unwrap());
    for (name, bytes) in [("stdout", stdout), ("stderr", stderr)] {
        let said = String::from_utf8(bytes).unwrap();
        let said = said.replace(&address.to_string(), "ADMIN").replace('\u{1b}', "[ESC]");
        assert!(said.is_empty() || said.ends_with('\n'), "{line}: the last line has no end");
        text += &format!("--- {name}\n{said}");
    }
    text
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_transcript_is_reproduced() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let tokens = tokens();
    let (mut count, mut differing) = (0, Vec::new());
    for case in sorted(&folder()) {
        let address = serve(answers(&case, &tokens));
        for file in sorted(&case).iter().filter(|file| file.extension().unwrap() == "txt") {
            let expected = fs::read_to_string(file).unwrap();
            let found = transcript(expected.lines().next().unwrap(), address);
            count += 1;
            if update {
                fs::write(file, found).unwrap();
            } else if expected != found {
                differing.push(format!("=== {}\n{found}", file.display()));
            }
        }
    }
    assert!(count > 25, "the transcripts are not where they should be");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn an_address_without_a_server_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let Output { status, stdout, stderr } = fieldgate(&["status", &address]);
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{said}");
    assert_eq!(said, format!("error: `http://{address}` does not answer: connection refused\n"));
}
