//! Tables -> [`Schema`], or what is wrong with them: everything that lookups rely on, once.

use std::fmt;

use super::tables::{InputRow, Tables};
use super::{Schema, TypeId, TypeKind, index};

/// Why tables are not an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// The tables are not of one size, or too large.
    Tables,
    /// A type has a name that is none (spec 2.1.9): records have it as it is.
    TypeName,
    /// Types are not sorted by name, or one is there twice.
    TypeOrder,
    /// The names of fields and arguments are not sorted, or one is there twice.
    NameOrder,
    /// A type's fields are not sorted by name, or one is there twice.
    FieldOrder,
    /// Arguments, input fields or enum values are not sorted and unique.
    ArgumentOrder,
    /// Something names a type that does not exist.
    UnknownType,
    /// Something has a name or a default value that does not exist.
    UnknownName,
    /// A field returns an input object, or something that is given is none that can be.
    WrongKind,
    /// A type has what its kind does not have.
    KindContent,
    /// A possible type is not an object, the list is not sorted, or the kind does not allow it.
    PossibleTypes,
    /// A root type is not an object.
    Root,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tables => "the tables do not fit one another",
            Self::TypeName => "a type's name is none of GraphQL",
            Self::TypeOrder => "types are not sorted and unique",
            Self::NameOrder => "names are not sorted and unique",
            Self::FieldOrder => "fields are not sorted and unique within their type",
            Self::ArgumentOrder => "arguments, input fields or values are not sorted and unique",
            Self::UnknownType => "a type is named that does not exist",
            Self::UnknownName => "a name or default value does not exist",
            Self::WrongKind => "a type is used where one of its kind cannot be",
            Self::KindContent => "a type has what its kind does not have",
            Self::PossibleTypes => "possible types do not fit the kind of type",
            Self::Root => "a root type is not an object type",
        })
    }
}

impl std::error::Error for SchemaError {}

impl Schema {
    /// Checks every invariant once, so that lookups need not.
    pub(in crate::policy) fn of_tables(tables: Tables) -> Result<Self, SchemaError> {
        let Tables {
            type_names,
            names,
            kinds,
            possible,
            fields,
            arguments,
            members,
            values,
            defaults: _,
            query,
            mutation,
            subscription,
        } = &tables;
        let count = kinds.len();
        let counts = [type_names.len(), possible.len(), fields.len(), members.len(), values.len()];
        if counts != [count; 5] {
            return Err(SchemaError::Tables);
        }
        if !type_names.are_of_graphql() {
            return Err(SchemaError::TypeName);
        }
        if !type_names.are_sorted() {
            return Err(SchemaError::TypeOrder);
        }
        if !names.are_sorted() {
            return Err(SchemaError::NameOrder);
        }
        arguments.iter().chain(members.iter()).try_for_each(|list| tables.check_inputs(list))?;
        for list in values.iter() {
            if !list.iter().all(|name| index(name.0) < names.len()) {
                return Err(SchemaError::UnknownName);
            }
            if !list.is_sorted_by(|one, next| one < next) {
                return Err(SchemaError::ArgumentOrder);
            }
        }
        for row in fields.items() {
            if index(row.name.0) >= names.len() || index(row.arguments) >= arguments.len() {
                return Err(SchemaError::UnknownName);
            }
            let kind = kinds.get(row.returns.named.index()).ok_or(SchemaError::UnknownType)?;
            if !kind.is_output() {
                return Err(SchemaError::WrongKind);
            }
        }
        if !fields.iter().all(|of| of.is_sorted_by(|one, next| one.name < next.name)) {
            return Err(SchemaError::FieldOrder);
        }
        let object = |id: TypeId| kinds.get(id.index()) == Some(&TypeKind::Object);
        for (at, (kind, of)) in kinds.iter().zip(possible.iter()).enumerate() {
            let fits = match kind {
                TypeKind::Object => of.iter().map(|id| id.index()).eq([at]),
                TypeKind::Interface | TypeKind::Union => true,
                TypeKind::Scalar | TypeKind::Enum | TypeKind::Input | TypeKind::OneOf => {
                    of.is_empty()
                }
            };
            let sorted = of.is_sorted_by(|one, next| one < next);
            if !fits || !sorted || !of.iter().all(|id| object(*id)) {
                return Err(SchemaError::PossibleTypes);
            }
        }
        let contents = fields.iter().zip(members.iter().zip(values.iter()));
        for (kind, (fields, (members, values))) in kinds.iter().zip(contents) {
            let has = (!fields.is_empty(), !members.is_empty(), !values.is_empty());
            let fits = match kind {
                TypeKind::Object | TypeKind::Interface => matches!(has, (_, false, false)),
                TypeKind::Union | TypeKind::Scalar => has == (false, false, false),
                TypeKind::Enum => matches!(has, (false, false, _)),
                TypeKind::Input => matches!(has, (false, _, false)),
                TypeKind::OneOf => {
                    let free = |row: &InputRow| !row.ty.is_non_null() && row.default == 0;
                    matches!(has, (false, _, false)) && members.iter().all(free)
                }
            };
            if !fits {
                return Err(SchemaError::KindContent);
            }
        }
        if ![Some(*query), *mutation, *subscription].into_iter().flatten().all(object) {
            return Err(SchemaError::Root);
        }
        Ok(Self { tables })
    }
}

