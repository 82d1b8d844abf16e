//! Opening what commands need of the shop, as it is set up.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use commerce::{NoteKeys, ShareKeys, catalogue::SoldIn};
use identity::{Keys, PasswordPool, PasswordSettings};
use mail::{Mailbox, Renderer, ShopIdentity, Transport};
use model::Currency;
use pictures::Media;
use store::{Engine, Queries, execute};
use store_postgres::{Options as PostgresOptions, PostgresEngine};
use store_sqlite::{Maker, Options as SqliteOptions, SqliteEngine};
use tokio::time::timeout;
use tracing::warn;

use crate::{
    config_file, data,
    failure::Failure,
    say::say,
    settings::{Database, Settings},
};

/// The sender that mails show when nothing goes out and none is set.
const NOBODY: &str = "shop@example.com";

/// What says where the credentials of a bucket come from.
const CREDENTIALS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
    "AWS_SKIP_SIGNATURE",
];

/// What says where a bucket is asked.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
/// How the addresses of pictures begin that the shop keeps.
const MEDIA: &str = "/media/";
/// How long the look at a bucket may take.
const LOOK: Duration = Duration::from_secs(10);

/// Where the shop keeps things.
#[derive(Debug)]
pub(crate) struct Places {
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// The database.
    pub(crate) database: Place,
}

/// Where the database is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In this file.
    File(PathBuf),
    /// On a PostgreSQL server.
    Server(Box<PostgresOptions>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(options) => write!(f, "the database on {}", options.server()),
        }
    }
}

impl Place {
    /// Where `database` says, with as many connections as the settings say.
    ///
    /// # Errors
    /// The URL of a server that cannot be used.
    fn of(database: &Database, settings: &Settings) -> Result<Self, Failure> {
        match database {
            Database::Sqlite(path) => Ok(Self::File(path.clone())),
            Database::Postgres(url) => {
                let mut options =
                    PostgresOptions::parse(url).map_err(|error| Failure::usage(format_args!("database: {error}")))?;
                options.connections = settings.database_connections.into();
                Ok(Self::Server(Box::new(options)))
            }
        }
    }
}

impl Places {
    /// A database by itself, to be copied. What lies beside a database file is in the folder of the file; what belongs to one on a server,
    /// in the data folder.
    ///
    /// # Errors
    /// The URL of a server that cannot be used.
    pub(crate) fn of(database: &Database, settings: &Settings) -> Result<Self, Failure> {
        let mut database = Place::of(database, settings)?;
        if let Place::Server(options) = &mut database {
            options.name("cartwright-copy");
            options.be_patient();
        }
        let folder = match &database {
            Place::File(path) => {
                path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")).to_owned()
            }
            Place::Server(_) => data::folder(settings.data.as_deref(), false),
        };
        Ok(Self { folder, database })
    }

    /// Where the settings say.
    ///
    /// # Errors
    /// The URL of a server that cannot be used.
    pub(crate) fn new(settings: &Settings, is_demo: bool) -> Result<Self, Failure> {
        let folder = data::folder(settings.data.as_deref(), is_demo);
        let database = match &settings.database {
            Some(database) => Place::of(database, settings)?,
            None => Place::File(data::database(&folder)),
        };
        Ok(Self { folder, database })
    }

    /// Opens the database; a new one is made if there is none, and nothing that says that there was one.
    pub(crate) async fn open(&self) -> Result<Arc<dyn store::Database>, Failure> {
        if let Place::File(path) = &self.database {
            data::refuse_lost(path, &self.folder)?;
        }
        self.open_or_make().await
    }

    /// The same for a command beside the shop: one of an older program is refused, which may be running, and could not be started again
    /// once its database is of this one.
    pub(crate) async fn open_beside(&self) -> Result<Arc<dyn store::Database>, Failure> {
        self.refuse_older().await?;
        self.open().await
    }

    /// Refuses a shop that [`Places::open`] would bring to this program's schema first.
    ///
    /// # Errors
    /// It is one, or the database failed.
    pub(crate) async fn refuse_older(&self) -> Result<(), Failure> {
        self.older().await?.map_or(Ok(()), Err)
    }

    /// Opens the database, or makes a new one whatever lies beside it: for filling it.
    pub(crate) async fn open_or_make(&self) -> Result<Arc<dyn store::Database>, Failure> {
        data::make(&self.folder)?;
        match &self.database {
            Place::File(path) => open_file(path),
            Place::Server(options) => {
                let engine = PostgresEngine::open(options.as_ref().clone()).await.map_err(Failure::failed)?;
                Ok(Arc::new(engine))
            }
        }
    }

