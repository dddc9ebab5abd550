#!/usr/bin/env bash
# Measures the weights that ship and writes docs/quality.md, with one chart and one contact sheet of the samples in docs/quality:
#   bench/quality.sh [FOLDER]      FOLDER: where the programs are [default: built here]
# About an hour of two cores; what is measured is remembered in target/quality, so a second run does what is new. The other networks
# (bench/peers/methods.sh) come from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
data="${CASR_DATA:-../shared/data}"
programs="${1:-}"
if [ -z "$programs" ]; then
    cargo build --quiet --release -p casr -p casr-lab
    programs="${CARGO_TARGET_DIR:-target}/release"
fi
casr="$programs/casr" lab="$programs/casr-lab"
metrics=psnr_y,ssim_y,psnr_lr,lpips_alex,sifid,texture,drift_truth
common=(--metrics "$metrics" --metric-weights "$data/weights" --cache target/quality/cache -q)
mkdir -p target/quality

"$lab" eval samples "$data"/benchmarks/{Set5,Set14} --scales 2,3,4,8,16,32 \
    --methods bicubic,lanczos,casr,casr@faithful,casr@vivid,casr-x4-lanczos@faithful \
    --sheets samples --report target/quality/own.md "${common[@]}"
"$lab" eval "$data/benchmarks/B100" --scales 4,16 --methods bicubic,casr,casr@faithful,casr@vivid,casr-x4-lanczos@faithful \
    --sheets none --report target/quality/b100.md "${common[@]}"
peer='bench/peers/methods.sh'
"$lab" eval "$data/benchmarks/Set14" --scales 4 --methods bicubic,casr,casr@faithful,casr@vivid,casr:4@vivid \
    --method "EDSR-LIIF=$peer liif {in} {out} {width} {height}" --method "Real-ESRGAN=$peer realesrgan {in} {out} {width} {height}" \
    --sheets none --report target/quality/others.md "${common[@]}"

rm -rf docs/quality
mkdir docs/quality
cp target/quality/own/metrics-Set14.png docs/quality/
# The sheet of the largest factor that leaves something to see.
sheet=$(sed -n 's/.*!\[samples ×16[^]]*\](own\/\(sheet-[0-9]*\.png\)).*/\1/p' target/quality/own.md | head -n 1)
"$casr" upscale "target/quality/own/$sheet" -s 1 --quality 88 -o docs/quality/samples-16.jpg -q
python3 - <<'P'
from pathlib import Path
import re

texts = {name: Path(f'target/quality/{name}.md').read_text() for name in ('own', 'b100', 'others')}


def command(name):
    return '```sh\n' + texts[name].split('```sh\n')[1].split('\n```')[0] + '\n```'


def tables(name, first):
    start = re.search(f'^## {first}$', texts[name], re.M).start()
    end = re.search('^## (Charts|Contact sheets)$', texts[name], re.M).start()
    return untimed(texts[name][start:end].strip())


def untimed(text):
    """Without the last two columns, time and memory: what else the machine does is in them."""
    return '\n'.join(re.sub(r'(\|[^|]*){2}\|$', '|', line) if line.startswith('|') else line for line in text.split('\n'))


head = texts['own'][: re.search('^## samples$', texts['own'], re.M).start()]
head = head.split('```\n', 1)[1].strip()
head = '\n'.join(line for line in head.split('\n') if not line.startswith('- **s/MP**'))
Path('docs/quality.md').write_text(f'''# Quality

Of the weights that ship; `bench/quality.sh` measures them and writes this page. `casr` is the default look, `casr@faithful` and
`casr@vivid` are the two ends, `casr:4@vivid` takes steps of 4, `casr-x4-lanczos` goes to ×4 and on by Lanczos interpolation. [performance.md](performance.md)
tells how long it takes.

{command('own')}

{command('b100')}

{head}

{tables('own', 'samples')}

{tables('b100', 'B100')}

## Beside other networks

Real-ESRGAN is made for degraded photographs: clean images are not its home.

{command('others')}

{tables('others', 'Set14').replace('## Set14', '').strip()}

## Pictures

![Set14: all measures by scale](quality/metrics-Set14.png)

The busiest parts of the samples at ×16:

![samples ×16](quality/samples-16.jpg)
''')
P
