//! What the writable points of the SunSpec models ask of the DUT.

use std::ops::Range;

use super::Nameplate;
use super::map::Map;
use crate::modbus::Exception;

/// Everything that can be commanded, as the points stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Control {
    pub(crate) connect: bool,
    /// Smaller of 123 and 704 WMaxLimPct, pu of rated power.
    pub(crate) limit: f64,
    /// 704 WSet when enabled, else 124's rates, else none.
    pub(crate) active_w: Option<f64>,
    /// 704 VarSet when enabled, else 123's VArPct, pu of rated apparent power.
    pub(crate) reactive_pu: f64,
}

/// Scale factor of all percent points here: 0.01 %.
pub(crate) const PERCENT_SF: i16 = -2;

/// A point whose enable register falls back after a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    pub(crate) model: u16,
    pub(crate) enable: u16,
    /// Value it falls back to.
    pub(crate) rest: u16,
    time: u16,
    wide: bool,
}

/// Reversion timers that are kept.
pub(crate) const TIMERS: &[Timer] = &[
    Timer {
        model: 123,
        enable: 4,
        rest: 1,
        time: 3,
        wide: false,
    },
    Timer {
        model: 123,
        enable: 9,
        rest: 0,
        time: 7,
        wide: false,
    },
    Timer {
        model: 123,
        enable: 22,
        rest: 0,
        time: 19,
        wide: false,
    },
    Timer {
        model: 124,
        enable: 5,
        rest: 0,
        time: 15,
        wide: false,
    },
    Timer {
        model: 704,
        enable: 14,
        rest: 0,
        time: 18,
        wide: true,
    },
    Timer {
        model: 704,
        enable: 22,
        rest: 0,
        time: 31,
        wide: true,
    },
    Timer {
        model: 704,
        enable: 35,
        rest: 0,
        time: 45,
        wide: true,
    },
];

impl Timer {
    /// Time to run, s; 0 or all ones for none.
    pub(crate) fn seconds(self, map: &Map) -> u64 {
        if self.wide {
            match map.get32(self.model, self.time) as u32 {
                u32::MAX => 0,
                seconds => u64::from(seconds),
            }
        } else {
            match map.get(self.model, self.time) {
                u16::MAX => 0,
                seconds => u64::from(seconds),
            }
        }
    }
}

fn signed_percent(map: &Map, id: u16, offset: u16) -> f64 {
    f64::from(map.get(id, offset) as i16) * 1e-4
}

fn percent(map: &Map, id: u16, offset: u16) -> f64 {
    f64::from(map.get(id, offset)) * 1e-4
}

/// Points as after power-on: connected, 100 %, everything disabled, volts-amps as on the nameplate.
pub(crate) fn defaults(map: &mut Map, plate: &Nameplate) {
    let full = 10_000;
    map.fill(
        123,
        2,
        &[
            0, 0, 1, full, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
    );
    map.fill(
        123,
        23,
        &[PERCENT_SF as u16, -2i16 as u16, PERCENT_SF as u16],
    );
    // 704: PF 1.00, limit 100 %
    map.fill(704, 15, &[full, full]);
    map.fill(704, 52, &[1]);
    map.fill(
        704,
        53,
        &[
            -2i16 as u16,
            PERCENT_SF as u16,
            0,
            PERCENT_SF as u16,
            0,
            PERCENT_SF as u16,
        ],
    );
    map.fill(704, 59, &[100, 0, 100, 0, 100, 0, 100, 0]);
    map.fill(704, 49, &[100, 1, 100]);
    map.fill(
        124,
        2,
        &[
            plate.charge_w as u16,
            10_000,
            10_000,
            0,
            plate.apparent_va as u16,
            0,
        ],
    );
    map.fill(
        124,
        12,
        &[
            0,
            0,
            0,
            0,
            0,
            1,
            0,
            PERCENT_SF as u16,
            0,
            PERCENT_SF as u16,
            PERCENT_SF as u16,
            0,
            -1i16 as u16,
            PERCENT_SF as u16,
        ],
    );
}

impl Control {
    /// As the points stand.
    pub(crate) fn of(map: &Map, plate: &Nameplate) -> Self {
        let limit_123 = if map.get(123, 9) == 1 {
            percent(map, 123, 5)
        } else {
            1.0
        };
        let limit_704 = if map.get(704, 14) == 1 {
            percent(map, 704, 15)
        } else {
            1.0
        };
        Self {
            connect: map.get(123, 4) == 1,
            limit: limit_123.min(limit_704),
            active_w: active(map, plate),
            reactive_pu: reactive(map, plate),
        }
    }
}

fn active(map: &Map, plate: &Nameplate) -> Option<f64> {
    if map.get(704, 22) == 1 {
        return Some(if map.get(704, 23) == 1 {
            f64::from(map.get32(704, 24))
        } else {
            signed_percent(map, 704, 28) * plate.power_w
        });
    }
    // 124: bit 1 discharges at OutWRte, bit 0 charges at InWRte; both exchange the difference
    let mode = map.get(124, 5);
    let discharge = if mode & 2 != 0 {
        signed_percent(map, 124, 12) * plate.power_w
    } else {
        0.0
    };
    let charge = if mode & 1 != 0 {
        signed_percent(map, 124, 13) * plate.charge_w
    } else {
        0.0
    };
    (mode & 3 != 0).then_some(discharge - charge)
}

fn reactive(map: &Map, plate: &Nameplate) -> f64 {
    if map.get(704, 35) == 1 {
        let share = signed_percent(map, 704, 42);
        return match map.get(704, 36) {
            4 => f64::from(map.get32(704, 38)) / plate.apparent_va,
            0 => share * plate.power_w / plate.apparent_va,
            _ => share,
        };
    }
    if map.get(123, 22) == 1 {
        return match map.get(123, 21) {
            1 => signed_percent(map, 123, 15) * plate.power_w / plate.apparent_va,
            2 => signed_percent(map, 123, 16),
            3 => signed_percent(map, 123, 17),
            _ => 0.0,
        };
    }
    0.0
}

/// Exception 3 for values a point does not take.
pub(crate) fn check(map: &Map, id: u16, written: Range<u16>) -> Result<(), Exception> {
    let fine = |offset: u16| -> bool {
        let value = map.get(id, offset);
        let signed = value as i16;
        match (id, offset) {
            (123, 4 | 9 | 22) | (704, 14 | 17 | 22 | 23 | 30 | 35 | 44) => value <= 1,
            (123, 5) | (704, 15 | 16) => value <= 10_000,
            // no power factor mode
            (123, 14) | (704, 2 | 3 | 8 | 9) => value == 0,
            // islanding detection cannot be switched off
            (704, 52) => value == 1,
            (123, 15..=17) | (704, 28 | 29 | 42 | 43) => signed.unsigned_abs() <= 10_000,
            (123, 21) => value <= 3,
            (704, 36) => value <= 4,
            (704, 37) => value <= 2,
            (124, 5) => value <= 3,
            (124, 12 | 13) => signed.unsigned_abs() <= 10_000,
            (124, 17) => value <= 1,
            _ => true,
        }
    };
    if written.clone().all(fine) {
        Ok(())
    } else {
        Err(Exception::Value)
    }
}
