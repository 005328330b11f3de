//! What the DUT did before an event, and when its current ceased after it: shared by
//! anti-islanding and trip.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::Limit;
use gridproof_model::result::Measurement;
use gridproof_model::verdict::{Mark, Verdict};

use super::evidence::Evidence;
use super::sheet::{Sheet, Stop};
use super::text;
use crate::power::{CyclePower, mean_before};
use crate::run_on::{CeaseRule, Ceased, Cessation, cessation, hidden_s};
use crate::trace::Trace;
use crate::uncertainty::Budget;
use crate::zero_crossing::{frequency, period, rising_crossings};

/// Time the current must stay away, s (docs/models.md, section 11).
pub(super) const HOLD_S: f64 = 0.2;
/// Cycles over which the state before an event is taken.
const CYCLES_BEFORE: u32 = 10;
/// Longest average of the current against noise, s.
const LONGEST_AVERAGE_S: f64 = 0.5e-3;

/// The steady state just before an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pub(super) dut: CyclePower,
    pub(super) source: Option<CyclePower>,
    /// Frequency, Hz.
    pub(super) hz: f64,
}

/// Fundamental state over up to ten cycles that end at sample position `end`.
pub(super) fn before(evidence: &Evidence<'_>, end: f64, with_source: bool) -> Result<Before, Stop> {
    let volts = evidence.analog(ChannelKind::GridVoltage)?;
    let amps = evidence.analog(ChannelKind::DutCurrent)?;
    let end = end.max(0.0);
    let first =
        (end - (f64::from(CYCLES_BEFORE) + 2.0) * 1.25 * evidence.cycle()).max(0.0) as usize;
    let range = first..(end as usize + 1).min(evidence.len());
    let v = volts.values(range.clone());
    let i = amps.values(range.clone());
    let cycle = period(&rising_crossings(&v, evidence.cycle()))
        .filter(|c| (c / evidence.cycle() - 1.0).abs() < 0.25)
        .unwrap_or(evidence.cycle());
    let local = end - first as f64;
    let short = || Stop::error("less than one cycle was recorded before the event");
    let dut = mean_before(&v, &i, cycle, local, CYCLES_BEFORE).ok_or_else(short)?;
    let source = if with_source {
        let s = evidence.analog(ChannelKind::SourceCurrent)?.values(range);
        Some(mean_before(&v, &s, cycle, local, CYCLES_BEFORE).ok_or_else(short)?)
    } else {
        None
    };
    Ok(Before {
        dut,
        source,
        hz: evidence.rate() / cycle,
    })
}

/// When the current ceased after sample `from`, by the 1 % rule.
pub(super) struct Ending {
    pub(super) cessation: Cessation,
    threshold: f64,
}

/// Looks for the end of the DUT's current.
pub(super) fn ending(evidence: &Evidence<'_>, from: f64) -> Result<Ending, Stop> {
    let amps = evidence.analog(ChannelKind::DutCurrent)?;
    let threshold = 0.01 * evidence.ratings.rated_a * std::f64::consts::SQRT_2;
    let rule = CeaseRule {
        threshold,
        hold_s: HOLD_S,
        // Half a code more: the mean of a quantised zero.
        clamp_offset: evidence.clamp_offset() + amps.scale().abs(),
        half_cycle_s: 0.5 / evidence.ratings.nominal_hz,
        longest_average_s: LONGEST_AVERAGE_S,
    };
    Ok(Ending {
        cessation: cessation(
            &amps.values(0..evidence.len()),
            evidence.rate(),
            from.max(0.0) as usize,
            &rule,
        ),
        threshold,
    })
}

/// An event to count from.
pub(super) struct Start<'a> {
    /// Sample position.
    pub(super) at: f64,
    /// Its contributions to the budget, s: (source, half width).
    pub(super) doubts: &'a [(&'a str, f64)],
}

/// Judges the time from `start` to the end of the current against `limit`, as criterion `name`.
/// Returns the sample position at which the current ceased.
pub(super) fn judge_ending(
    name: &str,
    evidence: &Evidence<'_>,
    start: &Start<'_>,
    ending: &Ending,
    before: &Before,
    limit: &Limit,
    sheet: &mut Sheet,
) -> Option<f64> {
    let recorded = evidence.seconds(evidence.len() as f64 - 1.0 - start.at);
    match &ending.cessation {
        Cessation::Ceased(ceased) => {
            sheet.instant(
                "current ceases",
                evidence.name(),
                evidence.seconds(ceased.at),
            );
            let elapsed = evidence.seconds(ceased.at - start.at);
            let value = elapsed_time(evidence, start, ceased, ending.threshold, before, elapsed);
            let note = match ceased.restarts {
                0 => String::new(),
                n => format!("the current had stopped and come back {n} time(s) before"),
            };
            let first = evidence.seconds(ceased.first - start.at);
            if ceased.restarts > 0 && limit.min.is_some_and(|min| first < min) {
                let note = format!(
                    "the current first stopped after {}; {note}",
                    text::value(first, "s")
                );
                sheet.unmeasured(name, limit, Verdict::Fail, note);
            } else {
                sheet.criterion(name, limit, value, &note);
            }
            Some(ceased.at)
        }
        Cessation::NeverPresent => {
            let end = "no current after the event: it had ceased before".to_owned();
            sheet.unmeasured(
                name,
                limit,
                if limit.min.is_some() {
                    Verdict::Fail
                } else {
                    Verdict::Inconclusive
                },
                end,
            );
            None
        }
        Cessation::TooShort => {
            sheet.unmeasured(
                name,
                limit,
                Verdict::Error,
                "the record ends too soon after the event",
            );
            None
        }
        Cessation::StillFlowing { last, stopped_late } => {
            still_flowing(
                name,
                evidence.seconds(last - start.at),
                recorded,
                *stopped_late,
                limit,
                sheet,
            );
            None
        }
    }
}

