//! The mail server in all its moods, the program killed in each: every mail arrives, whatever happened, and orders do not wait for it.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::siege::Siege;
use crate::{
    harness::{
        client::Client,
        load::Sent,
        measure,
        server::Server,
        shop::text,
        smtp::{Kept, Manner, Step},
        within,
    },
    progress::tell,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario, Size},
};

const CLIENTS: usize = 4;
/// What the mail server does, and what it is called.
const MOODS: [(&str, Manner); 12] = [
    ("down", Manner::Away),
    ("451", Manner::Refuse(Step::Mail, 451)),
    ("550", Manner::Refuse(Step::Mail, 550)),
    ("530", Manner::Refuse(Step::Mail, 530)),
    ("silent", Manner::Stall),
    ("hangs up before keeping", Manner::DropUnkept),
    ("hangs up after keeping", Manner::DropKept),
    ("hangs up after its 250", Manner::TakeAndDrop),
    ("421 at its greeting", Manner::Refuse(Step::Greeting, 421)),
    ("450 to the recipient", Manner::Refuse(Step::Recipient, 450)),
    ("550 to the recipient", Manner::Refuse(Step::Recipient, 550)),
    ("hangs up at once", Manner::Closed),
];
/// What the program says once it knows that the mail server cannot be reached.
const SAID_DOWN: &str = "mails cannot be delivered now and wait";
/// How long orders come in while the mail server is in a mood.
const MOOD: Duration = Duration::from_millis(700);
/// How long orders come in before that is measured.
const WARM_UP: Duration = Duration::from_millis(400);
/// How far the clock is put on afterwards: every lease is over then, and every second try is due.
const LATER: &str = "+1h";
/// How long the mails may take once the mail server is itself again.
const ARRIVED_MAX: Duration = Duration::from_secs(60);
/// How much longer an order may take than on the quiet day before, on which the mail server takes what comes, at the 99th percentile. These
/// machines are noisy: the long run, with its many rounds, is held to a tenth more.
const SLOWER_MAX: (f64, f64) = (4.0, 1.1);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "mail",
    injects: "the mail server away for an hour, and hanging up at once for an hour, 421 at once, 450 and 550 to recipients, 451, 530 and 550 to mails, silent, hanging up before and after 250; a kill in each",
    holds: "A B C D E; order p99 as on a quiet day",
    engines: &[Engine::Sqlite, Engine::Postgres],
    alone: Alone::Always,
    parts: 4,
    run: |run| match (run.size, run.engine) {
        // What the moods do to the program is the same on both engines; what they do to the database is not.
        (Size::Short, Engine::Postgres) => moods(run, &[MOODS[5]], run.count(1, 1), None),
        (Size::Short, Engine::Sqlite) => moods(run, &[MOODS[0], MOODS[3], MOODS[6], MOODS[9]], run.count(1, 1), None),
        _ => moods(run, &MOODS, run.count(1, 20), None),
    },
    control: Control {
        without: "a note only after the 250",
        finds: &["never arrived"],
        on_one_engine: true,
        run: |run| moods(run, &MOODS[5..6], 1, Some("guard.mail=return")),
    },
};

