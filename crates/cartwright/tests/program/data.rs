//! What lies in the data folder: who may read it, copying it, putting copies back, proving it.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, symlink},
        process::CommandExt,
    },
    path::Path,
};

use crate::support::{Done, Place};

const CSV: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\nmug,Mug,M-1,12.50,3\n";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn shop_with_a_mug() -> Place {
    let place = Place::new();
    let file = place.write("shop.csv", CSV);
    place.run(&["import", "products", file.to_str().expect("UTF-8")]).expect(0);
    place
}

#[test]
fn everything_is_its_owners_alone() {
    let place = Place::new();
    place.start(&["serve"]).stop();
    assert_eq!(mode(&place.path("cartwright-data")), 0o700);
    assert_eq!(mode(&place.path("cartwright-data/keys.json")), 0o600);
    assert_eq!(mode(&place.path("cartwright-data/shop.db")), 0o600);
    assert_eq!(mode(&place.path("cartwright-data/media")) & 0o027, 0, "whoever may read it is in the group");
}

#[test]
fn keys_that_others_may_read_or_that_are_damaged_stop_the_start() {
    let place = Place::new();
    place.start(&["serve"]).stop();
    let keys = place.path("cartwright-data/keys.json");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).expect("set");
    place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, &["keys.json", "chmod 600"]);
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).expect("set");
    fs::write(&keys, "{}").expect("written");
    place.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, &["keys.json", "damaged"]);
}

#[test]
fn a_backup_of_a_running_shop_can_be_restored() {
    let place = shop_with_a_mug();
    let server = place.start(&["serve"]);
    let copy = place.path("copy.db");
    let copy_name = copy.to_str().expect("UTF-8");
    let done = place.run(&["backup", copy_name]).expect(0);
    assert!(done.stdout.contains("checked"), "{done:?}");
    assert_eq!(mode(&copy), 0o600);
    place.run(&["backup", copy_name]).fails(1, &["exists already"]);
    place.run(&["restore", copy_name]).fails(1, &["locked"]);
    server.stop();

    let more = place.write("more.csv", &CSV.replace("mug,Mug,M-1", "pot,Pot,P-1"));
    let import = ["import", "products", more.to_str().expect("UTF-8")];
    place.run(&import).expect(0);
    place.run(&["restore", copy_name]).expect(0);
    place.run(&["check"]).expect(0);
    let again = place.run(&import).expect(0);
    assert!(again.stdout.contains(": 1 added"), "the pot came after the copy: {again:?}");
}

#[test]
fn what_is_not_in_a_copy_is_told() {
    let place = shop_with_a_mug();
    let is_told = |command: &[&str]| {
        let done = place.run(command).expect(0);
        let is_told = done.stdout.contains("pictures are not in it");
        assert!(!is_told || done.stdout.contains("cartwright-data/media"), "{done:?}");
        is_told
    };
    assert!(!is_told(&["backup", "without.db"]), "there are none");
    place.write("cartwright-data/media/ab/abcd.webp", "a picture");
    assert!(is_told(&["backup", "with.db"]));
    let done = place.run(&["backup", "-"]).fails(2, &["name a file"]);
    assert!(!place.path("-").exists(), "{done:?}");
    assert!(!is_told(&["backup", "bucket.db", "--media", "s3://shop"]));
    assert!(is_told(&["copy", "--from", "sqlite:cartwright-data/shop.db", "--to", "sqlite:other/shop.db"]));

    // Nobody has opened this shop yet.
    let done = place.run(&["restore", "with.db"]).expect(0);
    assert!(done.stderr.contains("no keys.json in cartwright-data"), "{done:?}");
    place.start(&["serve"]).stop();
    place.write("cartwright-data/cartwright.toml", "");
    let done = place.run(&["backup", "again.db"]).expect(0);
    for beside in ["keys.json to a safe place", "cartwright.toml is not in it"] {
        assert!(done.stdout.contains(beside), "{beside}: {done:?}");
    }
    // The copy of what was there before is named by the second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let done = place.run(&["restore", "with.db"]).expect(0);
    assert!(!done.stderr.contains("keys.json"), "{done:?}");
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let place = shop_with_a_mug();
    let rubbish = place.write("rubbish.db", &"not a database ".repeat(1000));
    place.run(&["restore", rubbish.to_str().expect("UTF-8")]).fails(1, &["not a Cartwright database"]);
    place.run(&["restore", "absent.db"]).fails(1, &["absent.db"]);
    place.run(&["check"]).expect(0);
    let empty = Place::new();
    empty.run(&["restore", "absent.db"]).fails(1, &["absent.db"]);
    assert!(!empty.path("cartwright-data").exists());
}

