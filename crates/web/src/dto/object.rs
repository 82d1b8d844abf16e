//! Objects that are only read from objects.
//!
//! What serde derives also takes a list for a structure, field by field in their order: `["...", 2]` for
//! `{"variant_id": "...", "quantity": 2}`. That is no part of the API.

/// Implements `Deserialize` for structures with `#[serde(remote = "Self")]`, from objects alone; and `Serialize` for those
/// after `both`.
macro_rules! only_from_objects {
    ($($dto:ident),* $(; both $($written:ident),+)?) => {
        $(only_from_objects!(@read $dto);)*
        $($(
            only_from_objects!(@read $written);
            impl serde::Serialize for $written {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    Self::serialize(self, serializer)
                }
            }
        )+)?
    };
    (@read $dto:ident) => {
        impl<'de> serde::Deserialize<'de> for $dto {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $dto;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$dto, A::Error> {
                        $dto::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    };
}
pub(super) use only_from_objects;

#[cfg(test)]
mod tests {
    use crate::dto::MoneyDto;

    #[test]
    fn a_list_is_no_object() {
        let read = |json| serde_json::from_str::<MoneyDto>(json).map_err(|error| error.to_string());
        let money = read(r#"{"amount": 5, "currency": "EUR"}"#).expect("money");
        assert_eq!(serde_json::to_string(&money).expect("JSON"), r#"{"amount":5,"currency":"EUR"}"#);
        assert!(read(r#"[5, "EUR"]"#).expect_err("a list").starts_with("invalid type: sequence, expected an object"));
        assert!(read(r#"{"amount": 5, "currency": "EUR", "x": 1}"#).expect_err("unknown").starts_with("unknown field"));
        assert!(read(r#"{"amount": 5}"#).expect_err("missing").starts_with("missing field `currency`"));
    }
}
