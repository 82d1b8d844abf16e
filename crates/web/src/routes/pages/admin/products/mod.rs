//! `/admin/products`: the catalogue, to be found, changed in the list, and edited.

pub(in crate::routes::pages) mod edit;
mod extras;
pub(in crate::routes::pages) mod list;
pub(in crate::routes::pages) mod pictures;
pub(super) mod typed;

use model::{Product, ProductStatus};

use crate::dto::picture::ThumbnailsDto;

/// A product's status, as the staff say it.
pub(super) const fn status_text(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Draft => "Draft",
        ProductStatus::Active => "For sale",
        ProductStatus::Archived => "Archived",
    }
}

/// How a status is coloured.
pub(super) const fn status_class(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Draft => "pending",
        ProductStatus::Active => "sent",
        ProductStatus::Archived => "quiet",
    }
}

/// The small picture of a product, where it is one of ours or from the same place.
pub(super) fn thumbnail(product: &Product) -> Option<String> {
    small(&product.images.first()?.url)
}

/// The small one of a picture. What lies elsewhere is not loaded into our pages.
fn small(url: &str) -> Option<String> {
    let small = ThumbnailsDto::of(url).map(|sizes| sizes.small);
    small.or_else(|| (url.starts_with('/') && !url.starts_with("//")).then(|| url.to_owned()))
}

/// Pieces of everything that is counted.
pub(super) fn pieces(product: &Product) -> Option<i64> {
    let counted = product.variants.iter().filter(|variant| variant.track_stock);
    counted.map(|variant| variant.stock).reduce(i64::saturating_add)
}
