"""Weights files: safetensors, half precision, with one or both ends of a network and where they come from.

The faithful end has the least error, the vivid one the best look. What lies between them is a mix of their values.
"""

import io
import json
import os
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from .errors import WeightsError
from .network import BLOCK, COLOURS, NetworkConfig, Parameters, fresh_parameters
from .provenance import FAITHFUL, VIVID, Provenance

#: Values of the metadata key `format`: what is written, and the older one that is read as well.
FORMAT, FIRST_FORMAT = 'casr-network-2', 'casr-network-1'
#: What the names of the vivid end's tensors begin with, in a file of both ends.
VIVID_PREFIX = 'vivid.'
#: Exponent of [`mix_of_look`]: measured as LPIPS between neighbouring looks, which a straight mix bunches at the vivid end.
EVEN_STEPS = 0.65

_BLOCK_LAYERS = ('first', 'second', 'third')
#: Parameters that are the same in a file, layers of the modules, and 3×3 convolutions.
_PLAIN = ('embedding.scales', 'embedding.origin', 'embedding.bias', 'embedding.output', 'encoder.bias')
_PLAIN += ('head.frequencies', 'head.kappa', 'superpixels.temperatures', 'alignment.inner.bias', 'alignment.outer.bias')
_PLAIN += ('similarity.inner.bias', 'similarity.outer.bias', 'similarity.matches.bias')
_LAYERS = tuple(f'{module}.{layer}.weights' for module in ('alignment', 'similarity') for layer in ('inner', 'outer'))
_CONVOLUTIONS = ('encoder.weights', 'noise.weights', 'similarity.matches.weights')

#: Names in the exact values that older trainers left beside their weights files.
_EARLIER_NAMES = {
    'scales': 'embedding.scales', 'origin': 'embedding.origin', 'ebias': 'embedding.bias', 'eout': 'embedding.output',
    'enc_w': 'encoder.weights', 'enc_b': 'encoder.bias', 'body_w': 'body.weights', 'body_b': 'body.bias',
    'head_w': 'head.weights', 'head_b': 'head.bias', 'freq': 'head.frequencies', 'kappa': 'head.kappa',
    'noise_w': 'noise.weights', 'temps': 'superpixels.temperatures',
    'al_in_w': 'alignment.inner.weights', 'al_in_b': 'alignment.inner.bias',
    'al_out_w': 'alignment.outer.weights', 'al_out_b': 'alignment.outer.bias',
    'sim_in_w': 'similarity.inner.weights', 'sim_in_b': 'similarity.inner.bias',
    'sim_out_w': 'similarity.outer.weights', 'sim_out_b': 'similarity.outer.bias',
    'sim_m_w': 'similarity.matches.weights', 'sim_m_b': 'similarity.matches.bias',
}  # fmt: skip


@dataclass
class WeightsFile:
    """The content of a weights file."""

    config: NetworkConfig
    #: The values of the faithful end, or of the only one.
    parameters: Parameters
    #: Those of the vivid end, in a file of both.
    vivid: Parameters | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def at_look(self, look: float) -> Parameters:
        """The parameters at a look, from 0, faithful, to 1, vivid; a file of one network has one look."""
        if self.vivid is None:
            return self.parameters
        return mixed(self.parameters, self.vivid, mix_of_look(look))

    def end(self, end: str) -> Parameters:
        """The parameters of an end, or of the only one."""
        return self.vivid if end == VIVID and self.vivid is not None else self.parameters


def mix_of_look(look: float) -> float:
    """The share of the vivid end at a look: equal steps for the eye."""
    return min(max(look, 0.0), 1.0) ** EVEN_STEPS


def mixed(faithful: Parameters, vivid: Parameters, mix: float) -> Parameters:
    """faithful + mix · (vivid - faithful), value by value (deep network interpolation; Wang et al., arXiv 1811.10515)."""
    return {name: value + mix * (vivid[name] - value) for name, value in faithful.items()}


def body_layer_names(config: NetworkConfig) -> list[str]:
    """Names in a file of the convolutions that are stacked in `body.weights`, in order."""
    names = [f'blocks.{block}.{layer}' for block in range(config.blocks) for layer in _BLOCK_LAYERS]
    assert len(names) == BLOCK * config.blocks
    return [*names, 'body']


