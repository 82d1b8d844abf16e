//! Challenges: the codes and tokens that go out by mail and prove, when they come back, that a mailbox is somebody's.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::{AccountId, Email, session::SecretHash};

/// How long a code or token is good.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How long the link of an invitation is good.
pub const INVITATION_LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How many wrong codes are taken before a new code is needed. A six-digit code has a million values.
pub const TRIES_MAX: i64 = 5;
/// How many of one kind are mailed to one account in one [`WINDOW`], so that nobody's mailbox is flooded and nobody
/// gets more than [`TRIES_MAX`] times this many guesses in it.
pub const SENDS_MAX: i64 = 5;
/// The window of [`SENDS_MAX`].
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// What a challenge is for. An account has at most one of each kind; a new one replaces the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Six digits that prove the address of a new account.
    VerifyEmail,
    /// Six digits that prove the new address of an account.
    ChangeEmail,
    /// A token that lets its holder set a new password.
    ResetPassword,
    /// No secret at all: counts the notices about a sign-up with a known address.
    SignupNotice,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::VerifyEmail, Self::ChangeEmail, Self::ResetPassword, Self::SignupNotice];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::ResetPassword => "reset_password",
            Self::SignupNotice => "signup_notice",
        }
    }
}

impl FromStr for Purpose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or(())
    }
}

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose mailbox it went to.
    pub account_id: AccountId,
    /// What for.
    pub purpose: Purpose,
    /// The hash of the code or token; `None` once it was used or used up.
    pub secret_hash: Option<SecretHash>,
    /// The address to prove, when it is not yet the account's.
    pub new_email: Option<Email>,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// How many wrong codes are still taken.
    pub tries_left: i64,
    /// How many were mailed in the current window.
    pub sends: i64,
    /// When the current window began.
    pub window_started_at: Timestamp,
}

/// What a presented code is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Right; the challenge is spent and must be stored as given.
    Right(Challenge),
    /// Wrong; one try fewer, and must be stored as given.
    Wrong(Challenge),
    /// There is nothing (any more) to compare with.
    Void,
}

impl Challenge {
    /// The challenge that replaces `previous`, or `None` when too many were mailed in this window.
    #[must_use]
    pub fn issue(
        previous: Option<&Self>,
        account_id: AccountId,
        purpose: Purpose,
        secret_hash: Option<SecretHash>,
        now: Timestamp,
    ) -> Option<Self> {
        let window = previous.filter(|previous| now.duration_since(previous.window_started_at).abs() < WINDOW);
        let (sends, window_started_at) =
            window.map_or((0, now), |previous| (previous.sends, previous.window_started_at));
        (sends < SENDS_MAX).then(|| Self {
            account_id,
            purpose,
            secret_hash,
            new_email: None,
            expires_at: now + LIFETIME,
            tries_left: TRIES_MAX,
            sends: sends + 1,
            window_started_at,
        })
    }

    /// The same with nothing left that could be right. How many were mailed still counts.
    #[must_use]
    pub fn void(self) -> Self {
        Self { secret_hash: None, new_email: None, ..self }
    }

    /// Whether this is the link of an invitation that is good for longer than a link of another kind would be.
    #[must_use]
    pub fn is_open_invitation(&self, now: Timestamp) -> bool {
        self.secret_hash.is_some() && self.expires_at > now + LIFETIME
    }

    /// Compares a presented secret. The hashes are keyed ones of the whole secret, so that comparing them in variable
    /// time tells nothing about the secret.
    #[must_use]
    pub fn judge(&self, presented: &SecretHash, now: Timestamp) -> Verdict {
        let Some(expected) = self.secret_hash.filter(|_| now < self.expires_at && self.tries_left > 0) else {
            return Verdict::Void;
        };
        if expected == *presented {
            return Verdict::Right(Self { secret_hash: None, ..self.clone() });
        }
        Verdict::Wrong(Self { tries_left: self.tries_left - 1, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + secs).expect("in range")
    }

    fn issue(previous: Option<&Challenge>, now: Timestamp) -> Option<Challenge> {
        Challenge::issue(previous, AccountId(Uuid::nil()), Purpose::VerifyEmail, Some([1; 32]), now)
    }

    #[test]
    fn a_code_is_good_once_and_for_ten_minutes() {
        let challenge = issue(None, at(0)).expect("the first");
        assert_eq!(challenge.judge(&[1; 32], at(600)), Verdict::Void);
        let Verdict::Right(spent) = challenge.judge(&[1; 32], at(599)) else { panic!("must be right") };
        assert_eq!(spent.judge(&[1; 32], at(1)), Verdict::Void);
    }

    #[test]
    fn five_wrong_codes_void_it_even_for_the_right_one() {
        let mut challenge = issue(None, at(0)).expect("the first");
        for _ in 0..TRIES_MAX {
            let Verdict::Wrong(next) = challenge.judge(&[2; 32], at(1)) else { panic!("must be wrong") };
            challenge = next;
        }
        assert_eq!(challenge.judge(&[1; 32], at(1)), Verdict::Void);
    }

    #[test]
    fn five_an_hour_are_mailed() {
        let mut last = None;
        for _ in 0..SENDS_MAX {
            last = Some(issue(last.as_ref(), at(0)).expect("within the budget"));
        }
        assert!(issue(last.as_ref(), at(3599)).is_none());
        assert!(issue(last.as_ref(), at(3600)).is_some());
    }
}
