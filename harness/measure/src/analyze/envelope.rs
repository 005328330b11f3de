//! Output dynamic performance classes of IEC 62040-3 as planning envelopes
//! (docs/models.md, section 8): figures in data, all unconfirmed.

use serde::Serialize;

use crate::rms::half_cycle_series;
use crate::transfer::Transfer;

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

/// Class of a found transfer (metric M4). Up to three cycles after the end the instantaneous
/// deviation from the nearer of the two waves counts, a deviation towards zero as under-voltage;
/// later the one-cycle RMS. A limit is exceeded by at least 0.1 ms (a tenth of class 2) or two
/// samples in a row of its time, so that one noisy sample decides nothing.
pub(super) fn class(volts: &[f64], rate_hz: f64, nominal_v: f64, found: &Transfer) -> Class {
    let peak = nominal_v * std::f64::consts::SQRT_2;
    let cycle = rate_hz / found.hz_after.max(1.0);
    let first = found.start.max(0.0) as usize;
    let end = ((found.end + 3.0 * cycle) as usize).min(volts.len());
    let window = &volts[first.min(end)..end];
    let (old, new) = (&found.waves.0, &found.waves.1);
    let deviations: Vec<f64> = old
        .residual(window, first)
        .iter()
        .zip(new.residual(window, first))
        .zip(window)
        .map(|((&a, b), v)| {
            let e = if a.abs() <= b.abs() { a } else { b };
            // Away from zero or towards it, against the wave it is compared with.
            if (v - e) * e >= 0.0 {
                e.abs() / peak
            } else {
                -e.abs() / peak
            }
        })
        .collect();
    let need = ((1e-4 * rate_hz) as usize).max(2);
    let noise = 4.0 * found.waves.1.sigma.max(found.waves.0.sigma) / peak;
    let tail: Vec<(f64, f64)> = half_cycle_series(volts, cycle, end as f64)
        .into_iter()
        .map(|(at, rms)| ((at - found.start) / rate_hz, rms / nominal_v - 1.0))
        .collect();
    let inside = |envelope: &ToleranceEnvelope| {
        let mut run = 0;
        for (k, &d) in deviations.iter().enumerate() {
            // The first sample beyond the start is at most one sample late.
            let t = (first + k) as f64 - found.start - 1.5;
            let side = if d < 0.0 {
                envelope.under
            } else {
                envelope.over
            };
            let limit = allowed(side, t / rate_hz);
            run = if d.abs() > limit + noise { run + 1 } else { 0 };
            if run >= need {
                return false;
            }
        }
        tail.iter().all(|&(t, d)| {
            let side = if d < 0.0 {
                envelope.under
            } else {
                envelope.over
            };
            d.abs() <= allowed(side, t)
        })
    };
    ENVELOPES
        .iter()
        .find(|envelope| inside(envelope))
        .map_or(Class::None, |envelope| envelope.class)
}
