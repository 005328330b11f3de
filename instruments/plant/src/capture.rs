//! Triggered capture of true signals with pre-trigger memory.

mod low_pass;

pub use low_pass::{LowPass, LowPassKind};

use self::low_pass::Filter;
use crate::Nanos;
use crate::signal::{Capture, CaptureSpec, CaptureState, Signal, Trigger};

/// Largest capture, samples times channels.
const MAX_VALUES: usize = 200_000_000;
/// Filters run on at least so many samples per second, whatever the capture keeps.
const FILTER_RATE: u32 = 50_000;
/// Number of signals.
pub(crate) const SIGNALS: usize = 10;

/// Why a capture cannot be armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureError {
    /// No signals, or no samples.
    Empty,
    /// The rate is outside 1 000 … 100 000 samples per second or does not divide 1e9.
    Rate(u32),
    /// More samples before the trigger than in total.
    PreTrigger,
    /// More memory than the plant gives to one capture.
    TooLarge,
    /// The trigger level is not a number.
    Level,
    /// A low-pass filter that there is none of, or more filters than signals.
    Filter,
}

impl std::fmt::Display for CaptureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("a capture needs at least one signal and one sample"),
            Self::Rate(rate) => write!(
                f,
                "{rate} samples per second is not between 1000 and 100000 and a divisor of 1e9"
            ),
            Self::PreTrigger => f.write_str("more samples before the trigger than in total"),
            Self::TooLarge => write!(f, "more than {MAX_VALUES} values in one capture"),
            Self::Level => f.write_str("the trigger level is not a number"),
            Self::Filter => f.write_str("there is no low-pass filter like that"),
        }
    }
}

impl std::error::Error for CaptureError {}

/// All signals at one instant, indexed by [`index`].
pub(crate) type Frame = [f64; SIGNALS];

/// Whether a step brings a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// At its end, and only there.
    End,
    /// Before its end.
    Inside,
    /// Not in this step.
    Later,
}

/// Place of a signal in a frame.
pub(crate) const fn index(signal: Signal) -> usize {
    signal as usize
}

/// Ticks of the filters per sample: the fewest that reach [`FILTER_RATE`] and divide a second.
fn ticks(rate_hz: u32) -> u32 {
    (FILTER_RATE.div_ceil(rate_hz)..)
        .find(|&n| 1_000_000_000 % (rate_hz * n) == 0)
        .unwrap_or(1)
}

/// A channel.
#[derive(Debug, Clone)]
struct Lane {
    /// Place in a frame.
    index: usize,
    filter: Option<Filter>,
    /// The present value behind the filter.
    value: f64,
    /// Ring while waiting, then linear.
    data: Vec<f32>,
}

impl Lane {
    /// A tick with this frame would change nothing.
    fn rests(&self, frame: &Frame) -> bool {
        let input = frame[self.index];
        match &self.filter {
            Some(filter) => filter.rests(input, self.value),
            None => input == self.value,
        }
    }
}

/// The sampler.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    spec: CaptureSpec,
    lanes: Vec<Lane>,
    /// A channel has a filter.
    filtered: bool,
    /// Of these ticks every `keep`th is a sample, the next one after `skip` more.
    period_ns: u64,
    keep: u32,
    skip: u32,
    next_ns: Nanos,
    state: CaptureState,
    head: usize,
    filled: usize,
    remaining: usize,
    before_trigger: usize,
    last_watch: Option<f64>,
    end_ns: Nanos,
}

impl Sampler {
    /// Arms at `now`; the first sample is taken at `now`.
    pub(crate) fn arm(spec: CaptureSpec, now: Nanos) -> Result<Self, CaptureError> {
        if spec.signals.is_empty() || spec.samples == 0 {
            return Err(CaptureError::Empty);
        }
        if !(1_000..=100_000).contains(&spec.rate_hz) || 1_000_000_000 % spec.rate_hz != 0 {
            return Err(CaptureError::Rate(spec.rate_hz));
        }
        if spec.pre_samples > spec.samples {
            return Err(CaptureError::PreTrigger);
        }
        if spec.samples.saturating_mul(spec.signals.len()) > MAX_VALUES {
            return Err(CaptureError::TooLarge);
        }
        if spec.low_pass.len() > spec.signals.len()
            || spec.low_pass.iter().flatten().any(|f| !f.possible())
        {
            return Err(CaptureError::Filter);
        }
        let filtered = spec.low_pass.iter().any(Option::is_some);
        let keep = if filtered { ticks(spec.rate_hz) } else { 1 };
        let lane = |(k, &signal): (usize, &Signal)| Lane {
            index: index(signal),
            filter: spec.low_pass.get(k).and_then(|low_pass| {
                let rate = f64::from(spec.rate_hz * keep);
                Filter::new(low_pass.as_ref()?, rate)
            }),
            value: 0.0,
            data: Vec::with_capacity(spec.samples),
        };
        let state = match spec.trigger {
            Trigger::Immediate => CaptureState::Running,
            Trigger::Edge { level, .. } | Trigger::EitherEdge { level, .. } if level.is_nan() => {
                return Err(CaptureError::Level);
            }
            Trigger::Edge { .. } | Trigger::EitherEdge { .. } | Trigger::At(_) => {
                CaptureState::Waiting
            }
        };
        Ok(Self {
            lanes: spec.signals.iter().enumerate().map(lane).collect(),
            filtered,
            period_ns: u64::from(1_000_000_000 / (spec.rate_hz * keep)),
            keep,
            skip: 0,
            next_ns: now,
            state,
            head: 0,
            filled: 0,
            remaining: spec.samples,
            before_trigger: 0,
            last_watch: None,
            end_ns: now,
            spec,
        })
    }

