//! A current that fades out: its last steady cycles, times one of a few shapes, fitted to all
//! samples from the steady cycles to the end. All of the fade says where the envelope passes the
//! threshold, not only the few samples there, which may drown in noise.

use crate::current_end::Scene;
use crate::linear::{least_squares, regression};
use crate::math::sin_cos;
use crate::rms::rms;
use crate::sine_fit::SineFit;

/// Points per cycle that are fitted; more samples are averaged.
const PER_CYCLE: usize = 200;
/// Longest steady part that is fitted, and longest part searched for it, cycles.
const STEADY_CYCLES: usize = 8;
const LONGEST_CYCLES: usize = 60;
/// A steady cycle has at least this share of the largest one.
const STEADY: f64 = 0.985;
/// What a shape may leave beyond noise, as a share of the steady wave, over the fade.
const MISFIT: f64 = 0.02;
/// Below this a fade is a cut, cycles.
const ABRUPT_CYCLES: f64 = 0.02;
/// Lengths that are tried first, cycles: from a twentieth to about 70.
const FIRST_LENGTH: f64 = 0.05;
const LENGTHS: i32 = 19;
/// Parts of a Gauss–Newton step that are tried until one helps.
const STEPS: [f64; 6] = [1.0, 0.5, 0.25, 0.1, 0.03, 0.01];

/// How the envelope falls from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Along a line, to nothing after one length.
    Line,
    /// By a factor e per length.
    Exponential,
    /// Along half a cosine, to nothing after one length.
    Cosine,
}

impl Shape {
    /// Envelope `x` lengths after the fade began.
    fn envelope(self, x: f64) -> f64 {
        if x <= 0.0 {
            return 1.0;
        }
        match self {
            Self::Line => (1.0 - x).max(0.0),
            Self::Exponential => (-x).exp(),
            Self::Cosine if x >= 1.0 => 0.0,
            Self::Cosine => 0.5 + 0.5 * sin_cos(std::f64::consts::PI * x).1,
        }
    }

    /// When the envelope is `share`, in lengths after the fade began.
    fn reaches(self, share: f64) -> f64 {
        let share = share.clamp(1e-6, 1.0);
        match self {
            Self::Line => 1.0 - share,
            Self::Exponential => -share.ln(),
            Self::Cosine => crate::math::asin(1.0 - 2.0 * share) / std::f64::consts::PI + 0.5,
        }
    }

    /// Integral of the envelope over the fade, in lengths.
    fn area(self) -> f64 {
        match self {
            Self::Line | Self::Cosine => 0.5,
            Self::Exponential => 1.0,
        }
    }
}

/// A fitted fade, sample positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fade {
    /// Where its envelope passes the threshold.
    pub(crate) envelope: f64,
    /// Last instant at which the current itself exceeds the threshold.
    pub(crate) last: f64,
    /// Standard uncertainty of both.
    pub(crate) doubt: f64,
    /// How fast the envelope falls there, A per sample.
    pub(crate) slope: f64,
    /// Direct part of the samples, A.
    pub(crate) direct: f64,
    /// The current stays away afterwards; else something else goes on.
    pub(crate) quiet: bool,
    /// So short that the samples at the end know it better than the shape does.
    pub(crate) abrupt: bool,
    /// Explains the samples visibly better than the cut does.
    pub(crate) beats_cut: bool,
}

/// The samples that are fitted, with the steady wave continued through them.
struct Window {
    /// (position, sample less the direct part, steady wave).
    points: Vec<(f64, f64, f64)>,
    /// Threshold as a share of the peak of the steady wave.
    threshold: f64,
    /// Shortest fade that the points show, samples.
    shortest: f64,
}

impl Window {
    /// Mean square that a model leaves.
    fn left(&self, model: impl Fn((f64, f64, f64)) -> f64) -> f64 {
        let squares = self.points.iter().map(|&p| (p.1 - model(p)).powi(2));
        squares.sum::<f64>() / self.points.len() as f64
    }
}

/// A shape with its place: where the envelope passes the threshold, its length (samples), and the
/// level of the steady wave.
#[derive(Debug, Clone, Copy)]
struct Placed {
    shape: Shape,
    at: f64,
    length: f64,
    level: f64,
}

