//! What a search gives.

use model::{Category, CategoryId, Currency, Language};
use search::{Counted, FacetCounts};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CategoryRefDto, MoneyDto, ProductDto};

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchResults)]
pub struct SearchDto {
    /// The products of this page.
    pub items: Vec<FoundDto>,
    /// How many there are in all.
    pub total: usize,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The words as they were understood, where a mistake was forgiven: "Did you mean".
    #[schema(required, example = "linen shirt")]
    pub corrected: Option<String>,
    /// How many there would be with another choice of each filter.
    pub facets: FacetsDto,
}

/// A product that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundProduct)]
pub struct FoundDto {
    /// The product.
    #[serde(flatten)]
    pub product: ProductDto,
    /// Where the words are in it.
    pub highlights: HighlightsDto,
}

/// Texts with `<mark>` around what was found, escaped for HTML otherwise: they can be put into a page as they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Highlights)]
pub struct HighlightsDto {
    /// The title, if something was found in it.
    #[schema(required, example = "<mark>Linen</mark> shirt")]
    pub title: Option<String>,
    /// The part of the description around the first thing that was found in it.
    #[schema(required)]
    pub description: Option<String>,
}

/// For each filter, what could be chosen, and how many products there would be. The other filters hold; what is chosen of this one
/// does not count. At most a hundred values of each, those that most products have first, and those that are chosen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facets)]
pub struct FacetsDto {
    /// Categories with something in them or below them.
    pub categories: Vec<CategoryFacetDto>,
    /// Who makes it.
    pub vendors: Vec<CountedDto>,
    /// Tags.
    pub tags: Vec<CountedDto>,
    /// The values of each option.
    pub options: Vec<GroupDto>,
    /// The values of each attribute that shoppers can filter by.
    pub attributes: Vec<GroupDto>,
    /// Bands of prices in the shop's currency, ascending.
    pub prices: Vec<PriceBandDto>,
    /// How many can be bought.
    pub in_stock: usize,
    /// How many cost less than before.
    pub on_sale: usize,
    /// How many are rated at least so well, from four stars down.
    pub ratings: Vec<RatingFacetDto>,
}

/// A category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryFacet)]
pub struct CategoryFacetDto {
    /// The category.
    #[serde(flatten)]
    pub category: CategoryRefDto,
    /// The one above it.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub parent_id: Option<CategoryId>,
    /// How many, those below it included.
    pub count: usize,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountedValue)]
pub struct CountedDto {
    /// The value.
    #[schema(example = "M")]
    pub value: String,
    /// How many.
    pub count: usize,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl From<Counted> for CountedDto {
    fn from(Counted { value, count, is_chosen }: Counted) -> Self {
        Self { value, count, chosen: is_chosen }
    }
}

/// The values of an option or attribute.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FacetGroup)]
pub struct GroupDto {
    /// The name of the option, or the key of the attribute.
    #[schema(example = "Size")]
    pub name: String,
    /// The most frequent first.
    pub values: Vec<CountedDto>,
}

/// A band of prices.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceBand)]
pub struct PriceBandDto {
    /// At least this: `price_min`.
    pub from: MoneyDto,
    /// At most this: `price_max`.
    pub to: MoneyDto,
    /// How many.
    pub count: usize,
}

/// Products rated so well.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RatingFacet)]
pub struct RatingFacetDto {
    /// At least so many stars: `rating_min`.
    #[schema(example = 4)]
    pub stars: u8,
    /// How many.
    pub count: usize,
}

/// The facets as they are shown: `categories` is the whole tree, `chosen` the one that is filtered by.
pub(crate) fn facets(
    counts: FacetCounts,
    categories: &[Category],
    chosen: Option<CategoryId>,
    currency: Currency,
    language: Option<&Language>,
) -> FacetsDto {
    let money = |amount| MoneyDto { amount, currency };
    let group = |(name, values): (String, Vec<Counted>)| GroupDto {
        name,
        values: values.into_iter().map(CountedDto::from).collect(),
    };
    let categories = categories.iter().filter_map(|category| {
        let below = model::category::subtree(categories, category.id);
        let count: usize = below.iter().filter_map(|id| counts.categories.get(id)).sum();
        let chosen = chosen == Some(category.id);
        (count > 0 || chosen).then(|| CategoryFacetDto {
            category: CategoryRefDto::new(category, language),
            parent_id: category.parent_id,
            count,
            chosen,
        })
    });
    let stars = [1, 2, 3, 4].into_iter().zip(counts.ratings).rev();
    let stars = stars.map(|(stars, count)| RatingFacetDto { stars, count });
    FacetsDto {
        categories: categories.collect(),
        vendors: counts.vendors.into_iter().map(CountedDto::from).collect(),
        tags: counts.tags.into_iter().map(CountedDto::from).collect(),
        options: counts.options.into_iter().map(group).collect(),
        attributes: counts.attributes.into_iter().map(group).collect(),
        prices: counts
            .prices
            .into_iter()
            .map(|band| PriceBandDto { from: money(band.from), to: money(band.to), count: band.count })
            .collect(),
        in_stock: counts.in_stock,
        on_sale: counts.on_sale,
        ratings: stars.collect(),
    }
}
