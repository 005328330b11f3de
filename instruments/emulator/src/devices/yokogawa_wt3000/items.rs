//! Numeric items of the WT3000: a function of an element.

use super::meter::{Element, Values};
use crate::scpi::Params;
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::engineering;
use crate::scpi::param::is_word;

/// Numeric items the instrument holds.
pub(crate) const MOST_ITEMS: usize = 255;

/// A measured function. Voltage and current modes that need a waveform read NAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    U,
    I,
    P,
    S,
    Q,
    Lambda,
    Phi,
    Fu,
    Fi,
    Udc,
    Idc,
    Uac,
    Iac,
    Wh,
    WhPlus,
    WhMinus,
    Ah,
    Time,
    /// Known word that this bench cannot measure.
    Unavailable,
}

use Function as F;

/// Words of the functions; the first of a function is what queries answer.
const WORDS: &[(&str, Function)] = &[
    ("URMS", F::U),
    ("U", F::U),
    ("UMN", F::U),
    ("IRMS", F::I),
    ("I", F::I),
    ("IMN", F::I),
    ("P", F::P),
    ("S", F::S),
    ("Q", F::Q),
    ("LAMBda", F::Lambda),
    ("PHI", F::Phi),
    ("FU", F::Fu),
    ("FREQuency", F::Fu),
    ("FI", F::Fi),
    ("UDC", F::Udc),
    ("IDC", F::Idc),
    ("WH", F::Wh),
    ("WHP", F::WhPlus),
    ("WHM", F::WhMinus),
    ("AH", F::Ah),
    ("WP", F::Wh),
    ("WPP", F::WhPlus),
    ("WPM", F::WhMinus),
    ("TIME", F::Time),
    ("UAC", F::Uac),
    ("IAC", F::Iac),
    ("ITIMe", F::Time),
    ("UPK", F::Unavailable),
    ("IPK", F::Unavailable),
    ("EAU", F::Unavailable),
    ("EAI", F::Unavailable),
    ("AHP", F::Ah),
    ("AHM", F::Unavailable),
    ("WS", F::Unavailable),
    ("WQ", F::Unavailable),
    ("PC", F::Unavailable),
    ("Z", F::Unavailable),
    ("RS", F::Unavailable),
    ("XS", F::Unavailable),
    ("PPPeak", F::Unavailable),
    ("PMPeak", F::Unavailable),
    ("UTHF", F::Unavailable),
    ("ITHF", F::Unavailable),
    ("UTIF", F::Unavailable),
    ("ITIF", F::Unavailable),
    ("HVF", F::Unavailable),
    ("HCF", F::Unavailable),
    ("PHIU", F::Unavailable),
    ("PHII", F::Unavailable),
    ("SPEed", F::Unavailable),
    ("TORQue", F::Unavailable),
    ("PM", F::Unavailable),
    ("SYNC", F::Unavailable),
    ("SLIP", F::Unavailable),
    ("ETA3", F::Unavailable),
    ("ETA4", F::Unavailable),
    ("F1", F::Unavailable),
    ("F2", F::Unavailable),
    ("F3", F::Unavailable),
    ("F4", F::Unavailable),
    ("DELTA1", F::Unavailable),
    ("DELTA2", F::Unavailable),
    ("URMN", F::Unavailable),
    ("IRMN", F::Unavailable),
    ("UPPeak", F::Unavailable),
    ("UMPeak", F::Unavailable),
    ("IPPeak", F::Unavailable),
    ("IMPeak", F::Unavailable),
    ("CFU", F::Unavailable),
    ("CFI", F::Unavailable),
    ("UTHD", F::Unavailable),
    ("ITHD", F::Unavailable),
    ("PTHD", F::Unavailable),
    ("UHDF", F::Unavailable),
    ("IHDF", F::Unavailable),
    ("PHDF", F::Unavailable),
    ("ETA1", F::Unavailable),
    ("ETA2", F::Unavailable),
];

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    function: Function,
    /// Word as the program wrote it, upper case.
    word: String,
    /// 1–7, of which four are fitted; 0 for a sigma function. The others read NAN.
    element: u8,
    /// Harmonic order; `None` is `TOTal`.
    order: Option<u8>,
}

/// The items after power-on: U, I, P, S, Q of elements 1–3, fifteen in all.
pub(crate) fn preset() -> Vec<Option<Item>> {
    let mut items: Vec<Option<Item>> = Vec::with_capacity(MOST_ITEMS);
    for element in 1..=3 {
        for (word, function) in [
            ("URMS", F::U),
            ("IRMS", F::I),
            ("P", F::P),
            ("S", F::S),
            ("Q", F::Q),
        ] {
            items.push(Some(Item {
                function,
                word: word.to_owned(),
                element,
                order: None,
            }));
        }
    }
    items.resize(MOST_ITEMS, None);
    items
}

