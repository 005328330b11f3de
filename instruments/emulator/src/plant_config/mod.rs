//! DUT profile, behaviour and grid code → physics of the plant.
//!
//! What a behaviour leaves out has the defaults written here; they describe a healthy unit that
//! sits comfortably inside every limit of its grid code.

mod battery;
mod curves;
mod functions;
mod islanding;
mod protection;

use gridproof_model::behaviour::{Backup, Behaviour, Speaks};
use gridproof_model::bench::Bench;
use gridproof_model::dut::{DutKind, DutProfile, InterfaceProtocol};
use gridproof_model::grid_code::GridCode;
use gridproof_plant::config as plant;
use gridproof_plant::config::PlantConfig;

use crate::error::EmulatorError;

/// The plant for a DUT on a bench. `codes` must hold the grid code that the behaviour names, or
/// without one the first of the profile.
///
/// # Errors
/// When that grid code is missing or the behaviour changes a protection element it does not have.
pub fn plant_config(
    bench: &Bench,
    dut: &DutProfile,
    behaviour: &Behaviour,
    codes: &[GridCode],
    seed: u64,
) -> Result<PlantConfig, EmulatorError> {
    let wanted = behaviour
        .grid_code
        .as_ref()
        .or_else(|| dut.grid_codes.first());
    let code = match wanted {
        Some(name) => Some(
            codes
                .iter()
                .find(|code| &code.grid_code == name)
                .ok_or_else(|| EmulatorError::UnknownGridCode(name.clone()))?,
        ),
        None => None,
    };
    Ok(PlantConfig {
        line: plant::Line {
            r_ohm: bench.line.r.0,
            l_h: bench.line.l.0,
        },
        dut: unit(dut, behaviour, code)?,
        ambient_c: bench.ambient.0,
        seed,
    })
}

fn unit(
    dut: &DutProfile,
    behaviour: &Behaviour,
    code: Option<&GridCode>,
) -> Result<plant::Dut, EmulatorError> {
    let ratings = &dut.ratings;
    let (nominal_v, nominal_hz) = (ratings.voltage.0, ratings.frequency.0);
    let reconnect = code.and_then(|code| code.reconnect.as_ref());
    // without a stated window: ±10 % and ±1 Hz around nominal
    let (v_min, v_max) = reconnect.map_or((0.9 * nominal_v, 1.1 * nominal_v), |r| {
        (r.voltage.0.0, r.voltage.1.0)
    });
    let (hz_min, hz_max) = reconnect.map_or((nominal_hz - 1.0, nominal_hz + 1.0), |r| {
        (r.frequency.0.0, r.frequency.1.0)
    });
    let relay_open_s = behaviour.relay_open.map_or(0.005, |time| time.0);
    Ok(plant::Dut {
        topology: match dut.kind {
            DutKind::Hybrid => plant::Topology::Hybrid,
            DutKind::AcCoupled => plant::Topology::AcCoupled,
        },
        health: match behaviour.health.unwrap_or_default() {
            gridproof_model::behaviour::Health::Healthy => plant::Health::Healthy,
            gridproof_model::behaviour::Health::Dead => plant::Health::Dead,
        },
        rated_power_w: ratings.power.0,
        rated_apparent_va: ratings.apparent_va(),
        nominal_v,
        nominal_hz,
        max_current_a: ratings
            .max_current
            .map_or(1.1 * ratings.apparent_va() / nominal_v, |amps| amps.0),
        rated_charge_w: battery::rated_charge_w(dut),
        filter: filter(behaviour),
        voltage_gain_error: behaviour.voltage_gain_error.map_or(0.0, |ratio| ratio.0),
        volt_var: curves::response(
            behaviour.volt_var.as_ref(),
            code.and_then(|c| c.volt_var.as_ref()),
            curves::Kind::VoltVar,
        ),
        volt_watt: curves::response(
            behaviour.volt_watt.as_ref(),
            code.and_then(|c| c.volt_watt.as_ref()),
            curves::Kind::VoltWatt,
        ),
        protection: protection::elements(behaviour, code, relay_open_s)?,
        relay_open_s,
        output: output(behaviour),
        dc_link: dc_link(behaviour, nominal_v),
        tracking: functions::tracking(behaviour),
        mppt: functions::mppt(behaviour),
        pv_inputs: behaviour
            .pv_inputs
            .map_or(usize::from(dut.pv_inputs()).max(1), usize::from),
        site_counters: site_counters(dut, behaviour),
        functions: functions::functions(behaviour),
        lockout: functions::lockout(behaviour),
        anti_islanding: islanding::active(behaviour, nominal_hz),
        anti_islanding_lag_s: islanding::lag(behaviour),
        passive_detection: islanding::passive(behaviour),
        reference: islanding::reference(behaviour),
        drm: curves::drm(dut, behaviour, code),
        backup: dut
            .backup
            .as_ref()
            .map(|port| backup(port.power.0, behaviour.backup.as_ref())),
        derating: derating(dut, behaviour),
        heat: functions::heat(behaviour),
        reconnect_s: behaviour
            .reconnect_delay
            .or(reconnect.map(|r| r.delay))
            .map_or(60.0, |time| time.0),
        reconnect_v_max: v_max,
        reconnect_v_min: v_min,
        reconnect_hz_max: hz_max,
        reconnect_hz_min: hz_min,
        ramp_pu_per_s: behaviour
            .ramp
            .or(reconnect.map(|r| r.ramp))
            .map_or(1.0 / 60.0, |ramp| ramp.0),
        setpoint_tau_s: behaviour.setpoint_tau.map_or(0.4, |time| time.0),
        battery: battery::battery(dut, behaviour),
        standby_w: behaviour.standby_power.map_or(10.0, |power| power.0),
        mode: battery::mode(dut, behaviour.working_mode),
        windows: battery::windows(dut, behaviour),
        running_c: behaviour
            .running_temperature
            .map(|(low, high)| (low.0, high.0)),
        pv_max_v: dut
            .pv
            .as_ref()
            .map_or(f64::INFINITY, |input| input.max_voltage.0),
        dc_limit: behaviour.dc_limit.as_ref().map(|stated| {
            let limit = stated.limit.map_or(0.005, |ratio| ratio.0);
            let amps = limit * ratings.apparent_va() / nominal_v;
            (amps, stated.delay.map_or(1.0, |time| time.0))
        }),
        shutdown_s: behaviour.standby_shutdown.map(|time| time.0),
    })
}

