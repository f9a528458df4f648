/** A zstd frame without compression (RFC 8878): stored blocks only. Any zstd decoder reads it. */

const MAX_BLOCK_BYTES = 128 << 10;
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

export function storedZstd(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  // Single segment, content size in 4 bytes, no checksum, no dictionary.
  const head = Buffer.from([...MAGIC, 0b1010_0000, ...size]);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK_BYTES) {
    const block = bytes.subarray(at, at + MAX_BLOCK_BYTES);
    const last = at + MAX_BLOCK_BYTES >= bytes.length ? 1 : 0;
    const word = (block.length << 3) | last;
    blocks.push(Buffer.from([word & 0xff, (word >> 8) & 0xff, word >> 16]), block);
  }
  return Buffer.concat([head, ...blocks]);
}

/** A frame whose only block repeats one byte: 1 MB for 4 bytes. `blocks` of them, 128 KB each. */
export function zstdBomb(blocks: number): Buffer {
  // No single segment: a window of 128 KB (exponent 7, mantissa 0), content size unknown.
  const head = Buffer.from([...MAGIC, 0, 7 << 3]);
  const body = Buffer.alloc(blocks * 4);
  for (let i = 0; i < blocks; i++) {
    const word = (MAX_BLOCK_BYTES << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0);
    body.set([word & 0xff, (word >> 8) & 0xff, word >> 16, 0], i * 4);
  }
  return Buffer.concat([head, body]);
}
