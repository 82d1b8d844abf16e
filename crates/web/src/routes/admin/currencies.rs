//! Prices that the staff set, and what the shop sells in.

use commerce::catalogue::{SetPrice, check_sold_in};
use model::Product;
use store::Query;

use crate::{App, problem::Problem};

/// Refuses prices in currencies that neither the shop sells in nor the product has prices in. The product is read only where that
/// matters.
pub(super) async fn check(
    app: &App,
    set: &[SetPrice],
    product: impl Future<Output = Query<Option<Product>>>,
) -> Result<(), Problem> {
    let sold = app.currencies();
    if set.iter().all(|(_, currency)| sold.contains(currency)) {
        return Ok(());
    }
    check_sold_in(set, &sold, product.await?.as_ref()).map_err(Problem::from)
}
