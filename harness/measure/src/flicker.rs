//! Short-term flicker severity Pst by the analogue meter of IEC 61000-4-15 (230 V 60 W lamp).
//!
//! Demodulation by squaring, 0.05 Hz high pass, 35 Hz sixth-order Butterworth, the eye-brain
//! filter, squaring and a 300 ms lag; then the percentiles of the instantaneous sensation. The
//! record is decimated to about 2 kS/s of squared volts first.

use crate::math::{cbrt, sin_cos};
use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use crate::uncertainty::{Budget, mean_of};

/// Length of a record that Pst is defined for, s.
pub const FULL_S: f64 = 600.0;
/// Parts of a shorter record that are compared.
const PARTS: usize = 8;
/// Largest deviation of this meter from the table of IEC 61000-4-15, relative; ±5 % are allowed.
const METER: f64 = 0.004;
/// Pst of white noise is this times noise over RMS voltage over the root of the sample rate.
const NOISE: f64 = 4254.0;
/// What of the correction for noise stays open, relative.
const NOISE_BOUND: f64 = 0.5;
/// How far noise lifts the upper levels of a steady sensation, share of the Pst of noise alone.
const NOISE_MIXED: f64 = 0.05;

/// Start-up of the filters that is discarded, s.
pub const START_UP_S: f64 = 60.0;

