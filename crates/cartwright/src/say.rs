//! Telling people what was done, on standard output and standard error, which may be full or closed.

use std::{
    fmt::Display,
    io::{self, Write},
};

use crate::failure::Failure;

/// Writes a line to standard output. Whoever read it and had enough (`| head -1`) is no failure.
///
/// # Errors
/// It cannot be written; what the command did is done all the same.
pub(crate) fn say(line: impl Display) -> Result<(), Failure> {
    told(write(&mut io::stdout().lock(), &line))
}

/// Writes a line to standard error. Nobody can be told when that cannot be written.
pub(crate) fn note(line: impl Display) {
    let _ = write(&mut io::stderr().lock(), &line);
}

fn write(to: &mut impl Write, line: &impl Display) -> io::Result<()> {
    writeln!(to, "{line}")?;
    to.flush()
}

fn told(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format_args!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_who_had_enough_is_no_failure() {
        assert!(told(Ok(())).is_ok() && told(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(told(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
