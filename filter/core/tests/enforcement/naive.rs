//! A request's meaning -> what has to become of it, worked out the slow and obvious way: fragments
//! are replaced by what they hold, an interface by each of its objects in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::print::Printed;
use crate::request::{Operand, Operation, Request, Selection, VARIABLES, What};
use crate::world::{self, FieldRow, Rule};

/// What a request comes to under a policy for some parties.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// The coordinates that are executed.
    pub(crate) executed: BTreeSet<String>,
    /// Those of them that are not granted.
    pub(crate) denied: BTreeSet<String>,
    /// Whether something would be executed that the schema does not have.
    pub(crate) faulty: bool,
    /// The code of what is refused first, in the order of the document.
    pub(crate) refused: Option<&'static str>,
    /// The selections that are switched off and hold something denied; the outermost ones.
    pub(crate) removed: BTreeSet<usize>,
    /// The fragments that are reached, by their numbers.
    pub(crate) reached: BTreeSet<usize>,
}

impl Expected {
    /// `allow`, or the reason's code.
    pub(crate) fn code(&self) -> &'static str {
        self.refused.unwrap_or("allow")
    }
}

pub(crate) fn expected(
    request: &Request,
    rules: &BTreeMap<String, Rule>,
    parties: &[u64],
) -> Expected {
    let operation = &request.operations[request.chosen];
    let root = if operation.kind == "query" { "Query" } else { "Mutation" };
    let is_granted =
        |coordinate: &str| parties.iter().all(|roles| grants(&rules[coordinate], *roles));
    let mut expected = Expected::default();
    let mut executed = BTreeSet::new();
    execute(request, &operation.below, root, None, &mut executed);
    let place = Place { parent: root, possible: BTreeSet::from([root]), off: None };
    expected.validate(request, &operation.below, &place, &is_granted, &mut executed);
    for (coordinate, off) in executed {
        match (off, is_granted(&coordinate)) {
            (Some(off), false) => {
                expected.removed.insert(off);
            }
            (Some(_), true) => {}
            (None, granted) => {
                if !granted {
                    expected.denied.insert(coordinate.clone());
                }
                expected.executed.insert(coordinate);
            }
        }
    }
    expected
}

fn grants(rule: &Rule, roles: u64) -> bool {
    let Rule { grants, denies } = rule;
    !grants.is_empty()
        && grants.iter().all(|any| any & roles != 0)
        && denies.iter().all(|any| any & roles == 0)
}

/// The outermost selection that is switched off, this one included.
fn off_at(selection: &Selection, outer: Option<usize>) -> Option<usize> {
    let stays = selection.tests.iter().all(|test| {
        let value = match test.operand {
            Operand::Literal(value) => value,
            Operand::Variable(at) => VARIABLES[at].3,
        };
        value == test.stays_when
    });
    outer.or((!stays).then_some(selection.id))
}

/// The field as it is on `parent`, or why it is none there.
fn find(selection: &Selection, parent: &str) -> Result<Option<&'static FieldRow>, &'static str> {
    let What::Field { name, arguments, .. } = &selection.what else { return Ok(None) };
    if *name == "__typename" {
        return match (arguments.is_empty(), selection.below.is_empty()) {
            (true, true) => Ok(None),
            (true, false) => Err("selection_invalid"),
            (false, _) => Err("unknown_argument"),
        };
    }
    let fields = world::row(parent).map_or(&[][..], |row| row.3);
    let field = fields.iter().find(|field| field.0 == *name).ok_or("unknown_field")?;
    if !arguments.iter().all(|(argument, _)| field.1.contains(argument)) {
        return Err("unknown_argument");
    }
    match is_leaf(field.2) == selection.below.is_empty() {
        true => Ok(Some(field)),
        false => Err("selection_invalid"),
    }
}

fn is_leaf(name: &str) -> bool {
    world::row(name).is_none_or(|row| row.1.is_leaf())
}

/// Where a selection set stands: the type that is written, the objects that a value can be there,
/// and the outermost selection around it that is switched off.
struct Place {
    parent: &'static str,
    possible: BTreeSet<&'static str>,
    off: Option<usize>,
}

impl Expected {
    /// Spec section 5, as far as a decision rests on it; by the types that are written. What no
    /// value can reach is executed all the same, on whatever the last type condition names.
    fn validate(
        &mut self,
        request: &Request,
        set: &[Selection],
        place: &Place,
        is_granted: &dyn Fn(&str) -> bool,
        executed: &mut BTreeSet<(String, Option<usize>)>,
    ) {
        for selection in set {
            let off = off_at(selection, place.off);
            let (below, inside) = match &selection.what {
                What::Field { name, .. } => {
                    let field = find(selection, place.parent);
                    let denied = |object: &&str| !is_granted(&format!("{object}.{name}"));
                    if let (Ok(Some(_)), None) = (field, off)
                        && place.possible.iter().any(denied)
                    {
                        self.refused = self.refused.or(Some("field_denied"));
                    }
                    let on = |object: &&'static str| find(selection, object).ok().flatten();
                    let returned = place.possible.iter().filter_map(on);
                    let rows = returned.filter_map(|field| world::row(field.2));
                    let possible = rows.flat_map(world::possible).collect();
                    let inside = field
                        .map(|field| field.map(|field| Place { parent: field.2, possible, off }));
                    (&selection.below, inside)
                }
                What::Inline(None) => {
                    let Place { parent, possible, .. } = place;
                    let possible = possible.clone();
                    (&selection.below, Ok(Some(Place { parent, possible, off })))
                }
                What::Inline(Some(on)) => {
                    let inside = narrow(request, &selection.below, place, on, off, executed);
                    (&selection.below, inside.map(Some))
                }
                What::Spread(at) => {
                    self.reached.insert(*at);
                    let fragment = &request.fragments[*at];
                    let below = &fragment.below;
                    let inside = narrow(request, below, place, fragment.on, off, executed);
                    (below, inside.map(Some))
                }
            };
            match (inside, off) {
                (Ok(Some(inside)), _) => {
                    self.validate(request, below, &inside, is_granted, executed);
                }
                (Ok(None), _) => {}
                (Err(_), Some(off)) => {
                    self.removed.insert(off);
                }
                (Err(fault), None) => {
                    self.faulty = true;
                    self.refused = self.refused.or(Some(fault));
                }
            }
        }
    }
}

