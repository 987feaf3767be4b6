//! Choices -> a small schema that is valid.

use fieldgate_core::policy::schema::TypeKind;

use super::choices::Choices;
use super::schema::{Field, Input, Name, Ref, Schema, Type};
use super::value::Value;
use super::values::Values;

const SCALARS: [Name; 6] = ["Any", "Boolean", "Float", "ID", "Int", "String"];
const ENUMS: [(Name, &[Name]); 2] =
    [("Color", &["BLUE", "GREEN", "RED"]), ("Stage", &["LIVE", "TEST"])];
const INPUTS: [Name; 3] = ["Filter", "Patch", "Range"];
const OBJECTS: [Name; 4] = ["Admin", "Post", "Tag", "User"];
const INTERFACES: [Name; 2] = ["Node", "Person"];
const FIELDS: [Name; 6] = ["boss", "id", "kind", "name", "posts", "ssn"];
const QUERIES: [Name; 6] = ["hit", "me", "node", "person", "search", "version"];
const MUTATIONS: [Name; 3] = ["deploy", "rename", "wipe"];
const GIVEN: [Name; 3] = ["x", "y", "z"];
const MEMBERS: [Name; 4] = ["a", "b", "c", "d"];

/// A schema from choices.
pub(crate) fn schema(choices: &mut Choices<'_>) -> Schema {
    let mut maker = Maker { schema: Schema::default() };
    maker.inputs(choices);
    maker.outputs(choices);
    maker.schema.types.sort_by_key(|of| of.name);
    maker.schema
}

struct Maker {
    schema: Schema,
}

impl Maker {
    fn add(&mut self, of: Type) {
        self.schema.types.push(of);
    }

    fn inputs(&mut self, choices: &mut Choices<'_>) {
        SCALARS.iter().for_each(|name| self.add(Type::new(name, TypeKind::Scalar)));
        for (name, values) in ENUMS.iter().take(1 + choices.below(ENUMS.len())) {
            let values = choices.some_of(values);
            self.add(Type { values, ..Type::new(name, TypeKind::Enum) });
        }
        let mut named: Vec<Name> = INPUTS[..=choices.below(INPUTS.len())].to_vec();
        named.extend((choices.below(2) == 1).then_some("Choice"));
        // Those that come later are known by their names first.
        let kind = |name| if name == "Choice" { TypeKind::OneOf } else { TypeKind::Input };
        named.iter().for_each(|name| self.add(Type::new(name, kind(*name))));
        for (at, name) in named.iter().enumerate() {
            let mut members = Vec::new();
            for member in choices.some_of(&MEMBERS) {
                let ty = self.input_type(choices);
                let inner = ty.named();
                let is_leaf = !named.contains(&inner);
                let needs_later = named.iter().position(|one| *one == inner) > Some(at);
                // No input object needs another of its own, and none is endless by its defaults.
                let (ty, default) = match (kind(name), is_leaf) {
                    (TypeKind::OneOf, _) => (ty.nullable().clone(), None),
                    (_, false) if needs_later => (ty, None),
                    (_, false) => (ty.nullable().clone(), None),
                    (_, true) => self.with_default(choices, ty),
                };
                members.push(Input { name: member, ty, default });
            }
            let of = self.schema.types.iter_mut().find(|of| of.name == *name);
            of.expect("it was added").members = members;
        }
    }

    fn input_type(&self, choices: &mut Choices<'_>) -> Ref {
        let objects = |kind| matches!(kind, TypeKind::Input | TypeKind::OneOf);
        let named = match choices.below(5) {
            0 => "ID",
            1 => choices.pick(&["Int", "String", "Boolean", "Float", "Any"]),
            2 => choices.pick(&self.schema.names(|kind| kind == TypeKind::Enum)),
            3 => choices.pick(&self.schema.names(objects)),
            _ => choices.pick(&self.schema.names(TypeKind::is_input)),
        };
        let named = Ref::Named(named);
        match choices.below(9) {
            0..=3 => named,
            4 => named.non_null(),
            5 => named.list(),
            6 => named.non_null().list(),
            7 => named.list().list(),
            _ => named.non_null().list().non_null(),
        }
    }

