//! Metrics M5 and M6 against transfers whose truth is known exactly.

use gridproof_measure::analyze::{
    Channel64, EventAccuracy, TransferAnalysis, TransferCompanions, transfer_beside,
};

use gridproof_model::record::Accuracy;

use super::bench::{Noise, SQRT2, TAU};

const RATE: f64 = 50_000.0;

/// A transfer: what happens when, s.
#[derive(Debug, Clone, Copy)]
struct Event {
    fail: f64,
    relay: f64,
    inverter: f64,
    /// Turns of the wave at t = 0.
    turn: f64,
}

impl Event {
    fn draw(random: &mut Noise) -> Self {
        let fail = 0.2 + 0.02 * random.uniform();
        let relay = fail + 0.5e-3 + 4e-3 * random.uniform();
        Self {
            fail,
            relay,
            inverter: relay + 3e-3 + 12e-3 * random.uniform(),
            turn: random.uniform(),
        }
    }

    fn wave(&self, t: f64) -> f64 {
        if t >= self.fail && t < self.inverter {
            0.0
        } else {
            (TAU * (self.turn + 50.0 * t)).sin()
        }
    }

    /// Longest time with the wave below `share` of its amplitude, on a grid of 2 µs.
    fn longest_below(&self, share: f64) -> f64 {
        let (mut longest, mut length) = (0_u32, 0);
        for k in 0..40_000 {
            let t = self.fail - 0.02 + f64::from(k) * 2e-6;
            length = if self.wave(t).abs() < share {
                length + 1
            } else {
                0
            };
            longest = longest.max(length);
        }
        2e-6 * f64::from(longest)
    }
}

fn sampled(random: &mut Noise, sigma: f64, step: f64, of: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..(0.6 * RATE) as usize)
        .map(|k| {
            let x = of(k as f64 / RATE) + sigma * random.gauss();
            (x / step).round() * step
        })
        .collect()
}

fn channel(samples: &[f64]) -> Channel64<'_> {
    Channel64 {
        samples,
        rate_hz: RATE,
    }
}

fn analysed(volts: &[f64], beside: &TransferCompanions<'_>) -> TransferAnalysis {
    transfer_beside(&channel(volts), beside, 230.0, &EventAccuracy::default()).unwrap()
}

#[test]
fn gaps_of_the_load_current() {
    let mut random = Noise(81);
    let (mut inside, mut far, mut all) = (0, 0, 0);
    for case in 0..300 {
        let event = Event::draw(&mut random);
        let amps = 0.5 + 20.0 * random.uniform();
        let sigma = [0.0, 1e-3, 1e-2][case % 3] / SQRT2;
        let volts = sampled(&mut random, 230.0 * sigma, 0.03, |t| {
            230.0 * SQRT2 * event.wave(t)
        });
        let load = sampled(&mut random, amps * sigma, 1e-3, |t| amps * event.wave(t));
        let beside = TransferCompanions {
            load_current: Some(channel(&load)),
            ..TransferCompanions::default()
        };
        let found = analysed(&volts, &beside);
        let gap = found.parts.current_gap_s.expect("a gap");
        let u = found.parts.current_gap_uncertainty_s.unwrap();
        let truth = event.longest_below(0.05);
        far += u32::from((gap - truth).abs() > 0.15e-3);
        inside += u32::from((gap - truth).abs() <= u);
        all += 1;
    }
    println!("current gap: {inside} of {all} inside U, {far} off by more than 0.15 ms");
    // A current that comes back for a sample or two just before a zero is lost in noise.
    assert!(100 * far <= 3 * all, "{far}");
    assert!(100 * inside >= 93 * all, "{inside} of {all}");
}

#[test]
fn parts_of_the_transfer_time() {
    let mut random = Noise(82);
    let (mut inside, mut all) = ([0; 3], 0);
    for case in 0..300 {
        let event = Event::draw(&mut random);
        let volts = sampled(&mut random, 0.5, 0.03, |t| 230.0 * SQRT2 * event.wave(t));
        // The switch opens (a falling contact) and bounces; the relay's contact closes when it
        // opens; the inverter's signal is one of 5 V with noise.
        let bounce = 60e-6;
        let contact = |t: f64, at: f64| {
            let open = t >= at && !(at + bounce..at + 1.5 * bounce).contains(&t);
            f64::from(u8::from(!open))
        };
        let switch = sampled(&mut random, 0.0, 1.0, |t| contact(t, event.fail));
        let relay = sampled(&mut random, 0.0, 1.0, |t| 1.0 - contact(t, event.relay));
        let runs = sampled(&mut random, 0.05, 0.01, |t| {
            if t >= event.inverter { 5.0 } else { 0.2 }
        });
        let beside = TransferCompanions {
            switch: Some(channel(&switch)),
            relay: Some(channel(&relay)),
            inverter: Some(channel(&runs)),
            ..TransferCompanions::default()
        };
        let found = analysed(&volts, &beside).parts;
        assert_eq!(found.fail_by, Some("switch"));
        let figures = [
            (found.t_fail_s, Some(0.5 / RATE), event.fail),
            (
                found.detection_s,
                found.detection_uncertainty_s,
                event.relay - event.fail,
            ),
            (
                found.inverter_delay_s,
                found.inverter_delay_uncertainty_s,
                event.inverter - event.fail,
            ),
        ];
        for (hits, (value, u, truth)) in inside.iter_mut().zip(figures) {
            let error = (value.unwrap() - truth).abs();
            assert!(error < 1.01 / RATE, "{case}: {error} of {truth}");
            *hits += u32::from(error <= u.unwrap() * 1.000_001);
        }
        // The voltage is back where its wave is 10 % from what it would be without the gap.
        let restored = found.restored_s.unwrap();
        let truth = event.inverter - event.fail;
        assert!(restored <= truth + 1.01 / RATE && restored > truth - 0.8e-3);
        all += 1;
    }
    println!("failure, detection, inverter: {inside:?} of {all} inside U");
    assert!(inside.iter().all(|&hits| 100 * hits >= 93 * all));
}

