//! The SCPI-99 status structure: condition, transition filters, latched event, enable, summary
//! (volume 1, chapter 9; volume 2, chapter 20).

/// A register set: OPERation or QUEStionable.
#[derive(Debug)]
pub(crate) struct Register {
    condition: u16,
    event: u16,
    enable: u16,
    positive: u16,
    negative: u16,
}

/// Bits 0–14; bit 15 is always 0.
const USED: u16 = 0x7fff;

/// What a command names of a register set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `[:EVENt]?`, cleared by reading.
    Event,
    /// `:CONDition?`.
    Condition,
    /// `:ENABle`.
    Enable,
    /// `:PTRansition`.
    Positive,
    /// `:NTRansition`.
    Negative,
}

impl Register {
    /// As after power-on and `STATus:PRESet`: rising conditions are latched, nothing is enabled.
    pub(crate) fn new() -> Self {
        Self {
            condition: 0,
            event: 0,
            enable: 0,
            positive: USED,
            negative: 0,
        }
    }

    /// Latches what the filters let through between the last condition and this one.
    pub(crate) fn follow(&mut self, condition: u16) {
        let condition = condition & USED;
        let rose = condition & !self.condition & self.positive;
        let fell = !condition & self.condition & self.negative;
        self.event |= rose | fell;
        self.condition = condition;
    }

    /// `STATus:PRESet`; the latched events stay.
    pub(crate) fn preset(&mut self) {
        (self.enable, self.positive, self.negative) = (0, USED, 0);
    }

    /// `*CLS`.
    pub(crate) fn clear(&mut self) {
        self.event = 0;
    }

    /// Some enabled event is latched.
    pub(crate) fn summary(&self) -> bool {
        self.event & self.enable != 0
    }

    /// A query.
    pub(crate) fn read(&mut self, part: Part) -> u16 {
        match part {
            Part::Event => std::mem::take(&mut self.event),
            Part::Condition => self.condition,
            Part::Enable => self.enable,
            Part::Positive => self.positive,
            Part::Negative => self.negative,
        }
    }

    /// A command; event and condition cannot be written.
    pub(crate) fn write(&mut self, part: Part, mask: u16) {
        let mask = mask & USED;
        match part {
            Part::Enable => self.enable = mask,
            Part::Positive => self.positive = mask,
            Part::Negative => self.negative = mask,
            Part::Event | Part::Condition => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions_are_latched_until_read() {
        let mut register = Register::new();
        register.write(Part::Enable, 0x8002);
        register.follow(0b11);
        assert!(register.summary());
        register.follow(0);
        assert_eq!(register.read(Part::Condition), 0);
        assert_eq!(register.read(Part::Event), 0b11);
        assert_eq!(register.read(Part::Event), 0);
        assert_eq!(register.read(Part::Enable), 2, "bit 15 is never set");
        register.write(Part::Positive, 0);
        register.write(Part::Negative, 1);
        register.follow(0b11);
        assert_eq!(register.read(Part::Event), 0);
        register.follow(0);
        assert_eq!(register.read(Part::Event), 1);
        register.preset();
        assert_eq!(register.read(Part::Positive), 0x7fff);
        assert_eq!(register.read(Part::Enable), 0);
    }
}
