//! `GET /v1/search`.

use axum::{extract::State, response::Response};
use http::{HeaderMap, Uri};
use model::{
    Category, CategoryId, Collection, Language, Product, ProductStatus, category::subtree, collection::Members,
};
use search::{Filters, Order, Query, Results, Within};
use sha2::{Digest, Sha256};
use store::{Cursor, CursorKey, LIMIT_MAX, PageRequest, ProductFilter};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type},
};
use utoipa_axum::router::OpenApiRouter;
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
    extract::list_name,
    openapi::tag,
    problem::Code,
    routes::endpoint::routes,
};

/// The longest text of a search, in characters.
const TEXT_MAX: usize = 200;
/// The most values of all filters together.
const VALUES_MAX: usize = 100;
/// The most stars that a product can have.
const STARS_MAX: u32 = 5;
/// How far one can page. Nobody reads so far; programs that want all products list them.
const OFFSET_MAX: usize = 10_000;
/// All parameters, for whoever asks for another one.
const PARAMETERS: &str = "q, category, collection, vendor, tag, option[NAME], attribute[KEY], price_min, price_max, in_stock, on_sale, \
    rating_min, sort, limit, cursor, currency, language";
/// The name of the order of this list, for cursors.
const CURSOR: &str = "search";

/// The orders by their names.
const ORDERS: [(&str, Order); 6] = [
    ("relevance", Order::Relevance),
    ("newest", Order::Newest),
    ("price", Order::Price),
    ("-price", Order::PriceDescending),
    ("title", Order::Title),
    ("rating", Order::Rating),
];

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is chosen of one option or attribute, as the document has it: a value, or several.
enum Choice {}

impl PartialSchema for Choice {
    fn schema() -> RefOr<Schema> {
        let value = || ObjectBuilder::new().schema_type(Type::String);
        OneOfBuilder::new().item(value()).item(ArrayBuilder::new().items(value())).into()
    }
}

impl ToSchema for Choice {}

/// The name of an order, as the document has it.
enum OrderName {}

impl PartialSchema for OrderName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ORDERS.map(|(name, _)| name))).into()
    }
}

impl ToSchema for OrderName {}

/// Search for products.
///
/// Among those that are for sale: by words (with their forms, beginnings, and small mistakes forgiven), ranked, with facets whose
/// counts are right whatever else is chosen. `vendor`, `tag`, `option[…]` and `attribute[…]` can be repeated, and of several values
/// of one of them any will do (`vendor=Acme&vendor=Zen`); all filters must hold. Prices, options, stock and sale are about variants:
/// one variant must pass all of them. `in_stock=false` and `on_sale=false` are about the whole product, as in `GET /v1/products`.
///
/// Each page is taken from the catalogue as it is at that moment: when products change between two pages, one can come twice or be
/// left out; the cursors of `GET /v1/products` go on behind the last product, so that this does not happen there. A cursor belongs to
/// its search: with other words, filters or another order it is refused.
#[utoipa::path(get, path = "/v1/search", operation_id = "search", tag = tag::CATALOGUE,
    params(
        ("q" = Option<String>, Query, description = "The words; all products when left out.", max_length = 200, example = "linen shirt"),
        ("category" = Option<String>, Query, description = "In this category (id or slug) or one below it."),
        ("collection" = Option<String>, Query, description = "In this collection (id or slug); one that is chosen by hand is in its order, without words."),
        ("vendor" = Option<Vec<String>>, Query, description = "Made by one of these.", explode = true),
        ("tag" = Option<Vec<String>>, Query, description = "With one of these tags.", explode = true),
        ("option" = inline(Option<BTreeMap<String, Choice>>), Query, style = DeepObject, explode = true,
            description = "With this value of an option: `option[Size]=M`. Each of several values is sent with the name and the brackets: `option[Size]=M&option[Size]=L`."),
        ("attribute" = inline(Option<BTreeMap<String, Choice>>), Query, style = DeepObject, explode = true,
            description = "With this value of an attribute: `attribute[material]=linen`. Each of several values is sent with the name and the brackets: `attribute[material]=linen&attribute[material]=wool`."),
        ("price_min" = Option<i64>, Query, description = "Costing at least this, in minor units of the shop's currency."),
        ("price_max" = Option<i64>, Query, description = "Costing at most this."),
        ("in_stock" = Option<bool>, Query, description = "With a variant that can be bought (`true`), or with none (`false`)."),
        ("on_sale" = Option<bool>, Query, description = "With a variant that costs less than before in the shop's currency (`true`), or with none (`false`)."),
        ("rating_min" = Option<u8>, Query, description = "Rated at least so many stars.", minimum = 1, maximum = 5),
        ("sort" = inline(Option<OrderName>), Query, description = "The order of the list; `relevance` when left out. `price` goes by the shop's currency, `title` by the titles in its own language."),
        ("limit" = Option<u32>, Query, description = "At most this many items.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
        ("currency" = Option<String>, Query, description = "The currency of the prices that are shown: one of the shop's. Filters, facets and orders go by the shop's own."),
        ("language" = Option<String>, Query, description = "The language of the words and texts: one of the shop's. `Accept-Language` counts when it is left out."),
    ),
    responses(
        (status = 200, description = "What was found.", body = SearchDto),
        (status = 304, description = "The caller has this page already (If-None-Match)."),
    ))]
