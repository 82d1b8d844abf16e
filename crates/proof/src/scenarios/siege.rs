//! A shop under siege: buyers order without pause, the program ends in the middle, starts again, and is asked what became of every
//! order. What `kill`, `crash-points` and the mail server's moods have in common.

use std::{
    collections::HashMap,
    fmt,
    ops::AddAssign,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::ground::Ground;
use crate::{
    harness::{
        audit::{Audit, is_cancelled},
        client::Client,
        journal::Journal,
        load::{Fate, Load, Sent, Word, is_nothing_cancelled, order},
        server::{Launch, Server},
        shop::{Shop, text},
        smtp::{Kept, MailServer},
        within,
    },
    judge::thousands,
    scenario::{Outcome, Run},
};

/// How many sieges there were: each keeps its journal.
static SIEGES: AtomicU64 = AtomicU64::new(0);
/// How long the mails may take at the end, and how long none of them may move.
const DRAIN_MAX: Duration = Duration::from_secs(600);
const STUCK_MAX: Duration = Duration::from_secs(20);
/// Between two looks at what the mail server has.
const PAUSE: Duration = Duration::from_millis(100);
/// How long clients order after a start.
const AFTER_START: Duration = Duration::from_millis(50);
/// One end in so many is looked at before the next start.
const CHECK_EVERY: u64 = 10;
const ACCOUNTS: usize = 4;

/// The shop, its besiegers and what they wrote down.
pub(super) struct Siege {
    ground: Ground,
    pub(super) shop: Shop,
    pub(super) mail_server: MailServer,
    pub(super) outcome: Outcome,
    journal: Journal,
    journal_path: PathBuf,
    /// Which orders are cancelled.
    seed: u64,
    clients: usize,
    /// From the start of the process to the first good reply, where that is asked for.
    ready_max: Option<Duration>,
    rounds: u64,
    tally: Tally,
}

/// When a server ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// What was sent before, and lost its reply, was under way then.
    pub(super) at: Instant,
    /// Before this moment no reply can be lost.
    pub(super) not_before: Instant,
}

/// What sieges came to, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Orders, and the ones of these that were cancelled.
    orders: u64,
    cancelled: u64,
    /// Replies that were lost, and orders that had been placed all the same.
    lost_replies: u64,
    placed_unheard: u64,
    /// Ends of a server, and the ones of these that broke somebody's request off.
    ends: u64,
    met: u64,
}

impl Tally {
    /// How many ends broke somebody's request off.
    pub(super) const fn met(&self) -> u64 {
        self.met
    }

    /// Whether nobody cancelled anything, among orders of which some are cancelled.
    pub(super) const fn is_nothing_cancelled(&self) -> bool {
        is_nothing_cancelled(self.orders, self.cancelled)
    }

    /// Whether so few ends met anybody's request that they show little.
    pub(super) const fn is_idle(&self) -> bool {
        2 * self.met < self.ends
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.orders += other.orders;
        self.cancelled += other.cancelled;
        self.lost_replies += other.lost_replies;
        self.placed_unheard += other.placed_unheard;
        self.ends += other.ends;
        self.met += other.met;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [orders, cancelled, lost, placed] =
            [self.orders, self.cancelled, self.lost_replies, self.placed_unheard].map(thousands);
        write!(
            f,
            "{orders} orders, {cancelled} of them cancelled, {lost} lost replies, {placed} orders placed unheard"
        )?;
        if self.ends > 0 {
            write!(f, "; {} of {} ends met somebody", thousands(self.met), thousands(self.ends))?;
        }
        Ok(())
    }
}

impl Siege {
    /// A new shop with so many clients, on the engine of the run.
    pub(super) fn begin(run: &Run, name: &str, clients: usize) -> (Self, Server) {
        let mail_server = MailServer::start();
        let ground = Ground::new(run, &["--smtp-url", &mail_server.url()]);
        let server = ground.launch.start();
        let shop = Shop::fill(ground.launch.address, ACCOUNTS);
        let number = SIEGES.fetch_add(1, Ordering::Relaxed);
        let journal_path = run.folder.join(format!("{name}-{}-{}-{number}.journal", run.engine, run.seed));
        // What a run before this one wrote down is about another shop.
        drop(std::fs::remove_file(&journal_path));
        let journal = Journal::new(&journal_path);
        let siege = Self {
            ground,
            shop,
            mail_server,
            outcome: Outcome::default(),
            journal,
            journal_path,
            seed: run.seed,
            clients,
            ready_max: None,
            rounds: 0,
            tally: Tally::default(),
        };
        (siege, server)
    }

