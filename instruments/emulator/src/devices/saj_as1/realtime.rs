//! The AS1's information, realtime and battery blocks, from what the DUT sees.
//!
//! Powers and currents of grid and inverter are positive when the unit feeds the grid, of the
//! battery when it discharges.

use std::ops::RangeInclusive;

use gridproof_plant::signal::{DutState, MeterPoint, PvInputState, Reading};
use gridproof_plant::{DutView, Energy, Nanos, SiteFlow, SiteFlows};

use super::Nameplate;
use super::slots::Clock;
use crate::field::Field;

/// The registers at one instant.
pub(crate) struct Live<'a> {
    plate: &'a Nameplate,
    view: DutView,
    /// Codes of faults and alarms, each ≥ 1.
    codes: Vec<u16>,
    clock: [u16; 4],
    /// The grid connection as meter A sees it, W and A > 0 from the grid.
    grid: Reading,
    energy: Energy,
    /// Flows of the site, W, and their integrals, J.
    flows: SiteFlows,
    site: SiteFlows,
    pv_inputs: Vec<PvInputState>,
    ambient_c: f64,
    /// Dc link, V.
    bus_v: f64,
    drm_pins: Vec<(u8, u8)>,
}

/// Registers of the energy counters: for each Today, Month, Year, Total as u32.
const COUNTERS: RangeInclusive<u16> = 0x40bf..=0x4166;
const REGISTERS_PER_COUNTER: u16 = 8;
/// Registers of the meter's own counters, imported and exported, u32 each.
const METER_COUNTERS: RangeInclusive<u16> = 0xa038..=0xa03b;
/// J of one count, 0.01 kWh.
const COUNT_J: f64 = 36_000.0;

/// A rounded value that does not leave its register.
pub(crate) fn unsigned(value: f64) -> u16 {
    value.round().clamp(0.0, 65_535.0) as u16
}

/// The same of a signed register.
pub(crate) fn signed(value: f64) -> u16 {
    value.round().clamp(-32_768.0, 32_767.0) as i16 as u16
}

/// Counts of a counter, 0.01 kWh each.
fn counts(joules: f64) -> u32 {
    (joules / COUNT_J).clamp(0.0, f64::from(u32::MAX)) as u32
}

/// The half of a u32 at an offset from its first register, the high word first.
fn half(value: u32, offset: u16) -> u16 {
    if offset.is_multiple_of(2) {
        (value >> 16) as u16
    } else {
        value as u16
    }
}

fn text(value: &str, register: u16) -> u16 {
    let byte = |at: u16| value.as_bytes().get(usize::from(at)).copied().unwrap_or(0);
    u16::from_be_bytes([byte(2 * register), byte(2 * register + 1)])
}

impl<'a> Live<'a> {
    /// Now.
    pub(crate) fn new(plate: &'a Nameplate, clock: Clock, field: &Field) -> Self {
        let now: Nanos = field.now();
        let view = field.plant.dut_view();
        let state = field.plant.state();
        // without its meter the unit knows of nothing but itself
        let grid = if view.meter_lost {
            Reading::default()
        } else {
            field.plant.reading_cycle(MeterPoint::Source)
        };
        Self {
            plate,
            codes: field.codes.codes(&view.faults),
            view,
            clock: clock.registers(now),
            grid,
            energy: field.plant.energy(),
            flows: field.plant.site_flows(),
            site: field.plant.site_energy(),
            pv_inputs: state.pv_inputs,
            ambient_c: state.ambient_c,
            bus_v: state.dc_link_v,
            drm_pins: state.drm_pins,
        }
    }

    /// What the DUT sees.
    pub(crate) fn view(&self) -> &DutView {
        &self.view
    }

    /// V, A and W of a PV input, counted from 0.
    pub(crate) fn pv(&self, index: usize) -> (f64, f64, f64) {
        self.pv_inputs.get(index).map_or((0.0, 0.0, 0.0), |input| {
            let amps = if input.volts > 1.0 {
                input.watts / input.volts
            } else {
                0.0
            };
            (input.volts, amps, input.watts)
        })
    }

    /// Temperature of the room, °C.
    pub(crate) fn ambient_c(&self) -> f64 {
        self.ambient_c
    }

