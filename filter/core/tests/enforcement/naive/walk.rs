//! The selections of a request in the order of the document, on each object type that they can be
//! asked of (GraphQL spec 5.3, 5.4, 5.5).

use std::collections::BTreeSet;

use super::access::{Asked, Given};
use super::fits::{self, Found};
use super::{Touch, What};
use crate::random::case::Case;
use crate::random::policy::Rule;
use crate::random::request::{Operand, Operation, Request, Selection, What as Selected};
use crate::random::schema::{Field, Name};
use crate::random::value::Value;

pub(super) struct Walk<'w> {
    case: &'w Case,
    asked: &'w Asked<'w>,
    pub(super) touched: Vec<Touch>,
    pub(super) executed: BTreeSet<String>,
    pub(super) reached: BTreeSet<usize>,
}

/// Where a selection set stands: the type that is written, the objects that a value can be there,
/// and the outermost selection around it that is switched off.
#[derive(Clone)]
struct Place {
    parent: Name,
    possible: BTreeSet<Name>,
    off: Option<usize>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(case: &'w Case, asked: &'w Asked<'w>) -> Self {
        let (touched, executed, reached) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        Self { case, asked, touched, executed, reached }
    }

    /// What every operation needs.
    pub(super) fn floor(&mut self) {
        if let Some(rule) = &self.case.policy.floor {
            self.coordinate("*".to_owned(), rule, None, "floor_denied", None);
        }
    }

    pub(super) fn operation(&mut self, operation: &Operation) {
        let parent = operation.root();
        let place = Place { parent, possible: BTreeSet::from([parent]), off: None };
        self.set(&operation.below, &place);
    }

    fn set(&mut self, set: &[Selection], place: &Place) {
        for selection in set {
            let off = off_at(&self.case.request, selection, place.off);
            let place = Place { off, ..place.clone() };
            match &selection.what {
                Selected::Field { name, arguments, .. } => {
                    self.field(name, arguments, &selection.below, place);
                }
                Selected::Inline(None) => self.set(&selection.below, &place),
                Selected::Inline(Some(on)) => self.fragment(on, &selection.below, place),
                Selected::Spread(at) => {
                    self.reached.insert(*at);
                    let fragment = &self.case.request.fragments[*at];
                    self.fragment(fragment.on, &fragment.below, place);
                }
            }
        }
    }

    fn fault(&mut self, code: &'static str, off: Option<usize>) {
        self.touched.push(Touch { what: What::Fault(code), off });
    }

    /// What has this rule, and this code if that denies it.
    fn coordinate(
        &mut self,
        name: String,
        rule: &Rule,
        given: Option<Given<'_>>,
        code: &'static str,
        off: Option<usize>,
    ) {
        let denial = self.asked.denial(rule, given).map(|denial| (denial.code(code), denial));
        self.touched.push(Touch { what: What::Coordinate(name, denial), off });
    }

    /// What stands in a value.
    pub(super) fn found(&mut self, found: Found, off: Option<usize>) {
        match found {
            Found::Fault(code) => self.fault(code, off),
            Found::Input(coordinate) => {
                if let Some(rule) = self.case.policy.inputs.get(&coordinate) {
                    self.coordinate(coordinate, rule, None, "input_denied", off);
                }
            }
        }
    }

    fn fragment(&mut self, on: Name, below: &[Selection], place: Place) {
        let Place { parent, possible, off } = place;
        let schema = &self.case.schema;
        let objects = schema.possible(on);
        if schema.is_leaf(on) || objects.is_empty() {
            return self.fault("unknown_type", off);
        }
        if schema.possible(parent).is_disjoint(&objects) {
            return self.fault("fragment_impossible", off);
        }
        let mut left: BTreeSet<Name> = possible.intersection(&objects).copied().collect();
        // No value is of this type and of those around it at once: decided as if one were.
        if left.is_empty() {
            left = objects;
        }
        self.set(below, &Place { parent: on, possible: left, off });
    }

    fn field(&mut self, name: Name, given: &[(Name, Value)], below: &[Selection], place: Place) {
        let Place { parent, possible, off } = place;
        let case = self.case;
        if name == "__typename" {
            return match (given.is_empty(), below.is_empty()) {
                (true, true) => self.reach(&possible, off),
                (true, false) => self.fault("selection_invalid", off),
                (false, _) => self.fault("unknown_argument", off),
            };
        }
        let Some(field) = case.schema.field(parent, name) else {
            return self.fault("unknown_field", off);
        };
        let takes = |name: &Name| field.arguments.iter().any(|argument| argument.name == *name);
        if !given.iter().all(|(name, _)| takes(name)) {
            return self.fault("unknown_argument", off);
        }
        let returned = field.returns.named();
        if case.schema.is_leaf(returned) != below.is_empty() {
            return self.fault("selection_invalid", off);
        }
        let own = |object: &Name| -> (Name, &'w Field) {
            (object, case.schema.field(object, name).expect("what the interface has"))
        };
        let own: Vec<(Name, &Field)> = possible.iter().map(own).collect();
        for (object, own) in &own {
            let coordinate = format!("{object}.{name}");
            if off.is_none() {
                self.executed.insert(coordinate.clone());
            }
            let given = Some((*own, given));
            let rule = &case.policy.fields[&coordinate];
            self.coordinate(coordinate, rule, given, "field_denied", off);
        }
        self.arguments(field, &own, given, off);
        if !below.is_empty() {
            let possible =
                own.iter().flat_map(|(_, own)| case.schema.possible(own.returns.named()));
            let possible = possible.collect();
            self.set(below, &Place { parent: returned, possible, off });
        }
    }

    /// What a field is given: each argument, then what is in its value; what is missing, last.
    fn arguments(
        &mut self,
        field: &Field,
        own: &[(Name, &Field)],
        given: &[(Name, Value)],
        off: Option<usize>,
    ) {
        let case = self.case;
        for (name, value) in given {
            if fits::is_given(case, value) {
                for (object, own) in own {
                    let coordinate = format!("{object}.{}({name}:)", field.name);
                    if let Some(rule) = case.policy.inputs.get(&coordinate) {
                        let given = Some((*own, given));
                        self.coordinate(coordinate, rule, given, "input_denied", off);
                    }
                }
            }
            let argument = field.arguments.iter().find(|argument| argument.name == *name);
            let argument = argument.expect("it takes all that are given");
            for found in fits::literal(case, value, &argument.ty, argument.default.is_some()) {
                self.found(found, off);
            }
        }
        let is_missing = |name: Name| given.iter().all(|(given, _)| *given != name);
        if field.arguments.iter().any(|one| one.is_required() && is_missing(one.name)) {
            self.fault("argument_missing", off);
        }
    }

    /// `__typename` tells that these were reached.
    fn reach(&mut self, possible: &BTreeSet<Name>, off: Option<usize>) {
        for object in possible {
            if let Some(rule) = self.case.policy.types.get(*object) {
                self.coordinate((*object).to_owned(), rule, None, "type_denied", off);
            }
        }
    }
}

/// The outermost selection that is switched off, this one included.
pub(super) fn off_at(
    request: &Request,
    selection: &Selection,
    outer: Option<usize>,
) -> Option<usize> {
    let stays = selection.tests.iter().all(|test| {
        let value = match test.operand {
            Operand::Literal(value) => value,
            Operand::Variable(at) => {
                let variable = &request.variables[at];
                let value = variable.given.as_ref().or(variable.default.as_ref());
                value == Some(&Value::Boolean(true))
            }
        };
        value == test.stays_when
    });
    outer.or((!stays).then_some(selection.id))
}
