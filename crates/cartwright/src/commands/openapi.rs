//! `cartwright openapi`

use std::io::{self, Write as _};

use crate::failure::Failure;

/// Prints the OpenAPI document.
pub(super) fn run() -> Result<(), Failure> {
    let document = web::openapi().to_pretty_json().map_err(Failure::failed)?;
    match writeln!(io::stdout().lock(), "{document}") {
        // Whoever read it had enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}
