//! Moving a shop from one database to another, of whichever engine.
//!
//! The source reads all its records in one snapshot, in an order in which they can be written; the target writes them in one
//! transaction, reads back what it has then, and commits only if that is the same. So a copy that is interrupted, for
//! whatever reason, leaves the target as empty as it was.

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use model::{
    AccountId, AuditEntry, Category, Order, OutboxMail, PriceChange, Product, Review, SavedAddress, Session,
    StockAlert, StockMovement,
    challenge::Challenge,
    session::{RefreshToken, SecretHash},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::{AccountRow, Change, Claim, Document, StoreError, StoredReply};

/// How many records travel together.
pub const PARCEL: usize = 500;

/// Everything that a database holds is one of these.
#[derive(Clone, Debug)]
pub enum Record {
    /// A value of the shop itself.
    Meta {
        /// Its name.
        key: String,
        /// The value.
        value: String,
    },
    /// An account with its password's hash.
    Account(AccountRow),
    /// A saved address.
    Address {
        /// Whose.
        account_id: AccountId,
        /// The address.
        address: SavedAddress,
    },
    /// A challenge that was not answered yet.
    Challenge(Challenge),
    /// A session, ended ones included.
    Session(Session),
    /// A refresh token; `successor_used` is not filled in.
    RefreshToken {
        /// The token.
        token: RefreshToken,
        /// The one it replaced.
        predecessor: Option<SecretHash>,
    },
    /// A category; its parent came before it.
    Category(Category),
    /// A product with its variants. Their stock is what their movements, which come later, make of it.
    Product(Product),
    /// From when on a variant cost how much.
    Price(PriceChange),
    /// A review; its product, which came before it, counts it already.
    Review(Review),
    /// Somebody waits for a variant.
    StockAlert(StockAlert),
    /// A small thing that is kept whole.
    Document(Document),
    /// An order with lines and timeline.
    Order(Order),
    /// A movement of stock; those of one variant come in the order in which they happened.
    Movement(StockMovement),
    /// A mail.
    Mail(OutboxMail),
    /// An entry of the audit log.
    Audit(AuditEntry),
    /// A reply with the key that it is kept for.
    Reply {
        /// The key.
        claim: Claim,
        /// The reply.
        reply: StoredReply,
    },
}

impl Record {
    /// What it is, in the plural.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Meta { .. } => "values",
            Self::Account(_) => "accounts",
            Self::Address { .. } => "addresses",
            Self::Challenge(_) => "challenges",
            Self::Session(_) => "sessions",
            Self::RefreshToken { .. } => "refresh tokens",
            Self::Category(_) => "categories",
            Self::Product(_) => "products",
            Self::Price(_) => "prices",
            Self::Review(_) => "reviews",
            Self::StockAlert(_) => "stock alerts",
            Self::Document(_) => "documents",
            Self::Order(_) => "orders",
            Self::Movement(_) => "stock movements",
            Self::Mail(_) => "mails",
            Self::Audit(_) => "audit entries",
            Self::Reply { .. } => "kept replies",
        }
    }

    /// What writes it.
    #[must_use]
    pub fn into_changes(self) -> Vec<Change> {
        match self {
            Self::Meta { key, value } => vec![Change::PutMeta { key: key.into(), value: Some(value) }],
            Self::Account(AccountRow { account, password_hash }) => {
                vec![Change::InsertAccount { account, password_hash }]
            }
            Self::Address { account_id, address } => vec![Change::PutAddress { account_id, address }],
            Self::Challenge(challenge) => vec![Change::PutChallenge(challenge)],
            Self::Session(session) => vec![Change::InsertSession(session)],
            Self::RefreshToken { token, predecessor } => {
                let used = token.used_at.map(|at| Change::UseRefreshToken { hash: token.hash, at });
                [Change::InsertRefreshToken { token, predecessor }].into_iter().chain(used).collect()
            }
            Self::Category(category) => vec![Change::InsertCategory(category)],
            Self::Product(product) => vec![Change::InsertProduct(product)],
            Self::Price(change) => vec![Change::NotePrices(vec![change])],
            Self::Review(review) => vec![Change::PutReview(review)],
            Self::StockAlert(alert) => vec![Change::PutStockAlert(alert)],
            Self::Document(document) => vec![Change::PutDocument(document)],
            Self::Order(order) => vec![Change::InsertOrder(order)],
            Self::Movement(movement) => vec![Change::MoveStock(vec![movement])],
            Self::Mail(mail) => vec![Change::InsertMail(mail)],
            Self::Audit(entry) => vec![Change::InsertAudit(entry)],
            Self::Reply { claim, reply } => vec![Change::StoreReply { claim, reply }],
        }
    }
}

