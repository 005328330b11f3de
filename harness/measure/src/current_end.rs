//! How a current ends: which of the models of its end explains the samples best.

use crate::continued_wave::local_cycle;
use crate::cut_end::cut;
use crate::fade::fade;
use crate::fade_cut::fade_cut;
use crate::math::RootSum;
use crate::ramp_end::ramp;
use crate::remainder::{left_by_weaker, remainder};
use crate::ringing::ringing;
use crate::steady::Continued;
use crate::tail::Tail;

/// Ringing after a cut is taken for real if it lowers the sum of squares by so many variances of a
/// sample: the best of some hundred frequencies and time constants in noise reaches 17 in one of
/// 20 cases.
const RINGS: f64 = 22.0;

/// What the samples gain by ringing that is overlooked where the cut leaves nothing but noise,
/// variances of a sample: two standard deviations.
const OVERLOOKED: f64 = 4.0;

/// The end of a current, sample positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// Cut within a sample.
    Cut {
        /// Between the last sample with current and the first without.
        at: f64,
        /// Standard uncertainty, samples.
        doubt: f64,
        /// Magnitude of the wave there, A.
        level: f64,
    },
    /// Faded out along a ramp.
    Ramp {
        /// Last instant at which the current itself exceeds the threshold.
        last: f64,
        /// Where its envelope passes the threshold.
        envelope: f64,
        /// Where it reaches nothing, if it does.
        end: f64,
        /// Standard uncertainty of all, samples.
        doubt: f64,
        /// How fast the envelope falls there, A per sample.
        slope: f64,
    },
}

impl Ending {
    /// With ringing after a cut that may have lasted so many samples unseen.
    fn doubted(self, unseen: f64) -> Self {
        match self {
            Self::Cut { at, doubt, level } => Self::Cut {
                at,
                doubt: doubt.root_sum(0.5 * unseen),
                level,
            },
            Self::Ramp { .. } => self,
        }
    }
}

/// How long ringing may last above the threshold a if the samples gain no more than `gain` variances
/// σ² by it, samples. A·e^(−t/τ) gains A²τ/4σ² and lasts τ·ln(A/a): of all that gain as much, the one
/// with A = √e·a lasts longest.
fn unseen(window: &Continued, gain: f64) -> f64 {
    let threshold = window.threshold * window.peak;
    let variance = window.counted() * window.group;
    2.0 * gain * variance / (std::f64::consts::E * threshold * threshold)
}

/// What the models are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    /// Half a nominal cycle, samples.
    pub(crate) half_cycle: usize,
    /// Magnitude that counts as current, A.
    pub(crate) threshold: f64,
    /// Standard deviation of the noise of one sample, A.
    pub(crate) noise: f64,
    /// Samples whose noise is so alike that they count as one.
    pub(crate) alike: f64,
    /// First sample that may be looked at.
    pub(crate) from: usize,
}

/// How the current ends around sample `last`, the last one that surely carries any (known to half
/// a cycle or so): the model that leaves the least of all samples since the steady wave, each free
/// number at its price. `None` if no model fits: then the samples themselves must say.
pub(crate) fn ending(amps: &[f64], last: usize, scene: &Scene) -> Option<Ending> {
    let half_cycle = (0.5 * local_cycle(amps, last, 2 * scene.half_cycle)).round() as usize;
    let scene = &Scene {
        half_cycle,
        ..*scene
    };
    let cut = cut(amps, last, scene);
    let Some(window) = Continued::new(amps, last, scene) else {
        return cut.or_else(|| ramp(amps, last, scene));
    };
    let placed = |cut: &Option<Ending>| match cut {
        Some(Ending::Cut { at, .. }) => Some(*at),
        Some(Ending::Ramp { .. }) | None => None,
    };
    if placed(&cut).is_some_and(|at| window.is_cut(at)) {
        return cut.map(|cut| cut.doubted(unseen(&window, OVERLOOKED)));
    }
    // Of a cut that a sensor's tail follows the samples around it show too little.
    let left =
        |cut: &Option<Ending>| placed(cut).map_or(f64::INFINITY, |at| window.left_by_cut(at));
    let by_all = window.cut(amps).map(|(at, doubt)| Ending::Cut {
        at,
        doubt,
        level: window.peak,
    });
    let cut = if left(&by_all) < left(&cut) - window.price() {
        by_all
    } else {
        cut
    };
    let place = placed(&cut);
    if place.is_some_and(|at| window.is_cut(at)) {
        return cut.map(|cut| cut.doubted(unseen(&window, OVERLOOKED)));
    }
    let fade = fade(&window, scene.threshold);
    let faded_cut = fade_cut(&window, amps, last, scene.threshold);
    let rest = remainder(&window);
    let rings = ringing(&window);
    // Weak current that went on after the wave was cut: the wave says nothing of its end.
    let ends = window.split(0, window.points.len(), |_| 0.0)?;
    let ends = window.points.get(ends).map_or(f64::INFINITY, |p| p.at);
    let weak_after = place
        .filter(|&at| fade.is_none() && faded_cut.is_none() && at > ends + window.cycle)
        .map(|at| left_by_weaker(&window, at) + 3.0 * window.price());
    let rest = rest.filter(|tail| weak_after.is_none_or(|left| tail.left < left));
    if weak_after.is_some() && rings.is_none() && rest.is_none() {
        return cut;
    }
    // A cut has one free number, a fade three, one that is cut four.
    let by_cut = place.map_or(f64::INFINITY, |at| window.left_by_cut(at));
    let by_fade = fade.map_or(f64::INFINITY, |f| f.left + 2.0 * window.price());
    let by_faded_cut = faded_cut.as_ref();
    let by_faded_cut = by_faded_cut.map_or(f64::INFINITY, |f| f.left + 3.0 * window.price());
    let simple = by_cut.min(by_fade).min(by_faded_cut);
    let by_rest = rest.as_ref().map_or(f64::INFINITY, |tail| tail.left);
    let least = simple.min(by_rest);
    let tail = |found: &Tail| {
        if found.weak {
            Ending::Cut {
                at: found.envelope,
                doubt: found.doubt,
                level: window.peak,
            }
        } else {
            Ending::Ramp {
                last: found.last,
                envelope: found.envelope,
                end: found.envelope,
                doubt: found.doubt,
                slope: found.slope,
            }
        }
    };
    let mut overlooked = OVERLOOKED;
    if let Some(found) = rings {
        // Its numbers are looked for near the cut only: at a lower price.
        let gained = (least - found.left) / window.counted();
        if gained > RINGS {
            return Some(tail(&found));
        }
        // Noise may just hide it.
        if gained > 0.5 * RINGS {
            overlooked = RINGS;
        }
    }
    let cut = cut.map(|cut| cut.doubted(unseen(&window, overlooked)));
    match (rest, fade, faded_cut) {
        (Some(rest), ..) if by_rest < simple => Some(tail(&rest)),
        (_, _, Some(found)) if by_faded_cut < by_fade.min(by_cut) => Some(Ending::Cut {
            at: found.at,
            doubt: found.doubt,
            level: found.level,
        }),
        (_, Some(fade), _) if by_fade < by_cut => Some(Ending::Ramp {
            last: fade.last,
            envelope: fade.envelope,
            end: fade.end,
            doubt: fade.doubt,
            slope: fade.slope,
        }),
        _ => cut.or_else(|| ramp(amps, last, scene)),
    }
}
