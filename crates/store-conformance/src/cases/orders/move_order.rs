//! Moving orders on.

use commerce::{
    Conflict, Error,
    orders::{MoveOrder, Mover},
};
use model::{
    Account, MailTemplate, Order, OrderId, OrderStatus, OutboxMail, Product, StockCause, Tracking, order::OrderActor,
};

use crate::support::{Shop, email, line, move_order, names, pointers, refused};

use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Shipped};

/// Staff, a buyer, a product with 10 pieces, and an order of 4 of them.
async fn ordered(shop: &Shop) -> (Account, Account, Product, Order) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 10).await;
    let order = shop.order(&ann, &[line(&mug, 4)]).await;
    (staff, ann, mug, order)
}

/// How to come to a status from the first one.
fn way_to(status: OrderStatus) -> Vec<OrderStatus> {
    match status {
        Pending => vec![],
        Confirmed => vec![Confirmed],
        Shipped => vec![Confirmed, Shipped],
        Delivered => vec![Confirmed, Shipped, Delivered],
        Cancelled => vec![Cancelled],
    }
}

pub async fn an_order_goes_its_way_and_its_timeline_tells(shop: Shop) {
    let (staff, ann, mug, order) = ordered(&shop).await;
    let note = Some(" Packed with care.\nEnjoy! ".to_owned());
    let confirm = move_order(&shop, order.id, Confirmed, Mover::Staff(staff.id));
    let confirmed = shop.run(MoveOrder { note, ..confirm }).await.expect("confirmed");
    assert_eq!((confirmed.status, confirmed.version, confirmed.updated_at), (Confirmed, 2, shop.now()));
    assert_eq!(shop.order_now(order.id).await, confirmed);
    let delivered = shop.moved(&order, &staff, &[Shipped, Delivered]).await;
    assert_eq!(shop.order_now(order.id).await, delivered);
    let told: Vec<_> = delivered.timeline.iter().map(|event| (event.status, event.actor, event.actor_id)).collect();
    let by_staff = |status| (status, OrderActor::Staff, Some(staff.id));
    let placed = (Pending, OrderActor::Customer, Some(ann.id));
    assert_eq!(told, [placed, by_staff(Confirmed), by_staff(Shipped), by_staff(Delivered)]);
    assert_eq!(delivered.timeline[1].note.as_deref(), Some("Packed with care.\nEnjoy!"));
    assert!(delivered.timeline.is_sorted_by_key(|event| event.at));
    assert_eq!((delivered.placed_at, shop.stock(&mug).await), (order.placed_at, 6));
}

pub async fn every_other_move_is_refused_with_the_allowed_ones(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 1000).await;
    for from in OrderStatus::ALL {
        let order = shop.order(&ann, &[line(&mug, 1)]).await;
        let order = shop.moved(&order, &staff, &way_to(from)).await;
        let stock = shop.stock(&mug).await;
        for to in OrderStatus::ALL.into_iter().filter(|to| !from.may_become(*to)) {
            let refusal = shop.run(move_order(&shop, order.id, to, Mover::Staff(staff.id))).await;
            let Err(Error::Conflict(Conflict::NotAllowed { from: was, to: asked, allowed })) = refusal else {
                panic!("{from:?} to {to:?}: {refusal:?}")
            };
            assert_eq!((was, asked, allowed), (from, to, from.allowed()));
        }
        assert_eq!(shop.order_now(order.id).await, order);
        assert_eq!(shop.stock(&mug).await, stock);
    }
}

pub async fn a_cancellation_gives_the_stock_back_once(shop: Shop) {
    let (_, ann, mug, order) = ordered(&shop).await;
    let cancel = move_order(&shop, order.id, Cancelled, Mover::Customer(ann.id));
    let cancelled = shop.run(cancel).await.expect("cancelled");
    assert_eq!((cancelled.status, cancelled.timeline[1].actor), (Cancelled, OrderActor::Customer));
    assert_eq!(shop.stock(&mug).await, 10);
    let newest = shop.ledger(&mug).await.swap_remove(0);
    assert_eq!((newest.delta, newest.cause, newest.order_id), (4, StockCause::Cancelled, Some(order.id)));
    assert_eq!(newest.actor_id, Some(ann.id));
    assert_eq!((shop.stock(&mug).await, shop.ledger(&mug).await.len()), (10, 3));
}

