//! Output dynamic performance classes of IEC 62040-3 as planning envelopes
//! (docs/models.md, section 8): figures in data, all unconfirmed.

use crate::math::RootSum;
use gridproof_model::record::Accuracy;
use serde::Serialize;

use crate::rms::half_cycle_series;
use crate::transfer::Transfer;
use crate::uncertainty::Budget;

/// From the previous point's time until `until_s` after the start, the deviation may be `share`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnvelopePoint {
    /// End of the interval, s after the start of the deviation; the last is infinite.
    pub until_s: f64,
    /// Allowed deviation, share of the nominal peak.
    pub share: f64,
}

const fn p(until_s: f64, share: f64) -> EnvelopePoint {
    EnvelopePoint { until_s, share }
}

/// One class with its sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToleranceEnvelope {
    /// Which class.
    pub class: Class,
    /// Allowed under-voltage against time.
    pub under: &'static [EnvelopePoint],
    /// Allowed over-voltage against time.
    pub over: &'static [EnvelopePoint],
}

/// The planning envelopes, best class first.
pub const ENVELOPES: [ToleranceEnvelope; 3] = [
    ToleranceEnvelope {
        class: Class::One,
        under: &[
            p(0.005, 0.30),
            p(0.020, 0.14),
            p(0.050, 0.12),
            p(0.063, 0.11),
            p(f64::INFINITY, 0.10),
        ],
        over: &[
            p(0.005, 0.30),
            p(0.020, 0.14),
            p(0.050, 0.12),
            p(0.063, 0.11),
            p(f64::INFINITY, 0.10),
        ],
    },
    ToleranceEnvelope {
        class: Class::Two,
        under: &[
            p(0.001, 1.0),
            p(0.010, 0.30),
            p(0.100, 0.20),
            p(f64::INFINITY, 0.10),
        ],
        over: &[
            p(0.001, 1.0),
            p(0.010, 0.20),
            p(0.100, 0.14),
            p(f64::INFINITY, 0.10),
        ],
    },
    ToleranceEnvelope {
        class: Class::Three,
        under: &[p(0.010, 1.0), p(0.100, 0.20), p(f64::INFINITY, 0.10)],
        over: &[
            p(0.001, 1.0),
            p(0.040, 0.20),
            p(0.100, 0.14),
            p(f64::INFINITY, 0.10),
        ],
    },
];

/// Dynamic class of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Class {
    /// No interruption.
    #[serde(rename = "1")]
    One,
    /// Interruption up to 1 ms.
    #[serde(rename = "2")]
    Two,
    /// Interruption up to 10 ms.
    #[serde(rename = "3")]
    Three,
    /// Outside every envelope.
    #[serde(rename = "none")]
    None,
}

fn allowed(points: &[EnvelopePoint], t: f64) -> f64 {
    points
        .iter()
        .find(|point| t <= point.until_s)
        .map_or(0.1, |point| point.share)
}

/// Until when `points` permit a deviation of `share`, s: 0 if never.
fn permitted_until(points: &[EnvelopePoint], share: f64) -> f64 {
    let permits = points.iter().rev().find(|point| share <= point.share);
    permits.map_or(0.0, |point| point.until_s)
}

/// How far a voltage stayed from the envelope of one class: both figures are negative outside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassMargin {
    /// Which class.
    pub class: Class,
    /// Least distance of the deviation from what the envelope permits at the same instant, % of the
    /// nominal peak. Where a voltage may be missing altogether there is none.
    pub margin_pct: Option<f64>,
    /// U of `margin_pct` by sampling, noise and the accuracy of the voltage, % of the nominal peak.
    pub margin_uncertainty_pct: Option<f64>,
    /// Where, s from the first sample.
    pub t_margin_s: Option<f64>,
    /// U of `t_margin_s`, s: as far as the instants lie whose distance noise and accuracy do
    /// not tell from the least, all of a steady deviation.
    pub t_margin_uncertainty_s: Option<f64>,
    /// Least time until the envelope would no longer permit a deviation, s: by so much later the
    /// voltage could have come back, or did too late. None if it would always permit all of them.
    pub spare_s: Option<f64>,
    /// U of `spare_s` by both instants, noise and the accuracy of the voltage, s.
    pub spare_uncertainty_s: Option<f64>,
    /// Where, s from the first sample.
    pub t_spare_s: Option<f64>,
    /// U of `t_spare_s`, s.
    pub t_spare_uncertainty_s: Option<f64>,
}

/// A deviation from the nominal peak, share of it (under-voltage negative).
#[derive(Debug, Clone, Copy)]
struct Deviation {
    /// After the start of the transfer, s.
    since_s: f64,
    /// By how much it may be earlier, s.
    early_s: f64,
    /// What a gain error moves it by, share of the nominal peak.
    reading: f64,
    /// From the first sample, s.
    at_s: f64,
    share: f64,
}

