//! Blind step responses, spectra and frequencies against truth.

use gridproof_measure::analyze::{Channel64, Marks, frequency, harmonics, step_response};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

/// Dynamics of a response to a unit step.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Dynamics {
    First(f64),
    Delayed(f64, f64),
    Second(f64, f64),
    RateLimited(f64),
    FirstThenLimit(f64, f64),
}

impl Dynamics {
    fn at(self, t: f64) -> f64 {
        if t <= 0.0 {
            return 0.0;
        }
        match self {
            Dynamics::First(tau) => 1.0 - (-t / tau).exp(),
            Dynamics::Delayed(delay, tau) => 1.0 - (-(t - delay).max(0.0) / tau).exp(),
            Dynamics::Second(w, d) => {
                let wd = w * (1.0 - d * d).sqrt();
                1.0 - (-d * w * t).exp() * ((wd * t).cos() + d * w / wd * (wd * t).sin())
            }
            Dynamics::RateLimited(length) => (t / length).min(1.0),
            Dynamics::FirstThenLimit(tau, length) => {
                let x = 1.0 - (-t / tau).exp();
                x.min(t / length)
            }
        }
    }

    fn t90(self) -> f64 {
        (0..2_000_000)
            .map(|k| f64::from(k) * 1e-5)
            .find(|&t| self.at(t) >= 0.9)
            .unwrap()
    }
}

