//! `/admin/attributes`: the fields of the shop's own.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error,
    catalogue::{AttributeDraft, AttributePatch, CreateAttribute, DeleteAttribute, UpdateAttribute},
};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{
    AttributeDefinition, Violation, Violations,
    attribute::{AttributeKind, AttributeOwner},
};
use uuid::Uuid;

use super::{
    forms::{Done, Fields, Refused, notice, refused},
    frame,
};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::Problem,
    routes::{
        attributes::known,
        pages::{staff::StaffPage, template},
    },
};

/// What the page before may say.
const NOTICES: [(&str, &str); 3] = [
    ("created", "The attribute is there. Its field stands in the editor of every product."),
    ("saved", "Saved."),
    ("deleted", "The attribute is gone. Values that products have stay with them, and are not shown."),
];
/// What an attribute may hold: name and text.
const KINDS: [(&str, &str, AttributeKind); 7] = [
    ("text", "A line of text", AttributeKind::Text),
    ("number", "A whole number", AttributeKind::Integer),
    ("boolean", "Yes or no", AttributeKind::Boolean),
    ("date", "A day", AttributeKind::Date),
    ("choice", "One of some choices", AttributeKind::Choice),
    ("choices", "Several of some choices", AttributeKind::Choices),
    ("url", "A link", AttributeKind::Url),
];

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    show(&app, &staff, notice(&query.done, &NOTICES), None, &Refused::default()).await
}

/// A form that is shown again as it was filled in.
#[derive(Clone, Copy)]
enum Again<'f> {
    /// That of a new attribute.
    New(&'f Fields),
    /// That of one that is there.
    Row(Uuid, &'f Fields),
}

async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    notice: Option<&str>,
    again: Option<Again<'_>>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let mut known = known(app).await?;
    known.sort_by_cached_key(|definition| definition.label.to_lowercase());
    let row = |definition: &AttributeDefinition| match again {
        Some(Again::Row(id, fields)) if id == definition.id => row(definition, form_again(definition, fields, refused)),
        _ => row(definition, form(definition)),
    };
    let typed = match again {
        Some(Again::New(fields)) => Some(fields.typed()),
        _ => None,
    };
    let values = context! {
        rows => known.iter().map(row).collect::<Vec<_>>(), notice, typed,
        kinds => KINDS.map(|(name, text, _)| context! { name, text }),
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "attributes") };
    template::page(app, refused.status(), "admin_attributes.html", values)
}

fn row(definition: &AttributeDefinition, form: Value) -> Value {
    let kind = KINDS.iter().find(|(.., kind)| *kind == definition.kind).map(|(_, text, _)| *text);
    context! {
        id => definition.id.to_string(), key => definition.key, label => definition.label, kind,
        of_variants => definition.owner == AttributeOwner::Variant, unit => definition.unit,
        has_choices => !definition.choices.is_empty(), is_facet => definition.is_facet, form,
    }
}

/// What the form of an attribute shows.
fn form(definition: &AttributeDefinition) -> Value {
    context! {
        version => definition.version, label => definition.label, unit => definition.unit,
        choices => definition.choices.join("\n"), is_facet => definition.is_facet,
    }
}

/// What it shows when it is shown again as it was filled in. What was typed was typed about what was shown then: only whoever is told
/// what others did meanwhile goes on from that.
fn form_again(definition: &AttributeDefinition, fields: &Fields, refused: &Refused) -> Value {
    let version = fields.version().filter(|_| !refused.is_stale).unwrap_or(definition.version);
    context! {
        is_open => true, version, label => fields.get("label"), unit => fields.get("unit"),
        choices => fields.get("choices"), is_facet => fields.is_checked("is_facet"), ..refused.shown()
    }
}

/// Why the shop refused a form. A choice is called by what it is: lines of a field have no numbers.
fn told(error: Error, fields: &Fields) -> Result<Refused, Problem> {
    let Error::Invalid(wrong) = error else { return refused(error) };
    let choices = choices(fields);
    let named = |violation: Violation| {
        let index = violation.pointer.strip_prefix("/choices/").and_then(|index| index.parse::<usize>().ok());
        let Some(choice) = index.and_then(|index| choices.get(index)) else { return violation };
        let message = match violation.code {
            "duplicate" => format!("“{choice}” stands there twice"),
            _ => format!("“{choice}” {}", violation.message),
        };
        Violation { pointer: "/choices".to_owned(), message, ..violation }
    };
    Ok(Violations(wrong.0.into_iter().map(named).collect()).into())
}

/// The choices that are written, one a line.
fn choices(fields: &Fields) -> Vec<String> {
    fields.get("choices").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A name for the API out of the one for people: `Länge (cm)` is `lange_cm`. Whoever wants another writes it.
fn key(label: &str) -> String {
    let folded = model::text::fold(label);
    let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").chars().take(40).collect()
}

pub(in crate::routes::pages) async fn create(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let kind = KINDS.iter().find(|(name, ..)| *name == fields.get("kind")).map(|(.., kind)| *kind);
    let draft = AttributeDraft {
        key: fields.given("key").unwrap_or_else(|| key(fields.get("label"))),
        label: fields.get("label").to_owned(),
        owner: if fields.get("owner") == "variant" { AttributeOwner::Variant } else { AttributeOwner::Product },
        kind: kind.unwrap_or(AttributeKind::Text),
        choices: choices(&fields),
        unit: fields.given("unit"),
        is_facet: fields.is_checked("is_facet"),
    };
    match app.try_run_as(staff.actor(), CreateAttribute { draft, stamp: app.stamp()? }).await? {
        Ok(_) => Ok(done("created")),
        Err(error) => show(&app, &staff, None, Some(Again::New(&fields)), &told(error, &fields)?).await,
    }
}

fn done(what: &str) -> Response {
    Redirect::to(&format!("/admin/attributes?done={what}")).into_response()
}

/// Changes or removes an attribute, as the button says that was pressed.
pub(in crate::routes::pages) async fn change(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let if_version = fields.version();
    let outcome = match fields.get("act") {
        "save" => {
            let patch = AttributePatch {
                label: Some(fields.get("label").to_owned()),
                choices: Some(choices(&fields)),
                unit: Some(fields.given("unit")),
                is_facet: Some(fields.is_checked("is_facet")),
            };
            let update = UpdateAttribute { id, patch, if_version, stamp: app.stamp()? };
            app.try_run_as(staff.actor(), update).await?.map(|_| "saved")
        }
        "delete" => app.try_run_as(staff.actor(), DeleteAttribute { id, if_version }).await?.map(|()| "deleted"),
        _ => return Err(Problem::not_found()),
    };
    match outcome {
        Ok(what) => Ok(done(what)),
        Err(error) => show(&app, &staff, None, Some(Again::Row(id, &fields)), &told(error, &fields)?).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_of_labels() {
        assert_eq!(key("Care instructions"), "care_instructions");
        assert_eq!(key("Width (cm)"), "width_cm");
        assert_eq!(key("Länge (cm)"), "lange_cm");
        assert_eq!(key("!"), "");
    }
}
