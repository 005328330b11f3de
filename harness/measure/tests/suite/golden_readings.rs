//! Whole cases judged from readings, beside the golden table.

use gridproof_model::case::{CaseSpec, CurveKind, CurveSweepCase, DeratingCase};
use gridproof_model::record::Reading;
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::{Mark, Verdict};

use super::bench::{Noise, judge};
use super::golden::check;
use super::responses::{frequency_watt, volt_var, volt_watt};

use Verdict::{Error, Fail, Inconclusive, Pass};

fn reading(label: &str, step: u32, stimulus: f64, watts: f64, vars: f64) -> Reading {
    Reading {
        at_s: f64::from(step),
        label: label.to_owned(),
        step,
        stimulus,
        window_s: 5.0,
        volts: stimulus,
        amps: 10.0,
        watts,
        vars,
        hz: 50.0,
    }
}

fn voltages() -> Vec<f64> {
    (200..=264).step_by(2).map(f64::from).collect()
}

/// Sweeps a DUT whose y (pu) is a function of the voltage; `noise` pu on each of three readings.
fn sweep(kind: CurveKind, noise: f64, y: impl Fn(f64) -> f64) -> CaseResult {
    let mut random = Noise(3);
    let mut readings = Vec::new();
    for (step, volts) in (0_u32..).zip(voltages()) {
        for _ in 0..3 {
            let power = 3000.0 * (y(volts) + noise * (2.0 * random.uniform() - 1.0));
            readings.push(match kind {
                CurveKind::VoltVar => reading("step", step, volts, 1500.0, power),
                CurveKind::VoltWatt | CurveKind::FrequencyWatt => {
                    reading("step", step, volts, power, 0.0)
                }
            });
        }
    }
    judge(sweep_spec(kind), Vec::new(), readings)
}

fn sweep_spec(kind: CurveKind) -> CaseSpec {
    CaseSpec::CurveSweep(CurveSweepCase {
        curve: match kind {
            CurveKind::VoltVar => volt_var(),
            CurveKind::VoltWatt => volt_watt(),
            CurveKind::FrequencyWatt => frequency_watt(),
        },
        stimuli: voltages(),
        dwell_s: 20.0,
        window_s: 5.0,
        power_w: 3000.0,
        told_response_s: None,
        held: None,
    })
}

#[test]
fn volt_var_sweeps() {
    let curve = volt_var();
    let f = |v: f64| curve.at(v);
    let run = |noise: f64, y: &dyn Fn(f64) -> f64| sweep(CurveKind::VoltVar, noise, y);
    check(&[
        ("perfect", Pass, run(0.0, &f)),
        ("dead", Fail, run(0.0, &|_| 0.0)),
        ("shifted by 6 V", Fail, run(0.0, &|v| f(v - 6.0))),
        ("offset", Fail, run(0.0, &|v| f(v) + 0.06)),
        ("offset inside", Pass, run(0.0, &|v| f(v) + 0.02)),
        ("wrong slope", Fail, run(0.0, &|v| 1.5 * f(v))),
        ("wrong sign", Fail, run(0.0, &|v| -f(v))),
        ("noisy but good", Pass, run(0.015, &f)),
        (
            "borderline inside",
            Inconclusive,
            run(0.0, &|v| f(v) + 0.0395),
        ),
        (
            "borderline outside",
            Inconclusive,
            run(0.0, &|v| f(v) + 0.0405),
        ),
    ]);
}

#[test]
fn volt_watt_sweeps() {
    let curve = volt_watt();
    let f = |v: f64| curve.at(v);
    let run = |noise: f64, y: &dyn Fn(f64) -> f64| sweep(CurveKind::VoltWatt, noise, y);
    check(&[
        ("perfect", Pass, run(0.0, &f)),
        ("dead", Fail, run(0.0, &|_| 0.0)),
        ("ignores the curve", Fail, run(0.0, &|_| 1.0)),
        ("late by 5 V", Fail, run(0.0, &|v| f(v - 5.0))),
        ("early by 5 V", Fail, run(0.0, &|v| f(v + 5.0))),
        ("offset", Fail, run(0.0, &|v| f(v) - 0.06)),
        ("wrong slope", Fail, run(0.0, &|v| 1.0 - 0.5 * (1.0 - f(v)))),
        ("wrong sign", Fail, run(0.0, &|v| 2.0 - f(v))),
        ("noisy but good", Pass, run(0.015, &f)),
        (
            "borderline inside",
            Inconclusive,
            run(0.0, &|v| f(v) + 0.0395),
        ),
        (
            "borderline outside",
            Inconclusive,
            run(0.0, &|v| f(v) + 0.0405),
        ),
    ]);
}

