//! A disk that is soon full.

use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    process::Command,
};

/// A small disk. It is gone when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    /// Where it is mounted.
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where it was said that nothing can be mounted.
    ///
    /// # Panics
    /// When it cannot be mounted and nobody said so.
    #[must_use]
    pub fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("disk");
        fs::create_dir(&path).expect("a folder");
        let mut command = Command::new("mount");
        let output = command.args(["-t", "tmpfs", "-o", "size=64m,mode=0777", "tmpfs"]).arg(&path).output();
        let why = match output {
            Ok(output) if output.status.success() => return Some(Self { path, _folder: folder }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        assert!(
            Self::is_left_out(),
            "a small disk cannot be mounted ({}). Run the tests as root where mounting is allowed, or set \
             CARTWRIGHT_TEST_NO_MOUNT=1 to leave the test of a full disk out",
            why.trim()
        );
        None
    }

    /// Whether it was said that nothing can be mounted here.
    #[must_use]
    pub fn is_left_out() -> bool {
        std::env::var("CARTWRIGHT_TEST_NO_MOUNT").is_ok_and(|value| value == "1")
    }

    /// Fills it up but for so many bytes.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn fill_but(&self, left: u64) {
        let ballast = self.top_up();
        let length = ballast.metadata().expect("a file").len();
        ballast.set_len(length.saturating_sub(left)).expect("a shorter file");
    }

    /// Fills it up.
    ///
    /// # Panics
    /// When its files cannot be written.
    pub fn top_up(&self) -> File {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).expect("a file");
        for block in [64 * 1024, 1024] {
            while ballast.write_all(&vec![0; block]).is_ok() {}
        }
        ballast
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was never filled.
    pub fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("the ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, in case something still has a file there open.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
