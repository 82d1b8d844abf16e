//! Changing products.

use std::collections::BTreeMap;

use commerce::{
    Conflict, Error,
    catalogue::{OptionDraft, ProductPatch, Redirect, Redirected, UpdateProduct, VariantDraft, VariantEntry},
};
use model::{
    Image, Product, ProductStatus, SignedDuration, StockCause, Variant,
    details::{Seo, Translation},
};
use store::DocumentKind;

use crate::support::{Shop, category, draft, eur, line, pointers, refused, with_options};

fn update(shop: &Shop, product: &Product, patch: ProductPatch) -> UpdateProduct {
    UpdateProduct { id: product.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() }
}

/// The variant as it is, to be sent back.
fn as_draft(variant: &Variant) -> VariantDraft {
    VariantDraft {
        id: Some(variant.id),
        sku: variant.sku.clone(),
        option_values: variant.option_values.clone(),
        price: variant.price,
        compare_at_price: variant.compare_at_price,
        stock: None,
        track_stock: variant.track_stock,
        weight_grams: variant.weight_grams,
        barcode: variant.barcode.clone(),
        details: None,
    }
}

fn variants(drafts: Vec<VariantDraft>) -> ProductPatch {
    ProductPatch { variants: Some(drafts.into_iter().map(VariantEntry::Whole).collect()), ..ProductPatch::default() }
}

pub async fn what_is_given_changes_and_the_rest_stays(shop: Shop) {
    let before = shop.product("Mug", 5).await;
    shop.pass(SignedDuration::from_secs(5));
    let patch = ProductPatch { title: Some("Cup".into()), ..ProductPatch::default() };
    let after = shop.run(update(&shop, &before, patch)).await.expect("changed");
    let expected = Product { title: "Cup".into(), updated_at: shop.now(), version: 2, ..before };
    assert_eq!(after, expected);
    assert_eq!(shop.product_now(after.id).await, expected);
}

fn german(title: &str) -> Translation {
    let description = Some("<i>neu</i><script>x</script>".to_owned());
    Translation { title: Some(title.to_owned()), description, ..Translation::default() }
}

pub async fn everything_can_be_changed(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let before = shop.product("Mug", 5).await;
    let patch = ProductPatch {
        title: Some("Cup".into()),
        slug: Some("cup".into()),
        description: Some("<b>New</b><script>x</script>".into()),
        status: Some(ProductStatus::Draft),
        vendor: Some(Some("Potter".into())),
        category_id: Some(Some(top.id)),
        tags: Some(vec!["blue".into()]),
        options: Some(vec![OptionDraft { name: "Size".into(), values: vec!["L".into()] }]),
        variants: Some(vec![VariantEntry::Whole(VariantDraft {
            option_values: vec!["L".into()],
            sku: Some("CUP-L".into()),
            price: eur(5),
            compare_at_price: Some(eur(6)),
            track_stock: false,
            weight_grams: Some(1),
            barcode: Some("1".into()),
            ..as_draft(&before.variants[0])
        })]),
        images: Some(vec![Image { url: "/1.png".into(), alt: None }]),
        publish_at: Some(Some(shop.now() + SignedDuration::from_hours(1))),
        seo: Some(Seo { title: Some("Cups".into()), description: None }),
        attributes: BTreeMap::new(),
        related: Some(vec![shop.id()]),
        translations: BTreeMap::from([("de".parse().expect("a tag"), Some(german("Tasse")))]),
    };
    let after = shop.run(update(&shop, &before, patch)).await.expect("changed");
    assert_eq!((after.slug.as_str(), after.description.as_str()), ("cup", "<b>New</b>"));
    assert_eq!((after.variants[0].stock, after.variants[0].track_stock), (5, false));
    let texts = after.details.translation(&"de-CH".parse().expect("a tag")).expect("German");
    assert_eq!((texts.title.as_deref(), texts.description.as_deref()), (Some("Tasse"), Some("<i>neu</i>")));
    assert_eq!(shop.product_now(before.id).await, after);
    assert_eq!(shop.db().product_by_slug("mug").await.expect("an answer"), None);
    let emptied = ProductPatch { vendor: Some(None), category_id: Some(None), ..ProductPatch::default() };
    let after = shop.run(update(&shop, &before, emptied)).await.expect("changed");
    assert_eq!((after.vendor.as_deref(), after.category_id), (None, None));
    assert_eq!(shop.product_now(before.id).await, after);
}

