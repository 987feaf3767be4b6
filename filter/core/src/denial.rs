//! The closed table of refusals: for each reason its stable code, HTTP status, public code and
//! public text. The only place where a fault becomes something a client sees.
//!
//! Public text is constant: it never echoes a token, a policy or the schema. Whatever depends on
//! the schema answers alike, so that "not allowed" and "does not exist" cannot be told apart; what
//! is wrong with a token is in the audit record only (RFC 6750 3.1 asks for no more than the code).
//! Codes are append-only: dashboards and alerts are built on them.

mod answer;

pub use answer::Answer;

/// Why a request was refused, or not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// There is no configuration that could be enforced.
    NotConfigured,
    /// Something that cannot happen did; the request is refused.
    Internal,
    /// The client left, or the proxy gave up, before the body was complete.
    RequestIncomplete,
    /// The request was refused elsewhere and never reached a verdict here.
    NotEvaluated,

    /// A header is not readable, or a pseudo-header is missing.
    HeadMalformed,
    /// The path is not the endpoint's.
    PathNotServed,
    /// A method that is not among the endpoint's.
    MethodNotAllowed,
    /// A mutation by a method that is safe (GraphQL over HTTP, section "GET"; RFC 9110 9.2.1).
    MutationNotSafe,
    /// A body where the request is in the URL.
    BodyNotAllowed,
    /// What another site can have a browser send, and no header that it cannot.
    CsrfHeaderMissing,
    /// A URL query above the limit.
    UrlTooLong,
    /// A URL query that is not UTF-8, or has a `%` that begins no escape.
    UrlQueryMalformed,
    /// An upgrade (WebSocket) or an extended CONNECT.
    UpgradeNotAllowed,
    /// A URL query beside a body: two places to read a request from.
    UrlQueryNotAllowed,
    /// A media type other than `application/json` in UTF-8, or more than one.
    ContentTypeNotSupported,
    /// A compressed body.
    ContentEncodingNotSupported,
    /// A body above the limit.
    BodyTooLarge,

    /// See [`crate::token::TokenError`] for these.
    Token(crate::token::TokenError),

    /// No body.
    BodyEmpty,
    /// The body is not one JSON object in UTF-8.
    BodyMalformed,
    /// An array: batches are off.
    BatchNotAllowed,
    /// A batch of nothing.
    BatchEmpty,
    /// `multipart/form-data` that is not as GraphQL multipart requests have it.
    MultipartMalformed,
    /// A map whose files are not those of the request, or whose places hold no null.
    MultipartMap,
    /// A member name twice, at any level.
    DuplicateMember,
    /// A member that GraphQL over HTTP does not define.
    UnknownMember,
    /// `query` is missing, empty or not a string.
    QueryMissing,
    /// `operationName` is neither a name nor null.
    OperationNameInvalid,
    /// `variables` is neither an object nor null.
    VariablesInvalid,
    /// `extensions` is neither an object nor null.
    ExtensionsInvalid,
    /// An id of a document that is none, or two of them.
    DocumentIdInvalid,
    /// A document and the hash of another one.
    DocumentIdMismatch,
    /// The hash of a document alone, where there are no trusted documents.
    PersistedQueryNotSupported,
    /// The id or hash of a document that is none of the client's trusted ones.
    PersistedQueryNotFound,
    /// A document that is none of the client's trusted ones, where it has to be.
    DocumentNotTrusted,

    /// The document is not in the executable grammar.
    DocumentSyntax,
    /// Two operations of one name, or an anonymous one among several (spec 5.2.1, 5.2.2).
    OperationNameTaken,
    /// Several operations and no name that chooses.
    OperationAmbiguous,
    /// No operation of that name.
    OperationUnknown,
    /// Subscriptions.
    OperationTypeNotAllowed,
    /// Two fragments of one name (spec 5.5.1.1).
    FragmentNameTaken,
    /// A spread of a fragment that is not there (spec 5.5.2.1).
    FragmentUnknown,
    /// A fragment that spreads itself (spec 5.5.2.2).
    FragmentCycle,
    /// A directive other than `@skip` and `@include`, or one of them out of place.
    DirectiveNotAllowed,
    /// `@skip` or `@include` without exactly one usable `if` (spec 3.13.1, 3.13.2).
    DirectiveInvalid,
    /// A variable that `@skip` or `@include` needs is undefined, missing or not a boolean.
    VariableInvalid,
    /// An argument or an input object field twice (spec 5.4.2, 5.6.3).
    ArgumentDuplicate,
    /// A variable defined twice (spec 5.8.1).
    VariableDuplicate,
    /// A variable that is not defined (spec 5.8.3).
    VariableUndefined,
    /// A variable that nothing uses (spec 5.8.4).
    VariableUnused,
    /// What a request gives for a variable does not fit its type (spec 6.1.2).
    VariableValue,

    /// Introspection is off.
    IntrospectionDisabled,
    /// A field that the schema does not have.
    UnknownField,
    /// A type condition on a type that the schema does not have, or that has no fields.
    UnknownType,
    /// An argument that the field does not have.
    UnknownArgument,
    /// A selection below a leaf, or none below a composite type (spec 5.3.3).
    SelectionInvalid,
    /// A type condition that can never be met (spec 5.5.2.3).
    FragmentImpossible,
    /// An input object field that the type does not have (spec 5.6.2).
    UnknownInputField,
    /// A value that the enum does not have (spec 5.6.1).
    UnknownEnumValue,
    /// A literal that does not fit its type (spec 5.6.1).
    ValueInvalid,
    /// An argument or input field that has to be given and is not (spec 5.4.3, 5.6.4).
    ArgumentMissing,
    /// A variable where one of its type cannot be (spec 5.8.5).
    VariableType,
    /// The policy does not grant at least one field.
    FieldDenied,
    /// The policy does not let a type be reached.
    TypeDenied,
    /// The policy does not grant an argument, input field or enum value.
    InputDenied,
    /// The policy does not grant any operation to this caller.
    FloorDenied,
    /// A condition of the policy cannot be evaluated.
    ConditionError,
    /// Fields of interfaces or unions are granted on some of the object types, and nothing else is
    /// denied. As long as responses are not completed it is a denial.
    PartiallyGranted,

    /// Too many tokens.
    LimitTokens,
    /// Too many brackets or fragments within one another.
    LimitNesting,
    /// Fields too deep.
    LimitDepth,
    /// Too many root fields.
    LimitRootFields,
    /// Too many aliases.
    LimitAliases,
    /// Too many directives.
    LimitDirectives,
    /// Too many selections after expansion.
    LimitExpandedFields,
    /// Selections on interfaces and unions that could be too many object types.
    LimitConcreteTypes,
    /// Too dear.
    LimitCost,
    /// `variables` nested too deep.
    LimitVariablesDepth,
    /// Too many variables.
    LimitVariables,
    /// Too many requests in a batch.
    LimitBatch,
    /// Too many files.
    LimitUploads,
}

