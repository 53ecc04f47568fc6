"""A real server with a fielded survey in a folder of its own, and residents who answer over HTTP with blind tokens."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from voprf import ristretto

from comity.site.surveys.tokens import Token, from_text, to_text

SURVEY = "town"
ROOT = Path(__file__).parents[3]
TOML = """\
[agency]
name = "Sample Town"
time_zone = "America/Chicago"

[datasets]
"""
FIELDING = """\
import json, sys
from pathlib import Path
from comity.site.server import SiteSetup, prepare_site
import os
os.environ["COMITY_PARTS"] = "codes,answers"
os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
folder = Path(sys.argv[1])
job = json.loads(sys.stdin.read())
prepare_site(SiteSetup(folder, job["databases"]))
from comity.site.surveys.fielding import field_and_invite
from comity.site.surveys.invitations.actions import Case
codes = field_and_invite(
    job["survey"], job["questionnaire"].encode(), [Case(*each) for each in job["cases"]],
    keys=folder / "keys", answers_url=job["answers_url"], is_sample_data=True,
)
print(json.dumps(codes))
"""


@dataclass
class Instance:
    """A folder with one open survey. codes: case -> code, as the letters have them."""

    folder: Path
    codes: dict[str, str]
    databases: dict[str, str]


def make_instance(
    folder: Path, questionnaire: bytes, people: int, *, databases: dict[str, str] | None = None
) -> Instance:
    """An instance whose survey has `people` invited in two strata."""
    (folder / "keys").mkdir(parents=True)
    urls = "".join(
        f'{ {"default": "database", "invitations": "invitation_database", "responses": "response_database"}[k] } = "{v}"\n'
        for k, v in (databases or {}).items()
    )
    (folder / "comity.toml").write_text(TOML + (f"\n[site]\n{urls}" if urls else ""))
    cases = [(f"{n:05d}", "north" if n % 2 else "south") for n in range(people)]
    job = {
        "survey": SURVEY,
        "questionnaire": questionnaire.decode(),
        "cases": cases,
        "answers_url": f"/survey/{SURVEY}/",
        "databases": databases or {},
    }
    done = subprocess.run(
        [sys.executable, "-c", FIELDING, str(folder)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Instance(folder, json.loads(done.stdout), databases or {})


class Server:
    """`comity serve` on a free port, its whole output in `log`."""

    def __init__(
        self, instance: Instance, log: Path, *, parts: tuple[str, ...] = ("codes", "answers"), workers: int = 2
    ):
        self._output = log.open("ab")
        only = [word for part in parts for word in ("--only", part)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from comity.cli.main import main; main()", "serve", "--instance",
             str(instance.folder), "--port", "0", "--workers", str(workers), *only],
            stdout=subprocess.PIPE, stderr=self._output, text=True, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip
        self.address = re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert self.address, log.read_text()
        self.port = int(self.address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """SIGKILL to the server and its workers, as a power cut would end them."""
        os.killpg(self.process.pid, 9)
        self.process.wait()
        self._output.close()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)
        self._output.close()


class Resident:
    """Somebody with a connection of their own, doing what the two scripts of the pages do."""

    def __init__(self, port: int, survey: str = SURVEY) -> None:
        self.survey = survey
        self.headers: dict[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        self.connection.request(
            "POST", path, urlencode(fields), {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
        )
        response = self.connection.getresponse()
        return response.status, response.read().decode()

    def exchange(self, code: str, nonce: bytes | None = None) -> tuple[str, str]:
        """The (token, stratum) that `code` buys. AssertionError with the answer when it is refused."""
        nonce = nonce or os.urandom(32)
        client, blinded = ristretto.Client.blind(nonce)
        status, answer = self.post("/code/token/", {"code": code, "blinded": to_text(bytes(blinded.serialize()))})
        assert status == 200, answer
        said = json.loads(answer)
        output = finalize(client, said)
        return Token(nonce, output).as_text(), said["stratum"]

    def send(self, token: str, stratum: str, answers: dict[str, object]) -> tuple[int, str]:
        """(status, receipt or page)."""
        status, page = self.post(f"/survey/{self.survey}/", sending(token, stratum, answers))
        found = re.search(r'class="receipt"><code>([0-9A-F ]+)<', page)
        return status, found[1].replace(" ", "") if found else page


def finalize(client, said: dict[str, str]) -> bytes:
    """Unblinds an evaluation, its proof checked."""
    data = from_text(said["evaluation"], 2 + 32 + 1 + 64)
    output = ristretto.VerifiableOutput.deserialize(data[35:] + data[2:34])
    return bytes(client.finalize(output, ristretto.PublicKey.deserialize(from_text(said["public_key"], 32))))


def sending(token: str, stratum: str, answers: dict[str, object]) -> dict[str, str]:
    """The fields of the last page, as the browser sends them."""
    return {
        "_go": "send", "_token": token, "_stratum": stratum, "_seed": os.urandom(16).hex(), "_page": "",
        "_data": json.dumps(answers),
    }  # fmt: skip
