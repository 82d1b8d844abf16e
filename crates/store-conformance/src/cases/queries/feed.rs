//! What the search index follows.

use std::collections::HashSet;

use commerce::catalogue::{DeleteProduct, ProductDraft, ProductPatch, UpdateProduct};
use model::{Image, Product, ProductId, ProductStatus, VariantDetails, VariantId};
use store::{Feed, FeedCursor, ProductFace};

use crate::support::{Shop, at_once, draft, line, with_options};

async fn feed(shop: &Shop, after: FeedCursor, limit: u32) -> Feed {
    shop.db().catalogue_feed(after, limit).await.expect("an answer")
}

/// Follows the feed as an index does: from horizon to horizon, passing over what it met before.
#[derive(Default)]
struct Follower {
    horizon: u64,
    met: HashSet<u64>,
}

impl Follower {
    /// The products that changed since the last time, each once.
    async fn changed(&mut self, shop: &Shop) -> Vec<ProductId> {
        let found = feed(shop, FeedCursor { place: self.horizon, seq: 0 }, 100).await;
        assert!(found.horizon >= self.horizon, "time does not run backwards");
        self.horizon = found.horizon;
        let new = found.entries.into_iter().filter(|(cursor, _)| self.met.insert(cursor.seq));
        let mut ids: Vec<_> = new.map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

pub async fn every_change_of_a_product_is_in_the_feed(shop: Shop) {
    assert_eq!(feed(&shop, FeedCursor::default(), 0).await.entries, []);
    let mut follower = Follower::default();
    let mug = shop.product("Mug", 2).await;
    assert_eq!(follower.changed(&shop).await, [mug.id]);
    assert_eq!(follower.changed(&shop).await, []);
    let patch = ProductPatch { title: Some("Cup".into()), ..ProductPatch::default() };
    let update = UpdateProduct { id: mug.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed");
    assert_eq!(follower.changed(&shop).await, [mug.id]);
    shop.run(DeleteProduct { id: mug.id, if_version: None, stamp: shop.next_stamp() }).await.expect("removed");
    assert_eq!(follower.changed(&shop).await, [mug.id]);
}

pub async fn stock_is_in_the_feed_when_there_is_none_any_more(shop: Shop) {
    let (ann, mug) = (shop.customer("ann").await, shop.product("Mug", 2).await);
    let mut follower = Follower::default();
    assert_eq!(follower.changed(&shop).await, [mug.id]);
    shop.order(&ann, &[line(&mug, 1)]).await;
    assert_eq!(follower.changed(&shop).await, [], "one is left");
    shop.order(&ann, &[line(&mug, 1)]).await;
    assert_eq!(follower.changed(&shop).await, [mug.id]);
    shop.run(shop.movement(mug.variants[0].id, 5)).await.expect("moved");
    assert_eq!(follower.changed(&shop).await, [mug.id]);
}

pub async fn the_feed_is_read_in_pages(shop: Shop) {
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(shop.product(&format!("Mug {n}"), 0).await.id);
    }
    let (mut found, mut after) = (Vec::new(), FeedCursor::default());
    loop {
        let page = feed(&shop, after, 3).await;
        let Some((last, _)) = page.entries.last() else { break };
        assert!(page.entries.len() <= 3 && *last > after);
        after = *last;
        found.extend(page.entries.iter().map(|(_, id)| *id));
    }
    assert_eq!(found, made);
}

/// However transactions overlap, whoever goes on from the horizon misses none.
pub async fn a_follower_misses_nothing(shop: Shop) {
    let follower = {
        let shop = shop.clone();
        async move {
            let (mut seen, mut follower) = (HashSet::new(), Follower::default());
            while seen.len() < 40 {
                seen.extend(follower.changed(&shop).await);
                tokio::task::yield_now().await;
            }
            seen
        }
    };
    let follower = tokio::spawn(follower);
    let made = at_once(8, |number| {
        let shop = shop.clone();
        async move {
            let mut made = Vec::new();
            for n in 0..5 {
                made.push(shop.product(&format!("Mug {number} {n}"), 0).await.id);
            }
            made
        }
    })
    .await;
    let seen = tokio::time::timeout(std::time::Duration::from_secs(20), follower)
        .await
        .expect("all of them")
        .expect("no panic");
    assert!(made.iter().flatten().all(|id| seen.contains(id)));
}

/// What stands beside the lines of orders: what is no longer for sale too, and variants with a picture of their own.
pub async fn what_is_shown_of_products_is_read_by_their_ids(shop: Shop) {
    let image = |url: &str| Image { url: url.to_owned(), alt: Some("It".to_owned()) };
    let mut shirt = with_options("Shirt", &["S", "M", "L"], 1);
    shirt.images = vec![image("/a.png"), image("/b.png")];
    for (number, variant) in shirt.variants.iter_mut().enumerate() {
        let own = VariantDetails { image: (number == 1).then(|| "/b.png".to_owned()), ..VariantDetails::default() };
        variant.details = Some(VariantDetails { low_stock_at: Some(1), ..own });
    }
    let shirt = shop.add(shirt).await;
    let mug = shop.add(ProductDraft { status: ProductStatus::Archived, ..draft("Mug", 1) }).await;
    shop.product("Bowl", 1).await;
    let face = |product: &Product, variant_images: Vec<(VariantId, String)>| ProductFace {
        id: product.id,
        slug: product.slug.clone(),
        title: product.title.clone(),
        status: product.status,
        images: product.images.clone(),
        variant_images,
    };
    let own = vec![(shirt.variants[1].id, "/b.png".to_owned())];
    let mut expected = [face(&shirt, own), face(&mug, Vec::new())];
    let mut found = shop.db().product_faces(&[shirt.id, shop.id(), mug.id]).await.expect("an answer");
    expected.sort_by_key(|face| face.id);
    found.sort_by_key(|face| face.id);
    assert_eq!(found, expected);
}

pub async fn products_are_read_by_their_ids_and_in_parts(shop: Shop) {
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(shop.product(&format!("Mug {n}"), n).await);
    }
    made.sort_by_key(|product| product.id);
    let mut found = shop.db().products_by_id(&[made[3].id, shop.id(), made[1].id]).await.expect("an answer");
    found.sort_by_key(|product| product.id);
    assert_eq!(found, [made[1].clone(), made[3].clone()]);
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = shop.db().products_after(after, 2).await.expect("an answer");
        let Some(last) = part.last() else { break };
        after = Some(last.id);
        all.extend(part);
    }
    assert_eq!(all, made);
}