/// SunSpec has no registers for them, those of SAJ units do.
fn site_counters(dut: &DutProfile, behaviour: &Behaviour) -> plant::SiteCounters {
    match (dut.interface.protocol, behaviour.speaks.unwrap_or_default()) {
        (InterfaceProtocol::SajAs1Rtu, _) | (InterfaceProtocol::RegisterFile, Speaks::SajHs2) => {
            plant::SiteCounters::Present
        }
        (InterfaceProtocol::SunspecTcp, _) | (InterfaceProtocol::RegisterFile, Speaks::Sunspec) => {
            plant::SiteCounters::Absent
        }
    }
}

/// Default: the reference filter of the plant's documentation.
fn filter(behaviour: &Behaviour) -> plant::Filter {
    let f = behaviour.filter.clone().unwrap_or_default();
    plant::Filter {
        l1_h: f.l1.map_or(1.5e-3, |l| l.0),
        r1_ohm: f.r1.map_or(0.05, |r| r.0),
        cf_f: f.cf.map_or(3.3e-6, |c| c.0),
        rd_ohm: f.rd.map_or(5.0, |r| r.0),
        l2_h: f.l2.map_or(0.5e-3, |l| l.0),
        r2_ohm: f.r2.map_or(0.02, |r| r.0),
    }
}

/// A clean current unless stated.
fn output(behaviour: &Behaviour) -> plant::OutputQuality {
    let stated = behaviour.output_quality.clone().unwrap_or_default();
    plant::OutputQuality {
        thd: stated.thd.map_or(0.0, |ratio| ratio.0),
        floor_pu: stated.harmonic_floor.map_or(0.0, |ratio| ratio.0),
        dc_pu: stated.dc_injection.map_or(0.0, |ratio| ratio.0),
    }
}

/// As the plant proposes for the grid, unless stated.
fn dc_link(behaviour: &Behaviour, nominal_v: f64) -> plant::DcLink {
    let stated = behaviour.dc_link.clone().unwrap_or_default();
    let proposed = plant::DcLink::for_grid(nominal_v);
    let volts = stated.voltage.map_or(proposed.volts, |volts| volts.0);
    plant::DcLink {
        farads: stated
            .capacitance
            .map_or(proposed.farads, |farads| farads.0),
        volts,
        bandwidth_hz: stated.bandwidth.map_or(proposed.bandwidth_hz, |hz| hz.0),
        trip_v: stated.trip.map_or(1.25 * volts, |volts| volts.0),
        low_v: stated.low_trip.map_or(0.7 * volts, |volts| volts.0),
    }
}

/// The back-up function is on unless stated.
fn backup(rated_w: f64, stated: Option<&Backup>) -> plant::Backup {
    let b = stated.cloned().unwrap_or_default();
    plant::Backup {
        enabled: b.enabled.unwrap_or(true),
        rated_w,
        detect_pu: b.detect_deviation.map_or(0.2, |ratio| ratio.0),
        ride_through_first: b.ride_through_first.unwrap_or(false),
        detect_s: b.detect_time.map_or(0.0015, |time| time.0),
        relay_s: b.relay.map_or(0.004, |time| time.0),
        relay_sigma_s: b.relay_scatter.map_or(0.0003, |time| time.0),
        start_s: b.start.map_or(0.0005, |time| time.0),
        ramp_s: b.ramp.map_or(0.001, |time| time.0),
        overload_w: rated_w * b.overload.map_or(1.2, |ratio| ratio.0),
        overload_s: b.overload_time.map_or(10.0, |time| time.0),
        short_circuit_s: b.short_circuit_time.map_or(0.1, |time| time.0),
        late: b.late.map(|late| plant::LateWindow {
            from_deg: late.from.map_or(0.0, |angle| angle.0),
            to_deg: late.to.map_or(360.0, |angle| angle.0),
            extra_s: late.extra.map_or(0.0, |time| time.0),
        }),
    }
}

/// Only where the manual names a temperature; 5 %/K, no floor, 5 min unless stated.
fn derating(dut: &DutProfile, behaviour: &Behaviour) -> Option<plant::Derating> {
    let start = dut.temperature.derating_start.as_ref()?;
    let stated = behaviour.derating.clone().unwrap_or_default();
    stated.enabled.unwrap_or(true).then(|| plant::Derating {
        start_c: start.value.0,
        slope_pu_per_k: stated.slope.map_or(0.05, |slope| slope.0),
        floor_pu: stated.floor.map_or(0.0, |floor| floor.0),
        tau_s: stated.tau.map_or(300.0, |tau| tau.0),
    })
}
