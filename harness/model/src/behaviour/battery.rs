//! The battery pack of an emulated DUT and its management system. It is on the DUT's battery port
//! where the bench has no battery simulator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Overlay;
use crate::quantity::{AmpHours, Amps, Celsius, Ohms, Ratio, Seconds, Volts, Watts};

behaviour!(
    /// Pack of LiFePO4 cells in series with its management system.
    Pack {
        /// Cells in series.
        cells: u16,
        /// Capacity, in place of that of the DUT's battery.
        capacity: AmpHours,
        /// State of charge at power-up.
        state_of_charge: Ratio,
        /// Ohmic resistance of a cell at 25 °C.
        cell_resistance: Ohms,
        /// The fullest cell is above, the emptiest below the mean by this.
        charge_spread: Ratio,
        /// These two have less capacity by this.
        capacity_spread: Ratio,
        /// Resistance of the emptiest cell over that of the others.
        weak_cell: f64,
        /// Permitted charging current, in place of that of the DUT's battery.
        max_charge_current: Amps,
        /// Permitted discharging current, in place of that of the DUT's battery.
        max_discharge_current: Amps,
        /// Highest cell.
        over_voltage: CellLevels,
        /// Lowest cell.
        under_voltage: CellLevels,
        /// Temperatures for charging.
        charge_temperature: TemperatureLevels,
        /// Temperatures for discharging.
        discharge_temperature: TemperatureLevels,
        /// Time after which the DUT acts on the permitted currents.
        limits_follow: Seconds,
        /// The DUT ignores the permitted currents.
        limits_ignored: bool,
        /// Time without a message after which the DUT leaves the battery alone.
        message_timeout: Seconds,
        /// Consumption of the management system itself.
        own_power: Watts,
        /// Cell voltage at which the pack switches itself off.
        off_voltage: Volts,
        /// Time without communication after which the pack switches itself off.
        off_silent: Seconds,
        /// Time with voltage on its terminals after which a pack that is off wakes.
        wake: Seconds,
    }
);

behaviour!(
    /// Levels of a cell's voltage.
    CellLevels {
        /// Warning; nothing more is permitted in this direction.
        alarm: Volts,
        /// The pack opens this direction.
        protect: Volts,
        /// Time beyond `protect` until it does.
        delay: Seconds,
        /// It closes it again.
        release: Volts,
    }
);

behaviour!(
    /// Levels of the temperature, from–to.
    TemperatureLevels {
        /// Warning; a protection is released inside.
        alarm: (Celsius, Celsius),
        /// The pack opens this direction.
        protect: (Celsius, Celsius),
        /// Time beyond `protect` until it does.
        delay: Seconds,
    }
);

/// What a unit does while no active power is commanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkingMode {
    /// Feeds what the PV gives, leaves the battery alone.
    #[default]
    FollowSource,
    /// Loads of the site, then battery, then grid.
    SelfConsumption,
    /// The battery is kept full for a blackout.
    Backup,
    /// Loads of the site, then grid, then battery.
    GridFirst,
}

/// A window of every day by the unit's own clock, which shows Monday 00:00 at power-on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    /// Its begin, from midnight.
    pub from: Seconds,
    /// Its end, from midnight; before `from` it lies on the next day.
    pub to: Seconds,
    /// Power at the grid port: positive feeds, negative charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Watts>,
    /// Working mode, where no power is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<WorkingMode>,
}
