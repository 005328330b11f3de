//! Where power goes on the site of a storage inverter: between its sources, the grid connection and
//! the loads, as the registers of such units tell it (docs/models.md 4.8), and its integrals.

use crate::config::SiteCounters;
use crate::dispatch::{SLOW_S, larger, smaller};
use crate::plant::Plant;
use crate::signal::MeterPoint;

/// One of the flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteFlow {
    /// From the grid, at the meter.
    Import,
    /// Into the grid, at the meter.
    Export,
    /// All loads of the site, those at the back-up port included.
    Load,
    /// The loads at the back-up port.
    BackupLoad,
    /// From PV to the loads.
    PvToLoad,
    /// From PV into the battery.
    PvToBattery,
    /// From PV into the grid.
    PvToGrid,
    /// From the grid to the loads.
    GridToLoad,
    /// From the grid into the battery.
    GridToBattery,
    /// From the battery to the loads.
    BatteryToLoad,
    /// From the battery into the grid.
    BatteryToGrid,
}

const FLOWS: usize = SiteFlow::BatteryToGrid as usize + 1;

/// All flows, each ≥ 0: W, or J of their integrals.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SiteFlows([f64; FLOWS]);

impl SiteFlows {
    /// One of them.
    #[must_use]
    pub fn of(&self, flow: SiteFlow) -> f64 {
        self.0[flow as usize]
    }

    #[inline(always)]
    fn add(&mut self, watts: &Self, seconds: f64) {
        for (sum, watts) in self.0.iter_mut().zip(&watts.0) {
            *sum += watts * seconds;
        }
    }
}

/// Powers from which the flows follow, W.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct SitePowers {
    /// Through the meter at the grid connection, > 0 from the grid.
    pub(crate) grid_w: f64,
    /// What the DUT takes for it: with its meter lost it knows of nothing but itself.
    pub(crate) told_w: f64,
    /// DUT at the grid port, > 0 fed.
    pub(crate) dut_w: f64,
    /// Loads at the back-up port, ≥ 0.
    pub(crate) backup_w: f64,
    /// Battery, > 0 discharged.
    pub(crate) battery_w: f64,
    /// PV, ≥ 0.
    pub(crate) pv_w: f64,
}

impl SitePowers {
    /// PV goes to the battery that is charged, then to the loads, then to the grid; what else the DUT
    /// delivers is its battery's. What it takes from the grid is charged, or, with a battery at rest, its
    /// own standby, which is no load of the site. So Load = PvToLoad + GridToLoad + BatteryToLoad.
    #[inline(always)]
    fn flows(&self) -> SiteFlows {
        let positive = |w: f64| larger(w, 0.0);
        let (import, export) = (positive(self.told_w), positive(-self.told_w));
        // what the loads at the back-up port take comes through the DUT, from either side
        let own_w = self.dut_w + self.backup_w;
        let (delivered, taken) = (positive(own_w), positive(-own_w));
        let charged = positive(-self.battery_w);
        let pv_to_battery = smaller(self.pv_w, charged);
        let of_pv = smaller(self.pv_w - pv_to_battery, delivered);
        let to_grid = smaller(positive(self.dut_w), export);
        let to_load = delivered - to_grid;
        let pv_to_load = smaller(of_pv, to_load);
        let pv_to_grid = of_pv - pv_to_load;
        let grid_to_battery = if charged > 0.0 {
            smaller(taken, import)
        } else {
            0.0
        };
        SiteFlows([
            positive(self.grid_w),
            positive(-self.grid_w),
            positive(self.told_w + self.dut_w) + self.backup_w,
            self.backup_w,
            pv_to_load,
            pv_to_battery,
            pv_to_grid,
            positive(import - taken),
            grid_to_battery,
            to_load - pv_to_load,
            to_grid - pv_to_grid,
        ])
    }
}

/// The integrals since power-up, of steps of 20 ms.
#[derive(Debug, Clone, Default)]
pub(crate) struct SiteBooks {
    total: SiteFlows,
    /// The last step, and how often it has come since it was added.
    last: SitePowers,
    times: u64,
}