impl Placed {
    fn begin(&self, threshold: f64) -> f64 {
        self.at - self.length * self.shape.reaches(threshold / self.level)
    }

    fn value(&self, window: &Window, (t, _, wave): (f64, f64, f64)) -> f64 {
        let x = (t - self.begin(window.threshold)) / self.length;
        self.level * self.shape.envelope(x) * wave
    }

    /// How fast the envelope falls where it passes the threshold, shares of the wave per sample.
    fn slope(&self, window: &Window) -> f64 {
        let x = self.shape.reaches(window.threshold / self.level);
        let d = 1e-4;
        let fall = self.shape.envelope(x - d) - self.shape.envelope(x + d);
        self.level * fall / (2.0 * d * self.length)
    }

    /// Mean square that the shape leaves.
    fn left(&self, window: &Window) -> f64 {
        window.left(|p| self.value(window, p))
    }

    fn moved(&self, [at, length, level]: [f64; 3], window: &Window) -> Self {
        Self {
            at: self.at + at,
            length: (self.length + length)
                .max(0.2 * self.length)
                .max(window.shortest),
            level: (self.level + level).clamp(0.8, 1.2),
            ..*self
        }
    }

    /// Rows of a least-squares step from here: how each number moves each point.
    fn rows<'w>(&self, window: &'w Window) -> impl Iterator<Item = ([f64; 3], f64)> + Clone + 'w {
        let here = *self;
        let d = [0.02 * here.length, 0.02 * here.length, 0.01];
        let beside = [0, 1, 2].map(|n| {
            let mut step = [0.0; 3];
            step[n] = d[n];
            (
                here.moved(step, window),
                here.moved(step.map(|s| -s), window),
            )
        });
        window.points.iter().map(move |&p| {
            let slope = |n: usize| {
                let (up, down) = &beside[n];
                (up.value(window, p) - down.value(window, p)) / (2.0 * d[n])
            };
            ([slope(0), slope(1), slope(2)], p.1 - here.value(window, p))
        })
    }

    /// Least squares (Gauss–Newton, steps halved until they help): (fit, what it leaves).
    fn fitted(mut self, window: &Window) -> (Self, f64) {
        let mut left = self.left(window);
        for _ in 0..20 {
            let Some(step) = least_squares(self.rows(window)) else {
                break;
            };
            let found = STEPS.into_iter().find_map(|part| {
                let next = self.moved(step.map(|s| part * s), window);
                let less = next.left(window);
                (less < left).then_some((next, less))
            });
            let Some((next, less)) = found else { break };
            let gained = left - less;
            (self, left) = (next, less);
            if gained < 1e-7 * left {
                break;
            }
        }
        (self, left)
    }
}

