//! Plans: which tests are run on which DUTs, with levels still unresolved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::Citation;
use crate::located::Located;
use crate::quantity::{
    Celsius, Degrees, Hertz, PowerLevel, Quantity, Ratio, Seconds, Volts, VoltsOrHertz,
};
use crate::verdict::DecisionRule;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Identifier, also the stem of its file.
    pub plan: String,
    /// One line.
    pub title: String,
    /// DUT profiles the tests are run on.
    pub duts: Vec<Located<String>>,
    /// How uncertainty enters the decisions, unless a test says otherwise.
    #[serde(default)]
    pub decision: DecisionRule,
    /// Tests in the order they are run.
    pub tests: Vec<PlanTest>,
}

/// One test of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanTest {
    /// Identifier, unique in the plan.
    pub id: Located<String>,
    /// One line.
    pub title: String,
    /// What it stands on.
    pub cites: Citation,
    /// Grid code that gives the limits; without, the DUT profile does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid_code: Option<Located<String>>,
    /// How uncertainty enters the decision of this test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionRule>,
    /// The one PV input of the DUT that is fed, from 1; all that the bench can feed when left out,
    /// with the power shared out evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pv_input: Option<Located<u8>>,
    /// What is done, with its parameters.
    pub procedure: Procedure,
}

/// A coded method with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// Unintentional islanding with a tuned RLC load (IEC 62116).
    AntiIslanding(AntiIslandingParams),
    /// Loss of grid with the back-up port loaded (IEC 62040-3).
    Transfer(TransferParams),
    /// Active power against voltage.
    VoltWatt(CurveParams),
    /// Reactive power against voltage.
    VoltVar(CurveParams),
    /// Reactive power against voltage with curves that the DUT is told (IEEE 1547.1).
    VoltVarMatrix(VoltVarMatrixParams),
    /// Active power against frequency.
    FrequencyWatt(FrequencyWattParams),
    /// One demand-response mode.
    Drm(DrmParams),
    /// One protection element.
    Trip(TripParams),
    /// Power against ambient temperature.
    Derating(DeratingParams),
}

impl Procedure {
    /// Every procedure's name, in the order they are listed to people.
    pub const NAMES: [&'static str; 9] = [
        "anti-islanding",
        "transfer",
        "volt-watt",
        "volt-var",
        "volt-var-matrix",
        "frequency-watt",
        "drm",
        "trip",
        "derating",
    ];

    /// The name it has in plans.
    pub fn name(&self) -> &'static str {
        match self {
            Procedure::AntiIslanding(_) => "anti-islanding",
            Procedure::Transfer(_) => "transfer",
            Procedure::VoltWatt(_) => "volt-watt",
            Procedure::VoltVar(_) => "volt-var",
            Procedure::VoltVarMatrix(_) => "volt-var-matrix",
            Procedure::FrequencyWatt(_) => "frequency-watt",
            Procedure::Drm(_) => "drm",
            Procedure::Trip(_) => "trip",
            Procedure::Derating(_) => "derating",
        }
    }
}

/// Unintentional islanding: every pair of `delta_p` and `delta_q`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AntiIslandingParams {
    /// Power of the DUT.
    pub power: PowerLevel,
    /// Active power of the load minus that of the DUT, of the latter.
    pub delta_p: Vec<Ratio>,
    /// Reactive imbalance of the load, of the DUT's active power.
    pub delta_q: Vec<Ratio>,
    /// Quality factor of the load, in place of the grid code's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_factor: Option<f64>,
    /// MPP voltage of the PV simulator as a fraction of the DUT's MPPT range (IEC 62116 conditions
    /// A above 75 %, B 40–60 %, C below 20 %); above 75 % when left out. Without meaning on a DUT
    /// that has no PV input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dc_voltage: Option<Ratio>,
    /// How often each pair is run (1 when left out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
}

/// Transfer to back-up: every pair of `loads` and `angles`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferParams {
    /// Resistive loads of the back-up port, of its rated power where relative.
    pub loads: Vec<PowerLevel>,
    /// Angles of the source voltage at which the grid opens.
    pub angles: Vec<Degrees>,
    /// How often each pair is run (1 when left out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
}

