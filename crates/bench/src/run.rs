//! The run: a shop is filled, loaded, counted, and its engine measured alone.

use std::{
    fs,
    sync::{Arc, atomic::AtomicU64},
    thread,
    time::Duration,
};

use crate::{
    Arguments, database, http,
    load::{self, Outcome, Pace, Requests},
    machine, raw,
    report::{Report, Target},
    requests::{AnyOf, Logins, Orders},
    server::{Program, Server, file_size},
    shop::{self, Shop},
};

/// The public URL names the issuer of the tokens, which must outlive a change of the port.
pub(crate) const SERVE: [&str; 6] =
    ["--bcrypt-cost", "10", "--signup", "immediate", "--public-url", "http://127.0.0.1:8080"];
const ATTACKERS: u8 = 8;

/// What the loads of one run have in common.
pub(crate) struct Bench<'a> {
    arguments: &'a Arguments,
    shop: Shop,
    variants: Arc<Vec<String>>,
    /// The number of the next idempotency key.
    keys: Arc<AtomicU64>,
    /// Orders that were acknowledged. The first is the one of the proof.
    pub(crate) acknowledged: u64,
    targets: Targets,
}

/// What is asked of an engine, a second each; and how long an order may take, in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Targets {
    pub(crate) list: f64,
    pub(crate) one: f64,
    pub(crate) orders: f64,
    pub(crate) order_ms: Option<f64>,
}

const EMBEDDED: Targets = Targets { list: 25_000.0, one: 45_000.0, orders: 10_000.0, order_ms: Some(20.0) };

/// Measures everything.
///
/// # Errors
/// What was wrong: figures are not errors.
pub(crate) async fn run(arguments: &Arguments) -> Result<Report, String> {
    let (products, customers) = if arguments.smoke { (60, 8) } else { (arguments.products, arguments.customers) };
    fs::create_dir_all(&arguments.folder).map_err(|error| format!("{}: {error}", arguments.folder.display()))?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&arguments.folder);
    let folder = folder.map_err(|error| format!("no temporary folder: {error}"))?;
    let program = Program { binary: arguments.binary.clone(), data: folder.path().join("data"), database: None };
    let mut report = Report::default();

    shop::create_owner(&program)?;
    let server = program.serve(&SERVE).await?;
    let shop = shop::fill(server.address, products, customers).await?;
    shop::prove(server.address, &shop).await?;
    server.stop().await?;
    let raw_database = folder.path().join("raw.db");
    database::copy(&database::find(&program.data)?, &raw_database)?;

    let mut bench = Bench::new(arguments, shop, EMBEDDED);
    let loaded = bench.load(&program, &mut report).await;
    let orders = loaded.map_err(|error| format!("{error}\nthe server logged:\n{}", program.log_text()))?;
    bench.count(&program)?;

    let seconds = if arguments.smoke { 1 } else { arguments.seconds };
    let limit = raw::measure(&raw_database, raw::GROUP, Duration::from_secs(seconds.into()))?;
    let waiting = raw::measure(&raw_database, arguments.connections, Duration::from_secs(seconds.into()))?;
    let single = raw::measure(&raw_database, 1, Duration::from_secs(u64::from(seconds).div_ceil(4)))?;
    report.add("SQLite alone, the same rows, 256 orders a commit", limit, "/s", None);
    report.add("SQLite alone, as many orders a commit as connections", waiting, "/s", None);
    report.add("SQLite alone, a commit an order", single, "/s", None);
    // No more orders than connections can wait for one commit: that is the limit of this load.
    report.add(
        "orders over SQLite alone, as many a commit as connections",
        orders / waiting,
        "",
        Some(Target::AtLeast(0.5)),
    );
    report.add("orders over SQLite alone, 256 a commit", orders / limit, "", None);
    report.add("binary", mebibytes(file_size(&program.binary)), "MiB", Some(Target::Under(40.0)));
    report.note(format!("Measured on {}.", machine::describe(folder.path())));
    let unsent = database::count(&database::find(&program.data)?, "mails WHERE status = 'pending'")?;
    let (Arguments { connections, .. }, steady_orders) = (arguments, bench.steady_orders());
    report.note(format!(
        "{seconds} s each; {connections} connections; {products} products; {customers} customers; bcrypt cost 10; the \
         storm is {ATTACKERS} connections that sign in as fast as they can, every second time with a wrong password, \
         beside {steady_orders} orders a second. {} acknowledged orders were all found in the database, which passed \
         its check; {unsent} of their mails were still waiting at the end.",
        bench.acknowledged
    ));
    Ok(report)
}

