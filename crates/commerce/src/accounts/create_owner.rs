//! The first owner: from the command line, or by a one-time link printed at first start.

use async_trait::async_trait;
use model::{Account, Email, Role, Stamp, session::SecretHash};
use store::{Change, Operation, Tx};

use super::sign_up;
use crate::{Conflict, Error};

/// Where the hash of the set-up link is kept.
const SETUP_LINK: &str = "setup_link_hash";

/// Makes an account of an owner, its address taken as proven.
#[derive(Clone, Debug)]
pub struct CreateOwner {
    /// The address.
    pub email: Email,
    /// The person's name.
    pub name: String,
    /// The hash of the password.
    pub password_hash: String,
    /// The hash of the set-up link's token, when that is what allows it; it is good while there is no owner.
    pub setup_link: Option<SecretHash>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateOwner {
    type Output = Account;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Account, Error> {
        let name = sign_up::name(&self.name)?;
        if let Some(presented) = &self.setup_link {
            if tx.owners().await? > 0 {
                return Err(Conflict::OwnerExists.into());
            }
            if tx.meta(SETUP_LINK).await?.as_deref() != Some(&hex::encode(presented)) {
                return Err(Error::NotAuthenticated);
            }
        }
        if tx.account_by_email(&self.email).await?.is_some() {
            return Err(Conflict::EmailTaken.into());
        }
        let account = sign_up::new_account(&mut self.stamp.ids(), &self.email, &name, self.stamp);
        let account = Account { role: Role::Owner, email_verified_at: Some(self.stamp.now), ..account };
        let insert =
            Change::InsertAccount { account: account.clone(), password_hash: Some(self.password_hash.clone()) };
        tx.apply(&[insert, Change::PutMeta { key: SETUP_LINK.into(), value: None }]).await?;
        Ok(account)
    }
}

/// Whether a set-up link is good: asked before the password is hashed, which is much work to do for anybody.
#[derive(Clone, Copy, Debug)]
pub struct CheckSetupLink {
    /// The hash of the link's token.
    pub hash: SecretHash,
}

#[async_trait]
impl Operation for CheckSetupLink {
    type Output = bool;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, Error> {
        Ok(tx.owners().await? == 0 && tx.meta(SETUP_LINK).await?.as_deref() == Some(&hex::encode(self.hash)))
    }
}

/// Makes a set-up link good, in the place of an earlier one. Does nothing when there is an owner; gives whether it did.
#[derive(Clone, Copy, Debug)]
pub struct IssueSetupLink {
    /// The hash of the link's token.
    pub hash: SecretHash,
}

#[async_trait]
impl Operation for IssueSetupLink {
    type Output = bool;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, Error> {
        if tx.owners().await? > 0 {
            return Ok(false);
        }
        tx.apply(&[Change::PutMeta { key: SETUP_LINK.into(), value: Some(hex::encode(self.hash)) }]).await?;
        Ok(true)
    }
}
