//! The gridproof command line: parsing, dispatch, terminal output, exit codes. Nothing else.
//!
//! Data goes to stdout, everything else to stderr. Exit codes are public: 0 all pass or not
//! applicable, 1 a fail, 2 bad usage or bad input, 3 inconclusive or not complete, 4
//! infrastructure, 5 aborted, 6 left energised.

#![forbid(unsafe_code)]

mod accuracy;
mod args;
mod command;
mod failure;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match command::dispatch(args.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::error(&failure.to_string());
            ExitCode::from(failure.exit_code())
        }
    }
}
