//! Cases: what a campaign consists of once every level, limit and capability is resolved.
//! All numbers are SI with the unit in the name; P, Q > 0 are injected by the DUT.

use serde::{Deserialize, Serialize};

use crate::verdict::{DecisionRule, Mark};

/// Where in a file something was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// File as given by the user.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// Standard, edition and clause a test stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// `AS/NZS 4777.2`, `IEC 62116`, or the DUT's manual.
    pub standard: String,
    /// `2020`, `2014`…
    #[serde(default)]
    pub edition: String,
    /// `4.4`, `table 2`…
    #[serde(default)]
    pub clause: String,
}

impl std::fmt::Display for Citation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.standard)?;
        if !self.edition.is_empty() {
            write!(f, ":{}", self.edition)?;
        }
        if !self.clause.is_empty() {
            write!(f, ", {}", self.clause)?;
        }
        Ok(())
    }
}

/// A resolved limit and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Smallest value that passes, if any.
    pub min: Option<f64>,
    /// Largest value that passes, if any.
    pub max: Option<f64>,
    /// Where the limit was taken from: `grid code as-nzs-4777.2-2020-a, OV1`.
    pub origin: String,
    /// How well it is founded.
    pub mark: Mark,
}

/// Nominal values of the DUT that every judge needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratings {
    /// Nominal voltage, V.
    pub nominal_v: f64,
    /// Nominal frequency, Hz.
    pub nominal_hz: f64,
    /// Rated active power, W.
    pub rated_w: f64,
    /// Rated apparent power: base of curves and tolerances, VA.
    pub rated_va: f64,
    /// Rated output current: base of "below 1 % of rated", A.
    pub rated_a: f64,
    /// Rated power drawn from the grid to charge, W; 0 without.
    pub rated_charge_w: f64,
    /// Rated back-up power, W; 0 without.
    pub rated_backup_w: f64,
}

/// One expanded combination of a test on a DUT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Unique within the run: `saj-as1-3ks-5.1/TRIP-OV1/2`.
    pub id: String,
    /// Identifier of its test in the plan.
    pub test: String,
    /// Identifier of the DUT profile.
    pub dut: String,
    /// What distinguishes it among its siblings: `ΔP +5 %, ΔQ 0 %`.
    pub label: String,
    /// The plan line of its test.
    pub line: SourceRef,
    /// What the test stands on.
    pub cites: Citation,
    /// How uncertainty enters the decision.
    pub decision: DecisionRule,
    /// Ratings of the DUT.
    pub ratings: Ratings,
    /// What is done and what must come out.
    pub spec: CaseSpec,
}

/// The procedure of a case with all its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseSpec {
    /// Unintentional islanding with a tuned RLC load (IEC 62116).
    AntiIslanding(AntiIslandingCase),
    /// Loss of grid with the back-up port loaded (IEC 62040-3).
    Transfer(TransferCase),
    /// A stair of voltages against a response curve.
    CurveSweep(CurveSweepCase),
    /// One voltage step against the response times of a curve.
    CurveStep(CurveStepCase),
    /// One voltage step against the open-loop response of a curve.
    OpenLoopStep(OpenLoopStepCase),
    /// One demand-response mode.
    Drm(DrmCase),
    /// One protection element.
    Trip(TripCase),
    /// Power against ambient temperature.
    Derating(DeratingCase),
}

/// Unintentional islanding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AntiIslandingCase {
    /// Power of the DUT before opening, W.
    pub power_w: f64,
    /// Load active power minus DUT power, fraction of DUT power.
    pub delta_p: f64,
    /// Inductive excess of the load (one reactive branch changed), fraction of DUT power.
    pub delta_q: f64,
    /// Quality factor of the load.
    pub quality_factor: f64,
    /// MPP voltage of the PV simulator, fraction of the DUT's MPPT range.
    #[serde(default = "AntiIslandingCase::condition_a")]
    pub dc_voltage: f64,
    /// Run-on time, s.
    pub run_on: Limit,
}

