//! `GET /v1/search`.

use axum::{extract::State, response::Response};
use http::{HeaderMap, Uri};
use model::{
    Category, CategoryId, Collection, Language, Product, ProductStatus, category::subtree, collection::Members,
};
use search::{Filters, Order, Query, Results, Within};
use store::{Cursor, CursorKey, LIMIT_MAX, PageRequest, ProductFilter};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    attributes, collections,
    products::{
        list::{find_category, words},
        read::in_order,
    },
};
use crate::{
    App, Problem,
    dto::{
        Audience, ProductDto,
        search::{FoundDto, HighlightsDto, SearchDto, facets},
    },
    openapi::tag,
    problem::Code,
};

/// The longest text of a search, in characters.
const TEXT_MAX: usize = 200;
/// The most values of all filters together.
const VALUES_MAX: usize = 100;
/// How far one can page. Nobody reads so far; programs that want all products list them.
const OFFSET_MAX: usize = 10_000;
/// The name of the order of this list, for cursors.
const CURSOR: &str = "search";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

/// Search for products.
///
/// Among those that are for sale: by words (with their forms, beginnings, and small mistakes forgiven), ranked, with facets whose
/// counts are right whatever else is chosen. Of several values of one filter any will do (`vendor=Acme&vendor=Zen`); all filters
/// must hold. Prices, options, stock and sale are about variants: one variant must pass all of them.
#[utoipa::path(get, path = "/v1/search", operation_id = "search", tag = tag::CATALOGUE,
    params(
        ("q" = Option<String>, Query, description = "The words; all products when left out.", max_length = 200, example = "linen shirt"),
        ("category" = Option<String>, Query, description = "In this category (id or slug) or one below it."),
        ("collection" = Option<String>, Query, description = "In this collection (id or slug); one that is chosen by hand is in its order, without words."),
        ("vendor" = Option<Vec<String>>, Query, description = "Made by one of these.", explode = true),
        ("tag" = Option<Vec<String>>, Query, description = "With one of these tags.", explode = true),
        ("option" = Option<std::collections::BTreeMap<String, String>>, Query, style = DeepObject, explode = true,
            description = "With this value of an option: `option[Size]=M`. Can be repeated."),
        ("attribute" = Option<std::collections::BTreeMap<String, String>>, Query, style = DeepObject, explode = true,
            description = "With this value of an attribute: `attribute[material]=linen`. Can be repeated."),
        ("price_min" = Option<i64>, Query, description = "Costing at least this, in minor units of the shop's currency."),
        ("price_max" = Option<i64>, Query, description = "Costing at most this."),
        ("in_stock" = Option<bool>, Query, description = "That can be bought (`true`), or cannot (`false`)."),
        ("on_sale" = Option<bool>, Query, description = "Costing less than before (`true`), or not (`false`)."),
        ("rating_min" = Option<u8>, Query, description = "Rated at least so many stars.", minimum = 1, maximum = 5),
        ("sort" = Option<String>, Query, description = "`relevance` (the default), `newest`, `price`, `-price`, `title` or `rating`."),
        ("limit" = Option<u32>, Query, description = "At most this many items.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
        ("currency" = Option<String>, Query, description = "The currency of the prices that are shown: one of the shop's."),
        ("language" = Option<String>, Query, description = "The language of the words and texts: one of the shop's. `Accept-Language` counts when it is left out."),
    ),
    responses(
        (status = 200, description = "What was found.", body = SearchDto),
        (status = 304, description = "The caller has this page already (If-None-Match)."),
    ))]
async fn search(State(app): State<App>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    let params = Params::read(uri.query().unwrap_or_default())?;
    app.cached_search(&uri, &request, async |catalogue| {
        let audience = app.shoppers(params.currency.as_deref(), params.language.as_deref(), &request)?;
        let categories = app.engine().categories().await?;
        let category = params.category.as_deref().map(|wanted| find_category(wanted, &categories)).transpose()?;
        let mut query = params.query(&app, category, &categories, &audience);
        if let Some(wanted) = &params.collection {
            query.within = Some(within(&app, wanted, &categories).await?);
        }
        let results = catalogue.search(query).await?;
        page(&app, &params, results, category, &categories, &audience).await
    })
    .await
}

/// Reads the query of a search as `GET /v1/search` does, and no more.
///
/// # Errors
/// 400 that names the parameter.
pub fn check_search(query: &str) -> Result<(), Problem> {
    Params::read(query).map(drop)
}

/// The products for sale of a collection, at most `limit` of them, and how many there are; `None` while there is no index yet.
///
/// # Errors
/// The engine failed.
pub(super) async fn inside(
    app: &App,
    collection: &Collection,
    limit: usize,
) -> Result<Option<(Vec<Product>, usize)>, Problem> {
    let within = members(collection.members.clone(), &app.engine().categories().await?);
    let filters = Filters { is_active: true, ..Filters::default() };
    let query = Query { within: Some(within), filters, ..of_staff(app, "", limit) };
    let Some(results) = app.searched(query).await? else { return Ok(None) };
    Ok(Some((in_order(app, &results.ids).await?, results.total)))
}