impl From<crate::token::TokenError> for Reason {
    fn from(error: crate::token::TokenError) -> Self {
        Self::Token(error)
    }
}

impl Reason {
    /// The stable code: in audit records, metrics and response code details.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Internal => "internal_error",
            Self::RequestIncomplete => "request_incomplete",
            Self::NotEvaluated => "not_evaluated",
            Self::HeadMalformed => "head_malformed",
            Self::PathNotServed => "path_not_served",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::MutationNotSafe => "mutation_not_safe",
            Self::BodyNotAllowed => "body_not_allowed",
            Self::CsrfHeaderMissing => "csrf_header_missing",
            Self::UrlTooLong => "url_too_long",
            Self::UrlQueryMalformed => "url_query_malformed",
            Self::UpgradeNotAllowed => "upgrade_not_allowed",
            Self::UrlQueryNotAllowed => "url_query_not_allowed",
            Self::ContentTypeNotSupported => "content_type_not_supported",
            Self::ContentEncodingNotSupported => "content_encoding_not_supported",
            Self::BodyTooLarge => "body_too_large",
            Self::Token(error) => error.code(),
            Self::BodyEmpty => "body_empty",
            Self::BodyMalformed => "body_malformed",
            Self::BatchNotAllowed => "batch_not_allowed",
            Self::BatchEmpty => "batch_empty",
            Self::MultipartMalformed => "multipart_malformed",
            Self::MultipartMap => "multipart_map",
            Self::DuplicateMember => "duplicate_member",
            Self::UnknownMember => "unknown_member",
            Self::QueryMissing => "query_missing",
            Self::OperationNameInvalid => "operation_name_invalid",
            Self::VariablesInvalid => "variables_invalid",
            Self::ExtensionsInvalid => "extensions_invalid",
            Self::DocumentIdInvalid => "document_id_invalid",
            Self::DocumentIdMismatch => "document_id_mismatch",
            Self::PersistedQueryNotSupported => "persisted_query_not_supported",
            Self::PersistedQueryNotFound => "persisted_query_not_found",
            Self::DocumentNotTrusted => "document_not_trusted",
            Self::DocumentSyntax => "document_syntax",
            Self::OperationNameTaken => "operation_name_taken",
            Self::OperationAmbiguous => "operation_ambiguous",
            Self::OperationUnknown => "operation_unknown",
            Self::OperationTypeNotAllowed => "operation_type_not_allowed",
            Self::FragmentNameTaken => "fragment_name_taken",
            Self::FragmentUnknown => "fragment_unknown",
            Self::FragmentCycle => "fragment_cycle",
            Self::DirectiveNotAllowed => "directive_not_allowed",
            Self::DirectiveInvalid => "directive_invalid",
            Self::VariableInvalid => "variable_invalid",
            Self::ArgumentDuplicate => "argument_duplicate",
            Self::VariableDuplicate => "variable_duplicate",
            Self::VariableUndefined => "variable_undefined",
            Self::VariableUnused => "variable_unused",
            Self::VariableValue => "variable_value",
            Self::IntrospectionDisabled => "introspection_disabled",
            Self::UnknownField => "unknown_field",
            Self::UnknownType => "unknown_type",
            Self::UnknownArgument => "unknown_argument",
            Self::SelectionInvalid => "selection_invalid",
            Self::FragmentImpossible => "fragment_impossible",
            Self::UnknownInputField => "unknown_input_field",
            Self::UnknownEnumValue => "unknown_enum_value",
            Self::ValueInvalid => "value_invalid",
            Self::ArgumentMissing => "argument_missing",
            Self::VariableType => "variable_type",
            Self::FieldDenied => "field_denied",
            Self::TypeDenied => "type_denied",
            Self::InputDenied => "input_denied",
            Self::FloorDenied => "floor_denied",
            Self::ConditionError => "condition_error",
            Self::PartiallyGranted => "partially_granted",
            Self::LimitTokens => "limit_tokens",
            Self::LimitNesting => "limit_nesting",
            Self::LimitDepth => "limit_depth",
            Self::LimitRootFields => "limit_root_fields",
            Self::LimitAliases => "limit_aliases",
            Self::LimitDirectives => "limit_directives",
            Self::LimitExpandedFields => "limit_expanded_fields",
            Self::LimitConcreteTypes => "limit_concrete_types",
            Self::LimitCost => "limit_cost",
            Self::LimitVariablesDepth => "limit_variables_depth",
            Self::LimitVariables => "limit_variables",
            Self::LimitBatch => "limit_batch",
            Self::LimitUploads => "limit_uploads",
        }
    }
}
