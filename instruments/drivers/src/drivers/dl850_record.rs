//! Time base and record length of the DL850: which combination serves a capture.

use crate::roles::CaptureSetup;

/// Divisions across the screen: the record is ten of them long.
const DIVISIONS: f64 = 10.0;
/// Record lengths, samples.
const LENGTHS: [u32; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];
/// Times per division, µs.
const TIMES: [u32; 23] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
    200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000,
];
/// Rounding of products of decimal fractions.
const EPSILON: f64 = 1e-9;

/// A record the instrument can make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Record {
    time_us: u32,
    /// Samples per channel.
    pub(super) length: u32,
    /// Share of the record before the trigger, %.
    pub(super) position: u8,
}

impl Record {
    /// The smallest record that is fast and long enough, the shortest of these.
    pub(super) fn choose(setup: &CaptureSetup, max_rate_hz: f64) -> Option<Record> {
        LENGTHS.into_iter().find_map(|length| {
            TIMES.into_iter().find_map(|time_us| {
                let record = Record {
                    time_us,
                    length,
                    position: 0,
                };
                let rate = record.rate_hz();
                if rate > max_rate_hz * (1.0 + EPSILON)
                    || rate < setup.min_rate_hz * (1.0 - EPSILON)
                {
                    return None;
                }
                record.positioned(setup.before_s, setup.after_s)
            })
        })
    }

    /// Samples per second.
    pub(super) fn rate_hz(self) -> f64 {
        f64::from(self.length) / self.duration_s()
    }

    /// Length of the record, s.
    pub(super) fn duration_s(self) -> f64 {
        DIVISIONS * f64::from(self.time_us) * 1e-6
    }

    /// Length of the record before the trigger, s.
    pub(super) fn before_s(self) -> f64 {
        self.duration_s() * f64::from(self.position) / 100.0
    }

    /// Length of the record after the trigger, s.
    pub(super) fn after_s(self) -> f64 {
        self.duration_s() * f64::from(100 - self.position) / 100.0
    }

    /// The time per division in the instrument's words.
    pub(super) fn time_word(self) -> String {
        match self.time_us {
            us if us % 1_000_000 == 0 => format!("{}S", us / 1_000_000),
            us if us % 1_000 == 0 => format!("{}MS", us / 1_000),
            us => format!("{us}US"),
        }
    }

    /// With the trigger at a whole percentage that leaves room on both sides.
    fn positioned(mut self, before_s: f64, after_s: f64) -> Option<Record> {
        let percent = (before_s / self.duration_s() * 100.0 - EPSILON)
            .ceil()
            .max(0.0);
        if percent > 100.0 {
            return None;
        }
        // In 0..=100 by now.
        self.position = percent as u8;
        (self.after_s() >= after_s - EPSILON).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use gridproof_model::capture::ChannelKind;

    use super::*;
    use crate::roles::TriggerSetup;

    fn setup(min_rate_hz: f64, before_s: f64, after_s: f64) -> CaptureSetup {
        let trigger = TriggerSetup {
            channel: ChannelKind::SourceTrigger,
            level: 0.5,
            rising: true,
        };
        let channels = vec![ChannelKind::GridVoltage];
        CaptureSetup {
            name: "c".into(),
            channels,
            min_rate_hz,
            before_s,
            after_s,
            trigger,
        }
    }

    #[test]
    fn smallest_sufficient_record() {
        let record = Record::choose(&setup(10_000.0, 0.1, 0.9), 1e6).expect("possible");
        assert_eq!(
            (record.length, record.time_word().as_str(), record.position),
            (10_000, "100MS", 10)
        );
        let record = Record::choose(&setup(20_000.0, 0.2, 2.2), 1e6).expect("possible");
        assert_eq!(
            (record.length, record.time_word().as_str()),
            (100_000, "500MS")
        );
        assert!(
            record.rate_hz() >= 20_000.0 && record.before_s() >= 0.2 && record.after_s() >= 2.2
        );
    }

    #[test]
    fn impossible_records_are_refused() {
        assert_eq!(Record::choose(&setup(2e6, 0.1, 0.1), 1e6), None);
        assert_eq!(Record::choose(&setup(1000.0, 0.1, 1000.0), 1e6), None);
        assert_eq!(
            Record::choose(&setup(f64::NAN, 0.1, 0.1), 1e6).map(|r| r.length),
            Some(1000)
        );
    }

    proptest::proptest! {
        #[test]
        fn chosen_records_satisfy_the_setup(rate in 1.0..5e5_f64, before in 0.0..3.0_f64, after in 0.0..10.0_f64) {
            if let Some(record) = Record::choose(&setup(rate, before, after), 1e6) {
                proptest::prop_assert!(record.rate_hz() >= rate * 0.999_999);
                proptest::prop_assert!(record.before_s() >= before - 1e-6);
                proptest::prop_assert!(record.after_s() >= after - 1e-6);
            }
        }
    }
}
