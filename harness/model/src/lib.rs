//! The words of gridproof as types: quantities with units, plans, DUT profiles, grid codes,
//! benches, defects and faults as people write them; cases, records and results as programs pass them on.
//!
//! No I/O beyond parsing text. Everything a person writes carries a unit; everything a program
//! passes on is in SI units with the unit in the field's name.

#![forbid(unsafe_code)]

pub mod behaviour;
pub mod bench;
pub mod capture;
pub mod case;
pub mod defect;
pub mod diagnostic;
pub mod dut;
pub mod dut_fault;
pub mod event;
pub mod fault;
pub mod grid_code;
pub mod load;
pub mod located;
pub mod plan;
pub mod quantity;
pub mod record;
pub mod register_file;
pub mod result;
pub mod schema;
pub mod verdict;
