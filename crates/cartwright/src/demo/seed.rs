//! Putting the sample catalogue into a shop.

use std::{collections::HashMap, fs, io, path::Path};

use commerce::{
    Error,
    catalogue::{CategoryDraft, CreateCategory, CreateProduct},
};
use model::{CategoryId, Stamp, Timestamp, category::CategoryDetails};
use store::{Engine, execute};
use thiserror::Error as ThisError;

use super::{
    catalogue::{CATEGORIES, DemoProduct, catalogue},
    picture,
};

/// Why the sample catalogue was not put in.
#[derive(Debug, ThisError)]
pub(crate) enum SeedError {
    /// The shop refused something of it, or its database failed.
    #[error("the sample catalogue cannot be stored: {0}")]
    Shop(#[from] Error),
    /// A picture cannot be written.
    #[error("the sample pictures cannot be written to {folder}: {error}")]
    Picture {
        /// Where to.
        folder: String,
        /// Why not.
        error: io::Error,
    },
}

/// What was put in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seeded {
    /// Categories that were not there.
    pub(crate) categories: usize,
    /// Products that were not there.
    pub(crate) products: usize,
}

/// Puts the sample catalogue into the shop and its pictures into `folder` (which is made). What is there already, by
/// its slug, stays as it is, so it can be called at each start.
///
/// `random` gives 128 random bits for the ids of one operation.
///
/// # Errors
/// Why it could not; what was put in before stays.
pub(crate) async fn seed(
    engine: &dyn Engine,
    folder: &Path,
    now: Timestamp,
    random: &(dyn Fn() -> u128 + Send + Sync),
) -> Result<Seeded, SeedError> {
    write_pictures(folder).map_err(|error| SeedError::Picture { folder: folder.display().to_string(), error })?;
    let mut seeded = Seeded::default();
    let known = engine.categories().await.map_err(Error::from)?;
    let mut ids: HashMap<String, CategoryId> = known.into_iter().map(|category| (category.slug, category.id)).collect();
    for (position, category) in (0..).zip(&CATEGORIES) {
        if ids.contains_key(category.slug) {
            continue;
        }
        let draft = CategoryDraft {
            name: category.name.to_owned(),
            slug: Some(category.slug.to_owned()),
            parent_id: category.parent.and_then(|parent| ids.get(parent).copied()),
            position: Some(position),
            details: CategoryDetails::default(),
        };
        let made = execute(engine, CreateCategory { draft, stamp: Stamp::new(now, random()) }).await?;
        ids.insert(made.slug, made.id);
        seeded.categories += 1;
    }
    for (age, product) in (1..).zip(catalogue()) {
        if engine.product_by_slug(product.slug).await.map_err(Error::from)?.is_none() {
            put(engine, &product, ids.get(product.category).copied(), made_at(now, age), random()).await?;
            seeded.products += 1;
        }
    }
    Ok(seeded)
}

async fn put(
    engine: &dyn Engine,
    product: &DemoProduct,
    category_id: Option<CategoryId>,
    at: Timestamp,
    random: u128,
) -> Result<(), Error> {
    let draft = product.draft(category_id);
    execute(engine, CreateProduct { draft, actor_id: None, stamp: Stamp::new(at, random) }).await.map(|_| ())
}

/// A time some minutes ago: lists are sorted by the newest, and the first product shall come first.
fn made_at(now: Timestamp, minutes_ago: i64) -> Timestamp {
    Timestamp::from_microsecond(now.as_microsecond() - minutes_ago * 60_000_000).unwrap_or(now)
}

fn write_pictures(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for product in catalogue() {
        if let Some(svg) = picture(product.slug) {
            fs::write(folder.join(product.slug).with_extension("svg"), svg)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use store::{PageRequest, ProductFilter, Queries};
    use store_sqlite::{Options, SqliteEngine};

    use super::*;

    #[tokio::test]
    async fn the_sample_shop_is_put_in_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = SqliteEngine::open(&folder.path().join("shop.db"), Options::default()).expect("a database");
        let (pictures, now) = (folder.path().join("pictures"), Timestamp::from_second(1_800_000_000).expect("a time"));
        let counter = AtomicU64::new(1);
        let random = || u128::from(counter.fetch_add(1, Ordering::Relaxed)) << 64;

        let first = seed(&engine, &pictures, now, &random).await.expect("seeded");
        assert_eq!(first, Seeded { categories: CATEGORIES.len(), products: 24 });
        let again = seed(&engine, &pictures, now, &random).await.expect("seeded");
        assert_eq!(again, Seeded::default(), "a second start adds nothing");

        let home = engine.categories().await.expect("categories").into_iter().find(|category| category.slug == "home");
        let in_home = ProductFilter { category: home.map(|category| category.id), ..ProductFilter::default() };
        let page = PageRequest { limit: 100, after: None };
        let all = engine.products(&ProductFilter::default(), &page).await.expect("products").items;
        assert_eq!((all.len(), all[0].slug.as_str()), (24, "ridge-notebook"), "the first product is the newest");
        assert_eq!(engine.products(&in_home, &page).await.expect("products").items.len(), 12);
        for product in all {
            let picture = product.images[0].url.strip_prefix("/pictures/").expect("a path on this server");
            assert!(pictures.join(picture).exists(), "{picture}");
        }
    }
}
