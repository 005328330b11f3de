//! Which power the DUT puts out: set-points, ceilings of every function, dc-side balance.
//!
//! Runs every 20 ms in both simulation modes, so that a dwell gives the same P(t) and Q(t) in
//! either.

use crate::battery::BatteryPort;
use crate::config::{Dut, Response, Sense, Topology};
use crate::derating::ThermalLimit;
use crate::drm::DrmPort;
use crate::functions::{ExportControl, FrequencyResponse, Reactive, TenMinutes};
use crate::pv::PvCurve;
use crate::response::{Lag, VoltageResponse, curve};
use crate::rest::Fingerprint;

/// Period of the slow functions, s.
pub(crate) const SLOW_S: f64 = 0.02;
/// Losses in pu of rated power: constant, linear and quadratic in p (docs/models.md 4.6).
const LOSS: [f64; 3] = [0.004, 0.008, 0.012];

/// A sagging dc link gets its energy back from the feed within this time, s.
const SAG_S: f64 = 0.1;

fn ramp_per_step(pu_per_s: f64) -> f64 {
    if pu_per_s > 0.0 {
        pu_per_s * SLOW_S
    } else {
        1.0
    }
}

/// What the bridge is doing while the dispatcher runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Duty {
    /// Nothing.
    Idle,
    /// Feeding the grid.
    Grid,
    /// Feeding the back-up load with so many watts.
    Backup(f64),
}

/// What the slow functions see of the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Surroundings {
    /// Own one-cycle RMS, V.
    pub(crate) volts: f64,
    /// Own frequency, Hz.
    pub(crate) hz: Option<f64>,
    /// Ambient, °C.
    pub(crate) ambient_c: f64,
    /// Power of the back-up load, W.
    pub(crate) backup_w: f64,
    /// Power from the source to the PCC, W.
    pub(crate) site_w: f64,
}

/// Set-points, functions and dc sources of the DUT.
#[derive(Debug, Clone)]
pub(crate) struct Dispatch {
    rated_w: f64,
    rated_va: f64,
    rated_charge_w: f64,
    standby_w: f64,
    max_current_a: f64,
    has_pv: bool,
    ramp_per_step: f64,
    /// Volt-var.
    pub(crate) volt_var: VoltageResponse,
    /// Volt-watt.
    pub(crate) volt_watt: VoltageResponse,
    /// DRM port.
    pub(crate) drm: DrmPort,
    /// Temperature.
    pub(crate) thermal: ThermalLimit,
    /// PV simulator.
    pub(crate) pv: PvCurve,
    /// Battery.
    pub(crate) battery: BatteryPort,
    /// Commanded active power, W; `None` follows the PV.
    pub(crate) active_w: Option<f64>,
    /// Commanded limit of generation, pu.
    pub(crate) limit_pu: f64,
    /// Reactive functions apart from volt-var.
    pub(crate) reactive: Reactive,
    /// Frequency-watt.
    pub(crate) frequency_watt: FrequencyResponse,
    /// Ceiling of charging against voltage.
    pub(crate) charging_volt_watt: VoltageResponse,
    /// Limit of the export.
    pub(crate) export: ExportControl,
    /// Ten-minute average.
    pub(crate) ten_minutes: TenMinutes,
    /// Largest change of a commanded power per slow step, W.
    pub(crate) slew_w: Option<f64>,
    wish_w: f64,
    pv_derating: Vec<(f64, f64)>,
    active_lag: Lag,
    reactive_lag: Lag,
    ramp_pu: f64,
    /// Active power reference, W.
    pub(crate) p_w: f64,
    /// Reactive power reference, var.
    pub(crate) q_var: f64,
    /// DRM0 holds the DUT off.
    pub(crate) disconnect: bool,
    /// PV power taken, W.
    pub(crate) pv_w: f64,
    /// PV voltage, V.
    pub(crate) pv_v: f64,
    pv_solved_w: f64,
    /// Battery power, W (> 0 discharges).
    pub(crate) battery_w: f64,
    fed_w: f64,
    /// Fed by PV and battery in the present slow step, J.
    supplied: (f64, f64),
    /// What a sagging dc link takes off the power that is available (≤ 0), W.
    missing_w: f64,
    /// Last dc power asked for and the ac power that it carries, W.
    carried: (f64, f64),
}

