//! Moving a shop to another database, and here from another one.

use async_trait::async_trait;
use model::{Category, OrderNumber, Product, ProductId, session::RefreshToken};
use rusqlite::Connection;
use store::{
    Claim, Copies, Parcel, Record, StoreError, Tally,
    copy::{PARCEL, refusals},
};
use tokio::sync::mpsc;

use crate::{
    apply, connection,
    engine::{SqliteEngine, blocking},
    error::Fault,
    load,
    open::Options,
    readers::in_snapshot,
    row::Columns,
    sql::{self, Sql, all, each, one},
};

#[async_trait]
impl Copies for SqliteEngine {
    async fn read_all(&self, to: mpsc::Sender<Parcel>) -> Result<(), StoreError> {
        let path = self.path.clone();
        blocking(move || {
            let read = || -> Sql<()> {
                // A connection of its own: this takes long, and the readers are few.
                let conn = connection::reader(&path, Options::default().busy_timeout)?;
                // A connection that has read nothing yet knows no version.
                one(&conn, "meta", "SELECT 1 FROM meta LIMIT 1", [], |_| Ok(()))?;
                let before = connection::pragma(&conn, "data_version")?;
                let mut tally = Tally::default();
                in_snapshot(&conn, |conn| {
                    let send = |records: Vec<Record>| to.blocking_send(Parcel::Records(records));
                    records(conn, &mut |records| send(records).map_err(|_| refusals::abandoned().into()), &mut tally)
                })?;
                // Where the version has changed, somebody wrote, or the log was only copied back into the file.
                if connection::pragma(&conn, "data_version")? != before {
                    let mut again = Tally::default();
                    in_snapshot(&conn, |conn| records(conn, &mut |_| Ok(()), &mut again))?;
                    if again != tally {
                        return Err(refusals::in_use("somebody wrote to the shop meanwhile").into());
                    }
                }
                to.blocking_send(Parcel::End(tally)).map_err(|_| refusals::abandoned().into())
            };
            read().map_err(Fault::into_store)
        })
        .await
    }

    async fn write_all(&self, mut from: mpsc::Receiver<Parcel>) -> Result<Tally, StoreError> {
        let path = self.path.clone();
        blocking(move || {
            let mut write = || -> Sql<Tally> {
                let conn = connection::writer(&path, &Options::default())?;
                sql::run(&conn, "BEGIN IMMEDIATE", [])?;
                let written = write(&conn, &mut from);
                sql::run(&conn, if written.is_ok() { "COMMIT" } else { "ROLLBACK" }, []).and(written)
            };
            write().map_err(Fault::into_store)
        })
        .await
    }
}

/// Writes what comes into the empty database.
fn write(conn: &Connection, from: &mut mpsc::Receiver<Parcel>) -> Sql<Tally> {
    const ANYTHING: &str = "SELECT 1 WHERE EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM products) \
         OR EXISTS (SELECT 1 FROM categories) OR EXISTS (SELECT 1 FROM mails)";
    if one(conn, "accounts", ANYTHING, [], |_| Ok(()))?.is_some() {
        return Err(refusals::not_empty().into());
    }
    // Values that a first start without a shop left here.
    sql::run(conn, "DELETE FROM meta", [])?;
    loop {
        match from.blocking_recv() {
            None => return Err(refusals::broken_off().into()),
            Some(Parcel::Records(records)) => {
                for change in records.into_iter().flat_map(Record::into_changes) {
                    apply::apply(conn, &change)?;
                }
            }
            Some(Parcel::End(sent)) => {
                let mut written = Tally::default();
                records(conn, &mut |_| Ok(()), &mut written)?;
                return if written == sent { Ok(written) } else { Err(refusals::differs(&sent, &written).into()) };
            }
        }
    }
}

/// Where records go.
type Sink<'s> = dyn FnMut(Vec<Record>) -> Sql<()> + 's;

