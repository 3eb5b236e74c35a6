"""Reads train.rec as mxnet's IndexedRecordIO and insightface's MXFaceDataset do, with the standard library alone."""
import json
import struct
import sys
from pathlib import Path

folder = Path(sys.argv[1])
record = open(folder / 'train.rec', 'rb')
index = {}
for line in open(folder / 'train.idx'):
    key, offset = line.strip().split('\t')
    index[int(key)] = int(offset)


def read(key):
    record.seek(index[key])
    parts = []
    while True:
        magic, word = struct.unpack('<II', record.read(8))
        assert magic == 0xCED7230A, 'no frame'
        length = word & 0x1FFFFFFF
        parts.append(record.read(length))
        record.read(-length % 4)
        if word >> 29 in (0, 3):
            return struct.pack('<I', magic).join(parts)


def unpack(payload):
    flag, label, own, _ = struct.unpack('<IfQQ', payload[:24])
    if flag == 0:
        return flag, [label], own, payload[24:]
    return flag, list(struct.unpack(f'<{flag}f', payload[24 : 24 + 4 * flag])), own, payload[24 + 4 * flag :]


flag, header, _, _ = unpack(read(0))
images = range(1, int(header[0])) if flag > 0 else list(index)
pictures = [[key, int(unpack(read(key))[1][0]), unpack(read(key))[3].hex()] for key in images]
people = [list(map(int, unpack(read(key))[1])) for key in range(int(header[0]), int(header[1]))]
property = (folder / 'property').read_text()
json.dump({'pictures': pictures, 'people': people, 'property': property}, sys.stdout)
