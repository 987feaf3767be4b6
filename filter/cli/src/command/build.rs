//! `fieldgate build`: a bundle -> its plugin configuration, or a resource with it inside.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::Path;

use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::manifest::xds::{self, ListenerOptions};
use fieldgate_policy::manifest::{ManifestError, Plugin};

use crate::arguments::{Artefact, Build};
use crate::command::{could_not_run, load};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn build(arguments: &Build, output: &mut Output) -> io::Result<Exit> {
    let Build { bundle, output: file, revision, quiet, .. } = arguments;
    if let Some(option) = arguments.option_without_meaning() {
        let message = format!("`{option}` has no meaning for this `--format`");
        return could_not_run(&message, output);
    }
    let bundle = match load(bundle, revision.as_deref(), output)? {
        Ok(bundle) => bundle,
        Err(exit) => return Ok(exit),
    };
    let text = match artefact(&bundle, arguments) {
        Ok(text) => text,
        Err(error) => return could_not_run(&error.to_string(), output),
    };
    match file {
        None => output.data(&text)?,
        Some(file) => {
            if let Err(error) = replace(file, text.as_bytes()) {
                let message = format!("`{}` cannot be written: {error}", file.display());
                return could_not_run(&message, output);
            }
        }
    }
    if !quiet {
        output.note(&render::summary(&bundle, output.style().form))?;
    }
    Ok(Exit::Done)
}

/// What was asked for, as text.
fn artefact(bundle: &Bundle, arguments: &Build) -> Result<String, ManifestError> {
    let Build { format, wasm, listen, cluster, name, .. } = arguments;
    let wasm = wasm.as_deref().unwrap_or("fieldgate.wasm");
    let plugin = Plugin::new(bundle);
    let resource = match format {
        Artefact::Json => return Ok(bundle.configuration()),
        Artefact::Ecds => xds::ecds(&plugin, wasm)?,
        Artefact::Lds => {
            let default = ListenerOptions::default();
            let options = ListenerOptions {
                name: name.clone().unwrap_or(default.name),
                listen: listen.unwrap_or(default.listen),
                cluster: cluster.clone().unwrap_or(default.cluster),
            };
            xds::lds(&plugin, wasm, &options)?
        }
    };
    Ok(format!("{resource:#}\n"))
}

impl Build {
    /// An option that the format does not know: to pass over it would be to lie.
    fn option_without_meaning(&self) -> Option<&'static str> {
        let Self { format, wasm, listen, cluster, name, .. } = self;
        let given = [
            ("--wasm", wasm.is_some(), *format != Artefact::Json),
            ("--listen", listen.is_some(), *format == Artefact::Lds),
            ("--cluster", cluster.is_some(), *format == Artefact::Lds),
            ("--name", name.is_some(), *format == Artefact::Lds),
        ];
        let stray = given.into_iter().find(|(_, given, known)| *given && !known);
        stray.map(|(option, _, _)| option)
    }
}

/// Replaces a file at once: whoever watches it never sees half a configuration.
fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
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
