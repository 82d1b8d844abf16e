//! `/admin/products/new` and `/admin/products/{id}`

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use commerce::{
    Error, Replied,
    catalogue::{CreateProduct, DeleteProduct, Deleted, GenerateVariants, UpdateProduct},
};
use http::HeaderMap;
use minijinja::{Value, context};
use model::{Product, ProductId, ProductStatus, Timestamp};
use store::{AuditFilter, PageRequest, StoredReply};

use super::{
    super::{
        forms::{Done, Fields, Refused, form_number, notice, once_kept, refused},
        frame,
        names::Names,
    },
    extras::Extras,
    status_class, status_text,
    typed::{self, Typed},
};
use crate::{
    App,
    extract::{Catalogue, Path},
    problem::{Code, Problem},
    routes::pages::{staff::StaffPage, template, time_text},
};

/// What the page before may say.
const NOTICES: [(&str, &str); 5] = [
    ("created", "The product is there. Add pictures and options below."),
    ("before", "This form was sent twice. One product was added."),
    ("saved", "Saved."),
    ("generated", "The variants are there. Give them prices and SKUs."),
    ("pictures", "The pictures are there."),
];
/// How many changes of others are shown.
const CHANGES: u32 = 10;

pub(in crate::routes::pages) async fn blank(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
) -> Result<Response, Problem> {
    show_blank(&app, &staff, None, &Refused::default()).await
}

async fn show_blank(
    app: &App,
    staff: &StaffPage<Catalogue>,
    typed: Option<&Fields>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let categories = app.engine().categories().await?;
    let row = context! { at => 0, tracked => true };
    // What is half done is shown to nobody.
    let product = context! { status => "draft", variants => vec![row] };
    let values = context! {
        product, categories => typed::choices(&categories), typed => typed.map(Fields::typed), extras => context! {},
        currency => app.currency().code(), once => form_number(),
    };
    page(app, staff, refused, values)
}

fn page(app: &App, staff: &StaffPage<Catalogue>, refused: &Refused, values: Value) -> Result<Response, Problem> {
    template::page(
        app,
        refused.status_or_conflict(),
        "admin_product.html",
        context! { ..values, ..refused.shown(), ..frame(staff, "products") },
    )
}

pub(in crate::routes::pages) async fn create(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let draft = match Typed::read(&fields, None, &app.currencies()) {
        Ok(typed) => typed.into_draft(),
        Err(wrong) => {
            let refused = Refused::of(wrong, &typed::row_names(None));
            return show_blank(&app, &staff, Some(&fields), &refused).await;
        }
    };
    let set = draft.set_prices();
    let create = CreateProduct { draft, actor_id: Some(staff.access.account_id), stamp: app.stamp()? };
    let create = app.priced_in(set, create);
    let made = |product: &Product| {
        let location = Some(format!("/admin/products/{}", product.id));
        StoredReply { status: 201, location, etag: None, body: Vec::new() }
    };
    let led = |reply: StoredReply, done: &str| {
        let page = reply.location.unwrap_or_default();
        Ok(Redirect::to(&format!("{page}?done={done}")).into_response())
    };
    // Filled in otherwise in anything, it is another product.
    match once_kept(&app, staff.actor(), &fields, "a new product", &fields.entries(), create, made).await? {
        Ok(Replied::New(reply)) => led(reply, "created"),
        // Sent again, the form leads to what it made the first time.
        Ok(Replied::Before(reply)) => led(reply, "before"),
        Ok(Replied::KeyReused) => Err(Problem::new(Code::IdempotencyKeyReused)),
        Err(error) => show_blank(&app, &staff, Some(&fields), &told(error, &fields, None)?).await,
    }
}

/// Why the shop refused a form, told of the cells of its grid; `before` is the product as it was.
fn told(error: Error, fields: &Fields, before: Option<&Product>) -> Result<Refused, Problem> {
    match error {
        Error::Invalid(wrong) => Ok(Refused::of(typed::in_the_grid(wrong, fields), &typed::row_names(before))),
        other => refused(other),
    }
}

pub(in crate::routes::pages) async fn form(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<ProductId>,
    Query(query): Query<Done>,
) -> Result<Response, Problem> {
    show(&app, &staff, id, notice(&query.done, &NOTICES), None, &Refused::default()).await
}

