//! Refusing the passwords that everybody tries first.

use model::{Violation, account::check_password_length};
use zxcvbn::{Score, zxcvbn};

use crate::password_hash::normal;

/// How much of a password is looked at: the estimate takes time that grows faster than the length, and what begins with
/// 32 characters that cannot be guessed cannot be guessed.
const LOOKED_AT: usize = 32;
/// How many words about the person are compared at most.
const WORDS_MAX: usize = 32;

/// Checks a new password: its length, and that it is not among those that are guessed within about a million tries.
/// `personal` are words that a guesser would try for this person: name, address.
///
/// # Errors
/// A violation at `pointer` that says what to do.
pub fn check_password(pointer: &str, password: &str, personal: &[&str]) -> Result<(), Violation> {
    check_password_length(pointer, password)?;
    let start: String = normal(password).chars().take(LOOKED_AT).collect();
    if zxcvbn(&start, &words(personal)).score() >= Score::Two {
        return Ok(());
    }
    Err(Violation {
        pointer: pointer.to_owned(),
        code: "too_common",
        message: "is too easy to guess; 15 characters or more are recommended, for example a sentence of your own"
            .to_owned(),
    })
}

/// Checks that a new password is another one than `current`, the one that comes beside it to prove who asks. The two are compared as they
/// were given, and with nothing that is kept: whoever does not know the password learns nothing.
///
/// # Errors
/// A violation at `pointer`.
pub fn check_other_password(pointer: &str, password: &str, current: &str) -> Result<(), Violation> {
    if normal(password) != normal(current) {
        return Ok(());
    }
    Err(Violation {
        pointer: pointer.to_owned(),
        code: "unchanged",
        message: "must be another one than the current password".to_owned(),
    })
}

/// The inputs and what is in them: of `anna.schmidt@example.com` also `anna.schmidt`, `anna`, `schmidt` and `example`.
fn words<'a>(personal: &[&'a str]) -> Vec<&'a str> {
    let parts = personal.iter().flat_map(|input| {
        let words = input.split('@').chain(input.split(|c: char| !c.is_alphanumeric()));
        std::iter::once(*input).chain(words).filter(|word| word.len() > 2)
    });
    parts.take(WORDS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(password: &str) -> Option<&'static str> {
        check_password("/password", password, &["ann@example.com", "Ann Example"]).err().map(|wrong| wrong.code)
    }

    #[test]
    fn common_and_personal_passwords_are_refused() {
        for common in
            ["password", "12345678", "qwertyuiop", "iloveyou1", "Password1", "aaaaaaaaaaaa", "ann example", "abcdefgh"]
        {
            assert_eq!(code(common), Some("too_common"), "{common}");
        }
    }

    #[test]
    fn good_ones_of_any_script_pass() {
        for good in [
            "a quiet garden in May",
            "correct horse battery staple",
            "тихий сад весной",
            "春の静かな庭で本を読む",
            "xK9#mQ2$vL",
        ] {
            assert_eq!(code(good), None, "{good}");
        }
        let longest: String = (0..128_u32).filter_map(|n| char::from_u32(0x4e00 + n * 37)).collect();
        assert_eq!(code(&longest), None);
    }

    #[test]
    fn what_others_know_of_the_person_is_no_password() {
        let person = ["wolfgang.zabriskie@example.com", "Wolfgang Zabriskie"];
        for password in ["wolfgang.zabriskie", "Zabriskie1", "zabriskiewolfgang"] {
            assert!(check_password("", password, &person).is_err(), "{password}");
        }
        assert!(check_password("", "zabriskiewolfgang", &[]).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_input_makes_it_panic(password in "\\PC{8,128}|[0-9/.-]{8,40}|[a-c]{8,64}", input in "\\PC{0,40}") {
            let _ = check_password("", &password, &[&input]);
        }
    }

    #[test]
    fn a_new_password_is_another_one_however_it_is_typed() {
        let code = |new: &str, current: &str| check_other_password("/new", new, current).err().map(|wrong| wrong.code);
        assert_eq!(code("a quiet garden in May", "a quiet garden in May"), Some("unchanged"));
        assert_eq!(code("caf\u{e9} in the garden", "cafe\u{301} in the garden"), Some("unchanged"));
        for other in ["a quiet garden in may", "a quiet garden in May ", ""] {
            assert_eq!(code("a quiet garden in May", other), None, "{other:?}");
        }
    }

    #[test]
    fn lengths_are_judged_first() {
        assert_eq!(code("xK9#mQ2"), Some("too_short"));
        assert_eq!(code(&"xK9#mQ2$vL".repeat(13)), Some("too_long"));
    }
}
