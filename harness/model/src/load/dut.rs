//! Does a DUT profile make sense?

use super::behaviour;
use super::check::{Checker, PV_INPUTS};
use super::outline::Cursor;
use crate::dut::{
    BatteryInput, DutKind, DutProfile, DutRatings, Interface, InterfaceProtocol, Part, PvInput,
};
use crate::quantity::{AmpHours, Amps, Celsius, Hertz, Ratio, Seconds, VoltAmps, Volts, Watts};

const POWER: Watts = Watts(1e6);
const APPARENT: VoltAmps = VoltAmps(1e6);
const CURRENT: Amps = Amps(2_000.0);
const DC: Volts = Volts(1_500.0);
const AMBIENT: (Celsius, Celsius) = (Celsius(-60.0), Celsius(100.0));

pub(super) fn check(c: &mut Checker<'_>, root: Cursor<'_>, dut: &DutProfile) {
    c.name(root.key("dut"), "DUT", &dut.dut);
    for (key, value) in [
        ("maker", &dut.maker),
        ("model", &dut.model),
        ("source", &dut.source),
    ] {
        c.text(root.key(key), &format!("`{key}`"), value);
    }
    ratings(c, root.key("ratings"), &dut.ratings);
    match &dut.pv {
        Some(input) => pv(c, root.key("pv"), input),
        None if dut.kind == DutKind::Hybrid && !dut.unstated.contains(&Part::Pv) => c.error(
            root.key("kind"),
            "a hybrid needs a PV input and the profile has none",
            "add `pv`, or write kind: ac-coupled, or unstated: [pv]",
        ),
        None => {}
    }
    for (part, there) in [
        (Part::Pv, dut.pv.is_some()),
        (Part::Battery, dut.battery.is_some()),
    ] {
        if there && dut.unstated.contains(&part) {
            c.error(
                root.key("unstated"),
                "the profile states figures of a part that it lists as unstated",
                "leave one of the two out",
            );
        }
    }
    if let Some(input) = &dut.battery {
        battery(c, root.key("battery"), input);
    }
    if let Some(port) = &dut.backup {
        let at = root.key("backup");
        c.positive(at.key("power"), "`power`", port.power, POWER);
        c.positive(
            at.key("apparent_power"),
            "`apparent_power`",
            port.apparent_power,
            APPARENT,
        );
        c.positive(
            at.key("max_current"),
            "`max_current`",
            port.max_current,
            CURRENT,
        );
        if let Some(limit) = &port.transfer_time {
            let at = at.key("transfer_time");
            c.positive(at.key("max"), "`max`", limit.max, Seconds(60.0));
            c.text(at.key("source"), "`source`", &limit.source);
        }
    }
    temperature(c, root.key("temperature"), dut);
    if let Some(port) = &dut.drm {
        let at = root.key("drm").key("pins");
        c.not_empty(at, "`pins`", port.pins.len());
        for (pin, signal) in &port.pins {
            c.number(at.name(pin.to_string()), "pin", *pin, (1, 8));
            c.text(at.key(pin.to_string()), "the signal", signal);
        }
    }
    for (fault, code) in &dut.fault_codes {
        // the variant's word is its key
        let key = serde_json::to_value(fault).unwrap_or_default();
        let at = root
            .key("fault_codes")
            .key(key.as_str().unwrap_or_default());
        c.number(at, "the code", *code, (1, 9_999));
    }
    c.not_empty(root.key("grid_codes"), "`grid_codes`", dut.grid_codes.len());
    c.unique_names(
        root.key("grid_codes"),
        "grid code",
        dut.grid_codes.iter().map(String::as_str),
    );
    interface(c, root.key("interface"), &dut.interface);
    behaviour::check(c, root.key("behaviour"), &dut.behaviour);
}

fn ratings(c: &mut Checker<'_>, at: Cursor<'_>, ratings: &DutRatings) {
    c.positive(at.key("power"), "`power`", ratings.power, POWER);
    if let Some(apparent) = ratings.apparent_power {
        let key = "apparent_power";
        c.positive(at.key(key), "`apparent_power`", apparent, APPARENT);
        if apparent.0 < ratings.power.0 {
            let power = ratings.power;
            c.error(
                at.key(key),
                format!("`apparent_power` of {apparent} is below `power` of {power}"),
                "apparent power is never less than active power",
            );
        }
    }
    if let Some(current) = ratings.max_current {
        c.positive(at.key("max_current"), "`max_current`", current, CURRENT);
    }
    c.within(
        at.key("voltage"),
        "`voltage`",
        ratings.voltage,
        (Volts(50.0), Volts(500.0)),
    );
    c.within(
        at.key("frequency"),
        "`frequency`",
        ratings.frequency,
        (Hertz(40.0), Hertz(70.0)),
    );
    if let Some(power) = ratings.charge_power {
        c.positive(at.key("charge_power"), "`charge_power`", power, POWER);
    }
    if let Some(most) = ratings.reactive_power {
        let bounds = (Ratio(0.01), Ratio(1.0));
        c.within(at.key("reactive_power"), "`reactive_power`", most, bounds);
    }
}

