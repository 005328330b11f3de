//! SAJ HS2 (hybrid) and AS2 (AC-coupled) registers over Modbus TCP, after the maker's protocol of the
//! H2 family. Commands take effect 100 ms after the write.
//!
//! Application mode 0 is self-use; 1 time-of-use by the slots, between them standby or self-use; 2
//! back-up; 3 passive: a command and powers in ‰ of rated. What modes 4–14 do is not documented: the
//! battery is left alone then. On a hybrid the passive powers are those of the grid port, on an
//! AC-coupled unit those of the battery bound it too.

mod map;

use gridproof_plant::Nanos;
use gridproof_plant::config::Topology;
use gridproof_plant::input::{Input, WorkingMode};

use super::saj_as1::Nameplate;
use super::saj_as1::map::{CLOCK, Settings, slot_value_is_good};
use super::saj_as1::realtime::{Live, signed, unsigned};
use super::saj_as1::slots::{self, Clock};
use crate::devices::setpoints::Setpoints;
use crate::field::{Field, MILLISECOND};
use crate::modbus::{Exception, Holding, ModbusDevice, Request, Response};

/// From a write to its effect.
const LATENCY: Nanos = 100 * MILLISECOND;
const SELF_USE: u16 = 0;
const TIME_OF_USE: u16 = 1;
const BACKUP: u16 = 2;
const PASSIVE: u16 = 3;
/// Device types: AS2 3–6K-S, HS2 3–6K-S2.
const AS2: u16 = 0x0055;
const HS2: u16 = 0x005c;

/// The interface.
#[derive(Debug)]
pub(crate) struct SajHs2 {
    plate: Nameplate,
    settings: Settings,
    clock: Clock,
    sent: Setpoints,
}

fn app_mode(mode: WorkingMode) -> u16 {
    match mode {
        WorkingMode::SelfConsumption => SELF_USE,
        WorkingMode::Backup { .. } => BACKUP,
        WorkingMode::FollowSource | WorkingMode::GridFirst | WorkingMode::Exchange { .. } => {
            PASSIVE
        }
    }
}

impl SajHs2 {
    /// In the working mode of its plant.
    pub(crate) fn new(plate: Nameplate) -> Self {
        let sent = Setpoints::of(&plate.dut);
        let mut settings = Settings::default();
        for (address, value) in map::DEFAULTS.into_iter().chain([
            (map::APP_MODE, app_mode(sent.mode)),
            (map::UNIT, u16::from(plate.unit)),
        ]) {
            settings.set(address, value);
        }
        Self {
            plate,
            settings,
            clock: Clock::default(),
            sent,
        }
    }

    fn hybrid(&self) -> bool {
        self.plate.dut.topology == Topology::Hybrid
    }

    /// W of a register in ‰ of rated power.
    fn watts(&self, address: u16) -> f64 {
        f64::from(self.settings.get(address)) / 1000.0 * self.plate.power_w
    }

    /// Power within the limits of the grid, W, > 0 feeds.
    fn within_limits(&self, watts: f64) -> f64 {
        let [_, _, charge, discharge] = map::POWER_LIMITS.map(|address| self.watts(address));
        let charge = charge.min(self.plate.charge_w);
        watts.clamp(-charge, discharge.min(self.plate.power_w))
    }

    fn passive(&self) -> WorkingMode {
        let [grid_in, grid_out, battery_in, battery_out] =
            map::PASSIVE_POWERS.map(|address| self.watts(address));
        let least = |grid: f64, battery: f64| {
            if self.hybrid() {
                grid
            } else {
                grid.min(battery)
            }
        };
        let watts = match self.settings.get(map::PASSIVE_COMMAND) {
            1 => least(grid_out, battery_out),
            2 => -least(grid_in, battery_in),
            _ => return WorkingMode::FollowSource,
        };
        WorkingMode::Exchange {
            watts: self.within_limits(watts),
        }
    }

    fn control(&self) -> Setpoints {
        let s = &self.settings;
        let on = |address: u16| s.get(address) == 1;
        let mut windows = Vec::new();
        let mode = match s.get(map::APP_MODE) {
            SELF_USE => WorkingMode::SelfConsumption,
            TIME_OF_USE => {
                let watts = |percent: f64| self.within_limits(percent / 100.0 * self.plate.power_w);
                windows = slots::windows(s, watts);
                if on(map::OUTSIDE) && on(map::OUTSIDE_BATTERY) {
                    WorkingMode::SelfConsumption
                } else {
                    WorkingMode::FollowSource
                }
            }
            BACKUP => WorkingMode::Backup {
                retain: f64::from(s.get(map::RETAIN)) / 100.0,
                charge_w: -self.within_limits(f64::NEG_INFINITY),
            },
            PASSIVE => self.passive(),
            _ => WorkingMode::FollowSource,
        };
        let limited = s.get(map::EXPORT_MODE) != 0;
        let own = Setpoints::of(&self.plate.dut);
        Setpoints {
            connect: !on(map::STOP),
            mode,
            windows,
            clock_s: self.clock.at_power_on_s(),
            limit: (f64::from(s.get(map::POWER_LIMITS[3])) / 1000.0).min(1.0),
            export_w: if limited {
                Some(self.watts(map::EXPORT_LIMIT))
            } else {
                own.export_w
            },
            ..own
        }
    }

