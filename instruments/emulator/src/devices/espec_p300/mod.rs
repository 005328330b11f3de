//! ESPEC chamber with a P300 controller: CR LF lines, `OK:` and `NA:` replies.
//! In `CONSTANT` mode the air follows the set point, in `RUN` that of a program, in `STANDBY` and `OFF`
//! it drifts to the room.

mod program;
mod query;
mod run;
mod timer;

use std::fmt;
use std::net::Ipv4Addr;

use gridproof_plant::Nanos;

use self::program::{End, Programs, celsius, duration, in_ram, numbered, refrigeration, switch};
use self::run::{Progress, Run};
use self::timer::{Action, Timers};
use crate::devices::climate::Climate;
use crate::devices::clock::{Clock, Date};
use crate::field::{Field, Instrument, SECOND};
use crate::serve::Wire;
use crate::session::Session;

/// Longest line.
const LONGEST_LINE: usize = 256;
/// Time signals.
const RELAYS: usize = 12;
/// What can be set, °C.
const RANGE_C: std::ops::RangeInclusive<f64> = -75.0..=190.0;

/// Why a line is refused, `NA:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Command,
    Parameter,
    Range,
    /// Of something that this chamber does not have.
    Unsupported,
    /// No program runs.
    NotRunning,
    /// No such program or timer.
    NoData,
    /// In a program that is written.
    Write(u8),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Command => f.write_str("CMD ERR"),
            Refusal::Parameter => f.write_str("PARA ERR"),
            Refusal::Range => f.write_str("DATA OUT OF RANGE"),
            Refusal::Unsupported => f.write_str("INVALID REQ"),
            Refusal::NotRunning => f.write_str("CONT NOT READY-2"),
            Refusal::NoData => f.write_str("DATA NOT READY"),
            Refusal::Write(number) => write!(f, "PRGM WRITE ERR-{number}"),
        }
    }
}

#[derive(Debug)]
enum Mode {
    Off,
    Standby,
    Constant,
    Run(Box<Run>),
}

/// The chamber.
#[derive(Debug)]
pub(crate) struct EspecP300 {
    mode: Mode,
    set_c: f64,
    high_c: f64,
    low_c: f64,
    refrigeration: String,
    relays: [bool; RELAYS],
    key_protect: bool,
    clock: Clock,
    /// Mask of the service requests.
    mask: String,
    /// Address, mask and gateway: kept, the server listens where it was told.
    network: [Ipv4Addr; 3],
    programs: Programs,
    timers: Timers,
    /// Next second of a program.
    second: Option<Nanos>,
    climate: Climate,
}

impl EspecP300 {
    /// In standby at room temperature.
    pub(crate) fn new(room_c: f64) -> Self {
        Self {
            mode: Mode::Standby,
            set_c: room_c,
            high_c: 100.0,
            low_c: -40.0,
            refrigeration: "REF9".to_owned(),
            relays: [false; RELAYS],
            key_protect: false,
            clock: Clock::new((2025, 1, 1)),
            mask: "01000000".to_owned(),
            network: [
                Ipv4Addr::LOCALHOST,
                Ipv4Addr::new(255, 0, 0, 0),
                Ipv4Addr::UNSPECIFIED,
            ],
            programs: Programs::default(),
            timers: Timers::default(),
            second: None,
            climate: Climate::new(room_c),
        }
    }

    fn changed(&mut self, now: Nanos) {
        let goal = match &self.mode {
            Mode::Off | Mode::Standby => None,
            Mode::Constant => Some(self.set_c),
            Mode::Run(run) => Some(run.set_c()),
        };
        if !matches!(self.mode, Mode::Run(_)) {
            self.second = None;
        } else if self.second.is_none() {
            self.second = Some(now + SECOND);
        }
        self.climate.control(goal, now);
    }

    fn run(&self) -> Result<&Run, Refusal> {
        match &self.mode {
            Mode::Run(run) => Ok(run),
            Mode::Off | Mode::Standby | Mode::Constant => Err(Refusal::NotRunning),
        }
    }

    fn run_mut(&mut self) -> Result<&mut Run, Refusal> {
        match &mut self.mode {
            Mode::Run(run) => Ok(run),
            Mode::Off | Mode::Standby | Mode::Constant => Err(Refusal::NotRunning),
        }
    }

