//! Low-pass filters in front of a recorder's converter (docs/models.md 10.1).
//!
//! Sections of second order, integrated exactly for an input that is a straight line between two
//! samples, as the plant's signals are. Corners and quality factors of the sections are those of the
//! normalised prototypes (−3 dB at the cut-off) that every filter handbook lists.

use crate::expm::expm;

/// Shape of a low-pass filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowPassKind {
    /// Constant delay, hardly any overshoot.
    Bessel,
    /// Flat amplitude.
    Butterworth,
}

/// A low-pass filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LowPass {
    /// Shape.
    pub kind: LowPassKind,
    /// Poles: 2, 4 or 6.
    pub poles: u8,
    /// −3 dB, Hz.
    pub cutoff_hz: f64,
}

/// A section: corner over cut-off, and quality factor.
type Section = (f64, f64);

impl LowPass {
    /// Sections of the prototype; `None` for a number of poles that there is none for.
    fn sections(&self) -> Option<&'static [Section]> {
        const BESSEL: [&[Section]; 3] = [
            &[(1.2720, 0.5774)],
            &[(1.4302, 0.5219), (1.6034, 0.8055)],
            &[(1.6039, 0.5103), (1.6892, 0.6112), (1.9047, 1.0233)],
        ];
        const BUTTERWORTH: [&[Section]; 3] = [
            &[(1.0, std::f64::consts::FRAC_1_SQRT_2)],
            &[(1.0, 0.5412), (1.0, 1.3066)],
            &[
                (1.0, 0.5176),
                (1.0, std::f64::consts::FRAC_1_SQRT_2),
                (1.0, 1.9319),
            ],
        ];
        let row = match self.poles {
            2 => 0,
            4 => 1,
            6 => 2,
            _ => return None,
        };
        Some(match self.kind {
            LowPassKind::Bessel => BESSEL[row],
            LowPassKind::Butterworth => BUTTERWORTH[row],
        })
    }

    /// It can be made: the number of poles is known and the cut-off a frequency.
    #[must_use]
    pub fn possible(&self) -> bool {
        self.sections().is_some() && self.cutoff_hz > 0.0 && self.cutoff_hz.is_finite()
    }

    /// Delay of slow signals, s: Σ 1/(Q ω) of the sections. 0 if it cannot be made.
    #[must_use]
    pub fn delay_s(&self) -> f64 {
        let sections = self.sections().filter(|_| self.possible());
        let delay =
            |&(corner, q): &Section| 1.0 / (q * corner * self.cutoff_hz * std::f64::consts::TAU);
        sections.map_or(0.0, |all| all.iter().map(delay).sum())
    }
}

/// One section: x₁' = ω x₂, x₂' = ω(u − x₁) − (ω/Q) x₂, output x₁. Of its discrete form
/// x⁺ = A x + b u + e u⁺ the states kept are s = x − e u, so that s⁺ = A s + (A e + b) u needs no older
/// input and the output s₁ + e₁ u waits for nothing but u.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Stage {
    transition: [[f64; 2]; 2],
    /// A e + b.
    input: [f64; 2],
    /// e.
    direct: [f64; 2],
    s: [f64; 2],
}

impl Stage {
    /// For steps in which the phase of the corner moves by `angle` rad.
    fn new(angle: f64, q: f64) -> Self {
        let mut a = [[0.0; 4]; 4];
        (a[0][1], a[1][0], a[1][1], a[1][2]) = (angle, -angle, -angle / q, angle);
        // the input is a straight line between two samples
        a[2][3] = 1.0;
        let e = expm(&a);
        let row = |k: usize| e[k][0] * e[0][3] + e[k][1] * e[1][3] + (e[k][2] - e[k][3]);
        Self {
            transition: [[e[0][0], e[0][1]], [e[1][0], e[1][1]]],
            input: [row(0), row(1)],
            direct: [e[0][3], e[1][3]],
            s: [0.0; 2],
        }
    }

    /// As if the input had stood at `u` for ever.
    fn settle(&mut self, u: f64) {
        // the next step begins with the state after this input
        let [x, y] = [u - self.direct[0] * u, -self.direct[1] * u];
        self.s = self.next([x, y], u);
    }

    #[inline]
    fn next(&self, [x, y]: [f64; 2], u: f64) -> [f64; 2] {
        let ([a, b], [c, d]) = (self.transition[0], self.transition[1]);
        [
            a * x + b * y + self.input[0] * u,
            c * x + d * y + self.input[1] * u,
        ]
    }

    #[inline]
    fn step(&mut self, u: f64) -> f64 {
        let out = self.s[0] + self.direct[0] * u;
        self.s = self.next(self.s, u);
        out
    }
}

/// A running filter.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// Only the first `used` are.
    stages: [Stage; 3],
    used: usize,
    fresh: bool,
}

