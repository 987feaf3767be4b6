//! `fieldgate test`: the cases of bundles -> which of them the policies meet, and how much of the
//! policies they put to the test.

use std::io;
use std::path::{Path, PathBuf};

use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::cases::{self, Checked, Coverage, Run};
use fieldgate_policy::diagnostic::Diagnostic;

use crate::arguments::Test;
use crate::command::{could_not_run, deliver, not_a_folder, note_findings};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

/// What became of a bundle.
pub(crate) struct Tested {
    /// Its folder as it was named.
    pub(crate) folder: String,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    /// Its cases were run.
    Ran {
        /// The policy's name.
        policy: String,
        revision: String,
        run: Run,
    },
    /// It has errors, or its cases have.
    Broken(Vec<Diagnostic>),
    /// A run that tests nothing must not look like one that passed.
    NoCase,
}

pub(crate) fn test(arguments: &Test, output: &mut Output) -> io::Result<Exit> {
    let Test { bundles, filter, junit, .. } = arguments;
    let folders = match choose(bundles, output)? {
        Ok(folders) => folders,
        Err(exit) => return Ok(exit),
    };
    let several = folders.len() > 1;
    let mut all = Vec::new();
    let mut exit = Exit::Done;
    for folder in folders {
        let tested = run(folder, filter.as_deref(), several, output)?;
        exit = exit.or_worse(report(&tested, arguments, several, output)?);
        all.push(tested);
    }
    let count = |tested: &Tested| match &tested.outcome {
        Outcome::Ran { run, .. } => run.cases.len(),
        Outcome::Broken(_) | Outcome::NoCase => 0,
    };
    if exit == Exit::Done && all.iter().map(count).sum::<usize>() == 0 {
        exit = could_not_run("no case to run", None, output)?;
    }
    if let Some(path) = junit {
        let failed = deliver(&render::junit::report(&all), Some(path), output)?;
        exit = failed.map_or(exit, |failed| exit.or_worse(failed));
    }
    Ok(exit)
}

/// The folders among the paths. A pattern of the shell gives the files beside them too: these are
/// passed over, but what is not there, or is all that was named, was meant.
fn choose<'a>(
    paths: &'a [PathBuf],
    output: &mut Output,
) -> io::Result<Result<Vec<&'a Path>, Exit>> {
    let all = paths.iter().map(PathBuf::as_path);
    let (folders, others): (Vec<&Path>, Vec<&Path>) = all.partition(|path| path.is_dir());
    let wrong = |path: &&&Path| folders.is_empty() || !path.is_file();
    let messages = others.iter().filter(wrong).filter_map(|path| not_a_folder(path));
    let mut exit = None;
    for message in messages {
        exit = Some(could_not_run(&message, None, output)?);
    }
    if let Some(exit) = exit {
        return Ok(Err(exit));
    }
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
        output.note(&format!("skipped, not a folder: {}\n", names.join(", ")))?;
    }
    Ok(Ok(folders))
}

fn run(
    folder: &Path,
    filter: Option<&str>,
    several: bool,
    output: &mut Output,
) -> io::Result<Tested> {
    let name = folder.display().to_string();
    let loaded = Bundle::load(folder, None);
    let warnings = loaded.as_ref().map_or(&[][..], Bundle::warnings);
    if !warnings.is_empty() {
        output.note(&heading(&name, several))?;
        note_findings(warnings, output)?;
    }
    let outcome = loaded.and_then(|bundle| {
        let run = cases::run(&bundle, filter.unwrap_or_default())?;
        // Of several bundles not each has a case that a filter lets pass.
        if run.cases.is_empty() && (filter.is_none() || !several) {
            return Ok(Outcome::NoCase);
        }
        let policy = bundle.policy().parts().name.to_string();
        Ok(Outcome::Ran { policy, revision: bundle.revision(), run })
    });
    Ok(Tested { folder: name, outcome: outcome.unwrap_or_else(Outcome::Broken) })
}

/// Says what became of a bundle.
fn report(
    tested: &Tested,
    arguments: &Test,
    several: bool,
    output: &mut Output,
) -> io::Result<Exit> {
    let Tested { folder, outcome } = tested;
    let style = output.style();
    let run = match outcome {
        Outcome::Broken(findings) => {
            output.note(&heading(folder, several))?;
            return note_findings(findings, output);
        }
        Outcome::NoCase => {
            let of = if several { format!(" in `{folder}`") } else { String::new() };
            return could_not_run(&format!("no case to run{of}"), None, output);
        }
        Outcome::Ran { run, .. } => run,
    };
    let shown = render::cases::Shown { folder, several };
    let lines = run.cases.iter().map(|one| shown.case(one, style.form, style.data));
    output.data(&lines.collect::<String>())?;
    output.data(&shown.uncovered(&run.coverage, arguments.uncovered, style.form))?;
    output.note(&shown.sum(run))?;
    let passed = run.cases.iter().all(Checked::passed);
    let enough = arguments.min_coverage.map_or(Ok(true), |percent| {
        suffices(&run.coverage, usize::from(percent), &shown, output)
    })?;
    Ok(match (passed, enough) {
        (true, true) => Exit::Done,
        (false, _) => Exit::CaseFailed,
        (true, false) => Exit::Uncovered,
    })
}

/// Whether enough is covered; if not, it is said.
fn suffices(
    coverage: &Coverage,
    percent: usize,
    shown: &render::cases::Shown<'_>,
    output: &mut Output,
) -> io::Result<bool> {
    let messages = shown.too_little(coverage, percent);
    for message in &messages {
        output.note(message)?;
    }
    Ok(messages.is_empty())
}

fn heading(folder: &str, several: bool) -> String {
    if several { format!("{folder}:\n") } else { String::new() }
}
