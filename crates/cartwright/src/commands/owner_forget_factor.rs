//! `cartwright owner forget-factor`

use commerce::{Error, second_factor::ForgetSecondFactor};
use identity::fresh_stamp;
use model::Email;
use store::execute;

use crate::{failure::Failure, say::say, settings::Settings, shop::Places};

/// Takes the second factor of one of the staff away; the shop may be open.
pub(super) async fn run(settings: &Settings, email: Email) -> Result<(), Failure> {
    let places = Places::new(settings, false)?;
    let engine = places.open_existing().await?;
    let forget = ForgetSecondFactor { email: email.clone(), stamp: fresh_stamp() };
    let forgotten = execute(engine.as_ref(), forget).await;
    engine.close().await.map_err(Failure::failed)?;
    match forgotten {
        Ok(true) => say(format_args!(
            "{email} has no second factor any more: the password alone signs in. Set up a new one soon."
        )),
        Ok(false) => Err(Failure::failed(format_args!("{email} has no second factor; nothing was changed"))),
        Err(Error::NotFound(_)) => {
            Err(Failure::failed(format_args!("no account has the address {email}; give the one that signs in")))
        }
        Err(error) => Err(Failure::failed(error)),
    }
}
