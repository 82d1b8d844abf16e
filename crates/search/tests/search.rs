//! The index from outside: what it finds, in which order, and that its counts are right.

use std::collections::BTreeMap;

use cartwright_search::{Filters, Index, Order, Query, Results};
use model::{
    AttributeValue, CategoryId, Currency, Language, Money, Product, ProductDetails, ProductId, ProductOption,
    ProductStatus, Timestamp, Variant, VariantDetails, VariantId, details::Translation,
};
use proptest::prelude::*;
use uuid::Uuid;

fn variant(number: u128, values: &[&str], price: i64, stock: i64) -> Variant {
    Variant {
        id: VariantId(Uuid::from_u128(number)),
        sku: Some(format!("SKU-{number}")),
        option_values: values.iter().map(|&value| value.to_owned()).collect(),
        price: Money::new(price, Currency::EUR),
        compare_at_price: None,
        stock,
        track_stock: true,
        weight_grams: None,
        barcode: None,
        details: VariantDetails::default(),
    }
}

fn product(number: u128, title: &str) -> Product {
    let age = i64::try_from(number).expect("small");
    Product {
        id: ProductId(Uuid::from_u128(number)),
        slug: format!("product-{number}"),
        title: title.to_owned(),
        description: String::new(),
        status: ProductStatus::Active,
        vendor: None,
        category_id: None,
        tags: Vec::new(),
        options: Vec::new(),
        variants: vec![variant(number, &[], 1000, 1)],
        images: Vec::new(),
        details: ProductDetails::default(),
        rating: model::Rating::default(),
        created_at: Timestamp::from_second(age).expect("a time"),
        updated_at: Timestamp::UNIX_EPOCH,
        version: 1,
    }
}

fn index(products: &[Product]) -> Index {
    let mut index = Index::new(&[Language::english(), "de".parse().expect("a tag")]);
    products.iter().for_each(|product| index.put(product));
    index
}

fn query(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        within: None,
        language: Language::english(),
        filters: Filters { is_active: true, ..Filters::default() },
        facets: vec!["material".to_owned()],
        order: Order::Relevance,
        offset: 0,
        limit: 100,
    }
}

fn numbers(results: &Results) -> Vec<u128> {
    results.ids.iter().map(|id| id.0.as_u128()).collect()
}

fn found(index: &Index, text: &str) -> Vec<u128> {
    numbers(&index.search(&query(text)))
}

#[test]
fn words_prefixes_forms_accents_and_codes_are_found() {
    let mut shirt = product(1, "Linen Shirts");
    shirt.description = "<p>Washed <b>softly</b></p>".to_owned();
    shirt.tags = vec!["Été".to_owned()];
    let mut mug = product(2, "Stoneware mug");
    mug.vendor = Some("Alder & Ink".to_owned());
    mug.details.attributes = BTreeMap::from([("glaze".to_owned(), AttributeValue::Text("celadon".to_owned()))]);
    let index = index(&[shirt, mug, product(3, "Notebook")]);
    for (text, expected) in [
        ("shirt", vec![1]),
        ("SHIRTS", vec![1]),
        ("lin", vec![1]),
        ("washing", vec![1]),
        ("ete", vec![1]),
        ("sku-2", vec![2]),
        ("alder", vec![2]),
        ("celadon", vec![2]),
        ("b", vec![]),
        ("softly washed linen", vec![1]),
        ("", vec![3, 2, 1]),
        ("  ", vec![3, 2, 1]),
        ("!?", vec![]),
    ] {
        assert_eq!(found(&index, text), expected, "{text:?}");
    }
}

#[test]
fn variants_without_sku_are_counted() {
    let bare = |number: u128| Variant { sku: None, ..variant(number, &[], 1000, 1) };
    let mut mug = product(1, "Mug");
    mug.variants = vec![bare(1), variant(2, &[], 1000, 1), bare(3)];
    let mut index = index(&[mug, product(4, "Cup")]);
    assert_eq!(index.variants_without_sku(), 2);
    // In its place, and gone.
    let mut cup = product(4, "Cup");
    cup.variants = vec![bare(4)];
    index.put(&cup);
    index.remove(ProductId(Uuid::from_u128(1)));
    assert_eq!(index.variants_without_sku(), 1);
}

