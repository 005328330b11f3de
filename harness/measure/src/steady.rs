//! The steady wave before a current ends, continued through the samples of the end: what the
//! models of an end (a cut, a fade, ringing) are fitted to and compared on.

use std::ops::Range;

use crate::bent_wave::BentWave;
use crate::continued_wave::{ContinuedWave, steady_wave};
use crate::current_end::Scene;
use crate::golden_section::golden_section;
use crate::linear::least_squares;
use crate::math::{exp, ln};
use crate::noise::alike;

/// Most points; more samples are averaged in groups.
const MOST_POINTS: usize = 40_000;
/// Samples beside a cut between two points that say where it is, cycles.
const SHARPENED: f64 = 0.05;
/// Part after the last visible sample, cycles.
const AFTER_CYCLES: usize = 4;
/// Parts beside a cut that are looked at for anything but a cut, cycles.
const BESIDE: [f64; 5] = [0.05, 0.15, 0.4, 1.0, 2.5];
/// Time constants of a sensor's direct tail that are tried, cycles; the last is the shortest.
const TAILS: [f64; 10] = [1e6, 100.0, 50.0, 25.0, 12.0, 6.0, 3.0, 1.5, 0.75, 0.4];
/// Steps of the golden section between them: to 2e-4 of the time constant.
const SECTIONS: usize = 18;
/// How far the best of those tried may be off, ln of the ratio.
const TWICE: f64 = std::f64::consts::LN_2;
/// What an exponential may leave of a tail, as a share of it.
const TAIL_MISFIT: f64 = 0.05;

/// A sample, or the mean of a group of samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// Sample position.
    pub(crate) at: f64,
    /// Sample less the direct part, A.
    pub(crate) value: f64,
    /// The steady wave there, A.
    pub(crate) wave: f64,
    /// Its change per radian of the fundamental, A.
    pub(crate) turned: f64,
}

/// Samples from the steady wave to some cycles after the end, with the wave continued.
pub(crate) struct Continued {
    wave: BentWave,
    /// In order.
    pub(crate) points: Vec<Point>,
    /// Samples in a point.
    pub(crate) group: f64,
    /// Cycle, samples.
    pub(crate) cycle: f64,
    /// Where the steady part ends, sample position.
    pub(crate) steady_end: f64,
    /// Peak of the steady wave, A.
    pub(crate) peak: f64,
    /// Standard deviation of a point by noise and resolution, A.
    pub(crate) noise: f64,
    /// Points whose noise is so alike that they count as one.
    pub(crate) alike: f64,
    /// Resolution rather than noise limits the points.
    coarse: bool,
    /// Threshold as a share of the peak.
    pub(crate) threshold: f64,
    /// Standard deviation of what the wave leaves of the steady part, points, A: noise, and what
    /// is no harmonic.
    scatter: f64,
}

/// A direct value that a sensor lets decay after an interruption.
#[derive(Debug, Clone, Copy, Default)]
struct DirectTail {
    from: f64,
    /// Time constant, samples.
    length: f64,
    level: f64,
}

impl DirectTail {
    fn at(&self, at: f64) -> f64 {
        self.level * exp((self.from - at) / self.length)
    }

    /// Its values at points as far apart as those of a window.
    fn along<'p>(
        &self,
        points: &'p [Point],
        group: f64,
    ) -> impl Iterator<Item = (f64, &'p Point)> + Clone + 'p {
        let fall = exp(-group / self.length);
        let first = points.first().map_or(0.0, |p| self.at(p.at));
        points.iter().scan(first, move |now, p| {
            let value = *now;
            *now *= fall;
            Some((value, p))
        })
    }
}

