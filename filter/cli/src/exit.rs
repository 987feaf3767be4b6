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
    /// The cases cover less than was asked for.
    Uncovered,
    /// The operation would be refused.
    Refused,
    /// The bundle or the catalog has errors, or what an Envoy enforces.
    Findings,
}

impl Exit {
    /// The worse of two: what could not be done is worse than what is wrong, and a bundle with errors
    /// worse than a case that fails.
    pub(crate) fn or_worse(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Done => 0,
            Self::Uncovered => 1,
            Self::CaseFailed | Self::Refused => 2,
            Self::Findings => 3,
            Self::CouldNotRun => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::CouldNotRun => 1,
            Exit::CaseFailed | Exit::Uncovered | Exit::Refused => 2,
            Exit::Findings => 3,
        })
    }
}
