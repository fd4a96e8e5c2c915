"""A BERT encoder as an OpenVINO graph, built from the model's own weights.

sentence-transformers runs the same weights through torch, which takes seconds and hundreds of megabytes to import
before the first question is answered; this graph loads in a fraction of a second and embeds several times
faster on a CPU. `tests/contracts` holds both to the same vectors. The architecture is that of BERT (Devlin et al.
2019): post-norm blocks, exact GELU, learned positions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

Array = NDArray[np.float32]
Ids = NDArray[np.int64]
Precision = Literal["auto", "f32"]
_NOTHING: Array = np.zeros((0, 0), dtype=np.float32)


class BertEncoder:
    """Runs a BERT of sentence-transformers' layout: mean pooling over tokens, then L2 normalisation."""

    def __init__(self, folder: Path, precision: Precision = "auto") -> None:
        """Builds and compiles the graph.

        `precision` "f32" gives the same vectors on every machine; "auto" lets a CPU that multiplies bf16 in hardware
        do so, which is several times faster there and differs in the fourth digit of a cosine.

        Raises:
            ModelError: the folder holds another architecture, or lacks a file.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            _check_architecture(config, folder)
            self._model = _compile(_build(config, _load_weights(folder / "model.safetensors")), precision)
            self._at_once = int(self._model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        except FileNotFoundError as error:
            raise ModelError(f"the model folder {folder} lacks {Path(error.filename or 'a file').name}") from error
        except ModelError:
            raise
        except Exception as error:  # safetensors and OpenVINO have error classes of their own.
            raise ModelError(
                f"the model in {folder} cannot be loaded ({type(error).__name__}: {error}); install it anew"
            ) from error

    def __call__(self, batches: Sequence[tuple[Ids, Ids]], *, states: bool) -> list[tuple[Array | None, Array]]:
        """(batch, length) ids and mask to (batch, length, dim) token states, if wanted, and (batch, dim) unit vectors.

        Several batches are worked on at once, a core or more to each. Safe to share among threads: what another one
        asks for meanwhile takes its turn after the batches that are begun.
        """
        import openvino

        found: list[tuple[Array | None, Array]] = [(None, _NOTHING)] * len(batches)

        def keep(request: Any, place: int) -> None:
            words = np.array(request.get_output_tensor(0).data, dtype=np.float32) if states else None
            found[place] = (words, np.array(request.get_output_tensor(1).data, dtype=np.float32))

        queue = openvino.AsyncInferQueue(self._model, min(len(batches), self._at_once) or 1)
        queue.set_callback(keep)
        for place, (ids, mask) in enumerate(batches):
            queue.start_async({"ids": ids, "mask": mask}, place)
        queue.wait_all()
        return found


def _check_architecture(config: dict[str, Any], folder: Path) -> None:
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise ModelError(f"{folder} is not a BERT with exact GELU, but {config.get('model_type')!r}")


def _load_weights(path: Path) -> dict[str, Array]:
    from safetensors.numpy import load_file

    weights: dict[str, Array] = load_file(str(path))
    return {name.removeprefix("bert."): tensor for name, tensor in weights.items()}


def _compile(model: Any, precision: Precision) -> Any:
    import openvino

    # Threads that are pinned to cores wait for whatever else runs there; parsers do.
    hints: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT", "ENABLE_CPU_PINNING": False}
    if precision == "f32":
        hints["INFERENCE_PRECISION_HINT"] = "f32"
    return openvino.Core().compile_model(model, "CPU", hints)


def _build(config: dict[str, Any], weights: dict[str, Array]) -> Any:
    import openvino
    from openvino import opset13 as ops

    heads, hidden = int(config["num_attention_heads"]), int(config["hidden_size"])
    eps = float(config["layer_norm_eps"])

    def weight(name: str) -> Any:
        return ops.constant(weights[name].astype(np.float32))

    def dense(x: Any, name: str) -> Any:
        product = ops.matmul(x, weight(f"{name}.weight"), False, True)
        return ops.add(product, weight(f"{name}.bias"))

    def norm(x: Any, name: str) -> Any:
        unit = ops.mvn(x, ops.constant(np.array([-1], dtype=np.int64)), True, eps, "inside_sqrt")
        return ops.add(ops.multiply(unit, weight(f"{name}.weight")), weight(f"{name}.bias"))

    def split_heads(x: Any) -> Any:
        shaped = ops.reshape(x, ops.constant(np.array([0, 0, heads, hidden // heads], dtype=np.int64)), True)
        return ops.transpose(shaped, ops.constant(np.array([0, 2, 1, 3], dtype=np.int64)))

    ids = ops.parameter([-1, -1], np.int64, name="ids")
    mask = ops.parameter([-1, -1], np.int64, name="mask")
    ids.output(0).set_names({"ids"})
    mask.output(0).set_names({"mask"})
    zero, one = ops.constant(np.int64(0)), ops.constant(np.int64(1))
    length = ops.gather(ops.shape_of(ids), one, zero)
    positions = ops.range(zero, length, one, "i64")
    x = ops.gather(weight("embeddings.word_embeddings.weight"), ids, zero)
    x = ops.add(x, ops.gather(weight("embeddings.position_embeddings.weight"), positions, zero))
    x = ops.add(x, ops.constant(weights["embeddings.token_type_embeddings.weight"][:1]))
    x = norm(x, "embeddings.LayerNorm")

    kept = ops.convert(mask, "f32")
    ignored = ops.multiply(ops.subtract(ops.constant(np.float32(1)), kept), ops.constant(np.float32(-1e9)))
    ignored = ops.unsqueeze(ignored, ops.constant(np.array([1, 2], dtype=np.int64)))
    scale = ops.constant(np.float32(1 / math.sqrt(hidden // heads)))
    for layer in range(int(config["num_hidden_layers"])):
        block = f"encoder.layer.{layer}"
        query, key, value = (
            split_heads(dense(x, f"{block}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        attended = ops.scaled_dot_product_attention(query, key, value, ignored, scale)
        attended = ops.transpose(attended, ops.constant(np.array([0, 2, 1, 3], dtype=np.int64)))
        attended = ops.reshape(attended, ops.constant(np.array([0, 0, hidden], dtype=np.int64)), True)
        x = norm(ops.add(dense(attended, f"{block}.attention.output.dense"), x), f"{block}.attention.output.LayerNorm")
        inner = ops.gelu(dense(x, f"{block}.intermediate.dense"), "erf")
        x = norm(ops.add(dense(inner, f"{block}.output.dense"), x), f"{block}.output.LayerNorm")

    weighed = ops.unsqueeze(kept, ops.constant(np.array([2], dtype=np.int64)))
    axis = ops.constant(np.array([1], dtype=np.int64))
    mean = ops.divide(ops.reduce_sum(ops.multiply(x, weighed), axis), ops.reduce_sum(weighed, axis))
    pooled = ops.normalize_l2(mean, ops.constant(np.array([1], dtype=np.int64)), 1e-12, "max")
    return openvino.Model([x, pooled], [ids, mask], "bert")
