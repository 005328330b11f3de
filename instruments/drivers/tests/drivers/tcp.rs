//! Real sockets and ports.

use std::time::Duration;

use gridproof_instruments::drivers::EspecP300;
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::Chamber;
use gridproof_instruments::transport::{connect_tcp, open_serial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::clock::TestClock;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn talks_over_loopback() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let instrument = async {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 7];
        stream.read_exact(&mut request).await.expect("a request");
        assert_eq!(&request, b"TEMP?\r\n");
        stream
            .write_all(b"25.0,25.0,100.0,-40.0\r\n")
            .await
            .expect("connected");
    };
    let client = async {
        let link = connect_tcp("chamber", &address, SECOND)
            .await
            .expect("listening");
        EspecP300::new("chamber".into(), link, TestClock::new())
            .temperature()
            .await
    };
    let (celsius, ()) = tokio::join!(client, instrument);
    assert_eq!(celsius, Ok(25.0));
}

#[tokio::test]
async fn missing_servers_and_ports_are_link_errors() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    drop(listener);
    let error = connect_tcp("grid", &address, SECOND)
        .await
        .err()
        .expect("nobody listens");
    assert!(
        error
            .to_string()
            .starts_with("link to grid broke during `connect to"),
        "{error}"
    );
    let error = open_serial("dut", "/dev/no-such-port", 9600)
        .err()
        .expect("no such port");
    assert!(matches!(error, InstrumentError::Link { .. }), "{error}");
}
