//! The second factor of the staff. What makes and compares codes is `identity`; here each of them is good once.

use async_trait::async_trait;
use model::{AccountId, AuditContent, AuditEntry, Email, Stamp};
use serde::{Deserialize, Serialize};
use store::{Change, Document, DocumentKind, Operation, Queries, StoreError, Tx};

use crate::{Error, accounts::usable_with_password};

/// What is kept of a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The secret, covered by the shop's keys.
    pub sealed: String,
    /// The hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
    /// The step of the last code: that one, and those before it, are used.
    pub last_step: i64,
}

/// The second factor of an account, if it has one.
///
/// # Errors
/// The engine failed.
pub async fn second_factor(queries: &dyn Queries, id: AccountId) -> Result<Option<SecondFactor>, StoreError> {
    let document = queries.document_named(DocumentKind::SecondFactor, &id.to_string()).await?;
    document.as_ref().map(Document::read).transpose()
}

async fn load(tx: &mut dyn Tx, id: AccountId) -> Result<Option<(Document, SecondFactor)>, StoreError> {
    let document = tx.document_named(DocumentKind::SecondFactor, &id.to_string()).await?;
    document.map(|document| document.read().map(|factor| (document, factor))).transpose()
}

/// Gives one of the staff a second factor, in the place of an earlier one. Nobody else is ever asked for one.
#[derive(Clone, Debug)]
pub struct SetSecondFactor {
    /// Whose.
    pub account_id: AccountId,
    /// The hash that the person's password was found to match: who stole a session must not keep its owner out.
    pub verified_hash: String,
    /// The factor; the code that proved that the app knows it is used up.
    pub factor: SecondFactor,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for SetSecondFactor {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let account = usable_with_password(tx, self.account_id, &self.verified_hash).await?.account;
        if !account.access().is_staff() {
            return Err(Error::NotAuthenticated);
        }
        let known = load(tx, self.account_id).await?;
        let (id, version) =
            known.map_or_else(|| (self.stamp.ids().draw(), 1), |(document, _)| (document.id, document.version + 1));
        let name = self.account_id.to_string();
        let document = Document::new(DocumentKind::SecondFactor, id, name, version, &self.factor)?;
        Ok(tx.apply(&[Change::PutDocument(document)]).await?)
    }
}

/// Takes away one's own second factor.
#[derive(Clone, Debug)]
pub struct RemoveSecondFactor {
    /// Whose.
    pub account_id: AccountId,
    /// The hash that the person's password was found to match.
    pub verified_hash: String,
}

#[async_trait]
impl Operation for RemoveSecondFactor {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        usable_with_password(tx, self.account_id, &self.verified_hash).await?;
        let Some(change) = forget(tx, self.account_id).await? else { return Ok(()) };
        Ok(tx.apply(&[change]).await?)
    }
}

/// Takes the second factor of whoever has this address away, for those who run the program: nobody who is signed in asks for it, so the
/// audit log names the shop itself.
#[derive(Clone, Debug)]
pub struct ForgetSecondFactor {
    /// Whose.
    pub email: Email,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ForgetSecondFactor {
    /// Whether there was one.
    type Output = bool;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<bool, Error> {
        let id = tx.account_by_email(&self.email).await?.ok_or(Error::NotFound("account"))?.account.id;
        let Some(change) = forget(tx, id).await? else { return Ok(false) };
        let changes = vec!["taken away on the command line".to_owned()];
        let entry = AuditEntry {
            id: self.stamp.ids().draw(),
            at: self.stamp.now,
            actor_id: None,
            action: "second_factor.deleted".to_owned(),
            subject_id: Some(id.0),
            content: AuditContent { changes, ..AuditContent::default() },
        };
        tx.apply(&[change, Change::InsertAudit(entry)]).await?;
        Ok(true)
    }
}

/// What takes the second factor of an account away, if it has one.
pub(crate) async fn forget(tx: &mut dyn Tx, id: AccountId) -> Result<Option<Change>, StoreError> {
    let document = tx.document_named(DocumentKind::SecondFactor, &id.to_string()).await?;
    Ok(document.map(|document| Change::DeleteDocument { kind: DocumentKind::SecondFactor, id: document.id }))
}

/// What somebody presented, and was found to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A code of this step.
    Step(i64),
    /// The recovery code with this hash.
    Recovery(String),
}

/// Uses a code up. It is refused when it was used before.
#[derive(Clone, Debug)]
pub struct UseSecondFactor {
    /// Whose.
    pub account_id: AccountId,
    /// The code.
    pub proof: Proof,
}

#[async_trait]
impl Operation for UseSecondFactor {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let (document, mut factor) = load(tx, self.account_id).await?.ok_or(Error::NotAuthenticated)?;
        match &self.proof {
            Proof::Step(step) if *step > factor.last_step => factor.last_step = *step,
            Proof::Recovery(hash) if factor.recovery.contains(hash) => factor.recovery.retain(|left| left != hash),
            Proof::Step(_) | Proof::Recovery(_) => return Err(Error::NotAuthenticated),
        }
        let version = document.version + 1;
        let document = Document::new(DocumentKind::SecondFactor, document.id, document.name, version, &factor)?;
        Ok(tx.apply(&[Change::PutDocument(document)]).await?)
    }
}
