//! Tokens that nobody issued.

use identity::{Keys, fresh_stamp};
use model::session::ACCESS_TOKEN_LIFETIME;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::signer::{Signer, part, read};

/// The fields of our headers and claims, in the order in which they would be read from a list.
const HEADER: [&str; 3] = ["alg", "typ", "kid"];
const CLAIMS: [&str; 9] = ["iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp"];
/// Fields that others know, and that ours do not have.
const OTHER_HEADER: [&str; 8] = ["crit", "jwk", "jku", "x5u", "x5c", "cty", "zip", "b64"];
const OTHER_CLAIMS: [&str; 6] = ["role", "admin", "scope", "client_id", "act", "cnf"];
/// Later than any clock here is wrong, in seconds.
const LATER: i64 = 3_600;

/// Whoever makes tokens, and knows all of a good one.
pub(super) struct Forger {
    good: Said,
    /// The claims of somebody else who is signed in.
    other: Value,
    signer: Signer,
}

/// What a token says.
#[derive(Clone)]
struct Said {
    header: Value,
    claims: Value,
}

impl Said {
    fn by(token: &str) -> Self {
        let parse = |at| serde_json::from_slice(&read(token, at)).expect("JSON");
        Self { header: parse(0), claims: parse(1) }
    }
}

impl Forger {
    /// Has seen these tokens of two people, and the keys.
    pub(super) fn watching(good: &str, other: &str, keys: &Keys) -> Self {
        Self { good: Said::by(good), other: Said::by(other).claims, signer: Signer::new(keys) }
    }

    /// Whether it can sign: what it made of the same header and claims is the same token.
    pub(super) fn signs_like(&self, token: &str) -> bool {
        self.signer.sign(&read(token, 0), &read(token, 1)) == token
    }

    /// A token like the good one, but for its id: as the shop itself would make another.
    pub(super) fn issue(&self) -> String {
        let mut claims = self.good.claims.clone();
        claims["jti"] = json!(fresh_id());
        self.sign(&self.good.header.to_string(), &claims.to_string())
    }

    /// A token that must be refused: for its signature, or with the right one for what it says.
    pub(super) fn craft(&self, chance: &mut fastrand::Rng) -> String {
        if chance.bool() { self.craft_signed(chance) } else { self.craft_unsigned(chance) }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        self.signer.sign(header.as_bytes(), claims.as_bytes())
    }

    fn craft_signed(&self, chance: &mut fastrand::Rng) -> String {
        let mut said = self.good.clone();
        // What is written in another way is good otherwise, lest it be refused for what it says.
        match chance.u8(0..16) {
            0 => return self.sign(&misshapen(&said.header, &HEADER, chance), &said.claims.to_string()),
            1 => return self.sign(&said.header.to_string(), &misshapen(&said.claims, &CLAIMS, chance)),
            _ => {}
        }
        for _ in 0..chance.u8(1..4) {
            self.spoil(&mut said, chance);
        }
        self.sign(&said.header.to_string(), &said.claims.to_string())
    }

    /// Makes one thing wrong that is wrong whatever the others are: to spoil a token twice never mends it.
    fn spoil(&self, said: &mut Said, chance: &mut fastrand::Rng) {
        let Said { header, claims } = &self.good;
        match chance.u8(0..8) {
            0 | 1 => {
                let name = HEADER[chance.usize(0..HEADER.len())];
                put(&mut said.header, name, bent(&header[name], chance));
            }
            2 => {
                let name = OTHER_HEADER[chance.usize(0..OTHER_HEADER.len())];
                said.header[name] = odd_value(chance).unwrap_or_default();
            }
            3 => {
                let name = ["iss", "aud", "typ"][chance.usize(0..3)];
                put(&mut said.claims, name, bent(&claims[name], chance));
            }
            4 => {
                let name = ["sub", "sid", "jti"][chance.usize(0..3)];
                put(&mut said.claims, name, odd_value(chance));
            }
            5 => {
                let name = OTHER_CLAIMS[chance.usize(0..OTHER_CLAIMS.len())];
                said.claims[name] = odd_value(chance).unwrap_or_default();
            }
            6 => self.mistake(&mut said.claims, chance),
            _ => self.shift(&mut said.claims, chance),
        }
    }

