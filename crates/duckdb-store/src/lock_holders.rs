//! The processes that hold a lock, named for people to act on.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

/// Names the processes that hold a BSD lock on `file`; nothing where the system does not tell.
pub(crate) fn describe(file: &File) -> Option<String> {
    let inode = file.metadata().ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let mut holders = holders(&locks, inode);
    holders.retain(|pid| *pid != std::process::id());
    let first = name(*holders.first()?);
    Some(match holders.len() {
        1 => first,
        2 => format!("{first} and one more process"),
        more => format!("{first} and {} more processes", more - 1),
    })
}

/// The processes of `/proc/locks` that hold a BSD lock on `inode`.
///
/// The inode alone, since some file systems are listed with another device than their files have; a
/// process of another container is listed as 0 or less.
fn holders(locks: &str, inode: u64) -> Vec<u32> {
    let holder = |line: &str| {
        // 1: FLOCK  ADVISORY  READ 18706 fe:00:9977914 0 EOF; who waits has -> behind the number.
        let mut words = line.split_whitespace().skip(1);
        let (kind, pid, place) = (words.next()?, words.nth(2)?, words.next()?);
        let found: u64 = place.rsplit(':').next()?.parse().ok()?;
        (kind == "FLOCK" && found == inode).then(|| pid.parse().ok()).flatten()
    };
    locks.lines().filter_map(holder).filter(|pid| *pid > 0).collect()
}

/// `process 4242 (tradekeep)`.
fn name(pid: u32) -> String {
    let command = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    // A process may give itself any name.
    let command: String = command.trim().chars().filter(|c| !c.is_control()).collect();
    if command.is_empty() { format!("process {pid}") } else { format!("process {pid} ({command})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_who_holds_a_lock() {
        let locks = "\
            1: FLOCK  ADVISORY  READ 18706 fe:00:9977914 0 EOF\n\
            1: -> FLOCK  ADVISORY  WRITE 18707 fe:00:9977914 0 EOF\n\
            2: POSIX  ADVISORY  WRITE 18708 fe:00:9977914 0 EOF\n\
            3: FLOCK  ADVISORY  WRITE 0 fe:00:9977914 0 EOF\n\
            4: FLOCK  ADVISORY  WRITE -1 fe:00:9977914 0 EOF\n\
            5: FLOCK  ADVISORY  READ 18709 00:2a:9977914 0 EOF\n\
            6: FLOCK  ADVISORY  WRITE 18710 fe:00:99779 0 EOF\n\
            7: LEASE\n";
        assert_eq!(holders(locks, 9_977_914), [18_706, 18_709]);
        assert!(holders(locks, 1).is_empty() && holders("", 1).is_empty());
    }
}