impl<'a> Bench<'a> {
    /// The loads of a shop that was filled and proven.
    pub(crate) fn new(arguments: &'a Arguments, shop: Shop, targets: Targets) -> Self {
        let variants = Arc::new(shop.variants.clone());
        Self { arguments, shop, variants, keys: Arc::default(), acknowledged: 1, targets }
    }

    /// Runs all loads; gives orders a second.
    async fn load(&mut self, program: &Program, report: &mut Report) -> Result<f64, String> {
        let server = program.serve(&SERVE).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        report.add("resident, idle", memory(&server)?, "MiB", Some(Target::Under(30.0)));
        self.read(&server, report).await?;
        // The storm comes first: the full load leaves mails behind, whose delivery would disturb what is called quiet.
        self.storm(&server, report).await?;
        let orders = self.order(&server, report).await?;
        report.add("resident, after the load", memory(&server)?, "MiB", Some(Target::Under(150.0)));
        let (_, peak_kib) = server.memory_kib()?;
        report.add("resident, at most", mebibytes(peak_kib * 1024), "MiB", None);
        server.stop().await?;

        let again = program.serve(&SERVE).await?;
        report.add("start to first reply", again.first_reply.as_secs_f64() * 1000.0, "ms", Some(Target::Under(300.0)));
        again.stop().await?;
        Ok(orders)
    }

    pub(crate) async fn read(&self, server: &Server, report: &mut Report) -> Result<(), String> {
        let list = vec![http::get(shop::LIST)];
        let one = self.shop.slugs.iter().map(|slug| http::get(&format!("/v1/products/{slug}"))).collect();
        let kinds = [("product list, 20 items", list, self.targets.list), ("one product", one, self.targets.one)];
        for (name, requests, target) in kinds {
            let requests = Arc::new(requests);
            let sources = (0..self.arguments.connections).map(|seed| {
                let source = AnyOf::new(Arc::clone(&requests), u64::from(seed) + 1);
                Box::new(source) as Box<dyn Requests>
            });
            let outcome = load::run(server.address, sources.collect(), self.pace(None), &[200]).await;
            without_surprise(name, &outcome)?;
            report.add(name, outcome.per_second(), "/s", Some(Target::AtLeast(target)));
        }
        Ok(())
    }

    pub(crate) async fn order(&mut self, server: &Server, report: &mut Report) -> Result<f64, String> {
        let before = machine::processor_time(server.pid())?;
        let own_before = machine::processor_time(std::process::id())?;
        let outcome = self.place(server, None).await?;
        let (server_us, by_thread) = per_request(&before, &machine::processor_time(server.pid())?, &outcome);
        let (own_us, _) = per_request(&own_before, &machine::processor_time(std::process::id())?, &outcome);
        report.add("orders of 3 lines", outcome.per_second(), "/s", Some(Target::AtLeast(self.targets.orders)));
        report.add("orders, p50", outcome.percentile_ms(500), "ms", None);
        report.add("orders, p99", outcome.percentile_ms(990), "ms", self.targets.order_ms.map(Target::Under));
        report.add("orders, p99.9", outcome.percentile_ms(999), "ms", None);
        report.add("processor time of an order, server", server_us, "µs", None);
        report.add("processor time of an order, load generator", own_us, "µs", None);
        report.note(format!("Processor time of an order by the server's threads: {by_thread}."));
        Ok(outcome.per_second())
    }

