//! Pylontech low-voltage CAN protocol (V1.2), as the battery reports itself to the inverter.

use super::can::CanMessage;

/// Sent by the inverter every second: identifier and payload.
pub const KEEPALIVE: (u32, [u8; 8]) = (0x305, [0; 8]);

/// The battery's last words on each subject; `None` until the frame was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BmsState {
    /// Upper charge voltage, V.
    pub charge_volts: Option<f64>,
    /// Largest charge current, A.
    pub charge_amps: Option<f64>,
    /// Largest discharge current, A.
    pub discharge_amps: Option<f64>,
    /// Lower discharge voltage, V; some packs leave it out.
    pub discharge_volts: Option<f64>,
    /// State of charge, %.
    pub soc_percent: Option<u16>,
    /// State of health, %.
    pub soh_percent: Option<u16>,
    /// Voltage, V.
    pub volts: Option<f64>,
    /// Current, A, > 0 charging the battery.
    pub amps: Option<f64>,
    /// Mean temperature, °C.
    pub celsius: Option<f64>,
    /// Protection bits, bytes 0 and 1 of 0x359.
    pub protections: Option<[u8; 2]>,
    /// Alarm bits, bytes 2 and 3 of 0x359.
    pub alarms: Option<[u8; 2]>,
    /// Number of modules.
    pub modules: Option<u8>,
    /// Charging permitted.
    pub charge_enabled: Option<bool>,
    /// Discharging permitted.
    pub discharge_enabled: Option<bool>,
    /// The battery demands to be charged.
    pub force_charge: Option<bool>,
    /// Maker, blanks trimmed.
    pub maker: Option<String>,
}

/// A frame that cannot be what its identifier says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame {id:#05x} has {length} bytes, at least {needed} are needed")]
pub struct FrameProblem {
    /// Identifier.
    pub id: u32,
    /// Bytes received.
    pub length: usize,
    /// Bytes needed.
    pub needed: usize,
}

impl BmsState {
    /// Take a frame in. `Ok(false)`: not a frame of this protocol, nothing changed.
    pub fn apply(&mut self, message: &CanMessage) -> Result<bool, FrameProblem> {
        if message.extended {
            return Ok(false);
        }
        let data = message.data();
        let short = |needed| FrameProblem {
            id: message.id,
            length: data.len(),
            needed,
        };
        match message.id {
            0x351 => {
                let [v0, v1, c0, c1, d0, d1, ..] = *data else {
                    return Err(short(6));
                };
                self.charge_volts = Some(f64::from(u16::from_le_bytes([v0, v1])) * 0.1);
                self.charge_amps = Some(signed(c0, c1, 0.1));
                self.discharge_amps = Some(signed(d0, d1, 0.1));
                self.discharge_volts = match *data {
                    [.., low, high] if data.len() == 8 => {
                        Some(f64::from(u16::from_le_bytes([low, high])) * 0.1)
                    }
                    _ => None,
                };
            }
            0x355 => {
                let [c0, c1, h0, h1, ..] = *data else {
                    return Err(short(4));
                };
                self.soc_percent = Some(u16::from_le_bytes([c0, c1]));
                self.soh_percent = Some(u16::from_le_bytes([h0, h1]));
            }
            0x356 => {
                let [v0, v1, i0, i1, t0, t1, ..] = *data else {
                    return Err(short(6));
                };
                self.volts = Some(signed(v0, v1, 0.01));
                self.amps = Some(signed(i0, i1, 0.1));
                self.celsius = Some(signed(t0, t1, 0.1));
            }
            0x359 => {
                let [p0, p1, a0, a1, modules, ..] = *data else {
                    return Err(short(5));
                };
                self.protections = Some([p0, p1]);
                self.alarms = Some([a0, a1]);
                self.modules = Some(modules);
            }
            0x35C => {
                let [flags, ..] = *data else {
                    return Err(short(1));
                };
                self.charge_enabled = Some(flags & 0x80 != 0);
                self.discharge_enabled = Some(flags & 0x40 != 0);
                self.force_charge = Some(flags & 0x30 != 0);
            }
            0x35E => {
                let name = String::from_utf8_lossy(data);
                self.maker = Some(name.trim_end_matches([' ', '\0']).into());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Any protection has tripped.
    pub fn is_tripped(&self) -> bool {
        self.protections.is_some_and(|bits| bits != [0, 0])
    }
}

fn signed(low: u8, high: u8, scale: f64) -> f64 {
    f64::from(i16::from_le_bytes([low, high])) * scale
}