/// `<function>,<element>[,<order>]` or `NONE`.
pub(crate) fn parse(params: Params<'_>) -> Result<Option<Item>, Fault> {
    params.at_most(3)?;
    let word = params.text(0)?;
    if is_word(word, "NONE") {
        return Ok(None);
    }
    let known = WORDS.iter().find(|(name, _)| is_word(word, name));
    let &(_, function) = known.ok_or(fault::ILLEGAL_VALUE)?;
    let element = if params.len() < 2 {
        1
    } else if params.text(1)?.to_ascii_uppercase().starts_with("SIGM") {
        0
    } else {
        match params.integer(1)? {
            element @ 1..=7 => element as u8,
            _ => return Err(fault::OUT_OF_RANGE),
        }
    };
    let order = match params.text(2) {
        Err(_) => None,
        Ok(text) if is_word(text, "TOTal") => None,
        Ok(text) if is_word(text, "DC") => Some(0),
        Ok(_) => match params.integer(2)? {
            order @ 0..=100 => Some(order as u8),
            _ => return Err(fault::OUT_OF_RANGE),
        },
    };
    Ok(Some(Item {
        function,
        word: word.to_ascii_uppercase(),
        element,
        order,
    }))
}

/// Reply to an item query.
pub(crate) fn describe(item: Option<&Item>) -> String {
    match item {
        Some(item) => {
            let element = match item.element {
                0 => "SIGMA".to_owned(),
                element => element.to_string(),
            };
            let order = item
                .order
                .map_or(String::new(), |order| format!(",{order}"));
            format!("{},{element}{order}", item.word)
        }
        None => "NONE".to_owned(),
    }
}

/// The name of an item, as a heading: `URMS-E1`.
pub(crate) fn heading(item: Option<&Item>) -> String {
    match item {
        Some(item) if item.element == 0 => format!("{}-SIGMA", item.word),
        Some(item) => format!("{}-E{}", item.word, item.element),
        None => "NONE".to_owned(),
    }
}

/// A displayed number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// A value.
    Value(f64),
    /// Nothing to show.
    Nan,
    /// Over range.
    Over,
}

impl Number {
    /// ASCII form.
    pub(crate) fn text(self) -> String {
        match self {
            Number::Value(value) => engineering(value),
            Number::Nan => "NAN".to_owned(),
            Number::Over => "INF".to_owned(),
        }
    }

    /// Four bytes of the FLOat form.
    pub(crate) fn bytes(self) -> [u8; 4] {
        match self {
            Number::Value(value) => (value as f32).to_be_bytes(),
            Number::Nan => [0x7e, 0x95, 0x1b, 0xee],
            Number::Over => [0x7e, 0x94, 0xf5, 0x6a],
        }
    }
}

/// The number an item shows.
pub(crate) fn value(item: Option<&Item>, elements: &[Element], integrated_s: f64) -> Number {
    let Some(item) = item else { return Number::Nan };
    if item.function == F::Time {
        return Number::Value(integrated_s);
    }
    // the plant meters the fundamental: no other order is measured
    if item.order.is_some_and(|order| order != 1) {
        return Number::Nan;
    }
    let index = usize::from(item.element);
    let Some(element) = index.checked_sub(1).and_then(|index| elements.get(index)) else {
        return Number::Nan;
    };
    match element.shown {
        Some(values) => of_element(item.function, element, values),
        None => Number::Nan,
    }
}

fn of_element(function: Function, element: &Element, values: Values) -> Number {
    let Values {
        u,
        i,
        p,
        q,
        f,
        over_u,
        over_i,
    } = values;
    let (needs_u, needs_i) = match function {
        F::U | F::Udc | F::Uac => (true, false),
        F::I | F::Idc | F::Iac => (false, true),
        F::P | F::S | F::Q | F::Lambda | F::Phi => (true, true),
        F::Fu | F::Fi | F::Wh | F::WhPlus | F::WhMinus | F::Ah | F::Time | F::Unavailable => {
            (false, false)
        }
    };
    if (needs_u && over_u) || (needs_i && over_i) {
        return Number::Over;
    }
    let apparent = (u * i).abs();
    let dc = f.is_none();
    let lambda = if apparent > 0.0 {
        (p / apparent).clamp(-1.0, 1.0)
    } else {
        1.0
    };
    let energy = element.energy;
    match function {
        F::U => Number::Value(u),
        F::I => Number::Value(i),
        F::P => Number::Value(p),
        F::S => Number::Value(apparent),
        F::Q => Number::Value(q),
        F::Lambda => Number::Value(lambda),
        F::Phi => Number::Value(lambda.acos().to_degrees()),
        F::Fu | F::Fi => f.map_or(Number::Nan, Number::Value),
        F::Udc => Number::Value(if dc { u } else { 0.0 }),
        F::Idc => Number::Value(if dc { i } else { 0.0 }),
        F::Uac => Number::Value(if dc { 0.0 } else { u }),
        F::Iac => Number::Value(if dc { 0.0 } else { i }),
        F::Wh => Number::Value(energy.0 + energy.1),
        F::WhPlus => Number::Value(energy.0),
        F::WhMinus => Number::Value(energy.1),
        F::Ah => Number::Value(energy.2),
        F::Time | F::Unavailable => Number::Nan,
    }
}
