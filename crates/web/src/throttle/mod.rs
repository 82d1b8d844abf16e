//! Slowing down those who guess passwords and codes or flood mailboxes, without locking the owner out.

mod bucket;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use model::{Email, challenge::Purpose};

use self::bucket::{Allowance, Buckets};
use crate::problem::{Code, Problem};

/// Failed sign-ins from one address, over all accounts.
const PER_ADDRESS: Allowance = Allowance { burst: 300, refill: Duration::from_secs(1) };
/// Failed sign-ins to one account from one address.
const PER_ACCOUNT_AND_ADDRESS: Allowance = Allowance { burst: 20, refill: Duration::from_secs(15) };
/// Failed sign-ins to one account from all addresses that it was never used from.
const PER_ACCOUNT_FROM_STRANGERS: Allowance = Allowance { burst: 10, refill: Duration::from_secs(30) };
/// Wrong codes and tokens from one address.
const CODES_PER_ADDRESS: Allowance = Allowance { burst: 300, refill: Duration::from_secs(1) };
/// Mails of one kind (codes, password links) that anybody can have sent to one mailbox. Each kind counts by itself: who asks for codes in
/// somebody's name must not use up the links that let them in again.
const MAILS_PER_MAILBOX: Allowance = Allowance { burst: 10, refill: Duration::from_secs(60) };
/// How fast sign-ups from one address come back.
const SIGN_UP_REFILL: Duration = Duration::from_secs(1);

/// All the buckets of this process.
pub struct Throttle {
    per_address: Buckets<IpAddr>,
    per_account_and_address: Buckets<(Email, IpAddr)>,
    per_account_from_strangers: Buckets<Email>,
    codes: Buckets<IpAddr>,
    /// By purpose; test mails have none.
    mails: Buckets<(Email, Option<Purpose>)>,
    sign_ups: Buckets<IpAddr>,
}

/// One try to sign in. It counts as a failure unless it is given back.
#[must_use = "a try that is not given back counts as a failure"]
pub struct Attempt {
    throttle: Arc<Throttle>,
    email: Email,
    address: IpAddr,
    is_known: bool,
}

/// One try with a code or token. It counts as a wrong one unless it is given back.
#[must_use = "a try that is not given back counts as a wrong code"]
pub struct CodeAttempt {
    throttle: Arc<Throttle>,
    address: IpAddr,
}

impl Throttle {
    /// Buckets that are all full.
    #[must_use]
    pub fn new(sign_ups_per_address: u32) -> Self {
        Self {
            per_address: Buckets::new(PER_ADDRESS),
            per_account_and_address: Buckets::new(PER_ACCOUNT_AND_ADDRESS),
            per_account_from_strangers: Buckets::new(PER_ACCOUNT_FROM_STRANGERS),
            codes: Buckets::new(CODES_PER_ADDRESS),
            mails: Buckets::new(MAILS_PER_MAILBOX),
            sign_ups: Buckets::new(Allowance { burst: sign_ups_per_address.max(1), refill: SIGN_UP_REFILL }),
        }
    }

    /// Begins a try to sign in to `email` from `address`. `is_known` says that the account was used from there
    /// before: then what strangers do elsewhere does not count. Whether there is such an account must not matter.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn attempt(self: &Arc<Self>, email: &Email, address: IpAddr, is_known: bool) -> Result<Attempt, Problem> {
        let (now, address) = (Instant::now(), network(address));
        self.per_address.take(&address, now).map_err(too_many)?;
        let pair = (email.clone(), address);
        if let Err(wait) = self.per_account_and_address.take(&pair, now) {
            self.per_address.give_back(&address);
            return Err(too_many(wait));
        }
        if !is_known && let Err(wait) = self.per_account_from_strangers.take(email, now) {
            self.per_address.give_back(&address);
            self.per_account_and_address.give_back(&pair);
            return Err(too_many(wait));
        }
        Ok(Attempt { throttle: Arc::clone(self), email: email.clone(), address, is_known })
    }

    /// Begins a try with a code or token from `address`, before anything is done for it.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn code_attempt(self: &Arc<Self>, address: IpAddr) -> Result<CodeAttempt, Problem> {
        let address = network(address);
        self.codes.take(&address, Instant::now()).map_err(too_many)?;
        Ok(CodeAttempt { throttle: Arc::clone(self), address })
    }

    /// Counts a mail for this purpose that anybody can have sent to `email`. The caller answers the same either way and sends
    /// nothing when it is `false`.
    #[must_use]
    pub fn may_mail(&self, email: &Email, purpose: Purpose) -> bool {
        self.mails.take(&(email.clone(), Some(purpose)), Instant::now()).is_ok()
    }

    /// Counts a test mail that one of the staff has sent to `email`, which may be anybody's.
    #[must_use]
    pub fn may_mail_test(&self, email: &Email) -> bool {
        self.mails.take(&(email.clone(), None), Instant::now()).is_ok()
    }

    /// Counts a sign-up from `address`.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn sign_up(&self, address: IpAddr) -> Result<(), Problem> {
        self.sign_ups.take(&network(address), Instant::now()).map_err(too_many)
    }

    /// Forgets what no longer matters; called now and then.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        self.per_address.sweep(now);
        self.per_account_and_address.sweep(now);
        self.per_account_from_strangers.sweep(now);
        self.codes.sweep(now);
        self.mails.sweep(now);
        self.sign_ups.sweep(now);
    }
}

