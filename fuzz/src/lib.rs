//! Fuzz targets of gridproof's parsers of files and wires.
//!
//! `cargo run -p gridproof-fuzz -- TARGET SECONDS [SEED]` mutates the files that ship and feeds them to a
//! parser, in the profile of the tests: overflow is checked. It has no feedback from coverage.

pub mod corpus;
pub mod devices;
pub mod drivers;
pub mod mutate;
pub mod records;
pub mod targets;
pub mod visa;
