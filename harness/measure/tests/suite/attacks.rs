//! Attempts to make something bad pass: each one is a DUT or a record that a careless judge lets
//! through.

use gridproof_measure::judge::judge_case;
use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::case::{CaseSpec, Curve, CurveKind, CurveSweepCase, TripQuantity};
use gridproof_model::record::Reading;
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::{DecisionRule, Mark, Verdict};

use super::bench::{Recorder, SQRT2, TAU, case, data, judge, sine, verdict_of};
use super::islands::{Island, island_spec};
use super::responses::{Drm, Step, frequency_watt, volt_var, volt_watt};
use super::transfers::{Shape, spec as transfer_spec};
use super::trips::Trip;

use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass};

/// A volt-var step of 230 V to 258 V (or `to`) with Q (pu) as any function of time.
fn answering(to: f64, seconds: f64, q: impl Fn(f64) -> f64) -> CaseResult {
    let step = Step {
        to,
        ..Step::default()
    };
    let volts = move |t: f64| if t < 0.0 { 230.0 } else { to };
    judge(step.spec(), vec![recorded(seconds, volts, q)], Vec::new())
}

/// The same of 230 V to 258 V with any voltage.
fn stepped(seconds: f64, volts: impl Fn(f64) -> f64, q: impl Fn(f64) -> f64) -> CaseResult {
    let capture = recorded(seconds, volts, q);
    judge(Step::default().spec(), vec![capture], Vec::new())
}

fn recorded(seconds: f64, volts: impl Fn(f64) -> f64, q: impl Fn(f64) -> f64) -> Capture {
    let volts = &volts;
    Recorder::new(5_000.0, 1.0, seconds)
        .volts(ChannelKind::GridVoltage, move |t| sine(volts(t), 20.0, t))
        .amps(ChannelKind::DutCurrent, move |t| {
            let angle = TAU * 50.0 * t + 20_f64.to_radians();
            SQRT2 * (8.0 * angle.sin() - q(t) * 3000.0 / volts(t) * angle.cos())
        })
        .contact(ChannelKind::SourceTrigger, |t| (0.0..0.005).contains(&t))
        .capture("step")
}

fn good(t: f64) -> f64 {
    Step::default().at(t)
}

#[test]
fn an_output_that_never_moves_is_no_response() {
    // Exactly what 258 V asks for, at all times.
    let stuck = answering(258.0, 12.0, |_| -0.6);
    assert_eq!(stuck.verdict, Fail);
    assert_eq!(
        verdict_of(&stuck, "Q before the step inside the corridor"),
        Fail
    );
    // Nothing, where the curve asks for nothing: right, but no response was timed.
    let dead_band = answering(235.0, 12.0, |_| 0.0);
    assert_eq!(verdict_of(&dead_band, "commencement"), NotApplicable);
    assert_eq!(verdict_of(&dead_band, "completion"), NotApplicable);
}

#[test]
fn a_band_that_is_left_again_was_not_kept() {
    let leaves = |from: f64, to: f64| {
        answering(
            258.0,
            12.0,
            move |t| {
                if t > from && t < to { -0.3 } else { good(t) }
            },
        )
    };
    assert_eq!(leaves(20.0, 21.0).verdict, Pass);
    assert_eq!(leaves(5.0, 10.5).verdict, Fail);
    assert_eq!(leaves(11.0, 99.0).verdict, Fail);
    // A glitch in a step that asks for nothing counts as well.
    let glitch = answering(235.0, 12.0, |t| {
        if (8.0..11.0).contains(&t) { 0.3 } else { 0.0 }
    });
    assert_eq!(glitch.verdict, Fail);
    // One that is over long before the end, but after the time a response may take.
    let late = answering(235.0, 30.0, |t| {
        if (10.5..11.5).contains(&t) { 0.3 } else { 0.0 }
    });
    assert_eq!(verdict_of(&late, "settled Q inside the corridor"), Pass);
    assert_eq!(verdict_of(&late, "completion"), Fail);
    // Inside on the mean of the end, gone when the record ends.
    let gone = answering(258.0, 12.0, |t| if t > 11.9 { 0.0 } else { good(t) });
    assert_eq!(verdict_of(&gone, "settled Q inside the corridor"), Pass);
    assert_eq!(verdict_of(&gone, "commencement"), Fail);
}

