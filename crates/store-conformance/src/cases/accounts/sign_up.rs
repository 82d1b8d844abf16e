//! Signing up.

use commerce::{Conflict, Error, accounts::SignUpAtOnce};
use model::{Role, SignedDuration, challenge};

use crate::support::{Shop, email, names, password, pointers, refused};

pub async fn a_new_address_gets_an_account_and_a_code(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    assert_eq!(row.password_hash, Some(password("ann")));
    assert_eq!((row.account.name.as_str(), row.account.role, row.account.version), ("ann", Role::Customer, 1));
    assert_eq!((row.account.created_at, row.account.email_verified_at), (shop.now(), None));
    let mails = shop.mails_to(&email("ann")).await;
    assert_eq!(names(&mails), ["verify_email"]);
    assert_eq!((mails[0].secret.as_deref(), mails[0].account_id), (Some("111111"), Some(row.account.id)));
}

pub async fn a_known_address_gets_a_notice_and_stays_as_it_is(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.run(shop.sign_up_as("ann", "222222", "another hash")).await.expect("says nothing");
    assert_eq!(shop.account_now(ann.id).await, ann);
    assert_eq!(shop.password_now(ann.id).await, Some(password("ann")));
    let mails = shop.mails_to(&email("ann")).await;
    assert_eq!((names(&mails), mails[0].secret.clone()), (vec!["account_exists"], None));
    assert!(!shop.verify("ann", "222222").await, "the code of the second sign-up was good");
}

/// Nobody proved the address yet: whoever reads the newest code has it, with the password that came with that code.
pub async fn an_unproven_address_goes_to_the_last_who_signed_up(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    shop.run(shop.sign_up_as("ann", "222222", "the second hash")).await.expect("signed up");
    assert!(!shop.verify("ann", "111111").await, "the code of the first sign-up was still good");
    assert!(shop.verify("ann", "222222").await);
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    assert_eq!(row.password_hash.as_deref(), Some("the second hash"));
    assert_eq!(row.account.version, 3);
}

pub async fn five_codes_an_hour_are_mailed(shop: Shop) {
    for code in 0..7 {
        shop.sign_up("ann", &format!("00000{code}")).await;
    }
    assert_eq!(shop.mails_to(&email("ann")).await.len(), 5);
    assert!(!shop.verify("ann", "000006").await, "a code that was never mailed was good");
    shop.pass(challenge::WINDOW);
    shop.sign_up("ann", "777777").await;
    assert_eq!(shop.mails_to(&email("ann")).await.len(), 6);
    assert!(shop.verify("ann", "777777").await);
}

/// A sign-up beyond the budget must not set a password either: its owner never got a code for it.
pub async fn a_sign_up_beyond_the_budget_changes_nothing(shop: Shop) {
    for code in 0..5 {
        shop.sign_up("ann", &format!("00000{code}")).await;
    }
    shop.run(shop.sign_up_as("ann", "666666", "another hash")).await.expect("says nothing");
    assert!(shop.verify("ann", "000004").await, "the last code that was mailed was void");
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    assert_eq!(row.password_hash, Some(password("ann")));
}

pub async fn five_notices_an_hour_are_mailed(shop: Shop) {
    shop.customer("ann").await;
    for _ in 0..7 {
        shop.sign_up("ann", "111111").await;
    }
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["account_exists"; 5]);
    shop.pass(challenge::WINDOW + SignedDuration::from_secs(1));
    shop.sign_up("ann", "111111").await;
    assert_eq!(shop.mails_to(&email("ann")).await.len(), 6);
}

pub async fn addresses_compare_without_case(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.sign_up("ANN", "111111").await;
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["account_exists"]);
    let row = shop.db().credentials(&email("aNN")).await.expect("an answer").expect("an account");
    assert_eq!(row.account.id, ann.id);
}

pub async fn names_that_could_inject_a_header_are_refused(shop: Shop) {
    for (name, code) in [("Ann\r\nBcc: all@example.com", "control_character"), ("  ", "required")] {
        let sign_up = commerce::accounts::SignUp { name: name.into(), ..shop.sign_up_as("ann", "111111", "hash") };
        assert_eq!(pointers(shop.run(sign_up).await), [("/name".to_owned(), code)]);
    }
    assert_eq!(shop.db().credentials(&email("ann")).await.expect("an answer"), None);
    assert!(shop.mails_to(&email("ann")).await.is_empty());
}

pub async fn names_of_any_script_come_back_as_they_were(shop: Shop) {
    let name = "Ægir \"Q\" <b>O'Neil</b> 北京 🎉";
    let sign_up = commerce::accounts::SignUp { name: name.into(), ..shop.sign_up_as("ann", "111111", "hash") };
    shop.run(sign_up).await.expect("signed up");
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    assert_eq!(row.account.name, name);
}

pub async fn signing_up_at_once_signs_in(shop: Shop) {
    let sign_up = shop.sign_up_as("ann", "111111", &password("ann"));
    let session = shop.device();
    let ann =
        shop.run(SignUpAtOnce { sign_up, is_code_mailed: true, session: session.clone() }).await.expect("signed up");
    assert_eq!(shop.account_now(ann.id).await, ann);
    let access = shop.db().session_access(session.id, shop.now()).await.expect("an answer").expect("signed in");
    assert_eq!((access.access, access.email_verified), (ann.access(), false));
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["verify_email"]);
    assert!(shop.verify("ann", "111111").await);
    // Where enough was written to an address already, the account is there all the same.
    let (sign_up, session) = (shop.sign_up_as("bob", "222222", &password("bob")), shop.device());
    shop.run(SignUpAtOnce { sign_up, is_code_mailed: false, session: session.clone() }).await.expect("signed up");
    assert!(shop.is_signed_in(session.id).await && shop.mails_to(&email("bob")).await.is_empty());
}

pub async fn signing_up_at_once_with_a_known_address_is_refused(shop: Shop) {
    shop.customer("ann").await;
    let sign_up = shop.sign_up_as("ann", "111111", "another hash");
    let session = shop.device();
    refused!(
        shop.run(SignUpAtOnce { sign_up, is_code_mailed: true, session: session.clone() }).await,
        Error::Conflict(Conflict::EmailTaken)
    );
    assert!(!shop.is_signed_in(session.id).await);
    assert!(shop.mails_to(&email("ann")).await.is_empty());
}
