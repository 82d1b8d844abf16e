//! The promises that only hold if they hold under load: no overselling, one order a key, books that agree

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::{Value, json};

use crate::support::{Person, Reply, Shop, address, eventually, line, new_key, pick, program, text};

const THREADS: usize = 64;

/// Does something `count` times from many threads at once.
fn race<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut results = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return results;
            }
            results.push(work(n));
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS.min(count)).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker")).collect()
    })
}

fn place(buyer: &Person, key: &str, lines: &[Value]) -> Reply {
    buyer.client.post("/v1/orders", &json!({"lines": lines, "ship_to": address()})).key(key).send()
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// Stops the server and looks through its books.
fn check_books(mut shop: Shop) {
    shop.stop();
    let output = program().arg("check").args(shop.place()).output().expect("the program starts");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_thousand_buyers_race_for_a_hundred_pieces() {
    let shop = Shop::start(&["--signup", "immediate"]);
    let buyers: Vec<Person> = race(50, |_| shop.customer());
    let (product, variant) = shop.product(1000, 100);
    let replies = race(1_000, |n| place(&buyers[n % buyers.len()], &new_key(), &[line(&variant, 1)]));
    assert_eq!((count(&replies, 201), count(&replies, 409)), (100, 900));
    for reply in replies.iter().filter(|reply| reply.status == 409) {
        let problem = reply.refused(409, "out_of_stock");
        assert_eq!(problem["short_lines"][0]["available"], 0);
    }
    let sold = replies.iter().filter(|reply| reply.status == 201);
    let numbers: HashSet<String> = sold.map(|reply| text(&reply.json()["number"])).collect();
    assert_eq!(numbers.len(), 100);
    assert_eq!(shop.stock_of(&product), 0);
    let of_buyers: usize = buyers
        .iter()
        .map(|buyer| {
            buyer.client.get("/v1/orders?limit=100").send().expect(200)["items"].as_array().map_or(0, Vec::len)
        })
        .sum();
    assert_eq!(of_buyers, 100, "every order that was acknowledged is there, and no other");
    check_books(shop);
}

#[test]
fn cancellations_in_between_sell_no_piece_twice() {
    let shop = Shop::start(&["--signup", "immediate"]);
    let buyers: Vec<Person> = race(8, |_| shop.customer());
    let (product, variant) = shop.product(1000, 20);
    let (other, other_variant) = shop.product(500, 1_000);
    let kept: Vec<i64> = race(300, |n| {
        let buyer = &buyers[n % buyers.len()];
        let quantity = i64::try_from(n % 3).expect("small") + 1;
        // Two lines of one variant, and one of another in alternating order.
        let mut lines = vec![line(&variant, quantity), line(&other_variant, 1), line(&variant, 1)];
        if n % 2 == 0 {
            lines.reverse();
        }
        let reply = place(buyer, &new_key(), &lines);
        if reply.status != 201 {
            reply.refused(409, "out_of_stock");
            return 0;
        }
        if n % 5 == 0 {
            return quantity + 1;
        }
        let path = format!("/v1/orders/{}/cancel", text(&reply.json()["id"]));
        buyer.client.post(&path, &json!({})).send().expect(200);
        0
    });
    let sold: i64 = kept.iter().sum();
    let orders = i64::try_from(kept.iter().filter(|pieces| **pieces > 0).count()).expect("small");
    assert!(sold > 0 && sold <= 20, "{sold} of 20 sold");
    assert_eq!(shop.stock_of(&product), 20 - sold);
    assert_eq!(shop.stock_of(&other), 1_000 - orders);
    check_books(shop);
}

#[test]
fn a_hundred_equal_requests_at_once_are_one_order() {
    let shop = Shop::start(&["--signup", "immediate"]);
    let buyer = shop.customer();
    let (product, variant) = shop.product(1000, 50);
    let key = new_key();
    let replies = race(100, |_| place(&buyer, &key, &[line(&variant, 2)]));
    assert_eq!(count(&replies, 201), 100);
    for reply in &replies {
        assert_eq!(reply.body, replies[0].body);
        for name in ["location", "etag", "content-type"] {
            assert_eq!(reply.header(name), replies[0].header(name));
        }
    }
    let replayed = replies.iter().filter(|reply| reply.find_header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replayed, 99);
    assert_eq!(shop.stock_of(&product), 48);
    let orders = buyer.client.get("/v1/orders").send().expect(200);
    assert_eq!(pick(&orders["items"], "id"), [&replies[0].json()["id"]]);
    let mail = format!("We have your order {}", text(&replies[0].json()["number"]));
    shop.mail(&buyer.email, &mail);
    assert_eq!(shop.templates_to(&buyer.email), ["verify_email", "order_placed"]);
    check_books(shop);
}

#[test]
fn every_order_has_its_mail_in_the_end() {
    let shop = Shop::start(&["--signup", "immediate"]);
    let buyer = shop.customer();
    let (_, variant) = shop.product(1000, 1_000);
    let orders = race(200, |_| text(&place(&buyer, &new_key(), &[line(&variant, 1)]).expect(201)["number"]));
    let mails = eventually("all mails", || {
        let mails = shop.mails_about(&buyer.email, "We have your order");
        (mails.len() >= orders.len()).then_some(mails)
    });
    let told: HashSet<String> =
        mails.iter().map(|mail| mail.subject.rsplit(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(told, orders.into_iter().collect::<HashSet<_>>());
    assert_eq!(mails.len(), 200, "each once");
    check_books(shop);
}
