//! Sliding RMS of the DUT's own voltage measurement over half a cycle and a whole cycle.
//!
//! Samples are integers of 1 mV as in a converter, sums of squares are exact integers, so the
//! running sums never drift. Windows that are no whole number of samples take the fraction of
//! the oldest one.

/// A running half-cycle window and a ring long enough for any whole cycle.
#[derive(Debug, Clone)]
pub(crate) struct SlidingRms {
    period_s: f64,
    nominal_hz: f64,
    ring: Vec<i64>,
    head: usize,
    half_whole: usize,
    half_fraction: f64,
    half_sum: i64,
}

impl SlidingRms {
    /// Windows for a nominal frequency sampled every `period_s`.
    pub(crate) fn new(period_s: f64, nominal_hz: f64) -> Self {
        // rounding keeps 10 ms / 40 µs at exactly 250
        let half = (0.5 / (nominal_hz * period_s) * 1e6).round() * 1e-6;
        Self {
            period_s,
            nominal_hz,
            // room for a whole cycle down to 0.75 of nominal
            ring: vec![0; (2.7 * half) as usize + 2],
            head: 0,
            half_whole: half as usize,
            half_fraction: half - crate::trig::floor(half),
            half_sum: 0,
        }
    }

    /// Square of the sample `n` places back, mV².
    #[inline]
    fn back(&self, n: usize) -> i64 {
        let at = if self.head >= n {
            self.head - n
        } else {
            self.head + self.ring.len() - n
        };
        self.ring[at]
    }

    /// Adds a sample, V.
    #[inline]
    pub(crate) fn push(&mut self, v: f64) {
        let mv = (v.clamp(-1e5, 1e5) * 1000.0) as i64;
        let square = mv * mv;
        self.half_sum += square - self.back(self.half_whole);
        self.ring[self.head] = square;
        self.head = if self.head + 1 == self.ring.len() {
            0
        } else {
            self.head + 1
        };
    }

    /// RMS over the last nominal half cycle, V.
    #[inline]
    pub(crate) fn half_cycle(&self) -> f64 {
        let mut sum = self.half_sum as f64;
        if self.half_fraction > 0.0 {
            sum += self.half_fraction * self.back(self.half_whole + 1) as f64;
        }
        (sum / (self.half_whole as f64 + self.half_fraction)).sqrt() * 1e-3
    }

    /// RMS over the last whole cycle of the measured frequency, V.
    pub(crate) fn cycle(&self, hz: Option<f64>) -> f64 {
        let hz = hz.unwrap_or(self.nominal_hz).max(0.76 * self.nominal_hz);
        let samples = (1.0 / (hz * self.period_s) * 1e6).round() * 1e-6;
        let whole = samples as usize;
        let sum: i64 = (1..=whole).map(|n| self.back(n)).sum();
        let fraction = samples - crate::trig::floor(samples);
        let last = if fraction > 0.0 {
            fraction * self.back(whole + 1) as f64
        } else {
            0.0
        };
        ((sum as f64 + last) / samples).sqrt() * 1e-3
    }

    /// Fills both windows with a sine that ends at `turns` (last sample), advancing by `step`.
    pub(crate) fn settle(&mut self, peak: f64, turns: f64, step: f64) {
        self.ring.fill(0);
        self.half_sum = 0;
        self.head = 0;
        let len = self.ring.len();
        for k in (0..len).rev() {
            self.push(peak * crate::trig::sincos_turns(turns - step * k as f64).0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delay to a step over its phase, against the table of docs/models.md section 6.
    #[rstest::rstest]
    #[case(0.0, 0.783, 2.00, 6.63)]
    #[case(0.5, 0.783, 2.74, 7.45)]
    #[case(0.7, 0.783, 4.45, 8.77)]
    #[case(1.2, 1.152, 4.32, 8.69)]
    fn half_cycle_delays(
        #[case] depth: f64,
        #[case] threshold: f64,
        #[case] min: f64,
        #[case] max: f64,
    ) {
        let (mut low, mut high) = (f64::MAX, 0.0_f64);
        for phase in 0..180_u32 {
            let mut rms = SlidingRms::new(40e-6, 50.0);
            let start = f64::from(phase) / 360.0;
            rms.settle(325.27, start, 0.002);
            let mut n = 0.0;
            loop {
                n += 1.0;
                rms.push(325.27 * depth * crate::trig::sincos_turns(start + 0.002 * n).0);
                let pu = rms.half_cycle() / 230.0;
                if (depth < 1.0 && pu < threshold) || (depth > 1.0 && pu > threshold) {
                    break;
                }
            }
            low = low.min(n * 0.04);
            high = high.max(n * 0.04);
        }
        assert!(
            (low - min).abs() < 0.06 && (high - max).abs() < 0.06,
            "{low} {high}"
        );
    }

    #[test]
    fn whole_cycle_follows_the_frequency() {
        let mut rms = SlidingRms::new(40e-6, 50.0);
        for k in 1..5000_u32 {
            rms.push(325.27 * crate::trig::sincos_turns(f64::from(k) * 47.3 * 40e-6).0);
            if k > 1000 {
                assert!((rms.cycle(Some(47.3)) - 230.0).abs() < 0.05);
            }
        }
    }

    #[test]
    fn fractional_window_at_60_hz_has_no_ripple() {
        let mut rms = SlidingRms::new(40e-6, 60.0);
        rms.settle(325.27, 0.0, 60.0 * 40e-6);
        for k in 1..2000_u32 {
            rms.push(325.27 * crate::trig::sincos_turns(f64::from(k) * 60.0 * 40e-6).0);
            assert!(
                (rms.cycle(Some(60.0)) - 230.0).abs() < 0.05,
                "{}",
                rms.cycle(Some(60.0))
            );
        }
    }
}
