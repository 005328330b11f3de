//! What happens every 40 µs: synchronise, measure, protect, control.

use super::{After, CONTROL_NS, CONTROL_S, Gate, Inverter, Measured, Phase, RelayOrder};
use crate::Nanos;
use crate::detector::Verdict;
use crate::fault::Fault;
use crate::protection::Seen;

/// Protection runs on every fifth control period.
const PROTECTION_EVERY: u32 = 5;
/// Angle within which the grid relay may close on a living bridge, turns.
const SYNC_TURNS: f64 = 1.5 / 360.0;

impl Inverter {
    /// One control period; the value computed now acts from the next one on.
    #[inline]
    pub(crate) fn tick(&mut self, t: Nanos, m: Measured) {
        self.applied_v = self.next_v;
        self.sync.step(m.v_grid);
        self.rms
            .push(m.v_grid * (1.0 + self.config.voltage_gain_error));
        let seconds = t as f64 * 1e-9;
        if self.frequency.push(seconds, m.v_grid) {
            let (hz, volts) = (self.frequency.last_hz(), self.rms.half_cycle());
            self.active.push(hz, volts);
            if self.phase == Phase::Grid {
                let amps = self.current.amplitude * std::f64::consts::FRAC_1_SQRT_2;
                self.found = self.passive.period(seconds, hz, volts, amps);
            }
        }
        self.ticks = (self.ticks + 1) % PROTECTION_EVERY;
        match self.phase {
            Phase::Idle => {}
            Phase::Grid => self.tick_grid(t, m),
            Phase::Opening { at, .. } => {
                if t + CONTROL_NS / 2 >= at {
                    self.order = Some(RelayOrder::Open);
                    // the order is given once; the contact answers through `relay_opened`
                    if let Phase::Opening { at, .. } = &mut self.phase {
                        *at = Nanos::MAX - CONTROL_NS;
                    }
                }
            }
            Phase::Starting { at } => {
                if t + CONTROL_NS / 2 >= at {
                    // the tracked angle of the lost grid, so that the load sees no phase jump
                    self.voltage
                        .start(self.sync.turns, self.config.nominal_hz, 0.0, m.i2);
                    self.gate = Gate::Forming;
                    self.phase = Phase::Forming;
                    self.overload_s = 0.0;
                    self.excess_s = 0.0;
                    self.short_s = 0.0;
                    self.next_v = self.voltage.step(m.v_n, m.i1, m.i2);
                }
            }
            Phase::Forming | Phase::Syncing => self.tick_forming(t, m),
        }
    }

    fn tick_grid(&mut self, t: Nanos, m: Measured) {
        if self.ticks == 0 {
            let seen = self.seen();
            let dt = CONTROL_S * f64::from(PROTECTION_EVERY);
            if let Some(index) = self.protection.step(seen, dt) {
                let name = self.protection.name(index).to_owned();
                let fault = self.protection.fault(index);
                self.trip(t, name, fault);
                return;
            }
            self.cease(seen.volts, dt);
        }
        if self.ceased.is_some() {
            return;
        }
        let residue = m.v_grid - self.sync.alpha;
        let found = self
            .passive
            .sample(residue, self.sync.amplitude(), CONTROL_S)
            .or(self.found.take());
        if let Some(finding) = found {
            self.trip(t, finding.name().to_owned(), Fault::Islanding);
            return;
        }
        let power = self.power_reference();
        let floor = 0.2 * self.config.nominal_v * std::f64::consts::SQRT_2;
        if let Some(detector) = &mut self.detector {
            match detector.step(m.v_n, m.i2, self.current.amplitude, &self.sync, CONTROL_S) {
                Verdict::Quiet => {}
                Verdict::Probe => self.block(),
                Verdict::Sag => {
                    self.current.reset();
                    self.gate = Gate::Following;
                }
                Verdict::Lost if self.dispatch.dc_present() => {
                    let scatter = self.rng.normal();
                    let delay = self.config.backup.as_ref().map_or(0.0, |b| {
                        (b.relay_s + b.relay_sigma_s * scatter).max(0.2 * b.relay_s)
                    });
                    self.leave(t, delay, After::Backup);
                    return;
                }
                Verdict::Lost => {}
            }
        }
        if self.gate == Gate::Following {
            self.next_v = self.current.step(power, &self.sync, m.v_n, m.i2, floor);
        }
    }

    /// Momentary cessation: blocks in its zones, restarts after its time outside of them.
    fn cease(&mut self, volts: f64, dt: f64) {
        let Some(zone) = self.config.functions.momentary_cessation else {
            return;
        };
        if volts < zone.below_v || volts > zone.above_v {
            if self.ceased.is_none() {
                self.block();
            }
            self.ceased = Some(0.0);
        } else if let Some(inside_s) = &mut self.ceased {
            *inside_s += dt;
            if *inside_s >= zone.return_s {
                self.ceased = None;
                self.current.reset();
                self.gate = Gate::Following;
                self.next_v = self.sync.alpha;
                let amplitude = self.sync.amplitude();
                if let Some(detector) = &mut self.detector {
                    detector.arm(amplitude, 0.04);
                }
            }
        }
    }

    fn tick_forming(&mut self, t: Nanos, m: Measured) {
        let (ramp_s, short_circuit_s) = self
            .config
            .backup
            .as_ref()
            .map_or((0.0, 0.0), |b| (b.ramp_s, b.short_circuit_s));
        if self.voltage.level < 1.0 {
            self.voltage.level = if ramp_s > 0.0 {
                (self.voltage.level + CONTROL_S / ramp_s).min(1.0)
            } else {
                1.0
            };
        }
        if self.phase == Phase::Syncing {
            let ahead = self.sync.turns - self.voltage.turns;
            let ahead = ahead - crate::trig::floor(ahead + 0.5);
            self.voltage.hz = self.sync.hz() + (8.0 * ahead).clamp(-1.0, 1.0);
            let target = self.sync.amplitude() / (self.config.nominal_v * std::f64::consts::SQRT_2);
            self.voltage.level +=
                (target.clamp(0.8, 1.2) - self.voltage.level) * (CONTROL_S / 0.05);
            let close = ahead.abs() < SYNC_TURNS && (target - self.voltage.level).abs() < 0.02;
            if close {
                let p = m.v_n * m.i2;
                self.connect(p.clamp(-self.config.rated_power_w, self.config.rated_power_w));
                return;
            }
        } else {
            self.voltage.hz += (self.config.nominal_hz - self.voltage.hz) * (CONTROL_S / 0.2);
        }
        self.next_v = self.voltage.step(m.v_n, m.i1, m.i2);
        if self.voltage.limited {
            self.short_s += CONTROL_S;
            if self.short_s > short_circuit_s {
                self.shut_backup(t, "backup-short-circuit", Fault::BackupShortCircuit);
            }
        } else {
            self.short_s = (self.short_s - 0.25 * CONTROL_S).max(0.0);
        }
    }

    /// What the protection sees.
    fn seen(&self) -> Seen {
        let alive = self.sync.amplitude() > 0.2 * self.config.nominal_v * std::f64::consts::SQRT_2;
        Seen {
            volts: self.rms.half_cycle(),
            hz: self.frequency.hz().filter(|_| alive),
        }
    }
}
