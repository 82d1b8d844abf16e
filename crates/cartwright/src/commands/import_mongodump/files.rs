//! The files of a dump.

use std::{
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use commerce::import::mongo::{Document, Dump, read};
use flate2::read::MultiGzDecoder;

use crate::{failure::Failure, say::note};

/// How the names of files of a collection end.
const ENDINGS: [&str; 8] = ["bson", "bson.gz", "json", "json.gz", "jsonl", "jsonl.gz", "ndjson", "ndjson.gz"];

/// Reads what a folder has of the collections that are understood: the files themselves, or one folder with them, which
/// `mongodump` names after the database.
pub(super) fn read(folder: &Path) -> Result<Dump, Failure> {
    let folder = with_files(folder)?;
    let mut dump = Dump::default();
    let (mut found, mut absent) = (Vec::new(), Vec::new());
    for (name, documents) in [
        ("users", &mut dump.users),
        ("categories", &mut dump.categories),
        ("products", &mut dump.products),
        ("orders", &mut dump.orders),
        ("wishlists", &mut dump.wishlists),
    ] {
        let files: Vec<_> = files_of(&folder, name).collect();
        match files.as_slice() {
            [] => absent.push(name),
            [file] => {
                *documents = documents_of(file)?;
                found.push(format!("{} {name}", documents.len()));
            }
            [first, second, ..] => {
                let (first, second) = (first.display(), second.display());
                return Err(Failure::failed(format_args!("{first} and {second} are both the collection {name}")));
            }
        }
    }
    if found.is_empty() {
        return Err(Failure::failed(format_args!(
            "{}: there are no files such as users.bson or products.json",
            folder.display()
        )));
    }
    let absent = if absent.is_empty() { String::new() } else { format!("; no file of {}", absent.join(", ")) };
    note(format_args!("{}: {}{absent}", folder.display(), found.join(", ")));
    Ok(dump)
}

/// What is there under the names of a collection. What is no file is told when it is read: it was meant to be one.
fn files_of<'f>(folder: &'f Path, name: &'f str) -> impl Iterator<Item = PathBuf> + 'f {
    ENDINGS
        .iter()
        .map(move |ending| folder.join(format!("{name}.{ending}")))
        .filter(|path| path.symlink_metadata().is_ok())
}

/// The folder that has the files.
fn with_files(folder: &Path) -> Result<PathBuf, Failure> {
    let failed = |error: std::io::Error| Failure::failed(format_args!("{}: {error}", folder.display()));
    let has_files =
        |folder: &Path| ["users", "products", "orders"].iter().any(|name| files_of(folder, name).next().is_some());
    if has_files(folder) {
        return Ok(folder.to_owned());
    }
    let mut inside = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() && has_files(&path) {
            inside.push(path);
        }
    }
    inside.sort();
    match inside.as_slice() {
        [] => Ok(folder.to_owned()),
        [only] => Ok(only.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            Err(Failure::failed(format_args!("there are several databases, name one of them: {}", names.join(", "))))
        }
    }
}

fn documents_of(path: &Path) -> Result<Vec<Document>, Failure> {
    let failed = |error: String| Failure::failed(format_args!("{}: {error}", path.display()));
    if !path.is_file() {
        return Err(failed("it is there, and is no file that can be read".to_owned()));
    }
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    // Not the whole path: folders are called as people like.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let reader: Box<dyn Read> =
        if name.ends_with(".gz") { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let reader = BufReader::new(reader);
    let documents = if name.contains(".bson") { read::bson(reader) } else { read::json(reader) };
    documents.map_err(failed)
}
