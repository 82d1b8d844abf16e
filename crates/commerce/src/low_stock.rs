//! The mail that tells the shop what is short.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::{Email, MailTemplate, OutboxMail, Stamp, VariantId, mail::ShortItem};
use serde::{Deserialize, Serialize};
use store::{Change, Document, DocumentKind, LowStock, Operation, Queries, ShortPlace, StoreError, Tx};

use crate::{Error, settings::settings};

/// The most variants that are looked at, those with the least stock first.
const LOOKED_AT: u32 = 10_000;
/// The most variants that a mail names. It says how many more there are.
const LISTED: usize = 100;
/// The name of the document beside the settings.
const TOLD: &str = "low_stock_told";

/// What was told of: those that are short since the last mail.
#[derive(Default, Serialize, Deserialize)]
struct Told {
    variants: BTreeSet<VariantId>,
}

/// What there is to tell, and to whom; `None` when the shop does not want to be told, or cannot be written to.
///
/// # Errors
/// The engine failed.
pub async fn news(queries: &dyn Queries, stamp: Stamp) -> Result<Option<TellLowStock>, StoreError> {
    let settings = settings(queries).await?;
    if !settings.low_stock_mail {
        return Ok(None);
    }
    let Ok(to) = Email::parse("", &settings.contact_email) else { return Ok(None) };
    let short = queries.low_stock(settings.low_stock_at, ShortPlace::START, LOOKED_AT).await?;
    Ok(Some(TellLowStock { to, short, stamp }))
}

/// Mails what became short since the last mail. What has enough again, and then becomes short again, is told of again. Gives
/// of how many was told.
#[derive(Clone, Debug)]
pub struct TellLowStock {
    /// To whom.
    pub to: Email,
    /// What is short now.
    pub short: Vec<LowStock>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for TellLowStock {
    type Output = usize;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<usize, Error> {
        let known = tx.document_named(DocumentKind::Settings, TOLD).await?;
        let told: Told = known.as_ref().map_or_else(|| Ok(Told::default()), Document::read)?;
        let now = Told { variants: self.short.iter().map(|one| one.variant_id).collect() };
        if now.variants == told.variants {
            return Ok(0);
        }
        let new: Vec<_> = self.short.iter().filter(|one| !told.variants.contains(&one.variant_id)).collect();
        let items: Vec<ShortItem> = new.iter().copied().take(LISTED).map(item).collect();
        let mut ids = self.stamp.ids();
        let (id, version) = known.map_or_else(|| (ids.draw(), 1), |known| (known.id, known.version + 1));
        let mut changes = vec![Change::PutDocument(Document::new(DocumentKind::Settings, id, TOLD, version, &now)?)];
        if !new.is_empty() {
            let template = MailTemplate::LowStock { more: new.len() - items.len(), items };
            changes.push(Change::InsertMail(OutboxMail::new(ids.draw(), self.to.clone(), template, self.stamp.now)));
        }
        tx.apply(&changes).await?;
        Ok(new.len())
    }
}

fn item(one: &LowStock) -> ShortItem {
    let variant = one.option_values.join(" / ");
    let title = if variant.is_empty() { one.title.clone() } else { format!("{} ({variant})", one.title) };
    ShortItem { title, sku: one.sku.clone(), stock: one.stock }
}
