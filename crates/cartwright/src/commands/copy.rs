//! `cartwright copy --from URL --to URL`

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use commerce::SHARED_KEYS;
use identity::Keys;
use store::{Parcel, Record, StoreError, Tally};
use tokio::sync::mpsc;

use crate::{
    data,
    failure::Failure,
    say::{note, say},
    settings::{Database, Settings},
    shop::{self, Place, Places},
};

/// How many parcels may be on their way.
const PARCELS: usize = 4;
/// How often it is told how far the copy is.
const PROGRESS: Duration = Duration::from_secs(2);

/// Copies the shop with its secrets.
pub(super) async fn run(settings: &Settings, from: &Database, to: &Database) -> Result<(), Failure> {
    if from == to {
        return Err(Failure::usage("--from and --to name the same database"));
    }
    let (from, to) = (Places::of(from, settings)?, Places::of(to, settings)?);
    // Before the source is opened: it may be the same file by another name.
    refuse_open(&from.database)?;
    refuse_open(&to.database)?;
    let source = from.open_existing().await?;
    // It may be one that an older program has open, and would be brought to this one's schema before anything else is known of it. A file
    // that nobody has open, and on a server a database without a shop in it, may be what a copy left that was killed.
    let is_someones = match &to.database {
        Place::File(path) => store_sqlite::is_served(path),
        Place::Server(options) => !store_postgres::PostgresEngine::is_unused(options).await.map_err(Failure::failed)?,
    };
    if is_someones {
        to.refuse_older().await?;
    }
    let target = to.open_or_make().await?;
    let copied = copy(&from, source.as_ref(), &to, target).await;
    source.close().await.map_err(Failure::failed)?;
    let tally = copied?;
    let told = list(&tally);
    say(format_args!("Copied {} to {}: {told}. Counts and checksums agree.", from.database, to.database))?;
    shop::tell_of_pictures(settings, &from.folder)
}

/// Refuses a file that somebody has open: what they write would be missing in a copy of it, and one into it would change the keys beneath
/// them. On a server, the engine looks who is there.
///
/// # Errors
/// It is open.
fn refuse_open(database: &Place) -> Result<(), Failure> {
    match database {
        Place::File(path) if path.exists() && store_sqlite::is_in_use(path) => {
            let path = path.display();
            Err(Failure::failed(format_args!("{path}: the shop is open; stop `cartwright serve` and start again")))
        }
        Place::File(_) | Place::Server(_) => Ok(()),
    }
}

async fn copy(
    from: &Places,
    source: &dyn store::Database,
    to: &Places,
    target: Arc<dyn store::Database>,
) -> Result<Tally, Failure> {
    let mut secrets = Secrets::of(from, to)?;
    let (sender, parcels) = mpsc::channel(PARCELS);
    let (forward, arriving) = mpsc::channel(PARCELS);
    let writing = tokio::spawn({
        let target = Arc::clone(&target);
        async move { target.write_all(arriving).await }
    });
    let forwarding = async {
        let done = forward_all(parcels, &forward, &mut secrets).await;
        // Without this the target would wait for more.
        drop(forward);
        done
    };
    let (read, forwarded) = tokio::join!(source.read_all(sender), forwarding);
    let written = writing.await.map_err(Failure::failed)?;
    target.close().await.map_err(Failure::failed)?;
    // Who broke off knows why; the other one only noticed.
    forwarded?;
    match (read, written) {
        (Ok(()), Ok(tally)) => Ok(tally),
        (Err(error), _) if !matches!(error, StoreError::Unavailable(_)) => {
            Err(Failure::failed(format_args!("{}: {error}", from.database)))
        }
        (_, Err(error)) => Err(Failure::failed(format_args!("{}: {error}", to.database))),
        (Err(error), _) => Err(Failure::failed(format_args!("{}: {error}", from.database))),
    }
}

/// Hands on what the source sends, tells how far it is, and exchanges what is kept elsewhere in the target.
async fn forward_all(
    mut parcels: mpsc::Receiver<Parcel>,
    forward: &mpsc::Sender<Parcel>,
    secrets: &mut Secrets,
) -> Result<(), Failure> {
    let (mut received, mut sent, mut told) = (Tally::default(), Tally::default(), Instant::now());
    if let Some(record) = secrets.record() {
        sent.add(&record);
        // A target that has gone says why itself, here and below.
        let _ = forward.send(Parcel::Records(vec![record])).await;
    }
    while let Some(parcel) = parcels.recv().await {
        let mut records = match parcel {
            Parcel::Records(records) => records,
            Parcel::End(tally) if tally != received => {
                return Err(Failure::failed("what arrived is not what was read; nothing was written"));
            }
            Parcel::End(_) => {
                secrets.place()?;
                let _ = forward.send(Parcel::End(sent)).await;
                return Ok(());
            }
        };
        records.iter().for_each(|record| received.add(record));
        records.retain(|record| secrets.stays(record));
        records.iter().for_each(|record| sent.add(record));
        if told.elapsed() > PROGRESS {
            told = Instant::now();
            note(format_args!("cartwright: so far {}", list(&received)));
        }
        if !records.is_empty() && forward.send(Parcel::Records(records)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn list(tally: &Tally) -> String {
    tally.counts().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

/// The shop's secrets, which lie beside a database file, but inside of a database on a server.
struct Secrets {
    /// Those of the source, when they are in a file.
    in_file: Option<Keys>,
    /// Those of the source, when they came out of its database.
    in_database: Option<String>,
    /// Where they go, if that is a file.
    target: Option<PathBuf>,
}

impl Secrets {
    /// # Errors
    /// The file of the source cannot be read.
    fn of(from: &Places, to: &Places) -> Result<Self, Failure> {
        let file = data::keys(&from.folder);
        let in_file = file.exists().then(|| Keys::load_or_create(&file).map_err(Failure::failed)).transpose()?;
        let target = matches!(to.database, Place::File(_)).then(|| data::keys(&to.folder));
        Ok(Self { in_file, in_database: None, target })
    }

    /// What the target's database gets of them besides what the source's has.
    fn record(&self) -> Option<Record> {
        let keys = self.in_file.as_ref().filter(|_| self.target.is_none())?;
        Some(Record::Meta { key: SHARED_KEYS.to_owned(), value: keys.to_text() })
    }

    /// Whether this record goes into the target's database. One that goes into a file instead is kept.
    fn stays(&mut self, record: &Record) -> bool {
        match record {
            Record::Meta { key, value } if key == SHARED_KEYS => {
                self.in_database = Some(value.clone());
                self.in_file.is_none() && self.target.is_none()
            }
            _ => true,
        }
    }

    /// Writes the file. Without the data these are keys to nothing, so it may come before them.
    ///
    /// # Errors
    /// There are other ones already.
    fn place(&self) -> Result<(), Failure> {
        let Some(path) = &self.target else { return Ok(()) };
        let parsed = self.in_database.as_deref().map(Keys::parse).transpose();
        let parsed =
            parsed.map_err(|what| Failure::failed(format_args!("the keys of the shop are damaged: {what}")))?;
        match self.in_file.as_ref().or(parsed.as_ref()) {
            Some(keys) => {
                let is_new = !path.exists();
                keys.place(path).map_err(Failure::failed)?;
                if let Some(folder) = path.parent().filter(|_| is_new) {
                    file_owner::hand_over(path, folder);
                }
                Ok(())
            }
            // A shop that was never open has none.
            None => Ok(()),
        }
    }
}
