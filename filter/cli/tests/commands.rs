//! The command line as scripts see it: each file of `transcripts/` is a command with its exit code
//! and everything that it says. `UPDATE_EXPECT=1 cargo test` rewrites what follows the command.

#![expect(clippy::unwrap_used, reason = "a test that fails stops by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Commands run where the bundles are, with an empty environment.
fn fieldgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fieldgate"));
    command.args(arguments).env_clear().current_dir(root().join("../policy/tests/bundles"));
    command
}

fn run(arguments: &[&str]) -> Output {
    fieldgate(arguments).output().unwrap()
}

fn transcript(line: &str) -> String {
    let words: Vec<&str> = line.strip_prefix("$ fieldgate").unwrap().split_whitespace().collect();
    let Output { status, stdout, stderr } = run(&words);
    let mut text = format!("{line}\nexit {}\n", status.code().unwrap());
    for (name, bytes) in [("stdout", stdout), ("stderr", stderr)] {
        let said = String::from_utf8(bytes).unwrap();
        let said = said.replace(env!("CARGO_PKG_VERSION"), "[VERSION]").replace('\u{1b}', "[ESC]");
        assert!(said.is_empty() || said.ends_with('\n'), "{line}: the last line has no end");
        text += &format!("--- {name}\n{said}");
    }
    text
}

