//! The second factor: each code is good once.

use commerce::{
    Actor, Audited, Error,
    accounts::{ResetStaff, SetAccess, StaffReset},
    second_factor::{
        ForgetSecondFactor, Proof, RemoveSecondFactor, SecondFactor, SetSecondFactor, UseSecondFactor, second_factor,
    },
};
use model::{Account, Role};
use store::{AuditFilter, PageRequest};

use crate::support::{Shop, at_once, count_ok, email, password, refused};

async fn with_factor(shop: &Shop) -> Account {
    let stan = shop.staff("stan", &[]).await;
    shop.run(set(shop, &stan)).await.expect("set");
    stan
}

fn set(shop: &Shop, account: &Account) -> SetSecondFactor {
    let factor = SecondFactor {
        sealed: "sealed".to_owned(),
        recovery: vec!["one".to_owned(), "two".to_owned()],
        last_step: 100,
    };
    let verified_hash = password(&account.name);
    SetSecondFactor { account_id: account.id, verified_hash, factor, stamp: shop.next_stamp() }
}

fn remove(account: &Account) -> RemoveSecondFactor {
    RemoveSecondFactor { account_id: account.id, verified_hash: password(&account.name) }
}

fn step(account: &Account, step: i64) -> UseSecondFactor {
    UseSecondFactor { account_id: account.id, proof: Proof::Step(step) }
}

fn recovery(account: &Account, hash: &str) -> UseSecondFactor {
    UseSecondFactor { account_id: account.id, proof: Proof::Recovery(hash.to_owned()) }
}

pub async fn a_code_and_those_before_it_are_used_up(shop: Shop) {
    let stan = with_factor(&shop).await;
    refused!(shop.run(step(&stan, 100)).await, Error::NotAuthenticated);
    shop.run(step(&stan, 102)).await.expect("a new code");
    for used in [102, 101] {
        refused!(shop.run(step(&stan, used)).await, Error::NotAuthenticated);
    }
    shop.run(step(&stan, 103)).await.expect("the next code");
}

pub async fn a_recovery_code_is_good_once(shop: Shop) {
    let stan = with_factor(&shop).await;
    shop.run(recovery(&stan, "one")).await.expect("a recovery code");
    refused!(shop.run(recovery(&stan, "one")).await, Error::NotAuthenticated);
    refused!(shop.run(recovery(&stan, "three")).await, Error::NotAuthenticated);
    let left = second_factor(shop.db(), stan.id).await.expect("an answer").expect("a factor");
    assert_eq!((left.recovery, left.last_step), (vec!["two".to_owned()], 100));
}

pub async fn of_many_who_present_one_code_at_once_one_gets_in(shop: Shop) {
    let stan = with_factor(&shop).await;
    for code in [step(&stan, 200), recovery(&stan, "two")] {
        let results = at_once(8, |_| {
            let (shop, code) = (shop.clone(), code.clone());
            async move { shop.run(code).await }
        })
        .await;
        assert_eq!(count_ok(&results), 1);
    }
}

pub async fn without_one_no_code_is_right(shop: Shop) {
    let (stan, ola) = (with_factor(&shop).await, shop.owner("ola").await);
    refused!(shop.run(step(&ola, 200)).await, Error::NotAuthenticated);
    shop.run(remove(&stan)).await.expect("removed");
    refused!(shop.run(step(&stan, 200)).await, Error::NotAuthenticated);
    assert_eq!(second_factor(shop.db(), stan.id).await.expect("an answer"), None);
    // Removing what is not there is nothing.
    shop.run(remove(&stan)).await.expect("nothing to do");
}

/// The password is compared before the transaction. Somebody with a stolen session who was quick would lock its owner out.
pub async fn a_password_that_was_replaced_meanwhile_neither_sets_nor_removes_one(shop: Shop) {
    let (stan, ola) = (with_factor(&shop).await, shop.owner("ola").await);
    let older = || "an older one".to_owned();
    refused!(shop.run(SetSecondFactor { verified_hash: older(), ..set(&shop, &ola) }).await, Error::NotAuthenticated);
    refused!(shop.run(RemoveSecondFactor { verified_hash: older(), ..remove(&stan) }).await, Error::NotAuthenticated);
    let has_one = async |account: &Account| second_factor(shop.db(), account.id).await.expect("an answer").is_some();
    assert!(has_one(&stan).await && !has_one(&ola).await);
}

