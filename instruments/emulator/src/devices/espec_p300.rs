//! ESPEC chamber with a P300 controller: CR LF lines, `OK:` and `NA:` replies.
//! In `CONSTANT` mode the air follows the set point, in `STANDBY` and `OFF` it drifts to the room.

use gridproof_plant::Nanos;

use crate::devices::climate::Climate;
use crate::devices::clock::{Clock, Date};
use crate::field::{Field, Instrument};
use crate::serve::Wire;
use crate::session::Session;

/// Longest line.
const LONGEST_LINE: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Off,
    Standby,
    Constant,
}

/// The chamber.
#[derive(Debug)]
pub(crate) struct EspecP300 {
    mode: Mode,
    set_c: f64,
    high_c: f64,
    low_c: f64,
    refrigeration: String,
    relays: [bool; 12],
    key_protect: bool,
    clock: Clock,
    /// Mask of the service requests.
    mask: String,
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
            relays: [false; 12],
            key_protect: false,
            clock: Clock::new((2025, 1, 1)),
            mask: "01000000".to_owned(),
            climate: Climate::new(room_c),
        }
    }

    fn changed(&mut self, now: Nanos) {
        let goal = (self.mode == Mode::Constant).then_some(self.set_c);
        self.climate.control(goal, now);
    }

    fn mode_word(&self) -> &'static str {
        match self.mode {
            Mode::Off => "OFF",
            Mode::Standby => "STANDBY",
            Mode::Constant => "CONSTANT",
        }
    }

    fn reply(&mut self, line: &str, now: Nanos) -> String {
        let compact: String = line
            .to_ascii_uppercase()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if compact.contains('?') {
            return self
                .answer(&compact, now)
                .unwrap_or_else(|| "NA:CMD ERR".to_owned());
        }
        match self.command(&compact, now) {
            Ok(()) => {
                self.changed(now);
                format!("OK:{line}")
            }
            Err(reason) => format!("NA:{reason}"),
        }
    }

    fn answer(&self, query: &str, now: Nanos) -> Option<String> {
        let squeezed: String = query.chars().filter(|c| *c != ' ').collect();
        let active = self.mode == Mode::Constant;
        let on_off = |on: bool| if on { "ON" } else { "OFF" }.to_owned();
        let numbered = |on: &[bool]| {
            let numbers: Vec<String> = (1..=on.len())
                .filter(|&n| on[n - 1])
                .map(|n| n.to_string())
                .collect();
            [vec![numbers.len().to_string()], numbers]
                .concat()
                .join(",")
        };
        Some(match squeezed.as_str() {
            // dry-bulb sensor, controller, highest temperature: no humidity is fitted
            "TYPE?" => "T,P300,180.0".to_owned(),
            "ROM?" | "ROM?,DISP" => "P300 1.10".to_owned(),
            "DATE?" => {
                let (year, month, day) = self.clock.date(now);
                format!("{:02}.{month:02}/{day:02}", year.rem_euclid(100))
            }
            "TIME?" => {
                let (hour, minute, second) = self.clock.time(now);
                format!("{hour:02}:{minute:02}:{second:02}")
            }
            "SRQ?" => "01000000".to_owned(),
            "MASK?" => self.mask.clone(),
            "MON?" | "MON?,DETAIL" => {
                format!("{:.1},,{},0", self.climate.air_c(), self.mode_word())
            }
            "TEMP?" => format!(
                "{:.1},{:.1},{:.1},{:.1}",
                self.climate.air_c(),
                self.set_c,
                self.high_c,
                self.low_c
            ),
            "MODE?" | "MODE?,DETAIL" => self.mode_word().to_owned(),
            "ALARM?" => "0".to_owned(),
            "KEYPROTECT?" => on_off(self.key_protect),
            "SET?" => self.refrigeration.clone(),
            "REF?" => format!("1,{}", if active { "ON1" } else { "OFF1" }),
            "RELAY?" | "CONSTANTSET?,RELAY" => numbered(&self.relays),
            "%?" => format!("1,{:.1}", if active { 50.0 } else { 0.0 }),
            "CONSTANTSET?,TEMP" => format!("{:.1},ON", self.set_c),
            "CONSTANTSET?,REF" => "AUTO".to_owned(),
            "CONSTANTSET?,PTC" => "OFF,0.0,0.0".to_owned(),
            "TIMERON?" | "TIMERUSE?" | "PRGMUSE?,RAM" => "0".to_owned(),
            "PRGMSET?" => "RAM:1".to_owned(),
            "PRGMMON?" | "RUNPRGMMON?" | "RUNPRGM?" => "NA:CONT NOT READY-1".to_owned(),
            // temperature-only chamber
            "SYSTEMSET?,PTCOPT" | "SYSTEMSET?,PTC" | "SYSTEMSET?,PTS" => "OFF".to_owned(),
            "MONPTC?" | "TEMPPTC?" | "SETPTC?" | "PTC?" => "NA:INVALID REQ".to_owned(),
            empty
                if ["PRGMDATA?,", "PRGMDATAPTC?,", "PRGMUSE?,", "TIMERLIST?,"]
                    .iter()
                    .any(|asked| empty.starts_with(asked)) =>
            {
                "NA:DATA NOT READY".to_owned()
            }
            "HUMI?" | "CONSTANTSET?,HUMI" => "NA:INVALID REQ".to_owned(),
            _ => return None,
        })
    }

    fn command(&mut self, text: &str, now: Nanos) -> Result<(), &'static str> {
        let (name, rest) = text.split_once(',').ok_or("CMD ERR")?;
        let rest = rest.trim();
        match name.trim() {
            "TEMP" => self.temperature(rest),
            "MODE" => {
                self.mode = match rest {
                    "CONSTANT" => Mode::Constant,
                    "STANDBY" => Mode::Standby,
                    "OFF" => Mode::Off,
                    run if run.starts_with("RUN") => return Err("CHB NOT READY"),
                    _ => return Err("PARA ERR"),
                };
                Ok(())
            }
            "POWER" => {
                self.mode = match rest {
                    "ON" => Mode::Constant,
                    "OFF" => Mode::Off,
                    _ => return Err("PARA ERR"),
                };
                Ok(())
            }
            "HUMI" => Err("INVALID REQ"),
            "SET" => {
                if !rest
                    .strip_prefix("REF")
                    .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
                {
                    return Err("PARA ERR");
                }
                self.refrigeration = rest.to_owned();
                Ok(())
            }
            "KEYPROTECT" => {
                self.key_protect = on_off(rest)?;
                Ok(())
            }
            "RELAY" => self.relay(rest),
            "SRQ" if rest == "RESET" => Ok(()),
            "DATE" => date(rest)
                .filter(|&date| self.clock.set_date(date, now))
                .map(|_| ())
                .ok_or("PARA ERR"),
            "TIME" => time(rest)
                .filter(|&time| self.clock.set_time(time, now))
                .map(|_| ())
                .ok_or("PARA ERR"),
            "MASK" => {
                if rest.len() != 8 || !rest.bytes().all(|bit| matches!(bit, b'0' | b'1')) {
                    return Err("PARA ERR");
                }
                self.mask = rest.to_owned();
                Ok(())
            }
            "TEMP PTC" | "PTC" => Err("INVALID REQ"),
            "PRGM ERASE" => Err("DATA NOT READY"),
            // no program is stored
            "PRGM" => Err("CONT NOT READY-1"),
            _ => Err("CMD ERR"),
        }
    }

    /// `ON,1,2` or `OFF,3`.
    fn relay(&mut self, text: &str) -> Result<(), &'static str> {
        let mut parts = text.split(',').map(str::trim);
        let on = on_off(parts.next().unwrap_or(""))?;
        let numbers: Result<Vec<usize>, _> = parts.map(str::parse).collect();
        let numbers = numbers.map_err(|_| "PARA ERR")?;
        if numbers.is_empty() || numbers.iter().any(|n| !(1..=12).contains(n)) {
            return Err("PARA ERR");
        }
        for n in numbers {
            self.relays[n - 1] = on;
        }
        Ok(())
    }

    /// `S23.0 H100.0 L-40.0` in any order, spaces optional.
    fn temperature(&mut self, text: &str) -> Result<(), &'static str> {
        let (mut set, mut high, mut low) = (self.set_c, self.high_c, self.low_c);
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err("PARA ERR");
        }
        while let Some(kind) = rest.chars().next() {
            let body = rest.get(1..).unwrap_or("").trim_start();
            let end = body
                .find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)))
                .unwrap_or(body.len());
            let value: f64 = body[..end].parse().map_err(|_| "PARA ERR")?;
            let value = (value * 10.0).round() / 10.0;
            match kind {
                'S' => set = value,
                'H' => high = value,
                'L' => low = value,
                _ => return Err("PARA ERR"),
            }
            rest = body[end..].trim_start_matches([' ', ',']);
        }
        if !(-75.0..=190.0).contains(&high) || !(-75.0..=190.0).contains(&low) || low > high {
            return Err("DATA OUT OF RANGE");
        }
        if !(low..=high).contains(&set) {
            return Err("DATA OUT OF RANGE");
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

fn on_off(text: &str) -> Result<bool, &'static str> {
    match text {
        "ON" => Ok(true),
        "OFF" => Ok(false),
        _ => Err("PARA ERR"),
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
        self.climate.next_event()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.climate.on_time(field);
    }
}
