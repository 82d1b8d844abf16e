//! `/admin/collections`: products that are shown together, chosen by hand or by a rule.

use std::collections::BTreeMap;

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::catalogue::{CollectionDraft, CollectionPatch, CreateCollection, DeleteCollection, UpdateCollection};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{
    Category, CategoryId, Collection, Currency, Money, Product, ProductId, Violations,
    collection::{Members, Rule},
    details::Seo,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    forms::{Fields, Refused, decimal, listed, notice, price, read_list, refused},
    frame,
    places::{Row, in_places},
    products::{status_class, status_text, thumbnail, typed::choices},
};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::Problem,
    routes::{
        collections::{all, by_id},
        pages::{staff::StaffPage, template},
        products::read::in_order,
        search::{find_products, inside},
    },
};

/// What the page before may say.
const NOTICES: [(&str, &str); 4] = [
    ("created", "The collection is there. Say what is in it."),
    ("saved", "Saved."),
    ("added", "They are in it, at its end."),
    ("deleted", "The collection is gone. Its products stay."),
];
/// How many products of a collection are listed.
const LISTED: usize = 200;
/// How many products a rule shows as examples, and a search finds.
const EXAMPLES: usize = 12;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct PageQuery {
    done: String,
    find: String,
}

pub(in crate::routes::pages) async fn list(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    show_list(&app, &staff, notice(&query.done, &NOTICES), None, &Refused::default()).await
}

async fn show_list(
    app: &App,
    staff: &StaffPage<Catalogue>,
    notice: Option<&str>,
    typed: Option<&Fields>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let mut known = all(app).await?;
    known.sort_by_cached_key(|collection| collection.title.to_lowercase());
    let rows: Vec<Value> = known.iter().map(row).collect();
    let values = context! { rows, notice, typed => typed.map(Fields::typed) };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "collections") };
    template::page(app, refused.status(), "admin_collections.html", values)
}

fn row(collection: &Collection) -> Value {
    let members = match &collection.members {
        Members::Products(products) if products.len() == 1 => "1 product".to_owned(),
        Members::Products(products) => format!("{} products", products.len()),
        Members::Rule(_) => "by a rule".to_owned(),
    };
    context! {
        id => collection.id.to_string(), title => collection.title, slug => collection.slug, members,
        is_active => collection.is_active,
    }
}

pub(in crate::routes::pages) async fn create(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let by_rule = fields.get("kind") == "rule";
    // Shoppers do not see it until the rule says something.
    let rule = || Members::Rule(Box::default());
    let draft = CollectionDraft {
        title: fields.get("title").to_owned(),
        slug: None,
        description: String::new(),
        image: None,
        seo: Seo::default(),
        titles: BTreeMap::new(),
        is_active: false,
        members: if by_rule { rule() } else { Members::Products(Vec::new()) },
    };
    match app.try_run_as(staff.actor(), CreateCollection { draft, stamp: app.stamp()? }).await? {
        Ok(made) => Ok(to(made.id, "created")),
        Err(error) => show_list(&app, &staff, None, Some(&fields), &refused(error)?).await,
    }
}

fn to(id: Uuid, done: &str) -> Response {
    Redirect::to(&format!("/admin/collections/{id}?done={done}")).into_response()
}

async fn find(app: &App, id: Uuid) -> Result<Collection, Problem> {
    by_id(app, id).await?.ok_or_else(Problem::not_found)
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let collection = find(&app, id).await?;
    show(&app, &staff, &collection, &query, None, &Refused::default()).await
}

async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    collection: &Collection,
    query: &PageQuery,
    typed: Option<&Fields>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let members = match &collection.members {
        Members::Products(ids) => by_hand(app, ids, query.find.trim(), typed).await?,
        Members::Rule(rule) => by_rule(app, collection, rule, typed).await?,
    };
    // What was typed was typed about what was shown then. Only whoever is told what others did meanwhile goes on from that.
    let shown = typed.filter(|_| !refused.is_stale);
    let version = shown.and_then(Fields::version).unwrap_or(collection.version);
    let values = context! {
        id => collection.id.to_string(), version, title => collection.title, slug => collection.slug,
        description => collection.description, image => collection.image, is_active => collection.is_active,
        seo_title => collection.seo.title, seo_description => collection.seo.description,
        notice => notice(&query.done, &NOTICES), typed => typed.map(Fields::typed), ..members
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "collections") };
    template::page(app, refused.status_or_conflict(), "admin_collection.html", values)
}

