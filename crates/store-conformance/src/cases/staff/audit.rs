//! The audit log.

use commerce::{
    Actor, Audited, Error, Idempotent, Rehearsal, Rehearsed, Replied,
    accounts::SetAccess,
    catalogue::{
        CategoryDraft, CollectionDraft, CollectionPatch, CreateCategory, CreateCollection, DeleteProduct, MoveStock,
        ProductPatch, UpdateCollection, UpdateProduct, UpdateVariant, VariantPatch,
    },
    orders::{MoveOrder, Mover},
};
use model::{
    Account, AuditEntry, ListPrice, OrderStatus, Permission, Sale, Tracking, audit::CHANGES_MAX, collection::Members,
    details::Seo,
};
use store::{AuditFilter, Change, Claim, Operation, PageRequest, StoredReply};

use crate::support::{Shop, all_pages, at_once, count_ok, draft, eur, hash, line, refused, usd, with_options};

fn by(account: &Account) -> Actor {
    Actor { account_id: account.id, address: Some("192.0.2.7".to_owned()), key: None }
}

fn audited<O: Operation>(shop: &Shop, account: &Account, operation: O) -> Audited<O> {
    Audited { by: by(account), operation, stamp: shop.next_stamp() }
}

async fn log(shop: &Shop, filter: AuditFilter) -> Vec<AuditEntry> {
    all_pages(3, async |page: PageRequest| shop.db().audit_log(&filter, &page).await).await
}

async fn actions(shop: &Shop) -> Vec<String> {
    log(shop, AuditFilter::default()).await.into_iter().map(|entry| entry.action).collect()
}

pub async fn a_change_says_what_changed_and_by_whom(shop: Shop) {
    let (stan, mug) = (shop.staff("stan", &[Permission::Catalogue]).await, shop.product("Mug", 5).await);
    let patch = ProductPatch { title: Some("Cup".to_owned()), ..ProductPatch::default() };
    let update =
        UpdateProduct { id: mug.id, patch, if_version: None, actor_id: Some(stan.id), stamp: shop.next_stamp() };
    shop.run(audited(&shop, &stan, update)).await.expect("changed");
    let entries = log(&shop, AuditFilter::default()).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.action.as_str(), entry.subject_id), ("product.changed", Some(mug.id.0)));
    assert_eq!((entry.actor_id, entry.content.address.as_deref()), (Some(stan.id), Some("192.0.2.7")));
    assert_eq!(
        (entry.content.subject.as_str(), entry.content.changes.as_slice()),
        ("Cup", &["title: Mug → Cup".to_owned()][..])
    );
}

/// Nobody sells something for a cent unseen: what it cost before and after stands there, of a sale and of other currencies too.
pub async fn prices_are_told_with_their_figures(shop: Shop) {
    let stan = shop.staff("stan", &[Permission::Catalogue]).await;
    let lamp = shop.run(audited(&shop, &stan, shop.creation(draft("Lamp", 5)))).await.expect("made");
    let update = |patch| {
        let update = UpdateVariant { id: lamp.variants[0].id, patch, if_version: None, stamp: shop.next_stamp() };
        audited(&shop, &stan, update)
    };
    let sale = Sale {
        prices: vec![eur(1)],
        starts_at: None,
        ends_at: Some(shop.now() + model::SignedDuration::from_hours(24)),
    };
    let until = sale.ends_at.map(|at| at.to_string()).unwrap_or_default();
    let patch = VariantPatch {
        compare_at_price: Some(Some(eur(5000))),
        prices: Some(vec![ListPrice { price: usd(1200), compare_at_price: None }]),
        sale: Some(Some(sale)),
        ..VariantPatch::default()
    };
    shop.run(update(patch)).await.expect("changed");
    shop.run(update(VariantPatch { sale: Some(None), ..VariantPatch::default() })).await.expect("changed");
    let of_lamp = AuditFilter { subject_id: Some(lamp.id.0), ..AuditFilter::default() };
    let told: Vec<Vec<String>> = log(&shop, of_lamp).await.into_iter().map(|entry| entry.content.changes).collect();
    let name = lamp.variants[0].title();
    let on_sale = format!("EUR 0.01 until {until}");
    let expected = [
        vec![format!("{name} sale: {on_sale} → nothing")],
        vec![
            format!("{name} price before: nothing → EUR 50.00"),
            format!("{name} sale: nothing → {on_sale}"),
            format!("{name} other currencies: nothing → USD 12.00"),
        ],
        vec![format!("{name} EUR 10.00")],
    ];
    assert_eq!(told, expected);
    // The first stock of a product is told with its title.
    let moved = log(&shop, AuditFilter { noun: Some("stock".to_owned()), ..AuditFilter::default() }).await;
    assert_eq!(moved.iter().map(|entry| entry.content.subject.as_str()).collect::<Vec<_>>(), ["Lamp"]);
}

