//! The waveforms of a voltage and a current, taken apart: what meters show beyond the means of the
//! plant (peaks, crest factors, direct components, harmonics).

use gridproof_plant::signal::Signal;
use gridproof_plant::trig::sincos_turns;
use gridproof_plant::{Nanos, Plant};

/// Highest order that is looked at.
pub(crate) const HIGHEST: usize = 100;
/// Samples per second: those of the plant's waveform step.
const RATE_HZ: u32 = 50_000;
/// Cycles analysed at most.
const MOST_CYCLES: f64 = 10.0;

/// One quantity over a whole number of cycles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// RMS phasor of each order from 1 on, real and imaginary part of a cosine.
    phasors: Vec<(f64, f64)>,
    /// Mean.
    pub(crate) dc: f64,
    /// RMS of everything.
    pub(crate) rms: f64,
    /// Mean of the magnitude.
    pub(crate) rectified: f64,
    /// Greatest value.
    pub(crate) peak: f64,
    /// Least value.
    pub(crate) trough: f64,
}

impl Line {
    /// A direct quantity.
    fn direct(value: f64) -> Self {
        Self {
            phasors: vec![(0.0, 0.0); HIGHEST],
            dc: value,
            rms: value.abs(),
            rectified: value.abs(),
            peak: value,
            trough: value,
        }
    }

    /// Phasor of an order; of order 0 the mean, with its sign.
    pub(crate) fn phasor(&self, order: usize) -> (f64, f64) {
        match order.checked_sub(1) {
            None => (self.dc, 0.0),
            Some(index) => self.phasors.get(index).copied().unwrap_or((0.0, 0.0)),
        }
    }

    /// RMS of an order.
    pub(crate) fn order(&self, order: usize) -> f64 {
        let (re, im) = self.phasor(order);
        re.hypot(im)
    }

    /// RMS of orders `from` to `to` together.
    pub(crate) fn total(&self, from: usize, to: usize) -> f64 {
        let square = |order| self.order(order) * self.order(order);
        (from..=to).map(square).sum::<f64>().sqrt()
    }

    fn scaled(mut self, factor: f64) -> Self {
        for (re, im) in &mut self.phasors {
            *re *= factor;
            *im *= factor;
        }
        for value in [
            &mut self.dc,
            &mut self.rms,
            &mut self.rectified,
            &mut self.peak,
            &mut self.trough,
        ] {
            *value *= factor;
        }
        self
    }

    /// Of samples `period` cycles apart over `cycles` whole cycles. The integrals are trapezoids; the
    /// last one ends between two samples.
    fn of(samples: &[f32], period: f64, cycles: f64) -> Self {
        let whole = (cycles / period) as usize;
        let part = cycles / period - whole as f64;
        let at = |k: usize| f64::from(samples.get(k).copied().unwrap_or_default());
        let last = at(whole) + (at(whole + 1) - at(whole)) * part;
        // value and weight of each sample, then of the end
        let weighted = || {
            let weight = |k: usize| match k {
                0 => 0.5,
                k if k == whole => 0.5 + 0.5 * part,
                _ => 1.0,
            };
            (0..=whole)
                .map(move |k| (at(k), weight(k)))
                .chain([(last, 0.5 * part)])
        };
        let scale = period / cycles;
        let mean = |f: &dyn Fn(f64) -> f64| scale * weighted().map(|(x, w)| w * f(x)).sum::<f64>();
        let phasor = |order: usize| {
            let turn = |turns: f64| sincos_turns(turns - turns.floor());
            let (step_s, step_c) = turn(period * order as f64);
            let (mut s, mut c) = (0.0, 1.0);
            let (mut re, mut im) = (0.0, 0.0);
            for (k, (x, w)) in weighted().take(whole + 1).enumerate() {
                // the recurrence is set right again before it drifts
                if k % 512 == 0 {
                    (s, c) = turn(period * (k * order) as f64);
                }
                re += w * x * c;
                im -= w * x * s;
                (s, c) = (s * step_c + c * step_s, c * step_c - s * step_s);
            }
            // a whole number of cycles later the angle is that of the begin
            re += 0.5 * part * last;
            let scale = scale * std::f64::consts::SQRT_2;
            (re * scale, im * scale)
        };
        let inside = &samples[..samples.len().min(whole + 1)];
        Self {
            phasors: (1..=HIGHEST).map(phasor).collect(),
            dc: mean(&|x| x),
            rms: mean(&|x| x * x).sqrt(),
            rectified: mean(&f64::abs),
            peak: inside.iter().copied().fold(f32::MIN, f32::max).into(),
            trough: inside.iter().copied().fold(f32::MAX, f32::min).into(),
        }
    }
}

/// A voltage and a current at the same time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spectrum {
    /// V.
    pub(crate) u: Line,
    /// A.
    pub(crate) i: Line,
    /// Greatest and least instantaneous power, W.
    pub(crate) power: (f64, f64),
}

