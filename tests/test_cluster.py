"""The rows of a cluster are those of one machine: block by block here, and on clusters that run.

The tests that start Ray (three nodes on this machine, one of them killed) or Spark are skipped
where these are not installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

import stance
from stance import job
from stance.cluster.batch import label_shards
from stance.cluster.blocks import Labeller, Task, deal_out, read_blocks
from stance.cluster.shards import ShardedOutput, Shards
from stance.cluster.tables import TableLabeller
from stance.cluster.workers import Worker, loaded
from stance.errors import InputError, MissingExtraError, ModelError, OutputError
from stance.files.resuming import lock
from stance.files.sources import find_sources
from stance.settings import checked_options, settings_of
from stance.store import ModelFolder

ROOT = Path(__file__).parent.parent
SENTENCES = "The two powers met. They agreed to trade. Sanctions divide the world.\n"
BLOCK = 700  # characters: two or three documents
OPTIONS = {
    "format": "jsonl",
    "text_column": "text",
    "id_column": None,
    "keep_columns": [],
    "abstain": None,
    "explain": None,
    "keep_all": False,
}
NEEDS_RAY = 'needs Ray: pip install "stance[ray]"'
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}

arrow = pytest.importorskip("pyarrow", reason="a cluster's tasks take and give Arrow tables")


@pytest.fixture
def corpus(tmp_path):
    """Two tables, two articles, and one file that is no text."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("a", "c"):
        lines = [{"id": f"{name}{n}", "text": SENTENCES * (n % 5 + 1)} for n in range(12)]
        text = "".join(f"{json.dumps(line)}\n" for line in [*lines[:6], {"id": "x"}, *lines[6:]])
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "b1.txt").write_text(SENTENCES * 3, encoding="utf-8")
    (folder / "b2.txt").write_bytes(b"\0\1")
    (folder / "b3.txt").write_text(f"Contents\n\n{SENTENCES}", encoding="utf-8")
    return folder


def label_in_blocks(corpus, output, folder, *, resume=False, force=False, **given):
    """Do what ``label_shards`` does, one task after the other and without a cluster."""
    options = checked_options(**(OPTIONS | given))
    made = settings_of(ModelFolder.read(folder), "onnx", find_sources([corpus]), options)
    worker, shards = Worker(str(folder)), Shards(output, options["format"])
    task = Task(shards, options, worker, made["model"], made["program"], BLOCK)
    shares = deal_out(find_sources([corpus]), BLOCK)
    with ShardedOutput.open(task.shards, made, resume=resume, force=force) as unfinished:
        done = []
        for number, sources in enumerate(shares):
            share = arrow.Table.from_pylist([{"share": number, "sources": sources}])
            for block in read_blocks(share, task):
                done += Labeller(task)(block).to_pylist()
        if problems := [row["problem"] for row in done if row["problem"]]:
            raise OutputError(problems[0])
        tally = unfinished.finish([row["block"] for row in done])
    return tally, [row["block"] for row in done if row["block"] not in unfinished.done]


def whole(folder, pattern="part-*"):
    return b"".join(path.read_bytes() for path in sorted(folder.glob(pattern)))


def rows_of(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_the_shards_hold_the_rows_of_the_local_run(tiny_model, tiny_folder, corpus, tmp_path):
    local = job.label_files([corpus], tmp_path / "local.jsonl", model=tiny_model)
    tally, labelled = label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    assert len(labelled) > 6
    assert whole(tmp_path / "out") == (tmp_path / "local.jsonl").read_bytes()
    found = tally.report(local.output, left_out=local.left_out, resumed=0, seconds=0)
    assert found == replace(local, seconds=0)


@pytest.mark.parametrize("name", ["skipped.jsonl", "errors.jsonl"])
def test_what_is_left_out_is_listed_beside_the_folder(
    tiny_model, tiny_folder, corpus, tmp_path, name
):
    job.label_files([corpus], tmp_path / "local.jsonl", model=tiny_model)
    label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    listed = (tmp_path / f"out.{name}").read_bytes()
    assert listed == (tmp_path / f"local.jsonl.{name}").read_bytes()


def test_parquet_shards_are_one_dataset(tiny_model, tiny_folder, corpus, tmp_path):
    dataset = pytest.importorskip("pyarrow.dataset")
    job.label_files([corpus], tmp_path / "local.parquet", model=tiny_model)
    label_in_blocks(corpus, tmp_path / "out", tiny_folder, format="parquet")
    local = dataset.dataset(tmp_path / "local.parquet").to_table()
    assert dataset.dataset(tmp_path / "out", format="parquet").to_table() == local


def test_every_csv_shard_has_a_header(tiny_folder, corpus, tmp_path):
    label_in_blocks(corpus, tmp_path / "out", tiny_folder, format="csv")
    heads = {path.read_text("utf-8").splitlines()[0] for path in (tmp_path / "out").glob("part-*")}
    assert len(heads) == 1


def test_only_what_is_missing_is_labelled_again(tiny_folder, corpus, tmp_path):
    output = tmp_path / "out"
    label_in_blocks(corpus, output, tiny_folder)
    first = whole(output)
    shards = sorted(output.glob("part-*"))
    # A worker died before it could tell that its block was done; a shard was lost, one cut off.
    (output / "_blocks" / f"{shards[1].stem.removeprefix('part-')}.json").unlink()
    shards[3].unlink()
    shards[2].write_bytes(shards[2].read_bytes()[:-9])
    kept = {path: path.stat().st_mtime_ns for path in [shards[0], *shards[4:]]}
    _, labelled = label_in_blocks(corpus, output, tiny_folder, resume=True)
    assert len(labelled) == 3
    assert whole(output) == first
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())


