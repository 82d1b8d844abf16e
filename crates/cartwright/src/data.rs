//! The data folder: where everything is kept that must not be lost.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The data folder that counts.
pub(crate) fn folder(given: Option<&Path>, is_demo: bool) -> PathBuf {
    let default = if is_demo { "cartwright-demo" } else { "cartwright-data" };
    given.unwrap_or(Path::new(default)).to_owned()
}

/// Makes the folder, open to its owner alone. One that is there stays as it is.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| failed(folder, &error))
}

fn failed(folder: &Path, error: &io::Error) -> Failure {
    Failure::failed(format_args!("the data folder {} cannot be made: {error}", folder.display()))
}

/// The file of the keys.
pub(crate) fn keys(folder: &Path) -> PathBuf {
    folder.join("keys.json")
}

/// The database, unless it is set to be elsewhere.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("shop.db")
}

/// Where templates of mails are looked for that replace the built-in ones.
pub(crate) fn templates(folder: &Path) -> PathBuf {
    folder.join("templates")
}

/// Where the pictures of the sample catalogue are written.
pub(crate) fn pictures(folder: &Path) -> PathBuf {
    folder.join("pictures")
}

/// Where pictures are kept that were uploaded or fetched, unless it is set to be elsewhere.
pub(crate) fn media(folder: &Path) -> PathBuf {
    folder.join("media")
}
