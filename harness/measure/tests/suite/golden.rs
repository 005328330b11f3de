//! DUTs and records beside the golden table (`golden_table`): whole cases judged from waveforms.
//! Those judged from readings are in `golden_readings`.

use gridproof_model::case::{CaseSpec, CurveKind};
use gridproof_model::record::Acquisition;
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::{DecisionRule, Mark, Verdict};

use super::bench::{case, data, judge};
use super::islands::{Island, island_spec};
use super::responses::{Drm, Step};
use super::transfers::{Shape, spec as transfer_spec};
use super::trips::Trip;

use Verdict::{Error, Fail, Inconclusive, Pass};

pub(crate) fn check(table: &[(&str, Verdict, CaseResult)]) {
    for (name, expected, result) in table {
        assert_eq!(
            result.verdict, *expected,
            "{name}: {}\n{:#?}",
            result.reason, result.criteria
        );
        assert_eq!(
            result.reason.is_empty(),
            *expected == Pass,
            "{name}: `{}`",
            result.reason
        );
    }
}

#[test]
fn curve_steps() {
    let run = |step: Step| judge(step.spec(), vec![step.capture()], Vec::new());
    let var = Step::default();
    let watt = Step {
        kind: CurveKind::VoltWatt,
        to: 258.0,
        y0: 1.0,
        y1: 0.4286,
        ..var
    };
    // −0.6 at 258 V; ±2.3 V is 0.0767 on the slope, 0.04 beyond: inside down to −0.4833.
    let inside = Step {
        y1: -0.4833 - 0.001,
        tau: 0.5,
        ..var
    };
    let outside = Step {
        y1: -0.4833 + 0.001,
        tau: 0.5,
        ..var
    };
    check(&[
        ("perfect", Pass, run(var)),
        (
            "instant",
            Pass,
            run(Step {
                delay: 0.0,
                tau: 0.02,
                ..var
            }),
        ),
        ("dead", Fail, run(Step { y1: 0.0, ..var })),
        ("late", Fail, run(Step { delay: 1.2, ..var })),
        (
            "late, borderline inside",
            Inconclusive,
            run(Step {
                delay: 0.970,
                ..var
            }),
        ),
        (
            "late, borderline outside",
            Inconclusive,
            run(Step {
                delay: 0.985,
                ..var
            }),
        ),
        ("slow", Fail, run(Step { tau: 9.0, ..var })),
        ("offset", Fail, run(Step { y1: -0.44, ..var })),
        ("wrong slope", Fail, run(Step { y1: -0.3, ..var })),
        ("wrong sign", Fail, run(Step { y1: 0.6, ..var })),
        (
            "noisy but good",
            Pass,
            run(Step {
                ripple: 0.002,
                ..var
            }),
        ),
        ("level borderline inside", Inconclusive, run(inside)),
        ("level borderline outside", Inconclusive, run(outside)),
        ("volt-watt perfect", Pass, run(watt)),
        ("volt-watt dead", Fail, run(Step { y1: 1.0, ..watt })),
        (
            "volt-watt wrong sign",
            Fail,
            run(Step {
                y0: 0.8,
                y1: 1.2,
                ..watt
            }),
        ),
        (
            "low side",
            Pass,
            run(Step {
                to: 207.0,
                y1: 0.44,
                ..var
            }),
        ),
        (
            "inside the dead band",
            Pass,
            run(Step {
                to: 235.0,
                y1: 0.0,
                ..var
            }),
        ),
    ]);
}

