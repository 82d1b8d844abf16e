//! What the overview is made of.

use commerce::{
    catalogue::ProductDraft,
    reviews::{ReviewDraft, WriteReview},
};
use model::{OrderStatus, ProductStatus, ReviewStatus, SignedDuration, VariantDetails};
use store::{LowStock, OpenWork, OrderFilter, PageRequest};

use crate::support::{Shop, all_pages, draft, line, page_of};

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
