//! IEEE 488.2 status model and error queue.

use std::collections::VecDeque;

use super::fault::{Fault, QUEUE_OVERFLOW};

/// Entries the queue holds; a further error replaces the newest by -350.
pub(crate) const QUEUE_LENGTH: usize = 16;

/// Event register, enables and error queue of one instrument.
#[derive(Debug)]
pub(crate) struct Status {
    events: u8,
    event_enable: u8,
    service_enable: u8,
    queue: VecDeque<Fault>,
}

impl Status {
    /// As after power-on: PON set, everything else clear.
    pub(crate) fn new() -> Self {
        Self {
            events: 1 << 7,
            event_enable: 0,
            service_enable: 0,
            queue: VecDeque::new(),
        }
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

    /// `*CLS`.
    pub(crate) fn clear(&mut self) {
        self.events = 0;
        self.queue.clear();
    }

    /// `*OPC`.
    pub(crate) fn operation_complete(&mut self) {
        self.events |= 1;
    }

    /// `*ESR?`: read and clear.
    pub(crate) fn take_events(&mut self) -> u8 {
        std::mem::take(&mut self.events)
    }

    /// `*STB?`: bit 2 error queue, 4 message available, 5 event summary, 6 master summary.
    pub(crate) fn status_byte(&self, message_available: bool) -> u8 {
        let mut byte = 0;
        if !self.queue.is_empty() {
            byte |= 1 << 2;
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