impl Dispatch {
    /// Everything off, in balance with the ambient.
    pub(crate) fn new(dut: &Dut, ambient_c: f64) -> Self {
        let functions = &dut.functions;
        Self {
            rated_w: dut.rated_power_w,
            rated_va: dut.rated_apparent_va,
            rated_charge_w: dut.rated_charge_w,
            standby_w: dut.standby_w,
            max_current_a: dut.max_current_a,
            has_pv: dut.topology == Topology::Hybrid,
            ramp_per_step: ramp_per_step(dut.ramp_pu_per_s),
            volt_var: VoltageResponse::new(&dut.volt_var, SLOW_S, 0.0),
            volt_watt: VoltageResponse::new(&dut.volt_watt, SLOW_S, 1.0),
            drm: DrmPort::new(&dut.drm, SLOW_S),
            thermal: ThermalLimit::new(dut.derating, ambient_c, 1.0),
            pv: PvCurve::default(),
            battery: BatteryPort::new(dut.battery),
            active_w: None,
            limit_pu: 1.0,
            reactive: Reactive::new(&functions.power_factor_curve),
            frequency_watt: FrequencyResponse::new(functions.frequency_watt, dut.nominal_hz),
            charging_volt_watt: VoltageResponse::new(
                &functions.charging_volt_watt.clone().unwrap_or(Response {
                    enabled: false,
                    points: Vec::new(),
                    sense: Sense::AsStated,
                    delay_s: 0.0,
                    tau_s: 0.0,
                }),
                SLOW_S,
                1.0,
            ),
            export: ExportControl::new(functions.export_limit),
            ten_minutes: TenMinutes::new(functions.sustained_over_voltage, dut.nominal_v),
            slew_w: functions
                .ramp_pu_per_s
                .map(|ramp| ramp * dut.rated_power_w * SLOW_S),
            wish_w: 0.0,
            pv_derating: functions.pv_voltage_derating.clone(),
            active_lag: Lag::new(dut.setpoint_tau_s, SLOW_S, 0.0),
            reactive_lag: Lag::new(dut.setpoint_tau_s, SLOW_S, 0.0),
            ramp_pu: 0.0,
            p_w: 0.0,
            q_var: 0.0,
            disconnect: false,
            pv_w: 0.0,
            pv_v: 0.0,
            pv_solved_w: -1.0,
            battery_w: 0.0,
            fed_w: 0.0,
            supplied: (0.0, 0.0),
            missing_w: 0.0,
            carried: (f64::NAN, 0.0),
        }
    }

    /// A new ramp after connecting, fraction of rated power per second; 0 for none.
    pub(crate) fn set_ramp(&mut self, pu_per_s: f64) {
        self.ramp_per_step = ramp_per_step(pu_per_s);
    }

    /// Loss at an ac power, W.
    fn loss(&self, p: f64) -> f64 {
        let x = p.abs() / self.rated_w;
        self.rated_w * (LOSS[0] + x * (LOSS[1] + x * LOSS[2]))
    }

    /// Largest ac power from so much dc power, W: root of p + loss(p) = dc.
    fn ac_from(&self, dc: f64) -> f64 {
        let (a, b, c) = (LOSS[2], 1.0 + LOSS[1], LOSS[0] - dc / self.rated_w);
        let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
        ((root - b) / (2.0 * a)).max(0.0) * self.rated_w
    }

    /// As [`Self::ac_from`] for a power that rarely changes.
    fn ac_from_again(&mut self, dc: f64) -> f64 {
        if self.carried.0 != dc {
            self.carried = (dc, self.ac_from(dc));
        }
        self.carried.1
    }

    /// PV power available, W.
    fn pv_available(&self) -> f64 {
        if self.has_pv {
            self.pv.available_w()
        } else {
            0.0
        }
    }

