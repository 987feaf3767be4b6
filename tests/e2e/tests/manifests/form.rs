//! The forms in which resources come: what `fieldgate build` makes for each, and what Envoy gets of
//! it from a control plane.

use anyhow::{Context, Result, bail};
use fieldgate_e2e::client::Client;
use fieldgate_e2e::cluster::istio::{Fetch, Proxy};
use fieldgate_e2e::cluster::{self, Served, gateway, istio};
use fieldgate_e2e::envoy::Envoy;
use fieldgate_e2e::stage::Stage;
use fieldgate_policy::manifest::gateway::{GatewayOptions, envoy_gateway};
use fieldgate_policy::manifest::istio::{IstioOptions, Proxies};
use fieldgate_policy::manifest::istio::{envoy_filter, traffic_extension, wasm_plugin};
use fieldgate_policy::manifest::kubernetes::reference::Image;
use fieldgate_policy::manifest::kubernetes::{Manifests, Place};
use serde_json::Value;

/// A form of the resources, for one kind of proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    EnvoyFilter(Proxy),
    WasmPlugin(Proxy),
    TrafficExtension(Proxy),
    Gateway,
    Route,
}

pub(crate) const FORMS: [Form; 8] = [
    Form::EnvoyFilter(Proxy::Gateway),
    Form::EnvoyFilter(Proxy::Sidecar),
    Form::WasmPlugin(Proxy::Gateway),
    Form::WasmPlugin(Proxy::Sidecar),
    Form::TrafficExtension(Proxy::Sidecar),
    Form::TrafficExtension(Proxy::Waypoint),
    Form::Gateway,
    Form::Route,
];

/// One for each way in which the filter gets there.
pub(crate) const WAYS: [Form; 5] = [
    Form::EnvoyFilter(Proxy::Gateway),
    Form::WasmPlugin(Proxy::Sidecar),
    Form::TrafficExtension(Proxy::Waypoint),
    Form::Gateway,
    Form::Route,
];

impl Form {
    pub(crate) fn name(self) -> String {
        format!("{self:?}").replace(['(', ')'], "-")
    }

    /// As in the audit record.
    pub(crate) fn mode(self) -> &'static str {
        match self {
            Self::EnvoyFilter(_) | Self::Gateway | Self::Route => "hold",
            Self::WasmPlugin(_) | Self::TrafficExtension(_) => "stream",
        }
    }

    pub(crate) fn manifests(self) -> Result<Manifests> {
        let bundle = cluster::bundle()?;
        Ok(match self {
            Self::EnvoyFilter(proxy) => envoy_filter(&bundle, &istio_options(proxy)?)?,
            Self::WasmPlugin(proxy) => wasm_plugin(&bundle, &istio_options(proxy)?)?,
            Self::TrafficExtension(proxy) => traffic_extension(&bundle, &istio_options(proxy)?)?,
            Self::Gateway => envoy_gateway(&bundle, &gateway_options("infra", None)?)?,
            Self::Route => envoy_gateway(&bundle, &gateway_options("portal", Some("graphql"))?)?,
        })
    }

    /// What Envoy gets of some of the resources.
    pub(crate) fn serve(self, objects: &[Value], wasm: &str, fetch: Fetch) -> Result<Served> {
        match self {
            Self::EnvoyFilter(proxy) | Self::WasmPlugin(proxy) | Self::TrafficExtension(proxy) => {
                let mut served = istio::serve(proxy, objects, wasm, fetch)?;
                only_chain(&mut served, "0.0.0.0_8080")?;
                Ok(served)
            }
            Self::Gateway | Self::Route => Ok(gateway::serve(objects, wasm)?.0),
        }
    }

    pub(crate) async fn start(self, stage: &Stage) -> Result<Envoy> {
        let manifests = self.manifests()?;
        let mut served = self.serve(manifests.objects(), &stage.wasm, Fetch::Good)?;
        Envoy::start_served(&mut served, stage.backend.address).await
    }

    pub(crate) fn client(self, envoy: &Envoy) -> Client {
        envoy.client(match self {
            Self::Gateway | Self::Route => "infra/eg/http",
            _ => "virtualInbound",
        })
    }
}

fn image() -> Result<Image> {
    Ok(format!("oci://registry.example/fieldgate@sha256:{}", "0a".repeat(32)).parse()?)
}

fn place(namespace: &str) -> Result<Place> {
    Ok(Place { namespace: namespace.parse()?, name: "fieldgate".parse()? })
}

pub(crate) fn istio_options(proxy: Proxy) -> Result<IstioOptions> {
    let proxies = match proxy {
        Proxy::Gateway => Proxies::GatewayOf("Gateway/portal".parse()?),
        Proxy::Sidecar => {
            Proxies::Sidecar { labels: vec!["app=portal".parse()?], port: Some(8080) }
        }
        Proxy::Waypoint => Proxies::Waypoint("Service/portal".parse()?),
    };
    Ok(IstioOptions { place: place("portal")?, image: image()?, pull_secret: None, proxies })
}

fn gateway_options(namespace: &str, route: Option<&str>) -> Result<GatewayOptions> {
    Ok(GatewayOptions {
        place: place(namespace)?,
        image: image()?,
        pull_secret: None,
        listener: "infra/eg/http".parse()?,
        route: route.map(str::parse).transpose()?,
    })
}

/// The port of a test is not that of a chain: one chain stays, for every port.
pub(crate) fn only_chain(served: &mut Served, name: &str) -> Result<()> {
    let chains = served.listener["filter_chains"].as_array_mut().context("chains")?;
    chains.retain(|chain| chain["name"] == name);
    let [chain] = chains.as_mut_slice() else { bail!("not one chain `{name}`: {chains:?}") };
    chain.as_object_mut().context("a chain")?.remove("filter_chain_match");
    Ok(())
}
