//! Many slow steps on the grid at a steady frequency, while only voltage and sources move. What
//! decides between the two modes, and what stands still until the next whole second, is looked at
//! once; each step does what is left of [`Plant::dwell`].

use crate::Nanos;
use crate::actions::GENTLE_PU;
use crate::dispatch::{Duty, SLOW_S};
use crate::dut::Gate;
use crate::dwell::LOW_PU;
use crate::plant::{Plant, SLOW_NS};
use crate::quasi_static::{Conditions, feeding};

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
        if self.sim + SLOW_NS > until || !self.may_cruise() {
            return false;
        }
        let hz = self.bench.source.hz(self.sim);
        let Some(bounds) = self.dut.dispatch.still(hz) else {
            return false;
        };
        let dut = &self.config.dut;
        let nominal_v = dut.nominal_v;
        let mut conditions = Conditions {
            source_v: 0.0,
            hz,
            power: None,
            i_max: 1.1 * dut.max_current_a,
            floor_v: 0.2 * nominal_v,
            nominal_v,
        };
        if !self.admittance.fits(&self.bench.topology(true), hz) {
            self.refresh_admittance(true, hz);
        }
        let still = self.dut.active.still(hz);
        let begin = self.sim;
        loop {
            let end = self.sim + SLOW_NS;
            if end > until || !self.dut.stays() {
                break;
            }
            let power = self.dut.power_reference();
            conditions.source_v = self.bench.source.volts(end);
            let Some(ahead) = feeding(&self.admittance, &conditions, power) else {
                break;
            };
            let low = conditions.source_v <= LOW_PU * nominal_v;
            if low || !self.dut.protection.quiet(self.seen_in(&ahead)) {
                break;
            }
            let cycle = self.account(end, &ahead);
            self.meters.ready(cycle);
            let volts = self.seen_in(&ahead).volts;
            if !still {
                self.dut.active.settle(hz, volts, SLOW_S);
            }
            self.dut
                .dispatch
                .follow((volts, cycle.source.p), Duty::Grid, bounds);
            self.dut.observe(volts, Some(hz));
        }
        let seconds = (self.sim - begin) as f64 * 1e-9;
        self.bench.source.advance(self.sim);
        self.dut.passive.settle(self.config.line.r_ohm, seconds);
        self.sim > begin
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
