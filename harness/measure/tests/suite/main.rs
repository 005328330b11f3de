//! The judge and its analysis against synthetic records whose truth is known exactly.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(
    clippy::disallowed_methods,
    reason = "signals and their truth come from the platform's functions"
)]
#![allow(
    clippy::print_stdout,
    reason = "figures of merit for whoever asks with --nocapture"
)]

mod analyze_robust;
mod attacks;
mod bench;
mod bound;
mod coverage;
mod coverage_frequency;
mod coverage_spectra;
mod coverage_steps;
mod coverage_times;
mod coverage_transfers;
mod golden;
mod golden_readings;
mod golden_table;
mod islands;
mod margins;
mod properties;
mod responses;
mod transfer_edges;
mod transfer_margins;
mod transfer_parts;
mod transfers;
mod tripping;
mod trips;
mod truth_brief;
mod truth_changes;
mod truth_currents;
mod truth_dips;
mod truth_drifts;
mod truth_edges;
mod truth_ends;
mod truth_faded_cuts;
mod truth_filtered;
mod truth_groups;
mod truth_levels;
mod truth_moving;
mod truth_pulsation;
mod truth_remainders;
mod truth_sensor_tails;
mod truth_slow_ramps;
mod truth_steps;
mod truth_swings;
mod truth_transfers;
mod truth_trip_ends;
mod truth_unmarked;
mod truth_wander;
mod truth_weak;
