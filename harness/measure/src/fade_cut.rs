//! A current that fades and is cut before it has faded away: the bridge ramps down, then the relay
//! opens. Fade and cut are found by turns, each with the other known.

use crate::fade::{Placed, unexplained};
use crate::steady::{Continued, Point};

/// Turns at most.
const TURNS: usize = 6;
/// How far the cut may move in one, cycles.
const NEAR: f64 = 0.5;
/// Share of the model that the last quarter of a cycle before the cut shows at least.
const SHOWN: f64 = 0.7;

/// A fade that a cut ends.
pub(crate) struct FadeCut {
    /// Between the last sample with current and the first without, sample position.
    pub(crate) at: f64,
    /// Standard uncertainty, samples.
    pub(crate) doubt: f64,
    /// Magnitude of the wave there, A.
    pub(crate) level: f64,
    /// Sum of squares that it leaves of all points.
    pub(crate) left: f64,
}

/// The fade and the cut that explain the samples best, the latter near `last`, the last sample that
/// surely carries current; `None` where the fade is no longer current at the cut (its peak not above
/// `threshold`, A), or where the samples are no such thing.
pub(crate) fn fade_cut(
    window: &Continued,
    amps: &[f64],
    last: usize,
    threshold: f64,
) -> Option<FadeCut> {
    let near = (NEAR * window.cycle / window.group) as usize;
    let mut cut = window.index((last + 1) as f64).min(window.points.len());
    let (mut fade, _) = Placed::best(window, window.points.get(..cut)?)?;
    for _ in 0..TURNS {
        let to = (cut + near).min(window.points.len());
        let before = |p: &Point| fade.value(window, p);
        let moved = window.split_after(cut.saturating_sub(near)..to, before, |_| 0.0)?;
        if moved == cut {
            break;
        }
        cut = moved;
        (fade, _) = fade.refined(window, window.points.get(..cut)?);
    }
    let value = |p: &Point| fade.value(window, p);
    let place = window.points.get(cut)?.at - 0.5 * window.group;
    let (at, doubt) = window.sharpened(amps, place, value);
    let lasts = fade.lasts_until(at, window);
    if !lasts || fade.envelope(at) * window.peak <= threshold {
        return None;
    }
    let cut_off = |p: &Point| if p.at < at { value(p) } else { 0.0 };
    unexplained(window, (fade.begin, at), threshold, cut_off)?;
    // The samples go with the fade to the very end.
    let (before, first) = window.beside(at);
    let quarter = (0.25 * window.cycle / window.group) as usize;
    let end = &window.points[before.saturating_sub(quarter)..before];
    let power: f64 = end.iter().map(|p| value(p).powi(2)).sum();
    let shown: f64 = end.iter().map(|p| value(p) * p.value).sum();
    if shown < SHOWN * power {
        return None;
    }
    let squares = window.points[..before]
        .iter()
        .chain(&window.points[first..]);
    Some(FadeCut {
        at,
        doubt,
        level: value(&window.point(at)).abs(),
        left: squares.map(|p| (p.value - cut_off(p)).powi(2)).sum(),
    })
}
