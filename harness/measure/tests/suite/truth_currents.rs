//! Blind run-on and trip analysis against instants known exactly.

use gridproof_measure::analyze::{Channel64, RunOnChannels, TripEvent, run_on, trip};

use super::bench::{Noise, SQRT2, TAU};
use super::truth_transfers::sampled;

const RATED: f64 = 21.7;

/// How a current ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Cut,
    Ramp(f64),
    Exponential(f64),
    FilterTail(f64),
    Restart,
    SensorTail,
    Never,
}

/// Current from `power` of rated that ends at `cut` in the manner of `end`.
fn current(t: f64, power: f64, cut: f64, end: End, turns: f64) -> f64 {
    let full = SQRT2 * RATED * power * (TAU * turns).sin();
    let since = t - cut;
    match end {
        End::Cut if since >= 0.0 => 0.0,
        End::Ramp(length) if since >= -length => full * (-since / length).max(0.0),
        End::Exponential(tau) if since >= 0.0 => full * (-since / tau).exp(),
        End::FilterTail(amps) if since >= 0.0 => {
            SQRT2 * amps * (-since / 6.4e-3).exp() * (TAU * 43.3 * since + 1.0).sin()
        }
        End::Restart => {
            if (-0.6..-0.3).contains(&since) || since >= 0.0 {
                0.0
            } else {
                full
            }
        }
        End::SensorTail if since >= 0.0 => 0.02 * SQRT2 * RATED * (-since / 0.4).exp(),
        End::Never
        | End::Cut
        | End::Ramp(_)
        | End::Exponential(_)
        | End::FilterTail(_)
        | End::SensorTail => full,
    }
}

/// Three standard deviations of what noise leaves open of the end of a filter's tail, s
/// (docs/models.md, section 11); 0 of all other ends.
fn hidden(end: End, rate: f64, sigma: f64) -> f64 {
    match end {
        End::FilterTail(amps) => {
            let x = (amps / (0.01 * RATED)).ln().max(0.0);
            let spread = 8.0 * 6.4e-3 / rate * (1.0 - 2.0 * x + 2.0 * x * x);
            3.0 * sigma / (SQRT2 * amps) * spread.sqrt()
        }
        End::Cut
        | End::Ramp(_)
        | End::Exponential(_)
        | End::Restart
        | End::SensorTail
        | End::Never => 0.0,
    }
}

#[test]
fn runs_on() {
    let mut random = Noise(99);
    let (mut covered, mut all) = (0, 0);
    println!("| end | rate | noise | worst error, ms |");
    for end in [
        End::Cut,
        End::Ramp(0.02),
        End::Ramp(0.005),
        End::Ramp(0.08),
        End::Ramp(0.2),
        End::Exponential(0.004),
        End::Exponential(0.02),
        End::FilterTail(0.1),
        End::FilterTail(0.24),
        End::Restart,
        End::SensorTail,
        End::Never,
    ] {
        for (rate, cases) in [(10_000.0, 8), (50_000.0, 4), (250_000.0, 1)] {
            for (db, bits) in [(0.0, 16), (60.0, 12), (40.0, 10)] {
                let mut worst = 0.0_f64;
                for case in 0..cases {
                    let power = [1.0, 0.6, 0.33][case % 3];
                    let open = 0.3 + 0.02 * random.uniform();
                    let cut = open + 0.65 + 0.5 * random.uniform();
                    let phase = random.uniform();
                    let hz = 50.0 + random.uniform() - 0.5;
                    // 40 dB below the rated current, as the channel's range is chosen for it.
                    let sigma = if db > 0.0 {
                        RATED * power * 10_f64.powf(-db / 20.0)
                    } else {
                        0.0
                    };
                    let amps = sampled(rate, 1.9, sigma, bits, 40.0, &mut random, |t| {
                        current(t, power, cut, end, hz * t + phase)
                    });
                    let contact = sampled(rate, 1.9, 0.05, 10, 10.0, &mut random, |t| {
                        let bounce = (t - open > 0.2e-3) && (t - open < 0.35e-3);
                        if t < open || bounce { 5.0 } else { 0.1 }
                    });
                    let channel = |samples| Channel64 {
                        samples,
                        rate_hz: rate,
                    };
                    let found = run_on(
                        &RunOnChannels {
                            current: channel(&amps),
                            switch: Some(channel(&contact)),
                            voltage: None,
                            grid_current: None,
                        },
                        RATED,
                    )
                    .unwrap();
                    assert!(
                        (found.t_open_s.unwrap() - open).abs() <= 1.5 / rate,
                        "{found:?} {open}"
                    );
                    if end == End::Never {
                        assert_eq!(found.t_cease_s, None);
                        continue;
                    }
                    let error = found.t_cease_s.unwrap_or(9.0) - cut;
                    // The envelope counts until 1 % of rated.
                    let error = match end {
                        End::Ramp(length) => error + length * 0.01 / power,
                        End::Exponential(tau) => error - tau * (power / 0.01).ln(),
                        End::FilterTail(amps) => {
                            error - 6.4e-3 * (amps / (0.01 * RATED)).ln().max(0.0)
                        }
                        End::Cut | End::Restart | End::SensorTail | End::Never => error,
                    }
                    .abs();
                    worst = worst.max(error - hidden(end, rate, sigma));
                    all += 1;
                    covered += usize::from(error <= found.uncertainty_s.unwrap());
                    if error > 1e-3 {
                        println!(
                            "  case {end:?} rate {rate} db {db} power {power} {:?} true {cut}",
                            found.t_cease_s
                        );
                    }
                    assert_eq!(found.restarts, u32::from(end == End::Restart));
                }
                println!(
                    "| {end:?} | {rate} | {db} dB {bits} bit | {:.3} |",
                    worst * 1e3
                );
                assert!(worst < 1e-3, "{end:?} {rate} {db}: {worst}");
            }
        }
    }
    println!("{covered} of {all} within U");
    assert!(covered * 100 >= all * 93, "{covered} of {all}");
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Volts(f64),
    VoltsRamp(f64, f64),
    Hz(f64),
    HzRamp(f64, f64),
    Steady,
}