impl SiteBooks {
    /// A slow step. Equal ones in a row are counted, so that sums do not depend on how a rest is cut
    /// into pieces.
    #[inline(always)]
    pub(crate) fn slow(&mut self, powers: SitePowers) {
        if powers == self.last {
            self.times += 1;
            return;
        }
        let seconds = self.times as f64 * SLOW_S;
        self.total.add(&self.last.flows(), seconds);
        self.last = powers;
        self.times = 1;
    }

    /// The last slow step `n` times more.
    pub(crate) fn repeat(&mut self, n: u64) {
        self.times += n;
    }

    fn flushed(&self) -> SiteFlows {
        let mut total = self.total;
        total.add(&self.last.flows(), self.times as f64 * SLOW_S);
        total
    }
}

impl Plant {
    /// Flows of the site over the last cycle, W, as the DUT sees them.
    #[must_use]
    pub fn site_flows(&self) -> SiteFlows {
        let watts = |point| self.reading_cycle(point).watts;
        self.site_powers([
            watts(MeterPoint::Source),
            watts(MeterPoint::DutGrid),
            watts(MeterPoint::Backup),
        ])
        .flows()
    }

    /// Their integrals since power-up, J, up to the last slow step, of a DUT that counts them; what
    /// passed while it had switched itself off is not in them.
    #[must_use]
    pub fn site_energy(&self) -> SiteFlows {
        self.site.flushed()
    }

    /// A slow step that ends now: W at source, DUT and back-up port.
    #[inline(always)]
    pub(crate) fn book_site(&mut self, watts: [f64; 3]) {
        match self.config.dut.site_counters {
            SiteCounters::Absent => return,
            SiteCounters::Present => {}
        }
        let powers = if self.dut.dispatch.asleep {
            SitePowers::default()
        } else {
            self.site_powers(watts)
        };
        self.site.slow(powers);
    }

