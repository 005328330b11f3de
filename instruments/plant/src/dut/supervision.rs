//! What happens every 20 ms, and the changes of state.

use super::{After, BLACK_START_S, CONTROL_S, EXCESS_S, Gate, Inverter, Phase, RelayOrder};
use crate::Nanos;
use crate::config::Backup;
use crate::dispatch::{Duty, SLOW_S, Surroundings};
use crate::fault::Fault;

/// Period of what is slower than the slow functions, ns.
pub(crate) const SECOND_NS: Nanos = 1_000_000_000;

impl Inverter {
    /// Leaves the grid: gates now, contact after `delay_s`.
    pub(super) fn leave(&mut self, t: Nanos, delay_s: f64, after: After) {
        self.block();
        self.healthy_s = 0.0;
        self.dead_grid_s = 0.0;
        self.ceased = None;
        self.phase = Phase::Opening {
            at: t + (delay_s.max(0.0) * 1e9) as u64,
            after,
        };
    }

    /// One slow step of the back-up load: rated power for ever, an overload for its time, more
    /// than that or than the dc side can carry for a tenth of a second.
    fn overloaded(&mut self, backup_w: f64) -> bool {
        let Some(backup) = &self.config.backup else {
            return false;
        };
        let most = backup
            .overload_w
            .min(1.2 * self.dispatch.backup_available().max(1.0));
        let step = |count: f64, beyond: bool| if beyond { count + SLOW_S } else { 0.0 };
        self.overload_s = step(self.overload_s, backup_w > 1.02 * backup.rated_w);
        self.excess_s = step(self.excess_s, backup_w > most);
        self.overload_s > backup.overload_s || self.excess_s > EXCESS_S
    }

    fn trip_if_connected(&mut self, t: Nanos, name: &str, fault: Fault) {
        if self.phase == Phase::Grid {
            self.trip(t, name.to_owned(), fault);
        }
    }

    /// Counts a trip; too many within the window lock the DUT.
    fn count_trip(&mut self, t: Nanos) {
        let Some(lockout) = self.config.lockout else {
            return;
        };
        let window = (lockout.window_s * 1e9) as u64;
        self.trips.retain(|&at| at + window > t);
        self.trips.push(t);
        self.locked |= self.trips.len() >= lockout.trips;
    }

    pub(super) fn trip(&mut self, t: Nanos, name: String, fault: Fault) {
        self.last_trip = Some(name);
        self.fault = Some(fault);
        self.tripped = true;
        self.count_trip(t);
        let after = if self.may_backup() {
            After::Backup
        } else {
            After::Idle
        };
        self.leave(t, self.config.relay_open_s, after);
    }

    /// The grid relay conducts no more.
    pub(crate) fn relay_opened(&mut self, t: Nanos) {
        if let Phase::Opening { after, .. } = self.phase {
            self.phase = match (after, &self.config.backup) {
                (After::Backup, Some(backup)) => Phase::Starting {
                    at: t + start_delay(backup, self.lost_deg),
                },
                (After::Idle | After::Backup, _) => Phase::Idle,
            };
        }
    }

    pub(super) fn shut_backup(&mut self, t: Nanos, reason: &str, fault: Fault) {
        self.last_trip = Some(reason.to_owned());
        self.fault = Some(fault);
        self.tripped = true;
        self.count_trip(t);
        self.block();
        self.phase = Phase::Idle;
        self.overload_s = 0.0;
        // no second black start before the observation time has passed
        self.dead_grid_s = -self.config.reconnect_s;
    }

    pub(super) fn connect(&mut self, p_w: f64) {
        self.order = Some(RelayOrder::Close);
        self.phase = Phase::Grid;
        self.gate = Gate::Following;
        self.tripped = false;
        self.current.reset();
        let step = self.sync.w * CONTROL_S / std::f64::consts::TAU;
        self.current.anchor(self.sync.turns + step);
        self.protection.reset();
        self.passive.connected();
        self.found = None;
        self.dispatch.start_ramp(p_w);
        self.next_v = self.sync.alpha;
        let amplitude = self.sync.amplitude();
        if let Some(detector) = &mut self.detector {
            detector.arm(amplitude, 0.04);
        }
    }

    /// Counts the time of a healthy and of a dead grid; true inside the window of reconnection.
    #[inline]
    pub(crate) fn observe(&mut self, volts: f64, hz: Option<f64>) -> bool {
        let c = &self.config;
        let inside = volts >= c.reconnect_v_min
            && volts <= c.reconnect_v_max
            && hz.is_some_and(|hz| hz >= c.reconnect_hz_min && hz <= c.reconnect_hz_max)
            && !self.dispatch.ten_minutes.exceeded();
        // timers stop counting when they have nothing more to say: the bench comes to rest
        let enough = c.reconnect_s + 1.0;
        self.healthy_s = if inside {
            (self.healthy_s + SLOW_S).min(enough)
        } else {
            0.0
        };
        self.dead_grid_s = if volts < 0.5 * c.nominal_v {
            (self.dead_grid_s + SLOW_S).min(2.0 * BLACK_START_S)
        } else {
            self.dead_grid_s.min(0.0)
        };
        inside
    }

