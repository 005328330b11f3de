//! What a filter goes on with by itself after the current was cut: an oscillation that decays at
//! its own frequency, and where its envelope passes the threshold.

use crate::current_end::Scene;
use crate::linear::{least_squares, regression};
use crate::math::sin_cos;
use crate::rms::rms;

/// Longest part that is looked at, and how much of its beginning is not, cycles.
const LONGEST_CYCLES: f64 = 2.0;
const SKIPPED_CYCLES: f64 = 0.02;
/// Frequencies (of nominal) and time constants (cycles) that are tried first. Faster ringing shows
/// its envelope by its samples.
const FREQUENCIES: [f64; 9] = [0.3, 0.45, 0.65, 0.85, 1.1, 1.4, 1.8, 2.4, 3.2];
const DECAYS: [f64; 7] = [0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0];

/// Where an oscillation that decays passes the threshold, and how well that is known.
pub(crate) struct Ringing {
    /// Sample position.
    pub(crate) envelope: f64,
    /// Last instant at which it exceeds the threshold itself, sample position.
    pub(crate) last: f64,
    /// Standard uncertainty of both, samples.
    pub(crate) doubt: f64,
    /// How fast the envelope falls there, A per sample.
    pub(crate) slope: f64,
}

/// exp(−t/τ)·(a·cos ωt + b·sin ωt), t in nominal cycles.
#[derive(Clone, Copy)]
struct Decaying {
    per_cycle: f64,
    turn: f64,
    cos: f64,
    sin: f64,
}

impl Decaying {
    /// By cosine, sine, rate of decay and angular frequency.
    fn row(&self, t: f64) -> [f64; 4] {
        let (s, c) = sin_cos(self.turn * t);
        let fall = (-self.per_cycle * t).exp();
        let (cos, sin) = (fall * c, fall * s);
        let value = self.cos * cos + self.sin * sin;
        [cos, sin, -t * value, t * (self.sin * cos - self.cos * sin)]
    }

    fn value(&self, t: f64) -> f64 {
        let [c, s, ..] = self.row(t);
        self.cos * c + self.sin * s
    }

    fn amplitude(&self) -> f64 {
        self.cos.hypot(self.sin)
    }

    /// With the amplitudes that fit best.
    fn with_amplitudes(self, points: &[(f64, f64)]) -> Option<Self> {
        let rows = points.iter().map(|&(t, y)| {
            let [c, s, ..] = self.row(t);
            ([c, s], y)
        });
        let [cos, sin] = least_squares(rows)?;
        Some(Self { cos, sin, ..self })
    }

    fn left(&self, points: &[(f64, f64)]) -> f64 {
        let away: Vec<f64> = points.iter().map(|&(t, y)| y - self.value(t)).collect();
        rms(&away)
    }
}

/// The ringing after the current was cut at sample position `cut`; `None` if there is none above
/// the threshold, or nothing that decays explains the samples.
pub(crate) fn ringing(amps: &[f64], cut: f64, direct: f64, scene: &Scene) -> Option<Ringing> {
    let cycle = 2.0 * scene.half_cycle as f64;
    let first = (cut + SKIPPED_CYCLES * cycle).ceil().max(0.0) as usize;
    let end = ((cut + LONGEST_CYCLES * cycle) as usize).min(amps.len());
    let points: Vec<(f64, f64)> = amps
        .get(first..end)?
        .iter()
        .enumerate()
        .step_by((scene.half_cycle / 200).max(1))
        .map(|(k, x)| (((first + k) as f64 - cut) / cycle, x - direct))
        .collect();
    let tried = FREQUENCIES.iter().flat_map(|&hz| {
        DECAYS.map(|decay| Decaying {
            per_cycle: 1.0 / decay,
            turn: std::f64::consts::TAU * hz,
            cos: 0.0,
            sin: 0.0,
        })
    });
    let (mut best, mut left) = tried
        .filter_map(|model| model.with_amplitudes(&points))
        .map(|model| (model, model.left(&points)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    for _ in 0..15 {
        let rows = points
            .iter()
            .map(|&(t, y)| (best.row(t), y - best.value(t)));
        let [_, _, decay, turn] = least_squares(rows)?;
        let next = Decaying {
            per_cycle: best.per_cycle + decay.clamp(-0.5 * best.per_cycle, best.per_cycle),
            turn: best.turn + turn.clamp(-0.3 * best.turn, 0.3 * best.turn),
            ..best
        };
        let next = next.with_amplitudes(&points)?;
        let less = next.left(&points);
        if less >= left {
            break;
        }
        (best, left) = (next, less);
    }
    let size = rms(&points.iter().map(|p| p.1).collect::<Vec<_>>());
    let above = best.amplitude() / scene.threshold;
    if above <= 1.0 || left > (1.2 * scene.noise).hypot(0.15 * size) {
        return None;
    }
    let at = above.ln() / best.per_cycle;
    // What lasts is no ringing.
    if at > LONGEST_CYCLES {
        return None;
    }
    let rows = points
        .iter()
        .map(|&(t, y)| (best.row(t), y - best.value(t)));
    let spread = regression(rows)?.spread;
    // at = ln(amplitude/threshold)/decay: by the amplitude and by the decay.
    let noise = left.max(scene.noise);
    let amplitude_u = noise * spread[0].max(spread[1]).sqrt();
    if best.amplitude() < scene.threshold + 3.0 * amplitude_u {
        return None;
    }
    let by_amplitude = amplitude_u / best.amplitude() / best.per_cycle;
    let by_decay = noise * spread[2].sqrt() * at / best.per_cycle;
    let (step, steps) = (at / 400.0, 0..=400);
    let exceeds = |n: &i32| best.value(f64::from(*n) * step).abs() > scene.threshold;
    let seen = steps
        .rev()
        .find(exceeds)
        .map_or(0.0, |n| f64::from(n) * step);
    Some(Ringing {
        envelope: cut + at * cycle,
        last: cut + seen * cycle,
        doubt: by_amplitude.hypot(by_decay) * cycle,
        slope: scene.threshold * best.per_cycle / cycle,
    })
}
