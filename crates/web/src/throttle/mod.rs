//! Slowing down those who guess passwords and codes or flood mailboxes, without locking the owner out.

mod bucket;
mod turns;

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use identity::Begun;
use model::{AccountId, Email, challenge::Purpose, session::network};

use self::{
    bucket::{Allowance, Buckets},
    turns::{Turn, Turns},
};
use crate::problem::{Code, Problem};

/// Failed sign-ins from one address, over all accounts.
const PER_ADDRESS: Allowance = Allowance { burst: 300, refill: Duration::from_secs(1) };
/// Failed sign-ins to one account: from one address, and from all addresses together that it was never used from. It is one figure: what is
/// answered at one address is the same for those who have an account, as long as nobody used up the strangers' elsewhere.
const PER_ACCOUNT: Allowance = Allowance { burst: 10, refill: Duration::from_secs(30) };
/// Wrong codes and tokens from one address.
const CODES_PER_ADDRESS: Allowance = Allowance { burst: 300, refill: Duration::from_secs(1) };
/// Mails of one kind (codes, password links) that anybody can have sent to one mailbox. Each kind counts by itself: who asks for codes in
/// somebody's name must not use up the links that let them in again.
const MAILS_PER_MAILBOX: Allowance = Allowance { burst: 10, refill: Duration::from_secs(60) };
/// Exports of one account, which read all that there is about it, however much that is.
const EXPORTS_PER_ACCOUNT: Allowance = Allowance { burst: 10, refill: Duration::from_secs(60) };
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
    exports: Buckets<AccountId>,
    /// Whose account is exported just now: several at once would keep several of the readers busy that the whole shop has.
    exporting: Arc<Turns<AccountId>>,
    sign_ups: Buckets<IpAddr>,
    /// Who has a password compared. Those who are known share their account's line; strangers have one for each address, or they could stand
    /// in the way of the owner.
    turns: Arc<Turns<(Email, Option<IpAddr>)>>,
}

/// Where somebody tries to sign in from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameFrom {
    /// An address that the account was used from: what strangers do elsewhere does not count.
    Known,
    /// Any other, whether there is such an account or not.
    Unknown,
    /// Any, with a code from the mailbox: what strangers do elsewhere does not count, or they could keep somebody new from ever coming in.
    WithCode,
}

impl CameFrom {
    /// By whether the account was used from that address.
    #[must_use]
    pub const fn known(is_known: bool) -> Self {
        if is_known { Self::Known } else { Self::Unknown }
    }
}

/// One try to sign in. It counts as a failure unless it is given back, or nothing was found out yet.
#[must_use = "a try that is not given back counts as a failure"]
pub struct Attempt {
    throttle: Arc<Throttle>,
    email: Email,
    address: IpAddr,
    is_stranger: bool,
    /// Whether the password that it is about was looked at. Without it the try counts at once.
    begun: Option<Begun>,
    _turn: Turn<(Email, Option<IpAddr>)>,
}

/// An export of an account. Until it is dropped there is no other one of it.
#[must_use = "the next one may begin when it is dropped"]
pub struct Exporting {
    _turn: Turn<AccountId>,
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
            per_account_and_address: Buckets::new(PER_ACCOUNT),
            per_account_from_strangers: Buckets::new(PER_ACCOUNT),
            codes: Buckets::new(CODES_PER_ADDRESS),
            mails: Buckets::new(MAILS_PER_MAILBOX),
            exports: Buckets::new(EXPORTS_PER_ACCOUNT),
            exporting: Arc::new(Turns::without_waiting()),
            sign_ups: Buckets::new(Allowance { burst: sign_ups_per_address.max(1), refill: SIGN_UP_REFILL }),
            turns: Arc::default(),
        }
    }

    /// Begins a try to sign in to `email` from `address`, when its turn has come: whoever asks for one account often, with the right
    /// password too, waits for themselves and not others for them.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub async fn attempt(self: &Arc<Self>, email: &Email, address: IpAddr, from: CameFrom) -> Result<Attempt, Problem> {
        let address = network(address);
        let line = (email.clone(), (from != CameFrom::Known).then_some(address));
        let turn = self.turns.take(line).await.ok_or_else(|| too_many(Duration::from_secs(1)))?;
        let (now, is_stranger) = (Instant::now(), from == CameFrom::Unknown);
        self.per_address.take(&address, now).map_err(too_many)?;
        let pair = (email.clone(), address);
        if let Err(wait) = self.per_account_and_address.take(&pair, now) {
            self.per_address.give_back(&address);
            return Err(too_many(wait));
        }
        if is_stranger && let Err(wait) = self.per_account_from_strangers.take(email, now) {
            self.per_address.give_back(&address);
            self.per_account_and_address.give_back(&pair);
            return Err(too_many(wait));
        }
        Ok(Attempt { throttle: Arc::clone(self), email: email.clone(), address, is_stranger, begun: None, _turn: turn })
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

    /// Begins an export of an account by whoever has it, and counts it. One that comes while another goes on does not count.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub async fn export(&self, account_id: AccountId) -> Result<Exporting, Problem> {
        let turn = self.exporting.take(account_id).await.ok_or_else(|| too_many(Duration::from_secs(1)))?;
        self.exports.take(&account_id, Instant::now()).map_err(too_many)?;
        Ok(Exporting { _turn: turn })
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
        self.exports.sweep(now);
        self.sign_ups.sweep(now);
    }
}