def to_tensors(parameters: Parameters, config: NetworkConfig) -> dict[str, Tensor]:
    """Parameters under their names and shapes in a file: channels last, convolutions `[3, 3, inputs, outputs]`."""
    values = {name: value.detach().float().cpu() for name, value in parameters.items()}
    tensors = {name: values[name] for name in _PLAIN if name in values}
    for name in _CONVOLUTIONS:
        if name in values:
            tensors[name] = values[name].permute(2, 3, 1, 0)
    for name in _LAYERS:
        if name in values:
            tensors[name] = values[name].T[None, None]
    for index, name in enumerate(body_layer_names(config)):
        tensors[f'{name}.weights'] = values['body.weights'][index].permute(2, 3, 1, 0)
        tensors[f'{name}.bias'] = values['body.bias'][index]
    padded, count, channels = config.padded_coefficients, config.coefficients, config.channels
    weights = values['head.weights'].view(COLOURS, padded, channels)[:, :count]
    tensors['head.coefficients.weights'] = weights.permute(2, 1, 0).reshape(1, 1, channels, COLOURS * count)
    tensors['head.coefficients.bias'] = values['head.bias'].view(COLOURS, padded)[:, :count].T.reshape(-1)
    return tensors


def from_tensors(tensors: dict[str, Tensor], config: NetworkConfig) -> Parameters:
    """The inverse of [`to_tensors`].

    Raises WeightsError if a tensor is missing, has another shape, or is one too many.
    """
    noise_channel = 'noise.weights' in tensors
    values = {name: value.detach() for name, value in fresh_parameters(config, 0, noise_channel).items()}
    expected = {name: tensor.shape for name, tensor in to_tensors(values, config).items()}
    if missing := expected.keys() - tensors.keys():
        raise WeightsError(f'{min(missing)} is missing')
    if extra := tensors.keys() - expected.keys():
        raise WeightsError(f'{min(extra)} is not a parameter of this network')
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise WeightsError(f'{name} has shape {list(tensors[name].shape)}, not {list(shape)}')

    for name in values.keys() & set(_PLAIN):
        values[name] = tensors[name]
    for name in values.keys() & set(_CONVOLUTIONS):
        values[name] = tensors[name].permute(3, 2, 0, 1)
    for name in values.keys() & set(_LAYERS):
        values[name] = tensors[name][0, 0].T
    names = body_layer_names(config)
    values['body.weights'] = torch.stack([tensors[f'{name}.weights'].permute(3, 2, 0, 1) for name in names])
    values['body.bias'] = torch.stack([tensors[f'{name}.bias'] for name in names])
    padded, count, channels = config.padded_coefficients, config.coefficients, config.channels
    weights = torch.zeros(COLOURS, padded, channels)
    weights[:, :count] = tensors['head.coefficients.weights'].reshape(channels, count, COLOURS).permute(2, 1, 0)
    bias = torch.zeros(COLOURS, padded)
    bias[:, :count] = tensors['head.coefficients.bias'].view(count, COLOURS).T
    values['head.weights'], values['head.bias'] = weights.view(-1, channels), bias.view(-1)
    return {name: value.contiguous() for name, value in values.items()}


def read(path: str | Path) -> WeightsFile:
    """Reads a weights file of this or the first version; its values are float32.

    Raises WeightsError if it is none, OSError if it cannot be read.
    """
    try:
        with safe_open(path, framework='pt') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}
    except SafetensorError as error:
        raise WeightsError(f'{path} is not a safetensors file: {error}') from error
    version = metadata.get('format')
    if version not in (FORMAT, FIRST_FORMAT):
        raise WeightsError(f'{path} is not a network of CASR: its metadata has no format "{FORMAT}"')
    sizes = json.loads(metadata['config'])
    if sizes.pop('perception', False):
        raise WeightsError(
            f'{path} is of the first version, with gains and shifts that turn its look: these are not read'
        )
    config = NetworkConfig(**sizes)
    if version == FORMAT:
        provenance = Provenance.from_json(metadata['provenance'])
    else:
        provenance = Provenance.from_first_version(metadata['recipe'])
    vivid = {
        name.removeprefix(VIVID_PREFIX): tensors.pop(name) for name in list(tensors) if name.startswith(VIVID_PREFIX)
    }
    try:
        ends = [from_tensors(end, config) if end else None for end in (tensors, vivid)]
    except WeightsError as error:
        raise WeightsError(f'{path}: {error}') from error
    return WeightsFile(config, ends[0], ends[1], provenance)


