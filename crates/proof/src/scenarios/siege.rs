//! A shop under siege: buyers order without pause, the program ends in the middle, starts again, and is asked what became of every
//! order. What `kill`, `crash-points` and the mail server's moods have in common.

use std::{
    collections::HashSet,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

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

/// From the start of the process to the first good reply.
const READY_MAX: Duration = Duration::from_secs(1);
/// How long the mails that are due may take at the end.
const DRAIN_MAX: Duration = Duration::from_secs(60);
/// How many of the mails that a dead worker had leased are asked for at once.
const RESENT_MAX: usize = 300;
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
    rounds: u64,
    /// Orders whose reply was lost, and of these the ones that had been placed all the same.
    lost_replies: usize,
    placed_unheard: usize,
}

impl Siege {
    /// A new shop with so many clients, on the engine of the run.
    pub(super) fn begin(run: &Run, name: &str, clients: usize) -> (Self, Server) {
        let mail_server = MailServer::start();
        let ground = Ground::new(run, &["--smtp-url", &mail_server.url()]);
        let server = ground.launch.start();
        let shop = Shop::fill(ground.launch.address, ACCOUNTS);
        let journal_path = run.folder.join(format!("{name}-{}-{}.journal", run.engine, run.seed));
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
            rounds: 0,
            lost_replies: 0,
            placed_unheard: 0,
        };
        (siege, server)
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

    /// Load while `meanwhile` runs, which ends the server and says when; then a start, and every unanswered order again.
    pub(super) fn round(&mut self, meanwhile: impl FnOnce() -> Instant) -> Server {
        self.rounds += 1;
        let load = Load::new(&self.shop, &format!("round-{}", self.rounds)).noted_in(&self.journal);
        let (sent, ended_at) = load.during(self.clients, meanwhile);
        for sent in &sent {
            match &sent.fate {
                Fate::Acknowledged(_) => {}
                Fate::Refused(status) => self.outcome.violate(format!("{} was refused with {status}", sent.key)),
                Fate::Unknown(error) if sent.at + sent.took < ended_at => {
                    self.outcome.violate(format!("{} broke off before the end: {error}", sent.key));
                }
                Fate::Unknown(_) => {}
            }
        }
        let server = self.ground.launch.start();
        self.outcome.waited(server.ready_after);
        if server.ready_after > READY_MAX {
            self.outcome.violate(format!("round {}: ready after {:?} only", self.rounds, server.ready_after));
        }
        self.ask_again(sent);
        server
    }

    /// Repeats what was not answered, with the same keys, and some of what was: the reply must be the one that was given.
    fn ask_again(&mut self, sent: Vec<Sent>) {
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
        for sent in sent.into_iter().filter(|sent| matches!(sent.fate, Fate::Unknown(_))) {
            self.lost_replies += 1;
            let before = self.newest_number(&client);
            let again = order(&client, &self.shop, sent.key, sent.buyer, sent.body);
            self.placed_unheard += usize::from(self.newest_number(&client) == before);
            if !matches!(again.fate, Fate::Acknowledged(_)) {
                self.outcome.violate(format!("{} was not placed at last: {:?}", again.key, again.fate));
            }
            self.journal.note(&again);
        }
    }

    /// The number of the newest order: it stays the same when an order had been placed before it was asked for again.
    fn newest_number(&self, client: &Client) -> Value {
        let page = client.get_as(&self.shop.owner, "/v1/admin/orders?limit=1").expect("a reply").expect(200);
        page["items"][0]["number"].clone()
    }

    /// Has the program compare the data with themselves: as an end left them, before a server could mend anything.
    pub(super) fn check(&self) {
        self.ground.check();
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

    /// D: each order has one mail that says it was placed, and it was sent or is on its way.
    fn prove_mails(&mut self, orders: &Audit) {
        let leased = self.wait_for_the_rest();
        let some: HashSet<String> = leased.iter().take(RESENT_MAX).cloned().collect();
        let client = Client::new(self.shop.address);
        for id in &some {
            let path = format!("/v1/admin/mails/{id}/resend");
            client.post(&self.shop.owner, &path, "", &json!({})).expect("a reply").expect(202);
        }
        within(DRAIN_MAX, "the mails that were asked for", || some.is_disjoint(&self.pending()).then_some(()));

        let mut of_order: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let kept = self.mail_server.times_kept();
        let mut placed = self.shop.all(&self.shop.owner, "/v1/admin/mails?");
        placed.retain(|mail| mail["template"] == "order_placed");
        for mail in &placed {
            *of_order.entry(text(&mail["order_id"])).or_default() += 1;
            let id = text(&mail["id"]);
            match mail["status"].as_str() {
                Some("sent") if kept.contains_key(&id) => {}
                Some("sent") => self.outcome.violate(format!("this mail counts as sent and never arrived: {mail}")),
                Some("pending") if leased.contains(&id) => {}
                _ => self.outcome.violate(format!("nobody sends this mail: {mail}")),
            }
        }
        for id in orders.ids().filter(|id| of_order.get(*id) != Some(&1)) {
            let count = of_order.get(id).copied().unwrap_or_default();
            self.outcome.violate(format!("the order {id} has {count} mails instead of one"));
        }
        if placed.len() != orders.count() {
            self.outcome.violate(format!("{} mails about {} orders", placed.len(), orders.count()));
        }
        for mail in self.mail_server.kept() {
            if !mail.message_id.ends_with('>') || mail.id.is_empty() {
                self.outcome.violate(format!("a mail without a Message-ID: {mail:?}"));
            }
        }
    }

    /// Waits until only those mails wait that a dead worker had leased: until nothing moves any more.
    fn wait_for_the_rest(&self) -> HashSet<String> {
        let mut before = usize::MAX;
        within(DRAIN_MAX, "the mails that are due", || {
            let pending = self.pending();
            let moves = pending.len() != before;
            before = pending.len();
            thread::sleep(Duration::from_millis(500));
            (!moves).then_some(pending)
        })
    }

    fn pending(&self) -> HashSet<String> {
        let mails = self.shop.all(&self.shop.owner, "/v1/admin/mails?status=pending&");
        mails.iter().map(|mail| text(&mail["id"])).collect()
    }

    /// The last audit, of mails too, a proper stop, and the program's own check (E).
    pub(super) fn end(mut self, server: Server) -> Outcome {
        let orders = self.audit();
        self.prove_mails(&orders);
        server.stop();
        self.mail_server.end();
        self.check();
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
