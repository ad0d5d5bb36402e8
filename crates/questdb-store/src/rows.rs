//! Values that this server does not tell from none.

use tradekeep_models::record::{Kind, Value};
use uuid::Uuid;

/// The UUID that reads as NULL.
pub(crate) const NULL_UUID: Uuid = Uuid::from_u128(0x8000_0000_0000_0000_8000_0000_0000_0000);

/// What NULL is in a required column.
pub(crate) const fn absent(kind: Kind) -> Value<'static> {
    match kind {
        Kind::Int => Value::Int(i64::MIN),
        Kind::Uuid => Value::Uuid(NULL_UUID),
        _ => Value::Null,
    }
}
