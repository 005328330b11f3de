//! Modbus servers of the emulator's own: requests and exceptions, TCP and RTU framing.

pub(crate) mod pdu;
pub(crate) mod rtu;
pub(crate) mod tcp;

pub(crate) use pdu::{Exception, Holding, ModbusDevice, Request, Response};
