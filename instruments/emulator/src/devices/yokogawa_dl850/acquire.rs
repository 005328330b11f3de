//! Time base, trigger and record of the DL850.

use gridproof_model::fault::MeterQuantity;
use gridproof_plant::Nanos;
use gridproof_plant::signal::{CaptureSpec, CaptureState, LowPass, LowPassKind, Signal, Trigger};

use super::convert::{CONTACT_V, is_contact};
use super::timebase::TimeBase;
use super::{Armed, Channel, Content, Dl850, Record, Trace, TriggerMode, TriggerSource};
use crate::field::Field;
use crate::scpi::fault::{self, Fault};
use crate::scpi::param::number;

/// Sample rates, highest first, S/s. The plant makes 1 kS/s and more; slower ones are decimated.
const RATES: [u32; 11] = [
    100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50,
];
/// Slowest rate the plant samples at.
const SLOWEST_TRUE: u32 = 1_000;
/// A bandwidth limit from here on lies beyond what the plant makes, Hz.
const PLANT_HZ: f64 = 20_000.0;

/// Indices into the slopes.
const RISE: usize = 0;
const FALL: usize = 1;

/// A channel as the plant sampled it, and how the recorder was set then.
#[derive(Debug)]
pub(super) struct Taken {
    data: Vec<f32>,
    rate_hz: u32,
    decimate: usize,
    time_base: TimeBase,
    /// Samples shown, and the place of the trigger among these and among the plant's.
    window: (usize, usize, usize),
    /// Lag in sample periods.
    lag: f64,
    drift: f64,
}

impl Taken {
    /// What the channel makes of it.
    fn counts(&self, channel: &mut Channel, range_v: f64) -> Vec<i16> {
        let level = is_contact(channel.signal);
        let (window, lag) = (self.window, self.lag);
        let mut data = self.time_base.resample(&self.data, window, lag, level);
        channel.sensor.sense(&mut data, self.rate_hz);
        if self.decimate > 1 {
            data = data.into_iter().step_by(self.decimate).collect();
        }
        let rate_hz = self.rate_hz / self.decimate as u32;
        let sensor = &mut channel.sensor;
        sensor.convert(channel.signal, &data, range_v, rate_hz, self.drift)
    }
}

impl Dl850 {
    /// Rate that fills ten divisions with the record length, at most 100 kS/s.
    pub(super) fn rate(&self) -> u32 {
        let wanted = self.record_length as f64 / (10.0 * self.tdiv_s);
        RATES
            .into_iter()
            .find(|&rate| f64::from(rate) <= wanted * (1.0 + 1e-9))
            .unwrap_or(RATES[RATES.len() - 1])
    }

    /// Samples of ten divisions at that rate.
    pub(super) fn samples(&self) -> usize {
        (10.0 * self.tdiv_s * f64::from(self.rate())).round() as usize
    }

    /// Filter of a channel at the present rate, and its delay if the time axis leaves that out: AUTO is
    /// the anti-alias filter of the module, a frequency an analogue filter of second order.
    fn low_pass(&self, channel: u8) -> (Option<LowPass>, f64) {
        if is_contact(self.channels[&channel].signal) {
            return (None, 0.0);
        }
        let word = &self.bandwidth[usize::from(channel) - 1];
        if word == "FULL" {
            return (None, 0.0);
        }
        if word == "AUTO" {
            let filter = self.anti_alias.map(|filter| LowPass {
                cutoff_hz: filter.cutoff_hz * f64::from(self.rate()),
                ..filter
            });
            return (filter, filter.map_or(0.0, |filter| filter.delay_s()));
        }
        let limit = number(word, "HZ").ok().filter(|&hz| hz < PLANT_HZ);
        let filter = limit.map(|cutoff_hz| LowPass {
            kind: LowPassKind::Butterworth,
            poles: 2,
            cutoff_hz,
        });
        (filter, 0.0)
    }

    /// The slope that is set, through a level.
    fn edge(&self, signal: Signal, level: f64) -> Trigger {
        match self.slope {
            RISE | FALL => Trigger::Edge {
                signal,
                level,
                rising: self.slope == RISE,
            },
            _ => Trigger::EitherEdge { signal, level },
        }
    }

    /// What the acquisition waits for; its memory is full at `ready`.
    fn trigger(&self, field: &Field, ready: Nanos) -> Result<Trigger, Fault> {
        if matches!(
            self.trigger_mode,
            TriggerMode::Auto | TriggerMode::AutoLevel | TriggerMode::OnStart
        ) {
            return Ok(Trigger::Immediate);
        }
        // the first of a series of times at or after `ready`
        let next = |first: Nanos, period: Nanos| {
            let missed = ready.saturating_sub(first).div_ceil(period);
            Trigger::At(first + missed * period)
        };
        Ok(match self.source {
            TriggerSource::Channel(number) => {
                let channel = self.channels.get(&number);
                let signal = channel.ok_or(fault::SETTINGS_CONFLICT)?.signal;
                let level = if is_contact(signal) {
                    self.level / CONTACT_V
                } else {
                    self.level
                };
                self.edge(signal, level)
            }
            TriggerSource::External => self.edge(Signal::SourceTrigger, 0.5),
            TriggerSource::Line => {
                let period = (1e9 / field.plant.config().dut.nominal_hz) as Nanos;
                let (half, period) = match self.slope {
                    RISE => (0, period),
                    FALL => (period / 2, period),
                    _ => (0, period / 2),
                };
                next(self.mains % period + half, period)
            }
            TriggerSource::Time => {
                let (first, interval) = self.timer;
                next((first * 1e9) as Nanos, (interval * 1e9) as Nanos)
            }
        })
    }

