//! Bringing a whole catalogue in, line by line.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{
    AccountId, Category, CategoryId, Collection, Product, ProductDetails, ProductId, Stamp, VariantDetails, Violations,
    attribute::AttributeOwner,
    category::CategoryDetails,
    collection::{Members, Rule},
    text,
};
use store::{DocumentKind, Operation, StoreError, Tx};

use super::{
    AttributeDraft, AttributePatch, CategoryDraft, CategoryPatch, CollectionDraft, CollectionPatch, CreateAttribute,
    CreateCategory, CreateCollection, ImportError, ImportSummary, OptionDraft, ProductDraft, ProductPatch,
    UpdateAttribute, UpdateCategory, UpdateCollection, UpdateProduct, VariantDraft, attributes,
    import_products::{Done, Incoming, known_product, skus, which},
    redirects,
    sold_in::{Added, SoldIn},
};
use crate::{
    Error,
    import::catalogue::{AttributeLine, CategoryLine, CollectionLine, Line, ProductLine, RelatedLine, VariantLine},
    rich_text,
};

/// Imports lines of a catalogue, all of them or none. What is there already takes what the line says; what no line names stays.
#[derive(Clone, Debug)]
pub struct ImportLines {
    /// The lines, with their numbers.
    pub lines: Vec<(u64, Line)>,
    /// What new products may be priced in.
    pub sold_in: SoldIn,
    /// Who imports.
    pub actor_id: Option<AccountId>,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ImportLines {
    type Output = ImportSummary;
    type Error = ImportError;

    async fn run(&self, tx: &mut dyn Tx) -> Result<ImportSummary, ImportError> {
        self.ask_for_tree(tx).await?;
        let mut summary = ImportSummary::default();
        let mut added = Added::default();
        for ((number, line), n) in self.lines.iter().zip(0..) {
            // Each line is an operation inside of this one.
            let stamp = self.stamp.nth(n);
            let done = match line {
                Line::Attribute(line) => self.attribute(tx, line, stamp).await,
                Line::Category(line) => self.category(tx, line, stamp).await,
                Line::Product(line) => self.product(tx, line, stamp).await,
                Line::Related(line) => self.related(tx, line, stamp).await,
                Line::Collection(line) => self.collection(tx, line, stamp).await,
            };
            let done = done.map_err(|error| ImportError { line: *number, error })?;
            if let (Line::Product(line), Done::Created) = (line, &done) {
                added.note(line.variants.iter().map(|variant| variant.price));
            }
            summary.count(done);
        }
        added.check(tx, &self.sold_in).await?;
        Ok(summary)
    }
}

impl ImportLines {
    /// Locks the tree of categories, if the lines name any, before any product: for change if a category is to be made or changed. Of two
    /// imports that both find so, the one that the database ends has done nothing yet, and begins again.
    async fn ask_for_tree(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let mut lines = self.lines.iter().map(|(_, line)| line);
        let names_some = |line: &Line| match line {
            Line::Category(_) | Line::Collection(_) => true,
            Line::Product(line) => line.category.is_some(),
            Line::Attribute(_) | Line::Related(_) => false,
        };
        if !lines.clone().any(names_some) {
            return Ok(());
        }
        let all = tx.categories().await?;
        if lines.any(|line| matches!(line, Line::Category(line) if !is_in_tree(line, &all))) {
            tx.categories_for_change().await?;
        }
        Ok(())
    }

    async fn attribute(&self, tx: &mut dyn Tx, line: &AttributeLine, stamp: Stamp) -> Result<Done, Error> {
        let known = attributes::definitions(tx).await?;
        let AttributeLine { key, label, owner, kind, choices, unit, is_facet } = line.clone();
        let Some(known) = known.iter().find(|known| known.key == line.key) else {
            let draft = AttributeDraft { key, label, owner, kind, choices, unit, is_facet };
            CreateAttribute { draft, stamp }.run(tx).await?;
            return Ok(Done::Created);
        };
        if AttributeLine::from(known) == *line {
            return Ok(Done::Unchanged);
        }
        if known.owner != owner || known.kind != kind {
            let message = format!("the attribute {key} is there already, and of another owner or kind");
            return Err(Violations::one("/kind", "not_allowed", message).into());
        }
        let patch =
            AttributePatch { label: Some(label), choices: Some(choices), unit: Some(unit), is_facet: Some(is_facet) };
        UpdateAttribute { id: known.id, patch, if_version: None, stamp }.run(tx).await?;
        Ok(Done::Updated)
    }

