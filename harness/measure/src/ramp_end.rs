//! A current that fades out, by its last half cycles alone: the envelope of a line or an exponential,
//! continued to where it passes the threshold.

use crate::current_end::{Ending, Scene};
use crate::drifting_wave::{Drifting, Shape};
use crate::golden_section::golden_section;
use crate::math::{RootSum, exp, ln};
use crate::rms::rms;

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

/// How far samples after the last that is seen may be off a line through less than a cycle and a half,
/// times what it leaves of those before.
const MISSED: f64 = 3.0;
/// How long a current may be seen after its ramp has ended, half cycles.
const BEYOND: f64 = 0.1;

/// Where a current that fades out around sample `last` passes the threshold; `None` where no line and
/// no exponential explains its end.
pub(crate) fn ramp(amps: &[f64], last: usize, scene: &Scene) -> Option<Ending> {
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
    // Current that is seen well after the line has ended is none of it, nor is a line one that goes on
    // where there is none: within a cycle or so a part of a wave looks like one.
    if last as f64 > envelope + 2.0 * doubt + BEYOND * half as f64 {
        return None;
    }
    let short = length < 3 * half;
    let after = amps.get(last + 1..envelope as usize).unwrap_or_default();
    let off: Vec<f64> = (last + 1..)
        .zip(after)
        .map(|(k, x)| x - fit.at(k as f64))
        .collect();
    if short && rms(&off) > MISSED * fit.residual.max(scene.noise) {
        return None;
    }
    // Within a cycle or so many shapes look like a line.
    if short {
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
