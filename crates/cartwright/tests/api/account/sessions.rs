//! `/v1/account/sessions`

use serde_json::{Value, json};

use crate::support::{NO_ID, PASSWORD, Person, Shop, text};

fn login_from(shop: &Shop, email: &str, device: &str) -> Person {
    let body = json!({"email": email, "password": PASSWORD});
    let request = shop.stranger().post("/v1/auth/login", &body).header("user-agent", device);
    shop.person(&request.send().expect(200))
}

fn sessions(person: &Person) -> Vec<Value> {
    let list = person.client.get("/v1/account/sessions").send().expect(200);
    list["items"].as_array().expect("a list").clone()
}

#[test]
fn sessions_are_listed_with_device_address_and_last_use() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let phone = login_from(&shop, &ann.email, "Pocket Browser 4.2");
    let listed = sessions(&phone);
    assert_eq!(listed.len(), 2);
    let of_phone = listed.iter().find(|session| session["device"] == "Pocket Browser 4.2").expect("the phone");
    assert_eq!((&of_phone["current"], &of_phone["address"]), (&json!(true), &json!("127.0.0.1")));
    assert_eq!(listed.iter().filter(|session| session["current"] == true).count(), 1);

    let body = json!({"refresh_token": phone.refresh_token});
    let renewed = shop.person(&shop.stranger().post("/v1/auth/refresh", &body).send().expect(200));
    let later = sessions(&renewed).into_iter().find(|session| session["current"] == true).expect("the phone");
    assert_eq!(later["id"], of_phone["id"]);
    assert!(text(&later["last_used_at"]) > text(&of_phone["last_used_at"]), "{later}");
}

#[test]
fn a_device_is_called_as_people_call_it() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let listed = sessions(&login_from(&shop, &ann.email, agent));
    assert!(listed.iter().any(|session| session["device"] == "Firefox on Linux"), "{listed:?}");
}

#[test]
fn an_ended_session_is_refused_at_once() {
    let shop = Shop::shared();
    let here = shop.customer();
    let there = login_from(&shop, &here.email, "Lost Phone");
    let lost = sessions(&here).into_iter().find(|session| session["device"] == "Lost Phone").expect("the phone");
    let path = format!("/v1/account/sessions/{}", text(&lost["id"]));
    here.client.delete(&path).send().expect(204);
    there.client.get("/v1/account").send().refused(401, "not_authenticated");
    let body = json!({"refresh_token": there.refresh_token});
    shop.stranger().post("/v1/auth/refresh", &body).send().refused(401, "invalid_code");
    assert_eq!(sessions(&here).len(), 1);
    here.client.delete(&path).send().refused(404, "not_found");
}

#[test]
fn one_can_end_the_session_one_is_in() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let id = text(&sessions(&ann)[0]["id"]);
    ann.client.delete(&format!("/v1/account/sessions/{id}")).send().expect(204);
    ann.client.get("/v1/account").send().refused(401, "not_authenticated");
}

#[test]
fn other_peoples_sessions_are_not_there() {
    let shop = Shop::shared();
    let (ann, eve) = (shop.customer(), shop.customer());
    let id = text(&sessions(&ann)[0]["id"]);
    let theirs = eve.client.delete(&format!("/v1/account/sessions/{id}")).send().refused(404, "not_found");
    let nobodys = eve.client.delete(&format!("/v1/account/sessions/{NO_ID}")).send().refused(404, "not_found");
    assert_eq!(theirs, nobodys);
    ann.client.get("/v1/account").send().expect(200);
}

#[test]
fn a_device_cannot_write_into_the_list() {
    let shop = Shop::shared();
    let ann = shop.customer();
    let nasty = format!("<script>alert(1)</script>{}", "x".repeat(3_000));
    let there = login_from(&shop, &ann.email, &nasty);
    let listed = sessions(&there).into_iter().find(|session| session["current"] == true).expect("this one");
    assert!(text(&listed["device"]).chars().count() <= 200, "{listed}");
}
