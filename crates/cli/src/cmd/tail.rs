//! `tradekeep tail`: records as they are taken.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use tradekeep::Config;
use tradekeep::ingest::Accepted;
use tradekeep::ingest::inspect::Follow;

use super::dead_letters::RecordJson;
use crate::Outcome;
use crate::args::{Tail, Type};
use crate::output::{Out, reader};

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    time: String,
    r#type: &'static str,
    record: RecordJson<'a>,
}

pub(crate) async fn run(args: &Tail, config: &Config, out: &mut Out) -> Result<Outcome> {
    let table = args.table.map(Type::table);
    let mut follow = Follow::open(config.ingest().data(), args.from)?;
    let unread = if args.follow { Some(reader::gone()?) } else { None };
    while !out.is_closed() {
        let next = match follow.next_held()? {
            Some(next) => next,
            None => {
                let Some(unread) = &unread else { break };
                out.flush()?;
                tokio::select! {
                    next = follow.next() => next?,
                    () = unread.notified() => break,
                }
            }
        };
        if table.is_none_or(|table| table == next.table) {
            tell(&next, out)?;
        }
    }
    Ok(Outcome::Done)
}

fn tell(accepted: &Accepted, out: &mut Out) -> Result<()> {
    let line = Line {
        seq: accepted.seq,
        time: accepted.time.to_string(),
        r#type: accepted.table.as_str(),
        record: RecordJson(&accepted.record),
    };
    out.with(|stdout| {
        serde_json::to_writer(&mut *stdout, &line)?;
        stdout.write_all(b"\n")
    })
}
