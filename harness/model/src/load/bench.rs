//! Does a bench make sense, and can it always be made safe?

use std::collections::BTreeSet;

use super::check::Checker;
use super::instrument;
use super::outline::Cursor;
use super::words::choices;
use crate::bench::{Bench, Role};
use crate::quantity::{Amps, Celsius, Henries, Hertz, Ohms, Seconds, Volts, Watts};

/// Most time one item of the safe-state sequence may take.
const LONGEST_ITEM: Seconds = Seconds(60.0);
const AMBIENT: (Celsius, Celsius) = (Celsius(-60.0), Celsius(100.0));

pub(super) fn check(c: &mut Checker<'_>, root: Cursor<'_>, bench: &Bench) {
    c.name(root.key("bench"), "bench", &bench.bench);
    c.text(root.key("title"), "the title", &bench.title);
    let line = root.key("line");
    c.within(line.key("r"), "`r`", bench.line.r, (Ohms(0.0), Ohms(100.0)));
    c.within(
        line.key("l"),
        "`l`",
        bench.line.l,
        (Henries(0.0), Henries(0.1)),
    );
    envelope(c, root, bench);
    c.not_empty(
        root.key("instruments"),
        "`instruments`",
        bench.instruments.len(),
    );
    for (name, entry) in &bench.instruments {
        c.name(root.key("instruments").name(name), "instrument", name);
        instrument::check(
            c,
            root.key("instruments").key(name),
            entry,
            bench.environment,
        );
    }
    let duts = bench.with_role(Role::Dut).count();
    if duts != 1 {
        let message = format!("the bench has {duts} instruments with role dut");
        c.error(root.key("instruments"), message, "a bench has exactly one");
    }
    wiring(c, root.key("drm_wiring"), bench);
    safe_state(c, root.key("safe_state"), bench);
}

fn envelope(c: &mut Checker<'_>, root: Cursor<'_>, bench: &Bench) {
    let (at, limits) = (root.key("envelope"), &bench.envelope);
    c.span(
        at.key("grid_voltage"),
        "`grid_voltage`",
        limits.grid_voltage,
        (Volts(0.0), Volts(1_000.0)),
    );
    c.span(
        at.key("grid_frequency"),
        "`grid_frequency`",
        limits.grid_frequency,
        (Hertz(1.0), Hertz(1_000.0)),
    );
    for (key, volts) in [
        ("pv_voltage", limits.pv_voltage),
        ("battery_voltage", limits.battery_voltage),
    ] {
        c.positive(at.key(key), &format!("`{key}`"), volts, Volts(2_000.0));
    }
    for (key, amps) in [
        ("grid_current", limits.grid_current),
        ("pv_current", limits.pv_current),
        ("battery_current", limits.battery_current),
    ] {
        c.positive(at.key(key), &format!("`{key}`"), amps, Amps(2_000.0));
    }
    c.positive(
        at.key("island_load"),
        "`island_load`",
        limits.island_load,
        Watts(1e6),
    );
    c.span(at.key("ambient"), "`ambient`", limits.ambient, AMBIENT);
    if limits.ambient.0 < limits.ambient.1 {
        c.within(
            root.key("ambient"),
            "`ambient`",
            bench.ambient,
            limits.ambient,
        );
    }
}

fn wiring(c: &mut Checker<'_>, at: Cursor<'_>, bench: &Bench) {
    let banks: Vec<&str> = bench
        .with_role(Role::RelayBank)
        .map(|(name, _)| name)
        .collect();
    let mut seen = BTreeSet::new();
    for (index, wire) in bench.drm_wiring.iter().enumerate() {
        let at = at.item(index);
        if !banks.contains(&wire.bank.as_str()) {
            let message = format!("there is no relay bank `{}`", wire.bank);
            c.error(
                at.key("bank"),
                message,
                choices(&wire.bank, &banks, "relay banks"),
            );
        }
        c.number(at.key("relay"), "`relay`", wire.relay, (0, 15));
        if !seen.insert((&wire.bank, wire.relay)) {
            let message = format!("relay {} of `{}` is wired twice", wire.relay, wire.bank);
            c.error(at.key("relay"), message, "wire each relay once");
        }
        let (one, other) = wire.pins;
        c.number(at.key("pins").item(0), "pin", one, (1, 8));
        c.number(at.key("pins").item(1), "pin", other, (1, 8));
        if one == other {
            c.error(
                at.key("pins"),
                format!("pin {one} is shorted to itself"),
                "name two pins",
            );
        }
    }
}

fn safe_state(c: &mut Checker<'_>, at: Cursor<'_>, bench: &Bench) {
    c.not_empty(at, "`safe_state`", bench.safe_state.len());
    let names: Vec<&str> = bench.instruments.keys().map(String::as_str).collect();
    let mut covered = BTreeSet::new();
    for (index, item) in bench.safe_state.iter().enumerate() {
        let (at, name) = (at.item(index), item.instrument.as_str());
        if !names.contains(&name) {
            let message = format!("there is no instrument `{name}`");
            c.error(
                at.key("instrument"),
                message,
                choices(name, &names, "instruments"),
            );
        }
        if !covered.insert(name) {
            c.error(
                at.key("instrument"),
                format!("`{name}` is listed twice"),
                "list it once",
            );
        }
        c.positive(at.key("within"), "`within`", item.within, LONGEST_ITEM);
    }
    for (name, entry) in &bench.instruments {
        if entry.role.has_output() && !covered.contains(name.as_str()) {
            c.error(
                at,
                format!("`{name}` has an output and is missing from `safe_state`"),
                format!("add - {{instrument: {name}, within: 5 s}} where it belongs in the order"),
            );
        }
    }
}
