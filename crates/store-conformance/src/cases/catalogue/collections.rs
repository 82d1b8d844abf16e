//! Collections.

use std::collections::BTreeMap;

use commerce::{
    Conflict, Error,
    catalogue::{
        CollectionDraft, CollectionPatch, CreateCollection, DeleteCollection, Redirect, Redirected, UpdateCollection,
    },
};
use model::{
    Collection,
    collection::{Members, Rule},
    details::Seo,
};
use store::{Document, DocumentKind};

use crate::support::{Shop, at_once, count_ok, pointers, refused};

fn create(shop: &Shop, title: &str, members: Members) -> CreateCollection {
    let draft = CollectionDraft {
        title: title.to_owned(),
        slug: None,
        description: "<p>Light</p><script>x</script>".to_owned(),
        image: None,
        seo: Seo::default(),
        titles: BTreeMap::from([("de".parse().expect("a tag"), "Sommer".to_owned())]),
        is_active: true,
        members,
    };
    CreateCollection { draft, stamp: shop.next_stamp() }
}

fn rule(tag: &str) -> Members {
    Members::Rule(Box::new(Rule { tags: vec![tag.to_owned()], ..Rule::default() }))
}

fn update(shop: &Shop, id: uuid::Uuid, patch: CollectionPatch, if_version: Option<i64>) -> UpdateCollection {
    UpdateCollection { id, patch, if_version, stamp: shop.next_stamp() }
}

async fn all(shop: &Shop) -> Vec<Collection> {
    let documents = shop.db().documents(DocumentKind::Collection).await.expect("an answer");
    documents.iter().map(Document::read).collect::<Result<_, _>>().expect("collections")
}

pub async fn a_collection_is_kept_as_it_was_given(shop: Shop) {
    let (mug, cup) = (shop.product("Mug", 1).await, shop.product("Cup", 1).await);
    let by_hand = Members::Products(vec![cup.id, mug.id, cup.id]);
    let made = shop.run(create(&shop, " Summer ", by_hand)).await.expect("made");
    assert_eq!(
        (made.title.as_str(), made.slug.as_str(), made.description.as_str()),
        ("Summer", "summer", "<p>Light</p>")
    );
    assert_eq!(made.members, Members::Products(vec![cup.id, mug.id]), "each once, in their order");
    assert_eq!(all(&shop).await, std::slice::from_ref(&made));
    let patch = CollectionPatch {
        members: Some(rule("summer")),
        titles: BTreeMap::from([("de".parse().expect("a tag"), None)]),
        ..CollectionPatch::default()
    };
    let changed = shop.run(update(&shop, made.id, patch, Some(1))).await.expect("changed");
    assert_eq!((changed.version, changed.titles.len(), &changed.members), (2, 0, &rule("summer")));
    assert_eq!(all(&shop).await, [changed]);
    for wrong in [rule(""), Members::Rule(Box::default())] {
        refused!(shop.run(create(&shop, "Wrong", wrong)).await, Error::Invalid(_));
    }
}

pub async fn slugs_are_unique_and_old_ones_lead_on(shop: Shop) {
    let results = at_once(8, |_| {
        let (shop, create) = (shop.clone(), create(&shop, "Summer", rule("summer")));
        async move { shop.run(create).await }
    })
    .await;
    assert_eq!((count_ok(&results), all(&shop).await.len()), (8, 8), "each has a slug of its own");
    let first = all(&shop).await.remove(0);
    let rename = |slug: &str| CollectionPatch { slug: Some(slug.to_owned()), ..CollectionPatch::default() };
    refused!(
        shop.run(update(&shop, first.id, rename("summer-2"), None)).await,
        Error::Conflict(Conflict::SlugTaken(_))
    );
    shop.run(update(&shop, first.id, rename("warm-days"), None)).await.expect("renamed");
    let name = Redirected::Collection.name("summer");
    let redirect = shop.db().document_named(DocumentKind::Redirect, &name).await.expect("an answer");
    assert_eq!(redirect.map(|document| document.read::<Redirect>().expect("a redirect").id), Some(first.id));
}

pub async fn stale_versions_and_missing_collections_are_refused(shop: Shop) {
    let made = shop.run(create(&shop, "Summer", rule("summer"))).await.expect("made");
    let nothing = CollectionPatch::default;
    refused!(shop.run(update(&shop, made.id, nothing(), Some(2))).await, Error::Stale { current: 1 });
    refused!(shop.run(update(&shop, shop.id(), nothing(), None)).await, Error::NotFound("collection"));
    refused!(shop.run(DeleteCollection { id: made.id, if_version: Some(2) }).await, Error::Stale { current: 1 });
    shop.run(DeleteCollection { id: made.id, if_version: Some(1) }).await.expect("removed");
    refused!(shop.run(DeleteCollection { id: made.id, if_version: None }).await, Error::NotFound("collection"));
    assert_eq!(all(&shop).await, []);
}

pub async fn one_is_found_by_its_id_among_others(shop: Shop) {
    for title in ["Summer", "Winter"] {
        shop.run(create(&shop, title, rule(title))).await.expect("made");
    }
    let documents = shop.db().documents(DocumentKind::Collection).await.expect("an answer");
    assert_eq!(documents.len(), 2);
    for document in documents {
        let found = shop.db().document(DocumentKind::Collection, document.id).await.expect("an answer");
        let elsewhere = shop.db().document(DocumentKind::Attribute, document.id).await.expect("an answer");
        assert_eq!((found.as_ref(), elsewhere), (Some(&document), None));
    }
    let missing: uuid::Uuid = shop.id();
    assert_eq!(shop.db().document(DocumentKind::Collection, missing).await.expect("an answer"), None);
}

/// PostgreSQL keeps no such character, and no shop needs a name that nobody can read.
pub async fn what_a_rule_asks_for_has_names_that_can_be_kept(shop: Shop) {
    let odd = BTreeMap::from([("Size\u{0}".to_owned(), vec!["M".to_owned()])]);
    let rules = [
        Rule { options: odd.clone(), ..Rule::default() },
        Rule { attributes: odd, ..Rule::default() },
        Rule { options: BTreeMap::from([("x".repeat(1000), vec!["M".to_owned()])]), ..Rule::default() },
    ];
    for rule in rules {
        let refusal = shop.run(create(&shop, "Odd", Members::Rule(Box::new(rule)))).await;
        assert_eq!(pointers(refusal), [("/rule".to_owned(), "invalid_value")]);
    }
}
