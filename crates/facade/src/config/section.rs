//! The values of one section.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use config::{Value, ValueKind};

/// A section of the text, by its name.
pub(super) struct Section<'a> {
    pub(super) name: &'static str,
    pub(super) values: &'a BTreeMap<String, Value>,
}

/// Of a key, or what is wrong with it.
pub(super) type Found<T> = Result<T, (&'static str, String)>;

impl Section<'_> {
    /// Says what is wrong, where something is.
    pub(super) fn tell(&self, outcome: Found<()>, problems: &mut Vec<String>) {
        if let Err((key, problem)) = outcome {
            problems.push(format!("{}.{key}: {problem}", self.name));
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(&format!("{}.{key}", self.name))
    }

    pub(super) fn text(&self, key: &'static str) -> Found<Option<String>> {
        match self.get(key).map(|value| &value.kind) {
            None => Ok(None),
            Some(ValueKind::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err((key, "must be text".into())),
        }
    }

    /// A number in a range, and nothing that a number can be made of but by rounding.
    pub(super) fn whole(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
    ) -> Found<Option<u64>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = match value.kind {
            ValueKind::Float(_) | ValueKind::Boolean(_) => None,
            _ => value.clone().into_uint().ok(),
        };
        let (least, most) = (*range.start(), *range.end());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None if most == u64::MAX => {
                Err((key, format!("must be a whole number from {least} on")))
            }
            None => Err((key, format!("must be a whole number from {least} to {most}"))),
        }
    }

    pub(super) fn millis(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
    ) -> Found<Option<Duration>> {
        Ok(self.whole(key, range)?.map(Duration::from_millis))
    }
}
