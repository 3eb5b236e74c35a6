"""Opens a model.onnx with Python's onnxruntime, onnx and insightface, and says what each found."""

import importlib.util
import sys


def has(module):
    return importlib.util.find_spec(module) is not None


def expect(condition, sentence):
    if not condition:
        sys.exit(f"FAILED: {sentence}")
    print(f"ok: {sentence}")


def check_with_onnxruntime(path):
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    [made] = session.get_outputs()
    batch, channels, height, width = given.shape
    expect(isinstance(batch, str) and channels == 3 and height == width, f"onnxruntime: the input is {given.shape}")
    images = np.random.default_rng(1).uniform(-1, 1, (5, 3, height, width)).astype(np.float32)
    together = session.run(None, {given.name: images})[0]
    single = session.run(None, {given.name: images[:1]})[0]
    expect(together.shape == (5, made.shape[1]), f"onnxruntime: five pictures give embeddings {together.shape}")
    difference = float(np.abs(together[:1] - single).max() / np.abs(single).max())
    expect(difference < 1e-4, f"onnxruntime: alone or among five, an embedding differs by {difference:.1e}")
    keys = sorted(session.get_modelmeta().custom_metadata_map)
    expect("arcbench.run" in keys, f"onnxruntime: the metadata are {', '.join(keys)}")


def check_with_onnx(path):
    import onnx

    onnx.checker.check_model(path, full_check=True)
    print("ok: onnx: the checker accepts the model, with shape inference")


def check_with_insightface(path):
    import numpy as np
    import onnxruntime
    from insightface.model_zoo import get_model

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    side = given.shape[2]
    if side < 112 or side % 16 != 0:
        print(f"skipped: insightface: it takes recognition models from 112 pixels in steps of 16, this has {side}")
        return
    model = get_model(path, providers=["CPUExecutionProvider"])
    expect(model.taskname == "recognition", f"insightface: takes it for a model of {model.taskname}")
    mean_and_std = (model.input_mean, model.input_std)
    expect(mean_and_std == (127.5, 127.5), f"insightface: normalises with mean and std {mean_and_std}")
    blue_first = np.random.default_rng(2).integers(0, 256, (side, side, 3), dtype=np.uint8)
    theirs = model.get_feat(blue_first)
    ours = ((blue_first[:, :, ::-1].astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
    expected = session.run(None, {given.name: np.ascontiguousarray(ours)})[0]
    difference = float(np.abs(theirs - expected).max() / np.abs(expected).max())
    expect(difference < 1e-4, f"insightface: its embedding differs from onnxruntime's by {difference:.1e}")


def main():
    path = sys.argv[1]
    if not has("onnxruntime"):
        sys.exit(f"{sys.executable} has no onnxruntime: pip install onnxruntime, or name another Python with --python.")
    check_with_onnxruntime(path)
    for module, check in (("onnx", check_with_onnx), ("insightface", check_with_insightface)):
        if has(module):
            check(path)
        else:
            print(f"skipped: {module} is not installed in {sys.executable}")


main()
