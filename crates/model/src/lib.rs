//! The nouns of a shop and the rules that need no database: ids, [`Money`], [`Email`], products and variants, stock
//! movements, orders and their state machine, mails.
//!
//! Nothing here performs I/O, reads the clock or draws a random number; whatever depends on those receives them as
//! data ([`Stamp`]). That is what makes the rules testable without a server and repeatable inside a transaction.
//!
//! # How to add a rule
//! 1. Find the noun it belongs to: one file a noun.
//! 2. Write it as a function from data to a decision (`Result<Decision, Refusal>`), with a property test beside it.
//! 3. Call it from the operation in `commerce` between *load* and *apply*.

pub mod account;
pub mod address;
pub mod attribute;
pub mod audit;
pub mod category;
pub mod challenge;
pub mod checkout;
pub mod collection;
pub mod country;
pub mod details;
pub mod email;
pub mod id;
pub mod job;
pub mod mail;
pub mod money;
pub mod note;
pub mod order;
pub mod price;
pub mod product;
pub mod review;
pub mod running_time;
pub mod session;
pub mod shop;
pub mod stamp;
pub mod stock;
pub mod text;
pub mod violation;
pub mod wishlist;

pub use account::{Access, Account, Permission, Permissions, Role};
pub use address::{PostalAddress, SavedAddress};
pub use attribute::{AttributeDefinition, AttributeValue};
pub use audit::{AuditContent, AuditEntry};
pub use category::Category;
pub use collection::Collection;
pub use details::{Language, ProductDetails, VariantDetails};
pub use email::Email;
pub use id::{
    AccountId, AddressId, AuditId, CategoryId, MailId, MovementId, OrderId, ProductId, ReviewId, SessionId, VariantId,
};
pub use jiff::{SignedDuration, Timestamp};
pub use job::Job;
pub use mail::{MailRenderer, MailStatus, MailTemplate, OutboxMail, RenderedMail};
pub use money::{Currency, Money, NotAPrice};
pub use note::Note;
pub use order::{Order, OrderEvent, OrderLine, OrderNumber, OrderStatus, Tracking};
pub use price::{Absence, ListPrice, PriceChange, Sale};
pub use product::{Image, Product, ProductOption, ProductStatus, Variant};
pub use review::{Rating, Review, ReviewStatus, StockAlert};
pub use session::Session;
pub use shop::ShopSettings;
pub use stamp::{CLOCK_SKEW, Stamp};
pub use stock::{StockCause, StockMovement};
pub use violation::{Violation, Violations};
pub use wishlist::Wishlist;
