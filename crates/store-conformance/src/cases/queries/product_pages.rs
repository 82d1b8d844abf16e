//! Products: each order, page by page.

use commerce::catalogue::{CategoryDraft, ProductDraft};
use model::{Product, ProductStatus, text::fold};
use store::{Cursor, CursorKey, ProductFilter, ProductSort};

use crate::support::{Shop, all_pages, category, draft, eur, first_page, page_of, with_options};

const SORTS: [ProductSort; 4] =
    [ProductSort::Newest, ProductSort::PriceAscending, ProductSort::PriceDescending, ProductSort::Title];

/// Twenty-five products with equal prices, equal titles and equal times among them.
async fn stock_up(shop: &Shop) -> Vec<Product> {
    let mut products = Vec::new();
    for number in 0..25_u32 {
        let title = ["Zebra", "ähre", "Apple", "mug", "Öl"][(number % 5) as usize];
        let mut draft = with_options(title, &["S", "M"], 1);
        draft.variants[0].price = eur(i64::from(number % 4) * 100 + 50);
        draft.variants[1].price = eur(i64::from(number % 3) * 100 + 50);
        let mut creation = shop.creation(draft);
        if number % 2 == 0 {
            creation.stamp = shop.stamp();
        }
        if number > 20 {
            creation.stamp = model::Stamp::new(
                products.last().map_or(shop.now(), |last: &Product| last.created_at),
                shop.number().into(),
            );
        }
        products.push(shop.run(creation).await.expect("a product"));
    }
    products
}

fn is_sorted(sort: ProductSort, products: &[Product]) -> bool {
    match sort {
        ProductSort::Newest => products.is_sorted_by_key(|product| std::cmp::Reverse(product.created_at)),
        ProductSort::PriceAscending => products.is_sorted_by_key(Product::price_min),
        ProductSort::PriceDescending => products.is_sorted_by_key(|product| std::cmp::Reverse(product.price_min())),
        ProductSort::Title => products.is_sorted_by_key(|product| fold(&product.title)),
    }
}

pub async fn every_order_is_paged_once_and_in_order(shop: Shop) {
    let mut all = stock_up(&shop).await;
    all.sort_by_key(|product| product.id);
    for sort in SORTS {
        let filter = ProductFilter { sort, ..ProductFilter::default() };
        let whole = shop.db().products(&filter, &first_page()).await.expect("an answer").items;
        assert!(is_sorted(sort, &whole), "{sort:?}");
        let mut sorted = whole.clone();
        sorted.sort_by_key(|product| product.id);
        assert_eq!(sorted, all, "{sort:?}");
        for limit in [1, 4, 25, 100] {
            let listed = all_pages(limit, async |page| shop.db().products(&filter, &page).await).await;
            assert_eq!(listed, whole, "{sort:?} in pages of {limit}");
        }
    }
}

pub async fn filters_and_pages_go_together(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let below = shop.category(CategoryDraft { position: Some(1), ..category("Below", Some(top.id)) }).await;
    for number in 0..20_i64 {
        let mut draft = ProductDraft {
            category_id: (number % 2 == 0).then_some(if number % 4 == 0 { top.id } else { below.id }),
            status: if number % 5 == 0 { ProductStatus::Draft } else { ProductStatus::Active },
            tags: vec!["tag".into()],
            ..draft(&format!("Thing {}", 20 - number), number % 3)
        };
        draft.variants[0].price = eur(number % 7 * 10);
        draft.variants[0].compare_at_price = (number % 3 == 0).then_some(eur(1000));
        shop.add(draft).await;
    }
    let none = ProductFilter::default;
    let filters = [
        ProductFilter { status: Some(ProductStatus::Active), ..none() },
        ProductFilter { category: Some(top.id), status: Some(ProductStatus::Active), ..none() },
        ProductFilter { words: vec!["thing".into()], tag: Some("TAG".into()), ..none() },
        ProductFilter { price_min: Some(10), price_max: Some(50), ..none() },
        ProductFilter { on_sale: Some(true), ..none() },
        ProductFilter { in_stock: Some(false), ..none() },
    ];
    for filter in filters {
        for sort in SORTS {
            let filter = ProductFilter { sort, ..filter.clone() };
            let whole = shop.db().products(&filter, &first_page()).await.expect("an answer").items;
            assert!(whole.len() > 3 && whole.len() < 21 && is_sorted(sort, &whole), "{filter:?}");
            let listed = all_pages(3, async |page| shop.db().products(&filter, &page).await).await;
            assert_eq!(listed, whole, "{filter:?}");
        }
    }
}

