//! Acquisition and trigger (programmer manual, groups Acquisition, Horizontal, Trigger).
//!
//! The plant samples at up to 100 kS/s; faster records are interpolated from that, slower ones
//! decimated, so that a record always has its length.

use gridproof_plant::Nanos;
use gridproof_plant::signal::{CaptureSpec, CaptureState, Signal, Trigger};

use super::commands::Key;
use super::{Mdo4000, Record};
use crate::devices::yokogawa_dl850::acquire::quantity;
use crate::devices::yokogawa_dl850::convert::{
    CONTACT_V, COUNTS_PER_TEN_DIV, Coupling, is_contact,
};
use crate::field::{Field, MILLISECOND};

/// Rates of the plant, S/s.
const RATES: [u32; 7] = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];
/// In AUTO mode an acquisition starts by itself after this.
const AUTO: Nanos = 50 * MILLISECOND;
/// Counts of a division in a 16-bit word.
pub(super) const WORD_PER_DIV: f64 = 6_400.0;

/// An acquisition in the plant.
#[derive(Debug)]
pub(super) struct Armed {
    /// Channels in the order of the capture.
    channels: Vec<u8>,
    rate_hz: u32,
    /// Points and interval of the record.
    points: usize,
    interval_s: f64,
    before: f64,
    /// When AUTO triggers.
    auto_at: Option<Nanos>,
}

/// Index of EITher among the slopes.
const EITHER: usize = 2;

impl Mdo4000 {
    /// Points of a record.
    pub(super) fn points(&self) -> usize {
        self.settings.number(Key::RecordLength) as usize
    }

    /// Seconds between points.
    pub(super) fn interval_s(&self) -> f64 {
        10.0 * self.settings.number(Key::TimeScale) / self.points() as f64
    }

    /// Part of the record before the trigger.
    fn before(&self) -> f64 {
        if self.settings.word(Key::DelayMode) == 1 {
            let delay = self.settings.number(Key::DelayTime);
            0.5 - delay / (10.0 * self.settings.number(Key::TimeScale))
        } else {
            self.settings.number(Key::TimePosition) / 100.0
        }
        .clamp(0.0, 1.0)
    }

    /// Starts an acquisition.
    pub(super) fn arm(&mut self, forced: bool, field: &mut Field) {
        let channels: Vec<u8> = self.inputs.keys().copied().collect();
        let signals: Vec<Signal> = self.inputs.values().map(|input| input.signal).collect();
        let span_s = 10.0 * self.settings.number(Key::TimeScale);
        let wanted = self.points() as f64 / span_s;
        let rate_hz = RATES
            .into_iter()
            .find(|&rate| f64::from(rate) >= wanted)
            .unwrap_or(RATES[RATES.len() - 1]);
        // one sample more at each end, to interpolate between
        let samples = (span_s * f64::from(rate_hz)).ceil() as usize + 3;
        let before = self.before();
        let source = self.settings.word(Key::TriggerSource);
        let input = u8::try_from(source + 1)
            .ok()
            .and_then(|channel| self.inputs.get(&channel));
        let trigger = match input {
            Some(input) if !forced => {
                let signal = input.signal;
                let volts = self.settings.number_at(Key::TriggerLevel, 0);
                let level = if is_contact(signal) {
                    volts / CONTACT_V
                } else {
                    volts
                };
                match self.settings.word(Key::TriggerSlope) {
                    EITHER => Trigger::EitherEdge { signal, level },
                    slope => Trigger::Edge {
                        signal,
                        level,
                        rising: slope == 0,
                    },
                }
            }
            Some(_) | None => Trigger::Immediate,
        };
        let auto = self.settings.word(Key::TriggerMode) == 0 && trigger != Trigger::Immediate;
        let pre_samples =
            ((span_s * before * f64::from(rate_hz)).floor() as usize + 1).min(samples - 1);
        // what a clock that is off, or a channel that lags, needs beyond both ends
        let margin = self.time_base.margin(samples);
        let (samples, pre_samples) = (samples + 2 * margin, pre_samples + margin);
        let pre_ns = (pre_samples as f64 / f64::from(rate_hz) * 1e9) as Nanos;
        field.plant.disarm();
        let armed = field.plant.arm(CaptureSpec {
            signals,
            rate_hz,
            samples,
            pre_samples,
            trigger,
            low_pass: Vec::new(),
        });
        self.armed = armed.is_ok().then(|| Armed {
            channels,
            rate_hz,
            points: self.points(),
            interval_s: self.interval_s(),
            before,
            auto_at: auto.then(|| field.now() + pre_ns + AUTO),
        });
    }

