//! Pictures of products that stand on other servers: fetched, and kept with the shop's own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use commerce::catalogue::ImportedProduct;
use pictures::{FetchError, Fetcher, Media, MediaError, Size};
use thiserror::Error;
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
/// How many pictures of a server may fail in a row in a way that may pass. After that it is left in peace for a while: each more would take
/// a minute and a half where nobody answers.
const FAILURES_MAX: u32 = 3;
/// For how long; then one picture is asked for, and the others if that comes.
const PEACE: Duration = Duration::from_secs(300);
/// What is told of the pictures meanwhile.
const NOT_ASKED: &str = "its server is not asked for some minutes, as it failed for several pictures in a row";

/// What became of pictures so far.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    /// By the addresses that they had: where they are kept, or why they could not be fetched.
    pictures: HashMap<String, Result<String, Missing>>,
    failures: HashMap<String, Failures>,
}

/// Why a picture could not be fetched, or is none.
#[derive(Clone, Debug)]
struct Missing {
    reason: String,
    /// Whether it may be different in a while.
    may_pass: bool,
}

/// How many pictures of a server failed last, in a row, in a way that may pass.
#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    last: Option<Instant>,
}

impl Failures {
    fn leave_in_peace(self) -> bool {
        self.count >= FAILURES_MAX && self.last.is_some_and(|last| last.elapsed() < PEACE)
    }

    fn and_then(self, has_failed: bool) -> Self {
        if has_failed { Self { count: self.count + 1, last: Some(Instant::now()) } } else { Self::default() }
    }
}

impl Fetched {
    /// Why the picture that had this address could not be fetched, if it could not.
    pub(crate) fn failure(&self, url: &str) -> Option<&str> {
        self.missing_of(url).map(|missing| missing.reason.as_str())
    }

    /// Those that could not be fetched, and why.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pictures.iter().filter_map(|(url, kept)| Some((url.as_str(), kept.as_ref().err()?.reason.as_str())))
    }

    fn missing_of(&self, url: &str) -> Option<&Missing> {
        self.pictures.get(url)?.as_ref().err()
    }

    /// Adds what became of others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.pictures.extend(others.pictures);
        self.failures.extend(others.failures);
    }
}

/// Why nothing more can be fetched: no fault of a picture or its server.
#[derive(Debug, Error)]
pub(crate) enum CannotFetch {
    /// The place where the shop keeps its pictures cannot be used now.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// This machine cannot fetch anything.
    #[error(transparent)]
    Machine(FetchError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] JoinError),
}

/// Pictures of one server. It is asked for one at a time.
pub(crate) struct Queue {
    server: String,
    urls: Vec<String>,
    failures: Failures,
}

impl Queue {
    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.urls.len()
    }
}

/// The pictures of these products that are not among those `known`, one queue a server.
pub(crate) fn queues(products: &[ImportedProduct], known: &Fetched) -> Vec<Queue> {
    let mut queues: BTreeMap<String, Queue> = BTreeMap::new();
    for url in products.iter().flat_map(|product| &product.draft.images).map(|image| &image.url) {
        let Some(parsed) = Url::parse(url).ok().filter(|_| !known.pictures.contains_key(url)) else { continue };
        let server = parsed.authority();
        let queue = queues.entry(server.to_owned()).or_insert_with(|| {
            let failures = known.failures.get(server).copied().unwrap_or_default();
            Queue { server: server.to_owned(), urls: Vec::new(), failures }
        });
        if !queue.urls.contains(url) {
            queue.urls.push(url.clone());
        }
    }
    queues.into_values().collect()
}

/// Fetches these pictures, and keeps them. `done` counts those that it is through with.
///
/// # Errors
/// The shop cannot keep pictures now, or this machine cannot fetch any, or a bug.
pub(crate) async fn fetch(
    queues: Vec<Queue>,
    media: &Media,
    fetcher: &Fetcher,
    done: Arc<AtomicU64>,
) -> Result<Fetched, CannotFetch> {
    if !queues.is_empty() {
        fetcher.make_ready().map_err(CannotFetch::Machine)?;
    }
    let (mut waiting, mut running) = (queues.into_iter(), JoinSet::new());
    let mut fetched = Fetched::default();
    loop {
        while running.len() < SERVERS
            && let Some(queue) = waiting.next()
        {
            running.spawn(one_server(queue, media.clone(), fetcher.clone(), Arc::clone(&done)));
        }
        match running.join_next().await {
            Some(served) => fetched.extend(served??),
            None => return Ok(fetched),
        }
    }
}

/// Puts the addresses under which pictures are kept in the place of those that they had, and notes which products lack one that may come
/// another time: one that is gone for good must not keep a product from its other new pictures.
pub(crate) fn settle(products: &mut [ImportedProduct], fetched: &Fetched) {
    for product in products {
        let may_come = |url: &str| fetched.missing_of(url).is_some_and(|missing| missing.may_pass);
        product.keeps_images = product.draft.images.iter().any(|image| may_come(&image.url));
        let images = product.draft.images.iter_mut().map(|image| &mut image.url);
        for address in images.chain(product.variant_images.iter_mut().flatten()) {
            if let Some(Ok(url)) = fetched.pictures.get(address.as_str()) {
                address.clone_from(url);
            }
        }
    }
}

/// The address of a picture as it is told: a name and a password in it are nobody's business.
pub(crate) fn shown(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            // An address that has them can be without them.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.into()
        }
        _ => url.to_owned(),
    }
}

