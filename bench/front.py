"""nginx in front of the shop, as the shop's own configuration sets it up."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.processes import HOST, ROOT, NotReady, started

_CONF = """
daemon off; pid {work}/nginx.pid; worker_processes auto; {user} events {{}}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
upstream shop {{ server {host}:{shop}; keepalive 16; }}
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
proxy_buffer_size 32k; proxy_buffers 16 32k;
server {{ listen {host}:{port};
location / {{ proxy_pass http://shop; }}
location /alone/ {{ alias {private}/; }}
{block}
}} }}
"""


@contextlib.contextmanager
def nginx(work: Path, port: int, shop: int, data: Path) -> Iterator[str]:
    """Its address. Below /alone/ it gives the private files to everybody, which only a bench may do."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise NotReady("nginx is not installed (on Debian: apt install nginx-light).")
    shipped = (ROOT / "deploy/nginx.conf").read_text()
    block = re.search(r"location /private/ \{.*?\n    \}", shipped, re.DOTALL)
    assert block
    conf, private = work / "nginx.conf", data / "private"
    conf.write_text(
        _CONF.format(
            work=work,
            user="user root;" if os.geteuid() == 0 else "",
            host=HOST,
            port=port,
            shop=shop,
            private=private,
            block=block[0].replace("/data/private/", f"{private}/"),
        )
    )
    command = [program, "-e", work / "nginx-errors.log", "-c", conf]
    with started(command, port=port, log=work / "nginx.log"):
        yield f"http://{HOST}:{port}"
