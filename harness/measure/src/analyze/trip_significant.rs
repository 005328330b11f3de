//! Which change of a voltage is the event of a trip test: the first, unless that is no more than a
//! healthy grid does all day and one much larger follows.

use super::trip::TripEvent;
use super::trip_event::{Event, PER_CYCLE, Seen, mean};
use super::{AnalyzeError, Channel64};

/// What a healthy grid does: share of the amplitude, Hz, turns.
const HEALTHY: (f64, f64, f64) = (0.03, 0.1, 3.0 / 360.0);
/// By how much larger a later change is that is the event in place of a small one.
pub(super) const LARGER: f64 = 3.0;
/// The reference that a later change departs from: its length, and how long before it ends, cycles.
const RECENT: (usize, usize) = (8, 3);
/// Standard deviations of amplitude and frequency that a later change exceeds.
const CERTAIN: f64 = 12.0;
/// Cycles from which on a change is not the beginning of one that leaves what is healthy within
/// [`RECENT`].
const APART_CYCLES: usize = 15;
/// Cycles of rest that part two changes.
const REST_CYCLES: usize = 4;
/// By how much faster than what it follows a change is that is another.
const FASTER: f64 = 10.0;
/// Cycles before a later change that it is measured against: fewer where the wave changes a little
/// in the first of them.
const LEAD_CYCLES: [f64; 3] = [9.0, 7.0, 5.5];

/// How large a change is, in what a healthy grid does.
pub(super) fn size(share: f64, hz: f64, turns: f64) -> f64 {
    let by_phase = (turns - turns.round()).abs() / HEALTHY.2;
    let by_level = share.abs() / HEALTHY.0;
    by_level.max(hz.abs() / HEALTHY.1).max(by_phase)
}

/// How large a change is that takes time: it may go from one end of what is healthy to the other, as a
/// swing about the middle does.
pub(super) fn slow_size(share: f64, hz: f64, turns: f64) -> f64 {
    size(0.5 * share, 0.5 * hz, turns)
}

/// The event of the record with what it departs from, in times of the record.
pub(super) fn significant<'a>(
    voltage: &Channel64<'a>,
    hz: f64,
) -> Result<(Seen<'a>, Option<Event>), AnalyzeError> {
    let seen = Seen::new(voltage, hz)?;
    let Some(flag) = seen.flagged() else {
        return Ok((seen, None));
    };
    let until_sudden = seen.until_sudden(flag);
    let first = match seen.event_at(flag) {
        Some(mut first) if until_sudden.unwrap_or(first.size) <= 1.0 => {
            first.size = until_sudden.unwrap_or(first.size);
            first
        }
        // A step is measured against the wave just before it where that was not steady.
        Some(first) if first.at_once() && seen.unsteady_before(flag) => {
            return Ok(match seen.later(voltage, (flag, LEAD_CYCLES[0]), hz) {
                Some((later, near)) if near.kind == first.kind => (later, Some(near)),
                _ => (seen, Some(first)),
            });
        }
        other => return Ok((seen, other)),
    };
    let mut from = flag + PER_CYCLE;
    while let Some((begin, k)) = seen.leaves(from) {
        // What a slow change has become by then counts too.
        let small = first.size.max(seen.gone_before(begin));
        if seen.apart(flag, begin)
            && let Some((later, event)) = [begin, k]
                .into_iter()
                .flat_map(|at| LEAD_CYCLES.map(|lead| (at, lead)))
                .filter_map(|from| seen.later(voltage, from, hz))
                .find(|(_, event)| event.size > (LARGER * small).max(1.0))
        {
            return Ok((later, Some(event)));
        }
        from = k + REST_CYCLES * PER_CYCLE;
    }
    Ok((seen, Some(first)))
}

impl Event {
    /// Whether it takes no time.
    fn at_once(&self) -> bool {
        match self.kind {
            TripEvent::VoltageStep | TripEvent::FrequencyStep | TripEvent::PhaseJump => true,
            TripEvent::VoltageRamp | TripEvent::FrequencyRamp | TripEvent::None => false,
        }
    }
}

impl<'a> Seen<'a> {
    /// Amplitude and frequency on average of the points `range`, and how much they scatter.
    fn around(&self, range: std::ops::Range<usize>) -> [(f64, f64); 2] {
        let scatter = |values: &dyn Fn(usize) -> f64| {
            let middle = mean(range.clone().map(values));
            let square = mean(range.clone().map(|k| (values(k) - middle).powi(2)));
            (middle, square.sqrt())
        };
        [scatter(&|k| self.points[k].rms), scatter(&|k| self.hz[k])]
    }

