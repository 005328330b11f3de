//! Synthetic records: waveforms from closed formulas, quantised as a recorder would.

use gridproof_model::capture::{Capture, Channel, ChannelKind};
use gridproof_model::case::{Case, CaseSpec, Citation, Limit, Ratings, SourceRef};
use gridproof_model::record::{Accuracy, Acquisition, CaseData, InstrumentSpecs, Reading};
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::{DecisionRule, Mark, Verdict};

pub(crate) const TAU: f64 = std::f64::consts::TAU;
pub(crate) const SQRT2: f64 = std::f64::consts::SQRT_2;

pub(crate) fn ratings() -> Ratings {
    Ratings {
        nominal_v: 230.0,
        nominal_hz: 50.0,
        rated_w: 3000.0,
        rated_va: 3000.0,
        rated_a: 13.1,
        rated_charge_w: 2500.0,
        rated_backup_w: 3000.0,
    }
}

pub(crate) fn specs() -> InstrumentSpecs {
    InstrumentSpecs {
        analyser_volts: Accuracy {
            of_reading: 0.0005,
            of_range: 0.0005,
            range: 300.0,
        },
        analyser_amps: Accuracy {
            of_reading: 0.0005,
            of_range: 0.0005,
            range: 30.0,
        },
        analyser_watts: Accuracy {
            of_reading: 0.001,
            of_range: 0.0005,
            range: 9000.0,
        },
        analyser_hz: 0.0001,
        recorder_volts: Accuracy {
            of_reading: 0.002,
            of_range: 0.0005,
            range: 800.0,
        },
        recorder_amps: Accuracy {
            of_reading: 0.005,
            of_range: 0.0005,
            range: 60.0,
        },
        recorder_clock: 2e-6,
        recorder_skew_s: 1e-6,
        contact_lag_s: 0.2e-3,
        chamber_k: 0.5,
    }
}

pub(crate) fn limit(min: Option<f64>, max: Option<f64>) -> Limit {
    Limit {
        min,
        max,
        origin: "test".to_owned(),
        mark: Mark::S,
    }
}

pub(crate) fn case(spec: CaseSpec) -> Case {
    Case {
        id: "dut/T/1".to_owned(),
        test: "T".to_owned(),
        dut: "dut".to_owned(),
        label: String::new(),
        line: SourceRef {
            file: "plan.yaml".to_owned(),
            line: 1,
            column: 1,
        },
        cites: Citation {
            standard: "none".to_owned(),
            edition: String::new(),
            clause: String::new(),
        },
        decision: DecisionRule::GuardU,
        ratings: ratings(),
        pv: None,
        spec,
    }
}

pub(crate) fn data(captures: Vec<Capture>, readings: Vec<Reading>) -> CaseData {
    CaseData {
        acquisition: Acquisition::Completed,
        readings,
        captures,
        instruments: specs(),
    }
}

pub(crate) fn judge(spec: CaseSpec, captures: Vec<Capture>, readings: Vec<Reading>) -> CaseResult {
    gridproof_measure::judge::judge_case(&case(spec), &data(captures, readings))
}

pub(crate) fn verdict_of(result: &CaseResult, criterion: &str) -> Verdict {
    result
        .criteria
        .iter()
        .find(|c| c.name == criterion)
        .unwrap_or_else(|| panic!("no criterion {criterion}: {result:#?}"))
        .verdict
}

pub(crate) fn value_of(result: &CaseResult, criterion: &str) -> f64 {
    let found = result.criteria.iter().find(|c| c.name == criterion);
    found
        .and_then(|c| c.measured.as_ref())
        .unwrap_or_else(|| panic!("no value of {criterion}: {}", result.reason))
        .value
}

/// Deterministic noise: 64-bit LCG, sum of twelve uniforms.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A recorder being filled: channels as functions of time since the trigger.
pub(crate) struct Recorder {
    pub(crate) rate: f64,
    pub(crate) pre: f64,
    pub(crate) post: f64,
    channels: Vec<Channel>,
    noise: Noise,
}

impl Recorder {
    pub(crate) fn new(rate: f64, pre: f64, post: f64) -> Self {
        Self {
            rate,
            pre,
            post,
            channels: Vec::new(),
            noise: Noise(7),
        }
    }

    /// Another draw of the noise.
    pub(crate) fn seeded(mut self, seed: u64) -> Self {
        self.noise = Noise(seed);
        self
    }

    pub(crate) fn len(&self) -> usize {
        ((self.pre + self.post) * self.rate).round() as usize
    }

    /// Adds an analog channel with full scale ±`range` and noise `sigma`.
    pub(crate) fn analog(
        mut self,
        kind: ChannelKind,
        range: f64,
        sigma: f64,
        f: impl Fn(f64) -> f64,
    ) -> Self {
        let scale = range / 32_000.0;
        let codes = (0..self.len())
            .map(|k| {
                let t = k as f64 / self.rate - self.pre;
                let noise = if sigma > 0.0 {
                    sigma * self.noise.gauss()
                } else {
                    0.0
                };
                ((f(t) + noise) / scale).round() as i16
            })
            .collect();
        self.channels.push(Channel {
            kind,
            codes,
            scale,
            offset: 0.0,
            clip_code: 32_767,
        });
        self
    }

    pub(crate) fn volts(self, kind: ChannelKind, f: impl Fn(f64) -> f64) -> Self {
        self.analog(kind, 800.0, 0.0, f)
    }

    pub(crate) fn amps(self, kind: ChannelKind, f: impl Fn(f64) -> f64) -> Self {
        self.analog(kind, 60.0, 0.0, f)
    }

    pub(crate) fn contact(mut self, kind: ChannelKind, f: impl Fn(f64) -> bool) -> Self {
        let codes = (0..self.len())
            .map(|k| i16::from(f(k as f64 / self.rate - self.pre)))
            .collect();
        self.channels.push(Channel {
            kind,
            codes,
            scale: 1.0,
            offset: 0.0,
            clip_code: i16::MAX,
        });
        self
    }

    pub(crate) fn capture(self, name: &str) -> Capture {
        Capture {
            name: name.to_owned(),
            rate_hz: self.rate,
            start_s: 0.0,
            trigger_index: (self.pre * self.rate).round() as usize,
            channels: self.channels,
        }
    }
}

/// 50 Hz sine of RMS `rms` whose angle at t = 0 is `degrees`.
pub(crate) fn sine(rms: f64, degrees: f64, t: f64) -> f64 {
    SQRT2 * rms * (TAU * 50.0 * t + degrees.to_radians()).sin()
}
