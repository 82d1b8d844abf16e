//! Which keys a shop has is noted beside its data, and never the keys.

use commerce::NoteKeys;

use crate::support::Shop;

async fn note(shop: &Shop, fingerprint: &str) -> bool {
    shop.run(NoteKeys { fingerprint: fingerprint.to_owned() }).await.expect("noted")
}

pub async fn other_keys_than_before_are_told_once(shop: Shop) {
    assert!(!note(&shop, "first").await, "a new shop has had none");
    assert!(!note(&shop, "first").await);
    assert!(note(&shop, "second").await);
    assert!(!note(&shop, "second").await);
    assert!(note(&shop, "first").await, "put back, they are other ones again");
}
