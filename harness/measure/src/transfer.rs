//! Transfer to back-up by metric M2 (IEC 62040-3 practice; docs/models.md, section 11): from the first
//! departure of the voltage from the wave before the event to the last departure from the wave
//! after it, both beyond 10 % of the nominal peak; with M1, M3 and the jump of phase beside it.

use crate::math::RootSum;
use gridproof_model::record::Accuracy;

use crate::bent_wave::BentWave;
use crate::dwell::{Dwell, Interval, dwell, longest_below, rms_dip};
use crate::limit_crossing::{Seek, crossing, first_departure, last_before_quiet};
use crate::rms::rms;
use crate::settled_wave::settled_wave;
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
    pub waves: (BentWave, BentWave),
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
        /// RMS over the last cycle of the record, or what there is of one since the departure, V.
        last_rms: f64,
    },
    /// It departed, and the record ends before it can be told when it came back.
    Unseen {
        /// First departure, sample position.
        start: f64,
    },
    /// It departed and came back.
    Found(Box<Transfer>),
}

/// What a record lacks that ends too soon.
pub(crate) const SHORT: &str = "fewer than 4 cycles after the event";
/// Cycles the old and the new wave are fitted on.
pub(crate) const FIT_CYCLES: f64 = 8.0;
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
    let before = &volts[from..until];
    let before_rms = rms(before);
    if before_rms < 0.5 * rule.nominal_v {
        return Outcome::NotEnergised(before_rms);
    }
    let Some(fit) = SineFit::new(before, from, rate_hz, rule.nominal_hz) else {
        return Outcome::TooShort("no periodic wave before the event");
    };
    let old = BentWave::following(fit, before, from);
    let threshold = (0.1 * peak).max(6.0 * old.scatter);
    if threshold > 0.2 * peak {
        return Outcome::TooNoisy(old.scatter);
    }
    let debounce = ((DEBOUNCE_S * rate_hz).round() as usize).max(1);
    let hidden = (HIDDEN_CYCLES * cycle) as usize;
    let reference = rule.reference_v.abs().min(0.5 * threshold);
    let doubted = |wave: &BentWave, at: usize| reference.root_sum(2.0 * wave.u_at(at as f64));
    let seek = Seek::new(threshold, old.scatter, doubted(&old, until), cycle);
    let departs = |deviation: &[f64], limit: f64| {
        first_departure(
            deviation,
            limit,
            limit + 3.0 * old.scatter,
            debounce,
            hidden,
        )
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
    let short = ((volts.len() - until) as f64) < 4.0 * cycle;
    let Some((first, moved)) = found.or_else(|| in_part(&departure)) else {
        return if short {
            Outcome::TooShort(SHORT)
        } else {
            Outcome::Unbroken
        };
    };
    let start_doubt = moved.into_iter().flatten().max().unwrap_or(0) as f64;
    let start = {
        let ends = (first.saturating_sub(1), first);
        until as f64 + crossing(&departure, ends, threshold, old.scatter, seek.reach)
    };
    let first = until + first;

    let last_cycle = &volts[first.max(volts.len().saturating_sub(cycle as usize))..];
    let last_rms = rms(last_cycle);
    let lost = Outcome::NotRestored { start, last_rms };
    if short {
        return if last_rms < 0.5 * rule.nominal_v {
            lost
        } else {
            Outcome::Unseen { start }
        };
    }
    let Some(new) = settled_wave(volts, first, rate_hz, rule, old.scatter) else {
        return lost;
    };
    let limit = (0.1 * peak).max(6.0 * new.scatter);
    let seek = Seek::new(limit, new.scatter, doubted(&new, first), cycle);
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
            let end = first as f64 + crossing(&after, (k, k + 1), limit, new.scatter, seek.reach);
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
        hz_after: new.hz_at(end),
        gap: gap(
            volts,
            (start, end),
            0.1 * peak,
            cycle,
            &Seek::new(0.1 * peak, old.scatter.max(new.scatter), 0.0, cycle),
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

/// The deviation of `volts` from `wave` from sample `from` on, as far as `look` needs it to find
/// something; all of it if it finds nothing.
fn growing<T>(
    wave: &BentWave,
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
