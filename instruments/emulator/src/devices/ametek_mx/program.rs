//! Transients of the MX (SCPI manual, chapter 6): LIST, PULSe and their slews as plant segments.

use gridproof_plant::input::GridSegment;

use super::commands::{FASTEST, List};
use crate::scpi::fault::{self, Fault};

/// Most points of a list.
pub(super) const MOST_POINTS: usize = 100;

/// The list arrays. Each is as long as the dwell list or has one value for all points.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    /// Numbers by array, then phase.
    numbers: Vec<(List, [Vec<f64>; 3])>,
    /// Waveform names by phase.
    pub(super) shapes: [Vec<String>; 3],
}

impl Lists {
    /// One array of one phase.
    pub(super) fn get(&self, list: List, phase: usize) -> &[f64] {
        self.numbers
            .iter()
            .find(|(name, _)| *name == list)
            .map_or(&[], |(_, arrays)| arrays[phase].as_slice())
    }

    /// Sets an array of some phases.
    pub(super) fn set(&mut self, list: List, phases: &[usize], values: &[f64]) {
        if !self.numbers.iter().any(|(name, _)| *name == list) {
            self.numbers.push((list, Default::default()));
        }
        for (name, arrays) in &mut self.numbers {
            if *name == list {
                for &phase in phases {
                    arrays[phase] = values.to_vec();
                }
            }
        }
    }

    /// Points of the list: the dwell array's.
    pub(super) fn points(&self) -> usize {
        self.get(List::Dwell, 0).len()
    }

    /// Every array of the wired phase has the length of the dwell list, or 1: else -226.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let points = self.points();
        let fits = |length: usize| length <= 1 || length == points;
        let numbers = self.numbers.iter().all(|(_, arrays)| fits(arrays[0].len()));
        if points > 0 && numbers && fits(self.shapes[0].len()) {
            Ok(())
        } else {
            Err(fault::LISTS_NOT_SAME_LENGTH)
        }
    }

    /// Value of the wired phase at a point.
    pub(super) fn at(&self, list: List, point: usize) -> Option<f64> {
        let values = self.get(list, 0);
        values.get(point).or_else(|| values.first()).copied()
    }
}

/// Voltage and frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// V.
    pub(super) volts: f64,
    /// Hz.
    pub(super) hertz: f64,
}

/// From one level to another at slews (V/s, Hz/s), then held to the end of the dwell. Returns the
/// level that was reached.
pub(super) fn step(
    from: Level,
    to: Level,
    slew: (f64, f64),
    dwell_s: f64,
    segments: &mut Vec<GridSegment>,
) -> Level {
    let time = |distance: f64, slew: f64| {
        if slew >= FASTEST {
            0.0
        } else {
            distance.abs() / slew
        }
    };
    let volt_s = time(to.volts - from.volts, slew.0);
    let hertz_s = time(to.hertz - from.hertz, slew.1);
    let part = |at: f64, whole: f64| {
        if whole <= 0.0 {
            1.0
        } else {
            (at / whole).min(1.0)
        }
    };
    let level = |at: f64| Level {
        volts: from.volts + (to.volts - from.volts) * part(at, volt_s),
        hertz: from.hertz + (to.hertz - from.hertz) * part(at, hertz_s),
    };
    let mut corners = [0.0, volt_s.min(dwell_s), hertz_s.min(dwell_s), dwell_s];
    corners.sort_by(f64::total_cmp);
    for pair in corners.windows(2) {
        let dwell_ns = (pair[1] * 1e9).round() as u64 - (pair[0] * 1e9).round() as u64;
        if dwell_ns == 0 {
            continue;
        }
        let (start, end) = (level(pair[0]), level(pair[1]));
        segments.push(GridSegment {
            dwell_ns,
            v_start: start.volts,
            v_end: end.volts,
            hz_start: start.hertz,
            hz_end: end.hertz,
            start_deg: None,
        });
    }
    level(dwell_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slews_make_corners() {
        let mut segments = Vec::new();
        let from = Level {
            volts: 230.0,
            hertz: 50.0,
        };
        let to = Level {
            volts: 200.0,
            hertz: 51.0,
        };
        let reached = step(from, to, (30.0, 0.5), 3.0, &mut segments);
        assert_eq!(reached, to);
        let corners: Vec<(u64, f64, f64)> = segments
            .iter()
            .map(|s| (s.dwell_ns / 1_000_000, s.v_end, s.hz_end))
            .collect();
        assert_eq!(
            corners,
            [
                (1000, 200.0, 50.5),
                (1000, 200.0, 51.0),
                (1000, 200.0, 51.0)
            ]
        );
        // a dwell that is too short cuts the ramp
        segments.clear();
        let reached = step(from, to, (30.0, FASTEST), 0.5, &mut segments);
        assert_eq!(reached.volts, 215.0);
        assert_eq!(segments[0].hz_start, 51.0);
    }
}
