//! Works on the jobs that wait: in each process one at a time, and beside it one of those that fetch pictures.

use std::{
    collections::HashSet,
    io::Cursor,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use commerce::{
    Conflict,
    catalogue::{ImportError, ImportedProduct},
    import::{
        RowError,
        catalogue::{self, Line},
        prices::{self, PriceRow},
        reading_in, shopify,
    },
    jobs::{BeginJob, EndJob, HandBackJob, InterruptJob, Step, TakeJob, Work, WorkOnJob, is_passing, part_name},
};
use identity::fresh_stamp;
use model::{
    Currency, Job, Timestamp,
    job::{JobError, JobKind, LEASE},
};
use store::{DocumentKind, Engine, execute};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use crate::{
    elsewhere::{self, CannotFetch, Fetched},
    stop::Stop,
};

/// How often it is asked whether something waits.
const PERIOD: Duration = Duration::from_secs(1);
/// How many rows or products go into one transaction: few enough that the shop sells on meanwhile.
const BATCH: usize = 50;
/// The same of variants: what a batch locks, and how long it takes, goes by them. A product with more is a batch of its own.
const BATCH_VARIANTS: usize = 200;
/// How many products go into one transaction where their pictures are fetched: it is seen how it goes on, and little is fetched again after
/// a crash.
const BATCH_WITH_IMAGES: usize = 5;
/// How long handing back a job may take when the program stops: without that it is taken on when its lease is over.
const HAND_BACK_MAX: Duration = Duration::from_secs(2);
/// How often it is looked whether a job was stopped while pictures are fetched.
const LOOKS: Duration = Duration::from_secs(2);

/// Works on what waits until the program stops: on those jobs that fetch pictures, or on the others.
pub(super) async fn run(engine: Arc<dyn Engine>, app: web::App, with_images: bool, stop: Stop) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // What was handed back a moment ago is not taken again.
            biased;
            () = stop.clone().wait() => return,
            _ = ticks.tick() => {}
        }
        // Asked outside of a transaction first: most of the time there is nothing.
        let waits = engine.documents(DocumentKind::JobQueue).await.is_ok_and(|queued| !queued.is_empty());
        if !waits {
            continue;
        }
        match execute(engine.as_ref(), TakeJob { with_images, now: Timestamp::now() }).await {
            Ok(None) => {}
            Ok(Some(job)) => work_on(&engine, job, app.clone(), stop.clone()).await,
            Err(error) => warn!(%error, "no job could be taken; it is tried again"),
        }
    }
}

async fn work_on(engine: &Arc<dyn Engine>, job: Job, app: web::App, stop: Stop) {
    let id = job.id;
    info!(%id, kind = job.kind.as_str(), "a job begins");
    // A task of its own: a bug in one file must not end the work on all others.
    let worked = tokio::spawn({
        let engine = Arc::clone(engine);
        async move {
            let mut lease = job.leased_until.unwrap_or_default();
            let ended = all(engine.as_ref(), &job, &app, &stop, &mut lease).await;
            (lease, ended)
        }
    });
    let failure = match worked.await {
        Ok((_, Ok(true))) => None,
        Ok((_, Ok(false))) => return,
        Ok((lease, Err(Trouble::Stopping))) => {
            info!(%id, "a job is left to whoever goes on");
            let handed_back = execute(engine.as_ref(), HandBackJob { id, lease });
            if !matches!(timeout(HAND_BACK_MAX, handed_back).await, Ok(Ok(()))) {
                warn!(%id, "a job could not be handed back; it goes on when its lease is over");
            }
            return;
        }
        // Whoever takes it on when the lease is over goes on where this ended.
        Ok((lease, Err(Trouble::Passing { reason, error }))) => {
            warn!(%id, error, "a job was interrupted; it goes on soon");
            // Where the database is what is away, this is as well.
            if let Err(error) = execute(engine.as_ref(), InterruptJob { id, lease, reason: reason.to_owned() }).await {
                warn!(%id, %error, "why a job was interrupted could not be noted");
            }
            return;
        }
        Ok((_, Err(Trouble::Lasting(failure)))) => Some(failure),
        Err(panic) => {
            warn!(%id, error = %panic, "a job ended by a bug");
            Some("it ended by a bug in the program; the log has more".to_owned())
        }
    };
    match execute(engine.as_ref(), EndJob { id, failure, now: Timestamp::now() }).await {
        Ok(()) => info!(%id, "a job came to its end"),
        Err(error) => warn!(%id, %error, "the end of a job could not be noted; it is tried again"),
    }
}

