//! Working modes: which power at the grid port follows from load, sun, battery and clock.

use crate::input::{TimeWindow, WorkingMode};

/// A battery that is kept full is charged again when so much of its charge is missing.
const TOP_UP: f64 = 0.02;
const MINUTE_S: i64 = 60;
const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;

/// The mode and what it remembers.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    /// The mode outside of the windows.
    mode: WorkingMode,
    windows: Vec<TimeWindow>,
    /// Seconds since Monday 00:00 that the clock showed at power-on.
    clock_s: i64,
    /// Whole seconds since power-on.
    elapsed_s: i64,
    /// The mode that holds now.
    acting: WorkingMode,
    /// The battery has what is to be kept.
    full: bool,
}

impl TimeWindow {
    /// Holds at this second of the week, 0 = Monday 00:00.
    fn holds(&self, second: i64) -> bool {
        let minute = second.rem_euclid(DAY_S) / MINUTE_S;
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        let inside = if from <= to {
            (from..=to).contains(&minute)
        } else {
            minute >= from || minute <= to
        };
        inside && self.weekdays >> second.div_euclid(DAY_S) & 1 == 1
    }
}

impl Working {
    /// As configured, on a Monday at 00:00.
    pub(crate) fn new(mode: WorkingMode, windows: &[TimeWindow]) -> Self {
        let mut new = Self {
            mode,
            windows: windows.to_vec(),
            clock_s: 0,
            elapsed_s: 0,
            acting: mode,
            full: false,
        };
        new.choose();
        new
    }

    /// Another mode outside of the windows.
    pub(crate) fn set_mode(&mut self, mode: WorkingMode) {
        self.mode = mode;
        self.choose();
    }

    /// Other windows.
    pub(crate) fn set_windows(&mut self, windows: Vec<TimeWindow>) {
        self.windows = windows;
        self.choose();
    }

    /// Another time of the clock.
    pub(crate) fn set_clock(&mut self, at_power_on_s: i64) {
        self.clock_s = at_power_on_s;
        self.choose();
    }

    fn choose(&mut self) {
        let second = (self.clock_s + self.elapsed_s).rem_euclid(WEEK_S);
        let window = self.windows.iter().find(|window| window.holds(second));
        self.acting = window.map_or(self.mode, |window| window.mode);
    }

    /// The mode that holds now.
    pub(crate) fn acting(&self) -> WorkingMode {
        self.acting
    }

    /// `elapsed_s` whole seconds have passed since power-on.
    pub(crate) fn second(&mut self, elapsed_s: i64, soc: f64) {
        self.elapsed_s = elapsed_s;
        if !self.windows.is_empty() {
            self.choose();
        }
        self.full = match self.acting {
            WorkingMode::FollowSource
            | WorkingMode::SelfConsumption
            | WorkingMode::GridFirst
            | WorkingMode::Exchange { .. } => false,
            WorkingMode::Backup { retain, .. } => {
                soc >= retain || (self.full && soc > retain - TOP_UP)
            }
        };
    }

    /// Needs the meter at the source.
    pub(crate) fn needs_meter(&self) -> bool {
        self.acting == WorkingMode::SelfConsumption
    }

    /// Power at the grid port that the mode fixes by itself, W.
    #[inline]
    pub(crate) fn exchange_w(&self) -> Option<f64> {
        match self.acting {
            WorkingMode::Exchange { watts } => Some(watts),
            WorkingMode::FollowSource
            | WorkingMode::SelfConsumption
            | WorkingMode::Backup { .. }
            | WorkingMode::GridFirst => None,
        }
    }

    /// PV power that goes into the battery before the grid, W of at most `charge_w`.
    #[inline]
    pub(crate) fn pv_charge_w(&self, charge_w: f64) -> f64 {
        match self.acting {
            WorkingMode::FollowSource | WorkingMode::GridFirst | WorkingMode::Exchange { .. } => {
                0.0
            }
            WorkingMode::SelfConsumption => charge_w,
            WorkingMode::Backup { charge_w: most, .. } if !self.full => charge_w.min(most),
            WorkingMode::Backup { .. } => 0.0,
        }
    }

