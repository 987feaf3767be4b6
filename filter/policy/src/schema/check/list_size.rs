//! `@listSize` names what is there (<https://specs.apollo.dev/cost/v0.1>).

use super::super::document::{FieldSource, ListSize, TypeSource};
use super::Checker;
use crate::diagnostic::Code;
use crate::suggest::did_you_mean;

impl Checker<'_> {
    pub(super) fn check_list_sizes(&mut self, source: &TypeSource) {
        for field in &source.fields {
            if let Some(size) = &field.marks.list_size {
                self.check_list_size(field, size);
            }
        }
    }

    fn check_list_size(&mut self, field: &FieldSource, size: &ListSize) {
        for path in &size.slicing_arguments {
            let mut fields = Some(&field.arguments);
            let mut last: Option<&FieldSource> = None;
            for segment in path.text.split('.') {
                let found = fields.into_iter().flatten().find(|one| one.name.text == segment);
                fields = found
                    .and_then(|found| self.document.types.get(&found.of.text))
                    .map(|of| &of.fields);
                let is_outer_list = last.is_some_and(|outer| outer.wrapping.lists() > 0);
                last = found.filter(|_| !is_outer_list);
                if last.is_none() {
                    break;
                }
            }
            let is_number = |of: &FieldSource| of.of.text == "Int" && of.wrapping.lists() == 0;
            if !last.is_some_and(is_number) {
                let message = format!("`{}` is no integer argument of the field", path.text);
                let names = field.arguments.iter().map(|one| one.name.text.as_str());
                let help = did_you_mean(&path.text, names);
                self.error(Code::SdlDirective, &path.place, message, help);
            }
        }
        let returned = self.document.types.get(&field.of.text);
        let members = || returned.iter().flat_map(|of| &of.fields);
        for name in &size.sized_fields {
            let mut found = members().filter(|one| one.name.text == name.text);
            if !found.any(|one| one.wrapping.lists() > 0) {
                let message = format!("`{}` has no list `{}`", field.of.text, name.text);
                let names = members().map(|one| one.name.text.as_str());
                self.error(
                    Code::SdlDirective,
                    &name.place,
                    message,
                    did_you_mean(&name.text, names),
                );
            }
        }
        if size.sized_fields.is_empty() && field.wrapping.lists() == 0 {
            let message = "`@listSize` needs a list, or `sizedFields` that are".to_owned();
            self.error(Code::SdlDirective, &size.place, message, None);
        }
    }
}
