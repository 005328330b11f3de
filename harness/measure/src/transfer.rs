//! Transfer to back-up by metric M2 (IEC 62040-3 practice; docs/models.md, section 11): from the first
//! departure of the voltage from the wave before the event to the last departure from the wave
//! after it, both beyond 10 % of the nominal peak; with M1, M3 and the jump of phase beside it.

use crate::math::RootSum;
use gridproof_model::record::Accuracy;

use crate::dwell::{Dwell, Interval, dwell, longest_below, rms_dip};
use crate::rms::rms;
use crate::sine_fit::SineFit;
use crate::uncertainty::bound;

/// What is known before looking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferRule {
    /// Nominal voltage, V RMS.
    pub nominal_v: f64,
    /// Nominal frequency, Hz.
    pub nominal_hz: f64,
    /// Sample before which the wave is undisturbed for certain.
    pub undisturbed_until: usize,
    /// Uncertainty of the reference waves and the threshold, ± V.
    pub reference_v: f64,
    /// Accuracy of the channel, which moves the levels of M1 and M3.
    pub accuracy: Accuracy,
}

/// A transfer that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// First departure from the old wave, sample position.
    pub start: f64,
    /// Last departure from the new wave, sample position (= start when the port never left it).
    pub end: f64,
    /// Deviation that counts, V.
    pub threshold: f64,
    /// How far start and end move when the threshold moves by ± the uncertainty of the reference
    /// and of the noise, samples. Large where a decaying overshoot or a zero of the wave only
    /// touches it.
    pub doubts: (f64, f64),
    /// The waves before and after.
    pub waves: (SineFit, SineFit),
    /// Phase of the new wave against the old one at the start, degrees in (−180, 180].
    pub phase_jump_deg: f64,
    /// Frequency of the new wave, Hz.
    pub hz_after: f64,
    /// Metric M1: longest interval below 10 % of the nominal peak (none if only crossings).
    pub gap: Dwell,
    /// Metric M3: time with half-cycle RMS below 90 % of nominal.
    pub rms_dip: Dwell,
}

/// What the port did.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The record is too short to say.
    TooShort(&'static str),
    /// Less than half the nominal voltage before the event, V RMS.
    NotEnergised(f64),
    /// The noise hides a departure of 20 % of the peak (σ in V).
    TooNoisy(f64),
    /// The port never departed from its wave.
    Unbroken,
    /// It departed and did not come back to a steady wave inside the record.
    NotRestored {
        /// First departure, sample position.
        start: f64,
        /// RMS over the last cycle of the record, V.
        last_rms: f64,
    },
    /// It departed and came back.
    Found(Box<Transfer>),
}

/// Cycles the old and the new wave are fitted on.
const FIT_CYCLES: f64 = 8.0;
/// Cycles after a quiet one within which a second break belongs to the same transfer.
const BREAK_CYCLES: usize = 10;
/// Windows after the event that are compared, one cycle apart.
const CANDIDATES: usize = 40;
/// Shortest departure that counts, s (docs/models.md section 8 asks for 0.2 ms; half of
/// it, because a gap of 0.5 ms near a zero shows no longer).
pub(crate) const DEBOUNCE_S: f64 = 0.1e-3;
/// Share of a cycle a healthy sine may spend below 10 % of its peak at a crossing, with margin
/// (0.74 ms at 50 Hz, docs/models.md section 8).
pub(crate) const HIDDEN_CYCLES: f64 = 0.037;

