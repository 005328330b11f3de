//! Coverage of ±U for times: the instants lie anywhere between samples and within the cycle.
//! What is dominated by one bound is covered as often as the rest: U has a factor of its own.

use gridproof_measure::analyze::{
    Channel64, EventAccuracy, Marks, RunOnChannels, run_on, run_on_with, step_response, transfer,
    transfer_with, trip,
};

use gridproof_model::record::Accuracy;

use super::bench::{Noise, TAU};

const RATE: f64 = 10_000.0;
const DRAWS: u32 = 1200;

/// Share of the draws in which the truth lies inside ±U, %.
fn share(name: &str, mut inside: impl FnMut() -> Option<(f64, f64, f64)>) -> f64 {
    let (mut hits, mut found) = (0, 0);
    let mut worst = 0.0_f64;
    for _ in 0..DRAWS {
        if let Some((value, u, truth)) = inside() {
            found += 1;
            hits += u32::from((value - truth).abs() <= u);
            worst = worst.max((value - truth).abs() / u);
        }
    }
    let covered = 100.0 * f64::from(hits) / f64::from(DRAWS);
    println!("{name}: {covered:.1} % inside U, worst {worst:.2} U, found {found}");
    covered
}

fn channel(samples: &[f64]) -> Channel64<'_> {
    Channel64 {
        samples,
        rate_hz: RATE,
    }
}

fn sampled(
    random: &mut Noise,
    seconds: f64,
    sigma: f64,
    step: f64,
    of: impl Fn(f64) -> f64,
) -> Vec<f64> {
    (0..(seconds * RATE) as usize)
        .map(|k| {
            let x = of(k as f64 / RATE) + sigma * random.gauss();
            (x / step).round() * step
        })
        .collect()
}

/// An instant in the cycle at which a 50 Hz sine is far from zero.
fn visible(random: &mut Noise, near: f64) -> f64 {
    let half = (near * 100.0).floor() / 100.0;
    half + 0.01 * (0.15 + 0.7 * random.uniform())
}

#[test]
fn transfer_times() {
    let mut random = Noise(3);
    let covered = share("transfer", || {
        let start = visible(&mut random, 0.12);
        let gap = 0.002 + 0.015 * random.uniform();
        // The first visible instant that leaves a gap of 2 ms.
        let mut end = visible(&mut random, start + gap);
        if end < start + 0.002 {
            end += 0.01;
        }
        let volts = sampled(&mut random, 0.3, 1.0, 0.2, |t| {
            let v = 325.0 * (TAU * 50.0 * t).sin();
            if t >= start && t < end { 0.0 } else { v }
        });
        let found = transfer(&channel(&volts), None, 230.0).ok()?;
        Some((found.transfer_time_s?, found.uncertainty_s?, end - start))
    });
    assert!((93.0..=97.0).contains(&covered), "{covered}");
}

#[test]
fn run_on_times() {
    let mut random = Noise(4);
    let covered = share("run-on", || {
        let open = 0.1 + 0.02 * random.uniform();
        let near = 0.25 + 0.1 * random.uniform();
        let cease = visible(&mut random, near);
        let amps = sampled(&mut random, 0.7, 0.02, 0.01, |t| {
            if t < cease {
                30.0 * (TAU * 50.0 * t).sin()
            } else {
                0.0
            }
        });
        let contact = sampled(&mut random, 0.7, 0.0, 1.0, |t| {
            f64::from(u8::from(t < open))
        });
        let channels = RunOnChannels {
            current: channel(&amps),
            switch: Some(channel(&contact)),
            voltage: None,
            grid_current: None,
        };
        let found = run_on(&channels, 21.7).ok()?;
        Some((found.run_on_s?, found.uncertainty_s?, cease - open))
    });
    assert!((93.0..=97.0).contains(&covered), "{covered}");
}

