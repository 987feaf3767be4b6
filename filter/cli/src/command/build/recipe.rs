//! The words of `fieldgate build` -> [`Recipe`]: what to build, with all that it takes; or why they
//! mean nothing together.

use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::diagnostic::Diagnostic;
use fieldgate_policy::manifest::gateway::{self, GatewayOptions};
use fieldgate_policy::manifest::istio::{self, IstioOptions, Proxies};
use fieldgate_policy::manifest::kubernetes::reference::{
    Image, Kind, Label, Misspelt, Name, Target,
};
use fieldgate_policy::manifest::kubernetes::{Manifests, Place};
use fieldgate_policy::manifest::xds::{self, ListenerOptions};
use fieldgate_policy::manifest::{ManifestError, NAME, Plugin};

use crate::arguments::{Artefact, Build, Proxy};

/// What to build.
pub(super) enum Recipe {
    Json,
    Ecds { wasm: String },
    Lds { wasm: String, listener: ListenerOptions },
    Istio(IstioForm, IstioOptions),
    EnvoyGateway(GatewayOptions),
}

/// By which of Istio's resources.
pub(super) enum IstioForm {
    EnvoyFilter,
    WasmPlugin,
    TrafficExtension,
}

/// Why nothing is built, and what to do about it.
pub(super) struct Misuse {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

/// What was built.
pub(super) struct Built {
    pub(super) text: String,
    pub(super) findings: Vec<Diagnostic>,
}

type Read<T> = Result<T, Misuse>;

impl Recipe {
    /// Reads the words.
    pub(super) fn read(build: &Build) -> Read<Self> {
        if let Some(option) = stray(build) {
            return Err(Misuse::plain(format!("`{option}` has no meaning for this `--format`")));
        }
        Ok(match build.format {
            Artefact::Json => Self::Json,
            Artefact::Ecds => Self::Ecds { wasm: wasm(build) },
            Artefact::Lds => Self::Lds { wasm: wasm(build), listener: listener(build) },
            Artefact::Istio => Self::Istio(IstioForm::EnvoyFilter, istio(build)?),
            Artefact::IstioWasmplugin => Self::Istio(IstioForm::WasmPlugin, istio(build)?),
            Artefact::IstioTrafficextension => {
                Self::Istio(IstioForm::TrafficExtension, istio(build)?)
            }
            Artefact::EnvoyGateway => Self::EnvoyGateway(envoy_gateway(build)?),
        })
    }

    /// Builds it from a bundle.
    pub(super) fn build(&self, bundle: &Bundle) -> Result<Built, ManifestError> {
        let resource = match self {
            Self::Json => return Ok(Built::clean(bundle.configuration())),
            Self::Ecds { wasm } => xds::ecds(&Plugin::new(bundle), wasm)?,
            Self::Lds { wasm, listener } => xds::lds(&Plugin::new(bundle), wasm, listener)?,
            Self::Istio(form, options) => {
                return Built::new(&match form {
                    IstioForm::EnvoyFilter => istio::envoy_filter(bundle, options)?,
                    IstioForm::WasmPlugin => istio::wasm_plugin(bundle, options)?,
                    IstioForm::TrafficExtension => istio::traffic_extension(bundle, options)?,
                });
            }
            Self::EnvoyGateway(options) => {
                return Built::new(&gateway::envoy_gateway(bundle, options)?);
            }
        };
        Ok(Built::clean(format!("{resource:#}\n")))
    }
}

impl Built {
    fn clean(text: String) -> Self {
        Self { text, findings: Vec::new() }
    }

    fn new(manifests: &Manifests) -> Result<Self, ManifestError> {
        Ok(Self { text: manifests.text()?, findings: manifests.findings().to_vec() })
    }
}

impl Misuse {
    fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn new(message: impl Into<String>, help: &'static str) -> Self {
        Self { message: message.into(), help: Some(help) }
    }
}

/// An option that the format does not know: to pass over it would be to lie.
fn stray(build: &Build) -> Option<&'static str> {
    use Artefact::{Ecds, EnvoyGateway, Istio, IstioTrafficextension, IstioWasmplugin, Json, Lds};
    let format = build.format;
    let xds = matches!(format, Ecds | Lds);
    let istio = matches!(format, Istio | IstioWasmplugin | IstioTrafficextension);
    let kubernetes = istio || format == EnvoyGateway;
    let given = [
        ("--name", build.name.is_some(), !matches!(format, Json | Ecds)),
        ("--wasm", build.wasm.is_some(), xds),
        ("--listen", build.listen.is_some(), format == Lds),
        ("--cluster", build.cluster.is_some(), format == Lds),
        ("--image", build.image.is_some(), kubernetes),
        ("--pull-secret", build.pull_secret.is_some(), kubernetes && format != Istio),
        ("--namespace", build.namespace.is_some(), kubernetes),
        ("--target-ref", build.target_ref.is_some(), kubernetes),
        ("--selector", !build.selector.is_empty(), istio),
        ("--proxy", build.proxy.is_some(), istio),
        ("--port", build.port.is_some(), istio),
        ("--listener", build.listener.is_some(), format == EnvoyGateway),
    ];
    given.into_iter().find(|(_, given, known)| *given && !known).map(|(option, _, _)| option)
}

fn wasm(build: &Build) -> String {
    build.wasm.clone().unwrap_or_else(|| format!("{NAME}.wasm"))
}

