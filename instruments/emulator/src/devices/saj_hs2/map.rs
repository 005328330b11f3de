//! Register blocks of the H2 family: which addresses exist, what they take, and the fault bits.

use std::ops::RangeInclusive;

use gridproof_plant::Fault;

/// Blocks that answer reads; gaps inside a block read 0, anything else is exception 2.
pub(super) const READABLE: [RangeInclusive<u16>; 4] = [
    0x8f00..=0x8f76,
    0x4000..=0x4166,
    0xa000..=0xa065,
    0x3604..=0x367c,
];

pub(super) const PASSIVE_COMMAND: u16 = 0x3636;
/// Powers of the passive mode, ‰ of rated: grid charge, grid discharge, battery charge, battery
/// discharge.
pub(super) const PASSIVE_POWERS: [u16; 4] = [0x3637, 0x3638, 0x3639, 0x363a];
/// Depths, %: discharge on the grid, off the grid, charge.
pub(super) const DEPTHS: [u16; 3] = [0x3644, 0x3645, 0x3646];
pub(super) const APP_MODE: u16 = 0x3647;
/// Largest powers, ‰ of rated: battery charge and discharge, grid charge and discharge.
pub(super) const POWER_LIMITS: [u16; 4] = [0x364d, 0x364e, 0x364f, 0x3650];
/// State of charge that is kept in back-up mode, %.
pub(super) const RETAIN: u16 = 0x3651;
/// Limit of the export, ‰ of rated, and its mode: 0 is none.
pub(super) const EXPORT_LIMIT: u16 = 0x365a;
pub(super) const EXPORT_MODE: u16 = 0x365c;
/// Outside of the slots: 0 standby, 1 self-use.
pub(super) const OUTSIDE: u16 = 0x365f;
/// The battery may discharge outside of the slots.
pub(super) const OUTSIDE_BATTERY: u16 = 0x3660;
pub(super) const UNIT: u16 = 0x3633;
pub(super) const STOP: u16 = 0x3677;

/// Settings at power-on that do not come from the profile.
pub(super) const DEFAULTS: [(u16, u16); 17] = [
    (0x3630, 1),
    (0x3631, 1),
    (0x3635, 1),
    (PASSIVE_POWERS[0], 1100),
    (PASSIVE_POWERS[1], 1100),
    (PASSIVE_POWERS[2], 1100),
    (PASSIVE_POWERS[3], 1100),
    (DEPTHS[0], 20),
    (DEPTHS[1], 10),
    (DEPTHS[2], 100),
    (POWER_LIMITS[0], 1100),
    (POWER_LIMITS[1], 1100),
    (POWER_LIMITS[2], 1100),
    (POWER_LIMITS[3], 1100),
    (RETAIN, 100),
    (EXPORT_LIMIT, 0),
    (OUTSIDE_BATTERY, 0),
];

/// Whether an address may be written; all of the settings, and the clock.
pub(super) fn writable(address: u16) -> bool {
    matches!(address, 0x4000..=0x4003 | 0x3604..=0x367c)
}

/// Values that a register takes.
pub(super) fn range(address: u16) -> RangeInclusive<u16> {
    match address {
        0x3604 | 0x3605 => 0..=0x7f,
        0x3630 | EXPORT_MODE => 0..=3,
        0x3631 => 1..=255,
        UNIT => 1..=127,
        0x3634 => 0..=7,
        0x3635 | PASSIVE_COMMAND => 0..=2,
        0x3637..=0x363a | 0x364d..=0x3650 | EXPORT_LIMIT => 0..=1100,
        0x363b => 0..=22,
        0x3642 => 0..=15,
        0x3632 | 0x3643 | OUTSIDE | OUTSIDE_BATTERY | STOP => 0..=1,
        0x3644 | 0x3645 => 5..=100,
        0x3646 | RETAIN => 20..=100,
        APP_MODE => 0..=14,
        0x365b => 0..=3000,
        _ => 0..=u16::MAX,
    }
}

/// Word (0 display board, 1 and 2 master) and bit of a fault; `None`: the map has none for it.
pub(super) fn fault_bit(fault: Fault) -> Option<(usize, u32)> {
    Some(match fault {
        Fault::MeterLost => (0, 0x2),
        Fault::BmsLost => (0, 0x20),
        Fault::CellOverVoltage
        | Fault::CellUnderVoltage
        | Fault::ChargeOverTemperature
        | Fault::ChargeUnderTemperature
        | Fault::DischargeOverTemperature
        | Fault::DischargeUnderTemperature
        | Fault::ChargeOverCurrent
        | Fault::DischargeOverCurrent
        | Fault::BatteryShortCircuit => (0, 0x10),
        Fault::BusOverVoltage => (1, 0x1),
        Fault::BusUnderVoltage => (1, 0x2),
        Fault::Pv1OverVoltage | Fault::Pv2OverVoltage => (1, 0x8),
        Fault::Islanding => (1, 0x10),
        Fault::Drm0 => (1, 0x8000),
        Fault::BatteryOverVoltage => (1, 0x40_0000),
        Fault::BackupOverload => (1, 0x800_0000),
        Fault::BatteryOpen => (1, 0x1000_0000),
        Fault::BatteryUnderVoltage => (1, 0x2000_0000),
        Fault::OverTemperature => (2, 0x4),
        Fault::UnderTemperature => (2, 0x8),
        Fault::GridOverVoltage => (2, 0x100),
        Fault::GridUnderVoltage => (2, 0x200),
        Fault::TenMinuteOverVoltage => (2, 0x4000),
        Fault::GridOverFrequency => (2, 0x2_0000),
        Fault::GridUnderFrequency => (2, 0x4_0000),
        Fault::GridLoss => (2, 0x80_0000),
        Fault::DcInjection => (2, 0x800_0000),
        Fault::ExportLimit
        | Fault::BackupOverloadWarning
        | Fault::BackupShortCircuit
        | Fault::TemperatureDerating
        | Fault::LowStateOfCharge
        | Fault::LockedOut => return None,
    })
}