/// What was chosen, in its order, and what could be put in besides; `typed` is the form when it is shown again.
async fn by_hand(app: &App, ids: &[ProductId], wanted: &str, typed: Option<&Fields>) -> Result<Value, Problem> {
    let listed = &ids[..ids.len().min(LISTED)];
    let products = in_order(app, listed).await?;
    // Others may have put them into other places since the form was shown.
    let places = (0..LISTED).filter_map(|at| Some((typed?.find(&format!("p{at}-id"))?, at)));
    let places: BTreeMap<&str, usize> = places.collect();
    let rows = products.iter().enumerate().map(|(at, one)| {
        let field = |name: &str| {
            let at = places.get(one.id.to_string().as_str())?;
            typed?.find(&format!("p{at}-{name}")).map(str::to_owned)
        };
        let place = field("place").unwrap_or_else(|| (at + 1).to_string());
        context! { at, place, goes => field("remove").is_some(), ..product(one) }
    });
    let mut found = Vec::new();
    if !wanted.is_empty() {
        found = find_products(app, wanted, EXAMPLES).await?;
        found.retain(|product| !ids.contains(&product.id));
    }
    Ok(context! {
        products => rows.collect::<Vec<_>>(), more => ids.len().saturating_sub(LISTED), find => wanted,
        found => found.iter().map(product).collect::<Vec<_>>(),
    })
}

fn product(product: &Product) -> Value {
    context! {
        id => product.id.to_string(), title => product.title, vendor => product.vendor, picture => thumbnail(product),
        status => status_class(product.status), status_text => status_text(product.status),
    }
}

/// The rule as fields, and what passes it now; `typed` is the form when it is shown again.
async fn by_rule(app: &App, collection: &Collection, rule: &Rule, typed: Option<&Fields>) -> Result<Value, Problem> {
    let categories = app.engine().categories().await?;
    let chosen: Vec<String> = match typed {
        Some(fields) => fields.all("category").map(str::to_owned).collect(),
        None => rule.categories.iter().map(ToString::to_string).collect(),
    };
    let shown = |minor: Option<i64>| minor.map(|minor| decimal(Money::new(minor, app.currency())));
    let others = rule.options.iter().chain(&rule.attributes);
    let others: Vec<String> = others.map(|(name, values)| format!("{name}: {}", values.join(" or "))).collect();
    let passing = inside(app, collection, EXAMPLES).await?;
    let (examples, total) = passing.map_or((None, 0), |(products, total)| (Some(products), total));
    Ok(context! {
        rule => context! {
            chosen, vendors => listed(&rule.vendors), tags => listed(&rule.tags), price_min => shown(rule.price_min),
            price_max => shown(rule.price_max), in_stock => rule.in_stock, on_sale => rule.on_sale,
            rating_min => rule.rating_min, others, is_empty => *rule == Rule::default(),
        },
        categories => choices(&categories), currency => app.currency().code(), total,
        examples => examples.map(|products| products.iter().map(product).collect::<Vec<_>>()),
    })
}

