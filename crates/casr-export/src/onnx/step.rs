//! The graph of a step: `[batch, 3, height, width]` →
//! `[batch, 3, height · factor, width · factor]`.

use super::body::Body;
use super::builder::{Builder, Name, integer, integers, text};
use super::message::Graph;
use crate::folded::{self, Folded};
use casr_kernels::guard::GATE_REACH;

/// The name of the graph's input: RGB in [0, 1].
pub(super) const INPUT: &str = "input";

/// The name of the graph's output.
pub(super) const OUTPUT: &str = "output";

/// Rows and columns among the axes of a tensor.
const AXES: [(&str, i64); 2] = [("rows", 2), ("columns", 3)];

/// Height and width of an input.
pub(super) type Size = (usize, usize);

/// Puts the nodes of a step together; `size` is the input's where it is fixed.
pub(super) fn graph(step: &Folded, size: Option<Size>, body: &Body) -> Graph {
    let mut graph = Builder::default();
    let level = INPUT.to_owned();
    let (inputs, outputs) = (step.ratio.inputs(), step.ratio.outputs());
    let size = size.map(|(height, width)| [height, width]);
    let extended = mirrored(&mut graph, "extended", &level, step.border, size);

    let features = body.nodes(&mut graph, step, &extended);
    let near = graph.cropped("near", &extended, step.border - 1);
    let around = graph.single("around", &step.around, &near);
    let correction = graph.node("correction", "Add", &[&features, &around], vec![]);

    let neighbours = graph.cropped("neighbours", &extended, step.border - step.enlarge_reach());
    let correction = gated(&mut graph, step, &neighbours, &correction);
    let base = graph.single("base", &step.enlarge, &neighbours);
    let periods = graph.node("periods", "Add", &[&base, &correction], vec![]);
    let field = unfolded(&mut graph, "field", &periods, outputs);

    let made = if step.anchor > 0.0 {
        let size = size.map(|size| size.map(|side| side / inputs * outputs));
        let wide = mirrored(&mut graph, "wide", &field, step.shrink_reach, size);
        let shrunk = graph.single("shrunk.periods", &step.shrink, &wide);
        let shrunk = unfolded(&mut graph, "shrunk", &shrunk, inputs);
        let missing = graph.node("missing", "Sub", &[&level, &shrunk], vec![]);
        let size = size.map(|size| size.map(|side| side / outputs * inputs));
        let missing = mirrored(
            &mut graph,
            "missing.extended",
            &missing,
            step.enlarge_reach(),
            size,
        );
        let anchor = graph.single("anchor.periods", &step.anchored(), &missing);
        let anchor = unfolded(&mut graph, "anchor", &anchor, outputs);
        graph.node("anchored", "Add", &[&field, &anchor], vec![])
    } else {
        field
    };
    clipped(&mut graph, OUTPUT, &made);
    graph.finish()
}

/// The correction times the pixel's gate, its chroma times the chroma gate as well.
fn gated(graph: &mut Builder, step: &Folded, neighbours: &Name, correction: &Name) -> Name {
    let extremes = graph.single("extremes", &folded::extremes(), neighbours);
    let side = 2 * GATE_REACH as i64 + 1;
    let window = vec![integers("kernel_shape", vec![side; 2])];
    let extremes = graph.node("extremes.near", "MaxPool", &[&extremes], window);
    let gates = [
        ("gate", folded::colour_ranges()),
        ("chroma_gate", folded::chroma_ranges()),
    ]
    .map(|(name, ranges)| {
        let ranges = graph.single(&format!("{name}.ranges"), &ranges, &extremes);
        let widest = format!("{name}.widest");
        let widest = graph.node(
            &widest,
            "ReduceMax",
            &[&ranges],
            vec![integers("axes", vec![1])],
        );
        let gate = clipped(graph, name, &widest);
        match &step.spread {
            Some(spread) => graph.single(&format!("{name}.spread"), spread, &gate),
            None => gate,
        }
    });
    let luma = graph.single("luma", &step.luma, correction);
    let chroma = graph.node("chroma", "Sub", &[correction, &luma], vec![]);
    let chroma = graph.node("chroma.gated", "Mul", &[&chroma, &gates[1]], vec![]);
    let sum = graph.node("correction.gated.chroma", "Add", &[&luma, &chroma], vec![]);
    graph.node("correction.gated", "Mul", &[&sum, &gates[0]], vec![])
}

/// A value within 0 and 1.
fn clipped(graph: &mut Builder, name: &str, input: &Name) -> Name {
    let bounds = [("least", 0.0), ("most", 1.0)]
        .map(|(bound, value)| graph.floats(&format!("{name}.{bound}"), &[], &[value]));
    graph.node(name, "Clip", &[input, &bounds[0], &bounds[1]], vec![])
}

/// The channels of a period as pixels.
fn unfolded(graph: &mut Builder, name: &str, input: &Name, side: usize) -> Name {
    if side == 1 {
        return input.clone();
    }
    let settings = vec![integer("blocksize", side as i64), text("mode", "CRD")];
    graph.node(name, "DepthToSpace", &[input], settings)
}

/// `input` with `margin` mirrored pixels on every side, of `size` where that is fixed. Mirrored as
/// often as it takes where an input is smaller than that.
fn mirrored(
    graph: &mut Builder,
    name: &str,
    input: &Name,
    margin: usize,
    size: Option<[usize; 2]>,
) -> Name {
    let mut made = input.clone();
    for (index, (axis_name, axis)) in AXES.into_iter().enumerate() {
        let name = format!("{name}.{axis_name}");
        let places = match size {
            Some(size) => {
                let (side, margin) = (size[index], margin as i64);
                let places = (-margin..side as i64 + margin)
                    .map(|place| i64::from(casr_net::mirror(place, side)));
                graph.places(&format!("{name}.places"), &places.collect::<Vec<_>>())
            }
            None => mirrored_places(graph, &name, input, axis, margin as i64),
        };
        made = graph.node(
            &name,
            "Gather",
            &[&made, &places],
            vec![integer("axis", axis)],
        );
    }
    made
}

/// The places of an axis with `margin` mirrored ones before and behind it, whatever its length n:
/// i mod 2n, or 2n − 1 less that where it is smaller.
fn mirrored_places(graph: &mut Builder, name: &str, input: &Name, axis: i64, margin: i64) -> Name {
    let part = |part: &str| format!("{name}.{part}");
    let [first, one, two, behind, which] = [
        ("first", -margin),
        ("one", 1),
        ("two", 2),
        ("margin", margin),
        ("axis", axis),
    ]
    .map(|(name, value)| graph.place(&part(name), value));
    let shape = graph.node(&part("shape"), "Shape", &[input], vec![]);
    let length = graph.node(&part("length"), "Gather", &[&shape, &which], vec![]);
    let end = graph.node(&part("end"), "Add", &[&length, &behind], vec![]);
    let all = graph.node(&part("all"), "Range", &[&first, &end, &one], vec![]);
    let period = graph.node(&part("period"), "Mul", &[&length, &two], vec![]);
    let forth = graph.node(&part("forth"), "Mod", &[&all, &period], vec![]);
    let last = graph.node(&part("last"), "Sub", &[&period, &one], vec![]);
    let back = graph.node(&part("back"), "Sub", &[&last, &forth], vec![]);
    graph.node(&part("places"), "Min", &[&forth, &back], vec![])
}
