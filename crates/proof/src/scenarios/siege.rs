//! A shop under siege: buyers order without pause, the program ends in the middle, starts again, and is asked what became of every
//! order. What `kill`, `crash-points` and the mail server's moods have in common.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::ground::Ground;
use crate::{
    harness::{
        audit::Audit,
        client::Client,
        journal::Journal,
        load::{Fate, Load, Sent, order},
        server::{Launch, Server},
        shop::{Shop, text},
        smtp::MailServer,
        within,
    },
    scenario::{Outcome, Run},
};

/// How long an order may take while there is a server, whoever asks beside it (F).
const ANSWERED_MAX: Duration = Duration::from_secs(10);
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
    clients: usize,
    /// From the start of the process to the first good reply, where that is asked for.
    ready_max: Option<Duration>,
    rounds: u64,
    /// Orders whose reply was lost, the ones of these that were under way when a server ended, and the ones that had been placed all the same.
    lost_replies: usize,
    broken_off: usize,
    placed_unheard: usize,
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
            clients,
            ready_max: None,
            rounds: 0,
            lost_replies: 0,
            broken_off: 0,
            placed_unheard: 0,
        };
        (siege, server)
    }

    /// The same where each start is to be ready within so long.
    pub(super) const fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_max = Some(limit);
        self
    }

    /// How many orders were under way so far when a server ended.
    pub(super) const fn broken_off(&self) -> usize {
        self.broken_off
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
        for sent in sent.iter().filter(|sent| !matches!(sent.fate, Fate::Acknowledged(_))) {
            self.outcome.violate(format!("{} came to {:?}", sent.key, sent.fate));
        }
        sent
    }

    /// Load while `end` runs, which ends the server and says when; then a start, which meets the same clients: they ask for what was
    /// not answered until it is.
    pub(super) fn round(&mut self, end: impl FnOnce() -> Instant) -> Server {
        self.rounds += 1;
        let load = Load::new(&self.shop, &format!("round-{}", self.rounds)).asking_again().noted_in(&self.journal);
        let is_checked = self.rounds % CHECK_EVERY == 1;
        let (sent, (ended_at, ready_at, server)) = load.during(self.clients, || {
            let ended_at = end();
            if is_checked {
                // E, as the end left it, before a server could mend anything.
                self.ground.check();
            }
            let server = self.ground.launch.start();
            let ready_at = Instant::now();
            thread::sleep(AFTER_START);
            (ended_at, ready_at, server)
        });
        self.outcome.waited(server.ready_after);
        if self.ready_max.is_some_and(|limit| server.ready_after > limit) {
            self.outcome.violate(format!("round {}: ready after {:?} only", self.rounds, server.ready_after));
        }
        for sent in &sent {
            // Nobody is answered while there is no server.
            let since = if sent.lost_at.is_some() { sent.at.max(ready_at) } else { sent.at };
            let answered_after = (sent.at + sent.took).saturating_duration_since(since);
            self.outcome.waited(answered_after);
            if answered_after > ANSWERED_MAX {
                self.outcome.violate(format!("{} was answered after {answered_after:?} only", sent.key));
            }
            if let Some(lost_at) = sent.lost_at {
                self.lost_replies += 1;
                self.broken_off += usize::from(sent.at < ended_at);
                self.placed_unheard += usize::from(sent.is_replay);
                if lost_at < ended_at {
                    self.outcome.violate(format!("{} broke off before the end", sent.key));
                }
            }
            if !matches!(sent.fate, Fate::Acknowledged(_)) {
                self.outcome.violate(format!("{} came to {:?}", sent.key, sent.fate));
            }
        }
        self.repeat_some(&sent);
        server
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

    /// A, B and C: what is there is what was acknowledged, once each, and the stock is what was not sold.
    pub(super) fn audit(&mut self) -> Audit {
        self.shop.renew_tokens();
        let journal = self.journal.read();
        let orders = Audit::of(&self.shop);
        assert_eq!(orders.compare(&journal), Vec::<String>::new(), "everything was asked until it was answered");
        assert_eq!(orders.count(), journal.len());
        orders.compare_stock(&self.shop);
        orders
    }

    /// D: every mail that counts as sent has arrived; every one that arrived was written, and always has the same Message-ID. Gives
    /// all that were written.
    pub(super) fn prove_delivered(&mut self) -> Vec<Value> {
        let written = self.shop.all(&self.shop.owner, "/v1/admin/mails?");
        let ids: HashSet<String> = written.iter().map(|mail| text(&mail["id"])).collect();
        let mut message_ids: HashMap<String, String> = HashMap::new();
        for mail in self.mail_server.kept() {
            if !ids.contains(&mail.id) || !mail.message_id.ends_with('>') {
                self.outcome.violate(format!("a mail that nobody wrote: {mail:?}"));
            }
            let first = message_ids.entry(mail.id).or_insert_with(|| mail.message_id.clone());
            if *first != mail.message_id {
                self.outcome.violate(format!("one mail went out as {first} and as {}", mail.message_id));
            }
        }
        for mail in written.iter().filter(|mail| mail["status"] == "sent") {
            if !message_ids.contains_key(&text(&mail["id"])) {
                self.outcome.violate(format!("this mail counts as sent and never arrived: {mail}"));
            }
        }
        written
    }

    /// D: each order has one mail that says it was placed, and it was sent and has arrived.
    fn prove_mails(&mut self, orders: &Audit) {
        let written = self.prove_delivered();
        let mut of_order: HashMap<String, usize> = HashMap::new();
        for mail in written.iter().filter(|mail| mail["template"] == "order_placed") {
            *of_order.entry(text(&mail["order_id"])).or_default() += 1;
            if mail["status"] != "sent" {
                self.outcome.violate(format!("nobody sends this mail: {mail}"));
            }
        }
        for id in orders.ids().filter(|id| of_order.get(*id) != Some(&1)) {
            let count = of_order.get(id).copied().unwrap_or_default();
            self.outcome.violate(format!("the order {id} has {count} mails instead of one"));
        }
        let about = of_order.values().sum::<usize>();
        if about != orders.count() {
            self.outcome.violate(format!("{about} mails about {} orders", orders.count()));
        }
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

    /// The last audit, of mails too, a proper stop, and the program's own check (E).
    pub(super) fn end(mut self, server: Server) -> Outcome {
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
        self.outcome.injected = format!(
            "{} orders, {} lost replies of which {} had been placed",
            crate::judge::thousands(orders.count() as u64),
            self.lost_replies,
            self.placed_unheard
        );
        if self.outcome.violations.is_empty() {
            // The journal is of use to those who look for what went wrong.
            drop(std::fs::remove_file(&self.journal_path));
        }
        self.outcome
    }
}
