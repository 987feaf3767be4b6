//! What an operation costs (IBM GraphQL Cost Directives): each field as many times as the lists above
//! it have items, and what it is given.
//!
//! A plan keeps what every field costs and what depends on the request: a list that a variable sizes,
//! an input object in a variable, a selection that is switched off. The rest is one pass from the
//! leaves to the root for each request. It is an upper bound: fragments on types that exclude each
//! other are added up, and so is a field that is asked for twice.

use std::collections::BTreeMap;

use crate::json::Json;
use crate::limits::MOST_COST;
use crate::policy::Policy;
use crate::policy::cost::Costs;
use crate::policy::schema::{InputId, Schema, TypeKind, TypeRef};

use super::variables::VariableId;
use super::{ConditionId, Included, Plan};

/// The fields of an operation, and what each costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charges {
    /// Each field where it is executed, after the field that it is under.
    pub(super) charges: Vec<Charge>,
    /// One for each field as it is written.
    pub(super) prices: Vec<Price>,
    /// What the default values of the variables have in them.
    pub(super) defaults: Vec<Option<Items>>,
}

/// A field where it is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    /// The field that it is under, by its place among the charges.
    pub(super) parent: Option<usize>,
    pub(super) condition: Option<ConditionId>,
    /// Its place among the prices.
    pub(super) price: usize,
    /// The price that sizes its list in place of its own.
    pub(super) sized_by: Option<usize>,
}

/// What a field costs as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Price {
    /// Of each item.
    pub(super) weight: u32,
    /// Of what it is given whatever the request has.
    pub(super) given: u64,
    /// The variables that it is given, each with the weight of its items.
    pub(super) variables: Vec<(VariableId, u32)>,
    /// What is said of a list: of the field itself, if it is not of fields below it.
    pub(super) size: Option<Size>,
    pub(super) count: Count,
}

/// How many items a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// So many.
    Fixed(u32),
    /// What its own `size` says.
    Sized,
}

/// How many items a list has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// What arguments say: the largest counts.
    pub(super) amounts: Vec<Amount>,
    /// Where none of them says.
    pub(super) otherwise: u32,
    /// No fewer than so many.
    pub(super) least: u32,
}

/// What an argument says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// It is a literal, or a default of the schema.
    Known(i64),
    /// It is in a variable.
    Variable {
        id: VariableId,
        /// Where in its value.
        path: Vec<Step>,
        /// If the variable has no value in the request.
        unset: Option<i64>,
    },
}

/// A member of an input object, and what its default says of what is looked for, where there is no
/// such member.
pub(super) type Step = (Box<str>, Option<i64>);

/// What a value has in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// It, or the items of a list.
    pub(super) count: u64,
    /// What the fields of its input objects cost.
    pub(super) inner: u64,
}

impl Charges {
    pub(super) fn shrink(&mut self) {
        self.charges.shrink_to_fit();
        self.prices.shrink_to_fit();
    }

    /// About how much memory they take.
    pub(super) fn bytes(&self) -> usize {
        let Self { charges, prices, defaults } = self;
        let inner = |price: &Price| {
            let amounts = price.size.iter().flat_map(|size| &size.amounts).map(Amount::bytes);
            amounts.fold(size_of_val(&*price.variables), usize::saturating_add)
        };
        let lists = [size_of_val(&**charges), size_of_val(&**prices), size_of_val(&**defaults)];
        let lists = lists.into_iter().chain(prices.iter().map(inner));
        lists.fold(0, usize::saturating_add)
    }
}

impl Amount {
    /// What it says, whatever the request has.
    pub(super) fn known(self) -> Option<i64> {
        match self {
            Self::Known(amount) => Some(amount),
            Self::Variable { .. } => None,
        }
    }

    fn bytes(&self) -> usize {
        let inner = match self {
            Self::Known(_) => 0,
            Self::Variable { path, .. } => size_of_val(&**path),
        };
        inner.saturating_add(size_of::<Self>())
    }
}

impl Items {
    pub(super) fn one(inner: u64) -> Self {
        Self { count: 1, inner }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            inner: self.inner.saturating_add(other.inner),
        }
    }

    /// Each at this weight.
    pub(super) fn at(self, weight: u32) -> u64 {
        times(self.count, weight.into()).saturating_add(self.inner)
    }
}