/// Products by words, for sale or not, the best match first, at most `limit` of them. Without an index yet, they are looked for in
/// the database, where only whole words of titles, vendors, tags and SKUs are found.
///
/// # Errors
/// The engine failed.
pub(super) async fn find_products(app: &App, wanted: &str, limit: usize) -> Result<Vec<Product>, Problem> {
    match app.searched(of_staff(app, wanted, limit)).await? {
        Some(results) => in_order(app, &results.ids).await,
        None => {
            let filter = ProductFilter { words: words(wanted), ..ProductFilter::default() };
            let page = PageRequest { limit: u32::try_from(limit).unwrap_or(u32::MAX), after: None };
            Ok(app.engine().products(&filter, &page).await?.items)
        }
    }
}

/// A question of the staff: among all products, in the shop's own language.
fn of_staff(app: &App, wanted: &str, limit: usize) -> Query {
    Query {
        text: wanted.chars().take(TEXT_MAX).collect(),
        within: None,
        language: app.settings().languages.first().cloned().unwrap_or_else(Language::english),
        filters: Filters::default(),
        order: Order::Relevance,
        offset: 0,
        limit,
    }
}

/// What is in a collection.
async fn within(app: &App, wanted: &str, categories: &[Category]) -> Result<Within, Problem> {
    let found = collections::find(app, wanted).await?;
    let found = found.ok_or_else(|| wrong("collection", "not_found", "there is no such collection"))?;
    Ok(members(found.members, categories))
}

fn members(members: Members, categories: &[Category]) -> Within {
    match members {
        Members::Products(products) => Within::Products(products),
        Members::Rule(rule) => {
            let rule = *rule;
            Within::Rule(Filters {
                is_active: true,
                categories: rule.categories.iter().flat_map(|id| subtree(categories, *id)).collect(),
                vendors: rule.vendors,
                tags: rule.tags,
                options: rule.options.into_iter().collect(),
                attributes: rule.attributes.into_iter().collect(),
                price_min: rule.price_min,
                price_max: rule.price_max,
                in_stock: rule.in_stock,
                on_sale: rule.on_sale,
                rating_min: rule.rating_min.map(|stars| stars * 10),
            })
        }
    }
}

async fn page(
    app: &App,
    params: &Params,
    results: Results,
    category: Option<CategoryId>,
    categories: &[Category],
    audience: &Audience,
) -> Result<SearchDto, Problem> {
    let mut products = in_order(app, &results.ids).await?;
    products.retain(|product| product.status == ProductStatus::Active);
    let found = |product: &Product| {
        let product = ProductDto::new(product, categories, audience);
        let highlights = HighlightsDto {
            title: results.highlighter.mark(&product.title),
            description: results.highlighter.snippet(&product.description),
        };
        FoundDto { product, highlights }
    };
    let end = params.offset + results.ids.len();
    let has_more = end < results.total && end < OFFSET_MAX && !results.ids.is_empty();
    Ok(SearchDto {
        items: products.iter().map(found).collect(),
        total: results.total,
        next_cursor: has_more.then(|| cursor(end)),
        corrected: results.corrected,
        facets: facets(
            results.facets,
            categories,
            category,
            &facet_keys(app).await?,
            app.currency(),
            language(audience),
        ),
    })
}

/// The attributes that shoppers can filter by.
async fn facet_keys(app: &App) -> Result<Vec<String>, Problem> {
    Ok(attributes::known(app)
        .await?
        .into_iter()
        .filter(|definition| definition.is_facet)
        .map(|definition| definition.key)
        .collect())
}

fn language(audience: &Audience) -> Option<&Language> {
    match audience {
        Audience::Shoppers { language, .. } => language.as_ref(),
        Audience::Staff => None,
    }
}

fn cursor(offset: usize) -> String {
    let key = CursorKey::Number(i64::try_from(offset).unwrap_or(i64::MAX));
    Cursor { sort: CURSOR.to_owned(), key, id: Uuid::nil() }.encode()
}

/// What is asked. Filters may be repeated, which serde's reading of queries does not know.
#[derive(Debug, Default)]
struct Params {
    text: String,
    category: Option<String>,
    collection: Option<String>,
    filters: Filters,
    order: Order,
    limit: usize,
    offset: usize,
    currency: Option<String>,
    language: Option<String>,
}

