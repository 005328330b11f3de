//! Quasi-static mode and the hand-over between the two modes (docs/models.md 9.4).

use crate::actions::{GENTLE_HZ, GENTLE_PU};
use crate::dc_link::swing;
use crate::dispatch::{SLOW_S, Surroundings};
use crate::dut::{CONTROL_NS, CONTROL_S, Gate};
use crate::filter::FilterState;
use crate::meter::{Ac, ReadyCycle, Squares};
use crate::network::state;
use crate::phasor::Phasor;
use crate::plant::{Mode, Plant, SLOW_NS};
use crate::protection::Seen;
use crate::quasi_static::{Admittance, Conditions, Steady, Terminals, solve};

/// A protection timer that would end within this time wants the waveform, s.
const TIMER_S: f64 = 0.12;
/// Quiet cycles before the waveform mode ends.
const QUIET_CYCLES: u32 = 10;
/// A connected DUT below this voltage (pu) is simulated in waveform mode.
pub(crate) const LOW_PU: f64 = 0.5;
/// Below this voltage (pu) a meter has no frequency.
const ALIVE_PU: f64 = 0.02;

impl Plant {
    /// The next 20 ms can be one phasor solution.
    /// `ahead` is the steady state at its end.
    #[inline]
    pub(crate) fn may_dwell(&self, ahead: &Steady) -> bool {
        let (bench, source, end) = (&self.bench, &self.bench.source, self.sim + SLOW_NS);
        if !self.dut.settled() || self.dut.relay_due() {
            return false;
        }
        if self.capturing() && !self.recorder_sees_rest() {
            return false;
        }
        if bench.output.arcing() || bench.s1.arcing() || bench.relay.arcing() {
            return false;
        }
        let live = bench.output.conducting;
        // phasors hold the fundamental alone
        if live && source.is_distorted() {
            return false;
        }
        if live {
            let nominal = self.config.dut.nominal_v;
            let jump = match source.next_step() {
                Some((v, hz, phase)) if source.next_change().is_some_and(|c| c <= end) => {
                    v > GENTLE_PU * nominal || hz > GENTLE_HZ || phase
                }
                Some(_) | None => false,
            };
            let fast = source.moving()
                && ((source.volts(end) - source.volts(self.sim)).abs() > GENTLE_PU * nominal
                    || (source.hz(end) - source.hz(self.sim)).abs() > GENTLE_HZ);
            if jump || fast {
                return false;
            }
        }
        if self.dut.on_grid() {
            let grid =
                bench.line_conducts() && source.volts(end) > LOW_PU * self.config.dut.nominal_v;
            return grid
                && (self.dut.protection.quiet(self.seen_in(ahead))
                    || !self
                        .dut
                        .protection
                        .would_trip_within(self.seen_in(ahead), TIMER_S));
        }
        true
    }

    #[inline]
    pub(crate) fn seen_in(&self, steady: &Steady) -> Seen {
        let volts = steady.volts * (1.0 + self.config.dut.voltage_gain_error);
        let alive = volts > 0.2 * self.config.dut.nominal_v;
        Seen {
            volts,
            hz: alive.then_some(steady.hz),
        }
    }

