//! A catalogue is imported while the shop is busy.

use std::{fmt::Write, fs, path::Path, thread, time::Duration};

use serde_json::Value;

use crate::days::{
    audit::Audit,
    load::{Fate, Load},
    program::{Ended, check, create_owner, run_on},
    server::Launch,
    shop::Shop,
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