    /// Orders at a fixed rate, first in quiet, then while others try passwords.
    async fn storm(&mut self, server: &Server, report: &mut Report) -> Result<(), String> {
        let rate = Some(self.steady_orders());
        let quiet = self.place(server, rate).await?.percentile_ms(990);
        let (address, pace, emails) = (server.address, self.pace(None), self.shop.emails.clone());
        // On a thread of its own, so that it does not hold up the orders on this side.
        let attackers = thread::spawn(move || {
            let logins = |attacker| Box::new(Logins::new(&emails, shop::PASSWORD, attacker)) as Box<dyn Requests>;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // 429 and 503 are the server defending itself.
            let expected = &[200, 401, 429, 503];
            runtime.map(|runtime| {
                runtime.block_on(load::run(address, (0..ATTACKERS).map(logins).collect(), pace, expected))
            })
        });
        let stormy = self.place(server, rate).await?.percentile_ms(990);
        let logins = attackers.join().map_err(|_| "the storm's thread panicked")?.map_err(|error| error.to_string())?;
        // A short run on a busy machine may end before the first password was compared.
        let hashed = logins.count(200) + logins.count(401);
        match &logins.surprise {
            Some(surprise) => return Err(format!("login: {surprise}")),
            None if hashed == 0 => return Err(format!("the storm was none: {:?}", logins.statuses)),
            None => {}
        }
        report.add("orders at a steady rate, p99, quiet", quiet, "ms", None);
        report.add("orders at a steady rate, p99, in a login storm", stormy, "ms", None);
        report.add("storm over quiet", stormy / quiet.max(f64::EPSILON), "", Some(Target::Under(2.0)));
        report.note(format!("Replies to the storm by status: {:?}.", logins.statuses));
        Ok(())
    }

    /// Places orders; every reply must acknowledge one.
    async fn place(&mut self, server: &Server, rate: Option<u32>) -> Result<Outcome, String> {
        let tokens = self.shop.tokens.iter().cycle();
        let sources = tokens.zip(0..self.arguments.connections).map(|(token, seed)| {
            let (variants, keys) = (Arc::clone(&self.variants), Arc::clone(&self.keys));
            Box::new(Orders::new(token, variants, keys, u64::from(seed) + 1)) as Box<dyn Requests>
        });
        let outcome = load::run(server.address, sources.collect(), self.pace(rate), &[201]).await;
        self.acknowledged += outcome.count(201);
        without_surprise("order", &outcome)?;
        Ok(outcome)
    }

    fn steady_orders(&self) -> u32 {
        if self.arguments.smoke { 100 } else { self.arguments.steady_orders }
    }

    fn pace(&self, rate: Option<u32>) -> Pace {
        let (warm_up, measured) = match self.arguments.smoke {
            true => (Duration::from_millis(100), Duration::from_millis(700)),
            false => (Duration::from_secs(1), Duration::from_secs(self.arguments.seconds.into())),
        };
        Pace { warm_up, measured, rate }
    }

    /// Every acknowledged order is there, and no other; and the database agrees with itself.
    fn count(&self, program: &Program) -> Result<(), String> {
        let stored = database::count(&database::find(&program.data)?, "orders")?;
        if stored != self.acknowledged {
            return Err(format!("{} orders were acknowledged, but {stored} are stored", self.acknowledged));
        }
        program.run(&["check"], "").map(drop)
    }
}

pub(crate) fn without_surprise(what: &str, outcome: &Outcome) -> Result<(), String> {
    match &outcome.surprise {
        Some(surprise) => Err(format!("{what}: {surprise} (replies by status: {:?})", outcome.statuses)),
        None if outcome.measured() == 0 => Err(format!("{what}: no reply came in time")),
        None => Ok(()),
    }
}

/// Processor time of one of the replies, in microseconds, and the same by thread.
fn per_request(before: &[(String, Duration)], after: &[(String, Duration)], outcome: &Outcome) -> (f64, String) {
    let replies = u32::try_from(outcome.statuses.values().sum::<u64>()).unwrap_or(u32::MAX);
    let mut threads: Vec<(&str, f64)> = Vec::new();
    for (name, time) in after {
        let earlier = before.iter().find(|(known, _)| known == name).map_or(Duration::ZERO, |(_, time)| *time);
        let used = time.saturating_sub(earlier).as_secs_f64() * 1e6 / f64::from(replies.max(1));
        threads.push((name, used));
    }
    threads.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    let shown = threads.iter().filter(|(_, used)| *used >= 0.5).map(|(name, used)| format!("{name} {used:.0} µs"));
    (threads.iter().map(|(_, used)| used).sum(), shown.collect::<Vec<_>>().join(", "))
}

pub(crate) fn memory(server: &Server) -> Result<f64, String> {
    server.memory_kib().map(|(now_kib, _)| mebibytes(now_kib * 1024))
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}
