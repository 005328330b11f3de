//! `analyze transfer`: metrics M1 to M4 from a back-up voltage alone, M5 and M6 from what was
//! recorded beside it.

use gridproof_model::record::Accuracy;
use gridproof_model::result::BudgetLine;
use serde::Serialize;

use super::envelope::{Class, ClassMargin, class};
use super::transfer_companions::{Instant, Seen, TransferCompanions, TransferParts, parts};
use super::transfer_energy::LostEnergy;
use super::warnings::{clipped, skew_s, skewed};
use super::wave::{Carried, coarse_hz, departure};
use super::{AnalyzeError, Channel64, EventAccuracy, positive};
use crate::rms::half_cycle_series;
use crate::transfer::{Outcome, Transfer, TransferRule};
use crate::uncertainty::Budget;

/// What a back-up voltage shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransferAnalysis {
    /// First departure by 10 % of the nominal peak from the wave before, s.
    pub t_start_s: Option<f64>,
    /// Last departure by 10 % from the wave after, before it stays a cycle inside, s.
    pub t_end_s: Option<f64>,
    /// Metric M2: t_end − t_start, s; 0 if the voltage never departed.
    pub transfer_time_s: Option<f64>,
    /// U of the transfer time, s.
    pub uncertainty_s: Option<f64>,
    /// Metric M1: longest time below 10 % of the nominal peak beyond a healthy crossing, s.
    pub gap_s: Option<f64>,
    /// U of `gap_s`, s.
    pub gap_uncertainty_s: Option<f64>,
    /// Where the U of `gap_s` comes from, s.
    pub gap_budget: Vec<BudgetLine>,
    /// Phase of the new wave against the old one, degrees in (−180, 180].
    pub phase_jump_deg: Option<f64>,
    /// Dynamic class (metric M4) by the planning envelope.
    pub class: Class,
    /// How far the voltage stayed from the envelope of each class, best first; empty without a
    /// transfer.
    pub class_margins: Vec<ClassMargin>,
    /// Metric M3: time with the one-cycle RMS below 90 % of nominal, s, in steps of half a cycle.
    pub rms_dip_s: Option<f64>,
    /// U of `rms_dip_s` as the time with the RMS of any one cycle below 90 %, s.
    pub rms_dip_uncertainty_s: Option<f64>,
    /// Where the U of `rms_dip_s` comes from, s.
    pub rms_dip_budget: Vec<BudgetLine>,
    /// When the reference (grid) voltage departed from its wave, s; with `reference` only.
    pub t_grid_event_s: Option<f64>,
    /// From the grid's departure to the end of the transfer, s.
    pub since_grid_event_s: Option<f64>,
    /// Metrics M5 and M6, from the channels beside the voltage.
    #[serde(flatten)]
    pub parts: TransferParts,
    /// Direct component of the voltage after the transfer, V.
    pub dc_after_v: Option<f64>,
    /// Frequency before and after, Hz.
    pub hz_before: Option<f64>,
    /// See `hz_before`.
    pub hz_after: Option<f64>,
    /// How much later the voltage shows the wave that the reference shows too, s; with
    /// `reference` only, from the cycles before the event.
    pub skew_s: Option<f64>,
    /// Where U comes from, s.
    pub budget: Vec<BudgetLine>,
    /// What makes the figures doubtful: a clipped channel, a skew.
    pub warnings: Vec<String>,
    /// What could not be found, and why.
    pub note: Option<String>,
}

impl TransferAnalysis {
    fn nothing(class: Class, note: String) -> Self {
        Self {
            t_start_s: None,
            t_end_s: None,
            transfer_time_s: None,
            uncertainty_s: None,
            gap_s: None,
            gap_uncertainty_s: None,
            gap_budget: Vec::new(),
            phase_jump_deg: None,
            class,
            class_margins: Vec::new(),
            rms_dip_s: None,
            rms_dip_uncertainty_s: None,
            rms_dip_budget: Vec::new(),
            t_grid_event_s: None,
            since_grid_event_s: None,
            parts: TransferParts::default(),
            dc_after_v: None,
            hz_before: None,
            hz_after: None,
            skew_s: None,
            budget: Vec::new(),
            warnings: Vec::new(),
            note: Some(note),
        }
    }
}

/// Of a channel about whose accuracy nothing was said.
const EXACT: Accuracy = Accuracy {
    of_reading: 0.0,
    of_range: 0.0,
    range: 0.0,
};

/// Finds the transfer in `voltage` (V); `reference` is the grid voltage, if recorded.
/// `nominal_v_rms` in V.
///
/// # Errors
/// Unusable samples, no alternating wave of at least 20 samples a cycle at the beginning, fewer
/// than three cycles before the event, or a nominal voltage that is not positive.
pub fn transfer(
    voltage: &Channel64<'_>,
    reference: Option<&Channel64<'_>>,
    nominal_v_rms: f64,
) -> Result<TransferAnalysis, AnalyzeError> {
    transfer_with(voltage, reference, nominal_v_rms, &EventAccuracy::default())
}

