//! Ramps of the voltage and of its frequency so slow that some cycles of them look settled, and
//! drifts that began before the record did.

use gridproof_measure::analyze::{AnalyzeError, TripAnalysis, TripEvent};

use super::bench::{Noise, SQRT2, TAU};
use super::bound::{Known, Tally};
use super::truth_changes::{analysed, u_of_start};
use super::truth_transfers::sampled;

const PEAK: f64 = SQRT2 * 230.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Of {
    /// Slope in 1/s.
    Amplitude,
    /// Slope in Hz/s.
    Frequency,
}

/// What follows the ramp.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// The level that it reached.
    Holds,
    /// That for a while, then what was before, at once.
    Returns,
    /// The end of the record.
    Ends,
}

#[derive(Debug)]
struct Draw {
    of: Of,
    then: Then,
    rate: f64,
    noise: f64,
    /// Amplitude, phase (turns), frequency, start, slope and end of the ramp.
    numbers: Vec<f64>,
    holds: f64,
}

impl Draw {
    fn new(of: Of, case: usize, random: &mut Noise) -> Self {
        let spread = |a: f64, b: f64, x: f64| a * (b / a).powf(x);
        let (x, y) = (random.uniform(), random.uniform());
        let (slope, size) = match of {
            Of::Amplitude => (spread(0.005, 0.1, x), 0.02 + 0.06 * y),
            Of::Frequency => (spread(0.05, 2.0, x), 0.2 + 1.8 * y),
        };
        let lasts = (size / slope).min(5.0);
        let start = 0.3 + 0.3 * random.uniform();
        let up = [1.0, -1.0][case / 3 % 2];
        let hz = [50.0, 60.0, 45.0 + 20.0 * random.uniform()][case % 3];
        Self {
            of,
            then: match (of, case / 4 % 3) {
                (_, 0) => Then::Holds,
                (Of::Amplitude, 1) => Then::Returns,
                _ => Then::Ends,
            },
            rate: [10_000.0, 20_000.0][case % 2],
            // 40 to 70 dB.
            noise: 10_f64.powf(-2.0 - 0.5 * (case / 2 % 4) as f64),
            numbers: vec![PEAK, random.uniform(), hz, start, up * slope, start + lasts],
            holds: 0.3 + 0.5 * random.uniform(),
        }
    }

    fn length(&self) -> f64 {
        self.numbers[5]
            + match self.then {
                Then::Holds => self.holds,
                Then::Returns => self.holds + 0.6,
                Then::Ends => 0.0,
            }
    }

    fn at(&self, p: &[f64], t: f64) -> f64 {
        let on = (t.min(p[5]) - p[3]).max(0.0);
        let late = (t - p[5]).max(0.0);
        let (level, gained) = match self.of {
            Of::Amplitude if self.then == Then::Returns && late > self.holds => (1.0, 0.0),
            Of::Amplitude => (1.0 + p[4] * on, 0.0),
            Of::Frequency => (1.0, p[4] * on * (0.5 * on + late)),
        };
        p[0] * level * (TAU * (p[1] + p[2] * t + gained)).sin()
    }

    fn analysed(&self, random: &mut Noise) -> TripAnalysis {
        let sigma = 230.0 * self.noise;
        let volts = sampled(self.rate, self.length(), sigma, 16, 600.0, random, |t| {
            self.at(&self.numbers, t)
        });
        analysed(&volts, self.rate, self.numbers[3] + 0.15).unwrap()
    }
}

#[test]
fn slow_ramps_count_from_their_start() {
    println!("| change | draws | rms, ms | bound, ms | worst, ms | inside U of the start, % |");
    for (of, word, seed) in [
        (Of::Amplitude, TripEvent::VoltageRamp, 41),
        (Of::Frequency, TripEvent::FrequencyRamp, 42),
    ] {
        let mut random = Noise(seed);
        let mut tally = Tally::default();
        for case in 0..120 {
            let draw = Draw::new(of, case, &mut random);
            let found = draw.analysed(&mut random);
            let told = format!("{case}: {draw:?} {found:?}");
            assert_eq!(found.event, word, "{told}");
            let known = Known {
                numbers: &draw.numbers[..if draw.then == Then::Ends { 5 } else { 6 }],
                signal: &|p, t| {
                    let mut numbers = p.to_vec();
                    numbers.resize(6, draw.numbers[5]);
                    draw.at(&numbers, t)
                },
                instant: &|p| p[3],
            };
            let sigma = (230.0 * draw.noise).hypot(1200.0 / 65_536.0 / 12_f64.sqrt());
            let until = draw.numbers[5]
                + if draw.then == Then::Ends {
                    0.0
                } else {
                    draw.holds
                };
            let bound = known.bound(draw.rate, sigma, (0.0, until), 0);
            let error = found.t_event_s.unwrap() - draw.numbers[3];
            assert!(error.abs() < 0.3e-3 + 4.0 * bound, "{error} {bound} {told}");
            let slope = found.slope_per_s.unwrap();
            let truth = draw.numbers[4] * if of == Of::Amplitude { 230.0 } else { 1.0 };
            assert!((slope / truth - 1.0).abs() < 0.05, "{truth} {told}");
            tally.add(error, bound, u_of_start(&found, draw.rate));
        }
        tally.print(&format!("{of:?}"));
        assert!(tally.ratio() < 1.4, "{of:?}: {}", tally.ratio());
        // 120 draws that are covered by 95 % are below 91 % in one of 60 runs.
        assert!(tally.covered() >= 91.0, "{of:?}: {}", tally.covered());
    }
}

/// A voltage that drifts by 2 % a second from before the record on, and sags, or does not.
#[test]
fn a_drift_without_a_beginning_is_no_event() {
    let mut random = Noise(43);
    for case in 0..48 {
        let rate = 10_000.0;
        let drift = [0.02, -0.02][case % 2];
        let hz = [50.0, 60.0][case / 2 % 2];
        let begins = 0.6 + 2.4 * random.uniform();
        let sags = case / 4 % 4 != 0;
        let sigma = 230.0 * [0.001, 0.0003][case / 16 % 2];
        let turns = random.uniform();
        let volts = sampled(rate, begins + 0.9, sigma, 16, 600.0, &mut random, |t| {
            let level = if sags && t >= begins {
                0.3
            } else {
                1.0 + drift * t
            };
            PEAK * level * (TAU * (turns + hz * t)).sin()
        });
        let found = analysed(&volts, rate, begins + 0.3);
        let told = format!("{case}: {drift} until {begins}: {found:?}");
        if sags {
            let found = found.unwrap();
            assert_eq!(found.event, TripEvent::VoltageStep, "{told}");
            let error = found.t_event_s.unwrap() - begins;
            assert!(error.abs() < 0.3e-3, "{error} {told}");
        } else {
            assert!(matches!(found, Err(AnalyzeError::Untold { .. })), "{told}");
        }
    }
}
