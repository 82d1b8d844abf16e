//! Opens what a loss of power left, and says what is wrong with it. Nearly always with plain SQL: whoever wrote the engine must not
//! be the one who judges it.

use std::{collections::HashMap, path::Path, sync::Arc};

use model::{OrderId, VariantId};
use rusqlite::{Connection, OptionalExtension};
use store_conformance::{
    Database,
    support::{Shop, line, place},
};
use store_sqlite::{Options, SqliteEngine};

use super::work::Promise;

/// What does not hold in the database at `path`, of which this was promised.
pub(super) fn judge(path: &Path, promises: &[Promise], stock: i64, is_opened: bool) -> Vec<String> {
    let mut wrong = match look(path, promises, stock) {
        Ok(wrong) => wrong,
        Err(error) => vec![format!("SQLite cannot read it: {error}")],
    };
    // Before there is a shop, the engine has to make one of whatever is there.
    if is_opened || promises.is_empty() {
        wrong.extend(open(path, !promises.is_empty()).err());
    }
    wrong
}

#[derive(Debug, PartialEq, Eq)]
struct Found {
    status: String,
    /// What it costs, and what is in its only line.
    total: i64,
    variant: VariantId,
    pieces: i64,
    /// Mails that say that it was placed, and that it was cancelled.
    mails: (i64, i64),
    /// The replies that are kept for a key, and the key of one.
    replies: (i64, Option<String>),
}

fn look(path: &Path, promises: &[Promise], stock: i64) -> rusqlite::Result<Vec<String>> {
    let mut wrong = Vec::new();
    // Opening recovers: the log is read, and what was not committed is left out.
    let conn = Connection::open(path)?;
    let integrity: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if integrity != "ok" {
        wrong.push(format!("integrity: {integrity}"));
    }
    let dangling = conn.query_row("PRAGMA foreign_key_check", [], |row| row.get::<_, String>(0)).optional()?;
    wrong.extend(dangling.map(|table| format!("a row of {table} refers to nothing")));
    let is_shop = conn.query_row("SELECT 1 FROM sqlite_schema WHERE name = 'orders'", [], |_| Ok(())).optional()?;
    if is_shop.is_none() {
        if !promises.is_empty() {
            wrong.push(format!("{} promises, and there is no shop", promises.len()));
        }
        return Ok(wrong);
    }

    let orders = match read(&conn)? {
        Ok(orders) => orders,
        Err(twice) => {
            wrong.push(format!("the order {twice}, or its line, is there twice"));
            return Ok(wrong);
        }
    };
    for (id, found) in &orders {
        let cancelled = i64::from(found.status == "cancelled");
        if found.mails != (1, cancelled) {
            wrong.push(format!("the order {id} has not its mails: {found:?}"));
        }
        if found.replies.0 != 1 {
            wrong.push(format!("the order {id} is not the reply to one key: {found:?}"));
        }
    }
    for promise in promises {
        match promise {
            Promise::Placed { id, variant, pieces, total, key } => match orders.get(id) {
                None => wrong.push(format!("the acknowledged order {id} is gone")),
                Some(found)
                    if (found.variant, found.pieces, found.total) != (*variant, *pieces, *total)
                        || found.replies.1 != Some(key.to_string()) =>
                {
                    wrong.push(format!("{promise:?} became {found:?}"));
                }
                Some(_) => {}
            },
            Promise::Cancelled { id } => {
                if orders.get(id).is_some_and(|found| found.status != "cancelled") {
                    wrong.push(format!("the order {id} was cancelled, and is not any more"));
                }
            }
        }
    }
    let mut statement = conn.prepare_cached("SELECT variant_id, stock FROM stock_levels")?;
    let mut levels = statement.query([])?;
    while let Some(level) = levels.next()? {
        let (variant, left): (VariantId, i64) = (VariantId::from(uuid(level.get(0)?)), level.get(1)?);
        let stays = orders.values().filter(|found| found.variant == variant && found.status != "cancelled");
        let sold: i64 = stays.map(|found| found.pieces).sum();
        if stock - sold != left || left < 0 {
            wrong.push(format!("of {stock} pieces of {variant} {sold} are sold and {left} left"));
        }
    }
    Ok(wrong)
}

const fn uuid(bytes: [u8; 16]) -> uuid::Uuid {
    uuid::Uuid::from_bytes(bytes)
}

/// The orders with what belongs to them; the id of one that is there twice, or has a second line.
fn read(conn: &Connection) -> rusqlite::Result<Result<HashMap<OrderId, Found>, OrderId>> {
    // A reply is the id of its order, as text.
    conn.execute_batch(
        "CREATE TEMP TABLE replies AS SELECT replace(CAST(body AS TEXT), '-', '') AS body, key FROM idempotency_keys; \
         CREATE INDEX temp.replies_by_body ON replies (body);",
    )?;
    let mut statement = conn.prepare_cached(
        "SELECT o.id, o.status, o.total, l.variant_id, l.quantity, \
         (SELECT count(*) FROM mails WHERE order_id = o.id AND template = 'order_placed'), \
         (SELECT count(*) FROM mails WHERE order_id = o.id AND template = 'order_cancelled'), \
         (SELECT count(*) FROM replies WHERE body = lower(hex(o.id))), \
         (SELECT max(key) FROM replies WHERE body = lower(hex(o.id))) \
         FROM orders o LEFT JOIN order_lines l ON l.order_number = o.number",
    )?;
    let mut rows = statement.query([])?;
    let mut orders = HashMap::new();
    while let Some(row) = rows.next()? {
        let id = OrderId::from(uuid(row.get(0)?));
        let found = Found {
            status: row.get(1)?,
            total: row.get(2)?,
            variant: VariantId::from(uuid(row.get(3)?)),
            pieces: row.get(4)?,
            mails: (row.get(5)?, row.get(6)?),
            replies: (row.get(7)?, row.get(8)?),
        };
        if orders.insert(id, found).is_some() {
            return Ok(Err(id));
        }
    }
    Ok(Ok(orders))
}

/// The engine opens it, finds nothing wrong, and goes on.
fn open(path: &Path, is_filled: bool) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = Options { readers: 1, ..Options::default() };
        let engine =
            SqliteEngine::open(path, options).map_err(|error| format!("the engine cannot open it: {error}"))?;
        let engine = Arc::new(engine);
        let findings = store::Maintenance::check(&*engine).await.map_err(|error| error.to_string())?;
        if !findings.is_empty() {
            return Err(format!("the check found {findings:?}"));
        }
        if is_filled {
            let shop = Shop::new(Database::new(Arc::clone(&engine), ()));
            // Later than all that was: ids are made of the time.
            shop.pass(model::SignedDuration::from_hours(24));
            let buyer = shop.customer("late").await;
            let product = shop.product("Late mug", 1).await;
            let order = place(&shop, &buyer, &[line(&product, 1)]);
            shop.run(order).await.map_err(|error| format!("it takes no order any more: {error:?}"))?;
        }
        engine.close().await.map_err(|error| error.to_string())
    })
}