    /// When AUTO triggers by itself.
    pub(super) fn auto_at(&self) -> Option<Nanos> {
        self.armed.as_ref().and_then(|armed| armed.auto_at)
    }

    /// Starts without a trigger when AUTO's time has come.
    pub(super) fn auto_trigger(&mut self, field: &mut Field) {
        let due = self.auto_at().is_some_and(|at| at <= field.now());
        if due {
            if field.plant.capture_state() == CaptureState::Waiting {
                self.arm(true, field);
            } else if let Some(armed) = &mut self.armed {
                armed.auto_at = None;
            }
        }
    }

    /// Takes a finished acquisition off the plant; in RUNSTop the next one starts.
    pub(super) fn collect(&mut self, field: &mut Field) {
        if self.armed.is_some() && field.plant.capture_state() == CaptureState::Done {
            if let (Some(armed), Some(capture)) = (self.armed.take(), field.plant.take_capture()) {
                let first_s = -(capture.trigger_index as f64) / f64::from(armed.rate_hz);
                let now = field.now();
                let traces = armed
                    .channels
                    .iter()
                    .zip(&capture.data)
                    .map(|(&channel, data)| {
                        let trace = self.digitise(channel, data, (&armed, first_s), now);
                        (channel, trace)
                    })
                    .collect();
                self.record = Some(Record {
                    interval_s: armed.interval_s,
                    before_s: armed.before * armed.points as f64 * armed.interval_s,
                    traces,
                });
                self.acquisitions += 1;
            }
            if self.settings.word(Key::StopAfter) == 1 {
                self.running = false;
            }
        }
        if self.running && self.armed.is_none() {
            self.arm(false, field);
        }
    }

    /// Words of a channel on the record's own time grid. `first_s` is the time of the first plant
    /// sample after the trigger.
    fn digitise(
        &mut self,
        channel: u8,
        data: &[f32],
        (armed, first_s): (&Armed, f64),
        now: Nanos,
    ) -> Vec<i16> {
        let fast = self.time_base.fast();
        let lane = usize::from(channel) - 1;
        let scale = self.settings.number_at(Key::Scale, lane);
        let offset = self.settings.number_at(Key::Offset, lane);
        let shift = self.settings.number_at(Key::Position, lane) * WORD_PER_DIV;
        let coupling = self.settings.word_at(Key::Coupling, lane);
        let Some(input) = self.inputs.get_mut(&channel) else {
            return Vec::new();
        };
        let coupling = match coupling {
            1 | 2 if !is_contact(input.signal) => Coupling::Ac,
            3 if !is_contact(input.signal) => Coupling::Ground,
            _ => Coupling::Dc,
        };
        let drift = quantity(input.signal).map_or(1.0, |of| self.drifts.factor(of, now));
        let lag_s = input.lag_s;
        let mut data = data.to_vec();
        coupling.pass(&mut data);
        input.sensor.sense(&mut data, armed.rate_hz);
        for value in &mut data {
            *value -= offset as f32;
        }
        let counts = input
            .sensor
            .convert(input.signal, &data, scale, armed.rate_hz, drift);
        // 8 bits in SAMple; averaging modes resolve the word
        let step = if self.settings.word(Key::AcquireMode) == 0 {
            256.0
        } else {
            1.0
        };
        let word = |count: f64| {
            let word = count * 10.0 * WORD_PER_DIV / COUNTS_PER_TEN_DIV + shift;
            ((word / step).round() * step).clamp(-32_768.0, 32_512.0) as i16
        };
        let start_s = -armed.before * armed.points as f64 * armed.interval_s;
        (0..armed.points)
            .map(|index| {
                let nominal_s = start_s + index as f64 * armed.interval_s;
                let at = (nominal_s / fast - lag_s - first_s) * f64::from(armed.rate_hz);
                let low = at.max(0.0).floor();
                let count = |n: usize| {
                    counts
                        .get(n)
                        .or_else(|| counts.last())
                        .map_or(0.0, |&c| f64::from(c))
                };
                let (a, b) = (count(low as usize), count(low as usize + 1));
                word(a + (b - a) * (at - low).clamp(0.0, 1.0))
            })
            .collect()
    }

    /// `TRIGger:STATE?`.
    pub(super) fn trigger_state(&self, field: &Field) -> &'static str {
        if self.armed.is_none() {
            return "SAVE";
        }
        match field.plant.capture_state() {
            CaptureState::Waiting if self.settings.word(Key::TriggerMode) == 0 => "AUTO",
            CaptureState::Waiting => "READY",
            CaptureState::Running => "TRIGGER",
            CaptureState::Idle | CaptureState::Done => "SAVE",
        }
    }
}
