"""Steps of training as CUDA graphs: one launch in place of thousands, which is what small networks wait for."""

from collections.abc import Callable, Hashable

import torch


class GraphRunner:
    """Runs functions that work in place on fixed tensors: recorded at first and replayed later on CUDA devices, as they are on others."""

    def __init__(self, device: str):
        self.records = device.startswith('cuda')
        self._pool = torch.cuda.graph_pool_handle() if self.records else None
        self._graphs: dict[Hashable, torch.cuda.CUDAGraph] = {}

    def run(self, key: Hashable, function: Callable[[], None]) -> None:
        """Runs a function, which is always the same for a key."""
        if not self.records:
            function()
            return
        if key not in self._graphs:
            self._graphs[key] = self._recorded(function)
        self._graphs[key].replay()

    def _recorded(self, function: Callable[[], None]) -> torch.cuda.CUDAGraph:
        # Once outside of the graph, so that libraries set themselves up.
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            function()
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            function()
        return graph
