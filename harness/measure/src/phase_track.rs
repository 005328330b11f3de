//! The fundamental followed along a record: amplitude and unwrapped phase of one-cycle windows
//! (phasor method of docs/models.md, section 11).

use crate::linear::least_squares;
use crate::phasor::fundamental;

/// One window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackPoint {
    /// Centre of the window, sample position.
    pub at: f64,
    /// RMS of the fundamental.
    pub rms: f64,
    /// Unwrapped phase of the fundamental (as a cosine) at the centre, turns.
    pub turns: f64,
}

/// One-cycle windows every `hop` cycles within samples `[from, to]`; `cycle` in samples.
pub fn track(samples: &[f64], from: f64, to: f64, cycle: f64, hop: f64) -> Vec<TrackPoint> {
    refined(samples, from, to, hop, cycle, |_| cycle)
}

/// As [`track`], then once more with each window as long as the cycle is there, which removes
/// the ripple of windows that do not fit.
pub fn adaptive_track(
    samples: &[f64],
    from: f64,
    to: f64,
    cycle: f64,
    hop: f64,
) -> Vec<TrackPoint> {
    let coarse = track(samples, from, to, cycle, hop);
    let side = (2.0 / hop).ceil() as usize;
    refined(samples, from, to, hop, cycle, |at| {
        let middle = coarse.partition_point(|p| p.at < at);
        let lo = middle.saturating_sub(side);
        let hi = (middle + side).min(coarse.len().saturating_sub(1));
        if hi < lo + 2 {
            return cycle;
        }
        let turns = coarse[hi].turns - coarse[lo].turns;
        let local = (coarse[hi].at - coarse[lo].at) / turns;
        if local > 0.8 * cycle && local < 1.25 * cycle {
            local
        } else {
            cycle
        }
    })
}

fn refined(
    samples: &[f64],
    from: f64,
    to: f64,
    hop: f64,
    cycle: f64,
    length: impl Fn(f64) -> f64,
) -> Vec<TrackPoint> {
    let mut points: Vec<TrackPoint> = Vec::new();
    if !(cycle.is_finite() && cycle >= 4.0 && hop > 0.01 && from >= 0.0) {
        return points;
    }
    let to = to.min(samples.len() as f64 - 1.0);
    let mut n = 0.0;
    loop {
        let centre = from + (0.5 + n * hop) * cycle;
        let width = length(centre);
        // At the edges a window longer than the nominal cycle is moved inside.
        let start = (centre - 0.5 * width).max(from).min((to - width).max(from));
        if centre + 0.5 * cycle > to + 1e-6 || start + width > to + 1e-6 {
            return points;
        }
        let at = start + 0.5 * width;
        let Some([phasor]) = fundamental([samples], start, 1, width) else {
            return points;
        };
        let turns = phasor.angle() / std::f64::consts::TAU + at / width;
        let turns = match points.last() {
            Some(last) => {
                let expected = last.turns + (at - last.at) / width;
                turns + (expected - turns).round()
            }
            None => turns,
        };
        points.push(TrackPoint {
            at,
            rms: phasor.abs(),
            turns,
        });
        n += 1.0;
    }
}

/// Least-squares parabola y = c0 + c1·(x − x0) + c2·(x − x0)²; `None` with fewer than four
/// distinct points.
pub fn parabola(points: impl Iterator<Item = (f64, f64)> + Clone, x0: f64) -> Option<[f64; 3]> {
    let scale = points
        .clone()
        .map(|(x, _)| (x - x0).abs())
        .fold(0.0, f64::max);
    let count = points.clone().count();
    if count < 4 || scale <= 0.0 {
        return None;
    }
    let rows = points.map(|(x, y)| {
        let u = (x - x0) / scale;
        ([1.0, u, u * u], y)
    });
    let [c0, c1, c2] = least_squares(rows)?;
    let found = [c0, c1 / scale, c2 / (scale * scale)];
    found.iter().all(|x| x.is_finite()).then_some(found)
}
