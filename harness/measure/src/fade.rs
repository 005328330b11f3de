//! A current that fades out: its last steady cycles, times one of a few shapes, fitted to all
//! samples from the steady cycles to the end. All of the fade says where the envelope passes the
//! threshold, not only the few samples there, which may drown in noise.

use crate::linear::{least_squares, regression};
use crate::math::{RootSum, exp, ln, sin_cos};
use crate::rms::rms;
use crate::steady::{Continued, Point};

/// What a shape may leave beyond noise, as a share of the steady wave, over the fade.
const MISFIT: f64 = 0.02;
/// Below this a fade is a cut, points.
const ABRUPT_POINTS: f64 = 4.0;
/// Lengths that are tried first, cycles: from a fiftieth to about 70.
const FIRST_LENGTH: f64 = 0.02;
const LENGTHS: i32 = 21;
/// Points that the first tries look at.
const TRIED_POINTS: usize = 4000;
/// Halvings that find where a shape begins: to 1e-9 of its length.
const HALVINGS: usize = 32;
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
        self.falls(x).0
    }

    /// Envelope `x` lengths after the fade began, and its change per length.
    fn falls(self, x: f64) -> (f64, f64) {
        if x <= 0.0 {
            return (1.0, 0.0);
        }
        match self {
            Self::Line if x < 1.0 => (1.0 - x, -1.0),
            Self::Exponential => {
                let envelope = exp(-x);
                (envelope, -envelope)
            }
            Self::Cosine if x < 1.0 => {
                let (s, c) = sin_cos(std::f64::consts::PI * x);
                (0.5 + 0.5 * c, -0.5 * std::f64::consts::PI * s)
            }
            Self::Line | Self::Cosine => (0.0, 0.0),
        }
    }

    /// By how much later, in lengths, the envelope is `share` for a larger share.
    fn reaches_later(self, share: f64) -> f64 {
        let share = share.clamp(1e-6, 1.0 - 1e-6);
        match self {
            Self::Line => -1.0,
            Self::Exponential => -1.0 / share,
            Self::Cosine => -1.0 / (std::f64::consts::PI * (share * (1.0 - share)).sqrt()),
        }
    }

    /// When the envelope is `share`, in lengths after the fade began.
    fn reaches(self, share: f64) -> f64 {
        let share = share.clamp(1e-6, 1.0);
        match self {
            Self::Line => 1.0 - share,
            Self::Exponential => -ln(share),
            Self::Cosine => crate::math::asin(1.0 - 2.0 * share) / std::f64::consts::PI + 0.5,
        }
    }

    /// Integral of the envelope over the first `x` lengths of the fade, in lengths.
    fn area(self, x: f64) -> f64 {
        let x = x.max(0.0);
        match self {
            Self::Line => x.min(1.0) * (1.0 - 0.5 * x.min(1.0)),
            Self::Exponential => 1.0 - exp(-x),
            Self::Cosine => {
                let x = x.min(1.0);
                0.5 * (x + sin_cos(std::f64::consts::PI * x).0 / std::f64::consts::PI)
            }
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
    /// Where a line reaches nothing; where any other envelope is down to the threshold as an RMS
    /// value.
    pub(crate) end: f64,
    /// Standard uncertainty of both.
    pub(crate) doubt: f64,
    /// How fast the envelope falls there, A per sample.
    pub(crate) slope: f64,
    /// Sum of squares that it leaves of all points.
    pub(crate) left: f64,
}

/// A shape with its place: where the envelope passes the threshold and where it begins to fall, its
/// length (samples), the level of the steady wave, and how its phase leaves that wave after the
/// steady part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    shape: Shape,
    at: f64,
    pub(crate) begin: f64,
    length: f64,
    level: f64,
    /// Radians by powers of the time in cycles, from the first on.
    ahead: [f64; 2],
}

impl Placed {
    /// With the beginning that the other numbers imply.
    fn beginning(self, threshold: f64) -> Self {
        let before = self.length * self.shape.reaches(threshold / self.level);
        Self {
            begin: self.at - before,
            ..self
        }
    }

    fn end(&self, threshold: f64) -> f64 {
        match self.shape {
            Shape::Line => self.begin + self.length,
            Shape::Exponential | Shape::Cosine => {
                let rms = threshold * std::f64::consts::FRAC_1_SQRT_2;
                self.begin + self.length * self.shape.reaches(rms / self.level)
            }
        }
    }

    /// Its envelope at a position, shares of the wave.
    pub(crate) fn envelope(&self, at: f64) -> f64 {
        self.level * self.shape.envelope((at - self.begin) / self.length)
    }

