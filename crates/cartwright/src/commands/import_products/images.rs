//! `--with-images`: the pictures that a file names, fetched and kept.

use std::path::Path;

use commerce::catalogue::ImportedProduct;

use super::progress::Progress;
use crate::{
    elsewhere::{self, Fetched},
    failure::Failure,
    say::note,
    settings::Settings,
    shop,
};

/// Fetches the pictures of the products, and puts the addresses under which they are kept in the place of those that they had.
/// Gives how many could not be fetched; each of them is told.
pub(super) async fn fetch(
    settings: &Settings,
    folder: &Path,
    products: &mut [ImportedProduct],
) -> Result<usize, Failure> {
    crate::data::make(folder)?;
    let (media, fetcher) = (shop::media(settings, folder)?, shop::fetcher(settings)?);
    let queues = elsewhere::queues(products, &Fetched::new());
    let progress = Progress::start(queues.iter().map(Vec::len).sum(), "pictures");
    let fetched = elsewhere::fetch(queues, &media, &fetcher, progress.counter()).await.map_err(Failure::failed)?;
    progress.finish().await;
    elsewhere::put(products, &fetched);
    let mut missing: Vec<_> = fetched.iter().filter_map(|(url, kept)| Some((url, kept.as_ref().err()?))).collect();
    missing.sort();
    for (url, error) in &missing {
        note(format_args!("{url}: {error}"));
    }
    Ok(missing.len())
}
