//! Checks and copies.

use std::path::PathBuf;

use crate::support::{Shop, line};

/// A name that nothing has yet, in the folder for such things.
fn free_path(shop: &Shop) -> PathBuf {
    let name = format!("conformance-{}-{:?}.copy", std::process::id(), shop.id::<uuid::Uuid>());
    std::env::temp_dir().join(name)
}

/// What the copy holds is for each engine to prove; here it is made, and what is there already is not overwritten.
pub async fn a_copy_is_made_of_the_live_database_and_overwrites_nothing(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mug = shop.product("Mug", 9).await;
    shop.order(&ann, &[line(&mug, 1)]).await;
    let path = free_path(&shop);
    shop.backup(&path).await.expect("a copy");
    let copied = std::fs::read(&path).expect("the copy can be read");
    let again = shop.backup(&path).await;
    let after = std::fs::read(&path).expect("the copy can be read");
    std::fs::remove_file(&path).expect("the copy can be removed");
    assert!(!copied.is_empty() && again.is_err());
    assert!(after == copied, "the refused copy overwrote the first");
}

pub async fn a_database_that_works_says_so(shop: Shop) {
    shop.db().ping().await.expect("it answers");
    shop.assert_sound().await;
}

/// Caches lean on it: whatever is read after the number was asked for is at least as new as the number.
pub async fn the_change_counter_moves_with_every_change(shop: Shop) {
    let Some(mut last) = shop.db().change_counter().await else { return };
    let mug = shop.product("Mug", 9).await;
    for _ in 0..5 {
        shop.run(shop.movement(mug.variants[0].id, 1)).await.expect("moved");
        let next = shop.db().change_counter().await.expect("it had one before");
        assert_ne!(next, last, "a change that no cache would see");
        last = next;
    }
}
