//! What not every shop has of a product: fields of its own, other languages, related products, a day on which it goes on sale.

use std::collections::BTreeMap;

use commerce::catalogue::ProductPatch;
use minijinja::{Value, context};
use model::{
    AttributeDefinition, AttributeValue, Language, Product, ProductId, Violations,
    attribute::{AttributeKind, AttributeOwner},
    details::Translation,
};

use super::super::{
    audit::midnight,
    forms::{Fields, number},
};
use crate::{
    App,
    problem::Problem,
    routes::{attributes::known, products::read::in_order},
};

/// What the shop has of it.
pub(super) struct Extras {
    definitions: Vec<AttributeDefinition>,
    /// The languages beside the one that the texts themselves are in.
    languages: Vec<Language>,
}

impl Extras {
    pub(super) async fn load(app: &App) -> Result<Self, Problem> {
        let mut definitions = known(app).await?;
        definitions.retain(|definition| definition.owner == AttributeOwner::Product);
        definitions.sort_by_cached_key(|definition| definition.label.to_lowercase());
        Ok(Self { definitions, languages: app.settings().languages.iter().skip(1).cloned().collect() })
    }

    /// The fields as the form shows them; `fields` are what was typed when it is shown again.
    pub(super) async fn shown(&self, app: &App, product: &Product, fields: Option<&Fields>) -> Result<Value, Problem> {
        let details = &product.details;
        let attributes = self.definitions.iter().map(|definition| {
            let key = &definition.key;
            let values = match fields {
                Some(fields) => fields.all(&format!("a-{key}")).map(str::to_owned).collect(),
                None => details
                    .attributes
                    .get(key)
                    .filter(|value| shows(definition, value))
                    .map(as_typed)
                    .unwrap_or_default(),
            };
            // What was chosen when it was a choice stays one, here, until somebody chooses otherwise.
            let mut choices = definition.choices.clone();
            if is_chosen(definition.kind) {
                let stored = details.attributes.get(key).filter(|value| shows(definition, value));
                let stored = stored.map(as_typed).unwrap_or_default();
                choices.extend(stored.into_iter().filter(|value| !definition.choices.contains(value)));
            }
            context! {
                key, label => definition.label, unit => definition.unit, kind => kind(definition.kind),
                known => definition.choices, choices, value => values.first(), values,
            }
        });
        let languages = self.languages.iter().map(|language| {
            let known = details.translations.get(language).cloned().unwrap_or_default();
            let typed = |name: &str| fields.map(|fields| fields.get(&format!("t-{language}-{name}")).to_owned());
            context! {
                tag => language.as_str(), title => typed("title").or(known.title),
                description => typed("description").or(known.description),
            }
        });
        let related = in_order(app, &details.related).await?;
        let slugs = related.iter().map(|other| other.slug.as_str()).collect::<Vec<_>>().join("\n");
        let day = details.publish_at.map(|at| at.to_string().chars().take(10).collect::<String>());
        Ok(context! {
            attributes => attributes.collect::<Vec<_>>(), languages => languages.collect::<Vec<_>>(),
            related => fields.map_or(slugs, |fields| fields.get("related").to_owned()),
            related_links => related.iter().map(|other| context! {
                id => other.id.to_string(), title => other.title,
            }).collect::<Vec<_>>(),
            publish_on => fields.map_or(day, |fields| Some(fields.get("publish_on").to_owned())),
        })
    }

    /// Adds to the change what the form asks for.
    pub(super) async fn read(
        &self,
        app: &App,
        fields: &Fields,
        before: &Product,
        patch: &mut ProductPatch,
    ) -> Result<Violations, Problem> {
        let mut wrong = Violations::default();
        // A form without these fields says nothing about them.
        if !fields.is_checked("extras") {
            return Ok(wrong);
        }
        patch.attributes = self.attributes(&mut wrong, fields, before);
        patch.translations = self.translations(fields, before);
        patch.publish_at = publish_at(&mut wrong, fields, before, app.now());
        patch.related = Some(related(app, &mut wrong, fields).await?);
        Ok(wrong)
    }

