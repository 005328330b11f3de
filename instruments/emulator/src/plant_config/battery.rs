//! The battery: what the simulator counts charge against, and the pack in its place.

use gridproof_model::behaviour::{self, Behaviour};
use gridproof_model::dut::{BatteryInput, DutProfile, Part};
use gridproof_model::quantity::{AmpHours, Amps, Seconds, Volts};
use gridproof_plant::config::{Battery, CELL_V, CellLevels, Pack, TemperatureLevels};
use gridproof_plant::input::{TimeWindow, WorkingMode};

/// Cells in series of a battery in the unit, unless stated.
const CELLS: u16 = 64;

/// Minutes of a day, and all seven weekdays.
const DAY: u16 = 1440;
const EVERY_DAY: u8 = 0x7f;

/// The battery simulator feeds from the mains and does not run empty: state of charge moves this
/// much more slowly than that of the battery the profile states.
const SIMULATED_CAPACITY: f64 = 100.0;

/// What the unit does without a command.
pub(super) fn mode(dut: &DutProfile, stated: Option<behaviour::WorkingMode>) -> WorkingMode {
    match stated.unwrap_or_default() {
        behaviour::WorkingMode::GridFirst => WorkingMode::GridFirst,
        behaviour::WorkingMode::FollowSource => WorkingMode::FollowSource,
        behaviour::WorkingMode::SelfConsumption => WorkingMode::SelfConsumption,
        behaviour::WorkingMode::Backup => WorkingMode::Backup {
            retain: 1.0,
            charge_w: dut.ratings.charge_power.map_or(0.0, |power| power.0),
        },
    }
}

/// Every day's windows; the plant's last minute belongs to a window, the stated end does not.
pub(super) fn windows(dut: &DutProfile, behaviour: &Behaviour) -> Vec<TimeWindow> {
    let minute = |time: Seconds| (time.0 / 60.0).round() as u16 % DAY;
    let stated = behaviour.time_windows.iter().flatten();
    let window = |stated: &behaviour::TimeWindow| TimeWindow {
        from: minute(stated.from),
        to: (minute(stated.to) + DAY - 1) % DAY,
        weekdays: EVERY_DAY,
        mode: match stated.power {
            Some(power) => WorkingMode::Exchange { watts: power.0 },
            None => mode(dut, stated.mode),
        },
    };
    stated.map(window).collect()
}

/// The unit carries the maker's own battery, of which the documents give no figures.
fn built_in(dut: &DutProfile) -> bool {
    dut.battery.is_none() && dut.unstated.contains(&Part::Battery)
}

/// A battery of which nothing is stated is charged with the rated power.
pub(super) fn rated_charge_w(dut: &DutProfile) -> f64 {
    let own = built_in(dut).then_some(dut.ratings.power);
    dut.ratings
        .charge_power
        .or(own)
        .map_or(0.0, |power| power.0)
}

/// What stands for a battery in the unit: the cells, capacity and currents that the behaviour states
/// for its pack, else so many that the rated power can be had for an hour.
fn unstated(dut: &DutProfile, stated: &behaviour::Pack) -> BatteryInput {
    let cells = stated.cells.unwrap_or(CELLS);
    let nominal = CELL_V * f64::from(cells);
    let amps = Amps((1.2 * dut.ratings.power.0 / nominal).ceil());
    BatteryInput {
        nominal_voltage: Volts(nominal),
        voltage_range: (Volts(0.75 * nominal), Volts(1.15 * nominal)),
        max_charge_current: stated.max_charge_current.unwrap_or(amps),
        max_discharge_current: stated.max_discharge_current.unwrap_or(amps),
        capacity: stated.capacity.unwrap_or(AmpHours(amps.0)),
    }
}

/// Half charged unless stated.
pub(super) fn battery(dut: &DutProfile, behaviour: &Behaviour) -> Option<Battery> {
    let stated = behaviour.pack.clone().unwrap_or_default();
    let own = || built_in(dut).then(|| unstated(dut, &stated));
    let input = dut.battery.clone().or_else(own)?;
    Some(Battery {
        built_in: built_in(dut),
        ..fitted(&input, &stated)
    })
}

fn fitted(input: &BatteryInput, stated: &behaviour::Pack) -> Battery {
    Battery {
        nominal_v: input.nominal_voltage.0,
        capacity_ah: SIMULATED_CAPACITY * input.capacity.0,
        soc: stated.state_of_charge.map_or(0.5, |soc| soc.0),
        max_charge_a: input.max_charge_current.0,
        max_discharge_a: input.max_discharge_current.0,
        range_v: (input.voltage_range.0.0, input.voltage_range.1.0),
        built_in: false,
        pack: pack(input, stated),
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
