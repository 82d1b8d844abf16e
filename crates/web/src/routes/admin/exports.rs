//! `/v1/admin/exports`: the catalogue as files, written as they are sent.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use commerce::export::{catalogue::CatalogueWriter, prices::PriceWriter, shopify::ProductWriter};
use futures_util::stream;
use http::{HeaderValue, header};
use model::{AttributeDefinition, Category, Collection, Currency, Product, ProductId};
use store::{DocumentKind, StoreError};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    App,
    extract::{Catalogue, Staff},
    openapi::tag,
    problem::Problem,
    routes::collections,
    routes::endpoint::routes,
};

/// How many products are read at a time.
const AT_ONCE: u32 = 200;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(products)).routes(routes!(prices)).routes(routes!(catalogue))
}

/// Export the products
///
/// As a CSV file in the format of Shopify; importing it again changes nothing. Other currencies, sales, attributes, translations and
/// texts for search engines have no place in it. Texts that a spreadsheet would take for formulas begin with an apostrophe. Needs
/// the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/exports/products", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_export_products", security(("bearer" = [])),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
async fn products(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    export(app, "products").await?.ok_or_else(Problem::not_found)
}

/// Export prices and stock
///
/// As a CSV file, a row for each variant that has a SKU, as `POST /v1/admin/imports/prices` reads it. Needs the permission
/// `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/exports/prices", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_export_prices", security(("bearer" = [])),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
async fn prices(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    export(app, "prices").await?.ok_or_else(Problem::not_found)
}

/// Export the whole catalogue
///
/// As lines of JSON: attributes, categories, products with everything, related products, collections. Importing it again changes
/// nothing; importing it into another shop makes the same catalogue there. Needs the permission `catalogue`.
#[utoipa::path(
    get, path = "/v1/admin/exports/catalogue", tag = tag::ADMIN_CATALOGUE, operation_id = "admin_export_catalogue", security(("bearer" = [])),
    responses((status = 200, description = "The file", body = String, content_type = "application/x-ndjson")),
)]
async fn catalogue(State(app): State<App>, _: Staff<Catalogue>) -> Result<Response, Problem> {
    export(app, "catalogue").await?.ok_or_else(Problem::not_found)
}

/// The file of this name, if there is one.
pub(in crate::routes) async fn export(app: App, name: &str) -> Result<Option<Response>, Problem> {
    let (name, format) = match name {
        "products" => ("products.csv", Format::Products(app.engine().categories().await?, app.currency())),
        "prices" => ("prices.csv", Format::Prices(app.currency())),
        "catalogue" => {
            let documents = app.engine().documents(DocumentKind::Attribute).await?;
            let attributes =
                documents.iter().map(store::Document::read).collect::<Result<Vec<AttributeDefinition>, _>>()?;
            let (writer, head) = CatalogueWriter::new(&attributes, app.engine().categories().await?);
            let collections = collections::all(&app).await?;
            ("catalogue.ndjson", Format::Catalogue { writer, head, collections })
        }
        _ => return Ok(None),
    };
    Ok(Some(file(app, name, format)))
}

enum Format {
    Products(Vec<Category>, Currency),
    Prices(Currency),
    Catalogue { writer: CatalogueWriter, head: Vec<u8>, collections: Vec<Collection> },
}

impl Format {
    const fn media_type(&self) -> &'static str {
        match self {
            Self::Products(..) | Self::Prices(_) => "text/csv; charset=utf-8",
            Self::Catalogue { .. } => "application/x-ndjson",
        }
    }

    /// These products; the first have what the file begins with in front of them, and no more of them are its end.
    fn write(&mut self, products: &[Product], is_first: bool) -> std::io::Result<Vec<u8>> {
        let part = match self {
            Self::Products(categories, currency) => {
                let mut writer = ProductWriter::new(Vec::new(), is_first)?.in_currency(*currency);
                for product in products {
                    let category = categories.iter().find(|category| Some(category.id) == product.category_id);
                    writer.write(product, category.map(|category| category.name.as_str()))?;
                }
                writer.finish()?
            }
            Self::Prices(currency) => {
                let mut writer = PriceWriter::new(Vec::new(), is_first)?.in_currency(*currency);
                products.iter().try_for_each(|product| writer.write(product))?;
                writer.finish()?
            }
            Self::Catalogue { writer, head, collections } => {
                let mut part = if is_first { std::mem::take(head) } else { Vec::new() };
                part.extend(writer.products(products));
                if products.is_empty() {
                    part.extend(writer.tail(collections));
                }
                part
            }
        };
        Ok(part)
    }
}

/// Where the writing of a file stands.
enum Place {
    Beginning,
    Behind(ProductId),
    End,
}

fn file(app: App, name: &'static str, format: Format) -> Response {
    let media_type = format.media_type();
    let parts = stream::try_unfold((app, format, Place::Beginning), async |(app, mut format, place)| {
        let after = match place {
            Place::Beginning => None,
            Place::Behind(id) => Some(id),
            Place::End => return Ok(None),
        };
        let products = app.engine().products_after(after, AT_ONCE).await?;
        let part = format.write(&products, after.is_none());
        let part = part.map_err(|error| StoreError::Internal(error.to_string()))?;
        let next = products.last().map_or(Place::End, |last| Place::Behind(last.id));
        Ok::<_, StoreError>(Some((part, (app, format, next))))
    });
    attachment(media_type, name, Body::from_stream(parts))
}

/// A file that browsers keep under this name.
pub(super) fn attachment(media_type: &'static str, name: &str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
