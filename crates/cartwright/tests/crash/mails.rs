//! Whether the mails of all those orders are there.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    time::Duration,
};

use mailparse::MailHeaderMap;
use serde_json::{Value, json};

use crate::days::{audit::Audit, client::Client, shop::Shop, shop::text, within};

/// How long the backlog may take: mails go to the disk one by one.
const DRAIN_MAX: Duration = Duration::from_secs(120);

/// Checks that each order has exactly one mail that says it was placed, that none counts as sent without being in the
/// folder, and that those which were on their way at a kill can be sent. Gives how many these were.
///
/// The worker that was killed has leased them for minutes; the test has them sent at once.
#[track_caller]
pub(crate) fn prove_none_lost(shop: &Shop, folder: &Path, orders: &Audit) -> usize {
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
    for mail in placed.iter().filter(|mail| mail["status"] == "sent") {
        assert!(on_disk.contains(&text(&mail["id"])), "this mail counts as sent and is not there: {mail}");
    }
    let resent = drain(shop);
    let on_disk = read_folder(folder);
    for mail in placed {
        assert!(on_disk.contains(&text(&mail["id"])), "this mail was never sent: {mail}");
    }
    resent
}

fn placed_mails(shop: &Shop) -> Vec<Value> {
    let mut mails = shop.all(&shop.owner, "/v1/admin/mails?");
    mails.retain(|mail| mail["template"] == "order_placed");
    mails
}

/// Waits for the mails that are due, and makes those due that a killed worker had leased.
fn drain(shop: &Shop) -> usize {
    let client = Client::new(shop.address);
    let mut asked = HashSet::new();
    let mut before = usize::MAX;
    within(DRAIN_MAX, "the outbox to be empty", || {
        let pending = shop.all(&shop.owner, "/v1/admin/mails?status=pending&");
        if pending.len() == before {
            // Nothing moves any more: the rest is leased.
            for id in pending.iter().map(|mail| text(&mail["id"])).filter(|id| asked.insert(id.clone())) {
                let path = format!("/v1/admin/mails/{id}/resend");
                client.post(&shop.owner, &path, "", &json!({})).expect("a reply").expect(202);
            }
        }
        before = pending.len();
        std::thread::sleep(Duration::from_millis(700));
        pending.is_empty().then_some(())
    });
    asked.len()
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
