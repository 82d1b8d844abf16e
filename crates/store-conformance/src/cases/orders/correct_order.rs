//! Correcting orders.

use std::sync::Arc;

use commerce::{
    Actor, Audited, Error,
    accounts::DeleteAccount,
    orders::{CorrectOrder, Corrected, MoveOrder, Mover, OrderBook, Sought, SoughtIn, corrections},
};
use model::{
    Account, AuditEntry, MailTemplate, Order, OrderEvent, OrderNumber, OrderStatus, PostalAddress, Product,
    ShopSettings, Timestamp, Tracking,
    order::{ADDRESS_CORRECTED, Correction, OrderActor, TRACKING_ADDED, TRACKING_CORRECTED, TRACKING_REMOVED},
};
use store::{AuditFilter, DocumentKind, PageRequest};

use crate::support::{Shop, at_once, count_ok, email, line, move_order, names, pointers, refused, ship_to};

use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Shipped};

/// Staff, a buyer, and a product with 10 pieces.
async fn people(shop: &Shop) -> (Account, Account, Product) {
    (shop.staff("stan", &[]).await, shop.customer("ann").await, shop.product("Mug", 10).await)
}

fn correct(shop: &Shop, staff: &Account, order: &Order, correction: Correction) -> CorrectOrder {
    CorrectOrder {
        id: order.id,
        correction,
        staff_id: staff.id,
        settings: Arc::new(ShopSettings::default()),
        if_version: None,
        stamp: shop.next_stamp(),
    }
}

fn to(address: PostalAddress) -> Correction {
    Correction { ship_to: Some(address), tracking: None }
}

/// The address with another street.
fn street(line1: &str) -> PostalAddress {
    PostalAddress { line1: line1.to_owned(), ..ship_to() }
}

fn tracked(number: &str, carrier: Option<&str>, url: Option<&str>) -> Correction {
    let [carrier, url] = [carrier, url].map(|text| text.map(str::to_owned));
    Correction { ship_to: None, tracking: Some(Some(Tracking { number: number.to_owned(), carrier, url })) }
}

fn untracked() -> Correction {
    Correction { ship_to: None, tracking: Some(None) }
}

async fn run(shop: &Shop, operation: CorrectOrder) -> Result<Order, Error> {
    shop.run(operation).await.map(|corrected| corrected.order)
}

/// Runs it as somebody of whom the audit log tells. Gives whether the buyer was told too.
async fn told(shop: &Shop, staff: &Account, operation: CorrectOrder) -> Result<Corrected, Error> {
    let by = Actor { account_id: staff.id, address: None, key: None };
    shop.run(Audited { by, operation, stamp: shop.next_stamp() }).await
}

/// The same, without whether the buyer was told.
async fn audited(shop: &Shop, staff: &Account, operation: CorrectOrder) -> Result<Order, Error> {
    told(shop, staff, operation).await.map(|corrected| corrected.order)
}

/// What the audit log says, newest first.
async fn log(shop: &Shop) -> Vec<AuditEntry> {
    let all = PageRequest { limit: 100, after: None };
    shop.db().audit_log(&AuditFilter::default(), &all).await.expect("an answer").items
}

fn notes(order: &Order) -> Vec<Option<&str>> {
    order.timeline.iter().map(|event| event.note.as_deref()).collect()
}

