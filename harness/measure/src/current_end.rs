//! How a current ends, by models fitted to its last cycles: a cut, which is placed where the
//! record splits best into the wave and nothing (maximum likelihood), or a ramp, whose envelope is
//! continued to where it passes the threshold.

use crate::continued_wave::local_cycle;
use crate::fade::fade;
use crate::fade_cut::fade_cut;
use crate::golden_section::golden_section;
use crate::linear::least_squares;
use crate::math::{RootSum, exp, ln, sin_cos};
use crate::remainder::{left_by_weaker, remainder};
use crate::ringing::ringing;
use crate::steady::{Continued, likeliest};
use crate::tail::Tail;

/// Ringing after a cut is taken for real if it lowers the sum of squares by so many variances of a
/// sample: the best of some hundred frequencies and time constants in noise reaches 17 in one of
/// 20 cases.
const RINGS: f64 = 22.0;

/// What the samples gain by ringing that is overlooked where the cut leaves nothing but noise,
/// variances of a sample: two standard deviations.
const OVERLOOKED: f64 = 4.0;

/// The end of a current, sample positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// Cut within a sample.
    Cut {
        /// Between the last sample with current and the first without.
        at: f64,
        /// Standard uncertainty, samples.
        doubt: f64,
        /// Magnitude of the wave there, A.
        level: f64,
    },
    /// Faded out along a ramp.
    Ramp {
        /// Last instant at which the current itself exceeds the threshold.
        last: f64,
        /// Where its envelope passes the threshold.
        envelope: f64,
        /// Where it reaches nothing, if it does.
        end: f64,
        /// Standard uncertainty of all, samples.
        doubt: f64,
        /// How fast the envelope falls there, A per sample.
        slope: f64,
    },
}

impl Ending {
    /// With ringing after a cut that may have lasted so many samples unseen.
    fn doubted(self, unseen: f64) -> Self {
        match self {
            Self::Cut { at, doubt, level } => Self::Cut {
                at,
                doubt: doubt.root_sum(0.5 * unseen),
                level,
            },
            Self::Ramp { .. } => self,
        }
    }
}

/// How long ringing may last above the threshold a if the samples gain no more than `gain` variances
/// σ² by it, samples. A·e^(−t/τ) gains A²τ/4σ² and lasts τ·ln(A/a): of all that gain as much, the one
/// with A = √e·a lasts longest.
fn unseen(window: &Continued, gain: f64) -> f64 {
    let threshold = window.threshold * window.peak;
    let variance = window.counted() * window.group;
    2.0 * gain * variance / (std::f64::consts::E * threshold * threshold)
}

/// What the models are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    /// Half a nominal cycle, samples.
    pub(crate) half_cycle: usize,
    /// Magnitude that counts as current, A.
    pub(crate) threshold: f64,
    /// Standard deviation of the noise of one sample, A.
    pub(crate) noise: f64,
    /// Samples whose noise is so alike that they count as one.
    pub(crate) alike: f64,
    /// First sample that may be looked at.
    pub(crate) from: usize,
}

/// How the amplitude of a fitted wave changes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Amplitude and phase change linearly.
    Linear,
    /// The amplitude falls to 1/e within as many half cycles.
    Exponential(f64),
}

/// A sine that changes, with a direct part.
struct Drifting {
    origin: f64,
    turn: f64,
    shape: Shape,
    /// Direct, sine, cosine, and the change of the latter two per radian.
    terms: [f64; 5],
    /// RMS of what the model leaves.
    residual: f64,
}