impl Deviation {
    fn side<'e>(&self, envelope: &'e ToleranceEnvelope) -> &'e [EnvelopePoint] {
        if self.share < 0.0 {
            envelope.under
        } else {
            envelope.over
        }
    }

    /// Share that is left to the envelope; without bound where nothing at all is permitted to be
    /// left of the voltage. `noise` may lift a share.
    fn margin(&self, envelope: &ToleranceEnvelope, noise: f64) -> f64 {
        let (limit, size) = (
            allowed(self.side(envelope), self.since_s - self.early_s),
            self.share.abs(),
        );
        if self.share < 0.0 && limit >= 1.0 && size <= 1.0 + noise {
            f64::INFINITY
        } else {
            limit - size
        }
    }

    /// Until when the envelope permits it, s after the start.
    fn permitted(&self, envelope: &ToleranceEnvelope) -> f64 {
        permitted_until(self.side(envelope), self.share.abs())
    }

    /// With `by` of the nominal peak more.
    fn more(self, by: f64) -> Self {
        Self {
            share: (self.share.abs() + by).max(0.0).copysign(self.share),
            ..self
        }
    }
}

/// What of `value` each `need` deviations in a row do not exceed, with where.
fn in_a_row(
    deviations: &[Deviation],
    need: usize,
    value: impl Fn(&Deviation) -> f64,
) -> impl Iterator<Item = (f64, Deviation)> {
    let windows = deviations.windows(need.max(1)).filter_map(move |window| {
        let best = window.iter().map(|d| (value(d), *d));
        best.max_by(|a, b| a.0.total_cmp(&b.0))
    });
    windows.filter(|w| w.0.is_finite())
}

/// The least of `value` that at least `need` deviations in a row do not exceed, with where.
fn least(
    deviations: &[Deviation],
    need: usize,
    value: impl Fn(&Deviation) -> f64,
) -> Option<(f64, Deviation)> {
    in_a_row(deviations, need, value).min_by(|a, b| a.0.total_cmp(&b.0))
}

/// The least time to spare at the end of any `need` deviations in a row, by the one that is
/// `permitted` longest.
fn least_spare(
    deviations: &[Deviation],
    need: usize,
    permitted: impl Fn(&Deviation) -> f64,
) -> Option<(f64, Deviation)> {
    let windows = deviations.windows(need.max(1)).filter_map(|window| {
        let until = window.iter().map(&permitted).fold(0.0, f64::max);
        let last = *window.last()?;
        Some((until - last.since_s, last))
    });
    windows
        .filter(|w| w.0.is_finite())
        .min_by(|a, b| a.0.total_cmp(&b.0))
}

/// By how much the deviation `at` moves from one sample to the next, share: the least to either side, as
/// it may leap at the other. 0 of one that is not from `instants`.
fn moves_in_a_sample(instants: &[Deviation], at: &Deviation) -> f64 {
    let triple = instants.windows(3).find(|near| near[1].at_s == at.at_s);
    triple.map_or(0.0, |near| {
        let to = |other: &Deviation| (other.share - at.share).abs();
        to(&near[0]).min(to(&near[2]))
    })
}

