//! `/admin/customers`: who buys here, what they ordered, what is noted about them, and what they may ask for.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    accounts::{DeleteAccount, SetAccess},
    settings::{AddNote, Noted, notes},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use minijinja::{Value, context};
use model::{Account, AccountId, Email, Permission, PostalAddress, Role, review::ReviewContent};
use serde::Deserialize;
use store::{AccountFilter, Cursor, OrderFilter, PageRequest};

use super::{
    encoded,
    forms::{Done, Fields, Refused, form_number, notice, once, refused},
    frame,
    names::Names,
    order::address,
    status_class, status_text,
};
use crate::{
    App,
    dto::{account::AdminAccountDto, mail::MailDto, order::OrderDto, review::StockAlertDto},
    extract::{Customers, Path},
    problem::{Code, Problem},
    reply,
    routes::{
        account::Kept,
        pages::{staff::StaffPage, template, time_text},
    },
};

/// How many customers stand on a page.
const PAGE: u32 = 50;
/// How many orders are shown of a customer.
const ORDERS: u32 = 20;
/// What the page before may say.
const NOTICES: [(&str, &str); 4] = [
    ("locked", "The account is locked, and signed out everywhere."),
    ("unlocked", "The account can be used again."),
    ("noted", "The note is there. Only the staff see it."),
    ("erased", "The customer is forgotten. The orders stay, without name and address."),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    q: String,
    cursor: String,
    done: String,
}

pub(in crate::routes::pages) async fn list(
    State(app): State<App>,
    staff: StaffPage<Customers>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let wanted = query.q.trim();
    let filter =
        AccountFilter { role: Some(Role::Customer), text: (!wanted.is_empty()).then(|| wanted.to_lowercase()) };
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().accounts(&filter, &request).await?;
    let next = found.next.map(|cursor| format!("/admin/customers?q={}&cursor={}", encoded(wanted), cursor.encode()));
    let values = context! {
        customers => found.items.iter().map(row).collect::<Vec<_>>(), next, q => wanted,
        notice => notice(&query.done, &NOTICES),
    };
    template::page(&app, StatusCode::OK, "admin_customers.html", context! { ..values, ..frame(&staff, "customers") })
}

fn row(account: &Account) -> Value {
    context! {
        id => account.id.to_string(), name => account.name, email => account.email.as_ref().map(Email::as_str),
        since => account.created_at.to_string(), since_text => time_text(account.created_at),
        locked => account.disabled_at.is_some(), verified => account.email_verified_at.is_some(),
    }
}

/// The customer with this id; staff are found on their own page.
async fn customer(app: &App, id: AccountId) -> Result<Account, Problem> {
    let found = app.engine().account(id).await?;
    let found = found.filter(|account| account.deleted_at.is_none() && account.role == Role::Customer);
    found.ok_or_else(Problem::not_found)
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Customers>,
    Path(id): Path<AccountId>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    show(&app, &staff, id, notice(&query.done, &NOTICES), None, &Refused::default()).await
}

async fn show(
    app: &App,
    staff: &StaffPage<Customers>,
    id: AccountId,
    notice: Option<&str>,
    typed: Option<&Fields>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let account = customer(app, id).await?;
    let sees_orders = staff.access.may(Permission::Orders);
    let filter = OrderFilter { account_id: Some(id), ..OrderFilter::default() };
    let orders = if sees_orders {
        app.engine().orders(&filter, &PageRequest { limit: ORDERS, after: None }).await?.items
    } else {
        Vec::new()
    };
    let orders = orders.iter().map(|order| {
        context! {
            id => order.id.to_string(), number => order.number.to_string(), total => order.total.grouped(),
            status => status_class(order.status), status_text => status_text(order.status),
            at => order.placed_at.to_string(), at_text => time_text(order.placed_at),
        }
    });
    let addresses = app.engine().addresses(id).await?;
    let addresses = addresses.iter().map(|saved| context! { label => saved.label, lines => address(&saved.address) });
    let values = context! {
        customer => row(&account), phone => account.phone, version => account.version,
        orders => orders.collect::<Vec<_>>(), addresses => addresses.collect::<Vec<_>>(), sees_orders,
        notes => written(app, Noted::Account(id)).await?, once => form_number(), notice, typed => typed.map(Fields::typed),
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "customers") };
    template::page(app, refused.status(), "admin_customer.html", values)
}

/// The notes about something, as pages show them, newest first.
pub(super) async fn written(app: &App, about: Noted) -> Result<Vec<Value>, Problem> {
    let (mut rows, mut names) = (Vec::new(), Names::new(app));
    for note in notes(app.engine(), about).await?.into_iter().rev() {
        let by = names.of(note.author_id).await?.unwrap_or_else(|| "Somebody".to_owned());
        rows.push(context! { by, text => note.text, at => note.at.to_string(), at_text => time_text(note.at) });
    }
    Ok(rows)
}

