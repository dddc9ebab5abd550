//! Serves a folder of images at any zoom, truly super-resolved: the IIIF Image API 3.0 at level 2
//! with enlargement (`^`), and Deep Zoom.
//!
//! ```no_run
//! use casr_serve::{Settings, serve};
//! use casr_zoom::Model;
//! use std::sync::atomic::{AtomicBool, Ordering};
//!
//! static STOP: AtomicBool = AtomicBool::new(false);
//!
//! serve(
//!     Model::embedded()?,
//!     Settings::new("photographs"),
//!     |address| println!("http://{address}/"),
//!     || STOP.load(Ordering::Relaxed),
//! )?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | path | what |
//! |---|---|
//! | `/` | the viewer |
//! | `/iiif/ID/info.json`, `/iiif/ID/REGION/SIZE/ROTATION/QUALITY.FORMAT` | IIIF |
//! | `/dzi/ID.dzi`, `/dzi/ID_files/LEVEL/X_Y.jpg` | Deep Zoom |
//! | `/api/images` | the images, page by page |
//! | `POST /images`, `POST /upscale` | where others may send images: one to look at, one enlarged |
//! | `/openapi.json` | all of this for programs |
//! | `/health`, `/metrics` | for whoever runs it; metrics as Prometheus reads them |
//!
//! `ID` is a path below the folder, its slashes written as `%2F`. `ID~16` is the same image
//! virtually enlarged 16 times, `ID~16~vivid` at a look: viewers that know nothing of enlargements
//! zoom into it.
//!
//! Pixels come from a [`Pyramid`](casr_zoom::Pyramid) whose levels double, so that all sizes share
//! their work: an answer is a window of the smallest level that is large enough, shrunk to the
//! wanted size. Work waits in bounded queues, is done once for all who want the same, and ends when
//! nobody waits for it any more.

#![forbid(unsafe_code)]

mod answers;
mod deep_zoom;
mod documents;
mod error;
mod growing;
mod http;
mod identifier;
mod iiif;
mod library;
mod metrics;
mod openapi;
mod order;
mod pace;
mod pyramids;
mod render;
mod routes;
mod settings;
mod uploads;
mod upscale;
mod viewer;
mod work;

pub use error::ServeError;
pub use settings::{LARGEST_FACTOR, LARGEST_SIDE, SMALLEST_AREA, Settings, UploadSettings};

use casr_zoom::Model;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How often it is asked whether to stop.
const OFTEN: Duration = Duration::from_millis(100);

/// Threads that may wait for the disk. When many requests come at once, more would keep those that
/// answer from the processor.
const BLOCKING: usize = 8;

/// Serves until `stop` returns true, which is asked ten times a second; then what has begun is
/// finished. `ready` is told the address once requests are answered.
///
/// # Errors
/// Whatever keeps the service from starting: [`ServeError::Folder`], [`ServeError::Cache`],
/// [`ServeError::Listen`] or [`ServeError::Threads`]; with
/// [`Settings::latency`] also [`ServeError::Zoom`], if a GPU fails.
pub fn serve(
    model: Model,
    settings: Settings,
    ready: impl FnOnce(SocketAddr),
    stop: impl Fn() -> bool,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(BLOCKING)
        .build()
        .map_err(ServeError::Threads)?;
    let address = settings.listen;
    let app = Arc::new(http::App::new(model, settings)?);
    runtime.block_on(async {
        let listener = http::server::listen(address).await?;
        ready(listener.local_addr().unwrap_or(address));
        let stopped = async {
            while !stop() {
                tokio::time::sleep(OFTEN).await;
            }
        };
        tokio::select! {
            () = http::server::run(app.clone(), listener, stopped) => Ok(()),
            never = http::sweep(app) => match never {},
        }
    })
}
