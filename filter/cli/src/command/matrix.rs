//! `fieldgate matrix`: a bundle -> which role is granted which field.

use std::io;

use fieldgate_policy::matrix::{self, NoSuchType};

use crate::arguments::Matrix;
use crate::command::{could_not_run, load};
use crate::exit::Exit;
use crate::output::Output;
use crate::render;

pub(crate) fn matrix(arguments: &Matrix, output: &mut Output) -> io::Result<Exit> {
    let Matrix { bundle, format, only } = arguments;
    let bundle = match load(bundle, None, output)? {
        Ok(bundle) => bundle,
        Err(exit) => return Ok(exit),
    };
    match matrix::Matrix::new(bundle.policy(), only.as_deref()) {
        Ok(matrix) => {
            output.data(&render::matrix::matrix(&matrix, *format))?;
            Ok(Exit::Done)
        }
        Err(NoSuchType { message, help }) => could_not_run(&message, help.as_deref(), output),
    }
}