/// Saves, adds products, or removes the collection, as the button says that was pressed.
pub(in crate::routes::pages) async fn change(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let before = find(&app, id).await?;
    let if_version = fields.version();
    let outcome = match fields.get("act") {
        "add" => {
            let Members::Products(mut ids) = before.members.clone() else { return Err(Problem::not_found()) };
            ids.extend(fields.all("product").filter_map(|id| id.parse::<ProductId>().ok()));
            let patch = CollectionPatch { members: Some(Members::Products(ids)), ..CollectionPatch::default() };
            let update = UpdateCollection { id, patch, if_version, stamp: app.stamp()? };
            app.try_run_as(staff.actor(), update).await?.map(|_| to(id, "added"))
        }
        "delete" if !fields.is_checked("sure") => {
            let refused = Refused::because("Say that you are sure.");
            return show(&app, &staff, &before, &PageQuery::default(), None, &refused).await;
        }
        "delete" => {
            let gone = || Redirect::to("/admin/collections?done=deleted").into_response();
            app.try_run_as(staff.actor(), DeleteCollection { id, if_version }).await?.map(|()| gone())
        }
        "save" => {
            let categories = app.engine().categories().await?;
            let patch = match patch(&fields, &before, &categories, app.currency()) {
                Ok(patch) => patch,
                Err(wrong) => {
                    return show(&app, &staff, &before, &PageQuery::default(), Some(&fields), &wrong.into()).await;
                }
            };
            let update = UpdateCollection { id, patch, if_version, stamp: app.stamp()? };
            app.try_run_as(staff.actor(), update).await?.map(|_| to(id, "saved"))
        }
        _ => return Err(Problem::not_found()),
    };
    match outcome {
        Ok(response) => Ok(response),
        Err(error) => {
            let (refused, now) = (refused(error)?, find(&app, id).await?);
            // The other forms of the page have nothing that could be shown again.
            let typed = Some(&fields).filter(|fields| fields.get("act") == "save");
            show(&app, &staff, &now, &PageQuery::default(), typed, &refused).await
        }
    }
}

/// The change that the form asks for.
fn patch(
    fields: &Fields,
    before: &Collection,
    shown: &[Category],
    currency: Currency,
) -> Result<CollectionPatch, Violations> {
    let mut wrong = Violations::default();
    let members = match &before.members {
        Members::Products(ids) => Members::Products(placed(fields, ids)),
        Members::Rule(rule) => {
            let mut minor = |name: &str| {
                let text = fields.given(name)?;
                price(&mut wrong, &format!("/{name}"), &text, currency).map(|money| money.amount)
            };
            let (price_min, price_max) = (minor("price_min"), minor("price_max"));
            // One that is gone stays in the rule: without it the rule would let nearly everything in.
            let is_gone = |id: &&CategoryId| shown.iter().all(|category| category.id != **id);
            let chosen = fields.all("category").filter_map(|id| id.parse().ok());
            Members::Rule(Box::new(Rule {
                categories: chosen.chain(rule.categories.iter().filter(is_gone).copied()).collect(),
                vendors: read_list(fields.get("vendors"), &rule.vendors),
                tags: read_list(fields.get("tags"), &rule.tags),
                price_min,
                price_max,
                in_stock: yes_or_no(fields.get("in_stock")),
                on_sale: yes_or_no(fields.get("on_sale")),
                rating_min: fields.get("rating_min").parse().ok(),
                // What the form does not show to be changed stays.
                options: rule.options.clone(),
                attributes: rule.attributes.clone(),
            }))
        }
    };
    wrong.into_result()?;
    Ok(CollectionPatch {
        title: Some(fields.get("title").to_owned()),
        slug: fields.given("slug"),
        description: Some(fields.get("description").to_owned()),
        image: Some(fields.given("image")),
        seo: Some(Seo { title: fields.given("seo_title"), description: fields.given("seo_description") }),
        is_active: Some(fields.is_checked("is_active")),
        members: Some(members),
        ..CollectionPatch::default()
    })
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// The products where the numbers beside them say, without those that were removed; what the page did not list stays behind
/// them.
fn placed(fields: &Fields, before: &[ProductId]) -> Vec<ProductId> {
    let mut placed = Vec::new();
    let mut gone = Vec::new();
    for at in 0..LISTED {
        let field = |name: &str| fields.given(&format!("p{at}-{name}"));
        let Some(id) = field("id").and_then(|id| id.parse::<ProductId>().ok()).filter(|id| before.contains(id)) else {
            continue;
        };
        if field("remove").is_some() {
            gone.push(id);
            continue;
        }
        let shown = i64::try_from(at + 1).unwrap_or(i64::MAX);
        let typed = field("place").and_then(|place| place.parse::<i64>().ok()).unwrap_or(i64::MAX);
        placed.push(Row { item: id, shown, typed });
    }
    let mut ids = in_places(placed);
    let rest: Vec<ProductId> = before.iter().copied().filter(|id| !ids.contains(id) && !gone.contains(id)).collect();
    ids.extend(rest);
    ids
}
