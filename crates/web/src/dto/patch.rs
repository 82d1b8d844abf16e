//! Fields of a PATCH that can be left alone, changed, or cleared.

use serde::{Deserialize, Deserializer};

/// Tells `null` (`Some(None)`: clear it) from a field that was left out (`None`: leave it). Use it as
/// `#[serde(default, deserialize_with = "given")]` on a field of type `Option<Option<T>>`.
///
/// # Errors
/// What reading a `T` gives.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Refuses a `null` for what cannot be cleared, instead of taking it for what was left out. Use it as
/// `#[serde(default, deserialize_with = "given_and_not_null")]` on a field of type `Option<T>`.
///
/// # Errors
/// What reading a `T` gives.
pub(super) fn given_and_not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Change {
        #[serde(default, deserialize_with = "given")]
        phone: Option<Option<String>>,
    }

    #[test]
    fn null_is_not_the_same_as_absent() {
        let phone = |json| serde_json::from_str::<Change>(json).expect("valid").phone;
        assert_eq!(phone("{}"), None);
        assert_eq!(phone(r#"{"phone":null}"#), Some(None));
        assert_eq!(phone(r#"{"phone":"1"}"#), Some(Some("1".into())));
    }
}
