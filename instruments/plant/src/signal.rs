//! What can be seen of the bench: sampled signals, meter readings, true state.

use crate::Nanos;
pub use crate::capture::{LowPass, LowPassKind};

/// A signal a recorder can capture. Currents of the DUT are positive when injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Voltage at the grid terminals of the DUT (PCC), V.
    GridVoltage,
    /// Current out of the DUT's grid port, A.
    DutCurrent,
    /// Current through S1 from the source towards the PCC, A.
    SourceCurrent,
    /// Voltage at the output of the grid simulator, V.
    SourceVoltage,
    /// Auxiliary contact of S1: 1 closed, 0 open.
    SwitchContact,
    /// Trigger output of the grid simulator: 1 for 10 ms from each segment or output change.
    SourceTrigger,
    /// Voltage at the back-up port, V.
    BackupVoltage,
    /// Current into the back-up load, A.
    BackupCurrent,
    /// Telltale of the DUT's grid relay: 1 closed, 0 open.
    DutRelay,
    /// Telltale of the DRM port: 1 while any pair of pins is shorted, else 0.
    DrmContact,
}

/// Where the trigger of a capture comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trigger {
    /// The capture starts filling at once; the trigger is the moment of arming.
    Immediate,
    /// First crossing of a level after arming.
    Edge {
        /// Watched signal.
        signal: Signal,
        /// Level in the signal's unit.
        level: f64,
        /// Rising or falling.
        rising: bool,
    },
    /// First crossing of a level in either direction after arming.
    EitherEdge {
        /// Watched signal.
        signal: Signal,
        /// Level in the signal's unit.
        level: f64,
    },
    /// The first sample at or after a time.
    At(Nanos),
}

/// A capture to make. The plant samples true values, behind a filter where one is asked for; sensors
/// and converters are the recorder's.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureSpec {
    /// Signals, in channel order.
    pub signals: Vec<Signal>,
    /// Samples per second: 1 000 to 100 000, a divisor of 1e9.
    pub rate_hz: u32,
    /// Samples in total.
    pub samples: usize,
    /// Samples before the trigger.
    pub pre_samples: usize,
    /// Trigger, in front of the filters.
    pub trigger: Trigger,
    /// Low-pass filter of each signal, in channel order; those that are missing have none. Samples are
    /// not moved back by its delay, [`LowPass::delay_s`].
    pub low_pass: Vec<Option<LowPass>>,
}

/// Progress of the armed capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureState {
    /// Nothing armed.
    Idle,
    /// Armed, filling the pre-trigger memory or waiting.
    Waiting,
    /// Triggered, filling.
    Running,
    /// Complete; take it.
    Done,
}

/// A finished capture.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// Signals in channel order.
    pub signals: Vec<Signal>,
    /// Samples per second.
    pub rate_hz: u32,
    /// Time of sample 0.
    pub start_ns: Nanos,
    /// Index of the first sample at or after the trigger.
    pub trigger_index: usize,
    /// One vector per signal, all of the same length.
    pub data: Vec<Vec<f32>>,
}

/// Where a meter is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeterPoint {
    /// DUT grid port: P, Q > 0 injected.
    DutGrid,
    /// Through S1: P, Q > 0 from the source to the PCC.
    Source,
    /// Back-up port: P > 0 into the load.
    Backup,
    /// PV input of the DUT (dc).
    Pv,
    /// Battery port of the DUT (dc): P > 0 discharge.
    Battery,
}

/// Means over the last complete metering window (10 cycles, 200 ms at 50 Hz).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// End of the window.
    pub at_ns: Nanos,
    /// V RMS (dc: mean).
    pub volts: f64,
    /// A RMS (dc: mean, signed as P).
    pub amps: f64,
    /// Active power, W.
    pub watts: f64,
    /// Reactive power of the fundamental, var.
    pub vars: f64,
    /// Frequency of the voltage, Hz (0 when there is none, or dc).
    pub hz: f64,
}

/// State machine of the DUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DutState {
    /// Relay open, no grid or not permitted.
    Standby,
    /// Grid healthy, reconnection timer running.
    Waiting,
    /// Feeding the grid.
    Grid,
    /// Forming the back-up voltage.
    Backup,
    /// Tripped by a protection; reconnects by itself.
    Tripped,
    /// Shut down by DRM0.
    Drm0,
    /// Switched off by itself; wakes with mains or PV.
    Off,
}

/// One PV input of the DUT.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PvInputState {
    /// Output relay of the simulator at it.
    pub closed: bool,
    /// V.
    pub volts: f64,
    /// Power taken, W.
    pub watts: f64,
    /// Voltage of the maximum that a perfect tracker of this kind would stand at, V.
    pub maximum_v: f64,
    /// Power there, W.
    pub maximum_w: f64,
}

/// The true state of the bench, for tests and for the proof of safe state.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueState {
    /// Now.
    pub at_ns: Nanos,
    /// Grid simulator output closed.
    pub grid_output: bool,
    /// Present set-point of the source, V RMS.
    pub grid_set_v: f64,
    /// Present frequency of the source, Hz.
    pub grid_set_hz: f64,
    /// S1 closed.
    pub grid_switch: bool,
    /// S2 closed.
    pub island_load_switch: bool,
    /// Back-up load connected.
    pub backup_load: bool,
    /// PV simulator output on.
    pub pv_on: bool,
    /// Battery simulator output on.
    pub battery_on: bool,
    /// DUT grid relay closed.
    pub dut_relay: bool,
    /// DUT state.
    pub dut: DutState,
    /// Last protection element that tripped, if any.
    pub last_trip: Option<String>,
    /// RMS at the PCC over the last cycle, V.
    pub pcc_v: f64,
    /// RMS at the back-up port over the last cycle, V.
    pub backup_v: f64,
    /// Power at the DUT's grid port over the last cycle, W.
    pub dut_w: f64,
    /// Reactive power at the DUT's grid port over the last cycle, var.
    pub dut_var: f64,
    /// Current at the DUT's grid port over the last cycle, A RMS.
    pub dut_a: f64,
    /// Frequency at the PCC over the last cycle, Hz; 0 without voltage.
    pub pcc_hz: f64,
    /// Power from the source to the PCC over the last cycle, W.
    pub source_w: f64,
    /// Voltage at the first PV input of the DUT, V.
    pub pv_v: f64,
    /// PV power taken at all inputs, W.
    pub pv_w: f64,
    /// The PV inputs, in order.
    pub pv_inputs: Vec<PvInputState>,
    /// Battery voltage, V.
    pub battery_v: f64,
    /// Battery current, A (> 0 discharges).
    pub battery_a: f64,
    /// Battery power, W (> 0 discharges).
    pub battery_w: f64,
    /// Dc bus, V.
    pub dc_link_v: f64,
    /// Temperature of the DUT, °C: its heatsink if that is modelled, else the ambient as it feels it.
    pub dut_temperature_c: f64,
    /// Junction, °C, and whether the fan runs, if the heat of the losses is modelled.
    pub stage: Option<(f64, bool)>,
    /// Active power the bridge is asked for, W.
    pub p_set_w: f64,
    /// Reactive power the bridge is asked for, var.
    pub q_set_var: f64,
    /// Faults and alarms of the DUT, ascending.
    pub faults: Vec<crate::Fault>,
    /// State of charge, 0–1 (0 without battery).
    pub soc: f64,
    /// Ambient, °C.
    pub ambient_c: f64,
    /// Shorted pins.
    pub drm_pins: Vec<(u8, u8)>,
}
