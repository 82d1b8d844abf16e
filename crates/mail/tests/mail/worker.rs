//! Delivery of the outbox: every mail, once, whatever the server and the database do.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cartwright_mail::{Attempt, Carrier, Transport};
use model::{Email, MailStatus, MailTemplate, OutboxMail, Timestamp, mail::DeliveryOutcome};
use tokio::time::{Instant, sleep};

use crate::support::{
    Running,
    aiosmtpd::Aiosmtpd,
    engine::MemoryEngine,
    mail, mail_id,
    scripted::{Act, Script, Scripted},
    test_mails,
};

fn smtp(url: &str) -> Transport {
    Transport::from_url("smtp-url", url).expect("a good URL")
}

fn all_sent(engine: &MemoryEngine) -> bool {
    engine.mails().iter().all(|mail| mail.status == MailStatus::Sent)
}

/// Each recipient once.
fn assert_once(taken: &[String], count: usize) {
    let different: BTreeSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), different.len()), (count, count), "{taken:?}");
}

#[tokio::test]
async fn each_of_300_mails_reaches_a_real_server_once() {
    let mut server = Aiosmtpd::start(&[]).await;
    let mut mails = test_mails(299);
    mails.push(mail(300, MailTemplate::VerifyEmail { name: "Ann".into() }));
    let engine = MemoryEngine::with(mails);
    let worker = Running::start(&engine, smtp(&format!("smtp://127.0.0.1:{}", server.port)));
    let mut ids = BTreeSet::new();
    for _ in 0..300 {
        let content = server.next().await["content"].as_str().expect("text").to_owned();
        let id = content.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("an id").to_owned();
        assert!(ids.insert(id), "sent twice:\n{content}");
    }
    worker.until("all are marked", 5, all_sent).await;
    worker.stop().await;
    assert!(engine.mails().iter().all(|mail| mail.attempts == 1 && mail.sent_at.is_some() && mail.secret.is_none()));
}

#[tokio::test]
async fn a_mail_is_marked_only_after_the_server_has_it() {
    let server = Scripted::start([Act::Slow(Duration::from_millis(700))]).await;
    let engine = MemoryEngine::with(test_mails(1));
    let worker = Running::start(&engine, smtp(&server.url()));
    while server.script.at_once.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(300)).await;
    assert_eq!(engine.get(mail_id(1)).status, MailStatus::Pending);
    worker.until("it is sent", 3, all_sent).await;
    worker.stop().await;
}

#[tokio::test]
async fn not_now_is_tried_again_and_the_error_is_seen_meanwhile() {
    let server = Scripted::start([Act::AtRecipient("450 4.2.0 greylisted, come back")]).await;
    let engine = MemoryEngine::with(test_mails(1));
    let worker = Running::start(&engine, smtp(&server.url()));
    worker.until("the error is noted", 3, |engine| engine.get(mail_id(1)).last_error.is_some()).await;
    let waiting = engine.get(mail_id(1));
    assert_eq!((waiting.status, waiting.attempts), (MailStatus::Pending, 1));
    assert!(waiting.last_error.expect("noted").contains("greylisted, come back"));
    let wait_s = waiting.next_attempt_at.duration_since(Timestamp::now()).as_secs();
    assert!((3..=6).contains(&wait_s), "{wait_s}");

    worker.until("it is sent", 9, all_sent).await;
    worker.stop().await;
    assert_eq!(engine.get(mail_id(1)).attempts, 2);
    assert_once(&server.script.taken(), 1);
}

