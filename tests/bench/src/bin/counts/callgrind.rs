//! A scenario -> how many instructions it takes, counted by callgrind.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// The copy of this program that is run.
pub(crate) const PROGRAM: &str = "counted";

/// What is counted: everything between entering and leaving this function, whatever it calls.
#[inline(never)]
pub(crate) fn measured(work: &mut dyn FnMut()) {
    work();
    // It must be left after the work, not by it.
    black_box(());
}

/// The version of the valgrind here, if there is one.
pub(crate) fn version() -> Option<String> {
    let output = Command::new("valgrind").arg("--version").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}

/// Runs a scenario. Its profile stays in the folder: `callgrind_annotate NAME.out`.
///
/// Nothing comes from outside: no environment, the same paths, and of the C library the functions
/// that every x86-64 has.
pub(crate) fn count(folder: &Path, name: &str, input: &str) -> Result<u64, String> {
    let out = format!("{}.out", name.replace(|char: char| !char.is_ascii_alphanumeric(), "-"));
    let output = Command::new("valgrind")
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load")
        .current_dir(folder)
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=*::callgrind::measured",
        ])
        .arg(format!("--callgrind-out-file={out}"))
        .args([&format!("./{PROGRAM}"), name, input])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() && count > 0 => Ok(count),
        Some(_) | None => Err(format!("{name}: {said}")),
    }
}
