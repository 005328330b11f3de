//! Waveform display data of the WT3000: 1002 points of one trace over ten divisions.

use super::Wt3000;
use super::kept::Key;
use super::numeric::terminals;
use crate::field::Field;
use crate::scpi::Outcome;
use crate::scpi::engine::Reply;
use crate::scpi::format::{block, engineering};

/// Points of a trace.
const POINTS: usize = 1002;
/// Samples per second that the plant is asked for.
const RATE_HZ: u32 = 50_000;
/// A trigger is waited for so long at most, s.
const PATIENCE_S: f64 = 0.1;

/// A trace: element from 0, and whether it is its current.
type Trace = (usize, bool);

fn trace(text: &str) -> Option<Trace> {
    let current = match text.get(..1)? {
        "U" => false,
        "I" => true,
        _ => return None,
    };
    let element: usize = text.get(1..)?.parse().ok()?;
    (1..=4).contains(&element).then(|| (element - 1, current))
}

impl Wt3000 {
    /// Seconds between two points.
    fn point_s(&self) -> f64 {
        10.0 * self.kept.number(Key::TimePerDiv) / (POINTS - 1) as f64
    }

    /// `:WAVeform:SRATe?`: points per second.
    pub(super) fn display_rate(&self) -> String {
        engineering(1.0 / self.point_s())
    }

    /// `:WAVeform:SEND?`.
    pub(super) fn send_trace(&mut self, field: &mut Field) -> Outcome {
        if !self.kept.on(Key::WaveHold) || self.held.is_none() {
            self.held = Some(self.all_traces(field));
        }
        let wanted = trace(self.kept.text(Key::WaveTrace));
        let at = wanted.map(|(element, current)| 2 * element + usize::from(current));
        let points = self.held.as_ref().zip(at).and_then(|(all, at)| all.get(at));
        let limit = |key| self.kept.number(key) as usize;
        let (first, last) = (limit(Key::WaveStart), limit(Key::WaveEnd));
        let count = (last + 1).min(POINTS).saturating_sub(first);
        let part = points.and_then(|points| points.get(first..first + count));
        if self.kept.word(Key::WaveFormat) == 0 {
            let texts: Vec<String> = match part {
                Some(part) => part.iter().map(|&x| engineering(x)).collect(),
                None => vec!["NAN".to_owned(); count],
            };
            return Ok(Reply::Text(texts.join(",")));
        }
        let little = self.kept.word(Key::WaveOrder) == 1;
        let bytes = (0..count).flat_map(|k| {
            let x = part.map_or(0.0, |part| part[k] as f32);
            if little {
                x.to_le_bytes()
            } else {
                x.to_be_bytes()
            }
        });
        Ok(Reply::Block(block(&bytes.collect::<Vec<u8>>(), 4)))
    }

    /// U1, I1, U2, … from the trigger on; empty where the plant gives none.
    pub(super) fn all_traces(&self, field: &mut Field) -> Vec<Vec<f64>> {
        let s1_closed = field.plant.state().grid_switch;
        let step = self.point_s();
        let wired = |n: usize| terminals(&self.elements[n], s1_closed);
        let signals: Vec<_> = (0..4).filter_map(wired).flat_map(|(u, i)| [u, i]).collect();
        let samples = ((step * POINTS as f64 + PATIENCE_S) * f64::from(RATE_HZ)) as usize + 2;
        let Ok(capture) = field.plant.ahead(signals, RATE_HZ, samples) else {
            return Vec::new();
        };
        let mut data = capture.data.into_iter();
        let mut raw: Vec<Vec<f32>> = Vec::new();
        for n in 0..4 {
            if wired(n).is_some() {
                raw.extend(data.by_ref().take(2));
            } else {
                let reading = field.plant.reading_cycle(self.elements[n].point());
                raw.push(vec![reading.volts as f32; samples]);
                raw.push(vec![reading.amps as f32; samples]);
            }
        }
        let begin = self.trigger(&raw);
        let gains = self.gains(field.now());
        let traces = raw.iter().enumerate().map(|(k, samples)| {
            let (volts, amps) = self.elements[k / 2].factors(gains);
            let gain = if k % 2 == 0 { volts } else { amps };
            let at = |k: usize| f64::from(samples.get(k).copied().unwrap_or_default());
            let point = |p: usize| {
                let place = begin + p as f64 * step * f64::from(RATE_HZ);
                let whole = place as usize;
                gain * (at(whole) + (at(whole + 1) - at(whole)) * (place - whole as f64))
            };
            (0..POINTS).map(point).collect()
        });
        traces.collect()
    }

    /// Where the trigger source passes zero, in samples; the begin when it does not in time (the trigger
    /// mode is AUTO).
    fn trigger(&self, raw: &[Vec<f32>]) -> f64 {
        let source = self.kept.word(Key::WaveSource);
        let slope = self.kept.word(Key::WaveSlope);
        let Some(samples) = raw.get(source) else {
            return 0.0;
        };
        let patience = (PATIENCE_S * f64::from(RATE_HZ)) as usize;
        let crosses = |pair: &[f32]| match slope {
            0 => pair[0] < 0.0 && pair[1] >= 0.0,
            1 => pair[0] > 0.0 && pair[1] <= 0.0,
            _ => pair[0] * pair[1] < 0.0,
        };
        let found = samples.windows(2).take(patience).position(crosses);
        found.map_or(0.0, |k| {
            let (a, b) = (f64::from(samples[k]), f64::from(samples[k + 1]));
            k as f64 + a / (a - b)
        })
    }
}
