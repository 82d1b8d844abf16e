//! `/v1/auth`

mod immediate;
mod login;
mod logout;
mod password;
mod refresh;
mod second_factor;
mod sign_up;
mod verify_email;
