//! What the unit watches of itself and of what it depends on: its temperature, the voltage of its
//! PV inputs, the direct current it injects, the meter at the source.

use crate::config::Dut;
use crate::dispatch::SLOW_S;
use crate::fault::Fault;
use crate::pv::PvInputs;

/// A unit that stopped for its temperature runs again when that is inside by this, K.
const HYSTERESIS_K: f64 = 3.0;
/// Without a word from the meter for so long it is lost, s.
const METER_S: f64 = 5.0;

/// Reasons not to run that the unit finds in itself.
#[derive(Debug, Clone)]
pub(crate) struct SelfGuard {
    running_c: Option<(f64, f64)>,
    pv_max_v: f64,
    /// Direct current at the grid port while the bridge runs, over its limit and the delay, s.
    direct: Option<f64>,
    direct_s: f64,
    temperature: Option<Fault>,
    pv: [bool; 2],
}

impl SelfGuard {
    /// A healthy unit.
    pub(crate) fn new(dut: &Dut) -> Self {
        let rated_a = dut.rated_apparent_va / dut.nominal_v;
        let amps = (dut.output.dc_pu * rated_a).abs();
        let limit = dut.dc_limit.filter(|(limit_a, _)| amps > *limit_a);
        Self {
            running_c: dut.running_c,
            pv_max_v: dut.pv_max_v,
            direct: limit.map(|(_, delay_s)| delay_s),
            direct_s: 0.0,
            temperature: None,
            pv: [false; 2],
        }
    }

    /// A second at this temperature.
    pub(crate) fn second(&mut self, celsius: f64, pv: &PvInputs) {
        if let Some((low, high)) = self.running_c {
            self.temperature = match self.temperature {
                _ if celsius > high => Some(Fault::OverTemperature),
                _ if celsius < low => Some(Fault::UnderTemperature),
                Some(Fault::OverTemperature) if celsius > high - HYSTERESIS_K => self.temperature,
                Some(Fault::UnderTemperature) if celsius < low + HYSTERESIS_K => self.temperature,
                Some(_) | None => None,
            };
        }
        for (index, over) in self.pv.iter_mut().enumerate() {
            *over = pv.open_v(index) > self.pv_max_v;
        }
    }

    /// A slow step; the direct current has been beyond its limit for too long.
    #[inline]
    pub(crate) fn direct_current(&mut self, running: bool) -> bool {
        let Some(delay_s) = self.direct else {
            return false;
        };
        self.direct_s = if running { self.direct_s + SLOW_S } else { 0.0 };
        self.direct_s >= delay_s
    }

    /// The time of a direct current is counted, which every slow step must see.
    pub(crate) fn timing(&self) -> bool {
        self.direct.is_some()
    }

    /// Nothing keeps it from running.
    #[inline]
    pub(crate) fn fit(&self) -> bool {
        self.temperature.is_none() && !self.pv[0] && !self.pv[1]
    }

    /// What keeps it from running.
    pub(crate) fn faults(&self) -> impl Iterator<Item = Fault> {
        let pv = [Fault::Pv1OverVoltage, Fault::Pv2OverVoltage];
        let over = self.pv.into_iter().zip(pv);
        let over = over.filter_map(|(over, fault)| over.then_some(fault));
        self.temperature.into_iter().chain(over)
    }
}

/// The link to the meter at the source.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SiteMeter {
    silent: bool,
    silent_s: f64,
}

impl SiteMeter {
    /// Its messages fail to arrive, or arrive again.
    pub(crate) fn silence(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// A second has passed.
    pub(crate) fn second(&mut self) {
        self.silent_s = if self.silent {
            (self.silent_s + 1.0).min(METER_S)
        } else {
            0.0
        };
    }

    /// Not heard for too long.
    #[inline]
    pub(crate) fn lost(&self) -> bool {
        self.silent_s >= METER_S
    }
}
