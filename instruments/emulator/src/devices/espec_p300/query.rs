//! What the P300 answers.

use gridproof_plant::Nanos;

use super::program::in_ram;
use super::{EspecP300, Mode, Refusal};

impl EspecP300 {
    /// Reply to a query, in upper case.
    pub(super) fn answer(&self, query: &str, now: Nanos) -> Result<String, Refusal> {
        let squeezed: String = query.chars().filter(|c| *c != ' ').collect();
        let active = matches!(self.mode, Mode::Constant | Mode::Run(_));
        let on_off = |on: bool| if on { "ON" } else { "OFF" }.to_owned();
        let counted = |numbers: Vec<usize>| {
            let count = numbers.len();
            let all = std::iter::once(count).chain(numbers);
            all.map(|n| n.to_string()).collect::<Vec<_>>().join(",")
        };
        let numbered = |on: &[bool]| counted((1..=on.len()).filter(|&n| on[n - 1]).collect());
        let (set_c, high_c, low_c, relays) = match &self.mode {
            Mode::Run(run) => {
                let (low, high) = run.program().limits_c;
                (run.set_c(), high, low, &run.step().relays)
            }
            Mode::Off | Mode::Standby | Mode::Constant => {
                (self.set_c, self.high_c, self.low_c, &self.relays)
            }
        };
        Ok(match squeezed.as_str() {
            // dry-bulb sensor, controller, highest temperature: no humidity is fitted
            "TYPE?" => "T,P300,180.0".to_owned(),
            "ROM?" | "ROM?,DISP" | "ROM?,CONT" => "P300 1.10".to_owned(),
            "DATE?" => {
                let (year, month, day) = self.clock.date(now);
                format!("{:02}.{month:02}/{day:02}", year.rem_euclid(100))
            }
            "TIME?" => {
                let (hour, minute, second) = self.clock.time(now);
                format!("{hour:02}:{minute:02}:{second:02}")
            }
            "SRQ?" => "01000000".to_owned(),
            "MASK?" => self.mask.clone(),
            "MON?" | "MON?,DETAIL" => {
                let word = self.mode_word(squeezed.ends_with("DETAIL"));
                format!("{:.1},,{word},0", self.climate.air_c())
            }
            "TEMP?" => {
                let air_c = self.climate.air_c();
                format!("{air_c:.1},{set_c:.1},{high_c:.1},{low_c:.1}")
            }
            "MODE?" | "MODE?,DETAIL" => self.mode_word(squeezed.ends_with("DETAIL")),
            "ALARM?" => "0".to_owned(),
            "KEYPROTECT?" => on_off(self.key_protect),
            "SET?" => match &self.mode {
                Mode::Run(run) => run.step().refrigeration.clone(),
                Mode::Off | Mode::Standby | Mode::Constant => self.refrigeration.clone(),
            },
            "REF?" => format!("1,{}", if active { "ON1" } else { "OFF1" }),
            "RELAY?" => numbered(relays),
            "CONSTANTSET?,RELAY" => numbered(&self.relays),
            "%?" => format!("1,{:.1}", if active { 50.0 } else { 0.0 }),
            "CONSTANTSET?,TEMP" => format!("{:.1},ON", self.set_c),
            "CONSTANTSET?,REF" => "AUTO".to_owned(),
            "CONSTANTSET?,PTC" => "OFF,0.0,0.0".to_owned(),
            "TIMERON?" => counted(self.timers.used(true)),
            "TIMERUSE?" => counted(self.timers.used(false)),
            "PRGMUSE?,RAM" => counted(self.programs.numbers().collect()),
            "PRGMSET?" => {
                let run = self.run()?;
                run.program().set(run.number.ok_or(Refusal::NotRunning)?)
            }
            "PRGMMON?" | "RUNPRGMMON?" | "RUNPRGM?" => {
                let run = self.run()?;
                if run.number.is_some() != squeezed.starts_with("PRGM") {
                    return Err(Refusal::NotRunning);
                }
                match squeezed.as_str() {
                    "RUNPRGM?" => run.remote(),
                    _ => run.monitor(),
                }
            }
            "IPSET?" => self.network.map(|address| address.to_string()).join(","),
            // temperature-only chamber
            "SYSTEMSET?,PTCOPT" | "SYSTEMSET?,PTC" | "SYSTEMSET?,PTS" => "OFF".to_owned(),
            "MONPTC?" | "TEMPPTC?" | "SETPTC?" | "PTC?" | "HUMI?" | "CONSTANTSET?,HUMI" => {
                return Err(Refusal::Unsupported);
            }
            other => return self.stored(other),
        })
    }

    /// Queries of programs and timers by number.
    fn stored(&self, query: &str) -> Result<String, Refusal> {
        if let Some(number) = query.strip_prefix("TIMERLIST?,") {
            return self.timers.text(number);
        }
        if let Some(which) = query.strip_prefix("PRGMUSE?,") {
            return Ok(self.programs.get(in_ram(which)?)?.used());
        }
        let (which, control) = match query.strip_prefix("PRGMDATAPTC?,") {
            Some(which) => (which, true),
            None => (
                query.strip_prefix("PRGMDATA?,").ok_or(Refusal::Command)?,
                false,
            ),
        };
        let (number, part) = which.split_once(',').unwrap_or((which, ""));
        let program = self.programs.get(in_ram(number)?)?;
        if control {
            return Err(Refusal::Unsupported);
        }
        match part {
            "" => Ok(program.head()),
            "DETAIL" => Ok(program.detail()),
            step => {
                let digits = step.strip_prefix("STEP").ok_or(Refusal::Parameter)?;
                let number = digits.parse().map_err(|_| Refusal::Parameter)?;
                program.step(number).ok_or(Refusal::NoData)
            }
        }
    }
}
