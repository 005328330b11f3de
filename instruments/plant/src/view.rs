//! What can be asked about the bench and the DUT at any time.

use crate::battery::PackView;
use crate::config::{Health, PowerFactor};
use crate::fault::Fault;
use crate::input::WorkingMode;
use crate::plant::Plant;
use crate::signal::{DutState, MeterPoint, Reading, TrueState};

/// What the DUT's own interface can report.
#[derive(Debug, Clone, PartialEq)]
pub struct DutView {
    /// State machine.
    pub state: DutState,
    /// Active power at the grid port, W (> 0 injected).
    pub w: f64,
    /// Reactive power at the grid port, var.
    pub var: f64,
    /// Grid voltage as the DUT reads it (with its gain error), V.
    pub volts: f64,
    /// Current at the grid port, A.
    pub amps: f64,
    /// Grid frequency, Hz; 0 without voltage.
    pub hz: f64,
    /// Commanded limit of generation, pu of rated power.
    pub power_limit_pu: f64,
    /// Active power that is commanded, or asked for by the time window, W; `None` as the working mode
    /// says.
    pub active_power_w: Option<f64>,
    /// Working mode that holds now.
    pub mode: WorkingMode,
    /// Commanded reactive power, pu of rated apparent power.
    pub reactive_power_pu: f64,
    /// Volt-var on.
    pub volt_var_enabled: bool,
    /// Volt-watt on.
    pub volt_watt_enabled: bool,
    /// Connection permitted.
    pub connect_permitted: bool,
    /// Last protection that tripped.
    pub last_trip: Option<String>,
    /// Observation time left before (re)connection, s.
    pub seconds_to_reconnect: f64,
    /// Temperature as the DUT feels it, °C.
    pub temperature_c: f64,
    /// State of charge, 0–1.
    pub soc: f64,
    /// Battery, V.
    pub battery_v: f64,
    /// Battery, A (> 0 discharges).
    pub battery_a: f64,
    /// Battery, W (> 0 discharges).
    pub battery_w: f64,
    /// PV, V.
    pub pv_v: f64,
    /// PV, A.
    pub pv_a: f64,
    /// PV, W.
    pub pv_w: f64,
    /// Back-up port, V.
    pub backup_v: f64,
    /// Back-up load, W.
    pub backup_w: f64,
    /// Its meter at the source has been silent for too long.
    pub meter_lost: bool,
    /// Faults and alarms, ascending.
    pub faults: Vec<Fault>,
    /// Fixed cosφ, if on.
    pub power_factor: Option<PowerFactor>,
    /// cosφ(P) on.
    pub power_factor_curve_enabled: bool,
    /// Frequency-watt on.
    pub frequency_watt_enabled: bool,
    /// Charging volt-watt on.
    pub charging_volt_watt_enabled: bool,
    /// Soft limit of the export, W.
    pub export_limit_w: Option<f64>,
    /// Ten-minute average of the voltage, V; 0 when the function is absent.
    pub ten_minute_v: f64,
    /// Points of the volt-var curve in force: (V, pu of rated apparent power).
    pub volt_var_points: Vec<(f64, f64)>,
    /// Points of the volt-watt curve in force: (V, pu of rated apparent power).
    pub volt_watt_points: Vec<(f64, f64)>,
}

impl Plant {
    /// The pack on the battery port; `None` when the battery simulator is there in its place, or the
    /// DUT has no battery.
    #[must_use]
    pub fn pack(&self) -> Option<PackView> {
        self.dut.dispatch.battery.pack()
    }

    /// The DUT has switched itself off and answers nobody.
    #[must_use]
    pub fn dut_is_off(&self) -> bool {
        self.dut.dispatch.asleep
    }