    /// `:STARt`.
    pub(super) fn start(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.record = None;
        field.plant.disarm();
        let rate = self.rate();
        let decimate = (SLOWEST_TRUE / rate).max(1) as usize;
        let samples = self.samples() * decimate;
        let shown: Vec<u8> = self
            .channels
            .iter()
            .filter(|(_, c)| c.display)
            .map(|(&n, _)| n)
            .collect();
        if shown.is_empty() || samples == 0 {
            return Err(fault::SETTINGS_CONFLICT);
        }
        let signals: Vec<Signal> = shown.iter().map(|n| self.channels[n].signal).collect();
        let before = ((samples as f64 * self.position / 100.0).round() as usize).min(samples - 1);
        // what a clock that is off, or a channel that lags, needs beyond both ends
        let first = self.time_base.margin(before);
        let (low_pass, delays): (Vec<_>, Vec<f64>) =
            shown.iter().map(|&n| self.low_pass(n)).unzip();
        let longest = delays.iter().copied().fold(0.0, f64::max);
        let late = (longest * f64::from(rate) * decimate as f64).ceil() as usize;
        let last = self.time_base.margin(samples - before) + late;
        // the trigger point is later than what triggers
        let delay = (self.delay_s * f64::from(rate) * decimate as f64).round() as usize;
        let pre_samples = (before + first).saturating_sub(delay);
        let ready = Nanos::from(1_000_000_000 / (rate * decimate as u32)) * pre_samples as Nanos;
        let trigger = self.trigger(field, field.now() + ready)?;
        let spec = CaptureSpec {
            signals,
            rate_hz: rate * decimate as u32,
            samples: pre_samples + delay + samples - before + last,
            pre_samples,
            trigger,
            low_pass,
        };
        field
            .plant
            .arm(spec)
            .map_err(|_| fault::SETTINGS_CONFLICT)?;
        self.armed = Some(Armed {
            shown,
            decimate,
            samples,
            before,
            delay,
            delays,
        });
        Ok(())
    }

    /// `:STOP`: an unfinished record is dropped.
    pub(super) fn stop(&mut self, field: &mut Field) {
        self.collect(field);
        if self.armed.take().is_some() {
            field.plant.disarm();
        }
    }

    /// Takes a finished record off the plant and converts it.
    pub(super) fn collect(&mut self, field: &mut Field) {
        if self.armed.is_none() || field.plant.capture_state() != CaptureState::Done {
            return;
        }
        let (Some(armed), Some(capture)) = (self.armed.take(), field.plant.take_capture()) else {
            return;
        };
        let decimate = armed.decimate;
        // a trigger that came early leaves fewer samples before it
        let taken = capture.trigger_index + armed.delay;
        let shown = taken.min(armed.before);
        let period_ns = 1e9 / f64::from(capture.rate_hz);
        let now = field.now();
        let mut traces = Vec::with_capacity(armed.shown.len());
        for ((number, mut data), delay_s) in armed.shown.iter().zip(capture.data).zip(armed.delays)
        {
            let Some(channel) = self.channels.get(number) else {
                continue;
            };
            if !is_contact(channel.signal) {
                channel.coupling.pass(&mut data);
            }
            traces.push(Trace {
                channel: *number,
                range_v: channel.range_v,
                content: Content::Taken(Taken {
                    data,
                    rate_hz: capture.rate_hz,
                    decimate,
                    time_base: self.time_base,
                    window: (armed.samples, shown, taken),
                    lag: (channel.lag_s - delay_s) * f64::from(capture.rate_hz),
                    drift: quantity(channel.signal).map_or(1.0, |of| self.drifts.factor(of, now)),
                }),
            });
        }
        let first = self.time_base.place(0, shown, taken).max(0.0);
        self.record = Some(Record {
            rate: capture.rate_hz / decimate as u32,
            trigger: shown / decimate,
            start_ns: capture.start_ns + (first * period_ns).round() as Nanos,
            length: armed.samples.div_ceil(decimate),
            traces,
        });
    }

    /// Converts a trace of the record if that has not been done.
    pub(super) fn convert(&mut self, number: u8) {
        let traces = self.record.iter_mut().flat_map(|record| &mut record.traces);
        for trace in traces.filter(|trace| trace.channel == number) {
            let (Content::Taken(taken), Some(channel)) =
                (&mut trace.content, self.channels.get_mut(&number))
            else {
                continue;
            };
            trace.content = Content::Counts(taken.counts(channel, trace.range_v));
        }
    }

    /// Condition register: bit 0 running, bit 2 waiting for the trigger.
    pub(super) fn condition(&self, field: &Field) -> u16 {
        if self.armed.is_none() {
            return 0;
        }
        match field.plant.capture_state() {
            CaptureState::Waiting => 0b101,
            CaptureState::Running => 0b001,
            CaptureState::Idle | CaptureState::Done => 0,
        }
    }
}

/// Bench time of the first sample of a record, s.
pub(super) fn start_s(start_ns: Nanos) -> f64 {
    start_ns as f64 * 1e-9
}

/// What drifts with the gain of a channel; contacts have none.
pub(crate) fn quantity(signal: Signal) -> Option<MeterQuantity> {
    match signal {
        Signal::GridVoltage | Signal::SourceVoltage | Signal::BackupVoltage => {
            Some(MeterQuantity::Voltage)
        }
        Signal::DutCurrent | Signal::SourceCurrent | Signal::BackupCurrent => {
            Some(MeterQuantity::Current)
        }
        Signal::SwitchContact | Signal::SourceTrigger | Signal::DutRelay | Signal::DrmContact => {
            None
        }
    }
}
