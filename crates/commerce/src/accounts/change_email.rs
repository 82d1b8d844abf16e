//! Moving an account to another address: proven at the new one, told to the old one.

use async_trait::async_trait;
use model::{
    Account, AccountId, Email, MailTemplate, OutboxMail, Stamp, Violations,
    challenge::{Challenge, Purpose, Verdict},
    session::SecretHash,
};
use store::{Change, Operation, Tx};

use super::{CodeChecked, MailedSecret, greeted, mail_to, sign_up, usable, usable_with_password};
use crate::{Conflict, Error};

/// Mails a code to the new address. If somebody has that address, they get a notice instead, and the caller cannot
/// tell the difference.
#[derive(Clone, Debug)]
pub struct RequestEmailChange {
    /// Whose.
    pub account_id: AccountId,
    /// The hash that the current password was found to match.
    pub verified_hash: String,
    /// The new address.
    pub new_email: Email,
    /// The code.
    pub code: MailedSecret,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for RequestEmailChange {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let account = usable_with_password(tx, self.account_id, &self.verified_hash).await?.account;
        if account.email.as_ref() == Some(&self.new_email) {
            return Err(Violations::one("/new_email", "unchanged", "is the address of this account already").into());
        }
        let previous = tx.challenge(account.id, Purpose::ChangeEmail).await?;
        let hash = Some(self.code.hash);
        let now = self.stamp.now;
        let Some(challenge) = Challenge::issue(previous.as_ref(), account.id, Purpose::ChangeEmail, hash, now) else {
            return Ok(());
        };
        let challenge = Challenge { new_email: Some(self.new_email.clone()), ..challenge };
        let mut ids = self.stamp.ids();
        let mut changes = vec![Change::PutChallenge(challenge)];
        match tx.account_by_email(&self.new_email).await? {
            Some(owner) => {
                let noticed = tx.challenge(owner.account.id, Purpose::SignupNotice).await?;
                changes.extend(sign_up::notice(noticed.as_ref(), &owner.account, &mut ids, self.stamp));
            }
            None => {
                // Whose that address is nobody knows yet.
                let template = MailTemplate::ConfirmEmailChange { name: String::new() };
                let mail = OutboxMail::new(ids.draw(), self.new_email.clone(), template, now);
                let secret = Some(self.code.plain.clone());
                changes.push(Change::InsertMail(OutboxMail { account_id: Some(account.id), secret, ..mail }));
            }
        }
        Ok(tx.apply(&changes).await?)
    }
}

/// Proves the new address and moves the account to it.
#[derive(Clone, Debug)]
pub struct ConfirmEmailChange {
    /// Whose.
    pub account_id: AccountId,
    /// The hash of the presented code.
    pub code_hash: SecretHash,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for ConfirmEmailChange {
    type Output = CodeChecked;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<CodeChecked, Error> {
        let account = usable(tx, self.account_id).await?.account;
        let Some(challenge) = tx.challenge(account.id, Purpose::ChangeEmail).await? else {
            return Ok(CodeChecked::Wrong);
        };
        match challenge.judge(&self.code_hash, self.stamp.now) {
            Verdict::Void => Ok(CodeChecked::Wrong),
            Verdict::Wrong(challenge) => {
                tx.apply(&[Change::PutChallenge(challenge)]).await?;
                Ok(CodeChecked::Wrong)
            }
            Verdict::Right(challenge) => self.move_account(tx, account, challenge).await,
        }
    }
}

impl ConfirmEmailChange {
    async fn move_account(&self, tx: &mut dyn Tx, old: Account, spent: Challenge) -> Result<CodeChecked, Error> {
        let Some(new_email) = spent.new_email.clone() else { return Ok(CodeChecked::Wrong) };
        // It was free when the code was mailed; ten minutes are long enough for somebody else to sign up with it.
        if tx.account_by_email(&new_email).await?.is_some() {
            return Err(Conflict::EmailTaken.into());
        }
        let now = self.stamp.now;
        let account = Account {
            email: Some(new_email.clone()),
            email_verified_at: Some(now),
            updated_at: now,
            version: old.version + 1,
            ..old.clone()
        };
        let template = MailTemplate::EmailChanged { name: greeted(&old), new_email: masked(&new_email) };
        let told = mail_to(&old, self.stamp.ids().draw(), template, now);
        let mut changes = vec![
            Change::PutChallenge(spent),
            Change::UpdateAccount(account.clone()),
            // What waits in the old mailbox must not open the account from there.
            Change::DeleteChallenge { account_id: old.id, purpose: Purpose::ResetPassword },
            Change::DeleteChallenge { account_id: old.id, purpose: Purpose::VerifyEmail },
        ];
        changes.extend(told.map(Change::InsertMail));
        tx.apply(&changes).await?;
        Ok(CodeChecked::Right(account))
    }
}

/// `a•••@example.com`: enough to recognise one's own address, too little to learn another's.
fn masked(email: &Email) -> String {
    let (local, domain) = email.as_str().split_once('@').unwrap_or(("", email.as_str()));
    let first = local.chars().next().map(String::from).unwrap_or_default();
    format!("{first}•••@{domain}")
}
