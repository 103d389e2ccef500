"""Every picture that can be had arrives whole and once, every other has its reason, and a kill loses nothing."""

import asyncio
import csv
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from email.utils import formatdate

import pytest
from PIL import Image

from cnnlab.data.landmarks._fetching import opts_out
from cnnlab.data.landmarks._hosts import retry_after
from cnnlab.data.landmarks.download import download
from cnnlab.data.landmarks.manifest import Entry, appending, read_manifest, write_manifest
from cnnlab.data.landmarks.world.rows import BAD, World
from cnnlab.data.landmarks.world.server import serving
from tests.data.landmarks.conftest import picture, reply

QUICK = {"timeout": 1.0, "retries": 1, "patience": 1.0}


def manifest_of(folder):
    return {entry.id: (entry.status, entry.reason) for entry in read_manifest(folder).values()}


def test_every_answer_gets_its_reason_and_is_asked_for_as_often_as_makes_sense(web, csv_of, tmp_path):
    good = picture(1)
    late = formatdate(time.time() + 1, usegmt=True)
    cases = {  # id: (what the server does, status and reason, requests)
        "plain": (lambda h, n: reply(h, good), ("ok", ""), 1),
        "png": (lambda h, n: reply(h, picture(2, format="PNG"), Content_Type="image/png"), ("ok", ""), 1),
        "untyped": (lambda h, n: reply(h, good, Content_Type="application/octet-stream"), ("ok", ""), 1),
        "moved": (lambda h, n: reply(h, status=302, Location="/plain"), ("ok", ""), 1),
        "circle": (lambda h, n: reply(h, status=301, Location="/circle"), ("failed", "redirects"), 6),
        "elsewhere": (lambda h, n: reply(h, status=302, Location="ftp://host/x.jpg"), ("failed", "url"), 1),
        "missing": (lambda h, n: reply(h, status=404), ("failed", "404"), 1),
        "forbidden": (lambda h, n: reply(h, status=403), ("failed", "403"), 1),
        "ill": (lambda h, n: reply(h, status=500), ("failed", "500"), 2),
        "recovers": (lambda h, n: reply(h, good) if n > 1 else reply(h, status=502), ("ok", ""), 2),
        "busy": (lambda h, n: reply(h, good) if n > 1 else reply(h, status=429, Retry_After="1"), ("ok", ""), 2),
        "dated": (lambda h, n: reply(h, good) if n > 1 else reply(h, status=503, Retry_After=late), ("ok", ""), 2),
        "page": (lambda h, n: reply(h, b"<html>", Content_Type="text/html"), ("failed", "type"), 1),
        "noise": (lambda h, n: reply(h, b"no picture" * 99), ("failed", "corrupt"), 1),
        "empty": (lambda h, n: reply(h, b""), ("failed", "corrupt"), 1),
        "cut": (lambda h, n: reply(h, good[:-900]), ("failed", "truncated"), 2),
        "torn": (lambda h, n: reply(h, good[:900], length=len(good)), ("failed", "truncated"), 2),
        "mended": (lambda h, n: reply(h, good) if n > 1 else reply(h, good[:9], length=len(good)), ("ok", ""), 2),
        "large": (lambda h, n: reply(h, b"x" * 30_000), ("failed", "size"), 1),
        "silent": (lambda h, n: time.sleep(3), ("failed", "timeout"), 2),
        "private": (lambda h, n: reply(h, good, X_Robots_Tag="noai"), ("opted out", "x-robots-tag"), 1),
        "others": (lambda h, n: reply(h, good, X_Robots_Tag="otherbot: noindex"), ("ok", ""), 1),
    }  # fmt: skip
    web.answers = {f"/{id}": answer for id, (answer, _, _) in cases.items()}
    rows = [(id, f"{web.address}/{id}", "7") for id in cases]
    rows += [("none", "None", "7"), ("../up", f"{web.address}/plain", "7"), ("plain", f"{web.address}/again", "7")]
    rows += [("gone", "http://127.0.0.1:9/x.jpg", "8")]
    table = csv_of(rows)
    found = download(table, tmp_path / "pictures", max_bytes=20_000, contact="me@example.org", **QUICK)

    told = manifest_of(tmp_path / "pictures")
    expected = {id: result for id, (_, result, _) in cases.items()}
    expected |= {"none": ("failed", "url"), "../up": ("failed", "row"), "gone": ("failed", "connection")}
    assert told == expected
    requests = {f"/{id}": count for id, (_, _, count) in cases.items()}
    assert web.asked == requests | {"/plain": 2}  # once by redirection
    assert found.reasons == Counter(reason for _, reason in expected.values() if reason)
    assert found.ok == sum(status == "ok" for status, _ in expected.values())
    assert found.rows == len(expected)
    (agent,) = web.agents
    assert agent.startswith("cnnlab/")
    assert "me@example.org" in agent
    files = {file.stem for file in (tmp_path / "pictures" / "7").iterdir()}
    assert files == {id for id, (status, _) in expected.items() if status == "ok"}
    assert not (tmp_path / "up.jpg").exists()


