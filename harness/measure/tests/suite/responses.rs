//! Step responses and demand-response modes against closed forms.

use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::case::{CaseSpec, Curve, CurveKind, CurveStepCase, DrmCase, Flow};
use gridproof_model::verdict::{Mark, Verdict};

use super::bench::{Recorder, SQRT2, TAU, judge, limit, sine, value_of, verdict_of};

pub(crate) fn volt_var() -> Curve {
    Curve {
        kind: CurveKind::VoltVar,
        points: vec![(207.0, 0.44), (220.0, 0.0), (240.0, 0.0), (258.0, -0.6)],
        tolerance_pu: 0.04,
        tolerance_x: 2.3,
        reactive_pu: Some(0.64),
        origin: "test".to_owned(),
        mark: Mark::S,
    }
}

pub(crate) fn volt_watt() -> Curve {
    Curve {
        kind: CurveKind::VoltWatt,
        points: vec![(253.0, 1.0), (260.0, 0.2)],
        ..volt_var()
    }
}

/// Over-frequency of Australia A for storage that feeds 3 kW and charges with 2.5 kW.
pub(crate) fn frequency_watt() -> Curve {
    Curve {
        kind: CurveKind::FrequencyWatt,
        points: vec![(50.25, 1.0), (50.75, 0.0), (52.0, -2.5 / 3.0)],
        tolerance_x: 0.0,
        ..volt_var()
    }
}

/// First-order response of P or Q after a dead time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) kind: CurveKind,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) y0: f64,
    pub(crate) y1: f64,
    pub(crate) delay: f64,
    pub(crate) tau: f64,
    pub(crate) ripple: f64,
    /// Noise of the clamp, A.
    pub(crate) sigma: f64,
    pub(crate) seed: u64,
    pub(crate) rate: f64,
    /// Recorded after the step, s.
    pub(crate) observe: f64,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            kind: CurveKind::VoltVar,
            from: 230.0,
            to: 258.0,
            y0: 0.0,
            y1: -0.6,
            delay: 0.4,
            tau: 1.2,
            ripple: 0.0,
            sigma: 0.0,
            seed: 7,
            rate: 5_000.0,
            observe: 12.0,
        }
    }
}

impl Step {
    pub(crate) fn at(&self, t: f64) -> f64 {
        if t < self.delay {
            self.y0
        } else {
            self.y1 + (self.y0 - self.y1) * (-(t - self.delay) / self.tau).exp()
        }
    }

    pub(crate) fn capture(&self) -> Capture {
        let s = *self;
        let grid = move |t: f64| {
            let x = if t < 0.0 { s.from } else { s.to };
            match s.kind {
                CurveKind::VoltVar | CurveKind::VoltWatt => (x, 50.0),
                CurveKind::FrequencyWatt => (230.0, x),
            }
        };
        let volts = move |t: f64| grid(t).0;
        // The frequency changes without a jump of the angle.
        let angle = move |t: f64| TAU * grid(t).1 * t + 20_f64.to_radians();
        Recorder::new(s.rate, 1.0, s.observe)
            .seeded(s.seed)
            .volts(ChannelKind::GridVoltage, move |t| {
                SQRT2 * volts(t) * angle(t).sin()
            })
            .analog(ChannelKind::DutCurrent, 60.0, s.sigma, move |t| {
                let y = (s.at(t) + s.ripple * (TAU * 1.7 * t).sin()) * 3000.0 / volts(t);
                let angle = angle(t);
                match s.kind {
                    // Injected Q > 0: the current lags.
                    CurveKind::VoltVar => SQRT2 * (8.0 * angle.sin() - y * angle.cos()),
                    CurveKind::VoltWatt | CurveKind::FrequencyWatt => SQRT2 * y * angle.sin(),
                }
            })
            .contact(ChannelKind::SourceTrigger, |t| (0.0..0.005).contains(&t))
            .capture("step")
    }

    pub(crate) fn spec(&self) -> CaseSpec {
        CaseSpec::CurveStep(CurveStepCase {
            curve: match self.kind {
                CurveKind::VoltVar => volt_var(),
                CurveKind::VoltWatt => volt_watt(),
                CurveKind::FrequencyWatt => frequency_watt(),
            },
            from: self.from,
            to: self.to,
            observe_s: self.observe,
            power_w: 3000.0,
            commence: limit(None, Some(1.0)),
            complete: limit(None, Some(10.0)),
        })
    }
}

