//! Signing up.

use async_trait::async_trait;
use model::{
    Account, Email, MailTemplate, OutboxMail, Permissions, Role, Stamp, Violations,
    account::NAME_MAX,
    challenge::{Challenge, Purpose},
    stamp::Ids,
    text,
};
use store::{Change, Operation, Tx};

use super::{MailedSecret, NewSession, greeted, mail_to, sessions};
use crate::{Conflict, Error};

/// Signs up and mails a code. Tells nobody whether the address is known: a known one gets a mail that says so.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The address.
    pub email: Email,
    /// The person's name.
    pub name: String,
    /// The hash of the password.
    pub password_hash: String,
    /// The code.
    pub code: MailedSecret,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for SignUp {
    type Output = ();
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let name = name(&self.name)?;
        let mut ids = self.stamp.ids();
        let changes = match tx.account_by_email(&self.email).await? {
            None => {
                let account = new_account(&mut ids, &self.email, &name, self.stamp);
                let code = code_changes(None, &account, &self.code, &mut ids, self.stamp).unwrap_or_default();
                let insert = Change::InsertAccount { account, password_hash: Some(self.password_hash.clone()) };
                std::iter::once(insert).chain(code).collect()
            }
            // Nobody proved this address yet, so whoever signs up last and reads the newest code has it: the code
            // is good together with the password that came with it. Those who work in the shop were invited or brought over: nobody
            // chooses their password for them.
            Some(row) if is_unproven_customer(&row.account) => {
                let previous = tx.challenge(row.account.id, Purpose::VerifyEmail).await?;
                match code_changes(previous.as_ref(), &row.account, &self.code, &mut ids, self.stamp) {
                    Some(code) => self.replace(row.account, name, code),
                    None => Vec::new(),
                }
            }
            Some(row) => {
                let previous = tx.challenge(row.account.id, Purpose::SignupNotice).await?;
                notice(previous.as_ref(), &row.account, &mut ids, self.stamp)
            }
        };
        Ok(tx.apply(&changes).await?)
    }
}

impl SignUp {
    fn replace(&self, account: Account, name: String, code: Vec<Change>) -> Vec<Change> {
        let account_id = account.id;
        let account = Account { name, updated_at: self.stamp.now, version: account.version + 1, ..account };
        let mut changes = vec![
            Change::UpdateAccount(account),
            Change::SetPassword { account_id, password_hash: Some(self.password_hash.clone()) },
            Change::EndSessions { account_id, except: None, at: self.stamp.now },
        ];
        changes.extend(code);
        changes
    }
}

/// Signs up and signs in at once, for shops that chose to. It tells whether an address is known.
#[derive(Clone, Debug)]
pub struct SignUpAtOnce {
    /// The sign-up.
    pub sign_up: SignUp,
    /// Whether its code is mailed all the same. It can be asked for later too.
    pub is_code_mailed: bool,
    /// The device.
    pub session: NewSession,
}

#[async_trait]
impl Operation for SignUpAtOnce {
    type Output = Account;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Account, Error> {
        let SignUp { email, password_hash, code, stamp, .. } = &self.sign_up;
        let name = name(&self.sign_up.name)?;
        if tx.account_by_email(email).await?.is_some() {
            return Err(Conflict::EmailTaken.into());
        }
        let mut ids = stamp.ids();
        let account = new_account(&mut ids, email, &name, *stamp);
        let code = self.is_code_mailed.then(|| code_changes(None, &account, code, &mut ids, *stamp)).flatten();
        let mut changes =
            vec![Change::InsertAccount { account: account.clone(), password_hash: Some(password_hash.clone()) }];
        changes.extend(code.into_iter().flatten());
        changes.extend(sessions::open(&account, &self.session, stamp.now));
        tx.apply(&changes).await?;
        Ok(account)
    }
}

fn is_unproven_customer(account: &Account) -> bool {
    account.email_verified_at.is_none() && account.is_usable() && !account.access().is_staff()
}

/// A person's name, as accounts keep it.
pub(super) fn name(name: &str) -> Result<String, Violations> {
    text::line("/name", name, NAME_MAX).map_err(|wrong| Violations(vec![wrong]))
}

pub(super) fn new_account(ids: &mut Ids, email: &Email, name: &str, stamp: Stamp) -> Account {
    Account {
        id: ids.draw(),
        email: Some(email.clone()),
        name: name.to_owned(),
        phone: None,
        role: Role::Customer,
        permissions: Permissions::default(),
        email_verified_at: None,
        disabled_at: None,
        deleted_at: None,
        created_at: stamp.now,
        updated_at: stamp.now,
        version: 1,
    }
}

/// A new code and its mail; `None` when the budget of this hour is spent.
pub(super) fn code_changes(
    previous: Option<&Challenge>,
    account: &Account,
    code: &MailedSecret,
    ids: &mut Ids,
    stamp: Stamp,
) -> Option<Vec<Change>> {
    let challenge = Challenge::issue(previous, account.id, Purpose::VerifyEmail, Some(code.hash), stamp.now)?;
    let template = MailTemplate::VerifyEmail { name: greeted(account) };
    let mail = mail_to(account, ids.draw(), template, stamp.now)?;
    let mail = OutboxMail { secret: Some(code.plain.clone()), ..mail };
    Some(vec![Change::PutChallenge(challenge), Change::InsertMail(mail)])
}

/// The mail to somebody whose address was used to sign up again, within the budget of this hour.
pub(super) fn notice(previous: Option<&Challenge>, account: &Account, ids: &mut Ids, stamp: Stamp) -> Vec<Change> {
    let Some(challenge) = Challenge::issue(previous, account.id, Purpose::SignupNotice, None, stamp.now) else {
        return Vec::new();
    };
    let template = MailTemplate::AccountExists { name: greeted(account) };
    let mail = mail_to(account, ids.draw(), template, stamp.now).map(Change::InsertMail);
    std::iter::once(Change::PutChallenge(challenge)).chain(mail).collect()
}
