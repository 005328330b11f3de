//! Grid simulator: an oscillator whose amplitude and frequency are piecewise linear in time.
//!
//! Phase is the exact integral of the frequency from the start of the present piece, so it does
//! not depend on how often it is asked for.

use std::collections::VecDeque;

use crate::Nanos;
use crate::input::{GridSegment, GridWave};
use crate::trig;

/// Length of the trigger pulse, ns.
const TRIGGER_NS: u64 = 10_000_000;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    start: Nanos,
    end: Nanos,
    v: f64,
    v_slope: f64,
    hz: f64,
    hz_slope: f64,
    /// Phase at the start, turns; `None` runs on from the piece before.
    phase: Option<f64>,
    /// The piece begins a segment (trigger pulse).
    pulse: bool,
}

impl Piece {
    fn hold(start: Nanos, v: f64, hz: f64) -> Self {
        Self {
            start,
            end: Nanos::MAX,
            v,
            v_slope: 0.0,
            hz,
            hz_slope: 0.0,
            phase: None,
            pulse: false,
        }
    }

    fn elapsed(&self, t: Nanos) -> f64 {
        // by way of i64, for which there is an instruction
        t.min(self.end).saturating_sub(self.start) as i64 as f64 * 1e-9
    }
}

/// The oscillator of the grid simulator; it runs whether or not the output is closed.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    piece: Piece,
    phase0: f64,
    queue: VecDeque<Piece>,
    trigger_until: Nanos,
    /// What it makes instead of a sine.
    wave: Option<GridWave>,
}

impl Source {
    /// Oscillator at a set-point, phase 0 at time 0.
    pub(crate) fn new(v: f64, hz: f64) -> Self {
        Self {
            piece: Piece::hold(0, v, hz),
            phase0: 0.0,
            queue: VecDeque::new(),
            trigger_until: 0,
            wave: None,
        }
    }

    /// Set-point at `t`, V RMS.
    #[inline]
    pub(crate) fn volts(&self, t: Nanos) -> f64 {
        self.piece.v + self.piece.v_slope * self.piece.elapsed(t)
    }

    /// Frequency at `t`, Hz.
    #[inline]
    pub(crate) fn hz(&self, t: Nanos) -> f64 {
        self.piece.hz + self.piece.hz_slope * self.piece.elapsed(t)
    }

    /// Phase at `t`, turns in \[0, 1).
    #[inline]
    pub(crate) fn phase(&self, t: Nanos) -> f64 {
        let turns = self.turns(self.piece.elapsed(t));
        turns - trig::floor(turns)
    }

    /// Instantaneous open-circuit voltage at `t`, V.
    #[inline]
    pub(crate) fn instantaneous(&self, t: Nanos) -> f64 {
        let dt = self.piece.elapsed(t);
        let sine = trig::sin_turns(self.turns(dt));
        match &self.wave {
            None => std::f64::consts::SQRT_2 * (self.piece.v + self.piece.v_slope * dt) * sine,
            Some(wave) => self.distorted(wave, t, self.phase(t), sine),
        }
    }

    /// Phase `dt` s into the piece, turns.
    #[inline]
    fn turns(&self, dt: f64) -> f64 {
        self.phase0 + dt * (self.piece.hz + 0.5 * self.piece.hz_slope * dt)
    }

    #[cold]
    fn distorted(&self, wave: &GridWave, t: Nanos, phase: f64, sine: f64) -> f64 {
        let mut sum = wave.fundamental * sine;
        for harmonic in &wave.harmonics {
            let turns = f64::from(harmonic.order) * phase + harmonic.deg / 360.0;
            sum += harmonic.ratio * trig::sincos_turns(turns - trig::floor(turns)).0;
        }
        std::f64::consts::SQRT_2 * self.volts(t) * sum + wave.dc_v
    }

    /// It makes something else than a sine.
    #[inline]
    pub(crate) fn is_distorted(&self) -> bool {
        self.wave.is_some()
    }

    /// From `t` on it makes this.
    pub(crate) fn shape(&mut self, t: Nanos, wave: GridWave) {
        self.wave = Some(wave).filter(|wave| *wave != GridWave::default());
        self.pulse(t);
    }

