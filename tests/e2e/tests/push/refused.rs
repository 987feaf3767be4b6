//! Pushes that cannot be enforced: each is refused, the policy in force stays and says so in the
//! records, and the next good push comes into force.

use anyhow::{Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fieldgate_core::policy::blob::FORMAT;
use fieldgate_e2e::envoy::Channel;
use fieldgate_e2e::revision::Revision;
use fieldgate_e2e::subscriber::{Subscriber, Verdict};
use serde_json::{Value, json};

use crate::{Here, Shared};

/// What Envoy says of a plugin that refuses its configuration.
pub(crate) const REFUSED: &str = "Unable to create Wasm plugin fieldgate";

const NO_ROOT: &str = "policy blob is inconsistent: a root type is not an object type";

/// What is wrong with each, what the filter says of it, and the configuration.
pub(crate) fn bad(good: &Value) -> Vec<(&'static str, &'static str, Value)> {
    let with = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
        bad.pointer_mut(parent).expect("it is there")[last] = value;
        bad
    };
    let blob = |change: &dyn Fn(&mut Vec<u8>)| {
        let blob = good["policy"].as_str().expect("a blob");
        let mut blob = STANDARD.decode(blob).expect("base64");
        change(&mut blob);
        with("/policy", json!(STANDARD.encode(blob)))
    };
    let flipped = blob(&|blob| {
        let middle = blob.len() / 2;
        blob[middle] ^= 1;
    });
    vec![
        ("unknown-key", "unknown field `shadow`", with("/shadow", json!(true))),
        ("another-version", "version", with("/version", json!(2))),
        ("flipped-bit", "policy blob is corrupt: it is not as it was written", flipped),
        ("no-schema", NO_ROOT, blob(&|blob| *blob = of_zeros())),
        ("another-format", "format", blob(&|blob| blob[4] ^= 2)),
        ("symmetric-key", "jwks", with("/issuers/0/jwks/keys/0/kty", json!("oct"))),
    ]
}

/// A blob with a good digest and no schema: its payload is zeros, as many as are read, which is a
/// policy without roles, rules, types and fields whose root type is the first.
fn of_zeros() -> Vec<u8> {
    const ZEROS: u8 = 33;
    let payload = vec![0; usize::from(ZEROS)];
    // DEFLATE's block without compression (RFC 1951 section 3.2.4).
    let body = [&[1, ZEROS, 0, !ZEROS, 0xff][..], &payload].concat();
    let covered = [&u32::from(ZEROS).to_le_bytes()[..], &body].concat();
    let digest = hmac_sha256::Hash::hash(&covered);
    [&b"FGPB"[..], &FORMAT.to_le_bytes(), &digest, &covered].concat()
}

impl Shared {
    /// A resource with another plugin configuration and VM.
    pub(crate) fn changed(
        &self,
        channel: Channel,
        revision: &Revision,
        configuration: &Value,
        vm_id: &str,
    ) -> Result<Value> {
        let mut resource = revision.resource(channel, &self.wasm)?;
        let plugin = channel.plugin(&mut resource);
        plugin["configuration"]["value"] = json!(configuration.to_string());
        plugin["vm_config"]["vm_id"] = json!(vm_id);
        Ok(resource)
    }
}

pub(crate) async fn bad_pushes(here: Here, channel: Channel) -> Result<()> {
    let _turn = here.turn.lock().await;
    let revisions = here.revisions.range(1..=4)?;
    let [first, second, third, fourth] = revisions.as_slice() else { bail!("four revisions") };
    let envoy = here.subscriber(channel, first).await?;
    here.in_force(&envoy, first, "first").await?;
    let in_force = format!("fieldgate-{}", &first.digest[..12]);
    for (what, reason, configuration) in bad(&second.configuration()) {
        // In a VM of its own, and in that of the policy in force.
        for vm_id in [format!("fieldgate-{what}"), in_force.clone()] {
            let resource = here.changed(channel, second, &configuration, &vm_id)?;
            refused(&envoy, &resource, &format!("{vm_id}: configuration refused: "), reason)
                .await?;
            here.in_force(&envoy, first, &format!("{what}-{vm_id}")).await?;
        }
    }
    if channel != Channel::FileListener {
        // What Envoy counts: a load that fails is a load, too.
        for (counter, expected) in
            [("update_rejected", 12), ("config_fail", 12), ("config_reload", 13)]
        {
            let counted = envoy.counted(counter).await?;
            ensure!(counted == expected, "{counter}: {counted}");
        }
    }
    // A good one into a VM that has refused one, one into a fresh VM, and back.
    let configuration = third.configuration();
    let resource = here.changed(channel, third, &configuration, "fieldgate-unknown-key")?;
    ensure!(envoy.push(&resource).await? == Verdict::Accepted);
    here.comes_into_force(&envoy, third, "same-vm").await?;
    for (revision, tag) in [(fourth, "fresh-vm"), (first, "rollback"), (third, "forward")] {
        let resource = revision.resource(channel, &here.wasm)?;
        ensure!(envoy.push(&resource).await? == Verdict::Accepted, "{tag}");
        here.comes_into_force(&envoy, revision, tag).await?;
    }
    Ok(())
}

/// That a push is refused, and that the filter says why in Envoy's log.
async fn refused(envoy: &Subscriber, resource: &Value, line: &str, reason: &str) -> Result<()> {
    let before = envoy.envoy.log()?.len();
    match envoy.push(resource).await? {
        Verdict::Rejected(detail) => ensure!(detail.contains(REFUSED), "{line}: {detail}"),
        Verdict::Accepted => bail!("accepted: {line}"),
    }
    let said = envoy.envoy.log()?.split_off(before);
    let said = said.lines().find_map(|one| one.split_once(line));
    ensure!(said.is_some_and(|(_, why)| why.contains(reason)), "no `{line}`{reason}: {said:?}");
    Ok(())
}
