"""What may be imported where, and what an import costs."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import stance

ROOT = Path(stance.__file__).parent
HEAVY = {
    "torch",
    "transformers",
    "datasets",
    "sklearn",
    "evaluate",
    "scipy",
    "captum",
    "matplotlib",
    "jinja2",
    "ray",
    "pyspark",
}
MAY_IMPORT = {
    "torch": {
        "backends/torch.py",
        "backends/first_token.py",
        "backends/gradients.py",
        "finetuning/",
    },
    "transformers": {"backends/torch.py", "backends/gradients.py", "finetuning/"},
    "captum": {"backends/gradients.py"},
    "datasets": {"finetuning/"},
    "scipy": {"finetuning/"},
    "sklearn": {"estimator.py"},
    "evaluate": set(),
    "jinja2": {"report/"},
    "matplotlib": {"report/"},
    "pandas": {"summary.py", "cluster/spark.py"},
    "ray": {"cluster/"},
    "pyspark": {"cluster/spark.py"},
}
#: The rooms, from the bottom up: a module imports only what stands before it.
ORDER = [
    "errors",
    "options",
    "texts",
    "trained_on",
    "ahead",
    "strict_json",
    "untrusted",
    "tokenizer_checks",
    "codebook",
    "results",
    "figures",
    "phrases",
    "boilerplate",
    "markup",
    "sentence_ends",
    "remarks",
    "sentences",
    "backends",
    "tokens",
    "decision",
    "inference",
    "store",
    "sharing",
    "resampling",
    "explain",
    "dataset_columns",
    "model",
    "files",
    "settings",
    "job",
    "cluster",
    "krippendorff",
    "confusion",
    "scoring",
    "gold",
    "agreement",
    "flat_rows",
    "tabulation",
    "summary",
    "correction",
    "shares",
    "sampling",
    "report",
    "suggest",
    "evaluation",
    "finetuning",
    "estimator",
    "cli",
    "__main__",
]


def modules():
    return sorted(ROOT.rglob("*.py"))


def imports_of(path, *, whole=True):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if whole else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def room(path):
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    if path == ROOT / "__init__.py":
        return
    here = ORDER.index(room(path))
    for name in imports_of(path):
        if name.split(".")[0] != "stance":
            continue
        assert name != "stance", "nothing imports the package root"
        there = name.split(".")[1]
        assert ORDER.index(there) <= here, f"{room(path)} imports {there}, which stands above it"


def offered_by(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_imported_from_a_module_is_what_it_offers(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("stance."):
            place = ROOT.joinpath(*node.module.split(".")[1:])
            source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            modules = {module.stem for module in place.glob("*.py")}
            assert {name.name for name in node.names} <= offered_by(source) | modules, node.module


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle():
    """Not in one room either, nor by an import inside a function."""
    names = {module_name(path) for path in modules()}
    graph = {}
    for path in modules():
        found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        imports = [
            (n.module, a.name) for n in found if isinstance(n, ast.ImportFrom) for a in n.names
        ]
        wanted = {
            f"{module}.{name}" if f"{module}.{name}" in names else module
            for module, name in imports
        }
        graph[module_name(path)] = wanted & names
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_packages_stay_in_their_rooms(path):
    relative = path.relative_to(ROOT).as_posix()
    for name in imports_of(path):
        allowed = MAY_IMPORT.get(name.split(".")[0])
        if allowed is not None:
            assert any(relative.startswith(prefix) for prefix in allowed), f"{relative}: {name}"


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_import_loads_nothing_heavy():
    loaded = set(run_python("import stance, sys; print(*sys.modules)").split())
    assert not loaded & (HEAVY | {"numpy", "onnxruntime", "tokenizers", "typer", "rich"})


def test_loading_and_labelling_loads_nothing_heavy():
    code = "import stance, sys; stance.load().label('One sentence.'); print(*sys.modules)"
    assert not set(run_python(code).split()) & HEAVY


def test_import_takes_under_a_tenth_of_a_second():
    code = "import time; t = time.perf_counter(); import stance; print(time.perf_counter() - t)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.1


def test_public_names_are_these_and_can_be_had():
    assert len(stance.__all__) <= 10
    assert sorted(stance.__all__) == stance.__all__
    for name in stance.__all__:
        assert getattr(stance, name).__name__
        assert name in dir(stance)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        _ = stance.predict
