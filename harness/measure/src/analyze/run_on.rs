//! `analyze run-on`: from the opening of the switch to the last current of the DUT.

use gridproof_model::result::BudgetLine;
use serde::Serialize;

use super::warnings::clipped;
use super::wave::{Carried, coarse_hz, departure};
use super::{AnalyzeError, Channel64, EventAccuracy, positive};
use crate::noise::white;
use crate::run_on::{CeaseRule, Ceased, Cessation, cessation, hidden_s};
use crate::uncertainty::Budget;

/// Time the current must stay away, s.
const HOLD_S: f64 = 0.2;
/// Contact bounce that is bridged, s.
const DEBOUNCE_S: f64 = 1e-3;
/// Longest average of the current against noise, s.
const LONGEST_AVERAGE_S: f64 = 0.2e-3;

/// Peak of a current, in magnitudes that count as current, from which on the split of it from nothing
/// says all of where it was cut: the end of a weaker one may be lost in noise near a zero of it.
const VISIBLE: f64 = 5.0;

/// Budget line of what else may be called the end of a fade.
const DEFINITION: &str = "definition: end of a fade";

/// Channels of an islanding test. Only the current of the DUT is needed.
#[derive(Debug, Clone, Copy)]
pub struct RunOnChannels<'a> {
    /// Current of the DUT, A.
    pub current: Channel64<'a>,
    /// Auxiliary contact of the switch, logic or analog: falls when it opens, or rises once and
    /// for all (a contact that closes then).
    pub switch: Option<Channel64<'a>>,
    /// Voltage of the island, V.
    pub voltage: Option<Channel64<'a>>,
    /// Current through the switch, A.
    pub grid_current: Option<Channel64<'a>>,
}

/// What an islanding test shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunOnAnalysis {
    /// Opening of the switch, s.
    pub t_open_s: Option<f64>,
    /// Last instant with more than 1 % of rated current, after which it stays away for 0.2 s and
    /// to the end of the record, s; `None` while it never ceases.
    pub t_cease_s: Option<f64>,
    /// t_cease − t_open, s; not below 0.
    pub run_on_s: Option<f64>,
    /// U of the run-on time, s.
    pub uncertainty_s: Option<f64>,
    /// How often the current had stayed away for 0.2 s and come back.
    pub restarts: u32,
    /// What showed the opening: `switch`, `grid-current`, `voltage`.
    pub opened_by: Option<&'static str>,
    /// Where U comes from, s.
    pub budget: Vec<BudgetLine>,
    /// What makes the figures doubtful: a clipped channel, a skew.
    pub warnings: Vec<String>,
    /// What could not be found, and why.
    pub note: Option<String>,
}

/// The end of a current, as both `run-on` and `trip` report it.
pub(super) struct Ended {
    /// Time it ceased, s, and the details.
    pub(super) ceased: Option<(f64, Ceased)>,
    /// Why not.
    pub(super) note: Option<String>,
}

/// When `current` ceases after `from_s`, by 1 % of the rated current's peak.
pub(super) fn ended(current: &Channel64<'_>, from_s: f64, rated_a: f64, hz: f64) -> Ended {
    let rule = CeaseRule {
        threshold: 0.01 * rated_a * std::f64::consts::SQRT_2,
        hold_s: HOLD_S,
        clamp_offset: 0.02 * rated_a,
        half_cycle_s: 0.5 / hz,
        longest_average_s: LONGEST_AVERAGE_S,
    };
    let from = (from_s * current.rate_hz).max(0.0) as usize;
    let none = |note: &str| Ended {
        ceased: None,
        note: Some(note.to_owned()),
    };
    match cessation(current.samples, current.rate_hz, from, &rule) {
        Cessation::Ceased(ceased) => Ended {
            note: (ceased.restarts > 0).then(|| {
                format!(
                    "the current had stayed away for more than {HOLD_S} s from {:.4} s on and came back ({} times): the end of the last of it counts",
                    ceased.first / current.rate_hz,
                    ceased.restarts
                )
            }),
            ceased: Some((ceased.at / current.rate_hz, ceased)),
        },
        Cessation::NeverPresent => {
            none("the current never exceeds 1 % of rated after the event: it had ceased before")
        }
        Cessation::StillFlowing {
            stopped_late: false,
            ..
        } => none("the current still flows at the end of the record"),
        Cessation::StillFlowing { .. } => none(
            "the current stops less than 0.2 s before the end of the record: not known to stay away",
        ),
        Cessation::TooShort => none(
            "less than 0.2 s was recorded after the event: too short to know that the current stays away",
        ),
    }
}

