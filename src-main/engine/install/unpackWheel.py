"""Unpacks what the engine needs of a wheel, in the wheel's own layout, which its libraries' search paths rest on. Arguments: wheel, folder."""
import os
import re
import shutil
import sys
import zipfile

needed = re.compile(r'''
  tensorflow/libtensorflow_(cc|framework)\.(so\.2|2\.dylib)
| tensorflow/THIRD_PARTY_NOTICES\.txt
| tensorflow/include/(tensorflow/c|tensorflow/core/platform|tsl|xla|absl)/.*[^/]
| nvidia/\w+/lib/[^/]+\.so[^/]*
| nvidia/cuda_nvcc/(bin|nvvm)/.*[^/]
''', re.VERBOSE)

wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        if not needed.fullmatch(entry.filename):
            continue
        path = os.path.join(folder, entry.filename)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(entry) as source, open(path, 'wb') as target:
            shutil.copyfileobj(source, target, 1 << 20)
            if '/include/' not in entry.filename:
                target.flush()
                os.fsync(target.fileno())
        if entry.external_attr >> 16 & 0o100:
            os.chmod(path, 0o755)
