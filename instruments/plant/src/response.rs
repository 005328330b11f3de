//! Curves, first-order lags and dead times: the slow part of every grid-support function.

use crate::config::{Response, Sense};
use crate::rest::Fingerprint;
use crate::trig;

/// Piecewise linear curve, clamped outside.
pub(crate) fn curve(points: &[(f64, f64)], x: f64) -> f64 {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return 0.0;
    };
    if x <= first.0 {
        return first.1;
    }
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x <= x1 {
            return if x1 > x0 {
                y0 + (y1 - y0) * (x - x0) / (x1 - x0)
            } else {
                y1
            };
        }
    }
    last.1
}

/// A curve that is asked again and again at values close to each other.
#[derive(Debug, Clone)]
pub(crate) struct Tracked {
    points: Vec<(f64, f64)>,
    piece: Piece,
}

/// The piece of a curve that holds the last answer.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Beyond the first, up to the second.
    from: f64,
    to: f64,
    /// A point on it, and the slope.
    x: f64,
    y: f64,
    slope: f64,
}

impl Piece {
    fn flat(from: f64, to: f64, (x, y): (f64, f64)) -> Self {
        Self {
            from,
            to,
            x,
            y,
            slope: 0.0,
        }
    }
}

impl Tracked {
    /// A piecewise linear curve, clamped outside.
    pub(crate) fn new(points: &[(f64, f64)]) -> Self {
        Self {
            points: points.to_vec(),
            piece: Piece::flat(0.0, f64::NEG_INFINITY, (0.0, 0.0)),
        }
    }

    /// The points.
    pub(crate) fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// Value at `x`.
    #[inline]
    pub(crate) fn at(&mut self, x: f64) -> f64 {
        if !(x > self.piece.from && x <= self.piece.to) {
            self.find(x);
        }
        let Piece {
            x: x0, y, slope, ..
        } = self.piece;
        y + slope * (x - x0)
    }

    #[cold]
    fn find(&mut self, x: f64) {
        let (Some(&first), Some(&last)) = (self.points.first(), self.points.last()) else {
            return;
        };
        self.piece = if x <= first.0 {
            Piece::flat(f64::NEG_INFINITY, first.0, first)
        } else {
            self.points.windows(2).find(|pair| x <= pair[1].0).map_or(
                Piece::flat(last.0, f64::INFINITY, last),
                |pair| {
                    let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
                    Piece {
                        from: x0,
                        to: x1,
                        x: x0,
                        y: y0,
                        slope: (y1 - y0) / (x1 - x0),
                    }
                },
            )
        };
    }
}

/// First-order lag y' = (f − y)/τ, stepped exactly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lag {
    keep: f64,
    /// Output.
    pub(crate) y: f64,
}

impl Lag {
    /// Lag of time constant `tau_s` called every `dt` s, starting at `y`.
    pub(crate) fn new(tau_s: f64, dt: f64, y: f64) -> Self {
        Self {
            keep: if tau_s > 0.0 {
                trig::exp(-dt / tau_s)
            } else {
                0.0
            },
            y,
        }
    }

    /// One step towards `target`.
    #[inline]
    pub(crate) fn step(&mut self, target: f64) -> f64 {
        self.y = target + (self.y - target) * self.keep;
        self.y
    }
}

/// Transport delay by a whole number of steps.
#[derive(Debug, Clone)]
pub(crate) struct Delay {
    line: Vec<f64>,
    place: usize,
    /// Steps until the last change comes out.
    pending: usize,
    newest: f64,
}

impl Delay {
    /// Delay of `delay_s` at steps of `dt`, filled with `y`.
    pub(crate) fn new(delay_s: f64, dt: f64, y: f64) -> Self {
        let steps = (delay_s / dt).round() as usize;
        Self {
            line: vec![y; steps],
            place: 0,
            pending: 0,
            newest: y,
        }
    }

    /// As if `y` had been pushed for longer than the delay.
    pub(crate) fn fill(&mut self, y: f64) {
        self.line.iter_mut().for_each(|x| *x = y);
        self.newest = y;
        self.pending = 0;
    }

    /// Pushes the newest value and returns the delayed one.
    #[inline]
    pub(crate) fn step(&mut self, x: f64) -> f64 {
        if self.line.is_empty() {
            return x;
        }
        if x == self.newest {
            if self.pending == 0 {
                // the same number, but known without waiting for x
                return self.newest;
            }
            self.pending -= 1;
        } else {
            self.newest = x;
            self.pending = self.line.len();
        }
        let delayed = std::mem::replace(&mut self.line[self.place], x);
        self.place += 1;
        if self.place == self.line.len() {
            self.place = 0;
        }
        delayed
    }

    /// Steps until the last change comes out.
    pub(crate) fn pending(&self) -> f64 {
        self.pending as f64
    }
}

/// One voltage response: curve, dead time, lag.
#[derive(Debug, Clone)]
pub(crate) struct VoltageResponse {
    curve: Tracked,
    sense: Sense,
    rest: f64,
    delay: Delay,
    lag: Lag,
    enabled: bool,
    /// Above the first and up to the second of these voltages a step changes nothing.
    held: (f64, f64),
}

