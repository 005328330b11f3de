//! Events of a trip test that an analysis of the settled wave alone would tell wrongly: jumps of the
//! phase, which look like another frequency for two cycles, disturbances that are over before the
//! record is, and small changes before the event.

use gridproof_measure::analyze::{Channel64, TripAnalysis, TripEvent, trip};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATED: f64 = 21.7;

/// A voltage by its factor of the amplitude and its phase beside that of the line (turns), and
/// what of it is not sinusoidal (share of the amplitude), against the time from the event.
struct Scene<'a> {
    hz: f64,
    rate: f64,
    /// Noise, share of the RMS value.
    noise: f64,
    /// Event, and length of the record after it, s.
    begins: f64,
    after: f64,
    turns: f64,
    voltage: &'a dyn Fn(f64) -> (f64, f64, f64),
}

impl Scene<'_> {
    /// A current ends 0.4 s after the event.
    fn analysed(&self, random: &mut Noise) -> TripAnalysis {
        let angle = |t: f64| TAU * (self.turns + self.hz * t);
        let length = self.begins + self.after;
        let sigma = 230.0 * self.noise;
        let volts = sampled(self.rate, length, sigma, 16, 600.0, random, |t| {
            let (level, turned, more) = (self.voltage)(t - self.begins);
            let x = angle(t) + TAU * turned;
            let wave = x.sin() + 0.02 * (3.0 * x).sin() + 0.01 * (5.0 * x + 1.0).sin();
            SQRT2 * 230.0 * (level * wave + more)
        });
        let amps: Vec<f64> = (0..volts.len())
            .map(|k| k as f64 / self.rate)
            .map(|t| f64::from(u8::from(t < self.begins + 0.4)) * 15.0 * angle(t).sin())
            .collect();
        let channel = |samples| Channel64 {
            samples,
            rate_hz: self.rate,
        };
        trip(&channel(&volts), &channel(&amps), RATED).unwrap()
    }
}

/// How many starts lie inside U, which has both ends of the trip time.
#[derive(Default)]
struct Inside {
    within: u32,
    of: u32,
}

impl Inside {
    fn add(&mut self, found: &TripAnalysis, begins: f64) {
        let error = found.t_event_s.unwrap() - begins;
        let inside = error.abs() <= found.uncertainty_s.unwrap();
        self.within += u32::from(inside);
        self.of += 1;
    }

    fn check(&self, what: &str) {
        println!("{what}: {} of {} inside U", self.within, self.of);
        assert!(self.within * 100 >= self.of * 93, "{what}");
    }
}

#[test]
fn a_jump_of_the_phase_is_no_step_of_the_frequency() {
    let mut random = Noise(31);
    let mut inside = Inside::default();
    for case in 0..150 {
        let noise = [0.01, 0.001, 0.0001][case % 3];
        let jump = (8.0 + 52.0 * random.uniform()) * [1.0, -1.0][case / 3 % 2] / 360.0;
        let begins = 0.1 + 0.5 * random.uniform();
        let scene = Scene {
            hz: [50.0, 60.0][case / 6 % 2],
            rate: [10_000.0, 20_000.0, 50_000.0][case / 12 % 3],
            noise,
            begins,
            after: 0.9,
            turns: random.uniform(),
            voltage: &|s| (1.0, if s < 0.0 { 0.0 } else { jump }, 0.0),
        };
        let found = scene.analysed(&mut random);
        let error = found.t_event_s.unwrap() - begins;
        let told = format!("{case}: jump {jump} turns at {begins} s: {found:?}");
        assert_eq!(found.event, TripEvent::PhaseJump, "{told}");
        assert!(error.abs() < 1e-3, "{told}");
        assert!((found.hz_after.unwrap() - scene.hz).abs() < 0.02, "{told}");
        inside.add(&found, begins);
    }
    inside.check("jumps of the phase");
}

