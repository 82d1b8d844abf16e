//! Inviting somebody to work in the shop.

use async_trait::async_trait;
use model::{
    Access, Account, Email, MailTemplate, OutboxMail, Permissions, Role, Stamp, Violations,
    challenge::{Challenge, INVITATION_LIFETIME, Purpose},
};
use store::{AccountRow, Change, Operation, Tx};

use super::{MailedSecret, authorised, is_waiting, mail_to, sign_up, usable_with_password};
use crate::{Conflict, Error};

/// Makes an account of one of the staff, and mails a link that lets them choose a password. A customer with this address
/// becomes staff and keeps the password; where nobody proved the address it may be a stranger's, and goes.
#[derive(Clone, Debug)]
pub struct InviteStaff {
    /// Who invites: an owner.
    pub actor: Access,
    /// The hash that the owner's password was found to match: who stole a session must not make it last.
    pub verified_hash: String,
    /// Whom.
    pub email: Email,
    /// The person's name.
    pub name: String,
    /// What they may work with.
    pub permissions: Permissions,
    /// The token of the link.
    pub token: MailedSecret,
    /// The clock and the ids.
    pub stamp: Stamp,
}

#[async_trait]
impl Operation for InviteStaff {
    type Output = Account;
    type Error = Error;

    async fn run(&self, tx: &mut dyn Tx) -> Result<Account, Error> {
        let inviting = usable_with_password(tx, self.actor.account_id, &self.verified_hash).await?.account;
        authorised(self.actor, &inviting, |actor| actor.role == Role::Owner)?;
        let name = sign_up::name(&self.name)?;
        if self.permissions == Permissions::default() {
            let message = "must name what they may work with: at least one area";
            return Err(Violations::one("/permissions", "required", message).into());
        }
        let (mut ids, now) = (self.stamp.ids(), self.stamp.now);
        let (role, permissions) = (Role::Staff, self.permissions);
        let (account, changes) = match tx.account_by_email(&self.email).await? {
            // Whoever never followed the link of an invitation can be invited again.
            Some(row)
                if row.account.disabled_at.is_some() || (row.account.access().is_staff() && !is_waiting(&row)) =>
            {
                return Err(Conflict::EmailTaken.into());
            }
            Some(AccountRow { account: known, .. }) => {
                // What a stranger wrote there would be read as if the owner had written it.
                let (name, phone) =
                    if known.email_verified_at.is_some() { (known.name, known.phone) } else { (name, None) };
                let version = known.version + 1;
                let account = Account { role, permissions, name, phone, updated_at: now, version, ..known };
                (account.clone(), become_staff(account))
            }
            None => {
                let account = sign_up::new_account(&mut ids, &self.email, &name, self.stamp);
                let account = Account { role, permissions, ..account };
                (account.clone(), vec![Change::InsertAccount { account, password_hash: None }])
            }
        };
        let previous = tx.challenge(account.id, Purpose::ResetPassword).await?;
        let hash = Some(self.token.hash);
        let challenge = Challenge::issue(previous.as_ref(), account.id, Purpose::ResetPassword, hash, now);
        let challenge = challenge.ok_or_else(|| {
            Violations::one("/email", "too_many", "got as many mails with links as one gets in an hour; wait a while")
        })?;
        let challenge = Challenge { expires_at: now + INVITATION_LIFETIME, ..challenge };
        let template = MailTemplate::StaffInvitation { name: account.name.clone() };
        let mail = mail_to(&account, ids.draw(), template, now);
        let mail = mail.map(|mail| OutboxMail { secret: Some(self.token.plain.clone()), ..mail });
        let ended = Change::EndSessions { account_id: account.id, except: None, at: now };
        let invitation = [Some(ended), Some(Change::PutChallenge(challenge)), mail.map(Change::InsertMail)];
        tx.apply(&changes.into_iter().chain(invitation.into_iter().flatten()).collect::<Vec<_>>()).await?;
        Ok(account)
    }
}

/// What makes staff of an account that is there. Whoever signed up with an address that they never proved must not get in with
/// what they chose, nor with a code that is on its way.
fn become_staff(account: Account) -> Vec<Change> {
    let (account_id, is_proven) = (account.id, account.email_verified_at.is_some());
    let mut changes = vec![Change::UpdateAccount(account)];
    if !is_proven {
        changes.push(Change::SetPassword { account_id, password_hash: None });
        changes.push(Change::DeleteChallenge { account_id, purpose: Purpose::VerifyEmail });
    }
    changes
}
