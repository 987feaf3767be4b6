//! One field of one object -> its value: the property of the same name, a root field's lookup, or
//! an invention of the right shape.

use async_graphql::dynamic::{FieldValue, ResolverContext};
use async_graphql_parser::types::{BaseType, FieldDefinition, Type, TypeKind};
use serde_json::{Map, Value, json};

use super::data::World;
use super::schema::Types;
use super::{Caller, Executed};

/// An object on its way: its properties, of which some may be missing.
struct Node(Value);

/// What happens to a value that is not there.
#[derive(Clone, Copy)]
struct Place<'a> {
    types: &'a Types,
    world: &'a World,
    /// `Type.field`
    coordinate: &'a str,
}

/// Answers a field, and records that it was executed.
pub(super) fn answer<'a>(
    types: &Types,
    world: &World,
    parent: &str,
    field: &FieldDefinition,
    context: &ResolverContext<'a>,
) -> Option<FieldValue<'a>> {
    let coordinate = format!("{parent}.{}", field.name.node);
    let arguments: Map<String, Value> = context
        .args
        .iter()
        .filter_map(|(name, value)| {
            Some((name.to_string(), value.as_value().clone().into_json().ok()?))
        })
        .collect();
    record(context, &coordinate, arguments.clone());
    let place = Place { types, world, coordinate: &coordinate };
    let value = if parent == types.query {
        let caller = context.data_opt::<Caller>();
        root(place, field, &arguments, caller.and_then(|caller| caller.0.as_deref()))
    } else if types.mutation.as_deref() == Some(parent) {
        mutation(place, field, &arguments)
    } else {
        let node = context.parent_value.downcast_ref::<Node>();
        node.and_then(|node| node.0.get(field.name.node.as_str())).cloned().unwrap_or_default()
    };
    place.shape(value, &field.ty.node, &arguments)
}

/// Writes down that a field was executed, and with which arguments.
fn record(context: &ResolverContext<'_>, coordinate: &str, arguments: Map<String, Value>) {
    if let Some(executed) = context.data_opt::<Executed>() {
        let call = (coordinate.to_owned(), Value::Object(arguments));
        executed.0.lock().expect("no panic while recording").push(call);
    }
}

/// Answers `_entities`: each representation is the object that it stands for.
pub(super) fn entities<'a>(context: &ResolverContext<'a>) -> Option<FieldValue<'a>> {
    let representations = context.args.get("representations")?.list().ok()?;
    let given = context.args.iter().filter_map(|(name, value)| {
        Some((name.to_string(), value.as_value().clone().into_json().ok()?))
    });
    record(context, "Query._entities", given.collect());
    let found = representations.iter().map(|one| {
        let node = one.as_value().clone().into_json().ok()?;
        let of = node["__typename"].as_str()?.to_owned();
        Some(FieldValue::owned_any(Node(node)).with_type(of))
    });
    Some(FieldValue::list(found.map(|one| one.unwrap_or_else(|| FieldValue::from(())))))
}

/// A root field: written down, looked up by its arguments, or all there is of its type.
fn root(
    place: Place<'_>,
    field: &FieldDefinition,
    arguments: &Map<String, Value>,
    subject: Option<&str>,
) -> Value {
    let Place { types, world, .. } = place;
    let name = field.name.node.as_str();
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    if name == "viewer" || name == "me" {
        let subject = subject.unwrap_or("anonymous");
        return world.node(subject).cloned().unwrap_or_else(
            || json!({ "id": subject, "ref": subject, "name": subject, "groups": [] }),
        );
    }
    if let Some(known) = world.root(name) {
        return known.clone();
    }
    if let Some(reference) = text("ref").or_else(|| text("id")) {
        let invented = invented_type(types, &base(&field.ty.node), reference);
        return match (world.node(reference), world.inventive) {
            (Some(node), _) => node.clone(),
            (None, true) => json!({ "__typename": invented, "id": reference }),
            (None, false) => Value::Null,
        };
    }
    if let Some(ids) = arguments.get("ids").and_then(Value::as_array) {
        let find = |id: &Value| world.node(id.as_str()?).cloned();
        return ids.iter().map(|id| find(id).unwrap_or_default()).collect();
    }
    if let Some(of) = text("name") {
        let namespace = text("namespace").unwrap_or("default");
        return world.node(&format!("{name}:{namespace}/{of}")).cloned().unwrap_or_default();
    }
    let wanted = types.possible(&node_type(types, &base(&field.ty.node)));
    let sought = text("text").map(str::to_lowercase);
    let fits = |node: &&Value| {
        sought.as_ref().is_none_or(|sought| node.to_string().to_lowercase().contains(sought))
    };
    let all: Vec<Value> = world.nodes_of(&wanted).filter(fits).cloned().collect();
    if all.is_empty() { Value::Null } else { Value::Array(all) }
}

