//! The same loads on PostgreSQL, and its limit: `pgbench` writing the rows of orders, a statement each.

use std::{fs, path::Path, process::Command};

use test_postgres::{Settings, execute};

use crate::{
    Arguments, machine,
    report::{Report, Target},
    run::{Bench, SERVE, Targets},
    server::Program,
    shop,
};

const TARGETS: Targets = Targets { list: 10_000.0, one: 10_000.0, orders: 2_500.0, order_ms: None };
/// As many connections as the shop's server uses.
const CONNECTIONS: &str = "16";

/// The rows of an order, copied from the one that the server wrote, for three variants of their own: one statement, in which
/// nothing is decided.
const ORDER: &str = "\\set first random(0, :products - 1)
WITH n AS (SELECT nextval('order_numbers') AS number, lpad(to_hex(nextval('bench_ids')), 32, '0')::UUID AS id),
p AS (SELECT v.id, v.product_id, b.number AS at FROM bench_variants b JOIN variants v ON v.id = b.id
    WHERE b.number IN (:first, (:first + 7) % :products, (:first + 14) % :products)),
o AS (INSERT INTO orders (number, id, account_id, email, status, currency, total, ship_to, tracking, placed_at, updated_at, version)
    SELECT n.number, n.id, t.account_id, t.email, t.status, t.currency, t.total, t.ship_to, t.tracking, now(), now(), 1
    FROM n, bench_order t),
l AS (INSERT INTO order_lines (order_number, position, product_id, variant_id, title, variant_title, sku, quantity, unit_price, stock_taken)
    SELECT n.number, row_number() OVER () - 1, p.product_id, p.id, 'Sample product 1', '', 'SAMPLE-1', 1, 500, TRUE FROM n, p),
e AS (INSERT INTO order_events (order_number, position, at, status, actor, actor_id)
    SELECT n.number, 0, now(), 'pending', 'customer', t.account_id FROM n, bench_order t),
m AS (INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, actor_id, at)
    SELECT lpad(to_hex(nextval('bench_ids')), 32, '0')::UUID, p.id, -1, 'sold', n.id, t.account_id, now() FROM n, p, bench_order t),
s AS (UPDATE stock_levels SET stock = stock - 1, was_ordered = TRUE FROM p WHERE variant_id = p.id),
i AS (INSERT INTO mails (id, recipient, account_id, order_id, template, content, secret, status, attempts, next_attempt_at, created_at)
    SELECT lpad(to_hex(nextval('bench_ids')), 32, '0')::UUID, t.recipient, t.account_id, n.id, t.template, t.content, t.secret,
    'pending', 0, now(), now() FROM n, bench_mail t)
INSERT INTO idempotency_keys (account_id, route, key, fingerprint, at, status, location, etag, body)
    SELECT t.account_id, t.route, n.number::TEXT, t.fingerprint, now(), t.status, t.location, t.etag, t.body FROM n, bench_reply t;
";

/// What the statement above copies from.
const PREPARE: &str = "CREATE SEQUENCE bench_ids;
CREATE TABLE bench_variants AS SELECT row_number() OVER () - 1 AS number, id FROM variants;
CREATE UNIQUE INDEX ON bench_variants (number);
CREATE TABLE bench_order AS SELECT * FROM orders ORDER BY number LIMIT 1;
CREATE TABLE bench_mail AS SELECT * FROM mails WHERE order_id = (SELECT id FROM bench_order) LIMIT 1;
CREATE TABLE bench_reply AS SELECT * FROM idempotency_keys WHERE key = 'proof';
ANALYZE;";

/// Orders from before, for what depends on how many there are: those of [`ORDER`], made `{orders}` times at once. What they sell
/// was received in one movement each, so that the ledger and the levels agree.
const OLDER: &str = "CREATE TEMPORARY TABLE older AS SELECT nextval('order_numbers') AS number,
    lpad(to_hex(nextval('bench_ids')), 32, '0')::UUID AS id, now() - (i * INTERVAL '1 second') AS at, i FROM generate_series(1, {orders}) AS i;
CREATE TEMPORARY TABLE sold AS SELECT n.number, n.id AS order_id, n.at, place, v.id AS variant_id, v.product_id FROM older n
    CROSS JOIN generate_series(0, 2) AS place JOIN bench_variants b ON b.number = (n.i + 7 * place) % {products} JOIN variants v ON v.id = b.id;
INSERT INTO stock_movements (id, variant_id, delta, cause, at)
    SELECT gen_random_uuid(), variant_id, count(*), 'received', min(at) FROM sold GROUP BY variant_id;
INSERT INTO orders (number, id, account_id, email, status, currency, total, ship_to, tracking, placed_at, updated_at, version)
    SELECT n.number, n.id, t.account_id, t.email, t.status, t.currency, 1500, t.ship_to, t.tracking, n.at, n.at, 1 FROM older n, bench_order t;
INSERT INTO order_lines (order_number, position, product_id, variant_id, title, variant_title, sku, quantity, unit_price, stock_taken)
    SELECT number, place, product_id, variant_id, 'Sample product 1', '', 'SAMPLE-1', 1, 500, TRUE FROM sold;
INSERT INTO order_events (order_number, position, at, status, actor, actor_id)
    SELECT n.number, 0, n.at, t.status, 'customer', t.account_id FROM older n, bench_order t;
