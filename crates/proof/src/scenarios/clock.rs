//! The clock jumps while the shop works: no token outlives its time, nothing waits for a time that has passed.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::ground::Ground;
use crate::{
    harness::{
        audit::Audit,
        client::Client,
        load::{Fate, Sent, order},
        shop::{OWNER, PASSWORD, Shop, text},
        smtp::{MailServer, Manner, Step},
        within,
    },
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario, Size},
};

/// The jumps, as libfaketime writes them, and what is over then: when time went forward so far, or since what was given out before is of
/// a time to come.
const JUMPS: [(&str, Over); 6] = [
    ("+1h", Over::Tokens),
    ("-1d", Over::Sessions),
    ("@2038-01-19 03:14:00", Over::Sessions),
    ("-1h", Over::Sessions),
    ("+1d", Over::Tokens),
    ("+31d", Over::Sessions),
];
/// What a jump outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Tokens,
    /// These and tokens.
    Sessions,
}

/// How long a mail may take after a jump.
const MAILED_MAX: Duration = Duration::from_secs(20);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "clock",
    injects: "the clock jumps by an hour, a day and to 2038 while the program runs",
    holds: "no token past its time; no mail stuck; A B E",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Never,
    parts: 4,
    run: |run| match (run.size, run.engine) {
        (Size::Short, Engine::Sqlite) => jump(run, &JUMPS[..4], run.count(1, 1), None),
        (Size::Short, Engine::Postgres) => jump(run, &JUMPS[2..3], run.count(1, 1), None),
        (Size::Long, _) => jump(run, &JUMPS, run.count(1, 20), None),
    },
    control: Control {
        without: "the end of a token's time",
        finds: &["a token of before is answered with 200"],
        on_one_engine: true,
        run: |run| jump(run, &JUMPS[..1], 1, Some("guard.expiry=return")),
    },
};

/// A clock that can be put, by its file.
pub(super) struct Clock(pub(super) PathBuf);

impl Clock {
    /// Has it show what libfaketime makes of this.
    pub(super) fn put(&self, to: &str) {
        // A whole file at once: the program reads it at every look at the clock.
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{to}\n")).expect("a file");
        fs::rename(new, &self.0).expect("a file");
    }
}

fn jump(run: &Run, jumps: &[(&str, Over)], rounds: u64, lifted: Option<&str>) -> Outcome {
    let mail_server = MailServer::start();
    let mut ground = Ground::new(run, &["--smtp-url", &mail_server.url()]);
    let clock = Clock(ground.folder.path().canonicalize().expect("a folder").join("clock"));
    clock.put("+0");
    ground.launch = ground.launch.with_clock_file(&clock.0);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let launch = &ground.launch;
    let server = launch.start();
    let mut shop = Shop::fill(launch.address, 1);
    let client = Client::new(shop.address);
    let (mut outcome, mut journal) = (Outcome::default(), Vec::new());
    for round in 0..rounds {
        for (number, (jump, over)) in jumps.iter().copied().enumerate() {
            clock.put("+0");
            shop.renew_tokens();
            let session = login(&client);
            // A mail is refused for now: its second try is due in a while, by the clock of before.
            mail_server.behave(Manner::Refuse(Step::Mail, 451));
            journal.push(place(&client, &shop, &format!("{round}-{number}-before"), &mut outcome));
            within(MAILED_MAX, &format!("a first try before {jump}"), || has_error_noted(&shop).then_some(()));
            mail_server.behave(Manner::Take);

            clock.put(jump);
            prove_over(&client, &session, over, &format!("{jump}: a token of before"), &mut outcome);
            let of_then = login(&client);
            shop.renew_tokens();
            journal.push(place(&client, &shop, &format!("{round}-{number}-after"), &mut outcome));
            let begin = Instant::now();
            let pending = wait_for_mails(&shop);
            outcome.waited(begin.elapsed());
            if !pending.is_empty() {
                outcome.violate(format!("{jump}: {} mails are stuck: {}", pending.len(), pending[0]));
            }
            clock.put("+0");
            let back = format!("{jump}: back again, a token of then");
            if jump.starts_with('-') {
                // An hour later, or a day: a token of then is too old, and one of before is what it was.
                prove_over(&client, &of_then, Over::Tokens, &back, &mut outcome);
                let status = status_of(&client, &session);
                if status != 200 {
                    outcome.violate(format!("{jump}: back again, a token of before is answered with {status}"));
                }
            } else {
                // What a clock that is ahead gave out is worth nothing when it is put right: it would live for all that time.
                prove_over(&client, &of_then, Over::Sessions, &back, &mut outcome);
            }
            outcome.runs += 1;
            tell(outcome.runs, rounds * jumps.len() as u64, &outcome.violations);
        }
    }
    clock.put("+0");
    shop.renew_tokens();
    let orders = Audit::of(&shop);
    assert_eq!((orders.compare(&journal), orders.count()), (Vec::new(), journal.len()));
    orders.compare_stock(&shop);
    server.stop();
    ground.check();
    outcome.injected = format!("{} jumps", outcome.runs);
    outcome
}

fn login(client: &Client) -> Value {
    let body = json!({"email": OWNER, "password": PASSWORD});
    client.post("", "/v1/auth/login", "", &body).expect("a reply").expect(200)
}

/// What somebody is told who uses the access token.
fn status_of(client: &Client, session: &Value) -> u16 {
    client.get_as(&text(&session["access_token"]), "/v1/account").expect("a reply").status
}

/// Whether what must be over is.
fn prove_over(client: &Client, session: &Value, over: Over, what: &str, outcome: &mut Outcome) {
    let status = status_of(client, session);
    if status != 401 {
        outcome.violate(format!("{what} is answered with {status}"));
    }
    if over == Over::Sessions {
        let body = json!({"refresh_token": session["refresh_token"]});
        let status = client.post("", "/v1/auth/refresh", "", &body).expect("a reply").status;
        if status != 401 {
            outcome.violate(format!("{what} is exchanged with {status}"));
        }
    }
}

fn place(client: &Client, shop: &Shop, key: &str, outcome: &mut Outcome) -> Sent {
    let sent = order(client, shop, key.to_owned(), 0, shop.order(key, 0));
    outcome.answered(key, sent.took);
    if !matches!(sent.fate, Fate::Acknowledged(_)) {
        outcome.violate(format!("the order {key} came to {:?}", sent.fate));
    }
    sent
}

/// Whether it is written down that a mail was refused, and so when it is to be tried again.
fn has_error_noted(shop: &Shop) -> bool {
    shop.pending_mails().iter().any(|mail| mail["last_error"].is_string())
}

/// Waits until no mail waits, and gives those that still do.
fn wait_for_mails(shop: &Shop) -> Vec<Value> {
    let begin = Instant::now();
    loop {
        let waiting = shop.pending_mails();
        if waiting.is_empty() || begin.elapsed() > MAILED_MAX {
            return waiting;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