impl Plan {
    /// What the operation costs in a request that has this for each of the plan's variables; none
    /// under a policy that does not ask.
    #[must_use]
    pub fn cost(
        &self,
        policy: &Policy,
        included: &Included,
        given: &[Option<&Json<'_>>],
    ) -> Option<u64> {
        let (charges, costs) = (self.charges.as_ref()?, policy.costs()?);
        let schema = policy.schema();
        let mut request =
            Request { plan: self, charges, costs, schema, given, known: BTreeMap::new() };
        let items: Vec<Option<Items>> =
            (0..self.variables.len()).map(|at| request.items(at)).collect();
        let prices: Vec<Paid> =
            charges.prices.iter().map(|price| request.price(price, &items)).collect();
        let (mut total, mut below) = (0_u64, Vec::new());
        below.resize(charges.charges.len(), 0_u64);
        for (at, charge) in charges.charges.iter().enumerate().rev() {
            if !included.includes(charge.condition) {
                continue;
            }
            let Paid { given, each, own, .. } = *prices.get(charge.price)?;
            let count = match charge.sized_by {
                Some(price) => prices.get(price)?.sized,
                None => own,
            };
            let item = each.saturating_add(*below.get(at)?);
            let sum = given.saturating_add(times(count, item));
            let of = match charge.parent {
                // INVARIANT: a field comes after the one that it is under.
                Some(parent) => below.get_mut(parent)?,
                None => &mut total,
            };
            *of = of.saturating_add(sum);
        }
        Some(total.min(MOST_COST))
    }
}

struct Request<'r> {
    plan: &'r Plan,
    charges: &'r Charges,
    costs: &'r Costs,
    schema: &'r Schema,
    given: &'r [Option<&'r Json<'r>>],
    /// What is in variables, each looked up once: an object may have many members.
    known: BTreeMap<(VariableId, &'r [Step]), Option<i64>>,
}

/// What a field costs in a request.
#[derive(Clone, Copy)]
struct Paid {
    /// What it is given.
    given: u64,
    /// Each of its items.
    each: u64,
    /// How many it has,
    own: u64,
    /// and the fields below have that it sizes.
    sized: u64,
}

impl<'r> Request<'r> {
    /// What a variable has in it; none if it has no value.
    fn items(&self, at: usize) -> Option<Items> {
        let ty = self.plan.variables.get(at)?.ty?;
        match self.given.get(at).copied().flatten() {
            Some(json) => Some(of_json(json, ty, self.costs, self.schema)),
            None => self.charges.defaults.get(at).copied().flatten(),
        }
    }

    fn price(&mut self, price: &'r Price, items: &[Option<Items>]) -> Paid {
        let Price { weight, given, variables, size, count } = price;
        let of = |(id, weight): &(VariableId, u32)| {
            let items = items.get(id.position()).copied().flatten();
            items.map_or(0, |items| items.at(*weight))
        };
        let given = variables.iter().map(of).fold(*given, u64::saturating_add);
        let sized = size.as_ref().map_or(1, |size| self.size(size));
        let own = match count {
            Count::Fixed(count) => (*count).into(),
            Count::Sized => sized,
        };
        Paid { given, each: (*weight).into(), own, sized }
    }

    fn size(&mut self, size: &'r Size) -> u64 {
        let said = size.amounts.iter().filter_map(|amount| match amount {
            Amount::Known(amount) => Some(*amount),
            Amount::Variable { id, path, unset } => self.said(*id, path).unwrap_or(*unset),
        });
        // Below zero a server may take the last ones, or what it takes where nothing is said.
        let otherwise = u64::from(size.otherwise);
        let items = said.map(|amount| match amount.unsigned_abs() {
            items if amount < 0 => items.max(otherwise),
            items => items,
        });
        items.max().unwrap_or(otherwise).max(size.least.into())
    }

    /// What a variable says; none if it has no value.
    fn said(&mut self, id: VariableId, path: &'r [Step]) -> Option<Option<i64>> {
        let json = self.given.get(id.position()).copied().flatten()?;
        Some(*self.known.entry((id, path)).or_insert_with(|| said(json, path)))
    }
}

/// What a value says at a path into it. A null on the way says nothing: no default stands in for it.
fn said(json: &Json<'_>, path: &[Step]) -> Option<i64> {
    let mut at = json;
    for (name, missing) in path {
        at.as_object()?;
        match at.member(name) {
            Some(member) => at = member,
            None => return *missing,
        }
    }
    amount_of(at)
}

/// A number of items.
pub(super) fn amount_of(json: &Json<'_>) -> Option<i64> {
    let number = json.as_number()?;
    // 4.0 is an integer too (spec 3.5.1).
    let whole = || number.to_string().strip_suffix(".0")?.parse().ok();
    number.as_i64().or_else(whole)
}

/// As a saturating product, which needs 128 bits to see whether it overflows.
fn times(one: u64, other: u64) -> u64 {
    if (one | other) >> 32 == 0 { one.wrapping_mul(other) } else { one.saturating_mul(other) }
}

/// What is in a value of this type.
pub(super) fn of_json(json: &Json<'_>, ty: TypeRef, costs: &Costs, schema: &Schema) -> Items {
    match (json, ty.item()) {
        (Json::Array(items), Some(item)) => items
            .iter()
            .map(|one| of_json(one, item, costs, schema))
            .fold(Items::default(), Items::and),
        (Json::Object(members), item) => {
            let ty = item.unwrap_or(ty);
            let Some(def) = schema.type_def(ty.named) else { return Items::one(0) };
            if !matches!(def.kind, TypeKind::Input | TypeKind::OneOf) {
                return Items::one(0);
            }
            let cost = |name: &str, value: &Json<'_>| {
                let member = schema.member(&def, name)?;
                let id = InputId::Member(ty.named, member.at);
                let weight = costs.of_input(id, &member, schema);
                Some(of_json(value, member.ty, costs, schema).at(weight))
            };
            let costs = members.iter().filter_map(|(name, value)| cost(name, value));
            Items::one(costs.fold(0, u64::saturating_add))
        }
        (_, _) => Items::one(0),
    }
}
