//! Accounts: who somebody is and what they may do.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, Email, text, violation::Violation};

/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// The longest password, in characters.
pub const PASSWORD_MAX: usize = 128;
/// The longest name of a person, in characters.
pub const NAME_MAX: usize = 120;

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Customer,
    /// Works in the shop, as far as the permissions go.
    Staff,
    /// May do everything, and alone may change roles.
    Owner,
}

impl Role {
    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Owner => "owner",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Customer, Self::Staff, Self::Owner].into_iter().find(|role| role.as_str() == text).ok_or(())
    }
}

/// One area of the shop that staff may be trusted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Products, categories, stock.
    Catalogue,
    /// Orders and their moves.
    Orders,
    /// Accounts of customers and the mails sent to them.
    Customers,
    /// How the shop is set up.
    Settings,
}

impl Permission {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Catalogue, Self::Orders, Self::Customers, Self::Settings];

    /// As it is stored and spoken in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Orders => "orders",
            Self::Customers => "customers",
            Self::Settings => "settings",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// Every permission.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether the set has `permission`.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// The permissions in the set.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }

    /// The set as a number, for storing: bit 0 catalogue, 1 orders, 2 customers, 3 settings.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set that [`Permissions::bits`] wrote; `None` when a bit has no meaning.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits & !Self::all().0 == 0).then_some(Self(bits))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Who is asking: what a live session stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The account that is signed in.
    pub account_id: AccountId,
    /// Its role.
    pub role: Role,
    /// Its permissions; they count for staff only.
    pub permissions: Permissions,
}

impl Access {
    /// Whether this account may act in the area of `permission`.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match self.role {
            Role::Owner => true,
            Role::Staff => self.permissions.contains(permission),
            Role::Customer => false,
        }
    }

    /// Whether this account works in the shop.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(self.role, Role::Owner | Role::Staff)
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where its mails go; `None` once the account is deleted.
    pub email: Option<Email>,
    /// The person's name; empty once the account is deleted.
    pub name: String,
    /// A telephone number as the person wrote it.
    pub phone: Option<String>,
    /// What kind of account it is.
    pub role: Role,
    /// What it may do, if it is staff.
    pub permissions: Permissions,
    /// When the person proved that the address is theirs.
    pub email_verified_at: Option<Timestamp>,
    /// Since when it is locked out by the staff.
    pub disabled_at: Option<Timestamp>,
    /// When it was deleted; the row stays, empty, because orders point at it.
    pub deleted_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl Account {
    /// Whether it may be used: neither disabled nor deleted.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.disabled_at.is_none() && self.deleted_at.is_none()
    }

    /// Where its mails go; nowhere once it is deleted.
    #[must_use]
    pub fn reached_at(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.deleted_at.is_none())
    }

    /// What it may do.
    #[must_use]
    pub const fn access(&self) -> Access {
        Access { account_id: self.id, role: self.role, permissions: self.permissions }
    }
}

/// Checks the length of a password, in characters of any script. Whether it is a common one is judged where the
/// dictionary lives.
///
/// # Errors
/// A violation at `pointer`.
pub fn check_password_length(pointer: &str, password: &str) -> Result<(), Violation> {
    let length = password.chars().count();
    let (code, message) = match length {
        0..PASSWORD_MIN => {
            ("too_short", format!("must be at least {PASSWORD_MIN} characters; 15 or more are recommended"))
        }
        PASSWORD_MIN..=PASSWORD_MAX => return Ok(()),
        _ => ("too_long", format!("must be at most {PASSWORD_MAX} characters")),
    };
    Err(Violation { pointer: pointer.to_owned(), code, message })
}

/// Checks a telephone number: digits, spaces and `+ - ( ) . /`, 3 to 40 characters. Formats differ too much between
/// countries to ask for more.
///
/// # Errors
/// A violation at `pointer`.
pub fn phone(pointer: &str, phone: &str) -> Result<String, Violation> {
    let phone = text::optional_line(pointer, phone, 40)?;
    let plausible = phone.chars().filter(char::is_ascii_digit).count() >= 3
        && phone.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
    if plausible {
        Ok(phone)
    } else {
        Err(Violation {
            pointer: pointer.to_owned(),
            code: "invalid_phone",
            message: "must be a telephone number such as +49 30 1234567".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_may_do_everything() {
        let account_id = AccountId(uuid::Uuid::nil());
        let permissions = [Permission::Orders].into_iter().collect();
        let may = |role| Permission::ALL.map(|p| Access { account_id, role, permissions }.may(p));
        assert_eq!(may(Role::Customer), [false; 4]);
        assert_eq!(may(Role::Staff), [false, true, false, false]);
        assert_eq!(may(Role::Owner), [true; 4]);
    }

    #[test]
    fn permission_bits_round_trip_and_unknown_bits_are_refused() {
        for bits in 0..=u8::MAX {
            assert_eq!(Permissions::from_bits(bits).map(Permissions::bits), (bits < 16).then_some(bits));
        }
    }

    #[test]
    fn password_length_counts_characters_not_bytes() {
        assert!(check_password_length("", "пароль!!").is_ok());
        assert!(check_password_length("", "пароль!").is_err());
        assert!(check_password_length("", &"字".repeat(128)).is_ok());
        assert!(check_password_length("", &"字".repeat(129)).is_err());
    }
}