impl Params {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut params = Self { limit: 20, ..Self::default() };
        let mut seen: Vec<String> = Vec::new();
        let mut values = 0;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if params.add_choice(&name, &value) {
                values += 1;
            } else if seen.iter().any(|other| *other == name) {
                return Err(wrong(&name, "duplicate", "must be given once"));
            } else {
                params.set(&name, &value)?;
                seen.push(name.into_owned());
            }
        }
        if values > VALUES_MAX {
            let message = format!("all filters have at most {VALUES_MAX} values together");
            return Err(Problem::new(Code::InvalidQuery).detail(message));
        }
        Ok(params)
    }

    /// Adds a value to a filter that can have several, if `name` is one.
    fn add_choice(&mut self, name: &str, value: &str) -> bool {
        let inside = |prefix: &str| {
            let inner = name.strip_prefix(prefix)?.strip_prefix('[')?.strip_suffix(']')?;
            (!inner.is_empty()).then_some(inner)
        };
        if name == "vendor" {
            self.filters.vendors.push(value.to_owned());
        } else if name == "tag" {
            self.filters.tags.push(value.to_owned());
        } else if let Some(option) = inside("option") {
            add_named(&mut self.filters.options, option, value);
        } else if let Some(attribute) = inside("attribute") {
            add_named(&mut self.filters.attributes, attribute, value);
        } else {
            return false;
        }
        true
    }

    /// Sets what can be given once.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        match name {
            "q" if value.chars().count() > TEXT_MAX => {
                return Err(wrong(name, "too_long", format!("must be at most {TEXT_MAX} characters")));
            }
            "q" => self.text = value.to_owned(),
            "category" => self.category = Some(value.to_owned()),
            "collection" => self.collection = Some(value.to_owned()),
            "price_min" => self.filters.price_min = Some(number(name, value)?),
            "price_max" => self.filters.price_max = Some(number(name, value)?),
            "in_stock" => self.filters.in_stock = Some(truth(name, value)?),
            "on_sale" => self.filters.on_sale = Some(truth(name, value)?),
            "rating_min" => match value.parse() {
                Ok(stars @ 1..=5_u8) => self.filters.rating_min = Some(stars * 10),
                _ => return Err(wrong(name, "out_of_range", "must be 1 to 5")),
            },
            "sort" => self.order = order(value).ok_or_else(|| wrong(name, "invalid_value", ORDERS))?,
            "limit" => match value.parse() {
                Ok(limit) if (1..=LIMIT_MAX as usize).contains(&limit) => self.limit = limit,
                _ => return Err(wrong(name, "out_of_range", format!("must be 1 to {LIMIT_MAX}"))),
            },
            "cursor" => self.offset = offset(value).ok_or_else(|| wrong(name, "invalid_cursor", CURSORS))?,
            "currency" => self.currency = Some(value.to_owned()),
            "language" => self.language = Some(value.to_owned()),
            _ => return Err(wrong(name, "unknown_parameter", "there is no such parameter")),
        }
        Ok(())
    }

    fn query(&self, app: &App, category: Option<CategoryId>, categories: &[Category], audience: &Audience) -> Query {
        let own = app.settings().languages.first().cloned().unwrap_or_else(Language::english);
        Query {
            text: self.text.clone(),
            within: None,
            language: language(audience).cloned().unwrap_or(own),
            filters: Filters {
                is_active: true,
                categories: category.map(|id| subtree(categories, id)).unwrap_or_default(),
                ..self.filters.clone()
            },
            order: self.order,
            offset: self.offset,
            limit: self.limit,
        }
    }
}

const ORDERS: &str = "must be relevance, newest, price, -price, title or rating";
const CURSORS: &str = "must be the next_cursor of a page of this list";

fn order(name: &str) -> Option<Order> {
    Some(match name {
        "relevance" => Order::Relevance,
        "newest" => Order::Newest,
        "price" => Order::Price,
        "-price" => Order::PriceDescending,
        "title" => Order::Title,
        "rating" => Order::Rating,
        _ => return None,
    })
}

fn offset(cursor: &str) -> Option<usize> {
    match Cursor::decode(cursor, CURSOR)?.key {
        CursorKey::Number(offset) => usize::try_from(offset).ok().filter(|offset| *offset <= OFFSET_MAX),
        CursorKey::Text(_) => None,
    }
}

fn add_named(all: &mut Vec<(String, Vec<String>)>, name: &str, value: &str) {
    match all.iter_mut().find(|(other, _)| other == name) {
        Some((_, values)) => values.push(value.to_owned()),
        None => all.push((name.to_owned(), vec![value.to_owned()])),
    }
}

fn number(name: &str, value: &str) -> Result<i64, Problem> {
    value.parse().map_err(|_| wrong(name, "invalid_value", "must be a whole number of minor units"))
}

fn truth(name: &str, value: &str) -> Result<bool, Problem> {
    value.parse().map_err(|_| wrong(name, "invalid_value", "must be true or false"))
}

fn wrong(name: &str, code: &'static str, message: impl Into<String>) -> Problem {
    Problem::new(Code::InvalidQuery).parameter(name, code, message)
}
