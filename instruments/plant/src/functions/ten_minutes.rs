//! Ten-minute average of the voltage: 600 one-second means, exact integer sums.

use crate::config::{Mean, SustainedOverVoltage};

/// Seconds in the window.
const SECONDS: usize = 600;

/// The window.
#[derive(Debug, Clone)]
pub(crate) struct TenMinutes {
    config: Option<SustainedOverVoltage>,
    /// One-second values: mV² (quadratic) or mV (arithmetic).
    ring: Vec<u64>,
    place: usize,
    sum: u64,
    /// Values of the present second and their number.
    second: (u64, u64),
    /// The last slow value, and how often it has come since it was added.
    last: (u64, u64),
    beyond_s: f64,
}

impl TenMinutes {
    /// A window full of nominal voltage.
    pub(crate) fn new(config: Option<SustainedOverVoltage>, nominal_v: f64) -> Self {
        let mut new = Self {
            config,
            ring: Vec::new(),
            place: 0,
            sum: 0,
            second: (0, 0),
            last: (0, 0),
            beyond_s: 0.0,
        };
        if config.is_some() {
            let value = new.value(nominal_v);
            new.ring = vec![value; SECONDS];
            new.sum = value * SECONDS as u64;
        }
        new
    }

    fn value(&self, volts: f64) -> u64 {
        let mv = (volts.clamp(0.0, 1e6) * 1000.0 + 0.5) as u64;
        match self.config.map_or(Mean::Quadratic, |c| c.mean) {
            Mean::Quadratic => mv * mv,
            Mean::Arithmetic => mv,
        }
    }

    /// The DUT's own voltage of a slow step.
    #[inline]
    pub(crate) fn push(&mut self, volts: f64) {
        if self.config.is_some() {
            self.flush();
            self.last = (self.value(volts), 1);
        }
    }

    /// The last step `n` times more.
    pub(crate) fn repeat(&mut self, n: u64) {
        self.last.1 += n;
    }

    fn flush(&mut self) {
        self.second.0 += self.last.0 * self.last.1;
        self.second.1 += self.last.1;
        self.last.1 = 0;
    }

    /// A second is over; true when the DUT has to disconnect.
    pub(crate) fn second(&mut self) -> bool {
        let Some(config) = self.config else {
            return false;
        };
        self.flush();
        let half = self.second.1 / 2;
        if let Some(mean) = (self.second.0 + half).checked_div(self.second.1) {
            self.sum = self.sum + mean - std::mem::replace(&mut self.ring[self.place], mean);
            self.place = (self.place + 1) % SECONDS;
            self.second = (0, 0);
        }
        self.beyond_s = if self.volts() > config.limit_v {
            self.beyond_s + 1.0
        } else {
            0.0
        };
        // the crossing lies within the second that has just ended
        self.beyond_s > 0.0 && self.beyond_s - 1.0 >= config.delay_s
    }

    /// The average is above its limit: no connection.
    pub(crate) fn exceeded(&self) -> bool {
        self.beyond_s > 0.0
    }

    /// Average, V; 0 when the function is absent.
    pub(crate) fn volts(&self) -> f64 {
        let mean = self.sum as f64 / SECONDS as f64;
        match self.config.map_or(Mean::Quadratic, |c| c.mean) {
            Mean::Quadratic => mean.sqrt() * 1e-3,
            Mean::Arithmetic => mean * 1e-3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Mean::Quadratic)]
    #[case(Mean::Arithmetic)]
    fn a_step_crosses_when_the_closed_form_says(#[case] mean: Mean) {
        let config = SustainedOverVoltage {
            limit_v: 258.0,
            mean,
            delay_s: 0.0,
        };
        let (a, b, limit) = (230.0_f64, 263.0_f64, 258.0_f64);
        let mut window = TenMinutes::new(Some(config), a);
        let seconds = (1..=600)
            .find(|_| {
                window.push(b);
                window.repeat(49);
                window.second()
            })
            .expect("crosses");
        let t = match mean {
            Mean::Quadratic => 600.0 * (limit * limit - a * a) / (b * b - a * a),
            Mean::Arithmetic => 600.0 * (limit - a) / (b - a),
        };
        assert!((f64::from(seconds) - t).abs() <= 1.0, "{seconds} {t}");
    }

    #[test]
    fn absent_it_never_acts() {
        let mut window = TenMinutes::new(None, 230.0);
        window.push(400.0);
        assert!(!window.second() && !window.exceeded());
    }
}
