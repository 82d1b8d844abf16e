//! Sessions and their tokens.

use std::net::{IpAddr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

use crate::{AccountId, CLOCK_SKEW, SessionId};

/// How long an access token lives.
pub const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How long a session lives without being refreshed.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many sessions an account has at most. One that signs in for each request, and never out, would otherwise have them without end.
pub const SESSIONS_MAX: u32 = 100;
/// Within this time of its first use, a refresh token that is presented again is taken for a second tab, not a thief.
pub const REFRESH_GRACE: SignedDuration = SignedDuration::from_secs(20);

/// Whether a session that was last used at `last_used_at` can be one of before `now`. If it was used by a clock that was ahead, nobody knows how
/// old it is, and it would live until that time has come: it is worth nothing while it lies in the future.
#[must_use]
pub fn is_of_the_past(last_used_at: Timestamp, now: Timestamp) -> bool {
    last_used_at <= latest_use(now)
}

/// When a session was used last at the latest, if it [is one of before](is_of_the_past) `now`.
#[must_use]
pub fn latest_use(now: Timestamp) -> Timestamp {
    now + CLOCK_SKEW
}

/// What counts as one network address: an IPv6 customer has a whole /64, and each of its addresses is as cheap as the next. Tomorrow's is
/// another one of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Whether `address` is in the network of one that is kept as text, as sessions keep theirs.
#[must_use]
pub fn is_of_one_network(address: IpAddr, kept: &str) -> bool {
    kept.parse().is_ok_and(|kept| network(kept) == network(address))
}

/// A SHA-256 of a secret. The secret itself is with its owner alone.
pub type SecretHash = [u8; 32];

/// One signed-in device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, the `sid` of its access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// What signed in, from its User-Agent.
    pub device: String,
    /// The network address it was last used from.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// Whether it may be used.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now && is_of_the_past(self.last_used_at, now)
    }
}

/// One refresh token of a session. Rotation leaves the used ones behind, so that reuse is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The hash of the token.
    pub hash: SecretHash,
    /// The session it belongs to.
    pub session_id: SessionId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was exchanged for its successor.
    pub used_at: Option<Timestamp>,
    /// Whether its successor has been used in turn.
    pub successor_used: bool,
}

/// What to do with a refresh token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshDecision {
    /// Issue the successor and mark this one used.
    Rotate,
    /// A second tab: hand out the same successor again.
    Repeat,
    /// Somebody has a copy: end the session.
    EndFamily,
    /// The session is over; nothing to do.
    Refuse,
}

/// Decides what a presented refresh token is worth.
#[must_use]
pub fn decide_refresh(session: &Session, token: &RefreshToken, now: Timestamp) -> RefreshDecision {
    if !session.is_live(now) {
        return RefreshDecision::Refuse;
    }
    match token.used_at {
        None => RefreshDecision::Rotate,
        // A clock that was set back must not widen the grace: the distance counts, not the direction.
        Some(used_at) if !token.successor_used && now.duration_since(used_at).abs() <= REFRESH_GRACE => {
            RefreshDecision::Repeat
        }
        Some(_) => RefreshDecision::EndFamily,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn decide(used_secs_ago: Option<i64>, successor_used: bool, ended: bool) -> RefreshDecision {
        let now = Timestamp::from_second(1_000_000).expect("in range");
        let session = Session {
            id: SessionId(Uuid::nil()),
            account_id: AccountId(Uuid::nil()),
            device: String::new(),
            address: String::new(),
            created_at: now,
            last_used_at: now,
            expires_at: now + SESSION_LIFETIME,
            ended_at: ended.then_some(now),
        };
        let used_at = used_secs_ago.map(|secs| now - SignedDuration::from_secs(secs));
        let token = RefreshToken { hash: [0; 32], session_id: session.id, issued_at: now, used_at, successor_used };
        decide_refresh(&session, &token, now)
    }

    #[test]
    fn a_token_rotates_once_and_repeats_for_a_second_tab_only() {
        assert_eq!(decide(None, false, false), RefreshDecision::Rotate);
        assert_eq!(decide(Some(20), false, false), RefreshDecision::Repeat);
        assert_eq!(decide(Some(21), false, false), RefreshDecision::EndFamily);
        assert_eq!(decide(Some(-3600), false, false), RefreshDecision::EndFamily);
        assert_eq!(decide(Some(1), true, false), RefreshDecision::EndFamily);
        assert_eq!(decide(None, false, true), RefreshDecision::Refuse);
    }

    proptest! {
        #[test]
        fn a_network_is_an_address_or_the_first_half_of_one(front: u64, back: u64, other: u64, four: u32) {
            let six = |front: u64, back: u64| {
                // Not what is an IPv4 address in another dress.
                IpAddr::V6(Ipv6Addr::from_bits((u128::from(front | (1 << 63)) << 64) | u128::from(back)))
            };
            prop_assert!(is_of_one_network(six(front, back), &six(front, other).to_string()));
            prop_assert!(!is_of_one_network(six(front, back), &six(front ^ 1, back).to_string()));
            let four = std::net::Ipv4Addr::from_bits(four);
            let mapped = format!("::ffff:{four}");
            prop_assert!(is_of_one_network(IpAddr::V4(four), &mapped));
            let next = std::net::Ipv4Addr::from_bits(four.to_bits() ^ 1);
            prop_assert!(!is_of_one_network(IpAddr::V4(four), &next.to_string()));
        }
    }

    #[test]
    fn what_is_no_address_is_of_no_network() {
        let address = "192.0.2.1".parse().expect("an address");
        assert!(!is_of_one_network(address, "") && !is_of_one_network(address, "192.0.2.1:80"));
    }

    #[test]
    fn a_session_that_was_used_by_a_clock_ahead_is_worth_nothing_until_then() {
        let now = Timestamp::from_second(1_000_000).expect("in range");
        let ahead = |minutes: i64| is_of_the_past(now + SignedDuration::from_mins(minutes), now);
        assert!(ahead(-60) && ahead(0) && ahead(5) && !ahead(6) && !ahead(24 * 60));
    }
}
