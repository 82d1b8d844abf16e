//! Buyers who order without pause and write down what they sent and what they were told.

use std::{
    iter,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    OnDrop,
    client::{Client, Reply},
    journal::Journal,
    shop::Shop,
};

/// An order that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its total in minor units.
    pub total: i64,
}

impl Acknowledged {
    /// What an order says of itself.
    #[track_caller]
    pub fn read(order: &Value) -> Self {
        let text = |name: &str| order[name].as_str().unwrap_or_else(|| panic!("no {name}: {order}")).to_owned();
        let total = order["total"]["amount"].as_i64().unwrap_or_else(|| panic!("no total: {order}"));
        Self { id: text("id"), number: text("number"), total }
    }
}

/// What the buyer knows of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was acknowledged.
    Acknowledged(Acknowledged),
    /// It was refused with this status.
    Refused(u16),
    /// No reply came. The connection told this.
    Unknown(String),
}

/// What the buyer knows of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The order is cancelled.
    Cancelled,
    /// It was refused with this status.
    Refused(u16),
    /// No reply came. The connection told this.
    Unknown(String),
}

/// A cancellation that a buyer asked for.
#[derive(Clone, Debug)]
pub struct Cancel {
    /// What they know of it.
    pub word: Word,
    /// When it was sent.
    pub at: Instant,
    /// After how long the reply was there, or was known not to come.
    pub took: Duration,
    /// When the first reply was known not to come, of those who asked again.
    pub lost_at: Option<Instant>,
}

impl Cancel {
    /// One that is sent now, and of which this is known.
    pub(crate) fn new(word: Word) -> Self {
        Self { word, at: Instant::now(), took: Duration::ZERO, lost_at: None }
    }

    /// One that is about to be sent.
    fn begun() -> Self {
        Self::new(Word::Unknown("not answered yet".to_owned()))
    }

    const fn is_unanswered(&self) -> bool {
        matches!(self.word, Word::Unknown(_))
    }
}

/// An order that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its idempotency key.
    pub key: String,
    /// Who ordered.
    pub buyer: usize,
    /// What was sent.
    pub body: Value,
    /// What the buyer knows of it.
    pub fate: Fate,
    /// When it was sent.
    pub at: Instant,
    /// After how long the reply was there, or was known not to come.
    pub took: Duration,
    /// When the first reply was known not to come, of those who asked again.
    pub lost_at: Option<Instant>,
    /// Whether the reply is the one that was given, or would have been, before.
    pub is_replay: bool,
    /// Its cancellation, if its buyer asked for one after they were told that it was placed.
    pub cancel: Option<Cancel>,
}

/// What a buyer does who gets no reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unanswered {
    Stop,
    OrderNext,
    AskAgain,
}

/// How long a buyer asks for a reply, and how long they wait in between.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(15);

/// One order in so many is cancelled by its buyer, where some are.
const CANCELLED_EVERY: u64 = 8;
/// Of so many orders at least one is cancelled, but for once in hundreds of millions of times.
const SOME_CANCELLED_OF: u64 = 150;

/// Whether nobody asked to cancel anything, among so many orders that somebody should have, where buyers cancel some.
#[must_use]
pub const fn is_nothing_cancelled(placed: u64, cancelled: u64) -> bool {
    placed >= SOME_CANCELLED_OF && cancelled == 0
}

/// Orders from several buyers at once.
pub struct Load<'a> {
    shop: &'a Shop,
    label: String,
    next: AtomicUsize,
    is_over: AtomicBool,
    unanswered: Unanswered,
    journal: Option<&'a Journal>,
    /// What chance says which orders are cancelled by.
    regrets: Option<u64>,
    /// How long a buyer rests after an order.
    rest: Duration,
}

impl<'a> Load<'a> {
    /// Load whose keys begin with `label`. Buyers stop at the first order without a reply.
    pub fn new(shop: &'a Shop, label: &str) -> Self {
        let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (label, unanswered) = (label.to_owned(), Unanswered::Stop);
        Self { shop, label, next, is_over, unanswered, journal: None, regrets: None, rest: Duration::ZERO }
    }

    /// The same with buyers who never stop before they are told to.
    pub fn undeterred(mut self) -> Self {
        self.unanswered = Unanswered::OrderNext;
        self
    }

    /// The same with buyers who repeat an order, with its key, until there is a reply to it.
    #[must_use]
    pub fn asking_again(mut self) -> Self {
        self.unanswered = Unanswered::AskAgain;
        self
    }

