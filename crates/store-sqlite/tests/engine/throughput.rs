//! How fast the engine is by itself, without HTTP: a measurement, not a promise.
//!
//! `cargo test --release -p cartwright-store-sqlite --test engine throughput -- --ignored --nocapture`

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::common::{Place, Shop};
use model::VariantId;
use store::{PageRequest, ProductFilter, Queries, execute};

const TASKS: usize = 64;
const SECONDS: u64 = 5;

async fn catalogue(shop: &Shop) -> Vec<VariantId> {
    let mut variants = Vec::new();
    for n in 0..1000 {
        let product = shop.stocked(&format!("Thing number {n}"), &[100_000_000; 3]).await;
        variants.extend(product.variants.iter().map(|variant| variant.id));
    }
    variants
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn orders_a_second() {
    let shop = Arc::new(Shop::open().await);
    let variants = Arc::new(catalogue(&shop).await);
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (shop, variants, next) = (Arc::clone(&shop), Arc::clone(&variants), Arc::clone(&next));
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < Duration::from_secs(SECONDS) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let line = |k: usize| (variants[(n * 7 + k * 1009) % variants.len()], 1);
                    let place = Place::new(shop.buyer, &[line(0), line(1), line(2)]).with_key(&format!("key-{n}"));
                    let asked = Instant::now();
                    execute(&shop.engine, place).await.expect("placed");
                    times.push(asked.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("no panic"));
    }
    times.sort();
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} in all, {:.0} orders/s, p50 {:?}, p99 {:?}, longest {:?}",
        times.len(),
        f64::from(u32::try_from(times.len()).expect("fits")) / seconds,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn reads_a_second() {
    let shop = Shop::open().await;
    let variants = catalogue(&shop).await;
    let slugs: Vec<_> = (0..1000).map(|n| format!("thing-number-{n}")).collect();
    let mut n = 0;
    measure("product by slug", async || {
        n += 1;
        shop.engine.product_by_slug(&slugs[n % 1000]).await.expect("read").expect("there");
    })
    .await;
    measure("product of variant", async || {
        n += 1;
        shop.engine.product_of_variant(variants[n % variants.len()]).await.expect("read").expect("there");
    })
    .await;
    let filter = ProductFilter { status: Some(model::ProductStatus::Active), ..ProductFilter::default() };
    let page = PageRequest { limit: 20, after: None };
    measure("20 products", async || {
        assert_eq!(shop.engine.products(&filter, &page).await.expect("read").items.len(), 20);
    })
    .await;
    measure("change counter", async || {
        shop.engine.change_counter().expect("told");
    })
    .await;
}

async fn measure(what: &str, mut read: impl AsyncFnMut()) {
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < Duration::from_secs(2) {
        for _ in 0..20 {
            read().await;
        }
        count += 20;
    }
    println!("{what}: {:.0}/s", f64::from(count) / began.elapsed().as_secs_f64());
}
