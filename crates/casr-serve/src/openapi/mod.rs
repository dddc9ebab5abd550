//! The description of the service for programs (OpenAPI): every address, what it takes and what it
//! answers.

mod parts;

use crate::{
    documents::{ImageInformation, ListedImage, Listing, Upload, Uploads},
    http::{LARGEST_LISTING, REMARKS},
    settings::Settings,
};
use parts::{Described, get, integer, number, one_of, path, pattern, post, query, text, union};
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder,
    ServerBuilder,
    path::Parameter,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The name of the scheme by which clients show their token.
const TOKEN: &str = "token";

/// The forms of regions, sizes and rotations; what else their numbers must be depends on the image.
const REGION: &str =
    r"^(full|square|\d{1,9}(,\d{1,9}){3}|pct:\d{1,3}(\.\d{1,9})?(,\d{1,3}(\.\d{1,9})?){3})$";
const SIZE: &str = r"^\^?(max|\d{1,9},|,\d{1,9}|!?\d{1,9},\d{1,9}|pct:\d{1,4}(\.\d{1,9})?)$";
const ROTATION: &str = "^!?(0|90|180|270|360)$";

/// Content types of images.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/tiff"];

const JSON: &str = "application/json";

/// The largest side that anybody may ask for.
const SIDE: u32 = 1 << 24;

/// The description of a service that is called at that URL.
pub fn description(settings: &Settings, url: &str) -> OpenApi {
    let about = "Images at any zoom, truly super-resolved. Addresses that answer GET answer HEAD as well. An error is a sentence of plain text, with what to do.";
    let mut paths = PathsBuilder::new();
    for (address, described) in addresses(settings) {
        // Whoever watches over the service has no token.
        let secured = settings.token.is_some() && address != "/health";
        let (method, operation) = described.build(secured.then_some(TOKEN));
        paths = paths.path(address, PathItem::new(method, operation));
    }
    let info = InfoBuilder::new()
        .title("casr serve")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about));
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url(url).build()]))
        .paths(paths)
        .components(Some(components(settings)))
        .build()
}

/// All addresses.
fn addresses(settings: &Settings) -> Vec<(&'static str, Described)> {
    let mut all = pages();
    all.extend(images());
    if let Some(uploads) = &settings.uploads {
        let sent = [400, 403, 408, 413, 415, 422, 500, 503, 507];
        let look =
            "From 0, faithful, which invents nothing, to 1, vivid; auto goes by factor and image";
        let looks = one_of(["auto", "faithful", "balanced", "vivid"]);
        let restore = "How much noise and how many traces of JPEG to remove, from 0 to 1; auto is as much as is found";
        let format = "How the result is written; else as the image is, or as PNG";
        all.push((
            "/images",
            post("Sends an image to be looked at", uploads)
                .schema(201, "It can be looked at, for a while", &[JSON], "Upload")
                .header(201, "Location", "The base URI of the image")
                .errors(&sent),
        ));
        all.push((
            "/upscale",
            post(
                "Sends an image and gets it enlarged: by factor, or to width, height or both",
                uploads,
            )
            .parameter(query(
                "factor",
                "How many times as large",
                number(1.0, settings.max_factor),
            ))
            .parameter(query("width", "Pixels across", integer(1, SIDE)))
            .parameter(query("height", "Pixels down", integer(1, SIDE)))
            .parameter(query("look", look, union([looks, number(0.0, 1.0)])))
            .parameter(query(
                "restore",
                restore,
                union([one_of(["auto"]), number(0.0, 1.0)]),
            ))
            .parameter(query(
                "format",
                format,
                one_of(["jpg", "png", "webp", "tif"]),
            ))
            .content(200, "The result", &IMAGES)
            .header(200, REMARKS, "What the result does not keep of the image")
            .errors(&sent),
        ));
    }
    all
}