impl AntiIslandingCase {
    /// The dc voltage where nothing else is stated: above 75 % of the range (IEC 62116 condition A).
    #[must_use]
    pub fn condition_a() -> f64 {
        0.78
    }
}

/// Transfer to back-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferCase {
    /// Resistive load, W at nominal voltage (0 = none).
    pub load_w: f64,
    /// Angle of the source voltage at which the grid opens, degrees.
    pub angle_deg: f64,
    /// Transfer time by metric M2 (10 % deviation), s.
    pub transfer: Limit,
}

/// Which quantity a voltage curve commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurveKind {
    /// Reactive power in pu of rated apparent power.
    VoltVar,
    /// Ceiling of active power in pu of rated apparent power.
    VoltWatt,
}

/// A piecewise-linear curve, clamped outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What it commands.
    pub kind: CurveKind,
    /// (V, pu of rated apparent power), ascending in V.
    pub points: Vec<(f64, f64)>,
    /// Half width of the corridor in the commanded quantity, pu of rated apparent power.
    pub tolerance_pu: f64,
    /// Half width of the corridor in voltage, V.
    pub tolerance_v: f64,
    /// Largest |Q| that may rightly take the place of active power while the curve is tested, pu
    /// of rated apparent power; no bound when the record does not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactive_pu: Option<f64>,
    /// Where the curve was taken from.
    pub origin: String,
    /// How well it is founded.
    pub mark: Mark,
}

impl Curve {
    /// Value at `volts`, pu. Points are ascending; outside the first and last they hold.
    pub fn at(&self, volts: f64) -> f64 {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return 0.0;
        };
        if volts <= first.0 {
            return first.1;
        }
        for pair in self.points.windows(2) {
            let ((v0, y0), (v1, y1)) = (pair[0], pair[1]);
            if volts <= v1 {
                return if v1 > v0 {
                    y0 + (y1 - y0) * (volts - v0) / (v1 - v0)
                } else {
                    y1
                };
            }
        }
        last.1
    }

    /// The curve with its values limited to ±`most` pu, with a corner where a limit cuts it.
    #[must_use]
    pub fn clipped(self, most: f64) -> Self {
        let most = most.abs();
        let mut points = Vec::with_capacity(self.points.len() + 2);
        let mut before: Option<(f64, f64)> = None;
        for (v, y) in self.points {
            if let Some((v0, y0)) = before {
                let mut cuts: Vec<(f64, f64)> = [most, -most]
                    .into_iter()
                    .filter(|cut| (y0 - cut) * (y - cut) < 0.0)
                    .map(|cut| (v0 + (v - v0) * (cut - y0) / (y - y0), cut))
                    .collect();
                cuts.sort_by(|a, b| a.0.total_cmp(&b.0));
                points.extend(cuts);
            }
            points.push((v, y.clamp(-most, most)));
            before = Some((v, y));
        }
        Self { points, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clipped_curve_keeps_its_slopes() {
        let curve = Curve {
            kind: CurveKind::VoltVar,
            points: vec![(207.0, 0.44), (220.0, 0.0), (240.0, 0.0), (258.0, -0.6)],
            tolerance_pu: 0.04,
            tolerance_v: 0.0,
            reactive_pu: None,
            origin: String::new(),
            mark: Mark::S,
        };
        let clipped = curve.clone().clipped(0.3);
        for tenth in 2000..2700 {
            let volts = 0.1 * f64::from(tenth);
            let want = curve.at(volts).clamp(-0.3, 0.3);
            assert!((clipped.at(volts) - want).abs() < 1e-9, "{volts} V");
        }
        assert_eq!(curve.clone().clipped(0.6), curve);
        // From one limit to the other within one line.
        let steep = Curve {
            points: vec![(230.0, 1.0), (250.0, -1.0)],
            ..curve
        };
        let corners = steep.clipped(0.5).points;
        assert_eq!(
            corners,
            [(230.0, 0.5), (235.0, 0.5), (245.0, -0.5), (250.0, -0.5)]
        );
    }
}

/// A stair of voltages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurveSweepCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Voltages in the order they are applied, V.
    pub voltages_v: Vec<f64>,
    /// Time at each voltage, s.
    pub dwell_s: f64,
    /// Length of the mean at the end of each dwell, s.
    pub window_s: f64,
    /// Active power commanded before the sweep, W.
    pub power_w: f64,
    /// The DUT is told the curve before the sweep, with this open-loop response time, s; without,
    /// it runs the one it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_response_s: Option<f64>,
}