def write(path: str | Path, file: WeightsFile) -> None:
    """Writes a weights file in half precision; equal contents give equal bytes."""
    tensors = to_tensors(file.parameters, file.config)
    if file.vivid is not None:
        vivid = to_tensors(file.vivid, file.config)
        tensors |= {VIVID_PREFIX + name: value for name, value in vivid.items()}
    halves = {name: value.numpy().astype('<f2') for name, value in tensors.items()}
    for name, value in halves.items():
        if not np.isfinite(value).all():
            raise WeightsError(f'{path} is not written: {name} has values that half precision does not hold')
    metadata = {
        'format': FORMAT,
        'config': json.dumps(asdict(file.config)),
        'provenance': file.provenance.to_json(),
    }
    write_safetensors(path, halves, metadata)


def write_safetensors(path: str | Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Writes a safetensors file whole or not at all. (The library of that name writes metadata in random order.)"""
    types = {'float16': 'F16', 'float32': 'F32'}
    header: dict = {'__metadata__': metadata}
    data = []
    end = 0
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name])
        start, end = end, end + values.nbytes
        header[name] = {'dtype': types[values.dtype.name], 'shape': list(values.shape), 'data_offsets': [start, end]}
        data.append(values.tobytes())
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    replace_file(path, struct.pack('<Q', len(text)) + text + b''.join(data))


def replace_file(path: str | Path, content: bytes) -> None:
    """Writes a file beside its place and moves it there, so that it is never seen half-written."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f'.{path.name}.part')
    hidden.write_bytes(content)
    os.replace(hidden, path)


def exact_path(path: str | Path) -> Path:
    """Where the float32 values of a weights file are kept, for runs that start from it."""
    return Path(f'{path}.pt')


def save_tensors(path: str | Path, content: dict) -> None:
    """Writes what `torch.save` writes, whole or not at all; equal contents give equal bytes, whatever the file's name."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    replace_file(path, buffer.getvalue())


def write_exact(path: str | Path, parameters: Parameters) -> None:
    """Writes the float32 values that lie beside a weights file."""
    save_tensors(exact_path(path), {name: value.detach().cpu() for name, value in parameters.items()})


def read_exact(path: str | Path) -> Parameters | None:
    """The float32 values beside a weights file, if there are any."""
    exact = exact_path(path)
    if not exact.exists():
        return None
    values = torch.load(exact, map_location='cpu', weights_only=True)
    return {_EARLIER_NAMES.get(name, name): value for name, value in values.items()}


def average(first: str | Path, second: str | Path, share: float, output: str | Path) -> None:
    """Writes the average of two files of one network each, so much of it the second's; and its exact values.

    Raises WeightsError if the networks differ in size or have two ends.
    """
    files = [read(path) for path in (first, second)]
    if files[0].config != files[1].config:
        raise WeightsError(
            f'{first} and {second} hold networks of different sizes: {files[0].config}, {files[1].config}'
        )
    if any(file.vivid is not None for file in files):
        raise WeightsError(f'{first} or {second} holds two networks: average the files that they were packed from')
    ends = [read_exact(path) or file.parameters for path, file in zip((first, second), files)]
    if ends[0].keys() != ends[1].keys():
        raise WeightsError(f'only one of {first} and {second} has a noise channel')
    settings = {'first': Path(first).name, 'second': Path(second).name, 'share': share}
    provenance = files[0].provenance.averaged_with(files[1].provenance, settings)
    values = mixed(*ends, share)
    write(output, WeightsFile(files[0].config, values, None, provenance))
    write_exact(output, values)


def pack(faithful: str | Path, vivid: str | Path, output: str | Path) -> None:
    """Puts two files of one network each into one file with both ends.

    Raises WeightsError if the networks differ in size.
    """
    files = [read(path) for path in (faithful, vivid)]
    if files[0].config != files[1].config:
        raise WeightsError(
            f'{faithful} and {vivid} hold networks of different sizes: {files[0].config}, {files[1].config}'
        )
    ends = [file.end(end) for file, end in zip(files, (FAITHFUL, VIVID))]
    if ends[0].keys() != ends[1].keys():
        raise WeightsError(f'only one of {faithful} and {vivid} has a noise channel')
    provenance = files[0].provenance.packed_with(files[1].provenance)
    write(output, WeightsFile(files[0].config, ends[0], ends[1], provenance))