#[test]
fn times_of_a_first_order_response() {
    let (mut worst_t90, mut worst) = (0.0_f64, 0.0_f64);
    for tau in [0.2, 0.5, 1.2, 2.0] {
        for delay in [0.1, 0.4, 0.75] {
            for rate in [5_000.0, 20_000.0] {
                let step = Step {
                    tau,
                    delay,
                    rate,
                    ..Step::default()
                };
                let result = judge(step.spec(), vec![step.capture()], Vec::new());
                assert_eq!(result.verdict, Verdict::Pass, "{step:?}: {}", result.reason);
                let t90 = result
                    .informative
                    .iter()
                    .find(|(n, _)| n.starts_with("T90"))
                    .unwrap()
                    .1
                    .value;
                let true_t90 = delay + tau * 10.0_f64.ln();
                worst_t90 = worst_t90.max((t90 / true_t90 - 1.0).abs());
                // 1 % of S away, and inside −0.6 ± 0.04 extended by 2.3 V × 0.6/18 V.
                let commence = delay - tau * (1.0 - 0.01 / 0.6_f64).ln();
                let edge = 0.04 + 2.3 * 0.6 / 18.0;
                let complete = delay + tau * f64::ln(0.6 / edge);
                worst = worst.max((value_of(&result, "commencement") - commence).abs());
                worst = worst.max((value_of(&result, "completion") - complete).abs());
            }
        }
    }
    println!(
        "T90: worst {:.2} %, commencement and completion: worst {:.1} ms",
        worst_t90 * 100.0,
        worst * 1e3
    );
    assert!(worst_t90 < 0.05 && worst < 0.011);
}

#[test]
fn bad_responses_fail_for_the_right_reason() {
    let judged = |step: Step| judge(step.spec(), vec![step.capture()], Vec::new());
    let dead = judged(Step {
        y1: 0.0,
        ..Step::default()
    });
    assert_eq!(verdict_of(&dead, "commencement"), Verdict::Fail);
    assert!(dead.criteria.iter().any(|c| c.note.contains("no response")));
    let wrong = judged(Step {
        y1: 0.6,
        ..Step::default()
    });
    assert!(wrong.criteria.iter().any(|c| c.note.contains("wrong sign")));
    assert_eq!(wrong.verdict, Verdict::Fail);
    let late = judged(Step {
        delay: 1.3,
        ..Step::default()
    });
    assert_eq!(verdict_of(&late, "commencement"), Verdict::Fail);
    assert_eq!(verdict_of(&late, "completion"), Verdict::Pass);
    let slow = judged(Step {
        tau: 9.0,
        ..Step::default()
    });
    assert_eq!(verdict_of(&slow, "completion"), Verdict::Fail);
    let offset = judged(Step {
        y1: -0.43,
        ..Step::default()
    });
    assert_eq!(
        verdict_of(&offset, "settled Q inside the corridor"),
        Verdict::Fail
    );
}

/// A demand-response mode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drm {
    pub(crate) mode: u8,
    pub(crate) flow: Flow,
    pub(crate) before: f64,
    pub(crate) after: f64,
    pub(crate) delay: f64,
    pub(crate) level: (Option<f64>, f64),
    pub(crate) relay_opens: bool,
    /// Noise of the clamp, A.
    pub(crate) sigma: f64,
    pub(crate) seed: u64,
}

impl Default for Drm {
    fn default() -> Self {
        Self {
            mode: 6,
            flow: Flow::Generate,
            before: 1.0,
            after: 0.48,
            delay: 0.8,
            level: (None, 0.5),
            relay_opens: false,
            sigma: 0.0,
            seed: 7,
        }
    }
}

impl Drm {
    pub(crate) fn capture(&self) -> Capture {
        let d = *self;
        let scale = match d.flow {
            Flow::Generate => 3000.0 / 230.0,
            Flow::Consume => -2500.0 / 230.0,
        };
        Recorder::new(5_000.0, 1.0, 6.0)
            .seeded(d.seed)
            .volts(ChannelKind::GridVoltage, |t| sine(230.0, 0.0, t))
            .analog(ChannelKind::DutCurrent, 60.0, d.sigma, move |t| {
                sine(scale * if t < d.delay { d.before } else { d.after }, 0.0, t)
            })
            .contact(ChannelKind::DrmContact, |t| t >= 0.0)
            .contact(ChannelKind::DutRelay, move |t| {
                t < d.delay || !d.relay_opens
            })
            .capture("drm")
    }

    pub(crate) fn spec(&self) -> CaseSpec {
        CaseSpec::Drm(DrmCase {
            mode: self.mode,
            flow: self.flow,
            level: limit(self.level.0, Some(self.level.1)),
            tolerance_pu: 0.04,
            response: limit(None, Some(2.0)),
            hold_s: 6.0,
        })
    }
}

#[test]
fn drm_times() {
    for (delay, flow) in [(0.3, Flow::Generate), (1.513, Flow::Consume)] {
        let drm = Drm {
            delay,
            flow,
            ..Drm::default()
        };
        let result = judge(drm.spec(), vec![drm.capture()], Vec::new());
        assert_eq!(result.verdict, Verdict::Pass, "{}", result.reason);
        assert!((value_of(&result, "response time") - delay).abs() < 0.011);
        assert!((value_of(&result, "level held") - 0.48).abs() < 0.002);
    }
}
