//! The journal: what was sent and what was answered, on disk before anybody goes on. It is the judge's memory, not the program's.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use super::load::{Acknowledged, Cancel, Fate, Sent, Word};

/// A file of JSON lines, each of them synced before its writer goes on. One sync serves all who wait for one.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    written: AtomicU64,
    synced: Mutex<u64>,
}

impl Journal {
    /// A new journal at `path`.
    ///
    /// # Panics
    /// When the file cannot be made.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let file = File::options().create(true).append(true).open(path);
        let file = file.unwrap_or_else(|error| panic!("no journal at {}: {error}", path.display()));
        Self { path: path.to_owned(), file, written: AtomicU64::new(0), synced: Mutex::new(0) }
    }

    /// Notes what became of an order.
    ///
    /// # Panics
    /// When the disk does not take it: without the journal nothing can be judged.
    pub fn note(&self, sent: &Sent) {
        let fate = match &sent.fate {
            Fate::Acknowledged(told) => json!({"id": told.id, "number": told.number, "total": told.total}),
            Fate::Refused(status) => json!(status),
            Fate::Unknown(error) => json!(error),
        };
        let cancel = sent.cancel.as_ref().map(|cancel| match &cancel.word {
            Word::Cancelled => json!(true),
            Word::Refused(status) => json!(status),
            Word::Unknown(error) => json!(error),
        });
        let line = json!({"key": sent.key, "buyer": sent.buyer, "body": sent.body, "fate": fate, "cancel": cancel});
        self.note_line(&line);
    }

    fn note_line(&self, line: &Value) {
        let mut file = &self.file;
        // One write: lines of several writers do not mix in a file that is appended to.
        file.write_all(format!("{line}\n").as_bytes()).expect("the journal takes a line");
        let own = self.written.fetch_add(1, Ordering::AcqRel) + 1;
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if *synced < own {
            let upto = self.written.load(Ordering::Acquire);
            self.file.sync_data().expect("the journal reaches the disk");
            *synced = upto;
        }
    }

    /// Reads what is written: of each key the last word, in the order of their first.
    ///
    /// # Panics
    /// When a line is not one of ours.
    #[must_use]
    pub fn read(&self) -> Vec<Sent> {
        let text = fs::read_to_string(&self.path).expect("the journal");
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut all: Vec<Sent> = Vec::new();
        for line in text.lines() {
            let sent = parse(&serde_json::from_str(line).expect("a line of the journal"));
            match places.get(&sent.key) {
                Some(at) => all[*at] = sent,
                None => {
                    places.insert(sent.key.clone(), all.len());
                    all.push(sent);
                }
            }
        }
        all
    }
}

fn parse(line: &Value) -> Sent {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let code = |status: &Value| -> u16 { status.as_u64().and_then(|status| status.try_into().ok()).expect("a status") };
    let fate = match &line["fate"] {
        status @ Value::Number(_) => Fate::Refused(code(status)),
        Value::String(error) => Fate::Unknown(error.clone()),
        told => {
            let total = told["total"].as_i64().expect("a total");
            Fate::Acknowledged(Acknowledged { id: text(&told["id"]), number: text(&told["number"]), total })
        }
    };
    let word = match &line["cancel"] {
        Value::Null => None,
        status @ Value::Number(_) => Some(Word::Refused(code(status))),
        Value::String(error) => Some(Word::Unknown(error.clone())),
        _ => Some(Word::Cancelled),
    };
    let buyer = line["buyer"].as_u64().and_then(|buyer| buyer.try_into().ok()).expect("a buyer");
    Sent { fate, cancel: word.map(Cancel::new), ..Sent::new(text(&line["key"]), buyer, line["body"].clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_key_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::new(&folder.path().join("journal"));
        let told = Fate::Acknowledged(Acknowledged { id: "id".to_owned(), number: "C-1".to_owned(), total: 1450 });
        let sent = |key: &str, fate: Fate| Sent { fate, ..Sent::new(key.to_owned(), 3, json!({"lines": []})) };
        journal.note(&sent("a", Fate::Unknown("reset".to_owned())));
        journal.note(&sent("b", Fate::Refused(409)));
        journal.note(&sent("a", told.clone()));
        let words = [Word::Cancelled, Word::Refused(409), Word::Unknown("reset".to_owned())];
        for (key, word) in ["c", "d", "e"].into_iter().zip(&words) {
            journal.note(&Sent { cancel: Some(Cancel::new(word.clone())), ..sent(key, told.clone()) });
        }
        let read = journal.read();
        assert_eq!(read.iter().map(|sent| sent.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
        assert_eq!((&read[0].fate, read[0].buyer, &read[1].fate), (&told, 3, &Fate::Refused(409)));
        let read: Vec<_> = read.iter().map(|sent| sent.cancel.as_ref().map(|cancel| cancel.word.clone())).collect();
        assert_eq!(read[..2], [None, None]);
        assert_eq!(read[2..], words.map(Some));
    }
}
