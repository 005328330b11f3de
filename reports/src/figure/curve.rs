//! A stair of voltages or frequencies against a response curve with its corridor.

use gridproof_model::case::{CurveKind, CurveSweepCase};
use gridproof_model::result::CaseResult;

use crate::figure::name;
use crate::figure::response::{named, percent, quantity, series, target, unit};
use crate::plot::chart::{Axes, LEFT, axes, line, mark, region};
use crate::plot::decimate::{padded, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, ROW, Sheet, legend};

/// Points at which the corridor is drawn.
const STEPS: u32 = 180;

/// Measured points on the curve and its corridor.
pub(crate) fn sweep(
    case: &CaseResult,
    spec: &CurveSweepCase,
    id: &str,
) -> Result<Option<Figure>, PlotError> {
    let Some(series) = series(case, spec.curve.kind.x_unit(), unit(spec.curve.kind)) else {
        return Ok(None);
    };
    let ratings = &case.case.ratings;
    let points = percent(series, ratings.rated_va);
    let free = named(case, "measured, nothing asked", ratings.rated_va);
    let stimuli = points
        .iter()
        .chain(&free)
        .map(|point| point.0)
        .chain(spec.stimuli.iter().copied());
    let (low, high) = stimuli.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let x = padded(low, high);
    let lows = named(case, "allowed from", ratings.rated_va);
    let highs = named(case, "allowed to", ratings.rated_va);
    let steps: Vec<f64> = (0..=STEPS)
        .map(|step| x.start + (x.end - x.start) * f64::from(step) / f64::from(STEPS))
        .collect();
    let branches = branches(spec, &lows, &highs);
    let wanted: Vec<(f64, f64)> = steps
        .iter()
        .map(|&v| (v, target(&spec.curve, ratings, spec.power_w, v)))
        .collect();
    let y = span([points.as_slice(), &free, &lows, &highs]);
    let kind = spec.curve.kind;
    let way_back = match &spec.held {
        Some(held) => format!(
            " The other branch is the way back, on which the level of the turning point holds up to {} {}; from \
             there to the start nothing is asked.",
            crate::number::plain(held.until),
            kind.x_unit()
        ),
        None => String::new(),
    };
    let caption = format!(
        "Mean {} at the end of each {} step (window {} s) against the curve of {}; the corridor is the range that was \
         allowed at each {}, points inside it are discs, points outside triangles.{way_back}",
        quantity(kind),
        kind.x_name(),
        crate::number::plain(spec.window_s),
        spec.curve.origin,
        kind.x_name()
    );
    let x_name = format!("{} / {}", kind.x_name(), kind.x_unit());
    let sheet = Sheet {
        id,
        title: &format!("Response curve: {}", name(case)),
        caption,
        height: 3200,
    };
    let y_name = format!("{} / % of rated VA", quantity(spec.curve.kind));
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(ROW + 40);
        let mut entries = vec![
            (Ink::First, "curve"),
            (Ink::Band, "corridor"),
            (Ink::Good, "inside"),
            (Ink::Bad, "outside"),
        ];
        if !free.is_empty() {
            entries.push((Ink::Unsure, "nothing asked"));
        }
        legend(&top, LEFT as i32, 0, &entries)?;
        let mut chart = axes(
            &below,
            &Axes {
                x: x.clone(),
                y,
                x_name: &x_name,
                y_name: &y_name,
                y_labels: 9,
            },
        )?;
        for (lower, upper) in &branches {
            let corners: Vec<(f64, f64)> = lower
                .iter()
                .copied()
                .chain(upper.iter().rev().copied())
                .collect();
            region(&mut chart, &corners, Ink::Band)?;
            line(&mut chart, lower, Ink::Limit, 12)?;
            line(&mut chart, upper, Ink::Limit, 12)?;
        }
        line(&mut chart, &wanted, Ink::First, 16)?;
        let base = below.get_base_pixel();
        for (index, &(v, value)) in points.iter().enumerate() {
            let above = lows.get(index).is_none_or(|low| value >= low.1);
            let below_top = highs.get(index).is_none_or(|high| value <= high.1);
            let ink = if above && below_top {
                Ink::Good
            } else {
                Ink::Bad
            };
            let at = chart.backend_coord(&(v, value));
            mark(&below, (at.0 - base.0, at.1 - base.1), ink)?;
        }
        for point in &free {
            let at = chart.backend_coord(point);
            mark(&below, (at.0 - base.0, at.1 - base.1), Ink::Unsure)?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

/// A line of (stimulus, %).
type Line = Vec<(f64, f64)>;

/// Lower and upper edge of the corridor of each branch: one for both ways, or where the level is held
/// on the way back, the way out and the way back.
fn branches(spec: &CurveSweepCase, lows: &[(f64, f64)], highs: &[(f64, f64)]) -> Vec<(Line, Line)> {
    let kind = spec.curve.kind;
    let both =
        |lows: &[(f64, f64)], highs: &[(f64, f64)]| (ascending(lows, kind), ascending(highs, kind));
    let begin = spec.stimuli.first().copied().unwrap_or_default();
    let turn = (0..lows.len()).max_by(|&a, &b| {
        let out = |index: usize| (lows[index].0 - begin).abs();
        out(a).total_cmp(&out(b))
    });
    match (&spec.held, turn) {
        (Some(_), Some(turn)) if highs.len() == lows.len() => vec![
            both(&lows[..=turn], &highs[..=turn]),
            both(&lows[turn..], &highs[turn..]),
        ],
        (Some(_) | None, _) => vec![both(lows, highs)],
    }
}

/// The points in ascending order of stimulus, one for each place: a sweep there and back measures
/// each of them twice.
fn ascending(points: &[(f64, f64)], kind: CurveKind) -> Line {
    // Stimuli closer than this are the same step, V or Hz.
    let same = match kind {
        CurveKind::VoltVar | CurveKind::VoltWatt => 0.2,
        CurveKind::FrequencyWatt => 0.02,
    };
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted.dedup_by(|next, kept| next.0 - kept.0 < same);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridproof_model::case::{Curve, HeldReturn};
    use gridproof_model::verdict::Mark;

    #[test]
    fn a_held_way_back_is_a_branch_of_its_own() {
        let stimuli = vec![50.0, 50.5, 51.0, 50.5];
        let mut spec = CurveSweepCase {
            curve: Curve {
                kind: CurveKind::FrequencyWatt,
                points: vec![(50.25, 1.0), (52.0, 0.0)],
                tolerance_pu: 0.04,
                tolerance_x: 0.0,
                reactive_pu: None,
                origin: String::new(),
                mark: Mark::S,
            },
            stimuli: stimuli.clone(),
            dwell_s: 15.0,
            window_s: 5.0,
            power_w: 3000.0,
            told_response_s: None,
            held: None,
        };
        let lows: Line = stimuli.iter().map(|&x| (x, 1.0)).collect();
        let highs: Line = stimuli.iter().map(|&x| (x, 2.0)).collect();
        let count = |spec: &CurveSweepCase| {
            branches(spec, &lows, &highs)
                .iter()
                .map(|(low, _)| low.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(count(&spec), [3]);
        spec.held = Some(HeldReturn {
            until: 50.25,
            origin: String::new(),
            mark: Mark::K,
        });
        assert_eq!(count(&spec), [3, 2]);
    }
}
