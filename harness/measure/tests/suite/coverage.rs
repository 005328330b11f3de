//! How often the true value lies inside ±U: Monte Carlo with fixed seeds, for each quantity.
//!
//! The errors are drawn from what a specification says of an instrument, not from the budgets:
//! a gain and a range error anywhere within their bounds, a clock, a channel skew, noise, and a
//! quantiser whose steps lie anywhere. 95.45 % is the aim; 93 to 97 % pass.

use gridproof_measure::analyze::{Channel64, HarmonicOptions, frequency, harmonics_with};
use gridproof_measure::curve_fit::{fit_curve, hysteresis};
use gridproof_measure::efficiency::{
    CEC, EUROPEAN, EfficiencyPoint, mppt_measured, weighted_measured,
};
use gridproof_measure::flicker::pst_measured;
use gridproof_measure::frequency::{FrequencyMethod, estimate};
use gridproof_measure::power_quantities::{PowerChannels, power_quantities};
use gridproof_measure::ramp_rate::ramp;
use gridproof_measure::threshold::{ActionDelay, RampRun, Stair, by_ramp, by_staircase};
use gridproof_measure::urms_half::urms_half;
use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use super::bench::{Noise, SQRT2, TAU};

/// How often each of several quantities was covered.
struct Tally {
    draws: u32,
    names: Vec<&'static str>,
    hits: Vec<u32>,
}

impl Tally {
    fn new() -> Self {
        Self {
            draws: 0,
            names: Vec::new(),
            hits: Vec::new(),
        }
    }

