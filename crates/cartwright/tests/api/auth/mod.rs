//! `/v1/auth`

mod immediate;
mod login;
mod logout;
mod password;
mod refresh;
mod sign_up;
mod verify_email;