/// Whatever the order, what is there from the first page to the last comes once.
pub async fn products_that_are_added_meanwhile_disturb_no_page(shop: Shop) {
    let before = stock_up(&shop).await;
    for sort in SORTS {
        let filter = ProductFilter { sort, words: vec![], ..ProductFilter::default() };
        let listed = all_pages(4, async |page| {
            let answer = shop.db().products(&filter, &page).await;
            let mut new = draft(["Aaa", "Mmm", "Zzz"][page.limit as usize % 3], 1);
            new.variants[0].price = eur(150);
            shop.add(new).await;
            answer
        });
        let listed = listed.await;
        assert!(is_sorted(sort, &listed), "{sort:?}");
        let mut ids: Vec<_> = listed.iter().map(|product| product.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{sort:?} gave a product twice");
        assert!(before.iter().all(|product| ids.binary_search(&product.id).is_ok()), "{sort:?} lost a product");
    }
}

pub async fn a_page_has_an_end_only_where_there_is_more(shop: Shop) {
    for number in 0..4 {
        shop.product(&number.to_string(), 1).await;
    }
    let filter = ProductFilter::default();
    for (limit, more) in [(3, true), (4, false), (5, false)] {
        let page = shop.db().products(&filter, &page_of(limit, None)).await.expect("an answer");
        assert_eq!((page.items.len(), page.next.is_some()), (4.min(limit as usize), more), "limit {limit}");
    }
    let empty = ProductFilter { status: Some(ProductStatus::Draft), ..filter };
    let page = shop.db().products(&empty, &first_page()).await.expect("an answer");
    assert_eq!((page.items.len(), page.next), (0, None));
}

/// Clients can write their own cursors; an engine may answer anything but must not break.
pub async fn forged_cursors_break_nothing(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let keys = [
        CursorKey::Number(i64::MIN),
        CursorKey::Number(i64::MAX),
        // A time that one engine cannot have: 9999 before our era.
        CursorKey::Number(-377_705_023_201_000_000),
        CursorKey::Text("'; DROP TABLE products; --".into()),
        CursorKey::Text(String::new()),
    ];
    for sort in SORTS {
        for key in keys.clone() {
            let filter = ProductFilter { sort, ..ProductFilter::default() };
            let cursor = Cursor { sort: sort.as_str().to_owned(), key, id: shop.id() };
            let page = shop.db().products(&filter, &page_of(5, Some(cursor.clone()))).await.expect("an answer");
            assert!(page.items.len() <= 1);
            let newest = Cursor { sort: "newest".to_owned(), ..cursor };
            let after = page_of(5, Some(newest));
            shop.db().orders(&store::OrderFilter::default(), &after).await.expect("an answer");
            shop.db().mails(&store::MailFilter::default(), &after).await.expect("an answer");
            shop.db().accounts(&store::AccountFilter::default(), &after).await.expect("an answer");
            shop.db().movements(mug.variants[0].id, &after).await.expect("an answer");
        }
    }
}

pub async fn a_cursor_of_a_time_that_is_not_begins_at_one_end(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let (filter, sort) = (ProductFilter::default(), ProductFilter::default().sort);
    for (micros, count) in [(i64::MAX, 1), (i64::MIN, 0)] {
        let cursor = Cursor { sort: sort.as_str().to_owned(), key: CursorKey::Number(micros), id: shop.id() };
        let page = shop.db().products(&filter, &page_of(5, Some(cursor))).await.expect("an answer");
        assert_eq!(page.items.len(), count, "products, {micros}");
        assert!(page.items.iter().all(|product| product.id == mug.id));
    }
}

pub async fn single_products_are_found_whatever_their_status(shop: Shop) {
    for status in [ProductStatus::Draft, ProductStatus::Active, ProductStatus::Archived] {
        let product = shop.add(ProductDraft { status, ..draft(status.as_str(), 1) }).await;
        let expected = Some(product.clone());
        assert_eq!(shop.db().product(product.id).await.expect("an answer"), expected);
        assert_eq!(shop.db().product_by_slug(&product.slug).await.expect("an answer"), expected);
        assert_eq!(shop.db().product_of_variant(product.variants[0].id).await.expect("an answer"), expected);
    }
    assert_eq!(shop.db().product(shop.id()).await.expect("an answer"), None);
    assert_eq!(shop.db().product_by_slug("nothing").await.expect("an answer"), None);
    assert_eq!(shop.db().product_of_variant(shop.id()).await.expect("an answer"), None);
}
