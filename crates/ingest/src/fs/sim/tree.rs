//! Names: as who lists them sees them, and as the disk may hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// What a name stands for; files are told apart by it when they change names.
pub(super) type Id = u64;

/// The names of a file system.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) files: BTreeMap<PathBuf, Id>,
    pub(super) folders: BTreeSet<PathBuf>,
}

impl Tree {
    /// The root is always there, and so is the folder that relative paths start in.
    pub(super) fn is_folder(&self, path: &Path) -> bool {
        path.parent().is_none() || self.folders.contains(path)
    }

    pub(super) fn is_file(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// The file that `path` names.
    pub(super) fn file(&self, path: &Path) -> io::Result<Id> {
        match self.files.get(path) {
            Some(id) => Ok(*id),
            None if self.is_folder(path) => Err(io::ErrorKind::IsADirectory.into()),
            None => {
                self.expect_folder_of(path)?;
                Err(io::ErrorKind::NotFound.into())
            }
        }
    }

    /// An error unless `path` is a folder.
    pub(super) fn expect_folder(&self, path: &Path) -> io::Result<()> {
        if self.is_folder(path) {
            Ok(())
        } else if path.ancestors().any(|above| self.is_file(above)) {
            Err(io::ErrorKind::NotADirectory.into())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    /// An error unless `path` may be the name of something in a folder that is there.
    pub(super) fn expect_folder_of(&self, path: &Path) -> io::Result<()> {
        self.expect_folder(path.parent().unwrap_or(Path::new("")))
    }

    /// Names in `folder`, sorted.
    pub(super) fn list(&self, folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = self
            .files
            .keys()
            .chain(&self.folders)
            .filter(|path| path.parent() == Some(folder))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect();
        names.sort_unstable();
        names
    }

    /// Drops what lies in folders that are not there.
    fn drop_unreachable(&mut self) {
        let all = std::mem::take(&mut self.folders);
        // Sorted, a folder comes after those above it.
        for folder in all {
            if self.expect_folder_of(&folder).is_ok() {
                self.folders.insert(folder);
            }
        }
        let folders = Self { folders: self.folders.clone(), ..Self::default() };
        self.files.retain(|path, _| folders.expect_folder_of(path).is_ok());
    }
}

/// A change of one folder.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Create { path: PathBuf, id: Id },
    Folder { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
}

impl Change {
    pub(super) fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Create { path, id } => {
                tree.files.insert(path.clone(), *id);
            }
            Self::Folder { path } => {
                tree.folders.insert(path.clone());
            }
            Self::Rename { from, to } => {
                if let Some(id) = tree.files.remove(from) {
                    tree.files.insert(to.clone(), id);
                }
            }
            Self::Remove { path } => {
                tree.files.remove(path);
            }
        }
    }

    fn names(&self) -> [&Path; 2] {
        match self {
            Self::Create { path, .. } | Self::Folder { path } | Self::Remove { path } => {
                [path, path]
            }
            Self::Rename { from, to } => [from, to],
        }
    }

    fn touches(&self, names: &BTreeSet<PathBuf>) -> bool {
        self.names().iter().any(|name| names.contains(*name))
    }

    /// Both names of a rename are in one folder.
    fn folder(&self) -> &Path {
        self.names()[0].parent().unwrap_or(Path::new(""))
    }
}

/// The names that the disk holds for certain, and the changes since.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    durable: Tree,
    pending: Vec<Change>,
}

impl Journal {
    /// Every name in `tree` is on the disk.
    pub(super) fn settled(tree: Tree) -> Self {
        Self { durable: tree, pending: Vec::new() }
    }

    pub(super) fn push(&mut self, change: Change) {
        self.pending.push(change);
    }

    /// Every file that a name may stand for after a loss of power.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        let pending = self.pending.iter().filter_map(|change| match change {
            Change::Create { id, .. } => Some(*id),
            _ => None,
        });
        self.durable.files.values().copied().chain(pending)
    }

    /// `folder` was synced.
    pub(super) fn settle_folder(&mut self, folder: &Path) {
        self.settle(|change| change.folder() == folder);
    }

    /// The file `path` is on the disk, in folders that are, with every change that hangs together
    /// with it by a name.
    pub(super) fn settle_file(&mut self, path: &Path) {
        let mut names: BTreeSet<PathBuf> = path.ancestors().map(Path::to_owned).collect();
        let mut known = 0;
        while known < names.len() {
            known = names.len();
            for change in &self.pending {
                if change.touches(&names) {
                    names.extend(change.names().map(Path::to_owned));
                }
            }
        }
        self.settle(|change| change.touches(&names));
    }

    fn settle(&mut self, which: impl Fn(&Change) -> bool) {
        let durable = &mut self.durable;
        self.pending.retain(|change| {
            let settled = which(change);
            if settled {
                change.apply(durable);
            }
            !settled
        });
    }

    /// The names that the disk holds after the power went.
    pub(super) fn after_power_loss(&self, chance: &mut Rng) -> Tree {
        let mut tree = self.durable.clone();
        let temper = chance.u8(..5);
        let prefix = chance.usize(..=self.pending.len());
        // In a folder where a change was lost, or under a name, the later ones are lost too: a
        // rename that survives has what it renames, and what it replaces.
        let mut lost: BTreeSet<&Path> = BTreeSet::new();
        for (index, change) in self.pending.iter().enumerate() {
            let survives = match temper {
                0 => false,
                1 => true,
                // One journal of all folders, in order.
                2 => index < prefix,
                // A journal of each folder, in order.
                3 => !lost.contains(change.folder()) && chance.u8(..4) > 0,
                // No order but that of the changes of a name.
                _ => !change.names().iter().any(|name| lost.contains(name)) && chance.bool(),
            };
            if survives {
                change.apply(&mut tree);
            } else {
                lost.insert(change.folder());
                lost.extend(change.names());
            }
        }
        tree.drop_unreachable();
        tree
    }
}
