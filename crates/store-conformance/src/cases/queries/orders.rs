//! Orders, as they are listed.

use commerce::accounts::DeleteAccount;
use model::{Account, Order, OrderStatus, Product, SignedDuration};
use store::{Change, OrderFilter};

use crate::support::{Shop, all_pages, email, first_page, line, page_of, place};

async fn found(shop: &Shop, filter: OrderFilter) -> Vec<Order> {
    shop.db().orders(&filter, &first_page()).await.expect("an answer").items
}

async fn buyers(shop: &Shop) -> (Account, Account, Product) {
    (shop.customer("ann").await, shop.customer("bob").await, shop.product("Mug", 1000).await)
}

pub async fn orders_are_listed_whole_and_newest_first(shop: Shop) {
    let (ann, bob, mug) = buyers(&shop).await;
    let cup = shop.product("Cup", 10).await;
    let first = shop.order(&ann, &[line(&mug, 1), line(&cup, 2)]).await;
    let second = shop.order(&bob, &[line(&mug, 1)]).await;
    let first = shop.moved(&first, &bob, &[OrderStatus::Confirmed]).await;
    assert_eq!(found(&shop, OrderFilter::default()).await, [second, first]);
}

pub async fn each_filter_finds_its_orders(shop: Shop) {
    let (ann, bob, mug) = buyers(&shop).await;
    let mut orders = Vec::new();
    for buyer in [&ann, &bob, &ann, &bob] {
        shop.pass(SignedDuration::from_hours(1));
        orders.push(shop.order(buyer, &[line(&mug, 1)]).await);
    }
    orders[1] = shop.moved(&orders[1], &ann, &[OrderStatus::Confirmed]).await;
    orders[2] = shop.moved(&orders[2], &ann, &[OrderStatus::Cancelled]).await;
    let [first, second, third, fourth] = &orders[..] else { panic!("four orders") };
    let none = OrderFilter::default;
    let cases = [
        (OrderFilter { account_id: Some(ann.id), ..none() }, vec![third, first]),
        (OrderFilter { email: Some(email("bob")), ..none() }, vec![fourth, second]),
        (OrderFilter { email: Some(email("nobody")), ..none() }, vec![]),
        (OrderFilter { statuses: vec![OrderStatus::Pending], ..none() }, vec![fourth, first]),
        (OrderFilter { statuses: vec![OrderStatus::Shipped], ..none() }, vec![]),
        (OrderFilter { statuses: vec![OrderStatus::Confirmed, OrderStatus::Cancelled], ..none() }, vec![third, second]),
        (OrderFilter { statuses: vec![OrderStatus::Pending, OrderStatus::Shipped], ..none() }, vec![fourth, first]),
        (
            OrderFilter {
                account_id: Some(ann.id),
                statuses: vec![OrderStatus::Cancelled, OrderStatus::Pending],
                ..none()
            },
            vec![third, first],
        ),
        (
            OrderFilter {
                numbers: Some(vec![first.number, second.number, third.number]),
                statuses: vec![OrderStatus::Pending, OrderStatus::Confirmed],
                ..none()
            },
            vec![second, first],
        ),
        (
            OrderFilter {
                statuses: vec![OrderStatus::Pending, OrderStatus::Cancelled, OrderStatus::Pending],
                ..none()
            },
            vec![fourth, third, first],
        ),
        (
            OrderFilter {
                statuses: vec![OrderStatus::Pending, OrderStatus::Confirmed, OrderStatus::Cancelled],
                placed_from: Some(second.placed_at),
                placed_before: Some(fourth.placed_at),
                text: Some("ann".to_owned()),
                ..none()
            },
            vec![third, second],
        ),
        (
            OrderFilter {
                statuses: vec![OrderStatus::Pending, OrderStatus::Confirmed],
                number: Some(second.number),
                tracking: Some("nowhere".to_owned()),
                ..none()
            },
            vec![],
        ),
        (OrderFilter { number: Some(second.number), ..none() }, vec![second]),
        (OrderFilter { number: Some(model::OrderNumber(1)), ..none() }, vec![]),
        (OrderFilter { placed_from: Some(second.placed_at), ..none() }, vec![fourth, third, second]),
        (OrderFilter { placed_before: Some(third.placed_at), ..none() }, vec![second, first]),
        (
            OrderFilter { placed_from: Some(second.placed_at), placed_before: Some(third.placed_at), ..none() },
            vec![second],
        ),
        (OrderFilter { account_id: Some(bob.id), statuses: vec![OrderStatus::Confirmed], ..none() }, vec![second]),
        (OrderFilter { account_id: Some(ann.id), number: Some(second.number), ..none() }, vec![]),
        (OrderFilter { email: Some(email("ann")), statuses: vec![OrderStatus::Cancelled], ..none() }, vec![third]),
    ];
    for (filter, expected) in cases {
        let found = found(&shop, filter.clone()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

pub async fn orders_of_deleted_buyers_are_found_without_their_address(shop: Shop) {
    let (ann, _, mug) = buyers(&shop).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    assert!(found(&shop, OrderFilter { email: Some(email("ann")), ..OrderFilter::default() }).await.is_empty());
    let by_account = found(&shop, OrderFilter { account_id: Some(ann.id), ..OrderFilter::default() }).await;
    assert_eq!(by_account.iter().map(|order| order.id).collect::<Vec<_>>(), [order.id]);
}

pub async fn orders_are_paged_with_every_filter(shop: Shop) {
    let (ann, bob, mug) = buyers(&shop).await;
    for number in 0..30 {
        let buyer = if number % 3 == 0 { &bob } else { &ann };
        let order = shop.order(buyer, &[line(&mug, 1)]).await;
        if number % 2 == 0 {
            shop.moved(&order, &bob, &[OrderStatus::Confirmed]).await;
        }
    }
    let none = OrderFilter::default;
    let filters = [
        none(),
        OrderFilter { account_id: Some(ann.id), ..none() },
        OrderFilter { statuses: vec![OrderStatus::Confirmed], ..none() },
        OrderFilter { email: Some(email("ann")), statuses: vec![OrderStatus::Pending], ..none() },
        OrderFilter { statuses: vec![OrderStatus::Pending, OrderStatus::Confirmed], ..none() },
        OrderFilter { placed_from: Some(shop.now() - SignedDuration::from_millis(20)), ..none() },
        OrderFilter {
            statuses: vec![OrderStatus::Confirmed, OrderStatus::Shipped, OrderStatus::Pending],
            placed_from: Some(shop.now() - SignedDuration::from_millis(20)),
            ..none()
        },
    ];
    for filter in filters {
        let whole = found(&shop, filter.clone()).await;
        assert!(whole.len() > 3 && whole.is_sorted_by_key(|order| std::cmp::Reverse(order.placed_at)));
        for limit in [1, 4, 100] {
            let listed = all_pages(limit, async |page| shop.db().orders(&filter, &page).await).await;
            assert_eq!(listed, whole, "{filter:?} in pages of {limit}");
        }
    }
}

/// A busy shop places many orders in one microsecond as far as its clock can tell.
pub async fn orders_of_one_moment_are_paged_too(shop: Shop) {
    let (ann, _, mug) = buyers(&shop).await;
    let mut placed = Vec::new();
    for _ in 0..12 {
        let order = commerce::orders::PlaceOrder { stamp: shop.stamp(), ..place(&shop, &ann, &[line(&mug, 1)]) };
        let order =
            commerce::orders::PlaceOrder { stamp: model::Stamp::new(ann.created_at, shop.number().into()), ..order };
        placed.push(shop.run(order).await.expect("an order").id);
    }
    let filter = OrderFilter::default();
    for limit in [1, 5] {
        let listed = all_pages(limit, async |page| shop.db().orders(&filter, &page).await).await;
        let mut ids: Vec<_> = listed.iter().map(|order| order.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((listed.len(), ids.len()), (12, 12), "in pages of {limit}");
    }
}

/// What is added while somebody turns the pages comes on none of them, and moves nothing between them.
pub async fn orders_that_are_added_meanwhile_disturb_no_page(shop: Shop) {
    let (ann, _, mug) = buyers(&shop).await;
    for _ in 0..10 {
        shop.order(&ann, &[line(&mug, 1)]).await;
    }
    let before = found(&shop, OrderFilter::default()).await;
    let filter = OrderFilter::default();
    let listed = all_pages(3, async |page| {
        let answer = shop.db().orders(&filter, &page).await;
        shop.order(&ann, &[line(&mug, 1)]).await;
        answer
    });
    assert_eq!(listed.await, before);
}

/// A cursor names an order; that its status changes or the list grows must not lose the place.
pub async fn a_page_after_the_last_item_is_empty(shop: Shop) {
    let (ann, _, mug) = buyers(&shop).await;
    for _ in 0..3 {
        shop.order(&ann, &[line(&mug, 1)]).await;
    }
    let filter = OrderFilter { statuses: vec![OrderStatus::Pending], ..OrderFilter::default() };
    let first = shop.db().orders(&filter, &page_of(2, None)).await.expect("an answer");
    let oldest = found(&shop, filter.clone()).await.pop().expect("three orders");
    shop.moved(&oldest, &ann, &[OrderStatus::Confirmed]).await;
    let rest = shop.db().orders(&filter, &page_of(2, first.next)).await.expect("an answer");
    assert_eq!((rest.items, rest.next), (vec![], None));
    assert_eq!(shop.db().order(shop.id()).await.expect("an answer"), None);
    let unchanged = Change::UpdateOrder { order: shop.order_now(oldest.id).await, event: None };
    shop.apply(vec![unchanged]).await.expect("an order may be written without an event");
    assert_eq!(shop.order_now(oldest.id).await.timeline.len(), 2);
}
