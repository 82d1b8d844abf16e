//! The ledger of a variant, and categories.

use model::Category;

use crate::support::{Shop, all_pages, category, first_page};

pub async fn the_ledger_is_paged_newest_first(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 1).await, shop.product("Cup", 1).await);
    let mut expected = vec![1];
    for delta in 2..=20 {
        shop.run(shop.movement(mug.variants[0].id, delta)).await.expect("moved");
        shop.run(shop.movement(cup.variants[0].id, 1)).await.expect("moved");
        expected.push(delta);
    }
    expected.reverse();
    let id = mug.variants[0].id;
    for limit in [1, 6, 20, 100] {
        let listed = all_pages(limit, async |page| shop.db().movements(id, &page).await).await;
        let deltas: Vec<_> = listed.iter().map(|movement| movement.delta).collect();
        assert_eq!(deltas, expected, "in pages of {limit}");
        assert!(listed.iter().all(|movement| movement.variant_id == id));
    }
    assert!(shop.db().movements(shop.id(), &first_page()).await.expect("an answer").items.is_empty());
}

pub async fn movements_that_are_added_meanwhile_disturb_no_page(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let id = mug.variants[0].id;
    for _ in 0..9 {
        shop.run(shop.movement(id, 1)).await.expect("moved");
    }
    let before = shop.ledger(&mug).await;
    let listed = all_pages(3, async |page| {
        let answer = shop.db().movements(id, &page).await;
        shop.run(shop.movement(id, 5)).await.expect("moved");
        answer
    });
    assert_eq!(listed.await, before);
}

pub async fn categories_are_listed_by_position_and_name(shop: Shop) {
    let place = |name: &str, position| commerce::catalogue::CategoryDraft { position, ..category(name, None) };
    for draft in [
        place("Cups", Some(2)),
        place("Zebra", Some(1)),
        place("Apple", Some(2)),
        place("First", Some(-1)),
        place("Last", None),
    ] {
        shop.category(draft).await;
    }
    let all: Vec<Category> = shop.db().categories().await.expect("an answer");
    let names: Vec<_> = all.iter().map(|category| category.name.as_str()).collect();
    assert_eq!(names, ["First", "Zebra", "Apple", "Cups", "Last"]);
}
