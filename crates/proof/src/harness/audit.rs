//! What the shop has, compared with what its buyers were told.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    load::{Acknowledged, Cancel, Fate, Sent, Word},
    shop::{Account, STOCK, Shop, text},
};

/// The orders of a shop by the key that each was placed with.
pub struct Audit {
    orders: HashMap<String, (Acknowledged, Value)>,
    buyers: Vec<Account>,
}

impl Audit {
    /// Reads every order of the shop over the API.
    ///
    /// # Panics
    /// When a key made two orders.
    #[track_caller]
    pub fn of(shop: &Shop) -> Self {
        Self::among(&shop.accounts, shop.all(&shop.owner, "/v1/admin/orders?"))
    }

    /// These orders, of these buyers.
    #[track_caller]
    fn among(buyers: &[Account], all: Vec<Value>) -> Self {
        let mut orders = HashMap::new();
        for order in all {
            let key = text(&order["ship_to"]["line2"]);
            let acknowledged = Acknowledged::read(&order);
            if let Some((other, _)) = orders.insert(key.clone(), (acknowledged.clone(), order)) {
                panic!("the key {key} made two orders: {other:?} and {acknowledged:?}");
            }
        }
        Self { orders, buyers: buyers.to_owned() }
    }

    /// How many orders there are.
    pub fn count(&self) -> usize {
        self.orders.len()
    }

    /// Whether there is an order that was placed with this key.
    pub fn has(&self, key: &str) -> bool {
        self.orders.contains_key(key)
    }

    /// The orders, as staff see them.
    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.orders.values().map(|(_, order)| order)
    }

    /// Checks that every acknowledged order is there as it was sent and acknowledged, and is its buyer's; that it is cancelled if
    /// that was acknowledged, and is not if nobody asked for it; that none is there that was refused or never sent.
    /// Gives the keys of those that are there although their buyers were told nothing.
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
                }
                Fate::Refused(status) => {
                    assert_eq!(found, None, "{} was refused with {status}, and is there", sent.key)
                }
                Fate::Unknown(_) => unheard.extend(found.map(|_| sent.key.clone())),
            }
            if let Some((_, order)) = self.orders.get(&sent.key) {
                let wrong = difference(order, sent, &self.buyers[sent.buyer]);
                assert!(wrong.is_none(), "{} is not what is there: {order}", wrong.unwrap_or_default());
            }
        }
        let known = journal.iter().filter(|sent| self.has(&sent.key)).count();
        assert_eq!(known, self.count(), "there are orders that nobody sent");
        unheard
    }

    /// Checks that of each variant as much is left as was there and was not sold. What a cancelled order took is back.
    #[track_caller]
    pub fn compare_stock(&self, shop: &Shop) {
        let mut sold: HashMap<&str, i64> = HashMap::new();
        let stays = self.all().filter(|order| !is_cancelled(order));
        for line in stays.flat_map(|order| order["lines"].as_array().into_iter().flatten()) {
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

/// Whether an order was cancelled.
pub(crate) fn is_cancelled(order: &Value) -> bool {
    order["status"] == "cancelled"
}

/// What was sent, or told, and is not so in the order that is there.
fn difference(order: &Value, sent: &Sent, buyer: &Account) -> Option<String> {
    if !is_as_sent(order, &sent.body) {
        return Some(format!("{} was sent, and", sent.body));
    }
    if order["account_id"] != buyer.id || order["email"] != buyer.email {
        return Some(format!("{} was sent by {buyer:?}, and that", sent.key));
    }
    let is_as_told = match sent.cancel.as_ref().map(|Cancel { word, .. }| word) {
        Some(Word::Cancelled) => is_cancelled(order),
        // Whether it is stored is not known, as the reply says.
        Some(Word::Unknown(_) | Word::Refused(503)) => true,
        None | Some(Word::Refused(_)) => !is_cancelled(order),
    };
    (!is_as_told).then(|| format!("the cancellation of {} came to {:?}, and that", sent.key, sent.cancel))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn buyers() -> Vec<Account> {
        ["ann", "bob"].map(|name| Account { id: name.to_owned(), email: format!("{name}@example.com") }).into()
    }

    /// Ann's order, and what she knows of it.
    fn placed() -> (Value, Sent) {
        let lines = json!([{"variant_id": "mug", "quantity": 2}]);
        let ship_to = json!({"name": "Ann", "line2": "key"});
        let order = json!({"id": "id", "number": "C-1", "total": {"amount": 500}, "status": "pending", "account_id": "ann",
            "email": "ann@example.com", "lines": lines, "ship_to": ship_to});
        let sent = Sent::new("key".to_owned(), 0, json!({"lines": lines, "ship_to": ship_to}));
        let fate = Fate::Acknowledged(Acknowledged::read(&order));
        (order, Sent { fate, ..sent })
    }

    fn compare(order: &Value, sent: &Sent) -> Vec<String> {
        Audit::among(&buyers(), vec![order.clone()]).compare(std::slice::from_ref(sent))
    }

    fn cancelled(sent: Sent, word: Word) -> Sent {
        Sent { cancel: Some(Cancel::new(word)), ..sent }
    }

    #[test]
    fn what_is_there_is_what_was_told() {
        let (mut order, sent) = placed();
        assert_eq!(compare(&order, &sent), Vec::<String>::new());
        assert_eq!(compare(&order, &cancelled(sent.clone(), Word::Unknown("reset".to_owned()))), Vec::<String>::new());
        order["status"] = json!("cancelled");
        assert_eq!(compare(&order, &cancelled(sent.clone(), Word::Unknown("reset".to_owned()))), Vec::<String>::new());
        assert_eq!(compare(&order, &cancelled(sent, Word::Cancelled)), Vec::<String>::new());
    }

    #[test]
    #[should_panic(expected = "is not what is there")]
    fn an_order_of_somebody_else_is_found() {
        let (mut order, sent) = placed();
        order["account_id"] = json!("bob");
        compare(&order, &sent);
    }

    #[test]
    #[should_panic(expected = "is not what is there")]
    fn an_order_with_the_address_of_somebody_else_is_found() {
        let (mut order, sent) = placed();
        order["email"] = json!("bob@example.com");
        compare(&order, &sent);
    }

    #[test]
    #[should_panic(expected = "is not what is there")]
    fn a_cancellation_that_is_lost_is_found() {
        let (order, sent) = placed();
        compare(&order, &cancelled(sent, Word::Cancelled));
    }

    #[test]
    #[should_panic(expected = "is not what is there")]
    fn a_cancellation_that_nobody_asked_for_is_found() {
        let (mut order, sent) = placed();
        order["status"] = json!("cancelled");
        compare(&order, &sent);
    }
}
