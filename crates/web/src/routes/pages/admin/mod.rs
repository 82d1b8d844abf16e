//! `/admin`: where the staff work. Each page names the area of the shop that its reader must be trusted with.

pub(super) mod account;
pub(super) mod attributes;
pub(super) mod audit;
pub(super) mod categories;
mod chart;
pub(super) mod collections;
pub(super) mod customers;
mod forms;
pub(super) mod imports;
pub(super) mod keys;
pub(super) mod mails;
mod names;
pub(super) mod news;
pub(super) mod order;
pub(super) mod orders;
pub(crate) mod overview;
mod places;
mod preview;
pub(super) mod products;
pub(super) mod reviews;
pub(super) mod search;
pub(super) mod settings;
pub(super) mod stock;
pub(super) mod team;
pub(super) mod welcome;

use minijinja::{Value, context};
use model::{Access, OrderStatus, Permission};

use super::staff::StaffPage;

/// The areas, in the order of the navigation: name, place, text, and what looking at it takes beside working here.
const AREAS: [(&str, &str, &str, Option<Permission>); 15] = [
    ("overview", "/admin", "Overview", None),
    ("orders", "/admin/orders", "Orders", Some(Permission::Orders)),
    ("products", "/admin/products", "Products", Some(Permission::Catalogue)),
    ("categories", "/admin/categories", "Categories", Some(Permission::Catalogue)),
    ("collections", "/admin/collections", "Collections", Some(Permission::Catalogue)),
    ("attributes", "/admin/attributes", "Attributes", Some(Permission::Catalogue)),
    ("stock", "/admin/stock", "Stock", Some(Permission::Catalogue)),
    ("reviews", "/admin/reviews", "Reviews", Some(Permission::Catalogue)),
    ("import", "/admin/import", "Import and export", Some(Permission::Catalogue)),
    ("customers", "/admin/customers", "Customers", Some(Permission::Customers)),
    ("mailbox", "/mailbox", "Mailbox", Some(Permission::Customers)),
    ("staff", "/admin/staff", "Staff", Some(Permission::Settings)),
    ("keys", "/admin/keys", "API keys", None),
    ("audit", "/admin/audit", "Audit log", Some(Permission::Settings)),
    ("settings", "/admin/settings", "Settings", Some(Permission::Settings)),
];

/// The navigation of somebody: what they may look at.
pub(super) fn areas(access: Option<Access>, section: &str) -> Vec<Value> {
    let shown = AREAS.iter().filter(|(name, .., permission)| match access {
        Some(access) => permission.is_none_or(|permission| access.may(permission)),
        // In a demonstration the mailbox needs nobody signed in.
        None => *name == "mailbox",
    });
    shown.map(|(name, href, text, _)| context! { href, text, current => *name == section }).collect()
}

/// What every page of a member of staff shows around itself.
fn frame<A>(page: &StaffPage<A>, section: &str) -> Value {
    let account_id = page.access.account_id.to_string();
    context! { areas => areas(Some(page.access), section), signed_in => true, account_id, csrf => page.csrf() }
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
