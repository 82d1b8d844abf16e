//! Fields of the shop's own.

use std::collections::BTreeMap;

use commerce::{
    Conflict, Error,
    catalogue::{
        AttributeDraft, AttributePatch, CreateAttribute, DeleteAttribute, ProductPatch, UpdateAttribute, UpdateProduct,
    },
};
use model::{
    AttributeDefinition, AttributeValue, Product,
    attribute::{AttributeKind, AttributeOwner},
};
use store::{Document, DocumentKind};

use crate::support::{Shop, at_once, count_ok, refused};

fn create(shop: &Shop, key: &str, choices: &[&str]) -> CreateAttribute {
    let draft = AttributeDraft {
        key: key.to_owned(),
        label: format!("The {key}"),
        owner: AttributeOwner::Product,
        kind: AttributeKind::Choice,
        choices: choices.iter().map(|&choice| choice.to_owned()).collect(),
        unit: None,
        is_facet: true,
    };
    CreateAttribute { draft, stamp: shop.next_stamp() }
}

fn set(shop: &Shop, product: &Product, value: Option<&str>) -> UpdateProduct {
    let value = value.map(|text| AttributeValue::Text(text.to_owned()));
    let patch = ProductPatch { attributes: BTreeMap::from([("care".to_owned(), value)]), ..ProductPatch::default() };
    UpdateProduct { id: product.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() }
}

async fn all(shop: &Shop) -> Vec<AttributeDefinition> {
    let documents = shop.db().documents(DocumentKind::Attribute).await.expect("an answer");
    documents.iter().map(Document::read).collect::<Result<_, _>>().expect("definitions")
}

pub async fn values_are_what_is_defined(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    refused!(shop.run(set(&shop, &mug, Some("cold"))).await, Error::Invalid(_));
    let care = shop.run(create(&shop, "care", &["cold", "hot"])).await.expect("defined");
    assert_eq!(all(&shop).await, std::slice::from_ref(&care));
    let washed = shop.run(set(&shop, &mug, Some("cold"))).await.expect("set");
    assert_eq!(shop.product_now(mug.id).await, washed);
    refused!(shop.run(set(&shop, &mug, Some("boiling"))).await, Error::Invalid(_));
    // A value that is no longer among the choices stays where it is, and does not stand in the way of other changes.
    let patch = AttributePatch { choices: Some(vec!["hot".into()]), ..AttributePatch::default() };
    let changed = shop.run(UpdateAttribute { id: care.id, patch, if_version: Some(1), stamp: shop.next_stamp() }).await;
    assert_eq!(changed.expect("changed").version, 2);
    let patch = ProductPatch { title: Some("Cup".into()), ..ProductPatch::default() };
    let rename = UpdateProduct { patch, ..set(&shop, &mug, None) };
    assert_eq!(shop.run(rename).await.expect("renamed").details.attributes, washed.details.attributes);
    assert_eq!(shop.run(set(&shop, &mug, None)).await.expect("removed").details.attributes, BTreeMap::new());
}

/// The values of one attribute do not stand in the way of another's, whatever became of its definition.
pub async fn what_no_definition_takes_any_more_lets_others_be_changed(shop: Shop) {
    let mug = shop.product("Mug", 1).await;
    let care = shop.run(create(&shop, "care", &["cold", "hot"])).await.expect("defined");
    shop.run(create(&shop, "glaze", &["matt", "shiny"])).await.expect("defined");
    shop.run(set(&shop, &mug, Some("cold"))).await.expect("set");
    let glaze = |value: &str| {
        let value = Some(AttributeValue::Text(value.to_owned()));
        let attributes = BTreeMap::from([("glaze".to_owned(), value)]);
        UpdateProduct { patch: ProductPatch { attributes, ..ProductPatch::default() }, ..set(&shop, &mug, None) }
    };
    let patch = AttributePatch { choices: Some(vec!["hot".into()]), ..AttributePatch::default() };
    shop.run(UpdateAttribute { id: care.id, patch, if_version: None, stamp: shop.next_stamp() })
        .await
        .expect("changed");
    shop.run(glaze("matt")).await.expect("the other one is changed");
    shop.run(set(&shop, &mug, Some("cold"))).await.expect("what is there is not changed");
    shop.run(DeleteAttribute { id: care.id, if_version: None }).await.expect("removed");
    shop.run(glaze("shiny")).await.expect("the other one is changed");
    refused!(shop.run(glaze("rough")).await, Error::Invalid(_));
    let kept = shop.product_now(mug.id).await.details.attributes;
    assert_eq!(kept.get("care"), Some(&AttributeValue::Text("cold".to_owned())));
}

pub async fn keys_are_unique(shop: Shop) {
    let results = at_once(8, |_| {
        let (shop, create) = (shop.clone(), create(&shop, "care", &["cold"]));
        async move { shop.run(create).await }
    })
    .await;
    assert_eq!(count_ok(&results), 1);
    refused!(shop.run(create(&shop, "care", &["x"])).await, Error::Conflict(Conflict::KeyTaken(_)));
    refused!(shop.run(create(&shop, "Not a key", &["x"])).await, Error::Invalid(_));
}

pub async fn stale_versions_and_missing_definitions_are_refused(shop: Shop) {
    let care = shop.run(create(&shop, "care", &["cold"])).await.expect("defined");
    let update =
        |id, if_version| UpdateAttribute { id, patch: AttributePatch::default(), if_version, stamp: shop.next_stamp() };
    refused!(shop.run(update(care.id, Some(2))).await, Error::Stale { current: 1 });
    refused!(shop.run(update(shop.id(), None)).await, Error::NotFound("attribute"));
    refused!(shop.run(DeleteAttribute { id: care.id, if_version: Some(2) }).await, Error::Stale { current: 1 });
    shop.run(DeleteAttribute { id: care.id, if_version: Some(1) }).await.expect("removed");
    refused!(shop.run(DeleteAttribute { id: care.id, if_version: None }).await, Error::NotFound("attribute"));
    assert_eq!(all(&shop).await, []);
}
