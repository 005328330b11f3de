//! The power circuit as a linear state space per switch topology.
//!
//! ```text
//! source ─ line ─ S1 ─┬─ PCC ──┬── grid relay ── N ── L2 ─┬─ L1 ── bridge
//!                     S2       │                 │        Cf, Rd
//!              R ∥ L ∥ C     1 MΩ          back-up load   │
//! ```
//! A node without a capacitor gets the 1 MΩ of the measuring dividers that hang on it in any
//! real bench. Its time constant (L/1 MΩ, below 2 ns) is far under the step, and the matrix
//! exponential integrates it exactly, so no node is ever ill posed and no topology needs special
//! algebra. As part of an island load it takes 0.05 W. With the bridge blocked and the relay
//! closed, Cf (+ Rd) stays at the PCC and counts as part of the island load's C.

use crate::config::{Filter, Line};
use crate::energy::End;
use crate::expm::{Discrete, N, first_order_hold};

/// Resistance of the measuring dividers on each node, Ω.
const DIVIDER_OHM: f64 = 1e6;
/// Smallest inductance the model accepts in series with a node, H.
const MIN_L_H: f64 = 1e-6;

/// Indices of the states.
pub(crate) mod state {
    /// Bridge inductor current, A.
    pub(crate) const I1: usize = 0;
    /// Filter capacitor, V.
    pub(crate) const VC: usize = 1;
    /// Grid-side inductor current out of the DUT's filter, A.
    pub(crate) const I2: usize = 2;
    /// Line current from the source to the PCC, A.
    pub(crate) const LINE: usize = 3;
    /// Capacitor of the island load, V.
    pub(crate) const LOAD_C: usize = 4;
    /// Inductor of the island load, A.
    pub(crate) const LOAD_L: usize = 5;
}
use state::{I1, I2, LINE, LOAD_C, LOAD_L, VC};

/// Parallel island load.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ParallelLoad {
    /// Conductance, S.
    pub(crate) g: f64,
    /// Inductance, H; `None` = no branch.
    pub(crate) l_h: Option<f64>,
    /// Resistance in series with the inductance, Ω.
    pub(crate) l_ohm: f64,
    /// Capacitance, F; 0 = no branch.
    pub(crate) c_f: f64,
}

/// Everything that decides the equations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Topology {
    /// The bridge conducts (driven or free-wheeling).
    pub(crate) bridge: bool,
    /// Grid relay of the DUT conducts.
    pub(crate) relay: bool,
    /// Conductance in front of an open relay, S.
    pub(crate) port_g: f64,
    /// Source output and S1 conduct.
    pub(crate) line: bool,
    /// Island load behind a closed S2, otherwise nothing.
    pub(crate) load: ParallelLoad,
    /// Conductance of the back-up load, S.
    pub(crate) backup_g: f64,
}

/// Node voltages as linear combinations of the states.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Nodes {
    /// Node N (DUT terminals, back-up port), V.
    pub(crate) n: f64,
    /// PCC, V.
    pub(crate) pcc: f64,
}

#[derive(Debug, Clone)]
struct Prepared {
    topology: Topology,
    h_ns: u64,
    discrete: Discrete,
}

/// The circuit: parameters, present topology, state vector.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    filter: Filter,
    /// 1/L1, 1/L2 and 1/Cf of it.
    inverse: [f64; 3],
    /// Part of the third derivative of the filter's middle that the bridge voltage makes, 1/s³.
    pub(crate) kink: f64,
    line: Line,
    prepared: Vec<Prepared>,
    active: usize,
    topology: Topology,
    r_n: f64,
    r_pcc: f64,
    /// State vector, see [`state`].
    pub(crate) x: [f64; N],
}

impl Network {
    /// A dead circuit.
    pub(crate) fn new(filter: Filter, line: Line, topology: Topology) -> Self {
        let filter = Filter {
            l1_h: filter.l1_h.max(MIN_L_H),
            l2_h: filter.l2_h.max(MIN_L_H),
            cf_f: filter.cf_f.max(1e-9),
            ..filter
        };
        let mut network = Self {
            filter,
            inverse: [filter.l1_h, filter.l2_h, filter.cf_f].map(f64::recip),
            kink: 0.0,
            line: Line {
                l_h: line.l_h.max(MIN_L_H),
                ..line
            },
            prepared: Vec::new(),
            active: usize::MAX,
            topology,
            r_n: DIVIDER_OHM,
            r_pcc: DIVIDER_OHM,
            x: [0.0; N],
        };
        network.set_topology(topology);
        network
    }

    /// Filter with the values the equations use.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Line with the values the equations use.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Another line; the current in it goes on.
    pub(crate) fn set_line(&mut self, line: Line) {
        self.line = Line {
            r_ohm: line.r_ohm.max(0.0),
            l_h: line.l_h.max(MIN_L_H),
        };
        self.prepared.clear();
        self.active = usize::MAX;
    }

