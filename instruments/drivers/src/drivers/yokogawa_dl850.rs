//! Yokogawa DL850E / DL950 ScopeCorder.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use gridproof_model::capture::{Capture, Channel, ChannelKind};

use super::dl850_frame::{
    Armed, Frame, RecorderInput, Span, YokogawaDl850Params, closed_volts, volts_per_division,
};
use super::dl850_record::Record;
use super::{fixed, identify};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{
    CapturePlan, CaptureSetup, Instrument, RecorderState, SafeProof, WaveformRecorder,
};
use crate::transport::{Link, Scpi, ScpiSettings};

/// Counts of a WORD record across the ten divisions.
const COUNTS: f64 = 24_000.0;
/// Largest count before the converter clips: five divisions.
const CLIP_CODE: i16 = 12_000;
/// Samples fetched at once.
const CHUNK: usize = 100_000;
/// The pre-trigger memory is full later than its length says: the recorder's own clock may be slow
/// (far more than any of them is), and it needs a moment to begin.
const SLOW_CLOCK: f64 = 1e-3;
const READY_S: f64 = 2e-3;
/// Condition register: acquisition running, waiting for the trigger.
const RUNNING: i64 = 1;
const TRIGGER_WAIT: i64 = 4;

/// Driver of the ScopeCorder.
pub struct YokogawaDl850 {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    params: YokogawaDl850Params,
    /// Channels whose display was switched here, and how.
    shown: BTreeMap<u8, bool>,
    armed: Option<Armed>,
}

