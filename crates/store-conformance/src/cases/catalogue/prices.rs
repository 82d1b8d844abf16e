//! Sales that begin and end by themselves, other currencies, history.

use commerce::{
    Error,
    catalogue::{
        CreateProduct, ProductDraft, ProductPatch, TurnProducts, UpdateProduct, UpdateVariant, VariantPatch,
        settled_ahead,
    },
    orders::PlaceOrder,
};
use model::{
    Currency, ListPrice, PriceChange, Product, ProductStatus, Sale, SignedDuration, Timestamp,
    checkout::RequestedLine,
    details::{ProductDetails, VariantDetails},
};
use store::{Change, PageRequest, ProductFilter};

use crate::support::{Shop, at_once, draft, eur, line, place, pointers, refused, usd};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn sale(cents: i64, from: Timestamp, to: Timestamp) -> Option<Sale> {
    Some(Sale { prices: vec![eur(cents)], starts_at: Some(from), ends_at: Some(to) })
}

async fn patch(shop: &Shop, product: &Product, patch: VariantPatch) -> Product {
    let id = product.variants[0].id;
    shop.run(UpdateVariant { id, patch, if_version: None, stamp: shop.next_stamp() }).await.expect("changed")
}

async fn turn(shop: &Shop) -> u32 {
    shop.run(TurnProducts { now: shop.now() }).await.expect("turned")
}

async fn on_sale(shop: &Shop) -> usize {
    let filter = ProductFilter { on_sale: Some(true), price_max: Some(900), ..ProductFilter::default() };
    let page = PageRequest { limit: 10, after: None };
    shop.db().products(&filter, &page).await.expect("a page").items.len()
}

async fn history(shop: &Shop, product: &Product) -> Vec<(Timestamp, i64)> {
    let changes = shop.db().price_history(product.variants[0].id, 10).await.expect("a history");
    changes.into_iter().map(|change| (change.at, change.price.amount)).collect()
}

/// Both engines keep microseconds: a sale between two of them is none, and one that a shop has from before stops nothing.
pub async fn no_sale_is_shorter_than_what_is_kept_of_its_times(shop: Shop) {
    let mug = shop.product("Mug", 9).await;
    let nanos = SignedDuration::from_nanos;
    let (from, to) = (shop.now() + HOUR + nanos(100), shop.now() + HOUR + nanos(900));
    let change = VariantPatch { sale: Some(sale(700, from, to)), ..VariantPatch::default() };
    let id = mug.variants[0].id;
    let short = UpdateVariant { id, patch: change, if_version: None, stamp: shop.next_stamp() };
    assert_eq!(pointers(shop.run(short).await), [("/sale/ends_at".to_owned(), "out_of_range")]);
    let longer = VariantPatch { sale: Some(sale(700, from, to + HOUR)), ..VariantPatch::default() };
    let longer = patch(&shop, &mug, longer).await;
    let kept = longer.variants[0].details.sale.as_ref().expect("a sale");
    assert_eq!((kept.starts_at, kept.ends_at), (Some(from - nanos(100)), Some(to + HOUR - nanos(900))));
    let noted =
        |nanoseconds: i64, cents: i64| PriceChange { variant_id: id, at: from + nanos(nanoseconds), price: eur(cents) };
    shop.apply(vec![Change::NotePrices(vec![noted(0, 700), noted(100, 800), noted(200, 900)])]).await.expect("noted");
    assert_eq!(history(&shop, &mug).await[0], (from - nanos(100), 900), "the last of one moment counts");
}

pub async fn a_sale_begins_and_ends_by_itself(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 9).await);
    let (from, to) = (shop.now() + HOUR, shop.now() + HOUR * 2);
    let changed = patch(&shop, &mug, VariantPatch { sale: Some(sale(700, from, to)), ..VariantPatch::default() }).await;
    assert_eq!((changed.version, turn(&shop).await, on_sale(&shop).await), (2, 0, 0));
    assert_eq!(shop.order(&ann, &[line(&mug, 1)]).await.total, eur(1000));
    shop.pass(HOUR);
    // What is bought costs what it costs at the moment, turned or not.
    assert_eq!(shop.order(&ann, &[line(&mug, 1)]).await.total, eur(700));
    assert_eq!((turn(&shop).await, turn(&shop).await, on_sale(&shop).await), (1, 0, 1));
    assert_eq!(shop.product_now(mug.id).await.version, 2, "a turn is no change of the product");
    shop.pass(HOUR);
    assert_eq!((turn(&shop).await, on_sale(&shop).await), (1, 0));
    assert_eq!(shop.order(&ann, &[line(&mug, 1)]).await.total, eur(1000));
    assert_eq!(history(&shop, &mug).await, [(to, 1000), (from, 700), (mug.created_at, 1000)]);
    assert_eq!(shop.product_now(mug.id).await.next_turn(), None);
}

