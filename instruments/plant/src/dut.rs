//! The inverter under test: controllers every 40 µs, supervision every 20 ms, state machine.

mod sleep;
mod steering;
pub(crate) mod supervision;
mod tick;

use crate::Nanos;
use crate::antiislanding::ActiveMethod;
use crate::antiislanding::passive::{Finding, Passive};
use crate::config::{Dut, Health};
use crate::current_control::CurrentControl;
use crate::dc_link::Level;
use crate::detector::LossDetector;
use crate::dispatch::{Dispatch, SLOW_S};
use crate::fault::Fault;
use crate::frequency::FrequencyMeter;
use crate::functions::FrequencyResponse;
use crate::gridforming::VoltageControl;
use crate::input::{DutCommand, ResponseCurve};
use crate::output_quality::Disturbance;
use crate::protection::Protection;
use crate::rest::Fingerprint;
use crate::rms::SlidingRms;
use crate::rng::{Purpose, Rng};
use crate::signal::DutState;
use crate::sogi_pll::SogiPll;

pub(crate) use steering::Steering;

/// Control period, ns.
pub(crate) const CONTROL_NS: u64 = 40_000;
/// Control period, s.
pub(crate) const CONTROL_S: f64 = 40e-6;
/// A dead grid must last so long before the DUT starts its back-up from black, s.
const BLACK_START_S: f64 = 1.0;
/// A back-up load beyond any permitted overload for so long shuts it down, s.
const EXCESS_S: f64 = 0.1;

/// What the gates of the bridge do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Blocked: only the diodes.
    Blocked,
    /// Current control.
    Following,
    /// Voltage control.
    Forming,
}

/// What follows when the grid relay has opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Idle,
    Backup,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Relay open, bridge off.
    Idle,
    /// Feeding the grid.
    Grid,
    /// Gates blocked, contact opens at this time.
    Opening { at: Nanos, after: After },
    /// Relay open; the bridge starts forming at this time.
    Starting { at: Nanos },
    /// Forming the back-up voltage.
    Forming,
    /// Forming, and pulling its angle to the returned grid.
    Syncing,
}

/// An order to the grid relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelayOrder {
    /// Close at once.
    Close,
    /// Open the contact; the current ends at its next zero.
    Open,
}

/// What the DUT measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Grid terminals, V.
    pub(crate) v_grid: f64,
    /// Node behind the relay, V.
    pub(crate) v_n: f64,
    /// Bridge inductor, A.
    pub(crate) i1: f64,
    /// Grid-side inductor, A.
    pub(crate) i2: f64,
}

/// The inverter.
#[derive(Debug, Clone)]
pub(crate) struct Inverter {
    config: Dut,
    /// Synchronisation on the grid terminals.
    pub(crate) sync: SogiPll,
    /// Voltage windows.
    pub(crate) rms: SlidingRms,
    /// Frequency meter.
    pub(crate) frequency: FrequencyMeter,
    /// Current controller.
    pub(crate) current: CurrentControl,
    /// Voltage controller.
    pub(crate) voltage: VoltageControl,
    /// Protection.
    pub(crate) protection: Protection,
    /// Anti-islanding.
    pub(crate) active: ActiveMethod,
    /// Passive anti-islanding.
    pub(crate) passive: Passive,
    /// Set-points and dc side.
    pub(crate) dispatch: Dispatch,
    detector: Option<LossDetector>,
    /// The bridge has ceased in a sag or swell; time inside the zone since, s.
    ceased: Option<f64>,
    /// Finding of the last period.
    found: Option<Finding>,
    rng: Rng,
    phase: Phase,
    gate: Gate,
    applied_v: f64,
    next_v: f64,
    ticks: u32,
    order: Option<RelayOrder>,
    permit: bool,
    backup_enabled: bool,
    tripped: bool,
    last_trip: Option<String>,
    healthy_s: f64,
    dead_grid_s: f64,
    /// Time in standby on the battery alone, s.
    standby_s: f64,
    /// Time above rated back-up power, s.
    overload_s: f64,
    /// Time above the largest overload, s.
    excess_s: f64,
    /// Time in the current limit, s.
    short_s: f64,
    fault: Option<Fault>,
    /// Instants of the last trips.
    trips: Vec<Nanos>,
    locked: bool,
    lost_deg: f64,
}