def test_the_manifest_describes_the_files(web, csv_of, tmp_path):
    web.answers = {f"/{n}": lambda h, _, n=n: reply(h, picture(n, size=(40 + n, 30))) for n in range(5)}
    table = csv_of([(f"p{n}", f"{web.address}/{n}", n % 2) for n in range(5)])
    download(table, tmp_path / "pictures")
    with open(tmp_path / "pictures" / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "url", "landmark_id", "status", "reason", "sha256", "bytes", "width", "height"]
    for row in rows:
        path = tmp_path / "pictures" / row["landmark_id"] / f"{row['id']}.jpg"
        content = path.read_bytes()
        assert (row["sha256"], int(row["bytes"])) == (hashlib.sha256(content).hexdigest(), len(content))
        with Image.open(path) as picture_:
            assert picture_.size == (int(row["width"]), int(row["height"]))


def test_a_second_call_asks_for_nothing_that_is_settled(web, csv_of, tmp_path):
    web.answers = {
        "/a": lambda h, n: reply(h, picture(1)),
        "/b": lambda h, n: reply(h, picture(2)) if n > 1 else reply(h, status=404),
        "/c": lambda h, n: reply(h, status=403),
    }
    table = csv_of([(id, f"{web.address}/{id}", "7") for id in "abc"])
    pictures = tmp_path / "pictures"
    assert download(table, pictures).asked_now == 3
    before = web.asked.copy()
    assert download(table, pictures).asked_now == 0
    assert web.asked == before
    assert download(table, pictures, retry_failed=["404"]).ok == 2
    assert web.asked - before == Counter({"/b": 1})
    assert manifest_of(pictures) == {"a": ("ok", ""), "b": ("ok", ""), "c": ("failed", "403")}
    (pictures / "7" / "a.jpg").unlink()  # what is lost is not settled
    assert download(table, pictures).asked_now == 1
    assert (pictures / "7" / "a.jpg").read_bytes() == picture(1)


def test_a_host_has_few_connections_and_is_left_alone_as_long_as_it_says(web, csv_of, tmp_path):
    now, most, times = [0], [0], []

    def slow(handler, number):
        with web.lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            times.append(time.monotonic())
        time.sleep(0.02)
        with web.lock:
            now[0] -= 1
        reply(handler, picture(1))

    def pause(handler, number):
        if number == 1:
            times.clear()
            reply(handler, status=429, Retry_After="1")
            times.append(time.monotonic())
        else:
            slow(handler, number)

    web.answers = {f"/{n}": slow for n in range(20)} | {"/pause": pause}
    table = csv_of([("pause", f"{web.address}/pause", 1), *((f"p{n}", f"{web.address}/{n}", 1) for n in range(20))])
    assert download(table, tmp_path / "pictures", per_host=3).ok == 21
    assert most[0] <= 3
    asked = [later - times[0] for later in times[1:] if later > times[0]]
    assert not [wait for wait in asked if 0.3 < wait < 0.95]  # those that were on their way are in before


def test_it_works_in_a_notebook_where_an_event_loop_runs(web, csv_of, tmp_path):
    web.answers = {"/a": lambda h, n: reply(h, picture(1))}
    table = csv_of([("a", f"{web.address}/a", "7")])

    async def cell():
        return download(table, tmp_path / "pictures")

    assert asyncio.run(cell()).ok == 1


def test_two_downloads_to_one_folder_are_refused(csv_of, tmp_path):
    from filelock import FileLock

    (tmp_path / "pictures").mkdir()
    with FileLock(tmp_path / "pictures" / ".lock"), pytest.raises(OSError, match="another process is downloading"):
        download(csv_of([]), tmp_path / "pictures")