/// One voltage step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurveStepCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Voltage before, V.
    pub from_v: f64,
    /// Voltage after, V.
    pub to_v: f64,
    /// Time recorded after the step, s.
    pub observe_s: f64,
    /// Active power commanded before, W.
    pub power_w: f64,
    /// Start of the response after the step, s.
    pub commence: Limit,
    /// Time after which the output is inside the corridor and stays, s.
    pub complete: Limit,
}

/// One voltage step against an open-loop response (IEEE 1547.1-2020 clause 4.2). The tolerances of
/// the curve are the multiple of the minimum required accuracy by which limits are widened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenLoopStepCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Voltage before, V.
    pub from_v: f64,
    /// Voltage after, V.
    pub to_v: f64,
    /// Time recorded after the step, s; the steady state is its part from twice the response time.
    pub observe_s: f64,
    /// Active power commanded before, W.
    pub power_w: f64,
    /// Time after which a first-order response has made 90 % of its change, s.
    pub response_s: f64,
    /// Half width of the corridor in time, s.
    pub tolerance_s: f64,
    /// Where the response time was taken from.
    pub response_origin: String,
    /// How well it is founded.
    pub response_mark: Mark,
}

/// Whether the DUT feeds or draws while the mode is asserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Feeds the grid.
    Generate,
    /// Draws from the grid.
    Consume,
}

/// One demand-response mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrmCase {
    /// Mode, 0–8.
    pub mode: u8,
    /// Direction of power before the mode is asserted, at rated power.
    pub flow: Flow,
    /// Magnitude of power in the asserted mode, pu of rated power (for `flow`).
    pub level: Limit,
    /// Allowance on the level, pu of rated power.
    pub tolerance_pu: f64,
    /// Time from the contact until the level is reached and kept, s.
    pub response: Limit,
    /// Time the mode is held, s.
    pub hold_s: f64,
}

/// Quantity of a protection element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TripQuantity {
    /// V RMS.
    Voltage,
    /// Hz.
    Frequency,
}

/// One protection element by a step beyond its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TripCase {
    /// `OV1`, `UF1`…
    pub element: String,
    /// Watched quantity.
    pub quantity: TripQuantity,
    /// Limit of the element, V or Hz.
    pub threshold: f64,
    /// Value before the step, V or Hz.
    pub from: f64,
    /// Value after the step, V or Hz.
    pub to: f64,
    /// Power of the DUT before the step, W.
    pub power_w: f64,
    /// Time from the step until the current stays below 1 % of rated, s; the minimum is the
    /// withstand time.
    pub disconnect: Limit,
    /// Time recorded after the step, s.
    pub observe_s: f64,
}

/// Power against ambient temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeratingCase {
    /// Ambient temperatures in the order they are applied, °C.
    pub ambient_c: Vec<f64>,
    /// Temperature up to which the manual promises full power, °C.
    pub start_c: f64,
    /// Power that counts as full, pu of rated.
    pub full_pu: f64,
    /// Smallest reduction that counts as derating above `start_c`, pu of rated.
    pub reduction_pu: f64,
    /// Soak time at each temperature, s.
    pub soak_s: f64,
    /// Length of the mean at the end of each soak, s.
    pub window_s: f64,
    /// Where the temperature was taken from.
    pub origin: String,
    /// How well it is founded; records of before it was kept took every temperature as sourced.
    #[serde(default = "sourced")]
    pub mark: Mark,
}

fn sourced() -> Mark {
    Mark::S
}
