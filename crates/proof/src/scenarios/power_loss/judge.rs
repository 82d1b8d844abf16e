//! Opens what a loss of power left, and says what is wrong with it. Nearly always with plain SQL: whoever wrote the engine must not
//! be the one who judges it.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{OrderId, VariantId};
use rusqlite::{Connection, OptionalExtension};
use store_conformance::{
    Database,
    support::{Shop, line, place},
};
use store_sqlite::{Options, SqliteEngine};

use super::work::Promise;

/// What does not hold in what was left, of which this was promised. `copy` puts it together once more, in a folder of its own, and gives
/// the path of the database there: whoever opens it, changes it.
pub(super) fn judge(
    mut copy: impl FnMut() -> PathBuf,
    promises: &[Promise],
    stock: i64,
    is_opened: bool,
) -> Vec<String> {
    let alone = look(&copy(), promises, stock);
    let mut wrong = match &alone {
        Ok(seen) => seen.wrong.clone(),
        Err(error) => vec![format!("SQLite cannot read it: {error}")],
    };
    // The file that says that a copy of the log broke off is never synced: it may be there afterwards or not, whatever else is. Before
    // there is a shop, the engine has to make one of whatever is there.
    let marks: &[bool] = match (is_opened, promises.is_empty()) {
        (true, _) => &[false, true],
        (false, true) => &[false],
        (false, false) => &[],
    };
    for is_marked in marks {
        let path = copy();
        let mark = mark_of(&path);
        if *is_marked {
            fs::write(&mark, "").expect("room for a small file");
        }
        let opened = open(&path, promises, stock, alone.as_ref().ok());
        let is_left = opened.is_ok() && mark.exists();
        let how = if *is_marked { ", with the mark that its log must stay" } else { "" };
        wrong.extend(opened.err().map(|what| format!("opened by the engine{how}: {what}")));
        if is_left {
            wrong.push("opened by the engine alone, and the mark that its log must stay is still there".to_owned());
        }
    }
    wrong
}

/// The file beside a database that tells that a copy of its log broke off.
fn mark_of(path: &Path) -> PathBuf {
    let mut mark = path.as_os_str().to_owned();
    mark.push("-keep-log");
    mark.into()
}

/// What is in a database, and what does not hold of it.
#[derive(Debug, Default)]
struct Seen {
    wrong: Vec<String>,
    orders: HashMap<OrderId, Found>,
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

fn look(path: &Path, promises: &[Promise], stock: i64) -> rusqlite::Result<Seen> {
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
        return Ok(Seen { wrong, ..Seen::default() });
    }

    let orders = match read(&conn)? {
        Ok(orders) => orders,
        Err(twice) => {
            wrong.push(format!("the order {twice}, or its line, is there twice"));
            return Ok(Seen { wrong, ..Seen::default() });
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
    Ok(Seen { wrong, orders })
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

/// The engine opens it, finds nothing wrong and what SQLite found `alone`, and goes on.
fn open(path: &Path, promises: &[Promise], stock: i64, alone: Option<&Seen>) -> Result<(), String> {
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
        // Before anything is sold.
        let seen = look(path, promises, stock).map_err(|error| format!("SQLite cannot read it then: {error}"))?;
        if let Some(wrong) = seen.wrong.into_iter().next() {
            return Err(wrong);
        }
        if let Some(alone) = alone.filter(|alone| alone.orders != seen.orders) {
            return Err(format!("it has {} orders, and SQLite alone {}", seen.orders.len(), alone.orders.len()));
        }
        if !promises.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_gets_copies_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut copies = Vec::new();
        let copy = || {
            let place = folder.path().join(copies.len().to_string());
            fs::create_dir(&place).expect("a folder");
            copies.push(place.join("shop.db"));
            place.join("shop.db")
        };
        assert_eq!(judge(copy, &[], 0, true), Vec::<String>::new());
        assert_eq!(copies.len(), 3, "SQLite alone, and the engine without and with the mark");
        assert!(copies[1..].iter().all(|path| is_shop(path)) && !is_shop(&copies[0]), "whose is whose");
        assert!(!mark_of(&copies[2]).exists());
    }

    fn is_shop(path: &Path) -> bool {
        let conn = Connection::open(path).expect("a database");
        conn.query_row("SELECT 1 FROM sqlite_schema WHERE name = 'orders'", [], |_| Ok(())).is_ok()
    }
}
