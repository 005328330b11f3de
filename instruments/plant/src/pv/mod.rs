//! PV simulator: one-line EN 50530 style curve through four points (docs/models.md section 2).

pub(crate) mod diode;
mod inputs;
mod tracker;

pub(crate) use inputs::PvInputs;

use crate::config::{PvArray, Tracking};
use crate::trig;

/// Points of the grid on which a curve that is given by points is stored.
const STORED: usize = 2048;

/// The programmed curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct PvCurve {
    /// Output relay.
    pub(crate) on: bool,
    voc: f64,
    isc: f64,
    i0: f64,
    inverse_scale: f64,
    /// Current over an even grid of voltages up to `voc`; empty for the one-line curve.
    table: Vec<f64>,
    mpp_w: f64,
    mpp_v: f64,
    /// The last operating point that was solved for: W, V.
    solved: (f64, f64),
}

impl PvCurve {
    /// I = Isc − I0 (exp(V/(Voc CAQ)) − 1) with CAQ and I0 from the fill factors.
    pub(crate) fn new(on: bool, voc: f64, isc: f64, vmp: f64, imp: f64) -> Self {
        let (ffu, ffi) = (vmp / voc, imp / isc);
        if !(voc > 0.0 && isc > 0.0 && ffu > 0.0 && ffu < 1.0 && ffi > 0.0 && ffi < 1.0) {
            return Self {
                on,
                ..Self::default()
            };
        }
        let log = trig::ln(1.0 - ffi);
        let caq = (ffu - 1.0) / log;
        let mut curve = Self {
            on,
            voc,
            isc,
            i0: isc * trig::exp(log / (1.0 - ffu)),
            inverse_scale: 1.0 / (voc * caq),
            table: Vec::new(),
            mpp_w: 0.0,
            mpp_v: 0.0,
            solved: (f64::NAN, 0.0),
        };
        curve.find_mpp();
        curve
    }

    /// Array of single-diode modules; the tracker stands where `tracking` says.
    pub(crate) fn of_array(on: bool, array: &PvArray, tracking: Tracking) -> Self {
        let (voc, table) = diode::table(array);
        Self::of_table(on, voc, table, tracking)
    }