#[test]
fn swinging_through_the_corridor_is_not_being_inside() {
    let swings = answering(258.0, 12.0, |t| good(t) + 0.3 * (TAU * 0.7 * t).sin());
    assert!(swings.verdict != Pass, "{}", swings.reason);
    let after = answering(258.0, 12.0, |t| {
        good(t)
            + if t > 3.0 {
                0.3 * (TAU * 0.7 * t).sin()
            } else {
                0.0
            }
    });
    assert_eq!(after.verdict, Fail);
}

#[test]
fn ripple_before_the_step_does_not_excuse_a_late_start() {
    let late = answering(258.0, 12.0, |t| {
        if t < 0.0 {
            0.25 * (TAU * 4.0 * t).sin()
        } else if t < 3.0 {
            0.0
        } else {
            -0.6
        }
    });
    assert!(late.verdict != Pass, "{}", late.reason);
    assert_eq!(verdict_of(&late, "commencement"), Inconclusive);
}

/// A source that applies another step than that of the case, or applies it at another time: whatever
/// the DUT makes of it, the case has not been tested.
#[test]
fn another_step_than_that_of_the_case_decides_nothing() {
    let volt_var = Step::default();
    let asked = |v: f64| super::responses::volt_var().at(v);
    let volt_watt_step = Step {
        kind: CurveKind::VoltWatt,
        y0: 1.0,
        y1: volt_watt().at(258.0),
        ..volt_var
    };
    let frequency = Step {
        kind: CurveKind::FrequencyWatt,
        from: 50.0,
        to: 50.6,
        y0: 1.0,
        y1: frequency_watt().at(50.6),
        ..volt_var
    };
    let pairs = [
        (
            volt_var,
            Step {
                to: 254.0,
                y1: asked(254.0),
                ..volt_var
            },
        ),
        (
            volt_var,
            Step {
                from: 226.0,
                ..volt_var
            },
        ),
        (
            volt_watt_step,
            Step {
                to: 254.0,
                y1: volt_watt().at(254.0),
                ..volt_watt_step
            },
        ),
        (
            volt_watt_step,
            Step {
                from: 226.0,
                ..volt_watt_step
            },
        ),
        (
            frequency,
            Step {
                to: 50.5,
                y1: frequency_watt().at(50.5),
                ..frequency
            },
        ),
        (
            frequency,
            Step {
                from: 50.1,
                ..frequency
            },
        ),
    ];
    for (told, applied) in pairs {
        let run = |step: Step| judge(told.spec(), vec![step.capture()], Vec::new());
        let right = run(told);
        assert_eq!(right.verdict, Pass, "{told:?}: {}", right.reason);
        let wrong = run(applied);
        assert_eq!(wrong.verdict, Inconclusive, "{applied:?}: {}", wrong.reason);
    }
}

#[test]
fn a_step_at_another_time_than_its_trigger_decides_nothing() {
    // The DUT answers what stands at its terminals, 0.4 s behind.
    let run = |late: f64| {
        let volts = move |t: f64| if t < late { 230.0 } else { 258.0 };
        stepped(12.0, volts, move |t| good(t - late))
    };
    assert_eq!(run(0.0).verdict, Pass);
    let late = run(0.5);
    assert_eq!(late.verdict, Inconclusive, "{}", late.reason);
    assert_eq!(verdict_of(&late, "voltage just after"), Inconclusive);
    let early = run(-0.04);
    assert_eq!(early.verdict, Inconclusive, "{}", early.reason);
    assert_eq!(verdict_of(&early, "voltage just before"), Inconclusive);
}

