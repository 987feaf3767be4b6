//! Tokens -> [`Document`], by recursive descent over the grammar's document syntax.
//!
//! One function a production, one token of lookahead. Here are definitions and selections; `input`
//! has what both take in, `cursor` the steps over tokens. Everything that recurses goes through
//! `open`, which counts open brackets against the bound.

mod cursor;
mod input;

use self::input::Variables;
use super::lexer::{Lexer, Token, TokenKind};
use super::normalised::{Normalised, Tokens};
use super::{
    Bounds, Document, DocumentError, DocumentErrorKind, Expected, Field, Fragment, FragmentSpread,
    InlineFragment, Operation, OperationKind, Selection, SelectionSet, Span, VariableDefinition,
};
use crate::limits::NESTING;

/// A document half read.
pub(super) struct Reader<'a> {
    source: &'a str,
    lexer: Lexer<'a>,
    /// The tokens taken, where they are asked for.
    taken: Option<Tokens<'a>>,
    /// The token that is looked at, not yet taken.
    ahead: Token,
    /// Where the last token taken ends.
    end: u32,
    /// Brackets open now, and at most so far.
    open: u32,
    nesting: u32,
    limit: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &'a str,
        bounds: &Bounds,
        normalises: bool,
    ) -> Result<Self, Box<DocumentError>> {
        let mut lexer = Lexer::new(source, bounds.tokens)?;
        let ahead = lexer.next()?;
        let taken = normalises.then(|| Tokens::of(source));
        let limit = bounds.nesting.min(NESTING);
        Ok(Self { source, lexer, taken, ahead, end: 0, open: 0, nesting: 0, limit })
    }

    /// `ExecutableDocument`.
    pub(super) fn document(
        mut self,
    ) -> Result<(Document<'a>, Option<Normalised>), Box<DocumentError>> {
        let (mut operations, mut fragments) = (Vec::new(), Vec::new());
        loop {
            self.definition(&mut operations, &mut fragments)?;
            if self.ahead.kind == TokenKind::End {
                break;
            }
        }
        let (tokens, nesting) = (self.lexer.tokens(), self.nesting);
        let document = Document { source: self.source, operations, fragments, tokens, nesting };
        Ok((document, self.taken.map(Tokens::normalised)))
    }

    /// `ExecutableDefinition`.
    fn definition(
        &mut self,
        operations: &mut Vec<Operation<'a>>,
        fragments: &mut Vec<Fragment<'a>>,
    ) -> Result<(), Box<DocumentError>> {
        let start = self.ahead.span.start;
        if self.ahead.kind == TokenKind::BraceOpen {
            operations.push(self.shorthand()?);
            return Ok(());
        }
        let description = self.description()?;
        let kind = match self.keyword() {
            Some("query") => OperationKind::Query,
            Some("mutation") => OperationKind::Mutation,
            Some("subscription") => OperationKind::Subscription,
            Some("fragment") => {
                fragments.push(self.fragment(start, description)?);
                return Ok(());
            }
            Some(
                "schema" | "scalar" | "type" | "interface" | "union" | "enum" | "input"
                | "directive" | "extend",
            ) => return Err(self.error(DocumentErrorKind::TypeSystemDefinition)),
            // The shorthand takes no description.
            Some(_) | None if description.is_some() => {
                return Err(self.expected(Expected::DescribedDefinition));
            }
            Some(_) | None => return Err(self.expected(Expected::Definition)),
        };
        operations.push(self.operation(start, description, kind)?);
        Ok(())
    }

    /// `OperationDefinition : SelectionSet`.
    fn shorthand(&mut self) -> Result<Operation<'a>, Box<DocumentError>> {
        let selection_set = self.selection_set()?;
        Ok(Operation {
            span: selection_set.span,
            description: None,
            kind: OperationKind::Query,
            name: None,
            variables: Vec::new(),
            directives: Vec::new(),
            selection_set,
        })
    }

    /// `OperationDefinition`, from its keyword.
    fn operation(
        &mut self,
        start: u32,
        description: Option<Span>,
        kind: OperationKind,
    ) -> Result<Operation<'a>, Box<DocumentError>> {
        self.take()?;
        let name = match self.ahead.kind {
            TokenKind::Name => Some(self.name(Expected::Name)?),
            _ => None,
        };
        let variables = self.variables()?;
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = self.selection_set()?;
        let span = self.span(start);
        Ok(Operation { span, description, kind, name, variables, directives, selection_set })
    }

    /// `FragmentDefinition`, from its keyword.
    fn fragment(
        &mut self,
        start: u32,
        description: Option<Span>,
    ) -> Result<Fragment<'a>, Box<DocumentError>> {
        self.take()?;
        if self.keyword() == Some("on") {
            return Err(self.expected(Expected::FragmentName));
        }
        let name = self.name(Expected::FragmentName)?;
        if self.keyword() != Some("on") {
            return Err(self.expected(Expected::TypeCondition));
        }
        self.take()?;
        let type_condition = self.name(Expected::TypeName)?;
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = self.selection_set()?;
        let span = self.span(start);
        Ok(Fragment { span, description, name, type_condition, directives, selection_set })
    }

    /// `Description?`.
    fn description(&mut self) -> Result<Option<Span>, Box<DocumentError>> {
        match self.ahead.kind {
            TokenKind::String | TokenKind::BlockString => Ok(Some(self.take()?.span)),
            _ => Ok(None),
        }
    }

    /// `VariablesDefinition?`.
    fn variables(&mut self) -> Result<Vec<VariableDefinition<'a>>, Box<DocumentError>> {
        let mut variables = Vec::new();
        if self.ahead.kind != TokenKind::ParenthesisOpen {
            return Ok(variables);
        }
        self.open()?;
        while variables.is_empty() || self.ahead.kind != TokenKind::ParenthesisClose {
            variables.push(self.variable()?);
        }
        self.close()?;
        Ok(variables)
    }

    /// `VariableDefinition`.
    fn variable(&mut self) -> Result<VariableDefinition<'a>, Box<DocumentError>> {
        let start = self.ahead.span.start;
        let description = self.description()?;
        self.expect(TokenKind::Dollar, Expected::Variable)?;
        let name = self.name(Expected::Name)?;
        self.expect(TokenKind::Colon, Expected::Colon)?;
        let ty = self.type_reference()?;
        let default = match self.skip(TokenKind::Equals)? {
            true => Some(self.value(Variables::Forbidden)?),
            false => None,
        };
        let directives = self.directives(Variables::Forbidden)?;
        let span = self.span(start);
        Ok(VariableDefinition { span, description, name, ty, default, directives })
    }

    /// `SelectionSet`.
    fn selection_set(&mut self) -> Result<SelectionSet<'a>, Box<DocumentError>> {
        if self.ahead.kind != TokenKind::BraceOpen {
            return Err(self.expected(Expected::SelectionSet));
        }
        let start = self.ahead.span.start;
        self.open()?;
        let mut selections = Vec::with_capacity(4);
        while selections.is_empty() || self.ahead.kind != TokenKind::BraceClose {
            selections.push(match self.ahead.kind {
                TokenKind::Name => Selection::Field(self.field()?),
                TokenKind::Spread => self.spread()?,
                _ => return Err(self.expected(Expected::Selection)),
            });
        }
        self.close()?;
        Ok(SelectionSet { span: self.span(start), selections })
    }

    /// `Field`.
    fn field(&mut self) -> Result<Field<'a>, Box<DocumentError>> {
        let first = self.name(Expected::Name)?;
        let (alias, name) = match self.skip(TokenKind::Colon)? {
            true => (Some(first), self.name(Expected::Name)?),
            false => (None, first),
        };
        let arguments = self.arguments(Variables::Allowed)?;
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = match self.ahead.kind {
            TokenKind::BraceOpen => Some(self.selection_set()?),
            _ => None,
        };
        let span = self.span(first.span.start);
        Ok(Field { span, alias, name, arguments, directives, selection_set })
    }

    /// `FragmentSpread` or `InlineFragment`, from its `...`.
    fn spread(&mut self) -> Result<Selection<'a>, Box<DocumentError>> {
        let start = self.take()?.span.start;
        let type_condition = match self.keyword() {
            // A fragment is never named `on`, so this is a type condition in any case.
            Some("on") => {
                self.take()?;
                Some(self.name(Expected::TypeName)?)
            }
            Some(_) => {
                let name = self.name(Expected::FragmentName)?;
                let directives = self.directives(Variables::Allowed)?;
                let span = self.span(start);
                return Ok(Selection::FragmentSpread(FragmentSpread { span, name, directives }));
            }
            None => None,
        };
        let directives = self.directives(Variables::Allowed)?;
        let selection_set = self.selection_set()?;
        let span = self.span(start);
        Ok(Selection::InlineFragment(InlineFragment {
            span,
            type_condition,
            directives,
            selection_set,
        }))
    }
}
