//! Exchanging a refresh token for its successor.

use async_trait::async_trait;
use model::{
    Account, SessionId, Timestamp,
    session::{RefreshDecision, RefreshToken, SESSION_LIFETIME, SecretHash, decide_refresh},
};
use store::{Change, Operation, Tx};

use crate::Error;

/// Exchanges a refresh token. The successor is derived from the token by a key, so a second tab that presents the same
/// token within the grace gets the same successor, and the database never holds a token in plain.
#[derive(Clone, Debug)]
pub struct RefreshSession {
    /// The hash of the token that was presented.
    pub presented: SecretHash,
    /// The hash of its successor.
    pub successor: SecretHash,
    /// The network address it came from.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Refreshed {
    /// The successor is good.
    Renewed {
        /// Whose it is.
        account: Account,
        /// The session it belongs to.
        session_id: SessionId,
    },
    /// Nothing for this token. If it was a copy of one that was used long ago, its session is over now.
    Refused,
}

#[async_trait]
impl Operation for RefreshSession {
    type Output = Refreshed;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Refreshed, Error> {
        let Some((token, session)) = tx.refresh_token(&self.presented).await? else { return Ok(Refreshed::Refused) };
        let account = tx.account(session.account_id).await?.map(|row| row.account).filter(Account::is_usable);
        let Some(account) = account else { return Ok(Refreshed::Refused) };
        let changes = match decide_refresh(&session, &token, self.now) {
            RefreshDecision::Refuse => return Ok(Refreshed::Refused),
            RefreshDecision::EndFamily => {
                tx.apply(&[Change::EndSession { id: session.id, at: self.now }]).await?;
                return Ok(Refreshed::Refused);
            }
            RefreshDecision::Repeat => Vec::new(),
            RefreshDecision::Rotate => self.rotate(session.id),
        };
        tx.apply(&changes).await?;
        Ok(Refreshed::Renewed { account, session_id: session.id })
    }
}

impl RefreshSession {
    fn rotate(&self, session_id: SessionId) -> Vec<Change> {
        let token = RefreshToken {
            hash: self.successor,
            session_id,
            issued_at: self.now,
            used_at: None,
            successor_used: false,
        };
        vec![
            Change::UseRefreshToken { hash: self.presented, at: self.now },
            Change::InsertRefreshToken { token, predecessor: Some(self.presented) },
            Change::TouchSession {
                id: session_id,
                at: self.now,
                address: self.address.clone(),
                expires_at: self.now + SESSION_LIFETIME,
            },
        ]
    }
}
