//! What operations and fields take in: arguments, directives, values and the types of variables.

use super::Reader;
use crate::document::lexer::TokenKind;
use crate::document::{
    Argument, Directive, DocumentError, DocumentErrorKind, Expected, Items, ObjectField,
    TypeReference, Value, ValueKind,
};

/// The grammar's `Const` parameter.
#[derive(Clone, Copy)]
pub(super) enum Variables {
    Allowed,
    Forbidden,
}

impl<'a> Reader<'a> {
    /// `Directives?`.
    #[inline]
    pub(super) fn directives(
        &mut self,
        variables: Variables,
    ) -> Result<Vec<Directive<'a>>, Box<DocumentError>> {
        if self.ahead.kind != TokenKind::At {
            return Ok(Vec::new());
        }
        self.some_directives(variables)
    }

    fn some_directives(
        &mut self,
        variables: Variables,
    ) -> Result<Vec<Directive<'a>>, Box<DocumentError>> {
        let mut directives = Vec::new();
        while self.ahead.kind == TokenKind::At {
            let start = self.take()?.span.start;
            let name = self.name(Expected::Name)?;
            let arguments = self.arguments(variables)?;
            directives.push(Directive { span: self.span(start), name, arguments });
        }
        Ok(directives)
    }

    /// `Arguments?`.
    #[inline]
    pub(super) fn arguments(
        &mut self,
        variables: Variables,
    ) -> Result<Vec<Argument<'a>>, Box<DocumentError>> {
        if self.ahead.kind != TokenKind::ParenthesisOpen {
            return Ok(Vec::new());
        }
        self.some_arguments(variables)
    }

    fn some_arguments(
        &mut self,
        variables: Variables,
    ) -> Result<Vec<Argument<'a>>, Box<DocumentError>> {
        let mut arguments = Vec::new();
        self.open()?;
        while arguments.is_empty() || self.ahead.kind != TokenKind::ParenthesisClose {
            let name = self.name(Expected::Argument)?;
            self.expect(TokenKind::Colon, Expected::Colon)?;
            let value = self.value(variables)?;
            arguments.push(Argument { span: self.span(name.span.start), name, value });
        }
        self.close()?;
        Ok(arguments)
    }

    /// `Value`.
    pub(super) fn value(&mut self, variables: Variables) -> Result<Value<'a>, Box<DocumentError>> {
        let start = self.ahead.span.start;
        let kind = match self.ahead.kind {
            TokenKind::Dollar => match variables {
                Variables::Allowed => {
                    self.take()?;
                    ValueKind::Variable(self.name(Expected::Name)?)
                }
                Variables::Forbidden => {
                    return Err(self.error(DocumentErrorKind::VariableInConstant));
                }
            },
            TokenKind::Int => self.literal(ValueKind::Int)?,
            TokenKind::Float => self.literal(ValueKind::Float)?,
            TokenKind::String => self.literal(ValueKind::String)?,
            TokenKind::BlockString => self.literal(ValueKind::BlockString)?,
            TokenKind::Name => match self.name(Expected::Value)?.text {
                "true" => ValueKind::Boolean(true),
                "false" => ValueKind::Boolean(false),
                "null" => ValueKind::Null,
                _ => ValueKind::Enum,
            },
            TokenKind::BracketOpen => self.list(variables)?,
            TokenKind::BraceOpen => self.object(variables)?,
            _ => return Err(self.expected(Expected::Value)),
        };
        Ok(Value { span: self.span(start), kind })
    }

    pub(super) fn literal(
        &mut self,
        kind: ValueKind<'a>,
    ) -> Result<ValueKind<'a>, Box<DocumentError>> {
        self.take()?;
        Ok(kind)
    }

    /// `ListValue`.
    pub(super) fn list(
        &mut self,
        variables: Variables,
    ) -> Result<ValueKind<'a>, Box<DocumentError>> {
        self.open()?;
        let mut values = Vec::new();
        while self.ahead.kind != TokenKind::BracketClose {
            values.push(self.value(variables)?);
        }
        self.close()?;
        Ok(ValueKind::List(values))
    }

    /// `ObjectValue`.
    pub(super) fn object(
        &mut self,
        variables: Variables,
    ) -> Result<ValueKind<'a>, Box<DocumentError>> {
        self.open()?;
        let mut fields = Vec::new();
        while self.ahead.kind != TokenKind::BraceClose {
            let name = self.name(Expected::ObjectField)?;
            self.expect(TokenKind::Colon, Expected::Colon)?;
            let value = self.value(variables)?;
            fields.push(ObjectField { span: self.span(name.span.start), name, value });
        }
        self.close()?;
        Ok(ValueKind::Object(fields))
    }

    /// `Type`, from the outside in and back.
    pub(super) fn type_reference(&mut self) -> Result<TypeReference<'a>, Box<DocumentError>> {
        let start = self.ahead.span.start;
        let mut lists = 0_u32;
        while self.ahead.kind == TokenKind::BracketOpen {
            self.open()?;
            lists = lists.saturating_add(1);
        }
        let name = self.name(Expected::TypeName)?;
        let mut non_null = self.skip(TokenKind::Bang)?;
        let mut wrappers = Vec::new();
        for _ in 0..lists {
            wrappers.push(if non_null { Items::NonNull } else { Items::Nullable });
            if self.ahead.kind != TokenKind::BracketClose {
                return Err(self.expected(Expected::ListTypeEnd));
            }
            self.close()?;
            non_null = self.skip(TokenKind::Bang)?;
        }
        wrappers.reverse();
        Ok(TypeReference { span: self.span(start), name, non_null, wrappers })
    }
}
