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
use store::{Cursor, PageRequest};

use super::{
    forms::{Fields, Refused, form_number, notice, number, once, refused, shop_settings},
    frame,
    overview::short_row,
};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::Problem,
    routes::pages::{staff::StaffPage, template, time_text},
};

/// How many variants or movements stand on a page.
const PAGE: u32 = 100;

/// What the page before may say.
const NOTICES: [(&str, &str); 2] =
    [("moved", "The stock is changed."), ("before", "This form was sent twice. The stock was changed once.")];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    at_most: Option<i64>,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let at_most = match query.at_most {
        Some(at_most) => at_most.clamp(0, model::shop::LOW_STOCK_MAX),
        None => shop_settings(&app).await?.low_stock_at,
    };
    let found = app.engine().low_stock(at_most, PAGE).await?;
    let values = context! {
        at_most, variants => found.iter().map(short_row).collect::<Vec<_>>(), more => found.len() == PAGE as usize,
    };
    template::page(&app, StatusCode::OK, "admin_stock.html", context! { ..values, ..frame(&staff, "stock") })
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