pub async fn a_buyer_may_cancel_twice_and_it_is_done_once(shop: Shop) {
    let (staff, ann, mug, order) = ordered(&shop).await;
    let cancel = |id| MoveOrder { if_version: Some(1), ..move_order(&shop, id, Cancelled, Mover::Customer(ann.id)) };
    let cancelled = shop.run(cancel(order.id)).await.expect("cancelled");
    assert_eq!(shop.run(cancel(order.id)).await.expect("the same again"), cancelled);
    assert_eq!((shop.order_now(order.id).await, shop.stock(&mug).await), (cancelled, 10));
    assert_eq!((shop.ledger(&mug).await.len(), shop.mails_to(&email("ann")).await.len()), (3, 2));
    // What the staff cancelled is not theirs, and the staff see what has changed.
    let by_staff = move_order(&shop, order.id, Cancelled, Mover::Staff(staff.id));
    refused!(shop.run(by_staff).await, Error::Conflict(Conflict::NotAllowed { .. }));
    let other = shop.order(&ann, &[line(&mug, 1)]).await;
    shop.moved(&other, &staff, &[Cancelled]).await;
    refused!(shop.run(cancel(other.id)).await, Error::Stale { current: 2 });
}

pub async fn staff_cancel_confirmed_orders_too(shop: Shop) {
    let (staff, _, mug, order) = ordered(&shop).await;
    shop.moved(&order, &staff, &[Confirmed, Cancelled]).await;
    assert_eq!(shop.stock(&mug).await, 10);
    assert_eq!(shop.order_now(order.id).await.timeline.len(), 3);
}

pub async fn buyers_cancel_what_is_theirs_and_nothing_more(shop: Shop) {
    let (staff, ann, mug, order) = ordered(&shop).await;
    let bob = shop.customer("bob").await;
    let by = |to, account: &Account| move_order(&shop, order.id, to, Mover::Customer(account.id));
    refused!(shop.run(by(Cancelled, &bob)).await, Error::NotFound("order"));
    for to in [Confirmed, Shipped, Delivered, Pending] {
        refused!(shop.run(by(to, &ann)).await, Error::Forbidden);
    }
    shop.moved(&order, &staff, &[Confirmed, Shipped]).await;
    refused!(
        shop.run(by(Cancelled, &ann)).await,
        Error::Conflict(Conflict::NotAllowed { from: Shipped, allowed: [Delivered], .. })
    );
    assert_eq!(shop.stock(&mug).await, 6);
    let missing = move_order(&shop, shop.id(), Confirmed, Mover::Staff(staff.id));
    refused!(shop.run(missing).await, Error::NotFound("order"));
}

pub async fn a_shipment_can_be_followed(shop: Shop) {
    let (staff, _, _, order) = ordered(&shop).await;
    let tracking = Tracking {
        number: " 00340434161094015902 ".into(),
        carrier: Some("DHL".into()),
        url: Some("https://example.com/track?n=1".into()),
    };
    let ship = |to, tracking| MoveOrder {
        tracking: Some(tracking),
        ..move_order(&shop, order.id, to, Mover::Staff(staff.id))
    };
    let refusal = shop.run(ship(Confirmed, tracking.clone())).await;
    assert_eq!(pointers(refusal), [("/tracking".to_owned(), "not_allowed")]);
    shop.moved(&order, &staff, &[Confirmed]).await;
    let dangerous = Tracking { url: Some("javascript:alert(1)".into()), ..tracking.clone() };
    assert_eq!(pointers(shop.run(ship(Shipped, dangerous)).await), [("/tracking/url".to_owned(), "invalid_url")]);
    let shipped = shop.run(ship(Shipped, tracking)).await.expect("shipped");
    let stored = shop.order_now(order.id).await.tracking.expect("tracking");
    assert_eq!((stored.number.as_str(), shipped.tracking.as_ref()), ("00340434161094015902", Some(&stored)));
    let mail = shop.mails_to(&email("ann")).await.swap_remove(0);
    let MailTemplate::OrderShipped(shown) = mail.template else { panic!("not about the shipment: {mail:?}") };
    assert_eq!(shown.tracking, Some(stored.clone()));
    shop.moved(&order, &staff, &[Delivered]).await;
    assert_eq!(shop.order_now(order.id).await.tracking, Some(stored));
}

pub async fn every_status_is_told_to_the_buyer(shop: Shop) {
    let (staff, ann, mug, order) = ordered(&shop).await;
    let note = Some("Thank you".to_owned());
    let confirm = move_order(&shop, order.id, Confirmed, Mover::Staff(staff.id));
    shop.run(MoveOrder { note: note.clone(), ..confirm }).await.expect("confirmed");
    shop.moved(&order, &staff, &[Shipped, Delivered]).await;
    let other = shop.order(&ann, &[line(&mug, 1)]).await;
    shop.moved(&other, &staff, &[Cancelled]).await;
    let mut mails = shop.mails_to(&email("ann")).await;
    mails.reverse();
    let expected =
        ["order_placed", "order_confirmed", "order_shipped", "order_delivered", "order_placed", "order_cancelled"];
    assert_eq!(names(&mails), expected);
    let MailTemplate::OrderConfirmed(shown) = &mails[1].template else { panic!("not confirmed") };
    assert_eq!(shown.note, note);
    assert!(mails[..4].iter().all(|mail| mail.order_id == Some(order.id) && mail.account_id == Some(ann.id)));
    assert!(mails[4..].iter().all(|mail| mail.order_id == Some(other.id)));
}

