//! What comes over from another shop does not go to strangers, and nothing that was forgotten comes back.

use commerce::{
    accounts::{DeleteAccount, SaveAddress, SignUpAtOnce},
    bring_over::{BringOver, OldAccount, OldProduct, Outcome, Thing},
    catalogue::DeleteProduct,
    wishlist::AddToWishlist,
};
use model::{
    Account, Order, OrderEvent, OrderLine, OrderStatus, PostalAddress, Product, ProductStatus, Review, Role, Wishlist,
    review::{ReviewContent, ReviewStatus},
};
use store::{Document, DocumentKind};

use crate::{
    cases::staff::invitations::invitation,
    support::{Shop, email, eur, line, password, ship_to},
};

fn old(account: Account) -> Thing {
    let password_hash = Some("the hash from there".to_owned());
    Thing::Account(Box::new(OldAccount { account, password_hash, address: None, is_stand_in: false }))
}

async fn bring(shop: &Shop, things: Vec<Thing>) -> Vec<Outcome> {
    shop.run(BringOver { things, stamp: shop.next_stamp() }).await.expect("brought over")
}

async fn wishlist(shop: &Shop, account: &Account) -> Option<Document> {
    shop.db().document_named(DocumentKind::Wishlist, &account.id.to_string()).await.expect("an answer")
}

/// In a shop that signs up at once, anybody may have signed up with somebody's address.
pub async fn an_account_that_nobody_proved_goes_to_whoever_has_the_old_one(shop: Shop) {
    let (sign_up, session) = (shop.sign_up_as("vera", "111111", &password("mallory")), shop.device());
    let here =
        shop.run(SignUpAtOnce { sign_up, is_code_mailed: true, session: session.clone() }).await.expect("signed up");
    let save = SaveAddress { account_id: here.id, id: None, label: None, address: ship_to(), stamp: shop.next_stamp() };
    shop.run(save).await.expect("saved");
    let mug = shop.product("Mug", 9).await;
    let wish = AddToWishlist { account_id: here.id, product_id: mug.id, now: shop.now() };
    shop.run(wish).await.expect("added");
    let vera = shop.new_account("vera", Role::Customer, &[]);
    let proven_at = vera.email_verified_at;
    assert_eq!(bring(&shop, vec![old(vera)]).await, [Outcome::IsAccount(here.id)]);
    let now = shop.account_now(here.id).await;
    assert_eq!((now.email.clone(), now.email_verified_at), (Some(email("vera")), proven_at));
    assert_eq!(shop.password_now(here.id).await.as_deref(), Some("the hash from there"));
    assert!(!shop.is_signed_in(session.id).await, "the stranger is still signed in");
    assert!(!shop.verify("vera", "111111").await, "the stranger's code is still good");
    assert!(shop.db().addresses(here.id).await.expect("an answer").is_empty(), "goods would go to the stranger");
    assert_eq!(wishlist(&shop, &here).await, None, "the stranger's wishlist is still there");
}

/// Whoever has the old shop's password must not get in as one of the staff here: the link of the invitation lets them in.
pub async fn an_account_that_was_invited_to_work_here_stays_as_it_is(shop: Shop) {
    let ola = shop.owner("ola").await;
    let stan = shop.run(invitation(&shop, &ola, "stan", "token")).await.expect("invited");
    let there = shop.new_account("stan", Role::Customer, &[]);
    assert_eq!(bring(&shop, vec![old(there)]).await, [Outcome::IsAccount(stan.id)]);
    assert_eq!(shop.password_now(stan.id).await, None);
    assert_eq!(stan.email_verified_at, None);
    assert_eq!(shop.account_now(stan.id).await, stan);
}

