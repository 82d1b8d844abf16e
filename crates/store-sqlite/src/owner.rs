//! Whose files are.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, lchown},
    path::Path,
};

/// Gives the file or folder `path`, which root has just made, to whom `like` belongs: root restores and imports now and then, and the
/// shop's own user must be able to open what came of it. What anybody else made stays theirs.
pub fn hand_over(path: &Path, like: &Path) {
    let (Ok(own), Ok(wanted)) = (fs::symlink_metadata(path), fs::metadata(like)) else { return };
    let is_roots = own.uid() == 0;
    if is_roots && (own.uid(), own.gid()) != (wanted.uid(), wanted.gid()) {
        // The name itself, and never what a link of this name would lead to. Where it cannot be done, it is as it was before.
        let _ = lchown(path, Some(wanted.uid()), Some(wanted.gid()));
    }
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