/// No voltage.
const NONE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl VoltageResponse {
    /// Response called every `dt` s; `rest` is the output when it is off.
    pub(crate) fn new(config: &Response, dt: f64, rest: f64) -> Self {
        Self {
            curve: Tracked::new(&config.points),
            sense: config.sense,
            rest,
            delay: Delay::new(config.delay_s, dt, rest),
            lag: Lag::new(config.tau_s, dt, rest),
            enabled: config.enabled,
            held: NONE,
        }
    }

    /// Active.
    pub(crate) fn enabled(&self) -> bool {
        self.enabled
    }

    /// Switches it on or off.
    pub(crate) fn enable(&mut self, on: bool) {
        self.enabled = on;
        self.held = NONE;
    }

    /// Other points and, if stated, another time constant, s, at steps of `dt` s; the output goes on
    /// from where it is.
    pub(crate) fn change(&mut self, points: &[(f64, f64)], tau_s: Option<f64>, dt: f64) {
        self.curve = Tracked::new(points);
        self.held = NONE;
        if let Some(tau_s) = tau_s {
            self.lag = Lag::new(tau_s, dt, self.lag.y);
        }
    }

    /// Sum of a value and its opposite: that of a response around zero, or of a ceiling.
    fn mirror(&self) -> f64 {
        if self.rest == 0.0 {
            return 0.0;
        }
        let values = || self.points().iter().map(|point| point.1);
        values().fold(f64::MIN, f64::max) + values().fold(f64::MAX, f64::min)
    }

    /// The points.
    pub(crate) fn points(&self) -> &[(f64, f64)] {
        self.curve.points()
    }

    /// What moves.
    pub(crate) fn fingerprint(&self, f: &mut Fingerprint) {
        f.add(self.delay.pending());
        f.add(self.lag.y);
    }

    /// One step; output in pu of rated apparent power.
    #[inline(always)]
    pub(crate) fn step(&mut self, volts: f64) -> f64 {
        if volts > self.held.0 && volts <= self.held.1 {
            return self.lag.y;
        }
        self.moving(volts)
    }

    #[inline(always)]
    fn moving(&mut self, volts: f64) -> f64 {
        let active = self.enabled && !self.points().is_empty();
        let target = if active {
            let y = self.curve.at(volts);
            match self.sense {
                Sense::AsStated => y,
                Sense::Inverted => self.mirror() - y,
            }
        } else {
            self.rest
        };
        let before = self.lag.y;
        let delayed = self.delay.step(target);
        let y = self.lag.step(delayed);
        if y == before && delayed == target && self.delay.pending == 0 {
            self.hold(active);
        }
        y
    }

    /// The output stands: as long as the curve says the same it stays where it is.
    #[cold]
    fn hold(&mut self, active: bool) {
        let piece = self.curve.piece;
        self.held = if !active {
            (f64::NEG_INFINITY, f64::INFINITY)
        } else if piece.slope == 0.0 {
            (piece.from, piece.to)
        } else {
            NONE
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t90_is_tau_ln_10_after_the_dead_time() {
        let config = Response {
            enabled: true,
            points: vec![(240.0, 0.0), (250.0, -0.6)],
            sense: Sense::AsStated,
            delay_s: 1.0,
            tau_s: 2.0,
        };
        let mut response = VoltageResponse::new(&config, 0.02, 0.0);
        let mut t = 0.0;
        while response.step(250.0) > -0.54 {
            t += 0.02;
        }
        let expected = 1.0 + 2.0 * std::f64::consts::LN_10;
        assert!((t - expected).abs() <= 0.04, "{t} {expected}");
    }

    #[test]
    fn a_wrong_sign_outlives_a_curve_that_is_told() {
        let settled = |rest: f64, points: [(f64, f64); 2], told: [(f64, f64); 2]| {
            let config = Response {
                enabled: true,
                points: points.to_vec(),
                sense: Sense::Inverted,
                delay_s: 0.0,
                tau_s: 0.1,
            };
            let mut response = VoltageResponse::new(&config, 0.02, rest);
            let at = |response: &mut VoltageResponse| {
                (0..400).map(|_| response.step(250.0)).last().expect("400")
            };
            let before = at(&mut response);
            response.change(&told, None, 0.02);
            (before, at(&mut response))
        };
        let (before, after) = settled(
            0.0,
            [(240.0, 0.0), (250.0, -0.6)],
            [(240.0, 0.0), (250.0, -0.3)],
        );
        assert!((before - 0.6).abs() < 1e-9 && (after - 0.3).abs() < 1e-9);
        let (before, after) = settled(
            1.0,
            [(240.0, 1.0), (250.0, 0.2)],
            [(240.0, 0.9), (250.0, 0.3)],
        );
        assert!((before - 1.0).abs() < 1e-9 && (after - 0.9).abs() < 1e-9);
    }

    #[test]
    fn curve_is_clamped() {
        let p = [(207.0, 0.44), (220.0, 0.0), (240.0, 0.0), (258.0, -0.6)];
        assert_eq!(curve(&p, 100.0), 0.44);
        assert_eq!(curve(&p, 230.0), 0.0);
        assert!((curve(&p, 249.0) + 0.3).abs() < 1e-12);
        assert_eq!(curve(&p, 300.0), -0.6);
    }

    #[test]
    fn a_tracked_curve_is_the_curve() {
        let p = [
            (207.0, 0.44),
            (220.0, 0.0),
            (240.0, 0.0),
            (240.0, -0.1),
            (258.0, -0.6),
        ];
        let mut tracked = Tracked::new(&p);
        let mut rng = crate::rng::Rng::new(1, crate::rng::Purpose::Relay);
        for k in 0..4000 {
            let x = match k % 5 {
                0 => p[k % p.len()].0,
                _ => 232.0 + 20.0 * rng.normal(),
            };
            assert!((tracked.at(x) - curve(&p, x)).abs() < 1e-14, "{x}");
        }
    }
}
