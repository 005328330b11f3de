//! A clock that somebody sets: date and time of day that go on with bench time.

use gridproof_plant::Nanos;

use crate::field::SECOND;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A date: year, month, day of the month.
pub(crate) type Date = (i64, u8, u8);

/// Days since 1 January 1970 (proleptic Gregorian calendar).
fn days((year, month, day): Date) -> i64 {
    // years begin in March, so that the leap day is the last
    let year = year - i64::from(month < 3);
    let month = i64::from((month + 9) % 12);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day.
fn date(days: i64) -> Date {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * month + 2) / 5 + 1) as u8;
    let month = ((month + 2) % 12 + 1) as u8;
    (era * 400 + year + i64::from(month < 3), month, day)
}

/// Day of the week of a date, 0 is Sunday.
pub(crate) fn weekday(date: Date) -> usize {
    // 1 January 1970 was a Thursday
    (days(date) + 4).rem_euclid(7) as usize
}

/// The clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Seconds since 1 January 1970 at power-on.
    at_power_on_s: i64,
}

impl Clock {
    /// Showing midnight of a date at power-on.
    pub(crate) fn new(at_power_on: Date) -> Self {
        Self {
            at_power_on_s: days(at_power_on) * DAY,
        }
    }

    fn reads(self, now: Nanos) -> i64 {
        self.at_power_on_s + (now / SECOND) as i64
    }

    /// Seconds until it shows a time of day, in seconds, on a date; negative when that has been.
    pub(crate) fn until(self, date: Date, of_day_s: f64, now: Nanos) -> f64 {
        (days(date) * DAY - self.at_power_on_s) as f64 + of_day_s - now as f64 / SECOND as f64
    }

    /// Date that it shows.
    pub(crate) fn date(self, now: Nanos) -> Date {
        date(self.reads(now).div_euclid(DAY))
    }

    /// Hour, minute and second that it shows.
    pub(crate) fn time(self, now: Nanos) -> (i64, i64, i64) {
        let of_day = self.reads(now).rem_euclid(DAY);
        (of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// Sets the date; `false` when there is none such.
    pub(crate) fn set_date(&mut self, wanted: Date, now: Nanos) -> bool {
        let number = days(wanted);
        let exists = (1..=12).contains(&wanted.1) && wanted.2 >= 1 && date(number) == wanted;
        if exists {
            let shown = self.reads(now).div_euclid(DAY);
            self.at_power_on_s += (number - shown) * DAY;
        }
        exists
    }

    /// Sets the time of day; `false` when there is none such.
    pub(crate) fn set_time(&mut self, (hour, minute, second): (u8, u8, u8), now: Nanos) -> bool {
        let exists = hour < 24 && minute < 60 && second < 60;
        if exists {
            let shown = self.reads(now).rem_euclid(DAY);
            let wanted = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
            self.at_power_on_s += wanted - shown;
        }
        exists
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_knows_its_leap_years() {
        assert_eq!(days((1970, 1, 1)), 0);
        assert_eq!(days((2000, 3, 1)), 11_017);
        for (date_, after) in [
            ((2024, 2, 28), (2024, 2, 29)),
            ((2023, 2, 28), (2023, 3, 1)),
            ((2100, 2, 28), (2100, 3, 1)),
            ((1999, 12, 31), (2000, 1, 1)),
        ] {
            assert_eq!(date(days(date_) + 1), after);
        }
    }

    #[test]
    fn a_clock_goes_on_over_midnight_and_refuses_what_is_no_date() {
        let mut clock = Clock::new((2025, 1, 1));
        let now = 90 * SECOND;
        assert_eq!(clock.time(now), (0, 1, 30));
        assert!(clock.set_time((23, 59, 58), now));
        assert!(clock.set_date((2024, 2, 28), now));
        assert_eq!(
            (clock.date(now), clock.time(now)),
            ((2024, 2, 28), (23, 59, 58))
        );
        assert_eq!(clock.date(now + 2 * SECOND), (2024, 2, 29));
        assert!(!clock.set_date((2023, 2, 29), now) && !clock.set_date((2023, 13, 1), now));
        assert!(!clock.set_time((24, 0, 0), now));
        assert_eq!(clock.date(now), (2024, 2, 28));
    }
}