    /// There is a dc source to run from.
    pub(crate) fn dc_present(&self) -> bool {
        self.battery.present() || self.pv_available() > 2.0 * self.loss(0.0)
    }

    /// AC power that the dc side can carry in back-up, W.
    pub(crate) fn backup_available(&self) -> f64 {
        self.ac_from(self.pv_available() + self.battery.limits().0)
    }

    /// The DUT has just connected; the bridge carries `p_w` at this moment.
    pub(crate) fn start_ramp(&mut self, p_w: f64) {
        self.ramp_pu = 0.0;
        self.active_lag.y = p_w;
        self.wish_w = p_w;
        self.p_w = 0.0;
        self.q_var = 0.0;
    }

    /// One slow step.
    pub(crate) fn step(&mut self, seen: &Surroundings, duty: Duty) {
        let volts = seen.volts;
        self.ten_minutes.push(volts);
        let ceilings = self.frequency_watt.step(seen.hz, self.p_w / self.rated_w);
        let charge_pu = self.charging_volt_watt.step(volts);
        let export_w = self.export.step(seen.site_w, self.p_w);
        let var_pu = self.volt_var.step(volts);
        let watt_pu = self.volt_watt.step(volts);
        let derate = self.thermal.ceiling_pu;
        let demand = self.drm.step(self.p_w / self.rated_w, self.ramp_per_step);
        self.disconnect = demand.disconnect;
        match duty {
            Duty::Idle => {
                self.active_lag.y = 0.0;
                self.wish_w = 0.0;
                self.reactive_lag.y = 0.0;
                self.p_w = 0.0;
                self.q_var = 0.0;
                self.fed_w = 0.0;
            }
            Duty::Backup(w) => {
                self.p_w = 0.0;
                self.q_var = 0.0;
                self.fed_w = w;
            }
            Duty::Grid => {
                self.ramp_pu = (self.ramp_pu + self.ramp_per_step).min(1.0);
                let target = self
                    .reactive
                    .target_pu(self.p_w, self.rated_w, self.rated_va);
                let fixed = self.reactive_lag.step(target);
                let q_pu = if self.volt_var.enabled { var_pu } else { fixed };
                // a bridge that lost most of its voltage is limited by current, not by power
                let va = self.rated_va.min(volts * self.max_current_a);
                self.q_var = (q_pu * self.rated_va).clamp(-va, va);
                let room = (va * va - self.q_var * self.q_var).max(0.0).sqrt();
                let (discharge, charge) = self.battery.limits();
                let pv = self.pv_available();
                let wish = match self.active_w {
                    Some(w) => w,
                    None => self.ac_from(pv),
                };
                let wish = wish.clamp(
                    -self.rated_charge_w,
                    self.rated_w.min(self.limit_pu.max(0.0) * self.rated_w),
                );
                self.wish_w = match self.slew_w {
                    Some(slew) => wish.clamp(self.wish_w - slew, self.wish_w + slew),
                    None => wish,
                };
                let wish = self.active_lag.step(self.wish_w);
                let pv_pu = if self.pv_derating.is_empty() || self.pv_v == 0.0 {
                    1.0
                } else {
                    curve(&self.pv_derating, self.pv_v)
                };
                let ramp_w = self.ramp_pu * self.rated_w;
                let upper = (watt_pu * self.rated_va)
                    .min(demand.generation * self.rated_w)
                    .min(derate * self.rated_w)
                    .min(pv_pu * self.rated_w)
                    .min(export_w)
                    .min(ramp_w)
                    .min(room)
                    .min(self.ac_from_again((pv + discharge + self.missing_w).max(0.0)))
                    .max(0.0);
                let lower = (demand.consumption * self.rated_w)
                    .min(derate * self.rated_w)
                    .min(charge_pu * self.rated_charge_w)
                    .min(ramp_w)
                    .min(room)
                    .min(if charge > 0.0 {
                        charge + self.loss(charge)
                    } else {
                        0.0
                    })
                    .max(0.0);
                // what the frequency asks for may go against the set-point, not beyond the limits
                let bound = |pu: f64, opposite_w: f64| {
                    pu * if pu < 0.0 { opposite_w } else { self.rated_w }
                };
                let ceiling = bound(ceilings.generation, self.rated_charge_w).clamp(-lower, upper);
                let floor = -bound(ceilings.charging, self.rated_w).clamp(-upper, lower);
                self.p_w = wish.max(floor).min(ceiling);
                self.fed_w = self.p_w;
            }
        }
    }

