//! Which power the DUT puts out: set-points, ceilings of every function, dc-side balance.
//!
//! Runs every 20 ms in both simulation modes, so that a dwell gives the same P(t) and Q(t) in
//! either.

mod supply;

use crate::battery::{Around, BatteryPort};
use crate::config::{Dut, Response, Sense};
use crate::derating::ThermalLimit;
use crate::drm::DrmPort;
use crate::functions::{ExportControl, FrequencyResponse, Reactive, TenMinutes};
use crate::night::Night;
use crate::pv::PvInputs;
use crate::response::{Lag, VoltageResponse, curve};
use crate::rest::Fingerprint;
use crate::self_guard::{SelfGuard, SiteMeter};
use crate::working::Working;

pub(crate) use supply::Sources;
use supply::{LOSS, running_loss};

/// Period of the slow functions, s.
pub(crate) const SLOW_S: f64 = 0.02;
/// Slow steps per second.
pub(crate) const PER_S: f64 = 1.0 / SLOW_S;

/// As [`f64::min`] and [`f64::max`] for numbers: one instruction, where these need six to tell a
/// NaN.
#[inline]
pub(crate) fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline]
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// A branch that is seldom taken, so that what is limited does not wait for its limit.
#[cold]
fn limited(x: f64, most: f64) -> f64 {
    most.copysign(x)
}

/// The same for a limit at either end; the upper one counts where they cross.
#[cold]
fn bounded(x: f64, least: f64, most: f64) -> f64 {
    smaller(larger(x, least), most)
}

#[inline]
fn least<const N: usize>(values: [f64; N]) -> f64 {
    values.into_iter().fold(f64::INFINITY, smaller)
}

/// Bounds of power by all that is not the voltage or a source, W.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    generation_w: f64,
    charging_w: f64,
    /// The commanded limit.
    most_w: f64,
    /// Reactive power wanted, pu of rated apparent power; `None` where it follows from the power.
    fixed_pu: Option<f64>,
    /// What the frequency asks for: at most, and at least; > 0 feeds.
    ceiling_w: f64,
    floor_w: f64,
}

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
    /// Powers in pu of rated power per W.
    pu_per_w: f64,
    /// Loss of the unit as it is: constant, W, linear, and quadratic, 1/W, in the ac power.
    loss: [f64; 3],
    rated_va: f64,
    rated_charge_w: f64,
    standby_w: f64,
    night: Night,
    /// Switched off by itself: takes nothing and says nothing.
    pub(crate) asleep: bool,
    max_current_a: f64,
    ramp_per_step: f64,
    /// Volt-var.
    pub(crate) volt_var: VoltageResponse,
    /// Volt-watt.
    pub(crate) volt_watt: VoltageResponse,
    /// DRM port.
    pub(crate) drm: DrmPort,
    /// Temperature.
    pub(crate) thermal: ThermalLimit,
    /// PV inputs.
    pub(crate) pv: PvInputs,
    /// Battery.
    pub(crate) battery: BatteryPort,
    /// Commanded active power, W; `None` leaves it to the working mode.
    pub(crate) active_w: Option<f64>,
    /// Working mode.
    pub(crate) working: Working,
    /// Link to the meter at the source.
    pub(crate) site_meter: SiteMeter,
    /// What the unit watches of itself.
    pub(crate) guard: SelfGuard,
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
    /// DRM0 holds the DUT off.
    pub(crate) disconnect: bool,
    /// PV power taken, W.
    pub(crate) pv_w: f64,
    /// Battery power, W (> 0 discharges).
    pub(crate) battery_w: f64,
    fed_w: f64,
    /// The bridge did nothing in the last slow step.
    idle: bool,
    /// It fed the back-up load.
    backup: bool,
    /// Fed by PV and battery in the present slow step, J.
    supplied: (f64, f64),
    /// What a sagging dc link takes off the power that is available (≤ 0), W.
    missing_w: f64,
    /// What a dc link above its reference takes off the power that may be charged (≥ 0), W.
    spare_w: f64,
    /// The last PV power asked for and the ac power that it carries, W.
    carried: (f64, f64),
    /// Reactive power reference, var; not beside `p_w`, or both would be read at once before either
    /// has been written.
    pub(crate) q_var: f64,
}

