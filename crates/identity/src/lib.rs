//! Passwords and tokens: the cryptography behind signing in, without any rule about who may.