    /// Opens the shop that is there already, for looking at it: nothing is made, and one of an older program is refused.
    pub(crate) async fn open_existing(&self) -> Result<Arc<dyn store::Database>, Failure> {
        self.existing().await.map_err(|not| match not {
            NotOpened::Older(failure) | NotOpened::Otherwise(failure) => failure,
        })
    }

    async fn existing(&self) -> Result<Arc<dyn store::Database>, NotOpened> {
        match &self.database {
            Place::File(path) => {
                must_exist(path).map_err(NotOpened::Otherwise)?;
                let engine = SqliteEngine::open_existing(path, SqliteOptions::default());
                let engine = engine.map_err(|error| match error {
                    store_sqlite::OpenError::Older { .. } => NotOpened::Older(Failure::failed(error)),
                    error => NotOpened::Otherwise(Failure::failed(error)),
                })?;
                Ok(Arc::new(engine))
            }
            Place::Server(options) => {
                let engine = PostgresEngine::open_existing(options.as_ref().clone()).await;
                let engine = engine.map_err(|error| match error {
                    store_postgres::OpenError::Older { .. } => NotOpened::Older(Failure::failed(error)),
                    error => NotOpened::Otherwise(Failure::failed(error)),
                })?;
                Ok(Arc::new(engine))
            }
        }
    }

    /// Whether there is a shop that [`Places::open`] would bring to this program's schema first.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn is_older(&self) -> Result<bool, Failure> {
        Ok(self.older().await?.is_some())
    }

    /// What is said of a shop of an older program, if it is one.
    async fn older(&self) -> Result<Option<Failure>, Failure> {
        match self.existing().await {
            Ok(engine) => engine.close().await.map_err(Failure::failed).map(|()| None),
            Err(NotOpened::Older(failure)) => Ok(Some(failure)),
            // Why it cannot be opened is told by whoever opens it to do something.
            Err(NotOpened::Otherwise(_)) => Ok(None),
        }
    }

    /// Copies the database, as it is and of whichever version, into the new file `to`. Gives whether the running shop made the copy.
    ///
    /// # Errors
    /// There is no shop, or no copy could be made; nothing is left at `to`.
    pub(crate) async fn backup(&self, to: &Path) -> Result<bool, Failure> {
        match &self.database {
            Place::File(path) => {
                must_exist(path)?;
                let (from, to) = (path.clone(), to.to_owned());
                let copied = tokio::task::spawn_blocking(move || store_sqlite::backup(&from, &to)).await;
                copied.map_err(Failure::failed)?.map(|maker| maker == Maker::Shop).map_err(Failure::failed)
            }
            Place::Server(options) => {
                store_postgres::backup(options, to).await.map(|()| false).map_err(Failure::failed)
            }
        }
    }

    /// The shop's own currency, without making a shop where there is none: what the settings say then. One of an older program is refused.
    ///
    /// # Errors
    /// It is one, or the database failed.
    pub(crate) async fn currency(&self, settings: &Settings) -> Result<Currency, Failure> {
        let engine = match self.existing().await {
            Ok(engine) => engine,
            Err(NotOpened::Older(failure)) => return Err(failure),
            // Why it cannot be opened is told by whoever opens it to do something.
            Err(NotOpened::Otherwise(_)) => return Ok(settings.currency),
        };
        let currency = currency(settings, engine.as_ref()).await;
        engine.close().await.map_err(Failure::failed)?;
        currency
    }

    /// The shop's secrets: beside the database file, or, where several processes share a server, in its database. A file
    /// in the data folder goes before that. Says so in the log when they are other ones than those that the shop had.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) async fn keys(&self, engine: &dyn Engine) -> Result<Keys, Failure> {
        let keys = self.own_keys(engine).await?;
        match execute(engine, NoteKeys { fingerprint: keys.fingerprint() }).await {
            Ok(false) => {}
            Ok(true) => warn!(
                "THE SHOP HAS OTHER KEYS THAN BEFORE: everybody is signed out, and of the second factors only recovery codes are good; if that \
                 was not meant, put its own keys.json into {} and start it again; all processes of a shop have the same",
                self.folder.display()
            ),
            // A shop without this note is better than none.
            Err(error) => warn!(%error, "it cannot be noted which keys the shop has"),
        }
        Ok(keys)
    }

    async fn own_keys(&self, engine: &dyn Engine) -> Result<Keys, Failure> {
        let file = data::keys(&self.folder);
        match &self.database {
            Place::Server(_) if !file.exists() => {
                let share = ShareKeys { fresh: Keys::generate().to_text() };
                let text = execute(engine, share).await.map_err(Failure::failed)?;
                Keys::parse(&text)
                    .map_err(|what| Failure::failed(format_args!("the keys in {} are damaged: {what}", self.database)))
            }
            _ => {
                let is_new = !file.exists();
                let keys = Keys::load_or_create(&file).map_err(Failure::failed)?;
                if is_new {
                    file_owner::hand_over(&file, &self.folder);
                }
                Ok(keys)
            }
        }
    }
}

