//! How large a resource may be on its way into a cluster.

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic};

/// etcd takes requests of 1.5 MiB unless told otherwise. What the cluster itself adds to an object
/// has to fit beside it.
const OBJECT_BYTES: usize = 1_400_000;

/// A plain `kubectl apply` keeps the object in an annotation, and the annotations of an object hold
/// 256 KiB together.
const APPLIED_BYTES: usize = 256 << 10;

/// What is wrong with the size of an object, if anything is.
pub(super) fn judge(object: &Value) -> Option<Diagnostic> {
    let bytes = object.to_string().len();
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let size = format!("{kind} `{name}` has {bytes} bytes");
    if bytes > OBJECT_BYTES {
        let message = format!("{size}, more than the {OBJECT_BYTES} that a cluster takes");
        let help = "remove from the schema what no rule names, or deliver it by `--format ecds` \
                    from a management server of your own";
        return Some(Diagnostic::anywhere(Code::ManifestTooLarge, message).help(help));
    }
    (bytes > APPLIED_BYTES).then(|| {
        let message = format!("{size}: a plain `kubectl apply` does not take more than 262144");
        let help = "use `kubectl apply --server-side`";
        Diagnostic::warning_anywhere(Code::ManifestLarge, message).help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::{APPLIED_BYTES, OBJECT_BYTES, judge};
    use crate::diagnostic::Code;
    use serde_json::{Value, json};

    fn of_bytes(bytes: usize) -> Value {
        let empty = json!({ "kind": "EnvoyFilter", "metadata": { "name": "a" }, "spec": "" });
        let filling = bytes - empty.to_string().len();
        json!({ "kind": "EnvoyFilter", "metadata": { "name": "a" }, "spec": "x".repeat(filling) })
    }

    #[test]
    fn the_bounds_are_exact() {
        let code = |bytes| judge(&of_bytes(bytes)).map(|finding| finding.code);
        assert_eq!(code(APPLIED_BYTES), None);
        assert_eq!(code(APPLIED_BYTES + 1), Some(Code::ManifestLarge));
        assert_eq!(code(OBJECT_BYTES), Some(Code::ManifestLarge));
        assert_eq!(code(OBJECT_BYTES + 1), Some(Code::ManifestTooLarge));
        const { assert!(APPLIED_BYTES == 262_144 && OBJECT_BYTES < 3 << 19) };
    }
}
