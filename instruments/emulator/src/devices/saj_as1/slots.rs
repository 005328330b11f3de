//! The AS1's clock and its charge and discharge slots.

use gridproof_plant::Nanos;

use super::map::{CHARGE_MASK, CHARGE_SLOTS, DISCHARGE_MASK, DISCHARGE_SLOTS, SLOTS, Settings};

/// A minute.
pub(crate) const MINUTE: Nanos = 60 * 1_000_000_000;
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

    /// Minute of the day, and weekday with 0 = Monday.
    pub(crate) fn minute_and_weekday(self, now: Nanos) -> (u16, u8) {
        let seconds = self.seconds(now);
        let minute = seconds.rem_euclid(DAY) / 60;
        // 2026-01-01 was a Thursday
        let weekday = (seconds.div_euclid(DAY) + 3).rem_euclid(7);
        (minute as u16, weekday as u8)
    }

    /// The next full minute of this clock.
    pub(crate) fn next_minute(self, now: Nanos) -> Nanos {
        let into = self.seconds(now).rem_euclid(60) as Nanos * 1_000_000_000 + now % 1_000_000_000;
        now + MINUTE - into
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

/// Percent of rated power the slots ask for at this minute: > 0 discharges, < 0 charges.
pub(crate) fn percent(settings: &Settings, minute: u16, weekday: u8) -> Option<f64> {
    let active = |mask: u16, first: u16| {
        (0..SLOTS)
            .filter(|slot| settings.get(mask) >> slot & 1 == 1)
            .find_map(|slot| {
                let at = first + 3 * slot;
                let time = |address: u16| {
                    let [hour, minute] = settings.get(address).to_be_bytes().map(u16::from);
                    60 * hour + minute
                };
                let (start, end) = (time(at), time(at + 1));
                let [days, percent] = settings.get(at + 2).to_be_bytes();
                // the end minute belongs to the slot, so that 00:00–23:59 is the whole day
                let inside = if start <= end {
                    (start..=end).contains(&minute)
                } else {
                    minute >= start || minute <= end
                };
                (inside && days >> weekday & 1 == 1).then_some(f64::from(percent))
            })
    };
    active(DISCHARGE_MASK, DISCHARGE_SLOTS)
        .or_else(|| active(CHARGE_MASK, CHARGE_SLOTS).map(|percent| -percent))
}

/// Any slot is enabled.
pub(crate) fn any(settings: &Settings) -> bool {
    settings.get(CHARGE_MASK) | settings.get(DISCHARGE_MASK) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_starts_on_a_monday_and_can_be_set() {
        let mut clock = Clock::default();
        assert_eq!(clock.registers(0), [2026, 0x0105, 0, 0]);
        assert_eq!(clock.minute_and_weekday(61 * 1_000_000_000), (1, 0));
        assert_eq!(clock.set([2027, 0x0c1f, 0x173b, 0x3b00], 5), Some(()));
        assert_eq!(clock.registers(5), [2027, 0x0c1f, 0x173b, 0x3b00]);
        assert_eq!(clock.registers(1_000_000_005), [2028, 0x0101, 0, 0]);
        assert_eq!(clock.next_minute(5), 1_000_000_000);
        assert_eq!(clock.set([2027, 0x0d01, 0, 0], 0), None);
    }

    #[test]
    fn slots_cover_their_minutes() {
        let mut settings = Settings::default();
        settings.set(DISCHARGE_MASK, 1);
        settings.set(DISCHARGE_SLOTS, 0);
        settings.set(DISCHARGE_SLOTS + 1, 0x173b);
        settings.set(DISCHARGE_SLOTS + 2, 0x7f32);
        assert_eq!(percent(&settings, 0, 0), Some(50.0));
        assert_eq!(percent(&settings, 1439, 6), Some(50.0));
        settings.set(CHARGE_MASK, 2);
        settings.set(DISCHARGE_MASK, 0);
        settings.set(CHARGE_SLOTS + 3, 0x1600);
        settings.set(CHARGE_SLOTS + 4, 0x0200);
        settings.set(CHARGE_SLOTS + 5, 0x0164);
        assert_eq!(percent(&settings, 23 * 60, 0), Some(-100.0));
        assert_eq!(percent(&settings, 12 * 60, 0), None);
        assert_eq!(percent(&settings, 23 * 60, 1), None);
    }
}