/// Why a shop that must be there was not opened.
enum NotOpened {
    /// It is one of an older program.
    Older(Failure),
    /// Anything else.
    Otherwise(Failure),
}

fn must_exist(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::failed(format_args!("there is no database at {path}; name it with --data or --database")))
}

fn open_file(path: &Path) -> Result<Arc<dyn store::Database>, Failure> {
    let engine = SqliteEngine::open(path, SqliteOptions::default()).map_err(Failure::failed)?;
    Ok(Arc::new(engine))
}

/// Hashes passwords at the cost that is set.
pub(crate) fn passwords(settings: &Settings) -> PasswordPool {
    PasswordPool::new(PasswordSettings { cost: settings.bcrypt_cost, ..PasswordSettings::default() })
}

/// Where pictures are kept.
///
/// # Errors
/// What is set wrongly, or a folder that cannot be made.
pub(crate) fn media(settings: &Settings, folder: &Path) -> Result<Media, Failure> {
    let media = match pictures(settings, folder) {
        Pictures::Bucket(url) => {
            if !CREDENTIALS.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
                warn!(
                    "no AWS_ACCESS_KEY_ID: the credentials of the bucket will be asked of the machine's instance role; if it has none, set \
                     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT"
                );
            }
            let (endpoint, may_be_plain) = (variable(&ENDPOINTS), variable(&["AWS_ALLOW_HTTP"]));
            if endpoint.is_some_and(|url| url.starts_with("http://")) && may_be_plain.is_none() {
                warn!(
                    "the endpoint of the bucket is http://, which is refused: set AWS_ALLOW_HTTP=true, or give an https:// endpoint"
                );
            }
            let bucket = Media::bucket(url);
            if let Ok(bucket) = &bucket {
                tokio::spawn(look(bucket.clone(), url.to_owned()));
            }
            bucket
        }
        Pictures::Folder(path) => {
            let media = Media::folder(&path);
            if media.is_ok()
                && let Err(error) = data::try_to_write(&path)
            {
                warn!(%error, "no picture can be kept: {} cannot be written; check whose it is", path.display());
            }
            media
        }
    };
    media.map_err(|error| Failure::failed(format_args!("media: {error}")))
}

/// What the first of these variables that is there says.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| env::var(name).ok()).find(|value| !value.is_empty())
}

/// Says so in the log when a bucket cannot be used. A shop without pictures is better than none, so nobody waits for that.
async fn look(bucket: Media, url: String) {
    match timeout(LOOK, bucket.look()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(%error, "the bucket {url} cannot be used: no picture can be kept or shown"),
        Err(_) => warn!("the bucket {url} does not answer: no picture can be kept or shown until it does"),
    }
}

/// Where pictures are.
enum Pictures<'s> {
    /// In a bucket, by its URL.
    Bucket(&'s str),
    /// In a folder.
    Folder(PathBuf),
}

fn pictures<'s>(settings: &'s Settings, folder: &Path) -> Pictures<'s> {
    match settings.media.as_deref().filter(|place| !place.is_empty()) {
        Some(url) if url.starts_with("s3:") => Pictures::Bucket(url),
        Some(path) => Pictures::Folder(PathBuf::from(path)),
        None => Pictures::Folder(data::media(folder)),
    }
}

/// Says so in the log when products have pictures and their folder has none: a disk that is not mounted, a folder that was not taken
/// along. To be asked before the folder is made.
pub(crate) async fn tell_of_lost_pictures(settings: &Settings, folder: &Path, engine: &dyn Queries) {
    let Pictures::Folder(pictures) = pictures(settings, folder) else { return };
    if !data::is_empty(&pictures) {
        return;
    }
    // Some are enough to know.
    let products = engine.products_after(None, 100).await.unwrap_or_default();
    if products.iter().flat_map(|product| &product.images).any(|image| image.url.starts_with(MEDIA)) {
        warn!("THE PICTURES ARE NOT THERE: products have some, and {} has none; put it back", pictures.display());
    }
}

