//! Meters: whole cycles are integrated between zero crossings of the point's voltage, ten of
//! them make a window. The quasi-static mode feeds the same windows with ready cycles.

mod ready;

pub(crate) use ready::{Ac, ReadyCycle, Squares};

use crate::Nanos;
use crate::signal::{MeterPoint, Reading};

/// Cycles per window.
const WINDOW_CYCLES: u32 = 10;
/// A cycle may seem to begin so much before an interval: its crossings are interpolated, its end is
/// that of a step.
const SLACK_NS: Nanos = 20_000;
/// Without a zero crossing for so long a cycle is closed by the clock, ns.
const TIMEOUT_NS: u64 = 25_000_000;

/// Sums over one or several cycles.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) seconds: f64,
    pub(crate) vv: f64,
    pub(crate) ii: f64,
    pub(crate) p: f64,
    pub(crate) q: f64,
    /// Cycles of the voltage in `seconds`; 0 when there was none.
    pub(crate) periods: f64,
}

impl Sums {
    /// A step; returns its energy.
    #[inline]
    fn sample(&mut self, dt: f64, v: f64, i: f64, lagging: f64) -> f64 {
        let joules = v * i * dt;
        self.vv += v * v * dt;
        self.ii += i * i * dt;
        self.p += joules;
        self.q += lagging * i * dt;
        self.seconds += dt;
        joules
    }

    /// Of a dc voltage and power.
    fn dc(seconds: f64, (volts, watts): (f64, f64)) -> Self {
        let amps = if volts > 0.0 { watts / volts } else { 0.0 };
        Self {
            seconds,
            vv: volts * volts * seconds,
            ii: amps * amps * seconds,
            p: watts * seconds,
            ..Self::default()
        }
    }

    fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.vv += other.vv;
        self.ii += other.ii;
        self.p += other.p;
        self.q += other.q;
        self.periods += other.periods;
    }
}

/// Finished sums; the reading is made from them when somebody asks.
#[derive(Debug, Clone, Copy, Default)]
struct Closed {
    at_ns: Nanos,
    sums: Sums,
    elapsed: f64,
}

impl Closed {
    fn reading(&self) -> Reading {
        let sums = &self.sums;
        let inverse = if sums.seconds > 0.0 {
            1.0 / sums.seconds
        } else {
            0.0
        };
        Reading {
            at_ns: self.at_ns,
            volts: (sums.vv * inverse).sqrt(),
            amps: (sums.ii * inverse).sqrt(),
            watts: sums.p * inverse,
            vars: sums.q * inverse,
            hz: if self.elapsed > 0.0 {
                sums.periods / self.elapsed
            } else {
                0.0
            },
        }
    }
}

/// Whole cycles that [`Point::between`] can look back on: two more than a window, for intervals that
/// begin inside one.
const RECENT: usize = WINDOW_CYCLES as usize + 2;

/// One metering point.
#[derive(Debug, Clone, Default)]
struct Point {
    cycle: Sums,
    window: Sums,
    window_elapsed: f64,
    cycles: u32,
    last_cycle: Closed,
    last_window: Closed,
    /// The last cycles, the next one to be replaced at `oldest`.
    recent: [Closed; RECENT],
    oldest: usize,
    /// Cycles of exactly the same sums that ended the record.
    same: u32,
}

impl Point {
    /// The last cycle `n` times more, the last of them ending at `at_ns`.
    fn repeat(&mut self, at_ns: Nanos, n: u64, seconds_ns: u64) {
        let (sums, elapsed) = (self.last_cycle.sums, self.last_cycle.elapsed);
        let mut n = n;
        // until the present window and the one before hold nothing but cycles like the last
        while n > 0 && self.same < 2 * WINDOW_CYCLES {
            n -= 1;
            self.close(at_ns - n * seconds_ns, sums, elapsed);
        }
        self.last_cycle.at_ns = at_ns;
        if self.same as usize >= RECENT {
            for back in 0..RECENT {
                let place = (self.oldest + RECENT - 1 - back) % RECENT;
                self.recent[place].at_ns = at_ns.saturating_sub(back as u64 * seconds_ns);
            }
        }
        let total = u64::from(self.cycles) + n;
        let left = (total % u64::from(WINDOW_CYCLES)) as u32;
        let begin = if total >= u64::from(WINDOW_CYCLES) {
            self.last_window.at_ns = at_ns - u64::from(left) * seconds_ns;
            self.window = Sums::default();
            self.window_elapsed = 0.0;
            0
        } else {
            self.cycles
        };
        for _ in begin..left {
            self.window.add(&sums);
            self.window_elapsed += elapsed;
        }
        self.cycles = left;
    }

