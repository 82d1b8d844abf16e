//! Wishlists.

use commerce::{
    Error,
    accounts::{DeleteAccount, SaveAddress, UpdateProfile},
    catalogue::ProductDraft,
    wishlist::{AddToWishlist, RemoveFromWishlist, ShareWishlist, SharedBy},
};
use model::{Account, Product, ProductStatus, Wishlist};
use store::DocumentKind;

use crate::{
    cases::accounts::passwords::{request, reset},
    support::{Shop, at_once, count_ok, draft, email, refused, ship_to},
};

fn add(shop: &Shop, account: &Account, product: &Product) -> AddToWishlist {
    AddToWishlist { account_id: account.id, product_id: product.id, now: shop.now() }
}

fn share(shop: &Shop, account: &Account, token: Option<&str>) -> ShareWishlist {
    ShareWishlist { account_id: account.id, token: token.map(str::to_owned), stamp: shop.next_stamp() }
}

async fn stored(shop: &Shop, account: &Account) -> Option<Wishlist> {
    let document = shop.db().document_named(DocumentKind::Wishlist, &account.id.to_string()).await.expect("an answer");
    document.map(|document| document.read().expect("a wishlist"))
}

async fn opens(shop: &Shop, token: &str) -> Option<SharedBy> {
    let document = shop.db().document_named(DocumentKind::WishlistShare, token).await.expect("an answer");
    document.map(|document| document.read().expect("a share"))
}

pub async fn products_are_kept_in_the_order_in_which_they_came(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let (mug, cup) = (shop.product("Mug", 0).await, shop.product("Cup", 0).await);
    for product in [&mug, &cup, &mug] {
        shop.run(add(&shop, &ann, product)).await.expect("added");
    }
    let list = stored(&shop, &ann).await.expect("a list");
    assert_eq!(list.items.iter().map(|item| item.product_id).collect::<Vec<_>>(), [mug.id, cup.id]);
    assert_eq!(stored(&shop, &bob).await, None);
    let after = shop.run(RemoveFromWishlist { account_id: ann.id, product_id: mug.id }).await.expect("removed");
    assert_eq!(after.items.len(), 1);
    // Again, it is done already; of what is not for sale nobody learns that it is there.
    let remove = |product_id| RemoveFromWishlist { account_id: ann.id, product_id };
    assert_eq!(shop.run(remove(mug.id)).await.expect("it is gone").items.len(), 1);
    let hidden = shop.add(ProductDraft { status: ProductStatus::Draft, ..draft("Lamp", 0) }).await;
    for unknown in [hidden.id, shop.id()] {
        refused!(shop.run(remove(unknown)).await, Error::NotFound("product"));
    }
    let nothing = AddToWishlist { product_id: shop.id(), ..add(&shop, &ann, &mug) };
    refused!(shop.run(nothing).await, Error::NotFound("product"));
}

pub async fn nothing_is_lost_when_much_comes_at_once(shop: Shop) {
    let ann = shop.customer("ann").await;
    let mut products = Vec::new();
    for number in 0..16 {
        products.push(shop.product(&format!("Product {number}"), 0).await);
    }
    let results = at_once(products.len(), |number| {
        let (shop, add) = (shop.clone(), add(&shop, &ann, &products[number]));
        async move { shop.run(add).await }
    })
    .await;
    assert_eq!((count_ok(&results), stored(&shop, &ann).await.expect("a list").items.len()), (16, 16));
}

pub async fn a_link_opens_it_until_it_is_taken_back(shop: Shop) {
    let ann = shop.customer("ann").await;
    shop.run(add(&shop, &ann, &shop.product("Mug", 0).await)).await.expect("added");
    let list = shop.run(share(&shop, &ann, Some("first"))).await.expect("shared");
    assert_eq!((list.share_token.as_deref(), list.items.len()), (Some("first"), 1));
    // Shared again, it keeps the link that was passed on already.
    let list = shop.run(share(&shop, &ann, Some("second"))).await.expect("shared");
    assert_eq!(list.share_token.as_deref(), Some("first"));
    assert_eq!(opens(&shop, "first").await.map(|by| by.account_id), Some(ann.id));
    assert!(opens(&shop, "second").await.is_none());
    let list = shop.run(share(&shop, &ann, None)).await.expect("taken back");
    assert_eq!((list.share_token, list.items.len()), (None, 1));
    assert!(opens(&shop, "first").await.is_none());
}

pub async fn it_goes_when_its_owner_comes_at_last(shop: Shop) {
    shop.sign_up("ann", "111111").await;
    let stranger = shop.db().credentials(&email("ann")).await.expect("an answer").expect("an account").account;
    let bob = shop.customer("bob").await;
    let mug = shop.product("Mug", 0).await;
    for (account, link) in [(&stranger, "strangers"), (&bob, "bobs")] {
        shop.run(add(&shop, account, &mug)).await.expect("added");
        shop.run(share(&shop, account, Some(link))).await.expect("shared");
        let (label, address) = (Some("Home".to_owned()), ship_to());
        let save = SaveAddress { account_id: account.id, id: None, label, address, stamp: shop.next_stamp() };
        shop.run(save).await.expect("saved");
        let phone = Some(Some("+49 30 1234567".to_owned()));
        let call = UpdateProfile { account_id: account.id, name: None, phone, if_version: None, now: shop.now() };
        shop.run(call).await.expect("changed");
        request(&shop, if account.id == bob.id { "bob" } else { "ann" }, link).await;
        reset(&shop, link, "new hash").await.expect("reset");
    }
    assert_eq!(stored(&shop, &stranger).await, None, "nobody had shown that the address is theirs");
    let homes = async |account: &Account| shop.db().addresses(account.id).await.expect("an answer").len();
    assert_eq!((homes(&stranger).await, homes(&bob).await), (0, 1));
    let phone = async |account: &Account| shop.account_now(account.id).await.phone;
    assert_eq!((phone(&stranger).await, phone(&bob).await.as_deref()), (None, Some("+49 30 1234567")));
    assert!(opens(&shop, "strangers").await.is_none());
    assert_eq!(stored(&shop, &bob).await.map(|list| list.items.len()), Some(1), "he had");
    assert!(opens(&shop, "bobs").await.is_some());
}

pub async fn it_goes_with_its_owner(shop: Shop) {
    let (ann, bob) = (shop.customer("ann").await, shop.customer("bob").await);
    let mug = shop.product("Mug", 0).await;
    for (customer, token) in [(&ann, "ann's"), (&bob, "bob's")] {
        shop.run(add(&shop, customer, &mug)).await.expect("added");
        shop.run(share(&shop, customer, Some(token))).await.expect("shared");
    }
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("deleted");
    assert_eq!((stored(&shop, &ann).await, opens(&shop, "ann's").await.is_none()), (None, true));
    assert!(stored(&shop, &bob).await.is_some() && opens(&shop, "bob's").await.is_some());
}