    /// A stored program from a step (from 1) on.
    fn start(&mut self, number: usize, step: usize) -> Result<(), Refusal> {
        let program = self.programs.get(number)?.clone();
        let run = Run::new(program, Some(number), step, self.climate.air_c())?;
        self.mode = Mode::Run(Box::new(run));
        Ok(())
    }

    fn end(&mut self, end: End) {
        match end {
            End::Off => self.mode = Mode::Off,
            End::Standby => self.mode = Mode::Standby,
            End::Constant => self.mode = Mode::Constant,
            End::Hold => {
                if let Mode::Run(run) = &mut self.mode {
                    run.hold();
                }
            }
            End::Run(next) => {
                if self.start(next, 1).is_err() {
                    self.mode = Mode::Standby;
                }
            }
        }
    }

    fn follow(&mut self, progress: Progress) {
        match progress {
            Progress::Goes => {}
            Progress::Over(end) => self.end(end),
        }
    }

    fn mode_word(&self, detail: bool) -> String {
        match &self.mode {
            Mode::Off => "OFF".to_owned(),
            Mode::Standby => "STANDBY".to_owned(),
            Mode::Constant => "CONSTANT".to_owned(),
            Mode::Run(run) if detail => run.word(),
            Mode::Run(_) => "RUN".to_owned(),
        }
    }

    fn reply(&mut self, line: &str, now: Nanos) -> String {
        let original = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let compact = original.to_ascii_uppercase();
        let outcome = if compact.contains('?') {
            self.answer(&compact, now)
        } else {
            let done = self.command((&compact, &original), now);
            if done.is_ok() {
                self.changed(now);
            }
            done.map(|()| format!("OK:{line}"))
        };
        outcome.unwrap_or_else(|refusal| format!("NA:{refusal}"))
    }

    /// A line in upper case, and as it was sent.
    fn command(&mut self, (text, original): (&str, &str), now: Nanos) -> Result<(), Refusal> {
        let (name, rest) = text.split_once(',').ok_or(Refusal::Command)?;
        let rest = rest.trim();
        let squeezed: String = rest.chars().filter(|c| *c != ' ').collect();
        match name.trim() {
            "TEMP" => self.temperature(rest)?,
            "MODE" => match squeezed.as_str() {
                "CONSTANT" => self.mode = Mode::Constant,
                "STANDBY" => self.mode = Mode::Standby,
                "OFF" => self.mode = Mode::Off,
                other => {
                    let digits = other.strip_prefix("RUN").ok_or(Refusal::Parameter)?;
                    let digits = digits.trim_start_matches(|c: char| !c.is_ascii_digit());
                    self.start(numbered(digits, program::MOST)?, 1)?;
                }
            },
            "POWER" => {
                self.mode = if on_off(rest)? {
                    Mode::Constant
                } else {
                    Mode::Off
                };
            }
            "HUMI" | "TEMP PTC" | "PTC" => return Err(Refusal::Unsupported),
            "SET" => self.refrigeration = refrigeration(rest)?,
            "KEYPROTECT" => self.key_protect = on_off(rest)?,
            "RELAY" => self.relay(rest)?,
            "SRQ" if rest == "RESET" => {}
            "DATE" => {
                let set = date(rest).is_some_and(|date| self.clock.set_date(date, now));
                self.clock_set(set, now)?;
            }
            "TIME" => {
                let set = time(rest).is_some_and(|time| self.clock.set_time(time, now));
                self.clock_set(set, now)?;
            }
            "MASK" => {
                if rest.len() != 8 || !rest.bytes().all(|bit| matches!(bit, b'0' | b'1')) {
                    return Err(Refusal::Parameter);
                }
                self.mask = rest.to_owned();
            }
            "IPSET" => {
                let addresses: Result<Vec<Ipv4Addr>, _> =
                    squeezed.split(',').map(str::parse).collect();
                let addresses = addresses.map_err(|_| Refusal::Parameter)?;
                self.network = addresses.try_into().map_err(|_| Refusal::Parameter)?;
            }
            "TIMER WRITE" => self.timers.write(&squeezed)?,
            "TIMER ERASE" => self.timers.erase(&squeezed)?,
            "TIMER" => {
                let (word, number) = squeezed.split_once(',').ok_or(Refusal::Parameter)?;
                self.timers
                    .switch((number, on_off(word)?), self.clock, now)?;
            }
            "PRGM DATA WRITE" => {
                let running = self.run().ok().and_then(|run| run.number);
                let limits_c = (self.low_c, self.high_c);
                let today = self.clock.date(now);
                self.programs
                    .write((rest, original), limits_c, today, running)?;
            }
            "PRGM ERASE" => {
                let number = in_ram(rest)?;
                if self.run().is_ok_and(|run| run.number == Some(number)) {
                    return Err(Refusal::Write(10));
                }
                self.programs.erase(number)?;
            }
            "PRGM" => self.control(&squeezed)?,
            "RUN PRGM" => self.remote(rest)?,
            _ => return Err(Refusal::Command),
        }
        Ok(())
    }

