//! Bringing a whole shop over from elsewhere, thing by thing.
//!
//! Each thing comes with an id of its own that is always the same, so that what is there already is known and left as it is: what
//! happened to it here since stays. A stand-in is nothing of that kind: it becomes the real thing when that comes.

use async_trait::async_trait;
use model::{
    Account, AccountId, CategoryId, Email, Order, Product, ProductStatus, Rating, Review, SavedAddress, Stamp,
    Wishlist, category::CategoryDetails, challenge::Purpose, stamp::Ids,
};
use store::{Change, Checkout, Document, DocumentKind, Operation, StoreError, Tx};

use crate::{
    Error,
    accounts::forget_the_beginner,
    catalogue::{CategoryDraft, Redirect, begin_prices, first_stock, free_slug, new_category},
};

/// Before the id of an account from elsewhere: where it is noted that its owner had one here already.
const WHOSE: &str = "account/";

/// An account from elsewhere.
#[derive(Clone, Debug)]
pub struct OldAccount {
    /// The account; without an address it is that of somebody who is gone.
    pub account: Account,
    /// The hash of its password, as it was kept.
    pub password_hash: Option<String>,
    /// Where its owner lives.
    pub address: Option<SavedAddress>,
    /// Whether it stands for somebody that orders name and that is not there.
    pub is_stand_in: bool,
}

/// A product from elsewhere.
#[derive(Clone, Debug)]
pub struct OldProduct {
    /// The product. Its slug is one that it would like, its category is not looked at.
    pub product: Product,
    /// The name of its category.
    pub category: Option<String>,
    /// Whether it stands for something that orders name and that is not there.
    pub is_stand_in: bool,
}

/// Something from elsewhere. What one of them names came before it.
#[derive(Clone, Debug)]
pub enum Thing {
    /// An account.
    Account(Box<OldAccount>),
    /// A category at the top of the tree; one of its name takes its place.
    Category {
        /// Its id.
        id: CategoryId,
        /// Its name.
        name: String,
    },
    /// A product.
    Product(Box<OldProduct>),
    /// An order. Its number is not looked at: it gets the next one.
    Order(Box<Order>),
    /// A review. Whether its author bought the product is found out.
    Review(Review),
    /// A wishlist; one that its owner has here already stays as it is.
    Wishlist(Wishlist),
}

impl Thing {
    /// Names the account `to` where this names `from`: its owner has one here already.
    pub fn belongs_to(&mut self, from: AccountId, to: AccountId) {
        let account_id = match self {
            Self::Order(order) => {
                order.timeline.iter_mut().filter(|event| event.actor_id == Some(from)).for_each(|event| {
                    event.actor_id = Some(to);
                });
                &mut order.account_id
            }
            Self::Review(review) => &mut review.account_id,
            Self::Wishlist(list) => &mut list.account_id,
            Self::Account(_) | Self::Category { .. } | Self::Product(_) => return,
        };
        if *account_id == from {
            *account_id = to;
        }
    }
}

/// What became of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is here now.
    Added,
    /// It was here already.
    Known,
    /// Its owner has this account here already.
    IsAccount(AccountId),
    /// It cannot be here.
    Refused(String),
}

