//! Accounts and their sessions.

use commerce::{
    Error,
    accounts::{CodeChecked, CreateOwner, MailedSecret, NewSession, SignUp, StartSession, VerifyEmail},
};
use model::{Account, AccountId, Email, Permission, Role, SessionId, session::SecretHash};
use store::Change;

use super::Shop;

/// `ann@example.com` for `ann`.
///
/// # Panics
/// When `name` cannot stand in an address.
#[must_use]
pub fn email(name: &str) -> Email {
    Email::parse("/email", &format!("{name}@example.com")).expect("a plain name")
}

/// What stands for the hash of somebody's password.
#[must_use]
pub fn password(name: &str) -> String {
    format!("hash of the password of {name}")
}

/// What stands for the hash of a secret: other secrets have other ones.
///
/// # Panics
/// When `secret` is longer than 32 bytes.
#[must_use]
pub fn hash(secret: &str) -> SecretHash {
    let mut hash = [0; 32];
    hash.get_mut(..secret.len()).expect("a short secret").copy_from_slice(secret.as_bytes());
    hash
}

/// A code or token.
#[must_use]
pub fn secret(plain: &str) -> MailedSecret {
    MailedSecret { plain: plain.to_owned(), hash: hash(plain) }
}

impl Shop {
    /// A customer whose address is proven.
    ///
    /// # Panics
    /// When the name is taken.
    pub async fn customer(&self, name: &str) -> Account {
        self.account(name, Role::Customer, &[]).await
    }

    /// Staff with these permissions.
    ///
    /// # Panics
    /// When the name is taken.
    pub async fn staff(&self, name: &str, permissions: &[Permission]) -> Account {
        self.account(name, Role::Staff, permissions).await
    }

    /// An owner.
    ///
    /// # Panics
    /// When the name is taken.
    pub async fn owner(&self, name: &str) -> Account {
        let owner = CreateOwner {
            email: email(name),
            name: name.to_owned(),
            password_hash: password(name),
            setup_link: None,
            stamp: self.next_stamp(),
        };
        self.run(owner).await.expect("an owner")
    }

    async fn account(&self, name: &str, role: Role, permissions: &[Permission]) -> Account {
        let account = self.new_account(name, role, permissions);
        let insert = Change::InsertAccount { account: account.clone(), password_hash: Some(password(name)) };
        self.apply(vec![insert]).await.expect("a new account");
        account
    }

    /// An account that is not stored yet.
    #[must_use]
    pub fn new_account(&self, name: &str, role: Role, permissions: &[Permission]) -> Account {
        let now = self.next_stamp().now;
        Account {
            id: self.id(),
            email: Some(email(name)),
            name: name.to_owned(),
            phone: None,
            role,
            permissions: permissions.iter().copied().collect(),
            email_verified_at: Some(now),
            disabled_at: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Signs up, as `code` will prove.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn sign_up(&self, name: &str, code: &str) {
        self.run(self.sign_up_as(name, code, &password(name))).await.expect("signed up");
    }

    /// A sign-up with this password.
    #[must_use]
    pub fn sign_up_as(&self, name: &str, code: &str, password_hash: &str) -> SignUp {
        SignUp {
            email: email(name),
            name: name.to_owned(),
            password_hash: password_hash.to_owned(),
            code: secret(code),
            stamp: self.next_stamp(),
        }
    }

    /// Presents a code for an address, and the password that the account has.
    ///
    /// # Panics
    /// When the engine fails.
    pub async fn verification(&self, name: &str, code: &str) -> VerifyEmail {
        let row = self.db().credentials(&email(name)).await.expect("an answer");
        self.verification_with(name, code, &row.and_then(|row| row.password_hash).unwrap_or_default())
    }

    /// Presents a code for an address, and this password.
    #[must_use]
    pub fn verification_with(&self, name: &str, code: &str, password_hash: &str) -> VerifyEmail {
        VerifyEmail {
            email: email(name),
            verified_hash: password_hash.to_owned(),
            code_hash: hash(code),
            session: self.device(),
            stamp: self.stamp(),
        }
    }

    /// Presents a code for an address; whether it was right.
    ///
    /// # Panics
    /// When the engine fails.
    pub async fn verify(&self, name: &str, code: &str) -> bool {
        match self.run(self.verification(name, code).await).await.expect("an answer") {
            CodeChecked::Right(account) => {
                assert_eq!(account.email, Some(email(name)));
                true
            }
            CodeChecked::Wrong => false,
        }
    }

    /// A device that never signed in before. Its refresh token is `token-N`.
    #[must_use]
    pub fn device(&self) -> NewSession {
        let number = self.number();
        NewSession {
            id: self.id(),
            refresh_hash: hash(&format!("token-{number}")),
            device: format!("Browser {number}"),
            address: "192.0.2.1".to_owned(),
        }
    }

    /// Signs an account in with the password that [`password`] gives for its name.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn sign_in(&self, account: &Account) -> NewSession {
        let session = self.device();
        self.run(self.login(account, &password(&account.name), &session)).await.expect("signed in");
        session
    }

    /// A login with this password.
    #[must_use]
    pub fn login(&self, account: &Account, verified_hash: &str, session: &NewSession) -> StartSession {
        StartSession {
            account_id: account.id,
            verified_hash: verified_hash.to_owned(),
            rehashed: None,
            require_verified: true,
            session: session.clone(),
            stamp: self.next_stamp(),
        }
    }

    /// Whether a session is worth anything now.
    ///
    /// # Panics
    /// When the engine fails.
    pub async fn is_signed_in(&self, id: SessionId) -> bool {
        self.db().session_access(id, self.now()).await.expect("an answer").is_some()
    }

    /// The account as it is now.
    ///
    /// # Panics
    /// When there is none.
    pub async fn account_now(&self, id: AccountId) -> Account {
        self.db().account(id).await.expect("an answer").expect("an account")
    }

    /// The hash of an account's password.
    ///
    /// # Panics
    /// When the engine fails.
    pub async fn password_now(&self, id: AccountId) -> Option<String> {
        self.db().password_hash(id).await.expect("an answer")
    }

    /// Locks an account.
    ///
    /// # Errors
    /// Its refusal.
    pub async fn disable(&self, actor: &Account, target: &Account, disabled: bool) -> Result<Account, Error> {
        let set = commerce::accounts::SetAccess {
            actor: actor.access(),
            account_id: target.id,
            disabled: Some(disabled),
            role: None,
            permissions: None,
            verified_hash: Some(password(&actor.name)),
            if_version: None,
            now: self.now(),
        };
        self.run(set).await
    }
}
