//! Blind transfer analysis against eight kinds of gaps whose truth is known exactly.

use gridproof_measure::analyze::{Channel64, Class, transfer};

use super::bench::{Noise, SQRT2, TAU};

pub(crate) const KINDS: [&str; 8] = [
    "dead zero",
    "RC decay",
    "motor residual",
    "sag",
    "jump and gap",
    "jump only",
    "overshoot",
    "ramp up",
];

/// One transfer with random details.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gap {
    pub(crate) kind: usize,
    pub(crate) at: f64,
    pub(crate) length: f64,
    pub(crate) angle: f64,
    pub(crate) jump: f64,
    pub(crate) hz0: f64,
    pub(crate) hz1: f64,
    pub(crate) h5: f64,
    pub(crate) depth: f64,
}

impl Gap {
    pub(crate) fn random(kind: usize, random: &mut Noise) -> Self {
        let jump = match kind {
            4 | 5 => {
                (20.0 + 100.0 * random.uniform()) * if random.uniform() < 0.5 { -1.0 } else { 1.0 }
            }
            _ => 10.0 * (random.uniform() - 0.5),
        };
        Self {
            kind,
            at: 0.2 + 0.05 * random.uniform(),
            length: if kind == 5 {
                0.0
            } else {
                0.5e-3 + 24.5e-3 * random.uniform()
            },
            angle: 360.0 * random.uniform(),
            jump,
            hz0: 50.0 + 0.4 * (random.uniform() - 0.5),
            hz1: 50.0 + 0.2 * (random.uniform() - 0.5),
            h5: 0.03 * random.uniform(),
            depth: 0.1 + 0.5 * random.uniform(),
        }
    }

    fn wave(&self, hz: f64, degrees: f64, t: f64) -> f64 {
        let a = TAU * hz * (t - self.at) + degrees.to_radians();
        SQRT2 * 230.0 * (a.sin() + self.h5 * (5.0 * a).sin())
    }

    fn old(&self, t: f64) -> f64 {
        self.wave(self.hz0, self.angle, t)
    }

    fn later(&self, t: f64) -> f64 {
        self.wave(self.hz1, self.angle + self.jump, t)
    }

    pub(crate) fn at(&self, t: f64) -> f64 {
        let since = t - self.at;
        if since < 0.0 {
            return self.old(t);
        }
        if since < self.length {
            return match self.kind {
                1 => self.old(self.at) * (-since / 3e-3).exp(),
                2 => 0.85 * (-since / 40e-3).exp() * self.wave(self.hz0 - 3.0, self.angle, t),
                3 => self.depth * self.old(t),
                _ => 0.0,
            };
        }
        let later = since - self.length;
        match self.kind {
            6 => self.later(t) * (1.0 + 0.35 * (-later / 12e-3).exp()),
            7 => self.later(t) * (later / 14e-3).min(1.0),
            _ => self.later(t),
        }
    }

    /// Start and end by M2 with the threshold `limit`, on a 0.5 µs grid.
    fn truth(&self, limit: f64) -> Option<(f64, f64)> {
        let first = self.at - 1e-6;
        self.truth_on(limit, (0..320_000).map(|k| first + f64::from(k) * 0.5e-6))
    }

    /// The same as the samples alone show it.
    fn sampled_truth(&self, limit: f64, rate: f64) -> Option<(f64, f64)> {
        let first = (self.at * rate).floor() as u32;
        let count = (0.16 * rate) as u32;
        self.truth_on(limit, (first..first + count).map(|k| f64::from(k) / rate))
    }

    fn truth_on(&self, limit: f64, times: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
        let start = times
            .clone()
            .find(|&t| (self.at(t) - self.old(t)).abs() > limit)?;
        // Later the waves slip against each other by their frequencies alone.
        if start > self.at + self.length + 5e-3 {
            return None;
        }
        // Last before the first cycle without any.
        let mut last = start;
        for t in times {
            if (self.at(t) - self.later(t)).abs() > limit && t >= self.at {
                last = t;
            } else if t - last > 1.0 / self.hz1 {
                break;
            }
        }
        Some((start, last.max(start)))
    }
}

/// Samples with noise and quantisation to `bits` over ±600 V.
pub(crate) fn sampled(
    rate: f64,
    length: f64,
    sigma: f64,
    bits: i32,
    full: f64,
    random: &mut Noise,
    f: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let lsb = 2.0 * full / 2_f64.powi(bits);
    (0..(rate * length) as u32)
        .map(|k| {
            let noise = if sigma > 0.0 {
                sigma * random.gauss()
            } else {
                0.0
            };
            ((f(f64::from(k) / rate) + noise) / lsb).round() * lsb
        })
        .collect()
}