/// Analyses the back-up voltage.
pub fn transfer(volts: &[f64], rate_hz: f64, rule: &TransferRule) -> Outcome {
    let cycle = rate_hz / rule.nominal_hz;
    let peak = rule.nominal_v * std::f64::consts::SQRT_2;
    let until = rule.undisturbed_until.min(volts.len());
    let from = until.saturating_sub((FIT_CYCLES * cycle) as usize);
    if ((until - from) as f64) < 2.9 * cycle {
        return Outcome::TooShort("fewer than 3 cycles before the event");
    }
    if ((volts.len() - until) as f64) < 4.0 * cycle {
        return Outcome::TooShort("fewer than 4 cycles after the event");
    }
    let before = &volts[from..until];
    let before_rms = rms(before);
    if before_rms < 0.5 * rule.nominal_v {
        return Outcome::NotEnergised(before_rms);
    }
    let Some(old) = SineFit::new(before, from, rate_hz, rule.nominal_hz) else {
        return Outcome::TooShort("no periodic wave before the event");
    };
    let threshold = (0.1 * peak).max(6.0 * old.sigma);
    if threshold > 0.2 * peak {
        return Outcome::TooNoisy(old.sigma);
    }
    let debounce = ((DEBOUNCE_S * rate_hz).round() as usize).max(1);
    let hidden = (HIDDEN_CYCLES * cycle) as usize;
    let reference = rule.reference_v.abs().min(0.5 * threshold);
    let seek = Seek::new(threshold, old.sigma, reference, cycle);
    let departs = |deviation: &[f64], limit: f64| {
        first_departure(deviation, limit, limit + 3.0 * old.sigma, debounce, hidden)
    };
    let in_part = |deviation: &[f64]| {
        let first = departs(deviation, threshold)?;
        // Beyond the raised limit it may never go: then the other side says how far.
        let moved = [threshold - seek.unsure, threshold + seek.unsure]
            .map(|limit| departs(deviation, limit).map(|k| k.abs_diff(first)));
        Some((first, moved))
    };
    let (departure, found) = growing(&old, volts, until, cycle, |part| {
        in_part(part).filter(|(_, moved)| moved.iter().all(Option::is_some))
    });
    let Some((first, moved)) = found.or_else(|| in_part(&departure)) else {
        return Outcome::Unbroken;
    };
    let start_doubt = moved.into_iter().flatten().max().unwrap_or(0) as f64;
    let start = {
        let ends = (first.saturating_sub(1), first);
        until as f64 + crossing(&departure, ends, threshold, old.sigma, seek.reach)
    };
    let first = until + first;

    let last_cycle = &volts[volts.len() - cycle as usize..];
    let lost = Outcome::NotRestored {
        start,
        last_rms: rms(last_cycle),
    };
    let Some(new) = new_wave(volts, first, rate_hz, rule, old.sigma) else {
        return lost;
    };
    let limit = (0.1 * peak).max(6.0 * new.sigma);
    let seek = Seek::new(limit, new.sigma, reference, cycle);
    let quiet = |deviation: &[f64], limit: f64| {
        let whole = first + deviation.len() == volts.len();
        last_before_quiet(deviation, limit, &seek, cycle as usize, whole)
    };
    let (after, found) = growing(&new, volts, first, cycle, |part| {
        // The lowered limit is the last one to see a quiet cycle.
        quiet(part, limit - seek.unsure)?;
        quiet(part, limit)
    });
    let Some(last) = found.or_else(|| quiet(&after, limit)) else {
        return lost;
    };
    let index = |last: Option<usize>| last.map_or(0.0, |k| k as f64);
    let end_doubt = [limit - seek.unsure, limit + seek.unsure]
        .into_iter()
        .map(|limit| {
            let moved = quiet(&after, limit);
            (moved.map_or(after.len() as f64, index) - index(last)).abs()
        })
        .fold(0.0, f64::max);
    let end = match last {
        None => start,
        Some(k) => {
            let end = first as f64 + crossing(&after, (k, k + 1), limit, new.sigma, seek.reach);
            end.max(start)
        }
    };
    let jump = new.angle_at(start) - old.angle_at(start);
    Outcome::Found(Box::new(Transfer {
        start,
        end,
        threshold,
        doubts: (start_doubt, end_doubt),
        phase_jump_deg: wrapped_degrees(jump),
        hz_after: new.hz,
        gap: gap(
            volts,
            (start, end),
            0.1 * peak,
            cycle,
            &Seek::new(0.1 * peak, old.sigma.max(new.sigma), 0.0, cycle),
            bound(&rule.accuracy, 0.1 * peak),
        ),
        rms_dip: rms_dip(
            volts,
            &old,
            rate_hz,
            (start - 2.0 * cycle, end + 3.0 * cycle),
            0.9 * rule.nominal_v,
            bound(&rule.accuracy, 0.9 * rule.nominal_v),
        ),
        waves: (old, new),
    }))
}