/// What root does for the shop's own user. Only root can make such a folder: to others this test says nothing, and says so.
#[test]
fn what_root_makes_in_a_shop_is_the_shops() {
    const SHOP: u32 = 54_321;
    if !rustix::process::geteuid().is_root() {
        eprintln!("this test needs root, and has tested nothing");
        return;
    }
    let place = Place::new();
    let folder = place.path("cartwright-data");
    fs::create_dir(&folder).expect("made");
    chown(&folder, Some(SHOP), Some(SHOP)).expect("given away");
    let file = place.write("shop.csv", CSV);
    place.run(&["import", "products", file.to_str().expect("UTF-8")]).expect(0);
    let backup = place.path("copy.db");
    place.run(&["backup", backup.to_str().expect("UTF-8")]).expect(0);
    place.run(&["restore", backup.to_str().expect("UTF-8")]).expect(0);
    place.start(&["serve"]).stop();
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert_eq!(fs::metadata(&path).expect("there").uid(), SHOP, "{}", path.display());
    }
    assert!(folder.join("keys.json").exists() && folder.join("media").exists());
    assert_eq!(fs::metadata(&backup).expect("there").uid(), 0, "it is nobody else's business");
}

/// The files that are not whole.
fn unfinished(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".unfinished")).collect()
}

#[test]
fn an_export_writes_over_nothing_but_its_file() {
    let place = shop_with_a_mug();
    let victim = place.write("victim", "precious");
    symlink(&victim, place.path("out.csv.unfinished")).expect("linked");
    place.write("other.csv.unfinished", "precious");
    for name in ["out.csv", "other.csv"] {
        place.run(&["export", "products", name]).expect(0);
        assert!(fs::read_to_string(place.path(name)).expect("written").contains("M-1"));
    }
    for name in ["victim", "other.csv.unfinished"] {
        assert_eq!(fs::read_to_string(place.path(name)).expect("there"), "precious", "{name}");
    }
    assert_eq!(unfinished(&place).len(), 2, "what was there before");
}

#[test]
fn an_export_keeps_the_mode_and_the_owner_of_its_file() {
    const SOMEBODY: u32 = 54_321;
    let place = shop_with_a_mug();
    let file = place.write("out.csv", "before");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        chown(&file, Some(SOMEBODY), Some(SOMEBODY)).expect("given away");
    }
    place.run(&["export", "products", "out.csv"]).expect(0);
    assert!(fs::read_to_string(&file).expect("written").contains("M-1"));
    assert_eq!(mode(&file), 0o640);
    let there = fs::metadata(&file).expect("there");
    if is_root {
        assert_eq!((there.uid(), there.gid()), (SOMEBODY, SOMEBODY));
    }
}

/// Gives the folder and all that is in it to `id`.
fn give_away(path: &Path, id: u32) {
    chown(path, Some(id), Some(id)).expect("given away");
    if path.is_dir() {
        fs::read_dir(path).expect("a folder").for_each(|entry| give_away(&entry.expect("an entry").path(), id));
    }
}

