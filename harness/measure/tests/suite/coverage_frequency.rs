//! Frequency of short captures of distorted waves, off nominal: errors and coverage, with seeds
//! that nothing was tuned on.

use gridproof_measure::analyze::{AnalyzeError, Channel64, frequency, frequency_by};
use gridproof_measure::frequency::FrequencyMethod;

use super::bench::{Noise, SQRT2, TAU};

/// A distorted wave of constant frequency in noise.
struct Record {
    rate: f64,
    samples: Vec<f64>,
    hz: f64,
    /// Standard deviation of the noise against the fundamental's amplitude.
    noise: f64,
}

impl Record {
    fn draw(random: &mut Noise, seconds: f64) -> Self {
        let pick =
            |random: &mut Noise, of: &[f64]| of[(random.uniform() * of.len() as f64) as usize];
        let rate = pick(random, &[10_000.0, 12_800.0, 20_000.0, 50_000.0]);
        let hz = 45.0 + 20.0 * random.uniform();
        let db = pick(random, &[40.0, 50.0, 60.0]);
        let bits = 12 + (random.uniform() * 4.99) as i32;
        let thd = 0.002 + 0.058 * random.uniform();
        let mut lines: Vec<(f64, f64, f64)> = Vec::new();
        for order in 2..=40 {
            let order = f64::from(order);
            if random.uniform() < 0.35 && order * hz < 0.45 * rate {
                lines.push((order, random.uniform() / order, TAU * random.uniform()));
            }
        }
        let sum = lines.iter().map(|l| l.1 * l.1).sum::<f64>().sqrt();
        for line in &mut lines {
            line.1 *= thd / sum;
        }
        let turn = random.uniform();
        let noise = 10_f64.powf(-db / 20.0) / SQRT2;
        let peak = 230.0 * SQRT2;
        let step = 1000.0 / 2_f64.powi(bits);
        let samples = (0..(seconds * rate) as usize)
            .map(|k| {
                let a = TAU * (turn + hz * k as f64 / rate);
                let harmonics: f64 = lines.iter().map(|l| l.1 * (l.0 * a + l.2).sin()).sum();
                let x = peak * (a.sin() + harmonics + noise * random.gauss());
                (x / step).round() * step
            })
            .collect();
        let quantised = step / peak / 12_f64.sqrt();
        Self {
            rate,
            samples,
            hz,
            noise: noise.hypot(quantised),
        }
    }

    fn channel(&self) -> Channel64<'_> {
        Channel64 {
            samples: &self.samples,
            rate_hz: self.rate,
        }
    }

    /// Least standard deviation of the frequency in white noise (Cramér–Rao), Hz.
    fn bound(&self) -> f64 {
        let n = self.samples.len() as f64;
        6.0_f64.sqrt() / std::f64::consts::PI * self.noise * self.rate / n.powf(1.5)
    }
}

/// Within 2 mHz wherever noise allows it, and never farther off than four bounds of it.
#[test]
fn short_captures_with_harmonics() {
    let mut random = Noise(61_001);
    let mut worst = 0.0_f64;
    for seconds in [0.1, 0.15, 0.25, 0.5] {
        for _ in 0..40 {
            let record = Record::draw(&mut random, seconds);
            let nominal = if record.hz > 55.0 { 60.0 } else { 50.0 };
            let found = frequency(&record.channel(), nominal, None, None).unwrap();
            assert!(found.note.is_none(), "{:?}", found.note);
            let error = (found.f_mean_hz - record.hz).abs();
            worst = worst.max(error / record.bound());
            assert!(
                error < 4.5 * record.bound() + 1e-4,
                "{seconds} s, {} S/s, {} Hz: {error} for a bound of {}",
                record.rate,
                record.hz,
                record.bound()
            );
        }
    }
    println!("worst error: {worst:.1} times the bound of noise");
}