#[test]
fn every_transcript_is_reproduced() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let files = root().join("tests/transcripts").read_dir().unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the transcripts are not where they should be");
    let mut differing = Vec::new();
    for file in files {
        let expected = fs::read_to_string(&file).unwrap();
        let found = transcript(expected.lines().next().unwrap());
        if update {
            fs::write(&file, found).unwrap();
        } else if expected != found {
            differing.push(format!("=== {}\n{found}", file.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// A folder of this test alone, empty.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_gets_what_stdout_would() {
    let folder = empty_folder("written");
    let file = folder.join("plugin.json");
    let to_file = run(&["build", "minimal", "-o", file.to_str().unwrap()]);
    assert_eq!((to_file.status.code(), to_file.stdout.len()), (Some(0), 0));
    let to_stdout = run(&["build", "minimal"]);
    assert_eq!(fs::read(&file).unwrap(), to_stdout.stdout);
    assert_eq!(names(&folder), ["plugin.json"]);
}

#[test]
fn a_bundle_with_errors_leaves_the_file_as_it_was() {
    let folder = empty_folder("kept");
    let file = folder.join("plugin.json");
    fs::write(&file, "before").unwrap();
    let failed = run(&["build", "everywhere", "-o", file.to_str().unwrap()]);
    assert_eq!(failed.status.code(), Some(3));
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    let replaced = run(&["build", "minimal", "-q", "-o", file.to_str().unwrap()]);
    assert_eq!((replaced.status.code(), replaced.stderr.len()), (Some(0), 0));
    assert_ne!(fs::read_to_string(&file).unwrap(), "before");
    assert_eq!(names(&folder), ["plugin.json"]);
}

#[test]
fn an_import_is_written_whole_or_not_at_all() {
    let folder = empty_folder("imported");
    let file = folder.join("owners.json");
    fs::write(&file, "before").unwrap();
    let import = |catalog: &str| {
        run(&["catalog", "import", &format!("../catalogs/{catalog}"), "-o", file.to_str().unwrap()])
    };
    let failed = import("owner-kind");
    assert_eq!((failed.status.code(), failed.stdout.len()), (Some(3), 0));
    assert_eq!(fs::read_to_string(&file).unwrap(), "before");
    let done = import("shorthand");
    assert_eq!((done.status.code(), done.stdout.len()), (Some(0), 0));
    let to_stdout = run(&["catalog", "import", "../catalogs/shorthand"]);
    assert_eq!(fs::read(&file).unwrap(), to_stdout.stdout);
    assert_eq!(names(&folder), ["owners.json"]);
}

/// A list of documents in a form for tools is itself where documents can come from.
#[test]
fn listed_documents_are_a_manifest() {
    let bundles = root().join("../policy/tests/bundles");
    let listed = run(&["documents", "documents", "--client", "both"]);
    assert_eq!(listed.stdout.iter().filter(|byte| **byte == b'\n').count(), 6);
    for format in ["apollo", "relay"] {
        let folder = empty_folder(&format!("manifest-{format}"));
        for file in ["fieldgate.yaml", "schema.graphql", "policy.yaml"] {
            fs::copy(bundles.join("documents").join(file), folder.join(file)).unwrap();
        }
        let policy = fs::read_to_string(folder.join("policy.yaml")).unwrap();
        let (policy, _) = policy.split_once("documents:\n").unwrap();
        let policy = format!("{policy}documents: {{ from: manifest.json }}\n");
        fs::write(folder.join("policy.yaml"), policy).unwrap();
        let manifest = run(&["documents", "documents", "--client", "both", "--format", format]);
        fs::write(folder.join("manifest.json"), manifest.stdout).unwrap();
        let again = run(&["documents", folder.to_str().unwrap()]);
        assert_eq!(again.stdout, listed.stdout, "{}", String::from_utf8_lossy(&again.stderr));
    }
}

/// A bundle whose plugin configuration has at least so many bytes.
fn large_bundle(name: &str, bytes: usize) -> PathBuf {
    let folder = empty_folder(name);
    let minimal = root().join("../policy/tests/bundles/minimal");
    for file in ["policy.yaml", "schema.graphql"] {
        fs::copy(minimal.join(file), folder.join(file)).unwrap();
    }
    let settings = fs::read_to_string(minimal.join("fieldgate.yaml")).unwrap();
    let audiences: Vec<String> =
        (0..bytes / 1000).map(|at| format!("{at:06}{}", "x".repeat(994))).collect();
    let settings = settings.replace("[portal]", &format!("[{}]", audiences.join(", ")));
    fs::write(folder.join("fieldgate.yaml"), settings).unwrap();
    folder
}

/// A plain `kubectl apply` does not take the one, and no cluster the other.
#[test]
fn resources_that_are_too_large() {
    let file = empty_folder("resource").join("resource.yaml");
    let build = |bundle: &Path, further: &[&str]| {
        let image = "oci://registry.example/fieldgate:1.0";
        let mut words = vec!["build", bundle.to_str().unwrap(), "--message-format", "plain"];
        words.extend(["--image", image, "-o", file.to_str().unwrap()]);
        let done = run(&[words.as_slice(), further].concat());
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    let forms: [&[&str]; 4] = [
        &["--format", "istio", "--selector", "a=b"],
        &["--format", "istio-wasmplugin", "--selector", "a=b"],
        &["--format", "istio-trafficextension", "--selector", "a=b"],
        &["--format", "envoy-gateway", "--listener", "a/b"],
    ];
    let (large, too_large) = (large_bundle("large", 300_000), large_bundle("too-large", 1_500_000));
    for form in forms {
        let (exit, said) = build(&large, form);
        assert_eq!(exit, Some(0), "{said}");
        assert!(said.contains("warning[manifest-large]: "), "{said}");
        assert!(said.contains("help: use `kubectl apply --server-side`"), "{said}");
        fs::remove_file(&file).unwrap();
        let (exit, said) = build(&too_large, form);
        assert_eq!(exit, Some(3), "{said}");
        assert!(said.contains("error[manifest-too-large]: "), "{said}");
        assert!(!file.exists(), "what no cluster takes is not written");
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixListener;
    let folder = empty_folder("other");
    let socket = folder.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for target in [folder.as_path(), &folder.join("none/plugin.json"), &socket] {
        let failed = run(&["build", "minimal", "-o", target.to_str().unwrap()]);
        assert_eq!(failed.status.code(), Some(1), "{}", target.display());
        assert!(String::from_utf8(failed.stderr).unwrap().starts_with("error: `"));
    }
    assert_eq!(names(&folder), ["socket"]);
    assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_file_keeps_its_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = empty_folder("link");
    let (file, link) = (folder.join("real.json"), folder.join("link.json"));
    fs::write(&file, "before").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    let done = run(&["build", "minimal", "-o", link.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_ne!(fs::read_to_string(&file).unwrap(), "before");
}

#[test]
fn an_operation_comes_by_stdin() {
    let bundle = "../../../../tests/corpus/bundles/open";
    let explain = |query: &str| {
        let mut child = fieldgate(&["explain", bundle, "--operation", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(query.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    assert_eq!(explain("{ version }").0, Some(0));
    assert_eq!(explain("{ partners }").0, Some(2));
    let (exit, said) = explain("");
    assert_eq!(exit, Some(2));
    assert!(said.contains("refuse: query_missing"), "{said}");
}

/// Each verb of the help is in every script and has a page.
#[test]
fn every_verb_is_completed_and_has_a_page() {
    let said = |words: &[&str]| {
        let done = run(words);
        assert_eq!((done.status.code(), done.stderr.len()), (Some(0), 0), "{words:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let help = said(&["-h"]);
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let verbs = verbs.take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(verbs.len() >= 8, "{verbs:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = said(&["completions", shell]);
        for word in verbs.iter().chain(&["operation-name", "message-format"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let main = said(&["man"]);
    assert!(main.contains(".TH fieldgate 1"), "{main}");
    for verb in verbs {
        assert!(main.contains(&format!("fieldgate\\-{verb}(1)")), "{verb}");
        let page = said(&["man", verb]);
        assert!(page.contains(&format!(".TH fieldgate-{verb} 1")), "{page}");
        assert!(page.contains("Examples:") || page.contains(&format!("-{verb}\\-")), "{page}");
    }
    let below = said(&["man", "catalog", "import"]);
    assert!(below.contains(".TH fieldgate-catalog-import 1"), "{below}");
    assert!(below.contains("Examples:"), "{below}");
}

/// Where it is not installed there is nothing to show. How fast it is, a release build tells.
#[test]
fn the_largest_schema_has_a_matrix() {
    let bundle = root().join("../../policies/github");
    if !bundle.join("node_modules").is_dir() {
        return;
    }
    let bundle = bundle.to_str().unwrap();
    for format in ["markdown", "csv", "json"] {
        let done = run(&["matrix", bundle, "--format", format]);
        assert_eq!(done.status.code(), Some(0));
        assert!(done.stdout.iter().filter(|byte| **byte == b'\n').count() > 6_000);
    }
}

#[test]
fn a_reader_that_has_left_is_no_panic() {
    let mut child = fieldgate(&["build", "minimal"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_is_lost_is_said() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let done = fieldgate(&["build", "minimal"]).stdout(full).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.starts_with("error: the output cannot be written: "), "{said}");
}
