//! Adding products.

use commerce::{
    Conflict, Error,
    catalogue::{OptionDraft, ProductDraft, VariantDraft},
};
use model::{
    Image, ProductDetails, ProductStatus, StockCause,
    details::{Seo, Translation},
    text::SLUG_MAX,
};

use crate::support::{Shop, category, draft, eur, load, pointers, refused, with_options};

/// Everything that a product can have.
fn full(category_id: model::CategoryId) -> ProductDraft {
    let variant = |size: &str, colour: &str, sku: &str, price| VariantDraft {
        sku: Some(sku.to_owned()),
        option_values: vec![size.to_owned(), colour.to_owned()],
        price: eur(price),
        compare_at_price: Some(eur(price + 500)),
        weight_grams: Some(250),
        barcode: Some("4006381333931".to_owned()),
        ..draft("", 3).variants.swap_remove(0)
    };
    let option = |name: &str, values: &[&str]| OptionDraft {
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    ProductDraft {
        title: "Crème \"Brûlée\" <Shirt>".to_owned(),
        description: "<p>Soft &amp; warm</p><script>alert(1)</script>".to_owned(),
        status: ProductStatus::Draft,
        vendor: Some("Ånström".to_owned()),
        category_id: Some(category_id),
        tags: vec!["Linen".to_owned(), "SALE %_".to_owned()],
        options: vec![option("Size", &["XS", "S", "M"]), option("Colour", &[])],
        variants: vec![variant("S", "Blue", "S-B", 1999), variant("M", "Blue", "M-B", 2499)],
        images: vec![
            Image { url: "https://example.com/1.png".to_owned(), alt: Some("front".to_owned()) },
            Image { url: "/pictures/2.png".to_owned(), alt: None },
        ],
        details: Some(ProductDetails {
            publish_at: Some(model::Timestamp::UNIX_EPOCH),
            seo: Seo { title: Some("Shirts".to_owned()), description: Some("All of them".to_owned()) },
            translations: [(
                "de".parse().expect("a tag"),
                Translation { title: Some("Hemd".to_owned()), ..Translation::default() },
            )]
            .into(),
            ..ProductDetails::default()
        }),
        ..draft("", 3)
    }
}

pub async fn a_product_comes_back_as_it_was_made(shop: Shop) {
    let top = shop.category(category("Shirts", None)).await;
    let made = shop.add(full(top.id)).await;
    assert_eq!((made.slug.as_str(), made.version, made.created_at), ("creme-brulee-shirt", 1, shop.now()));
    assert_eq!(made.description, "<p>Soft &amp; warm</p>");
    assert_eq!(made.options[0].values, ["XS", "S", "M"]);
    assert_eq!(made.options[1].values, ["Blue"]);
    let (id, variant_id, slug) = (made.id, made.variants[1].id, made.slug.clone());
    let expected = Some(made);
    assert_eq!(shop.db().product(id).await.expect("an answer"), expected);
    assert_eq!(shop.db().product_by_slug(&slug).await.expect("an answer"), expected);
    assert_eq!(shop.db().product_of_variant(variant_id).await.expect("an answer"), expected);
    assert_eq!(load!(shop, |tx| tx.product(id).await), expected);
    assert_eq!(load!(shop, [slug], |tx| tx.product_by_slug(&slug).await), expected);
    assert_eq!(load!(shop, |tx| tx.product_of_variant(variant_id).await), expected);
}

pub async fn the_first_stock_is_in_the_ledger(shop: Shop) {
    let owner = shop.owner("olga").await;
    let mut creation = shop.creation(with_options("Shirt", &["S", "M"], 7));
    creation.draft.variants[1].stock = None;
    creation.actor_id = Some(owner.id);
    let made = shop.run(creation).await.expect("a product");
    assert_eq!(made.variants.iter().map(|variant| variant.stock).collect::<Vec<_>>(), [7, 0]);
    assert_eq!(shop.product_now(made.id).await, made);
    let ledger = shop.ledger(&made).await;
    assert_eq!((ledger.len(), ledger[0].delta, ledger[0].cause), (1, 7, StockCause::Received));
    assert_eq!((ledger[0].actor_id, ledger[0].order_id, ledger[0].at), (Some(owner.id), None, shop.now()));
}

pub async fn made_slugs_give_way_and_chosen_ones_do_not(shop: Shop) {
    for slug in ["mug", "mug-2", "mug-3"] {
        assert_eq!(shop.product("Mug!", 0).await.slug, slug);
    }
    let chosen = |slug: &str| ProductDraft { slug: Some(slug.to_owned()), ..draft("Other", 0) };
    assert_eq!(shop.add(chosen("cup")).await.slug, "cup");
    refused!(
        shop.run(shop.creation(chosen("mug-2"))).await,
        Error::Conflict(Conflict::SlugTaken(slug)) if slug == "mug-2"
    );
    let refusal = shop.run(shop.creation(chosen("Mug"))).await;
    assert_eq!(pointers(refusal), [("/slug".to_owned(), "invalid_slug")]);
    let taken = load!(shop, |tx| tx.product_slugs_like("mug").await);
    assert_eq!(taken.len(), 3);
}

/// `mugs` and `mu` are not `mug` with a number, and neither `_` nor `%` stands for anything.
pub async fn slugs_alike_are_told_apart(shop: Shop) {
    for slug in ["mug", "mugs", "mug-2", "mu", "mug-and-cup"] {
        shop.add(ProductDraft { slug: Some(slug.to_owned()), ..draft("x", 0) }).await;
    }
    let mut alike = load!(shop, |tx| tx.product_slugs_like("mug").await);
    alike.sort();
    assert_eq!(alike, ["mug", "mug-2", "mug-and-cup"]);
    assert!(load!(shop, |tx| tx.product_slugs_like("m_g").await).is_empty());
    assert!(load!(shop, |tx| tx.product_slugs_like("%").await).is_empty());
}

/// The number makes the slug of a long title longer than slugs may be, so the title gives way.
pub async fn long_titles_get_slugs_too(shop: Shop) {
    let title = "long ".repeat(40).trim().to_owned();
    let mut slugs = Vec::new();
    for _ in 0..4 {
        slugs.push(shop.product(&title, 0).await.slug);
    }
    assert!(slugs.iter().all(|slug| slug.len() <= SLUG_MAX), "{slugs:?}");
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 4, "{slugs:?}");
}

