//! Values on their way into statements.

use jiff::Timestamp;
use serde::Serialize;
use store::StoreError;
use tokio_postgres::types::{Json, ToSql, Type};
use uuid::Uuid;

/// A value with the type that it has in the database.
pub(crate) struct Param {
    value: Box<dyn ToSql + Send + Sync>,
    kind: Type,
}

impl Param {
    /// The value `value`.
    pub(crate) fn of<T: Bind>(value: T) -> Self {
        Self { value: Box::new(value.storable()), kind: T::kind() }
    }

    /// The value, for the driver.
    pub(crate) fn value(&self) -> &(dyn ToSql + Sync) {
        &*self.value
    }

    /// Its type.
    pub(crate) fn kind(&self) -> Type {
        self.kind.clone()
    }
}

/// What can be a value of a statement.
pub(crate) trait Bind: ToSql + Send + Sync + 'static {
    /// The type of its column.
    fn kind() -> Type;
    /// The type of a list of such values.
    fn list() -> Type;
    /// The value, or the nearest one that the database can have.
    fn storable(self) -> Self
    where
        Self: Sized,
    {
        self
    }
}

/// The year 3988 before our era: PostgreSQL knows no time before 4713 BC, and nothing in a shop is as old.
const EARLIEST: Timestamp = Timestamp::constant(-188_000_000_000, 0);

macro_rules! binds {
    ($($value:ty => $kind:ident, $list:ident;)+) => {$(
        impl Bind for $value {
            fn kind() -> Type {
                Type::$kind
            }
            fn list() -> Type {
                Type::$list
            }
        }
    )+};
}

binds! {
    Uuid => UUID, UUID_ARRAY;
    String => TEXT, TEXT_ARRAY;
    &'static str => TEXT, TEXT_ARRAY;
    i64 => INT8, INT8_ARRAY;
    bool => BOOL, BOOL_ARRAY;
    Vec<u8> => BYTEA, BYTEA_ARRAY;
    Json<serde_json::Value> => JSONB, JSONB_ARRAY;
}

/// Times come from outside too, in filters and in the cursors of pages.
impl Bind for Timestamp {
    fn kind() -> Type {
        Type::TIMESTAMPTZ
    }
    fn list() -> Type {
        Type::TIMESTAMPTZ_ARRAY
    }
    fn storable(self) -> Self {
        self.max(EARLIEST)
    }
}

impl<T: Bind> Bind for Option<T> {
    fn kind() -> Type {
        T::kind()
    }
    fn list() -> Type {
        T::list()
    }
    fn storable(self) -> Self {
        self.map(T::storable)
    }
}

impl<T: Bind> Bind for Vec<T> {
    fn kind() -> Type {
        T::list()
    }
    fn list() -> Type {
        T::list()
    }
    fn storable(self) -> Self {
        self.into_iter().map(T::storable).collect()
    }
}

/// A list of values, in the order of a statement's `$1, $2 ...`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::param::Param::of($value)),*]
    };
}
pub(crate) use params;

/// One value of each item, as a list: a column of rows on their way.
pub(crate) fn each<I, V>(items: &[I], value: impl Fn(&I) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}

/// A value as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<Json<serde_json::Value>, StoreError> {
    serde_json::to_value(value)
        .map(Json)
        .map_err(|error| StoreError::Internal(format!("a value cannot be written as JSON: {error}")))
}

/// A text to look for. PostgreSQL has no text with a zero character in it; what is looked for instead is nowhere either.
pub(crate) fn sought(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
