//! `casr-lab eval`: how well methods enlarge benchmark images, by the literature's protocols and a
//! few measures of our own.
//!
//! [`run()`] takes every image at every scale through every method, has the results measured by a
//! [`Meter`] and gathers a [`Report`], which [`publish()`] writes down. A [`Cache`] keeps
//! measurements between runs.

mod cache;
mod canvas;
mod charts;
mod external;
mod files;
mod memory;
mod meter;
mod method;
mod metric;
mod publish;
mod report;
mod run;
mod sheet;
mod table;

pub use cache::{Cache, digest};
pub use casr_metrics::RgbImage;
pub use external::External;
pub use files::{colours, save};
pub use meter::Meter;
pub use method::{HELP as METHODS_HELP, Method, Network};
pub use metric::Metric;
pub use publish::{Place, publish};
pub use report::Report;
pub use run::{Evaluation, ImageSet, run};