pub async fn a_wrong_address_is_corrected_until_the_parcel_leaves(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let order = shop.order(&ann, &[line(&mug, 4)]).await;
    let typed = PostalAddress { line2: None, ..street(" Torstraße 11 ") };
    let corrected = run(&shop, correct(&shop, &staff, &order, to(typed.clone()))).await.expect("corrected");
    let event = OrderEvent {
        at: shop.now(),
        status: Pending,
        actor: OrderActor::Staff,
        actor_id: Some(staff.id),
        note: Some(ADDRESS_CORRECTED.to_owned()),
    };
    let expected = Order {
        ship_to: PostalAddress { line2: None, ..street("Torstraße 11") },
        timeline: vec![order.timeline[0].clone(), event],
        updated_at: shop.now(),
        version: 2,
        ..order.clone()
    };
    assert_eq!(corrected, expected);
    assert_eq!(shop.order_now(order.id).await, expected);
    // The same again changes nothing, nor does nothing.
    for correction in [to(typed), Correction::default()] {
        assert_eq!(run(&shop, correct(&shop, &staff, &order, correction)).await.expect("as it is"), expected);
    }
    assert_eq!(shop.order_now(order.id).await, expected);
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["order_placed"]);
    assert_eq!(shop.stock(&mug).await, 6);

    let ways: [(&[OrderStatus], bool); 4] = [
        (&[Confirmed], true),
        (&[Confirmed, Shipped], false),
        (&[Confirmed, Shipped, Delivered], false),
        (&[Cancelled], false),
    ];
    for (way, is_open) in ways {
        let order = shop.order(&ann, &[line(&mug, 1)]).await;
        let order = shop.moved(&order, &staff, way).await;
        let result = run(&shop, correct(&shop, &staff, &order, to(street("Torstraße 11")))).await;
        if is_open {
            assert_eq!(result.expect("corrected").status, order.status);
        } else {
            assert_eq!(pointers(result), [("/ship_to".to_owned(), "not_allowed")], "{way:?}");
            assert_eq!(shop.order_now(order.id).await, order);
        }
    }
    shop.assert_sound().await;
}

pub async fn a_correction_is_checked_as_an_order_is(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let by_staff = |address| correct(&shop, &staff, &order, to(address));
    let wrong = PostalAddress { country: "XX".into(), ..street(" ") };
    let told = [("/ship_to/line1".to_owned(), "required"), ("/ship_to/country".to_owned(), "invalid_country")];
    assert_eq!(pointers(run(&shop, by_staff(wrong)).await), told);
    let stale = CorrectOrder { if_version: Some(2), ..by_staff(street("Torstraße 11")) };
    refused!(run(&shop, stale).await, Error::Stale { current: 1 });
    let missing = CorrectOrder { id: shop.id(), ..by_staff(street("Torstraße 11")) };
    refused!(run(&shop, missing).await, Error::NotFound("order"));
    assert_eq!(shop.order_now(order.id).await, order);
    assert_eq!(corrections(shop.db()).await.expect("an answer").count, 0);

    // Another country must be one that the shop sends to; a street where it no longer does is still a street.
    let settings = Arc::new(ShopSettings { countries: vec!["FR".to_owned()], ..ShopSettings::default() });
    let under = |address| CorrectOrder { settings: settings.clone(), ..by_staff(address) };
    let abroad = |country: &str| PostalAddress { country: country.to_owned(), ..ship_to() };
    let told = [("/ship_to/country".to_owned(), "not_shipped_to")];
    assert_eq!(pointers(run(&shop, under(abroad("AT"))).await), told);
    run(&shop, under(street("Torstraße 11"))).await.expect("the same country");
    let corrected = run(&shop, CorrectOrder { if_version: Some(2), ..under(abroad("fr")) }).await.expect("corrected");
    assert_eq!((corrected.ship_to.country.as_str(), corrected.version), ("FR", 3));
}

