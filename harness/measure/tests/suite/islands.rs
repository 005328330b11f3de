//! Run-on times against exact instants.

use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::case::{AntiIslandingCase, CaseSpec};
use gridproof_model::verdict::Verdict;

use super::bench::{Recorder, TAU, judge, limit, sine, value_of, verdict_of};

const RUN_ON: &str = "run-on time";

/// An islanding test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Island {
    /// DUT current, A RMS, while it feeds.
    pub(crate) amps: f64,
    /// When it is cut, s after the contact; infinite for never.
    pub(crate) cut: f64,
    /// Ramps down over this time before the cut.
    pub(crate) ramp: f64,
    /// Filter-capacitor current after the cut until the relay opens: (A RMS, until s).
    pub(crate) filter: (f64, f64),
    /// Restart: (from, to).
    pub(crate) restart: (f64, f64),
    /// DUT is seen to feed only until this time before the opening.
    pub(crate) sigma: f64,
    pub(crate) offset: f64,
    /// Current through S1 before the opening, A RMS.
    pub(crate) source: f64,
    pub(crate) power_factor_angle: f64,
    pub(crate) seed: u64,
}

impl Default for Island {
    fn default() -> Self {
        Self {
            amps: 3000.0 / 230.0,
            cut: 0.1234,
            ramp: 0.0,
            filter: (0.0, 0.0),
            restart: (0.0, 0.0),
            sigma: 0.0,
            offset: 0.0,
            source: 0.0,
            power_factor_angle: 0.0,
            seed: 7,
        }
    }
}

impl Island {
    fn dut(&self, t: f64) -> f64 {
        let share = if t >= self.cut {
            0.0
        } else if t > self.cut - self.ramp {
            (self.cut - t) / self.ramp
        } else {
            1.0
        };
        let restarted = if t >= self.restart.0 && t < self.restart.1 {
            1.0
        } else {
            0.0
        };
        let filter = if t >= self.cut && t < self.filter.1 {
            sine(self.filter.0, 90.0, t) * (-(t - self.cut) / 50e-3).exp()
        } else {
            0.0
        };
        self.offset
            + sine(self.amps, self.power_factor_angle, t) * f64::max(share, restarted)
            + filter
    }

    /// Last time the current exceeds 1 % of the rated amplitude, on a 2 µs grid.
    fn last_above(&self) -> f64 {
        let threshold = 0.01 * 13.1 * std::f64::consts::SQRT_2;
        let instants = (0..1_250_000_u32).rev().map(|k| f64::from(k) * 2e-6);
        instants
            .into_iter()
            .find(|&t| (self.dut(t) - self.offset).abs() > threshold)
            .unwrap()
    }

    pub(crate) fn capture(&self) -> Capture {
        let i = *self;
        Recorder::new(50_000.0, 0.5, 3.0)
            .seeded(i.seed)
            .volts(ChannelKind::GridVoltage, move |t| {
                if t < i.cut {
                    sine(230.0, 0.0, t)
                } else {
                    // The dead tank rings at 43.3 Hz.
                    let since = t - i.cut;
                    325.0 * (-since / 6.37e-3).exp() * (TAU * 43.3 * since + 0.7).sin()
                }
            })
            .analog(ChannelKind::DutCurrent, 60.0, i.sigma, move |t| i.dut(t))
            .amps(ChannelKind::SourceCurrent, move |t| {
                if t < 0.0 { sine(i.source, 0.0, t) } else { 0.0 }
            })
            .contact(ChannelKind::SwitchContact, |t| t < 0.0)
            .capture("island")
    }
}

pub(crate) fn island_spec(max: f64) -> CaseSpec {
    CaseSpec::AntiIslanding(AntiIslandingCase {
        power_w: 3000.0,
        delta_p: 0.0,
        delta_q: 0.0,
        quality_factor: 1.0,
        run_on: limit(None, Some(max)),
        dc_voltage: AntiIslandingCase::condition_a(),
    })
}

