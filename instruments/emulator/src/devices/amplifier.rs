//! The amplifier of a grid simulator: what becomes of its commands on the way to its terminals.

use gridproof_model::bench::GridOutput;
use gridproof_plant::Nanos;
use gridproof_plant::input::{GridSegment, GridWave, Input};

use crate::field::Field;
use crate::rng::Rng;

/// Part of its accuracy that an error uses at most.
const SHARE: f64 = 0.9;

/// An amplifier with its errors.
#[derive(Debug)]
pub(crate) struct Amplifier {
    gain: f64,
    offset_v: f64,
    /// Fastest change, V/s.
    fastest: f64,
    latency: Nanos,
    own: (f64, f64),
    /// What it was last told to make: V, Hz.
    level: (f64, f64),
    /// Part of it that a current limit leaves.
    left: f64,
    wave: GridWave,
    /// Impedance that the plant was told: Ω, H.
    inside: (f64, f64),
}

impl Amplifier {
    /// Of the instrument `name` with a range of `range_v`; ideal unless stated.
    pub(crate) fn new(seed: u64, name: &str, range_v: f64, stated: Option<&GridOutput>) -> Self {
        let stated = stated.cloned().unwrap_or_default();
        let mut rng = Rng::new(seed, name, "amplifier");
        let (gain, offset_v) = stated.accuracy.map_or((1.0, 0.0), |accuracy| {
            (
                1.0 + SHARE * accuracy.reading.0 * rng.symmetric(),
                SHARE * accuracy.range.0 * range_v * rng.symmetric(),
            )
        });
        let rise = stated.rise.map_or(0.0, |rise| rise.0);
        Self {
            gain,
            offset_v,
            fastest: if rise > 0.0 {
                0.8 * range_v / rise
            } else {
                f64::INFINITY
            },
            latency: stated
                .latency
                .map_or(0, |latency| (latency.0 * 1e9).round() as Nanos),
            own: stated.impedance.map_or((0.0, 0.0), |z| (z.r.0, z.l.0)),
            level: (0.0, 0.0),
            left: 1.0,
            wave: GridWave::default(),
            inside: (0.0, 0.0),
        }
    }

    /// Its own impedance reaches the plant.
    pub(crate) fn power_on(&mut self, field: &mut Field) {
        self.impedance((0.0, 0.0), field);
    }

    fn tell(&self, input: Input, field: &mut Field) {
        if self.latency == 0 {
            field.plant.apply(input);
        } else {
            field.plant.schedule(field.now() + self.latency, input);
        }
    }

    /// Voltage at the terminals for a set-point; 0 V stays 0.
    fn true_v(&self, volts: f64) -> f64 {
        if volts > 0.0 {
            (self.left * (volts * self.gain + self.offset_v)).max(0.0)
        } else {
            0.0
        }
    }

    /// Goes to a level (V, Hz) at slews (V/s, Hz/s) from where it is.
    pub(crate) fn set(&mut self, level: (f64, f64), slews: (f64, f64), field: &mut Field) {
        self.level = level;
        let input = Input::GridSetpoint {
            v_rms: self.true_v(level.0),
            hz: level.1,
            slew_v_per_s: slews.0.min(self.fastest),
            slew_hz_per_s: slews.1,
        };
        self.tell(input, field);
    }

    /// Leaves only a part (0–1) of the voltage.
    pub(crate) fn leave(&mut self, part: f64, field: &mut Field) {
        self.left = part;
        self.set(self.level, (f64::INFINITY, f64::INFINITY), field);
    }

    /// Part of the voltage that is left.
    pub(crate) fn left(&self) -> f64 {
        self.left
    }

