//! The files of collections.

use std::io::{self, BufRead, Read};

use bson::{Bson, Document, RawBsonRef, RawDocument};
use serde_json::Value;

/// The largest document that MongoDB has.
const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How deep documents may lie in each other, in BSON as in JSON. MongoDB takes 100 levels.
const DEPTH_MAX: usize = 128;

/// Reads documents of BSON, one behind the other, as `mongodump` writes them.
///
/// # Errors
/// What is wrong, and at which document.
pub fn bson(mut from: impl Read) -> Result<Vec<Document>, String> {
    let mut documents = Vec::new();
    loop {
        let number = documents.len() + 1;
        let mut head = [0; 4];
        match read_all(&mut from, &mut head) {
            Ok(0) => return Ok(documents),
            Ok(4) => {}
            Ok(_) => return Err(format!("the file breaks off in document {number}")),
            Err(error) => return Err(format!("the file cannot be read: {error}")),
        }
        let length = usize::try_from(i32::from_le_bytes(head)).unwrap_or(0);
        if !(5..=DOCUMENT_BYTES_MAX).contains(&length) {
            return Err(format!("document {number} says that it is {length} bytes long: this is no BSON"));
        }
        let mut bytes = vec![0; length];
        if let Some(start) = bytes.first_chunk_mut() {
            *start = head;
        }
        let rest = bytes.get_mut(4..).unwrap_or_default();
        let wanted = rest.len();
        if read_all(&mut from, rest).map_err(|error| format!("the file cannot be read: {error}"))? < wanted {
            return Err(format!("the file breaks off in document {number}"));
        }
        if RawDocument::from_bytes(&bytes).is_ok_and(is_too_deep) {
            return Err(format!("document {number} has more than {DEPTH_MAX} levels"));
        }
        let document = Document::from_reader(bytes.as_slice());
        documents.push(document.map_err(|error| format!("document {number} is no BSON: {error}"))?);
    }
}

/// Whether something lies deeper in the document than it may. It is looked for level by level: what reads a document whole calls itself
/// for each of them, and a stack that is too small for that ends the program.
fn is_too_deep(document: &RawDocument) -> bool {
    let mut level = vec![document];
    for _ in 0..DEPTH_MAX {
        // What cannot be read is told by whoever reads the document whole.
        let values = level.into_iter().flat_map(RawDocument::iter).filter_map(Result::ok);
        level = values.filter_map(|(_, value)| inside(value)).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

/// The document that a value is or has.
fn inside(value: RawBsonRef<'_>) -> Option<&RawDocument> {
    match value {
        RawBsonRef::Document(document) => Some(document),
        RawBsonRef::Array(array) => RawDocument::from_bytes(array.as_bytes()).ok(),
        RawBsonRef::JavaScriptCodeWithScope(code) => Some(code.scope),
        _ => None,
    }
}

/// Reads until the buffer is full or the source at its end; gives how many bytes there were.
fn read_all(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads documents of Extended JSON, one a line or as one list, as `mongoexport` writes them.
///
/// # Errors
/// What is wrong, and on which line.
pub fn json(mut from: impl BufRead) -> Result<Vec<Document>, String> {
    let failed = |error: io::Error| format!("the file cannot be read: {error}");
    let is_list = from.fill_buf().map_err(failed)?.trim_ascii_start().first() == Some(&b'[');
    if is_list {
        let values: Vec<Value> = serde_json::from_reader(from).map_err(|error| format!("this is no JSON: {error}"))?;
        return (1..).zip(values).map(|(number, value)| document(value, &format!("document {number}"))).collect();
    }
    let mut documents = Vec::new();
    for (number, line) in (1..).zip(from.lines()) {
        let line = line.map_err(failed)?;
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() {
            continue;
        }
        let value = serde_json::from_str(line).map_err(|error| format!("line {number} is no JSON: {error}"))?;
        documents.push(document(value, &format!("line {number}"))?);
    }
    Ok(documents)
}

fn document(value: Value, place: &str) -> Result<Document, String> {
    match Bson::try_from(value) {
        Ok(Bson::Document(document)) => Ok(document),
        Ok(_) => Err(format!("{place} is no object")),
        Err(error) => Err(format!("{place} is no Extended JSON: {error}")),
    }
}
