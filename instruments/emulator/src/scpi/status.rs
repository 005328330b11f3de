//! IEEE 488.2 status model and error queue.

use std::collections::VecDeque;

use super::engine::Conditions;
use super::fault::{Fault, QUEUE_OVERFLOW};
use super::registers::Register;

/// Entries the queue holds; a further error replaces the newest by -350.
pub(crate) const QUEUE_LENGTH: usize = 16;

/// The two register sets of SCPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// `STATus:OPERation`.
    Operation,
    /// `STATus:QUEStionable`.
    Questionable,
}

/// Event register, enables and error queue of one instrument.
#[derive(Debug)]
pub(crate) struct Status {
    events: u8,
    event_enable: u8,
    service_enable: u8,
    power_on_clear: bool,
    /// `*OPC` waits for a pending operation.
    completion: bool,
    error_bit: bool,
    /// Summary of registers that are the device's own.
    extended: bool,
    queue: VecDeque<Fault>,
    operation: Register,
    questionable: Register,
}

impl Status {
    /// As after power-on: PON set, everything else clear.
    pub(crate) fn new(error_bit: bool) -> Self {
        Self {
            events: 1 << 7,
            event_enable: 0,
            service_enable: 0,
            power_on_clear: true,
            completion: false,
            error_bit,
            extended: false,
            queue: VecDeque::new(),
            operation: Register::new(),
            questionable: Register::new(),
        }
    }

    /// One of the SCPI register sets.
    pub(crate) fn register(&mut self, which: Which) -> &mut Register {
        match which {
            Which::Operation => &mut self.operation,
            Which::Questionable => &mut self.questionable,
        }
    }

    /// The device's conditions now.
    pub(crate) fn follow(&mut self, conditions: Conditions) {
        self.operation.follow(conditions.operation);
        self.questionable.follow(conditions.questionable);
    }

    /// The summary of registers that are the device's own.
    pub(crate) fn set_extended(&mut self, summary: bool) {
        self.extended = summary;
    }

    /// Queues an error and sets its event bit.
    pub(crate) fn raise(&mut self, fault: Fault) {
        self.events |= fault.event_bit();
        if self.queue.len() >= QUEUE_LENGTH {
            self.queue.pop_back();
            self.queue.push_back(QUEUE_OVERFLOW);
        } else {
            self.queue.push_back(fault);
        }
    }

    /// The oldest error, taken off the queue.
    pub(crate) fn pop(&mut self) -> Option<Fault> {
        self.queue.pop_front()
    }

    /// Number of queued errors.
    pub(crate) fn errors(&self) -> usize {
        self.queue.len()
    }

    /// `*CLS`; a waiting `*OPC` is forgotten (IEEE 488.2, 10.3).
    pub(crate) fn clear(&mut self) {
        self.events = 0;
        self.completion = false;
        self.queue.clear();
        self.operation.clear();
        self.questionable.clear();
    }

    /// `*OPC`.
    pub(crate) fn await_completion(&mut self) {
        self.completion = true;
    }

    /// Whether `*OPC` waits.
    pub(crate) fn awaits_completion(&self) -> bool {
        self.completion
    }

    /// All pending operations are complete.
    pub(crate) fn operation_complete(&mut self) {
        self.completion = false;
        self.events |= 1;
    }

    /// `*PSC`.
    pub(crate) fn set_power_on_clear(&mut self, clear: bool) {
        self.power_on_clear = clear;
    }

    /// `*PSC?`.
    pub(crate) fn power_on_clear(&self) -> bool {
        self.power_on_clear
    }

    /// `*ESR?`: read and clear.
    pub(crate) fn take_events(&mut self) -> u8 {
        std::mem::take(&mut self.events)
    }

    /// `*STB?`: bit 2 error queue, 3 QUEStionable or
    /// extended events, 4 message available, 5 event summary, 6 master
    /// summary, 7 OPERation.
    pub(crate) fn status_byte(&self, message_available: bool) -> u8 {
        let mut byte = 0;
        if self.error_bit && !self.queue.is_empty() {
            byte |= 1 << 2;
        }
        if self.questionable.summary() || self.extended {
            byte |= 1 << 3;
        }
        if self.operation.summary() {
            byte |= 1 << 7;
        }
        if message_available {
            byte |= 1 << 4;
        }
        if self.events & self.event_enable != 0 {
            byte |= 1 << 5;
        }
        if byte & self.service_enable != 0 {
            byte |= 1 << 6;
        }
        byte
    }

    /// `*ESE`.
    pub(crate) fn set_event_enable(&mut self, mask: u8) {
        self.event_enable = mask;
    }

    /// `*ESE?`.
    pub(crate) fn event_enable(&self) -> u8 {
        self.event_enable
    }

    /// `*SRE`; bit 6 is ignored.
    pub(crate) fn set_service_enable(&mut self, mask: u8) {
        self.service_enable = mask & !(1 << 6);
    }

    /// `*SRE?`.
    pub(crate) fn service_enable(&self) -> u8 {
        self.service_enable
    }
}