    /// An account and a session that do not belong together, or are not there.
    fn mistake(&self, claims: &mut Value, chance: &mut fastrand::Rng) {
        (claims["sub"], claims["sid"]) = (self.good.claims["sub"].clone(), self.good.claims["sid"].clone());
        let name = if chance.bool() { "sub" } else { "sid" };
        claims[name] = if chance.bool() { self.other[name].clone() } else { json!(fresh_id()) };
    }

    /// A time that has passed, has not come, is too far from another, or is none.
    fn shift(&self, claims: &mut Value, chance: &mut fastrand::Rng) {
        let iat = self.good.claims["iat"].as_i64().expect("a time");
        let (far, lifetime) = (chance.i64(0..100_000_000), ACCESS_TOKEN_LIFETIME.as_secs());
        match chance.u8(0..8) {
            0 => claims["exp"] = json!(iat - far),
            1 => claims["exp"] = json!(iat + lifetime + 1 + far),
            2 => claims["iat"] = json!(iat - 1 - far),
            3 => claims["nbf"] = json!(iat + LATER + far),
            4 => (claims["iat"], claims["exp"]) = (json!(iat + LATER + far), json!(iat + LATER + far + lifetime)),
            5 => (claims["iat"], claims["exp"]) = (json!(-1 - far), json!(i64::MAX)),
            6 => (claims["iat"], claims["exp"]) = (json!(i64::MIN), json!(iat + lifetime)),
            _ => {
                let name = ["iat", "nbf", "exp"][chance.usize(0..3)];
                put(claims, name, odd_value(chance).filter(|value| !value.is_i64()));
            }
        }
    }

    /// One whose signature is wrong, whatever it says.
    fn craft_unsigned(&self, chance: &mut fastrand::Rng) -> String {
        let Said { mut header, mut claims } = self.good.clone();
        for _ in 0..chance.u8(1..4) {
            let (target, names): (&mut Value, &[&str]) = if chance.bool() {
                (&mut header, &["alg", "typ", "kid", "crit", "jwk", "jku", "x5u", "cty", "zip", "b64"])
            } else {
                (&mut claims, &["iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp", "role", "admin"])
            };
            put(target, names[chance.usize(0..names.len())], odd_value(chance));
        }
        let signature = match chance.u8(0..5) {
            0 => String::new(),
            1 => part(&[0; 32]),
            2 => "e30".to_owned(),
            _ => part(&(0..32).map(|_| chance.u8(..)).collect::<Vec<_>>()),
        };
        let body = format!("{}.{}", part(header.to_string().as_bytes()), part(claims.to_string().as_bytes()));
        match chance.u8(0..8) {
            0 => body,
            1 => format!("{body}.{signature}.{signature}"),
            2 => format!("{body}.{signature}="),
            _ => format!("{body}.{signature}"),
        }
    }
}

fn fresh_id() -> Uuid {
    fresh_stamp().ids().draw()
}

/// Writes a field, or takes it away.
fn put(fields: &mut Value, name: &str, value: Option<Value>) {
    match value {
        Some(value) => fields[name] = value,
        None => drop(fields.as_object_mut().and_then(|fields| fields.remove(name))),
    }
}

/// Something else than the right text: nearly the same, or far from it.
fn bent(right: &Value, chance: &mut fastrand::Rng) -> Option<Value> {
    let text = right.as_str().expect("a text");
    loop {
        let value = match chance.u8(0..8) {
            0 => Some(json!(text.to_ascii_uppercase())),
            1 => Some(json!(text.to_ascii_lowercase())),
            2 => Some(json!(format!("{text}/"))),
            3 => Some(json!(format!(" {text}"))),
            4 => Some(json!([text])),
            _ => odd_value(chance),
        };
        if value.as_ref() != Some(right) {
            return value;
        }
    }
}

