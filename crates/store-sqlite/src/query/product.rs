//! The products.

use model::{Product, text};
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Cursor, CursorKey, Page, PageRequest, ProductFilter, ProductSort};

use super::{id, limit, overfull, place, text as text_value};
use crate::{
    load::product::{Assembly, columns, with_variants},
    sql::{Select, Sql, each},
};

/// More words than anybody means would only make the select longer.
const WORDS_MAX: usize = 16;

/// Whether many products may have to be looked at for a page.
pub(crate) fn is_slow(filter: &ProductFilter) -> bool {
    filter.tag.is_some()
        || !filter.words.is_empty()
        || filter.price_min.is_some()
        || filter.price_max.is_some()
        || filter.in_stock.is_some()
        || filter.on_sale.is_some()
        || filter.status.is_none()
}

/// A page of products with their variants: one statement. The inner select finds and sorts rows by their numbers alone;
/// CROSS JOIN keeps it outside, and with it its order.
pub(crate) fn list(conn: &Connection, filter: &ProductFilter, page: &PageRequest) -> Sql<Page<Product>> {
    let (inner, values) = select(filter, page);
    let sql = format!(
        "SELECT {} FROM ({inner}) AS page CROSS JOIN products p ON p.seq = page.seq{}",
        columns!(),
        with_variants!()
    );
    let mut assembly = Assembly::default();
    each(conn, &sql, params_from_iter(values), |row| assembly.add(row))?;
    Ok(Page::from_overfull(assembly.into_products(), limit(page), |last| cursor(filter.sort, last)))
}

fn cursor(sort: ProductSort, last: &Product) -> Cursor {
    let key = match sort {
        ProductSort::Newest => CursorKey::Number(last.created_at.as_microsecond()),
        ProductSort::PriceAscending | ProductSort::PriceDescending => CursorKey::Number(last.price_min()),
        ProductSort::Title => CursorKey::Text(text::fold(&last.title)),
    };
    Cursor { sort: sort.as_str().to_owned(), key, id: last.id.0 }
}

/// The select that gives the page's `seq`s.
fn select(filter: &ProductFilter, page: &PageRequest) -> (String, Vec<Value>) {
    let mut select = Select::new("SELECT p.seq FROM products p");
    if let Some(status) = filter.status {
        // The plus keeps the planner from the index by status where few are asked for: it would go through all that are for sale.
        let column = if filter.variants.is_empty() { "p.status" } else { "+p.status" };
        select.only(&format!("{column} = ?"), [text_value(status.as_str())]);
    }
    if let Some(category) = filter.category {
        const TREE: &str = "p.category_id IN (WITH RECURSIVE below (id) AS ( \
             SELECT ? UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id) SELECT id FROM below)";
        select.only(TREE, [id(category)]);
    }
    if !filter.variants.is_empty() {
        // One text, however many there are: the statement stays the same.
        let hex: Vec<_> = filter.variants.iter().map(|variant| variant.0.simple().to_string()).collect();
        let few = "p.id IN (SELECT v.product_id FROM variants v \
             WHERE v.id IN (SELECT unhex(value) FROM json_each(?)))";
        select.only(few, [text_value(format!("[\"{}\"]", hex.join("\",\"")))]);
    }
    if let Some(tag) = &filter.tag {
        let value = text_value(tag.to_lowercase());
        select.only("EXISTS (SELECT 1 FROM json_each(p.tags_lower) WHERE value = ?)", [value]);
    }
    for word in filter.words.iter().take(WORDS_MAX) {
        select.only("instr(p.search_text, ?) > 0", [text_value(word)]);
    }
    only_priced(&mut select, filter.price_min, filter.price_max);
    if let Some(on_sale) = filter.on_sale {
        select.only("p.on_sale = ?", [Value::Integer(on_sale.into())]);
    }
    if let Some(in_stock) = filter.in_stock {
        let not = if in_stock { "" } else { "NOT " };
        let available = "EXISTS (SELECT 1 FROM variants v JOIN stock_levels s ON s.variant_id = v.id \
             WHERE v.product_id = p.id AND (v.track_stock = 0 OR s.stock > 0))";
        select.only(&format!("{not}{available}"), []);
    }
    let (key, descending) = match filter.sort {
        ProductSort::Newest => ("created_at", true),
        ProductSort::PriceAscending => ("price_min", false),
        ProductSort::PriceDescending => ("price_min", true),
        ProductSort::Title => ("title_fold", false),
    };
    let (behind, order) = if descending { ("<", " DESC") } else { (">", "") };
    if let Some(after) = &page.after {
        select.only(&format!("(p.{key}, p.id) {behind} (?, ?)"), place(after));
    }
    select.end(&format!(" ORDER BY p.{key}{order}, p.id{order} LIMIT ?"), [overfull(page)])
}

/// One variant must be within both bounds; the product's own bounds rule most others out before that is looked at.
fn only_priced(select: &mut Select, min: Option<i64>, max: Option<i64>) {
    if min.is_none() && max.is_none() {
        return;
    }
    let (min, max) = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
    let bounds = || [Value::Integer(min), Value::Integer(max)];
    // The plus keeps the planner from the index by price: it would find all products of a wide range before it sorts them.
    select.only("p.price_max >= ? AND +p.price_min <= ?", bounds());
    select.only(
        "EXISTS (SELECT 1 FROM variants v WHERE v.product_id = p.id AND v.settled_price >= ? \
         AND v.settled_price <= ?)",
        bounds(),
    );
}
