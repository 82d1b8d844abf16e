//! Placing orders.

use std::collections::HashMap;

use commerce::{
    Conflict, Error,
    catalogue::{DeleteProduct, ProductPatch, UpdateProduct, UpdateVariant, VariantDraft, VariantEntry, VariantPatch},
    orders::PlaceOrder,
};
use model::{
    Currency, Money, Order, OrderEvent, OrderLine, OrderNumber, OrderStatus, PostalAddress, ProductStatus, Sale,
    SignedDuration, StockCause, StockMovement,
    checkout::{LINES_MAX, QUANTITY_MAX, RequestedLine, Shortage},
    order::OrderActor,
};

use crate::support::{
    Shop, at_once, draft, email, eur, line, load, names, place, pointers, refused, ship_to, usd, with_options,
};

pub async fn an_order_comes_back_as_it_was_placed(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut shirt = with_options("Shirt", &["S", "M"], 5);
    shirt.variants[1].sku = Some("SHIRT-M".into());
    shirt.variants[1].price = eur(2550);
    let shirt = shop.add(shirt).await;
    let mug = shop.product("Mug", 9).await;
    let medium = shirt.variants[1].id;
    let order = shop.order(&ann, &[RequestedLine { variant_id: medium, quantity: 2 }, line(&mug, 3)]).await;
    let placed = OrderEvent {
        at: shop.now(),
        status: OrderStatus::Pending,
        actor: OrderActor::Customer,
        actor_id: Some(ann.id),
        note: None,
    };
    let of_shirt = OrderLine {
        product_id: shirt.id,
        variant_id: medium,
        title: "Shirt".into(),
        variant_title: "M".into(),
        sku: Some("SHIRT-M".into()),
        quantity: 2,
        unit_price: eur(2550),
        stock_taken: true,
    };
    let expected = Order {
        id: order.id,
        number: order.number,
        account_id: ann.id,
        email: Some(email("ann")),
        status: OrderStatus::Pending,
        lines: vec![of_shirt, order.lines[1].clone()],
        total: eur(8100),
        ship_to: ship_to(),
        tracking: None,
        timeline: vec![placed],
        placed_at: shop.now(),
        updated_at: shop.now(),
        version: 1,
    };
    assert_eq!(order, expected);
    assert_eq!((order.lines[1].title.as_str(), order.lines[1].variant_title.as_str()), ("Mug", ""));
    assert_eq!(shop.order_now(order.id).await, expected);
    let id = order.id;
    assert_eq!(load!(shop, |tx| tx.order(id).await), Some(expected));
}

pub async fn the_stock_is_taken_and_the_ledger_says_why(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let order = shop.order(&ann, &[line(&mug, 4)]).await;
    assert_eq!(shop.stock(&mug).await, 5);
    let ledger = shop.ledger(&mug).await;
    let expected = StockMovement {
        id: ledger[0].id,
        variant_id: mug.variants[0].id,
        delta: -4,
        cause: StockCause::Sold,
        order_id: Some(order.id),
        actor_id: Some(ann.id),
        reason: None,
        at: shop.now(),
    };
    assert_eq!(ledger[0], expected);
}

pub async fn two_lines_of_one_variant_are_summed(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (mug, cup) = (shop.product("Mug", 5).await, shop.product("Cup", 5).await);
    let order = shop.order(&ann, &[line(&mug, 2), line(&cup, 1), line(&mug, 3)]).await;
    let quantities: Vec<_> = order.lines.iter().map(|line| (line.product_id, line.quantity)).collect();
    assert_eq!(quantities, [(mug.id, 5), (cup.id, 1)]);
    assert_eq!((shop.stock(&mug).await, order.total), (0, eur(6000)));
    assert_eq!(shop.ledger(&mug).await.len(), 2);
}

/// Each of the two lines alone could be had.
pub async fn two_lines_cannot_oversell_together(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 5).await;
    let refusal = shop.run(place(&shop, &ann, &[line(&mug, 3), line(&mug, 3)])).await;
    let Err(Error::Conflict(Conflict::OutOfStock(shortages))) = refusal else { panic!("6 of 5: {refusal:?}") };
    assert_eq!((shortages[0].requested, shortages[0].available), (6, 5));
    assert_eq!(shop.stock(&mug).await, 5);
}

