//! Coverage of ±U for metrics M1 (gap) and M3 (Urms(½) below 90 %) of a transfer over all kinds of
//! gaps, with seeds that nothing was tuned on.

use gridproof_measure::analyze::{Channel64, transfer};

use super::bench::{Noise, SQRT2};
use super::truth_transfers::{Gap, KINDS, sampled};

const NOMINAL: f64 = 230.0;
/// Grid of the exact values, s.
const GRID: f64 = 2e-6;

/// How often one figure was inside its U.
#[derive(Debug, Clone, Copy, Default)]
struct Hits {
    inside: u32,
    all: u32,
    worst_s: f64,
    u_s: f64,
}

impl Hits {
    /// Where nothing is and nothing is found, U of 0 has nothing to hold.
    fn add(&mut self, value: f64, u: f64, truth: f64) {
        if [value, u, truth] == [0.0; 3] {
            return;
        }
        let error = (value - truth).abs();
        self.all += 1;
        self.inside += u32::from(error <= u);
        self.worst_s = self.worst_s.max(error);
        self.u_s += u;
    }

    fn join(&mut self, other: Self) {
        self.inside += other.inside;
        self.all += other.all;
        self.worst_s = self.worst_s.max(other.worst_s);
        self.u_s += other.u_s;
    }

    fn percent(self) -> f64 {
        100.0 * f64::from(self.inside) / f64::from(self.all.max(1))
    }

    fn text(self) -> String {
        format!(
            "{:.1} of {}, U {:.3} ms on average, worst error {:.3} ms",
            self.percent(),
            self.all,
            1e3 * self.u_s / f64::from(self.all),
            1e3 * self.worst_s
        )
    }
}

/// Longest time with |v| below 10 % of the nominal peak, none up to 0.74 ms, s.
fn gap_truth(gap: &Gap) -> f64 {
    let level = 0.1 * SQRT2 * NOMINAL;
    let cycle = 1.0 / gap.hz0;
    let low = |t: f64| gap.at(t).abs() < level;
    let time = |k: u32| gap.at - cycle + f64::from(k) * GRID;
    // Between two times of the grid, to a thousandth of it.
    let passes = |k: u32| {
        let (mut from, mut to) = (time(k - 1), time(k));
        let before = low(from);
        for _ in 0..10 {
            let middle = 0.5 * (from + to);
            *(if low(middle) == before {
                &mut from
            } else {
                &mut to
            }) = middle;
        }
        0.5 * (from + to)
    };
    let (mut longest, mut begin) = (0.0_f64, None);
    let steps = ((gap.length + 2.0 * cycle + 20e-3) / GRID) as u32;
    for k in 1..steps {
        match (low(time(k)), begin) {
            (true, None) => begin = Some(passes(k)),
            (false, Some(at)) => {
                longest = longest.max(passes(k) - at);
                begin = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    if longest > 0.037 * cycle {
        longest
    } else {
        0.0
    }
}

/// Time with the RMS over one cycle of the wave before below 90 % of the nominal, s.
fn dip_truth(gap: &Gap) -> f64 {
    let step = 10.0 * GRID;
    let cycle = 1.0 / gap.hz0;
    let count = ((gap.length + 5.0 * cycle) / step) as usize;
    let window = cycle / step;
    let mut squares = vec![0.0];
    for k in 0..count {
        let v = gap.at(gap.at - 1.5 * cycle + (k as f64 + 0.5) * step);
        squares.push(squares[k] + v * v * step);
    }
    let until = |x: f64| {
        let k = x as usize;
        squares[k] + (x - k as f64) * (squares[k + 1] - squares[k])
    };
    let least = (0.9 * NOMINAL).powi(2) * cycle;
    let starts = 0..count - window as usize - 1;
    let low = starts.filter(|&k| until(k as f64 + window) - squares[k] < least);
    step * low.count() as f64
}

#[test]
fn gaps_and_dips() {
    println!("| kind | M1 | M3 |");
    let mut total = [Hits::default(); 2];
    // gaps without noise that are right within two samples: their errors, samples
    let mut errors: Vec<f64> = Vec::new();
    for (kind, name) in KINDS.iter().enumerate() {
        let mut random = Noise(77_000 + kind as u64);
        let mut hits = [Hits::default(); 2];
        for draw in 0..120 {
            let rate = [10_000.0, 25_600.0, 50_000.0, 100_000.0][draw % 4];
            let (db, bits) = [(f64::INFINITY, 16), (60.0, 12), (40.0, 10)][draw % 3];
            let gap = Gap::random(kind, &mut random);
            let sigma = NOMINAL * 10_f64.powf(-db / 20.0);
            let samples = sampled(rate, 0.6, sigma, bits, 600.0, &mut random, |t| gap.at(t));
            let channel = Channel64 {
                samples: &samples,
                rate_hz: rate,
            };
            let found = transfer(&channel, None, NOMINAL).unwrap();
            let figures = [
                (found.gap_s, found.gap_uncertainty_s, gap_truth(&gap)),
                (
                    found.rms_dip_s,
                    found.rms_dip_uncertainty_s,
                    dip_truth(&gap),
                ),
            ];
            if let (Some(value), true) = (found.gap_s, db.is_infinite()) {
                errors.push((value - gap_truth(&gap)) * rate);
            }
            for (hits, (value, u, truth)) in hits.iter_mut().zip(figures) {
                let (Some(value), Some(u)) = (value, u) else {
                    continue;
                };
                hits.add(value, u, truth);
            }
        }
        println!("| {name} | {} | {} |", hits[0].text(), hits[1].text());
        for (sum, own) in total.iter_mut().zip(hits) {
            sum.join(own);
        }
    }
    errors.retain(|error| error.abs() < 2.0);
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    println!(
        "M1 without noise: {mean:.3} samples on average of {}",
        errors.len()
    );
    assert!(errors.len() > 250 && mean.abs() < 0.1, "{mean}");
    let [gap, dip] = total;
    println!("M1: {}\nM3: {}", gap.text(), dip.text());
    assert!((93.0..=97.0).contains(&gap.percent()), "M1 {}", gap.text());
    assert!((93.0..=97.0).contains(&dip.percent()), "M3 {}", dip.text());
    // Neither is had by a large U: a sample or two, and a step.
    assert!(gap.u_s < 0.08e-3 * f64::from(gap.all), "{}", gap.text());
    assert!(dip.u_s < 9e-3 * f64::from(dip.all), "{}", dip.text());
}
