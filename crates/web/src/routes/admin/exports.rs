//! `/v1/admin/exports`: the catalogue as files, written as they are sent.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use commerce::export::{prices::PriceWriter, shopify::ProductWriter};
use futures_util::stream;
use http::{HeaderValue, header};
use model::{Category, Product, ProductId};
use store::StoreError;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    extract::{Catalogue, Staff},
    openapi::tag,
    problem::Problem,
};

/// How many products are read at a time.
const AT_ONCE: u32 = 200;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(products)).routes(routes!(prices))
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
    let categories = app.engine().categories().await?;
    Ok(file(app, "products.csv", Format::Products(categories)))
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
    Ok(file(app, "prices.csv", Format::Prices))
}

enum Format {
    Products(Vec<Category>),
    Prices,
}

impl Format {
    /// These products, with the header if they are the first.
    fn write(&self, products: &[Product], is_first: bool) -> std::io::Result<Vec<u8>> {
        let part = match self {
            Self::Products(categories) => {
                let mut writer = ProductWriter::new(Vec::new(), is_first)?;
                for product in products {
                    let category = categories.iter().find(|category| Some(category.id) == product.category_id);
                    writer.write(product, category.map(|category| category.name.as_str()))?;
                }
                writer.finish()?
            }
            Self::Prices => {
                let mut writer = PriceWriter::new(Vec::new(), is_first)?;
                products.iter().try_for_each(|product| writer.write(product))?;
                writer.finish()?
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
    let parts = stream::try_unfold((app, format, Place::Beginning), async |(app, format, place)| {
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
    let mut response = Body::from_stream(parts).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