impl Tables {
    fn check_inputs(&self, list: &[InputRow]) -> Result<(), SchemaError> {
        for InputRow { name, ty, default } in list {
            if index(name.0) >= self.names.len() || index(*default) > self.defaults.len() {
                return Err(SchemaError::UnknownName);
            }
            let kind = self.kinds.get(ty.named.index()).ok_or(SchemaError::UnknownType)?;
            if !kind.is_input() {
                return Err(SchemaError::WrongKind);
            }
        }
        let sorted = list.is_sorted_by(|one, next| one.name < next.name);
        sorted.then_some(()).ok_or(SchemaError::ArgumentOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        FieldId, FieldParts, FieldRow, InputId, InputParts, Lists, NameId, Names, SchemaParts,
    };
    use super::super::{TypeParts, TypeRef};
    use super::SchemaError as E;
    use super::{InputRow, Schema, Tables, TypeId, TypeKind};

    /// `interface A { a(x: L, y: L): L }`, `scalar L`, `type Q implements A { a(x: L, y: L): L, b: Q }`,
    /// `enum E { y }` is `V`, and `input Z { x: L, y: V = y }`.
    fn tables() -> Tables {
        let input = |name: &str, of, default: Option<&str>| InputParts {
            name: name.into(),
            ty: TypeRef::to(TypeId(of)),
            default: default.map(Box::from),
        };
        let field = |name: &str, returns, arguments: &[&str]| FieldParts {
            name: name.into(),
            returns: TypeRef::to(TypeId(returns)),
            arguments: arguments.iter().map(|name| input(name, 1, None)).collect(),
        };
        let of = |name: &str, kind, possible, fields| TypeParts {
            possible,
            fields,
            ..TypeParts::new(name, kind)
        };
        let a = || field("a", 1, &["x", "y"]);
        let types = vec![
            of("A", TypeKind::Interface, vec![TypeId(2)], vec![a()]),
            of("L", TypeKind::Scalar, vec![], vec![]),
            of("Q", TypeKind::Object, vec![], vec![a(), field("b", 2, &[])]),
            TypeParts { values: vec!["y".into()], ..TypeParts::new("V", TypeKind::Enum) },
            TypeParts {
                members: vec![input("x", 1, None), input("y", 3, Some("\"y\""))],
                ..TypeParts::new("Z", TypeKind::Input)
            },
        ];
        let (query, mutation, subscription) = (TypeId(2), None, None);
        let parts = SchemaParts { types, query, mutation, subscription };
        Schema::new(&parts).unwrap().tables().clone()
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Tables), expected: E) {
        let mut tables = tables();
        change(&mut tables);
        assert_eq!(Schema::of_tables(tables), Err(expected));
    }

