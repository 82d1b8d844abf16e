//! What the overview is made of.

use std::{collections::HashSet, sync::Arc};

use commerce::{
    catalogue::ProductDraft,
    orders::OrderBook,
    reviews::{ReviewDraft, WriteReview},
};
use model::{OrderNumber, OrderStatus, ProductStatus, ReviewStatus, SignedDuration, Timestamp, VariantDetails};
use store::{LowStock, OpenWork, OrderFilter, PageRequest};

use crate::support::{Shop, all_pages, at_once, draft, line, page_of};

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub async fn sales_are_counted_by_day_without_what_was_cancelled(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 50).await;
    let start = shop.now();
    let price = mug.variants[0].price.amount;
    shop.order(&ann, &[line(&mug, 1)]).await;
    shop.order(&ann, &[line(&mug, 2)]).await;
    let cancelled = shop.order(&ann, &[line(&mug, 9)]).await;
    shop.moved(&cancelled, &stan, &[OrderStatus::Cancelled]).await;
    shop.pass(DAY);
    shop.order(&ann, &[line(&mug, 4)]).await;
    let end = shop.now() + DAY;
    let days = shop.db().sales(start - DAY, end).await.expect("an answer");
    let seen: Vec<_> = days.iter().map(|day| (day.orders, day.revenue, day.currency)).collect();
    let currency = mug.variants[0].price.currency;
    assert_eq!(seen, [(2, 3 * price, currency), (1, 4 * price, currency)]);
    assert_eq!(days[0].day, start.as_second() / 86_400);
    assert_eq!(days[1].day, days[0].day + 1);
    // The end is not in it.
    let at = shop.db().orders(&OrderFilter::default(), &page_of(1, None)).await.expect("orders").items[0].placed_at;
    assert_eq!(shop.db().sales(start - DAY, at).await.expect("an answer").len(), 1);
    assert_eq!(shop.db().sales(at, end).await.expect("an answer").len(), 1);
}

pub async fn best_sellers_go_by_pieces(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let (mug, cup, bowl) =
        (shop.product("Mug", 50).await, shop.product("Cup", 50).await, shop.product("Bowl", 50).await);
    shop.order(&ann, &[line(&mug, 1), line(&cup, 5)]).await;
    shop.order(&ann, &[line(&mug, 1), line(&bowl, 1)]).await;
    let cancelled = shop.order(&ann, &[line(&bowl, 20)]).await;
    shop.moved(&cancelled, &stan, &[OrderStatus::Cancelled]).await;
    let (from, before) = (shop.now() - DAY, shop.now() + DAY);
    let sold = shop.db().best_sellers(from, before, 2).await.expect("an answer");
    let seen: Vec<_> = sold.iter().map(|one| (one.title.as_str(), one.pieces)).collect();
    assert_eq!(seen, [("Cup", 5), ("Mug", 2)]);
    assert_eq!((sold[0].product_id, sold[0].variant_id), (cup.id, cup.variants[0].id));
    assert!(shop.db().best_sellers(before, before + DAY, 5).await.expect("an answer").is_empty());
}

/// A book that reads on as the pages' one does.
async fn read_on(shop: &Shop, book: &mut OrderBook, part: u32) {
    let now = shop.now();
    let missing = book.missing(now);
    book.add(&shop.db().order_digests_of(&missing).await.expect("an answer"), now);
    loop {
        let orders = shop.db().order_digests_after(book.end(), part).await.expect("an answer");
        book.add(&orders, now);
        if orders.len() < part as usize {
            return;
        }
    }
}

