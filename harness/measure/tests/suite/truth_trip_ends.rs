//! Ends of a trip: a current that fades after the voltage's frequency, its slope or its phase has
//! moved, and events too near the ends of a record to be told.

use gridproof_measure::analyze::{AnalyzeError, Channel64, TripAnalysis, trip};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATED: f64 = 21.7;
const NOMINAL: f64 = 50.0;

/// What the voltage does at the event; the current follows its angle.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// Hz.
    FrequencyStep(f64),
    /// Hz/s, for half a second.
    FrequencyRamp(f64),
    /// Turns.
    PhaseJump(f64),
}

/// How the current ends; s.
#[derive(Debug, Clone, Copy)]
enum End {
    Exponential(f64),
    Ramp(f64),
}

#[derive(Debug)]
struct Draw {
    event: Event,
    end: End,
    /// When the event and the fade begin, and how long the record is, s.
    begins: f64,
    fades: f64,
    length: f64,
    /// Peak, A.
    amps: f64,
    turns: f64,
}

impl Draw {
    fn new(case: u32, random: &mut Noise) -> Self {
        let spread = |a: f64, b: f64, x: f64| a * (b / a).powf(x);
        let size = [1.0, -1.0][case as usize % 2] * (1.0 + 2.0 * random.uniform());
        let event = match case / 2 % 3 {
            0 => Event::FrequencyStep(size),
            1 => Event::FrequencyRamp(size),
            _ => Event::PhaseJump(size * 0.06),
        };
        let end = if (case / 6).is_multiple_of(2) {
            End::Exponential(spread(3e-3, 20e-3, random.uniform()))
        } else {
            End::Ramp(spread(10e-3, 0.1, random.uniform()))
        };
        let begins = 0.5 + 0.1 * random.uniform();
        let fades = begins + 0.15 + 0.3 * random.uniform();
        Self {
            event,
            end,
            begins,
            fades,
            length: fades + 0.8,
            amps: SQRT2 * RATED * (0.3 + 0.7 * random.uniform()),
            turns: random.uniform(),
        }
    }

    fn angle(&self, t: f64) -> f64 {
        let since = (t - self.begins).max(0.0);
        let gained = match self.event {
            Event::FrequencyStep(hz) => hz * since,
            Event::FrequencyRamp(slope) => {
                let late = (since - 0.5).max(0.0);
                0.5 * slope * (since * since - late * late)
            }
            Event::PhaseJump(turns) => f64::from(u8::from(t >= self.begins)) * turns,
        };
        TAU * (self.turns + NOMINAL * t + gained)
    }

    fn envelope(&self, t: f64) -> f64 {
        let since = (t - self.fades).max(0.0);
        match self.end {
            End::Exponential(tau) => (-since / tau).exp(),
            End::Ramp(length) => (1.0 - since / length).max(0.0),
        }
    }

    /// When the amplitude passes 1 % of rated, s.
    fn ceases(&self) -> f64 {
        let share = 0.01 * SQRT2 * RATED / self.amps;
        self.fades
            + match self.end {
                End::Exponential(tau) => -tau * share.ln(),
                End::Ramp(length) => length * (1.0 - share),
            }
    }

    /// Noise relative to the RMS value of each channel.
    fn analysed(&self, rate: f64, noise: f64, bits: i32, random: &mut Noise) -> TripAnalysis {
        let volts = sampled(rate, self.length, 230.0 * noise, bits, 600.0, random, |t| {
            SQRT2 * 230.0 * self.angle(t).sin()
        });
        let sigma = self.amps / SQRT2 * noise;
        let full = 1.5 * self.amps;
        let amps = sampled(rate, self.length, sigma, bits, full, random, |t| {
            self.amps * self.envelope(t) * self.angle(t).sin()
        });
        trip(&channel(&volts, rate), &channel(&amps, rate), RATED).unwrap()
    }
}

fn channel(samples: &[f64], rate_hz: f64) -> Channel64<'_> {
    Channel64 { samples, rate_hz }
}

