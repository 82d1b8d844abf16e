//! `GET /v1/search`

use serde_json::{Value, json};

use crate::support::{Shop, address, line, new_key, pick, text};

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// A shop with a few things in it.
fn shop() -> Shop {
    let shop = Shop::start(&[]);
    let category = |name: &str, parent: &Value| {
        let body = json!({"name": name, "parent_id": parent});
        shop.owner().post("/v1/admin/categories", &body).send().expect(201)["id"].clone()
    };
    let clothes = category("Clothes", &Value::Null);
    let shirts = category("Shirts", &clothes);
    let body = json!({"key": "material", "label": "Material", "owner": "product", "kind": "choice", "choices": ["linen", "wool"], "is_facet": true});
    shop.owner().post("/v1/admin/attributes", &body).send().expect(201);
    let size = |sizes: &[(&str, i64)]| {
        let variants: Vec<_> = sizes
            .iter()
            .map(|(size, stock)| json!({"option_values": [size], "price": eur(3900), "stock": stock}))
            .collect();
        (json!([{"name": "Size"}]), json!(variants))
    };
    let (options, variants) = size(&[("S", 0), ("M", 5)]);
    shop.add_product(
        &json!({"title": "Linen shirt", "status": "active", "vendor": "Acme", "tags": ["new"], "category_id": shirts,
        "description": "<p>Washed <b>linen</b> &amp; horn buttons</p>", "attributes": {"material": "linen"},
        "options": options, "variants": variants}),
    );
    let (options, variants) = size(&[("M", 1)]);
    shop.add_product(&json!({"title": "Wool jumper", "status": "active", "vendor": "Zen", "category_id": clothes,
        "attributes": {"material": "wool"}, "options": options, "variants": variants}));
    shop.add_product(&json!({"title": "Stoneware mug", "status": "active", "vendor": "Acme", "variants": [{"price": eur(1200), "stock": 4}]}));
    shop.add_product(&json!({"title": "Linen draft", "variants": [{"price": eur(1)}]}));
    shop
}

fn search(shop: &Shop, query: &str) -> Value {
    shop.stranger().get(&format!("/v1/search{query}")).send().expect(200)
}

fn titles(found: &Value) -> Vec<String> {
    pick(&found["items"], "title").into_iter().map(text).collect()
}