#[test]
fn run_on_of_cuts_ramps_and_tails() {
    let mut worst = 0.0_f64;
    for k in 0..40 {
        let cut = 0.02 + 0.01111 * f64::from(k);
        let plain = Island {
            cut,
            ..Island::default()
        };
        let shapes = [
            (plain, cut),
            (
                Island {
                    ramp: 0.015,
                    ..plain
                },
                cut,
            ),
            (
                Island {
                    offset: 0.02,
                    sigma: 0.03,
                    ..plain
                },
                cut,
            ),
            (
                Island {
                    sigma: 0.1,
                    ..plain
                },
                cut,
            ),
            (
                Island {
                    filter: (0.3, cut + 0.0101),
                    ..plain
                },
                cut + 0.0101,
            ),
            (
                Island {
                    restart: (cut + 0.3, cut + 0.4567),
                    ..plain
                },
                cut + 0.4567,
            ),
        ];
        for (index, (island, truth)) in shapes.into_iter().enumerate() {
            let result = judge(island_spec(2.0), vec![island.capture()], Vec::new());
            let found = value_of(&result, RUN_ON);
            // By the definition (below 1 %), and by the hand that cut it: a ramp or a tail is
            // below 1 % before it is over.
            let definition = if island.ramp > 0.0 {
                // Where the envelope passes 1 %.
                island.cut - 0.01 * island.ramp
            } else {
                island.last_above()
            };
            // A current cut in its zero is below 1 % before it is cut: both ends are right.
            let latest = definition.max(if index == 4 { definition } else { truth });
            let error = (definition - found).max(found - latest).max(0.0);
            // The envelope of a ramp is fitted.
            let allowed = if island.ramp > 0.0 {
                1e-3
            } else if island.sigma > 0.0 {
                0.3e-3
            } else {
                30e-6
            };
            assert!(error < allowed, "shape {index}, {island:?}: error {error}");
            worst = worst.max(error);
            if index != 1 && index != 4 {
                assert!((found - truth).abs() < 1e-3, "{index} {island:?} {found}");
            }
            assert_eq!(result.verdict, Verdict::Pass, "{}", result.reason);
        }
    }
    println!("run-on: worst error {:.3} ms", worst * 1e3);
}

#[test]
fn preconditions_of_an_island() {
    let verdict =
        |island: Island| judge(island_spec(2.0), vec![island.capture()], Vec::new()).verdict;
    assert_eq!(
        verdict(Island {
            source: 0.2,
            ..Island::default()
        }),
        Verdict::Pass
    );
    assert_eq!(
        verdict(Island {
            source: 0.4,
            ..Island::default()
        }),
        Verdict::Inconclusive
    );
    assert_eq!(
        verdict(Island {
            amps: 12.0,
            ..Island::default()
        }),
        Verdict::Fail
    );
    assert_eq!(
        verdict(Island {
            cut: -0.3,
            ..Island::default()
        }),
        Verdict::Fail
    );
    let result = judge(
        island_spec(2.0),
        vec![
            Island {
                cut: 9.0,
                ..Island::default()
            }
            .capture(),
        ],
        Vec::new(),
    );
    assert_eq!(verdict_of(&result, RUN_ON), Verdict::Fail);
    let long = judge(
        island_spec(5.0),
        vec![
            Island {
                cut: 9.0,
                ..Island::default()
            }
            .capture(),
        ],
        Vec::new(),
    );
    assert_eq!(verdict_of(&long, RUN_ON), Verdict::Inconclusive);
    let at_once = Island {
        cut: -0.0001,
        ..Island::default()
    };
    let result = judge(island_spec(2.0), vec![at_once.capture()], Vec::new());
    assert_eq!(
        (result.verdict, value_of(&result, RUN_ON)),
        (Verdict::Pass, 0.0),
        "{}",
        result.reason
    );
}

#[test]
fn voltage_and_frequency_of_the_island() {
    let result = judge(
        island_spec(2.0),
        vec![Island::default().capture()],
        Vec::new(),
    );
    let figure = |name: &str| {
        result
            .informative
            .iter()
            .find(|(n, _)| n == name)
            .unwrap()
            .1
            .value
    };
    assert!((figure("island voltage before the end") - 230.0).abs() < 0.2);
    assert!((figure("island frequency before the end") - 50.0).abs() < 0.02);
}

#[test]
fn stopping_just_before_the_opening_is_no_run_on_of_zero() {
    let island = Island {
        cut: -0.02,
        ..Island::default()
    };
    let result = judge(island_spec(2.0), vec![island.capture()], Vec::new());
    assert!(
        verdict_of(&result, RUN_ON) > Verdict::Pass,
        "{}",
        result.reason
    );
}

/// A contact that bounces opens with its first opening; one disturbed sample is nothing.
#[test]
fn a_bouncing_contact() {
    let mut capture = Island::default().capture();
    let plain = value_of(
        &judge(island_spec(2.0), vec![capture.clone()], Vec::new()),
        RUN_ON,
    );
    let contact = capture
        .channels
        .iter_mut()
        .find(|c| c.kind == ChannelKind::SwitchContact)
        .unwrap();
    contact.codes[20_000] = 0;
    for k in [25_010, 25_011, 25_020] {
        contact.codes[k] = 1;
    }
    let bounced = value_of(&judge(island_spec(2.0), vec![capture], Vec::new()), RUN_ON);
    assert!((plain - bounced).abs() < 1e-9);
}
