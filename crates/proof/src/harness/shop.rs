//! A shop to be troubled: its owner, something to buy, and people who buy it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::Client;

/// Everybody's password here.
pub const PASSWORD: &str = "seven lamps over a grey harbour";
/// The owner's address.
pub const OWNER: &str = "olive@example.com";
/// Pieces of each variant at the start: more than any of these tests sells.
pub const STOCK: i64 = 100_000_000;
/// Minor units that one piece of each variant costs.
const PRICES: [i64; 3] = [1_450, 399, 8_900];

/// A shop, and the tokens of those who use it.
pub struct Shop {
    /// Where it is.
    pub address: SocketAddr,
    /// The owner's access token.
    pub owner: String,
    /// The buyers' access tokens.
    pub buyers: Vec<String>,
    /// Their accounts, in the same order.
    pub accounts: Vec<Account>,
    /// What can be bought.
    pub variants: Vec<String>,
    product: String,
}

/// Somebody who buys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: String,
    /// The address.
    pub email: String,
}

impl Shop {
    /// Fills the empty shop at `address`, which has its owner and signs customers in at once.
    #[track_caller]
    pub fn fill(address: SocketAddr, buyers: usize) -> Self {
        let client = Client::new(address);
        let owner = sign_in(&client, OWNER);
        let product = post(&client, &owner, "/v1/admin/products", &product());
        let sign_up = |email: &str| {
            let body = json!({"email": email, "password": PASSWORD, "name": "Ann Example"});
            post(&client, "", "/v1/auth/signup", &body)
        };
        Self::with(address, owner, &product, buyers, sign_up)
    }

    /// The shop at `address` that was filled for so many buyers before.
    #[track_caller]
    pub fn find(address: SocketAddr, buyers: usize) -> Self {
        let client = Client::new(address);
        let product = client.get_as("", "/v1/products/mug").expect("a reply").expect(200);
        Self::with(address, sign_in(&client, OWNER), &product, buyers, |email| log_in(&client, email))
    }

    fn with(address: SocketAddr, owner: String, product: &Value, buyers: usize, enter: impl Fn(&str) -> Value) -> Self {
        let enter = |number: usize| {
            let email = format!("buyer-{number}@example.com");
            let signed_in = enter(&email);
            (text(&signed_in["access_token"]), Account { id: text(&signed_in["account"]["id"]), email })
        };
        let (buyers, accounts) = (0..buyers).map(enter).unzip();
        let variants = (0..PRICES.len()).map(|place| text(&product["variants"][place]["id"])).collect();
        Self { address, owner, buyers, accounts, variants, product: text(&product["id"]) }
    }

    /// Makes one of the staff of the second owner with this address ([`super::program::create_owner_called`]), and gives the access
    /// token.
    #[track_caller]
    pub fn demote(&self, email: &str, permissions: &[&str]) -> String {
        let client = Client::new(self.address);
        let account = log_in(&client, email);
        let path = format!("/v1/admin/accounts/{}", text(&account["account"]["id"]));
        let body = json!({"role": "staff", "permissions": permissions, "current_password": PASSWORD});
        client.patch(&self.owner, &path, &body).expect("a reply").expect(200);
        sign_in(&client, email)
    }

    /// Signs everybody in again: access tokens live for ten minutes.
    #[track_caller]
    pub fn renew_tokens(&mut self) {
        let client = Client::new(self.address);
        self.owner = sign_in(&client, OWNER);
        self.buyers = self.accounts.iter().map(|account| sign_in(&client, &account.email)).collect();
    }

    /// The `number`th order of somebody. Its key stands in its address, so that the order tells what it was asked with.
    pub fn order(&self, key: &str, number: usize) -> Value {
        let line = |place: usize| json!({"variant_id": self.variants[place], "quantity": 1 + (number + place) % 3});
        let lines: Vec<_> = (0..=number % self.variants.len()).map(line).collect();
        let ship_to = json!({
            "name": "Ann Example", "line1": "Lindenstrasse 1", "line2": key, "city": "Berlin",
            "postal_code": "10969", "country": "DE",
        });
        json!({"lines": lines, "ship_to": ship_to})
    }

    /// The id of what can be bought.
    #[must_use]
    pub fn product_id(&self) -> &str {
        &self.product
    }

    /// The product as staff see it.
    #[track_caller]
    pub fn product(&self) -> Value {
        let reply = Client::new(self.address).get_as(&self.owner, &format!("/v1/admin/products/{}", self.product));
        reply.expect("a reply").expect(200)
    }

    /// The mails that have not been sent yet.
    #[track_caller]
    pub fn pending_mails(&self) -> Vec<Value> {
        self.all(&self.owner, "/v1/admin/mails?status=pending&")
    }

    /// All items of a list, page by page.
    #[track_caller]
    pub fn all(&self, token: &str, path: &str) -> Vec<Value> {
        let client = Client::new(self.address);
        let mut items = Vec::new();
        let mut target = format!("{path}limit=100");
        loop {
            let page = client.get_as(token, &target).expect("a reply").expect(200);
            items.extend(page["items"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(cursor) => target = format!("{path}limit=100&cursor={cursor}"),
                None => return items,
            }
        }
    }
}

fn product() -> Value {
    let variant = |(number, price): (usize, &i64)| {
        let price = json!({"amount": price, "currency": "EUR"});
        json!({"sku": format!("MUG-{number}"), "option_values": [number.to_string()], "price": price, "stock": STOCK})
    };
    let variants: Vec<_> = PRICES.iter().enumerate().map(variant).collect();
    json!({"title": "Mug", "status": "active", "options": [{"name": "Size"}], "variants": variants})
}

#[track_caller]
fn sign_in(client: &Client, email: &str) -> String {
    text(&log_in(client, email)["access_token"])
}

#[track_caller]
fn log_in(client: &Client, email: &str) -> Value {
    client.post("", "/v1/auth/login", "", &json!({"email": email, "password": PASSWORD})).expect("a reply").expect(200)
}

#[track_caller]
fn post(client: &Client, token: &str, path: &str, body: &Value) -> Value {
    client.post(token, path, "", body).expect("a reply").expect(201)
}

/// The text that a value must be.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}
