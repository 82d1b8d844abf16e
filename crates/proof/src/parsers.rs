//! What reads bytes that strangers wrote, each as a function of bytes: for the scenario `parsers`, and for the targets of `cargo fuzz` in
//! `fuzz/`. Whatever the bytes, they come back: with something or a refusal, never with a panic.

mod bodies;

use std::{io::Cursor as Bytes, sync::LazyLock};

use bodies::{BODIES, GOOD};
use commerce::import::{catalogue, mongo, prices, shopify};
use identity::{AccessTokens, Keys};
use model::{AccountId, Currency, SessionId, Timestamp};
use uuid::Uuid;

use crate::signer::{self, Signer};

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
    Target { name: "headers", read: headers, seeds: header_values },
    Target { name: "shopify-csv", read: shopify_csv, seeds: shopify_files },
    Target { name: "price-csv", read: price_csv, seeds: price_files },
    Target { name: "catalogue-ndjson", read: catalogue_ndjson, seeds: catalogue_files },
    Target { name: "bson", read: bson, seeds: bson_files },
    Target { name: "extended-json", read: extended_json, seeds: json_files },
    Target { name: "picture", read: picture, seeds: pictures },
    Target { name: "token", read: token, seeds: tokens },
    Target { name: "cursor", read: cursor, seeds: cursors },
];

/// A request's body, as each operation that takes one reads it.
pub fn body(bytes: &[u8]) {
    for (_, read) in BODIES {
        read(bytes);
    }
}

fn bodies() -> Vec<Vec<u8>> {
    GOOD.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A query string, as lists and searches read it.
pub fn query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(uri) = format!("/v1/search?{text}").parse::<axum::http::Uri>() else { return };
    let _ = web::check_query(&uri);
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    for (name, value) in pairs.map(|pairs| pairs.0).unwrap_or_default() {
        let _ = web::extract::page_request(value.parse().ok(), Some(&value), &name);
    }
}

fn queries() -> Vec<Vec<u8>> {
    let cursor = store::Cursor { sort: "search".to_owned(), key: store::CursorKey::Number(20), id: Uuid::nil() };
    let all = format!(
        "q=mug&category=mugs&collection=gifts&vendor=Acme&vendor=Zen&tag=a&option[Size]=M&attribute%5Bmaterial%5D=linen&\
         price_min=1&price_max=%39&in_stock=true&on_sale=false&rating_min=4&sort=-price&limit=20&cursor={}&\
         currency=EUR&language=de",
        cursor.encode()
    );
    [
        all.as_str(),
        "q=mug&limit=20",
        "sort=-price&cursor=eyJzIjoi",
        "price_min=1&price_max=%39&tag=red&on_sale=true&in_stock=false&category=mugs&currency=EUR&language=de",
        "q=%F0%9F%98%80+a%00",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// A header's value, as each of those that are looked into.
pub fn headers(bytes: &[u8]) {
    if let Ok(value) = axum::http::HeaderValue::from_bytes(bytes) {
        let _ = web::check_headers(&value);
    }
}

fn header_values() -> Vec<Vec<u8>> {
    [
        "\"12-0123456789abcdef\"",
        "W/\"12-0123456789abcdef\", *",
        "de-CH, pt;q=0.8, *;q=0.1",
        "198.51.100.7, 203.0.113.9:4711, [2001:db8::1]:443, 127.0.0.1",
        "Bearer cwk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "bytes=0-99",
        "bytes=-5",
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
        categories: documents.clone(),
        products: documents.clone(),
        orders: documents.clone(),
        wishlists: documents,
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
    let limits = ::pictures::Limits { bytes: 1 << 20, pixels: 1 << 20, edge: 4_096, memory: 1 << 23 };
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

/// An access token. And the same bytes as the header and as the claims of one that is signed: whatever is changed in a whole token, it is
/// refused for its signature, and nobody looks further.
pub fn token(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = TOKENS.verify(text, Timestamp::UNIX_EPOCH);
    }
    let [header, claims] = &*PARTS;
    let _ = TOKENS.verify(&SIGNER.sign(bytes, claims), Timestamp::UNIX_EPOCH);
    let _ = TOKENS.verify(&SIGNER.sign(header, bytes), Timestamp::UNIX_EPOCH);
}

fn tokens() -> Vec<Vec<u8>> {
    [[TOKEN.clone().into_bytes()].as_slice(), PARTS.as_slice()].concat()
}

const ISSUER: &str = "https://shop.example";
/// The same in every process, since what one writes for the fuzzer another one reads. No shop has these.
const KEYS: &str = r#"{
    "signing": [{
        "kid": "00000001",
        "secret": "0101010101010101010101010101010101010101010101010101010101010101",
        "created_at": "1970-01-01T00:00:00Z"
    }],
    "refresh": "0202020202020202020202020202020202020202020202020202020202020202",
    "codes": "0303030303030303030303030303030303030303030303030303030303030303"
}"#;

fn keys() -> Keys {
    Keys::parse(KEYS).expect("good keys")
}

static TOKENS: LazyLock<AccessTokens> = LazyLock::new(|| AccessTokens::new(&keys(), ISSUER));
static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new(&keys()));
/// A good one, and its header and claims.
static TOKEN: LazyLock<String> =
    LazyLock::new(|| TOKENS.issue(AccountId(Uuid::nil()), SessionId(Uuid::nil()), Timestamp::UNIX_EPOCH, Uuid::nil()));
static PARTS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| [0, 1].map(|at| signer::read(&TOKEN, at)));