impl Inverter {
    /// A DUT with its sources off.
    pub(crate) fn new(config: &Dut, v_max: f64, ambient_c: f64, seed: u64) -> Self {
        let peak = std::f64::consts::SQRT_2;
        let i_max = 1.1 * config.max_current_a * peak;
        Self {
            sync: SogiPll::new(CONTROL_S, config.nominal_v, config.nominal_hz),
            rms: SlidingRms::new(CONTROL_S, config.nominal_hz),
            frequency: FrequencyMeter::new(config.nominal_v, config.nominal_hz),
            current: CurrentControl::new(
                CONTROL_S,
                &config.filter,
                v_max,
                i_max,
                (config.nominal_v, config.nominal_hz),
                Disturbance::new(&config.output, config.rated_apparent_va / config.nominal_v),
            ),
            voltage: VoltageControl::new(
                CONTROL_S,
                config.nominal_v,
                config.nominal_hz,
                &config.filter,
                v_max,
                2.0 * i_max,
            ),
            protection: Protection::new(&config.protection, config.nominal_hz),
            active: ActiveMethod::new(
                config.anti_islanding,
                config.anti_islanding_lag_s,
                config.nominal_hz,
            ),
            passive: Passive::new(&config.passive_detection),
            dispatch: Dispatch::new(config, ambient_c),
            detector: config
                .backup
                .as_ref()
                .filter(|b| b.enabled)
                .map(|b| LossDetector::new(b, config.nominal_v)),
            ceased: None,
            found: None,
            rng: Rng::new(seed, Purpose::Relay),
            phase: Phase::Idle,
            gate: Gate::Blocked,
            applied_v: 0.0,
            next_v: 0.0,
            ticks: 0,
            order: None,
            permit: true,
            backup_enabled: config.backup.as_ref().is_some_and(|b| b.enabled),
            tripped: false,
            last_trip: None,
            healthy_s: 0.0,
            dead_grid_s: 0.0,
            standby_s: 0.0,
            overload_s: 0.0,
            excess_s: 0.0,
            short_s: 0.0,
            fault: None,
            trips: Vec::new(),
            locked: false,
            lost_deg: 0.0,
            config: config.clone(),
        }
    }

    /// State for the outside.
    pub(crate) fn state(&self) -> DutState {
        match self.phase {
            Phase::Grid => DutState::Grid,
            Phase::Forming | Phase::Syncing | Phase::Starting { .. } => DutState::Backup,
            Phase::Opening {
                after: After::Backup,
                ..
            } => DutState::Backup,
            Phase::Idle
            | Phase::Opening {
                after: After::Idle, ..
            } => {
                if self.dispatch.asleep {
                    DutState::Off
                } else if self.dispatch.disconnect {
                    DutState::Drm0
                } else if self.healthy_s > 0.0
                    && self.permit
                    && self.config.health == Health::Healthy
                {
                    DutState::Waiting
                } else if self.tripped {
                    DutState::Tripped
                } else {
                    DutState::Standby
                }
            }
        }
    }

    /// Gates.
    #[inline]
    pub(crate) fn gate(&self) -> Gate {
        self.gate
    }

    /// Bridge voltage held now, V.
    pub(crate) fn bridge_v(&self) -> f64 {
        self.applied_v
    }

    /// Sets the bridge voltage held now and in the next control period (hand-over).
    pub(crate) fn set_bridge_v(&mut self, now: f64, next: f64) {
        self.applied_v = now;
        self.next_v = next;
    }

    /// The grid-loss detector starts afresh on a settled voltage (hand-over).
    pub(crate) fn rearm(&mut self) {
        let amplitude = self.sync.amplitude();
        if let Some(detector) = &mut self.detector {
            detector.arm(amplitude, 0.0);
        }
    }

    /// Name of the last element that tripped.
    pub(crate) fn last_trip(&self) -> Option<&str> {
        self.last_trip.as_deref()
    }

    /// Faults and alarms now.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let d = &self.dispatch;
        let conditions = [
            (self.fault.filter(|_| self.tripped || self.locked)),
            (self.dead_grid_s > 0.0).then_some(Fault::GridLoss),
            d.ten_minutes
                .exceeded()
                .then_some(Fault::TenMinuteOverVoltage),
            (d.thermal.ceiling_pu < 1.0).then_some(Fault::TemperatureDerating),
            d.disconnect.then_some(Fault::Drm0),
            d.meter_missed().then_some(Fault::MeterLost),
            (self.overload_s > 0.0).then_some(Fault::BackupOverloadWarning),
            self.locked.then_some(Fault::LockedOut),
        ];
        let mut faults: Vec<Fault> = conditions.into_iter().flatten().collect();
        faults.extend(d.battery.faults());
        faults.extend(d.guard.faults());
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// Connection permitted.
    pub(crate) fn permitted(&self) -> bool {
        self.permit
    }

