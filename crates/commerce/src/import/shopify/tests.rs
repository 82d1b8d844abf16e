//! Small files, good and bad.

use std::{fmt::Write as _, io::Read};

use model::{Currency, ProductStatus};
use proptest::prelude::*;

use super::read;
use crate::import::{Parsed, Untold};

const HEADER: &str = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Status,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,\
Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,\
Image Alt Text,Variant Image";

fn parse(text: &str) -> Parsed {
    read(text.as_bytes(), Currency::EUR)
}

/// A file with a short header of its own.
fn short(rows: &str) -> Parsed {
    parse(&format!("Handle,Title,Option1 Name,Option1 Value,Variant Inventory Qty,Variant Price\n{rows}"))
}

fn errors(parsed: &Parsed) -> Vec<String> {
    parsed.errors.iter().map(ToString::to_string).collect()
}

fn handles(parsed: &Parsed) -> Vec<&str> {
    parsed.products.iter().map(|product| product.handle.as_str()).collect()
}

#[test]
fn a_shop_is_read_whole() {
    let rows = [
        "linen-shirt,Linen Shirt,\"<p>Cut wide,\r\nwoven <b>tight</b>.</p><script>x</script>\",Loom & Co,Clothing,\"summer, linen, Summer\",true,,\
         Size,S,Colour,Sand,'00123,180,shopify,5,deny,49.5,59,'4006381333931,https://example.com/shirt-2.jpg,2,Back,",
        "linen-shirt,,,,,,,,,M,,Sand,LS-M,180.6,shopify,0,deny,49.5,,,https://example.com/shirt-1.jpg,1,Front,https://example.com/m.jpg",
        "linen-shirt,,,,,,,,,,,,,,,,,,,,https://example.com/shirt-3.jpg,3,,",
        "voucher,Gift Voucher,,,,,false,active,Title,Default Title,,,,0,,,continue,25,0,,,,,",
        "mug,Mug,,,Kitchen,,,draft,Title,Default Title,,,,,,1,deny,\"1,299.00\",,,,,,",
    ];
    let parsed = parse(&format!("\u{feff}{HEADER}\r\n{}\r\n", rows.join("\r\n")));
    insta::assert_debug_snapshot!(parsed);
}

#[test]
fn rows_of_one_handle_may_stand_apart() {
    let parsed = short("a,,,M,1,60\nb,B,,,1,5\nA,Shirt,Size,L,1,60\n");
    assert_eq!((errors(&parsed), handles(&parsed)), (vec![], vec!["a", "b"]));
    assert_eq!(parsed.products[0].draft.options[0].values, ["M", "L"]);
    let parsed = short("a,Shirt,,,1,60\na,Trousers,,,1,60\n");
    assert_eq!(
        errors(&parsed),
        ["line 3, Title: differs from \"Shirt\" on line 2; one handle is one product; the product \"a\" is left out"]
    );
}

