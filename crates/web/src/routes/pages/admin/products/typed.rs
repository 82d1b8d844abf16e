//! The form of a product: what it shows, and what is made of what comes back.

use std::collections::BTreeMap;

use commerce::catalogue::{OptionDraft, ProductDraft, ProductPatch, VariantDraft, VariantEntry};
use minijinja::{Value, context};
use model::{
    Category, CategoryId, Currency, Image, ListPrice, Money, Product, ProductStatus, Sale, Timestamp, Variant,
    VariantDetails, Violation, Violations, details::Seo,
};

use super::{
    super::{
        audit::midnight,
        forms::{Fields, decimal, listed, number, price, read_list, split},
        places::{Row, in_places},
    },
    small,
};

/// The most rows of the grid: as many variants as a product may have.
const ROWS: usize = model::product::VARIANTS_MAX;

/// The fields of a product as the form shows them.
pub(super) fn of(product: &Product) -> Value {
    let variants: Vec<Value> = product.variants.iter().enumerate().map(|(at, variant)| row(at, variant)).collect();
    let options =
        product.options.iter().map(|option| context! { name => option.name, values => listed(&option.values) });
    let sale = shown_sale(product);
    let (sale_from, sale_until) = (day(sale.and_then(|sale| sale.starts_at)), day(sale.and_then(|sale| sale.ends_at)));
    let images = product.images.iter().enumerate().map(|(at, image)| {
        context! { at, url => image.url, alt => image.alt, small => small(&image.url), place => at + 1 }
    });
    context! {
        title => product.title, slug => product.slug, description => product.description, status => product.status.as_str(),
        vendor => product.vendor, category => product.category_id.map(|id| id.to_string()), tags => listed(&product.tags),
        seo_title => product.details.seo.title, seo_description => product.details.seo.description,
        sale_from, sale_until, variants, options => options.collect::<Vec<_>>(), images => images.collect::<Vec<_>>(),
    }
}

