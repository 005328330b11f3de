//! What happened to a voltage: the fundamental along the record, where it leaves what it was, and
//! what kind of change that is.

use super::trip::TripEvent;
use super::trip_brief::Over;
use super::trip_edge::{Edge, Shape};
use super::trip_fit::LONG;
use super::trip_significant::{LARGER, size, slow_size};
use super::trip_told::{Rough, Told};
use super::wave::disturbed;
use super::{AnalyzeError, Channel64};
use crate::phase_track::{TrackPoint, track};
use crate::sine_fit::SineFit;

/// Windows per cycle.
const HOP: f64 = 0.25;
pub(super) const PER_CYCLE: usize = 4;
/// Longest change of the amplitude and of the frequency that counts as a step, cycles: within
/// them an RMS, and the frequency between crossings, are not defined.
pub(super) const STEP_CYCLES: (f64, f64) = (1.0, 2.0);

/// Standard deviation of the amplitude (share) and of the frequency (Hz) over the first windows
/// beyond which an event lies in them: noise of 40 dB makes 0.1 % and 0.03 Hz.
const DISTURBED: (f64, f64) = (0.01, 0.2);

/// Change of the amplitude (share) and of the frequency (Hz) from which on there is one.
pub(super) const CHANGED: (f64, f64) = (0.004, 0.02);

/// A found event.
pub(super) struct Event {
    pub(super) kind: TripEvent,
    /// Where the windows first see it.
    pub(super) seen_s: f64,
    pub(super) at_s: f64,
    pub(super) doubt_s: f64,
    pub(super) rms: Option<f64>,
    pub(super) hz: Option<f64>,
    pub(super) slope: Option<f64>,
    /// How large it is, in what a healthy grid does.
    pub(super) size: f64,
    /// What it was, if it is over.
    pub(super) over: Option<Over>,
}

/// The fundamental along the record: amplitude and frequency against what they were.
pub(super) struct Seen<'a> {
    pub(super) samples: &'a [f64],
    pub(super) rate: f64,
    /// Cycle before the event, samples.
    pub(super) cycle: f64,
    pub(super) hz0: f64,
    pub(super) rms0: f64,
    pub(super) points: Vec<TrackPoint>,
    /// Frequency over two cycles around each point, Hz.
    pub(super) hz: Vec<f64>,
    sigma_rms: f64,
    sigma_hz: f64,
}

pub(super) fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count();
    if count == 0 {
        0.0
    } else {
        values.sum::<f64>() / count as f64
    }
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let middle = mean(values.clone());
    mean(values.map(|x| (x - middle) * (x - middle))).sqrt()
}

impl<'a> Seen<'a> {
    pub(super) fn new(voltage: &Channel64<'a>, hz: f64) -> Result<Self, AnalyzeError> {
        let (samples, rate) = (voltage.samples, voltage.rate_hz);
        let short = AnalyzeError::TooShort {
            name: "voltage",
            have_s: voltage.duration_s(),
            need_s: 8.0 / hz,
            purpose: "five cycles before an event and three after",
        };
        let early = ((4.0 * rate / hz) as usize).min(samples.len());
        let Some(first) = SineFit::new(&samples[..early], 0, rate, hz) else {
            return Err(short);
        };
        let cycle = rate / first.hz;
        let begin = &samples[..((3.0 * cycle) as usize).min(early)];
        if SineFit::new(begin, 0, rate, hz).is_none_or(|fit| disturbed(&fit, begin)) {
            return Err(AnalyzeError::Disturbed { name: "voltage" });
        }
        let points = track(samples, 0.0, samples.len() as f64 - 1.0, cycle, HOP);
        let side = PER_CYCLE;
        if points.len() < 7 * PER_CYCLE {
            return Err(short);
        }
        let hz: Vec<f64> = (0..points.len())
            .map(|k| {
                let (a, b) = (k.saturating_sub(side), (k + side).min(points.len() - 1));
                (points[b].turns - points[a].turns) / (points[b].at - points[a].at) * rate
            })
            .collect();
        let calm = 2 * PER_CYCLE..3 * PER_CYCLE;
        let sigma_rms = deviation(points[..3 * PER_CYCLE].iter().map(|p| p.rms));
        let sigma_hz = deviation(
            hz[calm.start - PER_CYCLE..calm.end - PER_CYCLE]
                .iter()
                .copied(),
        );
        let rms0 = mean(points[..3 * PER_CYCLE].iter().map(|p| p.rms));
        if sigma_rms > DISTURBED.0 * rms0 || sigma_hz > DISTURBED.1 {
            return Err(AnalyzeError::Disturbed { name: "voltage" });
        }
        Ok(Self {
            samples,
            rate,
            cycle,
            hz0: first.hz,
            rms0,
            points,
            hz,
            sigma_rms,
            sigma_hz,
        })
    }