    /// The same with buyers who write each order down before they send it, and its answer before the next.
    #[must_use]
    pub fn noted_in(mut self, journal: &'a Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// The same with buyers who cancel some of the orders that they were told are placed; the seed says which.
    #[must_use]
    pub fn cancelling_some(mut self, seed: u64) -> Self {
        self.regrets = Some(seed);
        self
    }

    /// The same with buyers who rest after each order.
    #[must_use]
    pub const fn resting(mut self, rest: Duration) -> Self {
        self.rest = rest;
        self
    }

    /// Where they order.
    #[must_use]
    pub const fn shop(&self) -> &'a Shop {
        self.shop
    }

    /// How many orders were begun.
    pub fn begun(&self) -> usize {
        self.next.load(Ordering::Acquire)
    }

    /// Lets so many buyers order at once while `meanwhile` runs; gives what they sent, and what that gave. `meanwhile`
    /// calls [`Load::end`], or it is called for it.
    pub fn during<T>(&self, threads: usize, meanwhile: impl FnOnce() -> T) -> (Vec<Sent>, T) {
        thread::scope(|scope| {
            let buyers: Vec<_> =
                (0..threads).map(|thread| scope.spawn(move || self.buy(thread % self.shop.buyers.len()))).collect();
            let given = {
                // Also when it panics: otherwise the buyers would order for ever.
                let _end = OnDrop(&self.is_over);
                meanwhile()
            };
            let sent = buyers.into_iter().flat_map(|buyer| buyer.join().expect("a buyer")).collect();
            (sent, given)
        })
    }

    fn buy(&self, buyer: usize) -> Vec<Sent> {
        let client = Client::new(self.shop.address);
        let mut journal = Vec::new();
        while !self.is_over.load(Ordering::Acquire) {
            let number = self.next.fetch_add(1, Ordering::AcqRel);
            let key = format!("{}-{number}", self.label);
            let body = self.shop.order(&key, number);
            let mut sent = self.send(&client, key, buyer, body);
            if self.is_regretted(number) {
                sent = self.cancel(&client, sent);
            }
            let is_lost = matches!(sent.fate, Fate::Unknown(_));
            journal.push(sent);
            if is_lost && self.unanswered == Unanswered::Stop {
                break;
            }
            thread::sleep(self.rest);
        }
        journal
    }

    fn is_regretted(&self, number: usize) -> bool {
        let chance = self.regrets.map(|seed| fastrand::Rng::with_seed(seed.wrapping_add(number as u64)));
        chance.is_some_and(|mut chance| chance.u64(0..CANCELLED_EVERY) == 0)
    }

    /// Cancels what was placed, and writes that down as an order is.
    fn cancel(&self, client: &Client, sent: Sent) -> Sent {
        if !matches!(sent.fate, Fate::Acknowledged(_)) {
            return sent;
        }
        if let Some(journal) = self.journal {
            journal.note(&Sent { cancel: Some(Cancel::begun()), ..sent.clone() });
        }
        let mut sent = cancel(client, self.shop, sent);
        if self.unanswered == Unanswered::AskAgain {
            sent = cancel_again(client, self.shop, sent);
        }
        if let Some(journal) = self.journal {
            journal.note(&sent);
        }
        sent
    }

    fn send(&self, client: &Client, key: String, buyer: usize, body: Value) -> Sent {
        if let Some(journal) = self.journal {
            journal.note(&Sent::new(key.clone(), buyer, body.clone()));
        }
        let mut sent = order(client, self.shop, key, buyer, body);
        if self.unanswered == Unanswered::AskAgain && matches!(sent.fate, Fate::Unknown(_)) {
            sent = ask_again(client, self.shop, sent);
        }
        if let Some(journal) = self.journal {
            journal.note(&sent);
        }
        sent
    }
}

/// Repeats an order that was not answered until it is, or until nobody would wait any longer.
fn ask_again(client: &Client, shop: &Shop, sent: Sent) -> Sent {
    let (at, lost_at) = (sent.at, Instant::now());
    let mut again = sent;
    while matches!(again.fate, Fate::Unknown(_)) && at.elapsed() < PATIENCE {
        thread::sleep(ASK_AGAIN_AFTER);
        again = order(client, shop, again.key, again.buyer, again.body);
    }
    Sent { at, took: at.elapsed(), lost_at: Some(lost_at), ..again }
}