fn row(at: usize, variant: &Variant) -> Value {
    context! {
        at, id => variant.id.to_string(), sku => variant.sku, values => variant.option_values.join(" / "),
        price => decimal(variant.price), compare => variant.compare_at_price.map(decimal), stock => variant.stock,
        tracked => variant.track_stock, sale => sale_price(variant).map(decimal), weight => variant.weight_grams,
        low => variant.details.low_stock_at, barcode => variant.barcode,
        option_values => variant.option_values,
        others => variant.details.prices.iter().map(|one| (one.price.currency.code(), decimal(one.price)))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// What tells the rows of the grid apart: the values of their options.
pub(super) fn row_names(product: Option<&Product>) -> Vec<String> {
    match product {
        Some(product) => product.variants.iter().map(|variant| variant.option_values.join(" / ")).collect(),
        // A new product has one row, and no options yet.
        None => vec![String::new()],
    }
}

/// What is wrong with a product, told of the cells of its grid: there the rows that are taken away count too, and the days of the sale are
/// the same for all.
pub(super) fn in_the_grid(wrong: Violations, fields: &Fields) -> Violations {
    let rows: Vec<usize> = (0..ROWS).filter(|at| is_kept(fields, *at)).collect();
    let placed = |violation: Violation| {
        let inside = violation.pointer.strip_prefix("/variants/").and_then(|rest| rest.split_once('/'));
        let row = inside.and_then(|(index, field)| Some((*rows.get(index.parse::<usize>().ok()?)?, field)));
        let pointer = match row {
            Some((_, "sale/ends_at")) => "/sale_until".to_owned(),
            Some((at, field)) => format!("/variants/{at}/{}", column(field)),
            None if violation.pointer == "/publish_at" => "/publish_on".to_owned(),
            None => violation.pointer.clone(),
        };
        Violation { pointer, ..violation }
    };
    Violations(wrong.0.into_iter().map(placed).collect())
}

/// The input that shows a field of a variant.
fn column(field: &str) -> &str {
    match field.split('/').next().unwrap_or(field) {
        "compare_at_price" => "compare",
        "weight_grams" => "weight",
        "low_stock_at" => "low",
        same => same,
    }
}

/// Whether the form has this row, and keeps it.
fn is_kept(fields: &Fields, at: usize) -> bool {
    fields.is_checked(&format!("v{at}-present")) && !fields.is_checked(&format!("v{at}-remove"))
}

/// What a variant costs in its sale, in the currency of its price.
fn sale_price(variant: &Variant) -> Option<Money> {
    let sale = variant.details.sale.as_ref()?;
    sale.prices.iter().find(|price| price.currency == variant.price.currency).copied()
}

/// The sale whose days the form shows for all variants: that of the first variant on sale.
fn shown_sale(product: &Product) -> Option<&Sale> {
    product.variants.iter().find_map(|variant| variant.details.sale.as_ref())
}

/// A day (UTC) as a field shows it.
fn day(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string().chars().take(10).collect()).unwrap_or_default()
}

/// The sale that the form asks for. What a field shows and nobody changed stays as it is: the times to the second, and the prices in other
/// currencies.
fn sale(
    wrong: &mut Violations,
    fields: &Fields,
    product: Option<&Product>,
    known: &Variant,
    pointer: &str,
    text: Option<String>,
) -> Option<Sale> {
    let (shown, before) = (product.and_then(shown_sale), known.details.sale.as_ref());
    let own = sale_price(known);
    let price = match text {
        None if own.is_some() => return None,
        None => None,
        Some(text) if own.is_some_and(|own| decimal(own) == text) => own,
        Some(text) => Some(price(wrong, pointer, &text, known.price.currency)?),
    };
    let others = before.into_iter().flat_map(|sale| sale.prices.iter().copied());
    let others = others.filter(|other| other.currency != known.price.currency);
    let prices: Vec<Money> = price.into_iter().chain(others).collect();
    if prices.is_empty() {
        return None;
    }
    let mut time = |name: &str, days_later: i64, of: fn(&Sale) -> Option<Timestamp>| {
        if fields.get(name) == day(shown.and_then(of)) {
            return before.or(shown).and_then(of);
        }
        let at = midnight(&fields.given(name)?, days_later);
        if at.is_none() {
            wrong.add(format!("/{name}"), "invalid", "must be a day such as 2026-05-01");
        }
        at
    };
    let (starts_at, ends_at) =
        (time("sale_from", 0, |sale| sale.starts_at), time("sale_until", 0, |sale| sale.ends_at));
    Some(Sale { prices, starts_at, ends_at })
}

/// Refuses days of a sale that was not there and that no row has a price of: nothing would come of them.
fn check_days(wrong: &mut Violations, fields: &Fields, product: Option<&Product>) {
    let shown = product.and_then(shown_sale);
    let is_priced = |at: usize| {
        let id = fields.get(&format!("v{at}-id"));
        let known = product.and_then(|product| product.variants.iter().find(|known| known.id.to_string() == id));
        // What is on sale in other currencies alone shows no price here.
        let is_elsewhere = known.is_some_and(|known| known.details.sale.is_some() && sale_price(known).is_none());
        is_elsewhere || fields.is_checked(&format!("v{at}-sale"))
    };
    if (0..ROWS).any(|at| is_kept(fields, at) && is_priced(at)) {
        return;
    }
    let days = [
        ("sale_from", day(shown.and_then(|sale| sale.starts_at))),
        ("sale_until", day(shown.and_then(|sale| sale.ends_at))),
    ];
    for (name, shown) in days {
        if fields.given(name).is_some_and(|typed| typed != shown) {
            wrong.add(format!("/{name}"), "required", "a sale needs a price, and no variant has one for it");
        }
    }
}

/// The categories as a choice, those below indented.
pub(in crate::routes::pages::admin) fn choices(categories: &[Category]) -> Vec<Value> {
    let mut choices = Vec::new();
    below(categories, None, 0, &mut choices);
    choices
}

fn below(all: &[Category], parent: Option<CategoryId>, depth: usize, into: &mut Vec<Value>) {
    for category in all.iter().filter(|category| category.parent_id == parent) {
        let name = format!("{}{}", "\u{2003}".repeat(depth), category.name);
        into.push(context! { id => category.id.to_string(), name });
        if depth < model::category::DEPTH_MAX {
            below(all, Some(category.id), depth + 1, into);
        }
    }
}

/// What somebody typed.
pub(super) struct Typed {
    title: String,
    slug: Option<String>,
    description: String,
    status: ProductStatus,
    vendor: Option<String>,
    category_id: Option<CategoryId>,
    tags: Vec<String>,
    seo: Seo,
    variants: Vec<VariantDraft>,
    images: Vec<Image>,
}

impl Typed {
    /// Reads the form; `product` is what it is about, if it is there already.
    pub(super) fn read(
        fields: &Fields,
        product: Option<&Product>,
        currencies: &[Currency],
    ) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let variants = variants(&mut wrong, fields, product, currencies);
        check_days(&mut wrong, fields, product);
        let images = images(&mut wrong, fields, product);
        let typed = Self {
            title: fields.get("title").to_owned(),
            slug: fields.given("slug"),
            description: fields.get("description").to_owned(),
            status: fields.get("product-status").parse().unwrap_or(ProductStatus::Draft),
            vendor: fields.given("vendor"),
            category_id: fields.get("category").parse().ok(),
            tags: read_list(fields.get("tags"), product.map_or(&[], |product| &product.tags)),
            seo: Seo { title: fields.given("seo_title"), description: fields.given("seo_description") },
            variants,
            images,
        };
        wrong.into_result().map(|()| typed)
    }

    /// The change that it asks for.
    pub(super) fn into_patch(self) -> ProductPatch {
        ProductPatch {
            title: Some(self.title),
            slug: self.slug,
            description: Some(self.description),
            status: Some(self.status),
            vendor: Some(self.vendor),
            category_id: Some(self.category_id),
            tags: Some(self.tags),
            seo: Some(self.seo),
            variants: Some(self.variants.into_iter().map(VariantEntry::Whole).collect()),
            images: Some(self.images),
            ..ProductPatch::default()
        }
    }

    /// The new product that it asks for.
    pub(super) fn into_draft(self) -> ProductDraft {
        ProductDraft {
            title: self.title,
            slug: self.slug,
            description: self.description,
            status: self.status,
            vendor: self.vendor,
            category_id: self.category_id,
            tags: self.tags,
            options: Vec::new(),
            variants: self.variants,
            images: self.images,
            details: Some(model::ProductDetails { seo: self.seo, ..model::ProductDetails::default() }),
        }
    }
}

