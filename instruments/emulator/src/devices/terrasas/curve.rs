//! I-V curves of the TerraSAS pool and how irradiance and temperature move them.

use crate::scpi::fault::{self, Fault};

/// Technology of an EN 50530 curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Technology {
    /// Crystalline silicon.
    CrystallineSilicon,
    /// Thin film.
    ThinFilm,
}

/// Coefficients of EN 50530 Annex C.
struct Coefficients {
    alpha: f64,
    beta: f64,
    cg: f64,
    cv: f64,
    cr: f64,
    /// Vmp/Voc.
    ffu: f64,
    /// Imp/Isc.
    ffi: f64,
}

impl Technology {
    /// Points by power and voltage of the maximum power point.
    fn points(self, pmp: f64, vmp: f64) -> Result<Points, Fault> {
        let c = self.coefficients();
        let imp = pmp / vmp;
        Points {
            voc: vmp / c.ffu,
            isc: imp / c.ffi,
            vmp,
            imp,
        }
        .check()
    }

    /// (Vmp Imp)/(Voc Isc).
    pub(super) const fn form_factor(self) -> f64 {
        let c = self.coefficients();
        c.ffu * c.ffi
    }

    const fn coefficients(self) -> Coefficients {
        match self {
            Technology::CrystallineSilicon => Coefficients {
                alpha: 0.0004,
                beta: -0.004,
                cg: 2.514e-3,
                cv: 8.593e-2,
                cr: 1.088e-4,
                ffu: 0.80,
                ffi: 0.90,
            },
            Technology::ThinFilm => Coefficients {
                alpha: 0.0002,
                beta: -0.002,
                cg: 1.252e-3,
                cv: 8.419e-2,
                cr: 1.476e-4,
                ffu: 0.72,
                ffi: 0.80,
            },
        }
    }
}

/// The four points of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Points {
    pub(crate) voc: f64,
    pub(crate) isc: f64,
    pub(crate) vmp: f64,
    pub(crate) imp: f64,
}

impl Points {
    /// Consistent, or the error the instrument queues: -221 for an impossible order of the points,
    /// -222 for a fill factor outside 0.3–0.98.
    pub(crate) fn check(self) -> Result<Self, Fault> {
        let ordered =
            self.voc > self.vmp && self.vmp > 0.0 && self.isc > self.imp && self.imp > 0.0;
        if !ordered {
            return Err(fault::SETTINGS_CONFLICT);
        }
        let fill = self.vmp * self.imp / (self.voc * self.isc);
        if (0.3..=0.98).contains(&fill) {
            Ok(self)
        } else {
            Err(fault::OUT_OF_RANGE)
        }
    }

    /// With factors on voltages and currents.
    fn moved(self, volts: f64, amps: f64) -> Self {
        Self {
            voc: self.voc * volts,
            isc: self.isc * amps,
            vmp: self.vmp * volts,
            imp: self.imp * amps,
        }
    }

    /// Of the EN 50530 curve with this power and voltage of its maximum power point at 1000 W/m²,
    /// 25 °C, at another irradiance.
    pub(crate) fn en50530(
        technology: Technology,
        pmp: f64,
        vmp: f64,
        irradiance: f64,
    ) -> Result<Self, Fault> {
        let curve = Curve::en50530(technology, pmp, vmp)?;
        let (volts, amps) = curve.moves(irradiance, 25.0);
        Ok(technology.points(pmp, vmp)?.moved(volts, amps))
    }

    /// Power at the maximum power point, W.
    pub(crate) fn power(self) -> f64 {
        self.vmp * self.imp
    }
}

/// Current over voltage at an irradiance and a temperature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// Through four points.
    Points(Points),
    /// Straight between many: (V, A), from short circuit to open circuit.
    Table(Vec<(f64, f64)>),
}

impl Shape {
    /// Largest power, W.
    pub(crate) fn power(&self) -> f64 {
        match self {
            Shape::Points(points) => points.power(),
            Shape::Table(table) => table.iter().map(|(v, a)| v * a).fold(0.0, f64::max),
        }
    }
}

