//! Grid-support functions, one file each; [`crate::dispatch`] joins them.

mod export_limit;
mod frequency_watt;
mod reactive;
mod ten_minutes;

pub(crate) use export_limit::ExportControl;
pub(crate) use frequency_watt::FrequencyResponse;
pub(crate) use reactive::Reactive;
pub(crate) use ten_minutes::TenMinutes;