    /// First change from point `from` on within a few cycles by more than a healthy grid does: the
    /// point from which on it shows beyond the scatter before it, and where it is certain.
    pub(super) fn leaves(&self, from: usize) -> Option<(usize, usize)> {
        let (length, gap) = (RECENT.0 * PER_CYCLE, RECENT.1 * PER_CYCLE);
        let (noise_rms, noise_hz) = self.noise();
        (from.max(length + gap)..self.points.len().saturating_sub(PER_CYCLE)).find_map(|k| {
            let [(rms, more_rms), (hz, more_hz)] = self.around(k - gap - length..k - gap);
            let limits = (HEALTHY.0 * self.rms0).max(CERTAIN * noise_rms);
            let limits = (limits, HEALTHY.1.max(CERTAIN * noise_hz));
            let beyond = |j: usize, (a, b): (f64, f64)| {
                (self.points[j].rms - rms).abs() > a || (self.hz[j] - hz).abs() > b
            };
            if !(k..k + PER_CYCLE).all(|j| beyond(j, limits)) {
                return None;
            }
            let low = (
                (0.008 * self.rms0).max(6.0 * noise_rms).max(3.0 * more_rms),
                0.04_f64.max(6.0 * noise_hz).max(3.0 * more_hz),
            );
            let calm = (k - gap..k).rev().find(|&j| !beyond(j, low));
            Some((calm.map_or(k - gap, |j| j + 1), k))
        })
    }

    /// How far amplitude and frequency have slowly gone just before point `k`, in what a healthy grid does.
    fn gone_before(&self, k: usize) -> f64 {
        let end = k.saturating_sub(PER_CYCLE);
        let begin = end.saturating_sub(REST_CYCLES * PER_CYCLE);
        let [(rms, _), (hz, _)] = self.around(begin..end);
        self.slowly_gone(rms, hz)
    }

    /// How large a slow change to this amplitude and frequency is.
    fn slowly_gone(&self, rms: f64, hz: f64) -> f64 {
        slow_size(rms / self.rms0 - 1.0, hz - self.hz0, 0.0)
    }

    /// How far what shows from point `flag` on has slowly gone before the first sudden change, if that
    /// is another: a swing that never rests would be told with the level after that.
    fn until_sudden(&self, flag: usize) -> Option<f64> {
        let (begin, _) = self.leaves(flag)?;
        let end = begin.saturating_sub(PER_CYCLE);
        let gone = (flag..end).map(|k| self.slowly_gone(self.points[k].rms, self.hz[k]));
        self.apart(flag, begin).then(|| gone.fold(0.0, f64::max))
    }

    /// Whether the level goes on from point `begin`, some cycles after `first`, so much faster than
    /// before that both are not one ramp.
    fn sudden(&self, first: usize, begin: usize) -> bool {
        let (rest, gap) = (REST_CYCLES * PER_CYCLE, 2 * PER_CYCLE);
        let level = |k: usize| mean(self.points[k..k + PER_CYCLE].iter().map(|p| p.rms));
        if begin < first.max(rest) + gap || begin + rest + PER_CYCLE > self.points.len() {
            return false;
        }
        let last = level(begin - gap);
        let before = (last - level(begin - gap - rest)).abs();
        (level(begin + rest) - last).abs() > FASTER * before
    }

    /// Whether the change at point `first` is another than that at point `later`.
    fn apart(&self, first: usize, later: usize) -> bool {
        let rest = REST_CYCLES * PER_CYCLE;
        let last = later.saturating_sub(rest + PER_CYCLE);
        later >= first + APART_CYCLES * PER_CYCLE
            || (first + 2 * PER_CYCLE..last).any(|k| self.steady(k, rest))
            || self.sudden(first, later)
    }

    /// The change at point `begin`, of what the record holds `lead` cycles before it and after.
    fn later(
        &self,
        voltage: &Channel64<'a>,
        (begin, lead): (usize, f64),
        hz: f64,
    ) -> Option<(Self, Event)> {
        let cut = (self.points[begin].at - lead * self.cycle).max(0.0) as usize;
        let part = Channel64 {
            samples: voltage.samples.get(cut..)?,
            rate_hz: voltage.rate_hz,
        };
        let seen = Seen::new(&part, hz).ok()?;
        let at = self.points[begin].at - cut as f64;
        let flag = seen.points.partition_point(|p| p.at < at);
        let mut event = seen.event_at(flag)?;
        event.at_s += cut as f64 / self.rate;
        event.seen_s += cut as f64 / self.rate;
        if let Some(over) = &mut event.over {
            over.at = over.at.start + cut..over.at.end + cut;
        }
        Some((seen, event))
    }
}
