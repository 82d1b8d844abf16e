//! Correcting orders.

use std::sync::Arc;

use commerce::{
    Actor, Audited, Error,
    accounts::DeleteAccount,
    orders::{CorrectOrder, OrderBook, Sought, SoughtIn, corrections},
};
use model::{
    Account, AuditEntry, MailTemplate, Order, OrderEvent, OrderNumber, OrderStatus, PostalAddress, Product,
    ShopSettings, Timestamp, Tracking,
    order::{ADDRESS_CORRECTED, Correction, OrderActor, TRACKING_ADDED, TRACKING_CORRECTED},
};
use store::{AuditFilter, DocumentKind, PageRequest};

use crate::support::{Shop, at_once, count_ok, email, line, names, pointers, refused, ship_to};

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
    Correction { ship_to: None, tracking: Some(Tracking { number: number.to_owned(), carrier, url }) }
}

/// Runs it as somebody of whom the audit log tells.
async fn audited(shop: &Shop, staff: &Account, operation: CorrectOrder) -> Result<Order, Error> {
    let by = Actor { account_id: staff.id, address: None, key: None };
    shop.run(Audited { by, operation, stamp: shop.next_stamp() }).await
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
    let corrected = shop.run(correct(&shop, &staff, &order, to(typed.clone()))).await.expect("corrected");
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
        assert_eq!(shop.run(correct(&shop, &staff, &order, correction)).await.expect("as it is"), expected);
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
        let result = shop.run(correct(&shop, &staff, &order, to(street("Torstraße 11")))).await;
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
    assert_eq!(pointers(shop.run(by_staff(wrong)).await), told);
    let stale = CorrectOrder { if_version: Some(2), ..by_staff(street("Torstraße 11")) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    let missing = CorrectOrder { id: shop.id(), ..by_staff(street("Torstraße 11")) };
    refused!(shop.run(missing).await, Error::NotFound("order"));
    assert_eq!(shop.order_now(order.id).await, order);
    assert_eq!(corrections(shop.db()).await.expect("an answer").count, 0);

    // Another country must be one that the shop sends to; a street where it no longer does is still a street.
    let settings = Arc::new(ShopSettings { countries: vec!["FR".to_owned()], ..ShopSettings::default() });
    let under = |address| CorrectOrder { settings: settings.clone(), ..by_staff(address) };
    let abroad = |country: &str| PostalAddress { country: country.to_owned(), ..ship_to() };
    let told = [("/ship_to/country".to_owned(), "not_shipped_to")];
    assert_eq!(pointers(shop.run(under(abroad("AT"))).await), told);
    shop.run(under(street("Torstraße 11"))).await.expect("the same country");
    let corrected = shop.run(CorrectOrder { if_version: Some(2), ..under(abroad("fr")) }).await.expect("corrected");
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
    let followed = audited(&shop, &staff, correct(&shop, &staff, &order, page)).await.expect("followed");
    assert_eq!(shop.order_now(order.id).await, followed);
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
    let refusal = shop.run(correct(&shop, &staff, &cancelled, tracked("T-1", None, None))).await;
    assert_eq!(pointers(refusal), [("/tracking".to_owned(), "not_allowed")]);
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
        async move { shop.run(correct).await }
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
    shop.run(correct(&shop, &staff, &shipped, tracked("T-1", None, None))).await.expect("followed");
    assert_eq!(corrections(shop.db()).await.expect("an answer"), heard);
}
