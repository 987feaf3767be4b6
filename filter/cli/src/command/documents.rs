//! `fieldgate documents`: a bundle -> the trusted documents of a client.

use std::io;

use fieldgate_policy::documents::list;

use crate::arguments::Documents;
use crate::command::load;
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn documents(arguments: &Documents, output: &mut Output) -> io::Result<Exit> {
    let Documents { bundle, client, format } = arguments;
    let bundle = match load(bundle, None, output)? {
        Ok(bundle) => bundle,
        Err(exit) => return Ok(exit),
    };
    let (trusted, client) = (bundle.policy().documents(), client.as_deref());
    let asked = trusted.of(client);
    let listed = list(&asked);
    output.data(&render::documents::documents(&listed, *format))?;
    let own = client.filter(|client| trusted.has_entry(client));
    output.note(&render::documents::summary(asked.mode(), listed.len(), client, own))?;
    Ok(Exit::Done)
}