pub async fn the_list_of_variants_is_the_list_that_the_product_has(shop: Shop) {
    let before = shop.add(with_options("Shirt", &["S", "M", "L"], 4)).await;
    let [small, _, large] = &before.variants[..] else { panic!("three variants") };
    let new = VariantDraft { option_values: vec!["XL".into()], stock: Some(9), ..as_draft(small) };
    let new = VariantDraft { id: None, ..new };
    let patch = variants(vec![as_draft(large), new, VariantDraft { price: eur(1), ..as_draft(small) }]);
    let after = shop.run(update(&shop, &before, patch)).await.expect("changed");
    let sizes: Vec<_> = after.variants.iter().map(Variant::title).collect();
    assert_eq!(sizes, ["L", "XL", "S"]);
    assert_eq!(after.variants.iter().map(|variant| variant.stock).collect::<Vec<_>>(), [4, 9, 4]);
    assert_eq!((after.variants[0].id, after.variants[2].id, after.variants[2].price), (large.id, small.id, eur(1)));
    assert_eq!(shop.product_now(before.id).await, after);
    let page = crate::support::first_page();
    let ledger = shop.db().movements(after.variants[1].id, &page).await.expect("an answer").items;
    assert_eq!((ledger.len(), ledger[0].delta, ledger[0].cause), (1, 9, StockCause::Received));
}

/// A unique SKU must not be in the way of two siblings that swap theirs, nor of a successor that takes one over.
pub async fn siblings_swap_their_skus(shop: Shop) {
    let mut draft = with_options("Shirt", &["S", "M", "L"], 0);
    for (variant, sku) in draft.variants.iter_mut().zip(["A", "B", "C"]) {
        variant.sku = Some(sku.to_owned());
    }
    let before = shop.add(draft).await;
    let [small, medium, large] = &before.variants[..] else { panic!("three variants") };
    let sku = |draft: VariantDraft, sku: &str| VariantDraft { sku: Some(sku.to_owned()), ..draft };
    let heir = VariantDraft { id: None, option_values: vec!["XL".into()], ..as_draft(large) };
    let patch = variants(vec![sku(as_draft(small), "B"), sku(as_draft(medium), "A"), sku(heir, "C")]);
    let after = shop.run(update(&shop, &before, patch)).await.expect("swapped");
    let skus: Vec<_> = after.variants.iter().map(|variant| variant.sku.as_deref()).collect();
    assert_eq!(skus, [Some("B"), Some("A"), Some("C")]);
    assert_eq!(shop.product_now(before.id).await, after);
}

pub async fn an_ordered_variant_stays(shop: Shop) {
    let ann = shop.customer("ann").await;
    let before = shop.add(with_options("Shirt", &["S", "M"], 4)).await;
    shop.order(&ann, &[line(&before, 1)]).await;
    let only_medium = variants(vec![as_draft(&before.variants[1])]);
    refused!(shop.run(update(&shop, &before, only_medium)).await, Error::Conflict(Conflict::VariantOrdered));
    let only_small = variants(vec![as_draft(&before.variants[0])]);
    let after = shop.run(update(&shop, &before, only_small)).await.expect("the other one was never ordered");
    assert_eq!((after.variants.len(), after.variants[0].stock), (1, 3));
    assert_eq!(shop.product_now(before.id).await, after);
}

pub async fn stock_changes_by_movements_alone(shop: Shop) {
    let before = shop.product("Mug", 5).await;
    let more = VariantDraft { stock: Some(6), ..as_draft(&before.variants[0]) };
    let refusal = shop.run(update(&shop, &before, variants(vec![more]))).await;
    assert_eq!(pointers(refusal), [("/variants/0/stock".to_owned(), "not_allowed")]);
    let same = VariantDraft { stock: Some(5), ..as_draft(&before.variants[0]) };
    let after = shop.run(update(&shop, &before, variants(vec![same]))).await.expect("as it is");
    assert_eq!((after.variants[0].stock, shop.ledger(&before).await.len()), (5, 1));
}

