//! Who a session stands for, remembered for a moment.
//!
//! Every request of a signed-in customer asks for it. What is ended or changed by this process is forgotten at once; what is
//! done by another one is noticed after [`LIFE`], which is how long a session that was ended there may go on here.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use model::{AccountId, SessionId};
use store::{Change, SessionAccess};

/// How long an answer is remembered.
const LIFE: Duration = Duration::from_millis(500);
/// How many are remembered at most.
const ENTRIES_MAX: usize = 20_000;

/// What must be forgotten when a transaction commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outdated {
    /// One session.
    Session(SessionId),
    /// All sessions of an account.
    Account(AccountId),
}

impl Outdated {
    /// What `change` makes outdated.
    pub(crate) const fn by(change: &Change) -> Option<Self> {
        match change {
            Change::UpdateAccount(account) => Some(Self::Account(account.id)),
            Change::EndSessions { account_id, .. } | Change::EndOldestSessions { account_id, .. } => {
                Some(Self::Account(*account_id))
            }
            Change::EndSession { id, .. } | Change::TouchSession { id, .. } => Some(Self::Session(*id)),
            _ => None,
        }
    }
}

/// Sessions that were asked for lately. Those that may not come in are not remembered.
#[derive(Debug, Default)]
pub(crate) struct AccessCache {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: HashMap<SessionId, Entry>,
    /// Counts what was forgotten: an answer that was on its way meanwhile may be older than that.
    generation: u64,
}

#[derive(Debug)]
struct Entry {
    access: SessionAccess,
    /// By this machine's clock, and by the clock of the shop: neither may have moved on much.
    since: Instant,
    asked_at: Timestamp,
}

/// When an answer was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    generation: u64,
    since: Instant,
}

impl AccessCache {
    /// What is remembered of this session; or else when it is being asked for, for [`AccessCache::remember`].
    pub(crate) fn get(&self, id: SessionId, now: Timestamp) -> Result<SessionAccess, Asked> {
        let inner = self.lock();
        let life = i128::try_from(LIFE.as_nanos()).unwrap_or(0);
        let is_fresh = |entry: &&Entry| {
            let age = now.duration_since(entry.asked_at).as_nanos();
            entry.since.elapsed() < LIFE && (0..life).contains(&age)
        };
        let found = inner.entries.get(&id).filter(is_fresh).map(|entry| entry.access);
        found.ok_or_else(|| Asked { generation: inner.generation, since: Instant::now() })
    }

    /// Remembers an answer, if nothing was forgotten since it was asked for.
    pub(crate) fn remember(&self, access: &SessionAccess, now: Timestamp, asked: Asked) {
        let mut inner = self.lock();
        if inner.generation != asked.generation {
            return;
        }
        if inner.entries.len() >= ENTRIES_MAX {
            inner.entries.retain(|_, entry| entry.since.elapsed() < LIFE);
            if inner.entries.len() >= ENTRIES_MAX {
                return;
            }
        }
        let entry = Entry { access: *access, since: asked.since, asked_at: now };
        inner.entries.insert(access.session_id, entry);
    }

    /// Forgets what a transaction that has just ended changed.
    pub(crate) fn forget(&self, outdated: &[Outdated]) {
        if outdated.is_empty() {
            return;
        }
        let mut inner = self.lock();
        inner.generation += 1;
        for what in outdated {
            match what {
                Outdated::Session(id) => drop(inner.entries.remove(id)),
                Outdated::Account(id) => inner.entries.retain(|_, entry| entry.access.access.account_id != *id),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use model::{Access, Permissions, Role};
    use uuid::Uuid;

    use super::*;

    fn access(session: u128, account: u128) -> SessionAccess {
        SessionAccess {
            access: Access {
                account_id: AccountId(Uuid::from_u128(account)),
                role: Role::Customer,
                permissions: Permissions::default(),
            },
            session_id: SessionId(Uuid::from_u128(session)),
            email_verified: true,
            last_used_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn remembered(cache: &AccessCache, access: &SessionAccess, now: Timestamp) {
        let asked = cache.get(access.session_id, now).expect_err("not known yet");
        cache.remember(access, now, asked);
    }

    #[test]
    fn an_answer_is_remembered_for_a_moment_of_either_clock() {
        let (cache, ann, now) = (AccessCache::default(), access(1, 1), Timestamp::UNIX_EPOCH);
        remembered(&cache, &ann, now);
        assert_eq!(cache.get(ann.session_id, now).ok(), Some(ann));
        assert!(cache.get(ann.session_id, now + LIFE).is_err(), "the shop's clock moved on");
        assert!(cache.get(ann.session_id, now - LIFE).is_err(), "the shop's clock was set back");
        std::thread::sleep(LIFE);
        assert!(cache.get(ann.session_id, now).is_err(), "the machine's clock moved on");
    }

    #[test]
    fn what_ended_is_forgotten_and_nothing_else() {
        let (cache, now) = (AccessCache::default(), Timestamp::UNIX_EPOCH);
        let (phone, laptop, other) = (access(1, 1), access(2, 1), access(3, 2));
        for session in [&phone, &laptop, &other] {
            remembered(&cache, session, now);
        }
        cache.forget(&[Outdated::Session(phone.session_id)]);
        assert!(cache.get(phone.session_id, now).is_err());
        assert!(cache.get(laptop.session_id, now).is_ok());
        cache.forget(&[Outdated::Account(laptop.access.account_id)]);
        assert!(cache.get(laptop.session_id, now).is_err());
        assert!(cache.get(other.session_id, now).is_ok());
    }

    #[test]
    fn an_answer_from_before_the_end_is_not_remembered_after_it() {
        let (cache, ann, now) = (AccessCache::default(), access(1, 1), Timestamp::UNIX_EPOCH);
        let asked = cache.get(ann.session_id, now).expect_err("not known yet");
        cache.forget(&[Outdated::Session(ann.session_id)]);
        cache.remember(&ann, now, asked);
        assert!(cache.get(ann.session_id, now).is_err());
    }
}
