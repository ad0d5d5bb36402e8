//! The fields of a JSON object, each as it is written.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use tradekeep_models::{InvalidInput, Table};

use super::names::Field;

/// Reads objects whose fields are some of these, and mostly come in the same order.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    /// The field that was in each place of the last object.
    order: Vec<usize>,
}

/// The values of an object, by field.
pub(crate) type Values<'a> = Vec<Option<&'a RawValue>>;

impl Objects {
    /// The values of the object on `line`.
    pub(crate) fn read<'a>(
        &mut self,
        line: &'a [u8],
        table: Table,
        fields: &[Field],
    ) -> Result<Values<'a>, InvalidInput> {
        crate::json::object_with(line, Row { order: &mut self.order, table, fields })
    }
}

struct Row<'s> {
    order: &'s mut Vec<usize>,
    table: Table,
    fields: &'s [Field],
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
        let Row { order, table, fields } = self;
        let mut values = vec![None; fields.len()];
        let mut number = 0;
        loop {
            let guess = order.get(number).copied().unwrap_or_default();
            let Some(field) = map.next_key_seed(Key { guess, table, fields })? else {
                return Ok(values);
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

/// The name of a field.
struct Key<'s> {
    guess: usize,
    table: Table,
    fields: &'s [Field],
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let is = |field: &Field| field.name == name;
        if self.fields.get(self.guess).is_some_and(is) {
            return Ok(self.guess);
        }
        // A misspelt field must not vanish.
        let unknown =
            || E::custom(format!("has the field `{name}`, which {} do not have", self.table));
        self.fields.iter().position(is).ok_or_else(unknown)
    }
}
