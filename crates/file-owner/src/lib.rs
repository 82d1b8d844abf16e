//! Whose files are: root restores, imports and looks after the shop now and then, and the shop's own user must be able to go on.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid, chownat, fstat, open};

/// Gives the file or folder `path`, which root has just made, to whom `like` belongs. What anybody else made stays theirs, and where it
/// cannot be done, it is as it was before.
pub fn hand_over(path: &Path, like: &Path) {
    let Ok(wanted) = fs::metadata(like) else { return };
    // What is looked at and what is given away is one thing, whatever becomes of its name meanwhile: the folder may be the other user's.
    // Never what a link leads to. And opened as a place only: closing a file that was opened to be read gives up SQLite's locks on it.
    let Ok(file) = open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) else { return };
    let Ok(own) = fstat(&file) else { return };
    let is_file = FileType::from_raw_mode(own.st_mode) == FileType::RegularFile;
    // A second name of a file of root's is no file that was just made.
    let is_made = own.st_uid == 0 && (!is_file || own.st_nlink == 1);
    if is_made && (own.st_uid, own.st_gid) != (wanted.uid(), wanted.gid()) {
        let (owner, group) = (Uid::from_raw(wanted.uid()), Gid::from_raw(wanted.gid()));
        let _ = chownat(&file, "", Some(owner), Some(group), AtFlags::EMPTY_PATH);
    }
}

/// The folder that a file is in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    /// Only root can give files away: to others this test says nothing, and says so.
    #[test]
    fn what_root_made_is_given_and_nothing_else() {
        const SHOP: u32 = 54_321;
        const ANOTHER: u32 = 54_322;
        if !rustix::process::geteuid().is_root() {
            eprintln!("this test needs root, and has tested nothing");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        chown(folder.path(), Some(SHOP), Some(SHOP)).expect("given away");
        let at = |name: &str| folder.path().join(name);
        let owner = |name: &str| fs::symlink_metadata(at(name)).expect("there").uid();
        for name in ["made", "elsewhere", "another's", "twice"] {
            fs::write(at(name), "").expect("written");
        }
        fs::create_dir(at("folder")).expect("made");
        symlink(at("elsewhere"), at("link")).expect("linked");
        fs::hard_link(at("twice"), at("second name")).expect("linked");
        chown(at("another's"), Some(ANOTHER), Some(ANOTHER)).expect("given away");
        for name in ["made", "folder", "link", "second name", "another's", "absent"] {
            hand_over(&at(name), folder.path());
        }
        let owners = ["made", "folder", "elsewhere", "twice", "another's"].map(owner);
        assert_eq!(owners, [SHOP, SHOP, 0, 0, ANOTHER]);
    }
}