#[test]
fn the_reference_shows_the_failure_without_a_switch() {
    let mut random = Noise(83);
    let event = Event {
        fail: 0.205,
        relay: 0.208,
        inverter: 0.2155,
        turn: 0.0,
    };
    let volts = sampled(&mut random, 0.1, 0.03, |t| {
        230.0 * SQRT2 * event.wave(t) + if t > event.inverter { 2.5 } else { 0.0 }
    });
    let grid = sampled(&mut random, 0.1, 0.03, |t| {
        if t < event.fail {
            230.0 * SQRT2 * event.wave(t)
        } else {
            0.0
        }
    });
    let relay = sampled(&mut random, 0.0, 1.0, |t| {
        f64::from(u8::from(t < event.relay))
    });
    let beside = TransferCompanions {
        reference: Some(channel(&grid)),
        relay: Some(channel(&relay)),
        ..TransferCompanions::default()
    };
    let found = analysed(&volts, &beside);
    assert_eq!(found.parts.fail_by, Some("reference"));
    assert!((found.parts.detection_s.unwrap() - 3e-3).abs() < 2.0 / RATE);
    assert!((found.dc_after_v.unwrap() - 2.5).abs() < 0.1);
    assert!(found.parts.current_gap_s.is_none());
    // Nothing tells the failure: the relay has a time, the detection none.
    let alone = TransferCompanions {
        relay: Some(channel(&relay)),
        ..TransferCompanions::default()
    };
    let found = analysed(&volts, &alone);
    assert!(found.parts.t_relay_open_s.is_some() && found.parts.detection_s.is_none());
    assert!(found.note.unwrap().contains("when the grid failed"));
}

#[test]
fn currents_that_pause_or_stay_away() {
    let mut random = Noise(84);
    let event = Event {
        fail: 0.2043,
        relay: 0.206,
        inverter: 0.2143,
        turn: 0.0,
    };
    let volts = sampled(&mut random, 0.1, 0.03, |t| 230.0 * SQRT2 * event.wave(t));
    let of = |load: &[f64]| {
        let beside = TransferCompanions {
            load_current: Some(channel(load)),
            ..TransferCompanions::default()
        };
        analysed(&volts, &beside)
    };
    // A rectifier rests between its pulses: that is no gap, a missed pulse is one.
    let pulses = |t: f64| {
        let x = (TAU * 50.0 * t).sin();
        if x.abs() > 0.8 { x } else { 0.0 }
    };
    let healthy = sampled(&mut random, 0.0, 1e-3, |t| 10.0 * pulses(t));
    assert_eq!(of(&healthy).parts.current_gap_s, Some(0.0));
    let missed = sampled(&mut random, 0.0, 1e-3, |t| {
        if (event.fail..event.inverter).contains(&t) {
            0.0
        } else {
            10.0 * pulses(t)
        }
    });
    let gap = of(&missed).parts.current_gap_s.unwrap();
    assert!((gap - 10e-3).abs() < 2.0 / RATE, "{gap}");
    let gone = sampled(&mut random, 0.0, 1e-3, |t| {
        if t < event.fail {
            10.0 * event.wave(t)
        } else {
            0.0
        }
    });
    let found = of(&gone);
    assert!(found.parts.current_gap_s.is_none());
    assert!(found.note.unwrap().contains("does not come back with"));
    let noisy = sampled(&mut random, 1.0, 1e-3, |t| 10.0 * event.wave(t));
    assert!(of(&noisy).note.unwrap().contains("hides"));
    // A current that breaks though the voltage never does.
    let whole = sampled(&mut random, 0.1, 0.03, |t| {
        230.0 * SQRT2 * (TAU * 50.0 * t).sin()
    });
    let broken = sampled(&mut random, 0.0, 1e-3, |t| {
        if (0.304..0.312).contains(&t) {
            0.0
        } else {
            10.0 * (TAU * 50.0 * t).sin()
        }
    });
    let beside = TransferCompanions {
        load_current: Some(channel(&broken)),
        ..TransferCompanions::default()
    };
    let found = analysed(&whole, &beside);
    assert_eq!(found.transfer_time_s, Some(0.0));
    let gap = found.parts.current_gap_s.unwrap();
    assert!((gap - 8e-3).abs() < 0.15e-3, "{gap}");
}