/// The rows of the grid that stay. A row without an id is a new variant.
fn variants(
    wrong: &mut Violations,
    fields: &Fields,
    product: Option<&Product>,
    currencies: &[Currency],
) -> Vec<VariantDraft> {
    let mut drafts = Vec::new();
    for at in (0..ROWS).filter(|at| is_kept(fields, *at)) {
        let field = |name: &str| fields.given(&format!("v{at}-{name}"));
        let known = field("id").and_then(|id| product?.variants.iter().find(|known| known.id.to_string() == id));
        let pointer = |name: &str| format!("/variants/{at}/{name}");
        let own = currencies.first().copied().unwrap_or(Currency::EUR);
        let currency = known.map_or(own, |known| known.price.currency);
        let (typed_price, typed_compare) = (field("price").unwrap_or_default(), field("compare"));
        let price_now = price(wrong, &pointer("price"), &typed_price, currency);
        let compare = typed_compare.map(|text| price(wrong, &pointer("compare"), &text, currency));
        let whole =
            |wrong: &mut Violations, name: &str| field(name).and_then(|text| number(wrong, &pointer(name), &text));
        let (weight_grams, stock, low_stock_at) = (whole(wrong, "weight"), whole(wrong, "stock"), whole(wrong, "low"));
        let sale = known.and_then(|known| sale(wrong, fields, product, known, &pointer("sale"), field("sale")));
        let details = match known {
            Some(known) => {
                let prices = other_prices(wrong, fields, at, known, currencies);
                VariantDetails { prices, sale, low_stock_at, ..known.details.clone() }
            }
            None => VariantDetails { low_stock_at, ..VariantDetails::default() },
        };
        let Some(price) = price_now else { continue };
        drafts.push(VariantDraft {
            id: known.map(|known| known.id),
            sku: field("sku"),
            option_values: known.map(|known| known.option_values.clone()).unwrap_or_default(),
            price,
            compare_at_price: compare.flatten(),
            stock: if known.is_some() { None } else { stock },
            track_stock: field("tracked").is_some(),
            weight_grams,
            barcode: field("barcode"),
            details: Some(details),
        });
    }
    drafts
}

