//! What can go wrong while a report is rendered: only defects of this program, never of the run.

/// A report could not be rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A plot could not be drawn.
    #[error("plot of `{figure}` could not be drawn: {reason}")]
    Plot {
        /// Case or test of the plot.
        figure: String,
        /// The plotting library's words.
        reason: String,
    },
    /// The page could not be composed.
    #[error("the HTML page could not be composed: {0}")]
    Template(#[from] minijinja::Error),
    /// The results could not be written as JSON.
    #[error("the results could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The results could not be written as JUnit XML.
    #[error("the results could not be written as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}
