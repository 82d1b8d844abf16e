//! Moving a shop to another database, and here from another one.

use async_trait::async_trait;
use model::{Category, session::RefreshToken};
use store::{
    Claim, Copies, Parcel, Record, StoreError, Tally,
    copy::{PARCEL, refusals},
};
use tokio::sync::mpsc;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    apply::{self, OrderWrites},
    engine::{LOCK_WAIT_MAX, PostgresEngine},
    error::Fault,
    flight::{Begin, Statement, gathered},
    load,
    param::params,
    row::Columns,
    tx::Held,
};

/// Readers go on, writers wait.
const LOCK: &str = "LOCK TABLE meta, accounts, addresses, challenges, sessions, refresh_tokens, categories, products, \
     variants, stock_levels, stock_movements, orders, order_lines, order_events, mails, idempotency_keys, price_changes, documents, audit_log, \
     reviews, stock_alerts IN SHARE MODE";
/// The other database may be slow, and a parcel may be large: the limits for transactions of a shop are none for this one.
const NO_HURRY: &str = "SELECT set_config('idle_in_transaction_session_timeout', '0', true), \
     set_config('statement_timeout', '0', true)";
/// Connections of shops that are open: see [`crate::Options::name`].
pub(crate) const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
     AND (application_name = 'cartwright' OR application_name LIKE 'cartwright: %')";

/// What has something in it where there is a shop.
pub(crate) const OF_A_SHOP: [&str; 4] = ["accounts", "products", "categories", "mails"];

#[async_trait]
impl Copies for PostgresEngine {
    async fn read_all(&self, to: mpsc::Sender<Parcel>) -> Result<(), StoreError> {
        let mut wire = self.wire().await?;
        let read = async {
            // Before the snapshot is taken, so that it has all that was written.
            wire.ask(Begin::Snapshot, Statement::new(LOCK, params![])).await?;
            wire.ask(Begin::NoHurry, Statement::new(NO_HURRY, params![])).await?;
            if let others @ 1.. = wire.others().await? {
                return Err(refusals::in_use(&format!("the shop is open ({others} connections)")).into());
            }
            let mut tally = Tally::default();
            records(&mut wire, Some(&to), &mut tally).await?;
            to.send(Parcel::End(tally)).await.map_err(|_| refusals::abandoned().into())
        };
        let read = read.await;
        wire.end("ROLLBACK").await;
        read.map_err(|fault: Fault| fault.error)
    }

    async fn write_all(&self, mut from: mpsc::Receiver<Parcel>) -> Result<Tally, StoreError> {
        let mut wire = self.wire().await?;
        match write(&mut wire, &mut from).await {
            Ok(tally) => {
                wire.ask(Begin::NoHurry, Statement::new("COMMIT", params![])).await.map_err(|fault| fault.error)?;
                // Plans for tables that were empty a moment ago would be bad ones; the server would notice by itself, later.
                wire.end("ANALYZE").await;
                Ok(tally)
            }
            Err(fault) => {
                wire.end("ROLLBACK").await;
                Err(fault.error)
            }
        }
    }
}

/// A connection with one long transaction.
struct Wire {
    client: Held,
    is_prepared: bool,
}

impl PostgresEngine {
    async fn wire(&self) -> Result<Wire, StoreError> {
        let client = self.pool.get().await.map_err(|error| Fault::from(error).error)?;
        Ok(Wire { client: Held::new(client), is_prepared: self.is_prepared })
    }
}

