//! Proving an address with the code that was mailed to it.

use commerce::accounts::{CodeChecked, ResendCode, is_signed_in_by_code};
use model::{Account, Permission, Role, SignedDuration, challenge};
use store::Change;

use crate::support::{Shop, email, names, password, secret};

async fn resend(shop: &Shop, name: &str, code: &str) {
    let resend = ResendCode { email: email(name), code: secret(code), stamp: shop.next_stamp() };
    shop.run(resend).await.expect("says nothing");
}

pub async fn the_code_proves_the_address_and_signs_in(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let verification = shop.verification("ann", "111111").await;
    let session = verification.session.clone();
    let CodeChecked::Right(ann) = shop.run(verification).await.expect("an answer") else { panic!("must be right") };
    assert_eq!((ann.email_verified_at, ann.version), (Some(shop.now()), 2));
    assert_eq!(shop.account_now(ann.id).await, ann);
    let access = shop.db().session_access(session.id, shop.now()).await.expect("an answer").expect("signed in");
    assert_eq!((access.access, access.session_id, access.email_verified), (ann.access(), session.id, true));
}

/// They have a password, and perhaps a second factor: a code that was mailed is neither.
pub async fn a_code_does_not_sign_staff_in(shop: Shop) {
    let unproven = Account { email_verified_at: None, ..shop.new_account("stan", Role::Staff, &Permission::ALL) };
    shop.apply(vec![Change::InsertAccount { account: unproven, password_hash: Some(password("stan")) }])
        .await
        .expect("brought over");
    resend(&shop, "stan", "111111").await;
    let verification = shop.verification("stan", "111111").await;
    let session = verification.session.id;
    let CodeChecked::Right(stan) = shop.run(verification).await.expect("an answer") else { panic!("must be right") };
    assert_eq!((stan.email_verified_at, is_signed_in_by_code(&stan)), (Some(shop.now()), false));
    assert_eq!(shop.account_now(stan.id).await, stan);
    assert!(!shop.is_signed_in(session).await);
}

/// Who reads the code need not be who chose the password.
pub async fn a_code_is_good_only_with_the_password_of_the_sign_up(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    shop.run(shop.sign_up_as("ann", "222222", "a stranger's hash")).await.expect("says nothing");
    let of_ann = shop.verification_with("ann", "222222", &password("ann"));
    let session = of_ann.session.id;
    assert_eq!(shop.run(of_ann).await.expect("an answer"), CodeChecked::Wrong);
    assert!(!shop.is_signed_in(session).await);
    shop.sign_up("ann", "333333").await;
    assert!(shop.verify("ann", "333333").await, "a sign-up of her own was of no use");
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    assert_eq!(row.password_hash, Some(password("ann")));
}

pub async fn a_code_is_good_once(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    assert!(shop.verify("ann", "111111").await);
    let again = shop.verification("ann", "111111").await;
    let session = again.session.id;
    assert_eq!(shop.run(again).await.expect("an answer"), CodeChecked::Wrong);
    assert!(!shop.is_signed_in(session).await);
}

pub async fn a_code_is_good_for_ten_minutes(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    shop.sign_up("bob", "222222").await;
    shop.pass(challenge::LIFETIME - SignedDuration::from_secs(1));
    assert!(shop.verify("ann", "111111").await);
    shop.pass(SignedDuration::from_secs(1));
    assert!(!shop.verify("bob", "222222").await);
}

pub async fn five_wrong_codes_void_the_right_one(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    shop.sign_up("bob", "222222").await;
    for wrong in 0..4 {
        assert!(!shop.verify("ann", &format!("00000{wrong}")).await);
        assert!(!shop.verify("bob", &format!("00000{wrong}")).await);
    }
    assert!(!shop.verify("ann", "000004").await);
    assert!(!shop.verify("ann", "111111").await, "the right code was good after five wrong ones");
    assert!(shop.verify("bob", "222222").await, "the right code was void after four wrong ones");
}

pub async fn a_code_belongs_to_one_account(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    shop.sign_up("bob", "222222").await;
    assert!(!shop.verify("bob", "111111").await, "a code was good for somebody else");
    assert!(!shop.verify("nobody", "111111").await, "a code was good for nobody");
    assert!(shop.verify("ann", "111111").await);
    assert!(shop.verify("bob", "222222").await);
}

pub async fn a_new_code_replaces_the_old_one_and_brings_new_tries(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    for _ in 0..5 {
        assert!(!shop.verify("ann", "000000").await);
    }
    resend(&shop, "ann", "222222").await;
    let mails = shop.mails_to(&email("ann")).await;
    assert_eq!(names(&mails), ["verify_email", "verify_email"]);
    assert_eq!(mails[0].secret.as_deref(), Some("222222"));
    assert!(!shop.verify("ann", "111111").await, "the old code was still good");
    assert!(shop.verify("ann", "222222").await);
}

pub async fn resending_is_rationed_together_with_signing_up(shop: Shop) {
    shop.sign_up("ann", "000000").await;
    for code in 1..7 {
        resend(&shop, "ann", &format!("00000{code}")).await;
    }
    assert_eq!(shop.mails_to(&email("ann")).await.len(), 5);
    assert!(!shop.verify("ann", "000006").await);
    assert!(shop.verify("ann", "000004").await);
}

pub async fn resending_to_an_unknown_or_proven_address_mails_nothing(shop: Shop) {
    shop.customer("ann").await;
    resend(&shop, "ann", "111111").await;
    resend(&shop, "nobody", "111111").await;
    assert!(shop.mails_to(&email("ann")).await.is_empty());
    assert!(shop.mails_to(&email("nobody")).await.is_empty());
    assert!(!shop.verify("ann", "111111").await);
}

pub async fn a_disabled_account_cannot_prove_its_address(shop: Shop) {
    let owner = shop.owner("olga").await;
    shop.sign_up("ann", "111111").await;
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    shop.disable(&owner, &row.account, true).await.expect("disabled");
    assert!(!shop.verify("ann", "111111").await);
}
