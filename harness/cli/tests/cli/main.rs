//! The whole program as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod abort;
mod analyze;
mod bench;
mod criteria;
mod curves;
mod defects;
mod emulate;
mod faults;
mod frequency;
mod islands;
mod long_captures;
mod packs;
mod pv_inputs;
mod quickstart;
mod records;
mod registers;
mod storage;
mod text;
mod wrong_files;