/// Why a job did not come to its end.
enum Trouble {
    /// It may go well another time. Why not now, for those who wait for it, and for the log.
    Passing { reason: &'static str, error: String },
    /// It will not.
    Lasting(String),
    /// The program stops.
    Stopping,
}

impl Trouble {
    fn of_database(error: &impl ToString) -> Self {
        Self::Passing { reason: "the database could not be asked; the log says more", error: error.to_string() }
    }
}

impl From<commerce::Error> for Trouble {
    fn from(error: commerce::Error) -> Self {
        match error {
            commerce::Error::Store(store) => Self::of_database(&store),
            other => Self::Lasting(other.to_string()),
        }
    }
}

impl From<CannotFetch> for Trouble {
    fn from(error: CannotFetch) -> Self {
        match error {
            CannotFetch::Media(error) => Self::Passing {
                reason: "pictures cannot be kept at the moment; the log says why",
                error: error.to_string(),
            },
            CannotFetch::Machine(error) => Self::Passing {
                reason: "pictures cannot be fetched on the shop's machine at the moment; the log says why",
                error: error.to_string(),
            },
            CannotFetch::Bug(error) => Self::Lasting(error.to_string()),
        }
    }
}

/// What a file says.
enum Items {
    Products(Vec<ImportedProduct>),
    Prices(Vec<PriceRow>),
    Lines(Vec<(u64, Line)>),
}

impl Items {
    fn len(&self) -> usize {
        match self {
            Self::Products(products) => products.len(),
            Self::Prices(rows) => rows.len(),
            Self::Lines(lines) => lines.len(),
        }
    }

    /// How many of them, from this one on, go into one transaction: at least one while there are any, and at most so many.
    fn batch(&self, from: usize, most: usize) -> usize {
        let variants = |at: usize| match self {
            Self::Products(products) => products.get(at).map_or(0, |product| product.draft.variants.len()),
            Self::Prices(_) => 1,
            Self::Lines(lines) => match lines.get(at) {
                Some((_, Line::Product(line))) => line.variants.len(),
                Some(_) | None => 1,
            },
        };
        let (mut count, mut sum) = (0, 0);
        while count < most && from + count < self.len() {
            sum += variants(from + count);
            if count > 0 && sum > BATCH_VARIANTS {
                break;
            }
            count += 1;
        }
        count
    }

    /// Some of the products, if it is a file of those whose pictures may be elsewhere.
    fn products(&mut self, from: usize, count: usize) -> Option<&mut [ImportedProduct]> {
        match self {
            Self::Products(products) => products.get_mut(from..from + count),
            Self::Prices(_) | Self::Lines(_) => None,
        }
    }

