//! Settings as rows of a table: a header, what may be written to it, how it is read back.
//!
//! A model declares what it keeps; parsing with units, `MIN|MAX|DEF`, ranges, replies, `*RST` and
//! `*SAV`/`*RCL` are the same for all. A setting may have several lanes: phases of a source,
//! channels of a scope, elements of an analyser.

use std::collections::BTreeMap;

use super::engine::Reply;
use super::fault::{self, Fault};
use super::format::nr3;
use super::param::{is_word, short_form};
use super::pattern::{Spelling, Use};
use super::{Call, Outcome, Params};

/// How a number is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Whole: `5`.
    Nr1,
    /// With so many decimals: `5.00`.
    Nr2(usize),
    /// With an exponent: `5.000E+00`.
    Nr3(usize),
    /// With decimals and the unit after a blank: `5.00 V`.
    WithUnit(usize, &'static str),
}

impl Form {
    /// A number in this form.
    pub(crate) fn print(self, value: f64) -> String {
        match self {
            Form::Nr1 => format!("{value:.0}"),
            Form::Nr2(digits) => format!("{value:.digits$}"),
            Form::Nr3(digits) => nr3(value, digits),
            Form::WithUnit(digits, unit) => format!("{value:.digits$} {unit}"),
        }
    }
}

/// What a setting holds, with its value after `*RST`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A number in a unit (several with `|`), from–to.
    Number {
        /// Unit, upper case.
        unit: &'static str,
        /// Least.
        least: f64,
        /// Most.
        most: f64,
        /// After `*RST`.
        default: f64,
        /// As printed.
        form: Form,
    },
    /// `ON|OFF|1|0`.
    Switch(bool),
    /// One of several words, the first after `*RST`; other spellings of a word follow it with `|`.
    Choice(&'static [&'static str]),
    /// A string, with or without quotes; read back in quotes.
    Text(&'static str),
    /// Words and numbers with commas between them, read back as they were written, in upper case.
    Plain(&'static str),
    /// Off, on, or a positive number in a unit; what `off` reads.
    OffOr {
        /// Unit, upper case.
        unit: &'static str,
        /// `OFF`, or `0` where `ON` is another choice.
        off: &'static str,
    },
}

/// A number row.
pub(crate) const fn number(
    unit: &'static str,
    range: (f64, f64),
    default: f64,
    form: Form,
) -> Kind {
    Kind::Number {
        unit,
        least: range.0,
        most: range.1,
        default,
        form,
    }
}

/// A row: headers as the manual prints them (several with blanks between them), name for the
/// device, what it holds.
pub(crate) type Row<K> = (&'static str, K, Kind);

/// How words and switches are read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Words in their short form (SCPI), else in full.
    pub(crate) short: bool,
    /// Words in upper case, else as the manual prints them.
    pub(crate) upper: bool,
    /// Switches as `ON`/`OFF`, else `1`/`0`.
    pub(crate) on_off: bool,
    /// How words may be spelt when they are set.
    pub(crate) spelling: Spelling,
}

impl Style {
    /// `1`, `VOLT`.
    pub(crate) const SCPI: Self = Self {
        short: true,
        upper: true,
        on_off: false,
        spelling: Spelling::Exact,
    };
    /// `1`, `VOLTAGE`.
    pub(crate) const LONG: Self = Self {
        short: false,
        ..Self::SCPI
    };
}

/// A value; numbers are finite.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Of a number.
    Number(f64),
    /// Of a switch.
    On(bool),
    /// Index of a word.
    Word(usize),
    /// Of a string.
    Text(String),
}

/// The settings of an instrument.
#[derive(Debug)]
pub(crate) struct Settings<K: 'static> {
    rows: &'static [Row<K>],
    style: Style,
    lanes: usize,
    /// By row, then lane.
    values: Vec<Value>,
    saved: BTreeMap<u8, Vec<Value>>,
}

