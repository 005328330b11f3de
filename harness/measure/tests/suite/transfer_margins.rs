//! How far a transfer stays from the class envelopes, against closed forms.

use gridproof_measure::analyze::{
    Channel64, Class, ClassMargin, ENVELOPES, EnvelopePoint, EventAccuracy, ToleranceEnvelope,
    TransferAnalysis, transfer, transfer_with,
};
use gridproof_model::record::Accuracy;

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATE: f64 = 50_000.0;
const AT: f64 = 0.2;

/// A voltage of `before` × nominal that is `during` of itself for `length` s from a zero on, and
/// `after` × nominal from then on.
fn found(before: f64, during: f64, after: f64, length: f64) -> TransferAnalysis {
    let samples = sampled(RATE, 0.7, 0.05, 16, 600.0, &mut Noise(7), |t| {
        let size = match t {
            _ if t < AT => before,
            _ if t < AT + length => before * during,
            _ => after,
        };
        size * 230.0 * SQRT2 * (TAU * 50.0 * (t - AT)).sin()
    });
    let channel = Channel64 {
        samples: &samples,
        rate_hz: RATE,
    };
    transfer(&channel, None, 230.0).unwrap()
}

fn of(found: &TransferAnalysis, class: Class) -> ClassMargin {
    let margin = found.class_margins.iter().find(|m| m.class == class);
    margin.unwrap().clone()
}

/// What must be exceeded for 0.1 ms, and the samples at the ends, make an instant uncertain by so
/// much, s.
const RUN_S: f64 = 0.2e-3;

/// How long after a zero a voltage that `missing` of it is missing departs by 10 % of the peak, s:
/// the envelope counts from there.
fn departs(missing: f64) -> f64 {
    (0.1 / missing).asin() / (TAU * 50.0)
}

fn near(found: Option<f64>, truth: f64, within: f64) {
    let found = found.unwrap();
    assert!((found - truth).abs() < within, "{found} for {truth}");
}

#[test]
fn a_dead_time_of_five_milliseconds() {
    // From a zero to the crest: all of the voltage is missing at its end.
    let found = found(1.0, 0.0, 1.0, 5e-3);
    assert_eq!(found.class, Class::Three);
    let [one, two, three] = [Class::One, Class::Two, Class::Three].map(|c| of(&found, c));
    // Nothing permits 100 % in class 1; 1 ms in class 2, 10 ms in class 3.
    let missing = 5e-3 - departs(1.0);
    near(one.spare_s, -missing, RUN_S);
    near(two.spare_s, 1e-3 - missing, RUN_S);
    near(three.spare_s, 10e-3 - missing, RUN_S);
    for margin in [&one, &two, &three] {
        near(margin.t_spare_s, AT + 5e-3, RUN_S);
    }
    // 30 % are permitted until 5 ms and until 10 ms.
    near(one.margin_pct, 30.0 - 100.0, 0.5);
    near(two.margin_pct, 30.0 - 100.0, 0.5);
    near(two.t_margin_s, AT + 5e-3, RUN_S);
    // No voltage at all is permitted until 10 ms, ±10 % in the end.
    near(three.margin_pct, 10.0, 0.2);
    assert!(three.t_margin_s.unwrap() > AT + 0.1);
}

#[test]
fn a_sag_and_a_voltage_that_stays_high() {
    // 0.75 for 15 ms: 25 % are too much for class 1 from 5 ms on, for class 2 and 3 from 10 ms on.
    let sag = found(1.0, 0.75, 1.06, 15e-3);
    assert_eq!(sag.class, Class::None);
    near(of(&sag, Class::One).margin_pct, 14.0 - 25.0, 0.3);
    near(of(&sag, Class::Three).margin_pct, 20.0 - 25.0, 0.3);
    // The crest at 15 ms is the last of it: 25 % were permitted until 5 and 10 ms.
    let missing = 15e-3 - departs(0.25);
    near(of(&sag, Class::One).spare_s, 5e-3 - missing, RUN_S);
    near(of(&sag, Class::Two).spare_s, 10e-3 - missing, RUN_S);
    // 6 % above the nominal leave 4 % of the 10 % that count in the end.
    let high = found(1.0, 0.0, 1.06, 3e-3);
    assert_eq!(high.class, Class::Three);
    near(of(&high, Class::Three).margin_pct, 4.0, 0.2);
    near(
        of(&high, Class::Three).spare_s,
        10e-3 - 3e-3 + departs(1.0),
        2.0 * RUN_S,
    );
}

