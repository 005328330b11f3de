//! Does the entry of an instrument fit its role and its bench?

use std::collections::BTreeSet;

use super::check::{Checker, PV_INPUTS};
use super::outline::Cursor;
use crate::bench::{
    Accuracy, AccuracyOf, AccuracyTable, Address, Environment, GridOutput, InstrumentEntry,
    LineImpedance, Model, Role,
};
use crate::quantity::{Amps, Henries, Kelvins, Ohms, Ratio, Seconds, Volts, Watts};

pub(super) fn check(
    c: &mut Checker<'_>,
    at: Cursor<'_>,
    entry: &InstrumentEntry,
    environment: Environment,
) {
    let role = entry.role;
    if entry.model.role() != role {
        c.error(
            at.key("model"),
            format!("a {} cannot be a {}", entry.model.word(), role.word()),
            format!("it has role {}", entry.model.role().word()),
        );
    }
    if environment == Environment::Real && entry.address == Address::Emulated {
        let hint = "write e.g. tcp://192.168.1.10:5025, or environment: emulated";
        c.error(
            at.key("address"),
            "a real bench cannot have an emulated instrument",
            hint,
        );
    }
    if matches!(entry.address, Address::Can { .. }) && role != Role::Bms {
        c.error(
            at.key("address"),
            format!("a {} is not on a CAN bus", role.word()),
            "only a bms is; write e.g. tcp://192.168.1.10:5025",
        );
    }
    keys_of_role(c, at, entry);
    if let Some(inputs) = entry.inputs {
        c.number(at.key("inputs"), "`inputs`", inputs, PV_INPUTS);
    }
    if let Some(resolution) = entry.resolution {
        c.positive(at.key("resolution"), "`resolution`", resolution, Watts(1e4));
    }
    if let Some(interval) = entry.interval {
        c.within(
            at.key("interval"),
            "`interval`",
            interval,
            (Seconds(1e-3), Seconds(60.0)),
        );
    }
    if let Some(ranges) = &entry.ranges {
        let at = at.key("ranges");
        c.positive(
            at.key("voltage"),
            "`voltage`",
            ranges.voltage,
            Volts(10_000.0),
        );
        c.positive(
            at.key("current"),
            "`current`",
            ranges.current,
            Amps(10_000.0),
        );
    }
    recorder_channels(c, at.key("channels"), entry);
    accuracy(c, at, entry);
    for (name, points) in &entry.curves {
        curve(c, at.key("curves").key(name.as_str()), points);
    }
    if let Some(output) = &entry.output {
        grid_output(c, at.key("output"), output);
    }
    if let Some(branches) = &entry.branches {
        let at = at.key("branches");
        if let Some(q) = branches.inductor_q {
            c.number(at.key("inductor_q"), "`inductor_q`", q, (1.0, 1e6));
        }
        if let Some(tolerance) = branches.tolerance {
            let most = (Ratio(0.0), Ratio(0.2));
            c.within(at.key("tolerance"), "`tolerance`", tolerance, most);
        }
    }
}

/// A curve of a PV simulator falls from short circuit to open circuit.
fn curve(c: &mut Checker<'_>, at: Cursor<'_>, points: &[(Volts, Amps)]) {
    let falls = |pair: &[(Volts, Amps)]| pair[1].0 > pair[0].0 && pair[1].1 <= pair[0].1;
    let ends = match points {
        [first, .., last] => first.0.0 == 0.0 && first.1.0 > 0.0 && last.1.0 == 0.0,
        _ => false,
    };
    if !ends || !points.windows(2).all(falls) {
        c.error(
            at,
            "this is no curve from short circuit to open circuit",
            "write e.g. [[0 V, 10 A], [300 V, 9 A], [400 V, 0 A]]: V rises from 0, A falls to 0",
        );
    }
}

fn grid_output(c: &mut Checker<'_>, at: Cursor<'_>, output: &GridOutput) {
    let fractions = (Ratio(0.0), Ratio(0.2));
    if let Some(AccuracyOf { reading, range }) = output.accuracy {
        let at = at.key("accuracy");
        c.within(at.key("reading"), "`reading`", reading, fractions);
        c.within(at.key("range"), "`range`", range, fractions);
    }
    if let Some(LineImpedance { r, l }) = &output.impedance {
        let at = at.key("impedance");
        c.within(at.key("r"), "`r`", *r, (Ohms(0.0), Ohms(10.0)));
        c.within(at.key("l"), "`l`", *l, (Henries(0.0), Henries(0.1)));
    }
    for (key, time) in [("rise", output.rise), ("latency", output.latency)] {
        if let Some(time) = time {
            let range = (Seconds(0.0), Seconds(1.0));
            c.within(at.key(key), &format!("`{key}`"), time, range);
        }
    }
}

