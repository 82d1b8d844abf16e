//! Access tokens that are absent, broken, or from elsewhere

use crate::support::{Reply, Shop, exchange, request};

fn ask(shop: &Shop, headers: &[(&str, &str)]) -> Reply {
    let reply = exchange(shop.address(), &request("GET", "/v1/account", headers, b""));
    reply.check_always();
    reply
}

/// The token with one character of its `part` changed: 0 head, 1 claims, 2 signature.
fn bent(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    assert_eq!(parts.len(), 3, "a JWT has three parts");
    let middle = parts[part].len() / 2;
    let other = if parts[part].as_bytes()[middle] == b'A' { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join(".")
}

#[test]
fn broken_tokens_are_refused_alike() {
    let shop = Shop::shared();
    let person = shop.customer();
    let good = person.client.token();
    let expected = ask(&shop, &[]).refused(401, "not_authenticated");
    // {"alg":"none"} and {"sub":"x"}, without a signature.
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
    let claims = good.split('.').nth(1).expect("claims");
    let stripped = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let long = "x".repeat(6_000);
    let mut values =
        vec![String::new(), "Bearer".to_owned(), "Bearer ".to_owned(), good.to_owned(), format!("Basic {good}")];
    for token in ["x", "a.b.c", "...", unsigned, &stripped, &long, &person.refresh_token, "null", "undefined"] {
        values.push(format!("Bearer {token}"));
    }
    for part in 0..3 {
        values.push(format!("Bearer {}", bent(good, part)));
    }
    values.push(format!("Bearer {good}x"));
    values.push(format!("Bearer {good} {good}"));
    for value in values {
        let problem = ask(&shop, &[("Authorization", &value)]).refused(401, "not_authenticated");
        assert_eq!(problem, expected, "{value:?}: nothing says which check failed");
    }
    let good = format!("Bearer {good}");
    assert_ne!(ask(&shop, &[("Authorization", &good), ("Authorization", "Bearer x")]).status, 200);
    assert_ne!(ask(&shop, &[("Authorization", "Bearer x"), ("Authorization", &good)]).status, 200);
    ask(&shop, &[("Authorization", &good)]).expect(200);
    ask(&shop, &[("authorization", &good.replacen("Bearer", "bearer", 1))]).expect(200);
}

#[test]
fn tokens_of_another_shop_are_worthless() {
    let (shop, other) = (Shop::shared(), Shop::start(&[]));
    let foreign = shop.stranger().with_token(other.owner().token());
    foreign.get("/v1/account").send().refused(401, "not_authenticated");
    foreign.get("/v1/admin/orders").send().refused(401, "not_authenticated");
    other.owner().get("/v1/account").send().expect(200);
}
