//! Weiss or Vötsch chamber with a SIMSERV interface (TCP 2049): `command¶chamber¶parameters` and
//! CR, answered by `1¶value` or an error number and CR LF. ¶ is the byte 0xB6.

use gridproof_plant::Nanos;

use crate::devices::climate::Climate;
use crate::field::{Field, Instrument};
use crate::serve::Wire;
use crate::session::Session;

/// Separates the fields of a message.
const SEPARATOR: u8 = 0xb6;
/// Longest line.
const LONGEST_LINE: usize = 256;
/// Lowest and highest set point, °C.
const RANGE_C: (f64, f64) = (-70.0, 180.0);
/// Digital channels: 1 starts the chamber, 2 is the first customer channel.
const CHANNELS: usize = 8;
/// Names of the customer channels 1–6.
const NAMES: [&str; 6] = [
    "Condensation protection",
    "Not installed",
    "Not installed",
    "Compressed air",
    "Air dryer",
    "Not installed",
];

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// Unknown command number.
    Unknown = -5,
    /// Parameters are missing or wrong.
    Parameter = -6,
    /// There is nothing to read: no program is stored.
    Unreadable = -8,
}

/// The chamber.
#[derive(Debug)]
pub(crate) struct WeissSimserv {
    climate: Climate,
    set_c: f64,
    /// Gradients up and down, K/min; 0 is none.
    gradients: (f64, f64),
    digital: [bool; CHANNELS],
}

impl WeissSimserv {
    /// Idle at room temperature.
    pub(crate) fn new(room_c: f64) -> Self {
        Self {
            climate: Climate::new(room_c),
            set_c: room_c,
            gradients: (0.0, 0.0),
            digital: [false; CHANNELS],
        }
    }

    fn running(&self) -> bool {
        self.digital[0]
    }

    fn follow(&mut self, now: Nanos) {
        let goal = self.running().then_some(self.set_c);
        self.climate.control(goal, now);
    }

    /// `Ok` with the value, if the command answers one.
    fn reply(&mut self, fields: &[&str], now: Nanos) -> Result<Option<String>, Refusal> {
        let number = |index: usize| -> Result<f64, Refusal> {
            let text = fields.get(index).ok_or(Refusal::Parameter)?;
            let value: f64 = text.trim().parse().map_err(|_| Refusal::Parameter)?;
            if value.is_finite() {
                Ok(value)
            } else {
                Err(Refusal::Parameter)
            }
        };
        let index = |most: usize| -> Result<usize, Refusal> {
            let value = number(2)?;
            if (1.0..=most as f64).contains(&value) && value.fract() == 0.0 {
                Ok(value as usize - 1)
            } else {
                Err(Refusal::Parameter)
            }
        };
        let command: u32 = fields
            .first()
            .and_then(|text| text.trim().parse().ok())
            .ok_or(Refusal::Unknown)?;
        let chamber = |result: Option<String>| {
            if number(1)? == 1.0 {
                Ok(result)
            } else {
                Err(Refusal::Parameter)
            }
        };
        match command {
            // status: 1 not running, 3 running
            10012 => chamber(Some(if self.running() { "3" } else { "1" }.to_owned())),
            11001 => {
                index(1)?;
                let value = number(3)?;
                if !(RANGE_C.0..=RANGE_C.1).contains(&value) {
                    return Err(Refusal::Parameter);
                }
                self.set_c = value;
                self.follow(now);
                Ok(None)
            }
            11002 => index(1).map(|_| Some(format!("{:.1}", self.set_c))),
            11004 => index(1).map(|_| Some(format!("{:.2}", self.climate.air_c()))),
            11007 => index(1).map(|_| Some(format!("{:.1}", RANGE_C.0))),
            11009 => index(1).map(|_| Some(format!("{:.1}", RANGE_C.1))),
            // alarm and warning limits stand at the ends of the range
            11014 | 11016 => index(1).map(|_| Some(format!("{:.1}", RANGE_C.0))),
            11015 | 11017 => index(1).map(|_| Some(format!("{:.1}", RANGE_C.1))),
            11066 => index(1).map(|_| Some(format!("{:.1}", self.gradients.0))),
            11070 => index(1).map(|_| Some(format!("{:.1}", self.gradients.1))),
            11068 | 11072 => {
                index(1)?;
                let gradient = number(3)?;
                if gradient < 0.0 {
                    return Err(Refusal::Parameter);
                }
                if command == 11068 {
                    self.gradients.0 = gradient;
                } else {
                    self.gradients.1 = gradient;
                }
                self.climate.limit(self.gradients.0, self.gradients.1);
                Ok(None)
            }
            11018 => chamber(Some("1".to_owned())),
            11023 => index(1).map(|_| Some("\u{b0}C".to_owned())),
            11026 => index(1).map(|_| Some("Temperature".to_owned())),
            14001 => {
                let channel = index(CHANNELS)?;
                self.digital[channel] = match number(3)? {
                    0.0 => false,
                    1.0 => true,
                    _ => return Err(Refusal::Parameter),
                };
                self.follow(now);
                Ok(None)
            }
            14003 => {
                index(CHANNELS).map(|channel| Some(u8::from(self.digital[channel]).to_string()))
            }
            14007 => chamber(Some(CHANNELS.to_string())),
            14010 => index(NAMES.len()).map(|channel| Some(NAMES[channel].to_owned())),
            // measured and control values, digital inputs, messages: there are none of each
            12012 | 13007 | 15004 | 17002 | 17009 => chamber(Some("0".to_owned())),
            12002 | 12008..=12011 | 12016 | 12019 => Err(Refusal::Parameter),
            13002 | 13004..=13006 | 13010 | 13011 => Err(Refusal::Parameter),
            15002 | 15005 | 17005 | 17007 | 17111 => Err(Refusal::Parameter),
            // resets errors; stops the program
            17012 | 19015 => chamber(None),
            // number and state of the running program: none
            19204 | 19210 => chamber(Some("0".to_owned())),
            19003 | 19004 | 19006 | 19009 | 19010 | 19014 | 19021 | 19031 | 19207..=19209 => {
                Err(Refusal::Unreadable)
            }
            99997 => chamber(Some("LabEvent T/210/70/5".to_owned())),
            _ => Err(Refusal::Unknown),
        }
    }
}

impl Instrument for WeissSimserv {
    fn wire(&self) -> Wire {
        Wire::Simserv
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        vec![("set_c", self.set_c)]
    }

    fn receive(&mut self, session: &mut Session, field: &mut Field) {
        while let Some(end) = session.input.iter().position(|&byte| byte == b'\r') {
            let line: Vec<u8> = session.input.drain(..=end).collect();
            let line = line[..end].trim_ascii();
            if line.is_empty() {
                continue;
            }
            let text: Vec<String> = line
                .split(|&byte| byte == SEPARATOR)
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect();
            let fields: Vec<&str> = text.iter().map(String::as_str).collect();
            let reply = if line.len() > LONGEST_LINE {
                Err(Refusal::Parameter)
            } else {
                self.reply(&fields, field.now())
            };
            let out = &mut session.output;
            match reply {
                Ok(value) => {
                    out.push(b'1');
                    if let Some(value) = value {
                        out.push(SEPARATOR);
                        // Latin-1, as the controller writes it
                        out.extend(value.chars().map(|c| u8::try_from(c).unwrap_or(b'?')));
                    }
                }
                Err(refusal) => out.extend_from_slice((refusal as i32).to_string().as_bytes()),
            }
            out.extend_from_slice(b"\r\n");
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
