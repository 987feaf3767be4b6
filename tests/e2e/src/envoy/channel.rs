//! The shipped configurations by which a policy comes while Envoy runs -> the bootstrap of a test,
//! with the test's addresses in it and nothing else changed.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use fieldgate_policy::manifest::Plugin;
use fieldgate_policy::manifest::xds::{self, ListenerOptions};
use serde_json::{Value, json};

use super::template::{at, direct, fit, read};

/// How a policy comes to Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The filter in a file that is watched.
    File,
    /// The whole listener in a file that is watched.
    FileListener,
    /// The filter from a management server, state of the world.
    Ads,
    /// The filter from a management server, incrementally.
    DeltaAds,
}

impl Channel {
    /// Those by which the filter comes alone.
    pub const EXTENSIONS: [Self; 3] = [Self::File, Self::Ads, Self::DeltaAds];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::FileListener => "file_listener",
            Self::Ads => "ads",
            Self::DeltaAds => "delta_ads",
        }
    }

    /// The shipped bootstrap, named from `envoy/`.
    #[must_use]
    pub fn shipped(self) -> &'static str {
        match self {
            Self::File => "file-xds/envoy.yaml",
            Self::FileListener => "file-xds/lds.yaml",
            Self::Ads | Self::DeltaAds => "management-server/envoy.yaml",
        }
    }

    /// The file that the bootstrap watches, from the folder that Envoy runs in.
    #[must_use]
    pub fn watched(self) -> Option<&'static str> {
        match self {
            Self::File => Some("xds/ecds.json"),
            Self::FileListener => Some("xds/lds.json"),
            Self::Ads | Self::DeltaAds => None,
        }
    }

    /// Where Envoy counts what it makes of pushes.
    #[must_use]
    pub fn counters(self) -> &'static str {
        match self {
            Self::FileListener => "listener_manager.lds",
            Self::File | Self::Ads | Self::DeltaAds => {
                "extension_config_discovery.http_filter.fieldgate"
            }
        }
    }

    /// What `fieldgate build` makes of a plugin for it.
    ///
    /// # Errors
    /// Only by a defect of the builder.
    pub fn resource(self, plugin: &Plugin, wasm: &str) -> Result<Value> {
        Ok(match self {
            Self::FileListener => xds::lds(plugin, wasm, &ListenerOptions::default())?,
            Self::File | Self::Ads | Self::DeltaAds => xds::ecds(plugin, wasm)?,
        })
    }

    /// The `PluginConfig` in a resource of [`Self::resource`].
    pub fn plugin(self, resource: &mut Value) -> &mut Value {
        let filter = match self {
            Self::FileListener => {
                "/resources/0/filter_chains/0/filters/0/typed_config/http_filters/0"
            }
            Self::File | Self::Ads | Self::DeltaAds => "/resources/0",
        };
        at(resource, &format!("{filter}/typed_config/config"))
    }

    /// A resource with the test's addresses.
    pub(crate) fn fitted(self, resource: &Value, access_log: &Path) -> Value {
        let mut resource = resource.clone();
        if self == Self::FileListener {
            fit(at(&mut resource, "/resources/0"), access_log);
        }
        resource
    }

    /// The shipped bootstrap with the test's addresses.
    pub(crate) fn bootstrap(
        self,
        upstream: SocketAddr,
        management: Option<SocketAddr>,
        access_log: &Path,
    ) -> Result<Value> {
        let mut bootstrap = read(self.shipped())?;
        *at(&mut bootstrap, "/admin/address/socket_address/port_value") = json!(0);
        direct(at(&mut bootstrap, "/static_resources/clusters/0"), upstream);
        if self != Self::FileListener {
            fit(at(&mut bootstrap, "/static_resources/listeners/0"), access_log);
        }
        if let Some(management) = management {
            direct(at(&mut bootstrap, "/static_resources/clusters/1"), management);
        }
        if self == Self::DeltaAds {
            // As the comment there says.
            *at(&mut bootstrap, "/dynamic_resources/ads_config/api_type") = json!("DELTA_GRPC");
        }
        Ok(bootstrap)
    }
}
