"""The network of CASR in PyTorch, and how the weights that ship are trained, on one CUDA GPU.

`python -m casr_training --help` lists the commands; the README beside this package explains the stages.

A level is a float32 tensor `[B, 3, h, w]`, RGB in [0, 1] in the file's own encoding. Sizes are (height, width).
"""
