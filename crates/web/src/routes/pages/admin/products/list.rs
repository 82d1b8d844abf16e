//! `GET /admin/products`, `POST /admin/products/quick`

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Conflict, Error,
    catalogue::{ChangeListed, ListedChange, ListedError, StockCount},
};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{Money, Product, ProductStatus, Variant, VariantId, Violations};
use serde::Deserialize;
use store::{Cursor, PageRequest, ProductFilter, ProductSort, Shelf};

use super::{
    super::{
        encoded,
        forms::{Fields, Refused, decimal, ended, form_number, notice, number, once, price, refused},
        frame, tab,
    },
    pieces, status_class, status_text, thumbnail,
};
use crate::{
    App,
    extract::Catalogue,
    problem::Problem,
    routes::{
        pages::{staff::StaffPage, template},
        products::list::words,
    },
};

/// How many products stand on a page.
const PAGE: u32 = 50;
const STATUSES: [ProductStatus; 3] = [ProductStatus::Active, ProductStatus::Draft, ProductStatus::Archived];
/// What the page before may say.
const NOTICES: [(&str, &str); 6] = [
    ("saved", "Saved."),
    ("free", "Saved. What has the price 0 is free now: nobody pays anything for it."),
    ("same", "Nothing was changed."),
    ("before", "This form was sent twice. It was saved once."),
    ("deleted", "The product is removed."),
    ("archived", "The product was ordered before, so it is archived and not removed. Shoppers no longer see it."),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    status: String,
    q: String,
    category: String,
    cursor: String,
    done: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    show(&app, &staff, &query, None).await
}

/// The list; `again` is its form when that is shown again as it was filled in.
async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    query: &ListQuery,
    again: Option<&Again<'_>>,
) -> Result<Response, Problem> {
    let status = query.status.parse::<ProductStatus>().ok();
    let wanted = query.q.trim();
    let categories = app.engine().categories().await?;
    let category = categories.iter().find(|category| category.slug == query.category);
    let filter = ProductFilter {
        status,
        words: words(wanted),
        category: category.map(|category| category.id),
        sort: ProductSort::Newest,
        ..ProductFilter::default()
    };
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().products(&filter, &request).await?;
    let single = |product: &Product| only(product).map(|variant| variant.id);
    let shelves = app.engine().shelves(&found.items.iter().filter_map(single).collect::<Vec<_>>()).await?;
    let link = |status: Option<ProductStatus>| {
        let parts = [
            status.map(|status| format!("status={}", status.as_str())),
            (!wanted.is_empty()).then(|| format!("q={}", encoded(wanted))),
            category.map(|category| format!("category={}", category.slug)),
        ];
        format!("/admin/products?{}", parts.into_iter().flatten().collect::<Vec<_>>().join("&"))
    };
    let mut tabs = vec![tab(link(None), "All", status.is_none())];
    tabs.extend(STATUSES.map(|one| tab(link(Some(one)), status_text(one), status == Some(one))));
    let next = found.next.map(|cursor| format!("{}&cursor={}", link(status), cursor.encode()));
    let values = context! {
        products => found.items.iter().map(|product| row(product, &shelves, again)).collect::<Vec<_>>(),
        tabs, next, q => wanted,
        status => status.map(ProductStatus::as_str), category => category.map(|category| category.name.clone()),
        category_slug => category.map(|category| category.slug.clone()), cursor => query.cursor,
        filtered => status.is_some() || !wanted.is_empty() || category.is_some(),
        currency => app.currency().code(), notice => notice(&query.done, &NOTICES), once => form_number(),
    };
    let nothing = Refused::default();
    let refused = again.map_or(&nothing, |again| &again.refused);
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "products") };
    template::page(app, refused.status(), "admin_products.html", values)
}

/// The variant of a product that has one. What has several is changed on its own page, where they can be told apart.
fn only(product: &Product) -> Option<&Variant> {
    <&[Variant; 1]>::try_from(product.variants.as_slice()).ok().map(|[variant]| variant)
}