impl Continued {
    /// The wave before the end whose last visible sample is about `last`; `None` where no steady
    /// wave precedes it.
    pub(crate) fn new(amps: &[f64], last: usize, scene: &Scene) -> Option<Self> {
        let cycle = 2 * scene.half_cycle;
        let ContinuedWave { wave, steady } = steady_wave(amps, last, cycle, scene.from)?;
        let peak = wave.amplitude();
        if wave.scatter > 0.1 * peak + 1.3 * scene.noise || peak <= 2.0 * scene.threshold {
            return None;
        }
        let end = (last + AFTER_CYCLES * cycle).min(amps.len());
        let group = (end - steady.start).div_ceil(MOST_POINTS).max(1);
        let root = (group as f64 / scene.alike).max(1.0).sqrt();
        let resolution = crate::quality::resolution(&amps[steady.start..end]);
        let steps = resolution / 12.0_f64.sqrt();
        let noise = scene.noise.max(steps) / root;
        let mut points = Vec::with_capacity((end - steady.start) / group + 1);
        let direct = wave.direct();
        let scatter = wave.scatter / root;
        let count = group as f64;
        for (n, part) in amps[steady.start..end].chunks_exact(group).enumerate() {
            let first = (steady.start + n * group) as f64;
            let mut model = (0.0, 0.0);
            for k in 0..group {
                let (value, turned) = wave.at(first + k as f64);
                model = (model.0 + value, model.1 + turned);
            }
            points.push(Point {
                at: first + 0.5 * (count - 1.0),
                value: part.iter().sum::<f64>() / count - direct,
                wave: model.0 / count,
                turned: model.1 / count,
            });
        }
        Some(Self {
            wave,
            points,
            group: group as f64,
            cycle: cycle as f64,
            steady_end: steady.end as f64,
            peak,
            noise: noise.max(1e-9 * peak),
            alike: (scene.alike / group as f64).max(1.0),
            coarse: scene.noise < 2.0 * steps,
            threshold: scene.threshold / peak,
            scatter,
        })
    }

    /// What a sum of squares must fall by for each free number that a model has more: 8 times the
    /// variance of a point (Bayes' criterion, ln N of a few thousand points).
    pub(crate) fn price(&self) -> f64 {
        8.0 * self.counted()
    }

    /// Variance of a point as it counts in a sum over points that are alike.
    pub(crate) fn counted(&self) -> f64 {
        self.variance() * self.alike
    }

    /// Largest sum of squares that noise leaves of so many points, so many standard deviations over
    /// the mean.
    pub(crate) fn most_of_noise(&self, points: f64, deviations: f64) -> f64 {
        self.variance() * (points + deviations * (2.0 * points * self.alike).sqrt())
    }

    /// Variance of what the true model leaves of a point.
    pub(crate) fn variance(&self) -> f64 {
        self.noise.max(self.scatter).powi(2)
    }

    /// Standard deviation of a point as it counts in a fit that leaves `residual`: what a coarse
    /// resolution leaves of a slow wave without noise is alike from point to point, so that fewer
    /// points count (by the sum of their correlations).
    pub(crate) fn scatter_of(&self, residual: &[f64]) -> f64 {
        if !self.coarse {
            return self.noise * self.alike.sqrt();
        }
        self.noise * alike(residual, residual.len().saturating_sub(1)).sqrt()
    }

    /// Whether the wave until a cut and nothing after it leave no more than noise does (2 standard
    /// deviations) in the parts of a cycle and few cycles on both sides of it.
    pub(crate) fn is_cut(&self, cut: f64) -> bool {
        let (before, first) = self.beside(cut);
        let (before, after) = (&self.points[..before], &self.points[first..]);
        let noise = |squares: &[f64]| {
            squares.iter().sum::<f64>() <= self.most_of_noise(squares.len() as f64, 2.0)
        };
        let wave: Vec<f64> = before.iter().map(|p| (p.value - p.wave).powi(2)).collect();
        let nothing: Vec<f64> = after.iter().map(|p| p.value.powi(2)).collect();
        BESIDE.into_iter().all(|cycles| {
            let count = ((cycles * self.cycle / self.group) as usize).max(4);
            noise(&wave[wave.len().saturating_sub(count)..])
                && noise(&nothing[..count.min(nothing.len())])
        })
    }

