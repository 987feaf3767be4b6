//! Costs, and what operations may use, on the wire.

use serde::{Deserialize, Serialize};

use super::BlobError;
use super::access::{WireInput, input_of};
use crate::policy::ceiling::{Ceiling, Counter, Mode};
use crate::policy::cost::{Costs, ListSize};
use crate::policy::rules::{RoleSet, RuleId};
use crate::policy::schema::FieldId;

#[derive(Serialize, Deserialize)]
pub(super) struct WireCeiling {
    rule: u32,
    roles: Option<u64>,
    /// 1 where it refuses.
    mode: u8,
    /// The most of each counter, by its place among all.
    most: Vec<(u8, u32)>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireCosts<'a> {
    list_size: u32,
    fields: Vec<(u32, u32)>,
    inputs: Vec<(WireInput, u32)>,
    #[serde(borrow)]
    lists: Vec<(u32, WireListSize<'a>)>,
}

#[derive(Serialize, Deserialize)]
struct WireListSize<'a> {
    assumed: u32,
    least: u32,
    #[serde(borrow)]
    slicing: Vec<Vec<&'a str>>,
    sized: Vec<&'a str>,
}

impl From<&Ceiling> for WireCeiling {
    fn from(ceiling: &Ceiling) -> Self {
        let Ceiling { rule, roles, mode, most } = ceiling;
        let place = |(counter, most): &(Counter, u32)| {
            let codes = Counter::ALL.iter().zip(0..);
            let code = codes.filter(|(one, _)| *one == counter).map(|(_, code)| code).next();
            // INVARIANT: all counters are in the list.
            (code.unwrap_or(u8::MAX), *most)
        };
        Self {
            rule: rule.0,
            roles: roles.map(RoleSet::bits),
            mode: match mode {
                Mode::Measure => 0,
                Mode::Enforce => 1,
            },
            most: most.iter().map(place).collect(),
        }
    }
}

impl WireCeiling {
    pub(super) fn read(self) -> Option<Ceiling> {
        let Self { rule, roles, mode, most } = self;
        let mode = match mode {
            0 => Mode::Measure,
            1 => Mode::Enforce,
            _ => return None,
        };
        let counter = |(code, most)| Some((*Counter::ALL.get(usize::from(code))?, most));
        let most = most.into_iter().map(counter).collect::<Option<_>>()?;
        Some(Ceiling { rule: RuleId(rule), roles: roles.map(RoleSet::from_bits), mode, most })
    }
}

impl<'a> From<&'a Costs> for WireCosts<'a> {
    fn from(costs: &'a Costs) -> Self {
        let Costs { list_size, fields, inputs, lists } = costs;
        let texts = |texts: &'a [Box<str>]| texts.iter().map(AsRef::as_ref).collect();
        let size = |size: &'a ListSize| WireListSize {
            assumed: size.assumed,
            least: size.least,
            slicing: size.slicing.iter().map(|path| texts(path)).collect(),
            sized: texts(&size.sized),
        };
        Self {
            list_size: *list_size,
            fields: fields.iter().map(|(id, weight)| (id.0, *weight)).collect(),
            inputs: inputs.iter().map(|(id, weight)| (WireInput::from(*id), *weight)).collect(),
            lists: lists.iter().map(|(id, of)| (id.0, size(of))).collect(),
        }
    }
}

impl WireCosts<'_> {
    pub(super) fn read(self) -> Result<Costs, BlobError> {
        let Self { list_size, fields, inputs, lists } = self;
        let texts = |texts: Vec<&str>| texts.into_iter().map(Box::from).collect::<Vec<Box<str>>>();
        let size = |WireListSize { assumed, least, slicing, sized }: WireListSize<'_>| ListSize {
            assumed,
            least,
            slicing: slicing.into_iter().map(texts).collect(),
            sized: texts(sized),
        };
        let input = |(id, weight): (WireInput, u32)| Some((input_of(&id)?, weight));
        let inputs = inputs.into_iter().map(input).collect::<Option<_>>();
        Ok(Costs {
            list_size,
            fields: fields.into_iter().map(|(id, weight)| (FieldId(id), weight)).collect(),
            inputs: inputs.ok_or(BlobError::Payload)?,
            lists: lists.into_iter().map(|(id, of)| (FieldId(id), size(of))).collect(),
        })
    }
}
