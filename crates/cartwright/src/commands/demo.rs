//! `cartwright demo`

use identity::OpaqueToken;
use model::{Currency, Email, Timestamp};

use super::owner_create;
use crate::{cli, data, demo, failure::Failure, server::Server, settings::Settings, stop::Stop};

const OWNER: &str = "owner@example.com";

/// Runs a sample shop until it is told to stop.
pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    if settings.currency != Currency::EUR {
        return Err(Failure::usage("the prices of the sample catalogue are in EUR; leave currency as it is"));
    }
    let stop = Stop::on_signals()?;
    let server = Server::prepare(settings, true).await?;
    let pictures = data::pictures(&server.folder);
    demo::seed(server.engine.as_ref(), &pictures, Timestamp::now(), &random).await.map_err(Failure::failed)?;
    let password = make_owner(&server, settings).await?;
    println!("{}", welcome(&server, password.as_deref()));
    server.run(stop).await
}

/// The new owner's password; `None` when the shop has an owner from an earlier start.
async fn make_owner(server: &Server, settings: &Settings) -> Result<Option<String>, Failure> {
    if server.engine.has_owner().await.map_err(Failure::failed)? {
        return Ok(None);
    }
    let email = Email::parse("", OWNER).map_err(|wrong| Failure::failed(wrong.message))?;
    let owner = cli::CreateOwner { email, name: "Olive Owner".to_owned(), password_stdin: false };
    // 120 random bits, and short enough to copy by hand.
    let password: String = OpaqueToken::random().expose().chars().take(20).collect();
    owner_create::create(server.engine.as_ref(), settings, owner, password.clone()).await?;
    Ok(Some(password))
}

fn welcome(server: &Server, password: Option<&str>) -> String {
    let (url, folder) = (&server.public_url, server.folder.display());
    let sign_in = match password {
        Some(password) => format!("{OWNER}  password {password}  (shown this once)"),
        None => format!("{OWNER}  password as shown at the first start; delete {folder} to begin anew"),
    };
    let note = if server.is_loopback() { "" } else { " (sign in as the owner: others can reach this machine)" };
    format!(
        "\nThe sample shop is open.\n\n  \
         Shop       {url}/\n  \
         Dashboard  {url}/admin\n  \
         API        {url}/docs\n  \
         Mailbox    {url}/mailbox{note}\n  \
         Owner      {sign_in}\n\n\
         Its data is in {folder}. Stop it with Ctrl-C.\n"
    )
}

/// 128 random bits for the ids of one operation.
fn random() -> u128 {
    let hash = OpaqueToken::random().hash();
    hash.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}
