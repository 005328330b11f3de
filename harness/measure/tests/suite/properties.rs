//! The judge is total, monotone and does not care when a record begins.

use gridproof_measure::judge::judge_case;
use gridproof_model::capture::{Capture, Channel, ChannelKind};
use gridproof_model::case::{CaseSpec, CurveKind, CurveSweepCase, DeratingCase};
use gridproof_model::record::Reading;
use gridproof_model::verdict::Verdict;
use proptest::prelude::*;

use super::bench::{case, data, judge, value_of};
use super::islands::{Island, island_spec};
use super::responses::{Drm, Step, volt_var};
use super::transfers::{Shape, spec as transfer_spec};
use super::trips::Trip;

const KINDS: [ChannelKind; 10] = [
    ChannelKind::GridVoltage,
    ChannelKind::DutCurrent,
    ChannelKind::SourceCurrent,
    ChannelKind::SourceVoltage,
    ChannelKind::SwitchContact,
    ChannelKind::SourceTrigger,
    ChannelKind::BackupVoltage,
    ChannelKind::BackupCurrent,
    ChannelKind::DrmContact,
    ChannelKind::DutRelay,
];

fn all_specs() -> Vec<CaseSpec> {
    let sweep = CurveSweepCase {
        curve: volt_var(),
        stimuli: vec![230.0, 240.0],
        dwell_s: 1.0,
        window_s: 1.0,
        power_w: 1000.0,
        told_response_s: None,
        held: None,
    };
    let derating = DeratingCase {
        ambient_c: vec![25.0, 50.0],
        start_c: 45.0,
        full_pu: 0.97,
        reduction_pu: 0.05,
        soak_s: 1.0,
        window_s: 1.0,
        mark: gridproof_model::verdict::Mark::S,
        origin: String::new(),
    };
    let hz = Trip {
        quantity: gridproof_model::case::TripQuantity::Frequency,
        to: 52.1,
        ..Trip::default()
    };
    vec![
        island_spec(2.0),
        transfer_spec(0.01),
        CaseSpec::CurveSweep(sweep),
        Step::default().spec(),
        Step {
            kind: CurveKind::VoltWatt,
            ..Step::default()
        }
        .spec(),
        Drm::default().spec(),
        Trip::default().spec(Some(1.0), 2.0),
        hz.spec(None, 0.2),
        CaseSpec::Derating(derating),
    ]
}

const NAMES: [&str; 5] = ["island", "transfer", "step", "drm", "trip"];