    async fn category(&self, tx: &mut dyn Tx, line: &CategoryLine, stamp: Stamp) -> Result<Done, Error> {
        let all = tx.categories().await?;
        if is_in_tree(line, &all) {
            return Ok(Done::Unchanged);
        }
        let parent_id = match &line.parent {
            None => None,
            Some(slug) => {
                let parent = all.iter().find(|category| category.slug == *slug);
                Some(parent.ok_or_else(|| nothing("/parent", "category", slug))?.id)
            }
        };
        let CategoryLine { slug, name, position, description, seo, names, .. } = line.clone();
        let Some(known) = all.iter().find(|category| category.slug == slug) else {
            let details = CategoryDetails { description, seo, names };
            let draft = CategoryDraft { name, slug: Some(slug), parent_id, position: Some(position), details };
            CreateCategory { draft, stamp }.run(tx).await?;
            return Ok(Done::Created);
        };
        let patch = CategoryPatch {
            name: Some(name),
            slug: None,
            parent_id: Some(parent_id),
            position: Some(position),
            description: Some(description),
            seo: Some(seo),
            names: changes(&known.details.names, names),
        };
        UpdateCategory { id: known.id, patch, if_version: None, stamp }.run(tx).await?;
        Ok(Done::Updated)
    }

    async fn product(&self, tx: &mut dyn Tx, line: &ProductLine, stamp: Stamp) -> Result<Done, Error> {
        let category_id = match &line.category {
            None => None,
            Some(slug) => Some(category_of(tx, slug).await?.ok_or_else(|| nothing("/category", "category", slug))?),
        };
        let mut draft = draft(line, category_id);
        let slug = text::slugify(&line.slug);
        let before = known_product(tx, &slug, &draft, &[]).await?;
        if let Some(before) = &before {
            keep_untold(tx, before, &mut draft).await?;
        }
        // The pictures of variants are in the draft.
        let incoming = Incoming { slug, before, draft, variant_images: &[] };
        incoming.import(tx, self.actor_id, &mut stamp.ids(), stamp).await
    }

    async fn related(&self, tx: &mut dyn Tx, line: &RelatedLine, stamp: Stamp) -> Result<Done, Error> {
        let product = product_of(tx, "/product", &line.product).await?;
        let related = products_of(tx, "/related", &line.related).await?;
        if product.details.related == related {
            return Ok(Done::Unchanged);
        }
        let patch = ProductPatch { related: Some(related), ..ProductPatch::default() };
        UpdateProduct { id: product.id, patch, if_version: None, actor_id: self.actor_id, stamp }.run(tx).await?;
        Ok(Done::Updated)
    }

    async fn collection(&self, tx: &mut dyn Tx, line: &CollectionLine, stamp: Stamp) -> Result<Done, Error> {
        let members = match (&line.products, &line.rule) {
            (Some(_), Some(_)) => {
                let message = "a collection has products that are chosen by hand, or a rule, not both";
                return Err(Violations::one("/rule", "not_allowed", message).into());
            }
            (_, Some(rule)) => {
                let mut categories = Vec::with_capacity(line.rule_categories.len());
                for slug in &line.rule_categories {
                    let id = category_of(tx, slug).await?;
                    categories.push(id.ok_or_else(|| nothing("/rule_categories", "category", slug))?);
                }
                Members::Rule(Box::new(Rule { categories, ..rule.clone() }))
            }
            (products, None) => {
                let slugs = products.clone().unwrap_or_default();
                Members::Products(products_of(tx, "/products", &slugs).await?)
            }
        };
        let document = tx.document_named(DocumentKind::Collection, &line.slug).await?;
        let known: Option<Collection> = document.map(|document| document.read()).transpose()?;
        let CollectionLine { slug, title, description, image, seo, titles, active, .. } = line.clone();
        let Some(known) = known else {
            let slug = Some(slug);
            let draft = CollectionDraft { title, slug, description, image, seo, titles, is_active: active, members };
            CreateCollection { draft, stamp }.run(tx).await?;
            return Ok(Done::Created);
        };
        let after = Collection {
            title: title.clone(),
            description: rich_text::sanitise(&description),
            image: image.clone(),
            seo: seo.clone(),
            titles: titles.clone(),
            is_active: active,
            members: members.clone(),
            ..known.clone()
        };
        if after.validate()? == known {
            return Ok(Done::Unchanged);
        }
        let patch = CollectionPatch {
            title: Some(title),
            slug: None,
            description: Some(description),
            image: Some(image),
            seo: Some(seo),
            titles: changes(&known.titles, titles),
            is_active: Some(active),
            members: Some(members),
        };
        UpdateCollection { id: known.id, patch, if_version: None, stamp }.run(tx).await?;
        Ok(Done::Updated)
    }
}

/// Whether the category is there just as its line has it.
fn is_in_tree(line: &CategoryLine, all: &[Category]) -> bool {
    let Some(known) = all.iter().find(|category| category.slug == line.slug) else { return false };
    let description = rich_text::sanitise(&line.description);
    CategoryLine::new(known, all) == CategoryLine { description, ..line.clone() }
}

/// What has to change for `before` to become `after`.
fn changes<K: Ord + Clone, V>(before: &BTreeMap<K, V>, after: BTreeMap<K, V>) -> BTreeMap<K, Option<V>> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).cloned().map(|key| (key, None));
    let mut changes: BTreeMap<_, _> = gone.collect();
    changes.extend(after.into_iter().map(|(key, value)| (key, Some(value))));
    changes
}

