//! SAJ AS1 registers (AC-coupled storage inverter). Commands take effect 100 ms after the write.
//!
//! In user mode 2 (time of use) the charge and discharge slots set active power in percent of
//! rated power; in every other mode the unit exchanges none.

mod map;
mod realtime;
mod slots;

use gridproof_plant::Nanos;
use gridproof_plant::config::{ProtectionElement, Watch};
use gridproof_plant::input::{DutCommand, Input};

use self::map::{Settings, writable};
use self::slots::Clock;
use crate::field::{Field, MILLISECOND};
use crate::modbus::{Exception, ModbusDevice, Request, Response};

/// From a write to its effect.
const LATENCY: Nanos = 100 * MILLISECOND;
/// User mode in which slots count.
const TIME_OF_USE: u16 = 2;

/// What the interface says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Nameplate {
    pub(crate) model: String,
    pub(crate) unit: u8,
    pub(crate) power_w: f64,
    pub(crate) apparent_va: f64,
    pub(crate) charge_w: f64,
    pub(crate) capacity_ah: f64,
    pub(crate) reconnect_s: f64,
    pub(crate) protection: Vec<ProtectionElement>,
}

/// What the registers ask of the DUT.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Control {
    connect: bool,
    limit: f64,
    active_w: Option<f64>,
    reactive_pu: f64,
}

/// The AS1's interface.
#[derive(Debug)]
pub(crate) struct SajAs1 {
    plate: Nameplate,
    settings: Settings,
    clock: Clock,
    sent: Control,
    next_minute: Option<Nanos>,
}

impl SajAs1 {
    /// With the settings of its grid code shown in the protection registers.
    pub(crate) fn new(plate: Nameplate) -> Self {
        let mut settings = Settings::default();
        for (address, value) in [
            (0x3303, 1),
            (0x3307, (plate.power_w / 100.0).round() as u16),
            (0x3309, 0x38ff),
            (0x331a, plate.reconnect_s.round() as u16),
            (0x334a, 1),
            (0x334b, plate.capacity_ah.round() as u16),
            (map::USER_MODE, 1),
            (0x3372, 1),
            (0x3373, 80),
            (0x3374, 40),
            (0x3375, 1),
            (map::SAFETY_MODE, map::DRM_BIT),
            (0x3377, 80),
            (0x3633, u16::from(plate.unit)),
        ] {
            settings.set(address, value);
        }
        for element in &plate.protection {
            let (threshold, time) = match element.name.as_str() {
                "OV1" => (0x3325, 0x332d),
                "UV1" => (0x3326, 0x332e),
                "OF1" => (0x3327, 0x3331),
                "UF1" => (0x3328, 0x3332),
                "OV2" => (0x3329, 0x332f),
                "UV2" => (0x332a, 0x3330),
                "OF2" => (0x332b, 0x3333),
                "UF2" => (0x332c, 0x3334),
                _ => continue,
            };
            let scale = if element.watch == Watch::Voltage {
                10.0
            } else {
                100.0
            };
            settings.set(threshold, (element.threshold * scale).round() as u16);
            settings.set(time, (element.delay_s / 0.02).round() as u16);
        }
        let sent = Control {
            connect: true,
            limit: 1.0,
            active_w: None,
            reactive_pu: 0.0,
        };
        Self {
            plate,
            settings,
            clock: Clock::default(),
            sent,
            next_minute: None,
        }
    }

    fn control(&self, now: Nanos) -> Control {
        let s = &self.settings;
        let active_w = (s.get(map::USER_MODE) == TIME_OF_USE).then(|| {
            let (minute, weekday) = self.clock.minute_and_weekday(now);
            let percent = slots::percent(s, minute, weekday).unwrap_or(0.0);
            percent / 100.0
                * if percent < 0.0 {
                    self.plate.charge_w
                } else {
                    self.plate.power_w
                }
        });
        let limit = match s.get(map::POWER_LIMITED) {
            0 => 1.0,
            tenths => (f64::from(tenths) * 100.0 / self.plate.power_w).min(1.0),
        };
        // capacitive reactive power is taken as over-excited; power factors are only stored
        let kvar = f64::from(s.get(map::REACTIVE_VALUE)) / self.plate.apparent_va;
        let reactive_pu = match s.get(map::REACTIVE_MODE) {
            0 => kvar,
            1 => -kvar,
            _ => 0.0,
        };
        Control {
            connect: s.get(map::STOP) == 0,
            limit,
            active_w,
            reactive_pu,
        }
    }