/// A cursor of a list. And the same bytes as what is packed into one: what is changed in a packed text is mostly no JSON any more, and nobody
/// looks further.
pub fn cursor(bytes: &[u8]) {
    let packed = signer::part(bytes);
    for text in [std::str::from_utf8(bytes).unwrap_or_default(), packed.as_str()] {
        for sort in SORTS {
            let _ = store::Cursor::decode(text, sort);
        }
    }
}

/// Lists whose cursors have a number and a text.
const SORTS: [&str; 2] = ["newest", "title"];

fn cursors() -> Vec<Vec<u8>> {
    let keys = [store::CursorKey::Number(7), store::CursorKey::Text("b\u{e4}cher \" \u{1f600}".to_owned())];
    let made = SORTS.iter().zip(keys).map(|(sort, key)| {
        let cursor = store::Cursor { sort: (*sort).to_owned(), key, id: Uuid::nil() };
        cursor.encode().into_bytes()
    });
    let packed: Vec<Vec<u8>> = made.collect();
    let plain = packed.iter().filter_map(|text| data_encoding::BASE64URL_NOPAD.decode(text).ok());
    plain.chain(packed.iter().cloned()).collect()
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

    use super::*;

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
    #[test]
    fn tokens_of_another_process_are_good_in_this_one() {
        let other = AccessTokens::new(&keys(), ISSUER);
        let [header, claims] = &*PARTS;
        for token in [&*TOKEN, &Signer::new(&keys()).sign(header, claims)] {
            assert!(other.verify(token, Timestamp::UNIX_EPOCH).is_ok(), "{token}");
        }
    }

    #[test]
    fn searches_and_cursors_to_begin_with_are_taken() {
        for (place, reader) in [(0, 0), (3, 1)] {
            let query = String::from_utf8(queries().swap_remove(place)).expect("a query");
            let uri = format!("/v1/products?{query}").parse().expect("an address");
            assert!(web::check_query(&uri)[reader].is_ok(), "{query}");
        }
        let texts = cursors().into_iter().map(|bytes| String::from_utf8(bytes).expect("a text"));
        let texts: Vec<_> = texts.collect();
        for sort in SORTS {
            let taken = texts.iter().filter(|text| store::Cursor::decode(text, sort).is_some());
            assert_eq!(taken.count(), 1, "{sort} of {texts:?}");
        }
        assert_eq!(texts.iter().filter(|text| text.starts_with('{')).count(), SORTS.len(), "{texts:?}");
    }

    #[test]
    fn each_header_has_a_value_to_begin_with_that_is_understood() {
        let values = header_values();
        let read = |value: &Vec<u8>| {
            web::check_headers(&axum::http::HeaderValue::from_bytes(value).expect("the value of a header"))
        };
        for place in 0..5 {
            assert!(values.iter().any(|value| read(value)[place]), "the one at {place}");
        }
    }
}
