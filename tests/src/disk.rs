//! A disk of few megabytes, which a test can fill.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory of a size of its own, gone with this.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one over the folder `path`, which is there.
    ///
    /// # Errors
    /// Why that cannot be done here, by this user: who needs it is ignored then, with that reason.
    pub fn mount(path: &Path, mebibytes: u32) -> Result<Self, String> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=700"), "tmpfs"]);
        let line = |what: &str| what.lines().next().unwrap_or_default().trim().to_owned();
        let why = |what: &str| format!("a file system cannot be mounted here: {}", line(what));
        let told = |error: io::Error| why(&error.to_string());
        let output = mount.arg(path).output().map_err(told)?;
        if output.status.success() {
            Ok(Self(path.to_owned()))
        } else {
            Err(why(&String::from_utf8_lossy(&output.stderr)))
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever panics still has files open. They are gone with the last of those.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
