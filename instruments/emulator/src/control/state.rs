//! The true physical state as flat JSON: every key carries its unit.

use std::collections::BTreeMap;

use gridproof_plant::Guard;
use gridproof_plant::input::WorkingMode;
use gridproof_plant::signal::{DutState, MeterPoint, PvInputState};
use serde::Serialize;

use crate::field::{Field, Instrument};

/// The load's values are powers at this voltage, V…
const LOAD_V: f64 = 230.0;
/// …and this angular frequency, rad/s (50 Hz).
const LOAD_W: f64 = 2.0 * std::f64::consts::PI * 50.0;

/// What the bench really does, whatever its instruments say. Voltages and currents are RMS over
/// the last cycle of 20 ms (dc: means), powers means over it. P and Q of the DUT are positive when
/// injected, those of the grid simulator when they leave it, the battery's when it discharges.
/// `null` is not connected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// Bench time since it was powered, s.
    pub time_s: f64,

    /// Output contactor of the grid simulator.
    pub grid_output_closed: bool,
    /// Voltage it makes now (set-point, ramp or list), V RMS.
    pub grid_set_v: f64,
    /// Frequency it makes now, Hz.
    pub grid_set_hz: f64,
    /// Voltage at its terminals, V.
    pub grid_v: f64,
    /// Current out of it, A.
    pub grid_a: f64,
    /// Active power out of it, W.
    pub grid_w: f64,
    /// Reactive power out of it, var.
    pub grid_var: f64,

    /// S1, between grid simulator and PCC.
    pub s1_closed: bool,
    /// S2, between PCC and island load.
    pub s2_closed: bool,
    /// Voltage at the PCC, the DUT's grid terminals, V.
    pub pcc_v: f64,
    /// Frequency there, Hz; 0 without voltage.
    pub pcc_hz: f64,

    /// Resistance of the island load, Ω.
    pub load_r_ohm: Option<f64>,
    /// Inductance of the island load, H.
    pub load_l_h: Option<f64>,
    /// Resistance in series with it, Ω.
    pub load_l_ohm: f64,
    /// Capacitance of the island load, F.
    pub load_c_f: Option<f64>,
    /// The same as powers at 230 V, 50 Hz: W.
    pub load_r_w: f64,
    /// var inductive.
    pub load_l_var: f64,
    /// var capacitive.
    pub load_c_var: f64,

    /// Grid relay of the DUT.
    pub dut_relay_closed: bool,
    /// `standby`, `waiting`, `grid`, `backup`, `tripped`, `drm0` or `off`.
    pub dut_state: &'static str,
    /// Active power injected at the grid port, W.
    pub dut_w: f64,
    /// Reactive power injected at the grid port, var.
    pub dut_var: f64,
    /// Current at the grid port, A.
    pub dut_a: f64,
    /// Protection element that tripped last.
    pub dut_last_trip: Option<String>,
    /// Faults and alarms by the product's own codes, as its panel would show them, ascending.
    pub dut_fault_codes: Vec<u16>,
    /// Connection is permitted over the DUT's interface.
    pub dut_connect_permitted: bool,
    /// Commanded limit of generation, of rated power.
    pub dut_power_limit_pu: f64,
    /// Commanded active power, W; `null` as the working mode says.
    pub dut_active_power_w: Option<f64>,
    /// `follow-source`, `self-consumption` or `backup`.
    pub dut_working_mode: &'static str,
    /// Commanded reactive power, of rated apparent power.
    pub dut_reactive_power_pu: f64,
    /// Observation time left before it connects, s.
    pub dut_seconds_to_connect: f64,
    /// Temperature of the DUT, °C.
    pub dut_temperature_c: f64,

    /// Voltage at the back-up port, V.
    pub backup_v: f64,
    /// Frequency there, Hz.
    pub backup_hz: f64,
    /// Power into the back-up load, W.
    pub backup_w: f64,
    /// Contactor of the back-up load.
    pub backup_load_closed: bool,
    /// Back-up load, Ω.
    pub backup_load_ohm: Option<f64>,

    /// Output relay of the PV simulator.
    pub pv_output_closed: bool,
    /// Open-circuit voltage of its curve, V.
    pub pv_voc_v: f64,
    /// Short-circuit current of its curve, A.
    pub pv_isc_a: f64,
    /// Voltage of its maximum power point, V.
    pub pv_vmp_v: f64,
    /// Current of its maximum power point, A.
    pub pv_imp_a: f64,
    /// Voltage at the DUT's PV input, V.
    pub pv_v: f64,
    /// Current into it, A.
    pub pv_a: f64,
    /// Power into it, W.
    pub pv_w: f64,
    /// Every PV input of the DUT, the first simulator's first: relay of the simulator, voltage and
    /// power, and where a perfect tracker would stand.
    pub pv_inputs: Vec<PvInput>,

    /// Output relay of the battery simulator.
    pub battery_output_closed: bool,
    /// Its voltage set-point, V.
    pub battery_set_v: f64,
    /// Its limit out, A.
    pub battery_source_limit_a: f64,
    /// Its limit in, A.
    pub battery_sink_limit_a: f64,
    /// Voltage at the DUT's battery port, V.
    pub battery_v: f64,
    /// Current out of the battery, A.
    pub battery_a: f64,
    /// Power out of the battery, W.
    pub battery_w: f64,
    /// State of charge, 0 to 1.
    pub battery_soc_pu: f64,
    /// The pack is switched on; `null` and all below where the bench has a battery simulator in
    /// its place.
    pub pack_on: Option<bool>,
    /// Its messages reach the DUT.
    pub pack_heard: Option<bool>,
    /// Lowest cell, V.
    pub pack_cell_min_v: Option<f64>,
    /// Highest cell, V.
    pub pack_cell_max_v: Option<f64>,
    /// Charging current that the pack permits, A.
    pub pack_charge_limit_a: Option<f64>,
    /// Discharging current that it permits, A.
    pub pack_discharge_limit_a: Option<f64>,
    /// Of the pack, °C.
    pub pack_c: Option<f64>,
    /// Its warnings.
    pub pack_alarms: Vec<&'static str>,
    /// Its protections that have acted.
    pub pack_protections: Vec<&'static str>,

    /// Pairs of pins shorted at the DUT's DRM port.
    pub drm_pins: Vec<(u8, u8)>,
    /// Around the DUT, °C.
    pub ambient_c: f64,

    /// Set-points that only an instrument holds: `NAME_…`, with hyphens as underscores, e.g.
    /// `pv_irradiance_w_per_m2`, `chamber_set_c`.
    #[serde(flatten)]
    pub instruments: BTreeMap<String, f64>,
}

