//! Where a scenario takes place: a folder of its own, the engine of the run, and a shop that has its owner and nothing else.

use test_postgres::{Database, checked_indexes};

use crate::{
    harness::{
        load::{Fate, Load},
        measure,
        program::{check_in, create_owner_called, create_owner_in, database_arguments, run_on},
        rows::{Cells, each_row},
        server::Launch,
        shop::Shop,
    },
    scenario::{Engine, Outcome, Run},
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
        all.extend(database_arguments(url.as_deref()));
        all.extend(arguments);
        let launch = Launch::new(folder.path(), &all);
        create_owner_in(&launch.data, url.as_deref());
        Self { launch, database, folder }
    }

    /// Another owner besides, before the program is started.
    pub(super) fn with_owner(self, email: &str) -> Self {
        create_owner_called(email, &self.launch.data, self.url().as_deref());
        self
    }

    /// Runs one of the program's commands on the shop, which must succeed; gives what it printed and what it complained of.
    #[track_caller]
    pub(super) fn command(&self, arguments: &[&str]) -> (String, String) {
        let url = self.url();
        let ended = run_on(&self.launch.data, &[arguments, &database_arguments(url.as_deref())].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        (ended.stdout, ended.stderr)
    }

    /// Runs a statement in the database, past the program, and gives each of its rows.
    #[track_caller]
    pub(super) fn each_row(&self, sql: &str, take: impl FnMut(&dyn Cells) + Send) {
        each_row(&self.launch.data, self.url().as_deref(), sql, take);
    }

    /// Where its database is, unless it is in the data folder.
    fn url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }

    /// Has the program compare the data with themselves, and a database server look at its indexes (E). SQLite's own check is a part of
    /// the program's.
    pub(super) fn check(&self) {
        let url = self.url();
        check_in(&self.launch.data, url.as_deref());
        url.as_deref().into_iter().for_each(check_indexes);
    }
}

/// Has PostgreSQL compare every index of this database with its table.
pub(super) fn check_indexes(url: &str) {
    let checked = checked_indexes(url).unwrap_or_else(|error| panic!("PostgreSQL's own check: {error}"));
    assert!(checked > 0, "there is no index to check");
}

/// Lets so many buyers order meanwhile, who must all be acknowledged; the 99th percentile of what that took, in milliseconds.
pub(super) fn p99<T>(
    shop: &Shop,
    buyers: usize,
    label: &str,
    outcome: &mut Outcome,
    meanwhile: impl FnOnce() -> T,
) -> (f64, T) {
    let load = Load::new(shop, label).undeterred();
    let (sent, given) = load.during(buyers, meanwhile);
    sent.iter().for_each(|sent| outcome.answered(&sent.key, sent.took));
    for sent in sent.iter().filter(|sent| !matches!(sent.fate, Fate::Acknowledged(_))) {
        outcome.violate(format!("the order {} came to {:?}", sent.key, sent.fate));
    }
    (measure::p99(&sent).as_secs_f64() * 1_000.0, given)
}
