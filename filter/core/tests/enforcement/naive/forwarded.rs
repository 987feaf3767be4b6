//! The text that has to be forwarded, cut out of the request's by what its parts are.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Expected;
use crate::random::print::Printed;
use crate::random::request::{Operand, Operation, Request, Selection, What};

/// What stands where every selection of a set was removed.
const PLACEHOLDER: &str = "__typename @include(if: false)";

/// The text that has to be forwarded for a request that is allowed, and the variables it defines.
pub(crate) fn forwarded(
    request: &Request,
    printed: &Printed,
    expected: &Expected,
) -> (String, BTreeSet<usize>) {
    let defined = &printed.variables[request.chosen];
    let whole = request.operations.len() == 1 && expected.reached.len() == request.fragments.len();
    if whole && expected.removed.is_empty() {
        return (printed.text.clone(), defined.iter().map(|(at, _)| *at).collect());
    }
    let operation = &request.operations[request.chosen];
    let kept = Kept::of(request, operation, &expected.removed);
    let mut texts = vec![printed.roots[request.chosen].clone()];
    texts.extend(kept.fragments.iter().map(|at| printed.fragments[*at].clone()));

    let definitions = defined.iter().filter(|(at, _)| kept.variables.contains(at));
    let source = |range: Range<usize>| printed.text.get(range).expect("whole characters");
    let definitions: Vec<&str> = definitions.map(|(_, at)| source(at.clone())).collect();
    let mut text = format!("{} {}", operation.kind, operation.name.unwrap_or(""));
    if !definitions.is_empty() {
        text += &format!("({})", definitions.join(" "));
    }
    text.push(' ');
    for (number, range) in texts.into_iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let mut from = range.start;
        let mut cuts: Vec<_> =
            kept.cuts.iter().map(|(id, by)| (printed.selections[*id].clone(), *by)).collect();
        cuts.retain(|(cut, _)| range.start <= cut.start && cut.end <= range.end);
        cuts.sort_by_key(|(cut, _)| cut.start);
        for (cut, by) in cuts {
            text += source(from..cut.start);
            text += by;
            from = cut.end;
        }
        text += source(from..range.end);
    }
    (text, kept.variables)
}

#[derive(Default)]
struct Kept {
    fragments: BTreeSet<usize>,
    variables: BTreeSet<usize>,
    cuts: Vec<(usize, &'static str)>,
}

/// The variables that an operation uses, in its fragments too.
pub(crate) fn used(request: &Request, operation: &Operation) -> BTreeSet<usize> {
    left(request, operation, &BTreeSet::new())
}

/// The same where these selections are removed.
pub(crate) fn left(
    request: &Request,
    operation: &Operation,
    removed: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    Kept::of(request, operation, removed).variables
}

impl Kept {
    /// What stays of an operation and of the fragments that it then needs.
    fn of(request: &Request, operation: &Operation, removed: &BTreeSet<usize>) -> Self {
        let mut kept = Self::default();
        kept.set(&operation.below, removed);
        let mut done = BTreeSet::new();
        while let Some(at) = kept.fragments.iter().copied().find(|at| !done.contains(at)) {
            done.insert(at);
            kept.set(&request.fragments[at].below, removed);
        }
        kept
    }

    fn set(&mut self, set: &[Selection], removed: &BTreeSet<usize>) {
        let all = set.iter().all(|one| removed.contains(&one.id));
        for (at, one) in set.iter().enumerate() {
            if removed.contains(&one.id) {
                self.cuts.push((one.id, if all && at == 0 { PLACEHOLDER } else { " " }));
                continue;
            }
            for test in &one.tests {
                if let Operand::Variable(at) = test.operand {
                    self.variables.insert(at);
                }
            }
            match &one.what {
                What::Field { arguments, .. } => {
                    self.variables
                        .extend(arguments.iter().flat_map(|(_, value)| value.variables()));
                }
                What::Spread(at) => {
                    self.fragments.insert(*at);
                }
                What::Inline(_) => {}
            }
            self.set(&one.below, removed);
        }
    }
}
