//! `GET /v1/products`.

use axum::{extract::State, response::Response};
use commerce::catalogue::Redirected;
use http::{HeaderMap, Uri};
use model::{Category, CategoryId, ProductStatus, VariantId, text};
use serde::Deserialize;
use store::{LIMIT_MAX, ProductFilter, ProductSort};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App, Problem,
    dto::{Audience, ListDto, ProductDto},
    extract::{page_request, read_several},
    openapi::tag,
    problem::Code,
};

/// The longest search text, in characters; and the most words of it that are looked for.
const SEARCH_MAX: usize = 200;
const WORDS_MAX: usize = 10;

/// Which products, in which order, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct Params {
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(in crate::routes) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(in crate::routes) cursor: Option<String>,
    /// In this category (id or slug) or one below it.
    #[param(example = "shirts")]
    pub(in crate::routes) category: Option<String>,
    /// With this variant; it can be repeated, up to 100 times, and of several any will do (`variant_id=…&variant_id=…`): what is in a basket,
    /// with its prices and stock of now. What is no longer for sale is missing.
    #[param(value_type = Option<Vec<uuid::Uuid>>)]
    pub(in crate::routes) variant_id: Option<VariantId>,
    /// With each of these words, or beginnings and parts of words, in title, vendor, tags or SKU; case and accents do not matter. Signs
    /// without a word are in none.
    #[param(max_length = 200, example = "linen")]
    pub(in crate::routes) q: Option<String>,
    /// With this tag; case does not matter.
    pub(in crate::routes) tag: Option<String>,
    /// With a variant that costs at least this, in minor units.
    pub(in crate::routes) price_min: Option<i64>,
    /// With a variant that costs at most this, in minor units (the same one, when both are given).
    pub(in crate::routes) price_max: Option<i64>,
    /// With a variant on sale (`true`), or with none (`false`).
    pub(in crate::routes) on_sale: Option<bool>,
    /// With a variant that can be bought (`true`), or with none (`false`).
    pub(in crate::routes) in_stock: Option<bool>,
    /// The order of the list; `newest` when left out.
    #[param(inline)]
    pub(in crate::routes) sort: Option<Sort>,
    /// The currency of the prices that are shown: one of the shop's. What has no price in it is shown in its own. Filters and
    /// orders go by the shop's own currency.
    #[param(min_length = 3, max_length = 3, example = "EUR")]
    pub(in crate::routes) currency: Option<String>,
    /// The language of the texts: one of the shop's. `Accept-Language` counts when it is left out.
    #[param(example = "en")]
    pub(in crate::routes) language: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::routes) enum Sort {
    #[default]
    Newest,
    Price,
    #[serde(rename = "-price")]
    PriceDescending,
    Title,
}

impl From<Sort> for ProductSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest,
            Sort::Price => Self::PriceAscending,
            Sort::PriceDescending => Self::PriceDescending,
            Sort::Title => Self::Title,
        }
    }
}

/// List products.
///
/// Those that are for sale; all filters that are given must hold.
#[utoipa::path(get, path = "/v1/products", operation_id = "list_products", tag = tag::CATALOGUE, params(Params),
    responses(
        (status = 200, description = "A page of them.", body = ListDto<ProductDto>),
        (status = 304, description = "The caller has this page already (If-None-Match)."),
    ))]
pub(super) async fn list(State(app): State<App>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    app.cached(&uri, &request, async || {
        let (params, variants) = read(&uri)?;
        let audience = app.shoppers(params.currency.as_deref(), params.language.as_deref(), &request)?;
        Ok((0, find(&app, &params, Some(ProductStatus::Active), variants, &audience).await?))
    })
    .await
}

/// Reads a query as the list does, and no more.
pub(in crate::routes) fn check(uri: &Uri) -> Result<(), Problem> {
    read(uri).map(drop)
}

fn read(uri: &Uri) -> Result<(Params, Vec<VariantId>), Problem> {
    let (params, others) = read_several::<Params>(uri, "variant_id")?;
    let variants = variants(params.variant_id, &others)?;
    Ok((params, variants))
}

/// The variants that a query has.
fn variants(first: Option<VariantId>, others: &[String]) -> Result<Vec<VariantId>, Problem> {
    let wrong = |code, message: &str| Problem::new(Code::InvalidQuery).parameter("variant_id", code, message);
    if others.len() >= LIMIT_MAX as usize {
        return Err(wrong("too_many", "can be given at most 100 times"));
    }
    let others = others.iter().map(|other| other.parse().map_err(|_| wrong("invalid_value", "must be a variant's id")));
    first.map(Ok).into_iter().chain(others).collect()
}

/// The page of products that `params` ask for, of this status and with one of these variants where such are given.
pub(in crate::routes) async fn find(
    app: &App,
    params: &Params,
    status: Option<ProductStatus>,
    variants: Vec<VariantId>,
    audience: &Audience,
) -> Result<ListDto<ProductDto>, Problem> {
    let categories = app.engine().categories().await?;
    let sort = ProductSort::from(params.sort.unwrap_or_default());
    let of = if matches!(audience, Audience::Staff) { "admin.products" } else { "products" };
    let list = format!("{of}.{}", sort.as_str());
    let page = page_request(params.limit, params.cursor.as_deref(), &list)?;
    let category = match params.category.as_deref() {
        Some(wanted) => Some(find_category(app, wanted, &categories).await?),
        None => None,
    };
    let filter = ProductFilter { status, variants, category, ..filter(params, sort)? };
    // Signs without a word in them are in no product; without words, the engine would look for nothing and find all.
    if filter.words.is_empty() && params.q.as_deref().is_some_and(|q| !q.trim().is_empty()) {
        return Ok(ListDto { items: Vec::new(), next_cursor: None });
    }
    let page = app.engine().products(&filter, &page).await?;
    Ok(ListDto::new(page, &list, |product| ProductDto::new(product, &categories, audience)))
}

/// What `params` say, but for the category and the variants.
fn filter(params: &Params, sort: ProductSort) -> Result<ProductFilter, Problem> {
    Ok(ProductFilter {
        status: None,
        category: None,
        variants: Vec::new(),
        tag: params.tag.clone(),
        words: params.q.as_deref().map(checked_words).transpose()?.unwrap_or_default(),
        price_min: params.price_min,
        price_max: params.price_max,
        on_sale: params.on_sale,
        in_stock: params.in_stock,
        sort,
    })
}

/// The category with this id or slug, or the one that once had the slug.
pub(in crate::routes) async fn find_category(
    app: &App,
    wanted: &str,
    categories: &[Category],
) -> Result<CategoryId, Problem> {
    let id = wanted.parse::<CategoryId>().ok();
    if let Some(found) = categories.iter().find(|category| category.slug == wanted || Some(category.id) == id) {
        return Ok(found.id);
    }
    let renamed = app.redirected(Redirected::Category, wanted).await?;
    let found = categories.iter().find(|category| Some(category.id.0) == renamed);
    found.map(|category| category.id).ok_or_else(|| {
        Problem::new(Code::InvalidQuery).parameter(
            "category",
            "no_such_category",
            "must be the id or slug of a category",
        )
    })
}

fn checked_words(search: &str) -> Result<Vec<String>, Problem> {
    if search.chars().count() > SEARCH_MAX {
        let message = format!("must be at most {SEARCH_MAX} characters");
        return Err(Problem::new(Code::InvalidQuery).parameter("q", "too_long", message));
    }
    Ok(words(search))
}

/// The words that products are looked for by, as they are folded for it.
pub(in crate::routes) fn words(search: &str) -> Vec<String> {
    text::fold(search).split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).map(str::to_owned).collect()
}
