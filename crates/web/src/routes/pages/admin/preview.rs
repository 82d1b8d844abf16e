//! What a file would change, before it is brought in: it is brought in, looked at, and taken back.

use std::{
    collections::BTreeSet,
    io::Cursor,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use commerce::{
    Foreseen, Rehearsal, Rehearsed,
    catalogue::{ImportError, ImportLines, ImportProducts, ImportSummary, SetPrices},
    import::{RowError, catalogue, prices, shopify},
    jobs::is_passing,
};
use minijinja::{Value, context};
use model::{Stamp, job::JobKind};
use store::{Operation, execute};

use super::imports::note_text;
use crate::{App, problem::Problem};

/// How many products, or rows of a list, are looked at in one transaction: nobody else can write meanwhile.
const BATCH: usize = 50;
/// How many lines of a catalogue are looked at. They build on each other, and so it is one transaction.
const LINES: usize = 200;

/// How much of a file is looked at, each number in a transaction.
#[derive(Clone, Copy)]
enum Pace {
    /// So many at a time.
    Batches(usize),
    /// The first so many, and no more.
    Once(usize),
}
/// For how long it is looked on.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many changes and mistakes are shown.
const SHOWN: usize = 50;

/// What a file would do, for the page; `None` where the shop got another currency while it was read.
pub(super) async fn look(app: &App, kind: JobKind, with_images: bool, file: Bytes) -> Result<Option<Value>, Problem> {
    let currencies = app.fresh_currencies().await?;
    let currency = currencies.first().copied().unwrap_or(app.currency());
    match kind {
        JobKind::ImportProducts => {
            let read = move || shopify::read(Cursor::new(file), currency);
            let parsed = tokio::task::spawn_blocking(read).await.map_err(Problem::internal)?;
            let import = |products, stamp| {
                let progress = Arc::default();
                ImportProducts { products, sold_in: app.settings().sold_in.clone(), actor_id: None, stamp, progress }
            };
            let mut notes: Vec<_> = parsed.pictures_elsewhere().filter(|_| !with_images).into_iter().collect();
            notes.extend(parsed.notes);
            rehearse(app, parsed.products, Pace::Batches(BATCH), import, &parsed.errors, &notes).await
        }
        JobKind::SetPrices => {
            let read = move || prices::read(Cursor::new(file), currency);
            let list = tokio::task::spawn_blocking(read).await.map_err(Problem::internal)?;
            let set = |rows, stamp| SetPrices { rows, actor_id: None, stamp };
            rehearse(app, list.rows, Pace::Batches(BATCH), set, &list.errors, &[]).await
        }
        JobKind::ImportCatalogue => {
            let read = move || catalogue::read_in(Cursor::new(file), &currencies);
            let read = tokio::task::spawn_blocking(read).await.map_err(Problem::internal)?;
            let import =
                |lines, stamp| ImportLines { lines, sold_in: app.settings().sold_in.clone(), actor_id: None, stamp };
            rehearse(app, read.lines, Pace::Once(LINES), import, &read.errors, &[]).await
        }
    }
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    summary: ImportSummary,
    foreseen: Vec<Foreseen>,
    /// Changes that are not kept to be shown.
    more: usize,
    /// What the shop refused first, with its lines.
    refused: Vec<(u64, Value)>,
    looked_at: usize,
    /// Those of them that cannot be used.
    wrong: usize,
}

impl Seen {
    fn take(&mut self, summary: ImportSummary, foreseen: Vec<Foreseen>) {
        self.summary.created += summary.created;
        self.summary.updated += summary.updated;
        self.summary.unchanged += summary.unchanged;
        for one in foreseen {
            if one.action == "stock.moved" && one.changes.is_empty() {
                continue;
            }
            if self.foreseen.len() < SHOWN {
                self.foreseen.push(one);
            } else {
                self.more += 1;
            }
        }
    }
}

/// How many products, or rows of a list, have mistakes. What is wrong with the file as a whole is told of its first line.
fn spoilt(errors: &[RowError]) -> usize {
    let items = errors.iter().filter(|error| error.handle.is_some() || error.line > 1);
    // A product has several lines, and may have several mistakes.
    let names = items.map(|error| (error.handle.as_deref(), if error.handle.is_some() { 0 } else { error.line }));
    names.collect::<BTreeSet<_>>().len()
}

/// One of them, for the page.
fn told(error: &RowError) -> Value {
    context! { line => error.line, column => error.column, message => note_text(&error.reason) }
}

/// The first of the mistakes, in the order of their lines: what cannot be read is known before what the shop refuses.
fn in_order(errors: &[RowError], refused: Vec<(u64, Value)>) -> Vec<Value> {
    let mut unread: Vec<&RowError> = errors.iter().collect();
    unread.sort_by_key(|error| error.line);
    let unread = unread.into_iter().take(SHOWN).map(|error| (error.line, told(error)));
    let mut mistakes: Vec<_> = unread.chain(refused).collect();
    mistakes.sort_by_key(|(line, _)| *line);
    mistakes.into_iter().take(SHOWN).map(|(_, mistake)| mistake).collect()
}

async fn rehearse<T, O>(
    app: &App,
    items: Vec<T>,
    pace: Pace,
    operation: impl Fn(Vec<T>, Stamp) -> O,
    errors: &[RowError],
    notes: &[RowError],
) -> Result<Option<Value>, Problem>
where
    T: Clone,
    O: Operation<Output = ImportSummary, Error = ImportError>,
{
    let begin = Instant::now();
    let wrong = spoilt(errors);
    let total = items.len() + wrong;
    let mut seen = Seen { looked_at: wrong, wrong, ..Seen::default() };
    let (Pace::Batches(size) | Pace::Once(size)) = pace;
    for some in items.chunks(size) {
        match once(app, operation(some.to_vec(), app.stamp()?)).await? {
            Ok((summary, foreseen)) => seen.take(summary, foreseen),
            Err(error) if is_passing(&error) => return Ok(None),
            // One of them is refused: each for itself, then, so that all mistakes are told.
            Err(_) => {
                for one in some {
                    match once(app, operation(vec![one.clone()], app.stamp()?)).await? {
                        Ok((summary, foreseen)) => seen.take(summary, foreseen),
                        Err(error) if is_passing(&error) => return Ok(None),
                        Err(ImportError { line, error }) => {
                            seen.wrong += 1;
                            if seen.refused.len() < SHOWN {
                                seen.refused.push((line, context! { line, message => error.sentence() }));
                            }
                        }
                    }
                }
            }
        }
        seen.looked_at += some.len();
        if begin.elapsed() > PATIENCE || matches!(pace, Pace::Once(_)) {
            break;
        }
    }
    let changes = seen.foreseen.iter().map(|one| {
        let verb = if one.action.ends_with(".created") { "New" } else { "Changed" };
        context! { verb, subject => one.subject, changes => one.changes }
    });
    Ok(Some(context! {
        created => seen.summary.created, updated => seen.summary.updated, unchanged => seen.summary.unchanged,
        total, looked_at => seen.looked_at, wrong => seen.wrong, changes => changes.collect::<Vec<_>>(), more => seen.more,
        mistakes => in_order(errors, seen.refused),
        notes => notes.iter().take(SHOWN).map(told).collect::<Vec<_>>(),
    }))
}

/// What the operation would do, or why it would be refused.
async fn once<O>(app: &App, operation: O) -> Result<Result<(ImportSummary, Vec<Foreseen>), ImportError>, Problem>
where
    O: Operation<Output = ImportSummary, Error = ImportError>,
{
    match execute(app.engine(), Rehearsal(operation)).await {
        Ok(()) => Ok(Ok((ImportSummary::default(), Vec::new()))),
        Err(Rehearsed::Would(summary, foreseen)) => Ok(Ok((summary, foreseen))),
        Err(Rehearsed::Refused(ImportError { error: commerce::Error::Store(error), .. }) | Rehearsed::Store(error)) => {
            Err(error.into())
        }
        Err(Rehearsed::Refused(refused)) => Ok(Err(refused)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_with_several_mistakes_counts_once() {
        let error = |line: u64, handle: Option<&str>| RowError {
            line,
            column: None,
            handle: handle.map(str::to_owned),
            reason: "must be a price".to_owned(),
        };
        let products = [error(2, Some("mug")), error(3, Some("mug")), error(4, Some("bowl"))];
        assert_eq!(spoilt(&products), 2);
        let rows = [error(2, None), error(3, None), error(3, None)];
        assert_eq!(spoilt(&rows), 2);
        assert_eq!(spoilt(&[error(1, None)]), 0, "a file without its columns");
        let refused = context! { line => 3, message => "too much" };
        let lines = in_order(&[error(4, None), error(2, None)], vec![(3, refused)]);
        let lines = lines.iter().filter_map(|one| one.get_attr("line").ok()).map(|line| line.to_string());
        let lines: Vec<String> = lines.collect();
        assert_eq!(lines, ["2", "3", "4"], "what the shop refuses stands among what cannot be read");
    }
}
