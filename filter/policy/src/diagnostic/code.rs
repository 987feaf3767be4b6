//! The names of findings.

use std::fmt;

/// The stable name of a finding. Names are append-only: scripts match on them. Each has a section in
/// `policies/checks.md` with an example that gives it; a test wants it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A file of the bundle cannot be read.
    FileMissing,
    /// A file name leads out of the bundle, or is none.
    FileName,
    /// A file is not UTF-8.
    FileEncoding,
    /// Not YAML.
    YamlSyntax,
    /// A key twice in one mapping.
    YamlDuplicateKey,
    /// YAML that has more than one reading, or hides what it says: aliases, tags, several documents.
    YamlNotSupported,
    /// A key that means nothing here.
    UnknownKey,
    /// A key that has to be there is not.
    MissingKey,
    /// A value of another type than expected.
    WrongType,
    /// A value of the right type that cannot stand there.
    WrongValue,
    /// A format version that this program does not read.
    Version,
    /// A value that has the right type and no meaning.
    SettingsValue,
    /// A key set that cannot be used.
    KeySet,
    /// A key that is of no use here.
    KeyIgnored,
    /// A name or revision with characters that do not belong in one.
    InvalidName,
    /// A list that has to name something names nothing.
    EmptyList,
    /// More roles than a role set holds.
    TooManyRoles,
    /// A role that is not declared.
    UnknownRole,
    /// A role that nobody can hold.
    UnheldRole,
    /// A limit that never counts.
    HiddenLimit,
    /// More limits than are looked at.
    TooManyLimits,
    /// Two rules of one id.
    DuplicateRuleId,
    /// A rule that names no field.
    EmptyRule,
    /// A rule with neither `allow` nor `deny`, or with both.
    RuleWithoutEffect,
    /// The same entry twice in a list.
    DuplicateEntry,
    /// A field pattern that is not one.
    PatternSyntax,
    /// A pattern that names an introspection field.
    IntrospectionField,
    /// A pattern that names no type of the schema.
    UnknownType,
    /// A pattern that names no field of the schema.
    UnknownField,
    /// A pattern that matches nothing, and does not have to.
    UnmatchedPattern,
    /// A word of `abstract` that is neither of its two.
    AbstractValue,
    /// Part of the language that this version does not carry out.
    NotAvailable,
    /// An allow rule that decides nothing.
    ShadowedRule,
    /// An allow rule whose roles are all denied.
    DeadRule,
    /// A role that no rule names.
    UnusedRole,
    /// A field tagged as sensitive that callers without a token may read.
    SensitiveAnonymous,
    /// A field of an expanded interface for which nothing could be asked where it is granted in part.
    ExpandedShapes,
    /// A field for which the router fetches what whoever reads it may not read.
    RequiresMore,
    /// A folder or manifest without a trusted document.
    NoDocument,
    /// Documents of clients for whom they are switched off.
    UnusedDocuments,
    /// A file of trusted documents that is not in the executable grammar.
    DocumentSyntax,
    /// An operation that cannot be told from the others of its file, or several of one id.
    DocumentOperation,
    /// A fragment that is not there, or is there with two meanings.
    DocumentFragment,
    /// An id that cannot be one, or is that of two documents.
    DocumentId,
    /// A manifest that is none.
    DocumentManifest,
    /// A trusted document that would be refused whoever asks, for what it is.
    DocumentInvalid,
    /// A trusted document that would be refused whoever asks, for what is granted.
    DocumentDenied,
    /// An entry point of a subgraph that a wildcard grants.
    EntryPoint,
    /// Not SDL.
    SdlSyntax,
    /// A type defined twice.
    SdlDuplicateType,
    /// A field or argument defined twice, with two meanings; or a value of an enum.
    SdlDuplicateField,
    /// A field or argument defined twice, with one meaning.
    SdlRepeatedField,
    /// A name that GraphQL keeps for itself.
    SdlReservedName,
    /// A type that is used and not defined.
    SdlUnknownType,
    /// A type used where one of its kind cannot be.
    SdlWrongKind,
    /// An extension of what is not there.
    SdlExtension,
    /// A type without fields or members.
    SdlEmptyType,
    /// A type that does not have what its interface promises.
    SdlInterface,
    /// Root operation types that cannot be.
    SdlRoot,
    /// A type with more lists than one can have.
    SdlNesting,
    /// A value that does not fit its type.
    SdlValue,
    /// An input object of which no value could be finite.
    SdlInputCycle,
    /// A member of a `@oneOf` input object that has to be given.
    SdlOneOf,
    /// A directive that is misspelt, there twice or has wrong arguments.
    SdlDirective,
    /// A directive that is not known, and says nothing here.
    SdlUnknownDirective,
    /// A directive that has the name of another, and is defined otherwise.
    SdlForeignDirective,
    /// A directive where it says nothing.
    SdlDirectiveLocation,
    /// A link to a specification that is wrong, or one that is missing.
    SdlLink,
    /// A requirement that asks for nothing.
    SdlEmptyRequirement,
    /// What is left without `@inaccessible` elements is no schema.
    SdlInaccessible,
    /// A case file that says nothing that could be checked.
    CaseValue,
    /// A bundle without a fault that the filter would refuse all the same: it is too large.
    Unloadable,
    /// An image that is not named by its digest.
    UnpinnedImage,
    /// A bundle that holds request headers, for a platform that cannot.
    HeadersNotHeld,
    /// A port of a sidecar that is open where Istio does not serve it as HTTP.
    UnguardedPort,
    /// A resource that a plain `kubectl apply` does not take.
    ManifestLarge,
    /// A resource that a cluster does not take.
    ManifestTooLarge,
    /// A file with more bytes than are read.
    FileTooLarge,
    /// A link to a folder, whose files are not read.
    LinkNotFollowed,
    /// A file or folder without a catalog entity.
    NoEntity,
    /// A reference to a catalog entity that is not one.
    InvalidRef,
    /// An owner that is neither a group nor a user.
    OwnerKind,
    /// An owner of what has none in Backstage.
    OwnerIgnored,
    /// A catalog entity without an owner.
    UnownedEntity,
    /// Two catalog entities of one reference.
    DuplicateEntity,
    /// A catalog location, whose targets are not read.
    LocationNotRead,
    /// A condition that is no CEL. Bad: `subject.id = "a"`. Good: `subject.id == "a"`.
    ConditionSyntax,
    /// A condition that names a variable, member, function or data table that there is not. Bad:
    /// `"ops" in subject.group`. Good: `"ops" in subject.groups`.
    ConditionUnknown,
    /// A condition that has no value, or is neither true nor false, whatever is asked. Bad:
    /// `subject.groups == "ops"`. Good: `"ops" in subject.groups`.
    ConditionType,
    /// A condition with something of CEL that is not evaluated here. Bad: `timestamp(claims.until)`.
    ConditionUnsupported,
    /// A condition with a pattern that is none, or does not stand there. Bad:
    /// `args.name.matches(claims.pattern)`. Good: `args.name.matches("^team-")`.
    ConditionPattern,
    /// A condition that is too long, too large or nests too deep.
    ConditionSize,
    /// A condition that says the same of every request. Bad: `1 == 1`.
    ConditionConstant,
}

