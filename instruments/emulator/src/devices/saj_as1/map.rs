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
/// Back-up supply enabled.
pub(crate) const EPS: u16 = 0x3372;
/// State of charge that is kept in back-up mode, %.
pub(crate) const RETAIN: u16 = 0x3377;
pub(crate) const RECONNECT: u16 = 0x331a;
pub(crate) const CHARGE_LIMIT: u16 = 0x3348;
pub(crate) const FEED_LIMIT: u16 = 0x3349;
pub(crate) const BUS_ADDRESS: u16 = 0x3633;
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

/// Values a register takes.
pub(crate) fn range(address: u16) -> RangeInclusive<u16> {
    match address {
        STOP | EPS | 0x334a | 0x3355 | 0x3378 | 0x3632 => 0..=1,
        0x334c => 500..=600,
        0x334d => 400..=520,
        0x334e => 120..=420,
        0x334f => 400..=480,
        0x3350 => 20..=95,
        0x3351 => 480..=580,
        0x3353 => 50..=500,
        0x3354 => 50..=1200,
        USER_MODE => 1..=4,
        REACTIVE_MODE => 0..=3,
        0x3373 | 0x3374 | RETAIN => 0..=100,
        0x3375 => 1..=2,
        0x3630 => 0..=2,
        0x3631 => 1..=255,
        BUS_ADDRESS => 1..=127,
        0x3634 => 0..=3,
        CHARGE_MASK | DISCHARGE_MASK => 0..=(1 << SLOTS) - 1,
        _ => 0..=u16::MAX,
    }
}

/// Threshold and time registers of the protection elements by name.
pub(crate) const TRIPS: [(&str, u16, u16); 8] = [
    ("OV1", 0x3325, 0x332d),
    ("UV1", 0x3326, 0x332e),
    ("OF1", 0x3327, 0x3331),
    ("UF1", 0x3328, 0x3332),
    ("OV2", 0x3329, 0x332f),
    ("UV2", 0x332a, 0x3330),
    ("OF2", 0x332b, 0x3333),
    ("UF2", 0x332c, 0x3334),
];

/// Settings at power-on that do not come from the nameplate or the grid code.
pub(crate) const DEFAULTS: [(u16, u16); 18] = [
    (0x3303, 1),
    (0x3309, 0x38ff),
    (0x334a, 1),
    (0x334c, 600),
    (0x334d, 460),
    (0x334e, 380),
    (0x334f, 420),
    (0x3350, 80),
    (0x3351, 540),
    (0x3352, 120),
    (0x3353, 500),
    (0x3354, 1000),
    (0x3373, 80),
    (0x3374, 40),
    (0x3375, 1),
    (SAFETY_MODE, DRM_BIT),
    (RETAIN, 80),
    (0x3631, 1),
];

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
