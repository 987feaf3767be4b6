//! The words of `fieldgate build`. What they mean together is judged in [`crate::command::build`].

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, value_parser};
use fieldgate_policy::manifest::kubernetes::reference::{
    GatewayListener, Image, Label, Name, Target,
};

use super::Format;

/// Build the plugin configuration of a bundle, or what carries it to an Envoy
///
/// The same bundle and options give the same bytes. A bundle with errors is not built.
#[derive(Args)]
#[command(after_help = "\
Examples:
  fieldgate build policies/backstage > plugin.json
  fieldgate build policies/backstage -o plugin.json --revision 2026-11-24.1
  fieldgate build policies/backstage --format ecds --wasm /etc/envoy/fieldgate.wasm -o ecds.json
  fieldgate build policies/backstage --format lds --listen 0.0.0.0:8080 --cluster portal -o lds.json
  fieldgate build policies/backstage --format istio --image oci://registry.example/fieldgate:1 \\
    --namespace portal --target-ref Gateway/portal | kubectl apply --server-side -f -
  fieldgate build policies/backstage --format envoy-gateway \\
    --image oci://registry.example/fieldgate:1 --namespace portal --listener eg/http")]
pub(crate) struct Build {
    /// The bundle's folder
    pub(crate) bundle: PathBuf,
    /// What to build
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub(crate) format: Artefact,
    /// Write to this file, which is replaced at once, instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The policy's revision, in place of the one that policy.yaml gives
    #[arg(long, value_name = "REV")]
    pub(crate) revision: Option<String>,
    /// Do not print the summary
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// How findings and the summary are shown
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(super) message_format: Format,
    /// lds: the listener's name [default: graphql]; Kubernetes: the objects' [default: fieldgate]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,

    /// ecds, lds: the file of the filter's code on Envoy's machine [default: fieldgate.wasm]
    #[arg(long, value_name = "FILE", help_heading = "Options for ecds and lds")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) wasm: Option<String>,
    /// lds: where to listen [default: 0.0.0.0:10000]
    #[arg(long, value_name = "ADDRESS", help_heading = "Options for ecds and lds")]
    pub(crate) listen: Option<SocketAddr>,
    /// lds: the cluster of the GraphQL server [default: graphql]
    #[arg(long, value_name = "NAME", help_heading = "Options for ecds and lds")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) cluster: Option<String>,

    /// The filter's code: `oci://registry/repository@sha256:..` (required)
    #[arg(long, value_name = "IMAGE", help_heading = "Options for Kubernetes")]
    pub(crate) image: Option<Image>,
    /// The secret to pull the image with; not for istio
    #[arg(long, value_name = "NAME", help_heading = "Options for Kubernetes")]
    pub(crate) pull_secret: Option<Name>,
    /// The objects' namespace [default: default]
    #[arg(long, value_name = "NAME", help_heading = "Options for Kubernetes")]
    pub(crate) namespace: Option<Name>,
    /// What it is for: Gateway, or at a waypoint Service or ServiceEntry; for envoy-gateway an
    /// HTTPRoute, in place of the whole listener
    #[arg(long, value_name = "KIND/NAME", help_heading = "Options for Kubernetes")]
    pub(crate) target_ref: Option<Target>,

    /// The pods that it is for, by label; may be repeated
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Options for Istio")]
    pub(crate) selector: Vec<Label>,
    /// What the pods are [default: gateway]
    #[arg(long, value_name = "PROXY", help_heading = "Options for Istio")]
    pub(crate) proxy: Option<Proxy>,
    /// At a sidecar, the container's port that serves GraphQL [default: every inbound HTTP port]
    ///
    /// It is guarded where Istio serves it as HTTP: a Service has to declare it, with
    /// `appProtocol: http`. As TCP, or undeclared, it stays open.
    #[arg(long, value_name = "PORT", help_heading = "Options for Istio")]
    #[arg(value_parser = value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,

    /// The Gateway's listener in front of the GraphQL server (required)
    #[arg(long, value_name = "[NAMESPACE/]GATEWAY/LISTENER")]
    #[arg(help_heading = "Options for Envoy Gateway")]
    pub(crate) listener: Option<GatewayListener>,
}

/// What a bundle is built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Artefact {
    /// The plugin configuration alone
    Json,
    /// The filter, for extension config discovery (ECDS) from a file
    Ecds,
    /// The listener, for listener discovery (LDS) from a file
    Lds,
    /// An Istio EnvoyFilter that holds request headers
    Istio,
    /// An Istio WasmPlugin, and an EnvoyFilter with the seatbelt
    IstioWasmplugin,
    /// An Istio TrafficExtension (Istio 1.30), and an EnvoyFilter with the seatbelt
    IstioTrafficextension,
    /// An EnvoyExtensionPolicy and an EnvoyPatchPolicy that holds request headers
    EnvoyGateway,
}

/// A kind of proxy in an Istio mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proxy {
    /// A gateway: every HTTP listener that it has
    Gateway,
    /// Sidecars, inbound
    Sidecar,
    /// A waypoint of an ambient mesh
    Waypoint,
}