/// Nobody knows whose either of them is: whoever has the mailbox chooses a password.
pub async fn of_two_that_nobody_proved_neither_password_is_good(shop: Shop) {
    shop.sign_up("vera", "111111").await;
    let here = shop.db().credentials(&email("vera")).await.expect("an answer").expect("an account").account;
    let there = Account { email_verified_at: None, ..shop.new_account("vera", Role::Customer, &[]) };
    assert_eq!(bring(&shop, vec![old(there.clone())]).await, [Outcome::IsAccount(here.id)]);
    assert_eq!(shop.password_now(here.id).await, None);
    let now = shop.account_now(here.id).await;
    assert_eq!(now.email_verified_at, None);
    // Only once: what its owner does here after that is theirs.
    shop.sign_up("vera", "222222").await;
    let signed_up = shop.account_now(here.id).await;
    assert_eq!(bring(&shop, vec![old(there)]).await, [Outcome::IsAccount(here.id)]);
    assert_eq!(shop.account_now(here.id).await, signed_up);
    assert!(shop.verify("vera", "222222").await);
}

/// The account of the same owner that was here before was erased; the old one must not come instead of it.
pub async fn an_account_does_not_come_back_by_another_id(shop: Shop) {
    let product = shop.product("Mug", 9).await;
    let ann = shop.customer("ann").await;
    let there = shop.new_account("ann", Role::Customer, &[]);
    assert_eq!(bring(&shop, vec![old(there.clone())]).await, [Outcome::IsAccount(ann.id)]);
    shop.run(DeleteAccount { account_id: ann.id, verified_hash: None, now: shop.now() }).await.expect("erased");
    let review = Review {
        id: shop.id(),
        product_id: product.id,
        account_id: ann.id,
        status: ReviewStatus::Approved,
        stars: 5,
        content: ReviewContent {
            title: None,
            text: "Lovely".to_owned(),
            author: "Ann A.".to_owned(),
            is_verified: false,
            reply: None,
            reported_by: Vec::new(),
            updated_at: shop.now(),
        },
        created_at: shop.now(),
        version: 1,
    };
    let things = vec![old(there), Thing::Review(review)];
    assert_eq!(bring(&shop, things).await, [Outcome::IsAccount(ann.id), Outcome::Known]);
    assert_eq!(shop.db().credentials(&email("ann")).await.expect("an answer"), None);
}

pub async fn an_account_that_was_proven_here_stays_as_it_is(shop: Shop) {
    let ann = shop.customer("ann").await;
    let session = shop.sign_in(&ann).await;
    let there = shop.new_account("ann", Role::Customer, &[]);
    assert_eq!(bring(&shop, vec![old(there)]).await, [Outcome::IsAccount(ann.id)]);
    assert_eq!(shop.account_now(ann.id).await, ann);
    assert_eq!(shop.password_now(ann.id).await, Some(password("ann")));
    assert!(shop.is_signed_in(session.id).await);
}

pub async fn nothing_personal_comes_back_to_an_account_that_was_erased(shop: Shop) {
    let product = shop.product("Mug", 9).await;
    let vera = shop.new_account("vera", Role::Customer, &[]);
    assert_eq!(bring(&shop, vec![old(vera.clone())]).await, [Outcome::Added]);
    shop.run(DeleteAccount { account_id: vera.id, verified_hash: None, now: shop.now() }).await.expect("erased");
    let bob = shop.customer("bob").await;
    let template = shop.order(&bob, &[line(&product, 1)]).await;
    let event = OrderEvent { status: OrderStatus::Delivered, actor_id: None, ..template.timeline[0].clone() };
    let order = Order {
        id: shop.id(),
        account_id: vera.id,
        email: Some(email("vera")),
        status: OrderStatus::Delivered,
        lines: template.lines.iter().map(|line| OrderLine { stock_taken: false, ..line.clone() }).collect(),
        timeline: vec![event],
        ..template
    };
    let id = order.id;
    let list = Wishlist::empty(vera.id);
    let things = vec![old(vera.clone()), Thing::Order(Box::new(order)), Thing::Wishlist(list)];
    assert_eq!(bring(&shop, things).await, [Outcome::Known, Outcome::Added, Outcome::Known]);
    let order = shop.order_now(id).await;
    assert_eq!((order.email, order.account_id), (None, vera.id));
    assert_eq!(order.ship_to, PostalAddress { country: "DE".into(), ..PostalAddress::default() });
    assert_eq!(wishlist(&shop, &vera).await, None);
}

