//! What the overview is made of.

use std::{collections::HashSet, sync::Arc};

use commerce::{
    catalogue::ProductDraft,
    orders::{MoveOrder, Mover, OrderBook, Sought, SoughtIn},
    reviews::{ModerateReview, ReportReview, ReviewDraft, ReviewVerdict, WriteReview},
};
use model::{
    OrderNumber, OrderStatus, ProductStatus, ReviewStatus, SignedDuration, Timestamp, Tracking, VariantDetails,
    mail::DeliveryOutcome,
};
use store::{LowStock, OpenWork, OrderFilter, PageRequest, ShortPlace};

use crate::support::{Shop, all_pages, at_once, draft, line, move_order, page_of, with_options};

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
    let lines: Vec<_> = of_two[0]
        .lines
        .iter()
        .map(|line| (line.variant_id, line.sku.as_deref(), line.title.as_str(), line.quantity))
        .collect();
    assert_eq!(lines, [(mug.variants[0].id, Some("Mug-1"), "Mug", 1), (cup.variants[0].id, Some("Cup-1"), "Cup", 2)]);
    assert_eq!((of_two[0].total, of_two[0].placed_at), (first.total.amount, first.placed_at));
    assert_eq!(of_two[0].name, first.ship_to.name);
    assert_eq!((&of_two[0].city, &of_two[0].postal_code), (&first.ship_to.city, &first.ship_to.postal_code));

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
    let find = |text: &str, place| book.find(&Sought::new(text, place), Timestamp::MIN, Timestamp::MAX, 10).newest;
    for text in ["Cup-1", "Mug-1", "cup-1", "NEIL", "Cup", "nobody of that name"] {
        let numbers = find(text, SoughtIn::People);
        let by = async |filter: OrderFilter| {
            let orders = all_pages(1, async |page: PageRequest| shop.db().orders(&filter, &page).await).await;
            orders.iter().map(|order| order.number).collect::<Vec<_>>()
        };
        let by_text = by(OrderFilter { text: Some(text.to_owned()), ..OrderFilter::default() }).await;
        assert_eq!(by(OrderFilter { numbers: Some(numbers), ..OrderFilter::default() }).await, by_text, "{text}");
    }
    // Where they go, and what was bought, the book alone knows.
    let town = format!("{} {}", first.ship_to.postal_code, first.ship_to.city.to_uppercase());
    assert_eq!(find(&town, SoughtIn::People), [last.number, cancelled.number, first.number]);
    assert_eq!(find("cup", SoughtIn::Titles), [first.number]);
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

async fn short(shop: &Shop, at_most: i64, after: ShortPlace, limit: u32) -> Vec<LowStock> {
    shop.db().low_stock(at_most, after, limit).await.expect("an answer")
}

pub async fn what_is_short_comes_shortest_first(shop: Shop) {
    let (ann, few, none) = (shop.customer("ann").await, shop.product("Few", 3).await, shop.product("None", 1).await);
    shop.product("Many", 50).await;
    shop.add(ProductDraft { status: ProductStatus::Archived, ..draft("Hidden", 0) }).await;
    shop.order(&ann, &[line(&none, 1)]).await;
    let found = short(&shop, 3, ShortPlace::START, 10).await;
    let seen: Vec<_> = found.iter().map(|one| (one.title.as_str(), one.stock)).collect();
    assert_eq!(seen, [("None", 0), ("Few", 3)]);
    assert_eq!((found[1].product_id, found[1].variant_id), (few.id, few.variants[0].id));
    assert_eq!(short(&shop, 3, ShortPlace::START, 1).await.len(), 1);
    assert_eq!(short(&shop, 2, ShortPlace::START, 10).await.len(), 1);
    assert_eq!(short(&shop, 3, ShortPlace::SOLD_OUT, 10).await, found[1..]);
}

/// Many have as many pieces as each other, and some a threshold of their own.
pub async fn all_that_is_short_is_met_page_by_page(shop: Shop) {
    let names: Vec<String> = (0..9).map(|number| format!("Size {number}")).collect();
    let sizes: Vec<&str> = names.iter().map(String::as_str).collect();
    for (title, stock) in [("Gone", 0), ("Last", 1), ("Few", 3)] {
        shop.add(with_options(title, &sizes, stock)).await;
    }
    for (title, stock, low_stock_at) in [("Nought", 0, 0), ("Seller", 1, 500), ("Stack", 400, 500)] {
        let mut own = draft(title, stock);
        let details = VariantDetails { low_stock_at: Some(low_stock_at), ..VariantDetails::default() };
        own.variants[0].details = Some(details);
        shop.add(own).await;
    }
    // Along the index of what is short, and past its end.
    for at_most in [3, 1000] {
        let whole = short(&shop, at_most, ShortPlace::START, 100).await;
        assert_eq!(whole.len(), 30, "at most {at_most}");
        assert!(whole.is_sorted_by_key(LowStock::place));
        for limit in [1, 4, 10] {
            let mut listed: Vec<LowStock> = Vec::new();
            while listed.len() <= whole.len() {
                let after = listed.last().map_or(ShortPlace::START, LowStock::place);
                let page = short(&shop, at_most, after, limit).await;
                if page.is_empty() {
                    break;
                }
                listed.extend(page);
            }
            assert_eq!(listed, whole, "at most {at_most}, {limit} on a page");
        }
        let left = short(&shop, at_most, ShortPlace::SOLD_OUT, 100).await;
        assert_eq!(left, whole.iter().filter(|one| one.stock > 0).cloned().collect::<Vec<_>>());
    }
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
    assert_eq!(titles(&short(&shop, 3, ShortPlace::START, 10).await), ["Gone", "Few", "Seller"]);
    assert_eq!(titles(&short(&shop, 3, ShortPlace::START, 2).await), ["Gone", "Few"]);
    // Also past the end of the index of what is short.
    assert_eq!(titles(&short(&shop, 1000, ShortPlace::START, 10).await), ["Gone", "Few", "Seller"]);
}

