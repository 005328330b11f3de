//! Disconnection times against exact instants, and sources that disobey.

use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::case::{CaseSpec, TripCase, TripQuantity};
use gridproof_model::verdict::Verdict;

use super::bench::{Recorder, judge, limit, sine, value_of, verdict_of};

const TRIP: &str = "disconnection time";

/// A trip test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trip {
    pub(crate) quantity: TripQuantity,
    pub(crate) to: f64,
    pub(crate) reached: f64,
    /// Delay of the source behind its trigger, s.
    pub(crate) source_late: f64,
    pub(crate) angle: f64,
    pub(crate) amps: f64,
    pub(crate) cut: f64,
    pub(crate) sigma: f64,
    pub(crate) rate: f64,
    pub(crate) observe: f64,
    pub(crate) seed: u64,
}

impl Default for Trip {
    fn default() -> Self {
        Self {
            quantity: TripQuantity::Voltage,
            to: 267.5,
            reached: 267.5,
            source_late: 0.0,
            angle: 0.0,
            amps: 6.5,
            cut: 1.5,
            sigma: 0.0,
            rate: 20_000.0,
            observe: 4.0,
            seed: 7,
        }
    }
}

impl Trip {
    fn angle_at(&self, t: f64) -> f64 {
        let since = (t - self.source_late).max(0.0);
        let slip = match self.quantity {
            TripQuantity::Voltage => 0.0,
            TripQuantity::Frequency => 360.0 * (self.reached - 50.0) * since,
        };
        self.angle + slip
    }

    pub(crate) fn capture(&self) -> Capture {
        let s = *self;
        Recorder::new(s.rate, 0.3, s.observe)
            .seeded(s.seed)
            .volts(ChannelKind::GridVoltage, move |t| {
                let stepped = s.quantity == TripQuantity::Voltage && t >= s.source_late;
                sine(if stepped { s.reached } else { 230.0 }, s.angle_at(t), t)
            })
            .analog(ChannelKind::DutCurrent, 60.0, s.sigma, move |t| {
                if t < s.cut {
                    sine(s.amps, s.angle_at(t), t)
                } else {
                    0.0
                }
            })
            .contact(ChannelKind::SourceTrigger, |t| (0.0..0.01).contains(&t))
            .contact(ChannelKind::DutRelay, move |t| t < s.cut)
            .capture("trip")
    }

    pub(crate) fn spec(&self, min: Option<f64>, max: f64) -> CaseSpec {
        let (from, threshold) = match self.quantity {
            TripQuantity::Voltage => (230.0, 230.0 + (self.to - 230.0) * 0.93),
            TripQuantity::Frequency => (50.0, 50.0 + (self.to - 50.0) * 0.95),
        };
        CaseSpec::Trip(TripCase {
            element: "X".to_owned(),
            quantity: self.quantity,
            threshold,
            from,
            to: self.to,
            power_w: 1500.0,
            disconnect: limit(min, Some(max)),
            observe_s: self.observe,
        })
    }
}

#[test]
fn trips_of_every_kind_within_a_millisecond() {
    let mut worst = 0.0_f64;
    for (quantity, to) in [
        (TripQuantity::Voltage, 267.5),
        (TripQuantity::Voltage, 177.5),
        (TripQuantity::Voltage, 67.5),
        (TripQuantity::Voltage, 0.0),
        (TripQuantity::Frequency, 52.1),
        (TripQuantity::Frequency, 46.9),
        (TripQuantity::Frequency, 55.1),
    ] {
        for k in 0..12 {
            let shape = Trip {
                quantity,
                to,
                reached: to,
                angle: 30.0 * f64::from(k),
                cut: 1.2 + 0.0173 * f64::from(k),
                sigma: if k % 2 == 0 { 0.0 } else { 0.05 },
                rate: if k % 3 == 0 { 10_000.0 } else { 20_000.0 },
                ..Trip::default()
            };
            let result = judge(
                shape.spec(Some(1.0), 2.0),
                vec![shape.capture()],
                Vec::new(),
            );
            assert_eq!(
                result.verdict,
                Verdict::Pass,
                "{shape:?}: {}",
                result.reason
            );
            worst = worst.max((value_of(&result, TRIP) - shape.cut).abs());
        }
    }
    println!("trip: worst error {:.3} ms", worst * 1e3);
    assert!(worst < 1e-3);
}

