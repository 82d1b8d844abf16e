//! Places where the program can be made to fail, and guards that can be lifted.
//!
//! A promise is worth what its tests are, and a test is worth something when it fails without the guard that it watches. So the
//! program has a few named places: at a *crash point* it can end as if killed, and a *guard* can be lifted. Both are empty in the
//! program that is shipped: without the feature `enabled`, which only the tests' build asks for, the functions
//! here are constants. With it, the environment variable `FAILPOINTS` says what happens where, in the language of the crate `fail`:
//!
//! ```text
//! FAILPOINTS='commit.before=6*off->return'     ends the process at the seventh commit, just before it
//! FAILPOINTS='guard.stock=return'              sells what is not there
//! ```

/// Whether something is to fail: never in the program that is shipped.
#[must_use]
pub fn is_armed() -> bool {
    cfg!(feature = "enabled") && std::env::var_os("FAILPOINTS").is_some()
}

/// Reads what shall happen where. Called once, before there are threads.
pub fn arm() {
    #[cfg(feature = "enabled")]
    // For as long as the process lives.
    std::mem::forget(fail::FailScenario::setup());
}

/// A place at which the process may end, as by `kill -9`: nothing is written, nobody is told.
#[inline]
pub fn crash_point(name: &str) {
    #[cfg(feature = "enabled")]
    fail::fail_point!(name, |_| -> () { std::process::abort() });
    #[cfg(not(feature = "enabled"))]
    let _ = name;
}

/// Whether the guard of this name was lifted. Never, in the program that is shipped.
#[inline]
#[must_use]
pub fn is_lifted(guard: &str) -> bool {
    #[cfg(feature = "enabled")]
    fail::fail_point!(guard, |_| true);
    #[cfg(not(feature = "enabled"))]
    let _ = guard;
    false
}

#[cfg(all(test, feature = "enabled"))]
mod tests {
    #[test]
    fn what_is_named_fails_and_nothing_else() {
        let _scenario = fail::FailScenario::setup();
        assert!(!super::is_lifted("guard.stock"));
        fail::cfg("guard.stock", "return").expect("words that it knows");
        assert!(super::is_lifted("guard.stock"));
        assert!(!super::is_lifted("guard.cost"));
        super::crash_point("commit.before");
    }
}

#[cfg(all(test, not(feature = "enabled")))]
mod tests {
    #[test]
    fn the_shipped_program_cannot_be_made_to_fail() {
        assert!(!super::is_armed());
        assert!(!super::is_lifted("guard.stock"));
        super::crash_point("commit.before");
    }
}
