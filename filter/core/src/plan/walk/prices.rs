//! The part of the walk that is about what fields cost.

use crate::document::{Field, Value, ValueKind};
use crate::json::{Json, MAX_DEPTH};
use crate::plan::cost::{Amount, Charge, Charges, Count, Items, Price, Size, Step, amount_of};
use crate::plan::types::Found;
use crate::plan::variables::VariableId;
use crate::plan::{ConditionId, arguments::Names};
use crate::policy::cost::{Costs, ListSize};
use crate::policy::schema::{InputDef, InputId, Schema, TypeKind, TypeRef};

use super::Walk;

/// The field that others are under.
#[derive(Clone, Copy)]
pub(super) struct Outer<'s> {
    charge: usize,
    price: usize,
    /// What is said of lists below it.
    sizes: Option<&'s ListSize>,
}

impl<'s, 'd, 'a> Walk<'s, 'd, 'a> {
    /// Notes what a field costs; none where nothing asks.
    pub(super) fn charge(
        &mut self,
        field: &'d Field<'a>,
        found: &Found<'s>,
        outer: Option<Outer<'s>>,
        condition: Option<ConditionId>,
    ) -> Option<Outer<'s>> {
        let costs = self.policy.costs()?;
        let size = costs.list(found.on_parent);
        let start = field.span.start;
        let known = if self.is_in_fragment() { self.priced.get(&start) } else { None };
        let price = match known {
            Some(price) => *price,
            None => {
                let price = self.price(field, found, costs, size);
                let prices = &mut self.plan.charges.get_or_insert_default().prices;
                let at = prices.len();
                prices.push(price);
                if self.is_in_fragment() {
                    self.priced.insert(start, at);
                }
                at
            }
        };
        let sizing = outer.filter(|outer| {
            let sizes = outer.sizes.is_some_and(|sizes| sizes.sizes(field.name.text));
            sizes && found.definition.returns.is_list()
        });
        let Charges { charges, .. } = self.plan.charges.get_or_insert_default();
        let (parent, sized_by) =
            (outer.map(|outer| outer.charge), sizing.map(|sizing| sizing.price));
        charges.push(Charge { parent, condition, price, sized_by });
        let charge = charges.len().saturating_sub(1);
        Some(Outer { charge, price, sizes: size.filter(|size| !size.sized.is_empty()) })
    }

    /// What the default values of the variables have in them.
    pub(super) fn price_defaults(&mut self) {
        let Some(costs) = self.policy.costs() else { return };
        let pricing = Pricing { walk: self, costs, schema: self.policy.schema() };
        let of = |(at, variable): (usize, &crate::document::VariableDefinition<'_>)| {
            let ty = pricing.walk.plan.variables.get(at)?.ty?;
            // A constant: there are no variables in it.
            Some(pricing.literal(variable.default.as_ref()?, ty, 0, &mut Vec::new()))
        };
        let defaults = self.operation.variables.iter().enumerate().map(of).collect();
        let fields = self.plan.path.capacity();
        let (charges, prices) = (Vec::with_capacity(fields), Vec::with_capacity(fields));
        self.plan.charges = Some(Charges { charges, prices, defaults });
    }

    fn price(
        &self,
        field: &Field<'a>,
        found: &Found<'s>,
        costs: &Costs,
        size: Option<&ListSize>,
    ) -> Price {
        let schema = self.policy.schema();
        let pricing = Pricing { walk: self, costs, schema };
        let Found { on_parent, definition, .. } = found;
        let (mut given, mut variables) = (0_u64, Vec::new());
        for argument in &field.arguments {
            let Some(def) = schema.argument(definition, argument.name.text) else { continue };
            let weight = costs.of_input(InputId::Argument(*on_parent, def.at), &def, schema);
            let items = pricing.literal(&argument.value, def.ty, weight, &mut variables);
            given = given.saturating_add(items.at(weight));
        }
        let count = match size {
            Some(size) if size.sized.is_empty() => Count::Sized,
            Some(_) | None if definition.returns.is_list() => Count::Fixed(costs.list_size),
            Some(_) | None => Count::Fixed(1),
        };
        let size = size.map(|size| Size {
            amounts: size
                .slicing
                .iter()
                .filter_map(|path| pricing.amount(field, found, path))
                .collect(),
            otherwise: size.assumed,
            least: size.least,
        });
        let weight = costs.of_field(*on_parent, definition, schema);
        Price { weight, given, variables, size, count }
    }
}

struct Pricing<'w, 's, 'd, 'a> {
    walk: &'w Walk<'s, 'd, 'a>,
    costs: &'w Costs,
    schema: &'w Schema,
}

