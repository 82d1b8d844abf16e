//! The catalogue: products, variants, stock, categories.

mod attributes;
mod categories;
mod change_listed;
mod collections;
mod count_stock;
mod create_product;
mod delete_product;
mod draft;
mod generate_variants;
mod import_lines;
mod import_products;
mod move_stock;
mod prices;
mod redirects;
mod set_prices;
mod sold_in;
mod update_product;
mod variants;

use model::{Product, VariantId, Violations, text};
use store::Tx;

pub use attributes::{AttributeDraft, AttributePatch, CreateAttribute, DeleteAttribute, UpdateAttribute};
pub use categories::{CategoryDraft, CategoryPatch, CreateCategory, DeleteCategory, MoveCategory, UpdateCategory};
pub use change_listed::{ChangeListed, ListedChange, ListedError};
pub use collections::{CollectionDraft, CollectionPatch, CreateCollection, DeleteCollection, UpdateCollection};
pub use count_stock::{CountStock, StockCount};
pub use create_product::CreateProduct;
pub use delete_product::{DeleteProduct, Deleted};
pub use draft::{OptionDraft, ProductDraft, ProductPatch, VariantDraft, VariantEntry, VariantPatch};
pub use generate_variants::{GenerateVariants, Generated};
pub use import_lines::ImportLines;
pub use import_products::{ImportError, ImportProducts, ImportSummary, ImportedProduct};
pub use move_stock::MoveStock;
pub use prices::{SettleAnew, TurnProducts, settled_ahead};
pub use redirects::{Redirect, Redirected};
pub use set_prices::SetPrices;
pub use sold_in::{PricedIn, SetPrice, SoldIn, check_sold_in};
pub use update_product::UpdateProduct;
pub use variants::{CreateVariant, DeleteVariant, UpdateVariant};

pub(crate) use self::{
    categories::new_category, draft::first_stock, import_products::images_stay, prices::begin as begin_prices,
};
use crate::{Conflict, Error};

/// The slug of a product that is new or renamed: the chosen one if it is free, or one made from the title.
pub(crate) async fn free_slug(tx: &mut dyn Tx, chosen: Option<&str>, title: &str) -> Result<String, Error> {
    if let Some(chosen) = chosen {
        let slug = text::slug("/slug", chosen).map_err(|wrong| Violations(vec![wrong]))?;
        let is_taken = tx.product_by_slug(&slug).await?.is_some();
        return if is_taken { Err(Conflict::SlugTaken(slug).into()) } else { Ok(slug) };
    }
    let base = text::slugify(title);
    let mut taken = tx.product_slugs_like(&base).await?;
    let stem = text::slug_stem(&base);
    if stem != base {
        taken.extend(tx.product_slugs_like(stem).await?);
    }
    Ok(text::free_slug(&base, &taken))
}

/// Refuses SKUs that variants of other products have. (Within a product, [`Product::validate`] compares them.)
async fn check_skus(tx: &mut dyn Tx, product: &Product) -> Result<(), Error> {
    let skus: Vec<String> = product.variants.iter().filter_map(|variant| variant.sku.clone()).collect();
    let owners = tx.sku_owners(&skus).await?;
    match owners.into_iter().find(|owner| owner.product_id != product.id) {
        Some(owner) => Err(Conflict::SkuTaken(owner.sku).into()),
        None => Ok(()),
    }
}

/// Refuses a category that is not there.
async fn check_category(tx: &mut dyn Tx, product: &Product) -> Result<(), Error> {
    let Some(id) = product.category_id else { return Ok(()) };
    if tx.categories().await?.iter().any(|category| category.id == id) {
        return Ok(());
    }
    Err(Violations::one("/category_id", "not_found", "no such category").into())
}

/// Those of `before`'s variants that `after` no longer has; refuses when one of them was ordered.
async fn removed_variants(tx: &mut dyn Tx, before: &Product, after: &Product) -> Result<Vec<VariantId>, Error> {
    let stays = |id| after.variants.iter().any(|variant| variant.id == id);
    let removed: Vec<_> = before.variants.iter().map(|variant| variant.id).filter(|id| !stays(*id)).collect();
    if !removed.is_empty() && !tx.ordered_among(&removed).await?.is_empty() {
        return Err(Conflict::VariantOrdered.into());
    }
    Ok(removed)
}