impl Dispatch {
    /// Everything off, in balance with the ambient.
    pub(crate) fn new(dut: &Dut, ambient_c: f64) -> Self {
        let functions = &dut.functions;
        Self {
            rated_w: dut.rated_power_w,
            pu_per_w: 1.0 / dut.rated_power_w,
            loss: running_loss(dut.rated_power_w),
            rated_va: dut.rated_apparent_va,
            rated_charge_w: dut.rated_charge_w,
            standby_w: dut.standby_w,
            night: Night::default(),
            asleep: false,
            max_current_a: dut.max_current_a,
            ramp_per_step: ramp_per_step(dut.ramp_pu_per_s),
            volt_var: VoltageResponse::new(&dut.volt_var, SLOW_S, 0.0),
            volt_watt: VoltageResponse::new(&dut.volt_watt, SLOW_S, 1.0),
            drm: DrmPort::new(&dut.drm, SLOW_S),
            thermal: ThermalLimit::new(
                dut.derating,
                dut.heat,
                LOSS.iter().sum::<f64>() * dut.rated_power_w,
                ambient_c,
                1.0,
            ),
            pv: PvInputs::new(dut, 2.0 * LOSS[0] * dut.rated_power_w),
            battery: BatteryPort::new(
                dut.battery,
                dut.backup
                    .as_ref()
                    .map_or(1.0, |b| (b.overload_w / b.rated_w).max(1.0)),
                ambient_c,
            ),
            active_w: None,
            working: Working::new(dut.mode, &dut.windows),
            site_meter: SiteMeter::default(),
            guard: SelfGuard::new(dut),
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
            battery_w: 0.0,
            fed_w: 0.0,
            idle: true,
            backup: false,
            supplied: (0.0, 0.0),
            missing_w: 0.0,
            spare_w: 0.0,
            carried: (f64::NAN, 0.0),
        }
    }