/// A curve of the pool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curve {
    pub(crate) name: String,
    /// At 1000 W/m², 25 °C.
    shape: Shape,
    technology: Technology,
    /// EN 50530 curves follow its voltage factor exactly (0.9992 at 1000 W/m² for c-Si); curves by
    /// their points have it divided by its value at 1000 W/m², so that they come out as given.
    exact: bool,
    /// Relative change of voltage per kelvin.
    beta: f64,
}

impl Curve {
    /// By its points; `beta_percent` is the change of voltage in %/K.
    pub(crate) fn by_points(name: &str, points: Points, beta_percent: f64) -> Result<Self, Fault> {
        let technology = Technology::CrystallineSilicon;
        Ok(Self {
            name: name.to_owned(),
            shape: Shape::Points(points.check()?),
            technology,
            exact: false,
            beta: beta_percent / 100.0,
        })
    }

    /// Of a file: (V, A) from short circuit to open circuit at 1000 W/m², 25 °C. Irradiance
    /// and temperature move it as they move a curve of crystalline silicon.
    pub(crate) fn by_table(name: &str, table: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.to_owned(),
            shape: Shape::Table(table),
            technology: Technology::CrystallineSilicon,
            exact: false,
            beta: Technology::CrystallineSilicon.coefficients().beta,
        }
    }

    /// EN 50530 by power and voltage of its maximum power point.
    pub(crate) fn en50530(technology: Technology, pmp: f64, vmp: f64) -> Result<Self, Fault> {
        let points = technology.points(pmp, vmp)?;
        Ok(Self {
            name: super::EN50530_NAME.to_owned(),
            shape: Shape::Points(points),
            technology,
            exact: true,
            beta: technology.coefficients().beta,
        })
    }

    /// At an irradiance in W/m² and a cell temperature in °C.
    pub(crate) fn at(&self, irradiance: f64, celsius: f64) -> Shape {
        let (volts, amps) = self.moves(irradiance, celsius);
        match &self.shape {
            Shape::Points(points) => Shape::Points(points.moved(volts, amps)),
            Shape::Table(table) => {
                Shape::Table(table.iter().map(|(v, a)| (v * volts, a * amps)).collect())
            }
        }
    }

    /// Factors on voltages and currents.
    fn moves(&self, irradiance: f64, celsius: f64) -> (f64, f64) {
        let c = self.technology.coefficients();
        let factor = |g: f64| (g / c.cg + 1.0).ln() * c.cv - c.cr * g;
        let mut volts = (1.0 + self.beta * (celsius - 25.0)) * factor(irradiance);
        if !self.exact {
            volts /= factor(1000.0);
        }
        let amps = irradiance / 1000.0 * (1.0 + c.alpha * (celsius - 25.0));
        (volts, amps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voltage_factors_of_the_standard() {
        for (technology, expected) in [
            (
                Technology::CrystallineSilicon,
                [0.8992, 0.9479, 0.9940, 0.9992],
            ),
            (Technology::ThinFilm, [0.9356, 0.9792, 1.0121, 0.9966]),
        ] {
            let curve = Curve::en50530(technology, 3000.0, 300.0).expect("consistent");
            for (irradiance, factor) in [100.0, 200.0, 500.0, 1000.0].into_iter().zip(expected) {
                let Shape::Points(points) = curve.at(irradiance, 25.0) else {
                    panic!("four points");
                };
                let got = points.vmp / 300.0;
                assert!((got - factor).abs() < 1e-4, "{irradiance}: {got}");
            }
        }
    }

    #[test]
    fn impossible_points_are_refused() {
        let points = |voc, isc, vmp, imp| Points { voc, isc, vmp, imp }.check().map_err(|f| f.code);
        assert_eq!(points(300.0, 10.0, 300.0, 9.0), Err(-221));
        assert_eq!(points(300.0, 10.0, 240.0, 10.0), Err(-221));
        assert_eq!(points(300.0, 10.0, 100.0, 5.0), Err(-222));
        assert!(points(450.0, 14.0, 360.0, 13.0).is_ok());
    }
}
