//! The reviews.

use model::Review;
use store::{Cursor, Page, PageRequest, ReviewFilter, ReviewSort, StoreError};
use tokio_postgres::Row;

use super::{limit, number_place, overfull};
use crate::{
    flight::{Select, Statement},
    load::{
        read_all,
        review::{COLUMNS, list},
    },
    param::params,
};

/// The ids ascend with time.
pub(crate) fn select(filter: &ReviewFilter, page: &PageRequest) -> Statement {
    let mut select = Select::new(format!("SELECT {COLUMNS} FROM reviews"));
    only(&mut select, filter);
    if let Some(after) = &page.after {
        match filter.sort {
            ReviewSort::Newest => select.only("id < ?", params![after.id]),
            ReviewSort::Oldest => select.only("id > ?", params![after.id]),
            ReviewSort::Highest => select.only("(stars, id) < (?, ?)", number_place(after)),
            ReviewSort::Lowest => {
                let stars = number_place(after).into_iter().take(1);
                let values = stars.chain(number_place(after)).collect();
                // The first of it says where in the index to begin.
                select.only("stars >= ? AND (stars > ? OR id < ?)", values);
            }
        }
    }
    let order = match filter.sort {
        ReviewSort::Newest => " ORDER BY id DESC LIMIT ?",
        ReviewSort::Oldest => " ORDER BY id LIMIT ?",
        ReviewSort::Highest => " ORDER BY stars DESC, id DESC LIMIT ?",
        ReviewSort::Lowest => " ORDER BY stars, id DESC LIMIT ?",
    };
    select.add(order, overfull(page));
    select.finish()
}

/// How many of them have how many stars.
pub(crate) fn stars(filter: &ReviewFilter) -> Statement {
    let mut select = Select::new("SELECT stars, count(*) FROM reviews");
    only(&mut select, filter);
    select.add(" GROUP BY stars ORDER BY stars", params![]);
    select.finish()
}

/// Reads what [`stars`] asks.
pub(crate) fn read_stars(rows: &[Row]) -> Result<Vec<(i64, i64)>, StoreError> {
    read_all(rows, "reviews", |columns| Ok((columns.int()?, columns.int()?)))
}

fn only(select: &mut Select, filter: &ReviewFilter) {
    if let Some(product_id) = filter.product_id {
        select.only("product_id = ?", params![product_id.0]);
    }
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", params![account_id.0]);
    }
    if let Some(status) = filter.status {
        // Spelt out, so that the few that wait are read from their index, and not looked for among all.
        select.only(&format!("status = '{}'", status.as_str()), params![]);
    }
    if let Some(stars) = filter.stars {
        select.only("stars = ?", params![stars]);
    }
    if filter.is_reported {
        select.only("reports > 0", params![]);
    }
}

/// Reads what [`select`] asks.
pub(crate) fn read(rows: &[Row], sort: ReviewSort, page: &PageRequest) -> Result<Page<Review>, StoreError> {
    Ok(Page::from_overfull(list(rows)?, limit(page), |last| Cursor {
        sort: sort.as_str().to_owned(),
        key: sort.key(last),
        id: last.id.0,
    }))
}