/// Where the bench did not do its part, a good DUT looks bad: that is no fail either.
#[test]
fn a_bench_that_does_not_do_its_part_fails_no_dut() {
    let trip = |trip: Trip| trip_of(trip, |_| {});
    // Not far enough to trip, and the DUT rightly stays.
    let short = Trip {
        reached: 262.0,
        cut: 99.0,
        ..Trip::default()
    };
    // In time behind the source, which came late.
    let late = Trip {
        source_late: 0.2,
        cut: 2.1,
        ..Trip::default()
    };
    for shape in [short, late] {
        let result = trip(shape);
        assert_eq!(result.verdict, Inconclusive, "{shape:?}: {}", result.reason);
        assert_eq!(verdict_of(&result, "disconnection time"), Inconclusive);
    }
    assert_eq!(
        trip(Trip {
            cut: 2.1,
            ..Trip::default()
        })
        .verdict,
        Fail
    );
    // The port falls to twice its load.
    let gap = Shape {
        gap: 30e-3,
        load: 3000.0,
        ..Shape::default()
    };
    let run = |shape: Shape| judge(transfer_spec(0.01), vec![shape.capture()], Vec::new());
    assert_eq!(run(gap).verdict, Inconclusive);
    assert_eq!(
        run(Shape {
            load: 1500.0,
            ..gap
        })
        .verdict,
        Fail
    );
    // S1 goes on conducting: the DUT feeds the grid, not an island.
    let island = Island {
        cut: 9.0,
        ..Island::default()
    };
    let mut welded = island.capture();
    let run = |capture: Capture| judge(island_spec(2.0), vec![capture], Vec::new());
    assert_eq!(run(welded.clone()).verdict, Fail);
    for channel in &mut welded.channels {
        if channel.kind == ChannelKind::SourceCurrent {
            let closed = channel
                .codes
                .iter_mut()
                .enumerate()
                .skip(welded.trigger_index);
            for (k, code) in closed {
                *code = (sine(3.0, 0.0, k as f64 / welded.rate_hz) / channel.scale) as i16;
            }
        }
    }
    let result = run(welded);
    assert_eq!(verdict_of(&result, "S1 interrupted"), Inconclusive);
    assert_eq!(result.verdict, Inconclusive, "{}", result.reason);
}

#[test]
fn what_was_not_recorded_was_not_seen_to_stay() {
    assert_eq!(answering(258.0, 12.0, good).verdict, Pass);
    let short = answering(258.0, 8.0, good);
    assert_eq!(short.verdict, Inconclusive, "{}", short.reason);
    let drm = Drm::default();
    let mut capture = drm.capture();
    for channel in &mut capture.channels {
        // 1.8 s after the contact; the level is reached after 0.8 s.
        channel.codes.truncate(14_000);
    }
    let result = judge(drm.spec(), vec![capture], Vec::new());
    assert_eq!(result.verdict, Inconclusive, "{}", result.reason);
}

fn sweep(curve: Curve, readings: Vec<Reading>, rule: DecisionRule) -> CaseResult {
    let spec = CaseSpec::CurveSweep(CurveSweepCase {
        stimuli: vec![230.0, 262.0],
        curve,
        dwell_s: 20.0,
        window_s: 5.0,
        power_w: 3000.0,
        told_response_s: None,
        held: None,
    });
    let case = gridproof_model::case::Case {
        decision: rule,
        ..case(spec)
    };
    judge_case(&case, &data(Vec::new(), readings))
}

/// Five readings at each of 230 V and 262 V.
fn readings(of: impl Fn(f64, u8) -> (f64, f64)) -> Vec<Reading> {
    let mut all = Vec::new();
    for (step, volts) in [(0, 230.0), (1, 262.0)] {
        for k in 0..5_u8 {
            let (watts, vars) = of(volts, k);
            all.push(Reading {
                at_s: 20.0 * f64::from(step) + f64::from(k),
                label: "step".to_owned(),
                step,
                stimulus: volts,
                window_s: 0.2,
                volts,
                amps: 10.0,
                watts: 3000.0 * watts,
                vars: 3000.0 * vars,
                hz: 50.0,
            });
        }
    }
    all
}

#[test]
fn a_mean_of_swings_is_no_level() {
    let swing = |k: u8| 0.3 * (f64::from(k) - 2.0);
    for rule in [
        DecisionRule::Simple,
        DecisionRule::Guard083U,
        DecisionRule::GuardU,
    ] {
        let level = |v: f64| volt_var().at(v);
        let steady = readings(|v, _| (0.5, level(v)));
        assert_eq!(sweep(volt_var(), steady, rule).verdict, Pass);
        let swings = readings(|v, k| (0.5, level(v) + swing(k)));
        assert_eq!(sweep(volt_var(), swings, rule).verdict, Inconclusive);
    }
}

#[test]
fn part_of_a_window_is_no_mean() {
    let mut some = readings(|v, _| (0.5, volt_var().at(v)));
    some.retain(|r| r.step == 0 || r.at_s < 22.5);
    let result = sweep(volt_var(), some, DecisionRule::GuardU);
    assert_eq!(result.verdict, Error, "{}", result.reason);
}

