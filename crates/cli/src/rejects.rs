//! Where rejected rows go.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use tradekeep::formats::Reject;
use tradekeep::models::Timestamp;

use crate::clock;
use crate::input::STDIN;

/// One rejected row.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    line: u64,
    reason: &'a str,
    row: &'a str,
    /// All of a row that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_base64: Option<String>,
}

/// A file of rejected rows, made when there is one.
#[derive(Debug)]
pub(crate) struct Rejects {
    destinations: Vec<Destination>,
    open: Option<(PathBuf, BufWriter<File>)>,
    /// The file whose rows come, where several share this one.
    file: Option<String>,
    /// Bytes that may still be written.
    room: u64,
}

#[derive(Debug)]
enum Destination {
    /// Named by the user: written to, whatever it is.
    Named(PathBuf),
    /// Ours: what is there goes.
    Ours(PathBuf),
}

impl Rejects {
    /// Where `--rejected` says.
    pub(crate) fn at(path: &Path) -> Self {
        Self::with_destinations(vec![Destination::Named(path.into())])
    }

    /// Beside `source`, or else in the data folder.
    pub(crate) fn of(source: &Path, data: &Path) -> Self {
        if source.as_os_str() == STDIN {
            return Self::of_stdin(data);
        }
        let folder = data.join("rejected");
        let name = source.file_name().map(Path::new).unwrap_or(source);
        let fallback = Destination::Ours(folder.join(suffixed(name)));
        Self::with_destinations(vec![Destination::Ours(suffixed(source)), fallback])
    }

    /// The same with so many bytes at most.
    pub(crate) const fn with_room(mut self, bytes: u64) -> Self {
        self.room = bytes;
        self
    }

    /// Of rows from stdin, in the data folder.
    pub(crate) fn of_stdin(data: &Path) -> Self {
        let name = suffixed(Path::new(&format!("stdin-{}", now())));
        Self::with_destinations(vec![Destination::Ours(data.join("rejected").join(name))])
    }

    fn with_destinations(destinations: Vec<Destination>) -> Self {
        Self { destinations, open: None, file: None, room: u64::MAX }
    }

    /// Names the file that the next rows are of in each row.
    pub(crate) fn name_file(&mut self, file: &str) {
        self.file = Some(file.into());
    }

    /// Answers whether there was room for it.
    pub(crate) fn write(&mut self, reject: &Reject) -> io::Result<bool> {
        let line = Line {
            file: self.file.as_deref(),
            line: reject.line,
            reason: &reject.reason,
            row: &reject.row,
            row_base64: reject.bytes.as_ref().map(|bytes| BASE64.encode(bytes)),
        };
        let text = serde_json::to_string(&line)?;
        let Some(room) = self.room.checked_sub(text.len() as u64 + 1) else { return Ok(false) };
        if self.open.is_none() {
            self.open = Some(create_first(&self.destinations)?);
        }
        self.told(|file| writeln!(file, "{text}"))?;
        self.room = room;
        Ok(true)
    }

    /// Makes sure that all rows are in the file.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.told(Write::flush)
    }

    /// The file, once it is there.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|(path, _)| path.as_path())
    }

    /// Names the file in what goes wrong with it.
    fn told(&mut self, job: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
        let Some((path, file)) = &mut self.open else {
            return Ok(());
        };
        job(file).map_err(|error| named(path, &error))
    }
}

fn suffixed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".rejected.ndjson");
    PathBuf::from(name)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Now, as a part of a file's name: 2024-08-08T10-00-05.123456789Z.
fn now() -> String {
    let now = clock::now().unwrap_or(Timestamp::MIN);
    now.to_string().replace(':', "-")
}

/// The first of `destinations` that can be written.
fn create_first(destinations: &[Destination]) -> io::Result<(PathBuf, BufWriter<File>)> {
    let mut refused = None;
    for destination in destinations {
        let (path, made) = match destination {
            Destination::Named(path) => (path, write_to(path)),
            Destination::Ours(path) => (path, replace(path)),
        };
        match made {
            Ok(file) => return Ok((path.clone(), BufWriter::new(file))),
            Err(error) => refused = refused.or(Some(named(path, &error))),
        }
    }
    Err(refused.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    // Rows of the user's data: nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Empties what is there: a file, but also a device or a pipe.
fn write_to(path: &Path) -> io::Result<File> {
    let file = options().create(true).truncate(true).open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// Takes the place of what is there, and does not follow a link that somebody put there.
fn replace(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| folder.ends_with("rejected")) {
        fs::create_dir_all(folder)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    options().create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let folder = tempfile::tempdir().unwrap();
        let one =
            "{\"line\":3,\"reason\":\"price: is missing\",\"row\":\"a,\\\"b\\\"\"}\n".len() as u64;
        let mut rejects = Rejects::of_stdin(folder.path()).with_room(2 * one + 1);
        let kept: Vec<_> = (0..3).map(|_| rejects.write(&reject()).unwrap()).collect();
        assert_eq!(kept, [true, true, false]);
        rejects.flush().unwrap();
        assert_eq!(fs::metadata(rejects.path().unwrap()).unwrap().len(), 2 * one);
    }

    fn reject() -> Reject {
        Reject::new(3, "price: is missing".into(), "a,\"b\"".into())
    }

    #[test]
    fn the_file_is_made_with_the_first_row() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.csv");
        let mut rejects = Rejects::of(&source, &folder.path().join("data"));
        rejects.flush().unwrap();
        assert_eq!(rejects.path(), None);
        rejects.write(&reject()).unwrap();
        rejects.flush().unwrap();
        let path = rejects.path().unwrap();
        assert_eq!(path, folder.path().join("a.csv.rejected.ndjson"));
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text, "{\"line\":3,\"reason\":\"price: is missing\",\"row\":\"a,\\\"b\\\"\"}\n");
    }

    #[test]
    fn an_unwritable_folder_has_a_fallback() {
        let folder = tempfile::tempdir().unwrap();
        // Nothing can be made beside a file that is in no folder.
        let source = folder.path().join("nowhere").join("a.csv");
        let mut rejects = Rejects::of(&source, folder.path());
        rejects.write(&reject()).unwrap();
        let fallback = folder.path().join("rejected/a.csv.rejected.ndjson");
        assert_eq!(rejects.path(), Some(&*fallback));
        let stdin = Rejects::of(Path::new("-"), folder.path());
        assert!(
            matches!(&stdin.destinations[..], [Destination::Ours(path)] if path.starts_with(folder.path()))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_replaced_and_files_are_private() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (victim, source) = (folder.path().join("victim"), folder.path().join("a.csv"));
        fs::write(&victim, "kept").unwrap();
        symlink(&victim, folder.path().join("a.csv.rejected.ndjson")).unwrap();
        let asked = folder.path().join("asked");
        fs::write(&asked, "old").unwrap();
        for mut rejects in [Rejects::of(&source, folder.path()), Rejects::at(&asked)] {
            rejects.write(&reject()).unwrap();
            let mode = fs::metadata(rejects.path().unwrap()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
    }
}
