//! Deleting an account.

use async_trait::async_trait;
use model::{Account, AccountId, Permissions, Role, Timestamp, challenge::Purpose};
use store::{Change, Operation, Tx};

use super::{forget_staff, usable_with_password};
use crate::{Conflict, Error, reviews, settings, wishlist};

/// Deletes an account. Its orders stay, without its name and address; an order that has not left the shop keeps the
/// postal address until it has. Its reviews go, and no longer count.
#[derive(Clone, Debug)]
pub struct DeleteAccount {
    /// Whose.
    pub account_id: AccountId,
    /// The hash that the current password was found to match, where its owner deletes it. Without it somebody else does, and a
    /// customer's alone: who works in the shop may have become so since the staff looked.
    pub verified_hash: Option<String>,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for DeleteAccount {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let row = match &self.verified_hash {
            Some(hash) => usable_with_password(tx, self.account_id, hash).await?,
            // The staff may: also whose account is locked can ask to be forgotten.
            None => {
                let row = tx.account(self.account_id).await?.filter(|row| row.account.deleted_at.is_none());
                let row = row.ok_or(Error::NotFound("account"))?;
                if row.account.role != Role::Customer {
                    return Err(Error::Forbidden);
                }
                row
            }
        };
        let account = row.account;
        if account.role == Role::Owner && tx.owners().await? <= 1 {
            return Err(Conflict::LastOwner.into());
        }
        let account_id = account.id;
        let empty = Account {
            email: None,
            name: String::new(),
            phone: None,
            role: Role::Customer,
            permissions: Permissions::default(),
            email_verified_at: None,
            deleted_at: Some(self.now),
            updated_at: self.now,
            version: account.version + 1,
            ..account
        };
        let mut changes = vec![
            Change::UpdateAccount(empty),
            Change::SetPassword { account_id, password_hash: None },
            Change::EndSessions { account_id, except: None, at: self.now },
            Change::DeleteAddresses { account_id },
            Change::DeleteMailsOf { account_id },
            Change::ForgetTraces { account_id },
            Change::AnonymiseOrders { account_id },
        ];
        for review in tx.reviews_of(account_id, None).await? {
            changes.extend(reviews::remove(&review));
        }
        let alerts = tx.stock_alerts_of(account_id).await?;
        changes
            .extend(alerts.iter().map(|alert| Change::DeleteStockAlert { account_id, variant_id: alert.variant_id }));
        changes.extend(wishlist::forget(tx, account_id).await?);
        changes.extend(settings::forget_notes(tx, account_id).await?);
        changes.extend(forget_staff(tx, account_id).await?);
        changes.extend(Purpose::ALL.map(|purpose| Change::DeleteChallenge { account_id, purpose }));
        Ok(tx.apply(&changes).await?)
    }
}