    /// What is slower still, once a second: state of charge, temperature.
    /// True when the ten-minute average asks for a disconnection.
    pub(crate) fn second(&mut self, ambient_c: f64) -> bool {
        self.battery.count();
        self.thermal.step(ambient_c);
        self.ten_minutes.second()
    }

    /// What moves.
    pub(crate) fn fingerprint(&self, f: &mut Fingerprint) {
        self.volt_var.fingerprint(f);
        self.volt_watt.fingerprint(f);
        self.drm.fingerprint(f);
        self.frequency_watt.fingerprint(f);
        self.charging_volt_watt.fingerprint(f);
        self.export.fingerprint(f);
        f.add(self.wish_w / self.rated_w);
        f.add(self.active_lag.y / self.rated_w);
        f.add(self.reactive_lag.y);
        f.add(self.ramp_pu);
        for w in [self.p_w, self.q_var, self.pv_w, self.battery_w] {
            f.add(w / self.rated_va);
        }
    }

    /// The last step `n` times more.
    pub(crate) fn repeat(&mut self, n: u64) {
        self.battery.repeat(n);
        self.ten_minutes.repeat(n);
    }

    /// Power that the bridge shall deliver, W.
    pub(crate) fn fed_w(&self) -> f64 {
        self.fed_w
    }

    /// Taken by the electronics while the terminals get `ac_w` and the filter `filter_w`, W: the
    /// loss polynomial is that of the whole unit.
    pub(crate) fn electronics_w(&self, idle: bool, ac_w: f64, filter_w: f64) -> f64 {
        if !idle {
            (self.loss(ac_w) - filter_w).max(0.0)
        } else if self.dc_present() {
            self.standby_w
        } else {
            0.0
        }
    }

    /// Least and most the sources can give, W.
    pub(crate) fn reach(&self) -> (f64, f64) {
        let (discharge, charge) = self.battery.limits();
        (-charge, self.pv_available() + discharge)
    }

    /// Shares of PV and battery in what was fed, J: PV first, the battery takes the rest.
    pub(crate) fn split(&self, fed_j: f64, seconds: f64) -> (f64, f64) {
        if self.battery.present() {
            let pv_j = fed_j.clamp(0.0, self.pv_available() * seconds);
            (pv_j, fed_j - pv_j)
        } else {
            (fed_j, 0.0)
        }
    }

    /// The sources have fed so much; the shares of PV and battery, J.
    pub(crate) fn supply(&mut self, fed_j: f64, seconds: f64) -> (f64, f64) {
        let (pv_j, battery_j) = self.split(fed_j, seconds);
        self.supplied.0 += pv_j;
        self.supplied.1 += battery_j;
        (pv_j, battery_j)
    }

    /// A slow step ends with `excess_j` in the dc link beyond its reference.
    pub(crate) fn close_step(&mut self, excess_j: f64) {
        let (pv_j, battery_j) = std::mem::take(&mut self.supplied);
        self.pv_w = pv_j / SLOW_S;
        self.battery_w = battery_j / SLOW_S;
        self.missing_w = excess_j.min(0.0) / SAG_S;
        self.battery.draw(self.battery_w);
        // the operating point is solved again only when it has moved visibly
        if (self.pv_w - self.pv_solved_w).abs() > 1e-4 * self.rated_w {
            self.refresh_pv();
        }
    }

    /// Solves the PV operating point for the present power.
    pub(crate) fn refresh_pv(&mut self) {
        self.pv_solved_w = self.pv_w;
        self.pv_v = if self.has_pv {
            self.pv.volts_at(self.pv_w)
        } else {
            0.0
        };
    }
}
