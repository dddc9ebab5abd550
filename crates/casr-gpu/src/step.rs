//! One step: what is uploaded, which kernels run on what, and what is downloaded. Everything
//! between stays on the device.

use crate::error::GpuError;
use crate::kernels::{CELL, CELLS, PIXELS, cover, fours};
use crate::network::{AlignmentKernels, GpuNetwork, RegionKernels, SimilarityKernels, Values};
use crate::recorder::{KernelTime, Recorder, part, whole};
use crate::tables::{ResamplingSizes, StepSizes, Tables, UNIFORM, phases};
use crate::weights::Layer;
use crate::workspace::{Place, Workspace};
use casr_net::{COLOURS, StepGeometry, StepResult, StepWindow};
use wgpu::Buffer;

/// Bytes of a number.
const NUMBER: usize = size_of::<f32>();

/// A step that is ready to run.
pub(crate) struct Step<'a> {
    network: &'a GpuNetwork,
    workspace: &'a mut Workspace,
    window: &'a StepWindow,
    geometry: &'a StepGeometry,
    /// The window, for messages.
    what: &'a str,
    sizes: StepSizes,
    /// Sizes of the step, and of the two resamplings of the anchor.
    uniforms: Buffer,
    tables: Buffer,
    phases: Buffer,
    pixels: Buffer,
    nothing: Buffer,
}

/// Maps of features.
struct Maps {
    /// What the encoder and SARM have made; at the end, what the head reads.
    encoded: Buffer,
    /// The sum of the residual blocks, in single precision.
    sums: Buffer,
    /// What a convolution reads and makes between sums.
    first: Buffer,
    second: Buffer,
}

/// Superpixels of the window.
struct Regions<'a> {
    kernels: &'a RegionKernels,
    weights: Buffer,
    modulation: Buffer,
}

impl<'a> Step<'a> {
    /// Uploads what a step reads, the maps of modules apart.
    pub fn new(
        network: &'a GpuNetwork,
        workspace: &'a mut Workspace,
        window: &'a StepWindow,
        geometry: &'a StepGeometry,
        what: &'a str,
    ) -> Result<Self, GpuError> {
        let (rows, columns) = (&geometry.rows, &geometry.columns);
        let (height, width) = (rows.inputs(), columns.inputs());
        let mut tables = Tables::default();
        let [row_starts, _] = tables.cells(&rows.cells);
        let [column_starts, column_cells] = tables.cells(&columns.cells);
        let [base_rows, base_row_count] = tables.taps(&rows.base);
        let [base_columns, base_column_count] = tables.taps(&columns.base);
        let per_step = &network.values.per_step;
        let (frequencies, _) = per_step.frequencies().as_chunks::<2>();
        let decay = per_step.decay(geometry);
        // A wave's share is that of the rows' axis.
        let row_waves: Vec<_> = (frequencies.iter().zip(decay))
            .map(|(pair, decay)| (pair[0], decay))
            .collect();
        let column_waves: Vec<_> = frequencies.iter().map(|pair| (pair[1], 1.0)).collect();
        let mut waves = phases(&rows.cells.offsets, &row_waves);
        let column_phases = waves.len() as u32 / 2;
        waves.extend(phases(&columns.cells.offsets, &column_waves));
        let mut sizes = StepSizes {
            height: height as u32,
            width: width as u32,
            made_height: rows.cells.outputs() as u32,
            made_width: columns.cells.outputs() as u32,
            cell_rows: height.div_ceil(CELL) as u32,
            cell_columns: width.div_ceil(CELL) as u32,
            row_starts,
            column_starts,
            column_cells,
            base_rows,
            base_row_count,
            base_columns,
            base_column_count,
            column_phases,
            ..StepSizes::default()
        };
        if let Some(before) = &window.before {
            let [rows, columns] = &*before.places;
            sizes.earlier_rows = rows.earlier as u32;
            sizes.earlier_columns = columns.earlier as u32;
            sizes.earlier_row_places = tables.places(rows);
            sizes.earlier_column_places = tables.places(columns);
        }
        let [shrink, enlarge] = anchor(geometry, window.origin.anchor(), &mut tables);
        let mut uniforms = vec![0; 2 * UNIFORM as usize + size_of::<ResamplingSizes>()];
        for (place, bytes) in [
            (0, bytemuck::bytes_of(&sizes)),
            (UNIFORM as usize, bytemuck::bytes_of(&shrink)),
            (2 * UNIFORM as usize, bytemuck::bytes_of(&enlarge)),
        ] {
            uniforms[place..place + bytes.len()].copy_from_slice(bytes);
        }
        let mut upload = |place, bytes: &[u8]| {
            let buffer = workspace.buffer(&network.context, what, place, bytes.len())?;
            network.context.queue.write_buffer(&buffer, 0, bytes);
            Ok(buffer)
        };
        Ok(Self {
            uniforms: upload(Place::Sizes, &uniforms)?,
            tables: upload(Place::Tables, bytemuck::cast_slice(&tables.values))?,
            phases: upload(Place::Phases, bytemuck::cast_slice(&waves))?,
            pixels: upload(Place::Pixels, bytemuck::cast_slice(&window.pixels))?,
            nothing: upload(Place::Nothing, &[0; 16])?,
            network,
            workspace,
            window,
            geometry,
            what,
            sizes,
        })
    }