    /// Demand-response modes by their contacts, bit 0 = DRM0.
    pub(crate) fn drm(&self) -> u16 {
        let mode = |pins: &(u8, u8)| match *pins {
            (5, 6) => Some(0),
            (pin @ 1..=4, 6) => Some(pin),
            (pin @ 1..=4, 5) => Some(pin + 4),
            _ => None,
        };
        let modes = self.drm_pins.iter().filter_map(mode);
        modes.fold(0, |bits, mode| bits | 1 << mode)
    }

    /// W from the grid as the meter has it.
    pub(crate) fn grid_w(&self) -> f64 {
        self.grid.watts
    }

    /// VA at the same place.
    pub(crate) fn grid_va(&self) -> f64 {
        self.grid.volts * self.grid.amps
    }

    /// Fault words of the codes 1–96: (MFaultMSG, SFaultMSG, HFaultMSG), bit 0 of each = 1, 33, 65.
    fn faults(&self) -> [u32; 3] {
        let mut words = [0; 3];
        for code in &self.codes {
            let bit = usize::from(*code) - 1;
            if let Some(word) = words.get_mut(bit / 32) {
                *word |= 1 << (bit % 32);
            }
        }
        words
    }

    /// 1 waiting, 2 running, 3 off-grid, 5 fault.
    fn mode(&self) -> u16 {
        match self.view.state {
            DutState::Standby | DutState::Waiting | DutState::Off => 1,
            DutState::Grid => 2,
            DutState::Backup => 3,
            DutState::Tripped | DutState::Drm0 => 5,
        }
    }

    /// Value of an address that is not plain storage.
    pub(crate) fn register(&self, address: u16) -> Option<u16> {
        match address {
            0x8f00..=0x8f76 => Some(self.information(address)),
            // every period began with power-on: those of a day, month and year do not roll over
            _ if COUNTERS.contains(&address) => Some(half(
                counts(self.counted_j(address)),
                address - COUNTERS.start(),
            )),
            _ if METER_COUNTERS.contains(&address) => {
                Some(self.meter_counter(address - METER_COUNTERS.start()))
            }
            0x4000..=0x4166 => Some(self.realtime(address)),
            0xa000..=0xa065 => Some(self.battery(address)),
            _ => None,
        }
    }

    /// J behind a register of the counters. PV of a second and third input or phase, and flows of other
    /// phases, are not there.
    fn counted_j(&self, address: u16) -> f64 {
        match (address - COUNTERS.start()) / REGISTERS_PER_COUNTER {
            0 => self.energy.pv_j,
            1 => self.energy.battery_in_j,
            2 => self.energy.battery_out_j,
            3 => self.energy.ac_out_j,
            4 => self.site.of(SiteFlow::Load),
            5 => self.site.of(SiteFlow::BackupLoad),
            6 => self.site.of(SiteFlow::Export),
            7 => self.site.of(SiteFlow::Import),
            8 => self.site.of(SiteFlow::PvToLoad),
            9 => self.site.of(SiteFlow::GridToLoad),
            10 => self.site.of(SiteFlow::PvToGrid),
            11 => self.site.of(SiteFlow::BatteryToGrid),
            12 => self.site.of(SiteFlow::BatteryToLoad),
            13 => self.site.of(SiteFlow::PvToBattery),
            14 => self.site.of(SiteFlow::GridToBattery),
            _ => 0.0,
        }
    }

    /// The meter counts for itself; one that is lost reads as lost.
    fn meter_counter(&self, offset: u16) -> u16 {
        let flow = match offset {
            0 | 1 => SiteFlow::Import,
            _ => SiteFlow::Export,
        };
        if self.view.meter_lost {
            0
        } else {
            half(counts(self.site.of(flow)), offset)
        }
    }

    fn information(&self, address: u16) -> u16 {
        match address {
            0x8f00 => 0x0052,
            0x8f01 => 1,
            0x8f02 => 1005,
            0x8f03..=0x8f0c => text("AS1G000EMU0000000001", address - 0x8f03),
            0x8f0d..=0x8f16 => text(&self.plate.model, address - 0x8f0d),
            0x8f17..=0x8f1c => 1000,
            0x8f1d => 1,
            _ => 0,
        }
    }

