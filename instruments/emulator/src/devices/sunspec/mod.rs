//! SunSpec server of the DUT over Modbus TCP. Commands take effect 100 ms after the write, or at
//! random within the time window that a client has set.
//!
//! Models 1, 101, 120–124, 126, 132, 160 and 701–713; storage (124, 713) only with a battery, 160
//! only with PV. Curve 1 of every model with curves is the one that acts and cannot be written.
//! Droop (711) and watt-var (712) act as the others do once they are enabled.

mod control;
mod curve;
mod droop;
mod glide;
mod map;
mod measure;
mod models;
mod plate;
mod timers;
mod trips;

use gridproof_plant::Nanos;
use gridproof_plant::config::ProtectionElement;
use gridproof_plant::input::{CurvePoints, DutCommand, Input, ResponseCurve};

use self::control::{REACTIVE_MODES, setpoints};
use self::curve::{BOTH, Curve, Which};
use self::glide::Glide;
use self::map::{At, Map, Place, at};
use self::timers::Running;
use self::trips::TripSide;
use crate::devices::setpoints::Setpoints;
use crate::field::{Field, MILLISECOND, SECOND};
use crate::modbus::{Exception, ModbusDevice, Request, Response};
use crate::rng::Rng;

pub(crate) use self::plate::Nameplate;

/// From a write to its effect.
pub(crate) const LATENCY: Nanos = 100 * MILLISECOND;
/// Results of adopting a curve.
const IN_PROGRESS: u64 = 0;
const COMPLETED: u64 = 1;
const FAILED: u64 = 2;
/// Number of no curve: the points of 705 and 706 have been read already, 711 and 712 have none.
const NONE: u64 = 0;

/// Time windows: a command point, and the longest random delay of its command in s.
const WINDOWS: [(At, At); 7] = [
    (at(123, "Conn"), at(123, "Conn_WinTms")),
    (at(123, "WMaxLim_Ena"), at(123, "WMaxLimPct_WinTms")),
    (at(123, "OutPFSet_Ena"), at(123, "OutPFSet_WinTms")),
    (at(123, "VArPct_Ena"), at(123, "VArPct_WinTms")),
    (at(124, "StorCtl_Mod"), at(124, "InOutWRte_WinTms")),
    (at(126, "ModEna"), at(126, "WinTms")),
    (at(132, "ModEna"), at(132, "WinTms")),
];

/// Points of different models that are one setting.
const SAME: [(At, At); 7] = [
    (at(121, "WMax"), at(702, "WMax")),
    (at(121, "VAMax"), at(702, "VAMax")),
    (at(121, "VRef"), at(702, "VNom")),
    (at(126, "ModEna"), at(705, "Ena")),
    (at(132, "ModEna"), at(706, "Ena")),
    (at(124, "WChaMax"), at(702, "WChaRteMax")),
    (at(121, "VArMaxQ1"), at(702, "VarMaxInj")),
];

/// The SunSpec interface.
#[derive(Debug)]
pub(crate) struct SunSpec {
    plate: Nameplate,
    map: Map,
    /// What the DUT has been told.
    sent: Setpoints,
    /// What it will be told, and when.
    pending: Vec<(Nanos, Setpoints)>,
    limit: Glide,
    reactive: Glide,
    /// Points that act, in the order of [`BOTH`].
    acting: [Curve; 2],
    /// Points of curve 1 of the older models.
    first: [Curve; 2],
    /// Protection that acts.
    protection: Vec<ProtectionElement>,
    /// Adoptions in progress: due, model, number of the curve from 1.
    adoptions: Vec<(Nanos, u16, u64)>,
    timers: Running,
    /// A fixed reactive mode has taken the place of volt-var, which comes back after it.
    displaced: bool,
    windows: Rng,
}

impl SunSpec {
    /// With the DUT's nameplate; `windows` draws the delays within time windows.
    pub(crate) fn new(plate: Nameplate, windows: Rng) -> Self {
        let map = plate::registers(&plate);
        let sent = setpoints(&map, &plate);
        let acting = [&plate.dut.volt_var, &plate.dut.volt_watt].map(|response| Curve {
            points: response.points.clone(),
            tau_s: Some(response.tau_s),
        });
        Self {
            map,
            limit: Glide::at(sent.limit),
            reactive: Glide::at(sent.reactive),
            sent,
            pending: Vec::new(),
            first: acting.clone(),
            acting,
            protection: plate.dut.protection.clone(),
            adoptions: Vec::new(),
            timers: Running::default(),
            displaced: false,
            windows,
            plate,
        }
    }

