//! `--with-images`: the pictures that a file names, fetched and kept.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};

use commerce::catalogue::ImportedProduct;
use pictures::{Fetcher, Media, Size};
use tokio::task::JoinSet;
use url::Url;

use super::progress::Progress;
use crate::{failure::Failure, say::note, settings::Settings, shop};

/// How many servers are asked beside each other.
const SERVERS: usize = 4;
/// Between two requests to one server: this is somebody's shop, too.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a picture is asked for.
const TRIES: u32 = 3;
/// Before it is asked for again; twice as long each time.
const WAIT: Duration = Duration::from_millis(500);

/// Fetches the pictures of the products, and puts the addresses under which they are kept in the place of those that they had.
/// Gives how many could not be fetched; each of them is told.
pub(super) async fn fetch(
    settings: &Settings,
    folder: &Path,
    products: &mut [ImportedProduct],
) -> Result<usize, Failure> {
    crate::data::make(folder)?;
    let (media, fetcher) = (shop::media(settings, folder)?, shop::fetcher(settings)?);
    // One queue a server, so that each is asked for one thing at a time.
    let mut queues: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for url in products.iter().flat_map(|product| &product.draft.images).map(|image| &image.url) {
        let Ok(parsed) = Url::parse(url) else { continue };
        let queue = queues.entry(parsed.authority().to_owned()).or_default();
        if !queue.contains(url) {
            queue.push(url.clone());
            count += 1;
        }
    }
    let progress = Arc::new(Progress::start(count, "pictures"));
    let (mut waiting, mut running) = (queues.into_values(), JoinSet::new());
    let mut kept: HashMap<String, Result<String, String>> = HashMap::new();
    loop {
        while running.len() < SERVERS
            && let Some(queue) = waiting.next()
        {
            running.spawn(one_server(queue, media.clone(), fetcher.clone(), Arc::clone(&progress)));
        }
        match running.join_next().await {
            Some(done) => kept.extend(done.map_err(Failure::failed)?),
            None => break,
        }
    }
    if let Some(progress) = Arc::into_inner(progress) {
        progress.finish().await;
    }
    for product in products {
        let images = product.draft.images.iter_mut().map(|image| &mut image.url);
        for address in images.chain(product.variant_images.iter_mut().flatten()) {
            if let Some(Ok(url)) = kept.get(address.as_str()) {
                address.clone_from(url);
            }
        }
    }
    let mut missing: Vec<_> = kept.iter().filter_map(|(url, kept)| Some((url, kept.as_ref().err()?))).collect();
    missing.sort();
    for (url, error) in &missing {
        note(format_args!("{url}: {error}"));
    }
    Ok(missing.len())
}

async fn one_server(
    urls: Vec<String>,
    media: Media,
    fetcher: Fetcher,
    progress: Arc<Progress>,
) -> Vec<(String, Result<String, String>)> {
    let mut done = Vec::with_capacity(urls.len());
    for url in urls {
        let kept = one(&url, &media, &fetcher).await;
        progress.add(1);
        done.push((url, kept));
        tokio::time::sleep(PAUSE).await;
    }
    done
}

async fn one(url: &str, media: &Media, fetcher: &Fetcher) -> Result<String, String> {
    let mut wait = WAIT;
    for attempt in 1.. {
        match fetcher.fetch(url, media.limits().bytes).await {
            Ok(content) => {
                let drawn = media.keep(content).await.map_err(|error| error.to_string())?;
                return Ok(drawn.name.url(Size::Full));
            }
            Err(error) if attempt < TRIES && error.may_pass() => {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Err("it could not be fetched".to_owned())
}
