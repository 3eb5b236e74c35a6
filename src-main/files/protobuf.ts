/**
 * Writes protocol-buffer messages: the part of the wire format that a SavedModel, an ONNX model and an event file need.
 * (The classes that tfjs ships are untyped and copy every byte.)
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

  double(field: number, value: number): this {
    this.varint(BigInt((field << 3) | 1));
    this.push(new Uint8Array(Float64Array.of(value).buffer));
    return this;
  }

  /** A text, bytes, or a message. Bytes are not copied, so they must not change before the message is written. */
  bytes(field: number, value: string | Uint8Array | MessageWriter): this {
    this.varint(BigInt((field << 3) | 2));
    if (value instanceof MessageWriter) {
      this.varint(BigInt(value.size));
      for (const chunk of value.chunks) this.push(chunk);
      return this;
    }
    const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    this.varint(BigInt(content.length));
    this.push(content);
    return this;
  }

  /** The message's bytes in pieces, to be written one after the other. */
  pieces(): readonly Uint8Array[] {
    return this.chunks;
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
