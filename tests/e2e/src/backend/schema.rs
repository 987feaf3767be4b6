//! SDL -> an executable schema whose every field is answered by `answer`, and the facts
//! about its types that answering needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use async_graphql::Value as ConstValue;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, InputObject, InputValue, Interface, InterfaceField, Object,
    Scalar, Schema, TypeRef, Union,
};
use async_graphql_parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, ServiceDocument, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};

use super::answer::{answer, entities};
use super::data::World;

/// The types of a schema, extensions merged.
#[derive(Debug)]
pub struct Types {
    by_name: BTreeMap<String, TypeDefinition>,
    pub query: String,
    pub mutation: Option<String>,
}

impl Types {
    /// Reads SDL.
    ///
    /// # Errors
    /// It is not SDL.
    pub fn read(sdl: &str) -> Result<Self> {
        let ServiceDocument { definitions } =
            async_graphql_parser::parse_schema(sdl).context("the schema is not readable")?;
        let mut by_name: BTreeMap<String, TypeDefinition> = BTreeMap::new();
        let mut extensions = Vec::new();
        let (mut query, mut mutation) = (None, None);
        for definition in definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    query = schema.node.query.map(|name| name.node.to_string()).or(query);
                    mutation = schema.node.mutation.map(|name| name.node.to_string()).or(mutation);
                }
                TypeSystemDefinition::Type(ty) if ty.node.extend => extensions.push(ty.node),
                TypeSystemDefinition::Type(ty) => {
                    by_name.insert(ty.node.name.node.to_string(), ty.node);
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        for extension in extensions {
            let name = extension.name.node.to_string();
            let base = by_name.get_mut(&name).with_context(|| format!("no type `{name}`"))?;
            extend(&mut base.kind, extension.kind);
        }
        let mutation =
            mutation.or_else(|| by_name.contains_key("Mutation").then(|| "Mutation".into()));
        Ok(Self { query: query.unwrap_or_else(|| "Query".to_owned()), mutation, by_name })
    }

    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.by_name.get(name).map(|ty| &ty.kind)
    }

    /// The object types that a type can be, itself if it is one.
    #[must_use]
    pub fn possible(&self, name: &str) -> Vec<String> {
        match self.kind(name) {
            Some(TypeKind::Object(_)) => vec![name.to_owned()],
            Some(TypeKind::Union(union)) => {
                union.members.iter().map(|member| member.node.to_string()).collect()
            }
            Some(TypeKind::Interface(_)) => {
                let implements = |ty: &&TypeDefinition| match &ty.kind {
                    TypeKind::Object(object) => {
                        object.implements.iter().any(|interface| interface.node == name)
                    }
                    _ => false,
                };
                self.by_name
                    .values()
                    .filter(implements)
                    .map(|ty| ty.name.node.to_string())
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// The fields of an object or interface type.
    #[must_use]
    pub fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match self.kind(name) {
            Some(TypeKind::Object(object)) => object.fields.iter().map(|f| &f.node).collect(),
            Some(TypeKind::Interface(face)) => face.fields.iter().map(|f| &f.node).collect(),
            _ => Vec::new(),
        }
    }

    #[must_use]
    pub fn field(&self, name: &str, field: &str) -> Option<&FieldDefinition> {
        self.fields(name).into_iter().find(|known| known.name.node == field)
    }
}

fn extend(base: &mut TypeKind, extension: TypeKind) {
    match (base, extension) {
        (TypeKind::Object(base), TypeKind::Object(more)) => {
            base.fields.extend(more.fields);
            base.implements.extend(more.implements);
        }
        (TypeKind::Interface(base), TypeKind::Interface(more)) => base.fields.extend(more.fields),
        (TypeKind::Union(base), TypeKind::Union(more)) => base.members.extend(more.members),
        (TypeKind::Enum(base), TypeKind::Enum(more)) => base.values.extend(more.values),
        (TypeKind::InputObject(base), TypeKind::InputObject(more)) => {
            base.fields.extend(more.fields);
        }
        _ => {}
    }
}

/// Builds the schema, without its subscriptions: nothing may get that far.
///
/// # Errors
/// The schema does not hold together.
pub fn build(types: &Arc<Types>, world: &Arc<World>) -> Result<Schema> {
    let mut schema = Schema::build(&types.query, types.mutation.as_deref(), None)
        // Of a subgraph the library serves `_service` and `_entities`, which its schema does not have.
        .entity_resolver(|context| FieldFuture::Value(entities(&context)))
        // Not the harness's business: the filter has limits, and it is the filter that is tested.
        .limit_recursive_depth(1000);
    for (name, definition) in &types.by_name {
        schema = match &definition.kind {
            TypeKind::Scalar => schema.register(Scalar::new(name)),
            TypeKind::Object(_) if name == "Subscription" => schema,
            TypeKind::Object(object) => {
                let mut ty = keys(definition).fold(Object::new(name), |ty, key| ty.key(key));
                for interface in &object.implements {
                    ty = ty.implement(interface.node.as_str());
                }
                for field in &object.fields {
                    ty = ty.field(resolved(types, world, name, &field.node));
                }
                schema.register(ty)
            }
            TypeKind::Interface(interface) => {
                let mut ty = Interface::new(name);
                for parent in &interface.implements {
                    ty = ty.implement(parent.node.as_str());
                }
                for field in &interface.fields {
                    let field = &field.node;
                    let mut one =
                        InterfaceField::new(field.name.node.as_str(), type_ref(&field.ty.node));
                    for argument in &field.arguments {
                        one = one.argument(input(&argument.node));
                    }
                    ty = ty.field(one);
                }
                schema.register(ty)
            }
            TypeKind::Union(union) => {
                let members = union.members.iter();
                let add = |ty: Union, member: &async_graphql::Positioned<_>| {
                    let member: &async_graphql::Name = &member.node;
                    ty.possible_type(member.as_str())
                };
                schema.register(members.fold(Union::new(name), add))
            }
            TypeKind::Enum(values) => {
                let items = values.values.iter();
                let items = items.map(|item| EnumItem::new(item.node.value.node.as_str()));
                schema.register(Enum::new(name).items(items))
            }
            TypeKind::InputObject(object) => {
                let fields = object.fields.iter();
                schema.register(
                    fields.fold(InputObject::new(name), |ty, field| ty.field(input(&field.node))),
                )
            }
        };
    }
    schema.finish().map_err(|error| anyhow::anyhow!("the schema does not hold together: {error}"))
}

/// What objects of a type are found by: the `fields` of each `@key` that is resolved here.
fn keys(definition: &TypeDefinition) -> impl Iterator<Item = &str> {
    let keys = definition.directives.iter().filter(|one| one.node.name.node == "key");
    keys.filter_map(|key| {
        let argument = |name| key.node.get_argument(name).map(|value| &value.node);
        let resolvable = argument("resolvable") != Some(&ConstValue::Boolean(false));
        match argument("fields") {
            Some(ConstValue::String(fields)) if resolvable => Some(fields.as_str()),
            _ => None,
        }
    })
}

fn resolved(
    types: &Arc<Types>,
    world: &Arc<World>,
    parent: &str,
    definition: &FieldDefinition,
) -> Field {
    let (types, world) = (Arc::clone(types), Arc::clone(world));
    let (parent, shared) = (parent.to_owned(), Arc::new(definition.clone()));
    let name = definition.name.node.as_str();
    let field = Field::new(name, type_ref(&definition.ty.node), move |context| {
        FieldFuture::Value(answer(&types, &world, &parent, &shared, &context))
    });
    definition.arguments.iter().fold(field, |field, one| field.argument(input(&one.node)))
}

fn input(definition: &InputValueDefinition) -> InputValue {
    let value = InputValue::new(definition.name.node.as_str(), type_ref(&definition.ty.node));
    match &definition.default_value {
        Some(default) => value.default_value(default.node.clone()),
        None => value,
    }
}

fn type_ref(ty: &Type) -> TypeRef {
    let inner = match &ty.base {
        BaseType::Named(name) => TypeRef::Named(name.to_string().into()),
        BaseType::List(item) => TypeRef::List(Box::new(type_ref(item))),
    };
    if ty.nullable { inner } else { TypeRef::NonNull(Box::new(inner)) }
}