impl<'a> Pricing<'_, '_, '_, 'a> {
    /// What is in a value of this type. Its variables are noted, each with the weight of its items.
    fn literal(
        &self,
        value: &Value<'a>,
        ty: TypeRef,
        weight: u32,
        variables: &mut Vec<(VariableId, u32)>,
    ) -> Items {
        match (&value.kind, ty.item()) {
            (ValueKind::Variable(name), _) => {
                // One that is not defined has been refused.
                let at = self.names().position(name.text);
                variables.extend(at.map(|at| (VariableId::new(at), weight)));
                Items::default()
            }
            (ValueKind::List(items), Some(item)) => items
                .iter()
                .map(|one| self.literal(one, item, weight, variables))
                .fold(Items::default(), Items::and),
            (ValueKind::Object(members), item) => {
                let named = item.unwrap_or(ty).named;
                let def = self.schema.type_def(named);
                let def = def.filter(|def| matches!(def.kind, TypeKind::Input | TypeKind::OneOf));
                let Some(def) = def else { return Items::one(0) };
                let mut cost = 0_u64;
                for given in members {
                    let Some(member) = self.schema.member(&def, given.name.text) else { continue };
                    let id = InputId::Member(named, member.at);
                    let weight = self.costs.of_input(id, &member, self.schema);
                    let items = self.literal(&given.value, member.ty, weight, variables);
                    cost = cost.saturating_add(items.at(weight));
                }
                Items::one(cost)
            }
            (
                ValueKind::Int
                | ValueKind::Float
                | ValueKind::String
                | ValueKind::BlockString
                | ValueKind::Boolean(_)
                | ValueKind::Null
                | ValueKind::Enum
                | ValueKind::List(_),
                _,
            ) => Items::one(0),
        }
    }

    /// What an argument, or something in it, says of a list's size; none if it can say nothing.
    fn amount(&self, field: &Field<'a>, found: &Found<'_>, path: &[Box<str>]) -> Option<Amount> {
        let (name, rest) = path.split_first()?;
        let def = self.schema.argument(&found.definition, name)?;
        match field.arguments.iter().find(|given| *given.name.text == **name) {
            Some(given) => self.said(&given.value, &def, rest),
            None => self.by_default(&def, rest).map(Amount::Known),
        }
    }

    fn said(&self, value: &Value<'a>, def: &InputDef<'_>, path: &[Box<str>]) -> Option<Amount> {
        match (&value.kind, path.split_first()) {
            (ValueKind::Variable(name), _) => {
                let at = self.names().position(name.text)?;
                let own = self.walk.operation.variables.get(at)?.default.as_ref();
                let unset = match own {
                    Some(value) => self.said(value, def, path).and_then(Amount::known),
                    None => self.by_default(def, path),
                };
                let path = self.steps(def, path)?;
                Some(Amount::Variable { id: VariableId::new(at), path, unset })
            }
            (ValueKind::Int, None) => {
                let text = value.span.text(self.walk.source)?;
                text.parse().ok().map(Amount::Known)
            }
            (ValueKind::Object(members), Some((name, rest))) => {
                let of = self.schema.type_def(def.ty.named)?;
                let member = self.schema.member(&of, name)?;
                match members.iter().find(|given| *given.name.text == **name) {
                    Some(given) => self.said(&given.value, &member, rest),
                    None => self.by_default(&member, rest).map(Amount::Known),
                }
            }
            (_, _) => None,
        }
    }

    /// What a default of the schema says.
    fn by_default(&self, def: &InputDef<'_>, path: &[Box<str>]) -> Option<i64> {
        self.within(&Json::read(def.default?, MAX_DEPTH).ok()?, def, path)
    }

    /// What a constant says; its members have defaults too.
    fn within(&self, json: &Json<'_>, def: &InputDef<'_>, path: &[Box<str>]) -> Option<i64> {
        let Some((name, rest)) = path.split_first() else { return amount_of(json) };
        json.as_object()?;
        let member = self.schema.member(&self.schema.type_def(def.ty.named)?, name)?;
        match json.member(name) {
            Some(given) => self.within(given, &member, rest),
            None => self.by_default(&member, rest),
        }
    }

    /// A path into a value that is not known yet.
    fn steps(&self, def: &InputDef<'_>, path: &[Box<str>]) -> Option<Vec<Step>> {
        let (mut ty, mut rest) = (def.ty, path);
        let mut steps = Vec::with_capacity(path.len());
        while let Some((name, deeper)) = rest.split_first() {
            let member = self.schema.member(&self.schema.type_def(ty.named)?, name)?;
            steps.push((name.clone(), self.by_default(&member, deeper)));
            (ty, rest) = (member.ty, deeper);
        }
        Some(steps)
    }

    fn names(&self) -> &Names<'_, 'a> {
        &self.walk.names
    }
}