    /// One draw: (name, value, U, truth) of each quantity, always in the same order.
    fn draw(&mut self, found: &[(&'static str, f64, f64, f64)]) {
        self.draws += 1;
        if self.names.is_empty() {
            self.names = found.iter().map(|f| f.0).collect();
            self.hits = vec![0; found.len()];
        }
        for (hits, (_, value, u, truth)) in self.hits.iter_mut().zip(found) {
            *hits += u32::from((value - truth).abs() <= *u);
        }
    }

    fn check(&self, of: &str) {
        assert!(self.draws >= 2000);
        let mut outside = Vec::new();
        for (name, hits) in self.names.iter().zip(&self.hits) {
            let covered = 100.0 * f64::from(*hits) / f64::from(self.draws);
            println!("{of}, {name}: {covered:.1} % inside U");
            if !(93.0..=97.0).contains(&covered) {
                outside.push(format!("{name} {covered:.1} %"));
            }
        }
        assert!(outside.is_empty(), "{of}: {outside:?}");
    }
}

fn of(name: &'static str, m: &Measurement, truth: f64) -> (&'static str, f64, f64, f64) {
    (name, m.value, m.u, truth)
}

/// Anywhere in ±`bound`.
fn within(random: &mut Noise, bound: f64) -> f64 {
    bound * (2.0 * random.uniform() - 1.0)
}

/// One channel of a recorder as its specification allows it to be.
struct Chain {
    /// Error of the sample clock, relative.
    clock: f64,
    gain: f64,
    direct: f64,
    noise: f64,
    step: f64,
    /// Where the steps of the quantiser lie, 0 to 1.
    phase: f64,
}

impl Chain {
    /// Draws the errors at a reading of `rms`. The range error of an alternating quantity shows
    /// as one of gain at that reading; `direct` is what the range error of a mean is.
    fn draw(random: &mut Noise, accuracy: &Accuracy, rms: f64, noise: f64, step: f64) -> Self {
        let range = within(random, accuracy.of_range * accuracy.range);
        Self {
            clock: 0.0,
            gain: within(random, accuracy.of_reading) + range / rms,
            direct: 0.0,
            noise,
            step,
            phase: random.uniform(),
        }
    }

    fn record(
        &self,
        random: &mut Noise,
        rate: f64,
        count: usize,
        of: impl Fn(f64) -> f64,
    ) -> Vec<f64> {
        (0..count)
            .map(|k| {
                let x = of(k as f64 / (rate * (1.0 + self.clock))) * (1.0 + self.gain);
                let x = x + self.direct + self.noise * random.gauss();
                ((x / self.step + self.phase).round() - self.phase) * self.step
            })
            .collect()
    }
}

const VOLTS: Accuracy = Accuracy {
    of_reading: 0.0005,
    of_range: 0.0004,
    range: 300.0,
};
const AMPS: Accuracy = Accuracy {
    of_reading: 0.001,
    of_range: 0.0003,
    range: 30.0,
};
const NO_ERROR: Accuracy = Accuracy {
    of_reading: 0.0,
    of_range: 0.0,
    range: 0.0,
};

#[test]
fn frequency_and_rocof_by_three_methods() {
    use FrequencyMethod::{Phasor, SineFit, ZeroCrossing};
    let clock = 10e-6;
    for (rate, cycles) in [(5_000.0, 10.0), (10_000.0, 6.0)] {
        let mut tally = Tally::new();
        let mut random = Noise(2024);
        for _ in 0..2000 {
            let hz = 49.0 + 2.0 * random.uniform();
            let rocof = within(&mut random, 2.0);
            let turn = random.uniform();
            let mut chain = Chain::draw(&mut random, &NO_ERROR, 230.0, 2.3, 0.4);
            chain.clock = within(&mut random, clock);
            let count = (cycles * rate / 50.0) as usize;
            let volts = chain.record(&mut random, rate, count, |t| {
                let a = TAU * (turn + hz * t + 0.5 * rocof * t * t);
                325.0 * (a.sin() + 0.02 * (5.0 * a).sin()) + 2.0
            });
            let mut found = Vec::new();
            for (method, f, r) in [
                (ZeroCrossing, "f zero crossing", "ROCOF zero crossing"),
                (Phasor, "f phasor", "ROCOF phasor"),
                (SineFit, "f sine fit", "ROCOF sine fit"),
            ] {
                let got = estimate(&volts, rate, 50.0, method).unwrap();
                found.push(of(f, &got.frequency(clock), hz + rocof * got.at_s));
                found.push(of(r, &got.rate_of_change(), rocof));
            }
            tally.draw(&found);
        }
        tally.check(&format!("{cycles} cycles at {rate} S/s"));
    }
}

#[test]
fn analysed_frequency() {
    let mut random = Noise(7);
    let mut tally = Tally::new();
    for _ in 0..2000 {
        let hz = 50.0 + random.uniform();
        let turn = random.uniform();
        let volts: Vec<f64> = (0..500)
            .map(|k| (TAU * (hz * f64::from(k) / 2000.0 + turn)).sin() + 0.01 * random.gauss())
            .collect();
        let channel = Channel64 {
            samples: &volts,
            rate_hz: 2000.0,
        };
        let found = frequency(&channel, 50.0, None, None).unwrap();
        tally.draw(&[("f", found.f_mean_hz, found.uncertainty_hz, hz)]);
    }
    tally.check("analyze frequency");
}

#[test]
fn rms_phasor_and_power() {
    let mut random = Noise(5);
    let mut tally = Tally::new();
    let rate = 5_000.0;
    let skew = 1e-6;
    for _ in 0..2000 {
        let hz = 49.5 + random.uniform();
        let turn = random.uniform();
        let (v, i) = (
            225.0 + 10.0 * random.uniform(),
            9.0 + 2.0 * random.uniform(),
        );
        let phi = 0.3 + 0.6 * random.uniform();
        let volts =
            Chain::draw(&mut random, &VOLTS, v, 2.3, 0.2).record(&mut random, rate, 1100, |t| {
                v * SQRT2 * (TAU * (hz * t + turn)).sin()
            });
        let late = within(&mut random, skew);
        let h3 = 0.2;
        let i_rms = i * (1.0_f64 + h3 * h3).sqrt();
        let amps = Chain::draw(&mut random, &AMPS, i_rms, 0.1, 0.01).record(
            &mut random,
            rate,
            1100,
            |t| {
                let a = TAU * (hz * (t + late) + turn) - phi;
                i * SQRT2 * (a.sin() + h3 * (3.0 * a).sin())
            },
        );
        let channels = PowerChannels {
            rate_hz: rate,
            nominal_hz: 50.0,
            skew_s: 0.0,
            skew_bound_s: skew,
            volts: VOLTS,
            amps: AMPS,
        };
        let found = power_quantities(&volts, &amps, &channels).unwrap();
        let (p, q, s) = (v * i * phi.cos(), v * i * phi.sin(), v * i_rms);
        tally.draw(&[
            of("V", &found.v_rms, v),
            of("I", &found.i_rms, i_rms),
            of("V1", &found.v1, v),
            of("I1", &found.i1, i),
            of("φ1", &found.phi1_deg, phi.to_degrees()),
            of("P", &found.p, p),
            of("P1", &found.p1, p),
            of("Q1", &found.q1, q),
            of("S", &found.s, s),
            of("S1", &found.s1, v * i),
            of("N", &found.n, (s * s - p * p).sqrt()),
            of("PF", &found.pf, p / s),
            of("DPF", &found.dpf, phi.cos()),
        ]);
    }
    tally.check("power over ten cycles");
}

#[test]
fn half_cycle_rms() {
    let mut random = Noise(31);
    let mut tally = Tally::new();
    for _ in 0..4000 {
        let hz = 47.0 + 6.0 * random.uniform();
        let turn = random.uniform();
        let v = 200.0 + 60.0 * random.uniform();
        let volts =
            Chain::draw(&mut random, &VOLTS, v, 1.0, 0.2).record(&mut random, 10_000.0, 900, |t| {
                v * SQRT2 * (TAU * (hz * t + turn)).sin()
            });
        let found = urms_half(&volts, 200.0);
        let middle = found[found.len() / 2];
        tally.draw(&[of("value", &middle.measurement(&VOLTS, 1.0, "V"), v)]);
    }
    tally.check("Urms(½)");
}

#[test]
fn distortion_and_direct_component() {
    let mut random = Noise(99);
    let mut tally = Tally::new();
    let rate = 10_000.0;
    let small = Accuracy {
        of_reading: 0.0005,
        of_range: 0.0002,
        range: 30.0,
    };
    for _ in 0..2000 {
        let hz = 49.0 + 2.0 * random.uniform();
        let turn = random.uniform();
        let (a3, a5, a17) = (
            0.03 * random.uniform(),
            0.02 * random.uniform(),
            0.01 * random.uniform(),
        );
        let direct = within(&mut random, 0.05);
        let wave = |t: f64| {
            let a = TAU * (hz * t + turn);
            a.sin() + a3 * (3.0 * a + 1.0).sin() + a5 * (5.0 * a).sin() + a17 * (17.0 * a).cos()
        };
        let volts = Chain::draw(&mut random, &VOLTS, 230.0, 2.3, 0.2).record(
            &mut random,
            rate,
            2150,
            |t| 230.0 * SQRT2 * wave(t),
        );
        let mut chain = Chain::draw(&mut random, &NO_ERROR, 10.0, 0.2, 0.01);
        chain.gain = within(&mut random, small.of_reading);
        chain.direct = within(&mut random, small.of_range * small.range);
        let amps = chain.record(&mut random, rate, 2150, |t| 10.0 * SQRT2 * wave(t) + direct);
        let channel = |samples| Channel64 {
            samples,
            rate_hz: rate,
        };
        let options = HarmonicOptions {
            volts: Some(VOLTS),
            amps: Some(small),
            ..HarmonicOptions::default()
        };
        let found = harmonics_with(&channel(&volts), &channel(&amps), 50.0, &options).unwrap();
        let thd = (a3 * a3 + a5 * a5 + a17 * a17).sqrt();
        let rms = 230.0 * (1.0 + thd * thd).sqrt();
        let u = &found.uncertainty;
        tally.draw(&[
            of("V", &u.v_rms, rms),
            of("THD of V", &u.thd_v, thd),
            of("THD of I", &u.thd_i, thd),
            of("direct component", &u.dc_i, direct),
        ]);
    }
    tally.check("one window of ten cycles, 40 dB");
}

#[test]
fn ramp_slope() {
    let mut random = Noise(11);
    let mut tally = Tally::new();
    for _ in 0..4000 {
        let points: Vec<_> = (0..60)
            .map(|k| (f64::from(k), 8.33 * f64::from(k) + 5.0 * random.gauss()))
            .collect();
        let found = ramp(&points, 8.33, 20.0).unwrap();
        tally.draw(&[("slope", found.slope_per_s, 2.0 * found.slope_u, 8.33)]);
    }
    tally.check("ramp");
}

/// Meter whose errors stay the same during a test and whose readings scatter.
struct Meter {
    gain: f64,
    range: f64,
    scatter: f64,
}

impl Meter {
    fn draw(random: &mut Noise, accuracy: &Accuracy, scatter: f64) -> Self {
        Self {
            gain: within(random, accuracy.of_reading),
            range: within(random, accuracy.of_range * accuracy.range),
            scatter,
        }
    }

    fn read(&self, random: &mut Noise, truth: f64) -> f64 {
        truth * (1.0 + self.gain) + self.range + self.scatter * random.gauss()
    }
}

#[test]
fn thresholds_by_staircase_and_ramp() {
    let mut random = Noise(41);
    let mut tally = Tally::new();
    for _ in 0..4000 {
        let truth = 262.0 + 4.0 * random.uniform();
        let meter = Meter::draw(&mut random, &VOLTS, 0.05);
        let stairs: Vec<Stair> = (0..40)
            .map(|k| {
                let level = 258.0 + 0.3 * f64::from(k);
                Stair {
                    level: meter.read(&mut random, level),
                    scatter_u: 0.05,
                    held_s: 2.1,
                    acted: level >= truth,
                }
            })
            .collect();
        let stair = by_staircase(&stairs, 2.0, &VOLTS, "V").unwrap();
        // 0.5 V/s, the protection acts 0.2 to 0.6 s after the crossing.
        let delay = ActionDelay {
            least_s: 0.2,
            most_s: 0.6,
        };
        let late = 0.4 + within(&mut random, 0.2);
        let seen = late + within(&mut random, 0.05);
        let run = RampRun {
            per_s: 0.5,
            level: meter.read(&mut random, truth + 0.5 * seen),
            level_u: 0.05,
            instant_s: 0.05,
        };
        let ramp = by_ramp(&[run], &delay, &VOLTS, "V").unwrap();
        tally.draw(&[
            of("staircase", &stair.threshold, truth),
            of("ramp", &ramp.threshold, truth),
        ]);
    }
    tally.check("threshold");
}

#[test]
fn knees_slopes_and_hysteresis() {
    let mut random = Noise(17);
    let mut tally = Tally::new();
    for _ in 0..2000 {
        let (left, right) = (
            219.0 + 2.0 * random.uniform(),
            239.0 + 2.0 * random.uniform(),
        );
        let width = 1.0 + random.uniform();
        let mut sweep = |shift: f64| -> Vec<(f64, f64)> {
            (0..81)
                .map(|k| {
                    let v = 210.0 + 0.5 * f64::from(k);
                    let x = v - shift;
                    let q = 3.3 * (left - x).max(0.0) - 3.3 * (x - right).max(0.0);
                    (v, q + 0.5 * random.gauss())
                })
                .collect()
        };
        let (up, down) = (sweep(0.5 * width), sweep(-0.5 * width));
        let fit = fit_curve(&up, &[220.0, 240.0], 4.0).unwrap();
        let gap = hysteresis(&up, &down, &[220.0, 240.0], 4.0).unwrap();
        let knee = |n: usize| (fit.knees[n].x, 2.0 * fit.knees[n].x_u);
        tally.draw(&[
            ("left edge", knee(0).0, knee(0).1, left + 0.5 * width),
            ("right edge", knee(1).0, knee(1).1, right + 0.5 * width),
            ("slope", fit.slopes[0], 2.0 * fit.slopes_u[0], -3.3),
            ("hysteresis", gap[0].width, 2.0 * gap[0].width_u, width),
        ]);
    }
    tally.check("curve");
}

#[test]
fn efficiencies() {
    let mut random = Noise(61);
    let mut tally = Tally::new();
    let (output, input) = (
        Accuracy {
            of_reading: 0.001,
            of_range: 0.0005,
            range: 6000.0,
        },
        Accuracy {
            of_reading: 0.0008,
            of_range: 0.0004,
            range: 6000.0,
        },
    );
    let (volts, amps) = (
        Accuracy {
            of_reading: 0.0008,
            of_range: 0.0002,
            range: 600.0,
        },
        Accuracy {
            of_reading: 0.001,
            of_range: 0.0004,
            range: 15.0,
        },
    );
    for _ in 0..4000 {
        let mut error = |a: &Accuracy| {
            (
                1.0 + within(&mut random, a.of_reading),
                within(&mut random, a.of_range * a.range),
            )
        };
        let (out, inp, v, i) = (error(&output), error(&input), error(&volts), error(&amps));
        let scatter = 0.0004;
        let truth = |level: f64| 0.97 - 0.002 / level;
        let points: Vec<EfficiencyPoint> = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0]
            .map(|level| {
                let input_w = 5000.0 * level;
                let output_w = input_w * (truth(level) + scatter * random.gauss());
                EfficiencyPoint {
                    level,
                    output_w: output_w * out.0 + out.1,
                    input_w: input_w * inp.0 + inp.1,
                    scatter,
                }
            })
            .to_vec();
        let right = |weights: &[(f64, f64)]| weights.iter().map(|w| w.1 * truth(w.0)).sum::<f64>();
        let weighted = |weights| weighted_measured(weights, &points, &output, &input).unwrap();
        let (european, cec) = (weighted(&EUROPEAN), weighted(&CEC));
        // The tracker wanders around the maximum.
        let available = 1.0 + within(&mut random, 0.002);
        let (mut drawn, mut maximum) = (0.0, 0.0);
        let samples: Vec<_> = (0..200)
            .map(|k| {
                let off = 0.02 * (0.37 * f64::from(k)).sin();
                let (u, a) = (380.0 * (1.0 + off), 8.0 * (1.0 - off - 3.0 * off * off));
                drawn += u * a;
                maximum += 380.0 * 8.0;
                (u * v.0 + v.1, a * i.0 + i.1, 380.0 * 8.0 * available)
            })
            .collect();
        let tracked = mppt_measured(&samples, &volts, &amps, 0.002).unwrap();
        tally.draw(&[
            of("European", &european, right(&EUROPEAN)),
            of("CEC", &cec, right(&CEC)),
            of("MPPT", &tracked, drawn / maximum),
        ]);
    }
    tally.check("efficiency");
}

/// Against the table of IEC 61000-4-15: Pst of rectangular changes grows with their size.
#[test]
fn flicker() {
    let mut random = Noise(71);
    let mut tally = Tally::new();
    let rate = 1000.0;
    let table = [(39.0, 0.894), (110.0, 0.722), (1620.0, 0.407)];
    for _ in 0..2000 {
        let (per_minute, percent) = table[(random.uniform() * 3.0) as usize];
        let truth = 0.5 + 2.5 * random.uniform();
        let size = truth * percent / 100.0;
        let (begin, turn) = (random.uniform(), random.uniform());
        let sigma = 0.3 * random.uniform();
        let volts = Chain::draw(&mut random, &VOLTS, 230.0, sigma, 0.02).record(
            &mut random,
            rate,
            80_000,
            |t| {
                let changes = begin * 2.0 + t * per_minute / 60.0;
                let high = (changes as u64).is_multiple_of(2);
                let level = 1.0 + if high { 0.5 } else { -0.5 } * size;
                230.0 * SQRT2 * level * (TAU * (50.0 * t + turn)).sin()
            },
        );
        tally.draw(&[of(
            "Pst",
            &pst_measured(&volts, rate, &VOLTS).unwrap(),
            truth,
        )]);
    }
    tally.check("twenty seconds");
}
