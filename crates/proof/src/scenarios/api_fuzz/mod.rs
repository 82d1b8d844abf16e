//! Requests made from the program's own OpenAPI document by [schemathesis], as a stranger, a customer, one of the staff and the owner: ones that the
//! document allows, ones that it forbids, and chains in which one takes up what another one told.
//!
//! Whatever is asked, there is no 5xx, the reply has a status, a media type and a body that the document names, what the document
//! forbids is refused, and an operation that wants a token refuses those who have none or a wrong one.
//!
//! [schemathesis]: https://schemathesis.readthedocs.io

use std::{
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
}

fn fuzz(run: &Run, cases: u64, effort: &Effort, lifted: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rounds = 0;
    while outcome.runs < cases && outcome.violations.is_empty() {
        round(run, run.seed + rounds, effort, lifted, &mut outcome);
        rounds += 1;
        tell(outcome.runs, cases, &outcome.violations);
    }
    outcome.injected = format!("{} requests in {} rounds", thousands(outcome.runs), rounds);
    outcome
}

/// A new shop, and everybody who asks it. A round is shorter than a token lives, and nobody loses theirs meanwhile.
fn round(run: &Run, seed: u64, effort: &Effort, lifted: Option<&str>, outcome: &mut Outcome) {
    let mut ground = Ground::new(run, &[]).with_owner(STAFF);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let server = ground.launch.start();
    let shop = Shop::fill(ground.launch.address, 1);
    place_an_order(&shop);
    let staff = shop.demote(STAFF, &["catalogue", "customers"]);
    let people = [
        Person { name: "stranger", token: "" },
        Person { name: "staff", token: &staff },
        Person { name: "customer", token: &shop.buyers[0] },
        Person { name: "owner", token: &shop.owner },
    ];
    // At once: making requests up is most of the work.
    let ground = &ground;
    let reports: Vec<_> = thread::scope(|scope| {
        let ask_as = |person| scope.spawn(move || (ask(ground, seed, effort, person), person.name));
        let asking = people.iter().filter(|person| effort.as_whom.contains(&person.name));
        let asking: Vec<_> = asking.map(ask_as).collect();
        asking.into_iter().map(|asking| asking.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    for ((report, said), who) in reports {
        judge(&report, &said, who, outcome);
    }
    for Person { name, token } in people.iter().filter(|person| !person.token.is_empty()) {
        let reply = Client::new(shop.address).get_as(token, "/v1/account").expect("a reply");
        if reply.status != 200 {
            outcome.violate(format!("as {name}: nobody was signed in at the end any more ({})", reply.status));
        }
    }
    end(server, lifted, outcome);
    ground.check();
}

/// Something for the lists to show.
fn place_an_order(shop: &Shop) {
    let order = shop.order("first", 2);
    Client::new(shop.address).post(&shop.buyers[0], "/v1/orders", "first", &order).expect("a reply").expect(201);
}

/// Has the tool ask for everything as this person; its report, and what it printed.
///
/// # Panics
/// When it is not there, or could not do its work.
fn ask(ground: &Ground, seed: u64, effort: &Effort, person: &Person<'_>) -> (Value, String) {
    let folder = ground.folder.path();
    let report = folder.join(format!("{}.json", person.name));
    let hooks = folder.join(format!("{}.py", person.name));
    fs::write(&hooks, HOOKS).expect("a file");
    // Making requests up keeps every processor busy that it finds. Those who ask are elsewhere, and take none from who answers.
    let mut command = program::stepping_back(tool());
    command.current_dir(folder).env("SCHEMATHESIS_HOOKS", &hooks);
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
        Some(report) => (report, ended.stdout),
        None => panic!("schemathesis as {} came to {ended:?}", person.name),
    }
}

/// Adds what the tool counted and found.
fn judge(report: &Value, said: &str, who: &str, outcome: &mut Outcome) {
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
