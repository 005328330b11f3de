//! Where an instrument is.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Where an instrument is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A server of the emulated bench.
    Emulated,
    /// A TCP socket: `tcp://192.168.1.10:5025`.
    Tcp {
        /// Name or address; IPv6 without its brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// A serial line: `serial:///dev/ttyUSB0?baud=9600`.
    Serial {
        /// Device file.
        path: String,
        /// Bits per second.
        baud: u32,
    },
    /// A SocketCAN interface: `can:can0`.
    Can {
        /// Network interface, at most 15 characters.
        interface: String,
    },
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{text}\" is not an address: {why}; write emulated, tcp://host:port, serial:///dev/ttyUSB0?baud=9600 or can:can0"
)]
pub struct AddressError {
    text: String,
    why: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let fail = |why| AddressError {
            text: text.chars().take(60).collect(),
            why,
        };
        if text == "emulated" {
            return Ok(Address::Emulated);
        }
        if let Some(interface) = text.strip_prefix("can:") {
            return can(interface).map_err(fail);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(fail("it has no scheme"));
        };
        match scheme {
            "tcp" => tcp(rest).map_err(fail),
            "serial" => serial(rest).map_err(fail),
            _ => Err(fail("its scheme is not known")),
        }
    }
}

fn tcp(rest: &str) -> Result<Address, &'static str> {
    let (host, port) = rest.rsplit_once(':').ok_or("it has no port")?;
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']').ok_or("its bracket is not closed")?,
        None if host.contains(':') => return Err("an IPv6 address needs brackets"),
        None => host,
    };
    if host.is_empty()
        || !host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._:%".contains(c))
    {
        return Err("its host is not a name or an IP address");
    }
    match port.parse() {
        Ok(port) if port != 0 => Ok(Address::Tcp {
            host: host.to_owned(),
            port,
        }),
        _ => Err("its port is not a number from 1 to 65535"),
    }
}

/// The kernel takes any name of up to 15 bytes without `/` and blanks; only plain ones are taken.
fn can(interface: &str) -> Result<Address, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if interface.is_empty() || interface.len() > 15 || !interface.chars().all(plain) {
        return Err("its interface is not a name such as can0");
    }
    Ok(Address::Can {
        interface: interface.to_owned(),
    })
}

fn serial(rest: &str) -> Result<Address, &'static str> {
    let (path, query) = rest.split_once('?').ok_or("it has no ?baud=")?;
    if !path.starts_with('/') || path.len() < 2 {
        return Err("its device is not an absolute path");
    }
    let baud = query.strip_prefix("baud=").ok_or("it has no ?baud=")?;
    match baud.parse() {
        Ok(baud @ 300..=4_000_000) => Ok(Address::Serial {
            path: path.to_owned(),
            baud,
        }),
        _ => Err("its baud rate is not a number from 300 to 4000000"),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Emulated => f.write_str("emulated"),
            Address::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Address::Serial { path, baud } => write!(f, "serial://{path}?baud={baud}"),
            Address::Can { interface } => write!(f, "can:{interface}"),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^(emulated|tcp://.+:[0-9]+|serial:///.+\?baud=[0-9]+|can:.+)$",
            "examples": ["emulated", "tcp://192.168.1.10:5025", "serial:///dev/ttyUSB0?baud=9600", "can:can0"],
            "description": "where the instrument is",
        })
    }
}
