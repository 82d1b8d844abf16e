//! `GET /admin/orders/{id}`, `POST /admin/orders/{id}/move`, and what corrects an order

use axum::{
    extract::{Form, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Conflict, Error,
    orders::{CorrectOrder, MoveOrder, Mover, is_told_of_tracking},
    settings::{AddNote, Noted},
};
use http::{HeaderMap, StatusCode};
use minijinja::{Value, context};
use model::{
    Email, Order, OrderId, OrderStatus, OutboxMail, Permission, PostalAddress, ProductId, Role, Tracking, Violation,
    country::countries,
    order::{Correction, OrderActor},
};
use serde::Deserialize;
use store::{MailFilter, PageRequest};

use super::{
    customers::written,
    forms::{Done, Fields, form_number, notice, once, refused},
    frame, status_class, status_text,
};
use crate::{
    App,
    extract::{Orders, Path},
    problem::Problem,
    routes::pages::{staff::StaffPage, template, time_text},
};

/// How many of an order's mails are shown: there are five kinds.
const MAILS: u32 = 20;
/// What the page before may say, beside what the order became.
const NOTICES: [(&str, &str); 5] = [
    ("noted", "The note is there. Only the staff see it."),
    ("readdressed", "The address is corrected. The customer gets no mail about it."),
    ("tracked", "The tracking is saved. The customer gets no mail about it."),
    ("tracked_and_told", "The tracking is saved. The customer gets a mail."),
    ("untracked", "The tracking is removed. The customer gets no mail about it."),
];

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Path(id): Path<OrderId>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    let told = match query.done.parse::<OrderStatus>() {
        Ok(OrderStatus::Confirmed) => Some("The order is confirmed. The customer gets a mail."),
        Ok(OrderStatus::Shipped) => Some("The order is on its way. The customer gets a mail."),
        Ok(OrderStatus::Delivered) => Some("The order is delivered. The customer gets a mail."),
        Ok(OrderStatus::Cancelled) => Some("The order is cancelled. The customer gets a mail."),
        _ => notice(&query.done, &NOTICES),
    };
    show(&app, &staff, id, told, None, &Moving::default()).await
}

/// Notes something for the staff.
pub(in crate::routes::pages) async fn note(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let (author_id, text) = (staff.access.account_id, fields.get("text").to_owned());
    let note = AddNote { about: Noted::Order(id), author_id, text, stamp: app.stamp()? };
    match once(&app, staff.actor(), &fields, &id.to_string(), &["text"], note).await? {
        // Sent twice, it is there once.
        Ok(_) => Ok(Redirect::to(&format!("/admin/orders/{id}?done=noted")).into_response()),
        Err(error) => {
            let refused = refused(error)?;
            let told = Some((refused.status_or_conflict(), refused.text.as_str()));
            show(&app, &staff, id, None, told, &Moving::default()).await
        }
    }
}

/// What is put into the parcel, to be printed.
pub(in crate::routes::pages) async fn slip(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Path(id): Path<OrderId>,
) -> Result<Response, Problem> {
    let order = app.engine().order(id).await?.ok_or_else(Problem::not_found)?;
    let contact = app.shop_settings().await?.contact_email.clone();
    let warning = slip_warning(order.status);
    let values = context! { order => view(&order, &[]), warning, contact, signed_in => true, csrf => staff.csrf() };
    template::page(&app, StatusCode::OK, "packing_slip.html", values)
}

/// What stands on a slip that nothing is to be packed by.
const fn slip_warning(status: OrderStatus) -> Option<&'static str> {
    match status {
        OrderStatus::Pending | OrderStatus::Confirmed => None,
        OrderStatus::Shipped => Some("ALREADY SHIPPED – do not send again"),
        OrderStatus::Delivered => Some("ALREADY DELIVERED – do not send again"),
        OrderStatus::Cancelled => Some("CANCELLED – do not send"),
    }
}

