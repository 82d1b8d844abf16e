//! A PostgreSQL server for tests: started when first asked for, on a free port, in a folder of its own; stopped and removed
//! when the test program ends, however it ends. Tests only.
//!
//! Who has a server sets `CARTWRIGHT_TEST_POSTGRES` to its URL (`postgres://user:password@host:port/database`, a user that may
//! make databases); then that one is used.

mod port;
mod server;

use std::{
    pin::pin,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt as _;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};

pub use port::free_address;
pub use server::{Server, Settings, as_server};
pub use tokio_postgres::Row;

/// The server that the tests of one program share. It forgets what power loss would take: quick, and nothing that those
/// tests look at.
static SHARED: LazyLock<Base> = LazyLock::new(|| match std::env::var("CARTWRIGHT_TEST_POSTGRES") {
    Ok(url) => Base { url, server: None },
    Err(_) => {
        let server = Server::start(&Settings { is_durable: false, ..Settings::default() });
        Base { url: server.url("postgres"), server: Some(server) }
    }
});

struct Base {
    /// Of a database that can be connected to, for making others.
    url: String,
    /// When it is ours.
    server: Option<Server>,
}

/// An empty database of its own for one test; removed when it is dropped.
#[derive(Debug)]
pub struct Database {
    name: String,
    base: String,
}

impl Database {
    /// A new database on the server that is shared.
    ///
    /// # Panics
    /// When there is no server and none can be started, which says what to install.
    #[must_use]
    pub fn fresh() -> Self {
        Self::copy("template0")
    }

    /// A new database on the shared server as `prepare` leaves one, who is given its URL and ends all connections to it. It is
    /// asked once in a test program, and what it made is copied for every other test: far quicker than to make each ready.
    ///
    /// # Panics
    /// When there is no server and none can be started, which says what to install.
    pub async fn prepared<F: Future<Output = ()>>(prepare: impl FnOnce(String) -> F) -> Self {
        /// It goes with its server, and is never dropped itself. On a server of somebody else it would stay: none is made there.
        static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
        let made = async {
            let database = Self::fresh();
            prepare(database.url()).await;
            database
        };
        if SHARED.server.is_none() {
            return made.await;
        }
        Self::copy(&TEMPLATE.get_or_init(|| made).await.name)
    }

    fn copy(template: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("cartwright_test_{}_{number}", std::process::id());
        let base = &SHARED.url;
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'");
        // File by file on a server of ours, which syncs nothing: the other way, through the log, takes several times as long there.
        // PostgreSQL before 15 knows no other way.
        let is_made = SHARED.server.is_some() && execute(base, &format!("{sql} STRATEGY file_copy")).is_ok();
        if !is_made {
            execute(base, &sql).unwrap_or_else(|error| panic!("no database for tests can be made: {error}"));
        }
        Self { name, base: base.clone() }
    }

    /// How it is reached.
    #[must_use]
    pub fn url(&self) -> String {
        with_database(&self.base, &self.name)
    }

