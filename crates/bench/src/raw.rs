//! The limit of the engine: SQLite alone writing the rows of orders, with no rules, no HTTP and no reads before them.
//!
//! The database is a copy of the server's, so schema, indexes, triggers and catalogue are the same. What an order
//! writes is copied from one that the server wrote: a row in `orders`, one in `order_lines` for each line, one in
//! `order_events`, a movement for each line with the new level of its variant, a mail, a stored reply. Pragmas and the size of
//! a commit are the server's as well.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, Statement, params_from_iter, types::Value};

use crate::requests::{Numbers, ORDER_LINES};

/// Orders in one commit at most, like the server's.
pub(crate) const GROUP: u32 = 256;

/// Orders a second, with `group` of them in one commit.
///
/// # Errors
/// When the file is not a copy of a shop that has an order.
pub(crate) fn measure(path: &Path, group: u32, time: Duration) -> Result<f64, String> {
    run(path, group, time).map_err(|error| format!("the raw limit cannot be measured: {error}"))
}

fn run(path: &Path, group: u32, time: Duration) -> rusqlite::Result<f64> {
    let connection = open(path)?;
    let mut writer = Writer::new(&connection)?;
    let [mut begin, mut commit] = ["BEGIN IMMEDIATE", "COMMIT"].map(|sql| connection.prepare(sql));
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < time {
        execute(&mut begin)?;
        for _ in 0..group {
            writer.write_order()?;
        }
        execute(&mut commit)?;
        count += group;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

fn execute(statement: &mut rusqlite::Result<Statement<'_>>) -> rusqlite::Result<()> {
    match statement {
        Ok(statement) => statement.execute([]).map(drop),
        Err(_) => Err(rusqlite::Error::InvalidQuery),
    }
}

/// As the server's writer opens it. Copying the WAL back is left to SQLite, at the same size.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // 16 MiB in pages of 4 KiB.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    Ok(connection)
}

/// An insert of one table's row: as it was stored, with some columns new each time.
struct Insert<'a> {
    statement: Statement<'a>,
    columns: Vec<String>,
    values: Vec<Value>,
}

impl<'a> Insert<'a> {
    /// Repeats the row that `select` finds. `own` is the column that SQLite fills itself; `computed` is a column, SQL
    /// for it, and the column whose value stands for `?1` in that.
    fn like(
        connection: &'a Connection,
        table: &str,
        select: &str,
        own: &str,
        computed: Option<(&str, &str, &str)>,
    ) -> rusqlite::Result<Self> {
        let is_left_out = |name: &str| name == own || computed.is_some_and(|(column, ..)| column == name);
        let mut found = connection.prepare(&format!("SELECT * FROM {table} {select}"))?;
        let names: Vec<String> = found.column_names().map(ToOwned::to_owned).collect();
        let values: Vec<Value> = found.query_row([], |row| (0..names.len()).map(|at| row.get(at)).collect())?;
        let kept = names.into_iter().zip(values).filter(|(name, _)| !is_left_out(name));
        let (mut columns, values): (Vec<String>, Vec<Value>) = kept.unzip();
        let mut places = vec!["?"; columns.len()].join(", ");
        let mut list = columns.join(", ");
        if let Some((column, sql, of)) = computed {
            list = format!("{list}, {column}");
            let place = columns.iter().position(|name| name == of).unwrap_or(0) + 1;
            places = format!("{places}, {}", sql.replace("?1", &format!("?{place}")));
        }
        columns.shrink_to_fit();
        let statement = connection.prepare(&format!("INSERT INTO {table} ({list}) VALUES ({places})"))?;
        Ok(Self { statement, columns, values })
    }

    fn set(&mut self, column: &str, value: impl Into<Value>) {
        if let Some(at) = self.columns.iter().position(|name| name == column) {
            self.values[at] = value.into();
        }
    }

    fn run(&mut self) -> rusqlite::Result<()> {
        self.statement.execute(params_from_iter(&self.values)).map(drop)
    }
}

/// Writes orders.
struct Writer<'a> {
    connection: &'a Connection,
    orders: Insert<'a>,
    chain: Statement<'a>,
    lines: Insert<'a>,
    events: Insert<'a>,
    movements: Insert<'a>,
    mails: Insert<'a>,
    replies: Insert<'a>,
    level: Statement<'a>,
    /// Variants with their products.
    variants: Vec<(Value, Value)>,
    number: i64,
    ids: u64,
    numbers: Numbers,
}