/// Whatever it saved or turned, another clock settles it anew.
pub async fn a_sale_that_a_clock_ahead_saved_or_turned_begins_and_ends_all_the_same(shop: Shop) {
    let settle = async || {
        let mut settled = 0;
        for settle in settled_ahead(shop.db(), shop.now()).await.expect("an answer") {
            settled += shop.run(settle).await.expect("settled");
        }
        settled
    };
    let (mug, cup, jug) = (shop.product("Mug", 9).await, shop.product("Cup", 9).await, shop.product("Jug", 9).await);
    let (from, to) = (shop.now() + HOUR, shop.now() + HOUR * 2);
    let on_sale_then = || VariantPatch { sale: Some(sale(700, from, to)), ..VariantPatch::default() };
    for product in [&mug, &jug] {
        patch(&shop, product, on_sale_then()).await;
    }
    assert_eq!((settle().await, turn(&shop).await), (0, 0));
    // It saves one when all is over by it, turns those it finds, and is put right.
    shop.pass(HOUR * 720);
    patch(&shop, &cup, on_sale_then()).await;
    assert_eq!((turn(&shop).await, on_sale(&shop).await), (2, 0));
    shop.pass(-HOUR * 720);
    assert!(!shop.db().has_turns(to).await.expect("an answer"), "nobody would turn them");
    let ids = shop.db().products_settled_after(shop.now()).await.expect("an answer");
    assert_eq!((ids.len(), [&mug, &cup, &jug].iter().all(|product| ids.contains(&product.id))), (3, true));
    // One is saved once more: that settles it as well.
    patch(&shop, &jug, VariantPatch { weight_grams: Some(Some(900)), ..VariantPatch::default() }).await;
    let settled = at_once(4, |_| {
        let shop = shop.clone();
        async move {
            let mut settled = 0;
            for settle in settled_ahead(shop.db(), shop.now()).await.expect("an answer") {
                settled += shop.run(settle).await.expect("settled");
            }
            settled
        }
    });
    assert_eq!((settled.await.into_iter().sum::<u32>(), settle().await), (2, 0));
    assert_eq!((turn(&shop).await, on_sale(&shop).await), (0, 0));
    shop.pass(HOUR);
    assert_eq!((turn(&shop).await, on_sale(&shop).await), (3, 3));
    for product in [&mug, &cup, &jug] {
        let variant = &shop.product_now(product.id).await.variants[0];
        assert_eq!(variant.lowest_before(Currency::EUR, shop.now()), Some(eur(1000)));
    }
    shop.pass(HOUR);
    assert_eq!((turn(&shop).await, on_sale(&shop).await), (3, 0));
    let known = shop.product_now(mug.id).await;
    assert_eq!(
        (known.version, known.variants[0].settled_price()),
        (2, eur(1000)),
        "a turn is no change of the product"
    );
    assert_eq!(history(&shop, &mug).await, [(to, 1000), (from, 700), (mug.created_at, 1000)]);
}

pub async fn the_lowest_price_of_thirty_days_stands_beside_a_reduction(shop: Shop) {
    let mug = shop.product("Mug", 9).await;
    let price = |cents| VariantPatch { price: Some(eur(cents)), ..VariantPatch::default() };
    patch(&shop, &mug, price(800)).await;
    patch(&shop, &mug, price(1200)).await;
    shop.pass(HOUR);
    let reduced =
        VariantPatch { price: Some(eur(900)), compare_at_price: Some(Some(eur(1200))), ..VariantPatch::default() };
    let reduced = patch(&shop, &mug, reduced).await;
    assert_eq!(reduced.variants[0].lowest_before(Currency::EUR, shop.now()), Some(eur(800)));
    assert_eq!(shop.product_now(mug.id).await, reduced);
    let dearer = patch(&shop, &mug, price(1300)).await;
    assert_eq!(dearer.variants[0].lowest_before(Currency::EUR, shop.now()), None);
}

