//! A catalogue is imported while the shop is busy.

use std::{
    fmt::Write,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use model::job::LEASE;
use serde_json::Value;

use proof::harness::{
    audit::Audit,
    client::Client,
    load::{Fate, Load},
    program::{Ended, check, create_owner, run_on},
    server::{Launch, Server},
    shop::{Shop, text},
};

const PRODUCTS: usize = 300;

fn write_csv(path: &Path) {
    let mut csv = String::from(
        "Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n",
    );
    for number in 0..PRODUCTS {
        let _ = writeln!(
            csv,
            "thing-{number},Thing {number},\"<p>A thing, \"\"good\"\" for many uses.</p>\",Maker,true,Size,S,THING-{number}-S,7,12.50"
        );
        let _ = writeln!(csv, "thing-{number},,,,,,M,THING-{number}-M,9,13");
    }
    fs::write(path, csv).expect("written");
}

fn import(data: &Path, file: &Path) -> Ended {
    run_on(data, &["import", "products", file.to_str().expect("UTF-8")])
}

#[test]
fn an_import_and_a_busy_shop_do_not_get_in_each_others_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    let file = folder.path().join("things.csv");
    write_csv(&file);

    let load = Load::new(&shop, "order");
    let (journal, ()) = load.during(8, || {
        thread::sleep(Duration::from_millis(100));
        // Twice: the second time there is nothing new.
        for _ in 0..2 {
            import(&launch.data, &file).expect_success();
        }
    });
    let bad = journal.iter().find(|sent| !matches!(sent.fate, Fate::Acknowledged(_)));
    assert!(bad.is_none(), "the import got in the way of {bad:?}");
    let slowest = journal.iter().map(|sent| sent.took).max().unwrap_or_default();
    println!("{} orders during two imports of {PRODUCTS} products; the slowest took {slowest:?}", journal.len());
    assert!(journal.len() > 50, "there was hardly any load: {} orders", journal.len());

    // The running server sees what another process wrote.
    let found = shop.all("", "/v1/products?q=thing&");
    let things: Vec<&Value> = found.iter().filter(|product| product["vendor"] == "Maker").collect();
    assert_eq!(things.len(), PRODUCTS);
    for thing in things {
        let stock: Vec<_> =
            thing["variants"].as_array().expect("variants").iter().map(|v| v["stock"].as_i64()).collect();
        assert_eq!(stock, [Some(7), Some(9)], "{thing}");
    }
    let orders = Audit::of(&shop);
    assert_eq!(orders.compare(&journal), Vec::<String>::new());
    orders.compare_stock(&shop);

    prove_all_or_nothing(&launch.data, &shop, folder.path());
    server.stop();
    check(&launch.data);
}

/// Killed in the middle of a job, the shop goes on with it, and nothing of it is done twice.
#[test]
fn a_job_that_is_killed_goes_on_where_it_ended() {
    prove_it_goes_on(Server::kill);
}

/// Stopped, it hands the job back: nobody waits for the end of a lease.
#[test]
fn a_job_that_is_stopped_goes_on_with_the_next_start() {
    let after = prove_it_goes_on(Server::stop);
    assert!(after < LEASE.unsigned_abs() / 2, "it went on after {after:?} only");
}

/// Ends the program in the middle of a job, and proves that it goes on with the next start where it was; after how long that is.
fn prove_it_goes_on(end: fn(Server)) -> Duration {
    const THINGS: u64 = 6_000;
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let mut shop = Shop::fill(launch.address, 1);
    let mut csv = String::from("Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price\n");
    for number in 0..THINGS {
        let _ = writeln!(csv, "thing-{number},Thing {number},THING-{number},7,12.50");
    }
    let client = Client::new(launch.address);
    let job = client.post_file(&shop.owner, "/v1/admin/imports/products", "text/csv", csv.into_bytes());
    let place = format!("/v1/admin/jobs/{}", text(&job.expect("a reply").expect(202)["id"]));
    let read = |client: &Client, token: &str| client.get_as(token, &place).expect("a reply").expect(200);
    let until = |what: &str, is_so: &dyn Fn(&Value) -> bool, token: &str| {
        let begin = Instant::now();
        loop {
            let job = read(&Client::new(launch.address), token);
            if is_so(&job) {
                return job;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "waited in vain until it {what}: {job}");
            thread::sleep(Duration::from_millis(2));
        }
    };
    let begun = until("begins", &|job| job["done"].as_u64().is_some_and(|done| done >= 100), &shop.owner);
    end(server);
    assert!(begun["done"].as_u64().is_some_and(|done| done < THINGS), "it was ended too late: {begun}");
    let server = launch.start();
    let begin = Instant::now();
    shop.renew_tokens();
    let before = read(&client, &shop.owner)["done"].as_u64();
    until("goes on", &|job| job["done"].as_u64() > before || !job["finished_at"].is_null(), &shop.owner);
    let after = begin.elapsed();
    let ended = until("ends", &|job| !job["finished_at"].is_null(), &shop.owner);
    let counts = ["total", "done", "created", "updated", "unchanged", "error_count"].map(|name| ended[name].as_u64());
    assert_eq!(counts, [THINGS, THINGS, THINGS, 0, 0, 0].map(Some), "{ended}");
    assert_eq!(ended["status"], "done");
    server.stop();
    check(&launch.data);
    let export = run_on(&launch.data, &["export", "prices", "-"]).expect_success();
    assert_eq!(
        export.lines().filter(|line| line.starts_with("\"THING-") && line.ends_with(",7")).count() as u64,
        THINGS
    );
    after
}

/// A file with one bad row changes nothing, and the row is named.
fn prove_all_or_nothing(data: &Path, shop: &Shop, folder: &Path) {
    let file = folder.join("bad.csv");
    fs::write(&file, "Handle,Title,Variant Price\nfine,A fine thing,1.00\nfree,A bad thing,a fortune\n")
        .expect("written");
    let ended = import(data, &file);
    assert!(ended.code.is_some_and(|code| code != 0), "{ended:?}");
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains('3') && said.contains("a fortune"), "it should name line and reason: {said}");
    assert!(!shop.all("", "/v1/products?").iter().any(|product| product["slug"] == "fine"), "half of it was imported");
}
