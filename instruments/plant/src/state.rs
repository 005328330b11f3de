//! What the instruments last told the bench: set-points as the bench holds them, beside the true
//! state that came of them.

use crate::config::MOST_PV_INPUTS;
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

impl PvPoints {
    /// Those of a curve by its points (V, A); the maximum is the best of them.
    fn of(points: &[(f64, f64)]) -> Self {
        let best = points
            .iter()
            .max_by(|a, b| (a.0 * a.1).total_cmp(&(b.0 * b.1)));
        Self {
            voc: points.last().map_or(0.0, |point| point.0),
            isc: points.first().map_or(0.0, |point| point.1),
            vmp: best.map_or(0.0, |point| point.0),
            imp: best.map_or(0.0, |point| point.1),
        }
    }
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
    /// Resistance in series with it, Ω.
    pub l_ohm: f64,
    /// F.
    pub c_f: Option<f64>,
}

/// Set-points of sources and loads, as they have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SetPoints {
    /// PV simulators, by input of the DUT.
    pub pv: [PvPoints; MOST_PV_INPUTS],
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
                input,
                voc,
                isc,
                vmp,
                imp,
                ..
            } => self.note_pv(input, PvPoints { voc, isc, vmp, imp }),
            Input::PvPoints {
                input, ref points, ..
            } => self.note_pv(input, PvPoints::of(points)),
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
            Input::IslandLoad {
                r_ohm,
                l_h,
                l_ohm,
                c_f,
            } => {
                self.load = LoadSetPoint {
                    r_ohm,
                    l_h,
                    l_ohm,
                    c_f,
                };
            }
            Input::BackupLoad { r_ohm } => self.backup_ohm = r_ohm,
            _ => {}
        }
    }
}

impl SetPoints {
    fn note_pv(&mut self, input: usize, points: PvPoints) {
        if let Some(kept) = self.pv.get_mut(input) {
            *kept = points;
        }
    }
}

impl Plant {
    /// Means at a PV input, counted from 0, over the last 20 ms.
    #[must_use]
    pub fn pv_reading(&self, input: usize) -> Reading {
        if input == 0 {
            return self.reading_cycle(MeterPoint::Pv);
        }
        let pv = &self.dut.dispatch.pv;
        let (volts, watts) = (pv.volts(input), pv.watts(input));
        Reading {
            at_ns: self.now(),
            volts,
            amps: if volts > 0.0 { watts / volts } else { 0.0 },
            watts,
            ..Reading::default()
        }
    }

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