fn row(product: &Product, shelves: &[Shelf], again: Option<&Again<'_>>) -> Value {
    let only = only(product);
    let shelf = |variant: &Variant| shelves.iter().find(|shelf| shelf.variant_id == variant.id);
    let range = match (product.variants.first(), product.price_min(), product.price_max()) {
        (Some(first), low, high) if low != high => {
            let currency = first.price.currency;
            let [low, high] = [low, high].map(|amount| Money::new(amount, currency).grouped());
            format!("{low} – {}", high.trim_start_matches(currency.code()).trim_start())
        }
        (Some(first), ..) => first.price.grouped(),
        (None, ..) => String::new(),
    };
    context! {
        id => product.id.to_string(), title => product.title, picture => thumbnail(product),
        status => status_class(product.status), status_text => status_text(product.status), vendor => product.vendor,
        variants => product.variants.len(), price => range, stock => pieces(product),
        only => only.map(|variant| cells(product, variant, shelf(variant), again)),
    }
}

/// What the form has of a product with one variant: what is shown, what was shown, and the version that this was.
fn cells(product: &Product, variant: &Variant, shelf: Option<&Shelf>, again: Option<&Again<'_>>) -> Value {
    let id = variant.id;
    let typed = |name: &str| again.and_then(|again| again.fields.find(&format!("{name}-{id}"))).map(str::to_owned);
    // Whoever is told that somebody else was quicker has what the other one did before them.
    let is_stale = again.is_some_and(|again| again.stale.contains(&id));
    let seen = |name: &str, now: String| typed(name).filter(|_| !is_stale).unwrap_or(now);
    // Whoever is told that the stock was changed counts from what is there now.
    let is_recounted = again.is_some_and(|again| again.recounted.contains(&id));
    let counted = |name: &str, now: String| typed(name).filter(|_| !is_recounted).unwrap_or(now);
    let (stock, place) = shelf.map_or((variant.stock, 0), |shelf| (shelf.stock, shelf.place));
    let (price, stock) = (decimal(variant.price), stock.to_string());
    context! {
        id => id.to_string(), currency => variant.price.currency.code(), sku => variant.sku, tracked => variant.track_stock,
        version => seen("version", product.version.to_string()), price_was => seen("price-was", price.clone()),
        is_free => variant.price.amount == 0, price => typed("price").unwrap_or(price),
        stock_was => counted("stock-was", stock.clone()), stock_as_of => counted("stock-as-of", place.to_string()),
        stock => typed("stock").unwrap_or(stock),
    }
}

/// The form of the list that was refused.
struct Again<'f> {
    fields: &'f Fields,
    refused: Refused,
    /// What somebody else changed meanwhile.
    stale: Vec<VariantId>,
    /// Whose stock somebody else changed meanwhile.
    recounted: Vec<VariantId>,
}

impl Again<'_> {
    /// Notes why a row was refused, in the words of the list.
    fn refuse(&mut self, id: VariantId, error: Error) -> Result<(), Problem> {
        let name = self.fields.get(&format!("name-{id}")).to_owned();
        let wrong = match error {
            Error::Invalid(wrong) => wrong,
            Error::NotFound(_) => Violations::one("/price", "not_found", "it is gone"),
            Error::Stale { .. } => {
                self.stale.push(id);
                Violations::one("/price", "invalid", "somebody else changed the product meanwhile")
            }
            Error::Conflict(conflict @ Conflict::Recounted { .. }) => {
                self.recounted.push(id);
                Violations::one("/stock", "invalid", refused(conflict.into())?.text)
            }
            Error::Conflict(conflict @ (Conflict::StockOutOfRange { .. } | Conflict::StockNotTracked)) => {
                Violations::one("/stock", "out_of_range", refused(conflict.into())?.text)
            }
            other => Violations::one("/price", "invalid", refused(other)?.text),
        };
        for violation in wrong.0 {
            let (cell, column) =
                if violation.pointer.starts_with("/price") { ("price", "Price") } else { ("stock", "Stock") };
            let told = ended(&format!("{name}, {column}: {}", violation.message));
            if !self.refused.text.is_empty() {
                self.refused.text.push(' ');
            }
            self.refused.text.push_str(&told);
            self.refused.fields.entry(format!("{cell}-{id}")).or_insert(violation.message);
        }
        Ok(())
    }
}