    /// Closes a cycle of `elapsed` s (interpolated between the crossings).
    fn close(&mut self, at_ns: Nanos, cycle: Sums, elapsed: f64) {
        self.same = if cycle == self.last_cycle.sums {
            self.same.saturating_add(1)
        } else {
            0
        };
        self.last_cycle = Closed {
            at_ns,
            sums: cycle,
            elapsed,
        };
        self.recent[self.oldest] = self.last_cycle;
        self.oldest = (self.oldest + 1) % RECENT;
        self.window.add(&cycle);
        self.window_elapsed += elapsed;
        self.cycles += 1;
        if self.cycles >= WINDOW_CYCLES {
            self.last_window = Closed {
                at_ns,
                sums: self.window,
                elapsed: self.window_elapsed,
            };
            self.window = Sums::default();
            self.window_elapsed = 0.0;
            self.cycles = 0;
        }
    }
}

impl Point {
    /// The cycles that lie wholly between two times, of the last [`RECENT`] ones; `None` without any.
    fn between(&self, from: Nanos, to: Nanos) -> Option<Closed> {
        let mut all = Closed::default();
        for back in 0..RECENT {
            let cycle = &self.recent[(self.oldest + back) % RECENT];
            let begin = cycle.at_ns.saturating_sub((cycle.elapsed * 1e9) as Nanos);
            if cycle.elapsed > 0.0 && cycle.at_ns <= to && begin + SLACK_NS >= from {
                all.at_ns = cycle.at_ns;
                all.sums.add(&cycle.sums);
                all.elapsed += cycle.elapsed;
            }
        }
        (all.elapsed > 0.0).then_some(all)
    }
}

/// Zero-crossing trigger of a group of points that share a voltage.
#[derive(Debug, Clone, Copy, Default)]
struct Cycler {
    armed: bool,
    before: f64,
    /// Interpolated start of the present cycle, ns; `None` after a change of mode.
    start: Option<f64>,
    /// The present cycle was begun by the clock, not by a crossing.
    partial: bool,
}

/// What ended at a sample.
enum Boundary {
    None,
    /// The first crossing after a change of mode: what was summed so far is no whole cycle.
    First,
    /// A cycle of this length, s, and number of periods.
    Cycle(f64, f64),
}

impl Cycler {
    #[inline]
    fn step(&mut self, t: Nanos, dt: f64, v: f64, level: f64) -> Boundary {
        let before = self.before;
        self.before = v;
        if v < -level {
            self.armed = true;
        }
        if self.armed && v >= 0.0 && before < 0.0 {
            self.armed = false;
            let crossing = t as i64 as f64 - dt * 1e9 * v / (v - before);
            let partial = std::mem::replace(&mut self.partial, false);
            return match self.start.replace(crossing) {
                Some(start) if !partial => Boundary::Cycle((crossing - start) * 1e-9, 1.0),
                Some(_) | None => Boundary::First,
            };
        }
        match self.start {
            Some(start) if t as i64 as f64 - start > TIMEOUT_NS as f64 => {
                self.start = Some(t as f64);
                self.partial = true;
                Boundary::Cycle((t as f64 - start) * 1e-9, 0.0)
            }
            None => {
                self.start = Some(t as f64);
                self.partial = true;
                Boundary::First
            }
            Some(_) => Boundary::None,
        }
    }
}

/// Instantaneous values the meters see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant {
    pub(crate) pcc_v: f64,
    /// PCC voltage lagging by 90°, for the reactive power of the fundamental, V.
    pub(crate) pcc_lagging: f64,
    pub(crate) source_v: f64,
    pub(crate) port_a: f64,
    pub(crate) line_a: f64,
    pub(crate) backup_v: f64,
    pub(crate) backup_a: f64,
}

/// All meters.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    level: f64,
    grid: Cycler,
    backup: Cycler,
    dut: Point,
    source: Point,
    port: Point,
    pv: Point,
    battery: Point,
    /// J through source, DUT and back-up port since somebody took them (waveform mode).
    through: [f64; 3],
    /// Cycles that no window holds yet (quasi-static mode).
    waiting: ready::Waiting,
}

