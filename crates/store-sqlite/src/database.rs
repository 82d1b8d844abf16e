//! What the writer writes to: the one connection that may, and its write-ahead log.

use std::{fmt::Display, path::PathBuf, rc::Rc, time::Duration};

use rusqlite::Connection;
use store::{Job, StoreError};

use crate::{
    connection::{self, Shared},
    error::{Reach, is_disk_full},
    group,
    live_copy::LiveCopy,
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
    /// `None` while it cannot be opened. Shared with a copy that is being made through it.
    conn: Option<Rc<Shared>>,
}

impl File {
    /// The file at `path`, which `conn` has open.
    pub(crate) fn new(path: PathBuf, options: Options, conn: Connection) -> Self {
        let wal = Wal::new(&path, &options);
        Self { path, options, wal, conn: Some(Rc::new(Shared::new(conn))) }
    }

    /// The connection, if there is one.
    pub(crate) fn connection(&self) -> Option<&Shared> {
        self.conn.as_deref()
    }
}

impl Database for File {
    type Job = Box<dyn Job>;
    type Task = LiveCopy;

    fn run(&mut self, requests: Vec<Request>) -> bool {
        let Some(conn) = &self.conn else {
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
        opened.map(|conn| self.conn = Some(Rc::new(Shared::new(conn))))
    }

    fn tidy(&mut self) {
        if let Some(conn) = &self.conn {
            self.wal.keep_bounded(&conn.lock());
        }
    }

    fn attend(&mut self, copy: LiveCopy, others: &mut dyn FnMut(&mut Self, Duration) -> bool) {
        // Without a connection there is nothing to copy: whoever asked is told when `copy` is dropped.
        let Some(conn) = self.conn.clone() else { return };
        copy.make(&conn.lock(), |time| others(self, time));
    }

    fn rest(&mut self) {
        if let Some(conn) = &self.conn {
            self.wal.empty(&conn.lock());
        }
    }

    fn close(&mut self) {
        self.wal.stop_helper();
        let Some(conn) = self.conn.take() else { return };
        self.wal.empty(&conn.lock());
        if let Some(shared) = Rc::into_inner(conn)
            && let Err((_, error)) = shared.into_inner().close()
        {
            tracing::error!(%error, "the database could not be closed");
        }
    }
}