    /// Present topology.
    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Changes the topology; states that no longer exist are set to zero, a capacitor that is
    /// added in parallel shares the charge that is there.
    pub(crate) fn set_topology(&mut self, next: Topology) {
        let (before, after) = (self.topology.load.c_f, next.load.c_f);
        if after == 0.0 || before == 0.0 {
            // an added capacitor is discharged; a removed one keeps its charge to itself
            self.x[LOAD_C] = 0.0;
        } else if after > before {
            self.x[LOAD_C] *= before / after;
        }
        if next.load.l_h.is_none() {
            self.x[LOAD_L] = 0.0;
        }
        if !next.line {
            self.x[LINE] = 0.0;
        }
        if !next.bridge {
            self.x[I1] = 0.0;
        }
        if self.topology.relay && !next.relay && next.backup_g == 0.0 {
            // nothing carries it on but the dividers, for nanoseconds
            self.x[I2] = 0.0;
        }
        self.topology = next;
        self.active = usize::MAX;
        let relay_g = if next.relay {
            next.backup_g + 1.0 / DIVIDER_OHM
        } else {
            0.0
        };
        self.r_pcc = 1.0 / (1.0 / DIVIDER_OHM + next.load.g + next.port_g + relay_g);
        self.r_n = 1.0 / (1.0 / DIVIDER_OHM + next.backup_g);
        self.kink = self.kink();
    }

    /// Of a step Δ of the bridge voltage the bridge inductor's slope takes J = Δ/L1 at once, and with it the
    /// middle: Rd J; its second derivative (1/Cf − Rd² g) J, its third (Rd³ g² − 2 Rd g/Cf) J with
    /// g = 1/L1 + 1/L2. A terminal without a capacitor gives way as far as the line's inductance lets it.
    fn kink(&self) -> f64 {
        let (f, t) = (&self.filter, &self.topology);
        if !t.bridge {
            return 0.0;
        }
        let gives_way = t.relay && t.line && t.load.c_f == 0.0;
        let l2_h = f.l2_h + if gives_way { self.line.l_h } else { 0.0 };
        let g = 1.0 / f.l1_h + 1.0 / l2_h;
        f.rd_ohm * g * (f.rd_ohm * f.rd_ohm * g - 2.0 / f.cf_f) / f.l1_h
    }

    /// Node voltages from the present state.
    #[inline]
    pub(crate) fn nodes(&self) -> Nodes {
        let x = &self.x;
        let relay = if self.topology.relay { 1.0 } else { 0.0 };
        let pcc = if self.topology.load.c_f > 0.0 {
            x[LOAD_C]
        } else {
            self.r_pcc * (x[LINE] + relay * x[I2] - x[LOAD_L])
        };
        let n = if self.topology.relay {
            pcc
        } else {
            self.r_n * x[I2]
        };
        Nodes { n, pcc }
    }

    /// Energy in the filter, J.
    pub(crate) fn stored_j(&self) -> f64 {
        let (f, x) = (&self.filter, &self.x);
        0.5 * (f.l1_h * x[I1] * x[I1] + f.cf_f * x[VC] * x[VC] + f.l2_h * x[I2] * x[I2])
    }

    /// Currents of the filter with their slopes, while the bridge holds `v_bridge`.
    #[inline]
    pub(crate) fn end(&self, nodes: Nodes, v_bridge: f64) -> End {
        let (f, x) = (&self.filter, &self.x);
        let [per_l1, per_l2, per_cf] = self.inverse;
        let mid = x[VC] + f.rd_ohm * (x[I1] - x[I2]);
        let d1 = if self.topology.bridge {
            (v_bridge - mid - f.r1_ohm * x[I1]) * per_l1
        } else {
            0.0
        };
        let d2 = (mid - nodes.n - f.r2_ohm * x[I2]) * per_l2;
        End {
            i1: x[I1],
            i2: x[I2],
            d1,
            d2,
            mid,
            d_mid: (x[I1] - x[I2]) * per_cf + f.rd_ohm * (d1 - d2),
        }
    }

    /// Current out of the grid port, A.
    #[inline]
    pub(crate) fn port_current(&self, nodes: Nodes) -> f64 {
        if self.topology.relay {
            self.x[I2] - nodes.n * self.topology.backup_g
        } else {
            -self.topology.port_g * nodes.pcc
        }
    }

    /// Advances by `h_ns` with the bridge voltage held and the source voltage linear.
    #[inline]
    pub(crate) fn step(&mut self, h_ns: u64, v_bridge: f64, e0: f64, e1: f64) {
        if self.active == usize::MAX || self.prepared[self.active].h_ns != h_ns {
            self.active = self.prepare(h_ns);
        }
        self.x = self.prepared[self.active]
            .discrete
            .step(&self.x, v_bridge, e0, e1);
    }