pub async fn every_short_line_is_named_and_nothing_is_taken(shop: Shop) {
    let ann = shop.customer("ann").await;
    let (mug, cup, jar) = (shop.product("Mug", 5).await, shop.product("Cup", 1).await, shop.product("Jar", 0).await);
    let refusal = shop.run(place(&shop, &ann, &[line(&mug, 5), line(&cup, 2), line(&jar, 1)])).await;
    let Err(Error::Conflict(Conflict::OutOfStock(shortages))) = refusal else { panic!("short: {refusal:?}") };
    let short = |product: &model::Product, requested, available| Shortage {
        variant_id: product.variants[0].id,
        title: product.title.clone(),
        variant_title: product.variants[0].title(),
        requested,
        available,
    };
    assert_eq!(shortages, [short(&cup, 2, 1), short(&jar, 1, 0)]);
    for (product, stock, entries) in [(&mug, 5, 1), (&cup, 1, 1), (&jar, 0, 0)] {
        assert_eq!((shop.stock(product).await, shop.ledger(product).await.len()), (stock, entries));
    }
    assert!(shop.orders().await.is_empty());
    assert!(shop.mails_to(&email("ann")).await.is_empty());
}

pub async fn what_is_not_active_or_unknown_is_not_for_sale(shop: Shop) {
    let ann = shop.customer("ann").await;
    for status in [ProductStatus::Draft, ProductStatus::Archived] {
        let hidden = shop.add(commerce::catalogue::ProductDraft { status, ..draft("Hidden", 5) }).await;
        let mug = shop.product("Mug", 5).await;
        let refusal = shop.run(place(&shop, &ann, &[line(&mug, 1), line(&hidden, 1)])).await;
        assert_eq!(pointers(refusal), [("/lines/1/variant_id".to_owned(), "not_for_sale")]);
        assert_eq!(shop.stock(&mug).await, 5);
    }
    let unknown = RequestedLine { variant_id: shop.id(), quantity: 1 };
    let refusal = shop.run(place(&shop, &ann, &[unknown])).await;
    assert_eq!(pointers(refusal), [("/lines/0/variant_id".to_owned(), "not_for_sale")]);
}

pub async fn what_is_not_tracked_never_runs_out(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut voucher = draft("Voucher", 0);
    voucher.variants[0].track_stock = false;
    let voucher = shop.add(voucher).await;
    let order = shop.order(&ann, &[line(&voucher, QUANTITY_MAX)]).await;
    assert!(!order.lines[0].stock_taken);
    assert_eq!((shop.stock(&voucher).await, shop.ledger(&voucher).await.len()), (0, 0));
    shop.moved(&order, &ann, &[OrderStatus::Cancelled]).await;
    assert_eq!((shop.stock(&voucher).await, shop.ledger(&voucher).await.len()), (0, 0));
}

pub async fn wrong_requests_are_refused(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 2000).await;
    for quantity in [0, -1, QUANTITY_MAX + 1, i64::MAX, i64::MIN] {
        let refusal = shop.run(place(&shop, &ann, &[line(&mug, quantity)])).await;
        assert_eq!(pointers(refusal), [("/lines/0/quantity".to_owned(), "out_of_range")]);
    }
    for lines in [vec![], vec![line(&mug, 1); LINES_MAX + 1]] {
        let refusal = shop.run(place(&shop, &ann, &lines)).await;
        assert_eq!(pointers(refusal), [("/lines".to_owned(), "out_of_range")]);
    }
    let wrong = PostalAddress { country: "ZZ".into(), city: String::new(), ..ship_to() };
    let refusal = shop.run(PlaceOrder { ship_to: wrong, ..place(&shop, &ann, &[line(&mug, 1)]) }).await;
    let expected = [("/ship_to/city".to_owned(), "required"), ("/ship_to/country".to_owned(), "invalid_country")];
    assert_eq!(pointers(refusal), expected);
    assert_eq!(shop.stock(&mug).await, 2000);
    assert!(shop.orders().await.is_empty());
}