impl Meters {
    /// Meters at rest; crossings need at least 2 % of nominal.
    pub(crate) fn new(nominal_v: f64) -> Self {
        Self {
            level: 0.02 * nominal_v * std::f64::consts::SQRT_2,
            grid: Cycler::default(),
            backup: Cycler::default(),
            dut: Point::default(),
            source: Point::default(),
            port: Point::default(),
            pv: Point::default(),
            battery: Point::default(),
            through: [0.0; 3],
            waiting: ready::Waiting::default(),
        }
    }

    fn points_mut(&mut self) -> [&mut Point; 5] {
        [
            &mut self.dut,
            &mut self.source,
            &mut self.port,
            &mut self.pv,
            &mut self.battery,
        ]
    }

    /// A change of mode: unfinished cycles are dropped.
    pub(crate) fn resync(&mut self) {
        self.grid = Cycler::default();
        self.backup = Cycler::default();
        for point in [&mut self.dut, &mut self.source, &mut self.port] {
            point.cycle = Sums::default();
        }
    }

    /// One waveform step that ends at `t`.
    #[inline]
    pub(crate) fn step(&mut self, t: Nanos, dt: f64, x: &Instant) {
        let (source, dut, port) = (&mut self.source.cycle, &mut self.dut.cycle, &mut self.port);
        let through = [
            source.sample(dt, x.source_v, x.line_a, x.pcc_lagging),
            dut.sample(dt, x.pcc_v, x.port_a, x.pcc_lagging),
            port.cycle.sample(dt, x.backup_v, x.backup_a, 0.0),
        ];
        for (sum, joules) in self.through.iter_mut().zip(through) {
            *sum += joules;
        }
        match self.grid.step(t, dt, x.pcc_v, self.level) {
            Boundary::None => {}
            Boundary::First => {
                self.dut.cycle = Sums::default();
                self.source.cycle = Sums::default();
            }
            Boundary::Cycle(elapsed, periods) => {
                for point in [&mut self.dut, &mut self.source] {
                    let mut cycle = std::mem::take(&mut point.cycle);
                    cycle.periods = periods;
                    point.close(t, cycle, elapsed);
                }
            }
        }
        match self.backup.step(t, dt, x.backup_v, self.level) {
            Boundary::None => {}
            Boundary::First => self.port.cycle = Sums::default(),
            Boundary::Cycle(elapsed, periods) => {
                let mut cycle = std::mem::take(&mut self.port.cycle);
                cycle.periods = periods;
                self.port.close(t, cycle, elapsed);
            }
        }
    }

    /// What has gone through source, DUT and back-up port since the last time, J.
    pub(crate) fn take_through(&mut self) -> [f64; 3] {
        std::mem::take(&mut self.through)
    }

    /// The dc side over the last 20 ms.
    pub(crate) fn dc(&mut self, t: Nanos, seconds: f64, pv: (f64, f64), battery: (f64, f64)) {
        self.pv.close(t, Sums::dc(seconds, pv), seconds);
        self.battery.close(t, Sums::dc(seconds, battery), seconds);
    }

    /// `n` more cycles like the last, up to `at_ns`.
    pub(crate) fn repeat(&mut self, at_ns: Nanos, n: u64) {
        for point in self.points_mut() {
            point.repeat(at_ns, n, crate::plant::SLOW_NS);
        }
    }

    fn point(&self, point: MeterPoint) -> &Point {
        match point {
            MeterPoint::DutGrid => &self.dut,
            MeterPoint::Source => &self.source,
            MeterPoint::Backup => &self.port,
            MeterPoint::Pv => &self.pv,
            MeterPoint::Battery => &self.battery,
        }
    }

    /// Means over the last complete cycle, of the waveform mode.
    pub(crate) fn cycle(&self, point: MeterPoint) -> Reading {
        signed(point, self.point(point).last_cycle.reading())
    }
}

impl Point {
    /// Means over the last complete window, and over the last complete cycle.
    fn means(&self, point: MeterPoint) -> (Reading, Reading) {
        (
            signed(point, self.last_window.reading()),
            signed(point, self.last_cycle.reading()),
        )
    }

    /// Means over the whole cycles between two times; `None` without any.
    fn mean_between(&self, point: MeterPoint, from: Nanos, to: Nanos) -> Option<Reading> {
        Some(signed(point, self.between(from, to)?.reading()))
    }
}

/// A dc current has the sign of its power.
fn signed(point: MeterPoint, mut reading: Reading) -> Reading {
    if matches!(point, MeterPoint::Pv | MeterPoint::Battery) {
        reading.amps = reading.amps.copysign(reading.watts);
        if reading.watts == 0.0 {
            reading.amps = 0.0;
        }
    }
    reading
}