fn moods(run: &Run, moods: &[(&str, Manner)], rounds: u64, lifted: Option<&str>) -> Outcome {
    let (mut siege, mut server) = Siege::begin(run, "mail", CLIENTS);
    let mut chance = run.chance();
    let mut times = BTreeMap::<&str, Vec<Times>>::new();
    for _ in 0..rounds {
        for (name, manner) in moods.iter().copied() {
            // A server that has just started is slow by itself, and would make any mood look good.
            siege.load(|| thread::sleep(WARM_UP));
            let quiet = siege.load(|| thread::sleep(MOOD));
            if let Some(lifted) = lifted {
                server = siege.arm(server, lifted);
            }
            let kept_before = siege.mail_server.count();
            let met_before = siege.mail_server.misbehaved();
            siege.mail_server.behave(manner);
            let mood = MOOD + Duration::from_millis(chance.u64(0..300));
            let sent = siege.load(|| thread::sleep(mood));
            if !has_met(&siege, &server, manner, met_before) {
                siege.outcome.violate(format!("{name}: no mail came meanwhile"));
            }
            // In the middle of that mood.
            server.kill();
            let kept_meanwhile = siege.mail_server.kept().split_off(kept_before);
            if matches!(manner, Manner::Away | Manner::Closed) {
                stay_down(&mut siege, manner);
            }
            siege.mail_server.behave(Manner::Take);
            siege.launch().set_clock(Some(LATER));
            server = siege.launch().start();
            siege.shop.renew_tokens();
            // C: what was answered before the end is answered so after it.
            siege.repeat_some(&sent);
            let took = |sent: &[Sent]| -> Vec<Duration> { sent.iter().map(|sent| sent.took).collect() };
            times.entry(name).or_default().push(Times { quiet: took(&quiet), mood: took(&sent) });
            prove_arrived(&mut siege, name, manner);
            prove_sent_again(&mut siege, name, manner, &kept_meanwhile);
            server.stop();
            siege.launch().set_clock(None);
            server = siege.launch().start();
            siege.shop.renew_tokens();
            siege.outcome.runs += 1;
            tell(siege.outcome.runs, rounds * moods.len() as u64, &siege.outcome.violations);
        }
    }
    let slower = slower(&times, rounds > 1);
    let limit = if rounds > 1 { SLOWER_MAX.1 } else { SLOWER_MAX.0 };
    for (name, slower) in slower.iter().filter(|(_, slower)| *slower > limit && lifted.is_none()) {
        let what = format!("orders took {slower:.2} times as long while the mail server was in a mood: {name}");
        siege.outcome.violate(what);
    }
    let (mut outcome, _) = siege.end(server);
    let (name, worst) = slower.first().cloned().unwrap_or_default();
    outcome.injected = format!("{} moods, {}; p99 {worst:.2} of quiet ({name})", moods.len(), outcome.injected);
    outcome
}

/// What orders took in a mood, and on the quiet day before it.
#[derive(Clone, Debug, Default)]
struct Times {
    quiet: Vec<Duration>,
    mood: Vec<Duration>,
}

impl Times {
    /// How much longer they took in the mood, at the 99th percentile.
    fn slower(&self) -> f64 {
        let p99 = |took: &[Duration]| measure::p99_of(took.to_vec()).as_secs_f64();
        p99(&self.mood) / p99(&self.quiet).max(1e-6)
    }
}

/// How much longer orders took in each mood than on a quiet day, the worst mood first. Of the rounds of each mood the median
/// counts: what a few hundred orders take in a fraction of a second is chance, and of a dozen moods one would have bad luck. Where each was
/// met once, all moods are judged together.
fn slower(times: &BTreeMap<&str, Vec<Times>>, is_of_each: bool) -> Vec<(String, f64)> {
    if !is_of_each {
        let mut all = Times::default();
        for times in times.values().flatten() {
            all.quiet.extend(&times.quiet);
            all.mood.extend(&times.mood);
        }
        return vec![("all together".to_owned(), all.slower())];
    }
    let each =
        times.iter().map(|(name, times)| ((*name).to_owned(), median(times.iter().map(Times::slower).collect())));
    let mut each: Vec<_> = each.collect();
    each.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    each
}

/// The middle one of these, the lower one of two; 0 of none.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of.get(of.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// Whether the program has met the mail server in its mood since it had misbehaved so often. One that is not there knows nothing of those
/// who call: then the program says it.
fn has_met(siege: &Siege, server: &Server, manner: Manner, misbehaved_before: usize) -> bool {
    match manner {
        Manner::Away => server.has_said(SAID_DOWN),
        _ => siege.mail_server.misbehaved() > misbehaved_before,
    }
}

