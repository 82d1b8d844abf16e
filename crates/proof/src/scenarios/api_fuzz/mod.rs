//! Requests made from the program's own OpenAPI document by [schemathesis], as a stranger, a customer, one of the staff and the owner: ones that the
//! document allows, ones that it forbids, and chains in which one takes up what another one told.
//!
//! Whatever is asked, there is no 5xx, the reply has a status, a media type and a body that the document names, what the document
//! forbids is refused, and an operation that wants a token refuses those who have none or a wrong one.
//!
//! [schemathesis]: https://schemathesis.readthedocs.io

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::ground::Ground;
use crate::{
    harness::{client::Client, program, server::Server, shop::Shop},
    judge::thousands,
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario, Size},
};

/// One of the staff.
const STAFF: &str = "sam@example.com";
/// What the tool has to be told in its own language.
const HOOKS: &str = include_str!("hooks.py");
/// What it has to be told in its settings.
const SETTINGS: &str = include_str!("schemathesis.toml");
/// Left out: what a document allows may still be refused, since not every rule of a shop can be said in one. And what was sold is
/// archived, not deleted, and a job that is cancelled stays in the list: both can be read after their `DELETE`.
const NOT_CHECKED: &str = "positive_data_acceptance,use_after_free";
/// What ends the session of those who are signed in, by themselves or, where the staff lock somebody out, by others who ask at the same time: all
/// that comes after would be refused for that alone. The stranger asks for these too.
const FAREWELLS: [&str; 5] = ["delete_account", "log_out", "log_out_everywhere", "end_session", "admin_update_account"];
/// How much of what the tool prints is told of a finding, in characters.
const DETAILS_MAX: usize = 3_000;
/// How long a request may take.
const REPLY_MAX: Duration = Duration::from_secs(10);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "api-fuzz",
    injects: "requests made from the OpenAPI document, as stranger, customer, staff and owner, also in chains",
    holds: "E F; every reply within its schema; nothing open that should be closed",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 4,
    run: |run| {
        let effort = match (run.size, run.engine) {
            // To learn what may be asked for takes the tool longer than to ask: few ask for much, and whoever may do everything on both engines.
            (Size::Short, Engine::Sqlite) => Effort { as_whom: &["stranger", "customer", "owner"], ..SHORT },
            (Size::Short, Engine::Postgres) => Effort { as_whom: &["staff", "owner"], ..SHORT },
            (Size::Long, _) => LONG,
        };
        // Short: two thousand on both engines together, in a round each.
        let short = if run.engine == Engine::Sqlite { 1_200 } else { 800 };
        fuzz(run, run.count(short, 100_000), &effort, None)
    },
    control: Control {
        without: "refusing what is malformed",
        finds: &["Server error"],
        on_one_engine: true,
        run: |run| fuzz(run, 1, &CONTROL, Some("guard.malformed=return")),
    },
};

/// How hard the tool tries in one round.
struct Effort {
    phases: &'static str,
    /// Whether requests are as the document allows, as it forbids, or both.
    mode: &'static str,
    /// The most cases of one operation in a phase.
    examples: u32,
    as_whom: &'static [&'static str],
    /// The paths that are asked for, as a regular expression.
    paths: &'static str,
}

const EVERYBODY: [&str; 4] = ["stranger", "staff", "customer", "owner"];
const SHORT: Effort = Effort { phases: "fuzzing,stateful", mode: "all", examples: 4, as_whom: &EVERYBODY, paths: "" };
/// So few examples that a round is over before the tokens are: what comes after that would only be refused.
const LONG: Effort = Effort { phases: "coverage,fuzzing,stateful", examples: 15, ..SHORT };
/// Whoever may do everything finds a guard missing that is for all, wherever bodies are read.
const CONTROL: Effort =
    Effort { phases: "fuzzing", mode: "negative", examples: 1, as_whom: &["owner"], paths: "^/v1/account" };

/// Somebody who asks.
struct Person<'a> {
    name: &'static str,
    token: &'a str,
    /// What they can still read at the end, lest all that was asked was refused.
    reads: &'static str,
}

/// What the tool reported and printed, and how the shop answered.
struct Asked {
    report: Value,
    said: String,
    answers: Answers,
}

