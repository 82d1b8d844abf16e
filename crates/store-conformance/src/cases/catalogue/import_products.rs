//! Bringing products over from elsewhere.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use commerce::{
    Conflict, Error,
    catalogue::{
        ImportError, ImportProducts, ImportSummary, ImportedProduct, OptionDraft, ProductDraft, ProductPatch,
        SetPrices, TurnProducts, UpdateProduct, VariantDraft,
    },
    export::{prices::PriceWriter, shopify::ProductWriter},
    import::{
        prices::{self, PriceRow},
        shopify,
    },
};
use model::{
    Currency, Image, Money, Product, ProductStatus, Sale, SignedDuration, Variant, VariantDetails,
    details::ProductDetails,
};

use crate::support::{Shop, category, draft, eur, imported, line, refused, sold_in_euros, with_options};

fn in_category(name: &str, product: ImportedProduct) -> ImportedProduct {
    ImportedProduct { category: Some(name.to_owned()), ..product }
}

fn import(shop: &Shop, products: &[ImportedProduct]) -> ImportProducts {
    let (products, progress) = (products.to_vec(), Arc::new(AtomicU64::new(0)));
    ImportProducts { products, sold_in: sold_in_euros(), actor_id: None, stamp: shop.next_stamp(), progress }
}

const fn summary(created: u64, updated: u64, unchanged: u64) -> ImportSummary {
    ImportSummary { created, updated, unchanged }
}

pub async fn an_import_can_be_repeated_without_duplicates(shop: Shop) {
    let products = [
        in_category("Shirts", imported("Linen Shirt", with_options("Linen shirt", &["S", "M"], 3))),
        in_category(" shirts ", imported("mug", draft("Mug", 4))),
        imported("bare", draft("Bare", 0)),
    ];
    let first = import(&shop, &products);
    let progress = first.progress.clone();
    assert_eq!(shop.run(first).await.expect("imported"), summary(3, 0, 0));
    assert_eq!(progress.load(Ordering::Relaxed), 3);
    let shirt = shop.db().product_by_slug("linen-shirt").await.expect("an answer").expect("a product");
    assert_eq!((shirt.variants.len(), shirt.variants[0].stock), (2, 3));
    let categories = shop.db().categories().await.expect("an answer");
    assert_eq!(categories.iter().map(|category| category.name.as_str()).collect::<Vec<_>>(), ["Shirts"]);
    assert_eq!(shirt.category_id, Some(categories[0].id));
    assert_eq!(shop.ledger(&shirt).await.len(), 1);

    assert_eq!(shop.run(import(&shop, &products)).await.expect("imported"), summary(0, 0, 3));
    assert_eq!(shop.product_now(shirt.id).await, shirt, "an import without news changed something");
}

/// The file says each night when the product went on sale once: it must not go on sale again by that.
pub async fn a_draft_in_a_file_stays_one_however_often_it_comes(shop: Shop) {
    let at = shop.now() + SignedDuration::from_hours(1);
    let details = Some(ProductDetails { publish_at: Some(at), ..ProductDetails::default() });
    let file = [imported("mug", ProductDraft { status: ProductStatus::Draft, details, ..draft("Mug", 4) })];
    shop.run(import(&shop, &file)).await.expect("imported");
    let status = async || shop.db().product_by_slug("mug").await.expect("an answer").expect("a product").status;
    shop.pass(SignedDuration::from_hours(1));
    assert_eq!(shop.run(TurnProducts { now: shop.now() }).await.expect("turned"), 1);
    assert_eq!(status().await, ProductStatus::Active);
    for _ in 0..3 {
        shop.run(import(&shop, &file)).await.expect("imported");
        assert_eq!(shop.run(TurnProducts { now: shop.now() }).await.expect("turned"), 0);
        assert_eq!(status().await, ProductStatus::Draft);
    }
}