async fn show(
    app: &App,
    staff: &StaffPage<Orders>,
    id: OrderId,
    notice: Option<&str>,
    refused: Option<(StatusCode, &str)>,
    typed: &Moving,
) -> Result<Response, Problem> {
    let (status, error) = refused.map_or((StatusCode::OK, None), |(status, error)| (status, Some(error)));
    render(app, staff, id, status, context! { notice, error }, typed).await
}

async fn render(
    app: &App,
    staff: &StaffPage<Orders>,
    id: OrderId,
    status: StatusCode,
    told: Value,
    typed: &Moving,
) -> Result<Response, Problem> {
    let order = app.engine().order(id).await?.ok_or_else(Problem::not_found)?;
    let filter = MailFilter { order_id: Some(id), ..MailFilter::default() };
    let mails = app.engine().mails(&filter, &PageRequest { limit: MAILS, after: None }).await?.items;
    let sees_customers = staff.access.may(Permission::Customers);
    let account = app.engine().account(order.account_id).await?.filter(|account| account.deleted_at.is_none());
    let is_news = account.as_ref().is_some_and(|account| is_told_of_tracking(&order, account));
    // The address may have been changed since the order was placed. The new one is for those who see customers.
    let mails_to = account.as_ref().and_then(|account| account.email.clone()).or_else(|| order.email.clone());
    let mails_elsewhere = mails_to != order.email;
    let mails_to = mails_to.filter(|_| sees_customers || !mails_elsewhere);
    // Staff who buy something are no customers with a page of their own.
    let customer = account.filter(|account| sees_customers && account.role == Role::Customer);
    // What was ordered in another shop, and brought over from there, may not be here.
    let sold: Vec<ProductId> = order.lines.iter().map(|line| line.product_id).collect();
    let sees_products = staff.access.may(Permission::Catalogue);
    let products = if sees_products { app.engine().product_faces(&sold).await? } else { Vec::new() };
    let products: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let values = context! {
        order => view(&order, &products), mails => mails.iter().map(|mail| mail_row(app, mail)).collect::<Vec<_>>(),
        notes => written(app, Noted::Order(id)).await?, once => form_number(), sees_mails => sees_customers, moves => moves(&order),
        countries => countries(), country_codes => countries().iter().map(|(code, _)| code).collect::<Vec<_>>(), is_news,
        customer => customer.map(|account| account.id.to_string()), mails_to => mails_to.as_ref().map(Email::as_str),
        mails_elsewhere,
        typed => context! {
            to => typed.to, note => typed.note, carrier => typed.carrier, number => typed.number, url => typed.url,
            lost => !typed.lost.is_empty(),
        },
    };
    template::page(app, status, "admin_order.html", context! { ..told, ..values, ..frame(staff, "orders") })
}

/// Where the order can go, as buttons. What cannot be undone comes last, and asks.
fn moves(order: &Order) -> Vec<Value> {
    let one = |to: &OrderStatus| {
        let (text, hint) = match to {
            OrderStatus::Confirmed => ("Confirm", "The customer is told that the order is being looked after."),
            OrderStatus::Shipped => {
                ("Mark as shipped", "The customer is told, with the tracking number if there is one.")
            }
            OrderStatus::Delivered => ("Mark as delivered", "The customer is told."),
            OrderStatus::Cancelled if !gives_back(order) => {
                ("Cancel the order", "The customer is told. Nothing goes back into stock. This cannot be undone.")
            }
            OrderStatus::Cancelled => {
                ("Cancel the order", "Its pieces go back into stock, and the customer is told. This cannot be undone.")
            }
            OrderStatus::Pending => ("", ""),
        };
        let (is_shipping, is_final) = (*to == OrderStatus::Shipped, *to == OrderStatus::Cancelled);
        context! { to => to.as_str(), text, hint, is_shipping, is_final }
    };
    order.status.allowed().iter().map(one).collect()
}

