//! SAJ AS1 registers (AC-coupled storage inverter). Commands take effect 100 ms after the write.
//!
//! In user mode 1 (self-consumption) the battery covers the loads behind meter A and takes their
//! surplus, in mode 2 (time of use) the charge and discharge slots set active power in percent of
//! rated power, in mode 3 (back-up) the battery is charged up to the share to retain. Mode 4 is named
//! manual maintenance; that the unit exchanges no power then is assumed.

pub(super) mod map;
pub(super) mod realtime;
pub(super) mod slots;

use gridproof_plant::Nanos;
use gridproof_plant::config::{Dut, ProtectionElement, Reconnect, Watch};
use gridproof_plant::input::{DutCommand, Input, WorkingMode};

use self::map::{Settings, writable};
use self::slots::Clock;
use crate::devices::setpoints::Setpoints;
use crate::field::{Field, MILLISECOND};
use crate::modbus::{Exception, Holding, ModbusDevice, Request, Response};

/// From a write to its effect.
const LATENCY: Nanos = 100 * MILLISECOND;
/// User mode in which the battery serves the site.
const SELF_CONSUMPTION: u16 = 1;
/// User mode in which slots count.
const TIME_OF_USE: u16 = 2;
/// User mode in which the battery is kept full.
const BACKUP_MODE: u16 = 3;
/// Manual maintenance: the battery is left alone.
const MAINTENANCE: u16 = 4;
/// Step of the trip times, s.
const TRIP_STEP_S: f64 = 0.02;

fn user_mode(mode: WorkingMode) -> u16 {
    match mode {
        WorkingMode::SelfConsumption => SELF_CONSUMPTION,
        WorkingMode::Backup { .. } => BACKUP_MODE,
        WorkingMode::FollowSource | WorkingMode::GridFirst | WorkingMode::Exchange { .. } => {
            MAINTENANCE
        }
    }
}

/// What the interface says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Nameplate {
    pub(crate) model: String,
    pub(crate) unit: u8,
    pub(crate) power_w: f64,
    pub(crate) apparent_va: f64,
    pub(crate) charge_w: f64,
    pub(crate) capacity_ah: f64,
    /// The unit as it leaves the works.
    pub(crate) dut: Dut,
}

/// Registers of the threshold and of the time of a protection element.
fn trip_registers(name: &str) -> Option<(u16, u16)> {
    let trip = map::TRIPS.iter().find(|trip| trip.0 == name)?;
    Some((trip.1, trip.2))
}

/// Steps per V or Hz of a threshold register.
fn scale(watch: Watch) -> f64 {
    match watch {
        Watch::Voltage => 10.0,
        Watch::Frequency => 100.0,
    }
}

fn steps(threshold: f64, watch: Watch) -> u16 {
    (threshold * scale(watch)).round() as u16
}

/// The AS1's interface.
#[derive(Debug)]
pub(crate) struct SajAs1 {
    plate: Nameplate,
    settings: Settings,
    clock: Clock,
    sent: Setpoints,
    /// Protection that acts.
    protection: Vec<ProtectionElement>,
}

impl SajAs1 {
    /// With the settings of its grid code shown in the protection registers.
    pub(crate) fn new(plate: Nameplate) -> Self {
        let mut settings = Settings::default();
        let sent = Setpoints::of(&plate.dut);
        for (address, value) in map::DEFAULTS.into_iter().chain([
            (map::EPS, u16::from(sent.backup)),
            (map::USER_MODE, user_mode(sent.mode)),
            (0x3307, (plate.power_w / 100.0).round() as u16),
            (map::RECONNECT, plate.dut.reconnect_s.round() as u16),
            (map::CHARGE_LIMIT, plate.charge_w.round() as u16),
            (map::FEED_LIMIT, plate.power_w.round() as u16),
            (0x334b, plate.capacity_ah.round() as u16),
            (map::BUS_ADDRESS, u16::from(plate.unit)),
        ]) {
            settings.set(address, value);
        }
        for element in &plate.dut.protection {
            if let Some((threshold, time)) = trip_registers(&element.name) {
                settings.set(threshold, steps(element.threshold, element.watch));
                settings.set(time, (element.delay_s / TRIP_STEP_S).round() as u16);
            }
        }
        let protection = plate.dut.protection.clone();
        Self {
            plate,
            settings,
            clock: Clock::default(),
            sent,
            protection,
        }
    }

