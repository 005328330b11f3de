//! The way back after a frequency excursion (AS/NZS 4777.2:2020 clause 4.5.3): power holds its
//! level, then changes no faster than its ramp, and comes back.

use gridproof_model::case::{FrequencyReturnCase, Limit, Ratings};
use gridproof_model::record::{CaseData, Reading};
use gridproof_model::verdict::Verdict;

use super::corridor;
use super::curve_sweep::{Place, analyser_power, output, step_means};
use super::sheet::{Judged, Sheet, Stop};
use super::text;

/// Share of the time to be observed that must have been.
const LEAST_OBSERVED: f64 = 0.98;
/// Longest gap between two readings on the way back, in tolerances of the corridor that the ramp
/// covers in it: between them nothing is known.
const LARGEST_GAP: f64 = 0.5;
/// The jump of the frequency itself swings the power of a DUT for some cycles, s: not yet its way
/// back, which has twenty times as long to wait.
const SWING_S: f64 = 1.0;
/// Share of the observation at its end that shows where power came back to.
const BACK: f64 = 0.02;

pub(super) fn judge(
    spec: &FrequencyReturnCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    corridor::check(&spec.curve)?;
    let usable = [spec.hold_s, spec.ramp_pu_per_s, spec.observe_s]
        .iter()
        .all(|x| x.is_finite() && *x >= 0.0);
    if !usable {
        return Err(Stop::error("the case has no usable hold and ramp"));
    }
    let held = judge_far(spec, ratings, data, sheet)?;
    let readings: Vec<&Reading> = data
        .readings
        .iter()
        .filter(|r| r.label == "return")
        .collect();
    let begin = covered(spec, &readings)?;
    let way: Vec<(f64, f64)> = readings
        .iter()
        .map(|r| (r.at_s - begin, r.watts / ratings.rated_va))
        .collect();
    if way.iter().any(|p| !p.1.is_finite()) {
        return Err(Stop::error("a reading of the way back is not a number"));
    }
    let sign = direction(spec);
    let permitted = |t: f64| held.0 + sign * spec.ramp_pu_per_s * (t - spec.hold_s).max(0.0);
    sheet.series("return", "s", "pu", way.clone());
    let drawn = [0.0, spec.hold_s, spec.observe_s].map(|t| (t, permitted(t)));
    sheet.series("permitted", "s", "pu", drawn.to_vec());
    judge_ramp(spec, ratings, data, (&way, &readings), (held, sign), sheet)?;
    judge_back(spec, ratings, data, &readings, sheet);
    Ok(())
}

/// +1 where power rises on the way back: after over-frequency.
fn direction(spec: &FrequencyReturnCase) -> f64 {
    if spec.far > spec.back { 1.0 } else { -1.0 }
}