    /// Runs all kernels, and waits for what they make.
    pub fn run(mut self, clocked: bool) -> Result<(StepResult, Vec<KernelTime>), GpuError> {
        let context = &self.network.context;
        let mut recorder = match clocked {
            true => Recorder::clocked(context),
            false => Recorder::new(context),
        };
        let (features, statistics) = self.features(&mut recorder)?;
        let output = self.colours(&mut recorder, &features)?;

        let outputs = self.geometry.rows.outputs() * self.geometry.columns.outputs() * COLOURS;
        let left = match &statistics {
            Some(_) => self.cells() * self.network.config.statistics(),
            None => 0,
        };
        let readable = self.buffer(Place::Read, (outputs + left) * NUMBER)?;
        let [bytes, left] = [outputs, left].map(|length| (length * NUMBER) as u64);
        recorder.copy(&output, &readable, 0, bytes);
        if let Some(statistics) = &statistics {
            recorder.copy(statistics, &readable, bytes, left);
        }
        recorder.finish(&readable, bytes + left, |all| {
            let (pixels, left) = all.split_at(bytes as usize);
            StepResult {
                pixels: bytemuck::pod_collect_to_vec(pixels),
                statistics: (statistics.is_some()).then(|| bytemuck::pod_collect_to_vec(left)),
            }
        })
    }

    /// Encoder, modules and body: the features that the head reads, and the statistics of a network
    /// with SDAM.
    fn features(&mut self, recorder: &mut Recorder) -> Result<(Buffer, Option<Buffer>), GpuError> {
        let network = self.network;
        let Values { blocks, body, .. } = &network.values;
        let maps = self.maps()?;
        self.encode(recorder, &maps)?;
        let regions = match &network.kernels.regions {
            Some(kernels) => Some(self.regions(recorder, kernels)?),
            None => None,
        };
        if let (Some(regions), Some(kernels)) = (&regions, &network.kernels.similarity) {
            self.apply_similarity(recorder, regions, kernels, &maps)?;
        }
        recorder.copy(&maps.encoded, &maps.sums, 0, self.map_bytes(NUMBER) as u64);

        let Maps {
            encoded,
            sums,
            first,
            second,
        } = &maps;
        let (activate, add) = (&network.values.activate, &network.values.add);
        // In half precision a sum leaves a copy in half, which the next convolution reads;
        // otherwise that reads the sum.
        let half = network.texts.half;
        let (mut source, mut free) = if half { (first, second) } else { (sums, first) };
        let mut statistics = None;
        for (index, [one, two, three]) in blocks.iter().enumerate() {
            let other = if half { source } else { second };
            self.convolve(recorder, one, activate, [source, free, &self.nothing])?;
            self.convolve(recorder, two, activate, [free, other, &self.nothing])?;
            self.convolve(recorder, three, add, [other, free, sums])?;
            if half {
                std::mem::swap(&mut source, &mut free);
            }
            if index + 1 == network.config.blocks_before_alignment()
                && let (Some(regions), Some(kernels)) = (&regions, &network.kernels.alignment)
            {
                statistics = Some(self.align(recorder, regions, kernels, sums, source)?);
            }
        }
        self.convolve(recorder, body, add, [source, free, encoded])?;
        Ok((maps.encoded, statistics))
    }