    fn with_default(&self, choices: &mut Choices<'_>, ty: Ref) -> (Ref, Option<Value>) {
        let default = choices.once_in(3);
        let default = default.then(|| Values::fitting(&self.schema).constant(choices, &ty));
        (ty, default)
    }

    fn argument(&self, choices: &mut Choices<'_>, name: Name) -> Input {
        let ty = self.input_type(choices);
        let (ty, default) = self.with_default(choices, ty);
        Input { name, ty, default }
    }

    fn arguments(&self, choices: &mut Choices<'_>) -> Vec<Input> {
        let count = choices.below(GIVEN.len() + 1);
        GIVEN.iter().take(count).map(|name| self.argument(choices, name)).collect()
    }

    fn outputs(&mut self, choices: &mut Choices<'_>) {
        let objects = &OBJECTS[..=choices.below(OBJECTS.len())];
        let interfaces = &INTERFACES[..choices.below(INTERFACES.len() + 1)];
        let abstracts: Vec<(Name, Vec<Name>)> =
            interfaces.iter().map(|name| (*name, choices.some_of(objects))).collect();
        let union = (choices.below(2) == 1).then(|| choices.some_of(objects));
        let mut composite: Vec<Name> = objects.iter().chain(interfaces).copied().collect();
        composite.extend(union.iter().map(|_| "Hit"));

        // One field for each name, from which those of the types differ as they may.
        let prototypes: Vec<Field> =
            FIELDS.iter().map(|name| self.field(choices, name, &composite)).collect();
        let mut required: Vec<(Name, Vec<Name>)> = Vec::new();
        for (name, objects) in &abstracts {
            let names = choices.some_of(&FIELDS[..3]);
            let fields = prototypes.iter().filter(|field| names.contains(&field.name)).cloned();
            required.extend(objects.iter().map(|object| (*object, names.clone())));
            let (objects, fields) = (objects.clone(), fields.collect());
            self.add(Type { objects, fields, ..Type::new(name, TypeKind::Interface) });
        }
        if let Some(objects) = union.clone() {
            self.add(Type { objects, ..Type::new("Hit", TypeKind::Union) });
        }
        for object in objects {
            let own = choices.some_of(&FIELDS);
            let inherited = required.iter().filter(|(of, _)| of == object);
            let inherited: Vec<Name> = inherited.flat_map(|(_, names)| names).copied().collect();
            let is_there =
                |field: &&Field| own.contains(&field.name) || inherited.contains(&field.name);
            let fields = prototypes.iter().filter(is_there);
            let fields = fields.map(|field| self.variant(choices, field, &abstracts)).collect();
            self.add(Type { fields, ..Type::new(object, TypeKind::Object) });
        }
        for (root, names) in [("Query", &QUERIES[..]), ("Mutation", &MUTATIONS[..])] {
            let names = choices.some_of(names);
            let fields = names.iter().map(|name| self.field(choices, name, &composite)).collect();
            self.add(Type { fields, ..Type::new(root, TypeKind::Object) });
        }
    }

    fn field(&self, choices: &mut Choices<'_>, name: Name, composite: &[Name]) -> Field {
        let leaves = || self.schema.names(TypeKind::is_leaf);
        let returns = match choices.below(5) {
            0 => "ID",
            1 => choices.pick(&leaves()),
            _ => choices.pick(composite),
        };
        Field { name, arguments: self.arguments(choices), returns: Ref::Named(returns) }
    }

    /// The field as an object type may have it that has it from an interface: it returns less, it
    /// takes more, and has other defaults.
    fn variant(
        &self,
        choices: &mut Choices<'_>,
        field: &Field,
        abstracts: &[(Name, Vec<Name>)],
    ) -> Field {
        let mut field = field.clone();
        let returned = abstracts.iter().find(|(name, _)| *name == field.returns.named());
        if let (Some((_, objects)), true) = (returned, choices.below(2) == 1) {
            field.returns = Ref::Named(choices.pick(objects));
        }
        for argument in &mut field.arguments {
            if choices.once_in(4) {
                let mut values = Values::fitting(&self.schema);
                argument.default = Some(values.constant(choices, &argument.ty));
            }
        }
        if choices.once_in(5) {
            let more = self.argument(choices, "zz");
            let ty = more.ty.nullable().clone();
            field.arguments.push(Input { ty, ..more });
        }
        field
    }
}
