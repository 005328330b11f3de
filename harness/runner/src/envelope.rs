//! The envelope: what may be commanded at all. A violation is refused and recorded, not clamped.

use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;

use crate::error::Halt;

/// Limits of the bench joined with the ratings of the DUT.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Envelope {
    grid_v: (f64, f64),
    grid_hz: (f64, f64),
    pv_v: f64,
    pv_a: f64,
    battery_v: f64,
    battery_a: f64,
    load_w: f64,
    backup_w: f64,
    dut_w: (f64, f64),
    ambient_c: (f64, f64),
}

impl Envelope {
    pub(crate) fn new(bench: &Bench, dut: &DutProfile) -> Self {
        let limits = &bench.envelope;
        let pv = dut.pv.as_ref();
        let battery = dut.battery.as_ref();
        // without a stated range the room stays as it is
        let still = (bench.ambient, bench.ambient);
        let operating = dut.temperature.operating.unwrap_or(still);
        Self {
            grid_v: (limits.grid_voltage.0.0, limits.grid_voltage.1.0),
            grid_hz: (limits.grid_frequency.0.0, limits.grid_frequency.1.0),
            pv_v: pv.map_or(0.0, |pv| pv.max_voltage.0.min(limits.pv_voltage.0)),
            pv_a: pv.map_or(0.0, |pv| {
                pv.max_short_circuit_current.0.min(limits.pv_current.0)
            }),
            battery_v: battery.map_or(0.0, |battery| {
                battery.voltage_range.1.0.min(limits.battery_voltage.0)
            }),
            battery_a: limits.battery_current.0,
            load_w: limits.island_load.0,
            backup_w: dut.backup.as_ref().map_or(0.0, |backup| backup.power.0),
            dut_w: (
                -dut.ratings.charge_power.map_or(0.0, |power| power.0),
                dut.ratings.power.0,
            ),
            ambient_c: (
                limits.ambient.0.0.max(operating.0.0),
                limits.ambient.1.0.min(operating.1.0),
            ),
        }
    }

    pub(crate) fn grid(&self, volts: f64, hertz: f64) -> Result<(), Halt> {
        within("grid voltage", volts, self.grid_v, "V")?;
        within("grid frequency", hertz, self.grid_hz, "Hz")
    }

    pub(crate) fn pv(&self, voc: f64, isc: f64) -> Result<(), Halt> {
        within("PV open-circuit voltage", voc, (0.0, self.pv_v), "V")?;
        within("PV short-circuit current", isc, (0.0, self.pv_a), "A")
    }

    pub(crate) fn battery(&self, volts: f64, amps: f64) -> Result<(), Halt> {
        within("battery voltage", volts, (0.0, self.battery_v), "V")?;
        within("battery current", amps, (0.0, self.battery_a), "A")
    }

    pub(crate) fn load(&self, watts: f64) -> Result<(), Halt> {
        within("island load branch", watts, (0.0, self.load_w), "W")
    }

    pub(crate) fn backup_load(&self, watts: f64) -> Result<(), Halt> {
        within("back-up load", watts, (0.0, self.backup_w), "W")
    }

    pub(crate) fn dut_power(&self, watts: f64) -> Result<(), Halt> {
        within("DUT active power", watts, self.dut_w, "W")
    }

    pub(crate) fn ambient(&self, celsius: f64) -> Result<(), Halt> {
        within("ambient temperature", celsius, self.ambient_c, "°C")
    }
}

/// Inside the range up to rounding of the last digit an instrument can take.
fn within(what: &str, value: f64, (low, high): (f64, f64), unit: &str) -> Result<(), Halt> {
    let slack = 1e-6 * high.abs().max(low.abs()).max(1.0);
    if value.is_finite() && value >= low - slack && value <= high + slack {
        return Ok(());
    }
    Err(Halt::Refused(format!(
        "{what} {value} {unit} is outside the envelope of {low} {unit} to {high} {unit}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_beyond_and_nonsense() {
        assert!(within("x", 300.0, (0.0, 300.0), "V").is_ok());
        for bad in [300.1, -0.1, f64::NAN, f64::INFINITY] {
            let Err(Halt::Refused(text)) = within("x", bad, (0.0, 300.0), "V") else {
                panic!("{bad} passed")
            };
            assert!(text.contains("outside the envelope"), "{text}");
        }
    }
}
