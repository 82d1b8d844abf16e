//! Challenges: the codes and tokens that go out by mail and prove, when they come back, that a mailbox is somebody's.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::{AccountId, CLOCK_SKEW, Email, session::SecretHash};

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
/// How far apart the mails of one window are that strangers can ask for, from the second on: see [`Challenge::must_wait`].
pub const SPREAD: SignedDuration = SignedDuration::from_secs(WINDOW.as_secs() / (SENDS_MAX - 1));

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
        self.secret_hash.is_some() && self.is_of_the_past(now) && self.expires_at > now + LIFETIME
    }

    /// Whether another mail that anybody can ask for has to wait. Two of a window go out at once, the others are spread over it: who asks in
    /// somebody's name uses up what can be mailed now, and not what can be mailed for the rest of the hour, when the last link is over.
    #[must_use]
    pub fn must_wait(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.window_started_at).abs();
        age < WINDOW && age.as_secs() < SPREAD.as_secs() * (self.sends - 1)
    }

    /// For how long it was good when it was mailed. That stands nowhere, but each is mailed in the window that it counts in: what is good for
    /// longer than the last of a window can be is an invitation.
    fn lifetime(&self) -> SignedDuration {
        let is_invitation = self.expires_at.duration_since(self.window_started_at) >= WINDOW + LIFETIME;
        if is_invitation && self.purpose == Purpose::ResetPassword { INVITATION_LIFETIME } else { LIFETIME }
    }

    /// Whether it can have been mailed before `now`. What a clock that was ahead mailed would be good until that time has come; it is worth
    /// nothing while it lies in the future.
    fn is_of_the_past(&self, now: Timestamp) -> bool {
        self.expires_at.duration_since(now) <= self.lifetime() + CLOCK_SKEW
    }

    /// Compares a presented secret. The hashes are keyed ones of the whole secret, so that comparing them in variable
    /// time tells nothing about the secret.
    #[must_use]
    pub fn judge(&self, presented: &SecretHash, now: Timestamp) -> Verdict {
        let is_good = now < self.expires_at && self.is_of_the_past(now) && self.tries_left > 0;
        let Some(expected) = self.secret_hash.filter(|_| is_good) else { return Verdict::Void };
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

    /// A link to a new password.
    fn link(previous: Option<&Challenge>, now: Timestamp) -> Challenge {
        let nobody = AccountId(Uuid::nil());
        Challenge::issue(previous, nobody, Purpose::ResetPassword, Some([1; 32]), now).expect("within the budget")
    }

    /// The link of an invitation.
    fn invitation(previous: Option<&Challenge>, now: Timestamp) -> Challenge {
        Challenge { expires_at: now + INVITATION_LIFETIME, ..link(previous, now) }
    }

    fn is_right(challenge: &Challenge, now: Timestamp) -> bool {
        matches!(challenge.judge(&[1; 32], now), Verdict::Right(_))
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

    #[test]
    fn what_a_clock_ahead_mailed_is_worth_nothing_until_then() {
        const DAY: i64 = 24 * 3600;
        let skew = CLOCK_SKEW.as_secs();
        let code = issue(None, at(0)).expect("the first");
        for challenge in [code, link(None, at(0)), invitation(None, at(0))] {
            for ahead in [skew + 1, 3600, DAY, 30 * DAY] {
                assert!(!is_right(&challenge, at(-ahead)), "{ahead} s ahead: {challenge:?}");
            }
            assert!(is_right(&challenge, at(-skew)) && is_right(&challenge, at(599)), "{challenge:?}");
        }
        assert!(is_right(&invitation(None, at(0)), at(3 * DAY - 1)));
        assert!(!invitation(None, at(0)).is_open_invitation(at(-DAY)));
        // Whenever it was mailed in the window that it counts in, which may have begun by a clock that was put back.
        for offset in [-3599, 3599] {
            let first = link(None, at(0));
            let (later, invited) = (link(Some(&first), at(offset)), invitation(Some(&first), at(offset)));
            assert_eq!((later.window_started_at, later.sends), (at(0), 2));
            assert!(!is_right(&later, at(offset - skew - 1)) && is_right(&later, at(offset)), "{later:?}");
            assert!(!is_right(&invited, at(offset - skew - 1)) && is_right(&invited, at(offset)), "{invited:?}");
        }
    }

    #[test]
    fn who_asks_for_a_link_again_and_again_leaves_one_for_later() {
        let (mut last, mut mailed) = (link(None, at(0)), vec![0]);
        for second in 1..3600 {
            if !last.must_wait(at(second)) {
                last = link(Some(&last), at(second));
                mailed.push(second);
            }
        }
        // Each is good for ten minutes: nobody waits for more than five.
        assert_eq!(mailed, [0, 1, 900, 1800, 2700]);
        assert!(!last.must_wait(at(3600)) && last.must_wait(at(3599)));
    }
}
