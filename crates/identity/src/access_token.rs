//! Access tokens: JWTs (RFC 7519, RFC 9068) of ten minutes, signed with HMAC-SHA256 and nothing else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use model::{AccountId, CLOCK_SKEW, SessionId, Timestamp, session::ACCESS_TOKEN_LIFETIME};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::Keys;

const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "cartwright";
const KIND: &str = "access";
/// Longer than any token of ours; whatever is longer is not even looked at.
const LENGTH_MAX: usize = 1024;

/// Issues and verifies access tokens.
pub struct AccessTokens {
    issuer: String,
    header: Header,
    encoding: EncodingKey,
    decoding: Vec<(String, DecodingKey)>,
    validation: Validation,
}

/// What a good token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who.
    pub account_id: AccountId,
    /// The session that it was issued for.
    pub session_id: SessionId,
}

/// The token is not good. Deliberately says no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access token is not valid")]
pub struct InvalidToken;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    typ: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The only header that our tokens have. Unknown fields are refused, so `crit` is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl AccessTokens {
    /// Signs with the newest of the signing keys and verifies with all of them. `issuer` is the shop's public URL.
    #[must_use]
    pub fn new(keys: &Keys, issuer: &str) -> Self {
        let newest = keys.signing.last().expect("there is at least one signing key");
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(newest.kid.clone());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
        // The clock is a parameter here; `verify` compares the times itself.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let decoding = keys.signing.iter().map(|key| (key.kid.clone(), DecodingKey::from_secret(&key.secret)));
        Self {
            issuer: issuer.to_owned(),
            header,
            encoding: EncodingKey::from_secret(&newest.secret),
            decoding: decoding.collect(),
            validation,
        }
    }

    /// A token for a session, good for ten minutes from `now`. `jti` is a fresh id.
    #[must_use]
    pub fn issue(&self, account_id: AccountId, session_id: SessionId, now: Timestamp, jti: Uuid) -> String {
        let iat = now.as_second();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: account_id.0,
            sid: session_id.0,
            jti,
            typ: KIND.to_owned(),
            iat,
            nbf: iat,
            exp: iat + ACCESS_TOKEN_LIFETIME.as_secs(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.encoding)
            .expect("plain claims serialise, and HMAC signs anything")
    }

