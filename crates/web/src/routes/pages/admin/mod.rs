//! `/admin`: where the staff work. Each page names the area of the shop that its reader must be trusted with.

pub(super) mod order;
pub(super) mod orders;
pub(super) mod reviews;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use minijinja::{Value, context};
use model::{Access, OrderStatus, Permission};

use super::{
    staff::{Anyone, StaffPage},
    template,
};
use crate::{App, problem::Problem};

/// The areas, in the order of the navigation: name, place, text, and what looking at it takes.
const AREAS: [(&str, &str, &str, Permission); 3] = [
    ("orders", "/admin/orders", "Orders", Permission::Orders),
    ("reviews", "/admin/reviews", "Reviews", Permission::Catalogue),
    ("mailbox", "/mailbox", "Mailbox", Permission::Customers),
];

/// Leads to the first area that one may work in.
pub(super) async fn home(State(app): State<App>, staff: Anyone) -> Result<Response, Problem> {
    match AREAS.iter().find(|(.., permission)| staff.access.may(*permission)) {
        Some((_, href, ..)) => Ok(Redirect::to(href).into_response()),
        None => {
            let text = "You are signed in. What you may do here, the owner of the shop has to say first.";
            template::message(&app, StatusCode::OK, "Nothing to do yet", text, None)
        }
    }
}

/// The navigation of somebody: what they may look at.
pub(super) fn areas(access: Option<Access>, section: &str) -> Vec<Value> {
    let shown = AREAS.iter().filter(|(name, .., permission)| match access {
        Some(access) => access.may(*permission),
        // In a demonstration the mailbox needs nobody signed in.
        None => *name == "mailbox",
    });
    shown.map(|(name, href, text, _)| context! { href, text, current => *name == section }).collect()
}

/// What every page of a member of staff shows around itself.
fn frame<A>(page: &StaffPage<A>, section: &str) -> Value {
    context! { areas => areas(Some(page.access), section), signed_in => true, csrf => page.csrf() }
}

/// An order's status, as what there is to do.
const fn status_text(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "To confirm",
        OrderStatus::Confirmed => "To ship",
        OrderStatus::Shipped => "Shipped",
        OrderStatus::Delivered => "Delivered",
        OrderStatus::Cancelled => "Cancelled",
    }
}

/// How a status is coloured.
const fn status_class(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending | OrderStatus::Confirmed => "pending",
        OrderStatus::Shipped | OrderStatus::Delivered => "sent",
        OrderStatus::Cancelled => "quiet",
    }
}

fn tab(href: String, text: &str, current: bool) -> Value {
    context! { href, text, current }
}

/// A text as a part of a link.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