#[test]
fn a_bad_row_leaves_out_its_product_and_no_other() {
    let parsed = short("a,A,Size,S,1,60\na,,,M,x,6o\nb,B,,,1,5\n,C,,,1,5\nd,,,,1,5\ne,E,,,,\nf,F,,,,9");
    assert_eq!(handles(&parsed), ["b", "f"]);
    insta::assert_snapshot!(errors(&parsed).join("\n"), @r#"
    line 3, Variant Price: must be a price such as 50 or 19.99, not "6o"; the product "a" is left out
    line 3, Variant Inventory Qty: must be a whole number from 0 to 1000000000, not "x"; the product "a" is left out
    line 5: the row has no handle, so it belongs to no product
    line 6, Title: no row of this product has a title; the product "d" is left out
    line 7, Variant Price: the row has neither a variant with a price nor an image; the product "e" is left out
    "#);
}

#[test]
fn all_variants_of_a_product_have_a_price_or_none() {
    let parsed = short("a,A,Size,S,1,60\na,,,M,1,\nb,B,Size,S,1,\nb,,,M,1,\nc,C,,,1,5\n");
    let keeps: Vec<_> = parsed.products.iter().map(|product| (product.handle.as_str(), product.keeps_prices)).collect();
    assert_eq!(keeps, [("b", true), ("c", false)]);
    assert_eq!(
        errors(&parsed),
        ["line 3, Variant Price: a variant needs a price such as 50 or 19.99; the product \"a\" is left out"]
    );
    let before = parse("Handle,Title,Variant Price,Variant Compare At Price\na,A,,5\n");
    assert_eq!((before.errors.len(), before.products.len()), (1, 0), "what it cost before is no price");
}

#[test]
fn lines_are_those_of_the_file_whatever_ends_them() {
    for line_break in ["\n", "\r\n", "\r"] {
        let text =
            ["Handle,Title,Variant Price", "", "a,\"A", "", "A\",x", "", ",,", "b,B,y", "c,C,1,1"].join(line_break);
        for text in [text.clone(), text + line_break] {
            let lines: Vec<_> = parse(&text).errors.iter().map(|error| error.line).collect();
            assert_eq!(lines, [3, 8, 9], "{text:?}");
        }
    }
}

#[test]
fn the_rules_of_products_are_reported_by_line_and_column() {
    let long = "x".repeat(201);
    let parsed = short(&format!("a,A,Size,S,1,1\na,,,S,1,2\nb,\"B\nB\",,,1,1\nc,{long},,,1,99999999999999\n"));
    assert_eq!(handles(&parsed), [""; 0]);
    insta::assert_snapshot!(errors(&parsed).join("\n"), @r#"
    line 3, Option1 Value: another variant has the same option values; the product "a" is left out
    line 4, Title: must not contain line breaks or control characters; the product "b" is left out
    line 6, Title: must be at most 200 characters; the product "c" is left out
    line 6, Variant Price: must be 0 to 1000000000000 minor units; the product "c" is left out
    "#);
}

#[test]
fn options_must_be_named_and_filled() {
    let parsed =
        short("a,A,,S,1,1\nb,B,Size,S,1,1\nb,,,,1,1\nc,C,Size,,1,1\nd,D,Title,Default Title,1,1\nd,,,Other,1,1\n");
    assert_eq!(handles(&parsed), ["d"]);
    insta::assert_snapshot!(errors(&parsed).join("\n"), @r#"
    line 2, Option1 Value: has a value, but no row of the product has an Option1 Name; the product "a" is left out
    line 4, Option1 Value: is empty, but the product has the option "Size"; the product "b" is left out
    line 5, Option1 Value: is empty, but the product has the option "Size"; the product "c" is left out
    "#);
}

#[test]
fn what_is_not_such_a_file_is_said_once() {
    for (text, reason) in [
        ("", "line 1: the file is empty"),
        ("\n\n\r\n", "line 1: the file is empty"),
        ("\u{feff}", "line 1: the file is empty"),
        ("Handle,Title,Variant Price\n", "line 1: the file has a header but no products"),
        ("Handle,Title\na,A\n", "line 1: missing columns: Variant Price (or Price)"),
        (
            "name,price\nmug,5\n",
            "line 1: missing columns: Handle (or URL handle), Title; this is not a Shopify product CSV",
        ),
        (
            "Handle|Title|Variant Price\na|A|5\n",
            "line 1: missing columns: Handle (or URL handle), Title, Variant Price (or Price); this is not a Shopify product CSV",
        ),
        ("Handle,Title,Variant Price,title\na,A,5,\n", "line 1: the column Title is there twice"),
    ] {
        let parsed = parse(text);
        assert_eq!((errors(&parsed), parsed.products.len()), (vec![reason.to_owned()], 0), "{text:?}");
    }
    let utf16 = [0xFF, 0xFE, b'H', 0, b'a', 0];
    assert_eq!(errors(&read(utf16.as_slice(), Currency::EUR)), ["line 1: the file is UTF-16; save it as CSV in UTF-8"]);
}

#[test]
fn columns_may_be_separated_by_semicolons_and_tabs() {
    for separator in [",", ";", "\t"] {
        let rows = ["Handle|Title|Tags|Variant Price", "a|A|\"x, y\"|\"1.299,50\"", "b|B||19.99"];
        let parsed = parse(&rows.join("\n").replace('|', separator));
        let prices: Vec<_> = parsed.products.iter().map(|product| product.draft.variants[0].price.amount).collect();
        assert_eq!((errors(&parsed), prices), (vec![], vec![129_950, 1_999]), "{separator:?}");
        assert_eq!(parsed.products[0].draft.tags, ["x", "y"]);
    }
}

/// As the template of today has it.
#[test]
fn columns_go_by_the_names_that_shopify_gives_them_today() {
    let header = "Title,URL handle,Description,Vendor,Type,Tags,Published on online store,Status,SKU,Barcode,Option1 name,\
Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,\
Weight value (grams),Product image URL,Image position,Image alt text,Variant image URL,SEO title";
    let row = "Shirt,shirt,<p>Wide</p>,Loom,Clothing,linen,FALSE,Active,S-1,4006381333931,Size,M,49.5,59,shopify,5,DENY,180,\
https://example.com/1.jpg,1,Front,https://example.com/m.jpg,For sale";
    let parsed = parse(&format!("{header}\n{row}\n"));
    assert_eq!(errors(&parsed), [""; 0]);
    let product = &parsed.products[0];
    let (draft, variant) = (&product.draft, &product.draft.variants[0]);
    let said = (product.handle.as_str(), draft.description.as_str(), draft.status);
    assert_eq!(said, ("shirt", "<p>Wide</p>", ProductStatus::Draft));
    assert_eq!((variant.sku.as_deref(), variant.barcode.as_deref()), (Some("S-1"), Some("4006381333931")));
    let prices = (variant.price.amount, variant.compare_at_price.map(|price| price.amount));
    let stock = (variant.stock, variant.track_stock, variant.weight_grams);
    assert_eq!((prices, stock), ((4950, Some(5900)), (Some(5), true, Some(180))));
    let images: Vec<_> = draft.images.iter().map(|image| (image.url.as_str(), image.alt.as_deref())).collect();
    assert_eq!(images, [("https://example.com/1.jpg", Some("Front")), ("https://example.com/m.jpg", None)]);
    assert_eq!(product.variant_images, [Some("https://example.com/m.jpg".to_owned())]);
    let wrong = parse("Title,URL handle,Price\nA,a,1.999\n");
    let reason = "line 2, Price: \"1.999\" may be thousands or decimals: write 1.99, or 1999 without a separator";
    assert_eq!(errors(&wrong), [format!("{reason}; the product \"a\" is left out")]);
}

#[test]
fn bytes_that_are_not_utf8_are_reported_with_line_and_column() {
    let parsed = read(b"Handle,Title,Variant Price\na,Caf\xE9,5\nb,B,5\n".as_slice(), Currency::EUR);
    assert_eq!(handles(&parsed), ["b"]);
    assert_eq!(
        errors(&parsed),
        ["line 2, Title: is not UTF-8; save the file as CSV in UTF-8; the product \"a\" is left out"]
    );
}

#[test]
fn a_quote_that_is_never_closed_is_found() {
    let parsed = short("a,A,,,1,5\nb,B,,,1,5\nc,\"C,,,1,5\nd,D,,,1,5\n");
    assert_eq!(handles(&parsed), ["a"], "b might have gone on");
    assert_eq!(errors(&parsed), ["line 4: a quote is opened and never closed; the product \"b\" is left out"]);
    // The same with a whole field at the very end, which is fine.
    assert_eq!(errors(&parse("Handle,Variant Price,Title\na,5,\"A \n\"")), [""; 0]);
    let endless = "Handle,Title,Variant Price\na,A,5\nb,\"".as_bytes().chain(std::io::repeat(b'x'));
    let parsed = read(endless, Currency::EUR);
    assert_eq!(
        errors(&parsed),
        ["line 3: the row is longer than 1048576 bytes; is a quote left open?; the product \"a\" is left out"]
    );
}

#[test]
fn stock_limits_sales_as_the_columns_say() {
    let header = "Handle,Title,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy";
    for (columns, expected) in [
        (",1,deny", Some((1, true))),
        (",1,", Some((1, true))),
        (",,deny", Some((0, false))),
        ("shopify,,deny", Some((0, true))),
        ("shopify,7,continue", Some((7, false))),
        ("shopify,-7,continue", Some((0, false))),
        ("shopify,-7,deny", Some((0, true))),
        (",-7,", Some((0, true))),
        ("shopify,7,TRUE", Some((7, false))),
        ("shopify,1.5,deny", None),
        ("shopify,1,maybe", None),
    ] {
        let parsed = parse(&format!("{header}\na,A,5,{columns}\n"));
        let found = parsed.products.first().map(|product| &product.draft.variants[0]);
        assert_eq!(found.map(|variant| (variant.stock.unwrap_or(-1), variant.track_stock)), expected, "{columns}");
        assert_eq!(parsed.errors.is_empty(), expected.is_some(), "{columns}");
        let notes: Vec<_> = parsed.notes.iter().map(ToString::to_string).collect();
        let expected = "line 2, Variant Inventory Qty: -7 is below zero; the variant has 0";
        assert_eq!(notes, if columns.contains("-7") { vec![expected] } else { vec![] }, "{columns}");
    }
}

#[test]
fn shoppers_see_what_the_shop_published() {
    for (columns, expected) in [
        ("true,", Some(ProductStatus::Active)),
        (",", Some(ProductStatus::Active)),
        ("TRUE,Active", Some(ProductStatus::Active)),
        ("false,active", Some(ProductStatus::Draft)),
        ("true,draft", Some(ProductStatus::Draft)),
        ("false,archived", Some(ProductStatus::Archived)),
        ("yes,", None),
        ("true,hidden", None),
    ] {
        let parsed = parse(&format!("Handle,Title,Variant Price,Published,Status\na,A,5,{columns}\n"));
        assert_eq!(parsed.products.first().map(|product| product.draft.status), expected, "{columns}");
    }
}

#[test]
fn what_has_no_column_is_untold() {
    let untold = |more: &str| {
        let empty = ",".repeat(more.matches(',').count());
        let parsed = parse(&format!("Handle,Title,Variant Price{more}\na,A,5{empty}\n"));
        assert_eq!(errors(&parsed), [""; 0], "{more}");
        parsed.products[0].untold.clone()
    };
    let all = untold("");
    assert_eq!(all.len(), 12, "{all:?}");
    for (column, told) in [
        ("Body (HTML)", Untold::Description),
        ("Status", Untold::Status),
        ("Published", Untold::Status),
        ("Vendor", Untold::Vendor),
        ("Tags", Untold::Tags),
        ("Option1 Name", Untold::Options),
        ("Option5 Value", Untold::Options),
        ("Image Src", Untold::Images),
        ("Image Alt Text", Untold::ImageAlts),
        ("Variant SKU", Untold::Sku),
        ("Compare-at price", Untold::CompareAtPrice),
        ("Variant Inventory Tracker", Untold::TrackStock),
        ("Inventory quantity", Untold::TrackStock),
        ("Variant Grams", Untold::Weight),
        ("Barcode", Untold::Barcode),
    ] {
        let others: Vec<_> = all.iter().copied().filter(|&one| one != told).collect();
        assert_eq!(untold(&format!(",{column}")), others, "{column}");
    }
    for column in ["Variant Inventory Policy", "Variant Image", "Image Position", "SEO title"] {
        assert_eq!(untold(&format!(",{column}")), all, "{column}");
    }
}

#[test]
fn variants_without_options_go_by_their_skus() {
    let rows = "a,A,A-S,5\na,,A-M,6\nb,B,B-S,5\nb,,,6\nc,C,C-S,5\nc,,C-S,6\n";
    let parsed = parse(&format!("Handle,Title,Variant SKU,Variant Price\n{rows}"));
    assert_eq!(handles(&parsed), ["a"]);
    let draft = &parsed.products[0].draft;
    let variants: Vec<_> =
        draft.variants.iter().map(|variant| (variant.sku.as_deref(), variant.option_values.len())).collect();
    assert_eq!((draft.options.len(), variants), (0, vec![(Some("A-S"), 0), (Some("A-M"), 0)]));
    assert_eq!(
        errors(&parsed),
        [
            "line 5, Option1 Value: another variant has the same option values; the product \"b\" is left out",
            "line 7, Variant SKU: another variant has the same SKU; the product \"c\" is left out",
        ]
    );
}

#[test]
fn handles_that_meet_in_urls_are_refused() {
    let parsed = short("café,A,,,1,1\ncafe,B,,,1,1\n");
    assert_eq!(handles(&parsed), ["café"]);
    assert_eq!(
        errors(&parsed),
        [
            "line 3, Handle: the handle reads as \"cafe\" in URLs, like the one on line 2; the product \"cafe\" is left out"
        ]
    );
}

#[test]
fn a_hundred_thousand_products_are_read() {
    let mut text = String::from("Handle,Title,Variant SKU,Variant Price\n");
    for n in 0..100_000 {
        writeln!(text, "product-{n},Product {n},SKU-{n},{}.99", n % 500).expect("a string takes it");
    }
    let parsed = parse(&text);
    assert_eq!((parsed.products.len(), parsed.errors.len()), (100_000, 0));
    assert_eq!(parsed.products[99_999].line, 100_001);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), with_header in any::<bool>()) {
        let text = if with_header { format!("{HEADER}\n").into_bytes() } else { Vec::new() };
        read([text, bytes].concat().as_slice(), Currency::EUR);
    }

    #[test]
    fn every_product_is_read_or_explained(
        rows in prop::collection::vec(
            prop::collection::vec(
                prop::sample::select(vec![
                    "", "", "a", "b", "Title", "Default Title", "5", "-1", "x,y", "\"", "\n", "1e9", "true", "deny",
                    "https://example.com/a.jpg", "javascript:x", "<b>", "\u{0}", "é", "'",
                ]),
                24,
            ),
            1..12,
        )
    ) {
        let mut writer = csv::Writer::from_writer(format!("{HEADER}\n").into_bytes());
        for row in &rows {
            writer.write_record(row).expect("memory takes it");
        }
        let parsed = read(writer.into_inner().expect("memory takes it").as_slice(), Currency::EUR);
        let mut seen: Vec<_> = rows.iter().filter(|row| row.iter().any(|field| !field.trim().is_empty())).map(|row| row[0].trim().to_lowercase()).collect();
        seen.sort();
        seen.dedup();
        for handle in seen {
            let is_read = parsed.products.iter().any(|product| product.handle == handle);
            let is_explained = parsed.errors.iter().any(|error| error.handle.clone().unwrap_or_default() == handle);
            prop_assert!(is_read != is_explained, "{handle:?}: {parsed:?}");
        }
    }
}
