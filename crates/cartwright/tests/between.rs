//! What stands between callers, processes and the database: a proxy, a pooler, TLS.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use proof::harness::{
    audit::Audit,
    client::Client,
    load::{Fate, Load},
    program::{Ended, check_in, create_owner_in, run_on},
    server::Launch,
    shop::Shop,
    within,
};
use test_postgres::{Database, Server, Settings, as_server, free_address};

/// A program beside ours; ends with the test.
struct Beside(Child);

impl Beside {
    fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}; install it from Debian's packages")))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a proxy in front of three processes needs to say: who is well, and to ask another one when one cannot be reached. Gives its
/// address, and the one where it tells who is.
fn proxy(folder: &Path, launches: &[Launch]) -> (Beside, SocketAddr, SocketAddr) {
    let (address, stats) = (free_address(), free_address());
    let mut config = format!(
        "global\n    maxconn 1000\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 30s\n    timeout server 30s\n\
         \x20   timeout check 5s\n    retries 3\n    option redispatch\n    option forwardfor\nfrontend stats\n    bind {stats}\n\
         \x20   stats enable\n    stats uri /stats\nfrontend shop\n    bind {address}\n    default_backend processes\n\
         backend processes\n    balance roundrobin\n    option httpchk GET /readyz\n    default-server check inter 100ms fall 1 rise 1\n"
    );
    for (number, launch) in launches.iter().enumerate() {
        config.push_str(&format!("    server process{number} {}\n", launch.address));
    }
    let path = folder.join("haproxy.cfg");
    fs::write(&path, config).expect("a configuration");
    let haproxy = ["/usr/sbin/haproxy", "/usr/bin/haproxy"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(haproxy.unwrap_or("haproxy"));
    command.args(["-db", "-q", "-f"]).arg(path);
    (Beside::start(&mut command), address, stats)
}

/// Waits until the proxy takes every process for well.
fn all_are_well(stats: &Client, launches: &[Launch]) {
    let is_well = |line: &str| line.starts_with("processes,process") && line.contains(",UP,");
    within(Duration::from_secs(20), "the proxy", || {
        let reply = stats.get("/stats;csv").ok().filter(|reply| reply.status == 200)?;
        let table = String::from_utf8_lossy(&reply.body);
        (table.lines().filter(|line| is_well(line)).count() == launches.len()).then_some(())
    });
}

#[test]
fn a_rolling_restart_behind_a_proxy_fails_no_request() {
    let database = Database::fresh();
    let url = database.url();
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--signup", "immediate", "--public-url", "http://shop.test", "--database", &url];
    let arguments = [&arguments[..], &["--trusted-proxies", "127.0.0.1", "--stop-delay-secs", "1"]].concat();
    let launches: Vec<_> = (0..3)
        .map(|number| {
            let place = folder.path().join(number.to_string());
            fs::create_dir(&place).expect("a folder");
            Launch::new(&place, &arguments)
        })
        .collect();
    let mut servers: Vec<_> = launches.iter().map(Launch::start).collect();
    create_owner_in(&launches[0].data, Some(&url));
    let (_proxy, address, stats) = proxy(folder.path(), &launches);
    let stats = Client::new(stats);
    all_are_well(&stats, &launches);

    let shop = Shop::fill(address, 4);
    let is_over = AtomicBool::new(false);
    let load = Load::new(&shop, "order").undeterred();
    let (sent, ()) = load.during(6, || {
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let client = Client::new(address);
                let mut read = 0;
                while !is_over.load(Ordering::Acquire) {
                    client.get("/v1/products").expect("a reply").expect(200);
                    client.get_as(&shop.owner, "/v1/account").expect("a reply").expect(200);
                    read += 1;
                }
                read
            });
            for (launch, server) in launches.iter().zip(&mut servers) {
                thread::sleep(Duration::from_millis(500));
                all_are_well(&stats, &launches);
                server.ask_to_stop();
                assert!(server.wait().success(), "{}", server.log());
                *server = launch.start();
            }
            thread::sleep(Duration::from_millis(500));
            is_over.store(true, Ordering::Release);
            assert!(reading.join().expect("every page is answered") > 50);
        });
    });
    for sent in &sent {
        assert!(matches!(sent.fate, Fate::Acknowledged(_)), "{}: {:?}", sent.key, sent.fate);
    }
    assert!(sent.len() > 100, "{} orders", sent.len());
    let audit = Audit::of(&shop);
    assert_eq!(audit.compare(&sent), Vec::<String>::new());
    audit.compare_stock(&shop);
    for server in servers {
        server.stop();
    }
    check_in(&launches[0].data, Some(&url));
}

