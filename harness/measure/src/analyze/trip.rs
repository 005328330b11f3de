//! `analyze trip`: what the source did, when, and when the DUT's current ceased.

use gridproof_model::result::BudgetLine;
use serde::Serialize;

use super::run_on::{end_budget, ended};
use super::wave::coarse_hz;
use super::{AnalyzeError, Channel64, positive};
use crate::phase_track::{TrackPoint, track};
use crate::sine_fit::SineFit;
use crate::uncertainty::Budget;

/// Windows per cycle.
const HOP: f64 = 0.25;
const PER_CYCLE: usize = 4;
/// Longest wave before the event that is fitted, cycles.
const BEFORE_CYCLES: f64 = 25.0;
/// Longest wave after the event that is fitted, cycles.
const AFTER_CYCLES: f64 = 16.0;
/// Fitted points per cycle.
const FITTED: f64 = 1000.0;

/// What the voltage did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TripEvent {
    /// The amplitude changed within a cycle or two.
    VoltageStep,
    /// The amplitude changed slowly.
    VoltageRamp,
    /// The frequency changed at once.
    FrequencyStep,
    /// The frequency changed slowly.
    FrequencyRamp,
    /// The phase jumped, amplitude and frequency stayed.
    PhaseJump,
    /// The voltage never departed from its wave.
    None,
}

/// What a trip test shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TripAnalysis {
    /// What happened.
    pub event: TripEvent,
    /// When the voltage began to depart from its wave, s: for ramps the start of the ramp, not
    /// the crossing of any limit.
    pub t_event_s: Option<f64>,
    /// Last instant with more than 1 % of rated current; `None` if the DUT rides through, s.
    pub t_interrupt_s: Option<f64>,
    /// t_interrupt − t_event, s.
    pub trip_time_s: Option<f64>,
    /// U (k = 2) of the trip time, s.
    pub uncertainty_s: Option<f64>,
    /// Fundamental before and after the event, V RMS.
    pub v_before: f64,
    /// See `v_before`.
    pub v_after: Option<f64>,
    /// Frequency before and after the event, Hz.
    pub hz_before: f64,
    /// See `hz_before`.
    pub hz_after: Option<f64>,
    /// Change per second of a ramp, V/s or Hz/s.
    pub slope_per_s: Option<f64>,
    /// How often the current had stayed away for 0.2 s and come back.
    pub restarts: u32,
    /// Where U comes from, s.
    pub budget: Vec<BudgetLine>,
    /// What could not be found, and why.
    pub note: Option<String>,
}

/// Analyses a trip test; nominal values are those before the event. `rated_current_a` in A RMS.
///
/// # Errors
/// Unusable samples, no alternating wave of at least 20 samples a cycle for the first five
/// cycles, a rated current that is not positive.
pub fn trip(
    voltage: &Channel64<'_>,
    current: &Channel64<'_>,
    rated_current_a: f64,
) -> Result<TripAnalysis, AnalyzeError> {
    voltage.check("voltage")?;
    current.check("current")?;
    let rated = positive("rated current", rated_current_a)?;
    let hz = coarse_hz(voltage, "voltage")?;
    let seen = Seen::new(voltage, hz)?;
    let event = seen.event();
    let from_s = event.as_ref().map_or(0.0, |e| e.at_s);
    let end = ended(current, (from_s - 1e-3).max(0.0), rated, seen.hz0);
    let mut notes: Vec<String> = end.note.into_iter().collect();
    let mut result = TripAnalysis {
        event: TripEvent::None,
        t_event_s: None,
        t_interrupt_s: None,
        trip_time_s: None,
        uncertainty_s: None,
        v_before: seen.rms0,
        v_after: None,
        hz_before: seen.hz0,
        hz_after: None,
        slope_per_s: None,
        restarts: 0,
        budget: Vec::new(),
        note: None,
    };
    if let Some((at, ceased)) = &end.ceased {
        result.t_interrupt_s = Some(*at);
        result.restarts = ceased.restarts;
    }
    match event {
        None => notes.push("the voltage never departs from its wave".to_owned()),
        Some(event) => {
            result.event = event.kind;
            result.t_event_s = Some(event.at_s);
            result.v_after = event.rms;
            result.hz_after = event.hz;
            result.slope_per_s = event.slope;
            if let Some((at, ceased)) = &end.ceased {
                let budget = Budget::new("s")
                    .sampling("sampling, start", 1.0 / voltage.rate_hz)
                    .normal("algorithm: start of the event in noise", event.doubt_s);
                let measured = end_budget(budget, ceased, current.rate_hz, seen.hz0)
                    .measure((at - event.at_s).max(0.0));
                result.trip_time_s = Some(measured.value);
                result.uncertainty_s = Some(measured.u);
                result.budget = measured.budget;
            }
        }
    }
    result.note = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(result)
}