/// The patterns of a settings table, for the table of commands.
pub(crate) fn patterns<K, C>(
    rows: &'static [Row<K>],
    command: impl Fn(u16) -> C,
) -> Vec<(&'static str, C, Use)> {
    rows.iter()
        .zip(0..)
        .flat_map(|(row, index)| row.0.split(' ').zip(std::iter::repeat(index)))
        .map(|(pattern, index)| (pattern, command(index), Use::Both))
        .collect()
}

fn default(kind: Kind) -> Value {
    match kind {
        Kind::Number { default, .. } => Value::Number(default),
        Kind::Switch(on) => Value::On(on),
        Kind::Choice(_) => Value::Word(0),
        Kind::Text(text) | Kind::Plain(text) => Value::Text(text.to_owned()),
        Kind::OffOr { .. } => Value::On(false),
    }
}

impl<K: Copy + PartialEq + std::fmt::Debug> Settings<K> {
    /// As after power-on, with so many lanes.
    pub(crate) fn new(rows: &'static [Row<K>], style: Style, lanes: usize) -> Self {
        let mut settings = Self {
            rows,
            style,
            lanes: lanes.max(1),
            values: Vec::new(),
            saved: BTreeMap::new(),
        };
        settings.reset();
        settings
    }

    /// `*RST`; saved set-ups stay.
    pub(crate) fn reset(&mut self) {
        let lanes = self.lanes;
        self.values = self
            .rows
            .iter()
            .flat_map(|row| std::iter::repeat_n(default(row.2), lanes))
            .collect();
    }

    /// `*SAV`, slots 0–9.
    pub(crate) fn save(&mut self, slot: u8) -> Result<(), Fault> {
        if slot > 9 {
            return Err(fault::OUT_OF_RANGE);
        }
        self.saved.insert(slot, self.values.clone());
        Ok(())
    }

    /// `*RCL`; an empty slot holds the factory settings.
    pub(crate) fn recall(&mut self, slot: u8) -> Result<(), Fault> {
        if slot > 9 {
            return Err(fault::OUT_OF_RANGE);
        }
        match self.saved.get(&slot) {
            Some(values) => self.values.clone_from(values),
            None => self.reset(),
        }
        Ok(())
    }

    /// Name of a row.
    pub(crate) fn key(&self, row: u16) -> K {
        self.rows[usize::from(row)].1
    }

    /// Parses the parameter of a command to a row, without storing it.
    pub(crate) fn parse(&self, row: u16, params: Params<'_>) -> Result<Value, Fault> {
        let kind = self.rows[usize::from(row)].2;
        if let Kind::Plain(default) = kind {
            // as many fields as there are after power-on, where those are numbers
            let fields = default.split(',').count();
            if default.starts_with(|c: char| c.is_ascii_digit()) && params.len() != fields {
                params.text(fields - 1)?;
                params.at_most(fields)?;
            }
            if params.text(0)?.starts_with(['"', '\'', '#']) {
                return Err(fault::DATA_TYPE);
            }
            return Ok(Value::Text(params.joined().to_ascii_uppercase()));
        }
        params.at_most(1)?;
        Ok(match kind {
            Kind::Number {
                unit,
                least,
                most,
                default,
                ..
            } => {
                let text = params.text(0)?;
                let value = match limit(text, least, most, default) {
                    Some(value) => value,
                    None => params.number(0, unit)?,
                };
                if !(least..=most).contains(&value) {
                    return Err(fault::OUT_OF_RANGE);
                }
                Value::Number(value)
            }
            Kind::Switch(_) => Value::On(params.boolean(0)?),
            Kind::Choice(words) => Value::Word(match chosen(params, words) {
                Ok(word) => word,
                Err(fault) => abbreviated(params, words, self.style.spelling).ok_or(fault)?,
            }),
            Kind::OffOr { unit, off } => match params.number(0, unit) {
                Ok(value) if value > 1.0 || (off == "OFF" && value > 0.0) => Value::Number(value),
                Ok(_) => Value::On(params.boolean(0)?),
                Err(fault) => {
                    let on = params.boolean(0).map_err(|_| fault)?;
                    if on && off == "OFF" {
                        return Err(fault::ILLEGAL_VALUE);
                    }
                    Value::On(on)
                }
            },
            Kind::Text(_) | Kind::Plain(_) => Value::Text(
                params
                    .string(0)
                    .map_or_else(|_| params.text(0), Ok)?
                    .to_owned(),
            ),
        })
    }

