//! `GET /admin/search`: orders, products, customers and pages, by one word.

use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use minijinja::{Value, context};
use model::{Email, Permission, Role};
use serde::Deserialize;
use store::{AccountFilter, OrderFilter, PageRequest};

use super::{AREAS, frame, orders::found, status_class, status_text};
use crate::{
    App,
    problem::Problem,
    routes::{
        pages::{staff::Anyone, template},
        search::find_products,
    },
};

/// How many of each kind are shown.
const LISTED: u32 = 8;
/// The longest text that is looked for.
const TEXT_MAX: usize = 100;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct SearchQuery {
    q: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: Anyone,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Problem> {
    let wanted: String = query.q.trim().chars().take(TEXT_MAX).collect();
    let may = |permission| !wanted.is_empty() && staff.access.may(permission);
    // At once: none of them waits for the others.
    let (orders, products, customers) = tokio::try_join!(
        async { if may(Permission::Orders) { orders(&app, &wanted).await } else { Ok(None) } },
        async { if may(Permission::Catalogue) { products(&app, &wanted).await } else { Ok(None) } },
        async { if may(Permission::Customers) { customers(&app, &wanted).await } else { Ok(None) } },
    )?;
    let mut groups = vec![orders, products, customers];
    let folded = wanted.to_lowercase();
    let pages = AREAS.iter().filter(|(.., text, permission)| {
        !folded.is_empty()
            && text.to_lowercase().contains(&folded)
            && permission.is_none_or(|permission| staff.access.may(permission))
    });
    groups.push(group("Pages", pages.map(|(_, href, text, _)| context! { href, text }).collect()));
    let groups: Vec<Value> = groups.into_iter().flatten().collect();
    let values = context! { searched => wanted, groups };
    template::page(&app, StatusCode::OK, "admin_search.html", context! { ..values, ..frame(&staff, "") })
}

const LIMIT: PageRequest = PageRequest { limit: LISTED, after: None };

async fn orders(app: &App, wanted: &str) -> Result<Option<Value>, Problem> {
    let found = found(app, wanted, &OrderFilter::default(), LIMIT).await?;
    let lines = found.items.iter().map(|order| {
        let href = format!("/admin/orders/{}", order.id);
        let badge = context! { class => status_class(order.status), text => status_text(order.status) };
        context! { href, text => order.number.to_string(), more => order.ship_to.name, badge }
    });
    Ok(group("Orders", lines.collect()))
}

async fn products(app: &App, wanted: &str) -> Result<Option<Value>, Problem> {
    let found = find_products(app, wanted, LISTED as usize).await?;
    let lines = found.iter().map(|product| {
        let badge = context! {
            class => super::products::status_class(product.status), text => super::products::status_text(product.status),
        };
        context! { href => format!("/admin/products/{}", product.id), text => product.title, more => product.vendor, badge }
    });
    Ok(group("Products", lines.collect()))
}

async fn customers(app: &App, wanted: &str) -> Result<Option<Value>, Problem> {
    let filter = AccountFilter { role: Some(Role::Customer), text: Some(wanted.to_lowercase()) };
    let found = app.engine().accounts(&filter, &LIMIT).await?.items;
    let lines = found.iter().map(|account| {
        let href = format!("/admin/customers/{}", account.id);
        context! { href, text => account.name, more => account.email.as_ref().map(Email::as_str) }
    });
    Ok(group("Customers", lines.collect()))
}

fn group(title: &str, lines: Vec<Value>) -> Option<Value> {
    (!lines.is_empty()).then(|| context! { title, id => title.to_lowercase(), lines })
}
