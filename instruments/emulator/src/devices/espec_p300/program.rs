//! Programs of the P300 and how they are written: `PRGM DATA WRITE`, from `EDIT START` to `EDIT END`
//! (ESPEC's communication reference, as its own chamberconnect library speaks it).

use std::collections::BTreeMap;

use super::{RANGE_C, RELAYS, Refusal, on_off};
use crate::devices::clock::Date;

/// Programs 1–40 are in RAM, the others are not to be written.
pub(super) const MOST: usize = 40;
/// Steps of a program.
const MOST_STEPS: usize = 99;

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) celsius: f64,
    /// The set point moves there all through the step, else it stands there at once.
    pub(super) ramp: bool,
    pub(super) seconds: u32,
    /// The time counts only from when the air is there.
    pub(super) guaranty: bool,
    pub(super) refrigeration: String,
    pub(super) relays: [bool; RELAYS],
    /// The program pauses at its end.
    pub(super) pause: bool,
}

/// From the end of step `end` back to step `start` until they have run `cycles` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) cycles: u32,
}

/// What follows the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Off,
    Standby,
    Constant,
    Hold,
    /// Another program.
    Run(usize),
}

impl End {
    /// `HOLD`, `RUN,PTN2` …
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(match text {
            "OFF" => End::Off,
            "STANDBY" => End::Standby,
            "CONST" | "CONSTANT" => End::Constant,
            "HOLD" => End::Hold,
            _ => {
                let next = text.strip_prefix("RUN,").ok_or(Refusal::Parameter)?;
                let digits = next.trim_start_matches(|c: char| !c.is_ascii_digit());
                End::Run(numbered(digits, MOST)?)
            }
        })
    }

    fn word(self) -> String {
        match self {
            End::Off => "OFF".to_owned(),
            End::Standby => "STANDBY".to_owned(),
            End::Constant => "CONSTANT".to_owned(),
            End::Hold => "HOLD".to_owned(),
            End::Run(next) => format!("RUN:{next}"),
        }
    }
}

/// Where the first step starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum From {
    /// The present temperature; not stated.
    Off,
    /// The present temperature.
    Present,
    /// A set point.
    Set,
}

/// A program.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
    pub(super) counters: [Option<Counter>; 2],
    pub(super) end: End,
    pub(super) limits_c: (f64, f64),
    pub(super) from: From,
    pub(super) from_c: f64,
    written: Date,
}

impl Program {
    fn new(limits_c: (f64, f64), written: Date) -> Self {
        Self {
            name: String::new(),
            steps: Vec::new(),
            counters: [None, None],
            end: End::Standby,
            limits_c,
            from: From::Off,
            from_c: 0.0,
            written,
        }
    }

    /// One step that is not stored: from a set point, with what it ends at held.
    pub(super) fn remote(step: Step, from_c: f64, limits_c: (f64, f64)) -> Self {
        Self {
            steps: vec![step],
            end: End::Hold,
            from: From::Set,
            from_c,
            ..Self::new(limits_c, (2000, 1, 1))
        }
    }

    /// `PRGM SET?` of program `number`.
    pub(super) fn set(&self, number: usize) -> String {
        format!("RAM:{number},{},END({})", self.name, self.end.word())
    }

    /// `PRGM USE?,RAM:1`.
    pub(super) fn used(&self) -> String {
        let (year, month, day) = self.written;
        format!(
            "{},{:02}.{month:02}/{day:02}",
            self.name,
            year.rem_euclid(100)
        )
    }

    /// `PRGM DATA?,RAM:1`.
    pub(super) fn head(&self) -> String {
        let counter = |counter: Option<Counter>| {
            counter.map_or("0.0.0".to_owned(), |c| {
                format!("{}.{}.{}", c.start, c.end, c.cycles)
            })
        };
        format!(
            "{},<{}>,COUNT,A({}),B({}),END({})",
            self.steps.len(),
            self.name,
            counter(self.counters[0]),
            counter(self.counters[1]),
            self.end.word()
        )
    }

