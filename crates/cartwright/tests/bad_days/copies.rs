//! Copies of a shop that works, and shops made from copies.

use std::{fs, os::unix::fs::PermissionsExt, thread, time::Duration};

use proof::harness::{
    audit::Audit,
    load::{Fate, Load},
    program::{check, create_owner, program, run, run_on},
    server::Launch,
    shop::Shop,
};

#[test]
fn a_backup_of_a_busy_shop_has_all_that_was_acknowledged_before_it_began() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let mut shop = Shop::fill(launch.address, 4);
    let copy = folder.path().join("copy.db");
    let load = Load::new(&shop, "order");
    let (journal, (began_at, ended_at)) = load.during(8, || {
        // However busy the machine is.
        while load.begun() < 100 {
            thread::sleep(Duration::from_millis(10));
        }
        let began_at = std::time::Instant::now();
        let mut backup = program();
        backup.arg("backup").arg(&copy).arg("--data").arg(&launch.data);
        let made = run(&mut backup, "");
        let told = made.expect_success();
        assert!(told.contains("The running shop made it"), "{told}");
        let ended_at = std::time::Instant::now();
        // What is checked beside the shop is a copy, too: nothing says that its log grows.
        let checked = run(program().arg("check").arg("--data").arg(&launch.data), "");
        assert!(!checked.stderr.contains("its log grows"), "{checked:?}");
        checked.expect_success();
        thread::sleep(Duration::from_millis(200));
        (began_at, ended_at)
    });
    let bad = journal.iter().find(|sent| !matches!(sent.fate, Fate::Acknowledged(_)));
    assert!(bad.is_none(), "the backup got in the way of {bad:?}");
    assert!(journal.iter().any(|sent| sent.at > began_at && sent.at < ended_at), "nobody ordered during the backup");
    let mode = fs::metadata(&copy).expect("the copy").permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can read the copy: {mode:o}");
    refuse_a_live_target(&launch, &copy);
    let socket = launch.data.join("shop.db-socket");
    assert!(socket.exists(), "commands cannot reach the shop");
    server.stop();
    assert!(!socket.exists(), "the socket of a shop that has ended");

    let elsewhere = tempfile::tempdir().expect("a folder");
    let restored = Launch::new(elsewhere.path(), &["--signup", "immediate"]);
    let mut restore = program();
    restore.arg("restore").arg(&copy).arg("--data").arg(&restored.data);
    run(&mut restore, "").expect_success();
    check(&restored.data);
    let server = restored.start();
    shop.address = restored.address;
    shop.renew_tokens();
    let orders = Audit::of(&shop);
    let before: Vec<_> = journal.iter().filter(|sent| sent.at + sent.took <= began_at).cloned().collect();
    let in_copy = journal.iter().filter(|sent| orders.has(&sent.key)).cloned().collect::<Vec<_>>();
    assert!(before.len() > 50, "there was hardly any load: {} orders", before.len());
    let missing = before.iter().find(|sent| !orders.has(&sent.key));
    assert!(missing.is_none(), "acknowledged before the backup began, and not in it: {missing:?}");
    assert_eq!(orders.compare(&in_copy), Vec::<String>::new());
    orders.compare_stock(&shop);
    server.stop();
}

/// The server runs: a restore under its feet would be the end of both.
fn refuse_a_live_target(launch: &Launch, copy: &std::path::Path) {
    let mut restore = program();
    restore.arg("restore").arg(copy).arg("--data").arg(&launch.data);
    let complaint = run(&mut restore, "").expect_complaint();
    assert!(complaint.contains("shop.db") || complaint.contains("data"), "{complaint}");
    assert!(complaint.contains("in use") || complaint.contains("stop"), "it should say what to do: {complaint}");
    check(&launch.data);
}

#[test]
fn a_backup_is_not_written_over_a_file_and_a_broken_one_is_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    create_owner(&data);
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "precious").expect("a file");
    let name = copy.to_str().expect("UTF-8");
    let complaint = run_on(&data, &["backup", name]).expect_complaint();
    assert!(complaint.contains("exists already"), "{complaint}");
    assert_eq!(fs::read(&copy).expect("the file"), b"precious");

    let complaint = run_on(&data, &["restore", name]).expect_complaint();
    assert!(complaint.contains(name), "{complaint}");
    let complaint = run_on(&data, &["restore", "/nowhere/at-all.db"]).expect_complaint();
    assert!(complaint.contains("/nowhere/at-all.db"), "{complaint}");
    check(&data);
}
