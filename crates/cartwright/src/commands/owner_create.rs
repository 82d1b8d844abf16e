//! `cartwright owner create`

use std::io::{self, Read as _};

use commerce::accounts::CreateOwner;
use identity::{check_password, fresh_stamp};
use store::{Engine, execute};

use crate::{
    cli,
    failure::Failure,
    say::say,
    settings::Settings,
    shop::{self, Place, Places},
};

/// Far more than the longest password has.
const BYTES_MAX: u64 = 4096;

/// Makes an account of an owner.
pub(super) async fn run(settings: &Settings, owner: cli::CreateOwner) -> Result<(), Failure> {
    let password = read_password()?;
    let places = Places::new(settings, false)?;
    check_password("", &password, &[owner.email.as_str(), &owner.name])
        .map_err(|wrong| Failure::failed(format_args!("the password {}", wrong.message)))?;
    // Another folder than the one that is served, and the owner is one of a shop that nobody sees.
    let is_new = matches!(&places.database, Place::File(path) if !path.exists());
    let engine = places.open_beside().await?;
    let made = create(engine.as_ref(), settings, owner, password).await;
    engine.close().await.map_err(Failure::failed)?;
    let made = made?;
    let which = if is_new { "a new shop, made just now: there was no database at" } else { "the shop in" };
    say(format_args!("{made} is an owner of {which} {}.", places.database))
}

/// Makes the account; gives its address.
pub(super) async fn create(
    engine: &dyn Engine,
    settings: &Settings,
    owner: cli::CreateOwner,
    password: String,
) -> Result<String, Failure> {
    let password_hash = shop::passwords(settings).hash(password).await.map_err(Failure::failed)?;
    let email = owner.email.as_str().to_owned();
    let create =
        CreateOwner { email: owner.email, name: owner.name, password_hash, setup_link: None, stamp: fresh_stamp() };
    execute(engine, create).await.map_err(Failure::failed)?;
    Ok(email)
}

/// The first line of standard input, which is all that there may be.
fn read_password() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|error| Failure::failed(format_args!("the password cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage("the password must be UTF-8 text"))?;
    let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if password.contains('\n') {
        return Err(Failure::usage("standard input must hold the password and nothing else, but has several lines"));
    }
    Ok(password.to_owned())
}