/// The right fields, written as no token of ours is: a list of their values, all of them twice, more than one object, less than one.
fn misshapen(fields: &Value, names: &[&str], chance: &mut fastrand::Rng) -> String {
    let whole = fields.to_string();
    let inner = whole.trim_start_matches('{').trim_end_matches('}');
    match chance.u8(0..7) {
        0 | 1 => names.iter().map(|name| fields[name].clone()).collect::<Value>().to_string(),
        2 => format!("{{{inner},{inner}}}"),
        3 => format!("[{whole}]"),
        4 => format!("{whole}{whole}"),
        5 => json!(whole).to_string(),
        _ => whole[..chance.usize(0..whole.len())].to_owned(),
    }
}

/// A value where another belongs; `None` for its lack.
fn odd_value(chance: &mut fastrand::Rng) -> Option<Value> {
    const TEXTS: [&str; 16] = [
        "",
        "none",
        "None",
        "nOnE",
        "HS256",
        "HS512",
        "RS256",
        "ES256",
        "EdDSA",
        "JWT",
        "at+jwt",
        "at+JWT",
        "../../dev/null",
        "' OR 1=1 --",
        "\u{0}",
        "access",
    ];
    Some(match chance.u8(0..10) {
        0 => return None,
        1 => Value::Null,
        2 => json!(true),
        3 => json!(chance.i64(..)),
        4 => json!(i64::MAX),
        5 => json!([]),
        6 => json!({"alg": "none"}),
        7 => json!(1e300),
        _ => json!(TEXTS[chance.usize(0..TEXTS.len())]),
    })
}

/// A good token with a few characters changed, added or taken, so that it is another.
pub(super) fn mutate(good: &str, chance: &mut fastrand::Rng) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/";
    loop {
        let mut bytes = good.as_bytes().to_vec();
        for _ in 0..chance.u8(1..4) {
            if bytes.is_empty() {
                break;
            }
            let at = chance.usize(0..bytes.len());
            let letter = ALPHABET[chance.usize(0..ALPHABET.len())];
            match chance.u8(0..6) {
                0 => bytes.insert(at, letter),
                1 => drop(bytes.remove(at)),
                2 => {
                    let other = chance.usize(0..bytes.len());
                    bytes.swap(at, other);
                }
                3 => bytes.truncate(at.max(1)),
                _ => bytes[at] = letter,
            }
        }
        let token = String::from_utf8(bytes).expect("ASCII");
        if token != good && !token.trim().is_empty() {
            return token;
        }
    }
}

#[cfg(test)]
mod tests {
    use identity::AccessTokens;
    use model::Timestamp;

    use super::*;

    /// Without the wire: whoever verifies, alone, refuses all but those whose account or session is another.
    #[test]
    fn what_is_signed_is_refused_for_what_it_says() {
        let keys = Keys::generate();
        let tokens = AccessTokens::new(&keys, "https://shop.example");
        let now = Timestamp::now();
        let issue = || tokens.issue(fresh_id().into(), fresh_id().into(), now, fresh_id());
        let (good, other) = (issue(), issue());
        let forger = Forger::watching(&good, &other, &keys);
        let claims = tokens.verify(&good, now).expect("good");
        assert!(forger.signs_like(&good) && tokens.verify(&forger.issue(), now) == Ok(claims));
        let mut chance = fastrand::Rng::with_seed(1);
        for _ in 0..5_000 {
            let token = forger.craft_signed(&mut chance);
            let passed = tokens.verify(&token, now);
            assert!(passed != Ok(claims), "{}", String::from_utf8_lossy(&read(&token, 1)));
        }
    }
}
