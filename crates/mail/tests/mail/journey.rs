//! The outbox of a real database, from the operation that fills it to a server that is not ours.

use std::{sync::Arc, time::Duration};

use cartwright_mail::{Transport, Worker};
use commerce::{
    Conflict, Error,
    mail::{EnqueueTestMail, LeaseMails, RecordDeliveries, ResendMail},
    settings::UpdateSettings,
};
use model::{
    Currency, Email, MailId, MailStatus, MailTemplate, OutboxMail, ShopSettings, SignedDuration, Stamp, Timestamp,
    mail::WAIT_MAX,
};
use store::{Change, Engine, Operation, Queries, StoreError, Tx, execute};
use store_sqlite::{Options, SqliteEngine};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep},
};

use crate::support::{aiosmtpd::Aiosmtpd, mail, mail_id, renderer};

fn open(folder: &tempfile::TempDir) -> Arc<SqliteEngine> {
    Arc::new(SqliteEngine::open(&folder.path().join("shop.db"), Options::default()).expect("opened"))
}

async fn enqueue_test(engine: &SqliteEngine, seed: u128) -> MailId {
    let to = Email::from_stored("ann@example.com".to_owned());
    let operation = EnqueueTestMail { to, stamp: Stamp::new(Timestamp::now(), seed) };
    execute(engine, operation).await.expect("enqueued")
}

/// Puts a mail into the outbox as other operations do.
struct Insert(OutboxMail);

#[async_trait::async_trait]
impl Operation for Insert {
    type Output = ();
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        tx.apply(&[Change::InsertMail(self.0.clone())]).await
    }
}

async fn until_sent(engine: &SqliteEngine, id: MailId) -> OutboxMail {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let mail = engine.mail(id).await.expect("read").expect("there");
        if mail.status == MailStatus::Sent {
            return mail;
        }
        assert!(Instant::now() < end, "not sent: {mail:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_mail_goes_from_the_database_to_the_server_and_again_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(&folder);
    let mut server = Aiosmtpd::start(&[]).await;
    let transport = Transport::from_url("smtp-url", &format!("smtp://127.0.0.1:{}", server.port)).expect("valid");
    let wake = Arc::new(Notify::new());
    let as_engine: Arc<dyn Engine> = engine.clone();
    let worker = Worker::new(as_engine, Arc::new(renderer()), Arc::new(transport), Arc::clone(&wake));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(worker.run(async move {
        let _ = stopped.await;
    }));

    // What the staff set while the program runs counts from the next mail on.
    let settings = ShopSettings { contact_email: "help@shop.example".to_owned(), ..ShopSettings::default() };
    let update = UpdateSettings { settings, own_currency: Currency::EUR, if_version: None };
    execute(&*engine, update).await.expect("set");
    let id = enqueue_test(&engine, 1).await;
    wake.notify_one();
    let arrived = server.next().await;
    assert_eq!(arrived["rcpt_tos"], serde_json::json!(["ann@example.com"]));
    assert!(arrived["content"].as_str().expect("text").contains("\r\nReply-To: help@shop.example\r\n"), "{arrived}");
    let sent = until_sent(&engine, id).await;
    assert!(sent.attempts == 1 && sent.sent_at.is_some() && sent.last_error.is_none(), "{sent:?}");

    execute(&*engine, ResendMail { id, now: Timestamp::now() }).await.expect("queued again");
    wake.notify_one();
    let again = server.next().await;
    assert!(again["content"].as_str().expect("text").contains(&format!("Message-ID: <{id}@shop.example>")));
    until_sent(&engine, id).await;

    // A code that was sent is wiped, so that mail cannot be sent again.
    let name = "Ann".to_owned();
    let with_code = mail(7, MailTemplate::VerifyEmail { name });
    execute(&*engine, Insert(with_code)).await.expect("enqueued");
    wake.notify_one();
    assert!(server.next().await["content"].as_str().expect("text").contains("123456"));
    assert_eq!(until_sent(&engine, mail_id(7)).await.secret, None);
    let refused = execute(&*engine, ResendMail { id: mail_id(7), now: Timestamp::now() }).await;
    assert!(matches!(refused, Err(Error::Conflict(Conflict::SecretGone))), "{refused:?}");
    let unknown = execute(&*engine, ResendMail { id: mail_id(8), now: Timestamp::now() }).await;
    assert!(matches!(unknown, Err(Error::NotFound("mail"))), "{unknown:?}");

    stop.send(()).expect("it runs");
    task.await.expect("no panic");
    engine.close().await.expect("closed");
}

#[tokio::test]
async fn leases_hide_mails_and_come_back_and_an_unfinished_mail_is_given_up_some_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(&folder);
    let id = enqueue_test(&engine, 1).await;
    let mut now = Timestamp::now();
    let lease = SignedDuration::from_secs(60);
    let mut taken = 0;
    while taken < 1000 {
        let mails = execute(&*engine, LeaseMails { now, lease, wait_max: WAIT_MAX, limit: 10 }).await.expect("leased");
        let hidden = execute(&*engine, LeaseMails { now, lease, wait_max: WAIT_MAX, limit: 10 }).await.expect("leased");
        assert!(hidden.is_empty(), "one worker at a time");
        if mails.is_empty() {
            break;
        }
        taken += 1;
        // The worker dies without a word, and the lease runs out.
        now = now.checked_add(lease).expect("in range");
    }
    assert_eq!(taken, 72, "twice as often as it would be tried");
    let given_up = engine.mail(id).await.expect("read").expect("there");
    assert_eq!(given_up.status, MailStatus::Failed);
    assert!(given_up.last_error.expect("a reason").contains("never came to an end"));
    engine.close().await.expect("closed");
}

#[tokio::test]
async fn what_became_of_a_deleted_mail_is_no_error_when_asked_to_look() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = open(&folder);
    let outcome = model::mail::DeliveryOutcome::Sent { keep_secret: false };
    let lease = model::mail::MailLease { mail: mail_id(1), attempts: 1, until: Timestamp::now() };
    let gone = commerce::mail::Delivery { lease, outcome, server_only: false };
    let record = |skip_missing| RecordDeliveries {
        deliveries: vec![gone.clone()],
        now: Timestamp::now(),
        jitter: 0,
        skip_missing,
    };
    let blind = execute(&*engine, record(false)).await;
    assert!(matches!(blind, Err(Error::Store(StoreError::Broken(_)))), "{blind:?}");
    execute(&*engine, record(true)).await.expect("passed over");
    engine.close().await.expect("closed");
}