impl<'a> Writer<'a> {
    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let number = connection.query_row("SELECT max(number) FROM orders", [], |row| row.get(0))?;
        let of_order = format!("WHERE order_number = {number}");
        let by_id = format!("WHERE order_id = (SELECT id FROM orders WHERE number = {number})");
        let previous = ("previous", "(SELECT last_movement FROM stock_levels WHERE variant_id = ?1)", "variant_id");
        let before = ("previous", "(SELECT last_order FROM order_chains WHERE account_id = ?1)", "account_id");
        let mut variants = connection.prepare("SELECT id, product_id FROM variants")?;
        let variants = variants.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let mut mails = Insert::like(connection, "mails", &by_id, "seq", None)?;
        // As it was before it was sent.
        mails.set("status", "pending".to_owned());
        mails.set("attempts", 0);
        mails.set("sent_at", Value::Null);
        Ok(Self {
            connection,
            orders: Insert::like(connection, "orders", &format!("WHERE number = {number}"), "", Some(before))?,
            chain: connection.prepare(
                "UPDATE order_chains SET last_order = ?1 \
                 WHERE account_id = (SELECT account_id FROM orders WHERE number = ?1)",
            )?,
            lines: Insert::like(connection, "order_lines", &of_order, "", None)?,
            events: Insert::like(connection, "order_events", &of_order, "", None)?,
            movements: Insert::like(connection, "stock_movements", &by_id, "seq", Some(previous))?,
            mails,
            // The order was the last thing that was asked for with a key.
            replies: Insert::like(connection, "idempotency_keys", "ORDER BY seq DESC", "seq", None)?,
            level: connection
                .prepare("UPDATE stock_levels SET stock = stock - 1, last_movement = ? WHERE variant_id = ?")?,
            variants,
            number,
            // Above those of an earlier measurement of the same file.
            ids: i64::unsigned_abs(number) << 8,
            numbers: Numbers::new(i64::unsigned_abs(number) + 7),
        })
    }

    /// One order, as the server writes it.
    fn write_order(&mut self) -> rusqlite::Result<()> {
        self.number += 1;
        let (number, id) = (self.number, self.id());
        self.orders.set("number", number);
        self.orders.set("id", id.clone());
        self.orders.run()?;
        self.chain.execute([number])?;
        let first = self.numbers.below(self.variants.len());
        for position in 0..ORDER_LINES {
            let (variant, product) = self.variants[(first + position * 7) % self.variants.len()].clone();
            self.lines.set("order_number", number);
            self.lines.set("position", i64::try_from(position).unwrap_or(0));
            self.lines.set("product_id", product);
            self.lines.set("variant_id", variant.clone());
            self.lines.run()?;
            let movement = self.id();
            self.movements.set("id", movement);
            self.movements.set("order_id", id.clone());
            self.movements.set("variant_id", variant.clone());
            self.movements.run()?;
            self.level.execute((self.connection.last_insert_rowid(), variant))?;
        }
        self.events.set("order_number", number);
        self.events.run()?;
        let mail = self.id();
        self.mails.set("id", mail);
        self.mails.set("order_id", id);
        self.mails.run()?;
        let key = self.numbers.bytes();
        self.replies.set("digest", Value::Blob(key.to_vec()));
        self.replies.set("key", format!("raw-{number:016x}"));
        self.replies.run()
    }

    /// An id that sorts after the one before, like the server's.
    fn id(&mut self) -> Value {
        self.ids += 1;
        let mut id = [0x7F; 16];
        id[..8].copy_from_slice(&(u64::MAX / 2 + self.ids).to_be_bytes());
        id[8..].copy_from_slice(&u64::try_from(self.numbers.below(usize::MAX)).unwrap_or(0).to_be_bytes());
        Value::Blob(id.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use commerce::{
        Idempotent, Replied,
        accounts::CreateOwner,
        catalogue::{CreateProduct, ProductDraft, VariantDraft},
        orders::PlaceOrder,
    };
    use model::{
        Currency, Email, Money, Order, PostalAddress, ProductStatus, Stamp, Timestamp, checkout::RequestedLine,
    };
    use store::{Claim, StoredReply, execute};
    use store_sqlite::{Options, SqliteEngine};

    use super::*;

    fn stamp(seed: u128) -> Stamp {
        Stamp::new(Timestamp::from_second(1_800_000_000).expect("a time"), seed << 64)
    }

    /// A shop with twenty products and one order of three lines.
    async fn shop(path: &Path) {
        let engine = SqliteEngine::open(path, Options::default()).expect("a database");
        let email = Email::parse("/email", "ann@example.com").expect("an address");
        let (name, password_hash) = ("Ann".to_owned(), String::new());
        let owner = CreateOwner { email, name, password_hash, setup_link: None, stamp: stamp(1) };
        let buyer = execute(&engine, owner).await.expect("an account").id;
        let mut lines = Vec::new();
        for number in 2..22 {
            let create = CreateProduct { draft: draft(number), actor_id: None, stamp: stamp(number) };
            let product = execute(&engine, create).await.expect("a product");
            lines.push(RequestedLine { variant_id: product.variants[0].id, quantity: 1 });
        }
        lines.truncate(ORDER_LINES);
        let ship_to = PostalAddress {
            name: "Ann".to_owned(),
            line1: "1 Sample Street".to_owned(),
            city: "Berlin".to_owned(),
            postal_code: "10115".to_owned(),
            country: "DE".to_owned(),
            ..PostalAddress::default()
        };
        let at = stamp(30).now;
        let claim =
            Claim { account_id: buyer, route: "POST /v1/orders".into(), key: "a".to_owned(), fingerprint: [7; 32], at };
        let operation = PlaceOrder { buyer, lines, currency: None, expected_total: None, ship_to, stamp: stamp(30) };
        let render = |_: &Order| StoredReply { status: 201, location: None, etag: None, body: vec![b'x'; 900] };
        let placed = execute(&engine, Idempotent { claim: Some(claim), operation, render }).await;
        assert!(matches!(placed, Ok(Replied::New(_))), "{placed:?}");
        engine.close().await.expect("closed");
    }

    fn draft(number: u128) -> ProductDraft {
        let variant = VariantDraft {
            id: None,
            sku: Some(format!("SKU-{number}")),
            option_values: vec![],
            price: Money::new(500, Currency::EUR),
            compare_at_price: None,
            stock: Some(1_000_000_000),
            track_stock: true,
            weight_grams: None,
            barcode: None,
            details: None,
        };
        ProductDraft {
            title: format!("Product {number}"),
            slug: None,
            description: String::new(),
            status: ProductStatus::Active,
            vendor: None,
            category_id: None,
            tags: vec![],
            options: vec![],
            variants: vec![variant],
            images: vec![],
            details: None,
        }
    }

    /// How many rows each table has that an order writes to, and the pieces of all variants.
    fn counts(path: &Path) -> [i64; 7] {
        let connection = Connection::open(path).expect("the database");
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get(0)).expect("a number");
        let tables = ["orders", "order_lines", "order_events", "stock_movements", "mails", "idempotency_keys"];
        let [orders, lines, events, movements, mails, keys] =
            tables.map(|table| count(&format!("SELECT count(*) FROM {table}")));
        [orders, lines, events, movements, mails, keys, count("SELECT sum(stock) FROM stock_levels")]
    }

    #[tokio::test]
    async fn an_order_writes_the_rows_that_the_server_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, empty) = (folder.path().join("shop.db"), folder.path().join("empty.db"));
        shop(&path).await;
        let before = counts(&path);
        assert_eq!(before[..6], [1, 3, 1, 23, 1, 1], "what one order wrote, and the first stock of 20 products");

        let connection = open(&path).expect("the database");
        let mut writer = Writer::new(&connection).expect("a template");
        (0..10).for_each(|_| writer.write_order().expect("an order"));
        let after = counts(&path);
        let written: Vec<_> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(written, [10, 30, 10, 30, 10, 10, -30]);
        (0..2).for_each(|_| assert!(measure(&path, 5, Duration::from_millis(20)).expect("a rate") > 0.0));
        assert!(measure(&empty, 5, Duration::ZERO).is_err(), "a file without a shop is no basis");
    }
}
