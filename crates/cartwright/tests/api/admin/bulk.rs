//! `/v1/admin/imports`, `/v1/admin/exports`, `/v1/admin/jobs`

use serde_json::{Value, json};

use crate::support::{NO_ID, Shop, ended, import, text};

const HEADER: &str = "Handle,Title,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n";

fn export(shop: &Shop, what: &str) -> String {
    let reply = shop.owner().get(&format!("/v1/admin/exports/{what}")).send();
    assert_eq!((reply.status, reply.media_type()), (200, "text/csv"), "{}", reply.text());
    assert!(reply.header("content-disposition").contains(&format!("{what}.csv")));
    reply.text()
}

fn names(job: &Value, fields: &[&str]) -> Vec<i64> {
    fields.iter().map(|field| job[*field].as_i64().unwrap_or(-1)).collect()
}

const COUNTS: [&str; 6] = ["total", "done", "created", "updated", "unchanged", "error_count"];

#[test]
fn a_catalogue_comes_in_goes_out_and_comes_back_unchanged() {
    let shop = Shop::start(&[]);
    let mut file = HEADER.to_owned();
    for number in 0..120 {
        file += &format!("mug-{number},Mug {number},Kitchen,Size,S,M-{number}-S,3,12.50\n");
        file += &format!("mug-{number},,,,L,M-{number}-L,2,14\n");
    }
    file += "evil,=1+1;=2+2,Kitchen,,,'@SUM(A1),1,5\n";
    let job = ended(&shop, &import(shop.owner(), "products", &file));
    assert_eq!((&job["status"], names(&job, &COUNTS)), (&json!("done"), vec![121, 121, 121, 0, 0, 0]), "{job}");
    let exported = export(&shop, "products");
    assert!(exported.contains("\"'=1+1;=2+2\"") && exported.contains("'@SUM(A1)"), "{exported}");
    let job = ended(&shop, &import(shop.owner(), "products", &exported));
    assert_eq!(names(&job, &COUNTS), [121, 121, 0, 0, 121, 0], "{job}");
    assert_eq!(export(&shop, "products"), exported);
    // Prices and stock of many at once.
    let prices = export(&shop, "prices");
    assert!(prices.contains("\"'=1+1;=2+2\""), "{prices}");
    let job = ended(&shop, &import(shop.owner(), "prices", &prices));
    assert_eq!(names(&job, &COUNTS), [241, 241, 0, 0, 241, 0], "{job}");
    let dearer = prices.replace("12.50,\"\",3", "13.00,15.00,8");
    let job = ended(&shop, &import(shop.owner(), "prices", &dearer));
    assert_eq!(names(&job, &COUNTS), [241, 241, 0, 120, 121, 0], "{job}");
    let mug = shop.stranger().get("/v1/products/mug-7").send().expect(200);
    let variant = &mug["variants"][0];
    assert_eq!((&variant["price"]["amount"], &variant["stock"]), (&json!(1300), &json!(8)));
    assert_eq!(variant["compare_at_price"]["amount"], 1500);
    let list = shop.owner().get("/v1/admin/jobs").send().expect(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        (&list["items"][0]["kind"], &list["items"][3]["kind"]),
        (&json!("set_prices"), &json!("import_products"))
    );
}

#[test]
fn each_bad_row_is_told() {
    let shop = Shop::start(&[]);
    let file = format!("{HEADER}a,A,,,,A-1,1,5\nb,B,,,,B-1,1,cheap\nc,C,,,,A-1,1,5\nd,D,,,,D-1,1,5\n");
    // With a mistake in the file nothing is done...
    let job = ended(&shop, &import(shop.owner(), "products", &file));
    assert_eq!((&job["status"], names(&job, &COUNTS)), (&json!("failed"), vec![3, 0, 0, 0, 0, 1]), "{job}");
    assert_eq!((&job["errors"][0]["line"], &job["errors"][0]["column"]), (&json!(3), &json!("Variant Price")));
    assert!(text(&job["failure"]).contains("keep_going"), "{job}");
    assert_eq!(shop.stranger().get("/v1/products").send().expect(200)["items"], json!([]));
    // ... unless that is wanted; what the shop itself refuses is told too.
    let job = ended(&shop, &import(shop.owner(), "products?keep_going=true", &file));
    assert_eq!((&job["status"], names(&job, &COUNTS)), (&json!("done"), vec![3, 3, 2, 0, 0, 2]), "{job}");
    let lines: Vec<_> = job["errors"].as_array().expect("errors").iter().map(|error| error["line"].clone()).collect();
    assert_eq!(lines, [json!(3), json!(4)], "the price, and the SKU that is taken");
    let prices = "SKU,Price,Stock\nA-1,6,\nunknown,6,\nD-1,,4\n";
    let job = ended(&shop, &import(shop.owner(), "prices", prices));
    assert_eq!((&job["status"], names(&job, &COUNTS)), (&json!("done"), vec![3, 3, 0, 2, 0, 1]), "{job}");
    assert_eq!(job["errors"][0]["line"], 3);
    assert!(text(&job["errors"][0]["message"]).contains("no variant has the SKU \"unknown\""), "{job}");
    for nonsense in ["", "a,b\n1,2\n", "\u{0}\u{1}"] {
        let job = ended(&shop, &import(shop.owner(), "prices", nonsense));
        // Leaving out rows would not help.
        assert_eq!((&job["status"], &job["failure"]), (&json!("failed"), &json!("nothing in the file can be used")));
    }
}

