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

/// PV inputs of a DUT with several, and which of them are fed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PvFeed {
    /// Inputs that a PV simulator feeds, from 1, ascending; the power is shared out evenly.
    pub fed: Vec<u8>,
    /// Number of inputs that the DUT has.
    pub of: u8,
}

/// `PV inputs 1 and 2 of 2 fed`, or what is open: `PV input 1 of 2 fed, the others open`.
impl std::fmt::Display for PvFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<String> = self.fed.iter().map(u8::to_string).collect();
        let s = if numbers.len() == 1 { "" } else { "s" };
        write!(
            f,
            "PV input{s} {} of {} fed",
            numbers.join(" and "),
            self.of
        )?;
        match usize::from(self.of).saturating_sub(numbers.len()) {
            0 => Ok(()),
            1 => f.write_str(", the other open"),
            _ => f.write_str(", the others open"),
        }
    }
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
    /// Which PV inputs are fed; only of a DUT that has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pv: Option<PvFeed>,
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
    /// A stair of voltages or frequencies against a response curve.
    CurveSweep(CurveSweepCase),
    /// One step against the response times of a curve.
    CurveStep(CurveStepCase),
    /// One step against the open-loop response of a curve.
    OpenLoopStep(OpenLoopStepCase),
    /// The way back of power after a frequency excursion.
    FrequencyReturn(FrequencyReturnCase),
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

/// What a response curve answers to, and which quantity it commands. The unit of its x is that of
/// the former: V, or Hz for [`CurveKind::FrequencyWatt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurveKind {
    /// Reactive power in pu of rated apparent power.
    VoltVar,
    /// Ceiling of active power in pu of rated apparent power.
    VoltWatt,
    /// Active power against frequency in pu of rated apparent power; < 0 charges.
    FrequencyWatt,
}

impl CurveKind {
    /// Unit of the stimulus.
    #[must_use]
    pub fn x_unit(self) -> &'static str {
        match self {
            CurveKind::VoltVar | CurveKind::VoltWatt => "V",
            CurveKind::FrequencyWatt => "Hz",
        }
    }

    /// `voltage` or `frequency`.
    #[must_use]
    pub fn x_name(self) -> &'static str {
        match self {
            CurveKind::VoltVar | CurveKind::VoltWatt => "voltage",
            CurveKind::FrequencyWatt => "frequency",
        }
    }

    /// `Q` or `P`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            CurveKind::VoltVar => 'Q',
            CurveKind::VoltWatt | CurveKind::FrequencyWatt => 'P',
        }
    }
}

