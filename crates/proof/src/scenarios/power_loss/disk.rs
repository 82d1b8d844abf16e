//! What is on a disk when the power goes: what was synced, and of the rest whatever happened to be written.
//!
//! The model takes from the program all that POSIX does not promise: writes since the last sync are kept or lost one by one, in any
//! order, and torn at sectors; a new name is there for certain only after a sync in its folder. It leaves what SQLite builds on: bytes
//! that nobody wrote keep their value ("powersafe overwrite", <https://sqlite.org/psow.html>).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use recording_vfs::Event;

/// The sizes at which writes are torn.
const SECTORS: [usize; 2] = [512, 4096];

/// The files that a loss of power left, each with its content.
pub(super) type Image<'a> = Vec<(&'a Path, Vec<u8>)>;

/// A disk with the files of one folder.
#[derive(Debug, Default)]
pub(super) struct Disk {
    files: BTreeMap<PathBuf, OneFile>,
}

#[derive(Clone, Debug, Default)]
struct OneFile {
    /// What is certain; `None` while not even its name is.
    certain: Option<Vec<u8>>,
    /// What was done since the last sync.
    since: Vec<Done>,
    /// It was removed, and its folder not synced since.
    is_leaving: bool,
}

#[derive(Clone, Debug)]
enum Done {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { size: usize },
}

/// What becomes of what was not synced.
#[derive(Clone, Copy, Debug)]
enum Mood {
    AllLost,
    AllKept,
    /// What came first is kept, up to a point.
    Prefix,
    /// Each write by itself.
    Each,
    /// Each sector of so many bytes by itself.
    Torn(usize),
}

impl Disk {
    /// What one event changes. `chance` decides what a failed sync leaves.
    pub(super) fn apply(&mut self, event: &Event, chance: &mut fastrand::Rng) {
        match event {
            Event::Write { path, offset, bytes } => {
                let offset = usize::try_from(*offset).expect("small files");
                self.file(path).since.push(Done::Write { offset, bytes: bytes.clone() });
            }
            Event::Truncate { path, size } => {
                let size = usize::try_from(*size).expect("small files");
                self.file(path).since.push(Done::Truncate { size });
            }
            Event::Sync { path } => {
                let file = self.file(path);
                let mut content = file.certain.take().unwrap_or_default();
                file.since.drain(..).for_each(|done| done.apply(&mut content));
                file.certain = Some(content);
                // SQLite syncs the folder with the first sync of a new log or journal, and all names in it are certain then.
                for other in self.files.values_mut() {
                    other.certain.get_or_insert_default();
                }
                self.files.retain(|_, file| !file.is_leaving);
            }
            Event::SyncFailed { path } => {
                // The system gives up: what was not written never will be, and counts as written.
                let file = self.file(path);
                let mut content = file.certain.take().unwrap_or_default();
                let since = std::mem::take(&mut file.since);
                lose(&mut content, &since, Mood::any(chance), chance);
                file.certain = Some(content);
            }
            Event::Delete { path, is_synced: true } => drop(self.files.remove(path)),
            Event::Delete { path, is_synced: false } => {
                if let Some(file) = self.files.get_mut(path) {
                    file.is_leaving = true;
                }
            }
            Event::Mark(_) => {}
        }
    }

    fn file(&mut self, path: &Path) -> &mut OneFile {
        let file = self.files.entry(path.to_owned()).or_default();
        if file.is_leaving {
            *file = OneFile::default();
        }
        file
    }

    /// The files after a loss of power at this moment.
    pub(super) fn after_loss(&self, chance: &mut fastrand::Rng) -> Image<'_> {
        let mut left = Vec::new();
        for (path, file) in &self.files {
            let is_there = file.certain.is_some() || chance.bool();
            if !is_there || file.is_leaving && chance.bool() {
                continue;
            }
            let mut content = file.certain.clone().unwrap_or_default();
            lose(&mut content, &file.since, Mood::any(chance), chance);
            left.push((path.as_path(), content));
        }
        left
    }
}

