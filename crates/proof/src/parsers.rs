//! What reads bytes that strangers wrote, each as a function of bytes: for the scenario `parsers`, and for the targets of `cargo fuzz` in
//! `fuzz/`. Whatever the bytes, they come back: with something or a refusal, never with a panic.

use std::{io::Cursor as Bytes, sync::LazyLock};

use commerce::import::{catalogue, mongo, prices, shopify};
use identity::{AccessTokens, Keys};
use model::{Currency, Timestamp};

/// A parser, and good inputs to begin with.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Reads bytes.
    pub read: fn(&[u8]),
    /// Inputs that it takes.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "body", read: body, seeds: bodies },
    Target { name: "query", read: query, seeds: queries },
    Target { name: "shopify-csv", read: shopify_csv, seeds: shopify_files },
    Target { name: "price-csv", read: price_csv, seeds: price_files },
    Target { name: "catalogue-ndjson", read: catalogue_ndjson, seeds: catalogue_files },
    Target { name: "bson", read: bson, seeds: bson_files },
    Target { name: "extended-json", read: extended_json, seeds: json_files },
    Target { name: "picture", read: picture, seeds: pictures },
    Target { name: "token", read: token, seeds: tokens },
    Target { name: "cursor", read: cursor, seeds: cursors },
];

/// A request's body, as each operation that takes one would read it.
pub fn body(bytes: &[u8]) {
    use web::dto::{account, attribute, auth, catalogue, collection, order, review};
    let _ = serde_json::from_slice::<order::PlaceOrderDto>(bytes);
    let _ = serde_json::from_slice::<catalogue::NewProductDto>(bytes);
    let _ = serde_json::from_slice::<catalogue::ProductPatchDto>(bytes);
    let _ = serde_json::from_slice::<attribute::NewAttributeDto>(bytes);
    let _ = serde_json::from_slice::<collection::NewCollectionDto>(bytes);
    let _ = serde_json::from_slice::<review::NewReviewDto>(bytes);
    let _ = serde_json::from_slice::<account::SaveAddressDto>(bytes);
    let _ = serde_json::from_slice::<auth::SignUpDto>(bytes);
}

fn bodies() -> Vec<Vec<u8>> {
    [
        r#"{"lines":[{"variant_id":"01890000-0000-7000-8000-000000000001","quantity":2}],"currency":"EUR","ship_to":{"name":"Ann","line1":"Street 1","city":"Berlin","postal_code":"10969","country":"DE"}}"#,
        r#"{"title":"Mug","status":"active","options":[{"name":"Size"}],"variants":[{"sku":"M","option_values":["s"],"price":{"amount":1450,"currency":"EUR"},"stock":3}],"tags":["a"]}"#,
        r#"{"title":null,"description":"<p>x</p>","if":[{"a":1.5e300}]}"#,
        r#"{"email":"ann@example.com","password":"seven lamps","name":"Ann"}"#,
        r#"{"title":"Gifts","rule":{"tag":"gift","min_price":100},"is_active":true}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// A query string, as lists and searches read it.
pub fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(uri) = format!("/v1/search?{text}").parse::<axum::http::Uri>() else { return };
    let _ = axum::extract::Query::<std::collections::HashMap<String, String>>::try_from_uri(&uri);
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    for (name, value) in pairs.map(|pairs| pairs.0).unwrap_or_default() {
        let _ = web::extract::page_request(value.parse().ok(), Some(&value), &name);
    }
}

fn queries() -> Vec<Vec<u8>> {
    [
        "q=mug&limit=20",
        "sort=-price&cursor=eyJzIjoi",
        "min_price=1&max_price=%39&attr.colour=red&attr.colour=blue",
        "q=%F0%9F%98%80+a%00",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// A CSV of products in Shopify's columns.
pub fn shopify_csv(bytes: &[u8]) {
    let _ = shopify::read(bytes, Currency::EUR);
}

fn shopify_files() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../docs/sample-products.csv").to_vec()]
}

/// A CSV of prices and stock.
pub fn price_csv(bytes: &[u8]) {
    let _ = prices::read(bytes, Currency::EUR);
}

fn price_files() -> Vec<Vec<u8>> {
    vec![b"SKU,Price,Stock\nMUG-1,14.50,3\nMUG-2,\"1,450.00\",-1\n".to_vec(), b"sku;price\r\nA;1,50\r\n".to_vec()]
}

/// A whole catalogue, a JSON object a line.
pub fn catalogue_ndjson(bytes: &[u8]) {
    let _ = catalogue::read(bytes, Currency::EUR);
}

fn catalogue_files() -> Vec<Vec<u8>> {
    let lines = concat!(
        r#"{"type":"category","name":"Mugs","slug":"mugs","path":["mugs"]}"#,
        "\n",
        r#"{"type":"product","title":"Mug","slug":"mug","status":"active","variants":[{"sku":"M","price":"14.50","stock":3}]}"#,
        "\n",
    );
    vec![lines.as_bytes().to_vec()]
}

/// A collection of MongoDB, as `mongodump` writes it, and the shop that would be made of it.
pub fn bson(bytes: &[u8]) {
    if let Ok(documents) = mongo::read::bson(bytes) {
        plan(documents);
    }
}

/// The same as `mongoexport` writes it.
pub fn extended_json(bytes: &[u8]) {
    if let Ok(documents) = mongo::read::json(Bytes::new(bytes)) {
        plan(documents);
    }
}

fn plan(documents: Vec<mongo::Document>) {
    let dump = mongo::Dump {
        users: documents.clone(),
        products: documents.clone(),
        orders: documents,
        ..mongo::Dump::default()
    };
    let is_usable_hash = identity::is_usable_hash;
    let options =
        mongo::Options { currency: Currency::EUR, keep_admins: true, is_usable_hash, now: Timestamp::UNIX_EPOCH };
    let _ = mongo::plan(&dump, options);
}

fn json_files() -> Vec<Vec<u8>> {
    let lines = concat!(
        r#"{"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"email":"Ann@Example.com","name":"Ann","password":"$2b$10$abcdefghijklmnopqrstuuK8m1Qe","createdAt":{"$date":"2024-01-01T00:00:00Z"}}"#,
        "\n",
        r#"{"_id":{"$oid":"65a1b2c3d4e5f60718293a4c"},"name":"Mug","price":{"$numberDouble":"14.5"},"stock":{"$numberInt":"3"},"variants":[{"sku":"M"}]}"#,
        "\n",
    );
    vec![lines.as_bytes().to_vec()]
}

fn bson_files() -> Vec<Vec<u8>> {
    let documents = mongo::read::json(Bytes::new(&json_files()[0])).expect("good seeds");
    let all = documents.iter().map(|document| document.to_vec().expect("it can be written"));
    let all: Vec<Vec<u8>> = all.collect();
    vec![all.concat(), all[0].clone()]
}

/// A picture that was sent.
pub fn picture(bytes: &[u8]) {
    // Small: what a decoder gets wrong it gets wrong on small pictures too.
    let limits = ::pictures::Limits { bytes: 1 << 20, pixels: 1 << 20, edge: 4_096 };
    let _ = ::pictures::read(bytes, limits);
}

fn pictures() -> Vec<Vec<u8>> {
    const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let mut all = vec![GIF.to_vec()];
    let drawn = image::RgbImage::from_fn(9, 7, |x, y| {
        let shade = |at: u32| u8::try_from(at * 25).unwrap_or(u8::MAX);
        image::Rgb([shade(x), shade(y), 90])
    });
    for format in [image::ImageFormat::Png, image::ImageFormat::Jpeg, image::ImageFormat::WebP] {
        let mut file = Bytes::new(Vec::new());
        drawn.write_to(&mut file, format).expect("a small picture");
        all.push(file.into_inner());
    }
    all
}

/// An access token.
pub fn token(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = SIGNER.verify(text, Timestamp::UNIX_EPOCH);
    }
}

static SIGNER: LazyLock<AccessTokens> = LazyLock::new(|| AccessTokens::new(&Keys::generate(), "https://shop.example"));

fn tokens() -> Vec<Vec<u8>> {
    let ids = identity::fresh_stamp();
    let mut ids = ids.ids();
    vec![SIGNER.issue(ids.draw(), ids.draw(), Timestamp::UNIX_EPOCH, ids.draw()).into_bytes()]
}

/// A cursor of a list.
pub fn cursor(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = store::Cursor::decode(text, "newest");
    }
}