    /// Progress.
    pub(crate) fn state(&self) -> CaptureState {
        self.state
    }

    /// Samples still wanted.
    pub(crate) fn active(&self) -> bool {
        matches!(self.state, CaptureState::Waiting | CaptureState::Running)
    }

    /// Needs the shorter step.
    pub(crate) fn fast(&self) -> bool {
        self.spec.rate_hz > 50_000
    }

    /// What the interval up to `t1` brings.
    #[inline]
    pub(crate) fn due(&self, t1: Nanos) -> Due {
        if !self.active() || self.next_ns > t1 {
            Due::Later
        } else if self.next_ns == t1 {
            Due::End
        } else {
            Due::Inside
        }
    }

    /// Samples of the interval (t0, t1], or \[t0, t1] at the very beginning; signals run
    /// linearly between `a` at t0 and `b` at t1, an instant on t1 takes `b` exactly.
    #[inline]
    pub(crate) fn advance(&mut self, t0: Nanos, a: &Frame, t1: Nanos, b: &Frame) {
        while self.active() && self.next_ns <= t1 {
            let t = self.next_ns;
            if t == t1 {
                self.tick(t, b);
            } else {
                let f = (t.saturating_sub(t0)) as f64 / (t1 - t0) as f64;
                let mut frame = [0.0; SIGNALS];
                for k in 0..SIGNALS {
                    frame[k] = a[k] + (b[k] - a[k]) * f;
                }
                // contacts are logic levels: they hold until the end of the step
                for signal in [
                    Signal::SwitchContact,
                    Signal::SourceTrigger,
                    Signal::DutRelay,
                    Signal::DrmContact,
                ] {
                    frame[index(signal)] = a[index(signal)];
                }
                self.tick(t, &frame);
            }
            self.next_ns += self.period_ns;
        }
    }

    /// All signals that are kept or watched.
    pub(crate) fn seen(&self) -> impl Iterator<Item = Signal> {
        let watched = match self.spec.trigger {
            Trigger::Immediate | Trigger::At(_) => None,
            Trigger::Edge { signal, .. } | Trigger::EitherEdge { signal, .. } => Some(signal),
        };
        self.spec.signals.iter().copied().chain(watched)
    }

    /// Samples up to and at `t1` while all signals stay as they are.
    pub(crate) fn hold(&mut self, t1: Nanos, frame: &Frame) {
        if self.next_ns > t1 {
            return;
        }
        if self.state == CaptureState::Running && self.lanes.iter().all(|lane| lane.rests(frame)) {
            self.fill((t1 - self.next_ns) / self.period_ns + 1);
            return;
        }
        while self.active() && self.next_ns <= t1 {
            self.tick(self.next_ns, frame);
            self.next_ns += self.period_ns;
        }
    }

    /// So many ticks, each like the last, of a capture that runs; none after its last sample.
    fn fill(&mut self, ticks: u64) {
        let (skip, keep) = (u64::from(self.skip), u64::from(self.keep));
        // sample n, counted from 0, comes with tick skip + n keep
        let due = ticks.saturating_sub(skip).div_ceil(keep);
        let samples = due.min(self.remaining as u64);
        let Some(last) = samples.checked_sub(1).map(|n| skip + n * keep) else {
            self.skip -= ticks as u32;
            self.next_ns += ticks * self.period_ns;
            return;
        };
        for lane in &mut self.lanes {
            let length = lane.data.len() + samples as usize;
            lane.data.resize(length, lane.value as f32);
        }
        self.end_ns = self.next_ns + last * self.period_ns;
        self.remaining -= samples as usize;
        let ticks = if self.remaining == 0 {
            self.state = CaptureState::Done;
            last + 1
        } else {
            ticks
        };
        self.skip = (last + keep - ticks) as u32;
        self.next_ns += ticks * self.period_ns;
    }

    /// One tick of the filters at `t`, and a sample if it is time for one.
    #[inline]
    fn tick(&mut self, t: Nanos, frame: &Frame) {
        if self.filtered {
            for lane in &mut self.lanes {
                lane.value = match &mut lane.filter {
                    Some(filter) => filter.step(frame[lane.index]),
                    None => frame[lane.index],
                };
            }
        }
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        self.skip = self.keep - 1;
        if !self.filtered {
            for lane in &mut self.lanes {
                lane.value = frame[lane.index];
            }
        }
        self.end_ns = t;
        self.sample(t, frame);
    }