#[test]
fn reactive_power_nobody_asked_for_excuses_no_missing_active_power() {
    let run = |watts: f64, vars: f64| {
        let all = readings(|v, _| (volt_watt().at(v).min(watts), vars));
        sweep(volt_watt(), all, DecisionRule::GuardU).verdict
    };
    assert_eq!(run(1.0, 0.0), Pass);
    // As much Q as volt-var may rightly ask for leaves 0.8 of S.
    assert_eq!(run(0.8, -0.6), Pass);
    assert_eq!(run(0.0, -1.0), Fail);
}

fn trip_of(trip: Trip, change: impl Fn(&mut Capture)) -> CaseResult {
    let mut capture = trip.capture();
    change(&mut capture);
    judge(trip.spec(Some(1.0), 2.0), vec![capture], Vec::new())
}

#[test]
fn a_trip_by_another_quantity_is_none_of_the_element() {
    // The source lets the frequency run away with the voltage: OF1 may have tripped.
    let volts = |t: f64| if t < 0.0 { 230.0 } else { 267.5 };
    let angle = |t: f64| 360.0 * 2.1 * t.max(0.0);
    let capture = Recorder::new(20_000.0, 0.3, 4.0)
        .volts(ChannelKind::GridVoltage, move |t| {
            sine(volts(t), angle(t), t)
        })
        .amps(ChannelKind::DutCurrent, move |t| {
            if t < 1.5 { sine(6.5, angle(t), t) } else { 0.0 }
        })
        .contact(ChannelKind::SourceTrigger, |t| (0.0..0.01).contains(&t))
        .capture("trip");
    let trip = Trip::default();
    let result = judge(trip.spec(Some(1.0), 2.0), vec![capture], Vec::new());
    assert_eq!(result.verdict, Inconclusive, "{}", result.reason);
    assert_eq!(verdict_of(&result, "frequency undisturbed"), Inconclusive);

    // And the voltage with the frequency.
    let hz = Trip {
        quantity: TripQuantity::Frequency,
        to: 52.1,
        reached: 52.1,
        ..Trip::default()
    };
    let result = trip_of(hz, |capture| {
        for channel in &mut capture.channels {
            if channel.kind == ChannelKind::GridVoltage {
                for code in &mut channel.codes[6_000..] {
                    *code = (f64::from(*code) * 0.7) as i16;
                }
            }
        }
    });
    assert_eq!(result.verdict, Inconclusive, "{}", result.reason);
}

#[test]
fn a_trickle_that_stops_is_no_disconnection() {
    let trickle = trip_of(
        Trip {
            amps: 0.5,
            ..Trip::default()
        },
        |_| {},
    );
    assert_eq!(trickle.verdict, Inconclusive, "{}", trickle.reason);
}

#[test]
fn a_contact_that_comes_late_shortens_no_run_on() {
    // S1's poles open 2 s before its contact: the island has drifted to 50.6 Hz by then.
    let angle = |t: f64| 360.0 * 0.6 * (t + 2.0).max(0.0);
    let capture = Recorder::new(50_000.0, 0.5, 3.0)
        .volts(ChannelKind::GridVoltage, move |t| sine(230.0, angle(t), t))
        .amps(ChannelKind::DutCurrent, move |t| {
            if t < 0.5 {
                sine(3000.0 / 230.0, angle(t), t)
            } else {
                0.0
            }
        })
        .amps(ChannelKind::SourceCurrent, |_| 0.0)
        .contact(ChannelKind::SwitchContact, |t| t < 0.0)
        .capture("island");
    let result = judge(island_spec(2.0), vec![capture], Vec::new());
    assert_eq!(result.verdict, Inconclusive, "{}", result.reason);
    assert_eq!(
        verdict_of(&result, "frequency before opening"),
        Inconclusive
    );
}