    /// Remaining observation time, s; 0 when connected.
    pub(crate) fn seconds_to_reconnect(&self) -> f64 {
        if self.phase == Phase::Grid {
            0.0
        } else {
            (self.config.reconnect_s - self.healthy_s).max(0.0)
        }
    }

    /// Takes the order for the relay, if there is one.
    #[inline]
    pub(crate) fn take_order(&mut self) -> Option<RelayOrder> {
        self.order.take()
    }

    /// The bridge is feeding the grid.
    #[inline]
    pub(crate) fn on_grid(&self) -> bool {
        self.phase == Phase::Grid
    }

    /// Steady enough for the quasi-static mode.
    #[inline]
    pub(crate) fn settled(&self) -> bool {
        match self.phase {
            Phase::Idle => true,
            Phase::Grid => self.ceased.is_none(),
            Phase::Forming => {
                self.voltage.level >= 1.0 && self.excess_s == 0.0 && self.short_s == 0.0
            }
            Phase::Opening { .. } | Phase::Starting { .. } | Phase::Syncing => false,
        }
    }

    /// The bridge forms the back-up voltage.
    #[inline]
    pub(crate) fn forming(&self) -> bool {
        matches!(self.phase, Phase::Forming | Phase::Syncing)
    }

    /// The relay will move within the next slow step.
    #[inline]
    pub(crate) fn relay_due(&self) -> bool {
        let ready = self.healthy_s + 2.5 * SLOW_S >= self.config.reconnect_s && self.may_connect();
        let leave = self.phase == Phase::Grid && !self.may_connect();
        let black = self.phase == Phase::Idle && self.may_black_start();
        let dead = self.phase == Phase::Forming && !self.dispatch.dc_present();
        (ready && matches!(self.phase, Phase::Idle | Phase::Forming) && self.healthy_s > 0.0)
            || leave
            || black
            || dead
    }

    /// Feeds the grid and has no reason to leave it.
    #[inline]
    pub(crate) fn stays(&self) -> bool {
        self.on_grid() && self.ceased.is_none() && self.may_connect()
    }

    #[inline]
    fn may_connect(&self) -> bool {
        self.config.health == Health::Healthy
            && self.permit
            && !self.locked
            && !self.dispatch.disconnect
            && self.dispatch.guard.fit()
            && self.dispatch.dc_present()
    }

    fn may_backup(&self) -> bool {
        self.config.backup.is_some()
            && self.backup_enabled
            && self.config.health == Health::Healthy
            && !self.locked
            && !self.dispatch.disconnect
            && self.dispatch.guard.fit()
            && !self.dispatch.asleep
            && self.dispatch.dc_present()
    }

    fn may_black_start(&self) -> bool {
        self.may_backup() && self.dead_grid_s + SLOW_S >= BLACK_START_S
    }

    /// The path to the source was interrupted at this angle of the source, degrees.
    pub(crate) fn grid_lost_at(&mut self, deg: f64) {
        self.lost_deg = deg;
    }

    /// A command over the DUT's interface.
    pub(crate) fn command(&mut self, command: DutCommand) {
        match command {
            DutCommand::Connect(permit) => self.permit = permit,
            DutCommand::PowerLimit(pu) => self.dispatch.limit_pu = pu,
            DutCommand::ActivePower(w) => self.dispatch.active_w = w,
            DutCommand::Mode(mode) => self.dispatch.working.set_mode(mode),
            DutCommand::Windows(windows) => self.dispatch.working.set_windows(windows),
            DutCommand::Clock { at_power_on_s } => self.dispatch.working.set_clock(at_power_on_s),
            DutCommand::ReactivePower(pu) => self.dispatch.reactive.fixed_pu = pu,
            DutCommand::PowerFactor(factor) => self.dispatch.reactive.power_factor = factor,
            DutCommand::PowerFactorAbsorbing(factor) => {
                self.dispatch.reactive.absorbing_factor = factor;
            }
            DutCommand::PowerFactorCurve(on) => self.dispatch.reactive.curve_enabled = on,
            DutCommand::FrequencyWatt(on) => self.dispatch.frequency_watt.enabled = on,
            DutCommand::FrequencyResponse(config) => {
                self.dispatch.frequency_watt =
                    FrequencyResponse::new(Some(config), self.config.nominal_hz);
            }
            DutCommand::WattVar(points) => {
                self.dispatch.reactive.watt_var = points.unwrap_or_default();
            }
            DutCommand::ChargingVoltWatt(on) => self.dispatch.charging_volt_watt.enable(on),
            DutCommand::ExportLimit(watts) => self.dispatch.export.soft_w = watts,
            DutCommand::Ramp(pu_per_s) => {
                self.dispatch.slew_w = pu_per_s.map(|r| r * self.config.rated_power_w * SLOW_S);
            }
            DutCommand::Curve { of, points, tau_s } => {
                let response = match of {
                    ResponseCurve::VoltVar => &mut self.dispatch.volt_var,
                    ResponseCurve::VoltWatt => &mut self.dispatch.volt_watt,
                    ResponseCurve::ChargingVoltWatt => &mut self.dispatch.charging_volt_watt,
                };
                response.change(points.points(), tau_s, SLOW_S);
            }
            DutCommand::VoltVar(on) => self.dispatch.volt_var.enable(on),
            DutCommand::VoltWatt(on) => self.dispatch.volt_watt.enable(on),
            DutCommand::Backup(enabled) => self.enable_backup(enabled),
            DutCommand::Protection(elements) => {
                self.protection = Protection::new(&elements, self.config.nominal_hz);
                self.config.protection = elements;
            }
            DutCommand::Reconnect(to) => {
                self.config.reconnect_s = to.delay_s;
                (self.config.reconnect_v_min, self.config.reconnect_v_max) = to.volts;
                (self.config.reconnect_hz_min, self.config.reconnect_hz_max) = to.hz;
                self.config.ramp_pu_per_s = to.ramp_pu_per_s;
                self.dispatch.set_ramp(to.ramp_pu_per_s);
            }
            DutCommand::ClearFault => {
                self.tripped = false;
                self.last_trip = None;
                self.fault = None;
                self.trips.clear();
                self.locked = false;
                self.healthy_s = 0.0;
            }
        }
    }

