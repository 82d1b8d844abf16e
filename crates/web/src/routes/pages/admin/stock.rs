//! `/admin/stock`: what is short, and every piece that came or went.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error,
    catalogue::{CountStock, MoveStock, StockCount},
};
use http::{HeaderMap, StatusCode};
use minijinja::{Value, context};
use model::{Product, StockCause, StockMovement, Variant, VariantId, Violations};
use serde::Deserialize;
use store::{Cursor, CursorKey, LowStock, PageRequest, Shelf, ShortPlace};

use super::{
    forms::{Fields, Refused, form_number, fresh_shop_settings, notice, number, once, refused},
    frame,
    names::Names,
    overview::short_row,
    tab,
};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::Problem,
    routes::pages::{staff::StaffPage, template, time_text},
};

/// How many variants or movements stand on a page.
const PAGE: u32 = 100;
/// What the form of a variant says that happened.
const KINDS: [&str; 4] = ["received", "counted", "returned", "lost"];
/// Its fields, which make it the same form when it is sent again.
const ENTRIES: [&str; 5] = ["kind", "delta", "was", "as_of", "reason"];
/// What is wrong with the number that was typed, in the word of its label.
const PIECES: &str = "/pieces";
/// The name of the order of what is short.
const SHORTEST: &str = "shortest";

/// What the page before may say.
const NOTICES: [(&str, &str); 3] = [
    ("moved", "The stock is changed."),
    ("agrees", "Counted: it agrees. Nothing was changed."),
    ("before", "This form was sent twice. The stock was changed once."),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    at_most: Option<i64>,
    /// Anything in it: without what is sold out.
    left: String,
    cursor: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let asked = query.at_most;
    let at_most = match asked {
        Some(at_most) => at_most.clamp(0, model::shop::LOW_STOCK_MAX),
        None => fresh_shop_settings(&app).await?.low_stock_at,
    };
    let is_left = !query.left.is_empty();
    let begin = if is_left { ShortPlace::SOLD_OUT } else { ShortPlace::START };
    let after = Cursor::decode(&query.cursor, SHORTEST).and_then(|cursor| place(&cursor));
    let mut found = app.engine().low_stock(at_most, after.unwrap_or(begin).max(begin), PAGE + 1).await?;
    let has_more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let link = |is_left: bool| format!("/admin/stock?at_most={at_most}{}", if is_left { "&left=1" } else { "" });
    let tabs = [tab(link(false), "All that is short", !is_left), tab(link(true), "Still in stock", is_left)];
    let next = found.last().filter(|_| has_more).map(|last| format!("{}&cursor={}", link(is_left), behind(last)));
    let values = context! {
        at_most, asked => asked.is_some(), tabs, next, left => is_left, first => after.is_some().then(|| link(is_left)),
        variants => found.iter().map(|one| context! {
            // Short by its own threshold alone.
            own => one.stock > at_most, ..short_row(one)
        }).collect::<Vec<_>>(),
    };
    template::page(&app, StatusCode::OK, "admin_stock.html", context! { ..values, ..frame(&staff, "stock") })
}

/// The cursor behind this variant.
fn behind(last: &LowStock) -> String {
    let ShortPlace { stock, variant_id } = last.place();
    Cursor { sort: SHORTEST.to_owned(), key: CursorKey::Number(stock), id: variant_id.0 }.encode()
}

/// The place of a cursor.
fn place(cursor: &Cursor) -> Option<ShortPlace> {
    match cursor.key {
        CursorKey::Number(stock) => Some(ShortPlace { stock, variant_id: VariantId(cursor.id) }),
        CursorKey::Text(_) => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct LedgerQuery {
    cursor: String,
    done: String,
}

pub(in crate::routes::pages) async fn ledger(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<VariantId>,
    Query(query): Query<LedgerQuery>,
) -> Result<Response, Problem> {
    show(&app, &staff, id, &query, None, &Refused::default()).await
}

async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    id: VariantId,
    query: &LedgerQuery,
    typed: Option<&Fields>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let product = app.engine().product_of_variant(id).await?.ok_or_else(Problem::not_found)?;
    let variant = product.variants.iter().find(|variant| variant.id == id).ok_or_else(Problem::not_found)?;
    let shelf = app.engine().shelves(&[id]).await?.pop().ok_or_else(Problem::not_found)?;
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().movements(id, &request).await?;
    // What was counted was counted about what was shown then. Only whoever is told what others did meanwhile goes on from that.
    let shown = |name: &str, now: i64| {
        let before = typed.filter(|_| !refused.is_stale).and_then(|typed| typed.find(name));
        before.map_or_else(|| now.to_string(), str::to_owned)
    };
    let (mut rows, mut names) = (Vec::new(), Names::new(app));
    for movement in &found.items {
        rows.push(row(movement, &mut names).await?);
    }
    let next = found.next.map(|cursor| format!("/admin/stock/{id}?cursor={}", cursor.encode()));
    let values = context! {
        ..head(&product, variant, &shelf),
        ..context! {
            was => shown("was", shelf.stock), as_of => shown("as_of", shelf.place), rows, next,
            notice => notice(&query.done, &NOTICES), once => form_number(), typed => typed.map(Fields::typed),
        }
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "stock") };
    template::page(app, refused.status(), "admin_ledger.html", values)
}

