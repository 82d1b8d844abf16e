//! The cookies of the dashboard, and what pages of other sites could do with them

use serde_json::json;

use crate::support::{OWNER, PASSWORD, Pages, Reply, Shop, exchange, request};

/// The one cookie that a reply sets, as it stands there.
#[track_caller]
fn cookie(reply: &Reply) -> String {
    let set: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    let [(_, cookie)] = set.as_slice() else { panic!("{} ({}) sets {set:?}", reply.asked, reply.status) };
    cookie.clone()
}

/// Its name, and its attributes in alphabetical order.
fn described(cookie: &str) -> (&str, Vec<&str>) {
    let mut parts = cookie.split("; ");
    let name = parts.next().and_then(|pair| pair.split('=').next()).unwrap_or_default();
    let mut attributes: Vec<_> = parts.collect();
    attributes.sort_unstable();
    (name, attributes)
}

#[test]
fn cookies_are_of_this_host_alone_and_out_of_reach_of_scripts() {
    let https = ["--public-url", "https://shop.example"];
    for (options, prefix, secure) in [(&[][..], "", None), (&https[..], "__Host-", Some("Secure"))] {
        let shop = Shop::start(options);
        let pages = Pages::new(shop.address());
        let form = pages.get("/staff/sign-in");
        let signed_in = pages.sign_in(OWNER, PASSWORD);
        assert_eq!(pages.get("/admin/account").status, 200, "the cookie that was set is the one that is read");
        let left = pages.post("/admin/account", "/staff/sign-out", &[]);
        for (reply, name, age) in
            [(form, "form", None), (signed_in, "session", None), (left, "session", Some("Max-Age=0"))]
        {
            // All there are: a cookie that ends with the browser, and that no other host can read or set.
            let mut attributes = vec!["HttpOnly", "Path=/", "SameSite=Lax"];
            attributes.extend(secure.into_iter().chain(age));
            attributes.sort_unstable();
            let name = format!("{prefix}cartwright-{name}");
            assert_eq!(described(&cookie(&reply)), (name.as_str(), attributes), "{options:?}: {}", reply.asked);
            let is_strict = reply.find_header("strict-transport-security").is_some();
            assert_eq!(is_strict, secure.is_some(), "{options:?}: {}", reply.asked);
        }
    }
}

#[test]
fn a_form_from_elsewhere_does_nothing_even_with_the_right_token() {
    let shop = Shop::start(&[]);
    let pages = |permission: &str| {
        let pages = Pages::new(shop.address());
        assert_eq!(pages.sign_in(&shop.staff(&[permission]).email, PASSWORD).status, 303);
        pages
    };
    let (page, pages, others) = ("/admin/attributes", pages("catalogue"), pages("catalogue"));
    let send = |site: Option<&str>, csrf: &str| {
        let fields =
            [("csrf", csrf), ("label", "Washable"), ("kind", "boolean"), ("choices", ""), ("owner", "product")];
        let headers: Vec<_> = site.map(|site| ("Sec-Fetch-Site", site)).into_iter().collect();
        pages.post_with(&headers, page, &fields).status
    };
    let right = pages.csrf(page);
    for site in ["cross-site", "same-site", "SAME-ORIGIN", ""] {
        assert_eq!(send(Some(site), &right), 403, "from {site:?}");
    }
    for wrong in ["", &right[1..], &others.csrf(page), &pages.csrf("/staff/sign-in")] {
        assert_eq!(send(Some("same-origin"), wrong), 403, "with {wrong}");
    }
    assert!(!pages.get(page).text().contains("Washable"));
    // Old browsers do not say where a form comes from.
    assert_eq!(send(None, &right), 303);
    assert!(pages.get(page).text().contains("Washable"));
    let sign_in = "/staff/sign-in";
    let stranger = Pages::new(shop.address());
    let csrf = stranger.csrf(sign_in);
    let fields = [("csrf", csrf.as_str()), ("email", OWNER), ("password", PASSWORD), ("next", "/admin")];
    assert_eq!(stranger.post_with(&[("Sec-Fetch-Site", "cross-site")], sign_in, &fields).status, 403);
    assert_eq!(stranger.post_with(&[("Sec-Fetch-Site", "same-origin")], sign_in, &fields).status, 303);
}

#[test]
fn the_api_takes_no_cookie() {
    let shop = Shop::shared();
    let signed_in = cookie(&Pages::new(shop.address()).sign_in(OWNER, PASSWORD));
    let pair = signed_in.split(';').next().unwrap_or_default();
    let token = pair.split_once('=').expect("a name and a value").1;
    let page =
        |pair: &str| exchange(shop.address(), &request("GET", "/admin/account", &[("Cookie", pair)], b"")).status;
    assert_eq!(page(pair), 200);
    // Who stole one kind of secret does not make the other of it.
    let body = json!({"refresh_token": token});
    shop.stranger().post("/v1/auth/refresh", &body).send().refused(401, "invalid_code");
    assert_eq!(page(pair), 200);
    let refresh_token = shop.staff(&["orders"]).refresh_token;
    assert_eq!(page(&format!("cartwright-session={refresh_token}")), 303);
    for path in ["/v1/account", "/v1/admin/orders"] {
        for header in [("Cookie", pair.to_owned()), ("Authorization", format!("Bearer {token}"))] {
            let asked = request("GET", path, &[(header.0, &header.1)], b"");
            exchange(shop.address(), &asked).refused(401, "not_authenticated");
        }
    }
}
