//! Who gets to see which page of the dashboard.

use crate::support::{NO_ID, PASSWORD, Pages, Shop};

/// The paths of the dashboard, as the program has them, with something that is not there in their holes.
fn paths() -> Vec<String> {
    let source = include_str!("../../../../web/src/routes/pages/mod.rs");
    let quoted = source.split('"').filter(|text| text.starts_with("/admin") || text.starts_with("/mailbox"));
    let paths: Vec<_> = quoted.map(|path| path.replace("{id}", NO_ID).replace("{name}", "nothing")).collect();
    assert!(paths.len() > 45, "only {} paths", paths.len());
    paths
}

/// What everybody who works in the shop sees, whatever they may do there.
const FOR_ALL_STAFF: [&str; 4] = ["/admin", "/admin/search", "/admin/account", "/admin/keys"];

#[test]
fn strangers_are_led_to_sign_in() {
    let shop = Shop::shared();
    let stranger = Pages::new(shop.address());
    for path in paths() {
        let seen = stranger.get(&path);
        let is_form_alone = seen.status == 405;
        if !is_form_alone {
            assert_eq!(seen.status, 303, "{path}: {}", seen.text());
            assert!(seen.header("location").starts_with("/staff/sign-in"), "{path}");
        }
        let sent = stranger.post_raw(&path, &[("csrf", "nonsense"), ("name", "x")]);
        assert!(matches!(sent.status, 303 | 403 | 405), "{path}: {}", sent.status);
        if let Some(location) = sent.find_header("location") {
            assert!(location.starts_with("/staff/sign-in"), "{path} leads to {location}");
        }
    }
}

#[test]
fn a_permission_opens_its_own_pages() {
    let shop = Shop::shared();
    let areas = [
        ("catalogue", "products|categories|stock|reviews|import|export"),
        ("orders", "orders|news"),
        ("customers", "customers|mails|mailbox"),
        ("settings", "staff|audit|settings"),
    ];
    let granted = areas.into_iter().map(|(granted, _)| vec![granted]).chain([vec![]]);
    for granted in granted {
        let staff = shop.staff(&granted);
        let pages = Pages::new(shop.address());
        assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
        for path in paths() {
            // The stream of news goes on for most of a minute.
            if path == "/admin/news" && granted == ["orders"] {
                continue;
            }
            let area = path.trim_start_matches("/admin/").trim_start_matches('/').split('/').next().unwrap_or_default();
            let needed =
                areas.iter().find(|(_, nouns)| nouns.split('|').any(|noun| noun == area)).map(|(name, _)| *name);
            let is_open =
                FOR_ALL_STAFF.iter().any(|open| path == *open || (path.starts_with(open) && *open != "/admin"));
            assert!(needed.is_some() || is_open, "who sees {path}?");
            let status = pages.get(&path).status;
            let is_refused = status == 403;
            if status != 405 {
                let may = is_open || needed.is_some_and(|needed| granted.contains(&needed));
                assert_eq!(is_refused, !may, "{path} with {granted:?}: {status}");
            }
            // A form that our page did not send does nothing, whoever sends it.
            let sent = pages.post_raw(&path, &[("csrf", "nonsense"), ("name", "x"), ("act", "delete")]).status;
            assert!(matches!(sent, 400 | 403 | 405), "{path} with {granted:?}: {sent}");
        }
    }
}

#[test]
fn pages_are_pages_for_people_and_problems_for_programs() {
    let shop = Shop::shared();
    let lost = Pages::new(shop.address()).get("/admin/nowhere");
    assert_eq!((lost.status, lost.media_type()), (404, "text/html"));
    shop.stranger().get("/admin/nowhere").send_outside_the_contract().refused(404, "not_found");
    let policy = Pages::new(shop.address()).get("/staff/sign-in").header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
}
