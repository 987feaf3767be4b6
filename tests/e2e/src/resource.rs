//! fieldgate's resource as JSON, which is what `fieldgate build --format ecds` writes -> as protobuf,
//! which is what a management server sends. A member that is not known here is an error, so that
//! nothing gets lost on the way.

use anyhow::{Context, Result, bail};
use envoy_types::pb::envoy::config::core::v3::{
    AsyncDataSource, BackoffStrategy, DataSource, TypedExtensionConfig, async_data_source,
    data_source,
};
use envoy_types::pb::envoy::extensions::filters::http::wasm::v3::Wasm;
use envoy_types::pb::envoy::extensions::wasm::v3::{
    FailurePolicy, PluginConfig, ReloadConfig, VmConfig, plugin_config,
};
use envoy_types::pb::google::protobuf::{Any, BoolValue, Duration, StringValue};
use prost::{Message, Name};
use serde::Deserialize;
use serde_json::Value;

/// The `TypedExtensionConfig` in a discovery response, as a management server sends it.
///
/// # Errors
/// It is another resource, or has a member that is not known here.
pub fn protobuf(response: &Value) -> Result<Any> {
    let resource = response.pointer("/resources/0").context("a response has a resource")?;
    let extension = Extension::deserialize(resource)?;
    expect_type::<TypedExtensionConfig>(&extension.type_url)?;
    let Extension { name, typed_config, .. } = extension;
    expect_type::<Wasm>(&typed_config.type_url)?;
    let wasm = Wasm { config: Some(plugin(typed_config.config)?) };
    Ok(packed(&TypedExtensionConfig { name, typed_config: Some(packed(&wasm)) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    #[serde(rename = "@type")]
    type_url: String,
    name: String,
    typed_config: Filter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(rename = "@type")]
    type_url: String,
    config: Plugin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plugin {
    name: String,
    root_id: String,
    failure_policy: String,
    reload_config: Reload,
    #[serde(default)]
    allow_on_headers_stop_iteration: Option<bool>,
    vm_config: Vm,
    configuration: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reload {
    backoff: Backoff,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Backoff {
    base_interval: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vm {
    vm_id: String,
    runtime: String,
    code: Code,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    local: File,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    filename: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "@type")]
    type_url: String,
    value: String,
}

fn plugin(plugin: Plugin) -> Result<PluginConfig> {
    let Plugin { name, root_id, failure_policy, reload_config, vm_config, configuration, .. } =
        plugin;
    expect_type::<StringValue>(&configuration.type_url)?;
    let policy = FailurePolicy::from_str_name(&failure_policy).context(failure_policy)?;
    let seconds = reload_config.backoff.base_interval;
    let seconds = seconds.strip_suffix('s').and_then(|text| text.parse().ok()).context(seconds)?;
    let backoff = BackoffStrategy {
        base_interval: Some(Duration { seconds, nanos: 0 }),
        ..BackoffStrategy::default()
    };
    let code = DataSource {
        specifier: Some(data_source::Specifier::Filename(vm_config.code.local.filename)),
        ..DataSource::default()
    };
    let vm = VmConfig {
        vm_id: vm_config.vm_id,
        runtime: vm_config.runtime,
        code: Some(AsyncDataSource { specifier: Some(async_data_source::Specifier::Local(code)) }),
        ..VmConfig::default()
    };
    Ok(PluginConfig {
        name,
        root_id,
        failure_policy: policy.into(),
        reload_config: Some(ReloadConfig { backoff: Some(backoff) }),
        allow_on_headers_stop_iteration: plugin
            .allow_on_headers_stop_iteration
            .map(|value| BoolValue { value }),
        configuration: Some(packed(&StringValue { value: configuration.value })),
        vm: Some(plugin_config::Vm::VmConfig(vm)),
        ..PluginConfig::default()
    })
}

fn packed<M: Message + Name>(message: &M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

fn expect_type<M: Name>(type_url: &str) -> Result<()> {
    if type_url != M::type_url() {
        bail!("a `{type_url}` where a `{}` belongs", M::type_url());
    }
    Ok(())
}