#[test]
fn trip_times() {
    let mut random = Noise(5);
    let covered = share("trip", || {
        let event = visible(&mut random, 0.12);
        let near = 0.25 + 0.1 * random.uniform();
        let cease = visible(&mut random, near);
        let volts = sampled(&mut random, 0.7, 1.0, 0.2, |t| {
            let v = 325.0 * (TAU * 50.0 * t).sin();
            if t < event { v } else { 1.2 * v }
        });
        let amps = sampled(&mut random, 0.7, 0.02, 0.01, |t| {
            if t < cease {
                30.0 * (TAU * 50.0 * t).sin()
            } else {
                0.0
            }
        });
        let found = trip(&channel(&volts), &channel(&amps), 21.7).ok()?;
        Some((found.trip_time_s?, found.uncertainty_s?, cease - event))
    });
    assert!((93.0..=97.0).contains(&covered), "{covered}");
}

#[test]
fn response_times() {
    let mut random = Noise(6);
    let covered = share("T90", || {
        let tau = 1.0 + 2.0 * random.uniform();
        let samples: Vec<f64> = (0..3000)
            .map(|k| {
                let t = f64::from(k) / 100.0 - 4.0;
                let y = if t < 0.0 {
                    0.0
                } else {
                    2000.0 * (1.0 - (-t / tau).exp())
                };
                y + 10.0 * random.gauss()
            })
            .collect();
        let response = Channel64 {
            samples: &samples,
            rate_hz: 100.0,
        };
        let found = step_response(&response, &Marks::Times(&[4.0]), Some(5000.0)).ok()?;
        let step = found.steps.first()?;
        Some((step.t90_s?, step.uncertainty_s?, tau * 10.0_f64.ln()))
    });
    assert!((93.0..=97.0).contains(&covered), "{covered}");
}

/// What the budget says of an inaccurate channel is what that inaccuracy does.
#[test]
fn accuracy_of_the_channels() {
    let mut random = Noise(8);
    let (open, cut, tau, gain) = (0.1, 0.25, 0.01, 0.03);
    let wave = |t: f64| 30.0 * (TAU * 50.0 * t).sin();
    let amps = sampled(&mut random, 0.7, 0.0, 1e-4, |t| {
        wave(t)
            * if t < cut {
                1.0
            } else {
                ((cut - t) / tau).exp()
            }
    });
    let contact = sampled(&mut random, 0.7, 0.0, 1.0, |t| {
        f64::from(u8::from(t < open))
    });
    let level = Some(Accuracy {
        of_reading: gain,
        of_range: 0.0,
        range: 0.0,
    });
    let accuracy = EventAccuracy {
        level,
        start_s: 3e-4,
        end_s: 2e-4,
    };
    let at = |gain: f64| {
        let amps: Vec<f64> = amps.iter().map(|x| x * (1.0 + gain)).collect();
        let channels = RunOnChannels {
            current: channel(&amps),
            switch: Some(channel(&contact)),
            voltage: None,
            grid_current: None,
        };
        (
            run_on(&channels, 21.7).unwrap(),
            run_on_with(&channels, 21.7, &accuracy).unwrap(),
        )
    };
    let (plain, known) = at(0.0);
    let line = |source: &str| {
        let found = known.budget.iter().find(|line| line.source == source);
        found.unwrap().u * 3.0_f64.sqrt()
    };
    let moved = at(gain).0.t_cease_s.unwrap() - plain.t_cease_s.unwrap();
    let stated = line("gain and offset of the current, end");
    assert!((moved - tau * gain).abs() < 0.05 * moved, "{moved}");
    assert!((stated - moved).abs() < 0.05 * moved, "{stated} {moved}");
    assert!((line("channel time, start") - 3e-4).abs() < 1e-9);
    assert!((line("channel time, end") - 2e-4).abs() < 1e-9);
    assert!(known.uncertainty_s > plain.uncertainty_s);

    // A voltage that comes back slowly reaches the limit later where it reads too little.
    let volts = sampled(&mut random, 0.4, 0.0, 0.01, |t| {
        let back = ((t - 0.125) / 0.1).clamp(0.0, 1.0);
        let v = 325.0 * (TAU * 50.0 * t).sin();
        if t < 0.105 { v } else { v * back }
    });
    let u = |known: &EventAccuracy| {
        let found = transfer_with(&channel(&volts), None, 230.0, known).unwrap();
        found.uncertainty_s.unwrap()
    };
    assert!(u(&accuracy) > u(&EventAccuracy::default()));
}
