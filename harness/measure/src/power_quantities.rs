//! Power of the fundamental and in total after IEEE 1459, with a budget for each figure.
//!
//! | | fundamental | total |
//! |---|---|---|
//! | active | P1 = V1·I1·cos φ1 | P = mean of v·i |
//! | apparent | S1 = V1·I1 | S = V·I (RMS values) |
//! | not active | Q1 = V1·I1·sin φ1 | N = √(S² − P²) |
//! | factor | displacement factor P1/S1 | power factor P/S |
//!
//! The distortion powers are D_I = V1·I_H (current), D_V = V_H·I1 (voltage) and S_H = V_H·I_H with
//! I_H = √(I² − I1²), which holds the direct component. Powers have the direction of the current;
//! Q1 > 0 while the current lags.

use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use crate::frequency::{FrequencyMethod, estimate};
use crate::phasor::{Phasor, fundamental};
use crate::uncertainty::{Budget, mean_of};
use crate::window::trapezoid;

/// How the two channels were recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerChannels {
    /// Samples per second of both.
    pub rate_hz: f64,
    /// Nominal frequency, Hz (±20 %).
    pub nominal_hz: f64,
    /// By how much later than the voltage the current is sampled, s; corrected.
    pub skew_s: f64,
    /// What of it is not known, ± s.
    pub skew_bound_s: f64,
    /// Accuracy of the voltage channel.
    pub volts: Accuracy,
    /// Accuracy of the current channel.
    pub amps: Accuracy,
}

/// Power of one phase over whole cycles.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerQuantities {
    /// Frequency of the voltage, Hz.
    pub hz: f64,
    /// Cycles that the figures are means of.
    pub cycles: usize,
    /// RMS voltage, V.
    pub v_rms: Measurement,
    /// RMS current, A.
    pub i_rms: Measurement,
    /// RMS of the voltage's fundamental, V.
    pub v1: Measurement,
    /// RMS of the current's fundamental, A.
    pub i1: Measurement,
    /// Phase of the voltage less that of the current, fundamental, degrees.
    pub phi1_deg: Measurement,
    /// Active power, W.
    pub p: Measurement,
    /// Active power of the fundamental, W.
    pub p1: Measurement,
    /// Reactive power of the fundamental, var.
    pub q1: Measurement,
    /// Apparent power, VA.
    pub s: Measurement,
    /// Apparent power of the fundamental, VA.
    pub s1: Measurement,
    /// Non-active power √(S² − P²), var.
    pub n: Measurement,
    /// Current distortion power V1·I_H, var.
    pub d_i: f64,
    /// Voltage distortion power V_H·I1, var.
    pub d_v: f64,
    /// Harmonic apparent power V_H·I_H, VA.
    pub s_h: f64,
    /// Power factor P/S.
    pub pf: Measurement,
    /// Displacement factor P1/S1.
    pub dpf: Measurement,
}

/// Sums of one cycle.
#[derive(Clone, Copy)]
struct Cycle {
    v2: f64,
    i2: f64,
    p: f64,
    v1: Phasor,
    i1: Phasor,
}

impl Cycle {
    /// Mean of cycles: quantities add, phasors of adjoining cycles too.
    fn mean(cycles: &[Cycle]) -> Cycle {
        let n = cycles.len().max(1) as f64;
        let of = |f: fn(&Cycle) -> f64| cycles.iter().map(f).sum::<f64>() / n;
        Cycle {
            v2: of(|c| c.v2),
            i2: of(|c| c.i2),
            p: of(|c| c.p),
            v1: Phasor {
                re: of(|c| c.v1.re),
                im: of(|c| c.v1.im),
            },
            i1: Phasor {
                re: of(|c| c.i1.re),
                im: of(|c| c.i1.im),
            },
        }
    }

    fn complex(&self) -> Phasor {
        self.v1.times_conjugate(self.i1)
    }

    fn s(&self) -> f64 {
        (self.v2 * self.i2).sqrt()
    }

