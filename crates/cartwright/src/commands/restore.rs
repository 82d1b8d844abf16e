//! `cartwright restore FILE`

use std::path::Path;

use crate::{
    data,
    failure::Failure,
    say::{note, say},
    settings::Settings,
    shop::{Place, Places},
};

/// Puts a backup in the place of the database.
pub(super) fn run(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let places = Places::new(settings, false)?;
    let Place::File(database) = &places.database else {
        return Err(Failure::usage(
            "a PostgreSQL database is restored by PostgreSQL's own program: make an empty database and run `pg_restore --no-owner --dbname=URL FILE`",
        ));
    };
    // Before a folder is made for it.
    if !file.is_file() {
        return Err(Failure::failed(format_args!("{}: there is no such file", file.display())));
    }
    data::make(&places.folder)?;
    store_sqlite::restore(file, database).map_err(Failure::failed)?;
    say(format_args!("Restored {} from {}.", database.display(), file.display()))?;
    if !data::keys(&places.folder).exists() {
        note(format_args!(
            "cartwright: there is no keys.json in {}: put the shop's own back before you start it; without it everybody is signed out, and of \
             the second factors only recovery codes are good",
            places.folder.display()
        ));
    }
    Ok(())
}