#[test]
fn small_typos_are_forgiven_and_told() {
    let index = index(&[product(1, "Linen shirt"), product(2, "Notebook"), product(3, "Short linen dress")]);
    let results = index.search(&query("linnen shrit"));
    assert_eq!((numbers(&results)[0], results.corrected.as_deref()), (1, Some("linen shirt")));
    assert_eq!(results.highlighter.mark("Linen shirt").as_deref(), Some("<mark>Linen</mark> <mark>shirt</mark>"));
    assert_eq!(found(&index, "notebok"), [2]);
    assert_eq!(found(&index, "xyzzy"), Vec::<u128>::new());
    assert_eq!(index.search(&query("linen")).corrected, None);
    assert_eq!(index.search(&query("xyzzy linen")).corrected.as_deref(), Some("linen"), "what was understood");
    assert_eq!(index.search(&query("note")).corrected, None);
    let pads = index.search(&query("noteb pad"));
    assert_eq!((numbers(&pads), pads.corrected.as_deref()), (vec![2], Some("noteb")), "a beginning is no typo");
    assert_eq!(found(&index, "li"), [1, 3], "short words are beginnings, not typos");
}

#[test]
fn titles_count_more_than_descriptions_and_whole_ones_most() {
    let mut dress = product(9, "Dress");
    dress.description = "<p>goes with every mug</p>".to_owned();
    let index = index(&[product(1, "Mug"), product(2, "Mug with a handle"), product(3, "Large mug"), dress]);
    assert_eq!(found(&index, "mug"), [1, 2, 3, 9]);
}

#[test]
fn as_many_words_as_possible_are_found() {
    let index = index(&[product(1, "Blue linen shirt"), product(2, "Blue mug"), product(3, "Green plate")]);
    assert_eq!(found(&index, "blue linen"), [1]);
    assert_eq!(found(&index, "blue linen curtain"), [1], "two of three");
    assert_eq!(found(&index, "green curtain"), [3]);
}

#[test]
fn what_is_not_for_sale_leaves_no_trace_in_what_others_find() {
    let mut draft = product(4, "Frobnicator linen shirt Garnet");
    draft.vendor = Some("Secret & Sons".to_owned());
    draft.tags = vec!["hidden".to_owned()];
    draft.status = ProductStatus::Draft;
    draft.description = "<p>flibbertigizmo</p>".to_owned();
    let seen = [
        product(1, "Linen shirt"),
        product(2, "Linen dress"),
        product(3, "Flask"),
        product(5, "Garnet"),
        product(6, "Garner"),
    ];
    let mut index = index(&seen);
    let told = |index: &Index, text: &str| {
        let results = index.search(&query(text));
        let vendors = vec!["secret & sons".to_owned()];
        let filters = Filters { vendors, tags: vec!["HIDDEN".to_owned()], ..query(text).filters };
        let filtered = index.search(&Query { filters, ..query(text) });
        (numbers(&results), results.corrected, filtered.facets.vendors, filtered.facets.tags)
    };
    let texts = [
        "flibbertigizmo",
        "flibbertigizmoo",
        "linen flib",
        "linen frobnicator",
        "linen shirt frobnicatorx",
        "frob",
        "frobnicators",
        "shirt dress frobnicator",
        "garnex",
        "",
    ];
    let before = texts.map(|text| told(&index, text));
    index.put(&draft);
    assert_eq!(texts.map(|text| told(&index, text)), before);
    // Whoever may see all of them finds it.
    let everything = Query { filters: Filters::default(), ..query("flibbertigizmoo") };
    assert_eq!(numbers(&index.search(&everything)), [4]);
    // And what was for sale, and is gone.
    draft.status = ProductStatus::Active;
    index.put(&draft);
    assert_eq!(found(&index, "flib"), [4]);
    index.remove(draft.id);
    assert_eq!(texts.map(|text| told(&index, text)), before);
}

#[test]
fn other_languages_are_found_with_their_forms() {
    let mut shirt = product(1, "Shirt");
    let texts = Translation { title: Some("Hemden aus Leinen".to_owned()), ..Translation::default() };
    shirt.details.translations = BTreeMap::from([("de".parse().expect("a tag"), texts)]);
    let index = index(&[shirt]);
    let german = Query { language: "de".parse().expect("a tag"), ..query("hemd leinen") };
    assert_eq!(numbers(&index.search(&german)), [1]);
}

