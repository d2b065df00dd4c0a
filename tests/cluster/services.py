"""What a team has besides its machines, each for real: an S3-compatible store, an MLflow server."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "tester-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
BUCKET = "team"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def object_store() -> Iterator[str]:
    """An S3-compatible store with a bucket; yields its address."""
    import boto3
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    try:
        client = boto3.client(
            "s3",
            endpoint_url=address,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
        )
        client.create_bucket(Bucket=BUCKET)
        yield address
    finally:
        server.stop()


def _postgres() -> Path | None:
    """Folder of PostgreSQL's programs, of Debian's package or on PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    own = shutil.which("initdb")
    return found[-1].parent if found else Path(own).parent if own else None


POSTGRES = _postgres()


@contextmanager
def database() -> Iterator[str]:
    """A PostgreSQL server; yields what SQLAlchemy opens it by."""
    assert POSTGRES is not None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    data, port = folder / "data", free_port()
    programs = str(POSTGRES)

    def call(program: str, *words: str) -> None:
        command = [*user, f"{programs}/{program}", *words]
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL)

    call("initdb", "-D", str(data), "-U", "mlflow", "--auth", "trust")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder}"
    call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "mlflow", "runs")
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/runs"
    finally:
        call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


@contextmanager
def tracking_server(store: str, folder: Path) -> Iterator[str]:
    """An MLflow server over HTTP; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store]
    command += ["--artifacts-destination", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1"]
    alone = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # ten processes less
    with (
        (folder.parent / "mlflow.log").open("wb") as log,
        subprocess.Popen(
            command, stdout=log, stderr=log, env=alone, start_new_session=True
        ) as process,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + 180
            while True:
                try:
                    with urlopen(f"{address}/health") as answer:
                        assert answer.status == 200
                    break
                except OSError:
                    assert process.poll() is None, log.name
                    assert time.monotonic() < deadline, log.name
                    time.sleep(0.5)
            yield address
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)