    /// Standard deviations of amplitude and frequency of the windows.
    pub(super) fn noise(&self) -> (f64, f64) {
        (self.sigma_rms, self.sigma_hz)
    }

    /// First point from which amplitude or frequency stays away from its mean so far.
    pub(super) fn flagged(&self) -> Option<usize> {
        let first = 2 * PER_CYCLE;
        let (mut sum_rms, mut sum_hz, mut n) = (0.0, 0.0, 0.0);
        let away_rms = (0.008 * self.rms0).max(6.0 * self.sigma_rms);
        let away_hz = (0.04_f64).max(6.0 * self.sigma_hz);
        for k in 0..self.points.len() {
            // The mean so far ends three cycles before, so that the event is not in it.
            if let Some(old) = k.checked_sub(3 * PER_CYCLE) {
                sum_rms += self.points[old].rms;
                sum_hz += self.hz[old];
                n += 1.0;
            }
            if k < first {
                continue;
            }
            let (rms, hz) = if n >= 4.0 {
                (sum_rms / n, sum_hz / n)
            } else {
                (self.rms0, self.hz0)
            };
            let end = (k + PER_CYCLE).min(self.points.len());
            let away = |j: usize| {
                (self.points[j].rms - rms).abs() > away_rms || (self.hz[j] - hz).abs() > away_hz
            };
            if end - k >= PER_CYCLE && (k..end).all(away) {
                return Some(k);
            }
        }
        None
    }

    /// Whether amplitude and frequency stay over `need` points from `k` on.
    pub(super) fn steady(&self, k: usize, need: usize) -> bool {
        let half = need / 2;
        let rms = |a: usize, b: usize| mean(self.points[a..b].iter().map(|p| p.rms));
        let hz = |a: usize, b: usize| mean(self.hz[a..b].iter().copied());
        let (a, b) = (rms(k, k + half), rms(k + half, k + need));
        let (f, g) = (hz(k, k + half), hz(k + half, k + need));
        let calm = self.calm();
        // Without voltage there is no frequency to settle.
        (a - b).abs() < calm.0 && ((f - g).abs() < calm.1 || a < 0.1 * self.rms0)
    }

    /// By how much amplitude and frequency of two cycles may differ from those of the next two that
    /// look settled.
    pub(super) fn calm(&self) -> (f64, f64) {
        let rms = (0.001 * self.rms0).max(2.0 * self.sigma_rms);
        (rms, 0.004_f64.max(2.0 * self.sigma_hz))
    }

    /// First point at or after `from` where amplitude and frequency stay for so many cycles, and
    /// the means there; the last such cycles if they never do.
    fn settled(&self, from: usize, cycles: usize) -> Option<(usize, f64, f64)> {
        let need = cycles * PER_CYCLE;
        let last = self.points.len().checked_sub(need + PER_CYCLE)?;
        let k = (from..=last)
            .find(|&k| self.steady(k, need))
            .unwrap_or(last.max(from));
        let end = (k + need).min(self.points.len());
        let inside = k..end;
        (end > k).then(|| {
            (
                k,
                mean(self.points[inside.clone()].iter().map(|p| p.rms)),
                mean(self.hz[inside].iter().copied()),
            )
        })
    }