#[test]
fn a_product_is_found_as_it_is_now() {
    let mut index = index(&[product(1, "Mug"), product(2, "Plate")]);
    index.put(&product(1, "Cup"));
    assert_eq!((found(&index, "mug"), found(&index, "cup"), index.len()), (vec![], vec![1], 2));
    index.remove(ProductId(Uuid::from_u128(1)));
    index.remove(ProductId(Uuid::from_u128(1)));
    assert_eq!((found(&index, "cup"), found(&index, ""), index.len()), (vec![], vec![2], 1));
    // Often enough for the index to be made compact, more than once.
    for round in 0..6000 {
        let mut mug = product(7, &format!("Mug {round}"));
        (mug.vendor, mug.tags) =
            (Some(format!("vendor {}", round / 5000)), vec![format!("tag {round}"), "new".to_owned()]);
        index.put(&mug);
    }
    assert_eq!((found(&index, "mug 5999"), found(&index, "").len(), index.len()), (vec![7], 2, 2));
    // What nobody is called any more is forgotten with it, and what is counted is what is there.
    let told = format!("{index:?}");
    let names = told.split("names: ").nth(1).and_then(|rest| rest.split(',').next()).expect("how many names");
    assert!(names.parse::<usize>().expect("a number") < 2500, "{told}");
    let facets = index.search(&query("")).facets;
    let tags: Vec<_> = facets.tags.iter().map(|tag| (tag.value.as_str(), tag.count)).collect();
    assert_eq!((tags, facets.vendors[0].value.as_str()), (vec![("new", 1), ("tag 5999", 1)], "vendor 1"));
    let draft = Product { status: ProductStatus::Draft, ..product(2, "Plate") };
    index.put(&draft);
    assert_eq!(found(&index, "plate"), Vec::<u128>::new());
}

#[test]
fn pages_follow_each_other_in_every_order() {
    let mut products: Vec<_> = (1..=50).map(|n| product(n, &format!("Mug {}", n % 7))).collect();
    for (product, price) in products.iter_mut().zip([300, 100, 200].into_iter().cycle()) {
        product.variants[0].price.amount = price;
    }
    let index = index(&products);
    for order in [Order::Relevance, Order::Newest, Order::Price, Order::PriceDescending, Order::Title, Order::Rating] {
        let all = numbers(&index.search(&Query { order, ..query("mug") }));
        let pages = (0..10)
            .flat_map(|page| numbers(&index.search(&Query { order, offset: page * 6, limit: 6, ..query("mug") })));
        assert_eq!(pages.collect::<Vec<_>>(), all, "{order:?}");
    }
    let cheapest = index.search(&Query { order: Order::Price, limit: 1, ..query("") });
    assert_eq!((numbers(&cheapest), cheapest.total), (vec![50], 50));
}