fn nothing(at: &str, what: &str, slug: &str) -> Error {
    Violations::one(at, "not_found", format!("there is no {what} {slug:?}")).into()
}

async fn category_of(tx: &mut dyn Tx, slug: &str) -> Result<Option<CategoryId>, Error> {
    let all = tx.categories().await?;
    Ok(all.iter().find(|category| category.slug == slug).map(|category| category.id))
}

async fn product_of(tx: &mut dyn Tx, at: &str, slug: &str) -> Result<Product, Error> {
    let found = match tx.product_by_slug(slug).await? {
        None => redirects::renamed_product(tx, slug).await?,
        found => found,
    };
    found.ok_or_else(|| nothing(at, "product", slug))
}

/// What a line says nothing of stays: what goes with the product, for which there are lines of their own, and values of attributes that no
/// definition takes any more, which no file has.
async fn keep_untold(tx: &mut dyn Tx, known: &Product, draft: &mut ProductDraft) -> Result<(), Error> {
    let skus = skus(draft);
    let Some(details) = &mut draft.details else { return Ok(()) };
    details.related.clone_from(&known.details.related);
    let mut told = vec![(AttributeOwner::Product, &known.details.attributes, &mut details.attributes)];
    for variant in &mut draft.variants {
        let Some(at) = which(&known.variants, variant, &skus) else { continue };
        if let Some(details) = &mut variant.details {
            told.push((AttributeOwner::Variant, &known.variants[at].details.attributes, &mut details.attributes));
        }
    }
    attributes::keep_untaken(tx, told).await
}

async fn products_of(tx: &mut dyn Tx, at: &str, slugs: &[String]) -> Result<Vec<ProductId>, Error> {
    let mut ids = Vec::with_capacity(slugs.len());
    for slug in slugs {
        ids.push(product_of(tx, at, slug).await?.id);
    }
    Ok(ids)
}

fn draft(line: &ProductLine, category_id: Option<CategoryId>) -> ProductDraft {
    let line = line.clone();
    let option = |option: model::ProductOption| OptionDraft { name: option.name, values: option.values };
    ProductDraft {
        title: line.title,
        slug: None,
        description: line.description,
        status: line.status,
        vendor: line.vendor,
        category_id,
        tags: line.tags,
        options: line.options.into_iter().map(option).collect(),
        variants: line.variants.into_iter().map(variant).collect(),
        images: line.images,
        details: Some(ProductDetails {
            publish_at: line.publish_at,
            seo: line.seo,
            attributes: line.attributes,
            related: Vec::new(),
            translations: line.translations,
        }),
    }
}

fn variant(line: VariantLine) -> VariantDraft {
    VariantDraft {
        id: None,
        sku: line.sku,
        option_values: line.option_values,
        price: line.price,
        compare_at_price: line.compare_at_price,
        stock: Some(line.stock),
        track_stock: line.track_stock,
        weight_grams: line.weight_grams,
        barcode: line.barcode,
        details: Some(VariantDetails {
            prices: line.other_prices,
            sale: line.sale,
            image: line.image,
            low_stock_at: line.low_stock_at,
            attributes: line.attributes,
            ..VariantDetails::default()
        }),
    }
}