    /// Stores a parsed value in some lanes.
    pub(crate) fn store(
        &mut self,
        row: u16,
        lanes: impl IntoIterator<Item = usize>,
        value: &Value,
    ) {
        for lane in lanes {
            if lane < self.lanes {
                self.values[usize::from(row) * self.lanes + lane] = value.clone();
            }
        }
    }

    /// A command to a row: parses and stores in all lanes.
    pub(crate) fn write(&mut self, row: u16, params: Params<'_>) -> Result<K, Fault> {
        let value = self.parse(row, params)?;
        self.store(row, 0..self.lanes, &value);
        Ok(self.key(row))
    }

    /// Reply to a query of a row; `MIN`, `MAX` and `DEF` ask for those of a number.
    pub(crate) fn answer(&self, row: u16, lane: usize, call: &Call<'_>) -> Outcome {
        let params = call.params;
        params.at_most(1)?;
        let kind = self.rows[usize::from(row)].2;
        if params.len() == 1 {
            let Kind::Number {
                least,
                most,
                default,
                form,
                ..
            } = kind
            else {
                return Err(fault::PARAMETER_NOT_ALLOWED);
            };
            let asked = limit(params.text(0)?, least, most, default);
            return Ok(Reply::Text(form.print(asked.ok_or(fault::ILLEGAL_VALUE)?)));
        }
        let value = &self.values[usize::from(row) * self.lanes + lane.min(self.lanes - 1)];
        Ok(Reply::Text(self.print(kind, value)))
    }

    /// A number as the replies of a row print it.
    pub(crate) fn number_text(&self, row: u16, value: f64) -> String {
        self.print(self.rows[usize::from(row)].2, &Value::Number(value))
    }

    fn print(&self, kind: Kind, value: &Value) -> String {
        match (kind, value) {
            (Kind::Number { form, .. }, Value::Number(value)) => form.print(*value),
            (Kind::OffOr { off, .. }, Value::On(false)) => off.to_owned(),
            (Kind::OffOr { .. }, Value::Number(value)) => nr3(*value, 3),
            (_, Value::On(on)) => match (self.style.on_off, on) {
                (true, true) => "ON".to_owned(),
                (true, false) => "OFF".to_owned(),
                (false, on) => u8::from(*on).to_string(),
            },
            (Kind::Choice(words), Value::Word(index)) => {
                let word = words[*index].split('|').next().unwrap_or_default();
                let word = if self.style.short {
                    short_form(word)
                } else {
                    word.to_owned()
                };
                if self.style.upper {
                    word.to_ascii_uppercase()
                } else {
                    word
                }
            }
            (Kind::Plain(_), Value::Text(text)) => text.clone(),
            (_, Value::Text(text)) => format!("\"{text}\""),
            (_, Value::Number(value)) => value.to_string(),
            (_, Value::Word(index)) => index.to_string(),
        }
    }

    fn find(&self, key: K, lane: usize) -> Option<&Value> {
        let row = self.rows.iter().position(|row| row.1 == key)?;
        self.values.get(row * self.lanes + lane.min(self.lanes - 1))
    }

    /// A number by name; 0 for anything else.
    pub(crate) fn number_at(&self, key: K, lane: usize) -> f64 {
        match self.find(key, lane) {
            Some(Value::Number(value)) => *value,
            Some(Value::On(_) | Value::Word(_) | Value::Text(_)) | None => 0.0,
        }
    }

