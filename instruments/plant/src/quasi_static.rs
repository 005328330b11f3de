//! Steady state by phasors: one solution per cycle instead of a thousand waveform steps.
//!
//! Phasors are RMS, the angle of the source is the reference.

use crate::config::{CurrentReference, Filter, Line};
use crate::current_control::PowerReference;
use crate::network::Topology;

/// Most passes of the fixed point; each shrinks the error to a fiftieth or less.
const PASSES: u32 = 4;
/// A pass that moved the voltage less than this is the last, V.
const TOLERANCE_V: f64 = 1e-7;

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Phasor {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Phasor {
    pub(crate) const ZERO: Self = Self { re: 0.0, im: 0.0 };

    pub(crate) const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    pub(crate) fn add(self, o: Self) -> Self {
        Self::new(self.re + o.re, self.im + o.im)
    }

    pub(crate) fn sub(self, o: Self) -> Self {
        Self::new(self.re - o.re, self.im - o.im)
    }

    pub(crate) fn mul(self, o: Self) -> Self {
        Self::new(
            self.re * o.re - self.im * o.im,
            self.re * o.im + self.im * o.re,
        )
    }

    pub(crate) fn conj(self) -> Self {
        Self::new(self.re, -self.im)
    }

    pub(crate) fn inv(self) -> Self {
        let d = 1.0 / (self.re * self.re + self.im * self.im);
        Self::new(self.re * d, -self.im * d)
    }

    pub(crate) fn scale(self, k: f64) -> Self {
        Self::new(self.re * k, self.im * k)
    }

    pub(crate) fn square(self) -> f64 {
        self.re * self.re + self.im * self.im
    }

    pub(crate) fn abs(self) -> f64 {
        self.square().sqrt()
    }

    pub(crate) fn turns(self) -> f64 {
        crate::trig::atan2_turns(self.im, self.re)
    }

    /// Instantaneous value of √2·|X| sin(turns + angle).
    pub(crate) fn at(self, turns: f64) -> f64 {
        let (s, c) = crate::trig::sincos_turns(turns);
        std::f64::consts::SQRT_2 * (self.re * s + self.im * c)
    }
}

/// A solved steady state of the grid side.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Steady {
    /// PCC voltage.
    pub(crate) v: Phasor,
    /// Current of the DUT's grid-side inductor.
    pub(crate) i2: Phasor,
    /// Line current towards the PCC.
    pub(crate) line: Phasor,
    /// Angular frequency, rad/s.
    pub(crate) w: f64,
}

/// Phasors inside the output filter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct FilterState {
    /// Terminals.
    pub(crate) v: Phasor,
    /// Grid-side inductor.
    pub(crate) i2: Phasor,
    /// Bridge inductor.
    pub(crate) i1: Phasor,
    /// Capacitor.
    pub(crate) cap: Phasor,
    /// Bridge.
    pub(crate) bridge: Phasor,
    w: f64,
}

impl FilterState {
    /// From terminal voltage and current; a blocked bridge carries nothing.
    pub(crate) fn new(f: &Filter, v: Phasor, i2: Phasor, w: f64, blocked: bool) -> Self {
        let mid = v.add(i2.mul(Phasor::new(f.r2_ohm, w * f.l2_h)));
        let (cap, i1, bridge) = if blocked {
            let cap = i2.mul(Phasor::new(0.0, 1.0 / (w * f.cf_f)));
            (cap, Phasor::ZERO, Phasor::ZERO)
        } else {
            let cap = mid.mul(Phasor::new(1.0, w * f.cf_f * f.rd_ohm).inv());
            let i1 = i2.add(cap.mul(Phasor::new(0.0, w * f.cf_f)));
            (cap, i1, mid.add(i1.mul(Phasor::new(f.r1_ohm, w * f.l1_h))))
        };
        Self {
            v,
            i2,
            i1,
            cap,
            bridge,
            w,
        }
    }

    /// Delivered at the terminals, W.
    pub(crate) fn ac_w(&self) -> f64 {
        self.v.re * self.i2.re + self.v.im * self.i2.im
    }

    /// Lost in the resistances, W.
    pub(crate) fn loss_w(&self, f: &Filter) -> f64 {
        f.r1_ohm * self.i1.square()
            + f.r2_ohm * self.i2.square()
            + f.rd_ohm * self.i1.sub(self.i2).square()
    }

    /// Mean of the energy in inductors and capacitor, J.
    pub(crate) fn stored_j(&self, f: &Filter) -> f64 {
        0.5 * (f.l1_h * self.i1.square() + f.l2_h * self.i2.square() + f.cf_f * self.cap.square())
    }

