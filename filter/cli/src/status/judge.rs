//! Dump and stats -> fieldgate's filters, what each enforces, and what is wrong.

use super::dump::{Any, Chain, Dump, Extension, HttpFilter, Listener, type_name};
use super::finding::{Code, Finding};
use super::plugin::{Configuration, Plugin, WASM, is_our_name};
use super::stats::{Reloads, Stats, same};
use super::{Filter, InForce, Origin, State, Unreadable, pushes, surroundings};

/// Judges all that an Envoy has.
pub(super) fn judge(dump: &Dump, stats: &Stats) -> Result<(Vec<Filter>, Vec<Finding>), Unreadable> {
    let (mut filters, mut findings) = (Vec::new(), Vec::new());
    for listener in &dump.listeners {
        for chain in &listener.chains {
            for (at, filter) in chain.filters.iter().enumerate() {
                let Some(place) = place(dump, filter)? else { continue };
                let found = find(listener, chain, filter, &place);
                let (found, more) = enforced(found, place, stats);
                findings.extend(more);
                findings.extend(surroundings::judge(&found, chain, at, dump)?);
                filters.push(found);
            }
        }
    }
    findings.extend(pushes::extensions(stats, &mut filters));
    findings.extend(pushes::listeners(dump, stats, &mut filters)?);
    findings.extend(pushes::before(dump, stats, &filters));
    findings.extend(enforced_elsewhere(stats, &filters));
    findings.extend(traps(stats, &filters));
    if filters.is_empty() {
        let help = "ask another Envoy, or push what `fieldgate build` writes";
        let none = Finding::anywhere(Code::NoFilter, "no listener has a fieldgate filter");
        findings.push(none.help(help));
    }
    filters.sort_by(|a, b| (&a.listener, a.state).cmp(&(&b.listener, b.state)));
    findings.sort_by_key(Finding::order);
    findings.dedup();
    Ok((filters, findings))
}

/// Where a filter's configuration is.
enum Place<'a> {
    /// In the listener: Envoy has taken it.
    Here(Plugin),
    /// It was the last one to come by extension discovery, taken or not.
    Extension(&'a str, Plugin, &'a Extension),
    /// It has not come, or something else has.
    Nowhere { instead: Option<&'a str> },
}

/// None if the filter is not fieldgate's.
fn place<'a>(dump: &'a Dump, filter: &'a HttpFilter) -> Result<Option<Place<'a>>, Unreadable> {
    let here = |any: &Any| Ok(Plugin::read(&filter.name, any)?.map(Place::Here));
    let Some(discovery) = &filter.config_discovery else {
        return filter.typed_config.as_ref().map_or(Ok(None), here);
    };
    let extension = dump.extensions.get(&filter.name);
    let came = extension.and_then(|extension| Some((extension, extension.configuration.as_ref()?)));
    let instead = match came {
        None => match &discovery.default_config {
            Some(any) => return here(any),
            None => None,
        },
        Some((extension, any)) => {
            if let Some(plugin) = Plugin::read(&filter.name, any)? {
                return Ok(Some(Place::Extension(&filter.name, plugin, extension)));
            }
            Some(any.kind())
        }
    };
    let awaited = discovery.type_urls.iter().any(|url| type_name(url) == WASM);
    let ours = awaited && instead != Some(WASM) && is_our_name(&filter.name);
    Ok(ours.then_some(Place::Nowhere { instead }))
}

fn find(listener: &Listener, chain: &Chain, filter: &HttpFilter, place: &Place<'_>) -> Filter {
    let plugin = match place {
        Place::Here(plugin) | Place::Extension(_, plugin, _) => &plugin.name,
        Place::Nowhere { instead: _ } => &filter.name,
    };
    Filter {
        listener: listener.name.clone(),
        chain: (listener.chains.len() > 1).then(|| chain.name.clone()),
        state: listener.state,
        origin: match filter.config_discovery {
            Some(_) => Origin::Ecds(filter.name.clone()),
            None => listener.origin.clone(),
        },
        plugin: plugin.clone(),
        refused: None,
        in_force: None,
    }
}

