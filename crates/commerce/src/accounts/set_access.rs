//! What an account may do: its role, its permissions, and whether it is locked.

use async_trait::async_trait;
use model::{Access, Account, AccountId, Permission, Permissions, Role, Timestamp, Violations};
use store::{Change, Operation, Tx};

use super::{actor_and_target, authorised, forget_staff, has_password};
use crate::{Conflict, Error, check_version};

/// Changes what another account may do; what is `None` stays. Ends its sessions when it may do less or other than
/// before, so that the change counts at once. Only who has proven the address can become one of the staff.
#[derive(Clone, Debug)]
pub struct SetAccess {
    /// Who changes it.
    pub actor: Access,
    /// Whose access.
    pub account_id: AccountId,
    /// Whether it is locked.
    pub disabled: Option<bool>,
    /// Its role.
    pub role: Option<Role>,
    /// Its permissions, for staff.
    pub permissions: Option<Permissions>,
    /// The hash that the password of whoever changes it was found to match. Needed for roles and permissions, and to unlock one of the
    /// staff: who stole a session must not make it last.
    pub verified_hash: Option<String>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for SetAccess {
    type Output = Account;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Account, Error> {
        let (actor, before) = actor_and_target(tx, self.actor, self.account_id).await?;
        authorised(self.actor, &actor.account, |actor| self.is_allowed(actor, &before))?;
        check_version(self.if_version, before.version)?;
        if self.takes_password(&before) {
            let missing = || {
                Violations::one("/current_password", "required", "must be your password: this is about who may do what")
            };
            let hash = self.verified_hash.as_ref().ok_or_else(missing)?;
            if !has_password(&actor, hash) {
                return Err(Error::NotAuthenticated);
            }
        }
        let after = self.decide(&before);
        if rank(after.role) > rank(before.role) && before.email_verified_at.is_none() {
            let message = match after.role {
                Role::Owner => "must wait: whoever was invited has not followed the link in the mail yet",
                Role::Staff | Role::Customer => {
                    "must stay `customer`: nobody proved the address of this account, so it may be a stranger's. Invite it"
                }
            };
            return Err(Violations::one("/role", "not_verified", message).into());
        }
        let loses_an_owner = |account: &Account| account.role == Role::Owner && account.is_usable();
        if loses_an_owner(&before) && !loses_an_owner(&after) && tx.owners().await? <= 1 {
            return Err(Conflict::LastOwner.into());
        }
        let mut changes = vec![Change::UpdateAccount(after.clone())];
        if after.access() != before.access() || after.disabled_at != before.disabled_at {
            changes.push(Change::EndSessions { account_id: after.id, except: None, at: self.now });
        }
        if before.access().is_staff() && !after.access().is_staff() {
            // Whoever comes back some day begins anew.
            changes.extend(forget_staff(tx, after.id).await?);
        }
        tx.apply(&changes).await?;
        Ok(after)
    }
}

impl SetAccess {
    fn takes_password(&self, target: &Account) -> bool {
        let is_unlocked = self.disabled == Some(false) && target.access().is_staff();
        self.role.is_some() || self.permissions.is_some() || is_unlocked
    }

    /// Staff may lock customers; everything else is the owner's.
    fn is_allowed(&self, actor: Access, target: &Account) -> bool {
        let is_harmless = self.role.is_none() && self.permissions.is_none() && target.role == Role::Customer;
        actor.role == Role::Owner || (is_harmless && actor.may(Permission::Customers))
    }

    fn decide(&self, before: &Account) -> Account {
        let role = self.role.unwrap_or(before.role);
        let permissions = match role {
            Role::Staff => self.permissions.unwrap_or(before.permissions),
            Role::Customer | Role::Owner => Permissions::default(),
        };
        let disabled_at = match self.disabled {
            None => before.disabled_at,
            Some(true) => before.disabled_at.or(Some(self.now)),
            Some(false) => None,
        };
        Account { role, permissions, disabled_at, updated_at: self.now, version: before.version + 1, ..before.clone() }
    }
}

/// How much a role may do.
const fn rank(role: Role) -> u8 {
    match role {
        Role::Customer => 0,
        Role::Staff => 1,
        Role::Owner => 2,
    }
}