#[test]
fn a_file_that_may_be_written_is_written_in_a_folder_that_may_not() {
    const SOMEBODY: u32 = 54_321;
    let place = shop_with_a_mug();
    let file = place.write("closed/out.csv", &"before".repeat(1000));
    let closed = place.path("closed");
    let mut command = place.command(&["export", "products", "closed/out.csv"]);
    if rustix::process::geteuid().is_root() {
        // To root no folder is closed.
        give_away(&place.path(""), SOMEBODY);
        command.uid(SOMEBODY).gid(SOMEBODY);
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).expect("closed");
    let done = Done::from(command.output().expect("runs"));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("opened");
    done.expect(0);
    let written = fs::read_to_string(&file).expect("there");
    assert!(written.contains("M-1") && !written.contains("before"), "{written}");
}

#[test]
fn a_failed_export_leaves_the_file_as_it_was() {
    let place = shop_with_a_mug();
    let file = place.path("out.csv");
    let export = ["export", "products", "out.csv"];
    place.run(&export).expect(0);
    let before = fs::read_to_string(&file).expect("written");
    // No name is left for anything beside it.
    let long = format!("{}.csv", "o".repeat(240));
    fs::rename(&file, place.path(&long)).expect("moved");
    place.run(&["export", "products", &long]).fails(1, &["o.csv"]);
    assert_eq!(fs::read_to_string(place.path(&long)).expect("there"), before);
    place.run(&["export", "products", "/dev/full"]).fails(1, &["/dev/full", "No space left"]);
    place.run(&export).expect(0);
    assert_eq!(unfinished(&place), Vec::<String>::new());
    let told = place.run(&["export", "prices", "-"]).expect(0);
    assert!(told.stderr.contains("1 rows exported"), "{told:?}");
    let bare = place.write("bare.csv", "Handle,Title,Variant Price\npot,Pot,3\n");
    place.run(&["import", "products", bare.to_str().expect("UTF-8")]).expect(0);
    let told = place.run(&["export", "prices", "-"]).expect(0);
    assert!(told.stderr.contains("1 rows exported") && told.stderr.contains("1 variants have no SKU"), "{told:?}");
}

#[test]
fn what_cannot_be_told_is_a_failure_of_one_line() {
    let place = shop_with_a_mug();
    for command in [&["check"][..], &["backup", "copy.db"]] {
        let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let done = Done::from(place.command(command).stdout(full).output().expect("runs"));
        let done = done.fails(1, &["standard output"]);
        assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    }
    assert!(place.path("copy.db").exists(), "it was made all the same");
}

#[test]
fn a_check_says_what_is_wrong_and_ends_with_1() {
    let place = shop_with_a_mug();
    let sound = place.run(&["check"]).expect(0);
    assert!(sound.stdout.contains("nothing is wrong"), "{sound:?}");
    let path = place.path("cartwright-data/shop.db");
    let conn = rusqlite::Connection::open(&path).expect("opened");
    let changed = conn.execute("UPDATE stock_levels SET stock = stock + 1", []).expect("changed by hand");
    assert_eq!(changed, 1);
    drop(conn);
    let broken = place.run(&["check"]).expect(1);
    assert!(broken.stdout.contains("ledger") && broken.stderr.contains("1 findings"), "{broken:?}");
}

#[test]
fn commands_that_need_a_database_do_not_make_one() {
    let place = Place::new();
    for command in [vec!["check"], vec!["backup", "copy.db"], vec!["export", "products", "out.csv"]] {
        place.run(&command).fails(1, &["no database", "--data"]);
    }
    let made = ["cartwright-data", "copy.db", "out.csv"].map(|name| place.path(name).exists());
    assert_eq!(made, [false; 3]);
}

/// The schema version of a file, and all its tables and indexes.
fn schema(path: &Path) -> (i64, Vec<String>) {
    let conn = rusqlite::Connection::open(path).expect("opened");
    let version = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    let mut names = conn.prepare("SELECT name FROM sqlite_schema ORDER BY name").expect("prepared");
    let names = names.query_map([], |row| row.get(0)).expect("names").collect::<Result<_, _>>();
    (version, names.expect("names"))
}

