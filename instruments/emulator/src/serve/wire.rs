//! How an instrument is spoken to, as its servers announce it.

/// The protocol of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Lines of SCPI over a raw TCP socket.
    Scpi {
        /// Ends every reply.
        terminator: &'static [u8],
    },
    /// Modbus TCP.
    ModbusTcp {
        /// Unit it answers as; `None` answers any.
        unit: Option<u8>,
    },
    /// Modbus RTU on a serial line.
    ModbusRtu {
        /// Its address on the line.
        unit: u8,
    },
    /// SCPI and Modbus TCP on one port: a connection speaks what its first bytes are.
    ScpiOrModbus {
        /// Ends every reply of SCPI.
        terminator: &'static [u8],
    },
    /// Lines of a P-300 chamber controller.
    EspecP300,
    /// Lines of a SIMSERV chamber controller.
    Simserv,
    /// CAN frames as lines of a Lawicel adapter.
    Slcan,
    /// ASCII commands of an ADAM-6000 module in datagrams.
    AdamAscii,
    /// Bytes in both directions.
    Stream,
}

impl Wire {
    /// The word for it over its network.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Wire::Scpi { .. } => "scpi-tcp",
            Wire::ModbusTcp { .. } => "modbus-tcp",
            Wire::ModbusRtu { .. } => "rtu-over-tcp",
            Wire::ScpiOrModbus { .. } => "scpi-tcp",
            Wire::EspecP300 => "espec-p300-tcp",
            Wire::Simserv => "simserv-tcp",
            Wire::Slcan => "slcan-tcp",
            Wire::AdamAscii => "adam-ascii-udp",
            Wire::Stream => "stream-tcp",
        }
    }

    /// What ends a reply, for protocols of lines.
    pub(crate) fn terminator(self) -> Option<String> {
        match self {
            Wire::Scpi { terminator } | Wire::ScpiOrModbus { terminator } => {
                Some(String::from_utf8_lossy(terminator).into_owned())
            }
            Wire::EspecP300 | Wire::Simserv => Some("\r\n".to_owned()),
            Wire::Slcan | Wire::AdamAscii => Some("\r".to_owned()),
            Wire::ModbusTcp { .. } | Wire::ModbusRtu { .. } | Wire::Stream => None,
        }
    }

    /// The Modbus unit it answers as.
    pub(crate) fn unit(self) -> Option<u8> {
        match self {
            Wire::ModbusTcp { unit } => unit,
            Wire::ModbusRtu { unit } => Some(unit),
            Wire::Scpi { .. }
            | Wire::ScpiOrModbus { .. }
            | Wire::EspecP300
            | Wire::Simserv
            | Wire::Slcan
            | Wire::AdamAscii
            | Wire::Stream => None,
        }
    }

    /// The real line is serial: a pseudo-terminal is offered beside TCP.
    pub(crate) fn serial(self) -> bool {
        match self {
            Wire::ModbusRtu { .. } => true,
            Wire::Scpi { .. }
            | Wire::ModbusTcp { .. }
            | Wire::ScpiOrModbus { .. }
            | Wire::EspecP300
            | Wire::Simserv
            | Wire::Slcan
            | Wire::AdamAscii
            | Wire::Stream => false,
        }
    }

    /// It is lines that a VISA client can speak.
    pub(crate) fn visa(self) -> bool {
        match self {
            Wire::Scpi { .. } | Wire::ScpiOrModbus { .. } | Wire::EspecP300 | Wire::Simserv => true,
            Wire::ModbusTcp { .. }
            | Wire::ModbusRtu { .. }
            | Wire::Slcan
            | Wire::AdamAscii
            | Wire::Stream => false,
        }
    }

    /// It speaks SCPI with LF behind a message, as gateways of VISA expect it.
    pub(crate) fn messages(self) -> bool {
        match self {
            Wire::Scpi { terminator } | Wire::ScpiOrModbus { terminator } => terminator == b"\n",
            Wire::EspecP300
            | Wire::Simserv
            | Wire::ModbusTcp { .. }
            | Wire::ModbusRtu { .. }
            | Wire::Slcan
            | Wire::AdamAscii
            | Wire::Stream => false,
        }
    }

    /// Each protocol that its port speaks.
    pub(crate) fn spoken(self) -> Vec<Self> {
        match self {
            Wire::ScpiOrModbus { terminator } => {
                vec![Wire::Scpi { terminator }, Wire::ModbusTcp { unit: None }]
            }
            Wire::Scpi { .. }
            | Wire::ModbusTcp { .. }
            | Wire::ModbusRtu { .. }
            | Wire::EspecP300
            | Wire::Simserv
            | Wire::Slcan
            | Wire::AdamAscii
            | Wire::Stream => vec![self],
        }
    }
}