impl Mood {
    fn any(chance: &mut fastrand::Rng) -> Self {
        match chance.u8(0..8) {
            0 => Self::AllLost,
            1 => Self::AllKept,
            2 | 3 => Self::Prefix,
            4 | 5 => Self::Each,
            _ => Self::Torn(SECTORS[chance.usize(0..SECTORS.len())]),
        }
    }
}

/// Does what the mood leaves of what was not synced.
fn lose(content: &mut Vec<u8>, since: &[Done], mood: Mood, chance: &mut fastrand::Rng) {
    let kept = chance.usize(0..=since.len());
    for (at, done) in since.iter().enumerate() {
        match mood {
            Mood::AllLost => return,
            Mood::Prefix if at >= kept => return,
            Mood::AllKept | Mood::Prefix => done.apply(content),
            Mood::Each => {
                if chance.bool() {
                    done.apply(content);
                }
            }
            Mood::Torn(sector) => done.tear(content, sector, chance),
        }
    }
}

impl Done {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => put(content, *offset, bytes),
            Self::Truncate { size } => content.resize(*size, 0),
        }
    }

    /// Some of its sectors reach the disk.
    fn tear(&self, content: &mut Vec<u8>, sector: usize, chance: &mut fastrand::Rng) {
        let Self::Write { offset, bytes } = self else {
            if chance.bool() {
                self.apply(content);
            }
            return;
        };
        let mut at = *offset;
        let end = offset + bytes.len();
        while at < end {
            // Sectors are the disk's: they begin at multiples of their size, wherever the write began.
            let next = (at / sector + 1) * sector;
            let upto = next.min(end);
            if chance.bool() {
                put(content, at, &bytes[at - offset..upto - offset]);
            }
            at = upto;
        }
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(offset: u64, bytes: &[u8]) -> Event {
        Event::Write { path: "shop.db".into(), offset, bytes: bytes.to_vec() }
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_go() {
        let sync = Event::Sync { path: "shop.db".into() };
        let mut chance = fastrand::Rng::with_seed(1);
        let mut disk = Disk::default();
        for event in [write(0, b"certain"), sync.clone(), write(0, b"perhaps"), write(7, &[1; 2000])] {
            disk.apply(&event, &mut chance);
        }
        let left: Vec<_> = (0..200).map(|_| disk.after_loss(&mut chance).remove(0).1).collect();
        assert!(left.iter().any(|content| content == b"certain"), "all of it can be lost");
        assert!(left.iter().any(|content| content.len() == 2007 && content.starts_with(b"perhaps")), "or none");
        assert!(left.iter().all(|content| content.starts_with(b"certain") || content.starts_with(b"perhaps")));
        let is_torn = |content: &Vec<u8>| content.len() > 512 && content[300] != content[700];
        assert!(left.iter().any(is_torn), "or half of it");
        disk.apply(&sync, &mut chance);
        assert!((0..50).all(|_| disk.after_loss(&mut chance)[0].1.len() == 2007), "and nothing once it is synced");
    }

    #[test]
    fn after_a_failed_sync_nothing_more_is_written() {
        let failed = Event::SyncFailed { path: "shop.db".into() };
        let sync = Event::Sync { path: "shop.db".into() };
        let lost = (0..50).any(|seed| {
            let mut chance = fastrand::Rng::with_seed(seed);
            let mut disk = Disk::default();
            for event in [write(0, b"a"), sync.clone(), write(0, b"b"), failed.clone(), sync.clone()] {
                disk.apply(&event, &mut chance);
            }
            disk.after_loss(&mut chance)[0].1 == b"a"
        });
        assert!(lost, "a sync after a failed one does not bring back what that one lost");
    }

    #[test]
    fn a_new_name_is_certain_after_a_sync() {
        let mut chance = fastrand::Rng::with_seed(3);
        let mut disk = Disk::default();
        disk.apply(&write(0, b"x"), &mut chance);
        let there: Vec<_> = (0..50).map(|_| disk.after_loss(&mut chance).len()).collect();
        assert!(there.contains(&0) && there.contains(&1));
    }
}