    /// Straight between points (V, A), the first at 0 V and the last at 0 A; nothing for points that
    /// are no curve.
    pub(crate) fn of_points(on: bool, points: &[(f64, f64)], tracking: Tracking) -> Self {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Self::default();
        };
        let falls = |pair: &[(f64, f64)]| pair[1].0 > pair[0].0 && pair[1].1 <= pair[0].1;
        if first.0 != 0.0 || last.1 != 0.0 || !points.windows(2).all(falls) {
            return Self::default();
        }
        let voc = last.0;
        let amps = |v: f64| {
            let next = points.partition_point(|point| point.0 <= v);
            let (a, b) = (points[next.max(1) - 1], points[next.min(points.len() - 1)]);
            if b.0 > a.0 {
                a.1 + (b.1 - a.1) * (v - a.0) / (b.0 - a.0)
            } else {
                b.1
            }
        };
        let step = voc / (STORED - 1) as f64;
        let mut table: Vec<f64> = (0..STORED).map(|k| amps(step * k as f64)).collect();
        if let Some(end) = table.last_mut() {
            *end = 0.0;
        }
        Self::of_table(on, voc, table, tracking)
    }

    /// Current over an even grid of voltages from 0 to `voc`.
    fn of_table(on: bool, voc: f64, table: Vec<f64>, tracking: Tracking) -> Self {
        let last = table.len().saturating_sub(1);
        let at = |k: usize| voc * k as f64 / last as f64;
        let power: Vec<f64> = table.iter().enumerate().map(|(k, i)| at(k) * i).collect();
        let maxima = (1..last)
            .rev()
            .filter(|&k| power[k] > 0.0 && power[k] > power[k - 1] && power[k] >= power[k + 1]);
        let chosen = match tracking {
            Tracking::FirstFromOpenCircuit => maxima.take(1).last(),
            Tracking::Global => maxima.max_by(|&a, &b| power[a].total_cmp(&power[b])),
        };
        Self {
            on,
            voc,
            isc: table.first().copied().unwrap_or(0.0),
            mpp_v: chosen.map_or(0.0, at),
            mpp_w: chosen.map_or(0.0, |k| power[k]),
            table,
            solved: (f64::NAN, 0.0),
            ..Self::default()
        }
    }

    /// Golden section on [0.5 Voc, Voc].
    fn find_mpp(&mut self) {
        const RATIO: f64 = 0.618_033_988_749_894_9;
        let (mut lo, mut hi) = (0.5 * self.voc, self.voc);
        let power = |v: f64| v * self.amps(v);
        for _ in 0..60 {
            let (a, b) = (hi - RATIO * (hi - lo), lo + RATIO * (hi - lo));
            if power(a) > power(b) {
                hi = b;
            } else {
                lo = a;
            }
        }
        self.mpp_v = 0.5 * (lo + hi);
        self.mpp_w = self.mpp_v * self.amps(self.mpp_v);
    }

    /// Current at a voltage, A.
    pub(crate) fn amps(&self, v: f64) -> f64 {
        if self.isc == 0.0 {
            return 0.0;
        }
        if !self.table.is_empty() {
            let place = (v / self.voc).clamp(0.0, 1.0) * (self.table.len() - 1) as f64;
            let k = (place as usize).min(self.table.len() - 2);
            let f = place - k as f64;
            return self.table[k] + (self.table[k + 1] - self.table[k]) * f;
        }
        (self.isc + self.i0 - self.rise(v)).max(0.0)
    }

    /// I0 exp(V/(Voc CAQ)), A, from open circuit on: I0 of an almost square curve is too small for a
    /// number.
    fn rise(&self, v: f64) -> f64 {
        self.isc * trig::exp((v - self.voc) * self.inverse_scale)
    }

    /// Power at a voltage, W; 0 when off.
    pub(crate) fn watts(&self, v: f64) -> f64 {
        if self.on && v > 0.0 {
            (v * self.amps(v)).max(0.0)
        } else {
            0.0
        }
    }

    /// It is on and programmed.
    pub(crate) fn live(&self) -> bool {
        self.on && self.isc > 0.0
    }

    /// Open-circuit voltage, V.
    pub(crate) fn voc(&self) -> f64 {
        self.voc
    }

    /// Voltage of the maximum, V.
    pub(crate) fn mpp_v(&self) -> f64 {
        self.mpp_v
    }

    /// Largest power, W; 0 when off.
    pub(crate) fn available_w(&self) -> f64 {
        if self.on { self.mpp_w } else { 0.0 }
    }

    /// As [`Self::volts_at`], remembered.
    pub(crate) fn solve(&mut self, watts: f64) -> f64 {
        if self.solved.0 != watts {
            self.solved = (watts, self.volts_at(watts));
        }
        self.solved.1
    }

    /// Voltage of the operating point right of the MPP that gives `watts`, V.
    pub(crate) fn volts_at(&self, watts: f64) -> f64 {
        if !self.on || self.isc == 0.0 {
            return 0.0;
        }
        if watts == self.solved.0 {
            return self.solved.1;
        }
        if watts >= self.mpp_w {
            return self.mpp_v;
        }
        if self.table.is_empty() {
            self.newton(watts)
        } else {
            self.bisect(watts)
        }
    }

    /// Right of the maximum P(V) of the one-line curve falls and is concave: after at most one step
    /// Newton comes down to the solution without passing it. It starts on the parabola through
    /// maximum and open circuit, not where it was last: what comes out is the same whenever somebody
    /// asks.
    fn newton(&self, watts: f64) -> f64 {
        let left = (1.0 - watts / self.mpp_w).max(0.0);
        // where the current is zero: Voc apart from the −1 term
        let open = self.voc + self.i0 / (self.isc * self.inverse_scale);
        let mut v = self.mpp_v + (self.voc - self.mpp_v) * left.sqrt();
        for _ in 0..60 {
            let rise = self.rise(v);
            let amps = self.isc + self.i0 - rise;
            let slope = amps - v * rise * self.inverse_scale;
            let step = (v * amps - watts) / slope;
            v = (v - step).clamp(self.mpp_v, open);
            if step.abs() < 1e-9 * self.voc {
                break;
            }
        }
        v
    }

    fn bisect(&self, watts: f64) -> f64 {
        let (mut lo, mut hi) = (self.mpp_v, self.voc);
        for _ in 0..40 {
            let mid = 0.5 * (lo + hi);
            if mid * self.amps(mid) > watts {
                lo = mid;
            } else {
                hi = mid;
            }
        }
        0.5 * (lo + hi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_that_looks_no_further_stays_at_the_small_maximum() {
        let array = PvArray {
            module: crate::config::reference_module(),
            strings: vec![vec![1000.0, 1000.0, 1000.0, 300.0, 300.0]; 2],
            celsius: 25.0,
        };
        let good = PvCurve::of_array(true, &array, Tracking::Global);
        let stuck = PvCurve::of_array(true, &array, Tracking::FirstFromOpenCircuit);
        assert!(good.available_w() > 1.3 * stuck.available_w());
        assert!(stuck.mpp_v > good.mpp_v);
        let v = good.volts_at(0.5 * good.available_w());
        assert!((v * good.amps(v) / good.available_w() - 0.5).abs() < 1e-3);
    }

    /// A supply with a current limit, too.
    #[rstest::rstest]
    fn the_operating_point_is_on_the_curve(
        #[values((0.8, 0.9), (0.72, 0.8), (0.95, 0.99), (0.995, 0.995), (0.9999, 0.9999))] fill: (
            f64,
            f64,
        ),
        #[values(0.0, 1e-3, 0.3, 0.9, 0.9999)] share: f64,
    ) {
        let pv = PvCurve::new(true, 200.0, 5.0, 200.0 * fill.0, 5.0 * fill.1);
        let watts = share * pv.available_w();
        let v = pv.volts_at(watts);
        assert!(v >= pv.mpp_v() && v < 200.0 * (1.0 + 1e-3), "{v}");
        let tolerance = 1e-9 * 200.0 * 5.0 / (1.0 - fill.0);
        assert!((v * pv.amps(v) - watts).abs() < 1e-3 + tolerance, "{v}");
    }

    #[test]
    fn curve_meets_its_points() {
        let pv = PvCurve::new(true, 450.0, 16.0, 360.0, 14.4);
        // apart from the −1 term of the formula
        assert!((pv.amps(360.0) - 14.4).abs() < 2e-3);
        assert!(pv.amps(450.0) < 2e-3 && (pv.amps(0.0) - 16.0).abs() < 1e-9);
        assert!(
            (pv.available_w() / (360.0 * 14.4) - 1.0).abs() < 0.01,
            "{}",
            pv.available_w()
        );
        for watts in [0.5, 20.0, 2000.0, 5000.0, 5150.0] {
            let v = pv.volts_at(watts);
            assert!(
                v > 360.0 && (v * pv.amps(v) - watts).abs() < 1e-3,
                "{watts} {v}"
            );
            assert!((v - pv.bisect(watts)).abs() < 1e-6, "{watts} {v}");
        }
    }
}