impl Wire {
    async fn ask(&self, begin: Begin, statement: Statement) -> Result<Vec<Row>, Fault> {
        let rows = self.client.fly(self.is_prepared, begin, &[statement], false).await?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// How many connections there are of shops that are open.
    async fn others(&self) -> Result<i64, Fault> {
        let rows = self.ask(Begin::NoHurry, Statement::new(OTHERS, params![])).await?;
        let count = rows.first().map(|row| Columns::new(row, "pg_stat_activity", 0).int()).transpose()?;
        Ok(count.unwrap_or(0))
    }

    /// Ends the transaction without anything of it; a connection that cannot is closed.
    async fn end(self, how: &'static str) {
        if self.client.fly(false, Begin::NoHurry, &[Statement::new(how, params![])], false).await.is_ok() {
            self.client.give_back();
        }
    }
}

/// Writes what comes into the empty database, up to the commit.
async fn write(wire: &mut Wire, from: &mut mpsc::Receiver<Parcel>) -> Result<Tally, Fault> {
    let anything = OF_A_SHOP.map(|table| format!("EXISTS (SELECT 1 FROM {table})")).join(" OR ");
    // The next order goes on where they end.
    const NUMBERS: &str = "SELECT setval('order_numbers', max(number)) FROM orders HAVING max(number) IS NOT NULL";
    wire.ask(Begin::Write(LOCK_WAIT_MAX), load::lock("copy")).await?;
    wire.ask(Begin::NoHurry, Statement::new(NO_HURRY, params![])).await?;
    let anything = Statement::new(format!("SELECT 1 WHERE {anything}"), params![]);
    if !wire.ask(Begin::NoHurry, anything).await?.is_empty() {
        return Err(refusals::not_empty().into());
    }
    // Whoever has it open would go on with the keys and values that it had until now.
    if wire.others().await? > 0 {
        return Err(refusals::open_target().into());
    }
    // Values that a first start without a shop left here.
    wire.ask(Begin::NoHurry, Statement::new("DELETE FROM meta", params![])).await?;
    loop {
        match from.recv().await {
            None => return Err(refusals::broken_off().into()),
            Some(Parcel::Records(records)) => {
                wire.client.fly(wire.is_prepared, Begin::NoHurry, &statements(records)?, false).await?;
            }
            Some(Parcel::End(sent)) => {
                wire.ask(Begin::NoHurry, Statement::new(NUMBERS, params![])).await?;
                let mut written = Tally::default();
                records(wire, None, &mut written).await?;
                return if written == sent { Ok(written) } else { Err(refusals::differs(&sent, &written).into()) };
            }
        }
    }
}

/// What writes a parcel: what orders consist of is written as a whole, the rest one by one.
fn statements(records: Vec<Record>) -> Result<Vec<Statement>, StoreError> {
    let changes: Vec<_> = records.into_iter().flat_map(Record::into_changes).collect();
    let mut together = OrderWrites::default();
    if changes.iter().all(|change| together.add(change).is_ok()) {
        return Ok(gathered(together.statements(&[])?));
    }
    let mut statements = Vec::with_capacity(changes.len());
    for change in &changes {
        statements.extend(apply::statements(change, &[])?.into_iter().map(Statement::complete));
    }
    Ok(statements)
}

/// Reads everything, in the order that [`Record`] has, and sends it `to` somebody, if there is one.
async fn records(wire: &mut Wire, to: Option<&mpsc::Sender<Parcel>>, tally: &mut Tally) -> Result<(), Fault> {
    let mut reader = Reader { wire, to, tally };
    let meta = |columns: &mut Columns<'_>| Ok(Record::Meta { key: columns.string()?, value: columns.string()? });
    reader.rows("meta", "SELECT key, value FROM meta", meta).await?;
    let accounts = format!("SELECT {}, password_hash FROM accounts ORDER BY id", load::account::COLUMNS);
    let account = |columns: &mut Columns<'_>| Ok(Record::Account(load::account::account_row(columns)?));
    reader.rows("accounts", &accounts, account).await?;
    let addresses = "SELECT account_id, id, label, address FROM addresses ORDER BY id";
    reader.rows("addresses", addresses, address).await?;
    let challenges = format!("SELECT purpose, {} FROM challenges", load::account::CHALLENGE_COLUMNS);
    reader.rows("challenges", &challenges, challenge).await?;
    let sessions = format!("SELECT {} FROM sessions ORDER BY id", load::session::COLUMNS);
    let session = |columns: &mut Columns<'_>| Ok(Record::Session(load::session::session(columns)?));
    reader.rows("sessions", &sessions, session).await?;
    let tokens = "SELECT hash, session_id, issued_at, used_at, predecessor FROM refresh_tokens ORDER BY hash";
    reader.rows("refresh_tokens", tokens, token).await?;
    reader.categories().await?;
    reader.products().await?;
    let prices = "SELECT variant_id, at, price, currency FROM price_changes ORDER BY variant_id, at";
    let price = |columns: &mut Columns<'_>| Ok(Record::Price(load::product::price_change(columns)?));
    reader.rows("price_changes", prices, price).await?;
    let reviews = format!("SELECT {} FROM reviews ORDER BY id", load::review::COLUMNS);
    let review = |columns: &mut Columns<'_>| Ok(Record::Review(load::review::review(columns)?));
    reader.rows("reviews", &reviews, review).await?;
    let alerts = "SELECT variant_id, account_id, created_at FROM stock_alerts ORDER BY variant_id, account_id";
    let alert = |columns: &mut Columns<'_>| Ok(Record::StockAlert(load::review::alert(columns)?));
    reader.rows("stock_alerts", alerts, alert).await?;
    let document = |columns: &mut Columns<'_>| Ok(Record::Document(load::document::document(columns)?));
    reader.rows("documents", "SELECT id, kind, name, version, body FROM documents", document).await?;
    reader.orders().await?;
    let audit = format!("SELECT {} FROM audit_log ORDER BY id", load::audit::COLUMNS);
    let entry = |columns: &mut Columns<'_>| Ok(Record::Audit(load::audit::entry(columns)?));
    reader.rows("audit_log", &audit, entry).await?;
    let movements =
        "SELECT seq, id, variant_id, delta, cause, order_id, actor_id, reason, at FROM stock_movements ORDER BY seq";
    let movement = |columns: &mut Columns<'_>| Ok(Record::Movement(load::stock::movement(columns)?.1));
    reader.rows("stock_movements", movements, movement).await?;
    let mails = format!("SELECT {} FROM mails ORDER BY came NULLS FIRST, id", load::mail::COLUMNS);
    let mail = |columns: &mut Columns<'_>| Ok(Record::Mail(load::mail::mail(columns)?));
    reader.rows("mails", &mails, mail).await?;
    let replies = "SELECT account_id, route, key, fingerprint, at, status, location, etag, body FROM idempotency_keys \
         ORDER BY at";
    reader.rows("idempotency_keys", replies, reply).await
}

fn address(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Address { account_id: columns.id()?, address: load::account::address(columns)? })
}