/// What a filter enforces, and how Envoy runs it.
fn enforced(found: Filter, place: Place<'_>, stats: &Stats) -> (Filter, Vec<Finding>) {
    let at = |code, message| Finding::at(&found, code, message);
    match place {
        Place::Nowhere { instead: None } => {
            let message = format!("no configuration has come for the extension `{}`", found.plugin);
            let missing = at(Code::ConfigurationMissing, message);
            (found, vec![missing.help("Envoy answers 500 until one comes")])
        }
        Place::Nowhere { instead: Some(kind) } => {
            let name = &found.plugin;
            let message = format!("the extension `{name}` is `{kind}` instead of the filter");
            let missing = at(Code::ConfigurationMissing, message);
            (found, vec![missing])
        }
        Place::Extension(name, plugin, extension) => {
            match pushes::refusal(name, &plugin, extension, stats) {
                None => taken(found, &plugin, stats),
                // What is in force is not what came last: `pushes` finds out.
                refused => (Filter { refused, ..found }, Vec::new()),
            }
        }
        Place::Here(plugin) => taken(found, &plugin, stats),
    }
}

/// A configuration that Envoy has taken.
fn taken(found: Filter, plugin: &Plugin, stats: &Stats) -> (Filter, Vec<Finding>) {
    let at = |code, message| Finding::at(&found, code, message);
    let mut findings = Vec::new();
    let in_force = match &plugin.configuration {
        Configuration::Valid(policy) if found.state == State::Active && stats.deny(policy) => {
            let message = format!("no thread enforces {policy}");
            let help = "Envoy's log says why: look for `wasm`";
            findings.push(at(Code::NotEnforced, message).help(help));
            None
        }
        Configuration::Valid(policy) => Some(policy.clone()),
        Configuration::Invalid { why, policy: Some(policy) } if stats.confirm(policy) => {
            let message = format!("this fieldgate cannot read what the filter enforces: {why}");
            let help = "ask with the `fieldgate` of the filter's version";
            findings.push(at(Code::OtherVersion, message).help(help));
            Some(policy.clone())
        }
        Configuration::Invalid { why, policy: _ } => {
            let message = format!("the filter has nothing that it could enforce: {why}");
            let help = "push what `fieldgate build` writes";
            findings.push(at(Code::ConfigurationInvalid, message).help(help));
            None
        }
    };
    let found = Filter { in_force, ..found };
    findings.extend(surroundings::flags(&found, plugin));
    (found, findings)
}

/// Policies that the filter tells of, and that are those of no listener shown.
fn enforced_elsewhere(stats: &Stats, filters: &[Filter]) -> Vec<Finding> {
    // One of them may be what a refused push has left: it is named there.
    let unknown = |one: &Filter| one.refused.is_some() && one.in_force.is_none();
    if filters.iter().any(unknown) {
        return Vec::new();
    }
    let finding = |told: &InForce| {
        let message = format!("{told} is enforced too, and no listener shows it");
        let help = "connections that were there before a push keep what they have";
        Finding::anywhere(Code::AlsoEnforced, message).help(help)
    };
    let shown: Vec<&InForce> = filters.iter().filter_map(|one| one.in_force.as_ref()).collect();
    let told = stats.enforced().filter(|told| !shown.iter().any(|policy| same(told, policy)));
    told.map(finding).collect()
}

fn traps(stats: &Stats, filters: &[Filter]) -> Vec<Finding> {
    let finding = |filter: &Filter| {
        let plugin = &filter.plugin;
        let Reloads { success, failure, backoff } = stats.reloads(plugin);
        let message = format!(
            "the filter trapped: `wasm.{plugin}.vm_reload_success` is {success}, \
             `vm_reload_failure` {failure}, `vm_reload_backoff` {backoff}"
        );
        let help = "requests got 503, `wasm_fail_stream`; Envoy's log has the reason";
        let trapped = (success, failure, backoff) != (0, 0, 0);
        trapped.then(|| Finding::anywhere(Code::Trapped, message).help(help))
    };
    filters.iter().filter_map(finding).collect()
}