    fn n(&self) -> f64 {
        (self.v2 * self.i2 - self.p * self.p).max(0.0).sqrt()
    }
}

/// Power over the whole cycles of a record. `None` unless at least three cycles can be measured,
/// the voltage has a frequency near the nominal one, both channels carry something and all
/// samples are numbers.
///
/// The scatter among cycles is the evidence for noise and for a load that is not steady; what
/// the instruments and the skew contribute follows from their stated bounds.
pub fn power_quantities(
    volts: &[f64],
    amps: &[f64],
    channels: &PowerChannels,
) -> Option<PowerQuantities> {
    let len = volts.len().min(amps.len());
    let (volts, amps) = (&volts[..len], &amps[..len]);
    if volts.iter().chain(amps).any(|x| !x.is_finite()) {
        return None;
    }
    let rate = channels.rate_hz;
    let hz = estimate(volts, rate, channels.nominal_hz, FrequencyMethod::SineFit)?.hz;
    let cycle = rate / hz;
    let shift = channels.skew_s * rate;
    if !shift.is_finite() || shift.abs() >= cycle {
        return None;
    }
    // Two samples of room for the interpolation on the side the current is moved to.
    let from = shift.max(0.0).ceil() + 2.0;
    let room = len as f64 - 1.0 - from - (-shift).max(0.0) - 2.0;
    let count = (room / cycle).floor().max(0.0) as usize;
    let turn = std::f64::consts::TAU * hz * channels.skew_s;
    let (sin, cos) = crate::math::sin_cos(turn);
    let found: Vec<Cycle> = (0..count)
        .map_while(|k| {
            let begin = from + k as f64 * cycle;
            let [v1, i1] = fundamental([volts, amps], begin, 1, cycle)?;
            // Phasors refer to sample 0: those of windows whole cycles apart add up.
            let i1 = Phasor {
                re: i1.re * cos + i1.im * sin,
                im: i1.im * cos - i1.re * sin,
            };
            let (mut v2, mut i2, mut p) = (0.0, 0.0, 0.0);
            trapezoid(len, begin, begin + cycle, |k, w| {
                let (v, i) = (volts[k], interpolated(amps, k, shift));
                v2 += w * v * v;
                i2 += w * i * i;
                p += w * v * i;
            })?;
            Some(Cycle {
                v2: v2 / cycle,
                i2: i2 / cycle,
                p: p / cycle,
                v1,
                i1,
            })
        })
        .collect();
    if found.len() < 3 {
        return None;
    }
    let mean = Cycle::mean(&found);
    if !(mean.v1.abs() > 0.0 && mean.i1.abs() > 0.0) {
        return None;
    }
    Some(
        Report {
            channels,
            cycles: &found,
            mean,
            hz,
        }
        .quantities(),
    )
}

/// Value between samples at `k − shift` by the cubic through the four around it.
fn interpolated(samples: &[f64], k: usize, shift: f64) -> f64 {
    if shift == 0.0 {
        return samples[k];
    }
    let at = (k as f64 - shift).clamp(1.0, samples.len() as f64 - 3.0);
    let (base, x) = (at.floor() as usize, at - at.floor());
    let [a, b, c, d] = [
        samples[base - 1],
        samples[base],
        samples[base + 1],
        samples[base + 2],
    ];
    -a * x * (x - 1.0) * (x - 2.0) / 6.0 + b * (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0
        - c * (x + 1.0) * x * (x - 2.0) / 2.0
        + d * (x + 1.0) * x * (x - 1.0) / 6.0
}

/// What the budgets are made of.
struct Report<'a> {
    channels: &'a PowerChannels,
    cycles: &'a [Cycle],
    mean: Cycle,
    hz: f64,
}

/// Shares with which the instruments' errors act on a figure: the figure's own relative change
/// for a relative change of voltage and of current, and its change per radian of phase.
struct Acts {
    volts: f64,
    amps: f64,
    per_rad: f64,
}