impl Drifting {
    /// Fits samples `first..end`.
    fn new(
        amps: &[f64],
        first: usize,
        end: usize,
        half_cycle: usize,
        shape: Shape,
    ) -> Option<Self> {
        let window = amps.get(first..end).filter(|w| w.len() >= 8)?;
        let mut fit = Self {
            origin: 0.5 * (first + end - 1) as f64,
            turn: std::f64::consts::PI / half_cycle as f64,
            shape,
            terms: [0.0; 5],
            residual: 0.0,
        };
        let rows = window.iter().enumerate().map(|(k, &x)| {
            let (angle, fall) = fit.progress((first + k) as f64);
            let (s, c) = sin_cos(angle);
            ([1.0, fall * s, fall * c, angle * s, angle * c], x)
        });
        fit.terms = match shape {
            Shape::Linear => least_squares(rows)?,
            Shape::Exponential(_) => {
                let [direct, a, b] =
                    least_squares(rows.map(|([one, s, c, ..], x)| ([one, s, c], x)))?;
                [direct, a, b, 0.0, 0.0]
            }
        };
        let sum: f64 = window
            .iter()
            .enumerate()
            .map(|(k, x)| (x - fit.at((first + k) as f64)).powi(2))
            .sum();
        fit.residual = (sum / window.len() as f64).sqrt();
        Some(fit)
    }

    /// Angle at a position and the factor of an exponential.
    fn progress(&self, at: f64) -> (f64, f64) {
        let angle = (at - self.origin) * self.turn;
        let fall = match self.shape {
            Shape::Linear => 1.0,
            Shape::Exponential(halves) => exp(-angle / (std::f64::consts::PI * halves)),
        };
        (angle, fall)
    }

    /// Amplitudes of sine and cosine at a position, and both there.
    fn parts(&self, at: f64) -> (f64, f64, f64, f64) {
        let (angle, fall) = self.progress(at);
        let (s, c) = sin_cos(angle);
        let [_, a, b, da, db] = self.terms;
        (a * fall + da * angle, b * fall + db * angle, s, c)
    }

    fn at(&self, at: f64) -> f64 {
        let (a, b, s, c) = self.parts(at);
        self.terms[0] + a * s + b * c
    }

    fn envelope(&self, at: f64) -> f64 {
        let (a, b, ..) = self.parts(at);
        a.root_sum(b)
    }
}