#[test]
fn filters_on_variants_are_about_one_variant() {
    let mut shirt = product(1, "Shirt");
    let option = |name: &str, values: &[&str]| ProductOption {
        name: name.to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    shirt.options = vec![option("Size", &["S", "M"]), option("Colour", &["Blue", "Red"])];
    shirt.variants = vec![variant(11, &["S", "Blue"], 100, 0), variant(12, &["M", "Red"], 900, 5)];
    let index = index(&[shirt]);
    let total = |size: &str, colour: &str, filters: Filters| {
        let options = vec![("size".to_owned(), vec![size.to_owned()]), ("Colour".to_owned(), vec![colour.to_owned()])];
        index.search(&Query { filters: Filters { options, ..filters }, ..query("") }).total
    };
    assert_eq!(total("S", "Blue", Filters::default()), 1);
    assert_eq!(total("S", "Red", Filters::default()), 0, "there is no such variant");
    assert_eq!(total("S", "Blue", Filters { in_stock: Some(true), ..Filters::default() }), 0);
    assert_eq!(total("M", "red", Filters { price_max: Some(500), ..Filters::default() }), 0);
    assert_eq!(total("M", "red", Filters { price_min: Some(500), ..Filters::default() }), 1);
}

#[test]
fn an_option_is_one_however_its_name_is_written() {
    let pipe = |number: u128, option: &str, value: &str| {
        let mut pipe = product(number, "Pipe");
        pipe.options = vec![ProductOption { name: option.to_owned(), values: vec![value.to_owned()] }];
        pipe.variants = vec![variant(number, &[value], 100, 1)];
        pipe
    };
    let index = index(&[pipe(1, "Länge", "2 m"), pipe(2, "LÄNGE", "3 m"), pipe(3, "länge", "3 m")]);
    let chosen = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let options = vec![chosen("Länge", "2 m"), chosen("LÄNGE", "3 m")];
    let filters = Filters { options, ..Filters::default() };
    let results = index.search(&Query { filters, ..query("") });
    assert_eq!(results.total, 3, "of several values of one option any will do");
    let [(name, values)] = results.facets.options.as_slice() else { panic!("{:?}", results.facets.options) };
    let values: Vec<_> = values.iter().map(|value| (value.value.as_str(), value.count, value.is_chosen)).collect();
    assert_eq!((name.as_str(), values), ("LÄNGE", vec![("3 m", 2, true), ("2 m", 1, true)]));
}

#[test]
fn attributes_are_counted_where_they_are_facets_and_filter_anyway() {
    let mut oak = product(1, "Table");
    let text = |value: &str| AttributeValue::Text(value.to_owned());
    oak.details.attributes =
        BTreeMap::from([("material".to_owned(), text("oak")), ("link".to_owned(), text("https://a.example/1"))]);
    let index = index(&[oak, product(2, "Chair")]);
    let chosen = vec![("link".to_owned(), vec!["https://a.example/1".to_owned()])];
    let filters = Filters { attributes: chosen, ..Filters::default() };
    let results = index.search(&Query { filters, ..query("") });
    let counted: Vec<_> = results.facets.attributes.iter().map(|(key, values)| (key.as_str(), values.len())).collect();
    assert_eq!((results.total, counted), (1, vec![("material", 1)]));
}

#[test]
fn of_many_values_the_most_frequent_are_told_and_those_that_are_chosen() {
    let mut products: Vec<_> = (1..=150).map(|n| product(n, "Mug")).collect();
    for (product, number) in products.iter_mut().zip(1..) {
        product.tags = vec![format!("tag {number:03}")];
        if number > 120 {
            product.tags.push("often".to_owned());
        }
    }
    let index = index(&products);
    let filters = Filters { tags: vec!["tag 140".to_owned()], ..Filters::default() };
    let tags = index.search(&Query { filters, ..query("") }).facets.tags;
    let told: Vec<_> = tags.iter().map(|tag| tag.value.clone()).collect();
    let expected: Vec<_> = std::iter::once("often".to_owned())
        .chain((1..=99).map(|number| format!("tag {number:03}")))
        .chain(["tag 140".to_owned()])
        .collect();
    assert_eq!(told, expected);
}

/// A product of which everything that can be filtered by is drawn.
fn any_product() -> impl Strategy<Value = Product> {
    let one = |values: &'static [&'static str]| proptest::sample::select(values);
    let variants = prop::collection::vec((one(&["S", "M"]), one(&["Blue", "Red"]), 0_i64..2000, 0_i64..2), 1..4);
    let own =
        (one(&["", "Acme", "Zen"]), 0_u128..4, prop::collection::vec(one(&["new", "eco"]), 0..3), one(&["oak", "tin"]));
    (1_u128..1_000_000, variants, own).prop_map(|(number, variants, (vendor, category, tags, material))| {
        let mut made = product(number, "Thing");
        let names = ["Size", "Colour"].map(|name| ProductOption { name: name.to_owned(), values: Vec::new() });
        made.options = names.to_vec();
        made.variants = variants
            .iter()
            .zip(0_u128..)
            .map(|((size, colour, price, stock), at)| {
                let before = (price % 2 == 0).then(|| Money::new(price + 1, Currency::EUR));
                Variant { compare_at_price: before, ..variant(number * 10 + at, &[size, colour], *price, *stock) }
            })
            .collect();
        made.vendor = Some(vendor.to_owned()).filter(|vendor| !vendor.is_empty());
        made.category_id = (category > 0).then(|| CategoryId(Uuid::from_u128(category)));
        made.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        made.details.attributes = BTreeMap::from([("material".to_owned(), AttributeValue::Text(material.to_owned()))]);
        made
    })
}

