//! Staff who write the catalogue at once.

use commerce::{
    Conflict, Error,
    catalogue::{
        CategoryDraft, CategoryPatch, CreateCategory, DeleteCategory, DeleteVariant, ProductDraft, ProductPatch,
        UpdateCategory, UpdateProduct,
    },
};
use model::category::{Misplaced, check_parent};

use crate::support::{Shop, at_once, category, count_ok, draft, line, place, with_options};

pub async fn a_chosen_slug_goes_to_one_product(shop: Shop) {
    let results = at_once(12, |number| {
        let draft = ProductDraft { slug: Some("mug".into()), ..draft(&format!("Mug {number}"), 1) };
        let (shop, creation) = (shop.clone(), shop.creation(draft));
        async move { shop.run(creation).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    let refusals = results.iter().filter_map(|result| result.as_ref().err());
    assert!(refusals.into_iter().all(|refusal| matches!(refusal, Error::Conflict(Conflict::SlugTaken(_)))));
}

pub async fn made_slugs_give_way_to_each_other(shop: Shop) {
    let results = at_once(12, |_| {
        let (shop, creation) = (shop.clone(), shop.creation(draft("Mug", 1)));
        async move { shop.run(creation).await.expect("a product").slug }
    })
    .await;
    let mut slugs = results;
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 12, "{slugs:?}");
}

pub async fn a_sku_goes_to_one_product(shop: Shop) {
    let results = at_once(12, |number| {
        let mut draft = draft(&format!("Mug {number}"), 1);
        draft.variants[0].sku = Some("MUG".into());
        let (shop, creation) = (shop.clone(), shop.creation(draft));
        async move { shop.run(creation).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    let refusals = results.iter().filter_map(|result| result.as_ref().err());
    assert!(refusals.into_iter().all(|refusal| matches!(refusal, Error::Conflict(Conflict::SkuTaken(_)))));
}

/// Each move alone is allowed; together they would tie the tree into a ring.
pub async fn moves_that_would_make_a_ring_are_not_all_done(shop: Shop) {
    for round in 0..10 {
        let mut ring = Vec::new();
        for number in 0..3 {
            ring.push(shop.category(category(&format!("{round} {number}"), None)).await.id);
        }
        let results = at_once(ring.len(), |number| {
            let parent_id = Some(Some(ring[(number + 1) % ring.len()]));
            let patch = CategoryPatch { parent_id, ..CategoryPatch::default() };
            let update = UpdateCategory { id: ring[number], patch, if_version: None, stamp: shop.next_stamp() };
            let shop = shop.clone();
            async move { shop.run(update).await }
        })
        .await;
        assert_eq!(count_ok(&results), 2, "round {round}");
        let refusal = results.into_iter().find_map(Result::err);
        assert!(matches!(refusal, Some(Error::Conflict(Conflict::Misplaced(Misplaced::Cycle)))), "{refusal:?}");
    }
    let all = shop.db().categories().await.expect("an answer");
    for category in &all {
        assert_eq!(check_parent(&all, category.id, category.parent_id), Ok(()), "a ring");
    }
}

/// A category that is removed while another is hung below it must not leave that one without a parent.
pub async fn a_removal_and_a_new_child_agree(shop: Shop) {
    for round in 0..10 {
        let top = shop.category(category(&format!("Top {round}"), None)).await;
        let results = at_once(2, |number| {
            let child: CategoryDraft = category(&format!("Child {round}"), Some(top.id));
            let create = CreateCategory { draft: child, stamp: shop.next_stamp() };
            let (shop, delete) = (shop.clone(), DeleteCategory { id: top.id, if_version: None });
            async move {
                match (number + round) % 2 {
                    0 => shop.run(create).await.map(drop),
                    _ => shop.run(delete).await,
                }
            }
        })
        .await;
        assert_eq!(count_ok(&results), 1, "round {round}: {results:?}");
        let refusal = results.into_iter().find_map(Result::err);
        let expected = matches!(
            refusal,
            Some(Error::Conflict(Conflict::HasSubcategories | Conflict::Misplaced(Misplaced::NoSuchParent)))
        );
        assert!(expected, "{refusal:?}");
    }
}

/// Two people edit one product: the second one to save is told, and nothing is overwritten unseen.
pub async fn one_of_two_editors_is_told(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let results = at_once(8, |number| {
        let patch = ProductPatch { title: Some(format!("Title {number}")), ..ProductPatch::default() };
        let update = UpdateProduct { id: mug.id, patch, if_version: Some(1), actor_id: None, stamp: shop.next_stamp() };
        let shop = shop.clone();
        async move { shop.run(update).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    let refusals = results.iter().filter_map(|result| result.as_ref().err());
    assert!(refusals.into_iter().all(|refusal| matches!(refusal, Error::Stale { current: 2 })));
    let winner = results.into_iter().find_map(Result::ok).expect("one of them");
    assert_eq!(shop.product_now(mug.id).await, winner);
}

/// Orders sell on while the product is edited, and neither loses what the other wrote.
pub async fn an_edit_does_not_bring_sold_stock_back(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 100).await;
    let results = at_once(40, |number| {
        let patch = ProductPatch { title: Some(format!("Title {number}")), ..ProductPatch::default() };
        let update = UpdateProduct { id: mug.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
        let (shop, order) = (shop.clone(), place(&shop, &ann, &[line(&mug, 2)]));
        async move {
            match number % 2 {
                0 => shop.run(order).await.map(drop),
                _ => shop.run(update).await.map(drop),
            }
        }
    })
    .await;
    assert_eq!((count_ok(&results), shop.stock(&mug).await), (40, 60));
    assert_eq!(shop.product_now(mug.id).await.version, 21);
}

/// Either the order comes first and the variant stays, or it is gone and cannot be ordered.
pub async fn an_order_and_the_removal_of_its_variant_agree(shop: Shop) {
    let ann = shop.customer("ann").await;
    for round in 0..10 {
        let shirt = shop.add(with_options(&format!("Shirt {round}"), &["S", "M"], 5)).await;
        let delete = DeleteVariant { id: shirt.variants[0].id, if_version: None, stamp: shop.next_stamp() };
        let results = at_once(2, |number| {
            let (shop, order) = (shop.clone(), place(&shop, &ann, &[line(&shirt, 1)]));
            async move {
                match (number + round) % 2 {
                    0 => shop.run(order).await.map(drop),
                    _ => shop.run(delete).await.map(drop),
                }
            }
        })
        .await;
        assert_eq!(count_ok(&results), 1, "round {round}: {results:?}");
        let refusal = results.into_iter().find_map(Result::err);
        let expected = matches!(refusal, Some(Error::Conflict(Conflict::VariantOrdered) | Error::Invalid(_)));
        assert!(expected, "round {round}: {refusal:?}");
    }
}