pub async fn the_largest_order_fits(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut lines = Vec::new();
    for number in 0..LINES_MAX {
        let mut dear = draft(&format!("Yacht {number}"), QUANTITY_MAX);
        dear.variants[0].price = eur(model::money::PRICE_MAX);
        lines.push(line(&shop.add(dear).await, QUANTITY_MAX));
    }
    let order = shop.order(&ann, &lines).await;
    assert_eq!((order.lines.len(), order.total.amount), (100, model::money::PRICE_MAX * 99_900));
    assert_eq!(shop.order_now(order.id).await, order);
}

pub async fn an_order_is_in_one_currency(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut dollars = draft("Dollars", 5);
    dollars.variants[0].price = Money::new(100, Currency::from_code("USD").expect("a currency"));
    let (dollars, euros) = (shop.add(dollars).await, shop.product("Euros", 5).await);
    let refusal = shop.run(place(&shop, &ann, &[line(&euros, 1), line(&dollars, 1)])).await;
    assert_eq!(pointers(refusal), [("/lines".to_owned(), "mixed_currencies")]);
    let order = shop.order(&ann, &[line(&dollars, 2)]).await;
    assert_eq!(shop.order_now(order.id).await.total.to_string(), "USD 2.00");
}

pub async fn an_order_that_comes_to_another_total_than_was_told_is_not_placed(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
    let expecting = |total| PlaceOrder { expected_total: Some(total), ..place(&shop, &ann, &[line(&mug, 2)]) };
    for other in [eur(1999), eur(2001), usd(2000)] {
        let refusal = shop.run(expecting(other)).await;
        refused!(refusal, Error::Conflict(Conflict::PriceChanged(total)) if total == eur(2000));
    }
    assert_eq!((shop.stock(&mug).await, shop.ledger(&mug).await.len()), (9, 1));
    assert!(shop.orders().await.is_empty());
    assert!(shop.mails_to(&email("ann")).await.is_empty());
    assert_eq!(shop.run(expecting(eur(2000))).await.expect("an order").total, eur(2000));
    assert_eq!(shop.stock(&mug).await, 7);
}

pub async fn a_price_that_changes_in_between_is_not_charged_unseen(shop: Shop) {
    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
    let id = mug.variants[0].id;
    let change = |patch| UpdateVariant { id, patch, if_version: None, stamp: shop.next_stamp() };
    let as_shown = || PlaceOrder { expected_total: Some(eur(1000)), ..place(&shop, &ann, &[line(&mug, 1)]) };
    let sale =
        Sale { prices: vec![eur(700)], starts_at: Some(shop.now() + HOUR), ends_at: Some(shop.now() + HOUR * 2) };
    let sale = VariantPatch { sale: Some(Some(sale)), ..VariantPatch::default() };
    shop.run(change(sale)).await.expect("changed");
    shop.run(as_shown()).await.expect("an order before the sale");
    shop.pass(HOUR);
    refused!(shop.run(as_shown()).await, Error::Conflict(Conflict::PriceChanged(total)) if total == eur(700));
    shop.pass(HOUR);
    shop.run(as_shown()).await.expect("an order after the sale");
    let dearer = VariantPatch { price: Some(eur(99_900)), ..VariantPatch::default() };
    shop.run(change(dearer)).await.expect("changed");
    refused!(shop.run(as_shown()).await, Error::Conflict(Conflict::PriceChanged(total)) if total == eur(99_900));
    assert_eq!(shop.stock(&mug).await, 7);
}