impl Attempt {
    /// Takes the try back: it succeeded, or it failed for no fault of the caller.
    pub fn give_back(self) {
        self.throttle.per_address.give_back(&self.address);
        if !self.is_known {
            self.throttle.per_account_from_strangers.give_back(&self.email);
        }
        self.throttle.per_account_and_address.give_back(&(self.email, self.address));
    }
}

impl CodeAttempt {
    /// Takes the try back unless it came to `invalid_code`: then the code was right, or whatever went wrong was no fault of the
    /// caller's code.
    ///
    /// # Errors
    /// What it came to.
    pub fn settle<T>(self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        if !outcome.as_ref().is_err_and(|problem| problem.code() == Code::InvalidCode) {
            self.give_back();
        }
        outcome
    }

    /// Takes the try back.
    pub fn give_back(self) {
        self.throttle.codes.give_back(&self.address);
    }
}

fn too_many(wait: Duration) -> Problem {
    let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(Code::TooManyRequests).detail(format!("Try again in {secs} s.")).retry_after_secs(secs)
}

/// What counts as one address: an IPv6 customer has a whole /64, and each of its addresses is as cheap as the next.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Email {
        Email::from_stored(text.to_owned())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn strangers_do_not_lock_the_owner_out() {
        let throttle = Arc::new(Throttle::new(1));
        let ann = email("ann@example.com");
        let refused = (0_u8..200).filter(|n| throttle.attempt(&ann, ip(&format!("198.51.100.{n}")), false).is_err());
        assert_eq!(refused.count(), 190, "strangers share ten tries");
        assert!(throttle.attempt(&ann, ip("203.0.113.1"), true).is_ok(), "the owner's own address is not theirs");
    }

    #[test]
    fn success_costs_nothing_and_failure_does() {
        let throttle = Arc::new(Throttle::new(1));
        for _ in 0..1_000 {
            throttle.attempt(&email("ann@example.com"), ip("203.0.113.1"), false).expect("allowed").give_back();
        }
        let failures =
            (0..100).take_while(|_| throttle.attempt(&email("ann@example.com"), ip("203.0.113.1"), true).is_ok());
        assert_eq!(failures.count(), 20);
    }

    #[test]
    fn a_right_code_costs_nothing_and_a_wrong_one_does() {
        let throttle = Arc::new(Throttle::new(1));
        for _ in 0..1_000 {
            throttle.code_attempt(ip("203.0.113.1")).expect("allowed").settle(Ok(())).expect("right");
            let busy =
                throttle.code_attempt(ip("203.0.113.1")).expect("allowed").settle::<()>(Err(Problem::new(Code::Busy)));
            assert!(busy.is_err());
        }
        let wrong = throttle.code_attempt(ip("203.0.113.1")).expect("allowed");
        assert!(wrong.settle::<()>(Err(Problem::new(Code::InvalidCode))).is_err());
        let wrong = (0..1_000).take_while(|_| throttle.code_attempt(ip("203.0.113.1")).is_ok());
        assert_eq!(wrong.count(), 299);
    }

    #[test]
    fn mails_of_one_kind_do_not_use_up_the_others() {
        let (throttle, ann) = (Throttle::new(1), email("ann@example.com"));
        let codes = (0..100).take_while(|_| throttle.may_mail(&ann, Purpose::VerifyEmail));
        assert_eq!(codes.count(), 10);
        assert!(throttle.may_mail(&ann, Purpose::ResetPassword) && throttle.may_mail_test(&ann));
        assert_eq!((0..100).take_while(|_| throttle.may_mail_test(&ann)).count(), 9);
    }

    #[test]
    fn a_refused_try_says_when_to_come_back() {
        let throttle = Throttle::new(1);
        throttle.sign_up(ip("2001:db8::1")).expect("the first");
        let problem = throttle.sign_up(ip("2001:db8::2")).expect_err("the same /64");
        assert_eq!(problem.code(), Code::TooManyRequests);
    }
}