/// What was sold since must not come back.
pub async fn stock_of_known_variants_is_left_alone(shop: Shop) {
    let ann = shop.customer("ann").await;
    let product = imported("mug", draft("Mug", 4));
    shop.run(import(&shop, std::slice::from_ref(&product))).await.expect("imported");
    let mug = shop.db().product_by_slug("mug").await.expect("an answer").expect("a product");
    shop.order(&ann, &[line(&mug, 3)]).await;
    let mut dearer = product;
    dearer.draft.variants[0].price = eur(1100);
    assert_eq!(shop.run(import(&shop, &[dearer])).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(mug.id).await;
    assert_eq!((after.variants[0].stock, after.variants[0].price, after.version), (1, eur(1100), 2));
    assert_eq!(after.variants[0].id, mug.variants[0].id);
}

pub async fn new_variants_come_and_unnamed_ones_stay(shop: Shop) {
    let product = |sizes: &[&str]| imported("shirt", with_options("Shirt", sizes, 3));
    shop.run(import(&shop, &[product(&["S", "M"])])).await.expect("imported");
    assert_eq!(shop.run(import(&shop, &[product(&["M", "L"])])).await.expect("imported"), summary(0, 1, 0));
    let shirt = shop.db().product_by_slug("shirt").await.expect("an answer").expect("a product");
    let sizes: Vec<_> = shirt.variants.iter().map(Variant::title).collect();
    assert_eq!(sizes, ["S", "M", "L"]);
    assert_eq!(shirt.variants.iter().map(|variant| variant.stock).collect::<Vec<_>>(), [3, 3, 3]);
}

pub async fn variants_are_recognised_by_their_sku(shop: Shop) {
    let product = |size: &str| {
        let mut draft = with_options("Shirt", &[size], 3);
        draft.variants[0].sku = Some("SKU-1".to_owned());
        imported("shirt", draft)
    };
    shop.run(import(&shop, &[product("Small")])).await.expect("imported");
    assert_eq!(shop.run(import(&shop, &[product("S")])).await.expect("imported"), summary(0, 1, 0));
    let shirt = shop.db().product_by_slug("shirt").await.expect("an answer").expect("a product");
    assert_eq!((shirt.variants.len(), shirt.variants[0].title().as_str()), (1, "S"));
}

pub async fn one_bad_product_stops_all_of_them(shop: Shop) {
    let mut taken = draft("Other", 0);
    taken.variants[0].sku = Some("TAKEN".into());
    shop.add(taken.clone()).await;
    let thief = ProductDraft { title: "Thief".into(), ..taken };
    let thief = ImportedProduct { line: 7, ..imported("thief", thief) };
    let products = [in_category("New", imported("mug", draft("Mug", 4))), thief];
    let refusal = shop.run(import(&shop, &products)).await.expect_err("the SKU is taken");
    assert_eq!(refusal.line, 7);
    assert!(matches!(refusal.error, Error::Conflict(Conflict::SkuTaken(sku)) if sku == "TAKEN"));
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None, "half of the file was imported");
    assert!(shop.db().categories().await.expect("an answer").is_empty());

    let mut wrong = draft("Wrong", 0);
    wrong.variants.push(VariantDraft { price: eur(-5), ..wrong.variants[0].clone() });
    let products = [imported("mug", draft("Mug", 4)), ImportedProduct { line: 9, ..imported("wrong", wrong) }];
    let refusal = shop.run(import(&shop, &products)).await.expect_err("a price below zero");
    assert_eq!(refusal.line, 9);
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None);
}