    /// Runs a list; a step in it takes its time as well.
    pub(crate) fn program(&mut self, segments: &[GridSegment], field: &mut Field) {
        let mut at = self.true_v(self.level.0);
        let mut made = Vec::with_capacity(segments.len());
        for segment in segments {
            let (start, end) = (self.true_v(segment.v_start), self.true_v(segment.v_end));
            let truly = GridSegment {
                v_start: start,
                v_end: end,
                ..*segment
            };
            let climb = ((start - at).abs() / self.fastest * 1e9).round() as Nanos;
            if climb == 0 || segment.dwell_ns == 0 {
                made.push(truly);
            } else {
                made.extend(climbing(truly, at, climb));
            }
            at = made.last().map_or(at, |last| last.v_end);
            self.level = (segment.v_end, segment.hz_end);
        }
        self.tell(Input::GridProgram(made), field);
    }

    /// Stops a list where it is.
    pub(crate) fn stop(&self, field: &mut Field) {
        self.tell(Input::GridProgramStop, field);
    }

    /// Opens or closes the output.
    pub(crate) fn output(&self, closed: bool, at_deg: Option<f64>, field: &mut Field) {
        self.tell(Input::GridOutput { closed, at_deg }, field);
    }

    /// Makes a wave from now on.
    pub(crate) fn make(&mut self, wave: GridWave, field: &mut Field) {
        if self.wave != wave {
            self.wave = wave.clone();
            self.tell(Input::GridWave(wave), field);
        }
    }

    /// The wave that it makes.
    pub(crate) fn wave(&self) -> &GridWave {
        &self.wave
    }

    /// Programmed output impedance (Ω, H), besides its own.
    pub(crate) fn impedance(&mut self, programmed: (f64, f64), field: &mut Field) {
        let inside = (self.own.0 + programmed.0, self.own.1 + programmed.1);
        if inside != self.inside {
            self.inside = inside;
            let (r_ohm, l_h) = inside;
            self.tell(Input::GridImpedance { r_ohm, l_h }, field);
        }
    }
}

/// A segment that begins at another voltage than it ought to, and is where it should be after
/// `climb`, or as far as its dwell lasts.
fn climbing(segment: GridSegment, from: f64, climb: Nanos) -> Vec<GridSegment> {
    let dwell = segment.dwell_ns;
    let part = climb.min(dwell) as f64 / dwell as f64;
    let between = |a: f64, b: f64| a + (b - a) * part;
    let (v, hz) = (
        between(segment.v_start, segment.v_end),
        between(segment.hz_start, segment.hz_end),
    );
    let reached = if climb <= dwell {
        v
    } else {
        from + (segment.v_start - from) * dwell as f64 / climb as f64
    };
    let first = GridSegment {
        dwell_ns: climb.min(dwell),
        v_start: from,
        v_end: reached,
        hz_end: hz,
        ..segment
    };
    let rest = GridSegment {
        dwell_ns: dwell.saturating_sub(climb),
        v_start: v,
        hz_start: hz,
        start_deg: None,
        ..segment
    };
    let whole = [first, rest].into_iter();
    whole.filter(|part| part.dwell_ns > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(dwell_ns: Nanos, v_start: f64, v_end: f64) -> GridSegment {
        GridSegment {
            dwell_ns,
            v_start,
            v_end,
            hz_start: 50.0,
            hz_end: 50.0,
            start_deg: None,
        }
    }

    #[test]
    fn a_step_in_a_list_takes_its_time() {
        let parts = climbing(segment(100, 200.0, 200.0), 230.0, 20);
        let corners: Vec<_> = parts
            .iter()
            .map(|p| (p.dwell_ns, p.v_start, p.v_end))
            .collect();
        assert_eq!(corners, [(20, 230.0, 200.0), (80, 200.0, 200.0)]);
        // it runs after a ramp, and gets nowhere near in a short dwell
        let parts = climbing(segment(100, 100.0, 200.0), 0.0, 50);
        assert_eq!((parts[0].v_end, parts[1].v_start), (150.0, 150.0));
        let parts = climbing(segment(10, 200.0, 200.0), 100.0, 40);
        assert_eq!((parts.len(), parts[0].v_end), (1, 125.0));
    }
}
