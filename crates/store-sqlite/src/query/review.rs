//! The reviews.

use model::Review;
use rusqlite::{Connection, params_from_iter, types::Value};
use store::{Cursor, Page, PageRequest, ReviewFilter, ReviewSort};

use super::{id, limit, overfull, place, text};
use crate::{
    load::review::{COLUMNS, review},
    sql::{Select, Sql, all},
};

/// The ids ascend with time.
pub(crate) fn list(conn: &Connection, filter: &ReviewFilter, page: &PageRequest) -> Sql<Page<Review>> {
    let (sql, values) = listed(filter, page);
    let found = all(conn, "reviews", &sql, params_from_iter(values), review)?;
    Ok(Page::from_overfull(found, limit(page), |last| Cursor {
        sort: filter.sort.as_str().to_owned(),
        key: filter.sort.key(last),
        id: last.id.0,
    }))
}

fn listed(filter: &ReviewFilter, page: &PageRequest) -> (String, Vec<Value>) {
    let mut select = Select::new(&format!("SELECT {COLUMNS} FROM reviews"));
    only(&mut select, filter);
    if let Some(after) = &page.after {
        let [stars, id] = place(after);
        match filter.sort {
            ReviewSort::Newest => select.only("id < ?", [id]),
            ReviewSort::Oldest => select.only("id > ?", [id]),
            ReviewSort::Highest => select.only("(stars, id) < (?, ?)", [stars, id]),
            // The first of it says where in the index to begin.
            ReviewSort::Lowest => select.only("stars >= ? AND (stars > ? OR id < ?)", [stars.clone(), stars, id]),
        }
    }
    let order = match filter.sort {
        ReviewSort::Newest => " ORDER BY id DESC LIMIT ?",
        ReviewSort::Oldest => " ORDER BY id LIMIT ?",
        ReviewSort::Highest => " ORDER BY stars DESC, id DESC LIMIT ?",
        ReviewSort::Lowest => " ORDER BY stars, id DESC LIMIT ?",
    };
    select.end(order, [overfull(page)])
}

/// How many of them have how many stars.
pub(crate) fn stars(conn: &Connection, filter: &ReviewFilter) -> Sql<Vec<(i64, i64)>> {
    let (sql, values) = counted(filter);
    all(conn, "reviews", &sql, params_from_iter(values), |columns| Ok((columns.int()?, columns.int()?)))
}

fn counted(filter: &ReviewFilter) -> (String, Vec<Value>) {
    let mut select = Select::new("SELECT stars, count(*) FROM reviews");
    only(&mut select, filter);
    select.end(" GROUP BY stars ORDER BY stars", [])
}

fn only(select: &mut Select, filter: &ReviewFilter) {
    if let Some(product_id) = filter.product_id {
        select.only("product_id = ?", [id(product_id)]);
    }
    if let Some(account_id) = filter.account_id {
        select.only("account_id = ?", [id(account_id)]);
    }
    if let Some(status) = filter.status {
        select.only("status = ?", [text(status.as_str())]);
    }
    if let Some(stars) = filter.stars {
        select.only("stars = ?", [Value::Integer(stars)]);
    }
    if filter.is_reported {
        select.only("reports > 0", []);
    }
}

#[cfg(test)]
mod tests {
    use model::ReviewStatus;
    use store::CursorKey;
    use uuid::Uuid;

    use super::*;
    use crate::migrate::MIGRATIONS;

    /// How SQLite reads it.
    fn plan(conn: &Connection, sql: &str, values: Vec<Value>) -> String {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let steps = statement.query_map(params_from_iter(values), |row| row.get::<_, String>("detail"));
        steps.expect("a plan").map(|step| step.expect("a step")).collect::<Vec<_>>().join("; ")
    }

    /// A product may have very many of them.
    #[test]
    fn those_of_a_product_are_read_from_an_index_in_each_order() {
        let conn = Connection::open_in_memory().expect("opens");
        for step in MIGRATIONS {
            conn.execute_batch(step.sql).expect("migrated");
        }
        let id = Uuid::from_u128(1);
        let of_product = ReviewFilter {
            product_id: Some(id.into()),
            status: Some(ReviewStatus::Approved),
            ..ReviewFilter::default()
        };
        for (sort, from) in [
            (ReviewSort::Newest, "reviews_by_product (product_id=? AND status=? AND id<?)"),
            (ReviewSort::Oldest, "reviews_by_product (product_id=? AND status=? AND id>?)"),
            (ReviewSort::Highest, "reviews_by_stars (product_id=? AND status=? AND (stars,id)<(?,?))"),
            (ReviewSort::Lowest, "reviews_by_stars (product_id=? AND status=? AND stars>?)"),
        ] {
            let after = Cursor { sort: sort.as_str().to_owned(), key: CursorKey::Number(3), id };
            let (sql, values) =
                listed(&ReviewFilter { sort, ..of_product }, &PageRequest { limit: 20, after: Some(after) });
            let read = plan(&conn, &sql, values);
            assert!(read.starts_with(&format!("SEARCH reviews USING INDEX {from}")), "{sort:?}: {read}");
            // Of those with the fewest stars, the ones with as many are put in their order when their turn comes.
            let is_sorted = read.contains("TEMP B-TREE FOR ORDER BY");
            assert!(!is_sorted && (sort == ReviewSort::Lowest || !read.contains("TEMP")), "{sort:?}: {read}");
        }
        let (sql, values) = counted(&of_product);
        let of_index = "SEARCH reviews USING COVERING INDEX reviews_by_stars (product_id=? AND status=?)";
        assert_eq!(plan(&conn, &sql, values), of_index);
    }
}
