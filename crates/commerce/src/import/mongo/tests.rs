//! Dumps, good and bad.

use bson::{doc, oid::ObjectId};
use model::{Currency, Money, OrderStatus, ProductStatus, Role, Timestamp};
use proptest::prelude::*;

use super::{
    Dump, Options, Plan, Sold,
    document::{OldId, id_of, money, new_id},
    orders::lines,
    plan, read,
};
use crate::bring_over::Thing;

const HASH: &str = "$2b$10$KfX1ZpDvKqN0Zb6dYxHuOeWq4nT8mJ3lRc7vGs2BhUyFoAi5kEtD.";

fn options(keep_admins: bool) -> Options {
    let now = Timestamp::from_second(1_790_000_000).expect("in range");
    Options { currency: Currency::EUR, keep_admins, is_usable_hash: |hash| hash.starts_with("$2"), now }
}

fn oid(number: u8) -> ObjectId {
    ObjectId::from_bytes([0x64, 0xf0, 0, number, 1, 2, 3, 4, 5, 6, 7, 8])
}

fn told(plan: &Plan) -> Vec<String> {
    plan.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_product_is_in_the_category_that_people_mean() {
    let product = |number: u8, category: &str| doc! { "_id": oid(number), "name": "Mug", "price": 5, "quantity": 1, "category": category };
    let dump = Dump {
        categories: vec![doc! { "_id": oid(1), "name": "Küche" }, doc! { "_id": oid(2), "name": "C++" }],
        products: vec![product(3, "KÜCHE"), product(4, "kuche"), product(5, "C#")],
        ..Dump::default()
    };
    let plan = plan(&dump, options(false));
    let categories: Vec<_> = plan
        .things
        .iter()
        .filter_map(|thing| if let Thing::Product(old) = thing { Some(old.category.as_deref()) } else { None })
        .collect();
    assert_eq!(categories, [Some("Küche"), Some("Küche"), None]);
}

#[test]
fn a_sound_shop_is_brought_over_without_a_word() {
    let dump = Dump {
        users: vec![doc! { "_id": oid(1), "name": "Ann Fox", "email": "Ann@Example.com", "emailVerified": true,
        "password": HASH, "address": "1 High Street,  Springfield", "phnumber": 4_930_123_456_i64, "isAdmin": false }],
        categories: vec![doc! { "_id": oid(2), "name": "Kitchen", "products": [oid(3)] }],
        products: vec![
            doc! { "_id": oid(3), "name": "Mug", "description": "A <b>mug</b>", "primaryImage": "uploads/mug.png",
            "secondaryImages": ["https://example.com/2.png"], "price": "12.50", "sale": "10", "quantity": 7.0,
            "category": oid(2), "reviews": [{ "user": oid(1), "text": "Good", "rating": 4 }] },
        ],
        orders: vec![doc! { "_id": oid(4), "buyer": oid(1), "products": [{ "productId": oid(3), "quantity": 2 }],
        "totalprice": 20, "status": "shipped", "address": "1 High Street" }],
        wishlists: vec![doc! { "_id": oid(5), "user": oid(1), "products": [oid(3)] }],
    };
    let plan = plan(&dump, options(false));
    assert_eq!(told(&plan), [] as [&str; 0]);
    let [
        Thing::Account(ann),
        Thing::Category { name, .. },
        Thing::Product(mug),
        Thing::Order(order),
        Thing::Review(review),
        Thing::Wishlist(list),
    ] = plan.things.as_slice()
    else {
        panic!("other things: {:?}", plan.things)
    };
    let account = &ann.account;
    assert_eq!(
        (account.email.as_ref().map(model::Email::as_str), account.role),
        (Some("ann@example.com"), Role::Customer)
    );
    assert_eq!((account.phone.as_deref(), ann.password_hash.as_deref()), (Some("4930123456"), Some(HASH)));
    assert_eq!(account.email_verified_at, Some(account.created_at));
    assert_eq!(account.created_at.as_second(), i64::from(0x64f0_0001_u32), "when its ObjectId was made");
    assert_eq!(ann.address.as_ref().map(|saved| saved.address.line1.as_str()), Some("1 High Street, Springfield"));
    assert_eq!((name.as_str(), mug.category.as_deref()), ("Kitchen", Some("Kitchen")));
    let variant = &mug.product.variants[0];
    assert_eq!(
        (variant.price.amount, variant.compare_at_price.map(|price| price.amount), variant.stock),
        (1000, Some(1250), 7)
    );
    assert_eq!(
        mug.product.images.iter().map(|image| image.url.as_str()).collect::<Vec<_>>(),
        ["/uploads/mug.png", "https://example.com/2.png"]
    );
    assert_eq!(
        (order.status, order.total.amount, order.lines[0].quantity, order.lines[0].unit_price.amount),
        (OrderStatus::Shipped, 2000, 2, 1000)
    );
    assert_eq!(
        order.timeline.iter().map(|event| event.status).collect::<Vec<_>>(),
        [OrderStatus::Pending, OrderStatus::Shipped]
    );
    assert_eq!((order.account_id, review.account_id, list.account_id), (account.id, account.id, account.id));
    assert_eq!((review.stars, list.items.len(), plan.totals.order_value, plan.totals.stock), (4, 1, 2000, 7));
    // The same dump gives the same ids.
    let again = super::plan(&dump, options(true));
    assert_eq!(format!("{:?}", again.things), format!("{:?}", plan.things));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let dump = Dump {
        users: vec![
            doc! { "_id": oid(1), "name": "Ann", "email": "ann@example.com", "password": "plain", "isAdmin": true },
            doc! { "_id": oid(2), "name": "Ann", "email": "ANN@example.com", "password": HASH },
            doc! { "_id": oid(3), "name": "Bob", "email": "nonsense", "password": HASH },
            doc! { "name": "Nobody" },
        ],
        categories: vec![doc! { "_id": oid(10), "name": "Kitchen", "products": [oid(99)] }],
        products: vec![
            doc! { "_id": oid(20), "name": "Mug", "price": "cheap", "quantity": -3, "category": oid(98),
            "reviews": [{ "user": oid(97), "rating": 5 }, { "user": oid(1), "rating": 6 }, { "user": oid(1), "rating": 5 },
                { "user": oid(2), "rating": 5 }] },
            doc! { "_id": oid(21), "name": "Cup", "price": 5.0, "sale": "7", "quantity": 1, "primaryImage": "a b.png" },
        ],
        orders: vec![
            doc! { "_id": oid(30), "buyer": oid(96), "products": [{ "productId": oid(95), "quantity": 0 }],
            "totalprice": 10.5, "status": "lost", "address": "somewhere" },
            doc! { "_id": oid(31), "buyer": oid(2), "products": [{ "productId": oid(21), "quantity": 3 }], "totalprice": "10", "status": "cancel" },
            doc! { "_id": oid(32), "buyer": oid(1), "products": [], "totalprice": 1, "status": "pending" },
            doc! { "_id": oid(33), "buyer": oid(1), "products": [{ "productId": oid(21), "quantity": 3 }], "totalprice": "free", "status": "pending" },
        ],
        wishlists: vec![
            doc! { "_id": oid(40), "user": oid(1), "products": [oid(21), oid(94)] },
            doc! { "_id": oid(41), "user": oid(93), "products": [] },
        ],
    };
    let plan = plan(&dump, options(false));
    let told = told(&plan);
    let id = |number: u8| oid(number).to_hex();
    for (collection, at, what) in [
        ("users", id(1), "has no bcrypt password"),
        ("users", id(1), "isAdmin becomes a customer"),
        ("users", id(2), "has the e-mail address ann@example.com of"),
        ("users", id(3), "is no e-mail address"),
        ("users", "?".to_owned(), "has no _id"),
        ("categories", id(10), "which is not there"),
        ("products", id(20), "\"cheap\" is no price; the product is a draft"),
        ("products", id(20), "the quantity -3 is below zero"),
        ("products", id(20), "is in the category"),
        ("products", id(20), "review 1 is by the user"),
        ("products", id(20), "review 2 has the rating 6"),
        ("products", id(20), "review 4 is a second one by the same user"),
        ("products", id(21), "the sale price \"7\" is not below the price"),
        ("products", id(21), "the picture \"a b.png\" cannot be used"),
        ("orders", id(30), "which is not there; it names an archived one"),
        ("orders", id(30), "impossible quantity"),
        ("orders", id(30), "who is not there; it belongs to nobody"),
        ("orders", id(30), "the status \"lost\" is not known"),
        ("orders", id(32), "has no products"),
        ("orders", id(33), "\"free\" is no price"),
        ("wishlists", id(40), "which is not there"),
        ("wishlists", id(41), "who is not there"),
    ] {
        let start = format!("{collection} {at}: ");
        assert!(told.iter().any(|told| told.starts_with(&start) && told.contains(what)), "{start}{what}: {told:#?}");
    }
    let orders: Vec<_> = plan
        .things
        .iter()
        .filter_map(|thing| if let Thing::Order(order) = thing { Some(order) } else { None })
        .collect();
    assert_eq!(orders.iter().map(|order| order.total.amount).collect::<Vec<_>>(), [1050, 1000]);
    let sum = |order: &model::Order| order.lines.iter().map(|line| line.total().amount).sum::<i64>();
    assert!(orders.iter().all(|order| sum(order) == order.total.amount), "{orders:?}");
    let products: Vec<_> = plan
        .things
        .iter()
        .filter_map(|thing| if let Thing::Product(old) = thing { Some(old.product.status) } else { None })
        .collect();
    assert_eq!(products, [ProductStatus::Draft, ProductStatus::Active, ProductStatus::Archived]);
    let admins = super::plan(&dump, options(true));
    assert!(admins.things.iter().any(|thing| matches!(thing, Thing::Account(old) if old.account.role == Role::Staff)));
}

/// The address may be anybody's who signed up with it in the old shop.
#[test]
fn staff_keep_a_password_only_with_an_address_that_was_verified() {
    let user = |number, verified: bool, admin: bool| {
        let email = format!("user-{number}@example.com");
        doc! { "_id": oid(number), "name": "Ann", "email": email, "password": HASH, "isAdmin": admin, "emailVerified": verified }
    };
    let dump =
        Dump { users: vec![user(1, true, true), user(2, false, true), user(3, false, false)], ..Dump::default() };
    let plan = super::plan(&dump, options(true));
    let has_password = |thing: &Thing| match thing {
        Thing::Account(old) => Some((old.account.role, old.password_hash.is_some())),
        _ => None,
    };
    let found: Vec<_> = plan.things.iter().filter_map(has_password).collect();
    assert_eq!(found, [(Role::Staff, true), (Role::Staff, false), (Role::Customer, true)]);
}

#[test]
fn fields_go_by_the_names_that_such_shops_have() {
    let dump = Dump {
        users: vec![doc! { "_id": oid(1), "name": "Ann Fox", "email": "ann@example.com", "password": HASH }],
        products: vec![doc! { "_id": oid(3), "title": "Mug", "image": "mug.png", "images": ["cup.png"], "price": 12.5,
        "countInStock": 7, "reviews": [{ "userId": oid(1), "comment": "Good", "rating": 4 }] }],
        orders: vec![
            doc! { "_id": oid(4), "user": oid(1), "orderItems": [{ "product": oid(3), "qty": 2 }], "totalPrice": 25,
            "status": "pending" },
            doc! { "_id": oid(5), "userId": oid(1), "items": [{ "product": oid(3), "quantity": 1 }], "totalAmount": 12.5,
            "status": "pending" },
        ],
        ..Dump::default()
    };
    let plan = plan(&dump, options(false));
    assert_eq!(told(&plan), [] as [&str; 0]);
    let (mut stock, mut pictures, mut totals, mut reviews) = (0, 0, Vec::new(), Vec::new());
    for thing in &plan.things {
        match thing {
            Thing::Product(old) => {
                stock += old.product.variants[0].stock;
                pictures += old.product.images.len();
            }
            Thing::Order(order) => totals.push((order.total.amount, order.lines[0].quantity)),
            Thing::Review(review) => reviews.push(review.content.text.clone()),
            _ => {}
        }
    }
    totals.sort_unstable();
    assert_eq!((stock, pictures, totals, reviews), (7, 2, vec![(1250, 1), (2500, 2)], vec!["Good".to_owned()]));
}

#[test]
fn what_is_missing_is_named_and_what_is_rounded_is_told() {
    let dump = Dump {
        products: vec![
            doc! { "_id": oid(1), "name": "Mug", "price": 19.999, "sale": "9.999", "quantity": 1 },
            doc! { "_id": oid(2), "name": "Cup" },
            doc! { "_id": oid(3), "name": "Pot", "price": 0.1 + 0.2, "quantity": 1 },
        ],
        orders: vec![doc! { "_id": oid(4), "buyer": oid(9), "products": [{ "productId": oid(1), "quantity": 1 }] }],
        ..Dump::default()
    };
    let told = told(&plan(&dump, options(false)));
    for (id, what) in [
        (1, "price 19.999 has more decimals than EUR; it becomes EUR 20.00"),
        (1, "sale \"9.999\" has more decimals than EUR; it becomes EUR 10.00"),
        (2, "has no price; the product is a draft"),
        (2, "has no quantity; it becomes 0"),
        (4, "has no totalprice; the order is left out"),
    ] {
        let id = oid(id).to_hex();
        assert!(told.iter().any(|told| told.contains(&id) && told.contains(what)), "{what}: {told:#?}");
    }
    assert!(!told.iter().any(|told| told.contains(&oid(3).to_hex())), "{told:#?}");
}

#[test]
fn files_that_are_none_are_refused() {
    let good = doc! { "a": 1 }.to_vec().expect("BSON");
    let two = [good.clone(), good.clone()].concat();
    assert_eq!(read::bson(two.as_slice()).map(|found| found.len()), Ok(2));
    assert_eq!(read::bson(&[][..]), Ok(vec![]));
    assert!(read::bson(nested(100).as_slice()).is_ok(), "MongoDB itself takes so many levels");
    let deep = read::bson(nested(5_000).as_slice());
    assert_eq!(deep.map_err(|error| error.contains("levels")), Err(true), "read by a function that calls itself");
    for bad in [&two[..two.len() - 1], &two[..good.len() + 2], b"{\"a\": 1}", &[5, 0, 0, 0, 1], &[0xff; 40]] {
        assert!(read::bson(bad).is_err(), "{bad:?}");
    }
    let lines =
        "\u{feff}{\"_id\":{\"$oid\":\"64f000010102030405060708\"},\"n\":{\"$numberInt\":\"3\"}}\n\n{\"a\":1.5}\n";
    let found = read::json(lines.as_bytes()).expect("JSON");
    assert_eq!((found.len(), found[0].get_i32("n").ok()), (2, Some(3)));
    assert_eq!(read::json(&b" [{\"a\": 1}]"[..]).map(|found| found.len()), Ok(1));
    for bad in ["{", "[1]", "1", "{\"a\":1}\nnonsense", "{\"_id\":{\"$oid\":\"xyz\"}}"] {
        assert!(read::json(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn prices_are_read_as_the_old_shop_did() {
    let read = |value: bson::Bson| money(Some(&value), Currency::EUR).map(|money| money.amount);
    for (text, amount) in [
        ("12.5", Some(1250)),
        ("$1,299.00", Some(129_900)),
        ("1,299", Some(129_900)),
        ("€ 12,999.50", Some(1_299_950)),
        ("1,234,567", Some(123_456_700)),
        ("1.299,50", Some(129_950)),
        ("12,99", Some(1299)),
        ("0,299", None),
        ("1,29,9", None),
        ("1234,567", None),
        ("1,299.000", None),
        ("19,99 €", Some(1999)),
        ("0", Some(0)),
        ("1.299", Some(130)),
        ("free", None),
        ("-5", None),
        ("", None),
        ("NaN", None),
        ("Infinity", None),
    ] {
        assert_eq!(read(text.into()), amount, "{text}");
    }
    assert_eq!(
        [read(12.499.into()), read(7.into()), read(f64::NAN.into()), read(true.into())],
        [Some(1250), Some(700), None, None]
    );
}

proptest! {
    /// Whatever an order cost, its lines cost that together, and name all its pieces.
    #[test]
    fn lines_add_up(items in prop::collection::vec((0_i64..100_000, 1_i64..50), 1..8), total in 0_i64..10_000_000) {
        let id = OldId { text: "x".to_owned(), seconds: None };
        let sold = |price| Sold { id: new_id("p", &id), variant_id: new_id("v", &id), title: String::new(), price };
        let items: Vec<_> = items.into_iter().map(|(price, quantity)| (sold(price), quantity)).collect();
        let made = lines(&items, Money::new(total, Currency::EUR));
        prop_assert_eq!(made.iter().map(|line| line.total().amount).sum::<i64>(), total);
        prop_assert_eq!(made.iter().map(|line| line.quantity).sum::<i64>(), items.iter().map(|(_, quantity)| quantity).sum::<i64>());
        prop_assert!(made.iter().all(|line| line.unit_price.amount >= 0 && line.quantity > 0));
    }
}

#[test]
fn ids_are_told_however_they_are_written() {
    let text = oid(1).to_hex();
    for value in [
        bson::Bson::from(oid(1)),
        text.as_str().into(),
        doc! { "_id": oid(1), "name": "x" }.into(),
        doc! { "$ref": "users", "$id": oid(1) }.into(),
    ] {
        assert_eq!(id_of(Some(&value)).map(|id| id.text), Some(text.clone()), "{value}");
    }
    assert_eq!(id_of(Some(&bson::Bson::Null)), None);
}

/// A document in a document in a document.
fn nested(levels: usize) -> Vec<u8> {
    let mut bytes = vec![5, 0, 0, 0, 0];
    for _ in 0..levels {
        let length = i32::try_from(bytes.len() + 8).expect("short");
        bytes = [&length.to_le_bytes()[..], &b"\x03a\0"[..], &bytes[..], &b"\0"[..]].concat();
    }
    bytes
}

/// Nobody can tell then what the orders were about, and stand-ins for a whole catalogue would be all that a shop has.
#[test]
fn a_dump_without_what_its_orders_name_is_not_whole() {
    let orders = vec![doc! { "_id": oid(4), "user": oid(1), "orderItems": [{ "product": oid(3) }], "total": 20 }];
    let mut dump = Dump { orders, ..Dump::default() };
    assert_eq!(dump.lacks(), ["users", "products"]);
    dump.users = vec![doc! { "_id": oid(1) }];
    assert_eq!(dump.lacks(), ["products"]);
    dump.products = vec![doc! { "_id": oid(9) }];
    assert_eq!(dump.lacks(), [] as [&str; 0], "some that are gone are no reason");
    assert_eq!(Dump::default().lacks(), [] as [&str; 0]);
}
