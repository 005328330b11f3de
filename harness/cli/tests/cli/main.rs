//! The whole program as a user meets it.

#![allow(clippy::tests_outside_test_module, reason = "integration tests")]

mod abort;
mod bench;
mod defects;
mod quickstart;
mod text;
mod wrong_files;
