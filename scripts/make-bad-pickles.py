"""Writes test/fixtures/bad-pickles: torch files, by torch and pickle themselves, whose reading would run code or exhaust a naive reader.

python scripts/make-bad-pickles.py   (needs torch)
"""
import os
import io
import pathlib
import pickle
import shutil
import struct
import zipfile
import zlib

import torch

OUT = pathlib.Path(__file__).parent.parent / 'test' / 'fixtures' / 'bad-pickles'


class Runs:
    """Unpickling it calls a function."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def archive(name, data, entries=(), root='archive', method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(OUT / name, 'w', method) as file:
        file.writestr(f'{root}/data.pkl', data)
        for entry, content in entries:
            file.writestr(entry, content)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    state = {'wte.weight': torch.ones(2, 2)}
    torch.save({'model': state, 'x': Runs(os.system, 'echo run > ran')}, OUT / 'os-system.pt')
    torch.save({'model': state, 'x': Runs(os.system, 'echo run > ran')}, OUT / 'os-system-legacy.pt',
               _use_new_zipfile_serialization=False)
    torch.save({'model': state, 'x': Runs(eval, '1 + 1')}, OUT / 'eval.pt')
    torch.save({'model': state, 'x': Runs(eval, '1 + 1')}, OUT / 'eval-4.pt', pickle_protocol=4)
    torch.save(torch.nn.Linear(2, 2), OUT / 'whole-module.pt')

    # Names that look like known ones, names in parts, classes in other ways.
    archive('dotted.pt', b'ccollections\nOrderedDict.__class__\n.')
    archive('inst.pt', b'(S"echo run > ran"\nios\nsystem\n.')
    archive('obj.pt', b'(ccollections\nOrderedDict\no.')
    archive('build-slots.pt', b'cos\nsystem\n}b.')
    archive('extension.pt', b'\x80\x02\x82\x01.')
    archive('persistent-text.pt', b'Pstorage\n.')
    archive('call-of-a-list.pt', b'])R.')
    archive('storage-called.pt', b'ctorch\nFloatStorage\n)R.')
    archive('no-storage.pt', b'(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ.')

    # Bombs: each doubles what it had (shared, so that a reader that copies or prints it runs out), or announces too much.
    doubling = b']q\x00' + b''.join(b'(h%ch%ce]q%c' % (i, i, i + 1) for i in range(100))
    archive('memo-bomb.pt', b'\x80\x02}q\xc8(X\x05\x00\x00\x00model' + doubling + b'u.')
    deep = b'(' * 200_000 + b'.'
    archive('deep-marks.pt', deep)
    archive('many-dictionaries.pt', b'}' * 3_000_000 + b'.')
    pairs = b'](' + b'K\x00K\x01\x86' * 50_000 + b'e\x85q\x01'
    archive('copies.pt', b'\x80\x02ccollections\nOrderedDict\nq\x00' + pairs + b'h\x00h\x01R0' * 100_000 + b'.')
    archive('self.pt', b'\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s.')
    archive('huge-text.pt', b'\x80\x04\x8d' + struct.pack('<Q', 2 ** 62) + b'x.')
    archive('huge-number.pt', b'\x80\x02\x8b' + struct.pack('<I', 2 ** 31 - 1) + b'\x01.')
    archive('huge-memo.pt', b'\x80\x02}r\xff\xff\xff\xffj\xff\xff\xff\xff.')

    def tensor(count, offset, size, stride):
        return (b'\x80\x02}X\x0a\x00\x00\x00wte.weightctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage'
                b'ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu' + number(count) + b'tQ' + number(offset)
                + b'(' + b''.join(map(number, size)) + b't(' + b''.join(map(number, stride)) + b't\x89}tRs.')

    def number(value):
        return b'\x8a\x08' + struct.pack('<q', value)

    storage = [('archive/data/0', bytes(16))]
    archive('repeats.pt', tensor(4, 0, (2 ** 40, 2 ** 10), (0, 0)), storage)
    archive('beyond.pt', tensor(4, 2, (2, 2), (2, 1)), storage)
    archive('overflow.pt', tensor(4, 0, (2 ** 52, 2 ** 52), (2 ** 52, 1)), storage)
    archive('negative.pt', tensor(4, 0, (-1, 2), (2, 1)), storage)
    archive('short-storage.pt', tensor(5, 0, (5,), (1,)), storage)
    archive('missing-storage.pt', tensor(4, 0, (4,), (1,)))

    # Archives.
    good = pickle.dumps({'a': 1}, 2)
    archive('bomb.pt', good, [('archive/data/0', bytes(50_000_000))], method=zipfile.ZIP_DEFLATED)
    archive('upwards.pt', good, [('archive/../../../tmp/ran', b'x')])
    archive('absolute.pt', good, [('/etc/passwd', b'x')])
    archive('twice.pt', good, [('archive/data/0', b'x'), ('archive/data/0', b'y')])
    archive('big-endian.pt', good, [('archive/byteorder', b'big')])
    archive('no-tensors.pt', good)
    with zipfile.ZipFile(OUT / 'other-archive.pt', 'w') as file:
        file.writestr('word/document.xml', '<x/>')
    overlapping()
    (OUT / 'plain-pickle.pt').write_bytes(pickle.dumps({'a': 1}, 2))
    (OUT / 'text.pt').write_text('not a checkpoint\n')
    for path in OUT.iterdir():
        if path.stat().st_size > 20_000:
            path.with_name(path.name + '.gz').write_bytes(__import__('gzip').compress(path.read_bytes(), 9, mtime=0))
            path.unlink()


def overlapping():
    """One entry's bytes listed a thousand times: a small archive that unpacks to a large one."""
    body = bytes(1000)
    name = b'archive/data/0'
    local = struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, 0, 0, 0, 0, zlib.crc32(body), len(body), len(body), len(name), 0)
    data = io.BytesIO(local + name + body)
    data.seek(0, 2)
    start = data.tell()
    for i in range(1000):
        entry = b'archive/data/%d' % i
        data.write(struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 20, 20, 0, 0, 0, 0, zlib.crc32(body), len(body), len(body),
                               len(entry), 0, 0, 0, 0, 0, 0) + entry)
    size = data.tell() - start
    data.write(struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 1000, 1000, size, start, 0))
    (OUT / 'overlap.pt').write_bytes(data.getvalue())


if __name__ == '__main__':
    main()