    fn write(
        &mut self,
        start: u16,
        values: &[u16],
        field: &mut Field,
    ) -> Result<Response, Exception> {
        let count = u16::try_from(values.len()).map_err(|_| Exception::Value)?;
        let points = self.map.points(start, count).map_err(|cut| {
            if cut {
                Exception::Value
            } else {
                Exception::Address
            }
        })?;
        let acts = |at: &At| at.outer == 0 && in_curve(at.name);
        if points.iter().any(|p| !p.writable || acts(&p.at)) {
            return Err(Exception::Address);
        }
        let mut changed = self.map.clone();
        changed.write(start, values, &points);
        control::check(&changed, &self.plate, &points)?;
        let told = |point: &Place| changed.raw(point.at) != point.kind.absent();
        if points
            .iter()
            .any(|point| lacks(&self.plate, point.at) && told(point))
        {
            return Err(Exception::Value);
        }
        self.map = changed;
        let now = field.now();
        self.follow(&points, now);
        let delay = self.delay(&points);
        self.command(now + LATENCY + delay);
        Ok(Response::Written)
    }

    /// What a write brings with it in the registers.
    fn follow(&mut self, points: &[Place], now: Nanos) {
        let written = |at: At| points.iter().any(|point| point.at == at);
        for (one, other) in SAME {
            if written(one) {
                self.map.set(other, self.map.raw(one));
            } else if written(other) {
                self.map.set(one, self.map.raw(other));
            }
        }
        // absorbed reactive power has a sign in 121 only
        let (old, new) = (at(121, "VArMaxQ4"), at(702, "VarMaxAbs"));
        if written(old) {
            self.map.put(new, -self.map.get(old).unwrap_or(0.0));
        } else if written(new) {
            self.map.put(old, -self.map.get(new).unwrap_or(0.0));
        }
        if [at(121, "VArMaxQ1"), at(702, "VarMaxInj"), old, new]
            .into_iter()
            .any(written)
        {
            self.adoptions
                .push((now + LATENCY, Which::VoltVar.der(), NONE));
        }
        let volt_var = written(at(705, "Ena")) || written(at(126, "ModEna"));
        if volt_var {
            self.displaced = false;
            if self.map.raw(at(705, "Ena")) == 1 {
                for (model, name) in REACTIVE_MODES {
                    self.map.set(at(model, name), 0);
                    self.timers.written(&self.map, at(model, name), now);
                }
            }
        }
        self.exclude();
        for point in points {
            self.timers.written(&self.map, point.at, now);
            if matches!(point.at.name, "AdptCrvReq" | "AdptCtlReq") {
                self.request(point.at, now);
            }
        }
        let scales = [
            at(121, "WMax"),
            at(121, "VRef"),
            at(702, "WMax"),
            at(702, "VNom"),
        ];
        if scales.into_iter().any(written) {
            for (which, curve) in BOTH.into_iter().zip(&self.acting) {
                curve::publish(&mut self.map, &self.plate, which, 0, curve);
            }
        }
        for (index, which) in BOTH.into_iter().enumerate() {
            if points.iter().any(|point| point.at.model == which.fixed()) {
                self.select(index, which, now);
            }
        }
    }

    /// Volt-var gives way to a fixed reactive mode and comes back after it.
    fn exclude(&mut self) {
        let fixed = control::fixes_reactive(&self.map);
        let switch = |map: &mut Map, on: u64| {
            map.set(at(705, "Ena"), on);
            map.set(at(126, "ModEna"), on);
        };
        if fixed && self.map.raw(at(705, "Ena")) == 1 {
            switch(&mut self.map, 0);
            self.displaced = true;
        } else if !fixed && self.displaced {
            switch(&mut self.map, 1);
            self.displaced = false;
        }
    }