    fn names(text: &str) -> Names {
        Names::new(text.into(), vec![1; text.len()]).unwrap()
    }

    fn row(name: u32, returns: u32, arguments: u32) -> FieldRow {
        FieldRow { name: NameId(name), returns: TypeRef::to(TypeId(returns)), arguments }
    }

    fn input(name: u32, of: u32, default: u32) -> InputRow {
        InputRow { name: NameId(name), ty: TypeRef::to(TypeId(of)), default }
    }

    fn possible(lists: [&[u32]; 3]) -> Lists<TypeId> {
        let items = lists.concat().into_iter().map(TypeId).collect();
        let lengths = lists.map(|list| u32::try_from(list.len()).unwrap());
        Lists::new(items, lengths.into_iter().chain([0, 0])).unwrap()
    }

    /// Names are a, b, x, y; the lists of arguments are none, and x and y.
    fn fields(a: &[FieldRow], q: &[FieldRow]) -> Lists<FieldRow> {
        let lengths = [a, &[], q, &[], &[]].map(|list| u32::try_from(list.len()).unwrap());
        Lists::new([a, q].concat(), lengths).unwrap()
    }

    fn arguments(list: [u32; 2]) -> Lists<InputRow> {
        Lists::new(list.map(|name| input(name, 1, 0)).to_vec(), [0, 2]).unwrap()
    }

    fn members(list: [InputRow; 2]) -> Lists<InputRow> {
        Lists::new(list.to_vec(), [0, 0, 0, 0, 2]).unwrap()
    }

    fn values(list: [u32; 2], lengths: [u32; 5]) -> Lists<NameId> {
        Lists::new(list.map(NameId).to_vec(), lengths).unwrap()
    }