/// Keys that a role needs, and keys that mean nothing for it.
fn keys_of_role(c: &mut Checker<'_>, at: Cursor<'_>, entry: &InstrumentEntry) {
    let role = entry.role;
    let analyser = role == Role::PowerAnalyser;
    let recorder = role == Role::Recorder;
    let source = matches!(
        role,
        Role::GridSource | Role::PvSource | Role::BatterySource
    );
    let measures = analyser || recorder || role == Role::Chamber;
    let keys = [
        ("channel", entry.channel.is_some(), source, false),
        (
            "inputs",
            entry.inputs.is_some(),
            entry.model == Model::Terrasas,
            false,
        ),
        (
            "curves",
            !entry.curves.is_empty(),
            entry.model == Model::Terrasas,
            false,
        ),
        (
            "output",
            entry.output.is_some(),
            role == Role::GridSource,
            false,
        ),
        (
            "branches",
            entry.branches.is_some(),
            role == Role::RlcLoad,
            false,
        ),
        (
            "resolution",
            entry.resolution.is_some(),
            role == Role::RlcLoad,
            role == Role::RlcLoad,
        ),
        ("interval", entry.interval.is_some(), analyser, analyser),
        ("ranges", entry.ranges.is_some(), analyser, analyser),
        ("channels", !entry.channels.is_empty(), recorder, recorder),
        ("accuracy", entry.accuracy.is_some(), measures, measures),
    ];
    for (key, present, allowed, needed) in keys {
        if present && !allowed {
            c.error(
                at.name(key),
                format!("`{key}` means nothing for a {}", role.word()),
                "leave it out",
            );
        } else if needed && !present {
            let example = match key {
                "resolution" => "resolution: 1 W",
                "interval" => "interval: 200 ms",
                "ranges" => "ranges: {voltage: 300 V, current: 30 A}",
                "channels" => "channels: {1: {signal: grid-voltage, range: 1000 V}}",
                _ => "accuracy as the data sheet states it",
            };
            c.error(
                at,
                format!("a {} needs `{key}`", role.word()),
                format!("add e.g. {example}"),
            );
        }
    }
}

fn recorder_channels(c: &mut Checker<'_>, at: Cursor<'_>, entry: &InstrumentEntry) {
    let mut seen = BTreeSet::new();
    for (number, channel) in &entry.channels {
        let at = at.key(number.to_string());
        let (signal, range) = (channel.signal, channel.range);
        if *number == 0 {
            c.error(
                at,
                "channel 0 does not exist",
                "channels are counted from 1",
            );
        }
        if !seen.insert(signal) {
            let message = format!("{} is recorded twice", signal.name());
            c.error(
                at.key("signal"),
                message,
                "connect each signal to one channel",
            );
        }
        if !(range.value() > 0.0 && range.value() <= 1e6) {
            c.error(
                at.key("range"),
                format!("`range` of {range} is out of range"),
                "write the positive full scale",
            );
        } else if range.unit() != signal.unit() {
            let wanted = match signal.unit() {
                "V" => "write a voltage, e.g. 1000 V",
                "A" => "write a current, e.g. 100 A",
                _ => "write a plain number for a contact, e.g. 10",
            };
            c.error(
                at.key("range"),
                format!("`range` of {range} does not fit {}", signal.name()),
                wanted,
            );
        }
    }
}

fn accuracy(c: &mut Checker<'_>, at: Cursor<'_>, entry: &InstrumentEntry) {
    let Some(accuracy) = &entry.accuracy else {
        return;
    };
    let at = at.key("accuracy");
    match (accuracy, entry.role) {
        (Accuracy::Temperature(kelvins), Role::Chamber) => {
            c.positive(at, "`accuracy`", *kelvins, Kelvins(20.0));
        }
        (Accuracy::Temperature(_), _) => {
            c.error(
                at,
                "only a chamber states its accuracy in K",
                "write a table by quantity",
            );
        }
        (Accuracy::Table(_), Role::Chamber) => {
            c.error(
                at,
                "a chamber states its accuracy in K",
                "write e.g. accuracy: 0.5 K",
            );
        }
        (Accuracy::Table(table), Role::PowerAnalyser | Role::Recorder) => {
            table_values(c, at, table);
            table_keys(c, at, table, entry.role);
        }
        (Accuracy::Table(_), _) => {} // already refused as a key of another role
    }
}

fn table_values(c: &mut Checker<'_>, at: Cursor<'_>, table: &AccuracyTable) {
    let fractions = (Ratio(0.0), Ratio(0.2));
    for (key, value) in [
        ("voltage", table.voltage),
        ("current", table.current),
        ("power", table.power),
    ] {
        if let Some(AccuracyOf { reading, range }) = value {
            let at = at.key(key);
            c.within(at.key("reading"), "`reading`", reading, fractions);
            c.within(at.key("range"), "`range`", range, fractions);
        }
    }
    for (key, value) in [("frequency", table.frequency), ("clock", table.clock)] {
        if let Some(value) = value {
            c.within(at.key(key), &format!("`{key}`"), value, fractions);
        }
    }
    for (key, value) in [("skew", table.skew), ("contact_lag", table.contact_lag)] {
        if let Some(value) = value {
            c.within(
                at.key(key),
                &format!("`{key}`"),
                value,
                (Seconds(0.0), Seconds(1.0)),
            );
        }
    }
}

fn table_keys(c: &mut Checker<'_>, at: Cursor<'_>, table: &AccuracyTable, role: Role) {
    let (analyser, recorder) = (role == Role::PowerAnalyser, role == Role::Recorder);
    let entries = [
        ("voltage", table.voltage.is_some(), analyser || recorder),
        ("current", table.current.is_some(), analyser || recorder),
        ("power", table.power.is_some(), analyser),
        ("frequency", table.frequency.is_some(), analyser),
        ("clock", table.clock.is_some(), recorder),
        ("skew", table.skew.is_some(), recorder),
        ("contact_lag", table.contact_lag.is_some(), recorder),
    ];
    for (key, present, wanted) in entries {
        if wanted && !present {
            let message = format!("`accuracy` of a {} needs `{key}`", role.word());
            c.error(
                at,
                message,
                "take it from the data sheet; the uncertainty depends on it",
            );
        } else if present && !wanted {
            let message = format!("`{key}` means nothing for a {}", role.word());
            c.error(at.name(key), message, "leave it out");
        }
    }
}