/// Nothing that cannot be forgotten repeats an address, neither the wrong one nor the right one.
pub async fn a_corrected_address_is_forgotten_with_its_owner(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    audited(&shop, &staff, correct(&shop, &staff, &order, to(street("Quittenweg 5")))).await.expect("corrected");
    let entries = log(&shop).await;
    assert_eq!((entries.len(), entries[0].action.as_str()), (1, "order.corrected"));
    assert_eq!(entries[0].content.changes, ["address corrected"]);
    assert_eq!(
        (entries[0].subject_id, entries[0].content.subject.clone()),
        (Some(order.id.0), order.number.to_string())
    );

    let delete = DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() };
    shop.run(delete).await.expect("deleted");
    // The parcel must still arrive.
    let again = correct(&shop, &staff, &order, to(street("Quittenweg 7")));
    let corrected = audited(&shop, &staff, again).await.expect("corrected");
    assert_eq!((corrected.ship_to.line1.as_str(), corrected.email.clone()), ("Quittenweg 7", None));
    shop.moved(&order, &staff, &[Confirmed, Shipped]).await;
    let left = shop.order_now(order.id).await;
    assert_eq!(left.ship_to, PostalAddress { country: "DE".into(), ..PostalAddress::default() });
    assert_eq!(notes(&left), [None; 5]);
    // A page may name the address.
    let page = tracked("T-1", None, Some("https://parcels.example.com/T-1?street=Quittenweg"));
    let followed = audited(&shop, &staff, correct(&shop, &staff, &order, page.clone())).await.expect("followed");
    assert_eq!(shop.order_now(order.id).await, followed);
    // The same again is no other correction, although its page is not kept.
    let again = told(&shop, &staff, correct(&shop, &staff, &order, page)).await.expect("as it is");
    assert_eq!(again, Corrected { order: followed.clone(), is_told: false });
    assert_eq!((shop.order_now(order.id).await, log(&shop).await.len()), (followed.clone(), 3));
    assert_eq!(followed.tracking, Some(Tracking { number: "T-1".to_owned(), ..Tracking::default() }));
    assert_eq!(notes(&followed), [None; 6]);
    assert!(shop.mails_to(&email("ann")).await.is_empty(), "somebody was mailed who is gone");
    let kept = shop.db().documents(DocumentKind::Corrections).await.expect("an answer");
    let all = format!("{:?} {kept:?} {followed:?}", log(&shop).await);
    assert!(!all.contains("Quittenweg") && !all.contains("Torstraße"), "{all}");
    shop.assert_sound().await;
}

pub async fn a_parcel_gets_its_number_later(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let follow = |correction| audited(&shop, &staff, correct(&shop, &staff, &order, correction));
    let ways: [&[OrderStatus]; 2] = [&[], &[Confirmed]];
    for way in ways {
        shop.moved(&order, &staff, way).await;
        assert_eq!(pointers(follow(tracked("T-1", None, None)).await), [("/tracking".to_owned(), "not_allowed")]);
    }
    shop.moved(&order, &staff, &[Shipped]).await;
    let dangerous = tracked("T-1", None, Some("javascript:alert(1)"));
    assert_eq!(pointers(follow(dangerous).await), [("/tracking/url".to_owned(), "invalid_url")]);
    // The first number is news.
    let first = follow(tracked(" T-1 ", None, None)).await.expect("added");
    assert_eq!(shop.order_now(order.id).await, first);
    assert_eq!((first.status, first.ship_to, first.version), (Shipped, ship_to(), 4));
    let mails = shop.mails_to(&email("ann")).await;
    assert_eq!(names(&mails), ["order_shipped", "order_shipped", "order_confirmed", "order_placed"]);
    let MailTemplate::OrderShipped(shown) = &mails[0].template else { panic!("not about the shipment: {mails:?}") };
    assert_eq!(shown.tracking.as_ref().map(|tracking| tracking.number.as_str()), Some("T-1"));
    // What is then corrected is not, whether it is on its way or there.
    follow(tracked("T-2", Some("DHL"), Some("https://parcels.example.com/T-2"))).await.expect("corrected");
    shop.moved(&order, &staff, &[Delivered]).await;
    let last = follow(tracked("T-3", None, Some("https://parcels.example.com/T-2"))).await.expect("corrected");
    assert_eq!(shop.order_now(order.id).await, last);
    assert_eq!(names(&shop.mails_to(&email("ann")).await).len(), 5);
    let (added, corrected) = (Some(TRACKING_ADDED), Some(TRACKING_CORRECTED));
    assert_eq!(notes(&last), [None, None, None, added, corrected, None, corrected]);
    let said: Vec<_> = log(&shop).await.into_iter().rev().map(|entry| entry.content.changes).collect();
    assert_eq!(said[0], ["tracking number: nothing → T-1"]);
    assert_eq!(said[1], ["tracking number: T-1 → T-2", "carrier: nothing → DHL", "tracking page changed"]);
    assert_eq!(said[2], ["tracking number: T-2 → T-3", "carrier: DHL → nothing"]);
    // What never left cannot be followed.
    let cancelled = shop.order(&ann, &[line(&mug, 1)]).await;
    shop.moved(&cancelled, &staff, &[Cancelled]).await;
    let refusal = run(&shop, correct(&shop, &staff, &cancelled, tracked("T-1", None, None))).await;
    assert_eq!(pointers(refusal), [("/tracking".to_owned(), "not_allowed")]);
    shop.assert_sound().await;
}