pub async fn what_waits_is_counted(shop: Shop) {
    let now = shop.now();
    assert_eq!(shop.db().open_work(now).await.expect("an answer"), OpenWork::default());
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let (bob, cleo) = (shop.customer("bob").await, shop.customer("cleo").await);
    let mug = shop.product("Mug", 50).await;
    for moves in [&[][..], &[], &[OrderStatus::Confirmed], &[OrderStatus::Confirmed, OrderStatus::Shipped]] {
        let order = shop.order(&ann, &[line(&mug, 1)]).await;
        shop.moved(&order, &stan, moves).await;
    }
    let draft = ReviewDraft { stars: 5, title: None, text: "Good".to_owned(), author: None };
    let stamp = shop.next_stamp();
    let review = WriteReview { account_id: ann.id, product_id: mug.id, draft, status: ReviewStatus::Pending, stamp };
    shop.run(review.clone()).await.expect("written");
    let mut seen_reviews = Vec::new();
    for account_id in [bob.id, cleo.id] {
        let stamp = shop.next_stamp();
        let seen = WriteReview { account_id, status: ReviewStatus::Approved, stamp, ..review.clone() };
        let seen = shop.run(seen).await.expect("written");
        shop.run(ReportReview { id: seen.id, account_id: ann.id }).await.expect("reported");
        seen_reviews.push(seen);
    }
    // What nobody sees any more was decided.
    let verdict = ReviewVerdict { status: Some(ReviewStatus::Rejected), ..ReviewVerdict::default() };
    let reject = ModerateReview { id: seen_reviews[1].id, verdict, if_version: None, now: shop.now() };
    shop.run(reject).await.expect("rejected");
    for mail in shop.lease(2).await {
        shop.record(&mail, DeliveryOutcome::Rejected { error: "550 no".into() }).await;
    }
    let work = OpenWork { to_confirm: 2, to_ship: 1, reviews: 1, reported_reviews: 1, failed_mails: 2 };
    assert_eq!(shop.db().open_work(now).await.expect("an answer"), work);
    // Nobody can do more about mails that failed than to send them again, and most of them nobody does.
    let later = shop.pass(DAY);
    let work = OpenWork { failed_mails: 0, ..work };
    assert_eq!(shop.db().open_work(later).await.expect("an answer"), work);
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
    assert_eq!(found("cUP-1").await, [second.id]);
    assert_eq!(found("Mug-1").await, [second.id, first.id]);
    for nothing in ["nobody of that name", "%", "_", "' OR 1=1", "\\"] {
        assert_eq!(found(nothing).await, [], "{nothing}");
    }
}

pub async fn orders_are_found_by_the_numbers_of_their_parcels(shop: Shop) {
    let (ann, stan) = (shop.customer("ann").await, shop.staff("stan", &[]).await);
    let mug = shop.product("Mug", 50).await;
    let mut sent = Vec::new();
    // Two go out in one parcel; one waits, and one left without a number.
    for number in [Some("RR 123 456 789 DE"), Some("rr123456789de"), Some("00340434161094015902"), None] {
        let order = shop.order(&ann, &[line(&mug, 1)]).await;
        shop.moved(&order, &stan, &[OrderStatus::Confirmed]).await;
        let tracking = number.map(|number| Tracking { number: number.to_owned(), ..Tracking::default() });
        let ship = move_order(&shop, order.id, OrderStatus::Shipped, Mover::Staff(stan.id));
        sent.push(shop.run(MoveOrder { tracking, ..ship }).await.expect("shipped").id);
    }
    shop.order(&ann, &[line(&mug, 1)]).await;
    let found = async |text: &str, filter: OrderFilter| {
        let filter = OrderFilter { tracking: Some(Tracking::key(text)), ..filter };
        let orders = all_pages(1, async |page: PageRequest| shop.db().orders(&filter, &page).await).await;
        orders.iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let any = OrderFilter::default;
    for text in ["RR123456789DE", " rr 123456789 de", "RR 123 456 789 DE"] {
        assert_eq!(found(text, any()).await, [sent[1], sent[0]], "{text}");
    }
    assert_eq!(found("0034 0434 1610 9401 5902", any()).await, [sent[2]]);
    let shipped = OrderFilter { statuses: vec![OrderStatus::Shipped], account_id: Some(ann.id), ..any() };
    assert_eq!(found("rr123456789de", shipped).await, [sent[1], sent[0]]);
    let pending = OrderFilter { statuses: vec![OrderStatus::Pending], ..any() };
    assert_eq!(found("rr123456789de", pending).await, []);
    for nothing in ["", "123456789", "RR123456789", "%", "\0", "null"] {
        assert_eq!(found(nothing, any()).await, [], "{nothing:?}");
    }
}