impl YokogawaDl850 {
    /// Attach to a link; sends nothing.
    pub fn new(
        name: String,
        link: Link,
        clock: Rc<dyn Clock>,
        params: YokogawaDl850Params,
    ) -> Self {
        let settings = ScpiSettings {
            error_query: ":STATus:ERRor?",
            ..ScpiSettings::default()
        };
        YokogawaDl850 {
            scpi: Scpi::new(name, link, settings),
            clock,
            params,
            shown: BTreeMap::new(),
            armed: None,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    fn input(&self, kind: ChannelKind) -> InstrumentResult<RecorderInput> {
        self.params
            .inputs
            .get(&kind)
            .copied()
            .ok_or_else(|| InstrumentError::Unsupported {
                instrument: self.scpi.name().into(),
                capability: format!("channel for {}", kind.name()),
            })
    }

    /// Show the channels that are to be recorded or trigger, and no other of the bench: each one
    /// costs the recorder memory and time.
    async fn show(&mut self, setup: &CaptureSetup) -> InstrumentResult<()> {
        let wanted =
            |kind: ChannelKind| kind == setup.trigger.channel || setup.channels.contains(&kind);
        let switches: Vec<(u8, bool)> = self
            .params
            .inputs
            .iter()
            .map(|(kind, input)| (input.channel, wanted(*kind)))
            .collect();
        for (channel, on) in switches {
            if self.shown.get(&channel) == Some(&on) {
                continue;
            }
            let word = if on { "ON" } else { "OFF" };
            self.shown.remove(&channel);
            self.scpi
                .command(&format!(":CHAN{channel}:DISP {word}"))
                .await?;
            self.shown.insert(channel, on);
        }
        Ok(())
    }

    async fn condition(&mut self) -> InstrumentResult<i64> {
        let value = self.scpi.insist_number(":STAT:COND?").await?;
        Ok(value as i64)
    }

    async fn count(&mut self, request: &str) -> InstrumentResult<usize> {
        let value = self.scpi.query_number(request).await?;
        if value.fract() == 0.0 && (0.0..=1e9).contains(&value) {
            return Ok(value as usize);
        }
        Err(self
            .scpi
            .nonsense(request, &value.to_string(), "not a number of samples"))
    }

    /// Samples `first..end` of the channel selected.
    async fn codes(&mut self, first: usize, end: usize) -> InstrumentResult<Vec<i16>> {
        let mut codes = Vec::with_capacity(end - first);
        let mut at = first;
        while at < end {
            let next = end.min(at + CHUNK);
            self.scpi.command(&format!(":WAV:STAR {at}")).await?;
            self.scpi.command(&format!(":WAV:END {}", next - 1)).await?;
            let bytes = self.scpi.query_block(":WAV:SEND?", 2 * CHUNK).await?;
            let (pairs, odd) = bytes.as_chunks::<2>();
            if pairs.len() != next - at || !odd.is_empty() {
                let answer = format!("{} bytes", bytes.len());
                let problem = format!("{} samples of 2 bytes expected", next - at);
                return Err(self.scpi.nonsense(":WAV:SEND?", &answer, &problem));
            }
            codes.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
            at = next;
        }
        Ok(codes)
    }

    async fn channel(
        &mut self,
        kind: ChannelKind,
        first: usize,
        end: usize,
    ) -> InstrumentResult<Channel> {
        // Volts per division, in the unit of the signal.
        let range = self.scpi.query_number(":WAV:RANG?").await?;
        let offset = self.scpi.query_number(":WAV:OFFS?").await?;
        if range <= 0.0 {
            return Err(self
                .scpi
                .nonsense(":WAV:RANG?", &range.to_string(), "not a range"));
        }
        let codes = self.codes(first, end).await?;
        let closed = closed_volts(kind);
        let (scale, offset) = (range * 10.0 / COUNTS / closed, offset / closed);
        Ok(Channel {
            kind,
            codes,
            scale,
            offset,
            clip_code: CLIP_CODE,
        })
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for YokogawaDl850 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        identify(&mut self.scpi, "YOKOGAWA").await
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        self.armed = None;
        self.shown.clear();
        self.scpi.post(&["*CLS"]).await?;
        self.scpi.clear_errors().await?;
        for command in [":COMM:REM ON", ":COMM:HEAD OFF", ":COMM:VERB OFF", ":STOP"] {
            self.scpi.command(command).await?;
        }
        let inputs: Vec<RecorderInput> = self.params.inputs.values().copied().collect();
        for RecorderInput {
            channel,
            full_scale,
        } in inputs
        {
            self.scpi
                .command(&format!(":CHAN{channel}:VOLT:COUP DC"))
                .await?;
            let range = volts_per_division(full_scale);
            self.scpi
                .command(&format!(":CHAN{channel}:VOLT:RANG {range}V"))
                .await?;
        }
        Ok(())
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        self.armed = None;
        self.scpi.post(&[":STOP", ":COMM:REM OFF"]).await?;
        let condition = self.condition().await?;
        self.scpi.forget_errors().await;
        let proven = condition & RUNNING == 0;
        Ok(SafeProof {
            proven,
            evidence: format!("no output; condition {condition}"),
        })
    }
}

#[async_trait::async_trait(?Send)]
impl WaveformRecorder for YokogawaDl850 {
    async fn arm(&mut self, setup: &CaptureSetup) -> InstrumentResult<CapturePlan> {
        for kind in &setup.channels {
            self.input(*kind)?;
        }
        let trigger = self.input(setup.trigger.channel)?;
        let Some(record) = Record::choose(setup, self.params.max_rate_hz) else {
            let request = format!(
                "record of {} s at {} samples per second",
                setup.before_s + setup.after_s,
                setup.min_rate_hz
            );
            return Err(self
                .scpi
                .refused(&request, "no time base and record length serve it"));
        };
        self.armed = None;
        let level = setup.trigger.level * closed_volts(setup.trigger.channel);
        let slope = if setup.trigger.rising { "RISE" } else { "FALL" };
        for command in [":COMM:REM ON", ":STOP"] {
            self.scpi.command(command).await?;
        }
        self.show(setup).await?;
        for command in [
            &format!(":TIM:TDIV {}", record.time_word()),
            &format!(":ACQ:RLEN {}", record.length),
            &format!(":TRIG:POS {}", record.position),
            &format!(":TRIG:SIMP:SOUR {}", trigger.channel),
            &format!(":TRIG:SIMP:LEV {}", fixed(level, 3)),
            &format!(":TRIG:SIMP:SLOP {slope}"),
            ":TRIG:MODE SINGLE",
            ":STAR",
        ] {
            self.scpi.command(command).await?;
        }
        let span = Span::new(setup, record.rate_hz());
        let pre_fill_s = record.before_s() * (1.0 + SLOW_CLOCK) + READY_S;
        self.armed = Some(Armed {
            setup: setup.clone(),
            pre_fill: Duration::from_secs_f64(pre_fill_s),
            since: self.clock.now(),
            waited: false,
        });
        Ok(CapturePlan {
            rate_hz: record.rate_hz(),
            samples: span.before + span.after,
            pre_fill_s,
            post_s: record.after_s(),
        })
    }

    async fn state(&mut self) -> InstrumentResult<RecorderState> {
        let condition = self.condition().await?;
        let now = self.clock.now();
        let Some(armed) = &mut self.armed else {
            return Ok(RecorderState::Stopped);
        };
        if condition & RUNNING == 0 {
            return Ok(RecorderState::Done);
        }
        if condition & TRIGGER_WAIT != 0 {
            armed.waited = true;
            return Ok(RecorderState::Waiting);
        }
        // Running without waiting: before the trigger is accepted, or after it came.
        let filling = !armed.waited && now < armed.since + armed.pre_fill;
        Ok(if filling {
            RecorderState::Waiting
        } else {
            RecorderState::Running
        })
    }

    async fn fetch(&mut self) -> InstrumentResult<Capture> {
        let Some(Armed { setup, .. }) = &self.armed else {
            return Err(self.scpi.refused("fetch", "nothing was armed"));
        };
        let setup = setup.clone();
        if self.condition().await? & RUNNING != 0 {
            return Err(self.scpi.refused("fetch", "the record is not complete"));
        }
        self.scpi.command(":WAV:FORM WORD").await?;
        self.scpi.command(":WAV:BYT LSBF").await?;
        let mut frame: Option<Frame> = None;
        let mut channels = Vec::with_capacity(setup.channels.len());
        for kind in &setup.channels {
            let number = self.input(*kind)?.channel;
            self.scpi.command(&format!(":WAV:TRAC {number}")).await?;
            let frame = match frame {
                Some(known) => known,
                // All channels are sampled together: the frame of the first one serves all.
                None => *frame.insert(Frame {
                    length: self.count(":WAV:LENG?").await?,
                    rate_hz: self.scpi.query_number(":WAV:SRAT?").await?,
                    trigger: self.count(":WAV:TRIG?").await?,
                }),
            };
            let (first, end) = frame.part(&setup);
            if frame.rate_hz <= 0.0 || first >= end {
                let answer = format!("{} samples, trigger at {}", frame.length, frame.trigger);
                return Err(self
                    .scpi
                    .nonsense(":WAV:LENG?", &answer, "nothing was recorded"));
            }
            channels.push(self.channel(*kind, first, end).await?);
        }
        let Some(frame) = frame else {
            return Err(self.scpi.refused("fetch", "no channels"));
        };
        let (first, _) = frame.part(&setup);
        Ok(Capture {
            name: setup.name,
            rate_hz: frame.rate_hz,
            start_s: 0.0,
            trigger_index: frame.trigger.saturating_sub(first),
            channels,
        })
    }
}