#[test]
fn eight_kinds_of_gaps() {
    let mut random = Noise(20_260);
    let theta = 0.1 * SQRT2 * 230.0;
    let (mut bad, mut covered, mut all) = (0, 0, 0);
    println!(
        "| kind | rate | noise | cases | worst beyond what is visible, samples | worst |error| of T, µs |"
    );
    for (kind, name) in KINDS.iter().enumerate() {
        for (rate, cases) in [
            (10_000.0, 10),
            (50_000.0, 5),
            (200_000.0, 1),
            (1e6, u32::from(kind < 2)),
        ] {
            for (db, bits) in [(0.0, 16), (60.0, 12), (40.0, 10)] {
                let (mut worst, mut worst_t) = (0.0_f64, 0.0_f64);
                for _ in 0..cases {
                    let gap = Gap::random(kind, &mut random);
                    let sigma = if db > 0.0 {
                        230.0 * 10_f64.powf(-db / 20.0)
                    } else {
                        0.0
                    };
                    let total = sigma.hypot(1200.0 / 2_f64.powi(bits) / 12_f64.sqrt());
                    let samples =
                        sampled(rate, 0.7, sigma, bits, 600.0, &mut random, |t| gap.at(t));
                    let Some((start, end)) = gap.truth(theta) else {
                        continue;
                    };
                    // What the samples do not show cannot be found.
                    if gap.sampled_truth(theta + 3.0 * total + 1.5, rate).is_none() {
                        continue;
                    }
                    let found = transfer(
                        &Channel64 {
                            samples: &samples,
                            rate_hz: rate,
                        },
                        None,
                        230.0,
                    )
                    .unwrap();
                    let (Some(t0), Some(t1)) = (found.t_start_s, found.t_end_s) else {
                        println!("MISSED {gap:?} {rate} {db}: {found:?}");
                        bad += 1;
                        continue;
                    };
                    // What noise leaves visible: instants with the threshold ± 3 σ (1.5 V of it
                    // for the reference waves).
                    let reach = 3.0 * total + 1.5;
                    let visible = [theta - reach, theta + reach]
                        .map(|limit| [gap.truth(limit), gap.sampled_truth(limit, rate)]);
                    let range = |of: fn((f64, f64)) -> f64, x: f64| {
                        let all = visible.iter().flatten().flatten().map(|p| of(*p));
                        all.fold((x, x), |r, t| (r.0.min(t), r.1.max(t)))
                    };
                    let (s, e) = (range(|p| p.0, start), range(|p| p.1, end));
                    let beyond = |t: f64, r: (f64, f64)| (r.0 - t).max(t - r.1).max(0.0) * rate;
                    let off = beyond(t0, s).max(beyond(t1, e));
                    worst = worst.max(off);
                    let error = (t1 - t0) - (end - start);
                    worst_t = worst_t.max(error.abs());
                    all += 1;
                    covered += usize::from(error.abs() <= found.uncertainty_s.unwrap());
                    if off > 1.5 {
                        bad += 1;
                        println!(
                            "BAD {gap:?} rate {rate} db {db}: start {:.1} end {:.1} samples off, true {start} {end}",
                            (t0 - start) * rate,
                            (t1 - end) * rate
                        );
                    }
                    let mut jump = (found.phase_jump_deg.unwrap()
                        - gap.jump
                        - 360.0 * (gap.hz1 - gap.hz0) * (t0 - gap.at))
                        .abs();
                    jump = jump.min((jump - 360.0).abs());
                    assert!(jump < 1.5, "{gap:?} {db}: {:?}", found.phase_jump_deg);
                }
                println!(
                    "| {} | {rate} | {db} dB | {cases} | {worst:.2} | {:.1} |",
                    name,
                    worst_t * 1e6
                );
            }
        }
    }
    println!("{bad} bad of {all}; U covers {covered}");
    assert_eq!(bad, 0);
    assert!(covered * 100 >= all * 93);
}

#[test]
fn classes() {
    for (length, angle, expected) in [
        (0.6e-3, 90.0, Class::Two),
        (5e-3, 60.0, Class::Three),
        (9.5e-3, 90.0, Class::Three),
        (12e-3, 60.0, Class::None),
    ] {
        for rate in [10_000.0, 100_000.0] {
            let gap = Gap {
                kind: 0,
                at: 0.2,
                length,
                angle,
                jump: 0.0,
                hz0: 50.0,
                hz1: 50.0,
                h5: 0.0,
                depth: 0.0,
            };
            let mut random = Noise(3);
            let samples = sampled(rate, 0.6, 0.5, 14, 600.0, &mut random, |t| gap.at(t));
            let found = transfer(
                &Channel64 {
                    samples: &samples,
                    rate_hz: rate,
                },
                None,
                230.0,
            )
            .unwrap();
            assert_eq!(found.class, expected, "{length} at {rate}");
        }
    }
}

#[test]
fn unbroken_and_lost() {
    let mut random = Noise(3);
    let samples = sampled(20_000.0, 0.6, 2.3, 12, 600.0, &mut random, |t| {
        325.0 * (TAU * 50.0 * t).sin()
    });
    let channel = Channel64 {
        samples: &samples,
        rate_hz: 20_000.0,
    };
    let found = transfer(&channel, None, 230.0).unwrap();
    assert_eq!((found.t_start_s, found.transfer_time_s), (None, Some(0.0)));
    let samples = sampled(20_000.0, 0.6, 2.3, 12, 600.0, &mut random, |t| {
        if t < 0.2 {
            325.0 * (TAU * 50.0 * t).sin()
        } else {
            0.0
        }
    });
    let found = transfer(
        &Channel64 {
            samples: &samples,
            rate_hz: 20_000.0,
        },
        None,
        230.0,
    )
    .unwrap();
    assert!(found.t_start_s.is_some() && found.t_end_s.is_none() && found.class == Class::None);
}