    fn realtime(&self, address: u16) -> u16 {
        let v = &self.view;
        let [master, slave, display] = self.faults();
        let apparent = v.volts * v.amps;
        let amps = if v.w < 0.0 { -v.amps } else { v.amps };
        let direction = |w: f64| {
            if w > 1.0 {
                1
            } else if w < -1.0 {
                signed(-1.0)
            } else {
                0
            }
        };
        match address {
            0x4000..=0x4003 => self.clock[usize::from(address - 0x4000)],
            0x4004 => self.mode(),
            0x4005 | 0x4006 => half(display, address - 0x4005),
            0x4007 | 0x4008 => half(master, address - 0x4007),
            0x400b | 0x400c => half(slave, address - 0x400b),
            0x400f => u16::from(!self.codes.is_empty()),
            0x4010 => signed(v.temperature_c * 10.0),
            0x4019 => unsigned(v.seconds_to_reconnect.ceil()),
            0x4031 => unsigned(v.volts * 10.0),
            0x4032 | 0x4047 => signed(amps * 100.0),
            0x4033 | 0x4048 => unsigned(v.hz * 100.0),
            0x4035 | 0x4049 | 0x40a7 | 0x40a9 => signed(v.w),
            0x4036 => unsigned(v.var.abs()),
            0x4037 => signed(if apparent > 1.0 {
                1000.0 * (v.w / apparent).clamp(-1.0, 1.0)
            } else {
                0.0
            }),
            0x4046 => unsigned(
                if v.state == DutState::Backup {
                    v.backup_v
                } else {
                    v.volts
                } * 10.0,
            ),
            0x404a | 0x40a8 | 0x40aa => unsigned(apparent),
            0x4055 => unsigned(v.backup_v * 10.0),
            0x4056 => unsigned(if v.backup_v > 1.0 {
                100.0 * v.backup_w / v.backup_v
            } else {
                0.0
            }),
            0x4057 => unsigned(if v.backup_v > 1.0 { 5000.0 } else { 0.0 }),
            0x4059 | 0x405a | 0x40ab | 0x40ac => unsigned(v.backup_w),
            0x4067 | 0x4068 => unsigned(self.bus_v * 10.0),
            0x4069 => unsigned(v.battery_v * 10.0),
            0x406a => signed(v.battery_a * 100.0),
            0x406d | 0x40a6 => signed(v.battery_w),
            // the pack has the temperature of the room
            0x406e => signed(self.ambient_c * 10.0),
            0x406f => unsigned(v.soc * 10_000.0),
            0x4096 => direction(v.battery_w),
            0x4097 => direction(v.w),
            0x4098 => direction(v.backup_w),
            0x4099 => signed(self.flows.of(SiteFlow::PvToLoad)),
            0x409a => signed(self.flows.of(SiteFlow::GridToLoad)),
            0x409b => signed(self.flows.of(SiteFlow::PvToGrid)),
            0x409c => signed(self.flows.of(SiteFlow::BatteryToGrid)),
            0x409d => signed(self.flows.of(SiteFlow::BatteryToLoad)),
            0x409e => signed(self.flows.of(SiteFlow::PvToBattery)),
            0x409f => signed(self.flows.of(SiteFlow::GridToBattery)),
            0x40a0 => signed(self.flows.of(SiteFlow::Load)),
            0x40a1 => signed(-self.grid.watts),
            0x40a2 => unsigned(self.grid_va()),
            _ => 0,
        }
    }

    fn battery(&self, address: u16) -> u16 {
        let v = &self.view;
        match address {
            0xa000 => 1,
            0xa001 => unsigned(self.plate.capacity_ah),
            0xa00c => unsigned(v.soc * 10_000.0),
            0xa00d => 10_000,
            0xa00e => unsigned(v.battery_v * 10.0),
            0xa00f => signed(v.battery_a * 100.0),
            0xa010 => signed(self.ambient_c * 10.0),
            0xa03c => u16::from(!v.meter_lost),
            0xa03d => unsigned(self.grid.volts * 10.0),
            0xa03e => signed(self.grid.amps.copysign(self.grid.watts) * 100.0),
            0xa03f => signed(self.grid.watts),
            0xa040 => unsigned(self.grid.volts * self.grid.amps),
            0xa041 => signed(match self.grid.volts * self.grid.amps {
                va if va > 1.0 => 1000.0 * (self.grid.watts / va).clamp(-1.0, 1.0),
                _ if v.meter_lost => 0.0,
                _ => 1000.0,
            }),
            0xa042 => unsigned(self.grid.hz * 100.0),
            _ => 0,
        }
    }
}
