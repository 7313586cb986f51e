import { expect, test } from '@jest/globals';
import { indentJson } from './describe-resource.ts';

test('indented JSON keeps the original text of every number', () => {
  expect(indentJson('{"a":[1.50,12345678901234567890],"b":"1.50"}')).toBe(
    '{\n  "a": [\n    1.50,\n    12345678901234567890\n  ],\n  "b": "1.50"\n}',
  );
});