    /// Trigger output at `t`.
    #[inline]
    pub(crate) fn trigger(&self, t: Nanos) -> bool {
        t < self.trigger_until
    }

    /// (V RMS, Hz) at `t`, also when pieces that have not begun lie before it.
    #[inline]
    pub(crate) fn ahead(&self, t: Nanos) -> (f64, f64) {
        let piece = match self.queue.front() {
            Some(next) if next.start <= t => self
                .queue
                .iter()
                .rev()
                .find(|piece| piece.start <= t)
                .unwrap_or(next),
            Some(_) | None => &self.piece,
        };
        let dt = piece.elapsed(t);
        (piece.v + piece.v_slope * dt, piece.hz + piece.hz_slope * dt)
    }

    /// Raises the trigger output.
    pub(crate) fn pulse(&mut self, t: Nanos) {
        self.trigger_until = t + TRIGGER_NS;
    }

    /// Amplitude or frequency is ramping.
    #[inline]
    pub(crate) fn moving(&self) -> bool {
        self.piece.v_slope != 0.0 || self.piece.hz_slope != 0.0
    }

    /// When the present piece ends, if another follows.
    pub(crate) fn next_change(&self) -> Option<Nanos> {
        self.queue.front().map(|next| next.start)
    }

    #[inline]
    /// Size of the next change: (|ΔV| in V, |Δf| in Hz, phase jump).
    pub(crate) fn next_step(&self) -> Option<(f64, f64, bool)> {
        let next = self.queue.front()?;
        let (v, hz) = (self.volts(next.start), self.hz(next.start));
        Some((
            (next.v - v).abs(),
            (next.hz - hz).abs(),
            next.phase.is_some(),
        ))
    }

    /// Enters the pieces that begin at or before `t`.
    #[inline]
    pub(crate) fn advance(&mut self, t: Nanos) {
        while self.queue.front().is_some_and(|next| next.start <= t) {
            if let Some(next) = self.queue.pop_front() {
                self.phase0 = match next.phase {
                    Some(phase) => phase,
                    None => self.phase(next.start),
                };
                self.piece = next;
                if next.pulse {
                    self.pulse(next.start);
                }
            }
        }
    }

    /// Goes to a set-point with slews (infinite or not positive is a step).
    pub(crate) fn set(&mut self, t: Nanos, v: f64, hz: f64, v_slew: f64, hz_slew: f64) {
        let (v0, hz0) = (self.volts(t), self.hz(t));
        let length = |from: f64, to: f64, slew: f64| -> u64 {
            if slew.is_finite() && slew > 0.0 {
                ((to - from).abs() / slew * 1e9) as u64
            } else {
                0
            }
        };
        let (v_ns, hz_ns) = (length(v0, v, v_slew), length(hz0, hz, hz_slew));
        let slope = |from: f64, to: f64, ns: u64| {
            if ns == 0 {
                0.0
            } else {
                (to - from) / (ns as f64 * 1e-9)
            }
        };
        let (sv, sf) = (slope(v0, v, v_ns), slope(hz0, hz, hz_ns));
        self.queue.clear();
        let mut cuts = [0, v_ns.min(hz_ns), v_ns.max(hz_ns)];
        cuts.sort_unstable();
        for (i, &cut) in cuts.iter().enumerate() {
            let end = cuts.get(i + 1).map_or(Nanos::MAX, |&next| t + next);
            if end == t + cut {
                continue;
            }
            let dt = cut as f64 * 1e-9;
            self.queue.push_back(Piece {
                start: t + cut,
                end,
                v: if cut >= v_ns { v } else { v0 + sv * dt },
                v_slope: if cut >= v_ns { 0.0 } else { sv },
                hz: if cut >= hz_ns { hz } else { hz0 + sf * dt },
                hz_slope: if cut >= hz_ns { 0.0 } else { sf },
                phase: None,
                pulse: cut == 0,
            });
        }
        self.advance(t);
    }