#[test]
fn trips() {
    let mut random = Noise(7);
    println!("| source | rate | noise | worst start, ms | worst end, ms | worst trip time, ms |");
    let sources = [
        Source::Volts(0.0),
        Source::Volts(0.3),
        Source::Volts(0.77),
        Source::Volts(0.9),
        Source::Volts(1.08),
        Source::Volts(1.16),
        Source::Volts(1.2),
        Source::VoltsRamp(1.2, 2.0),
        Source::VoltsRamp(0.75, -0.5),
        Source::VoltsRamp(0.2, -8.0),
        Source::VoltsRamp(1.16, 0.2),
        Source::Hz(52.1),
        Source::Hz(46.9),
        Source::Hz(55.0),
        Source::Hz(50.6),
        Source::HzRamp(52.5, 4.0),
        Source::HzRamp(46.5, -2.0),
        Source::HzRamp(51.5, 1.0),
        Source::HzRamp(50.9, 0.5),
        Source::HzRamp(47.5, -10.0),
        Source::Steady,
    ];
    let mut failures = 0;
    for source in sources {
        for (rate, cases) in [(10_000.0, 4), (50_000.0, 1)] {
            for (db, bits) in [(0.0, 16), (60.0, 12), (40.0, 10)] {
                let (mut start, mut stop, mut time) = (0.0_f64, 0.0_f64, 0.0_f64);
                for case in 0..cases {
                    let event = 0.5 + 0.1 * random.uniform();
                    let trip_time = 0.1 + 1.2 * random.uniform();
                    let f0 = 50.0 + 0.1 * (random.uniform() - 0.5);
                    let phase = random.uniform();
                    let turns = |t: f64| {
                        let since = (t - event).max(0.0);
                        f0 * t
                            + phase
                            + match source {
                                Source::Hz(f) => (f - 50.0) * since,
                                Source::HzRamp(f, slope) => {
                                    let until = (f - 50.0) / slope;
                                    0.5 * slope * since.min(until).powi(2)
                                        + (f - 50.0) * (since - until).max(0.0)
                                }
                                Source::Volts(_) | Source::VoltsRamp(..) | Source::Steady => 0.0,
                            }
                    };
                    let amplitude = |t: f64| {
                        let since = (t - event).max(0.0);
                        match source {
                            Source::Volts(pu) if t >= event => pu,
                            Source::VoltsRamp(pu, slope) => {
                                let v = 1.0 + slope * since;
                                if slope > 0.0 { v.min(pu) } else { v.max(pu) }
                            }
                            Source::Volts(_)
                            | Source::Hz(_)
                            | Source::HzRamp(..)
                            | Source::Steady => 1.0,
                        }
                    };
                    let length = 3.2;
                    let noise = |rms: f64| {
                        if db > 0.0 {
                            rms * 10_f64.powf(-db / 20.0)
                        } else {
                            0.0
                        }
                    };
                    let volts =
                        sampled(rate, length, noise(230.0), bits, 600.0, &mut random, |t| {
                            let a = TAU * turns(t);
                            SQRT2 * 230.0 * amplitude(t) * (a.sin() + 0.015 * (5.0 * a).sin())
                        });
                    let power = if case % 2 == 0 { 0.5 } else { 1.0 };
                    let cut = event + trip_time;
                    let amps = sampled(
                        rate,
                        length,
                        noise(RATED * power),
                        bits,
                        40.0,
                        &mut random,
                        |t| {
                            if source != Source::Steady && t >= cut {
                                0.0
                            } else {
                                SQRT2 * RATED * power * (TAU * turns(t)).sin()
                            }
                        },
                    );
                    let channel = |samples| Channel64 {
                        samples,
                        rate_hz: rate,
                    };
                    let found = trip(&channel(&volts), &channel(&amps), RATED).unwrap();
                    let word = match source {
                        Source::Volts(_) => TripEvent::VoltageStep,
                        Source::VoltsRamp(..) => TripEvent::VoltageRamp,
                        Source::Hz(_) => TripEvent::FrequencyStep,
                        Source::HzRamp(..) => TripEvent::FrequencyRamp,
                        Source::Steady => TripEvent::None,
                    };
                    if found.event != word {
                        println!("  WRONG EVENT {source:?} {rate} {db}: {found:?}");
                        failures += 1;
                    }
                    if source == Source::Steady {
                        assert_eq!((found.t_interrupt_s, found.t_event_s), (None, None));
                        continue;
                    }
                    let a = found.t_event_s.unwrap_or(9.0) - event;
                    let b = found.t_interrupt_s.unwrap_or(9.0) - cut;
                    let c = found.trip_time_s.unwrap_or(9.0) - trip_time;
                    // What noise leaves visible: U says it.
                    let allowed = 1e-3_f64.max(if db == 40.0 {
                        1.6 * found.uncertainty_s.unwrap_or(0.0)
                    } else {
                        0.0
                    });
                    if c.abs() > allowed {
                        failures += 1;
                        println!(
                            "  OFF {source:?} {rate} {db}: start {:.2} ms end {:.2} ms U {:?}",
                            a * 1e3,
                            b * 1e3,
                            found.uncertainty_s
                        );
                    }
                    (start, stop, time) =
                        (start.max(a.abs()), stop.max(b.abs()), time.max(c.abs()));
                }
                println!(
                    "| {source:?} | {rate} | {db} dB {bits} bit | {:.3} | {:.3} | {:.3} |",
                    start * 1e3,
                    stop * 1e3,
                    time * 1e3
                );
            }
        }
    }
    assert_eq!(failures, 0);
}

