//! Ready cycles of the quasi-static mode. They wait until somebody reads: of a long run only the
//! last cycles can still be read.

use super::{Meters, Point, Sums, WINDOW_CYCLES};
use crate::Nanos;
use crate::dispatch::SLOW_S;
use crate::phasor::Phasor;
use crate::quasi_static::Terminals;
use crate::signal::{MeterPoint, Reading};

/// Cycles that fill every window that can still be read, wherever its window begins.
const KEPT: usize = 2 * WINDOW_CYCLES as usize;
/// Places of the ring.
const ROOM: usize = 32;

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

    /// What is left of it behind a conductance.
    fn less(&self, g: f64) -> Self {
        Self {
            ii: self.ii - 2.0 * g * self.p + g * g * self.vv,
            p: self.p - g * self.vv,
            ..*self
        }
    }

    /// What comes from the source while this comes from the other side, and an admittance takes its
    /// share: YV − I.
    fn across(&self, y: Phasor) -> Self {
        Self {
            ii: y.square() * self.vv - 2.0 * (y.re * self.p - y.im * self.q) + self.ii,
            p: y.re * self.vv - self.p,
            q: -y.im * self.vv - self.q,
            ..*self
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

/// The points on the ac side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ac {
    /// Each by itself.
    Points {
        dut: Squares,
        source: Squares,
        port: Squares,
    },
    /// Of a DUT on the grid: they follow from what its filter delivers, the conductance of the
    /// back-up load, and the admittance of all that hangs on the PCC.
    Feeding {
        filter: Squares,
        g: f64,
        pcc: Phasor,
    },
}

impl Ac {
    /// DUT, source and back-up port.
    fn points(&self) -> [Squares; 3] {
        match *self {
            Self::Points { dut, source, port } => [dut, source, port],
            Self::Feeding { filter, g, pcc } => [
                filter.less(g),
                filter.across(pcc),
                Squares::behind(g, filter.vv, filter.hz),
            ],
        }
    }
}

/// One slow step at all points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ReadyCycle {
    pub(crate) at_ns: Nanos,
    pub(crate) ac: Ac,
    /// W of the first PV input.
    pub(crate) pv_w: f64,
    /// V there; `None` follows from the power, and is asked for when somebody reads.
    pub(crate) pv_v: Option<f64>,
    /// V and W of the battery.
    pub(crate) battery: (f64, f64),
}

/// Cycles that no window holds yet: as many as can still be read, and how many there were.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    ring: Vec<ReadyCycle>,
    count: usize,
}

impl Waiting {
    #[inline(always)]
    fn push(&mut self, cycle: ReadyCycle) {
        let place = self.count % ROOM;
        match self.ring.get_mut(place) {
            Some(old) => *old = cycle,
            None => self.ring.push(cycle),
        }
        self.count += 1;
    }

    /// How many nobody can read any more.
    fn gone(&self) -> usize {
        self.count.saturating_sub(KEPT)
    }

    /// Those that can still be read, in order.
    fn kept(&self) -> impl Iterator<Item = &ReadyCycle> {
        (self.gone()..self.count).map(|k| &self.ring[k % ROOM])
    }
}

impl Meters {
    /// A ready cycle.
    #[inline(always)]
    pub(crate) fn ready(&mut self, cycle: ReadyCycle) {
        self.waiting.push(cycle);
    }

    /// Brings the windows up to date; `pv_volts` is the operating point of the PV input at a power.
    pub(crate) fn settle(&mut self, mut pv_volts: impl FnMut(f64) -> f64) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for point in self.points_mut() {
            point.skip(waiting.gone());
        }
        for cycle in waiting.kept() {
            for (point, sums) in self.points_mut().into_iter().zip(cycle.all(&mut pv_volts)) {
                point.close(cycle.at_ns, sums, SLOW_S);
            }
        }
        waiting.ring.clear();
        waiting.count = 0;
        self.waiting = waiting;
    }

    /// Means over the last complete window and the last complete cycle, with the cycles that wait.
    pub(crate) fn read(
        &self,
        point: MeterPoint,
        pv_volts: impl FnMut(f64) -> f64,
    ) -> (Reading, Reading) {
        self.up_to_date(point, pv_volts).means(point)
    }

    /// Means over the whole cycles between two times, which lie at most a window apart, with the cycles
    /// that wait; `None` without any.
    pub(crate) fn between(
        &self,
        point: MeterPoint,
        (from, to): (Nanos, Nanos),
        pv_volts: impl FnMut(f64) -> f64,
    ) -> Option<Reading> {
        self.up_to_date(point, pv_volts)
            .mean_between(point, from, to)
    }

    /// A point with the cycles that wait.
    fn up_to_date(&self, point: MeterPoint, mut pv_volts: impl FnMut(f64) -> f64) -> Point {
        let mut now = self.point(point).clone();
        now.skip(self.waiting.gone());
        for cycle in self.waiting.kept() {
            now.close(cycle.at_ns, cycle.sums(point, &mut pv_volts), SLOW_S);
        }
        now
    }
}

