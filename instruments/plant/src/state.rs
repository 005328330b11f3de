//! What the instruments last told the bench: set-points as the bench holds them, beside the true
//! state that came of them.

use crate::input::Input;
use crate::plant::Plant;
use crate::signal::{MeterPoint, Reading};

/// Four points of a PV curve.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PvPoints {
    /// Open-circuit voltage, V.
    pub voc: f64,
    /// Short-circuit current, A.
    pub isc: f64,
    /// Voltage of the maximum power point, V.
    pub vmp: f64,
    /// Current of the maximum power point, A.
    pub imp: f64,
}

/// Battery simulator.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BatterySetPoint {
    /// V.
    pub volts: f64,
    /// Limit out of the simulator, A ≥ 0.
    pub source_a: f64,
    /// Limit into the simulator, A ≥ 0.
    pub sink_a: f64,
}

/// Branches of the island load; `None` is not connected.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LoadSetPoint {
    /// Ω.
    pub r_ohm: Option<f64>,
    /// H.
    pub l_h: Option<f64>,
    /// F.
    pub c_f: Option<f64>,
}

/// Set-points of sources and loads, as they have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SetPoints {
    /// PV simulator.
    pub pv: PvPoints,
    /// Battery simulator.
    pub battery: BatterySetPoint,
    /// Island load behind S2.
    pub load: LoadSetPoint,
    /// Load at the back-up port, Ω.
    pub backup_ohm: Option<f64>,
}

impl SetPoints {
    /// Keeps what an input says. The grid simulator's set-points move by themselves and are part
    /// of the true state.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only these inputs hold a set-point that the state does not show"
    )]
    pub(crate) fn note(&mut self, input: &Input) {
        match *input {
            Input::Pv {
                voc, isc, vmp, imp, ..
            } => self.pv = PvPoints { voc, isc, vmp, imp },
            Input::BatterySource {
                volts,
                source_a,
                sink_a,
                ..
            } => {
                self.battery = BatterySetPoint {
                    volts,
                    source_a,
                    sink_a,
                };
            }
            Input::IslandLoad { r_ohm, l_h, c_f } => {
                self.load = LoadSetPoint { r_ohm, l_h, c_f };
            }
            Input::BackupLoad { r_ohm } => self.backup_ohm = r_ohm,
            _ => {}
        }
    }
}

impl Plant {
    /// Set-points of sources and loads.
    #[must_use]
    pub fn set_points(&self) -> SetPoints {
        self.set_points
    }

    /// The last cycle at a point, without anybody's error.
    #[must_use]
    pub fn truth(&self, point: MeterPoint) -> Reading {
        self.reading_cycle(point)
    }
}