/// Of a voltage above its nominal more than the nominal peak is missing, but no more than all.
#[test]
fn all_of_a_high_voltage_may_be_missing() {
    let found = found(1.06, 0.0, 1.0, 5e-3);
    assert_eq!(found.class, Class::Three);
    near(of(&found, Class::One).margin_pct, 30.0 - 100.0, 0.5);
    // Neither where it comes back as high as it was.
    let high = self::found(1.06, 0.0, 1.06, 5e-3);
    near(of(&high, Class::One).margin_pct, 30.0 - 100.0, 0.5);
    // One that has turned over is more than missing.
    let turned = self::found(1.0, -1.0, 1.0, 5e-3);
    assert_eq!(turned.class, Class::None);
    near(of(&turned, Class::Three).margin_pct, 100.0 - 200.0, 1.0);
}

/// The least of some values, and where it is, s after `AT`.
struct Least {
    value: f64,
    at: Vec<f64>,
}

impl Least {
    fn new(value: f64) -> Self {
        Self {
            value,
            at: Vec::new(),
        }
    }

    fn see(&mut self, value: f64, at: f64) {
        if value < self.value - 1e-9 {
            self.value = value;
            self.at.clear();
        }
        if value < self.value + 1e-9 {
            self.at.push(at);
        }
    }
}

/// A share `missing` of the voltage from a zero at `AT` on for `length` s, `after` × nominal from then on.
struct Sag {
    missing: f64,
    length: f64,
    after: f64,
}

impl Sag {
    fn at(&self, t: f64) -> f64 {
        let size = match t {
            _ if t < AT => 1.0,
            _ if t < AT + self.length => 1.0 - self.missing,
            _ => self.after,
        };
        size * 230.0 * SQRT2 * (TAU * 50.0 * (t - AT)).sin()
    }

    /// Margin (%) and time to spare (s), from the deviation every µs, with all instants (s) at which
    /// they are least.
    fn truths(&self, envelope: &ToleranceEnvelope, rate: f64) -> [(f64, Vec<f64>); 2] {
        let allowed = |points: &[EnvelopePoint], t: f64| {
            points.iter().find(|p| t <= p.until_s).unwrap().share
        };
        let until = |points: &[EnvelopePoint], share: f64| {
            let permits = points.iter().rev().find(|p| share <= p.share);
            permits.map_or(0.0, |p| p.until_s)
        };
        let start = departs(self.missing);
        // What stays away from the nominal counts to the end of the record.
        let rest = self.after - 1.0;
        let side = if rest < 0.0 {
            envelope.under
        } else {
            envelope.over
        };
        let mut margin = Least::new(0.1 - rest.abs());
        let mut spare = Least::new(until(side, rest.abs()) - 0.45);
        // The narrowest part of every envelope, to the end of the record.
        margin.at.extend((120..500).map(|k| 1e-3 * f64::from(k)));
        let run = (((1e-4 * rate) as usize).max(2) as f64 / rate * 1e6).round() as i32;
        let grid = |k: i32| 1e-6 * f64::from(k);
        // From the nearer of the waves before and after.
        let away = self.missing.min((self.missing + rest).abs());
        let share = |t: f64| away * (TAU * 50.0 * t).sin().abs();
        let (first, last) = ((start * 1e6) as i32 + 1, (self.length * 1e6) as i32);
        for k in first..last - run {
            // The mildest of a run: a half-wave is so at one of its ends.
            let (a, b) = (grid(k), grid(k + run));
            let limit = allowed(envelope.under, a - start);
            let mildest = share(a).min(share(b));
            if limit < 1.0 {
                let at = if share(a) < share(b) { a } else { b };
                margin.see(limit - mildest, at);
            }
            spare.see(until(envelope.under, mildest) - (b - start), b);
        }
        [(100.0 * margin.value, margin.at), (spare.value, spare.at)]
    }
}

