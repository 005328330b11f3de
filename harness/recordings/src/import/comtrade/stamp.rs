//! Dates, times and time codes of a configuration, C37.111-2013 7.4.8 to 7.4.12.

use super::super::wall_time::WallTime;

/// A stamp and whether it counts nanoseconds.
pub(super) struct Stamp {
    pub(super) time: WallTime,
    pub(super) nanoseconds: bool,
    /// Month and day were in the other order than the revision says.
    pub(super) swapped: bool,
}

/// `date` is dd/mm/yyyy, or mm/dd/yy when `month_first` (1991); `time` is hh:mm:ss.ssssss.
pub(super) fn parse(date: &str, time: &str, month_first: bool) -> Option<Stamp> {
    let mut parts = date
        .split(['/', '-', '.'])
        .map(|part| part.trim().parse::<u16>());
    let (first, second, year) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    if parts.next().is_some() {
        return None;
    }
    let year = match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    };
    let (mut day, mut month) = if month_first {
        (second, first)
    } else {
        (first, second)
    };
    let swapped = month > 12 && day <= 12;
    if swapped {
        std::mem::swap(&mut day, &mut month);
    }
    let mut parts = time.split(':');
    let hour = parts.next()?.trim().parse().ok()?;
    let minute = parts.next()?.trim().parse().ok()?;
    let seconds = parts.next().unwrap_or("0").trim();
    if parts.next().is_some() {
        return None;
    }
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let second = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds = fraction.len() > 6;
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    let nano = digits.parse().ok()?;
    let day = u8::try_from(day).ok()?;
    let month = u8::try_from(month).ok()?;
    Some(Stamp {
        time: WallTime::new((year, month, day), (hour, minute, second), nano)?,
        nanoseconds,
        swapped,
    })
}

/// Minutes ahead of UTC of a `time_code` such as `-4`, `+10h30`; `None` for `x` and the unknown.
pub(super) fn offset_minutes(code: &str) -> Option<i16> {
    let code = code.trim();
    let (sign, rest) = match code.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, code.strip_prefix('+').unwrap_or(code)),
    };
    let (hours, minutes) = rest.split_once(['h', 'H']).unwrap_or((rest, "0"));
    let hours: i16 = hours.parse().ok()?;
    let minutes: i16 = if minutes.is_empty() {
        0
    } else {
        minutes.parse().ok()?
    };
    if !(0..=14).contains(&hours) || !(0..60).contains(&minutes) {
        return None;
    }
    Some(sign * (hours * 60 + minutes))
}
