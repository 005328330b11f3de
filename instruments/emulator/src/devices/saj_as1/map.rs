//! Register blocks of the AS1: which addresses exist, what they hold, which may be written.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Blocks that answer reads; gaps inside a block read 0, anything else is exception 2.
pub(crate) const READABLE: [RangeInclusive<u16>; 5] = [
    0x8f00..=0x8f76,
    0x4000..=0x4166,
    0xa000..=0xa065,
    0x3303..=0x3378,
    0x3600..=0x3634,
];

/// Rated-power percent slots: (start, end, weekday mask and percent) from here.
pub(crate) const CHARGE_SLOTS: u16 = 0x3606;
pub(crate) const DISCHARGE_SLOTS: u16 = 0x361b;
/// Slots of each kind.
pub(crate) const SLOTS: u16 = 7;
pub(crate) const CHARGE_MASK: u16 = 0x3604;
pub(crate) const DISCHARGE_MASK: u16 = 0x3605;
pub(crate) const USER_MODE: u16 = 0x3371;
pub(crate) const STOP: u16 = 0x3337;
pub(crate) const POWER_LIMITED: u16 = 0x331c;
pub(crate) const REACTIVE_MODE: u16 = 0x331d;
pub(crate) const REACTIVE_VALUE: u16 = 0x331e;
pub(crate) const SAFETY_MODE: u16 = 0x3376;
/// DRM enable bit of [`SAFETY_MODE`].
pub(crate) const DRM_BIT: u16 = 1 << 10;
pub(crate) const CLOCK: u16 = 0x4000;

/// Whether an address of a readable block may be written.
pub(crate) fn writable(address: u16) -> bool {
    matches!(
        address,
        0x4000..=0x4003
            | 0x3304..=0x3309
            | 0x330d
            | 0x3311
            | 0x3313..=0x3314
            | 0x3319..=0x331e
            | 0x3324..=0x3338
            | 0x3348..=0x3355
            | 0x3371..=0x3378
            | 0x3604..=0x3634
    )
}

/// Largest value a register takes.
pub(crate) fn most(address: u16) -> u16 {
    match address {
        STOP | 0x3372 | 0x334a | 0x3355 | 0x3378 | 0x3632 => 1,
        USER_MODE => 4,
        REACTIVE_MODE => 3,
        0x3373 | 0x3374 | 0x3377 | 0x3350 => 100,
        0x3633 => 127,
        0x3634 => 3,
        CHARGE_MASK | DISCHARGE_MASK => (1 << SLOTS) - 1,
        _ => u16::MAX,
    }
}

/// A slot register's value is a time of day (`hh mm`), or a weekday mask and a percentage.
pub(crate) fn slot_value_is_good(address: u16, value: u16) -> bool {
    let slots = CHARGE_SLOTS..DISCHARGE_SLOTS + 3 * SLOTS;
    if !slots.contains(&address) {
        return true;
    }
    let [high, low] = value.to_be_bytes();
    if (address - CHARGE_SLOTS) % 3 == 2 {
        high < 0x80 && low <= 100
    } else {
        (high < 24 && low < 60) || (high == 24 && low == 0)
    }
}

/// Plain storage for the settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    values: BTreeMap<u16, u16>,
}

impl Settings {
    /// A stored value, 0 if never written.
    pub(crate) fn get(&self, address: u16) -> u16 {
        self.values.get(&address).copied().unwrap_or(0)
    }

    /// Stores.
    pub(crate) fn set(&mut self, address: u16, value: u16) {
        self.values.insert(address, value);
    }
}
