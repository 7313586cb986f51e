import { crc32, deflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const grayscale8Bit = Buffer.from([8, 0, 0, 0, 0]);

/** A square grey gradient. */
export function buildPng(size: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  // Each row starts with its filter type, 0.
  const pixels = Buffer.alloc(size * (size + 1));
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) pixels[row * (size + 1) + column + 1] = (row * column * 7) % 256;
  }
  return Buffer.concat([
    signature,
    chunk({ type: 'IHDR', data: Buffer.concat([head, grayscale8Bit]) }),
    chunk({ type: 'IDAT', data: deflateSync(pixels) }),
    chunk({ type: 'IEND', data: Buffer.alloc(0) }),
  ]);
}

function chunk({ type, data }: { readonly type: string; readonly data: Buffer }): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
