//! The run with a large catalogue: how long it takes to import, to search and to list.

use std::{
    fmt::Write as _,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    Arguments, http,
    http::Connection,
    load::{self, Pace, Requests},
    machine,
    report::{Report, Target},
    requests::{AnyOf, Numbers},
    run::{memory, without_surprise},
    server::{Program, Server},
    shop,
};

/// The shop that the large one is compared with.
const SMALL: u32 = 1_000;
/// Connections that search: as many as a small machine has processors.
const SEARCHERS: u32 = 2;
/// Options of the program that matter here.
const SERVE: [&str; 2] = ["--public-url", "http://127.0.0.1:8080"];

/// Words of which titles and descriptions are made.
const WORDS: [&str; 48] = [
    "linen",
    "cotton",
    "silk",
    "wool",
    "leather",
    "walnut",
    "oak",
    "ceramic",
    "stoneware",
    "glass",
    "brass",
    "copper",
    "shirt",
    "trousers",
    "jacket",
    "scarf",
    "mug",
    "bowl",
    "plate",
    "kettle",
    "lamp",
    "chair",
    "table",
    "blanket",
    "notebook",
    "pencil",
    "basket",
    "candle",
    "mirror",
    "vase",
    "washed",
    "woven",
    "printed",
    "striped",
    "heavy",
    "light",
    "small",
    "large",
    "round",
    "square",
    "natural",
    "organic",
    "recycled",
    "handmade",
    "classic",
    "modern",
    "winter",
    "summer",
];

/// What makes a question.
type Question = fn(&mut Numbers) -> String;

/// What is searched for, a set of questions each.
const QUESTIONS: [(&str, Question); 6] = [
    ("search, two words and all facets, p95", |numbers| format!("q={}+{}", word(numbers), word(numbers))),
    ("search, one word and all facets, p95", |numbers| {
        format!("q={}&price_min={}", word(numbers), numbers.below(5000))
    }),
    ("search, a misspelt word, p95", |numbers| format!("q={}+{}", misspelt(numbers), word(numbers))),
    ("search, the beginning of a word, p95", |numbers| {
        let (word, other) = (word(numbers), word(numbers));
        format!("q={other}+{}", word.get(..3).unwrap_or(word))
    }),
    ("search, no words, three filters, p95", |numbers| {
        let (vendor, tag, price) = (numbers.below(50), word(numbers), 2000 + numbers.below(8000));
        format!("vendor=Vendor+{vendor}&tag={tag}&price_max={price}&in_stock=true")
    }),
    ("the whole catalogue with all facets, p95", |numbers| format!("price_min={}", numbers.below(900))),
];

fn word(numbers: &mut Numbers) -> &'static str {
    WORDS.get(numbers.below(WORDS.len())).copied().unwrap_or_default()
}