    fn some(&self, from: usize, count: usize) -> Work {
        fn part<T: Clone>(all: &[T], from: usize, count: usize) -> Vec<T> {
            all.iter().skip(from).take(count).cloned().collect()
        }
        match self {
            Self::Products(products) => Work::Products(part(products, from, count)),
            Self::Prices(rows) => Work::Prices(part(rows, from, count)),
            Self::Lines(lines) => Work::Lines(part(lines, from, count)),
        }
    }
}

/// Whether it came to its end; `false` when it was cancelled, or somebody else has it now. `lease` is until when this process has it, and is
/// moved on with that.
async fn all(
    engine: &dyn Engine,
    job: &Job,
    app: &web::App,
    stop: &Stop,
    lease: &mut Timestamp,
) -> Result<bool, Trouble> {
    if stop.is_stopping() {
        return Err(Trouble::Stopping);
    }
    // It was taken a moment ago.
    let renewed = Instant::now();
    let file = file(engine, job).await?;
    let (kind, with_images, currencies) = (job.kind, job.with_images, currencies(app).await?);
    let reading = reading_in(&currencies);
    let parsed = tokio::select! {
        parsed = tokio::task::spawn_blocking(move || parse(kind, file, &currencies, with_images)) => parsed,
        () = stop.clone().wait() => return Err(Trouble::Stopping),
    };
    let Read { mut items, errors, notes } = parsed.map_err(|error| Trouble::Lasting(error.to_string()))?;
    let total = items.len();
    let begin = BeginJob {
        id: job.id,
        total: u64::try_from(total).unwrap_or(u64::MAX),
        reading,
        errors: errors.into_iter().map(told).collect(),
        notes: notes.into_iter().map(told).collect(),
        now: Timestamp::now(),
    };
    let job = execute(engine, begin).await?;
    if job.is_finished() {
        return Ok(false);
    }
    let most = if with_images { BATCH_WITH_IMAGES } else { BATCH };
    let mut course =
        Course { engine, app, stop, job: &job, reading, lease, done: job.done, fetched: Fetched::default(), renewed };
    while place(course.done) < total {
        if stop.is_stopping() {
            return Err(Trouble::Stopping);
        }
        let from = place(course.done);
        let count = items.batch(from, most);
        let mut missing = Vec::new();
        if with_images && let Some(products) = items.products(from, count) {
            let Some(found) = course.fetch(products).await? else { return Ok(false) };
            missing = found;
        }
        // The lease counts from when the batch begins.
        let renewed = Instant::now();
        if !course.batch(&items, count, missing).await? {
            return Ok(false);
        }
        course.renewed = renewed;
    }
    Ok(true)
}

/// The currencies of the shop, whatever another process has set.
async fn currencies(app: &web::App) -> Result<Vec<Currency>, Trouble> {
    app.fresh_currencies().await.map_err(|error| Trouble::of_database(&error))
}

/// A job that is worked on, and how far it is.
struct Course<'a> {
    engine: &'a dyn Engine,
    app: &'a web::App,
    stop: &'a Stop,
    job: &'a Job,
    /// In which way its file was read.
    reading: u32,
    /// Until when this process has it.
    lease: &'a mut Timestamp,
    /// How many of its products or rows are done.
    done: u64,
    /// What became of its pictures so far.
    fetched: Fetched,
    /// When its lease was renewed last.
    renewed: Instant,
}