/// Changes prices and stock right in the list, all that was typed or nothing. The form has, for each variant, what was shown and what
/// is wanted now: stock moves by the difference, so that what was sold meanwhile stays sold; what somebody else counted is told.
pub(in crate::routes::pages) async fn quick(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let query = ListQuery {
        status: fields.get("status").to_owned(),
        q: fields.get("q").to_owned(),
        category: fields.get("category").to_owned(),
        cursor: fields.get("cursor").to_owned(),
        ..ListQuery::default()
    };
    let mut again = Again { fields: &fields, refused: Refused::default(), stale: Vec::new(), recounted: Vec::new() };
    let changes = read(&app, &mut again).await?;
    let is_free = changes.iter().any(|change| change.price.is_some_and(|price| price.amount == 0));
    let mut done = "same";
    if again.refused.text.is_empty() && !changes.is_empty() {
        match save(&app, &staff, &fields, changes).await? {
            Ok(is_new) => {
                done = match (is_new, is_free) {
                    (true, true) => "free",
                    (true, false) => "saved",
                    (false, _) => "before",
                }
            }
            Err(ListedError::Store(error)) => return Err(error.into()),
            Err(ListedError::Refused(rows)) => {
                for (id, error) in rows {
                    again.refuse(id, error)?;
                }
            }
        }
    }
    if !again.refused.text.is_empty() {
        return show(&app, &staff, &query, Some(&again)).await;
    }
    let [status, q, category, cursor] =
        [&query.status, &query.q, &query.category, &query.cursor].map(|text| encoded(text));
    let place = format!("status={status}&q={q}&category={category}&cursor={cursor}&done={done}");
    Ok(Redirect::to(&format!("/admin/products?{place}")).into_response())
}

/// The rows that were changed, as far as what was typed can be read; what cannot is noted.
async fn read(app: &App, again: &mut Again<'_>) -> Result<Vec<ListedChange>, Problem> {
    let fields = again.fields;
    let ids: Vec<VariantId> = fields.beginning("price-").filter_map(|(id, _)| id.parse().ok()).collect();
    let mut changes = Vec::new();
    for variant_id in ids.into_iter().take(PAGE as usize) {
        let field = |name: &str| fields.get(&format!("{name}-{variant_id}"));
        let mut change =
            ListedChange { variant_id, price: None, if_version: field("version").parse().ok(), count: None };
        let mut wrong = Violations::default();
        if field("price") != field("price-was") {
            let product = app.engine().product_of_variant(variant_id).await?;
            let known = product.and_then(|product| product.variants.into_iter().find(|known| known.id == variant_id));
            let Some(known) = known else {
                again.refuse(variant_id, Error::NotFound("variant"))?;
                continue;
            };
            change.price = price(&mut wrong, "/price", field("price"), known.price.currency);
        }
        if field("stock") != field("stock-was") {
            let now = number(&mut wrong, "/stock", field("stock"));
            let seen = number(&mut wrong, "/stock", field("stock-was"));
            let as_of = field("stock-as-of").parse().unwrap_or(0);
            change.count = now.zip(seen).map(|(counted, seen)| StockCount { counted, seen, as_of });
        }
        if !wrong.0.is_empty() {
            again.refuse(variant_id, wrong.into())?;
        } else if change.price.is_some() || change.count.is_some() {
            changes.push(change);
        }
    }
    Ok(changes)
}

/// Saves what was read; gives whether it was done now, and not when the same form was sent before.
async fn save(
    app: &App,
    staff: &StaffPage<Catalogue>,
    fields: &Fields,
    changes: Vec<ListedChange>,
) -> Result<Result<bool, ListedError>, Problem> {
    let of = |change: &ListedChange| {
        ["version", "price", "price-was", "stock", "stock-was", "stock-as-of"]
            .map(|name| format!("{name}-{}", change.variant_id))
    };
    let entries: Vec<String> = changes.iter().flat_map(of).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let (reason, actor_id) = ("counted in the list".to_owned(), Some(staff.access.account_id));
    let listed = ChangeListed { changes, reason, actor_id, stamp: app.stamp()? };
    once(app, staff.actor(), fields, "the list of products", &entries, listed).await
}
