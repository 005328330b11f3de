//! Waveform transfer (programmer manual, group Waveform Transfer) and measurements.
//!
//! V = (word − YOFf) × YMUlt + YZEro; t = (n − PT_Off) × XINcr + XZEro with PT_Off = 0.

use super::acquire::WORD_PER_DIV;
use super::commands::{Key, Preamble as P};
use super::{Mdo4000, Record};
use crate::devices::parameters::whole_cycles;
use crate::scpi::Outcome;
use crate::scpi::engine::Reply;
use crate::scpi::fault;
use crate::scpi::format::{block, nr3};

/// Words of `DATa:ENCdg`.
const ASCII: usize = 1;
/// What instruments answer for no value.
const NO_VALUE: f64 = 9.91e37;

impl Mdo4000 {
    fn lane(&self) -> usize {
        self.settings.word(Key::DataSource)
    }

    fn trace(&self) -> Option<(&Record, &[i16])> {
        let record = self.record.as_ref()?;
        let channel = self.lane() + 1;
        let (_, words) = record
            .traces
            .iter()
            .find(|(number, _)| usize::from(*number) == channel)?;
        Some((record, words))
    }

    /// The part of the record that is sent, as a range of points.
    fn part(&self) -> std::ops::Range<usize> {
        let length = self.trace().map_or(0, |(_, words)| words.len());
        let ends = [Key::DataStart, Key::DataStop].map(|key| self.settings.number(key) as usize);
        let first = ends[0].min(ends[1]).max(1) - 1;
        first.min(length)..ends[0].max(ends[1]).min(length)
    }

    fn wide(&self) -> bool {
        self.settings.number(Key::Width) > 1.5
    }

    /// Counts of a division at the chosen width.
    fn per_div(&self) -> f64 {
        if self.wide() {
            WORD_PER_DIV
        } else {
            WORD_PER_DIV / 256.0
        }
    }

    fn multiplier(&self) -> f64 {
        self.settings.number_at(Key::Scale, self.lane()) / self.per_div()
    }

