//! A shop to be loaded: an owner, a catalogue and customers, made through the API as anybody would make them.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    http::{self, Connection},
    requests::ORDER_LINES,
    server::Program,
};

/// The password of everybody in this shop.
pub(crate) const PASSWORD: &str = "a heron waits by the weir";
const OWNER: &str = "owner@example.com";
/// Pieces of each variant: more than any run can sell.
const STOCK: u64 = 1_000_000_000;

/// What load needs to know of the shop.
pub(crate) struct Shop {
    /// The slugs of the products.
    pub(crate) slugs: Vec<String>,
    /// The ids of the variants.
    pub(crate) variants: Vec<String>,
    /// The customers' addresses.
    pub(crate) emails: Vec<String>,
    /// Their access tokens.
    pub(crate) tokens: Vec<String>,
}

/// Makes the first owner, from the command line.
pub(crate) fn create_owner(program: &Program) -> Result<(), String> {
    let arguments = ["owner", "create", "--email", OWNER, "--name", "Owner", "--password-stdin"];
    program.run(&arguments, &format!("{PASSWORD}\n")).map(drop)
}

/// Fills the shop.
pub(crate) async fn fill(address: SocketAddr, products: u32, customers: u32) -> Result<Shop, String> {
    let mut connection = Connection::open(address).await.map_err(|error| error.to_string())?;
    let login = json!({"email": OWNER, "password": PASSWORD});
    let owner = call(&mut connection, "/v1/auth/login", "", &login, 200).await?;
    let bearer = format!("Authorization: Bearer {}\r\n", text(&owner, "/access_token")?);
    let mut shop = Shop { slugs: vec![], variants: vec![], emails: vec![], tokens: vec![] };
    for number in 0..products {
        let headers = format!("{bearer}Idempotency-Key: product-{number}\r\n");
        let product = call(&mut connection, "/v1/admin/products", &headers, &product(number), 201).await?;
        shop.slugs.push(text(&product, "/slug")?);
        shop.variants.push(text(&product, "/variants/0/id")?);
    }
    for number in 0..customers {
        let email = format!("customer-{number}@example.com");
        let sign_up = json!({"email": email, "password": PASSWORD, "name": format!("Customer {number}")});
        let signed_in = call(&mut connection, "/v1/auth/signup", "", &sign_up, 201).await?;
        shop.tokens.push(text(&signed_in, "/access_token")?);
        shop.emails.push(email);
    }
    Ok(shop)
}

fn product(number: u32) -> Value {
    json!({
        "title": format!("Sample product {number}"),
        "status": "active",
        "description": "<p>A thing of some use, described in a sentence or two, as such things are. It is made of \
            what it is made of, and lasts about as long.</p><ul><li>One size</li><li>Several virtues</li></ul>",
        "vendor": "Sample & Sons",
        "tags": ["sample", format!("group {}", number % 20)],
        "images": [{"url": format!("https://example.com/pictures/{number}.jpg"), "alt": "A picture of it"}],
        "variants": [{
            "sku": format!("SAMPLE-{number}"),
            "price": {"amount": 500 + number % 90 * 100, "currency": "EUR"},
            "stock": STOCK,
            "weight_grams": 250,
        }],
    })
}

/// Proves, before anything is measured, that the replies are what they seem: a list has its items, a product is the one
/// that was asked for, an order has its lines and its total, and a repeated order is the same one.
pub(crate) async fn prove(address: SocketAddr, shop: &Shop) -> Result<(), String> {
    let mut connection = Connection::open(address).await.map_err(|error| error.to_string())?;
    let (slug, token) = (shop.slugs.first().ok_or("no product")?, shop.tokens.first().ok_or("no customer")?);
    let list = exchange(&mut connection, &http::get(LIST), "GET /v1/products", 200).await?;
    let items = list.pointer("/items").and_then(Value::as_array).map_or(0, Vec::len);
    require(items == LIST_ITEMS.min(shop.slugs.len()), || format!("the list has {items} items"))?;
    let product = exchange(&mut connection, &http::get(&format!("/v1/products/{slug}")), "GET product", 200).await?;
    require(text(&product, "/slug")? == *slug, || "another product than was asked for".to_owned())?;

    let lines: Vec<_> =
        shop.variants.iter().take(ORDER_LINES).map(|id| json!({"variant_id": id, "quantity": 1})).collect();
    let ship_to =
        json!({"name": "Ada", "line1": "1 Sample Street", "city": "Berlin", "postal_code": "10115", "country": "DE"});
    let body = json!({"lines": lines, "ship_to": ship_to});
    let headers = format!("Authorization: Bearer {token}\r\nIdempotency-Key: proof\r\n");
    let first = call(&mut connection, "/v1/orders", &headers, &body, 201).await?;
    let again = call(&mut connection, "/v1/orders", &headers, &body, 201).await?;
    require(first == again, || "a repeated order is another one".to_owned())?;
    let sum: i64 =
        (0..ORDER_LINES).filter_map(|line| first.pointer(&format!("/lines/{line}/unit_price/amount"))?.as_i64()).sum();
    let total = first.pointer("/total/amount").and_then(Value::as_i64);
    require(sum > 0 && total == Some(sum), || format!("the total of {first} is not the sum of its lines"))
}

/// The list that is loaded.
pub(crate) const LIST: &str = "/v1/products?limit=20";
const LIST_ITEMS: usize = 20;

fn require(is_so: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise()) }
}

async fn call(
    connection: &mut Connection,
    path: &str,
    headers: &str,
    body: &Value,
    expected: u16,
) -> Result<Value, String> {
    exchange(connection, &http::post(path, headers, &body.to_string()), &format!("POST {path}"), expected).await
}

async fn exchange(connection: &mut Connection, request: &[u8], what: &str, expected: u16) -> Result<Value, String> {
    let reply = connection.send(request).await.map_err(|error| format!("{what}: {error}"))?;
    if reply.status != expected {
        return Err(format!("{what}: {} {}", reply.status, String::from_utf8_lossy(reply.body)));
    }
    serde_json::from_slice(reply.body).map_err(|error| format!("{what}: {error}"))
}

fn text(value: &Value, pointer: &str) -> Result<String, String> {
    let found = value.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
    found.ok_or_else(|| format!("no {pointer} in {value}"))
}