/// Repeats a cancellation that was not answered until it is, or until nobody would wait any longer.
fn cancel_again(client: &Client, shop: &Shop, sent: Sent) -> Sent {
    let Some(at) = sent.cancel.as_ref().filter(|cancel| cancel.is_unanswered()).map(|cancel| cancel.at) else {
        return sent;
    };
    let lost_at = Instant::now();
    let mut again = sent;
    while again.cancel.as_ref().is_some_and(Cancel::is_unanswered) && at.elapsed() < PATIENCE {
        thread::sleep(ASK_AGAIN_AFTER);
        again = cancel(client, shop, again);
    }
    again.cancel = again.cancel.map(|cancel| Cancel { at, took: at.elapsed(), lost_at: Some(lost_at), ..cancel });
    again
}

impl Sent {
    /// How long its buyer waited for each of its answers.
    pub fn waits(&self) -> impl Iterator<Item = Duration> {
        iter::once(self.took).chain(self.cancel.as_ref().map(|cancel| cancel.took))
    }

    /// An order that is about to be sent.
    pub(crate) fn new(key: String, buyer: usize, body: Value) -> Self {
        let fate = Fate::Unknown("not answered yet".to_owned());
        Self {
            key,
            buyer,
            body,
            fate,
            at: Instant::now(),
            took: Duration::ZERO,
            lost_at: None,
            is_replay: false,
            cancel: None,
        }
    }
}

/// Places an order, or repeats one with its key and body.
pub fn order(client: &Client, shop: &Shop, key: String, buyer: usize, body: Value) -> Sent {
    let mut sent = Sent::new(key, buyer, body);
    sent.fate = match client.post(&shop.buyers[buyer], "/v1/orders", &sent.key, &sent.body) {
        Ok(reply) if reply.status == 201 => {
            sent.is_replay = reply.is_replay();
            Fate::Acknowledged(Acknowledged::read(&reply.json()))
        }
        Ok(reply) => {
            assert!(reply.status != 503 || reply.retry_after().is_some(), "nobody says when to come back: {reply:?}");
            Fate::Refused(reply.status)
        }
        Err(error) => Fate::Unknown(error.to_string()),
    };
    sent.took = sent.at.elapsed();
    sent
}

/// Cancels an order that was acknowledged. To ask again is harmless: whoever has cancelled it already is told that it is cancelled.
///
/// # Panics
/// When a shop that is busy does not say when to come back.
pub fn cancel(client: &Client, shop: &Shop, mut sent: Sent) -> Sent {
    let Fate::Acknowledged(order) = &sent.fate else { return sent };
    let token = &shop.buyers[sent.buyer];
    let mut cancel = Cancel::begun();
    cancel.word = match client.post(token, &format!("/v1/orders/{}/cancel", order.id), "", &json!({})) {
        Ok(reply) => word_of(&reply),
        Err(error) => Word::Unknown(error.to_string()),
    };
    cancel.took = cancel.at.elapsed();
    sent.cancel = Some(cancel);
    sent
}

/// What a reply says of a cancellation. The first and a repeated one are judged alike.
fn word_of(reply: &Reply) -> Word {
    if reply.status == 200 && reply.json()["status"] == "cancelled" {
        return Word::Cancelled;
    }
    assert!(reply.status != 503 || reply.retry_after().is_some(), "nobody says when to come back: {reply:?}");
    Word::Refused(reply.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancellation_is_done_when_the_order_is_cancelled_and_refused_when_not() {
        let word = |status: u16, body: &Value| {
            let (headers, body) = (ureq::http::HeaderMap::new(), body.to_string().into_bytes());
            word_of(&Reply { status, headers, body })
        };
        assert_eq!(word(200, &json!({"status": "cancelled"})), Word::Cancelled);
        assert_eq!(word(200, &json!({"status": "pending"})), Word::Refused(200));
        // Also of one that is cancelled already: to ask twice is harmless.
        let refused = json!({"code": "transition_not_allowed", "status": 409, "allowed": []});
        assert_eq!(word(409, &refused), Word::Refused(409));
    }

    #[test]
    fn where_nobody_cancels_anything_the_buyers_show_nothing_of_it() {
        assert!(is_nothing_cancelled(150, 0) && !is_nothing_cancelled(150, 1));
        assert!(!is_nothing_cancelled(149, 0), "that may be chance");
    }
}