    /// Percent of rated power > 0 discharges, < 0 charges, as W within the limits for the grid.
    fn exchange(&self, percent: f64) -> f64 {
        let s = &self.settings;
        let (power, limit) = if percent < 0.0 {
            (self.plate.charge_w, s.get(map::CHARGE_LIMIT))
        } else {
            (self.plate.power_w, s.get(map::FEED_LIMIT))
        };
        let limit = f64::from(limit);
        (percent / 100.0 * power).clamp(-limit, limit)
    }

    /// The elements with what has been written of them: the rounding of a register that still
    /// shows what an element has changes nothing.
    fn elements(&self) -> Vec<ProtectionElement> {
        let mut elements = self.protection.clone();
        for element in &mut elements {
            let Some((threshold, time)) = trip_registers(&element.name) else {
                continue;
            };
            let (threshold, time) = (self.settings.get(threshold), self.settings.get(time));
            if threshold != steps(element.threshold, element.watch) {
                element.threshold = f64::from(threshold) / scale(element.watch);
            }
            if time != (element.delay_s / TRIP_STEP_S).round() as u16 {
                element.delay_s = f64::from(time) * TRIP_STEP_S;
            }
        }
        elements
    }

    fn control(&self) -> Setpoints {
        let s = &self.settings;
        let mut windows = Vec::new();
        let mode = match s.get(map::USER_MODE) {
            SELF_CONSUMPTION => WorkingMode::SelfConsumption,
            TIME_OF_USE => {
                windows = slots::windows(s, |percent| self.exchange(percent));
                WorkingMode::Exchange { watts: 0.0 }
            }
            // the battery is kept full for a blackout
            BACKUP_MODE => WorkingMode::Backup {
                retain: f64::from(s.get(map::RETAIN)) / 100.0,
                charge_w: -self.exchange(-100.0),
            },
            _ => WorkingMode::FollowSource,
        };
        let limit = match s.get(map::POWER_LIMITED) {
            0 => 1.0,
            tenths => (f64::from(tenths) * 100.0 / self.plate.power_w).min(1.0),
        };
        // capacitive reactive power is taken as over-excited
        let value = f64::from(s.get(map::REACTIVE_VALUE));
        let kvar = value / self.plate.apparent_va;
        let (reactive_pu, factor) = match s.get(map::REACTIVE_MODE) {
            0 => (kvar, None),
            1 => (-kvar, None),
            // 0 is no factor
            _ if value == 0.0 => (0.0, None),
            2 => (0.0, Some(value / 1000.0)),
            _ => (0.0, Some(-value / 1000.0)),
        };
        let own = self.plate.dut.reconnect();
        let delay = s.get(map::RECONNECT);
        Setpoints {
            connect: s.get(map::STOP) == 0,
            limit,
            mode,
            windows,
            clock_s: self.clock.at_power_on_s(),
            reactive: reactive_pu,
            factor,
            backup: s.get(map::EPS) == 1,
            reconnect: if delay == own.delay_s.round() as u16 {
                own
            } else {
                Reconnect {
                    delay_s: f64::from(delay),
                    ..own
                }
            },
            ..Setpoints::of(&self.plate.dut)
        }
    }

    /// Sends what changed since the last time.
    fn command(&mut self, field: &mut Field) {
        let now = field.now();
        let control = self.control();
        let elements = self.elements();
        let mut send =
            |command: DutCommand| field.plant.schedule(now + LATENCY, Input::Dut(command));
        if elements != self.protection {
            self.protection.clone_from(&elements);
            send(DutCommand::Protection(elements));
        }
        for command in self.sent.changes(&control) {
            send(command);
        }
        self.sent = control;
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
        let factor = |address, value| match address {
            map::REACTIVE_VALUE if self.settings.get(map::REACTIVE_MODE) >= 2 => {
                value == 0 || (800..=1000).contains(&value)
            }
            _ => true,
        };
        if !(start..end).zip(values).all(|(a, v)| factor(a, *v)) {
            return Err(Exception::Value);
        }
        let good = |(address, value): (u16, &u16)| {
            map::range(address).contains(value) && map::slot_value_is_good(address, *value)
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
    fn functions(&self) -> &'static [u8] {
        &[3, 6, 8, 16]
    }

    fn silent(&self, field: &Field) -> bool {
        field.plant.dut_is_off()
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request.holding()? {
            Holding::Read { start, count } => self.read(start, count, field),
            Holding::Write { start, values } => self.write(start, &values, field),
            Holding::Echo => Ok(Response::Written),
        }
    }

    fn unit(&self) -> Option<u8> {
        Some(self.settings.get(map::BUS_ADDRESS) as u8)
    }
}
