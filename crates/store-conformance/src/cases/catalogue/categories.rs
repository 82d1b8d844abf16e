//! The tree of categories.

use std::collections::BTreeMap;

use commerce::{
    Conflict, Error,
    catalogue::{
        CategoryDraft, CategoryPatch, CollectionDraft, CreateCategory, CreateCollection, DeleteCategory,
        DeleteCollection, MoveCategory, ProductDraft, Redirect, Redirected, UpdateCategory,
    },
};
use model::{
    Category, CategoryId, SignedDuration,
    category::{DEPTH_MAX, Misplaced},
    collection::{Members, Rule},
    details::Seo,
};
use store::DocumentKind;

use crate::support::{Shop, category, draft, load, pointers, refused};

fn update(shop: &Shop, id: CategoryId, patch: CategoryPatch) -> UpdateCategory {
    UpdateCategory { id, patch, if_version: None, stamp: shop.next_stamp() }
}

fn under(parent_id: Option<CategoryId>) -> CategoryPatch {
    CategoryPatch { parent_id: Some(parent_id), ..CategoryPatch::default() }
}

async fn all(shop: &Shop) -> Vec<Category> {
    shop.db().categories().await.expect("an answer")
}

pub async fn a_category_comes_back_as_it_was_made(shop: Shop) {
    let top = shop.category(CategoryDraft { position: Some(-3), ..category(" Küche & Bad ", None) }).await;
    assert_eq!((top.name.as_str(), top.slug.as_str(), top.position), ("Küche & Bad", "kuche-bad", -3));
    assert_eq!((top.parent_id, top.created_at, top.version), (None, shop.now(), 1));
    let below = shop.category(CategoryDraft { slug: Some("cups".into()), ..category("Cups", Some(top.id)) }).await;
    assert_eq!((below.parent_id, below.slug.as_str()), (Some(top.id), "cups"));
    assert_eq!(all(&shop).await, [top.clone(), below.clone()]);
    let mut loaded = load!(shop, |tx| tx.categories().await);
    loaded.sort_by_key(|category| category.id);
    assert_eq!(loaded, [top, below]);
}

pub async fn made_slugs_give_way_and_chosen_ones_do_not(shop: Shop) {
    let first = shop.category(category("Cups", None)).await;
    let second = shop.category(category("Cups", None)).await;
    assert_eq!((first.slug.as_str(), second.slug.as_str()), ("cups", "cups-2"));
    let chosen = |slug: &str| CreateCategory {
        draft: CategoryDraft { slug: Some(slug.into()), ..category("Other", None) },
        stamp: shop.next_stamp(),
    };
    refused!(shop.run(chosen("cups")).await, Error::Conflict(Conflict::SlugTaken(slug)) if slug == "cups");
    assert_eq!(pointers(shop.run(chosen("Not a slug")).await), [("/slug".to_owned(), "invalid_slug")]);
    let take = CategoryPatch { slug: Some("cups".into()), ..CategoryPatch::default() };
    refused!(shop.run(update(&shop, second.id, take.clone())).await, Error::Conflict(Conflict::SlugTaken(_)));
    shop.run(update(&shop, first.id, take)).await.expect("its own slug");
}

pub async fn a_change_keeps_what_it_does_not_name(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let cups = shop.category(category("Cups", None)).await;
    shop.pass(SignedDuration::from_secs(5));
    let moved = shop.run(update(&shop, cups.id, under(Some(top.id)))).await.expect("moved");
    let expected = Category { parent_id: Some(top.id), updated_at: shop.now(), version: 2, ..cups };
    assert_eq!(moved, expected);
    assert!(all(&shop).await.contains(&expected));
    let patch =
        CategoryPatch { name: Some("Mugs".into()), slug: Some("mugs".into()), position: Some(7), ..under(None) };
    let after = shop.run(update(&shop, expected.id, patch)).await.expect("changed");
    assert_eq!((after.name.as_str(), after.slug.as_str(), after.position), ("Mugs", "mugs", 7));
    assert_eq!((after.parent_id, after.version), (None, 3));
    assert!(all(&shop).await.contains(&after));
}

pub async fn a_category_cannot_hang_below_itself(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let middle = shop.category(category("Middle", Some(top.id))).await;
    let bottom = shop.category(category("Bottom", Some(middle.id))).await;
    for parent in [top.id, middle.id, bottom.id] {
        let refusal = shop.run(update(&shop, top.id, under(Some(parent)))).await;
        refused!(refusal, Error::Conflict(Conflict::Misplaced(Misplaced::Cycle)));
    }
    let missing = update(&shop, top.id, under(Some(shop.id())));
    refused!(shop.run(missing).await, Error::Conflict(Conflict::Misplaced(Misplaced::NoSuchParent)));
    shop.run(update(&shop, bottom.id, under(Some(top.id)))).await.expect("up the tree");
}

pub async fn the_tree_has_a_greatest_depth(shop: Shop) {
    let mut parent = None;
    for level in 0..DEPTH_MAX {
        parent = Some(shop.category(category(&format!("Level {level}"), parent)).await.id);
    }
    let create = CreateCategory { draft: category("Deeper", parent), stamp: shop.next_stamp() };
    refused!(shop.run(create).await, Error::Conflict(Conflict::Misplaced(Misplaced::TooDeep)));
    let other = shop.category(category("Other", None)).await;
    let refusal = shop.run(update(&shop, other.id, under(parent))).await;
    refused!(refusal, Error::Conflict(Conflict::Misplaced(Misplaced::TooDeep)));
}

