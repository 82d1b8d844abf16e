//! Deleting an account.

use commerce::{
    Conflict, Error,
    accounts::{DeleteAccount, RequestEmailChange, RequestPasswordReset, SaveAddress, SetAccess, UpdateProfile},
    api_keys::{CreateApiKey, api_keys},
    orders::{MoveOrder, Mover},
    saved_views::{SaveView, saved_views},
    second_factor::{SecondFactor, SetSecondFactor, second_factor},
    settings::{AddNote, Noted, notes as notes_about},
};
use model::{
    Account, AuditContent, AuditEntry, Order, OrderStatus, Permission, PostalAddress, Role, Tracking,
    challenge::Purpose,
};
use store::{Change, Claim, Claimed, MailFilter, StoredReply};

use crate::{
    cases::orders::idempotent::{claim, once},
    support::{Shop, email, hash, line, load, move_order, password, place, pointers, refused, secret, ship_to},
};

/// The staff delete it.
async fn delete(shop: &Shop, account: &Account) -> Result<(), Error> {
    shop.run(DeleteAccount { account_id: account.id, verified_hash: None, now: shop.now() }).await
}

/// Its owner deletes it.
async fn leave(shop: &Shop, account: &Account) -> Result<(), Error> {
    let verified_hash = Some(password(&account.name));
    shop.run(DeleteAccount { account_id: account.id, verified_hash, now: shop.now() }).await
}

pub async fn nothing_personal_stays(shop: Shop) {
    let ann = shop.customer("ann").await;
    let phone = Some(Some("+49 30 1234567".to_owned()));
    let call = UpdateProfile { account_id: ann.id, name: None, phone, if_version: None, now: shop.now() };
    let ann = shop.run(call).await.expect("changed");
    let session = shop.sign_in(&ann).await;
    let save = SaveAddress { account_id: ann.id, id: None, label: None, address: ship_to(), stamp: shop.next_stamp() };
    shop.run(save).await.expect("saved");
    let reset = RequestPasswordReset { email: email("ann"), token: secret("token"), stamp: shop.next_stamp() };
    shop.run(reset).await.expect("mailed");
    let change = RequestEmailChange {
        account_id: ann.id,
        verified_hash: password("ann"),
        new_email: email("anna"),
        code: secret("111111"),
        stamp: shop.next_stamp(),
    };
    shop.run(change).await.expect("mailed");

    delete(&shop, &ann).await.expect("deleted");
    let after = shop.account_now(ann.id).await;
    assert_eq!((after.email, after.name.as_str(), after.phone, after.email_verified_at), (None, "", None, None));
    assert_eq!((after.deleted_at, after.version), (Some(shop.now()), ann.version + 1));
    assert_eq!(shop.password_now(ann.id).await, None);
    assert_eq!(shop.db().credentials(&email("ann")).await.expect("an answer"), None);
    assert!(!shop.is_signed_in(session.id).await);
    assert!(shop.db().addresses(ann.id).await.expect("an answer").is_empty());
    assert!(shop.mails(&MailFilter::default()).await.is_empty());
    let account_id = ann.id;
    for purpose in Purpose::ALL {
        assert_eq!(load!(shop, |tx| tx.challenge(account_id, purpose).await), None);
    }
}

/// A kept reply is a copy of the order, and a session says from where its owner came.
pub async fn nothing_is_left_in_what_was_answered_nor_of_devices(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let (of_ann, of_bob) = (shop.sign_in(&ann).await, shop.sign_in(&bob).await);
    let product = shop.product("Mug", 10).await;
    for buyer in [&ann, &bob] {
        let key = Some(claim(&shop, buyer, "key", 1));
        shop.run(once(key, place(&shop, buyer, &[line(&product, 1)]))).await.expect("an order");
    }
    delete(&shop, &ann).await.expect("deleted");
    for (buyer, device, is_left) in [(&ann, of_ann, false), (&bob, of_bob, true)] {
        let again = claim(&shop, buyer, "key", 1);
        let found = load!(shop, [again], |tx| tx.claim(&again).await);
        assert_eq!(matches!(found, Claimed::Before { .. }), is_left, "{}: {found:?}", buyer.name);
        let session = load!(shop, |tx| tx.session(device.id).await).expect("a session");
        assert_eq!((session.device.is_empty(), session.address.is_empty()), (!is_left, !is_left), "{}", buyer.name);
    }
}