fn still_flowing(
    name: &str,
    flowed: f64,
    recorded: f64,
    stopped_late: bool,
    limit: &Limit,
    sheet: &mut Sheet,
) {
    let what = if stopped_late {
        format!(
            "the current flowed for {} and stopped too late in the record to know that it stays away",
            text::value(flowed, "s")
        )
    } else {
        format!(
            "the current never ceased within the {} recorded",
            text::value(recorded, "s")
        )
    };
    let verdict = match (limit.max, limit.min) {
        (Some(max), _) if flowed > max => Verdict::Fail,
        // Only a withstand time is asked for, and it was withstood.
        (None, Some(min)) if flowed > min && limit.mark != Mark::Unconfirmed => {
            let value = Budget::new("s").measure(flowed);
            sheet.criterion(name, limit, value, &format!("lower bound: {what}"));
            return;
        }
        _ => Verdict::Inconclusive,
    };
    sheet.unmeasured(name, limit, verdict, what);
}

fn elapsed_time(
    evidence: &Evidence<'_>,
    start: &Start<'_>,
    ceased: &Ceased,
    threshold: f64,
    before: &Before,
    elapsed: f64,
) -> Measurement {
    let step = evidence.step();
    let peak = ceased.peak;
    // A wrong threshold moves the instant by its error over the slope through zero.
    let slope = std::f64::consts::TAU * before.hz * peak.max(threshold);
    let mut budget = Budget::new("s");
    for (source, half_width) in start.doubts {
        budget = budget.rectangular(source, *half_width);
    }
    budget
        .sampling("sampling, start", step)
        .sampling("sampling, end", step)
        .rectangular(
            "algorithm: average against noise",
            0.5 * (ceased.averaged as f64 - 1.0) * step,
        )
        .either("definition: end of a ramp", ceased.ambiguity * step)
        .rectangular(
            "definition: cut hidden at a zero of the current",
            hidden_s(threshold.max(ceased.limit), peak, before.hz),
        )
        .rectangular(
            "threshold: offset of the clamp over slope",
            evidence.clamp_offset() / slope,
        )
        .normal(
            "noise over slope",
            ceased.noise / slope / (ceased.averaged as f64).sqrt(),
        )
        .normal("algorithm: end against noise", ceased.doubt * step)
        .rectangular("channel skew", evidence.specs.recorder_skew_s)
        .rectangular("sample clock", evidence.specs.recorder_clock * elapsed)
        .measure(elapsed)
}

/// RMS current of the DUT over the last `cycles` before sample position `end`, without a direct
/// part the clamp may have added itself.
pub(super) fn amps_just_before(
    evidence: &Evidence<'_>,
    end: f64,
    cycles: f64,
) -> Result<f64, Stop> {
    let amps = evidence.analog(ChannelKind::DutCurrent)?;
    let values =
        amps.values((end - cycles * evidence.cycle()).max(0.0) as usize..end.max(0.0) as usize);
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let offset = if mean.abs() <= evidence.clamp_offset() {
        mean
    } else {
        0.0
    };
    Ok(crate::rms::rms(
        &values.iter().map(|x| x - offset).collect::<Vec<_>>(),
    ))
}

/// RMS and frequency over the last up to three cycles of `volts` between two sample positions.
pub(super) fn voltage_between(
    evidence: &Evidence<'_>,
    volts: &Trace<'_>,
    from: f64,
    to: f64,
    cycles: f64,
) -> Option<(f64, Option<f64>)> {
    let to = to.min(evidence.len() as f64 - 1.0);
    let from = from.max(to - cycles * evidence.cycle()).max(0.0);
    if to - from < 0.98 * evidence.cycle() {
        return None;
    }
    let values = volts.values(from.ceil() as usize..to as usize + 1);
    let hz = frequency(&values, evidence.rate(), evidence.ratings.nominal_hz);
    let cycle = hz.map_or(evidence.cycle(), |hz| evidence.rate() / hz);
    let whole = ((values.len() as f64 - 1.0) / cycle).floor();
    let rms = if whole >= 1.0 {
        crate::rms::rms_window(
            &values,
            values.len() as f64 - 1.0 - whole * cycle,
            values.len() as f64 - 1.0,
        )?
    } else {
        crate::rms::rms(&values)
    };
    Some((rms, hz))
}
