//! A whole catalogue, line by line.

use std::collections::BTreeMap;

use commerce::{
    Error,
    catalogue::{
        AttributeDraft, AttributePatch, CollectionDraft, CreateAttribute, CreateCollection, ImportError, ImportLines,
        ImportSummary, ProductPatch, UpdateAttribute, UpdateProduct,
    },
    export::catalogue::CatalogueWriter,
    import::catalogue::{self, Line},
};
use model::{
    AttributeDefinition, AttributeValue, Collection, Currency, Image, ListPrice, Sale,
    attribute::{AttributeKind, AttributeOwner},
    collection::{Members, Rule},
    details::{Seo, Translation},
};
use store::{Document, DocumentKind};

use crate::support::{Shop, category, draft, eur, refused, sold_in_euros, usd, with_options};

/// A catalogue with some of everything.
async fn fill(shop: &Shop) {
    let definition = AttributeDraft {
        key: "care".to_owned(),
        label: "Care".to_owned(),
        owner: AttributeOwner::Product,
        kind: AttributeKind::Choice,
        choices: vec!["cold".to_owned()],
        unit: None,
        is_facet: true,
    };
    shop.run(CreateAttribute { draft: definition, stamp: shop.next_stamp() }).await.expect("defined");
    let above = shop.category(category("Clothes", None)).await;
    let below = shop.category(category("Shirts", Some(above.id))).await;
    let german: model::Language = "de".parse().expect("a tag");
    let mut shirt = with_options("Shirt", &["S", "M"], 4);
    shirt.category_id = Some(below.id);
    shirt.tags = vec!["a, b".to_owned()];
    shirt.images = vec![Image { url: "/a.png".to_owned(), alt: None }];
    for (number, variant) in (0..).zip(&mut shirt.variants) {
        variant.sku = Some(format!("S-{number}"));
        let sale = Sale { prices: vec![eur(900)], starts_at: None, ends_at: None };
        let dollars = ListPrice { price: usd(1100), compare_at_price: None };
        variant.details = Some(model::VariantDetails {
            prices: vec![dollars],
            sale: (number == 0).then_some(sale),
            image: Some("/a.png".to_owned()),
            ..model::VariantDetails::default()
        });
    }
    shirt.details = Some(model::ProductDetails {
        seo: Seo { title: Some("Shirts".to_owned()), description: None },
        attributes: BTreeMap::from([("care".to_owned(), AttributeValue::Text("cold".to_owned()))]),
        translations: BTreeMap::from([(
            german.clone(),
            Translation { title: Some("Hemd".to_owned()), ..Translation::default() },
        )]),
        ..model::ProductDetails::default()
    });
    let shirt = shop.add(shirt).await;
    let mug = shop.add(draft("Mug", 0)).await;
    // What goes with it comes later in the file.
    let patch = ProductPatch { related: Some(vec![mug.id]), ..ProductPatch::default() };
    let relate = UpdateProduct { id: shirt.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
    shop.run(relate).await.expect("related");
    let rule = Rule { categories: vec![above.id], price_max: Some(5000), ..Rule::default() };
    for (title, members) in
        [("Chosen", Members::Products(vec![mug.id, shirt.id])), ("Ruled", Members::Rule(Box::new(rule)))]
    {
        let draft = CollectionDraft {
            title: title.to_owned(),
            slug: None,
            description: String::new(),
            image: None,
            seo: Seo::default(),
            titles: BTreeMap::from([(german.clone(), format!("{title} auf Deutsch"))]),
            is_active: true,
            members,
        };
        shop.run(CreateCollection { draft, stamp: shop.next_stamp() }).await.expect("made");
    }
}

async fn all<T: serde::de::DeserializeOwned>(shop: &Shop, kind: DocumentKind) -> Vec<T> {
    let documents = shop.db().documents(kind).await.expect("an answer");
    documents.iter().map(Document::read).collect::<Result<_, _>>().expect("documents")
}

async fn export(shop: &Shop) -> String {
    let attributes: Vec<AttributeDefinition> = all(shop, DocumentKind::Attribute).await;
    let categories = shop.db().categories().await.expect("an answer");
    let (mut writer, mut file) = CatalogueWriter::new(&attributes, categories);
    file.extend(writer.products(&shop.db().products_after(None, 100).await.expect("an answer")));
    file.extend(writer.tail(&all::<Collection>(shop, DocumentKind::Collection).await));
    String::from_utf8(file).expect("UTF-8")
}

fn import(shop: &Shop, file: &str) -> ImportLines {
    let read = catalogue::read(file.as_bytes(), Currency::EUR);
    assert_eq!(read.errors, []);
    ImportLines { lines: read.lines, sold_in: sold_in_euros(), actor_id: None, stamp: shop.next_stamp() }
}

pub async fn an_export_changes_nothing_when_it_comes_back(shop: Shop) {
    fill(&shop).await;
    let file = export(&shop).await;
    let before = shop.db().products_after(None, 100).await.expect("an answer");
    let summary = shop.run(import(&shop, &file)).await.expect("imported");
    assert_eq!(summary, ImportSummary { created: 0, updated: 0, unchanged: 8 }, "{file}");
    assert_eq!(shop.db().products_after(None, 100).await.expect("an answer"), before);
    // Into an empty shop it brings the same.
    shop.run(commerce::catalogue::DeleteProduct { id: before[1].id, if_version: None, stamp: shop.next_stamp() })
        .await
        .expect("deleted");
    shop.run(commerce::catalogue::DeleteProduct { id: before[0].id, if_version: None, stamp: shop.next_stamp() })
        .await
        .expect("deleted");
    for collection in all::<Collection>(&shop, DocumentKind::Collection).await {
        let delete = commerce::catalogue::DeleteCollection { id: collection.id, if_version: None };
        shop.run(delete).await.expect("deleted");
    }
    let summary = shop.run(import(&shop, &file)).await.expect("imported");
    assert_eq!((summary.created, summary.updated, summary.unchanged), (4, 1, 3), "the related product is set later");
    assert_eq!(export(&shop).await, file);
    let again = shop.db().product_by_slug("shirt").await.expect("an answer").expect("a product");
    assert_eq!((again.variants[0].stock, again.variants.len()), (4, 2));
}

/// A value that is no choice any more is in no file, and no file takes it away.
pub async fn values_that_no_definition_takes_stay(shop: Shop) {
    fill(&shop).await;
    let care: AttributeDefinition = all(&shop, DocumentKind::Attribute).await.swap_remove(0);
    let patch = AttributePatch { choices: Some(vec!["hot".to_owned()]), ..AttributePatch::default() };
    let update = UpdateAttribute { id: care.id, patch, if_version: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed");
    let file = export(&shop).await;
    assert!(!file.contains("\"cold\""), "{file}");
    let before = shop.db().products_after(None, 100).await.expect("an answer");
    let summary = shop.run(import(&shop, &file)).await.expect("imported");
    assert_eq!(summary, ImportSummary { created: 0, updated: 0, unchanged: 8 }, "{file}");
    assert_eq!(shop.db().products_after(None, 100).await.expect("an answer"), before);
    // What a file leaves out and could say is taken away, as before.
    let patch = AttributePatch { choices: Some(vec!["cold".to_owned()]), ..AttributePatch::default() };
    let update = UpdateAttribute { id: care.id, patch, if_version: None, stamp: shop.next_stamp() };
    shop.run(update).await.expect("changed");
    let without = file.replace("[\"hot\"]", "[\"cold\"]");
    shop.run(import(&shop, &without)).await.expect("imported");
    let shirt = shop.db().product_by_slug("shirt").await.expect("an answer").expect("a product");
    assert_eq!(shirt.details.attributes, BTreeMap::new());
}

/// An export from before products got other slugs means the same products, in all of its lines.
pub async fn an_older_export_finds_what_was_renamed(shop: Shop) {
    fill(&shop).await;
    let file = export(&shop).await;
    for (slug, another) in [("shirt", "blouse"), ("mug", "cup")] {
        let product = shop.db().product_by_slug(slug).await.expect("an answer").expect("a product");
        let patch = ProductPatch { slug: Some(another.to_owned()), ..ProductPatch::default() };
        let rename =
            UpdateProduct { id: product.id, patch, if_version: None, actor_id: None, stamp: shop.next_stamp() };
        shop.run(rename).await.expect("renamed");
    }
    let before = shop.db().products_after(None, 100).await.expect("an answer");
    let summary = shop.run(import(&shop, &file)).await.expect("imported");
    assert_eq!(summary, ImportSummary { created: 0, updated: 0, unchanged: 8 }, "{file}");
    assert_eq!(shop.db().products_after(None, 100).await.expect("an answer"), before);
}

pub async fn what_a_line_says_is_taken(shop: Shop) {
    fill(&shop).await;
    let file = export(&shop).await;
    let changed = file
        .replace("\"label\":\"Care\"", "\"label\":\"Washing\"")
        .replace("\"name\":\"Shirts\"", "\"name\":\"Shirts and tops\"")
        .replace("\"title\":\"Mug\"", "\"title\":\"Cup\"")
        .replace("\"title\":\"Chosen\"", "\"title\":\"Picked\"");
    let summary = shop.run(import(&shop, &changed)).await.expect("imported");
    assert_eq!((summary.created, summary.updated, summary.unchanged), (0, 4, 4));
    assert_eq!(export(&shop).await, changed);
}

pub async fn what_is_named_must_be_there(shop: Shop) {
    fill(&shop).await;
    let product = r#"{"type":"product","slug":"x","title":"X","status":"active","category":"nowhere","variants":[{"price":{"amount":1,"currency":"EUR"}}]}"#;
    let related = r#"{"type":"related","product":"mug","related":["nothing"]}"#;
    let collection = r#"{"type":"collection","slug":"c","title":"C","products":["nothing"]}"#;
    let category = r#"{"type":"category","slug":"c","name":"C","parent":"nothing"}"#;
    let attribute = r#"{"type":"attribute","key":"care","label":"X","owner":"variant","kind":"text"}"#;
    for line in [product, related, collection, category, attribute] {
        let good = export(&shop).await;
        refused!(shop.run(import(&shop, line)).await, ImportError { line: 1, error: Error::Invalid(_) });
        assert_eq!(export(&shop).await, good, "nothing of {line} stays");
    }
    let bad = "{\"type\":\"product\"}\nnonsense\n{\"type\":\"other\"}\n\n{\"type\":\"related\",\"product\":\"a\",\"related\":[],\"x\":1}\n";
    let read = catalogue::read(bad.as_bytes(), Currency::EUR);
    assert_eq!(read.errors.iter().map(|error| error.line).collect::<Vec<_>>(), [1, 2, 3, 5]);
    let dollars = product.replace("EUR", "USD");
    assert_eq!(catalogue::read(dollars.as_bytes(), Currency::EUR).errors.len(), 1);
    assert!(matches!(catalogue::read(related.as_bytes(), Currency::EUR).lines.as_slice(), [(1, Line::Related(_))]));
}
