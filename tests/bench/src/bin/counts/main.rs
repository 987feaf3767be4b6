//! Instructions of the core's work, exactly, beside a baseline that is committed: `make counts`.
//! COUNTS.md says what they are good for.
//!
//! Each scenario runs in a process of its own under callgrind, which counts inside of one function.
//! The same binary is both: without arguments it starts itself for each scenario.

mod baseline;
mod callgrind;
mod scenarios;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use baseline::{Baseline, Verdict};
use scenarios::Scenario;

/// Says that the counts become the baseline.
const UPDATE: &str = "UPDATE";
/// Says that it is an error if there is no valgrind.
const REQUIRED: &str = "COUNTS_REQUIRED";
/// Names the only scenarios that are counted, by a part of their names.
const ONLY: &str = "ONLY";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => count(),
        [name, input] => scenarios::run(name, input.as_ref()).map(|()| ExitCode::SUCCESS),
        _ => Err("usage: counts [SCENARIO CONFIGURATION]".to_owned()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("counts: {error}");
        ExitCode::FAILURE
    })
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn count() -> Result<ExitCode, String> {
    let Some(valgrind) = callgrind::version() else {
        let missing = "no valgrind here (Debian: apt-get install valgrind)";
        return match is_set(REQUIRED) {
            true => Err(missing.to_owned()),
            false => {
                println!("counts: skipped, as there is {missing}");
                Ok(ExitCode::SUCCESS)
            }
        };
    };
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        println!("counts: skipped, as the baseline is one of Linux on x86-64");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = folder()?;
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut baseline = Baseline::read()?;
    let (mut failed, mut renew) = (false, false);
    println!("{:<34} {:>12} {:>12} {:>8}", "instructions for one", "baseline", "now", "change");
    for Scenario { name, bundle, operations } in scenarios::ALL {
        if !name.contains(&only) {
            continue;
        }
        let Some(input) = bundle.configuration(&folder)? else {
            println!("{name:<34} skipped: the schema is not installed (`make node`)");
            continue;
        };
        let now = callgrind::count(&folder, name, &input)? / operations;
        let verdict = baseline.compare(name, now);
        println!("{name:<34} {verdict}");
        failed |= verdict.fails();
        renew |= verdict.is_less();
        baseline.set(name, now);
    }
    if is_set(UPDATE) {
        baseline.retain(|name| scenarios::ALL.iter().any(|scenario| scenario.name == name));
        baseline.write(&format!("{} and {valgrind}", compiler()?))?;
        println!("the baseline is renewed: {}", baseline::FILE);
        return Ok(ExitCode::SUCCESS);
    }
    for name in baseline.unknown(|name| scenarios::ALL.iter().any(|one| one.name == name)) {
        println!("{name:<34} is in the baseline alone");
        failed = true;
    }
    let percent = baseline::PERCENT;
    if renew {
        println!("some take more than {percent} % less: renew the baseline, so that it holds that");
    }
    if renew || failed {
        println!("`make counts UPDATE=1` renews it; say in the commit why");
    }
    if failed {
        println!("counts: FAILED, as some take more than {percent} % more, or are not in both");
        return Ok(ExitCode::FAILURE);
    }
    println!("counts: passed, none takes more than {percent} % more than the baseline");
    Ok(ExitCode::SUCCESS)
}

/// The compiler, which `rust-toolchain.toml` pins.
fn compiler() -> Result<String, String> {
    let output = Command::new("rustc").arg("--version").output();
    let output = output.map_err(|error| format!("rustc: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.split(" (").next().unwrap_or_default().trim().to_owned())
}

/// A folder with a copy of this program: what runs is called the same wherever the repository is.
fn folder() -> Result<PathBuf, String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/counts"));
    let made = std::fs::create_dir_all(&folder).and_then(|()| {
        let this = std::env::current_exe()?;
        std::fs::copy(this, folder.join(callgrind::PROGRAM))
    });
    made.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

impl Verdict {
    fn fails(self) -> bool {
        match self {
            Self::New { .. } | Self::More { .. } => true,
            Self::Same { .. } | Self::Less { .. } => false,
        }
    }

    fn is_less(self) -> bool {
        match self {
            Self::Less { .. } => true,
            Self::New { .. } | Self::More { .. } | Self::Same { .. } => false,
        }
    }
}