pub async fn no_line_of_a_long_change_is_left_out(shop: Shop) {
    let stan = shop.staff("stan", &[Permission::Catalogue]).await;
    let sizes: Vec<String> = (0..CHANGES_MAX + 5).map(|size| size.to_string()).collect();
    let sizes: Vec<&str> = sizes.iter().map(String::as_str).collect();
    let made = shop.run(audited(&shop, &stan, shop.creation(with_options("Shoe", &sizes, 0)))).await.expect("made");
    let entries = log(&shop, AuditFilter { subject_id: Some(made.id.0), ..AuditFilter::default() }).await;
    let lines: Vec<usize> = entries.iter().map(|entry| entry.content.changes.len()).collect();
    assert_eq!(lines, [5, CHANGES_MAX], "{entries:?}");
}

pub async fn a_collection_says_what_changed(shop: Shop) {
    let (stan, mug) = (shop.staff("stan", &[Permission::Catalogue]).await, shop.product("Mug", 5).await);
    let draft = CollectionDraft {
        title: "Summer".to_owned(),
        slug: None,
        description: String::new(),
        image: None,
        seo: Seo::default(),
        titles: Default::default(),
        is_active: true,
        members: Members::Products(vec![mug.id]),
    };
    let made =
        shop.run(audited(&shop, &stan, CreateCollection { draft, stamp: shop.next_stamp() })).await.expect("made");
    let patch = CollectionPatch {
        title: Some("Winter".to_owned()),
        is_active: Some(false),
        members: Some(Members::Products(Vec::new())),
        ..CollectionPatch::default()
    };
    let update = UpdateCollection { id: made.id, patch, if_version: None, stamp: shop.next_stamp() };
    shop.run(audited(&shop, &stan, update)).await.expect("changed");
    let entries = log(&shop, AuditFilter { noun: Some("collection".to_owned()), ..AuditFilter::default() }).await;
    let said = entries[0].content.changes.join("; ");
    assert!(said.contains("title: Summer → Winter") && said.contains("active: true → false"), "{said}");
    assert!(said.contains("members"), "{said}");
}

pub async fn each_kind_of_change_is_in_it(shop: Shop) {
    let (ola, ann, mug) = (shop.owner("ola").await, shop.customer("ann").await, shop.product("Mug", 5).await);
    let order = shop.order(&ann, &[line(&mug, 1)]).await;
    let variant_id = mug.variants[0].id;
    let stock = MoveStock {
        variant_id,
        delta: 3,
        cause: None,
        reason: "delivery".to_owned(),
        actor_id: Some(ola.id),
        stamp: shop.next_stamp(),
    };
    shop.run(audited(&shop, &ola, stock)).await.expect("moved");
    let tracking = Some(Tracking { number: "T-1".to_owned(), carrier: None, url: None });
    for (to, tracking) in [(OrderStatus::Confirmed, None), (OrderStatus::Shipped, tracking)] {
        let mover = Mover::Staff(ola.id);
        let stamp = shop.next_stamp();
        let moved =
            MoveOrder { id: order.id, to, mover, note: None, tracking, is_lost: false, if_version: None, stamp };
        shop.run(audited(&shop, &ola, moved)).await.expect("moved");
    }
    let lock = SetAccess {
        actor: ola.access(),
        account_id: ann.id,
        disabled: Some(true),
        role: None,
        permissions: None,
        verified_hash: None,
        if_version: None,
        now: shop.now(),
    };
    shop.run(audited(&shop, &ola, lock)).await.expect("locked");
    let draft = CategoryDraft {
        name: "Cups".to_owned(),
        slug: None,
        parent_id: None,
        position: Some(0),
        details: Default::default(),
    };
    shop.run(audited(&shop, &ola, CreateCategory { draft, stamp: shop.next_stamp() })).await.expect("made");
    let newest_first = [
        "category.created",
        "account.sessions_ended",
        "account.disabled",
        "order.shipped",
        "order.confirmed",
        "stock.moved",
    ];
    assert_eq!(actions(&shop).await, newest_first);
    let entries = log(&shop, AuditFilter { subject_id: Some(order.id.0), ..AuditFilter::default() }).await;
    assert_eq!(entries[0].content.changes, ["tracking number T-1"]);
    let moved = log(&shop, AuditFilter { subject_id: Some(variant_id.0), ..AuditFilter::default() }).await;
    assert_eq!(
        (moved[0].content.subject.as_str(), moved[0].content.changes[0].as_str()),
        ("Mug", "+3 received: delivery")
    );
    // A name or an address of somebody is nowhere in it.
    let all = format!("{:?}", log(&shop, AuditFilter::default()).await);
    assert!(!all.contains("ann"), "{all}");
    shop.assert_sound().await;
}

