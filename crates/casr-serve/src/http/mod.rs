//! The service as HTTP: which path leads where, and what all answers have in common.

mod answer;
mod base;
mod deep_zoom;
mod iiif;
mod images;
mod pages;
mod query;
mod receive;
pub mod server;
mod uploads;
mod upscale;

pub use self::{pages::LARGEST_LISTING, receive::FIELD, upscale::REMARKS};

use crate::{
    ServeError,
    answers::{Answers, Disk, Fingerprint},
    library::{Image, Library},
    metrics::Metrics,
    pyramids::Pyramids,
    settings::Settings,
    uploads::{Uploads, is_identifier},
    work::Work,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use casr_zoom::{Enlarger, Model, ScalePlan, Size, Target, measure_throughput};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, sync::Arc, time::Instant};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any, CorsLayer},
};

/// Of the memory for caches, the share of finished answers.
const ANSWERS: u64 = 4;

/// The side of an image whose work stands for all, in pixels.
const TRIAL_SIDE: usize = 256;

/// What a client has closed before it was answered, as nginx counts it.
const GONE: u16 = 499;

/// All that requests share.
pub struct App {
    pub settings: Settings,
    pub library: Library,
    /// What others have sent, where they may.
    pub uploads: Option<Arc<Uploads>>,
    /// For images that are sent to be enlarged.
    pub enlarger: Enlarger,
    pub pyramids: Pyramids,
    pub answers: Answers,
    pub work: Work,
    pub metrics: Arc<Metrics>,
    /// What the pixels of all answers depend on: program, network, device.
    identity: Fingerprint,
    /// The digest of what clients must send.
    token: Option<[u8; 32]>,
}

impl App {
    /// Opens the folder and the caches, and starts the threads.
    ///
    /// # Errors
    /// [`ServeError::Folder`], [`ServeError::Cache`], [`ServeError::Threads`], or
    /// [`ServeError::Zoom`] if a GPU fails.
    pub fn new(model: Model, settings: Settings) -> Result<Self, ServeError> {
        let metrics = Arc::new(Metrics::new());
        let disk = (settings.cache.as_ref())
            .map(|folder| Disk::open(folder, settings.cache_size))
            .transpose()?;
        let for_answers = settings.memory / ANSWERS;
        // Only those in a hurry need a guess before there is work.
        let pace = match settings.latency {
            Some(_) => Some(pace(&model)?),
            None => None,
        };
        let header = |token: &String| Sha256::digest(format!("Bearer {token}")).into();
        Ok(Self {
            library: Library::open(&settings.folder, settings.limits)?,
            uploads: (settings.uploads.as_ref())
                .map(|uploads| Uploads::open(&settings, uploads).map(Arc::new))
                .transpose()?,
            enlarger: Enlarger::new(model.clone()),
            identity: identity(&model, &settings),
            pyramids: Pyramids::new(model, &settings, settings.memory - for_answers),
            answers: Answers::new(for_answers, disk, metrics.clone()),
            work: Work::start(
                settings.workers,
                settings.queue,
                settings.deadline,
                pace,
                metrics.clone(),
            )?,
            metrics,
            token: settings.token.as_ref().map(header),
            settings,
        })
    }

    /// The image of a name: of the folder, or one that was sent.
    ///
    /// # Errors
    /// As [`Library::find`].
    pub fn find(&self, name: &str) -> Result<Image, ServeError> {
        match &self.uploads {
            Some(uploads) if is_identifier(name) => uploads.find(name),
            _ => self.library.find(name),
        }
    }

    /// Whether not everybody may see an image.
    fn is_private(&self, image: &Image) -> bool {
        self.settings.token.is_some() || is_identifier(&image.name)
    }

    /// Whether a request may be answered.
    fn admits(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        let Some(token) = self.token else {
            return true;
        };
        // Browsers ask without a token whether they may ask with one.
        if method == Method::OPTIONS || path == "/health" {
            return true;
        }
        let sent = headers.get(header::AUTHORIZATION);
        // Digests tell nothing by the time it takes to compare them.
        sent.is_some_and(|sent| Sha256::digest(sent.as_bytes())[..] == token)
    }
}

