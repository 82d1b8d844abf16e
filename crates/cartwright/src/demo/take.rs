//! Which shops the demonstration may use: its own.

use commerce::TakeForDemo;
use model::{Account, Email, Role};
use store::{AccountFilter, Engine, PageRequest, execute};

use crate::{data, failure::Failure, settings::Settings, shop::Places};

/// The address of its owner.
pub(crate) const OWNER: &str = "owner@example.com";

/// Refuses a shop that must be changed before it can be looked into: one of an older program, unless the pictures of a demonstration lie
/// beside it.
///
/// # Errors
/// It is such a shop, or the database failed.
pub(crate) async fn refuse_older(places: &Places, settings: &Settings) -> Result<(), Failure> {
    let is_demo = settings.database.is_none() && data::pictures(&places.folder).is_dir();
    if !is_demo && places.is_older().await? { Err(refusal(places, settings)) } else { Ok(()) }
}

/// Takes the shop for the demonstration. What somebody sells in must be left alone, with its products and its mails.
///
/// # Errors
/// It is a shop of somebody's, or the database failed. Nothing was written then.
pub(crate) async fn take(engine: &dyn Engine, places: &Places, settings: &Settings) -> Result<(), Failure> {
    let has_accounts = newest(engine, None).await?.is_some();
    let take = TakeForDemo { has_accounts, owner: owner()? };
    let is_taken = execute(engine, take).await.map_err(Failure::failed)?;
    if is_taken { Ok(()) } else { Err(refusal(places, settings)) }
}

/// The address of its owner, parsed.
///
/// # Errors
/// When it cannot be read, which would be a mistake of ours.
pub(crate) fn owner() -> Result<Email, Failure> {
    Email::parse("", OWNER).map_err(|wrong| Failure::failed(wrong.message))
}

/// The account that was made last, of all or of those with a role.
///
/// # Errors
/// The database failed.
pub(crate) async fn newest(engine: &dyn Engine, role: Option<Role>) -> Result<Option<Account>, Failure> {
    let filter = AccountFilter { role, ..AccountFilter::default() };
    let page = engine.accounts(&filter, &PageRequest { limit: 1, after: None }).await.map_err(Failure::failed)?;
    Ok(page.items.into_iter().next())
}

fn refusal(places: &Places, settings: &Settings) -> Failure {
    let other = if settings.database.is_some() { "database with --database" } else { "folder with --data" };
    Failure::failed(format_args!(
        "the shop in {} is not a demonstration, and was left as it is; name another {other}",
        places.database
    ))
}