/// A form of the page that is shown again as it was filled in.
#[derive(Clone, Copy)]
pub(super) enum Again<'f> {
    /// The product.
    Product(&'f Fields),
    /// Its options.
    Options(&'f Fields),
}

/// The product with its forms.
pub(super) async fn show(
    app: &App,
    staff: &StaffPage<Catalogue>,
    id: ProductId,
    notice: Option<&str>,
    again: Option<Again<'_>>,
    refused: &Refused,
) -> Result<Response, Problem> {
    let product = app.engine().product(id).await?.ok_or_else(Problem::not_found)?;
    let categories = app.engine().categories().await?;
    let (fields, options) = match again {
        Some(Again::Product(fields)) => (Some(fields), None),
        Some(Again::Options(fields)) => (None, Some(fields)),
        None => (None, None),
    };
    let read_at = |fields: &Fields| fields.get("read_at").parse::<Timestamp>().ok();
    let theirs = if refused.is_stale {
        changes_since(app, &product, fields.or(options).and_then(read_at)).await?
    } else {
        Vec::new()
    };
    // What was typed was typed about what was shown then. Only whoever is told what others did meanwhile goes on from that.
    let as_shown = |fields: Option<&Fields>| {
        let shown = fields.filter(|_| !refused.is_stale);
        let version = shown.and_then(Fields::version).unwrap_or(product.version);
        (version, shown.and_then(read_at).unwrap_or_else(|| app.now()).to_string())
    };
    let ((version, read_at), (options_version, options_read_at)) = (as_shown(fields), as_shown(options));
    // Shoppers, and so the shop window, see nothing else.
    let has_window = app.settings().demo || app.shop_settings().await?.shop_window;
    let has_page = has_window && product.status == ProductStatus::Active;
    let values = context! {
        id => product.id.to_string(), version, read_at, options_version, options_read_at, notice,
        name => product.title, status => status_class(product.status), status_text => status_text(product.status),
        extras => Extras::load(app).await?.shown(app, &product, fields).await?,
        other_currencies => app.currencies().iter().skip(1).map(|other| other.code()).collect::<Vec<_>>(),
        product => typed::of(&product), categories => typed::choices(&categories), typed => fields.map(Fields::typed),
        has_page, theirs, odd_prices => odd_prices(&product), currency => app.currency().code(), updated_text => time_text(product.updated_at),
        options => typed::option_rows(&product, options), sku_prefix => options.map(|fields| fields.get("sku_prefix")),
    };
    page(app, staff, refused, values)
}

/// What is allowed and seldom meant.
fn odd_prices(product: &Product) -> Vec<String> {
    let mut odd = Vec::new();
    for variant in &product.variants {
        let values = variant.title();
        let name = if values.is_empty() { &product.title } else { &values };
        if variant.price.amount == 0 {
            odd.push(format!("{name} is free: its price is {}.", variant.price.grouped()));
        }
        if let Some(before) = variant.compare_at_price.filter(|before| before.amount <= variant.price.amount) {
            odd.push(format!(
                "{name}: the price before, {}, is no reduction. It is not above the price.",
                before.grouped()
            ));
        }
    }
    odd
}

/// What others changed since the page was read, out of the audit log.
async fn changes_since(app: &App, product: &Product, read_at: Option<Timestamp>) -> Result<Vec<Value>, Problem> {
    let filter = AuditFilter { subject_id: Some(product.id.0), from: read_at, ..AuditFilter::default() };
    let found = app.engine().audit_log(&filter, &PageRequest { limit: CHANGES, after: None }).await?;
    let (mut rows, mut names) = (Vec::new(), Names::new(app));
    for entry in found.items {
        let by = match entry.actor_id {
            Some(id) => names.of(id).await?,
            None => None,
        };
        let (by, at) = (by.unwrap_or_else(|| "Somebody".to_owned()), time_text(entry.at));
        rows.push(context! { by, at, changes => entry.content.changes });
    }
    Ok(rows)
}

pub(in crate::routes::pages) async fn save(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<ProductId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let before = app.engine().product(id).await?.ok_or_else(Problem::not_found)?;
    let again = Some(Again::Product(&fields));
    let mut patch = match Typed::read(&fields, Some(&before), &app.currencies()) {
        Ok(typed) => typed.into_patch(),
        Err(wrong) => {
            let refused = Refused::of(wrong, &typed::row_names(Some(&before)));
            return show(&app, &staff, id, None, again, &refused).await;
        }
    };
    let wrong = Extras::load(&app).await?.read(&app, &fields, &before, &mut patch).await?;
    if !wrong.0.is_empty() {
        return show(&app, &staff, id, None, again, &wrong.into()).await;
    }
    let (actor_id, stamp) = (Some(staff.access.account_id), app.stamp()?);
    let update = UpdateProduct { id, patch, if_version: fields.version(), actor_id, stamp };
    match app.try_run_as(staff.actor(), update).await? {
        Ok(_) => Ok(Redirect::to(&format!("/admin/products/{id}?done=saved")).into_response()),
        Err(error) => show(&app, &staff, id, None, again, &told(error, &fields, Some(&before))?).await,
    }
}

pub(in crate::routes::pages) async fn generate(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(product_id): Path<ProductId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    let generate = GenerateVariants {
        product_id,
        options: Some(typed::options(&fields)),
        renames: true,
        price: None,
        sku_prefix: fields.given("sku_prefix"),
        if_version: fields.version(),
        actor_id: Some(staff.access.account_id),
        stamp: app.stamp()?,
    };
    match app.try_run_as(staff.actor(), generate).await? {
        Ok(generated) => {
            let done = if generated.made > 0 { "generated" } else { "saved" };
            Ok(Redirect::to(&format!("/admin/products/{product_id}?done={done}")).into_response())
        }
        Err(error) => show(&app, &staff, product_id, None, Some(Again::Options(&fields)), &refused(error)?).await,
    }
}

pub(in crate::routes::pages) async fn delete(
    State(app): State<App>,
    staff: StaffPage<Catalogue>,
    Path(id): Path<ProductId>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    staff.check(&headers, fields.csrf())?;
    if !fields.is_checked("sure") {
        return show(&app, &staff, id, None, None, &Refused::because("Say that you are sure.")).await;
    }
    let delete = DeleteProduct { id, if_version: fields.version(), stamp: app.stamp()? };
    match app.try_run_as(staff.actor(), delete).await? {
        Ok(Deleted::Erased) => Ok(Redirect::to("/admin/products?done=deleted").into_response()),
        Ok(Deleted::Archived(_)) => Ok(Redirect::to("/admin/products?done=archived").into_response()),
        Err(error) => show(&app, &staff, id, None, None, &refused(error)?).await,
    }
}
