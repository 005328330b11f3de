//! Sensor and converter of a recorder channel: true values to 16-bit counts.

use gridproof_plant::signal::Signal;

use super::Fitted;
use crate::devices::sensor::SensorSpec;
use crate::rng::Rng;

/// Counts of ten divisions.
pub(crate) const COUNTS_PER_TEN_DIV: f64 = 24_000.0;
/// Largest magnitude of a count; beyond it the converter clips.
pub(crate) const CLIP: f64 = 12_500.0;
/// Level of a closed contact, V.
pub(crate) const CONTACT_V: f64 = 5.0;
/// Noise unless stated, −70 dB of full scale (the peak of ±5 div).
pub(crate) const NOISE_OF_FULL_SCALE: f64 = 3.162_277_660_168_379_5e-4;
/// Part of the power of the noise that falls with the frequency.
const FLICKER: f64 = 0.2;
/// Most bits of a count.
pub(crate) const BITS: u8 = 16;

/// Whether a signal is a contact, which reads 5 V closed and 0 V open.
pub(crate) fn is_contact(signal: Signal) -> bool {
    match signal {
        Signal::SwitchContact | Signal::SourceTrigger | Signal::DutRelay | Signal::DrmContact => {
            true
        }
        Signal::GridVoltage
        | Signal::DutCurrent
        | Signal::SourceCurrent
        | Signal::SourceVoltage
        | Signal::BackupVoltage
        | Signal::BackupCurrent => false,
    }
}

/// Errors of one channel, fixed for the seed.
#[derive(Debug)]
pub(crate) struct Sensor {
    /// Multiplies the true value.
    pub(crate) gain: f64,
    /// Fraction of ten divisions.
    pub(crate) offset: f64,
    /// Delay of an auxiliary contact, ns.
    pub(crate) lag_ns: u64,
    kind: SensorSpec,
    noise: Noise,
    /// Counts between two values of the converter.
    step: f64,
}

/// White noise, and noise whose power falls with the frequency: three first-order responses a decade
/// apart.
#[derive(Debug)]
struct Noise {
    rng: Rng,
    slow: [f64; 3],
    /// Standard deviation, counts.
    sigma: f64,
}

impl Noise {
    /// Samples over which the three responses forget.
    const MEMORY: [f64; 3] = [4.0, 40.0, 400.0];

    fn next(&mut self) -> f64 {
        let white = self.rng.noise();
        let mut sum = 0.0;
        for (slow, memory) in self.slow.iter_mut().zip(Self::MEMORY) {
            let keep = 1.0 - 1.0 / memory;
            *slow = keep * *slow + (1.0 - keep * keep).sqrt() * self.rng.noise();
            sum += *slow;
        }
        self.sigma * ((1.0 - FLICKER).sqrt() * white + (FLICKER / 3.0).sqrt() * sum)
    }
}

impl Sensor {
    /// The bench file's accuracy is that of the whole chain: the gain uses at most 0.6 of what it
    /// grants of the reading and 0.3 of what it grants of the range, the offset 0.1 of the latter
    /// (clamps are zeroed before use) and that of a zero-flux transducer. Contacts lag by 0.2–0.8 of
    /// their bound, the electronic trigger output not at all.
    pub(crate) fn new(seed: u64, name: &str, fitted: &Fitted) -> Self {
        let channel = fitted.number;
        let mut rng = Rng::new(seed, name, &format!("sensor {channel}"));
        let (gain, offset, lag) = (rng.symmetric(), rng.symmetric(), rng.uniform());
        let contact = is_contact(fitted.signal);
        let lag_ns = if contact && fitted.signal != Signal::SourceTrigger {
            (fitted.contact_lag_s * (0.2 + 0.6 * lag) * 1e9) as u64
        } else {
            0
        };
        let zero = fitted.sensor.offset(seed, name, channel);
        Self {
            gain: 1.0 + gain * (0.6 * fitted.reading + 0.3 * fitted.range),
            offset: if contact {
                0.0
            } else {
                0.1 * fitted.range * offset + zero
            },
            lag_ns,
            kind: fitted.sensor,
            noise: Noise {
                rng: Rng::new(seed, name, &format!("noise {channel}")),
                slow: [0.0; 3],
                sigma: fitted.noise * COUNTS_PER_TEN_DIV / 2.0,
            },
            step: f64::from(1u32 << (BITS - fitted.bits.clamp(1, BITS))),
        }
    }

    /// What the sensor makes of a capture.
    pub(crate) fn sense(&self, samples: &mut [f32], rate_hz: u32) {
        self.kind.pass(samples, f64::from(rate_hz));
    }

    /// Counts of what was sensed at `range_v` V per division, with a gain that has drifted by a factor.
    pub(crate) fn convert(
        &mut self,
        signal: Signal,
        samples: &[f32],
        range_v: f64,
        rate_hz: u32,
        drift: f64,
    ) -> Vec<i16> {
        let counts_per_unit = COUNTS_PER_TEN_DIV / (10.0 * range_v);
        let contact = if is_contact(signal) { CONTACT_V } else { 1.0 };
        let scale = self.gain * drift * contact * counts_per_unit;
        let offset = self.offset * COUNTS_PER_TEN_DIV;
        let (noise, step) = (&mut self.noise, self.step);
        let mut count = |value: f32| {
            let exact = f64::from(value) * scale + offset + noise.next();
            ((exact / step).round() * step).clamp(-CLIP, CLIP) as i16
        };
        let lag = (self.lag_ns * u64::from(rate_hz) / 1_000_000_000) as usize;
        let first = samples.first().copied().into_iter();
        let delayed = first
            .cycle()
            .take(lag.min(samples.len()))
            .chain(samples.iter().copied());
        delayed.take(samples.len()).map(&mut count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(bits: u8) -> Fitted {
        Fitted {
            number: 1,
            signal: Signal::DutCurrent,
            full_scale: 100.0,
            reading: 0.0,
            range: 0.0,
            contact_lag_s: 0.0,
            skew_s: 0.0,
            sensor: SensorSpec::Direct,
            bits,
            noise: 1e-3,
        }
    }

    #[test]
    fn noise_has_its_power_and_more_of_it_at_low_frequencies() {
        let mut sensor = Sensor::new(3, "r", &fitted(16));
        let counts = sensor.convert(Signal::DutCurrent, &[0.0; 200_000], 10.0, 10_000, 1.0);
        let power =
            |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
        let all: Vec<f64> = counts.iter().map(|&c| f64::from(c)).collect();
        assert!(
            (power(&all).sqrt() / 12.0 - 1.0).abs() < 0.05,
            "{}",
            power(&all).sqrt()
        );
        // means of a hundred samples: white noise alone would leave a hundredth of the power
        let means: Vec<f64> = all
            .chunks(100)
            .map(|c| c.iter().sum::<f64>() / 100.0)
            .collect();
        assert!(power(&means) > 0.03 * power(&all), "{}", power(&means));
    }

    #[test]
    fn fewer_bits_leave_coarser_steps_and_the_converter_clips() {
        let mut sensor = Sensor::new(3, "r", &fitted(12));
        let mut ramp: Vec<f32> = (0..2000).map(|k| k as f32 * 0.05 - 50.0).collect();
        ramp.extend([60.0, -60.0]);
        let counts = sensor.convert(Signal::DutCurrent, &ramp, 10.0, 10_000, 1.0);
        assert!(counts[..2000].iter().all(|c| c % 16 == 0));
        assert_eq!(counts[2000..], [12_500, -12_500]);
    }
}