    /// The change that shows from point `flag` on.
    pub(super) fn event_at(&self, flag: usize) -> Option<Event> {
        if let Some(slow) = self.slow_ramp(flag) {
            return Some(slow);
        }
        let from = flag + 2 * PER_CYCLE;
        let (settled, rms, hz) = self.settled(from, 4)?;
        let changed_rms = (rms - self.rms0).abs() / self.rms0;
        let dead = rms < 0.1 * self.rms0;
        let changed_hz = if dead { 0.0 } else { (hz - self.hz0).abs() };
        let before = self.before(flag)?;
        // Beside a jump of the phase, what a healthy grid does to the level or frequency is no part.
        let turned = self.turned(flag);
        let beside = |other: f64| other <= 1.0 && size(0.0, 0.0, turned) > LARGER * other;
        let by_voltage = changed_rms > CHANGED.0
            && changed_rms / 0.02 >= changed_hz / 0.1
            && !beside(size(changed_rms, changed_hz, 0.0));
        let kept_hz = changed_hz < CHANGED.1 || beside(size(0.0, changed_hz, 0.0));
        if !by_voltage && kept_hz {
            if let Some(brief) = self.brief(&before, flag, settled, (rms, Shape::Line)) {
                return Some(brief);
            }
            let Edge { at, doubt, .. } = self.change(&before, flag, settled, (rms, false))?;
            return Some(Event {
                kind: TripEvent::PhaseJump,
                seen_s: self.points[flag].at / self.rate,
                at_s: at / self.rate,
                doubt_s: doubt / self.rate,
                rms: Some(rms),
                hz: Some(hz),
                slope: None,
                size: size(changed_rms, changed_hz, turned),
                over: self.over(&before, at),
            });
        }
        let (from, to) = if by_voltage {
            (self.rms0, rms)
        } else {
            (self.hz0, hz)
        };
        let value = |k: usize| {
            if by_voltage {
                self.points[k].rms
            } else {
                self.hz[k]
            }
        };
        let share = |k: usize| (value(k) - from) / (to - from);
        // Between 10 % and 90 % of the change, beyond what the windows themselves take.
        let begin = flag.saturating_sub(3 * PER_CYCLE);
        let t90 = (begin..self.points.len()).find(|&k| share(k) >= 0.9)?;
        let t10 = (begin..t90)
            .rev()
            .find(|&k| share(k) <= 0.1)
            .unwrap_or(begin);
        let slew = (self.points[t90].at - self.points[t10].at) / self.cycle;
        let own = if by_voltage { 1.6 } else { 3.2 };
        let ramp = slew > own;
        let kind = match (by_voltage, ramp) {
            (true, false) => TripEvent::VoltageStep,
            (true, true) => TripEvent::VoltageRamp,
            (false, false) => TripEvent::FrequencyStep,
            (false, true) => TripEvent::FrequencyRamp,
        };
        let seen = match kind {
            TripEvent::VoltageRamp => self.voltage_ramp(&before, t10, t90, rms),
            TripEvent::FrequencyRamp => self.frequency_ramp(t10, t90),
            TripEvent::VoltageStep
            | TripEvent::FrequencyStep
            | TripEvent::PhaseJump
            | TripEvent::None => None,
        };
        let (at, doubt, slope, length, shape) = match seen {
            Some((at, doubt, slope)) => {
                let middle = 0.5 * (self.points[t10].at + self.points[t90].at);
                (at, doubt, slope, 2.0 * (middle - at), Shape::Line)
            }
            None => {
                let edge = self.change(&before, flag, settled, (rms, !by_voltage))?;
                (edge.at, edge.doubt, None, edge.length, edge.shape)
            }
        };
        let (kind, shape) = match shape {
            _ if !by_voltage => (kind, Shape::Line),
            Shape::Line => (kind, shape),
            Shape::Exponential | Shape::Other if length > STEP_CYCLES.0 * self.cycle => {
                (TripEvent::VoltageRamp, shape)
            }
            Shape::Exponential | Shape::Other => (TripEvent::VoltageStep, shape),
        };
        let seen = Rough {
            kind,
            at,
            length,
            tenths: (t10, t90),
            settled: (rms, hz),
        };
        let fitted = match shape {
            Shape::Line => self.fitted(&before, &seen, LONG),
            Shape::Exponential | Shape::Other => None,
        };
        if fitted.is_none()
            && let Some(brief) = self.brief(&before, flag, settled, (rms, shape))
        {
            return Some(brief);
        }
        let fitted = match (shape, self.last_cycles(flag)) {
            (Shape::Line, Some(near)) => self.fitted_nearby(&near, &seen, fitted),
            _ => fitted,
        };
        let (kind, at, doubt, slope) = match fitted {
            Some(Told { kind, fit, slope }) => (kind, fit.change.start, fit.doubt, slope),
            None => (kind, at, doubt, slope),
        };
        let size = match kind {
            TripEvent::VoltageRamp | TripEvent::FrequencyRamp => slow_size,
            TripEvent::VoltageStep
            | TripEvent::FrequencyStep
            | TripEvent::PhaseJump
            | TripEvent::None => size,
        };
        Some(Event {
            kind,
            seen_s: self.points[flag].at / self.rate,
            at_s: at / self.rate,
            doubt_s: doubt / self.rate,
            rms: Some(rms),
            hz: (!dead).then_some(hz),
            slope,
            size: size(changed_rms, changed_hz, if dead { 0.0 } else { turned }),
            over: match kind {
                TripEvent::VoltageStep => self.over(&before, at),
                TripEvent::VoltageRamp
                | TripEvent::FrequencyStep
                | TripEvent::FrequencyRamp
                | TripEvent::PhaseJump
                | TripEvent::None => None,
            },
        })
    }

    /// Turns by which the wave is ahead of what it was, from before point `flag` to soon after.
    fn turned(&self, flag: usize) -> f64 {
        let before = &self.points[flag.saturating_sub(2 * PER_CYCLE)];
        let after = &self.points[(flag + 3 * PER_CYCLE).min(self.points.len() - 1)];
        after.turns - before.turns - (after.at - before.at) * self.hz0 / self.rate
    }
}
