//! Whether the mails of all those orders are there.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    thread,
    time::Duration,
};

use mailparse::MailHeaderMap;
use serde_json::{Value, json};

use crate::days::{audit::Audit, client::Client, shop::Shop, shop::text, within};

/// How long the backlog may take: mails go to the disk one by one.
const DRAIN_MAX: Duration = Duration::from_secs(60);
/// How many of the mails that a killed worker had leased are sent again.
const SENT_AT_ONCE: usize = 500;

/// Checks that each order has exactly one mail that says it was placed, and that this mail is in the folder or waits,
/// and can be sent. Gives how many were on their way at a kill: the worker that was killed has leased them for minutes,
/// and the test has some of them sent at once.
#[track_caller]
pub(crate) fn prove_none_lost(shop: &Shop, folder: &Path, orders: &Audit) -> usize {
    let leased = wait_for_the_rest(shop);
    let (some, count) = (leased.iter().take(SENT_AT_ONCE).cloned().collect::<HashSet<_>>(), leased.len());
    send(shop, &some);

    let placed = placed_mails(shop);
    let mut of_order: HashMap<String, usize> = HashMap::new();
    for mail in &placed {
        *of_order.entry(text(&mail["order_id"])).or_default() += 1;
    }
    for id in orders.ids() {
        assert_eq!(of_order.get(id), Some(&1), "the order {id} should have one mail");
    }
    assert_eq!(placed.len(), orders.count(), "there are mails about orders that do not exist");
    let on_disk = read_folder(folder);
    for mail in &placed {
        let id = text(&mail["id"]);
        match mail["status"].as_str() {
            Some("sent") => assert!(on_disk.contains(&id), "this mail counts as sent and is not there: {mail}"),
            Some("pending") => assert!(leased.contains(&id), "nobody sends this mail: {mail}"),
            _ => panic!("a mail that was given up: {mail}"),
        }
    }
    for id in &some {
        assert!(on_disk.contains(id), "the mail {id} was not sent when it was asked for");
    }
    count
}

fn placed_mails(shop: &Shop) -> Vec<Value> {
    let mut mails = shop.all(&shop.owner, "/v1/admin/mails?");
    mails.retain(|mail| mail["template"] == "order_placed");
    mails
}

fn pending(shop: &Shop) -> HashSet<String> {
    shop.all(&shop.owner, "/v1/admin/mails?status=pending&").iter().map(|mail| text(&mail["id"])).collect()
}

/// Waits until only those mails wait that a killed worker had leased: until nothing moves any more.
fn wait_for_the_rest(shop: &Shop) -> HashSet<String> {
    let mut before = usize::MAX;
    within(DRAIN_MAX, "the mails that are due", || {
        let pending = pending(shop);
        let moves = pending.len() != before;
        before = pending.len();
        thread::sleep(Duration::from_millis(500));
        (!moves).then_some(pending)
    })
}

/// Has these mails sent, and waits for that.
fn send(shop: &Shop, ids: &HashSet<String>) {
    let client = Client::new(shop.address);
    for id in ids {
        let path = format!("/v1/admin/mails/{id}/resend");
        client.post(&shop.owner, &path, "", &json!({})).expect("a reply").expect(202);
    }
    within(DRAIN_MAX, "the mails that were asked for", || ids.is_disjoint(&pending(shop)).then_some(()));
}

/// The ids of the mails in the folder, from their Message-IDs. Each file must be whole, and no mail in two.
#[track_caller]
fn read_folder(folder: &Path) -> HashSet<String> {
    let mut ids = HashSet::new();
    for entry in fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        // What a kill left half written keeps the dot in front of its name.
        if name.starts_with('.') {
            continue;
        }
        let bytes = fs::read(entry.path()).expect("a mail");
        let mail = mailparse::parse_mail(&bytes).unwrap_or_else(|error| panic!("{name} is no mail: {error}"));
        let whole = mail.parts().filter(|part| part.ctype.mimetype.starts_with("text/")).count() == 2;
        assert!(whole && bytes.ends_with(b"--\r\n"), "{name} is not a whole mail");
        let message_id = mail.headers.get_first_value("Message-ID").unwrap_or_else(|| panic!("{name} has no id"));
        let id = message_id.trim_start_matches('<').split('@').next().unwrap_or_default().to_owned();
        assert!(ids.insert(id), "{message_id} is there twice");
    }
    ids
}
