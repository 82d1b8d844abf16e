//! Moving an account to another address.

use commerce::{
    Conflict, Error,
    accounts::{CodeChecked, ConfirmEmailChange, RequestEmailChange, RequestPasswordReset, ResetPassword},
};
use model::{Account, MailTemplate, SignedDuration, challenge};

use crate::support::{Shop, email, hash, names, password, pointers, refused, secret};

fn request(shop: &Shop, account: &Account, to: &str, code: &str) -> RequestEmailChange {
    RequestEmailChange {
        account_id: account.id,
        verified_hash: password(&account.name),
        new_email: email(to),
        code: secret(code),
        stamp: shop.next_stamp(),
    }
}

async fn confirm(shop: &Shop, account: &Account, code: &str) -> Result<CodeChecked, Error> {
    let (account_id, code_hash) = (account.id, hash(code));
    shop.run(ConfirmEmailChange { account_id, code_hash, stamp: shop.next_stamp() }).await
}

async fn is_confirmed(shop: &Shop, account: &Account, code: &str) -> bool {
    matches!(confirm(shop, account, code).await.expect("an answer"), CodeChecked::Right(_))
}

pub async fn it_is_confirmed_at_the_new_address_and_told_to_the_old(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.run(request(&shop, &ann, "anna", "111111")).await.expect("mailed");
    let mails = shop.mails_to(&email("anna")).await;
    assert_eq!((names(&mails), mails[0].secret.as_deref()), (vec!["confirm_email_change"], Some("111111")));
    assert!(shop.mails_to(&email("ann")).await.is_empty());
    assert_eq!(shop.account_now(ann.id).await, ann, "the account moved before the code came back");

    let CodeChecked::Right(moved) = confirm(&shop, &ann, "111111").await.expect("an answer") else {
        panic!("must be right")
    };
    assert_eq!((moved.email.as_ref(), moved.version), (Some(&email("anna")), ann.version + 1));
    assert_eq!(shop.account_now(ann.id).await, moved);
    let told = shop.mails_to(&email("ann")).await;
    let MailTemplate::EmailChanged { name, new_email } = &told[0].template else { panic!("not told: {told:?}") };
    assert_eq!((name.as_str(), new_email.as_str()), ("ann", "a•••@example.com"));
    assert_eq!(shop.db().credentials(&email("ann")).await.expect("an answer"), None);
    let row = shop.db().credentials(&email("anna")).await.expect("an answer").expect("an account");
    assert_eq!((row.account.id, row.password_hash), (ann.id, Some(password("ann"))));
}

/// It may be a stranger's, and the name anything that whoever signed up with it wrote.
pub async fn an_old_address_that_nobody_proved_is_greeted_by_no_name(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    shop.run(request(&shop, &ann, "anna", "222222")).await.expect("mailed");
    assert!(is_confirmed(&shop, &ann, "222222").await);
    let told = shop.mails_to(&email("ann")).await;
    let MailTemplate::EmailChanged { name, .. } = &told[0].template else { panic!("not told: {told:?}") };
    assert!(name.is_empty(), "it is greeted by {name}");
}

pub async fn it_needs_the_current_password(shop: Shop) {
    let ann = shop.customer("ann").await;
    let wrong = RequestEmailChange { verified_hash: "wrong".into(), ..request(&shop, &ann, "anna", "111111") };
    refused!(shop.run(wrong).await, Error::NotAuthenticated);
    assert!(shop.mails_to(&email("anna")).await.is_empty());
    assert!(!is_confirmed(&shop, &ann, "111111").await);
}

/// It is no secret to its owner.
pub async fn the_address_that_one_has_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let same = request(&shop, &ann, "ann", "111111");
    assert_eq!(pointers(shop.run(same).await), [("/new_email".to_owned(), "unchanged")]);
    assert!(shop.mails_to(&email("ann")).await.is_empty());
}

/// The caller must not learn whether somebody has the address.
pub async fn an_address_of_somebody_else_gets_a_notice_and_no_code(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    shop.run(request(&shop, &ann, "bob", "111111")).await.expect("says nothing");
    let mails = shop.mails_to(&email("bob")).await;
    assert_eq!((names(&mails), mails[0].account_id), (vec!["account_exists"], Some(bob.id)));
    refused!(confirm(&shop, &ann, "111111").await, Error::Conflict(Conflict::EmailTaken));
    assert_eq!(shop.account_now(ann.id).await, ann);
}

pub async fn an_address_that_was_taken_meanwhile_is_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.run(request(&shop, &ann, "anna", "111111")).await.expect("mailed");
    let anna = shop.customer("anna").await;
    refused!(confirm(&shop, &ann, "111111").await, Error::Conflict(Conflict::EmailTaken));
    assert_eq!(shop.account_now(ann.id).await, ann);
    assert_eq!(shop.account_now(anna.id).await, anna);
}

pub async fn a_code_is_good_once_for_ten_minutes_and_five_tries(shop: Shop) {
    let accounts = [shop.customer("ann").await, shop.customer("bob").await, shop.customer("cleo").await];
    for account in &accounts {
        let to = format!("{}-new", account.name);
        shop.run(request(&shop, account, &to, &format!("code of {}", account.name))).await.expect("mailed");
    }
    let [ann, bob, cleo] = &accounts;
    assert!(!is_confirmed(&shop, ann, "code of bob").await, "a code was good for somebody else");
    assert!(is_confirmed(&shop, ann, "code of ann").await);
    assert!(!is_confirmed(&shop, ann, "code of ann").await, "a code was good twice");
    for _ in 0..5 {
        assert!(!is_confirmed(&shop, bob, "wrong").await);
    }
    assert!(!is_confirmed(&shop, bob, "code of bob").await, "a code was good after five wrong ones");
    shop.pass(challenge::LIFETIME + SignedDuration::from_secs(1));
    assert!(!is_confirmed(&shop, cleo, "code of cleo").await, "a code was good after ten minutes");
}

/// Whoever reads the old mailbox must not get in with what was sent there before.
pub async fn what_was_sent_to_the_old_address_is_void(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let ann = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    let reset = RequestPasswordReset { email: email("ann"), token: secret("token"), stamp: shop.next_stamp() };
    shop.run(reset).await.expect("mailed");
    shop.run(request(&shop, &ann, "anna", "222222")).await.expect("mailed");
    assert!(is_confirmed(&shop, &ann, "222222").await);
    let (token_hash, new_hash) = (hash("token"), "new hash".to_owned());
    let (device, address, stamp) = ("a telephone".to_owned(), "192.0.2.7".to_owned(), shop.next_stamp());
    let reset = ResetPassword { token_hash, new_hash, device, address, stamp };
    refused!(shop.run(reset).await, Error::NotAuthenticated);
    assert!(!shop.verify("anna", "111111").await, "the code in the old mailbox signs in");
}

pub async fn without_a_request_no_code_is_right(shop: Shop) {
    let ann = shop.customer("ann").await;
    assert!(!is_confirmed(&shop, &ann, "111111").await);
}

pub async fn five_codes_an_hour_are_mailed(shop: Shop) {
    let ann = shop.customer("ann").await;
    for number in 0..7 {
        shop.run(request(&shop, &ann, "anna", &format!("code {number}"))).await.expect("says nothing");
    }
    assert_eq!(shop.mails_to(&email("anna")).await.len(), 5);
    assert!(!is_confirmed(&shop, &ann, "code 6").await);
    assert!(is_confirmed(&shop, &ann, "code 4").await);
}
