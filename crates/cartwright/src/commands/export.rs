//! `cartwright export products FILE`, and the same of `prices`, `catalogue` and `orders`

use std::{
    fs::{self, File, Metadata},
    io::{self, BufWriter, ErrorKind, Seek as _, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown},
    path::{Path, PathBuf},
};

use commerce::export::{catalogue::CatalogueWriter, orders::OrderWriter, prices::PriceWriter, shopify::ProductWriter};
use identity::random_code;
use model::{Currency, Product};
use serde::de::DeserializeOwned;
use store::{DocumentKind, Engine, LIMIT_MAX, OrderFilter, PageRequest};

use crate::{
    cli,
    failure::Failure,
    say::note,
    settings::Settings,
    shop::{self, Places},
};

/// How many products are read at a time.
const AT_ONCE: u32 = 500;

/// Writes what is asked for into a file; `-` is standard output.
pub(super) async fn run(settings: &Settings, export: &cli::Export) -> Result<(), Failure> {
    let places = Places::new(settings, false)?;
    let engine = places.open_existing().await?;
    let file = export.file();
    let currency = shop::currency(settings, engine.as_ref()).await?;
    let done = match file.as_path() {
        path if path == Path::new("-") => write(engine.as_ref(), export, currency, path, Box::new(io::stdout())).await,
        path => into_file(engine.as_ref(), export, currency, path).await,
    };
    engine.close().await.map_err(Failure::failed)?;
    done?.tell(export, file, currency);
    Ok(())
}

/// What was written, and what was left out.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    orders: usize,
    products: usize,
    rows: usize,
    without_sku: usize,
    /// Variants with another currency than the shop's own.
    elsewhere_priced: usize,
}

impl Done {
    fn tell(&self, export: &cli::Export, file: &Path, currency: Currency) {
        let Self { orders, products, rows, without_sku, elsewhere_priced } = self;
        let file = file.display();
        match export {
            cli::Export::Prices { .. } if *without_sku > 0 => {
                note(format_args!(
                    "{rows} rows exported to {file}; {without_sku} variants have no SKU and are not in it"
                ));
            }
            cli::Export::Prices { .. } => note(format_args!("{rows} rows exported to {file}")),
            cli::Export::Orders { .. } => note(format_args!("{orders} orders exported to {file}, in {rows} rows")),
            _ => note(format_args!("{products} products exported to {file}")),
        }
        if *elsewhere_priced > 0 {
            let what = match export {
                cli::Export::Catalogue { .. } => "can be imported only by a shop that sells in that currency too",
                _ => "have no price in the file, which names no currency; who reads it here keeps theirs",
            };
            note(format_args!(
                "cartwright: {elsewhere_priced} variants are priced in another currency than {currency}, the shop's own, and {what}"
            ));
        }
    }
}

/// Writes a file that has its name only when it is whole: what was there before is worth more than half of what is there now.
async fn into_file(
    engine: &dyn Engine,
    export: &cli::Export,
    currency: Currency,
    path: &Path,
) -> Result<Done, Failure> {
    let failed = |error: io::Error| Failure::failed(format_args!("{}: {error}", path.display()));
    // A pipe or a device is written as it is.
    let is_other = fs::metadata(path).is_ok_and(|there| !there.is_file());
    if is_other {
        let to = File::options().write(true).open(path).map_err(failed)?;
        return write(engine, export, currency, path, Box::new(to)).await;
    }
    // What a link leads to is what is meant.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // Whom customers are, and where they live, is for nobody else on this machine.
    let is_private = matches!(export, cli::Export::Orders { .. });
    let (unfinished, to) = match beside(path, is_private) {
        Ok(made) => made,
        Err(error) if is_forbidden(&error) && path.is_file() => {
            // The file may be written where its folder may not be.
            let to = File::options().write(true).truncate(true).open(path).map_err(failed)?;
            return write(engine, export, currency, path, Box::new(to)).await;
        }
        Err(error) => return Err(failed(error)),
    };
    let mut handle = to.try_clone().map_err(failed)?;
    let written = write(engine, export, currency, path, Box::new(to)).await;
    let written = written.and_then(|done| {
        let placed = handle.sync_all().and_then(|()| place(&mut handle, &unfinished, path));
        placed.map_err(failed).map(|()| done)
    });
    if written.is_err() {
        // The error that is reported is the one that matters.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Makes a new file beside `path`, which belongs to whom the file at `path` does and may be read by the same people; where there is none, by
/// its owner alone if it is to be private. Its name cannot be guessed, and what has it already, a link too, is never written to.
fn beside(path: &Path, is_private: bool) -> io::Result<(PathBuf, File)> {
    let before = fs::metadata(path).ok();
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    if before.is_some() || is_private {
        // Until it is known to whom it belongs.
        options.mode(0o600);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}{}.unfinished", random_code(), random_code()));
    let name = PathBuf::from(name);
    let file = options.open(&name)?;
    if let Some(before) = before {
        let kept = keep(&file, &before);
        if let Err(error) = kept {
            let _ = fs::remove_file(&name);
            return Err(error);
        }
    }
    Ok((name, file))
}

/// Gives `file` the owner and the mode of the one that it is to replace.
fn keep(file: &File, before: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
        fchown(file, Some(before.uid()), Some(before.gid()))?;
    }
    file.set_permissions(before.permissions())
}

/// Gives the whole file its name. Where another file cannot take the name (it is somebody else's in a folder of all, or mounted by itself),
/// what it says is written into the one that has it.
fn place(whole: &mut File, unfinished: &Path, path: &Path) -> io::Result<()> {
    match fs::rename(unfinished, path) {
        Err(error) if is_forbidden(&error) && path.is_file() => {
            let mut to = File::options().write(true).truncate(true).open(path)?;
            whole.rewind()?;
            io::copy(whole, &mut to)?;
            to.sync_all()?;
            // It is there; a second copy is no reason to call that a failure.
            let _ = fs::remove_file(unfinished);
            Ok(())
        }
        renamed => renamed,
    }
}

/// Whether it is the folder that stands in the way, and not what is written.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ResourceBusy | ErrorKind::ReadOnlyFilesystem)
}