    fn attributes(
        &self,
        wrong: &mut Violations,
        fields: &Fields,
        before: &Product,
    ) -> BTreeMap<String, Option<AttributeValue>> {
        let mut values = BTreeMap::new();
        for definition in &self.definitions {
            let name = format!("a-{}", definition.key);
            let text = fields.given(&name);
            let pointer = format!("/attributes/{}", definition.key);
            let value = match (definition.kind, text) {
                (AttributeKind::Choices, _) => {
                    let list: Vec<String> =
                        fields.all(&name).filter(|choice| !choice.is_empty()).map(str::to_owned).collect();
                    (!list.is_empty()).then_some(AttributeValue::List(list))
                }
                (_, None) => None,
                (AttributeKind::Integer, Some(text)) => number(wrong, &pointer, &text).map(AttributeValue::Integer),
                (AttributeKind::Boolean, Some(text)) => Some(AttributeValue::Boolean(text == "yes")),
                (_, Some(text)) => Some(AttributeValue::Text(text)),
            };
            // A value that the field could not show was not emptied by anybody.
            let stored = before.details.attributes.get(&definition.key);
            if value.is_none() && stored.is_some_and(|stored| !shows(definition, stored)) {
                continue;
            }
            values.insert(definition.key.clone(), value);
        }
        values
    }

    fn translations(&self, fields: &Fields, before: &Product) -> BTreeMap<Language, Option<Translation>> {
        let of = |language: &Language| {
            let known = before.details.translations.get(language).cloned().unwrap_or_default();
            let typed = |name: &str| fields.given(&format!("t-{language}-{name}"));
            Translation { title: typed("title"), description: typed("description"), ..known }
        };
        self.languages.iter().map(|language| (language.clone(), Some(of(language)))).collect()
    }
}

/// When it goes on sale by itself. A time of day that the API has set stays, as long as its day is not changed.
fn publish_at(
    wrong: &mut Violations,
    fields: &Fields,
    before: &Product,
    now: model::Timestamp,
) -> Option<Option<model::Timestamp>> {
    let day = |at: model::Timestamp| at.to_string().chars().take(10).collect::<String>();
    let Some(text) = fields.given("publish_on") else { return Some(None) };
    if before.details.publish_at.map(day).as_deref() == Some(&text) {
        return None;
    }
    let at = midnight(&text, 0);
    if at.is_none() {
        wrong.add("/publish_on", "invalid", "must be a day such as 2026-05-01");
    }
    // A program may ask for what a person hardly means: a day that has passed puts a draft on sale at once.
    if at.is_some_and(|at| at <= now) {
        let message = "must be a day that is still to come; to sell it now, choose the status “For sale”";
        wrong.add("/publish_on", "out_of_range", message);
    }
    Some(at)
}

/// The products whose names in links are written, one a line.
async fn related(app: &App, wrong: &mut Violations, fields: &Fields) -> Result<Vec<ProductId>, Problem> {
    let mut ids = Vec::new();
    for slug in fields.get("related").lines().map(str::trim).filter(|slug| !slug.is_empty()) {
        // What is copied out of the address bar has more in front.
        let slug = slug.rsplit('/').next().unwrap_or(slug);
        match app.engine().product_by_slug(slug).await? {
            Some(product) if ids.contains(&product.id) => {}
            Some(product) => ids.push(product.id),
            None => wrong.add("/related", "not_found", format!("has no product with the name `{slug}` in links")),
        }
        if wrong.0.len() > 5 || ids.len() > model::details::RELATED_MAX {
            break;
        }
    }
    Ok(ids)
}

const fn is_chosen(kind: AttributeKind) -> bool {
    matches!(kind, AttributeKind::Choice | AttributeKind::Choices)
}

/// Whether a field of this definition can show the value: not when it was set while the key was another kind of field.
fn shows(definition: &AttributeDefinition, value: &AttributeValue) -> bool {
    match definition.kind {
        AttributeKind::Choice => matches!(value, AttributeValue::Text(_)),
        AttributeKind::Choices => matches!(value, AttributeValue::List(_)),
        _ => definition.takes(value),
    }
}

/// A value as fields of the form have it.
fn as_typed(value: &AttributeValue) -> Vec<String> {
    match value {
        AttributeValue::Boolean(true) => vec!["yes".to_owned()],
        AttributeValue::Boolean(false) => vec!["no".to_owned()],
        AttributeValue::Integer(number) => vec![number.to_string()],
        AttributeValue::Text(text) => vec![text.clone()],
        AttributeValue::List(list) => list.clone(),
    }
}

/// How a field is made.
const fn kind(kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Text => "text",
        AttributeKind::Integer => "number",
        AttributeKind::Boolean => "boolean",
        AttributeKind::Date => "date",
        AttributeKind::Choice => "choice",
        AttributeKind::Choices => "choices",
        AttributeKind::Url => "url",
    }
}
