//! Removing what nobody needs any more.

use std::time::Duration;

use commerce::{
    Replied,
    accounts::{EndSession, RefreshSession, Refreshed},
    upkeep::{Sweep, TURN, TakeTurn, Turn, Watched},
};
use model::{SignedDuration, challenge::Purpose, running_time::KEPT, session::SESSION_LIFETIME};
use store::FeedCursor;

use crate::{
    cases::orders::idempotent::{claim, once},
    support::{Shop, at_once, email, hash, line, load, place},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// As if the shop had run for as long as that.
async fn sweep(shop: &Shop) {
    while shop.run(Sweep { before: shop.now() - KEPT }).await.expect("swept") > 0 {}
}

/// A process that asks for its turn from time to time, and removes what may be removed.
struct Process {
    shop: Shop,
    counted: Option<Duration>,
}

impl Process {
    fn start(shop: &Shop) -> Self {
        Self { shop: shop.clone(), counted: None }
    }

    /// Asks `passed` after it asked last.
    async fn ask(&mut self, passed: Duration) -> Turn {
        let watched = self.counted.map(|counted| Watched { counted, passed });
        let turn = self.shop.run(TakeTurn { now: self.shop.now(), watched }).await.expect("an answer");
        self.counted = Some(turn.counted);
        if let Some(before) = turn.kept_from {
            while self.shop.run(Sweep { before }).await.expect("swept") > 0 {}
        }
        turn
    }

    /// Runs for so long, by a clock that goes on as it should.
    async fn run(&mut self, hours: i32) {
        for _ in 0..hours {
            self.shop.pass(TURN);
            self.ask(Duration::from_secs(3_600)).await;
        }
    }
}

pub async fn keys_are_kept_for_their_days(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let attempt = || once(Some(claim(&shop, &ann, "key", 1)), place(&shop, &ann, &[line(&mug, 1)]));
    shop.run(attempt()).await.expect("done");
    shop.pass(KEPT - SignedDuration::from_secs(5));
    sweep(&shop).await;
    assert!(matches!(shop.run(attempt()).await.expect("done"), Replied::Before(_)));
    shop.pass(SignedDuration::from_secs(10));
    sweep(&shop).await;
    assert!(matches!(shop.run(attempt()).await.expect("done"), Replied::New(_)));
}

/// Nor does one that was behind.
pub async fn a_clock_that_is_ahead_for_a_while_removes_nothing(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let order = |key: &'static str| once(Some(claim(&shop, &ann, key, 1)), place(&shop, &ann, &[line(&mug, 1)]));
    let mut process = Process::start(&shop);
    process.run(8 * 24).await;
    let session = shop.sign_in(&ann).await;
    shop.run(order("right")).await.expect("done");

    // It starts, and looks twice, before somebody puts the clock right.
    shop.pass(DAY * 90);
    let mut process = Process::start(&shop);
    process.ask(Duration::ZERO).await;
    process.run(2).await;
    shop.run(order("ahead")).await.expect("done");
    shop.pass(-DAY * 90);
    process.ask(Duration::from_secs(60)).await;
    assert!(matches!(shop.run(order("right")).await.expect("done"), Replied::Before(_)), "it exists once");
    assert!(shop.is_signed_in(session.id).await, "a live session was removed");

    shop.pass(-DAY * 400);
    process.ask(Duration::from_secs(60)).await;
    shop.run(order("behind")).await.expect("done");
    shop.pass(DAY * 400);
    process.run(6 * 24).await;
    for key in ["right", "ahead", "behind"] {
        assert!(matches!(shop.run(order(key)).await.expect("done"), Replied::Before(_)), "{key}");
    }
    // But all of that has an end.
    process.run(2 * 24).await;
    for key in ["right", "behind"] {
        assert!(matches!(shop.run(order(key)).await.expect("done"), Replied::New(_)), "{key}");
    }
}

/// What was written before something old is as old, whatever the clock said at that time.
pub async fn keys_of_a_clock_that_was_ahead_keep_no_others(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 99).await;
    let order = |key: &str| once(Some(claim(&shop, &ann, key, 1)), place(&shop, &ann, &[line(&mug, 1)]));
    let keys = async |prefix: &str, count: u32| {
        for number in 0..count {
            shop.run(order(&format!("{prefix} {number}"))).await.expect("done");
        }
    };
    shop.pass(DAY * 400);
    keys("ahead", 3).await;
    shop.pass(-DAY * 400);
    keys("right", 9).await;
    shop.pass(KEPT + DAY);
    keys("late", 2).await;
    let before = shop.now() - KEPT;
    // Two at a time: those of the clock that was ahead are all that is looked at first.
    while load!(shop, |tx| tx.sweep(before, before, 2).await) > 0 {}
    for number in 0..9 {
        let again = shop.run(order(&format!("right {number}"))).await.expect("done");
        assert!(matches!(again, Replied::New(_)), "right {number} is kept for ever");
    }
    for number in 0..2 {
        let again = shop.run(order(&format!("late {number}"))).await.expect("done");
        assert!(matches!(again, Replied::Before(_)), "late {number} was removed too early");
    }
}

