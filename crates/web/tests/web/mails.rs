//! What is shown of a mail that no mail server has taken yet: nobody sends any here.

use commerce::accounts::{MailedSecret, RequestPasswordReset};
use identity::fresh_stamp;
use model::Permission;

use crate::support::Shop;

/// What lets whoever has it set a new password.
const SECRET: &str = "pears-and-plums";

/// Has a link to set a new password mailed to a customer; gives the mail's id.
async fn waiting_link(shop: &Shop) -> String {
    let ann = shop.customer("ann@example.com").await;
    let email = ann.account.email.expect("an address");
    let token = MailedSecret { plain: SECRET.to_owned(), hash: [2; 32] };
    shop.run(RequestPasswordReset { email, token, stamp: fresh_stamp() }).await;
    let request = shop.request("GET", "/v1/admin/mails?to=ann@example.com&status=pending");
    let mails = request.bearer(&shop.owner.token).send().await.json();
    let mut mails = mails["items"].as_array().expect("mails").iter();
    let link = mails.find(|mail| mail["template"] == "reset_password").expect("the mail with the link");
    link["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_link_that_waits_is_shown_to_the_owner_alone() {
    let shop = Shop::open().await;
    let clerk = shop.staff("clerk@example.com", &[Permission::Customers]).await;
    let id = waiting_link(&shop).await;
    for (who, person, is_shown) in [("the owner", &shop.owner, true), ("a clerk", &clerk, false)] {
        let cookie = shop.cookie(person, fresh_stamp().now).await;
        let places = [
            format!("/v1/admin/mails/{id}"),
            format!("/mailbox/{id}?view=text"),
            format!("/mailbox/{id}?view=source"),
            format!("/mailbox/{id}/html"),
        ];
        for place in places {
            let reply = shop.request("GET", &place).bearer(&person.token).header("cookie", &cookie).send().await;
            assert_eq!(reply.status, 200, "{place} for {who}: {reply:?}");
            let text = String::from_utf8_lossy(&reply.body);
            assert!(text.contains("new password"), "{place} for {who}: {text}");
            assert_eq!(text.contains(SECRET), is_shown, "{place} for {who}: {text}");
        }
    }
}
