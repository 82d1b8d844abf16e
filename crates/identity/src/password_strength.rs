//! Refusing the passwords that everybody tries first.

use model::{Violation, account::check_password_length};
use zxcvbn::{Score, zxcvbn};

use crate::password_hash::normal;

/// How much of a password is looked at: the estimate takes time that grows faster than the length, and what begins with
/// 32 characters that cannot be guessed cannot be guessed.
const LOOKED_AT: usize = 32;
/// In how many ways the estimate may read signs as letters: it looks for words in each. A sign that may stand for a letter, and that would
/// make them more, is looked at as another that may not: what has so many of them is no word with a few letters replaced.
const READINGS_MAX: usize = 16;
/// The signs that the estimate reads as letters: those of a letter in each text.
const SIGNS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];
/// Where Unicode has signs that stand for nothing.
const PRIVATE: u32 = 0xe000;
/// How many words about the person are compared at most.
const WORDS_MAX: usize = 32;

/// Checks a new password: its length, and that it is not among those that are guessed within about a million tries.
/// `personal` are words that a guesser would try for this person: name, address.
///
/// # Errors
/// A violation at `pointer` that says what to do.
pub fn check_password(pointer: &str, password: &str, personal: &[&str]) -> Result<(), Violation> {
    check_password_length(pointer, password)?;
    if zxcvbn(&looked_at(password), &words(personal)).score() >= Score::Two {
        return Ok(());
    }
    Err(Violation {
        pointer: pointer.to_owned(),
        code: "too_common",
        message: "is too easy to guess; 15 characters or more are recommended, for example a sentence of your own"
            .to_owned(),
    })
}

/// What the estimate is made of: the beginning, with no more signs that stand for letters than it can read soon.
fn looked_at(password: &str) -> String {
    let mut taken: Vec<char> = Vec::new();
    let readings = |taken: &[char]| -> usize {
        SIGNS.iter().map(|of_letter| of_letter.chars().filter(|sign| taken.contains(sign)).count().max(1)).product()
    };
    let look_at = |sign: char| {
        if taken.contains(&sign) {
            return sign;
        }
        taken.push(sign);
        if readings(&taken) <= READINGS_MAX {
            return sign;
        }
        taken.pop();
        // One for each, so that what is repeated stays so.
        char::from_u32(PRIVATE + u32::from(sign)).unwrap_or(sign)
    };
    normal(password).chars().take(LOOKED_AT).map(look_at).collect()
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
    use std::time::Instant;

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
    fn no_password_takes_much_longer_to_judge_than_another() {
        let took = |password: &str| {
            let times = (0..9).map(|_| {
                let begin = Instant::now();
                let _ = check_password("", password, &["ann@example.com", "Ann Example"]);
                begin.elapsed()
            });
            times.min().expect("some")
        };
        let usual = took("a quiet garden in May, with roses");
        // Without an end to the readings it is some hundred times as much.
        for odd in ["@4@4({[<369&#!1/|0$5+7%2!1|7$5@4", "4@({[<691!|1|7$5+7", "({[<({[<({[<({[<1|!71|!71|!71|!7"] {
            let took = took(odd);
            assert!(took < usual * 40, "{odd}: {took:?} and not {usual:?}");
        }
    }

    #[test]
    fn signs_that_stand_for_letters_are_seen_through_up_to_some() {
        for common in ["p@ssw0rd", "p4$$w0rd1", "1l0v3y0u!", "@dm1n1$tr@t0r"] {
            assert_eq!(code(common), Some("too_common"), "{common}");
        }
        assert_eq!(looked_at("p@ssw0rd"), "p@ssw0rd");
        let many = looked_at("4@({[<69!1");
        assert!(many.starts_with("4@({[<") && many != "4@({[<69!1", "{many:?}");
        for good in ["({[<1|!7", "4@({[<69!1"] {
            assert_eq!(code(good), None, "{good}");
        }
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