fn challenge(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    let purpose = columns.word()?;
    Ok(Record::Challenge(load::account::challenge_row(columns, purpose)?))
}

fn token(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    let token = RefreshToken {
        hash: columns.array()?,
        session_id: columns.id()?,
        issued_at: columns.time()?,
        used_at: columns.opt_time()?,
        successor_used: false,
    };
    Ok(Record::RefreshToken { token, predecessor: columns.opt_array()? })
}

fn reply(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    let claim = Claim {
        account_id: columns.id()?,
        route: columns.string()?.into(),
        key: columns.string()?,
        fingerprint: columns.array()?,
        at: columns.time()?,
    };
    Ok(Record::Reply { claim, reply: load::idempotency::reply(columns)? })
}

/// Reads the tables one after the other, each by a cursor of its name.
struct Reader<'r> {
    wire: &'r Wire,
    to: Option<&'r mpsc::Sender<Parcel>>,
    tally: &'r mut Tally,
}

impl Reader<'_> {
    async fn open(&self, table: &'static str, select: &str) -> Result<(), Fault> {
        let declare = format!("DECLARE {table}_copied NO SCROLL CURSOR FOR {select}");
        self.wire.ask(Begin::NoHurry, Statement::new(declare, params![])).await.map(drop)
    }

    /// The next rows; none when there are no more.
    async fn fetch(&self, table: &'static str) -> Result<Vec<Row>, Fault> {
        let fetch = format!("FETCH {PARCEL} FROM {table}_copied");
        let rows = self.wire.ask(Begin::NoHurry, Statement::new(fetch, params![])).await?;
        if rows.is_empty() {
            self.wire.ask(Begin::NoHurry, Statement::new(format!("CLOSE {table}_copied"), params![])).await?;
        }
        Ok(rows)
    }

    async fn send(&mut self, records: Vec<Record>) -> Result<(), Fault> {
        for record in &records {
            self.tally.add(record);
        }
        match self.to {
            Some(to) if !records.is_empty() => {
                to.send(Parcel::Records(records)).await.map_err(|_| refusals::abandoned().into())
            }
            _ => Ok(()),
        }
    }

    async fn rows(
        &mut self,
        table: &'static str,
        select: &str,
        read: impl Fn(&mut Columns<'_>) -> Result<Record, StoreError>,
    ) -> Result<(), Fault> {
        self.open(table, select).await?;
        loop {
            let rows = self.fetch(table).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let records = rows.iter().map(|row| read(&mut Columns::new(row, table, 0))).collect::<Result<_, _>>()?;
            self.send(records).await?;
        }
    }

    async fn categories(&mut self) -> Result<(), Fault> {
        let tree = load::category::list(Some(&self.wire.ask(Begin::NoHurry, load::category::tree()).await?))?;
        for some in Category::parents_first(tree).chunks(PARCEL) {
            self.send(some.iter().cloned().map(Record::Category).collect()).await?;
        }
        Ok(())
    }

    async fn products(&mut self) -> Result<(), Fault> {
        let whole = format!(
            "SELECT {} FROM products p{} WHERE p.id = ANY($1) ORDER BY p.id, v.position",
            load::product::COLUMNS,
            load::product::WITH_VARIANTS
        );
        self.open("products", "SELECT id FROM products ORDER BY id").await?;
        loop {
            let rows = self.fetch("products").await?;
            if rows.is_empty() {
                return Ok(());
            }
            let ids = rows.iter().map(|row| Columns::new(row, "products", 0).id());
            let ids = ids.collect::<Result<Vec<Uuid>, _>>()?;
            let rows = self.wire.ask(Begin::NoHurry, Statement::new(whole.clone(), params![ids])).await?;
            self.send(load::product::list(&rows)?.into_iter().map(Record::Product).collect()).await?;
        }
    }

    async fn orders(&mut self) -> Result<(), Fault> {
        self.open("orders", &format!("SELECT {} FROM orders ORDER BY number", load::order::COLUMNS)).await?;
        loop {
            let heads = self.fetch("orders").await?;
            if heads.is_empty() {
                return Ok(());
            }
            let numbers = heads.iter().map(|row| Columns::new(row, "orders", 0).int());
            let numbers = numbers.collect::<Result<Vec<i64>, _>>()?;
            let mut rows = vec![heads];
            for part in load::order::parts_of_numbers(&numbers) {
                rows.push(self.wire.ask(Begin::NoHurry, part).await?);
            }
            self.send(load::order::list(&rows)?.into_iter().map(Record::Order).collect()).await?;
        }
    }
}