async fn search(State(app): State<App>, uri: Uri, request: HeaderMap) -> Result<Response, Problem> {
    let params = Params::read(uri.query().unwrap_or_default())?;
    params.check_cursor()?;
    app.cached_search(&uri, &request, async |catalogue| {
        let audience = app.shoppers(params.currency.as_deref(), params.language.as_deref(), &request)?;
        let categories = app.engine().categories().await?;
        let category = match params.category.as_deref() {
            Some(wanted) => Some(find_category(&app, wanted, &categories).await?),
            None => None,
        };
        let keys = facet_keys(&app).await?;
        let mut query = Query { facets: keys, ..params.query(&app, category, &categories, &audience) };
        if let Some(wanted) = &params.collection {
            query.within = Some(within(&app, wanted, &categories).await?);
        }
        let results = catalogue.search(query).await?;
        page(&app, &params, results, category, &categories, &audience).await
    })
    .await
}

/// Reads the query of a search, and no more.
///
/// # Errors
/// 400 that names the parameter.
pub(super) fn check(query: &str) -> Result<(), Problem> {
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
        facets: Vec::new(),
        order: Order::Relevance,
        offset: 0,
        limit,
    }
}

/// What is in a collection.
async fn within(app: &App, wanted: &str, categories: &[Category]) -> Result<Within, Problem> {
    let found = match collections::find(app, wanted).await? {
        None => collections::renamed(app, wanted).await?,
        found => found,
    };
    let found = found.ok_or_else(|| wrong("collection", "no_such_collection", "there is no such collection"))?;
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
        next_cursor: has_more.then(|| cursor(end, params.asked)),
        corrected: results.corrected,
        facets: facets(results.facets, categories, category, app.currency(), language(audience)),
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

/// A search goes on by its offset, not behind an item: in the place of the item's id stands which search it is.
fn cursor(offset: usize, asked: Uuid) -> String {
    let key = CursorKey::Number(i64::try_from(offset).unwrap_or(i64::MAX));
    Cursor { sort: CURSOR.to_owned(), key, id: asked }.encode()
}

/// What tells one search from another: all that is asked, in any order.
fn fingerprint(mut pairs: Vec<(String, String)>) -> Uuid {
    pairs.sort_unstable();
    let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let digest = Sha256::digest(written.as_bytes());
    digest.first_chunk().copied().map_or(Uuid::nil(), Uuid::from_bytes)
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
    /// The search that the cursor is of; `None` on the first page.
    cursor_of: Option<Uuid>,
    /// Which search this is: the same on each of its pages.
    asked: Uuid,
    currency: Option<String>,
    language: Option<String>,
}

impl Params {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut params = Self { limit: 20, ..Self::default() };
        let mut seen: Vec<String> = Vec::new();
        let mut asked = Vec::new();
        let mut values = 0;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if params.add_choice(&name, &value) {
                values += 1;
            } else if seen.iter().any(|other| *other == name) {
                return Err(wrong(&name, "duplicate", "must be given once"));
            } else {
                params.set(&name, &value)?;
                seen.push(name.clone().into_owned());
            }
            if !matches!(&*name, "cursor" | "limit") {
                asked.push((name.into_owned(), value.into_owned()));
            }
        }
        if values > VALUES_MAX {
            let message = format!("all filters have at most {VALUES_MAX} values together");
            return Err(Problem::new(Code::InvalidQuery).detail(message));
        }
        params.asked = fingerprint(asked);
        Ok(params)
    }

    /// Refuses the cursor of another search: its offset means nothing in this one.
    fn check_cursor(&self) -> Result<(), Problem> {
        match self.cursor_of {
            Some(other) if other != self.asked => Err(wrong("cursor", "invalid_cursor", CURSORS)),
            _ => Ok(()),
        }
    }

    /// Adds a value to a filter that can have several, if `name` is one.
    fn add_choice(&mut self, name: &str, value: &str) -> bool {
        let inside = |prefix: &str| {
            let named = name.strip_prefix(prefix)?.strip_prefix('[')?;
            let inner = list_name(named).strip_suffix(']')?;
            (!inner.is_empty() && !inner.contains(['[', ']'])).then_some(inner)
        };
        if list_name(name) == "vendor" {
            self.filters.vendors.push(value.to_owned());
        } else if list_name(name) == "tag" {
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
            "rating_min" => self.filters.rating_min = u8::try_from(counted(name, value, STARS_MAX)? * 10).ok(),
            "sort" => self.order = order(name, value)?,
            "limit" => self.limit = counted(name, value, LIMIT_MAX)? as usize,
            "cursor" => {
                let (offset, of) = read_cursor(value).ok_or_else(|| wrong(name, "invalid_cursor", CURSORS))?;
                (self.offset, self.cursor_of) = (offset, Some(of));
            }
            "currency" => self.currency = Some(value.to_owned()),
            "language" => self.language = Some(value.to_owned()),
            _ => {
                let message = format!("there is no such parameter; there are {PARAMETERS}");
                return Err(wrong(name, "unknown_parameter", message));
            }
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
            facets: Vec::new(),
            order: self.order,
            offset: self.offset,
            limit: self.limit,
        }
    }
}