impl ReadyCycle {
    /// Sums at all points, in the order of [`Meters::points_mut`].
    fn all(&self, pv_volts: &mut impl FnMut(f64) -> f64) -> [Sums; 5] {
        let [dut, source, port] = self.ac.points();
        let pv = self.pv(pv_volts);
        [dut.sums(), source.sums(), port.sums(), pv, self.battery()]
    }

    fn pv(&self, pv_volts: &mut impl FnMut(f64) -> f64) -> Sums {
        let volts = self.pv_v.unwrap_or_else(|| pv_volts(self.pv_w));
        Sums::dc(SLOW_S, (volts, self.pv_w))
    }

    fn battery(&self) -> Sums {
        Sums::dc(SLOW_S, self.battery)
    }

    /// Sums at a point.
    fn sums(&self, point: MeterPoint, pv_volts: &mut impl FnMut(f64) -> f64) -> Sums {
        let [dut, source, port] = self.ac.points();
        match point {
            MeterPoint::DutGrid => dut.sums(),
            MeterPoint::Source => source.sums(),
            MeterPoint::Backup => port.sums(),
            MeterPoint::Pv => self.pv(pv_volts),
            MeterPoint::Battery => self.battery(),
        }
    }
}

impl Point {
    /// `n` cycles have passed unseen; at least [`KEPT`] follow, so that what the windows hold
    /// meanwhile is gone before it can be read.
    fn skip(&mut self, n: usize) {
        if n == 0 {
            return;
        }
        self.cycles = ((self.cycles as usize + n) % WINDOW_CYCLES as usize) as u32;
        self.window = Sums::default();
        self.window_elapsed = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ac: Ac::Points {
                dut: squares,
                source: squares,
                port: Squares::default(),
            },
            pv_w: x,
            pv_v: None,
            battery: (50.0, -x),
        }
    }

    /// The points of a feeding DUT are those of the phasors.
    #[test]
    fn points_of_a_feeding_dut_are_those_of_the_phasors() {
        let (v, i) = (Phasor::new(229.0, 7.0), Phasor::new(12.0, -5.0));
        let (g, rest) = (0.02, Phasor::new(0.04, 0.09));
        let pcc = rest.add(Phasor::new(g, 0.0));
        let filter = Squares::new(&Terminals::of(v, i), 50.0);
        let seen = Ac::Feeding { filter, g, pcc }.points();
        let currents = [i.sub(v.scale(g)), v.mul(pcc).sub(i), v.scale(g)];
        for (seen, i) in seen.iter().zip(currents) {
            let expected = Squares::new(&Terminals::of(v, i), 50.0);
            let off = |a: f64, b: f64| (a - b).abs() > 1e-9;
            let wrong = off(seen.vv, expected.vv)
                || off(seen.ii, expected.ii)
                || off(seen.p, expected.p)
                || off(seen.q, expected.q);
            assert!(!wrong, "{seen:?} {expected:?}");
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
        for point in [
            MeterPoint::DutGrid,
            MeterPoint::Source,
            MeterPoint::Backup,
            MeterPoint::Pv,
            MeterPoint::Battery,
        ] {
            let read = long.read(point, volts);
            assert_eq!(read, short.read(point, volts), "{point:?}");
            let mut settled = long.clone();
            settled.settle(volts);
            assert_eq!(read, settled.read(point, volts), "{point:?}");
        }
    }
}