/// The statuses that each operation was answered with, by its method and path.
#[derive(Default)]
struct Answers(BTreeMap<String, BTreeSet<u16>>);

impl Answers {
    /// Reads what `hooks.py` wrote down.
    fn read(lines: &str) -> Self {
        let mut answers = Self::default();
        for (operation, status) in lines.lines().filter_map(|line| line.rsplit_once(' ')) {
            answers.0.entry(operation.to_owned()).or_default().extend(status.parse::<u16>());
        }
        answers
    }

    fn add(&mut self, other: Self) {
        for (operation, statuses) in other.0 {
            self.0.entry(operation).or_default().extend(statuses);
        }
    }

    fn is_done(statuses: &BTreeSet<u16>) -> bool {
        statuses.iter().any(|status| (200..300).contains(status))
    }

    /// How many operations were done at least once.
    fn done(&self) -> usize {
        self.0.values().filter(|statuses| Self::is_done(statuses)).count()
    }

    /// What can be read by whoever asks without naming anything, and was never told.
    fn never_told(&self) -> impl Iterator<Item = &str> {
        let plain = |operation: &&String| operation.starts_with("GET ") && !operation.contains('{');
        self.0
            .iter()
            .filter(|(_, statuses)| !Self::is_done(statuses))
            .map(|(name, _)| name)
            .filter(plain)
            .map(String::as_str)
    }
}

fn fuzz(run: &Run, cases: u64, effort: &Effort, lifted: Option<&str>) -> Outcome {
    let (mut outcome, mut as_owner) = (Outcome::default(), Answers::default());
    let mut rounds = 0;
    while outcome.runs < cases && outcome.violations.is_empty() {
        as_owner.add(round(run, run.seed + rounds, effort, lifted, &mut outcome));
        rounds += 1;
        tell(outcome.runs, cases, &outcome.violations);
    }
    // Whoever may do everything was refused because of something that was asked before: then nothing behind that is looked at.
    for operation in as_owner.never_told().filter(|_| lifted.is_none()) {
        outcome.violate(format!("as owner: {operation} was never answered with what it is asked for"));
    }
    outcome.injected = format!(
        "{} requests in {} rounds; of {} operations {} were done as owner",
        thousands(outcome.runs),
        rounds,
        as_owner.0.len(),
        as_owner.done()
    );
    outcome
}

