//! Starts of changes of the voltage over dense random sweeps: ramps of the amplitude and of the
//! frequency from slow to fast, and steps of the frequency, against the bound of the start.

use gridproof_measure::analyze::{AnalyzeError, Channel64, TripAnalysis, TripEvent, trip};

use super::bench::{Noise, SQRT2, TAU};
use super::bound::{Known, Tally};
use super::truth_transfers::sampled;

const RATED: f64 = 21.7;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Amplitude,
    Frequency,
    FrequencyStep,
}

/// Amplitude, phase (turns), frequency, then start, rate and end of the change; of a step its start
/// and size.
struct Draw {
    kind: Kind,
    numbers: Vec<f64>,
}

impl Draw {
    fn new(kind: Kind, case: u32, random: &mut Noise) -> Self {
        let spread = |a: f64, b: f64, x: f64| a * (b / a).powf(x);
        let hz = [50.0, 60.0, 45.0 + 20.0 * random.uniform()][case as usize % 3];
        let start = 0.5 + 0.1 * random.uniform();
        let mut numbers = vec![SQRT2 * 230.0, random.uniform(), hz, start];
        let up = [1.0, -1.0][case as usize / 3 % 2];
        let (x, y) = (random.uniform(), random.uniform());
        match kind {
            Kind::Amplitude => {
                let (size, rate) = (0.1 + 0.2 * y, spread(0.1, 4.0, x));
                numbers.extend([up * rate, start + size / rate]);
            }
            Kind::Frequency => {
                let (size, rate) = (0.5 + 2.0 * y, spread(0.3, 5.0, x));
                numbers.extend([up * rate, start + size / rate]);
            }
            Kind::FrequencyStep => numbers.push(up * spread(0.3, 5.0, x)),
        }
        Self { kind, numbers }
    }

    fn at(&self, p: &[f64], t: f64) -> f64 {
        let since = (t - p[3]).max(0.0);
        let turns = p[2] * (t - 0.5) + p[1];
        match self.kind {
            Kind::Amplitude => {
                (1.0 + p[4] * (t.min(p[5]) - p[3]).max(0.0)) * p[0] * (TAU * turns).sin()
            }
            Kind::Frequency => {
                let late = (t - p[5]).max(0.0);
                let gained = 0.5 * p[4] * (since * since - late * late);
                p[0] * (TAU * (turns + gained)).sin()
            }
            Kind::FrequencyStep => p[0] * (TAU * (turns + p[4] * since)).sin(),
        }
    }

    fn ends(&self) -> f64 {
        self.numbers.get(5).copied().unwrap_or(self.numbers[3])
    }

    fn analysed(&self, rate: f64, sigma: f64, bits: i32, random: &mut Noise) -> TripAnalysis {
        let length = self.ends() + 0.8;
        let volts = sampled(rate, length, sigma, bits, 600.0, random, |t| {
            self.at(&self.numbers, t)
        });
        analysed(&volts, rate, self.numbers[3] + 0.15).unwrap()
    }
}

/// A current that stops at `cut` beside the voltage.
pub(crate) fn analysed(volts: &[f64], rate: f64, cut: f64) -> Result<TripAnalysis, AnalyzeError> {
    let amps: Vec<f64> = (0..volts.len())
        .map(|k| k as f64 / rate)
        .map(|t| f64::from(u8::from(t < cut)) * 30.0 * (TAU * 50.0 * t).sin())
        .collect();
    let channel = |samples| Channel64 {
        samples,
        rate_hz: rate,
    };
    trip(&channel(volts), &channel(&amps), RATED)
}

/// U of the start alone.
pub(crate) fn u_of_start(found: &TripAnalysis, rate: f64) -> f64 {
    let line = found
        .budget
        .iter()
        .find(|line| line.source.contains("start of the event"));
    (2.0 * line.map_or(0.0, |line| line.u)).hypot(2.0 / rate / 12.0_f64.sqrt())
}

#[test]
fn without_noise_the_start_is_hit() {
    let mut random = Noise(21);
    for kind in [Kind::Amplitude, Kind::Frequency, Kind::FrequencyStep] {
        for case in 0..12 {
            let rate = [10_000.0, 50_000.0][case as usize % 2];
            let draw = Draw::new(kind, case, &mut random);
            let found = draw.analysed(rate, 0.0, 16, &mut random);
            let error = found.t_event_s.unwrap() - draw.numbers[3];
            assert!(error.abs() < 0.05e-3, "{kind:?} {case}: {error} {found:?}");
            let cycles = (draw.ends() - draw.numbers[3]) * draw.numbers[2];
            let word = match kind {
                Kind::Amplitude if cycles > 1.0 => TripEvent::VoltageRamp,
                Kind::Amplitude => TripEvent::VoltageStep,
                Kind::Frequency if cycles > 2.0 => TripEvent::FrequencyRamp,
                Kind::Frequency | Kind::FrequencyStep => TripEvent::FrequencyStep,
            };
            assert_eq!(found.event, word, "{cycles} cycles");
        }
    }
}