/// Whether a cancellation puts anything back: what was brought over from another shop took nothing out of this one's stock.
fn gives_back(order: &Order) -> bool {
    order.lines.iter().any(|line| line.stock_taken)
}

/// The order as pages show it; lines lead to those `products` that are known.
fn view(order: &Order, products: &[ProductId]) -> Value {
    let lines = order.lines.iter().map(|line| {
        let product = Some(line.product_id).filter(|id| products.contains(id));
        context! {
            product => product.map(|id| id.to_string()),
            title => line.title, variant => line.variant_title, sku => line.sku, quantity => line.quantity,
            price => line.unit_price.grouped(), total => line.total().grouped(),
        }
    });
    let events = order.timeline.iter().enumerate().rev().map(|(place, event)| {
        let before = place.checked_sub(1).map(|before| order.timeline[before].status);
        let by = match event.actor {
            OrderActor::Customer => "by the customer",
            OrderActor::Staff => "by the shop",
        };
        context! {
            status => if before == Some(event.status) { "Corrected" } else { event_text(event.status) },
            by, note => event.note, at => event.at.to_string(), at_text => time_text(event.at),
        }
    });
    context! {
        id => order.id.to_string(), number => order.number.to_string(), version => order.version,
        status => status_class(order.status), status_text => status_text(order.status),
        gives_back => gives_back(order), total => order.total.grouped(), email => order.email.as_ref().map(Email::as_str),
        placed_at => order.placed_at.to_string(), placed_text => time_text(order.placed_at),
        lines => lines.collect::<Vec<_>>(), events => events.collect::<Vec<_>>(), address => address(&order.ship_to),
        is_open => order.status.is_open(), has_left => order.status.has_left(), late => late(order.status), ship_to => order.ship_to,
        tracking => order.tracking.as_ref().map(|tracking| {
            context! { number => tracking.number, carrier => tracking.carrier, url => tracking.url }
        }),
    }
}

/// Why its address can no longer be corrected; nothing while it can.
const fn late(status: OrderStatus) -> Option<&'static str> {
    match status {
        OrderStatus::Pending | OrderStatus::Confirmed => None,
        OrderStatus::Shipped | OrderStatus::Delivered => {
            Some("The parcel has left: its address can no longer be corrected.")
        }
        OrderStatus::Cancelled => Some("The order is cancelled: its address can no longer be corrected."),
    }
}

const fn event_text(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "Placed",
        OrderStatus::Confirmed => "Confirmed",
        OrderStatus::Shipped => "Shipped",
        OrderStatus::Delivered => "Delivered",
        OrderStatus::Cancelled => "Cancelled",
    }
}

/// An address as it stands on a parcel, with the number that the carrier may call.
pub(super) fn address(address: &PostalAddress) -> Vec<String> {
    address.lines().into_iter().chain(address.phone.clone()).collect()
}

fn mail_row(app: &App, mail: &OutboxMail) -> Value {
    let subject = app.mails().render(mail, false).map(|rendered| rendered.subject);
    context! {
        id => mail.id.to_string(), subject => subject.unwrap_or_else(|_| mail.template.name().to_owned()),
        status => mail.status.as_str(), at => mail.created_at.to_string(), at_text => time_text(mail.created_at),
    }
}

/// A move, as the form has it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct Moving {
    csrf: String,
    to: String,
    version: Option<i64>,
    note: String,
    carrier: String,
    number: String,
    url: String,
    lost: String,
}

