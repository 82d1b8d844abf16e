//! A folder of `.eml` files.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use model::OutboxMail;

use super::Attempt;

/// Mails carry codes and addresses: nobody else on the machine may read them.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) async fn check(&self) -> Result<(), String> {
        let folder = self.path.clone();
        let made = blocking(move || make(&folder)).await;
        made.map_err(|e| self.explain(&e))
    }

    /// Writes the mail. The file's name comes from the mail alone, so a second try replaces the first one's file.
    pub(super) async fn write(&self, mail: &OutboxMail, message: Vec<u8>) -> Attempt {
        let folder = self.path.clone();
        let name = format!("{}-{}.eml", mail.created_at.strftime("%Y%m%dT%H%M%SZ"), mail.id);
        match blocking(move || write_durably(&folder, &name, &message)).await {
            Ok(()) => Attempt::sent(false),
            Err(error) => Attempt::unreachable(self.explain(&error)),
        }
    }

    fn explain(&self, error: &io::Error) -> String {
        format!("the folder {} cannot be written: {error}", self.path.display())
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder {}", self.path.display())
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Under another name first, so that nobody sees half a mail, and down to the disk before it counts as delivered.
fn write_durably(folder: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    make(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&unfinished)?;
    let written = file.write_all(message).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&unfinished, folder.join(name))) {
        // It may be what fills the disk. If it cannot be removed either, the next try overwrites it.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(io::Error::other(e)))
}
