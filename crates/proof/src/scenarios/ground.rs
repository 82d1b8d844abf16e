//! Where a scenario takes place: a folder of its own, the engine of the run, and a shop that has its owner and nothing else.

use test_postgres::Database;

use crate::{
    harness::{
        program::{check_in, create_owner_in},
        server::Launch,
    },
    scenario::{Engine, Run},
};

/// The place. It is gone when it is dropped.
pub(super) struct Ground {
    pub(super) launch: Launch,
    pub(super) database: Option<Database>,
    pub(super) folder: tempfile::TempDir,
}

impl Ground {
    /// A new shop that signs customers in at once, with these arguments besides.
    pub(super) fn new(run: &Run, arguments: &[&str]) -> Self {
        Self::signing_up(run, "immediate", arguments)
    }

    /// The same with another way of signing up.
    pub(super) fn signing_up(run: &Run, signup: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir_in(&run.folder).expect("a folder");
        let database = (run.engine == Engine::Postgres).then(Database::fresh);
        let url = database.as_ref().map(Database::url);
        let mut all = vec!["--signup", signup];
        all.extend(url.iter().flat_map(|url| ["--database", url]));
        all.extend(arguments);
        let launch = Launch::new(folder.path(), &all);
        create_owner_in(&launch.data, url.as_deref());
        Self { launch, database, folder }
    }

    /// Has the program compare the data with themselves (E).
    pub(super) fn check(&self) {
        check_in(&self.launch.data, self.database.as_ref().map(Database::url).as_deref());
    }
}