    /// The older models act on the selected curve at once, as soon as it makes sense.
    fn select(&mut self, index: usize, which: Which, now: Nanos) {
        let selected = match self.map.raw(at(which.fixed(), "ActCrv")) {
            // its registers are rounded
            1 => Some(self.first[index].clone()),
            _ => curve::read_fixed(&self.map, &self.plate, which),
        };
        let acting = &self.acting[index];
        if let Some(mut curve) = selected.filter(|curve| curve.points != acting.points) {
            // the older models know no response time
            curve.tau_s = acting.tau_s;
            curve::publish_der(&mut self.map, &self.plate, which, 0, &curve);
            self.acting[index] = curve;
            self.adoptions.push((now + LATENCY, which.der(), NONE));
        }
    }

    /// A curve is to be adopted.
    fn request(&mut self, point: At, now: Nanos) {
        let number = self.map.raw(point);
        self.map.set(result(point.model), IN_PROGRESS);
        self.adoptions.push((now + LATENCY, point.model, number));
    }

    /// Does what was requested; the plant has it from now on.
    fn adopt(&mut self, model: u16, number: u64, field: &mut Field) {
        let Some(n) = number.checked_sub(1).map(|n| n as u8) else {
            match model {
                711 | 712 => self.map.set(result(model), COMPLETED),
                _ => self.act_on_curve(model, field),
            }
            return;
        };
        let adopted = n == 0 || self.take(model, n, field);
        let outcome = if adopted { COMPLETED } else { FAILED };
        self.map.set(result(model), outcome);
    }

    fn take(&mut self, model: u16, n: u8, field: &mut Field) -> bool {
        if let Some(index) = BOTH.iter().position(|which| which.der() == model) {
            let which = BOTH[index];
            let Some(curve) = curve::read_der(&self.map, &self.plate, which, n) else {
                return false;
            };
            self.map.copy_group(model, n, 0, "Crv.ReadOnly");
            curve::publish_fixed(&mut self.map, &self.plate, which, 0, &curve);
            self.map.set(at(which.fixed(), "ActCrv"), 1);
            self.first[index] = curve.clone();
            self.acting[index] = curve;
            self.act_on_curve(model, field);
            return true;
        }
        if let Some(side) = TripSide::of(model) {
            let read = trips::read(&self.map, &self.plate, side, n, &self.protection);
            let Some(elements) = read else { return false };
            self.map.copy_group(model, n, 0, "Crv.ReadOnly");
            self.protection.clone_from(&elements);
            tell(field, DutCommand::Protection(elements));
            return true;
        }
        let (sound, read_only) = match model {
            711 => (
                droop::droop(&self.map, &self.plate, n).is_some(),
                "Ctl.ReadOnly",
            ),
            712 => (
                droop::watt_var(&self.map, &self.plate, n).is_some(),
                "Crv.ReadOnly",
            ),
            _ => return false,
        };
        if sound {
            self.map.copy_group(model, n, 0, read_only);
            self.command(field.now());
        }
        sound
    }