    /// `PRGM DATA?,RAM:1,DETAIL`.
    pub(super) fn detail(&self) -> String {
        let from = match self.from {
            From::Off => "OFF".to_owned(),
            From::Present => "PV".to_owned(),
            From::Set => format!("SV,{:.1}", self.from_c),
        };
        format!("{:.1},{:.1},TEMP{from}", self.limits_c.1, self.limits_c.0)
    }

    /// `PRGM DATA?,RAM:1,STEP2`.
    pub(super) fn step(&self, number: usize) -> Option<String> {
        let step = self.steps.get(number.checked_sub(1)?)?;
        let word = |on: bool| if on { "ON" } else { "OFF" };
        let mut text = format!(
            "{number},TEMP{:.1},TEMP RAMP {},TIME{}:{:02},GRANTY {},{}",
            step.celsius,
            word(step.ramp),
            step.seconds / 3600,
            step.seconds / 60 % 60,
            word(step.guaranty),
            step.refrigeration
        );
        let on = (1..=RELAYS).filter(|&n| step.relays[n - 1]);
        let on: Vec<String> = on.map(|n| n.to_string()).collect();
        if !on.is_empty() {
            text.push_str(&format!(",RELAY ON{}", on.join(".")));
        }
        text.push_str(&format!(",PAUSE {}", word(step.pause)));
        Some(text)
    }

    fn write_step(&mut self, number: usize, fields: &str) -> Result<(), Refusal> {
        if number > self.steps.len() + 1 || number > MOST_STEPS {
            return Err(Refusal::Write(8));
        }
        // what is left out is as in the step before
        let given = self.steps.get(number - 1);
        let mut step = match given.or(number.checked_sub(2).and_then(|k| self.steps.get(k))) {
            Some(like) => Step {
                pause: given.is_some_and(|step| step.pause),
                ..like.clone()
            },
            None => Step {
                celsius: f64::NAN,
                ramp: false,
                seconds: 0,
                guaranty: false,
                refrigeration: "REF9".to_owned(),
                relays: [false; RELAYS],
                pause: false,
            },
        };
        let squeezed: String = fields.chars().filter(|c| *c != ' ').collect();
        for field in squeezed.split(',').filter(|field| !field.is_empty()) {
            let after = |word: &str| field.strip_prefix(word);
            if let Some(text) = after("TEMP") {
                step.celsius = celsius(text)?;
            } else if let Some(text) = after("TRAMP") {
                step.ramp = on_off(text)?;
            } else if let Some(text) = after("TIME") {
                step.seconds = duration(text)?;
            } else if let Some(text) = after("GRANTY") {
                step.guaranty = on_off(text)?;
            } else if let Some(text) = after("PAUSE") {
                step.pause = on_off(text)?;
            } else if let Some(text) = after("RELAYON") {
                switch(&mut step.relays, text, true)?;
            } else if let Some(text) = after("RELAYOFF") {
                switch(&mut step.relays, text, false)?;
            } else if field.starts_with("REF") {
                step.refrigeration = refrigeration(field)?;
            } else if !matches!(field, "HUMIOFF" | "HRAMPOFF" | "PTCOFF") {
                let absent = ["HUMI", "HRAMP", "PTC", "DEV"]
                    .iter()
                    .any(|w| field.starts_with(w));
                return Err(if absent {
                    Refusal::Unsupported
                } else {
                    Refusal::Parameter
                });
            }
        }
        if step.celsius.is_nan() {
            return Err(Refusal::Write(13));
        }
        match self.steps.get_mut(number - 1) {
            Some(old) => *old = step,
            None => self.steps.push(step),
        }
        Ok(())
    }