/// A word with two of its letters in the wrong order.
fn misspelt(numbers: &mut Numbers) -> String {
    let mut letters: Vec<char> = word(numbers).chars().collect();
    let at = 1 + numbers.below(letters.len().saturating_sub(2));
    if at + 1 < letters.len() {
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

/// Measures a large catalogue beside a small one.
///
/// # Errors
/// What was wrong: figures are not errors.
pub(crate) async fn run(arguments: &Arguments) -> Result<Report, String> {
    let large = if arguments.smoke { 500 } else { arguments.catalogue.unwrap_or(100_000) };
    fs::create_dir_all(&arguments.folder).map_err(|error| format!("{}: {error}", arguments.folder.display()))?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&arguments.folder);
    let folder = folder.map_err(|error| format!("no temporary folder: {error}"))?;
    let mut report = Report::default();
    let mut rates = Vec::new();
    for (name, products) in [("small", SMALL.min(large)), ("large", large)] {
        let is_large = name == "large";
        let file = folder.path().join(format!("{name}.csv"));
        let variants = write_catalogue(&file, products)?;
        let data = folder.path().join(name);
        let program = Program { binary: arguments.binary.clone(), data, database: None };
        shop::create_owner(&program)?;
        let begin = Instant::now();
        let path = file.to_str().ok_or("the folder's name is no text")?;
        let told = program.run(&["import", "products", path], "")?;
        let took = begin.elapsed();
        if !told.contains(&format!(": {products} added")) {
            return Err(format!("the import did something else: {told}"));
        }
        let server = program.serve(&SERVE).await?;
        let ready = searchable(&server, products).await?;
        if is_large {
            report.add("import of the catalogue", took.as_secs_f64(), "s", Some(Target::Under(60.0)));
            report.add("start until the first search is answered", ready.as_secs_f64(), "s", None);
            report.add("resident, idle", memory(&server)?, "MiB", Some(Target::Under(200.0)));
            search(arguments, &server, &mut report).await?;
            report.add("resident, after the searches", memory(&server)?, "MiB", Some(Target::Under(200.0)));
            report.note(format!(
                "{products} products with {variants} variants; measured on {}.",
                machine::describe(folder.path())
            ));
        }
        rates.push(read(arguments, &server, products).await?);
        server.stop().await?;
        if is_large {
            program.run(&["check"], "")?;
        }
    }
    if let [small, large] = rates.as_slice() {
        let names = ["product list, over that of a shop of 1,000", "one product, over that of a shop of 1,000"];
        for ((name, small), large) in names.into_iter().zip(small).zip(large) {
            report.add(name, large / small.max(f64::EPSILON), "", Some(Target::AtLeast(0.8)));
        }
    }
    report.note(format!(
        "{} s each; {SEARCHERS} connections search, each question another one, so that no kept reply answers; {} connections \
         read; the ratios are of replies a second, and lists and products are asked for at random.",
        seconds(arguments).as_secs(),
        arguments.connections
    ));
    Ok(report)
}

fn seconds(arguments: &Arguments) -> Duration {
    Duration::from_secs(if arguments.smoke { 1 } else { u64::from(arguments.seconds) })
}

/// Writes a catalogue in the format of Shopify; gives how many variants it has.
fn write_catalogue(file: &std::path::Path, products: u32) -> Result<u32, String> {
    let mut text = "Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n".to_owned();
    let mut numbers = Numbers::new(7);
    let mut variants = 0;
    for number in 0..products {
        let mut some = |count: usize| (0..count).map(|_| word(&mut numbers)).collect::<Vec<_>>();
        let (title, body, tags) = (some(3).join(" "), some(40).join(" "), some(2).join(", "));
        let (vendor, kind, price, stock) = (number % 50, number % 12, 5 + numbers.below(100), numbers.below(20));
        let sizes = &["S", "M"][..1 + usize::from(number % 2 == 0)];
        for (at, size) in sizes.iter().enumerate() {
            variants += 1;
            let head = if at == 0 {
                format!("{title} {number},<p>{body}</p>,Vendor {vendor},Kind {kind},\"{tags}\",Size")
            } else {
                ",,,,,".to_owned()
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "product-{number},{head},{size},SKU-{number}-{size},{stock},{price}.50");
        }
    }
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(variants)
}

/// Waits until the whole catalogue is found; gives how long that took from the start of the process.
async fn searchable(server: &Server, products: u32) -> Result<Duration, String> {
    let begin = Instant::now();
    let mut connection = Connection::open(server.address).await.map_err(|error| error.to_string())?;
    loop {
        let request = http::get("/v1/search?limit=1");
        let reply = connection.send(&request).await.map_err(|error| format!("search: {error}"))?;
        let body: serde_json::Value = serde_json::from_slice(reply.body).unwrap_or_default();
        if reply.status == 200 && body["total"] == products {
            return Ok(begin.elapsed() + server.first_reply);
        }
        if begin.elapsed() > Duration::from_secs(60) {
            return Err(format!("after a minute the search still says {} {body}", reply.status));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Questions, none of them twice.
struct Fresh {
    question: Question,
    numbers: Numbers,
    count: Arc<AtomicUsize>,
    request: Vec<u8>,
}

impl Requests for Fresh {
    fn next(&mut self) -> &[u8] {
        // What nobody looks at in the reply, and makes the question another one: where the page ends.
        let unique = self.count.fetch_add(1, Ordering::Relaxed);
        let question = (self.question)(&mut self.numbers);
        self.request = http::get(&format!("/v1/search?{question}&limit=20&price_max={}", 100_000_000 + unique));
        if question.contains("price_max") {
            self.request = http::get(&format!("/v1/search?{question}&limit=20&price_min={}", unique % 500));
        }
        &self.request
    }
}

async fn search(arguments: &Arguments, server: &Server, report: &mut Report) -> Result<(), String> {
    let pace = Pace { warm_up: Duration::from_millis(500), measured: seconds(arguments), rate: None };
    for (number, (name, question)) in (1..).zip(QUESTIONS) {
        let count = Arc::new(AtomicUsize::new(0));
        let sources = (0..SEARCHERS).map(|searcher| {
            let numbers = Numbers::new(number * 100 + u64::from(searcher) + 1);
            Box::new(Fresh { question, numbers, count: Arc::clone(&count), request: Vec::new() }) as Box<dyn Requests>
        });
        let outcome = load::run(server.address, sources.collect(), pace, &[200]).await;
        without_surprise(name, &outcome)?;
        report.add(name, outcome.percentile_ms(950), "ms", Some(Target::Under(30.0)));
    }
    Ok(())
}

/// Lists and single products a second.
async fn read(arguments: &Arguments, server: &Server, products: u32) -> Result<[f64; 2], String> {
    let pace = Pace { warm_up: Duration::from_millis(500), measured: seconds(arguments), rate: None };
    let mut numbers = Numbers::new(3);
    // Asked for at random, as a shop window would be.
    let lists: Vec<_> = (0..200).map(|n| http::get(&format!("/v1/products?limit=20&price_min={n}"))).collect();
    let ones: Vec<_> = (0..products.min(1000))
        .map(|_| http::get(&format!("/v1/products/product-{}", numbers.below(products as usize))))
        .collect();
    let mut rates = [0.0; 2];
    for ((name, requests), rate) in [("product list", lists), ("one product", ones)].into_iter().zip(&mut rates) {
        let requests = Arc::new(requests);
        let sources = (0..arguments.connections)
            .map(|seed| Box::new(AnyOf::new(Arc::clone(&requests), u64::from(seed) + 1)) as Box<dyn Requests>);
        let outcome = load::run(server.address, sources.collect(), pace, &[200]).await;
        without_surprise(name, &outcome)?;
        *rate = outcome.per_second();
    }
    Ok(rates)
}