/// Budget lines of the end of a current.
pub(super) fn end_budget(budget: Budget, ceased: &Ceased, rate_hz: f64, hz: f64) -> Budget {
    let step = 1.0 / rate_hz;
    let budget = budget.normal("algorithm: model of the end in noise", ceased.doubt * step);
    // All of a fade says when its envelope passed the limit, no sample there.
    if ceased.modelled {
        return budget.either(DEFINITION, ceased.ambiguity.max(ceased.beyond) * step);
    }
    let budget = budget.sampling("sampling, end", step);
    // The split of a wave from nothing uses all samples around it; noise is in its doubt. What a
    // zero may hide of a wave that noise does not is what the resolution hides.
    let hidden = "definition: cut hidden at a zero of the current";
    let seen = |level: &f64| *level > 2.0 * ceased.limit || ceased.peak > VISIBLE * ceased.limit;
    if let Some(level) = ceased.cut_level.filter(seen) {
        return if level > 2.0 * ceased.unresolved {
            budget
        } else {
            budget.rectangular(hidden, hidden_s(ceased.unresolved, ceased.peak, hz))
        };
    }
    let slope = std::f64::consts::TAU * hz * ceased.peak.max(ceased.limit);
    budget
        .rectangular(
            "algorithm: average against noise",
            0.5 * (ceased.averaged as f64 - 1.0) * step,
        )
        .either(DEFINITION, ceased.ambiguity * step)
        .rectangular(hidden, hidden_s(ceased.limit, ceased.peak, hz))
        .normal("noise over slope", ceased.noise / slope)
}

/// Budget lines of what the accuracy of the channels makes of the times.
pub(super) fn level_budget(
    budget: Budget,
    ceased: &Ceased,
    rated_a: f64,
    accuracy: &EventAccuracy,
    rate_hz: f64,
) -> Budget {
    let moved = accuracy.peak(0.01 * rated_a) / ceased.slope / rate_hz;
    accuracy
        .times(budget)
        .rectangular("gain and offset of the current, end", moved)
}

/// Analyses an islanding test; `rated_current_a` in A RMS.
///
/// A switch that is given decides: without an edge there is no opening. Without a switch the opening is where the current through it ends; without that, where the
/// island's voltage departs from the grid's wave (a matched island shows it late: the note says).
///
/// # Errors
/// Unusable samples of any given channel, or a rated current that is not positive.
pub fn run_on(
    channels: &RunOnChannels<'_>,
    rated_current_a: f64,
) -> Result<RunOnAnalysis, AnalyzeError> {
    run_on_with(channels, rated_current_a, &EventAccuracy::default())
}

