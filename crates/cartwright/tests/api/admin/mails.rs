//! `/v1/admin/mails`

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, eventually, line, pick, text};

fn list(shop: &Shop, query: &str) -> Value {
    shop.owner().get(&format!("/v1/admin/mails?limit=100&{query}")).send().expect(200)["items"].clone()
}

/// The newest mail to somebody, once it was sent.
fn sent(shop: &Shop, email: &str) -> Value {
    eventually("the mail to be sent", || {
        let mails = list(shop, &format!("to={email}"));
        (mails[0]["status"] == "sent").then(|| mails[0].clone())
    })
}

#[test]
fn every_mail_is_listed_with_its_fate() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    let order = shop.order(&buyer, &[line(&variant, 1)]);
    let mail = sent(&shop, &buyer.email);
    assert_eq!(
        (&mail["template"], &mail["attempts"], &mail["to"]),
        (&json!("order_placed"), &json!(1), &json!(buyer.email))
    );
    assert_eq!((&mail["order_id"], &mail["account_id"]), (&order["id"], &buyer.account["id"]));
    assert!(mail["sent_at"].is_string() && mail["last_error"].is_null() && mail["next_attempt_at"].is_null(), "{mail}");

    assert_eq!(pick(&list(&shop, &format!("to={}", buyer.email)), "template"), ["order_placed", "verify_email"]);
    assert_eq!(pick(&list(&shop, &format!("order_id={}", text(&order["id"]))), "id"), [&mail["id"]]);
    assert!(pick(&list(&shop, "status=sent"), "status").iter().all(|status| **status == "sent"));
    assert_eq!(list(&shop, "status=failed"), json!([]));
    for (query, name) in
        [("status=lost", "status"), ("to=nobody", "to"), ("order_id=x", "order_id"), ("limit=0", "limit")]
    {
        shop.owner().get(&format!("/v1/admin/mails?{query}")).send().wrong_parameter(name);
    }

    let read = shop.owner().get(&format!("/v1/admin/mails/{}", text(&mail["id"]))).send().expect(200);
    assert!(text(&read["subject"]).contains(&text(&order["number"])), "{read}");
    assert!(text(&read["text"]).contains(&text(&order["number"])) && text(&read["html"]).contains("<html"), "{read}");
    shop.owner().get(&format!("/v1/admin/mails/{NO_ID}")).send().refused(404, "not_found");
}

#[test]
fn a_mail_can_be_sent_again() {
    let shop = Shop::shared();
    let buyer = shop.customer();
    let (_, variant) = shop.product(1, 9);
    shop.order(&buyer, &[line(&variant, 1)]);
    let mail = sent(&shop, &buyer.email);
    let again = shop.owner().post_empty(&format!("/v1/admin/mails/{}/resend", text(&mail["id"]))).expect(202);
    assert_eq!(again["id"], mail["id"]);
    let resent = eventually("the mail to be sent again", || {
        let mails = list(&shop, &format!("to={}", buyer.email));
        (mails[0]["status"] == "sent" && mails[0]["sent_at"] != mail["sent_at"]).then(|| mails[0].clone())
    });
    assert_eq!(resent["id"], mail["id"]);
    shop.owner().post_empty(&format!("/v1/admin/mails/{NO_ID}/resend")).refused(404, "not_found");
}

#[test]
fn codes_are_wiped_once_sent_and_never_shown_to_staff() {
    let shop = Shop::shared();
    let staff = shop.staff(&["customers"]);
    let customer = shop.customer();
    let code = shop.mail(&customer.email, "Your code").code();
    let mail = sent(&shop, &customer.email);
    let path = format!("/v1/admin/mails/{}", text(&mail["id"]));
    for client in [&staff.client, shop.owner()] {
        let read = client.get(&path).send();
        read.expect(200);
        assert!(!read.text().contains(&code), "{}", read.text());
    }
    shop.owner().post_empty(&format!("{path}/resend")).refused(409, "secret_gone");
}
