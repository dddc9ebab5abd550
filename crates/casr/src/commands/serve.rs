//! `casr serve`: a folder of images at any zoom, for browsers and programs.

use crate::memory;
use anyhow::anyhow;
use casr_cli::Outcome;
use casr_cli::console::{self, Usage};
use casr_cli::interrupt;
use casr_cli::options::{EffortOptions, LimitOptions, ModelOptions, parse_time};
use casr_serve::{LARGEST_FACTOR, SMALLEST_AREA, ServeError, Settings, UploadSettings, serve};
use casr_zoom::{Look, Strength};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tracing::Level;

/// Where the token may be given that other users of the machine should not see among processes.
const TOKEN: &str = "CASR_TOKEN";

/// The arguments of `casr serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr serve photographs/
  casr serve photographs/ --listen 0.0.0.0:8080 --cache /var/cache/casr
  casr serve photographs/ --uploads --uploads-keep 24h
  CASR_TOKEN=secret casr serve photographs/ --look faithful --max-factor 16

Then open http://127.0.0.1:8417/, or hand http://127.0.0.1:8417/iiif/photo.jpg~16/info.json to a
viewer that reads IIIF.")]
pub struct ServeArguments {
    /// The folder of images; what lies below it is served, but for hidden files
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Where to listen. Beyond this machine everybody who reaches it may ask, unless there is a
    /// token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8417")]
    listen: SocketAddr,
    /// Answer only those who send `Authorization: Bearer TOKEN`; the environment variable
    /// CASR_TOKEN does the same, and is not shown among processes
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// How the service is called from outside, where that is not what requests and the headers
    /// X-Forwarded-Proto and X-Forwarded-Host say
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// How images look that are asked for without a look: faithful, balanced, vivid, or a number
    /// from 0, faithful, to 1, vivid
    #[arg(long, value_name = "LOOK", default_value = "vivid", value_parser = fixed_look)]
    look: Strength,
    /// The largest factor, from 1 to 64
    #[arg(long, value_name = "FACTOR", default_value_t = LARGEST_FACTOR, value_parser = parse_factor)]
    max_factor: f64,
    /// The most pixels of an answer
    #[arg(long, value_name = "PIXELS", default_value_t = 1 << 24, value_parser = clap::value_parser!(u64).range(SMALLEST_AREA..))]
    max_area: u64,
    /// How much memory images, tiles and answers may take that are kept for the next request, such
    /// as 512M or 2G; work on requests takes more
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = memory::parse)]
    memory: u64,
    /// A folder that keeps answers between runs
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// How much that folder may hold
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = memory::parse, requires = "cache")]
    cache_size: u64,
    /// Let others send images: to be looked at, in the viewer or by POST /images, or to be
    /// enlarged, by POST /upscale. They are kept apart from the folder, below that of --cache, or
    /// in a temporary one
    #[arg(long)]
    uploads: bool,
    /// How long images are kept that were sent to be looked at, such as 90m or 24h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_time, requires = "uploads")]
    uploads_keep: Duration,
    /// How much all that was sent may take on the disk; beyond it nothing is taken
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = memory::parse, requires = "uploads")]
    uploads_size: u64,
    /// The largest file that may be sent
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = memory::parse, requires = "uploads")]
    max_upload: u64,
    /// The most pixels of an image that is sent
    #[arg(long, value_name = "PIXELS", default_value_t = 1 << 26, value_parser = clap::value_parser!(u64).range(1..), requires = "uploads")]
    max_upload_pixels: u64,
    /// How many requests of a kind may wait; more are sent away for the time being
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    queue: u16,
    /// How long a request may wait and be worked on, such as 90s
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = parse_time)]
    deadline: Duration,
    /// What a request should take, such as 2s: where more is expected, its pixels come about by
    /// larger or fewer steps of the network, and the best follow when there is time [default: all
    /// are the best]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    latency: Option<Duration>,
    /// How many connections there may be
    #[arg(long, value_name = "COUNT", default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Log warnings only, and no requests
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    effort: EffortOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

/// Serves until Ctrl-C or SIGTERM.
pub fn run(arguments: &ServeArguments) -> anyhow::Result<Outcome> {
    let token = match &arguments.token {
        Some(token) => Some(token.clone()),
        None => std::env::var(TOKEN).ok(),
    };
    if token.as_ref().is_some_and(String::is_empty) {
        let message = "an empty token keeps nobody out: write one, or leave it out (--token, or the environment variable CASR_TOKEN)";
        return Err(Usage(message.to_owned()).into());
    }
    let level = match arguments.quiet {
        true => Level::WARN,
        false => Level::INFO,
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_max_level(level)
        .init();
    arguments.model.start()?;
    let model = arguments.effort.apply(arguments.model.model()?)?;
    let settings = Settings {
        listen: arguments.listen,
        token,
        base_url: arguments.base_url.clone(),
        look: arguments.look,
        max_factor: arguments.max_factor,
        max_area: arguments.max_area,
        limits: arguments.limits.limits(),
        memory: arguments.memory,
        cache: arguments.cache.clone(),
        cache_size: arguments.cache_size,
        queue: arguments.queue.into(),
        deadline: arguments.deadline,
        latency: arguments.latency,
        connections: arguments.connections.into(),
        uploads: arguments.uploads.then(|| UploadSettings {
            keep: arguments.uploads_keep,
            room: arguments.uploads_size,
            max_bytes: arguments.max_upload,
            max_pixels: arguments.max_upload_pixels,
            ..UploadSettings::default()
        }),
        ..Settings::new(&arguments.folder)
    };
    let ready = |address| {
        // Where standard output is closed, the log says so, too.
        let _ = console::print(&format!("http://{address}/\n"));
        tracing::info!("serving on {address}");
    };
    match serve(model, settings, ready, interrupt::requested) {
        Ok(()) => Ok(Outcome::Done),
        Err(error @ ServeError::Listen { .. }) => Err(anyhow!("{error} (--listen)")),
        Err(error @ ServeError::Cache { .. }) => Err(anyhow!("{error} (--cache)")),
        Err(error) => Err(error.into()),
    }
}

/// Reads a look that is the same for all images.
fn fixed_look(text: &str) -> Result<Strength, String> {
    match text.parse() {
        Ok(Look::Fixed(look)) => Ok(look),
        _ => Err("write faithful, balanced, vivid, or a number from 0 to 1".to_owned()),
    }
}

/// Reads the largest factor.
fn parse_factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (1.0..=LARGEST_FACTOR).contains(&factor) => Ok(factor),
        _ => Err(format!("write a number from 1 to {LARGEST_FACTOR}")),
    }
}