    /// The first point after the wave, within `from..to`, if `after` follows it.
    pub(crate) fn split(
        &self,
        from: usize,
        to: usize,
        after: impl Fn(f64) -> f64,
    ) -> Option<usize> {
        self.split_after(from..to, |p| p.wave, after)
    }

    /// As [`Self::split`] with another model before than the wave.
    pub(crate) fn split_after(
        &self,
        Range {
            start: from,
            end: to,
        }: Range<usize>,
        before: impl Fn(&Point) -> f64,
        after: impl Fn(f64) -> f64,
    ) -> Option<usize> {
        // Backwards: before its beginning what decays after the wave soon exceeds all else.
        let mut loss = 0.0;
        let mut best = (0.0, to);
        for (k, p) in self.points.get(from..to)?.iter().enumerate().rev() {
            loss += (p.value - after(p.at)).powi(2) - (p.value - before(p)).powi(2);
            if loss <= best.0 {
                best = (loss, from + k);
            }
        }
        Some(best.1)
    }

    /// A cut after which at most a direct value of the sensor decays, between two samples, and its
    /// standard uncertainty, samples; `None` if that leaves more than noise would.
    pub(crate) fn cut(&self, amps: &[f64]) -> Option<(f64, f64)> {
        let mut first = self.split(0, self.points.len(), |_| 0.0)?;
        let near = (0.3 * self.cycle / self.group) as usize;
        for _ in 0..2 {
            let (tail, _) = self.direct_tail(first);
            let (from, to) = (first.saturating_sub(near), first + near);
            first = self.split(from, to.min(self.points.len()), |at| tail.at(at))?;
        }
        let place = self.points.get(first)?.at - 0.5 * self.group;
        let (at, doubt) = self.sharpened(amps, place, |p| p.wave);
        let noise = self.most_of_noise(self.points.len() as f64, 3.0);
        let after: f64 = self.points[self.beside(at).1..]
            .iter()
            .map(|p| p.value * p.value)
            .sum();
        let most = noise + 2.0 * self.price() + TAIL_MISFIT.powi(2) * after;
        (self.left_by_cut(at) < most).then_some((at, doubt))
    }

    /// Sum of squares that the wave leaves of the first `count` points; with a level, frequency and change
    /// of it that have moved since the steady part, each at its price, if that is less.
    pub(crate) fn left_by_wave(&self, count: usize) -> f64 {
        let points = &self.points[..count];
        let left = |points: &[Point]| -> f64 {
            let squares = points.iter().map(|p| (p.value - p.wave).powi(2));
            squares.sum()
        };
        let (steady, carried) = points.split_at(self.index(self.steady_end).min(count));
        let rows = carried.iter().map(|p| {
            let u = (p.at - self.steady_end) / self.cycle;
            ([p.wave, u * p.turned, u * u * p.turned], p.value - p.wave)
        });
        let all = left(points);
        let Some(moved) = least_squares(rows.clone()) else {
            return all;
        };
        let rest = rows.map(|(row, y)| {
            let explained: f64 = row.iter().zip(moved).map(|(x, by)| x * by).sum();
            (y - explained).powi(2)
        });
        all.min(left(steady) + rest.sum::<f64>() + 3.0 * self.price())
    }

    /// The steady wave at a sample position, and no sample.
    pub(crate) fn point(&self, at: f64) -> Point {
        let (wave, turned) = self.wave.at(at);
        Point {
            at,
            value: 0.0,
            wave,
            turned,
        }
    }

