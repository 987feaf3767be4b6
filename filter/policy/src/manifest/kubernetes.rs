//! What the resources of a Kubernetes cluster have in common: metadata, findings about them, and
//! several of them -> one YAML text.

pub mod reference;

use fieldgate_core::settings::RequestHeaders;
use serde_json::{Value, json};

use self::reference::{Image, Name};
use super::shipped::put;
use super::{ManifestError, NAME, Plugin, size};
use crate::bundle::Bundle;
use crate::diagnostic::{Code, Diagnostic};

/// The seatbelt's name in a chain of filters that may have other RBAC filters.
pub const SEATBELT: &str = "fieldgate.seatbelt";

/// Envoy's connection manager, by name.
pub(super) const MANAGER: &str = "envoy.filters.network.http_connection_manager";
/// The last filter of every chain, before which the others are put.
pub(super) const ROUTER: &str = "envoy.filters.http.router";

/// Where a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its namespace.
    pub namespace: Name,
    /// Its name.
    pub name: Name,
}

/// Resources to apply together, in their order: what keeps closed comes first.
#[derive(Clone, Debug)]
pub struct Manifests {
    objects: Vec<Value>,
    findings: Vec<Diagnostic>,
}

impl Manifests {
    pub(super) fn new(objects: Vec<Value>, image: &Image, findings: Vec<Diagnostic>) -> Self {
        let mut findings = findings;
        if image.sha256().is_none() {
            let message = format!("the image `{}` is not named by its digest", image.url());
            let help = "what a tag names can change, and nothing else verifies the filter's code: \
                        pin it by `@sha256:`";
            findings.push(Diagnostic::warning_anywhere(Code::UnpinnedImage, message).help(help));
        }
        findings.extend(objects.iter().filter_map(size::judge));
        Self { objects, findings }
    }

    /// The resources.
    #[must_use]
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }

    /// What is wrong with them, or worth knowing.
    #[must_use]
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }

    /// YAML documents.
    ///
    /// # Errors
    /// Only by a defect of this program.
    pub fn text(&self) -> Result<String, ManifestError> {
        let mut options = serde_saphyr::ser_options! {};
        // One line stays one line, however long: it is a blob.
        options.min_fold_chars = usize::MAX;
        options.folded_wrap_chars = usize::MAX;
        let mut text = String::new();
        for object in &self.objects {
            if !text.is_empty() {
                text.push_str("---\n");
            }
            serde_saphyr::to_fmt_writer_with_options(&mut text, object, options.clone())
                .map_err(|error| ManifestError::Rendering(error.to_string()))?;
        }
        Ok(text)
    }
}

/// The plugin on a platform that cannot hold request headers, and what to say about it.
pub(super) fn streaming(bundle: &Bundle, platform: &str) -> (Plugin, Vec<Diagnostic>) {
    let plugin = Plugin::on(bundle, RequestHeaders::Stream);
    let asked = Plugin::new(bundle).request_headers();
    let finding = (asked == RequestHeaders::Hold).then(|| {
        let message = format!("{platform} cannot hold request headers: built to stream them");
        let help = "the server sees the headers of a refused request, and never its body";
        Diagnostic::warning_anywhere(Code::HeadersNotHeld, message).help(help)
    });
    (plugin, finding.into_iter().collect())
}

/// A resource, marked with the policy that it carries.
pub(super) fn object(
    (api_version, kind): (&str, &str),
    (namespace, name): (&Name, &str),
    plugin: &Plugin,
    spec: Value,
) -> Value {
    let super::Identity { policy, revision, digest } = &plugin.identity;
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace.as_str(),
            "labels": { "app.kubernetes.io/name": NAME },
            "annotations": {
                "fieldgate-policy": policy,
                "fieldgate-revision": revision,
                "fieldgate-digest": digest.to_string(),
            },
        },
        "spec": spec,
    })
}

/// The seatbelt under its own name, and its counters under theirs.
pub(super) fn seatbelt(plugin: &Plugin) -> Result<Value, ManifestError> {
    let mut filter = plugin.seatbelt()?;
    put(&mut filter, "name", SEATBELT)?;
    put(
        super::shipped::at(&mut filter, "/typed_config")?,
        "rules_stat_prefix",
        format!("{SEATBELT}."),
    )?;
    Ok(filter)
}
