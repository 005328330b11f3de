//! Many slow steps on the grid at a steady frequency, while only voltage and sources move. What
//! decides between the two modes is looked at once, what stands still between whole seconds once a
//! second; each step does what is left of [`Plant::dwell`].

use crate::Nanos;
use crate::actions::GENTLE_PU;
use crate::dc_link::Level;
use crate::dispatch::{Bounds, Duty, SLOW_S, Sources};
use crate::dut::supervision::SECOND_NS;
use crate::dut::{Gate, Steering};
use crate::dwell::LOW_PU;
use crate::filter::FilterForms;
use crate::meter::{Ac, Squares};
use crate::phasor::Phasor;
use crate::plant::{Plant, SLOW_NS};
use crate::quasi_static::{Admittance, Conditions, Terminals, feeding};

/// What stands still while time runs.
struct Course {
    network: Admittance,
    forms: FilterForms,
    conditions: Conditions,
    /// The active method has nothing to say.
    still: bool,
    /// A tracker moves the PV.
    tracked: bool,
    /// What the DUT reads of a volt.
    own_gain: f64,
    /// Between these voltages no protection stirs.
    calm: (f64, f64),
    /// Between these the state machine does not either.
    quiet: (f64, f64),
    steering: Steering,
    bounds: Bounds,
    sources: Sources,
    /// Conductance of the back-up load, and the admittance of all that hangs on the PCC, S.
    g: f64,
    pcc: Phasor,
    /// The ordinary step decides below this voltage of the source, V.
    low_v: f64,
}

/// What lies in both ranges.
fn both(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.max(b.0), a.1.min(b.1))
}