    #[test]
    fn what_is_built_is_sound() {
        let schema = Schema::of_tables(tables()).unwrap();
        let q = schema.type_named("Q").unwrap();
        let field = schema.field_named(q, "a").unwrap();
        assert_eq!(schema.coordinate(field), "Q.a");
        let field = schema.field_def(field).unwrap();
        assert_eq!(schema.arguments(&field).map(|one| one.name).collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(schema.argument(&field, "y").map(|one| one.at), Some(1));
        assert_eq!(schema.argument(&field, "a"), None);
        let z = schema.type_named("Z").and_then(|id| schema.type_def(id)).unwrap();
        assert_eq!(schema.members(&z).map(|one| one.name).collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(schema.member(&z, "y").unwrap().default, Some("\"y\""));
        let v = schema.type_named("V").and_then(|id| schema.type_def(id)).unwrap();
        assert_eq!(schema.values(&v).collect::<Vec<_>>(), ["y"]);
        assert_eq!((schema.value(&v, "y"), schema.value(&v, "x")), (Some(0), None));
        for (id, coordinate) in [
            (InputId::Argument(FieldId(1), 1), "Q.a(y:)"),
            (InputId::Member(TypeId(4), 0), "Z.x"),
            (InputId::Value(TypeId(3), 0), "V.y"),
            (InputId::Argument(FieldId(2), 0), ""),
            (InputId::Member(TypeId(4), 2), ""),
            (InputId::Value(TypeId(9), 0), ""),
        ] {
            assert_eq!(schema.input_coordinate(id), coordinate);
            assert_eq!(schema.has_input(id), !coordinate.is_empty());
        }
        assert_eq!(schema.type_named("x"), None);
        assert_eq!(schema.field_named(q, "x"), None);
        assert_eq!(tables().fields, fields(&[row(0, 1, 1)], &[row(0, 1, 1), row(1, 2, 0)]));
    }

    #[test]
    fn what_is_not_sound_is_refused() {
        check(|all| all.type_names = names("AQ"), E::Tables);
        check(|all| all.kinds.truncate(2), E::Tables);
        check(|all| all.values = values([2, 2], [0, 0, 0, 1, 1]), E::KindContent);
        check(|all| all.values = values([2, 2], [0, 0, 0, 2, 0]), E::ArgumentOrder);
        check(|all| all.values = values([2, 9], [0, 0, 0, 2, 0]), E::UnknownName);
        check(|all| all.members = members([input(2, 1, 0), input(2, 1, 0)]), E::ArgumentOrder);
        check(|all| all.members = members([input(2, 1, 2), input(3, 1, 0)]), E::UnknownName);
        check(|all| all.members = members([input(2, 9, 0), input(3, 1, 0)]), E::UnknownType);
        check(|all| all.members = members([input(2, 0, 0), input(3, 1, 0)]), E::WrongKind);
        check(
            |all| {
                all.members =
                    Lists::new(vec![input(2, 1, 0), input(3, 1, 0)], [0, 2, 0, 0, 0]).unwrap();
            },
            E::KindContent,
        );
        // A field of `@oneOf` has no default.
        check(|all| *all.kinds.last_mut().unwrap() = TypeKind::OneOf, E::KindContent);
        check(|all| all.fields = fields(&[row(0, 4, 0)], &[]), E::WrongKind);
        check(|all| all.type_names = names("A\"LVZ"), E::TypeName);
        check(|all| all.type_names = names("AQLVZ"), E::TypeOrder);
        check(|all| all.type_names = names("AALVZ"), E::TypeOrder);
        check(|all| all.names = names("abyx"), E::NameOrder);
        check(|all| all.names = names("abxx"), E::NameOrder);
        check(|all| all.names = names("abx"), E::UnknownName);
        check(|all| all.fields = fields(&[row(9, 1, 0)], &[]), E::UnknownName);
        check(|all| all.fields = fields(&[row(0, 1, 9)], &[]), E::UnknownName);
        check(|all| all.fields = fields(&[row(0, 9, 0)], &[]), E::UnknownType);
        check(|all| all.fields = fields(&[], &[row(1, 1, 0), row(0, 1, 0)]), E::FieldOrder);
        check(|all| all.fields = fields(&[], &[row(1, 1, 0), row(1, 1, 0)]), E::FieldOrder);
        check(|all| all.arguments = arguments([3, 2]), E::ArgumentOrder);
        check(|all| all.arguments = arguments([2, 2]), E::ArgumentOrder);
        check(|all| all.possible = possible([&[1], &[], &[2]]), E::PossibleTypes);
        check(|all| all.possible = possible([&[9], &[], &[2]]), E::PossibleTypes);
        check(|all| all.possible = possible([&[2, 2], &[], &[2]]), E::PossibleTypes);
        check(|all| all.possible = possible([&[2], &[2], &[2]]), E::PossibleTypes);
        check(|all| all.possible = possible([&[2], &[], &[]]), E::PossibleTypes);
        check(|all| *all.kinds.first_mut().unwrap() = TypeKind::Union, E::KindContent);
        check(|all| all.query = TypeId(0), E::Root);
        check(|all| all.mutation = Some(TypeId(9)), E::Root);
    }

    #[test]
    fn lengths_add_up() {
        assert!(Names::new("ab".into(), [1]).is_none());
        assert!(Names::new("ab".into(), [1, 2]).is_none());
        assert!(Names::new("é".into(), [1, 1]).is_none());
        assert!(Names::new("".into(), [u32::MAX, 1]).is_none());
        assert!(Lists::new(vec![1, 2], [1]).is_none());
        assert!(Lists::new(vec![1, 2], [1, 2]).is_none());
        assert!(Lists::new(vec![1, 2], [u32::MAX, 3]).is_none());
    }
}