    /// PV power beyond what the grid port takes that may go into the battery, W of at most
    /// `charge_w`.
    pub(crate) fn pv_left_w(&self, charge_w: f64) -> f64 {
        match self.acting {
            WorkingMode::GridFirst => charge_w,
            WorkingMode::FollowSource
            | WorkingMode::SelfConsumption
            | WorkingMode::Backup { .. }
            | WorkingMode::Exchange { .. } => self.pv_charge_w(charge_w),
        }
    }

    /// It feeds what the PV gives.
    pub(crate) fn follows_source(&self) -> bool {
        match self.acting {
            WorkingMode::FollowSource | WorkingMode::GridFirst => true,
            WorkingMode::SelfConsumption
            | WorkingMode::Backup { .. }
            | WorkingMode::Exchange { .. } => false,
        }
    }

    /// Power wanted at the grid port, W, of what is left of the PV for it, W ac, and all loads of the
    /// site as metered.
    #[inline]
    pub(crate) fn wish_w(&self, load_w: f64, surplus_w: f64) -> f64 {
        match self.acting {
            // the battery takes what the loads leave; what it cannot take is exported
            WorkingMode::SelfConsumption => load_w.max(surplus_w),
            WorkingMode::FollowSource | WorkingMode::Backup { .. } | WorkingMode::GridFirst => {
                surplus_w
            }
            WorkingMode::Exchange { watts } => watts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: u16, to: u16, weekdays: u8, watts: f64) -> TimeWindow {
        TimeWindow {
            from,
            to,
            weekdays,
            mode: WorkingMode::Exchange { watts },
        }
    }

    fn watts_at(working: &mut Working, second: i64) -> Option<f64> {
        working.second(second, 0.5);
        working.exchange_w()
    }

    #[test]
    fn a_window_holds_from_its_first_to_its_last_minute() {
        let mut working = Working::new(
            WorkingMode::SelfConsumption,
            &[window(60, 119, 0x7f, 500.0)],
        );
        for day in 0..9 {
            let at = |minute: i64| day * DAY_S + minute * MINUTE_S;
            assert_eq!(watts_at(&mut working, at(60) - 1), None);
            assert_eq!(watts_at(&mut working, at(60)), Some(500.0));
            assert_eq!(watts_at(&mut working, at(120) - 1), Some(500.0));
            assert_eq!(watts_at(&mut working, at(120)), None);
        }
        assert_eq!(working.acting(), WorkingMode::SelfConsumption);
    }

    #[test]
    fn midnight_weekdays_and_order_count() {
        // 22:00–02:00 on Tuesday and Wednesday, the whole day on Wednesday after it
        let windows = [
            window(1320, 120, 0b000_0110, -1000.0),
            window(0, 1439, 0b000_0100, 200.0),
        ];
        let mut working = Working::new(WorkingMode::FollowSource, &windows);
        let at = |day: i64, hour: i64| day * DAY_S + hour * 3600;
        for (day, hour, watts) in [
            (0, 23, None),
            (1, 1, Some(-1000.0)),
            (1, 12, None),
            (1, 23, Some(-1000.0)),
            (2, 1, Some(-1000.0)),
            (2, 12, Some(200.0)),
            (3, 1, None),
            (8, 1, Some(-1000.0)),
        ] {
            assert_eq!(watts_at(&mut working, at(day, hour)), watts, "{day} {hour}");
        }
        // a clock that is set counts at once
        working.set_clock(at(1, 1) - at(8, 12));
        working.second(at(8, 12), 0.5);
        assert_eq!(working.exchange_w(), Some(-1000.0));
        working.set_windows(Vec::new());
        assert_eq!(working.acting(), WorkingMode::FollowSource);
    }
}
