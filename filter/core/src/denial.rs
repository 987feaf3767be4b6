//! The closed table of refusals: for each reason its stable code, HTTP status, public code and
//! public text. The only place where a fault becomes something a client sees.
//!
//! Public text is constant: it never echoes a token, a policy or the schema. Whatever depends on
//! the schema answers alike, so that "not allowed" and "does not exist" cannot be told apart; what
//! is wrong with a token is in the audit record only (RFC 6750 3.1 asks for no more than the code).
//! Codes are append-only: dashboards and alerts are built on them.

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

/// What a client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `extensions.code` of the GraphQL error.
    pub code: &'static str,
    /// `message` of the GraphQL error.
    pub message: &'static str,
}

impl Answer {
    /// Whether it is what a server says of a document, rather than a gateway of a request.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.code == PARSE_FAILED || self.code == VALIDATION_FAILED
    }
}

const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

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

    /// What the client is told.
    #[must_use]
    pub const fn answer(self) -> Answer {
        match self {
            Self::NotConfigured => answer(503, "NOT_CONFIGURED", "The gateway is not ready"),
            Self::Internal | Self::RequestIncomplete | Self::NotEvaluated => {
                answer(500, "INTERNAL_ERROR", "Internal error")
            }
            Self::HeadMalformed => answer(400, "BAD_REQUEST", "The request cannot be read"),
            Self::PathNotServed => answer(404, "NOT_FOUND", "Not found"),
            Self::MethodNotAllowed => {
                answer(405, "METHOD_NOT_ALLOWED", "This method is not allowed")
            }
            Self::MutationNotSafe => answer(405, "METHOD_NOT_ALLOWED", "Mutations need POST"),
            Self::BodyNotAllowed => {
                answer(400, "BAD_REQUEST", "A body is not allowed with this method")
            }
            Self::CsrfHeaderMissing => answer(
                400,
                "CSRF_HEADER_REQUIRED",
                "Such a request needs a header that only scripts can set, such as \
                 graphql-require-preflight",
            ),
            Self::UrlTooLong => answer(414, "URL_TOO_LONG", "The URL query is too long"),
            Self::UrlQueryMalformed => answer(400, "BAD_REQUEST", "The URL query cannot be read"),
            Self::UpgradeNotAllowed => {
                answer(403, "UPGRADE_NOT_ALLOWED", "Protocol upgrades are not allowed")
            }
            Self::UrlQueryNotAllowed => {
                answer(400, "BAD_REQUEST", "A URL query is not allowed beside a body")
            }
            Self::ContentTypeNotSupported => answer(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                "The content type must be application/json in UTF-8",
            ),
            Self::ContentEncodingNotSupported => {
                answer(415, "UNSUPPORTED_MEDIA_TYPE", "A compressed body is not supported")
            }
            Self::BodyTooLarge => answer(413, "BODY_TOO_LARGE", "The request body is too large"),
            Self::Token(error) => token_answer(error),
            Self::BodyEmpty | Self::BodyMalformed | Self::DuplicateMember | Self::UnknownMember => {
                answer(400, "BAD_REQUEST", "This is not a GraphQL request")
            }
            Self::BatchNotAllowed => answer(400, "BAD_REQUEST", "Batches are not allowed"),
            Self::MultipartMalformed => {
                answer(400, "BAD_REQUEST", "The body is not a GraphQL multipart request")
            }
            Self::MultipartMap => {
                answer(400, "BAD_REQUEST", "The map does not fit the files and variables")
            }
            Self::BatchEmpty => answer(400, "BAD_REQUEST", "The batch is empty"),
            Self::QueryMissing => {
                answer(400, "BAD_REQUEST", "The request has no query that can be read")
            }
            Self::OperationNameInvalid => {
                answer(400, "BAD_REQUEST", "operationName must be a name or null")
            }
            Self::VariablesInvalid => {
                answer(400, "BAD_REQUEST", "variables must be an object or null")
            }
            Self::ExtensionsInvalid => {
                answer(400, "BAD_REQUEST", "extensions must be an object or null")
            }
            Self::DocumentIdInvalid => {
                answer(400, "BAD_REQUEST", "The id of the document cannot be read")
            }
            Self::DocumentIdMismatch => {
                answer(400, "BAD_REQUEST", "The hash is not that of the document")
            }
            // As clients of automatic persisted queries look for it: they go on without.
            Self::PersistedQueryNotSupported => {
                answer(200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
            }
            Self::DocumentSyntax => answer(400, PARSE_FAILED, "The document has a syntax error"),
            Self::OperationNameTaken => {
                invalid("Operations must be named, and each name be there once")
            }
            Self::OperationAmbiguous => invalid("operationName must choose one of the operations"),
            Self::OperationUnknown => invalid("No operation has the given operationName"),
            Self::OperationTypeNotAllowed => {
                answer(403, "OPERATION_TYPE_NOT_ALLOWED", "This operation type is not allowed")
            }
            Self::FragmentNameTaken => invalid("Each fragment name must be there once"),
            Self::FragmentUnknown => invalid("A fragment is spread that is not defined"),
            Self::FragmentCycle => invalid("A fragment spreads itself"),
            Self::DirectiveNotAllowed => {
                invalid("Only @skip and @include are allowed, on fields and fragments")
            }
            Self::DirectiveInvalid => {
                invalid("@skip and @include need one if: a boolean or a variable")
            }
            Self::VariableInvalid => invalid(
                "A variable of @skip or @include is not defined as, or not given, a boolean",
            ),
            Self::ArgumentDuplicate => invalid("An argument or an input field is given twice"),
            Self::VariableDuplicate => invalid("A variable is defined twice"),
            Self::VariableUndefined => invalid("A variable is used that is not defined"),
            Self::VariableUnused => invalid("A variable is defined that nothing uses"),
            Self::VariableValue => invalid("A variable has no value that fits its type"),
            // They are found where everything before them is granted, and name nothing.
            Self::ValueInvalid => invalid("A value does not fit its type"),
            Self::ArgumentMissing => invalid("A required argument or input field is missing"),
            Self::VariableType => invalid("A variable does not fit where it is used"),
            Self::IntrospectionDisabled => {
                answer(403, "INTROSPECTION_DISABLED", "Introspection is disabled")
            }
            Self::UnknownField
            | Self::UnknownType
            | Self::UnknownArgument
            | Self::SelectionInvalid
            | Self::FragmentImpossible
            | Self::UnknownInputField
            | Self::UnknownEnumValue
            | Self::FieldDenied
            | Self::TypeDenied
            | Self::InputDenied
            | Self::FloorDenied
            | Self::ConditionError
            | Self::PartiallyGranted => {
                answer(403, "UNAUTHORIZED_FIELD_OR_TYPE", "Unauthorized field or type")
            }
            Self::LimitTokens
            | Self::LimitNesting
            | Self::LimitDepth
            | Self::LimitRootFields
            | Self::LimitAliases
            | Self::LimitDirectives
            | Self::LimitExpandedFields
            | Self::LimitConcreteTypes
            | Self::LimitCost
            | Self::LimitVariablesDepth
            | Self::LimitVariables
            | Self::LimitBatch
            | Self::LimitUploads => {
                answer(400, "LIMIT_EXCEEDED", "The operation exceeds a limit of this endpoint")
            }
        }
    }
}

const fn answer(status: u16, code: &'static str, message: &'static str) -> Answer {
    Answer { status, code, message }
}

const fn invalid(message: &'static str) -> Answer {
    answer(400, VALIDATION_FAILED, message)
}

/// One text for every defect of a token: which one it was is nobody's business outside.
const fn token_answer(error: crate::token::TokenError) -> Answer {
    match error {
        crate::token::TokenError::Missing => {
            answer(401, "UNAUTHENTICATED", "Authentication is required")
        }
        // Nothing is wrong with the token, as far as anybody can tell.
        crate::token::TokenError::KeysUnavailable => {
            answer(503, "KEYS_UNAVAILABLE", "The access token cannot be verified now")
        }
        crate::token::TokenError::Authentication => answer(
            401,
            "INSUFFICIENT_USER_AUTHENTICATION",
            "Another authentication of the user is required",
        ),
        _ => answer(401, "UNAUTHENTICATED", "The access token is not valid"),
    }
}