/// How the current ends around sample `last`, the last one that surely carries any (known to half
/// a cycle or so): the model that leaves the least of all samples since the steady wave, each free
/// number at its price. `None` if no model fits: then the samples themselves must say.
pub(crate) fn ending(amps: &[f64], last: usize, scene: &Scene) -> Option<Ending> {
    let half_cycle = (0.5 * local_cycle(amps, last, 2 * scene.half_cycle)).round() as usize;
    let scene = &Scene {
        half_cycle,
        ..*scene
    };
    let cut = cut(amps, last, scene);
    let Some(window) = Continued::new(amps, last, scene) else {
        return cut.or_else(|| ramp(amps, last, scene));
    };
    let placed = |cut: &Option<Ending>| match cut {
        Some(Ending::Cut { at, .. }) => Some(*at),
        Some(Ending::Ramp { .. }) | None => None,
    };
    if placed(&cut).is_some_and(|at| window.is_cut(at)) {
        return cut.map(|cut| cut.doubted(unseen(&window, OVERLOOKED)));
    }
    // Of a cut that a sensor's tail follows the samples around it show too little.
    let left =
        |cut: &Option<Ending>| placed(cut).map_or(f64::INFINITY, |at| window.left_by_cut(at));
    let by_all = window.cut(amps).map(|(at, doubt)| Ending::Cut {
        at,
        doubt,
        level: window.peak,
    });
    let cut = if left(&by_all) < left(&cut) - window.price() {
        by_all
    } else {
        cut
    };
    let place = placed(&cut);
    if place.is_some_and(|at| window.is_cut(at)) {
        return cut.map(|cut| cut.doubted(unseen(&window, OVERLOOKED)));
    }
    let fade = fade(&window, scene.threshold);
    let faded_cut = fade_cut(&window, amps, last, scene.threshold);
    let rest = remainder(&window);
    let rings = ringing(&window);
    // Weak current that went on after the wave was cut: the wave says nothing of its end.
    let ends = window.split(0, window.points.len(), |_| 0.0)?;
    let ends = window.points.get(ends).map_or(f64::INFINITY, |p| p.at);
    let weak_after = place
        .filter(|&at| fade.is_none() && faded_cut.is_none() && at > ends + window.cycle)
        .map(|at| left_by_weaker(&window, at) + 3.0 * window.price());
    let rest = rest.filter(|tail| weak_after.is_none_or(|left| tail.left < left));
    if weak_after.is_some() && rings.is_none() && rest.is_none() {
        return cut;
    }
    // A cut has one free number, a fade three, one that is cut four.
    let by_cut = place.map_or(f64::INFINITY, |at| window.left_by_cut(at));
    let by_fade = fade.map_or(f64::INFINITY, |f| f.left + 2.0 * window.price());
    let by_faded_cut = faded_cut.as_ref();
    let by_faded_cut = by_faded_cut.map_or(f64::INFINITY, |f| f.left + 3.0 * window.price());
    let simple = by_cut.min(by_fade).min(by_faded_cut);
    let by_rest = rest.as_ref().map_or(f64::INFINITY, |tail| tail.left);
    let least = simple.min(by_rest);
    let tail = |found: &Tail| {
        if found.weak {
            Ending::Cut {
                at: found.envelope,
                doubt: found.doubt,
                level: window.peak,
            }
        } else {
            Ending::Ramp {
                last: found.last,
                envelope: found.envelope,
                end: found.envelope,
                doubt: found.doubt,
                slope: found.slope,
            }
        }
    };
    let mut overlooked = OVERLOOKED;
    if let Some(found) = rings {
        // Its numbers are looked for near the cut only: at a lower price.
        let gained = (least - found.left) / window.counted();
        if gained > RINGS {
            return Some(tail(&found));
        }
        // Noise may just hide it.
        if gained > 0.5 * RINGS {
            overlooked = RINGS;
        }
    }
    let cut = cut.map(|cut| cut.doubted(unseen(&window, overlooked)));
    match (rest, fade, faded_cut) {
        (Some(rest), ..) if by_rest < simple => Some(tail(&rest)),
        (_, _, Some(found)) if by_faded_cut < by_fade.min(by_cut) => Some(Ending::Cut {
            at: found.at,
            doubt: found.doubt,
            level: found.level,
        }),
        (_, Some(fade), _) if by_fade < by_cut => Some(Ending::Ramp {
            last: fade.last,
            envelope: fade.envelope,
            end: fade.end,
            doubt: fade.doubt,
            slope: fade.slope,
        }),
        _ => cut.or_else(|| ramp(amps, last, scene)),
    }
}

fn rms(samples: &[f64]) -> f64 {
    crate::rms::rms(samples)
}

fn cut(amps: &[f64], last: usize, scene: &Scene) -> Option<Ending> {
    // The current may have flowed for little more than a cycle.
    [4, 2, 1]
        .into_iter()
        .find_map(|halves| cut_after(amps, last, halves, scene))
}