/// The fade of the current whose last visible sample is about `last`; `None` where no steady wave
/// precedes it or no shape explains the samples. `cut` is where a cut would lie.
pub(crate) fn fade(amps: &[f64], last: usize, cut: Option<f64>, scene: &Scene) -> Option<Fade> {
    let cycle = 2 * scene.half_cycle;
    // The fade may have begun with the event: the steady current is the one before.
    let from = scene.from.saturating_sub(STEADY_CYCLES * cycle);
    let steady = steady_part(amps, last, cycle, from)?;
    // Positions in nominal cycles of one second each: the fit needs no other rate.
    let rate = cycle as f64;
    let wave = SineFit::new(&amps[steady.clone()], steady.start, rate, 1.0)?;
    let peak = wave.amplitude();
    if wave.sigma > 0.1 * peak + 1.3 * scene.noise || peak <= 2.0 * scene.threshold {
        return None;
    }
    let end = (last + 2 * cycle).min(amps.len());
    let group = (cycle / PER_CYCLE).max(1);
    let noise = (scene.noise / (group as f64).sqrt()).max(1e-9 * peak);
    let mut points = Vec::with_capacity((end - steady.start) / group + 1);
    let direct = wave.direct();
    let (mut sum, mut model, mut count) = (0.0, 0.0, 0);
    wave.each(steady.start, end - steady.start, |k, value| {
        sum += amps[k] - direct;
        model += value - direct;
        count += 1;
        if count == group {
            let n = group as f64;
            points.push((k as f64 - 0.5 * (n - 1.0), sum / n, model / n));
            (sum, model, count) = (0.0, 0.0, 0);
        }
    });
    let window = Window {
        points,
        threshold: scene.threshold / peak,
        shortest: 1.5 * group as f64,
    };
    // The samples' share of the continued wave, summed, is the area under any envelope.
    let power = rms(&window.points.iter().map(|p| p.2).collect::<Vec<_>>()).powi(2);
    let shared: f64 = window.points.iter().map(|p| p.1 * p.2).sum();
    let middle = window.points.first()?.0 + shared / power * group as f64;
    let placed = |shape: Shape, length: f64| Placed {
        shape,
        at: middle - length * (shape.area() - shape.reaches(window.threshold)),
        length,
        level: 1.0,
    };
    let (best, left) = [Shape::Line, Shape::Exponential, Shape::Cosine]
        .into_iter()
        .filter_map(|shape| {
            (0..LENGTHS)
                .map(|n| placed(shape, FIRST_LENGTH * rate * 1.5_f64.powi(n)))
                .map(|p| (p, p.left(&window)))
                .min_by(|a, b| a.1.total_cmp(&b.1))
        })
        .map(|(start, _)| start.fitted(&window))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let begin = best.begin(window.threshold);
    let over = best.at + 0.05 * rate;
    // What it leaves in the fade and the cycle before, beyond noise.
    let near: Vec<f64> = window
        .points
        .iter()
        .filter(|p| p.0 > begin - rate && p.0 < over)
        .map(|p| p.1 - best.value(&window, *p))
        .collect();
    let excess = (rms(&near).powi(2) - 1.3 * noise * noise).max(0.0).sqrt();
    if excess > MISFIT * peak || best.at < begin || best.at >= (amps.len() as f64) {
        return None;
    }
    let fit = regression(best.rows(&window))?;
    // What is not noise moves neighbours alike: a quarter of a cycle counts as one point.
    let alike = (PER_CYCLE as f64 / 4.0).min(rate / 4.0);
    let scatter = noise.hypot(excess * alike.sqrt());
    let visible =
        |p: &&(f64, f64, f64)| p.0 <= best.at && best.value(&window, **p).abs() > scene.threshold;
    let seen = window.points.iter().rev().find(visible)?.0 + 0.5 * group as f64;
    let rest: Vec<f64> = window
        .points
        .iter()
        .filter(|p| p.0 > over && p.0 < over + 0.5 * rate)
        .map(|p| p.1)
        .collect();
    let few = 1.0 + 3.0 / (2.0 * rest.len().max(1) as f64).sqrt();
    let loud = (noise * few).hypot(scene.threshold * std::f64::consts::FRAC_1_SQRT_2);
    // Two more free numbers must explain much more, and more than noise or what does not count.
    let beats = |cut: f64| {
        let by_cut = window.left(|p| if p.0 < cut { p.2 } else { 0.0 });
        let visible = scene.threshold.powi(2) + 16.0 * noise * noise;
        left < 0.5 * by_cut && (by_cut - left) * window.points.len() as f64 > visible
    };
    Some(Fade {
        direct,
        quiet: rms(&rest) <= loud && over + 0.5 * rate > last as f64,
        envelope: best.at,
        last: seen.min(best.at),
        doubt: scatter * fit.spread[0].sqrt(),
        slope: best.slope(&window) * peak,
        abrupt: best.at - begin < ABRUPT_CYCLES * rate,
        beats_cut: cut.is_none_or(beats),
    })
}

/// The last steady cycles before the current begins to fade: samples.
fn steady_part(
    amps: &[f64],
    last: usize,
    cycle: usize,
    from: usize,
) -> Option<std::ops::Range<usize>> {
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
    let alike = |level: &f64| *level >= STEADY * highest;
    let first = levels.iter().position(|(_, level)| alike(level))?;
    // The window before: in this one the fade may have begun.
    let begun = first + 4;
    let count = levels[begun.min(levels.len())..]
        .iter()
        .take(4 * STEADY_CYCLES)
        .take_while(|(_, level)| alike(level))
        .count();
    let (begin, _) = *levels.get((begun + count).checked_sub(1)?)?;
    let end = levels.get(begun)?.0 + cycle;
    (end >= begin + cycle + cycle / 2).then_some(begin..end)
}