    /// Points of a curve, reactive power held inside what it is set to be at most.
    fn held(&self, which: Which, curve: &Curve) -> Vec<(f64, f64)> {
        let volt_amps = self.plate.dut.rated_apparent_va;
        let (injected, absorbed) = control::var_most(&self.map, &self.plate);
        let (least, most) = match which {
            Which::VoltVar => (-absorbed / volt_amps, injected / volt_amps),
            Which::VoltWatt => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let points = curve.points.iter();
        points.map(|&(v, y)| (v, y.clamp(least, most))).collect()
    }

    fn act_on_curve(&self, model: u16, field: &mut Field) {
        for (which, curve) in BOTH.into_iter().zip(&self.acting) {
            if which.der() == model {
                // `NPt` of the plate is what the plant can hold, and a curve was checked when read.
                let Some(points) = CurvePoints::new(&self.held(which, curve)) else {
                    continue;
                };
                tell(
                    field,
                    DutCommand::Curve {
                        of: match which {
                            Which::VoltVar => ResponseCurve::VoltVar,
                            Which::VoltWatt => ResponseCurve::VoltWatt,
                        },
                        points,
                        tau_s: curve.tau_s,
                    },
                );
            }
        }
    }

    /// Random delay within the time window of what was written.
    fn delay(&mut self, points: &[Place]) -> Nanos {
        let written = |at: At| points.iter().any(|point| point.at == at);
        let seconds = WINDOWS
            .into_iter()
            .filter(|(command, _)| written(*command))
            .filter_map(|(_, window)| self.map.get(window))
            .fold(0.0, f64::max);
        if seconds > 0.0 {
            (self.windows.uniform() * seconds * SECOND as f64) as Nanos
        } else {
            0
        }
    }

    /// The DUT will be told what the points say now; older plans for later are dropped.
    fn command(&mut self, due: Nanos) {
        let control = setpoints(&self.map, &self.plate);
        self.pending.retain(|pending| pending.0 < due);
        if self.pending.last().map_or(&self.sent, |last| &last.1) != &control {
            self.pending.push((due, control));
        }
    }

    fn send(&mut self, control: Setpoints, field: &mut Field) {
        // these two may take their time
        let at_once = Setpoints {
            limit: self.sent.limit,
            reactive: self.sent.reactive,
            ..control.clone()
        };
        for command in self.sent.changes(&at_once) {
            tell(field, command);
        }
        let now = field.now();
        let ramp = |map: &Map, enable, seconds| {
            if map.raw(at(123, enable)) == 1 {
                map.get(at(123, seconds)).unwrap_or(0.0)
            } else {
                0.0
            }
        };
        let limit_s = ramp(&self.map, "WMaxLim_Ena", "WMaxLimPct_RmpTms");
        let reactive_s = ramp(&self.map, "VArPct_Ena", "VArPct_RmpTms");
        self.limit.head_for(control.limit, limit_s, now);
        self.reactive.head_for(control.reactive, reactive_s, now);
        self.sent = control;
    }
}

/// Where the outcome of an adoption is shown.
fn result(model: u16) -> At {
    at(
        model,
        if model == 711 {
            "AdptCtlRslt"
        } else {
            "AdptCrvRslt"
        },
    )
}

/// A point of a curve or of a set of controls.
fn in_curve(name: &str) -> bool {
    ["Crv.", "Ctl.", "curve."]
        .iter()
        .any(|group| name.starts_with(group))
}

/// The point belongs to a function that a unit without a battery does not have, the power factor while
/// it takes power: it reads as not implemented and takes nothing.
fn lacks(plate: &Nameplate, point: At) -> bool {
    plate.battery.is_none() && point.model == 704 && point.name.starts_with("PFWAbs")
}

fn tell(field: &mut Field, command: DutCommand) {
    field.plant.apply(Input::Dut(command));
}

impl ModbusDevice for SunSpec {
    fn functions(&self) -> &'static [u8] {
        &[3, 6, 8, 16]
    }

    fn silent(&self, field: &Field) -> bool {
        field.plant.dut_is_off()
    }

    fn handle(&mut self, request: Request, field: &mut Field) -> Result<Response, Exception> {
        match request {
            Request::ReadHolding { start, count } => {
                let touched = self.map.touched(start, count);
                measure::refresh(&mut self.map, &touched, &self.plate, field);
                self.timers.show(&mut self.map, field.now());
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

    fn unit(&self) -> Option<u8> {
        Some(self.map.raw(at(1, "DA")) as u8)
    }

    fn next_event(&self) -> Option<Nanos> {
        let pending = self.pending.iter().map(|pending| pending.0);
        let adoptions = self.adoptions.iter().map(|adoption| adoption.0);
        let glides = [self.limit.next(), self.reactive.next()];
        pending
            .chain(adoptions)
            .chain(glides.into_iter().flatten())
            .chain(self.timers.next())
            .min()
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        let ended = self.timers.expire(&mut self.map, now);
        if !ended.is_empty() {
            for (one, other) in SAME {
                if ended.contains(&one) {
                    self.map.set(other, self.map.raw(one));
                }
            }
            self.exclude();
            let requests = |name| matches!(name, "AdptCrvReq" | "AdptCtlReq");
            for point in ended.iter().filter(|point| requests(point.name)) {
                self.request(*point, now);
            }
            self.command(now);
        }
        let due: Vec<_> = self
            .adoptions
            .iter()
            .copied()
            .filter(|a| a.0 <= now)
            .collect();
        self.adoptions.retain(|adoption| adoption.0 > now);
        for (_, model, number) in due {
            self.adopt(model, number, field);
        }
        while self.pending.first().is_some_and(|pending| pending.0 <= now) {
            let (_, control) = self.pending.remove(0);
            self.send(control, field);
        }
        if let Some(limit) = self.limit.step(now) {
            tell(field, DutCommand::PowerLimit(limit));
        }
        if let Some(reactive) = self.reactive.step(now) {
            tell(field, DutCommand::ReactivePower(reactive));
        }
    }
}
