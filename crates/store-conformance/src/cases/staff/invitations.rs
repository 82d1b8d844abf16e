//! Inviting somebody to work in the shop.

use commerce::{
    Conflict, Error,
    accounts::{InviteStaff, RequestPasswordReset, ResetPassword, SetAccess, UpdateProfile},
    api_keys::CreateApiKey,
};
use model::{Account, MailTemplate, Permission, Permissions, Role, SignedDuration};

use crate::support::{Shop, email, hash, names, password, pointers, refused, secret};

pub(in crate::cases) fn invitation(shop: &Shop, by: &Account, name: &str, token: &str) -> InviteStaff {
    InviteStaff {
        actor: by.access(),
        verified_hash: password(&by.name),
        email: email(name),
        name: name.to_owned(),
        permissions: [Permission::Orders].into_iter().collect(),
        token: secret(token),
        stamp: shop.next_stamp(),
    }
}

/// Writes a name and a telephone number into an account.
async fn describe(shop: &Shop, account: &Account, name: &str, phone: &str) -> Account {
    let (name, phone) = (Some(name.to_owned()), Some(Some(phone.to_owned())));
    let update = UpdateProfile { account_id: account.id, name, phone, if_version: None, now: shop.now() };
    shop.run(update).await.expect("changed")
}

fn answer(shop: &Shop, token: &str) -> ResetPassword {
    let (device, address) = ("a telephone".to_owned(), "192.0.2.7".to_owned());
    ResetPassword {
        token_hash: hash(token),
        new_hash: "a new hash".to_owned(),
        device,
        address,
        stamp: shop.next_stamp(),
    }
}

pub async fn who_is_invited_chooses_a_password_within_three_days(shop: Shop) {
    let ola = shop.owner("ola").await;
    let stan = shop.run(invitation(&shop, &ola, "stan", "token")).await.expect("invited");
    assert_eq!((stan.role, stan.email_verified_at), (Role::Staff, None));
    assert_eq!(shop.db().password_hash(stan.id).await.expect("an answer"), None);
    let mails = shop.mails_to(&email("stan")).await;
    assert_eq!((names(&mails), mails[0].secret.as_deref()), (vec!["staff_invitation"], Some("token")));
    shop.pass(SignedDuration::from_hours(71));
    shop.run(answer(&shop, "token")).await.expect("a password");
    let stan = shop.account_now(stan.id).await;
    assert!(stan.email_verified_at.is_some() && stan.access().may(Permission::Orders));
    refused!(shop.run(answer(&shop, "token")).await, Error::NotAuthenticated);
}

pub async fn nobody_is_invited_to_do_nothing(shop: Shop) {
    let ola = shop.owner("ola").await;
    let nothing = InviteStaff { permissions: Permissions::default(), ..invitation(&shop, &ola, "stan", "token") };
    assert_eq!(pointers(shop.run(nothing).await), [("/permissions".to_owned(), "required")]);
    assert!(shop.mails_to(&email("stan")).await.is_empty());
}

pub async fn a_link_is_good_for_no_longer(shop: Shop) {
    let ola = shop.owner("ola").await;
    shop.run(invitation(&shop, &ola, "stan", "token")).await.expect("invited");
    shop.pass(SignedDuration::from_hours(72));
    refused!(shop.run(answer(&shop, "token")).await, Error::NotAuthenticated);
}

pub async fn a_customer_who_is_invited_becomes_staff(shop: Shop) {
    let (ola, ann) = (shop.owner("ola").await, shop.customer("ann").await);
    let session = shop.sign_in(&ann).await;
    let ann = describe(&shop, &ann, "Ann Ånström", "+49 30 1234567").await;
    let invited = shop.run(invitation(&shop, &ola, "ann", "token")).await.expect("invited");
    assert_eq!((invited.id, invited.role, &invited.name, &invited.phone), (ann.id, Role::Staff, &ann.name, &ann.phone));
    // What was signed in before does not become staff unseen.
    assert!(!shop.is_signed_in(session.id).await);
    refused!(shop.run(invitation(&shop, &ola, "ann", "again")).await, Error::Conflict(Conflict::EmailTaken));
}

/// In a shop that signs up at once, anybody may have chosen a password for an address that is not theirs.
pub async fn nobody_gets_in_with_a_password_that_was_there_before_the_address_was_proven(shop: Shop) {
    let ola = shop.owner("ola").await;
    shop.sign_up("newhire", "111111").await;
    let invited = shop.run(invitation(&shop, &ola, "newhire", "token")).await.expect("invited");
    assert_eq!((invited.role, invited.email_verified_at), (Role::Staff, None));
    assert_eq!(shop.password_now(invited.id).await, None);
    assert!(!shop.verify("newhire", "111111").await, "the code of the sign-up is still good");
    // Nor does another sign-up choose one.
    shop.run(shop.sign_up_as("newhire", "222222", "a stranger's")).await.expect("says nothing");
    assert_eq!(shop.password_now(invited.id).await, None);
    shop.run(answer(&shop, "token")).await.expect("a password");
    assert_eq!(shop.password_now(invited.id).await.as_deref(), Some("a new hash"));
}

