//! `import products`

use std::fs;

use crate::support::Place;

const HEADER: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\n";

fn count(place: &Place) -> usize {
    let server = place.start(&["serve"]);
    let list = server.get("/v1/products?limit=100");
    server.stop();
    list["items"].as_array().expect("a list").len()
}

#[test]
fn a_file_can_be_imported_again_and_again() {
    let place = Place::new();
    let file = place.write("shop.csv", &format!("{HEADER}mug,Mug,M-1,12.50,3\npot,Pot,P-1,30,2\n"));
    let import = ["import", "products", file.to_str().expect("UTF-8")];
    let first = place.run(&import).expect(0);
    assert!(first.stdout.contains(": 2 added") && first.stderr.contains("2 of 2 products"), "{first:?}");
    let again = place.run(&import).expect(0);
    assert!(again.stdout.contains(": 0 added, 0 changed, 2 unchanged"), "{again:?}");
    fs::write(&file, format!("{HEADER}mug,Mug,M-1,13,3\npot,Pot,P-1,30,2\n")).expect("written");
    let changed = place.run(&import).expect(0);
    assert!(changed.stdout.contains(": 0 added, 1 changed, 1 unchanged"), "{changed:?}");
    assert_eq!(count(&place), 2);
}

#[test]
fn bad_rows_are_named_and_nothing_is_imported_unless_told_to_keep_going() {
    let place = Place::new();
    let rows = "mug,Mug,M-1,12.50,3\npot,Pot,P-1,cheap,2\ncup,Cup,C-1,4,many\n";
    let file = place.write("shop.csv", &format!("{HEADER}{rows}"));
    let import = ["import", "products", file.to_str().expect("UTF-8")];
    let strict =
        place.run(&import).fails(1, &["line 3", "line 4", "Variant Price", "nothing was imported", "2 bad rows"]);
    assert!(strict.stdout.is_empty(), "{strict:?}");
    assert_eq!(count(&place), 0);
    let lenient = place.run(&[&import[..], &["--keep-going"]].concat()).fails(1, &["line 3", "line 4", "left out"]);
    assert!(lenient.stdout.contains(": 1 added"), "{lenient:?}");
    assert_eq!(count(&place), 1);
}

#[test]
fn products_that_the_shop_refuses_are_named_too() {
    let place = Place::new();
    let first = place.write("first.csv", &format!("{HEADER}mug,Mug,M-1,12.50,3\n"));
    place.run(&["import", "products", first.to_str().expect("UTF-8")]).expect(0);
    let second =
        place.write("second.csv", &format!("{HEADER}pot,Pot,P-1,30,2\nmug-2,Another,M-1,12.50,3\ncup,Cup,C-1,4,1\n"));
    let import = ["import", "products", second.to_str().expect("UTF-8")];
    place.run(&import).fails(1, &["line 3", "M-1", "nothing was imported"]);
    assert_eq!(count(&place), 1);
    let lenient = place.run(&[&import[..], &["--keep-going"]].concat()).fails(1, &["line 3", "M-1", "1 bad row"]);
    assert!(lenient.stdout.contains(": 2 added"), "{lenient:?}");
    assert_eq!(count(&place), 3);
}

#[test]
fn files_that_are_none_are_refused() {
    let place = Place::new();
    place.run(&["import", "products", "absent.csv"]).fails(1, &["absent.csv", "No such file"]);
    place.run(&["import", "products", "."]).fails(1, &["folder"]);
    let empty = place.write("empty.csv", "");
    place.run(&["import", "products", empty.to_str().expect("UTF-8")]).fails(1, &["empty"]);
    assert!(!place.path("cartwright-data").exists(), "no shop is made for nothing");
}

#[test]
fn new_products_may_be_priced_in_every_currency_of_the_shop() {
    let place = Place::new();
    let line = r#"{"type":"product","slug":"mug","title":"Mug","status":"active","variants":[{"price":{"amount":9,"currency":"USD"}}]}"#;
    let file = place.write("dollars.ndjson", line);
    let import = ["import", "catalogue", file.to_str().expect("UTF-8")];
    place.run(&import).fails(1, &["line 1", "must be in EUR"]);
    // That it names the shop's own as well says nothing.
    let import = [&import[..], &["--currencies", "EUR,USD"]].concat();
    assert!(place.run(&import).expect(0).stdout.contains(": 1 added, 0 changed, 0 unchanged"));
}

#[test]
fn what_is_exported_can_be_imported_again() {
    let place = Place::new();
    let file = place.write("shop.csv", &format!("{HEADER}mug,=Mug,M-1,12.50,3\npot,Pot,P-1,30,2\n"));
    place.run(&["import", "products", file.to_str().expect("UTF-8")]).expect(0);
    let (out, prices) = (place.path("out.csv"), place.path("prices.csv"));
    let told = place.run(&["export", "products", out.to_str().expect("UTF-8")]).expect(0);
    assert!(told.stderr.contains("2 products exported"), "{told:?}");
    assert!(fs::read_to_string(&out).expect("written").contains("'=Mug"));
    let again = place.run(&["import", "products", out.to_str().expect("UTF-8")]).expect(0);
    assert!(again.stdout.contains(": 0 added, 0 changed, 2 unchanged"), "{again:?}");
    place.run(&["export", "prices", prices.to_str().expect("UTF-8")]).expect(0);
    assert_eq!(fs::read_to_string(&prices).expect("written").lines().count(), 3);
    let printed = place.run(&["export", "prices", "-"]).expect(0);
    assert!(printed.stdout.starts_with("\"SKU\",\"Title\""), "{printed:?}");
    let catalogue = place.path("catalogue.ndjson");
    place.run(&["export", "catalogue", catalogue.to_str().expect("UTF-8")]).expect(0);
    let other = Place::new();
    let import = ["import", "catalogue", catalogue.to_str().expect("UTF-8")];
    assert!(other.run(&import).expect(0).stdout.contains(": 2 added, 0 changed, 0 unchanged"));
    assert!(other.run(&import).expect(0).stdout.contains(": 0 added, 0 changed, 2 unchanged"));
    let bad = place.write("bad.ndjson", &format!("nonsense\n{}", fs::read_to_string(&catalogue).expect("read")));
    let import = ["import", "catalogue", bad.to_str().expect("UTF-8")];
    other.run(&import).fails(1, &["line 1", "nothing was imported"]);
    let kept = other.run(&[&import[..], &["--keep-going"]].concat()).fails(1, &["line 1"]);
    assert!(kept.stdout.contains("2 unchanged"), "{kept:?}");
    place.run(&["export", "products", "/nowhere/at/all.csv"]).fails(1, &["/nowhere/at/all.csv"]);
}
