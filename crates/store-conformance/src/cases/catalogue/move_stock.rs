//! Stock moves by movements with a cause.

use commerce::{Conflict, Error, catalogue::MoveStock};
use model::{OrderStatus, StockCause, StockMovement, stock::STOCK_MAX};

use crate::support::{Shop, draft, line, pointers, refused};

pub async fn a_movement_is_in_the_ledger_and_in_the_level(shop: Shop) {
    let owner = shop.owner("olga").await;
    let mug = shop.product("Mug", 5).await;
    let variant_id = mug.variants[0].id;
    let movement = MoveStock { reason: " new delivery ".into(), ..shop.movement(variant_id, 7) };
    let variant = shop.run(MoveStock { actor_id: Some(owner.id), ..movement }).await.expect("moved");
    assert_eq!((variant.id, variant.stock), (variant_id, 12));
    assert_eq!(shop.stock(&mug).await, 12);
    let newest = shop.ledger(&mug).await.swap_remove(0);
    let expected = StockMovement {
        id: newest.id,
        variant_id,
        delta: 7,
        cause: StockCause::Received,
        order_id: None,
        actor_id: Some(owner.id),
        reason: Some("new delivery".into()),
        at: shop.now(),
    };
    assert_eq!(newest, expected);
}

pub async fn the_cause_goes_by_the_sign_unless_it_is_given(shop: Shop) {
    let mug = shop.product("Mug", 5).await;
    let id = mug.variants[0].id;
    shop.run(shop.movement(id, -2)).await.expect("moved");
    shop.run(MoveStock { cause: Some(StockCause::Returned), ..shop.movement(id, 1) }).await.expect("moved");
    shop.run(MoveStock { cause: Some(StockCause::Adjusted), ..shop.movement(id, 1) }).await.expect("moved");
    let causes: Vec<_> = shop.ledger(&mug).await.iter().map(|movement| (movement.delta, movement.cause)).collect();
    let expected =
        [(1, StockCause::Adjusted), (1, StockCause::Returned), (-2, StockCause::Adjusted), (5, StockCause::Received)];
    assert_eq!(causes, expected);
    assert_eq!(shop.stock(&mug).await, 5);
}

pub async fn stock_never_falls_below_zero_nor_rises_beyond_measure(shop: Shop) {
    let mug = shop.product("Mug", 5).await;
    let id = mug.variants[0].id;
    refused!(shop.run(shop.movement(id, -6)).await, Error::Conflict(Conflict::StockOutOfRange { on_hand: 5 }));
    refused!(shop.run(shop.movement(id, STOCK_MAX)).await, Error::Conflict(Conflict::StockOutOfRange { on_hand: 5 }));
    assert_eq!((shop.stock(&mug).await, shop.ledger(&mug).await.len()), (5, 1));
    shop.run(shop.movement(id, -5)).await.expect("all of it");
    assert_eq!(shop.stock(&mug).await, 0);
}

/// What a cancelled order gives back is never refused; what is too much then can be taken away.
pub async fn less_is_always_right(shop: Shop) {
    let (staff, ann) = (shop.staff("stan", &[]).await, shop.customer("ann").await);
    let mug = shop.product("Mug", 5).await;
    let id = mug.variants[0].id;
    let order = shop.order(&ann, &[line(&mug, 5)]).await;
    shop.run(shop.movement(id, STOCK_MAX)).await.expect("as much as there may be");
    shop.moved(&order, &staff, &[OrderStatus::Cancelled]).await;
    assert_eq!(shop.stock(&mug).await, STOCK_MAX + 5);
    let more = shop.run(shop.movement(id, 1)).await;
    refused!(more, Error::Conflict(Conflict::StockOutOfRange { on_hand }) if on_hand == STOCK_MAX + 5);
    shop.run(shop.movement(id, -1)).await.expect("less");
    assert_eq!(shop.stock(&mug).await, STOCK_MAX + 4);
}

pub async fn wrong_movements_are_refused(shop: Shop) {
    let mug = shop.product("Mug", 5).await;
    let id = mug.variants[0].id;
    for delta in [0, STOCK_MAX + 1, -STOCK_MAX - 1, i64::MAX, i64::MIN] {
        assert_eq!(pointers(shop.run(shop.movement(id, delta)).await), [("/delta".to_owned(), "out_of_range")]);
    }
    let silent = MoveStock { reason: " ".into(), ..shop.movement(id, 1) };
    assert_eq!(pointers(shop.run(silent).await), [("/reason".to_owned(), "required")]);
    for cause in [StockCause::Sold, StockCause::Cancelled] {
        let forged = MoveStock { cause: Some(cause), ..shop.movement(id, 1) };
        assert_eq!(pointers(shop.run(forged).await), [("/cause".to_owned(), "not_allowed")]);
    }
    for cause in [StockCause::Received, StockCause::Returned] {
        let less = MoveStock { cause: Some(cause), ..shop.movement(id, -1) };
        assert_eq!(pointers(shop.run(less).await), [("/cause".to_owned(), "not_allowed")]);
    }
    refused!(shop.run(shop.movement(shop.id(), 1)).await, Error::NotFound("variant"));
    assert_eq!(shop.ledger(&mug).await.len(), 1);
}

pub async fn stock_that_is_not_tracked_does_not_move(shop: Shop) {
    let mut voucher = draft("Voucher", 0);
    voucher.variants[0].track_stock = false;
    let voucher = shop.add(voucher).await;
    refused!(shop.run(shop.movement(voucher.variants[0].id, 1)).await, Error::Conflict(Conflict::StockNotTracked));
}
