//! Accounts: signing up, signing in, and everything that a person does to their own account or the staff to another's.
//!
//! Passwords and tokens arrive here as hashes; what makes and compares them is `identity`.

mod addresses;
mod change_email;
mod create_owner;
mod delete_account;
mod invite_staff;
mod passwords;
mod refresh_session;
mod reset_staff;
mod sessions;
mod set_access;
mod sign_up;
mod update_profile;
mod verify_email;

use std::net::IpAddr;

use model::{
    Access, Account, AccountId, Email, MailId, MailTemplate, OutboxMail, Role, SessionId, Timestamp,
    session::{SecretHash, is_of_one_network},
};
use store::{AccountRow, Change, Queries, StoreError, Tx};
use uuid::Uuid;

pub use addresses::{DeleteAddress, SaveAddress};
pub use change_email::{ConfirmEmailChange, RequestEmailChange};
pub use create_owner::{CheckSetupLink, CreateOwner, IssueSetupLink};
pub use delete_account::DeleteAccount;
pub use invite_staff::InviteStaff;
pub use passwords::{ChangePassword, CheckResetToken, RequestPasswordReset, ResetPassword};
pub use refresh_session::{RefreshSession, Refreshed};
pub use reset_staff::{ResetStaff, StaffReset};
pub use sessions::{EndAllSessions, EndSession, StartSession, TouchSession};
pub use set_access::SetAccess;
pub use sign_up::{SignUp, SignUpAtOnce};
pub use update_profile::UpdateProfile;
pub use verify_email::{CodeChecked, ResendCode, VerifyEmail, is_signed_in_by_code};

use crate::{Error, api_keys, saved_views, second_factor, wishlist};

/// A code or token on its way to a mailbox: the mail carries the plain one, the database keeps the hash.
#[derive(Clone)]
pub struct MailedSecret {
    /// What the mail says.
    pub plain: String,
    /// What is kept.
    pub hash: SecretHash,
}

impl std::fmt::Debug for MailedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailedSecret(..)")
    }
}

/// The device that signs in.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The id that its access tokens name.
    pub id: SessionId,
    /// The hash of its first refresh token, or of its cookie.
    pub refresh_hash: SecretHash,
    /// What it is, from its User-Agent.
    pub device: String,
    /// Where it is, a network address.
    pub address: String,
}

/// Whether somebody used the account from this network before, by a session or a mailed link, and the shop still keeps that.
///
/// # Errors
/// The engine failed.
pub async fn is_known_address(queries: &dyn Queries, id: AccountId, address: IpAddr) -> Result<bool, StoreError> {
    let used = queries.session_addresses(id, &address.to_string()).await?;
    Ok(used.iter().any(|used| is_of_one_network(address, used)))
}

/// Whose address that is, and whether they used their account from this network before. Nobody's sessions are asked for where it is nobody's:
/// one question less would be answered sooner, and tell who has an account.
///
/// # Errors
/// The engine failed.
pub async fn look_up(
    queries: &dyn Queries,
    email: &Email,
    address: IpAddr,
) -> Result<(Option<AccountRow>, bool), StoreError> {
    let row = queries.credentials(email).await?;
    let id = row.as_ref().map_or(AccountId(Uuid::nil()), |row| row.account.id);
    let is_known = is_known_address(queries, id, address).await?;
    Ok((row, is_known))
}

/// What goes when somebody comes to an account whose address nobody had proven, and may not be who began it. A stranger's link would go on
/// showing what is put on the wishlist, and goods would go where they live. The account itself loses its telephone with it.
pub(crate) async fn forget_the_beginner(tx: &mut dyn Tx, id: AccountId) -> Result<Vec<Change>, Error> {
    let mut changes = wishlist::forget(tx, id).await?;
    changes.push(Change::DeleteAddresses { account_id: id });
    Ok(changes)
}

/// The name that mails to an account's own address greet it by: none before the address was proven. Whoever signed up may have written
/// anything, and the address may be a stranger's.
pub(crate) fn greeted(account: &Account) -> String {
    greeting(&account.name, account.email_verified_at)
}

/// The same of an account of which no more is known than this.
pub(crate) fn greeting(name: &str, email_verified_at: Option<Timestamp>) -> String {
    if email_verified_at.is_some() { name.to_owned() } else { String::new() }
}

/// A mail to an account's own address; `None` when it has none any more.
pub(crate) fn mail_to(account: &Account, id: MailId, template: MailTemplate, now: Timestamp) -> Option<OutboxMail> {
    let to = account.email.clone()?;
    Some(OutboxMail { account_id: Some(account.id), ..OutboxMail::new(id, to, template, now) })
}

/// The account, if it can be used.
pub(crate) async fn usable(tx: &mut dyn Tx, id: AccountId) -> Result<AccountRow, Error> {
    usable_row(tx.account(id).await?)
}

/// The account that was loaded, if it can be used.
pub(crate) fn usable_row(row: Option<AccountRow>) -> Result<AccountRow, Error> {
    row.filter(|row| row.account.is_usable()).ok_or(Error::NotAuthenticated)
}

/// The account, if it can be used and its password is still the one that was verified before the transaction.
pub(crate) async fn usable_with_password(
    tx: &mut dyn Tx,
    id: AccountId,
    verified_hash: &str,
) -> Result<AccountRow, Error> {
    let row = usable(tx, id).await?;
    if has_password(&row, verified_hash) { Ok(row) } else { Err(Error::NotAuthenticated) }
}

/// Whether the password is still the one that was verified before the transaction.
fn has_password(row: &AccountRow, verified_hash: &str) -> bool {
    row.password_hash.as_deref() == Some(verified_hash)
}

/// Who does something to another's account, if they can be used, and that account.
async fn actor_and_target(tx: &mut dyn Tx, actor: Access, target: AccountId) -> Result<(AccountRow, Account), Error> {
    if actor.account_id < target {
        // Locked in one order: two who change each other must not wait for each other.
        tx.account(actor.account_id).await?;
    }
    let row = tx.account(target).await?.filter(|row| row.account.deleted_at.is_none());
    let target = row.ok_or(Error::NotFound("account"))?.account;
    Ok((usable(tx, actor.account_id).await?, target))
}

/// Whether somebody may do something: as they came in (an API key may do less than its owner), and as their account is by now, which
/// may have changed while a password was compared.
pub(crate) fn authorised(came_in: Access, account: &Account, is_allowed: impl Fn(Access) -> bool) -> Result<(), Error> {
    if is_allowed(came_in) && is_allowed(account.access()) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Whether somebody was invited to work in the shop and has chosen no password yet.
fn is_waiting(row: &AccountRow) -> bool {
    row.account.role == Role::Staff && row.account.email_verified_at.is_none() && row.password_hash.is_none()
}

/// Takes from an account what it has as one of the staff: its second factor, its saved views and its API keys.
async fn forget_staff(tx: &mut dyn Tx, id: AccountId) -> Result<Vec<Change>, StoreError> {
    let mut changes = api_keys::forget(tx, id).await?;
    changes.extend(second_factor::forget(tx, id).await?);
    changes.extend(saved_views::forget(tx, id).await?);
    Ok(changes)
}

/// The usable account with this address.
async fn usable_by_email(tx: &mut dyn Tx, email: &Email) -> Result<Option<AccountRow>, StoreError> {
    Ok(tx.account_by_email(email).await?.filter(|row| row.account.is_usable()))
}
