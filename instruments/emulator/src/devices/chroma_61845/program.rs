//! What the 61845 runs after `TRIG ON`: its LIST and PULSE settings as plant segments.

use gridproof_plant::input::{GridHarmonic, GridSegment, GridWave};

use crate::scpi::fault::{self, Fault};

/// Most sequences of a list.
pub(crate) const MOST_POINTS: usize = 100;
/// Orders of a synthesis, 2 to 40.
pub(crate) const MOST_HARMONICS: usize = 39;
/// Angle that stands for "immediately" (61500 family) and here for "phase runs on".
pub(crate) const IMMEDIATE_DEG: f64 = 360.0;

/// Unit of the dwell times of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// Milliseconds.
    Time,
    /// Cycles of the sequence's start frequency.
    Cycle,
}

/// LIST settings. Every array that was set must have the length of `dwell`.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) dwell: Vec<f64>,
    pub(crate) v_start: Vec<f64>,
    pub(crate) v_end: Vec<f64>,
    pub(crate) hz_start: Vec<f64>,
    pub(crate) hz_end: Vec<f64>,
    pub(crate) dc_start: Vec<f64>,
    pub(crate) dc_end: Vec<f64>,
    pub(crate) degree: Vec<f64>,
    pub(crate) shape: Vec<String>,
    pub(crate) base: Base,
    pub(crate) count: u32,
}

impl Default for List {
    fn default() -> Self {
        Self {
            dwell: Vec::new(),
            v_start: Vec::new(),
            v_end: Vec::new(),
            hz_start: Vec::new(),
            hz_end: Vec::new(),
            dc_start: Vec::new(),
            dc_end: Vec::new(),
            degree: Vec::new(),
            shape: Vec::new(),
            base: Base::Time,
            count: 1,
        }
    }
}

impl List {
    /// One pass of the list. Voltage and frequency that were never set hold `volts` and `hz`;
    /// a missing end equals its start.
    pub(crate) fn segments(&self, volts: f64, hz: f64) -> Result<Vec<GridSegment>, Fault> {
        let points = self.dwell.len();
        if points == 0 {
            return Err(fault::SETTINGS_CONFLICT);
        }
        let lengths = [
            self.v_start.len(),
            self.v_end.len(),
            self.hz_start.len(),
            self.hz_end.len(),
            self.dc_start.len(),
            self.dc_end.len(),
            self.degree.len(),
            self.shape.len(),
        ];
        if lengths
            .iter()
            .any(|&length| length != 0 && length != points)
        {
            return Err(fault::LISTS_NOT_SAME_LENGTH);
        }
        let at = |array: &[f64], index: usize, default: f64| {
            array.get(index).copied().unwrap_or(default)
        };
        Ok((0..points)
            .map(|index| {
                let v_start = at(&self.v_start, index, volts);
                let hz_start = at(&self.hz_start, index, hz);
                let dwell_ms = match self.base {
                    Base::Time => self.dwell[index],
                    Base::Cycle => self.dwell[index] * 1e3 / hz_start,
                };
                GridSegment {
                    dwell_ns: (dwell_ms * 1e6).round() as u64,
                    v_start,
                    v_end: at(&self.v_end, index, v_start),
                    hz_start,
                    hz_end: at(&self.hz_end, index, hz_start),
                    start_deg: self
                        .degree
                        .get(index)
                        .copied()
                        .filter(|&deg| deg < IMMEDIATE_DEG),
                }
            })
            .collect())
    }
}

/// PULSE settings.
#[derive(Debug, Clone)]
pub(crate) struct Pulse {
    pub(crate) volts: f64,
    pub(crate) hz: f64,
    pub(crate) start_deg: f64,
    pub(crate) count: u32,
    pub(crate) duty_percent: f64,
    pub(crate) period_ms: f64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            volts: 0.0,
            hz: 50.0,
            start_deg: IMMEDIATE_DEG,
            count: 1,
            duty_percent: 50.0,
            period_ms: 1000.0,
        }
    }
}

