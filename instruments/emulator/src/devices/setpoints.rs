//! What a DUT's own interface asks of the DUT, whatever its registers are.

use gridproof_plant::config::{Dut, FrequencyWatt, PowerFactor, Reconnect};
use gridproof_plant::input::{CurvePoints, DutCommand, TimeWindow, WorkingMode};

/// Everything but curves and protection, as the registers stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setpoints {
    pub(crate) connect: bool,
    /// Limit of generation, pu of rated power.
    pub(crate) limit: f64,
    /// W, > 0 discharges or generates; `None` as the mode says.
    pub(crate) active_w: Option<f64>,
    pub(crate) mode: WorkingMode,
    /// Time-of-use; none is off.
    pub(crate) windows: Vec<TimeWindow>,
    /// What its clock showed at power-on, s since Monday 00:00.
    pub(crate) clock_s: i64,
    /// Largest power into the grid at the source meter, W; `None` is no limit.
    pub(crate) export_w: Option<f64>,
    /// Pu of rated apparent power.
    pub(crate) reactive: f64,
    /// Displacement factor instead of reactive power, > 0 over-excited.
    pub(crate) factor: Option<f64>,
    /// The same while active power is absorbed, before `factor`.
    pub(crate) absorbing_factor: Option<f64>,
    pub(crate) volt_var: bool,
    pub(crate) volt_watt: bool,
    /// The back-up port takes over at a blackout.
    pub(crate) backup: bool,
    pub(crate) reconnect: Reconnect,
    /// Power by frequency; `None` is off.
    pub(crate) droop: Option<FrequencyWatt>,
    /// Reactive by active power; `None` is off.
    pub(crate) watt_var: Option<CurvePoints>,
}

impl Setpoints {
    /// As the DUT is at power-on.
    pub(crate) fn of(dut: &Dut) -> Self {
        Self {
            connect: true,
            limit: 1.0,
            active_w: None,
            mode: dut.mode,
            windows: dut.windows.clone(),
            clock_s: 0,
            export_w: dut.functions.export_limit.and_then(|limit| limit.soft_w),
            reactive: 0.0,
            factor: None,
            absorbing_factor: None,
            volt_var: dut.volt_var.enabled,
            volt_watt: dut.volt_watt.enabled,
            backup: dut.backup.as_ref().is_some_and(|backup| backup.enabled),
            reconnect: dut.reconnect(),
            droop: dut.functions.frequency_watt.filter(|f| f.enabled),
            watt_var: None,
        }
    }

    /// The commands that lead from here to others.
    pub(crate) fn changes(&self, to: &Self) -> Vec<DutCommand> {
        let changes = [
            (self.connect != to.connect, DutCommand::Connect(to.connect)),
            (self.limit != to.limit, DutCommand::PowerLimit(to.limit)),
            (self.mode != to.mode, DutCommand::Mode(to.mode)),
            (
                self.clock_s != to.clock_s,
                DutCommand::Clock {
                    at_power_on_s: to.clock_s,
                },
            ),
            (
                self.windows != to.windows,
                DutCommand::Windows(to.windows.clone()),
            ),
            (
                self.export_w != to.export_w,
                DutCommand::ExportLimit(to.export_w),
            ),
            (
                self.active_w != to.active_w,
                DutCommand::ActivePower(to.active_w),
            ),
            (
                self.reactive != to.reactive,
                DutCommand::ReactivePower(to.reactive),
            ),
            (
                self.factor != to.factor,
                DutCommand::PowerFactor(to.factor.map(power_factor)),
            ),
            (
                self.absorbing_factor != to.absorbing_factor,
                DutCommand::PowerFactorAbsorbing(to.absorbing_factor.map(power_factor)),
            ),
            (
                self.volt_var != to.volt_var,
                DutCommand::VoltVar(to.volt_var),
            ),
            (
                self.volt_watt != to.volt_watt,
                DutCommand::VoltWatt(to.volt_watt),
            ),
            (self.backup != to.backup, DutCommand::Backup(to.backup)),
            (
                self.droop != to.droop,
                to.droop.map_or(DutCommand::FrequencyWatt(false), |droop| {
                    DutCommand::FrequencyResponse(droop)
                }),
            ),
            (
                self.watt_var != to.watt_var,
                DutCommand::WattVar(to.watt_var),
            ),
            (
                self.reconnect != to.reconnect,
                DutCommand::Reconnect(to.reconnect),
            ),
        ];
        let changed = changes.into_iter().filter(|(changed, _)| *changed);
        changed.map(|(_, command)| command).collect()
    }
}

/// Of a displacement factor, > 0 over-excited.
fn power_factor(factor: f64) -> PowerFactor {
    PowerFactor {
        cos: factor.abs(),
        over_excited: factor > 0.0,
    }
}
