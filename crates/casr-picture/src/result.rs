//! How large a result is, and what is said of it: in its file, and to the user.

use casr_codec::{Format, Header, Mark, Options, Picture};
use casr_zoom::{Enlarger, Layers, Rectangle, ScalePlan, Size, Target, Treatment, ZoomError};

/// The largest factor of a whole enlargement that the network was trained through.
const TRAINED_FACTOR: f64 = 64.0;

/// The levels from a picture of `size` to `target`. A picture that keeps its size keeps its pixels,
/// unless it is to be restored: `restores`.
///
/// # Errors
/// See [`ScalePlan::new`].
pub fn plan(
    enlarger: &Enlarger,
    size: Size,
    target: Target,
    restores: bool,
) -> Result<ScalePlan, ZoomError> {
    match enlarger.plan(size, target)? {
        copy if copy.levels().is_empty() && restores => enlarger.plan(size, Target::Same),
        plan => Ok(plan),
    }
}

/// The enlarger as it treats this picture, and how that is; none where pixels stay as they are,
/// which needs no estimate.
pub fn treated(
    enlarger: Enlarger,
    layers: &Layers,
    plan: &ScalePlan,
) -> (Enlarger, Option<Treatment>) {
    if plan.levels().is_empty() {
        return (enlarger, None);
    }
    let treatment = enlarger.treatment(&*layers.colours, plan);
    (enlarger.treating(treatment), Some(treatment))
}

/// A remark on a factor beyond those that the network was trained through.
pub fn untrained(factor: f64) -> Option<String> {
    (factor > TRAINED_FACTOR).then(|| {
        format!(
            "enlarged {factor:.0} times: beyond ×{TRAINED_FACTOR} the network was not trained, and details are its own"
        )
    })
}

/// The header of a result, or of a window of it.
pub fn header(
    picture: &Picture,
    plan: &ScalePlan,
    window: Rectangle,
    format: Format,
    writing: &Options,
) -> Header {
    let share = |part: usize, whole: usize, of: usize| part as f64 * of as f64 / whole as f64;
    let (size, output) = (window.size(), plan.output());
    Header {
        from: Some((
            share(size.width, output.width, picture.width),
            share(size.height, output.height, picture.height),
        )),
        ..Header::of_written(picture, size.width, size.height, format, writing)
    }
}

/// How a result was made, for its metadata; `window` where it is not the whole one.
pub fn mark(
    plan: &ScalePlan,
    window: Option<Rectangle>,
    treatment: Treatment,
    passes: u32,
) -> Mark {
    let Treatment { degradation, look } = treatment;
    let what = if plan.input() == plan.output() {
        "restored".to_owned()
    } else {
        format!(
            "enlarged {:.3} times, {} to {}",
            plan.factor(),
            plan.input(),
            plan.output()
        )
    };
    let window = window.map_or_else(String::new, |window| format!(", of which {window}"));
    Mark {
        software: concat!("CASR ", env!("CARGO_PKG_VERSION")).to_owned(),
        parameters: format!(
            "{what}{window}; look {look:.2} (0 faithful, 1 vivid){}; removed noise {:.2} and compression {:.2} (0 none, 1 worst)",
            averaged(passes),
            degradation.noise,
            degradation.compression
        ),
    }
}

/// What is said of the passes of the network, where there are several.
fn averaged(passes: u32) -> String {
    match passes {
        1 => String::new(),
        passes => format!("; mean of {passes} orientations"),
    }
}

/// What was found in an image and what will be done; `treatment` is none where nothing is.
pub fn describe(plan: &ScalePlan, treatment: Option<Treatment>, passes: u32) -> String {
    let Some(Treatment { degradation, look }) = treatment else {
        return "the pixels stay as they are".to_owned();
    };
    let levels: Vec<String> = plan.levels().iter().map(ToString::to_string).collect();
    let found = [
        (degradation.noise, "noise"),
        (degradation.compression, "traces of JPEG"),
    ]
    .map(|(strength, what)| format!("{what} {strength:.2}"))
    .join(" and ");
    format!(
        "removes {found} (0 none, 1 worst); look {look:.2} (0 faithful, 1 vivid){}; {} → {}",
        averaged(passes),
        plan.input(),
        levels.join(" → ")
    )
}