pub async fn an_order_is_in_the_currency_that_is_asked_for(shop: Shop) {
    let (ann, mug, cup) = (shop.customer("ann").await, shop.product("Mug", 9).await, shop.product("Cup", 9).await);
    let prices = Some(vec![ListPrice { price: usd(1150), compare_at_price: None }]);
    patch(&shop, &mug, VariantPatch { prices, ..VariantPatch::default() }).await;
    let in_dollars =
        |lines: &[RequestedLine]| PlaceOrder { currency: Some(usd(0).currency), ..place(&shop, &ann, lines) };
    let order = shop.run(in_dollars(&[line(&mug, 2)])).await.expect("an order");
    assert_eq!((order.total, order.lines[0].unit_price), (usd(2300), usd(1150)));
    assert_eq!(shop.db().order(order.id).await.expect("an answer"), Some(order));
    let refusal = shop.run(in_dollars(&[line(&mug, 1), line(&cup, 1)])).await;
    let Err(Error::Invalid(wrong)) = refusal else { panic!("the cup has no price in dollars: {refusal:?}") };
    assert_eq!((wrong.0[0].pointer.as_str(), wrong.0[0].code), ("/lines/1/variant_id", "no_price"));
    assert_eq!(shop.stock(&mug).await, 7);
}

pub async fn a_draft_is_published_when_it_is_time(shop: Shop) {
    let mug = shop.add(ProductDraft { status: ProductStatus::Draft, ..draft("Mug", 1) }).await;
    let at = shop.now() + HOUR;
    let patch = ProductPatch { publish_at: Some(Some(at)), ..ProductPatch::default() };
    let update = UpdateProduct { id: mug.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed");
    assert_eq!(turn(&shop).await, 0);
    assert!(!shop.db().has_turns(shop.now()).await.expect("an answer"));
    shop.pass(HOUR);
    assert!(shop.db().has_turns(shop.now()).await.expect("an answer"));
    // Several processes ask at once; one of them does it.
    let turned = at_once(4, |_| {
        let shop = shop.clone();
        async move { turn(&shop).await }
    })
    .await;
    assert_eq!(turned.iter().sum::<u32>(), 1);
    let published = shop.product_now(mug.id).await;
    assert_eq!((published.status, published.version, published.next_turn()), (ProductStatus::Active, 3, None));
}

/// The time at which a product once went on sale by itself does not bring it back.
pub async fn what_was_published_once_can_be_taken_off_sale(shop: Shop) {
    let at = shop.now() + HOUR;
    let details = Some(ProductDetails { publish_at: Some(at), ..ProductDetails::default() });
    let drafted = ProductDraft { status: ProductStatus::Draft, details, ..draft("Mug", 1) };
    let mug = shop.add(drafted).await;
    shop.pass(HOUR);
    assert_eq!(turn(&shop).await, 1);
    assert_eq!(shop.product_now(mug.id).await.details.publish_at, None);
    let set = |patch: ProductPatch| UpdateProduct {
        id: mug.id,
        patch,
        if_version: None,
        actor_id: None,
        stamp: shop.next_stamp(),
    };
    let become_draft = ProductPatch { status: Some(ProductStatus::Draft), ..ProductPatch::default() };
    shop.run(set(become_draft.clone())).await.expect("taken off sale");
    assert_eq!((turn(&shop).await, shop.product_now(mug.id).await.status), (0, ProductStatus::Draft));
    // Nor does one that is still to come, once the product was put on sale by hand.
    let later = ProductPatch { publish_at: Some(Some(shop.now() + HOUR)), ..ProductPatch::default() };
    shop.run(set(later)).await.expect("planned");
    let by_hand = ProductPatch { status: Some(ProductStatus::Active), ..ProductPatch::default() };
    assert_eq!(shop.run(set(by_hand)).await.expect("published").details.publish_at, None);
    shop.run(set(become_draft)).await.expect("taken off sale");
    shop.pass(HOUR);
    assert_eq!((turn(&shop).await, shop.product_now(mug.id).await.status), (0, ProductStatus::Draft));
}

/// Nothing would come of it, or the contrary of what is said.
pub async fn only_drafts_go_on_sale_by_themselves(shop: Shop) {
    let at = Some(shop.now() + HOUR);
    let details = Some(ProductDetails { publish_at: at, ..ProductDetails::default() });
    let not_allowed = [("/publish_at".to_owned(), "not_allowed")];
    assert_eq!(pointers(shop.run(shop.creation(ProductDraft { details, ..draft("Cup", 1) })).await), not_allowed);
    let mug = shop.product("Mug", 1).await;
    let set = |status, publish_at| {
        let patch = ProductPatch { status, publish_at: Some(publish_at), ..ProductPatch::default() };
        shop.run(UpdateProduct { id: mug.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() })
    };
    for status in [None, Some(ProductStatus::Active), Some(ProductStatus::Archived)] {
        assert_eq!(pointers(set(status, at).await), not_allowed);
    }
    // What is taken off sale would not come back at a time that is past, which nobody would be told.
    let past = set(Some(ProductStatus::Draft), Some(shop.now())).await;
    assert_eq!(pointers(past), [("/publish_at".to_owned(), "out_of_range")]);
    assert_eq!(set(Some(ProductStatus::Draft), at).await.expect("planned").details.publish_at, at);
}

async fn set_status(shop: &Shop, product: &Product, status: ProductStatus) -> Product {
    let patch = ProductPatch { status: Some(status), ..ProductPatch::default() };
    let update = UpdateProduct { id: product.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed")
}

/// Directive 98/6/EC, article 6a: the prices that applied, and those of a draft apply to nobody.
pub async fn what_nobody_was_asked_is_no_lowest_price(shop: Shop) {
    let price = |cents| VariantPatch { price: Some(eur(cents)), ..VariantPatch::default() };
    let lowest = |product: &Product| product.variants[0].lowest_before(Currency::EUR, shop.now());
    let reduced = |cents, before| VariantPatch { compare_at_price: Some(Some(eur(before))), ..price(cents) };
    let drafted = || ProductDraft { status: ProductStatus::Draft, ..draft("Mug", 1) };
    // Cheap while it was written, and never sold at that.
    let mug = shop.add(drafted()).await;
    patch(&shop, &mug, price(100)).await;
    shop.pass(HOUR);
    patch(&shop, &mug, price(5000)).await;
    shop.pass(HOUR);
    set_status(&shop, &mug, ProductStatus::Active).await;
    shop.pass(HOUR);
    assert_eq!(lowest(&patch(&shop, &mug, reduced(4000, 5000)).await), Some(eur(5000)));
    // Dear while it was written: nothing was reduced that anybody was asked.
    let cup = shop.add(drafted()).await;
    patch(&shop, &cup, price(20000)).await;
    shop.pass(HOUR);
    patch(&shop, &cup, reduced(10000, 20000)).await;
    assert_eq!(lowest(&set_status(&shop, &cup, ProductStatus::Active).await), None);
    assert_eq!(history(&shop, &cup).await, [(shop.now(), 10000)]);
    // What it cost while it was archived counts for nothing, what it cost before counts for thirty days.
    for (away, expected) in [(HOUR, 1000), (HOUR * 24 * 31, 5000)] {
        let jug = shop.product("Jug", 1).await;
        shop.pass(HOUR);
        assert_eq!(lowest(&set_status(&shop, &jug, ProductStatus::Archived).await), None);
        patch(&shop, &jug, price(100)).await;
        shop.pass(away);
        patch(&shop, &jug, price(5000)).await;
        set_status(&shop, &jug, ProductStatus::Active).await;
        shop.pass(HOUR);
        assert_eq!(lowest(&patch(&shop, &jug, reduced(4000, 5000)).await), Some(eur(expected)));
        assert_eq!(history(&shop, &jug).await.last(), Some(&(jug.created_at, 1000)));
    }
}

/// By the clock as by hand; and what is archived because it was ordered ceases to be asked for.
pub async fn a_history_begins_with_the_publication_by_the_clock(shop: Shop) {
    let details = Some(ProductDetails { publish_at: Some(shop.now() + HOUR), ..ProductDetails::default() });
    let mug = shop.add(ProductDraft { status: ProductStatus::Draft, details, ..draft("Mug", 9) }).await;
    patch(&shop, &mug, VariantPatch { price: Some(eur(100)), ..VariantPatch::default() }).await;
    patch(&shop, &mug, VariantPatch { price: Some(eur(900)), ..VariantPatch::default() }).await;
    assert_eq!(history(&shop, &mug).await, []);
    shop.pass(HOUR);
    assert_eq!(turn(&shop).await, 1);
    assert_eq!(history(&shop, &mug).await, [(shop.now(), 900)]);
    let ann = shop.customer("ann").await;
    shop.order(&ann, &[line(&mug, 1)]).await;
    shop.pass(HOUR);
    let stamp = shop.next_stamp();
    shop.run(commerce::catalogue::DeleteProduct { id: mug.id, if_version: None, stamp }).await.expect("archived");
    let away = shop.product_now(mug.id).await.variants[0].details.away.clone();
    assert_eq!(away.last().map(|last| (last.since, last.until)), Some((shop.now(), None)));
}

pub async fn a_sale_that_is_over_does_not_hold_the_price(shop: Shop) {
    let mug = shop.product("Mug", 9).await;
    let ends = shop.now() + HOUR;
    patch(&shop, &mug, VariantPatch { sale: Some(sale(700, shop.now(), ends)), ..VariantPatch::default() }).await;
    let id = mug.variants[0].id;
    let cheaper = || {
        let patch = VariantPatch { price: Some(eur(600)), ..VariantPatch::default() };
        UpdateVariant { id, patch, if_version: None, stamp: shop.next_stamp() }
    };
    refused!(shop.run(cheaper()).await, Error::Invalid(_));
    shop.pass(HOUR);
    assert_eq!(turn(&shop).await, 1);
    assert_eq!(shop.run(cheaper()).await.expect("cheaper").variants[0].price, eur(600));
}

/// So comes a product out of another shop's export.
pub async fn a_new_product_may_have_a_sale_behind_it(shop: Shop) {
    let mut mug = draft("Mug", 1);
    let past = sale(1200, shop.now() - HOUR * 2, shop.now() - HOUR);
    mug.variants[0].details = Some(VariantDetails { sale: past.clone(), ..VariantDetails::default() });
    let made = shop.add(mug.clone()).await;
    assert_eq!((made.variants[0].details.sale.clone(), made.variants[0].settled_price()), (past, eur(1000)));
    let going_on = sale(1200, shop.now() - HOUR, shop.now() + HOUR);
    mug.variants[0].details = Some(VariantDetails { sale: going_on, ..VariantDetails::default() });
    refused!(shop.run(CreateProduct { draft: mug, actor_id: None, stamp: shop.next_stamp() }).await, Error::Invalid(_));
}

pub async fn wrong_prices_are_refused(shop: Shop) {
    let mug = shop.product("Mug", 9).await;
    let id = mug.variants[0].id;
    let try_it = |patch| shop.run(UpdateVariant { id, patch, if_version: None, stamp: shop.next_stamp() });
    let dear = VariantPatch { sale: Some(sale(1000, shop.now(), shop.now() + HOUR)), ..VariantPatch::default() };
    let Err(Error::Invalid(wrong)) = try_it(dear).await else { panic!("not lower") };
    assert_eq!((wrong.0[0].pointer.as_str(), wrong.0[0].code), ("/sale/prices/0/amount", "not_lower"));
    let picture = VariantPatch { image: Some(Some("/nowhere.png".into())), ..VariantPatch::default() };
    refused!(try_it(picture).await, Error::Invalid(_));
    assert_eq!(shop.product_now(mug.id).await.variants[0].details, VariantDetails::default());
}

pub async fn the_history_of_a_removed_variant_goes_with_it(shop: Shop) {
    let mug = shop.product("Mug", 0).await;
    patch(&shop, &mug, VariantPatch { price: Some(eur(5)), ..VariantPatch::default() }).await;
    assert_eq!(history(&shop, &mug).await.len(), 2);
    let stamp = shop.next_stamp();
    shop.run(commerce::catalogue::DeleteProduct { id: mug.id, if_version: None, stamp }).await.expect("removed");
    assert_eq!(history(&shop, &mug).await, []);
}