impl Pulse {
    /// One period: the pulse for duty × period, then the fixed values.
    pub(crate) fn segments(&self, volts: f64, hz: f64) -> Result<Vec<GridSegment>, Fault> {
        let period = (self.period_ms * 1e6).round() as u64;
        let width = (self.period_ms * self.duty_percent * 1e4).round() as u64;
        if period == 0 {
            return Err(fault::SETTINGS_CONFLICT);
        }
        let segment = |dwell_ns, v: f64, f: f64, start_deg| GridSegment {
            dwell_ns,
            v_start: v,
            v_end: v,
            hz_start: f,
            hz_end: f,
            start_deg,
        };
        let angle = Some(self.start_deg).filter(|&deg| deg < IMMEDIATE_DEG);
        let mut segments = Vec::new();
        if width > 0 {
            segments.push(segment(width, self.volts, self.hz, angle));
        }
        if width < period {
            segments.push(segment(period - width, volts, hz, None));
        }
        Ok(segments)
    }
}

/// STEP settings: from a start level, `count` increments.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) volts: f64,
    pub(crate) delta_volts: f64,
    pub(crate) hz: f64,
    pub(crate) delta_hz: f64,
    pub(crate) start_deg: f64,
    pub(crate) dwell_ms: f64,
    pub(crate) count: u32,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            volts: 0.0,
            delta_volts: 0.0,
            hz: 50.0,
            delta_hz: 0.0,
            start_deg: IMMEDIATE_DEG,
            dwell_ms: 1000.0,
            count: 1,
        }
    }
}

impl Step {
    /// The start level and every increment, each for the dwell; levels stay within `most_v`.
    pub(crate) fn segments(&self, most_v: f64) -> Result<Vec<GridSegment>, Fault> {
        let dwell_ns = (self.dwell_ms * 1e6).round() as u64;
        if dwell_ns == 0 {
            return Err(fault::SETTINGS_CONFLICT);
        }
        Ok((0..=self.count)
            .map(|n| {
                let v = (self.volts + self.delta_volts * f64::from(n)).clamp(0.0, most_v);
                let hz = (self.hz + self.delta_hz * f64::from(n)).clamp(30.0, 100.0);
                GridSegment {
                    dwell_ns,
                    v_start: v,
                    v_end: v,
                    hz_start: hz,
                    hz_end: hz,
                    start_deg: Some(self.start_deg).filter(|&deg| n == 0 && deg < IMMEDIATE_DEG),
                }
            })
            .collect())
    }
}
/// Harmonic synthesis (`OUTPut:MODE SYNTH`).
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Synthesis {
    /// Amplitudes are in percent of the fundamental, else in V.
    pub(super) percent: bool,
    /// From order 2 on.
    pub(super) amplitudes: Vec<f64>,
    /// Degrees, likewise.
    pub(super) phases: Vec<f64>,
    /// V.
    pub(super) fundamental: f64,
    /// V.
    pub(super) dc: f64,
}

impl Synthesis {
    /// The wave while the set-point is the fundamental's.
    pub(super) fn wave(&self) -> Result<GridWave, Fault> {
        let of = if self.percent {
            100.0
        } else {
            self.fundamental
        };
        if of <= 0.0 {
            return Err(fault::SETTINGS_CONFLICT);
        }
        let harmonics = (2..).zip(&self.amplitudes).enumerate();
        Ok(GridWave {
            fundamental: 1.0,
            dc_v: self.dc,
            harmonics: harmonics
                .filter(|(_, (_, amplitude))| **amplitude > 0.0)
                .map(|(index, (order, amplitude))| GridHarmonic {
                    order,
                    ratio: amplitude / of,
                    deg: self.phases.get(index).copied().unwrap_or(0.0),
                })
                .collect(),
        })
    }
}
