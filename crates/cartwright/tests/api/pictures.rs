//! `/v1/admin/pictures` and `/media/{file}`

use std::{
    fs,
    io::{Cursor, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    OWNER, PASSWORD, Pages, Reply, Shop, ended, eventually, eventually_within, import, job, text, unique_name,
};

/// Within which a job that was interrupted is taken on again: its lease, and what a busy machine adds.
const NEXT_TAKE: Duration = Duration::from_secs(30);

const BOUNDARY: &str = "a-line-that-nobody-writes";

/// A picture of this size in one colour.
fn png(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([shade, 90, 200]));
    let mut bytes = Cursor::new(Vec::new());
    image::DynamicImage::from(picture).write_to(&mut bytes, image::ImageFormat::Png).expect("written");
    bytes.into_inner()
}

/// A form with one part.
fn form(name: &str, file: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: image/gif\r\n\r\n"
    );
    [head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

fn upload(shop: &Shop, content: &[u8]) -> Reply {
    let body = form("file", "../../evil.php", content);
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    shop.owner().request("POST", "/v1/admin/pictures").bytes(&media_type, body).send()
}

#[test]
fn an_uploaded_picture_is_served_in_four_sizes_for_ever() {
    let shop = Shop::shared();
    let reply = upload(&shop, &png(1500, 1000, 10));
    let picture = reply.expect(201);
    assert_eq!(
        (reply.header("location"), &picture["width"], &picture["height"]),
        (text(&picture["url"]), &json!(1500), &json!(1000))
    );
    let sizes = [("small", 160), ("medium", 480), ("large", 1200)];
    for (url, width) in sizes
        .map(|(size, width)| (text(&picture["thumbnails"][size]), width))
        .into_iter()
        .chain([(text(&picture["url"]), 1500)])
    {
        let reply = shop.stranger().get(&url).send_outside_the_contract();
        assert_eq!((reply.status, reply.header("content-type")), (200, "image/webp".to_owned()));
        assert!(
            reply.header("cache-control").contains("immutable") && reply.header("x-content-type-options") == "nosniff"
        );
        assert!(reply.header("content-security-policy").contains("default-src 'none'"), "it loads nothing");
        let decoded = image::load_from_memory_with_format(&reply.body, image::ImageFormat::WebP).expect("WebP");
        assert_eq!(decoded.width(), width);
        let again =
            shop.stranger().get(&url).header("if-none-match", &reply.header("etag")).send_outside_the_contract();
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    assert_eq!(upload(&shop, &png(1500, 1000, 10)).expect(201), picture, "the same picture has the same name");
}

#[test]
fn parts_of_a_picture_can_be_asked_for() {
    let shop = Shop::shared();
    let url = text(&upload(&shop, &png(300, 300, 20)).expect(201)["url"]);
    let whole = shop.stranger().get(&url).send_outside_the_contract();
    let ask = |range: &str| shop.stranger().get(&url).header("range", range).send_outside_the_contract();
    let part = ask("bytes=8-11");
    assert_eq!(
        (part.status, &part.body[..], part.header("content-range")),
        (206, &b"WEBP"[..], format!("bytes 8-11/{}", whole.body.len()))
    );
    assert_eq!(ask("bytes=-4").body, whole.body[whole.body.len() - 4..]);
    let behind = ask("bytes=999999-");
    assert_eq!((behind.status, behind.header("content-range")), (416, format!("bytes */{}", whole.body.len())));
    assert_eq!((ask("bytes=0-1,3-4").status, ask("lines=1-2").status), (200, 200));
    let other =
        shop.stranger().get(&url).header("range", "bytes=8-11").header("if-range", "\"x\"").send_outside_the_contract();
    assert_eq!((other.status, other.body.len()), (200, whole.body.len()));
    for nowhere in ["/media/keys.json", "/media/..%2Fshop.db", "/media/00000000000000000000000000000000.webp"] {
        assert_eq!(shop.stranger().get(nowhere).send_outside_the_contract().status, 404, "{nowhere}");
    }
}

#[test]
fn products_show_their_pictures_in_all_sizes() {
    let shop = Shop::shared();
    let picture = upload(&shop, &png(200, 200, 30)).expect(201);
    let product = shop.add_product(&json!({"title": unique_name("Mug"), "status": "active",
        "images": [{"url": picture["url"], "alt": "a mug"}, {"url": "https://example.com/b.jpg"}],
        "variants": [{"price": {"amount": 5, "currency": "EUR"}, "image": picture["url"]}]}));
    assert_eq!(product["images"][0]["thumbnails"], picture["thumbnails"]);
    assert_eq!(product["images"][1]["thumbnails"], Value::Null);
    assert_eq!(product["variants"][0]["image"], picture["url"]);
}

#[test]
fn what_is_no_picture_is_refused_whatever_it_is_called() {
    let shop = Shop::shared();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let mut bomb = png(1, 1, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    for content in [&svg[..], b"", b"GIF89a", b"<?php system('id');", &png(50, 50, 1)[..60], &bomb] {
        upload(&shop, content).refused(422, "picture_refused");
    }
    let post = |media_type: &str, body: Vec<u8>| {
        shop.owner().request("POST", "/v1/admin/pictures").bytes(media_type, body).send()
    };
    let form_type = format!("multipart/form-data; boundary={BOUNDARY}");
    post("application/json", b"{}".to_vec()).refused(415, "unsupported_media_type");
    post("image/png", png(1, 1, 1)).refused(415, "unsupported_media_type");
    post(&form_type, form("other", "a.png", &png(1, 1, 1))).refused(400, "malformed_request");
    post(&form_type, format!("--{BOUNDARY}--\r\n").into_bytes()).refused(400, "malformed_request");
    post(&form_type, b"nonsense".to_vec()).refused(400, "malformed_request");
    post(&form_type, form("file", "a.png", &vec![0; 21 * 1024 * 1024])).refused(413, "body_too_large");
}

/// A server that gives this picture to everybody, and its address.
fn elsewhere(content: Vec<u8>) -> String {
    answering("200 OK", content, 10).0
}

/// A server that gives this answer so often, and is gone then; its address, and how often it was asked.
fn answering(status: &'static str, content: Vec<u8>, times: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok).take(times) {
            counter.fetch_add(1, Ordering::SeqCst);
            answer(&mut stream, status, &content);
        }
    });
    (address, asked)
}