    /// `A(1.2.3),B(1.4.2)` or `(1.2.3)`: start, end, cycles.
    fn count(&mut self, text: &str) -> Result<(), Refusal> {
        let squeezed: String = text.chars().filter(|c| *c != ' ').collect();
        let mut counters = self.counters;
        let mut any = false;
        for part in squeezed.split_inclusive(')') {
            let (head, inner) = part.split_once('(').ok_or(Refusal::Write(11))?;
            let place = usize::from(head.ends_with('B'));
            let numbers: Result<Vec<usize>, _> = inner
                .trim_end_matches(')')
                .split(['.', ','])
                .map(str::parse)
                .collect();
            let numbers = numbers.map_err(|_| Refusal::Parameter)?;
            let &[start, end, cycles] = numbers.as_slice() else {
                return Err(Refusal::Write(11));
            };
            counters[place] = (cycles > 0).then_some(Counter {
                start,
                end,
                cycles: cycles as u32,
            });
            any = true;
        }
        if !any {
            return Err(Refusal::Write(11));
        }
        self.counters = counters;
        Ok(())
    }

    /// Whether it can be stored.
    fn check(&self) -> Result<(), Refusal> {
        if self.steps.is_empty() {
            return Err(Refusal::Write(13));
        }
        let good = |c: &Counter| c.start >= 1 && c.start <= c.end && c.end <= self.steps.len();
        if self.counters.iter().flatten().all(good) {
            Ok(())
        } else {
            Err(Refusal::Write(9))
        }
    }
}

/// A program under way to the memory.
#[derive(Debug)]
struct Draft {
    number: usize,
    program: Program,
    /// Of one that is there.
    over: bool,
}

/// The programs in RAM.
#[derive(Debug, Default)]
pub(super) struct Programs {
    stored: BTreeMap<usize, Program>,
    draft: Option<Draft>,
}

impl Programs {
    /// Program `number`.
    pub(super) fn get(&self, number: usize) -> Result<&Program, Refusal> {
        self.stored.get(&number).ok_or(Refusal::NoData)
    }

    /// Numbers of those that are there.
    pub(super) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.stored.keys().copied()
    }

    /// `PRGM ERASE`.
    pub(super) fn erase(&mut self, number: usize) -> Result<(), Refusal> {
        self.stored
            .remove(&number)
            .map(|_| ())
            .ok_or(Refusal::NoData)
    }

    /// `PRGM DATA WRITE`; `text` in upper case, `original` the same as it was sent. `running`: the program
    /// that must not change now.
    pub(super) fn write(
        &mut self,
        (text, original): (&str, &str),
        limits_c: (f64, f64),
        today: Date,
        running: Option<usize>,
    ) -> Result<(), Refusal> {
        let (number, rest) = text.split_once(',').ok_or(Refusal::Parameter)?;
        let digits = number
            .trim()
            .strip_prefix("PGM")
            .ok_or(Refusal::Parameter)?;
        let number: usize = digits
            .trim_start_matches([':', ' '])
            .parse()
            .map_err(|_| Refusal::Parameter)?;
        if !(1..=MOST).contains(&number) {
            return Err(Refusal::Write(1));
        }
        let rest = rest.trim();
        match rest {
            "EDIT START" | "OVER WRITE START" => {
                if let Some(draft) = &self.draft {
                    return Err(Refusal::Write(if draft.over { 5 } else { 4 }));
                }
                if running == Some(number) {
                    return Err(Refusal::Write(10));
                }
                let over = rest.starts_with("OVER");
                let program = if over {
                    self.get(number)?.clone()
                } else {
                    Program::new(limits_c, today)
                };
                self.draft = Some(Draft {
                    number,
                    program,
                    over,
                });
                return Ok(());
            }
            "EDIT END" | "OVER WRITE END" | "EDIT CANCEL" | "OVER WRITE CANCEL" => {
                let over = rest.starts_with("OVER");
                let none = Refusal::Write(if over { 6 } else { 3 });
                let draft = self.draft.take_if(|draft| draft.over == over).ok_or(none)?;
                if draft.number != number {
                    self.draft = Some(draft);
                    return Err(Refusal::Write(7));
                }
                if rest.ends_with("END") {
                    if let Err(refusal) = draft.program.check() {
                        self.draft = Some(draft);
                        return Err(refusal);
                    }
                    self.stored.insert(number, draft.program);
                }
                return Ok(());
            }
            _ => {}
        }
        let draft = self.draft.as_mut().ok_or(Refusal::Write(2))?;
        if draft.number != number {
            return Err(Refusal::Write(7));
        }
        let program = &mut draft.program;
        let (word, value) = rest.split_once(',').unwrap_or((rest, ""));
        let value = value.trim();
        match word.trim() {
            "NAME" => {
                let tail = original.get(original.len() - value.len()..);
                program.name = tail.unwrap_or(value).to_owned();
            }
            "END" => {
                let squeezed: String = value.chars().filter(|c| *c != ' ').collect();
                if squeezed.is_empty() {
                    return Err(Refusal::Write(11));
                }
                program.end = End::parse(&squeezed)?;
            }
            "COUNT" => program.count(value)?,
            "HTEMP" => program.limits_c.1 = celsius(value)?,
            "LTEMP" => program.limits_c.0 = celsius(value)?,
            "PRE MODE" => {
                program.from = match value
                    .split_once(',')
                    .map(|(what, how)| (what.trim(), how.trim()))
                {
                    Some(("TEMP", "OFF")) => From::Off,
                    Some(("TEMP", "PV")) => From::Present,
                    Some(("TEMP", "SV")) => From::Set,
                    Some(("HUMI", _)) => return Err(Refusal::Unsupported),
                    Some(_) | None => return Err(Refusal::Parameter),
                };
            }
            "PRE TSV" => program.from_c = celsius(value)?,
            "PRE HSV" | "HHUMI" | "LHUMI" => return Err(Refusal::Unsupported),
            word => {
                let digits = word.strip_prefix("STEP").ok_or(Refusal::Parameter)?;
                program.write_step(numbered(digits.trim(), MOST_STEPS)?, value)?;
            }
        }
        Ok(())
    }
}

