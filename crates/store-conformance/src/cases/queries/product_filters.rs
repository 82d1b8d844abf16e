//! Products: each filter.

use commerce::catalogue::{CategoryPatch, ProductDraft, UpdateCategory};
use model::{Product, ProductStatus, VariantId, text::fold};
use store::ProductFilter;

use crate::support::{Shop, category, draft, eur, first_page, line, with_options};

/// The titles of what a filter finds, sorted.
async fn titles(shop: &Shop, filter: ProductFilter) -> Vec<String> {
    let page = shop.db().products(&filter, &first_page()).await.expect("an answer");
    let mut titles: Vec<_> = page.items.into_iter().map(|product| product.title).collect();
    titles.sort();
    titles
}

fn none() -> ProductFilter {
    ProductFilter::default()
}

/// Each variant of the product at its own price.
fn priced(title: &str, prices: &[i64]) -> ProductDraft {
    let sizes: Vec<String> = prices.iter().map(ToString::to_string).collect();
    let mut draft = with_options(title, &sizes.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    for (variant, price) in draft.variants.iter_mut().zip(prices) {
        variant.price = eur(*price);
    }
    draft
}

pub async fn by_status(shop: Shop) {
    for (title, status) in
        [("draft", ProductStatus::Draft), ("active", ProductStatus::Active), ("archived", ProductStatus::Archived)]
    {
        shop.add(ProductDraft { status, ..draft(title, 1) }).await;
    }
    for status in [ProductStatus::Draft, ProductStatus::Active, ProductStatus::Archived] {
        assert_eq!(titles(&shop, ProductFilter { status: Some(status), ..none() }).await, [status.as_str()]);
    }
    assert_eq!(titles(&shop, none()).await, ["active", "archived", "draft"]);
}

pub async fn by_category_with_all_below_it(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let middle = shop.category(category("Middle", Some(top.id))).await;
    let bottom = shop.category(category("Bottom", Some(middle.id))).await;
    let other = shop.category(category("Other", None)).await;
    for at in [&top, &middle, &bottom, &other] {
        shop.add(ProductDraft { category_id: Some(at.id), ..draft(&at.name.to_lowercase(), 1) }).await;
    }
    shop.product("nowhere", 1).await;
    let within = async |id| titles(&shop, ProductFilter { category: Some(id), ..none() }).await;
    assert_eq!(within(top.id).await, ["bottom", "middle", "top"]);
    assert_eq!(within(middle.id).await, ["bottom", "middle"]);
    assert_eq!(within(bottom.id).await, ["bottom"]);
    assert_eq!(within(other.id).await, ["other"]);
    assert!(within(shop.id()).await.is_empty());
    let patch = CategoryPatch { parent_id: Some(Some(other.id)), ..CategoryPatch::default() };
    let update = UpdateCategory { id: middle.id, patch, if_version: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("moved");
    assert_eq!(within(top.id).await, ["top"]);
    assert_eq!(within(other.id).await, ["bottom", "middle", "other"]);
}

/// What is in a basket.
pub async fn by_variant(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 1)).await;
    let (mug, cup) = (shop.product("Mug", 1).await, shop.product("Cup", 1).await);
    shop.product("Pot", 1).await;
    let hidden = shop.add(ProductDraft { status: ProductStatus::Draft, ..draft("Hidden", 1) }).await;
    let of = |products: &[&Product]| products.iter().flat_map(|product| &product.variants).map(|one| one.id).collect();
    let with = async |variants: Vec<VariantId>| {
        titles(&shop, ProductFilter { variants, status: Some(ProductStatus::Active), ..none() }).await
    };
    assert_eq!(with(of(&[&shirt, &mug, &mug, &hidden])).await, ["Mug", "Shirt"]);
    assert_eq!(with(vec![shop.id(), cup.variants[0].id]).await, ["Cup"]);
    assert!(with(vec![shop.id()]).await.is_empty());
    let both = ProductFilter { variants: of(&[&shirt, &mug]), words: vec!["mug".into()], ..none() };
    assert_eq!(titles(&shop, both).await, ["Mug"]);
}

pub async fn by_words_in_title_vendor_tags_and_skus(shop: Shop) {
    let mut shirt = draft("Crème Shirt", 1);
    shirt.vendor = Some("Ånström & Co".into());
    shirt.tags = vec!["Summer 2025".into()];
    shirt.variants[0].sku = Some("SH-1001".into());
    shop.add(shirt).await;
    shop.product("Crimson mug 50%", 1).await;
    let with = async |text: &str| {
        let words = fold(text).split_whitespace().map(str::to_owned).collect();
        titles(&shop, ProductFilter { words, ..none() }).await
    };
    for found in ["creme", "CRÈME shirt", "anstrom", "summer", "1001", "shirt 2025 co", "hir"] {
        assert_eq!(with(found).await, ["Crème Shirt"], "{found}");
    }
    assert_eq!(with("cr").await, ["Crimson mug 50%", "Crème Shirt"]);
    assert!(with("crème mug").await.is_empty(), "every word must be there");
    // What is not folded finds nothing, or what it says, but never everything.
    for sign in ["%", "_", "c%e", "cr_me", "'", "\"", "\\", "*", "cr*"] {
        let filter = ProductFilter { words: vec![sign.to_owned()], ..none() };
        assert!(titles(&shop, filter).await.is_empty(), "{sign} found something");
    }
}

