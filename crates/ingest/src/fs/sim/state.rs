//! What all handles of one simulated file system share.

mod bytes;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use fastrand::Rng;

use super::fault::{Faults, Operation, Outcome, power_gone};
use super::node::Node;
use super::tree::{Change, Id, Journal, Tree};

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) faults: Faults,
    pub(super) capacity: u64,
    pub(super) names: Tree,
    journal: Journal,
    nodes: BTreeMap<Id, Node>,
    next_id: Id,
    locked: BTreeSet<Id>,
}

impl State {
    pub(super) fn with_seed(seed: u64) -> Self {
        Self {
            faults: Faults::with_seed(seed),
            capacity: u64::MAX,
            names: Tree::default(),
            journal: Journal::default(),
            nodes: BTreeMap::new(),
            next_id: 0,
            locked: BTreeSet::new(),
        }
    }

    /// As the next process finds it when this one is killed.
    pub(super) fn after_kill(&self) -> Self {
        let mut state =
            Self { faults: self.faults.none_left(), locked: BTreeSet::new(), ..self.clone() };
        for node in state.nodes.values_mut() {
            node.handles = 0;
        }
        state.sweep();
        state
    }

    /// As the next process may find it when the power goes now.
    pub(super) fn after_power_loss(&self, seed: u64) -> Self {
        let mut chance = Rng::with_seed(seed);
        let names = self.journal.after_power_loss(&mut chance);
        let mut nodes = BTreeMap::new();
        for id in names.files.values() {
            if let Some(node) = self.nodes.get(id) {
                nodes.insert(*id, Node::settled(node.after_power_loss(&mut chance)));
            }
        }
        Self {
            faults: self.faults.none_left(),
            capacity: self.capacity,
            journal: Journal::settled(names.clone()),
            names,
            nodes,
            next_id: self.next_id,
            locked: BTreeSet::new(),
        }
    }

    /// Admits a call that only looks.
    pub(super) fn look(&mut self, operation: Operation) -> io::Result<()> {
        match self.faults.admit(operation)? {
            Outcome::Fail(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Does `act` unless it is to fail. Where the power goes meanwhile, it may be done or not.
    fn change<T>(
        &mut self,
        operation: Operation,
        act: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.faults.admit(operation)? {
            Outcome::Go | Outcome::Short(_) => act(self),
            Outcome::Fail(error) => Err(error),
            Outcome::PowerGoes => {
                if self.faults.chance().bool() {
                    // Nobody is left to hear its answer.
                    let _ = act(self);
                }
                Err(power_gone())
            }
        }
    }

    fn make_folders(&mut self, folder: &Path) {
        let mut missing: Vec<&Path> =
            folder.ancestors().filter(|above| !self.names.is_folder(above)).collect();
        while let Some(path) = missing.pop() {
            self.record(Change::Folder { path: path.to_owned() });
        }
    }

    fn make_file(&mut self, path: &Path) -> Id {
        let id = self.next_id;
        self.next_id += 1;
        self.nodes.insert(id, Node::default());
        self.record(Change::Create { path: path.to_owned(), id });
        id
    }

    fn record(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.journal.push(change);
    }

    fn opened(&mut self, id: Id) -> io::Result<Id> {
        self.node(id)?.handles += 1;
        Ok(id)
    }

    pub(super) fn closed(&mut self, id: Id) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.handles = node.handles.saturating_sub(1);
        }
        self.sweep();
    }

    pub(super) fn unlocked(&mut self, id: Id) {
        self.locked.remove(&id);
        self.closed(id);
    }

    /// Forgets the files that nobody can come by any more.
    fn sweep(&mut self) {
        let mut reachable: BTreeSet<Id> = self.journal.ids().collect();
        reachable.extend(self.names.files.values());
        self.nodes.retain(|id, node| node.handles > 0 || reachable.contains(id));
    }

    pub(super) fn node(&mut self, id: Id) -> io::Result<&mut Node> {
        self.nodes.get_mut(&id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The file `path`, whatever happened to the power.
    pub(super) fn node_at(&mut self, path: &Path) -> io::Result<&mut Node> {
        let id = self.names.file(path)?;
        self.node(id)
    }

    /// Puts the file `path` on the disk, name and all.
    pub(super) fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if !self.names.is_file(path) {
            if let Some(folder) = path.parent() {
                if folder.ancestors().any(|above| self.names.is_file(above)) {
                    return Err(io::ErrorKind::NotADirectory.into());
                }
                self.make_folders(folder);
            }
            if self.names.is_folder(path) {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            self.make_file(path);
        }
        self.journal.settle_file(path);
        self.node_at(path)?.replace(bytes);
        Ok(())
    }
}
