//! `fieldgate status`: a running Envoy -> what it enforces, and what is wrong with that.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use fieldgate_policy::diagnostic::Severity;

use crate::arguments;
use crate::command::could_not_run;
use crate::exit::Exit;
use crate::output::Output;
use crate::render;
use crate::status::admin::{AdminUrl, Answers};
use crate::status::{Rest, Status};

/// Longer than the filter takes to set its metrics right.
const REST: Duration = Duration::from_millis(1500);

pub(crate) fn status(arguments: &arguments::Status, output: &mut Output) -> io::Result<Exit> {
    let mut asked = ask(&arguments.url);
    if asked.as_ref().is_ok_and(|status| status.rest == Rest::Moving) {
        sleep(REST);
        asked = ask(&arguments.url);
    }
    let status = match asked {
        Ok(status) => status,
        Err(message) => return could_not_run(&message, None, output),
    };
    let style = output.style();
    output.data(&render::status::status(&status, style.form, style.data))?;
    output.note(&render::status::count(&status))?;
    let wrong = status.findings.iter().any(|one| one.code.severity() == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}

fn ask(url: &AdminUrl) -> Result<Status, String> {
    let answers = Answers::ask(url).map_err(|error| error.to_string())?;
    Status::read(&answers).map_err(|error| error.to_string())
}