/// A server that lets everybody in and answers nobody, and its address.
fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    thread::spawn(move || listener.incoming().map_while(Result::ok).collect::<Vec<_>>());
    address
}

/// A server that gives this answer to each who asks, one after the other, once it is told to; its address, and what tells it.
fn held(content: Vec<u8>) -> (String, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let (go_on, told) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            if told.recv().is_err() {
                break;
            }
            answer(&mut stream, "200 OK", &content);
        }
    });
    (address, go_on)
}

/// The job, if it has ended.
fn finished(shop: &Shop, id: &str) -> Option<Value> {
    Some(job(shop, id)).filter(|job| !job["finished_at"].is_null())
}

fn answer(stream: &mut TcpStream, status: &str, content: &[u8]) {
    let _ = stream.read(&mut [0; 2048]);
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
    let _ = stream.write_all(&[head.as_bytes(), content].concat());
}

/// A file of products, each with a picture at such an address.
fn products(of: &[(&str, String)]) -> String {
    let rows: Vec<_> = of.iter().map(|(handle, url)| format!("{handle},{handle},5,{url}\n")).collect();
    format!("Handle,Title,Variant Price,Image Src\n{}", rows.concat())
}

#[test]
fn pictures_are_imported_from_the_public_internet_and_from_named_hosts_alone() {
    let host = elsewhere(png(64, 64, 40));
    let import = |shop: &Shop, url: &str| shop.owner().post("/v1/admin/pictures/import", &json!({"url": url})).send();
    let shop = Shop::shared();
    for url in [
        format!("http://{host}/a.png"),
        "http://localhost/a.png".into(),
        "http://[::1]/".into(),
        "http://169.254.169.254/".into(),
    ] {
        let refused = import(&shop, &url).refused(422, "picture_refused");
        assert!(text(&refused["detail"]).contains("is not a public address"), "{refused}");
    }
    for url in ["file:///etc/passwd", "ftp://example.com/a", "nonsense", ""] {
        import(&shop, url).refused(422, "picture_refused");
    }
    let shop = Shop::start(&["--picture-hosts", &host]);
    let picture = import(&shop, &format!("http://{host}/a.png")).expect(201);
    assert_eq!((&picture["width"], picture["url"].is_string()), (&json!(64), true));
    let port = elsewhere(b"<svg/>".to_vec());
    import(&shop, &format!("http://{port}/a.png")).refused(422, "picture_refused");
}