fn any_filters() -> impl Strategy<Value = Filters> {
    let some = |values: &'static [&'static str]| {
        let list = prop::collection::vec(proptest::sample::select(values), 0..2);
        list.prop_map(|list| list.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let lists = (some(&["Acme", "Zen"]), some(&["new", "eco"]), some(&["S", "M"]), some(&["Blue"]), some(&["oak"]));
    let bounds = (prop::option::of(0_i64..1500), prop::option::of(500_i64..2000));
    let bounds = (bounds, prop::option::of(any::<bool>()), prop::option::of(any::<bool>()));
    (lists, bounds, prop::option::of(1_u128..4)).prop_map(
        |((vendors, tags, sizes, colours, materials), ((price_min, price_max), in_stock, on_sale), category)| {
            let named =
                |name: &str, values: Vec<String>| (!values.is_empty()).then(|| (name.to_owned(), values)).into_iter();
            Filters {
                is_active: true,
                categories: category.map(|number| CategoryId(Uuid::from_u128(number))).into_iter().collect(),
                vendors,
                tags,
                options: named("Size", sizes).chain(named("Colour", colours)).collect(),
                attributes: named("material", materials).collect(),
                price_min,
                price_max,
                in_stock,
                on_sale,
                ..Filters::default()
            }
        },
    )
}

#[test]
fn a_facet_is_written_as_most_products_have_it_now() {
    let of = |number, vendor: &str| Product { vendor: Some(vendor.to_owned()), ..product(number, "Mug") };
    let shown = |index: &Index| {
        let vendors = index.search(&query("")).facets.vendors;
        vendors.into_iter().map(|counted| (counted.value, counted.count)).collect::<Vec<_>>()
    };
    let expected = |value: &str, count| vec![(value.to_owned(), count)];
    let fresh = index(&[of(3, "Xyz"), of(1, "Xyz"), of(2, "Xyz")]);
    let mut index = index(&[of(1, "XYZ"), of(2, "XYZ"), of(3, "Xyz")]);
    assert_eq!(shown(&index), expected("XYZ", 3));
    index.put(&of(1, "Xyz"));
    index.put(&of(2, "Xyz"));
    assert_eq!(shown(&index), expected("Xyz", 3));
    assert_eq!(shown(&index), shown(&fresh), "it depends on what was there before");
    // As many of each; outdated ones do not count, nor when they are forgotten.
    for _ in 0..2000 {
        index.put(&of(1, "xyz"));
    }
    index.remove(of(2, "").id);
    assert_eq!(shown(&index), expected("Xyz", 2));
    index.put(&of(3, "xyz"));
    assert_eq!(shown(&index), expected("xyz", 2));
}

/// The filter of this name with one value in the place of what it has.
fn instead(all: &[(String, Vec<String>)], name: &str, value: &str) -> Vec<(String, Vec<String>)> {
    let others = all.iter().filter(|(other, _)| other != name).cloned();
    others.chain([(name.to_owned(), vec![value.to_owned()])]).collect()
}

proptest! {
    /// What a facet says is what one gets.
    #[test]
    fn every_count_is_what_choosing_it_gives(
        products in prop::collection::vec(any_product(), 0..25),
        filters in any_filters(),
    ) {
        let index = index(&products);
        let total = |filters: Filters| index.search(&Query { filters, ..query("") }).total;
        let facets = index.search(&Query { filters: filters.clone(), ..query("") }).facets;
        for counted in &facets.vendors {
            let chosen = Filters { vendors: vec![counted.value.clone()], ..filters.clone() };
            prop_assert_eq!(total(chosen), counted.count, "vendor {}", &counted.value);
        }
        for counted in &facets.tags {
            let chosen = Filters { tags: vec![counted.value.clone()], ..filters.clone() };
            prop_assert_eq!(total(chosen), counted.count, "tag {}", &counted.value);
        }
        for (name, values) in &facets.options {
            for counted in values {
                let options = instead(&filters.options, name, &counted.value);
                prop_assert_eq!(total(Filters { options, ..filters.clone() }), counted.count, "{} {}", name, &counted.value);
            }
        }
        for (name, values) in &facets.attributes {
            for counted in values {
                let attributes = instead(&filters.attributes, name, &counted.value);
                prop_assert_eq!(total(Filters { attributes, ..filters.clone() }), counted.count, "{}", name);
            }
        }
        for (id, count) in &facets.categories {
            prop_assert_eq!(total(Filters { categories: vec![*id], ..filters.clone() }), *count);
        }
        for band in &facets.prices {
            let chosen = Filters { price_min: Some(band.from), price_max: Some(band.to), ..filters.clone() };
            prop_assert_eq!(total(chosen), band.count, "{:?}", band);
        }
        prop_assert!(facets.prices.len() <= 6);
        prop_assert_eq!(total(Filters { in_stock: Some(true), ..filters.clone() }), facets.in_stock);
        prop_assert_eq!(total(Filters { on_sale: Some(true), ..filters }), facets.on_sale);
    }

    #[test]
    fn no_question_is_too_odd(text in "\\PC{0,60}", offset in 0_usize..9, limit in 0_usize..9) {
        let index = index(&[product(1, "Mug"), product(2, "Linen shirt")]);
        let results = index.search(&Query { offset, limit, ..query(&text) });
        prop_assert!(results.ids.len() <= limit && results.total <= 2);
    }
}