/// Keeps a reply that names an account, as the staff get it about an order.
async fn keep_reply(shop: &Shop, claim: &Claim, named: &Account) {
    let body = format!("{{\"account_id\":\"{}\",\"ship_to\":{{}}}}", named.id).into_bytes();
    let reply = StoredReply { status: 200, location: None, etag: None, body };
    shop.apply(vec![Change::StoreReply { claim: claim.clone(), reply }]).await.expect("kept");
}

/// What the staff were answered about somebody's order is a copy of it as well.
pub async fn nothing_is_left_in_what_the_staff_were_answered(shop: Shop) {
    let (staff, ann, bob) = (shop.staff("stan", &[]).await, shop.customer("ann").await, shop.customer("bob").await);
    for (buyer, is_left) in [(&ann, false), (&bob, true)] {
        let key = claim(&shop, &staff, &buyer.name, 1);
        keep_reply(&shop, &key, buyer).await;
        if !is_left {
            delete(&shop, buyer).await.expect("deleted");
        }
        let found = load!(shop, [key], |tx| tx.claim(&key).await);
        assert_eq!(matches!(found, Claimed::Before { .. }), is_left, "{}: {found:?}", buyer.name);
    }
}

/// Of an order that was still open they are answered after its buyer is gone, with the address that the parcel goes to.
pub async fn what_the_staff_were_answered_about_an_open_order_goes_when_it_has_left(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let product = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&product, 1)]).await;
    delete(&shop, &ann).await.expect("deleted");
    let confirmed = shop.moved(&order, &staff, &[OrderStatus::Confirmed]).await;
    let key = claim(&shop, &staff, "key", 1);
    keep_reply(&shop, &key, &ann).await;
    shop.moved(&confirmed, &staff, &[OrderStatus::Shipped]).await;
    assert_eq!(load!(shop, [key], |tx| tx.claim(&key).await), Claimed::New);
}

/// Whoever was dismissed keeps their own replies, an order's among them; what they were answered about others is still found.
pub async fn what_was_answered_to_who_is_no_longer_staff_is_found_too(shop: Shop) {
    let (ola, stan, ann) = (shop.owner("ola").await, shop.staff("stan", &[]).await, shop.customer("ann").await);
    let (about_ann, own) = (claim(&shop, &stan, "key", 1), claim(&shop, &stan, "own", 1));
    for (key, named) in [(&about_ann, &ann), (&own, &stan)] {
        keep_reply(&shop, key, named).await;
    }
    let deed = AuditEntry {
        id: shop.id(),
        at: shop.now(),
        actor_id: Some(stan.id),
        action: "order.confirmed".to_owned(),
        subject_id: None,
        content: AuditContent::default(),
    };
    let dismiss = SetAccess {
        actor: ola.access(),
        account_id: stan.id,
        disabled: None,
        role: Some(Role::Customer),
        permissions: None,
        verified_hash: Some(password("ola")),
        if_version: None,
        now: shop.now(),
    };
    shop.apply(vec![Change::InsertAudit(deed)]).await.expect("noted");
    shop.run(dismiss).await.expect("dismissed");
    delete(&shop, &ann).await.expect("deleted");
    for (key, is_left) in [(about_ann, false), (own, true)] {
        let found = load!(shop, [key], |tx| tx.claim(&key).await);
        assert_eq!(matches!(found, Claimed::Before { .. }), is_left, "{}: {found:?}", key.key);
    }
}

/// In notes and beside the parcel's number stands what somebody wrote about a person.
pub async fn what_was_written_about_an_order_goes_when_it_is_closed(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let product = shop.product("Mug", 10).await;
    let (closed, open) = (shop.order(&ann, &[line(&product, 1)]).await, shop.order(&ann, &[line(&product, 1)]).await);
    for order in [&closed, &open] {
        let (about, text) = (Noted::Order(order.id), "Ann called, +49 170 1234567".to_owned());
        shop.run(AddNote { about, author_id: staff.id, text, stamp: shop.next_stamp() }).await.expect("noted");
        let confirm = move_order(&shop, order.id, OrderStatus::Confirmed, Mover::Staff(staff.id));
        shop.run(MoveOrder { note: Some("for Ann".to_owned()), ..confirm }).await.expect("confirmed");
    }
    let ship = |order: &Order| {
        let tracking = Tracking {
            number: "T-1".to_owned(),
            carrier: None,
            url: Some("https://parcels.example.com/T-1?zip=10969".to_owned()),
        };
        let ship = move_order(&shop, order.id, OrderStatus::Shipped, Mover::Staff(staff.id));
        MoveOrder { tracking: Some(tracking), note: Some("handed to Ann".to_owned()), ..ship }
    };
    shop.run(ship(&closed)).await.expect("shipped");
    delete(&shop, &ann).await.expect("deleted");
    let written = async |order: &Order| {
        let order = shop.order_now(order.id).await;
        let notes = order.timeline.iter().filter(|event| event.note.is_some()).count();
        let page = order.tracking.as_ref().is_some_and(|tracking| tracking.url.is_some());
        let of_staff = notes_about(shop.db(), Noted::Order(order.id)).await.expect("an answer").len();
        (notes, page, of_staff)
    };
    assert_eq!(written(&closed).await, (0, false, 0));
    assert_eq!(written(&open).await, (1, false, 1), "the parcel has not left yet");
    let shipped = shop.run(ship(&open)).await.expect("shipped");
    assert_eq!(shipped, shop.order_now(open.id).await);
    assert_eq!(written(&open).await, (0, false, 0));
    assert_eq!(shipped.tracking.map(|tracking| tracking.number).as_deref(), Some("T-1"));
    let (about, text) = (Noted::Order(open.id), "Ann called again".to_owned());
    let late = AddNote { about, author_id: staff.id, text, stamp: shop.next_stamp() };
    assert_eq!(pointers(shop.run(late).await), [("/text".to_owned(), "not_allowed")]);
}