#[test]
fn an_import_fetches_the_pictures_if_it_is_asked_to() {
    let host = elsewhere(png(64, 64, 50));
    let shop = Shop::start(&["--picture-hosts", &host]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(OWNER, PASSWORD).status, 303);
    // The picture of the other one is on a host that nobody named.
    let file = |name: &str| {
        let other = format!("{name}-other");
        products(&[(name, format!("http://{host}/a.png")), (other.as_str(), "http://127.0.0.1:9/b.png".to_owned())])
    };
    let over_api = |name: &str, what: &str| ended(&shop, &import(shop.owner(), what, &file(name)));
    let by_form = |name: &str, fields: &[(&str, &str)]| {
        let fields: Vec<_> = [("kind", "import_products")].into_iter().chain(fields.iter().copied()).collect();
        let sent = pages.post_file("/admin/import", &fields, &file(name));
        let location = sent.header("location");
        let id = location.strip_prefix("/admin/import/").unwrap_or_else(|| panic!("a job: {location}"));
        (ended(&shop, id), pages.get(&location).text())
    };
    let image = |slug: &str| {
        let product = shop.stranger().get(&format!("/v1/products/{slug}")).send().expect(200);
        text(&product["images"][0]["url"])
    };

    let job = over_api("api", "products?with_images=true");
    assert_eq!((&job["status"], &job["created"]), (&json!("done"), &json!(2)), "{job}");
    assert_eq!((job["notes"].as_array().map(Vec::len), &job["notes"][0]["line"]), (Some(1), &json!(3)), "{job}");
    let note = text(&job["notes"][0]["message"]);
    assert!(note.starts_with("http://127.0.0.1:9/b.png stays where it is: "), "{note}");
    assert!(note.contains("is not a public address"), "{note}");
    assert!(image("api").starts_with("/media/"), "{}", image("api"));
    assert_eq!(image("api-other"), "http://127.0.0.1:9/b.png");

    let (job, page) = by_form("form", &[("with_images", "1")]);
    assert_eq!(job["notes"], json!([{"line": 3, "column": null, "message": note}]));
    assert!(page.contains("is not a public address"), "{page}");
    assert_eq!(image("form"), image("api"));

    // Nobody asked for it.
    let plain = over_api("plain", "products");
    assert!(text(&plain["notes"][0]["message"]).starts_with("2 pictures stay on "), "{plain}");
    let (_, page) = by_form("plainer", &[]);
    assert!(page.contains("“Fetch the pictures” fetches them into the shop"), "{page}");
    for name in ["plain", "plainer"] {
        assert_eq!(image(name), format!("http://{host}/a.png"));
    }
}

#[test]
fn a_job_that_waits_for_a_server_holds_up_no_other_and_can_be_stopped() {
    let (silent, host) = (silent(), elsewhere(png(64, 64, 60)));
    let shop = Shop::start(&["--picture-hosts", &format!("{silent},{host}")]);
    let with_images = |host: &str, name| {
        import(shop.owner(), "products?with_images=true", &products(&[(name, format!("http://{host}/a.png"))]))
    };
    let waits = with_images(&silent, "slow");
    eventually("it begins", || (job(&shop, &waits)["total"] == 1).then_some(()));
    let behind = with_images(&host, "quick");
    let plain = import(shop.owner(), "products", &products(&[("plain", format!("http://{silent}/a.png"))]));
    let plain = ended(&shop, &plain);
    assert_eq!((&plain["status"], &plain["with_images"]), (&json!("done"), &json!(false)), "{plain}");
    let status = |id: &str| text(&job(&shop, id)["status"]);
    assert_eq!((status(&waits), status(&behind)), ("running".to_owned(), "queued".to_owned()));
    let stopped = shop.owner().delete(&format!("/v1/admin/jobs/{waits}")).send().expect(200);
    assert_eq!((&stopped["status"], &stopped["with_images"]), (&json!("cancelled"), &json!(true)));
    let behind = ended(&shop, &behind);
    assert_eq!((&behind["status"], &behind["missing_images"]), (&json!("done"), &json!(0)), "{behind}");
}

