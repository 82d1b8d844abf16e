//! `--with-images`: the pictures that a file names, fetched and kept.

use std::path::Path;

use commerce::catalogue::ImportedProduct;
use pictures::Fetcher;

use super::progress::Progress;
use crate::{
    elsewhere::{self, Fetched, Queue},
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
    let (media, fetcher) = (shop::media(settings, folder)?, Fetcher::new(settings.picture_hosts.clone()));
    let queues = elsewhere::queues(products, &Fetched::default());
    let progress = Progress::start(queues.iter().map(Queue::len).sum(), "pictures");
    let fetched = elsewhere::fetch(queues, &media, &fetcher, progress.counter()).await.map_err(Failure::failed)?;
    progress.finish().await;
    elsewhere::settle(products, &fetched);
    let mut missing: Vec<_> = fetched.missing().collect();
    missing.sort_unstable();
    for (url, error) in &missing {
        note(format_args!("{}: {error}", elsewhere::shown(url)));
    }
    Ok(missing.len())
}
