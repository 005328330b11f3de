//! Steps that nothing marks: each is found once, and timed from where the response begins.

use gridproof_measure::analyze::Marks;

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