/// Reads everything, in the order that [`Record`] has.
fn records(conn: &Connection, sink: &mut Sink<'_>, tally: &mut Tally) -> Sql<()> {
    let mut batch = Batch { records: Vec::with_capacity(PARCEL), sink, tally };
    batch.rows(conn, "SELECT key, value FROM meta", "meta", |columns| {
        Ok(Record::Meta { key: columns.string()?, value: columns.string()? })
    })?;
    let accounts = format!("SELECT {}, password_hash FROM accounts", load::account::COLUMNS);
    batch.rows(conn, &accounts, "accounts", |columns| Ok(Record::Account(load::account::account_row(columns)?)))?;
    batch.rows(conn, "SELECT account_id, id, label, address FROM addresses", "addresses", |columns| {
        Ok(Record::Address { account_id: columns.id()?, address: load::account::address(columns)? })
    })?;
    let challenges = format!("SELECT purpose, {} FROM challenges", load::account::CHALLENGE_COLUMNS);
    batch.rows(conn, &challenges, "challenges", |columns| {
        let purpose = columns.word()?;
        Ok(Record::Challenge(load::account::challenge(columns, purpose)?))
    })?;
    let sessions =
        "SELECT id, account_id, device, address, created_at, last_used_at, expires_at, ended_at FROM sessions";
    batch.rows(conn, sessions, "sessions", |columns| Ok(Record::Session(load::session::session(columns)?)))?;
    let tokens = "SELECT hash, session_id, issued_at, used_at, predecessor FROM refresh_tokens";
    batch.rows(conn, tokens, "refresh_tokens", |columns| {
        let token = RefreshToken {
            hash: columns.array()?,
            session_id: columns.id()?,
            issued_at: columns.time()?,
            used_at: columns.opt_time()?,
            successor_used: false,
        };
        Ok(Record::RefreshToken { token, predecessor: columns.optional(Columns::array)? })
    })?;
    for category in Category::parents_first(load::category::tree(conn)?) {
        batch.add(Record::Category(category))?;
    }
    batch.end()?;
    let ids: Vec<ProductId> =
        all(conn, "products", "SELECT id FROM products ORDER BY seq", [], |columns| columns.id())?;
    for id in ids {
        let product: Option<Product> = load::product::by_id(conn, id)?;
        batch.add(Record::Product(product.ok_or_else(|| StoreError::broken("products", id, "is gone"))?))?;
    }
    batch.end()?;
    let prices = "SELECT variant_id, at, price, currency FROM price_changes ORDER BY variant_id, at";
    batch.rows(conn, prices, "price_changes", |columns| Ok(Record::Price(load::product::price_change(columns)?)))?;
    let reviews = format!("SELECT {} FROM reviews", load::review::COLUMNS);
    batch.rows(conn, &reviews, "reviews", |columns| Ok(Record::Review(load::review::review(columns)?)))?;
    let alerts = "SELECT variant_id, account_id, created_at FROM stock_alerts";
    batch.rows(conn, alerts, "stock_alerts", |columns| Ok(Record::StockAlert(load::review::alert(columns)?)))?;
    let documents = "SELECT id, kind, name, version, body FROM documents";
    batch.rows(conn, documents, "documents", |columns| Ok(Record::Document(load::document::document(columns)?)))?;
    orders(conn, &mut batch)?;
    let audit = format!("SELECT {} FROM audit_log", load::audit::COLUMNS);
    batch.rows(conn, &audit, "audit_log", |columns| Ok(Record::Audit(load::audit::entry(columns)?)))?;
    let movements =
        "SELECT seq, id, variant_id, delta, cause, order_id, actor_id, reason, at FROM stock_movements ORDER BY seq";
    batch
        .rows(conn, movements, "stock_movements", |columns| Ok(Record::Movement(load::stock::movement(columns)?.1)))?;
    let mails = format!("SELECT {} FROM mails ORDER BY seq", load::mail::COLUMNS);
    batch.rows(conn, &mails, "mails", |columns| Ok(Record::Mail(load::mail::mail(columns)?)))?;
    let replies = "SELECT account_id, route, key, fingerprint, at, status, location, etag, body FROM idempotency_keys \
         ORDER BY seq";
    batch.rows(conn, replies, "idempotency_keys", reply)
}

fn orders(conn: &Connection, batch: &mut Batch<'_, '_>) -> Sql<()> {
    let page = format!("SELECT {} FROM orders WHERE number > ? ORDER BY number LIMIT {PARCEL}", load::order::COLUMNS);
    let mut last = OrderNumber(0);
    loop {
        let heads = all(conn, "orders", &page, [last.0], load::order::head)?;
        let Some(newest) = heads.last() else { return batch.end() };
        last = newest.number;
        for mut order in heads {
            load::order::complete(conn, &mut order)?;
            batch.add(Record::Order(order))?;
        }
    }
}

fn reply(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    let claim = Claim {
        account_id: columns.id()?,
        route: columns.string()?.into(),
        key: columns.string()?,
        fingerprint: columns.array()?,
        at: columns.time()?,
    };
    let reply = load::idempotency::reply(columns, &claim.key)?;
    Ok(Record::Reply { claim, reply })
}

/// Records on their way, a parcel at a time.
struct Batch<'b, 's> {
    records: Vec<Record>,
    sink: &'b mut Sink<'s>,
    tally: &'b mut Tally,
}

impl Batch<'_, '_> {
    fn add(&mut self, record: Record) -> Sql<()> {
        self.tally.add(&record);
        self.records.push(record);
        if self.records.len() < PARCEL { Ok(()) } else { self.end() }
    }

    /// Sends what is left of a kind.
    fn end(&mut self) -> Sql<()> {
        if self.records.is_empty() { Ok(()) } else { (self.sink)(std::mem::take(&mut self.records)) }
    }

    /// All rows of a select.
    fn rows(
        &mut self,
        conn: &Connection,
        select: &str,
        table: &'static str,
        read: impl Fn(&mut Columns<'_>) -> Result<Record, StoreError>,
    ) -> Sql<()> {
        each(conn, select, [], |row| {
            let record = read(&mut Columns::new(row, table, 0))?;
            self.add(record).map_err(Fault::into_store)
        })?;
        self.end()
    }
}