    /// A number by name, first lane.
    pub(crate) fn number(&self, key: K) -> f64 {
        self.number_at(key, 0)
    }

    /// A switch by name, first lane.
    pub(crate) fn on(&self, key: K) -> bool {
        self.on_at(key, 0)
    }

    /// A switch by name.
    pub(crate) fn on_at(&self, key: K, lane: usize) -> bool {
        self.find(key, lane) == Some(&Value::On(true))
    }

    /// A text by name; empty for anything else.
    pub(crate) fn text_at(&self, key: K, lane: usize) -> &str {
        match self.find(key, lane) {
            Some(Value::Text(text)) => text,
            Some(Value::On(_) | Value::Number(_) | Value::Word(_)) | None => "",
        }
    }

    /// A text by name, first lane.
    pub(crate) fn text(&self, key: K) -> &str {
        self.text_at(key, 0)
    }

    /// Index of a word by name.
    pub(crate) fn word_at(&self, key: K, lane: usize) -> usize {
        match self.find(key, lane) {
            Some(Value::Word(index)) => *index,
            Some(Value::On(_) | Value::Number(_) | Value::Text(_)) | None => 0,
        }
    }

    /// Index of a word by name, first lane.
    pub(crate) fn word(&self, key: K) -> usize {
        self.word_at(key, 0)
    }

    /// Sets a word by name in all lanes.
    pub(crate) fn choose(&mut self, key: K, word: usize) {
        if let Some(row) = self.rows.iter().position(|row| row.1 == key) {
            let lanes = row * self.lanes..(row + 1) * self.lanes;
            self.values[lanes].fill(Value::Word(word));
        }
    }

    /// Everything as it would be set: header and value of each row, of numbered ones each lane up to
    /// what its device has.
    pub(crate) fn learn(&self, lanes: impl Fn(&str) -> usize) -> String {
        let mut all = Vec::new();
        for (index, (patterns, _, kind)) in self.rows.iter().enumerate() {
            let pattern = patterns.split(' ').next().unwrap_or_default();
            let header: String = pattern
                .split(':')
                .map(|node| node.split('|').next().unwrap_or_default())
                .collect::<Vec<_>>()
                .join(":");
            let header = header.replace(['[', ']'], "").to_ascii_uppercase();
            for lane in 0..lanes(pattern).min(self.lanes) {
                let value = &self.values[index * self.lanes + lane];
                let header = header.replace("<N>", &(lane + 1).to_string());
                all.push(format!(":{header} {}", self.print(*kind, value)));
            }
        }
        all.join(";")
    }

    /// Sets a number by name in all lanes, whatever its range.
    pub(crate) fn put(&mut self, key: K, value: f64) {
        for lane in 0..self.lanes {
            self.put_at(key, lane, value);
        }
    }

    /// Sets a number by name in one lane, whatever its range.
    pub(crate) fn put_at(&mut self, key: K, lane: usize, value: f64) {
        if let Some(row) = self.rows.iter().position(|row| row.1 == key)
            && lane < self.lanes
        {
            self.values[row * self.lanes + lane] = Value::Number(value);
        }
    }
}

/// The value of `MIN`, `MAX` or `DEF`; `None` for anything else.
pub(crate) fn limit(text: &str, least: f64, most: f64, default: f64) -> Option<f64> {
    [("MINimum", least), ("MAXimum", most), ("DEFault", default)]
        .into_iter()
        .find(|(word, _)| is_word(text, word))
        .map(|(_, value)| value)
}

/// The value of a parameter `MIN` or `MAX`, where the limits are others than those of the row.
pub(crate) fn bound(params: Params<'_>, (least, most): (f64, f64)) -> Option<f64> {
    let text = params.text(0).ok().filter(|_| params.len() == 1)?;
    let ends = [("MINimum", least), ("MAXimum", most)];
    let found = ends.into_iter().find(|(word, _)| is_word(text, word));
    found.map(|(_, value)| value)
}