impl Plant {
    /// Slow steps up to `now`, the last before `event` or a change of the source, for as long as
    /// [`Plant::may_dwell`] would allow each of them. False when not one was made.
    pub(crate) fn cruise(&mut self, event: Option<Nanos>) -> bool {
        let mut until = self.now();
        for change in [event, self.bench.source.next_change()]
            .into_iter()
            .flatten()
        {
            until = until.min(change.saturating_sub(1));
        }
        if self.sim + SLOW_NS > until || self.sim == self.look_from {
            return false;
        }
        let Some(mut course) = self.course() else {
            return false;
        };
        let begin = self.sim;
        let mut last = None;
        'cruise: while self.sim + SLOW_NS <= until && self.sim != self.look_from {
            let made = self.first_of_second(&mut course);
            if made.is_none() {
                break;
            }
            last = made;
            // up to the whole second
            let stop = until.min(self.sim.next_multiple_of(SECOND_NS) - SLOW_NS);
            while self.sim + SLOW_NS <= stop && self.sim != self.look_from {
                let made = self.fed_step::<false>(&mut course);
                if made.is_none() {
                    break 'cruise;
                }
                last = made;
            }
        }
        let Some((fed, source_v)) = last else {
            return false;
        };
        course.conditions.source_v = source_v;
        self.steady = course.network.phasors(&fed, &course.conditions);
        self.bench.source.advance(self.sim);
        let seconds = (self.sim - begin) as f64 * 1e-9;
        self.dut.passive.settle(self.network.line().r_ohm, seconds);
        true
    }

    /// What stands still, if the DUT feeds and nothing but voltage and sources moves.
    fn course(&mut self) -> Option<Course> {
        if !self.may_cruise() || !self.dut.stays() {
            return None;
        }
        let hz = self.bench.source.hz(self.sim);
        let bounds = self.dut.dispatch.still(hz)?;
        if !self.admittance.fits(&self.bench.topology(true), hz) {
            self.refresh_admittance(true, hz);
        }
        let w = hz * std::f64::consts::TAU;
        if !self.forms.fits(w, false) {
            self.forms = FilterForms::new(self.network.filter(), w, false);
        }
        let (dut, nominal_v) = (&self.config.dut, self.config.dut.nominal_v);
        Some(Course {
            network: self.admittance,
            forms: self.forms,
            conditions: Conditions {
                source_v: 0.0,
                hz,
                power: None,
                i_max: 1.1 * dut.max_current_a,
                floor_v: 0.2 * nominal_v,
                nominal_v,
            },
            still: self.dut.active.still(hz),
            tracked: self.dut.dispatch.pv.tracked(),
            own_gain: 1.0 + dut.voltage_gain_error,
            calm: self.dut.protection.calm(hz),
            quiet: both(self.dut.protection.calm(hz), self.dut.unobserved(hz)),
            steering: self.dut.steering(),
            bounds,
            sources: self.dut.dispatch.sources(),
            g: self.bench.backup_g(),
            pcc: self.admittance.beside(),
            low_v: LOW_PU * nominal_v,
        })
    }

    /// The step that ends a second, or the one after it.
    #[inline(never)]
    fn first_of_second(&mut self, course: &mut Course) -> Option<(Terminals, f64)> {
        let past = (self.sim + SLOW_NS) % SECOND_NS;
        let before = (self.dut.dispatch.p_w, self.dut.dispatch.q_var);
        let made = if past == 0 {
            self.fed_step::<true>(course)
        } else {
            self.fed_step::<false>(course)
        };
        if made.is_some() && past <= SLOW_NS && !self.bench.source.moving() {
            let now = (self.dut.dispatch.p_w, self.dut.dispatch.q_var);
            self.note_stillness(now.0 - before.0, now.1 - before.1);
        }
        made
    }

    /// One slow step of a DUT that feeds, `SECOND` the last of a second. `None` when it has not been
    /// made: the ordinary step has to decide.
    #[inline(always)]
    fn fed_step<const SECOND: bool>(&mut self, c: &mut Course) -> Option<(Terminals, f64)> {
        let end = self.sim + SLOW_NS;
        let (p_w, q_var) = (self.dut.dispatch.p_w, self.dut.dispatch.q_var);
        if (p_w == 0.0) != c.steering.idle {
            c.steering = self.dut.steering();
        }
        let power = c.steering.reference(p_w, q_var);
        c.conditions.source_v = self.bench.source.volts(end);
        let fed = feeding(&c.network, &c.conditions, power)?;
        let volts = fed.volts * c.own_gain;
        let quiet = volts >= c.quiet.0 && volts <= c.quiet.1;
        if c.conditions.source_v <= c.low_v || (!quiet && (volts < c.calm.0 || volts > c.calm.1)) {
            return None;
        }
        self.sim = end;
        let flow = c.forms.flow(&fed);
        let electronics_w = self
            .dut
            .dispatch
            .electronics_w(false, flow.ac_w, flow.loss_w);
        self.move_energy(&flow, electronics_w, &c.sources);
        // a voltage above the floor of the solution has a frequency
        let hz = c.conditions.hz;
        let filter = Squares::new(&fed, hz);
        let (g, pcc) = (c.g, c.pcc);
        self.meters
            .ready(self.ready_cycle(Ac::Feeding { filter, g, pcc }));
        let backup_w = g * fed.vv;
        self.book_site([pcc.re * fed.vv - fed.p, fed.p - backup_w, backup_w]);
        if SECOND {
            self.dut.second(end, self.bench.ambient_c, volts >= c.low_v);
            // none of what it asks for changes with a second
            c.bounds = self.dut.dispatch.still(hz).unwrap_or(c.bounds);
        }
        if SECOND || c.tracked {
            c.sources = self.dut.dispatch.sources();
        }
        if !c.still && self.dut.active.settle(hz, volts, SLOW_S) {
            c.steering = self.dut.steering();
        }
        // from the source comes what the rest of the bench takes and the DUT does not deliver
        let seen = (volts, pcc.re * fed.vv - fed.p);
        self.dut
            .dispatch
            .follow(seen, Duty::Grid, &c.bounds, &c.sources);
        let level = self.dc.level();
        if SECOND || !quiet || level != Level::Inside {
            self.supervise_fed(c, volts, level);
        }
        Some((fed, c.conditions.source_v))
    }

    /// What a step that has moved more than powers changes in the state of the DUT.
    #[cold]
    #[inline(never)]
    fn supervise_fed(&mut self, c: &mut Course, volts: f64, level: Level) {
        self.dut.watch_bus(self.sim, level);
        let hz = c.conditions.hz;
        c.still = self.dut.active.still(hz);
        self.dut.answer(self.sim, (volts, Some(hz)), true, 0.0);
        if !self.dut.stays() {
            // no voltage is calm enough to go on
            c.calm = (f64::INFINITY, f64::NEG_INFINITY);
        }
        c.quiet = both(c.calm, self.dut.unobserved(hz));
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
