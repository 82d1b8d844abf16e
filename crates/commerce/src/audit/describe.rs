//! What a change says in the audit log.

use model::{
    Account, AuditEntry, Category, MailTemplate, Order, OrderEvent, OrderId, Product, ProductId, Review, ShopSettings,
    StockMovement, Tracking, VariantId, audit::CHANGES_MAX, order::ADDRESS_CORRECTED,
};
use serde_json::Value;
use store::{Change, Document, DocumentKind};
use uuid::Uuid;

use super::{
    products::{product_changes, product_prices},
    recorder::Before,
};

/// Something that was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Deed {
    /// A noun and a verb.
    pub(super) action: String,
    /// To what.
    pub(super) subject_id: Option<Uuid>,
    /// What that is called.
    pub(super) subject: String,
    /// What changed.
    pub(super) changes: Vec<String>,
}

impl Deed {
    fn new(action: impl Into<String>, subject_id: Uuid, subject: impl Into<String>) -> Self {
        Self { action: action.into(), subject_id: Some(subject_id), subject: subject.into(), changes: Vec::new() }
    }

    fn with(self, changes: Vec<String>) -> Self {
        Self { changes, ..self }
    }

    /// The same as so many entries as it takes: a product has more variants than an entry has lines, and no price goes untold.
    pub(super) fn in_parts(mut self) -> Vec<Self> {
        let mut parts = Vec::new();
        while self.changes.len() > CHANGES_MAX {
            let rest = self.changes.split_off(CHANGES_MAX);
            let (action, subject) = (self.action.clone(), self.subject.clone());
            parts.push(Self { action, subject, subject_id: self.subject_id, changes: self.changes });
            self.changes = rest;
        }
        parts.push(self);
        parts
    }
}

/// That a test mail was sent.
pub(crate) const MAIL_TESTED: &str = "mail.tested";

