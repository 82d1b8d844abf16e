//! Each connection is an open file, and many systems allow a process 1,024 of them unless it asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

/// Asks for as many as the process may have.
pub(super) fn allow_many() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        debug!(%error, "the limit of open files stays as it is");
    }
}