/// First index beyond `limit` with at least 60 % of the next `debounce` samples beyond it too.
///
/// A gap that begins just before a zero of the old wave shows briefly, hides in the zero, and
/// shows again: a sample beyond `brief_limit` at most `hidden` samples before counts with it, and
/// so does one that a leap took beyond `limit`, which noise cannot have done.
pub(crate) fn first_departure(
    deviation: &[f64],
    limit: f64,
    brief_limit: f64,
    debounce: usize,
    hidden: usize,
) -> Option<usize> {
    let sure = deviation.iter().enumerate().find_map(|(k, e)| {
        if e.abs() <= limit {
            return None;
        }
        let group = deviation.get(k..k + debounce)?;
        let beyond = group.iter().filter(|e| e.abs() > limit).count();
        (10 * beyond >= 6 * debounce).then_some(k)
    })?;
    let leap = (0.5 * limit).max(3.0 * (brief_limit - limit));
    let from = sure.saturating_sub(hidden);
    let brief = (from..sure).find(|&k| {
        let size = deviation[k].abs();
        let leapt = k > 0 && (deviation[k] - deviation[k - 1]).abs() > leap;
        let from_leap = &deviation[k..(k + debounce.max(2)).min(deviation.len())];
        size > brief_limit || leapt && at_leap(from_leap, -0.5) > limit
    });
    Some(brief.unwrap_or(sure))
}

/// Size of the deviation at a leap half a sample before its first value (`place` −0.5) or after its
/// last one (+0.5), from a line through them: the leap is as likely nearer as farther.
fn at_leap(deviation: &[f64], place: f64) -> f64 {
    let line = Line::through(deviation, 1.0);
    let half = 0.5 * (line.n - 1.0);
    (line.mean + line.slope * (half + 0.5).copysign(place)).abs()
}

/// One window of the wave after the event.
struct Candidate {
    from: usize,
    fit: SineFit,
    /// Difference of the RMS of its two halves, V.
    drift: f64,
}

/// The wave after the event: the earliest eight cycles, from one after the departure on, that a
/// steady wave explains as well as any later ones do. If the same wave goes on, a window six
/// cycles later is taken: what was still settling has died out there.
fn new_wave(
    volts: &[f64],
    first: usize,
    rate_hz: f64,
    rule: &TransferRule,
    noise: f64,
) -> Option<SineFit> {
    let cycle = rate_hz / rule.nominal_hz;
    let peak = rule.nominal_v * std::f64::consts::SQRT_2;
    let available = volts.len().saturating_sub(first);
    // In a short record a shorter window leaves room for candidates after a gap of two cycles.
    let within = |cycles: f64| available.saturating_sub((cycles * cycle) as usize);
    let shortest = within(1.0).min((3.0 * cycle) as usize);
    let length = ((FIT_CYCLES * cycle) as usize).min(within(3.0).max(shortest));
    if (length as f64) < 2.0 * cycle {
        return None;
    }
    let last = volts.len() - length;
    let starts = (1..=CANDIDATES)
        .map(|n| first + (n as f64 * cycle) as usize)
        .take_while(|&from| from < last)
        .chain([last]);
    let found: Vec<Candidate> = starts
        .filter_map(|from| {
            let window = &volts[from..from + length];
            // Cheap refusals before a fit: a dead start or a dead end.
            let end = (cycle as usize).min(length);
            let alive = |part: &[f64]| rms(part) > 0.5 * rule.nominal_v;
            if !alive(&window[..end]) || !alive(&window[length - end..]) {
                return None;
            }
            let fit = SineFit::new(window, from, rate_hz, rule.nominal_hz)?;
            let whole = ((0.5 * length as f64 / cycle).floor() * cycle) as usize;
            let drift = (rms(&window[..whole]) - rms(&window[length - whole..])).abs();
            Some(Candidate { from, fit, drift })
        })
        .collect();
    let best = found
        .iter()
        .map(|c| c.fit.sigma)
        .fold(f64::INFINITY, f64::min);
    let steady = |c: &Candidate| {
        c.fit.sigma <= 1.25 * best.max(0.5 * noise) + 0.003 * peak
            && c.drift <= 0.006 * rule.nominal_v + 0.2 * best
    };
    let Some(chosen) = found.iter().find(|c| steady(c)) else {
        let least = found
            .into_iter()
            .min_by(|a, b| a.fit.sigma.total_cmp(&b.fit.sigma))?;
        return (least.fit.sigma < 0.1 * peak).then_some(least.fit);
    };
    let later = found.iter().find(|c| {
        let turned = c.fit.angle_at(first as f64) - chosen.fit.angle_at(first as f64);
        c.from as f64 >= chosen.from as f64 + 5.9 * cycle
            && steady(c)
            && wrapped_degrees(turned).abs() < 0.6
            && (c.fit.amplitude() / chosen.fit.amplitude() - 1.0).abs() < 0.015
    });
    Some(later.unwrap_or(chosen).fit.clone())
}