/// What the staff did by this change: nothing, where it only follows from another one, or says nothing about the shop.
pub(super) fn describe(change: &Change, before: &Before) -> Vec<Deed> {
    let deed = match change {
        Change::InsertAccount { account, .. } => Deed::new("account.created", account.id.0, "").with(rights(account)),
        Change::UpdateAccount(account) => changed_account(account, before.accounts.get(&account.id)),
        Change::SetPassword { account_id, .. } => Deed::new("account.password_changed", account_id.0, ""),
        Change::EndSession { id, .. } => Deed::new("session.ended", id.0, ""),
        Change::EndSessions { account_id, .. } => Deed::new("account.sessions_ended", account_id.0, ""),
        // Of a buyer who is gone already, an order went on.
        Change::AnonymiseOrders { account_id }
            if before.accounts.get(account_id).is_some_and(|account| account.deleted_at.is_some()) =>
        {
            return Vec::new();
        }
        Change::AnonymiseOrders { account_id } => Deed::new("account.erased", account_id.0, ""),

        Change::InsertCategory(category) => Deed::new("category.created", category.id.0, &category.name),
        Change::UpdateCategory(category) => {
            let changes = before.categories.get(&category.id).map(|old| category_changes(old, category));
            Deed::new("category.changed", category.id.0, &category.name).with(changes.unwrap_or_default())
        }
        Change::DeleteCategory { id } => {
            let name = before.categories.get(id).map(|category| category.name.as_str());
            Deed::new("category.deleted", id.0, name.unwrap_or_default())
        }
        Change::InsertProduct(product) => {
            Deed::new("product.created", product.id.0, &product.title).with(product_prices(product))
        }
        Change::UpdateProduct { product, .. } => {
            let changes = before.products.get(&product.id).map(|old| product_changes(old, product, &before.categories));
            Deed::new("product.changed", product.id.0, &product.title).with(changes.unwrap_or_default())
        }
        Change::DeleteProduct { id } => Deed::new("product.deleted", id.0, title(*id, before)),
        Change::MoveStock(movements) => return movements.iter().filter_map(|moved| stock(moved, before)).collect(),

        Change::PutReview(review) => reviewed(review, before.reviews.get(&review.id)),
        Change::DeleteReview { id } => Deed::new("review.deleted", id.0, ""),

        Change::PutDocument(document) => return kept(document, before).into_iter().collect(),
        Change::DeleteDocument { kind, id } => {
            let Some(noun) = noun(*kind) else { return Vec::new() };
            let document = before.documents.get(&(*kind, *id));
            let subject = document.map_or(*id, subject);
            let name = document.map(|document| called(document, before));
            Deed::new(format!("{noun}.deleted"), subject, name.unwrap_or_default())
        }

        Change::UpdateOrder { order, event } => match before.orders.get(&order.id) {
            Some(old) if old.status == order.status => corrected(order, old),
            _ => moved(order, event.as_ref()),
        },
        Change::RequeueMail { id, .. } => Deed::new("mail.resent", id.0, ""),
        // To whom is in the mail, which can be forgotten; the log cannot.
        Change::InsertMail(mail) if mail.template == MailTemplate::Test => Deed::new(MAIL_TESTED, mail.id.0, ""),

        // What follows from the changes above, what customers and the shop itself do, and what is nobody's business.
        Change::InsertSession(_)
        | Change::EndOldestSessions { .. }
        | Change::TouchSession { .. }
        | Change::InsertRefreshToken { .. }
        | Change::UseRefreshToken { .. }
        | Change::PutChallenge(_)
        | Change::DeleteChallenge { .. }
        | Change::PutAddress { .. }
        | Change::DeleteAddress { .. }
        | Change::DeleteAddresses { .. }
        | Change::NotePrices(_)
        | Change::AddRating { .. }
        | Change::PutStockAlert(_)
        | Change::DeleteStockAlert { .. }
        | Change::PostponeStockAlert { .. }
        | Change::InsertOrder(_)
        | Change::InsertMail(_)
        | Change::RecordDelivery { .. }
        | Change::DeleteMailsOf { .. }
        | Change::ForgetTraces { .. }
        | Change::InsertAudit(AuditEntry { .. })
        | Change::StoreReply { .. }
        | Change::PutMeta { .. } => return Vec::new(),
    };
    vec![deed]
}

fn rights(account: &Account) -> Vec<String> {
    let permissions: Vec<_> = account.permissions.iter().map(model::Permission::as_str).collect();
    let may = if permissions.is_empty() { String::new() } else { format!(" with {}", permissions.join(", ")) };
    vec![format!("role {}{may}", account.role.as_str())]
}

fn changed_account(account: &Account, before: Option<&Account>) -> Deed {
    let mut changes = Vec::new();
    let before_rights = before.map(rights);
    if before_rights.as_ref() != Some(&rights(account)) {
        let old = before_rights.and_then(|rights| rights.into_iter().next()).unwrap_or_default();
        changes.push(format!("{old} → {}", rights(account).join("")));
    }
    let was_disabled = before.is_some_and(|before| before.disabled_at.is_some());
    let action = match (account.deleted_at.is_some(), account.disabled_at.is_some(), was_disabled) {
        (true, ..) => "account.deleted",
        (_, true, false) => "account.disabled",
        (_, false, true) => "account.enabled",
        _ => "account.changed",
    };
    Deed::new(action, account.id.0, "").with(changes)
}

/// `name: old → new`, when they differ.
pub(super) fn note(changes: &mut Vec<String>, name: &str, old: &str, new: &str) {
    if old != new {
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        changes.push(format!("{name}: {} → {}", shown(old), shown(new)));
    }
}

fn category_changes(old: &Category, new: &Category) -> Vec<String> {
    let mut changes = Vec::new();
    note(&mut changes, "name", &old.name, &new.name);
    note(&mut changes, "slug", &old.slug, &new.slug);
    if old.parent_id != new.parent_id {
        changes.push("moved in the tree".to_owned());
    } else if old.position != new.position {
        changes.push("order changed".to_owned());
    }
    if old.details != new.details {
        changes.push("description or names changed".to_owned());
    }
    changes
}

