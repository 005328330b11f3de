//! The battery: what the simulator counts charge against, and the pack in its place.

use gridproof_model::behaviour::{self, Behaviour};
use gridproof_model::dut::{BatteryInput, DutProfile};
use gridproof_plant::config::{Battery, CELL_V, CellLevels, Pack, TemperatureLevels};
use gridproof_plant::input::WorkingMode;

/// The battery simulator feeds from the mains and does not run empty: state of charge moves this
/// much more slowly than that of the battery the profile states.
const SIMULATED_CAPACITY: f64 = 100.0;

/// What the unit does without a command.
pub(super) fn mode(dut: &DutProfile, behaviour: &Behaviour) -> WorkingMode {
    match behaviour.working_mode.unwrap_or_default() {
        behaviour::WorkingMode::FollowSource => WorkingMode::FollowSource,
        behaviour::WorkingMode::SelfConsumption => WorkingMode::SelfConsumption,
        behaviour::WorkingMode::Backup => WorkingMode::Backup {
            retain: 1.0,
            charge_w: dut.ratings.charge_power.map_or(0.0, |power| power.0),
        },
    }
}

/// Half charged unless stated.
pub(super) fn battery(input: &BatteryInput, behaviour: &Behaviour) -> Battery {
    let stated = behaviour.pack.clone().unwrap_or_default();
    Battery {
        nominal_v: input.nominal_voltage.0,
        capacity_ah: SIMULATED_CAPACITY * input.capacity.0,
        soc: stated.state_of_charge.map_or(0.5, |soc| soc.0),
        max_charge_a: input.max_charge_current.0,
        max_discharge_a: input.max_discharge_current.0,
        range_v: (input.voltage_range.0.0, input.voltage_range.1.0),
        pack: pack(input, &stated),
    }
}

/// The plant's own pack of so many cells and so much capacity, unless stated.
fn pack(input: &BatteryInput, stated: &behaviour::Pack) -> Pack {
    let volts = stated
        .cells
        .map_or(input.nominal_voltage.0, |cells| CELL_V * f64::from(cells));
    let capacity = stated.capacity.map_or(input.capacity.0, |charge| charge.0);
    let base = Pack::lithium_iron(volts, capacity, input.max_charge_current.0);
    Pack {
        cell_ohm: stated.cell_resistance.map_or(base.cell_ohm, |ohm| ohm.0),
        charge_spread: stated.charge_spread.map_or(base.charge_spread, |z| z.0),
        capacity_spread: stated.capacity_spread.map_or(base.capacity_spread, |z| z.0),
        weak_cell: stated.weak_cell.unwrap_or(base.weak_cell),
        charge_a: stated
            .max_charge_current
            .map_or(base.charge_a, |amps| amps.0),
        discharge_a: stated
            .max_discharge_current
            .map_or(input.max_discharge_current.0, |amps| amps.0),
        over_voltage: cell(stated.over_voltage.as_ref(), base.over_voltage),
        under_voltage: cell(stated.under_voltage.as_ref(), base.under_voltage),
        charge_temperature: warmth(stated.charge_temperature.as_ref(), base.charge_temperature),
        discharge_temperature: warmth(
            stated.discharge_temperature.as_ref(),
            base.discharge_temperature,
        ),
        follow_s: if stated.limits_ignored.unwrap_or(false) {
            None
        } else {
            stated
                .limits_follow
                .map_or(base.follow_s, |time| Some(time.0))
        },
        timeout_s: stated.message_timeout.map_or(base.timeout_s, |time| time.0),
        own_w: stated.own_power.map_or(base.own_w, |power| power.0),
        off_v: stated.off_voltage.map(|volts| volts.0),
        off_silent_s: stated.off_silent.map(|time| time.0),
        wake_s: stated.wake.map_or(base.wake_s, |time| time.0),
        ..base
    }
}

fn cell(stated: Option<&behaviour::CellLevels>, base: CellLevels) -> CellLevels {
    let stated = stated.cloned().unwrap_or_default();
    CellLevels {
        alarm: stated.alarm.map_or(base.alarm, |volts| volts.0),
        protect: stated.protect.map_or(base.protect, |volts| volts.0),
        delay_s: stated.delay.map_or(base.delay_s, |time| time.0),
        release: stated.release.map_or(base.release, |volts| volts.0),
    }
}

fn warmth(
    stated: Option<&behaviour::TemperatureLevels>,
    base: TemperatureLevels,
) -> TemperatureLevels {
    let stated = stated.cloned().unwrap_or_default();
    TemperatureLevels {
        alarm: stated.alarm.map_or(base.alarm, |(a, b)| (a.0, b.0)),
        protect: stated.protect.map_or(base.protect, |(a, b)| (a.0, b.0)),
        delay_s: stated.delay.map_or(base.delay_s, |time| time.0),
    }
}
