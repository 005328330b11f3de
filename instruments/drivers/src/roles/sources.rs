//! Sources: grid simulator, PV simulator, battery simulator, chamber.

use super::Instrument;
use crate::error::InstrumentResult;

/// One segment of a transient list. Values run linearly from start to end over the dwell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridStep {
    /// Length, s.
    pub dwell_s: f64,
    /// V RMS at the start.
    pub v_start: f64,
    /// V RMS at the end.
    pub v_end: f64,
    /// Hz at the start.
    pub hz_start: f64,
    /// Hz at the end.
    pub hz_end: f64,
    /// Set the phase to this angle at the start of the segment, degrees after the positive-going
    /// zero; `None` lets the phase run on.
    pub start_deg: Option<f64>,
}

/// What a source reads back of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceReading {
    /// V RMS (dc: mean).
    pub volts: f64,
    /// A RMS (dc: mean, > 0 out of the source).
    pub amps: f64,
    /// W, > 0 out of the source.
    pub watts: f64,
}

/// Programmable four-quadrant AC source.
#[async_trait::async_trait(?Send)]
pub trait GridSource: Instrument {
    /// Steady voltage (V RMS) and frequency (Hz); reached as a step. Output state unchanged.
    async fn set(&mut self, volts: f64, hertz: f64) -> InstrumentResult<()>;

    /// Close the output. After return the set voltage stands at the terminals.
    async fn output_on(&mut self) -> InstrumentResult<()>;

    /// Open the output (high impedance).
    async fn output_off(&mut self) -> InstrumentResult<()>;

    /// Open the output at this angle of its voltage, degrees after the positive-going zero: loss
    /// of grid with high impedance at a point on wave. Raises the trigger output at that instant.
    async fn cut_at(&mut self, angle_deg: f64) -> InstrumentResult<()>;

    /// Run a transient list from now; the last values hold afterwards. The trigger output pulses
    /// at the start of each segment. The first segment should repeat the present values.
    async fn run_list(&mut self, steps: &[GridStep]) -> InstrumentResult<()>;

    /// Measure at the output terminals.
    async fn measure(&mut self) -> InstrumentResult<SourceReading>;
}

/// Four points of a PV curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PvCurve {
    /// Open-circuit voltage, V.
    pub voc: f64,
    /// Short-circuit current, A.
    pub isc: f64,
    /// MPP voltage, V, below `voc`.
    pub vmp: f64,
    /// MPP current, A, below `isc`.
    pub imp: f64,
}

/// PV array simulator with one or several outputs, counted from 0. [`Instrument::make_safe`] opens
/// all of them and proves each.
#[async_trait::async_trait(?Send)]
pub trait PvSource: Instrument {
    /// Number of outputs; the others of the device are left alone.
    fn outputs(&self) -> usize;
    /// Load and activate a curve. Output state unchanged, as is every other output.
    async fn set_curve(&mut self, output: usize, curve: PvCurve) -> InstrumentResult<()>;
    /// Close an output.
    async fn output_on(&mut self, output: usize) -> InstrumentResult<()>;
    /// Open an output.
    async fn output_off(&mut self, output: usize) -> InstrumentResult<()>;
    /// Measure at the terminals of an output.
    async fn measure(&mut self, output: usize) -> InstrumentResult<SourceReading>;
}

/// Bidirectional DC source standing in for the battery.
#[async_trait::async_trait(?Send)]
pub trait BatterySource: Instrument {
    /// Voltage (V) and current limits (A, both ≥ 0): `source_a` while the DUT discharges,
    /// `sink_a` while it charges. Output state unchanged.
    async fn set(&mut self, volts: f64, source_a: f64, sink_a: f64) -> InstrumentResult<()>;
    /// Close the output.
    async fn output_on(&mut self) -> InstrumentResult<()>;
    /// Open the output.
    async fn output_off(&mut self) -> InstrumentResult<()>;
    /// Measure.
    async fn measure(&mut self) -> InstrumentResult<SourceReading>;
}

/// Climatic chamber around the DUT.
#[async_trait::async_trait(?Send)]
pub trait Chamber: Instrument {
    /// Constant temperature, °C; the chamber needs time to reach it.
    async fn set_temperature(&mut self, celsius: f64) -> InstrumentResult<()>;
    /// Measured temperature, °C.
    async fn temperature(&mut self) -> InstrumentResult<f64>;
}
