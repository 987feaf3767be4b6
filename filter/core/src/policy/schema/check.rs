//! Tables -> [`Schema`], or what is wrong with them: everything that lookups rely on, once.

use std::fmt;

use super::tables::Tables;
use super::{NameId, Schema, TypeId, TypeKind, index};

/// Why tables are not an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// The tables are not of one size, or too large.
    Tables,
    /// Types are not sorted by name, or one is there twice.
    TypeOrder,
    /// The names of fields and arguments are not sorted, or one is there twice.
    NameOrder,
    /// A type's fields are not sorted by name, or one is there twice.
    FieldOrder,
    /// A field's arguments are not sorted and unique.
    ArgumentOrder,
    /// Something names a type that does not exist.
    UnknownType,
    /// A field or an argument has a name that does not exist.
    UnknownName,
    /// A possible type is not an object, the list is not sorted, or the kind does not allow it.
    PossibleTypes,
    /// A root type is not an object.
    Root,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tables => "the tables do not fit one another",
            Self::TypeOrder => "types are not sorted and unique",
            Self::NameOrder => "names are not sorted and unique",
            Self::FieldOrder => "fields are not sorted and unique within their type",
            Self::ArgumentOrder => "arguments are not sorted and unique",
            Self::UnknownType => "a type is named that does not exist",
            Self::UnknownName => "a field or argument has a name that does not exist",
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
            query,
            mutation,
            subscription,
        } = &tables;
        let count = kinds.len();
        if type_names.len() != count || possible.len() != count || fields.len() != count {
            return Err(SchemaError::Tables);
        }
        if !type_names.are_sorted() {
            return Err(SchemaError::TypeOrder);
        }
        if !names.are_sorted() {
            return Err(SchemaError::NameOrder);
        }
        let known = |name: &NameId| index(name.0) < names.len();
        if !arguments.items().iter().all(known) {
            return Err(SchemaError::UnknownName);
        }
        if !arguments.iter().all(|list| list.is_sorted_by(|one, next| one < next)) {
            return Err(SchemaError::ArgumentOrder);
        }
        for row in fields.items() {
            if !known(&row.name) || index(row.arguments) >= arguments.len() {
                return Err(SchemaError::UnknownName);
            }
            if row.returns.index() >= count {
                return Err(SchemaError::UnknownType);
            }
        }
        if !fields.iter().all(|of| of.is_sorted_by(|one, next| one.name < next.name)) {
            return Err(SchemaError::FieldOrder);
        }
        let object = |id: TypeId| kinds.get(id.index()) == Some(&TypeKind::Object);
        for (at, (kind, (of, own))) in
            kinds.iter().zip(possible.iter().zip(fields.iter())).enumerate()
        {
            let fits = match kind {
                TypeKind::Object => of.iter().map(|id| id.index()).eq([at]),
                TypeKind::Interface => true,
                TypeKind::Union => own.is_empty(),
                TypeKind::Leaf => own.is_empty() && of.is_empty(),
            };
            let sorted = of.is_sorted_by(|one, next| one < next);
            if !fits || !sorted || !of.iter().all(|id| object(*id)) {
                return Err(SchemaError::PossibleTypes);
            }
        }
        if ![Some(*query), *mutation, *subscription].into_iter().flatten().all(object) {
            return Err(SchemaError::Root);
        }
        Ok(Self { tables })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldParts, FieldRow, Lists, NameId, Names, SchemaParts, TypeParts};
    use super::SchemaError as E;
    use super::{Schema, Tables, TypeId, TypeKind};

    /// `interface A { a(x, y): L }`, the leaf `L`, and `type Q implements A { a(x, y): L, b: Q }`.
    fn tables() -> Tables {
        let field = |name: &str, returns, arguments: &[&str]| FieldParts {
            name: name.into(),
            returns: TypeId(returns),
            arguments: arguments.iter().map(|name| (*name).into()).collect(),
        };
        let of = |name: &str, kind, possible, fields| TypeParts {
            name: name.into(),
            kind,
            possible,
            fields,
        };
        let a = || field("a", 1, &["x", "y"]);
        let types = vec![
            of("A", TypeKind::Interface, vec![TypeId(2)], vec![a()]),
            of("L", TypeKind::Leaf, vec![], vec![]),
            of("Q", TypeKind::Object, vec![], vec![a(), field("b", 2, &[])]),
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
        FieldRow { name: NameId(name), returns: TypeId(returns), arguments }
    }

    fn possible(lists: [&[u32]; 3]) -> Lists<TypeId> {
        let items = lists.concat().into_iter().map(TypeId).collect();
        Lists::new(items, lists.map(|list| u32::try_from(list.len()).unwrap())).unwrap()
    }

    /// Names are a, b, x, y; the lists of arguments are none, and x and y.
    fn fields(a: &[FieldRow], q: &[FieldRow]) -> Lists<FieldRow> {
        let lengths = [a, &[], q].map(|list| u32::try_from(list.len()).unwrap());
        Lists::new([a, q].concat(), lengths).unwrap()
    }

    fn arguments(list: [u32; 2]) -> Lists<NameId> {
        Lists::new(list.map(NameId).to_vec(), [0, 2]).unwrap()
    }

    #[test]
    fn what_is_built_is_sound() {
        let schema = Schema::of_tables(tables()).unwrap();
        let q = schema.type_named("Q").unwrap();
        let field = schema.field_named(q, "a").unwrap();
        assert_eq!(schema.coordinate(field), "Q.a");
        let field = schema.field_def(field).unwrap();
        assert_eq!(schema.arguments(&field).collect::<Vec<_>>(), ["x", "y"]);
        assert!(schema.takes(&field, "x") && !schema.takes(&field, "a"));
        assert_eq!(schema.type_named("x"), None);
        assert_eq!(schema.field_named(q, "x"), None);
        assert_eq!(tables().fields, fields(&[row(0, 1, 1)], &[row(0, 1, 1), row(1, 2, 0)]));
    }

    #[test]
    fn what_is_not_sound_is_refused() {
        check(|all| all.type_names = names("AQ"), E::Tables);
        check(|all| all.kinds.truncate(2), E::Tables);
        check(|all| all.type_names = names("AQL"), E::TypeOrder);
        check(|all| all.type_names = names("AAL"), E::TypeOrder);
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
        check(
            |all| all.kinds = vec![TypeKind::Union, TypeKind::Leaf, TypeKind::Object],
            E::PossibleTypes,
        );
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
