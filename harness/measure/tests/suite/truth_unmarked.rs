//! Steps that nothing marks: each is found once, and timed from where the response begins.

use gridproof_measure::analyze::{Channel64, Marks, StepFigures, step_response};

use super::bench::Noise;
use super::truth_steps::{KINDS, Record};

#[test]
fn unmarked_steps_are_found_once_and_timed() {
    println!(
        "| family | records, other number | steps | begin rms, % T90 | T90 over 5 % | begin, T90 inside U, % |"
    );
    for (kind, name) in KINDS.iter().enumerate().take(5) {
        let mut random = Noise(77_000 + kind as u64);
        let (mut records, mut miscounted) = (0, 0);
        let (mut steps, mut beyond, mut squares) = (0, 0, 0.0);
        let mut inside = [0, 0];
        while records < 50 {
            let record = Record::draw(kind, &mut random);
            if !record.has_large_steps() {
                continue;
            }
            records += 1;
            let found = record.analysed_by(&Marks::Response);
            if found.len() != record.times.len() {
                miscounted += 1;
                continue;
            }
            for (n, step) in found.iter().enumerate() {
                let begins = record.begins(n);
                let truth = record.t90(n) - begins;
                let Some(t90) = step.t90_s else { continue };
                if truth <= 0.0 {
                    continue;
                }
                steps += 1;
                let late = step.t_step_s - record.times[n] - begins;
                squares += (late / truth).powi(2);
                let u = step.commence_uncertainty_s.unwrap_or(0.0) + 1e-9;
                inside[0] += u32::from(late.abs() <= u);
                beyond += u32::from((t90 / truth - 1.0).abs() > 0.05);
                inside[1] += u32::from((t90 - truth).abs() <= step.uncertainty_s.unwrap() + 1e-9);
            }
        }
        let share = |n: u32| 100.0 * f64::from(n) / f64::from(steps);
        println!(
            "| {name} | {records}, {miscounted} | {steps} | {:.1} | {:.1} % | {:.1}, {:.1} |",
            100.0 * (squares / f64::from(steps)).sqrt(),
            share(beyond),
            share(inside[0]),
            share(inside[1]),
        );
        assert!(miscounted <= 1, "{name}: {miscounted}");
        assert!(share(beyond) < 12.0, "{name}: {beyond} of {steps}");
        assert!(
            inside.iter().all(|n| share(*n) > 88.0),
            "{name}: {inside:?}"
        );
    }
}

/// Steps of `value` over 60 s, 100 samples a second.
fn steps_of(value: impl Fn(f64) -> f64, marks: &Marks<'_>) -> Vec<StepFigures> {
    let samples: Vec<f64> = (0..6000).map(|k| value(0.01 * f64::from(k))).collect();
    let channel = Channel64 {
        samples: &samples,
        rate_hz: 100.0,
    };
    step_response(&channel, marks, None).unwrap().steps
}

/// What is held begins with the first update that shows it, although the shape through the updates
/// begins where the step was, right after the update before.
#[test]
fn what_is_held_begins_with_an_update() {
    let held = |t: f64| {
        let since = ((t - 20.75) / 0.8).floor() * 0.8 + 0.75;
        1000.0 * (1.0 - (-since.max(0.0) / 2.0).exp())
    };
    let found = steps_of(held, &Marks::Response);
    assert_eq!(found.len(), 1);
    assert!((found[0].t_step_s - 20.75).abs() < 0.011, "{found:?}");
}

/// Between two steps of the converter a tail at rest is off by up to half of one from every shape.
#[test]
fn a_ringing_without_noise_is_timed_by_its_shape() {
    let quantum = 15.6;
    let ringing = |t: f64| {
        let (t, w, z) = ((t - 20.0).max(0.0), 2.2, 0.3_f64);
        let d = w * (1.0 - z * z).sqrt();
        let value =
            2000.0 * (1.0 - (-z * w * t).exp() * ((d * t).cos() + z * w / d * (d * t).sin()));
        ((value + 1000.3) / quantum).round() * quantum
    };
    let found = steps_of(ringing, &Marks::Times(&[20.0]));
    assert!(
        found[0].commence_uncertainty_s.is_some_and(|u| u < 0.05),
        "{found:?}"
    );
    assert!(
        (found[0].t_commence_s.unwrap() - 20.0).abs() < 0.02,
        "{found:?}"
    );
}