#[test]
fn transfers() {
    let run = |shape: Shape| judge(transfer_spec(0.010), vec![shape.capture()], Vec::new());
    let good = Shape::default();
    check(&[
        ("perfect", Pass, run(good)),
        ("unbroken", Pass, run(Shape { gap: 0.0, ..good })),
        ("dead after", Fail, run(Shape { gap: 1.0, ..good })),
        (
            "dead always",
            Fail,
            run(Shape {
                angle: 0.0,
                load: 0.0,
                after: 0.0,
                gap: 9.0,
                detect: -9.0,
                ..good
            }),
        ),
        ("late", Fail, run(Shape { gap: 13e-3, ..good })),
        ("settles low", Fail, run(Shape { after: 0.8, ..good })),
        ("phase jump", Pass, run(Shape { jump: 40.0, ..good })),
        (
            "noisy but good",
            Pass,
            run(Shape {
                sigma: 1.0,
                gap: 8e-3,
                ..good
            }),
        ),
        (
            "borderline inside",
            Inconclusive,
            run(Shape {
                gap: 9.999e-3,
                angle: 77.8,
                ..good
            }),
        ),
        (
            "borderline outside",
            Inconclusive,
            run(Shape {
                gap: 10.001e-3,
                angle: 67.8,
                ..good
            }),
        ),
        (
            "no stimulus",
            Inconclusive,
            run(Shape {
                gap: 0.0,
                grid_vanishes: false,
                ..good
            }),
        ),
        (
            "load missing",
            Inconclusive,
            run(Shape {
                load: 100.0,
                ..good
            }),
        ),
    ]);
}

#[test]
fn islands() {
    let run = |island: Island| judge(island_spec(2.0), vec![island.capture()], Vec::new());
    let good = Island::default();
    check(&[
        ("perfect", Pass, run(good)),
        ("late", Fail, run(Island { cut: 2.3, ..good })),
        ("never", Fail, run(Island { cut: 9.0, ..good })),
        ("dead", Fail, run(Island { amps: 0.0, ..good })),
        ("stopped before", Fail, run(Island { cut: -0.2, ..good })),
        (
            "restarts too late",
            Fail,
            run(Island {
                restart: (1.0, 2.2),
                ..good
            }),
        ),
        (
            "draws instead",
            Fail,
            run(Island {
                power_factor_angle: 180.0,
                ..good
            }),
        ),
        ("noisy but good", Pass, run(Island { sigma: 0.1, ..good })),
        (
            "load not tuned",
            Inconclusive,
            run(Island {
                source: 0.8,
                ..good
            }),
        ),
        (
            "borderline inside",
            Inconclusive,
            run(Island {
                cut: 1.9999,
                ..good
            }),
        ),
        (
            "borderline outside",
            Inconclusive,
            run(Island {
                cut: 2.0001,
                ..good
            }),
        ),
    ]);
}

#[test]
fn trips() {
    let run = |trip: Trip| judge(trip.spec(Some(1.0), 2.0), vec![trip.capture()], Vec::new());
    let good = Trip::default();
    check(&[
        ("perfect", Pass, run(good)),
        ("early", Fail, run(Trip { cut: 0.7, ..good })),
        ("late", Fail, run(Trip { cut: 2.4, ..good })),
        ("never", Fail, run(Trip { cut: 99.0, ..good })),
        ("dead", Fail, run(Trip { amps: 0.0, ..good })),
        ("stopped before", Fail, run(Trip { cut: -0.1, ..good })),
        ("noisy but good", Pass, run(Trip { sigma: 0.1, ..good })),
        (
            "borderline inside",
            Inconclusive,
            run(Trip {
                cut: 1.9999,
                ..good
            }),
        ),
        (
            "borderline outside",
            Inconclusive,
            run(Trip {
                cut: 2.0001,
                ..good
            }),
        ),
        (
            "borderline early",
            Inconclusive,
            run(Trip {
                cut: 0.9999,
                ..good
            }),
        ),
    ]);
}