/// A new shop, and everybody who asks it. A round is shorter than a token lives, and nobody loses theirs meanwhile. Gives what the owner
/// was answered.
fn round(run: &Run, seed: u64, effort: &Effort, lifted: Option<&str>, outcome: &mut Outcome) -> Answers {
    let mut ground = Ground::new(run, &[]).with_owner(STAFF);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let server = ground.launch.start();
    let shop = Shop::fill(ground.launch.address, 1);
    place_an_order(&shop);
    let staff = shop.demote(STAFF, &["catalogue", "customers"]);
    let people = [
        Person { name: "stranger", token: "", reads: "/v1/products" },
        Person { name: "staff", token: &staff, reads: "/v1/admin/products" },
        Person { name: "customer", token: &shop.buyers[0], reads: "/v1/account" },
        Person { name: "owner", token: &shop.owner, reads: "/v1/admin/settings" },
    ];
    // At once: making requests up is most of the work.
    let ground = &ground;
    let reports: Vec<_> = thread::scope(|scope| {
        let ask_as = |person| scope.spawn(move || (ask(ground, seed, effort, person), person.name));
        let asking = people.iter().filter(|person| effort.as_whom.contains(&person.name));
        let asking: Vec<_> = asking.map(ask_as).collect();
        asking.into_iter().map(|asking| asking.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let mut as_owner = Answers::default();
    for (asked, who) in reports {
        judge(&asked, who, outcome);
        if who == "owner" {
            as_owner.add(asked.answers);
        }
    }
    for Person { name, token, reads } in &people {
        let reply = Client::new(shop.address).get_as(token, reads).expect("a reply");
        if reply.status != 200 {
            outcome.violate(format!("as {name}: {reads} was answered with {} at the end", reply.status));
        }
    }
    end(server, lifted, outcome);
    ground.check();
    as_owner
}

/// Something for the lists to show.
fn place_an_order(shop: &Shop) {
    let order = shop.order("first", 2);
    Client::new(shop.address).post(&shop.buyers[0], "/v1/orders", "first", &order).expect("a reply").expect(201);
}

/// Has the tool ask for everything as this person.
///
/// # Panics
/// When it is not there, or could not do its work.
fn ask(ground: &Ground, seed: u64, effort: &Effort, person: &Person<'_>) -> Asked {
    let folder = ground.folder.path();
    let [report, hooks, answers, settings] =
        ["json", "py", "txt", "toml"].map(|kind| folder.join(format!("{}.{kind}", person.name)));
    fs::write(&hooks, HOOKS).expect("a file");
    fs::write(&settings, SETTINGS).expect("a file");
    // Making requests up keeps every processor busy that it finds. Those who ask are elsewhere, and take none from who answers.
    let mut command = program::stepping_back(tool());
    command.current_dir(folder).env("SCHEMATHESIS_HOOKS", &hooks).env("CARTWRIGHT_ANSWERS", &answers);
    command.arg("--config-file").arg(&settings);
    command.args(["run", &format!("http://{}/openapi.json", ground.launch.address)]);
    command.args(["--phases", effort.phases, "--mode", effort.mode]);
    command.args(["--max-examples", &effort.examples.to_string(), "--include-path-regex", effort.paths]);
    command.args(["--seed", &seed.to_string(), "--exclude-checks", NOT_CHECKED, "--suppress-health-check", "all"]);
    command.args(["--request-timeout", &REPLY_MAX.as_secs().to_string(), "--continue-on-failure", "--no-shrink"]);
    command.args(["--generation-database", "none", "--warnings", "off", "--no-color"]);
    command.args(["--report", "json", "--report-json-path"]).arg(&report);
    if !person.token.is_empty() {
        command.args(["--header", &format!("Authorization: Bearer {}", person.token)]);
        command.args(FAREWELLS.iter().flat_map(|operation| ["--exclude-operation-id", operation]));
    }
    let ended = program::run(&mut command, "");
    let told = fs::read(&report).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let told = told.filter(|report| report["complete"] == true);
    match told {
        Some(report) => {
            let answers = Answers::read(&fs::read_to_string(&answers).expect("what was answered"));
            Asked { report, said: ended.stdout, answers }
        }
        None => panic!("schemathesis as {} came to {ended:?}", person.name),
    }
}

/// Adds what the tool counted and found.
fn judge(Asked { report, said, .. }: &Asked, who: &str, outcome: &mut Outcome) {
    outcome.runs += report["test_cases"]["generated"].as_u64().expect("a count");
    let operations = &report["operations"];
    if operations["tested"] != operations["selected"] {
        outcome.violate(format!("as {who}: not every operation was asked for: {operations}"));
    }
    for (part, title) in [("failures", " FAILURES ="), ("errors", " ERRORS =")] {
        // The report counts; what was asked and answered is only printed.
        let details = said.find(title).map_or("", |from| &said[from..]).chars().take(DETAILS_MAX).collect::<String>();
        for found in report[part].as_array().expect("a list") {
            outcome.violate(format!("as {who}: {found}\n{details}"));
        }
    }
}

fn end(server: Server, lifted: Option<&str>, outcome: &mut Outcome) {
    if lifted.is_none() && server.has_panicked() {
        outcome.violate(format!("it panicked:\n{}", server.log()));
    }
    server.stop();
}

/// `st`, beside the interpreter that the tests use.
fn tool() -> PathBuf {
    let python = std::env::var_os("CARTWRIGHT_TEST_PYTHON").map(PathBuf::from);
    let beside = python.as_deref().and_then(Path::parent).map(|folder| folder.join("st"));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("st"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_never_got_is_named() {
        let mut answers =
            Answers::read("GET /v1/admin/mails 403\nGET /v1/admin/orders 400\nGET /v1/admin/mails/{id} 404\n");
        assert_eq!(answers.never_told().collect::<Vec<_>>(), ["GET /v1/admin/mails", "GET /v1/admin/orders"]);
        answers.add(Answers::read("GET /v1/admin/orders 200\nPOST /v1/admin/products 422\nPOST /v1/orders 201\n"));
        assert_eq!(answers.never_told().collect::<Vec<_>>(), ["GET /v1/admin/mails"]);
        assert_eq!((answers.0.len(), answers.done()), (5, 2));
    }
}
