//! What an owner does for somebody else of the staff who lost a device, or may have had it stolen.

use async_trait::async_trait;
use model::{Access, AccountId, Role, Timestamp};
use store::{Change, Operation, Tx};

use super::{actor_and_target, authorised, has_password};
use crate::{Error, second_factor};

/// What is taken from somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffReset {
    /// All sessions: they sign in again. Their API keys stay, and are ended one by one; after a theft those have to go too.
    Sessions,
    /// The second factor: the password alone signs in until there is a new one.
    SecondFactor,
}

/// Takes a way in from somebody else of the staff. An owner's to do.
#[derive(Clone, Debug)]
pub struct ResetStaff {
    /// Who does it.
    pub actor: Access,
    /// For whom.
    pub account_id: AccountId,
    /// What is taken.
    pub what: StaffReset,
    /// The hash that the owner's password was found to match.
    pub verified_hash: String,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for ResetStaff {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let (actor, target) = actor_and_target(tx, self.actor, self.account_id).await?;
        let is_other = self.actor.account_id != self.account_id;
        authorised(self.actor, &actor.account, |actor| actor.role == Role::Owner && is_other)?;
        if !has_password(&actor, &self.verified_hash) {
            return Err(Error::NotAuthenticated);
        }
        if !target.access().is_staff() {
            return Err(Error::NotFound("account"));
        }
        let change = match self.what {
            StaffReset::Sessions => {
                Some(Change::EndSessions { account_id: self.account_id, except: None, at: self.now })
            }
            StaffReset::SecondFactor => second_factor::forget(tx, self.account_id).await?,
        };
        Ok(tx.apply(change.as_slice()).await?)
    }
}