    /// Runs a list of segments from `t`.
    pub(crate) fn program(&mut self, t: Nanos, segments: &[GridSegment]) {
        self.queue.clear();
        let mut start = t;
        for segment in segments {
            let seconds = segment.dwell_ns as f64 * 1e-9;
            let slope = |from: f64, to: f64| {
                if segment.dwell_ns == 0 {
                    0.0
                } else {
                    (to - from) / seconds
                }
            };
            let end = start.saturating_add(segment.dwell_ns);
            self.queue.push_back(Piece {
                start,
                end,
                v: segment.v_start,
                v_slope: slope(segment.v_start, segment.v_end),
                hz: segment.hz_start,
                hz_slope: slope(segment.hz_start, segment.hz_end),
                phase: segment.start_deg.map(|deg| {
                    let turns = deg / 360.0;
                    turns - crate::trig::floor(turns)
                }),
                pulse: true,
            });
            start = end;
        }
        if let Some(last) = segments.last() {
            self.queue
                .push_back(Piece::hold(start, last.v_end, last.hz_end));
        }
        self.advance(t);
    }

    /// Holds the present values.
    pub(crate) fn stop(&mut self, t: Nanos) {
        let (v, hz) = (self.volts(t), self.hz(t));
        self.set(t, v, hz, f64::INFINITY, f64::INFINITY);
    }

    /// First time at or after `t` at which the phase is `deg` degrees, with the present frequency.
    pub(crate) fn time_of_angle(&self, t: Nanos, deg: f64) -> Nanos {
        let turns = deg / 360.0 - self.phase(t);
        let mut ahead = turns - crate::trig::floor(turns);
        // an angle that has only just passed by rounding is now, not one cycle later
        if ahead > 1.0 - 1e-7 {
            ahead = 0.0;
        }
        t + (ahead / self.hz(t).max(1.0) * 1e9).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::GridHarmonic;

    #[test]
    fn slew_and_phase_are_exact() {
        let mut source = Source::new(230.0, 50.0);
        source.set(20_000_000, 240.0, 51.0, 10.0, 2.0);
        source.advance(520_000_000);
        assert!((source.volts(520_000_000) - 235.0).abs() < 1e-9);
        assert_eq!(source.hz(520_000_000), 51.0);
        // 1 turn + 0.5 s at mean 50.5 Hz = 26.25 turns
        assert!((source.phase(520_000_000) - 0.25).abs() < 1e-9);
        source.advance(2_000_000_000);
        assert_eq!(source.volts(2_000_000_000), 240.0);
    }

    #[test]
    fn program_sets_phase_and_holds_the_end() {
        let mut source = Source::new(230.0, 50.0);
        let segment = GridSegment {
            dwell_ns: 100_000_000,
            v_start: 200.0,
            v_end: 210.0,
            hz_start: 50.0,
            hz_end: 50.0,
            start_deg: Some(90.0),
        };
        source.program(5_000_000, &[segment]);
        assert!((source.phase(5_000_000) - 0.25).abs() < 1e-12);
        assert!(source.trigger(14_000_000) && !source.trigger(15_000_000));
        source.advance(1_000_000_000);
        assert_eq!(source.volts(1_000_000_000), 210.0);
    }

    #[test]
    fn harmonics_keep_their_phase_to_the_fundamental() {
        let mut source = Source::new(200.0, 50.0);
        let third = GridHarmonic {
            order: 3,
            ratio: 0.1,
            deg: 90.0,
        };
        source.shape(
            0,
            GridWave {
                fundamental: 0.9,
                dc_v: 2.0,
                harmonics: vec![third],
            },
        );
        let peak = 200.0 * std::f64::consts::SQRT_2;
        assert!((source.instantaneous(0) - (0.1 * peak + 2.0)).abs() < 1e-9);
        // a quarter: sin(3 · 90° + 90°) = 0
        assert!((source.instantaneous(5_000_000) - (0.9 * peak + 2.0)).abs() < 1e-9);
        assert!(source.is_distorted());
        source.shape(0, GridWave::default());
        assert!(!source.is_distorted());
    }

    #[test]
    fn time_of_an_angle() {
        let source = Source::new(230.0, 50.0);
        assert_eq!(source.time_of_angle(0, 90.0), 5_000_000);
        assert_eq!(source.time_of_angle(5_000_000, 90.0), 5_000_000);
        assert_eq!(source.time_of_angle(6_000_000, 90.0), 25_000_000);
    }
}
