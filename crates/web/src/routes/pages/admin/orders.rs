//! `GET /admin/orders`, `POST /admin/orders/move`

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error,
    orders::{MoveOrder, Mover},
    saved_views::{NAME_MAX, SaveView, VIEWS_MAX, saved_views},
};
use http::{HeaderMap, StatusCode};
use minijinja::{Value, context};
use model::{Email, Order, OrderId, OrderStatus, Permission, Tracking};
use serde::Deserialize;
use store::{Cursor, OrderFilter, Page, PageRequest, StoreError};

use super::{
    audit::midnight,
    encoded,
    forms::{Fields, fresh_shop_settings},
    frame,
    news::{newest, newest_of},
    status_class, status_text, tab,
};
use crate::{
    App,
    extract::Orders,
    problem::Problem,
    routes::{
        admin::export_orders,
        pages::{staff::StaffPage, template, time_text},
    },
};

/// How many orders stand on a page.
const PAGE: u32 = 50;
/// The name of what is still to be sent, beside those of the statuses.
const OPEN: &str = "open";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    status: String,
    q: String,
    from: String,
    to: String,
    cursor: String,
    done: String,
    moved: usize,
    left: usize,
}

impl ListQuery {
    /// Which orders, but for what is looked for among them. Days that are none do not count.
    fn filter(&self) -> OrderFilter {
        let (placed_from, placed_before) = (midnight(&self.from, 0), midnight(&self.to, 1));
        OrderFilter { statuses: statuses(&self.status), placed_from, placed_before, ..OrderFilter::default() }
    }
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let filter = query.filter();
    let status = (!filter.statuses.is_empty()).then_some(query.status.as_str());
    let wanted = query.q.trim();
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let bulk = bulk(&filter.statuses);
    // Asked before the list is read, so that what comes in between is announced. A list without conditions says it itself.
    let is_all = wanted.is_empty() && filter == OrderFilter::default() && request.after.is_none();
    let newest = if is_all { None } else { Some(newest(&app).await?) };
    let Page { items, next } = found(&app, wanted, &filter, request).await?;
    let day = |text: &str| midnight(text, 0).map(|_| text.to_owned());
    let (from, to) = (day(&query.from), day(&query.to));
    let asked_on = |status: Option<&str>, from: Option<&str>, to: Option<&str>| {
        let parts = [
            status.map(|status| format!("status={status}")),
            (!wanted.is_empty()).then(|| format!("q={}", encoded(wanted))),
            from.map(|from| format!("from={from}")),
            to.map(|to| format!("to={to}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("&")
    };
    let asked = |status: Option<&str>| asked_on(status, from.as_deref(), to.as_deref());
    let link = |status: Option<&str>| format!("/admin/orders?{}", asked(status));
    let mut tabs = vec![tab(link(None), "All", status.is_none())];
    let named = OrderStatus::ALL.map(|status| (status.as_str(), status_text(status)));
    let named = [(OPEN, "Open")].into_iter().chain(named);
    tabs.extend(named.map(|(name, text)| tab(link(Some(name)), text, status == Some(name))));
    let next = next.map(|cursor| format!("{}&cursor={}", link(status), cursor.encode()));
    let views = saved_views(app.engine(), staff.access.account_id).await?;
    let values = context! {
        orders => items.iter().map(row).collect::<Vec<_>>(), tabs, next, q => wanted,
        status, asked => asked(status), all_statuses => link(None),
        days => days_text(from.as_deref(), to.as_deref()), from, to,
        all_days => format!("/admin/orders?{}", asked_on(status, None, None)),
        views => views.iter().map(|view| context! { name => view.name, query => view.query, current => view.query == asked(status) })
            .collect::<Vec<_>>(),
        bulk, notice => notice(&query), newest => newest.unwrap_or_else(|| newest_of(&items)),
        closed => !fresh_shop_settings(&app).await?.takes_orders, may_set => staff.access.may(Permission::Settings),
    };
    template::page(&app, StatusCode::OK, "admin_orders.html", context! { ..values, ..frame(&staff, "orders") })
}

/// The file of the orders of a status and of days: what the list shows when nothing is looked for.
pub(in crate::routes::pages) async fn export(
    State(app): State<App>,
    _: StaffPage<Orders>,
    Query(query): Query<ListQuery>,
) -> Response {
    export_orders(app, query.filter())
}

/// The orders that a text may mean, of those that the filter lets through.
pub(super) async fn found(
    app: &App,
    wanted: &str,
    filter: &OrderFilter,
    mut request: PageRequest,
) -> Result<Page<Order>, StoreError> {
    let mut numbered = None;
    if let Ok(number) = wanted.parse() {
        let filter = OrderFilter { number: Some(number), ..filter.clone() };
        numbered = app.orders(&filter, &PageRequest { limit: 1, after: None }).await?.items.pop();
    }
    // Digits alone may be a postal code as well: then the order of this number comes first, and the others after it.
    let is_digits = wanted.bytes().all(|byte| byte.is_ascii_digit());
    if numbered.is_some() && !is_digits {
        return Ok(Page { items: numbered.into_iter().collect(), next: None });
    }
    let is_shown = numbered.is_some() && request.after.is_none();
    if is_shown {
        request.limit -= 1;
    }
    // What is none of the more exact ones may be a SKU or a name: the first that finds something.
    let mut page = Page { items: Vec::new(), next: None };
    for filter in found_by(wanted, filter) {
        page = app.orders(&filter, &request).await?;
        if !page.items.is_empty() {
            break;
        }
    }
    if let Some(numbered) = numbered {
        page.items.retain(|order| order.id != numbered.id);
        if is_shown {
            page.items.insert(0, numbered);
        }
    }
    Ok(page)
}

/// What a text may mean beside the number of an order, the most exact first.
fn found_by(wanted: &str, filter: &OrderFilter) -> Vec<OrderFilter> {
    if wanted.is_empty() {
        return vec![filter.clone()];
    }
    let email = Email::parse("", wanted).ok().map(|email| OrderFilter { email: Some(email), ..filter.clone() });
    let has_digit = wanted.contains(|c: char| c.is_ascii_digit());
    let tracking = has_digit.then(|| OrderFilter { tracking: Some(Tracking::key(wanted)), ..filter.clone() });
    let text = OrderFilter { text: Some(wanted.to_owned()), ..filter.clone() };
    email.into_iter().chain(tracking).chain([text]).collect()
}

/// The days that orders are shown of, in words; `None` for all.
fn days_text(from: Option<&str>, to: Option<&str>) -> Option<String> {
    match (from, to) {
        (Some(from), Some(to)) if from == to => Some(format!("on {from}")),
        (Some(from), Some(to)) => Some(format!("from {from} to {to}")),
        (Some(from), None) => Some(format!("from {from} on")),
        (None, Some(to)) => Some(format!("up to {to}")),
        (None, None) => None,
    }
}

/// The statuses that a name stands for: that of one, or of all whose parcels are still in the shop. None are all orders.
fn statuses(name: &str) -> Vec<OrderStatus> {
    let is_named = |status: &OrderStatus| status.as_str() == name || name == OPEN && status.is_open();
    OrderStatus::ALL.into_iter().filter(is_named).collect()
}

/// What can be done with several orders of one of these statuses at once: nothing that would be something else for each of them.
fn bulk(statuses: &[OrderStatus]) -> Option<Value> {
    let [status] = statuses else { return None };
    match status {
        OrderStatus::Pending => Some(context! { to => "confirmed", text => "Confirm those that are marked" }),
        OrderStatus::Confirmed => Some(context! {
            to => "shipped", text => "Mark as shipped, without tracking",
            question => "Mark {n} as shipped, without tracking? The customers get a mail, and this cannot be undone.",
        }),
        OrderStatus::Shipped => Some(context! {
            to => "delivered", text => "Mark as delivered",
            question => "Mark {n} as delivered? The customers get a mail, and this cannot be undone.",
        }),
        OrderStatus::Delivered | OrderStatus::Cancelled => None,
    }
}

fn notice(query: &ListQuery) -> Option<String> {
    let orders = |count: usize| if count == 1 { "1 order".to_owned() } else { format!("{count} orders") };
    match (query.moved, query.left) {
        (0, 0) if query.done == "view" => Some("Your views are saved.".to_owned()),
        (0, 0) if query.done == "view-replaced" => Some("The view was replaced.".to_owned()),
        (0, 0) if query.done == "no-view" => {
            Some(format!("A view needs a name of at most {NAME_MAX} letters, and there can be {VIEWS_MAX}."))
        }
        (0, 0) if query.done == "long-view" => {
            Some("This is too much to look for at once to be kept as a view.".to_owned())
        }
        (0, 0) if query.done == "none" => Some("Mark the orders first.".to_owned()),
        (0, 0) => None,
        (moved, 0) => Some(format!("{} moved on. The customers get a mail.", orders(moved))),
        (moved, left) => Some(format!(
            "{} moved on; {} had been changed by somebody else meanwhile and stayed as they are.",
            orders(moved),
            orders(left)
        )),
    }
}

fn row(order: &Order) -> Value {
    let pieces: i64 = order.lines.iter().map(|line| line.quantity).sum();
    context! {
        id => order.id.to_string(), number => order.number.to_string(), total => order.total.grouped(), pieces,
        name => order.ship_to.name, email => order.email.as_ref().map(Email::as_str),
        placed_at => order.placed_at.to_string(), placed_text => time_text(order.placed_at),
        status => status_class(order.status), status_text => status_text(order.status),
    }
}

/// Saves what is looked for as a view of one's own, or removes one.
pub(in crate::routes::pages) async fn save_view(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let query = fields.get("query").to_owned();
    let is_removal = fields.get("act") == "remove";
    let name = fields.get("name").to_lowercase();
    let known = saved_views(app.engine(), staff.access.account_id).await?;
    let is_replaced = !is_removal && known.iter().any(|view| view.name.to_lowercase() == name);
    let save = SaveView {
        account_id: staff.access.account_id,
        name: fields.get("name").to_owned(),
        query: (!is_removal).then(|| query.clone()),
        stamp: app.stamp()?,
    };
    let done = match app.try_run_as(staff.actor(), save).await? {
        Ok(_) if is_replaced => "view-replaced",
        Ok(_) => "view",
        Err(Error::Invalid(wrong)) if wrong.0.iter().any(|wrong| wrong.pointer == "/query") => "long-view",
        Err(Error::Invalid(_)) => "no-view",
        Err(error) => return Err(error.into()),
    };
    let query = if is_removal { String::new() } else { of_list(&query) };
    Ok(Redirect::to(&format!("/admin/orders?{query}&done={done}")).into_response())
}

/// A query that a form sent back, as far as the list itself can have asked for it: never somebody else's address.
fn of_list(query: &str) -> String {
    query.chars().filter(|c| !c.is_control() && *c != '#').collect()
}

/// Moves several orders on. The form has a field `order` for each of them.
pub(in crate::routes::pages) async fn move_on(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let to = fields.get("to").parse::<OrderStatus>().ok();
    let to = to.filter(|to| *to != OrderStatus::Cancelled).ok_or_else(Problem::not_found)?;
    let chosen = fields.all("order").filter_map(|id| id.parse::<OrderId>().ok());
    let (mut moved, mut left) = (0, 0);
    for id in chosen.take(PAGE as usize) {
        let mover = Mover::Staff(staff.access.account_id);
        let one = MoveOrder {
            id,
            to,
            mover,
            note: None,
            tracking: None,
            is_lost: false,
            if_version: None,
            stamp: app.stamp()?,
        };
        match app.try_run_as(staff.actor(), one).await? {
            Ok(_) => moved += 1,
            Err(Error::Store(error)) => return Err(error.into()),
            Err(_) => left += 1,
        }
    }
    // Back to what was worked on, with its days and words: who marks all of the next page means those.
    let query = of_list(fields.get("query"));
    let done = if moved + left == 0 { "&done=none" } else { "" };
    Ok(Redirect::to(&format!("/admin/orders?{query}&moved={moved}&left={left}{done}")).into_response())
}