pub async fn wrong_lists_of_variants_are_refused(shop: Shop) {
    let before = shop.product("Mug", 5).await;
    let known = as_draft(&before.variants[0]);
    let unknown = VariantDraft { id: Some(shop.id()), ..known.clone() };
    let refusal = shop.run(update(&shop, &before, variants(vec![known.clone(), unknown]))).await;
    assert_eq!(pointers(refusal), [("/variants/1/id".to_owned(), "not_found")]);
    let refusal = shop.run(update(&shop, &before, variants(vec![known.clone(), known]))).await;
    assert!(pointers(refusal).contains(&("/variants/1/id".to_owned(), "duplicate")));
    let refusal = shop.run(update(&shop, &before, variants(vec![]))).await;
    assert_eq!(pointers(refusal), [("/variants".to_owned(), "out_of_range")]);
    assert_eq!(shop.product_now(before.id).await, before);
}

pub async fn slugs_and_skus_of_others_are_refused(shop: Shop) {
    let mut taken = draft("Taken", 0);
    taken.variants[0].sku = Some("TAKEN".into());
    shop.add(taken).await;
    let mug = shop.product("Mug", 0).await;
    let slug = |slug: &str| ProductPatch { slug: Some(slug.into()), ..ProductPatch::default() };
    refused!(shop.run(update(&shop, &mug, slug("taken"))).await, Error::Conflict(Conflict::SlugTaken(_)));
    assert_eq!(shop.run(update(&shop, &mug, slug("mug"))).await.expect("its own").slug, "mug");
    let sku = variants(vec![VariantDraft { sku: Some("TAKEN".into()), ..as_draft(&mug.variants[0]) }]);
    refused!(shop.run(update(&shop, &mug, sku)).await, Error::Conflict(Conflict::SkuTaken(_)));
    let homeless = ProductPatch { category_id: Some(Some(shop.id())), ..ProductPatch::default() };
    assert_eq!(pointers(shop.run(update(&shop, &mug, homeless)).await), [("/category_id".to_owned(), "not_found")]);
}

pub async fn stale_versions_and_missing_products_are_refused(shop: Shop) {
    let mug = shop.product("Mug", 0).await;
    let rename = || ProductPatch { title: Some("Cup".into()), ..ProductPatch::default() };
    let at = |version| UpdateProduct { if_version: Some(version), ..update(&shop, &mug, rename()) };
    shop.run(at(1)).await.expect("changed");
    refused!(shop.run(at(1)).await, Error::Stale { current: 2 });
    let missing = UpdateProduct { id: shop.id(), ..update(&shop, &mug, rename()) };
    refused!(shop.run(missing).await, Error::NotFound("product"));
}

/// Selling does not count as a change, or every order would make the editor's copy stale.
pub async fn stock_does_not_count_as_a_change(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 5).await;
    shop.order(&ann, &[line(&mug, 2)]).await;
    shop.run(shop.movement(mug.variants[0].id, 10)).await.expect("received");
    let mut expected = mug.clone();
    expected.variants[0].stock = 13;
    assert_eq!(shop.product_now(mug.id).await, expected);
    let rename = ProductPatch { title: Some("Cup".into()), ..ProductPatch::default() };
    let after = shop.run(UpdateProduct { if_version: Some(1), ..update(&shop, &mug, rename) }).await;
    assert_eq!(after.expect("the version is the same").variants[0].stock, 13);
}

pub async fn an_old_slug_leads_on(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    for slug in ["cup", "mug", "beaker", "mug"] {
        let patch = ProductPatch { slug: Some(slug.into()), ..ProductPatch::default() };
        shop.run(update(&shop, &mug, patch)).await.expect("changed");
    }
    for slug in ["cup", "mug", "beaker"] {
        let name = Redirected::Product.name(slug);
        let found = shop.db().document_named(DocumentKind::Redirect, &name).await.expect("an answer");
        assert_eq!(found.expect("a redirect").read::<Redirect>().expect("a redirect").id, mug.id.0);
    }
}
