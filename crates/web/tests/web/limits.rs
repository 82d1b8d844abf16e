//! How much one address may do.

use serde_json::json;
use web::{Limits, Settings};

use crate::support::Shop;

/// Two, and one more each second that this takes.
#[tokio::test]
async fn one_address_signs_up_as_often_as_is_set() {
    let limits = Limits { sign_ups_per_address: 2, ..Limits::default() };
    let shop = Shop::open_with(Settings { limits, ..Settings::default() }).await;
    let mut refused = None;
    for number in 0..20 {
        let email = format!("ann-{number}@example.com");
        let body = json!({"email": email, "password": "seven lamps over a grey harbour", "name": "Ann Example"});
        let reply = shop.request("POST", "/v1/auth/signup").json(&body).send().await;
        if reply.status != 202 {
            refused = Some((number, reply));
            break;
        }
    }
    let (allowed, refused) = refused.expect("nobody may sign up twenty times in a row");
    refused.is_problem(429, "too_many_requests");
    assert!(allowed >= 2, "{allowed} were allowed");
}