pub async fn what_let_one_of_the_staff_in_goes_with_them(shop: Shop) {
    let (stan, sue) = (shop.staff("stan", &[Permission::Orders]).await, shop.staff("sue", &[Permission::Orders]).await);
    for person in [&stan, &sue] {
        let factor = SecondFactor { sealed: "covered".to_owned(), recovery: Vec::new(), last_step: 0 };
        let verified_hash = password(&person.name);
        let set = SetSecondFactor { account_id: person.id, verified_hash, factor, stamp: shop.next_stamp() };
        shop.run(set).await.expect("set");
        let (name, query) = ("Mine".to_owned(), Some("status=pending".to_owned()));
        shop.run(SaveView { account_id: person.id, name, query, stamp: shop.next_stamp() }).await.expect("saved");
        let key = CreateApiKey {
            actor: person.access(),
            verified_hash: password(&person.name),
            name: "robot".to_owned(),
            hash: hash(&person.name),
            hint: "cwk_".to_owned(),
            permissions: vec![Permission::Orders],
            expires_at: None,
            stamp: shop.next_stamp(),
        };
        shop.run(key).await.expect("a key");
    }
    leave(&shop, &stan).await.expect("deleted");
    for (person, is_left) in [(&stan, false), (&sue, true)] {
        let factor = second_factor(shop.db(), person.id).await.expect("an answer");
        let views = saved_views(shop.db(), person.id).await.expect("an answer");
        let keys = api_keys(shop.db()).await.expect("an answer");
        let has_key = keys.iter().any(|key| key.account_id == person.id);
        assert_eq!((factor.is_some(), !views.is_empty(), has_key), (is_left, is_left, is_left), "{}", person.name);
    }
}

/// The session alone is not enough: whoever stole it must not be able to do away with everything.
pub async fn its_owner_gives_the_password(shop: Shop) {
    let ann = shop.customer("ann").await;
    let by_owner = |verified_hash: String| DeleteAccount {
        account_id: ann.id,
        verified_hash: Some(verified_hash),
        now: shop.now(),
    };
    refused!(shop.run(by_owner("an older one".to_owned())).await, Error::NotAuthenticated);
    assert_eq!(shop.account_now(ann.id).await, ann);
    shop.run(by_owner(password("ann"))).await.expect("deleted");
}

/// Who may not sign in cannot do it alone.
pub async fn a_locked_account_can_be_deleted_by_the_staff(shop: Shop) {
    let ann = shop.customer("ann").await;
    let owner = shop.owner("olive").await;
    shop.disable(&owner, &ann, true).await.expect("locked");
    delete(&shop, &ann).await.expect("deleted");
    assert_eq!(shop.account_now(ann.id).await.email, None);
    refused!(delete(&shop, &ann).await, Error::NotFound("account"));
}

/// Whom the staff look at is a customer; by the time that they press the button it may be one of them, or an owner.
pub async fn who_works_in_the_shop_is_deleted_by_nobody_else(shop: Shop) {
    let (stan, olga, _) = (shop.staff("stan", &[]).await, shop.owner("olga").await, shop.owner("otto").await);
    for account in [stan, olga] {
        refused!(delete(&shop, &account).await, Error::Forbidden);
        assert_eq!(shop.account_now(account.id).await, account);
        leave(&shop, &account).await.expect("deleted");
    }
}

