/** The size at which a chunk is passed on. It is that of node's larger streams. */
const chunkCharacters = 64 * 1024;

/** Collects text until it has the size of a chunk. */
export class TextChunks {
  #text = '';

  append(text: string): void {
    this.#text += text;
  }

  take(): Buffer | undefined {
    return this.#text.length < chunkCharacters ? undefined : this.end();
  }

  end(): Buffer {
    const chunk = Buffer.from(this.#text);
    this.#text = '';
    return chunk;
  }
}
