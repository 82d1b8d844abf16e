//! `GET /admin/audit`: who changed what, when, and from where.

use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use minijinja::{Value, context};
use model::{AccountId, AuditEntry, Role, Timestamp, job::JobKind};
use serde::Deserialize;
use store::{AccountFilter, AuditFilter, Cursor, PageRequest};
use uuid::Uuid;

use super::{encoded, frame, imports::kind_text, names::Names};
use crate::{
    App,
    extract::ShopSettings,
    problem::Problem,
    routes::pages::{staff::StaffPage, template, time_text},
};

/// How many entries stand on a page.
const PAGE: u32 = 50;
/// What entries are about, each with its text.
const NOUNS: [(&str, &str); 14] = [
    ("order", "Orders"),
    ("product", "Products"),
    ("stock", "Stock"),
    ("category", "Categories"),
    ("collection", "Collections"),
    ("attribute", "Attributes"),
    ("review", "Reviews"),
    ("account", "Accounts"),
    ("notes", "Notes"),
    ("mail", "Mails"),
    ("job", "Imports"),
    ("api_key", "API keys"),
    ("second_factor", "Second factors"),
    ("settings", "Settings"),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct LogQuery {
    by: String,
    noun: String,
    subject: String,
    from: String,
    to: String,
    cursor: String,
}

/// The first moment of the day that a field says, `2026-05-01`, or of the one after it.
pub(super) fn midnight(text: &str, days_later: i64) -> Option<Timestamp> {
    let at: Timestamp = format!("{text}T00:00:00Z").parse().ok()?;
    at.checked_add(model::SignedDuration::from_hours(24 * days_later)).ok()
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<ShopSettings>,
    Query(query): Query<LogQuery>,
) -> Result<Response, Problem> {
    let filter = AuditFilter {
        actor_id: query.by.parse::<AccountId>().ok(),
        subject_id: query.subject.parse::<Uuid>().ok(),
        noun: Some(query.noun.clone()).filter(|noun| NOUNS.iter().any(|(known, _)| known == noun)),
        from: midnight(&query.from, 0),
        before: midnight(&query.to, 1),
    };
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().audit_log(&filter, &request).await?;
    let mut names = Names::new(&app);
    let mut rows = Vec::new();
    for entry in &found.items {
        rows.push(row(entry, &mut names).await?);
    }
    let next = found.next.map(|cursor| {
        let LogQuery { by, noun, subject, from, to, .. } = &query;
        let [by, noun, subject, from, to] = [by, noun, subject, from, to].map(|text| encoded(text));
        format!("/admin/audit?by={by}&noun={noun}&subject={subject}&from={from}&to={to}&cursor={}", cursor.encode())
    });
    let mut people = Vec::new();
    for role in [Role::Owner, Role::Staff] {
        let filter = AccountFilter { role: Some(role), text: None };
        people.extend(app.engine().accounts(&filter, &PageRequest { limit: 100, after: None }).await?.items);
    }
    let people = people.iter().map(|account| {
        let id = account.id.to_string();
        context! { current => id == query.by, id, name => account.name }
    });
    let nouns = NOUNS.map(|(name, text)| context! { name, text, current => name == query.noun });
    let values = context! {
        rows, next, people => people.collect::<Vec<_>>(), nouns, from => query.from, to => query.to, subject => query.subject,
        filtered => filter != AuditFilter::default(),
    };
    template::page(&app, StatusCode::OK, "admin_audit.html", context! { ..values, ..frame(&staff, "audit") })
}

/// What was done, where the name of the action does not say it: staff change a job by stopping it alone.
const ACTIONS: [(&str, &str); 11] = [
    ("job.created", "Import begun"),
    ("job.changed", "Import stopped"),
    ("job.deleted", "Old import taken off the list"),
    ("api_key.created", "API key made"),
    ("api_key.deleted", "API key ended"),
    ("notes.created", "Note written"),
    ("notes.changed", "Note written"),
    ("notes.deleted", "Notes forgotten"),
    ("mail.tested", "Test mail sent"),
    ("second_factor.created", "Second factor set up"),
    ("second_factor.deleted", "Second factor taken away"),
];

/// `product.changed` as `Product changed`.
fn action_text(action: &str) -> String {
    if let Some((_, text)) = ACTIONS.iter().find(|(name, _)| *name == action) {
        return (*text).to_owned();
    }
    let text = action.replace(['.', '_'], " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Where the subject of an entry is looked at.
fn link(entry: &AuditEntry) -> Option<String> {
    let (noun, verb) = entry.action.split_once('.')?;
    let id = entry.subject_id?;
    match (noun, verb) {
        (_, "deleted" | "erased") => None,
        ("order", _) => Some(format!("/admin/orders/{id}")),
        ("product", _) => Some(format!("/admin/products/{id}")),
        ("stock", _) => Some(format!("/admin/stock/{id}")),
        ("mail", _) => Some(format!("/mailbox/{id}")),
        ("notes", _) if entry.content.subject.is_empty() => Some(format!("/admin/customers/{id}")),
        ("notes", _) => Some(format!("/admin/orders/{id}")),
        ("settings", _) => Some("/admin/settings".to_owned()),
        ("category", _) => Some("/admin/categories".to_owned()),
        _ => None,
    }
}

/// What an import brings in: `import_products` as the page of imports says it.
fn job_text(kind: &str) -> String {
    kind.parse::<JobKind>().map_or_else(|()| kind.to_owned(), |kind| kind_text(kind).to_owned())
}

async fn row(entry: &AuditEntry, names: &mut Names<'_>) -> Result<Value, Problem> {
    let by = match entry.actor_id {
        Some(id) => names.of(id).await?.unwrap_or_else(|| "Somebody who is gone".to_owned()),
        None => "The shop".to_owned(),
    };
    // People are named by looking them up, so that who was forgotten is forgotten here too.
    let subject = match (entry.action.split_once('.'), entry.subject_id) {
        (Some(("account" | "second_factor", _)), Some(id)) => names.of(AccountId(id)).await?.unwrap_or_default(),
        // Those about an order have its number.
        (Some(("notes", _)), Some(id)) if entry.content.subject.is_empty() => {
            names.of(AccountId(id)).await?.unwrap_or_default()
        }
        (Some(("job", _)), _) => job_text(&entry.content.subject),
        _ => entry.content.subject.clone(),
    };
    // Who is forgotten has no page.
    let link = link(entry).filter(|_| !entry.action.starts_with("notes.") || !subject.is_empty());
    Ok(context! {
        by, action => action_text(&entry.action), subject, link, changes => entry.content.changes,
        address => entry.content.address, key => entry.content.key, at => entry.at.to_string(), at_text => time_text(entry.at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_in_words() {
        assert_eq!(action_text("product.changed"), "Product changed");
        assert_eq!(action_text("api_key.created"), "API key made");
        assert_eq!(action_text("job.created"), "Import begun");
        assert_eq!(action_text("notes.changed"), "Note written");
        assert_eq!(job_text("import_products"), "Products from a Shopify file");
        assert_eq!(job_text("another"), "another");
    }
}
