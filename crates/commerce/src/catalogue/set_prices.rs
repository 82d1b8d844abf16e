//! Prices and stock of many variants at once.

use async_trait::async_trait;
use model::{AccountId, Product, Stamp, StockCause, StockMovement, Variant, Violations, stamp::Ids};
use store::{Change, Operation, Tx};

use super::{ImportError, ImportSummary, move_stock::level_after, prices::check_currency, update_product::save};
use crate::{Conflict, Error, import::prices::PriceRow};

/// Sets prices and stock as a list says, all of it or nothing.
#[derive(Clone, Debug)]
pub struct SetPrices {
    /// The list.
    pub rows: Vec<PriceRow>,
    /// Who says so.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for SetPrices {
    type Output = ImportSummary;
    type Error = ImportError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<ImportSummary, ImportError> {
        let mut ids = self.stamp.ids();
        let mut summary = ImportSummary::default();
        for row in &self.rows {
            let done = self.set(tx, row, &mut ids).await;
            let has_changed = done.map_err(|error| ImportError { line: row.line, error })?;
            *(if has_changed { &mut summary.updated } else { &mut summary.unchanged }) += 1;
        }
        Ok(summary)
    }
}

impl SetPrices {
    /// Whether anything was not as the row says.
    async fn set(&self, tx: &mut dyn Tx, row: &PriceRow, ids: &mut Ids) -> Result<bool, Error> {
        let owner = tx.sku_owners(std::slice::from_ref(&row.sku)).await?.pop();
        let unknown = || Violations::one("/sku", "not_found", format!("no variant has the SKU {:?}", row.sku));
        let owner = owner.ok_or_else(unknown)?;
        let before = tx.product(owner.product_id).await?.ok_or(Error::NotFound("product"))?;
        let old = before.variants.iter().find(|variant| variant.id == owner.variant_id);
        let old = old.ok_or(Error::NotFound("variant"))?;
        let delta = match row.stock {
            Some(_) if !old.track_stock => return Err(Conflict::StockNotTracked.into()),
            Some(stock) => change_of_stock(stock, row.stock_was, old.stock)?,
            None => 0,
        };
        level_after(old.stock, delta)?;
        let new = Variant {
            price: row.price.unwrap_or(old.price),
            compare_at_price: row.compare_at_price.unwrap_or(old.compare_at_price),
            ..old.clone()
        };
        let is_repriced = new != *old;
        if is_repriced {
            let priced = |variant: &Variant| if variant.id == new.id { new.clone() } else { variant.clone() };
            let after = Product {
                variants: before.variants.iter().map(priced).collect(),
                updated_at: self.stamp.now,
                version: before.version + 1,
                ..before.clone()
            };
            check_currency(&before, &after)?;
            save(tx, &before, after.validate()?, self.actor_id, ids, self.stamp).await?;
        }
        if delta != 0 {
            let movement = StockMovement {
                id: ids.draw(),
                variant_id: owner.variant_id,
                delta,
                cause: if delta > 0 { StockCause::Received } else { StockCause::Adjusted },
                order_id: None,
                actor_id: self.actor_id,
                reason: Some("stock list".to_owned()),
                at: self.stamp.now,
            };
            tx.apply(&[Change::MoveStock(vec![movement])]).await?;
        }
        Ok(is_repriced || delta != 0)
    }
}

/// What a row changes the stock by. In a list that was exported a number that nobody changed says nothing: what was sold since would come back.
/// One that was changed counts while the stock is still what it was then; where it is what the row says, the list came a second time.
fn change_of_stock(stock: i64, was: Option<i64>, on_hand: i64) -> Result<i64, Violations> {
    match was {
        Some(was) if stock == was => Ok(0),
        Some(was) if ![was, stock].contains(&on_hand) => {
            let message = format!(
                "{was} were there when the list was exported, and {on_hand} are there now: write how many there are, and leave `Stock Was` empty"
            );
            Err(Violations::one("/stock", "not_allowed", message))
        }
        _ => Ok(stock - on_hand),
    }
}
