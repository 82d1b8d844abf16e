//! Accounts and sessions, as they are shown.

use std::slice::from_ref;

use commerce::accounts::{DeleteAccount, EndSession, TouchSession, is_known_address};
use model::{Account, Role, SignedDuration, session::SESSION_LIFETIME};
use store::AccountFilter;

use crate::support::{Shop, all_pages, email, first_page};

async fn found(shop: &Shop, filter: AccountFilter) -> Vec<Account> {
    shop.db().accounts(&filter, &first_page()).await.expect("an answer").items
}

fn text(text: &str) -> AccountFilter {
    AccountFilter { text: Some(text.to_owned()), ..AccountFilter::default() }
}

pub async fn accounts_are_listed_newest_first_without_deleted_ones(shop: Shop) {
    let (ann, bob, olga) = (shop.customer("ann").await, shop.customer("bob").await, shop.owner("olga").await);
    shop.run(DeleteAccount { account_id: bob.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    assert_eq!(found(&shop, AccountFilter::default()).await, [olga, ann]);
}

pub async fn accounts_are_found_by_role_and_text(shop: Shop) {
    let ann = shop.customer("ann").await;
    let cleo = Account { name: "Cleo ÅNSTRÖM 50%_off".into(), ..shop.new_account("cleo", Role::Staff, &[]) };
    let insert = store::Change::InsertAccount { account: cleo.clone(), password_hash: None };
    shop.apply(vec![insert]).await.expect("an account");
    let olga = shop.owner("olga").await;
    let role = |role| AccountFilter { role: Some(role), text: None };
    assert_eq!(found(&shop, role(Role::Customer)).await, from_ref(&ann));
    assert_eq!(found(&shop, role(Role::Staff)).await, from_ref(&cleo));
    assert_eq!(found(&shop, role(Role::Owner)).await, from_ref(&olga));
    assert_eq!(found(&shop, text("leo@exa")).await, from_ref(&cleo));
    assert_eq!(found(&shop, text("ånström")).await, from_ref(&cleo));
    assert_eq!(found(&shop, text("example.com")).await, [olga, cleo.clone(), ann]);
    assert_eq!(found(&shop, text("50%_off")).await, [cleo], "signs must stand for themselves");
    for nothing in ["50%off", "%", "_", "'", "\\"] {
        let found = found(&shop, text(nothing)).await;
        assert!(found.iter().all(|account| account.name.contains(nothing)), "{nothing} found {found:?}");
    }
    let both = AccountFilter { role: Some(Role::Customer), text: Some("cleo".into()) };
    assert!(found(&shop, both).await.is_empty());
}

pub async fn accounts_are_paged(shop: Shop) {
    let mut all = Vec::new();
    for number in 0..23 {
        all.push(shop.customer(&format!("ann{number}")).await);
    }
    all.reverse();
    for limit in [1, 7, 23, 100] {
        let filter = AccountFilter::default();
        let listed = all_pages(limit, async |page| shop.db().accounts(&filter, &page).await).await;
        assert_eq!(listed, all, "in pages of {limit}");
    }
}

pub async fn single_accounts_are_found(shop: Shop) {
    let ann = shop.customer("ann").await;
    assert_eq!(shop.db().account(ann.id).await.expect("an answer"), Some(ann.clone()));
    assert_eq!(shop.db().account(shop.id()).await.expect("an answer"), None);
    assert_eq!(shop.db().credentials(&email("nobody")).await.expect("an answer"), None);
    assert_eq!(shop.db().password_hash(shop.id()).await.expect("an answer"), None);
    assert!(!shop.db().has_owner().await.expect("an answer"));
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    assert!(shop.db().account(ann.id).await.expect("an answer").is_some(), "deleted ones are included");
}

pub async fn live_sessions_are_listed_last_used_first(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let expired = shop.sign_in(&ann).await;
    shop.pass(SESSION_LIFETIME - SignedDuration::from_secs(60));
    let (first, second, ended) = (shop.sign_in(&ann).await, shop.sign_in(&ann).await, shop.sign_in(&ann).await);
    shop.sign_in(&bob).await;
    shop.run(EndSession { account_id: ann.id, id: ended.id, now: shop.now() }).await.expect("ended");
    shop.pass(SignedDuration::from_secs(60));
    let touch = TouchSession { id: first.id, address: "192.0.2.9".into(), now: shop.now() };
    shop.run(touch).await.expect("touched");
    let listed = shop.db().sessions(ann.id, shop.now()).await.expect("an answer");
    let shown: Vec<_> = listed.iter().map(|session| (session.id, session.device.clone())).collect();
    assert_eq!(shown, [(first.id, first.device), (second.id, second.device)]);
    assert_eq!((listed[0].address.as_str(), listed[0].last_used_at), ("192.0.2.9", shop.now()));
    assert!(!shown.iter().any(|(id, _)| *id == expired.id));
}

pub async fn addresses_of_the_network_are_known_once_used(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let is_known = async |account: &Account, address: &str| {
        let address = address.parse().expect("an address");
        is_known_address(shop.db(), account.id, address).await.expect("an answer")
    };
    assert!(!is_known(&ann, "192.0.2.1").await);
    let device = shop.sign_in(&ann).await;
    shop.sign_in(&ann).await;
    assert!(is_known(&ann, "192.0.2.1").await && is_known(&ann, "::ffff:192.0.2.1").await);
    assert!(!is_known(&ann, "192.0.2.2").await);
    assert!(!is_known(&bob, "192.0.2.1").await);
    // Of an IPv6 customer the network is known: the address is another one tomorrow.
    let touch = TouchSession { id: device.id, address: "2001:db8::1".into(), now: shop.now() };
    shop.run(touch).await.expect("touched");
    assert!(is_known(&ann, "2001:db8::77:1").await && is_known(&ann, "192.0.2.1").await);
    assert!(!is_known(&ann, "2001:db8:0:1::1").await && !is_known(&bob, "2001:db8::1").await);
    // A session that is over still says where it was.
    shop.run(EndSession { account_id: ann.id, id: device.id, now: shop.now() }).await.expect("ended");
    assert!(is_known(&ann, "2001:db8::2").await);
    let mut listed = shop.db().session_addresses(ann.id, "192.0.2.1").await.expect("an answer");
    listed.sort();
    assert_eq!(listed, ["192.0.2.1", "2001:db8::1"], "each is there once");
}