pub async fn a_book_of_the_orders_sums_up_what_the_engine_does(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let with_sku = |title: &str| {
        let mut draft = draft(title, 50);
        draft.variants[0].sku = Some(format!("{title}-1"));
        draft
    };
    let (mug, cup) = (shop.add(with_sku("Mug")).await, shop.add(with_sku("Cup")).await);
    let first = shop.order(&ann, &[line(&mug, 1), line(&cup, 2)]).await;
    let cancelled = shop.order(&ann, &[line(&mug, 9)]).await;
    shop.moved(&cancelled, &stan, &[OrderStatus::Cancelled]).await;
    shop.pass(DAY);
    let last = shop.order(&ann, &[line(&mug, 4)]).await;

    let of_two = shop.db().order_digests_of(&[last.number, first.number, OrderNumber(1)]).await.expect("an answer");
    assert_eq!(of_two.iter().map(|order| order.number).collect::<Vec<_>>(), [first.number, last.number]);
    let lines: Vec<_> =
        of_two[0].lines.iter().map(|line| (line.variant_id, line.sku.as_deref(), line.quantity)).collect();
    assert_eq!(lines, [(mug.variants[0].id, Some("Mug-1"), 1), (cup.variants[0].id, Some("Cup-1"), 2)]);
    assert_eq!((of_two[0].total, of_two[0].placed_at), (first.total.amount, first.placed_at));
    assert_eq!(of_two[0].name, first.ship_to.name);

    let mut book = OrderBook::default();
    read_on(&shop, &mut book, 2).await;
    assert_eq!(book.end(), last.number);
    for (from, before) in [(first.placed_at, last.placed_at), (first.placed_at - DAY, last.placed_at + DAY)] {
        let numbers = shop.db().cancelled_orders(from, before).await.expect("an answer");
        assert_eq!(numbers, [cancelled.number]);
        let gone = numbers.into_iter().collect();
        assert_eq!(book.sales(from, before, &gone), shop.db().sales(from, before).await.expect("an answer"));
        let best = shop.db().best_sellers(from, before, 5).await.expect("an answer");
        let best: Vec<_> = best.iter().map(|one| (one.variant_id, one.pieces)).collect();
        let booked = book.best_sellers(from, before, &gone, 5);
        assert_eq!(booked.iter().map(|one| (one.variant_id, one.pieces)).collect::<Vec<_>>(), best);
    }
    assert_eq!(shop.db().cancelled_orders(last.placed_at, last.placed_at + DAY).await.expect("an answer"), []);
    // Those that it finds are those that the engine finds, and the engine takes their numbers.
    for text in ["Cup-1", "Mug-1", "Cup", "nobody of that name"] {
        let numbers = book.find(text, Timestamp::MIN, Timestamp::MAX, 10).newest;
        let by = async |filter: OrderFilter| {
            let orders = all_pages(1, async |page: PageRequest| shop.db().orders(&filter, &page).await).await;
            orders.iter().map(|order| order.number).collect::<Vec<_>>()
        };
        let by_text = by(OrderFilter { text: Some(text.to_owned()), ..OrderFilter::default() }).await;
        assert_eq!(by(OrderFilter { numbers: Some(numbers), ..OrderFilter::default() }).await, by_text, "{text}");
    }
}

pub async fn orders_placed_at_once_are_all_in_a_book_that_follows(shop: Shop) {
    const BUYERS: usize = 8;
    const EACH: usize = 15;
    let mug = shop.product("Mug", 10_000).await;
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        buyers.push(shop.customer(&format!("buyer-{number}")).await);
    }
    let shop = Arc::new(shop);
    // The last one looks on while the others order, whatever order they are acknowledged in.
    let books = at_once(BUYERS + 1, |number| {
        let (shop, mug, buyer) = (Arc::clone(&shop), mug.clone(), buyers.get(number).cloned());
        async move {
            let mut book = OrderBook::default();
            match buyer {
                Some(buyer) => {
                    for _ in 0..EACH {
                        shop.order(&buyer, &[line(&mug, 1)]).await;
                    }
                }
                None => {
                    for _ in 0..100 {
                        read_on(&shop, &mut book, 7).await;
                    }
                }
            }
            book
        }
    })
    .await;
    let mut book = books.into_iter().next_back().expect("the one who looked on");
    read_on(&shop, &mut book, 7).await;
    let days = book.sales(shop.now() - DAY, shop.now() + DAY, &HashSet::new());
    assert_eq!(days.iter().map(|day| day.orders).sum::<i64>(), (BUYERS * EACH) as i64);
}

