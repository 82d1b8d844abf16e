//! Who waits for a variant to be in stock again, and the mail that tells.

use async_trait::async_trait;
use model::{
    AccountId, MailTemplate, OutboxMail, ProductStatus, Stamp, StockAlert, Timestamp, VariantId, mail::BackInStock,
    product::can_be_sold, review::ALERTS_MAX,
};
use store::{Change, DueAlert, Operation, Tx};

use crate::{
    Conflict, Error,
    accounts::{greeting, usable_row},
};

/// How many are told in one transaction.
const AT_ONCE: u32 = 100;

/// Asks for a mail when a variant that is sold out can be bought again. Asking again while it is sold out changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct AskForStockAlert {
    /// Who asks.
    pub account_id: AccountId,
    /// For which variant.
    pub variant_id: VariantId,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for AskForStockAlert {
    type Output = StockAlert;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<StockAlert, Error> {
        let account_id = usable_row(tx.account(self.account_id).await?)?.account.id;
        let waiting = tx.stock_alerts_of(account_id).await?;
        // With the lock of its level: stock that comes in meanwhile waits, and then finds the alert.
        let product = tx.product_of_variant(self.variant_id).await?;
        let product = product.filter(|product| product.status == ProductStatus::Active);
        let variants = product.map(|product| product.variants).unwrap_or_default();
        let variant = variants.iter().find(|variant| variant.id == self.variant_id);
        if variant.ok_or(Error::NotFound("variant"))?.is_available() {
            return Err(Conflict::InStock.into());
        }
        if let Some(alert) = waiting.iter().find(|alert| alert.variant_id == self.variant_id) {
            return Ok(*alert);
        }
        if waiting.len() >= ALERTS_MAX {
            return Err(Conflict::TooManyAlerts.into());
        }
        let alert = StockAlert { variant_id: self.variant_id, account_id, created_at: self.now };
        tx.apply(&[Change::PutStockAlert(alert)]).await?;
        Ok(alert)
    }
}

/// Takes that back.
#[derive(Clone, Copy, Debug)]
pub struct CancelStockAlert {
    /// Who asked.
    pub account_id: AccountId,
    /// For which variant.
    pub variant_id: VariantId,
}

#[async_trait]
impl Operation for CancelStockAlert {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let Self { account_id, variant_id } = *self;
        Ok(tx.apply(&[Change::DeleteStockAlert { account_id, variant_id }]).await?)
    }
}

/// Writes to those who wait for what came into stock: each once. To be repeated while it gives more than none.
#[derive(Clone, Copy, Debug)]
pub struct SendStockAlerts {
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for SendStockAlerts {
    /// How many were looked at.
    type Output = usize;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<usize, Error> {
        let due = tx.due_stock_alerts(AT_ONCE).await?;
        let mut ids = self.stamp.ids();
        let mut changes = Vec::with_capacity(due.len() * 2);
        for alert in &due {
            let DueAlert { account_id, variant_id, .. } = *alert;
            // When it can be bought, or they may sign in again, triggers of the schema mark them anew.
            if !is_to_be_told(alert) {
                changes.push(Change::PostponeStockAlert { account_id, variant_id });
                continue;
            }
            changes.push(Change::DeleteStockAlert { account_id, variant_id });
            let Some(to) = alert.email.clone() else { continue };
            let mail = OutboxMail::new(ids.draw(), to, MailTemplate::BackInStock(about(alert)), self.stamp.now);
            changes.push(Change::InsertMail(OutboxMail { account_id: Some(account_id), ..mail }));
        }
        if !changes.is_empty() {
            tx.apply(&changes).await?;
        }
        Ok(due.len())
    }
}

/// Whether somebody can buy what they wait for.
fn is_to_be_told(alert: &DueAlert) -> bool {
    let is_for_sale = alert.status == ProductStatus::Active && can_be_sold(alert.track_stock, alert.stock);
    is_for_sale && alert.disabled_at.is_none()
}

fn about(alert: &DueAlert) -> BackInStock {
    let variant = alert.option_values.join(" / ");
    let product = &alert.product_title;
    let title = if variant.is_empty() { product.clone() } else { format!("{product} ({variant})") };
    BackInStock { name: greeting(&alert.name, alert.email_verified_at), title, slug: alert.slug.clone() }
}
