//! The second factor of the staff: in the dashboard and in the API.

use identity::TotpSecret;
use model::Timestamp;
use serde_json::json;

use crate::support::{OWNER, PASSWORD, Pages, Person, Shop, field};

/// The code of this moment, or of so many steps of 30 s later. The program takes the next step's too; that of the step before would be too
/// old as soon as a test runs into the next step.
fn code(secret: &str, steps: i64) -> String {
    let secret = TotpSecret::from_base32(secret).expect("a secret");
    let at = Timestamp::now().as_second() + 30 * steps;
    secret.code_at(Timestamp::from_second(at).expect("a time"))
}

/// Sets a second factor up; gives its secret, the code that did it, and the recovery codes.
fn enrol(pages: &Pages) -> (String, String, Vec<String>) {
    let secret = field(&pages.get("/admin/account").text(), "secret");
    let path = "/admin/account/second-factor";
    let (wrong, right) = ("000000".to_owned(), code(&secret, 0));
    for (code, password) in [(&wrong, PASSWORD), (&right, "wrong")] {
        let fields = [("secret", secret.as_str()), ("code", code), ("password", password)];
        assert_eq!(pages.post("/admin/account", path, &fields).status, 422);
    }
    let fields = [("secret", secret.as_str()), ("code", &right), ("password", PASSWORD)];
    let reply = pages.post("/admin/account", path, &fields);
    assert_eq!((reply.status, reply.header("cache-control").as_str()), (200, "no-store"));
    let html = reply.text();
    let shown = html.split_once("<pre class=\"secret\" tabindex=\"0\">").expect("codes").1;
    let codes: Vec<String> = shown.split("</pre>").next().unwrap_or_default().lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    (secret, right, codes)
}

fn second_step(pages: &Pages, person: &Person, code: &str) -> u16 {
    let reply = pages.sign_in(&person.email, PASSWORD);
    assert_eq!(reply.status, 200, "the password alone is not enough");
    let html = reply.text();
    let (csrf, ticket) = (field(&html, "csrf"), field(&html, "ticket"));
    pages.post_raw("/staff/second-factor", &[("csrf", &csrf), ("ticket", &ticket), ("code", code)]).status
}

