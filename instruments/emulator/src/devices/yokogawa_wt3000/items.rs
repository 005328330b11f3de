//! Numeric items of the WT3000: a function of an element or a wiring unit, of all harmonics or one.

use super::functions::Function;
use super::words::{WORDS, Word};
use crate::scpi::Params;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::engineering;
use crate::scpi::param::is_word;

/// Numeric items the instrument holds.
pub(crate) const MOST_ITEMS: usize = 255;
/// Items of the list of harmonics.
pub(crate) const MOST_LISTS: usize = 64;
/// Highest order that can be asked for.
const MOST_ORDER: i64 = 500;

/// What an item is measured of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// An element from 0, of 7, of which four are fitted; the others read NAN.
    Element(usize),
    /// A wiring unit from 0.
    Unit(usize),
}

/// One item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    word: &'static Word,
    pub(crate) of: Of,
    /// Harmonic order; `None` is `TOTal`.
    pub(crate) order: Option<usize>,
}

impl Item {
    /// Its function.
    pub(crate) fn function(&self) -> Function {
        self.word.function
    }

    /// Reply to an item query: of a list, without an order.
    pub(crate) fn describe(&self, list: bool) -> String {
        let mut text = self.word.text.to_ascii_uppercase();
        if self.word.element {
            text.push(',');
            text.push_str(&match self.of {
                Of::Element(element) => (element + 1).to_string(),
                Of::Unit(0) => "SIGMA".to_owned(),
                Of::Unit(1) => "SIGMB".to_owned(),
                Of::Unit(_) => "SIGMC".to_owned(),
            });
        }
        if self.word.order && !list {
            text.push_str(&match self.order {
                None => ",TOTAL".to_owned(),
                Some(0) => ",DC".to_owned(),
                Some(order) => format!(",{order}"),
            });
        }
        text
    }

    /// Its name as a heading: `U-E1`.
    pub(crate) fn heading(&self) -> String {
        let word = self.word.text.to_ascii_uppercase();
        match self.of {
            _ if !self.word.element => word,
            Of::Element(element) => format!("{word}-E{}", element + 1),
            Of::Unit(0) => format!("{word}-SIGMA"),
            Of::Unit(1) => format!("{word}-SIGMB"),
            Of::Unit(_) => format!("{word}-SIGMC"),
        }
    }
}

/// `NONE`, or `<function>[,<element>[,<order>]]`.
pub(crate) fn parse(params: Params<'_>) -> Result<Option<Item>, Fault> {
    params.at_most(3)?;
    let text = params.text(0)?;
    if is_word(text, "NONE") {
        return Ok(None);
    }
    let word = WORDS.iter().find(|word| is_word(text, word.text));
    let word = word.ok_or(fault::ILLEGAL_VALUE)?;
    let of = match params.text(1) {
        Err(_) => Of::Element(0),
        Ok(text) if is_word(text, "SIGMa") || is_word(text, "SIGMA") => Of::Unit(0),
        Ok(text) if text.eq_ignore_ascii_case("SIGMB") => Of::Unit(1),
        Ok(text) if text.eq_ignore_ascii_case("SIGMC") => Of::Unit(2),
        Ok(_) => match params.integer(1)? {
            element @ 1..=7 => Of::Element(element as usize - 1),
            _ => return Err(fault::OUT_OF_RANGE),
        },
    };
    let order = match params.text(2) {
        Err(_) => None,
        Ok(text) if is_word(text, "TOTal") => None,
        Ok(text) if is_word(text, "DC") => Some(0),
        Ok(_) => match params.integer(2)? {
            order @ 0..=MOST_ORDER => Some(order as usize),
            _ => return Err(fault::OUT_OF_RANGE),
        },
    };
    Ok(Some(Item { word, of, order }))
}

/// Words of a row of a preset.
fn row(words: &str, of: Of) -> impl Iterator<Item = Option<Item>> {
    words.split(' ').map(move |text| {
        let word = WORDS.iter().find(|word| word.text == text)?;
        Some(Item {
            word,
            of,
            order: None,
        })
    })
}

/// The items that `:NUMeric[:NORMal]:PRESet` 1–4 sets (pattern 2 after power-on).
pub(crate) fn preset(pattern: usize) -> Vec<Option<Item>> {
    let first = "U I P S Q LAMBda PHI FU FI";
    let peaks = "UPPeak UMPeak IPPeak IMPeak CFU CFI";
    let energy = "TIME WH WHP WHM AH AHP AHM WS WQ";
    // an empty word is an empty item
    let words = match pattern {
        1 => format!("{first} -"),
        2 => format!("{first} {peaks}"),
        3 => format!("U I P S Q {energy} -"),
        _ => format!("{first} {peaks} PC {energy}"),
    };
    let of = (0..4).map(Of::Element).chain((0..2).map(Of::Unit));
    let mut items: Vec<Option<Item>> = of
        .flat_map(|of| row(&words, of).collect::<Vec<_>>())
        .collect();
    items.resize(MOST_ITEMS, None);
    items
}

/// The items that `:NUMeric:LIST:PRESet` 1–4 sets (pattern 2 after power-on).
pub(crate) fn list_preset(pattern: usize) -> Vec<Option<Item>> {
    let words = match pattern {
        1 => "U I P",
        2 => "U I P PHIU PHII",
        3 => "U I P Q Z RS XS RP XP",
        _ => "U I P S Q LAMBda PHI PHIU PHII Z RS XS RP XP",
    };
    let mut items: Vec<Option<Item>> = (0..4).flat_map(|n| row(words, Of::Element(n))).collect();
    items.resize(MOST_LISTS, None);
    items
}

/// A displayed number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// A value.
    Value(f64),
    /// Whole seconds.
    Whole(f64),
    /// Nothing to show.
    Nan,
    /// Over range.
    Over,
}

impl Number {
    /// A value changed; nothing stays nothing.
    pub(crate) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Number::Value(value) => Number::Value(f(value)),
            Number::Whole(_) | Number::Nan | Number::Over => self,
        }
    }

    /// ASCII form.
    pub(crate) fn text(self) -> String {
        match self {
            Number::Value(value) => engineering(value),
            Number::Whole(value) => format!("{:.0}", whole(value)),
            Number::Nan => "NAN".to_owned(),
            Number::Over => "INF".to_owned(),
        }
    }

    /// Four bytes of the FLOat form.
    pub(crate) fn bytes(self) -> [u8; 4] {
        match self {
            Number::Value(value) => (value as f32).to_be_bytes(),
            Number::Whole(value) => (whole(value) as f32).to_be_bytes(),
            Number::Nan => [0x7e, 0x95, 0x1b, 0xee],
            Number::Over => [0x7e, 0x94, 0xf5, 0x6a],
        }
    }
}

/// Seconds that are over; a sum of intervals may fall short of one by its rounding.
fn whole(seconds: f64) -> f64 {
    (seconds + 1e-6).floor()
}
