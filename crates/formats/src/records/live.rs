//! The identity of records that come one by one, and of which no file can be read again.

use std::borrow::Cow;

use tradekeep_models::record::{Naming, Record, Value};
use tradekeep_models::{InvalidInput, StreamPosition, new_id};

use super::naming::{check_first_version, made_of, uuid};

/// The row with an identity from this process, where its source gives none and its content makes none;
/// and whether that was so.
pub(super) fn named<R: Record>(
    mut row: Vec<Value<'_>>,
) -> Result<(Vec<Value<'_>>, bool), InvalidInput> {
    match R::NAMING {
        Naming::Uuid { column, of, or_row: true } => {
            let is_missing =
                |place: &usize| row[*place].is_null() && made_of::<R>(&row, of).is_none();
            let Some(place) = R::index_of(column).filter(is_missing) else {
                return Ok((row, false));
            };
            check_first_version::<R>(column, &row)?;
            row[place] = uuid(new_id());
        }
        Naming::Position => {
            let (Some(stream), Some(seq)) = (R::index_of("stream"), R::index_of("seq")) else {
                return Ok((row, false));
            };
            match (row[stream].is_null(), row[seq].is_null()) {
                (false, false) => return Ok((row, false)),
                (true, true) => {}
                // The other half made up could be that of another record, here or after a restart.
                (true, false) => {
                    return Err(InvalidInput::new("stream", "is missing, where seq is there"));
                }
                (false, true) => {
                    return Err(InvalidInput::new("seq", "is missing, where stream is there"));
                }
            }
            let next = StreamPosition::next();
            row[stream] = Value::Text(Cow::Owned(next.stream.as_str().to_owned()));
            row[seq] = Value::Int(next.seq);
        }
        Naming::Given | Naming::Uuid { .. } => return Ok((row, false)),
    }
    Ok((row, true))
}