#[test]
fn an_import_says_that_pictures_cannot_be_kept() {
    let host = elsewhere(png(64, 64, 80));
    let shop = Shop::start(&["--picture-hosts", &host]);
    let place = shop.place();
    let media = Path::new(place.get(1).expect("the folder of the shop")).join("media");
    fs::remove_dir_all(&media).expect("removed");
    fs::write(&media, "no folder").expect("written");
    let id = import(shop.owner(), "products?with_images=true", &products(&[("mug", format!("http://{host}/a.png"))]));
    let told = eventually("it is told", || {
        let job = job(&shop, &id);
        (!job["interruption"].is_null()).then_some(job)
    });
    assert_eq!((&told["status"], &told["failure"], &told["done"]), (&json!("running"), &Value::Null, &json!(0)));
    assert!(text(&told["interruption"]).starts_with("pictures cannot be kept"), "{told}");
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(OWNER, PASSWORD).status, 303);
    let page = pages.get(&format!("/admin/import/{id}")).text();
    assert!(page.contains("Interrupted") && page.contains("Pictures cannot be kept"), "{page}");
    // With the end of the lease it is tried again.
    fs::remove_file(&media).expect("removed");
    fs::create_dir(&media).expect("made");
    let ended = eventually_within(NEXT_TAKE, "it goes on when it can", || finished(&shop, &id));
    let counts = [&ended["created"], &ended["missing_images"], &ended["interruption"]];
    assert_eq!((&ended["status"], counts), (&json!("done"), [&json!(1), &json!(0), &Value::Null]), "{ended}");
}

/// The job has read its file, and waits for a picture, when the shop gets another currency.
#[test]
fn an_import_that_was_read_before_the_shop_got_another_currency_adds_nothing_in_the_old_one() {
    let (held, go_on) = held(png(64, 64, 90));
    let shop = Shop::start(&["--picture-hosts", &held]);
    let with_images = |of: &[(&str, String)]| import(shop.owner(), "products?with_images=true", &products(of));
    let sell_in = |currency: &str| {
        let mut settings = shop.owner().get("/v1/admin/settings").send().expect(200);
        settings["currency"] = json!(currency);
        shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    };
    // Five go into one transaction where there are pictures: it has done something, and a shop without products may change its currency.
    let mut of: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| (name, String::new())).into();
    of.push(("f", format!("http://{held}/f.png")));
    let begun = with_images(&of);
    eventually("it waits for the picture", || (job(&shop, &begun)["done"] == 5).then_some(()));
    for product in shop.owner().get("/v1/admin/products").send().expect(200)["items"].as_array().expect("products") {
        shop.owner().delete(&format!("/v1/admin/products/{}", text(&product["id"]))).send().expect(204);
    }
    sell_in("CHF");
    go_on.send(()).expect("it waits");
    let begun = ended(&shop, &begun);
    assert_eq!((&begun["status"], &begun["created"]), (&json!("failed"), &json!(5)), "{begun}");
    assert!(text(&begun["failure"]).contains("another currency since this import began; begin it again"), "{begun}");

    let id = with_images(&[("mug", format!("http://{held}/mug.png"))]);
    eventually("it waits for the picture", || (job(&shop, &id)["total"] == 1).then_some(()));
    sell_in("USD");
    go_on.send(()).expect("it waits");
    let told = eventually("it is told", || {
        let job = job(&shop, &id);
        (!job["interruption"].is_null()).then_some(job)
    });
    assert_eq!((&told["status"], &told["done"]), (&json!("running"), &json!(0)), "{told}");
    assert!(text(&told["interruption"]).contains("another currency since the file was read"), "{told}");
    // With the end of the lease it is read again, as in dollars.
    go_on.send(()).expect("it waits");
    let done = eventually_within(NEXT_TAKE, "it goes on", || finished(&shop, &id));
    assert_eq!((&done["status"], &done["created"], &done["missing_images"]), (&json!("done"), &json!(1), &json!(0)));
    let mug = shop.stranger().get("/v1/products/mug").send().expect(200);
    assert_eq!(mug["variants"][0]["price"], json!({"amount": 500, "currency": "USD"}));
}

