//! A shop of the Express and Mongoose kind, as `mongodump` or `mongoexport` wrote it.
//!
//! [`read`] reads the files of collections; [`plan`] makes of them what shall be in the shop, without asking any database: each thing
//! has an id that follows from its `_id`, so that a second run knows what the first one brought over
//! ([`crate::bring_over::BringOver`]). What is wrong with a document is told with its collection and `_id`; what can be mended is
//! mended, and told as well.

mod document;
mod orders;
mod people;
mod products;
pub mod read;

use std::collections::{HashMap, HashSet};

pub use bson::Document;
use model::{AccountId, Currency, ProductId, Timestamp};

use self::document::{OldId, id_of};
use crate::bring_over::Thing;

/// The documents of the collections that are understood.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    /// The collection `users`.
    pub users: Vec<Document>,
    /// The collection `categories`.
    pub categories: Vec<Document>,
    /// The collection `products`.
    pub products: Vec<Document>,
    /// The collection `orders`.
    pub orders: Vec<Document>,
    /// The collection `wishlists`.
    pub wishlists: Vec<Document>,
}

impl Dump {
    /// The collections of which there is nothing at all although orders name things of them: the dump is not whole.
    #[must_use]
    pub fn lacks(&self) -> Vec<&'static str> {
        let has_buyer = |order: &Document| id_of(document::field(order, &orders::BUYER).1).is_some();
        let has_items = |order: &Document| orders::ITEMS.iter().any(|name| !document::list(order, name).is_empty());
        let mut lacks = Vec::new();
        if self.users.is_empty() && self.orders.iter().any(has_buyer) {
            lacks.push("users");
        }
        if self.products.is_empty() && self.orders.iter().any(has_items) {
            lacks.push("products");
        }
        lacks
    }
}

/// How a dump is understood.
#[derive(Clone, Copy)]
pub struct Options {
    /// The currency of its prices, which do not say.
    pub currency: Currency,
    /// Whether users with `isAdmin` become staff.
    pub keep_admins: bool,
    /// Whether somebody could sign in with a password that is kept so.
    pub is_usable_hash: fn(&str) -> bool,
    /// The time of the import.
    pub now: Timestamp,
}

/// Something that was wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its collection.
    pub collection: &'static str,
    /// Its `_id`.
    pub id: String,
    /// What was wrong, and what was made of it.
    pub what: String,
    /// Whether something of it is not brought over.
    pub is_left_out: bool,
}

/// `products 64f0...: the quantity -3 is below zero and becomes 0`.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.collection, self.id, self.what)
    }
}

/// What a dump has, and what of it shall be in the shop, in the order in which it can be stored.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The things.
    pub things: Vec<Thing>,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// How much there is of each kind in the dump.
    pub totals: Totals,
}

/// How much there is of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Users.
    pub users: usize,
    /// Categories.
    pub categories: usize,
    /// Products.
    pub products: usize,
    /// Pieces of stock.
    pub stock: i64,
    /// Reviews.
    pub reviews: usize,
    /// Orders.
    pub orders: usize,
    /// What the orders cost together, in minor units.
    pub order_value: i64,
    /// Wishlists.
    pub wishlists: usize,
}

/// Makes of a dump what shall be in the shop.
#[must_use]
pub fn plan(dump: &Dump, options: Options) -> Plan {
    let mut planner = Planner { options, plan: Plan::default(), people: HashMap::new(), products: HashMap::new() };
    planner.people(&dump.users);
    planner.products(&dump.categories, &dump.products);
    planner.orders(&dump.orders);
    planner.reviews(&dump.products);
    planner.wishlists(&dump.wishlists);
    planner.plan
}

/// What is known of the dump so far.
struct Planner {
    options: Options,
    plan: Plan,
    /// The users that are brought over, by their `_id`s.
    people: HashMap<String, Person>,
    /// The products that are, by theirs.
    products: HashMap<String, Sold>,
}

#[derive(Clone)]
struct Person {
    id: AccountId,
    name: String,
}

/// What an order needs to know of a product.
#[derive(Clone)]
struct Sold {
    id: ProductId,
    variant_id: model::VariantId,
    title: String,
    price: i64,
}

impl Planner {
    fn tell(&mut self, collection: &'static str, id: &str, what: impl Into<String>) {
        self.note(collection, id, what.into(), false);
    }

    fn leave_out(&mut self, collection: &'static str, id: &str, what: impl Into<String>) {
        self.note(collection, id, what.into(), true);
    }

    fn note(&mut self, collection: &'static str, id: &str, what: String, is_left_out: bool) {
        self.plan.problems.push(Problem { collection, id: id.to_owned(), what, is_left_out });
    }

    /// The `_id`s of the documents, each once; a document without one is told.
    fn identified<'d>(&mut self, collection: &'static str, documents: &'d [Document]) -> Vec<(OldId, &'d Document)> {
        let mut seen = HashSet::new();
        let mut found = Vec::with_capacity(documents.len());
        for document in documents {
            match id_of(document.get("_id")) {
                None => self.leave_out(collection, "?", "has no _id; it is left out"),
                Some(id) if !seen.insert(id.text.clone()) => {
                    self.leave_out(collection, &id.text, "is there twice; the second one is left out");
                }
                Some(id) => found.push((id, document)),
            }
        }
        found
    }

    fn created_at(&self, id: &OldId, document: &Document) -> Timestamp {
        let own = document::time(document.get("createdAt")).or_else(|| document::time(document.get("date")));
        own.or_else(|| id.time()).filter(|at| *at <= self.options.now).unwrap_or(self.options.now)
    }
}

#[cfg(test)]
mod tests;