/// They may share a transaction; each is decided by what its own buyer was told.
pub async fn of_orders_at_one_moment_those_that_were_told_another_total_are_refused(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 99).await);
    let results = at_once(10, |number| {
        let expected_total = Some(eur(if number % 2 == 0 { 1000 } else { 999 }));
        let (shop, order) = (shop.clone(), PlaceOrder { expected_total, ..place(&shop, &ann, &[line(&mug, 1)]) });
        async move { shop.run(order).await }
    })
    .await;
    for (number, result) in results.into_iter().enumerate() {
        match result {
            Ok(order) => assert_eq!((number % 2, order.total), (0, eur(1000))),
            Err(Error::Conflict(Conflict::PriceChanged(total))) => assert_eq!((number % 2, total), (1, eur(1000))),
            Err(other) => panic!("refused otherwise: {other:?}"),
        }
    }
    assert_eq!((shop.stock(&mug).await, shop.orders().await.len()), (94, 5));
}

pub async fn numbers_ascend_and_are_not_given_twice(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let first = shop.order(&ann, &[line(&mug, 1)]).await;
    assert_eq!(first.number, OrderNumber::FIRST);
    shop.run(place(&shop, &ann, &[line(&mug, 99)])).await.expect_err("out of stock");
    let second = shop.order(&ann, &[line(&mug, 1)]).await;
    assert!(second.number > first.number);
}

pub async fn the_buyer_gets_a_mail(shop: Shop) {
    let ann = shop.customer("ann").await;
    let shirt = shop.add(with_options("Shirt", &["S"], 5)).await;
    let order = shop.order(&ann, &[line(&shirt, 2)]).await;
    let mails = shop.mails_to(&email("ann")).await;
    assert_eq!(names(&mails), ["order_placed"]);
    assert_eq!((mails[0].order_id, mails[0].account_id), (Some(order.id), Some(ann.id)));
    let model::MailTemplate::OrderPlaced(shown) = &mails[0].template else { panic!("not about the order") };
    assert_eq!((shown.number.clone(), shown.total.as_str()), (order.number.to_string(), "EUR 20.00"));
    assert_eq!((shown.lines[0].title.as_str(), shown.lines[0].quantity), ("Shirt (S)", 2));
    assert_eq!(shown.ship_to, ship_to());
}

