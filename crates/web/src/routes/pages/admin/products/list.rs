//! `GET /admin/products`, `POST /admin/products/quick`

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error,
    catalogue::{MoveStock, UpdateVariant, VariantPatch},
};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{Money, Product, ProductStatus, Variant, VariantId, Violations};
use serde::Deserialize;
use store::{Cursor, PageRequest, ProductFilter, ProductSort};

use super::{
    super::{
        encoded,
        forms::{Fields, Refused, decimal, form_number, notice, number, once, price, refused},
        frame, tab,
    },
    pieces, status_class, status_text, thumbnail,
};
use crate::{
    App,
    extract::Catalogue,
    problem::Problem,
    routes::{
        pages::{staff::StaffPage, template},
        products::list::words,
    },
};

/// How many products stand on a page.
const PAGE: u32 = 50;
const STATUSES: [ProductStatus; 3] = [ProductStatus::Active, ProductStatus::Draft, ProductStatus::Archived];
/// What the page before may say.
const NOTICES: [(&str, &str); 3] = [
    ("saved", "Saved."),
    ("same", "Nothing was changed."),
    ("deleted", "The product is gone. One that was ordered is archived instead."),
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::routes::pages) struct ListQuery {
    status: String,
    q: String,
    category: String,
    cursor: String,
    done: String,
}

pub(in crate::routes::pages) async fn page(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    show(&app, &staff, &query, &Refused::default()).await
}

async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    query: &ListQuery,
    refused: &Refused,
) -> Result<Response, Problem> {
    let status = query.status.parse::<ProductStatus>().ok();
    let wanted = query.q.trim();
    let categories = app.engine().categories().await?;
    let category = categories.iter().find(|category| category.slug == query.category);
    let filter = ProductFilter {
        status,
        words: words(wanted),
        category: category.map(|category| category.id),
        sort: ProductSort::Newest,
        ..ProductFilter::default()
    };
    let request = PageRequest { limit: PAGE, after: Cursor::decode(&query.cursor, "newest") };
    let found = app.engine().products(&filter, &request).await?;
    let link = |status: Option<ProductStatus>| {
        let parts = [
            status.map(|status| format!("status={}", status.as_str())),
            (!wanted.is_empty()).then(|| format!("q={}", encoded(wanted))),
            category.map(|category| format!("category={}", category.slug)),
        ];
        format!("/admin/products?{}", parts.into_iter().flatten().collect::<Vec<_>>().join("&"))
    };
    let mut tabs = vec![tab(link(None), "All", status.is_none())];
    tabs.extend(STATUSES.map(|one| tab(link(Some(one)), status_text(one), status == Some(one))));
    let next = found.next.map(|cursor| format!("{}&cursor={}", link(status), cursor.encode()));
    let values = context! {
        products => found.items.iter().map(row).collect::<Vec<_>>(), tabs, next, q => wanted,
        status => status.map(ProductStatus::as_str), category => category.map(|category| category.name.clone()),
        category_slug => category.map(|category| category.slug.clone()),
        filtered => status.is_some() || !wanted.is_empty() || category.is_some(),
        currency => app.currency().code(), notice => notice(&query.done, &NOTICES), once => form_number(),
    };
    let values = context! { ..values, ..refused.shown(), ..frame(staff, "products") };
    template::page(app, refused.status(), "admin_products.html", values)
}

fn row(product: &Product) -> Value {
    // What has several variants is changed on its own page, where they can be told apart.
    let only = <&[Variant; 1]>::try_from(product.variants.as_slice()).ok().map(|[variant]| variant);
    let range = match (product.variants.first(), product.price_min(), product.price_max()) {
        (Some(first), low, high) if low != high => {
            let currency = first.price.currency;
            format!("{} – {}", Money::new(low, currency), decimal(Money::new(high, currency)))
        }
        (Some(first), ..) => first.price.to_string(),
        (None, ..) => String::new(),
    };
    context! {
        id => product.id.to_string(), title => product.title, version => product.version, picture => thumbnail(product),
        status => status_class(product.status), status_text => status_text(product.status), vendor => product.vendor,
        variants => product.variants.len(), price => range, stock => pieces(product),
        only => only.map(|variant| context! {
            id => variant.id.to_string(), price => decimal(variant.price), currency => variant.price.currency.code(), stock => variant.stock, sku => variant.sku,
            tracked => variant.track_stock,
        }),
    }
}