    /// A cut of what `before` says between two points as the samples themselves place it, between two
    /// of them, and its standard uncertainty, samples.
    pub(crate) fn sharpened(
        &self,
        amps: &[f64],
        cut: f64,
        before: impl Fn(&Point) -> f64,
    ) -> (f64, f64) {
        let beside = (SHARPENED * self.cycle).max(4.0 * self.group) as usize;
        let begin = (cut as usize).saturating_sub(beside);
        let end = (cut as usize + beside).min(amps.len());
        let after = amps.get(cut as usize + beside / 2..end).unwrap_or_default();
        let level = after.iter().sum::<f64>() / after.len().max(1) as f64;
        let mut gain = 0.0;
        let gained = amps[begin..end].iter().enumerate().map(|(k, x)| {
            let wave = self.wave.direct() + before(&self.point((begin + k) as f64));
            gain += (x - level).powi(2) - (x - wave).powi(2);
            gain
        });
        let gains: Vec<f64> = std::iter::once(0.0).chain(gained).collect();
        let variance = self.counted() * self.group;
        match likeliest(&gains, variance) {
            Some((best, doubt)) => ((begin + best) as f64 - 0.5, doubt),
            None => (cut, self.group),
        }
    }

    /// The direct value that decays from the point `first` on, and the squares that it leaves.
    fn direct_tail(&self, first: usize) -> (DirectTail, f64) {
        let after = &self.points[first..];
        let tail = |cycles: f64| {
            let mut tail = DirectTail {
                from: after.first()?.at,
                length: cycles * self.cycle,
                level: 1.0,
            };
            let values = tail.along(after, self.group);
            [tail.level] = least_squares(values.map(|(value, p)| ([value], p.value)))?;
            let values = tail.along(after, self.group);
            let squares = values.map(|(value, p)| (p.value - value).powi(2));
            Some((tail, squares.sum::<f64>()))
        };
        let found = TAILS.into_iter().filter_map(tail);
        let Some(found) = found.min_by(|a, b| a.1.total_cmp(&b.1)) else {
            return (DirectTail::default(), f64::INFINITY);
        };
        // What explains nothing need not be known better.
        let nothing: f64 = after.iter().map(|p| p.value * p.value).sum();
        if nothing - found.1 < 2.0 * self.price() {
            return found;
        }
        let near = ln(found.0.length / self.cycle);
        let shortest = ln(TAILS[TAILS.len() - 1]);
        let left = |x: f64| tail(exp(x)).map_or(f64::INFINITY, |found| found.1);
        let between = ((near - TWICE).max(shortest), near + TWICE);
        let best = golden_section(between, SECTIONS, |x| Some(left(x)));
        let better = best.and_then(|x| tail(exp(x)));
        let better = better.filter(|better| better.1 < found.1);
        better.unwrap_or(found)
    }

    /// How many points lie before a cut, and which is the first after it: a group of samples that the
    /// cut lies in is neither.
    pub(crate) fn beside(&self, cut: f64) -> (usize, usize) {
        let reach = 0.499 * self.group;
        let before = self.points.partition_point(|p| p.at + reach <= cut);
        (before, self.points.partition_point(|p| p.at - reach < cut))
    }

    /// First point at or after a position.
    pub(crate) fn index(&self, at: f64) -> usize {
        self.points.partition_point(|p| p.at < at)
    }

    /// Sum of squares that a cut at `cut` leaves, followed by nothing or by the direct value that
    /// a sensor lets decay, whichever is less by more than its price.
    pub(crate) fn left_by_cut(&self, cut: f64) -> f64 {
        let (before, first) = self.beside(cut);
        let wave = self.left_by_wave(before);
        let after = &self.points[first..];
        let nothing: f64 = after.iter().map(|p| p.value.powi(2)).sum();
        let (_, least) = self.direct_tail(first);
        wave + nothing.min(least + 2.0 * self.price())
    }
}

/// Where the gain of a split is greatest, and its standard uncertainty, both in samples: half of how
/// far it stays within two standard deviations of that. `variance` is that of a sample.
pub(crate) fn likeliest(gains: &[f64], variance: f64) -> Option<(usize, f64)> {
    let all = gains.iter().copied().enumerate();
    let (best, most) = all.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let worse = most - 4.0 * variance;
    let near = gains.iter().enumerate().filter(|(_, g)| **g >= worse);
    let (low, high) = near.fold((best, best), |r, (k, _)| (r.0.min(k), r.1.max(k)));
    Some((best, 0.25 * (high - low) as f64))
}