    /// Oscillating parts of the energies delivered and lost, J.
    pub(crate) fn swings(&self, f: &Filter, turns: f64) -> (f64, f64) {
        if self.w == 0.0 {
            return (0.0, 0.0);
        }
        let part = |v: Phasor, i: Phasor| crate::dc_link::swing(v, i, self.w, turns).0;
        let heat = |i: Phasor, ohm: f64| part(i.scale(ohm), i);
        (
            part(self.v, self.i2),
            heat(self.i1, f.r1_ohm)
                + heat(self.i2, f.r2_ohm)
                + heat(self.i1.sub(self.i2), f.rd_ohm),
        )
    }
}

/// What the solver needs besides the topology.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions {
    /// Source, V RMS.
    pub(crate) source_v: f64,
    /// Source frequency, Hz.
    pub(crate) hz: f64,
    /// Power reference when the bridge feeds the grid.
    pub(crate) power: Option<PowerReference>,
    /// Limit of the current, A RMS.
    pub(crate) i_max: f64,
    /// Smallest voltage the controller divides by, V RMS.
    pub(crate) floor_v: f64,
    /// Nominal voltage, V RMS.
    pub(crate) nominal_v: f64,
}

/// Admittances at the PCC for one topology and frequency; they change far more rarely than the
/// powers that flow through them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Admittance {
    topology: Topology,
    hz: f64,
    /// Line.
    y_line: Phasor,
    /// All that hangs on the PCC, the line included.
    y: Phasor,
    /// Its inverse.
    z: Phasor,
}

impl Admittance {
    /// Admittances of a closed line.
    pub(crate) fn new(topology: &Topology, line: &Line, hz: f64) -> Self {
        let w = hz * std::f64::consts::TAU;
        let y_line = Phasor::new(line.r_ohm, w * line.l_h).inv();
        let mut y = y_line.add(Phasor::new(topology.load.g + 1e-6, w * topology.load.c_f));
        if let Some(l_h) = topology.load.l_h {
            y.im -= 1.0 / (w * l_h);
        }
        if topology.relay {
            y.re += topology.backup_g + 1e-6;
        }
        Self {
            topology: *topology,
            hz,
            y_line,
            y,
            z: y.inv(),
        }
    }

    /// These are the admittances of that topology and frequency.
    pub(crate) fn fits(&self, topology: &Topology, hz: f64) -> bool {
        self.hz == hz && self.topology == *topology
    }
}

/// Solves V = (E/Z + I(V)) / Y by fixed point from `start`; the map contracts by |Z||S|/V²,
/// below 0.02 on any bench that is worth the name.
pub(crate) fn solve(
    network: &Admittance,
    filter: &Filter,
    c: &Conditions,
    start: Phasor,
) -> Steady {
    let w = c.hz * std::f64::consts::TAU;
    let topology = &network.topology;
    if !topology.line {
        return Steady {
            w,
            ..Steady::default()
        };
    }
    let (y_line, y, z) = (network.y_line, network.y, network.z);
    let drive = y_line.scale(c.source_v);
    let open = drive.mul(z);
    let (mut v, mut i2) = (open, Phasor::ZERO);
    if let Some(power) = c.power.filter(|_| topology.relay) {
        v = if start.square() > 0.25 * open.square() {
            start
        } else {
            open
        };
        let lead = if power.lead == 0.0 {
            Phasor::new(1.0, 0.0)
        } else {
            let (s, k) = crate::trig::sincos(power.lead);
            Phasor::new(k, s)
        };
        for _ in 0..PASSES {
            i2 = injected(power, v, c).mul(lead);
            let next = drive.add(i2).mul(z);
            let moved = (next.re - v.re).abs() + (next.im - v.im).abs();
            v = next;
            if moved < TOLERANCE_V {
                break;
            }
        }
    } else if topology.relay {
        // the blocked bridge leaves the filter capacitor on the grid
        let x = Phasor::new(filter.rd_ohm, -1.0 / (w * filter.cf_f) + w * filter.l2_h).inv();
        v = drive.mul(y.add(x).inv());
        i2 = x.mul(v).scale(-1.0);
    }
    let line_i = Phasor::new(c.source_v, 0.0).sub(v).mul(y_line);
    Steady {
        v,
        i2,
        line: line_i,
        w,
    }
}

/// I = (S/V)*, limited in amplitude.
fn injected(power: PowerReference, v: Phasor, c: &Conditions) -> Phasor {
    let square = v.square().max(c.floor_v * c.floor_v);
    let divisor = match power.reference {
        CurrentReference::ConstantPower => square,
        // the untracked angle stands on that of the voltage as long as nothing moves
        CurrentReference::ConstantCurrent | CurrentReference::Untracked => {
            square.sqrt() * c.nominal_v
        }
    };
    let i = Phasor::new(power.p, power.q)
        .conj()
        .mul(v)
        .scale(1.0 / divisor);
    if i.square() > c.i_max * c.i_max {
        i.scale(c.i_max / i.abs())
    } else {
        i
    }
}
