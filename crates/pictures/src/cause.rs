//! What lies behind an error.

use std::error::Error;

/// The innermost cause, which says most.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