pub async fn stale_versions_and_missing_categories_are_refused(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let stale = UpdateCategory { if_version: Some(2), ..update(&shop, top.id, CategoryPatch::default()) };
    refused!(shop.run(stale).await, Error::Stale { current: 1 });
    refused!(shop.run(DeleteCategory { id: top.id, if_version: Some(2) }).await, Error::Stale { current: 1 });
    refused!(shop.run(update(&shop, shop.id(), CategoryPatch::default())).await, Error::NotFound("category"));
    refused!(shop.run(DeleteCategory { id: shop.id(), if_version: None }).await, Error::NotFound("category"));
    let nameless = CategoryPatch { name: Some(" ".into()), ..CategoryPatch::default() };
    assert_eq!(pointers(shop.run(update(&shop, top.id, nameless)).await), [("/name".to_owned(), "required")]);
    assert_eq!(all(&shop).await, [top]);
}

pub async fn a_removed_category_leaves_its_products(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let below = shop.category(category("Below", Some(top.id))).await;
    let product = shop.add(ProductDraft { category_id: Some(below.id), ..draft("Mug", 1) }).await;
    refused!(
        shop.run(DeleteCategory { id: top.id, if_version: None }).await,
        Error::Conflict(Conflict::HasSubcategories)
    );
    shop.run(DeleteCategory { id: below.id, if_version: Some(1) }).await.expect("removed");
    assert_eq!(shop.product_now(product.id).await.category_id, None);
    shop.run(DeleteCategory { id: top.id, if_version: None }).await.expect("removed");
    assert!(all(&shop).await.is_empty());
}

/// Without its category the rule would let nearly everything in.
pub async fn a_category_that_a_rule_names_stays(shop: Shop) {
    let autumn = shop.category(category("Autumn", None)).await;
    let rule = Rule { categories: vec![autumn.id], in_stock: Some(true), ..Rule::default() };
    let draft = CollectionDraft {
        title: "Autumn things".to_owned(),
        slug: None,
        description: String::new(),
        image: None,
        seo: Seo::default(),
        titles: BTreeMap::new(),
        is_active: true,
        members: Members::Rule(Box::new(rule)),
    };
    let create = |draft: &CollectionDraft| CreateCollection { draft: draft.clone(), stamp: shop.next_stamp() };
    let collection = shop.run(create(&draft)).await.expect("made");
    let delete = || DeleteCategory { id: autumn.id, if_version: None };
    refused!(shop.run(delete()).await, Error::Conflict(Conflict::CategoryInRule(title)) if title == "Autumn things");
    shop.run(DeleteCollection { id: collection.id, if_version: None }).await.expect("removed");
    shop.run(delete()).await.expect("removed");
    // Nor can a page that was open for long bring it back.
    assert_eq!(pointers(shop.run(create(&draft)).await), [("/rule/categories/0".to_owned(), "not_found")]);
}

pub async fn a_category_moves_among_its_siblings_and_elsewhere(shop: Shop) {
    let top = shop.category(category("Top", None)).await;
    let mut made = Vec::new();
    for name in ["A", "B", "C"] {
        made.push(shop.category(category(name, Some(top.id))).await.id);
    }
    let [a, b, c] = made[..] else { panic!("three") };
    let go = |id, parent_id, after| MoveCategory { id, parent_id, after, if_version: None, stamp: shop.next_stamp() };
    let below = |all: &[Category], parent| -> Vec<_> {
        all.iter().filter(|category| category.parent_id == parent).map(|category| category.id).collect()
    };
    shop.run(go(c, Some(top.id), None)).await.expect("moved");
    let all = shop.run(go(a, Some(top.id), Some(b))).await.expect("moved");
    assert_eq!(below(&all, Some(top.id)), [c, b, a]);
    assert_eq!(shop.db().categories().await.expect("the tree"), all);
    let all = shop.run(go(b, None, Some(top.id))).await.expect("moved");
    assert_eq!((below(&all, Some(top.id)), below(&all, None)), (vec![c, a], vec![top.id, b]));
    refused!(shop.run(go(top.id, Some(a), None)).await, Error::Conflict(Conflict::Misplaced(Misplaced::Cycle)));
    refused!(shop.run(go(c, Some(top.id), Some(b))).await, Error::Invalid(_));
    let stale = MoveCategory { if_version: Some(99), ..go(a, None, None) };
    refused!(shop.run(stale).await, Error::Stale { .. });
}

pub async fn an_old_slug_leads_on(shop: Shop) {
    let cups = shop.category(category("Cups", None)).await;
    let patch = CategoryPatch { slug: Some("mugs".into()), ..CategoryPatch::default() };
    shop.run(update(&shop, cups.id, patch)).await.expect("changed");
    let name = Redirected::Category.name("cups");
    let found = shop.db().document_named(DocumentKind::Redirect, &name).await.expect("an answer").expect("a redirect");
    assert_eq!(found.read::<Redirect>().expect("a redirect").id, cups.id.0);
}
