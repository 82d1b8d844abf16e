//! The server is stopped in the middle of everything.

use std::{
    thread,
    time::{Duration, Instant},
};

use proof::harness::{
    audit::Audit,
    load::{Fate, Load},
    program::{check, create_owner},
    server::Launch,
    shop::Shop,
};

const TIMES: u32 = 8;
/// An order takes milliseconds, so a stop has no reason to take long.
const STOP_MAX: Duration = Duration::from_secs(5);

#[test]
fn a_stop_answers_or_cleanly_refuses_every_order_that_is_under_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let mut server = launch.start();
    let shop = Shop::fill(launch.address, 4);
    let mut journal = Vec::new();
    for time in 0..TIMES {
        let load = Load::new(&shop, &format!("stop-{time}")).undeterred();
        let (sent, (asked_at, took)) = load.during(16, || {
            thread::sleep(Duration::from_millis(150));
            let asked_at = Instant::now();
            server.ask_to_stop();
            let status = server.wait();
            let took = asked_at.elapsed();
            assert!(status.success(), "it ended with {status}:\n{}", server.log());
            // Some more orders, that find nobody there.
            thread::sleep(Duration::from_millis(30));
            (asked_at, took)
        });
        assert!(took < STOP_MAX, "the stop took {took:?}");
        for sent in &sent {
            match &sent.fate {
                Fate::Refused(status) => assert_eq!(*status, 503, "{sent:?}"),
                Fate::Unknown(error) => {
                    assert!(sent.at + sent.took >= asked_at, "{} broke off before the stop: {error}", sent.key);
                }
                Fate::Acknowledged(_) => {}
            }
        }
        let answered = sent.iter().filter(|sent| matches!(sent.fate, Fate::Acknowledged(_)));
        let under_way = answered.clone().filter(|sent| sent.at < asked_at && sent.at + sent.took > asked_at).count();
        println!("stop {time}: {} orders, {under_way} of them under way; it took {took:?}", answered.count());
        assert!(!server.has_panicked(), "{}", server.log());
        check(&launch.data);
        journal.extend(sent);
        server = launch.start();
    }
    let orders = Audit::of(&shop);
    // An order without a reply that was placed all the same would be a reply that the stop swallowed.
    assert_eq!(orders.compare(&journal), Vec::<String>::new(), "these were placed, and their buyers never told");
    orders.compare_stock(&shop);
    assert!(orders.count() > 100, "there was hardly any load: {} orders", orders.count());
    server.stop();
}