#[tokio::test]
async fn never_is_given_up_at_once_and_the_others_go_on_over_the_same_connection() {
    let refusals = [Act::AtRecipient("550 5.1.1 no such user"), Act::AtMessage("554 5.7.1 looks like spam")];
    let server = Scripted::start(refusals).await;
    // One after the other, so that the connections can be counted.
    let engine = MemoryEngine::with(test_mails(1));
    let worker = Running::start(&engine, smtp(&server.url()));
    for n in 2..=5 {
        worker.until("the one before is settled", 3, |engine| engine.count(MailStatus::Pending) == 0).await;
        engine.add(vec![mail(n, MailTemplate::Test)]);
        worker.wake.notify_one();
    }
    worker.until("all are settled", 3, |engine| engine.count(MailStatus::Pending) == 0).await;
    worker.stop().await;
    assert_eq!((engine.count(MailStatus::Failed), engine.count(MailStatus::Sent)), (2, 3));
    assert!(engine.get(mail_id(1)).last_error.expect("noted").contains("no such user"));
    assert!(engine.get(mail_id(2)).last_error.expect("noted").contains("looks like spam"));
    assert_eq!(server.script.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_sender_that_is_refused_fails_no_mail() {
    let server = Scripted::start([Act::AtSender("553 5.7.1 not your address")]).await;
    let engine = MemoryEngine::with(test_mails(1));
    let worker = Running::start(&engine, smtp(&server.url()));
    worker.until("the error is noted", 3, |engine| engine.get(mail_id(1)).last_error.is_some()).await;
    worker.stop().await;
    assert_eq!(engine.get(mail_id(1)).status, MailStatus::Pending);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_means_another_try() {
    let server = Scripted::start([Act::DropBeforeAnswer]).await;
    let engine = MemoryEngine::with(test_mails(3));
    let worker = Running::start(&engine, smtp(&server.url()));
    worker.until("all are sent", 10, all_sent).await;
    worker.stop().await;
    assert_once(&server.script.taken(), 3);
    let attempts: i64 = engine.mails().iter().map(|mail| mail.attempts).sum();
    assert_eq!(attempts, 4, "only the one whose connection broke is tried again");
}

#[tokio::test]
async fn a_kept_connection_that_went_stale_costs_nothing() {
    let server = Scripted::start([Act::Slow(Duration::ZERO), Act::DropAtSender, Act::AtSender("421 too many")]).await;
    let engine = MemoryEngine::with(test_mails(1));
    let worker = Running::start(&engine, smtp(&server.url()));
    worker.until("the first is sent", 3, all_sent).await;
    engine.add(vec![mail(2, MailTemplate::Test)]);
    worker.wake.notify_one();
    // The kept connection breaks; the fresh one is refused with 421, which is the server's trouble.
    worker.until("the second is sent", 9, all_sent).await;
    worker.stop().await;
    assert_once(&server.script.taken(), 2);
}

#[tokio::test]
async fn one_slow_mail_holds_up_no_other_and_there_are_never_more_than_four() {
    let slow = Act::Slow(Duration::from_secs(4));
    let quick = Act::Slow(Duration::from_millis(20));
    let server = Scripted::start(std::iter::once(slow).chain(std::iter::repeat_n(quick, 60))).await;
    let engine = MemoryEngine::with(test_mails(40));
    let worker = Running::start(&engine, smtp(&server.url()));
    worker.until("all but one are sent", 3, |engine| engine.count(MailStatus::Sent) == 39).await;
    engine.add(vec![mail(41, MailTemplate::Test)]);
    worker.wake.notify_one();
    worker.until("one that came later too", 2, |engine| engine.count(MailStatus::Sent) == 40).await;
    worker.until("the slow one at last", 5, all_sent).await;
    worker.stop().await;
    assert_once(&server.script.taken(), 41);
    assert_eq!(server.script.at_once_max.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_no_attempts_and_then_gets_everything_once() {
    let gone = Scripted::start([]).await;
    let (address, url) = (gone.address, gone.url());
    gone.stop().await;
    let engine = MemoryEngine::with(test_mails(50));
    let worker = Running::start(&engine, smtp(&url));
    sleep(Duration::from_millis(2500)).await;
    assert!(engine.mails().iter().all(|mail| mail.attempts == 0), "nothing is leased while the server is away");

    let back = Scripted::listen(address, Arc::new(Script::default())).await;
    worker.until("all are sent", 10, all_sent).await;
    worker.stop().await;
    assert_once(&back.script.taken(), 50);
    assert!(engine.mails().iter().all(|mail| mail.attempts == 1));
}

#[tokio::test]
async fn a_server_that_goes_away_in_between_fails_no_mail() {
    let server = Scripted::start([]).await;
    let (address, url, script) = (server.address, server.url(), Arc::clone(&server.script));
    let engine = MemoryEngine::with(test_mails(1));
    let worker = Running::start(&engine, smtp(&url));
    worker.until("the first is sent", 3, all_sent).await;
    server.stop().await;
    engine.add((2..=30).map(|n| mail(n, MailTemplate::Test)).collect());
    worker.wake.notify_one();
    let is_noted = |mail: &OutboxMail| mail.status == MailStatus::Sent || mail.last_error.is_some();
    worker.until("each waiting mail shows why", 3, |engine| engine.mails().iter().all(is_noted)).await;

    let _back = Scripted::listen(address, Arc::clone(&script)).await;
    worker.until("all are sent", 15, all_sent).await;
    worker.stop().await;
    assert_once(&script.taken(), 30);
    assert!(engine.mails().iter().all(|mail| mail.attempts <= 2), "{:#?}", engine.mails());
}

#[tokio::test]
async fn a_wrong_password_fails_no_mail_and_does_not_hammer() {
    let server = Scripted::start([]).await;
    server.script.needs_auth.store(true, Ordering::SeqCst);
    let engine = MemoryEngine::with(test_mails(200));
    let worker = Running::start(&engine, smtp(&format!("smtp://shop:wrong@{}", server.address)));
    sleep(Duration::from_millis(3500)).await;
    worker.stop().await;
    assert!(engine.mails().iter().all(|mail| mail.status == MailStatus::Pending && mail.attempts == 0));
    let connections = server.script.connections.load(Ordering::SeqCst);
    assert!((2..=4).contains(&connections), "after 0, 1 and 3 s: {connections}");

    let right = Running::start(&engine, smtp(&format!("smtp://shop:hunter2@{}", server.address)));
    right.until("all are sent", 5, all_sent).await;
    right.stop().await;
    assert_once(&server.script.taken(), 200);
}

#[tokio::test]
async fn a_database_that_fails_makes_no_mail_go_twice() {
    let server = Scripted::start(std::iter::repeat_n(Act::Slow(Duration::from_millis(300)), 3)).await;
    let engine = MemoryEngine::with(test_mails(3));
    let worker = Running::start(&engine, smtp(&server.url()));
    while server.script.at_once.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    engine.failures.store(2, Ordering::SeqCst);
    worker.until("all are marked", 6, all_sent).await;
    worker.stop().await;
    assert_eq!(engine.failures.load(Ordering::SeqCst), 0, "the failures did happen");
    assert_once(&server.script.taken(), 3);
}

#[tokio::test]
async fn a_mail_that_was_deleted_on_its_way_does_not_keep_the_others_unmarked() {
    let server = Scripted::start(std::iter::repeat_n(Act::Slow(Duration::from_millis(200)), 3)).await;
    let engine = MemoryEngine::with(test_mails(3));
    let worker = Running::start(&engine, smtp(&server.url()));
    while server.script.at_once.load(Ordering::SeqCst) < 3 {
        sleep(Duration::from_millis(5)).await;
    }
    engine.remove(mail_id(2));
    worker.until("the others are marked", 3, all_sent).await;
    worker.stop().await;
    assert_eq!(engine.mails().len(), 2);
}

#[tokio::test]
async fn stopping_ends_what_is_under_way_and_gives_the_rest_back() {
    let server = Scripted::start(std::iter::repeat_n(Act::Slow(Duration::from_secs(1)), 4)).await;
    let engine = MemoryEngine::with(test_mails(20));
    let worker = Running::start(&engine, smtp(&server.url()));
    while server.script.at_once.load(Ordering::SeqCst) < 4 {
        sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_once(&server.script.taken(), 4);
    assert_eq!(engine.count(MailStatus::Sent), 4);
    let soon = Timestamp::now() + model::SignedDuration::from_secs(7);
    let waiting: Vec<_> = engine.mails().into_iter().filter(|mail| mail.status == MailStatus::Pending).collect();
    assert!(waiting.len() == 16 && waiting.iter().all(|mail| mail.next_attempt_at < soon), "{waiting:#?}");
}

/// A server that takes the first mail at once and every other one after so long.
struct Slow {
    after: Duration,
    begun: AtomicU64,
    taken: Arc<AtomicU64>,
}

#[async_trait::async_trait]
impl Carrier for Slow {
    async fn check(&self) -> Result<(), String> {
        Ok(())
    }

    async fn deliver(&self, _: &OutboxMail) -> Attempt {
        if self.begun.fetch_add(1, Ordering::SeqCst) > 0 {
            sleep(self.after).await;
        }
        self.taken.fetch_add(1, Ordering::SeqCst);
        Attempt { outcome: DeliveryOutcome::Sent { keep_secret: false }, is_unreachable: false }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stop_does_not_wait_for_does_not_go_on_unheard() {
    let taken = Arc::new(AtomicU64::new(0));
    let slow = Slow { after: Duration::from_secs(22), begun: AtomicU64::new(0), taken: Arc::clone(&taken) };
    let engine = MemoryEngine::with(test_mails(2));
    let worker = Running::start(&engine, Transport::carried_by(Arc::new(slow)));
    while taken.load(Ordering::SeqCst) < 1 {
        sleep(Duration::from_millis(1)).await;
    }
    // The notes take their time, and the second mail would be taken meanwhile.
    engine.failures.store(4, Ordering::SeqCst);
    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() > Duration::from_secs(22), "it was over before that: {:?}", began.elapsed());
    assert_eq!((taken.load(Ordering::SeqCst), engine.count(MailStatus::Sent)), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_sent_at_all_is_given_up_with_its_reason() {
    let server = Scripted::start([]).await;
    let foreign =
        OutboxMail { to: Email::from_stored("δοκιμή@example.com".into()), ..mail(1, MailTemplate::Test) };
    let name = "Ann".to_owned();
    let wiped = OutboxMail { secret: None, ..mail(2, MailTemplate::ResetPassword { name }) };
    let no_address = OutboxMail { to: Email::from_stored("nobody".into()), ..mail(3, MailTemplate::Test) };
    let engine = MemoryEngine::with(vec![foreign, wiped, no_address, mail(4, MailTemplate::Test)]);
    let worker = Running::start(&engine, smtp(&server.url()));
    worker.until("all are settled", 3, |engine| engine.count(MailStatus::Pending) == 0).await;
    worker.stop().await;
    for (n, reason) in [(1, "SMTPUTF8"), (2, "wiped"), (3, "address")] {
        let failed = engine.get(mail_id(n));
        assert_eq!(failed.status, MailStatus::Failed);
        assert!(failed.last_error.as_deref().is_some_and(|error| error.contains(reason)), "{failed:?}");
    }
    assert_eq!(server.script.taken(), ["4@example.com"]);
}

#[tokio::test]
async fn the_mailbox_takes_thousands_quickly_in_few_transactions_and_keeps_codes() {
    let mails = (1..=2000).map(|n| mail(n, MailTemplate::VerifyEmail { name: "Ann".into() })).collect();
    let engine = MemoryEngine::with(mails);
    let worker = Running::start(&engine, Transport::mailbox());
    worker.until("all are there", 3, all_sent).await;
    assert!(engine.mails().iter().all(|mail| mail.secret.is_some()));
    let transactions = engine.transactions.load(Ordering::SeqCst);
    assert!(transactions <= 10, "{transactions} for four leases, their notes and an empty look");
    worker.stop().await;
}

/// A program that is started once without its settings must not call those sent that wait for the mail server.
#[tokio::test]
async fn the_mailbox_leaves_what_waits_for_a_mail_server_unless_it_is_chosen() {
    let gone = Scripted::start([]).await;
    let url = gone.url();
    gone.stop().await;
    let engine = MemoryEngine::with(test_mails(12));
    let worker = Running::start(&engine, smtp(&url));
    sleep(Duration::from_millis(300)).await;
    worker.stop().await;

    let worker = Running::start(&engine, Transport::mailbox());
    sleep(Duration::from_millis(500)).await;
    worker.stop().await;
    assert_eq!(engine.count(MailStatus::Pending), 12);

    let worker = Running::start(&engine, smtp("mailbox:"));
    worker.until("all are there", 3, all_sent).await;
    worker.stop().await;
}

/// Somebody whose account is deleted gets none of the mails that this worker has taken already.
#[tokio::test]
async fn what_was_deleted_while_it_waited_its_turn_is_not_sent() {
    let server = Scripted::start(std::iter::repeat_n(Act::Slow(Duration::from_millis(400)), 4)).await;
    let engine = MemoryEngine::with(test_mails(12));
    let worker = Running::start(&engine, smtp(&server.url()));
    while server.script.at_once.load(Ordering::SeqCst) < 4 {
        sleep(Duration::from_millis(5)).await;
    }
    (5..=12).for_each(|n| engine.remove(mail_id(n)));
    engine.add(vec![mail(13, MailTemplate::Test)]);
    worker.until("the others are sent", 5, all_sent).await;
    worker.stop().await;
    let mut taken = server.script.taken();
    taken.sort();
    assert_eq!(taken, ["13@example.com", "1@example.com", "2@example.com", "3@example.com", "4@example.com"]);
}

#[tokio::test]
async fn an_idle_worker_asks_once_a_second_and_a_busy_one_ten_times() {
    let engine = MemoryEngine::with(Vec::new());
    let worker = Running::start(&engine, Transport::mailbox());
    // On a busy machine all of this takes longer.
    let begin = Instant::now();
    sleep(Duration::from_millis(2300)).await;
    let idle = engine.transactions.swap(0, Ordering::SeqCst);
    assert!((2..=begin.elapsed().as_secs() + 2).contains(&idle), "{idle}");

    let begin = Instant::now();
    for _ in 0..100 {
        worker.wake.notify_one();
        sleep(Duration::from_millis(10)).await;
    }
    let busy = u128::from(engine.transactions.load(Ordering::SeqCst));
    assert!((5..=begin.elapsed().as_millis() / 100 + 4).contains(&busy), "{busy}");
    worker.stop().await;
}

#[tokio::test]
async fn a_new_mail_goes_out_at_once_when_the_worker_is_woken() {
    let server = Scripted::start([]).await;
    let engine = MemoryEngine::with(Vec::new());
    let worker = Running::start(&engine, smtp(&server.url()));
    sleep(Duration::from_millis(1300)).await;
    engine.add(test_mails(1));
    worker.wake.notify_one();
    let began = Instant::now();
    while server.script.taken().is_empty() {
        assert!(began.elapsed() < Duration::from_millis(500), "it waits for the poll");
        sleep(Duration::from_millis(5)).await;
    }
    worker.stop().await;
}