    /// Its value at a point, A.
    pub(crate) fn value(&self, window: &Continued, p: &Point) -> f64 {
        self.envelope(p.at) * self.turned(window, p).0
    }

    /// The wave at a point with the phase that it has by then, its change per radian, and the time
    /// since the steady part in cycles.
    fn turned(&self, window: &Continued, p: &Point) -> (f64, f64, f64) {
        let [turn, bend] = self.ahead;
        let u = ((p.at - window.steady_end) / window.cycle).max(0.0);
        if u == 0.0 || (turn == 0.0 && bend == 0.0) {
            return (p.wave, p.turned, u);
        }
        let (s, c) = sin_cos(u * (turn + u * bend));
        (c * p.wave + s * p.turned, c * p.turned - s * p.wave, u)
    }

    /// How fast the envelope falls where it passes the threshold, shares of the wave per sample.
    fn slope(&self, window: &Continued) -> f64 {
        let x = self.shape.reaches(window.threshold / self.level);
        -self.level * self.shape.falls(x).1 / self.length
    }

    /// Sum of squares that the shape leaves of `points`.
    fn left(&self, window: &Continued, points: &[Point]) -> f64 {
        let squares = points
            .iter()
            .map(|p| (p.value - self.value(window, p)).powi(2));
        squares.sum()
    }

    /// Moved by changes of place, length, level and, if given, phase.
    fn moved(&self, step: &[f64], window: &Continued) -> Self {
        let by = |n: usize| step.get(n).copied().unwrap_or(0.0);
        let moved = Self {
            at: self.at + by(0),
            length: (self.length + by(1))
                .max(0.2 * self.length)
                .max(1.5 * window.group),
            level: (self.level + by(2)).clamp(0.8, 1.2),
            ahead: [self.ahead[0] + by(3), self.ahead[1] + by(4)],
            ..*self
        };
        moved.beginning(window.threshold)
    }

