//! TCP connections.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Link;
use crate::error::{InstrumentError, InstrumentResult};

/// Connect to `address` (`host:port`). Nagle is off: short messages with delayed acknowledgements
/// are the most common "slow instrument".
pub async fn connect_tcp(name: &str, address: &str, limit: Duration) -> InstrumentResult<Link> {
    let failed = |cause: String| InstrumentError::Link {
        instrument: name.into(),
        request: format!("connect to {address}"),
        cause,
    };
    let stream = timeout(limit, TcpStream::connect(address))
        .await
        .map_err(|_late| failed(format!("no connection within {limit:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    stream
        .set_nodelay(true)
        .map_err(|error| failed(error.to_string()))?;
    Ok(Box::new(stream))
}