fn title(id: ProductId, before: &Before) -> &str {
    before.products.get(&id).map(|product| product.title.as_str()).unwrap_or_default()
}

fn stock(movement: &StockMovement, before: &Before) -> Option<Deed> {
    // Those of orders follow from the orders.
    if movement.order_id.is_some() {
        return None;
    }
    let has = |product: &&Product, id: VariantId| product.variants.iter().any(|variant| variant.id == id);
    let known = before.products.values().find(|product| has(product, movement.variant_id));
    let subject = known.map(|product| product.title.clone()).unwrap_or_default();
    let reason = movement.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let change = format!("{:+} {}{reason}", movement.delta, movement.cause.as_str());
    Some(Deed::new("stock.moved", movement.variant_id.0, subject).with(vec![change]))
}

/// Never what was written: the log forgets nothing, and a review may be about somebody.
fn reviewed(review: &Review, before: Option<&Review>) -> Deed {
    let mut changes = vec![format!("{} stars, {}", review.stars, review.status.as_str())];
    if let Some(before) = before {
        changes.clear();
        note(&mut changes, "stars", &before.stars.to_string(), &review.stars.to_string());
        note(&mut changes, "status", before.status.as_str(), review.status.as_str());
    }
    let old_reply = before.and_then(|before| before.content.reply.as_ref());
    let reply = match (old_reply, &review.content.reply) {
        (None, Some(_)) => Some("with a reply"),
        (Some(_), None) => Some("reply taken back"),
        (Some(old), Some(new)) if old != new => Some("reply changed"),
        _ => None,
    };
    changes.extend(reply.map(str::to_owned));
    Deed::new("review.moderated", review.id.0, "").with(changes)
}

/// What a document is, where it is something that the staff keep.
const fn noun(kind: DocumentKind) -> Option<&'static str> {
    match kind {
        DocumentKind::Attribute => Some("attribute"),
        DocumentKind::Collection => Some("collection"),
        DocumentKind::Job => Some("job"),
        DocumentKind::Settings => Some("settings"),
        DocumentKind::Notes => Some("notes"),
        DocumentKind::ApiKey => Some("api_key"),
        DocumentKind::SecondFactor => Some("second_factor"),
        DocumentKind::Redirect
        | DocumentKind::JobQueue
        | DocumentKind::JobPart
        | DocumentKind::Wishlist
        | DocumentKind::WishlistShare
        | DocumentKind::SavedViews
        | DocumentKind::Corrections => None,
    }
}

/// What a document is about: itself, or the person or order whose it is.
fn subject(document: &Document) -> Uuid {
    let whose = match document.kind {
        DocumentKind::SecondFactor => Some(document.name.as_str()),
        DocumentKind::Notes => document.name.split_once(':').map(|(_, id)| id),
        _ => None,
    };
    whose.and_then(|id| id.parse().ok()).unwrap_or(document.id)
}

