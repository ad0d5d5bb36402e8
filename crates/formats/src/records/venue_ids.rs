//! Ids of venues, in the columns for theirs and in those for ours.

use tradekeep_models::record::{Record, Value};
use tradekeep_models::{InvalidInput, Table};
use uuid::Uuid;

use super::naming::{Content, uuid};

/// Puts what is no UUID where the venue's ids are, so that ours is made of it; of a fill too, the order of which is
/// named by the venue, or not at all.
pub(super) fn sort_out<R: Record>(row: &mut [Value<'_>]) -> Result<(), InvalidInput> {
    match R::TABLE {
        Table::Orders => to_venue::<R>(row, "order_id", "venue_order_id"),
        Table::Fills => {
            to_venue::<R>(row, "fill_id", "venue_fill_id")?;
            order_of::<R>(row);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The text of a cell that is no UUID.
fn foreign(cell: &Value<'_>) -> bool {
    matches!(cell, Value::Text(text) if text.parse::<Uuid>().is_err())
}

fn to_venue<R: Record>(
    row: &mut [Value<'_>],
    ours: &'static str,
    theirs: &str,
) -> Result<(), InvalidInput> {
    let (Some(our), Some(their)) = (R::index_of(ours), R::index_of(theirs)) else { return Ok(()) };
    if !foreign(&row[our]) {
        return Ok(());
    }
    if row[their].is_null() {
        row.swap(our, their);
    } else if row[our] == row[their] {
        row[our] = Value::Null;
    } else {
        return Err(InvalidInput::new(ours, format!("is no UUID, and another id than {theirs}")));
    }
    Ok(())
}

/// The id that the order of a fill has by its venue's id; without one, the id of an order of this fill alone.
fn order_of<R: Record>(row: &mut [Value<'_>]) {
    let Some(order) = R::index_of("order_id") else { return };
    let cell = |name: &'static str| {
        let value = R::index_of(name).map_or(Value::Null, |place| row[place].clone());
        (name, value)
    };
    let content = match &row[order] {
        Value::Null => {
            let of_venue = [cell("venue"), cell("market"), cell("venue_fill_id")];
            if of_venue.iter().all(|(_, value)| !value.is_null()) {
                Content::of_values(Table::Orders, of_venue.into_iter())
            } else {
                let all = R::COLUMNS.iter().map(|column| cell(column.name));
                Content::of_values(Table::Orders, all)
            }
        }
        id if foreign(id) => {
            let parts = [cell("venue"), cell("market"), ("venue_order_id", id.clone())];
            Content::of_values(Table::Orders, parts.into_iter())
        }
        _ => return,
    };
    row[order] = uuid(content.uuid());
}