    #[inline(always)]
    fn site_powers(&self, [grid_w, dut_w, backup_w]: [f64; 3]) -> SitePowers {
        let d = &self.dut.dispatch;
        let told_w = if d.site_meter.lost() { -dut_w } else { grid_w };
        SitePowers {
            grid_w,
            told_w,
            dut_w,
            backup_w,
            battery_w: d.battery_w,
            pv_w: d.pv_w,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SiteFlow::{
        BackupLoad, BatteryToGrid, BatteryToLoad, Export, GridToBattery, GridToLoad, Import, Load,
        PvToBattery, PvToGrid, PvToLoad,
    };

    fn powers([grid_w, dut_w, backup_w, battery_w, pv_w]: [f64; 5]) -> SitePowers {
        SitePowers {
            grid_w,
            told_w: grid_w,
            dut_w,
            backup_w,
            battery_w,
            pv_w,
        }
    }

    /// Powers, and the flows that are not zero.
    type Situation<'a> = ([f64; 5], &'a [(SiteFlow, f64)]);

    /// Situations worked out by hand: grid, DUT, back-up, battery, PV, and the flows that are not zero.
    #[test]
    fn flows_of_plain_situations() {
        let cases: [Situation<'_>; 9] = [
            // a battery serves part of a load of 2500 W
            (
                [700.0, 1800.0, 0.0, 1900.0, 0.0],
                &[
                    (Import, 700.0),
                    (Load, 2500.0),
                    (GridToLoad, 700.0),
                    (BatteryToLoad, 1800.0),
                ],
            ),
            // more than the load of 500 W takes, and 200 W at the back-up port
            (
                [-1300.0, 1800.0, 200.0, 2100.0, 0.0],
                &[
                    (Export, 1300.0),
                    (Load, 700.0),
                    (BackupLoad, 200.0),
                    (BatteryToLoad, 700.0),
                    (BatteryToGrid, 1300.0),
                ],
            ),
            // charged from the grid beside a load of 1000 W
            (
                [3000.0, -2000.0, 0.0, -1900.0, 0.0],
                &[
                    (Import, 3000.0),
                    (Load, 1000.0),
                    (GridToLoad, 1000.0),
                    (GridToBattery, 2000.0),
                ],
            ),
            // the same with 300 W at the back-up port, which the grid serves
            (
                [3300.0, -2300.0, 300.0, -1900.0, 0.0],
                &[
                    (Import, 3300.0),
                    (Load, 1300.0),
                    (BackupLoad, 300.0),
                    (GridToLoad, 1300.0),
                    (GridToBattery, 2000.0),
                ],
            ),
            // standby from the grid is no load
            ([10.0, -10.0, 0.0, 0.0, 0.0], &[(Import, 10.0)]),
            // PV alone, 1000 W of load
            (
                [-2900.0, 3900.0, 0.0, 0.0, 4000.0],
                &[
                    (Export, 2900.0),
                    (Load, 1000.0),
                    (PvToLoad, 1000.0),
                    (PvToGrid, 2900.0),
                ],
            ),
            // PV charges and serves
            (
                [0.0, 1000.0, 0.0, -2900.0, 4000.0],
                &[(Load, 1000.0), (PvToLoad, 1000.0), (PvToBattery, 2900.0)],
            ),
            // PV and battery serve 3000 W together
            (
                [0.0, 3000.0, 0.0, 2100.0, 1000.0],
                &[(Load, 3000.0), (PvToLoad, 1000.0), (BatteryToLoad, 2000.0)],
            ),
            // an island of 800 W
            (
                [0.0, 0.0, 800.0, 850.0, 0.0],
                &[(Load, 800.0), (BackupLoad, 800.0), (BatteryToLoad, 800.0)],
            ),
        ];
        for (of, expected) in cases {
            let mut wanted = SiteFlows::default();
            for &(flow, watts) in expected {
                wanted.0[flow as usize] = watts;
            }
            assert_eq!(powers(of).flows(), wanted, "{of:?}");
        }
    }

    /// Whatever comes to the loads comes from somewhere, whatever is fed goes somewhere; nothing else
    /// feeds the site.
    #[test]
    fn flows_balance_everywhere() {
        let steps = [-3000.0, -700.0, -10.0, 0.0, 10.0, 900.0, 3000.0];
        for grid in steps {
            for dut in steps.into_iter().filter(|dut| grid + dut >= 0.0) {
                for battery in steps {
                    for (backup, pv) in [(0.0, 0.0), (300.0, 0.0), (0.0, 1500.0), (300.0, 4000.0)] {
                        let at = powers([grid, dut, backup, battery, pv]);
                        let flows = at.flows();
                        let sum =
                            |of: &[SiteFlow]| -> f64 { of.iter().map(|&f| flows.of(f)).sum() };
                        let near =
                            |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{at:?} {flows:?}");
                        near(flows.of(Load), sum(&[PvToLoad, GridToLoad, BatteryToLoad]));
                        let delivered = sum(&[PvToLoad, PvToGrid, BatteryToLoad, BatteryToGrid]);
                        near(delivered, (dut + backup).max(0.0));
                        near(flows.of(Import) - flows.of(Export), grid);
                        assert!(flows.0.iter().all(|watts| *watts >= 0.0), "{flows:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_lost_meter_leaves_the_unit_alone_in_the_world() {
        let at = SitePowers {
            told_w: -1800.0,
            ..powers([700.0, 1800.0, 0.0, 1900.0, 0.0])
        };
        let flows = at.flows();
        assert_eq!((flows.of(Import), flows.of(Load)), (700.0, 0.0));
        assert_eq!(flows.of(BatteryToGrid), 1800.0);
    }

    /// Repeats count like steps, however they are cut.
    #[test]
    fn repeats_are_steps() {
        let (a, b) = (
            powers([700.0, 1800.0, 0.0, 1900.0, 0.0]),
            powers([-0.3, 11.1, 3.7, 20.0, 0.0]),
        );
        let mut one = SiteBooks::default();
        let mut other = SiteBooks::default();
        for books in [&mut one, &mut other] {
            books.slow(a);
            books.slow(b);
        }
        for _ in 0..999 {
            one.slow(b);
        }
        other.repeat(400);
        other.repeat(599);
        one.slow(a);
        other.slow(a);
        assert_eq!(one.flushed(), other.flushed());
        let joules = one.flushed().of(Load);
        let expected = (2.0 * 2500.0 + 1000.0 * (10.8 + 3.7)) * SLOW_S;
        assert!((joules - expected).abs() < 1e-6, "{joules} {expected}");
    }
}