fn listener(build: &Build) -> ListenerOptions {
    let default = ListenerOptions::default();
    ListenerOptions {
        name: build.name.clone().unwrap_or(default.name),
        listen: build.listen.unwrap_or(default.listen),
        cluster: build.cluster.clone().unwrap_or(default.cluster),
    }
}

fn place(build: &Build) -> Read<Place> {
    let of = |option: &str, name: &str| {
        name.parse().map_err(|error: Misspelt| {
            Misuse::plain(format!("`{}` cannot be a `{option}`: {error}", name.escape_debug()))
        })
    };
    let namespace = build.namespace.clone().map_or_else(|| of("--namespace", "default"), Ok)?;
    Ok(Place { namespace, name: of("--name", build.name.as_deref().unwrap_or(NAME))? })
}

fn image(build: &Build) -> Read<Image> {
    let help = "push the filter to a registry and name it, best by its digest: \
                `--image oci://registry/repository@sha256:..`";
    build.image.clone().ok_or_else(|| Misuse::new("`--image` is missing", help))
}

fn istio(build: &Build) -> Read<IstioOptions> {
    Ok(IstioOptions {
        place: place(build)?,
        image: image(build)?,
        pull_secret: build.pull_secret.clone(),
        proxies: proxies(build)?,
    })
}

fn proxies(build: &Build) -> Read<Proxies> {
    let Build { selector, target_ref, port, .. } = build;
    let proxy = build.proxy.unwrap_or(Proxy::Gateway);
    if port.is_some() && proxy != Proxy::Sidecar {
        return Err(Misuse::new(
            "`--port` has a meaning at a sidecar alone",
            "a gateway is guarded on every HTTP listener, a waypoint for a whole Service",
        ));
    }
    let before = |at: usize| selector.iter().take(at);
    let twice = selector.iter().enumerate().find(|(at, one)| before(*at).any(|b| b.key == one.key));
    if let Some((_, Label { key, value: _ })) = twice {
        return Err(Misuse::new(
            format!("the label `{key}` is in `--selector` twice"),
            "a pod has one value for it: give it once",
        ));
    }
    match (proxy, selector.as_slice(), target_ref) {
        (_, [], None) => Err(Misuse::new(
            "neither `--target-ref` nor `--selector` is given",
            "without one it would be for every proxy of the namespace",
        )),
        (_, [_, ..], Some(_)) => {
            Err(Misuse::plain("`--selector` and `--target-ref` exclude each other"))
        }
        (Proxy::Gateway, labels, None) => Ok(Proxies::Gateway(labels.to_vec())),
        (Proxy::Sidecar, labels, None) => {
            Ok(Proxies::Sidecar { labels: labels.to_vec(), port: *port })
        }
        (Proxy::Sidecar, [], Some(_)) => {
            Err(Misuse::new("a sidecar is not a `--target-ref`", "choose the pods by `--selector`"))
        }
        (Proxy::Waypoint, [_, ..], None) => {
            let help = "name it, or a Service behind it, by `--target-ref`";
            Err(Misuse::new("a waypoint cannot be chosen by `--selector`", help))
        }
        (Proxy::Gateway, [], Some(target)) => match target.kind {
            Kind::Gateway => Ok(Proxies::GatewayOf(target.clone())),
            Kind::Service | Kind::ServiceEntry => {
                let help = "for a waypoint, say `--proxy waypoint`";
                Err(wrong_kind(target, "a gateway", help))
            }
            Kind::HttpRoute => Err(wrong_kind(target, "a gateway", "choose the Gateway")),
        },
        (Proxy::Waypoint, [], Some(target)) => match target.kind {
            Kind::Gateway | Kind::Service | Kind::ServiceEntry => {
                Ok(Proxies::Waypoint(target.clone()))
            }
            Kind::HttpRoute => Err(wrong_kind(target, "a waypoint", "choose the Service")),
        },
    }
}

fn wrong_kind(target: &Target, of: &str, help: &'static str) -> Misuse {
    Misuse::new(format!("the `--target-ref` of {of} is no {}", target.kind.name()), help)
}

fn envoy_gateway(build: &Build) -> Read<GatewayOptions> {
    let (place, image) = (place(build)?, image(build)?);
    let help = "name the listener in front of the GraphQL server: `--listener GATEWAY/LISTENER`";
    let listener = build.listener.clone();
    let listener = listener.ok_or_else(|| Misuse::new("`--listener` is missing", help))?;
    let route = build.target_ref.as_ref().map(route).transpose()?;
    let elsewhere = listener.namespace.as_ref().is_some_and(|one| *one != place.namespace);
    if route.is_none() && elsewhere {
        return Err(Misuse::new(
            "a policy for a Gateway has to be in the Gateway's namespace",
            "give that as `--namespace`, or attach it to a route: `--target-ref HTTPRoute/NAME`",
        ));
    }
    Ok(GatewayOptions { place, image, pull_secret: build.pull_secret.clone(), listener, route })
}

fn route(target: &Target) -> Read<Name> {
    match target.kind {
        Kind::HttpRoute => Ok(target.name.clone()),
        Kind::Gateway | Kind::Service | Kind::ServiceEntry => {
            let help = "a Gateway is named by `--listener` alone";
            Err(wrong_kind(target, "Envoy Gateway", help))
        }
    }
}
