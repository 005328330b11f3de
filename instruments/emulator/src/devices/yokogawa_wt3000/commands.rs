//! The WT3000 command table and what each command does.

use super::integration::{INTEGRATING, Integration, TIMING, takes};
use super::items::{self, Item, MOST_ITEMS, MOST_LISTS};
use super::kept::{KEPT, Key, LANES};
use super::meter::{AMP_RANGES, Range, VOLT_RANGES};
use super::readout::{NONE, count, described, span};
use super::{UPDATE, Wt3000};
use crate::devices::chroma_61845::within;
use crate::devices::spectrum::HIGHEST;
use crate::field::{Field, MILLISECOND};
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::engineering;
use crate::scpi::param::{is_word, number};
use crate::scpi::pattern::Use::{self, Both, Query, Set};
use crate::scpi::setting::Value;
use crate::scpi::{Call, Outcome, Params};

/// Commands of the WT3000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Remote,
    Header,
    Verbose,
    Wait,
    VoltRange,
    AmpRange,
    VoltAuto,
    AmpAuto,
    SensorRatio,
    PeakOver,
    Wiring,
    /// A row of the kept settings.
    Kept(u16),
    ListValue,
    ListItem,
    ListNumber,
    ListOrder,
    ListSelect,
    ListClear,
    ListDelete,
    Rate,
    Format,
    Number,
    Item,
    ClearItems,
    DeleteItems,
    ItemNames,
    ListPreset,
    Preset,
    Value,
    Hold,
    IntegrateMode,
    IntegrateReset,
    IntegrateStart,
    IntegrateStop,
    IntegrateState,
    Filter,
    Events,
    Condition,
    Model,
    /// Date and time of day of its clock.
    Date,
    TimeOfDay,
    Slot,
    WaveLength,
    WaveRate,
    WaveSend,
    /// Read while no cursor is on the display and nothing has been sampled.
    NoData,
    /// The same of a time.
    NoTime,
    Path,
    /// Every function of a list of outputs, below this node, on or off.
    AllFunctions(&'static str),
    /// Every trace below this node on or off.
    AllTraces(&'static str),
    /// Needs the card that is not in its slot.
    Save,
    /// Done at once, nothing to see on this bench.
    Done,
}

use Command as C;

/// Patterns of every command.
#[rustfmt::skip]
pub(crate) const TABLE: &[(&str, Command, Use)] = &[
    ("COMMunicate:REMote", C::Remote, Both),
    ("COMMunicate:HEADer", C::Header, Both),
    ("COMMunicate:VERBose", C::Verbose, Both),
    ("COMMunicate:WAIT", C::Wait, Set),
    ("COMMunicate:WAIT", C::Wait, Query),
    ("[INPut:]VOLTage:RANGe:ALL|SIGMA|SIGMB|SIGMC", C::VoltRange, Set),
    ("[INPut:]VOLTage:RANGe[:ELEMent<n>]", C::VoltRange, Both),
    ("[INPut:]VOLTage:AUTO:ALL|SIGMA|SIGMB|SIGMC", C::VoltAuto, Set),
    ("[INPut:]VOLTage:AUTO[:ELEMent<n>]", C::VoltAuto, Both),
    ("[INPut:]CURRent:RANGe:ALL|SIGMA|SIGMB|SIGMC", C::AmpRange, Set),
    ("[INPut:]CURRent:RANGe[:ELEMent<n>]", C::AmpRange, Both),
    ("[INPut:]CURRent:AUTO:ALL|SIGMA|SIGMB|SIGMC", C::AmpAuto, Set),
    ("[INPut:]CURRent:AUTO[:ELEMent<n>]", C::AmpAuto, Both),
    ("[INPut:]CURRent:SRATio:ALL|SIGMA|SIGMB|SIGMC", C::SensorRatio, Set),
    ("[INPut:]CURRent:SRATio[:ELEMent<n>]", C::SensorRatio, Both),
    ("[INPut:]POVer", C::PeakOver, Query),
    ("[INPut:]CRANge", C::PeakOver, Query),
    ("[INPut:]WIRing", C::Wiring, Both),
    ("RATE[:INTerval]", C::Rate, Both),
    ("NUMeric:LIST:VALue", C::ListValue, Query),
    ("NUMeric:LIST:CLEar", C::ListClear, Set),
    ("NUMeric:LIST:DELete", C::ListDelete, Set),
    ("NUMeric:HOLD", C::Hold, Both),
    ("WAVeform:SEND", C::WaveSend, Query),
    ("WAVeform:TRIGger", C::PeakOver, Query),
    ("ACQuisition:LENGth", C::PeakOver, Query),
    ("ACQuisition:SEND|SRATe", C::NoData, Query),
    ("CURSor:BAR|FFT|TRENd|WAVE:DY|Y<n>", C::NoData, Query),
    ("CURSor:FFT|WAVE:DX|PERDt|X<n>", C::NoData, Query),
    ("CURSor:TRENd:X<n>", C::NoTime, Query),
    ("DISPlay:NUMeric[:NORMal]:VAL4|VAL8|VAL16:PRESet", C::Done, Set),
    ("FILE:FREE", C::PeakOver, Query),
    ("FILE:PATH", C::Path, Query),
    ("FILE:SAVE:NUMeric:NORMal:ALL", C::AllFunctions("FILE:SAVE:NUMeric:NORMal"), Set),
    ("HCOPy:PRINter:LIST[:NORMal]:ALL", C::AllFunctions("HCOPy:PRINter:LIST[:NORMal]"), Set),
    ("STORe:NUMeric[:NORMal]:ALL", C::AllFunctions("STORe:NUMeric[:NORMal]"), Set),
    ("DISPlay:WAVE:ALL", C::AllTraces("DISPlay:WAVE"), Set),
    ("DISPlay:TRENd:ALL", C::AllTraces("DISPlay:TRENd"), Set),
    ("STORe:WAVE:ALL", C::AllTraces("STORe:WAVE"), Set),
    ("FILE:SAVE:NUMeric:NORMal:PRESet<n>", C::Done, Set),
    ("HCOPy:PRINter:LIST[:NORMal]:PRESet<n>", C::Done, Set),
    ("HCOPy:EXECute", C::Done, Set),
    ("HCOPy:PRINter:FEED", C::Done, Set),
    ("FILE:SAVE:SETup|NUMeric|WAVE|ACQuisition[:EXECute]", C::Save, Set),
    ("FILE:LOAD:SETup", C::Save, Set),
    ("FILE:MDIRectory", C::Save, Set),
    ("FILE:FORMat:EXECute", C::Save, Set),
    ("FILE:DELete:SETup", C::Save, Set),
    ("FILE:DELete:IMAGe:TIFF|BMP|PSCRipt|PNG|JPEG", C::Save, Set),
    ("FILE:DELete:NUMeric:ASCii|FLOat", C::Save, Set),
    ("FILE:DELete:WAVE:BINary|ASCii|FLOat", C::Save, Set),
    ("IMAGe:EXECute", C::Save, Set),
    ("NUMeric:FORMat", C::Format, Both),
    ("NUMeric[:NORMal]:NUMber|NUMB", C::Number, Both),
    ("NUMeric[:NORMal]:ITEM<n>", C::Item, Both),
    ("NUMeric:LIST:NUMber|NUMB", C::ListNumber, Both),
    ("NUMeric:LIST:ORDer", C::ListOrder, Both),
    ("NUMeric:LIST:SELect", C::ListSelect, Both),
    ("NUMeric:LIST:ITEM<n>", C::ListItem, Both),
    ("NUMeric[:NORMal]:CLEar", C::ClearItems, Set),
    ("NUMeric[:NORMal]:DELete", C::DeleteItems, Set),
    ("NUMeric[:NORMal]:HEADer", C::ItemNames, Query),
    ("NUMeric:LIST:PRESet", C::ListPreset, Set),
    ("NUMeric[:NORMal]:PRESet", C::Preset, Set),
    ("NUMeric[:NORMal]:VALue", C::Value, Query),
    ("HOLD", C::Hold, Both),
    ("INTEGrate:MODE", C::IntegrateMode, Both),
    ("INTEGrate:RESet", C::IntegrateReset, Set),
    ("INTEGrate:STARt", C::IntegrateStart, Set),
    ("INTEGrate:STOP", C::IntegrateStop, Set),
    ("INTEGrate:STATe", C::IntegrateState, Query),
    ("STATus:FILTer<n>", C::Filter, Both),
    ("STATus:EESR", C::Events, Query),
    ("STATus:CONDition", C::Condition, Query),
    ("COMMunicate:OPSR", C::PeakOver, Query),
    ("SYSTem:DATE", C::Date, Both),
    ("SYSTem:TIME", C::TimeOfDay, Both),
    ("SYSTem:MODel", C::Model, Query),
    ("SYSTem:SLOT", C::Slot, Query),
    ("[INPut:]MODUle", C::Slot, Query),
    ("WAVeform:LENGth", C::WaveLength, Query),
    ("WAVeform:SRATe", C::WaveRate, Query),
    ("COMMunicate:STATus", C::PeakOver, Query),
    ("DISPlay:TRENd:CLEar", C::Done, Set),
    ("FILE:LOAD|SAVE:ABORt", C::Done, Set),
    ("HCOPy|IMAGe:ABORt", C::Done, Set),
    ("STORe:STARt|STOP", C::Done, Set),
    ("STORe:MEMory:INITialize", C::Done, Set),
    ("STORe:MEMory:CONVert:EXECute|ABORt", C::Done, Set),
    ("STORe:NUMeric[:NORMal]:PRESet<n>", C::Done, Set),
    ("SYSTem:CLOCk:SNTP[:EXECute]", C::Done, Set),
    ("SYSTem:ECLear", C::Done, Set),
];

/// Modes of integration.
const INTEGRATE_MODES: [&str; 4] = ["NORMal", "CONTinuous", "RNORmal", "RCONtinuous"];
/// Orders of a list.
const SELECTS: [&str; 3] = ["ALL", "EVEN", "ODD"];
/// Update rates, ms.
const RATES_MS: [u64; 11] = [10, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000];
/// Ranges of the input for an external current sensor, V.
const SENSOR_RANGES: [f64; 8] = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Bits of the condition register that change on this bench without a fault.
const WAITED: u16 = UPDATE | INTEGRATING | TIMING;
/// Words of the transition filters.
const FILTERS: [&str; 4] = ["NEVer", "RISE", "FALL", "BOTH"];

/// Three numbers of a date or a time of day.
fn triple(text: &str, separator: char) -> Option<(u8, u8, u8)> {
    let mut parts = text.split(separator).map(|part| part.trim().parse().ok());
    let all = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(all)
}

/// Bits of the extended event register.
fn mask(params: Params<'_>) -> Result<u16, Fault> {
    u16::try_from(params.integer(0)?).map_err(|_| fault::OUT_OF_RANGE)
}

/// A listed value, found with a little room for its decimal form.
fn listed(value: f64, list: &[f64]) -> Result<f64, Fault> {
    list.iter()
        .copied()
        .find(|one| (one - value).abs() < 1e-6 * one)
        .ok_or(fault::OUT_OF_RANGE)
}

/// Volts of `EXTernal,10V` or `(EXTernal,10V)`; `None` for a range of the current terminals.
fn sensor_volts(params: Params<'_>) -> Result<Option<f64>, Fault> {
    let joined = params.joined();
    let inner = joined.trim_start_matches('(').trim_end_matches(')');
    match inner.split_once(',') {
        Some((word, volts)) if is_word(word.trim(), "EXTernal") => {
            number(volts.trim(), "V").map(Some)
        }
        Some(_) | None => Ok(None),
    }
}

impl Wt3000 {
    /// Whether to wait for one of these extended events.
    fn waits(&self, mask: u16) -> Reply {
        if mask & WAITED != 0 && self.events & mask == 0 {
            Reply::Wait
        } else {
            Reply::None
        }
    }

    pub(super) fn set(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        let params = call.params;
        match command {
            // both remote and local take settings over this link
            C::Remote => {
                params.only_boolean()?;
            }
            C::VoltAuto => {
                let on = params.only_boolean()?;
                self.set_range(call, |element| element.volts.auto = on)?;
            }
            C::AmpAuto => {
                let on = params.only_boolean()?;
                self.set_range(call, |element| element.amps.auto = on)?;
            }
            C::Header => self.header = params.only_boolean()?,
            C::Verbose => self.verbose = params.only_boolean()?,
            C::Wait => return Ok(self.waits(mask(params)?)),
            C::VoltRange => {
                let range = listed(params.only_number("V")?, &VOLT_RANGES)?;
                self.set_range(call, |element| element.volts = Range::fixed(range))?;
            }
            C::AmpRange => match sensor_volts(params)? {
                Some(volts) => {
                    let volts = listed(volts, &SENSOR_RANGES)?;
                    self.set_range(call, |element| element.use_sensor(volts))?;
                }
                None => {
                    let range = listed(params.only_number("A")?, &AMP_RANGES)?;
                    self.set_range(call, |element| element.use_terminals(range))?;
                }
            },
            C::SensorRatio => {
                let ratio = within(params.only_number("")?, 1e-4, 1e5)?;
                self.set_range(call, |element| element.set_ratio(ratio))?;
            }
            C::Wiring => {
                let words = ["P1W2", "P1W3", "P3W3", "P3W4", "V3A3", "NONE"];
                let wiring: Result<Vec<&str>, Fault> = (0..params.len())
                    .map(|index| Ok(words[params.choice(index, &words)?]))
                    .collect();
                params.text(0)?;
                self.wiring = wiring?.join(",");
            }
            C::Kept(row) => {
                let value = self.kept.parse(row, params)?;
                if let Value::Text(text) = &value
                    && !takes(self.kept.key(row), text)
                {
                    return Err(fault::OUT_OF_RANGE);
                }
                if self.kept.key(row) == Key::WaveHold {
                    // held once more, the data are the latest
                    self.held = (value == Value::On(true)).then(|| self.all_traces(field));
                }
                match call.suffixes.last() {
                    Some(&n) if (1..=LANES as u32).contains(&n) => {
                        self.kept.store(row, [n as usize - 1], &value);
                    }
                    Some(_) => return Err(fault::HEADER_SUFFIX),
                    None if self.kept.key(row) == Key::Words => {
                        self.kept.store(row, [call.word], &value);
                    }
                    None => self.kept.store(row, 0..LANES, &value),
                }
            }
            // AUTO follows the signal; this bench's window is its shortest
            C::Rate if params.text(0)?.eq_ignore_ascii_case("AUTO") => {
                self.set_rate(super::WINDOW, field.now());
            }
            C::Rate => {
                let ms = (params.only_number("S")? * 1e3).round() as u64;
                let ms = RATES_MS
                    .into_iter()
                    .find(|&one| one == ms)
                    .ok_or(fault::OUT_OF_RANGE)?;
                self.set_rate(ms * MILLISECOND, field.now());
            }
            C::Format => self.float = params.choice(0, &["ASCii", "FLOat"])? == 1,
            C::Number => {
                self.number = count(params, MOST_ITEMS)?;
            }
            C::Item => {
                let index = call.suffix_up_to(0, MOST_ITEMS as u32)? as usize - 1;
                self.items[index] = items::parse(params)?;
            }
            C::ClearItems => self.clear_items(params)?,
            C::DeleteItems => self.delete_items(params)?,
            C::ListItem => {
                let index = call.suffix_up_to(0, MOST_LISTS as u32)? as usize - 1;
                self.lists[index] = items::parse(params)?;
            }
            C::ListNumber => self.list_number = count(params, MOST_LISTS)?,
            C::ListOrder => self.list_order = count(params, HIGHEST)?,
            C::ListSelect => self.list_select = params.choice(0, &SELECTS)?,
            C::ListClear => {
                let span = span(params, MOST_LISTS, MOST_LISTS)?;
                self.lists[span].fill(None);
            }
            C::ListDelete => {
                let first = params.number(0, "")? as usize;
                self.lists.drain(span(params, MOST_LISTS, first)?);
                self.lists.resize(MOST_LISTS, None);
            }
            C::ListPreset => {
                let pattern = within(params.only_number("")?, 1.0, 4.0)?;
                self.lists = items::list_preset(pattern as usize);
            }
            C::Preset => {
                let pattern = within(params.only_number("")?, 1.0, 4.0)?;
                self.items = items::preset(pattern as usize);
            }
            C::AllFunctions(node) => {
                let on = params.only_boolean()?;
                self.switch_below(node, Key::Words, on);
            }
            C::AllTraces(node) => {
                let on = params.only_boolean()?;
                self.switch_below(node, Key::Plain, on);
            }
            C::Date => {
                params.at_most(1)?;
                let wanted = triple(params.string(0)?, '/').ok_or(fault::ILLEGAL_VALUE)?;
                let wanted = (2000 + i64::from(wanted.0), wanted.1, wanted.2);
                if !self.clock.set_date(wanted, field.now()) {
                    return Err(fault::ILLEGAL_VALUE);
                }
            }
            C::TimeOfDay => {
                params.at_most(1)?;
                let wanted = triple(params.string(0)?, ':').ok_or(fault::ILLEGAL_VALUE)?;
                if !self.clock.set_time(wanted, field.now()) {
                    return Err(fault::ILLEGAL_VALUE);
                }
            }
            C::Save => {
                params.at_most(1)?;
                return Err(fault::MISSING_MEDIA);
            }
            C::Hold => {
                let on = params.only_boolean()?;
                self.set_hold(on);
            }
            C::IntegrateMode => self.integrate_mode = params.choice(0, &INTEGRATE_MODES)?,
            C::IntegrateReset => {
                self.integration = Integration::Reset;
                self.forget();
            }
            C::IntegrateStart => self.start_integration()?,
            C::IntegrateStop => self.stop_integration(),
            C::Done => params.at_most(1)?,
            C::Filter => {
                let index = call.suffix_up_to(0, 16)? as usize - 1;
                self.filter[index] = params.choice(0, &FILTERS)? as u8;
            }
            C::PeakOver
            | C::ItemNames
            | C::Model
            | C::Slot
            | C::WaveLength
            | C::WaveRate
            | C::WaveSend
            | C::NoData
            | C::NoTime
            | C::Path
            | C::Value
            | C::ListValue
            | C::IntegrateState
            | C::Events
            | C::Condition => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }
        Ok(Reply::None)
    }

    /// Sets one element, or all without a suffix of ours (`:ALL` or no `:ELEMent`).
    fn set_range(
        &mut self,
        call: &Call<'_>,
        set: impl Fn(&mut super::Element),
    ) -> Result<(), Fault> {
        if call.suffixes.is_empty() {
            self.elements
                .iter_mut()
                .for_each(|element| element.change(&set));
        } else {
            let index = call.suffix_up_to(0, 4)? as usize - 1;
            self.elements[index].change(set);
        }
        Ok(())
    }

    /// Every switch right below a node whose settings are of one kind; wiring units stay.
    fn switch_below(&mut self, node: &str, kind: Key, on: bool) {
        for (row, setting) in (0..).zip(KEPT) {
            let child = setting
                .0
                .strip_prefix(node)
                .and_then(|rest| rest.strip_prefix(':'));
            let direct =
                child.is_some_and(|child| !child.contains(':') && !child.starts_with("SIGMA"));
            if direct && setting.1 == kind {
                self.kept.store(row, 0..LANES, &Value::On(on));
            }
        }
    }

    fn clear_items(&mut self, params: Params<'_>) -> Result<(), Fault> {
        let span = span(params, MOST_ITEMS, MOST_ITEMS)?;
        self.items[span].fill(None);
        Ok(())
    }

    /// The items behind the deleted ones move up.
    fn delete_items(&mut self, params: Params<'_>) -> Result<(), Fault> {
        let first = params.number(0, "").unwrap_or(1.0) as usize;
        let span = span(params, MOST_ITEMS, first)?;
        self.items.drain(span);
        self.items.resize(MOST_ITEMS, None);
        Ok(())
    }

    pub(super) fn answer(
        &mut self,
        command: Command,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Outcome {
        if command == C::Wait {
            return Ok(match self.waits(mask(call.params)?) {
                Reply::Wait => Reply::Wait,
                Reply::None | Reply::Text(_) | Reply::Block(_) => Reply::text("1"),
            });
        }
        call.params.at_most(1)?;
        let element = || call.suffix_up_to(0, 4).map(|n| n as usize - 1);
        Ok(Reply::Text(match command {
            C::Value => return self.values(call, field),
            C::ListValue => return self.list_values(call, field),
            C::WaveSend => return self.send_trace(field),
            C::Header => u8::from(self.header).to_string(),
            C::Verbose => u8::from(self.verbose).to_string(),
            C::Remote => "1".to_owned(),
            C::VoltAuto => u8::from(self.elements[element()?].volts.auto).to_string(),
            C::AmpAuto => u8::from(self.elements[element()?].amps.auto).to_string(),
            C::VoltRange => engineering(self.elements[element()?].volts.value),
            C::AmpRange => match self.elements[element()?].sensor_v {
                Some(volts) => format!("EXTERNAL,{}", engineering(volts)),
                None => engineering(self.elements[element()?].amps.value),
            },
            C::SensorRatio => engineering(self.elements[element()?].sensor_ratio),
            C::PeakOver => "0".to_owned(),
            C::Model => if self.wt5000 { "WT5000" } else { "760304" }.to_owned(),
            C::Slot => match call.params.len() {
                0 => "30,30,30,30".to_owned(),
                _ => "30".to_owned(),
            },
            // of the traces on the display (IM 760301-17E, WAVeform group)
            C::WaveLength => "1002".to_owned(),
            C::WaveRate => self.display_rate(),
            C::NoData => "NAN".to_owned(),
            C::NoTime => "\"****/**/** **:**:**\"".to_owned(),
            C::Path => "\"PC_Card\"".to_owned(),
            C::ItemNames => self.items[..self.number]
                .iter()
                .map(|item| item.as_ref().map_or_else(|| NONE.to_owned(), Item::heading))
                .collect::<Vec<_>>()
                .join(","),
            C::Wiring => self.wiring.clone(),
            C::Kept(row) => {
                let lane = match call.suffixes.last() {
                    Some(&n) => n.saturating_sub(1) as usize,
                    None if self.kept.key(row) == Key::Words => call.word,
                    None => 0,
                };
                return self.kept.answer(row, lane, call);
            }
            C::ListNumber => self.list_number.to_string(),
            C::ListOrder => self.list_order.to_string(),
            C::ListSelect => SELECTS[self.list_select].to_owned(),
            C::ListItem => {
                let index = call.suffix_up_to(0, MOST_LISTS as u32)? as usize - 1;
                described(self.lists[index].as_ref(), true)
            }

            C::Rate => engineering(self.rate as f64 / 1e9),
            C::Format => if self.float { "FLOAT" } else { "ASCII" }.to_owned(),
            C::Number => self.number.to_string(),
            C::Item => {
                let index = call.suffix_up_to(0, MOST_ITEMS as u32)? as usize - 1;
                described(self.items[index].as_ref(), false)
            }
            C::Hold => u8::from(self.hold).to_string(),
            C::IntegrateMode => INTEGRATE_MODES[self.integrate_mode].to_ascii_uppercase(),
            C::IntegrateState => self.integration.word().to_owned(),
            C::Date => {
                let (year, month, day) = self.clock.date(field.now());
                format!("\"{:02}/{month:02}/{day:02}\"", year.rem_euclid(100))
            }
            C::TimeOfDay => {
                let (hour, minute, second) = self.clock.time(field.now());
                format!("\"{hour:02}:{minute:02}:{second:02}\"")
            }
            C::Filter => {
                let index = call.suffix_up_to(0, 16)? as usize - 1;
                FILTERS[usize::from(self.filter[index])].to_ascii_uppercase()
            }
            C::Events => std::mem::take(&mut self.events).to_string(),
            C::Condition => self.condition().to_string(),
            C::Wait
            | C::ClearItems
            | C::DeleteItems
            | C::ListClear
            | C::ListDelete
            | C::ListPreset
            | C::AllFunctions(_)
            | C::AllTraces(_)
            | C::Save
            | C::Preset
            | C::IntegrateReset
            | C::IntegrateStart
            | C::IntegrateStop
            | C::Done => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}
