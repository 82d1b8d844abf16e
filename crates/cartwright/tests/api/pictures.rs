//! `/v1/admin/pictures` and `/media/{file}`

use std::{
    io::{Cursor, Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::{Value, json};

use crate::support::{OWNER, PASSWORD, Pages, Reply, Shop, eventually, text, unique_name};

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
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok).take(10) {
            let _ = stream.read(&mut [0; 2048]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
            let _ = stream.write_all(&[head.as_bytes(), &content].concat());
        }
    });
    address
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
        let header = "Handle,Title,Variant Price,Image Src";
        format!("{header}\n{name},A,5,http://{host}/a.png\n{name}-other,B,5,http://127.0.0.1:9/b.png\n")
    };
    let ended = |id: &str| {
        eventually("the job comes to its end", || {
            let job = shop.owner().get(&format!("/v1/admin/jobs/{id}")).send().expect(200);
            (!job["finished_at"].is_null()).then_some(job)
        })
    };
    let over_api = |name: &str, query: &str| {
        let path = format!("/v1/admin/imports/products{query}");
        let reply = shop.owner().request("POST", &path).bytes("text/csv", file(name).into_bytes()).send();
        ended(&text(&reply.expect(202)["id"]))
    };
    let by_form = |name: &str, fields: &[(&str, &str)]| {
        let fields: Vec<_> = [("kind", "import_products")].into_iter().chain(fields.iter().copied()).collect();
        let sent = pages.post_file("/admin/import", &fields, &file(name));
        let location = sent.header("location");
        let id = location.strip_prefix("/admin/import/").unwrap_or_else(|| panic!("a job: {location}"));
        (ended(id), pages.get(&location).text())
    };
    let image = |slug: &str| {
        let product = shop.stranger().get(&format!("/v1/products/{slug}")).send().expect(200);
        text(&product["images"][0]["url"])
    };

    let job = over_api("api", "?with_images=true");
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
    let plain = over_api("plain", "");
    assert!(text(&plain["notes"][0]["message"]).starts_with("2 pictures stay on "), "{plain}");
    let (_, page) = by_form("plainer", &[]);
    assert!(page.contains("“Fetch the pictures” fetches them into the shop"), "{page}");
    for name in ["plain", "plainer"] {
        assert_eq!(image(name), format!("http://{host}/a.png"));
    }
}
