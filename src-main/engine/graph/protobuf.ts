/**
 * Writes the part of the protocol-buffer wire format that a SavedModel needs. (The classes that tfjs ships are untyped
 * and copy every byte.)
 */
export class MessageWriter {
  private readonly chunks: Uint8Array[] = [];
  private size = 0;

  private push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.size += bytes.length;
  }

  private varint(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.push(Uint8Array.from(bytes));
  }

  integer(field: number, value: number | bigint | boolean): this {
    this.varint(BigInt(field << 3));
    this.varint(BigInt(value));
    return this;
  }

  float(field: number, value: number): this {
    this.varint(BigInt((field << 3) | 5));
    this.push(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: string | Uint8Array | MessageWriter): this {
    const content = bytesOf(value);
    this.varint(BigInt((field << 3) | 2));
    this.varint(BigInt(content.length));
    this.push(content);
    return this;
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.size);
    let offset = 0;
    for (const chunk of this.chunks) {
      result.set(chunk, offset);
      offset += chunk.length;
    }
    return result;
  }
}

function bytesOf(value: string | Uint8Array | MessageWriter): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  return value instanceof MessageWriter ? value.finish() : value;
}