    /// Sends what changed since the last time, and keeps the minute timer running while needed.
    fn command(&mut self, field: &mut Field) {
        let now = field.now();
        let control = self.control(now);
        let mut send =
            |command: DutCommand| field.plant.schedule(now + LATENCY, Input::Dut(command));
        if control.connect != self.sent.connect {
            send(DutCommand::Connect(control.connect));
        }
        if control.limit != self.sent.limit {
            send(DutCommand::PowerLimit(control.limit));
        }
        if control.active_w != self.sent.active_w {
            send(DutCommand::ActivePower(control.active_w));
        }
        if control.reactive_pu != self.sent.reactive_pu {
            send(DutCommand::ReactivePower(control.reactive_pu));
        }
        self.sent = control;
        let timed = self.settings.get(map::USER_MODE) == TIME_OF_USE && slots::any(&self.settings);
        self.next_minute = timed.then(|| self.clock.next_minute(now));
        field.enable_drm(self.settings.get(map::SAFETY_MODE) & map::DRM_BIT != 0);
    }

    fn read(&self, start: u16, count: u16, field: &Field) -> Result<Response, Exception> {
        let end = start.checked_add(count - 1).ok_or(Exception::Address)?;
        if !map::READABLE
            .iter()
            .any(|block| block.contains(&start) && block.contains(&end))
        {
            return Err(Exception::Address);
        }
        let live = realtime::Live::new(&self.plate, self.clock, field);
        Ok(Response::Registers(
            (start..=end)
                .map(|address| {
                    live.register(address)
                        .unwrap_or_else(|| self.settings.get(address))
                })
                .collect(),
        ))
    }

    fn write(
        &mut self,
        start: u16,
        values: &[u16],
        field: &mut Field,
    ) -> Result<Response, Exception> {
        let count = u16::try_from(values.len()).map_err(|_| Exception::Value)?;
        let end = start.checked_add(count).ok_or(Exception::Address)?;
        if !(start..end).all(writable) {
            return Err(Exception::Address);
        }
        let good = |(address, value): (u16, &u16)| {
            *value <= map::most(address) && map::slot_value_is_good(address, *value)
        };
        if !(start..end).zip(values).all(good) {
            return Err(Exception::Value);
        }
        if start < map::CLOCK + 4 && end > map::CLOCK && start >= map::CLOCK {
            // the four clock registers go together
            let registers: [u16; 4] = values.try_into().map_err(|_| Exception::Value)?;
            self.clock
                .set(registers, field.now())
                .ok_or(Exception::Value)?;
        } else {
            for (address, &value) in (start..end).zip(values) {
                self.settings.set(address, value);
            }
        }
        self.command(field);
        Ok(Response::Written)
    }
}

impl ModbusDevice for SajAs1 {
    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request {
            Request::ReadHolding { start, count } => self.read(start, count, field),
            Request::WriteRegister { address, value } => self.write(address, &[value], field),
            Request::WriteRegisters { start, values } => self.write(start, &values, field),
            Request::Echo { .. } => Ok(Response::Written),
            Request::ReadCoils { .. }
            | Request::ReadDiscretes { .. }
            | Request::ReadInput { .. }
            | Request::WriteCoil { .. }
            | Request::WriteCoils { .. } => Err(Exception::Function),
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.next_minute
    }

    fn on_time(&mut self, field: &mut Field) {
        if self.next_minute.is_some_and(|due| due <= field.now()) {
            self.command(field);
        }
    }
}
