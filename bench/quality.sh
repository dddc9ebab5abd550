#!/usr/bin/env bash
# Measures the weights that ship and writes docs/quality.md, with one chart and one contact sheet of the samples in docs/quality:
#   bench/quality.sh [CASR]        CASR: the program [default: built here]
# About an hour of two cores; what is measured is remembered in target/quality, so a second run does what is new. The other networks
# (bench/peers/methods.sh) come from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
data="${CASR_DATA:-../shared/data}"
casr="${1:-}"
if [ -z "$casr" ]; then
    cargo build --quiet --release -p casr
    casr="${CARGO_TARGET_DIR:-target}/release/casr"
fi
metrics=psnr_y,ssim_y,psnr_lr,lpips_alex,sifid,texture,drift_truth
common=(--metrics "$metrics" --metric-weights "$data/weights" --cache target/quality/cache -q)
mkdir -p target/quality

"$casr" eval samples "$data"/benchmarks/{Set5,Set14,B100} --scales 2,3,4,8,16,32 \
    --methods bicubic,lanczos,casr,casr@faithful,casr@vivid,casr-x4-lanczos@faithful,casr-x4-lanczos@vivid \
    --sheets samples --report target/quality/own.md "${common[@]}"
peer='bench/peers/methods.sh'
"$casr" eval "$data/benchmarks/Set14" --scales 4,8,16 --methods bicubic,casr,casr@faithful,casr@vivid,casr:4@vivid \
    --method "EDSR-LIIF=$peer liif {in} {out} {width} {height}" --method "Real-ESRGAN=$peer realesrgan {in} {out} {width} {height}" \
    --sheets none --report target/quality/others.md "${common[@]}"

rm -rf docs/quality
mkdir docs/quality
cp target/quality/own/metrics-Set14.png docs/quality/
# The sheet of the largest factor that leaves something to see.
sheet=$(sed -n 's/.*!\[samples ×16[^]]*\](own\/\(sheet-[0-9]*\.png\)).*/\1/p' target/quality/own.md | head -n 1)
cp "target/quality/own/$sheet" docs/quality/samples-16.png
python3 - <<'P'
from pathlib import Path
import re

own, others = (Path(f'target/quality/{name}.md').read_text() for name in ('own', 'others'))
tables = own.split('## Charts')[0].rstrip()
tables = tables.replace('# Evaluation\n', '# Quality\n\nOf the weights that ship, made by `bench/quality.sh`. `casr` is the default look, '
    '`casr@faithful` and `casr@vivid` are the two ends.\n', 1)
start = re.search(r'^## Set14$', others, re.M)
beside = others[start.end():].split('## Charts')[0].strip()
command = others.split('```sh\n')[1].split('\n```')[0]
Path('docs/quality.md').write_text(f'''{tables}

## Beside other networks

Times of other programs include their start, some seconds an image. Real-ESRGAN is made for degraded photographs, so clean images are not its
home. `casr:4@vivid` takes steps of 4.

```sh
{command}
```

{beside}

## Pictures

![Set14: all measures by scale](quality/metrics-Set14.png)

Parts of the samples at ×16:

![samples ×16](quality/samples-16.png)
''')
P