/// As [`transfer`] with the accuracy of `voltage` in the budget: its level moves the limit of
/// 10 % against the nominal voltage; both ends are in one channel, so its time error is in neither.
///
/// # Errors
/// As [`transfer`].
pub fn transfer_with(
    voltage: &Channel64<'_>,
    reference: Option<&Channel64<'_>>,
    nominal_v_rms: f64,
    accuracy: &EventAccuracy,
) -> Result<TransferAnalysis, AnalyzeError> {
    let beside = TransferCompanions {
        reference: reference.copied(),
        ..TransferCompanions::default()
    };
    transfer_beside(voltage, &beside, nominal_v_rms, accuracy)
}

/// As [`transfer_with`], with the metrics that take channels beside the voltage.
///
/// # Errors
/// As [`transfer`]; unusable samples of a channel beside it.
pub fn transfer_beside(
    voltage: &Channel64<'_>,
    beside: &TransferCompanions<'_>,
    nominal_v_rms: f64,
    accuracy: &EventAccuracy,
) -> Result<TransferAnalysis, AnalyzeError> {
    voltage.check("voltage")?;
    let nominal_v = positive("nominal voltage", nominal_v_rms)?;
    let rate = voltage.rate_hz;
    let hz = coarse_hz(voltage, "voltage")?;
    let before = rms_before(voltage, hz);
    let mut lost = None;
    let mut result = match departure_by_nominal(voltage, hz, nominal_v, before)? {
        // What is too low for the limit of 10 % would never be seen to depart.
        _ if before < 0.5 * nominal_v => not_energised(before),
        None => unbroken(voltage, hz, nominal_v),
        Some((until, hz)) => {
            let rule = TransferRule {
                nominal_v,
                nominal_hz: hz,
                undisturbed_until: until,
                reference_v: 0.002 * nominal_v * std::f64::consts::SQRT_2
                    + 0.1 * accuracy.peak(nominal_v),
                accuracy: accuracy.level.unwrap_or(EXACT),
            };
            match crate::transfer::transfer(voltage.samples, rate, &rule) {
                Outcome::Found(found) => {
                    lost = beside.load_current.map(|current| LostEnergy {
                        voltage,
                        current,
                        found: (*found).clone(),
                        accuracy: [rule.accuracy, beside.load_accuracy.unwrap_or(EXACT)],
                    });
                    describe(voltage, nominal_v, hz, &found, &rule.accuracy)
                }
                Outcome::Unbroken => unbroken(voltage, hz, nominal_v),
                Outcome::NotRestored { start, last_rms } => endless(
                    start / rate,
                    hz,
                    format!(
                        "the voltage does not return to a steady wave ({last_rms:.1} V RMS at the end of the record)"
                    ),
                ),
                Outcome::Unseen { start } => endless(
                    start / rate,
                    hz,
                    "the record ends less than four cycles after the event, too soon to tell when the voltage is back"
                        .to_owned(),
                ),
                Outcome::TooNoisy(sigma) => TransferAnalysis::nothing(
                    Class::None,
                    format!("noise of {sigma:.1} V hides a departure of 10 %"),
                ),
                Outcome::NotEnergised(rms) => not_energised(rms),
                Outcome::TooShort(_) => {
                    return Err(AnalyzeError::TooShort {
                        name: "voltage",
                        have_s: voltage.duration_s(),
                        need_s: (until as f64 / rate).max(3.0 / hz) + 4.0 / hz,
                        purpose: "three cycles before the event and four after",
                    });
                }
            }
        }
    };
    result.warnings.extend(clipped(voltage, "voltage"));
    if result.t_start_s.is_some() && (before / nominal_v - 1.0).abs() > 0.2 {
        result.warnings.push(format!(
            "voltage: {before:.1} V RMS at the beginning, {:.0} % of the nominal {nominal_v} V that limits and class refer to",
            100.0 * before / nominal_v
        ));
    }
    let mut grid = None;
    if let Some(reference) = &beside.reference {
        reference.check("reference")?;
        let grid_hz = coarse_hz(reference, "reference")?;
        result.warnings.extend(clipped(reference, "reference"));
        let found = departure(reference, "reference", grid_hz, 0.1, Carried::Bent)?;
        let calm = |until: usize, rate: f64| until as f64 / rate;
        let until_s = [
            found
                .as_ref()
                .map(|f| calm(f.undisturbed, reference.rate_hz)),
            result.t_start_s.map(|t| t - 0.5 / hz),
        ]
        .into_iter()
        .flatten()
        .fold(voltage.duration_s().min(reference.duration_s()), f64::min);
        result.skew_s = skew_s(voltage, reference, until_s, hz);
        let late = result.skew_s.and_then(|skew| skewed(skew, rate));
        result.warnings.extend(late);
        if let Some(found) = found {
            let at = found.first as f64 / reference.rate_hz;
            result.t_grid_event_s = Some(at);
            let half_s = 0.5 / reference.rate_hz;
            grid = Some(Instant {
                at_s: at - half_s,
                half_s,
            });
            result.since_grid_event_s = result.t_end_s.map(|end| end - at);
        }
    }
    let seen = Seen {
        start_s: result.t_start_s,
        end: result.t_end_s.map(|at_s| Instant {
            at_s,
            // U of the transfer time is that of two ends.
            half_s: result
                .uncertainty_s
                .map_or(0.5 / rate, |u| (0.5 * 3.0_f64.sqrt() * u).max(0.5 / rate)),
        }),
        grid,
        hz,
    };
    let (parts, mut notes) = parts(beside, &seen)?;
    result.parts = parts;
    match lost.map(|lost| lost.measured(hz)) {
        Some(Ok(energy)) => {
            result.parts.lost_energy_j = Some(energy.value);
            result.parts.lost_energy_uncertainty_j = Some(energy.u);
            result.parts.lost_energy_budget = energy.budget;
        }
        Some(Err(why)) => notes.push(why),
        None => {}
    }
    if !notes.is_empty() {
        let all = result.note.take().into_iter().chain(notes);
        result.note = Some(all.collect::<Vec<_>>().join("; "));
    }
    Ok(result)
}

