//! The battery: port of the DUT, pack of LiFePO4 cells, its management system (docs/models.md
//! section 3).

/// Battery of the DUT: a simulator that imposes a voltage, or the pack in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Battery {
    /// Nominal voltage, V.
    pub nominal_v: f64,
    /// Capacity behind a voltage that the battery simulator imposes, Ah.
    pub capacity_ah: f64,
    /// State of charge at power-up, 0–1.
    pub soc: f64,
    /// Limit of the DUT's charge current, A.
    pub max_charge_a: f64,
    /// Limit of its discharge current, A; a back-up overload may draw more.
    pub max_discharge_a: f64,
    /// Operating range of the DUT's battery port, V: it charges nothing above, discharges nothing
    /// below.
    pub range_v: (f64, f64),
    /// The pack is part of the unit: no simulator can be in its place.
    pub built_in: bool,
    /// The cells.
    pub pack: Pack,
}

/// Cells in series with their management system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pack {
    /// Cells in series, at least 3.
    pub cells: u16,
    /// Capacity, Ah.
    pub capacity_ah: f64,
    /// Ohmic resistance of a cell at 25 °C, Ω.
    pub cell_ohm: f64,
    /// The two slow polarisations of a cell: (Ω, time constant in s).
    pub polarisation: [(f64, f64); 2],
    /// Open-circuit voltage of a cell that was charged last lies so far above the mean, of one that
    /// was discharged so far below, V.
    pub hysteresis_v: f64,
    /// The fullest cell is above, the emptiest below the state of charge by this.
    pub charge_spread: f64,
    /// These two cells have less capacity by this share.
    pub capacity_spread: f64,
    /// Resistance of the emptiest cell over that of the others.
    pub weak_cell: f64,
    /// Permitted charging current, A.
    pub charge_a: f64,
    /// Permitted discharging current, A.
    pub discharge_a: f64,
    /// Highest cell.
    pub over_voltage: CellLevels,
    /// Lowest cell.
    pub under_voltage: CellLevels,
    /// Temperatures for charging.
    pub charge_temperature: TemperatureLevels,
    /// Temperatures for discharging.
    pub discharge_temperature: TemperatureLevels,
    /// Over-currents: (of the permitted current, s until it acts).
    pub over_current: [(f64, f64); 2],
    /// A current of so many times the permitted one is a short circuit: the pack opens within the
    /// slow step of 20 ms, where hardware takes 100–500 µs.
    pub short_circuit: f64,
    /// After an over-current the current must be off for so long, s.
    pub over_current_release_s: f64,
    /// The DUT acts on the limits that the management system reports after this time, s; `None`: it
    /// ignores them.
    pub follow_s: Option<f64>,
    /// Without a report for so long the DUT leaves the battery alone, s.
    pub timeout_s: f64,
    /// Consumption of the management system itself, W.
    pub own_w: f64,
    /// Cell voltage at which the pack switches itself off, V; `None`: it never does.
    pub off_v: Option<f64>,
    /// Time without communication after which the pack switches itself off, s; `None`: never.
    pub off_silent_s: Option<f64>,
    /// A pack that is off wakes when the DUT, fed by grid or PV, has put voltage on its terminals
    /// for so long, s.
    pub wake_s: f64,
}

/// Levels of a cell's voltage, V.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellLevels {
    /// Warning; the permitted current is zero there.
    pub alarm: f64,
    /// The pack opens that direction.
    pub protect: f64,
    /// s beyond `protect` until it does.
    pub delay_s: f64,
    /// It closes it again.
    pub release: f64,
}

/// Levels of the temperature, °C (lower, upper). A protection is released inside the alarm levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemperatureLevels {
    /// Warning.
    pub alarm: (f64, f64),
    /// The pack opens that direction.
    pub protect: (f64, f64),
    /// s beyond `protect` until it does.
    pub delay_s: f64,
}

/// Nominal voltage of a LiFePO4 cell, V.
pub const CELL_V: f64 = 3.2;

impl Pack {
    /// A pack of 3.2 V cells with the values of docs/models.md section 3; resistances go with the
    /// inverse of the capacity.
    #[must_use]
    pub fn lithium_iron(nominal_v: f64, capacity_ah: f64, max_a: f64) -> Self {
        let per_100_ah = 100.0 / capacity_ah.max(1e-3);
        Self {
            cells: (nominal_v / CELL_V).round().clamp(3.0, 1000.0) as u16,
            capacity_ah,
            cell_ohm: 0.8e-3 * per_100_ah,
            polarisation: [(0.4e-3 * per_100_ah, 30.0), (0.6e-3 * per_100_ah, 600.0)],
            hysteresis_v: 8e-3,
            charge_spread: 0.01,
            capacity_spread: 0.01,
            weak_cell: 1.5,
            charge_a: max_a,
            discharge_a: max_a,
            over_voltage: CellLevels {
                alarm: 3.55,
                protect: 3.65,
                delay_s: 2.0,
                release: 3.40,
            },
            under_voltage: CellLevels {
                alarm: 2.80,
                protect: 2.50,
                delay_s: 3.0,
                release: 3.00,
            },
            charge_temperature: TemperatureLevels {
                alarm: (0.0, 45.0),
                protect: (-5.0, 55.0),
                delay_s: 5.0,
            },
            discharge_temperature: TemperatureLevels {
                alarm: (-20.0, 55.0),
                protect: (-25.0, 60.0),
                delay_s: 5.0,
            },
            over_current: [(1.1, 10.0), (1.5, 1.0)],
            short_circuit: 3.0,
            over_current_release_s: 30.0,
            follow_s: Some(1.0),
            timeout_s: 30.0,
            own_w: 0.0,
            off_v: None,
            off_silent_s: None,
            wake_s: 10.0,
        }
    }
}
