//! What is wrong with what an Envoy enforces. Every finding has a stable code, a message and, where
//! there is one, a way out.

use fieldgate_policy::diagnostic::Severity;

use super::Filter;

/// The stable name of a finding. Names are append-only: scripts match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// No listener has a fieldgate filter.
    NoFilter,
    /// The last push was refused, and what was there before stays.
    PushRefused,
    /// A filter without a configuration that it could enforce.
    ConfigurationInvalid,
    /// A filter whose configuration has not arrived.
    ConfigurationMissing,
    /// A policy is configured, and no thread enforces it.
    NotEnforced,
    /// Nothing behind the filter closes the door where the filter is missing.
    SeatbeltMissing,
    /// A route goes past the seatbelt that the others have.
    RouteWithoutSeatbelt,
    /// An upgrade has filters of its own, and no seatbelt is among them.
    UpgradeUnguarded,
    /// The filter is off, and no route switches it on.
    NeverOn,
    /// After a trap every request would pass.
    FailOpen,
    /// Requests with a body would wait for ever.
    HoldWithoutFlag,
    /// A policy is enforced that no listener shows.
    AlsoEnforced,
    /// A configuration is in force that this program does not understand.
    OtherVersion,
    /// The filter runs only on routes that switch it on.
    OffByDefault,
    /// A route has no filter, and the seatbelt refuses what it gets.
    RouteWithoutFilter,
    /// What routes change of the filters is not known.
    RoutesUnknown,
    /// The filter trapped.
    Trapped,
    /// Pushes were refused, though not the last one.
    RefusedBefore,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Which listener it is about, if it is about one.
    pub(crate) listener: Option<String>,
    /// Which of its filter chains, where it has several.
    pub(crate) chain: Option<String>,
    pub(crate) code: Code,
    /// Lower-case, no final period, input in backticks.
    pub(crate) message: String,
    /// What to do about it, or what follows from it.
    pub(crate) help: Option<String>,
}

impl Code {
    /// The name, as scripts and documents know it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoFilter => "no-filter",
            Self::PushRefused => "push-refused",
            Self::ConfigurationInvalid => "configuration-invalid",
            Self::ConfigurationMissing => "configuration-missing",
            Self::NotEnforced => "not-enforced",
            Self::SeatbeltMissing => "seatbelt-missing",
            Self::RouteWithoutSeatbelt => "route-without-seatbelt",
            Self::UpgradeUnguarded => "upgrade-unguarded",
            Self::NeverOn => "never-on",
            Self::FailOpen => "fail-open",
            Self::HoldWithoutFlag => "hold-without-flag",
            Self::AlsoEnforced => "also-enforced",
            Self::OtherVersion => "other-version",
            Self::OffByDefault => "off-by-default",
            Self::RouteWithoutFilter => "route-without-filter",
            Self::RoutesUnknown => "routes-unknown",
            Self::Trapped => "trapped",
            Self::RefusedBefore => "refused-before",
        }
    }

    /// Whether somebody has to do something about it now.
    pub(crate) const fn severity(self) -> Severity {
        match self {
            Self::NoFilter
            | Self::PushRefused
            | Self::ConfigurationInvalid
            | Self::ConfigurationMissing
            | Self::NotEnforced
            | Self::SeatbeltMissing
            | Self::RouteWithoutSeatbelt
            | Self::UpgradeUnguarded
            | Self::NeverOn
            | Self::FailOpen
            | Self::HoldWithoutFlag => Severity::Error,
            Self::AlsoEnforced
            | Self::OtherVersion
            | Self::OffByDefault
            | Self::RouteWithoutFilter
            | Self::RoutesUnknown
            | Self::Trapped
            | Self::RefusedBefore => Severity::Warning,
        }
    }
}

impl Finding {
    /// A finding about a filter.
    pub(super) fn at(filter: &Filter, code: Code, message: impl Into<String>) -> Self {
        Self { chain: filter.chain.clone(), ..Self::of(&filter.listener, code, message) }
    }

    /// A finding about a listener.
    pub(super) fn of(listener: &str, code: Code, message: impl Into<String>) -> Self {
        Self { listener: Some(listener.to_owned()), ..Self::anywhere(code, message) }
    }

    /// A finding about no listener in particular.
    pub(super) fn anywhere(code: Code, message: impl Into<String>) -> Self {
        Self { listener: None, chain: None, code, message: message.into(), help: None }
    }

    /// Errors first; then what is about the whole, and then about each listener.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let Self { listener, chain, code, message: _, help: _ } = self;
        (code.severity() == Severity::Warning, listener.clone(), chain.clone(), *code)
    }

    /// The same with advice.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
