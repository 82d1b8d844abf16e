//! Orders.

use bson::{Bson, Document};
use model::{
    Money, Order, OrderEvent, OrderLine, OrderNumber, OrderStatus,
    checkout::{LINES_MAX, QUANTITY_MAX},
    order::{BROUGHT_OVER, OrderActor},
};

use super::{
    Planner, Sold,
    document::{OldId, field, id_of, is_rounded, list, money, new_id, shown, text, time, whole, wrong},
    people::one_line,
};
use crate::bring_over::Thing;

const ORDERS: &str = "orders";
/// Who placed an order.
pub(super) const BUYER: [&str; 3] = ["buyer", "user", "userId"];
/// What was ordered.
pub(super) const ITEMS: [&str; 3] = ["products", "orderItems", "items"];
/// What an order cost.
const TOTAL: [&str; 5] = ["totalprice", "totalPrice", "totalAmount", "total", "amount"];

impl Planner {
    pub(super) fn orders(&mut self, orders: &[Document]) {
        self.plan.totals.orders = orders.len();
        let mut found = Vec::with_capacity(orders.len());
        for (id, document) in self.identified(ORDERS, orders) {
            let order = self.order(&id, document);
            if let Some(total) = money(field(document, &TOTAL).1, self.options.currency) {
                self.plan.totals.order_value += total.amount;
            }
            found.extend(order);
        }
        // Their numbers are given in the order of their times.
        found.sort_by_key(|order| (order.placed_at, order.id));
        self.plan.things.extend(found.into_iter().map(|order| Thing::Order(Box::new(order))));
    }

    fn order(&mut self, id: &OldId, document: &Document) -> Option<Order> {
        let at = &id.text;
        let (called, cost) = field(document, &TOTAL);
        let Some(total) = money(cost, self.options.currency) else {
            let what = wrong(called, cost, "is no price");
            self.leave_out(ORDERS, at, format!("{what}; the order is left out"));
            return None;
        };
        if is_rounded(cost, self.options.currency) {
            let what = format!("{called} {} has more decimals than {}", shown(cost), total.currency);
            self.tell(ORDERS, at, format!("{what}; it becomes {total}"));
        }
        let status = match text(document.get("status")).unwrap_or_default().to_lowercase().as_str() {
            "pending" => OrderStatus::Pending,
            "confirmed" | "processing" => OrderStatus::Confirmed,
            "shipped" => OrderStatus::Shipped,
            "delivered" => OrderStatus::Delivered,
            "cancel" | "cancelled" | "canceled" => OrderStatus::Cancelled,
            _ => {
                let what = match document.get("status") {
                    None => "has no status".to_owned(),
                    status => format!("the status {} is not known", shown(status)),
                };
                self.tell(ORDERS, at, format!("{what}; the order is pending"));
                OrderStatus::Pending
            }
        };
        let items = self.items(at, document);
        if items.is_empty() {
            self.leave_out(ORDERS, at, "has no products (or orderItems, or items); the order is left out");
            return None;
        }
        let lines = lines(&items, total);
        if lines.len() > LINES_MAX {
            self.leave_out(ORDERS, at, format!("has more than {LINES_MAX} lines; the order is left out"));
            return None;
        }
        let placed_at = self.created_at(id, document);
        let buyer = match id_of(field(document, &BUYER).1) {
            Some(buyer) => {
                if !self.people.contains_key(&buyer.text) {
                    let what = format!("was placed by the user {}, who is not there; it belongs to nobody", buyer.text);
                    self.tell(ORDERS, at, what);
                }
                self.buyer(&buyer, placed_at)
            }
            None => {
                self.tell(ORDERS, at, "says nothing of who placed it; it belongs to nobody");
                self.buyer(&OldId { text: format!("the buyer of {at}"), seconds: id.seconds }, placed_at)
            }
        };
        let updated_at = time(document.get("updatedAt")).filter(|at| *at >= placed_at).unwrap_or(placed_at);
        let address = text(document.get("address")).map(|line| one_line(&buyer.name, &line, None));
        let event = |at, status| OrderEvent {
            at,
            status,
            actor: OrderActor::Customer,
            actor_id: Some(buyer.id),
            note: Some(BROUGHT_OVER.to_owned()),
        };
        let mut timeline = vec![event(placed_at, OrderStatus::Pending)];
        if status != OrderStatus::Pending {
            timeline.push(OrderEvent {
                actor: OrderActor::Staff,
                actor_id: None,
                note: None,
                ..event(updated_at, status)
            });
        }
        Some(Order {
            id: new_id(ORDERS, id),
            // Given when it is stored.
            number: OrderNumber(0),
            account_id: buyer.id,
            email: None,
            status,
            lines,
            total,
            ship_to: address.unwrap_or_default(),
            tracking: None,
            timeline,
            placed_at,
            updated_at,
            version: 1,
        })
    }

