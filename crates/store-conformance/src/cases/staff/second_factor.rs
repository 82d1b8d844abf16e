//! The second factor: each code is good once.

use commerce::{
    Error,
    second_factor::{
        ForgetSecondFactor, Proof, RemoveSecondFactor, SecondFactor, SetSecondFactor, UseSecondFactor, second_factor,
    },
};
use model::Account;
use store::{AuditFilter, PageRequest};

use crate::support::{Shop, at_once, count_ok, email, refused};

async fn with_factor(shop: &Shop) -> Account {
    let stan = shop.staff("stan", &[]).await;
    let factor = SecondFactor {
        sealed: "sealed".to_owned(),
        recovery: vec!["one".to_owned(), "two".to_owned()],
        last_step: 100,
    };
    shop.run(SetSecondFactor { account_id: stan.id, factor, stamp: shop.next_stamp() }).await.expect("set");
    stan
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
    shop.run(RemoveSecondFactor { account_id: stan.id }).await.expect("removed");
    refused!(shop.run(step(&stan, 200)).await, Error::NotAuthenticated);
    assert_eq!(second_factor(shop.db(), stan.id).await.expect("an answer"), None);
    // Removing what is not there is nothing.
    shop.run(RemoveSecondFactor { account_id: stan.id }).await.expect("nothing to do");
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
    assert_eq!((entry.action.as_str(), entry.actor_id), ("account.second_factor_deleted", None));
    assert_eq!(entry.subject_id, Some(stan.id.0));
}
