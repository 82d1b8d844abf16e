//! What the writer writes to: the one connection that may, and its write-ahead log.

use std::{fmt::Display, path::PathBuf};

use rusqlite::Connection;
use store::{Job, StoreError};

use crate::{
    connection,
    error::{Reach, is_disk_full},
    group,
    member::Request,
    open::Options,
    queue::Database,
    wal::Wal,
};

/// The SQLite file, as the writer's thread has it open.
pub(crate) struct File {
    path: PathBuf,
    options: Options,
    wal: Wal,
    /// `None` while it cannot be opened.
    conn: Option<Connection>,
}

impl File {
    /// The file at `path`, which `conn` has open.
    pub(crate) fn new(path: PathBuf, options: Options, conn: Connection) -> Self {
        let wal = Wal::new(&path, &options);
        Self { path, options, wal, conn: Some(conn) }
    }

    /// The connection, if there is one.
    pub(crate) const fn connection(&self) -> Option<&Connection> {
        self.conn.as_ref()
    }
}

impl Database for File {
    type Job = Box<dyn Job>;

    fn run(&mut self, requests: Vec<Request>) -> bool {
        let Some(conn) = &mut self.conn else {
            let error = || StoreError::Unavailable("the database is not open".to_owned());
            requests.into_iter().for_each(|request| request.fail(error()));
            return false;
        };
        group::run(conn, requests, || is_disk_full(&self.path)) != Reach::Connection
    }

    fn reopen(&mut self) -> Result<(), impl Display> {
        // A failed sync must not be repeated: the system may have dropped what it could not write.
        self.conn = None;
        let opened = connection::writer(&self.path, &self.options).and_then(connection::that_writes);
        opened.map(|conn| self.conn = Some(conn))
    }

    fn tidy(&mut self) {
        if let Some(conn) = &self.conn {
            self.wal.keep_bounded(conn);
        }
    }

    fn rest(&mut self) {
        if let Some(conn) = &self.conn {
            self.wal.empty(conn);
        }
    }

    fn close(&mut self) {
        self.wal.stop_helper();
        let Some(conn) = self.conn.take() else { return };
        self.wal.empty(&conn);
        if let Err((_, error)) = conn.close() {
            tracing::error!(%error, "the database could not be closed");
        }
    }
}
