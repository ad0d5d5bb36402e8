//! Lines of ticks of another system, one by one.

use std::collections::BTreeSet;

use tradekeep_models::{InvalidInput, Tick};

use crate::choose;
use crate::columns::Cells;
use crate::csv_row::printable;
use crate::draft::Drafter;
use crate::json_row::texts;
use crate::preview::Preview;
use crate::{ReadOptions, records::TYPE};

/// The values of one line.
struct Values<'a>(&'a [String]);

impl Cells for Values<'_> {
    fn cell(&self, place: usize) -> &[u8] {
        self.0.get(place).map_or(&[], String::as_bytes)
    }
}

/// The tick of a line with fields of other names, and whether it has no identity of its own; nothing where it is no
/// object, or has none of those names.
pub(crate) fn foreign_tick(
    line: &[u8],
    options: &ReadOptions,
    drafter: &mut Drafter,
) -> Option<Result<(Tick, bool), InvalidInput>> {
    if !line.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let values: Vec<_> = texts(line, &[])?.into_iter().filter(|(path, _)| path != TYPE).collect();
    let paths: BTreeSet<_> = values.iter().map(|(path, _)| path).collect();
    if paths.len() < values.len() {
        return Some(Err(InvalidInput::new("json", "has a field twice")));
    }
    let preview = Preview::of_objects(std::iter::once(values));
    let mut options = options.clone();
    let columns = match choose::columns(&preview, &mut options) {
        Ok(columns) => columns,
        Err(crate::FormatError::WrongColumns { .. }) if options.map.is_empty() => return None,
        Err(error) => return Some(Err(InvalidInput::new("json", error.to_string()))),
    };
    let is_used = |place: usize| {
        columns.places.iter().any(|(_, origin)| origin.columns().contains(&place))
            || options
                .map
                .pairs()
                .any(|(field, column)| field.is_none() && preview.find(column) == Some(place))
    };
    let mut unused = (0..preview.names.len()).filter(|place| !is_used(*place));
    if let Some(place) = unused.next() {
        let name = printable(preview.names[place].as_bytes());
        let reason = format!(
            "has the field `{name}`, which ticks do not have: --map _={name} leaves it out, and \
             --unknown-fields ignore all of them"
        );
        return Some(Err(InvalidInput::new("json", reason)));
    }
    let cells = Values(&preview.rows[0]);
    let mut joined = Vec::new();
    let fields = columns.fields(&cells, &mut joined);
    Some(fields.and_then(|fields| drafter.live_tick(&fields)))
}