pub async fn strangers_are_not_written_to_in_the_buyers_words(shop: Shop) {
    let (_, ann, mug, order) = ordered(&shop).await;
    let own = |order: OrderId, buyer| MoveOrder {
        note: Some("Your card was charged".to_owned()),
        ..move_order(&shop, order, Cancelled, Mover::Customer(buyer))
    };
    let mailed = async |name: &str| {
        let mails = shop.mails_to(&email(name)).await;
        let shown = |mail: OutboxMail| match mail.template {
            MailTemplate::OrderPlaced(shown) | MailTemplate::OrderCancelled(shown) => Some((shown.ship_to, shown.note)),
            _ => None,
        };
        mails.into_iter().filter_map(shown).collect::<Vec<_>>()
    };
    shop.run(own(order.id, ann.id)).await.expect("cancelled");
    let told = mailed("ann").await;
    assert!(told.len() == 2 && told.iter().all(|(to, note)| *to == order.ship_to && note.is_none()), "{told:?}");
    // Nobody showed that this address is theirs.
    shop.sign_up("bob", "111111").await;
    let bob = shop.db().credentials(&email("bob")).await.expect("an answer").expect("an account").account;
    let order = shop.order(&bob, &[line(&mug, 1)]).await;
    shop.run(own(order.id, bob.id)).await.expect("cancelled");
    let told = mailed("bob").await;
    assert!(told.len() == 2 && told.iter().all(|(to, note)| to.line1.is_empty() && note.is_none()), "{told:?}");
}

pub async fn a_refused_move_mails_nothing(shop: Shop) {
    let (staff, _, _, order) = ordered(&shop).await;
    shop.run(move_order(&shop, order.id, Shipped, Mover::Staff(staff.id))).await.expect_err("not confirmed yet");
    assert_eq!(names(&shop.mails_to(&email("ann")).await), ["order_placed"]);
}

pub async fn stale_versions_and_wrong_notes_are_refused(shop: Shop) {
    let (staff, _, _, order) = ordered(&shop).await;
    let confirm = || move_order(&shop, order.id, Confirmed, Mover::Staff(staff.id));
    refused!(shop.run(MoveOrder { if_version: Some(2), ..confirm() }).await, Error::Stale { current: 1 });
    let refusal = shop.run(MoveOrder { note: Some("a\u{0}b".into()), ..confirm() }).await;
    assert_eq!(pointers(refusal), [("/note".to_owned(), "control_character")]);
    shop.run(MoveOrder { if_version: Some(1), ..confirm() }).await.expect("confirmed");
    assert_eq!(shop.order_now(order.id).await.version, 2);
}

pub async fn what_is_lost_is_not_put_back(shop: Shop) {
    let (staff, ann, mug, order) = ordered(&shop).await;
    let lost = MoveOrder { is_lost: true, ..move_order(&shop, order.id, Cancelled, Mover::Staff(staff.id)) };
    shop.run(lost).await.expect("cancelled");
    assert_eq!(shop.stock(&mug).await, 6);
    let ledger = shop.ledger(&mug).await;
    let deltas: Vec<_> = ledger.iter().map(|movement| (movement.delta, movement.cause)).collect();
    assert!(deltas.contains(&(4, StockCause::Cancelled)) && deltas.contains(&(-4, StockCause::Adjusted)), "{deltas:?}");
    // What goes on to the customer is not put back anyway.
    let other = shop.order(&ann, &[line(&mug, 1)]).await;
    let confirm = MoveOrder { is_lost: true, ..move_order(&shop, other.id, Confirmed, Mover::Staff(staff.id)) };
    assert_eq!(pointers(shop.run(confirm).await), [("/restock".to_owned(), "not_allowed")]);
    shop.moved(&other, &staff, &[Cancelled]).await;
    // A buyer has no say in that.
    let other = shop.order(&ann, &[line(&mug, 2)]).await;
    let own = MoveOrder { is_lost: true, ..move_order(&shop, other.id, Cancelled, Mover::Customer(ann.id)) };
    shop.run(own).await.expect("cancelled");
    assert_eq!(shop.stock(&mug).await, 6);
    shop.assert_sound().await;
}