    /// The true state of the bench.
    #[must_use]
    pub fn state(&self) -> TrueState {
        let (bench, now) = (&self.bench, self.now());
        let grid = self.reading_cycle(MeterPoint::DutGrid);
        TrueState {
            at_ns: now,
            grid_output: bench.output.contact,
            grid_set_v: bench.source.volts(now),
            grid_set_hz: bench.source.hz(now),
            grid_switch: bench.s1.contact,
            island_load_switch: bench.s2,
            backup_load: bench.backup_ohm.is_some(),
            pv_on: bench.pv_on.contains(&true),
            battery_on: self.dut.dispatch.battery.simulator_on(),
            dut_relay: bench.relay.contact,
            dut: self.dut.state(),
            last_trip: self.dut.last_trip().map(str::to_owned),
            pcc_v: grid.volts,
            backup_v: self.reading_cycle(MeterPoint::Backup).volts,
            dut_w: grid.watts,
            dut_var: grid.vars,
            dut_a: grid.amps,
            pcc_hz: grid.hz,
            source_w: self.reading_cycle(MeterPoint::Source).watts,
            pv_v: self.dut.dispatch.pv_volts(),
            pv_w: self.dut.dispatch.pv_w,
            pv_inputs: self.dut.dispatch.pv.states(&bench.pv_on),
            battery_v: self.dut.dispatch.battery.volts(),
            battery_a: self.dut.dispatch.battery.amps,
            battery_w: self.dut.dispatch.battery_w,
            dc_link_v: self.dc.volts(),
            dut_temperature_c: self.dut.dispatch.thermal.celsius(),
            stage: self.dut.dispatch.thermal.stage(),
            p_set_w: self.dut.dispatch.p_w,
            q_set_var: self.dut.dispatch.q_var,
            faults: self.dut.faults(),
            soc: self.dut.dispatch.battery.soc(),
            ambient_c: bench.ambient_c,
            drm_pins: bench.drm_pins.clone(),
        }
    }

    /// What the DUT reports over its own interfaces; a dead one answers with zeros.
    #[must_use]
    pub fn dut_view(&self) -> DutView {
        let d = &self.dut.dispatch;
        let dead = self.config.dut.health == Health::Dead;
        let grid = if dead {
            Reading::default()
        } else {
            self.reading_cycle(MeterPoint::DutGrid)
        };
        let backup = if dead {
            Reading::default()
        } else {
            self.reading_cycle(MeterPoint::Backup)
        };
        let pv_v = d.pv_volts();
        let live = |value: f64| if dead { 0.0 } else { value };
        DutView {
            state: self.dut.state(),
            w: grid.watts,
            var: grid.vars,
            volts: grid.volts * (1.0 + self.config.dut.voltage_gain_error),
            amps: grid.amps,
            hz: grid.hz,
            power_limit_pu: d.limit_pu,
            active_power_w: d.active_w.or(d.working.exchange_w()),
            mode: d.working.acting(),
            reactive_power_pu: d.reactive.fixed_pu,
            volt_var_enabled: d.volt_var.enabled(),
            volt_watt_enabled: d.volt_watt.enabled(),
            connect_permitted: self.dut.permitted(),
            last_trip: self.dut.last_trip().map(str::to_owned),
            seconds_to_reconnect: self.dut.seconds_to_reconnect(),
            temperature_c: live(d.thermal.celsius()),
            soc: live(d.battery.soc()),
            battery_v: live(d.battery.volts()),
            battery_a: live(d.battery.amps),
            battery_w: live(d.battery_w),
            pv_v: live(pv_v),
            pv_a: if pv_v > 0.0 { d.pv_w / pv_v } else { 0.0 },
            pv_w: live(d.pv_w),
            backup_v: backup.volts,
            backup_w: backup.watts,
            meter_lost: d.site_meter.lost(),
            faults: if dead { Vec::new() } else { self.dut.faults() },
            power_factor: d.reactive.power_factor,
            power_factor_curve_enabled: d.reactive.curve_enabled,
            frequency_watt_enabled: d.frequency_watt.enabled,
            charging_volt_watt_enabled: d.charging_volt_watt.enabled(),
            export_limit_w: d.export.soft_w,
            ten_minute_v: live(d.ten_minutes.volts()),
            volt_var_points: d.volt_var.points().to_vec(),
            volt_watt_points: d.volt_watt.points().to_vec(),
        }
    }
}