/// As [`run_on`] with the accuracy of the channels in the budget: the level is that of the current.
///
/// # Errors
/// As [`run_on`].
pub fn run_on_with(
    channels: &RunOnChannels<'_>,
    rated_current_a: f64,
    accuracy: &EventAccuracy,
) -> Result<RunOnAnalysis, AnalyzeError> {
    let rated = positive("rated current", rated_current_a)?;
    channels.current.check("current")?;
    for (name, channel) in [
        ("switch", channels.switch),
        ("voltage", channels.voltage),
        ("grid current", channels.grid_current),
    ] {
        if let Some(channel) = channel {
            channel.check(name)?;
        }
    }
    let waves = [channels.voltage, Some(channels.current)];
    let hz = waves
        .into_iter()
        .flatten()
        .find_map(|wave| coarse_hz(&wave, "current").ok())
        .unwrap_or(50.0);
    let (opening, mut notes) = opening(channels, rated, hz)?;
    let end = ended(
        &channels.current,
        opening.as_ref().map_or(0.0, |o| o.at_s - 1.0 / hz),
        rated,
        hz,
    );
    notes.extend(end.note);
    let mut result = RunOnAnalysis {
        t_open_s: opening.as_ref().map(|o| o.at_s),
        t_cease_s: None,
        run_on_s: None,
        uncertainty_s: None,
        restarts: 0,
        opened_by: opening.as_ref().map(|o| o.by),
        budget: Vec::new(),
        warnings: Vec::new(),
        note: None,
    };
    let analog = [
        ("current", Some(channels.current)),
        ("voltage", channels.voltage),
        ("grid current", channels.grid_current),
    ];
    for (name, channel) in analog {
        let channel = channel.as_ref();
        result
            .warnings
            .extend(channel.and_then(|c| clipped(c, name)));
    }
    if let Some((at, ceased)) = end.ceased {
        result.t_cease_s = Some(at);
        result.restarts = ceased.restarts;
        if let Some(opening) = opening {
            let budget = Budget::new("s")
                .sampling("sampling, start", opening.step_s)
                .rectangular("opening", opening.doubt_s);
            let budget = level_budget(budget, &ceased, rated, accuracy, channels.current.rate_hz);
            let measured = end_budget(budget, &ceased, channels.current.rate_hz, hz)
                .measure((at - opening.at_s).max(0.0));
            result.run_on_s = Some(measured.value);
            result.uncertainty_s = Some(measured.u);
            result.budget = measured.budget;
        }
    }
    result.note = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(result)
}

struct Opening {
    at_s: f64,
    step_s: f64,
    doubt_s: f64,
    by: &'static str,
}

fn opening(
    channels: &RunOnChannels<'_>,
    rated: f64,
    hz: f64,
) -> Result<(Option<Opening>, Vec<String>), AnalyzeError> {
    let mut notes = Vec::new();
    if let Some(switch) = &channels.switch {
        let at = opened(switch, &mut notes);
        let found = at.map(|at| Opening {
            at_s: at / switch.rate_hz,
            step_s: 1.0 / switch.rate_hz,
            doubt_s: 0.0,
            by: "switch",
        });
        return Ok((found, notes));
    }
    if let Some(grid) = &channels.grid_current {
        if let Some(found) = grid_current_ends(grid, rated, hz) {
            return Ok((Some(found), notes));
        }
        notes.push("the grid current shows no end".to_owned());
    }
    if let Some(voltage) = &channels.voltage {
        let hz = coarse_hz(voltage, "voltage")?;
        if let Some(found) = departure(voltage, "voltage", hz, 0.02, Carried::Straight)? {
            notes.push(
                "the opening is taken from the departure of the voltage: a matched island shows it late"
                    .to_owned(),
            );
            let found = Opening {
                at_s: found.first as f64 / voltage.rate_hz,
                step_s: 1.0 / voltage.rate_hz,
                doubt_s: 0.5 / hz,
                by: "voltage",
            };
            return Ok((Some(found), notes));
        }
    }
    notes.push("no channel shows the opening: give a switch or a grid current".to_owned());
    Ok((None, notes))
}

