# Align, crop and pack as people do it in Python: decode, similarity transform of five points, warp to 112 x 112, append the pixels to one file.
import csv, json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np

library, source, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
size = 112
template = np.array([38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041]).reshape(5, 2)

def similarity(points):
    """Umeyama's least-squares similarity in its closed form for two dimensions: [[a, -b, x], [b, a, y]]."""
    mean, onto = points.mean(0), template.mean(0)
    p, q = points - mean, template - onto
    spread = (p * p).sum()
    a, b = (p * q).sum() / spread, (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / spread
    rotation = np.array([[a, -b], [b, a]])
    return np.hstack([rotation, (onto - rotation @ mean)[:, None]])

if library == 'opencv':
    import cv2
    version = cv2.__version__
    cv2.setNumThreads(threads)
    def prepare(path, points):
        return cv2.cvtColor(cv2.warpAffine(cv2.imread(path), similarity(points), (size, size)), cv2.COLOR_BGR2RGB)
else:
    import PIL
    from PIL import Image
    version = PIL.__version__
    def prepare(path, points):
        back = np.linalg.inv(np.vstack([similarity(points), [0, 0, 1]]))
        with Image.open(path) as picture:
            return np.asarray(picture.convert('RGB').transform((size, size), Image.Transform.AFFINE, back[:2].ravel(), Image.Resampling.BILINEAR))

with open(source, newline='') as file:
    rows = [(os.path.join(os.path.dirname(source), row['path']), np.array([float(row[f'{axis}{point}']) for point in range(5) for axis in 'xy']).reshape(5, 2)) for row in csv.DictReader(file)]

def run(target):
    started = time.perf_counter()
    with open(target, 'wb') as packed, ThreadPoolExecutor(threads) as pool:
        for pixels in (pool.map(lambda row: prepare(*row), rows) if threads > 1 else (prepare(*row) for row in rows)):
            packed.write(pixels.tobytes())
        packed.flush()
        os.fsync(packed.fileno())
    return len(rows) / (time.perf_counter() - started)

target = source + '.packed'
run(target)
print(json.dumps({'rate': run(target), 'version': version}))