/// The buyer is mailed the first number that there ever was, and no other one.
pub async fn a_number_of_a_parcel_is_taken_back(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let follow = |correction| told(&shop, &staff, correct(&shop, &staff, &order, correction));
    // What is not there can be left away at any time.
    let as_it_was = Corrected { order: order.clone(), is_told: false };
    assert_eq!(follow(untracked()).await.expect("as it is"), as_it_was);
    let shipped = shop.moved(&order, &staff, &[Confirmed, Shipped]).await;
    // There is none yet.
    assert_eq!(follow(untracked()).await.expect("as it is"), Corrected { order: shipped, is_told: false });
    let first = follow(tracked("T-1", Some("DHL"), Some("https://parcels.example.com/T-1"))).await.expect("added");
    assert!(first.is_told);
    let removed = follow(untracked()).await.expect("removed");
    assert_eq!((removed.order.tracking.clone(), removed.is_told), (None, false));
    assert_eq!(shop.order_now(order.id).await, removed.order);
    assert_eq!(follow(untracked()).await.expect("as it is"), removed);
    let second = follow(tracked("T-2", None, None)).await.expect("added");
    assert_eq!((second.order.version, second.is_told), (6, false));
    let (added, removed) = (Some(TRACKING_ADDED), Some(TRACKING_REMOVED));
    assert_eq!(notes(&second.order), [None, None, None, added, removed, added]);
    assert_eq!(shop.order_now(order.id).await, second.order);
    let mails = ["order_shipped", "order_shipped", "order_confirmed", "order_placed"];
    assert_eq!(names(&shop.mails_to(&email("ann")).await), mails);
    let entries = log(&shop).await;
    assert_eq!(
        entries[1].content.changes,
        ["tracking number: T-1 → nothing", "carrier: DHL → nothing", "tracking page changed"]
    );
    shop.assert_sound().await;
}

/// Runs the correction and the move in one moment. Gives what became of the correction, and the order after both.
async fn beside(shop: &Shop, correct: CorrectOrder, moving: MoveOrder) -> (Result<(), Error>, Order) {
    let id = correct.id;
    let mut results = at_once(2, |number| {
        let (shop, correct, moving) = (shop.clone(), correct.clone(), moving.clone());
        async move { if number == 0 { run(&shop, correct).await } else { shop.run(moving).await } }
    })
    .await;
    let moved = results.pop().expect("two of them");
    moved.expect("a correction is in the way of nothing");
    (results.pop().expect("two of them").map(drop), shop.order_now(id).await)
}

/// Where the parcel goes is known when it leaves: a correction comes before, or is refused.
pub async fn an_order_is_corrected_before_it_moves_on_or_not_at_all(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let right = street("Torstraße 11");
    let ways: [(&[OrderStatus], OrderStatus); 2] = [(&[Confirmed], Shipped), (&[], Cancelled)];
    for (way, next) in ways {
        for _ in 0..4 {
            let order = shop.order(&ann, &[line(&mug, 1)]).await;
            let order = shop.moved(&order, &staff, way).await;
            let moving = move_order(&shop, order.id, next, Mover::Staff(staff.id));
            let (result, now) = beside(&shop, correct(&shop, &staff, &order, to(right.clone())), moving).await;
            let mut said = notes(&order);
            match result {
                Ok(()) => {
                    assert_eq!(now.ship_to, right);
                    said.extend([Some(ADDRESS_CORRECTED), None]);
                }
                Err(error) => {
                    assert_eq!(pointers::<()>(Err(error)), [("/ship_to".to_owned(), "not_allowed")]);
                    assert_eq!(now.ship_to, order.ship_to);
                    said.push(None);
                }
            }
            assert_eq!((now.status, notes(&now)), (next, said));
            assert_eq!(now.version, now.timeline.len() as i64);
        }
        // Those that were shipped are gone, those that were cancelled are back.
        assert_eq!(shop.stock(&mug).await, 6, "{next:?}");
    }
    shop.assert_sound().await;
}

