"""A real inference engine in a second: llama.cpp's own HTTP server (xllamacpp) on a tiny model of random weights.

What it says is salad of printable characters, one at least; what it does is real: token caps, stop strings, usage,
streaming, errors, keys.
It accepts any model name, and embeddings need an engine of their own.
It runs in a process of its own, because a C++ server cannot be stopped from Python once it hangs.
"""

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WIDTH, LAYERS, HEADS, FEED, CONTEXT = 64, 2, 4, 128, 8192
SEED = 7
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MARKS = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
START = 30.0
"""Seconds in which an engine must have told its address; it takes a tenth of one."""


@contextmanager
def start_engine(key: str | None = None, *, embedding: bool = False) -> Iterator[str]:
    """The base URL of an engine that runs until the block ends; skips the test where xllamacpp is not installed."""
    require("xllamacpp", "gguf", "numpy")
    command = [sys.executable, str(Path(__file__).resolve()), str(tiny_model())]
    command += ["--key", key] if key else []
    command += ["--embedding"] if embedding else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield _address(process)
        finally:
            process.kill()


def require(*modules: str) -> None:
    """Nothing, where all are installed; else the test is skipped, and in CI it fails."""
    absent = [name for name in modules if importlib.util.find_spec(name) is None]
    if absent:
        without(f"{' and '.join(absent)} is not installed")


def without(reason: str) -> None:
    """Give the test up for this reason: a skip on a desk, a failure in CI, where nothing may be missing."""
    import pytest

    if os.environ.get("CI") == "true":
        pytest.fail(f"failed, because {reason}", pytrace=False)
    pytest.skip(f"skipped, because {reason}")


def cache_dir() -> Path:
    """A folder of this user for what tests make once; it may be deleted at any time between runs."""
    folder = Path(tempfile.gettempdir()) / f"ringmain-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user")
    return folder


def tiny_model() -> Path:
    """The model's file, written once for each version of this script; workers that write it at once do no harm."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    path = cache_dir() / f"tiny-{version}.gguf"
    if not path.exists():
        own = path.with_suffix(f".{os.getpid()}")
        write_model(own)
        own.replace(path)
    return path


def write_model(path: Path) -> None:
    """Write the model: half a megabyte, the same bytes each time."""
    import gguf

    tokens, scores, types = _vocabulary()
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_name("tiny-random")
    _add_shape(out, len(tokens))
    out.add_tokenizer_model("llama")
    out.add_token_list(tokens)
    out.add_token_scores(scores)
    out.add_token_types(types)
    out.add_unk_token_id(0)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    for at, part in enumerate(("pre", "suf", "mid")):
        out.add_uint32(f"tokenizer.ggml.fim_{part}_token_id", len(tokens) - len(MARKS) + at)
    out.add_chat_template(TEMPLATE)
    _add_weights(out, len(tokens))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def _vocabulary() -> tuple[list[str], list[float], list[int]]:
    """Tokens, scores and types: three specials, every byte, printable ASCII, three fill-in-the-middle marks."""
    normal, unknown, control, byte = 1, 2, 3, 6
    rows = [("<unk>", 0.0, unknown), ("<s>", 0.0, control), ("</s>", 0.0, control)]
    rows += [(f"<0x{value:02X}>", 0.0, byte) for value in range(256)]
    rows += [("▁" if code == 32 else chr(code), -float(code), normal) for code in range(32, 127)]
    rows += [(mark, 0.0, control) for mark in MARKS]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _add_shape(out, size: int) -> None:
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(FEED)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_vocab_size(size)


def _add_weights(out, size: int) -> None:
    import numpy as np

    rng = np.random.default_rng(SEED)

    def weights(*shape: int):
        return (rng.standard_normal(shape) * 0.08).astype(np.float32)

    out.add_tensor("token_embd.weight", weights(size, WIDTH))
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            out.add_tensor(f"{block}{norm}.weight", np.ones(WIDTH, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            out.add_tensor(f"{block}{name}.weight", weights(WIDTH, WIDTH))
        out.add_tensor(f"{block}ffn_gate.weight", weights(FEED, WIDTH))
        out.add_tensor(f"{block}ffn_up.weight", weights(FEED, WIDTH))
        out.add_tensor(f"{block}ffn_down.weight", weights(WIDTH, FEED))
    out.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    out.add_tensor("output.weight", weights(size, WIDTH))


def _address(process: subprocess.Popen[bytes]) -> str:
    """What the engine says that it listens on; the engine prints nothing else to this pipe."""
    import select

    assert process.stdout
    readable, _, _ = select.select([process.stdout], [], [], START)
    line = process.stdout.readline().decode().strip() if readable else ""
    if not line.startswith("http://"):
        raise RuntimeError(f"the engine did not start (exit code {process.poll()})")
    return f"{line}/v1"


def _serve(path: Path, *, key: str | None, embedding: bool) -> None:
    """Serve the model on a free port until the standard input ends, so that no engine outlives its test run."""
    import xllamacpp

    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the engine's own log must not stand in the pipe that tells the address
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx, params.n_parallel, params.warmup, params.n_gpu_layers = CONTEXT, 4, False, 0
    # Two threads wait for each other within every token, which takes a busy machine a hundred times as long.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # Left alone it says bytes of which no text has come at the cap: one answer in thirty would be empty.
    spoken = xllamacpp.common_grammar_type.COMMON_GRAMMAR_TYPE_USER
    params.sampling.grammar = xllamacpp.CommonGrammar(spoken, "root ::= [!-~] [ -~]*")
    if key:
        params.api_keys = [key]
    if embedding:
        params.embedding, params.pooling_type = True, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(params)
    print(server.listening_address, file=told, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # the C++ side may wait for open streams; nobody reads them any more


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--key")
    parser.add_argument("--embedding", action="store_true")
    given = parser.parse_args()
    _serve(given.model, key=given.key, embedding=given.embedding)