pub async fn orders_stay_without_the_buyer(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let product = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&product, 1)]).await;
    let order = shop.moved(&order, &staff, &[OrderStatus::Confirmed, OrderStatus::Shipped]).await;
    let cancelled = shop.order(&ann, &[line(&product, 1)]).await;
    shop.moved(&cancelled, &staff, &[OrderStatus::Cancelled]).await;
    delete(&shop, &ann).await.expect("deleted");

    let country_only = PostalAddress { country: "DE".into(), ..PostalAddress::default() };
    let after = shop.order_now(order.id).await;
    assert_eq!((after.email, after.ship_to, after.account_id), (None, country_only.clone(), ann.id));
    assert_eq!((after.lines, after.total, after.status), (order.lines, order.total, order.status));
    assert_eq!(after.timeline.len(), 3);
    assert_eq!(shop.order_now(cancelled.id).await.ship_to, country_only);
    assert!(shop.mails(&MailFilter::default()).await.is_empty(), "mails about the orders stayed");
}

/// The parcel must still arrive; once it has left, nobody needs the address any more.
pub async fn an_open_order_keeps_its_address_until_it_has_left(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let product = shop.product("Mug", 10).await;
    let (shipped, cancelled) =
        (shop.order(&ann, &[line(&product, 1)]).await, shop.order(&ann, &[line(&product, 1)]).await);
    delete(&shop, &ann).await.expect("deleted");
    let open = shop.order_now(shipped.id).await;
    assert_eq!((open.email.clone(), open.ship_to.clone()), (None, ship_to()));
    let confirmed = shop.moved(&shipped, &staff, &[OrderStatus::Confirmed]).await;
    assert_eq!(confirmed.ship_to, ship_to());
    assert_eq!(shop.order_now(shipped.id).await.ship_to, ship_to());
    for (order, to) in [(&shipped, OrderStatus::Shipped), (&cancelled, OrderStatus::Cancelled)] {
        shop.moved(order, &staff, &[to]).await;
        let after = shop.order_now(order.id).await;
        assert_eq!(after.ship_to, PostalAddress { country: "DE".into(), ..PostalAddress::default() });
        assert_eq!(after.email, None);
    }
    assert!(shop.mails(&MailFilter::default()).await.is_empty(), "somebody was mailed who is gone");
    assert_eq!(shop.stock(&product).await, 9);
}

pub async fn others_keep_what_is_theirs(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let product = shop.product("Mug", 10).await;
    let order = shop.order(&bob, &[line(&product, 1)]).await;
    let session = shop.sign_in(&bob).await;
    delete(&shop, &ann).await.expect("deleted");
    assert_eq!(shop.order_now(order.id).await, order);
    assert_eq!(shop.account_now(bob.id).await, bob);
    assert!(shop.is_signed_in(session.id).await);
    assert_eq!(shop.mails_to(&email("bob")).await.len(), 1);
}

pub async fn the_address_is_free_again(shop: Shop) {
    let ann = shop.customer("ann").await;
    delete(&shop, &ann).await.expect("deleted");
    shop.sign_up("ann", "111111").await;
    assert!(shop.verify("ann", "111111").await);
    let row = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account");
    assert_ne!(row.account.id, ann.id);
}

pub async fn the_last_owner_stays(shop: Shop) {
    let (olga, otto) = (shop.owner("olga").await, shop.owner("otto").await);
    leave(&shop, &olga).await.expect("deleted");
    refused!(leave(&shop, &otto).await, Error::Conflict(Conflict::LastOwner));
    assert_eq!(shop.account_now(otto.id).await, otto);
}

pub async fn a_deleted_account_can_do_nothing_more(shop: Shop) {
    let ann = shop.customer("ann").await;
    let product = shop.product("Mug", 10).await;
    delete(&shop, &ann).await.expect("deleted");
    refused!(delete(&shop, &ann).await, Error::NotFound("account"));
    refused!(shop.run(place(&shop, &ann, &[line(&product, 1)])).await, Error::NotAuthenticated);
    assert_eq!((shop.orders().await.len(), shop.stock(&product).await), (0, 10));
}

pub async fn a_buyer_who_is_gone_is_not_mailed(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let product = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&product, 1)]).await;
    delete(&shop, &ann).await.expect("deleted");
    let confirm = move_order(&shop, order.id, OrderStatus::Confirmed, Mover::Staff(staff.id));
    assert_eq!(shop.run(confirm).await.expect("moved").status, OrderStatus::Confirmed);
    assert_eq!(shop.db().backlog().await.expect("an answer").pending, 0);
}
