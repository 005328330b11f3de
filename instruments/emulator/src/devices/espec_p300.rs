//! ESPEC chamber with a P300 controller: CR LF lines, `OK:` and `NA:` replies.
//!
//! In `CONSTANT` mode the air follows the set point with a time constant of 60 s, at most 3 K/min;
//! in `STANDBY` and `OFF` it drifts to the room with 20 min. Both are stepped once per second.

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;

use crate::field::{Field, Instrument, SECOND};
use crate::serve::Wire;
use crate::session::Session;

/// e^(−1 s / 60 s).
const DECAY_ACTIVE: f64 = 0.983_471_453_821_617_4;
/// e^(−1 s / 1200 s).
const DECAY_IDLE: f64 = 0.999_167_013_772_049_1;
/// 3 K/min per step of 1 s.
const STEP_K: f64 = 0.05;
/// Closer than this counts as arrived.
const ARRIVED_K: f64 = 0.01;
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
    air_c: f64,
    room_c: f64,
    next: Option<Nanos>,
}

impl EspecP300 {
    /// In standby at room temperature.
    pub(crate) fn new(room_c: f64) -> Self {
        Self {
            mode: Mode::Standby,
            set_c: room_c,
            high_c: 100.0,
            low_c: -40.0,
            air_c: room_c,
            room_c,
            next: None,
        }
    }

    fn goal(&self) -> f64 {
        if self.mode == Mode::Constant {
            self.set_c
        } else {
            self.room_c
        }
    }

    fn changed(&mut self, now: Nanos) {
        if self.next.is_none() && self.air_c != self.goal() {
            self.next = Some(now + SECOND);
        }
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
                .answer(&compact)
                .unwrap_or_else(|| "NA:CMD ERR".to_owned());
        }
        match self.command(&compact) {
            Ok(()) => {
                self.changed(now);
                format!("OK:{line}")
            }
            Err(reason) => format!("NA:{reason}"),
        }
    }

    fn answer(&self, query: &str) -> Option<String> {
        let squeezed: String = query.chars().filter(|c| *c != ' ').collect();
        Some(match squeezed.as_str() {
            "TYPE?" => "T,T,P300,180.0".to_owned(),
            "ROM?" => "P300 1.10".to_owned(),
            "MON?" => format!("{:.1},{},0", self.air_c, self.mode_word()),
            "TEMP?" => format!(
                "{:.1},{:.1},{:.1},{:.1}",
                self.air_c, self.set_c, self.high_c, self.low_c
            ),
            "MODE?" => self.mode_word().to_owned(),
            "ALARM?" => "0".to_owned(),
            "SET?" => "REF9".to_owned(),
            "%?" => format!(
                "1,{:.1}",
                if self.mode == Mode::Constant {
                    50.0
                } else {
                    0.0
                }
            ),
            "CONSTANTSET?,TEMP" => format!("{:.1},ON", self.set_c),
            // temperature-only chamber
            "HUMI?" => "NA:INVALID REQ".to_owned(),
            _ => return None,
        })
    }

    fn command(&mut self, text: &str) -> Result<(), &'static str> {
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
            _ => Err("CMD ERR"),
        }
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
        self.next
    }

    fn on_time(&mut self, field: &mut Field) {
        let Some(due) = self.next else { return };
        if due > field.now() {
            return;
        }
        let goal = self.goal();
        let gap = goal - self.air_c;
        let step = if self.mode == Mode::Constant {
            (gap * (1.0 - DECAY_ACTIVE)).clamp(-STEP_K, STEP_K)
        } else {
            gap * (1.0 - DECAY_IDLE)
        };
        self.air_c = if gap.abs() < ARRIVED_K {
            goal
        } else {
            self.air_c + step
        };
        self.next = Some(due + SECOND).filter(|_| self.air_c != goal);
        field.plant.apply(Input::Ambient {
            celsius: self.air_c,
        });
    }
}
