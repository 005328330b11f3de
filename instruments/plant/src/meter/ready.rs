//! Ready cycles of the quasi-static mode. They wait until time stands still: only then can
//! anybody ask, and of a long run only the last cycles can still be read.

use super::{Meters, Point, Sums, WINDOW_CYCLES};
use crate::Nanos;
use crate::dispatch::SLOW_S;
use crate::quasi_static::Terminals;

/// Cycles that fill every window that can still be read, wherever its window begins.
const KEPT: usize = 2 * WINDOW_CYCLES as usize;
/// Cycles that may wait.
const ROOM: usize = 3 * KEPT;

/// Mean squares and powers at a point.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Squares {
    /// V².
    pub(crate) vv: f64,
    /// A².
    pub(crate) ii: f64,
    /// W.
    pub(crate) p: f64,
    /// var.
    pub(crate) q: f64,
    /// Hz; 0 without voltage.
    pub(crate) hz: f64,
}

impl Squares {
    /// What stands and flows at a point whose voltage has that frequency.
    #[inline(always)]
    pub(crate) fn new(at: &Terminals, hz: f64) -> Self {
        Self {
            vv: at.vv,
            ii: at.ii,
            p: at.p,
            q: at.q,
            hz,
        }
    }

    /// A conductance on a voltage.
    #[inline(always)]
    pub(crate) fn behind(g: f64, vv: f64, hz: f64) -> Self {
        let p = g * vv;
        Self {
            vv,
            ii: g * p,
            p,
            q: 0.0,
            hz,
        }
    }

    fn sums(&self) -> Sums {
        Sums {
            seconds: SLOW_S,
            vv: self.vv * SLOW_S,
            ii: self.ii * SLOW_S,
            p: self.p * SLOW_S,
            q: self.q * SLOW_S,
            periods: self.hz * SLOW_S,
        }
    }
}

/// One slow step at all points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ReadyCycle {
    pub(crate) at_ns: Nanos,
    pub(crate) dut: Squares,
    pub(crate) source: Squares,
    pub(crate) port: Squares,
    /// W of the first PV input.
    pub(crate) pv_w: f64,
    /// V there; `None` follows from the power, and is asked for when somebody reads.
    pub(crate) pv_v: Option<f64>,
    /// V and W of the battery.
    pub(crate) battery: (f64, f64),
}

impl Meters {
    /// A ready cycle.
    #[inline]
    pub(crate) fn ready(&mut self, cycle: ReadyCycle) {
        if self.waiting.len() == ROOM {
            self.forget();
        }
        self.waiting.push(cycle);
    }

    /// Drops the cycles that nobody can read any more.
    #[cold]
    fn forget(&mut self) {
        let gone = self.waiting.len() - KEPT;
        self.waiting.drain(..gone);
        for point in self.points_mut() {
            point.skip(gone as u32);
        }
    }

    /// Brings the windows up to date; `pv_volts` is the operating point of the PV input at a power.
    pub(crate) fn settle(&mut self, mut pv_volts: impl FnMut(f64) -> f64) {
        if self.waiting.len() > KEPT {
            self.forget();
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        for cycle in &waiting {
            let pv_v = cycle.pv_v.unwrap_or_else(|| pv_volts(cycle.pv_w));
            let pv = (pv_v, cycle.pv_w);
            let at_ns = cycle.at_ns;
            self.dut.close(at_ns, cycle.dut.sums(), SLOW_S);
            self.source.close(at_ns, cycle.source.sums(), SLOW_S);
            self.port.close(at_ns, cycle.port.sums(), SLOW_S);
            self.dc(at_ns, SLOW_S, pv, cycle.battery);
        }
        waiting.clear();
        self.waiting = waiting;
    }
}

impl Point {
    /// `n` cycles have passed unseen; at least [`KEPT`] follow, so that what the windows hold
    /// meanwhile is gone before it can be read.
    fn skip(&mut self, n: u32) {
        self.cycles = (self.cycles + n) % WINDOW_CYCLES;
        self.window = Sums::default();
        self.window_elapsed = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::MeterPoint;

    fn cycle(k: u32) -> ReadyCycle {
        let x = f64::from(k);
        let squares = Squares {
            vv: 52_900.0 + x,
            ii: 10.0 + 0.1 * x,
            p: 1000.0 + x,
            q: -x,
            hz: 50.0,
        };
        ReadyCycle {
            at_ns: u64::from(k) * 20_000_000,
            dut: squares,
            source: squares,
            port: Squares::default(),
            pv_w: x,
            pv_v: None,
            battery: (50.0, -x),
        }
    }

    /// What is read does not depend on when it was last asked for.
    #[rstest::rstest]
    fn a_long_wait_reads_as_many_short_ones(
        #[values(1, 7, 19, 20, 59, 60, 61, 97, 250)] n: u32,
        #[values(0, 3, 9)] before: u32,
    ) {
        let volts = |w: f64| 400.0 - w;
        let mut long = Meters::new(230.0);
        for k in 0..before {
            long.ready(cycle(k));
            long.settle(volts);
        }
        let mut short = long.clone();
        for k in before..before + n {
            long.ready(cycle(k));
            short.ready(cycle(k));
            short.settle(volts);
        }
        long.settle(volts);
        for point in [
            MeterPoint::DutGrid,
            MeterPoint::Source,
            MeterPoint::Pv,
            MeterPoint::Battery,
        ] {
            assert_eq!(long.window(point), short.window(point), "{point:?}");
            assert_eq!(long.cycle(point), short.cycle(point), "{point:?}");
        }
    }
}
