//! `tradekeep spool verify`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use tradekeep::ingest::inspect::{self, Damage, LogVerified, SlotsVerified, Verified};

use crate::output::{Column, Out, counted, grouped, one_line, size};
use crate::{Outcome, tell_error};

#[derive(Serialize)]
struct Object<'a> {
    sound: bool,
    holder: Option<&'a str>,
    types: BTreeMap<&'static str, u64>,
    spool: LogObject<'a>,
    dead_letters: LogObject<'a>,
    manifest: SlotsObject,
    cursors: SlotsObject,
}

#[derive(Serialize)]
struct LogObject<'a> {
    segments: u64,
    bytes: u64,
    records: u64,
    void: u64,
    damaged: Vec<DamageObject<'a>>,
    torn: Option<DamageObject<'a>>,
    unreadable: u64,
    beside: &'a [String],
}

#[derive(Serialize)]
struct DamageObject<'a> {
    file: &'a str,
    from: u64,
    to: u64,
}

#[derive(Serialize)]
struct SlotsObject {
    whole: u8,
    broken: u8,
    readable: bool,
}

pub(super) fn run(data: &Path, out: &mut Out) -> Result<Outcome> {
    let verified = inspect::verify(data)?;
    if out.json() {
        out.object(&object(&verified))?;
    } else {
        tell(&verified, out)?;
    }
    if verified.is_sound() {
        return Ok(Outcome::Done);
    }
    out.flush()?;
    tell_error(&trouble(&verified));
    Ok(Outcome::Failed)
}

fn object(verified: &Verified) -> Object<'_> {
    Object {
        sound: verified.is_sound(),
        holder: verified.holder.as_deref(),
        types: verified.tables.iter().map(|(table, count)| (table.as_str(), *count)).collect(),
        spool: log(&verified.spool),
        dead_letters: log(&verified.dead_letters),
        manifest: slots(verified.manifest),
        cursors: slots(verified.cursors),
    }
}

fn log(log: &LogVerified) -> LogObject<'_> {
    LogObject {
        segments: log.segments,
        bytes: log.bytes,
        records: log.records,
        void: log.void,
        damaged: log.damaged.iter().map(damage).collect(),
        torn: log.torn.as_ref().map(damage),
        unreadable: log.unreadable,
        beside: &log.beside,
    }
}

fn damage(damage: &Damage) -> DamageObject<'_> {
    DamageObject { file: &damage.file, from: damage.bytes.start, to: damage.bytes.end }
}

const fn slots(slots: SlotsVerified) -> SlotsObject {
    let SlotsVerified { whole, broken, readable, .. } = slots;
    SlotsObject { whole, broken, readable }
}

fn tell(verified: &Verified, out: &mut Out) -> Result<()> {
    if !verified.tables.is_empty() {
        let tables = || verified.tables.iter();
        out.table(vec![
            Column::text("type", tables().map(|(table, _)| table.to_string()).collect()),
            Column::amounts("records", tables().map(|(_, count)| grouped(*count)).collect()),
        ])?;
        out.line("")?;
    }
    tell_log("spool", &verified.spool, out)?;
    if verified.dead_letters.segments > 0 {
        tell_log("dead letters", &verified.dead_letters, out)?;
    }
    for (name, slots) in [("manifest", verified.manifest), ("cursors", verified.cursors)] {
        if slots.broken > 0 {
            let found = if slots.readable { "the other one counts" } else { "none can be read" };
            out.line(format_args!("{name}: {} of 2 copies damaged, {found}", slots.broken))?;
        }
    }
    Ok(())
}

fn tell_log(name: &str, log: &LogVerified, out: &mut Out) -> Result<()> {
    let (records, segments) = (counted(log.records, "record"), counted(log.segments, "segment"));
    out.line(format_args!("{name}: {records} in {segments}, {} read", size(log.bytes)))?;
    let place = |damage: &Damage| {
        let bytes = damage.bytes.end - damage.bytes.start;
        format!("{} at {} of {}", counted(bytes, "byte"), damage.bytes.start, damage.file)
    };
    for damage in &log.damaged {
        out.line(format_args!("  damaged: {}", place(damage)))?;
    }
    if let Some(torn) = &log.torn {
        let what = "an append that was under way, no record is lost";
        out.line(format_args!("  torn: {}: {what}", place(torn)))?;
    }
    if log.void > 0 {
        let void = counted(log.void, "record");
        out.line(format_args!("  void: {void} of appends that failed, or written twice"))?;
    }
    for unreadable in &log.unreadable_first {
        let reason = one_line(&unreadable.reason);
        out.line(format_args!("  unreadable: record {}: {reason}", unreadable.seq))?;
    }
    for file in &log.beside {
        out.line(format_args!("  kept from earlier damage: {file}"))?;
    }
    Ok(())
}

fn trouble(verified: &Verified) -> String {
    let logs = [&verified.spool, &verified.dead_letters];
    let damaged = logs.iter().map(|log| log.damaged.len() as u64).sum();
    let unreadable = logs.iter().map(|log| log.unreadable).sum();
    let mut troubles = Vec::new();
    if damaged > 0 {
        troubles.push(counted(damaged, "damaged place"));
    }
    if unreadable > 0 {
        troubles.push(counted(unreadable, "record") + " that this program cannot read");
    }
    if !verified.manifest.readable {
        troubles.push("no manifest".into());
    }
    if !verified.cursors.readable && verified.cursors.broken > 0 {
        troubles.push("no cursors".into());
    }
    format!(
        "the spool is damaged ({}): whole records are delivered all the same, take the others from \
         their source, and check the disk",
        troubles.join(", ")
    )
}
