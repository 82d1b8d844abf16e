//! Signing up and in, as the API speaks of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::AccountDto;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignUp, example = json!({"email": "ann@example.com", "password": "a quiet garden in May", "name": "Ann Example"}))]
pub struct SignUpDto {
    /// The address to sign in with; compared without case.
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// 8 to 128 characters of any script; 15 or more are recommended. Common ones are refused.
    #[schema(min_length = 8, max_length = 128)]
    pub password: String,
    /// The person's name, 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
}

/// What happens next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Accepted, example = json!({"status": "accepted", "message": "If the address can be used, a mail is on its way to it."}))]
pub struct AcceptedDto {
    /// Always `accepted`.
    pub status: &'static str,
    /// For people; the same whether the address is known or not.
    pub message: &'static str,
}

/// A code from a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyEmail, example = json!({"email": "ann@example.com", "password": "a quiet garden in May", "code": "493017"}))]
pub struct VerifyEmailDto {
    /// The address that the code was mailed to.
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// The password that was chosen when signing up.
    pub password: String,
    /// The six digits.
    pub code: String,
}

/// An address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailOnly, example = json!({"email": "ann@example.com"}))]
pub struct EmailOnlyDto {
    /// The address.
    #[schema(format = "email", max_length = 254)]
    pub email: String,
}

/// Credentials.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login, example = json!({"email": "ann@example.com", "password": "a quiet garden in May"}))]
pub struct LoginDto {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// For staff with a second factor: a code of their app, or a recovery code. An empty one counts as none.
    #[serde(default)]
    pub code: Option<String>,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh, example = json!({"refresh_token": "q8Jc0Uu0Yk3m5m2uZ1Q7p6v3sT9wXyA1bC2dE3fG4hI"}))]
pub struct RefreshDto {
    /// The token of the last reply.
    pub refresh_token: String,
}

/// Who is signed in, and the tokens of this device.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct SignedInDto {
    /// Who.
    pub account: AccountDto,
    /// For the `Authorization: Bearer` header; lives for `expires_in` seconds.
    pub access_token: String,
    /// Exchange it at `/v1/auth/refresh` for new tokens. Each is good once; presenting an old one ends the session.
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(example = 600)]
    pub expires_in: i64,
    /// For how many seconds the refresh token is good, and with it the session, as long as it is not used: its successor is good for as long
    /// again.
    #[schema(example = 2_592_000)]
    pub refresh_expires_in: i64,
}

/// A new password for a mailed token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResetPassword, example = json!({"token": "q8Jc0Uu0Yk3m5m2uZ1Q7p6v3sT9wXyA1bC2dE3fG4hI", "password": "a quiet garden in May"}))]
pub struct ResetPasswordDto {
    /// The token from the mail.
    pub token: String,
    /// The new password.
    #[schema(min_length = 8, max_length = 128)]
    pub password: String,
}

/// A new password for somebody who knows the current one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePassword, example = json!({"current_password": "a quiet garden in May", "new_password": "a loud street in November"}))]
pub struct ChangePasswordDto {
    /// The password as it is.
    pub current_password: String,
    /// The password as it shall be.
    #[schema(min_length = 8, max_length = 128)]
    pub new_password: String,
}

/// The password, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordAgain, example = json!({"current_password": "a quiet garden in May"}))]
pub struct PasswordAgainDto {
    /// The password of whoever asks.
    pub current_password: String,
}

/// A new address for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeEmail, example = json!({"new_email": "ann@example.org", "password": "a quiet garden in May"}))]
pub struct ChangeEmailDto {
    /// The new address; a code is mailed to it.
    #[schema(format = "email", max_length = 254)]
    pub new_email: String,
    /// The account's password.
    pub password: String,
}

/// The code that was mailed to the new address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmEmail, example = json!({"code": "493017"}))]
pub struct ConfirmEmailDto {
    /// The six digits.
    pub code: String,
}
