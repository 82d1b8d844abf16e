//! The products.

use model::{Product, text};
use store::{Cursor, CursorKey, Page, PageRequest, ProductFilter, ProductSort, StoreError};
use tokio_postgres::Row;

use super::{limit, number_place, overfull, text_place, time_place};
use crate::{
    flight::{Select, Statement},
    load::product::{COLUMNS, WITH_VARIANTS, list},
    param::{each, params, sought},
};

/// More words than anybody means would only make the select longer.
const WORDS_MAX: usize = 16;

/// A page of products with their variants: one statement. The inner select finds the products, the outer one adds what belongs
/// to them. Those of a category come along the index of categories, for it and each below it: as a condition on all products it may be
/// asked of each of them.
pub(crate) fn select(filter: &ProductFilter, page: &PageRequest) -> Statement {
    let (key, descending) = match filter.sort {
        ProductSort::Newest => ("created_at", true),
        ProductSort::PriceAscending => ("price_min", false),
        ProductSort::PriceDescending => ("price_min", true),
        ProductSort::Title => ("title_fold", false),
    };
    let (behind, order) = if descending { ("<", " DESC") } else { (">", "") };
    let mut select = Select::new("SELECT p.* FROM ");
    if let Some(category) = filter.category {
        const TREE: &str = "(WITH RECURSIVE below (id) AS (SELECT ? UNION SELECT c.id FROM categories c \
             JOIN below ON c.parent_id = below.id) SELECT id FROM below) AS below \
             CROSS JOIN LATERAL (SELECT * FROM products p";
        select.add(TREE, params![category.0]);
        select.only("p.category_id = below.id", params![]);
    } else {
        select.add("products p", params![]);
    }
    conditions(&mut select, filter);
    if let Some(after) = &page.after {
        let place = match filter.sort {
            ProductSort::Newest => time_place(after),
            ProductSort::PriceAscending | ProductSort::PriceDescending => number_place(after),
            ProductSort::Title => text_place(after),
        };
        select.only(&format!("(p.{key}, p.id) {behind} (?, ?)"), place);
    }
    let sorted = format!(" ORDER BY p.{key}{order}, p.id{order}");
    select.add(&format!("{sorted} LIMIT ?"), overfull(page));
    if filter.category.is_some() {
        select.add(&format!(") AS p{sorted} LIMIT ?"), overfull(page));
    }
    select.inside(|page| format!("SELECT {COLUMNS} FROM ({page}) AS p{WITH_VARIANTS}{sorted}, v.position"))
}

fn conditions(select: &mut Select, filter: &ProductFilter) {
    if let Some(status) = filter.status {
        select.only("p.status = ?", params![status.as_str()]);
    }
    if !filter.variants.is_empty() {
        let variants = each(&filter.variants, |variant| variant.0);
        select.only("p.id IN (SELECT product_id FROM variants WHERE id = ANY(?))", params![variants]);
    }
    if let Some(tag) = &filter.tag {
        select.only("? = ANY(p.tags_lower)", params![sought(&tag.to_lowercase())]);
    }
    for word in filter.words.iter().take(WORDS_MAX) {
        select.only("strpos(p.search_text, ?) > 0", params![sought(word)]);
    }
    // One variant must be within both bounds; the product's own bounds rule most others out before that is looked at.
    if filter.price_min.is_some() || filter.price_max.is_some() {
        let bounds = || params![filter.price_min.unwrap_or(i64::MIN), filter.price_max.unwrap_or(i64::MAX)];
        select.only("p.price_max >= ? AND p.price_min <= ?", bounds());
        select.only(
            "EXISTS (SELECT 1 FROM variants v WHERE v.product_id = p.id AND v.settled_price >= ? \
             AND v.settled_price <= ?)",
            bounds(),
        );
    }
    if let Some(on_sale) = filter.on_sale {
        select.only("p.on_sale = ?", params![on_sale]);
    }
    if let Some(in_stock) = filter.in_stock {
        let not = if in_stock { "" } else { "NOT " };
        let available = "EXISTS (SELECT 1 FROM variants v JOIN stock_levels s ON s.variant_id = v.id \
             WHERE v.product_id = p.id AND (NOT v.track_stock OR s.stock > 0))";
        select.only(&format!("{not}{available}"), params![]);
    }
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], sort: ProductSort, page: &PageRequest) -> Result<Page<Product>, StoreError> {
    Ok(Page::from_overfull(list(rows)?, limit(page), |last| cursor(sort, last)))
}

fn cursor(sort: ProductSort, last: &Product) -> Cursor {
    let key = match sort {
        ProductSort::Newest => CursorKey::Number(last.created_at.as_microsecond()),
        ProductSort::PriceAscending | ProductSort::PriceDescending => CursorKey::Number(last.price_min()),
        ProductSort::Title => CursorKey::Text(text::fold(&last.title)),
    };
    Cursor { sort: sort.as_str().to_owned(), key, id: last.id.0 }
}