/// The mail server stays away while time goes by: the program asks for it each time, and gives no mail up.
fn stay_down(siege: &mut Siege, manner: Manner) {
    for later in ["+15m", "+30m", "+45m"] {
        let before = siege.mail_server.misbehaved();
        siege.launch().set_clock(Some(later));
        let server = siege.launch().start();
        siege.shop.renew_tokens();
        within(ARRIVED_MAX, "a try while the server is down", || has_met(siege, &server, manner, before).then_some(()));
        server.kill();
    }
}

/// D: an hour later every mail has arrived by itself; but for those that were refused for good, which staff see and can send again.
fn prove_arrived(siege: &mut Siege, name: &str, manner: Manner) {
    let begin = Instant::now();
    let mut waiting = Vec::new();
    let are_gone = within_or(ARRIVED_MAX, || {
        waiting = siege.shop.pending_mails();
        waiting.is_empty()
    });
    if !are_gone {
        siege.outcome.violate(format!("{name}: {} mails still wait after {ARRIVED_MAX:?}", waiting.len()));
    }
    let failed = siege.shop.all(&siege.shop.owner, "/v1/admin/mails?status=failed&");
    let is_refusal = matches!(manner, Manner::Refuse(Step::Recipient | Step::Mail, 550));
    if !is_refusal && !failed.is_empty() {
        siege.outcome.violate(format!("{name}: {} mails were given up", failed.len()));
    }
    let client = Client::new(siege.shop.address);
    for mail in &failed {
        let path = format!("/v1/admin/mails/{}/resend", text(&mail["id"]));
        client.post(&siege.shop.owner, &path, "", &json!({})).expect("a reply").expect(202);
    }
    let are_sent = || siege.shop.pending_mails().is_empty().then_some(());
    within(ARRIVED_MAX, "the mails that were sent again", are_sent);
    siege.outcome.waited(begin.elapsed());
    siege.prove_delivered();
}

/// Of what was kept without a word nobody can know that, so that it must come again.
fn prove_sent_again(siege: &mut Siege, name: &str, manner: Manner, kept: &[Kept]) {
    let times = siege.mail_server.times_kept();
    if manner == Manner::DropKept && kept.iter().all(|mail| times[&mail.id] == 1) {
        siege.outcome.violate(format!("{name}: nothing was sent again"));
    }
}

/// Whether it comes true in time.
fn within_or(limit: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if is_true() {
            return true;
        }
        thread::sleep(Duration::from_millis(100));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five rounds of all moods, in which every order takes as long as every other.
    fn rounds() -> BTreeMap<&'static str, Vec<Times>> {
        let usual = vec![Duration::from_millis(4); 200];
        let times = Times { quiet: usual.clone(), mood: usual };
        MOODS.iter().map(|(name, _)| (*name, vec![times.clone(); 5])).collect()
    }

    fn worst(times: &BTreeMap<&str, Vec<Times>>, is_of_each: bool) -> (String, f64) {
        slower(times, is_of_each).swap_remove(0)
    }

    #[test]
    fn a_mood_in_which_some_orders_stall_is_found_among_others() {
        let mut times = rounds();
        assert_eq!(worst(&times, true).1, 1.0);
        for round in times.entry("silent").or_default() {
            round.mood[..10].fill(Duration::from_secs(1));
        }
        assert_eq!(worst(&times, true), ("silent".to_owned(), 250.0));
        assert_eq!(slower(&times, true)[1].1, 1.0, "each is judged by itself");
        // One in twenty of one mood in twelve is less than one in a hundred of all.
        assert_eq!(worst(&times, false).1, 1.0);
    }

    #[test]
    fn bad_luck_in_some_rounds_is_no_slow_mood() {
        let mut times = rounds();
        for (round, name) in [(0, "451"), (1, "451"), (2, "550")] {
            times.entry(name).or_default()[round].mood.fill(Duration::from_secs(1));
        }
        assert_eq!(worst(&times, true).1, 1.0, "at most two rounds of five of one mood");
        times.entry("451").or_default()[2].mood.fill(Duration::from_secs(1));
        assert_eq!(worst(&times, true), ("451".to_owned(), 250.0));
    }
}