    /// Phasors with the source as it is at `t`.
    #[inline]
    pub(crate) fn solve_at(&mut self, t: u64) -> Steady {
        let dut = &self.config.dut;
        let (source_v, hz) = self.bench.source.ahead(t);
        let power = (self.dut.gate() == Gate::Following).then(|| self.dut.power_reference());
        let conditions = Conditions {
            source_v,
            hz,
            power,
            i_max: 1.1 * dut.max_current_a,
            floor_v: 0.2 * dut.nominal_v,
            nominal_v: dut.nominal_v,
        };
        let bridge = power.is_some();
        if !self.admittance.fits(&self.bench.topology(bridge), hz) {
            self.refresh_admittance(bridge, hz);
        }
        solve(
            &self.admittance,
            self.network.filter(),
            &conditions,
            self.steady.v,
        )
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn refresh_admittance(&mut self, bridge: bool, hz: f64) {
        self.admittance = Admittance::new(&self.bench.topology(bridge), self.network.line(), hz);
    }

    /// 20 ms of steady state.
    #[inline]
    pub(crate) fn dwell(&mut self, steady: Steady) {
        let t = self.sim + SLOW_NS;
        self.bench.source.advance(t);
        let seen = self.seen_in(&steady);
        let hz = steady.hz;
        if self.dut.on_grid() {
            self.dut.active.settle(hz, seen.volts, SLOW_S);
            self.dut.passive.settle(self.network.line().r_ohm, SLOW_S);
            self.dut.protection.step(seen, SLOW_S);
        }
        if self.dut.forming() {
            self.dut.voltage.advance(SLOW_S);
            self.dut.voltage.hz = self.config.dut.nominal_hz;
        }
        let (cycle, site_w, port_w) = self.account(t, &steady);
        self.dut.watch_bus(t, self.dc.level());
        self.dut.supervise(
            t,
            &Surroundings {
                volts: seen.volts,
                hz: seen.hz,
                ambient_c: self.bench.ambient_c,
                backup_w: port_w,
                site_w,
            },
        );
        self.meters.ready(cycle);
        self.bench.supply_g = self.dut.supply_g();
    }

    /// Energy of a slow step that ends at `t`, what the meters see of it, and the power from the
    /// source and into the back-up load, W.
    fn account(&mut self, t: u64, steady: &Steady) -> (ReadyCycle, f64, f64) {
        self.sim = t;
        self.steady = *steady;
        let mut flow = self.steady_flow(steady);
        // in front of the open relay
        let port_g = self.bench.port_g();
        let port_w = port_g * steady.volts * steady.volts;
        flow.ac_w -= port_w;
        flow.loss_w += port_w;
        let electronics_w = self.dut.electronics_w(flow.ac_w, flow.loss_w);
        let sources = self.dut.dispatch.sources();
        self.move_energy(&flow, electronics_w, &sources);
        let g = self.bench.backup_g();
        let alive = |v: f64| {
            if v > ALIVE_PU * self.config.dut.nominal_v {
                steady.hz
            } else {
                0.0
            }
        };
        if let Some(fed) = steady.fed {
            let filter = Squares::new(&fed, alive(fed.volts));
            let pcc = self.admittance.beside();
            let cycle = self.ready_cycle(Ac::Feeding { filter, g, pcc });
            let (site_w, backup_w) = (pcc.re * fed.vv - fed.p, g * fed.vv);
            self.book_site([site_w, fed.p - backup_w, backup_w]);
            return (cycle, site_w, backup_w);
        }
        let port = if self.bench.relay.conducting {
            steady.i2.sub(steady.v.scale(g))
        } else {
            steady.v.scale(-port_g)
        };
        let source_v = if self.bench.s1.conducting {
            steady.volts
        } else if self.bench.output.conducting {
            self.bench.source.volts(t)
        } else {
            0.0
        };
        let dut = Squares::new(&Terminals::of(steady.v, port), alive(steady.volts));
        let source = Squares {
            vv: source_v * source_v,
            ..Squares::new(&Terminals::of(steady.v, steady.line), alive(source_v))
        };
        let (v_n, hz_n) = self.node_n(steady);
        let port = Squares::behind(g, v_n * v_n, hz_n);
        let cycle = self.ready_cycle(Ac::Points { dut, source, port });
        self.book_site([source.p, dut.p, port.p]);
        (cycle, source.p, port.p)
    }

    /// What the meters see of the slow step that ends now.
    #[inline(always)]
    pub(crate) fn ready_cycle(&self, ac: Ac) -> ReadyCycle {
        let d = &self.dut.dispatch;
        ReadyCycle {
            at_ns: self.sim,
            ac,
            pv_w: d.pv.first_w(),
            pv_v: d.pv.first_tracked_v(),
            battery: (d.battery.volts(), d.battery_w),
        }
    }

    /// Voltage (RMS) and frequency of node N.
    #[inline]
    fn node_n(&self, steady: &Steady) -> (f64, f64) {
        if self.bench.relay.conducting {
            let v = steady.volts;
            (
                v,
                if v > ALIVE_PU * self.config.dut.nominal_v {
                    steady.hz
                } else {
                    0.0
                },
            )
        } else if self.dut.forming() {
            (
                self.dut.voltage.level * self.config.dut.nominal_v,
                self.dut.voltage.hz,
            )
        } else {
            (0.0, 0.0)
        }
    }

    /// From phasors to instantaneous states.
    pub(crate) fn enter_waveform(&mut self) {
        let t = self.sim;
        self.mode = Mode::Waveform;
        self.quiet_cycles = 0;
        self.last_tick = t;
        self.bench.source.advance(t);
        self.network.x = [0.0; 6];
        self.choose_topology();
        let steady = self.solve_at(t);
        self.steady = steady;
        let (v, w, turns) = (steady.v, steady.w, self.bench.source.phase(t));
        let x = &mut self.network.x;
        x[state::LINE] = steady.line.at(turns);
        x[state::LOAD_C] = if self.bench.s2 && self.bench.load.c_f > 0.0 {
            v.at(turns)
        } else {
            0.0
        };
        let load = &self.bench.load;
        if let Some(l_h) = load.l_h.filter(|_| self.bench.s2 && w > 0.0) {
            x[state::LOAD_L] = v.mul(Phasor::new(load.l_ohm, w * l_h).inv()).at(turns);
        }
        let hz = steady.hz;
        let following = self.dut.gate() == Gate::Following;
        let filter = self.filter_state(&steady);
        // what a change of the state since the last step put into the filter comes from the link
        let stored_j = filter.stored_j(self.network.filter());
        self.dc.shift(self.filter_j - stored_j);
        self.filter_j = stored_j;
        let filter_w = filter.loss_w(self.network.filter());
        let electronics_w = self.dut.electronics_w(filter.ac_w(), filter_w);
        self.refresh_supply(filter_w, electronics_w);
        self.dc.start();
        if self.bench.relay.conducting {
            self.settle_filter(&filter, w, turns, following);
            self.energy_to_wave(&filter, turns);
        } else if self.dut.forming() {
            let turns = self.forming_turns();
            let w = self.dut.voltage.hz * std::f64::consts::TAU;
            self.settle_filter(&filter, w, turns, false);
            self.energy_to_wave(&filter, turns);
        }
        self.choose_topology();
        self.settle_senses(&steady, hz, turns);
        self.e = self.bench.source.instantaneous(t);
        self.settle_meters();
        self.meters.resync();
    }

    /// Angle of the forming bridge's voltage now, turns; its controller stands one period ahead.
    fn forming_turns(&self) -> f64 {
        self.dut.voltage.turns - self.dut.voltage.hz * CONTROL_S
    }

    /// States of the filter and the bridge voltage for terminal voltage `v` and current `i2`.
    fn settle_filter(&mut self, filter: &FilterState, w: f64, turns: f64, following: bool) {
        let FilterState {
            v,
            i2,
            i1,
            cap,
            bridge,
            ..
        } = *filter;
        if self.dut.gate() != Gate::Blocked {
            let mean = bridge.mul(i1.conj()).re;
            let swing = swing(bridge, i1, w, turns);
            self.dc.settle(mean, &self.supply, swing);
        }
        let x = &mut self.network.x;
        x[state::VC] = cap.at(turns);
        x[state::I2] = i2.at(turns);
        if self.dut.gate() != Gate::Blocked {
            x[state::I1] = i1.at(turns);
        }
        let period = CONTROL_NS as f64 * 1e-9 * w / std::f64::consts::TAU;
        self.dut.set_bridge_v(
            bridge.at(turns + 0.5 * period),
            bridge.at(turns + 1.5 * period),
        );
        if following {
            // drop across the filter relative to the angle of the terminal voltage
            let size = v.abs().max(1e-9);
            let drop = bridge
                .sub(v)
                .mul(v.conj())
                .scale(std::f64::consts::SQRT_2 / size);
            self.dut
                .current
                .settle((drop.re, drop.im), turns + v.turns() + period, w);
        }
    }

    /// The DUT's estimators as after a long steady state.
    fn settle_senses(&mut self, steady: &Steady, hz: f64, turns: f64) {
        let peak = steady.volts * std::f64::consts::SQRT_2;
        let alive = steady.volts > 0.05 * self.config.dut.nominal_v;
        let turns = turns + steady.v.turns();
        let gain = 1.0 + self.config.dut.voltage_gain_error;
        self.dut.sync.settle(peak, turns, hz);
        self.dut.rms.settle(peak * gain, turns, hz * CONTROL_S);
        if alive {
            self.dut
                .frequency
                .settle(self.sim as f64 * 1e-9, turns, hz, peak);
        } else {
            self.dut.frequency.clear();
        }
        self.dut.rearm();
        let (v_n, _) = self.node_n(steady);
        self.last_cycle_v = (self.dut.own_volts(), v_n);
    }

    /// Waveform mode has nothing more to show.
    pub(crate) fn may_leave_waveform(&mut self) -> bool {
        if self.quiet_cycles < QUIET_CYCLES {
            return false;
        }
        let ahead = self.solve_at(self.sim + SLOW_NS);
        self.may_dwell(&ahead)
    }

    /// From instantaneous states back to phasors.
    pub(crate) fn leave_waveform(&mut self) {
        self.mode = Mode::QuasiStatic;
        self.rest_until = 0;
        self.steady = self.solve_at(self.sim);
        let steady = self.steady;
        let filter = self.filter_state(&steady);
        let turns = if self.bench.relay.conducting {
            self.bench.source.phase(self.sim)
        } else {
            self.forming_turns()
        };
        self.energy_from_wave(&filter, turns);
        self.settle_meters();
        self.meters.resync();
    }
}
