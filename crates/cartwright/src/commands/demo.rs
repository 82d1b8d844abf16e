//! `cartwright demo`

use identity::OpaqueToken;
use model::{Currency, Role, Timestamp};

use super::owner_create;
use crate::{
    cli, data,
    demo::{self, OWNER},
    failure::Failure,
    say::say,
    server::Server,
    settings::Settings,
    shop::Places,
    stop::Stop,
};

/// Runs a sample shop until it is told to stop.
pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    if settings.currency != Currency::EUR {
        return Err(Failure::usage("the prices of the sample catalogue are in EUR; leave currency as it is"));
    }
    let stop = Stop::on_signals()?;
    demo::refuse_older(&Places::new(settings, true)?, settings).await?;
    let server = Server::prepare(settings, true).await?;
    let pictures = data::pictures(&server.folder);
    demo::seed(server.engine.as_ref(), &pictures, Timestamp::now(), &random).await.map_err(Failure::failed)?;
    let sign_in = sign_in(&server, settings).await?;
    say(welcome(&server, &sign_in))?;
    server.run(stop).await
}

/// Who signs in as the owner, and how.
async fn sign_in(server: &Server, settings: &Settings) -> Result<String, Failure> {
    if let Some(password) = make_owner(server, settings).await? {
        return Ok(format!("{OWNER}  password {password}  (shown this once)"));
    }
    let engine = server.engine.as_ref();
    let owner = engine.credentials(&demo::owner()?).await.map_err(Failure::failed)?;
    if owner.is_some_and(|row| row.account.role == Role::Owner) {
        let other = if settings.database.is_some() { "--database" } else { "--data" };
        return Ok(format!("{OWNER}  password as shown at the first start; to begin anew, name another {other}"));
    }
    let other = demo::newest(engine, Some(Role::Owner)).await?.and_then(|account| account.email);
    Ok(other.map_or_else(String::new, |email| format!("{}  with the password that was chosen", email.as_str())))
}

/// The new owner's password; `None` when the shop has an owner from an earlier start.
async fn make_owner(server: &Server, settings: &Settings) -> Result<Option<String>, Failure> {
    if server.engine.has_owner().await.map_err(Failure::failed)? {
        return Ok(None);
    }
    let owner = cli::CreateOwner { email: demo::owner()?, name: "Olive Owner".to_owned(), password_stdin: false };
    // 120 random bits, and short enough to copy by hand.
    let password: String = OpaqueToken::random().expose().chars().take(20).collect();
    owner_create::create(server.engine.as_ref(), settings, owner, password.clone()).await?;
    Ok(Some(password))
}

fn welcome(server: &Server, sign_in: &str) -> String {
    let (url, folder) = (&server.public_url, server.folder.display());
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
