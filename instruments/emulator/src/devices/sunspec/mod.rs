//! SunSpec server of the DUT over Modbus TCP: models 1, 101, 120, 121, 122, 123, 124 (with a
//! battery) and 704. Commands take effect 100 ms after the write.

mod control;
mod map;
mod measure;

use gridproof_plant::Nanos;
use gridproof_plant::input::{DutCommand, Input};

use self::control::Control;
use self::map::Map;
use crate::field::{Field, MILLISECOND};
use crate::modbus::{Exception, ModbusDevice, Request, Response};

/// From a write to its effect.
pub(crate) const LATENCY: Nanos = 100 * MILLISECOND;

/// What the nameplate says.
#[derive(Debug, Clone)]
pub(crate) struct Nameplate {
    pub(crate) maker: String,
    pub(crate) model: String,
    pub(crate) unit: u8,
    pub(crate) dead: bool,
    pub(crate) power_w: f64,
    pub(crate) apparent_va: f64,
    pub(crate) charge_w: f64,
    pub(crate) current_a: f64,
    pub(crate) voltage_v: f64,
    pub(crate) frequency_hz: f64,
    /// Battery, Ah and nominal V.
    pub(crate) battery: Option<(f64, f64)>,
}

/// The SunSpec interface.
#[derive(Debug)]
pub(crate) struct SunSpec {
    plate: Nameplate,
    map: Map,
    sent: Control,
    /// Reversion: (due, model, offset of the enable point).
    reversions: Vec<(Nanos, u16, u16)>,
}

impl SunSpec {
    /// With the DUT's nameplate.
    pub(crate) fn new(plate: Nameplate) -> Self {
        let mut map = Map::new(plate.battery.is_some());
        measure::nameplate(&mut map, &plate);
        control::defaults(&mut map, &plate);
        let sent = Control::of(&map, &plate);
        Self {
            plate,
            map,
            sent,
            reversions: Vec::new(),
        }
    }

    /// Sends what changed since the last time.
    fn command(&mut self, field: &mut Field) {
        let control = Control::of(&self.map, &self.plate);
        let due = field.now() + LATENCY;
        let mut send = |command: DutCommand| field.plant.schedule(due, Input::Dut(command));
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
    }

    fn write(
        &mut self,
        start: u16,
        values: &[u16],
        field: &mut Field,
    ) -> Result<Response, Exception> {
        let count = u16::try_from(values.len()).map_err(|_| Exception::Value)?;
        let (layout, offset) = self.map.locate(start, count).ok_or(Exception::Address)?;
        let end = offset + count;
        if !(offset..end).all(|at| layout.writable.contains(&at)) {
            return Err(Exception::Address);
        }
        let cuts = |pair: &u16| pair + 1 == offset || pair + 1 == end;
        if layout.id == 704 && map::PAIRS_704.iter().any(cuts) {
            // half of a 32-bit point
            return Err(Exception::Value);
        }
        let mut changed = self.map.clone();
        changed.fill(layout.id, offset, values);
        control::check(&changed, layout.id, offset..end)?;
        self.map = changed;
        self.time_reversions(layout.id, offset..end, field.now());
        self.command(field);
        Ok(Response::Written)
    }

    /// Writing an enable point starts its reversion timer, or ends it.
    fn time_reversions(&mut self, id: u16, written: std::ops::Range<u16>, now: Nanos) {
        for timer in control::TIMERS {
            if timer.model != id || !written.contains(&timer.enable) {
                continue;
            }
            self.reversions
                .retain(|&(_, model, enable)| (model, enable) != (id, timer.enable));
            let seconds = timer.seconds(&self.map);
            if self.map.get(id, timer.enable) != timer.rest && seconds > 0 {
                self.reversions
                    .push((now + seconds * 1_000_000_000, id, timer.enable));
            }
        }
    }
}

impl ModbusDevice for SunSpec {
    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request {
            Request::ReadHolding { start, count } => {
                measure::refresh(&mut self.map, &self.plate, field);
                self.map
                    .read(start, count)
                    .map(|r| Response::Registers(r.to_vec()))
                    .ok_or(Exception::Address)
            }
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
        self.reversions.iter().map(|reversion| reversion.0).min()
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        let due: Vec<_> = self
            .reversions
            .iter()
            .copied()
            .filter(|r| r.0 <= now)
            .collect();
        self.reversions.retain(|r| r.0 > now);
        for (_, id, enable) in due {
            let rest = control::TIMERS
                .iter()
                .find(|t| (t.model, t.enable) == (id, enable))
                .map_or(0, |t| t.rest);
            self.map.set(id, enable, rest);
        }
        self.command(field);
    }
}
