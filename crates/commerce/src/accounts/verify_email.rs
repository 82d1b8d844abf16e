//! Proving an address with the code that was mailed to it.

use async_trait::async_trait;
use model::{
    Account, Email, Stamp,
    challenge::{Purpose, Verdict},
    session::SecretHash,
};
use store::{Change, Operation, Tx};

use super::{MailedSecret, NewSession, has_password, sessions, sign_up, usable_by_email};
use crate::Error;

/// What a presented code was worth.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeChecked {
    /// Right.
    Right(Account),
    /// Wrong, used, expired, or there never was one. Costs a try where there was.
    Wrong,
}

/// Proves the address of a new account, and signs the device in where that is enough ([`is_signed_in_by_code`]). It takes the
/// password of the sign-up as well: whoever reads the code need not be who chose the password that the account has by now.
#[derive(Clone, Debug)]
pub struct VerifyEmail {
    /// The address.
    pub email: Email,
    /// The hash that the presented password was found to match.
    pub verified_hash: String,
    /// The hash of the presented code.
    pub code_hash: SecretHash,
    /// The device.
    pub session: NewSession,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for VerifyEmail {
    type Output = CodeChecked;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<CodeChecked, Error> {
        let Some(row) = usable_by_email(tx, &self.email).await? else { return Ok(CodeChecked::Wrong) };
        if !has_password(&row, &self.verified_hash) {
            return Ok(CodeChecked::Wrong);
        }
        let Some(challenge) = tx.challenge(row.account.id, Purpose::VerifyEmail).await? else {
            return Ok(CodeChecked::Wrong);
        };
        match challenge.judge(&self.code_hash, self.stamp.now) {
            Verdict::Void => Ok(CodeChecked::Wrong),
            Verdict::Wrong(challenge) => {
                tx.apply(&[Change::PutChallenge(challenge)]).await?;
                Ok(CodeChecked::Wrong)
            }
            Verdict::Right(challenge) => {
                let account = verified(row.account, self.stamp);
                let mut changes = vec![Change::PutChallenge(challenge), Change::UpdateAccount(account.clone())];
                if is_signed_in_by_code(&account) {
                    changes.extend(sessions::open(&account, &self.session, self.stamp.now));
                }
                tx.apply(&changes).await?;
                Ok(CodeChecked::Right(account))
            }
        }
    }
}

/// Whether a code that was mailed lets somebody in. Not those who work in the shop: of them a password, and perhaps a second
/// factor, must be asked.
#[must_use]
pub fn is_signed_in_by_code(account: &Account) -> bool {
    !account.access().is_staff()
}

/// The account with its address proven.
pub(super) fn verified(account: Account, stamp: Stamp) -> Account {
    Account {
        email_verified_at: account.email_verified_at.or(Some(stamp.now)),
        updated_at: stamp.now,
        version: account.version + 1,
        ..account
    }
}

/// Mails a new code to an address that is not proven yet. Says nothing about whether there is one.
#[derive(Clone, Debug)]
pub struct ResendCode {
    /// The address.
    pub email: Email,
    /// The new code; the old one stops being good.
    pub code: MailedSecret,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ResendCode {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let row = usable_by_email(tx, &self.email).await?;
        let Some(row) = row.filter(|row| row.account.email_verified_at.is_none()) else { return Ok(()) };
        let previous = tx.challenge(row.account.id, Purpose::VerifyEmail).await?;
        let mut ids = self.stamp.ids();
        let changes = sign_up::code_changes(previous.as_ref(), &row.account, &self.code, &mut ids, self.stamp);
        Ok(tx.apply(&changes.unwrap_or_default()).await?)
    }
}
