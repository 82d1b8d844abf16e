//! `cartwright import catalogue FILE`

use std::fs::File;

use commerce::{
    catalogue::{ImportLines, ImportSummary, SoldIn},
    import::catalogue::{self, Catalogue, Line},
    jobs::is_passing,
};
use identity::fresh_stamp;
use model::Currency;
use store::{Engine, execute};

use super::import_products::progress::Progress;
use crate::{
    cli,
    failure::Failure,
    say::{note, say},
    settings::Settings,
    shop::{self, Places},
};

/// With --keep-going, how many lines go into one transaction.
const BATCH: usize = 50;

/// Imports the lines of a file, and says what it could not use.
pub(super) async fn run(settings: &Settings, import: &cli::ImportCatalogue) -> Result<(), Failure> {
    let name = import.file.display();
    let places = Places::new(settings, false)?;
    // Read before there is a shop: a file that is none makes none. A shop of an older program is refused by whoever asks for its currency.
    let sold_in = shop::sold_in(settings);
    let currencies = sold_in.currencies(Some(places.currency(settings).await?));
    let Catalogue { lines, errors } = read_file(import, currencies).await?;
    let engine = places.open().await?;
    let progress = Progress::start(lines.len(), "lines");
    let size = if import.keep_going { BATCH } else { lines.len().max(1) };
    let mut summary = ImportSummary::default();
    let (mut refused, mut failure) = (0, None);
    for batch in lines.chunks(size) {
        let whole = execute(engine.as_ref(), lines_of(batch.to_vec(), &sold_in)).await;
        match whole {
            Ok(done) => add(&mut summary, done),
            Err(error) if !import.keep_going => failure = Some(format!("nothing was imported: {error}")),
            // One of them is refused: each for itself, then.
            Err(_) => match one_by_one(engine.as_ref(), batch, &sold_in, &mut summary).await {
                Ok(messages) => {
                    messages.iter().for_each(|message| note(format_args!("{name}: {message}")));
                    refused += messages.len();
                }
                Err(error) => failure = Some(error),
            },
        }
        progress.add(batch.len());
        if failure.is_some() {
            break;
        }
    }
    progress.finish().await;
    engine.close().await.map_err(Failure::failed)?;
    if failure.is_none() || import.keep_going {
        let ImportSummary { created, updated, unchanged } = summary;
        say(format_args!("{name}: {created} added, {updated} changed, {unchanged} unchanged."))?;
    }
    if let Some(failure) = failure {
        return Err(Failure::failed(failure));
    }
    let bad = refused + errors.len();
    if bad == 0 {
        return Ok(());
    }
    let lines = if bad == 1 { "1 bad line was".to_owned() } else { format!("{bad} bad lines were") };
    note(format_args!("cartwright: {lines} left out"));
    Err(Failure::Found)
}

/// What is in the file; tells its mistakes.
async fn read_file(import: &cli::ImportCatalogue, currencies: Vec<Currency>) -> Result<Catalogue, Failure> {
    let name = import.file.display();
    let file = File::open(&import.file).map_err(|error| Failure::failed(format_args!("{name}: {error}")))?;
    let read =
        tokio::task::spawn_blocking(move || catalogue::read_in(file, &currencies)).await.map_err(Failure::failed)?;
    for error in &read.errors {
        note(format_args!("{name}: {error}"));
    }
    if !read.errors.is_empty() && !import.keep_going {
        let bad = read.errors.len();
        note(format_args!("cartwright: nothing was imported because of {bad} bad lines; --keep-going leaves them out"));
        return Err(Failure::Found);
    }
    Ok(read)
}

async fn one_by_one(
    engine: &dyn Engine,
    batch: &[(u64, Line)],
    sold_in: &SoldIn,
    summary: &mut ImportSummary,
) -> Result<Vec<String>, String> {
    let mut refused = Vec::new();
    for line in batch {
        match execute(engine, lines_of(vec![line.clone()], sold_in)).await {
            Ok(done) => add(summary, done),
            Err(error) if is_passing(&error) => {
                return Err(format!("{}; importing the file again goes on where this ended", error.error));
            }
            Err(error) => refused.push(error.to_string()),
        }
    }
    Ok(refused)
}

fn lines_of(lines: Vec<(u64, Line)>, sold_in: &SoldIn) -> ImportLines {
    ImportLines { lines, sold_in: sold_in.clone(), actor_id: None, stamp: fresh_stamp() }
}

const fn add(summary: &mut ImportSummary, more: ImportSummary) {
    summary.created += more.created;
    summary.updated += more.updated;
    summary.unchanged += more.unchanged;
}