    /// What a token says, if it is good at `now`.
    ///
    /// # Errors
    /// [`InvalidToken`] for every reason alike.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, InvalidToken> {
        let key = self.key_of(token).ok_or(InvalidToken)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| InvalidToken)?.claims;
        let now = now.as_second();
        // A token that lives longer than ours do, or was issued in the future, was not made by this program, whatever its
        // signature says. It may name times so far apart that their difference is no number. The clock of another process may be a
        // little ahead.
        let lifetime = claims.exp.saturating_sub(claims.iat);
        let latest = now.saturating_add(CLOCK_SKEW.as_secs());
        let has_begun = claims.iat <= latest && claims.nbf <= latest;
        let is_live = has_begun && now < claims.exp && lifetime <= ACCESS_TOKEN_LIFETIME.as_secs();
        if claims.typ == KIND && (is_live || faults::is_lifted("guard.expiry")) {
            Ok(AccessClaims { account_id: AccountId(claims.sub), session_id: SessionId(claims.sid) })
        } else {
            Err(InvalidToken)
        }
    }

    /// The key that a token's header names, if the header is one of ours to the letter.
    fn key_of(&self, token: &str) -> Option<&DecodingKey> {
        if token.len() > LENGTH_MAX || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return None;
        }
        let mut bytes = [0; 256];
        let length = URL_SAFE_NO_PAD.decode_slice(token.split('.').next()?, &mut bytes).ok()?;
        let header: StrictHeader = serde_json::from_slice(bytes.get(..length)?).ok()?;
        if header.alg != "HS256" || header.typ != TYPE {
            return None;
        }
        self.decoding.iter().find(|(kid, _)| *kid == header.kid).map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://shop.example";

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("in range")
    }

    fn at(seconds_later: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds_later).expect("in range")
    }

    fn claims() -> Value {
        let now = now().as_second();
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": Uuid::from_u128(1), "sid": Uuid::from_u128(2),
            "jti": Uuid::from_u128(3), "typ": KIND, "iat": now, "nbf": now, "exp": now + 600})
    }

    /// Signs whatever it is given, with the right key.
    fn forge(keys: &Keys, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let secret = EncodingKey::from_secret(&keys.signing[0].secret);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::HS256).expect("signs");
        format!("{message}.{signature}")
    }

    #[test]
    fn a_token_is_good_for_ten_minutes() {
        let tokens = AccessTokens::new(&Keys::generate(), ISSUER);
        let (account_id, session_id) = (AccountId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let token = tokens.issue(account_id, session_id, now(), Uuid::from_u128(3));
        assert_eq!(tokens.verify(&token, at(0)), Ok(AccessClaims { account_id, session_id }));
        assert!(tokens.verify(&token, at(599)).is_ok());
        assert!(tokens.verify(&token, at(600)).is_err());
        let skew = CLOCK_SKEW.as_secs();
        assert!(tokens.verify(&token, at(-skew)).is_ok(), "by a clock that is a little behind");
        assert!(tokens.verify(&token, at(-skew - 1)).is_err());
    }

    #[test]
    fn keys_of_another_shop_and_issuers_of_another_are_refused() {
        let keys = Keys::generate();
        let token =
            AccessTokens::new(&keys, ISSUER).issue(AccountId(Uuid::nil()), SessionId(Uuid::nil()), now(), Uuid::nil());
        assert!(AccessTokens::new(&Keys::generate(), ISSUER).verify(&token, now()).is_err());
        assert!(AccessTokens::new(&keys, "https://other.example").verify(&token, now()).is_err());
    }

    #[test]
    fn crafted_headers_are_refused_even_with_the_right_signature() {
        let keys = Keys::generate();
        let tokens = AccessTokens::new(&keys, ISSUER);
        let kid = &keys.signing[0].kid;
        let good = json!({"alg": "HS256", "typ": TYPE, "kid": kid});
        assert!(tokens.verify(&forge(&keys, &good, &claims()), now()).is_ok(), "the forge works");
        for header in [
            json!({"alg": "none", "typ": TYPE, "kid": kid}),
            json!({"alg": "HS384", "typ": TYPE, "kid": kid}),
            json!({"alg": "hs256", "typ": TYPE, "kid": kid}),
            json!({"alg": "RS256", "typ": TYPE, "kid": kid}),
            json!({"alg": "HS256", "typ": "JWT", "kid": kid}),
            json!({"alg": "HS256", "typ": TYPE}),
            json!({"alg": "HS256", "typ": TYPE, "kid": "other"}),
            json!({"alg": "HS256", "typ": TYPE, "kid": null}),
            json!({"alg": "HS256", "kid": kid}),
            json!({"alg": "HS256", "typ": TYPE, "kid": kid, "crit": ["exp"]}),
            json!({"alg": "HS256", "typ": TYPE, "kid": kid, "jwk": {}}),
        ] {
            assert!(tokens.verify(&forge(&keys, &header, &claims()), now()).is_err(), "{header}");
        }
    }

    #[test]
    fn crafted_claims_are_refused_even_with_the_right_signature() {
        let keys = Keys::generate();
        let tokens = AccessTokens::new(&keys, ISSUER);
        let header = json!({"alg": "HS256", "typ": TYPE, "kid": keys.signing[0].kid});
        let now_secs = now().as_second();
        for (claim, value) in [
            ("exp", json!(now_secs + 601)),
            ("exp", json!("1800000600")),
            ("exp", json!(1_800_000_600.5)),
            ("exp", json!(1e300)),
            ("exp", json!(null)),
            ("exp", json!(-1)),
            ("nbf", json!(now_secs + CLOCK_SKEW.as_secs() + 1)),
            ("nbf", json!("0")),
            ("iat", json!(null)),
            ("iat", json!(now_secs - 100_000)),
            ("typ", json!("refresh")),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("iss", json!("https://evil.example")),
            ("sub", json!(1)),
            ("sub", json!("")),
            ("sid", json!(null)),
            ("jti", json!("x")),
            ("admin", json!(true)),
        ] {
            let mut crafted = claims();
            crafted[claim] = value.clone();
            assert!(tokens.verify(&forge(&keys, &header, &crafted), now()).is_err(), "{claim}: {value}");
        }
        for claim in ["iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp"] {
            let mut crafted = claims();
            crafted.as_object_mut().expect("an object").remove(claim);
            assert!(tokens.verify(&forge(&keys, &header, &crafted), now()).is_err(), "without {claim}");
        }
    }

    #[test]
    fn crafted_times_are_refused_together_where_each_alone_would_pass() {
        let keys = Keys::generate();
        let tokens = AccessTokens::new(&keys, ISSUER);
        let header = json!({"alg": "HS256", "typ": TYPE, "kid": keys.signing[0].kid});
        let now_secs = now().as_second();
        for (iat, exp) in [
            (now_secs + CLOCK_SKEW.as_secs() + 1, now_secs + CLOCK_SKEW.as_secs() + 601),
            (now_secs + 1_000_000, now_secs + 1_000_600),
            (i64::MAX - 600, i64::MAX),
            (-1, i64::MAX),
            (i64::MIN, now_secs + 600),
            (i64::MIN, i64::MAX),
        ] {
            let mut crafted = claims();
            (crafted["iat"], crafted["exp"]) = (json!(iat), json!(exp));
            assert!(tokens.verify(&forge(&keys, &header, &crafted), now()).is_err(), "from {iat} to {exp}");
        }
    }

    #[test]
    fn lists_of_the_right_values_are_refused_even_with_the_right_signature() {
        let keys = Keys::generate();
        let tokens = AccessTokens::new(&keys, ISSUER);
        let header = json!({"alg": "HS256", "typ": TYPE, "kid": keys.signing[0].kid});
        // serde takes a list for a structure, field by field in their order.
        let list = |whole: &Value, names: &[&str]| names.iter().map(|name| whole[name].clone()).collect::<Value>();
        let header_list = list(&header, &["alg", "typ", "kid"]);
        let claims_list = list(&claims(), &["iss", "aud", "sub", "sid", "jti", "typ", "iat", "nbf", "exp"]);
        assert!(tokens.verify(&forge(&keys, &header_list, &claims()), now()).is_err());
        assert!(tokens.verify(&forge(&keys, &header, &claims_list), now()).is_err());
    }

    proptest! {
        #[test]
        fn mutated_tokens_are_refused(place in 0_usize..400, byte in any::<u8>(), cut in any::<bool>()) {
            let keys = Keys::generate();
            let tokens = AccessTokens::new(&keys, ISSUER);
            let token = tokens.issue(AccountId(Uuid::nil()), SessionId(Uuid::nil()), now(), Uuid::nil());
            let mut bytes = token.clone().into_bytes();
            let place = place % bytes.len();
            if cut { bytes.truncate(place) } else { bytes[place] = byte }
            let mutated = String::from_utf8_lossy(&bytes).into_owned();
            // The last character of base64 has bits that mean nothing; strict decoding refuses them too.
            prop_assert!(mutated == token || tokens.verify(&mutated, now()).is_err());
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in "\\PC{0,300}") {
            let tokens = AccessTokens::new(&Keys::generate(), ISSUER);
            prop_assert!(tokens.verify(&text, now()).is_err());
        }
    }
}