    /// Value of an address that the H2 family has in another way than the AS1.
    fn own(&self, address: u16, live: &Live<'_>) -> Option<u16> {
        let v = live.view();
        let half = |word: usize| {
            let bits = v.faults.iter().filter_map(|fault| map::fault_bit(*fault));
            let word: u32 = bits
                .filter(|(of, _)| *of == word)
                .fold(0, |all, (_, bit)| all | bit);
            if address % 2 == 1 {
                (word >> 16) as u16
            } else {
                word as u16
            }
        };
        let pv = |index: usize| live.pv(index);
        let apparent = v.volts * v.amps;
        Some(match address {
            0x8f00 if self.hybrid() => HS2,
            0x8f00 => AS2,
            0x4005 | 0x4006 => half(0),
            0x4007 | 0x4008 => half(1),
            0x4009 | 0x400a => half(2),
            0x400b..=0x400e => 0,
            0x400f => v.faults.len() as u16,
            0x4011 => signed(live.ambient_c() * 10.0),
            // without the software's own control both are the contacts
            0x4017 | 0x4018 => live.drm(),
            0x4022 => self.settings.get(map::APP_MODE),
            0x4029 => self.settings.get(map::DEPTHS[2]),
            0x402b => self.settings.get(map::DEPTHS[0]),
            0x402c => self.settings.get(map::RETAIN),
            0x4071 | 0x4074 => unsigned(pv(usize::from(address == 0x4074)).0 * 10.0),
            0x4072 | 0x4075 => unsigned(pv(usize::from(address == 0x4075)).1 * 100.0),
            0x4073 | 0x4076 => unsigned(pv(usize::from(address == 0x4076)).2),
            0x4077..=0x407c => 0,
            0x4095 => u16::from(v.pv_w > 1.0),
            0x40a1 => signed(live.grid_w()),
            0x40a2 => unsigned(live.grid_va()),
            0x40a3 | 0x40a4 => 0,
            0x40a5 => signed(v.pv_w),
            0x40a8 | 0x40aa => unsigned(apparent),
            0x40ad => signed(live.grid_w()),
            _ => return None,
        })
    }

    fn read(&self, start: u16, count: u16, field: &Field) -> Result<Response, Exception> {
        let end = start.checked_add(count - 1).ok_or(Exception::Address)?;
        let whole =
            |block: &std::ops::RangeInclusive<u16>| block.contains(&start) && block.contains(&end);
        if !map::READABLE.iter().any(whole) {
            return Err(Exception::Address);
        }
        let live = Live::new(&self.plate, self.clock, field);
        let register = |address: u16| {
            self.own(address, &live)
                .or_else(|| live.register(address))
                .unwrap_or_else(|| self.settings.get(address))
        };
        Ok(Response::Registers((start..=end).map(register).collect()))
    }

    fn write(
        &mut self,
        start: u16,
        values: &[u16],
        field: &mut Field,
    ) -> Result<Response, Exception> {
        let count = u16::try_from(values.len()).map_err(|_| Exception::Value)?;
        let end = start.checked_add(count).ok_or(Exception::Address)?;
        if !(start..end).all(map::writable) {
            return Err(Exception::Address);
        }
        if (CLOCK..CLOCK + 4).contains(&start) {
            // the four clock registers go together
            let registers: [u16; 4] = values.try_into().map_err(|_| Exception::Value)?;
            let set = self.clock.set(registers, field.now());
            set.ok_or(Exception::Value)?;
        } else {
            let good = |(address, value): (u16, &u16)| {
                map::range(address).contains(value) && slot_value_is_good(address, *value)
            };
            if !(start..end).zip(values).all(good) {
                return Err(Exception::Value);
            }
            for (address, &value) in (start..end).zip(values) {
                self.settings.set(address, value);
            }
        }
        let control = self.control();
        for command in self.sent.changes(&control) {
            let due = field.now() + LATENCY;
            field.plant.schedule(due, Input::Dut(command));
        }
        self.sent = control;
        Ok(Response::Written)
    }
}

impl ModbusDevice for SajHs2 {
    fn functions(&self) -> &'static [u8] {
        &[3, 6, 16]
    }

    fn silent(&self, field: &Field) -> bool {
        field.plant.dut_is_off()
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request.holding()? {
            Holding::Read { start, count } => self.read(start, count, field),
            Holding::Write { start, values } => self.write(start, &values, field),
            Holding::Echo => Err(Exception::Function),
        }
    }

    fn unit(&self) -> Option<u8> {
        Some(self.settings.get(map::UNIT) as u8)
    }
}