/// They would be read as if the owner had written them.
pub async fn what_a_stranger_wrote_into_an_unproven_account_goes_with_the_invitation(shop: Shop) {
    let ola = shop.owner("ola").await;
    shop.sign_up("newhire", "111111").await;
    let row = shop.db().credentials(&email("newhire")).await.expect("an answer").expect("an account");
    describe(&shop, &row.account, "Call this number", "+49 30 1234567").await;
    let invited = shop.run(invitation(&shop, &ola, "newhire", "token")).await.expect("invited");
    assert_eq!((invited.id, invited.name.as_str(), invited.phone.as_deref()), (row.account.id, "newhire", None));
    assert_eq!(shop.account_now(invited.id).await, invited);
    let mails = shop.mails_to(&email("newhire")).await;
    assert_eq!(mails[0].template, MailTemplate::StaffInvitation { name: "newhire".to_owned() });
}

/// Anybody can ask for a link that replaces a forgotten password.
pub async fn nobody_voids_an_invitation_by_asking_for_another_link(shop: Shop) {
    let ola = shop.owner("ola").await;
    shop.run(invitation(&shop, &ola, "stan", "token")).await.expect("invited");
    let ask = RequestPasswordReset { email: email("stan"), token: secret("other"), stamp: shop.next_stamp() };
    shop.run(ask).await.expect("says nothing");
    assert_eq!(names(&shop.mails_to(&email("stan")).await), ["staff_invitation"]);
    shop.run(answer(&shop, "token")).await.expect("a password");
}

/// Who was a customer before has a password to forget.
pub async fn a_customer_who_was_invited_can_forget_the_password(shop: Shop) {
    let ola = shop.owner("ola").await;
    shop.customer("ann").await;
    shop.run(invitation(&shop, &ola, "ann", "token")).await.expect("invited");
    let ask = RequestPasswordReset { email: email("ann"), token: secret("other"), stamp: shop.next_stamp() };
    shop.run(ask).await.expect("says nothing");
    shop.run(answer(&shop, "other")).await.expect("a password");
}

pub async fn who_has_not_answered_can_be_invited_again(shop: Shop) {
    let ola = shop.owner("ola").await;
    let first = shop.run(invitation(&shop, &ola, "stan", "token")).await.expect("invited");
    shop.pass(SignedDuration::from_hours(100));
    let again = InviteStaff { permissions: Permissions::all(), ..invitation(&shop, &ola, "stan", "another") };
    let second = shop.run(again).await.expect("invited again");
    assert_eq!((second.id, second.permissions), (first.id, Permissions::all()));
    refused!(shop.run(answer(&shop, "token")).await, Error::NotAuthenticated);
    shop.run(answer(&shop, "another")).await.expect("a password");
    let more = invitation(&shop, &ola, "stan", "third");
    refused!(shop.run(more).await, Error::Conflict(Conflict::EmailTaken));
}

/// What somebody may do is asked when it is done, not when a password began to be compared.
pub async fn who_is_no_longer_owner_invites_nobody(shop: Shop) {
    let (ola, otto) = (shop.owner("ola").await, shop.owner("otto").await);
    let late = invitation(&shop, &otto, "stan", "token");
    let (account_id, verified_hash) = (otto.id, Some(password("ola")));
    let demote = SetAccess {
        actor: ola.access(),
        account_id,
        disabled: None,
        role: Some(Role::Customer),
        permissions: None,
        verified_hash,
        if_version: None,
        now: shop.now(),
    };
    shop.run(demote.clone()).await.expect("demoted");
    refused!(shop.run(late).await, Error::Forbidden);
    let ann = shop.customer("ann").await;
    let promote = SetAccess {
        actor: otto.access(),
        account_id: ann.id,
        role: Some(Role::Owner),
        verified_hash: Some(password("otto")),
        ..demote
    };
    refused!(shop.run(promote).await, Error::Forbidden);
    assert_eq!(shop.account_now(ann.id).await, ann);
    let key = CreateApiKey {
        actor: otto.access(),
        verified_hash: password("otto"),
        name: "robot".to_owned(),
        hash: hash("otto"),
        hint: "cwk_".to_owned(),
        permissions: vec![Permission::Orders],
        expires_at: None,
        stamp: shop.next_stamp(),
    };
    refused!(shop.run(key).await, Error::Forbidden);
}

/// Nor with the password that they had then.
pub async fn a_password_that_was_replaced_meanwhile_invites_nobody(shop: Shop) {
    let ola = shop.owner("ola").await;
    let late = InviteStaff { verified_hash: "an older one".to_owned(), ..invitation(&shop, &ola, "stan", "token") };
    refused!(shop.run(late).await, Error::NotAuthenticated);
    assert!(shop.mails_to(&email("stan")).await.is_empty());
    assert_eq!(shop.db().credentials(&email("stan")).await.expect("an answer"), None);
}

pub async fn only_owners_invite(shop: Shop) {
    let stan = shop.staff("stan", &Permission::ALL).await;
    refused!(shop.run(invitation(&shop, &stan, "sue", "token")).await, Error::Forbidden);
}