/// A cut of a wave that was the same for so many half cycles.
fn cut_after(amps: &[f64], last: usize, halves: usize, scene: &Scene) -> Option<Ending> {
    let half = scene.half_cycle;
    // The wave before, with room for `last` to be late by up to half a cycle.
    let end = last.saturating_sub(half);
    let length = halves * half;
    let start = end.checked_sub(length).filter(|&s| s >= scene.from)?;
    let fit = Drifting::new(amps, start, end, half, Shape::Linear)?;
    let before = fit.envelope(end as f64 - half as f64);
    if fit.residual > 0.2 * before + 1.3 * scene.noise {
        return None;
    }
    // Up to most of a half cycle of a current just above the threshold hides in its zero.
    let stop = (last + 2 * half).min(amps.len());
    // Gain of letting the current end before sample k rather than at `end`, with `level` after it.
    let gains = |level: f64| -> Vec<f64> {
        let mut gain = 0.0;
        std::iter::once(0.0)
            .chain((end..stop).map(|k| {
                let (nothing, wave) = (amps[k] - level, amps[k] - fit.at(k as f64));
                gain += nothing * nothing - wave * wave;
                gain
            }))
            .collect()
    };
    let spread = scene.noise.max(fit.residual);
    let best = |gains: &[f64]| likeliest(gains, spread * spread * scene.alike);
    // A sensor may show a direct value that the current did not have.
    let direct = fit.terms[0];
    let (first, _) = best(&gains(direct))?;
    let rest = amps
        .get(end + first..stop)
        .filter(|rest| !rest.is_empty())?;
    let level = rest.iter().sum::<f64>() / rest.len() as f64;
    let gains = gains(level);
    let (best, doubt) = best(&gains)?;
    let at = end + best;
    // Wave until there, nothing after, and both visibly so.
    let quarter = half / 2;
    if at < end + 2 || at + quarter > stop {
        return None;
    }
    let envelope = fit.envelope(at as f64);
    let inside: Vec<f64> = (end..at).map(|k| amps[k] - fit.at(k as f64)).collect();
    let outside: Vec<f64> = amps[at..stop].iter().map(|x| x - level).collect();
    let few = |count: usize| 1.0 + 3.0 / (2.0 * count as f64 / scene.alike).sqrt();
    let uncertain = 6.0 * scene.noise / (length as f64 / scene.alike).sqrt();
    let steady = (envelope - before).abs() < 0.25 * before + uncertain;
    // The half cycle right after must be as quiet as all of it.
    let limit = |part: &[f64]| {
        let noise = scene.noise * few(part.len());
        noise.root_sum(scene.threshold * std::f64::consts::FRAC_1_SQRT_2)
    };
    let loud = |part: &[f64]| rms(part) > limit(part);
    if !steady
        || rms(&inside) > 0.2 * envelope + spread * few(inside.len())
        || loud(&outside)
        || loud(&outside[..half.min(outside.len())])
    {
        return None;
    }
    // A wave that fades within the half cycle is no cut: less of it than expected at the end.
    let near = quarter.min(inside.len());
    let (mut wave, mut seen) = (0.0, 0.0);
    for (k, x) in amps[..at].iter().enumerate().skip(at - near) {
        let model = fit.at(k as f64) - direct;
        wave += model * model;
        seen += model * (x - direct);
    }
    if seen < 0.7 * wave {
        return None;
    }
    Some(Ending::Cut {
        at: at as f64 - 0.5,
        doubt,
        level: (fit.at(at as f64 - 0.5) - direct).abs(),
    })
}

/// Windows a ramp is fitted on, half cycles, longest first: more of a slow ramp knows more.
const RAMP_WINDOWS: [f64; 6] = [12.0, 6.0, 3.0, 2.0, 1.2, 0.8];
/// Longest of them in which the ramp may be an exponential as well.
const EXPONENTIAL_HALVES: f64 = 3.0;
/// What it may leave there beyond noise, share of the wave, harmonics among it, and how often as much
/// a line leaves at least.
const EXPONENTIAL_MISFIT: f64 = 0.06;
const CURVED: f64 = 2.0;
/// The shortest time constant of those, half cycles, how far the next are apart, and how many; steps
/// of the golden section between them.
const EXPONENTIALS: (f64, f64, i32) = (0.1, 1.25, 16);
const SECTIONS: usize = 14;

