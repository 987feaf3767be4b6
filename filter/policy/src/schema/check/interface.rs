//! A type has what its interface promises (spec 3.6, IsValidImplementation).

use super::super::document::{Document, FieldSource, Kind, TypeSource, Wrapping};
use super::super::index::possible;
use super::{Checker, kind_of};
use crate::diagnostic::Code;
use crate::source::Text;

impl<'a> Checker<'a> {
    /// The interfaces that the interface implements itself, and each of its fields with a type as
    /// narrow and with its arguments.
    pub(super) fn check_interface(&mut self, source: &'a TypeSource, name: &Text) {
        let interface = self.document.types.get(&name.text);
        let Some(interface) = interface.filter(|found| found.kind == Kind::Interface) else {
            return;
        };
        if interface.name.text == source.name.text {
            let message = format!("`{}` implements itself", name.text);
            self.error(Code::SdlInterface, &name.place, message, None);
            return;
        }
        for inherited in &interface.implements {
            if source.implements.iter().all(|one| one.text != inherited.text) {
                let message = format!(
                    "`{}` implements `{}` and not its interface `{}`",
                    source.name.text, name.text, inherited.text
                );
                let help = format!("add `& {}`", inherited.text);
                self.error(Code::SdlInterface, &name.place, message, Some(help));
            }
        }
        for promised in &interface.fields {
            let own = source.fields.iter().find(|field| field.name.text == promised.name.text);
            if let Some(own) = own {
                self.check_implementation(source, own, promised, &name.text);
            } else {
                let message = format!(
                    "`{}` has no field `{}`, which its interface `{}` declares",
                    source.name.text, promised.name.text, name.text
                );
                self.error(Code::SdlInterface, &source.name.place, message, None);
            }
        }
    }

    fn check_implementation(
        &mut self,
        source: &TypeSource,
        own: &FieldSource,
        promised: &FieldSource,
        interface: &str,
    ) {
        let coordinate = format!("{}.{}", source.name.text, own.name.text);
        if !is_as_narrow(self.document, own, promised) {
            let message = format!(
                "`{coordinate}` has type `{}`, and its interface `{interface}` promises `{}`",
                own.written_type(),
                promised.written_type()
            );
            self.error(Code::SdlInterface, &own.of.place, message, None);
        }
        for argument in &promised.arguments {
            let same = |own: &FieldSource| own.written_type() == argument.written_type();
            let has = own.arguments.iter().find(|own| own.name.text == argument.name.text);
            if !has.is_some_and(same) {
                let message = format!(
                    "`{coordinate}` does not take `{}: {}`, which its interface `{interface}` promises",
                    argument.name.text,
                    argument.written_type()
                );
                self.error(Code::SdlInterface, &own.name.place, message, None);
            }
        }
        for argument in own.arguments.iter().filter(|argument| argument.is_required()) {
            if promised.arguments.iter().all(|other| other.name.text != argument.name.text) {
                let message = format!(
                    "`{coordinate}` requires `{}`, which its interface `{interface}` does not know",
                    argument.name.text
                );
                let help = "let it be null, or give it a default value".to_owned();
                self.error(Code::SdlInterface, &argument.name.place, message, Some(help));
            }
        }
    }
}

/// IsValidImplementationFieldType: a type may promise more than its interface, never less.
fn is_as_narrow(document: &Document, own: &FieldSource, promised: &FieldSource) -> bool {
    let levels = |wrapping: Wrapping| wrapping.levels();
    own.wrapping.lists() == promised.wrapping.lists()
        && levels(own.wrapping)
            .zip(levels(promised.wrapping))
            .all(|(own, promised)| own >= promised)
        && is_same_or_member(document, &own.of.text, &promised.of.text)
}

/// Whether `own` is `promised`, a member of it or an implementation. Unknown types have their own
/// finding.
fn is_same_or_member(document: &Document, own: &str, promised: &str) -> bool {
    let types = &document.types;
    let (Some(narrow), Some(wide)) = (types.get(own), types.get(promised)) else {
        return own == promised
            || kind_of(document, own).is_none()
            || kind_of(document, promised).is_none();
    };
    own == promised
        || possible(document, wide).any(|name| name == own)
        || narrow.implements.iter().any(|one| one.text == promised)
}