/// How a limit is looked for in noise.
pub(crate) struct Seek {
    /// Standard deviation of one sample, V.
    pub(crate) sigma: f64,
    /// Samples of which half must agree that the deviation exceeds the limit.
    pub(crate) width: usize,
    /// Samples to each side of a crossing that a line is laid through.
    pub(crate) reach: usize,
    /// Bound of what reference and noise leave open about the limit, ± V.
    pub(crate) unsure: f64,
}

impl Seek {
    pub(crate) fn new(limit: f64, sigma: f64, reference: f64, cycle: f64) -> Self {
        // As many samples as bring noise to a few per cent of the limit: more would follow the
        // deviation around a bend.
        let needed = 2.0 * (sigma / (0.015 * limit)).powi(2);
        let longest = line_reach(cycle);
        let width = (needed as usize).clamp(1, longest);
        // The median of n samples scatters by 1.25 σ/√n; twice that, for the first or last of
        // several crossings scatters more than one does.
        let noise = 2.5 * sigma / (width as f64).sqrt();
        Self {
            sigma,
            width,
            reach: (needed as usize).clamp(5, longest.max(5)),
            unsure: reference.root_sum(noise).min(0.5 * limit),
        }
    }
}

/// The deviation of `volts` from `wave` from sample `from` on, as far as `look` needs it to find
/// something; all of it if it finds nothing.
fn growing<T>(
    wave: &SineFit,
    volts: &[f64],
    from: usize,
    cycle: f64,
    look: impl Fn(&[f64]) -> Option<T>,
) -> (Vec<f64>, Option<T>) {
    let mut length = (8.0 * cycle) as usize;
    loop {
        let to = (from + length).min(volts.len());
        let deviation = wave.residual(&volts[from..to], from);
        let found = look(&deviation);
        if found.is_some() || to == volts.len() {
            return (deviation, found);
        }
        length *= 4;
    }
}

/// `Some(Some(k))`: k is the last index beyond the limit before the first quiet cycle that no
/// second break follows; `Some(None)`: quiet from the beginning; `None`: never quiet for a cycle,
/// or what follows is not in a deviation that is not `whole`.
///
/// A single sample counts where noise cannot have lifted it there or a leap ends it, else only if
/// half of the last few exceed the limit too. A second break is half of the peak within ten cycles:
/// an island that held for a while before it broke down, and not the drift of a wave that settles.
fn last_before_quiet(
    deviation: &[f64],
    limit: f64,
    seek: &Seek,
    cycle: usize,
    whole: bool,
) -> Option<Option<usize>> {
    let sure = limit + 4.5 * seek.sigma;
    let leap = (0.5 * limit).max(8.0 * seek.sigma);
    let mut last = None;
    let mut beyond = 0;
    let mut resume = 0;
    for (k, e) in deviation.iter().enumerate() {
        let size = e.abs();
        beyond += usize::from(size > limit);
        if let Some(old) = k.checked_sub(seek.width) {
            beyond -= usize::from(deviation[old].abs() > limit);
        }
        let next = deviation.get(k + 1);
        let leaps = k > 0
            && next.is_some_and(|next| (next - e).abs() > leap)
            && at_leap(
                &deviation[(k + 1).saturating_sub(seek.width.max(2))..=k],
                0.5,
            ) > limit;
        if size > limit && (2 * beyond >= seek.width.min(k + 1) || size > sure) || leaps {
            last = Some(k);
        } else if k >= resume && k - last.unwrap_or(0) >= cycle {
            let end = k + BREAK_CYCLES * cycle;
            if end > deviation.len() && !whole {
                return None;
            }
            let ahead = &deviation[k..end.min(deviation.len())];
            match ahead.windows(2).position(|pair| {
                // Two in a row are no spike.
                pair.iter().all(|e| e.abs() > 5.0 * limit)
            }) {
                Some(broken) => resume = k + broken,
                None => return Some(last),
            }
        }
    }
    None
}

