//! Variants made from the values of options.

use commerce::{
    Error,
    catalogue::{GenerateVariants, OptionDraft},
};
use model::Product;

use crate::support::{Shop, eur, line, refused, with_options};

fn generate(shop: &Shop, product: &Product, options: Option<&[(&str, &[&str])]>) -> GenerateVariants {
    let option = |(name, values): &(&str, &[&str])| OptionDraft {
        name: (*name).to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    GenerateVariants {
        product_id: product.id,
        options: options.map(|options| options.iter().map(option).collect()),
        price: Some(eur(500)),
        sku_prefix: Some("MUG".to_owned()),
        if_version: None,
        actor_id: None,
        stamp: shop.next_stamp(),
    }
}

pub async fn every_combination_that_lacks_is_made(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S"], 3)).await;
    let options: &[(&str, &[&str])] = &[("Size", &["M", "S"])];
    let after = shop.run(generate(&shop, &shirt, Some(options))).await.expect("made");
    let titles: Vec<_> = after.variants.iter().map(model::Variant::title).collect();
    assert_eq!(titles, ["M", "S"]);
    assert_eq!((&after.variants[1], after.version), (&shirt.variants[0], 2));
    assert_eq!((after.variants[0].sku.as_deref(), after.variants[0].price), (Some("MUG-M"), eur(500)));
    assert_eq!(shop.product_now(shirt.id).await, after);
    let again = shop.run(generate(&shop, &shirt, None)).await.expect("nothing to make");
    assert_eq!(again.variants, after.variants);
}

pub async fn a_simple_product_gets_options(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 7).await);
    shop.order(&ann, &[line(&mug, 1)]).await;
    let options: &[(&str, &[&str])] = &[("Size", &["S", "M"]), ("Colour", &["Blue", "Red"])];
    let after = shop.run(generate(&shop, &mug, Some(options))).await.expect("made");
    let titles: Vec<_> = after.variants.iter().map(model::Variant::title).collect();
    assert_eq!(titles, ["S / Blue", "S / Red", "M / Blue", "M / Red"]);
    assert_eq!((after.variants[0].id, after.variants[0].stock), (mug.variants[0].id, 6), "what was sold stays");
    assert_eq!(shop.product_now(mug.id).await, after);
}

pub async fn more_than_anybody_means_is_refused(shop: Shop) {
    let mug = shop.product("Mug", 7).await;
    let many: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let options: &[(&str, &[&str])] = &[("A", &many), ("B", &many)];
    refused!(shop.run(generate(&shop, &mug, Some(options))).await, Error::Invalid(_));
    let empty: &[(&str, &[&str])] = &[("A", &[])];
    refused!(shop.run(generate(&shop, &mug, Some(empty))).await, Error::Invalid(_));
    let stale = GenerateVariants { if_version: Some(9), ..generate(&shop, &mug, None) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    assert_eq!(shop.product_now(mug.id).await, mug);
}
