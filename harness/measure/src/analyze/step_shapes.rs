//! Step responses of a known shape fitted to all of their points: noise moves such a T90 far less
//! than it moves the few points around 90 %.

use crate::linear::{least_squares, regression};
use crate::math::sin_cos;

/// Level that is timed.
const LEVEL: f64 = 0.9;
/// Damping ratios that are tried first, and the range of them.
const DAMPINGS: [f64; 6] = [0.2, 0.35, 0.5, 0.65, 0.8, 0.95];
const DAMPING_RANGE: (f64, f64) = (0.05, 0.995);
/// Delays that are tried first, shares of T90.
const DELAYS: [f64; 4] = [0.0, 0.1, 0.25, 0.5];
/// Parts of a Gauss–Newton step that are tried until one helps.
const STEPS: [f64; 4] = [1.0, 0.5, 0.2, 0.05];

/// Weight that keeps the damping of a shape without one where it is.
const ANCHOR: f64 = 1e-4;

/// How the response goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A second-order system, underdamped.
    SecondOrder,
    /// At a constant rate.
    RateLimited,
}

impl Shape {
    /// Numbers that are fitted.
    pub(super) fn parameters(self) -> f64 {
        match self {
            Self::SecondOrder => 4.0,
            Self::RateLimited => 3.0,
        }
    }

    /// Unit response `x` after its begin: ω·t with damping ratio `z`, or the share of its time.
    fn unit(self, x: f64, z: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        match self {
            Self::SecondOrder => {
                let root = (1.0 - z * z).sqrt();
                let (s, c) = sin_cos(root * x);
                1.0 - (-z * x).exp() * (c + z / root * s)
            }
            Self::RateLimited => x.min(1.0),
        }
    }

    /// `x` at which [`Self::unit`] first reaches 90 %: by bisection, on its first rise.
    fn reaches(self, z: f64) -> f64 {
        let (mut low, mut high) = match self {
            Self::SecondOrder => (0.0, std::f64::consts::PI / (1.0 - z * z).sqrt()),
            Self::RateLimited => return LEVEL,
        };
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if self.unit(middle, z) < LEVEL {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// A fitted response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shaped {
    shape: Shape,
    /// Standard uncertainty of T90 by the scatter of the points, s.
    pub(super) t90_u: f64,
    /// T90, delay, damping ratio and ceiling.
    parameters: [f64; 4],
}

impl Shaped {
    /// Time from the step until 90 % of the ceiling is reached, s.
    pub(super) fn t90(&self) -> f64 {
        self.parameters[0]
    }

    /// Where it settles, share of the change.
    pub(super) fn ceiling(&self) -> f64 {
        self.parameters[3]
    }

    /// Share of the change at time `t` after the step, s.
    pub(super) fn value(&self, t: f64) -> f64 {
        Placed::new(self.shape, self.parameters).value(t)
    }
}

/// A shape with its parameters.
#[derive(Debug, Clone, Copy)]
struct Placed {
    shape: Shape,
    p: [f64; 4],
    /// `x` per second.
    scale: f64,
}

impl Placed {
    fn new(shape: Shape, p: [f64; 4]) -> Self {
        let scale = shape.reaches(p[2]) / (p[0] - p[1]);
        Self { shape, p, scale }
    }

    fn value(&self, t: f64) -> f64 {
        self.p[3] * self.shape.unit(self.scale * (t - self.p[1]), self.p[2])
    }

    fn left(&self, points: &[(f64, f64)]) -> f64 {
        points.iter().map(|p| (p.1 - self.value(p.0)).powi(2)).sum()
    }

    fn moved(&self, step: [f64; 4]) -> Self {
        let p = self.p;
        let t90 = (p[0] + step[0]).clamp(0.5 * p[0], 2.0 * p[0]);
        let moved = [
            t90,
            (p[1] + step[1]).clamp(0.0, 0.9 * t90),
            (p[2] + step[2]).clamp(DAMPING_RANGE.0, DAMPING_RANGE.1),
            (p[3] + step[3]).clamp(0.5, 2.0),
        ];
        Self::new(self.shape, moved)
    }

    /// Rows of a least-squares step: how each parameter moves each point.
    fn rows<'p>(
        &self,
        points: &'p [(f64, f64)],
    ) -> impl Iterator<Item = ([f64; 4], f64)> + Clone + use<'p> {
        let here = *self;
        let d = [1e-3 * here.p[0], 1e-3 * here.p[0], 1e-3, 1e-3];
        let beside = [0, 1, 2, 3].map(|n| {
            let (mut up, mut down) = (here.p, here.p);
            up[n] += d[n];
            down[n] -= d[n];
            (Self::new(here.shape, up), Self::new(here.shape, down))
        });
        let anchor = ([0.0, 0.0, ANCHOR, 0.0], 0.0);
        let rows = points.iter().map(move |&(t, y)| {
            let slope = |n: usize| (beside[n].0.value(t) - beside[n].1.value(t)) / (2.0 * d[n]);
            ([slope(0), slope(1), slope(2), slope(3)], y - here.value(t))
        });
        rows.chain(std::iter::once(anchor))
    }
}

/// Least squares over `points` (time from the step, share of the change) of a response that
/// reaches 90 % at about `t90`. `None` if that does not determine it.
pub(super) fn shaped(points: &[(f64, f64)], t90: f64, shape: Shape) -> Option<Shaped> {
    let after = &points[points.partition_point(|p| p.0 < 0.0)..];
    if after.len() < 12 || t90.is_nan() || t90 <= 0.0 {
        return None;
    }
    let tried = DAMPINGS
        .iter()
        .flat_map(|&z| DELAYS.map(|delay| [t90, delay * t90, z, 1.0]));
    let (mut best, mut least) = tried
        .map(|p| Placed::new(shape, p))
        .map(|placed| (placed, placed.left(after)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    for _ in 0..30 {
        let Some(step) = least_squares(best.rows(after)) else {
            break;
        };
        let found = STEPS.into_iter().find_map(|part| {
            let next = best.moved(step.map(|s| part * s));
            let less = next.left(after);
            (less < least).then_some((next, less))
        });
        let Some((next, less)) = found else { break };
        let gained = least - less;
        (best, least) = (next, less);
        if gained < 1e-7 * least {
            break;
        }
    }
    let fit = regression(best.rows(after))?;
    Some(Shaped {
        shape,
        t90_u: fit.u(0),
        parameters: best.p,
    })
}