/// What is exported and imported again is as it was, whatever it says.
pub async fn an_export_changes_nothing_when_it_comes_back(shop: Shop) {
    let above = shop.category(category("Kitchen", None)).await;
    let below = shop.category(category("kitchen", Some(above.id))).await;
    let one = draft("One", 3).variants.remove(0);
    let values = |number: usize| vec![format!("V{number}"), format!("=W{number}"), "x".into(), "y".into(), "-z".into()];
    let images = ["/a.png", "/b.png", "/c.png"].map(|url| Image { url: url.into(), alt: Some("@alt".into()) });
    let variant = |number: usize| VariantDraft {
        sku: Some(format!("'={number}")),
        option_values: values(number),
        compare_at_price: (number == 1).then(|| eur(99_900)),
        stock: Some(3),
        weight_grams: Some(250),
        barcode: Some("'4006381333931".to_owned()),
        details: Some(VariantDetails { image: Some("/c.png".to_owned()), ..VariantDetails::default() }),
        ..one.clone()
    };
    let options = ["Size", "+Colour", "Cut", "Print", "Fit"]
        .map(|name| OptionDraft { name: name.into(), values: vec!["unused".into()] });
    let whole = ProductDraft {
        title: "=HYPERLINK(\"http://x\")".to_owned(),
        description: "<p>Two, \"lines\"\nof text</p>".to_owned(),
        vendor: Some("@Acme".to_owned()),
        category_id: Some(below.id),
        tags: vec!["one, with a comma".to_owned(), "-two".to_owned()],
        options: options.to_vec(),
        variants: vec![variant(2), variant(1), variant(3)],
        images: images.to_vec(),
        ..draft("Whole", 0)
    };
    let simple = ProductDraft {
        status: ProductStatus::Draft,
        variants: vec![VariantDraft { track_stock: false, stock: None, ..one.clone() }],
        ..draft("Simple", 0)
    };
    let archived = ProductDraft { status: ProductStatus::Archived, ..draft("Archived", 0) };
    for draft in [whole, simple, archived] {
        shop.add(draft).await;
    }
    let before = shop.db().products_after(None, 100).await.expect("an answer");
    let categories = shop.db().categories().await.expect("an answer");
    let mut writer = ProductWriter::new(Vec::new(), true).expect("written");
    for product in &before {
        let name = categories.iter().find(|category| Some(category.id) == product.category_id);
        writer.write(product, name.map(|category| category.name.as_str())).expect("written");
    }
    let file = writer.finish().expect("written");
    let text = String::from_utf8(file.clone()).expect("UTF-8");
    let formula = |field: &str| field.starts_with(['=', '+', '-', '@']);
    assert!(!text.split([',', '\n']).map(|field| field.trim_start_matches('"')).any(formula), "{text}");
    let parsed = shopify::read(file.as_slice(), Currency::EUR);
    assert_eq!(parsed.errors, []);
    assert_eq!(shop.run(import(&shop, &parsed.products)).await.expect("imported"), summary(0, 0, 3));
    assert_eq!(shop.db().products_after(None, 100).await.expect("an answer"), before);

    // Elsewhere the variants have the pictures that they had here, and another file gives them others.
    let mut other = parsed.products.into_iter().find(|product| product.draft.variants.len() == 3).expect("exported");
    other.handle = "other".to_owned();
    other.draft.variants.iter_mut().for_each(|variant| variant.sku = None);
    shop.run(import(&shop, std::slice::from_ref(&other))).await.expect("imported");
    let shown = async || {
        let product = shop.db().product_by_slug("other").await.expect("an answer").expect("a product");
        product.variants.into_iter().map(|variant| variant.details.image.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["/c.png", "/c.png", "/c.png"]);
    other.variant_images = vec![Some("/a.png".to_owned()), None];
    shop.run(import(&shop, &[other])).await.expect("imported");
    assert_eq!(shown().await, ["/a.png", "/c.png", "/c.png"]);
}

/// Importing again while the server that has them is away must not put dead addresses in the place of pictures that are kept.
pub async fn a_picture_that_is_missing_leaves_the_shops_own_alone(shop: Shop) {
    let file = |urls: &[&str], is_missing: bool| {
        let image = |url: &&str| Image { url: (*url).to_owned(), alt: None };
        let mut draft = draft("Mug", 4);
        draft.images = urls.iter().map(image).collect();
        let variant_images = vec![urls.last().map(|url| (*url).to_owned())];
        [ImportedProduct { variant_images, keeps_images: is_missing, ..imported("mug", draft) }]
    };
    let shown = async || {
        let mug = shop.db().product_by_slug("mug").await.expect("an answer").expect("a product");
        let images: Vec<_> = mug.images.into_iter().map(|image| image.url).collect();
        (images, mug.variants[0].details.image.clone().unwrap_or_default())
    };
    let as_in =
        |urls: &[&str], image: &str| (urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>(), image.to_owned());
    let (near, far) = (["/media/a.webp", "/media/b.webp"], ["/media/a.webp", "https://pictures.example/b.png"]);
    // A new product, and one whose pictures are all elsewhere, have nothing to keep.
    let elsewhere = ["https://pictures.example/b.png"];
    assert_eq!(shop.run(import(&shop, &file(&elsewhere, true))).await.expect("imported"), summary(1, 0, 0));
    assert_eq!(shown().await, as_in(&elsewhere, elsewhere[0]));
    assert_eq!(shop.run(import(&shop, &file(&far, true))).await.expect("imported"), summary(0, 1, 0));
    assert_eq!(shown().await, as_in(&far, far[1]));
    assert_eq!(shop.run(import(&shop, &file(&near, false))).await.expect("imported"), summary(0, 1, 0));
    assert_eq!(shown().await, as_in(&near, near[1]));
    // What was fetched stays when it cannot be fetched again; the rest of the file counts.
    assert_eq!(shop.run(import(&shop, &file(&far, true))).await.expect("imported"), summary(0, 0, 1));
    let mut dearer = file(&far, true);
    dearer[0].draft.variants[0].price = eur(1100);
    assert_eq!(shop.run(import(&shop, &dearer)).await.expect("imported"), summary(0, 1, 0));
    assert_eq!(shown().await, as_in(&near, near[1]));
    assert_eq!(shop.run(import(&shop, &file(&far, false))).await.expect("imported"), summary(0, 1, 0));
    assert_eq!(shown().await, as_in(&far, far[1]));
}

/// So is a list of prices and stock; what it changes, it changes.
pub async fn a_price_list_sets_prices_and_stock(shop: Shop) {
    let coded = |title: &str, stock| {
        let mut draft = draft(title, stock);
        draft.variants[0].sku = Some(format!("{title}-1"));
        draft
    };
    let (mug, cup) = (shop.add(coded("Mug", 5)).await, shop.add(coded("Cup", 2)).await);
    let mut writer = PriceWriter::new(Vec::new(), true).expect("written");
    for product in [&mug, &cup] {
        writer.write(product).expect("written");
    }
    let list = prices::read(writer.finish().expect("written").as_slice(), Currency::EUR);
    assert_eq!((list.errors.len(), list.rows.len()), (0, 2));
    let set = |rows| SetPrices { rows, actor_id: None, stamp: shop.next_stamp() };
    let summary = shop.run(set(list.rows.clone())).await.expect("set");
    assert_eq!((summary.updated, summary.unchanged), (0, 2));
    assert_eq!(shop.product_now(mug.id).await, mug);
    let changed = PriceRow { price: Some(eur(1)), stock: Some(9), ..list.rows[0].clone() };
    let unknown = PriceRow { sku: "unknown".to_owned(), line: 7, ..list.rows[1].clone() };
    let refused = shop.run(set(vec![changed.clone(), unknown])).await.expect_err("refused");
    assert_eq!(refused.line, 7);
    assert!(refused.to_string().contains("no variant has the SKU \"unknown\""), "{refused}");
    assert_eq!(shop.product_now(mug.id).await, mug, "all or nothing");
    shop.run(set(vec![changed])).await.expect("set");
    let after = shop.product_now(mug.id).await;
    assert_eq!((after.variants[0].price.amount, after.variants[0].stock, after.version), (1, 9, mug.version + 1));
    assert_eq!(shop.stock(&cup).await, 2);
}

/// What was sold since a list was exported stays sold when it comes back with other prices.
pub async fn an_exported_list_brings_no_sold_pieces_back(shop: Shop) {
    let mut mug = draft("Mug", 10);
    mug.variants[0].sku = Some("Mug-1".to_owned());
    let (mug, ann) = (shop.add(mug).await, shop.customer("ann").await);
    let mut writer = PriceWriter::new(Vec::new(), true).expect("written");
    writer.write(&mug).expect("written");
    let list = prices::read(writer.finish().expect("written").as_slice(), Currency::EUR);
    shop.order(&ann, &[line(&mug, 8)]).await;
    let set = |price, stock| {
        let row = PriceRow { price: Some(eur(price)), stock: Some(stock), ..list.rows[0].clone() };
        SetPrices { rows: vec![row], actor_id: None, stamp: shop.next_stamp() }
    };
    shop.run(set(1200, 10)).await.expect("set");
    assert_eq!((shop.stock(&mug).await, shop.product_now(mug.id).await.variants[0].price), (2, eur(1200)));
    // A number that was changed is about what is no longer so.
    refused!(
        shop.run(set(1200, 13)).await,
        ImportError { error: Error::Invalid(wrong), .. } if wrong.0[0].message.starts_with("10 were there")
    );
    assert_eq!(shop.stock(&mug).await, 2);
    // While nothing happens to it, it counts; and once, however often the list is sent.
    let row = PriceRow { price: None, stock: Some(7), stock_was: Some(2), ..list.rows[0].clone() };
    for (updated, unchanged) in [(1, 0), (0, 1)] {
        let set = SetPrices { rows: vec![row.clone()], actor_id: None, stamp: shop.next_stamp() };
        let done = shop.run(set).await.expect("set");
        assert_eq!((done.updated, done.unchanged, shop.stock(&mug).await), (updated, unchanged, 7));
    }
    shop.assert_sound().await;
}

/// A file that comes again means the product that it made, whatever its slug is now.
pub async fn a_product_that_got_another_slug_is_not_doubled(shop: Shop) {
    let file = [imported("mug", draft("Mug", 5))];
    shop.run(import(&shop, &file)).await.expect("imported");
    let mug = shop.db().product_by_slug("mug").await.expect("an answer").expect("a product");
    let patch = ProductPatch { slug: Some("blue-mug".to_owned()), ..ProductPatch::default() };
    let update = UpdateProduct { id: mug.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("renamed");
    assert_eq!(shop.run(import(&shop, &file)).await.expect("imported"), summary(0, 0, 1));
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None);
    assert_eq!(shop.product_now(mug.id).await.slug, "blue-mug");
    // Where a file tells no SKUs, the title shows which product is meant.
    let cup = shop.add(whole(draft("Cup", 5))).await;
    let patch = ProductPatch { slug: Some("blue-cup".to_owned()), ..ProductPatch::default() };
    let update = UpdateProduct { id: cup.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("renamed");
    let bare = read("Handle,Title,Variant Price\ncup,Cup,10\n");
    assert_eq!(shop.run(import(&shop, &bare)).await.expect("imported"), summary(0, 0, 1));
    assert_eq!(shop.db().product_by_slug("cup").await.expect("an answer"), None);
    // Another product may be called as that one was.
    let coded = |sku: &str| {
        let mut draft = draft("Mug", 3);
        draft.variants[0].sku = Some(sku.to_owned());
        imported("mug", draft)
    };
    assert_eq!(shop.run(import(&shop, &[coded("M-2")])).await.expect("imported"), summary(1, 0, 0));
    assert_eq!(shop.product_now(mug.id).await.variants[0].sku, None);
}

/// A weight of nothing, and a tag that is a part of another one, are what a file cannot say. They stay.
pub async fn what_a_file_cannot_say_stays(shop: Shop) {
    let mut mug = draft("Mug", 5);
    mug.tags = vec!["a, b".to_owned(), "b".to_owned()];
    mug.variants[0].weight_grams = Some(0);
    let mug = shop.add(mug).await;
    let mut writer = ProductWriter::new(Vec::new(), true).expect("written");
    writer.write(&mug, None).expect("written");
    let parsed = shopify::read(writer.finish().expect("written").as_slice(), Currency::EUR);
    assert_eq!(shop.run(import(&shop, &parsed.products)).await.expect("imported"), summary(0, 0, 1));
    assert_eq!(shop.product_now(mug.id).await, mug);
}

/// Signs that tell names apart do.
pub async fn names_that_differ_by_a_sign_are_two_categories(shop: Shop) {
    let file = ["C++", "C#", "c++"]
        .map(|name| in_category(name, imported(&format!("on {name}").replace('#', "sharp"), draft(name, 1))));
    shop.run(import(&shop, &file)).await.expect("imported");
    let mut names: Vec<String> =
        shop.db().categories().await.expect("an answer").into_iter().map(|category| category.name).collect();
    names.sort();
    assert_eq!(names, ["C#", "C++"]);
}

/// A file of products has no prices in another currency than the shop's own. It is read all the same, and they stay.
pub async fn a_file_without_prices_leaves_them_as_they_are(shop: Shop) {
    let dollars = |amount| Money::new(amount, Currency::from_code("USD").expect("a currency"));
    let mut mug = draft("Mug", 5);
    let variant = &mut mug.variants[0];
    (variant.sku, variant.price, variant.compare_at_price) =
        (Some("Mug-1".to_owned()), dollars(1000), Some(dollars(1200)));
    let mug = shop.add(mug).await;
    let mut writer = ProductWriter::new(Vec::new(), true).expect("written").in_currency(Currency::EUR);
    writer.write(&mug, None).expect("written");
    let file = String::from_utf8(writer.finish().expect("written")).expect("UTF-8");
    let parsed = shopify::read(file.as_bytes(), Currency::EUR);
    assert_eq!((parsed.errors.len(), parsed.products.len()), (0, 1), "{file}");
    assert_eq!(shop.run(import(&shop, &parsed.products)).await.expect("imported"), summary(0, 0, 1));
    assert_eq!(shop.product_now(mug.id).await, mug);
    // The rest of it counts.
    let renamed = shopify::read(file.replace(",\"Mug\",", ",\"Cup\",").as_bytes(), Currency::EUR);
    assert_eq!(shop.run(import(&shop, &renamed.products)).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(mug.id).await;
    assert_eq!((after.title.as_str(), &after.variants), ("Cup", &mug.variants));
    // What the shop does not know has no price to keep.
    let other = shopify::read(file.replace("\"mug\",", "\"pot\",").replace("Mug-1", "Pot-1").as_bytes(), Currency::EUR);
    assert_eq!(other.products.len(), 1);
    refused!(
        shop.run(import(&shop, &other.products)).await,
        ImportError { line: 2, error: Error::Invalid(wrong) } if wrong.0[0].pointer == "/variants/0/price"
    );
}

/// With something in everything that a file can tell, and no shopper sees it.
fn whole(draft: ProductDraft) -> ProductDraft {
    let title = draft.title.clone();
    let variant = |(number, variant): (usize, VariantDraft)| VariantDraft {
        sku: Some(format!("{title}-{number}")),
        compare_at_price: Some(eur(1500)),
        weight_grams: Some(250),
        barcode: Some("4006381333931".to_owned()),
        details: Some(VariantDetails { image: Some("/a.png".to_owned()), ..VariantDetails::default() }),
        ..variant
    };
    ProductDraft {
        status: ProductStatus::Draft,
        vendor: Some("Acme".to_owned()),
        tags: vec!["one, with a comma".to_owned()],
        images: vec![Image { url: "/a.png".to_owned(), alt: Some("Front".to_owned()) }],
        variants: draft.variants.into_iter().enumerate().map(variant).collect(),
        ..draft
    }
}

fn read(file: &str) -> Vec<ImportedProduct> {
    let parsed = shopify::read(file.as_bytes(), Currency::EUR);
    assert_eq!(parsed.errors, [], "{file}");
    parsed.products
}

/// A file that is about prices must not put a draft on sale, nor sell what is not there.
pub async fn a_column_that_is_not_there_leaves_its_field_alone(shop: Shop) {
    let mug = shop.add(whole(with_options("Mug", &["S", "M"], 18))).await;
    let cup = shop.add(whole(draft("Cup", 18))).await;
    let same = read("Handle,Title,Variant SKU,Variant Price\nmug,Mug,Mug-0,10\nmug,,Mug-1,10\ncup,Cup,Cup-0,10\n");
    assert_eq!(shop.run(import(&shop, &same)).await.expect("imported"), summary(0, 0, 2));
    // The only variant of a simple product needs no SKU.
    let bare = read("Handle,Title,Variant Price\ncup,Cup,10\n");
    assert_eq!(shop.run(import(&shop, &bare)).await.expect("imported"), summary(0, 0, 1));
    assert_eq!([shop.product_now(mug.id).await, shop.product_now(cup.id).await], [mug.clone(), cup.clone()]);

    let dearer = read("Handle,Title,Variant SKU,Variant Price\nmug,Mug,Mug-1,11\n");
    assert_eq!(shop.run(import(&shop, &dearer)).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(mug.id).await;
    let mut expected = Product { version: 2, updated_at: after.updated_at, ..mug.clone() };
    expected.variants[1].price = eur(1100);
    // History is noted of what has another price.
    expected.variants[1].details = after.variants[1].details.clone();
    assert_eq!((&after, after.variants[1].details.image.as_deref()), (&expected, Some("/a.png")));
    // Pictures that variants are given join those that are there.
    let shown = read("Handle,Title,Variant Price,Variant Image\ncup,Cup,10,/b.png\n");
    assert_eq!(shop.run(import(&shop, &shown)).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(cup.id).await;
    let images: Vec<_> = after.images.iter().map(|image| (image.url.as_str(), image.alt.as_deref())).collect();
    assert_eq!(images, [("/a.png", Some("Front")), ("/b.png", None)]);
    assert_eq!(after.variants[0].details.image.as_deref(), Some("/b.png"));
    // One more of those that are counted is counted, and there is none of it yet.
    let larger = read("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,L,Mug-2,10\n");
    assert_eq!(shop.run(import(&shop, &larger)).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(mug.id).await;
    let counted: Vec<_> = after.variants.iter().map(|variant| (variant.track_stock, variant.stock)).collect();
    assert_eq!(counted, [(true, 18), (true, 18), (true, 0)]);
    // Which variant of several is meant has to be said.
    let unclear = read("Handle,Title,Variant Price\nmug,Mug,12\n");
    refused!(shop.run(import(&shop, &unclear)).await, ImportError { line: 2, error: Error::Invalid(_) });
    // What is new has nothing to keep.
    let new = read("Handle,Title,Variant Price\npot,Pot,10\n");
    assert_eq!(shop.run(import(&shop, &new)).await.expect("imported"), summary(1, 0, 0));
    let pot = shop.db().product_by_slug("pot").await.expect("an answer").expect("a product");
    assert_eq!((pot.status, pot.variants[0].track_stock), (ProductStatus::Active, false));
}

pub async fn an_empty_field_takes_away_what_was_there(shop: Shop) {
    let mug = shop.add(whole(draft("Mug", 18))).await;
    let header = "Handle,Title,Body (HTML),Vendor,Tags,Status,Variant SKU,Variant Grams,Variant Inventory Tracker,\
        Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src";
    let empty = read(&format!("{header}\nmug,Mug,{}10,,,\n", ",".repeat(8)));
    assert_eq!(shop.run(import(&shop, &empty)).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(mug.id).await;
    let texts = (after.description.as_str(), after.vendor.as_deref(), after.tags.len(), after.images.len());
    assert_eq!((texts, after.status), (("", None, 0, 0), ProductStatus::Active));
    let one = &after.variants[0];
    assert_eq!((one.id, one.sku.as_deref(), one.barcode.as_deref()), (mug.variants[0].id, None, None));
    assert_eq!((one.compare_at_price, one.weight_grams, one.details.image.as_deref()), (None, None, None));
    assert_eq!((one.track_stock, one.stock), (false, 18));
}

/// Files have amounts without a currency: what is a yen must not become a euro.
pub async fn a_file_changes_no_amount_into_another_currency(shop: Shop) {
    let dollars = |amount| Money::new(amount, Currency::from_code("USD").expect("a currency"));
    let mut mug = draft("Mug", 5);
    (mug.variants[0].sku, mug.variants[0].price) = (Some("Mug-1".to_owned()), dollars(1000));
    let mug = shop.add(mug).await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    for (currency, is_said) in [(eur(1).currency, false), (dollars(1).currency, true)] {
        let mut prices = PriceWriter::new(Vec::new(), false).expect("written").in_currency(currency);
        prices.write(&mug).expect("written");
        let mut products = ProductWriter::new(Vec::new(), false).expect("written").in_currency(currency);
        products.write(&mug, None).expect("written");
        for file in [text(prices.finish().expect("written")), text(products.finish().expect("written"))] {
            assert_eq!((file.contains("Mug-1"), file.contains("10.00")), (true, is_said), "{currency}: {file}");
        }
    }
    let row = PriceRow {
        line: 2,
        sku: "Mug-1".into(),
        price: Some(eur(1000)),
        compare_at_price: None,
        stock: None,
        stock_was: None,
    };
    let set = |row: &PriceRow| SetPrices { rows: vec![row.clone()], actor_id: None, stamp: shop.next_stamp() };
    refused!(shop.run(set(&row)).await, ImportError { line: 2, error: Error::Invalid(_) });
    let mut same = draft("Mug", 5);
    same.variants[0].sku = Some("Mug-1".to_owned());
    let file = [imported("mug", same.clone())];
    refused!(shop.run(import(&shop, &file)).await, ImportError { line: 2, error: Error::Invalid(_) });
    assert_eq!(shop.product_now(mug.id).await, mug);
    let counted = PriceRow { price: None, stock: Some(9), ..row };
    shop.run(set(&counted)).await.expect("no amount in it");
    assert_eq!((shop.stock(&mug).await, shop.product_now(mug.id).await.variants[0].price), (9, dollars(1000)));
}

pub async fn a_known_variant_takes_a_new_sku(shop: Shop) {
    let cap = |skus: [&str; 2]| {
        let mut draft = with_options("Cap", &["S", "M"], 3);
        draft.variants.iter_mut().zip(skus).for_each(|(variant, sku)| variant.sku = Some(sku.to_owned()));
        draft
    };
    let file = |skus| [imported("cap", cap(skus))];
    shop.run(import(&shop, &file(["CAP-S", "CAP-M"]))).await.expect("imported");
    let before = shop.db().product_by_slug("cap").await.expect("an answer").expect("a product");
    assert_eq!(shop.run(import(&shop, &file(["CAP-SMALL", "CAP-M"]))).await.expect("imported"), summary(0, 1, 0));
    let after = shop.product_now(before.id).await;
    let of = |product: &Product| product.variants.iter().map(|one| (one.id, one.sku.clone())).collect::<Vec<_>>();
    let [small, medium] = [before.variants[0].id, before.variants[1].id];
    assert_eq!(of(&after), [(small, Some("CAP-SMALL".to_owned())), (medium, Some("CAP-M".to_owned()))]);
    // Whose SKU the file has under other values is that one.
    let mut turned = cap(["CAP-M", "CAP-SMALL"]);
    turned.variants.reverse();
    shop.run(import(&shop, &[imported("cap", turned)])).await.expect("imported");
    let after = shop.product_now(before.id).await;
    assert_eq!(
        after.variants.iter().map(|one| (one.id, one.option_values[0].as_str())).collect::<Vec<_>>(),
        [(small, "M"), (medium, "S")]
    );
}

/// A sale that is over was dearer than the price is by now, and the product has forgotten it meanwhile.
pub async fn a_sale_that_is_over_comes_back_with_its_product(shop: Shop) {
    let hours = |hours| shop.now() - SignedDuration::from_hours(hours);
    let over = Sale { prices: vec![eur(1200)], starts_at: Some(hours(2)), ends_at: Some(hours(1)) };
    let mut mug = draft("Mug", 1);
    mug.variants[0].details = Some(VariantDetails { sale: Some(over.clone()), ..VariantDetails::default() });
    let file = [imported("mug", mug)];
    shop.add(draft("Mug", 1)).await;
    assert_eq!(shop.run(import(&shop, &file)).await.expect("imported"), summary(0, 1, 0));
    let known = shop.db().product_by_slug("mug").await.expect("an answer").expect("a product");
    assert_eq!((known.variants[0].details.sale.as_ref(), known.variants[0].settled_price()), (Some(&over), eur(1000)));
    assert_eq!(shop.run(import(&shop, &file)).await.expect("imported"), summary(0, 0, 1));
}