/// All but images.
fn pages() -> Vec<(&'static str, Described)> {
    let viewer = [
        "text/html",
        "text/css",
        "text/javascript",
        "image/svg+xml",
        "text/plain",
    ];
    let metrics = "application/openmetrics-text";
    vec![
        (
            "/",
            get("The viewer")
                .content(200, "A page", &["text/html"])
                .errors(&[304]),
        ),
        (
            "/viewer/{file}",
            get("A file of the viewer")
                .parameter(path("file", "Its name", text("viewer.js")))
                .content(200, "The file", &viewer)
                .errors(&[304, 404]),
        ),
        (
            "/api/images",
            get("The images of the folder, page by page, in the order of their names")
                .parameter(query(
                    "after",
                    "The name after which to go on",
                    text("dog.png"),
                ))
                .parameter(query("limit", "How many", integer(1, LARGEST_LISTING)))
                .schema(200, "Some images", &[JSON], "Listing")
                .errors(&[400, 500]),
        ),
        (
            "/health",
            get("Whether the service is there").content(200, "It is", &["text/plain"]),
        ),
        (
            "/metrics",
            get("Counters and gauges, as Prometheus reads them").content(
                200,
                "All of them",
                &[metrics],
            ),
        ),
        (
            "/openapi.json",
            get("This description").content(200, "The description", &[JSON]),
        ),
    ]
}

/// Images, as IIIF and Deep Zoom ask for them.
fn images() -> Vec<(&'static str, Described)> {
    let found = [400, 403, 404, 500, 503];
    let region = "full, square, x,y,w,h in pixels, or pct:x,y,w,h";
    let size = "max, w, or ,h or w,h or !w,h or pct:n; with ^ before it where that is larger than the region";
    let rotation = "Degrees clockwise by quarters of a turn, with ! before it to mirror first";
    let qualities = one_of(["default", "color", "gray", "bitonal"]);
    let formats = one_of(["jpg", "png", "webp", "tif"]);
    vec![
        (
            "/iiif/{identifier}",
            get("The base URI of an image")
                .parameter(identifier())
                .content(303, "The image information is elsewhere", &[])
                .header(303, "Location", "The image information")
                .errors(&found),
        ),
        (
            "/iiif/{identifier}/info.json",
            get("Image information of the IIIF Image API 3.0")
                .parameter(identifier())
                .schema(
                    200,
                    "The information",
                    &["application/ld+json", JSON],
                    "ImageInformation",
                )
                .errors(&[304])
                .errors(&found),
        ),
        (
            "/iiif/{identifier}/{region}/{size}/{rotation}/{quality}.{format}",
            get("A region of an image at a size, by the IIIF Image API 3.0")
                .parameter(identifier())
                .parameter(path("region", region, pattern(REGION, "full")))
                .parameter(path("size", size, pattern(SIZE, "^200,")))
                .parameter(path("rotation", rotation, pattern(ROTATION, "0")))
                .parameter(path("quality", "What becomes of colours", qualities))
                .parameter(path("format", "How it is written", formats))
                .parameter(query(
                    "download",
                    "If there, browsers save it under a good name",
                    text(""),
                ))
                .content(200, "The image", &IMAGES)
                .errors(&[304, 501])
                .errors(&found),
        ),
        (
            "/dzi/{identifier}.dzi",
            get("The description of an image in Deep Zoom")
                .parameter(identifier())
                .content(200, "The description", &["application/xml"])
                .errors(&[304])
                .errors(&found),
        ),
        (
            "/dzi/{identifier}_files/{level}/{column}_{row}.{format}",
            get("A tile of an image in Deep Zoom")
                .parameter(identifier())
                .parameter(path("level", "From 0, a single pixel, up", integer(0, 32)))
                .parameter(path("column", "Of tiles", integer(0, SIDE)))
                .parameter(path("row", "Of tiles", integer(0, SIDE)))
                .parameter(path("format", "How it is written", one_of(["jpg", "png"])))
                .content(200, "The tile", &IMAGES[..2])
                .errors(&[304])
                .errors(&found),
        ),
    ]
}

fn identifier() -> Parameter {
    let about = "The path of an image below the folder, slashes as %2F, or what sending one has answered; with ~16 behind it virtually 16 times as large, with ~16~faithful at a look";
    path("identifier", about, text("dog.png~16"))
}

/// The answers in JSON, and how clients show a token if they must.
fn components(settings: &Settings) -> Components {
    let components = ComponentsBuilder::new()
        .schema_from::<Listing>()
        .schema_from::<ListedImage>()
        .schema_from::<Uploads>()
        .schema_from::<Upload>()
        .schema_from::<ImageInformation>();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    match settings.token {
        Some(_) => components.security_scheme(TOKEN, SecurityScheme::Http(bearer)),
        None => components,
    }
    .build()
}
