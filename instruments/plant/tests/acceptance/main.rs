//! The bench's own acceptance tests: the properties that decide whether results from it can be
//! believed (docs/models.md 13). One file per property.
#![allow(clippy::print_stderr, reason = "figures on request: SHOW=1")]

#[path = "../common/mod.rs"]
mod common;
mod frequency_loop;
mod island_load;

mod a01_island_closed_forms;
mod a02_frequency_shift_run_on;
mod a03_half_cycle_detector;
mod a04_response_time;
mod a05_photovoltaic;
mod a06_energy;
mod a07_step_size;
mod a08_capture_changes_nothing;
mod a09_hand_over;
mod a10_event_instants;
mod a11_trackers;
mod a12_heat;
mod a13_drained_link;
mod a14_frequency_drift;
mod a15_voltage_zone;
mod a16_slip_shift_perturbation;
mod a17_site_energy;

/// Figures are wanted on stderr.
fn show() -> bool {
    std::env::var("SHOW").is_ok()
}