pub async fn what_was_refused_is_not_in_it(shop: Shop) {
    let (stan, mug) = (shop.staff("stan", &[]).await, shop.product("Mug", 5).await);
    let stale = DeleteProduct { id: mug.id, if_version: Some(7), stamp: shop.next_stamp() };
    refused!(shop.run(audited(&shop, &stan, stale)).await, Error::Stale { .. });
    assert_eq!(actions(&shop).await, Vec::<String>::new());
    // What only one of two did is there once.
    let results = at_once(4, |_| {
        let delete = audited(&shop, &stan, DeleteProduct { id: mug.id, if_version: Some(1), stamp: shop.next_stamp() });
        let shop = shop.clone();
        async move { shop.run(delete).await }
    })
    .await;
    assert_eq!((count_ok(&results), actions(&shop).await), (1, vec!["product.deleted".to_owned()]));
}

pub async fn a_repeated_request_is_in_it_once(shop: Shop) {
    let stan = shop.staff("stan", &[]).await;
    for _ in 0..2 {
        let draft = CategoryDraft {
            name: "Cups".to_owned(),
            slug: None,
            parent_id: None,
            position: Some(0),
            details: Default::default(),
        };
        let operation = audited(&shop, &stan, CreateCategory { draft, stamp: shop.next_stamp() });
        let claim = Claim {
            account_id: stan.id,
            route: "POST /categories".into(),
            key: "one".to_owned(),
            fingerprint: hash("body"),
            at: shop.now(),
        };
        let render = |_: &model::Category| StoredReply { status: 201, location: None, etag: None, body: Vec::new() };
        let replied = shop.run(Idempotent { claim: Some(claim), operation, render }).await.expect("a reply");
        assert!(matches!(replied, Replied::New(_) | Replied::Before(_)));
    }
    assert_eq!(actions(&shop).await, ["category.created"]);
}

pub async fn it_is_filtered_and_read_page_by_page(shop: Shop) {
    let (stan, ola) = (shop.staff("stan", &[]).await, shop.owner("ola").await);
    let start = shop.now();
    for n in 0..5 {
        shop.pass(model::SignedDuration::from_secs(60));
        let name = format!("Category {n}");
        let draft = CategoryDraft { name, slug: None, parent_id: None, position: Some(0), details: Default::default() };
        let by = if n % 2 == 0 { &stan } else { &ola };
        shop.run(audited(&shop, by, CreateCategory { draft, stamp: shop.next_stamp() })).await.expect("made");
    }
    let subjects = async |filter| -> Vec<String> {
        log(&shop, filter).await.into_iter().map(|entry| entry.content.subject).collect()
    };
    let all = ["Category 4", "Category 3", "Category 2", "Category 1", "Category 0"];
    assert_eq!(subjects(AuditFilter::default()).await, all);
    let of_stan = AuditFilter { actor_id: Some(stan.id), ..AuditFilter::default() };
    assert_eq!(subjects(of_stan).await, ["Category 4", "Category 2", "Category 0"]);
    let noun = |noun: &str| AuditFilter { noun: Some(noun.to_owned()), ..AuditFilter::default() };
    assert_eq!(subjects(noun("category")).await.len(), 5);
    assert_eq!(subjects(noun("categ")).await.len(), 0);
    let at = |minutes: i64| start + model::SignedDuration::from_secs(60 * minutes);
    let between = AuditFilter { from: Some(at(2)), before: Some(at(4)), ..AuditFilter::default() };
    assert_eq!(subjects(between).await, ["Category 2", "Category 1"]);
}

pub async fn nothing_in_it_can_be_written_twice(shop: Shop) {
    let entry = AuditEntry {
        id: shop.id(),
        at: shop.now(),
        actor_id: None,
        action: "shop.started".to_owned(),
        subject_id: None,
        content: model::AuditContent::default(),
    };
    shop.apply(vec![Change::InsertAudit(entry.clone())]).await.expect("written");
    let changed = AuditEntry { action: "shop.changed".to_owned(), ..entry };
    assert!(shop.apply(vec![Change::InsertAudit(changed)]).await.is_err());
    assert_eq!(actions(&shop).await, ["shop.started"]);
}

pub async fn a_rehearsal_tells_what_would_be_done_and_does_nothing(shop: Shop) {
    let (stan, mug) = (shop.staff("stan", &[]).await, shop.product("Mug", 5).await);
    let patch = ProductPatch { title: Some("Cup".to_owned()), ..ProductPatch::default() };
    let update =
        UpdateProduct { id: mug.id, patch, if_version: None, actor_id: Some(stan.id), stamp: shop.next_stamp() };
    let Err(Rehearsed::Would(product, foreseen)) = shop.run(Rehearsal(update.clone())).await else {
        panic!("it would be done")
    };
    assert_eq!((product.title.as_str(), foreseen[0].action.as_str()), ("Cup", "product.changed"));
    assert_eq!(foreseen[0].changes, ["title: Mug → Cup"]);
    assert_eq!(shop.product_now(mug.id).await, mug);
    assert_eq!(actions(&shop).await, Vec::<String>::new());
    let stale = UpdateProduct { if_version: Some(9), ..update };
    assert!(matches!(shop.run(Rehearsal(stale)).await, Err(Rehearsed::Refused(Error::Stale { .. }))));
    shop.assert_sound().await;
}