    fn unit(&self) -> &'static str {
        let channel = u8::try_from(self.lane() + 1).unwrap_or(0);
        self.inputs.get(&channel).map_or("V", |input| input.unit)
    }

    /// `CURVe?`.
    pub(super) fn curve(&self) -> Outcome {
        // 2244: the waveform is not there
        let (_, words) = self.trace().ok_or(fault::Fault {
            code: 2244,
            text: "Source waveform is not active",
        })?;
        let encoding = self.settings.word(Key::Encoding);
        let unsigned = matches!(encoding, 2 | 4);
        let swapped = matches!(encoding, 3 | 4);
        let words = &words[self.part()];
        let value = |word: i16| {
            let value = i32::from(if self.wide() { word } else { word >> 8 });
            match (unsigned, self.wide()) {
                (true, true) => value + 32_768,
                (true, false) => value + 128,
                (false, _) => value,
            }
        };
        if encoding == ASCII {
            let texts: Vec<String> = words.iter().map(|&word| value(word).to_string()).collect();
            return Ok(Reply::Text(texts.join(",")));
        }
        let mut bytes = Vec::with_capacity(2 * words.len());
        for &word in words {
            let [high, low] = (value(word) as u16).to_be_bytes();
            match (self.wide(), swapped) {
                (true, false) => bytes.extend([high, low]),
                (true, true) => bytes.extend([low, high]),
                (false, _) => bytes.push(low),
            }
        }
        Ok(Reply::Block(block(&bytes, 1)))
    }

    /// One field of the preamble.
    pub(super) fn preamble(&self, field: P) -> String {
        let record = self.trace().map(|(record, _)| record);
        let encoding = self.settings.word(Key::Encoding);
        let text = |text: &str| text.to_owned();
        match field {
            P::Bytes => text(if self.wide() { "2" } else { "1" }),
            P::Bits => text(if self.wide() { "16" } else { "8" }),
            P::Encoding => text(if encoding == ASCII { "ASCII" } else { "BINARY" }),
            P::Format => text(if matches!(encoding, 2 | 4) {
                "RP"
            } else {
                "RI"
            }),
            P::Order => text(if matches!(encoding, 3 | 4) {
                "LSB"
            } else {
                "MSB"
            }),
            P::Name => format!(
                "\"Ch{}, DC coupling, {} {}/div, {} s/div, {} points, Sample mode\"",
                self.lane() + 1,
                nr3(self.settings.number_at(Key::Scale, self.lane()), 3),
                self.unit(),
                nr3(self.settings.number(Key::TimeScale), 3),
                self.points()
            ),
            P::Points => self.part().len().to_string(),
            P::PointFormat => text("Y"),
            P::PointOrder => text("LINEAR"),
            P::XUnit => text("\"s\""),
            P::XIncrement => nr3(
                record.map_or_else(|| self.interval_s(), |r| r.interval_s),
                4,
            ),
            P::XZero => nr3(
                record.map_or(0.0, |r| {
                    self.part().start as f64 * r.interval_s - r.before_s
                }),
                6,
            ),
            P::PointOffset => text("0"),
            P::YUnit => format!("\"{}\"", self.unit()),
            P::YMultiplier => nr3(self.multiplier(), 6),
            P::YOffset => {
                let position = self.settings.number_at(Key::Position, self.lane());
                let base = match (matches!(encoding, 2 | 4), self.wide()) {
                    (true, true) => 32_768.0,
                    (true, false) => 128.0,
                    (false, _) => 0.0,
                };
                nr3(position * self.per_div() + base, 6)
            }
            P::YZero => nr3(self.settings.number_at(Key::Offset, self.lane()), 4),
        }
    }

    /// `WFMOutpre?`: every field in the order of the manual.
    pub(super) fn preamble_all(&self) -> String {
        [
            P::Bytes,
            P::Bits,
            P::Encoding,
            P::Format,
            P::Order,
            P::Name,
            P::Points,
            P::PointFormat,
            P::PointOrder,
            P::XUnit,
            P::XIncrement,
            P::XZero,
            P::PointOffset,
            P::YUnit,
            P::YMultiplier,
            P::YOffset,
            P::YZero,
        ]
        .map(|field| self.preamble(field))
        .join(";")
    }

    /// Value of an immediate measurement over the record of its source.
    pub(super) fn measured(&self) -> f64 {
        let lane = self.settings.word(Key::MeasureSource);
        let Some(words) = self.record.as_ref().and_then(|record| {
            let mut traces = record.traces.iter();
            traces.find(|(number, _)| usize::from(*number) == lane + 1)
        }) else {
            return NO_VALUE;
        };
        let scale = self.settings.number_at(Key::Scale, lane) / WORD_PER_DIV;
        let zero = self.settings.number_at(Key::Position, lane) * WORD_PER_DIV;
        let offset = self.settings.number_at(Key::Offset, lane);
        let volts: Vec<f64> = words
            .1
            .iter()
            .map(|&word| (f64::from(word) - zero) * scale + offset)
            .collect();
        let most = volts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = volts.iter().copied().fold(f64::INFINITY, f64::min);
        let interval = self.record.as_ref().map_or(0.0, |record| record.interval_s);
        let cycles = whole_cycles(&volts, 0.5 * (most + least), 0.1 * (most - least));
        let period = cycles.map(|(first, last, n)| (last - first) * interval / n);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
        let rms = |part: &[f64]| mean(&part.iter().map(|v| v * v).collect::<Vec<_>>()).sqrt();
        let cycle = cycles.map_or(&volts[..], |(first, last, _)| {
            &volts[first.round() as usize..last.round() as usize]
        });
        match self.settings.word(Key::MeasureKind) {
            0 => period.map_or(NO_VALUE, |period| 1.0 / period),
            1 => period.unwrap_or(NO_VALUE),
            2 => mean(&volts),
            3 | 7 => most - least,
            4 => rms(&volts),
            5 | 8 => most,
            6 | 9 => least,
            10 => rms(cycle),
            11 => mean(cycle),
            _ => NO_VALUE,
        }
    }

    /// Unit of the immediate measurement.
    pub(super) fn measured_unit(&self) -> &'static str {
        match self.settings.word(Key::MeasureKind) {
            0 => "\"Hz\"",
            1 | 12..=15 => "\"s\"",
            16 | 17 => "\"%\"",
            _ => {
                let lane = self.settings.word(Key::MeasureSource) + 1;
                let input = u8::try_from(lane).ok().and_then(|n| self.inputs.get(&n));
                match input.map(|input| input.unit) {
                    Some("A") => "\"A\"",
                    Some(_) | None => "\"V\"",
                }
            }
        }
    }
}
