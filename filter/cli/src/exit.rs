//! How a command ended, as the process says it. The numbers are a contract with scripts.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// As asked.
    Done,
    /// It could not run: wrong arguments, a file that cannot be read or written, no Envoy.
    CouldNotRun,
    /// A case failed.
    CaseFailed,
    /// The operation would be refused.
    Refused,
    /// The bundle or the catalog has errors, or what an Envoy enforces.
    Findings,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::CouldNotRun => 1,
            Exit::CaseFailed | Exit::Refused => 2,
            Exit::Findings => 3,
        })
    }
}
