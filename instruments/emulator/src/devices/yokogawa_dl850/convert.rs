//! Sensor and converter of a recorder channel: true values to 16-bit counts.

use gridproof_plant::signal::Signal;

use crate::rng::Rng;

/// Counts of ten divisions.
pub(crate) const COUNTS_PER_TEN_DIV: f64 = 24_000.0;
/// Largest magnitude of a count; beyond it the converter clips.
pub(crate) const CLIP: f64 = 12_500.0;
/// Level of a closed contact, V.
pub(crate) const CONTACT_V: f64 = 5.0;
/// Noise, −70 dB of full scale (the peak of ±5 div).
const NOISE_OF_FULL_SCALE: f64 = 3.162_277_660_168_379_5e-4;

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
    noise: Rng,
}

impl Sensor {
    /// `reading` and `range` are the bench file's accuracy: the gain uses at most 0.6 of the former
    /// and 0.3 of the latter, the offset 0.1 of the latter (clamps are zeroed before use). Contacts
    /// lag by 0.2–0.8 of `lag_s`, the electronic trigger output not at all.
    pub(crate) fn new(
        seed: u64,
        name: &str,
        channel: u8,
        signal: Signal,
        reading: f64,
        range: f64,
        lag_s: f64,
    ) -> Self {
        let mut rng = Rng::new(seed, name, &format!("sensor {channel}"));
        let (gain, offset, lag) = (rng.symmetric(), rng.symmetric(), rng.uniform());
        let contact = is_contact(signal);
        let lag_ns = if contact && signal != Signal::SourceTrigger {
            (lag_s * (0.2 + 0.6 * lag) * 1e9) as u64
        } else {
            0
        };
        Self {
            gain: 1.0 + gain * (0.6 * reading + 0.3 * range),
            offset: if contact { 0.0 } else { 0.1 * range * offset },
            lag_ns,
            noise: Rng::new(seed, name, &format!("noise {channel}")),
        }
    }

    /// Counts of a capture at `range_v` V per division, with a gain that has drifted by a factor.
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
        let sigma = NOISE_OF_FULL_SCALE * COUNTS_PER_TEN_DIV / 2.0;
        let lag = (self.lag_ns * u64::from(rate_hz) / 1_000_000_000) as usize;
        let count = |value: f32, noise: f64| {
            (f64::from(value) * scale + offset + sigma * noise)
                .clamp(-CLIP, CLIP)
                .round() as i16
        };
        let first = samples.first().copied().into_iter();
        let delayed = first
            .cycle()
            .take(lag.min(samples.len()))
            .chain(samples.iter().copied());
        delayed
            .take(samples.len())
            .map(|value| count(value, self.noise.noise()))
            .collect()
    }
}
