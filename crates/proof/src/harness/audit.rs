//! What the shop has, compared with what its buyers were told.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    load::{Acknowledged, Fate, Sent},
    shop::{STOCK, Shop, text},
};

/// The orders of a shop by the key that each was placed with.
pub struct Audit {
    orders: HashMap<String, (Acknowledged, Value)>,
}

impl Audit {
    /// Reads every order of the shop over the API.
    ///
    /// # Panics
    /// When a key made two orders.
    #[track_caller]
    pub fn of(shop: &Shop) -> Self {
        let mut orders = HashMap::new();
        for order in shop.all(&shop.owner, "/v1/admin/orders?") {
            let key = text(&order["ship_to"]["line2"]);
            let acknowledged = Acknowledged::read(&order);
            if let Some((other, _)) = orders.insert(key.clone(), (acknowledged.clone(), order)) {
                panic!("the key {key} made two orders: {other:?} and {acknowledged:?}");
            }
        }
        Self { orders }
    }

    /// How many orders there are.
    pub fn count(&self) -> usize {
        self.orders.len()
    }

    /// Whether there is an order that was placed with this key.
    pub fn has(&self, key: &str) -> bool {
        self.orders.contains_key(key)
    }

    /// The orders' ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.orders.values().map(|(order, _)| order.id.as_str())
    }

    /// Checks that every acknowledged order is there as it was acknowledged, that none is there that was refused or
    /// never sent. Gives the keys of those that are there although their buyers were told nothing.
    #[track_caller]
    pub fn compare(&self, journal: &[Sent]) -> Vec<String> {
        let mut unheard = Vec::new();
        for sent in journal {
            let found = self.orders.get(&sent.key).map(|(order, _)| order);
            match &sent.fate {
                Fate::Acknowledged(acknowledged) => {
                    assert_eq!(
                        found,
                        Some(acknowledged),
                        "what was acknowledged for {} is not what is there, out of {} orders",
                        sent.key,
                        self.count()
                    );
                    let order = &self.orders[&sent.key].1;
                    assert!(is_as_sent(order, &sent.body), "{} was sent, and is not what is there: {order}", sent.body);
                }
                Fate::Refused(status) => {
                    assert_eq!(found, None, "{} was refused with {status}, and is there", sent.key)
                }
                Fate::Unknown(_) => unheard.extend(found.map(|_| sent.key.clone())),
            }
        }
        let known = journal.iter().filter(|sent| self.has(&sent.key)).count();
        assert_eq!(known, self.count(), "there are orders that nobody sent");
        unheard
    }

    /// Checks that of each variant as much is left as was there and was not sold.
    #[track_caller]
    pub fn compare_stock(&self, shop: &Shop) {
        let mut sold: HashMap<&str, i64> = HashMap::new();
        for line in self.orders.values().flat_map(|(_, order)| order["lines"].as_array().into_iter().flatten()) {
            let variant = line["variant_id"].as_str().expect("a variant");
            *sold.entry(variant).or_default() += line["quantity"].as_i64().expect("a quantity");
        }
        let product = shop.product();
        for variant in product["variants"].as_array().expect("variants") {
            let sold = sold.get(variant["id"].as_str().expect("an id")).copied().unwrap_or_default();
            assert_eq!(variant["stock"].as_i64(), Some(STOCK - sold), "{sold} pieces were sold of {variant}");
        }
    }
}

/// Whether an order has the lines that were sent, and goes where it was sent to.
fn is_as_sent(order: &Value, body: &Value) -> bool {
    let lines = |value: &Value| -> Vec<(Value, Value)> {
        let lines = value["lines"].as_array().into_iter().flatten();
        lines.map(|line| (line["variant_id"].clone(), line["quantity"].clone())).collect()
    };
    let ship_to = body["ship_to"].as_object().into_iter().flatten();
    lines(order) == lines(body) && ship_to.into_iter().all(|(name, value)| order["ship_to"][name] == *value)
}
