//! Many slow steps on the grid at a steady frequency, while only voltage and sources move. What
//! decides between the two modes, and what stands still until the next whole second, is looked at
//! once; each step does what is left of [`Plant::dwell`].

use crate::Nanos;
use crate::actions::GENTLE_PU;
use crate::dc_link::Level;
use crate::dispatch::{Duty, SLOW_S};
use crate::dut::Gate;
use crate::dwell::{ALIVE_PU, LOW_PU};
use crate::filter::FilterForms;
use crate::meter::Squares;
use crate::plant::{Plant, SLOW_NS};
use crate::quasi_static::{Conditions, Terminals, feeding};

/// Period of what is slower than the slow functions, ns.
const SECOND_NS: Nanos = 1_000_000_000;

impl Plant {
    /// Slow steps up to `now`, the last before `event` or a change of the source, for as long as
    /// [`Plant::may_dwell`] would allow each of them. False when not one was made.
    pub(crate) fn cruise(&mut self, event: Option<Nanos>) -> bool {
        // what comes once a second and the look for rest are left to the ordinary step
        let mut until = self.now().min((self.sim / SECOND_NS + 1) * SECOND_NS - 1);
        if self.looks_for_rest(self.sim + SLOW_NS) {
            return false;
        }
        for change in [event, self.bench.source.next_change()]
            .into_iter()
            .flatten()
        {
            until = until.min(change.saturating_sub(1));
        }
        if self.sim + SLOW_NS > until || !self.may_cruise() || !self.dut.stays() {
            return false;
        }
        let hz = self.bench.source.hz(self.sim);
        let Some(bounds) = self.dut.dispatch.still(hz) else {
            return false;
        };
        let nominal_v = self.config.dut.nominal_v;
        let mut conditions = Conditions {
            source_v: 0.0,
            hz,
            power: None,
            i_max: 1.1 * self.config.dut.max_current_a,
            // below it the ordinary step finds the way into the waveform
            floor_v: 0.2 * nominal_v,
            nominal_v,
        };
        if !self.admittance.fits(&self.bench.topology(true), hz) {
            self.refresh_admittance(true, hz);
        }
        let network = self.admittance;
        let w = hz * std::f64::consts::TAU;
        if !self.forms.fits(w, false) {
            self.forms = FilterForms::new(self.network.filter(), w, false);
        }
        let forms = self.forms;
        let (still, tracked) = (self.dut.active.still(hz), self.dut.dispatch.pv.tracked());
        let own_gain = 1.0 + self.config.dut.voltage_gain_error;
        let calm = self.dut.protection.calm(hz);
        let mut unobserved = self.dut.unobserved(hz);
        let mut steering = self.dut.steering();
        let mut sources = self.dut.dispatch.sources();
        let g = self.bench.backup_g();
        let low_v = LOW_PU * nominal_v;
        let begin = self.sim;
        let mut last: Option<(Terminals, f64)> = None;
        while self.sim + SLOW_NS <= until {
            let end = self.sim + SLOW_NS;
            let dispatch = &self.dut.dispatch;
            let power = steering.reference(dispatch.p_w, dispatch.q_var);
            conditions.source_v = self.bench.source.volts(end);
            let Some(fed) = feeding(&network, &conditions, power) else {
                break;
            };
            let volts = fed.volts * own_gain;
            if conditions.source_v <= low_v || volts < calm.0 || volts > calm.1 {
                break;
            }
            self.sim = end;
            last = Some((fed, conditions.source_v));
            let flow = forms.flow(&fed);
            self.move_energy(&flow, &sources, SLOW_S);
            let line = network.from_source(&fed);
            let seen_hz = if fed.volts > ALIVE_PU * nominal_v {
                hz
            } else {
                0.0
            };
            let cycle = self.ready_cycle(
                Squares::new(&fed.behind(g), seen_hz),
                Squares::new(&line, seen_hz),
                Squares::behind(g, fed.vv, seen_hz),
            );
            self.meters.ready(cycle);
            if tracked {
                sources = self.dut.dispatch.sources();
            }
            if !still {
                self.dut.active.settle(hz, volts, SLOW_S);
                steering = self.dut.steering();
            }
            let seen = (volts, line.p);
            self.dut
                .dispatch
                .follow(seen, Duty::Grid, &bounds, &sources);
            if volts < unobserved.0 || volts > unobserved.1 {
                self.dut.observe(volts, Some(hz));
                unobserved = self.dut.unobserved(hz);
            }
            let level = self.dc.level();
            if level != Level::Inside {
                self.dut.watch_bus(end, level);
                break;
            }
        }
        let Some((fed, source_v)) = last else {
            return false;
        };
        conditions.source_v = source_v;
        self.steady = network.phasors(&fed, &conditions);
        self.bench.source.advance(self.sim);
        let seconds = (self.sim - begin) as f64 * 1e-9;
        self.dut.passive.settle(self.config.line.r_ohm, seconds);
        true
    }

    /// What [`Plant::may_dwell`] asks for and no step of a connected DUT changes.
    fn may_cruise(&self) -> bool {
        let (bench, source) = (&self.bench, &self.bench.source);
        let end = self.sim + SLOW_NS;
        let arcing = bench.output.arcing() || bench.s1.arcing() || bench.relay.arcing();
        let slope = (source.volts(end) - source.volts(self.sim)).abs();
        bench.line_conducts()
            && bench.relay.conducting
            && !arcing
            && !self.capturing()
            && slope <= GENTLE_PU * self.config.dut.nominal_v
            && source.hz(end) == source.hz(self.sim)
            && self.dut.gate() == Gate::Following
    }
}
