//! `cartwright import mongodump DIR`

mod files;
mod report;

use std::collections::HashMap;

use commerce::{
    bring_over::{BringOver, Outcome, Thing},
    import::mongo::{self, Dump, Options, Plan},
};
use identity::{fresh_stamp, is_usable_hash};
use model::{AccountId, Timestamp};
use store::execute;

use self::report::Report;
use super::import_products::progress::Progress;
use crate::{
    cli,
    failure::Failure,
    say::note,
    settings::Settings,
    shop::{self, Places},
};

/// How many things go into one transaction: few enough that a running shop sells on meanwhile.
const BATCH: usize = 100;

/// Brings a shop over, says what it could not use, and shows that what was there is here.
pub(super) async fn run(settings: &Settings, import: &cli::ImportMongodump) -> Result<(), Failure> {
    let folder = import.folder.clone();
    let dump = tokio::task::spawn_blocking(move || files::read(&folder)).await.map_err(Failure::failed)??;
    refuse_half(&dump, import)?;
    let places = Places::new(settings, false)?;
    let engine = places.open_beside().await?;
    let currency = shop::currency(settings, engine.as_ref()).await?;
    let options = Options { currency, keep_admins: import.keep_admins, is_usable_hash, now: Timestamp::now() };
    let Plan { things, problems, totals } = mongo::plan(&dump, options);
    let progress = Progress::start(things.len(), "things");
    let mut report = Report::new(totals, currency);
    let mut owners: HashMap<AccountId, AccountId> = HashMap::new();
    let mut things = things;
    let mut failure = None;
    while !things.is_empty() {
        let later = things.split_off(things.len().min(BATCH));
        let mut batch = std::mem::replace(&mut things, later);
        for thing in &mut batch {
            owners.iter().for_each(|(from, to)| thing.belongs_to(*from, *to));
        }
        // Whoever is here already has to be known before what is theirs comes.
        let (accounts, others): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|thing| matches!(thing, Thing::Account(_)));
        let mut others = others;
        for part in [0, 1] {
            let things = if part == 0 { accounts.clone() } else { std::mem::take(&mut others) };
            let count = things.len();
            match execute(engine.as_ref(), BringOver { things: things.clone(), stamp: fresh_stamp() }).await {
                Ok(outcomes) => {
                    for (thing, outcome) in things.iter().zip(&outcomes) {
                        if let (Thing::Account(old), Outcome::IsAccount(own)) = (thing, outcome) {
                            owners.insert(old.account.id, *own);
                            others.iter_mut().for_each(|other| other.belongs_to(old.account.id, *own));
                        }
                        report.note(thing, outcome);
                    }
                }
                Err(error) => failure = Some(error.to_string()),
            }
            progress.add(count);
        }
        if failure.is_some() {
            break;
        }
    }
    progress.finish().await;
    if failure.is_none() {
        failure = report.read_back(engine.as_ref()).await.err().map(|error| error.to_string());
    }
    engine.close().await.map_err(Failure::failed)?;
    for problem in &problems {
        note(problem);
    }
    if let Some(error) = failure {
        return Err(Failure::failed(format_args!("{error}; starting it again goes on where this ended")));
    }
    report.print()?;
    if !report.agrees() {
        return Err(Failure::failed("what is here is not what was there: the table above says where they differ"));
    }
    if report.left_out() > 0 {
        note(format_args!("cartwright: {} things were left out, as told above", report.left_out()));
        return Err(Failure::Found);
    }
    Ok(())
}

/// A file that was forgotten must not make a shop whose orders are of nobody and for nothing.
fn refuse_half(dump: &Dump, import: &cli::ImportMongodump) -> Result<(), Failure> {
    let lacks = dump.lacks();
    if lacks.is_empty() || import.keep_going {
        return Ok(());
    }
    Err(Failure::failed(format_args!(
        "the dump has no {}, which its orders name: look for the file and start again, or add --keep-going to go without",
        lacks.join(" and no ")
    )))
}