#[test]
fn short_windows_cover() {
    use FrequencyMethod::{Phasor, SineFit, ZeroCrossing};
    let mut random = Noise(61_002);
    let mut outside = Vec::new();
    for (name, method, draws) in [
        ("sine fit", SineFit, 250),
        ("phasor", Phasor, 600),
        ("zero crossing", ZeroCrossing, 600),
    ] {
        let (mut f, mut rocof) = (0, 0);
        for _ in 0..draws {
            let seconds = 0.14 + 0.2 * random.uniform();
            let record = Record::draw(&mut random, seconds);
            let nominal = if record.hz > 55.0 { 60.0 } else { 50.0 };
            let found = frequency_by(&record.channel(), nominal, None, None, method)
                .unwrap_or_else(|e| panic!("{name}, {} Hz, {} S/s: {e}", record.hz, record.rate));
            f += u32::from((found.f_mean_hz - record.hz).abs() <= found.uncertainty_hz);
            let u = found.rocof_uncertainty_hz_per_s.unwrap_or(0.0);
            rocof += u32::from(found.rocof_hz_per_s.abs() <= u);
        }
        let percent = |hits: u32| 100.0 * f64::from(hits) / f64::from(draws);
        println!(
            "{name}: f {:.1} %, ROCOF {:.1} % inside U",
            percent(f),
            percent(rocof)
        );
        for hits in [f, rocof] {
            if !(93.0..=97.5).contains(&percent(hits)) {
                outside.push(format!("{name} {:.1}", percent(hits)));
            }
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}

/// 40 to 70 Hz, whichever nominal frequency is named.
#[test]
fn far_off_nominal() {
    let mut random = Noise(61_003);
    for rate in [10_000.0, 50_000.0, 200_000.0] {
        for hz in [40.0, 42.3, 45.3, 47.0, 53.1, 57.5, 62.2, 65.7, 70.0] {
            for seconds in [0.12, 0.4] {
                let samples: Vec<f64> = (0..(seconds * rate) as usize)
                    .map(|k| {
                        let a = TAU * (0.3 + hz * k as f64 / rate);
                        325.0 * (a.sin() + 0.03 * (5.0 * a).sin()) + 0.5 * random.gauss()
                    })
                    .collect();
                let channel = Channel64 {
                    samples: &samples,
                    rate_hz: rate,
                };
                for nominal in [50.0, 60.0] {
                    let found = frequency(&channel, nominal, None, None)
                        .unwrap_or_else(|e| panic!("{hz} Hz, {rate} S/s, {nominal}: {e}"));
                    assert!((found.f_mean_hz - hz).abs() < 2e-3, "{hz}: {found:?}");
                }
            }
        }
    }
}

#[test]
fn a_wave_that_ends_and_a_record_that_ends() {
    let rate = 20_000.0;
    let wave = |until: f64, rest: f64| -> Vec<f64> {
        (0..20_000)
            .map(|k| {
                let t = f64::from(k) / rate;
                let v = 325.0 * (TAU * 50.02 * t).sin();
                if t < until { v } else { rest * v }
            })
            .collect()
    };
    let of = |samples: &[f64], from: Option<f64>, to: Option<f64>| {
        let channel = Channel64 {
            samples,
            rate_hz: rate,
        };
        frequency(&channel, 50.0, from, to)
    };
    let dies = wave(0.5, 0.0);
    match of(&dies, None, None) {
        Err(AnalyzeError::Gone { at_s, .. }) => assert!((at_s - 0.52).abs() < 0.03, "{at_s}"),
        other => panic!("{other:?}"),
    }
    let alive = of(&dies, None, Some(0.49)).unwrap();
    assert!((alive.f_mean_hz - 50.02).abs() < 1e-4 && alive.warnings.is_empty());
    let sags = of(&wave(0.5, 0.3), None, None).unwrap();
    assert!(sags.warnings.iter().any(|w| w.contains("falls to 30 %")));
    let whole = wave(2.0, 1.0);
    let found = of(&whole, Some(0.5), Some(7.0)).unwrap();
    assert!((found.f_mean_hz - 50.02).abs() < 1e-4);
    assert!(found.warnings.iter().any(|w| w.contains("record ends")));
    assert!(
        of(&whole, Some(0.5), Some(1.0))
            .unwrap()
            .warnings
            .is_empty()
    );
}

/// Noise of sensors and of what the grid itself does is stronger near the fundamental than white
/// noise of the same power: behind a filter, or with a corner far above or below.
#[test]
fn coloured_noise_is_covered() {
    let mut random = Noise(61_007);
    let mut outside = Vec::new();
    for corner_hz in [20.0, 100.0, 600.0, 3000.0] {
        let (draws, mut f, mut rocof) = (100, 0, 0);
        for _ in 0..draws {
            let seconds = 0.15 + 0.85 * random.uniform();
            let rate = 10_000.0;
            let keep = (-TAU * corner_hz / rate).exp();
            let sigma = 0.003 * (1.0 - keep * keep).sqrt();
            let (hz, turn) = (45.0 + 20.0 * random.uniform(), random.uniform());
            let mut state = 0.003 * random.gauss();
            let samples: Vec<f64> = (0..(seconds * rate) as usize)
                .map(|k| {
                    state = keep * state + sigma * random.gauss();
                    (TAU * (turn + hz * k as f64 / rate)).sin() + state
                })
                .collect();
            let channel = Channel64 {
                samples: &samples,
                rate_hz: rate,
            };
            let nominal = if hz > 55.0 { 60.0 } else { 50.0 };
            let found = frequency(&channel, nominal, None, None).unwrap();
            f += u32::from((found.f_mean_hz - hz).abs() <= found.uncertainty_hz);
            let u = found.rocof_uncertainty_hz_per_s.unwrap_or(0.0);
            rocof += u32::from(found.rocof_hz_per_s.abs() <= u);
        }
        let percent = |hits: u32| 100.0 * f64::from(hits) / f64::from(draws);
        println!(
            "corner {corner_hz} Hz: f {:.1} %, ROCOF {:.1} % inside U",
            percent(f),
            percent(rocof)
        );
        for hits in [f, rocof] {
            // The estimate sees some of what is stronger below the fundamental.
            if !(90.0..=99.5).contains(&percent(hits)) {
                outside.push(format!("{corner_hz} Hz {:.1}", percent(hits)));
            }
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}