fn ramp(amps: &[f64], last: usize, scene: &Scene) -> Option<Ending> {
    // What a model leaves beyond noise, as a share of the wave: harmonics leave the same share
    // in every window, a wrong shape leaves more in a longer one.
    let tried = |halves: f64, shape: Shape| {
        let window = (halves * scene.half_cycle as f64) as usize;
        let first = (last + 1)
            .checked_sub(window)
            .filter(|&f| f >= scene.from)?;
        let fit = Drifting::new(amps, first, last + 1, scene.half_cycle, shape)?;
        let size = rms(&amps[first..=last]);
        let excess = (fit.residual.powi(2) - scene.noise.powi(2)).max(0.0).sqrt();
        (size > 0.0).then(|| (excess / size, window, shape))
    };
    let mut found: Vec<(f64, usize, Shape)> = Vec::new();
    for halves in RAMP_WINDOWS {
        found.extend(tried(halves, Shape::Linear));
        if halves <= EXPONENTIAL_HALVES {
            let shapes = (0..EXPONENTIALS.2).map(|n| EXPONENTIALS.0 * EXPONENTIALS.1.powi(n));
            let shapes = shapes.map(Shape::Exponential);
            let best = shapes
                .filter_map(|shape| tried(halves, shape))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            found.extend(best);
        }
    }
    // Short windows mistake harmonics for a shape: they are asked only when no long one fits.
    let (long, mut short): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|&(_, window, _)| window > 3 * scene.half_cycle / 2);
    short.sort_by(|a, b| a.0.total_cmp(&b.0));
    let linear = |f: &&(f64, usize, Shape)| f.2 == Shape::Linear;
    let least = long.iter().filter(linear).map(|f| f.0);
    // A window that reaches back beyond the ramp leaves far more than a short one does.
    let short_line = short.iter().find(|f| f.2 == Shape::Linear);
    let allowed = (1.3 * least.fold(f64::INFINITY, f64::min) + 0.005)
        .min(0.05)
        .min(short_line.map_or(0.05, |f| 4.0 * f.0 + 0.01));
    // An exponential has no end that noise would leave visible: its samples say.
    let bent = |line: &(f64, usize, Shape)| {
        let same = |f: &&(f64, usize, Shape)| f.1 == line.1 && f.2 != Shape::Linear;
        long.iter().filter(same).any(|f| f.0 < 0.7 * line.0)
    };
    // One that explains more of the end than any line does knows it better.
    let straight = |f: &&(f64, usize, Shape)| linear(f) && f.0 <= allowed && !bent(f);
    let longest_line = long.iter().find(straight).map_or(0, |line| line.1);
    let curved = |f: &&(f64, usize, Shape)| {
        let same = |line: &&(f64, usize, Shape)| linear(line) && line.1 == f.1;
        let line = long.iter().find(same);
        !linear(f) && f.0 < EXPONENTIAL_MISFIT && line.is_some_and(|line| line.0 > CURVED * f.0)
    };
    let curved = long.iter().find(curved).filter(|f| f.1 > longest_line);
    let curved = curved.and_then(|longest| {
        let windows = long.iter().chain(&short).filter(|f| !linear(f));
        let tried: Vec<_> = windows.filter(|f| f.1 <= longest.1).copied().collect();
        exponential_on(amps, last, &tried, scene)
    });
    let lines = long.iter().filter(straight);
    curved
        .or_else(|| {
            lines
                .map(|line| line.1)
                .find_map(|length| ramp_on(amps, last, length, scene))
        })
        .or_else(|| match short.first()? {
            (excess, window, Shape::Linear) if *excess < 0.07 => {
                ramp_on(amps, last, *window, scene)
            }
            (_, _, Shape::Linear | Shape::Exponential(_)) => None,
        })
}