#[test]
fn drms() {
    let run = |drm: Drm| judge(drm.spec(), vec![drm.capture()], Vec::new());
    let good = Drm::default();
    let zero = Drm {
        mode: 0,
        after: 0.0,
        level: (None, 0.0),
        relay_opens: true,
        ..good
    };
    let without_telltale = |drm: Drm| {
        let mut capture = drm.capture();
        capture
            .channels
            .retain(|c| c.kind != gridproof_model::capture::ChannelKind::DutRelay);
        judge(drm.spec(), vec![capture], Vec::new())
    };
    check(&[
        ("mode 0, no telltale", Pass, without_telltale(zero)),
        (
            "mode 0, no telltale, filter current",
            Fail,
            without_telltale(Drm {
                after: 0.02,
                ..zero
            }),
        ),
        ("perfect", Pass, run(good)),
        ("dead to the mode", Fail, run(Drm { after: 1.0, ..good })),
        (
            "no power before",
            Inconclusive,
            run(Drm {
                before: 0.4,
                ..good
            }),
        ),
        ("late", Fail, run(Drm { delay: 2.2, ..good })),
        (
            "late, borderline inside",
            Inconclusive,
            run(Drm {
                delay: 1.995,
                ..good
            }),
        ),
        (
            "offset",
            Fail,
            run(Drm {
                after: 0.58,
                ..good
            }),
        ),
        (
            "borderline inside",
            Inconclusive,
            run(Drm {
                after: 0.539,
                ..good
            }),
        ),
        (
            "power the other way before",
            Inconclusive,
            run(Drm {
                before: -1.0,
                ..good
            }),
        ),
        (
            "too little",
            Fail,
            run(Drm {
                level: (Some(0.4), 0.5),
                after: 0.3,
                ..good
            }),
        ),
        ("mode 0", Pass, run(zero)),
        (
            "mode 0, relay stays",
            Fail,
            run(Drm {
                relay_opens: false,
                ..zero
            }),
        ),
        (
            "charging mode",
            Pass,
            run(Drm {
                mode: 2,
                flow: gridproof_model::case::Flow::Consume,
                ..good
            }),
        ),
    ]);
}

#[test]
fn acquisitions_that_did_not_complete() {
    let judged = |acquisition: Acquisition| {
        let mut data = data(vec![Trip::default().capture()], Vec::new());
        data.acquisition = acquisition;
        gridproof_measure::judge::judge_case(&case(Trip::default().spec(Some(1.0), 2.0)), &data)
    };
    check(&[
        ("completed", Pass, judged(Acquisition::Completed)),
        (
            "not ready",
            Fail,
            judged(Acquisition::DutNotReady("no power".to_owned())),
        ),
        (
            "bench",
            Error,
            judged(Acquisition::BenchError("link".to_owned())),
        ),
        ("aborted", Verdict::Aborted, judged(Acquisition::Aborted)),
        ("not run", Verdict::NotRun, judged(Acquisition::NotRun)),
    ]);
}

#[test]
fn unconfirmed_limits_and_clipped_channels_decide_nothing() {
    for cut in [1.5, 0.5, 2.5, 99.0] {
        let trip = Trip {
            cut,
            ..Trip::default()
        };
        let mut spec = trip.spec(Some(1.0), 2.0);
        if let CaseSpec::Trip(s) = &mut spec {
            s.disconnect.mark = Mark::Unconfirmed;
        }
        assert_eq!(
            judge(spec, vec![trip.capture()], Vec::new()).verdict,
            Inconclusive
        );
    }
    let mut capture = Trip::default().capture();
    capture.channels[0].codes[4321] = 32_767;
    let result = judge(
        Trip::default().spec(Some(1.0), 2.0),
        vec![capture],
        Vec::new(),
    );
    assert_eq!(result.verdict, Inconclusive);
    assert!(result.reason.contains("clipped"), "{}", result.reason);
}

#[test]
fn the_simple_rule_takes_the_value() {
    for (cut, expected) in [(1.999, Pass), (2.001, Fail)] {
        let trip = Trip {
            cut,
            ..Trip::default()
        };
        let mut case = case(trip.spec(Some(1.0), 2.0));
        case.decision = DecisionRule::Simple;
        let result =
            gridproof_measure::judge::judge_case(&case, &data(vec![trip.capture()], Vec::new()));
        assert_eq!(result.verdict, expected, "{}", result.reason);
    }
}
