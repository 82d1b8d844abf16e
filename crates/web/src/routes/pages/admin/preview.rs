//! What a file would change, before it is brought in: it is brought in, looked at, and taken back.

use std::{io::Cursor, sync::Arc};

use bytes::Bytes;
use commerce::{
    Rehearsal, Rehearsed,
    catalogue::{ImportError, ImportProducts, ImportSummary, SetPrices},
    import::{RowError, prices, shopify},
};
use minijinja::{Value, context};
use model::job::JobKind;
use store::{Operation, execute};

use crate::{App, problem::Problem};

/// How many products, or rows of a list, are looked at: nobody else can write meanwhile.
const LOOKED_AT: usize = 200;
/// How many changes and mistakes are shown.
const SHOWN: usize = 50;

/// What a file would do, for the page.
pub(super) async fn look(app: &App, kind: JobKind, file: Bytes) -> Result<Value, Problem> {
    let currency = app.settings().currency;
    match kind {
        JobKind::ImportProducts => {
            let read = move || shopify::read(Cursor::new(file), currency);
            let parsed = tokio::task::spawn_blocking(read).await.map_err(Problem::internal)?;
            let (total, mut products) = (parsed.products.len(), parsed.products);
            products.truncate(LOOKED_AT);
            let import = ImportProducts { products, actor_id: None, stamp: app.stamp()?, progress: Arc::default() };
            rehearse(app, import, total, &parsed.errors).await
        }
        JobKind::SetPrices => {
            let read = move || prices::read(Cursor::new(file), currency);
            let list = tokio::task::spawn_blocking(read).await.map_err(Problem::internal)?;
            let (total, mut rows) = (list.rows.len(), list.rows);
            rows.truncate(LOOKED_AT);
            let set = SetPrices { rows, actor_id: None, stamp: app.stamp()? };
            rehearse(app, set, total, &list.errors).await
        }
        JobKind::ImportCatalogue => Ok(context! { none => true }),
    }
}

async fn rehearse<O>(app: &App, operation: O, total: usize, errors: &[RowError]) -> Result<Value, Problem>
where
    O: Operation<Output = ImportSummary, Error = ImportError>,
{
    let mut mistakes: Vec<Value> =
        errors.iter().take(SHOWN).map(|error| context! { line => error.line, message => error.reason }).collect();
    let (summary, foreseen) = match execute(app.engine(), Rehearsal(operation)).await {
        Ok(()) => (ImportSummary::default(), Vec::new()),
        Err(Rehearsed::Would(summary, foreseen)) => (summary, foreseen),
        Err(Rehearsed::Refused(ImportError { error: commerce::Error::Store(error), .. }) | Rehearsed::Store(error)) => {
            return Err(error.into());
        }
        Err(Rehearsed::Refused(ImportError { line, error })) => {
            mistakes.push(context! { line, message => error.to_string() });
            (ImportSummary::default(), Vec::new())
        }
    };
    let changes = foreseen.iter().filter(|one| one.action != "stock.moved" || !one.changes.is_empty());
    let changes = changes.take(SHOWN).map(|one| {
        let verb = if one.action.ends_with(".created") { "New" } else { "Changed" };
        context! { verb, subject => one.subject, changes => one.changes }
    });
    Ok(context! {
        created => summary.created, updated => summary.updated, unchanged => summary.unchanged,
        total, looked_at => total.min(LOOKED_AT), changes => changes.collect::<Vec<_>>(),
        more => foreseen.len().saturating_sub(SHOWN), mistakes,
    })
}