/// An order shows what was bought, whatever becomes of the product.
pub async fn an_order_survives_changes_of_its_product(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let variant = VariantDraft {
        id: Some(mug.variants[0].id),
        sku: Some("NEW".into()),
        price: eur(99_999),
        stock: None,
        track_stock: false,
        ..draft("", 0).variants.swap_remove(0)
    };
    let patch = ProductPatch {
        title: Some("Renamed".into()),
        slug: Some("renamed".into()),
        variants: Some(vec![VariantEntry::Whole(variant)]),
        ..ProductPatch::default()
    };
    let update = UpdateProduct { id: mug.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed");
    shop.run(DeleteProduct { id: mug.id, if_version: None, stamp: shop.next_stamp() }).await.expect("archived");
    assert_eq!(shop.order_now(order.id).await, order);
    // The order took stock, so the stock comes back, though by now it is no longer tracked.
    shop.moved(&order, &ann, &[OrderStatus::Cancelled]).await;
    assert_eq!(shop.stock(&mug).await, 9);
}

/// A session may be looked up a moment before its account is locked.
pub async fn unusable_accounts_buy_nothing(shop: Shop) {
    let (owner, ann) = (shop.owner("olga").await, shop.customer("ann").await);
    let mug = shop.product("Mug", 9).await;
    shop.disable(&owner, &ann, true).await.expect("disabled");
    refused!(shop.run(place(&shop, &ann, &[line(&mug, 1)])).await, Error::NotAuthenticated);
    let nobody = shop.new_account("nobody", model::Role::Customer, &[]);
    refused!(shop.run(place(&shop, &nobody, &[line(&mug, 1)])).await, Error::NotAuthenticated);
    assert_eq!(shop.stock(&mug).await, 9);
    assert!(shop.db().order(shop.id()).await.expect("an answer").is_none());
}

pub async fn offers_leave_out_what_is_not_there(shop: Shop) {
    let mut draft = with_options("Shirt", &["S", "M"], 5);
    let picture = |url: &str| model::Image { url: url.into(), alt: Some(format!("A shirt in {url}")) };
    draft.images = ["/front.png", "/back.png", "/medium.png"].map(picture).into();
    let own = model::VariantDetails { image: Some("/medium.png".into()), ..model::VariantDetails::default() };
    draft.variants[1].details = Some(own);
    let shirt = shop.add(draft).await;
    let (small, medium, unknown) = (shirt.variants[0].id, shirt.variants[1].id, shop.id());
    let nobody = shop.id();
    let mut offers = load!(shop, |tx| tx.checkout(nobody, &[medium, unknown, small]).await).offers;
    offers.sort_by_key(|offer| offer.variant.id);
    assert_eq!(offers.iter().map(|offer| offer.variant.id).collect::<Vec<_>>(), [small, medium]);
    let expected = model::checkout::Offer {
        product_id: shirt.id,
        title: "Shirt".into(),
        is_active: true,
        slug: shirt.slug.clone(),
        image: Some(picture("/medium.png")),
        variant: shirt.variants[1].clone(),
    };
    assert_eq!(offers[1], expected);
    assert_eq!(offers[0].image, Some(picture("/front.png")));
    // Whichever of them is asked for alone.
    let alone = load!(shop, |tx| tx.checkout(nobody, &[medium]).await).offers;
    assert_eq!(alone, [expected]);
    let mug = shop.product("Mug", 5).await;
    let plain = mug.variants[0].id;
    let beside = load!(shop, |tx| tx.checkout(nobody, &[plain, small]).await).offers;
    let pictures = beside.iter().map(|offer| (offer.product_id, offer.image.clone())).collect::<HashMap<_, _>>();
    assert_eq!(pictures, HashMap::from([(mug.id, None), (shirt.id, Some(picture("/front.png")))]));
    assert!(load!(shop, |tx| tx.checkout(nobody, &[]).await).offers.is_empty());
}

/// Whoever names no currency orders in that of the variants, which the shop may have given up.
pub async fn a_shop_takes_orders_in_its_currencies_alone(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut dollars = crate::support::draft("Mug", 10);
    dollars.variants[0].price = usd(900);
    let mug = shop.add(dollars).await;
    let under = |currencies: &[model::Currency]| commerce::orders::PlaceUnderTerms {
        settings: std::sync::Arc::default(),
        currencies: currencies.to_vec(),
        place: place(&shop, &ann, &[line(&mug, 1)]),
    };
    let euros = model::Currency::EUR;
    assert_eq!(pointers(shop.run(under(&[euros])).await), [("/currency".to_owned(), "no_such_currency")]);
    assert_eq!(shop.stock(&mug).await, 10);
    let placed = shop.run(under(&[euros, usd(0).currency])).await.expect("an order");
    assert_eq!(placed.order.total, usd(900));
    assert_eq!((placed.offers.len(), &placed.offers[0].slug), (1, &mug.slug));
}

pub async fn a_shop_takes_orders_when_and_where_it_says(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 10).await);
    let under = |settings: model::ShopSettings| commerce::orders::PlaceUnderTerms {
        settings: std::sync::Arc::new(settings),
        currencies: vec![model::Currency::EUR],
        place: place(&shop, &ann, &[line(&mug, 1)]),
    };
    let closed = model::ShopSettings { takes_orders: false, ..model::ShopSettings::default() };
    assert_eq!(pointers(shop.run(under(closed)).await), [(String::new(), "shop_closed")]);
    let elsewhere = model::ShopSettings { countries: vec!["FR".to_owned()], ..model::ShopSettings::default() };
    assert_eq!(pointers(shop.run(under(elsewhere)).await), [("/ship_to/country".to_owned(), "not_shipped_to")]);
    // Prices in a currency that the shop gave up may still be there.
    let mut in_dollars = under(model::ShopSettings::default());
    in_dollars.place.currency = Some(usd(0).currency);
    assert_eq!(pointers(shop.run(in_dollars).await), [("/currency".to_owned(), "no_such_currency")]);
    assert_eq!(shop.stock(&mug).await, 10);
    shop.run(under(model::ShopSettings::default())).await.expect("an order");
    assert_eq!(shop.stock(&mug).await, 9);
}