/// Notes something, locks, unlocks or forgets a customer, as the button says that was pressed.
pub(in crate::routes::pages) async fn change(
    State(app): State<App>,
    staff: StaffPage<Customers>,
    Path(id): Path<AccountId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let account = customer(&app, id).await?;
    let outcome = match fields.get("act") {
        "note" => {
            let (author_id, text) = (staff.access.account_id, fields.get("text").to_owned());
            let note = AddNote { about: Noted::Account(id), author_id, text, stamp: app.stamp()? };
            once(&app, staff.actor(), &fields, &id.to_string(), &["text"], note).await?.map(|_| "noted")
        }
        act @ ("lock" | "unlock") => {
            let is_locked = act == "lock";
            let set = SetAccess {
                actor: staff.access,
                account_id: id,
                disabled: Some(is_locked),
                role: None,
                permissions: None,
                verified_hash: None,
                if_version: fields.version(),
                now: app.now(),
            };
            app.try_run_as(staff.actor(), set).await?.map(|_| if is_locked { "locked" } else { "unlocked" })
        }
        "erase" => {
            let email = account.email.as_ref().map(Email::as_str).unwrap_or_default();
            if !fields.get("email").eq_ignore_ascii_case(email) {
                let text = "Type the customer's e-mail address to say that it is this one.";
                return show(&app, &staff, id, None, Some(&fields), &Refused::because(text)).await;
            }
            let erase = DeleteAccount { account_id: id, verified_hash: None, now: app.now() };
            match app.try_run_as(staff.actor(), erase).await? {
                Ok(()) => return Ok(Redirect::to("/admin/customers?done=erased").into_response()),
                Err(error) => Err(error),
            }
        }
        _ => return Err(Problem::not_found()),
    };
    match outcome {
        Ok(done) => Ok(Redirect::to(&format!("/admin/customers/{id}?done={done}")).into_response()),
        Err(error) => show(&app, &staff, id, None, Some(&fields), &refused(error)?).await,
    }
}

/// What stands in the place of orders for those who may not look at them.
const WITHOUT_ORDERS: &str = "The orders are left out: downloading them takes the permission for orders.";

/// Everything that the shop has about a customer, as JSON: what the GDPR (article 15) lets them ask for. Whoever may not look at orders
/// gets it without them, and is told.
pub(in crate::routes::pages) async fn export(
    State(app): State<App>,
    staff: StaffPage<Customers>,
    Path(id): Path<AccountId>,
) -> Result<Response, Problem> {
    let account = customer(&app, id).await?;
    let engine = app.engine();
    let kept = Kept::read(&app, id, staff.access.may(Permission::Orders)).await?;
    let Kept { addresses, orders, mails, wishlist, alerts, reviews, sessions } = kept;
    let mut order_notes = Vec::new();
    for order in orders.iter().flatten() {
        let written = notes(engine, Noted::Order(order.id)).await?;
        if !written.is_empty() {
            order_notes.push(serde_json::json!({ "order": order.number.to_string(), "notes": written }));
        }
    }
    let reviews = reviews.into_iter().map(|review| {
        // Who reported it is nothing about this customer.
        let content = ReviewContent { reported_by: Vec::new(), ..review.content };
        serde_json::json!({ "product_id": review.product_id, "rating": review.stars, "content": content })
    });
    let addresses: Vec<&PostalAddress> = addresses.iter().map(|saved| &saved.address).collect();
    let sessions = sessions.iter().map(|session| {
        serde_json::json!({ "device": session.device, "address": session.address, "last_used_at": session.last_used_at })
    });
    let everything = serde_json::json!({
        "account": AdminAccountDto::from(&account),
        "addresses": addresses,
        "left_out": orders.is_none().then_some(WITHOUT_ORDERS),
        "orders": orders.map(|orders| orders.iter().map(OrderDto::from).collect::<Vec<_>>()),
        "mails": mails.iter().map(MailDto::from).collect::<Vec<_>>(),
        "wishlist_share_token": wishlist.as_ref().and_then(|list| list.share_token.as_deref()),
        "wishlist": wishlist.map(|list| list.items),
        "stock_alerts": alerts.iter().map(StockAlertDto::from).collect::<Vec<_>>(),
        "reviews": reviews.collect::<Vec<_>>(),
        "sessions": sessions.collect::<Vec<_>>(),
        "notes": notes(engine, Noted::Account(id)).await?,
        "order_notes": order_notes,
    });
    let body = serde_json::to_vec_pretty(&everything).map_err(|error| Problem::new(Code::Internal).cause(error))?;
    let mut response = reply::page("application/json", "default-src 'none'", body);
    let name = HeaderValue::from_static("attachment; filename=\"customer.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