#[test]
fn a_job_that_waits_for_a_server_ends_with_the_permission_for_it() {
    let silent = silent();
    let shop = Shop::start(&["--picture-hosts", &silent]);
    let staff = shop.staff(&["catalogue"]);
    let file = products(&[("slow", format!("http://{silent}/a.png"))]);
    let id = import(&staff.client, "products?with_images=true", &file);
    eventually("it begins", || (job(&shop, &id)["total"] == 1).then_some(()));
    shop.set_access(&staff, json!({"permissions": ["orders"]})).expect(200);
    // It is seen when the lease is renewed.
    let ended = eventually_within(Duration::from_secs(18), "it ends with its lease, or never", || finished(&shop, &id));
    assert!(text(&ended["failure"]).contains("may not change the catalogue any more"), "{ended}");
}

#[test]
fn a_server_that_fails_again_and_again_is_not_asked_any_more() {
    let (host, asked) = answering("503 Busy", Vec::new(), 100);
    let shop = Shop::start(&["--picture-hosts", &host]);
    let mut of: Vec<_> =
        ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, format!("http://{host}/{name}.png"))).into();
    of.push(("h", "http://ann:secret@pictures.example/h.png".to_owned()));
    let id = import(shop.owner(), "products?with_images=true", &products(&of));
    let job = ended(&shop, &id);
    let counts = ["created", "missing_images", "note_count"].map(|name| job[name].as_u64());
    assert_eq!((&job["status"], counts), (&json!("done"), [Some(8); 3]), "{job}");
    assert_eq!(asked.load(Ordering::SeqCst), 9, "three pictures, three times each");
    let notes: Vec<_> = (0..8).map(|at| text(&job["notes"][at]["message"])).collect();
    assert!(notes[..3].iter().all(|note| note.contains("the server answered 503")), "{notes:?}");
    assert!(notes[3..7].iter().all(|note| note.contains("its server is not asked for some minutes")), "{notes:?}");
    assert!(notes[7].starts_with("http://pictures.example/h.png stays where it is"), "{notes:?}");
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(OWNER, PASSWORD).status, 303);
    let page = pages.get(&format!("/admin/import/{id}")).text();
    assert!(page.contains("fetched too; 8 could not be") && !page.contains("secret"), "{page}");
}

#[test]
fn an_import_beside_a_server_that_is_away_leaves_the_shops_own_pictures_alone() {
    let (host, _) = answering("200 OK", png(64, 64, 70), 1);
    let shop = Shop::start(&["--picture-hosts", &host]);
    let file = products(&[("mug", format!("http://{host}/a.png"))]);
    let image = || text(&shop.stranger().get("/v1/products/mug").send().expect(200)["images"][0]["url"]);
    let first = ended(&shop, &import(shop.owner(), "products?with_images=true", &file));
    assert_eq!((&first["created"], &first["note_count"]), (&json!(1), &json!(0)), "{first}");
    let kept = image();
    assert!(kept.starts_with("/media/"), "{kept}");
    let again = ended(&shop, &import(shop.owner(), "products?with_images=true", &file));
    assert_eq!((&again["unchanged"], &again["missing_images"]), (&json!(1), &json!(1)), "{again}");
    assert_eq!(again["notes"][1]["message"], "the shop's own pictures of this product stay as they are");
    assert_eq!(image(), kept);
}