    fn clock_set(&mut self, set: bool, now: Nanos) -> Result<(), Refusal> {
        if !set {
            return Err(Refusal::Parameter);
        }
        self.timers.reset(self.clock, now);
        Ok(())
    }

    /// `PRGM,RUN,RAM:1,STEP1`, `PRGM,PAUSE` … of the program that runs.
    fn control(&mut self, text: &str) -> Result<(), Refusal> {
        let (word, rest) = text.split_once(',').unwrap_or((text, ""));
        match word {
            "RUN" => {
                let (number, step) = rest.split_once(',').unwrap_or((rest, "STEP1"));
                let digits = step.strip_prefix("STEP").ok_or(Refusal::Parameter)?;
                let step = digits.parse().map_err(|_| Refusal::Parameter)?;
                self.start(in_ram(number)?, step)
            }
            "PAUSE" => {
                self.run_mut()?.pause();
                Ok(())
            }
            "CONTINUE" => {
                let progress = self.run_mut()?.resume();
                self.follow(progress);
                Ok(())
            }
            "ADVANCE" => {
                let progress = self.run_mut()?.advance();
                self.follow(progress);
                Ok(())
            }
            "END" => {
                let end = if rest.is_empty() {
                    End::Standby
                } else {
                    End::parse(rest)?
                };
                self.run()?;
                self.end(end);
                Ok(())
            }
            _ => Err(Refusal::Parameter),
        }
    }

    /// `RUN PRGM, TEMP10.0 TIME0:30 GOTEMP23.0 RELAYON,1,2`: one step that is not stored.
    fn remote(&mut self, text: &str) -> Result<(), Refusal> {
        let (mut from_c, mut to_c, mut seconds) = (None, None, None);
        let mut capacity = "REF9".to_owned();
        let mut relays = [false; RELAYS];
        // what the numbers that follow belong to
        let mut listing = None;
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            if let (Some(on), Ok(_)) = (listing, word.parse::<usize>()) {
                switch(&mut relays, word, on)?;
                continue;
            }
            listing = None;
            if let Some(value) = word.strip_prefix("GOTEMP") {
                to_c = Some(celsius(value)?);
            } else if let Some(value) = word.strip_prefix("TEMP") {
                from_c = Some(celsius(value)?);
            } else if let Some(value) = word.strip_prefix("TIME") {
                seconds = Some(duration(value)?);
            } else if word.starts_with("REF") {
                capacity = refrigeration(word)?;
            } else if let Some(number) = word.strip_prefix("RELAYON") {
                listing = Some(true);
                if !number.is_empty() {
                    switch(&mut relays, number, true)?;
                }
            } else if word.starts_with("RELAYOFF") {
                listing = Some(false);
            } else if word.contains("HUMI") {
                return Err(Refusal::Unsupported);
            } else if !matches!(word, "TRAMP" | "TRAMPON" | "ON") {
                return Err(Refusal::Parameter);
            }
        }
        let from_c = from_c.ok_or(Refusal::Parameter)?;
        let step = program::Step {
            celsius: to_c.unwrap_or(from_c),
            ramp: to_c.is_some(),
            seconds: seconds.ok_or(Refusal::Parameter)?,
            guaranty: false,
            refrigeration: capacity,
            relays,
            pause: false,
        };
        let program = program::Program::remote(step, from_c, (self.low_c, self.high_c));
        let run = Run::new(program, None, 1, self.climate.air_c())?;
        self.mode = Mode::Run(Box::new(run));
        Ok(())
    }

    /// `ON,1,2` or `OFF,3`.
    fn relay(&mut self, text: &str) -> Result<(), Refusal> {
        let mut parts = text.split(',').map(str::trim);
        let on = on_off(parts.next().unwrap_or(""))?;
        let numbers: Result<Vec<usize>, _> = parts.map(str::parse).collect();
        let numbers = numbers.map_err(|_| Refusal::Parameter)?;
        if numbers.is_empty() || numbers.iter().any(|n| !(1..=RELAYS).contains(n)) {
            return Err(Refusal::Parameter);
        }
        for n in numbers {
            self.relays[n - 1] = on;
        }
        Ok(())
    }

    /// `S23.0 H100.0 L-40.0` in any order, spaces optional.
    fn temperature(&mut self, text: &str) -> Result<(), Refusal> {
        let (mut set, mut high, mut low) = (self.set_c, self.high_c, self.low_c);
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(Refusal::Parameter);
        }
        while let Some(kind) = rest.chars().next() {
            let body = rest.get(1..).unwrap_or("").trim_start();
            let end = body
                .find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)))
                .unwrap_or(body.len());
            let value: f64 = body[..end].parse().map_err(|_| Refusal::Parameter)?;
            let value = (value * 10.0).round() / 10.0;
            match kind {
                'S' => set = value,
                'H' => high = value,
                'L' => low = value,
                _ => return Err(Refusal::Parameter),
            }
            rest = body[end..].trim_start_matches([' ', ',']);
        }
        if !RANGE_C.contains(&high) || !RANGE_C.contains(&low) || low > high {
            return Err(Refusal::Range);
        }
        if !(low..=high).contains(&set) {
            return Err(Refusal::Range);
        }
        (self.set_c, self.high_c, self.low_c) = (set, high, low);
        Ok(())
    }
}

