//! What a client is told of a refusal: constant texts.

use super::Reason;
use crate::token::TokenError;

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
        [PARSE_FAILED, VALIDATION_FAILED, NOT_SUPPORTED, NOT_FOUND].contains(&self.code)
    }
}

const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
const NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
const NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";

impl Reason {
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
            // As clients of automatic persisted queries look for it: they go on with the text.
            Self::PersistedQueryNotSupported => {
                answer(400, NOT_SUPPORTED, "PersistedQueryNotSupported")
            }
            Self::PersistedQueryNotFound => answer(400, NOT_FOUND, "PersistedQueryNotFound"),
            Self::DocumentNotTrusted => answer(
                403,
                "DOCUMENT_NOT_TRUSTED",
                "This client may only ask for documents that it was registered with",
            ),
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
const fn token_answer(error: TokenError) -> Answer {
    match error {
        TokenError::Missing => answer(401, "UNAUTHENTICATED", "Authentication is required"),
        // Nothing is wrong with the token, as far as anybody can tell.
        TokenError::KeysUnavailable => {
            answer(503, "KEYS_UNAVAILABLE", "The access token cannot be verified now")
        }
        TokenError::Authentication => answer(
            401,
            "INSUFFICIENT_USER_AUTHENTICATION",
            "Another authentication of the user is required",
        ),
        _ => answer(401, "UNAUTHENTICATED", "The access token is not valid"),
    }
}
