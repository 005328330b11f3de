//! Coverage of ±U for each figure of a step response, on records drawn with seeds that nothing was
//! tuned on, and how much of the error of T90 no estimator could avoid.

use super::bench::Noise;
use super::truth_steps::{FAMILY_COLUMNS, Family, Follow, KINDS, Record, overshoot};

/// How often one figure was inside its U, of how many that had one.
#[derive(Debug, Clone, Copy, Default)]
struct Hits {
    inside: u32,
    all: u32,
}

impl Hits {
    fn add(&mut self, value: f64, u: Option<f64>, truth: f64) {
        if let Some(u) = u {
            self.all += 1;
            // What is exact to rounding has a U of next to nothing.
            self.inside += u32::from((value - truth).abs() <= u + 1e-9);
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            inside: self.inside + other.inside,
            all: self.all + other.all,
        }
    }

    fn percent(self) -> f64 {
        100.0 * f64::from(self.inside) / f64::from(self.all.max(1))
    }
}

const FIGURES: [&str; 7] = [
    "T90",
    "tau",
    "commencement",
    "settling",
    "overshoot",
    "initial",
    "final",
];

/// From when on a smooth response stays within 5 % of the change, s.
fn settles(follow: Follow) -> f64 {
    let t90 = follow.t90();
    let outside = |t: f64| (follow.smooth(t) - 1.0).abs() > 0.05;
    let step = 0.002 * t90;
    let last = (0..20_000).rev().find(|&k| outside(f64::from(k) * step));
    let mut low = last.map_or(0.0, |k| f64::from(k) * step);
    let mut high = low + step;
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if outside(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn tau(follow: Follow) -> Option<f64> {
    match follow {
        Follow::First { tau } | Follow::Delayed { tau, .. } | Follow::Staircase { tau, .. } => {
            Some(tau)
        }
        Follow::Second { .. } | Follow::Limited { .. } => None,
    }
}

fn delay(follow: Follow) -> f64 {
    match follow {
        Follow::Delayed { delay, .. } => delay,
        Follow::First { .. }
        | Follow::Second { .. }
        | Follow::Limited { .. }
        | Follow::Staircase { .. } => 0.0,
    }
}

/// What is counted of each figure.
type Counts = [Hits; FIGURES.len()];

fn sum(a: Counts, b: Counts) -> Counts {
    std::array::from_fn(|n| a[n].and(b[n]))
}

#[test]
fn every_figure_of_a_step() {
    println!("| family | {} |\n{FAMILY_COLUMNS}", FIGURES.join(" | "));
    // Where the converter's step outweighs the noise, and where noise outweighs it.
    let mut total = [Counts::default(); 2];
    let mut outside = Vec::new();
    for (kind, name) in KINDS.iter().enumerate() {
        let mut random = Noise(31_000 + kind as u64);
        let mut counts = [Counts::default(); 2];
        let mut family = Family::default();
        for _ in 0..200 {
            let record = Record::draw(kind, &mut random);
            let follow = record.follow;
            let hits = &mut counts[usize::from(record.noise > record.lsb)];
            for (n, step) in record.analysed().iter().enumerate() {
                family.add(&record, n, step);
                let at = record.times[n];
                let shown = |t: f64| record.shown(n, t);
                if let Some(t90) = step.t90_s {
                    hits[0].add(t90, step.uncertainty_s, record.t90(n));
                }
                if let (Some(found), Some(truth)) = (step.tau_s, tau(follow)) {
                    hits[1].add(found, step.tau_uncertainty_s, truth);
                }
                if let Some(begin) = step.t_commence_s {
                    let truth = shown(delay(follow) + 2e-9);
                    hits[2].add(begin - at, step.commence_uncertainty_s, truth);
                }
                if let Some(settling) = step.settling_s {
                    let truth = shown(settles(follow));
                    hits[3].add(settling, step.settling_uncertainty_s, truth);
                }
                // Of a response that has none it is 0 by its shape.
                if let (Some(over), Follow::Second { .. }) = (step.overshoot_pct, follow) {
                    hits[4].add(over, step.overshoot_uncertainty_pct, overshoot(follow));
                }
                let levels = [record.levels[n], record.levels[n + 1]];
                hits[5].add(step.initial, step.initial_uncertainty, levels[0]);
                hits[6].add(step.final_value, step.final_uncertainty, levels[1]);
            }
        }
        let hits = sum(counts[0], counts[1]);
        let text = hits.map(|h| format!("{:.1} of {}", h.percent(), h.all));
        println!("| {name} | {} |", text.join(" | "));
        if !family.is_right(kind) {
            outside.push(format!("{name}: T90"));
        }
        for (figure, hits) in FIGURES.iter().zip(hits).filter(|(_, h)| h.all > 100) {
            // Which update that comes early or late was the first, noise leaves open; how noise that is
            // held scatters, a rest of some ten updates.
            let least = match (*figure, kind) {
                ("commencement", 5) => 91.5,
                ("final", 6) => 92.0,
                _ => 93.0,
            };
            if hits.percent() < least {
                outside.push(format!("{name}, {figure}: {:.1}", hits.percent()));
            }
        }
        total = [sum(total[0], counts[0]), sum(total[1], counts[1])];
    }
    let all = sum(total[0], total[1]);
    for ((name, hits), noisy) in FIGURES.iter().zip(all).zip(total[1]) {
        println!(
            "{name}: {:.1} % of {} inside U, {:.1} % of {} where noise outweighs the converter",
            hits.percent(),
            hits.all,
            noisy.percent(),
            noisy.all
        );
        let fits = |hits: &Hits| (93.0..=97.0).contains(&hits.percent());
        if !fits(&hits) || !fits(&noisy) {
            outside.push(format!(
                "{name} {:.1} {:.1}",
                hits.percent(),
                noisy.percent()
            ));
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}

/// Standard deviation of T90 below which no unbiased estimator gets that knows the family but
/// neither its numbers nor the levels (Cramér–Rao), s.
fn bound(record: &Record, n: usize) -> f64 {
    const N: usize = 4;
    let numbers: Vec<f64> = match record.follow {
        Follow::First { tau } | Follow::Staircase { tau, .. } => vec![tau],
        Follow::Delayed { delay, tau } => vec![delay, tau],
        Follow::Second { w, z } => vec![w, z],
        Follow::Limited { length } => vec![length],
    };
    let with = |p: &[f64]| match record.follow {
        Follow::First { .. } => Follow::First { tau: p[0] },
        Follow::Staircase { hold, .. } => Follow::Staircase { tau: p[0], hold },
        Follow::Delayed { .. } => Follow::Delayed {
            delay: p[0],
            tau: p[1],
        },
        Follow::Second { .. } => Follow::Second { w: p[0], z: p[1] },
        Follow::Limited { .. } => Follow::Limited { length: p[0] },
    };
    // Central differences in each number.
    let beside: Vec<(Follow, Follow, f64)> = (0..numbers.len())
        .map(|k| {
            let d = 1e-4 * numbers[k];
            let moved = |d: f64| {
                let mut p = numbers.clone();
                p[k] += d;
                with(&p)
            };
            (moved(d), moved(-d), 2.0 * d)
        })
        .collect();
    let change = record.levels[n + 1] - record.levels[n];
    let from = n.checked_sub(1).map_or(0.0, |k| record.times[k]);
    let end = record.times.get(n + 1).copied().unwrap_or(f64::INFINITY);
    let mut matrix = [[0.0; N]; N];
    let size = numbers.len() + 2;
    for k in 0..record.samples.len() {
        let t = k as f64 / record.rate;
        // Of the part before the step only what has settled tells its level.
        if t < from + 0.8 * (record.times[n] - from) || t >= end {
            continue;
        }
        let t = t - record.times[n];
        let share = record.follow.smooth(t);
        let mut row = [0.0; N];
        for (x, (up, down, d)) in row.iter_mut().zip(&beside) {
            *x = change * (up.smooth(t) - down.smooth(t)) / d;
        }
        row[size - 2] = 1.0 - share;
        row[size - 1] = share;
        for a in 0..size {
            for b in 0..size {
                matrix[a][b] += row[a] * row[b];
            }
        }
    }
    let gradient: Vec<f64> = beside
        .iter()
        .map(|(up, down, d)| (up.t90() - down.t90()) / d)
        .chain([0.0, 0.0])
        .collect();
    let variance = record.noise.powi(2) + record.lsb.powi(2) / 12.0;
    (variance * quadratic_form(&matrix, &gradient)).sqrt()
}

/// gᵀ·A⁻¹·g of a positive definite matrix, by elimination.
fn quadratic_form<const N: usize>(matrix: &[[f64; N]; N], g: &[f64]) -> f64 {
    let mut a = *matrix;
    let mut right = g.to_vec();
    let size = g.len();
    let mut sum = 0.0;
    for c in 0..size {
        sum += right[c] * right[c] / a[c][c];
        let lead = a[c];
        for r in c + 1..size {
            let factor = a[r][c] / a[c][c];
            for (x, l) in a[r].iter_mut().zip(lead).skip(c) {
                *x -= factor * l;
            }
            right[r] -= factor * right[c];
        }
    }
    sum
}

/// How likely |x| > 1 is of a normal x of deviation `sigma` (Abramowitz and Stegun 26.2.17).
fn beyond(sigma: f64) -> f64 {
    let z = 1.0 / sigma.max(1e-9);
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = [
        0.319_381_53,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum: f64 = series.iter().rev().fold(0.0, |s, b| t * (b + s));
    2.0 * sum * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Steps that miss 5 % of T90 beside those that even an estimator which knows the family misses.
#[test]
fn what_noise_makes_impossible() {
    println!("| family | steps | beyond 5 % | of an ideal estimator |");
    for (kind, name) in KINDS.iter().enumerate().take(4) {
        let mut random = Noise(52_000 + kind as u64);
        let (mut all, mut missed, mut ideal) = (0, 0, 0.0);
        // U against twice the bound.
        let mut ratios = Vec::new();
        for _ in 0..200 {
            let record = Record::draw(kind, &mut random);
            for (n, step) in record.analysed().iter().enumerate() {
                let Some(t90) = step.t90_s else { continue };
                let truth = record.t90(n);
                all += 1;
                missed += u32::from((t90 / truth - 1.0).abs() > 0.05);
                let bound = bound(&record, n);
                ideal += beyond(bound / (0.05 * truth));
                if record.noise > record.lsb {
                    ratios.push(step.uncertainty_s.unwrap() / (2.0 * bound));
                }
            }
        }
        let share = |x: f64| 100.0 * x / f64::from(all);
        println!(
            "| {name} | {all} | {:.1} % | {:.1} % |",
            share(f64::from(missed)),
            share(ideal)
        );
        assert!(all > 200);
        ratios.sort_by(f64::total_cmp);
        let median = ratios[ratios.len() / 2];
        println!(
            "| {name} | U of {} is {median:.3} of twice the bound |",
            ratios.len()
        );
        // As much as the bound and what not knowing the family costs: 1.02 to 1.15.
        assert!((0.98..1.2).contains(&median), "{name}: U {median:.3}");
        // Not knowing the family costs: shapes that come to the same in noise have other T90.
        assert!(
            share(f64::from(missed)) < 2.0 * share(ideal) + 2.0,
            "{name}: {missed} beyond 5 %, {ideal:.1} ideally"
        );
    }
}