    /// Rows of a least-squares step from here: how place, length, level and, if asked for, phase
    /// move each point, and what is left of it.
    fn rows<'w, const N: usize>(
        &self,
        window: &'w Continued,
        points: &'w [Point],
    ) -> impl Iterator<Item = ([f64; N], f64)> + Clone + 'w {
        let here = *self;
        let share = window.threshold / here.level;
        let reaches = here.shape.reaches(share);
        // Of another level the threshold is another share.
        let later = -here.shape.reaches_later(share) * share;
        points.iter().map(move |p| {
            let x = (p.at - here.begin) / here.length;
            let (envelope, change) = here.shape.falls(x);
            let (wave, ahead, u) = here.turned(window, p);
            let fall = here.level * change * wave / here.length;
            let turn = here.level * envelope * ahead * u;
            let all = [
                -fall,
                fall * (reaches - x),
                (envelope + change * later) * wave,
                turn,
                turn * u,
            ];
            let left = p.value - here.level * envelope * wave;
            (std::array::from_fn(|n| all[n]), left)
        })
    }

    /// Least squares of `points` (Gauss–Newton, steps halved until they help): (fit, what it leaves).
    fn fitted<const N: usize>(mut self, window: &Continued, points: &[Point]) -> (Self, f64) {
        let mut left = self.left(window, points);
        for _ in 0..20 {
            let Some(step) = least_squares(self.rows::<N>(window, points)) else {
                break;
            };
            let found = STEPS.into_iter().find_map(|part| {
                let next = self.moved(&step.map(|s| part * s), window);
                let less = next.left(window, points);
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

    /// As [`Self::fitted`], with a frequency that has moved since the steady part if that explains
    /// more than its price.
    pub(crate) fn refined(self, window: &Continued, points: &[Point]) -> (Self, f64) {
        let (plain, left) = self.fitted::<3>(window, points);
        if left < window.most_of_noise(points.len() as f64, 2.0) {
            return (plain, left);
        }
        let (turned, less) = plain.fitted::<5>(window, points);
        let less = less + 2.0 * window.price();
        if less < left {
            (turned, less)
        } else {
            (plain, left)
        }
    }

    /// The shape and place that explain best `points`, those of the window up to its end or to where
    /// the current is cut, with what they leave.
    pub(crate) fn best(window: &Continued, points: &[Point]) -> Option<(Self, f64)> {
        // The samples' share of the continued wave, summed, is the area under any envelope.
        let power: f64 = points.iter().map(|p| p.wave * p.wave).sum();
        let shared: f64 = points.iter().map(|p| p.value * p.wave).sum();
        let (first, last) = (points.first()?.at, points.last()?.at);
        let area = shared / power * points.len() as f64 * window.group;
        let placed = |shape: Shape, length: f64| {
            let under = |begin: f64| begin - first + length * shape.area((last - begin) / length);
            let (mut low, mut high) = (first - 4.0 * length, last);
            for _ in 0..HALVINGS {
                let middle = 0.5 * (low + high);
                if under(middle) < area {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let begin = 0.5 * (low + high);
            Self {
                shape,
                at: begin + length * shape.reaches(window.threshold),
                begin,
                length,
                level: 1.0,
                ahead: [0.0; 2],
            }
        };
        let stride = (points.len() / TRIED_POINTS).max(1);
        let roughly = |tried: &Self| -> f64 {
            let few = points.iter().step_by(stride);
            few.map(|p| (p.value - tried.value(window, p)).powi(2))
                .sum()
        };
        [Shape::Line, Shape::Exponential, Shape::Cosine]
            .into_iter()
            .filter_map(|shape| {
                (0..LENGTHS)
                    .map(|n| placed(shape, FIRST_LENGTH * window.cycle * 1.5_f64.powi(n)))
                    .map(|p| (p, roughly(&p)))
                    .min_by(|a, b| a.1.total_cmp(&b.1))
            })
            .map(|(start, _)| start.refined(window, points))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether it began so long before `end` that it is no cut.
    pub(crate) fn lasts_until(&self, end: f64, window: &Continued) -> bool {
        end - self.begin >= ABRUPT_POINTS * window.group
    }
}

/// What a model of a fade that began at `begin` and is over at `over` leaves beyond noise in the fade
/// and the cycle before, A; `None` if that is too much for its shape, or if anything that counts
/// (peak `threshold`, A) goes on later.
pub(crate) fn unexplained(
    window: &Continued,
    (begin, over): (f64, f64),
    threshold: f64,
    value: impl Fn(&Point) -> f64,
) -> Option<f64> {
    let residual = |from: f64, to: f64| -> Vec<f64> {
        window.points[window.index(from)..window.index(to)]
            .iter()
            .map(|p| p.value - value(p))
            .collect()
    };
    let noise = window.noise;
    let near = residual(begin - window.cycle, over);
    let excess = (rms(&near).powi(2) - 1.3 * noise * noise).max(0.0).sqrt();
    let rest = residual(over, over + 0.5 * window.cycle);
    let few = 1.0 + 3.0 * (0.5 * window.alike / rest.len().max(1) as f64).sqrt();
    let loud = (noise * few).root_sum(threshold * std::f64::consts::FRAC_1_SQRT_2);
    let later = residual(over, f64::INFINITY);
    let goes_on = later
        .chunks(((window.cycle / window.group) as usize).max(8))
        .any(|part| {
            let n = part.len() as f64;
            let doubt = window.most_of_noise(n, 4.0) / n;
            rms(part).powi(2) > doubt + 0.25 * threshold.powi(2)
        });
    (excess <= MISFIT * window.peak && rms(&rest) <= loud && !goes_on).then_some(excess)
}

/// The fade of a current; `None` where no shape explains the samples, or only one so short that
/// the samples at the end know it better.
pub(crate) fn fade(window: &Continued, scene_threshold: f64) -> Option<Fade> {
    let (best, left) = Placed::best(window, &window.points)?;
    let begin = best.begin;
    let over = best.at + 0.05 * window.cycle;
    if !best.lasts_until(best.at, window) || over >= window.points.last()?.at {
        return None;
    }
    let value = |p: &Point| best.value(window, p);
    let excess = unexplained(window, (begin, over), scene_threshold, value)?;
    let fit = regression(best.rows::<3>(window, &window.points))?;
    // What is not noise moves neighbours alike: a quarter of a cycle counts as one point.
    let alike = 0.25 * window.cycle / window.group;
    let fading = &window.points[window.index(begin)..window.index(over)];
    let residual: Vec<f64> = fading.iter().map(|p| p.value - value(p)).collect();
    let scatter = window.scatter_of(&residual).root_sum(excess * alike.sqrt());
    let visible = |p: &&Point| p.at <= best.at && value(p).abs() > scene_threshold;
    let seen = window.points.iter().rev().find(visible)?.at + 0.5 * window.group;
    Some(Fade {
        envelope: best.at,
        last: seen.min(best.at),
        end: best.end(window.threshold),
        doubt: scatter * fit.spread[0].sqrt(),
        slope: best.slope(window) * window.peak,
        left,
    })
}