    /// The same where each start is to be ready within so long.
    pub(super) const fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_max = Some(limit);
        self
    }

    /// What it came to so far.
    pub(super) const fn tally(&self) -> Tally {
        self.tally
    }

    /// How the server is started.
    pub(super) fn launch(&mut self) -> &mut Launch {
        &mut self.ground.launch
    }

    /// Starts the build that can be made to fail in the server's place, until it is ready or has ended.
    pub(super) fn arm(&mut self, server: Server, faults: &str) -> Server {
        server.stop();
        self.ground.launch.set_faults(Some(faults.to_owned()));
        let armed = self.ground.launch.start_or_end();
        self.ground.launch.set_faults(None);
        armed
    }

    /// Load while `meanwhile` runs; every order must be acknowledged.
    pub(super) fn load(&mut self, meanwhile: impl FnOnce()) -> Vec<Sent> {
        self.rounds += 1;
        let load = Load::new(&self.shop, &format!("round-{}", self.rounds)).noted_in(&self.journal);
        let (sent, ()) = load.during(self.clients, meanwhile);
        sent.iter().for_each(|sent| self.outcome.answered(&sent.key, sent.took));
        for sent in sent.iter().filter(|sent| !matches!(sent.fate, Fate::Acknowledged(_))) {
            self.outcome.violate(format!("{} came to {:?}", sent.key, sent.fate));
        }
        sent
    }

    /// Load while `end` runs, which ends the server and says when; then a start, which meets the same clients: they ask for what was
    /// not answered until it is. Some cancel what they ordered, in the same way.
    pub(super) fn round(&mut self, end: impl FnOnce() -> End) -> Server {
        self.rounds += 1;
        let load = Load::new(&self.shop, &format!("round-{}", self.rounds)).asking_again().noted_in(&self.journal);
        let load = load.cancelling_some(self.seed ^ (self.rounds << 32));
        let is_checked = self.rounds % CHECK_EVERY == 1;
        let (sent, (end, ready_at, server)) = load.during(self.clients, || {
            let end = end();
            if is_checked {
                // E, as the end left it, before a server could mend anything.
                self.ground.check();
            }
            let server = self.ground.launch.start();
            let ready_at = Instant::now();
            thread::sleep(AFTER_START);
            (end, ready_at, server)
        });
        self.outcome.waited(server.ready_after);
        if self.ready_max.is_some_and(|limit| server.ready_after > limit) {
            self.outcome.violate(format!("round {}: ready after {:?} only", self.rounds, server.ready_after));
        }
        let mut is_met = false;
        for sent in &sent {
            is_met |= self.judge_wait(&sent.key, (sent.at, sent.took, sent.lost_at), end, ready_at);
            self.tally.placed_unheard += u64::from(sent.lost_at.is_some() && sent.is_replay);
            if !matches!(sent.fate, Fate::Acknowledged(_)) {
                self.outcome.violate(format!("{} came to {:?}", sent.key, sent.fate));
            }
            let Some(cancel) = &sent.cancel else { continue };
            let what = format!("the cancellation of {}", sent.key);
            is_met |= self.judge_wait(&what, (cancel.at, cancel.took, cancel.lost_at), end, ready_at);
            if cancel.word != Word::Cancelled {
                self.outcome.violate(format!("{what} came to {:?}", cancel.word));
            }
        }
        self.tally.ends += 1;
        self.tally.met += u64::from(is_met);
        self.repeat_some(&sent);
        server
    }

    /// Looks at when something was sent, how long it took, and when a reply to it was lost. Gives whether it was under way when the
    /// server ended.
    fn judge_wait(
        &mut self,
        what: &str,
        (at, took, lost_at): (Instant, Duration, Option<Instant>),
        end: End,
        ready_at: Instant,
    ) -> bool {
        // Nobody is answered while there is no server.
        let since = if lost_at.is_some() { at.max(ready_at) } else { at };
        self.outcome.answered(what, (at + took).saturating_duration_since(since));
        let Some(lost_at) = lost_at else { return false };
        self.tally.lost_replies += 1;
        if lost_at < end.not_before {
            self.outcome.violate(format!("{what} broke off before the end"));
        }
        at < end.at
    }

    /// Repeats some of what was answered: the reply must be the one that was given.
    pub(super) fn repeat_some(&mut self, sent: &[Sent]) {
        let client = Client::new(self.ground.launch.address);
        let mut answered = sent.iter().filter(|sent| matches!(sent.fate, Fate::Acknowledged(_)));
        let first_and_last: Vec<_> = answered.next().into_iter().chain(answered.next_back()).collect();
        for sent in first_and_last {
            let again = order(&client, &self.shop, sent.key.clone(), sent.buyer, sent.body.clone());
            if again.fate != sent.fate {
                let Sent { key, fate, .. } = sent;
                self.outcome.violate(format!("{key} was answered with {fate:?}, and repeated with {:?}", again.fate));
            }
        }
    }

    /// A, B and C: what is there is what was acknowledged, once each, and the stock is what was not sold or was given back.
    pub(super) fn audit(&mut self) -> Audit {
        self.shop.renew_tokens();
        let journal = self.journal.read();
        let orders = Audit::of(&self.shop);
        assert_eq!(orders.compare(&journal), Vec::<String>::new(), "everything was asked until it was answered");
        assert_eq!(orders.count(), journal.len());
        orders.compare_stock(&self.shop);
        orders
    }

    /// D: every mail that counts as sent has arrived; every one that arrived was written, went to whom it was written to, and always
    /// has the same Message-ID. Gives all that were written.
    pub(super) fn prove_delivered(&mut self) -> Vec<Value> {
        let written = self.shop.all(&self.shop.owner, "/v1/admin/mails?");
        self.outcome.violations.extend(wrong_deliveries(&self.mail_server.kept(), &written));
        written
    }

    /// D: each order has one mail that says it was placed, and one that says it was cancelled if it was; all to its buyer, sent, and
    /// arrived, the first one first.
    fn prove_mails(&mut self, orders: &Audit) {
        let written = self.prove_delivered();
        self.outcome.violations.extend(wrong_mails(orders.all(), &written));
        self.outcome.violations.extend(wrong_turns(&self.mail_server.kept(), &written));
    }

    /// An hour later no mail waits any more, by itself: what dead workers had leased is due again, and so is every second try.
    fn wait_for_mails(&self) {
        let (mut arrived, mut since) = (self.mail_server.count(), Instant::now());
        within(DRAIN_MAX, "the last mails", || {
            thread::sleep(PAUSE);
            if self.mail_server.count() > arrived {
                // To list those that still wait would take longer than to send them.
                (arrived, since) = (self.mail_server.count(), Instant::now());
                return None;
            }
            let pending = self.shop.pending_mails().len();
            assert!(since.elapsed() < STUCK_MAX, "{pending} mails wait, and nothing has moved for {STUCK_MAX:?}");
            (pending == 0).then_some(())
        });
    }

    /// The last audit, of mails too, a proper stop, and the program's own check (E). Gives what was found, and the numbers.
    pub(super) fn end(mut self, server: Server) -> (Outcome, Tally) {
        let orders = self.audit();
        server.stop();
        self.ground.launch.set_clock(Some("+1h"));
        let server = self.ground.launch.start();
        self.shop.renew_tokens();
        self.wait_for_mails();
        self.prove_mails(&orders);
        server.stop();
        self.mail_server.end();
        self.ground.check();
        self.tally.orders = orders.count() as u64;
        self.tally.cancelled = orders.all().filter(|order| is_cancelled(order)).count() as u64;
        self.outcome.injected = self.tally.to_string();
        if self.outcome.violations.is_empty() {
            // The journal is of use to those who look for what went wrong.
            drop(std::fs::remove_file(&self.journal_path));
        }
        (self.outcome, self.tally)
    }
}