    /// What was ordered, and how many of it.
    fn items(&mut self, at: &str, document: &Document) -> Vec<(Sold, i64)> {
        let mut items = Vec::new();
        let named = ITEMS.into_iter().map(|name| list(document, name));
        for item in named.filter(|items| !items.is_empty()).take(1).flatten() {
            let named = match item {
                Bson::Document(inner) => id_of(inner.get("productId")).or_else(|| id_of(inner.get("product"))),
                other => id_of(Some(other)),
            };
            let Some(named) = named else {
                self.tell(ORDERS, at, format!("names no product with {}", shown(Some(item))));
                continue;
            };
            let quantity = match item {
                Bson::Document(inner) => whole(field(inner, &["quantity", "qty"]).1),
                _ => Some(1),
            };
            let quantity = match quantity {
                Some(quantity) if (1..=QUANTITY_MAX).contains(&quantity) => quantity,
                other => {
                    let counted = other.map_or(1, |quantity| quantity.clamp(1, QUANTITY_MAX));
                    let what =
                        format!("has an impossible quantity of the product {}; it counts as {counted}", named.text);
                    self.tell(ORDERS, at, what);
                    counted
                }
            };
            if !self.products.contains_key(&named.text) {
                let what =
                    format!("names the product {}, which is not there; it names an archived one instead", named.text);
                self.tell(ORDERS, at, what);
            }
            items.push((self.gone_product(&named), quantity));
        }
        items
    }
}

/// Lines that cost `total` together. Orders of the old shop say what they cost as a whole; what a piece cost is the price of the
/// product, as far as that agrees, and otherwise its share.
pub(super) fn lines(items: &[(Sold, i64)], total: Money) -> Vec<OrderLine> {
    let worth = |(product, quantity): &(Sold, i64)| i128::from(product.price) * i128::from(*quantity);
    let whole: i128 = items.iter().map(worth).sum();
    let by_piece = whole == 0;
    let weight = |item: &(Sold, i64)| if by_piece { i128::from(item.1) } else { worth(item) };
    let weights: i128 = items.iter().map(weight).sum();
    let mut left = i128::from(total.amount);
    let mut lines = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        let is_last = number + 1 == items.len();
        let share = if is_last { left } else { i128::from(total.amount) * weight(item) / weights.max(1) };
        left -= share;
        let share = i64::try_from(share).unwrap_or(0);
        let (product, quantity) = item;
        let (piece, odd) = (share / quantity, share % quantity);
        for (quantity, amount) in [(quantity - odd, piece), (odd, piece + 1)] {
            if quantity > 0 {
                lines.push(OrderLine {
                    product_id: product.id,
                    variant_id: product.variant_id,
                    title: product.title.clone(),
                    variant_title: String::new(),
                    sku: None,
                    quantity,
                    unit_price: Money::new(amount, total.currency),
                    // The stock of the old shop had them taken off already.
                    stock_taken: false,
                });
            }
        }
    }
    lines
}