fn old_product(product: Product, is_stand_in: bool) -> Thing {
    Thing::Product(Box::new(OldProduct { product, category: None, is_stand_in }))
}

/// What came for somebody and for something that a first dump did not have.
fn stand_ins(shop: &Shop, account: &Account, product: &Product) -> Vec<Thing> {
    let account = Account {
        email: None,
        name: String::new(),
        email_verified_at: None,
        deleted_at: Some(shop.now()),
        ..account.clone()
    };
    let gone = OldAccount { account, password_hash: None, address: None, is_stand_in: true };
    let mut product = Product { title: "Gone".to_owned(), status: ProductStatus::Archived, ..product.clone() };
    for variant in &mut product.variants {
        (variant.price, variant.stock) = (eur(0), 0);
    }
    vec![Thing::Account(Box::new(gone)), old_product(product, true)]
}

/// A product as another shop had it.
async fn from_elsewhere(shop: &Shop) -> Product {
    let mut product = shop.product("Mug", 9).await;
    product.id = shop.id();
    for variant in &mut product.variants {
        variant.id = shop.id();
    }
    Product { title: "Bowl".to_owned(), ..product }
}

/// A file of the first dump was missing; the second one is whole.
pub async fn the_real_thing_takes_the_place_of_a_stand_in(shop: Shop) {
    let vera = shop.new_account("vera", Role::Customer, &[]);
    let bowl = from_elsewhere(&shop).await;
    assert_eq!(bring(&shop, stand_ins(&shop, &vera, &bowl)).await, [Outcome::Added, Outcome::Added]);
    assert_eq!(shop.product_now(bowl.id).await.status, ProductStatus::Archived);
    let whole = vec![old(vera.clone()), old_product(bowl.clone(), false)];
    assert_eq!(bring(&shop, whole.clone()).await, [Outcome::Added, Outcome::Added]);
    let account = shop.account_now(vera.id).await;
    assert_eq!((account.email, account.name, account.deleted_at), (Some(email("vera")), vera.name.clone(), None));
    assert_eq!(shop.password_now(vera.id).await.as_deref(), Some("the hash from there"));
    let product = shop.product_now(bowl.id).await;
    assert_eq!((product.title.as_str(), product.slug.as_str(), product.status), ("Bowl", "bowl", bowl.status));
    assert_eq!((product.variants[0].price, shop.stock(&product).await), (bowl.variants[0].price, 9));
    // Only once, and a first dump does not undo it.
    assert_eq!(bring(&shop, whole).await, [Outcome::Known, Outcome::Known]);
    assert_eq!(bring(&shop, stand_ins(&shop, &vera, &bowl)).await, [Outcome::Known, Outcome::Known]);
    assert_eq!(shop.product_now(bowl.id).await, product);
    shop.assert_sound().await;
}

/// What was taken off sale here looks much like a stand-in, and stays what it is.
pub async fn what_the_staff_archived_is_no_stand_in(shop: Shop) {
    let ann = shop.customer("ann").await;
    let bowl = from_elsewhere(&shop).await;
    assert_eq!(bring(&shop, vec![old_product(bowl.clone(), false)]).await, [Outcome::Added]);
    let here = shop.product_now(bowl.id).await;
    shop.order(&ann, &[line(&here, 9)]).await;
    shop.run(DeleteProduct { id: bowl.id, if_version: None, stamp: shop.next_stamp() }).await.expect("archived");
    let archived = shop.product_now(bowl.id).await;
    assert_eq!(archived.status, ProductStatus::Archived);
    assert_eq!(bring(&shop, vec![old_product(bowl, false)]).await, [Outcome::Known]);
    assert_eq!(shop.product_now(archived.id).await, archived);
}
