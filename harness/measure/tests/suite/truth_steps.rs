//! Step responses of five dynamics drawn at random: sample rate, resolution, noise, size,
//! direction and several steps in one record. What is held reaches 90 % at an update.

use gridproof_measure::analyze::{Channel64, Marks, StepFigures, step_response};

use super::bench::Noise;

/// How the quantity follows its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Follow {
    First { tau: f64 },
    Delayed { delay: f64, tau: f64 },
    Second { w: f64, z: f64 },
    Limited { length: f64 },
    Staircase { tau: f64, hold: Hold },
}

/// Overshoot of a second-order response, %; the others have none.
pub(crate) fn overshoot(follow: Follow) -> f64 {
    match follow {
        Follow::Second { z, .. } => {
            100.0 * (-z * std::f64::consts::PI / (1.0 - z * z).sqrt()).exp()
        }
        Follow::First { .. }
        | Follow::Delayed { .. }
        | Follow::Limited { .. }
        | Follow::Staircase { .. } => 0.0,
    }
}

/// When a held quantity is updated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hold {
    every: f64,
    /// First update after the step, share of the interval; 1 is an interval after it.
    first: f64,
    /// Updates come early or late by up to this share.
    jitter: f64,
    /// Noise belongs to the update, not to the sample.
    noisy_updates: bool,
}

impl Follow {
    fn draw(kind: usize, random: &mut Noise) -> Self {
        match kind {
            0 => Self::First {
                tau: 0.3 + 3.0 * random.uniform(),
            },
            1 => Self::Delayed {
                delay: 0.1 + 1.9 * random.uniform(),
                tau: 0.3 + 2.0 * random.uniform(),
            },
            2 => Self::Second {
                w: 1.0 + 4.0 * random.uniform(),
                z: 0.25 + 0.65 * random.uniform(),
            },
            3 => Self::Limited {
                length: 0.7 + 7.0 * random.uniform(),
            },
            _ => Self::Staircase {
                tau: 0.5 + 2.5 * random.uniform(),
                hold: Hold {
                    every: 0.1 + 0.9 * random.uniform(),
                    first: if random.uniform() < 0.4 {
                        1.0
                    } else {
                        0.05 + 0.95 * random.uniform()
                    },
                    jitter: if kind == 5 {
                        0.05 + 0.2 * random.uniform()
                    } else {
                        0.0
                    },
                    noisy_updates: kind == 6,
                },
            },
        }
    }

    /// Share of the change at time `t` after the step, not held.
    pub(crate) fn smooth(self, t: f64) -> f64 {
        if t <= 0.0 {
            return 0.0;
        }
        match self {
            Self::First { tau } | Self::Staircase { tau, .. } => 1.0 - (-t / tau).exp(),
            Self::Delayed { delay, tau } => 1.0 - (-(t - delay).max(0.0) / tau).exp(),
            Self::Second { w, z } => {
                let d = w * (1.0 - z * z).sqrt();
                1.0 - (-z * w * t).exp() * ((d * t).cos() + z * w / d * (d * t).sin())
            }
            Self::Limited { length } => (t / length).min(1.0),
        }
    }