    /// A 3×3 convolution of a map into another one, or a sum.
    fn convolve(
        &self,
        recorder: &mut Recorder,
        layer: &Layer,
        mode: &Buffer,
        [source, made, sums]: [&Buffer; 3],
    ) -> Result<(), GpuError> {
        let texts = &self.network.texts;
        let bindings = [
            self.step_sizes(),
            whole(mode),
            whole(source),
            whole(&layer.weights),
            whole(&layer.bias),
            whole(made),
            whole(sums),
        ];
        let (height, width) = self.size();
        let grid = cover(width, height, [32, texts.rows], texts.channels.parts);
        let channels = texts.channels.count as f64;
        let operations = 18.0 * channels * channels * self.area() as f64;
        let kernel = &self.network.kernels.convolution;
        recorder.run(kernel, &bindings, grid, operations)
    }

    fn encode(&mut self, recorder: &mut Recorder, maps: &Maps) -> Result<(), GpuError> {
        let network = self.network;
        let values = &network.values;
        let bias = (values.per_step).encoder_bias(self.geometry, self.window.origin);
        let bias = network.texts.channels.bias(&bias);
        let bias = self.upload(Place::EncoderBias, &bias)?;
        let bindings = [
            self.step_sizes(),
            whole(&self.pixels),
            whole(&values.encoder.weights),
            whole(&bias),
            whole(&maps.encoded),
            whole(&maps.first),
        ];
        let kernel = &network.kernels.encoder;
        let operations = 54.0 * network.config.channels as f64 * self.area() as f64;
        recorder.run(
            kernel,
            self.with_copy(&bindings),
            self.grid(network.texts.channels.planes / 2),
            operations,
        )
    }

    /// The heat field and the anchor: the outputs that are kept.
    fn colours(&mut self, recorder: &mut Recorder, features: &Buffer) -> Result<Buffer, GpuError> {
        let network = self.network;
        let made = (self.sizes.made_height * self.sizes.made_width) as usize;
        let (rows, columns) = (&self.geometry.rows.anchor, &self.geometry.columns.anchor);
        let missing = rows.shrink.outputs * columns.shrink.outputs;
        let outputs = rows.kept.len() * columns.kept.len();
        let field = self.buffer(Place::Field, made * COLOURS * NUMBER)?;
        let missing = self.buffer(Place::Missing, missing * COLOURS * NUMBER)?;
        let output = self.buffer(Place::Output, outputs * COLOURS * NUMBER)?;
        let bindings = [
            self.step_sizes(),
            whole(features),
            whole(&network.values.head),
            whole(&self.tables),
            whole(&self.phases),
            whole(&self.pixels),
            whole(&field),
        ];
        let (height, width) = self.size();
        let config = network.config;
        let coefficients = 2 * config.channels * config.head_channels() * self.area();
        let operations = (coefficients + 18 * config.frequencies * made) as f64;
        recorder.run(
            &network.kernels.head,
            &bindings,
            cover(width, height, [network.texts.head_pixels(), 1], 1),
            operations,
        )?;
        for (index, taps, maps) in [
            (
                1,
                [&rows.shrink, &columns.shrink],
                [&field, &self.pixels, &missing],
            ),
            (
                2,
                [&rows.enlarge, &columns.enlarge],
                [&missing, &field, &output],
            ),
        ] {
            let [source, other, made] = maps;
            let sizes = size_of::<ResamplingSizes>() as u64;
            let bindings = [
                part(&self.uniforms, index * UNIFORM, sizes),
                whole(&self.tables),
                whole(source),
                whole(other),
                whole(made),
            ];
            let [rows, columns] = taps;
            let operations = 6 * rows.count * columns.count * rows.outputs * columns.outputs;
            recorder.run(
                &network.kernels.resampling,
                &bindings,
                cover(columns.outputs, rows.outputs, PIXELS, 1),
                operations as f64,
            )?;
        }
        Ok(output)
    }