    /// Index of the discretisation for `h_ns`, made on demand. Odd lengths (partial steps to an
    /// event) come only once, so the store stays small: the oldest entry makes room.
    fn prepare(&mut self, h_ns: u64) -> usize {
        let found = self
            .prepared
            .iter()
            .position(|p| p.h_ns == h_ns && p.topology == self.topology);
        if let Some(index) = found {
            return index;
        }
        if self.prepared.len() >= 24 {
            self.prepared.remove(0);
        }
        let (a, b) = self.matrices();
        self.prepared.push(Prepared {
            topology: self.topology,
            h_ns,
            discrete: first_order_hold(&a, &b, h_ns as f64 * 1e-9),
        });
        self.prepared.len() - 1
    }

    /// A and B of the present topology.
    fn matrices(&self) -> ([[f64; N]; N], [[f64; 2]; N]) {
        let (f, line, t) = (&self.filter, &self.line, &self.topology);
        let mut a = [[0.0; N]; N];
        let mut b = [[0.0; 2]; N];
        let has_c = t.load.c_f > 0.0;
        // voltages of the PCC and of N as rows over the states
        let mut pcc = [0.0; N];
        if has_c {
            pcc[LOAD_C] = 1.0;
        } else {
            pcc[LINE] = self.r_pcc;
            pcc[LOAD_L] = -self.r_pcc;
            pcc[I2] = if t.relay { self.r_pcc } else { 0.0 };
        }
        let mut n = [0.0; N];
        if t.relay {
            n = pcc;
        } else {
            n[I2] = self.r_n;
        }
        let mut mid = [0.0; N];
        mid[VC] = 1.0;
        mid[I1] = f.rd_ohm;
        mid[I2] = -f.rd_ohm;
        for j in 0..N {
            if t.bridge {
                a[I1][j] = -mid[j] / f.l1_h;
            }
            a[I2][j] = (mid[j] - n[j]) / f.l2_h;
            if t.line {
                a[LINE][j] = -pcc[j] / line.l_h;
            }
            if let Some(l_h) = t.load.l_h {
                a[LOAD_L][j] = pcc[j] / l_h;
            }
        }
        if let Some(l_h) = t.load.l_h {
            a[LOAD_L][LOAD_L] -= t.load.l_ohm / l_h;
        }
        if t.bridge {
            a[I1][I1] -= f.r1_ohm / f.l1_h;
            b[I1][0] = 1.0 / f.l1_h;
        }
        a[I2][I2] -= f.r2_ohm / f.l2_h;
        a[VC][I1] = 1.0 / f.cf_f;
        a[VC][I2] = -1.0 / f.cf_f;
        if t.line {
            a[LINE][LINE] -= line.r_ohm / line.l_h;
            b[LINE][1] = 1.0 / line.l_h;
        }
        if has_c {
            let c = t.load.c_f;
            a[LOAD_C][LINE] = 1.0 / c;
            a[LOAD_C][LOAD_L] = -1.0 / c;
            a[LOAD_C][LOAD_C] = -1.0 / (self.r_pcc * c);
            if t.relay {
                a[LOAD_C][I2] = 1.0 / c;
            }
        }
        (a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reference;

    /// Bridge off, relay open: the island of docs/models.md 7.1 rings at 43.30 Hz with τ = 2RC.
    #[test]
    fn dead_island_rings_at_the_closed_form() {
        let config = reference();
        let (r, l, c) = (10.58, 33.68e-3, 300.9e-6);
        let mut network = Network::new(
            config.dut.filter,
            config.line,
            Topology {
                bridge: false,
                relay: false,
                line: false,
                load: ParallelLoad {
                    g: 1.0 / r,
                    l_h: Some(l),
                    l_ohm: 0.0,
                    c_f: c,
                },
                port_g: 0.0,
                backup_g: 0.0,
            },
        );
        let (v0, i0) = (325.0, 3.0);
        network.x[LOAD_C] = v0;
        network.x[LOAD_L] = i0;
        let alpha = 1.0 / (2.0 * r * c);
        let wd = (1.0 / (l * c) - alpha * alpha).sqrt();
        assert!((wd / std::f64::consts::TAU - 43.30).abs() < 0.01);
        let b = (alpha * v0 - (v0 / r + i0) / c) / wd;
        for k in 1..=2000_u32 {
            network.step(20_000, 0.0, 0.0, 0.0);
            let t = f64::from(k) * 20e-6;
            let v = (-alpha * t).exp() * (v0 * (wd * t).cos() + b * (wd * t).sin());
            // the only difference is the 1 MΩ divider
            assert!(
                (network.nodes().pcc - v).abs() < 4e-3,
                "{k} {} {v}",
                network.nodes().pcc
            );
        }
    }

    #[test]
    fn open_nodes_are_well_posed() {
        let config = reference();
        let mut network = Network::new(
            config.dut.filter,
            config.line,
            Topology {
                bridge: false,
                relay: true,
                line: true,
                load: ParallelLoad::default(),
                port_g: 0.0,
                backup_g: 0.0,
            },
        );
        for _ in 0..5_000 {
            network.step(20_000, 0.0, 100.0, 100.0);
        }
        assert!(
            (network.nodes().n - 100.0).abs() < 0.01,
            "{:?}",
            network.nodes()
        );
    }
}