#[test]
fn looking_at_a_shop_of_an_older_program_changes_nothing() {
    const STEPS: [&str; 3] = [
        include_str!("../../../store-sqlite/migrations/0001_shop.sql"),
        include_str!("../../../store-sqlite/migrations/0002_catalogue.sql"),
        include_str!("../../../store-sqlite/migrations/0003_reviews.sql"),
    ];
    let place = Place::new();
    place.start(&["serve"]).stop();
    let path = place.path("cartwright-data/shop.db");
    let conn = rusqlite::Connection::open(&path).expect("opened");
    let id: i64 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).expect("an id");
    drop(conn);
    fs::remove_file(&path).expect("removed");
    let conn = rusqlite::Connection::open(&path).expect("opened");
    STEPS.iter().for_each(|step| conn.execute_batch(step).expect("a step"));
    conn.execute_batch(&format!("PRAGMA application_id = {id}; PRAGMA user_version = 3")).expect("set");
    drop(conn);

    let old = schema(&path);
    place.run(&["check"]).fails(1, &["schema version 3", "cartwright serve"]);
    let target = format!("sqlite:{}", place.path("other.db").display());
    let source = format!("sqlite:{}", path.display());
    place.run(&["copy", "--from", &source, "--to", &target]).fails(1, &["schema version 3", "cartwright serve"]);
    // Of a shop that runs and is older, even a file that is refused would have ended the next start.
    place.write("goods.csv", "Handle,Title,Variant Price\nmug,Mug,cheap\n");
    place.run(&["import", "products", "goods.csv"]).fails(1, &["schema version 3", "cartwright serve"]);
    let create = ["owner", "create", "--email", "olga@example.com", "--name", "Olga", "--password-stdin"];
    place.run_with_input(&create, b"a quiet garden in May").fails(1, &["schema version 3", "cartwright serve"]);
    assert_eq!(schema(&path), old);
    let copy = place.path("copy.db");
    place.run(&["backup", copy.to_str().expect("UTF-8")]).expect(0);
    assert_eq!(schema(&path), old);
    assert_eq!(schema(&copy), old, "what the older program can go on with");
    place.run(&["demo", "--data", "cartwright-data", "--listen", "127.0.0.1:0"]).fails(1, &["not a demonstration"]);
    assert_eq!(schema(&path), old);

    place.start(&["serve"]).stop();
    assert_ne!(schema(&path), old);
    place.run(&["check"]).expect(0);
}

#[test]
fn an_empty_file_is_no_shop() {
    let place = Place::new();
    fs::create_dir(place.path("cartwright-data")).expect("made");
    let path = place.write("cartwright-data/shop.db", "");
    for command in [vec!["check"], vec!["backup", "copy.db"]] {
        place.run(&command).fails(1, &["is empty", "--data"]);
    }
    assert_eq!(fs::metadata(&path).expect("there").len(), 0);
    assert!(!place.path("copy.db").exists());
}

/// The owner of an empty shop in the place of a full one would be whoever reads the log first.
#[test]
fn a_shop_whose_database_is_gone_is_not_begun_anew() {
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    for left in ["media/ab/abcd.webp", "shop.db.before-v5", "shop.db.before-restore-1700000000", "shop.db.restoring"] {
        for database in [None, Some("")] {
            let place = Place::new();
            place.write(&format!("cartwright-data/{left}"), "of a shop");
            if let Some(text) = database {
                place.write("cartwright-data/shop.db", text);
            }
            place.run(&serve).fails(1, &["no shop in cartwright-data/shop.db", "cartwright restore"]);
        }
    }
    let place = shop_with_a_mug();
    place.start(&["serve"]).stop();
    let copy = place.path("copy.db");
    place.run(&["backup", copy.to_str().expect("UTF-8")]).expect(0);
    place.write("cartwright-data/media/ab/abcd.webp", "a picture");
    fs::remove_file(place.path("cartwright-data/shop.db")).expect("removed");
    place.run(&serve).fails(1, &["cartwright-data/media"]);
    place.run(&["restore", copy.to_str().expect("UTF-8")]).expect(0);
    place.start(&["serve"]).stop();

    // A disk of its own for the pictures, and a trial of it that was cut off, are no shop.
    let place = Place::new();
    fs::create_dir_all(place.path("cartwright-data/media/lost+found")).expect("made");
    place.write("cartwright-data/media/.trial-1", "");
    place.start(&["serve"]).stop();

    // Keys may be there before their shop, but somebody may also have lost one.
    let place = Place::new();
    place.start(&["serve"]).stop();
    let keys = fs::read(place.path("cartwright-data/keys.json")).expect("read");
    let other = Place::new();
    let path = other.write("cartwright-data/keys.json", "");
    fs::write(&path, keys).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    let (_, log) = other.start(&["serve"]).stop();
    assert!(log.iter().any(|line| line.contains("WARN") && line.contains("keys.json")), "{log:#?}");
}