/// Class of a found transfer and the margins to all of them (metric M4). Up to three cycles after
/// the end the instantaneous deviation from the nearer of the two waves counts, a deviation towards
/// zero as under-voltage; later the one-cycle RMS. A limit is exceeded by at least 0.1 ms (a tenth of
/// class 2) or two samples in a row, by more than four standard deviations, so that one noisy sample
/// decides nothing.
pub(super) fn class(
    volts: &[f64],
    rate_hz: f64,
    nominal_v: f64,
    found: &Transfer,
    accuracy: &Accuracy,
) -> (Class, Vec<ClassMargin>) {
    let peak = nominal_v * std::f64::consts::SQRT_2;
    let cycle = rate_hz / found.hz_after.max(1.0);
    let first = found.start.max(0.0) as usize;
    let end = ((found.end + 3.0 * cycle) as usize).min(volts.len());
    let window = &volts[first.min(end)..end];
    let (old, new) = (&found.waves.0, &found.waves.1);
    let instants: Vec<Deviation> = old
        .residual(window, first)
        .iter()
        .zip(new.residual(window, first))
        .zip(window)
        .enumerate()
        .map(|(k, ((&a, b), v))| {
            let e = if a.abs() <= b.abs() { a } else { b };
            let share = towards_zero(*v, v - e, peak).map_or(e.abs() / peak, |under| -under);
            Deviation {
                // It lasts until half a sample later, and began a sample and a half after the first
                // beyond the start at the latest.
                since_s: ((first + k) as f64 + 0.5 - found.start) / rate_hz,
                early_s: 2.0 / rate_hz,
                at_s: (first + k) as f64 / rate_hz,
                reading: share.abs(),
                share,
            }
        })
        .collect();
    let need = ((1e-4 * rate_hz) as usize).max(2);
    let sigma = found.waves.1.scatter.max(found.waves.0.scatter) / peak;
    let noise = 4.0 * sigma;
    let tail: Vec<Deviation> = half_cycle_series(volts, cycle, end as f64)
        .into_iter()
        .map(|(at, rms)| Deviation {
            since_s: (at - found.start) / rate_hz,
            early_s: 0.0,
            at_s: at / rate_hz,
            reading: rms / nominal_v,
            share: rms / nominal_v - 1.0,
        })
        .collect();
    let nearer = |a: Option<(f64, Deviation)>, b: Option<(f64, Deviation)>| match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    };
    let range = accuracy.of_range * accuracy.range / peak;
    let step = 1.0 / rate_hz;
    // What an envelope counts from, and a sample that shows where.
    let instant_budget = || {
        Budget::new("s")
            .sampling("sampling, start", step)
            .sampling("sampling, end", step)
            .rectangular("reference and noise, start", found.doubts.0 * step)
    };
    let mut best = Class::None;
    let mut margins = Vec::new();
    for envelope in ENVELOPES.iter().rev() {
        let instant = least(&instants, need, |d| d.margin(envelope, noise));
        let later = least(&tail, 1, |d| d.margin(envelope, 0.0));
        if instant.is_none_or(|m| m.0 >= -noise) && later.is_none_or(|m| m.0 >= 0.0) {
            best = envelope.class;
        }
        let margin = nearer(instant, later);
        let spare_of = |by: f64| {
            nearer(
                least_spare(&instants, need, |d| d.more(by).permitted(envelope)),
                least_spare(&tail, 1, |d| d.more(by).permitted(envelope)),
            )
        };
        let spare = spare_of(0.0);
        // The mean of a cycle's squares leaves little of the noise.
        let noise_of = |d: &Deviation| {
            if d.early_s > 0.0 {
                sigma
            } else {
                sigma / cycle.sqrt()
            }
        };
        let t_margin_u = margin.map(|(value, at)| {
            let alike = |found: &(f64, Deviation)| {
                let gain = accuracy.of_reading * (found.1.reading - at.reading).abs();
                found.0 - value <= 2.0 * noise_of(&found.1).root_sum(noise_of(&at)) + gain
            };
            let all = in_a_row(&instants, need, |d| d.margin(envelope, noise)).chain(in_a_row(
                &tail,
                1,
                |d| d.margin(envelope, 0.0),
            ));
            let apart = all.filter(alike).map(|m| (m.1.at_s - at.at_s).abs());
            instant_budget().rectangular("noise and accuracy", apart.fold(0.0, f64::max))
        });
        let margin_u = margin.map(|(_, at)| {
            // Both ends of what is exceeded for so long lie between samples.
            let sampling = 100.0 * moves_in_a_sample(&instants, &at);
            Budget::new("%")
                .sampling("sampling, start", sampling)
                .sampling("sampling, end", sampling)
                .normal("noise", 100.0 * noise_of(&at))
                .rectangular(
                    "accuracy, of reading",
                    100.0 * accuracy.of_reading * at.reading,
                )
                .rectangular("accuracy, of range", 100.0 * range)
                .expanded()
        });
        // By how much a level that is off moves the time to spare, and where it is.
        let spare_budget = |value: f64, at: &Deviation, of: &dyn Fn(&(f64, Deviation)) -> f64| {
            let moves = |by: f64| {
                let beside = [-by, by].map(&spare_of);
                let off = beside.iter().flatten().map(|m| (of(m) - value).abs());
                off.fold(0.0, f64::max)
            };
            instant_budget().normal("noise", moves(sigma)).rectangular(
                "accuracy",
                moves((accuracy.of_reading * at.reading).root_sum(range)),
            )
        };
        let spare_u = spare.map(|(value, at)| spare_budget(value, &at, &|m| m.0).expanded());
        let t_spare_u = spare.map(|(_, at)| spare_budget(at.at_s, &at, &|m| m.1.at_s).expanded());
        margins.insert(
            0,
            ClassMargin {
                class: envelope.class,
                margin_pct: margin.map(|m| 100.0 * m.0),
                margin_uncertainty_pct: margin_u,
                t_margin_s: margin.map(|m| m.1.at_s),
                t_margin_uncertainty_s: t_margin_u.map(|budget| budget.expanded()),
                spare_s: spare.map(|m| m.0),
                spare_uncertainty_s: spare_u,
                t_spare_s: spare.map(|m| m.1.at_s),
                t_spare_uncertainty_s: t_spare_u,
            },
        );
    }
    (best, margins)
}

/// How much is missing of `wave` in `v`, share of `peak`: at most all of the peak, and more where the
/// voltage has turned over. `None` if nothing is.
fn towards_zero(v: f64, wave: f64, peak: f64) -> Option<f64> {
    if (v - wave) * wave >= 0.0 {
        return None;
    }
    let missing = if v * wave >= 0.0 {
        (wave - v).abs().min(peak)
    } else {
        wave.abs().min(peak) + v.abs()
    };
    Some(missing / peak)
}