/// A number from 1 to `most`.
pub(super) fn numbered(text: &str, most: usize) -> Result<usize, Refusal> {
    let number = text.trim().parse().map_err(|_| Refusal::Parameter)?;
    if (1..=most).contains(&number) {
        Ok(number)
    } else {
        Err(Refusal::Range)
    }
}

/// Number of a program: `RAM:3`.
pub(super) fn in_ram(text: &str) -> Result<usize, Refusal> {
    let digits = text.trim().strip_prefix("RAM").ok_or(Refusal::NoData)?;
    let number = digits.trim_start_matches([':', ' ']);
    number.parse().map_err(|_| Refusal::Parameter)
}

/// A temperature that the chamber can be set to, °C.
pub(super) fn celsius(text: &str) -> Result<f64, Refusal> {
    let value: f64 = text.trim().parse().map_err(|_| Refusal::Parameter)?;
    if RANGE_C.contains(&value) {
        Ok((value * 10.0).round() / 10.0)
    } else {
        Err(Refusal::Range)
    }
}

/// Seconds of `1:30`, hours and minutes.
pub(super) fn duration(text: &str) -> Result<u32, Refusal> {
    let (hours, minutes) = text.split_once(':').ok_or(Refusal::Parameter)?;
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| Refusal::Parameter);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours <= 999 && minutes < 60 {
        Ok(hours * 3600 + minutes * 60)
    } else {
        Err(Refusal::Range)
    }
}

/// `REF0` to `REF9`.
pub(super) fn refrigeration(text: &str) -> Result<String, Refusal> {
    let digit = text.strip_prefix("REF").ok_or(Refusal::Parameter)?;
    if digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit() {
        Ok(text.to_owned())
    } else {
        Err(Refusal::Parameter)
    }
}

/// Relays `1.2.3` on or off.
pub(super) fn switch(relays: &mut [bool; RELAYS], text: &str, on: bool) -> Result<(), Refusal> {
    for number in text.split('.') {
        relays[numbered(number, RELAYS)? - 1] = on;
    }
    Ok(())
}