/// A found event.
struct Event {
    kind: TripEvent,
    at_s: f64,
    doubt_s: f64,
    rms: Option<f64>,
    hz: Option<f64>,
    slope: Option<f64>,
}

/// Amplitudes so alike that only the frequency tells two waves apart.
fn changed_little(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.02 * b
}

/// The fundamental along the record: amplitude and frequency against what they were.
struct Seen<'a> {
    samples: &'a [f64],
    rate: f64,
    /// Cycle before the event, samples.
    cycle: f64,
    hz0: f64,
    rms0: f64,
    points: Vec<TrackPoint>,
    /// Frequency over two cycles around each point, Hz.
    hz: Vec<f64>,
    sigma_rms: f64,
    sigma_hz: f64,
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
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
    fn new(voltage: &Channel64<'a>, hz: f64) -> Result<Self, AnalyzeError> {
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
        Ok(Self {
            samples,
            rate,
            cycle,
            hz0: first.hz,
            rms0: mean(points[..3 * PER_CYCLE].iter().map(|p| p.rms)),
            points,
            hz,
            sigma_rms,
            sigma_hz,
        })
    }

    /// First point from which amplitude or frequency stays away from its mean so far.
    fn flagged(&self) -> Option<usize> {
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

    /// First point at or after `from` where amplitude and frequency stay for four cycles, and
    /// the means there; the last four cycles if they never do.
    fn settled(&self, from: usize) -> Option<(usize, f64, f64)> {
        let need = 4 * PER_CYCLE;
        let half = need / 2;
        let last = self.points.len().checked_sub(need + PER_CYCLE)?;
        let steady = |k: usize| {
            let rms = |a: usize, b: usize| mean(self.points[a..b].iter().map(|p| p.rms));
            let hz = |a: usize, b: usize| mean(self.hz[a..b].iter().copied());
            let (a, b) = (rms(k, k + half), rms(k + half, k + need));
            let (f, g) = (hz(k, k + half), hz(k + half, k + need));
            let calm_rms = (a - b).abs() < (0.001 * self.rms0).max(2.0 * self.sigma_rms);
            // Without voltage there is no frequency to settle.
            calm_rms
                && ((f - g).abs() < (0.004_f64).max(2.0 * self.sigma_hz) || a < 0.1 * self.rms0)
        };
        let k = (from..=last).find(|&k| steady(k)).unwrap_or(last.max(from));
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

    fn event(&self) -> Option<Event> {
        let flag = self.flagged()?;
        let (settled, rms, hz) = self.settled(flag + 2 * PER_CYCLE)?;
        let changed_rms = (rms - self.rms0).abs() / self.rms0;
        let dead = rms < 0.1 * self.rms0;
        let changed_hz = if dead { 0.0 } else { (hz - self.hz0).abs() };
        let before = self.before(flag)?;
        let by_voltage = changed_rms > 0.004 && changed_rms / 0.02 >= changed_hz / 0.1;
        if !by_voltage && changed_hz < 0.02 {
            let (at, doubt) = self.change(&before, flag, settled, rms)?;
            return Some(Event {
                kind: TripEvent::PhaseJump,
                at_s: at / self.rate,
                doubt_s: doubt / self.rate,
                rms: Some(rms),
                hz: Some(hz),
                slope: None,
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
        let fitted = match kind {
            TripEvent::VoltageRamp => self.voltage_ramp(&before, t10, t90),
            TripEvent::FrequencyRamp => self.frequency_ramp(&before, t10, t90),
            TripEvent::VoltageStep
            | TripEvent::FrequencyStep
            | TripEvent::PhaseJump
            | TripEvent::None => None,
        };
        let (at, doubt, slope) = match fitted {
            Some(found) => found,
            None => {
                let (at, doubt) = self.change(&before, flag, settled, rms)?;
                match self.short_ramp(&before, at, rms).filter(|_| by_voltage) {
                    Some(start) => (start, doubt, None),
                    None => (at, doubt, None),
                }
            }
        };
        Some(Event {
            kind,
            at_s: at / self.rate,
            doubt_s: doubt / self.rate,
            rms: Some(rms),
            hz: (!dead).then_some(hz),
            slope,
        })
    }

    /// The wave before the event.
    fn before(&self, flag: usize) -> Option<SineFit> {
        let end = (self.points[flag].at - 1.75 * self.cycle).max(2.5 * self.cycle);
        let from = (end - BEFORE_CYCLES * self.cycle).max(0.0) as usize;
        SineFit::with_points(
            &self.samples[from..end as usize],
            from,
            self.rate,
            self.hz0,
            FITTED,
        )
    }

    /// The instant that splits the record best into the wave before and the wave after (maximum
    /// likelihood), sample position, and its standard uncertainty, samples.
    fn change(
        &self,
        before: &SineFit,
        flag: usize,
        settled: usize,
        rms: f64,
    ) -> Option<(f64, f64)> {
        let at = self.points[flag].at;
        let from = (at - 3.0 * self.cycle).max(0.0) as usize;
        let to = ((at + 1.5 * self.cycle) as usize).min(self.samples.len());
        let window = self.samples.get(from..to)?;
        let old = before.residual(window, from);
        let start = (self.points[settled].at - 0.25 * self.cycle).max(0.0) as usize;
        let fit_after = |cycles: f64| {
            let end = (start + (cycles * self.cycle) as usize).min(self.samples.len());
            let after = self.samples.get(start..end)?;
            SineFit::with_points(after, start, self.rate, self.hz0, FITTED)
        };
        // Longer is finer, unless the voltage changes again.
        let long = fit_after(AFTER_CYCLES)
            .filter(|fit| fit.sigma < 1.3 * before.sigma + 0.003 * before.amplitude());
        let fit = long.or_else(|| fit_after(4.0));
        let fit = fit.filter(|_| rms > 0.05 * self.rms0);
        let new = match &fit {
            Some(fit) => fit.residual(window, from),
            None => window.to_vec(),
        };
        // Cost of a split before sample k, up to a constant.
        let mut cost = 0.0;
        let mut costs = Vec::with_capacity(window.len() + 1);
        costs.push(0.0);
        for (a, b) in old.iter().zip(&new) {
            cost += a * a - b * b;
            costs.push(cost);
        }
        let (best, least) = costs
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(b.1))
            .map(|(k, c)| (k, *c))?;
        let worse = least + 4.0 * before.sigma * before.sigma;
        let near = (best.saturating_sub((0.5 * self.cycle) as usize)
            ..(best + (0.5 * self.cycle) as usize).min(costs.len()))
            .filter(|&k| costs[k] <= worse);
        let (mut low, mut high) = (best, best);
        for k in near {
            low = low.min(k);
            high = high.max(k);
        }
        let at = (from + best) as f64 - 0.5;
        let reach = 0.25 * (high - low) as f64;
        if let Some(fit) = fit.filter(|_| changed_little(rms, self.rms0)) {
            // Waves that part by their frequencies alone hardly differ at first: the instant
            // at which their phases agree is known far better than the best split.
            let slip = std::f64::consts::TAU * (fit.hz - before.hz) / self.rate;
            let apart = crate::transfer::wrapped_degrees(fit.angle_at(at) - before.angle_at(at));
            let meet = at - apart.to_radians() / slip;
            let points = AFTER_CYCLES * FITTED.min(self.cycle);
            let phase = 6.0 * before.sigma / before.amplitude() / points.sqrt();
            if (meet - at).abs() < (0.25 * self.cycle).max(3.0 * reach) {
                return Some((meet, phase / slip.abs()));
            }
        }
        Some((at, reach))
    }

    /// Start of a change that takes a part of a cycle: the deviation, as a share of the wave,
    /// continued back to zero along a line. `None` if the change is a clean step.
    fn short_ramp(&self, before: &SineFit, at: f64, rms: f64) -> Option<f64> {
        let from = (at - self.cycle).max(0.0) as usize;
        let to = ((at + self.cycle) as usize).min(self.samples.len());
        let residual = before.residual(self.samples.get(from..to)?, from);
        let limit = (0.02 * before.amplitude()).max(5.0 * before.sigma);
        let debounce = ((0.3e-3 * self.rate) as usize).max(3);
        let first =
            from + crate::transfer::first_departure(&residual, limit, limit * 1.5, debounce, 0)?;
        let lead = at - first as f64;
        if lead < 0.5e-3 * self.rate {
            return None;
        }
        let until = at + lead;
        let range = first as f64..until;
        let (t0, _, _) = self.regress(before, range)?;
        (t0 > at - self.cycle && t0 < at && rms.is_finite()).then_some(t0)
    }

    /// Start and slope (share of the amplitude per sample) of a linear change of amplitude from
    /// the samples in `range`, and the standard uncertainty of the start.
    fn regress(&self, before: &SineFit, range: std::ops::Range<f64>) -> Option<(f64, f64, f64)> {
        let (from, to) = (range.start.max(0.0) as usize, range.end as usize);
        let window = self.samples.get(from..to.min(self.samples.len()))?;
        let origin = from as f64;
        // e = s·t·u − c·u with u the wave of amplitude 1: start = c/s.
        let (mut tt, mut tu, mut uu, mut et, mut eu) = (0.0, 0.0, 0.0, 0.0, 0.0);
        before.each(from, window.len(), |k, wave| {
            let t = k as f64 - origin;
            let e = window[k - from] - wave;
            tt += t * t * wave * wave;
            tu += t * wave * wave;
            uu += wave * wave;
            et += e * t * wave;
            eu += e * wave;
        });
        let det = tt * uu - tu * tu;
        if det <= 0.0 || uu <= 0.0 {
            return None;
        }
        let s = (et * uu - eu * tu) / det;
        let b = (eu * tt - et * tu) / det;
        let start = origin - b / s;
        // Uncertainty of the zero of the line s·t + b.
        let x = start - origin;
        let variance = before.sigma.powi(2) * (tt - 2.0 * x * tu + x * x * uu) / det;
        let doubt = variance.max(0.0).sqrt() / s.abs();
        (start.is_finite() && doubt.is_finite()).then_some((start, s, doubt))
    }

    fn voltage_ramp(
        &self,
        before: &SineFit,
        t10: usize,
        t90: usize,
    ) -> Option<(f64, f64, Option<f64>)> {
        let (a, b) = (self.points[t10].at, self.points[t90].at);
        // Half a window inside at both ends, where there is room.
        let margin = (0.5 * self.cycle).min(0.2 * (b - a));
        let (start, s, doubt) = self.regress(before, a + margin..b - margin)?;
        let fits = start < b && start > a - 0.5 * (b - a) - 2.0 * self.cycle;
        fits.then_some((start, doubt, Some(s * self.rms0 * self.rate)))
    }

    /// The phase against the old wave is a parabola from the start on.
    fn frequency_ramp(
        &self,
        before: &SineFit,
        t10: usize,
        t90: usize,
    ) -> Option<(f64, f64, Option<f64>)> {
        // Windows wholly inside the ramp.
        let inside = &self.points[t10..=t90];
        let reference = |at: f64| before.hz * at / self.rate;
        // The sine's angle is a quarter turn ahead of the cosine's: the whole-turn offset is
        // removed at the last point before the ramp.
        let anchor = self.points.get(t10.saturating_sub(3 * PER_CYCLE))?;
        let angle = before.angle_at(anchor.at) / std::f64::consts::TAU - 0.25;
        let shift = angle - reference(anchor.at);
        let raw: Vec<(f64, f64)> = inside
            .iter()
            .map(|p| (p.at, p.turns - reference(p.at) - shift))
            .collect();
        let whole = (anchor.turns - reference(anchor.at) - shift).round();
        let end = raw.last()?;
        let slope_hz = (self.hz[t90] - self.hz[t10]) / ((end.0 - raw[0].0) / self.rate);
        let mut half_rate = 0.5 * slope_hz / (self.rate * self.rate);
        let mut start = raw[0].0 - 0.1 * (end.0 - raw[0].0);
        let mut doubt = 0.0;
        for _ in 0..12 {
            let (mut aa, mut ab, mut bb, mut ea, mut eb, mut ee, mut n) =
                (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
            for &(at, turns) in &raw {
                let x = at - start;
                // The mean of a parabola over a window lies T²/12 above its middle.
                let square = x * x + self.cycle * self.cycle / 12.0;
                let e = turns - whole - half_rate * square;
                let (a, b) = (square, -2.0 * half_rate * x);
                aa += a * a;
                ab += a * b;
                bb += b * b;
                ea += e * a;
                eb += e * b;
                ee += e * e;
                n += 1.0;
            }
            let det = aa * bb - ab * ab;
            if det <= 0.0 || !det.is_finite() {
                return None;
            }
            half_rate += (ea * bb - eb * ab) / det;
            start += ((eb * aa - ea * ab) / det).clamp(-2.0 * self.cycle, 2.0 * self.cycle);
            // Quarter-cycle windows overlap: a quarter of them is independent.
            doubt = (ee / n * 4.0 * aa / det).max(0.0).sqrt();
        }
        let fits = start.is_finite()
            && start < end.0
            && start > raw[0].0 - (end.0 - raw[0].0) - 4.0 * self.cycle;
        fits.then_some((start, doubt, Some(2.0 * half_rate * self.rate * self.rate)))
    }
}