impl Course<'_> {
    /// Fetches the pictures of the next products, but for those that were fetched before, and tells those that it could not fetch; `None`
    /// when the job is lost meanwhile.
    async fn fetch(&mut self, products: &mut [ImportedProduct]) -> Result<Option<Vec<JobError>>, Trouble> {
        let app = self.app;
        let queues = elsewhere::queues(products, &self.fetched);
        let mut fetching = pin!(elsewhere::fetch(queues, app.media(), app.fetcher(), Arc::default()));
        let new = loop {
            tokio::select! {
                new = &mut fetching => break new?,
                () = self.stop.clone().wait() => return Err(Trouble::Stopping),
                () = tokio::time::sleep(LOOKS) => {
                    if !self.goes_on().await? {
                        return Ok(None);
                    }
                }
            }
        };
        let missing = missing(products, &new);
        self.fetched.extend(new);
        elsewhere::settle(products, &self.fetched);
        Ok(Some(missing))
    }

    /// Whether the job still goes on; `false` when it is lost. Servers may be slow, and without a word from it another process would take
    /// it on: its lease is renewed when half of it is over, and not before, as whatever is written empties the pages that are kept for
    /// everybody.
    async fn goes_on(&mut self) -> Result<bool, Trouble> {
        if self.renewed.elapsed() < LEASE.unsigned_abs() / 2 {
            let queued = self.engine.documents(DocumentKind::JobQueue).await;
            let queued = queued.map_err(|error| Trouble::of_database(&error))?;
            return Ok(queued.iter().any(|queued| queued.id == self.job.id));
        }
        self.renewed = Instant::now();
        match self.step(Work::GoesOn, Vec::new()).await {
            Ok(Step::Done(_)) => Ok(true),
            Ok(Step::Lost) => Ok(false),
            Err(error) => Err(Trouble::of_database(&error)),
        }
    }

    /// Does the next batch, of so many; `false` when the job is lost.
    async fn batch(&mut self, items: &Items, count: usize, missing: Vec<JobError>) -> Result<bool, Trouble> {
        match self.step(items.some(place(self.done), count), missing.clone()).await {
            Ok(Step::Done(done)) => {
                self.done = done;
                return Ok(true);
            }
            Ok(Step::Lost) => return Ok(false),
            Err(error) if is_passing(&error) => return Err(self.interrupted_by(&error)),
            // One of them is refused: each for itself, then.
            Err(_) => {}
        }
        // Unless none of them is to blame.
        if reading_in(&currencies(self.app).await?) != self.reading {
            return Err(self.interrupted_by_another_currency());
        }
        let (end, mut missing) = (place(self.done) + count, missing);
        while place(self.done) < end {
            if self.stop.is_stopping() {
                return Err(Trouble::Stopping);
            }
            // With the first of them all are told.
            let stepped = match self.step(items.some(place(self.done), 1), missing.clone()).await {
                Err(error) if is_passing(&error) => return Err(self.interrupted_by(&error)),
                Err(error) => self.step(Work::Refused(JobError::from(&error)), missing).await,
                stepped => stepped,
            };
            missing = Vec::new();
            match stepped {
                Ok(Step::Done(done)) => self.done = done,
                Ok(Step::Lost) => return Ok(false),
                Err(error) => return Err(Trouble::of_database(&error)),
            }
        }
        Ok(true)
    }

    /// The trouble that comes of an error which [`is_passing`].
    fn interrupted_by(&self, error: &ImportError) -> Trouble {
        match &error.error {
            commerce::Error::Conflict(Conflict::CurrencyChanged { .. }) => self.interrupted_by_another_currency(),
            _ => Trouble::of_database(error),
        }
    }

    /// Its file is read again, unless some of it was done as it was read before.
    fn interrupted_by_another_currency(&self) -> Trouble {
        let reason = "the shop has got another currency since the file was read, which is read again";
        if self.done > 0 {
            let failure = "the shop has got another currency since this import began; begin it again";
            return Trouble::Lasting(failure.to_owned());
        }
        Trouble::Passing { reason, error: reason.to_owned() }
    }

    async fn step(&mut self, work: Work, missing_images: Vec<JobError>) -> Result<Step, ImportError> {
        let (id, from, stamp, sold_in) = (self.job.id, self.done, fresh_stamp(), self.app.settings().sold_in.clone());
        let step = execute(self.engine, WorkOnJob { id, from, work, sold_in, missing_images, stamp }).await?;
        if matches!(step, Step::Done(_)) {
            *self.lease = stamp.now + LEASE;
        }
        Ok(step)
    }
}

/// The pictures that could not be fetched, each told of the first product that has it.
fn missing(products: &[ImportedProduct], fetched: &Fetched) -> Vec<JobError> {
    let mut told = HashSet::new();
    let mut notes = Vec::new();
    for product in products {
        for image in &product.draft.images {
            if let Some(error) = fetched.failure(&image.url)
                && told.insert(image.url.as_str())
            {
                let message = format!("{} stays where it is: {error}", elsewhere::shown(&image.url));
                notes.push(JobError::new(product.line, None, &message));
            }
        }
    }
    notes
}