pub async fn what_changed_is_found_by_its_new_words_alone(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let patch = commerce::catalogue::ProductPatch { title: Some("Cup".into()), ..Default::default() };
    let update = commerce::catalogue::UpdateProduct {
        id: mug.id,
        patch,
        if_version: None,
        actor_id: None,
        stamp: shop.next_stamp(),
    };
    shop.run(update).await.expect("changed");
    let word = |word: &str| ProductFilter { words: vec![word.to_owned()], ..none() };
    assert_eq!(titles(&shop, word("cup")).await, ["Cup"]);
    assert!(titles(&shop, word("mug")).await.is_empty());
}

pub async fn by_tag_without_case(shop: Shop) {
    let tagged = |title: &str, tags: &[&str]| ProductDraft {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..draft(title, 1)
    };
    shop.add(tagged("one", &["Été", "blue"])).await;
    shop.add(tagged("two", &["blue-ish", "a\"b"])).await;
    let with = async |tag: &str| titles(&shop, ProductFilter { tag: Some(tag.to_owned()), ..none() }).await;
    assert_eq!(with("ÉTÉ").await, ["one"]);
    assert_eq!(with("Blue").await, ["one"], "a part of a tag is not the tag");
    assert_eq!(with("a\"b").await, ["two"]);
    for nothing in ["blu", "%", "", "["] {
        assert!(with(nothing).await.is_empty(), "{nothing:?} found something");
    }
}

/// One variant must be within both bounds: 5 and 50 do not make 20.
pub async fn by_price_of_one_variant(shop: Shop) {
    for (title, prices) in [("cheap", &[5_i64][..]), ("wide", &[5, 50]), ("middle", &[20]), ("dear", &[50, 90])] {
        shop.add(priced(title, prices)).await;
    }
    let between = async |price_min, price_max| titles(&shop, ProductFilter { price_min, price_max, ..none() }).await;
    assert_eq!(between(Some(10), Some(30)).await, ["middle"]);
    assert_eq!(between(Some(20), Some(20)).await, ["middle"]);
    assert_eq!(between(Some(21), None).await, ["dear", "wide"]);
    assert_eq!(between(None, Some(19)).await, ["cheap", "wide"]);
    assert_eq!(between(Some(5), Some(90)).await, ["cheap", "dear", "middle", "wide"]);
    assert!(between(Some(91), None).await.is_empty());
    assert!(between(Some(30), Some(10)).await.is_empty());
    assert!(between(Some(i64::MAX), Some(i64::MIN)).await.is_empty());
}

pub async fn by_sale(shop: Shop) {
    let mut sale = priced("sale", &[100, 100]);
    sale.variants[1].option_values = vec!["other".into()];
    sale.variants[1].compare_at_price = Some(eur(101));
    let mut no_sale = draft("same", 1);
    no_sale.variants[0].compare_at_price = Some(eur(1000));
    for draft in [sale, no_sale, draft("plain", 1)] {
        shop.add(draft).await;
    }
    let on_sale = async |on_sale| titles(&shop, ProductFilter { on_sale: Some(on_sale), ..none() }).await;
    assert_eq!(on_sale(true).await, ["sale"]);
    assert_eq!(on_sale(false).await, ["plain", "same"]);
}

pub async fn by_stock_as_it_is_now(shop: Shop) {
    let ann = shop.customer("ann").await;
    let last: Product = shop.product("last one", 1).await;
    shop.product("sold out", 0).await;
    let mut voucher = draft("voucher", 0);
    voucher.variants[0].track_stock = false;
    shop.add(voucher).await;
    let mut half = with_options("half", &["S", "M"], 0);
    half.variants[1].stock = Some(1);
    shop.add(half).await;
    let in_stock = async |in_stock| titles(&shop, ProductFilter { in_stock: Some(in_stock), ..none() }).await;
    assert_eq!(in_stock(true).await, ["half", "last one", "voucher"]);
    assert_eq!(in_stock(false).await, ["sold out"]);
    shop.order(&ann, &[line(&last, 1)]).await;
    assert_eq!(in_stock(true).await, ["half", "voucher"]);
    assert_eq!(in_stock(false).await, ["last one", "sold out"]);
}

pub async fn everything_that_is_asked_must_hold(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let right = || {
        let mut right =
            ProductDraft { category_id: Some(top.id), tags: vec!["tag".into()], ..priced("right word", &[100]) };
        right.variants[0].compare_at_price = Some(eur(200));
        right
    };
    let wrong: [fn(&mut ProductDraft); 7] = [
        |draft| draft.category_id = None,
        |draft| draft.tags.clear(),
        |draft| draft.title = "right".into(),
        |draft| draft.variants[0].price = eur(99),
        |draft| draft.variants[0].compare_at_price = None,
        |draft| draft.variants[0].stock = Some(0),
        |draft| draft.status = ProductStatus::Draft,
    ];
    for make_wrong in wrong {
        let mut draft = right();
        make_wrong(&mut draft);
        shop.add(draft).await;
    }
    let expected = shop.add(right()).await;
    let filter = ProductFilter {
        status: Some(ProductStatus::Active),
        category: Some(top.id),
        variants: vec![expected.variants[0].id],
        tag: Some("TAG".into()),
        words: vec!["right".into(), "word".into()],
        price_min: Some(100),
        price_max: Some(100),
        on_sale: Some(true),
        in_stock: Some(true),
        sort: store::ProductSort::Newest,
    };
    let found = shop.db().products(&filter, &first_page()).await.expect("an answer").items;
    assert_eq!(found, [expected]);
}