impl Filter {
    /// Of samples at `rate_hz`; `None` when it cannot be made.
    pub(crate) fn new(low_pass: &LowPass, rate_hz: f64) -> Option<Self> {
        let sections = low_pass.sections().filter(|_| low_pass.possible())?;
        let stage = |&(corner, q): &Section| {
            let angle = std::f64::consts::TAU * corner * low_pass.cutoff_hz / rate_hz;
            Stage::new(angle, q)
        };
        let at = |k: usize| sections.get(k).map_or(Stage::default(), stage);
        Some(Self {
            stages: [at(0), at(1), at(2)],
            used: sections.len().min(3),
            fresh: true,
        })
    }

    /// The next sample, if it is `u`, gives `out` and leaves everything as it is.
    pub(crate) fn rests(&self, u: f64, out: f64) -> bool {
        let mut next = self.clone();
        next.step(u) == out && !self.fresh && next.stages == self.stages
    }

    /// The next sample; before the first one the signal stood at its value.
    #[inline]
    pub(crate) fn step(&mut self, u: f64) -> f64 {
        if self.fresh {
            self.fresh = false;
            for stage in &mut self.stages[..self.used] {
                stage.settle(u);
            }
        }
        let stages = &mut self.stages[..self.used];
        stages.iter_mut().fold(u, |u, stage| stage.step(u))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trig;

    /// Gain and delay (samples) of a filter for a sine at `f` of the sample rate, after settling,
    /// by correlation over whole cycles.
    fn response(low_pass: &LowPass, f: f64) -> (f64, f64) {
        let mut filter = Filter::new(low_pass, 1.0).expect("possible");
        let (mut re, mut im) = (0.0, 0.0);
        for n in 0..40_000_u32 {
            let (s, c) = trig::sincos_turns(f * f64::from(n) - (f * f64::from(n)).floor());
            let y = filter.step(s);
            if n >= 20_000 {
                re += y * s / 10_000.0;
                im += y * c / 10_000.0;
            }
        }
        let lag_turns = -trig::atan2_turns(im, re);
        (re.hypot(im), lag_turns / f)
    }

    #[rstest::rstest]
    fn the_cut_off_is_where_it_is_said_to_be(
        #[values(LowPassKind::Bessel, LowPassKind::Butterworth)] kind: LowPassKind,
        #[values(2, 4, 6)] poles: u8,
        #[values(0.002, 0.02)] cutoff_hz: f64,
    ) {
        let low_pass = LowPass {
            kind,
            poles,
            cutoff_hz,
        };
        let (gain, _) = response(&low_pass, cutoff_hz);
        // each section takes its input for a straight line between samples: a loss of (π f)²/3
        let line = f64::from(poles / 2) * (std::f64::consts::PI * cutoff_hz).powi(2) / 3.0;
        assert!(
            (gain / std::f64::consts::FRAC_1_SQRT_2 - 1.0 + line).abs() < 5e-4,
            "{gain}"
        );
        // two octaves on the asymptote: 6 dB per pole and octave
        let drop = response(&low_pass, 10.0 * cutoff_hz).0 / response(&low_pass, 5.0 * cutoff_hz).0;
        if cutoff_hz < 0.01 {
            let wanted = 0.5_f64.powi(i32::from(poles));
            assert!((drop / wanted - 1.0).abs() < 0.15, "{drop} for {wanted}");
        }
    }

    #[rstest::rstest]
    fn the_declared_delay_is_that_of_slow_signals(
        #[values(LowPassKind::Bessel, LowPassKind::Butterworth)] kind: LowPassKind,
        #[values(2, 4, 6)] poles: u8,
    ) {
        let low_pass = LowPass {
            kind,
            poles,
            cutoff_hz: 0.08,
        };
        let (gain, delay) = response(&low_pass, 0.001);
        let declared = low_pass.delay_s();
        assert!((delay - declared).abs() < 1e-3, "{delay} for {declared}");
        assert!((gain - 1.0).abs() < 2e-4, "{gain}");
        if kind == LowPassKind::Bessel && poles > 2 {
            // and of fast ones
            let (_, fast) = response(&low_pass, 0.03);
            assert!((fast - declared).abs() < 0.02, "{fast} for {declared}");
        }
    }

    #[test]
    fn a_bessel_filter_hardly_overshoots_and_one_at_rest_stays_there() {
        let low_pass = LowPass {
            kind: LowPassKind::Bessel,
            poles: 4,
            cutoff_hz: 0.05,
        };
        let mut filter = Filter::new(&low_pass, 1.0).expect("possible");
        for _ in 0..50 {
            assert!((filter.step(-3.0) + 3.0).abs() < 1e-12);
        }
        let most = (0..400).map(|_| filter.step(1.0)).fold(f64::MIN, f64::max);
        assert!((1.0..1.0 + 4.0 * 0.0085).contains(&most), "{most}");
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        for (poles, cutoff_hz) in [(3, 0.1), (4, 0.0), (4, f64::INFINITY), (4, f64::NAN)] {
            let low_pass = LowPass {
                kind: LowPassKind::Bessel,
                poles,
                cutoff_hz,
            };
            assert!(Filter::new(&low_pass, 1.0).is_none());
            assert_eq!(low_pass.delay_s(), 0.0);
        }
    }
}