pub(in crate::routes::pages) async fn move_on(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    Form(form): Form<Moving>,
) -> Result<Response, Problem> {
    staff.check(&headers, &form.csrf)?;
    let to = form.to.parse::<OrderStatus>().map_err(|()| Problem::not_found())?;
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let (carrier, url) = (given(&form.carrier), given(&form.url));
    let has_tracking = !form.number.trim().is_empty() || carrier.is_some() || url.is_some();
    let tracking = has_tracking.then(|| Tracking { number: form.number.clone(), carrier, url });
    let order = MoveOrder {
        id,
        to,
        mover: Mover::Staff(staff.access.account_id),
        note: given(&form.note),
        tracking,
        is_lost: !form.lost.is_empty(),
        if_version: form.version,
        stamp: app.stamp()?,
    };
    let (status, refused) = match app.try_run_as(staff.actor(), order).await? {
        Ok(_) => return Ok(Redirect::to(&format!("/admin/orders/{id}?done={}", to.as_str())).into_response()),
        Err(Error::Stale { .. }) => {
            (StatusCode::CONFLICT, "Somebody else changed this order meanwhile. This is how it is now.".to_owned())
        }
        Err(Error::Conflict(Conflict::NotAllowed { .. })) => {
            (StatusCode::CONFLICT, "The order cannot go there from where it is now.".to_owned())
        }
        Err(Error::Invalid(wrong)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, wrong.0.iter().map(field_text).collect::<Vec<_>>().join(" "))
        }
        Err(error) => return Err(error.into()),
    };
    show(&app, &staff, id, None, Some((status, &refused)), &form).await
}

/// Corrects where the order goes.
pub(in crate::routes::pages) async fn readdress(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let own = |name: &str| fields.get(name).to_owned();
    let ship_to = PostalAddress {
        name: own("name"),
        line1: own("line1"),
        line2: fields.given("line2"),
        city: own("city"),
        region: fields.given("region"),
        postal_code: own("postal_code"),
        country: own("country"),
        phone: fields.given("phone"),
    };
    let correction = Correction { ship_to: Some(ship_to), tracking: None };
    correct(&app, &staff, id, &headers, &fields, correction).await
}

/// Corrects how the parcel can be followed, or removes it.
pub(in crate::routes::pages) async fn track(
    State(app): State<App>,
    staff: StaffPage<Orders>,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let number = fields.get("number").to_owned();
    let tracking = Tracking { number, carrier: fields.given("carrier"), url: fields.given("url") };
    let tracking = Some(tracking).filter(|_| !fields.is_checked("remove"));
    let correction = Correction { ship_to: None, tracking: Some(tracking) };
    correct(&app, &staff, id, &headers, &fields, correction).await
}

async fn correct(
    app: &App,
    staff: &StaffPage<Orders>,
    id: OrderId,
    headers: &HeaderMap,
    fields: &Fields,
    correction: Correction,
) -> Result<Response, Problem> {
    staff.check(headers, fields.csrf())?;
    let (settings, stamp) = (app.shop_settings().await?, app.stamp()?);
    let (staff_id, if_version) = (staff.access.account_id, fields.version());
    // What was typed into one form is nothing to the other.
    let (done, typed) = match correction.tracking {
        None => ("readdressed", context! { readdressing => fields.typed() }),
        Some(None) => ("untracked", context! { retracking => fields.typed() }),
        Some(Some(_)) => ("tracked", context! { retracking => fields.typed() }),
    };
    let correct = CorrectOrder { id, correction, staff_id, settings, if_version, stamp };
    match app.try_run_as(staff.actor(), correct).await? {
        Ok(corrected) => {
            let done = if corrected.is_told { "tracked_and_told" } else { done };
            Ok(Redirect::to(&format!("/admin/orders/{id}?done={done}")).into_response())
        }
        Err(error) => {
            let refused = refused(error)?;
            let told = context! { ..typed, ..refused.shown() };
            render(app, staff, id, refused.status_or_conflict(), told, &Moving::default()).await
        }
    }
}

/// What is wrong with a field, in the words of the form.
fn field_text(violation: &Violation) -> String {
    let field = match violation.pointer.as_str() {
        "/tracking/number" if violation.code == "required" => {
            return "A carrier, or a page that shows where the parcel is, needs a tracking number.".to_owned();
        }
        "/tracking/number" => "The tracking number",
        "/tracking/carrier" => "The carrier",
        "/tracking/url" => "The tracking page",
        _ => "The note",
    };
    format!("{field} {}.", violation.message)
}
