//! A shop with its owner, and how people come into it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use super::{
    client::Client,
    contract::Contract,
    eventually,
    mails::{Folder, Mail},
    raw,
    reply::Reply,
    server::{PRIVATE_DOMAIN, Server},
};

/// Everybody's password here.
pub(crate) const PASSWORD: &str = "seven lamps over a grey harbour";

pub(crate) const OWNER: &str = "olive@shoppers.example";

/// A shop to test against.
pub(crate) struct Shop {
    server: Server,
    contract: Arc<Contract>,
    mails: Folder,
    stranger: Client,
    owner: Client,
}

/// Somebody with an account.
#[derive(Clone)]
pub(crate) struct Person {
    /// Signed in.
    pub(crate) client: Client,
    pub(crate) email: String,
    pub(crate) refresh_token: String,
    /// The account as it was at sign-in.
    pub(crate) account: Value,
}

impl Person {
    /// The account's id.
    pub(crate) fn id(&self) -> String {
        text(&self.account["id"])
    }
}

impl Shop {
    /// The shop that tests share as long as one of them uses it; it is stopped and checked after the last.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Shop>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shop) = shared.upgrade() {
            return shop;
        }
        let shop = Arc::new(Self::start(&[]));
        *shared = Arc::downgrade(&shop);
        shop
    }

    /// A shop of one's own, with these options for `serve`.
    pub(crate) fn start(options: &[&str]) -> Self {
        let server = Server::start(OWNER, PASSWORD, options);
        let address = server.address();
        let document = raw::exchange(address, &raw::request("GET", "/openapi.json", &[], b""));
        let contract = Arc::new(Contract::new(document.expect(200)));
        let stranger = Client::new(address, Arc::clone(&contract));
        let login = stranger.post("/v1/auth/login", &json!({"email": OWNER, "password": PASSWORD})).send().expect(200);
        let owner = stranger.with_token(&text(&login["access_token"]));
        let mails = Folder::new(server.mails());
        Self { server, contract, mails, stranger, owner }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The options that name its data, for other commands.
    pub(crate) fn place(&self) -> Vec<String> {
        self.server.place()
    }

    pub(crate) fn log(&self) -> String {
        self.server.log()
    }

    /// Stops the server, with the checks that go with it.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }

    pub(crate) fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Somebody who is not signed in.
    pub(crate) fn stranger(&self) -> &Client {
        &self.stranger
    }

    /// The owner.
    pub(crate) fn owner(&self) -> &Client {
        &self.owner
    }

    /// A new customer, signed up, verified and signed in. In shops that sign customers in at once, just signed up.
    #[track_caller]
    pub(crate) fn customer(&self) -> Person {
        let email = unique_email("ann");
        let body = json!({"email": email, "password": PASSWORD, "name": "Ann Example"});
        let reply = self.stranger.post("/v1/auth/signup", &body).send();
        let signed_in = match reply.status {
            201 => reply.json(),
            _ => {
                reply.expect(202);
                let code = self.mail(&email, "Your code").code();
                let body = json!({"email": email, "password": PASSWORD, "code": code});
                self.stranger.post("/v1/auth/verify-email", &body).send().expect(200)
            }
        };
        self.person(&signed_in)
    }

    /// A new member of staff with these permissions.
    #[track_caller]
    pub(crate) fn staff(&self, permissions: &[&str]) -> Person {
        let customer = self.customer();
        if customer.account["email_verified"] == false {
            let body = json!({"email": customer.email, "password": PASSWORD, "code": self.mail(&customer.email, "Your code").code()});
            self.stranger.post("/v1/auth/verify-email", &body).send().expect(200);
        }
        self.set_access(&customer, json!({"role": "staff", "permissions": permissions})).expect(200);
        self.login(&customer.email)
    }

    /// Has the owner change what somebody may do.
    #[track_caller]
    pub(crate) fn set_access(&self, person: &Person, mut body: Value) -> Reply {
        body["current_password"] = PASSWORD.into();
        self.owner.patch(&format!("/v1/admin/accounts/{}", person.id()), &body).send()
    }

    /// Signs in on another device.
    #[track_caller]
    pub(crate) fn login(&self, email: &str) -> Person {
        let body = json!({"email": email, "password": PASSWORD});
        self.person(&self.stranger.post("/v1/auth/login", &body).send().expect(200))
    }

    /// Who is signed in, from such a reply.
    #[track_caller]
    pub(crate) fn person(&self, signed_in: &Value) -> Person {
        Person {
            client: self.stranger.with_token(&text(&signed_in["access_token"])),
            email: text(&signed_in["account"]["email"]),
            refresh_token: text(&signed_in["refresh_token"]),
            account: signed_in["account"].clone(),
        }
    }

    /// Adds a product for sale with one variant; gives the product and the variant's id.
    #[track_caller]
    pub(crate) fn product(&self, price: i64, stock: i64) -> (Value, String) {
        let body = json!({
            "title": unique_name("Mug"),
            "status": "active",
            "variants": [{"price": {"amount": price, "currency": "EUR"}, "stock": stock}],
        });
        let product = self.add_product(&body);
        let variant = text(&product["variants"][0]["id"]);
        (product, variant)
    }

    /// Adds a product as its owner.
    #[track_caller]
    pub(crate) fn add_product(&self, body: &Value) -> Value {
        self.owner.post("/v1/admin/products", body).key(&new_key()).send().expect(201)
    }

    /// How many pieces of the first variant there are.
    #[track_caller]
    pub(crate) fn stock_of(&self, product: &Value) -> i64 {
        let product = self.owner.get(&format!("/v1/admin/products/{}", text(&product["id"]))).send().expect(200);
        product["variants"][0]["stock"].as_i64().expect("a number")
    }

    /// Places an order of these lines.
    #[track_caller]
    pub(crate) fn order(&self, buyer: &Person, lines: &[Value]) -> Value {
        let body = json!({"lines": lines, "ship_to": address()});
        buyer.client.post("/v1/orders", &body).key(&new_key()).send().expect(201)
    }

    /// Moves an order on, as the owner.
    #[track_caller]
    pub(crate) fn advance(&self, order: &Value, to: &str) -> Value {
        let path = format!("/v1/admin/orders/{}/transitions", text(&order["id"]));
        self.owner.post(&path, &json!({"to": to})).send().expect(200)
    }

    /// The first mail to this address with this in its subject, once it is there.
    #[track_caller]
    pub(crate) fn mail(&self, to: &str, subject: &str) -> Arc<Mail> {
        self.nth_mail(to, subject, 1)
    }

    /// The `n`th such mail, counted from 1.
    #[track_caller]
    pub(crate) fn nth_mail(&self, to: &str, subject: &str, n: usize) -> Arc<Mail> {
        eventually(&format!("mail {n} to {to} about {subject:?}"), || self.mails_about(to, subject).get(n - 1).cloned())
    }

    /// The mails to this address with this in their subject that are there by now.
    pub(crate) fn mails_about(&self, to: &str, subject: &str) -> Vec<Arc<Mail>> {
        self.mails.to(to).into_iter().filter(|mail| mail.subject.contains(subject)).collect()
    }

    /// The templates of all mails to this address, sent or not, oldest first. Mails are written in the transaction of
    /// what they are about, so what is not here yet will not come.
    #[track_caller]
    pub(crate) fn templates_to(&self, email: &str) -> Vec<String> {
        let list = self.owner.get(&format!("/v1/admin/mails?limit=100&to={email}")).send().expect(200);
        super::pick(&list["items"], "template").into_iter().rev().map(text).collect()
    }
}

/// A line of an order.
pub(crate) fn line(variant: &str, quantity: i64) -> Value {
    json!({"variant_id": variant, "quantity": quantity})
}

/// A postal address.
pub(crate) fn address() -> Value {
    json!({"name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"})
}

/// An order as it stays: without what its lines show of their products as they are now.
#[track_caller]
pub(crate) fn as_bought(order: &Value) -> Value {
    let mut order = order.clone();
    for line in order["lines"].as_array_mut().expect("lines") {
        let line = line.as_object_mut().expect("a line");
        assert!(line.remove("slug").is_some() && line.remove("image").is_some(), "they are not there: {line:?}");
    }
    order
}

/// The text that a value must be.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// An address that nobody else has.
pub(crate) fn unique_email(name: &str) -> String {
    format!("{name}-{}@{PRIVATE_DOMAIN}", next())
}

/// A name that nothing else has.
pub(crate) fn unique_name(name: &str) -> String {
    format!("{name} {}", next())
}

/// An idempotency key that was not used before.
pub(crate) fn new_key() -> String {
    format!("key-{}", next())
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
