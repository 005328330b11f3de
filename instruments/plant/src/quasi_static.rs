//! Steady state by phasors: one solution per cycle instead of a thousand waveform steps.
//!
//! Phasors are RMS, the angle of the source is the reference.

use crate::config::{CurrentReference, Filter, Line};
use crate::current_control::PowerReference;
use crate::network::Topology;
use crate::phasor::Phasor;

/// Most passes of the fixed point; each shrinks the error to a fiftieth or less.
const PASSES: u32 = 4;
/// A pass that moved the voltage less than this is the last, V.
const TOLERANCE_V: f64 = 1e-7;

/// A solved steady state of the grid side.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Steady {
    /// PCC voltage.
    pub(crate) v: Phasor,
    /// Current of the DUT's grid-side inductor.
    pub(crate) i2: Phasor,
    /// Line current towards the PCC.
    pub(crate) line: Phasor,
    /// Magnitude of the PCC voltage, V.
    pub(crate) volts: f64,
    /// What the filter of a feeding DUT delivers there.
    pub(crate) fed: Option<Terminals>,
    /// Frequency, Hz.
    pub(crate) hz: f64,
    /// Angular frequency, rad/s.
    pub(crate) w: f64,
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
    /// Voltage without the DUT's current over that of the source.
    gain: Phasor,
    /// |z|², |gain|².
    z_square: f64,
    gain_square: f64,
}

impl Admittance {
    /// Admittances of a line that is taken as closed.
    pub(crate) fn new(topology: &Topology, line: &Line, hz: f64) -> Self {
        let w = hz * std::f64::consts::TAU;
        let y_line = Phasor::new(line.r_ohm, w * line.l_h).inv();
        let mut y = y_line.add(Phasor::new(
            topology.load.g + topology.port_g + 1e-6,
            w * topology.load.c_f,
        ));
        if let Some(l_h) = topology.load.l_h {
            y = y.add(Phasor::new(topology.load.l_ohm, w * l_h).inv());
        }
        if topology.relay {
            y.re += topology.backup_g + 1e-6;
        }
        let z = y.inv();
        let gain = y_line.mul(z);
        Self {
            topology: *topology,
            hz,
            y_line,
            y,
            z,
            gain,
            z_square: z.square(),
            gain_square: gain.square(),
        }
    }

    #[inline]
    fn steady(&self, solved: Solved, c: &Conditions) -> Steady {
        Steady {
            v: solved.v,
            i2: solved.i2,
            line: Phasor::new(c.source_v, 0.0).sub(solved.v).mul(self.y_line),
            volts: solved.volts,
            fed: None,
            hz: c.hz,
            w: c.hz * std::f64::consts::TAU,
        }
    }

    /// The phasors of a bridge that feeds: with I = κV, κ = S*/|V|², V = E/(1 − zκ).
    pub(crate) fn phasors(&self, fed: &Terminals, c: &Conditions) -> Steady {
        let kappa = Phasor::new(fed.p, -fed.q).scale(1.0 / fed.vv);
        let loop_gain = self.z.mul(kappa);
        let open = self.gain.scale(c.source_v);
        let v = open.mul(Phasor::new(1.0 - loop_gain.re, -loop_gain.im).inv());
        let solved = Solved {
            v,
            i2: kappa.mul(v),
            volts: fed.volts,
        };
        Steady {
            fed: Some(*fed),
            ..self.steady(solved, c)
        }
    }

    /// All that hangs on the PCC beside the line.
    pub(crate) fn beside(&self) -> Phasor {
        self.y.sub(self.y_line)
    }

    /// These are the admittances of that topology and frequency.
    #[inline]
    pub(crate) fn fits(&self, topology: &Topology, hz: f64) -> bool {
        self.hz == hz && self.topology == *topology
    }
}

/// Solves V = (E/Z + I(V)) / Y: in closed form, below the floor of the voltage by fixed point from
/// `start`; the map contracts by |Z||S|/V², below 0.02 on any bench that is worth the name.
#[inline]
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
            hz: c.hz,
            w,
            ..Steady::default()
        };
    }
    if let Some(fed) = c
        .power
        .filter(|_| topology.relay)
        .and_then(|power| feeding(network, c, power))
    {
        return network.phasors(&fed, c);
    }
    let open = network.gain.scale(c.source_v);
    let solved = match c.power.filter(|_| topology.relay) {
        Some(power) => fixed_point(power, network, open, c, start),
        None => {
            let v = if topology.relay {
                // the blocked bridge leaves the filter capacitor on the grid
                network
                    .y_line
                    .scale(c.source_v)
                    .mul(network.y.add(blocked(filter, w)).inv())
            } else {
                open
            };
            let i2 = if topology.relay {
                blocked(filter, w).mul(v).scale(-1.0)
            } else {
                Phasor::ZERO
            };
            Solved {
                v,
                i2,
                volts: v.abs(),
            }
        }
    };
    network.steady(solved, c)
}

/// What stands and flows where the DUT's filter meets the PCC: all that meters, functions and the
/// energy balance ask for, without an angle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Terminals {
    /// |V|², V².
    pub(crate) vv: f64,
    /// |V|, V.
    pub(crate) volts: f64,
    /// |I|², A².
    pub(crate) ii: f64,
    /// W.
    pub(crate) p: f64,
    /// var.
    pub(crate) q: f64,
}

impl Terminals {
    /// Of the phasors.
    pub(crate) fn of(v: Phasor, i: Phasor) -> Self {
        let (vv, s) = (v.square(), v.mul(i.conj()));
        Self {
            vv,
            volts: vv.sqrt(),
            ii: i.square(),
            p: s.re,
            q: s.im,
        }
    }
}