const CURSORS: &str = "must be the next_cursor of a page of the same search";

fn order(name: &str, value: &str) -> Result<Order, Problem> {
    let found = ORDERS.iter().find(|(order, _)| *order == value);
    found.map(|(_, order)| *order).ok_or_else(|| {
        let known: Vec<_> = ORDERS.iter().map(|(order, _)| *order).collect();
        wrong(name, "unknown_value", format!("must be one of {}", known.join(", ")))
    })
}

/// The offset of a cursor, and the search that it is of.
fn read_cursor(text: &str) -> Option<(usize, Uuid)> {
    let cursor = Cursor::decode(text, CURSOR)?;
    match cursor.key {
        CursorKey::Number(offset) => {
            let offset = usize::try_from(offset).ok().filter(|offset| *offset <= OFFSET_MAX)?;
            Some((offset, cursor.id))
        }
        CursorKey::Text(_) => None,
    }
}

fn add_named(all: &mut Vec<(String, Vec<String>)>, name: &str, value: &str) {
    match all.iter_mut().find(|(other, _)| other == name) {
        Some((_, values)) => values.push(value.to_owned()),
        None => all.push((name.to_owned(), vec![value.to_owned()])),
    }
}

/// A whole number from 1 to `max`.
fn counted(name: &str, value: &str, max: u32) -> Result<u32, Problem> {
    match value.parse::<u32>() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        Ok(_) => Err(wrong(name, "out_of_range", format!("must be 1 to {max}"))),
        Err(_) => Err(wrong(name, "invalid_value", format!("must be a whole number, 1 to {max}"))),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::testing::body_of;

    fn read(query: &str) -> Params {
        Params::read(query).expect(query)
    }

    #[test]
    fn a_cursor_belongs_to_its_search() {
        let first = read("q=linen&sort=price&vendor=Acme&option[Size]=M&limit=2");
        assert!(first.check_cursor().is_ok());
        let next = cursor(2, first.asked);
        for same in [
            "q=linen&sort=price&vendor=Acme&option[Size]=M",
            "option%5BSize%5D=M&limit=50&vendor=Acme&sort=price&q=linen",
        ] {
            let second = read(&format!("{same}&cursor={next}"));
            assert_eq!(second.offset, 2, "{same}");
            assert!(second.check_cursor().is_ok(), "{same}");
        }
        for other in [
            "",
            "q=linen&sort=title&vendor=Acme&option[Size]=M",
            "q=wool&sort=price&vendor=Acme&option[Size]=M",
            "q=linen&sort=price&vendor=Acme",
            "q=linen&sort=price&vendor=Acme&option[Size]=M&in_stock=true",
            "q=linen&sort=price&vendor=Acme&option[Size]=M&language=de",
        ] {
            let refusal = read(&format!("{other}&cursor={next}")).check_cursor().expect_err(other);
            let error = body_of(&refusal)["errors"][0].clone();
            assert_eq!(error["parameter"], "cursor", "{other}: {error}");
            assert_eq!(error["code"], "invalid_cursor", "{other}: {error}");
        }
        assert!(Params::read(&format!("cursor={}", cursor(OFFSET_MAX + 1, first.asked))).is_err());
        assert!(Params::read("cursor=x").is_err());
    }

    #[test]
    fn lists_are_read_as_programs_write_them() {
        let filters = read("vendor[]=Acme&tag[0]=gift&option[Size][]=M&option[Size][1]=L&option[7]=x").filters;
        assert_eq!((filters.vendors, filters.tags), (vec!["Acme".to_owned()], vec!["gift".to_owned()]));
        let options: Vec<_> = filters.options.iter().map(|(name, values)| (name.as_str(), values.len())).collect();
        assert_eq!(options, [("Size", 2), ("7", 1)]);
        for unknown in ["limit[]=1", "option=M", "option[]=M", "vendor[a]=x", "page=1"] {
            let error = body_of(&Params::read(unknown).expect_err(unknown))["errors"][0].clone();
            assert_eq!(error["code"], "unknown_parameter", "{unknown}");
            assert!(error["message"].to_string().contains("option[NAME]"), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_number_or_an_order_is_said() {
        let (limit, stars) = ("must be a whole number, 1 to 100", "must be a whole number, 1 to 5");
        for (query, name, code, message) in [
            ("limit=1.5", "limit", "invalid_value", limit),
            ("limit=abc", "limit", "invalid_value", limit),
            ("limit=", "limit", "invalid_value", limit),
            ("limit=0", "limit", "out_of_range", "must be 1 to 100"),
            ("limit=101", "limit", "out_of_range", "must be 1 to 100"),
            ("rating_min=4.5", "rating_min", "invalid_value", stars),
            ("rating_min=6", "rating_min", "out_of_range", "must be 1 to 5"),
            ("sort=age", "sort", "unknown_value", "must be one of relevance, newest, price, -price, title, rating"),
        ] {
            let error = body_of(&Params::read(query).expect_err(query))["errors"][0].clone();
            assert_eq!([&error["parameter"], &error["code"], &error["message"]], [name, code, message], "{query}");
        }
        let most = read("limit=100&rating_min=5&sort=-price");
        assert_eq!((most.limit, most.filters.rating_min, most.order), (100, Some(50), Order::PriceDescending));
    }
}
