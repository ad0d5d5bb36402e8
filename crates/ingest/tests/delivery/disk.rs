//! What a spool has on its disk.

use std::path::PathBuf;

use tradekeep_ingest::fs::sim::SimFs;

/// The segment that has records, and its last byte that is used. One of which nothing is used yet may stand
/// beside it.
pub(crate) fn records_end(fs: &SimFs) -> (PathBuf, usize) {
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|of| of == "seg");
    let last = |path: &PathBuf| fs.read(path).unwrap().iter().rposition(|byte| *byte != 0);
    let segments = fs.paths().into_iter().filter(is_segment);
    let (last, path) = segments.filter_map(|path| Some((last(&path)?, path))).max().unwrap();
    (path, last)
}