/// Where an exponential fitted to the end passes the threshold: by the longest of the windows
/// `tried`, and no better known than another of them says.
fn exponential_on(
    amps: &[f64],
    last: usize,
    tried: &[(f64, usize, Shape)],
    scene: &Scene,
) -> Option<Ending> {
    let half = scene.half_cycle as f64;
    let ends = |&(_, window, shape): &(f64, usize, Shape)| {
        let Shape::Exponential(halves) = shape else {
            return None;
        };
        let fitted = |log: f64| {
            let shape = Shape::Exponential(exp(log));
            Drifting::new(amps, last + 1 - window, last + 1, scene.half_cycle, shape)
        };
        let near = (ln(halves / EXPONENTIALS.1), ln(halves * EXPONENTIALS.1));
        let log = golden_section(near, SECTIONS, |log| Some(fitted(log)?.residual))?;
        let fit = fitted(log)?;
        let (at, length) = (last as f64, exp(log) * half);
        let envelope = at + length * ln(fit.envelope(at) / scene.threshold);
        // The last samples that exceed it lie within a half cycle before.
        let near = envelope > at - half && envelope < at + half;
        near.then_some((envelope, length, window, fit.residual))
    };
    let found: Vec<_> = tried.iter().filter_map(ends).collect();
    let &(envelope, length, window, residual) = found.first()?;
    let other = found.get(1)?.0;
    let slope = scene.threshold / length;
    let doubt = 2.0 * residual.max(scene.noise) / slope;
    let doubt = doubt / (window as f64 / (2.0 * scene.alike)).sqrt();
    let last = (last as f64 + 0.5).min(envelope);
    Some(Ending::Ramp {
        last,
        envelope,
        end: envelope + length * 0.5 * std::f64::consts::LN_2,
        doubt: doubt.root_sum(other - envelope),
        slope,
    })
}

fn ramp_on(amps: &[f64], last: usize, length: usize, scene: &Scene) -> Option<Ending> {
    let half = scene.half_cycle;
    let first = (last + 1)
        .checked_sub(length)
        .filter(|&f| f >= scene.from)?;
    let mut end = last + 1;
    let mut fit = Drifting::new(amps, first, end, half, Shape::Linear)?;
    let dies = |fit: &Drifting, from: usize| {
        (from..(from + 2 * half).min(amps.len()))
            .map(|k| k as f64)
            .find(|&t| fit.envelope(t + 1.0) > fit.envelope(t) || fit.envelope(t) <= 0.0)
    };
    // What noise hid of the ramp belongs to it too.
    for _ in 0..2 {
        let Some(nothing) = dies(&fit, last + 1 - length / 4) else {
            break;
        };
        end = (nothing as usize).clamp(last + 1 - length / 8, (last + half).min(amps.len()));
        fit = Drifting::new(amps, first, end, half, Shape::Linear)?;
    }
    let begin = fit.envelope(first as f64);
    if begin <= scene.threshold {
        return None;
    }
    let from = first + length / 4;
    let envelope = (from..(last + 2 * half).min(amps.len()))
        .map(|k| k as f64)
        .find(|&t| fit.envelope(t) <= scene.threshold || fit.envelope(t + 1.0) > fit.envelope(t))?;
    let slope = (begin - fit.envelope(envelope)) / (envelope - first as f64);
    // A ramp that would not reach nothing within half a cycle more was cut, or did something else.
    if fit.envelope(envelope) > scene.threshold + 0.1 * begin
        || slope <= 0.0
        || fit.envelope(last as f64) > 0.5 * begin
    {
        return None;
    }
    let direct = fit.terms[0];
    let samples = (from..=envelope as usize).rev();
    let seen = samples
        .map(|k| k as f64)
        .find(|&t| (fit.at(t) - direct).abs() > scene.threshold)?;
    let mut doubt =
        2.0 * fit.residual.max(scene.noise) / slope / (length as f64 / (2.0 * scene.alike)).sqrt();
    // Within a cycle or so many shapes look like a line.
    if length < 3 * half {
        doubt = doubt.root_sum(0.25 * length as f64);
    }
    Some(Ending::Ramp {
        last: seen + 0.5,
        envelope: envelope.max(seen + 0.5),
        end: envelope,
        doubt,
        slope,
    })
}
