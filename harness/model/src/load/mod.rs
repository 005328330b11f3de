//! From the text of a file to a checked value, or to everything that is wrong with it.
//!
//! A text is parsed strictly (duplicate and unknown keys refused, `yes` is no boolean, no bare
//! numbers where a unit is needed, budgets against hostile input); the first problem ends that
//! phase. What parses is then checked for sense, and all problems of that phase come together.

mod behaviour;
mod bench;
mod check;
mod dut;
mod examples;
mod faults;
mod frequency_watt;
mod grid_code;
mod instrument;
mod outline;
mod plan;
mod procedure;
mod register_file;
mod register_steps;
mod words;
mod yaml;

use serde::de::DeserializeOwned;

use crate::bench::Bench;
use crate::defect::Defect;
use crate::diagnostic::Diagnostics;
use crate::dut::DutProfile;
use crate::fault::{FaultEntry, FaultFile};
use crate::grid_code::GridCode;
use crate::plan::Plan;
use crate::register_file::RegisterFile;
use check::Checker;
use outline::{Cursor, Node};

pub use faults::check_faults_on;
pub(crate) use words::choices;

/// Largest text that is read at all, bytes.
pub const LARGEST_FILE: usize = 1 << 20;

/// Reads a plan. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_plan(file_name: &str, text: &str) -> Result<Plan, Diagnostics> {
    load(file_name, text, plan::check)
}

/// Reads a DUT profile. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_dut(file_name: &str, text: &str) -> Result<DutProfile, Diagnostics> {
    load(file_name, text, dut::check)
}

/// Reads a grid code. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_grid_code(file_name: &str, text: &str) -> Result<GridCode, Diagnostics> {
    load(file_name, text, grid_code::check)
}

/// Reads a bench. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_bench(file_name: &str, text: &str) -> Result<Bench, Diagnostics> {
    load(file_name, text, bench::check)
}

/// Reads a defect. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_defect(file_name: &str, text: &str) -> Result<Defect, Diagnostics> {
    load(file_name, text, behaviour::check_defect)
}

/// Reads a register file. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_register_file(file_name: &str, text: &str) -> Result<RegisterFile, Diagnostics> {
    load(file_name, text, register_file::check)
}

/// Reads a schedule of faults. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_faults(file_name: &str, text: &str) -> Result<FaultFile, Diagnostics> {
    load(file_name, text, faults::check)
}

/// Reads one fault, as YAML or JSON. `file_name` is only used in messages.
///
/// # Errors
/// With every problem found, by line and column.
pub fn parse_fault(file_name: &str, text: &str) -> Result<FaultEntry, Diagnostics> {
    load(file_name, text, faults::check_entry)
}

fn load<T: DeserializeOwned>(
    file_name: &str,
    text: &str,
    check: fn(&mut Checker<'_>, Cursor<'_>, &T),
) -> Result<T, Diagnostics> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    yaml::refuse_unreadable(file_name, text)?;
    let outline: Node =
        yaml::parse(text).map_err(|error| yaml::explain(file_name, text, &error, None))?;
    let value: T = yaml::parse(text)
        .map_err(|error| yaml::explain(file_name, text, &error, Some(&outline)))?;
    let mut checker = Checker::new(file_name, text);
    check(&mut checker, Cursor::root(&outline), &value);
    let problems = checker.finish();
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(value)
    }
}