#[test]
fn no_mode_is_proven_without_power_or_by_what_came_before() {
    let zero = Drm {
        mode: 5,
        before: 0.0,
        after: 0.0,
        level: (None, 0.0),
        ..Drm::default()
    };
    let run = |drm: Drm| judge(drm.spec(), vec![drm.capture()], Vec::new());
    assert_eq!(run(zero).verdict, Inconclusive);
    let fell = Drm {
        before: 1.0,
        delay: -0.02,
        ..zero
    };
    assert_eq!(run(fell).verdict, Inconclusive);
    // "At least 100 %" at 100 %: kept, but nothing to time.
    let kept = run(Drm {
        mode: 8,
        before: 1.0,
        after: 1.0,
        level: (Some(1.0), 1.0),
        ..zero
    });
    assert_eq!(kept.verdict, Pass);
    assert_eq!(verdict_of(&kept, "response time"), NotApplicable);
    assert_eq!(verdict_of(&kept, "level held"), Pass);
}

/// Every limit of a case marked `?`.
fn unconfirmed(mut spec: CaseSpec) -> CaseSpec {
    let mark = Mark::Unconfirmed;
    match &mut spec {
        CaseSpec::AntiIslanding(s) => s.run_on.mark = mark,
        CaseSpec::Transfer(s) => s.transfer.mark = mark,
        CaseSpec::CurveSweep(s) => s.curve.mark = mark,
        CaseSpec::CurveStep(s) => {
            s.curve.mark = mark;
            s.commence.mark = mark;
            s.complete.mark = mark;
        }
        CaseSpec::Drm(s) => {
            s.level.mark = mark;
            s.response.mark = mark;
        }
        CaseSpec::OpenLoopStep(s) => {
            s.curve.mark = mark;
            s.response_mark = mark;
        }
        CaseSpec::FrequencyReturn(s) => {
            s.curve.mark = mark;
            s.mark = mark;
        }
        CaseSpec::Trip(s) => s.disconnect.mark = mark,
        CaseSpec::Derating(s) => s.mark = mark,
    }
    spec
}

#[test]
fn what_is_not_confirmed_decides_nothing() {
    let step = |y1: f64| Step {
        y1,
        ..Step::default()
    };
    let watt = Step {
        kind: CurveKind::VoltWatt,
        to: 264.0,
        y0: 1.0,
        y1: 0.2,
        ..Step::default()
    };
    let drm = |after: f64| Drm {
        after,
        ..Drm::default()
    };
    let trip = |cut: f64| Trip {
        cut,
        ..Trip::default()
    };
    let shape = |gap: f64| Shape {
        gap,
        ..Shape::default()
    };
    let island = |cut: f64| Island {
        cut,
        ..Island::default()
    };
    let good_and_bad = [
        (step(-0.6).spec(), step(-0.6).capture(), Pass),
        (step(0.0).spec(), step(0.0).capture(), Fail),
        (watt.spec(), watt.capture(), Pass),
        (drm(0.48).spec(), drm(0.48).capture(), Pass),
        (drm(0.9).spec(), drm(0.9).capture(), Fail),
        (trip(1.5).spec(Some(1.0), 2.0), trip(1.5).capture(), Pass),
        (trip(3.0).spec(Some(1.0), 2.0), trip(3.0).capture(), Fail),
        (transfer_spec(0.01), shape(6e-3).capture(), Pass),
        (transfer_spec(0.01), shape(13e-3).capture(), Fail),
        (island_spec(2.0), island(0.5).capture(), Pass),
        (island_spec(2.0), island(2.4).capture(), Fail),
    ];
    for (spec, capture, confirmed) in good_and_bad {
        let run = |spec| judge(spec, vec![capture.clone()], Vec::new());
        let decided = run(spec.clone());
        assert_eq!(decided.verdict, confirmed, "{}", decided.reason);
        let open = run(unconfirmed(spec));
        assert_eq!(open.verdict, Inconclusive, "{}", open.reason);
    }
}

#[test]
fn ratings_that_cannot_be_judged_are_an_error() {
    let drm = Drm::default();
    let with = |change: fn(&mut gridproof_model::case::Ratings)| {
        let mut case = case(drm.spec());
        change(&mut case.ratings);
        judge_case(&case, &data(vec![drm.capture()], Vec::new())).verdict
    };
    assert_eq!(with(|_| {}), Pass);
    assert_eq!(with(|r| r.nominal_hz = 0.5), Error);
    assert_eq!(with(|r| r.nominal_hz = 1000.5), Error);
    assert_eq!(with(|r| r.rated_va = 1e10), Error);
    assert_eq!(with(|r| r.rated_w = 0.0), Error);
}