/// The prices in other currencies. What they cost before stays beside them; currencies that the form does not show stay as they are.
fn other_prices(
    wrong: &mut Violations,
    fields: &Fields,
    at: usize,
    known: &Variant,
    currencies: &[Currency],
) -> Vec<ListPrice> {
    let own = known.price.currency;
    let shown: Vec<Currency> = currencies.iter().skip(1).copied().filter(|other| *other != own).collect();
    let before = |currency: Currency| known.details.prices.iter().find(|one| one.price.currency == currency);
    let mut prices = Vec::new();
    for currency in &shown {
        let name = currency.code();
        let Some(text) = fields.given(&format!("v{at}-price-{name}")) else { continue };
        let Some(price) = price(wrong, &format!("/variants/{at}/price-{name}"), &text, *currency) else { continue };
        prices.push(ListPrice { price, compare_at_price: before(*currency).and_then(|one| one.compare_at_price) });
    }
    let others = known.details.prices.iter().filter(|one| !shown.contains(&one.price.currency));
    prices.extend(others.cloned());
    prices
}

/// The pictures that stay, where the numbers beside them say.
fn images(wrong: &mut Violations, fields: &Fields, product: Option<&Product>) -> Vec<Image> {
    let known: BTreeMap<String, &Image> =
        product.iter().flat_map(|product| &product.images).map(|image| (image.url.clone(), image)).collect();
    let mut placed = Vec::new();
    for at in 0..model::product::IMAGES_MAX {
        let field = |name: &str| fields.given(&format!("i{at}-{name}"));
        let Some(url) = field("url").filter(|url| known.contains_key(url)) else { continue };
        if field("remove").is_some() {
            continue;
        }
        let typed = number(wrong, &format!("/images/{at}/place"), &field("place").unwrap_or_default()).unwrap_or(0);
        let shown = i64::try_from(at + 1).unwrap_or(i64::MAX);
        placed.push(Row { item: Image { url, alt: field("alt") }, shown, typed });
    }
    in_places(placed)
}

/// The rows of the form of options: those that there are or that were typed, and up to two more.
pub(super) fn option_rows(product: &Product, fields: Option<&Fields>) -> Vec<Value> {
    let mut rows: Vec<(String, String)> = match fields {
        Some(fields) => typed_options(fields),
        None => product.options.iter().map(|option| (option.name.clone(), listed(&option.values))).collect(),
    };
    let count = model::product::OPTIONS_MAX.min(rows.len() + 2);
    rows.resize_with(count, Default::default);
    rows.into_iter().enumerate().map(|(at, (name, values))| context! { at, name, values }).collect()
}

/// Name and values of the options that a form has, as they were typed.
fn typed_options(fields: &Fields) -> Vec<(String, String)> {
    let option = |at: usize| {
        let text = |part: &str| fields.get(&format!("o{at}-{part}")).to_owned();
        Some((text("name"), text("values"))).filter(|(name, values)| !name.is_empty() || !values.is_empty())
    };
    (0..model::product::OPTIONS_MAX).filter_map(option).collect()
}

/// The options that a form has: a name and its values, with commas between.
pub(super) fn options(fields: &Fields) -> Vec<OptionDraft> {
    let values = |text: &str| {
        let mut values: Vec<String> = Vec::new();
        for value in split(text) {
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
        values
    };
    typed_options(fields).into_iter().map(|(name, text)| OptionDraft { name, values: values(&text) }).collect()
}