/// A pooler in transaction mode: each transaction may get another of its few connections to the server.
fn pooler(server: &Server) -> (Beside, SocketAddr) {
    let address = free_address();
    let config = format!(
        "[databases]\n* = user=postgres host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\nauth_type = any\n\
         pool_mode = transaction\nmax_client_conn = 100\ndefault_pool_size = 4\nunix_socket_dir =\nlogfile = {}\n\
         ignore_startup_parameters = extra_float_digits\n",
        server.port(),
        address.port(),
        server.folder().join("pgbouncer.log").display(),
    );
    let path = server.folder().join("pgbouncer.ini");
    fs::write(&path, config).expect("a configuration");
    let pgbouncer = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists());
    let mut command = as_server(Path::new(pgbouncer.unwrap_or("pgbouncer")));
    command.arg("-q").arg(path).stderr(Stdio::null());
    (Beside::start(&mut command), address)
}

#[test]
fn a_pooler_in_transaction_mode_is_fine_when_nothing_is_prepared_and_told_when_something_is() {
    let server = Server::start(&Settings::default());
    test_postgres::execute(&server.url("postgres"), "CREATE DATABASE shop").expect("a database");
    let (_pooler, address) = pooler(&server);
    let url = format!("postgres://postgres@{address}/shop?prepare=off");
    let folder = tempfile::tempdir().expect("a folder");
    within(Duration::from_secs(10), "the pooler", || std::net::TcpStream::connect(address).ok());
    create_owner_in(&folder.path().join("data"), Some(&url));
    let launch = Launch::new(folder.path(), &["--signup", "immediate", "--database", &url]);
    let process = launch.start();
    let shop = Shop::fill(launch.address, 4);
    let (sent, ()) = Load::new(&shop, "order").during(8, || thread::sleep(Duration::from_secs(2)));
    for sent in &sent {
        assert!(matches!(sent.fate, Fate::Acknowledged(_)), "{}: {:?}", sent.key, sent.fate);
    }
    assert!(sent.len() > 50, "{} orders", sent.len());
    let audit = Audit::of(&shop);
    assert_eq!(audit.compare(&sent), Vec::<String>::new());
    process.stop();
    check_in(&launch.data, Some(&url));

    let complaint = check_on(&format!("postgres://postgres@{address}/shop")).expect_complaint();
    assert!(complaint.contains("prepare=off"), "{complaint}");
}

fn check_on(url: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    run_on(folder.path(), &["check", "--database", url])
}

/// An authority and a certificate of it for this host, in the folder.
fn certificates(folder: &Path, host: &str) {
    let openssl = |arguments: &str| {
        let made = as_server(Path::new("/usr/bin/openssl")).args(arguments.split(' ')).current_dir(folder).output();
        let made = made.expect("openssl can be run");
        assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
    };
    fs::write(folder.join("ext"), format!("subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n")).expect("a file");
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority");
    openssl("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=server");
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.crt");
}

#[test]
fn encryption_is_used_when_it_is_asked_for_and_the_server_must_be_the_right_one() {
    let certified = tempfile::tempdir().expect("a folder");
    fs::set_permissions(certified.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("a folder");
    certificates(certified.path(), "localhost");
    let file = |name: &str| certified.path().join(name).display().to_string();
    let more = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", file("server.crt")),
        format!("ssl_key_file={}", file("server.key")),
    ];
    let server = Server::start(&Settings { more: more.to_vec(), ..Settings::default() });
    test_postgres::execute(&server.url("postgres"), "CREATE DATABASE shop").expect("a database");
    let url = |host: &str, query: &str| format!("postgres://postgres@{host}:{}/shop?{query}", server.port());
    let folder = tempfile::tempdir().expect("a folder");
    let ca = file("ca.crt");

    let verified = url("localhost", &format!("sslmode=verify-full&sslrootcert={ca}"));
    create_owner_in(folder.path(), Some(&verified));
    assert_eq!(check_on(&verified).code, Some(0));
    assert_eq!(check_on(&url("127.0.0.1", "sslmode=require")).code, Some(0));
    // Asked of the server, nobody is connected in the clear.
    let launch = Launch::new(folder.path(), &["--database", &verified]);
    let process = launch.start();
    let encrypted = "SELECT 1 / (count(*) FILTER (WHERE ssl) * (count(*) FILTER (WHERE NOT ssl) = 0)::INT) FROM pg_stat_ssl \
         JOIN pg_stat_activity USING (pid) WHERE application_name = 'cartwright'";
    test_postgres::execute(&server.url("postgres"), encrypted).expect("all connections are encrypted");
    process.stop();

    for (wrong, says) in [
        (url("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={ca}")), "certificate"),
        (url("localhost", "sslmode=verify-full"), "certificate"),
        (url("localhost", "sslmode=verify-full&sslrootcert=/nowhere.pem"), "/nowhere.pem"),
    ] {
        let complaint = check_on(&wrong).expect_complaint();
        assert!(complaint.contains(says), "{wrong}: {complaint}");
    }
    let plain = Server::start(&Settings::default());
    let complaint = check_on(&format!("postgres://postgres@127.0.0.1:{}/shop?sslmode=require", plain.port()));
    assert!(complaint.expect_complaint().contains("TLS"), "a server without it is refused");
}
