//! Pushes that Envoy has refused -> why, and what they have left in force.
//!
//! For a listener Envoy shows both what is in force and what it has refused. For an extension it
//! shows the last push, refused or not, and never the one before.

use super::dump::{Dump, Extension, Refused};
use super::finding::{Code, Finding};
use super::plugin::{Configuration, Plugin};
use super::stats::{Stats, same};
use super::{Filter, InForce, Origin, Unreadable};

/// Why the last push of an extension was refused; none if it was not.
pub(super) fn refusal(
    name: &str,
    plugin: &Plugin,
    extension: &Extension,
    stats: &Stats,
) -> Option<String> {
    let never = stats.refused_extensions(name) == Some(0);
    match &plugin.configuration {
        Configuration::Valid(_) => {
            let times = extension.came.zip(stats.extension_accepted(name));
            let refused = !never && times.is_some_and(|(came, accepted)| came > accepted);
            refused.then(|| with_reasons("Envoy's log says why", stats))
        }
        // Envoy does not count a refusal again, and counts as accepted what it has refused before:
        // that this was accepted later says nothing.
        Configuration::Invalid { why: _, policy: Some(policy) }
            if never && stats.confirm(policy) =>
        {
            None
        }
        Configuration::Invalid { why, policy: _ } => Some(why.clone()),
    }
}

/// Refused pushes of extensions. What they have left is known if the filter tells of one policy,
/// and nothing else accounts for that one.
pub(super) fn extensions(stats: &Stats, filters: &mut [Filter]) -> Vec<Finding> {
    let told: Vec<&InForce> = stats.enforced().collect();
    let shown = |told: &InForce| {
        let mut shown = filters.iter().filter_map(|one| one.in_force.as_ref());
        shown.any(|policy| same(told, policy))
    };
    let (left, help) = match told.as_slice() {
        [] if stats.tell() => (None, "nothing is in force: Envoy answers 500".to_owned()),
        [] => (None, "what stays in force is not known: the filter has no metrics".to_owned()),
        [one] if !shown(one) => (Some((*one).clone()), format!("{one} stays in force")),
        several => {
            let all: Vec<String> = several.iter().map(ToString::to_string).collect();
            (None, format!("what stays in force is of these: {}", all.join(", ")))
        }
    };
    let mut findings = Vec::new();
    for filter in filters {
        if let (Origin::Ecds(name), Some(why)) = (&filter.origin, &filter.refused) {
            let message = format!("the last push of the extension `{name}` was refused: {why}");
            let finding = Finding::anywhere(Code::PushRefused, message);
            if stats.extension_accepted(name) == Some(0) {
                let help = "there was none before: without a `default_config` Envoy answers 500";
                findings.push(finding.help(help));
            } else {
                findings.push(finding.help(help.clone()));
                filter.in_force.clone_from(&left);
            }
        }
    }
    findings
}

/// Refused pushes of listeners, where fieldgate is concerned.
pub(super) fn listeners(
    dump: &Dump,
    stats: &Stats,
    filters: &mut [Filter],
) -> Result<Vec<Finding>, Unreadable> {
    let mut findings = Vec::new();
    for Refused { listener, details, chains } in &dump.refused {
        let mut plugins = Vec::new();
        for filter in chains.iter().flat_map(|chain| &chain.filters) {
            if let Some(any) = &filter.typed_config {
                plugins.extend(Plugin::read(&filter.name, any)?);
            }
        }
        if plugins.is_empty() && !filters.iter().any(|filter| filter.listener == *listener) {
            continue;
        }
        let fault = plugins.into_iter().find_map(|plugin| match plugin.configuration {
            Configuration::Invalid { why, policy: _ } => Some(why),
            Configuration::Valid(_) => None,
        });
        let why = fault.unwrap_or_else(|| with_reasons(details, stats));
        let there = dump.listeners.iter().any(|one| one.name == *listener);
        let help = match there {
            true => "what was there before stays in force until a good push comes",
            false => "there is no such listener until a good push comes",
        };
        let message = format!("the last push was refused: {why}");
        findings.push(Finding::of(listener, Code::PushRefused, message).help(help));
        let concerned = |one: &&mut Filter| one.listener == *listener && one.origin == Origin::Lds;
        for filter in filters.iter_mut().filter(concerned) {
            filter.refused = Some(why.clone());
        }
    }
    Ok(findings)
}

/// Refused pushes that Envoy has counted, and that it does not show.
pub(super) fn before(dump: &Dump, stats: &Stats, filters: &[Filter]) -> Vec<Finding> {
    let finding = |what: &str, count: Option<u64>| {
        let count = count.filter(|count| *count > 0)?;
        let pushes = if count == 1 { "1 push".to_owned() } else { format!("{count} pushes") };
        let message = format!("Envoy has refused {pushes} of {what} before, and shows none now");
        Some(Finding::anywhere(Code::RefusedBefore, with_reasons(&message, stats)))
    };
    let mut findings = Vec::new();
    if dump.refused.is_empty() {
        findings.extend(finding("listeners", stats.refused_listeners()));
    }
    for filter in filters {
        let Origin::Ecds(name) = &filter.origin else { continue };
        if filter.refused.is_none() {
            let count = stats.refused_extensions(name);
            findings.extend(finding(&format!("the extension `{name}`"), count));
        }
    }
    findings
}

/// Why the filter itself has refused configurations: the best hint where Envoy gives none.
fn with_reasons(text: &str, stats: &Stats) -> String {
    match stats.reasons() {
        Some(reasons) => format!("{text} (so far the filter has refused: {reasons})"),
        None => text.to_owned(),
    }
}
