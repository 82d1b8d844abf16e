//! Who is let in, and that ending a session ends access at once.

use commerce::accounts::{EndAllSessions, EndSession};
use identity::{AccessTokens, Keys, fresh_stamp};
use model::{AccountId, Permission, SessionId, SignedDuration, session::ACCESS_TOKEN_LIFETIME};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use web::Settings;

use crate::support::{Shop, pause};

/// What of the administration the permission `catalogue` opens.
const CATALOGUE: [&str; 10] = [
    "attributes",
    "categories",
    "collections",
    "exports",
    "imports",
    "jobs",
    "pictures",
    "products",
    "reviews",
    "variants",
];

#[tokio::test]
async fn a_session_counts_until_it_is_ended() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.customer("ann@example.com").await, shop.customer("bob@example.com").await);
    let read = async |token: &str| shop.request("GET", "/v1/account").bearer(token).send().await;
    assert_eq!(read(&ann.token).await.status, 200);
    shop.run(EndSession { account_id: ann.account.id, id: ann.session_id, now: fresh_stamp().now }).await;
    read(&ann.token).await.is_problem(401, "not_authenticated");
    assert_eq!(read(&bob.token).await.status, 200, "another's session is not touched");
    shop.run(EndAllSessions { account_id: bob.account.id, now: fresh_stamp().now }).await;
    read(&bob.token).await.is_problem(401, "not_authenticated");
}

/// Nobody knows how old it is.
#[tokio::test]
async fn a_session_of_a_clock_that_was_ahead_opens_no_page() {
    let shop = Shop::open().await;
    let now = fresh_stamp().now;
    let orders = async |at| {
        let cookie = shop.cookie(&shop.owner, at).await;
        shop.request("GET", "/admin/orders").header("cookie", &cookie).send().await
    };
    assert_eq!(orders(now).await.status, 200);
    let led = orders(now + SignedDuration::from_hours(24)).await;
    assert_eq!((led.status.as_u16(), led.header("location")), (303, "/staff/sign-in?next=/admin/orders"));
}

#[tokio::test]
async fn a_token_that_runs_out_while_a_body_comes_ends_no_upload() {
    let shop = Shop::open().await;
    let ann = shop.customer("ann@example.com").await;
    let stamp = fresh_stamp();
    let begun = stamp.now - ACCESS_TOKEN_LIFETIME + SignedDuration::from_secs(2);
    let tokens = AccessTokens::new(&shop.keys, &Settings::default().public_url);
    let token = tokens.issue(ann.account.id, ann.session_id, begun, stamp.ids().draw());
    let body = r#"{"name":"Ann Other"}"#;
    let (first, last) = body.split_at(5);
    let head = format!(
        "PATCH /v1/account HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(shop.address).await.expect("connected");
    stream.write_all((head + first).as_bytes()).await.expect("sent");
    pause(2_100).await;
    shop.request("GET", "/v1/account").bearer(&token).send().await.is_problem(401, "not_authenticated");
    stream.write_all(last.as_bytes()).await.expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("Ann Other"), "{reply}");
}

#[tokio::test]
async fn forged_and_mixed_tokens_are_refused() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.customer("ann@example.com").await, shop.customer("bob@example.com").await);
    let url = Settings::default().public_url;
    let issue = |keys: &Keys, issuer: &str, account: AccountId, session: SessionId| {
        let stamp = fresh_stamp();
        AccessTokens::new(keys, issuer).issue(account, session, stamp.now, stamp.ids().draw())
    };
    let good = issue(&shop.keys, &url, ann.account.id, ann.session_id);
    assert_eq!(shop.request("GET", "/v1/account").bearer(&good).send().await.status, 200);
    for bad in [
        issue(&Keys::generate(), &url, ann.account.id, ann.session_id),
        issue(&shop.keys, "https://elsewhere.example", ann.account.id, ann.session_id),
        issue(&shop.keys, &url, bob.account.id, ann.session_id),
        issue(&shop.keys, &url, ann.account.id, SessionId(uuid::Uuid::nil())),
        format!("{good}x"),
    ] {
        let reply = shop.request("GET", "/v1/account").bearer(&bad).send().await;
        reply.is_problem(401, "not_authenticated");
    }
    let twice = shop.request("GET", "/v1/account").bearer(&good).bearer(&good).send().await;
    twice.is_problem(401, "not_authenticated");
}

#[tokio::test]
async fn every_admin_operation_refuses_customers_and_staff_without_the_permission() {
    let shop = Shop::open().await;
    let ann = shop.customer("ann@example.com").await;
    let nobody = shop.staff("staff@example.com", &[]).await;
    let clerk = shop.staff("clerk@example.com", &[Permission::Catalogue]).await;
    for (method, path) in super::strangers::documented() {
        let Some(area) = path.strip_prefix("/v1/admin/") else { continue };
        let people = [("a customer", &ann), ("staff without permission", &nobody), ("another clerk", &clerk)];
        let is_catalogue = CATALOGUE.iter().any(|part| area.starts_with(part));
        for (who, person) in people.into_iter().take(if is_catalogue { 2 } else { 3 }) {
            let request = shop.request(&method, &super::strangers::filled(&path)).bearer(&person.token).raw("{");
            let reply = request.send().await;
            assert_eq!(reply.status, 403, "{method} {path} by {who}: {reply:?}");
            reply.is_problem(403, "forbidden");
        }
    }
}
