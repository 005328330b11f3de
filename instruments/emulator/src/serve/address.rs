//! Which port each instrument is served on.

use std::collections::{BTreeMap, BTreeSet};

use gridproof_model::bench::{Address, Bench, Role};

use crate::error::EmulatorError;

/// Behind the name of an instrument: its HiSLIP port.
pub(crate) const HISLIP: &str = ".hislip";
/// Behind the name of an instrument: its UDP port.
pub(crate) const UDP: &str = ".udp";

/// Ports as the user wants them.
#[derive(Debug, Clone, Default)]
pub struct Ports {
    /// By name of an instrument, or by a role that only one instrument has; with `.hislip` behind
    /// it, its HiSLIP port, with `.udp` its UDP port.
    pub fixed: Vec<(String, u16)>,
    /// The instruments without a fixed port get consecutive ones from here, in order of name.
    pub base: Option<u16>,
}

/// A port per instrument; 0 lets the system choose. A fixed one wins over the base, the base over
/// a loopback address in the bench file. Addresses of other hosts are those of the real bench and
/// mean nothing here.
pub(crate) fn assign(bench: &Bench, ports: &Ports) -> Result<BTreeMap<String, u16>, EmulatorError> {
    let mut fixed: BTreeMap<&str, u16> = BTreeMap::new();
    let apart = |key: &str| key.ends_with(HISLIP) || key.ends_with(UDP);
    for (key, port) in ports.fixed.iter().filter(|(key, _)| !apart(key)) {
        fixed.insert(instrument(bench, key)?, *port);
    }
    let taken: BTreeSet<u16> = ports.fixed.iter().map(|(_, port)| *port).collect();
    let mut next = ports.base;
    let mut assigned = BTreeMap::new();
    for (name, entry) in &bench.instruments {
        let port = if let Some(port) = fixed.get(name.as_str()) {
            *port
        } else if let Some(mut port) = next {
            while taken.contains(&port) {
                port = after(port)?;
            }
            next = Some(after(port)?);
            port
        } else {
            match &entry.address {
                Address::Tcp { host, port } if is_loopback(host) => *port,
                Address::Tcp { .. }
                | Address::Serial { .. }
                | Address::Can { .. }
                | Address::Emulated => 0,
            }
        };
        assigned.insert(name.clone(), port);
    }
    Ok(assigned)
}

/// The ports that are fixed for what is served apart, [`HISLIP`] or [`UDP`], by name of the
/// instrument.
pub(crate) fn apart(
    bench: &Bench,
    ports: &Ports,
    suffix: &str,
) -> Result<BTreeMap<String, u16>, EmulatorError> {
    let mut fixed = BTreeMap::new();
    for (key, port) in &ports.fixed {
        if let Some(key) = key.strip_suffix(suffix) {
            fixed.insert(instrument(bench, key)?.to_owned(), *port);
        }
    }
    Ok(fixed)
}

fn after(port: u16) -> Result<u16, EmulatorError> {
    port.checked_add(1).ok_or_else(|| {
        EmulatorError::Ports("there are not enough ports above the base; choose a lower one".into())
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn instrument<'a>(bench: &'a Bench, key: &str) -> Result<&'a str, EmulatorError> {
    if let Some((name, _)) = bench.instruments.get_key_value(key) {
        return Ok(name);
    }
    let of_role: Vec<&str> = bench
        .instruments
        .iter()
        .filter(|(_, entry)| Role::word(entry.role) == key)
        .map(|(name, _)| name.as_str())
        .collect();
    match of_role[..] {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = bench.instruments.keys().map(String::as_str).collect();
            Err(EmulatorError::Ports(format!(
                "no instrument or role `{key}` to give a port to; instruments: {}",
                names.join(", ")
            )))
        }
        [..] => Err(EmulatorError::Ports(format!(
            "several instruments have the role {key}; name one: {}",
            of_role.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::embedded;

    fn ports(fixed: &[(&str, u16)], base: Option<u16>) -> Ports {
        Ports {
            fixed: fixed.iter().map(|(k, p)| ((*k).to_owned(), *p)).collect(),
            base,
        }
    }

    #[test]
    fn fixed_ports_win_and_the_base_goes_around_them() {
        let bench = embedded();
        let got = assign(
            &bench,
            &ports(&[("grid-source", 41_000), ("pv", 41_001)], None),
        );
        let got = got.expect("ports");
        assert_eq!((got["grid"], got["pv"], got["dut"]), (41_000, 41_001, 0));
        let got = assign(&bench, &ports(&[("battery", 42_000)], Some(42_000))).expect("ports");
        assert_eq!((got["analyser"], got["battery"]), (42_001, 42_000));
        let all: BTreeSet<u16> = got.values().copied().collect();
        assert_eq!(all.len(), bench.instruments.len(), "no port twice");
    }

    #[test]
    fn hislip_has_ports_of_its_own() {
        let bench = embedded();
        let wanted = ports(&[("grid-source.hislip", 4880)], Some(4879));
        let fixed = apart(&bench, &wanted, HISLIP).expect("ports");
        assert_eq!(fixed, BTreeMap::from([("grid".to_owned(), 4880)]));
        let raw = assign(&bench, &wanted).expect("ports");
        assert!(!raw.values().any(|port| *port == 4880));
        assert!(apart(&bench, &ports(&[("gird.hislip", 1)], None), HISLIP).is_err());
    }

    #[test]
    fn datagrams_have_ports_of_their_own() {
        let bench = embedded();
        let wanted = ports(&[("dred-a.udp", 1025), ("dred-a", 502)], None);
        let fixed = apart(&bench, &wanted, UDP).expect("ports");
        assert_eq!(fixed, BTreeMap::from([("dred-a".to_owned(), 1025)]));
        assert!(apart(&bench, &wanted, HISLIP).expect("ports").is_empty());
        assert_eq!(assign(&bench, &wanted).expect("ports")["dred-a"], 502);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let bench = embedded();
        for (wrong, word) in [
            (ports(&[("gird", 1)], None), "no instrument or role `gird`"),
            (ports(&[("rlc-load", 1)], None), "name one"),
            (ports(&[], Some(65_530)), "lower one"),
        ] {
            let error = assign(&bench, &wrong).expect_err("refused").to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn loopback_addresses_of_the_bench_file_are_kept() {
        let mut bench = embedded();
        let mut address = |name: &str, text: &str| {
            bench.instruments.get_mut(name).expect("there").address = text.parse().expect("good");
        };
        address("grid", "tcp://127.0.0.1:45025");
        address("pv", "tcp://[::1]:45026");
        address("battery", "tcp://192.168.1.10:5025");
        let got = assign(&bench, &Ports::default()).expect("ports");
        assert_eq!(
            (got["grid"], got["pv"], got["battery"]),
            (45_025, 45_026, 0)
        );
    }
}
