//! Reading and writing the points of a register file.

use std::time::Duration;

use gridproof_model::register_file::{Point, Sign, Step, StepValue, Table, WriteCode};

use super::RegisterMap;
use super::codec::{Value, blocks, decode, encode};
use crate::error::InstrumentResult;

/// A step with its registers, ready to go.
pub(super) struct Write {
    address: u16,
    words: Vec<u16>,
    wait: Option<Duration>,
    read_back: bool,
    what: String,
}

impl RegisterMap {
    pub(super) fn point(&self, name: &str) -> InstrumentResult<&Point> {
        let point = self.params.file.points.get(name);
        point.ok_or_else(|| self.unsupported(format_args!("point `{name}`")))
    }

    async fn words(
        &mut self,
        table: Table,
        address: u16,
        count: u16,
    ) -> InstrumentResult<Vec<u16>> {
        match table {
            Table::Holding => self.modbus.read_holding(address, count).await,
            Table::Input => self.modbus.read_input(address, count).await,
        }
    }

    /// What these points say, in their order.
    pub(super) async fn read(&mut self, names: &[&str]) -> InstrumentResult<Vec<Value>> {
        let points = names
            .iter()
            .map(|name| self.point(name).cloned())
            .collect::<InstrumentResult<Vec<Point>>>()?;
        let asked: Vec<&Point> = points.iter().collect();
        let mut values: Vec<Option<Value>> = vec![None; points.len()];
        for block in blocks(&asked, self.params.file.max_read) {
            let words = self.words(block.table, block.address, block.count).await?;
            for ((point, name), value) in points.iter().zip(names).zip(&mut values) {
                let Some(own) = block.range(point).and_then(|range| words.get(range)) else {
                    continue;
                };
                let request = || format!("`{name}` at {}", point.address);
                *value = Some(decode(point, own).map_err(|problem| {
                    self.modbus
                        .nonsense(request(), format!("{own:04X?}"), problem)
                })?);
            }
        }
        values
            .into_iter()
            .zip(names)
            .map(|(value, name)| value.ok_or_else(|| self.unsupported(format_args!("`{name}`"))))
            .collect()
    }

    /// The registers of every step, before any of them is written. `watts` > 0 feeds.
    pub(super) fn plan(&self, steps: &[Step], watts: f64) -> InstrumentResult<Vec<Write>> {
        steps
            .iter()
            .map(|step| self.plan_step(step, watts))
            .collect()
    }

    fn plan_step(&self, step: &Step, watts: f64) -> InstrumentResult<Write> {
        let point = self.point(&step.write)?;
        let asked = match step.sign {
            Some(Sign::Injected) => watts,
            Some(Sign::Drawn) => -watts,
            None => watts.abs(),
        };
        let value = match step.value {
            StepValue::Constant(amount) => amount.value,
            StepValue::Watts => asked,
            StepValue::PercentOfPower => asked / self.params.rated_watts,
            StepValue::PercentOfChargePower => {
                let rated = self.params.rated_charge_watts;
                asked / rated.ok_or_else(|| self.unsupported("rated charging power"))?
            }
        };
        let what = format!("write `{}` at {}", step.write, point.address);
        let words = encode(point, value).ok_or_else(|| {
            let kind = point.kind.word();
            let cause = format!("{value} in steps of {} does not fit {kind}", point.step());
            self.modbus
                .refused(&what, format!("{cause}; nothing was written"))
        })?;
        let address = u16::try_from(point.address)
            .map_err(|_beyond| self.unsupported(format_args!("address {}", point.address)))?;
        Ok(Write {
            address,
            words,
            wait: step.wait.map(|wait| Duration::from_secs_f64(wait.0)),
            read_back: step.read_back,
            what,
        })
    }

    pub(super) async fn carry_out(&mut self, writes: Vec<Write>) -> InstrumentResult<()> {
        for write in writes {
            match (self.params.file.write_code, &write.words[..]) {
                (WriteCode::Fc06, [word]) => {
                    self.modbus.write_register(write.address, *word).await?;
                }
                (WriteCode::Fc06 | WriteCode::Fc16, words) => {
                    self.modbus.write_registers(write.address, words).await?;
                }
            }
            if let Some(wait) = write.wait {
                self.clock.sleep(wait).await;
            }
            if write.read_back {
                let count = write.words.len() as u16;
                let found = self.modbus.read_holding(write.address, count).await?;
                if found != write.words {
                    let held = format!("holds {found:04X?} after {:04X?} was written", write.words);
                    return Err(self.modbus.refused(write.what, held));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn steps(&mut self, steps: &[Step]) -> InstrumentResult<()> {
        let writes = self.plan(steps, 0.0)?;
        self.carry_out(writes).await
    }
}