    /// Between these voltages [`Self::observe`] changes nothing at `hz`.
    pub(crate) fn unobserved(&self, hz: f64) -> (f64, f64) {
        let c = &self.config;
        let healthy = self.healthy_s >= c.reconnect_s + 1.0
            && hz >= c.reconnect_hz_min
            && hz <= c.reconnect_hz_max
            && !self.dispatch.ten_minutes.exceeded();
        if healthy && self.dead_grid_s <= 0.0 {
            let low = c.reconnect_v_min.max(0.5 * c.nominal_v);
            (low, c.reconnect_v_max)
        } else {
            (f64::INFINITY, f64::NEG_INFINITY)
        }
    }

    /// Slow supervision at `t`.
    pub(crate) fn supervise(&mut self, t: Nanos, seen: &Surroundings) {
        let Surroundings {
            volts,
            hz,
            ambient_c,
            backup_w,
            ..
        } = *seen;
        let duty = match self.phase {
            Phase::Grid => Duty::Grid,
            Phase::Forming | Phase::Syncing => Duty::Backup(backup_w),
            Phase::Idle | Phase::Opening { .. } | Phase::Starting { .. } => Duty::Idle,
        };
        // a relay closes in waveforms: what permits it now must have done so when the mode was chosen
        let permitted = self.may_connect();
        let alive = volts >= 0.5 * self.config.nominal_v;
        if t.is_multiple_of(SECOND_NS) {
            self.second(t, ambient_c, alive);
        }
        self.tire(alive);
        self.dispatch.step(seen, duty);
        if self.dispatch.guard.direct_current(duty == Duty::Grid) {
            self.trip_if_connected(t, "DCI", Fault::DcInjection);
        }
        self.answer(t, (volts, hz), permitted, backup_w);
    }

    /// What is slower than the slow functions; `alive`: there is grid voltage.
    pub(crate) fn second(&mut self, t: Nanos, ambient_c: f64, alive: bool) {
        let elapsed_s = (t / SECOND_NS).cast_signed();
        if self.dispatch.second(elapsed_s, ambient_c, alive) {
            self.trip_if_connected(t, "OV-10MIN", Fault::TenMinuteOverVoltage);
        }
    }

    /// Changes of state by what a slow step has shown; `permitted`: it might connect before.
    pub(crate) fn answer(
        &mut self,
        t: Nanos,
        (volts, hz): (f64, Option<f64>),
        permitted: bool,
        backup_w: f64,
    ) {
        if self.dispatch.export.must_disconnect() {
            self.trip_if_connected(t, "EXPORT", Fault::ExportLimit);
        }
        let inside = self.observe(volts, hz);
        let c = &self.config;
        let due = self.healthy_s >= c.reconnect_s - 1e-9 && self.healthy_s > 0.0;
        if self.forming() && self.overloaded(backup_w) {
            self.shut_backup(t, "backup-overload", Fault::BackupOverload);
        }
        match self.phase {
            Phase::Idle if due && permitted && self.may_connect() => self.connect(0.0),
            Phase::Idle if self.may_black_start() => self.phase = Phase::Starting { at: t },
            Phase::Forming if !self.dispatch.dc_present() => {
                self.block();
                self.phase = Phase::Idle;
            }
            Phase::Forming if self.dispatch.disconnect || !self.dispatch.guard.fit() => {
                self.block();
                self.phase = Phase::Idle;
            }
            Phase::Forming if due && self.may_connect() && self.voltage.level >= 1.0 => {
                self.phase = Phase::Syncing
            }
            Phase::Syncing if !inside => self.phase = Phase::Forming,
            Phase::Grid if !self.may_connect() => {
                let delay = self.config.relay_open_s;
                let after = if self.may_backup() && !self.dispatch.disconnect {
                    After::Backup
                } else {
                    After::Idle
                };
                self.leave(t, delay, after);
            }
            Phase::Idle
            | Phase::Forming
            | Phase::Syncing
            | Phase::Grid
            | Phase::Opening { .. }
            | Phase::Starting { .. } => {}
        }
    }
}

/// Delay from the relay open to the first voltage, ns.
fn start_delay(backup: &Backup, lost_deg: f64) -> u64 {
    let extra = backup.late.map_or(0.0, |late| {
        let inside = if late.from_deg <= late.to_deg {
            lost_deg >= late.from_deg && lost_deg <= late.to_deg
        } else {
            lost_deg >= late.from_deg || lost_deg <= late.to_deg
        };
        if inside { late.extra_s } else { 0.0 }
    });
    ((backup.start_s + extra).max(0.0) * 1e9) as u64
}