impl Report<'_> {
    fn measure(
        &self,
        unit: &'static str,
        value: f64,
        of: impl Fn(&Cycle) -> f64,
        acts: &Acts,
    ) -> Measurement {
        let each: Vec<f64> = self.cycles.iter().map(of).collect();
        let scatter = mean_of(&each).map_or(0.0, |(_, u)| u);
        let (v, i) = (self.mean.v2.sqrt(), self.mean.i2.sqrt());
        let skew = std::f64::consts::TAU * self.hz * self.channels.skew_bound_s;
        Budget::new(unit)
            .instrument("voltage", &self.channels.volts, v, acts.volts * value / v)
            .instrument("current", &self.channels.amps, i, acts.amps * value / i)
            .rectangular("channel skew", acts.per_rad * skew)
            .normal("scatter of cycles", scatter)
            .measure(value)
    }

    fn quantities(&self) -> PowerQuantities {
        let m = &self.mean;
        let (v, i) = (m.v2.sqrt(), m.i2.sqrt());
        let (v1, i1) = (m.v1.abs(), m.i1.abs());
        let power = m.complex();
        let (p1, q1, s1) = (power.re, power.im, v1 * i1);
        let (vh, ih) = (
            (m.v2 - v1 * v1).max(0.0).sqrt(),
            (m.i2 - i1 * i1).max(0.0).sqrt(),
        );
        let acts = |volts: f64, amps: f64, per_rad: f64| Acts {
            volts,
            amps,
            per_rad,
        };
        let n = m.n();
        // dN = (S·dS − P·dP)/N with dP = −Q1 dφ.
        let n_per_rad = if n > 0.0 { m.p * q1 / n } else { 0.0 };
        PowerQuantities {
            hz: self.hz,
            cycles: self.cycles.len(),
            v_rms: self.measure("V", v, |c| c.v2.sqrt(), &acts(1.0, 0.0, 0.0)),
            i_rms: self.measure("A", i, |c| c.i2.sqrt(), &acts(0.0, 1.0, 0.0)),
            v1: self.measure("V", v1, |c| c.v1.abs(), &acts(1.0, 0.0, 0.0)),
            i1: self.measure("A", i1, |c| c.i1.abs(), &acts(0.0, 1.0, 0.0)),
            phi1_deg: self.measure(
                "°",
                power.angle().to_degrees(),
                // Against the mean angle, so that none jumps by a turn.
                |c| {
                    let s = c.complex();
                    s.times_conjugate(power).angle().to_degrees()
                },
                &acts(0.0, 0.0, 1.0_f64.to_degrees()),
            ),
            p: self.measure("W", m.p, |c| c.p, &acts(1.0, 1.0, q1)),
            p1: self.measure("W", p1, |c| c.complex().re, &acts(1.0, 1.0, q1)),
            q1: self.measure("var", q1, |c| c.complex().im, &acts(1.0, 1.0, p1)),
            s: self.measure("VA", m.s(), Cycle::s, &acts(1.0, 1.0, 0.0)),
            s1: self.measure("VA", s1, |c| c.v1.abs() * c.i1.abs(), &acts(1.0, 1.0, 0.0)),
            n: self.measure("var", n, Cycle::n, &acts(1.0, 1.0, n_per_rad)),
            d_i: v1 * ih,
            d_v: vh * i1,
            s_h: vh * ih,
            pf: self.measure(
                "",
                m.p / m.s(),
                |c| c.p / c.s(),
                &acts(0.0, 0.0, q1 / m.s()),
            ),
            dpf: self.measure(
                "",
                p1 / s1,
                |c| c.complex().re / (c.v1.abs() * c.i1.abs()),
                &acts(0.0, 0.0, q1 / s1),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: Accuracy = Accuracy {
        of_reading: 0.0,
        of_range: 0.0,
        range: 0.0,
    };

    fn channels(rate_hz: f64, skew_s: f64) -> PowerChannels {
        PowerChannels {
            rate_hz,
            nominal_hz: 50.0,
            skew_s,
            skew_bound_s: 0.0,
            volts: EXACT,
            amps: EXACT,
        }
    }

    /// 230 V with 3 % fifth, 10 A lagging by 0.6 rad with 20 % third and 10 % fifth, 0.2 A direct.
    fn record(rate: f64, hz: f64, skew: f64) -> (Vec<f64>, Vec<f64>) {
        let root = 2.0_f64.sqrt();
        let volts = |t: f64| {
            let a = std::f64::consts::TAU * hz * t;
            230.0 * root * (a.sin() + 0.03 * (5.0 * a + 0.4).sin())
        };
        let amps = |t: f64| {
            let a = std::f64::consts::TAU * hz * t;
            10.0 * root * ((a - 0.6).sin() + 0.2 * (3.0 * a).sin() + 0.1 * (5.0 * a + 1.0).sin())
                + 0.2
        };
        (0..(0.5 * rate) as u32)
            .map(|k| {
                let t = f64::from(k) / rate;
                (volts(t), amps(t + skew))
            })
            .unzip()
    }

    #[test]
    fn closed_forms_with_and_without_skew() {
        for (rate, hz) in [(10_000.0, 50.0), (12_345.0, 47.3), (100_000.0, 52.9)] {
            for skew in [0.0, 37e-6, -210e-6] {
                let (v, i) = record(rate, hz, skew);
                let found = power_quantities(&v, &i, &channels(rate, skew)).expect("power");
                let near = |m: &Measurement, truth: f64| {
                    let share = (m.value / truth - 1.0).abs();
                    assert!(share < 2e-5, "{rate} {hz} {skew}: {m:?} {truth}");
                };
                let p5 = 230.0 * 0.03 * 10.0 * 0.1 * 0.6_f64.cos();
                let (vr, ir) = (230.0 * 1.0009_f64.sqrt(), (105.0_f64 + 0.04).sqrt());
                near(&found.p1, 2300.0 * 0.6_f64.cos());
                near(&found.q1, 2300.0 * 0.6_f64.sin());
                near(&found.p, 2300.0 * 0.6_f64.cos() + p5);
                near(&found.v_rms, vr);
                near(&found.i_rms, ir);
                near(&found.s, vr * ir);
                near(&found.dpf, 0.6_f64.cos());
                near(&found.phi1_deg, 0.6_f64.to_degrees());
                near(&found.n, ((vr * ir).powi(2) - found.p.value.powi(2)).sqrt());
                let d_i = 230.0 * 5.04_f64.sqrt();
                assert!((found.d_i / d_i - 1.0).abs() < 1e-4, "{} {d_i}", found.d_i);
                assert!((found.d_v / 69.0 - 1.0).abs() < 1e-3, "{}", found.d_v);
            }
        }
    }

    #[test]
    fn an_uncorrected_skew_is_in_the_budget() {
        let (v, i) = record(20_000.0, 50.0, 45e-6);
        let mut with = channels(20_000.0, 0.0);
        with.skew_bound_s = 50e-6;
        let found = power_quantities(&v, &i, &with).expect("power");
        let truth = 2300.0 * 0.6_f64.sin();
        assert!((found.q1.value - truth).abs() > 20.0);
        assert!(
            (found.q1.value - truth).abs() < found.q1.u,
            "{:?}",
            found.q1
        );
    }

    #[test]
    fn what_cannot_be_measured_gives_none() {
        let (v, i) = record(10_000.0, 50.0, 0.0);
        let with = channels(10_000.0, 0.0);
        assert!(power_quantities(&v[..500], &i, &with).is_none());
        assert!(power_quantities(&v, &vec![0.0; i.len()], &with).is_none());
        let mut bad = i.clone();
        bad[9] = f64::NAN;
        assert!(power_quantities(&v, &bad, &with).is_none());
    }
}
