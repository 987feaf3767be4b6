//! A JSON object as text that nothing has tidied: names and values are written as they are given,
//! also twice.

#[derive(Clone, Debug)]
pub(crate) struct Object(Vec<(String, String)>);

impl Object {
    /// Members by name and JSON text of the value.
    pub(crate) fn new<const N: usize>(members: [(&str, &str); N]) -> Self {
        Self(members.map(|(name, value)| (format!("\"{name}\""), value.to_owned())).to_vec())
    }

    pub(crate) fn text(&self) -> String {
        let members: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    }

    /// The JSON text of a member's value.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let name = format!("\"{name}\"");
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Replaces a member, or adds it.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let name = format!("\"{name}\"");
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name, value.to_owned())),
        }
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        let name = format!("\"{name}\"");
        self.0.retain(|(known, _)| *known != name);
        self
    }

    /// Puts a member first, whether there is one already or not; its name as JSON text.
    pub(crate) fn first(mut self, name: &str, value: &str) -> Self {
        self.0.insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a member last, whether there is one already or not; its name as JSON text.
    pub(crate) fn last(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }
}
