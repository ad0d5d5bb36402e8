//! Tests of the workspace as a whole, in `tests/`; there is nothing here to use.
