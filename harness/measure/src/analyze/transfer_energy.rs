//! Energy that a load missed during a transfer.

use crate::math::RootSum;
use gridproof_model::record::Accuracy;
use gridproof_model::result::Measurement;

use super::Channel64;
use crate::bent_wave::BentWave;
use crate::sine_fit::SineFit;
use crate::transfer::Transfer;
use crate::uncertainty::Budget;

/// Cycles before the transfer that show what the load draws.
const BEFORE_CYCLES: f64 = 8.0;

/// What the energy follows from.
pub(super) struct LostEnergy<'a> {
    pub(super) voltage: &'a Channel64<'a>,
    pub(super) current: Channel64<'a>,
    pub(super) found: Transfer,
    /// Of voltage and current.
    pub(super) accuracy: [Accuracy; 2],
}

impl LostEnergy<'_> {
    /// ∫ (v₀·i₀ − v·i) dt from the start to the end of the transfer by metric M2, J, with v₀ and i₀
    /// the waves before it, carried on; or why there is none.
    pub(super) fn measured(&self, hz: f64) -> Result<Measurement, String> {
        let (volts, amps) = (self.voltage.samples, self.current.samples);
        let rate = self.voltage.rate_hz;
        if (self.current.rate_hz / rate - 1.0).abs() > 1e-9 {
            return Err(
                "lost energy: load current and voltage are sampled at different rates".to_owned(),
            );
        }
        let (start, end) = (self.found.start, self.found.end);
        let until = ((start - 0.5 * rate / hz).max(0.0) as usize).min(amps.len());
        let from = until.saturating_sub((BEFORE_CYCLES * rate / hz) as usize);
        let drawn = SineFit::new(&amps[from..until], from, rate, hz)
            .ok_or("lost energy: no wave of the load current before the transfer")?;
        let kept = &self.found.waves.0;
        let first = start.floor().max(0.0) as usize;
        let last = (end.ceil() as usize + 1).min(volts.len()).min(amps.len());
        let drawn = BentWave::straight(drawn);
        let expected = |wave: &BentWave| {
            let mut values = vec![0.0; last.saturating_sub(first)];
            wave.each(first, values.len(), |k, x| values[k - first] = x);
            values
        };
        let (v0, i0) = (expected(kept), expected(&drawn));
        let missing = |k: usize| v0[k] * i0[k] - volts[first + k] * amps[first + k];
        // Missing energy, charge and flux, per step.
        let (mut energy, mut charge, mut flux, mut noise) = (0.0, 0.0, 0.0, 0.0);
        let place = first as f64;
        for k in 0..v0.len() {
            // A sample stands for half a step to each side: at a leap both ends lie between two.
            let at = (first + k) as f64;
            let w = ((at + 0.5).min(end) - (at - 0.5).max(start)).max(0.0);
            energy += w * missing(k);
            let (v, i) = (volts[first + k], amps[first + k]);
            charge += w * (i0[k] - i);
            flux += w * (v0[k] - v);
            noise += w * w * ((v * drawn.scatter).powi(2) + (i * kept.scatter).powi(2));
        }
        // Beyond an end the power is there again: it is what an end that lies elsewhere moves.
        let power = |at: f64| {
            let near = (at - place).max(0.0) as usize;
            let part = near.saturating_sub(1)..(near + 3).min(v0.len());
            part.map(|k| missing(k).abs()).fold(0.0, f64::max)
        };
        let (begins, ends) = (power(start), power(end));
        let step = 1.0 / rate;
        let fitted =
            |wave: &BentWave| wave.scatter / wave.amplitude() * (2.0 / wave.points() as f64).sqrt();
        let whole: f64 = (0..v0.len()).map(|k| v0[k] * i0[k]).sum::<f64>() * step;
        let [volts_of, amps_of] = &self.accuracy;
        Ok(Budget::new("J")
            .sampling("sampling, start", begins * step)
            .sampling("sampling, end", ends * step)
            .rectangular(
                "reference and noise, start",
                self.found.doubts.0 * step * begins,
            )
            .rectangular(
                "reference and noise, end",
                self.found.doubts.1 * step * ends,
            )
            .normal("noise", noise.sqrt() * step)
            .normal(
                "noise of the waves before",
                whole * fitted(kept).root_sum(fitted(&drawn)),
            )
            .rectangular("voltage, of reading", volts_of.of_reading * energy * step)
            .rectangular(
                "voltage, of range",
                volts_of.of_range * volts_of.range * charge * step,
            )
            .rectangular("current, of reading", amps_of.of_reading * energy * step)
            .rectangular(
                "current, of range",
                amps_of.of_range * amps_of.range * flux * step,
            )
            .measure(energy * step))
    }
}