/// Direct form biquad; coefficients by the bilinear transform.
#[derive(Debug, Clone, Copy)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Section {
    /// From (n0 + n1 s + n2 s²)/(d0 + d1 s + d2 s²), `rate` in 1/s.
    fn analogue(n: [f64; 3], d: [f64; 3], rate: f64) -> Self {
        let k = 2.0 * rate;
        let map = |c: [f64; 3]| {
            let (c0, c1, c2) = (c[0], c[1] * k, c[2] * k * k);
            [c0 + c1 + c2, 2.0 * (c0 - c2), c0 - c1 + c2]
        };
        let (n, d) = (map(n), map(d));
        Self {
            b: [n[0] / d[0], n[1] / d[0], n[2] / d[0]],
            a: [d[1] / d[0], d[2] / d[0]],
            state: [0.0; 2],
        }
    }

    fn step(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// Instantaneous flicker sensation: 1 at the threshold of perception, one value per 1/rate.
fn sensation(squares: &[f64], rate: f64) -> Vec<f64> {
    let tau = std::f64::consts::TAU;
    let mut chain = vec![Section::analogue(
        [0.0, 1.0, 0.0],
        [tau * 0.05, 1.0, 0.0],
        rate,
    )];
    let w = tau * 35.0;
    for q in [
        0.517_638_090_205_041_5,
        std::f64::consts::SQRT_2,
        1.931_851_652_578_136_6,
    ] {
        chain.push(Section::analogue(
            [w * w, 0.0, 0.0],
            [w * w, q * w, 1.0],
            rate,
        ));
    }
    // Eye and brain, 230 V lamp: k ω1 s/(s² + 2λs + ω1²) · (1 + s/ω2)/((1 + s/ω3)(1 + s/ω4)).
    let (k, lambda) = (1.748_02, tau * 4.059_81);
    let [w1, w2, w3, w4] = [9.154_94, 2.279_79, 1.225_35, 21.9].map(|hz| tau * hz);
    chain.push(Section::analogue(
        [0.0, k * w1, 0.0],
        [w1 * w1, 2.0 * lambda, 1.0],
        rate,
    ));
    chain.push(Section::analogue(
        [1.0, 1.0 / w2, 0.0],
        [1.0, 1.0 / w3 + 1.0 / w4, 1.0 / (w3 * w4)],
        rate,
    ));
    let mut lag = Section::analogue([1.0, 0.0, 0.0], [1.0, 0.3, 0.0], rate);
    let mean = squares.iter().sum::<f64>() / squares.len().max(1) as f64;
    squares
        .iter()
        .map(|x| {
            let y = chain
                .iter_mut()
                .fold(x / mean - 1.0, |x, section| section.step(x));
            lag.step(y * y)
        })
        .collect()
}

/// Sensation of a sinusoidal modulation of 0.25 % ΔV/V at 8.8 Hz, which is 1 by definition.
fn calibration(rate: f64) -> f64 {
    let w = std::f64::consts::TAU / rate;
    let squares: Vec<f64> = (0..(70.0 * rate) as u32)
        .map(|k| {
            let k = f64::from(k);
            let v = (1.0 + 0.00125 * sin_cos(8.8 * w * k).0) * sin_cos(50.0 * w * k).0;
            v * v
        })
        .collect();
    let found = sensation(&squares, rate);
    found[(30.0 * rate) as usize..]
        .iter()
        .copied()
        .fold(0.0, f64::max)
}

/// Pst by the levels that the sensation exceeds; `sensation` in any order.
fn classified(sensation: &[f64]) -> f64 {
    let mut p = sensation.to_vec();
    p.sort_by(|a, b| b.total_cmp(a));
    // Level exceeded for `share` per cent of the time.
    let at = |share: f64| p[((share / 100.0 * p.len() as f64) as usize).min(p.len() - 1)];
    let mean = |shares: &[f64]| shares.iter().map(|&s| at(s)).sum::<f64>() / shares.len() as f64;
    let sum = 0.0314 * at(0.1)
        + 0.0525 * mean(&[0.7, 1.0, 1.5])
        + 0.0657 * mean(&[2.2, 3.0, 4.0])
        + 0.28 * mean(&[6.0, 8.0, 10.0, 13.0, 17.0])
        + 0.08 * mean(&[30.0, 50.0, 80.0]);
    sum.max(0.0).sqrt()
}

/// A voltage as the classifier sees it.
struct Seen {
    /// Instantaneous flicker sensation after the start-up.
    sensation: Vec<f64>,
    /// Length of it, s.
    length_s: f64,
    /// RMS of the voltage, V.
    rms: f64,
}

/// `None` below 800 S/s, with less than 70 s, or without voltage.
fn seen(volts: &[f64], rate_hz: f64) -> Option<Seen> {
    if !(rate_hz.is_finite() && rate_hz >= 800.0) || (volts.len() as f64) < 70.0 * rate_hz {
        return None;
    }
    let group = ((rate_hz / 2000.0) as usize).max(1);
    let rate = rate_hz / group as f64;
    let squares: Vec<f64> = volts
        .chunks_exact(group)
        .map(|part| part.iter().map(|v| v * v).sum::<f64>() / group as f64)
        .collect();
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    if mean.is_nan() || mean <= 0.0 {
        return None;
    }
    let scale = calibration(rate);
    let found: Vec<f64> = sensation(&squares, rate)
        .split_off((START_UP_S * rate) as usize)
        .into_iter()
        .map(|x| x / scale)
        .collect();
    Some(Seen {
        length_s: found.len() as f64 / rate,
        sensation: found,
        rms: mean.sqrt(),
    })
}

/// Pst of a voltage over the record after the first 60 s (10 minutes by the standard). `None`
/// below 800 S/s, with less than 70 s, or without voltage.
pub fn pst(volts: &[f64], rate_hz: f64) -> Option<f64> {
    let found = classified(&seen(volts, rate_hz)?.sensation);
    found.is_finite().then_some(found)
}

/// Standard deviation of the noise of a channel: by eighth differences, in which a sine of 50 Hz
/// leaves less than 1e-4 of its peak from 1 kS/s on.
fn noise(volts: &[f64]) -> f64 {
    const BINOMIAL: [f64; 9] = [1.0, -8.0, 28.0, -56.0, 70.0, -56.0, 28.0, -8.0, 1.0];
    let stride = (volts.len() / 50_000).max(1);
    let eighth = |w: &[f64]| {
        w.iter()
            .zip(BINOMIAL)
            .map(|(v, b)| v * b)
            .sum::<f64>()
            .abs()
    };
    let mut differences: Vec<f64> = volts.windows(9).step_by(stride).map(eighth).collect();
    if differences.is_empty() {
        return 0.0;
    }
    let middle = differences.len() / 2;
    let (_, median, _) = differences.select_nth_unstable_by(middle, f64::total_cmp);
    // The squares of the coefficients add up to 16 over 8.
    *median / 0.6745 / 12_870_f64.sqrt()
}

/// [`pst`] with its uncertainty. White noise adds to the sensation and is taken out of it. The
/// budget: what of that stays open; the scatter among tenths of a record that is shorter than the
/// standard's ten minutes and speaks for them; the part of the voltage's error that does not
/// grow with it (one of gain does not change a relative fluctuation); the deviation of this
/// meter from the standard's table.
pub fn pst_measured(volts: &[f64], rate_hz: f64, accuracy: &Accuracy) -> Option<Measurement> {
    let seen = seen(volts, rate_hz)?;
    let by_noise = NOISE * noise(volts) / seen.rms / rate_hz.sqrt();
    let corrected = |raw: f64| (raw * raw - by_noise * by_noise).max(0.0).sqrt();
    let raw = classified(&seen.sensation);
    let value = corrected(raw);
    if !value.is_finite() {
        return None;
    }
    let mut budget = Budget::new("1")
        .rectangular("noise", NOISE_BOUND * (raw - value))
        .rectangular("noise in the upper levels", NOISE_MIXED * by_noise)
        .rectangular("meter against the table", METER * value)
        .rectangular(
            "voltage, of range",
            value * accuracy.range * accuracy.of_range / seen.rms,
        );
    if seen.length_s < FULL_S {
        let part = seen.sensation.len() / PARTS;
        let parts: Vec<f64> = seen
            .sensation
            .chunks_exact(part.max(1))
            .map(|part| corrected(classified(part)))
            .collect();
        let (_, u) = mean_of(&parts)?;
        budget = budget.normal("short record", u);
    }
    Some(budget.measure(value))
}

/// Long-term severity from twelve (or any number of) Pst values; `None` of none.
pub fn plt(pst: &[f64]) -> Option<f64> {
    let mean = pst.iter().map(|p| p.powi(3)).sum::<f64>() / pst.len() as f64;
    (!pst.is_empty() && mean.is_finite()).then(|| cbrt(mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rectangular changes of `percent` ΔV/V, `per_minute` of them.
    fn rectangular(rate: f64, seconds: f64, per_minute: f64, percent: f64) -> Vec<f64> {
        (0..(seconds * rate) as u32)
            .map(|k| {
                let t = f64::from(k) / rate;
                let high = ((t * per_minute / 60.0) as u64).is_multiple_of(2);
                let share = if high { 0.5 } else { -0.5 } * percent / 100.0;
                325.0 * (1.0 + share) * (std::f64::consts::TAU * 50.0 * t).sin()
            })
            .collect()
    }

    #[test]
    fn rectangular_table() {
        // ΔV/V % at which Pst = 1, docs/models.md section 11.
        for (per_minute, percent) in [
            (1.0, 2.715),
            (2.0, 2.191),
            (7.0, 1.450),
            (39.0, 0.894),
            (110.0, 0.722),
            (1620.0, 0.407),
        ] {
            let found = pst(&rectangular(1000.0, 660.0, per_minute, percent), 1000.0);
            let found = found.unwrap_or(0.0);
            assert!((found - 1.0).abs() < METER, "{per_minute}/min: {found}");
        }
        assert!(pst(&[0.0; 100], 1000.0).is_none());
        assert_eq!(plt(&[0.5; 12]).map(|p| (p * 1e9).round()), Some(5e8));
    }

    #[test]
    fn white_noise() {
        for (rate, sigma) in [(1000.0, 1.0), (1000.0, 2.3), (5000.0, 2.3)] {
            let mut state = 77_u64;
            let mut uniform = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            let volts: Vec<f64> = rectangular(rate, 200.0, 1.0, 0.0)
                .into_iter()
                .map(|v| v + sigma * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0))
                .collect();
            let found = pst(&volts, rate).unwrap_or(0.0);
            let rms = 325.0 / std::f64::consts::SQRT_2;
            let factor = found * rms * rate.sqrt() / sigma;
            assert!((noise(&volts) / sigma - 1.0).abs() < 0.02);
            assert!((factor / NOISE - 1.0).abs() < 0.03, "{factor}");
        }
    }
}