/// One PV input of the DUT.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PvInput {
    /// Output relay of the PV simulator at it.
    pub output_closed: bool,
    /// Voltage, V.
    pub v: f64,
    /// Power, W.
    pub w: f64,
    /// Voltage of the maximum, V.
    pub maximum_v: f64,
    /// Power there, W.
    pub maximum_w: f64,
}

impl PvInput {
    fn of(input: &PvInputState) -> Self {
        Self {
            output_closed: input.closed,
            v: input.volts,
            w: input.watts,
            maximum_v: input.maximum_v,
            maximum_w: input.maximum_w,
        }
    }
}

fn word(state: DutState) -> &'static str {
    match state {
        DutState::Standby => "standby",
        DutState::Waiting => "waiting",
        DutState::Grid => "grid",
        DutState::Backup => "backup",
        DutState::Tripped => "tripped",
        DutState::Drm0 => "drm0",
        DutState::Off => "off",
    }
}

fn guards(guards: &[Guard]) -> Vec<&'static str> {
    let word = |guard: &Guard| match guard {
        Guard::CellOverVoltage => "cell-over-voltage",
        Guard::CellUnderVoltage => "cell-under-voltage",
        Guard::ChargeHot => "charge-hot",
        Guard::ChargeCold => "charge-cold",
        Guard::DischargeHot => "discharge-hot",
        Guard::DischargeCold => "discharge-cold",
        Guard::ChargeCurrent => "charge-current",
        Guard::DischargeCurrent => "discharge-current",
        Guard::ChargeShort => "charge-short-circuit",
        Guard::DischargeShort => "discharge-short-circuit",
    };
    guards.iter().map(word).collect()
}

