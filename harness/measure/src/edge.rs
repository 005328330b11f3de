//! Edges of contacts and trigger pulses.

use crate::trace::Trace;

/// Level between open (0) and closed (1).
const HALF: f64 = 0.5;

/// Position (in samples, between two of them) of the first falling edge after which the contact
/// is open most of the following `debounce_s`. A contact that bounces while opening gives its
/// first opening; a single disturbed sample gives nothing.
pub fn first_falling(contact: &Trace<'_>, debounce_s: f64) -> Option<f64> {
    let hold = contact.samples(debounce_s);
    let codes = contact.codes();
    let high = |code: i16| contact.value(code) >= HALF;
    codes.windows(2).enumerate().find_map(|(k, pair)| {
        if !high(pair[0]) || high(pair[1]) {
            return None;
        }
        let after = &codes[k + 1..(k + 1 + hold).min(codes.len())];
        let open = after.iter().filter(|&&code| !high(code)).count();
        (2 * open > after.len()).then_some(k as f64 + 0.5)
    })
}

/// Position of the rising edge nearest to sample `near`.
pub fn nearest_rising(contact: &Trace<'_>, near: usize) -> Option<f64> {
    let mut best: Option<(f64, f64)> = None;
    let mut last = None;
    for (k, &code) in contact.codes().iter().enumerate() {
        let high = contact.value(code) >= HALF;
        if high && last == Some(false) {
            let position = k as f64 - 0.5;
            let distance = (position - near as f64).abs();
            if best.is_none_or(|(_, d)| distance < d) {
                best = Some((position, distance));
            }
        }
        last = Some(high);
    }
    best.map(|(position, _)| position)
}

/// Whether the contact is open throughout its last `seconds`.
pub fn open_at_end(contact: &Trace<'_>, seconds: f64) -> bool {
    let codes = contact.codes();
    let from = codes.len().saturating_sub(contact.samples(seconds));
    !codes.is_empty() && codes[from..].iter().all(|&code| contact.value(code) < HALF)
}
