//! What the DUT makes of the management system's reports: it follows the permitted currents after
//! its time, and leaves the battery alone when reports fail to come.

use std::collections::VecDeque;

use super::bms::Permitted;
use crate::config::Pack;

/// The DUT's end of the communication.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Reports that it has not acted on yet, oldest first; the front is in force.
    reports: VecDeque<Permitted>,
    /// Reports kept: one more than the seconds it takes to follow.
    room: usize,
    silent_s: f64,
    timeout_s: f64,
}

impl Link {
    /// A DUT that knows its battery.
    pub(super) fn new(config: &Pack, first: Permitted) -> Self {
        Self {
            reports: VecDeque::from([first]),
            room: config.follow_s.max(0.0).round() as usize + 1,
            silent_s: 0.0,
            timeout_s: config.timeout_s,
        }
    }

    /// A second with a report, or without.
    pub(super) fn second(&mut self, report: Option<Permitted>) {
        let Some(report) = report else {
            // counts no further than it matters: the bench may rest
            self.silent_s = (self.silent_s + 1.0).min(self.timeout_s.max(1.0));
            return;
        };
        if self.lost() {
            // what it knew is too old to be of use
            self.reports.clear();
            self.reports
                .resize(self.room.saturating_sub(1), Permitted::default());
        }
        self.silent_s = 0.0;
        self.reports.push_back(report);
        while self.reports.len() > self.room {
            self.reports.pop_front();
        }
    }

    /// Reports have failed to come for too long.
    pub(super) fn lost(&self) -> bool {
        self.silent_s > 0.0 && self.silent_s >= self.timeout_s
    }

    /// The currents that the DUT keeps to.
    pub(super) fn permitted(&self) -> Permitted {
        if self.lost() {
            Permitted::default()
        } else {
            self.reports.front().copied().unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amps(charge_a: f64) -> Permitted {
        Permitted {
            charge_a,
            discharge_a: 2.0 * charge_a,
        }
    }

    fn link(follow_s: f64) -> Link {
        let config = Pack {
            follow_s,
            timeout_s: 10.0,
            ..Pack::lithium_iron(51.2, 100.0, 60.0)
        };
        Link::new(&config, amps(60.0))
    }

    #[rstest::rstest]
    #[case(0.0, 0)]
    #[case(1.0, 1)]
    #[case(2.0, 2)]
    #[case(7.0, 7)]
    fn limits_act_after_their_time(#[case] follow_s: f64, #[case] seconds: usize) {
        let mut link = link(follow_s);
        for _ in 0..20 {
            link.second(Some(amps(60.0)));
        }
        for _ in 0..seconds {
            link.second(Some(amps(5.0)));
            assert_eq!(link.permitted(), amps(60.0));
        }
        link.second(Some(amps(5.0)));
        assert_eq!(link.permitted(), amps(5.0));
    }

    #[test]
    fn silence_stops_it_and_reports_start_it_again() {
        let mut link = link(2.0);
        link.second(Some(amps(60.0)));
        for _ in 0..9 {
            link.second(None);
        }
        assert!(!link.lost() && link.permitted() == amps(60.0));
        link.second(None);
        assert!(link.lost() && link.permitted() == amps(0.0));
        for _ in 0..2 {
            link.second(Some(amps(30.0)));
            assert!(!link.lost() && link.permitted() == amps(0.0));
        }
        link.second(Some(amps(30.0)));
        assert_eq!(link.permitted(), amps(30.0));
    }
}
