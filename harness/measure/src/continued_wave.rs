//! The wave that a current was before its end: the last steady cycles, found with the cycle that the
//! current itself has there, and their frequency with its change, continued.

use std::ops::Range;

use crate::linear::regression;
use crate::rms::rms;
use crate::sine_fit::SineFit;
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
/// A change of the frequency counts if it is known to so many standard deviations.
const SURE: f64 = 4.0;
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

/// A fitted wave whose frequency may go on changing.
pub(crate) struct Wave {
    fit: SineFit,
    /// Amplitude against that of `fit`.
    gain: f64,
    /// By how much it runs ahead of `fit`, samples: by powers of the time in cycles from `centre`.
    ahead: [f64; 3],
    centre: f64,
    cycle: f64,
    /// Standard deviation of what it leaves of the samples, A.
    pub(crate) scatter: f64,
}

impl Wave {
    fn new(amps: &[f64], part: &Range<usize>, cycle: f64) -> Option<Self> {
        let samples = amps.get(part.clone())?;
        // Positions in cycles of one second each: the fit needs no other rate.
        let fit = SineFit::with_points(samples, part.start, cycle, 1.0, FITTED)?;
        let mut wave = Self {
            scatter: fit.sigma,
            gain: 1.0,
            ahead: [0.0; 3],
            centre: 0.5 * (part.start + part.end) as f64,
            cycle,
            fit,
        };
        if let Some(bent) = wave.bent(samples, part.start) {
            wave = wave.straightened(bent, samples, part.start);
        }
        Some(wave)
    }

    /// `bent` with harmonics that are those of the wave, not what a fixed frequency leaves of it:
    /// fitted anew to the samples as they were if the frequency of this wave had stayed.
    fn straightened(&self, bent: Self, samples: &[f64], first: usize) -> Self {
        let straight = samples.iter().enumerate().map(|(k, x)| {
            let at = (first + k) as f64;
            x - bent.at(at).0 + self.at(at).0
        });
        let straight: Vec<f64> = straight.collect();
        let Some(fit) = SineFit::with_points(&straight, first, self.cycle, 1.0, FITTED) else {
            return bent;
        };
        let again = Self { fit, ..bent };
        again.bent(samples, first).unwrap_or(again)
    }

    /// With the change of the frequency that the samples show; `None` if noise may explain it.
    fn bent(&self, samples: &[f64], first: usize) -> Option<Self> {
        let stride = ((self.cycle / FITTED) as usize).max(1);
        let mut found = Self {
            fit: self.fit.clone(),
            ..*self
        };
        let mut sure = false;
        for _ in 0..2 {
            let rows = samples.iter().enumerate().step_by(stride).map(|(k, x)| {
                let at = (first + k) as f64;
                let (value, turned) = found.at(at);
                let u = (at - found.centre) / found.cycle;
                let slope = turned * std::f64::consts::TAU / found.cycle;
                let row = [value, slope, slope * u, slope * u * u];
                (row, x - found.direct() - value)
            });
            let step = regression(rows)?;
            sure = (found.ahead[2] + step.x[3]).abs() > SURE * step.u(3);
            found.scatter = step.sigma;
            found.gain *= 1.0 + step.x[0];
            for (sum, part) in found.ahead.iter_mut().zip(&step.x[1..]) {
                *sum += part;
            }
        }
        sure.then_some(found)
    }

    /// Direct component, A.
    pub(crate) fn direct(&self) -> f64 {
        self.fit.direct()
    }

    /// Peak of the fundamental, A.
    pub(crate) fn amplitude(&self) -> f64 {
        self.gain * self.fit.amplitude()
    }

    /// The wave without its direct component at a sample position, and its change per radian.
    pub(crate) fn at(&self, at: f64) -> (f64, f64) {
        let u = (at - self.centre) / self.cycle;
        let [a, b, c] = self.ahead;
        let (value, per_turn) = self.fit.alternating_at(at + a + u * (b + u * c));
        let gain = self.gain;
        (gain * value, gain * per_turn / std::f64::consts::TAU)
    }
}

/// The wave before an end with the steady samples it was fitted to.
pub(crate) struct ContinuedWave {
    pub(crate) wave: Wave,
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
            let wave = Wave::new(amps, &steady, cycle as f64)?;
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