pub async fn skus_are_unique_in_the_shop(shop: Shop) {
    let with_sku = |title: &str, skus: &[&str]| {
        let sizes: Vec<String> = (0..skus.len()).map(|size| size.to_string()).collect();
        let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
        let mut draft = with_options(title, &sizes, 0);
        for (variant, sku) in draft.variants.iter_mut().zip(skus) {
            variant.sku = Some((*sku).to_owned());
        }
        draft
    };
    let first = shop.add(with_sku("First", &["A", "B"])).await;
    refused!(
        shop.run(shop.creation(with_sku("Second", &["C", "B"]))).await,
        Error::Conflict(Conflict::SkuTaken(sku)) if sku == "B"
    );
    let refusal = shop.run(shop.creation(with_sku("Third", &["C", "C"]))).await;
    assert_eq!(pointers(refusal), [("/variants/1/sku".to_owned(), "duplicate")]);
    let owners = load!(shop, |tx| tx.sku_owners(&["B".to_owned(), "C".to_owned()]).await);
    let owners: Vec<_> = owners.into_iter().map(|owner| (owner.sku, owner.variant_id, owner.product_id)).collect();
    assert_eq!(owners, [("B".to_owned(), first.variants[1].id, first.id)]);
    // Without a SKU there is nothing to be unique.
    shop.product("Without", 0).await;
    shop.product("Without", 0).await;
}

pub async fn wrong_drafts_are_refused_with_every_mistake(shop: Shop) {
    let mut wrong = with_options("", &["S", "S"], -1);
    wrong.variants[1].price = eur(-1);
    let found = pointers(shop.run(shop.creation(wrong)).await);
    for expected in ["/title", "/variants/0/stock", "/variants/1/stock", "/variants/1/price/amount"] {
        assert!(found.iter().any(|(pointer, _)| pointer == expected), "{expected} is missing in {found:?}");
    }
    let homeless = ProductDraft { category_id: Some(shop.id()), ..draft("Mug", 0) };
    assert_eq!(pointers(shop.run(shop.creation(homeless)).await), [("/category_id".to_owned(), "not_found")]);
    let mut known = draft("Mug", 0);
    known.variants[0].id = Some(shop.id());
    assert_eq!(pointers(shop.run(shop.creation(known)).await), [("/variants/0/id".to_owned(), "not_allowed")]);
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None);
}