/// Where |deviation| passes `limit` between samples `a` and `b` = a + 1: the middle of the
/// interval when it jumps; interpolated when it moves slowly; from a line through up to `longest`
/// samples to each side when the noise `sigma` is larger than its slope.
pub(crate) fn crossing(
    deviation: &[f64],
    (a, b): (usize, usize),
    limit: f64,
    sigma: f64,
    longest: usize,
) -> f64 {
    let (Some(&x), Some(&y)) = (deviation.get(a), deviation.get(b)) else {
        return if b < deviation.len() { b } else { a } as f64;
    };
    let sign = if y.abs() > x.abs() { y } else { x }.signum();
    let leap = (0.5 * limit).max(8.0 * sigma);
    let jumps = |k: usize| (deviation[k + 1] - deviation[k]).abs() > leap;
    if jumps(a) {
        return a as f64 + 0.5;
    }
    // The shortest line that tells the instant: a longer one would follow a bend.
    let mut reach = longest.min(2);
    loop {
        let from = (a.saturating_sub(reach)..a)
            .rev()
            .find(|&k| jumps(k))
            .map_or(a.saturating_sub(reach), |k| k + 1);
        let end = (b + reach).min(deviation.len() - 1);
        let to = (b..end).find(|&k| jumps(k)).unwrap_or(end);
        let line = Line::through(&deviation[from..=to], sign);
        let fitted = from as f64 + line.reaches(limit);
        let inside = fitted >= from as f64 && fitted <= to as f64;
        let noisy = line.slope.abs() < 4.0 * sigma && line.n >= 5.0;
        let told = line.slope.abs() * line.n.sqrt() > 3.0 * sigma;
        if noisy && inside && (told || reach >= longest) {
            return fitted;
        }
        if reach >= longest {
            break;
        }
        reach = (2 * reach).min(longest);
    }
    if x.abs() == y.abs() {
        return b as f64;
    }
    a as f64 + ((limit - x.abs()) / (y.abs() - x.abs())).clamp(0.0, 1.0)
}

/// A line of least squares through equidistant values.
struct Line {
    n: f64,
    mean: f64,
    /// Per sample.
    slope: f64,
}

impl Line {
    /// Through `values` × `sign`.
    fn through(values: &[f64], sign: f64) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n * sign;
        let middle = 0.5 * (n - 1.0);
        let (mut sty, mut stt) = (0.0, 0.0);
        for (k, value) in values.iter().enumerate() {
            let t = k as f64 - middle;
            sty += t * (value * sign - mean);
            stt += t * t;
        }
        let slope = if stt > 0.0 { sty / stt } else { 0.0 };
        Self { n, mean, slope }
    }

    /// Position from its first value at which it reaches `level`.
    fn reaches(&self, level: f64) -> f64 {
        0.5 * (self.n - 1.0) + (level - self.mean) / self.slope
    }
}

/// Samples to each side of a crossing that a line is laid through, share of a cycle (0.2 ms at
/// 50 Hz): the sine is straight to 0.1 % over it.
pub(crate) fn line_reach(cycle: f64) -> usize {
    ((0.01 * cycle) as usize).max(1)
}

/// An angle in rad as degrees in (−180, 180].
pub(crate) fn wrapped_degrees(angle: f64) -> f64 {
    let (s, c) = crate::math::sin_cos(angle);
    crate::math::atan2(s, c).to_degrees()
}

/// Longest interval with |v| below `level` around the transfer, if longer than a crossing
/// of a healthy sine takes (0.74 ms at 50 Hz, in proportion elsewhere).
fn gap(
    volts: &[f64],
    (start, end): (f64, f64),
    level: f64,
    cycle: f64,
    seek: &Seek,
    accuracy: f64,
) -> Dwell {
    let from = (start - cycle).max(0.0) as usize;
    let to = ((end + cycle) as usize).min(volts.len());
    let part = &volts[from.min(to)..to];
    let counts = |interval: &Interval| interval.length() > HIDDEN_CYCLES * cycle;
    let longest = |level: f64| longest_below(part, level, seek).filter(counts);
    dwell(longest, level, seek, accuracy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gap that begins a sample before a zero of the wave: a sample, then nothing to see for ten,
    /// then all of it.
    fn departure(first: f64, second: f64) -> Option<usize> {
        let mut deviation = vec![0.0; 20];
        deviation.extend([first, second]);
        deviation.extend([10.0; 10]);
        deviation.extend([200.0; 20]);
        first_departure(&deviation, 32.0, 33.5, 5, 20)
    }

    #[test]
    fn a_leap_before_a_zero_begins_a_gap() {
        // Beyond what noise lifts; beyond the limit at the leap, half a sample before; not even there.
        assert_eq!(departure(34.0, 20.0), Some(20));
        assert_eq!(departure(31.0, 28.0), Some(20));
        assert_eq!(departure(31.0, 10.0), Some(32));
        // One that comes gradually does not leap.
        assert_eq!(departure(15.0, 29.0), Some(32));
    }
}
