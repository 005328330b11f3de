//! What each command and query of the DL850 does.

use super::commands::Command::{self, self as C};
use super::convert::Coupling;
use super::{Dl850, Format, SLOTS, TriggerMode, TriggerSource, acquire};
use crate::devices::chroma_61845::within;
use gridproof_plant::Nanos;

use crate::field::{Field, MILLISECOND};
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::param::{is_word, number};
use crate::scpi::{Call, Outcome, Params};

/// The slot has no module.
const NO_MODULE: Fault = Fault {
    code: 241,
    text: "Hardware missing",
};
/// Ranges of the input modules, V per division.
const RANGES: [f64; 12] = [
    0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0,
];
/// The input module in every slot: 1 MS/s, 16 bit, isolated.
const MODULE: &str = "M701251";
/// Attenuations of probes.
const PROBES: [f64; 6] = [1.0, 10.0, 50.0, 100.0, 500.0, 1000.0];
const ACQUIRE_MODES: [&str; 4] = ["NORMal", "ENVelope", "AVERage", "BOXaverage"];
/// Words of the transition filters.
const FILTERS: [&str; 4] = ["NEVer", "RISE", "FALL", "BOTH"];
/// How often a client that waits for the acquisition is thought of.
const LOOK: Nanos = 10 * MILLISECOND;
const MODES: [(&str, TriggerMode); 6] = [
    ("AUTO", TriggerMode::Auto),
    ("ALEVel", TriggerMode::AutoLevel),
    ("NORMal", TriggerMode::Normal),
    ("SINGle", TriggerMode::Single),
    ("NSINgle", TriggerMode::SingleN),
    ("ONSTart", TriggerMode::OnStart),
];
/// Either edge has one word in the DL850, another in its relatives.
const SLOPES: [&str; 4] = ["RISE", "FALL", "BISLope", "BOTH"];
const SOURCES: [&str; 3] = ["EXTernal", "LINE", "TIME"];
const COUPLINGS: [(&str, Coupling); 3] = [
    ("DC", Coupling::Dc),
    ("AC", Coupling::Ac),
    ("GND", Coupling::Ground),
];
const HYSTERESES: [&str; 3] = ["LOW", "MIDDle", "HIGH"];
const FORMATS: [&str; 3] = ["WORD", "BYTE", "ASCii"];

/// Seconds since midnight of `HH:MM:SS`.
fn time_of_day(text: &str) -> Option<f64> {
    let fields: Option<Vec<u32>> = text
        .split(':')
        .map(|part| part.trim().parse().ok())
        .collect();
    match fields?[..] {
        [h, m, s] if h < 24 && m < 60 && s < 60 => Some(f64::from(3600 * h + 60 * m + s)),
        _ => None,
    }
}

impl Dl850 {
    fn slot(&self, call: &Call<'_>) -> Result<u8, Fault> {
        let slot = call.suffix_up_to(0, 16)? as u8;
        if self.channels.contains_key(&slot) {
            Ok(slot)
        } else {
            Err(NO_MODULE)
        }
    }

    fn trigger_channel(&self, text: &str) -> Result<u8, Fault> {
        let channel = number(text, "")?;
        let channel = if (1.0..=16.0).contains(&channel) {
            channel as u8
        } else {
            return Err(fault::OUT_OF_RANGE);
        };
        if self.channels.contains_key(&channel) {
            Ok(channel)
        } else {
            Err(NO_MODULE)
        }
    }

    /// `1K`, `100K`, `1M`: here M is 10⁶, unlike in suffixes of units.
    fn record_length(text: &str) -> Result<u64, Fault> {
        let upper = text.to_ascii_uppercase();
        let (digits, factor) = match upper.trim_end_matches(['K', 'M']) {
            digits if upper.ends_with('K') => (digits, 1e3),
            digits if upper.ends_with('M') => (digits, 1e6),
            digits => (digits, 1.0),
        };
        Ok(within(number(digits, "")? * factor, 1e3, 5e6)?.round() as u64)
    }