#[test]
fn in_noise_the_bound_is_attained() {
    let mut random = Noise(22);
    let (rate, sigma) = (10_000.0, 2.3);
    println!("| change | draws | rms, ms | bound, ms | worst, ms | inside U of the start, % |");
    let mut all = Tally::default();
    for (kind, most) in [
        // The RMS of 40 draws scatters by 11 %.
        (Kind::Amplitude, 1.4),
        (Kind::Frequency, 1.4),
        // Half a second of the wave after the step is looked at, the bound has all of it.
        (Kind::FrequencyStep, 1.8),
    ] {
        let mut tally = Tally::default();
        for case in 0..40 {
            let draw = Draw::new(kind, case, &mut random);
            let found = draw.analysed(rate, sigma, 12, &mut random);
            let known = Known {
                numbers: &draw.numbers,
                signal: &|p, t| draw.at(p, t),
                instant: &|p| p[3],
            };
            let bound = known.bound(rate, sigma, (0.0, draw.ends() + 0.8), 0);
            let error = found.t_event_s.unwrap() - draw.numbers[3];
            tally.add(error, bound, u_of_start(&found, rate));
            all.add(error, bound, u_of_start(&found, rate));
        }
        tally.print(&format!("{kind:?}"));
        assert!(tally.ratio() < most, "{kind:?}: {}", tally.ratio());
    }
    all.print("all");
    assert!(all.covered() >= 93.0, "{}", all.covered());
}

#[test]
fn one_cycle_parts_a_step_from_a_ramp() {
    let mut random = Noise(23);
    for (cycles, word) in [
        (0.5, TripEvent::VoltageStep),
        (0.8, TripEvent::VoltageStep),
        (1.2, TripEvent::VoltageRamp),
        (1.5, TripEvent::VoltageRamp),
    ] {
        for size in [-0.3, 0.2] {
            let length = cycles / 50.0;
            let draw = Draw {
                kind: Kind::Amplitude,
                numbers: vec![325.0, 0.1, 50.0, 0.51, size / length, 0.51 + length],
            };
            let found = draw.analysed(10_000.0, 0.3, 14, &mut random);
            assert_eq!(found.event, word, "{cycles} {size} {found:?}");
        }
    }
}

/// A coarse resolution leaves the same of every cycle where the line's frequency divides the rate:
/// it does not average out, and U says so.
#[test]
fn u_of_a_ramp_seen_in_coarse_steps() {
    let mut random = Noise(24);
    let (mut inside, cases) = (0, 48);
    for case in 0..cases {
        let mut draw = Draw::new(Kind::Amplitude, case, &mut random);
        draw.numbers[2] = 50.0;
        let rate = [10_000.0, 20_000.0][case as usize % 2];
        let found = draw.analysed(rate, 0.02, 10, &mut random);
        let error = (found.t_event_s.unwrap() - draw.numbers[3]).abs();
        inside += u32::from(error <= u_of_start(&found, rate));
    }
    println!("coarse ramps: {inside} of {cases} inside U of the start");
    assert!(inside * 100 >= cases * 91, "{inside} of {cases}");
}

/// A ramp that goes on until the record ends.
#[test]
fn a_ramp_without_an_end_is_hit() {
    let mut random = Noise(25);
    for case in 0..12 {
        let mut draw = Draw::new(Kind::Amplitude, case, &mut random);
        draw.numbers[4] = [0.15, -0.25][case as usize % 2] * (1.0 + random.uniform());
        let rate = 20_000.0;
        draw.numbers[5] = f64::INFINITY;
        let at = |t: f64| draw.at(&draw.numbers, t);
        let end = draw.numbers[3] + 0.6 + 0.6 * random.uniform();
        let volts = sampled(rate, end, 0.01, 16, 600.0, &mut random, at);
        let amps: Vec<f64> = (0..volts.len())
            .map(|k| k as f64 / rate)
            .map(|t| f64::from(u8::from(t < end - 0.25)) * 30.0 * (TAU * 50.0 * t).sin())
            .collect();
        let channel = |samples| Channel64 {
            samples,
            rate_hz: rate,
        };
        let found = trip(&channel(&volts), &channel(&amps), RATED).unwrap();
        let error = found.t_event_s.unwrap() - draw.numbers[3];
        assert!(error.abs() < 0.03e-3, "{case}: {error} {found:?}");
    }
}