/// Waves, constants, steps and rubbish.
fn codes(length: usize, style: u8, seed: u64, cycle: f64) -> Vec<i16> {
    let mut noise = super::bench::Noise(seed);
    (0..length)
        .map(|k| match style % 7 {
            0 => 0,
            1 => i16::MIN,
            2 => (noise.uniform() * 65_535.0 - 32_768.0) as i16,
            3 => i16::from(k > length / 3),
            4 => i16::from(k < length / 3),
            5 => (13_000.0 * (super::bench::TAU * k as f64 / cycle).sin()) as i16,
            _ => {
                let gone = k > length / 2;
                if gone {
                    3
                } else {
                    (9000.0 * (super::bench::TAU * k as f64 / cycle).sin()) as i16
                }
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn never_panics_and_never_passes_rubbish(
        length in prop_oneof![0_usize..50, 50_usize..6000],
        styles in proptest::collection::vec(0_u8..7, 10),
        present in proptest::collection::vec(proptest::bool::weighted(0.9), 10),
        rate in prop_oneof![Just(0.0), Just(-5.0), Just(1e-300), Just(1e300), 900.0..20_000.0_f64, Just(5000.0)],
        trigger in 0_usize..10_000,
        scale in prop_oneof![Just(0.0), Just(1.0), Just(-0.02), Just(1e-300), Just(1e300), Just(0.025)],
        offset in prop_oneof![Just(0.0), -10.0..10.0_f64, Just(f64::MAX)],
        seed in any::<u64>(),
        ragged in any::<bool>(),
    ) {
        let cycle = if rate > 1.0 { rate / 50.0 } else { 100.0 };
        let channels = KINDS.iter().enumerate().filter(|(n, _)| present[*n]).map(|(n, &kind)| {
            let contact = kind.unit().is_empty();
            Channel {
                kind,
                codes: codes(if ragged && n == 3 { length / 2 } else { length }, styles[n], seed ^ n as u64, cycle),
                scale: if contact { 1.0 } else { scale },
                offset: if contact { 0.0 } else { offset },
                clip_code: i16::MIN,
            }
        }).collect();
        let capture = Capture { name: String::new(), rate_hz: rate, start_s: 0.0, trigger_index: trigger, channels };
        let captures: Vec<_> = NAMES.iter().map(|name| Capture { name: (*name).to_owned(), ..capture.clone() }).collect();
        let data = data(captures, Vec::new());
        for spec in all_specs() {
            let result = judge_case(&case(spec), &data);
            // Records this short or empty hold no proof of anything.
            prop_assert!(result.verdict != Verdict::Pass || length > 1000, "{}", result.reason);
            prop_assert!(result.verdict > Verdict::NotApplicable);
            for c in &result.criteria {
                if let Some(m) = &c.measured {
                    prop_assert!(m.u >= 0.0 && (m.value.is_finite() || c.verdict == Verdict::Error));
                }
            }
        }
    }

    #[test]
    fn absurd_readings_and_ratings_never_panic(
        values in proptest::collection::vec(prop_oneof![Just(0.0), Just(f64::MAX), Just(-f64::MAX), -1e6..1e6_f64, Just(f64::NAN), Just(f64::INFINITY)], 12),
        step in any::<u32>(),
    ) {
        let reading = |label: &str, step: u32| Reading {
            at_s: values[0], label: label.to_owned(), step, stimulus: values[1], window_s: values[2],
            volts: values[3], amps: values[4], watts: values[5], vars: values[6], hz: values[7],
        };
        let readings = ["step", "soak"].iter().flat_map(|l| [reading(l, 0), reading(l, 1), reading(l, step)]).collect();
        let data = data(vec![Trip::default().capture()], readings);
        for spec in all_specs() {
            let mut case = case(spec);
            let _ = judge_case(&case, &data);
            case.ratings.nominal_hz = values[8];
            case.ratings.rated_a = values[9];
            let _ = judge_case(&case, &data);
            case.ratings = super::bench::ratings();
            case.ratings.nominal_v = values[10];
            let _ = judge_case(&case, &data);
        }
    }

    #[test]
    fn worse_by_one_step_is_never_better(offset in -0.08..0.08_f64, extra in 0.0..0.5_f64, at in 0_usize..8) {
        let voltages: Vec<f64> = (0..8_u8).map(|k| 205.0 + 7.0 * f64::from(k)).collect();
        let spec = CaseSpec::CurveSweep(CurveSweepCase {
            curve: volt_var(), stimuli: voltages.clone(), dwell_s: 1.0, window_s: 1.0, power_w: 0.0, told_response_s: None, held: None,
        });
        let run = |worse: f64| {
            let readings = (0_u32..).zip(&voltages).map(|(k, &v)| {
                let more = if k as usize == at { worse } else { 0.0 };
                Reading {
                    at_s: 0.0, label: "step".to_owned(), step: k, stimulus: v, window_s: 1.0, volts: v,
                    amps: 1.0, watts: 0.0, vars: 3000.0 * (volt_var().at(v) + offset + more * offset.signum()), hz: 50.0,
                }
            }).collect();
            judge(spec.clone(), Vec::new(), readings).verdict
        };
        prop_assert!(run(extra) >= run(0.0));
    }
}

/// Drops samples from the front: same waveform, another beginning.
fn later(mut capture: Capture, samples: usize) -> Capture {
    for channel in &mut capture.channels {
        channel.codes.drain(..samples);
    }
    capture.trigger_index -= samples;
    capture
}

#[test]
fn time_shift_changes_nothing() {
    let island = Island {
        sigma: 0.02,
        ..Island::default()
    };
    let trip = Trip {
        sigma: 0.02,
        ..Trip::default()
    };
    let shape = Shape {
        gap: 7e-3,
        ..Shape::default()
    };
    let cases = [
        (island_spec(2.0), island.capture(), "run-on time", 1e-9),
        (
            trip.spec(Some(1.0), 2.0),
            trip.capture(),
            "disconnection time",
            1e-9,
        ),
        (
            transfer_spec(0.01),
            shape.capture(),
            "transfer time (M2)",
            1e-6,
        ),
        (
            Step::default().spec(),
            Step::default().capture(),
            "completion",
            1e-4,
        ),
        (
            Drm::default().spec(),
            Drm::default().capture(),
            "response time",
            1e-4,
        ),
    ];
    for (spec, capture, name, allowed) in cases {
        let first = value_of(
            &judge(spec.clone(), vec![capture.clone()], Vec::new()),
            name,
        );
        for samples in [1, 77, 503] {
            let moved = judge(
                spec.clone(),
                vec![later(capture.clone(), samples)],
                Vec::new(),
            );
            assert!(
                (value_of(&moved, name) - first).abs() < allowed,
                "{name} moved by {samples}"
            );
        }
    }
}

#[test]
fn judged_twice_gives_the_same() {
    let capture = Shape::default().capture();
    let once = judge(transfer_spec(0.01), vec![capture.clone()], Vec::new());
    assert_eq!(once, judge(transfer_spec(0.01), vec![capture], Vec::new()));
}

#[test]
fn nothing_missing_ever_passes() {
    let good = [
        (island_spec(2.0), Island::default().capture()),
        (transfer_spec(0.01), Shape::default().capture()),
        (Step::default().spec(), Step::default().capture()),
        (Drm::default().spec(), Drm::default().capture()),
        (
            Trip::default().spec(Some(1.0), 2.0),
            Trip::default().capture(),
        ),
    ];
    for (spec, capture) in good {
        assert_eq!(
            judge(spec.clone(), vec![capture.clone()], Vec::new()).verdict,
            Verdict::Pass
        );
        assert_eq!(
            judge(spec.clone(), Vec::new(), Vec::new()).verdict,
            Verdict::Error
        );
        for k in 0..capture.channels.len() {
            let kind = capture.channels[k].kind;
            // Telltales and the second witness of an event may be absent.
            if matches!(kind, ChannelKind::DutRelay)
                || (capture.name == "step" && kind == ChannelKind::SourceTrigger)
            {
                continue;
            }
            let mut without = capture.clone();
            without.channels.remove(k);
            let verdict = judge(spec.clone(), vec![without], Vec::new()).verdict;
            assert_eq!(verdict, Verdict::Error, "{} without {kind:?}", capture.name);
        }
        for share in [0, 1, 2, 5, 8] {
            let mut short = capture.clone();
            let keep = short.trigger_index * share / 8;
            for channel in &mut short.channels {
                channel.codes.truncate(keep);
            }
            let verdict = judge(spec.clone(), vec![short], Vec::new()).verdict;
            assert!(verdict != Verdict::Pass, "{} cut to {keep}", capture.name);
        }
    }
}