#[test]
fn steps_of_five_dynamics() {
    let mut random = Noise(31);
    let kinds = [
        Dynamics::First(0.8),
        Dynamics::First(2.17),
        Dynamics::Delayed(0.7, 1.2),
        Dynamics::Second(2.5, 0.5),
        Dynamics::Second(3.0, 0.25),
        Dynamics::RateLimited(3.0),
        Dynamics::FirstThenLimit(0.5, 3.5),
    ];
    println!(
        "| dynamics | rate | held | noise | worst T90 error, % | worst tau error, % | worst commencement error, s |"
    );
    let mut failures = 0;
    for kind in kinds {
        for (rate, held) in [
            (10.0, 0.0),
            (50.0, 0.0),
            (50.0, 0.2),
            (1000.0, 0.0),
            (1000.0, 0.1),
            (10_000.0, 0.0),
        ] {
            for noise in [0.0, 0.002, 0.01] {
                let (mut worst, mut worst_tau, mut worst_begin) = (0.0_f64, 0.0_f64, 0.0_f64);
                for _ in 0..if rate > 5000.0 { 1 } else { 3 } {
                    let t0 = 5.0 + random.uniform();
                    let times = [t0, t0 + 15.0];
                    let (from, to) = (100.0, 100.0 - 2500.0);
                    let clean = |t: f64| {
                        from + (to - from) * (kind.at(t - times[0]) - 0.6 * kind.at(t - times[1]))
                    };
                    let meter = Noise(random.0 ^ 5);
                    let samples = sampled(
                        rate,
                        36.0,
                        if held > 0.0 { 0.0 } else { 2500.0 * noise },
                        12,
                        6000.0,
                        &mut random,
                        |t| {
                            if held > 0.0 {
                                let slot = (t / held + 1e-9).floor();
                                let mut own = Noise(
                                    meter.0 ^ (slot as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
                                );
                                own.uniform();
                                clean(slot * held) + 2500.0 * noise * own.gauss()
                            } else {
                                clean(t)
                            }
                        },
                    );
                    let found = step_response(
                        &Channel64 {
                            samples: &samples,
                            rate_hz: rate,
                        },
                        &Marks::Times(&times),
                        Some(5000.0),
                    )
                    .unwrap();
                    assert_eq!(found.steps.len(), 2);
                    for step in &found.steps {
                        let Some(t90) = step.t90_s else {
                            println!("  NO T90 {kind:?} {rate} {held} {noise}: {step:?}");
                            failures += 1;
                            continue;
                        };
                        // What is held reaches 90 % at an update; noise and the converter's step
                        // may leave open at which.
                        let truth = if held > 0.0 {
                            let reached = step.t_step_s + kind.t90();
                            let update = (reached / held).ceil() * held - step.t_step_s;
                            let blur = 3.0 * noise + 0.003;
                            let open = [update - held, update + held].into_iter().find(|t| {
                                (t90 - t).abs() < 1.0 / rate
                                    && (kind.at(t.min(update)) - 0.9).abs() < blur
                            });
                            open.unwrap_or(update)
                        } else {
                            kind.t90()
                        };
                        let error = t90 / truth - 1.0;
                        worst = worst.max(error.abs());
                        // Few noisy updates within T90 show no more than U says.
                        let noisy = if noise == 0.01 {
                            1.5 * step.uncertainty_s.unwrap() / t90
                        } else {
                            0.0
                        };
                        if error.abs() > 0.05_f64.max(noisy) {
                            failures += 1;
                            println!("  OFF {kind:?} {rate} {held} {noise}: {t90} true {truth}");
                        }
                        if let (Dynamics::First(tau) | Dynamics::Delayed(_, tau), Some(found)) =
                            (kind, step.tau_s)
                        {
                            worst_tau = worst_tau.max((found / tau - 1.0).abs());
                        }
                        if let Some(begin) = step.t_commence_s {
                            let delay = if let Dynamics::Delayed(d, _) = kind {
                                d
                            } else {
                                0.0
                            };
                            worst_begin = worst_begin.max((begin - step.t_step_s - delay).abs());
                        }
                        if let Dynamics::Second(_, d) = kind {
                            let truth =
                                100.0 * (-d * std::f64::consts::PI / (1.0 - d * d).sqrt()).exp();
                            assert!(
                                (step.overshoot_pct.unwrap() - truth).abs() < 4.0,
                                "{kind:?} {rate} {noise} {:?} {truth}",
                                step.overshoot_pct
                            );
                        }
                    }
                }
                println!(
                    "| {kind:?} | {rate} | {held} | {noise} | {:.2} | {:.1} | {:.3} |",
                    worst * 100.0,
                    worst_tau * 100.0,
                    worst_begin
                );
            }
        }
    }
    assert_eq!(failures, 0);
}

#[test]
fn marks_from_a_channel_and_small_steps() {
    let mut random = Noise(4);
    let samples = sampled(100.0, 20.0, 5.0, 12, 6000.0, &mut random, |t| {
        1000.0 * Dynamics::First(0.5).at(t - 4.0) + 20.0 * Dynamics::First(0.5).at(t - 12.0)
    });
    let mark: Vec<f64> = (0..2000)
        .map(|k| {
            f64::from(u8::from(
                (400..420).contains(&k) || (1200..1220).contains(&k),
            ))
        })
        .collect();
    let found = step_response(
        &Channel64 {
            samples: &samples,
            rate_hz: 100.0,
        },
        &Marks::Channel(Channel64 {
            samples: &mark,
            rate_hz: 100.0,
        }),
        Some(5000.0),
    )
    .unwrap();
    assert_eq!(found.steps.len(), 2);
    assert!(
        (found.steps[0].t_step_s - 3.995).abs() < 1e-9
            && found.steps[0].t90_s.is_some()
            && found.steps[1].t90_s.is_none()
    );
}

#[test]
fn spectra_off_nominal() {
    let mut random = Noise(77);
    println!(
        "| fundamental | rate | noise | true THD v, i % | worst THD error, pp | f error, mHz |"
    );
    let mut failures = 0;
    for nominal in [50.0, 60.0] {
        for offset in [0.0, 0.1, -0.5, 1.3, -2.7, 4.9, -4.9] {
            for (rate, length) in [
                (10_000.0, 1.2),
                (20_000.0, 0.7),
                (51_200.0, 0.5),
                (250_000.0, if offset == 1.3 { 0.25 } else { 0.0 }),
                (1e6, if offset == 4.9 { 0.23 } else { 0.0 }),
            ] {
                for (db, bits) in [(0.0, 16), (60.0, 14), (40.0, 12)] {
                    if length == 0.0 {
                        continue;
                    }
                    let hz = nominal + offset;
                    let mut lines: Vec<(f64, f64, f64, f64)> = Vec::new();
                    for n in [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 23.0, 40.0, 49.0] {
                        lines.push((
                            n,
                            0.02 * random.uniform() / n.sqrt(),
                            0.05 * random.uniform() / n.sqrt(),
                            TAU * random.uniform(),
                        ));
                    }
                    let thd = |of: fn(&(f64, f64, f64, f64)) -> f64| {
                        lines.iter().map(|l| of(l) * of(l)).sum::<f64>().sqrt()
                    };
                    let (thd_v, thd_i) = (thd(|l| l.1), thd(|l| l.2));
                    let noise = |rms: f64| {
                        if db > 0.0 {
                            rms * 10_f64.powf(-db / 20.0)
                        } else {
                            0.0
                        }
                    };
                    let phase = TAU * random.uniform();
                    let inter = 0.004;
                    let wave = |t: f64, of: fn(&(f64, f64, f64, f64)) -> f64| {
                        let a = TAU * hz * t + phase;
                        a.sin()
                            + lines
                                .iter()
                                .map(|l| of(l) * (l.0 * a + l.3).sin())
                                .sum::<f64>()
                            + inter * (2.6 * a).sin()
                    };
                    let volts =
                        sampled(rate, length, noise(230.0), bits, 600.0, &mut random, |t| {
                            230.0 * SQRT2 * wave(t, |l| l.1) + 1.0
                        });
                    let amps = sampled(rate, length, noise(10.0), bits, 25.0, &mut random, |t| {
                        10.0 * SQRT2 * wave(t - 0.3e-3, |l| l.2) + 0.05
                    });
                    let found = harmonics(
                        &Channel64 {
                            samples: &volts,
                            rate_hz: rate,
                        },
                        &Channel64 {
                            samples: &amps,
                            rate_hz: rate,
                        },
                        nominal,
                    )
                    .unwrap();
                    let error =
                        100.0 * (found.thd_v - thd_v).abs().max((found.thd_i - thd_i).abs());
                    let f = 1e3 * (found.f1_hz - hz);
                    println!(
                        "| {hz} | {rate} | {db} dB {bits} bit | {:.2} {:.2} | {error:.4} | {f:.3} |",
                        100.0 * thd_v,
                        100.0 * thd_i
                    );
                    failures += usize::from(error > 0.05) + usize::from(f.abs() > 2.0);
                    assert!((found.dc_i - 0.05).abs() < 0.02, "{}", found.dc_i);
                    assert!(
                        (found.orders[0].v_rms / 230.0 - 1.0).abs() < 2e-3
                            && (found.orders[0].v_phase_deg).abs() < 0.1,
                        "{:?}",
                        found.orders[0]
                    );
                    let lag = -360.0 * hz * 0.3e-3;
                    assert!((found.orders[0].i_phase_deg - lag).abs() < 0.2);
                }
            }
        }
    }
    assert_eq!(failures, 0);
}

#[test]
fn frequencies() {
    let mut random = Noise(5);
    println!("| rate | length | noise | ROCOF | worst f error, mHz | worst ROCOF error, Hz/s |");
    let mut failures = 0;
    for (rate, length) in [
        (10_000.0, 0.2),
        (10_000.0, 0.5),
        (10_000.0, 2.0),
        (50_000.0, 0.3),
        (1e6, 0.2),
    ] {
        for db in [0.0, 60.0, 40.0] {
            for rocof in [0.0, 1.0, -4.0] {
                let (mut worst, mut worst_r) = (0.0_f64, 0.0_f64);
                for _ in 0..4 {
                    let f0 = 50.0 + 3.0 * (random.uniform() - 0.5);
                    let phase = random.uniform();
                    let sigma = if db > 0.0 {
                        230.0 * 10_f64.powf(-db / 20.0)
                    } else {
                        0.0
                    };
                    let volts = sampled(rate, length, sigma, 14, 600.0, &mut random, |t| {
                        let a = TAU * (phase + f0 * t + 0.5 * rocof * t * t);
                        325.0 * (a.sin() + 0.03 * (5.0 * a).sin() + 0.02 * (3.0 * a + 1.0).sin())
                            + 4.0
                    });
                    let found = frequency(
                        &Channel64 {
                            samples: &volts,
                            rate_hz: rate,
                        },
                        50.0,
                        None,
                        None,
                    )
                    .unwrap();
                    let e = 1e3 * (found.f_mean_hz - (f0 + 0.5 * rocof * length));
                    worst = worst.max(e.abs());
                    worst_r = worst_r.max((found.rocof_hz_per_s - rocof).abs());
                }
                println!("| {rate} | {length} | {db} | {rocof} | {worst:.3} | {worst_r:.4} |");
                failures += usize::from(worst > 2.0);
            }
        }
    }
    assert_eq!(failures, 0);
}

/// A dozen samples on the rise, noise of 1 % of the rating: only the shape of all of it helps.
#[test]
fn fast_responses_in_noise() {
    let mut random = Noise(77);
    let (rate, at) = (50.0, 4.0);
    let (mut inside, mut all) = (0, 0);
    for case in 0..120 {
        let dynamics = match case % 3 {
            0 => Dynamics::Second(4.0 + 6.0 * random.uniform(), 0.3 + 0.6 * random.uniform()),
            1 => Dynamics::RateLimited(0.5 + random.uniform()),
            _ => Dynamics::Delayed(0.2 * random.uniform(), 0.3 + random.uniform()),
        };
        let change = 1500.0 + 3500.0 * random.uniform();
        let watts: Vec<f64> = (0..800)
            .map(|k| change * dynamics.at(f64::from(k) / rate - at) + 50.0 * random.gauss())
            .collect();
        let channel = Channel64 {
            samples: &watts,
            rate_hz: rate,
        };
        let found = step_response(&channel, &Marks::Times(&[at]), Some(5000.0)).unwrap();
        let (t90, u) = (
            found.steps[0].t90_s.unwrap(),
            found.steps[0].uncertainty_s.unwrap(),
        );
        let error = t90 - dynamics.t90();
        assert!(
            error.abs() < 0.05 * dynamics.t90(),
            "{dynamics:?} {change}: {t90}"
        );
        inside += usize::from(error.abs() <= u);
        all += 1;
    }
    println!("{inside} of {all} within U");
    assert!(20 * inside >= 19 * all - 20, "{inside} of {all}");
}
