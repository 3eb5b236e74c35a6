"""Writes files as torch.save does, with Python's own pickler and zipfile and stand-ins of torch's names; reads a list of files to write as JSON on stdin.

Number i of tensor t (both from 0) is sin(0.37 i + t), rounded to its type.
"""
import collections, io, json, math, os, pickle, struct, sys, types, zipfile


def stand_in(module, name, value):
    if module not in sys.modules:
        sys.modules[module] = types.ModuleType(module)
    value.__module__, value.__qualname__, value.__name__ = module, name, name
    setattr(sys.modules[module], name, value)
    return value


formats = {'FloatStorage': 'f', 'DoubleStorage': 'd', 'HalfStorage': 'e', 'LongStorage': 'q', 'BFloat16Storage': None}
storage_types = {name: stand_in('torch', name, type(name, (), {})) for name in formats}
rebuild_tensor = stand_in('torch._utils', '_rebuild_tensor_v2', lambda *arguments: None)
rebuild_parameter = stand_in('torch._utils', '_rebuild_parameter', lambda *arguments: None)


def packed(values, storage):
    if storage == 'BFloat16Storage':
        return b''.join(struct.pack('<f', value)[2:] for value in values)
    return struct.pack(f'<{len(values)}{formats[storage]}', *(map(int, values) if storage == 'LongStorage' else values))


class Storage:
    def __init__(self, key, kind, count, content):
        self.key, self.kind, self.count, self.content = key, kind, count, content


class Tensor:
    def __init__(self, storage, shape, strides, offset=0):
        self.arguments = (storage, offset, tuple(shape), tuple(strides), False, collections.OrderedDict())

    def __reduce_ex__(self, protocol):
        return rebuild_tensor, self.arguments


class Parameter(Tensor):
    def __reduce_ex__(self, protocol):
        tensor = Tensor.__new__(Tensor)
        tensor.arguments = self.arguments
        return rebuild_parameter, (tensor, True, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            self.storages[value.key] = value
            return ('storage', storage_types[value.kind], value.key, 'cpu', value.count) + self.view
        return None


def pickled(value, protocol, view):
    out = io.BytesIO()
    pickler = Pickler(out, protocol)
    pickler.storages, pickler.view = {}, view
    pickler.dump(value)
    return out.getvalue(), pickler.storages


def write_zip(path, data, storages, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, 'w', compression) as archive:
        archive.writestr('archive/data.pkl', data)
        archive.writestr('archive/byteorder', 'little')
        for key, storage in storages.items():
            archive.writestr(f'archive/data/{key}', storage.content)
        archive.writestr('archive/version', '3\n')


def write_legacy(path, data, storages, protocol):
    with open(path, 'wb') as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, {'protocol_version': 1001, 'little_endian': True, 'type_sizes': {'short': 2, 'int': 4, 'long': 4}}):
            pickle.dump(value, file, protocol)
        file.write(data)
        pickle.dump(sorted(storages), file, protocol)
        for key in sorted(storages):
            file.write(struct.pack('<q', storages[key].count) + storages[key].content)


def state_dict(entries):
    state = collections.OrderedDict()
    for t, entry in enumerate(entries):
        shape, kind = entry['shape'], entry.get('storage', 'FloatStorage')
        count = math.prod(shape)
        values = [math.sin(0.37 * i + t) for i in range(1 if entry.get('expanded') else count)]
        strides = [math.prod(shape[axis + 1:]) for axis in range(len(shape))]
        if entry.get('transposed'):  # the same numbers, column after column in memory, behind three others
            strides = [math.prod(shape[:axis]) for axis in range(len(shape))]
            memory = [0.0] * count
            for i in range(count):
                rest, place = i, 0
                for axis in reversed(range(len(shape))):
                    rest, index = divmod(rest, shape[axis])
                    place += index * strides[axis]
                memory[place] = values[i]
            values = [9.0] * 3 + memory
        if entry.get('expanded'):
            strides = [0] * len(shape)
        storage = Storage(str(t), kind, len(values), packed(values, kind))
        state[entry['name']] = (Parameter if entry.get('parameter') else Tensor)(storage, shape, strides, 3 if entry.get('transposed') else 0)
    state._metadata = collections.OrderedDict([('', {'version': 1})])  # pickled as BUILD, as torch's is
    return state


class Call:
    """Unpickled, it calls."""
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile(marker):
    import builtins, subprocess
    command = f'touch {marker}'
    storage = Storage('0', 'FloatStorage', 4, packed([1, 2, 3, 4], 'FloatStorage'))
    tensor = lambda *place: Tensor(storage, *place)
    yield 'os.system', Call(os.system, command)
    yield 'in a state_dict', {'conv1.weight': Call(os.system, command)}
    yield 'eval', Call(builtins.eval, f'open({marker!r}, "w")')
    yield 'exec', Call(builtins.exec, f'open({marker!r}, "w")')
    yield 'getattr', Call(builtins.getattr, Call(__import__, 'os'), 'system')
    yield 'subprocess', Call(subprocess.Popen, ['touch', marker])
    yield 'open', Call(builtins.open, marker, 'w')
    yield 'call with a tensor', Call(rebuild_tensor, Call(os.system, command), 0, (1,), (1,), False, None)
    yield 'beyond its storage', {'w': tensor([5], [1])}
    yield 'offset beyond its storage', {'w': tensor([2], [1], 3)}
    yield 'stride beyond its storage', {'w': tensor([2, 2], [3, 1])}
    yield 'negative stride', {'w': tensor([2], [-1])}
    yield 'negative offset', {'w': tensor([2], [1], -1)}
    yield 'negative shape', {'w': tensor([-2, -2], [1, 1])}
    yield 'fractional shape', {'w': tensor([1.5], [1])}
    yield 'giant shape', {'w': tensor([2 ** 40, 2 ** 40], [0, 0])}
    yield 'text as storage', {'w': Call(rebuild_tensor, 'storage', 0, (1,), (1,), False, None)}


for order in json.load(sys.stdin):
    protocol = order.get('protocol', 2)
    if 'hostile' in order:
        names = []
        for index, (name, value) in enumerate(hostile(order['hostile'])):
            for kind in ('zip', 'legacy', 'bare'):
                path = os.path.join(order['folder'], f'{index}.{kind}')
                data, storages = pickled(value, protocol, () if kind == 'zip' else (None,))
                if kind == 'zip':
                    write_zip(path, data, storages)
                elif kind == 'legacy':
                    write_legacy(path, data, storages, protocol)
                else:
                    open(path, 'wb').write(data)
                names.append([f'{name}, {kind}', path])
        print(json.dumps(names))
        continue
    state = state_dict(order['tensors'])
    for wrapper in order.get('wrappers', []):
        state = {'epoch': 90, 'best_acc1': 69.75, 'optimizer': {'state': {0: {'step': 3}}, 'param_groups': [{'lr': 0.1, 'params': [0, 1]}]}, wrapper: state}
    data, storages = pickled(state, protocol, (None,) if order['format'] == 'legacy' else ())
    if order['format'] == 'legacy':
        write_legacy(order['path'], data, storages, protocol)
    else:
        write_zip(order['path'], data, storages, zipfile.ZIP_DEFLATED if order.get('compressed') else zipfile.ZIP_STORED)