async fn one_server(queue: Queue, media: Media, fetcher: Fetcher, done: Arc<AtomicU64>) -> Result<Fetched, MediaError> {
    let Queue { server, urls, mut failures } = queue;
    let mut fetched = Fetched::default();
    for url in urls {
        let kept = if failures.leave_in_peace() {
            Err(Missing { reason: NOT_ASKED.to_owned(), may_pass: true })
        } else {
            let kept = match with_tries(&url, &media, &fetcher).await {
                Ok(kept) => Ok(kept),
                Err(Miss::Picture(missing)) => Err(missing),
                Err(Miss::Media(error)) => return Err(error),
            };
            tokio::time::sleep(PAUSE).await;
            failures = failures.and_then(kept.as_ref().is_err_and(|missing| missing.may_pass));
            kept
        };
        done.fetch_add(1, Ordering::Relaxed);
        fetched.pictures.insert(url, kept);
    }
    fetched.failures.insert(server, failures);
    Ok(fetched)
}

/// Why a picture is not there.
enum Miss {
    Picture(Missing),
    /// The shop cannot keep it now.
    Media(MediaError),
}

impl Miss {
    const fn may_pass(&self) -> bool {
        match self {
            Self::Picture(missing) => missing.may_pass,
            Self::Media(_) => true,
        }
    }
}

impl From<FetchError> for Miss {
    fn from(error: FetchError) -> Self {
        Self::Picture(Missing { reason: error.to_string(), may_pass: error.may_pass() })
    }
}

impl From<MediaError> for Miss {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Refused(refusal) => Self::Picture(Missing { reason: refusal.to_string(), may_pass: false }),
            other => Self::Media(other),
        }
    }
}

async fn with_tries(url: &str, media: &Media, fetcher: &Fetcher) -> Result<String, Miss> {
    let mut wait = WAIT;
    for _ in 1..TRIES {
        match once(url, media, fetcher).await {
            Err(miss) if miss.may_pass() => {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            done => return done,
        }
    }
    once(url, media, fetcher).await
}

async fn once(url: &str, media: &Media, fetcher: &Fetcher) -> Result<String, Miss> {
    let content = fetcher.fetch(url, media.limits().bytes).await?;
    let picture = media.keep(content).await?;
    Ok(picture.name.url(Size::Full))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Cursor, Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use commerce::import::shopify;

    use super::*;

    #[tokio::test]
    async fn a_picture_is_not_to_blame_for_the_place_where_it_would_be_kept() {
        // Whichever test comes first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut png = Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(4, 4).write_to(&mut png, image::ImageFormat::Png).expect("written");
        let png = png.into_inner();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("bound").to_string();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let _ = stream.read(&mut [0; 2048]);
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", png.len());
                let _ = stream.write_all(&[head.as_bytes(), &png].concat());
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("media");
        let media = Media::folder(&place).expect("a folder");
        let fetcher = Fetcher::new(host.parse().expect("a host"));
        let url = format!("http://{host}/a.png");
        let queue = || vec![Queue { server: host.clone(), urls: vec![url.clone()], failures: Failures::default() }];
        let fetched = fetch(queue(), &media, &fetcher, Arc::default()).await.expect("fetched");
        assert!(matches!(fetched.pictures.get(&url), Some(Ok(kept)) if kept.starts_with("/media/")), "{fetched:?}");

        fs::remove_dir_all(&place).expect("removed");
        fs::write(&place, "no folder").expect("written");
        let failed = fetch(queue(), &media, &fetcher, Arc::default()).await;
        assert!(matches!(failed, Err(CannotFetch::Media(_))), "{failed:?}");
    }

    #[test]
    fn a_server_that_fails_is_left_in_peace_until_it_may_be_better() {
        let failed = |count| (0..count).fold(Failures::default(), |failures, _| failures.and_then(true));
        assert!(!failed(2).leave_in_peace());
        assert!(failed(3).leave_in_peace());
        assert!(!failed(3).and_then(false).leave_in_peace(), "one picture came");
        let Some(long_ago) = Instant::now().checked_sub(PEACE) else { return };
        let later = Failures { last: Some(long_ago), ..failed(3) };
        assert!(!later.leave_in_peace());
        assert!(later.and_then(true).leave_in_peace(), "it is no better");
    }

    /// The product keeps what it has for one that may come, and not for one that never will.
    #[test]
    fn what_is_gone_for_good_holds_nothing_up() {
        const FILE: &str = "Handle,Title,Variant Price,Image Src\nmug,Mug,5,https://pictures.example/a.png\n";
        let keeps = |may_pass| {
            let mut products = shopify::read(FILE.as_bytes(), model::Currency::EUR).products;
            let missing = Missing { reason: "404".to_owned(), may_pass };
            let pictures = HashMap::from([("https://pictures.example/a.png".to_owned(), Err(missing))]);
            settle(&mut products, &Fetched { pictures, ..Fetched::default() });
            products.iter().map(|product| product.keeps_images).collect::<Vec<_>>()
        };
        assert_eq!((keeps(true), keeps(false)), (vec![true], vec![false]));
    }

    #[test]
    fn addresses_are_shown_without_passwords() {
        for (url, as_shown) in [
            ("https://ann:secret@pictures.example/a.png?b=c", "https://pictures.example/a.png?b=c"),
            ("https://ann@pictures.example:8443/a.png", "https://pictures.example:8443/a.png"),
            ("https://pictures.example/A.png", "https://pictures.example/A.png"),
        ] {
            assert_eq!(shown(url), as_shown);
        }
    }
}