pub async fn what_is_short_comes_shortest_first(shop: Shop) {
    let (ann, few, none) = (shop.customer("ann").await, shop.product("Few", 3).await, shop.product("None", 1).await);
    shop.product("Many", 50).await;
    shop.add(ProductDraft { status: ProductStatus::Archived, ..draft("Hidden", 0) }).await;
    shop.order(&ann, &[line(&none, 1)]).await;
    let short = shop.db().low_stock(3, 10).await.expect("an answer");
    let seen: Vec<_> = short.iter().map(|one| (one.title.as_str(), one.stock)).collect();
    assert_eq!(seen, [("None", 0), ("Few", 3)]);
    assert_eq!((short[1].product_id, short[1].variant_id), (few.id, few.variants[0].id));
    assert_eq!(shop.db().low_stock(3, 1).await.expect("an answer").len(), 1);
    assert_eq!(shop.db().low_stock(2, 10).await.expect("an answer").len(), 1);
}

pub async fn a_variant_is_short_from_its_own_threshold_on(shop: Shop) {
    let own = |title: &str, stock: i64, low_stock_at: i64| {
        let mut own = draft(title, stock);
        own.variants[0].details =
            Some(VariantDetails { low_stock_at: Some(low_stock_at), ..VariantDetails::default() });
        own
    };
    for draft in [own("Seller", 400, 500), own("Rarity", 2, 1), own("Gone", 0, 0), own("Full", 501, 500)] {
        shop.add(draft).await;
    }
    shop.product("Few", 3).await;
    let titles = |short: &[LowStock]| short.iter().map(|one| one.title.clone()).collect::<Vec<_>>();
    assert_eq!(titles(&shop.db().low_stock(3, 10).await.expect("an answer")), ["Gone", "Few", "Seller"]);
    assert_eq!(titles(&shop.db().low_stock(3, 2).await.expect("an answer")), ["Gone", "Few"]);
    // Also past the end of the index of what is short.
    assert_eq!(titles(&shop.db().low_stock(1000, 10).await.expect("an answer")), ["Gone", "Few", "Seller"]);
}

pub async fn what_waits_is_counted(shop: Shop) {
    assert_eq!(shop.db().open_work().await.expect("an answer"), OpenWork::default());
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 50).await;
    for moves in [&[][..], &[], &[OrderStatus::Confirmed], &[OrderStatus::Confirmed, OrderStatus::Shipped]] {
        let order = shop.order(&ann, &[line(&mug, 1)]).await;
        shop.moved(&order, &stan, moves).await;
    }
    let draft = ReviewDraft { stars: 5, title: None, text: "Good".to_owned(), author: None };
    let stamp = shop.next_stamp();
    let review = WriteReview { account_id: ann.id, product_id: mug.id, draft, status: ReviewStatus::Pending, stamp };
    shop.run(review).await.expect("written");
    let work = OpenWork { to_confirm: 2, to_ship: 1, reviews: 1, failed_mails: 0 };
    assert_eq!(shop.db().open_work().await.expect("an answer"), work);
}

pub async fn orders_are_found_by_name_and_sku(shop: Shop) {
    let ann = shop.customer("ann").await;
    let with_sku = |title: &str| {
        let mut draft = draft(title, 50);
        draft.variants[0].sku = Some(format!("{title}-1"));
        draft
    };
    let (mug, cup) = (shop.add(with_sku("Mug")).await, shop.add(with_sku("Cup")).await);
    let first = shop.order(&ann, &[line(&mug, 1)]).await;
    let second = shop.order(&ann, &[line(&cup, 1), line(&mug, 1)]).await;
    let found = async |text: &str| {
        let filter = OrderFilter { text: Some(text.to_owned()), ..OrderFilter::default() };
        let orders = all_pages(1, async |page: PageRequest| shop.db().orders(&filter, &page).await).await;
        orders.iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let name = first.ship_to.name.to_uppercase();
    let part: String = name.chars().take(3).collect();
    assert_eq!(found(&part).await, [second.id, first.id]);
    assert_eq!(found("Cup-1").await, [second.id]);
    assert_eq!(found("Mug-1").await, [second.id, first.id]);
    for nothing in ["nobody of that name", "%", "_", "' OR 1=1", "\\"] {
        assert_eq!(found(nothing).await, [], "{nothing}");
    }
}