    /// The weights of pixels for superpixels.
    fn regions(
        &mut self,
        recorder: &mut Recorder,
        kernels: &'a RegionKernels,
    ) -> Result<Regions<'a>, GpuError> {
        let network = self.network;
        let planes = network.texts.channels.planes;
        let means = self.buffer(Place::Means, 4 * self.cells() * NUMBER)?;
        let weights = self.buffer(Place::Regions, 9 * self.area() * NUMBER)?;
        let modulation = self.buffer(Place::Modulation, 8 * planes * self.cells() * NUMBER)?;
        let grid = self.cell_grid(1);
        let bindings = [self.step_sizes(), whole(&self.pixels), whole(&means)];
        recorder.run(&kernels.means, &bindings, grid, 0.0)?;
        let temperatures = network.values.temperatures.as_ref();
        let bindings = [
            self.step_sizes(),
            whole(temperatures.unwrap_or(&self.nothing)),
            whole(&self.pixels),
            whole(&means),
            whole(&weights),
        ];
        recorder.run(&kernels.assignment, &bindings, self.grid(1), 0.0)?;
        Ok(Regions {
            kernels,
            weights,
            modulation,
        })
    }

    /// Features times gains plus offsets, in place; in half precision with a copy.
    fn modulate(
        &self,
        recorder: &mut Recorder,
        regions: &Regions,
        features: &Buffer,
        copy: &Buffer,
    ) -> Result<(), GpuError> {
        let bindings = [
            self.step_sizes(),
            whole(&regions.weights),
            whole(&regions.modulation),
            whole(features),
            whole(copy),
        ];
        let grid = self.grid(self.network.texts.channels.planes);
        let kernel = &regions.kernels.modulation;
        recorder.run(kernel, self.with_copy(&bindings), grid, 0.0)
    }

    /// SARM: features are scaled and shifted by the autocorrelation of the original image, and
    /// matches added.
    fn apply_similarity(
        &mut self,
        recorder: &mut Recorder,
        regions: &Regions,
        kernels: &SimilarityKernels,
        maps: &Maps,
    ) -> Result<(), GpuError> {
        let network = self.network;
        let (window, values) = (self.window, &network.values);
        let (Some(prior), Some((layer, parameters))) = (&window.prior, &values.similarity) else {
            return Ok(());
        };
        let autocorrelation = self.upload(Place::Autocorrelation, prior.autocorrelation())?;
        let matches = self.upload(Place::Matches, prior.matches())?;
        let bindings = [
            self.step_sizes(),
            whole(&autocorrelation),
            whole(parameters),
            whole(&regions.modulation),
        ];
        recorder.run(&kernels.texture, &bindings, fours(self.cells()), 0.0)?;
        self.modulate(recorder, regions, &maps.encoded, &maps.first)?;
        let bindings = [
            self.step_sizes(),
            whole(&matches),
            whole(&layer.weights),
            whole(&layer.bias),
            whole(&maps.encoded),
            whole(&maps.first),
        ];
        let operations = 18 * prior.matches().len() * network.config.channels;
        recorder.run(
            &kernels.matches,
            self.with_copy(&bindings),
            self.grid(network.texts.channels.planes / 2),
            operations as f64,
        )
    }

    /// SDAM: features get the statistics of their superpixels moved towards those of the step
    /// before. What the next step is held to.
    fn align(
        &mut self,
        recorder: &mut Recorder,
        regions: &Regions,
        kernels: &AlignmentKernels,
        features: &Buffer,
        copy: &Buffer,
    ) -> Result<Buffer, GpuError> {
        let network = self.network;
        let (cells, planes) = (self.cells(), network.texts.channels.planes);
        let moments = self.buffer(Place::Moments, 8 * planes * cells * NUMBER)?;
        let colours = self.buffer(Place::Colours, 4 * cells * NUMBER)?;
        let left = cells * network.config.statistics();
        let statistics = self.buffer(Place::Statistics, left * NUMBER)?;
        let earlier = match &self.window.before {
            Some(before) => self.upload(Place::Earlier, &before.values)?,
            None => self.nothing.clone(),
        };
        for (kernel, values, made, depth) in [
            (&kernels.moments, features, &moments, planes),
            (&kernels.colours, &self.pixels, &colours, 1),
        ] {
            let bindings = [
                self.step_sizes(),
                whole(&regions.weights),
                whole(values),
                whole(made),
            ];
            recorder.run(kernel, &bindings, self.cell_grid(depth), 0.0)?;
        }
        let parameters = network.values.alignment.as_ref();
        let bindings = [
            self.step_sizes(),
            whole(&self.tables),
            whole(&moments),
            whole(&colours),
            whole(&earlier),
            whole(parameters.unwrap_or(&self.nothing)),
            whole(&regions.modulation),
            whole(&statistics),
        ];
        recorder.run(&kernels.alignment, &bindings, fours(cells), 0.0)?;
        self.modulate(recorder, regions, features, copy)?;
        Ok(statistics)
    }

    /// The maps of features: all of them in single precision, or the two that convolutions pass on
    /// in half.
    fn maps(&mut self) -> Result<Maps, GpuError> {
        let between = match self.network.texts.half {
            true => NUMBER / 2,
            false => NUMBER,
        };
        let (single, between) = (self.map_bytes(NUMBER), self.map_bytes(between));
        Ok(Maps {
            encoded: self.buffer(Place::Encoded, single)?,
            sums: self.buffer(Place::Sums, single)?,
            first: self.buffer(Place::FirstMap, between)?,
            second: self.buffer(Place::SecondMap, between)?,
        })
    }

    /// Bytes of a map whose numbers have some.
    fn map_bytes(&self, number: usize) -> usize {
        4 * self.network.texts.channels.planes * self.area() * number
    }

    fn buffer(&mut self, place: Place, bytes: usize) -> Result<Buffer, GpuError> {
        let context = &self.network.context;
        self.workspace.buffer(context, self.what, place, bytes)
    }

    fn upload(&mut self, place: Place, values: &[f32]) -> Result<Buffer, GpuError> {
        let bytes = bytemuck::cast_slice(values);
        let buffer = self.buffer(place, bytes.len())?;
        self.network.context.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    }

    fn step_sizes(&self) -> wgpu::BufferBinding<'_> {
        part(&self.uniforms, 0, size_of::<StepSizes>() as u64)
    }

    /// The bindings of a kernel whose last one, a copy in half precision, is there only where that
    /// is.
    fn with_copy<'b, 'c>(
        &self,
        bindings: &'b [wgpu::BufferBinding<'c>],
    ) -> &'b [wgpu::BufferBinding<'c>] {
        match self.network.texts.half {
            true => bindings,
            false => &bindings[..bindings.len() - 1],
        }
    }

    /// Rows and columns of pixels.
    fn size(&self) -> (usize, usize) {
        (self.sizes.height as usize, self.sizes.width as usize)
    }

    fn area(&self) -> usize {
        self.size().0 * self.size().1
    }

    fn cells(&self) -> usize {
        (self.sizes.cell_rows * self.sizes.cell_columns) as usize
    }

    /// Workgroups of pixels.
    fn grid(&self, depth: usize) -> [usize; 3] {
        cover(self.size().1, self.size().0, PIXELS, depth)
    }

    /// Workgroups of cells.
    fn cell_grid(&self, depth: usize) -> [usize; 3] {
        let [rows, columns] = [self.sizes.cell_rows, self.sizes.cell_columns];
        cover(columns as usize, rows as usize, CELLS, depth)
    }
}