/// Brings things over, all of them or none; those that cannot be here are told and left out. What products are priced in is not looked at
/// again: whoever brings a shop over chooses its currency before.
#[derive(Clone, Debug)]
pub struct BringOver {
    /// The things.
    pub things: Vec<Thing>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for BringOver {
    type Output = Vec<Outcome>;
    type Error = StoreError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Vec<Outcome>, StoreError> {
        let mut ids = self.stamp.ids();
        let mut outcomes = Vec::with_capacity(self.things.len());
        // The tree before any product.
        if self.things.iter().any(|thing| matches!(thing, Thing::Category { .. })) {
            tx.categories_for_change().await?;
        } else if self.things.iter().any(|thing| matches!(thing, Thing::Product(old) if old.category.is_some())) {
            tx.categories().await?;
        }
        for thing in &self.things {
            let brought = match thing {
                Thing::Account(old) => account(tx, old, self.stamp).await,
                Thing::Category { id, name } => category(tx, *id, name, self.stamp).await,
                Thing::Product(old) => product(tx, old, &mut ids, self.stamp).await,
                Thing::Order(old) => order(tx, old).await,
                Thing::Review(old) => review(tx, old).await,
                Thing::Wishlist(list) => wish_list(tx, list).await,
            };
            outcomes.push(match brought {
                Ok(outcome) => outcome,
                Err(Error::Store(error)) => return Err(error),
                Err(refusal) => Outcome::Refused(refusal.to_string()),
            });
        }
        Ok(outcomes)
    }
}

async fn account(tx: &mut dyn Tx, old: &OldAccount, stamp: Stamp) -> Result<Outcome, Error> {
    let account = &old.account;
    let here = tx.account(account.id).await?.map(|row| row.account);
    if here.as_ref().is_some_and(|here| old.is_stand_in || !stands_for_somebody(here)) {
        return Ok(Outcome::Known);
    }
    // Once found it stays so, also when its owner has another address by now, or none.
    let name = format!("{WHOSE}{}", account.id);
    if let Some(document) = tx.document_named(DocumentKind::Redirect, &name).await? {
        return Ok(Outcome::IsAccount(AccountId(document.read::<Redirect>()?.id)));
    }
    if let Some(own) = with_email(tx, account.email.as_ref()).await? {
        let own_id = own.id;
        let redirect = Document::new(DocumentKind::Redirect, account.id.0, name, 1, &Redirect { id: own_id.0 })?;
        let mut changes = vec![Change::PutDocument(redirect)];
        if own.email_verified_at.is_none() && !own.access().is_staff() {
            changes.extend(forget_the_beginner(tx, own_id).await?);
            changes.extend(given_back(own, old, stamp));
        }
        tx.apply(&changes).await?;
        return Ok(Outcome::IsAccount(own_id));
    }
    let (account_id, password_hash) = (account.id, old.password_hash.clone());
    let mut changes = match here {
        None => vec![Change::InsertAccount { account: account.clone(), password_hash }],
        Some(here) => vec![
            Change::UpdateAccount(Account { updated_at: stamp.now, version: here.version + 1, ..account.clone() }),
            Change::SetPassword { account_id, password_hash },
        ],
    };
    let address = old.address.clone();
    changes.extend(address.map(|address| Change::PutAddress { account_id: account.id, address }));
    tx.apply(&changes).await?;
    Ok(Outcome::Added)
}

/// Whether the account is one that came for somebody who was not there. Whoever was here and is forgotten has a later version.
fn stands_for_somebody(here: &Account) -> bool {
    here.deleted_at.is_some() && here.version == 1
}

async fn with_email(tx: &mut dyn Tx, email: Option<&Email>) -> Result<Option<Account>, StoreError> {
    let Some(email) = email else { return Ok(None) };
    Ok(tx.account_by_email(email).await?.map(|row| row.account))
}

/// Gives the account `own` to whoever has the old one. Nobody has proven its address, so it may be a stranger who chose the password: the
/// orders that come with the old account are none of theirs. Where nobody had proven the old one either, no password is good: whoever
/// has the mailbox chooses one.
fn given_back(own: Account, old: &OldAccount, stamp: Stamp) -> Vec<Change> {
    let account_id = own.id;
    let OldAccount { account: Account { name, phone, email_verified_at, .. }, password_hash, address, .. } =
        old.clone();
    let is_proven = email_verified_at.is_some();
    let account = Account { name, phone, email_verified_at, updated_at: stamp.now, version: own.version + 1, ..own };
    let mut changes = vec![
        Change::UpdateAccount(account),
        Change::SetPassword { account_id, password_hash: password_hash.filter(|_| is_proven) },
        Change::EndSessions { account_id, except: None, at: stamp.now },
        Change::DeleteChallenge { account_id, purpose: Purpose::VerifyEmail },
    ];
    changes.extend(address.map(|address| Change::PutAddress { account_id, address }));
    changes
}

async fn category(tx: &mut dyn Tx, id: CategoryId, name: &str, stamp: Stamp) -> Result<Outcome, Error> {
    let all = tx.categories_for_change().await?;
    if all.iter().any(|known| known.id == id || known.is_called(name)) {
        return Ok(Outcome::Known);
    }
    let details = CategoryDetails::default();
    let draft = CategoryDraft { name: name.to_owned(), slug: None, parent_id: None, position: Some(0), details };
    let category = new_category(&all, &draft, id, stamp)?;
    tx.apply(&[Change::InsertCategory(category)]).await?;
    Ok(Outcome::Added)
}

async fn product(tx: &mut dyn Tx, old: &OldProduct, ids: &mut Ids, stamp: Stamp) -> Result<Outcome, Error> {
    let here = tx.product(old.product.id).await?;
    if here.as_ref().is_some_and(|here| old.is_stand_in || !stands_for_something(here)) {
        return Ok(Outcome::Known);
    }
    let categories = if old.category.is_some() { tx.categories().await? } else { Vec::new() };
    let category = old.category.as_deref().and_then(|name| categories.iter().find(|category| category.is_called(name)));
    let mut product = Product {
        slug: free_slug(tx, None, &old.product.title).await?,
        category_id: category.map(|category| category.id),
        ..old.product.clone()
    };
    for variant in &mut product.variants {
        begin_prices(variant, stamp.now);
    }
    let product = product.validate()?;
    let stock = first_stock(&product.variants, None, ids, stamp);
    let change = match here {
        None => Change::InsertProduct(product),
        Some(here) => Change::UpdateProduct {
            product: Product { updated_at: stamp.now, version: here.version + 1, ..product },
            removed: Vec::new(),
        },
    };
    tx.apply(&[change, Change::MoveStock(stock)]).await?;
    Ok(Outcome::Added)
}

/// Whether the product is one that came for something that was not there. What the staff archive has a later version, and what they
/// put on its shelf is theirs.
fn stands_for_something(here: &Product) -> bool {
    here.status == ProductStatus::Archived
        && here.version == 1
        && here.variants.iter().all(|variant| variant.stock == 0)
}

async fn order(tx: &mut dyn Tx, old: &Order) -> Result<Outcome, Error> {
    if tx.order(old.id).await?.is_some() {
        return Ok(Outcome::Known);
    }
    let Checkout { buyer, number, .. } = tx.checkout(old.account_id, &[]).await?;
    let buyer = buyer.ok_or(Error::NotFound("buyer"))?.account;
    for line in &old.lines {
        tx.product(line.product_id).await?.ok_or(Error::NotFound("product"))?;
    }
    let is_forgotten = buyer.deleted_at.is_some();
    let order = Order { number, email: buyer.email, ..old.clone() };
    tx.apply(&[Change::InsertOrder(if is_forgotten { order.anonymised() } else { order })]).await?;
    Ok(Outcome::Added)
}

async fn review(tx: &mut dyn Tx, old: &Review) -> Result<Outcome, Error> {
    let author = tx.account(old.account_id).await?.ok_or(Error::NotFound("author"))?.account;
    // What went with its author must not come back.
    if author.deleted_at.is_some() {
        return Ok(Outcome::Known);
    }
    if !tx.reviews_of(old.account_id, Some(old.product_id)).await?.is_empty() {
        return Ok(Outcome::Known);
    }
    tx.product(old.product_id).await?.ok_or(Error::NotFound("product"))?;
    let mut review = old.clone();
    review.content.is_verified = tx.has_ordered(review.account_id, review.product_id).await?;
    let change = Rating::change(None, Some(&review));
    let product_id = review.product_id;
    tx.apply(&[Change::PutReview(review), Change::AddRating { product_id, change }]).await?;
    Ok(Outcome::Added)
}

async fn wish_list(tx: &mut dyn Tx, old: &Wishlist) -> Result<Outcome, Error> {
    let owner = tx.account(old.account_id).await?.ok_or(Error::NotFound("owner"))?.account;
    let name = old.account_id.to_string();
    let document = tx.document_named(DocumentKind::Wishlist, &name).await?;
    // What its owner took from it since must not come back, nor the list of somebody who is forgotten.
    if document.is_some() || owner.deleted_at.is_some() {
        return Ok(Outcome::Known);
    }
    let list = Wishlist { version: 1, ..old.clone() };
    let stored = Document::new(DocumentKind::Wishlist, list.account_id.0, name, list.version, &list)?;
    tx.apply(&[Change::PutDocument(stored)]).await?;
    Ok(Outcome::Added)
}
