//! What the tests of this crate share.

pub(crate) mod aiosmtpd;
pub(crate) mod engine;
pub(crate) mod scripted;

use std::{sync::Arc, time::Duration};

use cartwright_mail::{Renderer, ShopIdentity, Transport, Worker, parse_from};
use engine::MemoryEngine;
use model::{Email, MailId, MailTemplate, OutboxMail, Timestamp};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::{Instant, sleep},
};

pub(crate) fn shop() -> ShopIdentity {
    ShopIdentity {
        shop_name: "Quay Goods".to_owned(),
        public_url: "https://api.shop.example/".to_owned(),
        storefront_url: "https://shop.example/".to_owned(),
        from: parse_from("Quay Goods <orders@shop.example>").expect("valid"),
        contact_email: String::new(),
    }
}

pub(crate) fn renderer() -> Renderer {
    Renderer::new(shop(), None).expect("the built-in templates are good")
}

/// A fresh mail with the n-th id, to `n@example.com`.
pub(crate) fn mail(n: u128, template: MailTemplate) -> OutboxMail {
    let to = Email::from_stored(format!("{n}@example.com"));
    let secret = template.needs_secret().then(|| "123456".to_owned());
    OutboxMail { secret, ..OutboxMail::new(mail_id(n), to, template, Timestamp::now()) }
}

pub(crate) fn test_mails(count: u128) -> Vec<OutboxMail> {
    (1..=count).map(|n| mail(n, MailTemplate::Test)).collect()
}

pub(crate) fn mail_id(n: u128) -> MailId {
    let bytes = (0x0190_0000_0000_7000_8000_0000_0000_0000_u128 + n).to_be_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().parse().expect("a UUID")
}

/// A worker that runs until it is told to stop.
pub(crate) struct Running {
    pub(crate) engine: Arc<MemoryEngine>,
    pub(crate) wake: Arc<Notify>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(engine: &Arc<MemoryEngine>, transport: Transport) -> Self {
        let (engine, wake) = (Arc::clone(engine), Arc::new(Notify::new()));
        let (stop, stopped) = oneshot::channel();
        let worker = Worker::new(engine.clone(), Arc::new(renderer()), Arc::new(transport), Arc::clone(&wake));
        let task = tokio::spawn(worker.run(async move {
            let _ = stopped.await;
        }));
        Self { engine, wake, stop, task }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.expect("the worker does not panic");
    }

    pub(crate) async fn until(&self, what: &str, seconds: u64, is_true: impl Fn(&MemoryEngine) -> bool) {
        let end = Instant::now() + Duration::from_secs(seconds);
        while !is_true(&self.engine) {
            assert!(Instant::now() < end, "not within {seconds} s: {what}\n{:#?}", self.engine.mails());
            sleep(Duration::from_millis(10)).await;
        }
    }
}
