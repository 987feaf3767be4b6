//! A file's new content -> the file, whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file at once: whoever watches it never sees half a configuration.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    // A link stays one, and a device or a pipe is not to be replaced by a file.
    let (file, permissions) = match fs::canonicalize(file) {
        Ok(real) => {
            let metadata = fs::metadata(&real)?;
            if !metadata.is_file() {
                return Err(io::Error::other("it is there and not a regular file"));
            }
            (real, Some(metadata.permissions()))
        }
        Err(_) => (file.to_owned(), None),
    };
    let mut beside = OsString::from(".");
    beside.push(file.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    beside.push(format!(".{}", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = write(&beside, content, permissions).and_then(|()| fs::rename(&beside, &file));
    if written.is_err() {
        // The first error is the one to report; a file that is not there needs no removal.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(path: &Path, content: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    permissions.map_or(Ok(()), |same| file.set_permissions(same))?;
    file.write_all(content)?;
    file.sync_all()
}