fn pv(c: &mut Checker<'_>, at: Cursor<'_>, input: &PvInput) {
    if let Some(inputs) = input.inputs {
        c.number(at.key("inputs"), "`inputs`", inputs, PV_INPUTS);
    }
    c.positive(
        at.key("max_voltage"),
        "`max_voltage`",
        input.max_voltage,
        DC,
    );
    c.span(
        at.key("mppt_voltage"),
        "`mppt_voltage`",
        input.mppt_voltage,
        (Volts(1.0), DC),
    );
    c.positive(
        at.key("rated_voltage"),
        "`rated_voltage`",
        input.rated_voltage,
        input.max_voltage,
    );
    c.positive(
        at.key("max_current"),
        "`max_current`",
        input.max_current,
        CURRENT,
    );
    let key = "max_short_circuit_current";
    c.within(
        at.key(key),
        "`max_short_circuit_current`",
        input.max_short_circuit_current,
        (input.max_current, CURRENT),
    );
}

fn battery(c: &mut Checker<'_>, at: Cursor<'_>, input: &BatteryInput) {
    c.span(
        at.key("voltage_range"),
        "`voltage_range`",
        input.voltage_range,
        (Volts(1.0), DC),
    );
    if input.voltage_range.0 < input.voltage_range.1 {
        let (value, range) = (input.nominal_voltage, input.voltage_range);
        c.within(at.key("nominal_voltage"), "`nominal_voltage`", value, range);
    }
    c.positive(
        at.key("max_charge_current"),
        "`max_charge_current`",
        input.max_charge_current,
        CURRENT,
    );
    let key = "max_discharge_current";
    c.positive(
        at.key(key),
        "`max_discharge_current`",
        input.max_discharge_current,
        CURRENT,
    );
    c.positive(
        at.key("capacity"),
        "`capacity`",
        input.capacity,
        AmpHours(100_000.0),
    );
}

fn temperature(c: &mut Checker<'_>, at: Cursor<'_>, dut: &DutProfile) {
    let operating = dut.temperature.operating;
    if let Some(range) = operating {
        c.span(at.key("operating"), "`operating`", range, AMBIENT);
    }
    if let Some(start) = &dut.temperature.derating_start {
        let at = at.key("derating_start");
        if let Some(range) = operating.filter(|range| range.0 < range.1) {
            c.within(at.key("value"), "`derating_start`", start.value, range);
        }
        c.text(at.key("source"), "`source`", &start.source);
    }
}

fn interface(c: &mut Checker<'_>, at: Cursor<'_>, interface: &Interface) {
    c.number(at.key("unit"), "`unit`", interface.unit, (1, 247));
    match interface.protocol {
        InterfaceProtocol::SajAs1Rtu => match interface.baud {
            Some(baud) => c.number(at.key("baud"), "`baud`", baud, (300, 115_200)),
            None => c.error(at, "a serial protocol needs a baud rate", "add baud: 9600"),
        },
        InterfaceProtocol::SunspecTcp if interface.baud.is_some() => c.error(
            at.key("baud"),
            "`sunspec-tcp` is not a serial protocol",
            "leave `baud` out",
        ),
        InterfaceProtocol::SunspecTcp => {}
        InterfaceProtocol::RegisterFile => {
            if let Some(baud) = interface.baud {
                c.number(at.key("baud"), "`baud`", baud, (300, 115_200));
            }
        }
    }
    match (interface.protocol, &interface.file) {
        (InterfaceProtocol::RegisterFile, Some(file)) => {
            c.text(at.key("file"), "`file`", &file.value);
        }
        (InterfaceProtocol::RegisterFile, None) => c.error(
            at,
            "`file` is missing in `interface`",
            "add e.g. file: ./my-registers.yaml",
        ),
        (InterfaceProtocol::SunspecTcp | InterfaceProtocol::SajAs1Rtu, Some(_)) => c.error(
            at.key("file"),
            "only `register-file` has a `file`",
            "write protocol: register-file, or leave `file` out",
        ),
        (InterfaceProtocol::SunspecTcp | InterfaceProtocol::SajAs1Rtu, None) => {}
    }
}
