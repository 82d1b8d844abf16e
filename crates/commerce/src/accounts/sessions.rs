//! Sessions: signing in, and ending what was signed in.

use async_trait::async_trait;
use model::{
    Account, AccountId, Session, SessionId, Stamp, Timestamp,
    session::{RefreshToken, SESSION_LIFETIME, SESSIONS_MAX, latest_use},
};
use store::{Change, Operation, Tx};

use super::{NewSession, usable_with_password};
use crate::Error;

/// Signs a device in, after the password was found right.
#[derive(Clone, Debug)]
pub struct StartSession {
    /// Who.
    pub account_id: AccountId,
    /// The hash that the password was found to match; if the account has another one by now, nobody is let in.
    pub verified_hash: String,
    /// The same password hashed anew, when the old hash is weaker than it should be.
    pub rehashed: Option<String>,
    /// Whether the address must have been proven.
    pub require_verified: bool,
    /// The device.
    pub session: NewSession,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for StartSession {
    type Output = Account;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Account, Error> {
        let row = tx.account(self.account_id).await?.ok_or(Error::NotAuthenticated)?;
        if row.account.disabled_at.is_some() && row.password_hash.as_deref() == Some(&self.verified_hash) {
            return Err(Error::AccountDisabled);
        }
        let account = usable_with_password(tx, self.account_id, &self.verified_hash).await?.account;
        if self.require_verified && account.email_verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        let mut changes = Vec::from(open(&account, &self.session, self.stamp.now));
        if let Some(hash) = &self.rehashed {
            changes.push(Change::SetPassword { account_id: account.id, password_hash: Some(hash.clone()) });
        }
        tx.apply(&changes).await?;
        Ok(account)
    }
}

/// What begins a session. When there are as many as an account has, the one that was used longest ago ends; one that is worth nothing, since it
/// was used by a clock that was ahead, before any other.
pub(super) fn open(account: &Account, new: &NewSession, now: Timestamp) -> [Change; 3] {
    let session = Session {
        id: new.id,
        account_id: account.id,
        device: new.device.clone(),
        address: new.address.clone(),
        created_at: now,
        last_used_at: now,
        expires_at: now + SESSION_LIFETIME,
        ended_at: None,
    };
    let token = RefreshToken {
        hash: new.refresh_hash,
        session_id: new.id,
        issued_at: now,
        used_at: None,
        successor_used: false,
    };
    let (account_id, keep, latest_use) = (account.id, SESSIONS_MAX - 1, latest_use(now));
    let make_room = Change::EndOldestSessions { account_id, keep, latest_use, at: now };
    [make_room, Change::InsertSession(session), Change::InsertRefreshToken { token, predecessor: None }]
}

/// Ends one session of an account.
#[derive(Clone, Copy, Debug)]
pub struct EndSession {
    /// Whose.
    pub account_id: AccountId,
    /// Which.
    pub id: SessionId,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for EndSession {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let session = tx.session(self.id).await?;
        let is_theirs =
            session.is_some_and(|session| session.account_id == self.account_id && session.ended_at.is_none());
        if !is_theirs {
            return Err(Error::NotFound("session"));
        }
        Ok(tx.apply(&[Change::EndSession { id: self.id, at: self.now }]).await?)
    }
}

/// Ends all sessions of an account.
#[derive(Clone, Copy, Debug)]
pub struct EndAllSessions {
    /// Whose.
    pub account_id: AccountId,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for EndAllSessions {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        Ok(tx.apply(&[Change::EndSessions { account_id: self.account_id, except: None, at: self.now }]).await?)
    }
}

/// Notes that a session without refresh tokens (a cookie of the staff's pages) was used, and lets it live on.
#[derive(Clone, Debug)]
pub struct TouchSession {
    /// Which.
    pub id: SessionId,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for TouchSession {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let live = tx.session(self.id).await?.filter(|session| session.is_live(self.now));
        let session = live.ok_or(Error::NotAuthenticated)?;
        let touch = Change::TouchSession {
            id: session.id,
            at: self.now,
            address: self.address.clone(),
            expires_at: self.now + SESSION_LIFETIME,
        };
        Ok(tx.apply(&[touch]).await?)
    }
}
