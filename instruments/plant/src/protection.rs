//! Passive protection elements with timers (docs/models.md section 6).

use crate::config::{ProtectionElement, Side, Watch};
use crate::fault::Fault;

/// Drop-out ratio of an over element; an under element uses the mirrored 1.02.
const DROP_OUT: f64 = 0.98;
/// Drop-out of frequency elements, Hz: a ratio of 0.98 would be a whole hertz.
const DROP_OUT_HZ: f64 = 0.05;

/// What the elements see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    /// Half-cycle RMS, V.
    pub(crate) volts: f64,
    /// Frequency, Hz; `None` when there is no voltage to measure it on.
    pub(crate) hz: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Timer {
    beyond_s: f64,
    inside_s: f64,
}

/// All elements of a DUT.
#[derive(Debug, Clone)]
pub(crate) struct Protection {
    elements: Vec<(ProtectionElement, Timer)>,
    reset_s: f64,
    /// Between these voltages and frequencies no element picks up.
    calm_volts: (f64, f64),
    calm_hz: (f64, f64),
    /// A timer has moved since all were zero.
    picked_up: bool,
}

impl Protection {
    /// Elements at rest; a cycle inside the drop-out band resets a timer.
    pub(crate) fn new(elements: &[ProtectionElement], nominal_hz: f64) -> Self {
        let calm = |watch: Watch| {
            let of = |side: Side| {
                elements
                    .iter()
                    .filter(move |e| e.watch == watch && e.side == side)
                    .map(|e| e.threshold)
            };
            (
                of(Side::Under).fold(f64::NEG_INFINITY, f64::max),
                of(Side::Over).fold(f64::INFINITY, f64::min),
            )
        };
        Self {
            elements: elements
                .iter()
                .map(|e| (e.clone(), Timer::default()))
                .collect(),
            reset_s: 1.0 / nominal_hz,
            calm_volts: calm(Watch::Voltage),
            calm_hz: calm(Watch::Frequency),
            picked_up: false,
        }
    }

    /// No timer runs and these values start none: a step would change nothing.
    #[inline]
    pub(crate) fn quiet(&self, seen: Seen) -> bool {
        !self.picked_up
            && seen.volts >= self.calm_volts.0
            && seen.volts <= self.calm_volts.1
            && seen
                .hz
                .is_none_or(|hz| hz >= self.calm_hz.0 && hz <= self.calm_hz.1)
    }

    /// Between these voltages a step at `hz` would change nothing; there are none when a timer runs.
    pub(crate) fn calm(&self, hz: f64) -> (f64, f64) {
        if self.picked_up || hz < self.calm_hz.0 || hz > self.calm_hz.1 {
            (f64::INFINITY, f64::NEG_INFINITY)
        } else {
            self.calm_volts
        }
    }

    /// Runs the timers for `dt` s; index of the element that trips.
    #[inline]
    pub(crate) fn step(&mut self, seen: Seen, dt: f64) -> Option<usize> {
        if self.quiet(seen) {
            return None;
        }
        let mut tripped = None;
        for (index, (element, timer)) in self.elements.iter_mut().enumerate() {
            let value = match element.watch {
                Watch::Voltage => seen.volts,
                Watch::Frequency => match seen.hz {
                    Some(hz) => hz,
                    None => {
                        *timer = Timer::default();
                        continue;
                    }
                },
            };
            let margin = match element.watch {
                Watch::Voltage => (1.0 - DROP_OUT) * element.threshold,
                Watch::Frequency => DROP_OUT_HZ,
            };
            let excess = match element.side {
                Side::Over => value - element.threshold,
                Side::Under => element.threshold - value,
            };
            if excess > 0.0 {
                timer.beyond_s += dt;
                timer.inside_s = 0.0;
                // the half nanosecond absorbs the rounding of the sum of many steps
                if timer.beyond_s >= element.delay_s - 5e-10 && tripped.is_none() {
                    tripped = Some(index);
                }
            } else if timer.beyond_s > 0.0 {
                if excess < -margin {
                    timer.inside_s += dt;
                    if timer.inside_s >= self.reset_s {
                        *timer = Timer::default();
                    }
                } else {
                    // between threshold and drop-out the element stays picked up
                    timer.beyond_s += dt;
                    timer.inside_s = 0.0;
                    if timer.beyond_s >= element.delay_s - 5e-10 && tripped.is_none() {
                        tripped = Some(index);
                    }
                }
            }
        }
        self.picked_up = self
            .elements
            .iter()
            .any(|(_, timer)| timer.beyond_s > 0.0 || timer.inside_s > 0.0);
        tripped
    }

    /// Name of an element.
    pub(crate) fn name(&self, index: usize) -> &str {
        &self.elements[index].0.name
    }

    /// What an element's trip means.
    pub(crate) fn fault(&self, index: usize) -> Fault {
        let element = &self.elements[index].0;
        match (element.watch, element.side) {
            (Watch::Voltage, Side::Over) => Fault::GridOverVoltage,
            (Watch::Voltage, Side::Under) => Fault::GridUnderVoltage,
            (Watch::Frequency, Side::Over) => Fault::GridOverFrequency,
            (Watch::Frequency, Side::Under) => Fault::GridUnderFrequency,
        }
    }

    /// An element would pick up at these values and trip within `s`.
    pub(crate) fn would_trip_within(&self, seen: Seen, s: f64) -> bool {
        self.elements.iter().any(|(element, timer)| {
            let value = match element.watch {
                Watch::Voltage => seen.volts,
                Watch::Frequency => seen.hz.unwrap_or(element.threshold),
            };
            let beyond = match element.side {
                Side::Over => value > element.threshold,
                Side::Under => value < element.threshold,
            };
            (beyond || timer.beyond_s > 0.0) && element.delay_s - timer.beyond_s <= s
        })
    }

    /// All timers back to zero.
    pub(crate) fn reset(&mut self) {
        for (_, timer) in &mut self.elements {
            *timer = Timer::default();
        }
        self.picked_up = false;
    }

    /// A timer runs.
    pub(crate) fn timing(&self) -> bool {
        self.picked_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(threshold: f64, delay_s: f64) -> Protection {
        Protection::new(
            &[ProtectionElement {
                name: "OV1".into(),
                watch: Watch::Voltage,
                side: Side::Over,
                threshold,
                delay_s,
            }],
            50.0,
        )
    }

    #[test]
    fn trips_after_the_delay_and_not_before() {
        let mut p = over(265.0, 1.0);
        let seen = Seen {
            volts: 266.0,
            hz: Some(50.0),
        };
        for _ in 0..999 {
            assert_eq!(p.step(seen, 1e-3), None);
        }
        assert_eq!(p.step(seen, 1e-3), Some(0));
    }

    #[test]
    fn short_excursions_reset() {
        let mut p = over(265.0, 1.0);
        for _ in 0..10 {
            for _ in 0..500 {
                assert_eq!(
                    p.step(
                        Seen {
                            volts: 266.0,
                            hz: None
                        },
                        1e-3
                    ),
                    None
                );
            }
            for _ in 0..25 {
                assert_eq!(
                    p.step(
                        Seen {
                            volts: 250.0,
                            hz: None
                        },
                        1e-3
                    ),
                    None
                );
            }
        }
    }
}