/// Closed line, closed relay, and the voltage above the floor: the closed form. With K = S* turned
/// by the lead and a = zK, constant power asks for V = E + a/V*, so that u = |V|² solves
/// u² − (|E|² + 2 Re a)u + |a|² = 0; a constant current for V = E + aV/|V|, so that
/// |V| = Re a + √(|E|² − Im² a). At its limit a current is constant.
#[inline(always)]
pub(crate) fn feeding(
    network: &Admittance,
    c: &Conditions,
    power: PowerReference,
) -> Option<Terminals> {
    let turn = power.turn;
    let k = if turn.1 == 0.0 {
        Phasor::new(power.p, -power.q)
    } else {
        Phasor::new(power.p, -power.q).mul(Phasor::new(turn.0, turn.1))
    };
    let open_square = network.gain_square * (c.source_v * c.source_v);
    let (size, most) = (k.square(), c.i_max * c.i_max);
    let fed = match power.reference {
        CurrentReference::ConstantPower => {
            // half of b: halving is exact, and the root follows sooner
            let half = 0.5 * open_square + (network.z.re * k.re - network.z.im * k.im);
            let root = half * half - network.z_square * size;
            let vv = half + root.sqrt();
            // |I|² = |K|²/u; without a real root nothing compares
            if size <= most * vv {
                Some(Terminals {
                    vv,
                    volts: vv.sqrt(),
                    ii: size / vv,
                    p: k.re,
                    q: -k.im,
                })
            } else {
                constant(network, k.scale(c.i_max / size.sqrt()), open_square)
            }
        }
        CurrentReference::ConstantCurrent | CurrentReference::Untracked => {
            let k = k.scale(1.0 / c.nominal_v);
            let limited = if k.square() > most {
                k.scale(c.i_max / k.abs())
            } else {
                k
            };
            constant(network, limited, open_square)
        }
    };
    fed.filter(|fed| fed.volts >= c.floor_v)
}

/// I = KV/|V|.
#[inline]
fn constant(network: &Admittance, k: Phasor, open_square: f64) -> Option<Terminals> {
    let a = network.z.mul(k);
    let root = open_square - a.im * a.im;
    let volts = a.re + root.max(0.0).sqrt();
    (root >= 0.0 && volts > 0.0).then(|| Terminals {
        vv: volts * volts,
        volts,
        ii: k.square(),
        p: k.re * volts,
        q: -k.im * volts,
    })
}

/// Admittance of the filter behind a blocked bridge.
fn blocked(filter: &Filter, w: f64) -> Phasor {
    Phasor::new(filter.rd_ohm, -1.0 / (w * filter.cf_f) + w * filter.l2_h).inv()
}

/// Voltage at the PCC and current into it.
#[derive(Debug, Clone, Copy)]
struct Solved {
    v: Phasor,
    i2: Phasor,
    volts: f64,
}

fn fixed_point(
    power: PowerReference,
    network: &Admittance,
    open: Phasor,
    c: &Conditions,
    start: Phasor,
) -> Solved {
    let lead = Phasor::new(power.turn.0, power.turn.1);
    let drive = network.y_line.scale(c.source_v);
    let mut v = if start.square() > 0.25 * open.square() {
        start
    } else {
        open
    };
    let mut i2 = Phasor::ZERO;
    for _ in 0..PASSES {
        i2 = injected(power, v, c).mul(lead);
        let next = drive.add(i2).mul(network.z);
        let moved = (next.re - v.re).abs() + (next.im - v.im).abs();
        v = next;
        if moved < TOLERANCE_V {
            break;
        }
    }
    Solved {
        v,
        i2,
        volts: v.abs(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed form meets the circuit and the law of the current, limited or not.
    #[rstest::rstest]
    fn circuit_and_current_agree(
        #[values(CurrentReference::ConstantPower, CurrentReference::ConstantCurrent)]
        reference: CurrentReference,
        #[values((3000.0, 0.0), (-4600.0, 1000.0), (4000.0, -3000.0), (9000.0, 0.0))] s: (f64, f64),
        #[values(0.0, 0.3)] lead: f64,
    ) {
        let filter = config_filter();
        let topology = Topology {
            bridge: true,
            relay: true,
            line: true,
            load: crate::network::ParallelLoad {
                g: 0.05,
                l_h: Some(0.05),
                l_ohm: 0.0,
                c_f: 100e-6,
            },
            port_g: 0.0,
            backup_g: 0.01,
        };
        let line = Line {
            r_ohm: 0.8,
            l_h: 1e-3,
        };
        let network = Admittance::new(&topology, &line, 50.0);
        let power = PowerReference {
            p: s.0,
            q: s.1,
            turn: (lead.cos(), lead.sin()),
            reference,
        };
        let c = Conditions {
            source_v: 232.0,
            hz: 50.0,
            power: Some(power),
            i_max: 25.3,
            floor_v: 46.0,
            nominal_v: 230.0,
        };
        let steady = solve(&network, &filter, &c, Phasor::new(230.0, 0.0));
        let law = injected(power, steady.v, &c).mul(Phasor::new(lead.cos(), lead.sin()));
        assert!(law.sub(steady.i2).abs() < 1e-6, "{steady:?} {law:?}");
        let sum = steady.line.add(steady.i2);
        let taken = steady.v.mul(network.y.sub(network.y_line));
        assert!(sum.sub(taken).abs() < 1e-6, "{sum:?} {taken:?}");
    }

    fn config_filter() -> Filter {
        crate::config::reference().dut.filter
    }
}