/// The counts of a facet by value.
fn counts(facet: &Value) -> Value {
    let values = facet.as_array().expect("a list").iter();
    values.map(|value| (text(&value["value"]), value["count"].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn words_are_found_marked_and_corrected() {
    let shop = shop();
    let found = search(&shop, "?q=linnen%20shrit");
    assert_eq!(
        (titles(&found), &found["corrected"], &found["total"]),
        (vec!["Linen shirt".to_owned()], &json!("linen shirt"), &json!(1))
    );
    assert_eq!(found["items"][0]["highlights"]["title"], "<mark>Linen</mark> <mark>shirt</mark>");
    let found = search(&shop, "?q=buttons");
    let highlights = &found["items"][0]["highlights"];
    assert_eq!(highlights["description"], "Washed linen &amp; horn <mark>buttons</mark>");
    assert_eq!(highlights["title"], Value::Null);
    assert_eq!(titles(&search(&shop, "?q=sto")), ["Stoneware mug"]);
    assert_eq!(titles(&search(&shop, "?q=draft")), Vec::<String>::new());
    assert_eq!(titles(&search(&shop, "?sort=title")), ["Linen shirt", "Stoneware mug", "Wool jumper"]);
}

#[test]
fn facets_count_what_another_choice_would_give() {
    let shop = shop();
    let all = search(&shop, "")["facets"].clone();
    assert_eq!(counts(&all["vendors"]), json!({"Acme": 2, "Zen": 1}));
    assert_eq!(
        (&all["options"][0]["name"], counts(&all["options"][0]["values"])),
        (&json!("Size"), json!({"M": 2, "S": 1}))
    );
    assert_eq!(counts(&all["attributes"][0]["values"]), json!({"linen": 1, "wool": 1}));
    let categories: Vec<_> =
        pick(&all["categories"], "name").into_iter().zip(pick(&all["categories"], "count")).collect();
    assert_eq!(categories, [(&json!("Clothes"), &json!(2)), (&json!("Shirts"), &json!(1))]);
    assert_eq!((&all["in_stock"], all["prices"].as_array().map(Vec::len)), (&json!(3), Some(2)));

    let chosen = search(&shop, "?vendor=acme&option[Size]=M");
    assert_eq!(titles(&chosen), ["Linen shirt"]);
    // What is chosen of vendors does not count for vendors, and the size does.
    assert_eq!(counts(&chosen["facets"]["vendors"]), json!({"Acme": 1, "Zen": 1}));
    assert_eq!(counts(&chosen["facets"]["options"][0]["values"]), json!({"M": 1, "S": 1}));
    assert_eq!(
        search(&shop, "?option[Size][]=M&vendor=acme")["items"],
        chosen["items"],
        "as some programs write lists"
    );
    assert_eq!(search(&shop, "?option[Size]=S&in_stock=true")["total"], 0, "the small one is sold out");
    assert_eq!(search(&shop, "?option[Size]=S&option[Size]=M&in_stock=true")["total"], 2);
    assert_eq!(search(&shop, "?attribute[material]=wool&category=clothes")["total"], 1);
    assert_eq!(titles(&search(&shop, "?price_max=1200")), ["Stoneware mug"]);
}

#[test]
fn a_search_sees_what_was_saved_before_it() {
    let shop = shop();
    assert_eq!(search(&shop, "?q=teapot")["total"], 0);
    let pot =
        shop.add_product(&json!({"title": "Teapot", "status": "active", "variants": [{"price": eur(5), "stock": 1}]}));
    assert_eq!(search(&shop, "?q=teapot")["total"], 1);
    let path = format!("/v1/admin/products/{}", text(&pot["id"]));
    shop.owner().patch(&path, &json!({"title": "Samovar"})).send().expect(200);
    assert_eq!((&search(&shop, "?q=teapot")["total"], &search(&shop, "?q=samovar")["total"]), (&json!(0), &json!(1)));
    assert_eq!(search(&shop, "?q=samovar&in_stock=true")["total"], 1);
    let order = json!({"lines": [line(&text(&pot["variants"][0]["id"]), 1)], "ship_to": address()});
    shop.customer().client.post("/v1/orders", &order).key(&new_key()).send().expect(201);
    assert_eq!(search(&shop, "?q=samovar&in_stock=true")["total"], 0, "the last one was bought");
    let archived = shop.owner().delete(&path).send().expect(200);
    assert_eq!((&archived["status"], &search(&shop, "?q=samovar")["total"]), (&json!("archived"), &json!(0)));
}

#[test]
fn pages_follow_each_other() {
    let shop = shop();
    let first = search(&shop, "?limit=2&sort=price");
    let next = text(&first["next_cursor"]);
    let second = search(&shop, &format!("?limit=2&sort=price&cursor={next}"));
    let all: Vec<_> = titles(&first).into_iter().chain(titles(&second)).collect();
    assert_eq!((all.len(), all[0].as_str(), &second["next_cursor"]), (3, "Stoneware mug", &Value::Null));
    // A page may be of another length, but a cursor does not go on in another search.
    assert_eq!(titles(&search(&shop, &format!("?sort=price&cursor={next}&limit=1"))), titles(&second));
    for other in ["", "sort=title&", "sort=price&q=linen&", "sort=price&vendor=Acme&"] {
        let query = format!("?{other}limit=2&cursor={next}");
        shop.stranger().get(&format!("/v1/search{query}")).send().wrong_parameter("cursor");
    }
    for wrong in [
        "?limit=0",
        "?limit=101",
        "?cursor=x",
        "?sort=age",
        "?price_min=a",
        "?in_stock=1",
        "?rating_min=6",
        "?colour=red",
        "?q=a&q=b",
        "?category=nowhere",
        "?language=xx",
        "?option[]=x",
        "?option[Size][a]=x",
        "?option[Size]x[]=x",
        "?collection=nowhere",
        "?option=x",
    ] {
        shop.stranger().get(&format!("/v1/search{wrong}")).send().refused(400, "invalid_query");
    }
    let many: String = (0..101).map(|n| format!("&tag={n}")).collect();
    shop.stranger().get(&format!("/v1/search?q=x{many}")).send().refused(400, "invalid_query");
}
