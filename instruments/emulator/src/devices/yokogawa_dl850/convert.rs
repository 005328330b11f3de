//! Sensor and converter of a recorder channel: true values to 16-bit counts.

use gridproof_plant::signal::Signal;
use gridproof_plant::trig;

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
/// Samples that are converted at a time.
const PART: usize = 256;
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

/// How an input is coupled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coupling {
    Dc,
    Ac,
    Ground,
}

impl Coupling {
    /// Lets through what it does: of AC all but the mean of the record, whose high pass lies far below
    /// the mains; of GND nothing.
    pub(crate) fn pass(self, data: &mut [f32]) {
        let mean = match self {
            Coupling::Dc => return,
            Coupling::Ground => return data.fill(0.0),
            Coupling::Ac => {
                data.iter().map(|&x| f64::from(x)).sum::<f64>() / data.len().max(1) as f64
            }
        };
        for value in data {
            *value -= mean as f32;
        }
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
    /// The responses, counts.
    slow: [f64; 3],
    /// Counts of white noise per unit of the sum of four bytes.
    white: f64,
    /// Counts that ten bits add to each response.
    drive: [f64; 3],
}

impl Noise {
    /// What the three responses keep from sample to sample: they forget over 4, 40 and 400 samples.
    const KEEP: [f64; 3] = [1.0 - 1.0 / 4.0, 1.0 - 1.0 / 40.0, 1.0 - 1.0 / 400.0];

    fn new(rng: Rng, sigma: f64) -> Self {
        /// Variance of a whole number of so many equally likely ones, 0 to n − 1.
        fn variance(n: f64) -> f64 {
            (n * n - 1.0) / 12.0
        }
        let slow = sigma * (FLICKER / 3.0 / variance(1024.0)).sqrt();
        Self {
            rng,
            slow: [0.0; 3],
            white: sigma * ((1.0 - FLICKER) / (4.0 * variance(256.0))).sqrt(),
            drive: Self::KEEP.map(|keep| slow * (1.0 - keep * keep).sqrt()),
        }
    }

    /// One draw serves all: four of its bytes together are nearly normal, and each response is driven by
    /// ten bits of the rest; what it keeps of many of them is nearly normal too. Only the responses hang
    /// from sample to sample: apart from them the rest is done for several samples at once.
    fn fill(&mut self, out: &mut [f64]) {
        let mut bits = [0; PART];
        let bits = &mut bits[..out.len()];
        bits.fill_with(|| self.rng.next());
        let part = |bits: u64, shift: u32, mask: u32| (bits >> shift) as u32 & mask;
        for (sum, &bits) in out.iter_mut().zip(bits.iter()) {
            let bytes = part(bits, 0, 0xff)
                + part(bits, 8, 0xff)
                + part(bits, 16, 0xff)
                + part(bits, 24, 0xff);
            *sum = self.white * (f64::from(bytes as i32) - 510.0);
        }
        let mut driven = [[0.0; PART]; 3];
        for (k, driven) in driven.iter_mut().enumerate() {
            for (driven, &bits) in driven.iter_mut().zip(bits.iter()) {
                let ten = part(bits, 32 + 10 * k as u32, 0x3ff);
                *driven = self.drive[k] * (f64::from(ten as i32) - 511.5);
            }
        }
        let mut slow = self.slow;
        for (n, sum) in out.iter_mut().enumerate() {
            for k in 0..3 {
                slow[k] = Self::KEEP[k] * slow[k] + driven[k][n];
                *sum += slow[k];
            }
        }
        self.slow = slow;
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
            noise: Noise::new(
                Rng::new(seed, name, &format!("noise {channel}")),
                fitted.noise * COUNTS_PER_TEN_DIV / 2.0,
            ),
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
        let step = self.step;
        let per_step = 1.0 / step;
        let count = |value: f32, noise: f64| {
            let exact = f64::from(value) * scale + offset + noise;
            // within the range in which whole numbers are exact, far beyond the clipping
            let steps = trig::round((exact * per_step).clamp(-1e6, 1e6));
            trig::whole_i16((steps * step).clamp(-CLIP, CLIP))
        };
        let lag = (self.lag_ns * u64::from(rate_hz) / 1_000_000_000) as usize;
        let late = samples.len() - lag.min(samples.len());
        let first = samples.first().copied().unwrap_or_default();
        let mut counts = Vec::with_capacity(samples.len());
        let (mut noise, mut part) = ([0.0; PART], [0; PART]);
        let held = vec![first; samples.len() - late];
        for values in held.chunks(PART).chain(samples[..late].chunks(PART)) {
            let (noise, part) = (&mut noise[..values.len()], &mut part[..values.len()]);
            self.noise.fill(noise);
            for ((out, &value), &noise) in part.iter_mut().zip(values).zip(noise.iter()) {
                *out = count(value, noise);
            }
            counts.extend_from_slice(part);
        }
        counts
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