/// Whoever leaves while an order of theirs is corrected has left.
pub async fn a_correction_brings_back_nobody_who_leaves_meanwhile(shop: Shop) {
    let (staff, mug) = (shop.staff("stan", &[]).await, shop.product("Mug", 10).await);
    let page = tracked("T-1", None, Some("https://parcels.example.com/T-1?street=Quittenweg"));
    let cases: [(&[OrderStatus], Correction, &str); 2] =
        [(&[], to(street("Quittenweg 5")), "Quittenweg 5"), (&[Confirmed, Shipped], page, "")];
    for round in 0..3 {
        for (way, correction, line1) in &cases {
            let name = format!("buyer-{round}-{}", way.len());
            let buyer = shop.customer(&name).await;
            let order = shop.order(&buyer, &[line(&mug, 1)]).await;
            let order = shop.moved(&order, &staff, way).await;
            let correct = correct(&shop, &staff, &order, correction.clone());
            let delete = DeleteAccount { account_id: buyer.id, verified_hash: None, now: shop.now() };
            let results = at_once(2, |number| {
                let (shop, correct, delete) = (shop.clone(), correct.clone(), delete.clone());
                async move { if number == 0 { run(&shop, correct).await.map(drop) } else { shop.run(delete).await } }
            })
            .await;
            assert_eq!(count_ok(&results), 2, "{results:?}");
            let now = shop.order_now(order.id).await;
            assert_eq!((&now.email, now.ship_to.line1.as_str()), (&None, *line1));
            assert_eq!(now.version, now.timeline.len() as i64);
            assert!(!way.is_empty() || now.ship_to.name == ship_to().name, "{now:?}");
            if !way.is_empty() {
                assert_eq!(now.tracking, Some(Tracking { number: "T-1".to_owned(), ..Tracking::default() }));
                assert_eq!(notes(&now), [None; 4]);
            }
            assert!(shop.mails_to(&email(&name)).await.is_empty(), "somebody was mailed who is gone");
        }
    }
    shop.assert_sound().await;
}

/// What is kept in memory of all orders hears of each correction, however many there are at once.
pub async fn a_book_of_the_orders_hears_of_corrected_addresses(shop: Shop) {
    let (staff, ann, mug) = people(&shop).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(shop.order(&ann, &[line(&mug, 1)]).await);
    }
    let mut book = OrderBook::default();
    book.add(&shop.db().order_digests_after(OrderNumber::default(), 100).await.expect("an answer"), shop.now());
    let results = at_once(4, |number| {
        let address = PostalAddress { name: format!("Zoe {number}"), ..ship_to() };
        let (shop, correct) = (shop.clone(), correct(&shop, &staff, &orders[number], to(address)));
        async move { run(&shop, correct).await }
    })
    .await;
    assert_eq!(count_ok(&results), 4, "{results:?}");
    let heard = corrections(shop.db()).await.expect("an answer");
    assert_eq!(heard.count, 4);
    let mut missed = heard.after(book.corrections()).expect("all are known").to_vec();
    missed.sort_unstable();
    assert_eq!(missed, orders[..4].iter().map(|order| order.number).collect::<Vec<_>>());
    book.correct(&shop.db().order_digests_of(&missed).await.expect("an answer"), heard.count);
    let sought = Sought::new("zoe", SoughtIn::People);
    assert_eq!(book.find(&sought, Timestamp::MIN, Timestamp::MAX, 10).count, 4);
    assert_eq!(heard.after(book.corrections()).map(<[OrderNumber]>::len), Some(0));
    // A number of a parcel is in no book.
    let shipped = shop.moved(&orders[4], &staff, &[Confirmed, Shipped]).await;
    run(&shop, correct(&shop, &staff, &shipped, tracked("T-1", None, None))).await.expect("followed");
    assert_eq!(corrections(shop.db()).await.expect("an answer"), heard);
}