/// What is wrong with the mails that arrived, compared with those that were written.
fn wrong_deliveries(kept: &[Kept], written: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let written_by_id: HashMap<String, &Value> = written.iter().map(|mail| (text(&mail["id"]), mail)).collect();
    let mut message_ids: HashMap<&str, &str> = HashMap::new();
    for mail in kept {
        match written_by_id.get(&mail.id) {
            Some(_) if !mail.message_id.ends_with('>') => wrong.push(format!("a mail that nobody wrote: {mail:?}")),
            Some(was) if was["to"] != mail.to => wrong.push(format!("this went to {}: {was}", mail.to)),
            Some(_) => {}
            None => wrong.push(format!("a mail that nobody wrote: {mail:?}")),
        }
        let first = message_ids.entry(&mail.id).or_insert(&mail.message_id);
        if *first != mail.message_id {
            wrong.push(format!("one mail went out as {first} and as {}", mail.message_id));
        }
    }
    let sent = written.iter().filter(|mail| mail["status"] == "sent");
    for mail in sent.filter(|mail| !message_ids.contains_key(text(&mail["id"]).as_str())) {
        wrong.push(format!("this mail counts as sent and never arrived: {mail}"));
    }
    wrong
}

/// Which orders' cancellations arrived before it was told that the order was placed: mails about one order go out in the order in which
/// they were written. A mail that came several times counts when it came first.
fn wrong_turns(kept: &[Kept], written: &[Value]) -> Vec<String> {
    let mut arrived: HashMap<&str, usize> = HashMap::new();
    for (place, mail) in kept.iter().enumerate() {
        arrived.entry(&mail.id).or_insert(place);
    }
    let about = |template: &str| -> HashMap<String, String> {
        let mails = written.iter().filter(|mail| mail["template"] == template);
        mails.map(|mail| (text(&mail["order_id"]), text(&mail["id"]))).collect()
    };
    let (placed, cancelled) = (about("order_placed"), about("order_cancelled"));
    let is_early = |order: &String, cancelled: &String| {
        let Some(placed) = placed.get(order) else { return false };
        let places = arrived.get(placed.as_str()).zip(arrived.get(cancelled.as_str()));
        // Of two ids of one millisecond nobody knows which was first.
        millisecond(placed) != millisecond(cancelled) && places.is_some_and(|(placed, cancelled)| cancelled < placed)
    };
    let early = cancelled.iter().filter(|(order, cancelled)| is_early(order, cancelled));
    early.map(|(order, _)| format!("that {order} was cancelled arrived before that it was placed")).collect()
}

