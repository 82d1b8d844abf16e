//! `cartwright mail test`

use std::{sync::Arc, time::Duration};

use commerce::mail::{EnqueueTestMail, TestMailFromShell};
use identity::fresh_stamp;
use mail::{Transport, Worker};
use model::{Email, MailId, MailStatus, OutboxMail};
use store::{Engine, execute};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep},
};

use crate::{
    failure::Failure,
    say::say,
    settings::Settings,
    shop::{self, Places},
};

/// How long is waited for what becomes of the mail.
const WAIT: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Sends a test mail through the outbox, like any other, and tells what became of it.
pub(super) async fn run(settings: &Settings, to: Option<Email>) -> Result<(), Failure> {
    let transport = Arc::new(shop::transport(settings)?);
    let to = recipient(settings, to)?;
    transport.check().await.map_err(|error| Failure::failed(format_args!("{transport}: {error}")))?;
    let places = Places::new(settings, false)?;
    let engine = places.open().await?;
    let public_url =
        settings.public_url.as_ref().map_or_else(|| format!("http://{}", settings.listen), |url| url.0.clone());
    let renderer = Arc::new(shop::renderer(settings, &places.folder, &public_url)?);

    let enqueue = TestMailFromShell(EnqueueTestMail { to, stamp: fresh_stamp() });
    let id = execute(engine.as_ref(), enqueue).await.map_err(Failure::failed)?;
    let shared: Arc<dyn Engine> = engine.clone();
    let worker = Worker::new(shared, renderer, Arc::clone(&transport), Arc::new(Notify::new()));
    let (stop, stopped) = oneshot::channel::<()>();
    // Dropping `stop` stops it as well.
    let working = tokio::spawn(worker.run(async { drop(stopped.await) }));
    let outcome = wait(engine.as_ref(), id).await;
    drop(stop);
    let ended = working.await;
    engine.close().await.map_err(Failure::failed)?;
    ended.map_err(Failure::failed)?;
    tell(&transport, &outcome?)
}

/// To whom, or else to the sender.
fn recipient(settings: &Settings, to: Option<Email>) -> Result<Email, Failure> {
    match (to, &settings.mail_from) {
        (Some(to), _) => Ok(to),
        (None, Some(sender)) => Email::parse("", sender.email.as_ref()).map_err(|wrong| Failure::usage(wrong.message)),
        (None, None) => Err(Failure::usage("say where the test mail shall go with --to ADDRESS")),
    }
}

/// The mail once something became of it, or as it is when waiting takes too long.
async fn wait(engine: &dyn Engine, id: MailId) -> Result<OutboxMail, Failure> {
    let begin = Instant::now();
    loop {
        let mail = engine.mail(id).await.map_err(Failure::failed)?;
        let mail = mail.ok_or_else(|| Failure::failed("the test mail is not in the outbox any more"))?;
        let is_open = mail.status == MailStatus::Pending && mail.last_error.is_none();
        if !is_open || begin.elapsed() > WAIT {
            return Ok(mail);
        }
        sleep(LOOK).await;
    }
}

fn tell(transport: &Transport, mail: &OutboxMail) -> Result<(), Failure> {
    let error = mail.last_error.as_deref().unwrap_or("no answer yet");
    match mail.status {
        MailStatus::Sent if transport.is_mailbox() => {
            say("The test mail is in the built-in mailbox; nothing leaves this machine until smtp-url is set.")
        }
        MailStatus::Sent => say(format_args!("The test mail to {} was taken by {transport}.", mail.to)),
        MailStatus::Pending => Err(Failure::failed(format_args!(
            "{transport} did not take the test mail: {error}; it waits in the outbox and is tried again by the server"
        ))),
        _ => Err(Failure::failed(format_args!("{transport} refused the test mail: {error}"))),
    }
}