impl Code {
    /// The name, as scripts and documents know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileMissing => "file-missing",
            Self::FileName => "file-name",
            Self::FileEncoding => "file-encoding",
            Self::YamlSyntax => "yaml-syntax",
            Self::YamlDuplicateKey => "yaml-duplicate-key",
            Self::YamlNotSupported => "yaml-not-supported",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::WrongValue => "wrong-value",
            Self::Version => "version",
            Self::SettingsValue => "settings-value",
            Self::KeySet => "key-set",
            Self::KeyIgnored => "key-ignored",
            Self::InvalidName => "invalid-name",
            Self::EmptyList => "empty-list",
            Self::TooManyRoles => "too-many-roles",
            Self::UnknownRole => "unknown-role",
            Self::UnheldRole => "unheld-role",
            Self::HiddenLimit => "hidden-limit",
            Self::TooManyLimits => "too-many-limits",
            Self::DuplicateRuleId => "duplicate-rule-id",
            Self::EmptyRule => "empty-rule",
            Self::RuleWithoutEffect => "rule-without-effect",
            Self::DuplicateEntry => "duplicate-entry",
            Self::PatternSyntax => "pattern-syntax",
            Self::IntrospectionField => "introspection-field",
            Self::UnknownType => "unknown-type",
            Self::UnknownField => "unknown-field",
            Self::UnmatchedPattern => "unmatched-pattern",
            Self::AbstractValue => "abstract-value",
            Self::NotAvailable => "not-available",
            Self::ShadowedRule => "shadowed-rule",
            Self::DeadRule => "dead-rule",
            Self::UnusedRole => "unused-role",
            Self::SensitiveAnonymous => "sensitive-anonymous",
            Self::ExpandedShapes => "expanded-shapes",
            Self::RequiresMore => "requires-more",
            Self::NoDocument => "no-document",
            Self::UnusedDocuments => "unused-documents",
            Self::DocumentSyntax => "document-syntax",
            Self::DocumentOperation => "document-operation",
            Self::DocumentFragment => "document-fragment",
            Self::DocumentId => "document-id",
            Self::DocumentManifest => "document-manifest",
            Self::DocumentInvalid => "document-invalid",
            Self::DocumentDenied => "document-denied",
            Self::EntryPoint => "entry-point",
            Self::SdlSyntax => "sdl-syntax",
            Self::SdlDuplicateType => "sdl-duplicate-type",
            Self::SdlDuplicateField => "sdl-duplicate-field",
            Self::SdlRepeatedField => "sdl-repeated-field",
            Self::SdlReservedName => "sdl-reserved-name",
            Self::SdlUnknownType => "sdl-unknown-type",
            Self::SdlWrongKind => "sdl-wrong-kind",
            Self::SdlExtension => "sdl-extension",
            Self::SdlEmptyType => "sdl-empty-type",
            Self::SdlInterface => "sdl-interface",
            Self::SdlRoot => "sdl-root",
            Self::SdlNesting => "sdl-nesting",
            Self::SdlValue => "sdl-value",
            Self::SdlInputCycle => "sdl-input-cycle",
            Self::SdlOneOf => "sdl-one-of",
            Self::SdlDirective => "sdl-directive",
            Self::SdlUnknownDirective => "sdl-unknown-directive",
            Self::SdlForeignDirective => "sdl-foreign-directive",
            Self::SdlDirectiveLocation => "sdl-directive-location",
            Self::SdlLink => "sdl-link",
            Self::SdlEmptyRequirement => "sdl-empty-requirement",
            Self::SdlInaccessible => "sdl-inaccessible",
            Self::CaseValue => "case-value",
            Self::Unloadable => "unloadable",
            Self::UnpinnedImage => "unpinned-image",
            Self::HeadersNotHeld => "headers-not-held",
            Self::UnguardedPort => "unguarded-port",
            Self::ManifestLarge => "manifest-large",
            Self::ManifestTooLarge => "manifest-too-large",
            Self::FileTooLarge => "file-too-large",
            Self::LinkNotFollowed => "link-not-followed",
            Self::NoEntity => "no-entity",
            Self::InvalidRef => "invalid-ref",
            Self::OwnerKind => "owner-kind",
            Self::OwnerIgnored => "owner-ignored",
            Self::UnownedEntity => "unowned-entity",
            Self::DuplicateEntity => "duplicate-entity",
            Self::LocationNotRead => "location-not-read",
            Self::ConditionSyntax => "condition-syntax",
            Self::ConditionUnknown => "condition-unknown",
            Self::ConditionType => "condition-type",
            Self::ConditionUnsupported => "condition-unsupported",
            Self::ConditionPattern => "condition-pattern",
            Self::ConditionSize => "condition-size",
            Self::ConditionConstant => "condition-constant",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
