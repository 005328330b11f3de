//! The HTML report: one file with its style and plots inside, readable without network or script.

use gridproof_model::result::RunResults;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use crate::error::ReportError;
use crate::info::RunInfo;
use crate::source::CaptureSource;
use crate::view;

/// File name of the report.
pub const FILE_NAME: &str = "index.html";

const STYLE: &str = include_str!("../templates/style.css");
const TEMPLATES: [(&str, &str); 4] = [
    ("report.html", include_str!("../templates/report.html")),
    ("front.html", include_str!("../templates/front.html")),
    ("test.html", include_str!("../templates/test.html")),
    ("annex.html", include_str!("../templates/annex.html")),
];

/// The report of `results`. Only the recordings that are plotted are asked of `source`.
pub fn render(
    results: &RunResults,
    info: &RunInfo,
    source: &dyn CaptureSource,
) -> Result<String, ReportError> {
    let page = view::page(results, info, source)?;
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    let style = STYLE.replace("REPORT-ID", &css_text(&info.report_id));
    Ok(environment
        .get_template("report.html")?
        .render(context! { page => Serde(page), style })?)
}

/// `text` inside a CSS string inside a `style` element: everything unusual is left out.
fn css_text(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | ':' | '/'))
        .collect()
}
