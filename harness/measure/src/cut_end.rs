//! A current that is cut, by its last half cycles alone: the cut lies where the record splits best into
//! the wave and nothing (maximum likelihood).

use crate::current_end::{Ending, Scene};
use crate::drifting_wave::{Drifting, Shape};
use crate::math::RootSum;
use crate::rms::rms;
use crate::steady::likeliest;

/// Where the current is cut around sample `last`; `None` if it is not.
pub(crate) fn cut(amps: &[f64], last: usize, scene: &Scene) -> Option<Ending> {
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