/// Nor does a moment at which the clock was behind make what was written before it old.
pub async fn a_key_of_a_clock_that_was_behind_takes_no_others_with_it(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 99).await;
    let order = |key: &str| once(Some(claim(&shop, &ann, key, 1)), place(&shop, &ann, &[line(&mug, 1)]));
    for number in 0..6 {
        shop.run(order(&format!("right {number}"))).await.expect("done");
    }
    shop.pass(-DAY * 400);
    shop.run(order("behind")).await.expect("done");
    shop.pass(DAY * 400);
    shop.run(order("late")).await.expect("done");
    let before = shop.now() - KEPT;
    while load!(shop, |tx| tx.sweep(before, before, 2).await) > 0 {}
    for number in 0..6 {
        let again = shop.run(order(&format!("right {number}"))).await.expect("done");
        assert!(matches!(again, Replied::Before(_)), "right {number} was removed too early");
    }
}

/// Processes that share a database count the time that passes once.
pub async fn time_is_counted_once_however_many_ask(shop: Shop) {
    let mut processes = [Process::start(&shop), Process::start(&shop), Process::start(&shop)];
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for _ in 0..7 {
        for process in &mut processes {
            process.ask(minutes(10)).await;
        }
    }
    let counted = processes[0].counted;
    assert_eq!(counted, Some(minutes(60)), "it is not known for how long the shop had run when they began");
    // Whoever asks for the first time counts nothing, and goes on from what there is.
    let mut another = Process::start(&shop);
    assert_eq!(
        (another.ask(minutes(10)).await.counted, another.ask(minutes(10)).await.counted),
        (minutes(60), minutes(70))
    );
}

/// The tokens of an ended session are still recognised for a while; then they are as unknown as any.
pub async fn sessions_that_ended_or_expired_long_ago_are_removed(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (ended, expired) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    let rotate = RefreshSession {
        presented: ended.refresh_hash,
        successor: hash("second"),
        address: "192.0.2.1".into(),
        now: shop.now(),
    };
    shop.run(rotate).await.expect("renewed");
    shop.run(EndSession { account_id: ann.id, id: ended.id, now: shop.now() }).await.expect("ended");
    let tokens = [ended.refresh_hash, hash("second")];
    shop.pass(DAY * 7 - SignedDuration::from_secs(1));
    sweep(&shop).await;
    for token in tokens {
        assert!(load!(shop, |tx| tx.refresh_token(&token).await).is_some(), "removed too early");
    }
    shop.pass(SignedDuration::from_secs(2));
    sweep(&shop).await;
    for token in tokens {
        assert_eq!(load!(shop, |tx| tx.refresh_token(&token).await), None);
    }
    assert_eq!(load!(shop, |tx| tx.session(ended.id).await), None);
    assert!(shop.is_signed_in(expired.id).await, "a live session was removed");
    shop.pass(SESSION_LIFETIME);
    sweep(&shop).await;
    assert!(load!(shop, |tx| tx.session(expired.id).await).is_none());
    let (presented, successor) = (expired.refresh_hash, hash("another"));
    let refresh = RefreshSession { presented, successor, address: String::new(), now: shop.now() };
    assert_eq!(shop.run(refresh).await.expect("an answer"), Refreshed::Refused);
}

pub async fn challenges_that_expired_long_ago_are_removed(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account.id;
    sweep(&shop).await;
    assert!(shop.verify("ann", "111111").await, "a good code was swept away");
    shop.pass(DAY * 8);
    sweep(&shop).await;
    assert_eq!(load!(shop, |tx| tx.challenge(ann, Purpose::VerifyEmail).await), None);
}

pub async fn what_every_index_has_read_is_removed_from_the_feed(shop: Shop) {
    shop.product("Mug", 1).await;
    let read = async |after| shop.db().catalogue_feed(after, 100).await.expect("an answer");
    sweep(&shop).await;
    assert!(!read(FeedCursor::default()).await.entries.is_empty(), "what is new stays");
    let horizon = read(FeedCursor::default()).await.horizon;
    // Its times are those of the database's own clock, which the shop's runs ahead of here.
    shop.pass(DAY * 10_000);
    sweep(&shop).await;
    assert_eq!(read(FeedCursor::default()).await.entries, []);
    // Whoever follows it reads on as if nothing had been removed.
    let after = FeedCursor { place: horizon, seq: 0 };
    assert_eq!(read(after).await.entries, []);
    let cup = shop.product("Cup", 1).await;
    assert!(read(after).await.entries.iter().any(|(_, id)| *id == cup.id));
}

pub async fn what_is_still_needed_stays(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    shop.pass(DAY * 400);
    sweep(&shop).await;
    assert_eq!(shop.order_now(order.id).await, order);
    assert_eq!(shop.account_now(ann.id).await, ann);
    assert_eq!((shop.ledger(&mug).await.len(), shop.mails_to(&email("ann")).await.len()), (2, 1));
}

pub async fn one_of_several_takes_the_turn_and_the_next_one_an_hour_later(shop: Shop) {
    let take_at_once = async || {
        let taken = at_once(8, |_| {
            let shop = shop.clone();
            async move { shop.run(TakeTurn { now: shop.now(), watched: None }).await.expect("an answer") }
        });
        taken.await.into_iter().filter(|turn| turn.is_taken).count()
    };
    assert_eq!(take_at_once().await, 1);
    shop.pass(TURN - SignedDuration::from_secs(1));
    assert_eq!(take_at_once().await, 0);
    shop.pass(SignedDuration::from_secs(1));
    assert_eq!(take_at_once().await, 1);
    shop.pass(-TURN);
    assert_eq!(take_at_once().await, 1, "a clock that was wrong stops nothing");
}
