//! `fieldgate explain`: a bundle, claims and an operation -> what the filter does with it, and why.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use fieldgate_core::json::{Json, JsonError, MAX_DEPTH};
use fieldgate_policy::explain::{self, Request};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::arguments::{Claims, Explain};
use crate::command::{could_not_run, load};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn explain(arguments: &Explain, output: &mut Output) -> io::Result<Exit> {
    let bundle = match load(&arguments.bundle, None, output)? {
        Ok(bundle) => bundle,
        Err(exit) => return Ok(exit),
    };
    let explained = read(arguments).and_then(|request| explain::explain(&bundle, request));
    let explanation = match explained {
        Ok(explanation) => explanation,
        Err(message) => return could_not_run(&message, None, output),
    };
    let style = output.style();
    output.data(&render::explain::explanation(&explanation, style.form, style.data))?;
    output.note(&render::explain::hint(&explanation, style.form))?;
    Ok(if explanation.refusal.is_some() { Exit::Refused } else { Exit::Done })
}

fn read(arguments: &Explain) -> Result<Request, String> {
    let Explain { operation, claims, variables, operation_name, .. } = arguments;
    let query = if operation.as_os_str() == "-" {
        let mut text = String::new();
        let read = io::stdin().lock().read_to_string(&mut text);
        read.map(|_| text).map_err(|error| format!("stdin cannot be read: {error}"))
    } else {
        file(operation)
    };
    let claims = match claims {
        Claims::None => None,
        Claims::Text(text) => Some(object(text, "`--claims`")?),
        Claims::File(path) => Some(object(&file(path)?, &format!("`{}`", path.display()))?),
    };
    let variables = variables.as_ref().map(|path| {
        let text = file(path)?;
        let raw = serde_json::from_str::<Box<RawValue>>(&text);
        raw.map_err(|error| format!("`{}` is not JSON: {error}", path.display()))
    });
    let operation = operation_name.clone();
    Ok(Request { claims, query: query?, variables: variables.transpose()?, operation })
}

fn file(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path);
    text.map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

/// A JSON object. The filter refuses a token with a member twice, so that nothing may choose one.
fn object(text: &str, what: &str) -> Result<Map<String, Value>, String> {
    if Json::read(text, MAX_DEPTH) == Err(JsonError::DuplicateMember) {
        return Err(format!("{what} has a member twice"));
    }
    serde_json::from_str(text).map_err(|error| format!("{what} is not a JSON object: {error}"))
}