    pub(super) fn set(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        let params = call.params;
        match command {
            C::Remote => {
                params.only_boolean()?;
            }
            C::Header => self.header = params.only_boolean()?,
            C::Verbose => self.verbose = params.only_boolean()?,
            C::Range => {
                let slot = self.slot(call)?;
                let wanted = params.only_number("V")?;
                let fits = |one: &f64| (one - wanted).abs() < 1e-6 * one;
                let range = RANGES.into_iter().find(fits).ok_or(fault::OUT_OF_RANGE)?;
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.range_v = range;
                }
            }
            C::Coupling => {
                let slot = self.slot(call)?;
                let word = params.choice(0, &COUPLINGS.map(|(word, _)| word))?;
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.coupling = COUPLINGS[word].1;
                }
            }
            // the emulated probe is always the one that is set: readings stay those of its input
            C::Probe => {
                let slot = self.slot(call)?;
                params.at_most(1)?;
                let text = params.text(0)?.to_ascii_uppercase();
                let ratio = number(text.trim_start_matches('C'), "")?;
                if !PROBES.contains(&ratio) {
                    return Err(fault::OUT_OF_RANGE);
                }
                self.probe[usize::from(slot) - 1] = text;
            }
            C::Bandwidth => {
                let slot = self.slot(call)?;
                params.at_most(1)?;
                let text = params.text(0)?;
                if !is_word(text, "FULL") && !is_word(text, "AUTO") {
                    within(number(text, "HZ")?, 1.0, 1e7)?;
                }
                self.bandwidth[usize::from(slot) - 1] = text.to_ascii_uppercase();
            }
            C::Display => {
                let slot = self.slot(call)?;
                let display = params.only_boolean()?;
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.display = display;
                }
            }
            C::TimePerDivision => self.tdiv_s = within(params.only_number("S")?, 1e-4, 200.0)?,
            C::RecordLength => {
                params.at_most(1)?;
                self.record_length = Self::record_length(params.text(0)?)?;
            }
            // of a repeating signal the mean is the signal; an envelope is not made
            C::AcquireMode => self.mode = params.choice(0, &ACQUIRE_MODES)?,
            C::SampleRate => {
                let rate = within(params.only_number("S/S|HZ")?, 1.0, 1e9)?;
                let points = (rate * 10.0 * self.tdiv_s).round();
                self.record_length = within(points, 1.0, 5e6)? as u64;
            }
            C::Wait => {
                let mask = within(params.only_number("")?, 0.0, 65_535.0)? as u16;
                return Ok(self.waits(mask, field));
            }
            C::Filter => {
                let index = call.suffix_up_to(0, 16)? as usize - 1;
                self.filter[index] = params.choice(0, &FILTERS)? as u8;
            }
            C::FirstRecord => {
                within(params.only_number("")?, 0.0, 0.0)?;
            }
            C::Done => params.none()?,
            C::File => return Err(fault::MISSING_MEDIA),
            C::MeasureSwitch => {
                self.slot(call)?;
                params.only_boolean()?;
            }
            C::TriggerMode => {
                self.trigger_mode = MODES[params.choice(0, &MODES.map(|(word, _)| word))?].1;
            }
            C::TriggerType => {
                params.choice(0, &["SIMPle"])?;
            }
            C::TriggerSource => {
                params.at_most(1)?;
                self.source = match params.choice(0, &SOURCES) {
                    Ok(word) => [
                        TriggerSource::External,
                        TriggerSource::Line,
                        TriggerSource::Time,
                    ][word],
                    Err(_) => TriggerSource::Channel(self.trigger_channel(params.text(0)?)?),
                };
            }
            C::TimerTime => {
                params.at_most(1)?;
                let text = params.text(0)?.trim_matches(['"', '\'']).to_owned();
                self.timer.0 = time_of_day(&text).ok_or(fault::OUT_OF_RANGE)?;
            }
            C::TimerInterval => self.timer.1 = within(params.only_number("S")?, 10.0, 86_400.0)?,
            C::TriggerLevel => {
                params.at_most(1)?;
                self.level = params.number(0, "V").or_else(|_| params.number(0, "A"))?;
            }
            C::TriggerSlope => self.slope = params.choice(0, &SLOPES)?,
            C::TriggerPosition => self.position = within(params.only_number("")?, 0.0, 100.0)?,
            C::TriggerDelay => self.delay_s = within(params.only_number("S")?, 0.0, 10.0)?,
            C::Start => {
                params.none()?;
                self.start(field)?;
            }
            C::SingleStart => {
                self.trigger_mode = TriggerMode::Single;
                self.start(field)?;
            }
            C::Stop => {
                params.none()?;
                self.stop(field);
            }
            C::Trace => {
                params.at_most(1)?;
                self.trace = self.trigger_channel(params.text(0)?)?;
            }
            C::WaveFormat => {
                self.format =
                    [Format::Word, Format::Byte, Format::Ascii][params.choice(0, &FORMATS)?]
            }
            C::ByteOrder => self.little_endian = params.choice(0, &["MSBFirst", "LSBFirst"])? == 1,
            // only the newest record is kept
            C::RecordNumber => {
                if params.choice(0, &["MINimum", "MAXimum"]).is_err() {
                    within(params.only_number("")?, 0.0, 0.0)?;
                }
            }
            C::DisplayAll => {
                let display = params.only_boolean()?;
                for channel in self.channels.values_mut() {
                    channel.display = display;
                }
            }
            C::Initialize => {
                params.none()?;
                crate::scpi::engine::ScpiDevice::reset(self, field);
            }
            C::Calibrate => params.none()?,
            C::Kept(row) => {
                let joined = [params.joined()];
                let one = if params.len() > 1 {
                    Params::new(&joined)
                } else {
                    params
                };
                let value = self.kept.parse(row, one)?;
                match call.suffixes.first() {
                    Some(_) => {
                        let lane = call.suffix_up_to(0, SLOTS as u32)? as usize - 1;
                        self.kept.store(row, [lane], &value);
                    }
                    None => self.kept.store(row, 0..SLOTS, &value),
                }
            }
            C::Hysteresis => {
                self.hysteresis = params.choice(0, &HYSTERESES)?;
            }
            C::First => self.first = within(params.only_number("")?, 0.0, 1e9)? as usize,
            C::Last => self.last = Some(within(params.only_number("")?, 0.0, 1e9)? as usize),
            C::Module
            | C::Pending
            | C::Model
            | C::Measured(_)
            | C::WaveSign
            | C::Events
            | C::Condition
            | C::Length
            | C::WaveRange
            | C::WaveOffset
            | C::WaveRate
            | C::WaveTrigger
            | C::WaveBits
            | C::WaveType
            | C::WavePosition
            | C::WaveStartTime
            | C::Send => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }
        Ok(Reply::None)
    }

    /// `:SSTart? <timeout>`, in units of 100 ms: starts once and answers 0 when the trigger has
    /// come, 1 when it has not in time. Without a time-out it answers at once.
    fn single_start(&mut self, call: &Call<'_>, field: &mut Field) -> Outcome {
        let now = field.now();
        let deadline = match self.deadline {
            Some(deadline) => deadline,
            None => {
                self.trigger_mode = TriggerMode::Single;
                self.start(field)?;
                let tenths = if call.params.len() == 0 {
                    0.0
                } else {
                    within(call.params.only_number("")?, 0.0, 36_000.0)?
                };
                let deadline = now + (tenths * 1e8) as gridproof_plant::Nanos;
                *self.deadline.insert(deadline)
            }
        };
        let waits = self.condition(field) & 0b100 != 0;
        if waits && now < deadline {
            self.wake = Some(deadline.min(now + LOOK));
            return Ok(Reply::Wait);
        }
        self.deadline = None;
        Ok(Reply::flag(waits))
    }

    /// `:COMMunicate:WAIT <mask>`: until one of these bits of the extended event register is set.
    fn waits(&mut self, mask: u16, field: &Field) -> Reply {
        if self.events & mask == 0 && self.filter.iter().any(|&filter| filter != 0) {
            self.wake = Some(field.now() + LOOK);
            Reply::Wait
        } else {
            Reply::None
        }
    }

    /// Puts the transitions of the condition register that the filters let through into the
    /// extended event register.
    pub(super) fn observe(&mut self, field: &Field) {
        let now = self.condition(field);
        for (bit, filter) in self.filter.iter().enumerate() {
            let (was, is) = (self.ran >> bit & 1 == 1, now >> bit & 1 == 1);
            let rises = is && !was && matches!(filter, 1 | 3);
            let falls = was && !is && matches!(filter, 2 | 3);
            if rises || falls {
                self.events |= 1 << bit;
            }
        }
        self.ran = now;
    }

    pub(super) fn answer(
        &mut self,
        command: Command,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Outcome {
        call.params.at_most(1)?;
        if command == C::Wait {
            let mask = within(call.params.only_number("")?, 0.0, 65_535.0)? as u16;
            return Ok(match self.waits(mask, field) {
                Reply::Wait => Reply::Wait,
                Reply::None | Reply::Text(_) | Reply::Block(_) => Reply::text("1"),
            });
        }
        let slot = || self.slot(call).map(|slot| &self.channels[&slot]);
        let rate = self
            .record
            .as_ref()
            .map_or_else(|| self.rate(), |record| record.rate);
        Ok(Reply::Text(match command {
            C::Send => return self.send(),
            C::Remote => "1".to_owned(),
            C::Header => u8::from(self.header).to_string(),
            C::Verbose => u8::from(self.verbose).to_string(),
            C::Range => nr3(slot()?.range_v, 3),
            C::Coupling => {
                let coupling = slot()?.coupling;
                let word = COUPLINGS.iter().find(|(_, one)| *one == coupling);
                word.map_or("DC", |(word, _)| word).to_owned()
            }
            C::Probe => self.probe[usize::from(self.slot(call)?) - 1].clone(),
            C::Bandwidth => self.bandwidth[usize::from(self.slot(call)?) - 1].clone(),
            C::Module => {
                if call.suffixes.is_empty() {
                    MODULE
                } else {
                    slot().map(|_| MODULE)?
                }
            }
            .to_owned(),
            C::WaveSign | C::MeasureSwitch => "1".to_owned(),
            C::FirstRecord => "0".to_owned(),
            C::Model => if self.dl950 { "DL950" } else { "DL850E" }.to_owned(),
            C::Filter => {
                let index = call.suffix_up_to(0, 16)? as usize - 1;
                FILTERS[usize::from(self.filter[index])].to_ascii_uppercase()
            }
            C::Measured(what) => {
                let slot = self.slot(call)?;
                match self.measured(slot, what) {
                    Some(value) => nr3(value, 4),
                    None => "NAN".to_owned(),
                }
            }
            C::Display => u8::from(slot()?.display).to_string(),
            C::TimePerDivision => nr3(self.tdiv_s, 3),
            C::SampleRate => nr3(f64::from(self.rate()), 3),
            C::RecordLength => self.record_length.to_string(),
            C::AcquireMode => ACQUIRE_MODES[self.mode].to_ascii_uppercase(),
            C::TriggerMode => {
                let word = MODES.iter().find(|(_, mode)| *mode == self.trigger_mode);
                word.map_or("", |(word, _)| word).to_ascii_uppercase()
            }
            C::TriggerType => "SIMPLE".to_owned(),
            C::TriggerSource => match self.source {
                TriggerSource::Channel(number) => number.to_string(),
                TriggerSource::External => "EXTERNAL".to_owned(),
                TriggerSource::Line => "LINE".to_owned(),
                TriggerSource::Time => "TIME".to_owned(),
            },
            C::TimerTime => {
                let seconds = self.timer.0 as u64;
                let (minutes, hours) = (seconds / 60, seconds / 3600);
                format!("\"{hours:02}:{:02}:{:02}\"", minutes % 60, seconds % 60)
            }
            C::TimerInterval => nr3(self.timer.1, 3),
            C::TriggerLevel => nr3(self.level, 3),
            C::TriggerSlope => SLOPES[self.slope].to_owned(),
            C::TriggerPosition => format!("{:.1}", self.position),
            C::TriggerDelay => nr3(self.delay_s, 3),
            C::WaveOffset | C::WavePosition => nr3(0.0, 3),
            C::SingleStart => return self.single_start(call, field),
            C::Kept(row) => {
                let lane = match call.suffixes.first() {
                    Some(_) => call.suffix_up_to(0, SLOTS as u32)? as usize - 1,
                    None => 0,
                };
                return self.kept.answer(row, lane, call);
            }
            C::Hysteresis => HYSTERESES[self.hysteresis].to_ascii_uppercase(),
            C::Events => std::mem::take(&mut self.events).to_string(),
            C::Condition => self.condition(field).to_string(),
            C::Trace => self.trace.to_string(),
            C::WaveFormat => match self.format {
                Format::Word => "WORD".to_owned(),
                Format::Byte => "BYTE".to_owned(),
                Format::Ascii => "ASCII".to_owned(),
            },
            C::ByteOrder => if self.little_endian {
                "LSBFIRST"
            } else {
                "MSBFIRST"
            }
            .to_owned(),
            C::RecordNumber | C::Pending => "0".to_owned(),
            C::First => self.first.to_string(),
            C::Last => self.end().to_string(),
            C::Length => self.length().to_string(),
            C::WaveRange => nr3(self.trace_range(), 3),
            C::WaveRate => nr3(f64::from(rate), 3),
            C::WaveTrigger => self
                .record
                .as_ref()
                .map_or(0, |record| record.trigger)
                .to_string(),
            C::WaveBits => if self.format == Format::Byte {
                "8"
            } else {
                "16"
            }
            .to_owned(),
            C::WaveType => "INTEGER".to_owned(),
            C::WaveStartTime => nr3(
                self.record
                    .as_ref()
                    .map_or(0.0, |record| acquire::start_s(record.start_ns)),
                9,
            ),
            C::Wait
            | C::Done
            | C::File
            | C::Start
            | C::Stop
            | C::DisplayAll
            | C::Initialize
            | C::Calibrate => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }))
    }
}