/// The level at the far frequency, which the way back starts from: (pu, standard uncertainty). It
/// must be the one the curve asks for, or nothing comes back.
fn judge_far(
    spec: &FrequencyReturnCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Result<(f64, f64), Stop> {
    let kind = spec.curve.kind;
    let base = ratings.rated_va;
    let means = step_means(data, "far", 1, spec.window_s)?;
    let mean = means
        .first()
        .ok_or_else(|| Stop::error("no reading at the far frequency"))?;
    let at = Place::of(kind, 0, mean, ratings, data)?;
    let bounds = corridor::bounds(&spec.curve, at.x, spec.power_w / base, at.bound);
    let (watts, scatter) = output(kind, mean);
    let level = analyser_power(kind, &data.instruments, watts, scatter, base, "pu");
    let u = level.combined();
    let budget = level.rectangular(
        &format!("{} × slope of the curve", kind.x_name()),
        at.bound * bounds.slope,
    );
    let limit = Limit {
        min: Some(bounds.low),
        max: Some(bounds.high),
        origin: spec.curve.origin.clone(),
        mark: spec.curve.mark,
    };
    let name = format!("{} at the far frequency inside the corridor", kind.letter());
    let note = format!("at {}", text::value(at.x, kind.x_unit()));
    sheet.criterion(&name, &limit, budget.measure(watts / base), &note);
    Ok((watts / base, u))
}

/// Bench time at which the way back begins; readings without gaps until its end.
fn covered(spec: &FrequencyReturnCase, readings: &[&Reading]) -> Result<f64, Stop> {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else {
        return Err(Stop::error("the record has no readings of the way back"));
    };
    let begin = first.at_s - first.window_s;
    let longest =
        (LARGEST_GAP * spec.curve.tolerance_pu.abs() / spec.ramp_pu_per_s.max(1e-9)).max(1.0);
    let gap = readings
        .windows(2)
        .map(|pair| pair[1].at_s - pair[0].at_s)
        .fold(0.0, f64::max);
    let times = readings.iter().all(|r| r.at_s.is_finite());
    if !times || gap > longest || readings.windows(2).any(|p| p[1].at_s <= p[0].at_s) {
        return Err(Stop::inconclusive(format!(
            "the way back is not covered by readings: a gap of {}",
            text::value(gap, "s")
        )));
    }
    let seen = last.at_s - begin;
    if seen < LEAST_OBSERVED * spec.observe_s {
        return Err(Stop::inconclusive(format!(
            "the way back was watched for {}, {} are to be",
            text::value(seen, "s"),
            text::value(spec.observe_s, "s")
        )));
    }
    Ok(begin)
}

/// At no time may power be farther back than the held level and then the ramp permit.
fn judge_ramp(
    spec: &FrequencyReturnCase,
    ratings: &Ratings,
    data: &CaseData,
    (way, readings): (&[(f64, f64)], &[&Reading]),
    ((held, held_u), sign): ((f64, f64), f64),
    sheet: &mut Sheet,
) -> Judged {
    let ahead = |t: f64, y: f64| {
        // Once it is back there is nothing to be ahead of.
        let whole = spec.power_w / ratings.rated_va;
        let moved = spec.ramp_pu_per_s * (t - spec.hold_s).max(0.0);
        sign * (y - held) - moved.min((sign * (whole - held)).max(0.0))
    };
    let Some((index, &(t, y))) = way
        .iter()
        .enumerate()
        .filter(|(_, point)| point.0 > SWING_S)
        .max_by(|a, b| ahead(a.1.0, a.1.1).total_cmp(&ahead(b.1.0, b.1.1)))
    else {
        return Err(Stop::error("the way back has no readings after its start"));
    };
    let base = ratings.rated_va;
    let reading = readings[index];
    // Begin of the return and middle of a reading: each within one window of the analyser.
    let in_time = spec.ramp_pu_per_s * reading.window_s;
    let kind = spec.curve.kind;
    let value = analyser_power(kind, &data.instruments, reading.watts, 0.0, base, "pu")
        .normal("held level", held_u)
        .rectangular("times of readings × ramp", in_time)
        .measure(ahead(t, y));
    let limit = Limit {
        min: None,
        max: Some(spec.curve.tolerance_pu.abs()),
        origin: spec.origin.clone(),
        mark: spec.mark,
    };
    let note = format!("worst {} after the return", text::value(t, "s"));
    sheet.criterion("ahead of hold and ramp", &limit, value, &note);
    Ok(())
}

/// At the end of the observation power is back at what it was told.
fn judge_back(
    spec: &FrequencyReturnCase,
    ratings: &Ratings,
    data: &CaseData,
    readings: &[&Reading],
    sheet: &mut Sheet,
) {
    let count = ((BACK * readings.len() as f64) as usize)
        .max(3)
        .min(readings.len());
    let last = &readings[readings.len() - count..];
    let watts: Vec<f64> = last.iter().map(|r| r.watts).collect();
    let limit = Limit {
        min: Some(spec.curve.at(spec.back) - spec.curve.tolerance_pu.abs()),
        max: Some(spec.curve.at(spec.back) + spec.curve.tolerance_pu.abs()),
        origin: spec.origin.clone(),
        mark: spec.mark,
    };
    let Some((mean, scatter)) = crate::uncertainty::mean_of(&watts) else {
        sheet.unmeasured(
            "power is back",
            &limit,
            Verdict::Error,
            "too few readings at the end",
        );
        return;
    };
    let kind = spec.curve.kind;
    let base = ratings.rated_va;
    let value =
        analyser_power(kind, &data.instruments, mean, scatter, base, "pu").measure(mean / base);
    let note = format!("{} after the return", text::value(spec.observe_s, "s"));
    sheet.criterion("power is back", &limit, value, &note);
}
