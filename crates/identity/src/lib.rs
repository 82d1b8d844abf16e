//! Passwords and tokens: the cryptography behind signing in, without any rule about who may.
//!
//! * [`PasswordPool`] hashes and compares passwords off the async threads, bounded, and out of the way of everything
//!   else; [`check_password`] refuses the common ones.
//! * [`Keys`] are the shop's own secrets, in one file.
//! * [`AccessTokens`] issues and verifies the JWTs of ten minutes; [`OpaqueToken`] is every secret that is kept as a
//!   hash: refresh tokens, cookies, reset links.

mod access_token;
mod keys;
mod opaque_token;
mod password_hash;
mod password_pool;
mod password_strength;
mod random;
mod second_factor;

pub use access_token::{AccessClaims, AccessTokens, InvalidToken};
pub use keys::{Keys, KeysError};
pub use opaque_token::OpaqueToken;
pub use password_hash::{COST_DEFAULT, COST_MAX, COST_MIN, Verified, is_usable_hash};
pub use password_pool::{Begun, Overloaded, PasswordPool, PasswordSettings};
pub use password_strength::{check_other_password, check_password};
pub use random::{fresh_stamp, random_code};
pub use second_factor::{RECOVERY_CODES, TotpSecret, recovery_codes, recovery_hash};