/// Writes it all to `to`, which is called `path` where something is wrong with it.
async fn write(
    engine: &dyn Engine,
    export: &cli::Export,
    currency: Currency,
    path: &Path,
    to: Box<dyn Write + Send>,
) -> Result<Done, Failure> {
    let failed = |error: io::Error| Failure::failed(format_args!("{}: {error}", path.display()));
    let mut to = BufWriter::new(to);
    let mut done = Done::default();
    let mut count = |product: &Product| {
        done.products += 1;
        for variant in &product.variants {
            let has_sku = variant.sku.is_some();
            done.rows += usize::from(has_sku);
            done.without_sku += usize::from(!has_sku);
            done.elsewhere_priced += usize::from(variant.price.currency != currency);
        }
    };
    match export {
        cli::Export::Products { .. } => {
            let categories = engine.categories().await.map_err(Failure::failed)?;
            let mut writer = ProductWriter::new(to, true).map_err(failed)?.in_currency(currency);
            each(engine, |product| {
                count(product);
                let category = categories.iter().find(|category| Some(category.id) == product.category_id);
                writer.write(product, category.map(|category| category.name.as_str())).map_err(failed)
            })
            .await?;
            writer.finish().and_then(|mut to| to.flush()).map_err(failed)?;
        }
        cli::Export::Catalogue { .. } => {
            let categories = engine.categories().await.map_err(Failure::failed)?;
            let (mut writer, head) = CatalogueWriter::new(&all(engine, DocumentKind::Attribute).await?, categories);
            to.write_all(&head).map_err(failed)?;
            each(engine, |product| {
                count(product);
                to.write_all(&writer.products(std::slice::from_ref(product))).map_err(failed)
            })
            .await?;
            let collections = all(engine, DocumentKind::Collection).await?;
            to.write_all(&writer.tail(&collections)).and_then(|()| to.flush()).map_err(failed)?;
        }
        cli::Export::Prices { .. } => {
            let mut writer = PriceWriter::new(to, true).map_err(failed)?.in_currency(currency);
            each(engine, |product| {
                count(product);
                writer.write(product).map_err(failed)
            })
            .await?;
            writer.finish().and_then(|mut to| to.flush()).map_err(failed)?;
        }
        cli::Export::Orders { .. } => {
            let mut writer = OrderWriter::new(to, true).map_err(failed)?;
            let mut request = Some(PageRequest { limit: LIMIT_MAX, after: None });
            while let Some(wanted) = request {
                let page = engine.orders(&OrderFilter::default(), &wanted).await.map_err(Failure::failed)?;
                for order in &page.items {
                    done.orders += 1;
                    done.rows += order.lines.len();
                    writer.write(order).map_err(failed)?;
                }
                request = page.next.map(|after| PageRequest { after: Some(after), ..wanted });
            }
            writer.finish().and_then(|mut to| to.flush()).map_err(failed)?;
        }
    }
    Ok(done)
}

/// All documents of a kind.
async fn all<T: DeserializeOwned>(engine: &dyn Engine, kind: DocumentKind) -> Result<Vec<T>, Failure> {
    let documents = engine.documents(kind).await.map_err(Failure::failed)?;
    documents.iter().map(store::Document::read).collect::<Result<_, _>>().map_err(Failure::failed)
}

async fn each(engine: &dyn Engine, mut write: impl FnMut(&Product) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let products = engine.products_after(after, AT_ONCE).await.map_err(Failure::failed)?;
        let Some(last) = products.last() else { return Ok(()) };
        after = Some(last.id);
        products.iter().try_for_each(&mut write)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a file of another one's in a folder like `/tmp` and a file that is mounted by itself cannot be replaced.
    #[test]
    fn only_a_folder_that_stands_in_the_way_is_gone_around() {
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ResourceBusy, ErrorKind::ReadOnlyFilesystem] {
            assert!(is_forbidden(&kind.into()), "{kind}");
        }
        for kind in [ErrorKind::StorageFull, ErrorKind::NotFound, ErrorKind::AlreadyExists] {
            assert!(!is_forbidden(&kind.into()), "{kind}");
        }
    }
}