/// Says so to whoever has just copied the database where there are pictures in a folder: those are not in the copy.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn tell_of_pictures(settings: &Settings, folder: &Path) -> Result<(), Failure> {
    let Pictures::Folder(pictures) = pictures(settings, folder) else { return Ok(()) };
    if !data::is_empty(&pictures) {
        say(format_args!("The pictures are not in it: take {} along too.", pictures.display()))?;
    }
    Ok(())
}

/// The same of the files beside the database.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn tell_of_files(folder: &Path) -> Result<(), Failure> {
    let keys = data::keys(folder);
    if keys.exists() {
        say(format_args!("The shop's keys are not in it: copy {} to a safe place.", keys.display()))?;
    }
    for other in [data::templates(folder), folder.join(config_file::NAME)].iter().filter(|path| path.exists()) {
        say(format_args!("{} is not in it: take it along too.", other.display()))?;
    }
    Ok(())
}

/// Where mails go.
///
/// # Errors
/// What is set wrongly.
pub(crate) fn transport(settings: &Settings) -> Result<Transport, Failure> {
    let smtp_url = settings.smtp_url.as_deref().filter(|url| !url.is_empty());
    match (smtp_url, &settings.mail_dir) {
        (Some(_), Some(_)) => Err(Failure::usage("smtp-url and mail-dir exclude each other; set one of them")),
        (Some(url), None) => {
            if settings.mail_from.is_none() && url != "mailbox:" {
                let example = "`Shop <shop@example.com>`";
                return Err(Failure::usage(format_args!(
                    "mail-from must be set when smtp-url is, for example {example}"
                )));
            }
            Transport::from_url("smtp-url", url).map_err(Failure::usage)
        }
        (None, Some(folder)) => {
            let made = fs::create_dir_all(folder);
            made.map_err(|error| {
                Failure::usage(format_args!("mail-dir: {} cannot be made: {error}", folder.display()))
            })?;
            Ok(Transport::folder(folder))
        }
        (None, None) => Ok(Transport::mailbox()),
    }
}

/// The shop's own currency.
///
/// # Errors
/// The database failed.
pub(crate) async fn currency(settings: &Settings, engine: &dyn Queries) -> Result<Currency, Failure> {
    let set = commerce::settings::settings(engine).await.map_err(Failure::failed)?;
    Ok(set.currency.unwrap_or(settings.currency))
}

/// What the shop sells in.
pub(crate) fn sold_in(settings: &Settings) -> SoldIn {
    SoldIn { own: settings.currency, others: settings.currencies.0.clone() }
}

/// The currency of the oldest product and that of `--currency`, where that counts and is another one: whoever left it out or changed it wants
/// to know.
///
/// # Errors
/// The database failed.
pub(crate) async fn other_currency(
    settings: &Settings,
    engine: &dyn Queries,
) -> Result<Option<(Currency, Currency)>, Failure> {
    if commerce::settings::settings(engine).await.map_err(Failure::failed)?.currency.is_some() {
        return Ok(None);
    }
    let own = settings.currency;
    let oldest = engine.products_after(None, 1).await.map_err(Failure::failed)?;
    let priced = oldest.first().and_then(|product| product.variants.first()).map(|variant| variant.price.currency);
    Ok(priced.filter(|priced| *priced != own).map(|priced| (priced, own)))
}

/// Who the shop's mails are from.
///
/// # Errors
/// When the built-in sender cannot be read, which would be a mistake of ours.
pub(crate) fn sender(settings: &Settings) -> Result<Mailbox, Failure> {
    match &settings.mail_from {
        Some(sender) => Ok(sender.clone()),
        None => mail::parse_from(NOBODY).map_err(Failure::failed),
    }
}

/// What mails look like. `public_url` is where this server is reached.
///
/// # Errors
/// A template in the data folder that cannot be used.
pub(crate) fn renderer(settings: &Settings, folder: &Path, public_url: &str) -> Result<Renderer, Failure> {
    let storefront_url = settings.storefront_url.as_ref().map_or(public_url, |url| &url.0);
    let shop = ShopIdentity {
        shop_name: settings.shop_name.clone(),
        public_url: public_url.to_owned(),
        storefront_url: storefront_url.to_owned(),
        from: sender(settings)?,
        contact_email: String::new(),
    };
    let templates = data::templates(folder);
    Renderer::new(shop, templates.is_dir().then_some(templates.as_path())).map_err(Failure::failed)
}
