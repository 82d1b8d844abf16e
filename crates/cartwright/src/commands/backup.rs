//! `cartwright backup FILE`

use std::{fs, path::Path};

use crate::{failure::Failure, settings::Settings, shop::Places};

/// Copies the database and checks the copy.
pub(super) async fn run(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let engine = Places::new(settings, false)?.open_existing().await?;
    let done = engine.backup(file).await.map_err(Failure::failed);
    engine.close().await.map_err(Failure::failed)?;
    done?;
    let bytes = fs::metadata(file).map_or(0, |metadata| metadata.len());
    println!("Backed up to {}: {bytes} bytes, checked.", file.display());
    Ok(())
}