/// Position of the opening of a logic or analog contact: its first fall, or the only rise of one
/// that never falls.
fn opened(switch: &Channel64<'_>, notes: &mut Vec<String>) -> Option<f64> {
    let mut note = |text: &str| notes.push(text.to_owned());
    let Some(middle) = middle(switch.samples) else {
        note("the switch channel shows no opening: leave it out to take another channel's");
        return None;
    };
    let hold = ((DEBOUNCE_S * switch.rate_hz).round() as usize).max(1);
    let above = |x: f64| x - middle;
    if let Some(fall) = falls(switch.samples, hold, above).next() {
        return Some(fall);
    }
    let below = |x: f64| middle - x;
    let mut rises = falls(switch.samples, hold, below);
    if let Some(rise) = rises.next()
        && rises.all(|bounce| bounce - rise <= hold as f64)
    {
        note(
            "the switch channel rises once and never falls: taken for a contact that closes when the switch opens",
        );
        return Some(rise);
    }
    note("the switch channel shows no opening: leave it out to take another channel's");
    None
}

/// Middle between the two levels of a contact; `None` where there are no two.
fn middle(samples: &[f64]) -> Option<f64> {
    let low = samples.iter().copied().fold(f64::INFINITY, f64::min);
    let high = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut middle = 0.5 * (low + high);
    // Levels as the means of both classes: overshoot and bounce hardly move the middle.
    let mean = |upper: bool| {
        let inside = || samples.iter().filter(|&&x| (x >= middle) == upper);
        let count = inside().count();
        (count > 0).then(|| inside().sum::<f64>() / count as f64)
    };
    let (upper, lower) = (mean(true)?, mean(false)?);
    middle = 0.5 * (upper + lower);
    let spread = samples
        .iter()
        .map(|&x| (x - if x >= middle { upper } else { lower }).powi(2))
        .sum::<f64>()
        / samples.len() as f64;
    (upper - lower > 4.0 * spread.sqrt()).then_some(middle)
}

/// Positions where `height` goes from at least zero to below it and stays there for most of the
/// following `hold` samples.
fn falls(
    samples: &[f64],
    hold: usize,
    height: impl Fn(f64) -> f64 + Copy,
) -> impl Iterator<Item = f64> {
    samples.windows(2).enumerate().filter_map(move |(k, pair)| {
        let (before, after) = (height(pair[0]), height(pair[1]));
        if before < 0.0 || after >= 0.0 {
            return None;
        }
        let next = &samples[k + 1..(k + 1 + hold).min(samples.len())];
        let low = next.iter().filter(|&&x| height(x) < 0.0).count();
        // A slow analog edge is interpolated, a logic one lies in the middle.
        let share = before / (before - after);
        (2 * low > next.len()).then_some(k as f64 + share)
    })
}

/// Where the current through the switch ends: last above 5 % of what it was, at least 0.1 % of
/// rated and what noise leaves visible, before a quiet 50 ms.
fn grid_current_ends(grid: &Channel64<'_>, rated: f64, hz: f64) -> Option<Opening> {
    let cycles = ((5.0 / hz * grid.rate_hz) as usize).min(grid.samples.len());
    let before = crate::rms::rms(&grid.samples[..cycles]) * std::f64::consts::SQRT_2;
    // Above what noise reaches, unless that hides even half of the current.
    let quiet = &grid.samples[grid.samples.len() - cycles..];
    let visible = (3.0 * white(quiet)).min(0.5 * before);
    let least = (0.05 * before).max(0.001 * rated * std::f64::consts::SQRT_2);
    let rule = CeaseRule {
        threshold: least.max(visible),
        hold_s: 0.05,
        clamp_offset: 0.02 * rated,
        half_cycle_s: 0.5 / hz,
        longest_average_s: LONGEST_AVERAGE_S,
    };
    match cessation(grid.samples, grid.rate_hz, 0, &rule) {
        Cessation::Ceased(ceased) if ceased.restarts == 0 => Some(Opening {
            at_s: ceased.at / grid.rate_hz,
            step_s: 1.0 / grid.rate_hz,
            doubt_s: hidden_s(ceased.limit, ceased.peak, hz),
            by: "grid-current",
        }),
        Cessation::NeverPresent
        | Cessation::Ceased(_)
        | Cessation::StillFlowing { .. }
        | Cessation::TooShort => None,
    }
}