fn place(done: u64) -> usize {
    usize::try_from(done).unwrap_or(usize::MAX)
}

/// The file as it was sent.
async fn file(engine: &dyn Engine, job: &Job) -> Result<Vec<u8>, Trouble> {
    let mut file = Vec::new();
    for number in 0..job.parts {
        let part = engine.document_named(DocumentKind::JobPart, &part_name(job.id, number)).await;
        let part = part.map_err(|error| Trouble::of_database(&error))?;
        let text = part.and_then(|part| part.read::<String>().ok());
        let bytes = text.and_then(|text| STANDARD.decode(text).ok());
        file.extend(bytes.ok_or_else(|| Trouble::Lasting("its file is not there any more".to_owned()))?);
    }
    Ok(file)
}

/// What was read of a file.
struct Read {
    items: Items,
    errors: Vec<RowError>,
    /// What is read otherwise than it stands there.
    notes: Vec<RowError>,
}

/// What the file says; the first of the currencies is the shop's own.
fn parse(kind: JobKind, file: Vec<u8>, currencies: &[Currency], with_images: bool) -> Read {
    let currency = currencies.first().copied().unwrap_or(Currency::EUR);
    match kind {
        JobKind::ImportProducts => {
            let parsed = shopify::read(Cursor::new(file), currency);
            // That pictures stay where they are is told first, for only so many notes are kept.
            let mut notes: Vec<_> = parsed.pictures_elsewhere().filter(|_| !with_images).into_iter().collect();
            notes.extend(parsed.notes);
            Read { items: Items::Products(parsed.products), errors: parsed.errors, notes }
        }
        JobKind::ImportCatalogue => {
            let read = catalogue::read_in(Cursor::new(file), currencies);
            Read { items: Items::Lines(read.lines), errors: read.errors, notes: Vec::new() }
        }
        JobKind::SetPrices => {
            let list = prices::read(Cursor::new(file), currency);
            Read { items: Items::Prices(list.rows), errors: list.errors, notes: Vec::new() }
        }
    }
}

fn told(error: RowError) -> JobError {
    let message = match &error.handle {
        Some(handle) => format!("{}; the product {handle:?} is left out", error.reason),
        None => error.reason,
    };
    JobError::new(error.line, error.column, &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A catalogue of products with so many variants each.
    fn items(variants: &[usize]) -> Items {
        let line = |(number, count): (usize, &usize)| {
            let variant = |at| format!(r#"{{"option_values":["{at}"],"price":{{"amount":1,"currency":"EUR"}}}}"#);
            let variants: Vec<_> = (0..*count).map(variant).collect();
            let variants = variants.join(",");
            format!(r#"{{"type":"product","slug":"p-{number}","title":"P","status":"active","variants":[{variants}]}}"#)
        };
        let file: Vec<_> = variants.iter().enumerate().map(line).collect();
        let read = parse(JobKind::ImportCatalogue, file.join("\n").into_bytes(), &[Currency::EUR], false);
        assert_eq!((read.items.len(), read.errors.len()), (variants.len(), 0), "{:?}", read.errors);
        read.items
    }

    #[test]
    fn a_batch_ends_at_its_products_or_at_their_variants() {
        let small = items(&[1; 60]);
        let batch = |from| small.batch(from, BATCH);
        assert_eq!((batch(0), batch(50), batch(60), small.batch(0, BATCH_WITH_IMAGES)), (BATCH, 10, 0, 5));
        let large = items(&[150, 50, 1, 250, 250]);
        let batch = |from| large.batch(from, BATCH);
        assert_eq!((batch(0), batch(2), batch(3), batch(4)), (2, 1, 1, 1));
    }
}
