//! API keys: what lets a program act for one of the staff, within what that person may do.

use async_trait::async_trait;
use model::{
    Access, AccountId, MailTemplate, Permission, Role, Stamp, Timestamp, Violations, session::SecretHash, text,
};
use serde::{Deserialize, Serialize};
use store::{Change, Document, DocumentKind, Operation, Queries, StoreError, Tx};
use uuid::Uuid;

use crate::{Error, accounts};

/// The most keys of a shop.
pub const KEYS_MAX: usize = 200;

/// An API key, without its secret: of that only the hash is kept, as the name of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The first letters of the secret, to tell it by.
    pub hint: String,
    /// For whom it acts: it can never do more than this person.
    pub account_id: AccountId,
    /// What it may work with.
    pub permissions: Vec<Permission>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is not over yet.
    fn is_good(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// The name of the document of the key whose secret has this hash.
fn document_name(hash: &SecretHash) -> String {
    hex::encode(hash)
}

/// The keys of the shop, by their age.
///
/// # Errors
/// The engine failed.
pub async fn api_keys(queries: &dyn Queries) -> Result<Vec<ApiKey>, StoreError> {
    let documents = queries.documents(DocumentKind::ApiKey).await?;
    let mut keys = documents.iter().map(Document::read).collect::<Result<Vec<ApiKey>, _>>()?;
    keys.sort_by_key(|key| key.id);
    Ok(keys)
}

/// The key whose secret has this hash, and what it may do at `now`: what both it and the person may, while the account can be
/// used.
///
/// # Errors
/// The engine failed.
pub async fn api_key_access(
    queries: &dyn Queries,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<(ApiKey, Access)>, StoreError> {
    let Some(document) = queries.document_named(DocumentKind::ApiKey, &document_name(hash)).await? else {
        return Ok(None);
    };
    let key: ApiKey = document.read()?;
    if !key.is_good(now) {
        return Ok(None);
    }
    let account = queries.account(key.account_id).await?;
    let Some(account) = account.filter(|account| account.is_usable() && account.access().is_staff()) else {
        return Ok(None);
    };
    let person = account.access();
    let permissions = key.permissions.iter().copied().filter(|permission| person.may(*permission)).collect();
    let access = Access { role: Role::Staff, permissions, ..person };
    Ok(Some((key, access)))
}

/// Whether keys act for somebody.
pub(crate) async fn act_for(tx: &mut dyn Tx, account_id: AccountId, now: Timestamp) -> Result<bool, StoreError> {
    for document in tx.documents(DocumentKind::ApiKey).await? {
        let key: ApiKey = document.read()?;
        if key.account_id == account_id && key.is_good(now) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What removes the keys that act for somebody.
pub(crate) async fn forget(tx: &mut dyn Tx, account_id: AccountId) -> Result<Vec<Change>, StoreError> {
    let mut changes = Vec::new();
    for document in tx.documents(DocumentKind::ApiKey).await? {
        if document.read::<ApiKey>()?.account_id == account_id {
            changes.push(Change::DeleteDocument { kind: DocumentKind::ApiKey, id: document.id });
        }
    }
    Ok(changes)
}

/// Makes a key.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// Who makes it, and for whom it acts.
    pub actor: Access,
    /// The hash that the person's password was found to match: a key outlives the session that asks for it.
    pub verified_hash: String,
    /// What it is called.
    pub name: String,
    /// The hash of its secret.
    pub hash: SecretHash,
    /// The first letters of the secret.
    pub hint: String,
    /// What it may work with.
    pub permissions: Vec<Permission>,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for CreateApiKey {
    type Output = ApiKey;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<ApiKey, Error> {
        let person = accounts::usable_with_password(tx, self.actor.account_id, &self.verified_hash).await?.account;
        accounts::authorised(self.actor, &person, Access::is_staff)?;
        let mut wrong = Violations::default();
        let name = wrong.take(text::line("/name", &self.name, 80)).unwrap_or_default();
        if self.permissions.is_empty() {
            wrong.add("/permissions", "required", "must name at least one area");
        }
        let may = |permission: &Permission| self.actor.may(*permission) && person.access().may(*permission);
        if !self.permissions.iter().all(may) {
            wrong.add("/permissions", "not_allowed", "must not be more than you may do yourself");
        }
        if self.expires_at.is_some_and(|end| end <= self.stamp.now) {
            wrong.add("/expires_at", "out_of_range", "must be in the future");
        }
        if tx.documents(DocumentKind::ApiKey).await?.len() >= KEYS_MAX {
            wrong.add("", "out_of_range", format!("a shop has at most {KEYS_MAX} keys"));
        }
        wrong.into_result()?;
        let mut ids = self.stamp.ids();
        let key = ApiKey {
            id: ids.draw(),
            name,
            hint: self.hint.clone(),
            account_id: self.actor.account_id,
            permissions: self.permissions.clone(),
            created_at: self.stamp.now,
            expires_at: self.expires_at,
        };
        let document = Document::new(DocumentKind::ApiKey, key.id, document_name(&self.hash), 1, &key)?;
        // A key outlives the session, and what ends sessions: whoever it acts for must know of it.
        let template = MailTemplate::ApiKeyMade { name: person.name.clone(), key: key.name.clone() };
        let mail = accounts::mail_to(&person, ids.draw(), template, self.stamp.now);
        let changes: Vec<_> =
            std::iter::once(Change::PutDocument(document)).chain(mail.map(Change::InsertMail)).collect();
        tx.apply(&changes).await?;
        Ok(key)
    }
}

/// Ends a key. One's own may be ended by everybody, another's by owners alone.
#[derive(Clone, Copy, Debug)]
pub struct RevokeApiKey {
    /// Who ends it.
    pub actor: Access,
    /// Which.
    pub id: Uuid,
}

#[async_trait]
impl Operation for RevokeApiKey {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let actor = accounts::usable(tx, self.actor.account_id).await?.account;
        let all = tx.documents(DocumentKind::ApiKey).await?;
        let document = all.into_iter().find(|document| document.id == self.id).ok_or(Error::NotFound("key"))?;
        let key: ApiKey = document.read()?;
        accounts::authorised(self.actor, &actor, |actor| {
            key.account_id == actor.account_id || actor.role == Role::Owner
        })?;
        Ok(tx.apply(&[Change::DeleteDocument { kind: DocumentKind::ApiKey, id: self.id }]).await?)
    }
}