    /// The trigger condition is met by this sample; it watches the signal in front of the filters.
    fn fires(&mut self, t: Nanos, frame: &Frame) -> bool {
        match self.spec.trigger {
            Trigger::Immediate => false,
            Trigger::At(at) => t >= at,
            Trigger::Edge {
                signal,
                level,
                rising,
            } => {
                let value = frame[index(signal)];
                let crossed = self.last_watch.is_some_and(|last| {
                    if rising {
                        last < level && value >= level
                    } else {
                        last > level && value <= level
                    }
                });
                self.last_watch = Some(value);
                crossed
            }
            Trigger::EitherEdge { signal, level } => {
                let value = frame[index(signal)];
                let crossed = self.last_watch.is_some_and(|last| {
                    (last < level && value >= level) || (last > level && value <= level)
                });
                self.last_watch = Some(value);
                crossed
            }
        }
    }

    /// Keeps the values.
    fn sample(&mut self, t: Nanos, frame: &Frame) {
        // a recorder holds its trigger off until the pre-trigger memory is full
        if self.state == CaptureState::Waiting
            && self.fires(t, frame)
            && self.filled >= self.spec.pre_samples
        {
            self.trigger();
        }
        let pre = self.spec.pre_samples;
        match self.state {
            CaptureState::Waiting if pre == 0 => {}
            CaptureState::Waiting => {
                let full = self.filled == pre;
                for lane in &mut self.lanes {
                    if full {
                        lane.data[self.head] = lane.value as f32;
                    } else {
                        lane.data.push(lane.value as f32);
                    }
                }
                if full {
                    self.head = (self.head + 1) % pre;
                } else {
                    self.filled += 1;
                }
            }
            CaptureState::Running => {
                for lane in &mut self.lanes {
                    lane.data.push(lane.value as f32);
                }
                self.remaining -= 1;
                if self.remaining == 0 {
                    self.state = CaptureState::Done;
                }
            }
            CaptureState::Idle | CaptureState::Done => {}
        }
    }

    /// Puts the ring in order; this sample is the first of the rest.
    fn trigger(&mut self) {
        for lane in &mut self.lanes {
            lane.data.rotate_left(self.head);
        }
        self.before_trigger = self.filled;
        self.remaining = self.spec.samples - self.filled;
        self.state = if self.remaining == 0 {
            CaptureState::Done
        } else {
            CaptureState::Running
        };
    }

    /// The finished capture.
    pub(crate) fn finish(self) -> Capture {
        let length = self.lanes.first().map_or(0, |lane| lane.data.len()) as u64;
        Capture {
            signals: self.spec.signals,
            rate_hz: self.spec.rate_hz,
            start_ns: self.end_ns - (length.max(1) - 1) * self.period_ns * u64::from(self.keep),
            trigger_index: self.before_trigger,
            data: self.lanes.into_iter().map(|lane| lane.data).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(rate_hz: u32, filtered: bool, trigger: Trigger) -> Sampler {
        let low_pass = LowPass {
            kind: LowPassKind::Bessel,
            poles: 4,
            cutoff_hz: 0.3 * f64::from(rate_hz),
        };
        let spec = CaptureSpec {
            signals: vec![Signal::GridVoltage, Signal::SwitchContact],
            rate_hz,
            samples: 400,
            pre_samples: 30,
            trigger,
            low_pass: vec![Some(low_pass).filter(|_| filtered), None],
        };
        Sampler::arm(spec, 77).expect("possible")
    }

    /// Held signals give the samples of as many steps, whatever they are cut into; the filter first has
    /// to come to rest from a voltage that was cut off.
    #[rstest::rstest]
    fn a_hold_is_as_many_steps(
        #[values(1_000, 8_000, 20_000, 50_000, 100_000)] rate_hz: u32,
        #[values(false, true)] filtered: bool,
        #[values(Trigger::Immediate, Trigger::At(5_000_000))] trigger: Trigger,
        #[values(20_000, 333_333, 20_000_000)] stride: u64,
    ) {
        let (mut held, mut stepped) = (
            sampler(rate_hz, filtered, trigger),
            sampler(rate_hz, filtered, trigger),
        );
        let mut frame = [0.0; SIGNALS];
        (frame[0], frame[4]) = (325.0, 1.0);
        let mut t = 77;
        for k in 0..100_000 {
            if k == 3 {
                frame[0] = 0.0;
            }
            let t1 = t + stride;
            held.hold(t1, &frame);
            while t < t1 {
                let next = t1.min(t + 20_000);
                stepped.advance(t, &frame, next, &frame);
                t = next;
            }
            assert_eq!(held.state(), stepped.state(), "{t1}");
            if !held.active() {
                break;
            }
        }
        let (held, stepped) = (held.finish(), stepped.finish());
        assert_eq!(held, stepped);
        assert_eq!(held.data[0].len(), 400);
    }
}
