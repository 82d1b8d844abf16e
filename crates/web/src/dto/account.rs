//! Accounts, sessions and saved addresses, as the API speaks of them.

use model::{
    Account, AccountId, AddressId, Permission, PostalAddress, Role, SavedAddress, Session, SessionId, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{object::only_from_objects, patch};
use crate::device::device_text;

only_from_objects!(; both PostalAddressDto);

/// An account, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountDto {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: AccountId,
    /// The address that it signs in with.
    #[schema(required, example = "ann@example.com")]
    pub email: Option<String>,
    /// The person's name.
    #[schema(example = "Ann Example")]
    pub name: String,
    /// A telephone number.
    #[schema(required, example = "+49 30 1234567")]
    pub phone: Option<String>,
    /// `customer`, `staff` or `owner`.
    #[schema(value_type = RoleDto)]
    pub role: Role,
    /// What a member of staff may do. Empty for customers; an owner may do everything.
    #[schema(value_type = Vec<PermissionDto>)]
    pub permissions: Vec<Permission>,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; the `ETag` carries it.
    pub version: i64,
}

impl From<&Account> for AccountDto {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id,
            email: account.email.as_ref().map(ToString::to_string),
            name: account.name.clone(),
            phone: account.phone.clone(),
            role: account.role,
            permissions: account.permissions.iter().collect(),
            email_verified: account.email_verified_at.is_some(),
            created_at: account.created_at,
            updated_at: account.updated_at,
            version: account.version,
        }
    }
}

/// An account, as the staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminAccountDto {
    /// What its owner sees.
    #[serde(flatten)]
    pub account: AccountDto,
    /// Whether it is locked out.
    pub disabled: bool,
    /// Since when it is locked out.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Timestamp>,
}

impl From<&Account> for AdminAccountDto {
    fn from(account: &Account) -> Self {
        Self { account: account.into(), disabled: account.disabled_at.is_some(), disabled_at: account.disabled_at }
    }
}

/// What kind of account it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub enum RoleDto {
    /// Buys.
    Customer,
    /// Works in the shop, as far as the permissions go.
    Staff,
    /// May do everything.
    Owner,
}

/// One area of the shop.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Permission)]
pub enum PermissionDto {
    /// Products, categories, stock.
    Catalogue,
    /// Orders and their moves.
    Orders,
    /// Accounts of customers and the mails sent to them.
    Customers,
    /// How the shop is set up.
    Settings,
}

/// A change of one's profile; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ann Example", "phone": "+49 30 1234567"}))]
pub struct ProfilePatchDto {
    /// The name, 1 to 120 characters.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    pub name: Option<String>,
    /// A telephone number; `null` removes it.
    #[serde(default, deserialize_with = "patch::given")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
}

/// A change of what an account may do; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "staff", "permissions": ["catalogue", "orders"], "current_password": "a quiet garden in May"}))]
pub struct AccessPatchDto {
    /// Whether it is locked out. Its sessions end at once.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = bool)]
    pub disabled: Option<bool>,
    /// Its role; for the owner to change.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = RoleDto)]
    pub role: Option<Role>,
    /// Its permissions, if it is staff; for the owner to change.
    #[serde(default, deserialize_with = "patch::given_and_not_null")]
    #[schema(value_type = Vec<PermissionDto>)]
    pub permissions: Option<Vec<Permission>>,
    /// The password of the owner who asks, which a change of role or permissions takes, and to unlock one of the staff.
    pub current_password: Option<String>,
}

/// A signed-in device.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionDto {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: SessionId,
    /// What it is, for people: browser and system where its User-Agent says so, and the User-Agent itself where not.
    #[schema(example = "Firefox on Linux")]
    pub device: String,
    /// The network address that it was last used from.
    #[schema(example = "203.0.113.7")]
    pub address: String,
    /// When it signed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last refreshed its tokens.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl SessionDto {
    /// The session, seen from the session `current`.
    #[must_use]
    pub fn new(session: Session, current: SessionId) -> Self {
        Self {
            current: session.id == current,
            id: session.id,
            device: device_text(&session.device),
            address: session.address,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// Where an order is to go. Name, street and town must be there, and the postal code where the country's post asks for one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, remote = "Self")]
#[schema(as = PostalAddress, example = json!({"name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"}))]
pub struct PostalAddressDto {
    /// Who receives it.
    #[schema(max_length = 120)]
    pub name: String,
    /// Street and number.
    #[schema(max_length = 200)]
    pub line1: String,
    /// Flat, floor, company.
    #[schema(max_length = 200)]
    pub line2: Option<String>,
    /// Town.
    #[schema(max_length = 200)]
    pub city: String,
    /// State, province or county.
    #[schema(max_length = 200)]
    pub region: Option<String>,
    /// Postal code. May be left out or empty for a country without them, such as Hong Kong, or whose post does without. Where there
    /// must be one, leaving it out is 422 `required`.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code, or `XK` for Kosovo.
    #[schema(max_length = 2)]
    pub country: String,
    /// A telephone number for the carrier.
    #[schema(max_length = 40)]
    pub phone: Option<String>,
}

impl From<PostalAddressDto> for PostalAddress {
    fn from(dto: PostalAddressDto) -> Self {
        let PostalAddressDto { name, line1, line2, city, region, postal_code, country, phone } = dto;
        Self { name, line1, line2, city, region, postal_code, country, phone }
    }
}

/// An address to keep for next time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Home", "name": "Ann Example", "line1": "Lindenstrasse 1", "city": "Berlin", "postal_code": "10969", "country": "DE"}))]
pub struct SaveAddressDto {
    /// What its owner calls it.
    #[schema(max_length = 60)]
    pub label: Option<String>,
    /// Who receives it.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// Street and number.
    #[schema(min_length = 1, max_length = 200)]
    pub line1: String,
    /// Flat, floor, company.
    #[schema(max_length = 200)]
    pub line2: Option<String>,
    /// Town.
    #[schema(min_length = 1, max_length = 200)]
    pub city: String,
    /// State, province or county.
    #[schema(max_length = 200)]
    pub region: Option<String>,
    /// Postal code. May be left out or empty for a country without them, such as Hong Kong, or whose post does without. Where there
    /// must be one, leaving it out is 422 `required`.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code, or `XK` for Kosovo.
    #[schema(min_length = 2, max_length = 2)]
    pub country: String,
    /// A telephone number for the carrier.
    #[schema(max_length = 40)]
    pub phone: Option<String>,
}

impl SaveAddressDto {
    /// The label and the address.
    #[must_use]
    pub fn split(self) -> (Option<String>, PostalAddress) {
        let Self { label, name, line1, line2, city, region, postal_code, country, phone } = self;
        (label, PostalAddress { name, line1, line2, city, region, postal_code, country, phone })
    }
}

/// A saved address.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedAddressDto {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: AddressId,
    /// What its owner calls it.
    #[schema(required)]
    pub label: Option<String>,
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor, company.
    #[schema(required)]
    pub line2: Option<String>,
    /// Town.
    pub city: String,
    /// State, province or county.
    #[schema(required)]
    pub region: Option<String>,
    /// Postal code; empty where there is none.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code, or `XK` for Kosovo.
    pub country: String,
    /// A telephone number for the carrier.
    #[schema(required)]
    pub phone: Option<String>,
}

impl From<SavedAddress> for SavedAddressDto {
    fn from(saved: SavedAddress) -> Self {
        let PostalAddress { name, line1, line2, city, region, postal_code, country, phone } = saved.address;
        Self { id: saved.id, label: saved.label, name, line1, line2, city, region, postal_code, country, phone }
    }
}
