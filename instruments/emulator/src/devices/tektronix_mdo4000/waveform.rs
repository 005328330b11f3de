//! Waveform transfer (programmer manual, group Waveform Transfer) and measurements.
//!
//! V = (word − YOFf) × YMUlt + YZEro; t = (n − PT_Off) × XINcr + XZEro with PT_Off = 0.

use super::acquire::WORD_PER_DIV;
use super::commands::{Key, PARAMETERS, Preamble as P};
use super::{Mdo4000, Record};
use crate::devices::parameters::{Parameter, Trace};
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

    /// The record of a channel from 0, in its unit.
    fn volts(&self, lane: usize) -> Option<Trace> {
        let record = self.record.as_ref()?;
        let mut traces = record.traces.iter();
        let (_, words) = traces.find(|(number, _)| usize::from(*number) == lane + 1)?;
        let scale = self.settings.number_at(Key::Scale, lane) / WORD_PER_DIV;
        let zero = self.settings.number_at(Key::Position, lane) * WORD_PER_DIV;
        let offset = self.settings.number_at(Key::Offset, lane);
        let volts = words
            .iter()
            .map(|&word| (f64::from(word) - zero) * scale + offset);
        Some(Trace::new(volts.collect(), record.interval_s))
    }

    /// A type of measurement over the record of a channel; delays and phases lead to another one.
    fn measure(&self, kind: usize, lane: usize, to: usize) -> Option<f64> {
        let trace = self.volts(lane)?;
        if let Some(&what) = PARAMETERS.get(kind) {
            return trace.measure(what);
        }
        let delay = || Some(self.volts(to)?.first_rise()? - trace.first_rise()?);
        match kind - PARAMETERS.len() {
            0 => {
                let turns = delay()? / trace.measure(Parameter::Period)?;
                Some(360.0 * (turns - (turns + 0.5).floor()))
            }
            1 => delay(),
            _ => None,
        }
    }

    /// Every type of measurement of the waveform that is selected.
    pub(super) fn snap(&self) -> Vec<Option<f64>> {
        let lane = self.settings.word(Key::Selected);
        let kinds = 0..PARAMETERS.len();
        kinds.map(|kind| self.measure(kind, lane, lane)).collect()
    }

    /// A value of the last snapshot.
    pub(super) fn snapped(&self, what: Parameter) -> f64 {
        let mut values = PARAMETERS.iter().zip(&self.snapshot);
        let found = values.find(|(kind, _)| **kind == what);
        found.and_then(|(_, value)| *value).unwrap_or(NO_VALUE)
    }

    /// Value of the immediate measurement.
    pub(super) fn measured(&self) -> f64 {
        let word = |key| self.settings.word(key);
        let (kind, lane) = (word(Key::MeasureKind), word(Key::MeasureSource));
        self.measure(kind, lane, word(Key::MeasureTo))
            .unwrap_or(NO_VALUE)
    }

    /// Value of a measurement on the display.
    pub(super) fn slot_value(&self, slot: usize) -> f64 {
        let word = |key| self.settings.word_at(key, slot);
        let (kind, lane) = (word(Key::SlotKind), word(Key::SlotSource));
        self.measure(kind, lane, word(Key::SlotTo))
            .unwrap_or(NO_VALUE)
    }

    /// Unit of the immediate measurement.
    pub(super) fn measured_unit(&self) -> String {
        let word = |key| self.settings.word(key);
        self.kind_unit(word(Key::MeasureKind), word(Key::MeasureSource))
    }

    /// Unit of a measurement on the display.
    pub(super) fn slot_unit(&self, slot: usize) -> String {
        let word = |key| self.settings.word_at(key, slot);
        self.kind_unit(word(Key::SlotKind), word(Key::SlotSource))
    }

    fn kind_unit(&self, kind: usize, lane: usize) -> String {
        use Parameter as M;
        let input = u8::try_from(lane + 1)
            .ok()
            .and_then(|n| self.inputs.get(&n));
        let own = input.map_or("V", |input| input.unit);
        let unit = match PARAMETERS.get(kind) {
            None if kind == PARAMETERS.len() => "deg",
            None => "s",
            Some(M::Hertz) => "Hz",
            Some(
                M::Period | M::Rise | M::Fall | M::PositiveWidth | M::NegativeWidth | M::Burst,
            ) => "s",
            Some(M::PositiveDuty | M::NegativeDuty | M::Overshoot | M::Undershoot) => "%",
            Some(M::Area | M::CycleArea) => return format!("\"{own}s\""),
            Some(M::Pulses | M::Falls | M::PositivePulses | M::NegativePulses) => "",
            Some(
                M::PeakToPeak
                | M::Most
                | M::Least
                | M::Amplitude
                | M::High
                | M::Low
                | M::Mean
                | M::Rms
                | M::Deviation
                | M::CycleMean
                | M::CycleRms,
            ) => own,
        };
        format!("\"{unit}\"")
    }

    /// `DATa:ENCdg` with one of its properties changed.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other fields follow")]
    pub(super) fn encode(&mut self, field: P, word: usize) {
        let now = self.settings.word(Key::Encoding);
        let (mut ascii, mut unsigned, mut swapped) =
            (now == ASCII, matches!(now, 2 | 4), matches!(now, 3 | 4));
        match field {
            P::Encoding => ascii = word == 0,
            P::Format => (ascii, unsigned) = (false, word == 1),
            P::Order => swapped = word == 1,
            _ => {}
        }
        let encoding = match (ascii, unsigned, swapped) {
            (true, _, _) => ASCII,
            (false, false, false) => 0,
            (false, true, false) => 2,
            (false, false, true) => 3,
            (false, true, true) => 4,
        };
        self.settings.choose(Key::Encoding, encoding);
    }
}