#[test]
fn signing_in_takes_a_code_once() {
    let shop = Shop::start(&[]);
    let staff = shop.staff(&["orders"]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let (secret, used, recovery) = enrol(&pages);

    let stranger = Pages::new(shop.address());
    assert_eq!(second_step(&stranger, &staff, "000000"), 401);
    assert_eq!(second_step(&stranger, &staff, &used), 401, "it was used to set the factor up");
    assert_eq!(stranger.get("/admin/orders").status, 303, "nobody is signed in yet");
    let next = code(&secret, 1);
    assert_eq!(second_step(&stranger, &staff, &next), 303);
    assert_eq!(stranger.get("/admin/orders").status, 200);
    let other = Pages::new(shop.address());
    assert_eq!(second_step(&other, &staff, &next), 401, "a code is good once");
    assert_eq!(second_step(&other, &staff, &recovery[3].to_uppercase()), 303);
    assert_eq!(second_step(&Pages::new(shop.address()), &staff, &recovery[3]), 401, "so is a recovery code");

    // A ticket is for the one who got it, for the password that it was got with, and not to be made up.
    let html = Pages::new(shop.address()).sign_in(&staff.email, PASSWORD).text();
    let forger = Pages::new(shop.address());
    let csrf = field(&forger.get("/staff/sign-in").text(), "csrf");
    let ticket = field(&html, "ticket");
    let parts: Vec<&str> = ticket.split('.').collect();
    let later = format!("{}.{}.{}", parts[0], "9999999999", parts[2]);
    for forged in [later.as_str(), "", "..", &ticket[..ticket.len() - 1]] {
        let fields = [("csrf", csrf.as_str()), ("ticket", forged), ("code", recovery[4].as_str())];
        assert_eq!(forger.post_raw("/staff/second-factor", &fields).status, 401, "{forged}");
    }
    assert_eq!(forger.get("/admin/orders").status, 303);
    assert_eq!(second_step(&Pages::new(shop.address()), &staff, &recovery[4]), 303, "it was not used up by that");
}

/// Six digits are found by trying, unless wrong ones cost as much as wrong passwords.
#[test]
fn codes_are_guessed_as_seldom_as_passwords() {
    let shop = Shop::start(&[]);
    let [in_pages, in_api] = [(); 2].map(|()| {
        let staff = shop.staff(&["orders"]);
        let pages = Pages::new(shop.address());
        assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
        enrol(&pages);
        staff
    });
    // Ten are allowed, and one more each half a minute that this takes.
    let is_slowed_down = |answers: &[u16]| answers.iter().all(|one| [401, 429].contains(one)) && answers.contains(&429);

    let pages = Pages::new(shop.address());
    let html = pages.sign_in(&in_pages.email, PASSWORD).text();
    let (csrf, ticket) = (field(&html, "csrf"), field(&html, "ticket"));
    let guess = |code: &str| {
        let fields = [("csrf", csrf.as_str()), ("ticket", ticket.as_str()), ("code", code)];
        pages.post_raw("/staff/second-factor", &fields).status
    };
    let answers: Vec<_> = (0..15).map(|_| guess("000000")).collect();
    assert!(is_slowed_down(&answers), "{answers:?}");

    let body = json!({"email": in_api.email, "password": PASSWORD, "code": "000000"});
    let login = || shop.stranger().post("/v1/auth/login", &body).send();
    let answers: Vec<_> = (0..15).map(|_| login().status).collect();
    assert!(is_slowed_down(&answers), "{answers:?}");
}

#[test]
fn the_api_asks_for_it_too() {
    let shop = Shop::start(&[]);
    let staff = shop.staff(&["orders"]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let (secret, _, recovery) = enrol(&pages);
    let login = |code: Option<&str>| {
        let body = json!({"email": staff.email, "password": PASSWORD, "code": code});
        shop.stranger().post("/v1/auth/login", &body).send()
    };
    // A field that nobody filled in is none.
    for nothing in [None, Some(""), Some(" ")] {
        login(nothing).refused(401, "second_factor_required");
    }
    login(Some("123")).refused(401, "invalid_code");
    login(Some(&code(&secret, 1))).expect(200);
    login(Some(&recovery[0])).expect(200);
    login(Some(&recovery[0])).refused(401, "invalid_code");
    // A wrong password tells nothing of it.
    let wrong = json!({"email": staff.email, "password": "not the one", "code": recovery[1]});
    shop.stranger().post("/v1/auth/login", &wrong).send().refused(401, "wrong_credentials");
    // An owner helps who has lost everything.
    let owner = Pages::new(shop.address());
    owner.sign_in(OWNER, PASSWORD);
    let path = format!("/admin/staff/{}", staff.id());
    let fields = [("act", "forget_factor"), ("password", PASSWORD)];
    assert_eq!(owner.post("/admin/staff", &path, &fields).status, 303);
    login(None).expect(200);
}

#[test]
fn a_shop_can_ask_all_its_staff_for_one() {
    let shop = Shop::start(&[]);
    let staff = shop.staff(&["orders"]);
    let pages = Pages::new(shop.address());
    assert_eq!(pages.sign_in(&staff.email, PASSWORD).status, 303);
    let fields = [("name", "robot"), ("permission", "orders"), ("days", "30"), ("password", PASSWORD)];
    let made = pages.post("/admin/keys", "/admin/keys", &fields).text();
    let start = made.find("cwk_").unwrap_or_else(|| panic!("{made}"));
    let secret: String = made[start..].chars().take_while(|c| c.is_alphanumeric() || "_-".contains(*c)).collect();
    let robot = shop.stranger().with_token(&secret);
    robot.get("/v1/admin/orders").send().expect(200);
    shop.mail(&staff.email, "An API key was made for you");
    let mut settings = shop.owner().get("/v1/admin/settings").send().expect(200);
    settings["require_second_factor"] = json!(true);
    shop.owner().put("/v1/admin/settings", &settings).send().expect(200);
    let led = pages.get("/admin/orders");
    assert_eq!((led.status, led.header("location").as_str()), (303, "/admin/account?factor=needed"));
    let body = json!({"email": staff.email, "password": PASSWORD});
    shop.stranger().post("/v1/auth/login", &body).send().refused(403, "forbidden");
    staff.client.get("/v1/admin/orders").send().refused(403, "forbidden");
    robot.get("/v1/admin/orders").send().refused(403, "forbidden");
    enrol(&pages);
    assert_eq!(pages.get("/admin/orders").status, 200);
    staff.client.get("/v1/admin/orders").send().expect(200);
    robot.get("/v1/admin/orders").send().expect(200);
    // Customers are not asked.
    shop.login(&shop.customer().email);
}
