//! Fields of a PATCH that can be left alone, changed, or cleared.

use serde::{Deserialize, Deserializer, de::value::UnitDeserializer};

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
    match Option::<T>::deserialize(deserializer)? {
        Some(value) => Ok(Some(value)),
        // serde_json calls a `null` in the place of an enum's word a mistake in the JSON itself: `T` says of which type it is instead.
        None => T::deserialize(UnitDeserializer::<D::Error>::new()).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Change {
        #[serde(default, deserialize_with = "given")]
        phone: Option<Option<String>>,
        #[serde(default, deserialize_with = "given_and_not_null")]
        name: Option<String>,
        #[serde(default, deserialize_with = "given_and_not_null")]
        size: Option<Size>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Small,
    }

    #[test]
    fn null_is_not_the_same_as_absent() {
        let phone = |json| serde_json::from_str::<Change>(json).expect("valid").phone;
        assert_eq!(phone("{}"), None);
        assert_eq!(phone(r#"{"phone":null}"#), Some(None));
        assert_eq!(phone(r#"{"phone":"1"}"#), Some(Some("1".into())));
    }

    #[test]
    fn null_is_refused_for_what_cannot_be_cleared() {
        let read = |json| serde_json::from_str::<Change>(json);
        let change = read(r#"{"name":"Ann","size":"small"}"#).expect("valid");
        assert_eq!((change.name.as_deref(), change.size), (Some("Ann"), Some(Size::Small)));
        let change = read("{}").expect("valid");
        assert_eq!((change.name, change.size), (None, None));
        for json in [r#"{"name":null}"#, r#"{"size":null}"#] {
            let error = read(json).expect_err(json);
            assert!(error.is_data() && error.to_string().starts_with("invalid type: null, expected "), "{error}");
        }
    }
}
