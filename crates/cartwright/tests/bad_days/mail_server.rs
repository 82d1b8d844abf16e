//! The mail server stalls, then is down, then is there.

use std::{
    thread,
    time::{Duration, Instant},
};

use test_postgres::{Database, free_address};

use crate::smtp::{Aiosmtpd, Stalling};
use proof::harness::{
    audit::Audit,
    client::Client,
    load::{Fate, Sent, order},
    program::{check_in, create_owner_in},
    server::{Launch, Server},
    shop::Shop,
    within,
};

/// Orders in a row before the other shop has its turn.
const BURST: usize = 20;
const BURSTS: usize = 5;

/// A shop, and what was ordered in it.
struct Place {
    launch: Launch,
    shop: Shop,
    journal: Vec<Sent>,
    server: Server,
    /// The database, if it is not in the data folder.
    database: Option<Database>,
    _folder: tempfile::TempDir,
}

impl Place {
    fn open(arguments: &[&str], database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = database.as_ref().map(Database::url);
        let place: Vec<_> = url.iter().flat_map(|url| ["--database", url]).collect();
        let launch = Launch::new(folder.path(), &[&["--signup", "immediate"], arguments, &place].concat());
        create_owner_in(&launch.data, url.as_deref());
        let server = launch.start();
        let shop = Shop::fill(launch.address, 1);
        Self { launch, shop, journal: vec![], server, database, _folder: folder }
    }

    /// So many orders, one after the other.
    fn orders(&mut self, count: usize) {
        let client = Client::new(self.launch.address);
        for _ in 0..count {
            let number = self.journal.len();
            let key = format!("order-{number}");
            let body = self.shop.order(&key, number);
            let sent = order(&client, &self.shop, key, 0, body);
            assert!(matches!(sent.fate, Fate::Acknowledged(_)), "{sent:?}");
            self.journal.push(sent);
        }
    }

    fn median(&self) -> Duration {
        let mut took: Vec<_> = self.journal.iter().map(|sent| sent.took).collect();
        took.sort_unstable();
        took[took.len() / 2]
    }
}

/// Orders in both shops in turn, so that whatever else the machine does meets both alike.
fn order_in_turn(places: &mut [&mut Place]) {
    for _ in 0..BURSTS {
        for place in &mut *places {
            place.orders(BURST);
        }
    }
}

#[test]
fn orders_go_on_at_the_same_speed_and_every_mail_arrives_once_when_the_server_is_back() {
    trouble(|| None);
}

#[test]
fn so_it_is_on_postgresql() {
    trouble(|| Some(Database::fresh()));
}

fn trouble(database: impl Fn() -> Option<Database>) {
    let smtp = free_address();
    let stalling = Stalling::start(smtp);
    let mut troubled = Place::open(&["--smtp-url", &format!("smtp://{smtp}")], database());
    let mut untroubled = Place::open(&[], database());

    order_in_turn(&mut [&mut troubled, &mut untroubled]);
    assert!(stalling.end() > 0, "nobody called the mail server, so it troubled nobody");
    // Now nothing listens there at all.
    order_in_turn(&mut [&mut troubled, &mut untroubled]);
    let (with, without) = (troubled.median(), untroubled.median());
    println!("an order took {with:?} without a mail server and {without:?} without a need of one (medians)");
    assert!(with < without * 2 + Duration::from_millis(5), "{with:?} an order rather than {without:?}");
    assert_eq!(pending(&troubled), troubled.journal.len(), "the mails wait");

    let begin = Instant::now();
    let real = Aiosmtpd::start(smtp);
    within(Duration::from_secs(90), "the mails to be sent", || (pending(&troubled) == 0).then_some(()));
    println!("{} mails were sent within {:?} after the server came", troubled.journal.len(), begin.elapsed());

    let orders = Audit::of(&troubled.shop);
    assert_eq!(orders.compare(&troubled.journal), Vec::<String>::new());
    // What the mail server says of the last mail may still be on its way to us.
    thread::sleep(Duration::from_millis(500));
    prove_each_once(&troubled, &real);
    let (before, Place { launch, server, database, _folder, .. }) = (real.taken().len(), troubled);
    server.stop();
    assert_eq!(real.taken().len(), before, "nothing is sent again while stopping");
    check_in(&launch.data, database.as_ref().map(Database::url).as_deref());
    untroubled.server.stop();
}

/// How many mails about orders wait.
fn pending(place: &Place) -> usize {
    let mails = place.shop.all(&place.shop.owner, "/v1/admin/mails?status=pending&");
    mails.iter().filter(|mail| mail["template"] == "order_placed").count()
}

/// Checks that the server took each mail of the outbox once, and that there is one about each order.
fn prove_each_once(place: &Place, server: &Aiosmtpd) {
    let taken = server.taken();
    for sent in &place.journal {
        let Fate::Acknowledged(order) = &sent.fate else { panic!("{sent:?}") };
        let about = taken.iter().filter(|mail| mail.subject.contains(&order.number)).count();
        assert_eq!(about, 1, "the mail about {} should have come once", order.number);
    }
    let outbox = place.shop.all(&place.shop.owner, "/v1/admin/mails?");
    for mail in &outbox {
        assert_eq!(mail["status"], "sent", "{mail}");
        let id = format!("<{}@example.com>", mail["id"].as_str().expect("an id"));
        let times = taken.iter().filter(|mail| mail.id == id).count();
        assert_eq!(times, 1, "this mail should have come once: {mail}");
    }
    assert_eq!(taken.len(), outbox.len());
}