/// A mutation changes nothing: it echoes the object that its input names.
fn mutation(place: Place<'_>, field: &FieldDefinition, arguments: &Map<String, Value>) -> Value {
    let Place { types, world, .. } = place;
    let input = arguments.get("input").unwrap_or(&Value::Null);
    let mut payload = json!({
        "clientMutationId": input["clientMutationId"],
        "userErrors": [],
    });
    for part in types.fields(&base(&field.ty.node)) {
        let possible = types.possible(&base(&part.ty.node));
        let named = input.as_object().into_iter().flat_map(Map::values).find_map(|value| {
            let node = world.node(value.as_str()?)?;
            possible.iter().any(|known| node["__typename"] == **known).then_some(node)
        });
        if let Some(node) = named {
            payload[part.name.node.as_str()] = node.clone();
        }
    }
    payload
}

impl Place<'_> {
    /// Gives a value the shape of its type. `None` is null.
    fn shape<'f>(
        self,
        value: Value,
        ty: &Type,
        arguments: &Map<String, Value>,
    ) -> Option<FieldValue<'f>> {
        let missing = value.is_null();
        if missing && ty.nullable && !self.world.inventive {
            return None;
        }
        match &ty.base {
            BaseType::List(item) => {
                let items = match value {
                    Value::Array(items) => items,
                    // One invented entry; a list that the data does not have is empty.
                    _ if missing && self.world.inventive => vec![Value::Null],
                    _ => Vec::new(),
                };
                let shaped = self.cut(items, arguments).into_iter();
                let none = || FieldValue::from(());
                let shaped =
                    shaped.map(|one| self.shape(one, item, arguments).unwrap_or_else(none));
                Some(FieldValue::list(shaped))
            }
            BaseType::Named(name) => self.named(value, name, arguments),
        }
    }

    fn named<'f>(
        self,
        value: Value,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> Option<FieldValue<'f>> {
        let Self { types, world, coordinate } = self;
        match types.kind(name) {
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) => {
                let value = match value {
                    Value::String(reference) => world.node(&reference).cloned()?,
                    Value::Array(items) if name.ends_with("Connection") => {
                        self.connect(items, arguments)
                    }
                    Value::Null if !world.inventive && name.ends_with("Connection") => {
                        self.connect(Vec::new(), arguments)
                    }
                    other => other,
                };
                if matches!(types.kind(name), Some(TypeKind::Object(_))) {
                    return Some(FieldValue::owned_any(Node(value)));
                }
                let concrete = match value["__typename"].as_str() {
                    Some(concrete) => concrete.to_owned(),
                    None => invented_type(types, name, ""),
                };
                Some(FieldValue::owned_any(Node(value)).with_type(concrete))
            }
            Some(TypeKind::Enum(known)) => {
                let first = || json!(known.values[0].node.value.node.as_str());
                leaf(if value.is_null() { first() } else { value })
            }
            _ if value.is_null() => leaf(match name {
                "Int" => json!(1),
                "Float" => json!(1.5),
                "Boolean" => json!(true),
                _ => json!(coordinate),
            }),
            _ => leaf(value),
        }
    }

    fn cut(self, mut items: Vec<Value>, arguments: &Map<String, Value>) -> Vec<Value> {
        let first = arguments.get("first").and_then(Value::as_u64);
        if let Some(first) = first.and_then(|first| usize::try_from(first).ok()) {
            items.truncate(first);
        }
        items
    }

    /// A list as a Relay connection.
    fn connect(self, items: Vec<Value>, arguments: &Map<String, Value>) -> Value {
        let total = items.len();
        let edges = self.cut(items, arguments).into_iter().enumerate();
        let edges = edges
            .map(|(at, node)| json!({ "cursor": at.to_string(), "node": node, "score": 1.0 }))
            .collect::<Vec<_>>();
        let more = edges.len() < total;
        json!({
            "totalCount": total,
            "edges": edges,
            "pageInfo": { "hasNextPage": more, "hasPreviousPage": false },
        })
    }
}

fn leaf<'f>(value: Value) -> Option<FieldValue<'f>> {
    let value = async_graphql::Value::from_json(value).expect("JSON is a value");
    Some(FieldValue::value(value))
}

fn base(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(item) => base(item),
    }
}

/// The type of a connection's nodes; other types are their own.
fn node_type(types: &Types, name: &str) -> String {
    let below = |ty: &str, field| types.field(ty, field).map(|field| base(&field.ty.node));
    let edge = below(name, "edges");
    edge.and_then(|edge| below(&edge, "node")).unwrap_or_else(|| name.to_owned())
}

/// A concrete type for an abstract one: the one that the reference begins with (`Product:1`), or
/// else the first.
fn invented_type(types: &Types, name: &str, reference: &str) -> String {
    let possible = types.possible(name);
    let kind = reference.split(':').next().unwrap_or_default();
    let named = possible.iter().find(|one| one.eq_ignore_ascii_case(kind));
    named.or(possible.first()).cloned().unwrap_or_else(|| name.to_owned())
}