/// Nobody asks a customer for a code; a factor that was set while its owner was dismissed would be there when they come back.
pub async fn who_does_not_work_in_the_shop_gets_none(shop: Shop) {
    let ann = shop.customer("ann").await;
    refused!(shop.run(set(&shop, &ann)).await, Error::NotAuthenticated);
    assert_eq!(second_factor(shop.db(), ann.id).await.expect("an answer"), None);
}

pub async fn whoever_runs_the_program_takes_one_away_and_the_log_says_so(shop: Shop) {
    let stan = with_factor(&shop).await;
    let forget = |name: &str| shop.run(ForgetSecondFactor { email: email(name), stamp: shop.next_stamp() });
    refused!(forget("nobody").await, Error::NotFound("account"));
    assert!(forget("stan").await.expect("an answer"));
    assert_eq!(second_factor(shop.db(), stan.id).await.expect("an answer"), None);
    assert!(!forget("stan").await.expect("an answer"), "there is none any more");
    let page = PageRequest { limit: 10, after: None };
    let log = shop.db().audit_log(&AuditFilter::default(), &page).await.expect("an answer").items;
    let [entry] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!((entry.action.as_str(), entry.actor_id), ("second_factor.deleted", None));
    assert_eq!(entry.subject_id, Some(stan.id.0));
}

fn reset(shop: &Shop, by: &Account, whose: &Account, what: StaffReset) -> Audited<ResetStaff> {
    let operation = ResetStaff {
        actor: by.access(),
        account_id: whose.id,
        what,
        verified_hash: password(&by.name),
        now: shop.now(),
    };
    Audited { by: Actor { account_id: by.id, address: None, key: None }, operation, stamp: shop.next_stamp() }
}

pub async fn an_owner_takes_ways_in_from_others_of_the_staff_and_the_log_says_from_whom(shop: Shop) {
    let (ola, otto, stan) = (shop.owner("ola").await, shop.owner("otto").await, with_factor(&shop).await);
    let (ann, session) = (shop.customer("ann").await, shop.sign_in(&stan).await);
    for what in [StaffReset::Sessions, StaffReset::SecondFactor] {
        refused!(shop.run(reset(&shop, &stan, &ola, what)).await, Error::Forbidden);
        // One's own is asked for elsewhere.
        refused!(shop.run(reset(&shop, &ola, &ola, what)).await, Error::Forbidden);
        refused!(shop.run(reset(&shop, &ola, &ann, what)).await, Error::NotFound("account"));
        let mut guessed = reset(&shop, &ola, &stan, what);
        guessed.operation.verified_hash = "another".to_owned();
        refused!(shop.run(guessed).await, Error::NotAuthenticated);
    }
    assert!(shop.is_signed_in(session.id).await && second_factor(shop.db(), stan.id).await.expect("one").is_some());
    shop.run(reset(&shop, &ola, &stan, StaffReset::Sessions)).await.expect("signed out");
    assert!(!shop.is_signed_in(session.id).await);
    shop.run(reset(&shop, &ola, &stan, StaffReset::SecondFactor)).await.expect("taken away");
    assert_eq!(second_factor(shop.db(), stan.id).await.expect("an answer"), None);
    let about = AuditFilter { subject_id: Some(stan.id.0), ..AuditFilter::default() };
    let log = shop.db().audit_log(&about, &PageRequest { limit: 10, after: None }).await.expect("an answer").items;
    let actions: Vec<_> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["second_factor.deleted", "account.sessions_ended"]);

    // What somebody may do is asked when it is done.
    let late = reset(&shop, &otto, &stan, StaffReset::Sessions);
    let demote = SetAccess {
        actor: ola.access(),
        account_id: otto.id,
        disabled: None,
        role: Some(Role::Staff),
        permissions: None,
        verified_hash: Some(password("ola")),
        if_version: None,
        now: shop.now(),
    };
    shop.run(demote).await.expect("demoted");
    refused!(shop.run(late).await, Error::Forbidden);
}
