"""Writes the same 10 pairs as verification sets in the forms that are in use; run with numpy 1 and numpy 2."""
import pickle
import sys
from pathlib import Path

import numpy

folder = Path(__file__).parent
major = numpy.__version__.split('.')[0]
pictures = [b'\xff\xd8\xff\xe0' + bytes([index, 255 - index, 0, 0x80 + index]) + b'\xff\xd9' for index in range(20)]
same = [index % 3 != 1 for index in range(10)]
lines = [numpy.frombuffer(picture, dtype='u1').copy() for picture in pictures]
columns = [line.reshape(-1, 1) for line in lines]


def write(name, value, protocol):
    (folder / f'{name}.bin').write_bytes(pickle.dumps(value, protocol=protocol))


if major == '1':
    write('bytes-2', (pictures, same), 2)
    write('bytes-3', (pictures, same), 3)
    write('bytes-4', (pictures, same), 4)
    write('bytes-5', (pictures, same), 5)
for protocol in (2, 3, 4, 5):
    write(f'numpy{major}-lines-{protocol}', (lines, numpy.array(same)), protocol)
    write(f'numpy{major}-columns-{protocol}', (columns, [numpy.bool_(truth) for truth in same]), protocol)
sys.stdout.write(f'numpy {numpy.__version__}, Python {sys.version.split()[0]}\n')