#[test]
fn a_shop_with_other_keys_than_before_says_so() {
    let place = Place::new();
    let is_told = || {
        let (_, log) = place.start(&["serve"]).stop();
        log.iter().any(|line| line.contains("WARN") && line.contains("OTHER KEYS THAN BEFORE"))
    };
    place.create_owner("olive@example.com");
    assert!(!is_told() && !is_told(), "these are its first ones");
    let keys = place.path("cartwright-data/keys.json");
    fs::rename(&keys, place.path("kept.json")).expect("moved");
    assert!(is_told(), "it made new ones");
    assert!(!is_told());
    fs::rename(place.path("kept.json"), &keys).expect("moved back");
    assert!(is_told() && !is_told());
}

/// A shop that can be read and not written would look open, and take no order. Only root can make such a file: to others this test says
/// nothing, and says so.
#[test]
fn what_cannot_be_written_is_told_at_the_start() {
    const SHOP: u32 = 54_321;
    if !rustix::process::geteuid().is_root() {
        eprintln!("this test needs root, and has tested nothing");
        return;
    }
    let place = shop_with_a_mug();
    give_away(&place.path(""), SHOP);
    let database = place.path("cartwright-data/shop.db");
    chown(&database, Some(0), Some(0)).expect("as `cp` of root leaves it");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).expect("set");
    let as_shop = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.uid(SHOP).gid(SHOP);
        Done::from(command.output().expect("runs"))
    };
    let refused = as_shop(&["serve", "--listen", "127.0.0.1:0"]).fails(1, &["shop.db", "not written"]);
    assert!(!refused.stderr.contains("the shop is open"), "{refused:?}");
}

/// A shop without pictures is better than none, so these are only told.
#[test]
fn pictures_that_are_gone_are_told_at_the_start() {
    let place = shop_with_a_mug();
    let is_told = || {
        let (_, log) = place.start(&["serve"]).stop();
        log.iter().any(|line| line.contains("WARN") && line.contains("THE PICTURES ARE NOT THERE"))
    };
    assert!(!is_told(), "no product has any");
    let conn = rusqlite::Connection::open(place.path("cartwright-data/shop.db")).expect("opened");
    let images = r#"[{"url":"/media/00000000000000000000000000000000.webp","alt":null}]"#;
    assert_eq!(conn.execute("UPDATE products SET images = ?", [images]).expect("set"), 1);
    drop(conn);
    assert!(is_told());
    fs::create_dir_all(place.path("cartwright-data/media/lost+found")).expect("made");
    assert!(is_told(), "another disk is there, and is empty");
    place.write("cartwright-data/media/00/00000000000000000000000000000000.webp", "a picture");
    assert!(!is_told());
}

#[test]
fn a_damaged_page_is_told_with_its_file_and_what_to_do() {
    let place = shop_with_a_mug();
    let path = place.path("cartwright-data/shop.db");
    let conn = rusqlite::Connection::open(&path).expect("opened");
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'orders'";
    let page: i64 = conn.query_row(root, [], |row| row.get(0)).expect("a page");
    let begin = usize::try_from((page - 1) * 4096).expect("few pages");
    drop(conn);
    let mut bytes = fs::read(&path).expect("read");
    // No page of a table begins so.
    bytes[begin..begin + 8].fill(0xa5);
    fs::write(&path, bytes).expect("written");
    place.run(&["check"]).fails(1, &["shop.db", "restore a backup"]);
}
