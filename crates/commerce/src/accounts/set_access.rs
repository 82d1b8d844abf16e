//! What an account may do: its role, its permissions, and whether it is locked.

use async_trait::async_trait;
use model::{Access, Account, AccountId, Permission, Permissions, Role, Timestamp, Violations};
use store::{Change, Operation, Tx};

use crate::{Conflict, Error, check_version};

/// Changes what another account may do; what is `None` stays. Ends its sessions when it may do less or other than
/// before, so that the change counts at once. Only who has proven the address can become one of the staff.
#[derive(Clone, Copy, Debug)]
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
        let row = tx.account(self.account_id).await?.filter(|row| row.account.deleted_at.is_none());
        let before = row.ok_or(Error::NotFound("account"))?.account;
        check_version(self.if_version, before.version)?;
        self.authorise(&before)?;
        let after = self.decide(&before);
        if after.access().is_staff() && !before.access().is_staff() && before.email_verified_at.is_none() {
            let message =
                "must stay `customer`: nobody proved the address of this account, so it may be a stranger's. Invite it";
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
        tx.apply(&changes).await?;
        Ok(after)
    }
}

impl SetAccess {
    /// Whether whoever asks for it must give their password again: it is about who may do what. Who stole a session must not make
    /// it last.
    #[must_use]
    pub const fn takes_password(&self) -> bool {
        self.role.is_some() || self.permissions.is_some()
    }

    /// Staff may lock customers; everything else is the owner's.
    fn authorise(&self, target: &Account) -> Result<(), Error> {
        let is_owner = self.actor.role == Role::Owner;
        let is_harmless = self.role.is_none() && self.permissions.is_none() && target.role == Role::Customer;
        if is_owner || (is_harmless && self.actor.may(Permission::Customers)) { Ok(()) } else { Err(Error::Forbidden) }
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
