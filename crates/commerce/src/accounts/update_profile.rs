//! Name and telephone number.

use async_trait::async_trait;
use model::{Account, AccountId, Timestamp, Violations, account};
use store::{Change, Operation, Tx};

use super::{sign_up, usable};
use crate::{Error, check_version};

/// Changes the profile; what is `None` stays.
#[derive(Clone, Debug)]
pub struct UpdateProfile {
    /// Whose.
    pub account_id: AccountId,
    /// The name.
    pub name: Option<String>,
    /// The telephone number; `Some(None)` removes it.
    pub phone: Option<Option<String>>,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for UpdateProfile {
    type Output = Account;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Account, Error> {
        let before = usable(tx, self.account_id).await?.account;
        check_version(self.if_version, before.version)?;
        let mut account = before.clone();
        if let Some(name) = &self.name {
            account.name = sign_up::name(name)?;
        }
        if let Some(phone) = &self.phone {
            let phone = phone.as_deref().filter(|phone| !phone.trim().is_empty());
            let phone = phone.map(|phone| account::phone("/phone", phone)).transpose();
            account.phone = phone.map_err(|wrong| Violations(vec![wrong]))?;
        }
        if account == before {
            return Ok(before);
        }
        account.updated_at = self.now;
        account.version += 1;
        tx.apply(&[Change::UpdateAccount(account.clone())]).await?;
        Ok(account)
    }
}
