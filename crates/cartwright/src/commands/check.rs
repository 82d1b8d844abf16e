//! `cartwright check`

use store::StoreError;

use crate::{
    failure::Failure,
    say::{note, say},
    settings::Settings,
    shop::Places,
};

/// Proves that the data agree with themselves.
pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    let places = Places::new(settings, false)?;
    let engine = places.open_existing().await?;
    let findings = engine.check().await;
    engine.close().await.map_err(Failure::failed)?;
    let findings = findings.map_err(|error| match error {
        StoreError::Broken(_) => Failure::failed(format_args!("{}: {error}; restore a backup", places.database)),
        error => Failure::failed(error),
    })?;
    for finding in &findings {
        say(format_args!("{}: {}", finding.check, finding.what))?;
    }
    if findings.is_empty() {
        say(format_args!("{}: nothing is wrong.", places.database))
    } else {
        note(format_args!("cartwright: {}: {} findings", places.database, findings.len()));
        Err(Failure::Found)
    }
}
