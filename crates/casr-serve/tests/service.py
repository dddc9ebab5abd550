"""What the tests in Python share: virtual environments, the service on a port of its own, and nginx in front of it."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / ".ci"))
import environments  # noqa: E402
from environments import TARGET  # noqa: E402

PROGRAM = TARGET / "release" / "casr"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(0)


def environment(name):
    """The interpreter of a virtual environment of .ci/environments.py."""
    try:
        return environments.environment(name)
    except environments.Unavailable as why:
        skip(why)


class Service:
    """`casr serve` of a folder, on a port that is free or on one of one's own."""

    def __init__(self, folder, *options, port=0):
        if not PROGRAM.exists():
            sys.exit(f"{PROGRAM} is not built: cargo build --release -p casr")
        command = [PROGRAM, "serve", folder, "--listen", f"127.0.0.1:{port}", "--quiet", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # The line comes once it answers.
        self.base = self.process.stdout.readline().strip().rstrip("/")
        if not self.base.startswith("http://"):
            sys.exit(f"the service does not start: {command}")
        self.port = int(self.base.rsplit(":", 1)[1])

    def get(self, path):
        with urllib.request.urlopen(self.base + path, timeout=150) as answer:
            return answer.read()

    def metrics(self):
        """All metrics by their name and labels."""
        lines = self.get("/metrics").decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(number) for name, number in pairs}

    def resident(self):
        """Its memory in megabytes; none where the system does not tell."""
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        return int(re.search(r"VmRSS:\s*(\d+)", status)[1]) / 1024

    def end(self):
        """Ends it as systemd does; it says that all is well."""
        self.process.terminate()
        code = self.process.wait(timeout=60)
        if code:
            sys.exit(f"the service ended with {code}")


@contextlib.contextmanager
def service(folder, *options, port=0):
    running = Service(folder, *options, port=port)
    try:
        yield running
    except BaseException:
        running.process.kill()
        running.process.wait()
        raise
    running.end()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def nginx(port):
    """Debian's nginx in front of a port, by packaging/nginx.conf word for word but for ports and its own folder. Its address."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    own = free_port()
    site = (ROOT / "packaging" / "nginx.conf").read_text()
    for written, meant in (("127.0.0.1:8417", f"127.0.0.1:{port}"), ("listen 80;", f"listen 127.0.0.1:{own};")):
        if written not in site:
            sys.exit(f"packaging/nginx.conf does not say {written!r}")
        site = site.replace(written, meant)
    with tempfile.TemporaryDirectory() as folder:
        paths = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # As in Debian's nginx.conf, but that it belongs to whoever runs it.
        whole = f"pid {folder}/pid; error_log {folder}/errors; events {{ worker_connections 768; }} http {{ access_log off; {paths} {site} }}"
        configuration = pathlib.Path(folder, "nginx.conf")
        configuration.write_text(whole)
        # Workers of a root are another user, who must reach the folder.
        os.chmod(folder, 0o755)
        command = [program, "-e", f"{folder}/errors", "-p", folder, "-c", configuration, "-g", "daemon off;"]
        process = subprocess.Popen(command)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", own), 1):
                    break
                if process.poll() is not None:
                    sys.exit(f"nginx does not start: {pathlib.Path(folder, 'errors').read_text()}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{own}"
        finally:
            process.terminate()
            process.wait()


def has_nginx():
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None