impl Spectrum {
    /// Of a direct voltage and current.
    pub(crate) fn direct(volts: f64, amps: f64) -> Self {
        Self {
            u: Line::direct(volts),
            i: Line::direct(amps),
            power: (volts * amps, volts * amps),
        }
    }

    /// Of samples `period` cycles apart over `cycles` whole cycles.
    pub(crate) fn of(volts: &[f32], amps: &[f32], period: f64, cycles: f64) -> Self {
        let powers = || {
            let pairs = volts.iter().zip(amps);
            pairs.map(|(&u, &i)| f64::from(u) * f64::from(i))
        };
        Self {
            u: Line::of(volts, period, cycles),
            i: Line::of(amps, period, cycles),
            power: (
                powers().fold(f64::MIN, f64::max),
                powers().fold(f64::MAX, f64::min),
            ),
        }
    }

    /// As a meter with these gains shows it.
    pub(crate) fn scaled(self, volts: f64, amps: f64) -> Self {
        let power = volts * amps;
        Self {
            u: self.u.scaled(volts),
            i: self.i.scaled(amps),
            power: (self.power.0 * power, self.power.1 * power),
        }
    }

    /// Active and reactive power of an order, W and var (positive while the current lags).
    pub(crate) fn power_of(&self, order: usize) -> (f64, f64) {
        let ((a, b), (c, d)) = (self.u.phasor(order), self.i.phasor(order));
        (a * c + b * d, b * c - a * d)
    }
}

/// The spectrum of each pair of signals over as many whole cycles of `hz` as `span` ns from now hold, ten
/// at most; `None` when there is not one.
pub(crate) fn look(
    plant: &mut Plant,
    pairs: &[(Signal, Signal)],
    hz: f64,
    span: Nanos,
) -> Option<Vec<Spectrum>> {
    // a cycle that ends with the span is in it
    let cycles = (hz * span as f64 * 1e-9 + 0.01).floor().min(MOST_CYCLES);
    if cycles < 1.0 {
        return None;
    }
    let period = hz / f64::from(RATE_HZ);
    let samples = (cycles / period) as usize + 2;
    let signals = pairs.iter().flat_map(|&(u, i)| [u, i]).collect();
    let capture = plant.ahead(signals, RATE_HZ, samples).ok()?;
    let pairs = capture.data.chunks_exact(2);
    let spectra = pairs.map(|pair| Spectrum::of(&pair[0], &pair[1], period, cycles));
    Some(spectra.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of a mean and of sines: order, RMS, degrees.
    fn wave(hz: f64, dc: f64, sines: &[(f64, f64, f64)], n: usize) -> Vec<f32> {
        let at = |k: usize| {
            let sum = sines.iter().map(|&(order, rms, deg)| {
                let angle = std::f64::consts::TAU * order * hz * k as f64 / 50_000.0;
                rms * std::f64::consts::SQRT_2 * (angle + deg.to_radians()).sin()
            });
            (dc + sum.sum::<f64>()) as f32
        };
        (0..n).map(at).collect()
    }

    #[test]
    fn lines_are_what_they_were_made_of() {
        for hz in [45.3, 50.0, 50.137, 62.2] {
            let u = wave(hz, 0.5, &[(1.0, 230.0, 20.0), (5.0, 7.0, 40.0)], 12_000);
            let i = wave(hz, -0.1, &[(1.0, 10.0, -10.0), (40.0, 0.3, 0.0)], 12_000);
            let s = Spectrum::of(&u, &i, hz / 50_000.0, 9.0);
            assert!(
                (s.u.order(1) - 230.0).abs() < 2e-3,
                "{hz}: {}",
                s.u.order(1)
            );
            assert!((s.u.order(5) - 7.0).abs() < 2e-3, "{hz}: {}", s.u.order(5));
            assert!((s.i.order(40) - 0.3).abs() < 2e-3, "{hz}");
            assert!(s.u.order(3) < 2e-3 && s.u.order(100) < 2e-3, "{hz}");
            assert!(
                (s.u.dc - 0.5).abs() < 1e-3 && (s.i.dc + 0.1).abs() < 1e-4,
                "{hz}"
            );
            let rms = (230.0f64 * 230.0 + 49.0 + 0.25).sqrt();
            assert!((s.u.rms - rms).abs() < 2e-3, "{hz}: {}", s.u.rms);
            let (p, q) = s.power_of(1);
            let angle = 30f64.to_radians();
            assert!((p - 2300.0 * angle.cos()).abs() < 0.1, "{hz}: {p}");
            assert!((q - 2300.0 * angle.sin()).abs() < 0.1, "{hz}: {q}");
        }
    }

    #[test]
    fn a_sine_has_the_crest_and_the_mean_of_one() {
        let u = wave(50.0, 0.0, &[(1.0, 100.0, 0.0)], 12_000);
        let line = Line::of(&u, 1e-3, 10.0);
        assert!((line.peak - 141.42).abs() < 0.01 && (line.trough + 141.42).abs() < 0.01);
        assert!((line.rectified * std::f64::consts::FRAC_PI_2 - 141.42).abs() < 0.01);
    }
}