#[test]
fn fast_trips() {
    for k in 0..10 {
        let shape = Trip {
            to: 277.5,
            reached: 277.5,
            cut: 0.030 + 0.011 * f64::from(k),
            angle: 36.0 * f64::from(k),
            ..Trip::default()
        };
        let result = judge(shape.spec(None, 0.2), vec![shape.capture()], Vec::new());
        assert_eq!(
            result.verdict,
            Verdict::Pass,
            "{shape:?}: {}",
            result.reason
        );
        assert!((value_of(&result, TRIP) - shape.cut).abs() < 0.3e-3);
        let shape = Trip {
            quantity: TripQuantity::Frequency,
            to: 52.1,
            reached: 52.1,
            ..shape
        };
        let result = judge(shape.spec(None, 0.2), vec![shape.capture()], Vec::new());
        assert_eq!(
            result.verdict,
            Verdict::Pass,
            "{shape:?}: {}",
            result.reason
        );
    }
}

#[test]
fn a_source_that_disobeys_is_no_verdict_on_the_dut() {
    let good = Trip::default();
    let verdict = |shape: Trip| {
        judge(
            shape.spec(Some(1.0), 2.0),
            vec![shape.capture()],
            Vec::new(),
        )
        .verdict
    };
    assert_eq!(
        verdict(Trip {
            reached: 262.0,
            ..good
        }),
        Verdict::Inconclusive
    );
    assert_eq!(
        verdict(Trip {
            reached: 230.0,
            ..good
        }),
        Verdict::Inconclusive
    );
    assert_eq!(
        verdict(Trip {
            source_late: 0.02,
            ..good
        }),
        Verdict::Inconclusive
    );
    let hz = Trip {
        quantity: TripQuantity::Frequency,
        to: 52.1,
        reached: 52.1,
        ..good
    };
    assert_eq!(verdict(hz), Verdict::Pass);
    assert_eq!(
        verdict(Trip {
            reached: 52.0,
            ..hz
        }),
        Verdict::Inconclusive
    );
    assert_eq!(
        verdict(Trip {
            reached: 50.0,
            ..hz
        }),
        Verdict::Inconclusive
    );
    assert_eq!(
        verdict(Trip {
            source_late: 0.03,
            ..hz
        }),
        Verdict::Inconclusive
    );
}

#[test]
fn interrupted_feeding_is_no_withstand() {
    let trip = Trip::default();
    let mut capture = trip.capture();
    let current = capture
        .channels
        .iter_mut()
        .find(|c| c.kind == ChannelKind::DutCurrent)
        .unwrap();
    // Gone from 0.4 s to 0.8 s after the event, back until 1.5 s.
    current.codes[14_000..22_000].fill(0);
    let result = judge(trip.spec(Some(1.0), 2.0), vec![capture], Vec::new());
    assert_eq!(
        verdict_of(&result, TRIP),
        Verdict::Fail,
        "{}",
        result.reason
    );
    assert!(
        result.reason.contains("first stopped after 40"),
        "{}",
        result.reason
    );
}

/// Ramps of the source: the time counts from where the element's limit is crossed.
#[test]
fn ramped_sources_count_from_the_crossing() {
    for (quantity, to, slope) in [
        (TripQuantity::Frequency, 46.9, -10.0),
        (TripQuantity::Frequency, 52.1, 4.0),
        (TripQuantity::Voltage, 267.5, 300.0),
    ] {
        let trip = Trip {
            quantity,
            to,
            reached: to,
            cut: 1.9,
            ..Trip::default()
        };
        let spec = trip.spec(Some(1.0), 2.0);
        let CaseSpec::Trip(numbers) = &spec else {
            unreachable!()
        };
        let crossing = (numbers.threshold - numbers.from) / slope;
        let until = (to - numbers.from) / slope;
        let (from, hz) = (numbers.from, quantity == TripQuantity::Frequency);
        let turns = move |t: f64| {
            let ramp = if hz {
                0.5 * slope * t.clamp(0.0, until).powi(2) + (to - 50.0) * (t - until).max(0.0)
            } else {
                0.0
            };
            360.0 * ramp
        };
        let rms = move |t: f64| {
            if hz {
                230.0
            } else {
                from + slope * t.clamp(0.0, until)
            }
        };
        let capture = Recorder::new(20_000.0, 0.3, 4.0)
            .volts(ChannelKind::GridVoltage, move |t| sine(rms(t), turns(t), t))
            .amps(ChannelKind::DutCurrent, move |t| {
                if t < 1.9 { sine(6.5, turns(t), t) } else { 0.0 }
            })
            .contact(ChannelKind::SourceTrigger, |t| (0.0..0.01).contains(&t))
            .capture("trip");
        let result = judge(spec, vec![capture], Vec::new());
        let found = value_of(&result, TRIP);
        assert!(
            (found - (1.9 - crossing)).abs() < 12e-3,
            "{to}: {found}, true {}",
            1.9 - crossing
        );
        assert_eq!(result.verdict, Verdict::Pass, "{}", result.reason);
    }
}