def test_a_line_that_a_kill_cut_off_is_dropped_and_the_last_of_two_counts(tmp_path):
    write_manifest(tmp_path, [Entry("a", "u", "7", "failed", "404"), Entry("b", "u", "7", "ok", "", "s", 1, 2, 3)])
    with appending(tmp_path) as manifest:
        manifest.add(Entry("a", "u", "7", "ok", "", "s", 4, 5, 6))
    with open(tmp_path / "manifest.csv", "a") as file:
        file.write("c,http://host/c.jpg,7,ok,,abc")
    assert manifest_of(tmp_path) == {"a": ("ok", ""), "b": ("ok", "")}
    with appending(tmp_path) as manifest:
        manifest.add(Entry("d", 'u,"v"\n', "7", "failed", "url"))
    assert list(read_manifest(tmp_path)) == ["a", "b", "d"]
    assert read_manifest(tmp_path)["d"].url == 'u,"v"\n'


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], False),
        (["noindex"], True),
        (["nofollow, NOAI"], True),
        (["otherbot: noai, noindex"], False),
        (["otherbot: noai", "none"], True),
        (["cnnlab: noimageai"], True),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST"], False),
    ],
)
def test_robots_tags_are_read_as_their_authors_write_them(headers, expected):
    assert opts_out(headers) is expected


def test_retry_after_is_seconds_or_a_date():
    assert retry_after(formatdate(time.time() + 100, usegmt=True)) == pytest.approx(100, abs=2)
    assert [retry_after(value) for value in ("7", None, "soon", "-3")] == [7, None, None, None]


@pytest.mark.slow
def test_pictures_of_a_server_that_fails_in_every_way_and_is_killed_twice(tmp_path):
    """The drawn world, 20 rows of each fault; both sides are killed meanwhile, the downloader with SIGKILL."""
    world, of = World(seed=0), {}
    number = 0
    while number < 30_000:
        row = world.row(world.id_of(number % 100, number // 100))
        of.setdefault(row.fault, []).append(row)
        number += 1
    rows = [
        row for fault, found in of.items() for row in found[: 150 if fault == "" else 0 if fault == "stalled" else 8]
    ]
    log, pictures = tmp_path / "log.txt", tmp_path / "pictures"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    table = tmp_path / "subset.csv"
    lines = [f"{row.id},http://127.0.0.1:{port}/{row.id}.jpg,{world.name(row.labelled)}" for row in rows]
    table.write_text("id,url,landmark_id\n" + "\n".join(lines) + "\n")
    command = [sys.executable, "-c", "from cnnlab.cli import app; app()", "landmarks", "download", table, pictures]
    command += ["--timeout", "5"]

    def settled(count, client):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and client.poll() is None:
            if (pictures / "manifest.csv").exists() and len(read_manifest(pictures)) >= count:
                return
            time.sleep(0.02)

    with serving(port=port, log=log):
        client = subprocess.Popen(list(map(str, command)))
        settled(30, client)
        os.kill(client.pid, signal.SIGKILL)
        client.wait()
        before = read_manifest(pictures)
        assert len(before) >= 30
        client = subprocess.Popen(list(map(str, command)))
        settled(60, client)
    time.sleep(1)
    with serving(port=port, log=log):
        settled(100, client)
    time.sleep(1)
    with serving(port=port, log=log):
        assert client.wait(180) == 0
    told = read_manifest(pictures)
    assert set(told) == {row.id for row in rows}
    assert {id: told[id] for id in before} == before, "what was settled stays"
    reasons = {"404": "404", "403": "403", "truncated": "truncated", "cut": "truncated", "corrupt": "corrupt"}
    reasons |= {"wrong type": "type", "opted out": "x-robots-tag"}
    for row in rows:
        assert told[row.id].reason == reasons.get(row.fault, ""), row
    for entry in told.values():
        if entry.status == "ok":
            content = (pictures / entry.landmark_id / f"{entry.id}.jpg").read_bytes()
            assert hashlib.sha256(content).hexdigest() == entry.sha256
    assert sum(told[row.id].status == "ok" for row in rows) == sum(
        row.fault not in BAD or row.fault == "blank" for row in rows
    )
    sent = Counter(line.split()[0] for line in log.read_text().splitlines() if line.endswith(" 200"))
    twice = [path for path, count in sent.items() if count > 1 and told[path[-20:-4]].status == "ok"]
    assert len(twice) <= 16 * 3, "only what was on its way at a kill is asked for again"