/// How many pixels go through the network in a second, from one tile.
fn pace(model: &Model) -> Result<f64, ServeError> {
    let size = Size {
        width: TRIAL_SIDE,
        height: TRIAL_SIDE,
    };
    let plan = ScalePlan::doubling(size, Target::Factor(2.0))?;
    let cost = Enlarger::new(model.clone()).cost(&plan);
    let pixels: u64 = cost.levels.iter().map(|level| level.computed_pixels).sum();
    Ok(pixels as f64 / cost.flops() * measure_throughput(model)?)
}

/// What pixels depend on besides the image and the order.
fn identity(model: &Model, settings: &Settings) -> Fingerprint {
    let mut hash = Sha256::new();
    for look in [0.0, 1.0] {
        for parameter in model.with_look(look).parameters() {
            hash.update(&parameter.name);
            for value in &parameter.values {
                hash.update(value.to_le_bytes());
            }
        }
    }
    let device = model.device();
    let text = format!(
        "{} {} {} {} {}",
        env!("CARGO_PKG_VERSION"),
        device.is_gpu(),
        device.precision(),
        model.passes(),
        settings.max_factor,
    );
    Fingerprint::of([text.as_bytes(), &hash.finalize()])
}

/// The paths of the service.
pub fn router(app: Arc<App>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS])
        .allow_headers(Any)
        .expose_headers([header::ETAG, header::LINK, header::RETRY_AFTER]);
    Router::new()
        .route("/", get(pages::index))
        .route("/viewer/{file}", get(pages::viewer))
        .route("/api/images", get(pages::list))
        .route("/images", post(uploads::answer))
        .route("/upscale", post(upscale::answer))
        .route("/openapi.json", get(pages::openapi))
        .route("/iiif/{*rest}", get(iiif::answer))
        .route("/dzi/{*rest}", get(deep_zoom::answer))
        .route("/health", get(pages::health))
        .route("/metrics", get(pages::metrics))
        .fallback(pages::missing)
        .method_not_allowed_fallback(pages::method)
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .layer(cors)
        .layer(middleware::from_fn_with_state(app.clone(), account))
        .with_state(app)
}

/// Removes images that were sent when their time is over; for ever.
pub async fn sweep(app: Arc<App>) -> Infallible {
    let Some(uploads) = app.uploads.clone() else {
        return std::future::pending().await;
    };
    let mut interval = tokio::time::interval(uploads.sweeps());
    loop {
        interval.tick().await;
        let uploads = uploads.clone();
        // A defect there is no reason to stop.
        let _ = tokio::task::spawn_blocking(move || uploads.sweep()).await;
    }
}

/// Turns those away who have no token.
async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match app.admits(request.method(), request.uri().path(), request.headers()) {
        true => next.run(request).await,
        false => ServeError::Unauthorized.into_response(),
    }
}

/// Logs and counts requests.
async fn account(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut account = Account {
        app,
        route: route(request.uri().path()),
        text: format!("{} {}", request.method(), request.uri()),
        begun: Instant::now(),
        status: GONE,
    };
    let response = next.run(request).await;
    account.status = response.status().as_u16();
    response
}

/// A request that is being answered. Where its client goes, it is dropped, and counted as well.
struct Account {
    app: Arc<App>,
    route: &'static str,
    text: String,
    begun: Instant,
    status: u16,
}

impl Drop for Account {
    fn drop(&mut self) {
        let time = self.begun.elapsed();
        (self.app.metrics).answered(self.route, self.status, time);
        let milliseconds = time.as_millis();
        tracing::info!(status = self.status, milliseconds, "{}", self.text);
    }
}

/// What a request is counted as.
fn route(path: &str) -> &'static str {
    let first = path.trim_start_matches('/').split('/').next();
    match first.unwrap_or_default() {
        "" => "index",
        "viewer" => "viewer",
        "api" => "api",
        "images" => "images",
        "upscale" => "upscale",
        "openapi.json" => "openapi",
        "iiif" if path.ends_with("/info.json") => "info",
        "iiif" => "iiif",
        "dzi" => "dzi",
        "health" => "health",
        "metrics" => "metrics",
        _ => "other",
    }
}
