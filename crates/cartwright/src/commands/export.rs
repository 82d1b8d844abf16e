//! `cartwright export products FILE`, `cartwright export prices FILE`, `cartwright export catalogue FILE`

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use commerce::export::{catalogue::CatalogueWriter, prices::PriceWriter, shopify::ProductWriter};
use model::Product;
use serde::de::DeserializeOwned;
use store::{DocumentKind, Engine};

use crate::{cli, failure::Failure, settings::Settings, shop::Places};

/// How many products are read at a time.
const AT_ONCE: u32 = 500;

/// Writes products, or prices and stock, into a file; `-` is standard output.
pub(super) async fn run(settings: &Settings, export: &cli::Export) -> Result<(), Failure> {
    let places = Places::new(settings, false)?;
    let engine = places.open().await?;
    let (cli::Export::Products { file } | cli::Export::Prices { file } | cli::Export::Catalogue { file }) = export;
    let failed = |error: io::Error| Failure::failed(format_args!("{}: {error}", file.display()));
    let to: Box<dyn Write + Send> = match file.as_path() {
        path if path == Path::new("-") => Box::new(io::stdout()),
        path => Box::new(File::create(path).map_err(failed)?),
    };
    let mut to = BufWriter::new(to);
    let engine_ref: &dyn Engine = engine.as_ref();
    let count = match export {
        cli::Export::Products { .. } => {
            let categories = engine.categories().await.map_err(Failure::failed)?;
            let mut writer = ProductWriter::new(to, true).map_err(failed)?;
            let count = each(engine_ref, |product| {
                let category = categories.iter().find(|category| Some(category.id) == product.category_id);
                writer.write(product, category.map(|category| category.name.as_str())).map_err(failed)
            })
            .await?;
            writer.finish().and_then(|mut to| to.flush()).map_err(failed)?;
            count
        }
        cli::Export::Catalogue { .. } => {
            let categories = engine.categories().await.map_err(Failure::failed)?;
            let (mut writer, head) = CatalogueWriter::new(&all(engine_ref, DocumentKind::Attribute).await?, categories);
            to.write_all(&head).map_err(failed)?;
            let count = each(engine_ref, |product| {
                to.write_all(&writer.products(std::slice::from_ref(product))).map_err(failed)
            })
            .await?;
            let collections = all(engine_ref, DocumentKind::Collection).await?;
            to.write_all(&writer.tail(&collections)).and_then(|()| to.flush()).map_err(failed)?;
            count
        }
        cli::Export::Prices { .. } => {
            let mut writer = PriceWriter::new(to, true).map_err(failed)?;
            let count = each(engine_ref, |product| writer.write(product).map_err(failed)).await?;
            writer.finish().and_then(|mut to| to.flush()).map_err(failed)?;
            count
        }
    };
    engine.close().await.map_err(Failure::failed)?;
    eprintln!("{count} products exported to {}", file.display());
    Ok(())
}

/// All documents of a kind.
async fn all<T: DeserializeOwned>(engine: &dyn Engine, kind: DocumentKind) -> Result<Vec<T>, Failure> {
    let documents = engine.documents(kind).await.map_err(Failure::failed)?;
    documents.iter().map(store::Document::read).collect::<Result<_, _>>().map_err(Failure::failed)
}

async fn each(engine: &dyn Engine, mut write: impl FnMut(&Product) -> Result<(), Failure>) -> Result<usize, Failure> {
    let (mut after, mut count) = (None, 0);
    loop {
        let products = engine.products_after(after, AT_ONCE).await.map_err(Failure::failed)?;
        let Some(last) = products.last() else { return Ok(count) };
        after = Some(last.id);
        count += products.len();
        products.iter().try_for_each(&mut write)?;
    }
}
