//! Heat of the power stage in two nodes, junction – heatsink – air (docs/models.md 4.6), the fan
//! between the last two, and the ceiling of power by the heatsink.

use crate::config::Heat;
use crate::response::Lag;

/// The fan stops this far below the temperature at which it starts, K.
const FAN_BACK_K: f64 = 5.0;
/// A running fan leaves this share of the resistance between heatsink and air, and with it of the
/// time constant.
const FAN: f64 = 0.5;
/// Least width of the derating, K.
const LEAST_K: f64 = 0.1;
/// A ceiling that has fallen rises only when the heatsink is cooler by this, K.
const HYSTERESIS_K: f64 = 3.0;

/// The nodes.
#[derive(Debug, Clone)]
pub(crate) struct HeatNodes {
    config: Heat,
    /// Loss at rated power, to which the rises belong, W.
    rated_loss_w: f64,
    /// Rise of the junction above the heatsink, K.
    junction: Lag,
    /// Heatsink with the fan still and running; both stand at the present temperature, °C.
    still: Lag,
    blown: Lag,
    fan: bool,
    /// Temperature that the ceiling answers, °C.
    felt_c: f64,
}

impl HeatNodes {
    /// In balance with `ambient_c`, stepped every `dt` s.
    pub(crate) fn new(config: Heat, rated_loss_w: f64, ambient_c: f64, dt: f64) -> Self {
        Self {
            junction: Lag::new(config.junction_tau_s, dt, 0.0),
            still: Lag::new(config.sink_tau_s, dt, ambient_c),
            blown: Lag::new(FAN * config.sink_tau_s, dt, ambient_c),
            fan: false,
            felt_c: ambient_c,
            config,
            rated_loss_w,
        }
    }

    /// Heatsink, °C.
    pub(crate) fn sink_c(&self) -> f64 {
        self.still.y
    }

    /// Junction, °C.
    pub(crate) fn junction_c(&self) -> f64 {
        self.still.y + self.junction.y
    }

    /// The fan runs.
    pub(crate) fn fan(&self) -> bool {
        self.fan
    }

    /// One step with a constant loss, integrated exactly; the ceiling of power, pu of rated.
    pub(crate) fn step(&mut self, loss_w: f64, ambient_c: f64) -> f64 {
        let c = self.config;
        let share = loss_w / self.rated_loss_w;
        self.junction.step(share * c.junction_rise_k);
        let sink = if self.fan {
            self.blown.step(ambient_c + FAN * share * c.sink_rise_k)
        } else {
            self.still.step(ambient_c + share * c.sink_rise_k)
        };
        self.still.y = sink;
        self.blown.y = sink;
        self.fan = if self.fan {
            sink > c.fan_c - FAN_BACK_K
        } else {
            sink >= c.fan_c
        };
        self.felt_c = self.felt_c.max(sink).min(sink + HYSTERESIS_K);
        // the hysteresis holds a ceiling that has fallen, it does not lower one
        let felt_c = if self.felt_c > c.derating_c {
            self.felt_c
        } else {
            sink
        };
        (1.0 - (felt_c - c.derating_c) / (c.zero_c - c.derating_c).max(LEAST_K)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Heat {
        Heat {
            junction_rise_k: 15.0,
            junction_tau_s: 10.0,
            sink_rise_k: 40.0,
            sink_tau_s: 600.0,
            fan_c: f64::INFINITY,
            derating_c: 75.0,
            zero_c: 95.0,
        }
    }

    /// With constant loss the heatsink reaches Td after τ ln((T∞ − T0)/(T∞ − Td)), the junction its
    /// rise after its own time constant.
    #[rstest::rstest]
    fn reaches_the_derating_when_the_exponential_says(
        #[values(600.0, 300.0, 1200.0)] sink_tau_s: f64,
        #[values(40.0, 50.0)] ambient_c: f64,
    ) {
        let config = Heat {
            sink_tau_s,
            ..config()
        };
        let mut heat = HeatNodes::new(config, 120.0, ambient_c, 1.0);
        let end = ambient_c + 40.0;
        let expected = sink_tau_s * ((end - ambient_c) / (end - 75.0)).ln();
        let seconds = (1..20_000)
            .find(|_| heat.step(120.0, ambient_c) < 1.0)
            .expect("it gets there");
        assert!(
            (f64::from(seconds) - expected).abs() <= 1.0,
            "{seconds} {expected}"
        );
        assert!((heat.junction_c() - heat.sink_c() - 15.0).abs() < 1e-3);
    }

    #[test]
    fn a_fan_halves_rise_and_time_constant() {
        let config = Heat {
            fan_c: 50.0,
            ..config()
        };
        let mut heat = HeatNodes::new(config, 120.0, 40.0, 1.0);
        for _ in 0..10_000 {
            heat.step(120.0, 40.0);
        }
        assert!(heat.fan() && (heat.sink_c() - 60.0).abs() < 1e-6);
        // without loss it cools at 300 s until the fan stops at 45 °C, then at 600 s
        let stop = 300.0 * (20.0_f64 / 5.0).ln();
        let seconds = (1..5000)
            .find(|_| {
                heat.step(0.0, 40.0);
                !heat.fan()
            })
            .expect("it stops");
        assert!((f64::from(seconds) - stop).abs() <= 1.0, "{seconds} {stop}");
        let before = heat.sink_c() - 40.0;
        heat.step(0.0, 40.0);
        let ratio = (heat.sink_c() - 40.0) / before;
        assert!((ratio - (-1.0_f64 / 600.0).exp()).abs() < 1e-12);
    }

    #[test]
    fn a_fallen_ceiling_rises_after_three_kelvin() {
        let mut heat = HeatNodes::new(config(), 120.0, 45.0, 1.0);
        let ceiling = |heat: &mut HeatNodes, to: f64| {
            // no loss and no capacity left: the heatsink is where the air is
            heat.still = Lag::new(0.0, 1.0, to);
            heat.step(0.0, to)
        };
        assert_eq!(ceiling(&mut heat, 75.0), 1.0);
        assert!((ceiling(&mut heat, 85.0) - 0.5).abs() < 1e-12);
        assert!((ceiling(&mut heat, 82.1) - 0.5).abs() < 1e-12);
        assert!((ceiling(&mut heat, 80.0) - 0.6).abs() < 1e-12);
        assert!((ceiling(&mut heat, 81.0) - 0.6).abs() < 1e-12);
        assert!((ceiling(&mut heat, 74.0) - 0.9).abs() < 1e-12);
        assert_eq!(ceiling(&mut heat, 72.0), 1.0);
        assert_eq!(ceiling(&mut heat, 74.9), 1.0);
    }
}
