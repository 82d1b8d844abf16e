//! `cartwright restore FILE`

use std::path::Path;

use crate::{data, failure::Failure, settings::Settings, shop::Places};

/// Puts a backup in the place of the database.
pub(super) fn run(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let places = Places::new(settings, false);
    data::make(&places.folder)?;
    store_sqlite::restore(file, &places.database).map_err(Failure::failed)?;
    println!("Restored {} from {}.", places.database.display(), file.display());
    Ok(())
}
