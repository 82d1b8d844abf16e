//! Opening what commands need of the shop, as it is set up.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use identity::{PasswordPool, PasswordSettings};
use mail::{Mailbox, Renderer, ShopIdentity, Transport};
use store_sqlite::{Options, SqliteEngine};

use crate::{
    data,
    failure::Failure,
    settings::{Database, Settings},
};

/// The sender that mails show when nothing goes out and none is set.
const NOBODY: &str = "shop@example.com";

/// Where the shop keeps things.
#[derive(Debug)]
pub(crate) struct Places {
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// The database's file.
    pub(crate) database: PathBuf,
}

impl Places {
    /// Where the settings say.
    pub(crate) fn new(settings: &Settings, is_demo: bool) -> Self {
        let folder = data::folder(settings.data.as_deref(), is_demo);
        let database = match &settings.database {
            Some(Database::Sqlite(path)) => path.clone(),
            None => data::database(&folder),
        };
        Self { folder, database }
    }

    /// Opens the database; a new one is made if there is none.
    pub(crate) fn open(&self) -> Result<Arc<SqliteEngine>, Failure> {
        data::make(&self.folder)?;
        self.open_engine()
    }

    /// Opens the database, which must be there.
    pub(crate) fn open_existing(&self) -> Result<Arc<SqliteEngine>, Failure> {
        if !self.database.exists() {
            let path = self.database.display();
            return Err(Failure::failed(format_args!(
                "there is no database at {path}; name it with --data or --database"
            )));
        }
        self.open_engine()
    }

    fn open_engine(&self) -> Result<Arc<SqliteEngine>, Failure> {
        SqliteEngine::open(&self.database, Options::default()).map(Arc::new).map_err(Failure::failed)
    }
}

/// Hashes passwords at the cost that is set.
pub(crate) fn passwords(settings: &Settings) -> PasswordPool {
    PasswordPool::new(PasswordSettings { cost: settings.bcrypt_cost, ..PasswordSettings::default() })
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
            if settings.mail_from.is_none() {
                let example = "`Shop <shop@example.com>`";
                return Err(Failure::usage(format_args!(
                    "mail-from must be set when smtp-url is, for example {example}"
                )));
            }
            Transport::from_url("smtp-url", url).map_err(Failure::usage)
        }
        (None, Some(folder)) => Ok(Transport::folder(folder)),
        (None, None) => Ok(Transport::mailbox()),
    }
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
    };
    let templates = data::templates(folder);
    Renderer::new(shop, templates.is_dir().then_some(templates.as_path())).map_err(Failure::failed)
}
