//! Waveform mode: one step of network, meters, capture, switches and controllers.

use crate::Nanos;
use crate::capture::{Due, Frame, SIGNALS, index};
use crate::dc_link::Supply;
use crate::dispatch::Surroundings;
use crate::dut::{CONTROL_NS, Gate, Measured, RelayOrder};
use crate::meter::Instant;
use crate::network::{Network, Nodes, state};
use crate::plant::{Plant, SLOW_NS};
use crate::signal::{MeterPoint, Signal};
use crate::stuck::Contact;

impl Plant {
    /// Advances to `t`, a grid point or the time of an event; changes of the source in between
    /// are met exactly.
    #[inline]
    pub(crate) fn waveform_to(&mut self, t: Nanos) {
        while let Some(change) = self.bench.source.next_change().filter(|&c| c <= t) {
            if change > self.sim {
                self.step(change);
            }
            self.bench.source.advance(change);
            self.e = self.bench.source.instantaneous(change);
            self.quiet_cycles = 0;
        }
        if t > self.sim {
            self.step(t);
        }
    }

    /// One step without events inside.
    fn step(&mut self, t: Nanos) {
        let t0 = self.sim;
        let h = t - t0;
        let e = self.bench.source.instantaneous(t);
        let nodes = self.network.nodes();
        let port_before = self.network.port_current(nodes);
        let (i1, line_before) = (self.network.x[state::I1], self.network.x[state::LINE]);
        // most samples lie on the end of a step
        let sampled = self.capture.as_ref().map_or(Due::Later, |c| c.due(t));
        let begin = (sampled == Due::Inside).then(|| self.signals());
        let v_bridge = match self.dut.gate() {
            // the diodes drive the current back into the dc bus
            Gate::Blocked => -i1.signum() * self.dc.volts(),
            Gate::Following | Gate::Forming => self.dut.bridge_v(),
        };
        let from = self.network.end(nodes, v_bridge);
        self.network.step(h, v_bridge, self.e, e);
        let before = nodes.pcc;
        let mut nodes = self.network.nodes();
        let to = self.network.end(nodes, v_bridge);
        let dt = h as i64 as f64 * 1e-9;
        let flow = self.network.flow(&from, &to, v_bridge, dt);
        self.dc.draw(flow.drawn_j);
        self.ledger.wave(flow.ac_j, flow.loss_j);
        if self.network.topology().port_g > 0.0 {
            self.take_in_front(before, nodes.pcc, dt);
        }
        self.e = e;
        self.sim = t;
        if self.network.topology().bridge
            && self.dut.gate() == Gate::Blocked
            && i1 * self.network.x[state::I1] <= 0.0
        {
            self.refresh_topology_with(|network| network.x[state::I1] = 0.0);
            nodes = self.network.nodes();
        }
        self.meter(t, dt, nodes);
        if sampled != Due::Later
            && let Some(capture) = &mut self.capture
        {
            let frame = signals(&self.bench, &self.network, nodes, e, t);
            capture.advance(t0, begin.as_ref().unwrap_or(&frame), t, &frame);
        }
        self.arcs(t, line_before, port_before, nodes);
        if t.is_multiple_of(CONTROL_NS) {
            self.last_tick = t;
            self.control(t);
        }
    }

    /// What goes in front of the open relay in a step between two voltages of the PCC.
    #[cold]
    #[inline(never)]
    fn take_in_front(&mut self, v0: f64, v1: f64, dt: f64) {
        self.port_j += self.network.topology().port_g * 0.5 * (v0 * v0 + v1 * v1) * dt;
    }

    #[inline]
    fn meter(&mut self, t: Nanos, dt: f64, nodes: Nodes) {
        let x = &self.network.x;
        let source_v = self.source_terminal(nodes);
        self.meters.step(
            t,
            dt,
            &Instant {
                pcc_v: nodes.pcc,
                pcc_lagging: self
                    .dut
                    .sync
                    .beta_at((t - self.last_tick) as i64 as f64 * 1e-9),
                source_v,
                port_a: self.network.port_current(nodes),
                line_a: x[state::LINE],
                backup_v: nodes.n,
                backup_a: nodes.n * self.network.topology().backup_g,
            },
        );
    }

    /// Voltage upstream of S1, where the source meter sits.
    fn source_terminal(&self, nodes: Nodes) -> f64 {
        if self.bench.s1.conducting {
            nodes.pcc
        } else if self.bench.output.conducting {
            self.e
        } else {
            0.0
        }
    }

    /// Arcs that go out in this step.
    #[inline]
    fn arcs(&mut self, t: Nanos, line_before: f64, port_before: f64, nodes: Nodes) {
        if self.bench.output.arcing() || self.bench.s1.arcing() {
            let line = self.network.x[state::LINE];
            let conducted = self.bench.line_conducts();
            let out = self.bench.output.extinguish(t, line_before, line);
            let s1 = self.bench.s1.extinguish(t, line_before, line);
            if out || s1 {
                self.note_loss(t, conducted);
                self.refresh_topology();
            }
        }
        if self.bench.relay.arcing() {
            let port = self.network.port_current(nodes);
            if self.bench.relay.extinguish(t, port_before, port) {
                self.refresh_topology();
                self.dut.relay_opened(t);
            }
        }
    }

