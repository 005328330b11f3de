//! Phasors: RMS values, the angle of the source is the reference.

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Phasor {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Phasor {
    pub(crate) const ZERO: Self = Self { re: 0.0, im: 0.0 };

    pub(crate) const fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    pub(crate) fn add(self, o: Self) -> Self {
        Self::new(self.re + o.re, self.im + o.im)
    }

    pub(crate) fn sub(self, o: Self) -> Self {
        Self::new(self.re - o.re, self.im - o.im)
    }

    pub(crate) fn mul(self, o: Self) -> Self {
        Self::new(
            self.re * o.re - self.im * o.im,
            self.re * o.im + self.im * o.re,
        )
    }

    pub(crate) fn conj(self) -> Self {
        Self::new(self.re, -self.im)
    }

    pub(crate) fn inv(self) -> Self {
        let d = 1.0 / (self.re * self.re + self.im * self.im);
        Self::new(self.re * d, -self.im * d)
    }

    pub(crate) fn scale(self, k: f64) -> Self {
        Self::new(self.re * k, self.im * k)
    }

    pub(crate) fn square(self) -> f64 {
        self.re * self.re + self.im * self.im
    }

    pub(crate) fn abs(self) -> f64 {
        self.square().sqrt()
    }

    pub(crate) fn turns(self) -> f64 {
        crate::trig::atan2_turns(self.im, self.re)
    }

    /// Instantaneous value of √2·|X| sin(turns + angle).
    pub(crate) fn at(self, turns: f64) -> f64 {
        let (s, c) = crate::trig::sincos_turns(turns);
        std::f64::consts::SQRT_2 * (self.re * s + self.im * c)
    }
}
