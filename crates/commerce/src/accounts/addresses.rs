//! Saved addresses.

use async_trait::async_trait;
use model::{AccountId, AddressId, PostalAddress, SavedAddress, Stamp, Violations, address::SAVED_ADDRESSES_MAX, text};
use store::{Change, Operation, Tx};

use super::usable;
use crate::{Conflict, Error};

/// Saves a new address, or overwrites one.
#[derive(Clone, Debug)]
pub struct SaveAddress {
    /// Whose.
    pub account_id: AccountId,
    /// Which; `None` for a new one.
    pub id: Option<AddressId>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// The address.
    pub address: PostalAddress,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for SaveAddress {
    type Output = SavedAddress;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<SavedAddress, Error> {
        let account_id = usable(tx, self.account_id).await?.account.id;
        let id = match self.id {
            Some(id) => tx.address(account_id, id).await?.ok_or(Error::NotFound("address"))?.id,
            None if tx.addresses(account_id).await?.len() >= SAVED_ADDRESSES_MAX => {
                return Err(Conflict::TooManyAddresses.into());
            }
            None => self.stamp.ids().draw(),
        };
        let label = text::optional_line("/label", self.label.as_deref().unwrap_or(""), 60);
        let label = label.map_err(|wrong| Violations(vec![wrong]))?;
        let address = self.address.clone().validate("")?;
        let saved = SavedAddress { id, label: Some(label).filter(|label| !label.is_empty()), address };
        tx.apply(&[Change::PutAddress { account_id, address: saved.clone() }]).await?;
        Ok(saved)
    }
}

/// Removes a saved address.
#[derive(Clone, Copy, Debug)]
pub struct DeleteAddress {
    /// Whose.
    pub account_id: AccountId,
    /// Which.
    pub id: AddressId,
}

#[async_trait]
impl Operation for DeleteAddress {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let address = tx.address(self.account_id, self.id).await?.ok_or(Error::NotFound("address"))?;
        Ok(tx.apply(&[Change::DeleteAddress { id: address.id }]).await?)
    }
}