/// A resistor misses ∫ v²/R over the gap.
#[test]
fn energy_that_a_resistor_missed() {
    let mut random = Noise(85);
    let (mut inside, mut all, mut worst) = (0, 0, 0.0_f64);
    for case in 0..300 {
        let event = Event::draw(&mut random);
        let ohms = 10.0 + 90.0 * random.uniform();
        let sigma = [0.0, 1e-3, 1e-2][case % 3] / SQRT2;
        let volts = sampled(&mut random, 230.0 * sigma, 0.03, |t| {
            230.0 * SQRT2 * event.wave(t)
        });
        let amps = 230.0 * SQRT2 / ohms;
        // The current is known to 1 % of its reading and 0.1 A, which moves little of it.
        let gain = 1.0 + 0.01 * (2.0 * random.uniform() - 1.0);
        let offset = 0.1 * (2.0 * random.uniform() - 1.0);
        let load = sampled(&mut random, amps * sigma, 1e-3, |t| {
            gain * amps * event.wave(t) + offset
        });
        let beside = TransferCompanions {
            load_current: Some(channel(&load)),
            load_accuracy: Some(Accuracy {
                of_reading: 0.01,
                of_range: 0.001,
                range: 100.0,
            }),
            ..TransferCompanions::default()
        };
        let parts = analysed(&volts, &beside).parts;
        // 2 sin² = 1 − cos of twice the angle
        let until = |t: f64| {
            let twice = 2.0 * TAU * 50.0;
            t - (twice * t + 2.0 * TAU * event.turn).sin() / twice
        };
        let truth = 230.0 * 230.0 / ohms * (until(event.inverter) - until(event.fail));
        let (found, u) = (
            parts.lost_energy_j.unwrap(),
            parts.lost_energy_uncertainty_j.unwrap(),
        );
        inside += u32::from((found - truth).abs() <= u);
        let line = parts
            .lost_energy_budget
            .iter()
            .find(|line| line.source == "current, of reading")
            .unwrap();
        assert!((line.u - 0.01 * found.abs() / 3.0_f64.sqrt()).abs() < 1e-9 * found.abs());
        worst = worst.max((found / truth - 1.0).abs());
        all += 1;
    }
    println!(
        "lost energy: {inside} of {all} inside U, {:.2} % at worst",
        100.0 * worst
    );
    assert!(100 * inside >= 93 * all, "{inside} of {all}");
    assert!(worst < 0.04, "{worst}");
}

#[test]
fn the_grid_current_shows_the_failure_without_a_switch() {
    let mut random = Noise(86);
    let (mut inside, mut all) = (0, 0);
    for case in 0..150 {
        let event = Event::draw(&mut random);
        let sigma = [0.0, 1e-3, 1e-2][case % 3] / SQRT2;
        let volts = sampled(&mut random, 0.3, 0.03, |t| 230.0 * SQRT2 * event.wave(t));
        // Drawn by the DUT in its own phase; part of it comes back with the grid 0.3 s later.
        let lag = 0.4 * random.uniform();
        let grid = sampled(&mut random, 10.0 * sigma, 1e-3, |t| {
            let gone = (event.fail..event.fail + 0.3).contains(&t);
            10.0 * if gone {
                0.0
            } else {
                (TAU * (event.turn + 50.0 * t) - lag).sin()
            }
        });
        let runs = sampled(&mut random, 0.0, 1.0, |t| {
            f64::from(u8::from(t >= event.inverter))
        });
        let beside = TransferCompanions {
            grid_current: Some(channel(&grid)),
            inverter: Some(channel(&runs)),
            ..TransferCompanions::default()
        };
        let parts = analysed(&volts, &beside).parts;
        assert_eq!(parts.fail_by, Some("grid-current"));
        let u = parts.fail_uncertainty_s.unwrap();
        let off = parts.t_fail_s.unwrap() - event.fail;
        inside += u32::from(off.abs() <= u);
        // A zero of the current hides its end for as long as it is below 5 %.
        assert!(off.abs() < 0.5e-3, "{case}: {off} {event:?} {lag}");
        let delay = parts.inverter_delay_s.unwrap() - (event.inverter - event.fail);
        assert!(delay.abs() < 0.5e-3);
        all += 1;
    }
    println!("end of the grid current: {inside} of {all} inside U");
    assert!(100 * inside >= 93 * all, "{inside} of {all}");
    // A current that never ends leaves the reference to tell.
    let whole = sampled(&mut random, 0.0, 1e-3, |t| 10.0 * (TAU * 50.0 * t).sin());
    let event = Event::draw(&mut random);
    let volts = sampled(&mut random, 0.3, 0.03, |t| 230.0 * SQRT2 * event.wave(t));
    let beside = TransferCompanions {
        grid_current: Some(channel(&whole)),
        reference: Some(channel(&volts)),
        ..TransferCompanions::default()
    };
    let found = analysed(&volts, &beside);
    assert_eq!(found.parts.fail_by, Some("reference"));
    assert!(found.note.unwrap().contains("grid current shows no end"));
}
