//! `cartwright import products FILE`

mod images;
pub(super) mod progress;

use std::{
    fs::File,
    sync::{Arc, atomic::AtomicU64},
};

use commerce::{
    Error,
    catalogue::{ImportError, ImportProducts, ImportSummary, ImportedProduct, SoldIn},
    import::{Parsed, shopify},
    jobs::is_passing,
};
use identity::fresh_stamp;
use model::Currency;
use store::{Engine, execute};

use self::progress::Progress;
use crate::{
    cli,
    failure::Failure,
    say::{note, say},
    settings::Settings,
    shop::{self, Places},
};

/// With --keep-going, how many products go into one transaction: few enough that a running shop sells on meanwhile.
const BATCH: usize = 50;

/// Imports the products of a file, and says what it could not use.
pub(super) async fn run(settings: &Settings, import: &cli::ImportProducts) -> Result<(), Failure> {
    let name = import.file.display();
    let places = Places::new(settings, false)?;
    // Read before there is a shop: a file that is none makes none. A shop of an older program is refused by whoever asks for its currency.
    let Parsed { products, errors, .. } = read_rows(import, places.currency(settings).await?).await?;
    let engine = places.open().await?;
    let mut products = products;
    let missing = if import.with_images { images::fetch(settings, &places.folder, &mut products).await? } else { 0 };
    let progress = Progress::start(products.len(), "products");
    let shop = Shop { engine: engine.as_ref(), sold_in: shop::sold_in(settings) };
    let done = if import.keep_going {
        shop.keep_going(&products, &progress).await
    } else {
        shop.all_or_nothing(products, &progress).await
    };
    progress.finish().await;
    engine.close().await.map_err(Failure::failed)?;
    let Done { summary, refused, failure } = done;
    for error in &refused {
        note(format_args!("{name}: {error}"));
    }
    if failure.is_none() || import.keep_going {
        let ImportSummary { created, updated, unchanged } = summary;
        say(format_args!("{name}: {created} added, {updated} changed, {unchanged} unchanged."))?;
    }
    if let Some(error) = failure {
        return Err(Failure::failed(error));
    }
    let bad = errors.len() + refused.len();
    if bad > 0 {
        note(format_args!("cartwright: the products of {} were left out", rows(bad)));
    }
    if missing > 0 {
        note(format_args!(
            "cartwright: {missing} pictures could not be fetched and keep their addresses; where one of them may come another time, a product that has \
             pictures of the shop's own keeps those. Importing again tries them anew"
        ));
    }
    if bad > 0 || missing > 0 {
        return Err(Failure::Found);
    }
    Ok(())
}

fn rows(count: usize) -> String {
    if count == 1 { "1 bad row".to_owned() } else { format!("{count} bad rows") }
}

/// What is in the file; tells its mistakes, and what is read otherwise than it stands there.
async fn read_rows(import: &cli::ImportProducts, currency: Currency) -> Result<Parsed, Failure> {
    let parsed = read(import, currency).await?;
    for error in parsed.notes.iter().chain(&parsed.errors) {
        note(format_args!("{}: {error}", import.file.display()));
    }
    if !parsed.errors.is_empty() && !import.keep_going {
        let bad = rows(parsed.errors.len());
        // Where no product is any good, as without a column that must be there, nothing would be left.
        let rest = if parsed.products.is_empty() { "" } else { "; --keep-going leaves them out" };
        note(format_args!("cartwright: nothing was imported because of {bad}{rest}"));
        return Err(Failure::Found);
    }
    Ok(parsed)
}

async fn read(import: &cli::ImportProducts, currency: Currency) -> Result<Parsed, Failure> {
    let path = import.file.clone();
    let failed = |error: std::io::Error| Failure::failed(format_args!("{}: {error}", import.file.display()));
    let file = File::open(&path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::failed(format_args!("{}: this is a folder, not a file", path.display())));
    }
    let parsed = tokio::task::spawn_blocking(move || shopify::read(file, currency)).await;
    parsed.map_err(Failure::failed)
}

/// What came of an import.
#[derive(Default)]
struct Done {
    summary: ImportSummary,
    /// The products that the shop refused, with their lines.
    refused: Vec<ImportError>,
    /// What ended it before its end.
    failure: Option<String>,
}

impl Done {
    /// Takes in what one product, or the whole import, was refused for; `false` when going on makes no sense.
    fn refuse(&mut self, error: ImportError) -> bool {
        let goes_on = !is_passing(&error);
        if goes_on {
            self.refused.push(error);
        } else {
            self.failure = Some(format!("{}; importing the file again goes on where this ended", error.error));
        }
        goes_on
    }

    fn add(&mut self, more: ImportSummary) {
        self.summary.created += more.created;
        self.summary.updated += more.updated;
        self.summary.unchanged += more.unchanged;
    }
}

/// The shop that products are imported into.
struct Shop<'a> {
    engine: &'a dyn Engine,
    sold_in: SoldIn,
}

impl Shop<'_> {
    async fn all_or_nothing(&self, products: Vec<ImportedProduct>, progress: &Progress) -> Done {
        let mut done = Done::default();
        match self.import(products, progress.counter()).await {
            Ok(summary) => done.add(summary),
            Err(error) if error.line > 0 && !matches!(error.error, Error::Store(_)) => {
                let what = "nothing was imported because of it; --keep-going leaves such products out";
                done.failure = Some(format!("{error}; {what}"));
            }
            Err(error) => done.failure = Some(format!("nothing was imported: {}", error.error)),
        }
        done
    }

    async fn keep_going(&self, products: &[ImportedProduct], progress: &Progress) -> Done {
        let mut done = Done::default();
        for batch in products.chunks(BATCH) {
            match self.import(batch.to_vec(), Arc::default()).await {
                Ok(summary) => done.add(summary),
                // One of them is refused: each for itself, then.
                Err(_) => {
                    if !self.one_by_one(batch, &mut done).await {
                        return done;
                    }
                }
            }
            progress.add(batch.len());
        }
        done
    }

    async fn one_by_one(&self, batch: &[ImportedProduct], done: &mut Done) -> bool {
        for product in batch {
            match self.import(vec![product.clone()], Arc::default()).await {
                Ok(summary) => done.add(summary),
                Err(error) => {
                    if !done.refuse(error) {
                        return false;
                    }
                }
            }
        }
        true
    }

    async fn import(
        &self,
        products: Vec<ImportedProduct>,
        progress: Arc<AtomicU64>,
    ) -> Result<ImportSummary, ImportError> {
        let (sold_in, stamp) = (self.sold_in.clone(), fresh_stamp());
        execute(self.engine, ImportProducts { products, sold_in, actor_id: None, stamp, progress }).await
    }
}
