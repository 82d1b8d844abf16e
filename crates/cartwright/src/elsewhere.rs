//! Pictures of products that stand on other servers: fetched, and kept with the shop's own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use commerce::catalogue::ImportedProduct;
use pictures::{Fetcher, Media, Size};
use tokio::task::{JoinError, JoinSet};
use url::Url;

/// How many servers are asked beside each other.
const SERVERS: usize = 4;
/// Between two requests to one server: this is somebody's shop, too.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a picture is asked for.
const TRIES: u32 = 3;
/// Before it is asked for again; twice as long each time.
const WAIT: Duration = Duration::from_millis(500);

/// What became of pictures, by the addresses that they had: where they are kept, or why they could not be fetched.
pub(crate) type Fetched = HashMap<String, Result<String, String>>;

/// The pictures of these products that are not among those `known`. One queue a server, so that each is asked for one thing at a time.
pub(crate) fn queues(products: &[ImportedProduct], known: &Fetched) -> Vec<Vec<String>> {
    let mut queues: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for url in products.iter().flat_map(|product| &product.draft.images).map(|image| &image.url) {
        let Some(parsed) = Url::parse(url).ok().filter(|_| !known.contains_key(url)) else { continue };
        let queue = queues.entry(parsed.authority().to_owned()).or_default();
        if !queue.contains(url) {
            queue.push(url.clone());
        }
    }
    queues.into_values().collect()
}

/// Fetches these pictures, and keeps them. `done` counts those that it is through with.
///
/// # Errors
/// A bug.
pub(crate) async fn fetch(
    queues: Vec<Vec<String>>,
    media: &Media,
    fetcher: &Fetcher,
    done: Arc<AtomicU64>,
) -> Result<Fetched, JoinError> {
    let (mut waiting, mut running) = (queues.into_iter(), JoinSet::new());
    let mut fetched = Fetched::new();
    loop {
        while running.len() < SERVERS
            && let Some(queue) = waiting.next()
        {
            running.spawn(one_server(queue, media.clone(), fetcher.clone(), Arc::clone(&done)));
        }
        match running.join_next().await {
            Some(served) => fetched.extend(served?),
            None => return Ok(fetched),
        }
    }
}

/// Puts the addresses under which pictures are kept in the place of those that they had.
pub(crate) fn put(products: &mut [ImportedProduct], fetched: &Fetched) {
    for product in products {
        let images = product.draft.images.iter_mut().map(|image| &mut image.url);
        for address in images.chain(product.variant_images.iter_mut().flatten()) {
            if let Some(Ok(url)) = fetched.get(address.as_str()) {
                address.clone_from(url);
            }
        }
    }
}

async fn one_server(
    urls: Vec<String>,
    media: Media,
    fetcher: Fetcher,
    done: Arc<AtomicU64>,
) -> Vec<(String, Result<String, String>)> {
    let mut served = Vec::with_capacity(urls.len());
    for url in urls {
        let kept = one(&url, &media, &fetcher).await;
        done.fetch_add(1, Ordering::Relaxed);
        served.push((url, kept));
        tokio::time::sleep(PAUSE).await;
    }
    served
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