    /// When 90 % are reached by closed form or bisection; of a staircase before it is held.
    pub(crate) fn t90(self) -> f64 {
        let (mut low, mut high) = (0.0, 1e-3);
        while self.smooth(high) < 0.9 {
            low = high;
            high += 1e-3;
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.smooth(middle) < 0.9 {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// A record with its truth.
pub(crate) struct Record {
    pub(crate) follow: Follow,
    pub(crate) rate: f64,
    pub(crate) samples: Vec<f64>,
    pub(crate) times: Vec<f64>,
    /// Value before each step and after the last.
    pub(crate) levels: Vec<f64>,
    rated: f64,
    pub(crate) noise: f64,
    pub(crate) lsb: f64,
    /// Instants of updates, s.
    updates: Vec<f64>,
}

impl Record {
    pub(crate) fn draw(kind: usize, random: &mut Noise) -> Self {
        let pick =
            |random: &mut Noise, of: &[f64]| of[(random.uniform() * of.len() as f64) as usize];
        let rated = 5000.0;
        let follow = Follow::draw(kind, random);
        let slow = follow.t90();
        // At least five samples until 90 %, and four within an update.
        let least = match follow {
            Follow::Staircase { hold, .. } => 4.0 / hold.every,
            Follow::First { .. }
            | Follow::Delayed { .. }
            | Follow::Second { .. }
            | Follow::Limited { .. } => 5.0 / slow,
        };
        let rate = loop {
            let rate = pick(
                random,
                &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 250.0, 1000.0],
            );
            if rate >= least {
                break rate;
            }
        };
        let rings = match follow {
            Follow::Second { w, z } => 5.0 / (w * z),
            Follow::First { .. }
            | Follow::Delayed { .. }
            | Follow::Limited { .. }
            | Follow::Staircase { .. } => 0.0,
        };
        let span = (4.0 + 2.0 * random.uniform()) * slow + 3.0 + rings;
        let steps = 1 + (random.uniform() * 2.99) as usize;
        let mut at = span * (0.5 + 0.5 * random.uniform());
        let mut times = Vec::new();
        let mut levels = vec![rated * (1.6 * random.uniform() - 0.8)];
        for _ in 0..steps {
            times.push(at);
            at += span * (1.0 + 0.3 * random.uniform());
            let size = rated * (0.06 + 0.94 * random.uniform().powi(2));
            let last = levels[levels.len() - 1];
            levels.push(if last > 0.0 { last - size } else { last + size });
        }
        let largest = levels.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let noise = match (random.uniform() * 4.0) as usize {
            0 => 0.0,
            1 => 0.001 * largest,
            2 => 0.01 * largest,
            _ => 0.01 * rated,
        };
        let bits = 10 + (random.uniform() * 6.99) as i32;
        let lsb = 2.0 * rated * (1.2 + random.uniform()) / 2_f64.powi(bits);
        let updates = match follow {
            Follow::Staircase { hold, .. } => {
                let phase = times[0] + hold.first * hold.every;
                let first = phase - (phase / hold.every).floor() * hold.every;
                (0..)
                    .map(|k| first + f64::from(k) * hold.every)
                    .take_while(|t| *t < at)
                    .map(|t| t + hold.jitter * hold.every * (2.0 * random.uniform() - 1.0))
                    .collect()
            }
            Follow::First { .. }
            | Follow::Delayed { .. }
            | Follow::Second { .. }
            | Follow::Limited { .. } => Vec::new(),
        };
        let clean = |t: f64| {
            levels[0]
                + times
                    .iter()
                    .zip(levels.windows(2))
                    .map(|(at, pair)| (pair[1] - pair[0]) * follow.smooth(t - at))
                    .sum::<f64>()
        };
        let held_noise: Vec<f64> = updates.iter().map(|_| noise * random.gauss()).collect();
        let noisy_updates = matches!(follow, Follow::Staircase { hold, .. } if hold.noisy_updates);
        let samples = (0..(at * rate) as usize)
            .map(|k| {
                let t = k as f64 / rate;
                let last = updates.partition_point(|u| *u <= t + 1e-9).checked_sub(1);
                let y = match last {
                    Some(n) if noisy_updates => clean(updates[n]) + held_noise[n],
                    Some(n) => clean(updates[n]) + noise * random.gauss(),
                    None => clean(t) + noise * random.gauss(),
                };
                (y / lsb).round() * lsb
            })
            .collect();
        Self {
            follow,
            rate,
            samples,
            times,
            levels,
            rated,
            noise,
            lsb,
            updates,
        }
    }

    pub(crate) fn analysed(&self) -> Vec<StepFigures> {
        self.analysed_by(&Marks::Times(&self.times))
    }

    pub(crate) fn analysed_by(&self, marks: &Marks<'_>) -> Vec<StepFigures> {
        let channel = Channel64 {
            samples: &self.samples,
            rate_hz: self.rate,
        };
        step_response(&channel, marks, Some(self.rated))
            .unwrap()
            .steps
    }

    /// How long after step `n` the response begins.
    pub(crate) fn begins(&self, n: usize) -> f64 {
        match self.follow {
            Follow::Delayed { delay, .. } => delay,
            Follow::Staircase { .. } => {
                let next = self.updates.partition_point(|u| *u <= self.times[n]);
                self.updates[next] - self.times[n]
            }
            Follow::First { .. } | Follow::Second { .. } | Follow::Limited { .. } => 0.0,
        }
    }

    /// Whether each step is by half larger than what unmarked ones have to be.
    pub(crate) fn has_large_steps(&self) -> bool {
        let extreme = |best: fn(f64, f64) -> f64| self.levels.iter().copied().reduce(best).unwrap();
        let span = extreme(f64::max) - extreme(f64::min);
        let least = (0.05 * self.rated).max(0.05 * span).max(6.0 * self.noise);
        let mut changes = self.levels.windows(2).map(|w| (w[1] - w[0]).abs());
        changes.all(|change| change > 1.5 * least)
    }

    /// T90 of step `n`.
    pub(crate) fn t90(&self, n: usize) -> f64 {
        self.shown(n, self.follow.t90())
    }

    /// When step `n` shows what a smooth response does at `t` after it: at an update, if there are.
    pub(crate) fn shown(&self, n: usize, t: f64) -> f64 {
        if self.updates.is_empty() {
            return t;
        }
        let at = self.times[n];
        self.updates[self.updates.partition_point(|u| *u < at + t - 1e-9)] - at
    }
}

/// What [`Family::is_right`] prints.
pub(crate) const FAMILY_COLUMNS: &str = "| family | steps | calm: worst T90, rms, % | all: worst T90, rms, over 5 %, % | inside U % | tau rms % | commence rms, % T90 | overshoot rms, pp | level rms % |";

/// Figures of one family.
#[derive(Default)]
pub(crate) struct Family {
    errors: Vec<f64>,
    /// Of those with noise and converter's step below 2 % of the change.
    calm: Vec<f64>,
    inside: usize,
    missing: usize,
    tau: Vec<f64>,
    commence: Vec<f64>,
    overshoot: Vec<f64>,
    level: Vec<f64>,
}

impl Family {
    /// Takes in what was found of step `n`.
    pub(crate) fn add(&mut self, record: &Record, n: usize, step: &StepFigures) {
        let change = record.levels[n + 1] - record.levels[n];
        let truth = record.t90(n);
        let Some(t90) = step.t90_s else {
            self.missing += 1;
            return;
        };
        let error = t90 / truth - 1.0;
        let u = step.uncertainty_s.unwrap();
        let blur = record.noise.max(record.lsb) / change.abs();
        if blur < 0.02 && record.rate * record.follow.t90() > 20.0 {
            // Of what is held, noise leaves open which update it is where one comes to
            // just 90 %.
            let open = |t: f64| (record.follow.smooth(t) - 0.9).abs() < 3.0 * blur;
            if record.updates.is_empty() || !(open(truth) || open(t90)) {
                self.calm.push(error);
            }
        }
        self.errors.push(error);
        self.inside += usize::from((t90 - truth).abs() <= u + 1e-9);
        self.level.push(
            ((step.final_value - record.levels[n + 1]) / change)
                .abs()
                .max(((step.initial - record.levels[n]) / change).abs()),
        );
        if let Some(begin) = step.t_commence_s {
            let begins = record.begins(n);
            self.commence
                .push((begin - record.times[n] - begins) / truth);
        }
        if let (
            Some(tau),
            Follow::First { tau: true_tau }
            | Follow::Delayed { tau: true_tau, .. }
            | Follow::Staircase { tau: true_tau, .. },
        ) = (step.tau_s, record.follow)
        {
            self.tau.push(tau / true_tau - 1.0);
        }
        if let Some(over) = step.overshoot_pct {
            self.overshoot.push(over - overshoot(record.follow));
        }
    }

    /// Prints the figures; whether T90 is right wherever noise does not hide it, and within its U.
    pub(crate) fn is_right(&self, kind: usize) -> bool {
        let name = KINDS[kind];
        let n = self.errors.len() as f64;
        let over = self.errors.iter().filter(|e| e.abs() > 0.05).count();
        let inside = 100.0 * self.inside as f64 / n;
        println!(
            "| {name} | {n} | {:.1} {:.2} of {} | {:.0} {:.2} {:.1} | {inside:.1} | {:.1} | {:.1} | {:.1} | {:.2} |",
            100.0 * worst(&self.calm),
            100.0 * rms(&self.calm),
            self.calm.len(),
            100.0 * worst(&self.errors),
            100.0 * rms(&self.errors),
            100.0 * over as f64 / n,
            100.0 * rms(&self.tau),
            100.0 * rms(&self.commence),
            rms(&self.overshoot),
            100.0 * rms(&self.level),
        );
        // Three hundred steps show the coverage to a per cent or so.
        // An update is right or wrong: U spans all that may be the one.
        let covered = 93.0..=if kind < 4 { 98.0 } else { 100.0 };
        let right = worst(&self.calm) < 0.05 && self.missing < 3 && covered.contains(&inside);
        right && self.calm.len() > 50 && rms(&self.level) < 0.02
    }
}

fn rms(of: &[f64]) -> f64 {
    (of.iter().map(|e| e * e).sum::<f64>() / of.len().max(1) as f64).sqrt()
}

fn worst(of: &[f64]) -> f64 {
    of.iter().fold(0.0_f64, |a, b| a.max(b.abs()))
}

pub(crate) const KINDS: [&str; 7] = [
    "first order",
    "dead time",
    "second order",
    "rate limit",
    "staircase",
    "staircase, jitter",
    "staircase, noise held",
];