/// What a document is called: never by a name that is a secret's hash or somebody's id.
fn called(document: &Document, before: &Before) -> String {
    match document.kind {
        DocumentKind::Notes if document.name.starts_with(model::note::OF_ORDER) => {
            let order = before.orders.get(&OrderId(subject(document)));
            order.map(|order| order.number.to_string()).unwrap_or_default()
        }
        DocumentKind::Attribute | DocumentKind::Collection => document.name.clone(),
        DocumentKind::ApiKey => document.body["name"].as_str().unwrap_or_default().to_owned(),
        DocumentKind::Job => document.body["kind"].as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

fn kept(document: &Document, before: &Before) -> Option<Deed> {
    let noun = noun(document.kind)?;
    let old = before.documents.get(&(document.kind, document.id));
    // There are settings before anybody sets them.
    let is_known = old.is_some() || document.kind == DocumentKind::Settings;
    let verb = if is_known { "changed" } else { "created" };
    // What changed in what everybody may see is told; what a second factor or a key says is not.
    let changes = match (document.kind, old) {
        (DocumentKind::Settings, old) => fields(old, document),
        (DocumentKind::Attribute | DocumentKind::Collection, Some(old)) => fields(Some(old), document),
        _ => Vec::new(),
    };
    Some(Deed::new(format!("{noun}.{verb}"), subject(document), called(document, before)).with(changes))
}

/// Which fields changed, and from what to what where that is short. Before anybody sets them, settings are what a shop begins with.
fn fields(old: Option<&Document>, new: &Document) -> Vec<String> {
    const OF_EVERY_CHANGE: [&str; 2] = ["version", "updated_at"];
    let beginning = serde_json::to_value(ShopSettings::default()).unwrap_or_default();
    let before = old.map_or(&beginning, |old| &old.body);
    let mut changes = Vec::new();
    // What is left out when it is empty is in one of them alone.
    let gone = before.as_object().into_iter().flatten().map(|(name, _)| name);
    let gone = gone.filter(|name| new.body.get(name.as_str()).is_none() && old.is_some());
    let names = new.body.as_object().into_iter().flatten().map(|(name, _)| name);
    for name in names.chain(gone).filter(|name| !OF_EVERY_CHANGE.contains(&name.as_str())) {
        let (old, value) = (&before[name.as_str()], &new.body[name.as_str()]);
        match (short(old), short(value)) {
            _ if old == value => {}
            (Some(old), Some(value)) if old != value => note(&mut changes, name, &old, &value),
            _ => changes.push(format!("{name}: changed")),
        }
    }
    changes
}

/// A value in a few words, where it can be said in a few. Of products, by their ids, it says how many there are.
fn short(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.iter().any(|value| value.as_str().is_some_and(is_id)) => {
            format!("{} of them", values.len())
        }
        Value::Array(values) => values.iter().map(short).collect::<Option<Vec<_>>>()?.join(", "),
        Value::Object(_) => return None,
        other => other.to_string(),
    })
}

fn is_id(text: &str) -> bool {
    text.parse::<Uuid>().is_ok()
}

/// Never where it goes, nor the page of the parcel, which may say so: the log forgets nothing.
fn corrected(order: &Order, old: &Order) -> Deed {
    let mut changes = Vec::new();
    if order.ship_to != old.ship_to {
        changes.push(ADDRESS_CORRECTED.to_owned());
    }
    let (tracking, old_tracking) = (order.tracking.as_ref(), old.tracking.as_ref());
    let number = |tracking: Option<&Tracking>| tracking.map(|tracking| tracking.number.clone()).unwrap_or_default();
    let carrier =
        |tracking: Option<&Tracking>| tracking.and_then(|tracking| tracking.carrier.clone()).unwrap_or_default();
    note(&mut changes, "tracking number", &number(old_tracking), &number(tracking));
    note(&mut changes, "carrier", &carrier(old_tracking), &carrier(tracking));
    if tracking.and_then(|tracking| tracking.url.as_ref()) != old_tracking.and_then(|tracking| tracking.url.as_ref()) {
        changes.push("tracking page changed".to_owned());
    }
    Deed::new("order.corrected", order.id.0, order.number.to_string()).with(changes)
}

fn moved(order: &Order, event: Option<&OrderEvent>) -> Deed {
    let tracking = order.tracking.as_ref().map(|tracking| format!("tracking number {}", tracking.number));
    // Not what it says: the log forgets nothing, and a note may be about somebody.
    let note = event.and_then(|event| event.note.as_ref()).map(|_| "with a note".to_owned());
    let verb = if event.is_some() { order.status.as_str() } else { "changed" };
    let changes = [tracking, note].into_iter().flatten().collect();
    Deed::new(format!("order.{verb}"), order.id.0, order.number.to_string()).with(changes)
}