/// A piecewise-linear curve, clamped outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What it commands.
    pub kind: CurveKind,
    /// (V or Hz by `kind`, pu of rated apparent power), ascending in the former.
    pub points: Vec<(f64, f64)>,
    /// Half width of the corridor in the commanded quantity, pu of rated apparent power.
    pub tolerance_pu: f64,
    /// Half width of the corridor in the stimulus, V or Hz.
    #[serde(alias = "tolerance_v")]
    pub tolerance_x: f64,
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
    /// Value at `x`, pu. Points are ascending; outside the first and last they hold.
    pub fn at(&self, x: f64) -> f64 {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return 0.0;
        };
        if x <= first.0 {
            return first.1;
        }
        for pair in self.points.windows(2) {
            let ((v0, y0), (v1, y1)) = (pair[0], pair[1]);
            if x <= v1 {
                return if v1 > v0 {
                    y0 + (y1 - y0) * (x - v0) / (v1 - v0)
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
    fn a_held_way_back_asks_for_the_turning_point() {
        let mut case = CurveSweepCase {
            curve: Curve {
                kind: CurveKind::FrequencyWatt,
                points: vec![(50.25, 1.0), (52.0, 0.0)],
                tolerance_pu: 0.04,
                tolerance_x: 0.0,
                reactive_pu: None,
                origin: String::new(),
                mark: Mark::S,
            },
            stimuli: vec![50.0, 50.25, 50.5, 51.0, 50.5, 50.25, 50.2, 50.0],
            dwell_s: 15.0,
            window_s: 5.0,
            power_w: 3000.0,
            told_response_s: None,
            held: None,
        };
        let asked = |case: &CurveSweepCase| (0..8).map(|k| case.asked_at(k)).collect::<Vec<_>>();
        assert_eq!(asked(&case), (0..8).map(Some).collect::<Vec<_>>());
        case.held = Some(HeldReturn {
            until: 50.25,
            origin: String::new(),
            mark: Mark::K,
        });
        let some = [0, 1, 2, 3, 3].map(Some);
        assert_eq!(asked(&case), [&some[..], &[None; 3]].concat());
        // The other way down.
        case.stimuli = case.stimuli.iter().map(|f| 100.0 - f).collect();
        case.held.as_mut().expect("held").until = 49.75;
        assert_eq!(asked(&case), [&some[..], &[None; 3]].concat());
        // A stair that stays in the dead band holds nothing.
        case.stimuli = vec![50.0, 49.9, 50.0];
        assert_eq!(asked(&case)[..1], [Some(0)]);
        assert_eq!(case.asked_at(2), Some(2));
    }

    #[test]
    fn a_clipped_curve_keeps_its_slopes() {
        let curve = Curve {
            kind: CurveKind::VoltVar,
            points: vec![(207.0, 0.44), (220.0, 0.0), (240.0, 0.0), (258.0, -0.6)],
            tolerance_pu: 0.04,
            tolerance_x: 0.0,
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

/// A stair of voltages or frequencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurveSweepCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Voltages or frequencies in the order they are applied, V or Hz.
    #[serde(alias = "voltages_v")]
    pub stimuli: Vec<f64>,
    /// Time at each of them, s.
    pub dwell_s: f64,
    /// Length of the mean at the end of each dwell, s.
    pub window_s: f64,
    /// Active power commanded before the sweep, W.
    pub power_w: f64,
    /// The DUT is told the curve before the sweep, with this open-loop response time, s; without,
    /// it runs the one it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_response_s: Option<f64>,
    /// How the output comes back where it does not retrace the curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldReturn>,
}

/// A way back on which the output holds the value of the turning point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldReturn {
    /// Held until the stimulus is back here, V or Hz. From here to the start of the stair nothing
    /// is asked: when the output may rise is a matter of time.
    pub until: f64,
    /// Where this was taken from.
    pub origin: String,
    /// How well it is founded.
    pub mark: Mark,
}

impl CurveSweepCase {
    /// The step whose stimulus the curve is to be taken at in step `step`: its own, or on a held
    /// way back that of the turning point. `None` where nothing is asked.
    #[must_use]
    pub fn asked_at(&self, step: usize) -> Option<usize> {
        let Some(held) = &self.held else {
            return Some(step);
        };
        let begin = *self.stimuli.first()?;
        let out = |index: usize| (self.stimuli[index] - begin).abs();
        let turn = (0..=step.min(self.stimuli.len() - 1))
            .rev()
            .max_by(|&a, &b| out(a).total_cmp(&out(b)))?;
        if turn == step {
            return Some(step);
        }
        let beyond = (held.until - begin).abs();
        if out(turn) <= beyond {
            // The dead band was never left.
            Some(step)
        } else if out(step) > beyond {
            Some(turn)
        } else {
            None
        }
    }
}

/// One voltage or frequency step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurveStepCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Voltage or frequency before, V or Hz.
    #[serde(alias = "from_v")]
    pub from: f64,
    /// Voltage or frequency after, V or Hz.
    #[serde(alias = "to_v")]
    pub to: f64,
    /// Time recorded after the step, s.
    pub observe_s: f64,
    /// Active power commanded before, W.
    pub power_w: f64,
    /// Start of the response after the step, s.
    pub commence: Limit,
    /// Time after which the output is inside the corridor and stays, s.
    pub complete: Limit,
}

/// One step against an open-loop response (IEEE 1547.1-2020 clause 4.2). The tolerances of
/// the curve are the multiple of the minimum required accuracy by which limits are widened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenLoopStepCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Voltage or frequency before, V or Hz.
    #[serde(alias = "from_v")]
    pub from: f64,
    /// Voltage or frequency after, V or Hz.
    #[serde(alias = "to_v")]
    pub to: f64,
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

/// The way back after a frequency excursion: power holds its level for a time and then rises (or
/// falls) no faster than a ramp (AS/NZS 4777.2:2020 clause 4.5.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrequencyReturnCase {
    /// Curve with its corridor.
    pub curve: Curve,
    /// Frequency of the excursion, Hz.
    pub far: f64,
    /// Frequency to which it comes back, Hz.
    pub back: f64,
    /// Time at the far frequency, s.
    pub dwell_s: f64,
    /// Length of the mean at its end, s.
    pub window_s: f64,
    /// Active power commanded before, W.
    pub power_w: f64,
    /// Least time at the held level, s.
    pub hold_s: f64,
    /// Fastest change afterwards, pu of rated apparent power per second.
    pub ramp_pu_per_s: f64,
    /// Time read after the return, s: the whole way at this ramp and a margin.
    pub observe_s: f64,
    /// Where hold and ramp were taken from.
    pub origin: String,
    /// How well they are founded.
    pub mark: Mark,
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