/// The part of a UUIDv7 that says when it was made (RFC 9562).
fn millisecond(id: &str) -> &str {
    id.get(..13).unwrap_or(id)
}

/// What is wrong with the mails that were written, compared with the orders that they are about.
fn wrong_mails<'a>(orders: impl Iterator<Item = &'a Value>, written: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    // Of each order those that say that it was placed, and those that say that it was cancelled.
    let mut about: HashMap<String, [Vec<&Value>; 2]> = HashMap::new();
    for mail in written {
        let kind = match mail["template"].as_str() {
            Some("order_placed") => 0,
            Some("order_cancelled") => 1,
            _ => continue,
        };
        about.entry(text(&mail["order_id"])).or_default()[kind].push(mail);
        if mail["status"] != "sent" {
            wrong.push(format!("nobody sends this mail: {mail}"));
        }
    }
    for order in orders {
        let [placed, cancelled] = about.remove(&text(&order["id"])).unwrap_or_default();
        let (count, due) = ((placed.len(), cancelled.len()), (1, usize::from(is_cancelled(order))));
        if count != due {
            wrong.push(format!("there are {count:?} mails about this order instead of {due:?}: {order}"));
        }
        for mail in placed.into_iter().chain(cancelled).filter(|mail| mail["to"] != order["email"]) {
            wrong.push(format!("this mail is not to the buyer of its order, {}: {mail}", order["email"]));
        }
    }
    wrong.extend(about.into_values().map(|mails| format!("these mails are about no order: {mails:?}")));
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANN: &str = "ann@example.com";
    const BOB: &str = "bob@example.com";

    fn order(status: &str) -> Value {
        json!({"id": "order", "email": ANN, "status": status})
    }

    fn mail(template: &str, to: &str) -> Value {
        json!({"id": template, "template": template, "order_id": "order", "status": "sent", "to": to})
    }

    fn kept(id: &str, to: &str) -> Kept {
        Kept { id: id.to_owned(), message_id: format!("<{id}@shop>"), to: to.to_owned(), at: Instant::now() }
    }

    #[test]
    fn each_order_has_its_mails_and_its_buyer_has_them() {
        let [placed, cancelled] = ["order_placed", "order_cancelled"].map(|template| mail(template, ANN));
        let wrong = |status: &str, mails: &[Value]| wrong_mails([order(status)].iter(), mails).len();
        assert_eq!(wrong("pending", std::slice::from_ref(&placed)), 0);
        assert_eq!(wrong("cancelled", &[placed.clone(), cancelled.clone()]), 0);
        assert_eq!(wrong("pending", &[]), 1);
        assert_eq!(wrong("cancelled", std::slice::from_ref(&placed)), 1, "nobody told that it was cancelled");
        assert_eq!(wrong("pending", &[placed, cancelled]), 1, "it was not");
        assert_eq!(wrong("pending", &[mail("order_placed", BOB)]), 1, "it is Ann's");
        assert_eq!(wrong_mails(std::iter::empty(), &[mail("order_placed", ANN)]).len(), 1, "there is no such order");
    }

    #[test]
    fn mails_arrive_where_they_were_written_to() {
        let written = [mail("order_placed", ANN)];
        assert_eq!(wrong_deliveries(&[kept("order_placed", ANN)], &written), Vec::<String>::new());
        assert_eq!(wrong_deliveries(&[kept("order_placed", BOB)], &written).len(), 1);
        assert_eq!(wrong_deliveries(&[], &written).len(), 1, "it never arrived");
        assert_eq!(wrong_deliveries(&[kept("order_placed", ANN), kept("other", ANN)], &written).len(), 1);
        let other = Kept { message_id: "<other@shop>".to_owned(), ..kept("order_placed", ANN) };
        assert_eq!(wrong_deliveries(&[kept("order_placed", ANN), other], &written).len(), 1);
    }

    #[test]
    fn what_was_written_first_arrives_first() {
        const PLACED: &str = "01900000-0000-7000-8000-000000000001";
        const CANCELLED: &str = "01900000-0001-7000-8000-000000000000";
        let written = |cancelled: &str| {
            [("order_placed", PLACED), ("order_cancelled", cancelled)].map(|(template, id)| {
                json!({"id": id, "template": template, "order_id": "order", "status": "sent", "to": ANN})
            })
        };
        let wrong = |ids: &[&str], cancelled: &str| {
            let kept: Vec<Kept> = ids.iter().map(|id| kept(id, ANN)).collect();
            wrong_turns(&kept, &written(cancelled)).len()
        };
        assert_eq!(wrong(&[PLACED, CANCELLED], CANCELLED), 0);
        assert_eq!(wrong(&[CANCELLED, PLACED], CANCELLED), 1);
        assert_eq!(
            wrong(&[PLACED, CANCELLED, PLACED], CANCELLED),
            0,
            "it was not known to have arrived, and came again"
        );
        assert_eq!(wrong(&[CANCELLED, PLACED, CANCELLED], CANCELLED), 1);
        assert_eq!(wrong(&[CANCELLED], CANCELLED), 0, "what never arrived is found elsewhere");
        let at_once = "01900000-0000-7000-8000-000000000000";
        assert_eq!(wrong(&[at_once, PLACED], at_once), 0, "of one millisecond");
    }

    #[test]
    fn ends_that_meet_nobody_show_little() {
        let mut tally = Tally { ends: 3, met: 2, ..Tally::default() };
        assert!(!tally.is_idle());
        tally += Tally { ends: 2, ..Tally::default() };
        assert!(tally.is_idle(), "2 of 5");
    }
}