fn head(product: &Product, variant: &Variant, shelf: &Shelf) -> Value {
    context! {
        id => variant.id.to_string(), product => product.title, product_id => product.id.to_string(),
        variant => variant.option_values.join(" / "), sku => variant.sku, stock => shelf.stock,
        tracked => variant.track_stock,
    }
}

/// A movement's cause, as the staff say it.
const fn cause_text(cause: StockCause) -> &'static str {
    match cause {
        StockCause::Received => "Received",
        StockCause::Sold => "Sold",
        StockCause::Cancelled => "Order cancelled",
        StockCause::Returned => "Returned",
        StockCause::Adjusted => "Adjusted",
    }
}

async fn row(movement: &StockMovement, names: &mut Names<'_>) -> Result<Value, Problem> {
    let by = match movement.actor_id {
        Some(id) => names.of(id).await?,
        None => None,
    };
    Ok(context! {
        delta => format!("{:+}", movement.delta), gone => movement.delta < 0, cause => cause_text(movement.cause),
        reason => movement.reason, order => movement.order_id.map(|id| id.to_string()),
        by, at => movement.at.to_string(), at_text => time_text(movement.at),
    })
}

pub(in crate::routes::pages) async fn adjust(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(variant_id): Path<VariantId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let mut wrong = Violations::default();
    let kind = fields.get("kind");
    if !KINDS.contains(&kind) {
        wrong.add("/what_happened", "required", "must be chosen");
    }
    let pieces = number(&mut wrong, PIECES, fields.get("delta"));
    let Some(pieces) = pieces.filter(|_| wrong.0.is_empty()) else {
        return show(&app, &staff, variant_id, &LedgerQuery::default(), Some(&fields), &wrong.into()).await;
    };
    let shown = |name: &str| fields.get(name).parse().unwrap_or(0);
    let count = StockCount { counted: pieces, seen: shown("was"), as_of: shown("as_of") };
    let (reason, actor_id) = (fields.get("reason").to_owned(), Some(staff.access.account_id));
    let (done, saved) = if kind == "counted" {
        let done = if count.counted == count.seen { "agrees" } else { "moved" };
        let counted = CountStock { variant_id, count, reason, actor_id, stamp: app.stamp()? };
        (done, once(&app, staff.actor(), &fields, &variant_id.to_string(), &ENTRIES, counted).await?)
    } else {
        let (delta, cause) = match kind {
            "received" => (pieces, StockCause::Received),
            "returned" => (pieces, StockCause::Returned),
            _ => (pieces.saturating_neg(), StockCause::Adjusted),
        };
        let moved = MoveStock { variant_id, delta, cause: Some(cause), reason, actor_id, stamp: app.stamp()? };
        ("moved", once(&app, staff.actor(), &fields, &variant_id.to_string(), &ENTRIES, moved).await?)
    };
    match saved {
        Ok(is_new) => {
            let done = if is_new { done } else { "before" };
            Ok(Redirect::to(&format!("/admin/stock/{variant_id}?done={done}")).into_response())
        }
        Err(error) => {
            let wrong = told(error)?;
            show(&app, &staff, variant_id, &LedgerQuery::default(), Some(&fields), &wrong).await
        }
    }
}

/// Why the shop refused the form, told of its fields: they have one for pieces, whatever became of them.
fn told(error: Error) -> Result<Refused, Problem> {
    match error {
        Error::Invalid(mut wrong) => {
            for violation in &mut wrong.0 {
                if matches!(violation.pointer.as_str(), "/delta" | "/counted") {
                    PIECES.clone_into(&mut violation.pointer);
                }
            }
            Ok(wrong.into())
        }
        other => refused(other),
    }
}
