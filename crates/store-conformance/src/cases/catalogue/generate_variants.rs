//! Variants made from the values of options.

use commerce::{
    Error,
    catalogue::{GenerateVariants, Generated, OptionDraft},
};
use model::Product;

use crate::support::{Shop, eur, line, pointers, refused, with_options};

fn generate(shop: &Shop, product: &Product, options: Option<&[(&str, &[&str])]>) -> GenerateVariants {
    let option = |(name, values): &(&str, &[&str])| OptionDraft {
        name: (*name).to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    GenerateVariants {
        product_id: product.id,
        options: options.map(|options| options.iter().map(option).collect()),
        renames: false,
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
    let Generated { product: after, made } = shop.run(generate(&shop, &shirt, Some(options))).await.expect("made");
    assert_eq!((titles(&after), made), (vec!["M".to_owned(), "S".to_owned()], 1));
    assert_eq!((&after.variants[1], after.version), (&shirt.variants[0], 2));
    assert_eq!((after.variants[0].sku.as_deref(), after.variants[0].price), (Some("MUG-M"), eur(500)));
    assert_eq!(shop.product_now(shirt.id).await, after);
    let again = shop.run(generate(&shop, &shirt, None)).await.expect("nothing to make");
    assert_eq!((again.product.variants, again.made), (after.variants, 0));
}

pub async fn a_simple_product_gets_options(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 7).await);
    shop.order(&ann, &[line(&mug, 1)]).await;
    let options: &[(&str, &[&str])] = &[("Size", &["S", "M"]), ("Colour", &["Blue", "Red"])];
    let after = shop.run(generate(&shop, &mug, Some(options))).await.expect("made").product;
    assert_eq!(titles(&after), ["S / Blue", "S / Red", "M / Blue", "M / Red"]);
    assert_eq!((after.variants[0].id, after.variants[0].stock), (mug.variants[0].id, 6), "what was sold stays");
    assert_eq!(shop.product_now(mug.id).await, after);
}

fn titles(product: &Product) -> Vec<String> {
    product.variants.iter().map(model::Variant::title).collect()
}

pub async fn another_option_is_added_to_what_is_there(shop: Shop) {
    let ann = shop.customer("ann").await;
    let shirt = shop.add(with_options("Shirt", &["S", "M"], 3)).await;
    shop.order(&ann, &[line(&shirt, 1)]).await;
    let (small, medium) = (shirt.variants[0].id, shirt.variants[1].id);
    let of = |product: &Product, title: &str| {
        let found = product.variants.iter().find(|variant| variant.title() == title);
        found.map(|variant| (variant.id, variant.stock)).expect("a variant")
    };
    let options: &[(&str, &[&str])] = &[("Size", &["S", "M"]), ("Colour", &["Red", "Blue"])];
    let after = shop.run(generate(&shop, &shirt, Some(options))).await.expect("made").product;
    assert_eq!(titles(&after), ["S / Red", "S / Blue", "M / Red", "M / Blue"]);
    assert_eq!((of(&after, "S / Red"), of(&after, "M / Red")), ((small, 2), (medium, 3)), "what was there stays");
    assert_eq!(shop.product_now(shirt.id).await, after);
    // An option is known by its name wherever it stands, and by its place under another name.
    let options: &[(&str, &[&str])] = &[("Fit", &["Slim"]), ("Shade", &["Red", "Blue"]), ("size", &["S", "M", "L"])];
    let after = shop.run(generate(&shop, &shirt, Some(options))).await.expect("made").product;
    assert_eq!((of(&after, "Slim / Red / S"), of(&after, "Slim / Red / M")), ((small, 2), (medium, 3)));
    assert_eq!(titles(&after)[..3], ["Slim / Red / S", "Slim / Red / M", "Slim / Red / L"]);
    assert_eq!(after.variants.len(), 6);
    // One that no two variants differ in can go.
    let options: &[(&str, &[&str])] = &[("Shade", &["Red", "Blue"]), ("Size", &["S", "M", "L"])];
    let after = shop.run(generate(&shop, &shirt, Some(options))).await.expect("taken away").product;
    assert_eq!((of(&after, "Red / S"), of(&after, "Red / M"), after.variants.len()), ((small, 2), (medium, 3), 6));
    assert_eq!(shop.product_now(shirt.id).await, after);
    let options: &[(&str, &[&str])] = &[("Size", &["S", "M", "L"])];
    let alike = pointers(shop.run(generate(&shop, &shirt, Some(options))).await);
    assert!(!alike.is_empty() && alike.iter().all(|(_, code)| *code == "duplicate"), "{alike:?}");
    assert_eq!(shop.product_now(shirt.id).await, after);
}

pub async fn a_value_that_a_variant_has_is_not_taken_away(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["S", "M", "L"], 0)).await;
    let options: &[(&str, &[&str])] = &[("Colour", &["Red", "Blue"]), ("Size", &["S", "XL"])];
    let wrong = match shop.run(generate(&shop, &shirt, Some(options))).await {
        Err(Error::Invalid(wrong)) => wrong,
        other => panic!("must be refused, but is {other:?}"),
    };
    let told: Vec<_> = wrong.0.iter().map(|one| (one.pointer.as_str(), one.code)).collect();
    assert_eq!(told, [("/options/1/values", "in_use")]);
    assert!(wrong.0[0].message.ends_with("remove these variants first: M, L"), "{wrong}");
    assert_eq!(shop.product_now(shirt.id).await, shirt);
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

/// A typing mistake is mended without anything being taken away.
pub async fn a_value_gets_another_name_with_its_stock(shop: Shop) {
    let shirt = shop.add(with_options("Shirt", &["Small", "L"], 3)).await;
    let written = |values: &[&str]| {
        let options: &[(&str, &[&str])] = &[("Size", values)];
        GenerateVariants { renames: true, ..generate(&shop, &shirt, Some(options)) }
    };
    let values = |product: &model::Product| -> Vec<String> {
        product.variants.iter().map(|variant| variant.option_values.join("/")).collect()
    };
    let renamed = shop.run(written(&["S", "L"])).await.expect("renamed").product;
    assert_eq!(values(&renamed), ["S", "L"]);
    assert_eq!((renamed.variants[0].id, renamed.variants[0].stock), (shirt.variants[0].id, 3));
    // Another order is no other name, and with one more or less nobody can tell which is which.
    let turned = shop.run(written(&["L", "S"])).await.expect("turned").product;
    assert_eq!(
        turned.variants.iter().map(|variant| variant.id).collect::<Vec<_>>(),
        [shirt.variants[1].id, shirt.variants[0].id]
    );
    for lacking in [&["L"][..], &["L", "XS", "XL"]] {
        let refused = shop.run(written(lacking)).await;
        assert_eq!(pointers(refused), [("/options/0/values".to_owned(), "in_use")]);
    }
    shop.assert_sound().await;
}
