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
    fn add(&mut self, value: f64, u: f64, truth: f64) {
        let error = (value - truth).abs();
        self.all += 1;
        self.inside += u32::from(error <= u + GRID);
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
    let (mut longest, mut length) = (0_u32, 0);
    let steps = ((gap.length + 2.0 * cycle + 20e-3) / GRID) as u32;
    for k in 0..steps {
        let t = gap.at - cycle + f64::from(k) * GRID;
        length = if gap.at(t).abs() < level {
            length + 1
        } else {
            0
        };
        longest = longest.max(length);
    }
    let longest = GRID * f64::from(longest);
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
    // One end between two samples, the other a crossing that is known better: of one rectangular
    // bound k = 2 covers all.
    assert!((95.0..=99.5).contains(&gap.percent()), "M1 {}", gap.text());
    // Two half-cycle steps, which begin at zeros of the wave: less is left open than anywhere in it.
    assert!((95.0..=99.9).contains(&dip.percent()), "M3 {}", dip.text());
    // Neither is had by a large U: a sample or two, and a step.
    assert!(gap.u_s < 0.08e-3 * f64::from(gap.all), "{}", gap.text());
    assert!(dip.u_s < 9e-3 * f64::from(dip.all), "{}", dip.text());
}