/// A contact of either kind shows the opening; one that shows none leaves it open, whatever the
/// voltage does.
#[test]
fn the_contact_alone_decides_where_the_switch_opens() {
    const RATE: f64 = 10_000.0;
    let wave = |k: usize| (std::f64::consts::TAU * 50.0 * k as f64 / RATE).sin();
    let current: Vec<f64> = (0..10_000)
        .map(|k| if k < 3_500 { 30.0 * wave(k) } else { 0.0 })
        .collect();
    let voltage: Vec<f64> = (0..10_000)
        .map(|k| if k < 3_500 { 325.0 * wave(k) } else { 0.0 })
        .collect();
    let analysed = |contact: &dyn Fn(usize) -> f64| {
        let contact: Vec<f64> = (0..10_000).map(contact).collect();
        let channel = |samples| Channel64 {
            samples,
            rate_hz: RATE,
        };
        let channels = RunOnChannels {
            current: channel(&current),
            switch: Some(channel(&contact)),
            voltage: Some(channel(&voltage)),
            grid_current: None,
        };
        run_on(&channels, 21.7).expect("good channels")
    };
    let high = |is: bool| if is { 5.0 } else { 0.0 };
    for (contact, noted) in [
        (
            (&|k: usize| high(k < 3_000)) as &dyn Fn(usize) -> f64,
            false,
        ),
        (&|k: usize| high(k >= 3_000), true),
        // it bounces for half a millisecond
        (&|k: usize| high(k >= 3_000 && k != 3_003), true),
    ] {
        let found = analysed(contact);
        let open = found.t_open_s.expect("an edge");
        assert!((open - 0.29995).abs() < 1e-9, "{open}");
        assert_eq!(found.opened_by, Some("switch"));
        assert_eq!(found.note.is_some(), noted, "{:?}", found.note);
        assert!((found.run_on_s.expect("a run-on") - 0.05).abs() < 1e-3);
    }
    for contact in [(&|_: usize| 5.0) as &dyn Fn(usize) -> f64, &|k| {
        high((1_000..2_000).contains(&k) || k >= 3_000) - 10.0
    }] {
        let found = analysed(contact);
        if let Some(open) = found.t_open_s {
            // a fall is the opening, be it early
            assert!((open - 0.19995).abs() < 1e-9, "{open}");
        } else {
            assert_eq!(found.run_on_s, None);
            assert!(found.note.is_some_and(|note| note.contains("no opening")));
        }
    }
}
