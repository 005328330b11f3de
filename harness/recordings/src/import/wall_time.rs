//! Wall-clock time stamps inside files.

use std::fmt;

/// A date and time of day as a file states it (proleptic Gregorian).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime {
    /// Year, 1–9999.
    pub year: u16,
    /// Month, 1–12.
    pub month: u8,
    /// Day, 1–31.
    pub day: u8,
    /// Hour, 0–23.
    pub hour: u8,
    /// Minute, 0–59.
    pub minute: u8,
    /// Second, 0–60: a leap second is possible.
    pub second: u8,
    /// Nanosecond, 0–999 999 999.
    pub nanosecond: u32,
    /// Minutes ahead of UTC, if the file says (COMTRADE 2013 `time_code`).
    pub utc_offset_minutes: Option<i16>,
}

impl WallTime {
    /// A valid time stamp, or `None`.
    pub(crate) fn new(date: (u16, u8, u8), time: (u8, u8, u8), nanosecond: u32) -> Option<Self> {
        let (year, month, day) = date;
        let (hour, minute, second) = time;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        let good = (1..=9999).contains(&year)
            && (1..=days).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60
            && nanosecond < 1_000_000_000;
        good.then_some(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
            utc_offset_minutes: None,
        })
    }

    /// Seconds from `self` to `later`, by the same clock.
    pub(crate) fn seconds_until(&self, later: &WallTime) -> f64 {
        let nanos = later.nanoseconds() - self.nanoseconds();
        nanos as f64 * 1e-9
    }

    /// The stamp `seconds` earlier; `None` before year 1.
    pub(crate) fn earlier(&self, seconds: f64) -> Option<WallTime> {
        let total = self.nanoseconds() - (seconds * 1e9).round() as i128;
        let (days, nanos) = (
            total.div_euclid(86_400_000_000_000),
            total.rem_euclid(86_400_000_000_000),
        );
        let (year, month, day) = civil(i64::try_from(days).ok()?);
        let second = u32::try_from(nanos / 1_000_000_000).ok()?;
        let mut stamp = WallTime::new(
            (u16::try_from(year).ok()?, month, day),
            (
                u8::try_from(second / 3600).ok()?,
                u8::try_from(second / 60 % 60).ok()?,
                u8::try_from(second % 60).ok()?,
            ),
            u32::try_from(nanos % 1_000_000_000).ok()?,
        )?;
        stamp.utc_offset_minutes = self.utc_offset_minutes;
        Some(stamp)
    }

    fn nanoseconds(&self) -> i128 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        let seconds = i128::from(days) * 86_400
            + i128::from(self.hour) * 3600
            + i128::from(self.minute) * 60
            + i128::from(self.second);
        seconds * 1_000_000_000 + i128::from(self.nanosecond)
    }
}

/// Year, month and day of a day number counted from 1 March of year 0.
fn civil(days: i64) -> (i64, u8, u8) {
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u8, day as u8)
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}",
            self.year, self.month, self.day, self.hour, self.minute, self.second, self.nanosecond
        )?;
        if let Some(offset) = self.utc_offset_minutes {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::WallTime;

    #[test]
    fn differences_cross_leap_days_and_years() {
        let stamp = |date, time, nano| WallTime::new(date, time, nano).unwrap();
        let a = stamp((2023, 12, 31), (23, 59, 59), 500_000_000);
        let b = stamp((2024, 1, 1), (0, 0, 1), 0);
        assert!((a.seconds_until(&b) - 1.5).abs() < 1e-12);
        assert_eq!(b.earlier(1.5), Some(a));
        let c = stamp((2024, 3, 1), (0, 0, 0), 0);
        assert_eq!(
            c.earlier(86_400.0),
            Some(stamp((2024, 2, 29), (0, 0, 0), 0))
        );
        assert_eq!(WallTime::new((2023, 2, 29), (0, 0, 0), 0), None);
    }
}