/// How many records of which kind there are, and a checksum of each kind in which their order does not matter.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, (u64, u128)>);

impl Tally {
    /// Counts a record.
    pub fn add(&mut self, record: &Record) {
        let digest: [u8; 32] = Sha256::digest(format!("{record:?}")).into();
        let sum = u128::from_le_bytes(std::array::from_fn(|at| digest[at]));
        let (count, total) = self.0.entry(record.kind()).or_default();
        *count += 1;
        *total = total.wrapping_add(sum);
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(kind, (count, _))| (*kind, *count))
    }

    /// The kinds in which two tallies differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let kinds = self.0.keys().chain(other.0.keys().filter(|kind| !self.0.contains_key(*kind)));
        kinds.filter(|kind| self.0.get(*kind) != other.0.get(*kind)).copied().collect()
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.counts()).finish()
    }
}

/// What travels from the source to the target.
#[derive(Debug)]
pub enum Parcel {
    /// Some records, all of one kind.
    Records(Vec<Record>),
    /// There were no more. A target that never gets this gives up.
    End(Tally),
}

/// What can be copied, and what can be copied to.
#[async_trait]
pub trait Copies: Send + Sync {
    /// Sends every record, and then [`Parcel::End`]. Nobody may write to the shop meanwhile: what came later would be missing
    /// in the copy.
    ///
    /// # Errors
    /// When reading failed, or somebody wrote or might have; the end was not sent.
    async fn read_all(&self, to: mpsc::Sender<Parcel>) -> Result<(), StoreError>;

    /// Writes what comes, in one transaction, reads it back, and commits if it is the same.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when there is a shop already; otherwise why it failed. Nothing was written.
    async fn write_all(&self, from: mpsc::Receiver<Parcel>) -> Result<Tally, StoreError>;
}

/// The errors that both engines give.
pub mod refusals {
    use super::Tally;
    use crate::StoreError;

    /// The target is not empty.
    #[must_use]
    pub fn not_empty() -> StoreError {
        StoreError::Constraint("there is a shop in it already; a copy goes into an empty database only".to_owned())
    }

    /// The source broke off.
    #[must_use]
    pub fn broken_off() -> StoreError {
        StoreError::Unavailable("the source broke off; nothing was written".to_owned())
    }

    /// Somebody else uses the source.
    #[must_use]
    pub fn in_use(by: &str) -> StoreError {
        StoreError::Constraint(format!(
            "{by}, so that the copy could miss something, and nothing was written; stop `cartwright serve` and start again"
        ))
    }

    /// A shop is open on the target: it would go on with the keys and values that it had until now.
    #[must_use]
    pub fn open_target() -> StoreError {
        StoreError::Constraint("the shop is open; stop `cartwright serve` and start again".to_owned())
    }

    /// Nobody takes what is sent any more; the one who ended knows why.
    #[must_use]
    pub fn abandoned() -> StoreError {
        StoreError::Unavailable("the target broke off".to_owned())
    }

    /// What was written is not what was sent.
    #[must_use]
    pub fn differs(sent: &Tally, written: &Tally) -> StoreError {
        let kinds = sent.differences(written).join(", ");
        StoreError::Internal(format!("the copy differs from its source in {kinds}; nothing was written"))
    }
}
