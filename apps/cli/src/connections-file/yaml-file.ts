import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type YAMLMap,
} from 'yaml';

/** What is wrong with a file, and where. */
export interface Mistake {
  readonly line: number;
  readonly message: string;
}

/** The parser needs some 60 bytes for each byte of a file: 1.5 GB for this. 50,000 connections have 16 MB. */
export const maxFileBytes = 24_000_000;
/** A connection has 8 levels. The parser recurses as deep as a file is nested. */
const maxDepth = 30;

interface Member {
  /** Undefined if the value is empty. */
  readonly node: Node | undefined;
  readonly offset: number;
}

/**
 * A text in YAML 1.2, in which every value has a line. Aliases are not followed, because a few lines of them can stand for gigabytes. Keys are
 * compared here, because the parser compares each with all others of its map.
 */
export class YamlFile {
  readonly value: unknown;
  readonly mistakes: Mistake[] = [];
  readonly #lines = new LineCounter();
  readonly #root: Member;
  readonly #members = new WeakMap<Node, ReadonlyMap<string, Member>>();

  constructor(text: string) {
    this.#lines.addNewLine(0);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.addNewLine(at + 1);
    const node = this.#compose(text);
    this.#root = { node, offset: 0 };
    this.value = this.#toValue(node);
  }

  /** Adds a mistake at a path, or at the last part of the path that exists. */
  addMistake(path: readonly string[], message: string): void {
    this.#add(this.#find(path).offset, message);
  }

  /** @returns the line of a value, or of the last part of its path that exists */
  lineOf(path: readonly string[]): number {
    return this.#lines.linePos(this.#find(path).offset).line;
  }

  has(path: readonly string[]): boolean {
    return this.#find(path).isWhole;
  }

  #add(offset: number, message: string): void {
    this.mistakes.push({ line: this.#lines.linePos(offset).line, message });
  }

  #compose(text: string): Node | undefined {
    const parser = new Parser();
    const tokens = [];
    for (const lexeme of new Lexer().lex(text)) {
      tokens.push(...parser.next(lexeme));
      if (parser.stack.length <= maxDepth) continue;
      const message = `is more than ${maxDepth} levels deep, and a connection has 8. Check the indentation and the brackets`;
      this.#add(parser.offset, message);
      return undefined;
    }
    tokens.push(...parser.end());
    const documents: Document.Parsed[] = [...new Composer({ uniqueKeys: false }).compose(tokens, true, text.length)];
    for (const { errors, warnings } of documents) {
      for (const { pos, message } of [...errors, ...warnings]) this.#add(pos[0], message);
    }
    const [document, second] = documents;
    if (second) this.#add(second.range[0], 'begins a second document. Remove the line "---", because a file has one');
    return document?.contents ?? undefined;
  }

  #toValue(node: Node | undefined): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq<Node>(node)) return node.items.map((item) => this.#toValue(item));
    if (isMap<Node | null, Node | null>(node)) return Object.fromEntries(this.#toEntries(node));
    if (isAlias(node))
      this.#add(
        node.range?.[0] ?? 0,
        `*${node.source} is an alias, and aliases are not followed. Write what connections share below "defaults", and put a text that begins with * into quotes`,
      );
    return undefined;
  }

  #toEntries(node: YAMLMap<Node | null, Node | null>): [string, unknown][] {
    const members = new Map<string, Member>();
    this.#members.set(node, members);
    for (const { key, value } of node.items) {
      const offset = key?.range?.[0] ?? node.range?.[0] ?? 0;
      const name = keyOf(key);
      const first = name === undefined ? undefined : members.get(name);
      if (name === undefined) this.#add(offset, 'a key must be a text');
      else if (first) this.#add(offset, `${name} was already given in line ${this.#lines.linePos(first.offset).line}`);
      else members.set(name, { node: value ?? undefined, offset });
    }
    return [...members].map(([name, member]) => [name, this.#toValue(member.node)]);
  }

  #find(path: readonly string[]): { readonly offset: number; readonly isWhole: boolean } {
    let { node, offset } = this.#root;
    for (const name of path) {
      const next = this.#memberOf(node, name);
      if (!next) return { offset, isWhole: false };
      ({ node, offset } = next);
    }
    return { offset, isWhole: true };
  }

  /** An entry of a list is named by its index. */
  #memberOf(node: Node | undefined, name: string): Member | undefined {
    if (node && isMap(node)) return this.#members.get(node)?.get(name);
    const item = isSeq<Node>(node) ? node.items[Number(name)] : undefined;
    return item && { node: item, offset: item.range?.[0] ?? 0 };
  }
}

function keyOf(key: Node | null): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}
