//! Bounds on the battery pack.

use super::{Checker, Cursor, Fields};
use crate::behaviour::{CellLevels, Pack, TemperatureLevels, TimeWindow};
use crate::quantity::{AmpHours, Amps, Celsius, Ohms, Ratio, Seconds, Volts, Watts};

const CELL: (Volts, Volts) = (Volts(1.5), Volts(4.5));
const CURRENT: (Amps, Amps) = (Amps(0.1), Amps(2_000.0));
const CELSIUS: (Celsius, Celsius) = (Celsius(-60.0), Celsius(100.0));

pub(super) fn window(c: &mut Checker<'_>, at: Cursor<'_>, window: &TimeWindow) {
    let day = (Seconds(0.0), Seconds(86_400.0));
    for (key, value) in [("from", window.from), ("to", window.to)] {
        c.within(at.key(key), &format!("`{key}`"), value, day);
        if value.0 % 60.0 != 0.0 {
            let message = format!("`{key}` of {value} is not a whole minute");
            c.error(at.key(key), message, "the unit's clock counts in minutes");
        }
    }
    if window.from == window.to {
        c.error(
            at,
            "the window is empty",
            "write e.g. {from: 0 h, to: 4 h, …}",
        );
    }
    if window.power.is_some() == window.mode.is_some() {
        c.error(
            at,
            "a window needs either `power` or `mode`",
            "write e.g. {from: 0 h, to: 4 h, power: -2 kW}",
        );
    }
    if let Some(power) = window.power {
        let bounds = (Watts(-1e6), Watts(1e6));
        c.within(at.key("power"), "`power`", power, bounds);
    }
}

pub(super) fn pack(c: &mut Checker<'_>, at: Cursor<'_>, pack: &Pack) {
    if let Some(cells) = pack.cells {
        c.number(at.key("cells"), "`cells`", cells, (3, 400));
    }
    if let Some(weak) = pack.weak_cell {
        c.number(at.key("weak_cell"), "`weak_cell`", weak, (0.5, 20.0));
    }
    let mut fields = Fields { c, at };
    fields.within(
        "capacity",
        pack.capacity,
        (AmpHours(0.1), AmpHours(100_000.0)),
    );
    let whole = (Ratio(0.0), Ratio(1.0));
    fields.within("state_of_charge", pack.state_of_charge, whole);
    fields.within(
        "cell_resistance",
        pack.cell_resistance,
        (Ohms(0.0), Ohms(1.0)),
    );
    let spread = (Ratio(0.0), Ratio(0.2));
    fields.within("charge_spread", pack.charge_spread, spread);
    fields.within("capacity_spread", pack.capacity_spread, spread);
    fields.within("max_charge_current", pack.max_charge_current, CURRENT);
    fields.within("max_discharge_current", pack.max_discharge_current, CURRENT);
    fields.within("own_power", pack.own_power, (Watts(0.0), Watts(1_000.0)));
    fields.within("off_voltage", pack.off_voltage, CELL);
    // zero would be a message that is lost before it is due
    let wait = (Seconds(1.0), Seconds(86_400.0));
    fields.within("message_timeout", pack.message_timeout, wait);
    fields.within("off_silent", pack.off_silent, wait);
    fields.times(&[("limits_follow", pack.limits_follow), ("wake", pack.wake)]);
    for (key, levels) in [
        ("over_voltage", &pack.over_voltage),
        ("under_voltage", &pack.under_voltage),
    ] {
        if let Some(levels) = levels {
            cell(fields.c, at.key(key), levels);
        }
    }
    for (key, levels) in [
        ("charge_temperature", &pack.charge_temperature),
        ("discharge_temperature", &pack.discharge_temperature),
    ] {
        if let Some(levels) = levels {
            temperature(fields.c, at.key(key), levels);
        }
    }
}

fn cell(c: &mut Checker<'_>, at: Cursor<'_>, levels: &CellLevels) {
    let mut fields = Fields { c, at };
    fields.within("alarm", levels.alarm, CELL);
    fields.within("protect", levels.protect, CELL);
    fields.within("release", levels.release, CELL);
    fields.times(&[("delay", levels.delay)]);
}

fn temperature(c: &mut Checker<'_>, at: Cursor<'_>, levels: &TemperatureLevels) {
    for (key, range) in [("alarm", levels.alarm), ("protect", levels.protect)] {
        if let Some(range) = range {
            c.span(at.key(key), &format!("`{key}`"), range, CELSIUS);
        }
    }
    Fields { c, at }.times(&[("delay", levels.delay)]);
}