/// Where a fragment's selections stand.
fn narrow(
    request: &Request,
    below: &[Selection],
    place: &Place,
    on: &'static str,
    off: Option<usize>,
    executed: &mut BTreeSet<(String, Option<usize>)>,
) -> Result<Place, &'static str> {
    meets(place.parent, on)?;
    let objects: BTreeSet<_> = world::row(on).map(world::possible).into_iter().flatten().collect();
    let mut possible: BTreeSet<_> = place.possible.intersection(&objects).copied().collect();
    if possible.is_empty() {
        objects.iter().for_each(|object| execute(request, below, object, off, executed));
        possible = objects;
    }
    Ok(Place { parent: on, possible, off })
}

/// Whether a value of type `parent` can be of type `on`.
fn meets(parent: &str, on: &str) -> Result<(), &'static str> {
    let row = world::row(on).filter(|row| !row.1.is_leaf()).ok_or("unknown_type")?;
    let objects = world::row(parent).map(world::possible).unwrap_or_default();
    match world::possible(row).iter().any(|one| objects.contains(one)) {
        true => Ok(()),
        false => Err("fragment_impossible"),
    }
}

/// Executes a selection set on one object: which coordinates that touches, and inside of which
/// selection that is switched off.
fn execute(
    request: &Request,
    set: &[Selection],
    object: &'static str,
    off: Option<usize>,
    out: &mut BTreeSet<(String, Option<usize>)>,
) {
    let is = |on: &str| world::row(on).is_some_and(|row| world::possible(row).contains(&object));
    for selection in set {
        let off = off_at(selection, off);
        match &selection.what {
            What::Field { name, .. } => {
                if let Ok(Some(field)) = find(selection, object) {
                    out.insert((format!("{object}.{name}"), off));
                    let returns = world::row(field.2).expect("a type of the table");
                    for next in world::possible(returns) {
                        execute(request, &selection.below, next, off, out);
                    }
                }
            }
            What::Inline(None) => execute(request, &selection.below, object, off, out),
            What::Inline(Some(on)) if is(on) => {
                execute(request, &selection.below, object, off, out);
            }
            What::Spread(at) if is(request.fragments[*at].on) => {
                execute(request, &request.fragments[*at].below, object, off, out);
            }
            What::Inline(Some(_)) | What::Spread(_) => {}
        }
    }
}

/// What stands where every selection of a set was removed.
const PLACEHOLDER: &str = "__typename @include(if: false)";

/// The text that has to be forwarded for a request that is allowed, and the variables it defines.
pub(crate) fn forwarded(
    request: &Request,
    printed: &Printed,
    expected: &Expected,
) -> (String, Vec<&'static str>) {
    let defined = &printed.variables[request.chosen];
    let whole = request.operations.len() == 1 && expected.reached.len() == request.fragments.len();
    if whole && expected.removed.is_empty() {
        return (printed.text.clone(), defined.iter().map(|(name, _)| *name).collect());
    }
    let operation = &request.operations[request.chosen];
    let kept = Kept::of(request, operation, &expected.removed);
    let mut texts = vec![printed.roots[request.chosen].clone()];
    texts.extend(kept.fragments.iter().map(|at| printed.fragments[*at].clone()));

    let definitions = defined.iter().filter(|(name, _)| kept.variables.contains(name));
    let used: Vec<&str> = definitions.clone().map(|(name, _)| *name).collect();
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
    (text, used)
}

#[derive(Default)]
struct Kept {
    fragments: BTreeSet<usize>,
    variables: BTreeSet<&'static str>,
    cuts: Vec<(usize, &'static str)>,
}

/// The variables that an operation uses, in its fragments too.
pub(crate) fn used(request: &Request, operation: &Operation) -> BTreeSet<&'static str> {
    Kept::of(request, operation, &BTreeSet::new()).variables
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
                    self.variables.insert(VARIABLES[at].0);
                }
            }
            match &one.what {
                What::Field { arguments, .. } => {
                    let values = arguments.iter().map(|(_, value)| *value);
                    for name in values.flat_map(variables_in) {
                        self.variables.insert(name);
                    }
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

/// The variables in one of the values that a request can have.
fn variables_in(value: &str) -> &'static [&'static str] {
    match value {
        "$text" => &["text"],
        "[1,{a:true b:$on}]" => &["on"],
        _ => &[],
    }
}