/// RMS over the first three cycles, V.
fn rms_before(voltage: &Channel64<'_>, hz: f64) -> f64 {
    let look = (3.0 * voltage.rate_hz / hz) as usize;
    crate::rms::rms(&voltage.samples[..look.min(voltage.samples.len())])
}

fn not_energised(rms: f64) -> TransferAnalysis {
    TransferAnalysis::nothing(
        Class::None,
        format!("only {rms:.1} V RMS before the event, less than half the nominal"),
    )
}

/// Sample up to which the voltage is undisturbed and its frequency there.
fn departure_by_nominal(
    voltage: &Channel64<'_>,
    hz: f64,
    nominal_v: f64,
    before_v: f64,
) -> Result<Option<(usize, f64)>, AnalyzeError> {
    // The threshold is 10 % of the nominal peak, not of the wave's own.
    let share = (0.1 * nominal_v / before_v.max(1e-9)).min(0.5);
    Ok(departure(voltage, "voltage", hz, share, Carried::Bent)?
        .map(|found| (found.undisturbed, found.old.hz)))
}

/// It departed, and no return is seen.
fn endless(start_s: f64, hz: f64, note: String) -> TransferAnalysis {
    TransferAnalysis {
        t_start_s: Some(start_s),
        hz_before: Some(hz),
        ..TransferAnalysis::nothing(Class::None, note)
    }
}

/// Never more than 10 % from the wave just before; over a whole record it may still have drifted.
fn unbroken(voltage: &Channel64<'_>, hz: f64, nominal_v: f64) -> TransferAnalysis {
    let levels = half_cycle_series(voltage.samples, voltage.rate_hz / hz, 0.0);
    let drifted = levels
        .iter()
        .find(|(_, level)| (level / nominal_v - 1.0).abs() > 0.1);
    if let Some((at, level)) = drifted {
        return TransferAnalysis {
            hz_before: Some(hz),
            ..TransferAnalysis::nothing(
                Class::None,
                format!(
                    "the voltage never breaks, but is {level:.1} V RMS from {:.3} s on, more than 10 % from the nominal",
                    at / voltage.rate_hz
                ),
            )
        };
    }
    TransferAnalysis {
        transfer_time_s: Some(0.0),
        gap_s: Some(0.0),
        phase_jump_deg: Some(0.0),
        hz_before: Some(hz),
        ..TransferAnalysis::nothing(
            Class::One,
            "the voltage never departs from its wave by 10 % of the nominal peak".to_owned(),
        )
    }
}

fn describe(
    voltage: &Channel64<'_>,
    nominal_v: f64,
    hz: f64,
    found: &Transfer,
    accuracy: &Accuracy,
) -> TransferAnalysis {
    let rate = voltage.rate_hz;
    let step = 1.0 / rate;
    let measured = Budget::new("s")
        .sampling("sampling, start", step)
        .sampling("sampling, end", step)
        .rectangular("reference and noise, start", found.doubts.0 * step)
        .rectangular("reference and noise, end", found.doubts.1 * step)
        .measure((found.end - found.start) * step);
    let (class, class_margins) = class(voltage.samples, rate, nominal_v, found, accuracy);
    let [gap, dip] = [&found.gap, &found.rms_dip].map(|m| m.budget(step).measure(m.length * step));
    TransferAnalysis {
        t_start_s: Some(found.start * step),
        t_end_s: Some(found.end * step),
        transfer_time_s: Some(measured.value),
        uncertainty_s: Some(measured.u),
        gap_s: Some(gap.value),
        gap_uncertainty_s: Some(gap.u),
        gap_budget: gap.budget,
        phase_jump_deg: Some(found.phase_jump_deg),
        class,
        class_margins,
        rms_dip_s: Some(dip.value),
        rms_dip_uncertainty_s: Some(dip.u),
        rms_dip_budget: dip.budget,
        t_grid_event_s: None,
        since_grid_event_s: None,
        parts: TransferParts::default(),
        dc_after_v: Some(found.waves.1.direct()),
        hz_before: Some(hz),
        hz_after: Some(found.hz_after),
        skew_s: None,
        budget: measured.budget,
        warnings: Vec::new(),
        note: None,
    }
}