/// Index of the word that the first parameter spells.
pub(crate) fn chosen(params: Params<'_>, words: &[&str]) -> Result<usize, Fault> {
    let text = params.text(0)?;
    let spelled = |word: &&str| word.split('|').any(|word| is_word(text, word));
    match words.iter().position(spelled) {
        Some(index) => Ok(index),
        // the fault that the text deserves
        None => params.choice(0, &[]).map(|_| 0),
    }
}

/// Index of the word that the first parameter abbreviates, where that is permitted.
fn abbreviated(params: Params<'_>, words: &[&str], spelling: Spelling) -> Option<usize> {
    let text = params.text(0).ok()?.to_ascii_uppercase();
    let fits = |word: &str| spelling.fits(&text, (&short_form(word), &word.to_ascii_uppercase()));
    let spelled = |word: &&str| word.split('|').any(fits);
    words.iter().position(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Key {
        Volts,
        Other,
    }

    const ROWS: &[Row<Key>] = &[
        (
            "VOLTage",
            Key::Volts,
            number("V", (0.0, 300.0), 1.5, Form::Nr2(1)),
        ),
        (
            "MODE",
            Key::Other,
            Kind::Choice(&["FIXed", "LIST|SEQuence"]),
        ),
        ("BEEPer", Key::Other, Kind::Switch(true)),
        ("NAME", Key::Other, Kind::Text("")),
    ];

    fn say(settings: &mut Settings<Key>, row: u16, text: &str) -> Result<Key, i32> {
        settings
            .write(row, Params::new(&[text.to_owned()]))
            .map_err(|fault| fault.code)
    }

    fn ask(settings: &Settings<Key>, row: u16, params: &[String]) -> String {
        let call = Call {
            query: true,
            suffixes: &[],
            word: 0,
            params: Params::new(params),
        };
        match settings.answer(row, 0, &call) {
            Ok(Reply::Text(text)) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn numbers_words_switches_and_texts() {
        let mut settings = Settings::new(ROWS, Style::SCPI, 2);
        assert_eq!(ask(&settings, 0, &[]), "1.5");
        assert_eq!(say(&mut settings, 0, "230 V"), Ok(Key::Volts));
        assert_eq!(ask(&settings, 0, &[]), "230.0");
        assert_eq!(settings.number_at(Key::Volts, 1), 230.0);
        assert_eq!(ask(&settings, 0, &["MAX".to_owned()]), "300.0");
        assert_eq!(say(&mut settings, 0, "maximum"), Ok(Key::Volts));
        assert_eq!(say(&mut settings, 0, "300.1"), Err(-222));
        assert_eq!(say(&mut settings, 0, "\"a\""), Err(-158));
        assert_eq!(say(&mut settings, 0, "#12ab"), Err(-168));
        assert_eq!(say(&mut settings, 1, "seq"), Ok(Key::Other));
        assert_eq!(ask(&settings, 1, &[]), "LIST");
        assert_eq!(say(&mut settings, 1, "NONE"), Err(-224));
        assert_eq!(say(&mut settings, 1, "5"), Err(-128));
        assert_eq!(say(&mut settings, 2, "0"), Ok(Key::Other));
        assert_eq!(ask(&settings, 2, &[]), "0");
        assert_eq!(say(&mut settings, 3, "'x y'"), Ok(Key::Other));
        assert_eq!(ask(&settings, 3, &[]), "\"x y\"");
        settings.save(3).expect("a slot");
        settings.reset();
        assert_eq!(ask(&settings, 1, &[]), "FIX");
        settings.recall(3).expect("a slot");
        assert_eq!(ask(&settings, 1, &[]), "LIST");
    }
}