#[test]
fn coverage_of_margins() {
    let mut random = Noise(40_404);
    let (mut hits, mut all, mut total) = ([0; 4], [0; 4], [0.0; 4]);
    let mut narrow = [0.0; 4].map(|_: f64| Vec::new());
    for draw in 0..240 {
        let rate = [10_000.0, 25_600.0, 50_000.0, 100_000.0][draw % 4];
        let db = [f64::INFINITY, 60.0, 40.0][draw % 3];
        let sag = Sag {
            missing: 0.35 + 0.65 * random.uniform(),
            length: 2e-3 + 28e-3 * random.uniform(),
            after: 1.0 + 0.12 * (random.uniform() - 0.5),
        };
        let gain = 0.01 * (2.0 * random.uniform() - 1.0);
        let sigma = 230.0 * 10_f64.powf(-db / 20.0);
        let samples = sampled(rate, 0.7, sigma, 14, 600.0, &mut random, |t| {
            (1.0 + gain) * sag.at(t)
        });
        let channel = Channel64 {
            samples: &samples,
            rate_hz: rate,
        };
        let accuracy = EventAccuracy {
            level: Some(Accuracy {
                of_reading: 0.01,
                of_range: 0.0,
                range: 600.0,
            }),
            ..EventAccuracy::default()
        };
        let found = transfer_with(&channel, None, 230.0, &accuracy).unwrap();
        for envelope in &ENVELOPES {
            let margin = of(&found, envelope.class);
            let [(margin_pct, margin_at), (spare_s, spare_at)] = sag.truths(envelope, rate);
            let nearest = |at: &[f64], found: Option<f64>| {
                let apart = at.iter().map(|t| AT + t - found.unwrap_or(0.0));
                let least = apart.min_by(|a, b| a.abs().total_cmp(&b.abs()));
                found.unwrap_or(0.0) + least.unwrap_or(f64::INFINITY)
            };
            let (t_margin, t_spare) = (margin.t_margin_s, margin.t_spare_s);
            let figures = [
                (margin.margin_pct, margin.margin_uncertainty_pct, margin_pct),
                (margin.spare_s, margin.spare_uncertainty_s, spare_s),
                (
                    t_margin,
                    margin.t_margin_uncertainty_s,
                    nearest(&margin_at, t_margin),
                ),
                (
                    t_spare,
                    margin.t_spare_uncertainty_s,
                    nearest(&spare_at, t_spare),
                ),
            ];
            for (n, (value, u, truth)) in figures.into_iter().enumerate() {
                let (Some(value), Some(u)) = (value, u) else {
                    continue;
                };
                println!(
                    "D {n} {rate} {db} {value} {u} {truth} {gain} {:?} {}",
                    envelope.class, sag.length
                );
                all[n] += 1;
                hits[n] += i32::from((value - truth).abs() <= u);
                total[n] += u;
                narrow[n].push(u);
            }
        }
    }
    let [margin, spare] = [0, 1].map(|n| total[n] / f64::from(all[n]));
    let [t_margin, t_spare] = [2, 3].map(|n| {
        narrow[n].sort_by(f64::total_cmp);
        narrow[n][narrow[n].len() / 2]
    });
    println!(
        "margins: {hits:?} of {all:?} inside U of {margin:.3} %, {spare:.2e} s, {t_margin:.2e} s, {t_spare:.2e} s"
    );
    assert!(margin < 1.2 && spare < 0.18e-3, "{margin} {spare}");
    // Half of all, of single instants.
    assert!(
        t_margin < 2.5e-3 && t_spare < 0.15e-3,
        "{t_margin} {t_spare}"
    );
    for (hits, all) in hits.into_iter().zip(all) {
        assert!(100 * hits >= 93 * all, "{hits} of {all}");
    }
}
