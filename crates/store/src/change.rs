//! Everything that an operation may write.

use std::borrow::Cow;

use model::{
    Account, AccountId, AddressId, AuditEntry, Category, CategoryId, MailId, Order, OrderEvent, OutboxMail,
    PriceChange, Product, ProductId, Rating, Review, ReviewId, SavedAddress, Session, SessionId, StockAlert,
    StockMovement, Timestamp, VariantId,
    challenge::{Challenge, Purpose},
    mail::{DeliveryOutcome, MailLease},
    session::{RefreshToken, SecretHash},
};

use uuid::Uuid;

use crate::{
    document::{Document, DocumentKind},
    idempotency::{Claim, StoredReply},
};

/// One write. An operation collects them and hands them to [`crate::Tx::apply`] at once, in the order in which the
/// foreign keys want them; an engine may send them together.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new account.
    InsertAccount {
        /// The account.
        account: Account,
        /// The hash of its password.
        password_hash: Option<String>,
    },
    /// Overwrites every column of the account but its password.
    UpdateAccount(Account),
    /// Sets the password's hash.
    SetPassword {
        /// Whose.
        account_id: AccountId,
        /// The hash; `None` leaves no password that could match.
        password_hash: Option<String>,
    },
    /// A new session.
    InsertSession(Session),
    /// Notes that a session was used, and until when it lives now.
    TouchSession {
        /// Which.
        id: SessionId,
        /// When.
        at: Timestamp,
        /// From where.
        address: String,
        /// Until when it lives.
        expires_at: Timestamp,
    },
    /// Ends a session; one that has ended stays as it is.
    EndSession {
        /// Which.
        id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Ends the live sessions of an account.
    EndSessions {
        /// Whose.
        account_id: AccountId,
        /// The one that goes on, if any.
        except: Option<SessionId>,
        /// When.
        at: Timestamp,
    },
    /// Ends the live sessions of an account but for those that were used last. One that was used after `latest_use` was so by a clock that was
    /// ahead, and ends before all others.
    EndOldestSessions {
        /// Whose.
        account_id: AccountId,
        /// How many go on.
        keep: u32,
        /// When one can have been used last at the latest.
        latest_use: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A new refresh token (`used_at` and `successor_used` are not stored with it: it is new).
    InsertRefreshToken {
        /// The token.
        token: RefreshToken,
        /// The one it replaces.
        predecessor: Option<SecretHash>,
    },
    /// Notes that a refresh token was exchanged.
    UseRefreshToken {
        /// Which.
        hash: SecretHash,
        /// When.
        at: Timestamp,
    },
    /// Stores a challenge in the place of the account's one of its purpose.
    PutChallenge(Challenge),
    /// Removes the account's challenge of this purpose, if there is one.
    DeleteChallenge {
        /// Whose.
        account_id: AccountId,
        /// Of which purpose.
        purpose: Purpose,
    },
    /// Stores an address, new or changed.
    PutAddress {
        /// Whose.
        account_id: AccountId,
        /// The address.
        address: SavedAddress,
    },
    /// Removes an address.
    DeleteAddress {
        /// Which.
        id: AddressId,
    },
    /// Removes all addresses of an account.
    DeleteAddresses {
        /// Whose.
        account_id: AccountId,
    },

    /// A new category.
    InsertCategory(Category),
    /// Overwrites a category.
    UpdateCategory(Category),
    /// Removes a category; nothing may hang below it, and its products lose it.
    DeleteCategory {
        /// Which.
        id: CategoryId,
    },
    /// A new product with its variants. Their stock starts at 0 in the table, whatever the values say: stock comes by
    /// [`Change::MoveStock`] alone.
    InsertProduct(Product),
    /// Overwrites the product's own columns and those of its variants that stay, inserts the new ones and removes the
    /// others. Stock is left alone.
    UpdateProduct {
        /// As it shall be.
        product: Product,
        /// Variants to remove; none of them was ever ordered.
        removed: Vec<VariantId>,
    },
    /// Removes a product that was never ordered, with its variants and their movements.
    DeleteProduct {
        /// Which.
        id: ProductId,
    },
    /// Writes the movements to the ledger and adds each to its variant's level. A level below 0 violates the schema.
    MoveStock(Vec<StockMovement>),
    /// Notes what variants cost from when on; one that is noted already stays as it is.
    NotePrices(Vec<PriceChange>),

    /// Stores a review, new or changed.
    PutReview(Review),
    /// Removes a review.
    DeleteReview {
        /// Which.
        id: ReviewId,
    },
    /// Adds to what the reviews of a product say together. Adding, and not writing a sum: so that two who do it at once are
    /// both counted.
    AddRating {
        /// Of which product.
        product_id: ProductId,
        /// How much more, or less.
        change: Rating,
    },
    /// Notes that somebody waits for a variant; who does already goes on waiting.
    PutStockAlert(StockAlert),
    /// Notes that somebody no longer waits for a variant.
    DeleteStockAlert {
        /// Who.
        account_id: AccountId,
        /// For which.
        variant_id: VariantId,
    },
    /// Lets somebody wait on for a variant that came and is gone again.
    PostponeStockAlert {
        /// Who.
        account_id: AccountId,
        /// For which.
        variant_id: VariantId,
    },

    /// Stores a document, new or changed.
    PutDocument(Document),
    /// Removes a document, if there is one.
    DeleteDocument {
        /// What it is.
        kind: DocumentKind,
        /// Which.
        id: Uuid,
    },

    /// A new order with its lines and timeline. Its variants count as ordered from now on.
    InsertOrder(Order),
    /// Overwrites status, address, e-mail, tracking, update time and version of an order, and adds `event` to its
    /// timeline.
    UpdateOrder {
        /// As it shall be.
        order: Order,
        /// What happened.
        event: Option<OrderEvent>,
    },
    /// Forgets the buyer in their orders, as [`Order::anonymised`] says, with the staff's notes about those that are no longer open.
    AnonymiseOrders {
        /// Whose.
        account_id: AccountId,
    },

    /// A new mail in the outbox.
    InsertMail(OutboxMail),
    /// Notes what became of a try. That it was sent counts whenever it is heard. Anything else counts only while the mail waits and was
    /// not handed out again since: it must neither take back that it was sent, nor make it due while somebody else sends it.
    RecordDelivery {
        /// Which mail, as it was handed out.
        lease: MailLease,
        /// Its attempts from now on: the lease's, or fewer if this one does not count.
        attempts: i64,
        /// When.
        at: Timestamp,
        /// What became of it.
        outcome: DeliveryOutcome,
        /// When to try again, if it was deferred; `None` gives up.
        next_attempt_at: Option<Timestamp>,
    },
    /// Makes a mail due again, with no attempts made.
    RequeueMail {
        /// Which.
        id: MailId,
        /// When it is due.
        at: Timestamp,
    },
    /// Removes the mails to an account that were sent or given up, and those still waiting.
    DeleteMailsOf {
        /// Whose.
        account_id: AccountId,
    },
    /// Removes the replies that are kept for an account's idempotency keys, those to anybody who works here or did that name the account, and what
    /// its sessions say of devices and addresses.
    ForgetTraces {
        /// Whose.
        account_id: AccountId,
    },

    /// A new entry of the audit log.
    InsertAudit(AuditEntry),
    /// Stores the reply for the key that this transaction claimed.
    StoreReply {
        /// The claim.
        claim: Claim,
        /// The reply.
        reply: StoredReply,
    },
    /// Sets a value of the shop itself, for example the hash of the set-up link.
    PutMeta {
        /// Its name.
        key: Cow<'static, str>,
        /// The value; `None` removes it.
        value: Option<String>,
    },
}