/// Changes prices and stock right in the list. The form has, for each variant, what was shown and what is wanted now:
/// stock moves by the difference, so that what was sold meanwhile stays sold.
pub(in crate::routes::pages) async fn quick(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let query = ListQuery {
        status: fields.get("status").to_owned(),
        q: fields.get("q").to_owned(),
        category: fields.get("category").to_owned(),
        ..ListQuery::default()
    };
    let mut changed = false;
    let ids: Vec<VariantId> = fields.beginning("price-").filter_map(|(id, _)| id.parse().ok()).collect();
    for id in ids.into_iter().take(PAGE as usize) {
        match change(&app, &staff, &fields, id).await? {
            Ok(did) => changed |= did,
            Err(wrong) => return show(&app, &staff, &query, &wrong).await,
        }
    }
    let done = if changed { "saved" } else { "same" };
    let (status, q, category) = (encoded(&query.status), encoded(&query.q), encoded(&query.category));
    Ok(Redirect::to(&format!("/admin/products?status={status}&q={q}&category={category}&done={done}")).into_response())
}

async fn change(
    app: &App,
    staff: &StaffPage<Catalogue>,
    fields: &Fields,
    id: VariantId,
) -> Result<Result<bool, Refused>, Problem> {
    let field = |name: &str| fields.get(&format!("{name}-{id}"));
    let (mut wrong, mut did) = (Violations::default(), false);
    let name = field("name").to_owned();
    let said = |refused: Refused| Refused { text: format!("{name}: {}", refused.text), ..refused };
    if field("price") != field("price-was") {
        let Some(product) = app.engine().product_of_variant(id).await? else {
            return Ok(Err(said(Refused::because("It is gone."))));
        };
        let known = product.variants.iter().find(|variant| variant.id == id);
        let currency = known.map_or(app.currency(), |known| known.price.currency);
        let Some(price) = price(&mut wrong, "/price", field("price"), currency) else {
            return Ok(Err(said(wrong.into())));
        };
        let patch = VariantPatch { price: Some(price), ..VariantPatch::default() };
        let update = UpdateVariant { id, patch, if_version: field("version").parse().ok(), stamp: app.stamp()? };
        if let Err(error) = app.try_run_as(staff.actor(), update).await? {
            return Ok(Err(said(refused(error)?)));
        }
        did = true;
    }
    if field("stock") != field("stock-was") {
        let now = number(&mut wrong, "/stock", field("stock"));
        let was = number(&mut wrong, "/stock", field("stock-was"));
        let (Some(now), Some(was)) = (now, was) else { return Ok(Err(said(wrong.into()))) };
        let (actor_id, reason) = (Some(staff.access.account_id), "counted in the list".to_owned());
        let delta = now.saturating_sub(was);
        let moved = MoveStock { variant_id: id, delta, cause: None, reason, actor_id, stamp: app.stamp()? };
        let entries = [format!("stock-{id}"), format!("stock-was-{id}")];
        let entries = entries.each_ref().map(String::as_str);
        match once(app, staff.actor(), fields, &id.to_string(), &entries, moved).await? {
            Ok(is_new) => did |= is_new,
            Err(Error::NotFound(_)) => return Ok(Err(said(Refused::because("It is gone.")))),
            Err(error) => return Ok(Err(said(refused(error)?))),
        }
    }
    Ok(Ok(did))
}
