//! The settings of the shop, and what the staff note.

use async_trait::async_trait;
use model::{AccountId, Currency, Note, OrderId, ShopSettings, Stamp, Violations, note};
use store::{Change, Document, DocumentKind, Operation, Queries, StoreError, Tx};
use uuid::Uuid;

use crate::{Error, check_version};

/// The name of the one document.
const NAME: &str = "shop";

/// The settings as they are; those of a shop that has set nothing are the default ones.
///
/// # Errors
/// The engine failed.
pub async fn settings(queries: &dyn Queries) -> Result<ShopSettings, StoreError> {
    read(queries.document_named(DocumentKind::Settings, NAME).await?.as_ref())
}

/// The settings, locked until the transaction ends. They are the last that an operation locks: whoever waits for them has its other locks
/// already, which nobody may wait for who has the settings.
pub(crate) async fn locked(tx: &mut dyn Tx) -> Result<ShopSettings, StoreError> {
    read(tx.document_named(DocumentKind::Settings, NAME).await?.as_ref())
}

fn read(document: Option<&Document>) -> Result<ShopSettings, StoreError> {
    document.map_or_else(|| Ok(ShopSettings::default()), Document::read)
}

/// Sets what the shop is like.
#[derive(Clone, Debug)]
pub struct UpdateSettings {
    /// All of it; its version is set here. Without a currency, that stays as it is.
    pub settings: ShopSettings,
    /// The currency of a shop that has set none.
    pub own_currency: Currency,
    /// The version that the caller saw.
    pub if_version: Option<i64>,
}

#[async_trait]
impl Operation for UpdateSettings {
    type Output = ShopSettings;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<ShopSettings, Error> {
        let before = locked(tx).await?;
        check_version(self.if_version, before.version)?;
        let version = before.version + 1;
        let has_products = tx.has_products().await?;
        // With products it was decided before, by whoever started the program: a form that only shows it says nothing new.
        let is_shown = before.currency.is_none() && self.settings.currency == Some(self.own_currency) && has_products;
        let currency = self.settings.currency.filter(|_| !is_shown).or(before.currency);
        let after = ShopSettings { version, currency, ..self.settings.clone() }.validate()?;
        let in_currency = |settings: &ShopSettings| settings.currency.unwrap_or(self.own_currency);
        if in_currency(&before) != in_currency(&after) && has_products {
            let message = format!(
                "cannot be changed any more: there are products with prices in {}",
                in_currency(&before).code()
            );
            return Err(Violations::one("/currency", "in_use", message).into());
        }
        let document = Document::new(DocumentKind::Settings, Uuid::nil(), NAME, version, &after)?;
        tx.apply(&[Change::PutDocument(document)]).await?;
        Ok(after)
    }
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// An order.
    Order(OrderId),
    /// A customer.
    Account(AccountId),
}

impl Noted {
    fn name(self) -> String {
        match self {
            Self::Order(id) => format!("{}{id}", note::OF_ORDER),
            Self::Account(id) => format!("account:{id}"),
        }
    }
}

/// Forgets what was noted about a customer.
pub(crate) async fn forget_notes(tx: &mut dyn Tx, id: AccountId) -> Result<Option<Change>, StoreError> {
    let notes = tx.document_named(DocumentKind::Notes, &Noted::Account(id).name()).await?;
    Ok(notes.map(|notes| Change::DeleteDocument { kind: DocumentKind::Notes, id: notes.id }))
}

/// The notes about something, oldest first.
///
/// # Errors
/// The engine failed.
pub async fn notes(queries: &dyn Queries, about: Noted) -> Result<Vec<Note>, StoreError> {
    let document = queries.document_named(DocumentKind::Notes, &about.name()).await?;
    document.map_or_else(|| Ok(Vec::new()), |document| document.read())
}

/// Writes a note.
#[derive(Clone, Debug)]
pub struct AddNote {
    /// About what.
    pub about: Noted,
    /// Who writes it.
    pub author_id: AccountId,
    /// What it says.
    pub text: String,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for AddNote {
    type Output = Note;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Note, Error> {
        match self.about {
            Noted::Order(id) => {
                let order = tx.order(id).await?.ok_or(Error::NotFound("order"))?;
                let buyer = tx.account(order.account_id).await?;
                if !order.status.is_open() && buyer.is_none_or(|row| row.account.deleted_at.is_some()) {
                    let message = "the buyer is forgotten, and so is what was noted here";
                    return Err(Violations::one("/text", "not_allowed", message).into());
                }
            }
            Noted::Account(id) => {
                let account = tx.account(id).await?.filter(|row| row.account.deleted_at.is_none());
                drop(account.ok_or(Error::NotFound("account"))?);
            }
        }
        let text = note::check(&self.text).map_err(|violation| Violations(vec![violation]))?;
        let known = tx.document_named(DocumentKind::Notes, &self.about.name()).await?;
        let mut notes: Vec<Note> = known.as_ref().map_or_else(|| Ok(Vec::new()), Document::read)?;
        if notes.len() >= note::NOTES_MAX {
            let message = format!("there are {} notes already", note::NOTES_MAX);
            return Err(Violations::one("/text", "out_of_range", message).into());
        }
        let written = Note { at: self.stamp.now, author_id: self.author_id, text };
        notes.push(written.clone());
        let (id, version) = known.map_or_else(|| (self.stamp.ids().draw(), 1), |known| (known.id, known.version + 1));
        let document = Document::new(DocumentKind::Notes, id, self.about.name(), version, &notes)?;
        tx.apply(&[Change::PutDocument(document)]).await?;
        Ok(written)
    }
}
