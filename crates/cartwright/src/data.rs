//! The data folder: where everything is kept that must not be lost.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use tracing::warn;

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

/// Refuses to make a new shop where one is gone: whoever opens it next would become the owner of an empty one, and nobody would look for
/// the other. Keys alone may be there before their shop.
pub(crate) fn refuse_lost(database: &Path, folder: &Path) -> Result<(), Failure> {
    if fs::metadata(database).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    if let Some(left) = left_of_a_shop(database, folder) {
        let (database, left) = (database.display(), left.display());
        return Err(Failure::failed(format_args!(
            "there is no shop in {database}, but {left} is what is left of one: put its database back (`cartwright restore FILE`); for a new \
             shop name another folder with --data, or move {left} away"
        )));
    }
    if keys(folder).exists() {
        let (database, keys) = (database.display(), keys(folder));
        warn!(
            "there is no shop in {database}, and the keys of one in {}: a new shop is made with them",
            keys.display()
        );
    }
    Ok(())
}

/// What lies beside a database and is there when there was one.
fn left_of_a_shop(database: &Path, folder: &Path) -> Option<PathBuf> {
    let media = media(folder);
    if !is_empty(&media) {
        return Some(media);
    }
    let name = database.file_name()?.to_string_lossy();
    // Beside a file that is there a log says nothing: SQLite makes both at once.
    let log = if database.exists() { ".restoring" } else { "-wal" };
    let beginnings = [".before-", ".restoring", log].map(|end| format!("{name}{end}"));
    let mut entries = fs::read_dir(file_owner::folder_of(database)).ok()?.filter_map(Result::ok);
    let left = entries.find(|entry| {
        let entry = entry.file_name();
        beginnings.iter().any(|beginning| entry.to_string_lossy().starts_with(beginning.as_str()))
    });
    left.map(|entry| entry.path())
}

/// Whether the shop has put nothing into the folder, or there is none. A disk of its own comes with `lost+found`, and what begins with a
/// dot is a trial that was cut off, or the system's.
pub(crate) fn is_empty(folder: &Path) -> bool {
    let Ok(mut entries) = fs::read_dir(folder) else { return true };
    entries.all(|entry| {
        let name = entry.map(|entry| entry.file_name());
        name.is_ok_and(|name| name == "lost+found" || name.as_encoded_bytes().starts_with(b"."))
    })
}

/// Tries whether files can be made in the folder.
pub(crate) fn try_to_write(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".trial-{}", std::process::id()));
    File::create(&trial)?;
    fs::remove_file(&trial)
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
