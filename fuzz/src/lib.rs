//! Fuzz targets of gridproof's parsers of files and wires.
//!
//! On stable: `cargo run --release --manifest-path fuzz/Cargo.toml -- TARGET SECONDS`, a mutation
//! runner without coverage feedback. With nightly and cargo-fuzz, `fuzz_targets/` has the same
//! functions for libFuzzer.

pub mod corpus;
pub mod devices;
pub mod drivers;
pub mod mutate;
pub mod records;
pub mod targets;
pub mod visa;
