//! `/admin/stock`: what is short, and every piece that came or went.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::catalogue::MoveStock;
use http::{HeaderMap, StatusCode};
use minijinja::{Value, context};
use model::{Product, StockCause, StockMovement, Variant, VariantId, Violations};
use serde::Deserialize;
use store::{Cursor, CursorKey, LowStock, PageRequest, ShortPlace};

use super::{
    forms::{Fields, Refused, form_number, fresh_shop_settings, notice, number, once, refused},
    frame,
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
/// The name of the order of what is short.
const SHORTEST: &str = "shortest";

/// What the page before may say.
const NOTICES: [(&str, &str); 2] =
    [("moved", "The stock is changed."), ("before", "This form was sent twice. The stock was changed once.")];

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
    let at_most = match query.at_most {
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
        at_most, tabs, next, left => is_left, first => after.is_some().then(|| link(is_left)),
        variants => found.iter().map(short_row).collect::<Vec<_>>(),
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
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().movements(id, &request).await?;
    let mut rows = Vec::new();
    for movement in &found.items {
        rows.push(row(app, movement).await?);
    }
    let next = found.next.map(|cursor| format!("/admin/stock/{id}?cursor={}", cursor.encode()));
    let values = context! {
        ..head(&product, variant),
        ..context! {
            rows, next, notice => notice(&query.done, &NOTICES), once => form_number(),
            typed => typed.map(Fields::typed),
        }
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "stock") };
    template::page(app, refused.status(), "admin_ledger.html", values)
}

fn head(product: &Product, variant: &Variant) -> Value {
    context! {
        id => variant.id.to_string(), product => product.title, product_id => product.id.to_string(),
        variant => variant.option_values.join(" / "), sku => variant.sku, stock => variant.stock,
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

async fn row(app: &App, movement: &StockMovement) -> Result<Value, Problem> {
    let by = match movement.actor_id {
        Some(id) => app.engine().account(id).await?.map(|account| account.name),
        None => None,
    };
    Ok(context! {
        delta => format!("{:+}", movement.delta), gone => movement.delta < 0, cause => cause_text(movement.cause),
        reason => movement.reason, order => movement.order_id.map(|id| id.to_string()),
        by => by.filter(|name| !name.is_empty()), at => movement.at.to_string(), at_text => time_text(movement.at),
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
    let Some(count) = number(&mut wrong, "/delta", fields.get("delta")) else {
        return show(&app, &staff, variant_id, &LedgerQuery::default(), Some(&fields), &wrong.into()).await;
    };
    let (delta, cause) = match fields.get("kind") {
        "received" => (count, Some(StockCause::Received)),
        "returned" => (count, Some(StockCause::Returned)),
        "lost" => (count.saturating_neg(), Some(StockCause::Adjusted)),
        // Counted: the difference to what the page showed, so that what was sold meanwhile stays sold.
        _ => (count.saturating_sub(fields.get("was").parse().unwrap_or(0)), Some(StockCause::Adjusted)),
    };
    let actor_id = Some(staff.access.account_id);
    let reason = fields.get("reason").to_owned();
    let moved = MoveStock { variant_id, delta, cause, reason, actor_id, stamp: app.stamp()? };
    match once(&app, staff.actor(), &fields, &variant_id.to_string(), &["kind", "delta", "was", "reason"], moved)
        .await?
    {
        Ok(is_new) => {
            let done = if is_new { "moved" } else { "before" };
            Ok(Redirect::to(&format!("/admin/stock/{variant_id}?done={done}")).into_response())
        }
        Err(error) => {
            let wrong = refused(error)?;
            show(&app, &staff, variant_id, &LedgerQuery::default(), Some(&fields), &wrong).await
        }
    }
}