/// The two resamplings of the anchor: what the result, shrunk again, lacks of the level below, and
/// a share of that, enlarged, added to the outputs that are kept.
fn anchor(geometry: &StepGeometry, share: f32, tables: &mut Tables) -> [ResamplingSizes; 2] {
    let (rows, columns) = (&geometry.rows.anchor, &geometry.columns.anchor);
    let mut resampling = |[rows, columns]: [&casr_kernels::resample::Taps; 2]| {
        let [row_taps, row_count] = tables.taps(rows);
        let [column_taps, column_count] = tables.taps(columns);
        ResamplingSizes {
            height: rows.outputs as u32,
            width: columns.outputs as u32,
            source_width: columns.inputs as u32,
            rows: row_taps,
            row_count,
            columns: column_taps,
            column_count,
            ..ResamplingSizes::default()
        }
    };
    let shrink = resampling([&rows.shrink, &columns.shrink]);
    let enlarge = resampling([&rows.enlarge, &columns.enlarge]);
    [
        ResamplingSizes {
            other_width: geometry.columns.inputs() as u32,
            other_top: rows.inputs.start as u32,
            other_left: columns.inputs.start as u32,
            share: -1.0,
            ..shrink
        },
        ResamplingSizes {
            other_width: geometry.columns.cells.outputs() as u32,
            other_top: rows.kept.start as u32,
            other_left: columns.kept.start as u32,
            share,
            ..enlarge
        },
    ]
}
