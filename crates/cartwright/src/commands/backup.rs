//! `cartwright backup FILE`

use std::{fs, path::Path};

use crate::{
    failure::Failure,
    say::say,
    settings::Settings,
    shop::{self, Places},
};

/// Copies the database as it is, before a newer program changes it as well, and checks the copy.
pub(super) async fn run(settings: &Settings, file: &Path) -> Result<(), Failure> {
    if file == Path::new("-") {
        return Err(Failure::usage(
            "a backup is checked before it has its name, so it cannot go to standard output; name a file",
        ));
    }
    let places = Places::new(settings, false)?;
    let maker = if places.backup(file).await? { " The running shop made it." } else { "" };
    let bytes = fs::metadata(file).map_or(0, |metadata| metadata.len());
    say(format_args!("Backed up to {}: {bytes} bytes, checked.{maker}", file.display()))?;
    shop::tell_of_pictures(settings, &places.folder)?;
    shop::tell_of_files(&places.folder)
}
