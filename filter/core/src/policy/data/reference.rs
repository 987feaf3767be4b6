//! A reference as somebody writes it -> the one that tables have:
//! <https://backstage.io/docs/features/software-catalog/references>.

use std::borrow::Cow;

/// The longest reference: three parts of 63 bytes, and what is between them.
const BYTES: usize = 3 * 63 + 2;
const KIND: &str = "component";
const NAMESPACE: &str = "default";

/// `kind:namespace/name` in lower case; `None` for what can be no reference.
pub(super) fn canonical(text: &str) -> Option<Cow<'_, str>> {
    if text.len() > BYTES {
        return None;
    }
    // A colon behind the slash belongs to the name, as in Backstage: then there is no such entity.
    let (kind, rest) = match text.split_once(':') {
        Some((kind, rest)) if !kind.contains('/') => (Some(kind), rest),
        Some(_) | None => (None, text),
    };
    let (namespace, name) = match rest.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, rest),
    };
    if [kind, namespace, Some(name)].into_iter().flatten().any(str::is_empty) {
        return None;
    }
    match (kind, namespace) {
        (Some(_), Some(_)) if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Some(Cow::Borrowed(text))
        }
        (kind, namespace) => {
            let (kind, namespace) = (kind.unwrap_or(KIND), namespace.unwrap_or(NAMESPACE));
            let mut full = [kind, ":", namespace, "/", name].concat();
            full.make_ascii_lowercase();
            Some(Cow::Owned(full))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_spelling_is_one_reference() {
        let cases = [
            ("component:default/shop", Some("component:default/shop")),
            ("shop", Some("component:default/shop")),
            ("Shop", Some("component:default/shop")),
            ("Component:Default/Shop", Some("component:default/shop")),
            ("api:shop", Some("api:default/shop")),
            ("payments/shop", Some("component:payments/shop")),
            // Of no entity, as no name has a colon or a slash.
            ("payments/api:shop", Some("component:payments/api:shop")),
            ("a:b/c/d", Some("a:b/c/d")),
            ("", None),
            (":shop", None),
            ("api:", None),
            ("/shop", None),
            ("api:/shop", None),
            ("api:payments/", None),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
        assert_eq!(canonical(&"a".repeat(192)), None);
        assert!(canonical(&"a".repeat(191)).is_some());
    }
}
