//! The fields of a JSON object, each as it is written.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use tradekeep_models::{InvalidInput, Table};

use super::names::FieldName;

/// Reads objects whose fields are some of these, and mostly come in the same order.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    /// The field that was in each place of the last object.
    order: Vec<usize>,
    /// Whether they may say what they are, which somebody else reads.
    typed: bool,
}

/// The field in which objects of a stream say what they are. No table has a column of this name.
pub(crate) const TYPE: &str = "type";

/// The values of an object, by field.
pub(crate) type Values<'a> = Vec<Option<&'a RawValue>>;

impl Objects {
    /// Objects that may have the field [`TYPE`].
    pub(crate) fn typed() -> Self {
        Self { order: Vec::new(), typed: true }
    }

    /// The values of the object on `line`.
    pub(crate) fn read<'a>(
        &mut self,
        line: &'a [u8],
        table: Table,
        fields: &[FieldName],
    ) -> Result<Values<'a>, InvalidInput> {
        crate::json::object_with(
            line,
            Row { order: &mut self.order, typed: self.typed, table, fields },
        )
    }
}

struct Row<'s> {
    order: &'s mut Vec<usize>,
    typed: bool,
    table: Table,
    fields: &'s [FieldName],
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Values<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Values<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'de>, A::Error> {
        let Row { order, typed, table, fields } = self;
        let mut values = vec![None; fields.len()];
        let mut number = 0;
        loop {
            let guess = order.get(number).copied().unwrap_or_default();
            let Some(field) = map.next_key_seed(Key { guess, typed, table, fields })? else {
                return Ok(values);
            };
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if values[field].is_some() {
                return Err(A::Error::custom(format!(
                    "has the field `{}` twice",
                    fields[field].name
                )));
            }
            values[field] = Some(map.next_value()?);
            match order.get_mut(number) {
                Some(place) => *place = field,
                None => order.push(field),
            }
            number += 1;
        }
    }
}

/// The name of a field; nothing where it is the type.
struct Key<'s> {
    guess: usize,
    typed: bool,
    table: Table,
    fields: &'s [FieldName],
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let is = |field: &FieldName| field.name == name;
        if self.fields.get(self.guess).is_some_and(is) {
            return Ok(Some(self.guess));
        }
        if self.typed && name == TYPE {
            return Ok(None);
        }
        // A misspelt field must not vanish.
        let unknown =
            || E::custom(format!("has the field `{name}`, which {} do not have", self.table));
        self.fields.iter().position(is).map(Some).ok_or_else(unknown)
    }
}