/// A voltage curve: a stair of voltages, then single steps for the response times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurveParams {
    /// Active power commanded.
    pub power: PowerLevel,
    /// Stair of voltages.
    pub voltages: Stair<Volts>,
    /// Time at each voltage.
    pub dwell: Seconds,
    /// Length of the mean at the end of each dwell.
    pub window: Seconds,
    /// Steps (from, to) for the response times.
    #[serde(default)]
    pub steps: Vec<(Volts, Volts)>,
}

/// Volt-var over test characteristics, powers and reference voltages: every combination is told to
/// the DUT and held at the voltages around its corners (IEEE 1547.1-2020 clause 5.14.4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoltVarMatrixParams {
    /// Names of `volt_var_characteristics` of the grid code.
    pub characteristics: Vec<Located<String>>,
    /// Active powers commanded.
    pub powers: Vec<PowerLevel>,
    /// Reference voltages as a fraction of nominal: the points of a characteristic move with them.
    pub references: Vec<Ratio>,
    /// Range of continuous operation; voltages outside are left out.
    pub range: (Volts, Volts),
}

/// Frequency-watt, at each of `powers`: a stair of frequencies there and, if wanted, back, then
/// single steps for the response times, and where the grid code asks for it the way back from the
/// last frequency of the stair. A stair above nominal tests over-frequency, below it
/// under-frequency; powers below zero charge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyWattParams {
    /// Active powers commanded, each in a stair of its own.
    pub powers: Vec<PowerLevel>,
    /// Stair of frequencies.
    pub frequencies: Stair<Hertz>,
    /// Time at each frequency.
    pub dwell: Seconds,
    /// Length of the mean at the end of each dwell.
    pub window: Seconds,
    /// Steps (from, to) for the response times.
    #[serde(default)]
    pub steps: Vec<(Hertz, Hertz)>,
}

/// Values from one end to the other, and back if wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{T}Stair")]
pub struct Stair<T> {
    /// First value.
    pub from: T,
    /// Last value before the return.
    pub to: T,
    /// Distance of neighbours, positive in either direction.
    pub step: T,
    /// Return to `from` by the same values.
    #[serde(default)]
    pub there_and_back: bool,
}

/// Largest number of values of a stair one way; a plan that wants more is refused when loaded.
pub const MAX_STAIR_STEPS: f64 = 10_000.0;

impl<T: Quantity> Stair<T> {
    /// The values in order, SI. Always ends one way exactly at `to`, by a shorter last step if
    /// need be; the turning point is not repeated. Empty when `step` is not positive.
    pub fn expand(&self) -> Vec<f64> {
        let (from, to, step) = (self.from.si(), self.to.si(), self.step.si());
        let steps = (to - from).abs() / step;
        if step <= 0.0 || !steps.is_finite() || steps > MAX_STAIR_STEPS {
            return Vec::new();
        }
        let whole = (steps - 1e-6).ceil().max(0.0) as u32;
        let signed = if to < from { -step } else { step };
        let mut values: Vec<f64> = (0..whole)
            .map(|index| tidy(from + signed * f64::from(index)))
            .collect();
        values.push(to);
        if self.there_and_back {
            let back: Vec<f64> = values.iter().rev().skip(1).copied().collect();
            values.extend(back);
        }
        values
    }
}

/// Rounded to a nanovolt or nanohertz, so that 0.1 V steps stay decimal.
fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// One demand-response mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrmParams {
    /// Mode, 0–8.
    #[schemars(range(max = 8))]
    pub mode: u8,
    /// Time the mode is held.
    pub hold: Seconds,
}

/// One protection element by a step beyond its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TripParams {
    /// Name of the element in the grid code.
    pub element: Located<String>,
    /// How far beyond the threshold the step goes.
    pub beyond: VoltsOrHertz,
    /// Power of the DUT.
    pub power: PowerLevel,
    /// How often the step is run (1 when left out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
}

/// Power against ambient temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeratingParams {
    /// Ambient temperatures in order.
    pub ambient: Vec<Celsius>,
    /// Power that counts as full.
    pub full: PowerLevel,
    /// Smallest reduction that counts as derating.
    pub reduction: PowerLevel,
    /// Time at each temperature.
    pub soak: Seconds,
    /// Length of the mean at the end of each soak.
    pub window: Seconds,
}
