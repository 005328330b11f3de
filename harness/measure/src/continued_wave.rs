//! The wave that a current was before its end: the last steady cycles, found with the cycle that the
//! current itself has there, and their frequency with its change, continued.

use std::ops::Range;

use crate::bent_wave::BentWave;
use crate::rms::rms;
use crate::zero_crossing::{falling_crossings, middle_period, rising_crossings};

/// Longest steady part that is fitted and longest part searched for it, cycles.
const STEADY_CYCLES: usize = 8;
const LONGEST_CYCLES: usize = 60;
/// A steady cycle has at least this share of the largest one of some cycles before it, so many windows
/// of which there are four in a cycle. Farther back another frequency makes windows of one cycle
/// ripple, by half of what it differs: of those the share is less.
const STEADY: f64 = 0.985;
const COMPARED: usize = 12;
const RIPPLE: f64 = 0.93;
/// Part whose zero crossings tell the cycle, and how many of each direction, the last ones.
const CROSSED_CYCLES: usize = 12;
const CROSSINGS: usize = 6;
/// Fitted points per cycle.
const FITTED: f64 = 1000.0;
/// Shorter steady parts, cycles, of which one is taken if the longer ones do not fit as well.
const SHORTER: [usize; 2] = [4, 2];

/// Cycle of the current before sample `last`, samples: the median of its last periods; `nominal`
/// where they tell none.
pub(crate) fn local_cycle(amps: &[f64], last: usize, nominal: usize) -> f64 {
    let from = last.saturating_sub(CROSSED_CYCLES * nominal);
    let part = &amps[from..=last];
    let nominal = nominal as f64;
    let periods: Vec<f64> = [
        rising_crossings(part, nominal),
        falling_crossings(part, nominal),
    ]
    .iter()
    .flat_map(|at| {
        let late = &at[at.len().saturating_sub(CROSSINGS)..];
        late.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>()
    })
    .filter(|period| (period / nominal - 1.0).abs() < 0.2)
    .collect();
    if periods.len() < 3 {
        return nominal;
    }
    middle_period(periods).unwrap_or(nominal)
}

/// The wave before an end with the steady samples it was fitted to.
pub(crate) struct ContinuedWave {
    pub(crate) wave: BentWave,
    pub(crate) steady: Range<usize>,
}

/// The wave before the end whose last visible sample is about `last`, from its last steady cycles.
/// An event at about `event` may have changed its frequency or phase, or the end may have begun
/// with it: the longest part is taken whose samples are one wave as well as those of the shorter
/// ones are. `None` where there is no steady cycle and a half.
pub(crate) fn steady_wave(
    amps: &[f64],
    last: usize,
    cycle: usize,
    event: usize,
) -> Option<ContinuedWave> {
    // What goes on after a cut may have another frequency, in whose cycles the wave before ripples.
    let around = (event + CROSSINGS * cycle).min(last);
    let before = local_cycle(amps, around, cycle).round() as usize;
    wave_of_cycle(amps, last, cycle, event).or_else(|| wave_of_cycle(amps, last, before, event))
}

/// The same with windows of `cycle` samples.
fn wave_of_cycle(amps: &[f64], last: usize, cycle: usize, event: usize) -> Option<ContinuedWave> {
    // It may begin a little later than was found.
    let late = steady_part(amps, last, cycle, event + cycle / 8);
    let all = steady_part(
        amps,
        last,
        cycle,
        event.saturating_sub(STEADY_CYCLES * cycle),
    );
    let after = late.or_else(|| all.clone())?;
    let shorter = SHORTER.map(|count| after.end.saturating_sub(count * cycle)..after.end);
    let longer = all.filter(|all| all.start < after.start && all.end == after.end);
    let parts = longer.into_iter().chain([after.clone()]).chain(
        shorter
            .into_iter()
            .filter(|part| part.start > after.start && part.len() >= cycle + cycle / 2),
    );
    let waves: Vec<ContinuedWave> = parts
        .filter_map(|steady| {
            let samples = amps.get(steady.clone())?;
            let wave = BentWave::turning(samples, steady.start, cycle as f64, FITTED)?;
            Some(ContinuedWave { wave, steady })
        })
        .collect();
    let least = waves.iter().map(|w| w.wave.scatter);
    let least = least.fold(f64::INFINITY, f64::min);
    let fits = |w: &ContinuedWave| w.wave.scatter <= 1.15 * least + 0.001 * w.wave.amplitude();
    waves.into_iter().find(fits)
}

/// The last steady cycles before the current begins to fade: samples.
fn steady_part(amps: &[f64], last: usize, cycle: usize, from: usize) -> Option<Range<usize>> {
    let hop = (cycle / 4).max(1);
    let mut levels: Vec<(usize, f64)> = Vec::new();
    let mut highest = 0.0_f64;
    let mut start = (last + 1).checked_sub(cycle)?;
    while start >= from && levels.len() < 4 * LONGEST_CYCLES {
        let level = rms(&amps[start..start + cycle]);
        // An earlier end of the current is none of this one's.
        if level < 0.8 * highest {
            break;
        }
        highest = highest.max(level);
        levels.push((start, level));
        match start.checked_sub(hop) {
            Some(before) => start = before,
            None => break,
        }
    }
    let steady = |k: &usize| {
        let near = levels[*k..].iter().take(COMPARED);
        let largest = near.map(|(_, level)| *level).fold(0.0, f64::max);
        levels[*k].1 >= (STEADY * largest).max(RIPPLE * highest)
    };
    let first = (0..levels.len()).find(steady)?;
    // The window before: in this one the fade may have begun.
    let begun = first + 4;
    let level = levels.get(begun)?.1;
    let count = levels[begun..]
        .iter()
        .take(4 * STEADY_CYCLES)
        .take_while(|(_, other)| (other / level - 1.0).abs() <= 1.0 - STEADY)
        .count();
    let (begin, _) = *levels.get((begun + count).checked_sub(1)?)?;
    let end = levels.get(begun)?.0 + cycle;
    (end >= begin + cycle + cycle / 2).then_some(begin..end)
}
