"""House rules that a type checker and import-linter (.importlinter) do not see."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from nkululeko.core import families
from nkululeko.core.plugin import Family

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "nkululeko"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {
    "fastapi", "imblearn", "kaldi_native_fbank", "lightgbm", "matplotlib", "onnx", "onnxmltools", "onnxruntime",
    "opensmile", "parselmouth", "plotly", "scipy", "shap", "sklearn", "skl2onnx", "skops", "skorch", "torch",
    "torchaudio", "transformers", "umap", "uvicorn", "xgboost",
}  # fmt: skip
#: modules that can run what a file says, and the one file that may: it talks to its own process
UNSAFE_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve"}
MAY_PICKLE = {"core/companion.py"}
FAMILIES = [member for member in vars(families).values() if isinstance(member, Family)]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def module(path: Path) -> str:
    return ".".join(["nkululeko", *path.relative_to(PACKAGE).with_suffix("").parts])


def at_import(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements that run on import: not functions' bodies, not those for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from (part for other in child.orelse for part in at_import(other))
            continue
        if isinstance(child, ast.stmt):
            yield child
        yield from at_import(child)


def imported(statement: ast.AST) -> list[str]:
    """The modules, and the names in them, that an import statement names."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        assert statement.level == 0, "imports are absolute here"
        return [str(statement.module), *(f"{statement.module}.{alias.name}" for alias in statement.names)]
    return []


def heavy_imports(parsed: ast.Module) -> set[str]:
    names = {full for statement in at_import(parsed) for full in imported(statement)}
    return {full for full in names if full.partition(".")[0] in HEAVY}


def loads_safely(call: ast.Call) -> bool:
    """Whether ``yaml.load`` is told a loader that makes plain values only."""
    loader = next((ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "Loader"), "")
    return "SafeLoader" in loader and not any(word in loader for word in ("UnsafeLoader", "FullLoader"))


def unsafe(parsed: ast.Module) -> set[str]:
    """What could execute the content of a file or of an option."""
    found = set()
    for node in ast.walk(parsed):
        found |= {full for full in imported(node) if full.partition(".")[0] in UNSAFE_MODULES}
        risky = isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "shell", "trust_remote_code")
        if risky and ast.unparse(node.value) != "False":
            found.add(f"{node.arg}={ast.unparse(node.value)}")
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"):
            found.add(called)
        if called.endswith(("yaml.unsafe_load", "yaml.full_load", "joblib.load", "read_pickle")):
            found.add(called)
        if called.endswith("yaml.load") and not loads_safely(node):
            found.add(called)
        if called.rpartition(".")[2] in ("eval", "query") and "." in called and node.args:  # of pandas frames
            found.add(called)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_heavy_packages_are_imported_where_they_are_used(path):
    assert not heavy_imports(tree(path))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_from_a_file_is_executed(path):
    found = unsafe(tree(path))
    if name(path) in MAY_PICKLE:
        found.discard("pickle")
        found = {item for item in found if not item.startswith("pickle.")}
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.package)
def test_no_plugin_imports_another(family):
    plugins = {
        module(path)
        for other in FAMILIES
        for path in (PACKAGE.parent / other.package.replace(".", "/")).glob("*.py")
        if not path.name.startswith("_")
    }
    folder = PACKAGE.parent / family.package.replace(".", "/")
    for path in sorted(folder.glob("*.py")):
        if module(path) in plugins:
            used = {full for node in ast.walk(tree(path)) for full in imported(node)}
            assert not used & (plugins - {module(path)}), f"{name(path)} imports another plug-in"


def test_all_families_are_checked():
    assert len(FAMILIES) >= 7
    assert len(SOURCES) > 50


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import scipy.signal", {"scipy.signal"}),
        ("try:\n    import torch\nexcept ImportError:\n    torch = None", {"torch"}),
        ("class A:\n    import sklearn", {"sklearn"}),
        ("from matplotlib import pyplot", {"matplotlib", "matplotlib.pyplot"}),
        ("def f():\n    import scipy", set()),
        ("if TYPE_CHECKING:\n    import torch", set()),
        ("import numpy", set()),
    ],
)
def test_the_check_of_heavy_imports_can_fail(code, found):
    assert heavy_imports(ast.parse(code)) == found


@pytest.mark.parametrize(
    "code",
    [
        "eval(text)",
        "def f():\n    exec(text)",
        "import pickle",
        "from pickle import loads",
        "np.load(f, allow_pickle=True)",
        "np.load(f, allow_pickle=option)",
        "subprocess.run(c, shell=True)",
        "yaml.load(f)",
        "yaml.load(f, Loader=yaml.UnsafeLoader)",
        "yaml.load(f, Loader=yaml.FullLoader)",
        "frame.query(text)",
        "os.system(c)",
    ],
)
def test_the_check_of_unsafe_code_can_fail(code):
    assert unsafe(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "model.eval()",
        "ast.literal_eval(text)",
        "np.load(f, allow_pickle=False)",
        "yaml.load(f, Loader=yaml.SafeLoader)",
    ],
)
def test_the_check_of_unsafe_code_lets_pass(code):
    assert not unsafe(ast.parse(code))