/// `16.5/1. SUN`: year of the century, month, day; the day of the week follows from them.
fn date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('.')?;
    let (month, rest) = rest.split_once('/')?;
    let day = rest.split_once('.').map_or(rest, |(day, _)| day);
    let year: u8 = year.trim().parse().ok().filter(|year| *year < 100)?;
    Some((
        2000 + i64::from(year),
        month.trim().parse().ok()?,
        day.trim().parse().ok()?,
    ))
}

/// `12:30:01`.
fn time(text: &str) -> Option<(u8, u8, u8)> {
    let mut parts = text.split(':').map(|part| part.trim().parse().ok());
    let time = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(time)
}

fn on_off(text: &str) -> Result<bool, Refusal> {
    match text {
        "ON" => Ok(true),
        "OFF" => Ok(false),
        _ => Err(Refusal::Parameter),
    }
}

impl Instrument for EspecP300 {
    fn wire(&self) -> Wire {
        Wire::EspecP300
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        vec![("set_c", self.set_c)]
    }

    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        while let Some(end) = session.input.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = session.input.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
            if text.is_empty() {
                continue;
            }
            let reply = if text.len() > LONGEST_LINE || !text.is_ascii() {
                "NA:CMD ERR".to_owned()
            } else {
                self.reply(text, field.now())
            };
            session.output.extend_from_slice(reply.as_bytes());
            session.output.extend_from_slice(b"\r\n");
        }
        if session.input.len() > 4 * LONGEST_LINE {
            session.input.clear();
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        let own = [self.second, self.timers.next_event()];
        let all = own.into_iter().chain([self.climate.next_event()]);
        all.flatten().min()
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        self.climate.on_time(field);
        if let Some(due) = self.second.filter(|&due| due <= now) {
            self.second = Some(due + SECOND);
            let air_c = self.climate.air_c();
            if let Mode::Run(run) = &mut self.mode {
                let progress = run.second(air_c);
                self.follow(progress);
            }
            self.changed(now);
        }
        while let Some(action) = self.timers.take(self.clock, now) {
            match action {
                Action::Off => self.mode = Mode::Off,
                Action::Standby => self.mode = Mode::Standby,
                Action::Constant => self.mode = Mode::Constant,
                Action::Run(number, step) => {
                    // a program that is no longer there leaves the chamber as it is
                    if self.start(number, step).is_err() {
                        continue;
                    }
                }
            }
            self.changed(now);
        }
    }
}
