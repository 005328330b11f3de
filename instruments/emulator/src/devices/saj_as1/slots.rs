//! The AS1's clock and its charge and discharge slots.

use gridproof_plant::Nanos;
use gridproof_plant::input::{TimeWindow, WorkingMode};

use super::map::{CHARGE_MASK, CHARGE_SLOTS, DISCHARGE_MASK, DISCHARGE_SLOTS, SLOTS, Settings};

const DAY: i64 = 86_400;
/// The clock at power-on: 2026-01-05 (a Monday) 00:00:00, as days since 2026-01-01.
const FIRST_DAY: i64 = 4;

/// The inverter's calendar clock: an offset to the time since power-on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    offset_s: i64,
}

impl Clock {
    fn seconds(self, now: Nanos) -> i64 {
        (now / 1_000_000_000) as i64 + FIRST_DAY * DAY + self.offset_s
    }

    /// What it showed at power-on, s since Monday 00:00.
    pub(crate) fn at_power_on_s(self) -> i64 {
        // 2026-01-01 was a Thursday
        (self.seconds(0) + 3 * DAY).rem_euclid(7 * DAY)
    }

    /// Year, month and day, hour and minute, second (each pair high byte, low byte).
    pub(crate) fn registers(self, now: Nanos) -> [u16; 4] {
        let seconds = self.seconds(now);
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        [
            year as u16,
            (month << 8 | day) as u16,
            (((second / 3600) << 8) | (second / 60 % 60)) as u16,
            ((second % 60) << 8) as u16,
        ]
    }

    /// Sets the clock; `None` when the registers are no date and time.
    pub(crate) fn set(&mut self, registers: [u16; 4], now: Nanos) -> Option<()> {
        let [month, day] = registers[1].to_be_bytes().map(i64::from);
        let [hour, minute] = registers[2].to_be_bytes().map(i64::from);
        let second = i64::from(registers[3] >> 8);
        let year = i64::from(registers[0]);
        let valid = (2000..=2099).contains(&year) && hour < 24 && minute < 60 && second < 60;
        let days = (0..40_000)
            .map(|n| n - 9_500)
            .find(|&days| civil(days) == (year, month, day))
            .filter(|_| valid)?;
        self.offset_s = 0;
        self.offset_s = days * DAY + hour * 3600 + minute * 60 + second - self.seconds(now);
        Some(())
    }
}

/// Date of a day since 2026-01-01 (Hinnant's algorithm).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 20_454 + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (
        yoe + era * 400 + i64::from(month <= 2),
        month,
        doy - (153 * mp + 2) / 5 + 1,
    )
}

/// The enabled slots, discharging ones first; `watts` turns a percentage (> 0 discharges) into power.
pub(crate) fn windows(settings: &Settings, watts: impl Fn(f64) -> f64) -> Vec<TimeWindow> {
    let slots = |mask: u16, first: u16, sign: f64| {
        let enabled = (0..SLOTS).filter(move |slot| settings.get(mask) >> slot & 1 == 1);
        enabled.map(move |slot| (first + 3 * slot, sign))
    };
    slots(DISCHARGE_MASK, DISCHARGE_SLOTS, 1.0)
        .chain(slots(CHARGE_MASK, CHARGE_SLOTS, -1.0))
        .map(|(at, sign)| {
            let time = |address: u16| {
                let [hour, minute] = settings.get(address).to_be_bytes().map(u16::from);
                60 * hour + minute
            };
            let [weekdays, percent] = settings.get(at + 2).to_be_bytes();
            TimeWindow {
                from: time(at),
                // the end minute belongs to the slot, so that 00:00–23:59 is the whole day
                to: time(at + 1),
                weekdays,
                mode: WorkingMode::Exchange {
                    watts: watts(sign * f64::from(percent)),
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_starts_on_a_monday_and_can_be_set() {
        let mut clock = Clock::default();
        assert_eq!(clock.registers(0), [2026, 0x0105, 0, 0]);
        assert_eq!(clock.at_power_on_s(), 0);
        assert_eq!(clock.set([2027, 0x0c1f, 0x173b, 0x3b00], 5), Some(()));
        assert_eq!(clock.registers(5), [2027, 0x0c1f, 0x173b, 0x3b00]);
        assert_eq!(clock.registers(1_000_000_005), [2028, 0x0101, 0, 0]);
        // a Friday, a second before midnight
        assert_eq!(clock.at_power_on_s(), 5 * DAY - 1);
        assert_eq!(clock.set([2027, 0x0d01, 0, 0], 0), None);
    }

    #[test]
    fn enabled_slots_are_windows() {
        let mut settings = Settings::default();
        settings.set(DISCHARGE_MASK, 1);
        settings.set(DISCHARGE_SLOTS, 0);
        settings.set(DISCHARGE_SLOTS + 1, 0x173b);
        settings.set(DISCHARGE_SLOTS + 2, 0x7f32);
        settings.set(CHARGE_MASK, 2);
        settings.set(CHARGE_SLOTS + 3, 0x1600);
        settings.set(CHARGE_SLOTS + 4, 0x0200);
        settings.set(CHARGE_SLOTS + 5, 0x0164);
        let window = |from, to, weekdays, watts| TimeWindow {
            from,
            to,
            weekdays,
            mode: WorkingMode::Exchange { watts },
        };
        let expected = [
            window(0, 1439, 0x7f, 1500.0),
            window(22 * 60, 2 * 60, 1, -3000.0),
        ];
        assert_eq!(windows(&settings, |percent| 30.0 * percent), expected);
        settings.set(DISCHARGE_MASK, 0);
        assert_eq!(windows(&settings, |percent| 30.0 * percent), expected[1..]);
    }
}
