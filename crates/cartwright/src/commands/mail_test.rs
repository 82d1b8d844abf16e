//! `cartwright mail test`

use commerce::mail::TestMailFromShell;
use identity::fresh_stamp;
use mail::Transport;
use model::{Email, MailTemplate, OutboxMail, mail::DeliveryOutcome};
use store::{Engine, execute};

use crate::{
    failure::Failure,
    say::say,
    settings::Settings,
    shop::{self, Places},
};

/// Sends a test mail, by itself and beside the outbox: with settings that are only tried out, no customer's mail must go anywhere.
pub(super) async fn run(settings: &Settings, to: Option<Email>) -> Result<(), Failure> {
    let transport = shop::transport(settings)?;
    let to = recipient(settings, to)?;
    if transport.is_mailbox() {
        return Err(Failure::usage(
            "there is nothing to test: no mail leaves this machine until smtp-url or mail-dir is set",
        ));
    }
    transport.check().await.map_err(|error| Failure::failed(format_args!("{transport}: {error}")))?;
    let places = Places::new(settings, false)?;
    let engine = places.open_existing().await?;
    let sent = send(settings, &places, &transport, engine.as_ref(), to.clone()).await;
    transport.close().await;
    engine.close().await.map_err(Failure::failed)?;
    sent?;
    say(format_args!("The test mail to {to} was taken by {transport}."))
}

/// To whom, or else to the sender.
fn recipient(settings: &Settings, to: Option<Email>) -> Result<Email, Failure> {
    match (to, &settings.mail_from) {
        (Some(to), _) => Ok(to),
        (None, Some(sender)) => Email::parse("", sender.email.as_ref()).map_err(|wrong| Failure::usage(wrong.message)),
        (None, None) => Err(Failure::usage("say where the test mail shall go with --to ADDRESS")),
    }
}

/// Sends it, as the shop is called now, and notes that it was.
async fn send(
    settings: &Settings,
    places: &Places,
    transport: &Transport,
    engine: &dyn Engine,
    to: Email,
) -> Result<(), Failure> {
    let public_url =
        settings.public_url.as_ref().map_or_else(|| format!("http://{}", settings.listen), |url| url.0.clone());
    let renderer = shop::renderer(settings, &places.folder, &public_url)?;
    renderer.know_shop(&commerce::settings::settings(engine).await.map_err(Failure::failed)?);
    let stamp = fresh_stamp();
    let mail = OutboxMail::new(stamp.ids().draw(), to, MailTemplate::Test, stamp.now);
    match transport.deliver(&renderer, &mail).await.outcome {
        DeliveryOutcome::Sent { .. } => {}
        DeliveryOutcome::Deferred { error } => {
            return Err(Failure::failed(format_args!("{transport} did not take the test mail: {error}")));
        }
        DeliveryOutcome::Rejected { error } => {
            return Err(Failure::failed(format_args!("{transport} refused the test mail: {error}")));
        }
    }
    let noted = execute(engine, TestMailFromShell { mail, stamp }).await;
    noted.map_err(|error| {
        Failure::failed(format_args!("{transport} took the test mail, which could not be noted: {error}"))
    })
}