    /// A new ramp after connecting, fraction of rated power per second; 0 for none.
    pub(crate) fn set_ramp(&mut self, pu_per_s: f64) {
        self.ramp_per_step = ramp_per_step(pu_per_s);
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
    #[inline]
    pub(crate) fn step(&mut self, seen: &Surroundings, duty: Duty) {
        let p_pu = self.p_w * self.pu_per_w;
        let ceilings = self.frequency_watt.step(seen.hz, p_pu);
        let site_w = self.metered(seen.site_w);
        let export_w = self.export.step(site_w, self.p_w);
        let demand = self.drm.step(p_pu, self.ramp_per_step);
        self.disconnect = demand.disconnect;
        if duty == Duty::Grid {
            self.ramp_pu = (self.ramp_pu + self.ramp_per_step).min(1.0);
        }
        let pv_pu = if self.pv_derating.is_empty() {
            1.0
        } else {
            match self.pv_volts() {
                0.0 => 1.0,
                volts => curve(&self.pv_derating, volts),
            }
        };
        let both_w = (self.thermal.ceiling_pu.min(self.ramp_pu)) * self.rated_w;
        let signed_w =
            |pu: f64, opposite_w: f64| pu * if pu < 0.0 { opposite_w } else { self.rated_w };
        let bounds = Bounds {
            generation_w: least([
                both_w,
                export_w,
                pv_pu * self.rated_w,
                demand.generation * self.rated_w,
            ]),
            charging_w: least([both_w, demand.consumption * self.rated_w]),
            most_w: self.most_w(),
            fixed_pu: self.reactive.constant_pu(),
            ceiling_w: signed_w(ceilings.generation, self.rated_charge_w),
            floor_w: -signed_w(ceilings.charging, self.rated_w),
        };
        let sources = self.sources();
        self.follow((seen.volts, seen.site_w), duty, &bounds, &sources);
    }

    fn most_w(&self) -> f64 {
        smaller(self.rated_w, larger(self.limit_pu, 0.0) * self.rated_w)
    }

    /// Power from the source to the PCC as the DUT has it, W. Without its meter it counts on no
    /// load at all.
    #[inline]
    fn metered(&self, site_w: f64) -> f64 {
        if self.site_meter.lost() {
            -self.p_w
        } else {
            site_w
        }
    }

    /// The meter at the source is lost, and something needs it.
    pub(crate) fn meter_missed(&self) -> bool {
        let needed = self.working.needs_meter() || !self.export.absent();
        needed && self.site_meter.lost()
    }

    /// What bounds the power until the next whole second or input, if only the voltage and the
    /// sources still move: then [`Self::follow`] is all of [`Self::step`].
    pub(crate) fn still(&self, hz: f64) -> Option<Bounds> {
        let still = self.drm.resting()
            && self.frequency_watt.resting(hz)
            && self.export.absent()
            && !self.guard.timing()
            && self.pv_derating.is_empty()
            && self.ramp_pu == 1.0;
        let both_w = self.thermal.ceiling_pu.min(1.0) * self.rated_w;
        still.then_some(Bounds {
            generation_w: both_w,
            charging_w: both_w,
            most_w: self.most_w(),
            fixed_pu: self.reactive.constant_pu(),
            ceiling_w: self.rated_w,
            floor_w: -self.rated_w,
        })
    }

    /// The part of a slow step that answers the voltage and the power from the source to the PCC,
    /// V and W.
    #[inline(always)]
    pub(crate) fn follow(
        &mut self,
        (volts, site_w): (f64, f64),
        duty: Duty,
        bounds: &Bounds,
        sources: &Sources,
    ) {
        self.ten_minutes.push(volts);
        let charge_pu = self.charging_volt_watt.step(volts);
        let var_pu = self.volt_var.step(volts);
        let watt_pu = self.volt_watt.step(volts);
        self.idle = duty == Duty::Idle;
        self.backup = matches!(duty, Duty::Backup(_));
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
                let target = match bounds.fixed_pu {
                    Some(pu) => pu,
                    None => self
                        .reactive
                        .target_pu(self.p_w, self.rated_w, self.rated_va),
                };
                let fixed = self.reactive_lag.step(target);
                let q_pu = if self.volt_var.enabled() {
                    var_pu
                } else {
                    fixed
                };
                // a bridge that lost most of its voltage is limited by current, not by power
                let va = smaller(self.rated_va, volts * self.max_current_a);
                let q_var = q_pu * self.rated_va;
                self.q_var = if q_var.abs() > va {
                    limited(q_var, va)
                } else {
                    q_var
                };
                let room_square = va * va - self.q_var * self.q_var;
                let wish = match self.active_w.or(self.working.exchange_w()) {
                    Some(w) => w,
                    None => {
                        let dc = sources.pv_w - self.working.pv_charge_w(sources.charge_w);
                        let surplus = if dc < 0.0 {
                            dc - self.loss(dc)
                        } else {
                            self.ac_from_pv(dc)
                        };
                        self.working
                            .wish_w(self.metered(site_w) + self.p_w, surplus)
                    }
                };
                let wish = smaller(larger(wish, -self.rated_charge_w), bounds.most_w);
                self.wish_w = match self.slew_w {
                    Some(slew) => wish.clamp(self.wish_w - slew, self.wish_w + slew),
                    None => wish,
                };
                if self.pv.tracked() && self.active_w.is_none() && self.working.follows_source() {
                    // nobody commands: the dc link hands on what the trackers find
                    self.active_lag.y = self.wish_w;
                }
                let wish = self.active_lag.step(self.wish_w);
                // what the voltage moves comes last
                let upper = smaller(bounds.generation_w, watt_pu * self.rated_va);
                let lower = least([
                    bounds.charging_w,
                    larger(sources.charge_ac_w - self.spare_w, 0.0),
                    charge_pu * self.rated_charge_w,
                ]);
                let (upper, lower) = (larger(upper, 0.0), smaller(-lower, 0.0));
                // the frequency may ask against the set-point, not beyond these limits
                let inside = |w: f64| smaller(larger(w, lower), upper);
                let (floor_w, ceiling_w) = (inside(bounds.floor_w), inside(bounds.ceiling_w));
                self.p_w = if wish < floor_w || wish > ceiling_w {
                    bounded(wish, floor_w, ceiling_w)
                } else {
                    wish
                };
                // the roots only where they limit
                let available_w = sources.pv_w + sources.discharge_w + self.missing_w;
                let idle_w = self.loss[0];
                if available_w < idle_w {
                    // what its sources cannot give of its own consumption comes from the grid
                    self.p_w = smaller(self.p_w, available_w - idle_w);
                } else if self.p_w > 0.0 && self.p_w + self.loss(self.p_w) > available_w {
                    self.p_w = self.ac_from(available_w);
                }
                if self.p_w * self.p_w > room_square {
                    self.p_w = larger(room_square, 0.0).sqrt().copysign(self.p_w);
                }
                self.fed_w = self.p_w;
            }
        }
    }

    /// What is slower still, once a second: battery, temperature. `grid`: there is voltage.
    /// True when the ten-minute average asks for a disconnection.
    pub(crate) fn second(&mut self, elapsed_s: i64, ambient_c: f64, grid: bool) -> bool {
        let pv = self.pv_present();
        self.site_meter.second();
        self.battery.count(&Around {
            ambient_c,
            fed: grid || pv,
            asleep: self.asleep,
        });
        self.working.second(elapsed_s, self.battery.soc());
        let connected = !self.idle && !self.backup;
        let nothing_to_do = connected && self.wish_w.abs() < 1.0 && self.q_var.abs() < 1.0;
        self.night.second(!pv && nothing_to_do);
        self.loss = self.loss_now();
        let loss_w = if self.idle {
            self.standby_w
        } else {
            self.loss(self.fed_w)
        };
        self.thermal.step(ambient_c, loss_w);
        self.guard.second(self.thermal.celsius(), &self.pv);
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
        self.pv.fingerprint(f);
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
}
