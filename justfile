# Short names for the commands of CONTRIBUTING.md; `just` lists them.

[private]
default:
    @just --list --unsorted

# Install what a build needs
setup:
    cargo xtask setup

# Every check and test, or the tests of some crates: `just test models cli`
test *CRATES:
    cargo xtask test {{CRATES}}

# The main job, with no server
demo *ARGS:
    cargo xtask demo {{ARGS}}

# up, down or status, of all servers or of those named
servers ACTION *NAMES:
    cargo xtask servers {{ACTION}} {{NAMES}}

# Side-by-side benches; arguments are cargo's: `just bench --bench NAME`
bench *ARGS: setup
    cargo bench --package tradekeep-benches {{ARGS}}

# Format every file
fmt:
    cargo fmt --all

# Clippy, with warnings as errors
lint: setup
    cargo clippy --workspace --all-targets -- -D warnings