def test_a_result_is_not_written_over(tiny_folder, corpus, tmp_path):
    label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    with pytest.raises(OutputError, match="exists already"):
        label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    label_in_blocks(corpus, tmp_path / "out", tiny_folder, force=True)


def test_an_unfinished_result_is_named(tiny_folder, corpus, tmp_path):
    with ShardedOutput.open(Shards(tmp_path / "out", "jsonl"), {}, resume=False, force=False):
        pass
    with pytest.raises(OutputError, match=r"unfinished.*--resume"):
        label_in_blocks(corpus, tmp_path / "out", tiny_folder)


def test_a_folder_that_holds_something_else_is_left_alone(tiny_folder, corpus, tmp_path):
    with pytest.raises(OutputError, match="holds something else"):
        label_in_blocks(corpus, corpus, tiny_folder, force=True)
    assert (corpus / "a.jsonl").exists()


def test_a_link_in_the_place_of_the_result_is_refused(tiny_folder, corpus, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a link"):
        label_in_blocks(corpus, tmp_path / "out", tiny_folder)


def test_a_job_that_cannot_be_begun_lets_the_folder_go(tmp_path):
    shards = Shards(tmp_path / "out", "jsonl")
    with ShardedOutput.open(shards, {}, resume=False, force=False):
        pass
    (tmp_path / "out" / "part-0").mkdir()  # No run makes one, and no run can remove it.
    with pytest.raises(OutputError, match=r"^cannot write "):
        ShardedOutput.open(shards, {}, resume=False, force=True)
    (tmp_path / "out" / "part-0").rmdir()
    with ShardedOutput.open(shards, {}, resume=False, force=True):
        pass


def test_a_job_that_cannot_be_recorded_lets_the_folder_go(tmp_path):
    shards = Shards(tmp_path / "out", "jsonl")
    with pytest.raises(UnicodeEncodeError):
        ShardedOutput.open(shards, {"model": {"name": "\ud800"}}, resume=False, force=False)
    handle = lock(tmp_path / "out", tmp_path / "out")
    assert handle is not None
    os.close(handle)


def test_two_jobs_do_not_write_the_same_folder(tiny_folder, corpus, tmp_path):
    pytest.importorskip("fcntl")
    shards = Shards(tmp_path / "out", "jsonl")
    with (
        ShardedOutput.open(shards, {}, resume=False, force=False),
        pytest.raises(OutputError, match="another run"),
    ):
        label_in_blocks(corpus, tmp_path / "out", tiny_folder, resume=True)


def test_a_block_that_ends_every_worker_is_given_up(tmp_path):
    shards = Shards(tmp_path / "out", "jsonl")
    for number in range(8):
        (shards.folder / "_work" / f"000000-000000-{number}").mkdir(parents=True)
    with pytest.raises(OutputError, match="workers have died"), shards.work("000000-000000"):
        pass
    with shards.work("000000-000001") as path:
        assert path.parent.is_dir()
    assert not path.parent.exists()


def test_a_machine_with_another_model_is_named(tiny_model, tiny_folder, corpus, tmp_path):
    tiny_model.with_thresholds({"cooperation": 0.9}).save(tmp_path / "other")
    label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    shares = deal_out(find_sources([corpus]), None)
    options = checked_options(**OPTIONS)
    made = settings_of(ModelFolder.read(tiny_folder), "onnx", find_sources([corpus]), options)
    worker, shards = Worker(str(tmp_path / "other")), Shards(tmp_path / "new", "jsonl")
    task = Task(shards, options, worker, made["model"], made["program"], BLOCK)
    share = arrow.Table.from_pylist([{"share": 0, "sources": shares[0]}])
    [row] = Labeller(task)(next(read_blocks(share, task))).to_pylist()
    assert "is not the model that this job began with" in row["problem"]


def test_a_machine_with_another_program_is_named(tiny_folder, corpus, tmp_path):
    options = checked_options(**OPTIONS)
    found = find_sources([corpus])
    made = settings_of(ModelFolder.read(tiny_folder), "onnx", found, options)
    worker, shards = Worker(str(tiny_folder)), Shards(tmp_path / "out", "jsonl")
    here = Task(shards, options, worker, made["model"], made["program"], BLOCK)
    elsewhere = replace(here, program={"stance": "0.0.1", "sentencex": "0.9"})
    share = arrow.Table.from_pylist([{"share": 0, "sources": deal_out(found, None)[0]}])
    named = r"this job began with stance 0\.0\.1 with sentencex 0\.9; install the same"
    with pytest.raises(OutputError, match=named):
        next(read_blocks(share, elsewhere))
    [row] = Labeller(elsewhere)(next(read_blocks(share, here))).to_pylist()
    assert re.search(named, row["problem"])


def test_other_options_are_not_gone_on_with(tiny_folder, corpus, tmp_path):
    label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    with pytest.raises(OutputError, match="keep_all was False"):
        label_in_blocks(corpus, tmp_path / "out", tiny_folder, resume=True, keep_all=True)


def test_other_text_is_not_gone_on_with(tiny_folder, corpus, tmp_path):
    label_in_blocks(corpus, tmp_path / "out", tiny_folder)
    text = (corpus / "b1.txt").read_text("utf-8")
    (corpus / "b1.txt").write_text(text.swapcase(), encoding="utf-8")
    with pytest.raises(OutputError, match="the inputs changed"):
        label_in_blocks(corpus, tmp_path / "out", tiny_folder, resume=True)


def test_where_nothing_can_be_labelled_only_the_failures_are_left(tiny_folder, tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_bytes(b"\0")
    tally, _ = label_in_blocks(tmp_path / "corpus", tmp_path / "out", tiny_folder)
    assert (tally.documents, tally.failed) == (0, 1)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["corpus", "out.errors.jsonl"]


def test_a_shard_that_other_machines_wrote_elsewhere_is_missed(tmp_path):
    shards = Shards(tmp_path / "out", "jsonl")
    with (
        ShardedOutput.open(shards, {}, resume=False, force=False) as unfinished,
        pytest.raises(OutputError, match="every machine"),
    ):
        unfinished.finish(["000000-000000"])


def test_shares_hold_every_source_once_and_in_order(corpus):
    found = find_sources([corpus])
    for size in (1, 1000, None):
        dealt = [source for share in deal_out(found, size) for source in json.loads(share)]
        assert [source["id"] for source in dealt] == [source.id for source in found.sources]
    assert len(deal_out(found, None)) == 1


def test_standard_input_cannot_be_shared(tiny_folder):
    with pytest.raises(InputError, match="standard input"):
        deal_out(find_sources(["-"]), BLOCK)


def test_a_worker_loads_its_model_once(tiny_folder):
    worker = Worker(str(tiny_folder), thresholds=(("cooperation", 0.9),))
    assert loaded(worker) is loaded(replace(worker))
    assert loaded(worker).decision.thresholds[-1] == 0.9


@pytest.mark.parametrize(
    ("device", "num_gpus"), [("cpu", 0.5), ("cuda", 0.0), ("cuda", -1.0)], ids=str
)
def test_gpus_that_the_device_does_not_use_are_refused(device, num_gpus):
    options = {"thresholds": None, "backend": "auto", "threads": None}
    with pytest.raises(InputError, match="num_gpus"):
        Worker.of(None, device=device, num_gpus=num_gpus, **options)


def test_options_of_a_worker_are_those_of_a_model():
    options = {"thresholds": None, "backend": "auto", "device": "cpu", "num_gpus": None}
    with pytest.raises(InputError, match=r"^threads is '2'; expected 1 or more"):
        Worker.of(None, threads="2", **options)
    # Not the folder that the program runs in: it is refused where the model is loaded.
    assert Worker.of("", threads=None, **options).model == ""


def test_a_gpu_can_be_shared():
    options = {"thresholds": None, "backend": "auto", "threads": None}
    assert Worker.of(None, device="cuda", num_gpus=0.25, **options).gpus == 0.25
    assert Worker.of(None, device="cuda", num_gpus=None, **options).gpus == 1


@pytest.mark.parametrize(
    ("worker", "workers", "first"),
    [
        (Worker(), None, 12),
        (Worker(threads=5), None, 2),
        (Worker(), 3, 3),
        (Worker(device="cuda", gpus=0.25), None, 8),
        (Worker(threads=99), None, 1),
    ],
)
def test_as_many_workers_start_as_there_is_room_for(worker, workers, first):
    pytest.importorskip("ray", reason=NEEDS_RAY)
    pool = worker.pool(workers, room={"CPU": 12.0, "GPU": 2.0})
    assert pool["compute"].initial_size == first
    assert (pool["num_cpus"], pool["num_gpus"]) == (worker.threads, worker.gpus)


def table_labeller(folder, **given):
    options = {name: value for name, value in OPTIONS.items() if name != "format"}
    return TableLabeller.of(Worker(str(folder)), **(options | {"id_column": "id"} | given))


def test_a_table_is_labelled_as_a_file_is(tiny_model, tiny_folder, corpus, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    options = {"id_column": "id", "keep_columns": ["id"]}
    job.label_files([corpus / "a.jsonl"], tmp_path / "local.parquet", model=tiny_model, **options)
    documents = arrow.Table.from_pylist(
        [row for row in rows_of(corpus / "a.jsonl") if "text" in row]
    )
    [found] = table_labeller(tiny_folder, **options)(documents)
    assert found.drop_columns("error") == parquet.read_table(tmp_path / "local.parquet")


def test_a_document_of_a_table_that_fails_is_a_row_with_an_error(tiny_folder):
    documents = arrow.Table.from_pylist([{"id": 1, "text": None}, {"id": 2, "text": "They met."}])
    [found] = table_labeller(tiny_folder)(documents)
    assert found["document"].to_pylist() == ["1", "2"]
    assert found["error"].to_pylist() == ["holds no text in 'text'", None]


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_document_of_a_table_without_an_id_is_a_row_with_an_error(tiny_folder, nothing):
    documents = arrow.Table.from_pydict({"id": [nothing, 0.5], "text": ["They met."] * 2})
    [found] = table_labeller(tiny_folder)(documents)
    assert found["document"].to_pylist() == ["", "0.5"]
    assert found["error"].to_pylist() == ["has no id in 'id'", None]


def test_the_column_of_errors_cannot_be_kept(tiny_folder):
    with pytest.raises(InputError, match=r"^the column 'error' cannot be kept: results have one"):
        table_labeller(tiny_folder, keep_columns=["error"])


def test_a_column_that_a_table_lacks_is_named(tiny_folder):
    documents = arrow.Table.from_pylist([{"id": 1, "body": "They met."}])
    with pytest.raises(InputError, match="no column 'text'; it has id, body"):
        list(table_labeller(tiny_folder)(documents))


UNFIT = [
    ({"thresholds": {"coop": 0.5}}, "no frame 'coop'"),
    ({"abstain": 0.2}, "no abstention band for 0.2"),
    ({"backend": "foo"}, "unknown backend 'foo'; expected one of auto, onnx, torch"),
    ({"device": "gpu"}, "unknown device 'gpu'; expected cpu or cuda"),
    ({"threads": 0}, "threads is 0"),
    ({"batch_size": 0}, "batch_size is 0"),
]


@pytest.mark.parametrize(("given", "named"), UNFIT)
def test_what_does_not_fit_is_refused_before_a_job_begins(
    tiny_folder, corpus, tmp_path, given, named
):
    with pytest.raises(InputError, match=named):
        label_shards([corpus], tmp_path / "out", model=tiny_folder, **given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("given", "named"), UNFIT[:2])
def test_what_does_not_fit_is_refused_before_a_table_is_labelled(tiny_folder, given, named):
    options = {name: value for name, value in OPTIONS.items() if name != "format"} | given
    thresholds = tuple(options.pop("thresholds", {}).items())
    with pytest.raises(InputError, match=named):
        TableLabeller.of(Worker(str(tiny_folder), thresholds), **options)


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_extra_is_named(tiny_folder, corpus, tmp_path):
    with pytest.raises(MissingExtraError, match=r"stance\[ray\]"):
        label_shards([corpus], tmp_path / "out", model=tiny_folder)
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_is_refused_before_anything_starts(corpus, tmp_path):
    with pytest.raises(ModelError):
        label_shards([corpus], tmp_path / "out", model=tmp_path / "no")
    assert not (tmp_path / "out").exists()


# What follows starts Ray.


@pytest.fixture(scope="module")
def cluster():
    """Three nodes of one processor each, as processes of this machine."""
    pytest.importorskip("ray", reason=NEEDS_RAY)
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("PYTHONPATH", str(ROOT))
        nodes = Cluster(initialize_head=True, head_node_args=NODE)
        try:
            for _ in range(2):
                nodes.add_node(**NODE)
            yield nodes
        finally:
            nodes.shutdown()


def busy_node(cluster):
    """Find a node, not the head, on which a model is at work."""
    from ray._private.state import actors

    working = [of for of in actors().values() if "Labeller" in str(of) and of["State"] == "ALIVE"]
    places = {of["Address"]["NodeID"] for of in working}
    return next((node for node in cluster.worker_nodes if node.node_id in places), None)


@pytest.mark.filterwarnings("ignore")
def test_a_node_that_dies_changes_no_row(cluster, tiny_model, tiny_folder, corpus, tmp_path):
    seen, killed = [], []

    def kill(progress):
        seen.append(progress)
        if not killed and (node := busy_node(cluster)) is not None:
            killed.append(node)
            cluster.remove_node(node, allow_graceful=False)

    options = {"model": tiny_folder, "block_characters": BLOCK // 3, "address": cluster.address}
    report = label_shards([corpus], tmp_path / "out", progress=kill, **options)
    cluster.add_node(**NODE)
    assert killed
    local = job.label_files([corpus], tmp_path / "local.jsonl", model=tiny_model)
    assert whole(tmp_path / "out") == (tmp_path / "local.jsonl").read_bytes()
    assert replace(report, output=None, seconds=0) == replace(local, output=None, seconds=0)
    assert seen[-1].share == 1.0


@pytest.mark.filterwarnings("ignore")
def test_the_command_goes_on_and_has_the_exit_code_of_the_local_run(
    cluster, tiny_folder, corpus, tmp_path
):
    output = tmp_path / "out"
    label_in_blocks(corpus, output, tiny_folder)
    first = whole(output)
    shutil.rmtree(output)
    words = ["label", corpus, "-o", output, "--model", tiny_folder, "--engine", "ray"]
    command = [sys.executable, "-c", "from stance.cli import main; main()", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command += ["--address", cluster.address, "--no-table"]
    for resume in ([], ["--resume"]):
        done = subprocess.run(
            command + resume, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stderr
        assert "b2.txt" in done.stderr
        assert "Traceback" not in done.stderr
        assert whole(output) == first
    assert "by an earlier run" in done.stdout


@pytest.mark.filterwarnings("ignore")
def test_a_ray_dataset_has_the_rows_of_the_local_run(cluster, tiny_model, tiny_folder, corpus):
    import ray

    ray.init(address=cluster.address, log_to_driver=False)
    try:
        documents = [row for row in rows_of(corpus / "a.jsonl") if "text" in row]
        labelled = stance.ray_label(ray.data.from_items(documents), model=tiny_folder)
        found = sorted(labelled.take_all(), key=lambda row: (row["document"], row["index"]))
    finally:
        ray.shutdown()
    [expected] = table_labeller(tiny_folder)(arrow.Table.from_pylist(documents))
    expected = sorted(expected.to_pylist(), key=lambda row: (row["document"], row["index"]))
    assert found == expected


@pytest.mark.filterwarnings("ignore")
def test_a_spark_data_frame_has_the_rows_of_the_local_run(tiny_folder, corpus, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason='needs Spark: pip install "stance[spark]"')
    if not shutil.which("java"):
        pytest.skip("needs Java, on which Spark runs")
    from stance.cluster.spark import spark_label

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    documents = [row for row in rows_of(corpus / "a.jsonl") if "text" in row]
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "512m")
        .getOrCreate()
    )
    try:
        given = session.createDataFrame([*documents, {"id": "none", "text": None}])
        found = [row.asDict() for row in spark_label(given, model=tiny_folder).collect()]
    finally:
        session.stop()
    table = arrow.Table.from_pylist([*documents, {"id": "none", "text": None}])
    [expected] = table_labeller(tiny_folder)(table)
    assert found == expected.to_pylist()
