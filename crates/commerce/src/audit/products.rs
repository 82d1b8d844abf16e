//! What changed of a product: prices always with their figures, since that is where a shop is robbed.

use std::collections::HashMap;

use model::{Category, CategoryId, Money, Product, Variant, price::Sale};

use super::describe::note;

/// What a new product costs, a line each variant.
pub(super) fn product_prices(product: &Product) -> Vec<String> {
    let mut lines = Vec::new();
    for variant in &product.variants {
        let before =
            variant.compare_at_price.map(|before| format!(", before {}", before.grouped())).unwrap_or_default();
        lines.push(format!("{} {}{before}", variant_name(variant), variant.price.grouped()));
        other_prices(&mut lines, None, variant);
    }
    lines
}

/// What is another one than before, a line each.
pub(super) fn product_changes(old: &Product, new: &Product, categories: &HashMap<CategoryId, Category>) -> Vec<String> {
    let mut changes = Vec::new();
    let vendor = |product: &Product| product.vendor.clone().unwrap_or_default();
    note(&mut changes, "title", &old.title, &new.title);
    note(&mut changes, "slug", &old.slug, &new.slug);
    note(&mut changes, "status", old.status.as_str(), new.status.as_str());
    note(&mut changes, "vendor", &vendor(old), &vendor(new));
    note(&mut changes, "tags", &old.tags.join(", "), &new.tags.join(", "));
    let day = |product: &Product| product.details.publish_at.map(|at| at.to_string()).unwrap_or_default();
    note(&mut changes, "goes on sale", &day(old), &day(new));
    if old.category_id != new.category_id {
        let name = |product: &Product| match product.category_id {
            None => Some(String::new()),
            Some(id) => categories.get(&id).map(|category| category.name.clone()),
        };
        match (name(old), name(new)) {
            // Two categories can have the same name.
            (Some(old), Some(new)) if old != new => note(&mut changes, "category", &old, &new),
            _ => changes.push("category changed".to_owned()),
        }
    }
    let (was, is) = (&old.details, &new.details);
    let others = [
        (old.description != new.description, "description changed"),
        (old.images != new.images, "pictures changed"),
        (old.options != new.options, "options changed"),
        (was.seo != is.seo, "texts for search engines changed"),
        (was.attributes != is.attributes, "attributes changed"),
        (was.related != is.related, "related products changed"),
        (was.translations != is.translations, "other languages changed"),
    ];
    changes.extend(others.into_iter().filter(|(differs, _)| *differs).map(|(_, text)| text.to_owned()));
    for variant in &new.variants {
        match old.variants.iter().find(|known| known.id == variant.id) {
            Some(known) => variant_changes(&mut changes, known, variant),
            None => {
                changes.push(format!("variant {} added, {}", variant_name(variant), variant.price.grouped()));
                other_prices(&mut changes, None, variant);
            }
        }
    }
    let is_gone = |variant: &&Variant| new.variants.iter().all(|kept| kept.id != variant.id);
    changes.extend(old.variants.iter().filter(is_gone).map(|gone| format!("variant {} removed", variant_name(gone))));
    changes
}

fn variant_name(variant: &Variant) -> String {
    variant.sku.clone().unwrap_or_else(|| variant.title())
}

fn variant_changes(changes: &mut Vec<String>, old: &Variant, new: &Variant) {
    let name = variant_name(new);
    let sku = |variant: &Variant| variant.sku.clone().unwrap_or_default();
    note(changes, &format!("{name} price"), &old.price.grouped(), &new.price.grouped());
    note(changes, &format!("{name} price before"), &shown(old.compare_at_price), &shown(new.compare_at_price));
    other_prices(changes, Some(old), new);
    note(changes, &format!("{name} SKU"), &sku(old), &sku(new));
    let low = |variant: &Variant| variant.details.low_stock_at.map(|at| at.to_string()).unwrap_or_default();
    note(changes, &format!("{name} low from"), &low(old), &low(new));
    let others = [
        (old.option_values != new.option_values, "options changed"),
        (old.track_stock != new.track_stock, "tracking of stock changed"),
        (old.weight_grams != new.weight_grams || old.barcode != new.barcode, "weight or barcode changed"),
        (old.details.image != new.details.image, "picture changed"),
        (old.details.attributes != new.details.attributes, "attributes changed"),
    ];
    changes.extend(others.into_iter().filter(|(differs, _)| *differs).map(|(_, text)| format!("{name} {text}")));
}

/// The sale and the prices in other currencies.
fn other_prices(changes: &mut Vec<String>, old: Option<&Variant>, new: &Variant) {
    let name = variant_name(new);
    let sale = |variant: Option<&Variant>| variant.and_then(|variant| variant.details.sale.as_ref()).map(sale_text);
    note(changes, &format!("{name} sale"), &sale(old).unwrap_or_default(), &sale(Some(new)).unwrap_or_default());
    note(changes, &format!("{name} other currencies"), &old.map(listed).unwrap_or_default(), &listed(new));
}

fn sale_text(sale: &Sale) -> String {
    let prices: Vec<_> = sale.prices.iter().map(|price| price.grouped()).collect();
    let from = sale.starts_at.map(|at| format!(" from {at}")).unwrap_or_default();
    let until = sale.ends_at.map(|at| format!(" until {at}")).unwrap_or_default();
    format!("{}{from}{until}", prices.join(" / "))
}

fn listed(variant: &Variant) -> String {
    let one = |list: &model::price::ListPrice| {
        let before = list.compare_at_price.map(|before| format!(" (before {})", before.grouped())).unwrap_or_default();
        format!("{}{before}", list.price.grouped())
    };
    variant.details.prices.iter().map(one).collect::<Vec<_>>().join(" / ")
}

fn shown(price: Option<Money>) -> String {
    price.map(Money::grouped).unwrap_or_default()
}
