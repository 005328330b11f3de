//! Cells in series. Cells that are alike stay alike, since the same current flows through all of
//! them: the fullest, the emptiest and one that stands for the rest are all there is to compute.

use super::cell::{Cell, Chemistry};
use crate::config;
use crate::response::curve;
use crate::trig;

/// (°C, resistance over that at 25 °C).
const RESISTANCE: [(f64, f64); 4] = [(-10.0, 3.5), (0.0, 2.0), (25.0, 1.0), (45.0, 0.8)];

/// The cells of a pack.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    /// Each with how many there are of it.
    groups: [(Cell, f64); 3],
    chemistry: Chemistry,
    /// Of the ohmic resistance, by temperature.
    factor: f64,
    number: f64,
}

impl Cells {
    /// At rest at a state of charge.
    pub(super) fn new(config: &config::Pack, soc: f64, celsius: f64) -> Self {
        let small = config.capacity_ah * (1.0 - config.capacity_spread);
        let spread = config.charge_spread;
        let number = f64::from(config.cells.max(3));
        let (ohm, weak) = (config.cell_ohm, config.cell_ohm * config.weak_cell);
        // the spread never charges a cell beyond its ends
        let z = |away: f64| (soc + away).clamp(0.0, 1.0);
        let mut cells = Self {
            groups: [
                (Cell::new(small, ohm, z(spread)), 1.0),
                (Cell::new(small, weak, z(-spread)), 1.0),
                (Cell::new(config.capacity_ah, ohm, z(0.0)), number - 2.0),
            ],
            chemistry: Chemistry {
                polarisation: config.polarisation.map(|(ohm, tau_s)| {
                    let keep = if tau_s > 0.0 {
                        trig::exp(-1.0 / tau_s)
                    } else {
                        0.0
                    };
                    (ohm, keep)
                }),
                hysteresis_v: config.hysteresis_v,
            },
            factor: 1.0,
            number,
        };
        cells.warm(celsius);
        cells
    }

    /// The pack has this temperature.
    pub(super) fn warm(&mut self, celsius: f64) {
        self.factor = curve(&RESISTANCE, celsius);
    }

    /// A second at `amps` on the mean, during which the charge `counted_as` left every cell.
    pub(super) fn second(&mut self, amps: f64, counted_as: f64) {
        for (cell, _) in &mut self.groups {
            cell.second(&self.chemistry, amps, counted_as);
        }
    }

    /// Mean state of charge, 0–1.
    pub(super) fn soc(&self) -> f64 {
        let sum: f64 = self.groups.iter().map(|(cell, n)| cell.z * n).sum();
        (sum / self.number).clamp(0.0, 1.0)
    }

    /// Voltage behind the ohmic resistance, V, and that resistance, Ω, of the whole pack.
    pub(super) fn source(&self) -> (f64, f64) {
        self.groups.iter().fold((0.0, 0.0), |(v, ohm), (cell, n)| {
            (v + n * cell.inner_v(), ohm + n * cell.ohm * self.factor)
        })
    }

    /// Lowest and highest cell voltage under a current, V.
    pub(super) fn extremes(&self, amps: f64) -> (f64, f64) {
        let volts = self
            .groups
            .iter()
            .map(|(cell, _)| cell.inner_v() - cell.ohm * self.factor * amps);
        volts.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> config::Pack {
        config::Pack::lithium_iron(51.2, 100.0, 60.0)
    }

    /// Sixteen cells computed one by one are the three that stand for them.
    #[test]
    fn three_cells_are_as_good_as_sixteen() {
        let config = config();
        let mut pack = Cells::new(&config, 0.5, 10.0);
        let mut all: Vec<Cell> = (0..16)
            .map(|k| match k {
                0 => Cell::new(99.0, 0.8e-3, 0.51),
                1 => Cell::new(99.0, 1.2e-3, 0.49),
                _ => Cell::new(100.0, 0.8e-3, 0.50),
            })
            .collect();
        for s in 0..5000_u32 {
            let amps = 55.0 * (f64::from(s) * 0.01).sin();
            pack.second(amps, amps);
            for cell in &mut all {
                cell.second(&pack.chemistry, amps, amps);
            }
        }
        let volts: Vec<f64> = all
            .iter()
            .map(|cell| cell.inner_v() - 1.6 * cell.ohm * 40.0)
            .collect();
        let (low, high) = pack.extremes(40.0);
        // 10 °C lies between twice and once the resistance
        assert!((pack.factor - 1.6).abs() < 1e-12);
        assert!((low - volts.iter().copied().fold(9.0, f64::min)).abs() < 1e-12);
        assert!((high - volts.iter().copied().fold(0.0, f64::max)).abs() < 1e-12);
        let (inner, ohm) = pack.source();
        assert!((inner - 40.0 * ohm - volts.iter().sum::<f64>()).abs() < 1e-9);
    }

    #[test]
    fn an_hour_at_half_capacity_counts_to_the_coulomb() {
        let mut pack = Cells::new(&config(), 0.8, 25.0);
        for _ in 0..3600 {
            pack.second(50.0, 50.0);
        }
        // fourteen cells lose 50 of 100 Ah, two 50 of 99
        let expected = 0.8 - (14.0 * 0.5 + 2.0 * 50.0 / 99.0) / 16.0;
        assert!((pack.soc() - expected).abs() < 1e-9, "{}", pack.soc());
    }
}
