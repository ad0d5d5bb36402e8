//! The one declaration of a record type.

/// Declares a record: its struct, its builder, and all that goes by its columns.
///
/// ```text
/// record! {
///     /// What it is.
///     pub struct Name in Table;
///     identity: ["id"]  …any of the constants of `Record`
///     {
///         /// What the column holds.
///         [unit "lamports"] [default 0]
///         field: Type,    // a default may name the fields before it
///     }
/// }
/// ```
macro_rules! record {
    (
        $(#[doc = $about:literal])*
        pub struct $record:ident in $table:ident;
        $(const $constant:ident: $constant_type:ty = $constant_value:expr;)*
        {
            $(
                $(#[doc = $doc:literal])*
                $([unit $unit:literal])?
                $([default $default:expr])?
                $field:ident: $type:ty
            ),+ $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, bon::Builder)]
        #[builder(derive(Debug))]
        #[allow(missing_debug_implementations, reason = "the states of the builder have none")]
        pub struct $record {
            $(
                $(#[doc = $doc])*
                $(#[doc = concat!("\n\nIn ", $unit, ".")])?
                $(#[builder(default = $default)])?
                pub $field: $type,
            )+
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $record {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::record::json::serialize(self, serializer)
            }
        }

        impl $crate::record::Record for $record {
            const TABLE: $crate::Table = $crate::Table::$table;
            const COLUMNS: &'static [$crate::record::Column] = &[$(
                $crate::record::Column {
                    name: stringify!($field),
                    kind: <$type as $crate::record::Cell>::KIND,
                    required: <$type as $crate::record::Cell>::REQUIRED,
                    default: $crate::record::record!(@has $($default)?),
                    json: <$type as $crate::record::Cell>::JSON,
                    unit: $crate::record::record!(@unit $($unit)?),
                    doc: concat!($($doc),*),
                },
            )+];
            const ORDER: &'static [usize] = &$crate::record::order::by_identity::<
                { $crate::record::order::len(<Self as $crate::record::Record>::IDENTITY) },
            >(Self::COLUMNS, Self::IDENTITY);
            $(const $constant: $constant_type = $constant_value;)*

            fn ts(&self) -> $crate::Timestamp {
                self.ts
            }

            fn value(&self, column: usize) -> $crate::record::Value<'_> {
                // One by one: the compiler makes a jump table of it.
                let mut index = 0;
                $(
                    if column == index {
                        return $crate::record::Cell::value(&self.$field);
                    }
                    index += 1;
                )+
                let _columns: usize = index;
                $crate::record::Value::Null
            }

            fn from_row(
                row: Vec<$crate::record::Value<'_>>,
            ) -> Result<Self, $crate::InvalidInput> {
                let mut row = row.into_iter();
                $(
                    let value = row.next().unwrap_or($crate::record::Value::Null);
                    let $field = $crate::record::record!(@read $field, $type, value, $($default)?);
                )+
                let record = Self { $($field),+ };
                $crate::record::Record::validate(&record)?;
                Ok(record)
            }

            fn into_records(rows: Vec<Self>) -> $crate::Records {
                $crate::Records::$table(rows)
            }

            fn from_records(records: $crate::Records) -> Result<Vec<Self>, $crate::Records> {
                match records {
                    $crate::Records::$table(rows) => Ok(rows),
                    other => Err(other),
                }
            }

            fn validate(&self) -> Result<(), $crate::InvalidInput> {
                $(
                    $crate::record::Cell::check(&self.$field)
                        .map_err(|reason| $crate::InvalidInput::new(stringify!($field), reason))?;
                )+
                self.rules()
            }
        }
    };
    (@has) => { false };
    (@has $default:expr) => { true };
    (@unit) => { None };
    (@unit $unit:literal) => { Some($unit) };
    (@read $field:ident, $type:ty, $value:ident, $default:expr) => {
        if $value.is_null() {
            $default
        } else {
            $crate::record::record!(@read $field, $type, $value,)
        }
    };
    (@read $field:ident, $type:ty, $value:ident,) => {
        <$type as $crate::record::Cell>::from_value($value)
            .map_err(|error| $crate::InvalidInput::new(stringify!($field), error.reason))?
    };
}
pub(crate) use record;

/// Declares an enum whose variants stand in columns as text.
macro_rules! text_enum {
    (
        $(#[$about:meta])*
        pub enum $name:ident as $field:literal {
            $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its text in files and stores.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::InvalidInput;

            /// Reads its text in any case.
            fn from_str(text: &str) -> Result<Self, $crate::InvalidInput> {
                $(
                    if text.eq_ignore_ascii_case($text) {
                        return Ok(Self::$variant);
                    }
                )+
                let known = [$($text),+].join(", ");
                Err($crate::InvalidInput::new($field, format!("is none of {known}")))
            }
        }

        $crate::record::cell::text_cell!($name);
    };
}
pub(crate) use text_enum;
