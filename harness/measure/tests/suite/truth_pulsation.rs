//! Step responses of instantaneous single-phase power, which pulsates at twice the line frequency:
//! the pulsation is neither noise nor an update, and makes no steps.

use gridproof_measure::analyze::{Channel64, Marks, StepFigures, step_response};

use super::bench::{Noise, TAU};

/// Two steps of a power on which a pulsation rides.
struct Record {
    rate: f64,
    samples: Vec<f64>,
    times: [f64; 2],
    t90: f64,
}

const RATED: f64 = 5000.0;

impl Record {
    /// The pulsation is a share of the rating, and a share of what flows.
    fn draw(random: &mut Noise, shares: (f64, f64)) -> Self {
        let rate = [2e3, 5e3, 20e3, 50e3][(4.0 * random.uniform()) as usize];
        let tau = 0.01 * 30.0_f64.powf(random.uniform());
        let rests = 0.4 + 10.0 * tau + 0.4 * random.uniform();
        let times = [rests, 2.0 * rests];
        let hz = 94.0 + 32.0 * random.uniform();
        let turn = TAU * random.uniform();
        let second = random.uniform() < 0.4;
        let levels = [0.15, 0.35, 0.55, 0.75].map(|l| RATED * (l + 0.15 * random.uniform()));
        let noise = RATED * 3e-4 * 10.0_f64.powf(random.uniform());
        let smooth = |t: f64| {
            let x = t.max(0.0) / tau;
            if second {
                1.0 - (1.0 + x) * (-x).exp()
            } else {
                1.0 - (-x).exp()
            }
        };
        let change = [levels[2] - levels[0], levels[1] - levels[2]];
        let samples = (0..(3.0 * rests * rate) as usize).map(|k| {
            let t = k as f64 / rate;
            let [a, b] = times.map(|at| smooth(t - at));
            let power = levels[0] + change[0] * a + change[1] * b;
            let size = shares.0 * RATED + shares.1 * power;
            power + size * (TAU * hz * t + turn).sin() + noise * random.gauss()
        });
        let samples = samples.collect();
        let (mut low, mut high) = (0.0, 10.0 * tau);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if smooth(middle) < 0.9 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self {
            rate,
            samples,
            times,
            t90: low,
        }
    }

    fn analysed(&self, marks: &Marks<'_>) -> Vec<StepFigures> {
        let channel = Channel64 {
            samples: &self.samples,
            rate_hz: self.rate,
        };
        step_response(&channel, marks, Some(RATED)).unwrap().steps
    }
}

#[test]
fn a_pulsation_is_no_part_of_the_response() {
    println!("| pulsation, % | marks | steps | worst T90, rms, % | inside U, % | other number |");
    for shares in [(0.01, 0.0), (0.03, 0.02)] {
        let mut random = Noise(4_100 + (1e4 * shares.0) as u64);
        let mut errors = [Vec::new(), Vec::new()];
        let (mut inside, mut miscounted) = ([0, 0], 0);
        for _ in 0..40 {
            let record = Record::draw(&mut random, shares);
            let marked = record.analysed(&Marks::Times(&record.times));
            let unmarked = record.analysed(&Marks::Response);
            if unmarked.len() != 2 {
                miscounted += 1;
            }
            for (n, found) in [marked, unmarked].into_iter().enumerate() {
                for step in found {
                    let t90 = step.t90_s.unwrap_or(0.0);
                    errors[n].push(t90 / record.t90 - 1.0);
                    let u = step.uncertainty_s.unwrap_or(0.0);
                    inside[n] += u32::from((t90 - record.t90).abs() <= u + 1e-9);
                }
            }
        }
        assert_eq!(miscounted, 0);
        for (n, name) in ["times", "none"].iter().enumerate() {
            let count = errors[n].len() as f64;
            let worst = errors[n].iter().fold(0.0_f64, |a, e| a.max(e.abs()));
            let rms = (errors[n].iter().map(|e| e * e).sum::<f64>() / count).sqrt();
            println!(
                "| {} + {} | {name} | {count} | {:.2}, {:.2} | {:.1} | {miscounted} |",
                100.0 * shares.0,
                100.0 * shares.1,
                100.0 * worst,
                100.0 * rms,
                100.0 * f64::from(inside[n]) / count,
            );
            assert!(worst < 0.05 + 0.02 * n as f64, "{name}: {worst}");
            assert!(f64::from(inside[n]) > 0.9 * count, "{name}: {inside:?}");
        }
    }
}

/// One that changes with the power as much as the power itself cannot be told from a quick response.
#[test]
fn a_pulsation_that_is_the_power_is_warned_of() {
    let warnings = |shares| {
        let record = Record::draw(&mut Noise(7), shares);
        let channel = Channel64 {
            samples: &record.samples,
            rate_hz: record.rate,
        };
        let found = step_response(&channel, &Marks::Times(&record.times), Some(RATED));
        found.unwrap().warnings
    };
    assert!(warnings((0.0, 1.0))[0].contains("pulsates at 1"));
    assert!(warnings((0.01, 0.02)).is_empty());
}