fn cursors() -> Vec<Vec<u8>> {
    let cursor = store::Cursor { sort: "newest".to_owned(), key: store::CursorKey::Number(7), id: uuid::Uuid::nil() };
    vec![cursor.encode().into_bytes()]
}

/// Bytes like these, and not quite.
#[must_use]
pub fn mutate(seeds: &[Vec<u8>], chance: &mut fastrand::Rng) -> Vec<u8> {
    /// What parsers stumble over.
    const WORDS: [&[u8]; 20] = [
        b"\"",
        b"\\",
        b"\n",
        b"\r\n",
        b",",
        b"{",
        b"}",
        b"[",
        b"]",
        b"null",
        b"-1",
        b"9223372036854775808",
        b"1e999",
        b"\xff\xfe",
        b"\xf0\x9f\x98\x80",
        b"\0",
        b"\xef\xbb\xbf",
        b"=cmd",
        b"%",
        b"NaN",
    ];
    let mut bytes = chance.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..chance.u8(1..8) {
        let at = chance.usize(0..=bytes.len());
        let end = (at + chance.usize(0..64)).min(bytes.len());
        match chance.u8(0..9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let word = WORDS[chance.usize(0..WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << chance.u8(0..8),
            5 if at < bytes.len() => bytes[at] = chance.u8(..),
            6 => {
                let word = vec![chance.u8(..); chance.usize(1..300)];
                bytes.splice(at..end, word);
            }
            7 if at + 4 <= bytes.len() => bytes[at..at + 4].copy_from_slice(&chance.u32(..).to_le_bytes()),
            _ => {
                let other = chance.choice(seeds).cloned().unwrap_or_default();
                let from = chance.usize(0..=other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
        bytes.truncate(1 << 16);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::TARGETS;

    #[test]
    fn each_has_a_target_of_the_fuzzer_of_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for target in TARGETS {
            let function = target.name.replace('-', "_");
            assert!(manifest.contains(&format!("name = \"{}\"\npath = \"targets/{function}.rs\"", target.name)));
            let source = std::fs::read_to_string(folder.join(format!("targets/{function}.rs"))).expect("a target");
            assert!(source.contains(&format!("parsers::{function}(bytes)")), "{source}");
        }
    }
}
