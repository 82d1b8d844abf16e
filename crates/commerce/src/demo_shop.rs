//! Which shops are demonstrations: others must not be filled with samples, nor have their mails kept back.

use async_trait::async_trait;
use model::{Email, Role};
use store::{Change, Operation, Tx};

use crate::Error;

/// Where it is noted that a shop is a demonstration.
const DEMO: &str = "demo";

/// Takes the shop for a demonstration, and notes that. It must be one already, or empty.
#[derive(Clone, Debug)]
pub struct TakeForDemo {
    /// Whether the shop has accounts; a transaction cannot ask for that.
    pub has_accounts: bool,
    /// The address of the owner of a demonstration: earlier programs noted nothing, and made nobody else an owner.
    pub owner: Email,
}

#[async_trait]
impl Operation for TakeForDemo {
    /// Whether it may be used as a demonstration. Otherwise nothing was written.
    type Output = bool;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, Error> {
        if tx.meta(DEMO).await?.is_some() {
            return Ok(true);
        }
        let is_usable = match tx.owners().await? {
            0 => !self.has_accounts && !tx.has_products().await? && tx.categories().await?.is_empty(),
            1 => {
                let row = tx.account_by_email(&self.owner).await?;
                row.is_some_and(|row| row.account.role == Role::Owner && row.account.is_usable())
            }
            _ => false,
        };
        if is_usable {
            tx.apply(&[Change::PutMeta { key: DEMO.into(), value: Some("yes".to_owned()) }]).await?;
        }
        Ok(is_usable)
    }
}
