//! What keeps a server from starting, and is said; and what must not.

use std::{fs, path::Path, time::Duration};

use rusqlite::Connection;
use serde_json::json;

use proof::harness::{
    client::Client,
    program::{Ended, check, create_owner, program, run, run_on},
    server::Launch,
    shop::Shop,
    within,
};
use test_postgres::free_address;

fn serve(data: &Path, listen: &str) -> Ended {
    let mut command = program();
    run(command.args(["serve", "--listen", listen, "--bcrypt-cost", "10", "--data"]).arg(data), "")
}

/// The only database file in the folder.
fn database(data: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(data).expect("the folder").map(|entry| entry.expect("an entry").path());
    let databases: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "db")).collect();
    assert_eq!(databases.len(), 1, "{databases:?}");
    databases[0].clone()
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    create_owner(&data);
    let path = database(&data);
    let conn = Connection::open(&path).expect("a database");
    conn.pragma_update(None, "user_version", 4_711).expect("written");
    conn.close().expect("closed");
    let before = fs::read(&path).expect("the database");

    for ended in [serve(&data, "127.0.0.1:0"), run_on(&data, &["check"])] {
        let complaint = ended.expect_complaint();
        assert!(complaint.contains("newer") && complaint.contains("4711"), "{complaint}");
        assert!(complaint.contains(path.to_str().expect("UTF-8")), "it should name the file: {complaint}");
    }
    // It can be copied all the same: a copy needs to understand nothing.
    let copy = folder.path().join("copy.db");
    run_on(&data, &["backup", copy.to_str().expect("UTF-8")]).expect_success();
    let conn = Connection::open(&copy).expect("a copy");
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    assert_eq!(version, 4_711);
    assert!(fs::read(&path).expect("the database") == before, "the database was changed");
}

#[test]
fn what_is_no_database_of_a_shop_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    create_owner(&data);
    let path = database(&data);
    fs::write(&path, "a shopping list, and no database at all ".repeat(100)).expect("written");
    let before = fs::read(&path).expect("the file");
    let complaint = serve(&data, "127.0.0.1:0").expect_complaint();
    assert!(complaint.contains(path.to_str().expect("UTF-8")), "{complaint}");
    assert!(fs::read(&path).expect("the file") == before, "the file was changed");
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let server = launch.start();
    let other = tempfile::tempdir().expect("a folder");
    let data = other.path().join("data");
    create_owner(&data);
    let listen = launch.address.to_string();
    for data in [&data, &launch.data] {
        let complaint = serve(data, &listen).expect_complaint();
        assert!(complaint.contains(&listen), "it should name the address: {complaint}");
        assert!(complaint.contains("in use"), "{complaint}");
    }
    Client::new(launch.address).get("/readyz").expect("a reply").expect(200);
    server.stop();
    check(&launch.data);
}

/// A trial on the folder of the shop is the shop: it would send its mails, and nobody would know.
#[test]
fn a_shop_that_another_process_has_open_is_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = Launch::new(folder.path(), &["--signup", "immediate"]);
    create_owner(&launch.data);
    let first = launch.start();
    let socket = launch.data.join("shop.db-socket");
    within(Duration::from_secs(10), "a socket for commands", || socket.exists().then_some(()));
    let mut demo = program();
    demo.args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(&launch.data);
    let complaint = run(&mut demo, "").expect_complaint();
    assert!(complaint.contains("another process") && complaint.contains("--data"), "{complaint}");

    let mut another = launch.another(&folder.path().join("another"));
    another.data.clone_from(&launch.data);
    let second = another.start();
    assert!(second.log().contains("ANOTHER PROCESS HAS"), "{}", second.log());
    assert!(!first.log().contains("ANOTHER PROCESS HAS"), "{}", first.log());
    second.stop();
    first.stop();
    check(&launch.data);
}

/// Many containers have none. Mails and PostgreSQL go by those that the program brings along; pictures from elsewhere, and buckets, say what is
/// missing.
#[test]
fn a_machine_without_certificates_has_a_shop_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere").display().to_string();
    let launch = Launch::new(folder.path(), &["--signup", "immediate"])
        .with_variable("SSL_CERT_FILE", nowhere.as_str())
        .with_variable("SSL_CERT_DIR", nowhere.as_str());
    create_owner(&launch.data);
    let server = launch.start();
    let shop = Shop::fill(launch.address, 1);
    let client = Client::new(shop.address);
    let picture = json!({"url": "https://pictures.example.com/mug.png"});
    let refused = client.post(&shop.owner, "/v1/admin/pictures/import", "", &picture).expect("a reply");
    let told = refused.expect(503)["detail"].to_string();
    assert!(told.contains("CA certificates") && told.contains("ca-certificates"), "{told}");
    let file = folder.path().join("products.csv");
    let row = "lamp,Lamp,LAMP-1,12.50,https://pictures.example.com/mug.png";
    let rows = format!("Handle,Title,Variant SKU,Variant Price,Image Src\n{row}\n");
    fs::write(&file, &rows).expect("a file");
    let import = "/v1/admin/imports/products?with_images=true";
    let job = client.post_file(&shop.owner, import, "text/csv", rows.into_bytes()).expect("a reply").expect(202);
    let job = format!("/v1/admin/jobs/{}", job["id"].as_str().expect("an id"));
    within(Duration::from_secs(20), "a job that waits", || {
        let job = client.get_as(&shop.owner, &job).expect("a reply").expect(200);
        assert!(job["failure"].is_null() && job["finished_at"].is_null(), "{job}");
        job["interruption"].as_str()?.starts_with("pictures cannot be fetched").then_some(())
    });
    server.stop();

    let csv = file.to_str().expect("UTF-8");
    let bucket = ["serve", "--listen", "127.0.0.1:0", "--media", "s3://bucket/shop"];
    for arguments in [["import", "products", csv, "--with-images"].as_slice(), &bucket] {
        let mut command = program();
        command.args(arguments).arg("--data").arg(&launch.data);
        command.envs(["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| (name, &nowhere)));
        command.envs(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name, "something")));
        let complaint = run(&mut command, "").expect_complaint();
        assert!(complaint.contains("No CA certificates"), "{complaint}");
    }
    let server = launch.start();
    Client::new(launch.address).get("/v1/products/lamp").expect("a reply").expect(404);
    server.stop();
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").expect("written");
    let data = file.join("data");
    let complaint = serve(&data, &free_address().to_string()).expect_complaint();
    assert!(complaint.contains(file.to_str().expect("UTF-8")), "{complaint}");
}
