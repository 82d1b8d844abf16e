//! Orders.

use commerce::orders::{MoveOrder, Mover, PlaceOrder};
use model::{Account, Order, OrderId, OrderStatus, PostalAddress, checkout::RequestedLine};
use store::{OrderFilter, PageRequest};

use super::Shop;

/// An address with every field.
#[must_use]
pub fn ship_to() -> PostalAddress {
    PostalAddress {
        name: "Ann O'Neil".to_owned(),
        line1: "Torstraße 1".to_owned(),
        line2: Some("2nd floor".to_owned()),
        city: "Berlin".to_owned(),
        region: Some("Berlin".to_owned()),
        postal_code: "10119".to_owned(),
        country: "DE".to_owned(),
        phone: Some("+49 30 1234567".to_owned()),
    }
}

/// An order of these lines.
#[must_use]
pub fn place(shop: &Shop, buyer: &Account, lines: &[RequestedLine]) -> PlaceOrder {
    PlaceOrder {
        buyer: buyer.id,
        lines: lines.to_vec(),
        currency: None,
        expected_total: None,
        ship_to: ship_to(),
        stamp: shop.next_stamp(),
    }
}

/// A move without words.
#[must_use]
pub fn move_order(shop: &Shop, id: OrderId, to: OrderStatus, mover: Mover) -> MoveOrder {
    MoveOrder { id, to, mover, note: None, tracking: None, is_lost: false, if_version: None, stamp: shop.next_stamp() }
}

impl Shop {
    /// Places an order.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn order(&self, buyer: &Account, lines: &[RequestedLine]) -> Order {
        self.run(place(self, buyer, lines)).await.expect("an order")
    }

    /// The order as it is now.
    ///
    /// # Panics
    /// When there is none.
    pub async fn order_now(&self, id: OrderId) -> Order {
        self.db().order(id).await.expect("an answer").expect("an order")
    }

    /// Moves an order on, as staff.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn moved(&self, order: &Order, staff: &Account, to: &[OrderStatus]) -> Order {
        let mut moved = order.clone();
        for to in to {
            moved = self.run(move_order(self, order.id, *to, Mover::Staff(staff.id))).await.expect("moved");
        }
        moved
    }

    /// All orders, newest first.
    ///
    /// # Panics
    /// When there are more than 100.
    pub async fn orders(&self) -> Vec<Order> {
        let all = PageRequest { limit: 100, after: None };
        let page = self.db().orders(&OrderFilter::default(), &all).await.expect("an answer");
        assert!(page.next.is_none(), "more than one page");
        page.items
    }
}