#[test]
fn sweeps_that_are_not_complete() {
    let all: Vec<Reading> = (0_u32..)
        .zip(voltages())
        .map(|(k, v)| reading("step", k, v, 0.0, 3000.0 * volt_var().at(v)))
        .collect();
    let spec = || sweep_spec(CurveKind::VoltVar);
    let missing: Vec<_> = all.iter().filter(|r| r.step != 7).cloned().collect();
    let mut elsewhere = all.clone();
    elsewhere[5].volts += 8.0;
    elsewhere[5].vars = 3000.0 * volt_var().at(elsewhere[5].volts);
    let mut unconfirmed = spec();
    if let CaseSpec::CurveSweep(s) = &mut unconfirmed {
        s.curve.mark = Mark::Unconfirmed;
    }
    check(&[
        ("all", Pass, judge(spec(), Vec::new(), all.clone())),
        ("one missing", Error, judge(spec(), Vec::new(), missing)),
        ("none", Error, judge(spec(), Vec::new(), Vec::new())),
        (
            "source elsewhere",
            Inconclusive,
            judge(spec(), Vec::new(), elsewhere),
        ),
        (
            "unconfirmed curve",
            Inconclusive,
            judge(unconfirmed, Vec::new(), all),
        ),
    ]);
}

fn derate(pu: [f64; 4]) -> CaseResult {
    derate_by(Mark::S, pu)
}

fn derate_by(mark: Mark, pu: [f64; 4]) -> CaseResult {
    derate_in([0.2; 4], mark, pu)
}

/// In a chamber that is so many K beside the temperatures of the case.
fn derate_in(off_k: [f64; 4], mark: Mark, pu: [f64; 4]) -> CaseResult {
    let ambient_c = vec![25.0, 40.0, 45.0, 55.0];
    let readings = (0_u32..)
        .zip(&ambient_c)
        .zip(off_k.into_iter().zip(pu))
        .map(|((k, &t), (off, y))| reading("soak", k, t + off, 3000.0 * y, 0.0))
        .collect();
    let spec = CaseSpec::Derating(DeratingCase {
        ambient_c,
        start_c: 45.0,
        full_pu: 0.97,
        reduction_pu: 0.05,
        soak_s: 1800.0,
        window_s: 5.0,
        mark,
        origin: "manual".to_owned(),
    });
    judge(spec, Vec::new(), readings)
}

#[test]
fn deratings() {
    check(&[
        ("perfect", Pass, derate([1.0, 1.0, 1.0, 0.8])),
        ("dead", Fail, derate([0.0, 0.0, 0.0, 0.0])),
        ("never derates", Fail, derate([1.0, 1.0, 1.0, 1.0])),
        ("early", Fail, derate([1.0, 1.0, 0.9, 0.7])),
        ("wrong sign", Fail, derate([-1.0, -1.0, -1.0, -0.8])),
        ("noisy but good", Pass, derate([1.004, 0.998, 0.997, 0.803])),
        (
            "borderline inside",
            Inconclusive,
            derate([1.0, 1.0, 0.971, 0.8]),
        ),
        (
            "borderline outside",
            Inconclusive,
            derate([1.0, 1.0, 0.969, 0.8]),
        ),
        (
            "perfect in a chamber that is too hot",
            Inconclusive,
            derate_in([0.2, 0.2, 3.0, 0.2], Mark::S, [1.0, 1.0, 0.9, 0.8]),
        ),
        (
            "never derates in a chamber that is too cold",
            Inconclusive,
            derate_in([0.2, 0.2, 0.2, -3.0], Mark::S, [1.0, 1.0, 1.0, 1.0]),
        ),
        (
            "perfect in a chamber that is a little off",
            Pass,
            derate_in([-1.8, 1.8, 0.2, 1.8], Mark::S, [1.0, 1.0, 1.0, 0.8]),
        ),
        (
            "unconfirmed temperature, perfect",
            Inconclusive,
            derate_by(Mark::Unconfirmed, [1.0, 1.0, 1.0, 0.8]),
        ),
        (
            "unconfirmed temperature, never derates",
            Inconclusive,
            derate_by(Mark::Unconfirmed, [1.0, 1.0, 1.0, 1.0]),
        ),
        (
            "derating borderline",
            Inconclusive,
            derate([1.0, 1.0, 1.0, 0.951]),
        ),
    ]);
}
