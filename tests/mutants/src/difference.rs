//! Two readers' verdicts -> how often they differ, by class, and whether somebody has explained it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::{Mutant, Mutants};

/// What a reader makes of a token.
#[derive(Debug)]
pub enum Verdict {
    /// With what was read, if that is told.
    Accepted(Option<Reading>),
    /// With a reason.
    Refused(String),
}

/// What a token says that was accepted.
#[derive(Debug, Deserialize)]
pub struct Reading {
    /// The position of the issuer.
    pub issuer: usize,
    /// `sub`.
    pub sub: Value,
    /// The groups, as an array.
    pub groups: Value,
    /// `jti`.
    pub jti: Value,
    /// `exp`; none where a number is too large for JSON.
    pub exp: Option<f64>,
}

impl PartialEq for Reading {
    /// A fraction of a second may be cut off.
    fn eq(&self, other: &Self) -> bool {
        (self.issuer, &self.sub, &self.groups, &self.jti, self.exp.map(f64::floor))
            == (other.issuer, &other.sub, &other.groups, &other.jti, other.exp.map(f64::floor))
    }
}

/// Classes of differences that are meant: a row of `tests/corpus/jwt/exceptions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    refused: Side,
    /// Of the side that refuses.
    reason: String,
    /// What was changed, alone or among others; `*` stands for anything, once.
    labels: Vec<String>,
    why: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Side {
    Here,
    There,
}

/// The rows of a file.
///
/// # Panics
/// It cannot be read.
#[must_use]
pub fn exceptions(file: &str) -> Vec<Exception> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/jwt/exceptions");
    let text = fs::read_to_string(folder.join(file)).expect("a file of exceptions");
    serde_json::from_str(&text).expect("rows")
}

fn fits(pattern: &str, label: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => label.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => label == pattern,
    }
}

/// A label of a row, and how many differences it explains.
struct Explained<'e> {
    row: &'e Exception,
    label: &'e str,
    count: usize,
}

impl Explained<'_> {
    fn explains(&self, refused: Side, reason: &str, label: &str) -> bool {
        self.row.refused == refused
            && self.row.reason == reason
            && label.split(" + ").any(|part| fits(self.label, part))
    }
}

/// Compares, and prints the counts.
///
/// # Panics
/// A difference is in no row, or there is none any more for a label of a row.
pub fn compare(mutants: &Mutants, ours: &[Verdict], theirs: &[Verdict], rows: &[Exception]) {
    assert_eq!((ours.len(), theirs.len()), (mutants.all.len(), mutants.all.len()));
    let mut explained: Vec<Explained<'_>> = Vec::new();
    for row in rows {
        explained.extend(row.labels.iter().map(|label| Explained { row, label, count: 0 }));
    }
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut faults: BTreeMap<String, Vec<&Mutant>> = BTreeMap::new();
    for ((mutant, ours), theirs) in mutants.all.iter().zip(ours).zip(theirs) {
        let label = &mutant.label;
        let mut fault = |class: String| faults.entry(class).or_default().push(mutant);
        let (outcome, refused) = match (ours, theirs) {
            (Verdict::Accepted(ours), Verdict::Accepted(theirs)) => {
                if theirs.is_some() && ours != theirs {
                    fault(format!("{label}: here {ours:?}, there {theirs:?}"));
                }
                ("both accept", None)
            }
            (Verdict::Refused(_), Verdict::Refused(_)) => ("both refuse", None),
            (Verdict::Refused(reason), Verdict::Accepted(_)) => {
                ("refused only here", Some((Side::Here, reason)))
            }
            (Verdict::Accepted(_), Verdict::Refused(reason)) => {
                ("refused only there", Some((Side::There, reason)))
            }
        };
        if let Some((side, reason)) = refused {
            match explained.iter_mut().find(|row| row.explains(side, reason, label)) {
                Some(row) => row.count += 1,
                None => fault(format!("{label}: {outcome}, {reason}")),
            }
        }
        let family = label.split(' ').next().unwrap_or_default();
        *counts.entry((family, outcome)).or_default() += 1;
    }
    for ((family, outcome), count) in &counts {
        println!("{count:>6}  {family}: {outcome}");
    }
    println!("{:>6}  tokens, {} key sets", mutants.all.len(), mutants.sets.len());
    for Explained { row, label, count } in &explained {
        println!("{count:>6}  {:?}: {} ({label}), {}", row.refused, row.reason, row.why);
    }
    for (class, tokens) in &faults {
        println!("{:>6}  {class}, first {}", tokens.len(), tell(mutants, tokens[0]));
    }
    assert!(faults.is_empty(), "{} differences that nobody has explained", faults.len());
    let ended = explained.iter().filter(|explained| explained.count == 0);
    let ended: Vec<_> = ended.map(|ended| (ended.label, &ended.row.why)).collect();
    assert!(ended.is_empty(), "no such differences any more: {ended:?}");
}

/// A token as it can be read, with its key set where that is not the sound one.
fn tell(mutants: &Mutants, mutant: &Mutant) -> String {
    let parts = mutant.token.split('.').take(2).map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part);
        bytes.map_or_else(|_| part.to_owned(), |bytes| bytes.escape_ascii().to_string())
    });
    let parts: Vec<_> = parts.collect();
    let set = if mutant.set == 0 { "" } else { &mutants.sets[mutant.set].text };
    format!("{} of {} {set}", parts.join("."), mutant.token)
}
