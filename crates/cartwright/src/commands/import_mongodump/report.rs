//! What was there, what is here, and whether they agree.

use commerce::{
    bring_over::{Outcome, Thing},
    import::mongo::Totals,
};
use model::{Currency, Money, OrderId, ProductId};
use store::{Engine, StoreError};

use crate::{
    failure::Failure,
    say::{note, say},
};

/// The kinds of things, in the order of the table.
const KINDS: [&str; 6] = ["users", "categories", "products", "reviews", "orders", "wishlists"];

/// What became of the things of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    there: usize,
    added: usize,
    known: usize,
    left_out: usize,
}

/// What was there, and what is here.
pub(super) struct Report {
    counts: [Count; KINDS.len()],
    currency: Currency,
    /// What the products that are new had in stock, and have.
    stock: (i64, i64),
    /// What the orders that are here cost together, as the dump says and as the database does.
    order_value: (i64, i64),
    /// What all orders of the dump cost together.
    order_value_there: i64,
    stand_ins: usize,
    new_products: Vec<ProductId>,
    orders: Vec<OrderId>,
    refusals: Vec<String>,
}

impl Report {
    pub(super) fn new(totals: Totals, currency: Currency) -> Self {
        let there = [totals.users, totals.categories, totals.products, totals.reviews, totals.orders, totals.wishlists];
        Self {
            counts: there.map(|there| Count { there, ..Count::default() }),
            currency,
            stock: (0, 0),
            order_value: (0, 0),
            order_value_there: totals.order_value,
            stand_ins: 0,
            new_products: Vec::new(),
            orders: Vec::new(),
            refusals: Vec::new(),
        }
    }

    /// Notes what became of a thing.
    pub(super) fn note(&mut self, thing: &Thing, outcome: &Outcome) {
        let (kind, is_stand_in) = match thing {
            Thing::Account(old) => (0, old.is_stand_in),
            Thing::Category { .. } => (1, false),
            Thing::Product(old) => (2, old.is_stand_in),
            Thing::Review(_) => (3, false),
            Thing::Order(_) => (4, false),
            Thing::Wishlist(_) => (5, false),
        };
        match (thing, outcome) {
            (_, Outcome::Refused(_)) => {}
            (Thing::Product(old), Outcome::Added) => {
                self.new_products.push(old.product.id);
                self.stock.0 += old.product.variants.iter().map(|variant| variant.stock).sum::<i64>();
            }
            (Thing::Order(order), _) => {
                self.orders.push(order.id);
                self.order_value.0 += order.total.amount;
            }
            _ => {}
        }
        if is_stand_in {
            self.stand_ins += usize::from(*outcome == Outcome::Added);
            return;
        }
        let Some(count) = self.counts.get_mut(kind) else { return };
        match outcome {
            Outcome::Added => count.added += 1,
            Outcome::Known | Outcome::IsAccount(_) => count.known += 1,
            Outcome::Refused(why) => {
                let kind = KINDS.get(kind).copied().unwrap_or_default();
                self.refusals.push(format!("{kind}: one was refused: {why}"));
            }
        }
    }

    /// Asks the database what is here now.
    pub(super) async fn read_back(&mut self, engine: &dyn Engine) -> Result<(), StoreError> {
        for ids in self.new_products.chunks(100) {
            let products = engine.products_by_id(ids).await?;
            let variants = products.iter().flat_map(|product| &product.variants);
            self.stock.1 += variants.map(|variant| variant.stock).sum::<i64>();
        }
        for id in &self.orders {
            self.order_value.1 += engine.order(*id).await?.map_or(0, |order| order.total.amount);
        }
        for count in &mut self.counts {
            count.left_out = count.there.saturating_sub(count.added + count.known);
        }
        Ok(())
    }

    /// How many things of the dump are not here.
    pub(super) fn left_out(&self) -> usize {
        self.counts.iter().map(|count| count.left_out).sum()
    }

    /// Whether what is here is what was there, but for what was left out.
    pub(super) fn agrees(&self) -> bool {
        let counted = self.counts.iter().all(|count| count.added + count.known + count.left_out == count.there);
        counted && self.stock.0 == self.stock.1 && self.order_value.0 == self.order_value.1
    }

    /// Shows it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn print(&self) -> Result<(), Failure> {
        self.refusals.iter().for_each(note);
        say(format_args!("{:<28}{:>14}{:>14}{:>14}{:>14}", "", "in the dump", "new here", "here before", "left out"))?;
        for (kind, count) in KINDS.iter().zip(&self.counts) {
            let Count { there, added, known, left_out } = count;
            say(format_args!("{kind:<28}{there:>14}{added:>14}{known:>14}{left_out:>14}"))?;
        }
        let money = |amount| Money::new(amount, self.currency);
        say("")?;
        say(format_args!("{:<28}{:>20}{:>20}", "", "in the dump", "here"))?;
        say(format_args!("{:<28}{:>20}{:>20}", "stock of new products", self.stock.0, self.stock.1))?;
        let (there, here) = self.order_value;
        let (there, here) = (money(there).to_string(), money(here).to_string());
        say(format_args!("{:<28}{there:>20}{here:>20}", "orders brought over"))?;
        let all = money(self.order_value_there).to_string();
        say(format_args!("{:<28}{all:>20}{here:>20}", "all orders"))?;
        if self.stand_ins > 0 {
            say("")?;
            say(format_args!(
                "{} users and products that orders name and that are gone are there without data.",
                self.stand_ins
            ))?;
        }
        Ok(())
    }
}