impl State {
    pub(crate) fn of(field: &Field, instruments: &BTreeMap<String, Box<dyn Instrument>>) -> Self {
        let plant = &field.plant;
        let (state, points, view) = (plant.state(), plant.set_points(), plant.dut_view());
        let source = plant.truth(MeterPoint::Source);
        let port = plant.truth(MeterPoint::DutGrid);
        let backup = plant.truth(MeterPoint::Backup);
        let pv = plant.truth(MeterPoint::Pv);
        let battery = plant.truth(MeterPoint::Battery);
        let pack = plant.pack();
        let pack = pack.as_ref();
        let load = points.load;
        let squared = LOAD_V * LOAD_V;
        Self {
            time_s: state.at_ns as f64 * 1e-9,
            grid_output_closed: state.grid_output,
            grid_set_v: state.grid_set_v,
            grid_set_hz: state.grid_set_hz,
            grid_v: source.volts,
            grid_a: source.amps,
            grid_w: source.watts,
            grid_var: source.vars,
            s1_closed: state.grid_switch,
            s2_closed: state.island_load_switch,
            pcc_v: port.volts,
            pcc_hz: port.hz,
            load_r_ohm: load.r_ohm,
            load_l_h: load.l_h,
            load_l_ohm: load.l_ohm,
            load_c_f: load.c_f,
            load_r_w: load.r_ohm.map_or(0.0, |r| squared / r),
            load_l_var: load.l_h.map_or(0.0, |l| squared / (LOAD_W * l)),
            load_c_var: load.c_f.map_or(0.0, |c| squared * LOAD_W * c),
            dut_relay_closed: state.dut_relay,
            dut_state: word(state.dut),
            dut_w: port.watts,
            dut_var: port.vars,
            dut_a: port.amps,
            dut_last_trip: state.last_trip,
            dut_fault_codes: field.codes.codes(&state.faults),
            dut_connect_permitted: view.connect_permitted,
            dut_power_limit_pu: view.power_limit_pu,
            dut_active_power_w: view.active_power_w,
            dut_working_mode: match view.mode {
                WorkingMode::FollowSource => "follow-source",
                WorkingMode::SelfConsumption => "self-consumption",
                WorkingMode::Backup { .. } => "backup",
                WorkingMode::GridFirst => "grid-first",
                WorkingMode::Exchange { .. } => "exchange",
            },
            dut_reactive_power_pu: view.reactive_power_pu,
            dut_seconds_to_connect: view.seconds_to_reconnect,
            dut_temperature_c: view.temperature_c,
            backup_v: backup.volts,
            backup_hz: backup.hz,
            backup_w: backup.watts,
            backup_load_closed: state.backup_load,
            backup_load_ohm: points.backup_ohm,
            pv_output_closed: state.pv_inputs.first().is_some_and(|input| input.closed),
            pv_voc_v: points.pv[0].voc,
            pv_isc_a: points.pv[0].isc,
            pv_vmp_v: points.pv[0].vmp,
            pv_imp_a: points.pv[0].imp,
            pv_v: pv.volts,
            pv_a: pv.amps,
            pv_w: pv.watts,
            pv_inputs: state.pv_inputs.iter().map(PvInput::of).collect(),
            battery_output_closed: state.battery_on,
            battery_set_v: points.battery.volts,
            battery_source_limit_a: points.battery.source_a,
            battery_sink_limit_a: points.battery.sink_a,
            battery_v: battery.volts,
            battery_a: battery.amps,
            battery_w: battery.watts,
            battery_soc_pu: state.soc,
            pack_on: pack.map(|p| p.awake),
            pack_heard: pack.map(|p| p.heard),
            pack_cell_min_v: pack.map(|p| p.lowest_v),
            pack_cell_max_v: pack.map(|p| p.highest_v),
            pack_charge_limit_a: pack.map(|p| p.charge_a),
            pack_discharge_limit_a: pack.map(|p| p.discharge_a),
            pack_c: pack.map(|p| p.celsius),
            pack_alarms: pack.map_or_else(Vec::new, |p| guards(&p.alarms)),
            pack_protections: pack.map_or_else(Vec::new, |p| guards(&p.protections)),
            drm_pins: state.drm_pins,
            ambient_c: state.ambient_c,
            instruments: instruments
                .iter()
                .flat_map(|(name, instrument)| {
                    let name = name.replace('-', "_");
                    instrument
                        .set_points()
                        .into_iter()
                        .map(move |(key, value)| (format!("{name}_{key}"), value))
                })
                .collect(),
        }
    }
}
