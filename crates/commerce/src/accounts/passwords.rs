//! Passwords: changing a known one, replacing a forgotten one.

use async_trait::async_trait;
use model::{
    Account, AccountId, Email, MailTemplate, OutboxMail, Session, SessionId, Stamp, Timestamp,
    challenge::{Challenge, Purpose, Verdict},
    session::SecretHash,
};
use store::{Change, Operation, StoreError, Tx};

use super::{
    MailedSecret, forget_the_beginner, greeted, is_waiting, mail_to, usable_by_email, usable_with_password,
    verify_email::verified,
};
use crate::{Error, api_keys};

/// Changes the password of somebody who gave the current one. Ends the other sessions.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Whose.
    pub account_id: AccountId,
    /// The hash that the current password was found to match.
    pub verified_hash: String,
    /// The hash of the new one.
    pub new_hash: String,
    /// The session that goes on.
    pub session_id: SessionId,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ChangePassword {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let account = usable_with_password(tx, self.account_id, &self.verified_hash).await?.account;
        let mut changes = replace_password(tx, &account, &self.new_hash, Some(self.session_id), self.stamp).await?;
        changes.extend(void(tx, account.id, Purpose::ChangeEmail).await?);
        changes.extend(void(tx, account.id, Purpose::ResetPassword).await?);
        Ok(tx.apply(&changes).await?)
    }
}

/// Mails a token that lets its holder set a new password. Says nothing about whether the address is known.
#[derive(Clone, Debug)]
pub struct RequestPasswordReset {
    /// The address.
    pub email: Email,
    /// The token.
    pub token: MailedSecret,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for RequestPasswordReset {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let Some(row) = usable_by_email(tx, &self.email).await? else { return Ok(()) };
        let is_waiting = is_waiting(&row);
        let account = row.account;
        let previous = tx.challenge(account.id, Purpose::ResetPassword).await?;
        let hash = Some(self.token.hash);
        let now = self.stamp.now;
        // Anybody may ask; the link of an invitation does the same, and must stay good.
        if is_waiting && previous.as_ref().is_some_and(|previous| previous.is_open_invitation(now)) {
            return Ok(());
        }
        // Nor may who asks in somebody's name use up what they could be mailed later.
        if previous.as_ref().is_some_and(|previous| previous.must_wait(now)) {
            return Ok(());
        }
        let Some(challenge) = Challenge::issue(previous.as_ref(), account.id, Purpose::ResetPassword, hash, now) else {
            return Ok(());
        };
        let template = MailTemplate::ResetPassword { name: greeted(&account) };
        let mail = mail_to(&account, self.stamp.ids().draw(), template, now);
        let mail = mail.map(|mail| OutboxMail { secret: Some(self.token.plain.clone()), ..mail });
        let changes: Vec<_> =
            std::iter::once(Change::PutChallenge(challenge)).chain(mail.map(Change::InsertMail)).collect();
        Ok(tx.apply(&changes).await?)
    }
}

/// Whether a mailed token would set a new password: asked before the password is hashed, which is much work to do for anybody.
#[derive(Clone, Copy, Debug)]
pub struct CheckResetToken {
    /// The hash of the presented token.
    pub token_hash: SecretHash,
    /// When.
    pub now: Timestamp,
}

#[async_trait]
impl Operation for CheckResetToken {
    /// Whose it would be; `None` for a token that is good for nothing.
    type Output = Option<Account>;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Option<Account>, Error> {
        let challenge = tx.challenge_by_secret(Purpose::ResetPassword, &self.token_hash).await?;
        let is_good = |challenge: &Challenge| matches!(challenge.judge(&self.token_hash, self.now), Verdict::Right(_));
        let Some(challenge) = challenge.filter(is_good) else { return Ok(None) };
        Ok(tx.account(challenge.account_id).await?.map(|row| row.account).filter(Account::is_usable))
    }
}

/// Sets a new password with a mailed token. The token proves the address too. Ends all sessions; where the address was not proven before,
/// wishlist, addresses and telephone go as well.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// The hash of the presented token.
    pub token_hash: SecretHash,
    /// The hash of the new password.
    pub new_hash: String,
    /// What presents the token, from its User-Agent.
    pub device: String,
    /// From where, a network address. It is known from then on: whoever reads the mailbox is not kept out there by those who guess elsewhere.
    pub address: String,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ResetPassword {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let challenge = tx.challenge_by_secret(Purpose::ResetPassword, &self.token_hash).await?;
        let challenge = challenge.ok_or(Error::NotAuthenticated)?;
        let Verdict::Right(spent) = challenge.judge(&self.token_hash, self.stamp.now) else {
            return Err(Error::NotAuthenticated);
        };
        let mut account = super::usable(tx, challenge.account_id).await?.account;
        let mut changes = vec![Change::PutChallenge(spent)];
        changes.extend(replace_password(tx, &account, &self.new_hash, None, self.stamp).await?);
        changes.extend(void(tx, account.id, Purpose::ChangeEmail).await?);
        changes.push(Change::InsertSession(self.visit(account.id)));
        if account.email_verified_at.is_none() {
            changes.extend(forget_the_beginner(tx, account.id).await?);
            account.phone = None;
        }
        changes.push(Change::UpdateAccount(verified(account, self.stamp)));
        Ok(tx.apply(&changes).await?)
    }
}

impl ResetPassword {
    /// What is kept of where the token was presented: a session that is over, which signs nobody in.
    fn visit(&self, account_id: AccountId) -> Session {
        let now = self.stamp.now;
        Session {
            id: self.stamp.nth(1).ids().draw(),
            account_id,
            device: self.device.clone(),
            address: self.address.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now,
            ended_at: Some(now),
        }
    }
}

/// Makes a challenge void. The budget of its mails stays spent: a new password is no way to more of them.
async fn void(tx: &mut dyn Tx, id: AccountId, purpose: Purpose) -> Result<Option<Change>, StoreError> {
    Ok(tx.challenge(id, purpose).await?.map(Challenge::void).map(Change::PutChallenge))
}

/// What every new password entails: the other sessions end, the owner is told.
async fn replace_password(
    tx: &mut dyn Tx,
    account: &Account,
    hash: &str,
    keep: Option<SessionId>,
    stamp: Stamp,
) -> Result<Vec<Change>, StoreError> {
    let account_id = account.id;
    let has_keys = account.access().is_staff() && api_keys::act_for(tx, account_id, stamp.now).await?;
    let template = MailTemplate::PasswordChanged { name: greeted(account), has_keys };
    let mail = mail_to(account, stamp.ids().draw(), template, stamp.now);
    let mut changes = vec![
        Change::SetPassword { account_id, password_hash: Some(hash.to_owned()) },
        Change::EndSessions { account_id, except: keep, at: stamp.now },
    ];
    changes.extend(mail.map(Change::InsertMail));
    Ok(changes)
}