    /// Controllers, relay orders and slow supervision.
    fn control(&mut self, t: Nanos) {
        let nodes = self.network.nodes();
        let gate = self.dut.gate();
        let level = self.dc.step(&self.supply, self.dut.sync.w);
        self.dut.watch_bus(t, level);
        let bus = self.dc.volts();
        self.dut.current.set_bus(bus);
        self.dut.voltage.set_bus(bus);
        self.dut.tick(
            t,
            Measured {
                v_grid: nodes.pcc,
                v_n: nodes.n,
                i1: self.network.x[state::I1],
                i2: self.network.x[state::I2],
            },
        );
        if t.is_multiple_of(SLOW_NS) {
            let volts = self.dut.own_volts();
            self.book_sources();
            self.book_port();
            let (ac_w, filter_w) = self.ledger.end_wave();
            let electronics_w = self.dut.electronics_w(ac_w, filter_w);
            let supplied = self.dut.dispatch.take_supplied();
            // a slow step ends at the same angle of the ripple again and again
            let excess_j = self.dc.mean_excess_j();
            self.dut.dispatch.close_step(supplied, excess_j);
            let per_s = 1e9 / SLOW_NS as f64;
            let through = self.meters.take_through().map(|joules| joules * per_s);
            self.book_site(through);
            self.dut.supervise(
                t,
                &Surroundings {
                    volts,
                    hz: self.dut.frequency.hz(),
                    ambient_c: self.bench.ambient_c,
                    backup_w: self.meters.cycle(MeterPoint::Backup).watts,
                    site_w: self.meters.cycle(MeterPoint::Source).watts,
                },
            );
            let d = &self.dut.dispatch;
            let battery = (d.battery.volts(), d.battery_w);
            self.meters.dc(
                t,
                SLOW_NS as f64 * 1e-9,
                (d.pv_volts(), d.pv.first_w()),
                battery,
            );
            self.refresh_supply(filter_w, electronics_w);
            let supply_g = self.dut.supply_g();
            if supply_g != self.bench.supply_g {
                self.bench.supply_g = supply_g;
                self.refresh_topology();
            }
            self.end_dead_oscillation();
            self.note_quiet(volts);
        }
        let order = self.dut.take_order();
        if let Some(order) = order {
            let (close, present) = (order == RelayOrder::Close, self.bench.relay.contact);
            if self.contacts.follow(Contact::DutRelay, close, present) {
                self.bench.relay.close();
            } else {
                self.bench.relay.open(t);
            }
        }
        if order.is_some() || gate != self.dut.gate() {
            self.quiet_cycles = 0;
            self.refresh_topology();
        }
    }

    /// Counts cycles without a visible change.
    fn note_quiet(&mut self, volts: f64) {
        let v_n = self.meters.cycle(MeterPoint::Backup).volts;
        let nominal = self.config.dut.nominal_v;
        let (before, before_n) = self.last_cycle_v;
        let quiet =
            (volts - before).abs() < 3e-4 * nominal && (v_n - before_n).abs() < 3e-3 * nominal;
        self.quiet_cycles = if quiet { self.quiet_cycles + 1 } else { 0 };
        self.last_cycle_v = (volts, v_n);
    }

    /// Puts the network into the topology of switches and bridge.
    pub(crate) fn refresh_topology(&mut self) {
        self.refresh_topology_with(|_| {});
    }

    /// The sources as they are now, behind losses that are known.
    pub(crate) fn refresh_supply(&mut self, filter_w: f64, loss_w: f64) {
        let (least_w, most_w) = self.dut.dispatch.reach();
        self.supply = Supply {
            expected_w: self.dut.dispatch.fed_w() + filter_w + loss_w,
            loss_w,
            least_w,
            most_w,
        };
    }

    /// The sources have changed.
    pub(crate) fn refresh_reach(&mut self) {
        (self.supply.least_w, self.supply.most_w) = self.dut.dispatch.reach();
    }

    /// What a change of the filter's states takes out of them is lost.
    fn refresh_topology_with(&mut self, change: impl FnOnce(&mut Network)) {
        let before = self.network.stored_j();
        change(&mut self.network);
        self.choose_topology();
        self.ledger.wave(0.0, before - self.network.stored_j());
    }

    /// Puts the network into the topology of switches and bridge.
    pub(crate) fn choose_topology(&mut self) {
        let bridge = self.dut.gate() != Gate::Blocked || self.network.x[state::I1] != 0.0;
        let next = self.bench.topology(bridge);
        if next != *self.network.topology() {
            self.network.set_topology(next);
        }
    }

    /// All signals now.
    pub(crate) fn signals(&self) -> Frame {
        signals(
            &self.bench,
            &self.network,
            self.network.nodes(),
            self.e,
            self.sim,
        )
    }
}

#[inline]
fn signals(
    bench: &crate::bench::Bench,
    network: &crate::network::Network,
    nodes: Nodes,
    e: f64,
    t: Nanos,
) -> Frame {
    let level = |on: bool| if on { 1.0 } else { 0.0 };
    let mut frame = [0.0; SIGNALS];
    frame[index(Signal::GridVoltage)] = nodes.pcc;
    frame[index(Signal::DutCurrent)] = network.port_current(nodes);
    frame[index(Signal::SourceCurrent)] = network.x[state::LINE];
    frame[index(Signal::SourceVoltage)] = if bench.output.conducting { e } else { 0.0 };
    frame[index(Signal::SwitchContact)] = level(bench.s1.contact);
    frame[index(Signal::SourceTrigger)] = level(bench.source.trigger(t));
    frame[index(Signal::BackupVoltage)] = nodes.n;
    frame[index(Signal::BackupCurrent)] = nodes.n * network.topology().backup_g;
    frame[index(Signal::DutRelay)] = level(bench.relay.contact);
    frame[index(Signal::DrmContact)] = level(!bench.drm_pins.is_empty());
    frame
}
