//! What a change of the voltage is, told by least squares of all samples around it from about what the
//! windows saw: a line or a step, of the amplitude or the frequency.

use super::trip::TripEvent;
use super::trip_event::{PER_CYCLE, STEP_CYCLES, Seen, mean};
use super::trip_fit::{Change, Course, Fitted, HALF, Part, SHORT, fit};
use super::trip_start::UNSTEADY;
use crate::math::RootSum;
use crate::sine_fit::SineFit;

/// An event as the windows see it: when it starts and how long it takes, samples, the points between
/// which it goes from 10 % to 90 %, and amplitude and frequency after it.
pub(super) struct Rough {
    pub(super) kind: TripEvent,
    pub(super) at: f64,
    pub(super) length: f64,
    pub(super) tenths: (usize, usize),
    pub(super) settled: (f64, f64),
}

/// An event by least squares of all samples around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) kind: TripEvent,
    pub(super) fit: Fitted,
    /// Change per second of a ramp.
    pub(super) slope: Option<f64>,
}

impl Seen<'_> {
    /// What fewer cycles beside a change tell where more of them, which tell `long`, leave clearly more
    /// than these and the last ones before it: the wave is not steady.
    pub(super) fn fitted_nearby(
        &self,
        last: &SineFit,
        seen: &Rough,
        long: Option<Told>,
    ) -> Option<Told> {
        let clearly_more = |left: f64| {
            let more = |long: Told| long.fit.left > UNSTEADY * UNSTEADY * left;
            long.is_none_or(more)
        };
        let short = Some(last)
            .filter(|last| clearly_more(last.sigma * last.sigma))
            .and_then(|last| self.fitted(last, seen, SHORT))
            .filter(|short| clearly_more(short.fit.left));
        let Some(mut short) = short else { return long };
        // What the frequency does besides shows in half as many.
        if let Some(half) = self.fitted(last, seen, HALF) {
            let moved = short.fit.change.start - half.fit.change.start;
            short.fit.doubt = short.fit.doubt.root_sum(moved);
        }
        Some(short)
    }

    /// The event by least squares of all samples of `part` from about what the windows saw; `None` if
    /// the samples are no change along a line, or none that takes time.
    pub(super) fn fitted(&self, before: &SineFit, seen: &Rough, part: Part) -> Option<Told> {
        let ((t10, t90), (rms, hz)) = (seen.tenths, seen.settled);
        let cycle = self.rate / before.hz;
        let fit = |course: Course, start: f64, length: f64, gain: f64| {
            let change = Change {
                start,
                end: start + length,
                rate: gain / length,
            };
            fit(self.samples, before, cycle, course, change, part)
        };
        let takes = |found: &Fitted| found.change.end - found.change.start;
        // Turns per sample.
        let gain = (hz - before.hz) / self.rate;
        match seen.kind {
            TripEvent::VoltageStep | TripEvent::VoltageRamp => {
                let gain = rms / self.rms0 - 1.0;
                let found = Some(seen.length)
                    .filter(|&length| length > 2.0)
                    .and_then(|length| fit(Course::Amplitude, seen.at, length, gain))?;
                let slope = found.change.rate * self.rms0 * self.rate;
                let (kind, slope) = if takes(&found) > STEP_CYCLES.0 * cycle {
                    (TripEvent::VoltageRamp, Some(slope))
                } else {
                    (TripEvent::VoltageStep, None)
                };
                Some(Told {
                    kind,
                    fit: found,
                    slope,
                })
            }
            TripEvent::FrequencyStep | TripEvent::FrequencyRamp => {
                let (a, b) = (self.points[t10].at, self.points[t90].at);
                let step = (seen.kind == TripEvent::FrequencyStep)
                    .then(|| {
                        fit(
                            Course::FrequencyStep,
                            seen.at + 0.5 * seen.length,
                            1.0,
                            gain,
                        )
                    })
                    .flatten();
                let tried = (a - 0.125 * (b - a), b + 0.125 * (b - a));
                let ramp = |(start, length, hz): (f64, f64, f64)| {
                    let gain = (hz - before.hz) / self.rate;
                    fit(Course::Frequency, start, length, gain)
                };
                // Part of a ramp tells less than all of it.
                let whole = self.whole_ramp(a, (before.hz, hz)).and_then(ramp);
                let ramp = whole.or_else(|| {
                    let seen = (seen.at, seen.length.max(2.0 * cycle), hz);
                    [seen, self.line(tried, (before.hz, hz))]
                        .into_iter()
                        .filter_map(ramp)
                        .min_by(|a, b| a.left.total_cmp(&b.left))
                });
                // One number more must explain more than noise gives it.
                let price = |step: &Fitted| step.left * (1.0 - 20.0 / step.points);
                match (step, ramp) {
                    (Some(step), Some(ramp)) if ramp.left < price(&step) => {
                        Some(self.told(ramp, takes(&ramp) / cycle))
                    }
                    (Some(fit), _) => Some(Told {
                        kind: TripEvent::FrequencyStep,
                        fit,
                        slope: None,
                    }),
                    (None, Some(ramp)) => Some(self.told(ramp, takes(&ramp) / cycle)),
                    (None, None) => None,
                }
            }
            TripEvent::PhaseJump | TripEvent::None => None,
        }
    }

    /// As [`Self::line`] of a ramp so slow that noise made it look settled on its way: to the farthest
    /// frequency that eight cycles keep, if that is clearly beyond `to`.
    fn whole_ramp(&self, near: f64, (from, to): (f64, f64)) -> Option<(f64, f64, f64)> {
        let count = 8 * PER_CYCLE;
        let first = self.points.partition_point(|p| p.at < near);
        let away: Vec<f64> = self.hz[first..]
            .windows(count)
            .map(|w| (mean(w.iter().copied()) - from) * (to - from).signum())
            .collect();
        let most = away.iter().copied().fold(0.0, f64::max);
        if most < 1.05 * (to - from).abs() {
            return None;
        }
        let reached = |share: f64| away.iter().position(|x| *x >= share * most);
        let place = |k: usize| self.points[first + k + count / 2].at;
        let (a, b) = (place(reached(0.1)?), place(reached(0.9)?));
        let tried = (a - 0.125 * (b - a), b + 0.125 * (b - a));
        Some(self.line(tried, (from, from + (to - from).signum() * most)))
    }

    /// Start and length of the line between the frequencies `from` and `to` that lies closest to
    /// those of the windows, and `to`; first tried between two positions.
    fn line(&self, tried: (f64, f64), (from, to): (f64, f64)) -> (f64, f64, f64) {
        let reach = tried.1 - tried.0 + 10.0 * self.cycle;
        let near = self
            .points
            .iter()
            .zip(&self.hz)
            .filter(|(p, _)| p.at > tried.0 - reach && p.at < tried.1 + reach);
        let near: Vec<(f64, f64)> = near.map(|(p, &hz)| (p.at, hz)).collect();
        let cost = |(start, end): (f64, f64)| -> f64 {
            let model =
                |at: f64| from + (to - from) * ((at - start) / (end - start)).clamp(0.0, 1.0);
            near.iter().map(|&(at, hz)| (hz - model(at)).powi(2)).sum()
        };
        let (mut best, mut least) = (tried, cost(tried));
        let mut width = 0.25 * (tried.1 - tried.0);
        while width > 0.1 * self.cycle {
            let moves = [
                (1.0, 0.0),
                (-1.0, 0.0),
                (0.0, 1.0),
                (0.0, -1.0),
                (1.0, 1.0),
                (-1.0, -1.0),
            ];
            let found = moves
                .into_iter()
                .map(|(a, b)| (best.0 + a * width, best.1 + b * width))
                .filter(|ends| ends.1 > ends.0 + self.cycle)
                .map(|ends| (ends, cost(ends)))
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .filter(|found| found.1 < least);
            match found {
                Some(found) => (best, least) = found,
                None => width *= 0.5,
            }
        }
        (best.0, best.1 - best.0, to)
    }

    /// A fitted ramp of the frequency that takes so many cycles.
    fn told(&self, ramp: Fitted, cycles: f64) -> Told {
        let slope = ramp.change.rate * self.rate * self.rate;
        let (kind, slope) = if cycles > STEP_CYCLES.1 {
            (TripEvent::FrequencyRamp, Some(slope))
        } else {
            (TripEvent::FrequencyStep, None)
        };
        Told {
            kind,
            fit: ramp,
            slope,
        }
    }
}