    /// Runs statements in it; how many rows they gave.
    ///
    /// # Panics
    /// When one fails.
    pub fn execute(&self, sql: &str) -> usize {
        execute(&self.url(), sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that is gone has taken the database with it.
        let _ = execute(&self.base, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// `url` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (rest, query) = url.split_once('?').map_or((url, String::new()), |(rest, query)| (rest, format!("?{query}")));
    let host = rest.rfind('/').filter(|at| !rest[..*at].ends_with('/')).map_or(rest, |at| &rest[..at]);
    format!("{host}/{name}{query}")
}

/// Runs statements, and gives how many rows they gave.
///
/// # Errors
/// What the server said.
pub fn execute(url: &str, sql: &str) -> Result<usize, String> {
    let messages = on_connection(url, STATEMENTS_MAX, async |client| client.simple_query(sql).await)?;
    Ok(messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count())
}

/// Gives each row of a statement's, as they come: of millions too.
///
/// # Errors
/// What the server said.
pub fn each_row(url: &str, sql: &str, mut take: impl FnMut(&Row) + Send) -> Result<(), String> {
    on_connection(url, ROWS_MAX, async |client| {
        let mut rows = pin!(client.query_raw(sql, std::iter::empty::<bool>()).await?);
        while let Some(row) = rows.try_next().await? {
            take(&row);
        }
        Ok(())
    })
}

/// How long statements may take whose rows are counted, and one whose rows are read.
const STATEMENTS_MAX: Duration = Duration::from_secs(60);
const ROWS_MAX: Duration = Duration::from_secs(600);

/// Does something on a connection of its own, on a thread of its own: callers may be inside of a runtime, or not.
fn on_connection<T: Send>(
    url: &str,
    limit: Duration,
    work: impl AsyncFnOnce(&Client) -> Result<T, Error> + Send,
) -> Result<T, String> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let run = async {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
                let driver = tokio::spawn(connection);
                let done = work(&client).await;
                drop(client);
                // The connection ends with its client; how it ended changes nothing.
                let _ = driver.await;
                done
            };
            let done = tokio::time::timeout(limit, run).await;
            let failed =
                |error: Error| error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned());
            done.map_err(|_| "no answer in time".to_owned())?.map_err(failed)
        })
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(|_| Err("the thread panicked".to_owned())))
}

/// Has the server compare every index of this database with its table, by its extension `amcheck`, and gives how many there are.
/// Checksums, where the server has any, are compared of those pages alone that it has to read from its disk for that.
///
/// # Errors
/// What it found, or that it has no such extension, and where that comes from.
pub fn checked_indexes(url: &str) -> Result<usize, String> {
    // Apart from what is checked.
    const EXTENSION: &str = "CREATE SCHEMA IF NOT EXISTS proof; CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA proof";
    const CHECK: &str = "SELECT proof.bt_index_check(c.oid::regclass, true) FROM pg_index i \
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam \
        JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE a.amname = 'btree' AND n.nspname !~ '^pg_' AND c.relkind = 'i' AND i.indisvalid";
    execute(url, EXTENSION).map_err(|error| {
        format!(
            "there is no extension amcheck ({error}): Debian's package postgresql has it, other systems' postgresql-contrib; \
             on a server of yours the user must be one who may make it"
        )
    })?;
    execute(url, CHECK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        assert_eq!(with_database("postgres://u@h:1/a?x=1", "b"), "postgres://u@h:1/b?x=1");
        assert_eq!(with_database("postgres://u@h:1", "b"), "postgres://u@h:1/b");
    }

    #[test]
    fn an_index_that_lost_something_is_found() {
        let database = Database::fresh();
        database.execute("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 9)");
        assert_eq!(checked_indexes(&database.url()), Ok(1));
        let function = |body: &str| {
            format!("CREATE OR REPLACE FUNCTION f(INT) RETURNS INT IMMUTABLE LANGUAGE sql AS 'SELECT {body}'")
        };
        database.execute(&function("$1"));
        database.execute("CREATE INDEX ON t (f(a))");
        assert_eq!(checked_indexes(&database.url()), Ok(2));
        // What the index has is no longer what the table asks for.
        database.execute(&function("-$1"));
        let found = checked_indexes(&database.url()).expect_err("a difference");
        assert!(found.contains("lacks matching index tuple"), "{found}");
    }

    #[test]
    fn pages_of_a_server_of_ours_carry_checksums() {
        let database = Database::fresh();
        let are_on = database.execute("SELECT 1 FROM pg_settings WHERE name = 'data_checksums' AND setting = 'on'");
        assert!(are_on == 1 || SHARED.server.is_none());
    }

    #[test]
    fn databases_come_and_go() {
        let database = Database::fresh();
        database.execute("CREATE TABLE t (a INT)");
        let url = database.url();
        drop(database);
        assert!(execute(&url, "SELECT 1").is_err());
    }
}
