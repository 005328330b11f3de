//! One well-written value per key, for the hint of a missing one.

/// An example for a key below `owner`, if there is a telling one.
pub(super) fn of(key: &str, owner: Option<&str>) -> Option<&'static str> {
    let find = |wanted: &str| EXAMPLES.iter().find(|(name, _)| *name == wanted);
    owner
        .and_then(|owner| find(&format!("{owner}.{key}")))
        .or_else(|| find(key))
        .map(|(_, example)| *example)
}

const EXAMPLES: &[(&str, &str)] = &[
    // plans
    ("plan", "quickstart"),
    ("title", "Transfer to back-up after loss of grid"),
    ("duts", "[saj-as1-3ks-5.1]"),
    ("tests", "a list of tests, each starting with `- id: …`"),
    ("id", "TRIP-OV1"),
    (
        "cites",
        "{standard: IEC 62116, edition: \"2014\", clause: \"6.1\"}",
    ),
    ("standard", "AS/NZS 4777.2"),
    ("procedure", "{drm: {mode: 5, hold: 10 s}}"),
    ("power", "100 %Pn"),
    ("delta_p", "[-5 %, 0 %, 5 %]"),
    ("delta_q", "[-5 %, 0 %, 5 %]"),
    ("loads", "[0 %Pn, 50 %Pn, 100 %Pn]"),
    ("angles", "[0 deg, 90 deg, 180 deg, 270 deg]"),
    (
        "voltages",
        "{from: 245 V, to: 264 V, step: 1 V, there_and_back: true}",
    ),
    ("from", "245 V"),
    ("to", "264 V"),
    ("step", "1 V"),
    ("dwell", "20 s"),
    ("window", "5 s"),
    ("mode", "5"),
    ("hold", "10 s"),
    ("element", "OV1"),
    ("beyond", "2.5 V"),
    ("derating.ambient", "[25 °C, 44 °C, 47 °C]"),
    ("ambient", "25 °C"),
    ("full", "98 %Pn"),
    ("reduction", "2 %Pn"),
    ("soak", "45 min"),
    // DUT profiles
    ("dut", "saj-as1-3ks-5.1"),
    ("maker", "SAJ"),
    ("ratings.power", "3 kW"),
    ("backup.power", "3 kW"),
    ("kind", "ac-coupled"),
    ("apparent_power", "3 kVA"),
    ("max_current", "13.1 A"),
    ("voltage", "230 V"),
    ("frequency", "50 Hz"),
    ("operating", "[0 °C, 50 °C]"),
    ("grid_codes", "[as-nzs-4777.2-2020-a]"),
    ("interface", "{protocol: saj-as1-rtu, unit: 1, baud: 9600}"),
    ("protocol", "sunspec-tcp"),
    ("unit", "1"),
    ("capacity", "100 Ah"),
    // grid codes
    ("grid_code", "as-nzs-4777.2-2020-a"),
    ("edition", "2020"),
    ("nominal", "{voltage: 230 V, frequency: 50 Hz}"),
    ("clause", "\"4.4\""),
    (
        "mark",
        "S (public source), v (checked), K (practice) or \"?\" (unconfirmed)",
    ),
    ("timing_mark", "K"),
    ("max", "2 s"),
    ("threshold", "265 V"),
    ("side", "over"),
    ("quantity", "voltage"),
    ("points", "[[253 V, 100 %], [260 V, 20 %]]"),
    ("tolerance", "4 %"),
    ("voltage_tolerance", "0 V"),
    ("commence_max", "1 s"),
    ("complete_max", "10 s"),
    ("response_max", "2 s"),
    ("run_on_max", "2 s"),
    ("quality_factor", "1"),
    // benches
    ("bench", "lab-1"),
    ("environment", "real"),
    ("line", "{r: 0.15 Ohm, l: 0.2 mH}"),
    ("role", "grid-source"),
    ("model", "chroma-61845"),
    ("address", "tcp://192.168.1.10:5025"),
    ("signal", "grid-voltage"),
    ("reading", "0.01 %"),
    ("range", "1000 V"),
    (
        "safe_state",
        "a list in the order of de-energising, starting with `- {instrument: dut, within: 3 s}`",
    ),
    ("instrument", "dut"),
    ("within", "3 s"),
    ("bank", "dred-a"),
    ("relay", "0"),
    ("pins", "[5, 6]"),
    ("grid_voltage", "[0 V, 300 V]"),
    ("grid_frequency", "[40 Hz, 60 Hz]"),
    ("grid_current", "60 A"),
    // defects
    ("defect", "transfer-12ms"),
    ("behaviour", "{backup: {start: 5.5 ms}}"),
    ("catches", "{aux-asg-5sl-zh: [UPS-T01]}"),
];