impl Attempt {
    /// What is to be told when the password is looked at. Until then the try does not count: whoever was sent away by the limit of time, or
    /// went, learnt nothing.
    pub fn until_begun(&mut self) -> Begun {
        self.begun.get_or_insert_default().clone()
    }

    /// Has the try not count, whatever becomes of it: the password was right. Its turn goes on.
    pub fn forgive(&mut self) {
        self.begun = Some(Begun::default());
    }

    /// Takes the try back: it succeeded, or it failed for no fault of the caller.
    pub fn give_back(mut self) {
        self.forgive();
    }

    fn put_back(&self) {
        self.throttle.per_address.give_back(&self.address);
        if self.is_stranger {
            self.throttle.per_account_from_strangers.give_back(&self.email);
        }
        self.throttle.per_account_and_address.give_back(&(self.email.clone(), self.address));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.begun.as_ref().is_some_and(|begun| !begun.is_set()) {
            self.put_back();
        }
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

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use identity::{PasswordPool, PasswordSettings};

    use super::*;

    fn email(text: &str) -> Email {
        Email::from_stored(text.to_owned())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// How many of so many tries are allowed, one after another, none of them right.
    async fn failures(throttle: &Arc<Throttle>, tries: u8, address: impl Fn(u8) -> IpAddr, from: CameFrom) -> usize {
        let mut allowed = 0;
        for n in 0..tries {
            allowed += usize::from(throttle.attempt(&email("ann@example.com"), address(n), from).await.is_ok());
        }
        allowed
    }

    #[tokio::test]
    async fn strangers_do_not_lock_the_owner_out() {
        let throttle = Arc::new(Throttle::new(1));
        let strangers = failures(&throttle, 200, |n| ip(&format!("198.51.100.{n}")), CameFrom::Unknown).await;
        assert_eq!(strangers, 10, "strangers share ten tries");
        let own = throttle.attempt(&email("ann@example.com"), ip("203.0.113.1"), CameFrom::Known).await;
        assert!(own.is_ok(), "the owner's own address is not theirs");
    }

    #[tokio::test]
    async fn one_address_does_not_try_all_accounts() {
        let (throttle, address) = (Arc::new(Throttle::new(1)), ip("203.0.113.1"));
        let mut allowed = 0;
        for n in 0..400 {
            let email = email(&format!("ann-{n}@example.com"));
            allowed += usize::from(throttle.attempt(&email, address, CameFrom::Unknown).await.is_ok());
        }
        // One more each second that this takes.
        assert!((300..350).contains(&allowed), "{allowed}: each account was tried once");
    }

    #[tokio::test]
    async fn success_costs_nothing_and_failure_as_much_for_whoever_is_known() {
        for from in [CameFrom::Known, CameFrom::Unknown, CameFrom::WithCode] {
            let throttle = Arc::new(Throttle::new(1));
            for _ in 0..1_000 {
                let attempt = throttle.attempt(&email("ann@example.com"), ip("203.0.113.1"), from).await;
                attempt.expect("allowed").give_back();
            }
            assert_eq!(failures(&throttle, 100, |_| ip("203.0.113.1"), from).await, 10, "{from:?}");
        }
    }

    #[tokio::test]
    async fn what_was_not_looked_at_does_not_count() {
        let throttle = Arc::new(Throttle::new(1));
        let attempt = async || throttle.attempt(&email("ann@example.com"), ip("203.0.113.1"), CameFrom::Unknown).await;
        for _ in 0..100 {
            let mut cut_off = attempt().await.expect("allowed");
            assert!(!cut_off.until_begun().is_set());
        }
        let mut compared = attempt().await.expect("allowed");
        let pool = PasswordPool::new(PasswordSettings { cost: 10, threads: 1, queue: 1 });
        let verified = pool.telling(compared.until_begun()).verify("a guess".to_owned(), None).await;
        assert!(verified.is_ok_and(|verified| !verified.matches));
        drop(compared);
        assert_eq!(failures(&throttle, 100, |_| ip("203.0.113.1"), CameFrom::Unknown).await, 9);
    }

    #[tokio::test]
    async fn one_account_has_few_compared_at_a_time_and_others_do_not_wait_for_it() {
        let throttle = Arc::new(Throttle::new(1));
        let ann = email("ann@example.com");
        let attempt = |email: &Email, address, from| {
            let (throttle, email) = (Arc::clone(&throttle), email.clone());
            async move { throttle.attempt(&email, ip(address), from).await }
        };
        let mut held = Vec::new();
        for address in ["203.0.113.1", "203.0.113.2"] {
            held.push(attempt(&ann, address, CameFrom::Known).await.expect("allowed"));
        }
        let waits = tokio::spawn(attempt(&ann, "203.0.113.3", CameFrom::Known));
        let stranger = attempt(&ann, "198.51.100.1", CameFrom::Unknown).await;
        assert!(stranger.is_ok(), "the account's own line is no stranger's");
        assert!(attempt(&email("bob@example.com"), "203.0.113.1", CameFrom::Known).await.is_ok());
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waits.is_finished(), "two are there already");
        drop(held);
        assert!(waits.await.expect("no panic").is_ok());
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

    #[tokio::test]
    async fn an_account_is_exported_once_at_a_time_and_not_often() {
        let throttle = Throttle::new(1);
        let [ann, bob] = [1, 2].map(|number| AccountId::from(uuid::Uuid::from_u128(number)));
        let first = throttle.export(ann).await.expect("the first");
        for _ in 0..100 {
            assert!(throttle.export(ann).await.is_err(), "one goes on");
        }
        assert!(throttle.export(bob).await.is_ok(), "another's");
        drop(first);
        let mut allowed = 1;
        while throttle.export(ann).await.is_ok() {
            allowed += 1;
        }
        assert_eq!(allowed, 10, "those that did not begin do not count");
    }

    /// How often it is allowed at once, and after how many seconds once more.
    fn figures<K: Clone + Eq + Hash>(buckets: &Buckets<K>, key: &K) -> (usize, u64) {
        let now = Instant::now();
        let allowed = (0..1_000).take_while(|_| buckets.take(key, now).is_ok()).count();
        (allowed, buckets.take(key, now).expect_err("used up").as_secs())
    }

    #[test]
    fn what_is_used_up_comes_back_slowly() {
        let (throttle, ann, address) = (Throttle::new(7), email("ann@example.com"), ip("203.0.113.1"));
        assert_eq!(figures(&throttle.per_address, &address), (300, 1));
        assert_eq!(figures(&throttle.per_account_and_address, &(ann.clone(), address)), (10, 30));
        assert_eq!(figures(&throttle.per_account_from_strangers, &ann), (10, 30));
        assert_eq!(figures(&throttle.codes, &address), (300, 1));
        assert_eq!(figures(&throttle.mails, &(ann, None)), (10, 60));
        assert_eq!(figures(&throttle.exports, &AccountId::from(uuid::Uuid::from_u128(1))), (10, 60));
        assert_eq!(figures(&throttle.sign_ups, &address), (7, 1));
    }

    #[test]
    fn a_refused_try_says_when_to_come_back() {
        let throttle = Throttle::new(1);
        throttle.sign_up(ip("2001:db8::1")).expect("the first");
        let problem = throttle.sign_up(ip("2001:db8::2")).expect_err("the same /64");
        assert_eq!(problem.code(), Code::TooManyRequests);
    }
}