INSERT INTO stock_movements (id, variant_id, delta, cause, order_id, actor_id, at)
    SELECT gen_random_uuid(), variant_id, -1, 'sold', order_id, account_id, at FROM sold, (SELECT account_id FROM bench_order) AS t;
UPDATE stock_levels SET was_ordered = TRUE;
INSERT INTO mails (id, recipient, account_id, order_id, template, content, secret, status, attempts, next_attempt_at, created_at, sent_at)
    SELECT gen_random_uuid(), t.recipient, t.account_id, n.id, t.template, t.content, t.secret, 'sent', 1, n.at, n.at, n.at FROM older n, bench_mail t;
INSERT INTO idempotency_keys (account_id, route, key, fingerprint, at, status, location, etag, body)
    SELECT t.account_id, t.route, n.number::TEXT, t.fingerprint, n.at, t.status, t.location, t.etag, t.body FROM older n, bench_reply t";

/// Measures everything.
///
/// # Errors
/// What was wrong: figures are not errors.
pub(crate) async fn run(arguments: &Arguments) -> Result<Report, String> {
    let (products, customers) = if arguments.smoke { (60, 8) } else { (arguments.products, arguments.customers) };
    fs::create_dir_all(&arguments.folder).map_err(|error| format!("{}: {error}", arguments.folder.display()))?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&arguments.folder);
    let folder = folder.map_err(|error| format!("no temporary folder: {error}"))?;
    // Durable, as it comes, with room to write for as long as this takes.
    let more = ["shared_buffers=256MB", "max_wal_size=4GB"].map(str::to_owned).to_vec();
    let database = test_postgres::Server::start(&Settings { more, ..Settings::default() });
    execute(&database.url("postgres"), "CREATE DATABASE shop")?;
    let url = database.url("shop");
    let data = folder.path().join("data");
    let program = Program { binary: arguments.binary.clone(), data, database: Some(url.clone()) };
    let mut report = Report::default();

    shop::create_owner(&program)?;
    let server = program.serve(&SERVE).await?;
    let shop = shop::fill(server.address, products, customers).await?;
    shop::prove(server.address, &shop).await?;
    execute(&url, PREPARE)?;
    if arguments.orders > 0 {
        let sql = OLDER.replace("{orders}", &arguments.orders.to_string()).replace("{products}", &products.to_string());
        let before = size(&url)?;
        query(&url, &sql)?;
        let bytes = (size(&url)? - before) / f64::from(arguments.orders);
        report.add("disk that an order takes, indexes included", bytes, " B", None);
    }
    query(&url, "VACUUM ANALYZE")?;
    let mut bench = Bench::new(arguments, shop, TARGETS);
    bench.read(&server, &mut report).await?;
    let loaded = bench.order(&server, &mut report).await;
    let orders = loaded.map_err(|error| format!("{error}\nthe server logged:\n{}", program.log_text()))?;
    server.stop().await?;
    let stored = query(&url, "SELECT count(*) FROM orders")?;
    if stored != (bench.acknowledged + u64::from(arguments.orders)).to_string() {
        return Err(format!("{} orders were acknowledged, but {stored} are stored", bench.acknowledged));
    }
    program.run(&["check"], "")?;

    let limit = pgbench(&url, folder.path(), arguments, products)?;
    report.add("pgbench, the same rows, one statement an order", limit, "/s", None);
    report.add("orders over pgbench", orders / limit, "", Some(Target::AtLeast(0.6)));
    report.note(format!("Measured on {}.", machine::describe(folder.path())));
    report.note(format!(
        "PostgreSQL {} on the same machine, as it comes (fsync and synchronous_commit on), 16 connections, also for pgbench; \
         {} s each; {} connections to the shop; {products} products; {customers} customers; {} orders from before. {} acknowledged orders were all \
         found in the database, which passed its check.",
        query(&url, "SHOW server_version")?,
        arguments.seconds,
        arguments.connections,
        arguments.orders,
        bench.acknowledged
    ));
    Ok(report)
}

/// Orders a second that `pgbench` writes.
fn pgbench(url: &str, folder: &Path, arguments: &Arguments, products: u32) -> Result<f64, String> {
    let script = folder.join("order.sql");
    fs::write(&script, ORDER).map_err(|error| format!("{}: {error}", script.display()))?;
    let seconds = if arguments.smoke { 1 } else { arguments.seconds };
    let mut command = Command::new("pgbench");
    command.args(["--no-vacuum", "--protocol=prepared", "--max-tries=10", "--jobs=2", "--client", CONNECTIONS]);
    command.args(["--time", &seconds.to_string(), "--define", &format!("products={products}"), "--file"]);
    let output = command.arg(&script).arg(url).output().map_err(|error| format!("pgbench cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    tps.filter(|_| output.status.success())
        .ok_or_else(|| format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The size of the database in bytes.
fn size(url: &str) -> Result<f64, String> {
    query(url, "SELECT pg_database_size(current_database())")?.parse().map_err(|error| format!("the size: {error}"))
}

fn query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql").args(["-X", "-A", "-t", "-c", sql, url]).output();
    let output = output.map_err(|error| format!("psql cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { Ok(text) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