    /// With the back-up goes what watches for the loss of the grid.
    fn enable_backup(&mut self, enabled: bool) {
        if self.backup_enabled == enabled {
            return;
        }
        self.backup_enabled = enabled;
        let backup = self.config.backup.as_ref().filter(|_| enabled);
        self.detector = backup.map(|b| LossDetector::new(b, self.config.nominal_v));
        self.rearm();
    }

    fn block(&mut self) {
        self.gate = Gate::Blocked;
        self.next_v = 0.0;
        self.applied_v = 0.0;
    }

    /// Quantities that the slow functions move.
    pub(crate) fn slow_fingerprint(&self, f: &mut Fingerprint) {
        f.add(match self.phase {
            Phase::Idle => 0.0,
            Phase::Grid => 1.0,
            Phase::Opening { .. } => 2.0,
            Phase::Starting { .. } => 3.0,
            Phase::Forming => 4.0,
            Phase::Syncing => 5.0,
        });
        f.add(if self.protection.timing() {
            f64::NAN
        } else {
            0.0
        });
        f.add(self.healthy_s);
        f.add(self.dead_grid_s);
        f.add(self.standby_s);
        f.add(self.overload_s);
        f.add(self.active.lead());
        self.dispatch.fingerprint(f);
    }

    /// `n` slow steps like the last.
    pub(crate) fn repeat(&mut self, n: u64) {
        if self.forming() {
            for _ in 0..n {
                self.voltage.advance(SLOW_S);
            }
        }
        self.dispatch.repeat(n);
    }

    /// Outside the limits of the dc bus whatever runs stops.
    #[inline]
    pub(crate) fn watch_bus(&mut self, t: Nanos, level: Level) {
        match level {
            Level::Inside => {}
            Level::High => self.bus_fault(t, "DC-BUS", "dc-bus", Fault::BusOverVoltage),
            Level::Low => self.bus_fault(t, "DC-BUS-LOW", "dc-bus-low", Fault::BusUnderVoltage),
        }
    }

    fn bus_fault(&mut self, t: Nanos, on_grid: &str, on_backup: &str, fault: Fault) {
        match self.phase {
            Phase::Grid => self.trip(t, on_grid.to_owned(), fault),
            Phase::Forming | Phase::Syncing => self.shut_backup(t, on_backup, fault),
            Phase::Idle | Phase::Opening { .. } | Phase::Starting { .. } => {}
        }
    }

    /// Taken by the electronics while the terminals get `ac_w` and the filter `filter_w`, W.
    #[inline]
    pub(crate) fn electronics_w(&self, ac_w: f64, filter_w: f64) -> f64 {
        let idle = match self.phase {
            Phase::Grid | Phase::Forming | Phase::Syncing => false,
            Phase::Idle | Phase::Opening { .. } | Phase::Starting { .. } => true,
        };
        self.dispatch.electronics_w(idle, ac_w, filter_w)
    }

    /// Own one-cycle RMS, V.
    pub(crate) fn own_volts(&self) -> f64 {
        self.rms.cycle(self.frequency.hz())
    }
}