#[test]
fn fades_after_the_frequency_or_phase_has_moved() {
    let mut random = Noise(4711);
    for (noise, bits, most_ms) in [(0.0, 16, 0.3), (0.01, 12, 1.0)] {
        let (mut inside, mut worst) = (0, 0.0_f64);
        let cases = 24;
        for case in 0..cases {
            let rate = [10_000.0, 50_000.0][case as usize / 12];
            let draw = Draw::new(case, &mut random);
            let found = draw.analysed(rate, noise, bits, &mut random);
            let error = found.t_interrupt_s.unwrap() - draw.ceases();
            let event = found.t_event_s.unwrap() - draw.begins;
            assert!(
                error.abs() < most_ms * 1e-3 && event.abs() < 1e-3,
                "{noise} {case}: {error} {event} {draw:?} {found:?}"
            );
            let u = found.uncertainty_s.unwrap();
            inside += u32::from((error - event).abs() <= u);
            worst = worst.max(error.abs());
        }
        println!("noise {noise}: worst {worst} s, inside U {inside} of {cases}");
        assert!(inside * 100 >= cases * 90, "{inside} of {cases}");
    }
}

#[test]
fn an_event_at_the_edge_of_a_record_is_told() {
    let rate = 10_000.0;
    let sag = |at: f64| -> Vec<f64> {
        let level = |t: f64| if t < at { 1.0 } else { 0.5 };
        (0..10_000)
            .map(|k| f64::from(k) / rate)
            .map(|t| level(t) * SQRT2 * 230.0 * (TAU * NOMINAL * t).sin())
            .collect()
    };
    let amps: Vec<f64> = (0..10_000)
        .map(|k| SQRT2 * RATED * (TAU * NOMINAL * f64::from(k) / rate).sin())
        .collect();
    let told = |at: f64| trip(&channel(&sag(at), rate), &channel(&amps, rate), RATED);
    assert!(matches!(told(0.02), Err(AnalyzeError::Disturbed { .. })));
    assert!(matches!(told(0.98), Err(AnalyzeError::Late { .. })));
    let middle = told(0.5).unwrap();
    assert!((middle.t_event_s.unwrap() - 0.5).abs() < 1.5 / rate);
}

/// A sag to which the current is still adapting when it fades along an exponential: no steady cycles
/// lie before the fade, and lines of two half cycles explain its end as well.
#[test]
fn fades_before_the_current_has_settled() {
    let mut random = Noise(90_313);
    let (mut worst, mut inside, count) = (0.0_f64, 0, 90);
    for case in 0..count {
        let rate = [10_000.0, 20_000.0, 100_000.0][case as usize % 3];
        let noise = [0.0, 1e-3, 3e-3, 1e-2][case as usize % 4];
        let draw = Draw {
            event: Event::PhaseJump(0.0),
            end: End::Exponential(8e-3 + 10e-3 * random.uniform()),
            begins: 0.3 + 0.1 * random.uniform(),
            fades: 0.43 + 0.03 * random.uniform(),
            length: 1.2,
            amps: SQRT2 * RATED * (0.15 + 0.6 * random.uniform()),
            turns: random.uniform(),
        };
        let sag = |t: f64| if t < draw.begins { 1.0 } else { 0.35 };
        let volts = sampled(
            rate,
            draw.length,
            230.0 * noise,
            14,
            600.0,
            &mut random,
            |t| SQRT2 * 230.0 * sag(t) * draw.angle(t).sin(),
        );
        let sigma = draw.amps / SQRT2 * noise;
        let grown = 0.1 + 0.1 * random.uniform();
        let full = 1.8 * draw.amps;
        let amps = sampled(rate, draw.length, sigma, 14, full, &mut random, |t| {
            let since = (t - draw.begins).max(0.0) / 0.015;
            let size = draw.amps * (1.0 + grown * (1.0 - (-since).exp())) * draw.envelope(t);
            let angle = draw.angle(t);
            let harmonics = 0.02 * (3.0 * angle + 1.0).sin() + 0.015 * (5.0 * angle + 2.0).sin();
            size * (angle.sin() + harmonics)
        });
        let found = trip(&channel(&volts, rate), &channel(&amps, rate), RATED).unwrap();
        let adapted = 1.0 + grown * (1.0 - (-(draw.ceases() - draw.begins) / 0.015).exp());
        let End::Exponential(tau) = draw.end else {
            unreachable!("all are exponentials");
        };
        let truth = draw.ceases() + tau * adapted.ln();
        let error = found.t_interrupt_s.unwrap() - truth;
        worst = worst.max(error.abs());
        inside += u32::from(error.abs() <= found.uncertainty_s.unwrap());
    }
    println!("worst {:.3} ms, {inside} of {count} inside U", 1e3 * worst);
    assert!(worst < 1e-3, "{worst}");
    assert!(100 * inside >= 95 * count);
}