#[test]
fn a_step_of_the_frequency_is_no_jump_of_the_phase() {
    let mut random = Noise(32);
    for case in 0..60 {
        let slip = (0.2 + 2.0 * random.uniform()) * [1.0, -1.0][case / 3 % 2];
        let begins = 0.15 + 0.5 * random.uniform();
        let scene = Scene {
            hz: [50.0, 60.0][case / 6 % 2],
            rate: [10_000.0, 20_000.0, 50_000.0][case / 12 % 3],
            noise: [0.01, 0.001, 0.0001][case % 3],
            begins,
            after: 0.9,
            turns: random.uniform(),
            voltage: &|s| (1.0, slip * s.max(0.0), 0.0),
        };
        let found = scene.analysed(&mut random);
        let told = format!("{case}: {slip} Hz at {begins} s: {found:?}");
        assert_eq!(found.event, TripEvent::FrequencyStep, "{told}");
        let hz = found.hz_after.unwrap();
        assert!((hz - scene.hz - slip).abs() < 0.02, "{told}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Brief {
    /// Factor of the amplitude.
    Dip(f64),
    /// Turns.
    Jump(f64),
    /// Hz.
    Excursion(f64),
}

#[test]
fn the_event_is_the_first_departure_of_what_is_soon_over() {
    let mut random = Noise(33);
    let mut inside = Inside::default();
    for case in 0..160 {
        let what = match case % 8 {
            0 => Brief::Dip(0.0),
            1 => Brief::Dip(0.1 + 0.3 * random.uniform()),
            2 => Brief::Dip(0.5 + 0.4 * random.uniform()),
            3 => Brief::Dip(1.1 + 0.2 * random.uniform()),
            4 => Brief::Jump((15.0 + 45.0 * random.uniform()) / 360.0),
            5 => Brief::Jump(-(15.0 + 45.0 * random.uniform()) / 360.0),
            6 => Brief::Excursion(0.5 + 1.5 * random.uniform()),
            _ => Brief::Excursion(-0.5 - 1.5 * random.uniform()),
        };
        let x = random.uniform();
        let lasts = match what {
            Brief::Dip(_) => 0.02 + 0.28 * x * x,
            Brief::Jump(_) => 0.04 + 0.2 * x * x,
            Brief::Excursion(_) => 0.1 + 0.2 * x,
        };
        let begins = 0.15 + 0.5 * random.uniform();
        let noise = [0.01, 0.001, 0.0001][case / 8 % 3];
        let scene = Scene {
            hz: [50.0, 60.0][case / 24 % 2],
            rate: [10_000.0, 20_000.0, 50_000.0][case / 48 % 3],
            noise,
            begins,
            after: 1.0,
            turns: random.uniform(),
            voltage: &|s| {
                let on = (0.0..lasts).contains(&s);
                match what {
                    Brief::Dip(level) => (if on { level } else { 1.0 }, 0.0, 0.0),
                    Brief::Jump(turns) => (1.0, if on { turns } else { 0.0 }, 0.0),
                    Brief::Excursion(hz) => (1.0, hz * s.clamp(0.0, lasts), 0.0),
                }
            },
        };
        let found = scene.analysed(&mut random);
        let error = found.t_event_s.unwrap() - begins;
        let told = format!("{case}: {what:?} at {begins} s for {lasts} s: {error} {found:?}");
        let (word, most) = match what {
            Brief::Dip(_) => (TripEvent::VoltageStep, 1e-3),
            Brief::Jump(_) => (TripEvent::PhaseJump, 1e-3),
            // Noise allows σ√8/(2πΔf·A√N) of a start: 1 ms at 40 dB, 0.5 Hz and 10 kS/s.
            Brief::Excursion(_) => (TripEvent::FrequencyStep, 1e-3 + 0.2 * noise),
        };
        assert_eq!(found.event, word, "{told}");
        assert!(error.abs() < most, "{told}");
        if let Brief::Dip(level) = what {
            let level = 230.0 * level;
            assert!((found.v_after.unwrap() - level).abs() < 4.0, "{told}");
        }
        inside.add(&found, begins);
    }
    inside.check("what is soon over");
}

#[derive(Debug, Clone, Copy)]
enum Small {
    /// Share of the amplitude, so long before the event (s).
    Step(f64, f64),
    /// Share of the amplitude, Hz; rectangular and sinusoidal.
    Flicker(f64, f64),
    Swing(f64, f64),
    /// Share of the amplitude per second, from the beginning of the record on.
    Drift(f64),
    /// Hz, at so many Hz.
    Wander(f64, f64),
}

impl Small {
    /// Factor of the amplitude and turns at `s` s from the event.
    fn at(self, s: f64, phase: f64) -> (f64, f64) {
        match self {
            Self::Step(share, lead) => (if s > -lead { 1.0 + share } else { 1.0 }, 0.0),
            Self::Flicker(share, hz) => {
                (1.0 + share * (TAU * (hz * s + phase)).sin().signum(), 0.0)
            }
            Self::Swing(share, hz) => (1.0 + share * (TAU * (hz * s + phase)).sin(), 0.0),
            Self::Drift(rate) => (1.0 + rate * (s + 1.0), 0.0),
            Self::Wander(by, hz) => (1.0, by / (TAU * hz) * (TAU * (hz * s + phase)).sin()),
        }
    }
}

const SMALL: [Small; 12] = [
    Small::Step(-0.01, 0.35),
    Small::Step(0.005, 0.5),
    Small::Step(-0.02, 0.7),
    Small::Flicker(0.005, 3.0),
    Small::Flicker(0.01, 8.8),
    Small::Swing(0.01, 2.0),
    Small::Swing(0.01, 8.8),
    Small::Drift(0.02),
    Small::Drift(-0.02),
    Small::Wander(0.04, 1.3),
    Small::Wander(0.02, 1.0),
    Small::Wander(0.02, 0.5),
];

#[test]
fn what_a_healthy_grid_does_is_no_event_before_a_large_one() {
    let mut random = Noise(34);
    let mut inside = Inside::default();
    for case in 0..144 {
        let small = SMALL[case % 12];
        let phase = random.uniform();
        let (word, level, turns, slip) = match case / 12 % 4 {
            0 => (TripEvent::VoltageStep, 0.3, 0.0, 0.0),
            1 => (TripEvent::VoltageStep, 1.2, 0.0, 0.0),
            2 => (TripEvent::PhaseJump, 1.0, 0.1, 0.0),
            _ => (TripEvent::FrequencyStep, 1.0, 0.0, 1.5),
        };
        let begins = 1.0 + 0.02 * random.uniform();
        let scene = Scene {
            hz: [50.0, 60.0][case / 48 % 2],
            rate: 20_000.0,
            noise: 0.001,
            begins,
            after: 0.9,
            turns: random.uniform(),
            voltage: &|s| {
                let (factor, turned) = small.at(s.min(0.0), phase);
                if s < 0.0 {
                    (factor, turned, 0.0)
                } else {
                    (factor * level, turned + turns + slip * s, 0.0)
                }
            },
        };
        let found = scene.analysed(&mut random);
        let error = found.t_event_s.unwrap() - begins;
        let told = format!("{case}: {small:?} before {begins}: {error} {found:?}");
        assert_eq!(found.event, word, "{told}");
        assert!(error.abs() < 1e-3, "{told}");
        inside.add(&found, begins);
    }
    inside.check("large after small");
}

#[test]
fn a_small_event_stays_one_where_nothing_larger_follows() {
    let mut random = Noise(35);
    for (then, later) in [(0.99, 0.99), (0.975, 0.95)] {
        let scene = Scene {
            hz: 50.0,
            rate: 20_000.0,
            noise: 0.0005,
            begins: 0.4,
            after: 1.4,
            turns: random.uniform(),
            voltage: &|s| match s {
                s if s < 0.0 => (1.0, 0.0, 0.0),
                s if s < 0.6 => (then, 0.0, 0.0),
                _ => (later, 0.0, 0.0),
            },
        };
        let found = scene.analysed(&mut random);
        let told = format!("{then}, {later}: {found:?}");
        assert_eq!(found.event, TripEvent::VoltageStep, "{told}");
        assert!((found.t_event_s.unwrap() - 0.4).abs() < 1e-3, "{told}");
    }
}

/// A ramp towards a level that trips counts from its start, whatever the source does afterwards.
#[test]
fn a_ramp_before_a_step_back_is_the_event() {
    let mut random = Noise(36);
    for rate in [-0.05, 0.08, -0.2, 0.4, -1.0] {
        let lasts = 0.1 / f64::abs(rate);
        let scene = Scene {
            hz: 50.0,
            rate: 10_000.0,
            noise: 0.0003,
            begins: 0.5,
            after: lasts + 1.2,
            turns: random.uniform(),
            voltage: &|s| {
                let on = s < lasts + 0.4;
                let level = 1.0 + rate * s.clamp(0.0, lasts);
                (if on { level } else { 1.0 }, 0.0, 0.0)
            },
        };
        let found = scene.analysed(&mut random);
        let told = format!("{rate}: {found:?}");
        assert_eq!(found.event, TripEvent::VoltageRamp, "{told}");
        assert!((found.t_event_s.unwrap() - 0.5).abs() < 2e-3, "{told}");
    }
}