#[test]
fn what_is_read_otherwise_than_it_stands_there_is_told() {
    let shop = Shop::start(&[]);
    let job = ended(&shop, &import(shop.owner(), "products", &format!("{HEADER}a,A,,,,A-1,-7,5\nb,B,,,,B-1,7,5\n")));
    assert_eq!((&job["status"], names(&job, &COUNTS)), (&json!("done"), vec![2, 2, 2, 0, 0, 0]), "{job}");
    let note = json!({
        "line": 2, "column": "Variant Inventory Qty", "message": "-7 is below zero; the variant has 0",
    });
    assert_eq!(job["notes"], json!([note]));
    // Nobody asked for the pictures.
    let file = "Handle,Title,Variant Price,Image Src\nc,C,5,https://pictures.example/c.jpg\nd,D,5,/media/own.jpg\n";
    let job = ended(&shop, &import(shop.owner(), "products", file));
    assert_eq!((&job["notes"][0]["line"], job["notes"].as_array().map(Vec::len)), (&json!(2), Some(1)), "{job}");
    assert!(text(&job["notes"][0]["message"]).starts_with("1 picture stays on pictures.example; "), "{job}");
}

#[test]
fn jobs_can_be_stopped_and_strange_requests_are_refused() {
    let shop = Shop::shared();
    let id = import(shop.owner(), "prices", "SKU,Price\n");
    // Whether it was quicker or not: stopping it is no error.
    let stopped = shop.owner().delete(&format!("/v1/admin/jobs/{id}")).send().expect(200);
    assert!(["cancelled", "done", "failed"].contains(&text(&stopped["status"]).as_str()), "{stopped}");
    shop.owner().get(&format!("/v1/admin/jobs/{NO_ID}")).send().refused(404, "not_found");
    shop.owner().delete(&format!("/v1/admin/jobs/{NO_ID}")).send().refused(404, "not_found");
    let path = "/v1/admin/imports/products";
    let reply = shop.owner().post(path, &json!({})).send_outside_the_contract();
    let problem = reply.refused(415, "unsupported_media_type");
    assert!(!text(&problem["title"]).contains("JSON"), "{problem}");
    assert!(text(&problem["detail"]).contains("text/csv"), "{problem}");
    let wrong = shop.owner().request("POST", &format!("{path}?keep_going=maybe"));
    wrong.bytes("text/csv", b"x".to_vec()).send_outside_the_contract().refused(400, "invalid_query");
}

#[test]
fn new_products_may_be_priced_in_every_currency_of_the_shop() {
    let shop = Shop::start(&["--currencies", "USD"]);
    let line = |slug: &str, currency: &str| {
        json!({
            "type": "product", "slug": slug, "title": slug, "status": "active",
            "variants": [{"price": {"amount": 900, "currency": currency}}],
        })
    };
    let file = format!("{}\n{}\n", line("mug", "EUR"), line("bowl", "USD"));
    let job = ended(&shop, &import(shop.owner(), "catalogue", &file));
    assert_eq!((&job["status"], names(&job, &COUNTS)), (&json!("done"), vec![2, 2, 2, 0, 0, 0]), "{job}");
}

#[test]
fn a_whole_catalogue_goes_out_and_makes_the_same_shop_elsewhere() {
    let (shop, other) = (Shop::start(&["--languages", "en,de"]), Shop::start(&["--languages", "en,de"]));
    let mug = shop.add_product(&json!({
        "title": "Mug", "status": "active", "translations": {"de": {"title": "Becher"}},
        "variants": [{"price": {"amount": 900, "currency": "EUR"}, "stock": 3}],
    }));
    shop.owner().post("/v1/admin/collections", &json!({"title": "Chosen", "products": [mug["id"]]})).send().expect(201);
    let exported = |shop: &Shop| shop.owner().get("/v1/admin/exports/catalogue").send().text();
    let file = exported(&shop);
    assert_eq!(file.lines().count(), 2, "{file}");
    for (shop, counts) in [(&other, [2, 2, 2, 0, 0, 0]), (&shop, [2, 2, 0, 0, 2, 0])] {
        let job = ended(shop, &import(shop.owner(), "catalogue", &file));
        assert_eq!((&job["kind"], names(&job, &COUNTS)), (&json!("import_catalogue"), counts.to_vec()), "{job}");
        assert_eq!(exported(shop), file);
    }
    let read = other.stranger().get("/v1/products/mug?language=de").send().expect(200);
    assert_eq!((&read["title"], &read["variants"][0]["stock"]), (&json!("Becher"), &json!(3)));
}
